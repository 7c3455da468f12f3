/* tensor.c: types of tensors: sizes, names, and rows to float. See tensor.h. */
#include <math.h>
#include <string.h>

#include "nn/tensor.h"

const char *pl_ggml_type_name(pl_ggml_type type) {
  switch (type) {
  case PL_GGML_F32: return "F32";
  case PL_GGML_F16: return "F16";
  case PL_GGML_Q4_0: return "Q4_0";
  case PL_GGML_Q4_1: return "Q4_1";
  case PL_GGML_Q8_0: return "Q8_0";
  case PL_GGML_BF16: return "BF16";
  }
  return "unknown";
}

size_t pl_ggml_row_bytes(pl_ggml_type type, int64_t n) {
  if (n <= 0) return 0;
  size_t blocks = n % PL_GGML_BLOCK ? 0 : (size_t)n / PL_GGML_BLOCK;
  switch (type) {
  case PL_GGML_F32: return (size_t)n * 4;
  case PL_GGML_F16:
  case PL_GGML_BF16: return (size_t)n * 2;
  case PL_GGML_Q4_0: return blocks * (2 + PL_GGML_BLOCK / 2);
  case PL_GGML_Q4_1: return blocks * (4 + PL_GGML_BLOCK / 2);
  case PL_GGML_Q8_0: return blocks * (2 + PL_GGML_BLOCK);
  }
  return 0;
}

float pl_half_to_float(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 1023, bits;
  if (exponent == 0) { /* zero or subnormal: mantissa * 2^-24 is exact */
    float magnitude = (float)mantissa * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  bits = exponent == 31 ? sign | 0x7f800000 | mantissa << 13 : sign | (exponent + 112) << 23 | mantissa << 13;
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}

static float half_at(const uint8_t *p) {
  uint16_t h;
  memcpy(&h, p, sizeof h);
  return pl_half_to_float(h);
}

/* 16 bytes of two nibbles: element i in the low one of byte i, element i + 16 in the high one. */
static void nibbles(const uint8_t *q, float d, float m, float *out) {
  for (int i = 0; i < PL_GGML_BLOCK / 2; i++) {
    out[i] = d * (float)(q[i] & 15) + m;
    out[i + PL_GGML_BLOCK / 2] = d * (float)(q[i] >> 4) + m;
  }
}

void pl_tensor_row(const pl_tensor *t, int64_t row, float *out) {
  const uint8_t *p = t->data + (size_t)row * t->row_bytes;
  int64_t n = t->dims[0];
  switch (t->type) {
  case PL_GGML_F32: memcpy(out, p, (size_t)n * 4); break;
  case PL_GGML_F16:
    for (int64_t i = 0; i < n; i++) out[i] = half_at(p + 2 * i);
    break;
  case PL_GGML_BF16: /* the upper half of a float */
    for (int64_t i = 0; i < n; i++) {
      const uint32_t bits = (uint32_t)p[2 * i] << 16 | (uint32_t)p[2 * i + 1] << 24;
      memcpy(out + i, &bits, sizeof bits);
    }
    break;
  case PL_GGML_Q4_0:
    for (int64_t i = 0; i < n; i += PL_GGML_BLOCK, p += 18) {
      float d = half_at(p);
      nibbles(p + 2, d, -8.0f * d, out + i);
    }
    break;
  case PL_GGML_Q4_1:
    for (int64_t i = 0; i < n; i += PL_GGML_BLOCK, p += 20) nibbles(p + 4, half_at(p), half_at(p + 2), out + i);
    break;
  case PL_GGML_Q8_0:
    for (int64_t i = 0; i < n; i += PL_GGML_BLOCK, p += 34) {
      float d = half_at(p);
      for (int j = 0; j < PL_GGML_BLOCK; j++) out[i + j] = d * (float)(int8_t)p[2 + j];
    }
    break;
  }
}

pl_tensor pl_tensor_rows(const pl_tensor *t, int64_t first, int64_t rows) {
  pl_tensor part = *t;
  part.n_dims = 2;
  part.dims[1] = part.rows = rows;
  part.dims[2] = part.dims[3] = 1;
  part.data += (size_t)first * t->row_bytes;
  return part;
}
