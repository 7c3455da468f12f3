/* test_physics_derive_intensity.c: physical units to the registers of an intensity core: each formula against a value
 * worked out by hand. What the golden model makes of them: tests/stats/test_l3_intensity.c. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "physics/physics.h"

static pl_physics plain(uint32_t effects) {
  pl_physics p;
  pl_physics_reset(&p);
  p.kind = PL_KIND_INTENSITY;
  p.effects = effects;
  return p;
}

static pl_image derive(const pl_physics *p) {
  pl_image image;
  pl_error err = {0};
  ck_assert_msg(!pl_physics_derive(p, &image, &err), "%s", err.text);
  ck_assert_uint_eq(image.reg[PL_REG_KIND], PL_KIND_INTENSITY);
  return image;
}

/* Variance per code^2 of light that the shot words stand for, code^4; the register's light counts quarters. */
static double shot_per_light(const pl_image *image) {
  const double unit = ldexp(1, 2 * (int)image->reg[PL_REG_SIGMA_EXP]) / 16;
  return 4 * unit * ldexp(image->reg[PL_REG_SHOT_GAIN], -(int)image->reg[PL_REG_SHOT_SHIFT]);
}

START_TEST(all_off_is_exact) {
  pl_physics p = plain(0);
  p.extinction_a = 0.1, p.photons_per_mac = 3, p.systematic_error_rms = 0.1, p.channel_gain_rms = 0.1;
  const pl_image image = derive(&p);
  for (int i = 0; i < 128; i++)
    ck_assert_uint_eq(image.reg[PL_REG_TRANSFER_A + i] | image.reg[PL_REG_TRANSFER_B + i], 0);
  ck_assert_uint_eq(image.reg[PL_REG_SHOT_GAIN] | image.reg[PL_REG_SYSTEMATIC_SIGMA] | image.reg[PL_REG_DISPERSION], 0);
}
END_TEST

START_TEST(transfer_tables) {
  pl_physics p = plain(PL_EFFECT_TRANSFER_A | PL_EFFECT_TRANSFER_B);
  p.extinction_a = 0.02004;
  p.transfer_b = (pl_curve){.count = 3, .value = {0.1, 0.2, 1}}, p.extinction_b = 0.15;
  const pl_image image = derive(&p);
  const uint32_t *a = &image.reg[PL_REG_TRANSFER_A], *b = &image.reg[PL_REG_TRANSFER_B];
  ck_assert_uint_eq(a[0], 41); /* 0.02004 * 127 * 16 = 40.7 */
  ck_assert_uint_eq(a[2], 41);
  ck_assert_uint_eq(a[3], 48);
  ck_assert_uint_eq(a[127], 2032);
  ck_assert_uint_eq(b[0], 305); /* the floor: 0.15 * 2032 = 304.8 */
  ck_assert_uint_eq(b[60], 395); /* 0.1 + 0.1 * 60/63.5 = 0.19449 */
  ck_assert_uint_eq(b[127], 2032);
  ck_assert_uint_eq(b[95], 1213); /* 0.2 + 0.8 * 31.5/63.5 = 0.59685, * 2032 = 1212.8 */
}
END_TEST

START_TEST(gains) {
  pl_physics p = plain(PL_EFFECT_GAIN);
  p.channel_gains = (pl_curve){.count = 3, .value = {1, 0.9, 1.25}};
  pl_image image = derive(&p);
  ck_assert_uint_eq(image.reg[PL_REG_WAVELENGTHS], 3);
  ck_assert_int_eq((int32_t)image.reg[PL_REG_DISPERSION], 0);
  ck_assert_int_eq((int32_t)image.reg[PL_REG_DISPERSION + 1], -3277); /* -0.1 * 2^15 */
  ck_assert_int_eq((int32_t)image.reg[PL_REG_DISPERSION + 2], 8192);
  p.channel_gain_rms = 0.05, p.channel_gain_seed = 9;
  image = derive(&p);
  ck_assert_uint_eq(image.reg[PL_REG_WAVELENGTHS], 32);
  double gain[PL_GAINS_MAX];
  ck_assert_int_eq(pl_channel_gains(&p, gain), 32);
  for (int i = 0; i < 32; i++)
    ck_assert_double_eq_tol((int32_t)image.reg[PL_REG_DISPERSION + i] * 0x1p-15, gain[i] - 1, 0x1p-16);
}
END_TEST

/* n photons per MAC at a mean input of u: n / u / 127^2 photons per code^2, and the variance is its inverse. */
START_TEST(shot_and_thermal) {
  for (double n = 0.01; n < 1e9; n *= 7) {
    pl_physics p = plain(PL_EFFECT_SHOT | PL_EFFECT_THERMAL);
    p.photons_per_mac = n, p.mean_input = 0.2, p.thermal_noise_rms_photons = 100 * n;
    const pl_image image = derive(&p);
    ck_assert_double_eq_tol(shot_per_light(&image) * n / 0.2 / 16129, 1, 0x1p-16);
    const double unit = ldexp(1, 2 * (int)image.reg[PL_REG_SIGMA_EXP]) / 16; /* 100 n photons are 20 * 16129 code^2 */
    ck_assert_double_eq_tol(image.reg[PL_REG_THERMAL_VAR] * unit / pow(20 * 16129, 2), 1, 1e-4);
    p.photons_per_mac *= 2, p.mean_input *= 2; /* the same source */
    const pl_image same = derive(&p);
    ck_assert_mem_eq(&image, &same, sizeof image);
  }
}
END_TEST

