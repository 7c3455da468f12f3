/* test_l3_photons.c: level L3 of photon counting: reads of the golden model with the effect `photons`, with registers
 * derived from physical units, against Poisson's law.
 *
 *   PL_STATS_SAMPLES=N   reads of the golden model per operating point, 5e4 to 1e7 (default 5e4; the proof is 1e6)
 *   PL_STATS_THREADS=N   threads (default 1); the figures do not depend on it
 *
 * From a tenth of a photon to 10^5 in a read, on one detector and on both: mean, variance and skewness against the
 * exact moments of the physics (host/physics/intensity.c), chi-square against the exact law of the difference of two
 * Poisson counts (Skellam's), worked out here by convolution. False alarms: l3.h. Coordinates are fixed (seed 20261122),
 * so the outcome is the same every time.
 */
#include "draws.h"
#include "physics/intensity.h"

enum { CHANNELS_MAX = 64, LAW_MAX = 1 << 14 };

/* Codes whose products are all of one size: `plus` positive ones, `minus` negative ones. */
typedef struct {
  const char *name;
  int plus, minus;
} mix;
static const mix mixes[] = {{"plus", 4, 0}, {"minus", 0, 4}, {"equal", 2, 2}, {"3 to 1", 3, 1}, {"1 to 63", 1, 63}};
static const double photons[] = {0.1, 1, 3, 10, 15.9, 16, 30, 32, 100, 1000, 1e5}; /* of a read, on both detectors */
enum { MIXES = sizeof mixes / sizeof *mixes, LEVELS = sizeof photons / sizeof *photons };

/* Lights without rounding: floors of 4 codes and a gain of 5/4 are whole 1/16 codes. */
static const struct {
  const char *name;
  uint32_t effects;
} settings[] = {{"photons", PL_EFFECT_PHOTONS},
                {"with floors and gains",
                 PL_EFFECT_PHOTONS | PL_EFFECT_TRANSFER_A | PL_EFFECT_TRANSFER_B | PL_EFFECT_GAIN},
                {"with thermal noise", PL_EFFECT_PHOTONS | PL_EFFECT_THERMAL}};
enum { SETTINGS = sizeof settings / sizeof *settings, TYPICAL = 8 };

static int codes_of(const mix *at, int8_t *a, int8_t *b) {
  for (int i = 0; i < at->plus + at->minus; i++) a[i] = 127, b[i] = i < at->plus ? 127 : -127;
  return at->plus + at->minus;
}

static pl_physics physics_of(const mix *at, uint32_t effects, double count) {
  pl_physics p;
  pl_physics_reset(&p);
  p.kind = PL_KIND_INTENSITY;
  p.effects = effects;
  p.seed = SEED;
  p.channels = at->plus + at->minus;
  p.mean_input = 0.5;
  p.photons_per_mac = count / p.channels * p.mean_input;
  p.extinction_a = p.extinction_b = 4 / 127.0;
  p.channel_gains = (pl_curve){.count = 2, .value = {1.25, 1}};
  p.thermal_noise_rms_photons = sqrt(count);
  return p;
}

/* ---- The law of the difference of two Poisson counts ---- */

typedef struct {
  int first, count;
  double p[LAW_MAX];
} law;

static void poisson_law(double mean, law *l) {
  const double reach = 11 * sqrt(mean) + 30;
  l->first = mean > reach ? (int)(mean - reach) : 0;
  l->count = (int)(mean + reach) - l->first + 1;
  if (l->count > LAW_MAX / 2) abort();
  for (int i = 0; i < l->count; i++) {
    const double n = l->first + i;
    l->p[i] = mean > 0 ? exp(n * log(mean) - mean - lgamma(n + 1)) : n == 0;
  }
}

static void difference_law(const law *plus, const law *minus, law *l) {
  l->first = plus->first - (minus->first + minus->count - 1);
  l->count = plus->count + minus->count - 1;
  memset(l->p, 0, sizeof l->p);
  for (int i = 0; i < plus->count; i++)
    for (int j = 0; j < minus->count; j++) l->p[i + minus->count - 1 - j] += plus->p[i] * minus->p[j];
}

