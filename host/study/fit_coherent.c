/* fit_coherent.c: probes and estimators of the coherent kind (docs/calibration.md has the table of both).
 *
 * Order: offset (dark), crosstalk, coupler, then gain and encoding noise, then one weighted least-squares fit of the
 * variances that each read has of its own. Later ones use earlier ones, and second-order terms use the round before, so
 * the arithmetic is repeated until it stands still; the probes are run once.
 *
 * Notation: x, w codes of A and B; X, W fields with crosstalk, X_k = x_k + leak_k x_{k-1}; e_k imbalance of the coupler.
 * Derived from docs/signal-chain.md and docs/cores.md.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "physics/physics.h"
#include "study/fit.h"

enum { DARK, LIGHT_A, LIGHT_B, DIM_A, BALANCED_TALL, BALANCED_WIDE, POSITIVE, EVEN_ODD, ODD_EVEN, RANDOM, PROBES };
enum { SHOT, THERMAL, PHASE, OUTPUT, VARIANCES };
enum { WAVELENGTHS_MAX = 32, ROUNDS = 4, RAMP = 20, POSITIVE_READS = 4 };
#define FULL_CODE 127.0

typedef struct {
  int8_t *a, *b; /* channels codes */
  pl_moments m;
} probe;

typedef struct {
  pl_prober *p;
  pl_fit *fit;
  int channels, wavelengths, lit[2], dim;
  int8_t *codes; /* of all probes */
  probe probe[PROBES];
  pl_moment imbalance[WAVELENGTHS_MAX], crosstalk, gain, encoding[2]; /* encoding: variances */
  double offset;
  pl_lsq_result variances;
} coherent;

/* ---- What a pair of vectors gives, to first order in its noise ---- */

typedef struct {
  double product;       /* sum X W */
  double dispersion;    /* sum e (E X^2 - E W^2) / 2 */
  double row, column;   /* variance per unit of encoding variance of A, of B */
  double inner;         /* the same per product of both */
  double power, light;  /* E sum X^2 W^2, E sum X^2 + W^2 */
} terms;

static int leaks_into(const coherent *c, int k) { return k > 0 && k % c->wavelengths > 0; }

static double field(const coherent *c, const int8_t *code, int k) {
  return code[k] + (leaks_into(c, k) ? c->crosstalk.value * code[k - 1] : 0);
}

/* E X^2 */
static double field_square(const coherent *c, int operand, const int8_t *code, int k) {
  const double leaked = leaks_into(c, k) ? c->crosstalk.value * code[k - 1] : 0, whole = code[k] + leaked;
  return whole * whole + c->encoding[operand].value * (code[k] * code[k] + leaked * leaked);
}

static terms terms_of(const coherent *c, const int8_t *a, const int8_t *b) {
  terms t = {0};
  const double g = c->gain.value, kappa = c->crosstalk.value;
  for (int k = 0; k < c->channels; k++) {
    const int next = k + 1 < c->channels && leaks_into(c, k + 1);
    const double e = c->imbalance[k % c->wavelengths].value, x = field(c, a, k), w = field(c, b, k);
    const double x2 = field_square(c, 0, a, k), w2 = field_square(c, 1, b, k);
    double by_a = g * w + e * x, by_b = g * x - e * w;
    if (next) {
      const double e_next = c->imbalance[(k + 1) % c->wavelengths].value;
      const double x_next = field(c, a, k + 1), w_next = field(c, b, k + 1);
      by_a += kappa * (g * w_next + e_next * x_next);
      by_b += kappa * (g * x_next - e_next * w_next);
      t.inner += g * g * kappa * kappa * (a[k] * a[k] * b[k + 1] * b[k + 1] + a[k + 1] * a[k + 1] * b[k] * b[k]);
    }
    const double both = g * a[k] * b[k] * (1 + (next ? kappa * kappa : 0));
    t.inner += both * both;
    t.row += a[k] * a[k] * by_a * by_a;
    t.column += b[k] * b[k] * by_b * by_b;
    t.product += x * w;
    t.dispersion += e * (x2 - w2) / 2;
    t.power += x2 * w2;
    t.light += x2 + w2;
  }
  return t;
}

static double mean_of(const coherent *c, const terms *t) { return c->offset + c->gain.value * t->product + t->dispersion; }

