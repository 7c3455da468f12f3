/* fit.c: see fit.h. What the fits of all kinds share: the list of parameters, intervals, states. */
#include "study/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
  p->resolution = resolution;
  if (p->low > none || p->high < none) p->state = PL_FIT_ON;
  else p->state = fmax(p->high - none, none - p->low) <= resolution ? PL_FIT_OFF : PL_FIT_UNRESOLVED;
  return p->state == PL_FIT_ON;
}

void pl_fit_expect(pl_fit *fit, const char *name, double measured, double predicted, double error) {
  if (fit->checks == PL_FIT_CHECKS) fit->overflow = 1, fit->checks--;
  fit->check[fit->checks++] = (pl_fit_check){name, measured, predicted, error};
}

double pl_fit_deviation(const pl_fit_check *check) { return (check->measured - check->predicted) / check->error; }

const pl_fit_parameter *pl_fit_find(const pl_fit *fit, const char *name, int index) {
  for (int i = 0; i < fit->count; i++)
    if (!strcmp(fit->list[i].name, name) && fit->list[i].index == index) return &fit->list[i];
  return NULL;
}

pl_status pl_fit_device(pl_prober *prober, pl_fit **fit, pl_error *err) {
  *fit = calloc(1, sizeof **fit);
  if (!*fit) return pl_fail(err, PL_E_MEMORY, "out of memory for a calibration");
  (*fit)->sheet = prober->sheet;
  pl_status status = PL_OK;
  if (prober->sheet.kind == PL_KIND_COHERENT) status = pl_fit_coherent(prober, *fit, err);
  else
    status = pl_fail(err, PL_E_INPUT, "cores of kind %s cannot be calibrated yet",
                     pl_kind_name((uint32_t)prober->sheet.kind));
  (*fit)->reads = prober->done;
  if (!status && (*fit)->overflow)
    status = pl_fail(err, PL_E_INPUT, "this core has more parameters than a calibration lists");
  if (!status) return PL_OK;
  pl_fit_free(*fit);
  *fit = NULL;
  return status;
}

int64_t pl_fit_reads(const pl_prober *prober) {
  static const int probes[PL_KINDS] = {[PL_KIND_COHERENT] = 17};
  return prober->reads * probes[prober->sheet.kind];
}

void pl_fit_free(pl_fit *fit) { free(fit); }
