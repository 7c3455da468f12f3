/* forward.c: one sequence through the model: the key and value cache and the blocks, whatever the family: what they
 * differ in is data (architecture.h). See nn.h.
 *
 * Rows (tokens) are processed in chunks; each step works on all rows of a chunk. Everything before and after a
 * product is per row, so chunks do not show in the result. An encoder, whose rows all see each other, has one chunk.
 * An optical score or attention product keeps its operand cached as codes, a float one as floats.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/kernels.h"
#include "nn/architecture.h"

enum { CHUNK = 256, HEAD_CHUNK = 64 }; /* rows at a time; fewer for the head, whose rows are a vocabulary long */

struct pl_nn_context {
  const pl_nn *m;
  pl_nn_optics *o; /* NULL: float */
  int capacity, position;
  int chunk; /* rows at a time */
  /* Keys: [layer][kv head][position][head_dim]. Values as floats the same, as codes transposed:
   * [layer][kv head][head_dim][position]. Scales: [layer][kv head][position]. */
  float *keys, *values, *key_scales, *value_scales;
  int8_t *key_codes, *value_codes;
  /* A chunk's activations. */
  float *x, *norm, *q, *k, *v, *attn, *gate, *up, *out;
  float *scores;  /* chunk x capacity: one head */
  float *scratch; /* PL_MATMUL_TILE weight rows; or one transposed value row */
  int8_t *codes;  /* chunk x head_dim query codes, or probability codes: capacity, of an encoder capacity^2 */
  float *scales;  /* chunk */
};

static size_t cache_row(const pl_nn_context *c, int layer, int kv_head) { /* index of a head's first position */
  return ((size_t)layer * (size_t)c->m->shape.kv_heads + (size_t)kv_head) * (size_t)c->capacity;
}

/* ---- Life ---------------------------------------------------------------------------------------- */

static void *array(size_t n, size_t size, int *ok) {
  void *p = calloc(n ? n : 1, size);
  *ok &= p != NULL;
  return p;
}

pl_status pl_nn_context_new(const pl_nn *model, pl_nn_optics *optics, int capacity, pl_nn_context **ctx,
                            pl_error *err) {
  const pl_nn_shape *s = &model->shape;
  *ctx = NULL;
  if (capacity < 1 || capacity > s->context)
    return pl_fail(err, PL_E_INPUT, "a sequence of %d tokens is not possible with %s: its context is %d", capacity,
                   pl_nn_path(model), s->context);
  pl_nn_context *c = calloc(1, sizeof *c);
  if (!c) return pl_fail(err, PL_E_MEMORY, "out of memory");
  c->m = model;
  c->o = optics;
  c->capacity = capacity;

  size_t rows = (size_t)s->layers * (size_t)s->kv_heads * (size_t)capacity, hd = (size_t)s->head_dim;
  c->chunk = capacity < CHUNK || !s->causal ? capacity : CHUNK;
  size_t chunk = (size_t)c->chunk, q = (size_t)s->heads * hd, kv = (size_t)s->kv_heads * hd;
  size_t dim = (size_t)s->dim, ffn = (size_t)s->ffn;
  size_t widest = dim > ffn ? dim : ffn, codes = chunk * hd;
  size_t probabilities = (s->causal ? 1 : chunk) * (size_t)capacity;
  codes = codes > probabilities ? codes : probabilities;
  widest = widest > q ? widest : q;
  int ok = 1;
  if (pl_optics_has(optics, PL_NN_SCORES)) {
    c->key_codes = array(rows * hd, 1, &ok);
    c->key_scales = array(rows, sizeof(float), &ok);
  } else {
    c->keys = array(rows * hd, sizeof(float), &ok);
  }
  if (pl_optics_has(optics, PL_NN_ATTN)) {
    c->value_codes = array(rows * hd, 1, &ok);
    c->value_scales = array(rows, sizeof(float), &ok);
  } else {
    c->values = array(rows * hd, sizeof(float), &ok);
  }
  c->x = array(chunk * dim, sizeof(float), &ok);
  c->norm = array(chunk * dim, sizeof(float), &ok);
  c->q = array(chunk * q, sizeof(float), &ok);
  c->k = array(chunk * kv, sizeof(float), &ok);
  c->v = array(chunk * kv, sizeof(float), &ok);
  c->attn = array(chunk * q, sizeof(float), &ok);
  c->gate = array(chunk * ffn, sizeof(float), &ok);
  c->up = array(chunk * ffn, sizeof(float), &ok);
  c->out = array(chunk * dim, sizeof(float), &ok);
  c->scores = array(chunk * (size_t)capacity, sizeof(float), &ok);
  c->scratch = array(PL_MATMUL_TILE * widest, sizeof(float), &ok);
  c->codes = array(codes, 1, &ok);
  c->scales = array(chunk, sizeof(float), &ok);
  if (!ok) {
    pl_nn_context_free(c);
    return pl_fail(err, PL_E_MEMORY, "out of memory for a sequence of %d tokens; ask for fewer", capacity);
  }
  *ctx = c;
  return PL_OK;
}

