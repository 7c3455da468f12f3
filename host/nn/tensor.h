/* tensor.h: a matrix of weights as it lies in a file, whichever the container (gguf.h, safetensors.h), and its rows
 * as float. A tensor owns nothing: its bytes belong to the reader that handed it out. */
#ifndef PHOTOLANE_NN_TENSOR_H
#define PHOTOLANE_NN_TENSOR_H

#include <stddef.h>
#include <stdint.h>

typedef struct { /* bytes, not terminated, may hold anything */
  const char *data;
  size_t size;
} pl_str;

typedef enum { /* types of elements, by their numbers in GGUF: those that can be read */
  PL_GGML_F32 = 0,
  PL_GGML_F16 = 1,
  PL_GGML_Q4_0 = 2,
  PL_GGML_Q4_1 = 3,
  PL_GGML_Q8_0 = 8,
  PL_GGML_BF16 = 30,
} pl_ggml_type;

/* Blocks of a quantised row are this many elements, stored as
 *   Q8_0: f16 d, 32 x int8 q                x = d * q
 *   Q4_0: f16 d, 16 x (low nibble: element i, high nibble: element i + 16)   x = d * (q - 8)
 *   Q4_1: f16 d, f16 m, 16 x the same       x = d * q + m */
#define PL_GGML_BLOCK 32

#define PL_TENSOR_MAX_DIMS 4

typedef struct {
  pl_str name;
  pl_ggml_type type;
  int n_dims;
  int64_t dims[PL_TENSOR_MAX_DIMS]; /* dims[0] is the row length (contiguous); unused ones are 1 */
  int64_t rows;                     /* product of dims[1..3] */
  size_t row_bytes;
  const uint8_t *data; /* rows * row_bytes bytes; NULL: no such tensor */
} pl_tensor;

const char *pl_ggml_type_name(pl_ggml_type type);

/* Bytes of a row of n elements, or 0 if n is not a multiple of the type's block (or not positive), or no such type. */
size_t pl_ggml_row_bytes(pl_ggml_type type, int64_t n);

/* Row `row` (0 .. rows-1) of the tensor as float, dims[0] elements into out. */
void pl_tensor_row(const pl_tensor *t, int64_t row, float *out);

/* `rows` rows from `first` on, as a tensor of its own: a fused matrix taken apart. */
pl_tensor pl_tensor_rows(const pl_tensor *t, int64_t first, int64_t rows);

/* IEEE 754 binary16 to float, exact (subnormals, infinities and NaN too). */
float pl_half_to_float(uint16_t h);

#endif
