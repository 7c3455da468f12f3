/* rns.h: the residue-number kind of core, stage by stage (docs/signal-chain.md, "The kind `rns`").
 *
 * Pure functions, integers only. pl_rns_read() is one read with all that happens in it; pl_rns_read_columns() gives
 * the same bits for a block of columns at the speed of the vector unit (rns_gemm.c).
 */
#ifndef PHOTOLANE_MODEL_RNS_H
#define PHOTOLANE_MODEL_RNS_H

#include "model/model.h"

struct pl_operand;

/* Moduli in use, base and redundant: 3..5. */
int pl_rns_used(const pl_model_regs *r);

/* Modulus i (0..4) of k = 4..8: 2^k - 1, 2^k, 2^k + 1 and two redundant ones. */
int32_t pl_rns_modulus_of(int k, int i);

/* 1. The shared exponent of a group of `count` codes: the bits of the largest magnitude beyond bfp_bits (1..8), 0..7.
 * A mantissa is |code| >> shift with the sign of code. */
int pl_bfp_shift(const int8_t *codes, int count, int bfp_bits);
int32_t pl_bfp_mantissa(int32_t code, int shift);

/* 1. The shift under the registers: 0 if block floating point is off. */
int pl_rns_shift(const pl_model_regs *r, const int8_t *codes, int count);

/* 3. y mod modulus i, 0..m-1; |y| <= 2^26. */
int32_t pl_rns_residue(int k, int i, int32_t y);

/* 5. 2^14 sin of a, in turns of 2^-16 (only the low 16 bits count): -2^14..2^14. */
int32_t pl_rns_sin16(uint32_t a);

/* 6. The angle of (x, y), |x|, |y| < 2^20, in turns of 2^-20: 0..2^20-1. */
uint32_t pl_rns_atan20(int32_t y, int32_t x);

/* 3 to 6, one channel: the residue that is received when residue `sent` of modulus i goes out at the absolute
 * coordinates of the read. *clipped becomes 1 if a converter saturated, else it keeps its value. */
int32_t pl_rns_channel(const pl_model_regs *r, int i, int32_t sent, uint32_t row, uint32_t col, uint32_t sum,
                       int *clipped);

/* 7. The number with residues r0, r1, r2 of the base moduli, centred: -M/2..M/2-1. */
int32_t pl_rns_reverse(int k, int32_t r0, int32_t r1, int32_t r2);

/* 8. X_d: the number, centred, with the residues of the base moduli but d (0..2) and of modulus 3. residues: of all. */
int32_t pl_rns_reverse_without(int k, int d, const int32_t *residues);

/* 8. What the checks make of the residues received and the number X they stand for. Returns what is accumulated: X, the
 * corrected number, or 0 if the read is lost. *detected, *corrected: 0 or 1. */
int32_t pl_rns_check(const pl_model_regs *r, const int32_t *received, int32_t x, int *detected, int *corrected);

/* 2 to 8 of one read of the sum y of mantissas; row, col and sum are absolute. With the effect `residues` off only y
 * and value are set. */
pl_rns_values pl_rns_read(const pl_model_regs *r, int32_t y, uint32_t row, uint32_t col, uint32_t sum);

/* Encodes the n codes of one row in one read: mantissas and the shift they share. */
uint8_t pl_rns_encode(const pl_model_regs *r, const int8_t *codes, int n, int16_t *mantissa);

/* 1 if every read gives the plain integer product of its codes. */
int pl_rns_is_exact(const pl_model_regs *r);

/* Read s of row `row` of the tile with n columns (at most PL_RNS_BLOCK), the first of which is column `col` of the tile
 * and row `at` of b: adds to c, which points at the first output, and to *errors unless it is NULL. Returns the
 * clipped reads. */
enum { PL_RNS_BLOCK = 128 };
int64_t pl_rns_read_columns(const pl_model_regs *r, const struct pl_operand *a, const struct pl_operand *b, int row,
                            int col, int at, int n, int s, int32_t *c, pl_model_errors *errors);

#endif
