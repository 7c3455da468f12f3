/* test_model_intensity.c: each stage of the kind intensity alone, against cases computed by hand from
 * docs/signal-chain.md: transfer tables and their floor, channel gains, rails, light, the receiver's three terms. */
#include <math.h>

#include "test_model_support.h"

static int64_t rounded(double x, int s) { return (int64_t)floor(x / ldexp(1, s) + 0.5); }

static pl_model_regs plain(uint32_t effects) {
  return (pl_model_regs){.kind = PL_KIND_INTENSITY, .effects = effects, .seed = 5, .job = 6, .channels = 4,
                         .wavelengths = 4, .dac_bits_a = 8, .dac_bits_b = 8, .adc_bits = 8, .adc_gain = 1,
                         .adc_shift = 2, .rows = 1, .cols = 1, .depth = 4};
}

static pl_encoded encode(const pl_model_regs *r, int operand, int code, uint32_t k) {
  const int8_t byte = (int8_t)code;
  return pl_encode(r, operand, &byte, 3, k);
}

static void expect(const pl_model_regs *r, int operand, int code, uint32_t k, int field, int rail) {
  const pl_encoded e = encode(r, operand, code, k);
  ck_assert_msg(e.field == field && (int)e.rail == rail, "operand %d, code %d, k %u: field %d, rail %u; not %d, %d",
                operand, code, k, e.field, e.rail, field, rail);
  ck_assert_uint_eq(e.light, 0); /* what only coherent light has */
  ck_assert_uint_eq(e.power, 0);
  ck_assert_int_eq(e.dispersion, 0);
}

START_TEST(ideal_rails) {
  const pl_model_regs r = plain(PL_EFFECT_SHOT); /* tables and gains are there, but off */
  for (int operand = 0; operand < 2; operand++)
    for (int code = -128; code < 128; code++) expect(&r, operand, code, 1, 16 * code, 16 * abs(code));
}
END_TEST

START_TEST(transfer) {
  static const struct { int code, field[2], rail[2]; } cases[] = {
      {0, {0, 0}, {80, 14}},          /* both rails dark */
      {1, {10, 0}, {90, 14}},         /* 50 - 40; 7 - 7 */
      {-1, {-10, 0}, {90, 14}},
      {127, {4055, -5}, {4135, 9}},   /* 4095 - 40; 2 - 7: lit below dark turns the sign */
      {-127, {-4055, 5}, {4135, 9}},
      {-128, {-4055, 5}, {4135, 9}},  /* the last entry */
      {126, {2000, 1993}, {2080, 2007}},
  };
  pl_model_regs r = plain(PL_EFFECT_TRANSFER_A | PL_EFFECT_TRANSFER_B);
  r.transfer[0][0] = 40, r.transfer[0][1] = 50, r.transfer[0][126] = 2040, r.transfer[0][127] = 4095;
  r.transfer[1][0] = 7, r.transfer[1][1] = 7, r.transfer[1][126] = 2000, r.transfer[1][127] = 2;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (int operand = 0; operand < 2; operand++)
      expect(&r, operand, cases[i].code, 2, cases[i].field[operand], cases[i].rail[operand]);
  r.effects = PL_EFFECT_TRANSFER_A; /* each operand has its own bit */
  expect(&r, 0, 1, 2, 10, 90);
  expect(&r, 1, 1, 2, 16, 16);
  r.effects = PL_EFFECT_TRANSFER_B;
  expect(&r, 0, 1, 2, 16, 16);
  expect(&r, 1, 126, 2, 1993, 2007);
}
END_TEST

/* The table is read at the DAC's output. */
START_TEST(transfer_of_the_dac) {
  pl_model_regs r = plain(PL_EFFECT_TRANSFER_A | PL_EFFECT_DAC_A);
  r.dac_bits_a = 4; /* steps of 16 codes */
  for (int i = 0; i < 128; i++) r.transfer[0][i] = (uint16_t)(10 + 20 * i);
  expect(&r, 0, 7, 0, 0, 20); /* 0 */
  expect(&r, 0, -8, 0, 0, 20);
  expect(&r, 0, 8, 0, 320, 340); /* 16 */
  expect(&r, 0, -9, 0, -320, 340);
  expect(&r, 0, 127, 0, 2240, 2260); /* 112 */
  expect(&r, 0, -128, 0, -2540, 2560); /* -128: entry 127 */
}
END_TEST

