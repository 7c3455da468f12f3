/* nn.h: Transformers (decoders of the Llama and GPT-2 families, BERT encoders), in float and on an optical core.
 *
 *   pl_nn *model;                      weights and vocabulary of a GGUF file, or of a folder (BERT)
 *   pl_nn_optics *optics;              the same weights as int8 codes, and the device that multiplies them
 *   pl_nn_context *ctx;                one sequence: its keys and values
 *
 *   pl_nn_load("model.gguf", &model, err);
 *   pl_nn_optics_new(model, &settings, &optics, err);            leave out for the float reference
 *   pl_nn_context_new(model, optics or NULL, 512, &ctx, err);
 *   pl_nn_forward(ctx, ids, n, n - 1, logits, err);              reads n tokens, logits of the last
 *
 * Numbers on the optical core. Every matrix product listed in pl_nn_product is one pl_gemm on int8 codes:
 * weights have one scale per output channel, activations one per row (both by their largest magnitude), keys and
 * values one per token. The result is code * pl_range_step * scale_a * scale_b. A calibration may take offsets off,
 * balance and rotate what is multiplied before (ranges.h), row by row. Norms, softmax, positions,
 * biases and activations stay in float. The accuracy of the ADC depends on its range, one per layer and product: ranges.h.
 *
 * An encoder sees the whole text from every token: it reads a text in one call, and hidden states come out instead of
 * logits (embed.h makes one vector of them). All rows of a head then share one job of attention x V.
 *
 * The contract of decoders: a text read in one batch, in pieces or token by token gives the same logits, bit for bit, on
 * every device and with every effect on. What makes it hold:
 *   - rows of a job are absolute token positions, and a job number names layer, product and head;
 *   - a row's float arithmetic does not depend on the rows beside it (kernels.h);
 *   - scores: B is the cached key codes, column = key position; columns behind a row's own are not looked at;
 *   - attention x V: one job per row with K = position + 1, because noise and light of a read depend on every
 *     element of its row, so a masked key must not be there at all. The value scales are folded into the
 *     probabilities before these are quantised.
 *
 * Models, optics and contexts do not lock: a context and its optics' device belong to one thread at a time.
 * Any number of contexts may share a model.
 */
#ifndef PHOTOLANE_NN_NN_H
#define PHOTOLANE_NN_NN_H

#include "nn/tokenizer.h"
#include "photolane/photolane.h"

/* ---- Models ------------------------------------------------------------------------------------ */

typedef struct pl_nn pl_nn;

typedef struct {
  int layers, dim, ffn;          /* blocks, width of the residual stream, inner width of the feed-forward */
  int heads, kv_heads, head_dim; /* queries; keys and values; elements of each */
  int vocab, context;            /* tokens; the longest sequence the model was made for, at most 65536 */
  int rope_dims;                 /* leading elements of a head that are rotated; 0 for learned positions */
  int causal;                    /* 1: a decoder, 0: an encoder */
  int outputs;                   /* elements of a row that comes out: vocab logits, or dim of a hidden state */
  int64_t parameters;
  int tied; /* the head is the embedding */
} pl_nn_shape;

/* Loads a GGUF file of architecture "llama" or "gpt2", or a folder with a BERT encoder (config.json,
 * model.safetensors, vocab.txt): dimensions, tensors and vocabulary are checked against each other. Unknown tensors
 * are refused: a bias or an expert left out would give wrong text without a word. */
pl_status pl_nn_load(const char *path, pl_nn **model, pl_error *err);

/* The same from an open reader, which the model then owns, even if this fails. */
pl_status pl_nn_from_gguf(pl_gguf *g, pl_nn **model, pl_error *err);
void pl_nn_free(pl_nn *model); /* after its optics and contexts; NULL is fine */

