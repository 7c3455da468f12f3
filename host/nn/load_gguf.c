/* load_gguf.c: a model of the Llama or the GPT-2 family from a GGUF file: dimensions, tensors and vocabulary, all
 * checked against each other. See nn.h; keys and tensor names are those of the GGUF specification. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/architecture.h"

static const pl_nn_design designs[] = {
    {.family = "llama", .norm = PL_NORM_RMS, .activation = PL_ACTIVATION_SWIGLU, .positions = PL_POSITIONS_ROTARY,
     .causal = 1, .norm_eps = 1e-5f},
    {.family = "gpt2", .norm = PL_NORM_LAYER, .activation = PL_ACTIVATION_GELU_TANH, .positions = PL_POSITIONS_LEARNED,
     .causal = 1, .biases = 1, .norm_eps = 1e-5f},
};

/* ---- Dimensions --------------------------------------------------------------------------------- */

/* The key of a family: "llama." and the rest. */
typedef struct {
  char text[64];
} key_name;

static key_name key_of(const pl_nn *m, const char *rest) {
  key_name k;
  snprintf(k.text, sizeof k.text, "%s.%s", m->design.family, rest);
  return k;
}

static pl_status read_int(const pl_nn *m, const char *rest, int fallback, int lo, int hi, int *out, pl_error *err) {
  uint32_t value, usual = (uint32_t)fallback;
  pl_status status = pl_gguf_u32(m->file, key_of(m, rest).text, fallback < 0 ? NULL : &usual, (uint32_t)lo,
                                 (uint32_t)hi, &value, err);
  if (!status) *out = (int)value;
  return status;
}

static pl_status choose_design(pl_nn *m, pl_error *err) {
  pl_str architecture;
  pl_status status = pl_gguf_string(m->file, "general.architecture", NULL, &architecture, err);
  if (status) return status;
  for (size_t i = 0; i < sizeof designs / sizeof *designs; i++)
    if (architecture.size == strlen(designs[i].family) &&
        !memcmp(architecture.data, designs[i].family, architecture.size)) {
      m->design = designs[i];
      return PL_OK;
    }
  return pl_fail(err, PL_E_INPUT, "%s: general.architecture is neither llama nor gpt2; other families are not supported",
                 m->path);
}

static pl_status load_rope(pl_nn *m, pl_error *err) {
  pl_nn_shape *s = &m->shape;
  const float base = 10000, one = 1;
  float rope_base = 0, rope_scale = 0;
  pl_str scaling;
  pl_status status = read_int(m, "rope.dimension_count", s->head_dim, 2, 1 << 16, &s->rope_dims, err);
  if (!status) status = pl_gguf_f32(m->file, key_of(m, "rope.freq_base").text, &base, 1, 1e12f, &rope_base, err);
  if (!status) status = pl_gguf_f32(m->file, key_of(m, "rope.scale_linear").text, &one, 1e-3f, 1e6f, &rope_scale, err);
  if (!status) status = pl_gguf_string(m->file, key_of(m, "rope.scaling.type").text, "none", &scaling, err);
  if (status) return status;
  if (s->rope_dims > s->head_dim || s->rope_dims % 2)
    return pl_fail(err, PL_E_INPUT, "%s: llama.rope.dimension_count is %d, but heads have %d elements", m->path,
                   s->rope_dims, s->head_dim);
  if (scaling.size != 4 || memcmp(scaling.data, "none", 4))
    return pl_fail(err, PL_E_INPUT, "%s: llama.rope.scaling.type is not none; scaled positions are not supported",
                   m->path);
  m->rope_frequency = malloc(sizeof(float) * (size_t)s->rope_dims / 2);
  if (!m->rope_frequency) return pl_nn_no_memory(m, err);
  for (int i = 0; i < s->rope_dims / 2; i++)
    m->rope_frequency[i] = (float)(pow((double)rope_base, -2.0 * i / s->rope_dims) / (double)rope_scale);
  return PL_OK;
}

