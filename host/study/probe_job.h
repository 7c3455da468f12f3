/* probe_job.h: private to the probes of host/study: jobs of repeated vectors, and the search for their ranges.
 *
 *   pl_probe_job j;
 *   if (pl_probe_make(p, a, 1, b, 1, m, n, &j, err)) ...        m x n outputs of a and b
 *   if (pl_probe_range(p, a, 1, b, 1, j.range.mean_light, &full_scale, err)) ...
 *   if (pl_probe_all(p, &j, full_scale, start, take, self, err)) ...
 *   pl_probe_free(&j);
 */
#ifndef PHOTOLANE_STUDY_PROBE_JOB_H
#define PHOTOLANE_STUDY_PROBE_JOB_H

#include "study/probe.h"

/* A job of m x n outputs whose row i has pattern i mod a_patterns, and its columns alike. */
typedef struct {
  int m, n, k, a_patterns, b_patterns;
  int8_t *a, *b;
  int32_t *c;
  pl_range range;
  double step; /* code^2 per code */
} pl_probe_job;

/* Repeats the patterns (p->length codes each) and notes their mean light in the range, as the host knows it: the mean
 * of the sums of products of magnitudes. The gain is left open. On error there is nothing to free. PL_E_MEMORY. */
pl_status pl_probe_make(const pl_prober *p, const int8_t *a, int a_patterns, const int8_t *b, int b_patterns, int m,
                        int n, pl_probe_job *j, pl_error *err);
void pl_probe_free(pl_probe_job *j);

/* Runs it once more, under a job number that was not used before. */
pl_status pl_probe_run(pl_prober *p, pl_probe_job *j, pl_error *err);

/* The largest full scale that any probe needs, code^2. */
double pl_probe_widest(const pl_prober *p);

/* Finds a range that 6 sigma around the outputs fill: *full_scale in code^2. Steps below 1/8 code^2 are not asked
 * for. */
pl_status pl_probe_range(pl_prober *p, const int8_t *a, int a_patterns, const int8_t *b, int b_patterns, uint32_t light,
                         double *full_scale, pl_error *err);

/* Runs the PL_PROBE_JOBS jobs of a probe, each given to `take`; widens the range and begins again, from `start`, if a
 * read saturates. */
pl_status pl_probe_all(pl_prober *p, pl_probe_job *j, double full_scale, void (*start)(void *), void (*take)(void *),
                       void *self, pl_error *err);

#endif
