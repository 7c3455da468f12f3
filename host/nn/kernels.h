/* kernels.h: the digital arithmetic of the Transformer: dot products, norms, softmax, rotary positions,
 * SwiGLU and GELU.
 *
 * The result for one row never depends on how many rows a call has: each output is one fixed sequence of float
 * operations. Dot products keep 16 partial sums in an order that does not depend on the vector unit either, so
 * SSE2, AVX2 and AVX-512 give the same bits (the build forbids fused multiply-add).
 */
#ifndef PHOTOLANE_NN_KERNELS_H
#define PHOTOLANE_NN_KERNELS_H

#include <stdint.h>

#include "nn/tensor.h"

/* sum of x[i] * y[i] over n elements. */
float pl_dot(const float *x, const float *y, int n);

/* The exact sum of products of n <= 65536 codes. */
int32_t pl_dot_codes(const int8_t *a, const int8_t *b, int n);

/* y[r][j] = dot(x[r], w[j]): x is rows x w->dims[0], y is rows x w->rows, both dense. scratch: room for
 * PL_MATMUL_TILE * w->dims[0] floats. */
enum { PL_MATMUL_TILE = 4 };
void pl_matmul(const pl_tensor *w, const float *x, int rows, float *y, float *scratch);

/* out = x / sqrt(mean(x^2) + eps) * weight, n elements (Zhang and Sennrich 2019). out may be x. */
void pl_rmsnorm(float *out, const float *x, const float *weight, int n, float eps);

/* out = (x - mean) / sqrt(variance + eps) * weight + bias, n elements (Ba et al. 2016). out may be x. */
void pl_layernorm(float *out, const float *x, const float *weight, const float *bias, int n, float eps);

/* x = x Phi(x), n elements (Hendrycks and Gimpel 2016); _tanh: their approximation by tanh, which GPT-2 has. */
void pl_gelu(float *x, int n);
void pl_gelu_tanh(float *x, int n);

/* x = softmax(x) over n >= 1 elements. */
void pl_softmax(float *x, int n);

/* Rotates the pairs (x[2i], x[2i+1]), i < dims/2, by position * frequency[i] radians (Su et al. 2021, in the
 * adjacent-pair order that GGUF files of the Llama family have their Q and K rows permuted to). */
void pl_rope(float *x, int dims, int position, const float *frequency);

/* gate = silu(gate) * up, n elements (Shazeer 2020). */
void pl_swiglu(float *gate, const float *up, int n);

/* y += a * x, n elements. */
void pl_axpy(float *y, float a, const float *x, int n);

/* Quantises n floats to codes -limit..limit with one scale: x is about codes * *scale. 0 if an element is not
 * finite. A row of zeros has scale 0. */
int pl_quantize(const float *x, int n, int limit, int8_t *codes, float *scale);

/* The same, but where the codes would have a root mean square above limit / PL_EVEN_PEAK all get smaller, down to
 * that: of rows that are rotated the largest is no measure, and reads of all rows shall be alike. */
#define PL_EVEN_PEAK 3.5f
int pl_quantize_even(const float *x, int n, int limit, int8_t *codes, float *scale);

/* The same with a given scale > 0: what lies beyond -limit..limit is cut off. */
int pl_quantize_fixed(const float *x, int n, int limit, float scale, int8_t *codes);

#endif