START_TEST(gain) {
  static const struct { int code, gain, field, rail; } cases[] = {
      {100, 0, 1600, 1600},
      {100, 16384, 2400, 2400},     /* half as much again */
      {100, -16384, 800, 800},
      {-100, -16384, -800, 800},
      {1, 1023, 16, 16},            /* 16 * 1023 = 2^14 - 16 */
      {1, 1024, 17, 17},            /* 2^14, a half: up */
      {1, -1024, 16, 16},           /* -1/2: up */
      {1, -1025, 15, 15},
      {-128, 16384, -3072, 3072},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pl_model_regs r = plain(PL_EFFECT_GAIN);
    r.dispersion[2] = (int16_t)cases[i].gain;
    expect(&r, 0, cases[i].code, 6, cases[i].field, cases[i].rail);         /* channel 2 */
    expect(&r, 0, cases[i].code, 5, 16 * cases[i].code, 16 * abs(cases[i].code)); /* channel 1 */
    expect(&r, 1, cases[i].code, 6, 16 * cases[i].code, 16 * abs(cases[i].code)); /* B has none */
  }
}
END_TEST

/* Both rails pass the channel, each with its own rounding and limit. */
START_TEST(gain_of_both_rails) {
  pl_model_regs r = plain(PL_EFFECT_GAIN | PL_EFFECT_TRANSFER_A);
  r.transfer[0][0] = 21, r.transfer[0][5] = 3001, r.transfer[0][6] = 4095;
  for (int w = 0; w < 4; w++) r.dispersion[w] = 16384;
  expect(&r, 0, 5, 0, 4095 - 32, 4095 + 32); /* 4501.5 and 31.5 -> 32 */
  expect(&r, 0, -5, 0, 32 - 4095, 4095 + 32);
  expect(&r, 0, 0, 0, 0, 64);
  for (int w = 0; w < 4; w++) r.dispersion[w] = -16384;
  expect(&r, 0, 5, 0, 1501 - 11, 1501 + 11); /* 1500.5 and 10.5: up */
  r.transfer[0][0] = 4095;
  for (int w = 0; w < 4; w++) r.dispersion[w] = 16384;
  expect(&r, 0, 6, 0, 0, 8190); /* the most light there is */
}
END_TEST

START_TEST(gain_follows_the_wavelength) {
  pl_model_regs r = plain(PL_EFFECT_GAIN);
  r.channels = 5;
  r.wavelengths = 3;
  for (int i = 0; i < 3; i++) r.dispersion[i] = (int16_t)(2048 * (i + 1)); /* 16 becomes 17, 18, 19 */
  static const int expected[12] = {17, 18, 19, 17, 18, 17, 18, 19, 17, 18, 17, 18};
  for (uint32_t k = 0; k < 12; k++) expect(&r, 0, 1, k, expected[k], expected[k]);
}
END_TEST

static int32_t detect(const pl_model_regs *r, int64_t y, uint64_t rails, uint32_t col) {
  /* light, power and dispersion are of no concern */
  const pl_sums sums = {.product = y, .rails = rails, .light = 12345, .power = 678, .dispersion = 99999};
  return pl_detect(r, &sums, 1, col, 2);
}

START_TEST(detector_without_noise) {
  pl_model_regs r = plain(0);
  r.shot_gain = 65535;
  r.systematic_var = r.thermal_var = UINT32_MAX;
  ck_assert_int_eq(detect(&r, 6431, 1 << 20, 0), 100);
  ck_assert_int_eq(detect(&r, 6432, 1 << 20, 0), 101);
  ck_assert_int_eq(detect(&r, -32, 1 << 20, 0), 0);
  ck_assert_int_eq(detect(&r, -33, 1 << 20, 0), -1);
  ck_assert_int_eq(detect(&r, 68685926400, 1 << 20, 0), 1073217600); /* 4096 * 4095^2 */
}
END_TEST

/* The deviate of the read: word 1 of effect 3. */
static int deviate(uint32_t col) {
  uint32_t words[2];
  pl_noise_block(5, 6, 3, 1, col, 2, words);
  return pl_gauss(words[1]);
}

