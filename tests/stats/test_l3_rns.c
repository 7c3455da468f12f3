/* test_l3_rns.c: level L3 of the residue core: the golden model, with registers derived from physical units, against
 * the double-precision physics of host/physics/rns.c.
 *
 *   PL_STATS_SAMPLES=N   reads per operating point, 5e4 to 1e7 (default 5e4; the proof is 1e6). From 1e6 on every k
 *                        from 4 to 8 and every noise is run, else a choice of them
 *
 * Rates of wrong residues over four decades against the exact chances (erfc for phase noise); levels by chi-square;
 * mean and variance of the decoded number against their exact values; outcomes of range check and redundancy against
 * draws of the physics; a wrong physics is rejected. False alarms: l3.h. Coordinates are fixed (seed 20261122), so the
 * outcome is the same every time. Sums are chosen at random within the legal range unless said otherwise.
 */
#include <check.h>

#include "l3_rns.h"

#include "draws.h"

enum { KINDS_OF_NOISE = 3 };
static const char *const noise_name[KINDS_OF_NOISE] = {"phase", "I and Q", "both"};

/* ---- Rates ---- */

/* Chance that modulus i is received wrong, if half a level is changed by `turns` and the noise by a factor. */
static double chance(const pl_rns *core, int i, double turns, double factor) {
  pl_rns changed = *core;
  const double half = 0.5 / core->modulus[i], by = factor * half / (half + turns); /* a wider level is less noise */
  changed.phase_rms_turns[i] *= by;
  changed.noise_rms_amplitude *= by;
  return wrong_chance(&changed, i);
}

/* How much registers may change that chance, relatively. Angles have steps of 2^-16 turn: a threshold that is off by
 * +-0.7 steps for the single residue averages out to 0.1 over all, but for the curvature. Half a unit of the noise's
 * register. */
static double rate_allowance(const pl_rns *core, const pl_model_regs *r, int i) {
  const double step = 0x1p-16, p = chance(core, i, 0, 1);
  const double curved = (chance(core, i, 0.7 * step, 1) + chance(core, i, -0.7 * step, 1)) / 2 - p;
  const double shifted = chance(core, i, -0.1 * step, 1) - p;
  double unit = 0;
  if (core->phase_rms_turns[i] > 0) unit += 0.5 / r->level_sigma[i];
  if (core->noise_rms_amplitude > 0) unit += 0.5 / r->iq_sigma;
  return (fabs(curved) + fabs(shifted) + chance(core, i, 0, 1 + unit) - p) / p;
}

/* A count that should be Poisson of that mean, which resolution may change by `relative`. */
static void add_count(statistics *all, const char *name, double seen, double mean, double relative) {
  const double nearest = seen > mean ? fmin(seen, mean * (1 + relative)) : fmax(seen, mean * (1 - relative));
  double p = 1, z = 0;
  if (nearest > 1e4) z = fabs(seen - nearest) / sqrt(nearest), p = erfc(z * M_SQRT1_2);
  else if (seen > nearest) p = 2 * gsl_cdf_poisson_Q((unsigned)seen - 1, nearest);
  else if (seen < nearest) p = 2 * gsl_cdf_poisson_P((unsigned)seen, nearest);
  add_chance(all, name, seen / mean - 1, relative, z, fmin(1, p));
}

