/* fuzz_frame.c: any bytes into the host's frame decoder and streams (host/link/frame.c, stream.c).
 *
 * An input is a list of steps: raw bytes from the wire; undamaged frames with any numbers and payload, since no fuzzer
 * finds a CRC; time; what the program writes and reads. Whatever comes: the decoder takes exactly what a plain decoder
 * of a whole frame takes (written here once more) numbers of the streams stay in order, nothing is taken beyond the
 * window, what is sent is within the other side's limit after a zero and a new session a good frame is taken
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "link/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WINDOW = 3000, ID = 77, STEPS_MAX = 400 };

#define must(condition) \
  do { \
    if (!(condition)) abort(); \
  } while (0)

/* ---- The decoder against a plain one ---- */

/* COBS of a whole frame without its zero; the bytes, or -1. */
static long plain_cobs(const uint8_t *in, size_t n, uint8_t *out, size_t room) {
  size_t size = 0;
  for (size_t at = 0; at < n;) {
    const size_t code = in[at++];
    for (size_t i = 1; i < code; i++) {
      if (at == n || size == room) return -1;
      out[size++] = in[at++];
    }
    if (code < 255 && at < n) {
      if (size == room) return -1;
      out[size++] = 0;
    }
  }
  return (long)size;
}

static pl_frame_result plain_result(const uint8_t *in, size_t n, uint32_t session) {
  static uint8_t raw[PL_FRAME_RAW_MAX];
  if (!n) return PL_FRAME_NONE;
  const long size = plain_cobs(in, n, raw, sizeof raw);
  if (size < 11 || crc32(raw[0] & 1 ? 0 : session, raw, (uInt)size - 4) != pl_get32(raw + size - 4))
    return PL_FRAME_BAD;
  return raw[0] >> 4 == 1 ? PL_FRAME_GOOD : PL_FRAME_VERSION;
}

static void compare_decoders(const uint8_t *data, size_t size) {
  pl_frame_decoder d = {0};
  pl_frame frame;
  size_t begin = 0;
  for (size_t i = 0; i < size; i++) {
    const pl_frame_result result = pl_frame_push(&d, data[i], ID, &frame);
    if (data[i]) {
      must(result == PL_FRAME_NONE);
      continue;
    }
    must(result == plain_result(data + begin, i - begin, ID));
    begin = i + 1;
  }
}

/* ---- Streams ---- */

static uint16_t distance(uint16_t from, uint16_t to) { return (uint16_t)(to - from); }

static void check(const pl_stream *s) {
  const uint16_t next = distance(s->acknowledged, s->next), furthest = distance(s->acknowledged, s->furthest);
  must(next <= furthest && furthest <= distance(s->acknowledged, s->end));
  must(distance(s->acknowledged, s->end) <= s->setup.send_ring);
  must(distance(s->consumed, s->expected) <= WINDOW);
}

/* What is sent must be a frame of this session, within the credit. */
static void check_composed(const pl_stream *s, const uint8_t *wire, size_t n, int opening) {
  static pl_frame_decoder d;
  pl_frame frame;
  pl_frame_result result = PL_FRAME_NONE;
  d = (pl_frame_decoder){0};
  for (size_t i = 0; i < n; i++) {
    const pl_frame_result now = pl_frame_push(&d, wire[i], ID, &frame);
    if (now != PL_FRAME_NONE) result = now;
  }
  must(n <= PL_STREAM_COMPOSED_MAX && result == PL_FRAME_GOOD);
  must(opening == !!(frame.flags & PL_FRAME_HELLO));
  if (opening) return;
  must(frame.ack == s->expected && distance(s->consumed, frame.limit) == WINDOW);
  must(distance(frame.seq, s->limit) >= frame.size && distance(frame.seq, s->limit) <= 1 << 15);
}

static void give(pl_stream *s, const pl_frame *frame, uint32_t session, uint64_t now) {
  uint8_t wire[PL_FRAME_WIRE_MAX];
  pl_stream_receive(s, wire, pl_frame_encode(frame, session, wire), now);
}

static void answer_hello(pl_stream *s, uint32_t id, uint16_t limit, uint64_t now) {
  uint8_t payload[4];
  pl_put32(payload, id);
  const pl_frame hello = {.flags = PL_FRAME_HELLO, .limit = limit, .size = 4, .payload = payload};
  give(s, &hello, 0, now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static pl_stream s;
  compare_decoders(data, size);
  const pl_stream_setup setup = {.send_ring = 1 << 13, .receive_ring = 1 << 12, .window = WINDOW, .payload_max = 512,
                                 .bytes_per_second = 1000000};
  static uint8_t zeros[1 << 13];
  uint8_t wire[PL_STREAM_COMPOSED_MAX];
  uint64_t now = 0;
  pl_stream_init(&s, &setup);
  pl_stream_hello(&s, ID, now);
  for (size_t at = 0, steps = 0; at + 2 <= size && steps < STEPS_MAX; steps++) {
    const uint8_t step = data[at], n = data[at + 1];
    at += 2;
    const size_t left = size - at, some = n < left ? n : left;
    switch (step % 8) {
      case 0: /* raw */
        pl_stream_receive(&s, data + at, some, now);
        at += some;
        break;
      case 1: /* a frame near the numbers that are expected */
      case 2: { /* any numbers */
        if (left < 6) break;
        pl_frame f = {.flags = step >> 3 & 3, .seq = pl_get16(data + at), .ack = pl_get16(data + at + 2),
                      .limit = pl_get16(data + at + 4), .size = some > 6 ? some - 6 : 0, .payload = data + at + 6};
        if (step % 8 == 1) {
          f.seq = (uint16_t)(s.expected + (int8_t)f.seq);
          f.ack = (uint16_t)(s.acknowledged + f.ack % 1024);
          f.limit = (uint16_t)(s.acknowledged + f.limit % 8192);
        }
        give(&s, &f, f.flags & PL_FRAME_HELLO ? 0 : step & 0x80 ? ID + 1 : ID, now);
        at += some > 6 ? some : 6;
        break;
      }
      case 3: answer_hello(&s, step & 0x80 ? ID + 1 : ID, (uint16_t)(n * 16), now); break;
      case 4: now += (uint64_t)n * 1000; break;
      case 5: pl_stream_write(&s, zeros, (size_t)n * 32); break;
      case 6: pl_stream_read(&s, zeros, (size_t)n * 16); break;
      default: pl_stream_await(&s, n); break;
    }
    pl_stream_tick(&s, now);
    check(&s);
    for (int i = 0; i < 8; i++) {
      const int opening = s.hello_due;
      const size_t composed = pl_stream_compose(&s, now, wire);
      if (!composed) break;
      check_composed(&s, wire, composed, opening);
      check(&s);
    }
  }

  pl_stream_hello(&s, ID, now);
  pl_stream_receive(&s, (const uint8_t *)"", 1, now);
  answer_hello(&s, ID, 2048, now);
  must(s.state == PL_STREAM_OPEN);
  const pl_frame good = {.limit = 2048, .size = 5, .payload = (const uint8_t *)"hello"};
  give(&s, &good, ID, now);
  uint8_t got[8];
  must(pl_stream_read(&s, got, sizeof got) == 5 && !memcmp(got, "hello", 5));
  return 0;
}
