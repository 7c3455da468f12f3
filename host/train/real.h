/* real.h: the number type of the trainer and its matrix product.
 *
 * The trainer computes in float. The gradient test compiles the very same sources with PL_TRAIN_DOUBLE, so that
 * finite differences have the digits to tell a wrong gradient from rounding.
 */
#ifndef PHOTOLANE_TRAIN_REAL_H
#define PHOTOLANE_TRAIN_REAL_H

#include <cblas.h>
#include <math.h>

#ifdef PL_TRAIN_DOUBLE
typedef double real;
#define real_gemm cblas_dgemm
#define real_exp exp
#define real_sqrt sqrt
#else
typedef float real;
#define real_gemm cblas_sgemm
#define real_exp expf
#define real_sqrt sqrtf
#endif

/* The three products of a linear layer y = x W^T (x: n x k, W: m x k, y: n x m), row-major, `beta` 0 overwrites and
 * 1 adds. ldx, ldw, ldy: elements from one row to the next. */
static inline void gemm_nt(int n, int m, int k, real alpha, const real *x, int ldx, const real *w, int ldw, real beta,
                           real *y, int ldy) {
  real_gemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, m, k, alpha, x, ldx, w, ldw, beta, y, ldy);
}

/* dx = dy W: n x k from n x m and m x k. */
static inline void gemm_nn(int n, int k, int m, real alpha, const real *dy, int ldy, const real *w, int ldw, real beta,
                           real *dx, int ldx) {
  real_gemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, k, m, alpha, dy, ldy, w, ldw, beta, dx, ldx);
}

/* dW = dy^T x: m x k from n x m and n x k. */
static inline void gemm_tn(int m, int k, int n, real alpha, const real *dy, int ldy, const real *x, int ldx, real beta,
                           real *dw, int ldw) {
  real_gemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, k, n, alpha, dy, ldy, x, ldx, beta, dw, ldw);
}

#endif
