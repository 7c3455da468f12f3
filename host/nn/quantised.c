/* quantised.c: see quantised.h. */
#include "nn/quantised.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "nn/kernels.h"

/* Tags must differ between models that live one after the other in one process: a device may keep what it has
 * encoded. The one counter of the library; it only ever names things. */
static uint64_t next_tag(void) {
  static atomic_uint_fast64_t last;
  return atomic_fetch_add(&last, 1) + 1;
}

/* Takes the channels' offsets over, and their exponents as factors. */
static pl_status take_channels(pl_quantised *q, const pl_nn_range *r, pl_error *err) {
  const size_t n = (size_t)q->inputs;
  q->input_full_scale = (float)r->input_full_scale;
  if (r->balance) q->balance = malloc(sizeof *q->balance * n);
  if (r->offset) q->offset = malloc(sizeof *q->offset * n);
  if (r->offset) q->constant = malloc(sizeof *q->constant * (size_t)q->outputs);
  if ((r->balance && !q->balance) || (r->offset && (!q->offset || !q->constant)))
    return pl_fail(err, PL_E_MEMORY, "out of memory");
  for (int k = 0; r->balance && k < q->inputs; k++) q->balance[k] = ldexpf(1, -r->balance[k]);
  if (r->offset) memcpy(q->offset, r->offset, sizeof *q->offset * n);
  return PL_OK;
}

/* One row of weights to codes, the largest of which is limit / 2^(room / 16). */
static int quantise_weights(const float *row, int n, int limit, int room, int8_t *codes, float *scale) {
  if (!pl_quantize(row, n, limit, codes, scale)) return 0;
  if (!room || *scale <= 0) return 1;
  *scale *= exp2f((float)room / 16);
  return pl_quantize_fixed(row, n, limit, *scale, codes);
}

pl_status pl_quantised_fill(pl_quantised *q, const pl_tensor *w, const pl_nn_range *range, const pl_rotation *rotation,
                            int limit, float *row, float *scratch, const char *path, pl_error *err) {
  const size_t inputs = (size_t)w->dims[0], outputs = (size_t)w->rows;
  q->inputs = (int)inputs, q->outputs = (int)outputs;
  q->rotation = rotation;
  q->codes = malloc(inputs * outputs);
  q->scales = malloc(sizeof(float) * outputs);
  q->tag = next_tag();
  if (!q->codes || !q->scales) return pl_fail(err, PL_E_MEMORY, "out of memory quantising %s", path);
  const pl_status status = take_channels(q, range, err);
  for (size_t j = 0; j < outputs && !status; j++) {
    pl_tensor_row(w, (int64_t)j, row);
    if (q->offset) q->constant[j] = pl_dot(q->offset, row, (int)inputs);
    for (size_t k = 0; q->balance && k < inputs; k++) row[k] /= q->balance[k]; /* a power of two: exact */
    if (rotation) pl_rotate(rotation, row, scratch);
    const int room = range->room ? range->room[j] : 0;
    if (!quantise_weights(row, (int)inputs, limit, room, q->codes + j * inputs, &q->scales[j]))
      return pl_fail(err, PL_E_INPUT, "%s: row %zu of tensor %.*s is not finite", path, j, (int)w->name.size,
                     w->name.data);
  }
  return status;
}

void pl_quantised_free(pl_quantised *q) {
  free(q->codes);
  free(q->scales);
  free(q->offset);
  free(q->constant);
  free(q->balance);
}

int pl_quantise_input(const pl_quantised *q, const float *x, int limit, float *row, float *scratch, int8_t *codes,
                      float *scale) {
  const int n = q->inputs;
  if (q->offset || q->balance || q->rotation) {
    memcpy(row, x, sizeof *row * (size_t)n);
    for (int k = 0; q->offset && k < n; k++) row[k] -= q->offset[k];
    for (int k = 0; q->balance && k < n; k++) row[k] *= q->balance[k];
    if (q->rotation) pl_rotate(q->rotation, row, scratch);
    x = row;
  }
  if (q->input_full_scale > 0) {
    *scale = q->input_full_scale / (float)limit;
    return pl_quantize_fixed(x, n, limit, *scale, codes);
  }
  return (q->rotation ? pl_quantize_even : pl_quantize)(x, n, limit, codes, scale);
}
