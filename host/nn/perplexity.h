/* perplexity.h: how well a model predicts a text.
 *
 * Counted as llama.cpp does, so that figures compare: the text is cut into windows of `window` tokens, each a new
 * sequence (with bos as its first token if the vocabulary asks for it), and the second half of each window is
 * scored: tokens window/2 + 1 .. window - 1, which have at least half a window before them. What does not fill a
 * window is left out.
 *
 * With a device the same text can be read by the float model beside: how much the perplexity of so many tokens says is
 * limited by the text, while top-1 agreement and divergence compare the two token by token.
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
  double seconds; /* spent on the model itself, without the float one beside it */
  /* Beside the float model; 0 without it. */
  double reference;    /* its perplexity of the same tokens */
  double agreement;    /* share of scored positions whose likeliest token is the same */
  double divergence;   /* mean Kullback-Leibler divergence of the float distribution from the other, nats */
  double divergence_error; /* its standard error */
} pl_perplexity_result;

typedef struct {
  int window; /* tokens, 4..context */
  int batch;  /* rows per forward call, at least 1; it does not change the result */
  int beside; /* 1: the float model reads along; optics must not be NULL */
  /* The same without the float model's time, where one text is read many times: */
  float *keep;        /* NULL, or takes the logits of all scored tokens: pl_perplexity_scored x vocab */
  const float *exact; /* NULL, or what was kept of the float model's reading of the same ids and window; beside is then 0 */
} pl_perplexity_settings;

/* Tokens scored of a text of n. */
int64_t pl_perplexity_scored(int64_t n, int window);

/* ids: n tokens. progress (may be NULL) hears of tokens read. PL_E_INPUT if the model is an encoder or the text does not
 * fill one window. */
pl_status pl_perplexity(const pl_nn *model, pl_nn_optics *optics, const int32_t *ids, int64_t n,
                        const pl_perplexity_settings *settings, void (*progress)(void *self, int64_t read), void *self,
                        pl_perplexity_result *result, pl_error *err);

#endif