/* Coefficients of the four variances in a read's own variance; returns the part that is known without them. */
static double residual_terms(const coherent *c, const terms *t, double *coefficient) {
  const double a = c->encoding[0].value, b = c->encoding[1].value, mean = mean_of(c, t) - c->offset;
  coefficient[SHOT] = t->light;
  coefficient[THERMAL] = 1;
  coefficient[PHASE] = t->power;
  coefficient[OUTPUT] = mean * mean + a * t->row + b * t->column + a * b * t->inner;
  return a * b * t->inner;
}

/* ---- Vectors ---- */

/* +1, -1 or 0 (left dark) so that products of equal codes add up to 0, at each wavelength if there are two blocks. */
static int balance(const coherent *c, int k) {
  const int blocks = c->channels / c->wavelengths;
  if (blocks >= 2) return k < (blocks & ~1) * c->wavelengths ? (k / c->wavelengths & 1 ? -1 : 1) : 0;
  return k < (c->channels & ~1) ? (k & 1 ? -1 : 1) : 0;
}

static int random_code(coherent *c, int operand) {
  const int step = c->lit[operand] == 64 ? 64 : 32, levels = c->lit[operand] / step;
  return (pl_probe_random(c->p, 2 * levels + 1) - levels) * step;
}

static void set_vectors(coherent *c) {
  for (int i = 0; i < PROBES; i++) {
    c->probe[i].a = c->codes + (size_t)(2 * i) * (size_t)c->channels;
    c->probe[i].b = c->codes + (size_t)(2 * i + 1) * (size_t)c->channels;
  }
  for (int k = 0; k < c->channels; k++) {
    const int8_t a = (int8_t)c->lit[0], b = (int8_t)c->lit[1];
    const int odd = k % c->wavelengths & 1;
    c->probe[LIGHT_A].a[k] = c->probe[POSITIVE].a[k] = a;
    c->probe[LIGHT_B].b[k] = c->probe[POSITIVE].b[k] = b;
    c->probe[DIM_A].a[k] = (int8_t)c->dim;
    c->probe[BALANCED_TALL].a[k] = c->probe[BALANCED_WIDE].a[k] = balance(c, k) ? a : 0;
    c->probe[BALANCED_TALL].b[k] = c->probe[BALANCED_WIDE].b[k] = (int8_t)(balance(c, k) * b);
    c->probe[EVEN_ODD].a[k] = odd ? 0 : a;
    c->probe[EVEN_ODD].b[k] = odd ? b : 0;
    c->probe[ODD_EVEN].a[k] = odd ? a : 0;
    c->probe[ODD_EVEN].b[k] = odd ? 0 : b;
    c->probe[RANDOM].a[k] = (int8_t)random_code(c, 0);
    c->probe[RANDOM].b[k] = (int8_t)random_code(c, 1);
  }
}

/* ---- Probes ---- */

static pl_status run_probes(coherent *c, pl_error *err) {
  const int64_t reads = c->p->reads;
  pl_status status = pl_probe_adc(c->p, c->probe[POSITIVE].a, c->probe[POSITIVE].b, err);
  for (int i = 0; i < PROBES && !status; i++) {
    const pl_probe_shape shape = i == BALANCED_TALL ? PL_TALL : i == BALANCED_WIDE ? PL_WIDE : PL_SQUARE;
    c->p->reads = reads * (i == POSITIVE ? POSITIVE_READS : 1);
    status = pl_probe_moments(c->p, c->probe[i].a, c->probe[i].b, shape, &c->probe[i].m, err);
  }
  c->p->reads = reads;
  return status;
}

/* light[operand*32 + i]: mean of the reads where only wavelength i of the operand is lit. */
static pl_status run_wavelengths(coherent *c, pl_moment *light, pl_error *err) {
  const int count = c->wavelengths < c->channels ? c->wavelengths : c->channels;
  const size_t k = (size_t)c->channels;
  int8_t *lit = calloc((size_t)count * k, 1);
  pl_status status = lit ? PL_OK : pl_fail(err, PL_E_MEMORY, "out of memory for probes of %d wavelengths", count);
  for (int operand = 0; operand < 2 && !status; operand++) {
    for (int i = 0; i < count; i++)
      for (int at = i; at < c->channels; at += c->wavelengths) lit[(size_t)i * k + (size_t)at] = (int8_t)c->lit[operand];
    const int8_t *dark = c->probe[DARK].a;
    pl_moment *to = light + operand * WAVELENGTHS_MAX;
    status = operand ? pl_probe_means(c->p, dark, 1, lit, count, to, err)
                     : pl_probe_means(c->p, lit, count, dark, 1, to, err);
  }
  free(lit);
  return status;
}

