/* model.h: the golden model of the three kinds of core. The one truth: the host library, the tests and the
 * RTL checkers all link this. Integers only; docs/signal-chain.md is its specification, stage by stage.
 *
 * Everything here is a pure function of its arguments; nothing allocates unless it says so.
 */
#ifndef PHOTOLANE_MODEL_H
#define PHOTOLANE_MODEL_H

#include <stdint.h>

#include "photolane/photolane.h"

/* The registers of an image, unpacked. */
typedef struct {
  uint32_t effects;          /* PL_EFFECT_* */
  int kind;                  /* PL_KIND_* */
  uint32_t seed, job;        /* Threefry key */
  int channels, wavelengths;
  int dac_bits_a, dac_bits_b;
  uint32_t enc_sigma_a, enc_sigma_b;
  uint32_t phase_loss, phase_gain;
  int phase_shift;
  uint32_t output_sigma, shot_gain;
  int shot_shift;
  uint32_t thermal_var;
  int sigma_exp;
  int adc_bits;
  uint32_t adc_gain;
  int adc_shift;
  int32_t adc_offset;
  uint32_t row0, col0, sum0;
  int rows, cols, depth;
  int16_t dispersion[32];    /* intensity: gain errors */
  uint32_t crosstalk;
  uint32_t systematic_var;
  int rns_k, redundant;
  int32_t range_limit;
  int bfp_bits;
  uint32_t level_sigma[5], iq_sigma;
  uint32_t photon_gain, photon_step;
  int photon_shift, photon_step_shift;
  uint16_t transfer[2][128]; /* of A, of B */
} pl_model_regs;

void pl_model_unpack(const pl_image *image, pl_model_regs *regs); /* the image must pass pl_image_check */

/* ---- Noise (threefry.c, gauss.c, poisson.c) ---- */

/* The `effect` coordinate: I and Q and level are of modulus 0 and count on; photons are of the plus, then the minus
 * detector. */
enum {
  PL_NOISE_ENC_A = 1,
  PL_NOISE_ENC_B = 2,
  PL_NOISE_READ = 3,
  PL_NOISE_PHOTONS = 4,
  PL_NOISE_IQ = 4,
  PL_NOISE_LEVEL = 9,
};

/* Threefry-2x32 with 13 rounds: out[2] = block(key, counter). */
void pl_threefry(const uint32_t key[2], const uint32_t counter[2], uint32_t out[2]);

/* The block at a coordinate: counter as in signal-chain.md "Noise coordinates". */
void pl_noise_block(uint32_t seed, uint32_t job, int effect, uint32_t row, uint32_t col, uint32_t sum, uint32_t out[2]);

/* 32 random bits to a standard normal deviate in Q11 (2048 = one sigma), |g| <= 6.4 * 2048. */
int32_t pl_gauss(uint32_t word);

/* A block to a Poisson number of the given mean, 2^-16 photon, below 2^36. */
uint32_t pl_photon_count(uint64_t mean, const uint32_t words[2]);

/* ---- Stages, per operand element (encode.c); what a kind does not have is 0 ---- */

typedef struct {
  int32_t field;      /* xh, Q4, -4095..4095 */
  uint32_t light;     /* 0..65504, code^2 */
  uint32_t power;     /* 0..1023, 16 code^2 */
  int32_t dispersion; /* t, Q8 */
  uint32_t rail;      /* intensity: r, Q4, 0..8190 */
} pl_encoded;

int32_t pl_dac(int32_t code, int dac_bits); /* stage 1, not bypassed */

/* Stages 1 to 3 of one element, coherent or intensity. operand 0: A, 1: B. code: points to the element's code in its
 * row; with crosstalk on, the code before it is read too, unless the element is the first of its group of wavelengths or
 * of its read. row: absolute row of A, or absolute column of B. k: absolute index, sum0 * channels + index in the tile; its noise coordinate is
 * (k / channels, k mod channels): see signal-chain.md "Noise coordinates", which the RTL follows. */
