/* model.c: a Llama-family model from a GGUF file: dimensions, tensors, vocabulary, all checked against each
 * other. See nn.h; the tensor names are those of the GGUF specification. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/kernels.h"
#include "nn/llama.h"

const char *const pl_nn_product_names[PL_NN_PRODUCTS] = {"q",   "k",    "v",  "scores", "attn",
                                                         "out", "gate", "up", "down",   "head"};

pl_status pl_nn_parse_products(const char *list, unsigned *mask, pl_error *err) {
  *mask = 0;
  if (!strcmp(list, "none")) return PL_OK;
  if (!strcmp(list, "all")) return *mask = PL_NN_ALL, PL_OK;
  for (const char *at = list;; at++) {
    size_t n = strcspn(at, ",");
    int p = 0;
    while (p < PL_NN_PRODUCTS && !(strlen(pl_nn_product_names[p]) == n && !memcmp(pl_nn_product_names[p], at, n))) p++;
    if (p == PL_NN_PRODUCTS)
      return pl_fail(err, PL_E_INPUT, "'%.*s' is no product; name some of q,k,v,scores,attn,out,gate,up,down,head, or "
                     "all or none", (int)(n < 40 ? n : 40), at);
    *mask |= 1u << p;
    at += n;
    if (!*at) return PL_OK;
  }
}

uint32_t pl_nn_job(int layer, pl_nn_product product, int head) {
  return (uint32_t)layer << 20 | (uint32_t)product << 16 | (uint32_t)head;
}

/* ---- Loading ----------------------------------------------------------------------------------- */

static pl_status no_memory(const pl_nn *m, pl_error *err) {
  return pl_fail(err, PL_E_MEMORY, "out of memory loading %s", pl_gguf_path(m->file));
}

static pl_status read_int(const pl_nn *m, const char *key, int fallback, int lo, int hi, int *out, pl_error *err) {
  uint32_t value, usual = (uint32_t)fallback;
  pl_status status =
      pl_gguf_u32(m->file, key, fallback < 0 ? NULL : &usual, (uint32_t)lo, (uint32_t)hi, &value, err);
  if (!status) *out = (int)value;
  return status;
}

/* Limits: 4095 layers (job number), 65536 inputs of a product (pl_gemm), 2^20 tokens (columns). */
static pl_status load_shape(pl_nn *m, pl_error *err) {
  pl_nn_shape *s = &m->shape;
  const char *path = pl_gguf_path(m->file);
  pl_str architecture;
  float one = 1, rope_base, rope_scale;
  int experts = 0, key_length, value_length, wide = 1 << 16;
  pl_status status = pl_gguf_string(m->file, "general.architecture", NULL, &architecture, err);
  if (status) return status;
  if (architecture.size != 5 || memcmp(architecture.data, "llama", 5))
    return pl_fail(err, PL_E_INPUT, "%s: general.architecture is not llama; only the Llama family is supported", path);
  if (!status) status = read_int(m, "llama.block_count", -1, 1, 4095, &s->layers, err);
  if (!status) status = read_int(m, "llama.embedding_length", -1, 1, wide, &s->dim, err);
  if (!status) status = read_int(m, "llama.feed_forward_length", -1, 1, wide, &s->ffn, err);
  if (!status) status = read_int(m, "llama.attention.head_count", -1, 1, wide, &s->heads, err);
  if (!status) status = read_int(m, "llama.attention.head_count_kv", s->heads, 1, wide, &s->kv_heads, err);
  if (!status) status = read_int(m, "llama.context_length", -1, 1, 1 << 30, &s->context, err);
  if (!status) status = read_int(m, "llama.expert_count", 0, 0, 1 << 30, &experts, err);
  if (!status)
    status = read_int(m, "llama.attention.key_length", s->dim / s->heads, 1, wide, &s->head_dim, err);
  key_length = s->head_dim;
  if (!status) status = read_int(m, "llama.attention.value_length", key_length, 1, wide, &value_length, err);
  if (!status) status = read_int(m, "llama.rope.dimension_count", key_length, 2, wide, &s->rope_dims, err);
  float base = 10000, eps = 1e-5f;
  if (!status) status = pl_gguf_f32(m->file, "llama.rope.freq_base", &base, 1, 1e12f, &rope_base, err);
  if (!status) status = pl_gguf_f32(m->file, "llama.rope.scale_linear", &one, 1e-3f, 1e6f, &rope_scale, err);
  if (!status)
    status = pl_gguf_f32(m->file, "llama.attention.layer_norm_rms_epsilon", &eps, 0, 1, &m->norm_eps, err);
  if (status) return status;
  if (s->heads % s->kv_heads)
    return pl_fail(err, PL_E_INPUT, "%s: %d query heads cannot share %d key heads evenly", path, s->heads, s->kv_heads);
  if (value_length != key_length || key_length < 2 || key_length * (int64_t)s->heads > wide)
    return pl_fail(err, PL_E_INPUT, "%s: heads of %d key and %d value elements are not supported", path, key_length,
                   value_length);
  if (s->rope_dims > s->head_dim || s->rope_dims % 2)
    return pl_fail(err, PL_E_INPUT, "%s: llama.rope.dimension_count is %d, but heads have %d elements", path,
                   s->rope_dims, s->head_dim);
  if (experts) return pl_fail(err, PL_E_INPUT, "%s is a mixture of experts, which is not supported", path);
  pl_str scaling;
  if ((status = pl_gguf_string(m->file, "llama.rope.scaling.type", "none", &scaling, err))) return status;
  if (scaling.size != 4 || memcmp(scaling.data, "none", 4))
    return pl_fail(err, PL_E_INPUT, "%s: llama.rope.scaling.type is not none; scaled positions are not supported",
                   path);
  if (s->context > wide) s->context = wide; /* attention x V sums over positions: at most 65536 */
  s->vocab = pl_tokenizer_size(m->tokenizer);

  m->rope_frequency = malloc(sizeof(float) * (size_t)s->rope_dims / 2);
  if (!m->rope_frequency) return no_memory(m, err);
  for (int i = 0; i < s->rope_dims / 2; i++)
    m->rope_frequency[i] = (float)(pow((double)rope_base, -2.0 * i / s->rope_dims) / (double)rope_scale);
  return PL_OK;
}