/* ---- Estimators ---- */

static void fit_crosstalk(coherent *c) {
  const pl_moment *there = &c->probe[EVEN_ODD].m.mean, *back = &c->probe[ODD_EVEN].m.mean;
  double neighbours = 0;
  for (int k = 1; k < c->channels; k++)
    if (leaks_into(c, k)) neighbours += c->lit[0] * c->lit[1] * c->gain.value;
  if (!(neighbours > 0)) return; /* a single wavelength has no neighbour */
  c->crosstalk.value = ((there->value + back->value) / 2 - c->offset) / neighbours;
  c->crosstalk.error = sqrt((there->error * there->error + back->error * back->error) / 4 +
                            c->probe[DARK].m.mean.error * c->probe[DARK].m.mean.error) / neighbours;
}

/* From the last wavelength of a group down: light of a wavelength leaks into the next one. */
static void fit_coupler(coherent *c, const pl_moment *light) {
  const int count = c->wavelengths < c->channels ? c->wavelengths : c->channels;
  for (int i = count - 1; i >= 0; i--) {
    const pl_moment *a = &light[i], *b = &light[WAVELENGTHS_MAX + i];
    double own = 0, leaked = 0;
    for (int k = i; k < c->channels; k += c->wavelengths)
      for (int operand = 0; operand < 2; operand++) {
        const double square = c->lit[operand] * c->lit[operand] * (1 + c->encoding[operand].value) / 2;
        own += square;
        if (k + 1 < c->channels && leaks_into(c, k + 1))
          leaked += square * c->crosstalk.value * c->crosstalk.value * c->imbalance[i + 1].value;
      }
    c->imbalance[i] = (pl_moment){(a->value - b->value - leaked) / own, hypot(a->error, b->error) / own};
  }
}

static void fit_gain(coherent *c) {
  const probe *p = &c->probe[POSITIVE];
  const terms t = terms_of(c, p->a, p->b);
  c->gain.value = (p->m.mean.value - c->offset - t.dispersion) / t.product;
  c->gain.error = hypot(p->m.mean.error, c->probe[DARK].m.mean.error) / t.product;
}

static void fit_encoding(coherent *c) {
  const terms tall = terms_of(c, c->probe[BALANCED_TALL].a, c->probe[BALANCED_TALL].b);
  const terms wide = terms_of(c, c->probe[BALANCED_WIDE].a, c->probe[BALANCED_WIDE].b);
  const pl_moment *row = &c->probe[BALANCED_TALL].m.row, *column = &c->probe[BALANCED_WIDE].m.column;
  c->encoding[0] = (pl_moment){row->value / tall.row, row->error / tall.row};
  c->encoding[1] = (pl_moment){column->value / wide.column, column->error / wide.column};
}

static int fit_variances(coherent *c) {
  pl_lsq lsq;
  pl_lsq_start(&lsq, VARIANCES);
  for (int i = DARK; i <= POSITIVE; i++) {
    const probe *p = &c->probe[i];
    const terms t = terms_of(c, p->a, p->b);
    double coefficient[VARIANCES];
    const double known = residual_terms(c, &t, coefficient);
    pl_lsq_add(&lsq, coefficient, p->m.residual.value - known, p->m.residual.error);
  }
  return pl_lsq_solve(&lsq, &c->variances);
}

static int fit_all(coherent *c, const pl_moment *light) {
  c->gain.value = 1;
  c->offset = c->probe[DARK].m.mean.value;
  for (int i = 0; i < ROUNDS; i++) {
    fit_crosstalk(c);
    fit_coupler(c, light);
    fit_gain(c);
    fit_encoding(c);
  }
  return fit_variances(c);
}

/* ---- DAC: the ramp of one operand against the levels of each width ---- */

/* The sum of squared deviations of a measured ramp from the levels of a DAC of `bits`. */
static double ramp_misfit(coherent *c, int operand, int bits, const pl_moment *mean) {
  double misfit = 0;
  int8_t *level = c->probe[RANDOM].a; /* no longer needed */
  for (int i = 0; i <= 2 * RAMP; i++) {
    memset(level, pl_dac(i - RAMP, bits), (size_t)c->channels);
    const int8_t *other = operand ? c->probe[LIGHT_A].a : c->probe[LIGHT_B].b;
    const terms t = operand ? terms_of(c, other, level) : terms_of(c, level, other);
    const double d = (mean[i].value - mean_of(c, &t)) / hypot(mean[i].error, c->gain.error * t.product);
    misfit += d * d;
  }
  return misfit;
}

