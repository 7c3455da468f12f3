/* read.c: one detector read recomputed alone, from operand codes to what is accumulated. */
#include "model/model.h"
#include "model/rns.h"

/* The read of `count` codes by a core of kind rns. */
static pl_read rns_read(const pl_model_regs *r, const int8_t *a, const int8_t *b, int count, uint32_t row,
                        uint32_t col, uint32_t sum) {
  pl_read read = {.shift_a = pl_rns_shift(r, a, count), .shift_b = pl_rns_shift(r, b, count)};
  for (int i = 0; i < count; i++)
    read.sums.product += pl_bfp_mantissa(a[i], read.shift_a) * pl_bfp_mantissa(b[i], read.shift_b);
  read.rns = pl_rns_read(r, (int32_t)read.sums.product, row, col, sum);
  read.detector = read.rns.value;
  read.code = (int32_t)((uint32_t)read.rns.value << (read.shift_a + read.shift_b));
  read.clipped = read.rns.clipped;
  return read;
}

pl_read pl_model_read(const pl_model_regs *r, const int8_t *a_row, const int8_t *b_row, int m, int n, int s) {
  const uint32_t row = r->row0 + (uint32_t)m, col = r->col0 + (uint32_t)n, sum = r->sum0 + (uint32_t)s;
  const int64_t first = (int64_t)s * r->channels;
  const int64_t end = first + r->channels < r->depth ? first + r->channels : r->depth;
  if (r->kind == PL_KIND_RNS) return rns_read(r, a_row + first, b_row + first, (int)(end - first), row, col, sum);
  pl_read read = {0};
  for (int64_t i = first; i < end; i++) {
    const uint32_t k = r->sum0 * (uint32_t)r->channels + (uint32_t)i;
    const pl_encoded x = pl_encode(r, 0, a_row + i, row, k), w = pl_encode(r, 1, b_row + i, col, k);
    read.sums.product += (int64_t)x.field * w.field;
    read.sums.power += x.power * w.power;
    read.sums.light += x.light + w.light;
    read.sums.dispersion += x.dispersion - w.dispersion;
    read.sums.rails += (uint64_t)x.rail * w.rail;
  }
  read.detector = pl_detect(r, &read.sums, row, col, sum);
  read.code = pl_adc(r, read.detector, &read.clipped);
  return read;
}