START_TEST(wrong_residues_over_four_decades) {
  static const double sigmas[] = {1.645, 2.576, 3.291, 3.891, 4.417}; /* erfc: 1e-1 .. 1e-5 */
  static statistics all;
  const int everything = reads_wanted() >= 1e6;
  for (int k = 4; k <= 8; k++)
    for (int noise = 0; noise < KINDS_OF_NOISE; noise++) {
      if (!everything && k != 5 && !(k == 8 && noise == 0)) continue;
      for (int d = 0; d < 5; d++) {
        const pl_physics p = noisy(k, noise, sigmas[d]);
        const pl_rns core = core_of(&p);
        const pl_model_regs r = regs_of(&p);
        const double reads = fmax(reads_wanted(), (everything ? 100 : 8) / erfc(sigmas[d] * M_SQRT1_2));
        double wrong[3] = {0};
        for (uint64_t n = 0; n < reads; n++) {
          const pl_rns_values v = golden_read(&r, n);
          for (int i = 0; i < 3; i++) wrong[i] += v.received[i] != v.sent[i];
        }
        for (int i = 0; i < 3; i++) {
          const double exact = chance(&core, i, 0, 1), relative = rate_allowance(&core, &r, i);
          char name[80];
          snprintf(name, sizeof name, "%s, modulo %d, %.1e", noise_name[noise], core.modulus[i], exact);
          add_count(&all, name, wrong[i], exact * ceil(reads), relative);
          if (i == 1)
            printf("  %-8s modulo %3d: wrong %.3e, physics %.3e, erfc %.1e, resolution %.3f, %.0f counts\n",
                   noise_name[noise], core.modulus[i], wrong[i] / ceil(reads), exact, erfc(sigmas[d] * M_SQRT1_2),
                   relative, wrong[i]);
        }
        fflush(stdout);
      }
    }
  printf("%d rates, family-wise false alarms %g:\n", all.count, FAMILY_WISE);
  ck_assert_int_eq(failures(&all, 0), 0);
}
END_TEST

/* Every level that a residue can be received at, under noise so strong that many are. */
START_TEST(levels_by_chi_square) {
  static const int ks[] = {4, 5, 8};
  int tests = 0;
  double worst = 1;
  for (int k = 0; k < 3; k++)
    for (int noise = 0; noise < KINDS_OF_NOISE; noise++) {
      const pl_physics p = noisy(ks[k], noise, k ? 0.6 : 0.9); /* registers hold no more of it for k = 4 */
      const pl_rns core = core_of(&p);
      const pl_model_regs r = regs_of(&p);
      static double seen[3][300], expected[300];
      const double reads = fmax(1e5, reads_wanted() / 4);
      memset(seen, 0, sizeof seen);
      for (uint64_t n = 0; n < reads; n++) {
        const pl_rns_values v = golden_read(&r, n);
        for (int i = 0; i < 3; i++) {
          const int m = core.modulus[i];
          seen[i][(v.received[i] - v.sent[i] + (m - 1) / 2 + 2 * m) % m]++;
        }
      }
      for (int i = 0; i < 3; i++, tests++) {
        const int m = core.modulus[i];
        for (int j = 0; j < m; j++) expected[j] = reads * pl_rns_level_chance(&core, i, j - (m - 1) / 2);
        const double p_value = chi_square_chance(seen[i], expected, m);
        worst = fmin(worst, p_value);
        printf("  %-8s modulo %3d: chi-square p %.3g\n", noise_name[noise], m, p_value);
      }
    }
  ck_assert_double_gt(worst, FAMILY_WISE / tests);
}
END_TEST

/* ---- The decoded number ---- */

typedef struct {
  double mean, variance, fourth; /* of decoded - sum; central; code^2 and its powers */
} decoded_moments;

/* Exact, over all residues that three moduli can be received at; up[i][l]: chance that residue i is l levels up. */
static decoded_moments expect_decoded(const pl_rns *core, double up[3][64], int64_t sum) {
  double chances[3][64], power[5] = {0};
  for (int i = 0; i < 3; i++)
    for (int level = 0; level < core->modulus[i]; level++) {
      const int m = core->modulus[i];
      chances[i][(sum % m + m + level) % m] = up[i][level];
    }
  for (int j = 0; j < core->modulus[0] * core->modulus[1] * core->modulus[2]; j++) {
    const int residue[5] = {j % core->modulus[0], j / core->modulus[0] % core->modulus[1],
                            j / core->modulus[0] / core->modulus[1]};
    const double p = chances[0][residue[0]] * chances[1][residue[1]] * chances[2][residue[2]];
    int64_t x;
    if (p < 1e-14) continue;
    pl_rns_decode(core, residue, &x);
    for (int e = 0; e < 5; e++) power[e] += p * pow((double)(x - sum), e);
  }
  const double m = power[1];
  return (decoded_moments){m, power[2] - m * m, power[4] - 4 * m * power[3] + 6 * m * m * power[2] - 3 * m * m * m * m};
}

