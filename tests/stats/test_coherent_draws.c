/* test_coherent_draws.c: the double-precision physics of the coherent core against itself and against textbooks: drawn
 * reads have the exact moments of pl_coherent_expect, photon counts follow Poisson's law, products are sums of reads.
 * Seed 20261122 (Mersenne twister of GSL); false alarms as in l3.h. What it vouches for: docs/physics.md.
 */
#include "l3_coherent.h"

#include "draws.h"

START_TEST(draws_have_the_exact_moments) {
  enum { DRAWS = 200000 };
  static const int at[] = {0, 2, 3, 5};
  static statistics all;
  static double value[DRAWS];
  const pl_random random = draws_begin();
  for (int e = 0; e < EFFECTS; e++)
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
      int8_t a[CHANNELS_MAX], b[CHANNELS_MAX];
      const point *where = &points[at[i]];
      if (where->channels > 12 && effects[e].bit != everything) continue; /* slow, and nothing new */
      codes_of(where, a, b);
      const pl_physics p = physics_of(where, effects[e].bit);
      const pl_coherent core = core_of(&p, PL_COHERENT_PAPER);
      const pl_coherent_moments m = pl_coherent_expect(&core, a, b, where->channels);
      const int draws = where->channels > 12 ? DRAWS / 4 : DRAWS;
      for (int n = 0; n < draws; n++)
        value[n] = pl_coherent_draw(&core, a, b, where->channels, &random).value_code2;
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

/* P(from <= X < to) of a Poisson count, term by term: gsl_cdf_poisson_P is off by 0.2 at a mean of 9e5 (GSL 2.7.1). */
static double poisson_between(double from, double to, double mean) {
  double p = 0;
  for (double k = fmax(0, from); k < to; k++) p += exp(k * log(mean) - mean - lgamma(k + 1));
  return p;
}

START_TEST(photon_counts_are_poisson) {
  static const double means[] = {0.3, 3, 9.9, 10, 25, 400, 50000, 9e5};
  const pl_random random = draws_begin();
  enum { DRAWS = 200000, BINS = 40 };
  for (size_t i = 0; i < sizeof means / sizeof *means; i++) {
    const double mean = means[i], width = fmax(1, floor(sqrt(mean) / 4));
    const double low = fmax(0, floor(mean - BINS / 2 * width)); /* bins [low + j width, + width), the outer ones open */
    double seen[BINS] = {0}, expected[BINS], left = DRAWS;
    for (int n = 0; n < DRAWS; n++) {
      const double bin = floor((pl_random_poisson(&random, mean) - low) / width);
      seen[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : (int)bin]++;
    }
    for (int j = 0; j < BINS; j++) {
      const double from = j ? low + j * width : low - 6 * sqrt(mean), to = low + (j + 1) * width;
      expected[j] = j == BINS - 1 ? left : DRAWS * poisson_between(from, to, mean);
      left -= expected[j];
    }
    const double p = chi_square_chance(seen, expected, BINS);
    printf("  Poisson of mean %g: chi-square p %.3g\n", mean, p);
    ck_assert_msg(p > FAMILY_WISE / 8, "counts of mean %g are not Poisson", mean);
  }
  ck_assert_double_eq(pl_random_poisson(&random, 0), 0);
  ck_assert_double_eq(pl_random_poisson(&random, -1), 0);
  draws_end();
}
END_TEST

/* A whole product: every read has the mean of its own codes, and an element is encoded once for all of them. */
START_TEST(products_are_sums_of_reads) {
  enum { M = 2, N = 3, K = 10 };
  const int8_t a[M * K] = {1, -2, 3, -4, 5, -6, 7, -8, 9, -10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
  int8_t b[N * K];
  for (int i = 0; i < N * K; i++) b[i] = (int8_t)(i % 3 == 0 ? 40 - i : 0);
  double c[M * N];
  const pl_random random = draws_begin();
  pl_physics p;
  pl_physics_reset(&p);
  p.channels = 4;
  pl_coherent core = core_of(&p, PL_COHERENT_PAPER);
  ck_assert_int_eq(pl_coherent_product(&core, a, b, M, N, K, &random, c, NULL), PL_OK);
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++) {
      int sum = 0;
      for (int k = 0; k < K; k++) sum += a[i * K + k] * b[j * K + k];
      ck_assert_double_eq(c[i * N + j], sum); /* without effects: the integer product */
    }
  core.encoding_rms_a = 0.1;
  for (int i = 0; i < N * K; i++) b[i] = b[i % K];
  ck_assert_int_eq(pl_coherent_product(&core, a, b, M, N, K, &random, c, NULL), PL_OK);
  ck_assert_double_eq(c[0], c[1]); /* the same columns meet the same encoding of the row */
  ck_assert_double_ne(c[0], -270);
  pl_error err;
  ck_assert_int_eq(pl_coherent_product(&core, a, b, 0, N, K, &random, c, &err), PL_E_INPUT);
  p.effects = PL_EFFECT_SHOT;
  ck_assert_int_eq(pl_coherent_init(&core, &p, PL_COHERENT_PAPER, &err), PL_E_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "photons_full_scale above 0"));
  p.channels = 0;
  ck_assert_int_eq(pl_coherent_init(&core, &p, PL_COHERENT_PAPER, &err), PL_E_INPUT);
  draws_end();
}
END_TEST

int main(void) {
  Suite *suite = suite_create("coherent_draws");
  TCase *tests = tcase_create("coherent_draws");
  tcase_set_timeout(tests, 600);
  tcase_add_test(tests, products_are_sums_of_reads);
  tcase_add_test(tests, photon_counts_are_poisson);
  tcase_add_test(tests, draws_have_the_exact_moments);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
