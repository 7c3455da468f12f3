/* net.c: see net.h. Attention is computed per window and head with whole score matrices: at a context of a few hundred
 * tokens that is small, and it keeps every step a matrix product. */
#include "train/net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/ops.h"
#include "train/rng.h"

/* ---- Parameters ---- */

pl_status net_check(const net_config *c, pl_error *err) {
  if (c->vocab < 2 || c->vocab > 65536 || c->width < 2 || c->width > 8192 || c->ff < 1 || c->ff > 65536 ||
      c->context < 2 || c->context > 65536 || c->heads < 1 || c->kv_heads < 1)
    return pl_fail(err, PL_E_INPUT,
                   "A size of the network is out of range: vocabulary %d, width %d, feed-forward %d, "
                   "context %d, heads %d, key-value heads %d.",
                   c->vocab, c->width, c->ff, c->context, c->heads, c->kv_heads);
  if (c->layers < 1 || c->layers > NET_MAX_LAYERS)
    return pl_fail(err, PL_E_INPUT, "The network needs 1 to %d layers, not %d.", NET_MAX_LAYERS, c->layers);
  if (c->width % c->heads || c->width / c->heads % 2)
    return pl_fail(err, PL_E_INPUT, "Width %d does not split into %d heads of an even size.", c->width, c->heads);
  if (c->heads % c->kv_heads)
    return pl_fail(err, PL_E_INPUT, "%d heads do not share %d key-value heads evenly.", c->heads, c->kv_heads);
  return PL_OK;
}

static int kv_width(const net_config *c) { return c->width / c->heads * c->kv_heads; }

static void add_tensor(net_tensor *list, int *count, size_t *offset, int layer, const char *what, int rows,
                       int columns) {
  net_tensor *t = &list[(*count)++];
  *t = (net_tensor){.offset = *offset, .rows = rows, .columns = columns};
  if (layer < 0) snprintf(t->name, sizeof t->name, "%s.weight", what);
  else snprintf(t->name, sizeof t->name, "blk.%d.%s.weight", layer, what);
  *offset += (size_t)rows * columns;
}

/* Q, K, V follow each other, and gate and up: each group is one matrix to the products below. */
int net_tensors(const net_config *c, net_tensor *list) {
  int count = 0, w = c->width, kv = kv_width(c);
  size_t offset = 0;
  add_tensor(list, &count, &offset, -1, "token_embd", c->vocab, w);
  for (int l = 0; l < c->layers; l++) {
    add_tensor(list, &count, &offset, l, "attn_norm", 1, w);
    add_tensor(list, &count, &offset, l, "attn_q", w, w);
    add_tensor(list, &count, &offset, l, "attn_k", kv, w);
    add_tensor(list, &count, &offset, l, "attn_v", kv, w);
    add_tensor(list, &count, &offset, l, "attn_output", w, w);
    add_tensor(list, &count, &offset, l, "ffn_norm", 1, w);
    add_tensor(list, &count, &offset, l, "ffn_gate", c->ff, w);
    add_tensor(list, &count, &offset, l, "ffn_up", c->ff, w);
    add_tensor(list, &count, &offset, l, "ffn_down", w, c->ff);
  }
  add_tensor(list, &count, &offset, -1, "output_norm", 1, w);
  return count;
}

/* Where a layer's parts are, relative to its first number; the same arithmetic as net_tensors. */
typedef struct {
  size_t attn_norm, qkv, out, ffn_norm, gate_up, down, size;
} layer_map;

static layer_map map_layer(const net_config *c) {
  size_t w = c->width, kv = kv_width(c), ff = c->ff;
  layer_map m = {.attn_norm = 0, .qkv = w};
  m.out = m.qkv + (w + 2 * kv) * w;
  m.ffn_norm = m.out + w * w;
  m.gate_up = m.ffn_norm + w;
  m.down = m.gate_up + 2 * ff * w;
  m.size = m.down + w * ff;
  return m;
}

size_t net_size(const net_config *c) {
  return (size_t)c->vocab * c->width + map_layer(c).size * c->layers + c->width;
}

void net_init(const net_config *c, float sigma, uint64_t seed, real *params) {
  net_tensor list[NET_MAX_TENSORS];
  int count = net_tensors(c, list);
  for (int t = 0; t < count; t++) {
    size_t size = (size_t)list[t].rows * list[t].columns;
    int gain = strstr(list[t].name, "norm") != NULL;
    int writes_x = strstr(list[t].name, "attn_output") || strstr(list[t].name, "ffn_down");
    double s = writes_x ? sigma / sqrt(2.0 * c->layers) : sigma;
    for (size_t i = 0; i < size; i++)
      params[list[t].offset + i] = (real)(gain ? 1 : s * rng_normal(seed, list[t].offset + i));
  }
}