static pl_status find(pl_nn *m, const char *name, int64_t inputs, int64_t outputs, const pl_gguf_tensor **out,
                      pl_error *err) {
  const pl_gguf_tensor *t = pl_gguf_find_tensor(m->file, name);
  if (!t) return pl_fail(err, PL_E_INPUT, "%s lacks the tensor %s", pl_gguf_path(m->file), name);
  if (t->dims[0] != inputs || t->rows != outputs || t->n_dims > 2)
    return pl_fail(err, PL_E_INPUT, "%s: tensor %s is %lld x %lld, but the model needs %lld x %lld",
                   pl_gguf_path(m->file), name, (long long)t->dims[0], (long long)t->rows, (long long)inputs,
                   (long long)outputs);
  m->shape.parameters += inputs * outputs;
  *out = t;
  return PL_OK;
}

/* A vector, as floats that the model owns. */
static pl_status find_vector(pl_nn *m, const char *name, int n, float **out, pl_error *err) {
  const pl_gguf_tensor *t = NULL;
  pl_status status = find(m, name, n, 1, &t, err);
  if (status) return status;
  if (!(*out = malloc(sizeof(float) * (size_t)n))) return no_memory(m, err);
  pl_gguf_dequantize(t, 0, *out);
  return PL_OK;
}

static pl_status load_layer(pl_nn *m, int i, pl_error *err) {
  const pl_nn_shape *s = &m->shape;
  int q = s->heads * s->head_dim, kv = s->kv_heads * s->head_dim;
  const struct {
    const char *name;
    pl_nn_product product;
    int inputs, outputs;
  } tensors[] = {
      {"attn_q", PL_NN_Q, s->dim, q},         {"attn_k", PL_NN_K, s->dim, kv},
      {"attn_v", PL_NN_V, s->dim, kv},        {"attn_output", PL_NN_OUT, q, s->dim},
      {"ffn_gate", PL_NN_GATE, s->dim, s->ffn}, {"ffn_up", PL_NN_UP, s->dim, s->ffn},
      {"ffn_down", PL_NN_DOWN, s->ffn, s->dim},
  };
  char name[PL_GGUF_MAX_NAME];
  pl_status status = PL_OK;
  for (size_t j = 0; j < sizeof tensors / sizeof *tensors && !status; j++) {
    snprintf(name, sizeof name, "blk.%d.%s.weight", i, tensors[j].name);
    status = find(m, name, tensors[j].inputs, tensors[j].outputs, &m->layers[i].weights[tensors[j].product], err);
  }
  snprintf(name, sizeof name, "blk.%d.attn_norm.weight", i);
  if (!status) status = find_vector(m, name, s->dim, &m->layers[i].attn_norm, err);
  snprintf(name, sizeof name, "blk.%d.ffn_norm.weight", i);
  if (!status) status = find_vector(m, name, s->dim, &m->layers[i].ffn_norm, err);
  return status;
}

