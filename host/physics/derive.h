/* derive.h: what the files derive*.c share: one file per kind of core behind pl_physics_derive of physics.h. */
#ifndef PHOTOLANE_DERIVE_H
#define PHOTOLANE_DERIVE_H

#include "physics/physics.h"

#define PL_PI 3.14159265358979323846
#define PL_FULL_CODE 127.0 /* the code whose light is "full scale", an intensity of 1 */

/* Fills the words of its kind into an image that has reset values, effects, kind, seed and channels. */
pl_status pl_derive_coherent(const pl_physics *p, pl_image *image, pl_error *err);
pl_status pl_derive_intensity(const pl_physics *p, pl_image *image, pl_error *err);
pl_status pl_derive_rns(const pl_physics *p, pl_image *image, pl_error *err);

/* value * 2^fraction, rounded, as a word of 0..max. The error says what is out of range. */
pl_status pl_derive_fixed(double value, int fraction, double max, const char *what, uint32_t *word, pl_error *err);

/* factor as gain / 2^shift, with as large a gain as 16 bits hold: 32768..65535 unless the shift ends at 47.
 * factor must be below 65535.5. */
void pl_derive_factor(double factor, uint32_t *gain, uint32_t *shift);

/* The receiver's Gaussian noise: variances in code^4 per unit of a read's power sum P and light sum L
 * (docs/signal-chain.md), of each read, and of the noisiest read that must not saturate. */
typedef struct {
  double per_power, per_light, constant, largest;
  const char *remedy; /* what to change if it is too much */
} pl_receiver;

/* Sets sigma_exp, phase, shot and thermal words. sigma_exp is the smallest at which `largest` fits the 32-bit variance:
 * the finest sigma that is always right. */
pl_status pl_derive_receiver(const pl_receiver *noise, pl_image *image, pl_error *err);

/* ADC of the kinds that have one behind each detector read: full scale in code^2, offset in code^2. */
pl_status pl_derive_adc(const pl_physics *p, pl_image *image, pl_error *err);

#endif