/* Chi-square of the photons counted in h. A photon is worth what the registers say: 2^-17 is half a photon in 10^5. */
static double law_chance(const histogram *h, const pl_image *image, const pl_intensity *core,
                         const pl_intensity_moments *m) {
  static law plus, minus, difference;
  static double seen[LAW_MAX], expected[LAW_MAX];
  const double c = core->photons_per_code2, worth = LSB * image->reg[PL_REG_PHOTON_STEP] *
                                                    ldexp(1, 16 - (int)image->reg[PL_REG_PHOTON_STEP_SHIFT]);
  poisson_law((m->light + m->mean) / 2 * c, &plus);
  poisson_law((m->light - m->mean) / 2 * c, &minus);
  difference_law(&plus, &minus, &difference);
  memset(seen, 0, sizeof seen);
  for (int i = 0; i < difference.count; i++) expected[i] = difference.p[i] * h->reads;
  for (int i = 0; i < CODES; i++) {
    if (!h->counts[i]) continue;
    const double value = (h->centre_code2 + (i - CODES / 2) * h->step_code2) / worth, n = floor(value + 0.5);
    ck_assert_msg(fabs(value - n) < 0.4 && n >= difference.first && n < difference.first + difference.count,
                  "a read of %g photons", value);
    seen[(int)n - difference.first] += (double)h->counts[i];
  }
  return chi_square_chance(seen, expected, difference.count);
}

/* ---- One operating point ---- */

/* Reads under `built` (what the registers are derived from) against the physics of `claimed`. */
static void compare(statistics *all, const char *name, const mix *at, const pl_physics *built,
                    const pl_physics *claimed, double reads, uint32_t job, int print) {
  int8_t a[CHANNELS_MAX], b[CHANNELS_MAX];
  const int channels = codes_of(at, a, b);
  pl_intensity core;
  pl_image image;
  pl_error err = {0};
  ck_assert_msg(!pl_intensity_init(&core, claimed, &err) && !pl_physics_derive(built, &image, &err), "%s", err.text);
  const pl_intensity_moments m = pl_intensity_expect(&core, a, b, channels);
  const double sigma = sqrt(m.variance), photon = 1 / core.photons_per_code2;
  /* Room for single photons beyond 12 sigma. */
  histogram h = golden_reads(&image, a, b, channels, reads, job, m.mean, sigma + photon, threads_to_use());
  ck_assert_ptr_nonnull(h.counts);
  ck_assert_msg(!h.clipped, "%s: %llu reads beyond 12 sigma", name, (unsigned long long)h.clipped);
  const sample s = moments_of(&h);
  /* Register mantissas to 2^-17, twice; means are cut to 2^-16 photon; values are rounded to the histogram's step. */
  const double relative = 0x1p-15, mean_allowed = fabs(m.mean) * relative + 0x1p-16 * photon + h.step_code2 / 2;
  /* The count's own variance (docs/signal-chain.md); thermal noise has a root of 16 bits. */
  const double counted = 2.5e-4, rounding = h.step_code2 * h.step_code2 / 12 + h.step_code2 * h.step_code2 / 4;
  const double variance_allowed = m.variance * (relative + counted) + 2 * 0x1p-16 * photon * photon + rounding;
  const double skewness = m.third / pow(sigma, 3);
  char text[100];
  snprintf(text, sizeof text, "%s: mean / sigma", name);
  add_statistic(all, text, (s.mean - m.mean) / sigma, mean_allowed / sigma, s.mean_error / sigma);
  snprintf(text, sizeof text, "%s: variance - 1", name);
  add_statistic(all, text, s.variance / m.variance - 1, variance_allowed / m.variance, s.variance_error / m.variance);
  snprintf(text, sizeof text, "%s: skewness", name);
  add_statistic(all, text, s.skewness - skewness, 1e-4 + 3 * variance_allowed / m.variance * fabs(skewness),
                s.skewness_error);
  double chance = 1;
  if (core.thermal_rms_photons == 0 && built == claimed) {
    chance = law_chance(&h, &image, &core, &m);
    snprintf(text, sizeof text, "%s: chi-square", name);
    add_chance(all, text, 0, 0, 0, chance);
  }
  if (print)
    printf("  %-44s mean %+.4f sigma, variance %+.4f, skewness %+.4f of %+.4f", name, (s.mean - m.mean) / sigma,
           s.variance / m.variance - 1, s.skewness, skewness);
  if (print && core.thermal_rms_photons == 0) printf(", law p %.3f", chance);
  if (print) printf("\n");
  fflush(stdout);
  free(h.counts);
}