static pl_status check_dac(coherent *c, int operand, pl_error *err) {
  enum { CLEARLY = 50 };
  const int levels = 2 * RAMP + 1, promised = c->p->sheet.dac_bits[operand] ? c->p->sheet.dac_bits[operand] : 8;
  pl_moment mean[2 * RAMP + 1];
  int8_t *ramp = malloc((size_t)levels * (size_t)c->channels);
  if (!ramp) return pl_fail(err, PL_E_MEMORY, "out of memory for a ramp");
  for (int i = 0; i < levels; i++)
    memset(ramp + (size_t)i * (size_t)c->channels, i - RAMP, (size_t)c->channels);
  pl_status status = operand ? pl_probe_means(c->p, c->probe[LIGHT_A].a, 1, ramp, levels, mean, err)
                             : pl_probe_means(c->p, ramp, levels, c->probe[LIGHT_B].b, 1, mean, err);
  free(ramp);
  if (status) return status;
  int best = 2;
  double least = INFINITY;
  for (int bits = 2; bits <= 8; bits++) {
    const double misfit = ramp_misfit(c, operand, bits, mean);
    if (misfit < least) least = misfit, best = bits;
  }
  if (best != promised && ramp_misfit(c, operand, promised, mean) > least + CLEARLY)
    return pl_fail(err, PL_E_INPUT, "the data sheet gives operand %c %d bits, but its levels are those of %d bits",
                   "AB"[operand], promised, best);
  return PL_OK;
}

/* ---- Results ---- */

static double root(double square) { return square > 0 ? sqrt(square) : 0; }

/* Adds the root of a variance; returns 1 if it is ON. */
static int add_rms(pl_fit *fit, const char *name, const char *unit, pl_moment variance, double scale, double resolution,
                   int is_field) {
  const double half = pl_fit_half(variance.error, 1);
  return pl_fit_judge(pl_fit_add(fit, name, -1, unit, scale * root(variance.value), scale * root(variance.value - half),
                                 scale * root(variance.value + half), is_field), 0, resolution);
}

static pl_moment variance_of(const coherent *c, int which) {
  return (pl_moment){c->variances.value[which], sqrt(c->variances.covariance[which][which])};
}

/* Spacing of the grid whose couplers come closest to the measured ones (weighted least squares, one unknown), and its
 * standard error, which is taken wider if they do not come close. */
static pl_moment fit_spacing(const coherent *c, int count) {
  double best = 0, least = INFINITY, slope2 = 0;
  for (int fine = 0; fine < 3; fine++) {
    const double from = fine ? best / (fine > 1 ? 1.0005 : 1.02) : 1e-3, ratio = fine > 1 ? 1.0000025 : fine ? 1.0001 : 1.02;
    for (double s = from, end = fine ? best * (fine > 1 ? 1.0005 : 1.02) : 20; s < end; s *= ratio) {
      double chi2 = 0;
      for (int i = 0; i < count; i++) {
        const double d = (c->imbalance[i].value - pl_coupler_imbalance(pl_grid_um(i, c->wavelengths, s))) /
                         c->imbalance[i].error;
        chi2 += d * d;
      }
      if (chi2 < least) least = chi2, best = s;
    }
  }
  for (int i = 0; i < count; i++) {
    const double h = best * 1e-3, up = pl_coupler_imbalance(pl_grid_um(i, c->wavelengths, best + h));
    const double slope = (up - pl_coupler_imbalance(pl_grid_um(i, c->wavelengths, best - h))) / (2 * h);
    slope2 += slope * slope / (c->imbalance[i].error * c->imbalance[i].error);
  }
  const double excess = count > 1 ? least / (count - 1) : 1;
  return (pl_moment){best, sqrt(fmax(excess, 1) / slope2)};
}

static void report_coupler(coherent *c) {
  const int count = c->wavelengths < c->channels ? c->wavelengths : c->channels;
  int on = 0;
  for (int i = 0; i < count; i++) {
    const pl_moment *e = &c->imbalance[i];
    const double half = pl_fit_half(e->error, count);
    on |= pl_fit_judge(pl_fit_add(c->fit, "coupler_imbalance", i, "", e->value, e->value - half, e->value + half, 0), 0,
                       1e-3);
  }
  if (!on) return;
  const pl_moment s = fit_spacing(c, count);
  const double half = pl_fit_half(s.error, 1);
  c->fit->effects |= PL_EFFECT_DISPERSION;
  pl_fit_add(c->fit, "wavelength_spacing_nm", -1, "nm", s.value, s.value - half, s.value + half, 1);
}

