/* fit_intensity.c: probes and estimators of the intensity kind (docs/calibration.md has the table of both).
 *
 * Means show shapes of the transfer curves and products of the channels' gains; the floors take part in light but not
 * in means, so it is the variance of eight probes that shows them, together with shot, systematic and additive noise:
 * five unknowns, weighted least squares by Gauss and Newton. Notation: intensity_fit.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study/intensity_fit.h"

enum { LENGTH = 64, STEPS = 20, CLEAR = 6 };

/* ---- What a pair of vectors gives ---- */

static int level_of(const intensity *c, int operand, int code) { return abs(code) / c->step[operand]; }

static double top_of(const intensity *c, int operand) { /* T there, by definition */
  return (c->levels[operand] - 1) * c->step[operand] / FULL_CODE;
}

double pl_intensity_transfer(const intensity *c, int operand, int level, const double *unknown) {
  const double dark = unknown[FLOOR_A + operand];
  return dark + (top_of(c, operand) - dark) * c->shape[operand][level].value;
}

double pl_intensity_gain(const intensity *c, int wavelength, const double *unknown) {
  return c->product[wavelength].value / ((top_of(c, 0) - unknown[FLOOR_A]) * (top_of(c, 1) - unknown[FLOOR_B]));
}

double pl_intensity_variance(const intensity *c, const int8_t *a, const int8_t *b, const double *unknown) {
  double light = 0, nominal = 0;
  for (int k = 0; k < c->length; k++) {
    const double x = pl_intensity_transfer(c, 0, level_of(c, 0, a[k]), unknown) + unknown[FLOOR_A];
    const double w = pl_intensity_transfer(c, 1, level_of(c, 1, b[k]), unknown) + unknown[FLOOR_B];
    light += pl_intensity_gain(c, k % c->wavelengths, unknown) * x * w * FULL_CODE * FULL_CODE;
    nominal += abs(a[k] * b[k]);
  }
  nominal = fmax(nominal, 1); /* as the prober tells the device */
  return unknown[SHOT] * light + unknown[SYSTEMATIC] * nominal * nominal + unknown[THERMAL];
}

double pl_intensity_light_error(const intensity *c, const int8_t *a, const int8_t *b, const double *unknown) {
  double by_level[2][LEVELS_MAX] = {{0}}, sum = 0;
  for (int k = 0; k < c->length; k++) {
    const int x = level_of(c, 0, a[k]), w = level_of(c, 1, b[k]);
    const double g = pl_intensity_gain(c, k % c->wavelengths, unknown) * FULL_CODE * FULL_CODE;
    by_level[0][x] += g * (pl_intensity_transfer(c, 1, w, unknown) + unknown[FLOOR_B]);
    by_level[1][w] += g * (pl_intensity_transfer(c, 0, x, unknown) + unknown[FLOOR_A]);
  }
  for (int operand = 0; operand < 2; operand++)
    for (int i = 0; i < c->levels[operand]; i++)
      sum += pow(by_level[operand][i] * c->shape[operand][i].error *
                     (top_of(c, operand) - unknown[FLOOR_A + operand]), 2);
  return sqrt(sum);
}

double pl_intensity_product(const intensity *c, const int8_t *a, const int8_t *b) {
  double sum = 0;
  for (int k = 0; k < c->length; k++) {
    const double product = c->product[k % c->wavelengths].value * c->shape[0][level_of(c, 0, a[k])].value *
                           c->shape[1][level_of(c, 1, b[k])].value;
    sum += (a[k] < 0) == (b[k] < 0) ? product : -product;
  }
  return sum * FULL_CODE * FULL_CODE;
}

/* ---- Probes ---- */

/* The code of a level that is `part` of the top. */
static int8_t code_at(const intensity *c, int operand, double part) {
  return (int8_t)(c->step[operand] * (int)fmax(1, round(part * (c->levels[operand] - 1))));
}

