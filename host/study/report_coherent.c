/* report_coherent.c: estimates of a coherent core to parameters with intervals, and the prediction that checks them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "physics/physics.h"
#include "study/coherent_fit.h"

/* ---- Results ---- */

static double root(double square) { return square > 0 ? sqrt(square) : 0; }

static pl_moment variance_of(const coherent *c, int which) {
  return (pl_moment){c->variances.value[which], sqrt(c->variances.covariance[which][which])};
}

/* Spacing of the grid whose couplers come closest to the measured ones (weighted least squares, one unknown), and its
 * standard error, which is taken wider if they do not come close. */
static pl_moment fit_spacing(const coherent *c, int count) {
  double best = 0, least = INFINITY, slope2 = 0;
  for (int fine = 0; fine < 3; fine++) {
    static const double around[] = {0, 1.02, 1.0005}, ratio[] = {1.02, 1.0001, 1.0000025}; /* ever finer */
    const double from = fine ? best / around[fine] : 1e-3, end = fine ? best * around[fine] : 20;
    for (double s = from; s < end; s *= ratio[fine]) {
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
  const int count = c->wavelengths < c->length ? c->wavelengths : c->length;
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

/* Phase noise of s radians takes exp(-u/2) off the mean, u = s^2, and adds (1 - exp(-u))^2 / 2 of the power to the
 * variance. Small noise shows in the mean first, larger noise in the variance: the narrower of the two intervals
 * counts. */
static void report_phase(coherent *c) {
  const double degrees = 180 / M_PI;
  const pl_moment v = variance_of(c, PHASE);
  const double half = pl_fit_half(v.error, 1), half_gain = pl_fit_half(c->gain.error, 1);
  double u[3] = {-2 * log(c->gain.value), -2 * log(c->gain.value + half_gain), -2 * log(c->gain.value - half_gain)};
  double by_variance[3] = {v.value, v.value - half, v.value + half};
  for (int i = 0; i < 3; i++) by_variance[i] = -log(1 - fmin(0.9, root(2 * by_variance[i])));
  const double gain = c->gain.value;
  pl_fit_add(c->fit, "product_gain", -1, "", gain, gain - half_gain, gain + half_gain, 0);
  if (by_variance[2] - by_variance[1] < u[2] - u[1]) memcpy(u, by_variance, sizeof u);
  pl_fit_parameter *p = pl_fit_add(c->fit, "phase_noise_rms_deg", -1, "deg", degrees * root(u[0]),
                                   degrees * root(u[1]), degrees * root(u[2]), 1);
  if (pl_fit_judge(p, 0, 0.7)) c->fit->effects |= PL_EFFECT_PHASE;
}

static void report_receiver(coherent *c) {
  pl_fit *fit = c->fit;
  const double full = c->length * FULL_CODE * FULL_CODE, little = 1e-4 * full;
  const pl_moment shot = variance_of(c, SHOT), thermal = variance_of(c, THERMAL);
  const int shot_on =
      pl_fit_add_rms(fit, "shot_noise_at_full_light_rms_code2", "code2", shot, sqrt(2 * full), little, 0);
  const int thermal_on = pl_fit_add_rms(fit, "thermal_noise_rms_code2", "code2", thermal, 1, little, 0);
  double photons = 1e6;
  if (shot_on) {
    const double half = pl_fit_half(shot.error, 1), per = FULL_CODE * FULL_CODE / 2;
    photons = per / shot.value;
    fit->effects |= PL_EFFECT_SHOT;
    pl_fit_add(fit, "photons_full_scale", -1, "photons", photons, per / (shot.value + half), per / (shot.value - half),
               1);
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

void pl_coherent_report(coherent *c) {
  pl_fit *fit = c->fit;
  const pl_moment offset = c->probe[DARK].m.mean;
  const double half = pl_fit_half(offset.error, 1), little = 1e-5 * c->length * FULL_CODE * FULL_CODE;
  if (c->p->sheet.adc_bits)
    pl_fit_judge(pl_fit_add(fit, "adc_offset_code2", -1, "code2", offset.value, offset.value - half,
                            offset.value + half, 1), 0, little);
  if (c->wavelengths > 1) {
    const double kappa = c->crosstalk.value, by = pl_fit_half(c->crosstalk.error, 1);
    pl_fit_parameter *p = pl_fit_add(fit, "crosstalk_field", -1, "", kappa, kappa - by, kappa + by, 0);
    if (pl_fit_judge(p, 0, 1e-3) && kappa > by) {
      fit->effects |= PL_EFFECT_CROSSTALK;
      pl_fit_add(fit, "crosstalk_db", -1, "dB", 20 * log10(kappa), 20 * log10(kappa - by), 20 * log10(kappa + by), 1);
    }
  }
  report_coupler(c);
  if (pl_fit_add_rms(fit, "encoding_noise_rms_a", "", c->encoding[0], 1, 1e-3, 1)) fit->effects |= PL_EFFECT_ENC_A;
  if (pl_fit_add_rms(fit, "encoding_noise_rms_b", "", c->encoding[1], 1, 1e-3, 1)) fit->effects |= PL_EFFECT_ENC_B;
  report_phase(c);
  if (pl_fit_add_rms(fit, "output_noise_rms", "", variance_of(c, OUTPUT), 1, 2e-3, 1)) fit->effects |= PL_EFFECT_OUTPUT;
  report_receiver(c);
}

static int random_code(coherent *c, int operand) {
  const int step = c->lit[operand] == 64 ? 64 : 32, levels = c->lit[operand] / step;
  return (pl_probe_random(c->p, 2 * levels + 1) - levels) * step;
}

static void expect(coherent *c, const probe *p) {
  const terms t = pl_coherent_terms(c, p->a, p->b);
  double coefficient[VARIANCES], own = pl_coherent_residual(c, &t, coefficient), of_own = p->m.residual.error;
  of_own *= of_own;
  for (int i = 0; i < VARIANCES; i++) {
    own += coefficient[i] * c->variances.value[i];
    for (int j = 0; j < VARIANCES; j++) of_own += coefficient[i] * coefficient[j] * c->variances.covariance[i][j];
  }
  /* The fitted mean has the errors of offset, gain, crosstalk (of the sum of neighbours' products) and coupler. */
  const double measured = p->m.mean.error, offset = c->probe[DARK].m.mean.error;
  double neighbours = 0, by_wavelength[WAVELENGTHS_MAX] = {0};
  for (int k = 0; k < c->length; k++) {
    if (pl_coherent_leaks(c, k)) neighbours += p->a[k] * p->b[k - 1] + p->a[k - 1] * p->b[k];
    by_wavelength[k % c->wavelengths] += (p->a[k] * p->a[k] - p->b[k] * p->b[k]) / 2.0;
  }
  double of_mean = measured * measured + offset * offset + pow(c->gain.error * t.product, 2) +
                   pow(c->crosstalk.error * neighbours, 2);
  for (int i = 0; i < c->wavelengths; i++) of_mean += pow(c->imbalance[i].error * by_wavelength[i], 2);
  pl_fit_expect(c->fit, "mean", p->m.mean.value, pl_coherent_mean(c, &t), sqrt(of_mean));
  pl_fit_expect(c->fit, "variance by row", p->m.row.value, c->encoding[0].value * t.row,
                hypot(p->m.row.error, c->encoding[0].error * t.row));
  pl_fit_expect(c->fit, "variance by column", p->m.column.value, c->encoding[1].value * t.column,
                hypot(p->m.column.error, c->encoding[1].error * t.column));
  pl_fit_expect(c->fit, "variance of a read", p->m.residual.value, own, sqrt(of_own));
}

pl_status pl_coherent_predict(coherent *c, pl_error *err) {
  const int channels = c->p->sheet.channels;
  const int64_t reads = c->p->reads;
  int8_t *codes = malloc(2 * (size_t)channels);
  if (!codes) return pl_fail(err, PL_E_MEMORY, "out of memory for random vectors");
  probe p = {.a = codes, .b = codes + channels};
  for (int k = 0; k < channels; k++) {
    p.a[k] = (int8_t)random_code(c, 0);
    p.b[k] = (int8_t)random_code(c, 1);
  }
  c->p->reads = (int64_t)fmax(PL_PROBE_READS_MIN, (double)reads * c->length / channels);
  c->length = c->p->length = channels;
  const pl_status status = pl_probe_moments(c->p, p.a, p.b, PL_SQUARE, &p.m, err);
  if (!status) expect(c, &p);
  c->p->reads = reads;
  free(codes);
  return status;
}
