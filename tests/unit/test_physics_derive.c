/* test_physics_derive.c: physical units to registers: the coupler's table, each formula against a value worked out
 * by hand, precision of the mantissas, and (L3) the variance that the golden model really has with these registers
 * against the physical one. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "physics/physics.h"

#define PI 3.14159265358979323846

static pl_image derive(const pl_physics *p) {
  pl_image image;
  pl_error err = {0};
  ck_assert_msg(!pl_physics_derive(p, &image, &err), "%s", err.text);
  return image;
}

static double ratio(const pl_image *image, int gain, int shift) {
  return ldexp(image->reg[gain], -(int)image->reg[shift]);
}

/* The published list for 12 wavelengths of 0.4 nm (Lightening-Transformer, authors' code). */
START_TEST(coupler_table) {
  static const double e[12] = {-0.008882584, -0.007405882, -0.005927688, -0.004448003, -0.002966827, -0.001484159,
                               0.001485650,  0.002972790,  0.004461421,  0.005951542,  0.007443153,  0.008936254};
  static const int q15[12] = {-291, -243, -194, -146, -97, -49, 49, 97, 146, 195, 244, 293};
  pl_physics p;
  pl_physics_reset(&p);
  p.effects = PL_EFFECT_DISPERSION;
  pl_image image = derive(&p);
  for (int i = 0; i < 12; i++) {
    ck_assert_double_eq_tol(pl_coupler_imbalance(pl_grid_um(i, 12, 0.4)), e[i], 1e-9);
    ck_assert_int_eq((int32_t)image.reg[PL_REG_DISPERSION + i], q15[i]);
  }
  ck_assert_double_eq_tol(pl_coupler_imbalance(1.55), 0, 1e-15);
  static const struct {
    int count;
    double largest;
  } others[] = {{8, 0.00595}, {16, 0.01193}, {20, 0.01492}, {24, 0.01793}};
  for (int i = 0; i < 4; i++)
    ck_assert_double_eq_tol(pl_coupler_imbalance(pl_grid_um(others[i].count - 1, others[i].count, 0.4)),
                            others[i].largest, 6e-6);
  ck_assert_double_eq_tol(pl_grid_um(1, 3, 0.4), 1.55, 1e-15); /* odd: 1550 nm itself is in use */
}
END_TEST

START_TEST(all_off_is_exact) {
  pl_physics p;
  pl_physics_reset(&p);
  p.encoding_noise_rms_a = p.output_noise_rms = 0.1, p.photons_full_scale = 10;
  pl_image image = derive(&p);
  ck_assert_uint_eq(image.reg[PL_REG_EFFECTS], 0);
  ck_assert_uint_eq(image.reg[PL_REG_ENC_SIGMA_A] | image.reg[PL_REG_OUTPUT_SIGMA] | image.reg[PL_REG_SHOT_GAIN], 0);
}
END_TEST

START_TEST(relative_noises) {
  pl_physics p;
  pl_physics_reset(&p);
  p.effects = PL_EFFECT_ENC_A | PL_EFFECT_ENC_B | PL_EFFECT_OUTPUT | PL_EFFECT_PHASE;
  p.encoding_noise_rms_a = 0.015, p.encoding_noise_rms_b = 0.1, p.output_noise_rms = 0.025, p.phase_noise_rms_deg = 2;
  pl_image image = derive(&p);
  ck_assert_uint_eq(image.reg[PL_REG_ENC_SIGMA_A], 3932);   /* 0.015 * 2^18 = 3932.16 */
  ck_assert_uint_eq(image.reg[PL_REG_ENC_SIGMA_B], 26214);  /* 26214.4 */
  ck_assert_uint_eq(image.reg[PL_REG_OUTPUT_SIGMA], 1638);  /* 1638.4 */
  ck_assert_uint_eq(image.reg[PL_REG_PHASE_LOSS], 10218);   /* 1 - 0.99939095 = 6.0905e-4, * 2^24 */
  /* std[cos] = 8.61e-4 at 2 degrees; variance units are 4^e/16 code^4 per 256 code^4 of power */
  double unit = ldexp(1, 2 * (int)image.reg[PL_REG_SIGMA_EXP]);
  double kappa = ratio(&image, PL_REG_PHASE_GAIN, PL_REG_PHASE_SHIFT) * unit / 4096;
  ck_assert_double_eq_tol(sqrt(kappa), 8.61e-4, 1e-6);
}
END_TEST