const pl_nn_shape *pl_nn_get_shape(const pl_nn *model);
const pl_tokenizer *pl_nn_get_tokenizer(const pl_nn *model);
const char *pl_nn_path(const pl_nn *model);
const char *pl_nn_family(const pl_nn *model);      /* "llama", "gpt2", "bert" */
unsigned pl_nn_products_of(const pl_nn *model);    /* mask of the products it has: not all have a gate or a head */

/* ---- Products ---------------------------------------------------------------------------------- */

typedef enum {
  PL_NN_Q,
  PL_NN_K,
  PL_NN_V,
  PL_NN_SCORES, /* queries x keys */
  PL_NN_ATTN,   /* probabilities x values */
  PL_NN_OUT,
  PL_NN_GATE,
  PL_NN_UP,
  PL_NN_DOWN,
  PL_NN_HEAD, /* belongs to "layer" shape.layers */
} pl_nn_product;
enum { PL_NN_PRODUCTS = 10, PL_NN_ALL = (1 << PL_NN_PRODUCTS) - 1 };

extern const char *const pl_nn_product_names[PL_NN_PRODUCTS]; /* "q", "k", ... as in pl_nn_parse_products */

/* A list such as "q,k,v,scores", or "all" or "none", to a mask of 1 << pl_nn_product. */
pl_status pl_nn_parse_products(const char *list, unsigned *mask, pl_error *err);

/* The job number: layer (0..4095) << 20 | product << 16 | head. head is 0 except for scores and attn. */
uint32_t pl_nn_job(int layer, pl_nn_product product, int head);

/* ---- The optical core -------------------------------------------------------------------------- */

typedef struct pl_nn_optics pl_nn_optics;
struct pl_nn_ranges; /* ranges.h */

typedef struct {
  pl_device *device;
  pl_device *check; /* NULL, or a second device: every product runs on both and must agree */
  pl_image image;   /* what both devices were configured with */
  unsigned products; /* mask of those that are optical; the others are float */
  const struct pl_nn_ranges *ranges; /* NULL: the widest range, which never clips */
} pl_nn_settings;

/* Quantises the weights. The devices must be configured with settings->image and outlive *optics; settings and
 * ranges are copied. PL_E_INPUT if a weight is not finite or the ranges do not fit the model. */
pl_status pl_nn_optics_new(const pl_nn *model, const pl_nn_settings *settings, pl_nn_optics **optics, pl_error *err);
void pl_nn_optics_free(pl_nn_optics *optics); /* after its contexts; NULL is fine */

/* Products (calls of pl_gemm) done so far; with `check` all of them were compared. */
uint64_t pl_nn_optics_products(const pl_nn_optics *optics);

/* Detector reads of a product of a layer so far, and those of them that clipped. */
void pl_nn_optics_clips(const pl_nn_optics *optics, int layer, pl_nn_product product, uint64_t *reads,
                        uint64_t *clipped);

/* ---- Sequences --------------------------------------------------------------------------------- */

typedef struct pl_nn_context pl_nn_context;

/* An empty sequence of at most `capacity` tokens (1..shape.context). optics NULL: the float reference. */
pl_status pl_nn_context_new(const pl_nn *model, pl_nn_optics *optics, int capacity, pl_nn_context **ctx, pl_error *err);
void pl_nn_context_free(pl_nn_context *ctx); /* NULL is fine */

/* Appends n tokens. logits receives rows first .. n-1, (n - first) x shape.outputs floats; first == n gives none (logits
 * may then be NULL). An encoder must be at position 0. On error the sequence is as it was before the call. PL_E_INPUT: full, or an id outside the
 * vocabulary; PL_E_MISMATCH: the check device disagrees. */
pl_status pl_nn_forward(pl_nn_context *ctx, const int32_t *ids, int n, int first, float *logits, pl_error *err);

int pl_nn_position(const pl_nn_context *ctx);             /* tokens so far */
void pl_nn_rewind(pl_nn_context *ctx, int position); /* forgets what came at or after `position` */

#endif
