/* llama.h: the insides of a model, shared by model.c (loads it), optics.c (quantises it) and forward.c (runs it).
 * Private to host/nn. */
#ifndef PHOTOLANE_NN_LLAMA_H
#define PHOTOLANE_NN_LLAMA_H

#include "nn/nn.h"

/* Weight matrices are rows = output channels, dims[0] = inputs; they stay in the file's form. */
typedef struct {
  const pl_gguf_tensor *weights[PL_NN_PRODUCTS]; /* by product; NULL for scores, attn and head */
  float *attn_norm, *ffn_norm;                   /* dim each */
} pl_nn_layer;

struct pl_nn {
  pl_gguf *file;
  pl_tokenizer *tokenizer;
  pl_nn_shape shape;
  float norm_eps;
  const pl_gguf_tensor *embedding, *head; /* vocab x dim; the same one if tied */
  float *final_norm;                      /* dim */
  float *rope_frequency;                  /* rope_dims / 2, radians per position */
  pl_nn_layer *layers;
};

static inline const pl_gguf_tensor *pl_nn_weight(const pl_nn *m, int layer, pl_nn_product p) {
  return p == PL_NN_HEAD ? m->head : m->layers[layer].weights[p];
}

/* ---- optics.c, as forward.c uses it ---- */

int pl_optics_has(const pl_nn_optics *o, pl_nn_product p); /* 0 for NULL */
int pl_optics_limit_a(const pl_nn_optics *o);              /* largest code of operand A, of operand B */
int pl_optics_limit_b(const pl_nn_optics *o);

/* y[r][j] = x[r] . weight row j through the device. x: rows x inputs, y: rows x outputs, dense. Row r is token
 * position row0 + r. */
pl_status pl_optics_linear(pl_nn_optics *o, int layer, pl_nn_product p, const float *x, int rows, uint32_t row0,
                           float *y, pl_error *err);

/* A product of two activations: runs job (all but job number, range and c filled in); the result is
 * *c (dense, job->n per row, valid until the next call) times *step. */
pl_status pl_optics_multiply(pl_nn_optics *o, int layer, pl_nn_product p, int head, pl_job *job, const int32_t **c,
                             float *step, pl_error *err);

#endif
