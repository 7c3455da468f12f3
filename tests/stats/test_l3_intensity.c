/* test_l3_intensity.c: level L3 of the intensity core: the golden model, with registers derived from physical units,
 * against the double-precision physics of host/physics/intensity.c.
 *
 *   PL_STATS_SAMPLES=N   reads of the golden model per operating point, 5e4 to 1e7 (default 5e4; the proof is 1e6)
 *   PL_STATS_THREADS=N   threads (default 1); the figures do not depend on it
 *
 * Each effect alone and all together at every operating point: mean, variance, skewness, and Kolmogorov-Smirnov where
 * counts are near normal; signal to noise against the square root of the photons; the 1/N law; how few photons are too
 * few. False alarms: l3.h. Coordinates are fixed (seed 20261122), so the outcome is the same every time.
 *
 * The golden model keeps two moments of the counts (docs/physics.md); their skewness is left out of the expectation and
 * printed as "lost". Rounded tables and gains move a mean: by how much is worked out from the registers.
 */
#include <check.h>

#include "l3_intensity.h"

/* ---- What the resolution of registers may change ---- */

static double to_q4(double code) { return floor(code * 16 + 0.5) / 16; }

/* The physics with light and gains as the registers hold them: docs/signal-chain.md, rounding to 1/16 code. */
static pl_intensity rounded(const pl_intensity *core, const pl_image *image) {
  pl_intensity r = *core;
  for (int operand = 0; operand < 2; operand++)
    for (int code = 0; code <= 128; code++) r.light[operand][code] = to_q4(core->light[operand][code]);
  for (int i = 0; i < r.gains; i++)
    if (core->gains > 1) r.gain[i] = 1 + (int32_t)image->reg[PL_REG_DISPERSION + i] * 0x1p-15;
  return r;
}

/* p: what the image was derived from. step: of the histogram, code^2. */
static resolution allow(const pl_physics *p, const pl_image *image, const int8_t *a, const int8_t *b, double step) {
  const pl_intensity core = core_of(p), held = rounded(&core, image);
  const pl_intensity_moments m = pl_intensity_expect(&core, a, b, p->channels);
  const pl_intensity_moments h = pl_intensity_expect(&held, a, b, p->channels);
  const double sigma = sqrt(m.variance), unit = ldexp(LSB, (int)image->reg[PL_REG_SIGMA_EXP]);
  resolution r = {.mean_allowed = LSB + fabs(h.mean - m.mean)};
  double gained = 0; /* variance of what the rounding of gained light does to a read; two rails */
  for (int i = 0; i < p->channels && core.gains > 1; i++) gained += 2 * b[i] * b[i] / 256.0 / 12;
  r.mean_allowed += 5 * sqrt(gained);
  r.variance_allowed += (fabs(h.light - m.light) + 5 * sqrt(gained)) / core.photons_per_code2 * core.shot;
  r.variance_allowed += m.variance * 0x1p-16 + sigma * unit + unit * unit / 4 + 3 * unit * unit; /* root, three cuts */
  if (core.systematic_rms_code2 > 0) { /* half a unit of the register; sigma is rounded to an LSB */
    const double s = 2 * core.systematic_rms_code2;
    r.variance_allowed += 2 * s * (s * 0.5 / image->reg[PL_REG_SYSTEMATIC_SIGMA] + LSB / 2);
  }
  round_to(&r, LSB, sigma);
  if (step > LSB) round_to(&r, step, sigma);
  return r;
}

/* ---- One operating point ---- */

