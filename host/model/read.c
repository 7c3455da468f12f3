/* read.c: one detector read recomputed alone, from operand codes to the ADC code. */
#include "model/model.h"

pl_read pl_model_read(const pl_model_regs *r, const int8_t *a_row, const int8_t *b_row, int m, int n, int s) {
  const uint32_t row = r->row0 + (uint32_t)m, col = r->col0 + (uint32_t)n, sum = r->sum0 + (uint32_t)s;
  const int64_t first = (int64_t)s * r->channels;
  const int64_t end = first + r->channels < r->depth ? first + r->channels : r->depth;
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