/* Mantissas use all their 16 bits: 2^-16 relative precision at worst. */
START_TEST(factors_are_precise) {
  for (double photons = 10; photons < 1e12; photons *= 1.37) {
    pl_physics p;
    pl_physics_reset(&p);
    p.effects = PL_EFFECT_SHOT | PL_EFFECT_THERMAL;
    p.photons_full_scale = photons;
    p.thermal_noise_rms_photons = photons / 10;
    pl_image image = derive(&p);
    double unit = ldexp(1, 2 * (int)image.reg[PL_REG_SIGMA_EXP]) / 16;
    double wish = 127.0 * 127 / (2 * photons);
    ck_assert_double_eq_tol(ratio(&image, PL_REG_SHOT_GAIN, PL_REG_SHOT_SHIFT) * unit / wish, 1, 0x1p-16);
    ck_assert_double_eq_tol(image.reg[PL_REG_THERMAL_VAR] * unit / pow(1612.9, 2), 1, 1e-4);
  }
}
END_TEST

/* sigma_exp: the variance of the largest read fits 32 bits, and would not with a smaller exponent. */
START_TEST(sigma_exp_is_the_finest) {
  for (int channels = 1; channels <= 4096; channels *= 4)
    for (double photons = 2; photons < 1e9; photons *= 3) { /* at 1 the gain is what does not fit */
      pl_physics p;
      pl_physics_reset(&p);
      p.effects = PL_EFFECT_SHOT | PL_EFFECT_PHASE;
      p.channels = channels;
      p.photons_full_scale = photons;
      p.phase_noise_rms_deg = 20;
      pl_image image = derive(&p);
      /* |code| 128 on both sides: q = 2^22, light 16384, power 1023 or 1024 */
      uint64_t power = (uint64_t)channels * 1023 * 1023, light = (uint64_t)channels * 2 * 16384;
      uint64_t variance = (power * image.reg[PL_REG_PHASE_GAIN] >> image.reg[PL_REG_PHASE_SHIFT]) +
                          (light * image.reg[PL_REG_SHOT_GAIN] >> image.reg[PL_REG_SHOT_SHIFT]);
      ck_assert_msg(variance <= UINT32_MAX, "%d channels, %g photons", channels, photons);
      if (image.reg[PL_REG_SIGMA_EXP])
        ck_assert_msg(variance > UINT32_MAX / 4.02, "%d channels, %g photons", channels, photons);
    }
}
END_TEST

START_TEST(too_much_is_an_error) {
  pl_physics p;
  pl_image image;
  pl_error err;
  pl_physics_reset(&p);
  p.effects = PL_EFFECT_THERMAL;
  ck_assert_int_eq(pl_physics_derive(&p, &image, &err), PL_E_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "photons_full_scale above 0"));
  p.photons_full_scale = 1;
  p.thermal_noise_rms_photons = 1e6;
  ck_assert_int_eq(pl_physics_derive(&p, &image, &err), PL_E_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "more than registers hold"));

  const struct {
    uint32_t effects;
    size_t offset;
    double value;
    const char *says;
  } bad[] = {
      {PL_EFFECT_ENC_A, offsetof(pl_physics, encoding_noise_rms_a), 0.25, "encoding_noise_rms_a is 0.25"},
      {PL_EFFECT_ENC_B, offsetof(pl_physics, encoding_noise_rms_b), -1, "encoding_noise_rms_b is -1"},
      {PL_EFFECT_OUTPUT, offsetof(pl_physics, output_noise_rms), NAN, "output_noise_rms is nan"},
      {PL_EFFECT_PHASE, offsetof(pl_physics, phase_noise_rms_deg), 21, "phase noise's mean loss"},
      {PL_EFFECT_DISPERSION, offsetof(pl_physics, wavelength_spacing_nm), 40, "smaller wavelength_spacing_nm"},
      {0, offsetof(pl_physics, adc_offset_code2), 1e9, "adc_offset_code2 is 1e+09"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    pl_physics_reset(&p);
    p.effects = bad[i].effects;
    memcpy((char *)&p + bad[i].offset, &bad[i].value, sizeof bad[i].value);
    ck_assert_int_eq(pl_physics_derive(&p, &image, &err), PL_E_INPUT);
    ck_assert_msg(strstr(err.text, bad[i].says) != NULL, "%s", err.text);
  }
  pl_physics_reset(&p);
  p.adc_bits = 17;
  ck_assert_int_eq(pl_physics_derive(&p, &image, &err), PL_E_INPUT);
  p.channels = 0;
  ck_assert_int_eq(pl_physics_derive(&p, &image, &err), PL_E_INPUT);
}
END_TEST

