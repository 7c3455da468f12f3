/* test_stream.c: two byte streams over a bad wire: what goes in on one side comes out on the other, in order, complete,
 * once. Host and device side of host/link/stream.c against each other in virtual time. PL_LINK_FRAMES=N random frames
 * with faults (default 1e5; `make soak`: 1e7): dropped, changed, doubled bytes, bursts, garbage, and mixtures; no byte
 * wrong or lost, and no hang: every run ends within its virtual time what goes wrong on purpose: absent and silent
 * peers, old sessions, a second host, numbers that wrap
 *
 * PL_TEST_SEED=N changes the seed; it is printed.
 */
#include "wire.h"

/* Both ends, and the wires between them. */
typedef struct {
  pl_stream host, device;
  world *w; /* for its wires and faults; its device is not used */
  wire to_device, to_host;
  uint64_t sent[2], received[2]; /* bytes of the streams: 0 to the device, 1 to the host */
  uint64_t pattern[2];           /* generators of what is sent */
  uint64_t check[2];             /* the same, of what must come */
} pair;

static pl_stream_setup setup_of(int is_device, uint32_t ring, uint32_t window) {
  return (pl_stream_setup){.is_device = is_device, .send_ring = ring, .receive_ring = ring, .window = window,
                           .payload_max = PL_FRAME_PAYLOAD_MAX, .bytes_per_second = 1200000};
}

static pair *pair_new(uint64_t seed) {
  pair *p = calloc(1, sizeof *p);
  ck_assert(p != NULL);
  p->w = calloc(1, sizeof *p->w);
  ck_assert(p->w != NULL);
  p->w->byte_ns = 833;
  p->w->latency_us = 125;
  p->w->random = seed;
  const pl_stream_setup host = setup_of(0, 1 << 15, 4000), device = setup_of(1, 2048, 2048);
  pl_stream_init(&p->host, &host);
  pl_stream_init(&p->device, &device);
  p->pattern[0] = p->check[0] = seed + 1;
  p->pattern[1] = p->check[1] = seed + 2;
  return p;
}

static void pair_free(pair *p) {
  free(p->w);
  free(p);
}

static void deliver(pair *p, wire *q, pl_stream *to) {
  while (q->count && q->when_ns[q->first] <= p->w->now_ns) {
    pl_stream_receive(to, &q->byte[q->first], 1, p->w->now_ns / 1000);
    q->first = (q->first + 1) % WIRE_QUEUE;
    q->count--;
  }
}

/* Feeds a stream from its generator, up to `total` bytes, in pieces of random size. */
static void feed(pair *p, int way, pl_stream *s, uint64_t total) {
  uint8_t piece[700];
  size_t n = pl_stream_room(s), most = (size_t)draw_in(&p->w->random, 1, sizeof piece);
  if (n > most) n = most;
  if (n > total - p->sent[way]) n = (size_t)(total - p->sent[way]);
  for (size_t i = 0; i < n; i++) piece[i] = (uint8_t)draw64(&p->pattern[way]);
  if (pl_stream_write(s, piece, n) != n) ck_abort_msg("the stream has less room than it says");
  p->sent[way] += n;
}

static void drain(pair *p, int way, pl_stream *s) {
  uint8_t piece[900];
  const size_t n = pl_stream_read(s, piece, (size_t)draw_in(&p->w->random, 0, sizeof piece));
  for (size_t i = 0; i < n; i++)
    if (piece[i] != (uint8_t)draw64(&p->check[way])) /* an assertion of Check writes a file each time */
      ck_abort_msg("byte %llu of stream %d is wrong", (unsigned long long)(p->received[way] + i), way);
  p->received[way] += n;
}

/* One step: everything that can happen now, then time up to the next event. */
static void step(pair *p) {
  uint8_t frame[PL_STREAM_COMPOSED_MAX];
  const uint64_t now = p->w->now_ns / 1000;
  deliver(p, &p->to_device, &p->device);
  deliver(p, &p->to_host, &p->host);
  pl_stream_tick(&p->host, now);
  if (p->to_device.last_ns <= p->w->now_ns) {
    const size_t n = pl_stream_compose(&p->host, now, frame);
    for (size_t i = 0; i < n; i++) wire_carry(p->w, &p->to_device, frame[i]);
  }
  if (p->to_host.last_ns <= p->w->now_ns) {
    const size_t n = pl_stream_compose(&p->device, now, frame);
    for (size_t i = 0; i < n; i++) wire_carry(p->w, &p->to_host, frame[i]);
  }
  uint64_t next = p->w->now_ns + 500000;
  const uint64_t due = pl_stream_due(&p->host);
  if (due < UINT64_MAX / 1000 && due * 1000 < next) next = due * 1000;
  wire *both[] = {&p->to_device, &p->to_host};
  for (int i = 0; i < 2; i++) {
    const wire *q = both[i];
    if (q->count && q->when_ns[(q->first + q->count - 1) % WIRE_QUEUE] < next)
      next = q->when_ns[(q->first + q->count - 1) % WIRE_QUEUE]; /* of a whole frame: its last byte */
  }
  p->w->now_ns = next > p->w->now_ns ? next : p->w->now_ns + 1000;
}

