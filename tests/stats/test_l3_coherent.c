/* test_l3_coherent.c: level L3 of the coherent core: the golden model, with registers derived from physical units,
 * against the double-precision physics of host/physics/coherent.c.
 *
 *   PL_STATS_SAMPLES=N   reads of the golden model per operating point, 5e4 to 1e7 (default 5e4; the proof is 1e6)
 *   PL_STATS_THREADS=N   threads (default 1); the figures do not depend on it
 *
 * For each effect alone and all together, at every operating point: mean, variance and skewness against the exact
 * moments of the physics, and Kolmogorov-Smirnov where the physics is Gaussian. False alarms: l3.h. Coordinates are
 * fixed (seed 20261122), so the outcome is the same every time.
 *
 * What integers cannot hold is allowed for and no more: half a unit of each register, and the rounding of Q4 and Q2
 * values, as bounds worked out in allow(). The golden model keeps two moments of phase noise and photon counts, and
 * draws the output noise before these (docs/physics.md): what that changes is known exactly (pl_coherent_moments) and
 * left out of the expectation; the table prints how much skewness that is ("lost").
 */
#include <check.h>

#include "l3_coherent.h"

/* ---- What the resolution of registers and values may change ---- */

/* Variance of a normal deviate of standard deviation sigma (in steps) that is rounded to whole steps. */
static double rounded_variance(double sigma) {
  if (sigma <= 0) return 0;
  double variance = 0; /* sum over n of (2n - 1) P(|x| > n - 1/2) */
  for (int n = 1; n < 2 + 10 * sigma; n++) variance += (2 * n - 1) * erfc((n - 0.5) / sigma * M_SQRT1_2);
  return variance;
}

static int gcd(int x, int y) { return y ? gcd(y, x % y) : x; }

/* Encoding noise of one operand: x with relative noise rms, of which a product sees w2 = E[w^2] (code^2). */
static void allow_encoding(resolution *r, int x, double rms, double w2, uint32_t sigma_register) {
  const double sigma = abs(x) * 16 * rms; /* Q4 steps; held in 1/64, by a register of 18 binary places */
  const double off = x ? 0.5 / 64 + sigma * 0.5 / sigma_register : 0, q4 = w2 / 256;
  const double exact = rounded_variance(sigma);
  r->variance += (exact - sigma * sigma) * q4;
  r->variance_allowed += fmax(rounded_variance(sigma + off) - exact, exact - rounded_variance(sigma - off)) * q4;
}

/* What an element meets: its partner's field and, by crosstalk, the next partner's; and the part of a read's mean that
 * one unit of the field ratio makes. */
static double partner(const pl_physics *p, const int8_t *code, int i) {
  const double r = pl_crosstalk_field(p);
  const int w = p->wavelengths;
  const double here = code[i] + (i % w ? r * code[i - 1] : 0);
  return i + 1 < p->channels && (i + 1) % w ? here + r * (code[i + 1] + r * code[i]) : here;
}

/* Crosstalk: half a unit of the ratio's register (2^-16), and what leaks is rounded to 1/16 code. */
static void allow_crosstalk(resolution *r, const pl_physics *p, const int8_t *a, const int8_t *b) {
  const double ratio = pl_crosstalk_field(p);
  double slope = 0;
  for (int i = 1; i < p->channels && ratio > 0; i++) {
    if (i % p->wavelengths == 0) continue;
    const double x[2] = {a[i] + ratio * a[i - 1], b[i] + ratio * b[i - 1]};
    const int before[2] = {a[i - 1], b[i - 1]};
    for (int operand = 0; operand < 2; operand++) {
      const double rms = operand ? p->encoding_noise_rms_b : p->encoding_noise_rms_a, other = x[!operand];
      const double spread = abs(before[operand]) * rms * ratio * 16; /* steps */
      slope += before[operand] * other;
      if (spread > 0.5) r->variance += other * other / 256 / 12;
      else r->mean_allowed += fabs(other) / 32, r->variance_allowed += (spread + 0.25) * other * other / 256;
    }
  }
  r->mean_allowed += 0x1p-16 * fabs(slope);
}

