/* model.c: the `model:` backend: jobs by the golden model. `model:?threads=N` splits a job over N threads.
 *
 * Every output is a pure function of its coordinates, so a part of a job is a job: the bits do not depend on the
 * split. The split is along columns or rows, whichever has more: the other operand is encoded once per thread. */
#include <pthread.h>
#include <stdlib.h>

#include "device/backend.h"
#include "model/model.h"

enum { THREADS_MAX = 64, MACS_PER_THREAD = 1 << 18 /* below this a thread costs more than it brings */ };

typedef struct {
  pl_model_regs regs;
  const int8_t *a, *b;
  int32_t *c;
  int64_t lda, ldb, ldc;
  int64_t clipped; /* the result; -1: out of memory */
} part;

static void *compute(void *argument) {
  part *p = argument;
  p->clipped = pl_model_gemm(&p->regs, p->a, p->lda, p->b, p->ldb, p->c, p->ldc);
  return NULL;
}

/* Part `i` of `count` of the whole job. */
static part cut(const part *whole, int by_columns, int i, int count) {
  part p = *whole;
  int total = by_columns ? whole->regs.cols : whole->regs.rows;
  int first = (int)((int64_t)total * i / count), end = (int)((int64_t)total * (i + 1) / count);
  if (by_columns) {
    p.regs.col0 += (uint32_t)first;
    p.regs.cols = end - first;
    p.b += first * p.ldb;
    p.c += first;
  } else {
    p.regs.row0 += (uint32_t)first;
    p.regs.rows = end - first;
    p.a += first * p.lda;
    p.c += first * p.ldc;
  }
  return p;
}

pl_status pl_compute_model(const pl_job *job, const pl_image *words, int threads, pl_counters *counters,
                           pl_error *err) {
  part whole = {.a = job->a, .b = job->b, .c = job->c, .lda = job->lda, .ldb = job->ldb, .ldc = job->ldc};
  pl_model_unpack(words, &whole.regs);
  uint64_t m = (uint64_t)job->m, n = (uint64_t)job->n, k = (uint64_t)job->k, channels = (uint64_t)whole.regs.channels;

  int by_columns = job->n >= job->m;
  uint64_t most = by_columns ? n : m, worth = m * n * k / MACS_PER_THREAD;
  if ((uint64_t)threads > most) threads = (int)most;
  if ((uint64_t)threads > worth) threads = worth > 1 ? (int)worth : 1;

  int64_t clipped = 0;
  if (threads == 1) {
    compute(&whole);
    clipped = whole.clipped;
  } else {
    part parts[THREADS_MAX];
    pthread_t ids[THREADS_MAX];
    int running[THREADS_MAX];
    for (int i = 0; i < threads; i++) {
      parts[i] = cut(&whole, by_columns, i, threads);
      running[i] = i && !pthread_create(&ids[i], NULL, compute, &parts[i]);
    }
    for (int i = 0; i < threads; i++) /* the first, and what found no thread, is done here */
      if (!running[i]) compute(&parts[i]);
    for (int i = 0; i < threads; i++) {
      if (running[i]) pthread_join(ids[i], NULL);
      clipped = clipped < 0 || parts[i].clipped < 0 ? -1 : clipped + parts[i].clipped;
    }
  }
  if (clipped < 0)
    return pl_fail(err, PL_E_MEMORY, "out of memory for a product of %d x %d x %d", job->m, job->n, job->k);

  counters->clipped += (uint64_t)clipped;
  counters->reads += m * n * ((k + channels - 1) / channels);
  counters->encodings_a += m * k;
  counters->encodings_b += n * k;
  return PL_OK;
}

typedef struct {
  int threads;
} model_state;

static pl_status model_open(pl_device *dev, const pl_uri *uri, pl_error *err) {
  uint64_t threads = 1;
  pl_status status = pl_uri_number(uri, "threads", 1, THREADS_MAX, &threads, err);
  if (status) return status;
  model_state *state = malloc(sizeof *state);
  if (!state) return pl_fail(err, PL_E_MEMORY, "out of memory when opening model:");
  state->threads = (int)threads;
  dev->state = state;
  return PL_OK;
}

static void model_close(pl_device *dev) { free(dev->state); }

static pl_status model_gemm(pl_device *dev, const pl_job *job, const pl_image *words, pl_error *err) {
  const model_state *state = dev->state;
  return pl_compute_model(job, words, state->threads, &dev->counters, err);
}

const pl_backend pl_backend_model = {
    .scheme = "model",
    .options = "threads",
    .open = model_open,
    .close = model_close,
    .gemm = model_gemm,
};