static pl_status run_probes(intensity *c, pl_error *err) {
  static const double part[PROBES][2] = {[ONLY_A] = {1, 0},        [ONLY_B] = {0, 1},         [BRIGHT] = {1, 1},
                                         [HALF] = {0.5, 0.5},      [QUARTER] = {0.25, 0.25},  [BRIGHT_A] = {1, 0.25},
                                         [BRIGHT_B] = {0.25, 1}};
  pl_status status;
  for (int i = 0; i < PROBES; i++) {
    probe *p = &c->probe[i];
    p->a = c->codes + (size_t)(2 * i) * (size_t)c->length;
    p->b = p->a + c->length;
    for (int k = 0; k < c->length; k++) {
      const int sign = pl_fit_balance(&c->p->sheet, c->length, k);
      if (part[i][0] > 0 && sign) p->a[k] = code_at(c, 0, part[i][0]);
      if (part[i][1] > 0) p->b[k] = (int8_t)(sign * code_at(c, 1, part[i][1]));
    }
  }
  status = pl_probe_adc(c->p, c->probe[ONLY_A].a, c->probe[ONLY_A].a, err);
  for (int i = 0; i < PROBES && !status; i++)
    status = pl_probe_moments(c->p, c->probe[i].a, c->probe[i].b, PL_SQUARE, &c->probe[i].m, err);
  return status;
}

/* Means of products of `count` levels from `first` on with the top level of the other operand; in units of the top. */
static pl_status run_levels(intensity *c, int operand, int first, int count, pl_moment *mean, pl_error *err) {
  const size_t k = (size_t)c->length;
  int8_t *ramp = malloc((size_t)(count + 1) * k);
  if (!ramp) return pl_fail(err, PL_E_MEMORY, "out of memory for a ramp");
  int8_t *top = ramp + (size_t)count * k;
  for (int i = 0; i < count; i++) memset(ramp + (size_t)i * k, (first + i) * c->step[operand], k);
  memset(top, code_at(c, !operand, 1), k);
  const pl_status status = operand ? pl_probe_means(c->p, top, 1, ramp, count, mean, err)
                                   : pl_probe_means(c->p, ramp, count, top, 1, mean, err);
  free(ramp);
  return status;
}

/* The ramp of an operand in groups that double, each with a range of its own: an ADC of few bits sees the low ones
 * too. */
static pl_status run_ramp(intensity *c, int operand, pl_error *err) {
  pl_moment *s = c->shape[operand];
  pl_status status = PL_OK;
  for (int first = 1; first < c->levels[operand] && !status; first *= 2) {
    const int end = 2 * first < c->levels[operand] ? 2 * first : c->levels[operand];
    status = run_levels(c, operand, first, end - first, &s[first], err);
  }
  const pl_moment top = s[c->levels[operand] - 1], dark = c->probe[DARK].m.mean;
  const double full = top.value - dark.value;
  if (!status && !(full > 10 * hypot(top.error, dark.error)))
    return pl_fail(err, PL_E_IO, "the product of the brightest codes does not exceed the noise: is the device "
                                 "configured?");
  for (int i = 1; i < c->levels[operand] && !status; i++) {
    const double value = (s[i].value - dark.value) / full;
    const double error = sqrt(s[i].error * s[i].error + pow(value * top.error, 2) + pow((1 - value) * dark.error, 2));
    s[i] = (pl_moment){value, i == c->levels[operand] - 1 ? 0 : error / full};
  }
  return status;
}

static pl_status run_channels(intensity *c, pl_error *err) {
  const int count = c->wavelengths < c->length ? c->wavelengths : c->length;
  const size_t k = (size_t)c->length;
  int8_t *lit = calloc((size_t)(count + 1) * k, 1);
  if (!lit) return pl_fail(err, PL_E_MEMORY, "out of memory for probes of %d channels", count);
  int8_t *all = lit + (size_t)count * k;
  memset(all, code_at(c, 1, 1), k);
  for (int i = 0; i < c->length; i++) lit[(size_t)(i % c->wavelengths) * k + (size_t)i] = code_at(c, 0, 1);
  const pl_status status = pl_probe_means(c->p, lit, count, all, 1, c->product, err);
  for (int i = 0; i < count && !status; i++) {
    const double units = ceil((double)(c->length - i) / c->wavelengths) * FULL_CODE * FULL_CODE;
    const double error = hypot(c->product[i].error, c->probe[DARK].m.mean.error);
    c->product[i] = (pl_moment){(c->product[i].value - c->offset) / units, error / units};
  }
  free(lit);
  return status;
}

/* ---- The noise ---- */

/* Adds the moments of all probes around `unknown` to the equations of the step to the next values. Floors are unknowns
 * only if has_floors; else the equations are those of shot, systematic and additive noise. */
