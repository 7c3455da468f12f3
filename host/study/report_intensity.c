/* report_intensity.c: estimates of an intensity core to parameters with intervals, and the prediction that checks
 * them. */
#include <math.h>
#include <stdlib.h>

#include "study/intensity_fit.h"

#define COUNTED 1e5 /* photons of a read at full light */

static double error_of(const intensity *c, int which) { return sqrt(c->noise.covariance[which][which]); }

static pl_moment moment_of(const intensity *c, int which) {
  return (pl_moment){c->noise.value[which], error_of(c, which)};
}

/* The floor and, unless the curve is straight down to it, the list of 128 intensities. Levels that the DAC cannot
 * send are put on the line between those that it can. */
static void report_transfer(intensity *c, int operand) {
  static const char *const floor_names[] = {"extinction_a", "extinction_b"};
  static const char *const names[] = {"transfer_a", "transfer_b"};
  pl_fit *fit = c->fit;
  const int levels = c->levels[operand], step = c->step[operand];
  const pl_moment dark = moment_of(c, FLOOR_A + operand);
  const double half = pl_fit_half(dark.error, 1);
  int floor_on = 0, straight = 1;
  pl_fit_parameter *floor_light;
  if (c->has_floors) {
    floor_light = pl_fit_add(fit, floor_names[operand], -1, "", fmax(dark.value, 0), fmax(dark.value - half, 0),
                             fmax(dark.value + half, 0), 1);
    floor_on = pl_fit_judge(floor_light, 0, 1e-3);
  } else { /* means do not show it */
    floor_light = pl_fit_add(fit, floor_names[operand], -1, "", 0, 0, 1, 1);
    floor_light->state = PL_FIT_UNRESOLVED;
  }
  const int first = fit->count;
  for (int code = 0; code <= (levels - 1) * step; code++) {
    const int level = code / step;
    const double part = (double)(code % step) / step;
    const pl_moment *s = &c->shape[operand][level];
    double value = pl_intensity_transfer(c, operand, level, c->noise.value), shape = s->value, error = s->error;
    if (part > 0) {
      value += part * (pl_intensity_transfer(c, operand, level + 1, c->noise.value) - value);
      shape += part * (s[1].value - shape), error = fmax(error, s[1].error);
    }
    /* T = f + (T_top - f) s; the top is 1 by definition */
    const double by = 1e-9 + pl_fit_half(hypot(error, dark.error * (1 - shape)), levels);
    pl_fit_parameter *p = pl_fit_add(fit, names[operand], code, "", fmax(value, 0), value - by, value + by, 1);
    const double line = fmax(code / FULL_CODE, floor_on ? dark.value : 0);
    pl_fit_judge(p, line, 1e-3);
    straight &= p->state != PL_FIT_ON;
  }
  for (int i = (levels - 1) * step + 1; i < LEVELS_MAX; i++) { /* beyond the DAC: as if it went on */
    const double line = i / FULL_CODE;
    pl_fit_judge(pl_fit_add(fit, names[operand], i, "", line, line, line, 1), line, 0);
  }
  for (int i = first; i < fit->count && !straight; i++) fit->list[i].state = PL_FIT_ON;
  if (!straight && !c->has_floors) floor_light->state = PL_FIT_CONVENTION;
  if (floor_on || !straight) fit->effects |= operand ? PL_EFFECT_TRANSFER_B : PL_EFFECT_TRANSFER_A;
}

static void report_gains(intensity *c) {
  pl_fit *fit = c->fit;
  const int count = c->wavelengths < c->length ? c->wavelengths : c->length, first = fit->count;
  /* The floors move all gains together: g = product / ((1 - f_a)(1 - f_b)). */
  double common = 0;
  for (int i = FLOOR_A; i <= FLOOR_B; i++)
    for (int j = FLOOR_A; j <= FLOOR_B; j++)
      common += c->noise.covariance[i][j] / ((1 - c->noise.value[i]) * (1 - c->noise.value[j]));
  int on = 0;
  for (int i = 0; i < count; i++) {
    const double value = pl_intensity_gain(c, i, c->noise.value);
    const double relative = hypot(c->product[i].error / c->product[i].value, sqrt(fmax(common, 0)));
    const double half = pl_fit_half(value * relative, count);
    on |= pl_fit_judge(pl_fit_add(fit, "channel_gains", i, "", value, value - half, value + half, 1), 1, 1e-2);
  }
  for (int i = first; i < fit->count && on; i++) fit->list[i].state = PL_FIT_ON;
  if (on) fit->effects |= PL_EFFECT_GAIN;
}

/* The light of all probes has the error of the mean gain: it is the shot noise's too. */
static double gain_error(const intensity *c) {
  double sum = 0, squares = 0;
  for (int i = 0; i < c->wavelengths && i < c->length; i++) {
    sum += c->product[i].value;
    squares += c->product[i].error * c->product[i].error;
  }
  return sqrt(squares) / sum;
}

