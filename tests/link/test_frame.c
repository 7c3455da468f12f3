/* test_frame.c: the frame codec: every size, what COBS is difficult about, damage, other sessions, resynchronisation.
 *
 * PL_TEST_SEED=N changes the seed; it is printed.
 */
#include <zlib.h>

#include "../unit/test_model_support.h"
#include "link/frame.h"

/* Feeds bytes; the last result that was not PL_FRAME_NONE, or NONE. */
static pl_frame_result feed(pl_frame_decoder *d, const uint8_t *bytes, size_t n, uint32_t session, pl_frame *frame) {
  pl_frame_result last = PL_FRAME_NONE;
  for (size_t i = 0; i < n; i++) {
    const pl_frame_result result = pl_frame_push(d, bytes[i], session, frame);
    if (result != PL_FRAME_NONE) last = result;
  }
  return last;
}

/* Payload of `kind`: random, zeros, no zeros, mostly zeros. */
static void fill_payload(uint64_t *state, uint8_t *payload, size_t n, int kind) {
  for (size_t i = 0; i < n; i++) {
    const uint8_t byte = (uint8_t)draw64(state);
    payload[i] = kind == 1 ? 0 : kind == 2 ? (uint8_t)(byte | 1) : kind == 3 && byte < 200 ? 0 : byte;
  }
}

static pl_frame draw_frame(uint64_t *state, uint8_t *payload, size_t n) {
  fill_payload(state, payload, n, (int)draw_in(state, 0, 3));
  return (pl_frame){.flags = (int)draw_in(state, 0, 3), .seq = (uint16_t)draw64(state), .ack = (uint16_t)draw64(state),
                    .limit = (uint16_t)draw64(state), .size = n, .payload = payload};
}

static int same(const pl_frame *a, const pl_frame *b) {
  return a->flags == b->flags && a->seq == b->seq && a->ack == b->ack && a->limit == b->limit && a->size == b->size &&
         !memcmp(a->payload, b->payload, a->size);
}

static uint32_t session_for(const pl_frame *f, uint32_t session) { return f->flags & PL_FRAME_HELLO ? 0 : session; }

START_TEST(every_size) {
  uint64_t state = test_seed("every_size");
  pl_frame_decoder d = {0};
  uint8_t payload[PL_FRAME_PAYLOAD_MAX], wire[PL_FRAME_WIRE_MAX];
  for (size_t n = 0; n <= PL_FRAME_PAYLOAD_MAX; n++)
    for (int kind = 0; kind < 4; kind++) {
      pl_frame sent = draw_frame(&state, payload, n), got;
      fill_payload(&state, payload, n, kind);
      const size_t size = pl_frame_encode(&sent, session_for(&sent, 77), wire);
      ck_assert_uint_le(size, PL_FRAME_WIRE_MAX);
      ck_assert_uint_le(size, PL_FRAME_HEADER + n + PL_FRAME_CRC + 2 + n / 254 + 1);
      ck_assert(memchr(wire, 0, size) == wire + size - 1);
      ck_assert_int_eq(feed(&d, wire, size, 77, &got), PL_FRAME_GOOD);
      ck_assert(same(&sent, &got));
    }
}
END_TEST

/* The bytes of one frame, worked out by hand from docs/protocol.md. */
START_TEST(known_bytes) {
  static const uint8_t payload[] = {0x05, 0x00};
  const pl_frame f = {.flags = PL_FRAME_NAK, .seq = 0x0201, .ack = 0, .limit = 0x0800, .size = 2, .payload = payload};
  static const uint8_t raw[] = {0x12, 0x01, 0x02, 0x00, 0x00, 0x00, 0x08, 0x05, 0x00};
  const uint32_t crc = (uint32_t)crc32(0xdeadbeef, raw, sizeof raw);
  uint8_t wire[PL_FRAME_WIRE_MAX];
  const size_t n = pl_frame_encode(&f, 0xdeadbeef, wire);
  const uint8_t expected[] = {4, 0x12, 0x01, 0x02, 1, 1, 3, 0x08, 0x05, 5, (uint8_t)crc, (uint8_t)(crc >> 8),
                              (uint8_t)(crc >> 16), (uint8_t)(crc >> 24), 0};
  ck_assert_uint_eq(n, sizeof expected); /* no byte of this CRC is 0 */
  ck_assert_mem_eq(wire, expected, n);
}
END_TEST

