/* model.c: a model as a whole: which loader a path belongs to, tensors by name, and its life. See nn.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "nn/architecture.h"

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

/* ---- For the loaders --------------------------------------------------------------------------- */

pl_nn *pl_nn_empty(const char *path) {
  pl_nn *m = calloc(1, sizeof *m);
  if (m && !(m->path = strdup(path))) free(m), m = NULL;
  return m;
}

pl_status pl_nn_no_memory(const pl_nn *m, pl_error *err) {
  return pl_fail(err, PL_E_MEMORY, "out of memory loading %s", m->path);
}

pl_status pl_nn_find(pl_nn *m, const char *name, int64_t inputs, int64_t outputs, pl_tensor *out, pl_error *err) {
  const pl_tensor *t = m->file ? pl_gguf_find_tensor(m->file, name) : pl_safetensors_find(m->store, name);
  if (!t) return pl_fail(err, PL_E_INPUT, "%s lacks the tensor %s", m->path, name);
  if (t->dims[0] != inputs || t->rows != outputs || t->n_dims > 2)
    return pl_fail(err, PL_E_INPUT, "%s: tensor %s is %lld x %lld, but the model needs %lld x %lld", m->path, name,
                   (long long)t->dims[0], (long long)t->rows, (long long)inputs, (long long)outputs);
  m->shape.parameters += inputs * outputs;
  *out = *t;
  return PL_OK;
}

pl_status pl_nn_find_vector(pl_nn *m, const char *name, int n, float **out, pl_error *err) {
  pl_tensor t;
  pl_status status = pl_nn_find(m, name, n, 1, &t, err);
  if (status) return status;
  if (!(*out = malloc(sizeof(float) * (size_t)n))) return pl_nn_no_memory(m, err);
  pl_tensor_row(&t, 0, *out);
  return PL_OK;
}

pl_status pl_nn_find_norm(pl_nn *m, const char *stem, pl_nn_norm *norm, pl_error *err) {
  char name[128];
  snprintf(name, sizeof name, "%s.weight", stem);
  pl_status status = pl_nn_find_vector(m, name, m->shape.dim, &norm->gain, err);
  snprintf(name, sizeof name, "%s.bias", stem);
  if (!status && m->design.biases) status = pl_nn_find_vector(m, name, m->shape.dim, &norm->bias, err);
  return status;
}

/* Limits: 4095 layers (job number), 65536 inputs of a product (pl_gemm), 2^20 tokens (columns). */
pl_status pl_nn_check_shape(pl_nn *m, pl_error *err) {
  pl_nn_shape *s = &m->shape;
  const int wide = 1 << 16;
  if (s->heads % s->kv_heads)
    return pl_fail(err, PL_E_INPUT, "%s: %d query heads cannot share %d key heads evenly", m->path, s->heads,
                   s->kv_heads);
  if (s->head_dim < 2 || s->head_dim * (int64_t)s->heads > wide)
    return pl_fail(err, PL_E_INPUT, "%s: %d heads of %d elements are not supported", m->path, s->heads, s->head_dim);
  if (s->context > wide) s->context = wide; /* attention x V sums over positions: at most 65536 */
  s->causal = m->design.causal;
  m->layers = calloc((size_t)s->layers, sizeof *m->layers);
  return m->layers ? PL_OK : pl_nn_no_memory(m, err);
}

/* ---- Life -------------------------------------------------------------------------------------- */

static pl_status finish(pl_nn *m, pl_status status, pl_nn **model) {
  if (status) {
    pl_nn_free(m);
    return status;
  }
  m->shape.outputs = m->head.data ? m->shape.vocab : m->shape.dim;
  *model = m;
  return PL_OK;
}

pl_status pl_nn_from_gguf(pl_gguf *g, pl_nn **model, pl_error *err) {
  *model = NULL;
  pl_nn *m = pl_nn_empty(pl_gguf_path(g));
  if (!m) {
    pl_gguf_close(g);
    return pl_fail(err, PL_E_MEMORY, "out of memory loading a model");
  }
  m->file = g;
  return finish(m, pl_nn_load_gguf(m, err), model);
}

pl_status pl_nn_load(const char *path, pl_nn **model, pl_error *err) {
  struct stat st;
  *model = NULL;
  if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
    pl_nn *m = pl_nn_empty(path);
    return m ? finish(m, pl_nn_load_bert(m, err), model) : pl_fail(err, PL_E_MEMORY, "out of memory loading a model");
  }
  pl_gguf *g;
  pl_status status = pl_gguf_open(path, &g, err);
  return status ? status : pl_nn_from_gguf(g, model, err);
}

static void free_norm(pl_nn_norm *n) {
  free(n->gain);
  free(n->bias);
}

void pl_nn_free(pl_nn *m) {
  if (!m) return;
  for (int i = 0; m->layers && i < m->shape.layers; i++) {
    pl_nn_layer *l = &m->layers[i];
    free_norm(&l->attn_norm);
    free_norm(&l->ffn_norm);
    for (int p = 0; p < PL_NN_PRODUCTS; p++) free(l->biases[p]);
  }
  free(m->layers);
  free_norm(&m->first_norm);
  free_norm(&m->final_norm);
  free(m->token_type);
  free(m->rope_frequency);
  pl_tokenizer_free(m->tokenizer);
  pl_gguf_close(m->file);
  pl_safetensors_close(m->store);
  free(m->path);
  free(m);
}

const pl_nn_shape *pl_nn_get_shape(const pl_nn *m) { return &m->shape; }
const pl_tokenizer *pl_nn_get_tokenizer(const pl_nn *m) { return m->tokenizer; }
const char *pl_nn_path(const pl_nn *m) { return m->path; }
const char *pl_nn_family(const pl_nn *m) { return m->design.family; }
unsigned pl_nn_products_of(const pl_nn *m) {
  unsigned mask = 0;
  for (int p = 0; p < PL_NN_PRODUCTS; p++)
    if (pl_nn_has(m, (pl_nn_product)p)) mask |= 1u << p;
  return mask;
}
