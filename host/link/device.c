/* device.c: sessions of a link: begin, check what answers, move bytes, end. See device.h; commands are in commands.c.
 */
#include "link/device.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "link/session.h"

enum {
  RING = PL_STREAM_RING_MAX,
  WINDOW_LEAST = 2048,    /* bytes that may come unread, if the wire has flow control: those of 1/20 s, within limits */
  WINDOW_RATE = 20,
  CHIP_RESERVE = 64,      /* bytes of the chip's buffer that stay free */
  BYE_US = 1000,
  SLICE_US = 20000,       /* longest wait in the port at a time */
  PATIENCE_US = 2000000,  /* how long a device that answers may do nothing, beside the time-outs of a slow wire and */
  PATIENCE_FACTOR = 64,   /* so many times the clocks of its work */
  CLOCK_LEAST_KHZ = 1000,
  FRAMES_UNDER_WAY = 4,
};

pl_status pl_link_lose(pl_link *l, pl_error *err, pl_status status, const char *format, ...) {
  char text[sizeof l->failure.text];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  pl_fail(&l->failure, status, "%s", text);
  l->count = 0;
  return pl_fail(err, status, "%s", l->failure.text);
}

static pl_status lose_port(pl_link *l, pl_error *err, pl_status status, const pl_error *why) {
  l->unplugged = status == PL_E_NODEV;
  return pl_link_lose(l, err, status, "%s", why->text);
}

/* ---- The pump ---- */

static pl_status send_frames(pl_link *l, pl_error *err) {
  for (;;) {
    if (l->out_at == l->out_size) {
      l->out_size = pl_stream_compose(&l->stream, l->port->ops->now_us(l->port), l->out);
      l->out_at = 0;
      if (!l->out_size) return PL_OK;
    }
    size_t taken = 0;
    pl_error why = {0};
    const pl_status status = l->port->ops->write(l->port, l->out + l->out_at, l->out_size - l->out_at, &taken, &why);
    if (status) return lose_port(l, err, status, &why);
    l->out_at += taken;
    l->bytes_out += taken;
    if (l->out_at < l->out_size) return PL_OK; /* full */
  }
}

static pl_status check_stream(pl_link *l, uint64_t now, pl_error *err) {
  const char *name = l->port->name;
  switch (l->stream.state) {
    case PL_STREAM_SILENT:
      if (!l->stream.peer_ring)
        return pl_link_lose(
            l, err, PL_E_NODEV,
            "%.150s: nothing answers: check that the board has power, that it is loaded with a Photolane "
            "bitstream, and that channel and baud rate are those of this bitstream",
            name);
      return pl_link_lose(l, err, PL_E_IO,
                          "%.150s: no answer for %" PRIu64
                          " ms: the device was reset, lost its power, or another program has "
                          "begun a session with it; do the job again to begin a new session",
                          name, PL_STREAM_TRIES * pl_stream_timeout_us(&l->stream) / 1000);
    case PL_STREAM_TAKEN:
      return pl_link_lose(
          l, err, PL_E_IO,
          "%.150s: another program has begun a session with the device: end that program, then do the job "
          "again",
          name);
    case PL_STREAM_FOREIGN:
      return pl_link_lose(
          l, err, PL_E_INPUT,
          "%.150s: the device speaks version %d of the link protocol, this library version %d: load a bitstream "
          "of this release",
          name, l->stream.other_version, PL_PROTOCOL_VERSION);
    default: break;
  }
  const int idle = !l->count && pl_stream_delivered(&l->stream);
  if (idle || l->stream.acknowledged != l->moved_ack || l->stream.expected != l->moved_expected) {
    l->moved_ack = l->stream.acknowledged;
    l->moved_expected = l->stream.expected;
    l->moved_us = now;
  }
  const uint64_t khz = l->info.clock_khz > CLOCK_LEAST_KHZ ? l->info.clock_khz : CLOCK_LEAST_KHZ;
  const uint64_t patience = PATIENCE_US + PL_STREAM_TRIES * pl_stream_timeout_us(&l->stream) +
                            PATIENCE_FACTOR * (l->clocks - l->clocks_done) * 1000 / khz;
  if (l->stream.state == PL_STREAM_OPEN && now - l->moved_us > patience)
    return pl_link_lose(l, err, PL_E_IO,
                        "%.150s: the device answers but does not end what it was told to do, after %" PRIu64
                        " ms: reset it, then "
                        "do the job again",
                        name, (now - l->moved_us) / 1000);
  return PL_OK;
}

