/* wire.h: an in-memory pl_port to a C device (c_device.h), with virtual time and faults.
 *
 *   world w;
 *   world_init(&w, kind, seed);           then change w.device, w.fault, w.latency_us ...
 *   pl_port *port = world_port(&w);       as many as wanted: two hosts at once
 *   world_free(&w);
 *
 * Bytes take their time on the wire, and are dropped, changed, doubled, hit in bursts or joined by garbage at random.
 * What happens is a function of the seed. Time passes only while a host waits in `read`.
 */
#ifndef WIRE_H
#define WIRE_H

#include <zlib.h>

#include "../unit/test_model_support.h"
#include "c_device.h"
#include "link/port.h"

enum { WIRE_QUEUE = 1 << 16, WORLD_PORTS = 8 };

typedef struct {
  double drop, corrupt, duplicate, burst, garbage; /* chance per byte; a burst hits up to 64, garbage is up to 40 */
  uint64_t from, to;                                /* only bytes number from .. to-1 of a direction; to 0: all */
} wire_fault;

typedef struct {
  uint8_t byte[WIRE_QUEUE];
  uint64_t when_ns[WIRE_QUEUE]; /* of arrival */
  uint32_t first, count;
  uint64_t last_ns, carried;
  int burst; /* bytes that are still hit */
} wire;

typedef struct world world;

typedef struct {
  pl_port port;
  world *w;
  wire out, in;
  int open, was_full;
  uint64_t overruns; /* bytes that came unread beyond chip_buffer */
} memory_port;

struct world {
  c_device device;
  uint64_t now_ns, byte_ns, latency_us, random;
  wire_fault fault;
  memory_port *port[WORLD_PORTS];
  int ports;
  int unplugged;          /* now */
  uint64_t unplug_after;  /* bytes, both ways; 0: never */
  uint64_t back_after_us; /* plugged in again so long after; UINT64_MAX: by hand */
  uint64_t unplugged_ns;
  int power_lost;         /* 1: unplugging resets the device, registers and buffers too */
  int any_kind;           /* another kind of device can be had */
  int foreign;            /* the device speaks version 2 of the protocol: it answers everything with the same frame */
  int silent;             /* the device hears and says nothing */
  uint64_t carried;
  uint64_t reopened;
  uint32_t host_queue;    /* bytes that the port takes at a time */
};

static inline double wire_chance(world *w) { return (double)(draw64(&w->random) >> 11) * 0x1p-53; }

static inline void wire_put(world *w, wire *q, uint8_t byte) {
  if (q->count == WIRE_QUEUE) return;
  const uint64_t begin = q->last_ns > w->now_ns ? q->last_ns : w->now_ns;
  q->last_ns = begin + w->byte_ns;
  const uint32_t at = (q->first + q->count++) % WIRE_QUEUE;
  q->byte[at] = byte;
  q->when_ns[at] = q->last_ns + w->latency_us * 1000;
}

static inline void wire_carry(world *w, wire *q, uint8_t byte) {
  const wire_fault *f = &w->fault;
  const uint64_t number = q->carried++;
  w->carried++;
  if (number < f->from || (f->to && number >= f->to)) {
    wire_put(w, q, byte);
    return;
  }
  if (f->garbage > 0 && wire_chance(w) < f->garbage)
    for (int64_t n = draw_in(&w->random, 1, 40); n; n--) wire_put(w, q, (uint8_t)draw64(&w->random));
  if (f->burst > 0 && !q->burst && wire_chance(w) < f->burst) q->burst = (int)draw_in(&w->random, 2, 64);
  if (q->burst) {
    q->burst--;
    byte = (uint8_t)draw64(&w->random);
  }
  if (f->corrupt > 0 && wire_chance(w) < f->corrupt) byte ^= (uint8_t)(1 << draw_in(&w->random, 0, 7));
  if (f->drop > 0 && wire_chance(w) < f->drop) return;
  wire_put(w, q, byte);
  if (f->duplicate > 0 && wire_chance(w) < f->duplicate) wire_put(w, q, byte);
}

/* ---- The world moves ---- */

static inline void world_unplug(world *w) {
  w->unplugged = 1;
  w->unplugged_ns = w->now_ns;
  w->unplug_after = 0;
  for (int i = 0; i < w->ports; i++) w->port[i]->in.count = w->port[i]->out.count = 0;
  if (!w->power_lost) return;
  c_device *d = &w->device; /* forgets all but what it is */
  c_device_stop(d);
  const pl_stream_setup setup = d->stream.setup;
  pl_stream_init(&d->stream, &setup);
  memset(d->load_of, 0, sizeof d->load_of);
  memset(d->counter, 0, sizeof d->counter);
  for (int i = 0; i < PL_REG_WORDS; i++) d->image.reg[i] = 0x5a5a5a5a;
}

/* What has happened up to now. */
static inline void world_settle(world *w) {
  uint8_t frame[PL_STREAM_COMPOSED_MAX];
  for (int i = 0; i < w->ports; i++) {
    wire *q = &w->port[i]->out;
    while (q->count && q->when_ns[q->first] <= w->now_ns) {
      if (!w->silent) c_device_receive(&w->device, &q->byte[q->first], 1, w->now_ns / 1000);
      q->first = (q->first + 1) % WIRE_QUEUE;
      q->count--;
    }
  }
  if (w->unplugged || w->silent) return;
  int busy = 0; /* the device's wire: one for all ports */
  for (int i = 0; i < w->ports; i++) busy |= w->port[i]->in.last_ns > w->now_ns;
  if (busy) return;
  size_t n = c_device_compose(&w->device, w->now_ns / 1000, frame);
  if (w->foreign && n) { /* 21 01 01 01 01 01 01 and its CRC */
    const uint8_t raw[7] = {0x21, 1, 1, 1, 1, 1, 1};
    frame[0] = 12;
    memcpy(frame + 1, raw, sizeof raw);
    pl_put32(frame + 8, (uint32_t)crc32(0, raw, sizeof raw));
    frame[12] = 0;
    n = 13;
  }
  for (size_t b = 0; b < n && !w->unplugged; b++) {
    for (int i = 0; i < w->ports; i++) {
      memory_port *p = w->port[i];
      if (!p->open) continue;
      if (p->port.chip_buffer && p->in.count >= p->port.chip_buffer) p->overruns++;
      else wire_carry(w, &p->in, frame[b]);
    }
    if (w->unplug_after && w->carried >= w->unplug_after) world_unplug(w);
  }
}