/* ---- Activations ---- */

typedef struct { /* n = windows x context rows each */
  real *x;        /* width: input of the layer */
  real *a, *inv_a;   /* width, 1: after the first norm */
  real *qkv;         /* width + 2 kv: rotated queries and keys, values */
  real *p;           /* windows x heads x context x context: attention */
  real *o;           /* width: heads, side by side */
  real *y;           /* width: x after attention */
  real *f, *inv_f;   /* width, 1: after the second norm */
  real *gate_up, *s; /* 2 ff, ff */
} layer_acts;

struct net {
  net_config config;
  int windows;
  real *memory, *rope;
  layer_acts layer[NET_MAX_LAYERS];
  real *x, *h, *inv_h, *logits;        /* after the last layer */
  real *branch, *dx, *dw, *dqkv, *dp, *dff, *dgate_up; /* scratch: width, width, width, ... */
};

static real *take(real **next, size_t count) {
  real *at = *next;
  *next += (count + 15) & ~(size_t)15; /* keep 64-byte alignment */
  return at;
}

/* Lays the arrays out from `base`; returns the end. Called once with NULL to measure. */
static real *lay_out(net *n, real *base) {
  const net_config *c = &n->config;
  size_t rows = (size_t)n->windows * c->context, w = c->width, qkv = w + 2 * (size_t)kv_width(c), ff = c->ff;
  size_t scores = (size_t)c->context * c->context;
  real *next = base;
  n->rope = take(&next, (size_t)c->context * (w / c->heads));
  for (int l = 0; l < c->layers; l++) {
    layer_acts *a = &n->layer[l];
    a->x = take(&next, rows * w);
    a->a = take(&next, rows * w);
    a->inv_a = take(&next, rows);
    a->qkv = take(&next, rows * qkv);
    a->p = take(&next, n->windows * c->heads * scores);
    a->o = take(&next, rows * w);
    a->y = take(&next, rows * w);
    a->f = take(&next, rows * w);
    a->inv_f = take(&next, rows);
    a->gate_up = take(&next, rows * 2 * ff);
    a->s = take(&next, rows * ff);
  }
  n->x = take(&next, rows * w);
  n->h = take(&next, rows * w);
  n->inv_h = take(&next, rows);
  n->logits = take(&next, rows * c->vocab);
  n->branch = take(&next, rows * w);
  n->dx = take(&next, rows * w);
  n->dw = take(&next, rows * w);
  n->dqkv = take(&next, rows * qkv);
  n->dp = take(&next, scores);
  n->dff = take(&next, rows * ff);
  n->dgate_up = take(&next, rows * 2 * ff);
  return next;
}

net *net_new(const net_config *config, int windows) {
  net *n = calloc(1, sizeof *n);
  if (!n) return NULL;
  n->config = *config;
  n->windows = windows;
  size_t bytes = (size_t)((char *)lay_out(n, (real *)64) - (char *)64);
  n->memory = aligned_alloc(64, bytes);
  if (!n->memory) {
    free(n);
    return NULL;
  }
  lay_out(n, n->memory);
  op_rope_table(config->context, config->width / config->heads, config->rope_base, n->rope);
  return n;
}

void net_free(net *n) {
  if (!n) return;
  free(n->memory);
  free(n);
}

/* ---- Forward ---- */

/* Places where training perturbs; with the layer they make the key. */
enum { AT_EMBEDDING, AT_QKV, AT_BRANCH_ATTENTION, AT_GATE_UP, AT_BRANCH_FF, AT_LOGITS, AT_PLACES };

static uint64_t key_at(const net_noise *noise, int layer, int place) {
  return noise->key * 1024 + (uint64_t)layer * AT_PLACES + (uint64_t)place;
}

static void perturb(const net_noise *noise, int layer, int place, size_t count, real *x) {
  if (!noise) return;
  int branch = place == AT_BRANCH_ATTENTION || place == AT_BRANCH_FF || place == AT_EMBEDDING;
  op_perturb((int64_t)count, branch ? noise->dropout : 0, place == AT_EMBEDDING ? 0 : noise->noise,
             key_at(noise, layer, place), x);
}

static void attend(const net *n, const layer_acts *a, int windows) {
  const net_config *c = &n->config;
  int t = c->context, dim = c->width / c->heads, group = c->heads / c->kv_heads, kv = kv_width(c);
  int ld = c->width + 2 * kv;
  real scale = 1 / real_sqrt((real)dim);
  for (int w = 0; w < windows; w++) {
    for (int h = 0; h < c->heads; h++) {
      const real *q = a->qkv + (size_t)w * t * ld + h * dim;
      const real *k = a->qkv + (size_t)w * t * ld + c->width + h / group * dim, *v = k + kv;
      real *p = a->p + ((size_t)w * c->heads + h) * t * t;
      gemm_nt(t, t, dim, scale, q, ld, k, ld, 0, p, t);
      op_causal_softmax(t, p);
      gemm_nn(t, dim, t, 1, p, t, v, ld, 0, a->o + (size_t)w * t * c->width + h * dim, c->width);
    }
  }
}

