/* rns.h: the physics of a residue core, in double precision, with a true random draw for every random event.
 *
 * What the golden model is compared with (level L3). It shares no arithmetic with host/model: no integer angles, no
 * tables, no printed conversion formulas, no generator. Equations and sources: docs/physics.md.
 *
 *   pl_rns core;
 *   if (pl_rns_init(&core, &physics, &err)) ...
 *   pl_rns_drawn read = pl_rns_draw(&core, a, b, count, &random);     one read of a row and a column, drawn
 *   double p = pl_rns_level_chance(&core, 2, 1);                     that residue 2 is received one level too high
 *
 * Nothing here allocates or keeps state.
 */
#ifndef PHOTOLANE_RNS_H
#define PHOTOLANE_RNS_H

#include <stdint.h>

#include "physics/physics.h"
#include "physics/random.h"

/* A core, ready to compute. Fields of effects that are off have the value that has no influence. */
typedef struct {
  int channels;
  int residues;                /* 0: a plain integer sum */
  int moduli, modulus[5];      /* the base ones, then the redundant ones */
  double phase_rms_turns[5];   /* 1 sigma of the accumulated phase */
  double noise_rms_amplitude;  /* 1 sigma of I and of Q, amplitude 1 */
  int adc_bits;                /* 0: none */
  double adc_full_scale;       /* amplitudes at code 2^(adc_bits-1) */
  int mantissa_bits;           /* 0: no block floating point */
  int range_check;
  double range_limit;          /* largest legal |sum| */
} pl_rns;

/* PL_E_INPUT if the description has no such core. */
pl_status pl_rns_init(pl_rns *core, const pl_physics *physics, pl_error *err);

/* What a receiver makes of the residues. */
typedef enum { PL_RNS_PLAIN, PL_RNS_CORRECTED, PL_RNS_DETECTED } pl_rns_verdict;

typedef struct {
  int64_t sum;          /* of the mantissas, exact */
  int sent[5], received[5]; /* residues */
  pl_rns_verdict verdict;
  int64_t decoded;      /* 0 if detected */
  double value_code2;   /* decoded, times 2 to the two shared exponents */
} pl_rns_drawn;

/* A read of count elements of a row of A and of a column of B (codes, 1..channels). */
pl_rns_drawn pl_rns_draw(const pl_rns *core, const int8_t *a, const int8_t *b, int count, const pl_random *random);

/* The residue that is received when `sent` (0..m-1) was sent through modulus number i. */
int pl_rns_receive(const pl_rns *core, int i, int sent, const pl_random *random);

/* The value that these residues mean, and the verdict. Redundant moduli: the one legal value that agrees with all but
 * one residue of two redundant moduli, with all of one; it is looked for among the values of all triples of
 * residues. */
pl_rns_verdict pl_rns_decode(const pl_rns *core, const int residue[5], int64_t *value);

/* Chance that residue i is received `levels` above what was sent (-m/2..m/2, 0: right), without ADC: exact for phase
 * noise that is normal and wraps, and normal I and Q. For m even, +m/2 and -m/2 are one level, named +m/2. */
double pl_rns_level_chance(const pl_rns *core, int i, int levels);

#endif
