/* test_model_stages.c: each stage of the signal chain alone, against cases computed by hand from docs/signal-chain.md:
 * roundings on both sides of a half, both signs, saturation and the largest values. */
#include <math.h>

#include "test_model_support.h"

/* floor((x + half) / 2^s) in floating point: exact here, all values are below 2^53. */
static int64_t rounded(double x, int s) { return (int64_t)floor(x / ldexp(1, s) + 0.5); }

static pl_model_regs plain(uint32_t effects) {
  return (pl_model_regs){.effects = effects, .seed = 5, .job = 6, .channels = 4, .wavelengths = 4, .dac_bits_a = 8,
                         .dac_bits_b = 8, .adc_bits = 8, .adc_gain = 1, .adc_shift = 2,
                         .rows = 1, .cols = 1, .depth = 4};
}

START_TEST(dac) {
  static const struct { int bits, code, level; } cases[] = {
      {8, -128, -128}, {8, 127, 127}, {4, 7, 0},    {4, 8, 16},   {4, -8, 0},      {4, -9, -16}, {4, 127, 112},
      {4, -128, -128}, {2, 31, 0},    {2, 32, 64},  {2, 127, 64}, {2, -128, -128}, {2, -32, 0},  {2, -33, -64},
      {7, 1, 2},       {7, -1, 0},    {7, 126, 126}, {7, 127, 126},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    ck_assert_msg(pl_dac(cases[i].code, cases[i].bits) == cases[i].level, "case %zu: %d", i,
                  pl_dac(cases[i].code, cases[i].bits));
  for (int bits = 2; bits <= 8; bits++)
    for (int code = -128; code <= 127; code++) {
      const int d = 8 - bits, most = 127 >> d;
      int64_t level = rounded(code, d);
      if (level > most) level = most;
      if (pl_dac(code, bits) != level * (1 << d)) ck_abort_msg("%d bits, code %d", bits, code);
    }
}
END_TEST

START_TEST(square) {
  typedef struct { int32_t field; uint32_t light, power; int32_t dispersion; } encoded;
  static const struct { int code, dispersion; encoded is; } cases[] = {
      {0, 16384, {0, 0, 0, 0}},
      {1, 127, {16, 1, 0, 0}},          /* t = 256 * 127 / 65536 = 0.496 */
      {1, 128, {16, 1, 0, 1}},          /* 0.5 */
      {1, -128, {16, 1, 0, 0}},         /* -0.5 */
      {1, -129, {16, 1, 0, -1}},        /* -0.504 */
      {2, 0, {32, 4, 0, 0}},            /* p = 4 / 16 = 0.25 */
      {3, 0, {48, 9, 1, 0}},            /* 0.56 */
      {127, 16384, {2032, 16129, 1008, 1032256}},
      {-128, -16384, {-2048, 16384, 1023, -1048576}}, /* p = 1024, held at 1023 */
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pl_model_regs r = plain(0);
    r.dispersion[2] = (int16_t)cases[i].dispersion;
    const int8_t code = (int8_t)cases[i].code;
    const pl_encoded e = pl_encode(&r, 0, &code, 0, 6); /* channel 2 */
    const encoded want = cases[i].is;
    ck_assert_msg(e.field == want.field && e.light == want.light && e.power == want.power &&
                      e.dispersion == want.dispersion && e.rail == 0,
                  "case %zu: %d %u %u %d", i, e.field, e.light, e.power, e.dispersion);
  }
}
END_TEST

START_TEST(dispersion_follows_the_wavelength) {
  pl_model_regs r = plain(0);
  r.channels = 5;
  r.wavelengths = 3;
  for (int i = 0; i < 3; i++) r.dispersion[i] = (int16_t)(256 * (i + 1)); /* t = i + 1 for code 1 */
  static const int expected[12] = {1, 2, 3, 1, 2, 1, 2, 3, 1, 2, 1, 2};
  const int8_t one = 1;
  for (uint32_t k = 0; k < 12; k++) ck_assert_int_eq(pl_encode(&r, 1, &one, 0, k).dispersion, expected[k]);
}
END_TEST

/* The deviate of an element comes from the coordinates of the page: (row, channel >> 1, sum), word channel & 1. */
START_TEST(encoding_noise) {
  pl_model_regs r = plain(PL_EFFECT_ENC_A | PL_EFFECT_ENC_B);
  r.channels = 3; /* odd: a read starts in a new block */
  r.enc_sigma_a = 26214; /* 10 % */
  r.enc_sigma_b = 13107;
  for (int operand = 0; operand < 2; operand++)
    for (int code = -128; code < 128; code += 5)
      for (uint32_t k = 0; k < 12; k++) {
        uint32_t words[2];
        pl_noise_block(5, 6, operand ? 2 : 1, 1000, k % 3 / 2, k / 3, words);
        const int xq = code * 16, g = pl_gauss(words[k % 3 % 2]);
        const int64_t sigma = rounded(abs(xq) * (operand ? 13107.0 : 26214.0), 12);
        const int64_t field = xq + rounded((double)g * (double)sigma, 17);
        const int8_t byte = (int8_t)code;
        const pl_encoded e = pl_encode(&r, operand, &byte, 1000, k);
        const double q = (double)field * (double)field;
        if (e.field != field || e.light != floor(q / 256) || e.power != fmin(1023, (double)rounded(q, 12)))
          ck_abort_msg("operand %d code %d k %u", operand, code, k);
      }
}
END_TEST

START_TEST(encoded_field_saturates) {
  pl_model_regs r = plain(PL_EFFECT_ENC_A);
  r.enc_sigma_a = 65535; /* a quarter: 4 sigma doubles -128 */
  r.channels = 1;
  const int8_t least = -128;
  int low = 0, high = 0, beyond = 0;
  for (uint32_t k = 0; k < 60000; k++) {
    const int field = pl_encode(&r, 0, &least, 3, k).field;
    low += field == -4095;
    high += field > 0;
    beyond += field < -4095;
    if (field == -4095) {
      const pl_encoded e = pl_encode(&r, 0, &least, 3, k);
      ck_assert_uint_eq(e.light, 65504);
      ck_assert_uint_eq(e.power, 1023);
    }
  }
  ck_assert_int_gt(low, 0);
  ck_assert_int_eq(beyond, 0);
  ck_assert_int_lt(high, 60); /* beyond +4 sigma the sign turns: 2 in 60000 */
}
END_TEST

static int32_t field_at(const pl_model_regs *r, const int8_t *row, uint32_t k) {
  return pl_encode(r, 1, row + k, 9, k).field;
}

/* Fields are 16 * code; half a unit of the sum is 2^14. */
START_TEST(crosstalk) {
  static const struct { int before, code; uint32_t crosstalk; int field; } cases[] = {
      {100, 50, 0, 800},
      {100, 50, 16384, 1600},      /* half of it */
      {-100, 50, 16384, 0},
      {1, 0, 1023, 0},             /* 16 * 1023 = 2^14 - 16 */
      {1, 0, 1024, 1},             /* 2^14, a half: up */
      {-1, 0, 1024, 0},            /* -1/2: up */
      {-1, 0, 1025, -1},
      {0, -128, 16384, -2048},
      {-128, -128, 16384, -3072},
      {127, 127, 3277, 2235},      /* 2032 + 203.21 */
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pl_model_regs r = plain(PL_EFFECT_CROSSTALK);
    const int8_t row[2] = {(int8_t)cases[i].before, (int8_t)cases[i].code};
    r.crosstalk = cases[i].crosstalk;
    ck_assert_msg(field_at(&r, row, 1) == cases[i].field, "case %zu: %d", i, field_at(&r, row, 1));
    ck_assert_int_eq(field_at(&r, row, 0), 16 * row[0]); /* the first gets nothing */
    const pl_encoded e = pl_encode(&r, 1, row + 1, 9, 1);
    ck_assert_uint_eq(e.light, (uint32_t)(e.field * e.field) >> 8); /* of the field with its crosstalk */
  }
}
END_TEST

/* Groups of wavelengths and reads start anew; each leak is that of the field before crosstalk, not of what came out. */
START_TEST(crosstalk_within_groups) {
  pl_model_regs r = plain(PL_EFFECT_CROSSTALK);
  r.channels = 5;
  r.wavelengths = 3;
  r.crosstalk = 1 << 13; /* a quarter */
  static const int8_t row[12] = {16, 16, 16, 16, 16, 32, 16, 16, 16, 16, 48, 16};
  static const int expected[12] = {256, 320, 320, 256, 320, 512, 384, 320, 256, 320, 768, 448};
  for (uint32_t k = 0; k < 12; k++) ck_assert_int_eq(field_at(&r, row, k), expected[k]);
  r.wavelengths = 1; /* every channel is the first of its group */
  for (uint32_t k = 0; k < 12; k++) ck_assert_int_eq(field_at(&r, row, k), 16 * row[k]);
}
END_TEST

/* With the most noise and crosstalk fields reach their limit, and the leak is that of the noisy field before. */
START_TEST(crosstalk_saturates) {
  pl_model_regs r = plain(PL_EFFECT_CROSSTALK | PL_EFFECT_ENC_B), own = plain(PL_EFFECT_ENC_B);
  r.enc_sigma_b = own.enc_sigma_b = 65535;
  r.crosstalk = 16384;
  int8_t row[4000];
  int low = 0, high = 0;
  for (int k = 0; k < 4000; k++) row[k] = k / 4 % 2 ? 127 : -128;
  for (uint32_t k = 0; k < 4000; k++) {
    const int64_t x = field_at(&own, row, k);
    const int64_t leak = k % 4 ? rounded(field_at(&own, row, k - 1) * 16384.0, 15) : 0;
    const int64_t sum = x + leak, want = sum > 4095 ? 4095 : sum < -4095 ? -4095 : sum;
    ck_assert_int_eq(field_at(&r, row, k), want);
    low += sum < -4095;
    high += sum > 4095;
  }
  ck_assert_int_gt(low, 20);
  ck_assert_int_gt(high, 20);
}
END_TEST

static int32_t detect(const pl_model_regs *r, int64_t y, int64_t d) {
  const pl_sums sums = {.product = y, .dispersion = d};
  return pl_detect(r, &sums, 0, 0, 0);
}

START_TEST(detector_without_noise) {
  pl_model_regs r = plain(0);
  ck_assert_int_eq(detect(&r, 6431, 999), 100); /* dispersion is off */
  ck_assert_int_eq(detect(&r, 6432, 0), 101);
  ck_assert_int_eq(detect(&r, -32, 0), 0);
  ck_assert_int_eq(detect(&r, -33, 0), -1);
  ck_assert_int_eq(detect(&r, 68685926400, 0), 1073217600); /* 4096 * 4095^2 */
  r.effects = PL_EFFECT_DISPERSION;
  ck_assert_int_eq(detect(&r, 64, 31), 1);
  ck_assert_int_eq(detect(&r, 64, 32), 2);
  ck_assert_int_eq(detect(&r, 64, -97), -1);
  ck_assert_int_eq(detect(&r, 68685926400, 34359738368), 1073217600 + 536870912);
  ck_assert_int_eq(detect(&r, -68685926400, -34359738368), -1073217600 - 536870912);
}
END_TEST

START_TEST(phase_mean) {
  pl_model_regs r = plain(PL_EFFECT_PHASE); /* gain 0: no spread */
  r.phase_loss = 1 << 19;                   /* 1/32 */
  ck_assert_int_eq(detect(&r, 64000, 0), 969);   /* 1000 - 31.25 */
  ck_assert_int_eq(detect(&r, -64000, 0), -969);
  ck_assert_int_eq(detect(&r, 64 * 16, 0), 15);   /* 0.5 rounds up */
  ck_assert_int_eq(detect(&r, -64 * 16, 0), -16); /* -0.5 rounds up, to 0 */
  r.phase_loss = 1048575;
  ck_assert_int_eq(detect(&r, 68685926400, 0), 1006141564);
  ck_assert_int_eq(detect(&r, -68685926400, 0), -1006141564);
}
END_TEST

START_TEST(output_noise) {
  pl_model_regs r = plain(PL_EFFECT_OUTPUT);
  int high = 0, low = 0;
  for (uint32_t col = 0; col < 400; col++) {
    uint32_t words[2];
    pl_noise_block(5, 6, 3, 9, col, 4, words);
    const int g = pl_gauss(words[0]);
    for (int sign = -1; sign <= 1; sign += 2) {
      const pl_sums small = {.product = sign * 6400003ll}, big = {.product = sign * 68685926400ll};
      r.output_sigma = 3277;
      const int64_t expected = sign * 100000 + rounded(g * 5000.0, 11); /* 100000 * 3277 / 65536 = 5000.3 */
      ck_assert_int_eq(pl_detect(&r, &small, 9, col, 4), expected);
      r.output_sigma = 65535;
      /* sigma = floor(v * 65535 / 65536) */
      const double beyond = sign * 1073217600.0 + (double)g * 1073201223.0 / 2048;
      const int32_t v = pl_detect(&r, &big, 9, col, 4);
      if (beyond > 2147483648.0) {
        ck_assert_int_eq(v, INT32_MAX);
        high++;
      } else if (beyond < -2147483649.0) {
        ck_assert_int_eq(v, INT32_MIN);
        low++;
      } else {
        ck_assert_int_eq(v, sign * 1073217600ll + rounded((double)g * 1073201223.0, 11));
      }
    }
  }
  ck_assert_int_gt(high, 20);
  ck_assert_int_gt(low, 20);
}
END_TEST

START_TEST(square_root) {
  ck_assert_uint_eq(pl_isqrt(0), 0);
  ck_assert_uint_eq(pl_isqrt(UINT32_MAX), 65535);
  /* Rounded to nearest, it steps between r^2 + r and r^2 + r + 1: every step of it. */
  for (uint32_t r = 0; r < 65536; r++) {
    const uint32_t edge = r * r + r;
    if (pl_isqrt(r * r) != r || pl_isqrt(edge) != r || (r < 65535 && pl_isqrt(edge + 1) != r + 1))
      ck_abort_msg("root %u", r);
  }
  uint64_t state = test_seed("square_root");
  for (int i = 0; i < 1000000; i++) {
    const uint32_t v = (uint32_t)draw64(&state) >> draw_in(&state, 0, 31);
    long root = lround(sqrt(v));
    if (root > 65535) root = 65535;
    if (pl_isqrt(v) != root) ck_abort_msg("%u", v);
  }
}
END_TEST

/* Standard deviation 100 from each of the three sources, then from all of them. */
START_TEST(receiver_noise) {
  static const struct { uint32_t effects; int sigma; } cases[] = {
      {PL_EFFECT_PHASE, 100}, {PL_EFFECT_SHOT, 100}, {PL_EFFECT_THERMAL, 100},
      {PL_EFFECT_SHOT | PL_EFFECT_THERMAL, 141}, {PL_EFFECT_PHASE | PL_EFFECT_SHOT | PL_EFFECT_THERMAL, 173}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pl_model_regs r = plain(cases[i].effects);
    r.phase_gain = 5;
    r.phase_shift = 3; /* 16000 * 5 / 8 */
    r.shot_gain = 7;
    r.shot_shift = 2; /* 5715 * 7 / 4 = 10001.25 */
    r.thermal_var = 10000;
    const pl_sums sums = {.product = 64 * 777, .power = 16000, .light = 5715};
    for (uint32_t col = 0; col < 100; col++) {
      uint32_t words[2];
      pl_noise_block(5, 6, 3, 1, col, 2, words);
      r.sigma_exp = (int)(col % 5);
      const int64_t noise = rounded((double)pl_gauss(words[1]) * cases[i].sigma * (1 << r.sigma_exp), 11);
      ck_assert_int_eq(pl_detect(&r, &sums, 1, col, 2), 777 + noise);
    }
  }
}
END_TEST

START_TEST(receiver_noise_at_its_limits) {
  pl_model_regs r = plain(PL_EFFECT_PHASE | PL_EFFECT_SHOT | PL_EFFECT_THERMAL);
  r.phase_gain = r.shot_gain = 65535;
  r.thermal_var = UINT32_MAX; /* the variance is held at 2^32 - 1 */
  const pl_sums sums = {.power = 4286582784u, .light = 536608768};
  int saturated = 0;
  for (uint32_t col = 0; col < 100; col++) {
    uint32_t words[2];
    pl_noise_block(5, 6, 3, 1, col, 2, words);
    const int g = pl_gauss(words[1]);
    r.sigma_exp = 0;
    ck_assert_int_eq(pl_detect(&r, &sums, 1, col, 2), rounded(g * 65535.0, 11));
    r.sigma_exp = 15;
    const double v = floor(g * 65535.0 * 16 + 0.5);
    const int32_t got = pl_detect(&r, &sums, 1, col, 2);
    if (fabs(v) >= 2147483648.0) {
      ck_assert_int_eq(got, v > 0 ? INT32_MAX : INT32_MIN);
      saturated++;
    } else {
      ck_assert_int_eq(got, (int64_t)v);
    }
  }
  ck_assert_int_gt(saturated, 10);
}
END_TEST

START_TEST(adc) {
  static const struct { int bits; uint32_t gain; int shift; int32_t offset, v, code; int clipped; } cases[] = {
      {8, 1, 2, 0, 5, 1, 0},       {8, 1, 2, 0, 6, 2, 0},       {8, 1, 2, 0, -6, -1, 0},     {8, 1, 2, 0, -7, -2, 0},
      {8, 1, 2, 0, 508, 127, 0},   {8, 1, 2, 0, 509, 127, 0},   {8, 1, 2, 0, 510, 127, 1},
      {8, 1, 2, 0, -514, -128, 0}, {8, 1, 2, 0, -515, -128, 1}, {2, 1, 1, 0, 3, 1, 1},
      {2, 1, 1, 0, 2, 1, 0},       {2, 1, 1, 0, -9, -2, 1},
      {16, 3, 1, 7, -20, -19, 0}, /* -13 * 3 / 2 = -19.5 rounds up */
      {16, 65535, 1, INT32_MAX, INT32_MAX, 32767, 1},
      {16, 65535, 1, INT32_MIN, INT32_MIN, -32768, 1},
      {16, 65535, 47, INT32_MAX, INT32_MAX, 2, 0},
      {16, 65535, 47, INT32_MIN, INT32_MIN, -2, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pl_model_regs r = plain(PL_EFFECT_ADC);
    r.adc_bits = cases[i].bits;
    r.adc_gain = cases[i].gain;
    r.adc_shift = cases[i].shift;
    r.adc_offset = cases[i].offset;
    int clipped = 7;
    const int32_t code = pl_adc(&r, cases[i].v, &clipped);
    ck_assert_msg(code == cases[i].code && clipped == cases[i].clipped, "case %zu: %d, clipped %d", i, code, clipped);
  }
}
END_TEST

START_TEST(adc_bypassed) {
  static const int32_t cases[][2] = {{1, 0},   {2, 1}, {-2, 0}, {-3, -1}, {INT32_MAX, 536870912},
                                     {INT32_MIN, -536870912}};
  pl_model_regs r = plain(0);
  r.adc_offset = 1000;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int clipped = 7;
    ck_assert_int_eq(pl_adc(&r, cases[i][0], &clipped), cases[i][1]);
    ck_assert_int_eq(clipped, 0);
  }
}
END_TEST

/* Registers to their places: each word alone reaches its own field. */
START_TEST(unpack) {
  pl_image image = {0};
  for (int i = 0; i < PL_REG_WORDS; i++) image.reg[i] = 1000u + (uint32_t)i;
  image.reg[PL_REG_ADC_OFFSET] = (uint32_t)-5;
  image.reg[PL_REG_DISPERSION + 31] = (uint32_t)-16384;
  pl_model_regs r;
  pl_model_unpack(&image, &r);
  const int64_t got[] = {r.effects, r.kind, r.seed, r.job, r.channels, r.wavelengths, r.dac_bits_a, r.dac_bits_b,
                         r.enc_sigma_a, r.enc_sigma_b, r.phase_loss, r.phase_gain, r.phase_shift, r.output_sigma,
                         r.shot_gain, r.shot_shift, r.thermal_var, r.sigma_exp, r.adc_bits, r.adc_gain,
                         r.adc_shift, r.adc_offset, r.row0, r.col0, r.sum0, r.rows, r.cols, r.depth, r.crosstalk,
                         1000 + PL_REG_SYSTEMATIC_SIGMA /* the host's alone */, r.systematic_var, r.rns_k, r.redundant,
                         r.range_limit, r.bfp_bits, r.level_sigma[0], r.level_sigma[1], r.level_sigma[2],
                         r.level_sigma[3], r.level_sigma[4], r.iq_sigma, r.photon_gain, r.photon_shift,
                         r.photon_step, r.photon_step_shift,
                         1000 + PL_REG_A_BASE, 1000 + PL_REG_B_BASE /* the buffers' alone */};
  ck_assert_int_eq(sizeof got / sizeof *got, PL_REG_DISPERSION);
  for (int i = 0; i < PL_REG_DISPERSION; i++)
    ck_assert_int_eq(got[i], i == PL_REG_ADC_OFFSET ? -5 : 1000 + i);
  for (int i = 0; i < 128; i++) {
    ck_assert_int_eq(r.transfer[0][i], 1000 + PL_REG_TRANSFER_A + i);
    ck_assert_int_eq(r.transfer[1][i], 1000 + PL_REG_TRANSFER_B + i);
  }
  for (int i = 0; i < 31; i++) ck_assert_int_eq(r.dispersion[i], 1000 + PL_REG_DISPERSION + i);
  ck_assert_int_eq(r.dispersion[31], -16384);
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_test(tests, dac);
  tcase_add_test(tests, square);
  tcase_add_test(tests, dispersion_follows_the_wavelength);
  tcase_add_test(tests, encoding_noise);
  tcase_add_test(tests, encoded_field_saturates);
  tcase_add_test(tests, crosstalk);
  tcase_add_test(tests, crosstalk_within_groups);
  tcase_add_test(tests, crosstalk_saturates);
  tcase_add_test(tests, detector_without_noise);
  tcase_add_test(tests, phase_mean);
  tcase_add_test(tests, output_noise);
  tcase_add_test(tests, square_root);
  tcase_add_test(tests, receiver_noise);
  tcase_add_test(tests, receiver_noise_at_its_limits);
  tcase_add_test(tests, adc);
  tcase_add_test(tests, adc_bypassed);
  tcase_add_test(tests, unpack);
}

int main(void) { return run_suite("model_stages", fill); }