/* Compares reads under `built` (what the registers are derived from) with the physics of `claimed`. */
static void compare(statistics *all, const char *effect, const point *at, const pl_physics *built,
                    const pl_physics *claimed, uint32_t job, int print) {
  int8_t a[CHANNELS_MAX], b[CHANNELS_MAX];
  codes_of(at, a, b);
  const pl_intensity core = core_of(claimed);
  const pl_intensity_moments m = pl_intensity_expect(&core, a, b, at->channels);
  const pl_image image = image_of(built);
  const double sigma = sqrt(m.variance);
  histogram h = golden_reads(&image, a, b, at->channels, reads_wanted(), job, m.mean, sigma, threads_to_use());
  ck_assert_ptr_nonnull(h.counts);
  ck_assert_msg(!h.clipped, "%s at %s: %llu reads beyond 12 sigma", effect, at->name, (unsigned long long)h.clipped);
  const resolution r = allow(built, &image, a, b, h.step_code2);
  const sample s = moments_of(&h);
  char name[80];
  if (m.variance == 0) { /* dark: nothing may move */
    ck_assert_msg(s.variance == 0 && fabs(s.mean - m.mean) <= r.mean_allowed,
                  "%s at %s: mean %g, variance %g in the dark", effect, at->name, s.mean, s.variance);
    free(h.counts);
    return;
  }
  const double variance = m.variance + r.variance, relative = r.variance_allowed / variance;
  const double lost = m.third / pow(sigma, 3), lattice = core.shot ? 1 / core.photons_per_code2 / sigma : 0;
  snprintf(name, sizeof name, "%s, %s: mean / sigma", effect, at->name);
  add_statistic(all, name, (s.mean - m.mean) / sigma, r.mean_allowed / sigma, s.mean_error / sigma);
  snprintf(name, sizeof name, "%s, %s: variance - 1", effect, at->name);
  add_statistic(all, name, s.variance / variance - 1, relative, s.variance_error / variance);
  snprintf(name, sizeof name, "%s, %s: skewness", effect, at->name);
  add_statistic(all, name, s.skewness, 1.5 * relative * fabs(lost), s.skewness_error);
  if (fabs(lost) < 0.02 && lattice < 0.02) {
    const double distance = ks_distance(&h, m.mean, sqrt(variance));
    const double slack = 0.4 * r.mean_allowed / sigma + 0.121 * relative + 0.0665 * fabs(lost);
    snprintf(name, sizeof name, "%s, %s: KS", effect, at->name);
    add_chance(all, name, distance, slack, 0, ks_chance(fmax(0, distance - slack), h.reads));
  }
  if (m.photons > 0 && (at->codes == FULL || at->codes == NEGATIVE) && built->effects == PL_EFFECT_SHOT) {
    snprintf(name, sizeof name, "%s, %s: SNR^2 / photons - 1", effect, at->name);
    add_statistic(all, name, s.mean * s.mean / s.variance / m.photons - 1,
                  relative + fabs(r.variance) / m.variance + 2 * r.mean_allowed / fabs(m.mean),
                  s.variance_error / variance + 2 * s.mean_error / fabs(m.mean));
  }
  if (print)
    printf("  %-12s %-24s photons %9.3g mean %13.2f sigma %11.3f | variance %+.4f, resolution %.4f | skewness %+.4f "
           "lost %+.4f\n", effect, at->name, m.photons, m.mean, sigma, s.variance / m.variance - 1,
           (r.variance_allowed + r.variance) / m.variance, s.skewness, lost);
  fflush(stdout);
  free(h.counts);
}

START_TEST(golden_model_is_physical) {
  static statistics all;
  for (int e = 0; e < EFFECTS; e++)
    for (int i = 0; i < POINTS; i++) {
      const pl_physics p = physics_of(&points[i], effects[e].bit);
      compare(&all, effects[e].name, &points[i], &p, &p, (uint32_t)(e * POINTS + i), 1);
    }
  printf("%d statistics, family-wise false alarms %g:\n", all.count, FAMILY_WISE);
  ck_assert_int_gt(all.count, 200);
  ck_assert_int_eq(failures(&all, 0), 0);
}
END_TEST

/* ---- Wrong physics must fail: a variance 5 % too large or too small ---- */

static void scale_variance(pl_physics *p, uint32_t bit, double by) {
  if (bit & PL_EFFECT_SHOT) p->photons_per_mac /= by;
  if (bit & PL_EFFECT_THERMAL) p->thermal_noise_rms_photons *= sqrt(by) / (bit & PL_EFFECT_SHOT ? by : 1);
  if (bit & PL_EFFECT_SYSTEMATIC) p->systematic_error_rms *= sqrt(by);
}

