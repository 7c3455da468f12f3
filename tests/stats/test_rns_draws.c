/* test_rns_draws.c: the double-precision physics of the residue core against itself and against the fact that a number
 * has one set of residues: level errors fall as the exact chances say, which tend to the error function; conversion
 * and redundancy give back what was sent; block floating point cuts as defined. Seed 20261122; false alarms as in l3.h.
 */
#include <check.h>

#include "l3_rns.h"

#include "draws.h"

static const struct {
  const char *name;
  uint32_t effects;
  double phase_rms_levels, snr_over_m; /* phase noise in levels; amplitude_snr in moduli */
} noises[] = {
    {"phase", PL_EFFECT_PHASE, 0.35, 0},
    {"phase, around the circle", PL_EFFECT_PHASE, 4, 0},
    {"I and Q", PL_EFFECT_THERMAL, 0, 0.5},
    {"I and Q, strong", PL_EFFECT_THERMAL, 0, 0.27},
    {"both", PL_EFFECT_PHASE | PL_EFFECT_THERMAL, 0.3, 0.6},
};
enum { NOISES = sizeof noises / sizeof *noises };

/* Counts of every level error against pl_rns_level_chance, for small and large moduli, even and odd. */
START_TEST(level_errors_have_the_exact_chances) {
  enum { DRAWS = 200000, TESTS = NOISES * 6 };
  static const int ks[] = {4, 8};
  const pl_random random = draws_begin();
  for (int n = 0; n < NOISES; n++)
    for (int k = 0; k < 2; k++) {
      const int middle = 1 << ks[k];
      pl_physics p = physics_of(ks[k], PL_EFFECT_RESIDUES | noises[n].effects);
      p.phase_noise_rms_deg = noises[n].phase_rms_levels * 360 / middle;
      p.amplitude_snr = noises[n].snr_over_m * middle;
      const pl_rns core = core_of(&p);
      for (int i = 0; i < 3; i++) {
        const int m = core.modulus[i], low = -(m - 1) / 2;
        double seen[257] = {0}, expected[257], sum = 0;
        for (int j = 0; j < m; j++) sum += (expected[j] = pl_rns_level_chance(&core, i, low + j));
        ck_assert_double_eq_tol(sum, 1, 1e-9);
        for (int j = 0; j < DRAWS; j++) {
          const int sent = j % m;
          seen[(pl_rns_receive(&core, i, sent, &random) - sent - low + 2 * m) % m]++;
        }
        for (int j = 0; j < m; j++) expected[j] *= DRAWS;
        const double chance = chi_square_chance(seen, expected, m);
        printf("  %s, modulo %d: wrong %.4f, chi-square p %.3g\n", noises[n].name, m, 1 - expected[-low] / DRAWS,
               chance);
        ck_assert_double_gt(chance, FAMILY_WISE / TESTS);
      }
    }
  draws_end();
}
END_TEST

/* Small phase noise: erfc((pi/m) / (s sqrt 2)), with s the phase noise or, for I and Q, 1 / amplitude_snr. */
START_TEST(chances_tend_to_the_error_function) {
  for (int k = 4; k <= 8; k++)
    for (double sigmas = 1.2; sigmas < 5; sigmas += 0.6) { /* half a level in sigmas */
      pl_physics p = physics_of(k, PL_EFFECT_RESIDUES | PL_EFFECT_PHASE);
      p.phase_noise_rms_deg = 360.0 / (1 << k) / 2 / sigmas;
      pl_rns core = core_of(&p);
      const double want = erfc(sigmas * M_SQRT1_2);
      ck_assert_double_eq_tol(wrong_chance(&core, 1) / want, 1, 1e-5);
      p.effects = PL_EFFECT_RESIDUES | PL_EFFECT_THERMAL;
      p.amplitude_snr = sigmas * (1 << k) / M_PI;
      core = core_of(&p);
      /* An angle is not quite the quadrature over the amplitude: relative error of the order of (pi/m)^2 sigmas^2. */
      ck_assert_double_eq_tol(wrong_chance(&core, 1) / want, 1, 2 * pow(M_PI / (1 << k) * (1 + sigmas), 2));
    }
}
END_TEST