START_TEST(golden_model_counts) {
  static statistics all;
  uint32_t job = 0;
  for (int e = 0; e < SETTINGS; e++)
    for (int i = 0; i < MIXES; i++)
      for (int k = 0; k < LEVELS; k++) {
        if (e > 0 && (i < 3 || k % 2)) continue; /* both detectors lit, every second level */
        char name[80];
        snprintf(name, sizeof name, "%s, %s, %g", settings[e].name, mixes[i].name, photons[k]);
        const pl_physics p = physics_of(&mixes[i], settings[e].effects, photons[k]);
        compare(&all, name, &mixes[i], &p, &p, reads_wanted(), job++, 1);
      }
  printf("%d statistics at %g reads, family-wise false alarms %g:\n", all.count, reads_wanted(), FAMILY_WISE);
  ck_assert_int_gt(all.count, 200);
  ck_assert_int_eq(failures(&all, 0), 0);
}
END_TEST

/* ---- Wrong physics must fail, at the level of the whole list: 10^6 reads are enough everywhere ---- */

static double least_chance(const statistics *all, const char *of) {
  double least = 1;
  for (int i = 0; i < all->count; i++)
    if (strstr(all->list[i].name, of)) least = fmin(least, all->list[i].p);
  return least;
}

/* 5 % more or less in the physics than in the golden model: photons per light, which changes the variance alone; then
 * the light itself, by a gain of every channel, which must show in the mean. */
START_TEST(wrong_physics_fails) {
  for (int k = 0; k < LEVELS; k++)
    for (int high = 0; high < 2; high++) {
      static statistics all;
      const double by = high ? 1.05 : 0.95;
      const mix *at = &mixes[3];
      const pl_physics right = physics_of(at, PL_EFFECT_PHOTONS, photons[k]);
      pl_physics wrong = right;
      wrong.photons_per_mac /= by;
      all.count = 0;
      compare(&all, "variance", at, &right, &wrong, 1e6, 1000 + (uint32_t)k, 0);
      const double variance = least_chance(&all, ": variance");
      wrong = right;
      wrong.effects |= PL_EFFECT_GAIN;
      wrong.channel_gains = (pl_curve){.count = 1, .value = {by}};
      all.count = 0;
      compare(&all, "mean", at, &right, &wrong, 1e6, 2000 + (uint32_t)k, 0);
      const double mean = least_chance(&all, ": mean");
      printf("  %6g photons: variance %+d %%: p %.2g, mean: p %.2g\n", photons[k], high ? 5 : -5, variance, mean);
      fflush(stdout);
      ck_assert_msg(variance < FAMILY_WISE / STATISTICS_MAX, "%g photons: variance was not noticed", photons[k]);
      ck_assert_msg(mean < FAMILY_WISE / STATISTICS_MAX, "%g photons: the mean was not noticed", photons[k]);
    }
}
END_TEST

/* Normal deviates in place of counts, the effect `shot`, do not follow the law, though mean and variance are right. */
START_TEST(normal_deviates_fail) {
  for (int k = 0; k < LEVELS && photons[k] <= 1000; k++) {
    static statistics all;
    const mix *at = &mixes[0];
    const pl_physics claimed = physics_of(at, PL_EFFECT_PHOTONS, photons[k]);
    pl_physics normal = claimed;
    normal.effects = PL_EFFECT_SHOT;
    const int8_t full[4] = {127, 127, 127, 127};
    pl_intensity core;
    pl_image image;
    pl_error err = {0};
    ck_assert_msg(!pl_intensity_init(&core, &claimed, &err), "%s", err.text);
    ck_assert_msg(!pl_physics_derive(&normal, &image, &err), "%s", err.text);
    const pl_intensity_moments m = pl_intensity_expect(&core, full, full, 4);
    const double sigma = sqrt(m.variance);
    histogram h = golden_reads(&image, full, full, 4, 1e6, 3000 + (uint32_t)k, m.mean, sigma, threads_to_use());
    ck_assert_ptr_nonnull(h.counts);
    const sample s = moments_of(&h);
    all.count = 0;
    add_statistic(&all, "skewness", s.skewness - m.third / pow(m.variance, 1.5), 0, s.skewness_error);
    printf("  %6g photons by normal deviates: skewness p %.2g\n", photons[k], all.list[0].p);
    fflush(stdout);
    ck_assert(all.list[0].p < FAMILY_WISE / STATISTICS_MAX);
    free(h.counts);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("l3_photons");
  TCase *tests = tcase_create("l3_photons");
  tcase_set_timeout(tests, 7200);
  tcase_add_test(tests, wrong_physics_fails);
  tcase_add_test(tests, normal_deviates_fail);
  tcase_add_test(tests, golden_model_counts);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