static void add(size_t count, const real *restrict a, const real *restrict b, real *restrict sum) {
  for (size_t i = 0; i < count; i++) sum[i] = a[i] + b[i];
}

static void forward_layer(net *n, const real *w, int l, int rows, const net_noise *noise, real *x_next) {
  const net_config *c = &n->config;
  layer_map m = map_layer(c);
  layer_acts *a = &n->layer[l];
  int width = c->width, dim = width / c->heads, qkv = width + 2 * kv_width(c);
  size_t count = (size_t)rows * width;

  op_rmsnorm(rows, width, c->eps, a->x, w + m.attn_norm, a->a, a->inv_a);
  gemm_nt(rows, qkv, width, 1, a->a, width, w + m.qkv, width, 0, a->qkv, qkv);
  perturb(noise, l, AT_QKV, (size_t)rows * qkv, a->qkv);
  op_rope(rows, c->context, c->heads + c->kv_heads, dim, n->rope, 1, a->qkv, qkv);
  attend(n, a, rows / c->context);
  gemm_nt(rows, width, width, 1, a->o, width, w + m.out, width, 0, n->branch, width);
  perturb(noise, l, AT_BRANCH_ATTENTION, count, n->branch);
  add(count, a->x, n->branch, a->y);

  op_rmsnorm(rows, width, c->eps, a->y, w + m.ffn_norm, a->f, a->inv_f);
  gemm_nt(rows, 2 * c->ff, width, 1, a->f, width, w + m.gate_up, width, 0, a->gate_up, 2 * c->ff);
  perturb(noise, l, AT_GATE_UP, (size_t)rows * 2 * c->ff, a->gate_up);
  op_swiglu(rows, c->ff, a->gate_up, a->s);
  gemm_nt(rows, width, c->ff, 1, a->s, c->ff, w + m.down, c->ff, 0, n->branch, width);
  perturb(noise, l, AT_BRANCH_FF, count, n->branch);
  add(count, a->y, n->branch, x_next);
}

/* Up to the logits. */
static void forward(net *n, const real *params, int windows, const int *tokens, const net_noise *noise) {
  const net_config *c = &n->config;
  layer_map m = map_layer(c);
  int rows = windows * c->context, width = c->width;
  const real *layers = params + (size_t)c->vocab * width;
  for (int r = 0; r < rows; r++)
    memcpy(n->layer[0].x + (size_t)r * width, params + (size_t)tokens[r] * width, sizeof(real) * width);
  perturb(noise, 0, AT_EMBEDDING, (size_t)rows * width, n->layer[0].x);
  for (int l = 0; l < c->layers; l++)
    forward_layer(n, layers + l * m.size, l, rows, noise, l + 1 < c->layers ? n->layer[l + 1].x : n->x);
  op_rmsnorm(rows, width, c->eps, n->x, layers + c->layers * m.size, n->h, n->inv_h);
  gemm_nt(rows, c->vocab, width, 1, n->h, width, params, width, 0, n->logits, c->vocab);
  perturb(noise, c->layers, AT_LOGITS, (size_t)rows * c->vocab, n->logits);
}

double net_loss(net *n, const real *params, int windows, const int *tokens, const int *targets, const net_noise *noise,
                float *loss_each) {
  forward(n, params, windows, tokens, noise);
  return op_cross_entropy(windows * n->config.context, n->config.vocab, n->logits, targets, 0, loss_each);
}

const real *net_logits(net *n, const real *params, const int *tokens, int position) {
  forward(n, params, 1, tokens, NULL);
  return n->logits + (size_t)position * n->config.vocab;
}

/* ---- Backward ---- */

/* From n->dw (gradient of the heads' outputs) to n->dqkv. */
static void attend_back(net *n, const layer_acts *a, int windows) {
  const net_config *c = &n->config;
  int t = c->context, dim = c->width / c->heads, group = c->heads / c->kv_heads, kv = kv_width(c);
  int ld = c->width + 2 * kv;
  real scale = 1 / real_sqrt((real)dim);
  for (int w = 0; w < windows; w++) {
    for (int h = 0; h < c->heads; h++) {
      size_t at_q = (size_t)w * t * ld + h * dim, at_k = (size_t)w * t * ld + c->width + h / group * dim;
      const real *p = a->p + ((size_t)w * c->heads + h) * t * t;
      const real *d_o = n->dw + (size_t)w * t * c->width + h * dim;
      real later = h % group ? 1 : 0; /* the heads of a group add up in their shared key and value */
      gemm_tn(t, dim, t, 1, p, t, d_o, c->width, later, n->dqkv + at_k + kv, ld);
      gemm_nt(t, t, dim, 1, d_o, c->width, a->qkv + at_k + kv, ld, 0, n->dp, t);
      op_causal_softmax_back(t, p, n->dp);
      gemm_nn(t, dim, t, scale, n->dp, t, a->qkv + at_k, ld, 0, n->dqkv + at_q, ld);
      gemm_tn(t, dim, t, scale, n->dp, t, a->qkv + at_q, ld, later, n->dqkv + at_k, ld);
    }
  }
}