void pl_nn_context_free(pl_nn_context *c) {
  if (!c) return;
  void *all[] = {c->keys, c->values, c->key_scales, c->value_scales, c->key_codes, c->value_codes, c->x, c->norm, c->q,
                 c->k, c->v, c->attn, c->gate, c->up, c->out, c->scores, c->scratch, c->codes, c->scales};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
  free(c);
}

int pl_nn_position(const pl_nn_context *c) { return c->position; }

void pl_nn_rewind(pl_nn_context *c, int position) {
  if (position >= 0 && position < c->position) c->position = position;
}

/* ---- One block ------------------------------------------------------------------------------------ */

static pl_status linear(pl_nn_context *c, int layer, pl_nn_product p, const float *x, int rows, float *y,
                        pl_error *err) {
  const pl_tensor *w = pl_nn_weight(c->m, layer, p);
  if (pl_optics_has(c->o, p)) {
    const pl_status status = pl_optics_linear(c->o, layer, p, x, rows, (uint32_t)c->position, y, err);
    if (status) return status;
  } else {
    pl_matmul(w, x, rows, y, c->scratch);
  }
  const float *bias = p == PL_NN_HEAD ? NULL : c->m->layers[layer].biases[p];
  for (int r = 0; bias && r < rows; r++) pl_axpy(y + (ptrdiff_t)r * w->rows, 1, bias, (int)w->rows);
  return PL_OK;
}

/* How many positions row r of a chunk of `rows` sees. */
static int seen_by(const pl_nn_context *c, int r, int rows) {
  return c->position + (c->m->design.causal ? r + 1 : rows);
}

static pl_status overflow(const pl_nn_context *c, int layer, int position, pl_error *err) {
  return pl_fail(err, PL_E_INPUT, "the activations of %s overflow at token %d in the attention of layer %d: the model "
                 "is damaged", pl_nn_path(c->m), position, layer);
}

/* Puts the keys and values of a chunk into the cache. */
static pl_status remember(pl_nn_context *c, int layer, int rows, pl_error *err) {
  const pl_nn_shape *s = &c->m->shape;
  size_t hd = (size_t)s->head_dim, capacity = (size_t)c->capacity;
  pl_optics_hear(c->o, layer, PL_NN_SCORES, c->k, rows, (uint32_t)c->position);
  pl_optics_hear(c->o, layer, PL_NN_ATTN, c->v, rows, (uint32_t)c->position);
  for (int r = 0; r < rows; r++)
    for (int h = 0; h < s->kv_heads; h++) {
      size_t first = cache_row(c, layer, h), position = (size_t)(c->position + r), at = first + position;
      float *k = c->k + ((size_t)r * (size_t)s->kv_heads + (size_t)h) * hd, *v = c->v + (k - c->k);
      int ok = 1;
      /* Scores of a row all lose the same by an offset of the keys: softmax does not see it. */
      if (!c->keys) pl_axpy(k, -1, pl_optics_key_offset(c->o, layer, h), (int)hd);
      if (!c->values) pl_axpy(v, -1, pl_optics_value_offset(c->o, layer, h), (int)hd);
      if (c->keys) memcpy(c->keys + at * hd, k, hd * sizeof(float));
      else ok &= pl_optics_code_head(c->o, layer, PL_NN_SCORES, pl_optics_limit_b(c->o), k, c->key_codes + at * hd,
                                     &c->key_scales[at]);
      if (c->values) {
        memcpy(c->values + at * hd, v, hd * sizeof(float));
      } else {
        int8_t *row = c->codes;
        ok &= pl_optics_code_head(c->o, layer, PL_NN_ATTN, pl_optics_limit_b(c->o), v, row, &c->value_scales[at]);
        for (size_t d = 0; d < hd; d++) c->value_codes[first * hd + d * capacity + position] = row[d];
      }
      if (!ok) return overflow(c, layer, (int)position, err);
    }
  return PL_OK;
}