/* HELLO until it is answered. On a very bad wire a host tries again, as the program would. */
static void connect(pair *p, uint32_t id) {
  pl_stream_hello(&p->host, id, p->w->now_ns / 1000);
  while (p->host.state != PL_STREAM_OPEN) {
    step(p);
    if (p->host.state == PL_STREAM_SILENT) pl_stream_hello(&p->host, id, p->w->now_ns / 1000);
    if (p->w->now_ns > 3600000000000u) ck_abort_msg("no session within an hour");
  }
}

/* Carries `bytes` both ways; ends when all has come and is acknowledged. */
static void carry(pair *p, uint64_t bytes) {
  const uint64_t begin = p->w->now_ns, to[2] = {p->sent[0] + bytes, p->sent[1] + bytes};
  while (p->received[0] < to[0] || p->received[1] < to[1] || !pl_stream_delivered(&p->host)) {
    feed(p, 0, &p->host, to[0]);
    feed(p, 1, &p->device, to[1]);
    p->host.awaited = to[1] - p->received[1];
    step(p);
    drain(p, 0, &p->device);
    drain(p, 1, &p->host);
    if (p->host.state != PL_STREAM_OPEN)
      ck_abort_msg("the link was lost after %llu frames", (unsigned long long)p->host.counters.frames_sent);
    if (p->w->now_ns - begin > 600000000000u)
      ck_abort_msg("a hang: %llu of %llu and %llu of %llu bytes have come", (unsigned long long)p->received[0],
                   (unsigned long long)to[0], (unsigned long long)p->received[1], (unsigned long long)to[1]);
  }
}

static const struct {
  const char *name;
  wire_fault fault;
} faults[] = {
    {"no fault", {.drop = 0}},
    {"dropped bytes", {.drop = 3e-4}},
    {"changed bits", {.corrupt = 3e-4}},
    {"doubled bytes", {.duplicate = 3e-4}},
    {"bursts", {.burst = 2e-4}},
    {"garbage", {.garbage = 2e-4}},
    {"everything", {.drop = 5e-5, .corrupt = 5e-5, .duplicate = 5e-5, .burst = 5e-5, .garbage = 5e-5}},
    {"a very bad wire", {.drop = 3e-4, .corrupt = 3e-4, .duplicate = 3e-4, .burst = 1e-4, .garbage = 1e-4}},
};
enum { FAULTS = sizeof faults / sizeof *faults };

static uint64_t frames_wanted(void) {
  const char *text = getenv("PL_LINK_FRAMES");
  return text ? (uint64_t)strtod(text, NULL) : 100000;
}

START_TEST(streams_over_a_bad_wire) {
  pair *p = pair_new(test_seed(faults[_i].name) + (uint64_t)_i);
  p->w->fault = faults[_i].fault;
  connect(p, 0x1234567);
  const pl_stream_counters *host = &p->host.counters, *device = &p->device.counters;
  uint32_t id = 1;
  while (host->frames_sent + device->frames_sent < frames_wanted() / FAULTS) {
    carry(p, 20000);
    if (!_i || draw_in(&p->w->random, 0, 9)) continue;
    connect(p, ++id); /* now and then a new session, while frames of the old one are on their way */
    p->check[0] = p->pattern[0], p->check[1] = p->pattern[1];
    p->sent[0] = p->sent[1] = p->received[0] = p->received[1] = 0;
  }
  printf("  %s: %llu frames, %llu bad, %llu gaps, %llu repetitions, %llu time-outs, %.0f %% sent again, %.1f s of the "
         "wire\n",
         faults[_i].name, (unsigned long long)(host->frames_sent + device->frames_sent),
         (unsigned long long)(host->frames_bad + device->frames_bad), (unsigned long long)(host->gaps + device->gaps),
         (unsigned long long)(host->repetitions + device->repetitions), (unsigned long long)host->timeouts,
         100.0 * (double)(host->payload_resent + device->payload_resent) /
             (double)(host->payload_sent + device->payload_sent + 1),
         (double)p->w->now_ns * 1e-9);
  if (_i) {
    ck_assert_uint_gt(host->frames_bad, 0); /* else nothing was tested */
    ck_assert_uint_gt(device->frames_bad, 0);
    ck_assert_uint_gt(host->payload_resent, 0);
    ck_assert_uint_gt(device->payload_resent, 0);
  } else {
    ck_assert_uint_eq(host->frames_bad + device->frames_bad + host->gaps + device->gaps + host->timeouts + host->early,
                      0);
    ck_assert_uint_eq(host->payload_resent + device->payload_resent, 0);
  }
  pair_free(p);
}
END_TEST

