/* draws.h: what the tests of drawn physics share: a generator, and drawn values against exact moments.
 *
 *   pl_random random = draws_begin();                                     Mersenne twister of GSL, seed SEED
 *   add_moments(&all, "...", value, draws, mean, variance, third);        three statistics; value is centred on the way
 *   draws_end();
 */
#ifndef PHOTOLANE_TESTS_DRAWS_H
#define PHOTOLANE_TESTS_DRAWS_H

#include <check.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>

#include "l3.h"
#include "physics/random.h"

#ifndef SEED
#define SEED 20261122u
#endif

static gsl_rng *draws_rng;
static inline double draws_uniform(void *state) { return gsl_rng_uniform_pos(state); }

static inline pl_random draws_begin(void) {
  draws_rng = gsl_rng_alloc(gsl_rng_mt19937);
  gsl_rng_set(draws_rng, SEED);
  return (pl_random){draws_uniform, draws_rng};
}

static inline void draws_end(void) { gsl_rng_free(draws_rng); }

/* Mean, variance and third central moment of n values against the exact ones, in units of the exact sigma. */
static inline void add_moments(statistics *all, const char *name, double *value, int n, double mean, double variance,
                               double third) {
  const double sigma = sqrt(variance);
  double shift = 0, c[7] = {0};
  for (int i = 0; i < n; i++) shift += (value[i] - mean) / n;
  for (int i = 0; i < n; i++) {
    const double x = (value[i] - mean - shift) / sigma;
    double power = 1.0 / n;
    for (int j = 0; j < 7; j++, power *= x) c[j] += power;
  }
  char text[128];
  snprintf(text, sizeof text, "%s: mean / sigma", name);
  add_statistic(all, text, shift / sigma, 0, sqrt(c[2] / n));
  snprintf(text, sizeof text, "%s: variance - 1", name);
  add_statistic(all, text, c[2] - 1, 1e-6, sqrt((c[4] - c[2] * c[2]) / n));
  snprintf(text, sizeof text, "%s: third moment", name);
  add_statistic(all, text, c[3] - third / (sigma * variance), 1e-6,
                sqrt((c[6] - 6 * c[4] * c[2] + 9 * c[2] * c[2] * c[2] - c[3] * c[3]) / n));
}

/* Counts against expected counts: chi-square over bins that are joined until they expect 20. Returns the chance. */
static inline double chi_square_chance(const double *seen, const double *expected, int bins) {
  double chi2 = 0, s = 0, e = 0, left = 0;
  int joined = 0;
  for (int i = 0; i < bins; i++) left += expected[i];
  for (int i = 0; i < bins; i++) {
    s += seen[i], e += expected[i], left -= expected[i];
    if (i < bins - 1 && (e < 20 || left < 20)) continue;
    if (e > 0) chi2 += (s - e) * (s - e) / e, joined++;
    s = e = 0;
  }
  return joined > 1 ? gsl_cdf_chisq_Q(chi2, joined - 1) : 1;
}

#endif