/* scores[r][p] = q[r] . key[p], all rows of one head, at least for the p that r sees. */
static pl_status scores(pl_nn_context *c, int layer, int head, int rows, pl_error *err) {
  const pl_nn_shape *s = &c->m->shape;
  int hd = s->head_dim, q_width = s->heads * hd, seen = c->position + rows;
  size_t first = cache_row(c, layer, head / (s->heads / s->kv_heads));
  float *q = c->q + (ptrdiff_t)head * hd;
  if (c->keys) {
    for (int r = 0; r < rows; r++)
      for (int p = 0; p < seen_by(c, r, rows); p++)
        c->scores[(ptrdiff_t)r * c->capacity + p] =
            pl_dot(q + (ptrdiff_t)r * q_width, c->keys + (first + (size_t)p) * (size_t)hd, hd);
    return PL_OK;
  }
  for (int r = 0; r < rows; r++)
    if (!pl_optics_code_head(c->o, layer, PL_NN_SCORES, pl_optics_limit_a(c->o), q + (ptrdiff_t)r * q_width,
                             c->codes + (ptrdiff_t)r * hd, &c->scales[r]))
      return overflow(c, layer, c->position + r, err);
  pl_job job = {.row0 = (uint32_t)c->position, .m = rows, .n = seen, .k = hd, .a = c->codes, .lda = hd,
                .b = c->key_codes + first * (size_t)hd, .ldb = hd};
  const int32_t *result;
  float step;
  pl_status status = pl_optics_multiply(c->o, layer, PL_NN_SCORES, head, &job, &result, &step, err);
  for (int r = 0; r < rows && !status; r++)
    for (int p = 0; p < seen_by(c, r, rows); p++)
      c->scores[(ptrdiff_t)r * c->capacity + p] =
          (float)result[(ptrdiff_t)r * seen + p] * (c->scales[r] * step * c->key_scales[first + (size_t)p]);
  return status;
}

/* attn[r] = sum over p of probability[r][p] * value[p], `rows` rows of one head from `first_row` on, on the device:
 * they all see `seen` positions. Overwrites the probabilities. */
static pl_status mix_codes(pl_nn_context *c, int layer, int head, int first_row, int rows, int seen, pl_error *err) {
  const pl_nn_shape *s = &c->m->shape;
  const int hd = s->head_dim;
  const size_t first = cache_row(c, layer, head / (s->heads / s->kv_heads));
  for (int r = 0; r < rows; r++) {
    float *probability = c->scores + (ptrdiff_t)(first_row + r) * c->capacity;
    for (int p = 0; p < seen; p++) probability[p] *= c->value_scales[first + (size_t)p];
    if (!pl_quantize(probability, seen, pl_optics_limit_a(c->o), c->codes + (ptrdiff_t)r * seen, &c->scales[r]))
      return overflow(c, layer, c->position + first_row + r, err);
  }
  pl_job job = {.row0 = (uint32_t)(c->position + first_row), .m = rows, .n = hd, .k = seen, .a = c->codes, .lda = seen,
                .b = c->value_codes + first * (size_t)hd, .ldb = c->capacity};
  const int32_t *result;
  float step;
  const pl_status status = pl_optics_multiply(c->o, layer, PL_NN_ATTN, head, &job, &result, &step, err);
  for (int r = 0; r < rows && !status; r++) {
    float *out = c->attn + ((ptrdiff_t)(first_row + r) * s->heads + head) * hd;
    for (int d = 0; d < hd; d++) out[d] = (float)result[(ptrdiff_t)r * hd + d] * (c->scales[r] * step);
    pl_optics_values_back(c->o, layer, out);
    pl_axpy(out, 1, pl_optics_value_offset(c->o, layer, head / (s->heads / s->kv_heads)), hd);
  }
  return status;
}

