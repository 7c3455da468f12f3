/* test_model_threefry.c: the generator against the vectors that Random123 publishes and against its own header
 * (Debian librandom123-dev), and the counter's fields against signal-chain.md "Noise coordinates". */
#include "test_model_support.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include <Random123/threefry.h>
#pragma GCC diagnostic pop

START_TEST(published_vectors) {
  /* counter, key, result: 13 rounds */
  static const uint32_t vectors[][6] = {
      {0, 0, 0, 0, 0x9d1c5ec6, 0x8bd50731},
      {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xfd36d048, 0x2d17272c},
      {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xba3e4725, 0xf27d669e},
  };
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    uint32_t out[2];
    pl_threefry(&vectors[i][2], &vectors[i][0], out);
    ck_assert_msg(out[0] == vectors[i][4] && out[1] == vectors[i][5], "vector %zu: %08x %08x", i, out[0], out[1]);
  }
}
END_TEST

START_TEST(random123_agrees) {
  uint64_t state = test_seed("threefry");
  for (int i = 0; i < 1000000; i++) {
    const uint64_t x = draw64(&state), y = draw64(&state);
    const uint32_t key[2] = {(uint32_t)x, (uint32_t)(x >> 32)}, counter[2] = {(uint32_t)y, (uint32_t)(y >> 32)};
    const threefry2x32_key_t their_key = {{key[0], key[1]}};
    const threefry2x32_ctr_t their_counter = {{counter[0], counter[1]}};
    const threefry2x32_ctr_t theirs = threefry2x32_R(13, their_counter, their_key);
    uint32_t ours[2];
    pl_threefry(key, counter, ours);
    if (ours[0] != theirs.v[0] || ours[1] != theirs.v[1])
      ck_abort_msg("key %08x %08x counter %08x %08x: %08x %08x, Random123 %08x %08x", key[0], key[1], counter[0],
                   counter[1], ours[0], ours[1], theirs.v[0], theirs.v[1]);
  }
}
END_TEST

START_TEST(counter_fields) {
  static const struct {
    int effect;
    uint32_t row, col, sum, counter[2];
  } cases[] = {
      {1, 0, 0, 0, {0, 0x10000000}},
      {2, 0xabcdef, 0x12345, 0, {0x00abcdef, 0x20012345}},
      {3, 1, 2, 0xbeef, {0xef000001, 0x3be00002}},
      {3, 0xffffff, 0xfffff, 0xffff, {0xffffffff, 0x3fffffff}},
      {3, 0x1000001, 0x100002, 0x10003, {0x03000001, 0x30000002}}, /* beyond a field: cut */
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const uint32_t key[2] = {99, 7};
    uint32_t expected[2], got[2];
    pl_threefry(key, cases[i].counter, expected);
    pl_noise_block(99, 7, cases[i].effect, cases[i].row, cases[i].col, cases[i].sum, got);
    ck_assert_msg(!memcmp(expected, got, sizeof got), "case %zu", i);
  }
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_test(tests, published_vectors);
  tcase_add_test(tests, random123_agrees);
  tcase_add_test(tests, counter_fields);
}

int main(void) { return run_suite("model_threefry", fill); }