/* Llama 3 stretches slow rotations by factors that it ships as a tensor. */
static pl_status load_rope_factors(pl_nn *m, pl_error *err) {
  float *factors = NULL;
  pl_status status = find_vector(m, "rope_freqs.weight", m->shape.rope_dims / 2, &factors, err);
  for (int i = 0; i < m->shape.rope_dims / 2 && !status; i++) {
    if (!(factors[i] > 0) || !isfinite(factors[i]))
      status = pl_fail(err, PL_E_INPUT, "%s: element %d of tensor rope_freqs.weight is not a positive number",
                       pl_gguf_path(m->file), i);
    else m->rope_frequency[i] /= factors[i];
  }
  free(factors);
  return status;
}

static pl_status load(pl_nn *m, pl_error *err) {
  const pl_nn_shape *s = &m->shape;
  pl_status status = pl_tokenizer_load(m->file, &m->tokenizer, err);
  if (!status) status = load_shape(m, err);
  if (status) return status;
  if (!(m->layers = calloc((size_t)s->layers, sizeof *m->layers))) return no_memory(m, err);
  int expected = 9 * s->layers + 2;
  status = find(m, "token_embd.weight", s->dim, s->vocab, &m->embedding, err);
  if (!status) status = find_vector(m, "output_norm.weight", s->dim, &m->final_norm, err);
  for (int i = 0; i < s->layers && !status; i++) status = load_layer(m, i, err);
  m->shape.tied = !pl_gguf_find_tensor(m->file, "output.weight");
  m->head = m->embedding;
  if (!status && !s->tied) {
    expected++;
    status = find(m, "output.weight", s->dim, s->vocab, &m->head, err);
  }
  if (!status && pl_gguf_find_tensor(m->file, "rope_freqs.weight")) {
    expected++;
    status = load_rope_factors(m, err);
  }
  if (!status && pl_gguf_tensor_count(m->file) != expected)
    status = pl_fail(err, PL_E_INPUT, "%s has %d tensors where a plain Llama model has %d: biases, experts or other "
                     "extras are not supported", pl_gguf_path(m->file), pl_gguf_tensor_count(m->file), expected);
  return status;
}

pl_status pl_nn_from_gguf(pl_gguf *g, pl_nn **model, pl_error *err) {
  *model = NULL;
  pl_nn *m = calloc(1, sizeof *m);
  if (!m) {
    pl_gguf_close(g);
    return pl_fail(err, PL_E_MEMORY, "out of memory loading a model");
  }
  m->file = g;
  pl_status status = load(m, err);
  if (status) pl_nn_free(m);
  else *model = m;
  return status;
}

pl_status pl_nn_load(const char *path, pl_nn **model, pl_error *err) {
  pl_gguf *g;
  *model = NULL;
  pl_status status = pl_gguf_open(path, &g, err);
  return status ? status : pl_nn_from_gguf(g, model, err);
}

void pl_nn_free(pl_nn *m) {
  if (!m) return;
  for (int i = 0; m->layers && i < m->shape.layers; i++) {
    free(m->layers[i].attn_norm);
    free(m->layers[i].ffn_norm);
  }
  free(m->layers);
  free(m->final_norm);
  free(m->rope_frequency);
  pl_tokenizer_free(m->tokenizer);
  pl_gguf_close(m->file);
  free(m);
}

const pl_nn_shape *pl_nn_get_shape(const pl_nn *m) { return &m->shape; }
const pl_tokenizer *pl_nn_get_tokenizer(const pl_nn *m) { return m->tokenizer; }
const char *pl_nn_path(const pl_nn *m) { return pl_gguf_path(m->file); }
