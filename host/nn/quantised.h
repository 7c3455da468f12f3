/* quantised.h: one weight matrix as codes, and how the activations that meet it become codes. Private to host/nn.
 *
 *   x' = R ((x - offset) * balance)     row r of activations, codes a of scale s_r
 *   w' = R (w / balance)                row j of the weights, codes b of scale s_j
 *   x . w = s_r s_j a . b + offset . w  to the rounding of codes
 *
 * R is a rotation (rotate.h). Each part may be absent. ranges.h says how they are found. */
#ifndef PHOTOLANE_NN_QUANTISED_H
#define PHOTOLANE_NN_QUANTISED_H

#include "nn/ranges.h"
#include "nn/rotate.h"

typedef struct {
  int inputs, outputs;
  int8_t *codes;  /* outputs x inputs */
  float *scales;  /* outputs */
  float *offset;  /* inputs: taken off activations; NULL: nothing */
  float *constant; /* outputs: offset times the exact weights, to be added to the results */
  float *balance; /* inputs: activations times this, weights divided by it; NULL: one everywhere */
  const pl_rotation *rotation; /* NULL: none */
  float input_full_scale; /* 0: each row has its own */
  uint64_t tag;   /* b_tag: another one for each matrix of the process */
} pl_quantised;

/* Codes of w, of at most `limit`. q must be zero, and be freed even if this fails. row, scratch: room for the inputs.
 * path names the model in messages. PL_E_INPUT: a weight is not finite. */
pl_status pl_quantised_fill(pl_quantised *q, const pl_tensor *w, const pl_nn_range *range, const pl_rotation *rotation,
                            int limit, float *row, float *scratch, const char *path, pl_error *err);
void pl_quantised_free(pl_quantised *q);

/* One row of activations to codes; 0 if it is not finite. row, scratch: room for the inputs. */
int pl_quantise_input(const pl_quantised *q, const float *x, int limit, float *row, float *scratch, int8_t *codes,
                      float *scale);

#endif