START_TEST(wrong_physics_fails) {
  for (int e = 0; e < EFFECTS; e++)
    for (int high = 0; high < 2; high++) {
      const pl_physics right = physics_of(&points[TYPICAL], effects[e].bit);
      pl_physics wrong = right;
      scale_variance(&wrong, effects[e].bit, high ? 1.05 : 0.95);
      static statistics all;
      all.count = 0;
      compare(&all, effects[e].name, &points[TYPICAL], &right, &wrong, 1000 + (uint32_t)e, 0);
      printf("  %-12s variance %+d %%: z %.1f, p %.2g\n", effects[e].name, high ? 5 : -5, all.list[1].z, all.list[1].p);
      fflush(stdout);
      ck_assert_ptr_nonnull(strstr(all.list[1].name, "variance"));
      ck_assert_msg(all.list[1].p < FAMILY_WISE / STATISTICS_MAX, "%s: 5 %% were not noticed", effects[e].name);
    }
}
END_TEST

/* ---- Deterministic parts: element by element ---- */

/* Every code of A against some of B, for three curves and three gains. The bound: each light is rounded to 1/16 code,
 * by curve and by gain, the gain to 2^-15; half an LSB. */
START_TEST(fields_elementwise) {
  static const int bs[] = {127, -128, -1, 0, 3, -90};
  static const double gains[] = {0.5, 1.4999, 1.0123};
  double worst = 0, wrong = 0;
  for (int curve = 0; curve < 3; curve++)
    for (int g = 0; g < 3; g++) {
      pl_physics p;
      pl_physics_reset(&p);
      p.kind = PL_KIND_INTENSITY, p.channels = 1;
      p.effects = PL_EFFECT_TRANSFER_A | PL_EFFECT_TRANSFER_B | PL_EFFECT_GAIN;
      p.extinction_a = 0.03 * curve, p.extinction_b = 0.02004;
      if (curve) p.transfer_a = (pl_curve){.count = 3, .value = {0, curve == 1 ? 0.2 : 0.8, 1}};
      p.channel_gains = (pl_curve){.count = 1, .value = {gains[g]}};
      const pl_intensity core = core_of(&p);
      pl_intensity off = core;
      off.light[0][0] *= 1.05, off.light[0][0] += 0.2;
      const pl_image image = image_of(&p);
      pl_model_regs r;
      pl_model_unpack(&image, &r);
      for (int x = -128; x < 128; x++)
        for (size_t i = 0; i < sizeof bs / sizeof *bs; i++) {
          const int8_t a = (int8_t)x, b = (int8_t)bs[i];
          const pl_intensity_moments m = pl_intensity_expect(&core, &a, &b, 1);
          const double xa = gains[g] * (core.light[0][abs(x)] - core.light[0][0]), xb = core.light[1][abs(b)];
          const double da = 2 * (gains[g] + 1) / 32 + core.light[0][abs(x)] * 0x1p-16, db = 2.0 / 32;
          const double bound = 0.5 + (fabs(xa) * db + xb * da + da * db) / LSB;
          const double got = read_lsb(&r, &a, &b);
          worst = fmax(worst, fabs(got - m.mean / LSB) / bound);
          wrong = fmax(wrong, fabs(got - pl_intensity_expect(&off, &a, &b, 1).mean / LSB) / bound);
        }
    }
  printf("  fields: largest error %.3f of the bound; with a floor 5 %% and 0.2 codes off %.2f\n", worst, wrong);
  ck_assert_double_le(worst, 1);
  ck_assert_double_gt(wrong, 1);
}
END_TEST

/* ---- The 1/N law ---- */

START_TEST(photons_fall_as_one_over_n) {
  for (int e = 0; e < 2; e++) {
    const double wanted = e ? 0.002 : 0.01; /* 2.5e5 and 1e4 photons in a read */
    double sx = 0, sy = 0, sxx = 0, sxy = 0;
    int points_n = 0;
    for (int n = 64; n <= 4096; n *= 2, points_n++) {
      const double x = log(n), photons = photons_for_error(n, wanted), y = log(photons);
      printf("  error %.3f, %4d channels: %.4g photons per MAC\n", wanted, n, photons);
      fflush(stdout);
      sx += x, sy += y, sxx += x * x, sxy += x * y;
    }
    const double exponent = (points_n * sxy - sx * sy) / (points_n * sxx - sx * sx);
    printf("  error %.3f: exponent %.4f\n", wanted, exponent);
    ck_assert_double_eq_tol(exponent, -1, 0.02);
  }
}
END_TEST

