/* null.c: the `null:` backend: computes by the golden model, and goes wrong on demand. For tests of everything above.
 *
 *   fail=open|configure|gemm   that call fails (gemm: once, with the job `after`; the next job works again)
 *   fail=lost                  from job `after` on the device is gone: every call fails until it is opened anew
 *   after=N                    jobs that go well before the fault (0)
 *   flip=JOB,ROW,COL[,SUM]     the lowest bit of one result is wrong: the job's number, absolute row and column.
 *                              `*` in a place means any job, or the first row or column of it. SUM is the detector
 *                              read that goes wrong (0): jobs with fewer reads are right
 *   delay=MS                   every job takes so much longer, in milliseconds
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device/backend.h"

typedef enum { FAIL_NEVER, FAIL_CONFIGURE, FAIL_GEMM, FAIL_LOST } fault;

typedef struct {
  fault fault;
  uint64_t after, delay_ms, jobs;
  int flips;
  int64_t flip_job, flip_row, flip_col, flip_sum; /* -1: `*` */
} null_state;

static pl_status parse_flip(const char *text, null_state *state, pl_error *err) {
  enum { NEEDED = 3, FIELDS = 4 };
  int64_t *const fields[FIELDS] = {&state->flip_job, &state->flip_row, &state->flip_col, &state->flip_sum};
  const char *p = text;
  for (int i = 0, more = 1; more; i++) {
    char *end;
    if (*p == '*') {
      *fields[i] = -1;
      end = (char *)p + 1;
    } else {
      *fields[i] = strtoll(p, &end, 10);
    }
    more = *end == ',' && i + 1 < FIELDS;
    if (end == p || *fields[i] > UINT32_MAX || (*p != '*' && *fields[i] < 0) || (*end && !more) ||
        (!more && i + 1 < NEEDED))
      return pl_fail(err, PL_E_INPUT, "null: option flip wants JOB,ROW,COL[,SUM] (numbers or *), not '%s'", text);
    p = end + 1;
  }
  state->flips = 1;
  return PL_OK;
}

static pl_status parse(const pl_uri *uri, null_state *state, pl_error *err) {
  const char *fail = pl_uri_text(uri, "fail", NULL), *flip = pl_uri_text(uri, "flip", NULL);
  pl_status status;
  if (fail && !strcmp(fail, "open")) return pl_fail(err, PL_E_NODEV, "null: there is no device (fail=open)");
  if (fail && !strcmp(fail, "configure")) {
    state->fault = FAIL_CONFIGURE;
  } else if (fail && !strcmp(fail, "gemm")) {
    state->fault = FAIL_GEMM;
  } else if (fail && !strcmp(fail, "lost")) {
    state->fault = FAIL_LOST;
  } else if (fail) {
    return pl_fail(err, PL_E_INPUT, "null: option fail wants open, configure, gemm or lost, not '%s'", fail);
  }
  if ((status = pl_uri_number(uri, "after", 0, UINT32_MAX, &state->after, err))) return status;
  if ((status = pl_uri_number(uri, "delay", 0, 60000, &state->delay_ms, err))) return status;
  return flip ? parse_flip(flip, state, err) : PL_OK;
}

static pl_status null_open(pl_device *dev, const pl_uri *uri, pl_error *err) {
  null_state *state = calloc(1, sizeof *state);
  if (!state) return pl_fail(err, PL_E_MEMORY, "out of memory when opening null:");
  pl_status status = parse(uri, state, err);
  if (status) {
    free(state);
    return status;
  }
  dev->state = state;
  return PL_OK;
}

static void null_close(pl_device *dev) { free(dev->state); }

static pl_status check_lost(const null_state *state, pl_error *err) {
  if (state->fault == FAIL_LOST && state->jobs >= state->after)
    return pl_fail(err, PL_E_IO, "null: the device was lost after %llu jobs (fail=lost): open it again",
                   (unsigned long long)state->after);
  return PL_OK;
}

static pl_status null_configure(pl_device *dev, pl_error *err) {
  null_state *state = dev->state;
  if (state->fault == FAIL_CONFIGURE)
    return pl_fail(err, PL_E_IO, "null: the registers cannot be written (fail=configure)");
  return check_lost(state, err);
}

static void flip(const null_state *state, const pl_job *job, uint32_t channels) {
  int64_t row = state->flip_row < 0 ? 0 : state->flip_row - (int64_t)job->row0;
  int64_t col = state->flip_col < 0 ? 0 : state->flip_col - (int64_t)job->col0;
  if (state->flip_job >= 0 && state->flip_job != (int64_t)job->job) return;
  if (job->k <= state->flip_sum * (int64_t)channels) return;
  if (row < 0 || row >= job->m || col < 0 || col >= job->n) return;
  job->c[row * job->ldc + col] ^= 1;
}

static pl_status null_gemm(pl_device *dev, const pl_job *job, const pl_image *words, pl_error *err) {
  null_state *state = dev->state;
  pl_status status = check_lost(state, err);
  if (status) return status;
  if (state->delay_ms) {
    struct timespec pause = {.tv_sec = (time_t)(state->delay_ms / 1000),
                             .tv_nsec = (long)(state->delay_ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
  }
  uint64_t number = state->jobs++;
  if (state->fault == FAIL_GEMM && number == state->after)
    return pl_fail(err, PL_E_IO, "null: job %llu failed (fail=gemm): try it again", (unsigned long long)number);
  if ((status = pl_compute_model(job, words, 1, &dev->counters, err))) return status;
  if (state->flips) flip(state, job, words->reg[PL_REG_CHANNELS]);
  return PL_OK;
}

const pl_backend pl_backend_null = {
    .scheme = "null",
    .options = "fail after flip delay",
    .open = null_open,
    .close = null_close,
    .configure = null_configure,
    .gemm = null_gemm,
};
