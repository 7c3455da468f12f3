/* reads.h: the detector reads of coherent jobs by vectors, for each instruction set that the processor may have. Private.
 *
 * One column of B lies in one lane (operand.h, packed), so that nothing is ever summed across lanes. reads.c chooses:
 * PHOTOLANE_ISA=scalar|avx2|avx512|neon in the environment, or else the best one that is there. All give the same bits;
 * "scalar" is the plain C of gemm.c, which also serves registers that the lanes are too narrow for.
 */
#ifndef PHOTOLANE_MODEL_READS_H
#define PHOTOLANE_MODEL_READS_H

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

/* Returns the clipped reads of columns first .. end-1. The registers must fit. */
typedef int64_t pl_reads_function(const pl_model_regs *r, const pl_reads_part *part);

/* Whether no value of a coherent job leaves 32 bits on its way through the stages. */
int pl_reads_fit(const pl_model_regs *r);

/* The function of the instruction set in use; NULL: scalar. */
pl_reads_function *pl_reads_chosen(void);

#endif
