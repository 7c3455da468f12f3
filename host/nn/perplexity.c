/* perplexity.c: see perplexity.h. */
#include "nn/perplexity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nn/sample.h"

typedef struct {
  double sum, squares;
} moments;

typedef struct { /* one call of pl_perplexity */
  const pl_nn *model;
  const pl_perplexity_settings *how;
  int batch;                   /* rows there is room for */
  pl_nn_context *ctx, *beside; /* beside: the float model, or NULL */
  float *logits, *exact;       /* batch x vocabulary */
  moments nll, reference, divergence;
  int64_t count, same;
  double seconds;
} scorer;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void add(moments *m, double x) {
  m->sum += x;
  m->squares += x * x;
}

static double standard_error(const moments *m, int64_t count) {
  const double mean = m->sum / (double)count, variance = fmax(0, m->squares / (double)count - mean * mean);
  return count > 1 ? sqrt(variance / (double)(count - 1)) : 0;
}

/* The logits of a position that predicts token `next`; exact: those of the float model, or NULL. */
static pl_status score(scorer *s, const float *logits, const float *exact, int32_t next, pl_error *err) {
  const int vocab = pl_nn_get_shape(s->model)->vocab;
  const double nll = pl_negative_log_likelihood(logits, vocab, next);
  if (!isfinite(nll)) return pl_fail(err, PL_E_INPUT, "the logits are not finite: the model is damaged");
  add(&s->nll, nll);
  s->count++;
  if (!exact) return PL_OK;
  add(&s->reference, pl_negative_log_likelihood(exact, vocab, next));
  add(&s->divergence, pl_divergence(exact, logits, vocab));
  s->same += pl_likeliest(exact, vocab) == pl_likeliest(logits, vocab);
  return PL_OK;
}

/* One window: ids[0..window-1] in pieces. Row r predicts token r + 1. */
static pl_status score_window(scorer *s, const int32_t *ids, pl_error *err) {
  const int window = s->how->window, vocab = pl_nn_get_shape(s->model)->vocab;
  pl_nn_rewind(s->ctx, 0);
  if (s->beside) pl_nn_rewind(s->beside, 0);
  for (int at = 0, rows; at < window; at += rows) {
    rows = window - at < s->batch ? window - at : s->batch;
    int first = window / 2 > at ? window / 2 - at : 0; /* first row of this piece that is scored */
    first = first < rows ? first : rows;
    const double started = now();
    pl_status status = pl_nn_forward(s->ctx, ids + at, rows, first, s->logits, err);
    s->seconds += now() - started;
    if (!status && s->beside) status = pl_nn_forward(s->beside, ids + at, rows, first, s->exact, err);
    for (int r = first; r < rows && at + r + 1 < window && !status; r++) {
      const ptrdiff_t row = (ptrdiff_t)(r - first) * vocab, kept = (ptrdiff_t)s->count * vocab;
      const float *exact = s->how->exact ? s->how->exact + kept : s->beside ? s->exact + row : NULL;
      if (s->how->keep) memcpy(s->how->keep + kept, s->logits + row, sizeof(float) * (size_t)vocab);
      status = score(s, s->logits + row, exact, ids[at + r + 1], err);
    }
    if (status) return status;
  }
  return PL_OK;
}

static pl_status prepare(scorer *s, pl_nn_optics *optics, pl_error *err) {
  const pl_perplexity_settings *how = s->how;
  const size_t logits = (size_t)s->batch * (size_t)pl_nn_get_shape(s->model)->vocab;
  pl_status status = pl_nn_context_new(s->model, optics, how->window, &s->ctx, err);
  if (!status && how->beside) status = pl_nn_context_new(s->model, NULL, how->window, &s->beside, err);
  if (status) return status;
  s->logits = malloc(sizeof *s->logits * logits);
  if (how->beside) s->exact = malloc(sizeof *s->exact * logits);
  if (s->logits && (s->exact || !how->beside)) return PL_OK;
  return pl_fail(err, PL_E_MEMORY, "out of memory for a window of %d tokens", how->window);
}

static void conclude(const scorer *s, pl_perplexity_result *result) {
  const double count = (double)s->count;
  result->scored = s->count;
  result->nll = s->nll.sum / count;
  result->perplexity = exp(result->nll);
  result->error = standard_error(&s->nll, s->count) * result->perplexity;
  result->seconds = s->seconds;
  if (!s->beside && !s->how->exact) return;
  result->reference = exp(s->reference.sum / count);
  result->agreement = (double)s->same / count;
  result->divergence = s->divergence.sum / count;
  result->divergence_error = standard_error(&s->divergence, s->count);
}

int64_t pl_perplexity_scored(int64_t n, int window) { return n / window * (window - 1 - window / 2); }

pl_status pl_perplexity(const pl_nn *model, pl_nn_optics *optics, const int32_t *ids, int64_t n,
                        const pl_perplexity_settings *settings, void (*progress)(void *self, int64_t read), void *self,
                        pl_perplexity_result *result, pl_error *err) {
  const int window = settings->window;
  const pl_tokenizer *t = pl_nn_get_tokenizer(model);
  memset(result, 0, sizeof *result);
  if (!pl_nn_get_shape(model)->causal)
    return pl_fail(err, PL_E_INPUT, "%s is an encoder and predicts no text; `photolane embed` is for it",
                   pl_nn_path(model));
  if (window < 4 || settings->batch < 1)
    return pl_fail(err, PL_E_INPUT, "a window of %d tokens read %d at a time is too small", window, settings->batch);
  if (n < window)
    return pl_fail(err, PL_E_INPUT,
                   "the text has %lld tokens and does not fill one window of %d: take a longer text or "
                   "a shorter window", (long long)n, window);
  scorer s = {.model = model, .how = settings, .batch = settings->batch < window ? settings->batch : window};
  int32_t *piece = malloc(sizeof *piece * (size_t)window);
  pl_status status = piece ? prepare(&s, optics, err)
                           : pl_fail(err, PL_E_MEMORY, "out of memory for a window of %d tokens", window);
  for (int64_t at = 0; at + window <= n && !status; at += window) {
    memcpy(piece, ids + at, sizeof *piece * (size_t)window);
    if (pl_tokenizer_adds_bos(t)) piece[0] = pl_tokenizer_bos(t);
    status = score_window(&s, piece, err);
    result->windows += !status;
    result->read += window;
    if (!status && progress) progress(self, result->read);
  }
  if (!status) conclude(&s, result);
  pl_nn_context_free(s.ctx);
  pl_nn_context_free(s.beside);
  free(s.logits);
  free(s.exact);
  free(piece);
  return status;
}