static void report_noise(intensity *c) {
  pl_fit *fit = c->fit;
  const double full = c->length * FULL_CODE * FULL_CODE, little = 1e-4 * full, per = FULL_CODE * FULL_CODE;
  pl_moment shot = moment_of(c, SHOT);
  shot.error = hypot(shot.error, shot.value * gain_error(c));
  const pl_moment thermal = moment_of(c, THERMAL);
  const int seen = pl_fit_add_rms(fit, "shot_noise_at_full_light_rms_code2", "code2", shot, sqrt(full), little, 0);
  const int shot_on = seen && c->has_floors; /* what light a read has depends on the floors */
  if (seen && !shot_on) fit->list[fit->count - 1].state = PL_FIT_UNRESOLVED;
  if (pl_fit_add_rms(fit, "systematic_error_rms", "", moment_of(c, SYSTEMATIC), 2, 1e-3, 1)) {
    fit->effects |= PL_EFFECT_SYSTEMATIC;
    const double light = c->p->sheet.channels * FULL_CODE * FULL_CODE;
    pl_fit_add(fit, "mean_light_code2", -1, "code2", light, light, light, 1)->state = PL_FIT_CONVENTION;
  }
  const int thermal_on = pl_fit_add_rms(fit, "thermal_noise_rms_code2", "code2", thermal, 1, little, 0);
  double photons = 1e3;
  if (shot_on) {
    const double half = pl_fit_half(shot.error, 1);
    photons = per / shot.value;
    /* Whole counts are the better emulation of little light, and there is a limit to them. */
    fit->effects |= photons * c->p->sheet.channels < COUNTED ? PL_EFFECT_PHOTONS : PL_EFFECT_SHOT;
    pl_fit_add(fit, "photons_per_mac", -1, "photons", photons, per / (shot.value + half), per / (shot.value - half), 1);
  } else if (thermal_on) {
    pl_fit_add(fit, "photons_per_mac", -1, "photons", photons, photons, photons, 1)->state = PL_FIT_CONVENTION;
  }
  if (!thermal_on) return;
  fit->effects |= PL_EFFECT_THERMAL;
  const double value = sqrt(thermal.value) * photons / per, t = thermal.error / thermal.value / 2;
  const double s = shot_on ? shot.error / shot.value : 0;
  const double both = shot_on ? c->noise.covariance[SHOT][THERMAL] / (shot.value * thermal.value) : 0;
  const double half = pl_fit_half(value * sqrt(fmax(t * t + s * s - both, 0)), 1);
  pl_fit_add(fit, "thermal_noise_rms_photons", -1, "photons", value, fmax(value - half, 0), value + half, 1);
}

void pl_intensity_report(intensity *c) {
  const pl_moment offset = c->probe[DARK].m.mean;
  const double half = pl_fit_half(offset.error, 1), little = 1e-5 * c->length * FULL_CODE * FULL_CODE;
  if (c->p->sheet.adc_bits)
    pl_fit_judge(pl_fit_add(c->fit, "adc_offset_code2", -1, "code2", offset.value, offset.value - half,
                            offset.value + half, 1), 0, little);
  report_gains(c);
  report_transfer(c, 0);
  report_transfer(c, 1);
  report_noise(c);
}

/* ---- Random codes on all channels ---- */

static int random_code(intensity *c, int operand) {
  const int top = c->levels[operand] - 1;
  return (pl_probe_random(c->p, 2 * top + 1) - top) * c->step[operand];
}

/* Squared error of the predicted mean: of each wavelength's gain and each level's shape. */
static double mean_error2(const intensity *c, const probe *p) {
  double by_wavelength[WAVELENGTHS_MAX] = {0}, by_level[2][LEVELS_MAX] = {{0}}, sum = 0;
  const double unit = FULL_CODE * FULL_CODE;
  for (int k = 0; k < c->length; k++) {
    const int level[2] = {abs(p->a[k]) / c->step[0], abs(p->b[k]) / c->step[1]};
    const double sign = (p->a[k] < 0) == (p->b[k] < 0) ? unit : -unit, g = c->product[k % c->wavelengths].value;
    const double x = c->shape[0][level[0]].value, w = c->shape[1][level[1]].value;
    by_wavelength[k % c->wavelengths] += sign * x * w;
    by_level[0][level[0]] += sign * g * w;
    by_level[1][level[1]] += sign * g * x;
  }
  for (int i = 0; i < c->wavelengths; i++) sum += pow(by_wavelength[i] * c->product[i].error, 2);
  for (int operand = 0; operand < 2; operand++)
    for (int i = 0; i < c->levels[operand]; i++) sum += pow(by_level[operand][i] * c->shape[operand][i].error, 2);
  return sum;
}

/* Squared error of the predicted variance. */
static double variance_error2(const intensity *c, const probe *p) {
  const double here = pl_intensity_variance(c, p->a, p->b, c->noise.value);
  double slope[UNKNOWNS], sum = 0; /* of light by the gains' mean: the fit has it in the shot noise */
  for (int i = 0; i < UNKNOWNS; i++) {
    double moved[PL_LSQ_MAX], by = i == FLOOR_A || i == FLOOR_B ? 1e-4 : fmax(fabs(c->noise.value[i]), 1);
    for (int j = 0; j < UNKNOWNS; j++) moved[j] = c->noise.value[j] + (i == j ? by : 0);
    slope[i] = (pl_intensity_variance(c, p->a, p->b, moved) - here) / by;
  }
  for (int i = 0; i < UNKNOWNS; i++)
    for (int j = 0; j < UNKNOWNS; j++) sum += slope[i] * slope[j] * c->noise.covariance[i][j];
  return sum + pow(c->noise.value[SHOT] * pl_intensity_light_error(c, p->a, p->b, c->noise.value), 2);
}

pl_status pl_intensity_predict(intensity *c, pl_error *err) {
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
  if (!status) {
    const double offset = c->probe[DARK].m.mean.error, mean = p.m.mean.error, own = p.m.residual.error;
    pl_fit_expect(c->fit, "mean", p.m.mean.value, c->offset + pl_intensity_product(c, p.a, p.b),
                  sqrt(mean * mean + offset * offset + mean_error2(c, &p)));
    pl_fit_expect(c->fit, "variance of a read", p.m.residual.value,
                  pl_intensity_variance(c, p.a, p.b, c->noise.value), sqrt(own * own + variance_error2(c, &p)));
  }
  c->p->reads = reads;
  free(codes);
  return status;
}
