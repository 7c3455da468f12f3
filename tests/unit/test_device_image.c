/* test_device_image.c: register images and ADC ranges. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "photolane/photolane.h"

#define X(NAME, name, offset, count, bits, is_signed, min, max, reset) \
  {name, offset, count, bits, is_signed, min, max, reset},
static const struct {
  const char *name;
  int offset, count, bits, is_signed;
  int64_t min, max, reset;
} registers[] = {PL_REGISTERS(X)};
#undef X
enum { REGISTERS = sizeof registers / sizeof *registers };

START_TEST(reset_is_in_range_and_exact) {
  pl_image image;
  pl_error err;
  memset(&image, 0xff, sizeof image);
  pl_image_reset(&image);
  ck_assert_int_eq(pl_image_check(&image, &err), PL_OK);
  ck_assert_uint_eq(image.reg[PL_REG_EFFECTS], 0);
  for (int i = 0; i < REGISTERS; i++)
    for (int w = 0; w < registers[i].count; w++)
      ck_assert_int_eq((int32_t)image.reg[registers[i].offset + w], (int32_t)registers[i].reset);
}
END_TEST

/* Every word of every register: both ends pass, one step outside fails and is named. */
START_TEST(ranges_have_both_ends) {
  for (int i = 0; i < REGISTERS; i++)
    for (int w = 0; w < registers[i].count; w++) {
      pl_image image;
      pl_error err;
      uint32_t *reg = &image.reg[registers[i].offset + w];
      pl_image_reset(&image);
      if (registers[i].offset == PL_REG_EFFECTS) continue; /* each kind has its own: foreign_effects */
      *reg = (uint32_t)registers[i].min;
      ck_assert_int_eq(pl_image_check(&image, &err), PL_OK);
      *reg = (uint32_t)registers[i].max;
      ck_assert_int_eq(pl_image_check(&image, &err), PL_OK);

      int64_t outside[] = {registers[i].min - 1, registers[i].max + 1};
      for (int side = 0; side < 2; side++) {
        int64_t least = registers[i].is_signed ? INT32_MIN : 0, most = registers[i].is_signed ? INT32_MAX : UINT32_MAX;
        if (outside[side] < least || outside[side] > most) continue; /* no such word */
        *reg = (uint32_t)outside[side];
        ck_assert_int_eq(pl_image_check(&image, &err), PL_E_INPUT);
        ck_assert_msg(strstr(err.text, registers[i].name) != NULL, "%s", err.text);
      }
    }
}
END_TEST