/* ---- L3: what comes out has the physical mean and variance ---- */

enum { SIDE = 200, DEPTH = 64 };

typedef struct {
  double mean, variance;
} moments;

/* SIDE^2 reads of one and the same product (a and b repeat in every row), through the whole chain. */
static moments simulate(const pl_physics *p, const int8_t *a_row, const int8_t *b_row) {
  static int8_t a[SIDE * DEPTH], b[SIDE * DEPTH];
  static int32_t c[SIDE * SIDE];
  for (int i = 0; i < SIDE; i++) memcpy(a + i * DEPTH, a_row, DEPTH), memcpy(b + i * DEPTH, b_row, DEPTH);
  pl_image image = derive(p);
  pl_device *dev;
  pl_job job = {.job = 1, .m = SIDE, .n = SIDE, .k = DEPTH, .a = a, .lda = DEPTH, .b = b, .ldb = DEPTH, .c = c,
                .ldc = SIDE};
  ck_assert_int_eq(pl_open("model:", &dev, NULL), PL_OK);
  ck_assert_int_eq(pl_configure(dev, &image, NULL), PL_OK);
  ck_assert_int_eq(pl_gemm(dev, &job, NULL), PL_OK);
  pl_close(dev);
  moments m = {0};
  for (int i = 0; i < SIDE * SIDE; i++) m.mean += c[i];
  m.mean /= SIDE * SIDE;
  for (int i = 0; i < SIDE * SIDE; i++) m.variance += (c[i] - m.mean) * (c[i] - m.mean);
  m.variance /= SIDE * SIDE - 1;
  return m;
}

/* 40000 samples: the variance estimate is good to 0.7 % (1 sigma), the mean to sigma / 200. */
static void expect(const pl_physics *p, const int8_t *a, const int8_t *b, double mean, double variance) {
  moments m = simulate(p, a, b);
  ck_assert_msg(fabs(m.mean - mean) < 5 * sqrt(variance) / 200 + 0.5, "mean %g instead of %g (sigma %g)", m.mean, mean,
                sqrt(variance));
  ck_assert_msg(fabs(m.variance / variance - 1) < 0.035, "variance %g instead of %g", m.variance, variance);
}

static void draw(int8_t *a, int8_t *b, double *product, double *power, double *light) {
  unsigned seed = 20;
  *product = *power = *light = 0;
  for (int k = 0; k < DEPTH; k++) {
    a[k] = (int8_t)(rand_r(&seed) >> 8);
    b[k] = (int8_t)(rand_r(&seed) >> 8);
    *product += a[k] * b[k];
    *power += pow(a[k] * b[k], 2);
    *light += a[k] * a[k] + b[k] * b[k];
  }
}

START_TEST(moments_are_physical) {
  int8_t a[DEPTH], b[DEPTH];
  double product, power, light;
  draw(a, b, &product, &power, &light);
  pl_physics p;

  pl_physics_reset(&p); /* Poisson: 500 photons per channel at full scale */
  p.effects = PL_EFFECT_SHOT, p.photons_full_scale = 500;
  double per_code2 = 500 / (127.0 * 127);
  expect(&p, a, b, product, light / 2 * per_code2 / (per_code2 * per_code2));

  p.effects = PL_EFFECT_THERMAL, p.thermal_noise_rms_photons = 700; /* photons of difference */
  expect(&p, a, b, product, pow(700 / per_code2, 2));

  p.effects = PL_EFFECT_SHOT | PL_EFFECT_THERMAL; /* variances add */
  expect(&p, a, b, product, light / 2 / per_code2 + pow(700 / per_code2, 2));

  p.effects = PL_EFFECT_PHASE, p.phase_noise_rms_deg = 12; /* moments of cos of a normal error */
  double s2 = pow(12 * PI / 180, 2);
  expect(&p, a, b, product * exp(-s2 / 2), power * pow(1 - exp(-s2), 2) / 2);

  p.effects = PL_EFFECT_OUTPUT, p.output_noise_rms = 0.2;
  expect(&p, a, b, product, pow(0.2 * product, 2));
}
END_TEST

