/* workload.h: what is computed: a shape (a file of host/energy/shapes, or a model file), and the list of matrix
 * products of one forward pass or training step of it.
 *
 *   pl_shape shape;
 *   pl_shape_load("deit-t", &shape, err);               or pl_shape_of_model(model, &shape)
 *   pl_workload w;
 *   pl_workload_make(&shape, &how, &w, err);
 *   ...
 *   pl_workload_free(&w); pl_shape_free(&shape);
 *
 * A product is out (m x n) = weights (m x k) x values (k x n), `copies` independent ones, `count` times in a row. In
 * attention m counts queries: scores are (queries x head) x (head x keys), values (queries x keys) x (keys x head). */
#ifndef PL_ENERGY_WORKLOAD_H
#define PL_ENERGY_WORKLOAD_H

#include "energy/config.h"
#include "nn/nn.h"

/* ---- Shapes ---- */

typedef enum { PL_SHAPE_TRANSFORMER, PL_SHAPE_LAYERS } pl_shape_kind;

/* Faults of the authors' workloads that the published figures contain. */
enum {
  PL_QUIRK_WIDTH = 1 << 0, /* "width_without_padding": a convolution's output width is counted without padding */
  PL_QUIRK_DENSE = 1 << 1, /* "depthwise_dense": depthwise convolutions are counted as dense ones */
};

/* X(name, kinds, needed, type, min, max): T transformer, L layers. */
#define PL_SHAPE_FIELDS(X)                                                                            \
  X(layers, T, T, WHOLE, 1, 1e6)                                                                      \
  X(width, T, T, WHOLE, 1, 1e9)                                                                       \
  X(heads, T, T, WHOLE, 1, 1e9)                                                                       \
  X(key_heads, T, 0, WHOLE, 1, 1e9)      /* of keys and values; heads if not given */                 \
  X(head_width, T, 0, WHOLE, 1, 1e9)     /* width / heads if not given */                             \
  X(ffn_width, T, 0, WHOLE, 1, 1e12)     /* 4 width if not given */                                   \
  X(gated_ffn, T, 0, FLAG, 0, 1)         /* a gate beside the first matrix */                         \
  X(tokens, T, T, WHOLE, 1, 1e9)         /* of one sequence, unless asked for others */               \
  X(embed_inputs, T, 0, WHOLE, 1, 1e9)   /* patches of so many values, one fewer than tokens */ \
  X(head_outputs, T, 0, WHOLE, 1, 1e9)   /* classes or vocabulary, for one token of a sequence; 0: none */ \
  X(batched, L, 0, FLAG, 0, 1)           /* true: the columns below are of one image */

typedef struct {
  char name[24];
  double m, k, n, copies;     /* n: of one image, by the quirk if it is on */
  double true_m, true_k, true_n, true_copies;
} pl_layer;
enum { PL_LAYERS_MAX = 256 };

typedef struct {
  pl_cfg_head head;
#define X(name, kinds, needed, type, min, max) double name;
  PL_SHAPE_FIELDS(X)
#undef X
  int layer_count;
  pl_layer *layer; /* kind layers; owned */
} pl_shape;

pl_status pl_shape_load(const char *name_or_path, pl_shape *shape, pl_error *err);
pl_status pl_shape_parse(const char *path, const char *text, pl_shape *shape, pl_error *err);
const pl_cfg_table *pl_shape_table(void); /* for lists */
void pl_shape_free(pl_shape *shape); /* may be called after a failed load, too */

/* A loaded model file. name: for the output. */
void pl_shape_of_model(const pl_nn_shape *model, const char *name, pl_shape *shape);

/* Weights of the matrices, embedding tables not counted. */
double pl_shape_parameters(const pl_shape *shape);

/* ---- Workloads ---- */

typedef enum { PL_OP_LINEAR, PL_OP_HEAD, PL_OP_SCORES, PL_OP_VALUES } pl_op_kind;

typedef struct {
  char name[32];
  pl_op_kind kind;
  double m, k, n, copies, count;
  /* What a device counted, per copy and repetition; the models take it in place of their formulas (measured.h). */
  int measured;
  double encodings_a, encodings_b; /* of values, of weights */
  double reads, photons;           /* photons 0: not known */
} pl_op;

static inline double pl_op_macs(const pl_op *op) { return op->m * op->k * op->n * op->copies * op->count; }
static inline int pl_op_is_attention(const pl_op *op) { return op->kind == PL_OP_SCORES || op->kind == PL_OP_VALUES; }

typedef enum {
  PL_PHASE_PASS,   /* all tokens of each sequence at once (prefill) */
  PL_PHASE_DECODE, /* one new token of each sequence, the others are cached keys and values */
} pl_phase;

typedef struct {
  double tokens; /* 0: the shape's */
  double batch;  /* sequences or images */
  pl_phase phase;
  int train;     /* forward, and the gradients of both operands */
  int quirks;    /* 0: the workload as it is, not as its authors counted it */
} pl_workload_options;

typedef struct {
  pl_workload_options how;
  char shape[PL_CFG_NAME];
  int count, room;
  pl_op *op; /* owned */
  double layers, columns;  /* columns: tokens that pass through the layers, all sequences */
  double tokens;           /* of one sequence: the context */
  double parameters;
  double softmax, norm, activation, residual; /* elements of ONE layer: what is not a matrix product */
  double cache_reads, cache_writes;           /* elements of keys and values, all layers */
  double link_in, link_out;                   /* elements from and to the host: embeddings, last hidden states */
  double macs;
} pl_workload;

/* PL_E_INPUT if the shape cannot do what is asked (decoding a convolution network). */
pl_status pl_workload_make(const pl_shape *shape, const pl_workload_options *how, pl_workload *w, pl_error *err);

/* Appends a product; macs grows. */
pl_status pl_workload_add(pl_workload *w, pl_op op, pl_error *err);
void pl_workload_free(pl_workload *w);

#endif
