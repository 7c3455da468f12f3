/* embed.h: a text as one vector, by a sentence encoder: the mean of its tokens' hidden states, of length 1
 * (Reimers and Gurevych 2019). The cosine of two texts is then their dot product. */
#ifndef PHOTOLANE_NN_EMBED_H
#define PHOTOLANE_NN_EMBED_H

#include "nn/nn.h"

/* ctx: at position 0 or behind another text, which is forgotten. out: shape.dim floats. PL_E_INPUT if the model is no
 * encoder, if there is no token or more than the context has room for, or if the states are not finite. */
pl_status pl_embed(pl_nn_context *ctx, const pl_nn *model, const int32_t *ids, int n, float *out, pl_error *err);

double pl_cosine(const float *x, const float *y, int n); /* 0 if one of them is all zeros */

/* Others than `query` among `count` vectors of dim elements, by falling cosine to it, the smaller index first among
 * equals. order: count - 1 indices. */
void pl_rank(const float *vectors, int count, int dim, int query, int *order);

#endif