START_TEST(decoded_numbers_have_the_exact_moments) {
  static const int sums[] = {0, 1, 3600, -3600, 1234};
  static statistics all;
  for (int noise = 0; noise < KINDS_OF_NOISE; noise++)
    for (int check = 0; check < 2; check++) {
      pl_physics p = noisy(5, noise, 2.2);
      if (check) p.effects |= PL_EFFECT_RANGE_CHECK;
      const pl_rns core = core_of(&p);
      const pl_model_regs r = regs_of(&p);
      double up[3][64];
      for (int i = 0; i < 3; i++)
        for (int level = 0; level < core.modulus[i]; level++)
          up[i][level] = pl_rns_level_chance(&core, i, level > core.modulus[i] / 2 ? level - core.modulus[i] : level);
      for (size_t s = 0; s < sizeof sums / sizeof *sums; s++) {
        const decoded_moments m = expect_decoded(&core, up, sums[s]);
        const double reads = fmax(1e5, reads_wanted());
        double sum = 0, squares = 0;
        for (uint64_t n = 0; n < reads; n++) {
          const uint32_t row = (uint32_t)(n >> 16), col = (uint32_t)(n & 0xffff);
          const double e = pl_rns_read(&r, sums[s], row, col, 1 + (uint32_t)s).value - sums[s];
          sum += e, squares += e * e;
        }
        const double count = ceil(reads), mean = sum / count, variance = squares / count - mean * mean;
        const double sigma = sqrt(m.variance);
        /* Registers: a rate of wrong residues may be off, here for single residues: threshold by 0.7 steps of 2^-16
         * turn. */
        const double off = chance(&core, 0, -0.7 * 0x1p-16, 1) / chance(&core, 0, 0, 1) - 1;
        char point[48], name[80];
        snprintf(point, sizeof point, "%s%s, sum %d", noise_name[noise], check ? ", range check" : "", sums[s]);
        snprintf(name, sizeof name, "%s: mean / sigma", point);
        add_statistic(&all, name, (mean - m.mean) / sigma, off * sigma / 16000, sqrt(variance / count) / sigma);
        snprintf(name, sizeof name, "%s: variance - 1", point);
        add_statistic(&all, name, variance / m.variance - 1, off,
                      sqrt((m.fourth - m.variance * m.variance) / count) / m.variance);
        if (s == 2)
          printf("  %-8s range check %d: mean %+8.2f (physics %+8.2f), sigma %8.1f (%8.1f)\n", noise_name[noise], check,
                 mean, m.mean, sqrt(variance), sigma);
      }
    }
  ck_assert_int_eq(failures(&all, 0), 0);
}
END_TEST

/* ---- Outcomes ---- */

/* Two samples of n1 and n2, counts s1 and s2: a normal test, or none if both are rare. */
static void add_two_samples(statistics *all, const char *name, double s1, double n1, double s2, double n2,
                            double relative) {
  const double p = (s1 + s2) / (n1 + n2), error = sqrt(p * (1 - p) * (1 / n1 + 1 / n2));
  if (s1 + s2 < 25) return;
  add_statistic(all, name, s1 / n1 - s2 / n2, relative * p, error);
}

static const struct {
  const char *name;
  int redundant, check, noise, adc_bits;
  double sigmas;
} receivers[] = {
    {"no check", 0, 0, 0, 0, 2.576},        {"range check", 0, 1, 0, 0, 2.576},
    {"range check, 33 levels", 0, 1, 1, 0, 3.14}, {"one redundant", 1, 0, 0, 0, 2.576},
    {"two redundant", 2, 0, 0, 0, 2.576},   {"two redundant, strong", 2, 0, 1, 0, 1.645},
    {"two redundant, both noises", 2, 0, 2, 0, 2}, {"range check, 6-bit ADC", 0, 1, 1, 6, 3.14},
    {"two redundant, 6-bit ADC", 2, 0, 2, 6, 2.2},
};
enum { RECEIVERS = sizeof receivers / sizeof *receivers };

static pl_physics receiver_of(int i) {
  pl_physics p = noisy(5, receivers[i].noise, receivers[i].sigmas);
  if (receivers[i].check) p.effects |= PL_EFFECT_RANGE_CHECK;
  if (receivers[i].redundant) p.effects |= PL_EFFECT_REDUNDANCY, p.redundant_moduli = receivers[i].redundant;
  if (receivers[i].adc_bits) p.effects |= PL_EFFECT_ADC, p.adc_bits = receivers[i].adc_bits;
  return p;
}