/* Phase noise by brute force: one draw per product, which is what the two moments stand for. */
START_TEST(phase_moments_match_draws_per_product) {
  int8_t a[DEPTH], b[DEPTH];
  double product, power, light, sum = 0, squares = 0;
  draw(a, b, &product, &power, &light);
  enum { DRAWS = 20000 };
  unsigned seed = 77;
  double s = 12 * PI / 180;
  for (int i = 0; i < DRAWS; i++) {
    double y = 0;
    for (int k = 0; k < DEPTH; k++) {
      double u = (rand_r(&seed) + 1.0) / (RAND_MAX + 2.0), v = (double)rand_r(&seed) / RAND_MAX;
      y += a[k] * b[k] * cos(s * sqrt(-2 * log(u)) * cos(2 * PI * v));
    }
    sum += y, squares += y * y;
  }
  double mean = sum / DRAWS, variance = squares / DRAWS - mean * mean;
  pl_physics p;
  pl_physics_reset(&p);
  p.effects = PL_EFFECT_PHASE, p.phase_noise_rms_deg = 12;
  moments m = simulate(&p, a, b);
  ck_assert_msg(fabs(m.mean - mean) < 5 * sqrt(variance / DRAWS) + 5 * sqrt(variance) / 200 + 0.5, "mean %g, drawn %g",
                m.mean, mean);
  ck_assert_msg(fabs(m.variance / variance - 1) < 0.12, "variance %g, drawn %g (seed 77)", m.variance, variance);
}
END_TEST

/* Dispersion has no spread: d = 1/2 sum e (x^2 - w^2), added. */
START_TEST(dispersion_is_physical) {
  int8_t a[DEPTH], b[DEPTH];
  double product, power, light, d = 0;
  draw(a, b, &product, &power, &light);
  pl_physics p;
  pl_physics_reset(&p);
  p.effects = PL_EFFECT_DISPERSION, p.wavelength_spacing_nm = 8;
  for (int k = 0; k < DEPTH; k++)
    d += pl_coupler_imbalance(pl_grid_um(k % 12, 12, 8)) / 2 * (a[k] * a[k] - b[k] * b[k]);
  ck_assert_double_gt(fabs(d), 50);
  moments m = simulate(&p, a, b);
  ck_assert_double_eq_tol(m.mean, product + d, 2);
  ck_assert_double_eq(m.variance, 0);
}
END_TEST

/* Photon counters: light to photons and photons to light, each to the precision of a 16-bit mantissa, over all cores that
 * registers hold; beyond, a sentence that names the effect to use. */
START_TEST(photon_counters) {
  int derived = 0, refused = 0;
  for (int exponent = -12; exponent <= 24; exponent++) {
    pl_physics p;
    pl_image image;
    pl_error err = {0};
    pl_physics_reset(&p);
    p.kind = PL_KIND_INTENSITY, p.effects = PL_EFFECT_PHOTONS, p.mean_input = 0.75;
    p.photons_per_mac = ldexp(1.2345, exponent), p.channels = 100;
    const double c = p.photons_per_mac / 0.75 / 127 / 127; /* per code^2 */
    const pl_status status = pl_physics_derive(&p, &image, &err);
    if (100 * 128 * 128 * c > 1048576) {
      ck_assert_int_eq(status, PL_E_INPUT);
      ck_assert_msg(strstr(err.text, "use the effect shot"), "%s", err.text);
      refused++;
      continue;
    }
    ck_assert_msg(!status, "%s", err.text);
    const uint32_t *reg = image.reg;
    const double per_q8 = reg[PL_REG_PHOTON_GAIN] * ldexp(1, -16 - (int)reg[PL_REG_PHOTON_SHIFT]); /* photons */
    const double lsb = reg[PL_REG_PHOTON_STEP] * ldexp(1, 16 - (int)reg[PL_REG_PHOTON_STEP_SHIFT]);
    ck_assert_msg(fabs(per_q8 * 256 / c - 1) < 0x1p-16, "%g photons per code^2 became %g", c, per_q8 * 256);
    ck_assert_msg(fabs(lsb * c / 4 - 1) < 0x1p-16, "a photon of %g LSB became %g", 4 / c, lsb);
    derived++;
  }
  ck_assert_int_gt(derived, 20);
  ck_assert_int_gt(refused, 5);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("derive");
  TCase *tests = tcase_create("derive");
  tcase_set_timeout(tests, 60);
  suite_add_tcase(suite, tests);
  tcase_add_test(tests, coupler_table);
  tcase_add_test(tests, all_off_is_exact);
  tcase_add_test(tests, relative_noises);
  tcase_add_test(tests, factors_are_precise);
  tcase_add_test(tests, sigma_exp_is_the_finest);
  tcase_add_test(tests, too_much_is_an_error);
  tcase_add_test(tests, photon_counters);
  tcase_add_test(tests, moments_are_physical);
  tcase_add_test(tests, phase_moments_match_draws_per_product);
  tcase_add_test(tests, dispersion_is_physical);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
