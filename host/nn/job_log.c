/* job_log.c: see job_log.h. */
#include "nn/job_log.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash(pl_nn_product p, int m, int n, int k) {
  uint32_t h = (uint32_t)p;
  const uint32_t words[] = {(uint32_t)m, (uint32_t)n, (uint32_t)k};
  for (int i = 0; i < 3; i++) h = (h ^ words[i]) * 2654435761u, h ^= h >> 15;
  return h;
}

/* The slot of a shape, or the empty one where it belongs. */
static int *find(const pl_nn_job_log *log, pl_nn_product p, int m, int n, int k) {
  for (uint32_t at = hash(p, m, n, k);; at++) {
    int *slot = &log->slot[at & (uint32_t)(log->slots - 1)];
    if (*slot < 0) return slot;
    const pl_nn_job_entry *e = &log->entry[*slot];
    if (e->product == p && e->m == m && e->n == n && e->k == k) return slot;
  }
}

static int grow(pl_nn_job_log *log) {
  const int room = log->room ? 2 * log->room : 64;
  pl_nn_job_entry *entry = realloc(log->entry, sizeof *entry * (size_t)room);
  if (entry) log->entry = entry;
  int *slot = entry ? malloc(sizeof *slot * 2 * (size_t)room) : NULL;
  if (!slot) return 0;
  free(log->slot);
  log->slot = slot, log->slots = 2 * room, log->room = room;
  for (int i = 0; i < log->slots; i++) slot[i] = -1;
  for (int i = 0; i < log->count; i++) *find(log, entry[i].product, entry[i].m, entry[i].n, entry[i].k) = i;
  return 1;
}

pl_status pl_nn_job_log_add(pl_nn_job_log *log, pl_nn_product product, const pl_job *job, const pl_counters *before,
                            const pl_counters *after, pl_error *err) {
  if (log->count == log->room && !grow(log)) return pl_fail(err, PL_E_MEMORY, "out of memory for the log of jobs");
  int *slot = find(log, product, job->m, job->n, job->k);
  if (*slot < 0) {
    *slot = log->count++;
    log->entry[*slot] = (pl_nn_job_entry){.product = product, .m = job->m, .n = job->n, .k = job->k};
  }
  pl_nn_job_entry *e = &log->entry[*slot];
  e->jobs++;
  e->macs += after->macs - before->macs;
  e->reads += after->reads - before->reads;
  e->clipped += after->clipped - before->clipped;
  e->encodings_a += after->encodings_a - before->encodings_a;
  e->encodings_b += after->encodings_b - before->encodings_b;
  return PL_OK;
}

void pl_nn_job_log_free(pl_nn_job_log *log) {
  free(log->entry);
  free(log->slot);
  memset(log, 0, sizeof *log);
}