/* When the next thing happens by itself, at most at `end`. */
static inline uint64_t world_next(world *w, uint64_t end) {
  uint64_t next = end;
  const uint64_t due = c_device_due(&w->device, w->now_ns / 1000);
  if (due < UINT64_MAX / 1000 && due * 1000 < next) next = due * 1000;
  for (int i = 0; i < w->ports; i++) {
    const wire *out = &w->port[i]->out, *in = &w->port[i]->in;
    if (out->count && out->when_ns[out->first] < next) next = out->when_ns[out->first];
    if (in->last_ns > w->now_ns && in->last_ns < next) next = in->last_ns; /* the device's wire falls free */
    if (in->count && in->when_ns[in->first] > w->now_ns && in->when_ns[in->first] < next) next = in->when_ns[in->first];
  }
  return next > w->now_ns ? next : w->now_ns + 1;
}

/* ---- pl_port ---- */

static inline pl_status memory_gone(const memory_port *p, pl_error *err) {
  return pl_fail(err, PL_E_NODEV, "%s is not there any more", p->port.name);
}

static inline pl_status memory_write(pl_port *port, const uint8_t *bytes, size_t n, size_t *taken, pl_error *err) {
  memory_port *p = (memory_port *)port;
  world *w = p->w;
  *taken = 0;
  if (w->unplugged) return memory_gone(p, err);
  for (; *taken < n && p->out.count < w->host_queue; ++*taken) {
    wire_carry(w, &p->out, bytes[*taken]);
    if (w->unplug_after && w->carried >= w->unplug_after) world_unplug(w);
    if (w->unplugged) return memory_gone(p, err);
  }
  p->was_full = *taken < n;
  return PL_OK;
}

static inline size_t memory_take(memory_port *p, uint8_t *buf, size_t size) {
  size_t got = 0;
  wire *q = &p->in;
  while (got < size && q->count && q->when_ns[q->first] <= p->w->now_ns) {
    buf[got++] = q->byte[q->first];
    q->first = (q->first + 1) % WIRE_QUEUE;
    q->count--;
  }
  return got;
}

static inline pl_status memory_read(pl_port *port, uint8_t *buf, size_t size, uint64_t wait_us, size_t *got,
                                    pl_error *err) {
  memory_port *p = (memory_port *)port;
  world *w = p->w;
  const uint64_t end = w->now_ns + wait_us * 1000;
  for (;;) {
    world_settle(w);
    if (w->unplugged) return memory_gone(p, err);
    if ((*got = memory_take(p, buf, size)) || w->now_ns >= end) return PL_OK;
    if (p->was_full && p->out.count < w->host_queue / 2) return PL_OK;
    w->now_ns = world_next(w, end);
  }
}

static inline uint64_t memory_now(pl_port *port) { return ((memory_port *)port)->w->now_ns / 1000; }

static inline pl_status memory_reopen(pl_port *port, pl_error *err) {
  memory_port *p = (memory_port *)port;
  world *w = p->w;
  w->now_ns += 10000000;
  if (w->unplugged && w->back_after_us != UINT64_MAX && w->now_ns >= w->unplugged_ns + w->back_after_us * 1000)
    w->unplugged = 0;
  if (w->unplugged) return memory_gone(p, err);
  p->in.count = p->out.count = 0;
  w->reopened++;
  return PL_OK;
}

static inline void memory_close(pl_port *port) { ((memory_port *)port)->open = 0; } /* world_free frees it */

static const pl_port_ops memory_ops = {memory_write, memory_read, memory_now, memory_reopen, memory_close};

static inline pl_port *world_port(world *w) {
  memory_port *p = calloc(1, sizeof *p);
  ck_assert(p && w->ports < WORLD_PORTS);
  p->w = w;
  p->open = 1;
  p->port.ops = &memory_ops;
  p->port.bytes_per_second = (uint32_t)(1000000000 / w->byte_ns);
  snprintf(p->port.name, sizeof p->port.name, "memory %d", w->ports);
  w->port[w->ports++] = p;
  return &p->port;
}

static inline world *world_new(uint32_t kind, uint64_t seed) {
  world *w = calloc(1, sizeof *w);
  ck_assert(w != NULL);
  c_device_init(&w->device, kind, 4, 3, 8, 4, 128);
  w->byte_ns = 833; /* 12 Mbaud */
  w->latency_us = 125;
  w->random = seed;
  w->back_after_us = UINT64_MAX;
  w->host_queue = 4096;
  return w;
}

static inline void world_free(world *w) {
  for (int i = 0; i < w->ports; i++) free(w->port[i]);
  c_device_free(&w->device);
  free(w);
}

/* Lets time pass though no host waits. */
static inline void world_run(world *w, uint64_t us) {
  const uint64_t end = w->now_ns + us * 1000;
  while (w->now_ns < end) {
    world_settle(w);
    w->now_ns = world_next(w, end);
  }
  world_settle(w);
}

#endif