START_TEST(set_by_name) {
  pl_image image;
  pl_error err;
  pl_image_reset(&image);
  ck_assert_int_eq(pl_image_set(&image, "channels", 4096, &err), PL_OK);
  ck_assert_uint_eq(image.reg[PL_REG_CHANNELS], 4096);
  ck_assert_int_eq(pl_image_set(&image, "dispersion[31]", -7, &err), PL_OK);
  ck_assert_int_eq((int32_t)image.reg[PL_REG_DISPERSION + 31], -7);
  ck_assert_int_eq(pl_image_set(&image, "adc_offset", INT32_MIN, &err), PL_OK);
  ck_assert_uint_eq(image.reg[PL_REG_ADC_OFFSET], 0x80000000u);

  const struct {
    const char *name;
    int64_t value;
    const char *says;
  } bad[] = {
      {"channels", 4097, "register channels is 4097 but must be 1..4096"},
      {"channels", 0, "register channels is 0"},
      {"channels[0]", 1, "there is no register 'channels[0]'"},
      {"dispersion", 0, "write dispersion[0]"},
      {"dispersion[32]", 0, "dispersion has 32 words"},
      {"dispersion[-1]", 0, "there is no register"},
      {"dispersion[1", 0, "there is no register"},
      {"dispersion[1]x", 0, "there is no register"},
      {"dispersion[3]", 16385, "register dispersion[3] is 16385 but must be -16384..16384"},
      {"channel", 1, "there is no register 'channel'"},
      {"channelsx", 1, "there is no register 'channelsx'"},
      {"", 1, "there is no register ''"},
      {"seed", 4294967296, "register seed is 4294967296"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    pl_image before = image;
    ck_assert_int_eq(pl_image_set(&image, bad[i].name, bad[i].value, &err), PL_E_INPUT);
    ck_assert_msg(strstr(err.text, bad[i].says) != NULL, "%s: %s", bad[i].name, err.text);
    ck_assert_mem_eq(&before, &image, sizeof image);
  }
}
END_TEST

static double full_scale_of(pl_range range, int bits) {
  return ldexp(1, bits - 1 + range.shift) / (4.0 * range.gain);
}

START_TEST(range_is_nearest_and_not_below) {
  unsigned seed = 12345;
  for (int i = 0; i < 200000; i++) {
    int bits = 2 + rand_r(&seed) % 15;
    double size = (double)rand_r(&seed) / RAND_MAX, fine = (double)rand_r(&seed) / RAND_MAX;
    double wish = exp(size * log(4096.0 * 127 * 127)) * (1 + fine);
    pl_range range = pl_range_for(wish, bits);
    ck_assert(range.shift >= 1 && range.shift <= 47 && range.gain >= 1);
    double got = full_scale_of(range, bits);
    if (bits == 16 && wish < 0.3) continue;
    ck_assert_msg(got >= wish, "bits %d: %.17g gave %.17g (seed 12345, draw %d)", bits, wish, got, i);
    if (range.gain == 65535 && range.shift == 1) continue; /* the finest there is */
    ck_assert_msg(range.gain >= 32768, "gain %d, shift %d", range.gain, range.shift);
    pl_range next = {.gain = (uint16_t)(range.gain + 1), .shift = range.shift};
    if (next.gain) ck_assert_msg(full_scale_of(next, bits) < wish, "a larger gain would do: %.17g, %d bits", wish, bits);
  }
}
END_TEST

/* Every effect of every kind: allowed exactly where the table says so, and named where it is not. */
START_TEST(foreign_effects) {
  for (uint32_t kind = 0; kind < PL_KINDS; kind++)
    for (int bit = 0; bit < 19; bit++) {
      pl_image image;
      pl_error err;
      pl_image_reset(&image);
      image.reg[PL_REG_KIND] = kind;
      image.reg[PL_REG_EFFECTS] = 1u << bit;
      const pl_status status = pl_image_check(&image, &err);
      ck_assert_int_eq(status, pl_kind_effects(kind) >> bit & 1 ? PL_OK : PL_E_INPUT);
      if (status) ck_assert_ptr_nonnull(strstr(err.text, pl_kind_name(kind)));
    }
  ck_assert_uint_eq(pl_kind_effects(PL_KIND_COHERENT) & PL_EFFECT_BFP, 0);
  ck_assert_uint_ne(pl_kind_effects(PL_KIND_RNS) & PL_EFFECT_BFP, 0);
}
END_TEST

START_TEST(range_of_exact_powers) {
  for (int bits = 2; bits <= 16; bits++)
    for (int e = bits - 17; e < 30; e++) {
      double wish = ldexp(1, e);
      if (full_scale_of((pl_range){65535, 1, 0}, bits) > wish) continue;
      ck_assert_double_eq(full_scale_of(pl_range_for(wish, bits), bits), wish);
    }
}
END_TEST

START_TEST(range_of_nonsense_is_the_finest) {
  const double wishes[] = {0, -1, NAN, -INFINITY, 1e-300};
  for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
    pl_range range = pl_range_for(wishes[i], 8);
    ck_assert_int_eq(range.gain, 65535);
    ck_assert_int_eq(range.shift, 1);
  }
  pl_range widest = pl_range_for(INFINITY, 8);
  ck_assert(widest.gain == 1 && widest.shift == 47);
}
END_TEST

START_TEST(step_inverts_gain) {
  pl_image image;
  pl_image_reset(&image);
  pl_range range = {.gain = 3, .shift = 10};
  ck_assert_double_eq(pl_range_step(&image, range), 1); /* ADC off */
  image.reg[PL_REG_EFFECTS] = PL_EFFECT_ADC;
  ck_assert_double_eq(pl_range_step(&image, range), 1024.0 / 12);
  ck_assert_double_eq(pl_range_step(&image, (pl_range){0}), 1); /* reset: gain 1, shift 2 */
}
END_TEST

int main(void) {
  Suite *suite = suite_create("image");
  TCase *tests = tcase_create("image");
  tcase_set_timeout(tests, 30);
  suite_add_tcase(suite, tests);
  tcase_add_test(tests, reset_is_in_range_and_exact);
  tcase_add_test(tests, ranges_have_both_ends);
  tcase_add_test(tests, foreign_effects);
  tcase_add_test(tests, set_by_name);
  tcase_add_test(tests, range_is_nearest_and_not_below);
  tcase_add_test(tests, range_of_exact_powers);
  tcase_add_test(tests, range_of_nonsense_is_the_finest);
  tcase_add_test(tests, step_inverts_gain);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