/* Phase noise of s radians takes exp(-u/2) off the mean, u = s^2, and adds (1 - exp(-u))^2 / 2 of the power to the variance.
 * Small noise shows in the mean first, larger noise in the variance: the narrower of the two intervals counts. */
static void report_phase(coherent *c) {
  const double degrees = 180 / M_PI;
  const pl_moment v = variance_of(c, PHASE);
  const double half = pl_fit_half(v.error, 1), half_gain = pl_fit_half(c->gain.error, 1);
  double u[3] = {-2 * log(c->gain.value), -2 * log(c->gain.value + half_gain), -2 * log(c->gain.value - half_gain)};
  double by_variance[3] = {v.value, v.value - half, v.value + half};
  for (int i = 0; i < 3; i++) by_variance[i] = -log(1 - fmin(0.9, root(2 * by_variance[i])));
  pl_fit_parameter *p =
      pl_fit_add(c->fit, "product_gain", -1, "", c->gain.value, c->gain.value - half_gain, c->gain.value + half_gain, 0);
  if (by_variance[2] - by_variance[1] < u[2] - u[1]) memcpy(u, by_variance, sizeof u);
  p = pl_fit_add(c->fit, "phase_noise_rms_deg", -1, "deg", degrees * root(u[0]), degrees * root(u[1]),
                 degrees * root(u[2]), 1);
  if (pl_fit_judge(p, 0, 0.7)) c->fit->effects |= PL_EFFECT_PHASE;
}

static void report_receiver(coherent *c) {
  pl_fit *fit = c->fit;
  const double full = c->channels * FULL_CODE * FULL_CODE, little = 1e-4 * full;
  const pl_moment shot = variance_of(c, SHOT), thermal = variance_of(c, THERMAL);
  const int shot_on = add_rms(fit, "shot_noise_at_full_light_rms_code2", "code2", shot, sqrt(2 * full), little, 0);
  const int thermal_on = add_rms(fit, "thermal_noise_rms_code2", "code2", thermal, 1, little, 0);
  double photons = 1e6;
  if (shot_on) {
    const double half = pl_fit_half(shot.error, 1), per = FULL_CODE * FULL_CODE / 2;
    photons = per / shot.value;
    fit->effects |= PL_EFFECT_SHOT;
    pl_fit_add(fit, "photons_full_scale", -1, "photons", photons, per / (shot.value + half), per / (shot.value - half), 1);
  } else if (thermal_on) {
    pl_fit_add(fit, "photons_full_scale", -1, "photons", photons, photons, photons, 1)->state = PL_FIT_CONVENTION;
  }
  if (!thermal_on) return;
  fit->effects |= PL_EFFECT_THERMAL;
  const double value = sqrt(thermal.value) * photons / (FULL_CODE * FULL_CODE), t = thermal.error / thermal.value / 2;
  const double s = shot_on ? shot.error / shot.value : 0;
  const double both = shot_on ? c->variances.covariance[SHOT][THERMAL] / (shot.value * thermal.value) : 0;
  const double half = pl_fit_half(value * sqrt(fmax(t * t + s * s - both, 0)), 1);
  pl_fit_add(fit, "thermal_noise_rms_photons", -1, "photons", value, fmax(value - half, 0), value + half, 1);
}

static void report(coherent *c) {
  pl_fit *fit = c->fit;
  const pl_moment offset = c->probe[DARK].m.mean;
  const double half = pl_fit_half(offset.error, 1), little = 1e-5 * c->channels * FULL_CODE * FULL_CODE;
  if (c->p->sheet.adc_bits)
    pl_fit_judge(pl_fit_add(fit, "adc_offset_code2", -1, "code2", offset.value, offset.value - half, offset.value + half, 1),
                 0, little);
  if (c->wavelengths > 1) {
    const double kappa = c->crosstalk.value, by = pl_fit_half(c->crosstalk.error, 1);
    if (pl_fit_judge(pl_fit_add(fit, "crosstalk_field", -1, "", kappa, kappa - by, kappa + by, 0), 0, 1e-3) && kappa > by) {
      fit->effects |= PL_EFFECT_CROSSTALK;
      pl_fit_add(fit, "crosstalk_db", -1, "dB", 20 * log10(kappa), 20 * log10(kappa - by), 20 * log10(kappa + by), 1);
    }
  }
  report_coupler(c);
  if (add_rms(fit, "encoding_noise_rms_a", "", c->encoding[0], 1, 1e-3, 1)) fit->effects |= PL_EFFECT_ENC_A;
  if (add_rms(fit, "encoding_noise_rms_b", "", c->encoding[1], 1, 1e-3, 1)) fit->effects |= PL_EFFECT_ENC_B;
  report_phase(c);
  if (add_rms(fit, "output_noise_rms", "", variance_of(c, OUTPUT), 1, 2e-3, 1)) fit->effects |= PL_EFFECT_OUTPUT;
  report_receiver(c);
}

