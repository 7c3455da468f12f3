/* net.h: a decoder of the Llama family, forward and backward.
 *
 *   x = embedding[token]
 *   per layer:  x += attention(rmsnorm(x)) Wo^T          grouped-query heads, rotary positions, causal
 *               x += (silu(f Wgate^T) * (f Wup^T)) Wdown^T,  f = rmsnorm(x)
 *   logits = rmsnorm(x) embedding^T                      the head is tied to the embedding
 *
 * All parameters live in one flat array of net_size() numbers; net_tensors() names its parts as GGUF does. Gradients
 * and optimiser state are arrays of the same layout. A `net` holds the activations of one batch, not the parameters:
 * threads that work on different windows own one `net` each and share the parameters.
 */
#ifndef PHOTOLANE_TRAIN_NET_H
#define PHOTOLANE_TRAIN_NET_H

#include <stddef.h>
#include <stdint.h>

#include "photolane/photolane.h"
#include "train/real.h"

typedef struct {
  int vocab, width, layers, heads, kv_heads, ff, context;
  float rope_base; /* 10000 */
  float eps;       /* of RMSNorm, 1e-5 */
} net_config;

enum { NET_MAX_LAYERS = 64, NET_MAX_TENSORS = 2 + 9 * NET_MAX_LAYERS };

typedef struct {
  char name[48];     /* "blk.0.attn_q.weight" */
  size_t offset;     /* of its first number in the flat array */
  int rows, columns; /* rows: outputs, columns: inputs; a norm's gain has 1 row */
} net_tensor;

/* What training adds to the forward pass, all 0 for the network as it is used. */
typedef struct {
  float dropout;  /* probability, on the embedding and on what each half layer adds to x */
  float noise;    /* relative sigma on the result of each matrix product except scores and attention x values */
  uint64_t key;   /* of this batch */
} net_noise;

typedef struct net net;

/* PL_E_INPUT if the sizes do not fit each other or the limits (a head's size must be even, heads a multiple of
 * kv_heads, width a multiple of heads). */
pl_status net_check(const net_config *config, pl_error *err);
/* Fills tensors[NET_MAX_TENSORS], returns how many. */
int net_tensors(const net_config *config, net_tensor *tensors);
/* Numbers in the flat array. */
size_t net_size(const net_config *config);
/* Normal weights of deviation `sigma` (the two matrices that write to x: / sqrt(2 layers)), gains 1. */
void net_init(const net_config *config, float sigma, uint64_t seed, real *params);

/* Activations for up to `windows` windows of config->context tokens. NULL if memory ran out. Free with net_free. */
net *net_new(const net_config *config, int windows);
void net_free(net *n); /* NULL is fine */

/* tokens, targets: windows x config->context ids, each 0..vocab-1. Returns the sum of the losses in nats.
 * loss_each: NULL or windows x context losses. noise: NULL for none. */
double net_loss(net *n, const real *params, int windows, const int *tokens, const int *targets, const net_noise *noise,
                float *loss_each);

/* The same, and adds scale * d(sum of losses)/d(params) to grads. */
double net_gradient(net *n, const real *params, int windows, const int *tokens, const int *targets,
                    const net_noise *noise, real scale, real *grads);

/* Logits of one position of one window of config->context tokens (those after `position` do not matter, but must be
 * valid ids): vocab numbers, valid until the next call on n. */
const real *net_logits(net *n, const real *params, const int *tokens, int position);

#endif
