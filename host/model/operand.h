/* operand.h: a block of rows of one operand, encoded once (stages 1 to 3) for all the products that use it.
 *
 *   pl_operand b;
 *   if (pl_operand_alloc(&b, &regs, 1, regs.cols)) ...        out of memory
 *   pl_operand_encode(&b, &regs, 1, codes, ld, 0, regs.cols, 0);
 *   for each product    clipped = pl_model_gemm_encoded(&regs, a, lda, &b, 0, c, ldc, NULL);
 *   pl_operand_free(&b);
 *
 * An encoded operand may be kept for as long as pl_operand_key() of the registers stays the same, and may be read by
 * several threads at once.
 */
#ifndef PHOTOLANE_MODEL_OPERAND_H
#define PHOTOLANE_MODEL_OPERAND_H

#include <stddef.h>

#include "model/model.h"

/* One hot function, compiled for several instruction sets; the loader chooses. Sanitizers cannot be entered from the
 * resolver, and other compilers build the plain version. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define PL_HOT __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PL_HOT
#endif

enum { PL_GROUP = 16 }; /* columns of a packed B that lie together */

/* Arrays of a block of `rows` rows. Those that no enabled effect reads are NULL. Rows are filled up with zeros, which adds
 * nothing to a sum of products.
 *
 * Plain: the elements of one detector read lie together, row after row: [read][row][channel], sums [read][row].
 * Packed (B of kind coherent): one column lies in one lane of a vector, and what one group of columns needs is one stream:
 * [group][read][pair of channels][column of the group][channel of the pair], sums [group][read][column of the group]. There
 * is no `power` then: it is made of `field` faster than it is read. */
typedef struct pl_operand {
  int rows, depth, reads, channels;
  int packed;
  size_t row_elements; /* that a row takes in all reads */
  int16_t *field;      /* xh, Q4 */
  int16_t *power;      /* 16 code^2, 0..1023: phase noise */
  int16_t *rails;      /* 1/16 code, 0..8190: shot noise and photons of kind intensity */
  uint32_t *light;     /* sums: code^2: shot noise of kind coherent */
  int64_t *dispersion; /* sums: Q8 */
  uint8_t *shift;      /* sums: shared exponent, 0..7: kind rns, whose mantissas are in `field` */
} pl_operand;

/* Elements in read s: the last one may have fewer than there are channels. */
static inline int pl_operand_depth(const pl_operand *op, int s) {
  const int left = op->depth - s * op->channels;
  return left < op->channels ? left : op->channels;
}

/* The elements that a row of `depth` channels takes in one read: whole pairs, and whole vectors where rows are long. */
static inline int pl_operand_stride(const pl_operand *op, int depth) {
  return op->packed || depth < 16 ? (depth + 1) / 2 * 2 : (depth + 15) / 16 * 16;
}

/* Where the elements of a row in read s begin in `field`, `power` and `rails`. Plain: those of the next row follow. Packed:
 * the next pair of channels is 2 * PL_GROUP further on. */
static inline size_t pl_operand_at(const pl_operand *op, int s, int row) {
  if (op->packed)
    return (size_t)(row / PL_GROUP) * PL_GROUP * op->row_elements +
           (size_t)s * PL_GROUP * (size_t)pl_operand_stride(op, op->channels) + 2 * (size_t)(row % PL_GROUP);
  return (size_t)op->rows * (size_t)s * (size_t)pl_operand_stride(op, op->channels) +
         (size_t)row * (size_t)pl_operand_stride(op, pl_operand_depth(op, s));
}

/* Where the sums of a row in read s are. */
static inline size_t pl_operand_sum_at(const pl_operand *op, int s, int row) {
  if (op->packed) return ((size_t)(row / PL_GROUP) * (size_t)op->reads + (size_t)s) * PL_GROUP + (size_t)(row % PL_GROUP);
  return (size_t)s * (size_t)op->rows + (size_t)row;
}

/* Memory for `rows` rows of operand `which` (0: A, 1: B) of jobs with the registers r. Returns 0, or -1 if memory ran out
 * (*op is then empty, as after pl_operand_free). */
int pl_operand_alloc(pl_operand *op, const pl_model_regs *r, int which, int rows);
void pl_operand_free(pl_operand *op);

/* The bytes that pl_operand_alloc takes, to a cache line per array. */
uint64_t pl_operand_bytes(const pl_model_regs *r, int which, int rows);

/* Encodes rows first .. first+rows-1, counted in the tile, into rows at .. at+rows-1 of op, which must be within its
 * bounds. which: 0 for A, 1 for B. codes: the whole operand of the tile, row stride ld. r: as for pl_operand_alloc.
 * Threads may encode different rows of one operand at the same time. */
void pl_operand_encode(pl_operand *op, const pl_model_regs *r, int which, const int8_t *codes, int64_t ld, int first,
                       int rows, int at);

/* What a whole encoded B (rows = r->cols) depends on, besides its codes: r with all other registers set to 0. Two keys
 * that are equal as bytes stand for the same encoding. */
void pl_operand_key(const pl_model_regs *r, pl_model_regs *key);

#endif
