/* model.c: the `model:` backend: jobs by the golden model.
 *
 *   threads=N        splits a job over N threads (1)
 *   cache=MEGABYTES  keeps that much of encoded B operands that have a b_tag (1024); 0 keeps none
 *
 * Every output is a pure function of its coordinates, so a part of a job is a job: the bits do not depend on the
 * split, nor on what is kept. The split is along columns or rows, whichever has more: the other operand is encoded
 * once per thread, unless it is kept. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/backend.h"
#include "device/cache.h"
#include "model/model.h"

enum {
  THREADS_MAX = 64,
  MACS_PER_THREAD = 1 << 18,     /* below this a thread costs more than it brings */
  ENCODED_PER_THREAD = 1 << 15,  /* the same for encoding: an element takes as long as some products */
  CACHE_MB = 1024,               /* a model of 250 million weights, all effects on */
  CACHE_MB_MAX = 1 << 24,
};

typedef struct {
  pl_model_regs regs;
  const int8_t *a, *b;
  pl_operand *kept; /* B encoded, of the whole job; or NULL */
  int first;        /* where the part's columns are in it */
  int32_t *c;
  int64_t lda, ldb, ldc;
  int64_t clipped; /* the result; -1: out of memory */
  pl_model_errors errors;
} part;

static void *encode(void *argument) {
  part *p = argument;
  pl_operand_encode(p->kept, &p->regs, 1, p->b, p->ldb, 0, p->regs.cols, p->first);
  return NULL;
}

static void *compute(void *argument) {
  part *p = argument;
  p->clipped = p->kept ? pl_model_gemm_encoded(&p->regs, p->a, p->lda, p->kept, p->first, p->c, p->ldc, &p->errors)
                       : pl_model_gemm(&p->regs, p->a, p->lda, p->b, p->ldb, p->c, p->ldc, &p->errors);
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
    p.first = first;
    p.c += first;
  } else {
    p.regs.row0 += (uint32_t)first;
    p.regs.rows = end - first;
    p.a += first * p.lda;
    p.c += first * p.ldc;
  }
  return p;
}

/* Threads that `work` units are worth, if a thread takes at least `least` of them. */
static int worth(int threads, int most, uint64_t work, uint64_t least) {
  if (threads > most) threads = most;
  if ((uint64_t)threads > work / least) threads = work >= 2 * least ? (int)(work / least) : 1;
  return threads;
}

/* Does the job in `threads` parts side by side. Returns the clipped reads, if `step` is compute; -1: out of memory.
 * Adds to *errors. */
static int64_t run(const part *whole, int by_columns, int threads, void *(*step)(void *), pl_model_errors *errors) {
  part parts[THREADS_MAX];
  pthread_t ids[THREADS_MAX];
  int running[THREADS_MAX];
  for (int i = 0; i < threads; i++) {
    parts[i] = cut(whole, by_columns, i, threads);
    running[i] = i && !pthread_create(&ids[i], NULL, step, &parts[i]);
  }
  for (int i = 0; i < threads; i++) /* the first, and what found no thread, is done here */
    if (!running[i]) step(&parts[i]);
  int64_t clipped = 0;
  for (int i = 0; i < threads; i++) {
    if (running[i]) pthread_join(ids[i], NULL);
    clipped = clipped < 0 || parts[i].clipped < 0 ? -1 : clipped + parts[i].clipped;
    errors->detected += parts[i].errors.detected;
    errors->corrected += parts[i].errors.corrected;
  }
  return clipped;
}