static pl_status load_shape(pl_nn *m, pl_error *err) {
  pl_nn_shape *s = &m->shape;
  int experts = 0, value_length = 0, wide = 1 << 16;
  const char *eps_key = m->design.norm == PL_NORM_RMS ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon";
  pl_status status = read_int(m, "block_count", -1, 1, 4095, &s->layers, err);
  if (!status) status = read_int(m, "embedding_length", -1, 1, wide, &s->dim, err);
  if (!status) status = read_int(m, "feed_forward_length", -1, 1, wide, &s->ffn, err);
  if (!status) status = read_int(m, "attention.head_count", -1, 1, wide, &s->heads, err);
  if (!status) status = read_int(m, "attention.head_count_kv", s->heads, 1, wide, &s->kv_heads, err);
  if (!status) status = read_int(m, "context_length", -1, 1, 1 << 30, &s->context, err);
  if (!status) status = read_int(m, "expert_count", 0, 0, 1 << 30, &experts, err);
  if (!status) status = read_int(m, "attention.key_length", s->dim / s->heads, 1, wide, &s->head_dim, err);
  if (!status) status = read_int(m, "attention.value_length", s->head_dim, 1, wide, &value_length, err);
  if (!status)
    status = pl_gguf_f32(m->file, key_of(m, eps_key).text, &m->design.norm_eps, 0, 1, &m->norm_eps, err);
  if (status) return status;
  if (value_length != s->head_dim)
    return pl_fail(err, PL_E_INPUT, "%s: heads of %d key and %d value elements are not supported", m->path, s->head_dim,
                   value_length);
  if (experts) return pl_fail(err, PL_E_INPUT, "%s is a mixture of experts, which is not supported", m->path);
  if (m->design.positions == PL_POSITIONS_LEARNED && s->context > wide)
    return pl_fail(err, PL_E_INPUT, "%s: a table of %d learned positions is not supported", m->path, s->context);
  s->vocab = pl_tokenizer_size(m->tokenizer);
  if ((status = pl_nn_check_shape(m, err))) return status;
  return m->design.positions == PL_POSITIONS_ROTARY ? load_rope(m, err) : PL_OK;
}

/* ---- Tensors ------------------------------------------------------------------------------------ */

/* One matrix and its bias, or several products in one: `parts` of `outputs` rows each, for products p, p + 1, .. */
typedef struct {
  const char *name;
  pl_nn_product product;
  int parts, inputs, outputs;
} matrix;

static pl_status load_matrix(pl_nn *m, int layer, const matrix *x, pl_error *err) {
  char name[PL_GGUF_MAX_NAME];
  pl_tensor whole;
  float *bias = NULL;
  pl_nn_layer *l = &m->layers[layer];
  snprintf(name, sizeof name, "blk.%d.%s.weight", layer, x->name);
  pl_status status = pl_nn_find(m, name, x->inputs, (int64_t)x->parts * x->outputs, &whole, err);
  snprintf(name, sizeof name, "blk.%d.%s.bias", layer, x->name);
  if (!status && m->design.biases) status = pl_nn_find_vector(m, name, x->parts * x->outputs, &bias, err);
  for (int i = 0; i < x->parts && !status; i++) {
    l->weights[(int)x->product + i] = pl_tensor_rows(&whole, (int64_t)i * x->outputs, x->outputs);
    if (!bias) continue;
    float *part = malloc(sizeof *part * (size_t)x->outputs);
    if (!part) status = pl_nn_no_memory(m, err);
    else memcpy(part, bias + (ptrdiff_t)i * x->outputs, sizeof *part * (size_t)x->outputs);
    l->biases[(int)x->product + i] = part;
  }
  free(bias);
  return status;
}

