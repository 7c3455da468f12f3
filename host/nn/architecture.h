/* architecture.h: the insides of a model: a description of its blocks as data, and its weights. Loaders fill it
 * (load_gguf.c: Llama and GPT-2, load_bert.c: BERT), optics.c quantises it, forward.c runs it. Private to host/nn.
 *
 * There is one forward pass. What families differ in is data here:
 *
 *                norm      where              activation   positions   sees      biases
 *   Llama        RMS       before a sublayer  SwiGLU       rotary      the past  none
 *   GPT-2        mean too  before a sublayer  GELU (tanh)  learned     the past  all
 *   BERT         mean too  after the sum      GELU         learned     all       all
 *   (ViT, DeiT   mean too  before a sublayer  GELU         learned     all       all: a loader and patches would do)
 *
 * A tensor that a family does not have is absent: data NULL, or a NULL pointer for vectors.
 */
#ifndef PHOTOLANE_NN_ARCHITECTURE_H
#define PHOTOLANE_NN_ARCHITECTURE_H

#include "nn/nn.h"
#include "nn/safetensors.h"

typedef enum { PL_NORM_RMS, PL_NORM_LAYER } pl_norm_kind; /* kernels.h */
typedef enum { PL_ACTIVATION_SWIGLU, PL_ACTIVATION_GELU, PL_ACTIVATION_GELU_TANH } pl_activation;
typedef enum { PL_POSITIONS_ROTARY, PL_POSITIONS_LEARNED } pl_positions;

typedef struct {
  const char *family; /* "llama": also the prefix of the metadata in GGUF files */
  pl_norm_kind norm;
  int norm_after; /* 1: x = norm(x + f(x)), 0: x = x + f(norm(x)) */
  pl_activation activation;
  pl_positions positions;
  int causal; /* 1: a token sees itself and those before it, 0: all of the sequence */
  int biases; /* 1: every linear product and the norms have one */
  float norm_eps; /* the family's usual value */
} pl_nn_design;

typedef struct {
  float *gain, *bias; /* dim each; bias NULL for RMS; gain NULL: there is no such norm */
} pl_nn_norm;

/* Weight matrices are rows = output channels, dims[0] = inputs; they stay in the file's form. */
typedef struct {
  pl_tensor weights[PL_NN_PRODUCTS]; /* by product; none for scores, attn and head */
  float *biases[PL_NN_PRODUCTS];     /* outputs each */
  pl_nn_norm attn_norm, ffn_norm;
} pl_nn_layer;

struct pl_nn {
  char *path; /* as opened: a GGUF file or a folder */
  pl_gguf *file;
  pl_safetensors *store; /* one of the two holds the tensors */
  pl_tokenizer *tokenizer;
  pl_nn_design design;
  pl_nn_shape shape;
  float norm_eps;
  pl_tensor embedding, head;  /* vocab x dim; the same one if tied; no head: hidden states come out */
  pl_tensor positions;        /* context x dim, for learned positions */
  float *token_type;          /* dim: the type of all tokens (BERT) */
  pl_nn_norm first_norm;      /* of the embeddings (BERT) */
  pl_nn_norm final_norm;      /* before the head */
  float *rope_frequency;      /* rope_dims / 2, radians per position */
  pl_nn_layer *layers;
};

static inline const pl_tensor *pl_nn_weight(const pl_nn *m, int layer, pl_nn_product p) {
  return p == PL_NN_HEAD ? &m->head : &m->layers[layer].weights[p];
}

/* Whether the model has this product at all: BERT has no head, only SwiGLU has a gate. */
static inline int pl_nn_has(const pl_nn *m, pl_nn_product p) {
  return p == PL_NN_HEAD ? m->head.data != NULL : p != PL_NN_GATE || m->design.activation == PL_ACTIVATION_SWIGLU;
}

/* ---- model.c, as loaders use it ---- */

/* An empty model of that path, or NULL. */
pl_nn *pl_nn_empty(const char *path);

/* A tensor of the model's file by name. PL_E_INPUT if it is absent or not inputs x outputs; counted in
 * shape.parameters. */
pl_status pl_nn_find(pl_nn *m, const char *name, int64_t inputs, int64_t outputs, pl_tensor *out, pl_error *err);

/* The same for a vector, as floats that the model owns. */
pl_status pl_nn_find_vector(pl_nn *m, const char *name, int n, float **out, pl_error *err);

/* `stem`.weight and, if the design has biases, `stem`.bias. */
pl_status pl_nn_find_norm(pl_nn *m, const char *stem, pl_nn_norm *norm, pl_error *err);

/* Checks the shape against what a job and a product can be, and takes room for the layers. */
pl_status pl_nn_check_shape(pl_nn *m, pl_error *err);

/* PL_E_MEMORY with a sentence about the model. */
pl_status pl_nn_no_memory(const pl_nn *m, pl_error *err);

/* load_gguf.c: fills the model from m->file. load_bert.c: from the folder m->path. */
pl_status pl_nn_load_gguf(pl_nn *m, pl_error *err);
pl_status pl_nn_load_bert(pl_nn *m, pl_error *err);

/* ---- optics.c, as forward.c uses it ---- */

int pl_optics_has(const pl_nn_optics *o, pl_nn_product p); /* 0 for NULL */
int pl_optics_limit_a(const pl_nn_optics *o);              /* largest code of operand A, of operand B */
int pl_optics_limit_b(const pl_nn_optics *o);

/* What is taken off the keys, off the values of a head before they are quantised: head_dim each. */
const float *pl_optics_key_offset(const pl_nn_optics *o, int layer, int kv_head);
const float *pl_optics_value_offset(const pl_nn_optics *o, int layer, int kv_head);

/* The codes of a query, of a key (p: scores) or of a value (attn): head_dim elements, which are rotated in place if
 * that product has a rotation. 0 if one is not finite. */
int pl_optics_code_head(const pl_nn_optics *o, int layer, pl_nn_product p, int limit, float *x, int8_t *codes,
                        float *scale);

/* Turns a mixture of rotated values back, in place. */
void pl_optics_values_back(const pl_nn_optics *o, int layer, float *x);

/* Tells a listener of keys (with scores) and values (with attn). */
void pl_optics_hear(const pl_nn_optics *o, int layer, pl_nn_product p, const float *x, int rows, uint32_t row0);

/* y[r][j] = x[r] . weight row j through the device. x: rows x inputs, y: rows x outputs, dense. Row r is token
 * position row0 + r. */
pl_status pl_optics_linear(pl_nn_optics *o, int layer, pl_nn_product p, const float *x, int rows, uint32_t row0,
                           float *y, pl_error *err);

/* A product of two activations: runs job (all but job number, range and c filled in); the result is
 * *c (dense, job->n per row, valid until the next call) times *step. */
pl_status pl_optics_multiply(pl_nn_optics *o, int layer, pl_nn_product p, int head, pl_job *job, const int32_t **c,
                             float *step, pl_error *err);

#endif