/* The same for all rows of a chunk, optical or not. Rows that see different positions need a job each (nn.h). */
static pl_status mix_values(pl_nn_context *c, int layer, int head, int rows, pl_error *err) {
  const pl_nn_shape *s = &c->m->shape;
  const int hd = s->head_dim, together = c->m->design.causal ? 1 : rows;
  const size_t first = cache_row(c, layer, head / (s->heads / s->kv_heads));
  pl_status status = PL_OK;
  for (int r = 0; r < rows && !c->values && !status; r += together)
    status = mix_codes(c, layer, head, r, together, seen_by(c, r, rows), err);
  for (int r = 0; r < rows && c->values; r++) {
    const float *probability = c->scores + (ptrdiff_t)r * c->capacity;
    float *out = c->attn + ((ptrdiff_t)r * s->heads + head) * hd;
    memset(out, 0, sizeof *out * (size_t)hd);
    for (int p = 0; p < seen_by(c, r, rows); p++)
      pl_axpy(out, probability[p], c->values + (first + (size_t)p) * (size_t)hd, hd);
  }
  return status;
}

static pl_status attention(pl_nn_context *c, int layer, int rows, pl_error *err) {
  const pl_nn_shape *s = &c->m->shape;
  float scale = 1.0f / sqrtf((float)s->head_dim);
  for (int r = 0; r < rows && c->m->design.positions == PL_POSITIONS_ROTARY; r++) {
    for (int h = 0; h < s->heads; h++)
      pl_rope(c->q + ((ptrdiff_t)r * s->heads + h) * s->head_dim, s->rope_dims, c->position + r, c->m->rope_frequency);
    for (int h = 0; h < s->kv_heads; h++)
      pl_rope(c->k + ((ptrdiff_t)r * s->kv_heads + h) * s->head_dim, s->rope_dims, c->position + r,
              c->m->rope_frequency);
  }
  pl_status status = remember(c, layer, rows, err);
  for (int h = 0; h < s->heads && !status; h++) {
    if ((status = scores(c, layer, h, rows, err))) break;
    for (int r = 0; r < rows; r++) {
      float *row = c->scores + (ptrdiff_t)r * c->capacity;
      int seen = seen_by(c, r, rows);
      for (int p = 0; p < seen; p++) row[p] *= scale;
      pl_softmax(row, seen);
    }
    status = mix_values(c, layer, h, rows, err);
  }
  return status;
}

/* out may be x; a norm that the model does not have copies. */
static void norm_rows(const pl_nn_context *c, const pl_nn_norm *norm, const float *x, int rows, float *out) {
  const int dim = c->m->shape.dim;
  for (int r = 0; r < rows; r++, x += dim, out += dim) {
    if (!norm->gain) memmove(out, x, sizeof *x * (size_t)dim);
    else if (c->m->design.norm == PL_NORM_RMS) pl_rmsnorm(out, x, norm->gain, dim, c->m->norm_eps);
    else pl_layernorm(out, x, norm->gain, norm->bias, dim, c->m->norm_eps);
  }
}

/* The input of a sublayer: x, or its norm. */
static const float *sublayer_input(pl_nn_context *c, const pl_nn_norm *norm, int rows) {
  if (c->m->design.norm_after) return c->x;
  norm_rows(c, norm, c->x, rows, c->norm);
  return c->norm;
}

/* x += out, and the norm of that where the family has it there. */
static void add_sublayer(pl_nn_context *c, const pl_nn_norm *norm, int rows) {
  const size_t n = (size_t)rows * (size_t)c->m->shape.dim;
  for (size_t i = 0; i < n; i++) c->x[i] += c->out[i];
  if (c->m->design.norm_after) norm_rows(c, norm, c->x, rows, c->x);
}

/* The inner half of the feed-forward: x to `ffn` activations. *inner points to them. */
static pl_status activations(pl_nn_context *c, int layer, const float *x, int rows, float **inner, pl_error *err) {
  const pl_activation kind = c->m->design.activation;
  const int ffn = c->m->shape.ffn;
  pl_status status = PL_OK;
  if (kind == PL_ACTIVATION_SWIGLU && (status = linear(c, layer, PL_NN_GATE, x, rows, c->gate, err))) return status;
  if ((status = linear(c, layer, PL_NN_UP, x, rows, c->up, err))) return status;
  *inner = kind == PL_ACTIVATION_SWIGLU ? c->gate : c->up;
  for (int r = 0; r < rows; r++) {
    float *row = *inner + (ptrdiff_t)r * ffn;
    if (kind == PL_ACTIVATION_SWIGLU) pl_swiglu(row, c->up + (ptrdiff_t)r * ffn, ffn);
    else if (kind == PL_ACTIVATION_GELU) pl_gelu(row, ffn);
    else pl_gelu_tanh(row, ffn);
  }
  return PL_OK;
}