START_TEST(residues_give_the_number_back) {
  for (int k = 4; k <= 8; k++)
    for (int redundant = 0; redundant <= 2; redundant++) {
      pl_physics p = physics_of(k, PL_EFFECT_RESIDUES | (redundant ? PL_EFFECT_REDUNDANCY : 0));
      p.redundant_moduli = redundant, p.channels = 1, p.range_limit_code2 = k == 4 ? 2000 : 16384;
      const pl_rns core = core_of(&p);
      const int64_t step = redundant ? 37 : 1, end = (int64_t)(redundant ? core.range_limit : pl_moduli_range(&p));
      for (int64_t x = -end; x <= end; x += k > 5 ? 1009 : step) {
        int residue[5];
        int64_t y = 0;
        for (int i = 0; i < core.moduli; i++) {
          const int m = core.modulus[i];
          residue[i] = (int)((x % m + m) % m);
        }
        ck_assert_int_eq(pl_rns_decode(&core, residue, &y), PL_RNS_PLAIN);
        ck_assert_int_eq(y, x);
        if (!redundant) continue;
        for (int i = 0; i < core.moduli; i++) { /* any one residue wrong */
          const int right = residue[i];
          residue[i] = (right + 1 + (int)((uint64_t)(x + end) % (uint64_t)(core.modulus[i] - 1))) % core.modulus[i];
          ck_assert_int_eq(pl_rns_decode(&core, residue, &y), redundant == 2 ? PL_RNS_CORRECTED : PL_RNS_DETECTED);
          ck_assert_int_eq(y, redundant == 2 ? x : 0);
          residue[i] = right;
        }
      }
    }
}
END_TEST

/* Outcomes with residues one level off, or anywhere, with chance p: the figures of another program, 20,000 trials
 * each. */
START_TEST(outcomes_agree_with_an_independent_table) {
  enum { TRIALS = 100000 };
  static const struct {
    int redundant, uniform;
    double p, right, detected, wrong;
  } table[] = {{0, 0, 0.01, 0.970, 0.023, 0.0074}, {0, 0, 1.68e-3, 0.9946, 0.0035, 0.0020},
               {1, 0, 0.01, 0.959, 0.041, 0},      {2, 0, 0.01, 0.9992, 8e-4, 0},
               {2, 1, 0.1, 0.918, 0.081, 0.0015}};
  const pl_random random = draws_begin();
  for (size_t t = 0; t < sizeof table / sizeof *table; t++) {
    pl_physics p = physics_of(5, PL_EFFECT_RESIDUES | PL_EFFECT_RANGE_CHECK);
    if (table[t].redundant) p.effects |= PL_EFFECT_REDUNDANCY;
    p.redundant_moduli = table[t].redundant, p.range_limit_code2 = 3600;
    const pl_rns core = core_of(&p);
    double count[3] = {0};
    for (int n = 0; n < TRIALS; n++) {
      int residue[5];
      int64_t y;
      const int64_t x = (int64_t)floor(draws_uniform(random.state) * 7201) - 3600;
      for (int i = 0; i < core.moduli; i++) {
        const int m = core.modulus[i];
        residue[i] = (int)((x + 100 * m * m) % m);
        if (draws_uniform(random.state) >= table[t].p) continue;
        const int by = table[t].uniform ? 1 + (int)floor(draws_uniform(random.state) * (m - 1))
                                        : draws_uniform(random.state) < 0.5 ? 1 : m - 1;
        residue[i] = (residue[i] + by) % m;
      }
      const pl_rns_verdict verdict = pl_rns_decode(&core, residue, &y);
      count[verdict == PL_RNS_DETECTED ? 1 : y == x ? 0 : 2]++;
    }
    printf("  %d redundant, p %.2g: right %.4f (table %.4f), detected %.4f (%.4f), wrong %.5f (%.4f)\n",
           table[t].redundant, table[t].p, count[0] / TRIALS, table[t].right, count[1] / TRIALS, table[t].detected,
           count[2] / TRIALS, table[t].wrong);
    const double want[3] = {table[t].right, table[t].detected, table[t].wrong};
    for (int j = 0; j < 3; j++) { /* 5 sigma of both samples, and the table's last digit */
      const double q = fmax(want[j] * (1 - want[j]), 1e-6), sigma = sqrt(q / TRIALS + q / 20000);
      ck_assert_double_le(fabs(count[j] / TRIALS - want[j]), 5 * sigma + (want[j] > 0.01 ? 5e-4 : 5e-5));
    }
  }
  draws_end();
}
END_TEST