/* n->dx: gradient of the layer's output in, of its input out. */
static void backward_layer(net *n, const real *w, real *g, int l, int rows, const net_noise *noise) {
  const net_config *c = &n->config;
  layer_map m = map_layer(c);
  layer_acts *a = &n->layer[l];
  int width = c->width, dim = width / c->heads, qkv = width + 2 * kv_width(c), ff = c->ff;
  size_t count = (size_t)rows * width;

  memcpy(n->branch, n->dx, sizeof(real) * count);
  perturb(noise, l, AT_BRANCH_FF, count, n->branch);
  gemm_tn(width, ff, rows, 1, n->branch, width, a->s, ff, 1, g + m.down, ff);
  gemm_nn(rows, ff, width, 1, n->branch, width, w + m.down, ff, 0, n->dff, ff);
  op_swiglu_back(rows, ff, a->gate_up, n->dff, n->dgate_up);
  perturb(noise, l, AT_GATE_UP, (size_t)rows * 2 * ff, n->dgate_up);
  gemm_tn(2 * ff, width, rows, 1, n->dgate_up, 2 * ff, a->f, width, 1, g + m.gate_up, width);
  gemm_nn(rows, width, 2 * ff, 1, n->dgate_up, 2 * ff, w + m.gate_up, width, 0, n->dw, width);
  op_rmsnorm_back(rows, width, a->y, w + m.ffn_norm, a->inv_f, n->dw, n->dx, g + m.ffn_norm);

  memcpy(n->branch, n->dx, sizeof(real) * count);
  perturb(noise, l, AT_BRANCH_ATTENTION, count, n->branch);
  gemm_tn(width, width, rows, 1, n->branch, width, a->o, width, 1, g + m.out, width);
  gemm_nn(rows, width, width, 1, n->branch, width, w + m.out, width, 0, n->dw, width);
  attend_back(n, a, rows / c->context);
  op_rope(rows, c->context, c->heads + c->kv_heads, dim, n->rope, -1, n->dqkv, qkv);
  perturb(noise, l, AT_QKV, (size_t)rows * qkv, n->dqkv);
  gemm_tn(qkv, width, rows, 1, n->dqkv, qkv, a->a, width, 1, g + m.qkv, width);
  gemm_nn(rows, width, qkv, 1, n->dqkv, qkv, w + m.qkv, width, 0, n->dw, width);
  op_rmsnorm_back(rows, width, a->x, w + m.attn_norm, a->inv_a, n->dw, n->dx, g + m.attn_norm);
}

double net_gradient(net *n, const real *params, int windows, const int *tokens, const int *targets,
                    const net_noise *noise, real scale, real *grads) {
  const net_config *c = &n->config;
  layer_map m = map_layer(c);
  int rows = windows * c->context, width = c->width;
  size_t count = (size_t)rows * width, layers = (size_t)c->vocab * width, last = layers + c->layers * m.size;

  forward(n, params, windows, tokens, noise);
  double loss = op_cross_entropy(rows, c->vocab, n->logits, targets, scale, NULL);
  perturb(noise, c->layers, AT_LOGITS, (size_t)rows * c->vocab, n->logits);
  gemm_tn(c->vocab, width, rows, 1, n->logits, c->vocab, n->h, width, 1, grads, width);
  gemm_nn(rows, width, c->vocab, 1, n->logits, c->vocab, params, width, 0, n->dw, width);
  memset(n->dx, 0, sizeof(real) * count);
  op_rmsnorm_back(rows, width, n->x, params + last, n->inv_h, n->dw, n->dx, grads + last);
  for (int l = c->layers - 1; l >= 0; l--)
    backward_layer(n, params + layers + l * m.size, grads + layers + l * m.size, l, rows, noise);
  perturb(noise, 0, AT_EMBEDDING, count, n->dx);
  for (int r = 0; r < rows; r++) { /* the other half of the tied embedding's gradient */
    real *g = grads + (size_t)tokens[r] * width;
    for (int i = 0; i < width; i++) g[i] += n->dx[(size_t)r * width + i];
  }
  return loss;
}