pl_status pl_link_pump(pl_link *l, uint64_t wait_us, pl_error *err) {
  if (l->failure.status) return pl_fail(err, l->failure.status, "%s", l->failure.text);
  pl_status status = send_frames(l, err);
  if (status) return status;
  const uint64_t due = pl_stream_due(&l->stream), before = l->port->ops->now_us(l->port);
  if (wait_us > SLICE_US) wait_us = SLICE_US;
  if (due < before + wait_us) wait_us = due > before ? due - before : 0;
  uint8_t bytes[4096];
  size_t got = 0;
  pl_error why = {0};
  if ((status = l->port->ops->read(l->port, bytes, sizeof bytes, wait_us, &got, &why)))
    return lose_port(l, err, status, &why);
  const uint64_t now = l->port->ops->now_us(l->port);
  l->bytes_in += got;
  pl_stream_receive(&l->stream, bytes, got, now);
  if ((status = pl_link_serve(l, err))) return status;
  pl_stream_tick(&l->stream, now);
  return check_stream(l, now, err);
}

pl_status pl_link_push(pl_link *l, pl_error *err) { return pl_link_pump(l, 0, err); }

pl_status pl_link_wait(pl_link *l, pl_error *err) {
  pl_status status = PL_OK;
  do status = pl_link_pump(l, SLICE_US, err);
  while (!status && (l->count || !pl_stream_delivered(&l->stream)));
  return status;
}

/* ---- Sessions ---- */

static uint32_t random_id(void) {
  uint32_t id = 0;
  while (!id)
    if (getrandom(&id, sizeof id, 0) != sizeof id) id = 0;
  return id;
}

/* `words`: the device words up to PL_DEVICE_RUN_CYCLES. */
static pl_status check_words(pl_link *l, const uint32_t *words, pl_link_info *info, pl_error *err) {
  const char *name = l->port->name;
  const unsigned protocol = words[PL_DEVICE_VERSION] >> 16, registers = words[PL_DEVICE_VERSION] & 0xffff;
  const uint32_t geometry = words[PL_DEVICE_GEOMETRY];
  if (words[PL_DEVICE_MAGIC] != PL_DEVICE_MAGIC_VALUE)
    return pl_link_lose(l, err, PL_E_INPUT,
                        "%.150s: what answers is no Photolane device (its magic is 0x%08" PRIx32 ", not 0x%08" PRIx32
                        "): load a Photolane bitstream", name, words[PL_DEVICE_MAGIC], (uint32_t)PL_DEVICE_MAGIC_VALUE);
  if (protocol != PL_PROTOCOL_VERSION)
    return pl_link_lose(
        l, err, PL_E_INPUT,
        "%.150s: the device speaks version %u of the link protocol, this library version %d: load a bitstream of "
        "this release",
        name, protocol, PL_PROTOCOL_VERSION);
  if (registers != PL_REG_VERSION)
    return pl_link_lose(
        l, err, PL_E_INPUT,
        "%.150s: the device has version %u of the registers, this library version %d: load a bitstream of this "
        "release",
        name, registers, PL_REG_VERSION);
  if (words[PL_DEVICE_SESSION] != l->stream.session)
    return pl_link_lose(l, err, PL_E_IO, "%.150s: the device is in another session than it says: reset it", name);
  *info = (pl_link_info){
      .build = words[PL_DEVICE_BUILD],
      .kind = words[PL_DEVICE_KIND],
      .rows = geometry & 0xff,
      .columns = geometry >> 8 & 0xff,
      .width = geometry >> 16 & 0xff,
      .elements = (int)(geometry >> 24),
      .a_words = (int)(words[PL_DEVICE_BUFFERS] & 0xffff) + 1,
      .b_words = (int)(words[PL_DEVICE_BUFFERS] >> 16) + 1,
      .receive_buffer = 1u << (words[PL_DEVICE_LINK] & 15),
      .transmit_buffer = 1u << (words[PL_DEVICE_LINK] >> 8 & 15),
      .payload_max = (words[PL_DEVICE_LINK] >> 16 & 0xff) * 16,
      .ft245 = words[PL_DEVICE_LINK] >> 24 & 1,
      .clock_khz = words[PL_DEVICE_CLOCK],
  };
  if (info->kind >= PL_KINDS)
    return pl_link_lose(l, err, PL_E_INPUT,
                        "%.150s: the device is of a kind of core (number %" PRIu32 ") that this library does "
                        "not know: load a bitstream of this release",
                        name, info->kind);
  if (!info->rows || !info->columns || !info->width || !info->elements || info->width % info->elements)
    return pl_link_lose(
        l, err, PL_E_INPUT,
        "%.150s: the device has an impossible geometry, %d rows x %d columns x %d wide with %d codes a beat: load a "
        "bitstream of this release",
        name, info->rows, info->columns, info->width, info->elements);
  return PL_OK;
}

/* Bytes that may come unread. On a wire without flow control a byte of payload may come with another one of frames around
 * it. On a slow wire not too many, because time-outs grow with them. */
static uint32_t window_of(const pl_port *port) {
  if (port->chip_buffer > 2 * CHIP_RESERVE) return (port->chip_buffer - CHIP_RESERVE) / 2;
  const uint32_t window = port->bytes_per_second / WINDOW_RATE;
  return window < WINDOW_LEAST ? WINDOW_LEAST : window > RING ? RING : window;
}

