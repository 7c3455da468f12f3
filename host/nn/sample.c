/* sample.c: see sample.h. */
#include "nn/sample.h"

#include <math.h>
#include <stdlib.h>

#include "model/model.h"

typedef struct {
  double p;
  int32_t id;
} chance;

static int likelier(const void *a, const void *b) {
  const chance *x = a, *y = b;
  if (x->p != y->p) return x->p < y->p ? 1 : -1;
  return (x->id > y->id) - (x->id < y->id);
}

/* Uniform in [0, 1), 53 bits. */
static double uniform(uint64_t seed, uint32_t position) {
  uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)}, counter[2] = {position, 0}, word[2];
  pl_threefry(key, counter, word);
  return ldexp((double)(((uint64_t)word[0] << 32 | word[1]) >> 11), -53);
}

pl_status pl_sample(const float *logits, int n, const pl_sampling *how, uint32_t position, int32_t *id,
                    pl_error *err) {
  int32_t best = 0;
  for (int32_t i = 0; i < n; i++) {
    if (!isfinite(logits[i])) return pl_fail(err, PL_E_INPUT, "the logits are not finite: the model is damaged");
    if (logits[i] > logits[best]) best = i;
  }
  *id = best;
  if (how->temperature <= 0) return PL_OK;

  chance *c = malloc(sizeof *c * (size_t)n);
  if (!c) return pl_fail(err, PL_E_MEMORY, "out of memory drawing a token");
  double sum = 0, below = 0;
  for (int32_t i = 0; i < n; i++) {
    c[i] = (chance){exp(((double)logits[i] - (double)logits[best]) / how->temperature), i};
    sum += c[i].p;
  }
  qsort(c, (size_t)n, sizeof *c, likelier);
  int kept = 0;
  double mass = 0;
  do mass += c[kept++].p;
  while (kept < n && mass < how->top_p * sum);
  double target = uniform(how->seed, position) * mass;
  *id = c[kept - 1].id; /* if rounding leaves the target at the very end */
  for (int i = 0; i < kept; i++)
    if ((below += c[i].p) > target) {
      *id = c[i].id;
      break;
    }
  free(c);
  return PL_OK;
}

/* log of the sum of exp(logits). */
static double log_sum(const float *logits, int n) {
  double top = (double)logits[0];
  for (int i = 1; i < n; i++) top = (double)logits[i] > top ? (double)logits[i] : top;
  double sum = exp((double)logits[0] - top);
  for (int i = 1; i < n; i++) sum += exp((double)logits[i] - top);
  return log(sum) + top;
}

double pl_negative_log_likelihood(const float *logits, int n, int32_t id) {
  return log_sum(logits, n) - (double)logits[id];
}

double pl_divergence(const float *logits, const float *other, int n) {
  const double p_sum = log_sum(logits, n), q_sum = log_sum(other, n);
  double sum = 0;
  for (int i = 0; i < n; i++) {
    const double log_p = (double)logits[i] - p_sum;
    sum += exp(log_p) * (log_p - ((double)other[i] - q_sum));
  }
  return sum > 0 ? sum : 0;
}

int32_t pl_likeliest(const float *logits, int n) {
  int32_t best = 0;
  for (int32_t i = 1; i < n; i++)
    if (logits[i] > logits[best]) best = i;
  return best;
}
