/* sweep_job.c: the points of a sweep that are still to be measured, and the messages about them (see sweep.h). */
#include <stdlib.h>
#include <string.h>

#include "cli/sweep.h"

int sweep_job_start(sweep_job *job, const pl_sweep *sweep, pl_sweep_store *store, int64_t limit) {
  *job = (sweep_job){.sweep = sweep, .store = store, .given = calloc((size_t)sweep->count, 1)};
  if (!job->given) {
    pl_error err;
    pl_fail(&err, PL_E_MEMORY, "out of memory for the sweep %s", sweep->path);
    return cli_fail(&err);
  }
  job->left = sweep->count - pl_sweep_store_count(store);
  if (limit && job->left > limit) job->left = (int)limit;
  for (int i = 0; i < sweep->count; i++) job->given[i] = (unsigned char)pl_sweep_store_has(store, i);
  cli_progress_start(&job->bar, "sweep", (uint64_t)job->left);
  return CLI_OK;
}

void sweep_job_end(sweep_job *job) {
  cli_progress_end(&job->bar);
  free(job->given);
}

int sweep_job_next(sweep_job *job) {
  const unsigned char *free_one = job->left ? memchr(job->given, 0, (size_t)job->sweep->count) : NULL;
  if (!free_one) return SWEEP_STOP;
  const int point = (int)(free_one - job->given);
  job->given[point] = 1;
  job->left--;
  return point;
}

void sweep_job_again(sweep_job *job, int point) {
  if (point < 0 || pl_sweep_store_has(job->store, point)) return;
  job->given[point] = 0;
  job->left++;
}

static int is_text(const sweep_message *m, size_t size) { return size > sizeof *m && !((const char *)m)[size - 1]; }

static int refuse(const char *who, const char *what) {
  pl_error err;
  pl_fail(&err, PL_E_IO, "%s%s", who, what);
  return cli_fail(&err);
}

int sweep_job_take(sweep_job *job, const sweep_message *m, size_t size, const char *who) {
  pl_error err;
  if (size >= sizeof *m && m->kind == SWEEP_FAILED && is_text(m, size)) {
    cli_progress_end(&job->bar);
    if (m->point >= 0) pl_fail(&err, (pl_status)m->status, "%spoint %d: %s", who, m->point, (const char *)m->payload);
    else pl_fail(&err, (pl_status)m->status, "%s%s", who, (const char *)m->payload);
    return cli_fail(&err);
  }
  if (size >= sizeof *m && m->kind == SWEEP_HELLO && is_text(m, size)) {
    char mine[300];
    snprintf(mine, sizeof mine, "%s %s", job->sweep->hash, pl_build_id());
    if (!strcmp(mine, (const char *)m->payload)) return CLI_OK;
    return refuse(who, "has another sweep, model, text or build: all machines must see the same files");
  }
  const void *payload = m->payload;
  if (size < sizeof *m || m->kind != SWEEP_RESULT || !pl_sweep_result_check(payload, size - sizeof *m, job->sweep))
    return refuse(who, "a worker sent a broken result");
  cli_progress_update(&job->bar, (uint64_t)++job->done);
  if (!pl_sweep_store_put(job->store, payload, &err)) return CLI_OK;
  cli_progress_end(&job->bar);
  return cli_fail(&err);
}

static size_t fill(int kind, int point, int status, const void *payload, size_t size, sweep_message **message) {
  *message = calloc(1, sizeof **message + size);
  if (!*message) return 0;
  (*message)->kind = kind, (*message)->point = point, (*message)->status = status;
  memcpy((*message)->payload, payload, size);
  return sizeof **message + size;
}

size_t sweep_tell(int kind, int point, int status, const char *text, sweep_message **message) {
  return fill(kind, point, status, text, strlen(text) + 1, message);
}

size_t sweep_do(pl_sweep_lab *lab, int point, sweep_message **message) {
  pl_error err;
  pl_sweep_result *result;
  const pl_status status = pl_sweep_measure(lab, point, &result, &err);
  if (status) return sweep_tell(SWEEP_FAILED, point, status, err.text, message);
  const size_t size = fill(SWEEP_RESULT, point, 0, result, pl_sweep_result_size(result->products), message);
  free(result);
  return size;
}
