/* perplexity.h: how well a model predicts a text.
 *
 * Counted as llama.cpp does, so that figures compare: the text is cut into windows of `window` tokens, each a new
 * sequence (with bos as its first token if the vocabulary asks for it), and the second half of each window is
 * scored: tokens window/2 + 1 .. window - 1, which have at least half a window before them. What does not fill a
 * window is left out.
 */
#ifndef PHOTOLANE_NN_PERPLEXITY_H
#define PHOTOLANE_NN_PERPLEXITY_H

#include "nn/nn.h"

typedef struct {
  double perplexity; /* exp(nll) */
  double error;      /* standard error of the perplexity: perplexity * standard error of nll */
  double nll;        /* mean negative log-likelihood of a scored token, nats */
  int64_t scored;    /* tokens scored */
  int64_t read;      /* tokens read */
  int windows;
} pl_perplexity_result;

/* ids: n tokens; window 4..context. batch: rows per forward call, at least 1; it does not change the result.
 * progress (may be NULL) hears of tokens read. PL_E_INPUT if the text does not fill one window. */
pl_status pl_perplexity(const pl_nn *model, pl_nn_optics *optics, const int32_t *ids, int64_t n, int window, int batch,
                        void (*progress)(void *self, int64_t read), void *self, pl_perplexity_result *result,
                        pl_error *err);

#endif