/* One frame of each direction is hit, at every byte of it, in every way: at most one round trip more. */
START_TEST(single_faults_at_every_byte) {
  for (int way = 0; way < 3; way++)
    for (uint64_t at = 20; at < 260; at++) {
      pair *p = pair_new(at);
      const wire_fault hit[] = {{.drop = 1}, {.corrupt = 1}, {.duplicate = 1}};
      p->w->fault = hit[way];
      p->w->fault.from = at;
      p->w->fault.to = at + 1;
      connect(p, 5);
      const uint64_t begin = p->w->now_ns;
      carry(p, 3000);
      ck_assert_uint_lt(p->w->now_ns, 300000000);
      ck_assert_uint_le(p->host.counters.timeouts, 2);
      if (hit[way].corrupt > 0 && at >= 60) { /* behind HELLO: what is damaged is asked for at once */
        ck_assert_uint_eq(p->host.counters.early + p->host.counters.timeouts, 0);
        ck_assert_uint_lt(p->w->now_ns - begin, 10000000);
      }
      pair_free(p);
    }
}
END_TEST

/* A peer that is not there: five more tries, then the link is lost; never a wait without end. */
START_TEST(absent_peer) {
  pair *p = pair_new(1);
  p->w->fault.drop = 1;
  pl_stream_hello(&p->host, 7, 0);
  const uint64_t timeout = pl_stream_timeout_us(&p->host);
  while (p->host.state == PL_STREAM_OPENING) step(p);
  ck_assert_int_eq(p->host.state, PL_STREAM_SILENT);
  ck_assert_uint_eq(p->host.counters.frames_sent, 1 + PL_STREAM_TRIES);
  ck_assert_uint_ge(p->w->now_ns / 1000, (PL_STREAM_TRIES + 1) * timeout);
  ck_assert_uint_le(p->w->now_ns / 1000, (PL_STREAM_TRIES + 1) * (timeout + 1000));
  pair_free(p);

  p = pair_new(2); /* and one that falls silent */
  connect(p, 7);
  carry(p, 5000);
  p->w->fault.drop = 1;
  feed(p, 0, &p->host, p->sent[0] + 100);
  const uint64_t begin = p->w->now_ns;
  while (p->host.state == PL_STREAM_OPEN) step(p);
  ck_assert_int_eq(p->host.state, PL_STREAM_SILENT);
  ck_assert_uint_le((p->w->now_ns - begin) / 1000, (PL_STREAM_TRIES + 1) * (pl_stream_timeout_us(&p->host) + 1000));
  pair_free(p);
}
END_TEST

/* A device that only answers, for long: not lost. */
START_TEST(slow_peer) {
  pair *p = pair_new(3);
  connect(p, 7);
  carry(p, 5000);
  pl_stream_await(&p->host, 1);
  const uint64_t begin = p->w->now_ns;
  while (p->w->now_ns - begin < 60000000000u) step(p);
  ck_assert_int_eq(p->host.state, PL_STREAM_OPEN);
  const uint64_t most = 60000000 / pl_stream_timeout_us(&p->host) + 1;
  ck_assert_uint_ge(p->host.counters.timeouts, most / 2); /* it asked now and then */
  ck_assert_uint_le(p->host.counters.timeouts, most);
  ck_assert_uint_eq(p->host.counters.naks_sent, p->host.counters.timeouts + 1); /* once early */
  carry(p, 5000);
  pair_free(p);
}
END_TEST

START_TEST(second_host_takes_over) {
  pair *p = pair_new(4);
  connect(p, 7);
  carry(p, 3000);
  pl_stream *first = malloc(sizeof *first); /* goes on where it is, while a new host has the wires */
  *first = p->host;
  const pl_stream_setup host = setup_of(0, 1 << 15, 4000);
  pl_stream_init(&p->host, &host);
  connect(p, 8);
  p->check[0] = p->pattern[0], p->check[1] = p->pattern[1];
  p->sent[0] = p->sent[1] = p->received[0] = p->received[1] = 0;
  carry(p, 3000);

  uint8_t frame[PL_STREAM_COMPOSED_MAX];
  const uint8_t word[4] = {1, 2, 3, 4};
  pl_stream_write(first, word, sizeof word); /* what it sends is of another session */
  const uint64_t taken = p->device.counters.payload_taken;
  const size_t n = pl_stream_compose(first, p->w->now_ns / 1000, frame);
  ck_assert_uint_gt(n, 0);
  pl_stream_receive(&p->device, frame, n, p->w->now_ns / 1000);
  ck_assert_uint_eq(p->device.counters.payload_taken, taken);
  carry(p, 3000);

  const uint8_t id[4] = {8};
  const pl_frame hello = {.flags = PL_FRAME_HELLO, .limit = 2048, .size = 4, .payload = id};
  pl_stream_receive(first, frame, pl_frame_encode(&hello, 0, frame), p->w->now_ns / 1000);
  ck_assert_int_eq(first->state, PL_STREAM_TAKEN); /* if it hears the answer to the other one */
  free(first);
  pair_free(p);
}
END_TEST

