/* embed.c: see embed.h. */
#include "nn/embed.h"

#include <math.h>
#include <stdlib.h>

pl_status pl_embed(pl_nn_context *ctx, const pl_nn *model, const int32_t *ids, int n, float *out, pl_error *err) {
  const pl_nn_shape *s = pl_nn_get_shape(model);
  if (s->causal)
    return pl_fail(err, PL_E_INPUT, "%s is a decoder; texts become vectors by an encoder such as MiniLM",
                   pl_nn_path(model));
  if (n < 1) return pl_fail(err, PL_E_INPUT, "there is no token to embed");
  float *states = malloc(sizeof *states * (size_t)n * (size_t)s->dim);
  if (!states) return pl_fail(err, PL_E_MEMORY, "out of memory for a text of %d tokens", n);
  pl_nn_rewind(ctx, 0);
  pl_status status = pl_nn_forward(ctx, ids, n, 0, states, err);
  double squares = 0;
  for (int i = 0; i < s->dim && !status; i++) {
    double sum = 0;
    for (int r = 0; r < n; r++) sum += (double)states[(ptrdiff_t)r * s->dim + i];
    out[i] = (float)(sum / n);
    squares += (double)out[i] * (double)out[i];
  }
  if (!status && !isfinite(squares))
    status = pl_fail(err, PL_E_INPUT, "the hidden states of %s are not finite: the model is damaged",
                     pl_nn_path(model));
  const float scale = squares > 0 ? (float)(1 / sqrt(squares)) : 0;
  for (int i = 0; i < s->dim && !status; i++) out[i] *= scale;
  free(states);
  return status;
}

double pl_cosine(const float *x, const float *y, int n) {
  double xy = 0, xx = 0, yy = 0;
  for (int i = 0; i < n; i++) {
    xy += (double)x[i] * (double)y[i];
    xx += (double)x[i] * (double)x[i];
    yy += (double)y[i] * (double)y[i];
  }
  return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

void pl_rank(const float *vectors, int count, int dim, int query, int *order) {
  int filled = 0;
  const float *q = vectors + (ptrdiff_t)query * dim;
  for (int i = 0; i < count; i++) {
    if (i == query) continue;
    const double similar = pl_cosine(q, vectors + (ptrdiff_t)i * dim, dim);
    int at = filled++; /* insertion: lists of sentences are short */
    for (; at > 0 && pl_cosine(q, vectors + (ptrdiff_t)order[at - 1] * dim, dim) < similar; at--)
      order[at] = order[at - 1];
    order[at] = i;
  }
}