/* ---- Too few photons ---- */

/* The largest distance between the reads and Poisson's law, half-way between counts. */
static double poisson_distance(const histogram *h, double mean, double photons_per_code2) {
  double below = 0, largest = 0, law = 0;
  int count = 0, i = 0;
  for (; count < mean + 12 * sqrt(mean) + 12; count++) {
    law += exp(count * log(mean) - mean - lgamma(count + 1));
    const double edge = (count + 0.5) / photons_per_code2;
    for (; i < CODES && h->centre_code2 + (i - CODES / 2) * h->step_code2 < edge; i++)
      below += (double)h->counts[i] / h->reads;
    largest = fmax(largest, fabs(below - law));
  }
  return largest;
}

/* One channel, full scale, reads of the golden model against true counts: where do 10^6 reads tell the difference?
 * Mean and variance never do. PHOTONS_ENOUGH of derive.c, from which on the core does not warn, must be right. */
START_TEST(few_photons_are_gaussian) {
  static const double photons[] = {1, 10, 100, 1e3, 1e4, 1e5};
  const int8_t full = 127;
  for (size_t i = 0; i < sizeof photons / sizeof *photons; i++) {
    const point at = {"", 1, FULL, photons[i]};
    const pl_physics p = physics_of(&at, PL_EFFECT_SHOT);
    const pl_intensity core = core_of(&p);
    const pl_intensity_moments m = pl_intensity_expect(&core, &full, &full, 1);
    const pl_image image = image_of(&p);
    histogram h = golden_reads(&image, &full, &full, 1, 1e6, 7000 + (uint32_t)i, m.mean, sqrt(m.variance),
                               threads_to_use());
    ck_assert_ptr_nonnull(h.counts);
    const sample s = moments_of(&h);
    const double skewness = 1 / sqrt(photons[i]), z = fabs(s.skewness - skewness) / sqrt(6 / h.reads);
    const double distance = poisson_distance(&h, m.photons, core.photons_per_code2);
    const double p_skewness = erfc(z * M_SQRT1_2), p_law = ks_chance(distance, h.reads);
    double negative = 0;
    for (int j = 0; j < CODES; j++)
      if ((h.centre_code2 + (j - CODES / 2) * h.step_code2) * core.photons_per_code2 < -0.5)
        negative += (double)h.counts[j];
    printf("  %6.0f photons: mean %+.4f sigma, variance %+.4f, skewness z %.1f, distance from Poisson %.4f (p %.2g), "
           "counts below 0: %.2g\n", photons[i], (s.mean - m.mean) / sqrt(m.variance), s.variance / m.variance - 1, z,
           distance, p_law, negative / h.reads);
    fflush(stdout);
    free(h.counts);
    ck_assert_double_lt(fabs(s.mean - m.mean) / s.mean_error, 5);
    ck_assert_double_lt(fabs(s.variance / m.variance - 1), 0.008);
    if (photons[i] >= 1e4) ck_assert(p_skewness > FAMILY_WISE / STATISTICS_MAX && p_law > FAMILY_WISE / STATISTICS_MAX);
    else ck_assert(p_skewness < FAMILY_WISE / STATISTICS_MAX);
    ck_assert(photons[i] > 100 || p_law < FAMILY_WISE / STATISTICS_MAX);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("l3_intensity");
  TCase *tests = tcase_create("l3_intensity");
  tcase_set_timeout(tests, 7200);
  tcase_add_test(tests, fields_elementwise);
  tcase_add_test(tests, wrong_physics_fails);
  tcase_add_test(tests, few_photons_are_gaussian);
  tcase_add_test(tests, photons_fall_as_one_over_n);
  tcase_add_test(tests, golden_model_is_physical);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