/* Returns how many tensors a layer has in *tensors. */
static pl_status load_layer(pl_nn *m, int layer, int *tensors, pl_error *err) {
  const pl_nn_shape *s = &m->shape;
  const int q = s->heads * s->head_dim, kv = s->kv_heads * s->head_dim;
  const matrix llama[] = {
      {"attn_q", PL_NN_Q, 1, s->dim, q},          {"attn_k", PL_NN_K, 1, s->dim, kv},
      {"attn_v", PL_NN_V, 1, s->dim, kv},         {"attn_output", PL_NN_OUT, 1, q, s->dim},
      {"ffn_gate", PL_NN_GATE, 1, s->dim, s->ffn}, {"ffn_up", PL_NN_UP, 1, s->dim, s->ffn},
      {"ffn_down", PL_NN_DOWN, 1, s->ffn, s->dim},
  };
  const matrix gpt2[] = {
      {"attn_qkv", PL_NN_Q, 3, s->dim, q},        {"attn_output", PL_NN_OUT, 1, q, s->dim},
      {"ffn_up", PL_NN_UP, 1, s->dim, s->ffn},    {"ffn_down", PL_NN_DOWN, 1, s->ffn, s->dim},
  };
  const int gated = m->design.activation == PL_ACTIVATION_SWIGLU;
  const matrix *list = gated ? llama : gpt2;
  const size_t count = gated ? sizeof llama / sizeof *llama : sizeof gpt2 / sizeof *gpt2;
  char stem[PL_GGUF_MAX_NAME];
  pl_status status = PL_OK;
  for (size_t i = 0; i < count && !status; i++) status = load_matrix(m, layer, &list[i], err);
  snprintf(stem, sizeof stem, "blk.%d.attn_norm", layer);
  if (!status) status = pl_nn_find_norm(m, stem, &m->layers[layer].attn_norm, err);
  snprintf(stem, sizeof stem, "blk.%d.ffn_norm", layer);
  if (!status) status = pl_nn_find_norm(m, stem, &m->layers[layer].ffn_norm, err);
  *tensors = ((int)count + 2) * (1 + m->design.biases);
  return status;
}

/* Llama 3 stretches slow rotations by factors that it ships as a tensor. */
static pl_status load_rope_factors(pl_nn *m, pl_error *err) {
  float *factors = NULL;
  pl_status status = pl_nn_find_vector(m, "rope_freqs.weight", m->shape.rope_dims / 2, &factors, err);
  for (int i = 0; i < m->shape.rope_dims / 2 && !status; i++) {
    if (!(factors[i] > 0) || !isfinite(factors[i]))
      status = pl_fail(err, PL_E_INPUT, "%s: element %d of tensor rope_freqs.weight is not a positive number", m->path,
                       i);
    else m->rope_frequency[i] /= factors[i];
  }
  free(factors);
  return status;
}

pl_status pl_nn_load_gguf(pl_nn *m, pl_error *err) {
  pl_nn_shape *s = &m->shape;
  pl_status status = choose_design(m, err);
  if (!status) status = pl_tokenizer_load(m->file, &m->tokenizer, err);
  if (!status) status = load_shape(m, err);
  if (status) return status;
  int expected = 2 + m->design.biases, of_layer;
  status = pl_nn_find(m, "token_embd.weight", s->dim, s->vocab, &m->embedding, err);
  if (!status) status = pl_nn_find_norm(m, "output_norm", &m->final_norm, err);
  for (int i = 0; i < s->layers && !status; i++, expected += of_layer) status = load_layer(m, i, &of_layer, err);
  s->tied = !pl_gguf_find_tensor(m->file, "output.weight");
  m->head = m->embedding;
  if (!status && !s->tied) {
    expected++;
    status = pl_nn_find(m, "output.weight", s->dim, s->vocab, &m->head, err);
  }
  if (!status && m->design.positions == PL_POSITIONS_LEARNED) {
    expected++;
    status = pl_nn_find(m, "position_embd.weight", s->dim, s->context, &m->positions, err);
  }
  if (!status && m->rope_frequency && pl_gguf_find_tensor(m->file, "rope_freqs.weight")) {
    expected++;
    status = load_rope_factors(m, err);
  }
  if (!status && pl_gguf_tensor_count(m->file) != expected)
    status = pl_fail(err, PL_E_INPUT, "%s has %d tensors where a plain model of the %s family has %d: biases, experts or "
                     "other extras are not supported", m->path, pl_gguf_tensor_count(m->file), m->design.family, expected);
  return status;
}