/* Before its first session and after the last a device says nothing at all. */
START_TEST(no_session_no_answer) {
  pair *p = pair_new(5);
  uint8_t frame[PL_STREAM_COMPOSED_MAX];
  const pl_frame data = {.seq = 0, .limit = 2048, .size = 4, .payload = (const uint8_t *)"abcd"};
  for (int round = 0; round < 2; round++) {
    pl_stream_receive(&p->device, frame, pl_frame_encode(&data, 0, frame), 0);
    pl_stream_receive(&p->device, frame, pl_frame_encode(&data, 99, frame), 0);
    ck_assert_uint_eq(pl_stream_compose(&p->device, 0, frame), 0);
    ck_assert_uint_eq(pl_stream_available(&p->device), 0);
    if (round) break;
    connect(p, 99);
    carry(p, 1000);
    pl_stream_receive(&p->device, frame, pl_stream_bye(&p->host, frame), 0);
    ck_assert_int_eq(p->device.state, PL_STREAM_CLOSED);
  }
  pair_free(p);
}
END_TEST

/* HELLO that comes again in the middle of a session with its own id is only answered. */
START_TEST(repeated_hello) {
  pair *p = pair_new(6);
  uint8_t frame[PL_STREAM_COMPOSED_MAX], id[4];
  connect(p, 42);
  carry(p, 60000); /* numbers beyond half of their range */
  pl_put32(id, 42);
  const pl_frame hello = {.flags = PL_FRAME_HELLO, .limit = 4000, .size = 4, .payload = id};
  for (int i = 0; i < 3; i++) {
    pl_stream_receive(&p->device, frame, pl_frame_encode(&hello, 0, frame), p->w->now_ns / 1000);
    carry(p, 30000);
  }
  pair_free(p);
}
END_TEST

/* What a frame says is believed only if it can be true. */
START_TEST(impossible_numbers) {
  pair *p = pair_new(8);
  uint8_t frame[PL_STREAM_COMPOSED_MAX];
  connect(p, 42);
  for (int i = 0; i < 2000; i++) {
    carry(p, 50);
    uint8_t payload[8] = {0};
    pl_frame f = {.seq = (uint16_t)draw64(&p->w->random),
                  .ack = (uint16_t)draw64(&p->w->random),
                  .size = sizeof payload,
                  .payload = payload,
                  .limit = (uint16_t)(p->device.consumed + draw_in(&p->w->random, 0, 2048))};
    pl_stream *to = i % 2 ? &p->host : &p->device;
    if (f.seq == to->expected) f.seq++;
    if (f.ack == to->furthest) f.ack++;
    if (to == &p->host) f.limit = p->device.consumed; /* no credit that there is not */
    else f.limit = p->host.consumed;
    pl_stream_receive(to, frame, pl_frame_encode(&f, 42, frame), p->w->now_ns / 1000);
  }
  carry(p, 5000);

  while (pl_stream_room(&p->host)) feed(p, 0, &p->host, UINT64_MAX);
  const pl_frame f = {.seq = p->host.expected, .ack = p->host.end, .limit = (uint16_t)(p->device.consumed + 2048)};
  pl_stream_receive(&p->host, frame, pl_frame_encode(&f, 42, frame), p->w->now_ns / 1000);
  ck_assert_uint_eq(pl_stream_room(&p->host), 0); /* what was never sent cannot have come */
  carry(p, 1);
  pair_free(p);
}
END_TEST

static void fill(TCase *tests) {
  tcase_set_timeout(tests, frames_wanted() > 1000000 ? 7200 : 120);
  tcase_add_loop_test(tests, streams_over_a_bad_wire, 0, FAULTS);
  tcase_add_test(tests, single_faults_at_every_byte);
  tcase_add_test(tests, absent_peer);
  tcase_add_test(tests, slow_peer);
  tcase_add_test(tests, second_host_takes_over);
  tcase_add_test(tests, no_session_no_answer);
  tcase_add_test(tests, repeated_hello);
  tcase_add_test(tests, impossible_numbers);
}

int main(void) { return run_suite("stream", fill); }