static pl_status begin_session(pl_link *l, pl_link_info *info, pl_error *err) {
  const pl_port *port = l->port;
  const uint64_t now = port->ops->now_us(l->port);
  pl_stream_counters before = l->stream.counters;
  const pl_stream_setup setup = {.send_ring = RING,
                                 .receive_ring = RING,
                                 .window = window_of(port),
                                 .payload_max = PL_FRAME_PAYLOAD_MAX,
                                 .bytes_per_second = port->bytes_per_second ? port->bytes_per_second : 1};
  pl_stream_init(&l->stream, &setup);
  l->stream.counters = before;
  memset(&l->failure, 0, sizeof l->failure);
  memset(l->known, 0, sizeof l->known);
  memset(&l->counted, 0, sizeof l->counted);
  l->out_size = l->out_at = 0;
  l->first = l->count = l->have = 0;
  l->begun = 0;
  l->clocks = l->clocks_done = 0;
  l->moved_us = now;
  l->sessions++;
  pl_stream_hello(&l->stream, random_id(), now);
  pl_status status;
  while (l->stream.state == PL_STREAM_OPENING)
    if ((status = pl_link_pump(l, SLICE_US, err))) return status;
  /* Some frames fit the device's buffer, so that they are on their way while one is being taken and acknowledged. */
  const uint32_t most = l->stream.peer_ring / FRAMES_UNDER_WAY;
  if (most < l->stream.setup.payload_max) l->stream.setup.payload_max = most ? most : 1;

  static const uint8_t clear = PL_CMD_CLEAR;
  uint32_t words[PL_DEVICE_RUN_CYCLES] = {0};
  if ((status = pl_link_read(l, PL_DEVICE_BASE, PL_DEVICE_RUN_CYCLES, words, NULL, NULL, err))) return status;
  if ((status = pl_link_wait(l, err)) || (status = check_words(l, words, info, err))) return status;
  return pl_link_post(l, &clear, 1, err);
}

pl_status pl_link_open(pl_port *port, pl_link **link, pl_error *err) {
  *link = NULL;
  pl_link *l = calloc(1, sizeof *l);
  if (!l) {
    port->ops->close(port);
    return pl_fail(err, PL_E_MEMORY, "out of memory when opening a link");
  }
  l->port = port;
  const pl_status status = begin_session(l, &l->info, err);
  if (status) {
    pl_link_close(l);
    return status;
  }
  *link = l;
  return PL_OK;
}

/* The device is told, as far as the port takes it at once; a host that dies tells nothing, and the next one begins
 * anew. */
void pl_link_close(pl_link *l) {
  if (!l) return;
  if (l->stream.session && l->stream.state == PL_STREAM_OPEN && !l->unplugged) {
    uint8_t wire[PL_STREAM_COMPOSED_MAX];
    const size_t n = pl_stream_bye(&l->stream, wire);
    size_t taken, got;
    l->port->ops->write(l->port, wire, n, &taken, NULL);
    l->port->ops->read(l->port, wire, sizeof wire, BYE_US, &got, NULL); /* some ports send only while they wait */
  }
  l->port->ops->close(l->port);
  free(l);
}

pl_status pl_link_resume(pl_link *l, pl_error *err) {
  if (l->unplugged) {
    pl_error why = {0};
    const pl_status status = l->port->ops->reopen(l->port, &why);
    if (status) return pl_fail(err, status, "%s", why.text);
    l->unplugged = 0;
  }
  pl_link_info info = {0};
  const pl_status status = begin_session(l, &info, err);
  if (status) return status;
  if (info.kind == l->info.kind && info.rows == l->info.rows && info.columns == l->info.columns &&
      info.width == l->info.width && info.elements == l->info.elements && info.a_words == l->info.a_words &&
      info.b_words == l->info.b_words) {
    l->info = info;
    return PL_OK;
  }
  return pl_link_lose(
      l, err, PL_E_INPUT,
      "%.150s: another device is connected now, of kind %s and %d x %d x %d instead of kind %s and %d x %d x %d: "
      "connect the first one again, or open the new one anew",
      l->port->name, pl_kind_name(info.kind), info.rows, info.columns, info.width, pl_kind_name(l->info.kind),
      l->info.rows, l->info.columns, l->info.width);
}

pl_status pl_link_state(const pl_link *l) { return l->failure.status; }
const pl_link_info *pl_link_info_of(const pl_link *l) { return &l->info; }
const pl_port *pl_link_port(const pl_link *l) { return l->port; }
uint64_t pl_link_now_us(const pl_link *l) { return l->port->ops->now_us(l->port); }

pl_link_traffic pl_link_traffic_of(const pl_link *l) {
  return (pl_link_traffic){.bytes_out = l->bytes_out, .bytes_in = l->bytes_in, .sessions = l->sessions,
                           .stream = l->stream.counters};
}
