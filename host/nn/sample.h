/* sample.h: from logits to the next token, and how well logits predict a token. */
#ifndef PHOTOLANE_NN_SAMPLE_H
#define PHOTOLANE_NN_SAMPLE_H

#include <stdint.h>

#include "photolane/photolane.h"

typedef struct {
  double temperature; /* 0: the likeliest token, the smallest id among equals */
  double top_p;       /* draw among the likeliest tokens that together have this probability; 0 < top_p <= 1 */
  uint64_t seed;
} pl_sampling;

/* The token at `position` of a sequence. The random number is Threefry of (seed, position): the same seed gives
 * the same text however often and in whatever order tokens are drawn. PL_E_MEMORY, or PL_E_INPUT if the logits are
 * not finite. */
pl_status pl_sample(const float *logits, int n, const pl_sampling *how, uint32_t position, int32_t *id, pl_error *err);

/* -log of the probability of `id`, natural, in double. Not finite if the logits are not. */
double pl_negative_log_likelihood(const float *logits, int n, int32_t id);

/* How far `other` is from `logits`: the Kullback-Leibler divergence of their distributions, sum p log(p / q), nats. */
double pl_divergence(const float *logits, const float *other, int n);

/* The likeliest token, the smallest id among equals. */
int32_t pl_likeliest(const float *logits, int n);

#endif
