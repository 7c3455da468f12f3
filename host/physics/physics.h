/* physics.h: an optical core in physical units, and the one function that turns it into registers.
 *
 *   core.c     description file (libconfig)  ->  pl_physics
 *   derive.c   pl_physics                    ->  pl_image     (docs/cores.md has the formulas and sources)
 *
 * Double precision lives here and ends here: below the register image everything is integer.
 */
#ifndef PHOTOLANE_PHYSICS_H
#define PHOTOLANE_PHYSICS_H

#include <stdint.h>

#include "photolane/photolane.h"

/* One coherent core. A field counts only if its effect is on; "code" is one step of an int8 operand. */
typedef struct {
  char name[64];
  uint32_t effects;                 /* PL_EFFECT_* */
  uint32_t seed;                    /* of all noise */
  int channels;                     /* products that a detector sums before one ADC read, 1..4096 */
  int wavelengths;                  /* 1..32; element k of a read travels on wavelength k mod wavelengths */
  double wavelength_spacing_nm;     /* of the grid around 1550 nm */
  int dac_bits_a, dac_bits_b;       /* 2..8 */
  int adc_bits;                     /* 2..16 */
  double encoding_noise_rms_a;      /* 1 sigma of an element's magnitude error, relative to the magnitude */
  double encoding_noise_rms_b;
  double phase_noise_rms_deg;       /* 1 sigma of the phase between the two operands, per product */
  double output_noise_rms;          /* 1 sigma of the detector value, relative to its magnitude */
  double photons_full_scale;        /* photons per channel on both detectors in one read, |codes| = 127 */
  double thermal_noise_rms_photons; /* 1 sigma of a read's photon-number difference */
  double adc_full_scale_code2;      /* default range, code^2 at ADC code 2^(adc_bits-1); jobs usually bring theirs */
  double adc_offset_code2;          /* added at the ADC's input */
} pl_physics;

/* The defaults: every effect off, 64 channels, 12 wavelengths of 0.4 nm, 8-bit converters. */
void pl_physics_reset(pl_physics *physics);

/* The register image. PL_E_INPUT names the quantity that registers cannot hold; *image is then undefined. */
pl_status pl_physics_derive(const pl_physics *physics, pl_image *image, pl_error *err);

/* Centre wavelength of grid place i of `count`, micrometres: 1.55 um itself is skipped when count is even. */
double pl_grid_um(int i, int count, double spacing_nm);

/* Imbalance e = 2*kappa - 1 of the 50:50 coupler (power coupling kappa) at a wavelength in micrometres. */
double pl_coupler_imbalance(double wavelength_um);

/* Reads a description file into *physics and derives *image (core.c). The errors name file, line and field. */
pl_status pl_physics_read(const char *path, pl_physics *physics, pl_image *image, pl_error *err);

#endif