/* cache: where to keep B, or NULL. */
static pl_status multiply(const pl_job *job, const pl_image *words, int threads, pl_cache *cache,
                          pl_counters *counters, pl_error *err) {
  part whole = {.a = job->a, .b = job->b, .c = job->c, .lda = job->lda, .ldb = job->ldb, .ldc = job->ldc};
  pl_model_unpack(words, &whole.regs);
  uint64_t m = (uint64_t)job->m, n = (uint64_t)job->n, k = (uint64_t)job->k, channels = (uint64_t)whole.regs.channels;

  pl_model_errors errors = {0};
  int found = 0; /* with every effect off there is nothing to encode: integers are faster */
  if (cache && job->b_tag && whole.regs.effects) whole.kept = pl_cache_get(cache, job->b_tag, &whole.regs, &found);
  if (whole.kept && !found) run(&whole, 1, worth(threads, job->n, n * k, ENCODED_PER_THREAD), encode, &errors);

  int by_columns = job->n >= job->m, parts = worth(threads, by_columns ? job->n : job->m, m * n * k, MACS_PER_THREAD);
  int64_t clipped = run(&whole, by_columns, parts, compute, &errors);
  if (clipped < 0 && cache && job->b && pl_cache_clear(cache)) { /* the memory may be in the cache */
    whole.kept = NULL;
    found = 0;
    errors = (pl_model_errors){0};
    clipped = run(&whole, by_columns, parts, compute, &errors);
  }
  if (clipped < 0)
    return pl_fail(err, PL_E_MEMORY, "out of memory for a product of %d x %d x %d", job->m, job->n, job->k);

  counters->clipped += (uint64_t)clipped;
  counters->detected += (uint64_t)errors.detected;
  counters->corrected += (uint64_t)errors.corrected;
  counters->reads += m * n * ((k + channels - 1) / channels);
  counters->encodings_a += m * k;
  counters->encodings_b += found ? 0 : n * k;
  return PL_OK;
}

pl_status pl_compute_model(const pl_job *job, const pl_image *words, int threads, pl_counters *counters,
                           pl_error *err) {
  return multiply(job, words, threads, NULL, counters, err);
}

typedef struct {
  int threads;
  pl_cache *cache; /* NULL: cache=0 */
} model_state;

static void model_close(pl_device *dev) {
  model_state *state = dev->state;
  pl_cache_free(state->cache);
  free(state);
}

/* PHOTOLANE_ISA, if it is set, must name an instruction set that is there: a wish that fails must not go unheard. */
static pl_status check_isa(pl_error *err) {
  const char *wanted = getenv("PHOTOLANE_ISA"), *name;
  char there[64] = "";
  for (int i = 0, usable; wanted && (usable = pl_model_isa_at(i, &name)) >= 0; i++) {
    if (!usable) continue;
    if (!strcmp(wanted, name)) return PL_OK;
    snprintf(there + strlen(there), sizeof there - strlen(there), "%s%s", *there ? ", " : "", name);
  }
  if (!wanted) return PL_OK;
  return pl_fail(err, PL_E_INPUT, "PHOTOLANE_ISA is '%.40s', but this processor has %s", wanted, there);
}

static pl_status model_open(pl_device *dev, const pl_uri *uri, pl_error *err) {
  uint64_t threads = 1, megabytes = CACHE_MB;
  pl_status status = check_isa(err);
  if (!status) status = pl_uri_number(uri, "threads", 1, THREADS_MAX, &threads, err);
  if (!status) status = pl_uri_number(uri, "cache", 0, CACHE_MB_MAX, &megabytes, err);
  if (status) return status;
  model_state *state = calloc(1, sizeof *state);
  if (state && megabytes) state->cache = pl_cache_new(megabytes << 20);
  if (!state || (megabytes && !state->cache)) {
    free(state);
    return pl_fail(err, PL_E_MEMORY, "out of memory when opening model:");
  }
  state->threads = (int)threads;
  dev->state = state;
  return PL_OK;
}

/* What is kept carries the registers it was encoded under, so pl_configure has nothing to forget. */
static pl_status model_gemm(pl_device *dev, const pl_job *job, const pl_image *words, pl_error *err) {
  const model_state *state = dev->state;
  return multiply(job, words, state->threads, state->cache, &dev->counters, err);
}

/* With every effect off the codes are multiplied as they are, and nothing is kept. */
static int model_holds(pl_device *dev, const pl_job *job, const pl_image *words) {
  const model_state *state = dev->state;
  pl_model_regs regs;
  pl_model_unpack(words, &regs);
  return state->cache && regs.effects && pl_cache_has(state->cache, job->b_tag, &regs);
}

const pl_backend pl_backend_model = {
    .scheme = "model",
    .options = "threads cache",
    .open = model_open,
    .close = model_close,
    .gemm = model_gemm,
    .holds = model_holds,
};
