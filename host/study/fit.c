/* fit.c: see fit.h. What the fits of all kinds share: the list of parameters, intervals, states. */
#include "study/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int pl_fit_length(const pl_sheet *sheet, int at_least) {
  const int pair = 2 * sheet->wavelengths, length = (at_least + pair - 1) / pair * pair;
  return length < sheet->channels ? length : sheet->channels;
}

int pl_fit_balance(const pl_sheet *sheet, int length, int k) {
  const int groups = length / sheet->wavelengths;
  if (groups >= 2) return k < (groups & ~1) * sheet->wavelengths ? (k / sheet->wavelengths & 1 ? -1 : 1) : 0;
  return k < (length & ~1) ? (k & 1 ? -1 : 1) : 0;
}

double pl_fit_half(double error, int entries) {
  return error * pl_student_quantile(PL_FIT_MISS / 2 / entries, PL_PROBE_JOBS - 1);
}

pl_fit_parameter *pl_fit_add(pl_fit *fit, const char *name, int index, const char *unit, double value, double low,
                             double high, int is_field) {
  if (fit->count == PL_FIT_PARAMETERS) fit->overflow = 1, fit->count--; /* pl_fit_device makes an error of it */
  pl_fit_parameter *p = &fit->list[fit->count++];
  *p = (pl_fit_parameter){.name = name, .index = index, .unit = unit, .value = value, .low = low, .high = high,
                          .is_field = is_field, .state = PL_FIT_ON};
  return p;
}

int pl_fit_judge(pl_fit_parameter *p, double none, double resolution) {
  p->none = none;
  p->resolution = resolution;
  if (p->low > none || p->high < none) p->state = PL_FIT_ON;
  else p->state = fmax(p->high - none, none - p->low) <= resolution ? PL_FIT_OFF : PL_FIT_UNRESOLVED;
  return p->state == PL_FIT_ON;
}

static double root(double square) { return square > 0 ? sqrt(square) : 0; }

int pl_fit_add_rms(pl_fit *fit, const char *name, const char *unit, pl_moment variance, double scale, double resolution,
                   int is_field) {
  const double half = pl_fit_half(variance.error, 1);
  return pl_fit_judge(pl_fit_add(fit, name, -1, unit, scale * root(variance.value), scale * root(variance.value - half),
                                 scale * root(variance.value + half), is_field), 0, resolution);
}

void pl_fit_expect(pl_fit *fit, const char *name, double measured, double predicted, double error) {
  if (fit->checks == PL_FIT_CHECKS) fit->overflow = 1, fit->checks--;
  fit->check[fit->checks++] = (pl_fit_check){name, measured, predicted, error};
}

double pl_fit_deviation(const pl_fit_check *check) { return (check->measured - check->predicted) / check->error; }

int pl_fit_entries(const pl_fit *fit, int first, int *seen) {
  const pl_fit_parameter *p = &fit->list[first];
  int count = 0;
  *seen = 0;
  do *seen |= p[count].state != PL_FIT_OFF && p[count].state != PL_FIT_UNRESOLVED;
  while (++count + first < fit->count && p->index >= 0 && !strcmp(p[count].name, p->name));
  return count;
}

const pl_fit_parameter *pl_fit_find(const pl_fit *fit, const char *name, int index) {
  for (int i = 0; i < fit->count; i++)
    if (!strcmp(fit->list[i].name, name) && fit->list[i].index == index) return &fit->list[i];
  return NULL;
}

/* The effects that a data sheet tells. */
static uint32_t converters(const pl_sheet *s) {
  uint32_t effects = (s->dac_bits[0] ? PL_EFFECT_DAC_A : 0) | (s->dac_bits[1] ? PL_EFFECT_DAC_B : 0) |
                     (s->adc_bits ? PL_EFFECT_ADC : 0);
  if (s->residues) effects |= PL_EFFECT_RESIDUES;
  if (s->bfp_bits) effects |= PL_EFFECT_BFP;
  if (s->range_check) effects |= PL_EFFECT_RANGE_CHECK;
  if (s->redundant) effects |= PL_EFFECT_REDUNDANCY;
  return effects;
}

pl_status pl_fit_device(pl_prober *prober, pl_fit **fit, pl_error *err) {
  *fit = calloc(1, sizeof **fit);
  if (!*fit) return pl_fail(err, PL_E_MEMORY, "out of memory for a calibration");
  (*fit)->sheet = prober->sheet;
  (*fit)->effects = converters(&prober->sheet);
  pl_status status = PL_OK;
  if (prober->sheet.kind == PL_KIND_COHERENT) status = pl_fit_coherent(prober, *fit, err);
  else if (prober->sheet.kind == PL_KIND_INTENSITY) status = pl_fit_intensity(prober, *fit, err);
  else status = pl_fit_rns(prober, *fit, err);
  (*fit)->reads = prober->done;
  if (!status && (*fit)->overflow)
    status = pl_fail(err, PL_E_INPUT, "this core has more parameters than a calibration lists");
  if (!status) return PL_OK;
  pl_fit_free(*fit);
  *fit = NULL;
  return status;
}

int64_t pl_fit_reads(const pl_prober *prober) {
  static const int probes[PL_KINDS] = {[PL_KIND_COHERENT] = 17, [PL_KIND_INTENSITY] = 24, [PL_KIND_RNS] = 34};
  return prober->reads * probes[prober->sheet.kind];
}

void pl_fit_free(pl_fit *fit) { free(fit); }
