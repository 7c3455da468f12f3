/* intensity.h: the physics of an intensity core, in double precision, with a true random draw for every random event.
 *
 * What the golden model is compared with (level L3). It shares no arithmetic with host/model: no integers, no tables,
 * no generator. Equations and sources: docs/physics.md.
 *
 *   pl_intensity core;
 *   if (pl_intensity_init(&core, &physics, &err)) ...
 *   pl_intensity_read read = pl_intensity_draw(&core, a, b, count, &random);        one detector read, drawn
 *   pl_intensity_moments m = pl_intensity_expect(&core, a, b, count);               the same read, analytically
 *
 * Operands are codes after the DAC. A read is four passes of non-negative light, one for each pair of rails: the result
 * is their signed sum. The ADC is not part of this: values are what it gets, in code^2. Nothing here allocates or keeps
 * state; a core is 5 kB.
 */
#ifndef PHOTOLANE_INTENSITY_H
#define PHOTOLANE_INTENSITY_H

#include <stdint.h>

#include "physics/physics.h"
#include "physics/random.h"

enum { PL_PASSES = 4 }; /* rails of A, B: ++, +-, -+, --; passes 0 and 3 count up, 1 and 2 down */

/* A core, ready to compute. Fields of effects that are off have the value that has no influence. */
typedef struct {
  int channels;
  double light[2][129];        /* of A, of B: light of a rail driven by each magnitude, code; 0: of the dark rail */
  int gains;
  double gain[PL_GAINS_MAX];   /* of A's light, element k having gain[k mod gains] */
  int shot;                    /* 1: Poisson light */
  double photons_per_code2;    /* detected photons per code^2 of a pass; 1 if neither shot nor thermal is on */
  double thermal_rms_photons;  /* of the four passes together */
  double systematic_rms_code2; /* 1 sigma of each pass: systematic_error_rms times a quarter of mean_light_code2 */
} pl_intensity;

/* PL_E_INPUT if the description has no such core. */
pl_status pl_intensity_init(pl_intensity *core, const pl_physics *physics, pl_error *err);

typedef struct {
  double light_code2[PL_PASSES]; /* on the detector, before counting */
  double photons[PL_PASSES];     /* counted (shot on) or expected */
  double thermal_photons;        /* added to their signed sum */
  double systematic_code2;       /* signed sum of the four passes' errors */
  double value_code2;            /* what the ADC gets */
} pl_intensity_read;

/* A read of count elements (1..channels). */
pl_intensity_read pl_intensity_draw(const pl_intensity *core, const int8_t *a, const int8_t *b, int count,
                                    const pl_random *random);

/* Exact moments of value_code2. Light does not fluctuate but by counting, so these are sums over the passes. */
typedef struct {
  double mean;       /* code^2 */
  double variance;   /* code^4 */
  double third;      /* third central moment, code^6: all of it from the counts */
  double light;      /* of the four passes, code^2 */
  double photons;    /* the same in photons, on average; 0 if neither shot nor thermal is on */
} pl_intensity_moments;

pl_intensity_moments pl_intensity_expect(const pl_intensity *core, const int8_t *a, const int8_t *b, int count);

#endif