pl_encoded pl_encode(const pl_model_regs *r, int operand, const int8_t *code, uint32_t row, uint32_t k);

/* ---- Stages, per detector read (detector.c, adc.c) ---- */

typedef struct { /* the exact sums of stage 4; what a kind does not have is 0 */
  int64_t product;    /* y */
  uint32_t power;     /* P */
  uint32_t light;     /* L */
  int64_t dispersion; /* D */
  uint64_t rails;     /* intensity: R, Q8, below 2^38 */
} pl_sums;

uint32_t pl_isqrt(uint32_t v);                  /* stage 8: square root rounded to nearest, 0..65535 */
/* Stages 5 to 8 of coherent, 5 and 6 of intensity; row, col and sum are absolute. The result is in detector LSB. */
int32_t pl_detect(const pl_model_regs *r, const pl_sums *sums, uint32_t row, uint32_t col, uint32_t sum);
/* Stage 9. *clipped becomes 1 if the ADC saturated, else 0. */
int32_t pl_adc(const pl_model_regs *r, int32_t v, int *clipped);

/* What happens in one read of kind rns (rns.h has the steps). With the effect `residues` off, only the first two. */
typedef struct {
  int32_t sum;                  /* y, of mantissas */
  int32_t value;                /* X after the checks: 0 if the read is lost */
  int moduli;                   /* in use: 3..5 */
  int32_t sent[5], received[5]; /* residues */
  int32_t reversed;             /* X before the checks */
  int clipped, detected, corrected;
} pl_rns_values;

/* ---- Whole jobs (gemm.c) ---- */

/* One detector read recomputed alone, with every stage's value: what `replay` prints and what the RTL
 * checker compares. a_row, b_row: codes of row m of A and of row n of B, from element 0 of the tile; m, n, s: indices
 * in the tile. */
typedef struct {
  pl_sums sums;
  int32_t detector; /* v after stage 8; rns: X after the checks */
  int32_t code;     /* what is accumulated */
  int clipped;
  int shift_a, shift_b; /* rns: shared exponents of the read's groups */
  pl_rns_values rns;
} pl_read;
pl_read pl_model_read(const pl_model_regs *r, const int8_t *a_row, const int8_t *b_row, int m, int n, int s);

/* Reads of a core of kind rns that were found wrong: lost, or repaired by redundant moduli. */
typedef struct {
  int64_t detected, corrected;
} pl_model_errors;

/* The instruction set that coherent jobs use: "avx512" (with VNNI), "avx2", "neon" or "scalar"; the bits are the same. Without
 * a call of pl_model_set_isa it is that of PHOTOLANE_ISA in the environment, or the best one of this processor.
 * pl_model_set_isa: NULL: the best one; returns -1 if there is none of this name here. For the whole process.
 * pl_model_isa_at: the name of number i, 0 and on; returns 1 if it can be used here, 0 if not, -1 behind the last. */
const char *pl_model_isa(void);
int pl_model_set_isa(const char *name);
int pl_model_isa_at(int i, const char **name);

/* The tile of `r` (rows x cols x depth), c += nothing: c is overwritten. Returns the number of clipped reads,
 * or -1 if memory ran out (c is then undefined). Adds to *errors unless it is NULL. */
int64_t pl_model_gemm(const pl_model_regs *r, const int8_t *a, int64_t lda, const int8_t *b, int64_t ldb, int32_t *c,
                      int64_t ldc, pl_model_errors *errors);

/* The same with a B that is in its encoded form already (operand.h), for products that use it again and again: the
 * columns of the tile are rows first .. first+r->cols-1 of *b. Those must have been encoded as columns r->col0 and on
 * under registers with the same pl_operand_key, but for `col0` and `cols`, which may cut a part out of b. */
struct pl_operand;
int64_t pl_model_gemm_encoded(const pl_model_regs *r, const int8_t *a, int64_t lda, const struct pl_operand *b,
                              int first, int32_t *c, int64_t ldc, pl_model_errors *errors);

#endif