/* Standard deviation 100 from each of the three sources, then from several. */
START_TEST(receiver_noise) {
  static const struct { uint32_t effects; int sigma; } cases[] = {
      {PL_EFFECT_SHOT, 100}, {PL_EFFECT_SYSTEMATIC, 100}, {PL_EFFECT_THERMAL, 100},
      {PL_EFFECT_SHOT | PL_EFFECT_SYSTEMATIC, 141},
      {PL_EFFECT_SHOT | PL_EFFECT_SYSTEMATIC | PL_EFFECT_THERMAL, 173}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pl_model_regs r = plain(cases[i].effects);
    r.shot_gain = 7;
    r.shot_shift = 2; /* 5715 * 7 / 4 = 10001.25 */
    r.systematic_var = r.thermal_var = 10000;
    for (uint32_t col = 0; col < 100; col++) {
      r.sigma_exp = (int)(col % 5);
      const int64_t noise = rounded((double)deviate(col) * cases[i].sigma * (1 << r.sigma_exp), 11);
      ck_assert_int_eq(detect(&r, 64 * 777, 64 * 5715, col), 777 + noise);
    }
  }
}
END_TEST

/* L = rnd(R, 6), as 32 bits: sigma is the root of 4 L. */
START_TEST(light_of_the_rails) {
  static const struct { uint64_t rails; uint32_t light; } cases[] = {
      {0, 0}, {31, 0}, {32, 1}, {95, 1}, {96, 2}, {64 * 250000 + 31, 250000},
      {274743705600, 4292870400u}, /* 4096 * 8190^2 */
  };
  pl_model_regs r = plain(PL_EFFECT_SHOT);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (uint32_t col = 0; col < 50; col++) {
      r.shot_gain = cases[i].light > 1000000 ? 1 : 1024;
      r.shot_shift = cases[i].light > 1000000 ? 2 : 0; /* the variance stays within 32 bits */
      const double variance = cases[i].light > 1000000 ? cases[i].light / 4 : 1024.0 * cases[i].light;
      const double sigma = floor(sqrt(variance) + 0.5);
      ck_assert_int_eq(detect(&r, 0, cases[i].rails, col), rounded(deviate(col) * sigma, 11));
    }
}
END_TEST

START_TEST(receiver_noise_at_its_limits) {
  static const uint32_t sources[] = {PL_EFFECT_SYSTEMATIC | PL_EFFECT_THERMAL, PL_EFFECT_SHOT | PL_EFFECT_SYSTEMATIC,
                                     PL_EFFECT_SHOT | PL_EFFECT_THERMAL};
  for (int i = 0; i < 3; i++)
    for (uint32_t col = 0; col < 30; col++) {
      pl_model_regs r = plain(sources[i]);
      r.shot_gain = 65535;
      r.systematic_var = r.thermal_var = UINT32_MAX; /* the sum is held at 2^32 - 1 */
      ck_assert_int_eq(detect(&r, 0, 274743705600, col), rounded(deviate(col) * 65535.0, 11));
    }
}
END_TEST

/* One read of two elements from codes to code, worked out by hand. */
START_TEST(a_read) {
  pl_model_regs r = plain(PL_EFFECT_TRANSFER_A | PL_EFFECT_TRANSFER_B | PL_EFFECT_GAIN | PL_EFFECT_ADC);
  r.depth = 2;
  r.transfer[0][0] = 100, r.transfer[0][3] = 1000, r.transfer[0][4] = 2000;
  r.transfer[1][0] = 30, r.transfer[1][5] = 500, r.transfer[1][6] = 4000;
  r.dispersion[1] = 8192; /* a quarter more */
  r.adc_bits = 12, r.adc_gain = 3, r.adc_shift = 10, r.adc_offset = -1000;
  const int8_t a[2] = {3, -4}, b[2] = {-5, -6};
  /* fields 900, -(2500 - 125); -470, -3970. light 1100, 2625; 530, 4030 */
  const pl_read read = pl_model_read(&r, a, b, 0, 0, 0);
  ck_assert_int_eq(read.sums.product, 900 * -470 + 2375 * 3970);
  ck_assert_uint_eq(read.sums.rails, 1100 * 530 + 2625 * 4030);
  ck_assert_int_eq(read.detector, 140715); /* 9005750 / 64 = 140714.8 */
  ck_assert_int_eq(read.code, 409); /* 139715 * 3 / 1024 = 409.3 */
  ck_assert_int_eq(read.clipped, 0);
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_test(tests, ideal_rails);
  tcase_add_test(tests, transfer);
  tcase_add_test(tests, transfer_of_the_dac);
  tcase_add_test(tests, gain);
  tcase_add_test(tests, gain_of_both_rails);
  tcase_add_test(tests, gain_follows_the_wavelength);
  tcase_add_test(tests, detector_without_noise);
  tcase_add_test(tests, receiver_noise);
  tcase_add_test(tests, light_of_the_rails);
  tcase_add_test(tests, receiver_noise_at_its_limits);
  tcase_add_test(tests, a_read);
}

int main(void) { return run_suite("model_intensity", fill); }
