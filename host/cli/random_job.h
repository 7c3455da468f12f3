/* random_job.h: random jobs for `photolane verify`: a pure function of (seed, number, kind, level), the same on
 * every machine and for every device, so that any one can be made again alone.
 *
 * Jobs are small (some 10^4 products) but odd: tails of every kind, sums from 1 to 4096 channels and up to 65536
 * reads, extreme operands, coordinates up to the limits, random registers. Most registers are drawn so that few
 * reads saturate (a saturated read hides every earlier error); one job in eight draws them over their full range.
 */
#ifndef PHOTOLANE_RANDOM_JOB_H
#define PHOTOLANE_RANDOM_JOB_H

#include "photolane/photolane.h"

typedef enum {
  LEVEL_L0, /* every effect off: the integer product */
  LEVEL_L1, /* converters only: DAC and ADC bits */
  LEVEL_L2, /* everything random */
} verify_level;

typedef struct {
  pl_image image;
  pl_job job;     /* points into the arrays below */
  int split;      /* 0, or the rows of a first part: the job goes to the device in two pieces with the same b_tag */
  int8_t *a, *b;  /* m x lda, n x ldb */
  int32_t *c;     /* m x ldc, filled with GUARD */
} random_job;

enum { RANDOM_JOB_GUARD = 0x5ca1ab1e };

/* kind: PL_KIND_*. PL_E_MEMORY if it runs out. On success free with random_job_free. */
pl_status random_job_make(uint64_t seed, uint64_t number, uint32_t kind, verify_level level, random_job *job,
                          pl_error *err);
void random_job_free(random_job *job);

/* splitmix64 (Steele, Lea, Flood, OOPSLA 2014): the next 64 random bits of *state. */
uint64_t random_next(uint64_t *state);

#endif
