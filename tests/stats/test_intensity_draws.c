/* test_intensity_draws.c: the double-precision physics of the intensity core against itself and against textbooks:
 * drawn reads have the exact moments of pl_intensity_expect down to one photon, each pass counts by Poisson's law,
 * signs and extinction come out as the formulas say. Seed 20261122; false alarms as in l3.h. What it vouches for:
 * docs/physics.md.
 */
#include <check.h>

#include "l3_intensity.h"

#include "draws.h"

START_TEST(draws_have_the_exact_moments) {
  enum { DRAWS = 200000 };
  static statistics all;
  static double value[DRAWS];
  const pl_random random = draws_begin();
  for (int e = 0; e < EFFECTS; e++)
    for (int i = 0; i < POINTS; i++) {
      int8_t a[CHANNELS_MAX], b[CHANNELS_MAX];
      const point *where = &points[i];
      if (where->channels > 64) continue; /* slow, and nothing new */
      codes_of(where, a, b);
      const pl_physics p = physics_of(where, effects[e].bit);
      const pl_intensity core = core_of(&p);
      const pl_intensity_moments m = pl_intensity_expect(&core, a, b, where->channels);
      if (m.variance == 0) continue; /* dark, without a floor */
      const int draws = where->channels > 1 ? DRAWS / 4 : DRAWS;
      for (int n = 0; n < draws; n++)
        value[n] = pl_intensity_draw(&core, a, b, where->channels, &random).value_code2;
      char name[80];
      snprintf(name, sizeof name, "%s, %s", effects[e].name, where->name);
      add_moments(&all, name, value, draws, m.mean, m.variance, m.third);
    }
  draws_end();
  printf("draws against exact moments: %d statistics\n", all.count);
  ck_assert_int_gt(all.count, 60);
  ck_assert_int_eq(failures(&all, 0), 0);
}
END_TEST

/* The counts of each pass, at 0.02 to 300 photons, by chi-square against Poisson's law. */
START_TEST(each_pass_counts_by_itself) {
  enum { DRAWS = 100000, COUNTS = 500 };
  pl_physics p;
  pl_physics_reset(&p);
  p.kind = PL_KIND_INTENSITY, p.channels = 3;
  p.effects = PL_EFFECT_SHOT | PL_EFFECT_TRANSFER_A | PL_EFFECT_TRANSFER_B;
  p.extinction_a = 0.01, p.extinction_b = 0.05;
  const int8_t a[3] = {127, -100, 50}, b[3] = {127, 80, -60};
  const pl_random random = draws_begin();
  for (double photons = 1; photons < 200; photons *= 13) {
    static double seen[PL_PASSES][COUNTS];
    double together = 0;
    p.photons_per_mac = photons;
    const pl_intensity core = core_of(&p);
    pl_intensity_read read = {0};
    memset(seen, 0, sizeof seen);
    for (int n = 0; n < DRAWS; n++) {
      read = pl_intensity_draw(&core, a, b, 3, &random);
      for (int q = 0; q < PL_PASSES; q++) seen[q][(int)fmin(COUNTS - 1, read.photons[q])]++;
      together += (read.photons[0] - read.light_code2[0] * core.photons_per_code2) *
                  (read.photons[3] - read.light_code2[3] * core.photons_per_code2);
    }
    for (int q = 0; q < PL_PASSES; q++) {
      const double mean = read.light_code2[q] * core.photons_per_code2;
      double expected[COUNTS];
      for (int k = 0; k < COUNTS; k++) expected[k] = DRAWS * exp(k * log(mean) - mean - lgamma(k + 1));
      const double chance = chi_square_chance(seen[q], expected, COUNTS);
      printf("  pass %d: %.3g photons, chi-square p %.3g\n", q, mean, chance);
      ck_assert_double_gt(chance, FAMILY_WISE / 12);
    }
    const double scale = core.photons_per_code2 * sqrt(read.light_code2[0] * read.light_code2[3]);
    ck_assert_double_lt(fabs(together) / scale / sqrt(DRAWS), 5); /* no two passes share a draw */
  }
  draws_end();
}
END_TEST

