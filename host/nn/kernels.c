/* kernels.c: see kernels.h. The loops are written for the compiler's vectoriser; no intrinsics. */
#include "nn/kernels.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "nn/vectorised.h"

enum { LANES = 16 };
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

/* The partial sums, folded in one fixed order. */
static inline float fold(const float sum[LANES]) {
  float s[LANES / 2];
  for (int i = 0; i < 8; i++) s[i] = sum[i] + sum[i + 8];
  for (int i = 0; i < 4; i++) s[i] += s[i + 4];
  return (s[0] + s[2]) + (s[1] + s[3]);
}

PL_VECTORISED static float dot(const float *x, const float *y, int n) {
  lanes sum = {0}, a, b;
  int i = 0;
  for (; i + LANES <= n; i += LANES) {
    memcpy(&a, x + i, sizeof a);
    memcpy(&b, y + i, sizeof b);
    sum += a * b;
  }
  float s[LANES];
  memcpy(s, &sum, sizeof s);
  for (int j = 0; i + j < n; j++) s[j] += x[i + j] * y[i + j];
  return fold(s);
}

float pl_dot(const float *x, const float *y, int n) { return dot(x, y, n); }

PL_VECTORISED static int32_t dot_codes(const int8_t *a, const int8_t *b, int n) {
  int32_t sum = 0;
  for (int i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

int32_t pl_dot_codes(const int8_t *a, const int8_t *b, int n) { return dot_codes(a, b, n); }

/* Four dot products with one x: four times fewer loads of x. The same operations as pl_dot for each. */
PL_VECTORISED static void dot4(const float *x, const float *w, int n, float out[PL_MATMUL_TILE]) {
  lanes s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, a, b;
  int i = 0;
  for (; i + LANES <= n; i += LANES) {
    memcpy(&a, x + i, sizeof a);
    memcpy(&b, w + i, sizeof b), s0 += a * b;
    memcpy(&b, w + n + i, sizeof b), s1 += a * b;
    memcpy(&b, w + 2 * n + i, sizeof b), s2 += a * b;
    memcpy(&b, w + 3 * n + i, sizeof b), s3 += a * b;
  }
  float s[PL_MATMUL_TILE][LANES];
  memcpy(s[0], &s0, sizeof s0), memcpy(s[1], &s1, sizeof s1);
  memcpy(s[2], &s2, sizeof s2), memcpy(s[3], &s3, sizeof s3);
  for (int t = 0; t < PL_MATMUL_TILE; t++) {
    for (int j = 0; i + j < n; j++) s[t][j] += x[i + j] * w[(ptrdiff_t)t * n + i + j];
    out[t] = fold(s[t]);
  }
}

void pl_matmul(const pl_tensor *w, const float *x, int rows, float *y, float *scratch) {
  int n = (int)w->dims[0];
  for (int64_t j = 0; j < w->rows; j += PL_MATMUL_TILE) {
    int tile = w->rows - j < PL_MATMUL_TILE ? (int)(w->rows - j) : PL_MATMUL_TILE;
    for (int t = 0; t < tile; t++) pl_tensor_row(w, j + t, scratch + (ptrdiff_t)t * n);
    for (int r = 0; r < rows; r++) {
      const float *xr = x + (ptrdiff_t)r * n;
      float *yr = y + (ptrdiff_t)r * w->rows + j;
      if (tile == PL_MATMUL_TILE) dot4(xr, scratch, n, yr);
      else
        for (int t = 0; t < tile; t++) yr[t] = pl_dot(xr, scratch + (ptrdiff_t)t * n, n);
    }
  }
}

void pl_rmsnorm(float *out, const float *x, const float *weight, int n, float eps) {
  float scale = 1.0f / sqrtf(pl_dot(x, x, n) / (float)n + eps);
  for (int i = 0; i < n; i++) out[i] = x[i] * scale * weight[i];
}

void pl_layernorm(float *out, const float *x, const float *weight, const float *bias, int n, float eps) {
  double sum = 0, squares = 0;
  for (int i = 0; i < n; i++) sum += (double)x[i];
  const double mean = sum / n;
  for (int i = 0; i < n; i++) squares += ((double)x[i] - mean) * ((double)x[i] - mean);
  const float centre = (float)mean, scale = (float)(1 / sqrt(squares / n + (double)eps));
  for (int i = 0; i < n; i++) out[i] = (x[i] - centre) * scale * weight[i] + bias[i];
}

void pl_gelu(float *x, int n) {
  for (int i = 0; i < n; i++) x[i] = 0.5f * x[i] * (1 + erff(x[i] * 0.70710678f));
}

void pl_gelu_tanh(float *x, int n) {
  for (int i = 0; i < n; i++) x[i] = 0.5f * x[i] * (1 + tanhf(0.79788456f * (x[i] + 0.044715f * x[i] * x[i] * x[i])));
}

void pl_softmax(float *x, int n) {
  float top = x[0], sum = 0;
  for (int i = 1; i < n; i++) top = x[i] > top ? x[i] : top;
  for (int i = 0; i < n; i++) {
    x[i] = expf(x[i] - top);
    sum += x[i];
  }
  float scale = 1.0f / sum;
  for (int i = 0; i < n; i++) x[i] *= scale;
}

void pl_rope(float *x, int dims, int position, const float *frequency) {
  for (int i = 0; i < dims / 2; i++) {
    float angle = (float)position * frequency[i], c = cosf(angle), s = sinf(angle);
    float a = x[2 * i], b = x[2 * i + 1];
    x[2 * i] = a * c - b * s;
    x[2 * i + 1] = a * s + b * c;
  }
}

void pl_swiglu(float *gate, const float *up, int n) {
  for (int i = 0; i < n; i++) gate[i] = gate[i] / (1.0f + expf(-gate[i])) * up[i];
}

PL_VECTORISED static void axpy(float *y, float a, const float *x, int n) {
  for (int i = 0; i < n; i++) y[i] += a * x[i];
}

void pl_axpy(float *y, float a, const float *x, int n) { axpy(y, a, x, n); }

PL_VECTORISED static int quantize(const float *x, int n, int limit, int8_t *codes, float *scale, float peak) {
  float top = 0;
  int finite = 1;
  for (int i = 0; i < n; i++) {
    float magnitude = fabsf(x[i]);
    finite &= magnitude <= FLT_MAX;
    top = magnitude > top ? magnitude : top;
  }
  *scale = 0;
  if (!finite) return 0;
  /* A row below the smallest normal scale is noise around zero: its inverse would overflow. */
  if (top < FLT_MIN * 256) {
    memset(codes, 0, (size_t)n);
    return 1;
  }
  if (peak > 0) {
    const float even = peak * sqrtf(dot(x, x, n) / (float)n);
    top = even > top && even <= FLT_MAX ? even : top;
  }
  *scale = top / (float)limit;
  float inverse = (float)limit / top;
  for (int i = 0; i < n; i++) {
    float v = rintf(x[i] * inverse); /* to even: the mode no program here changes */
    codes[i] = (int8_t)(v > (float)limit ? (float)limit : v < (float)-limit ? (float)-limit : v);
  }
  return 1;
}

int pl_quantize(const float *x, int n, int limit, int8_t *codes, float *scale) {
  return quantize(x, n, limit, codes, scale, 0);
}

int pl_quantize_even(const float *x, int n, int limit, int8_t *codes, float *scale) {
  return quantize(x, n, limit, codes, scale, PL_EVEN_PEAK);
}

int pl_quantize_fixed(const float *x, int n, int limit, float scale, int8_t *codes) {
  const float inverse = 1 / scale, most = (float)limit;
  int finite = 1;
  for (int i = 0; i < n; i++) {
    finite &= fabsf(x[i]) <= FLT_MAX;
    const float v = rintf(x[i] * inverse);
    codes[i] = (int8_t)(v > most ? most : v < -most ? -most : v == v ? v : 0);
  }
  return finite;
}