static void add_moments(const intensity *c, const double *unknown, const int *index, int count, pl_lsq *lsq) {
  pl_lsq_start(lsq, count);
  for (int i = 0; i < PROBES; i++) {
    const probe *p = &c->probe[i];
    const double here = pl_intensity_variance(c, p->a, p->b, unknown);
    double slope[UNKNOWNS];
    for (int j = 0; j < count; j++) {
      const int floors = index[j] == FLOOR_A || index[j] == FLOOR_B; /* the others are linear */
      double moved[UNKNOWNS], by = floors ? 1e-4 : fmax(fabs(unknown[index[j]]), 1);
      memcpy(moved, unknown, sizeof moved);
      moved[index[j]] += by;
      slope[j] = (pl_intensity_variance(c, p->a, p->b, moved) - here) / by;
    }
    const double by_shape = unknown[SHOT] * pl_intensity_light_error(c, p->a, p->b, unknown);
    pl_lsq_add(lsq, slope, p->m.residual.value - here, hypot(p->m.residual.error, by_shape));
  }
}

static int fit_noise(intensity *c, double *unknown) {
  static const int linear[] = {SHOT, SYSTEMATIC, THERMAL}, all[] = {SHOT, FLOOR_A, FLOOR_B, SYSTEMATIC, THERMAL};
  const int *index = c->has_floors ? all : linear, count = c->has_floors ? UNKNOWNS : 3;
  pl_lsq_result r;
  for (int i = 0; i < STEPS; i++) {
    pl_lsq lsq;
    add_moments(c, unknown, index, count, &lsq);
    if (pl_lsq_solve(&lsq, &r)) return -1;
    for (int j = 0; j < count; j++) unknown[index[j]] += r.value[j];
    for (int f = FLOOR_A; f <= FLOOR_B; f++) unknown[f] = fmin(fmax(unknown[f], -0.5), 0.9); /* a step may go astray */
  }
  memset(&c->noise, 0, sizeof c->noise);
  for (int i = 0; i < count; i++)
    for (int j = 0; j < count; j++) c->noise.covariance[index[i]][index[j]] = r.covariance[i][j];
  memcpy(c->noise.value, unknown, UNKNOWNS * sizeof *unknown);
  return 0;
}

/* What detector values are multiples of, code^2, at most: a photon, if all noise of bright light were photons.
 * Additive noise of more than a photon hides that they are whole. */
static double grain_of(const intensity *c) {
  const double photon = c->probe[BRIGHT].m.residual.value / (c->length * FULL_CODE * FULL_CODE);
  const double dark = c->probe[DARK].m.residual.value;
  return photon > c->p->grain && dark < photon * photon ? photon : c->p->grain;
}

pl_status pl_fit_intensity(pl_prober *prober, pl_fit *fit, pl_error *err) {
  const pl_sheet *sheet = &prober->sheet;
  intensity c = {.p = prober, .fit = fit, .length = pl_fit_length(sheet, LENGTH), .wavelengths = sheet->wavelengths};
  double unknown[UNKNOWNS] = {0};
  if (c.length < 2)
    return pl_fail(err, PL_E_INPUT, "a core of a single channel cannot be calibrated: no product of its full light is "
                                    "dark");
  prober->length = c.length;
  for (int i = 0; i < 2; i++) {
    const int bits = sheet->dac_bits[i] ? sheet->dac_bits[i] : 8;
    c.levels[i] = 1 << (bits - 1);
    c.step[i] = 1 << (8 - bits);
  }
  c.codes = calloc(2 * PROBES, (size_t)c.length);
  if (!c.codes) return pl_fail(err, PL_E_MEMORY, "out of memory for the vectors of a calibration");
  pl_status status = run_probes(&c, err);
  if (!status) prober->grain = grain_of(&c);
  c.offset = c.probe[DARK].m.mean.value;
  for (int operand = 0; operand < 2 && !status; operand++) status = run_ramp(&c, operand, err);
  if (!status) status = run_channels(&c, err);
  int failed = !status && fit_noise(&c, unknown);
  for (int i = 0; i < PROBES && !failed; i++) c.probe[i].m = pl_probe_in_grains(&c.probe[i].m, prober->grain);
  if (!status && !failed && unknown[SHOT] > CLEAR * sqrt(c.noise.covariance[SHOT][SHOT])) {
    c.has_floors = 1;
    failed = fit_noise(&c, unknown);
  }
  if (failed)
    status = pl_fail(err, PL_E_IO, "the moments of the probes do not determine the noise: this device is no core of "
                                   "its kind");
  if (!status) pl_intensity_report(&c);
  if (!status) status = pl_intensity_predict(&c, err);
  free(c.codes);
  return status;
}