START_TEST(other_sessions_and_versions) {
  uint64_t state = test_seed("other_sessions_and_versions");
  pl_frame_decoder d = {0};
  uint8_t payload[64], wire[PL_FRAME_WIRE_MAX];
  pl_frame got;
  for (int i = 0; i < 20000; i++) {
    pl_frame sent = draw_frame(&state, payload, (size_t)draw_in(&state, 0, 64));
    sent.flags &= ~PL_FRAME_HELLO;
    const uint32_t mine = (uint32_t)draw64(&state),
                   other = mine ^ (i % 2 ? 1u << i / 2 % 32 : (uint32_t)draw64(&state) | 1);
    const size_t n = pl_frame_encode(&sent, other, wire);
    ck_assert_int_eq(feed(&d, wire, n, mine, &got), PL_FRAME_BAD);
    ck_assert_int_eq(feed(&d, wire, n, other, &got), PL_FRAME_GOOD);
  }
  const uint8_t raw[] = {0x21, 1, 1, 1, 1, 1, 1}; /* HELLO of version 2 */
  uint8_t next[16] = {12};
  memcpy(next + 1, raw, sizeof raw);
  pl_put32(next + 1 + sizeof raw, (uint32_t)crc32(0, raw, sizeof raw));
  ck_assert_int_eq(feed(&d, next, 13, 5, &got), PL_FRAME_VERSION);
  ck_assert_int_eq(d.version, 2);
}
END_TEST

/* One to four changed bits, and bursts of up to 32 bits, are always found: that is what CRC-32 promises at this length.
 */
START_TEST(damage_is_found) {
  uint64_t state = test_seed("damage_is_found");
  pl_frame_decoder d = {0};
  uint8_t payload[300], wire[PL_FRAME_WIRE_MAX];
  pl_frame got;
  for (int i = 0; i < 100000; i++) {
    const pl_frame sent = draw_frame(&state, payload, (size_t)draw_in(&state, 0, 300));
    const size_t n = pl_frame_encode(&sent, session_for(&sent, 9), wire);
    if (i % 2) {
      const size_t bits = 8 * (n - 1), first = (size_t)draw_in(&state, 0, (int64_t)bits - 1);
      const uint32_t pattern = (uint32_t)draw64(&state) | 1;
      for (size_t b = 0; b < 32 && first + b < bits; b++)
        if (pattern >> b & 1) wire[(first + b) / 8] ^= (uint8_t)(1 << (first + b) % 8);
    } else {
      const size_t at = (size_t)draw_in(&state, 0, (int64_t)n - 2);
      wire[at] ^= (uint8_t)(1 << draw_in(&state, 0, 7));
    }
    /* A changed length byte of COBS may cut the frame in two or move its zeros: a burst of another kind, found by
     * 2^-32. */
    int good = 0;
    for (size_t b = 0; b < n; b++) good |= pl_frame_push(&d, wire[b], 9, &got) == PL_FRAME_GOOD;
    if (good) ck_abort_msg("frame %d: damage was not found", i);
  }
}
END_TEST

/* After any garbage a zero and a good frame are enough. */
START_TEST(resynchronises) {
  uint64_t state = test_seed("resynchronises");
  pl_frame_decoder d = {0};
  uint8_t payload[64], wire[PL_FRAME_WIRE_MAX], garbage[3000];
  pl_frame got;
  for (int i = 0; i < 3000; i++) {
    const size_t n = (size_t)draw_in(&state, 0, sizeof garbage);
    fill_payload(&state, garbage, n, i % 4);
    feed(&d, garbage, n, 1, &got);
    pl_frame_push(&d, 0, 1, &got);
    const pl_frame sent = draw_frame(&state, payload, 64);
    ck_assert_int_eq(feed(&d, wire, pl_frame_encode(&sent, session_for(&sent, 1), wire), 1, &got), PL_FRAME_GOOD);
    ck_assert(same(&sent, &got));
  }
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_test(tests, every_size);
  tcase_add_test(tests, known_bytes);
  tcase_add_test(tests, other_sessions_and_versions);
  tcase_add_test(tests, damage_is_found);
  tcase_add_test(tests, resynchronises);
}

int main(void) { return run_suite("frame", fill); }