/* sigma^2 = four passes of (s R/4)^2. */
START_TEST(systematic) {
  pl_physics p = plain(PL_EFFECT_SYSTEMATIC);
  p.systematic_error_rms = 0.021, p.mean_light_code2 = 1e5;
  const pl_image image = derive(&p);
  ck_assert_uint_eq(image.reg[PL_REG_SYSTEMATIC_SIGMA], 688); /* 0.0105 * 2^16 = 688.1 */
  const double unit = ldexp(1, 2 * (int)image.reg[PL_REG_SIGMA_EXP]) / 16;
  ck_assert_double_eq_tol(image.reg[PL_REG_SYSTEMATIC_VAR] * unit / pow(1050, 2), 1, 1e-3);
}
END_TEST

/* The variance of the brightest read fits 32 bits, and would not with a smaller exponent. */
START_TEST(sigma_exp_is_the_finest) {
  for (int channels = 1; channels <= 4096; channels *= 4)
    for (double photons = 1e-3; photons < 1e9; photons *= 30) {
      pl_physics p = plain(PL_EFFECT_SHOT | PL_EFFECT_TRANSFER_A | PL_EFFECT_GAIN);
      p.channels = channels, p.photons_per_mac = photons, p.extinction_a = 0.1;
      p.channel_gains = (pl_curve){.count = 1, .value = {1.5}};
      const pl_image image = derive(&p);
      /* A: (127 + 12.6875) * 1.5, B: 128; in quarters of code^2 */
      const double light = 4.0 * channels * (127 + 203 / 16.0) * 1.5 * 128;
      const double variance = light * ldexp(image.reg[PL_REG_SHOT_GAIN], -(int)image.reg[PL_REG_SHOT_SHIFT]);
      ck_assert_msg(variance <= UINT32_MAX, "%d channels, %g photons", channels, photons);
      if (image.reg[PL_REG_SIGMA_EXP])
        ck_assert_msg(variance > UINT32_MAX / 4.02, "%d channels, %g photons", channels, photons);
    }
}
END_TEST

START_TEST(adc_range) {
  pl_physics p = plain(PL_EFFECT_ADC);
  p.channels = 10;
  pl_image image = derive(&p);
  ck_assert_double_eq_tol(pl_range_step(&image, (pl_range){0}) * 128 / (10 * 16129), 1, 1e-4);
  p.adc_full_scale_code2 = 2e4, p.adc_offset_code2 = 5;
  image = derive(&p);
  ck_assert_double_eq_tol(pl_range_step(&image, (pl_range){0}) * 128 / 2e4, 1, 1e-4);
  ck_assert_uint_eq(image.reg[PL_REG_ADC_OFFSET], 20);
}
END_TEST

static void refuse(const pl_physics *p, const char *says) {
  pl_image image;
  pl_error err = {0};
  ck_assert_int_eq(pl_physics_derive(p, &image, &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, says) != NULL, "%s", err.text);
}

START_TEST(errors) {
  pl_physics p = plain(PL_EFFECT_SHOT);
  refuse(&p, "photons, shot and thermal noise need photons_per_mac above 0");
  p.photons_per_mac = 1e-4, p.channels = 4096, p.effects |= PL_EFFECT_THERMAL, p.thermal_noise_rms_photons = 1e6;
  refuse(&p, "give more photons_per_mac");
  p = plain(PL_EFFECT_TRANSFER_A);
  p.transfer_a = (pl_curve){.count = 2, .value = {0, 2.1}};
  refuse(&p, "transfer_a, in codes, is 256");
  p = plain(PL_EFFECT_GAIN);
  refuse(&p, "channel_gains has no values");
  p.channel_gains = (pl_curve){.count = 2, .value = {1, 1.6}};
  refuse(&p, "the gain of channel 1 is 1.6 but registers hold 0.5 to 1.5: change channel_gains");
  p.channel_gain_rms = 0.5;
  refuse(&p, "give a smaller channel_gain_rms");
  p = plain(PL_EFFECT_SYSTEMATIC);
  p.systematic_error_rms = 2;
  refuse(&p, "half of systematic_error_rms is 1");
  p.systematic_error_rms = 0.1, p.mean_light_code2 = 5e9;
  refuse(&p, "mean_light_code2 is 5e+09");
  p = plain(PL_EFFECT_ENC_A);
  refuse(&p, "the effect enc_a is on, which a core of kind intensity does not have");
  p = plain(0);
  p.kind = 3;
  refuse(&p, "no kind of core of number 3");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("derive_intensity");
  TCase *tests = tcase_create("derive_intensity");
  suite_add_tcase(suite, tests);
  tcase_add_test(tests, all_off_is_exact);
  tcase_add_test(tests, transfer_tables);
  tcase_add_test(tests, gains);
  tcase_add_test(tests, shot_and_thermal);
  tcase_add_test(tests, systematic);
  tcase_add_test(tests, sigma_exp_is_the_finest);
  tcase_add_test(tests, adc_range);
  tcase_add_test(tests, errors);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