START_TEST(block_floating_point_cuts) {
  pl_physics p = physics_of(5, PL_EFFECT_BFP);
  p.mantissa_bits = 4, p.channels = 4;
  const pl_rns core = core_of(&p);
  const int8_t a[4] = {-128, 100, 15, -7}, b[4] = {15, -15, 1, 0};
  const pl_rns_drawn read = pl_rns_draw(&core, a, b, 4, NULL);
  ck_assert_int_eq(read.sum, -8 * 15 + 6 * -15); /* exponents 4 and 0: -8, 6, 0, 0 */
  ck_assert_double_eq(read.value_code2, 16 * (-8 * 15 + 6 * -15));
}
END_TEST

/* Without noise, sums within the range come back exactly, through converters as wide as they need. */
START_TEST(noise_off_is_exact) {
  for (int k = 4; k <= 8; k++) {
    pl_physics p = physics_of(k, PL_EFFECT_RESIDUES | PL_EFFECT_ADC | PL_EFFECT_REDUNDANCY);
    p.redundant_moduli = 2, p.channels = 1, p.adc_bits = k + 2, p.range_limit_code2 = k == 4 ? 2000 : 16384;
    const pl_rns core = core_of(&p);
    for (int x = -128; x < 128; x++)
      for (int w = -128; w < 128; w += 3) {
        const int8_t a = (int8_t)x, b = (int8_t)w;
        if (abs(x * w) > core.range_limit) continue;
        const pl_rns_drawn read = pl_rns_draw(&core, &a, &b, 1, NULL);
        ck_assert_double_eq(read.value_code2, x * w);
        ck_assert_int_eq(read.verdict, PL_RNS_PLAIN);
      }
  }
}
END_TEST

START_TEST(encoding_errors_add_as_in_the_paper) {
  pl_physics p = physics_of(5, PL_EFFECT_RESIDUES | PL_EFFECT_PHASE);
  p.channels = 16, p.shifter_error_rms_turns = ldexp(1, -8), p.ring_error_rms_turns = 0.003;
  /* Mirage, Eq 14, for 31, 32 and 33: 0.0410, 0.0410, 0.0444 of the circle */
  ck_assert_double_eq_tol(pl_phase_rms_turns(&p, 31), 0.0410, 5e-5);
  ck_assert_double_eq_tol(pl_phase_rms_turns(&p, 32), 0.0410, 5e-5);
  ck_assert_double_eq_tol(pl_phase_rms_turns(&p, 33), 0.0444, 5e-5);
  p.ring_error_rms_turns = 0;
  ck_assert_double_eq_tol(pl_phase_rms_turns(&p, 33), 0.0156, 5e-5);
}
END_TEST

START_TEST(errors) {
  pl_physics p;
  pl_rns core;
  pl_error err;
  pl_physics_reset(&p);
  ck_assert_int_eq(pl_rns_init(&core, &p, &err), PL_E_INPUT);
  p.kind = PL_KIND_RNS, p.moduli_k = 9;
  ck_assert_int_eq(pl_rns_init(&core, &p, &err), PL_E_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "moduli_k of 4 to 8"));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("rns_draws");
  TCase *tests = tcase_create("rns_draws");
  tcase_set_timeout(tests, 600);
  tcase_add_test(tests, chances_tend_to_the_error_function);
  tcase_add_test(tests, residues_give_the_number_back);
  tcase_add_test(tests, block_floating_point_cuts);
  tcase_add_test(tests, noise_off_is_exact);
  tcase_add_test(tests, encoding_errors_add_as_in_the_paper);
  tcase_add_test(tests, errors);
  tcase_add_test(tests, outcomes_agree_with_an_independent_table);
  tcase_add_test(tests, level_errors_have_the_exact_chances);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