/* p: what the image was derived from. step: of the histogram, code^2. */
static resolution allow(const pl_physics *p, const pl_image *image, const int8_t *a, const int8_t *b, double step) {
  const pl_coherent core = core_of(p, PL_COHERENT_CODE);
  const pl_coherent_moments m = pl_coherent_expect(&core, a, b, p->channels);
  const double sigma = sqrt(m.variance), unit = ldexp(LSB, (int)image->reg[PL_REG_SIGMA_EXP]);
  const double ra = core.encoding_rms_a, rb = core.encoding_rms_b;
  const int encodes = ra > 0 || rb > 0;
  resolution r = {.mean_allowed = LSB}; /* each rounding, half up, shifts by less than half a unit */
  double light = 0, power = 0, largest = 0;
  int common_a = 0, common_b = 0;
  for (int i = 0; i < p->channels; i++) {
    const double x2 = a[i] * a[i], w2 = b[i] * b[i];
    const double meets_a = pow(partner(p, b, i), 2), meets_b = pow(partner(p, a, i), 2);
    if (ra > 0) allow_encoding(&r, a[i], ra, meets_a * (1 + rb * rb), image->reg[PL_REG_ENC_SIGMA_A]);
    if (rb > 0) allow_encoding(&r, b[i], rb, meets_b * (1 + ra * ra), image->reg[PL_REG_ENC_SIGMA_B]);
    if (p->effects & PL_EFFECT_DISPERSION)
      r.mean_allowed += 0x1p-17 * fabs(x2 - w2) + 1.0 / 256; /* half a unit of e, two roundings of t to Q8 */
    common_a = gcd(common_a, abs(a[i])), common_b = gcd(common_b, abs(b[i]));
    light += encodes ? 2 : 0; /* each square is cut to whole code^2 */
    const double dx = a[i] == -128 ? 16 : 8, dw = b[i] == -128 ? 16 : 8; /* p has steps of 16 code^2, at most 1023 */
    power += dx * w2 + dw * x2 + dx * dw;
    largest = fmax(largest, fmax(abs(a[i]) * (1 + 4 * ra), abs(b[i]) * (1 + 4 * rb)));
  }
  allow_crosstalk(&r, p, a, b);
  if (encodes && !(ra > 0 && rb > 0) && m.receiver + m.phase == 0 && core.output_rms == 0)
    r.lattice = (ra > 0 ? common_b : common_a) / 16.0;
  if (encodes) round_to(&r, LSB, sigma);                                        /* stage 4: y to Q2 */
  if (encodes && p->effects & PL_EFFECT_DISPERSION) round_to(&r, LSB, sigma);   /* stage 6: D to Q2 */
  if (step > LSB) round_to(&r, step, sigma);                                    /* stage 9, as this test sets it */
  if (p->effects & PL_EFFECT_PHASE) {
    const double s2 = core.phase_rms_rad * core.phase_rms_rad;
    r.mean_allowed += fabs(m.mean) * 0x1p-25; /* half a unit of phase_loss */
    r.variance_allowed += power * pow(expm1(-s2), 2) / 2 + m.phase * 0x1p-16;
    if (largest > 127.9) r.variance_allowed += m.phase * 1.6 * (ra + rb); /* where p saturates */
  }
  if (p->effects & PL_EFFECT_OUTPUT && m.mean != 0) {
    const double output = fabs(m.mean) * core.output_rms;
    r.variance_allowed += 2 * output * LSB + LSB * LSB + output * fabs(m.mean) * 0x1p-16; /* sigma is cut to an LSB */
    round_to(&r, LSB, output);
  }
  if (m.receiver + m.phase > 0) {
    const double receiver = sqrt(m.receiver + m.phase);
    if (core.shot) r.variance_allowed += light / 2 / core.photons_per_code2 + m.receiver * 0x1p-16;
    r.variance_allowed += receiver * unit + unit * unit / 4 + 4 * unit * unit; /* root to half a unit, four cuts */
    round_to(&r, LSB, receiver);
  }
  return r;
}

/* ---- One operating point ---- */

/* Compares reads under `built` (what the registers are derived from) with the physics of `claimed`. Returns the
 * physics' skewness that the emulator does not have. */
