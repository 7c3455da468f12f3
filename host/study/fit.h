/* fit.h: from measurements on a device to the parameters of a core description, with intervals.
 *
 *   pl_fit *fit;
 *   if (pl_fit_device(&prober, &fit, &err)) ...          runs the probes of the device's kind
 *   for (int i = 0; i < fit->count; i++) ... fit->list[i]
 *   if (pl_fit_write(fit, "fitted.cfg", &err)) ...       a description that pl_core_load reads
 *   pl_fit_free(fit);
 *
 * docs/calibration.md says which probe and which estimator belong to each parameter. Nothing prints or exits.
 */
#ifndef PHOTOLANE_STUDY_FIT_H
#define PHOTOLANE_STUDY_FIT_H

#include <stdint.h>

#include "study/probe.h"
#include "study/statistics.h"

/* Chance that an interval misses the truth: of a single value; of any entry of a table. */
#define PL_FIT_MISS 1e-3

typedef enum {
  PL_FIT_ON,         /* measured, and part of the description if it is a field of one */
  PL_FIT_OFF,        /* compatible with no effect, and below the resolution */
  PL_FIT_UNRESOLVED, /* compatible with no effect, but the interval reaches above the resolution */
  PL_FIT_CONVENTION, /* cannot be known; a value that others refer to */
} pl_fit_state;

typedef struct {
  const char *name; /* a field of core descriptions if is_field, else what was measured besides; static */
  int index;        /* entry of a table, -1: a single value */
  const char *unit; /* static; "" for pure numbers */
  double value, low, high;
  double none, resolution; /* value without the effect; an interval that ends nearer to it than this counts as off */
  int is_field;
  pl_fit_state state;
} pl_fit_parameter;

/* A prediction for vectors that no fit has seen. */
typedef struct {
  const char *name; /* static */
  double measured, predicted, error;
} pl_fit_check;

enum { PL_FIT_PARAMETERS = 400, PL_FIT_CHECKS = 16 };

typedef struct {
  pl_sheet sheet;
  uint32_t effects; /* PL_EFFECT_*: converters of the data sheet, and what was found */
  int count, checks;
  pl_fit_parameter list[PL_FIT_PARAMETERS];
  pl_fit_check check[PL_FIT_CHECKS];
  uint64_t reads; /* that it took */
  int overflow;   /* private */
} pl_fit;

/* Probes the device and fits. *fit is the caller's, for pl_fit_free; NULL on error. PL_E_INPUT for a core that cannot
 * be calibrated or a data sheet that does not fit; else the errors of pl_gemm. */
pl_status pl_fit_device(pl_prober *prober, pl_fit **fit, pl_error *err);
void pl_fit_free(pl_fit *fit); /* NULL is fine */

/* About how many detector reads pl_fit_device will take with this prober. */
int64_t pl_fit_reads(const pl_prober *prober);

/* How many entries of list[first]'s table follow from there on, itself included: 1 for a single value. *seen: whether
 * any of them is neither off nor unresolved. */
int pl_fit_entries(const pl_fit *fit, int first, int *seen);

/* The parameter of that name (and index; -1 for a single value), or NULL. */
const pl_fit_parameter *pl_fit_find(const pl_fit *fit, const char *name, int index);

/* How far measured is from predicted, in units of the error. */
double pl_fit_deviation(const pl_fit_check *check);

/* Writes the description to a new file beside `path`, then renames it: an old file stays whole if writing fails.
 * PL_E_INPUT if the place cannot be written, PL_E_IO if writing fails on the way. */
pl_status pl_fit_write(const pl_fit *fit, const char *path, pl_error *err);

/* ---- For the fits themselves (fit_coherent.c, fit_intensity.c, fit_rns.c) ---- */

pl_status pl_fit_coherent(pl_prober *prober, pl_fit *fit, pl_error *err);
pl_status pl_fit_intensity(pl_prober *prober, pl_fit *fit, pl_error *err);
pl_status pl_fit_rns(pl_prober *prober, pl_fit *fit, pl_error *err);

/* Length of the probes' vectors: whole pairs of groups of wavelengths, `at_least` channels; all channels if there are
 * fewer. */
int pl_fit_length(const pl_sheet *sheet, int at_least);

/* Signs that make products of equal codes add up to 0: +1, -1, or 0 (leave it dark) for channel k of `length`; at
 * each wavelength if there are two groups of them. */
int pl_fit_balance(const pl_sheet *sheet, int length, int k);

/* Half of the interval of a moment with one standard error `error`, and of one of `entries` entries of a table. */
double pl_fit_half(double error, int entries);

/* Adds a parameter in state ON and returns it. */
pl_fit_parameter *pl_fit_add(pl_fit *fit, const char *name, int index, const char *unit, double value, double low,
                             double high, int is_field);

/* Adds the root of a variance, times `scale`, cut at 0, and judges it. Returns 1 if it is ON. */
int pl_fit_add_rms(pl_fit *fit, const char *name, const char *unit, pl_moment variance, double scale, double resolution,
                   int is_field);

/* Sets the state from the interval: compatible with `none` (the value without effect) or not. Returns 1 if ON. */
int pl_fit_judge(pl_fit_parameter *parameter, double none, double resolution);

void pl_fit_expect(pl_fit *fit, const char *name, double measured, double predicted, double error);

#endif