static pl_status block(pl_nn_context *c, int layer, int rows, pl_error *err) {
  const pl_nn_layer *l = &c->m->layers[layer];
  pl_status status;
  float *inner;
  const float *x = sublayer_input(c, &l->attn_norm, rows);
  if ((status = linear(c, layer, PL_NN_Q, x, rows, c->q, err))) return status;
  if ((status = linear(c, layer, PL_NN_K, x, rows, c->k, err))) return status;
  if ((status = linear(c, layer, PL_NN_V, x, rows, c->v, err))) return status;
  if ((status = attention(c, layer, rows, err))) return status;
  if ((status = linear(c, layer, PL_NN_OUT, c->attn, rows, c->out, err))) return status;
  add_sublayer(c, &l->attn_norm, rows);
  x = sublayer_input(c, &l->ffn_norm, rows);
  if ((status = activations(c, layer, x, rows, &inner, err))) return status;
  if ((status = linear(c, layer, PL_NN_DOWN, inner, rows, c->out, err))) return status;
  add_sublayer(c, &l->ffn_norm, rows);
  return PL_OK;
}

/* x of a chunk's tokens: words, and where the family adds them positions and type. */
static void embed(pl_nn_context *c, const int32_t *ids, int rows) {
  const int dim = c->m->shape.dim;
  for (int r = 0; r < rows; r++) {
    float *x = c->x + (ptrdiff_t)r * dim;
    pl_tensor_row(&c->m->embedding, ids[r], x);
    if (c->m->token_type) pl_axpy(x, 1, c->m->token_type, dim);
    if (c->m->design.positions != PL_POSITIONS_LEARNED) continue;
    pl_tensor_row(&c->m->positions, c->position + r, c->norm);
    pl_axpy(x, 1, c->norm, dim);
  }
  norm_rows(c, &c->m->first_norm, c->x, rows, c->x);
}

/* Logits of rows first .. rows-1 of the chunk, or their hidden states. c->position is the chunk's first token. */
static pl_status final_head(pl_nn_context *c, int first, int rows, float *logits, pl_error *err) {
  const pl_nn_shape *s = &c->m->shape;
  norm_rows(c, &c->m->final_norm, c->x, rows, c->norm);
  if (!pl_nn_has(c->m, PL_NN_HEAD)) {
    memcpy(logits, c->norm + (ptrdiff_t)first * s->dim, sizeof *logits * (size_t)(rows - first) * (size_t)s->dim);
    return PL_OK;
  }
  int start = c->position;
  pl_status status = PL_OK;
  for (int r = first; r < rows && !status; r += HEAD_CHUNK) {
    int n = rows - r < HEAD_CHUNK ? rows - r : HEAD_CHUNK;
    c->position = start + r; /* linear() names rows from here */
    status = linear(c, s->layers, PL_NN_HEAD, c->norm + (ptrdiff_t)r * s->dim, n,
                    logits + (ptrdiff_t)(r - first) * s->vocab, err);
  }
  c->position = start;
  return status;
}

pl_status pl_nn_forward(pl_nn_context *c, const int32_t *ids, int n, int first, float *logits, pl_error *err) {
  const pl_nn_shape *s = &c->m->shape;
  if (n < 0 || n > c->capacity - c->position)
    return pl_fail(err, PL_E_INPUT, "the sequence has room for %d more tokens, not for %d: ask for a longer context",
                   c->capacity - c->position, n);
  if (first < 0 || first > n) return pl_fail(err, PL_E_INPUT, "logits from row %d of %d are not possible", first, n);
  for (int i = 0; i < n; i++)
    if (ids[i] < 0 || ids[i] >= s->vocab)
      return pl_fail(err, PL_E_INPUT, "token id %d is outside the vocabulary of %d", ids[i], s->vocab);
  if (!s->causal && c->position)
    return pl_fail(err, PL_E_INPUT, "%s is an encoder and reads a text at once: rewind before the next",
                   pl_nn_path(c->m));
  int before = c->position;
  pl_status status = PL_OK;
  for (int done = 0, rows; done < n && !status; done += rows) {
    rows = n - done < c->chunk ? n - done : c->chunk;
    embed(c, ids + done, rows);
    for (int layer = 0; layer < s->layers && !status; layer++) status = block(c, layer, rows, err);
    if (!status && first < done + rows) {
      int from = first > done ? first - done : 0;
      status = final_head(c, from, rows, logits + (ptrdiff_t)(done + from - first) * s->outputs, err);
    }
    c->position += rows;
  }
  if (status) c->position = before;
  return status;
}