START_TEST(outcomes_against_draws) {
  static statistics all;
  const pl_random random = draws_begin();
  const double reads = fmax(1e5, reads_wanted());
  for (int i = 0; i < RECEIVERS; i++) {
    const pl_physics p = receiver_of(i);
    double golden[OUTCOMES], drawn[OUTCOMES];
    golden_outcomes(&p, reads, golden);
    drawn_outcomes(&p, reads, drawn, &random);
    printf("  %-26s", receivers[i].name);
    for (int o = 0; o < OUTCOMES; o++) {
      char name[80];
      snprintf(name, sizeof name, "%s: %s", receivers[i].name, outcome_name[o]);
      /* Rates of wrong residues may be off by a few per mille, see rate_allowance. */
      add_two_samples(&all, name, golden[o], reads, drawn[o], reads, o == RIGHT ? 0.0005 : 0.01);
      printf(" %s %.5f (%.5f)", outcome_name[o], golden[o] / reads, drawn[o] / reads);
    }
    printf("\n");
    fflush(stdout);
  }
  draws_end();
  ck_assert_int_gt(all.count, 20);
  ck_assert_int_eq(failures(&all, 0), 0);
}
END_TEST

/* ---- Wrong physics must fail: the noise's variance 5 % too large or too small ---- */

START_TEST(wrong_physics_fails) {
  for (int noise = 0; noise < KINDS_OF_NOISE; noise++)
    for (int high = 0; high < 2; high++) {
      pl_physics p = noisy(5, noise, 1.96);
      const pl_model_regs r = regs_of(&p);
      const double by = sqrt(high ? 1.05 : 0.95), reads = fmax(1e5, reads_wanted());
      p.phase_noise_rms_deg *= by, p.amplitude_snr /= by;
      const pl_rns core = core_of(&p);
      static statistics all;
      all.count = 0;
      double wrong = 0;
      for (uint64_t n = 0; n < reads; n++) {
        const pl_rns_values v = golden_read(&r, n);
        wrong += v.received[1] != v.sent[1];
      }
      add_count(&all, "", wrong, reads * chance(&core, 1, 0, 1), rate_allowance(&core, &r, 1));
      printf("  %-8s variance %+d %%: p %.2g\n", noise_name[noise], high ? 5 : -5, all.list[0].p);
      ck_assert_double_lt(all.list[0].p, FAMILY_WISE / STATISTICS_MAX);
    }
}
END_TEST

/* ---- Without noise ---- */

/* Whole reads, value by value: block floating point of every width, exponents, codes of every size. */
START_TEST(reads_without_noise_are_equal) {
  uint64_t state = SEED;
  for (int bits = 1; bits <= 8; bits++)
    for (int n = 0; n < 500; n++) {
      pl_physics p = physics_of(8, PL_EFFECT_RESIDUES | PL_EFFECT_BFP);
      p.mantissa_bits = bits, p.channels = 20;
      const pl_rns core = core_of(&p);
      pl_model_regs r = regs_of(&p);
      int8_t a[20], b[20];
      const int shift = (int)(pl_random_splitmix(&state) * 8);
      for (int i = 0; i < 20; i++) {
        a[i] = (int8_t)((int)(pl_random_splitmix(&state) * 256 - 128) >> shift);
        b[i] = (int8_t)((int)(pl_random_splitmix(&state) * 256 - 128) >> (7 - shift));
      }
      r.rows = r.cols = 1, r.depth = 20;
      int32_t c;
      ck_assert_int_eq(pl_model_gemm(&r, a, 20, b, 20, &c, 1, NULL), 0);
      ck_assert_double_eq(pl_rns_draw(&core, a, b, 20, NULL).value_code2, c);
    }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("l3_rns");
  TCase *tests = tcase_create("l3_rns");
  tcase_set_timeout(tests, 7200);
  tcase_add_test(tests, reads_without_noise_are_equal);
  tcase_add_test(tests, wrong_physics_fails);
  tcase_add_test(tests, levels_by_chi_square);
  tcase_add_test(tests, decoded_numbers_have_the_exact_moments);
  tcase_add_test(tests, outcomes_against_draws);
  tcase_add_test(tests, wrong_residues_over_four_decades);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
