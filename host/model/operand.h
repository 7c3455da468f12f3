/* operand.h: a block of rows of one operand, encoded once (stages 1 to 3) for all the products that use it.
 * Private to host/model.
 */
#ifndef PHOTOLANE_MODEL_OPERAND_H
#define PHOTOLANE_MODEL_OPERAND_H

#include "model/model.h"

/* One hot function, compiled for several instruction sets; the loader chooses. Sanitizers cannot be entered from the
 * resolver, and other compilers build the plain version. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define PL_HOT __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PL_HOT
#endif

/* Arrays of a block of at most `rows` rows. Those that no enabled effect reads are NULL. */
typedef struct {
  int rows, depth, reads;
  int16_t *field;      /* [row][depth] xh, Q4 */
  int16_t *power;      /* [row][depth] 16 code^2, 0..1023: phase noise */
  uint32_t *light;     /* [read][row] code^2, summed over the read: shot noise */
  int64_t *dispersion; /* [read][row] Q8, summed over the read */
} pl_operand;

/* Memory for the operands of jobs with the registers r. Returns 0, or -1 if memory ran out. */
int pl_operand_alloc(pl_operand *op, const pl_model_regs *r, int rows);
void pl_operand_free(pl_operand *op);

/* Encodes rows first .. first+rows-1 (counted in the tile; at most as many as allocated) into rows 0 .. rows-1 of op.
 * which: 0 for A, 1 for B. codes: the whole operand of the tile, row stride ld. */
void pl_operand_encode(pl_operand *op, const pl_model_regs *r, int which, const int8_t *codes, int64_t ld, int first,
                       int rows);

#endif
