/* perplexity.c: see perplexity.h. */
#include "nn/perplexity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/sample.h"

typedef struct {
  double sum, squares;
  int64_t count;
} tally;

/* One window: ids[0..window-1] in pieces of `batch`. Row r predicts token r + 1. */
static pl_status score_window(pl_nn_context *ctx, const int32_t *ids, int window, int batch, int vocab, float *logits,
                              tally *t, pl_error *err) {
  pl_nn_rewind(ctx, 0);
  for (int at = 0, rows; at < window; at += rows) {
    rows = window - at < batch ? window - at : batch;
    int first = window / 2 > at ? window / 2 - at : 0; /* first row of this piece that is scored */
    first = first < rows ? first : rows;
    pl_status status = pl_nn_forward(ctx, ids + at, rows, first, logits, err);
    if (status) return status;
    for (int r = first; r < rows && at + r + 1 < window; r++) {
      double nll = pl_negative_log_likelihood(logits + (ptrdiff_t)(r - first) * vocab, vocab, ids[at + r + 1]);
      if (!isfinite(nll)) return pl_fail(err, PL_E_INPUT, "the logits are not finite: the model is damaged");
      t->sum += nll;
      t->squares += nll * nll;
      t->count++;
    }
  }
  return PL_OK;
}

pl_status pl_perplexity(const pl_nn *model, pl_nn_optics *optics, const int32_t *ids, int64_t n, int window, int batch,
                        void (*progress)(void *self, int64_t read), void *self, pl_perplexity_result *result,
                        pl_error *err) {
  int vocab = pl_nn_get_shape(model)->vocab;
  memset(result, 0, sizeof *result);
  if (window < 4 || batch < 1)
    return pl_fail(err, PL_E_INPUT, "a window of %d tokens read %d at a time is too small", window, batch);
  if (n < window)
    return pl_fail(err, PL_E_INPUT,
                   "the text has %lld tokens and does not fill one window of %d: take a longer text or "
                   "a shorter window", (long long)n, window);
  batch = batch < window ? batch : window;
  const pl_tokenizer *t = pl_nn_get_tokenizer(model);
  int32_t *piece = malloc(sizeof *piece * (size_t)window);
  float *logits = malloc(sizeof *logits * (size_t)batch * (size_t)vocab);
  pl_nn_context *ctx = NULL;
  pl_status status = pl_nn_context_new(model, optics, window, &ctx, err);
  if (!status && (!piece || !logits))
    status = pl_fail(err, PL_E_MEMORY, "out of memory for a window of %d tokens", window);
  tally sum = {0};
  for (int64_t at = 0; at + window <= n && !status; at += window) {
    memcpy(piece, ids + at, sizeof *piece * (size_t)window);
    if (pl_tokenizer_adds_bos(t)) piece[0] = pl_tokenizer_bos(t);
    status = score_window(ctx, piece, window, batch, vocab, logits, &sum, err);
    result->windows += !status;
    result->read += window;
    if (!status && progress) progress(self, result->read);
  }
  if (!status) {
    double count = (double)sum.count, mean = sum.sum / count, variance = fmax(0, sum.squares / count - mean * mean);
    result->scored = sum.count;
    result->nll = mean;
    result->perplexity = exp(mean);
    result->error = sum.count > 1 ? sqrt(variance / (count - 1)) * result->perplexity : 0;
  }
  pl_nn_context_free(ctx);
  free(logits);
  free(piece);
  return status;
}