static double compare(statistics *all, const char *effect, const point *at, const pl_physics *built,
                      const pl_physics *claimed, int terms, uint32_t job, int print) {
  int8_t a[CHANNELS_MAX], b[CHANNELS_MAX];
  codes_of(at, a, b);
  const pl_coherent core = core_of(claimed, terms);
  const pl_coherent_moments m = pl_coherent_expect(&core, a, b, at->channels);
  const pl_image image = image_of(built);
  const double sigma = sqrt(m.variance);
  histogram h = golden_reads(&image, a, b, at->channels, reads_wanted(), job, m.mean, sigma, threads_to_use());
  ck_assert_ptr_nonnull(h.counts);
  ck_assert_msg(!h.clipped, "%s at %s: %llu reads beyond 12 sigma", effect, at->name, (unsigned long long)h.clipped);
  const resolution r = allow(built, &image, a, b, h.step_code2);
  const sample s = moments_of(&h);
  char name[80];
  double lost = 0;
  if (m.variance == 0) { /* dark: nothing may move */
    ck_assert_msg(s.variance == 0 && s.mean == m.mean, "%s at %s: mean %g, variance %g in the dark", effect, at->name,
                  s.mean, s.variance);
  } else {
    const double variance = m.variance - m.variance_order + r.variance;
    snprintf(name, sizeof name, "%s, %s: mean / sigma", effect, at->name);
    add_statistic(all, name, (s.mean - m.mean) / sigma, r.mean_allowed / sigma, s.mean_error / sigma);
    const double skewness = m.third / pow(sigma, 3), relative = r.variance_allowed / m.variance;
    if (relative < 0.5) { /* else the noise is finer than the registers, and there is nothing to compare */
      snprintf(name, sizeof name, "%s, %s: variance - 1", effect, at->name);
      add_statistic(all, name, s.variance / variance - 1, r.variance_allowed / variance, s.variance_error / variance);
    }
    lost = (m.third_phase + m.third_poisson + m.third_order) / pow(sigma, 3);
    if (sigma >= 4 * LSB && relative < 0.2) { /* else there are too few levels for more than two moments */
      const double off = variance / m.variance - 1;
      const double allowed = 1.5 * (relative + fabs(off)) * (fabs(skewness) + fabs(lost));
      snprintf(name, sizeof name, "%s, %s: skewness", effect, at->name);
      add_statistic(all, name, s.skewness - (skewness - lost), allowed, s.skewness_error);
      if (fabs(skewness) + fabs(lost) < 0.02) {
        const double distance = ks_distance(&h, m.mean, sqrt(variance));
        const double shift = (r.mean_allowed + r.lattice / 2) / sigma;
        const double slack = 0.4 * shift + 0.121 * relative + 0.0665 * fabs(skewness);
        snprintf(name, sizeof name, "%s, %s: KS", effect, at->name);
        add_chance(all, name, distance, slack, 0, ks_chance(fmax(0, distance - slack), h.reads));
      }
    }
    if (print)
      printf("  %-8s %-17s mean %12.2f sigma %10.3f | variance %+.4f, resolution %.4f | skewness %+.4f physics %+.4f "
             "lost %+.4f\n", effect, at->name, m.mean, sigma, s.variance / m.variance - 1,
             (r.variance_allowed + fabs(r.variance)) / m.variance, s.skewness, skewness, lost);
    if (print && relative >= 0.5) printf("    (below the resolution: only the mean is compared)\n");
  }
  fflush(stdout);
  free(h.counts);
  return lost;
}

START_TEST(golden_model_is_physical) {
  static statistics all;
  printf("seed %u, %g reads per point:\n", SEED, reads_wanted());
  for (int e = 0; e < EFFECTS; e++)
    for (int i = 0; i < POINTS; i++) {
      const pl_physics p = physics_of(&points[i], effects[e].bit);
      compare(&all, effects[e].name, &points[i], &p, &p, PL_COHERENT_CODE, (uint32_t)(e * POINTS + i), 1);
    }
  printf("%d statistics, family-wise false alarms %g:\n", all.count, FAMILY_WISE);
  const int failed = failures(&all, getenv("PL_STATS_SAMPLES") != NULL);
  ck_assert_int_gt(all.count, 200);
  ck_assert_int_eq(failed, 0);
}
END_TEST

/* ---- Wrong physics must fail: one variance at a time, 5 % too large or too small ---- */

static void scale_variance(pl_physics *p, uint32_t bit, double by) {
  if (bit & PL_EFFECT_ENC_A) p->encoding_noise_rms_a *= sqrt(by);
  if (bit & PL_EFFECT_ENC_B) p->encoding_noise_rms_b *= sqrt(by);
  if (bit & PL_EFFECT_PHASE) p->phase_noise_rms_deg *= pow(by, 0.25); /* variance as the fourth power */
  if (bit & PL_EFFECT_OUTPUT) p->output_noise_rms *= sqrt(by);
  if (bit & PL_EFFECT_SHOT) p->photons_full_scale /= by;
  if (bit & PL_EFFECT_THERMAL) p->thermal_noise_rms_photons *= sqrt(by) / (bit & PL_EFFECT_SHOT ? by : 1);
}