/* Random codes, which no estimator has used: their moments against what the fit says. */
static void predict(coherent *c) {
  const probe *p = &c->probe[RANDOM];
  const terms t = terms_of(c, p->a, p->b);
  double coefficient[VARIANCES], own = residual_terms(c, &t, coefficient), of_own = p->m.residual.error;
  of_own *= of_own;
  for (int i = 0; i < VARIANCES; i++) {
    own += coefficient[i] * c->variances.value[i];
    for (int j = 0; j < VARIANCES; j++) of_own += coefficient[i] * coefficient[j] * c->variances.covariance[i][j];
  }
  /* The fitted mean has the errors of gain, crosstalk (of the sum of neighbours' products) and coupler. */
  double neighbours = 0, of_mean = p->m.mean.error * p->m.mean.error + c->probe[DARK].m.mean.error * c->probe[DARK].m.mean.error;
  double by_wavelength[WAVELENGTHS_MAX] = {0};
  for (int k = 0; k < c->channels; k++) {
    if (leaks_into(c, k)) neighbours += p->a[k] * p->b[k - 1] + p->a[k - 1] * p->b[k];
    by_wavelength[k % c->wavelengths] += (p->a[k] * p->a[k] - p->b[k] * p->b[k]) / 2.0;
  }
  of_mean += pow(c->gain.error * t.product, 2) + pow(c->crosstalk.error * neighbours, 2);
  for (int i = 0; i < c->wavelengths; i++) of_mean += pow(c->imbalance[i].error * by_wavelength[i], 2);
  pl_fit_expect(c->fit, "mean", p->m.mean.value, mean_of(c, &t), sqrt(of_mean));
  pl_fit_expect(c->fit, "variance by row", p->m.row.value, c->encoding[0].value * t.row,
                hypot(p->m.row.error, c->encoding[0].error * t.row));
  pl_fit_expect(c->fit, "variance by column", p->m.column.value, c->encoding[1].value * t.column,
                hypot(p->m.column.error, c->encoding[1].error * t.column));
  pl_fit_expect(c->fit, "variance of a read", p->m.residual.value, own, sqrt(of_own));
}

pl_status pl_fit_coherent(pl_prober *prober, pl_fit *fit, pl_error *err) {
  const pl_sheet *sheet = &prober->sheet;
  if (sheet->channels < 2)
    return pl_fail(err, PL_E_INPUT, "a core of a single channel cannot be calibrated: its phase noise and its output "
                   "noise act alike");
  coherent c = {.p = prober, .fit = fit, .channels = sheet->channels, .wavelengths = sheet->wavelengths};
  for (int i = 0; i < 2; i++) c.lit[i] = sheet->dac_bits[i] == 2 ? 64 : 96;
  c.dim = sheet->dac_bits[0] && sheet->dac_bits[0] < 4 ? 64 : 48;
  fit->effects = (sheet->dac_bits[0] ? PL_EFFECT_DAC_A : 0) | (sheet->dac_bits[1] ? PL_EFFECT_DAC_B : 0) |
                 (sheet->adc_bits ? PL_EFFECT_ADC : 0);
  c.codes = calloc(2 * PROBES, (size_t)c.channels);
  if (!c.codes) return pl_fail(err, PL_E_MEMORY, "out of memory for the vectors of a calibration");
  set_vectors(&c);
  pl_moment light[2 * WAVELENGTHS_MAX] = {{0}};
  pl_status status = run_probes(&c, err);
  if (!status) status = run_wavelengths(&c, light, err);
  if (!status && fit_all(&c, light))
    status = pl_fail(err, PL_E_IO, "the moments of the probes do not determine the noise: the device gives no noise model "
                     "of its kind");
  if (!status) report(&c);
  if (!status) predict(&c);
  for (int operand = 0; operand < 2 && !status; operand++) status = check_dac(&c, operand, err);
  free(c.codes);
  return status;
}
