/* vectors.h: what coherent jobs spend their time on, by vectors, for each instruction set that the processor may have. Private.
 *
 * Reads: one column of B lies in one lane (operand.h, packed), so that nothing is ever summed across lanes. Fields: a pair of
 * channels, which share a draw, lies in one lane. vectors.c chooses: PHOTOLANE_ISA=scalar|avx2|avx512|neon in the
 * environment (model: refuses to open if that is not there), or else the best one that is there. All give the same bits; "scalar" is the plain C of gemm.c and operand.c,
 * which also serves registers that the lanes are too narrow for.
 */
#ifndef PHOTOLANE_MODEL_VECTORS_H
#define PHOTOLANE_MODEL_VECTORS_H

#include "model/operand.h"

enum { PL_READS_CHANNELS = 2048 }; /* of a read at most: the sum of powers then fits 31 bits */

/* All reads of some rows in one group of columns. */
typedef struct {
  const pl_operand *a, *b; /* b: packed */
  int row, rows;           /* of a */
  int group;               /* columns PL_GROUP * group and on, counted in b */
  uint32_t col;            /* absolute column of the first of them, modulo 2^32 */
  int first, end;          /* those that are asked for, counted from there; the others come out as they may */
  int32_t *c;              /* rows x PL_GROUP: codes are added to it */
} pl_reads_part;

/* The elements of one row in one read: stages 1 and 2, but for crosstalk, with encoding noise. */
typedef struct {
  const int8_t *codes;
  int n;
  int dac_bits;            /* 8: none */
  uint32_t sigma;          /* enc_sigma */
  int effect;              /* PL_NOISE_ENC_A, PL_NOISE_ENC_B */
  uint32_t position, sum;  /* coordinates: row of A or column of B; read */
  int16_t *field;          /* n: the result */
} pl_fields_part;

typedef struct {
  const char *name;
  /* Returns the clipped reads of columns first .. end-1. The registers must pass pl_reads_fit. */
  int64_t (*reads)(const pl_model_regs *r, const pl_reads_part *part);
  void (*fields)(const pl_model_regs *r, const pl_fields_part *part);
} pl_vectors;

/* Whether no value of a coherent job leaves 32 bits on its way through the stages. */
int pl_reads_fit(const pl_model_regs *r);

/* The instruction set in use; both functions are NULL for "scalar". */
const pl_vectors *pl_vectors_chosen(void);

#endif