START_TEST(wrong_physics_fails) {
  for (int e = 0; e < EFFECTS; e++)
    for (int high = 0; high < 2; high++) {
      const pl_physics right = physics_of(&points[TYPICAL], effects[e].bit);
      pl_physics wrong = right;
      scale_variance(&wrong, effects[e].bit, high ? 1.05 : 0.95);
      static statistics all;
      all.count = 0;
      compare(&all, effects[e].name, &points[TYPICAL], &right, &wrong, PL_COHERENT_CODE, 1000 + (uint32_t)e, 0);
      /* At the level of the long list, not of this one. */
      printf("  %-8s variance %+d %%: z %.1f, p %.2g\n", effects[e].name, high ? 5 : -5, all.list[1].z, all.list[1].p);
      fflush(stdout);
      ck_assert_ptr_nonnull(strstr(all.list[1].name, "variance"));
      ck_assert_msg(all.list[1].p < FAMILY_WISE / STATISTICS_MAX, "%s: 5 %% were not noticed", effects[e].name);
    }
}
END_TEST

/* ---- Deterministic parts: element by element ---- */

/* Dispersion of one lit channel: product and additive term, for every wavelength of grids of 2 to 32. */
static double worst_dispersion(int terms, double error_of_imbalance, double *beyond) {
  static const int pairs[][2] = {{127, 0}, {0, 127}, {-128, 1}, {100, -37}, {127, 127}, {-3, 90}, {1, 0}, {-128, -128}};
  static const double spacing_nm[] = {0.1, 0.4, 1.6};
  double worst = 0;
  *beyond = -1e9;
  for (int grid = 2; grid <= 32; grid++)
    for (int s = 0; s < 3; s++) {
      pl_physics p;
      pl_physics_reset(&p);
      p.effects = PL_EFFECT_DISPERSION, p.channels = p.wavelengths = grid, p.wavelength_spacing_nm = spacing_nm[s];
      const pl_image image = image_of(&p);
      pl_coherent core = core_of(&p, terms);
      pl_model_regs r;
      pl_model_unpack(&image, &r);
      r.rows = r.cols = 1, r.depth = grid;
      for (int i = 0; i < grid; i++) {
        core.imbalance[i] *= error_of_imbalance;
        for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
          int8_t a[32] = {0}, b[32] = {0};
          a[i] = (int8_t)pairs[k][0], b[i] = (int8_t)pairs[k][1];
          const double want = pl_coherent_expect(&core, a, b, grid).mean / LSB;
          const double error = fabs(read_lsb(&r, a, b) - want);
          /* Half a unit of the register (2^-15), half an LSB, two roundings to Q8. */
          const double bound = abs(a[i] * a[i] - b[i] * b[i]) * 0x1p-17 / LSB + 0.5 + 2.0 / 128;
          worst = fmax(worst, error);
          *beyond = fmax(*beyond, error - bound);
        }
      }
    }
  return worst;
}

START_TEST(dispersion_elementwise) {
  double beyond;
  const double worst = worst_dispersion(PL_COHERENT_CODE, 1, &beyond);
  printf("  dispersion: largest error %.3f detector LSB, %.3f inside the bound\n", worst, -beyond);
  ck_assert_double_le(beyond, 0);
  worst_dispersion(PL_COHERENT_CODE, 1.05, &beyond);
  ck_assert_msg(beyond > 0, "an imbalance 5 %% off was not noticed");
}
END_TEST

/* Crosstalk of pairs of channels that are lit, for every wavelength: within half a unit of the ratio's register for
 * each operand, the rounding of what leaks to 1/16 code, and half an LSB. */
START_TEST(crosstalk_elementwise) {
  static const int pairs[][4] = {{127, 0, 0, 127}, {127, 127, 127, 127}, {-128, 50, 3, -90}, {100, -128, -128, 5}};
  static const double db[] = {-8, -12, -25, -40};
  double worst = 0, wrong = 0;
  for (int grid = 2; grid <= 32; grid += 5)
    for (int d = 0; d < 4; d++) {
      pl_physics p;
      pl_physics_reset(&p);
      p.effects = PL_EFFECT_CROSSTALK, p.channels = 2 * grid + 1, p.wavelengths = grid, p.crosstalk_db = db[d];
      const pl_image image = image_of(&p);
      pl_coherent core = core_of(&p, PL_COHERENT_CODE);
      pl_model_regs r;
      pl_model_unpack(&image, &r);
      r.rows = r.cols = 1, r.depth = p.channels;
      for (int i = 0; i + 1 < p.channels; i++)
        for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
          int8_t a[65] = {0}, b[65] = {0};
          a[i] = (int8_t)pairs[k][0], a[i + 1] = (int8_t)pairs[k][1];
          b[i] = (int8_t)pairs[k][2], b[i + 1] = (int8_t)pairs[k][3];
          const double got = read_lsb(&r, a, b), want = pl_coherent_expect(&core, a, b, p.channels).mean / LSB;
          double bound = 0.5;
          for (int j = i + 1; j < i + 3 && j < p.channels; j++) { /* fields that receive something */
            const double x = fabs(a[j] + core.crosstalk * a[j - 1]), w = fabs(b[j] + core.crosstalk * b[j - 1]);
            const double dx = 0x1p-16 * abs(a[j - 1]) + 1.0 / 32, dw = 0x1p-16 * abs(b[j - 1]) + 1.0 / 32;
            bound += (x * dw + w * dx + dx * dw) / LSB;
          }
          worst = fmax(worst, fabs(got - want) / bound);
          core.crosstalk *= 1.05;
          wrong = fmax(wrong, fabs(got - pl_coherent_expect(&core, a, b, p.channels).mean / LSB) / bound);
          core.crosstalk /= 1.05;
        }
    }
  printf("  crosstalk: largest error %.3f of the bound, with a ratio 5 %% off %.2f\n", worst, wrong);
  ck_assert_double_le(worst, 1);
  ck_assert_double_gt(wrong, 1.5);
}
END_TEST

