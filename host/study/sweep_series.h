/* sweep_series.h: lines through the results of a sweep: the rows of a group that differ only in one setting and in the seed.
 *
 *   pl_sweep_series *lines;
 *   int n = pl_sweep_series_make(table, "adc_bits", &lines);     n lines, -1: out of memory
 *   pl_sweep_series_needed(&lines[0], 0.01)                      the smallest value from which on at most 1 % is lost
 *
 * Seeds are averaged in nats per token. Loss is against the float model on the same tokens: perplexity / reference - 1. */
#ifndef PL_STUDY_SWEEP_SERIES_H
#define PL_STUDY_SWEEP_SERIES_H

#include "study/sweep_store.h"

typedef struct {
  double x;
  int seeds;
  double nll, reference_nll; /* means over the seeds */
  double error;              /* standard error of the perplexity from the number of tokens, mean over the seeds */
  double kl, clip_rate;
  double fj_per_mac; /* 0: its group names no architecture */
} pl_sweep_dot;

typedef struct {
  char block[PL_SWEEP_NAME], core[PL_SWEEP_NAME];
  char label[400]; /* the settings that are the same along it: "dac_bits 4, range max", or "" */
  int dots;
  pl_sweep_dot *dot; /* owned; by x */
} pl_sweep_series;

/* Rows without the setting `name` are left out. *lines: free with pl_sweep_series_free. */
int pl_sweep_series_make(const pl_sweep_table *table, const char *name, pl_sweep_series **lines);
void pl_sweep_series_free(pl_sweep_series *lines, int count);

double pl_sweep_dot_perplexity(const pl_sweep_dot *dot);
double pl_sweep_dot_loss(const pl_sweep_dot *dot);

/* NAN if even the largest value loses more. */
double pl_sweep_series_needed(const pl_sweep_series *line, double loss);

/* Settings of a table that sweeps converters or light, the i-th of them; NULL behind the last. */
const char *pl_sweep_needed_name(int i);

#endif
