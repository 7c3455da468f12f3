/* rotate.c: see rotate.h. The loops are written for the compiler's vectoriser, as those of kernels.c. */
#include "nn/rotate.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nn/vectorised.h"

struct pl_rotation {
  int n, p, m;   /* m: 1 where Q is the identity */
  float *signs;  /* n: of D, over sqrt(p) */
  float *hartley; /* m x m */
};

int pl_rotation_size(const pl_rotation *r) { return r->n; }

/* The finaliser of a 32-bit MurmurHash (Appleby, public domain): its top bit is as good as a coin. */
static uint32_t scramble(uint32_t k) {
  k = (k ^ k >> 16) * 0x85ebca6bu;
  k = (k ^ k >> 13) * 0xc2b2ae35u;
  return k ^ k >> 16;
}

pl_rotation *pl_rotation_new(int n) {
  const int p = n & -n, odd = n / p, m = odd <= PL_ROTATION_MOST_ODD ? odd : 1;
  pl_rotation *r = malloc(sizeof *r + sizeof(float) * ((size_t)n + (size_t)m * (size_t)m));
  if (!r) return NULL;
  *r = (pl_rotation){.n = n, .p = p, .m = m, .signs = (float *)(r + 1)};
  r->hartley = r->signs + n;
  const float size = (float)(1 / sqrt(p));
  for (int k = 0; k < n; k++) r->signs[k] = scramble((uint32_t)k + 1) >> 31 ? -size : size;
  for (int a = 0; a < m; a++)
    for (int b = 0; b < m; b++) {
      const double angle = 2 * 3.14159265358979323846 * (a * b % m) / m;
      r->hartley[a * m + b] = (float)((cos(angle) + sin(angle)) / sqrt(m));
    }
  return r;
}

enum { LANES = 16 };
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

/* One step inside a vector: lanes i and i ^ h become their sum and their difference. */
#define STEP(v, h)                                                                                                    \
  ((v) * (lanes){1, SIGN(1, h), SIGN(2, h), SIGN(3, h), SIGN(4, h), SIGN(5, h), SIGN(6, h), SIGN(7, h), SIGN(8, h),    \
                 SIGN(9, h), SIGN(10, h), SIGN(11, h), SIGN(12, h), SIGN(13, h), SIGN(14, h), SIGN(15, h)} +          \
   __builtin_shufflevector(v, v, 0 ^ h, 1 ^ h, 2 ^ h, 3 ^ h, 4 ^ h, 5 ^ h, 6 ^ h, 7 ^ h, 8 ^ h, 9 ^ h, 10 ^ h,        \
                           11 ^ h, 12 ^ h, 13 ^ h, 14 ^ h, 15 ^ h))
#define SIGN(i, h) ((i) & (h) ? -1 : 1)

/* H without its factor, p elements in place. */
PL_VECTORISED static void hadamard(float *x, int p) {
  int h = 1;
  if (p >= LANES) {
    for (int i = 0; i < p; i += LANES) {
      lanes v;
      memcpy(&v, x + i, sizeof v);
      v = STEP(v, 1);
      v = STEP(v, 2);
      v = STEP(v, 4);
      v = STEP(v, 8);
      memcpy(x + i, &v, sizeof v);
    }
    h = LANES;
  }
  for (; h < p; h *= 2)
    for (int i = 0; i < p; i += 2 * h)
      for (int j = i; j < i + h; j++) {
        const float a = x[j], b = x[j + h];
        x[j] = a + b;
        x[j + h] = a - b;
      }
}

/* out[a] = sum over b of Q[a][b] x[b], for m rows of p elements. */
PL_VECTORISED static void mix(const float *q, int m, int p, const float *x, float *out) {
  for (int a = 0; a < m; a++) {
    float *y = out + (ptrdiff_t)a * p;
    for (int i = 0; i < p; i++) y[i] = q[a * m] * x[i];
    for (int b = 1; b < m; b++)
      for (int i = 0; i < p; i++) y[i] += q[a * m + b] * x[(ptrdiff_t)b * p + i];
  }
}

PL_VECTORISED static void scale(float *x, const float *by, int n) {
  for (int i = 0; i < n; i++) x[i] *= by[i];
}

/* Q (x) H, without the factor of H: symmetric, so its own transpose. */
static void turn(const pl_rotation *r, float *x, float *scratch) {
  for (int at = 0; at < r->n; at += r->p) hadamard(x + at, r->p);
  if (r->m == 1) return;
  mix(r->hartley, r->m, r->p, x, scratch);
  memcpy(x, scratch, sizeof *x * (size_t)r->n);
}

void pl_rotate(const pl_rotation *r, float *x, float *scratch) {
  scale(x, r->signs, r->n);
  turn(r, x, scratch);
}

void pl_rotate_back(const pl_rotation *r, float *x, float *scratch) {
  turn(r, x, scratch);
  scale(x, r->signs, r->n);
}
