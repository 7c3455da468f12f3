/* fit_coherent.c: probes and estimators of the coherent kind (docs/calibration.md has the table of both).
 *
 * Order: offset (dark), crosstalk, coupler, then gain and encoding noise, then one weighted least-squares fit of the
 * variances that each read has of its own. Later ones use earlier ones, and second-order terms use the round before, so
 * the arithmetic is repeated until it stands still; the probes are run once.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "study/coherent_fit.h"

enum { ROUNDS = 4, RAMP = 20, POSITIVE_READS = 4, LENGTH = 64 };
/* ---- Vectors ---- */

static void set_vectors(coherent *c) {
  for (int i = 0; i < PROBES; i++) {
    c->probe[i].a = c->codes + (size_t)(2 * i) * (size_t)c->length;
    c->probe[i].b = c->codes + (size_t)(2 * i + 1) * (size_t)c->length;
  }
  for (int k = 0; k < c->length; k++) {
    const int8_t a = (int8_t)c->lit[0], b = (int8_t)c->lit[1];
    const int odd = k % c->wavelengths & 1, sign = pl_fit_balance(&c->p->sheet, c->length, k);
    c->probe[LIGHT_A].a[k] = c->probe[POSITIVE].a[k] = a;
    c->probe[LIGHT_B].b[k] = c->probe[POSITIVE].b[k] = b;
    c->probe[DIM_A].a[k] = (int8_t)c->dim;
    c->probe[BALANCED_TALL].a[k] = c->probe[BALANCED_WIDE].a[k] = sign ? a : 0;
    c->probe[BALANCED_TALL].b[k] = c->probe[BALANCED_WIDE].b[k] = (int8_t)(sign * b);
    c->probe[EVEN_ODD].a[k] = odd ? 0 : a;
    c->probe[EVEN_ODD].b[k] = odd ? b : 0;
    c->probe[ODD_EVEN].a[k] = odd ? a : 0;
    c->probe[ODD_EVEN].b[k] = odd ? 0 : b;
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
  const int count = c->wavelengths < c->length ? c->wavelengths : c->length;
  const size_t k = (size_t)c->length;
  int8_t *lit = calloc((size_t)count * k, 1);
  pl_status status = lit ? PL_OK : pl_fail(err, PL_E_MEMORY, "out of memory for probes of %d wavelengths", count);
  for (int operand = 0; operand < 2 && !status; operand++) {
    for (int i = 0; i < count; i++)
      for (int at = i; at < c->length; at += c->wavelengths) lit[(size_t)i * k + (size_t)at] = (int8_t)c->lit[operand];
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
  for (int k = 1; k < c->length; k++)
    if (pl_coherent_leaks(c, k)) neighbours += c->lit[0] * c->lit[1] * c->gain.value;
  if (!(neighbours > 0)) return; /* a single wavelength has no neighbour */
  c->crosstalk.value = ((there->value + back->value) / 2 - c->offset) / neighbours;
  c->crosstalk.error = sqrt((there->error * there->error + back->error * back->error) / 4 +
                            c->probe[DARK].m.mean.error * c->probe[DARK].m.mean.error) / neighbours;
}

/* From the last wavelength of a group down: light of a wavelength leaks into the next one. */
static void fit_coupler(coherent *c, const pl_moment *light) {
  const int count = c->wavelengths < c->length ? c->wavelengths : c->length;
  for (int i = count - 1; i >= 0; i--) {
    const pl_moment *a = &light[i], *b = &light[WAVELENGTHS_MAX + i];
    double own = 0, leaked = 0;
    for (int k = i; k < c->length; k += c->wavelengths)
      for (int operand = 0; operand < 2; operand++) {
        const double square = c->lit[operand] * c->lit[operand] * (1 + c->encoding[operand].value) / 2;
        own += square;
        if (k + 1 < c->length && pl_coherent_leaks(c, k + 1))
          leaked += square * c->crosstalk.value * c->crosstalk.value * c->imbalance[i + 1].value;
      }
    c->imbalance[i] = (pl_moment){(a->value - b->value - leaked) / own, hypot(a->error, b->error) / own};
  }
}

static void fit_gain(coherent *c) {
  const probe *p = &c->probe[POSITIVE];
  const terms t = pl_coherent_terms(c, p->a, p->b);
  c->gain.value = (p->m.mean.value - c->offset - t.dispersion) / t.product;
  c->gain.error = hypot(p->m.mean.error, c->probe[DARK].m.mean.error) / t.product;
}

static void fit_encoding(coherent *c) {
  const terms tall = pl_coherent_terms(c, c->probe[BALANCED_TALL].a, c->probe[BALANCED_TALL].b);
  const terms wide = pl_coherent_terms(c, c->probe[BALANCED_WIDE].a, c->probe[BALANCED_WIDE].b);
  const pl_moment *row = &c->probe[BALANCED_TALL].m.row, *column = &c->probe[BALANCED_WIDE].m.column;
  c->encoding[0] = (pl_moment){row->value / tall.row, row->error / tall.row};
  c->encoding[1] = (pl_moment){column->value / wide.column, column->error / wide.column};
}

static int fit_variances(coherent *c) {
  pl_lsq lsq;
  pl_lsq_start(&lsq, VARIANCES);
  for (int i = DARK; i <= POSITIVE; i++) {
    const probe *p = &c->probe[i];
    const terms t = pl_coherent_terms(c, p->a, p->b);
    double coefficient[VARIANCES];
    const double known = pl_coherent_residual(c, &t, coefficient);
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

/* The sum of squared deviations of a measured ramp from the levels of a DAC of `bits`. level: room for a vector. */
static double ramp_misfit(coherent *c, int operand, int bits, const pl_moment *mean, int8_t *level) {
  double misfit = 0;
  for (int i = 0; i <= 2 * RAMP; i++) {
    memset(level, pl_dac(i - RAMP, bits), (size_t)c->length);
    const int8_t *other = operand ? c->probe[LIGHT_A].a : c->probe[LIGHT_B].b;
    const terms t = operand ? pl_coherent_terms(c, other, level) : pl_coherent_terms(c, level, other);
    const double d = (mean[i].value - pl_coherent_mean(c, &t)) / hypot(mean[i].error, c->gain.error * t.product);
    misfit += d * d;
  }
  return misfit;
}

static pl_status check_dac(coherent *c, int operand, pl_error *err) {
  enum { CLEARLY = 50 };
  const int levels = 2 * RAMP + 1, promised = c->p->sheet.dac_bits[operand] ? c->p->sheet.dac_bits[operand] : 8;
  pl_moment mean[2 * RAMP + 1];
  int8_t *ramp = malloc((size_t)levels * (size_t)c->length);
  if (!ramp) return pl_fail(err, PL_E_MEMORY, "out of memory for a ramp");
  for (int i = 0; i < levels; i++)
    memset(ramp + (size_t)i * (size_t)c->length, i - RAMP, (size_t)c->length);
  pl_status status = operand ? pl_probe_means(c->p, c->probe[LIGHT_A].a, 1, ramp, levels, mean, err)
                             : pl_probe_means(c->p, ramp, levels, c->probe[LIGHT_B].b, 1, mean, err);
  int best = 2;
  double misfit[9], least = INFINITY;
  for (int bits = 2; bits <= 8 && !status; bits++) {
    misfit[bits] = ramp_misfit(c, operand, bits, mean, ramp);
    if (misfit[bits] < least) least = misfit[bits], best = bits;
  }
  free(ramp);
  if (status) return status;
  if (misfit[promised] > least + CLEARLY)
    return pl_fail(err, PL_E_INPUT, "the data sheet gives operand %c %d bits, but its levels are those of %d bits",
                   "AB"[operand], promised, best);
  return PL_OK;
}

pl_status pl_fit_coherent(pl_prober *prober, pl_fit *fit, pl_error *err) {
  const pl_sheet *sheet = &prober->sheet;
  if (sheet->channels < 2)
    return pl_fail(err, PL_E_INPUT, "a core of a single channel cannot be calibrated: its phase noise and its output "
                   "noise act alike");
  coherent c = {.p = prober, .fit = fit, .length = pl_fit_length(sheet, LENGTH), .wavelengths = sheet->wavelengths};
  prober->length = c.length;
  for (int i = 0; i < 2; i++) c.lit[i] = sheet->dac_bits[i] == 2 ? 64 : 96;
  c.dim = sheet->dac_bits[0] && sheet->dac_bits[0] < 4 ? 64 : 48;
  c.codes = calloc(2 * PROBES, (size_t)c.length);
  if (!c.codes) return pl_fail(err, PL_E_MEMORY, "out of memory for the vectors of a calibration");
  set_vectors(&c);
  pl_moment light[2 * WAVELENGTHS_MAX] = {{0}};
  pl_status status = run_probes(&c, err);
  if (!status) status = run_wavelengths(&c, light, err);
  if (!status && fit_all(&c, light))
    status = pl_fail(err, PL_E_IO, "the moments of the probes do not determine the noise: this device is no core of "
                                   "its kind");
  for (int operand = 0; operand < 2 && !status; operand++) status = check_dac(&c, operand, err);
  if (!status) pl_coherent_report(&c);
  if (!status) status = pl_coherent_predict(&c, err);
  free(c.codes);
  return status;
}
