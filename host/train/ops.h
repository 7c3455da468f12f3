/* ops.h: the pieces of the network that are not matrix products, each forward and backward.
 *
 * All arrays are row-major, one row per token, n rows. A backward function adds to gradients of parameters (`+=`) and
 * says for each activation gradient whether it overwrites or adds. Nothing here allocates.
 */
#ifndef PHOTOLANE_TRAIN_OPS_H
#define PHOTOLANE_TRAIN_OPS_H

#include <stdint.h>

#include "train/real.h"

/* y = x * gain / rms(x), rms = sqrt(mean(x^2) + eps) over the `width` elements of a row (Zhang, Sennrich 2019).
 * inv[n] keeps 1 / rms for the way back. */
void op_rmsnorm(int n, int width, real eps, const real *x, const real *gain, real *y, real *inv);
/* Adds to dx and to dgain. */
void op_rmsnorm_back(int n, int width, const real *x, const real *gain, const real *inv, const real *dy, real *dx,
                     real *dgain);

/* Rotates the pairs (2i, 2i+1) of `heads` heads of `dim` elements by position * base^(-2i/dim) (Su et al. 2021; the
 * adjacent-pair order that GGUF files of architecture "llama" have). Row r is at position r mod `context`.
 * table: from op_rope_table. sign +1 forward, -1 backward (the rotation's transpose). In place; ld: row stride. */
void op_rope(int n, int context, int heads, int dim, const real *table, int sign, real *x, int ld);
/* table[context][dim]: cos, sin of each pair, interleaved. */
void op_rope_table(int context, int dim, double base, real *table);

/* Rows of a t x t score matrix to probabilities over columns 0..row; the columns after are set to 0. In place. */
void op_causal_softmax(int t, real *scores);
/* dp: gradient of the probabilities in, of the scores out (columns after the row: 0). */
void op_causal_softmax_back(int t, const real *p, real *dp);

/* y = silu(gate) * up; gate_up rows hold the `ff` gates, then the `ff` ups (Shazeer 2020). */
void op_swiglu(int n, int ff, const real *gate_up, real *y);
/* Overwrites dgate_up. */
void op_swiglu_back(int n, int ff, const real *gate_up, const real *dy, real *dgate_up);

/* Sum over the n rows of -log softmax(logits)[target]. If dlogits_scale is not 0 the logits are overwritten with
 * their gradient times that scale. loss_each[n] may be NULL, else gets the loss of each row (nats). */
double op_cross_entropy(int n, int vocab, real *logits, const int *targets, real dlogits_scale, float *loss_each);

/* Multiplies x[count] by factors drawn at (key, index): dropout (0, or 1/(1-drop), with probability `drop` of 0) and
 * 1 + sigma * normal. Forward and backward are the same call. Does nothing if both are 0. */
void op_perturb(int64_t count, real drop, real sigma, uint64_t key, real *x);

#endif
