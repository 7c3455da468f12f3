/* coherent.h: the physics of a coherent core, in double precision, with a true random draw for every random event.
 *
 * What the golden model is compared with (level L3). It shares no arithmetic with host/model: no integers, no tables,
 * no generator. Equations and sources: docs/physics.md.
 *
 *   pl_coherent core;
 *   if (pl_coherent_init(&core, &physics, PL_COHERENT_CODE, &err)) ...
 *   pl_random random = {my_uniform, my_state};
 *   pl_coherent_read read = pl_coherent_draw(&core, a, b, count, &random);          one detector read, drawn
 *   pl_coherent_moments m = pl_coherent_expect(&core, a, b, count);                 the same read, analytically
 *
 * Operands are codes after the DAC, in units of one int8 step; a field of 127 codes is full scale. The ADC is not part
 * of this: values are what the receiver hands to it, in code^2. Nothing here allocates or keeps state.
 */
#ifndef PHOTOLANE_COHERENT_H
#define PHOTOLANE_COHERENT_H

#include <stdint.h>

#include "physics/physics.h"
#include "physics/random.h"

/* A core, ready to compute. Fields of effects that are off have the value that has no influence. */
typedef struct {
  int channels, wavelengths;
  double encoding_rms_a, encoding_rms_b; /* 1 sigma, relative to the element's magnitude */
  double phase_rms_rad;                  /* 1 sigma per product */
  double output_rms;                     /* 1 sigma, relative to the read's magnitude */
  double photons_per_code2;              /* photons of difference per code^2; 1 if neither shot nor thermal is on */
  double thermal_rms_photons;
  int shot;                              /* 1: Poisson light */
  double product_factor[32];             /* per wavelength: 2 k sqrt(1 - k^2), or 1 */
  double phase_offset_rad[32];           /* per wavelength: what the phase shifter lacks of 90 degrees */
  double imbalance[32];                  /* per wavelength: 2 k^2 - 1 */
  double crosstalk;                      /* part of a channel's field that the next wavelength receives */
} pl_coherent;

/* terms: PL_COHERENT_*. PL_E_INPUT if the description has no such core. */
pl_status pl_coherent_init(pl_coherent *core, const pl_physics *physics, int terms, pl_error *err);

/* ---- One detector read ---- */

typedef struct {
  double optical_code2;              /* sum of products and dispersion as light, before detection */
  double photons_plus, photons_minus; /* on the two photodiodes: counted (shot on) or expected */
  double thermal_photons;            /* added to their difference */
  double value_code2;                /* what the ADC gets */
} pl_coherent_read;

/* Encodes count codes into fields, one draw per element: code (1 + rms g), g normal. field_code may be code. */
void pl_coherent_encode(const double *code, int count, double rms, const pl_random *random, double *field_code);

/* Crosstalk, in place: every field of a read gets its part of the one before. No-op if the effect is off. */
void pl_coherent_leak(const pl_coherent *core, double *field_code, int count);

/* A read of two encoded operands, after crosstalk: count channels, 1..core->channels; element i is on wavelength i mod
 * wavelengths. */
pl_coherent_read pl_coherent_detect(const pl_coherent *core, const double *a_field_code, const double *b_field_code,
                                    int count, const pl_random *random);

/* Both: encodes count elements of a and b (codes, at most 4096), lets them leak, and reads them. */
pl_coherent_read pl_coherent_draw(const pl_coherent *core, const int8_t *a, const int8_t *b, int count,
                                  const pl_random *random);

/* A matrix product c[i][j] = sum of the reads of a[i][] and b[j][], in code^2: a is m x k, b is n x k, c is m x n, all
 * without gaps. Every element is encoded once and serves all products, as in the golden model. PL_E_MEMORY. */
pl_status pl_coherent_product(const pl_coherent *core, const int8_t *a, const int8_t *b, int m, int n, int k,
                              const pl_random *random, double *c_code2, pl_error *err);

/* ---- The same read without drawing ---- */

/* Exact moments of value_code2, and the parts of them that an emulator does not have which keeps two moments of phase
 * noise and photon counts (third_phase, third_poisson) and draws the output noise before phase and receiver noise
 * instead of after them (variance_order, third_order). */
typedef struct {
  double mean;           /* code^2 */
  double variance;       /* code^4 */
  double third;          /* third central moment, code^6 */
  double third_phase;    /* part of `third` from the skewness of each product's cosine */
  double third_poisson;  /* part of `third` from the skewness of the photon counts */
  double variance_order; /* part of `variance` from output noise acting on phase, shot and thermal noise, code^4 */
  double third_order;    /* the same of `third`, code^6 */
  double receiver;       /* part of `variance` from shot and thermal noise, code^4 */
  double phase;          /* part of `variance` from the phase noise, code^4 */
} pl_coherent_moments;

pl_coherent_moments pl_coherent_expect(const pl_coherent *core, const int8_t *a, const int8_t *b, int count);

#endif