/* What the golden model leaves out of the paper's equation: the factor sqrt(1 - e^2) and the phase shifter. */
START_TEST(paper_differs_by_its_factor) {
  pl_physics p;
  pl_physics_reset(&p);
  p.effects = PL_EFFECT_DISPERSION, p.channels = 12;
  const pl_coherent paper = core_of(&p, PL_COHERENT_PAPER), code = core_of(&p, PL_COHERENT_CODE);
  double largest = 0;
  for (int i = 0; i < 12; i++) {
    int8_t a[12] = {0}, b[12] = {0};
    a[i] = b[i] = 127; /* no additive term */
    const double ratio = pl_coherent_expect(&paper, a, b, 12).mean / pl_coherent_expect(&code, a, b, 12).mean;
    largest = fmax(largest, 1 - ratio);
    const double e = core_of(&p, PL_COHERENT_FACTOR).imbalance[i];
    const double d = M_PI_2 * (1.55 / pl_grid_um(i, 12, 0.4) - 1);
    ck_assert_double_eq_tol(ratio, sqrt(1 - e * e) * cos(d), 1e-12);
  }
  printf("  paper against code, 12 wavelengths: products smaller by up to %.2e\n", largest);
  ck_assert_double_gt(largest, 4.0e-5); /* 0.999960 by the factor, and less than 2e-5 by the shifter */
  ck_assert_double_lt(largest, 4.5e-5);
}
END_TEST

/* The mean part of the phase noise, its spread switched off. */
START_TEST(phase_loss_elementwise) {
  double worst = 0;
  for (int degrees = 0; degrees <= 19; degrees++) {
    pl_physics p;
    pl_physics_reset(&p);
    p.effects = PL_EFFECT_PHASE, p.phase_noise_rms_deg = degrees + 0.5, p.channels = CHANNELS_MAX;
    const pl_image image = image_of(&p);
    pl_model_regs r;
    pl_model_unpack(&image, &r);
    r.phase_gain = 0, r.rows = r.cols = 1;
    for (int depth = 1; depth <= CHANNELS_MAX; depth = depth * 3 + 1)
      for (int sign = -1; sign <= 1; sign += 2) {
        int8_t a[CHANNELS_MAX], b[CHANNELS_MAX];
        memset(a, 127, sizeof a);
        memset(b, sign * 101, sizeof b);
        r.depth = depth;
        const pl_coherent core = core_of(&p, PL_COHERENT_CODE);
        const double want = pl_coherent_expect(&core, a, b, depth).mean / LSB;
        const double error = fabs(read_lsb(&r, a, b) - want);
        worst = fmax(worst, error);
        ck_assert_msg(error <= 0.5 + 0x1p-25 * 127 * 101 / LSB * depth, "%d products, %g degrees: error %g LSB", depth,
                      p.phase_noise_rms_deg, error);
      }
  }
  printf("  phase loss: largest error %.3f detector LSB\n", worst);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("l3_coherent");
  TCase *tests = tcase_create("l3_coherent");
  tcase_set_timeout(tests, 7200);
  tcase_add_test(tests, dispersion_elementwise);
  tcase_add_test(tests, crosstalk_elementwise);
  tcase_add_test(tests, paper_differs_by_its_factor);
  tcase_add_test(tests, phase_loss_elementwise);
  tcase_add_test(tests, wrong_physics_fails);
  tcase_add_test(tests, golden_model_is_physical);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