START_TEST(all_off_is_the_product) {
  pl_physics p;
  pl_physics_reset(&p);
  p.kind = PL_KIND_INTENSITY, p.channels = 256;
  const pl_intensity core = core_of(&p);
  int8_t a[256], b[256];
  int sum = 0;
  for (int i = 0; i < 256; i++) a[i] = (int8_t)(i - 128), b[i] = (int8_t)(i * 37 - 128), sum += a[i] * b[i];
  ck_assert_double_eq(pl_intensity_draw(&core, a, b, 256, NULL).value_code2, sum);
  ck_assert_double_eq(pl_intensity_expect(&core, a, b, 256).mean, sum);
  ck_assert_double_eq(pl_intensity_expect(&core, a, b, 256).variance, 0);
}
END_TEST

/* A floor of c makes a soft threshold: w - c for w > c, 0 within, w + c below (OT's rule, in codes). */
START_TEST(extinction_is_a_soft_threshold) {
  pl_physics p;
  pl_physics_reset(&p);
  p.kind = PL_KIND_INTENSITY, p.channels = 1, p.effects = PL_EFFECT_TRANSFER_B, p.extinction_b = 0.02004;
  const pl_intensity core = core_of(&p);
  const double c = 0.02004 * 127;
  for (int w = -127; w <= 127; w++) {
    const int8_t a = 100, b = (int8_t)w;
    const double want = abs(w) <= c ? 0 : w > 0 ? w - c : w + c;
    ck_assert_double_eq_tol(pl_intensity_expect(&core, &a, &b, 1).mean, 100 * want, 1e-9);
  }
}
END_TEST

START_TEST(curves_and_gains) {
  pl_physics p;
  pl_physics_reset(&p);
  p.kind = PL_KIND_INTENSITY, p.channels = 5;
  p.effects = PL_EFFECT_TRANSFER_A | PL_EFFECT_GAIN;
  p.transfer_a = (pl_curve){.count = 3, .value = {0.1, 0.3, 1}};
  p.channel_gains = (pl_curve){.count = 2, .value = {1.25, 0.5}};
  pl_intensity core = core_of(&p);
  ck_assert_double_eq_tol(pl_transfer(&p, 0, 0.25), 0.2, 1e-15);
  ck_assert_double_eq_tol(pl_transfer(&p, 0, 0.75), 0.65, 1e-15);
  ck_assert_double_eq_tol(pl_transfer(&p, 0, 1), 1, 1e-15);
  for (int i = 0; i < 5; i++) {
    int8_t a[5] = {0}, b[5] = {0};
    a[i] = -128, b[i] = -10; /* -128 is driven as 127 */
    ck_assert_double_eq_tol(pl_intensity_expect(&core, a, b, 5).mean, (i % 2 ? 0.5 : 1.25) * 127 * 0.9 * 10, 1e-9);
  }
  p.channel_gain_rms = 0.05, p.channel_gain_seed = 3;
  double first[PL_GAINS_MAX], again[PL_GAINS_MAX], squares = 0;
  ck_assert_int_eq(pl_channel_gains(&p, first), 32);
  ck_assert_int_eq(pl_channel_gains(&p, again), 32);
  ck_assert_mem_eq(first, again, sizeof first);
  for (int i = 0; i < 32; i++) squares += pow((first[i] - 1) / 0.05, 2);
  ck_assert(squares > 12 && squares < 62); /* chi-square of 32: beyond this once in a thousand */
  p.channel_gain_seed = 4;
  pl_channel_gains(&p, again);
  ck_assert_double_ne(first[0], again[0]);
  p.effects = 0;
  ck_assert_int_eq(pl_channel_gains(&p, again), 1);
  ck_assert_double_eq(again[0], 1);
}
END_TEST

START_TEST(errors) {
  pl_physics p;
  pl_intensity core;
  pl_error err;
  pl_physics_reset(&p);
  ck_assert_int_eq(pl_intensity_init(&core, &p, &err), PL_E_INPUT); /* coherent */
  p.kind = PL_KIND_INTENSITY, p.effects = PL_EFFECT_THERMAL;
  ck_assert_int_eq(pl_intensity_init(&core, &p, &err), PL_E_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "photons_per_mac above 0"));
  p.effects = 0, p.channels = 4097;
  ck_assert_int_eq(pl_intensity_init(&core, &p, &err), PL_E_INPUT);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("intensity_draws");
  TCase *tests = tcase_create("intensity_draws");
  tcase_set_timeout(tests, 600);
  tcase_add_test(tests, all_off_is_the_product);
  tcase_add_test(tests, extinction_is_a_soft_threshold);
  tcase_add_test(tests, curves_and_gains);
  tcase_add_test(tests, errors);
  tcase_add_test(tests, each_pass_counts_by_itself);
  tcase_add_test(tests, draws_have_the_exact_moments);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
