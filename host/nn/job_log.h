/* job_log.h: what the jobs of a run cost the device, added up by product and shape.
 *
 * A run makes thousands of jobs of a few hundred shapes: layers and heads of one product and shape share an entry. The
 * entries stand in the order in which their shapes first came. */
#ifndef PHOTOLANE_NN_JOB_LOG_H
#define PHOTOLANE_NN_JOB_LOG_H

#include "nn/nn.h"

typedef struct {
  pl_nn_product product;
  int m, n, k; /* of one job, as in pl_job: rows = tokens, columns, length of the sum */
  uint64_t jobs, macs, reads, clipped, encodings_a, encodings_b; /* as the device counted them, all jobs together */
} pl_nn_job_entry;

typedef struct {
  pl_nn_job_entry *entry; /* owned */
  int count, room;
  int *slot; /* hash table of places in `entry`, -1 empty; owned */
  int slots; /* a power of two, at least twice count */
} pl_nn_job_log;

/* Adds one job; before, after: the device's counters around it. PL_E_MEMORY: the log is as it was. */
pl_status pl_nn_job_log_add(pl_nn_job_log *log, pl_nn_product product, const pl_job *job, const pl_counters *before,
                            const pl_counters *after, pl_error *err);
void pl_nn_job_log_free(pl_nn_job_log *log);

/* The log of a model's jobs so far; it belongs to the optics. */
const pl_nn_job_log *pl_nn_optics_log(const pl_nn_optics *optics);

#endif
