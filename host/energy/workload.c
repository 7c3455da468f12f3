/* workload.c: shapes to lists of matrix products. See workload.h. */
#include "energy/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

pl_status pl_workload_add(pl_workload *w, pl_op op, pl_error *err) {
  if (w->count == w->room) {
    const int room = w->room ? 2 * w->room : 16;
    pl_op *more = realloc(w->op, sizeof *more * (size_t)room);
    if (!more) return pl_fail(err, PL_E_MEMORY, "out of memory for %d products", room);
    w->op = more, w->room = room;
  }
  w->op[w->count++] = op;
  w->macs += pl_op_macs(&op);
  return PL_OK;
}

void pl_workload_free(pl_workload *w) {
  free(w->op);
  *w = (pl_workload){0};
}

/* A product, and in training those of both gradients: dX = W^T dO and dW = dO X^T (Mirage, Eqs 1-4). */
static pl_status add(pl_workload *w, pl_op_kind kind, const char *name, double m, double k, double n, double copies,
                     double count, pl_error *err) {
  pl_op op = {.kind = kind, .m = m, .k = k, .n = n, .copies = copies, .count = count};
  snprintf(op.name, sizeof op.name, "%.24s", name);
  pl_status status = pl_workload_add(w, op, err);
  if (status || !w->how.train) return status;
  pl_op input = op, weight = op;
  snprintf(input.name, sizeof input.name, "%.24s dX", name);
  snprintf(weight.name, sizeof weight.name, "%.24s dW", name);
  input.m = k, input.k = m;
  weight.k = n, weight.n = k;
  status = pl_workload_add(w, input, err);
  return status ? status : pl_workload_add(w, weight, err);
}

/* The products as Lightening-Transformer lists them. Causal masks save nothing: the papers count whole squares. */
static pl_status transformer(const pl_shape *s, pl_workload *w, pl_error *err) {
  const double n = w->how.tokens ? w->how.tokens : s->tokens, batch = w->how.batch, e = s->width, layers = s->layers;
  const double fresh = w->how.phase == PL_PHASE_DECODE ? 1 : n, columns = fresh * batch;
  const double q = s->heads * s->head_width, kv = s->key_heads * s->head_width, h = s->heads * batch;
  w->tokens = n;
  w->layers = layers;
  w->columns = columns;
  w->softmax = fresh * n * h;
  w->norm = w->residual = 2 * columns * e;
  w->activation = columns * s->ffn_width;
  w->cache_writes = 2 * kv * columns * layers;
  w->cache_reads = w->how.phase == PL_PHASE_DECODE ? 2 * kv * n * batch * layers : 0;
  w->link_in = columns * e;
  w->link_out = batch * e;
  pl_status status = PL_OK;
  if (s->embed_inputs && w->how.phase == PL_PHASE_PASS && n > 1)
    status = add(w, PL_OP_LINEAR, "embed", e, s->embed_inputs, (n - 1) * batch, 1, 1, err);
  if (!status) status = add(w, PL_OP_LINEAR, "qkv", q + 2 * kv, e, columns, 1, layers, err);
  if (!status) status = add(w, PL_OP_SCORES, "scores", fresh, s->head_width, n, h, layers, err);
  if (!status) status = add(w, PL_OP_VALUES, "values", fresh, n, s->head_width, h, layers, err);
  if (!status) status = add(w, PL_OP_LINEAR, "proj", e, q, columns, 1, layers, err);
  if (!status) status = add(w, PL_OP_LINEAR, "ffn1", s->ffn_width * (1 + s->gated_ffn), e, columns, 1, layers, err);
  if (!status) status = add(w, PL_OP_LINEAR, "ffn2", e, s->ffn_width, columns, 1, layers, err);
  if (!status && s->head_outputs) status = add(w, PL_OP_HEAD, "head", s->head_outputs, e, batch, 1, 1, err);
  return status;
}

static pl_status layered(const pl_shape *s, pl_workload *w, pl_error *err) {
  const double batch = s->batched ? w->how.batch : 1;
  const unsigned quirks = w->how.quirks ? s->head.quirks : 0;
  if (w->how.phase == PL_PHASE_DECODE)
    return pl_fail(err, PL_E_INPUT, "%s is no Transformer: there is nothing to decode", s->head.name);
  if (w->how.tokens) return pl_fail(err, PL_E_INPUT, "%s is no Transformer: --tokens does not apply", s->head.name);
  w->layers = s->layer_count;
  w->columns = batch;
  for (int i = 0; i < s->layer_count; i++) {
    const pl_layer *l = &s->layer[i];
    const int dense = quirks & PL_QUIRK_DENSE || l->copies == l->true_copies;
    const double n = quirks & PL_QUIRK_WIDTH ? l->n : l->true_n;
    const pl_status status = add(w, PL_OP_LINEAR, l->name, dense ? l->m : l->true_m, dense ? l->k : l->true_k,
                                 n * batch, dense ? l->copies : l->true_copies, 1, err);
    if (status) return status;
  }
  return PL_OK;
}

pl_status pl_workload_make(const pl_shape *shape, const pl_workload_options *how, pl_workload *w, pl_error *err) {
  *w = (pl_workload){.how = *how, .parameters = pl_shape_parameters(shape)};
  if (!(w->how.batch >= 1)) w->how.batch = 1;
  snprintf(w->shape, sizeof w->shape, "%s", shape->head.name);
  const pl_status status =
      shape->head.kind == PL_SHAPE_TRANSFORMER ? transformer(shape, w, err) : layered(shape, w, err);
  if (status) pl_workload_free(w);
  return status;
}
