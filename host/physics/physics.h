/* physics.h: an optical core in physical units, and the one function that turns it into registers.
 *
 *   description.c   description file (libconfig)  ->  pl_physics, with fields.c for the list of fields
 *   derive.c        pl_physics                    ->  pl_image     (docs/cores.md has the formulas and sources)
 *
 * Double precision lives here and ends here: below the register image everything is integer.
 */
#ifndef PHOTOLANE_PHYSICS_H
#define PHOTOLANE_PHYSICS_H

#include <stdint.h>

#include "photolane/photolane.h"

/* Values over an evenly spaced axis; count 0: not given. */
enum { PL_CURVE_MAX = 1024, PL_GAINS_MAX = 32 };
typedef struct {
  int count;
  double value[PL_CURVE_MAX];
} pl_curve;

/* Which terms of the coupler's equation the physics of a coherent core has. They matter only with `dispersion`, and
 * registers hold the additive term alone: the others are up to 4e-5 of a product on 12 wavelengths of 0.4 nm. */
enum {
  PL_COHERENT_CODE = 0,          /* "code": the authors' code, the additive term alone */
  PL_COHERENT_FACTOR = 1,        /* the paper's 2 k sqrt(1 - k^2) in front of each product */
  PL_COHERENT_PHASE_SHIFTER = 2, /* -90 degrees at 1550 nm, elsewhere in proportion to 1/wavelength */
  PL_COHERENT_PAPER = PL_COHERENT_FACTOR | PL_COHERENT_PHASE_SHIFTER, /* "paper" */
};

/* One core. A field counts only if its kind has it and its effect is on; "code" is one step of an int8 operand. */
typedef struct {
  char name[64];
  int kind;                         /* PL_KIND_* */
  uint32_t effects;                 /* PL_EFFECT_* */
  uint32_t seed;                    /* of all noise */
  int channels;                     /* products that a detector sums before one ADC read, 1..4096 */
  int adc_bits;                     /* 2..16 */

  /* coherent and intensity */
  int dac_bits_a, dac_bits_b;       /* 2..8 */
  double thermal_noise_rms_photons; /* 1 sigma of a read's photon-number difference */
  double adc_full_scale_code2;      /* default range, code^2 at ADC code 2^(adc_bits-1); jobs usually bring theirs */
  double adc_offset_code2;          /* added at the ADC's input */

  /* coherent and rns */
  double phase_noise_rms_deg;       /* 1 sigma: between the operands of a product; of a whole dot product in rns */

  /* coherent */
  int equation;                     /* PL_COHERENT_* */
  int wavelengths;                  /* 1..32; element k of a read travels on wavelength k mod wavelengths */
  double wavelength_spacing_nm;     /* of the grid around 1550 nm */
  double encoding_noise_rms_a;      /* 1 sigma of an element's magnitude error, relative to the magnitude */
  double encoding_noise_rms_b;
  double output_noise_rms;          /* 1 sigma of the detector value, relative to its magnitude */
  double photons_full_scale;        /* photons per channel on both detectors in one read, |codes| = 127 */
  double crosstalk_db;              /* power that a channel's modulation puts on the next channel, below 0 */

  /* intensity; an intensity of 1 is that of code 127 */
  double photons_per_mac;           /* mean number that meets a weight modulator, per product and pass */
  double mean_input;                /* mean intensity of the input rail that photons_per_mac is meant for, 0..1 */
  double extinction_a, extinction_b; /* floor of the intensity */
  pl_curve transfer_a, transfer_b;  /* intensity over the drive 0..1; not given: equal to the drive */
  pl_curve channel_gains;           /* factors of operand A's light, repeated over the channels; at most 32 */
  double channel_gain_rms;          /* 1 sigma: 32 gains drawn by pl_channel_gains; -1: not given */
  uint32_t channel_gain_seed;
  double systematic_error_rms;      /* 1 sigma per pass, relative to that pass's mean output over the product */
  double mean_light_code2;          /* light of all four passes, mean over reads, for jobs that bring none */

  /* rns; a turn is 360 degrees */
  int moduli_k;                     /* 4..8: moduli 2^k - 1, 2^k, 2^k + 1 */
  int redundant_moduli;             /* 0..2 */
  int mantissa_bits;                /* 1..8 magnitude bits of block floating point */
  double amplitude_snr;             /* A / sigma of the I and of the Q detector */
  double shifter_error_rms_turns;   /* 1 sigma of each multiplier's phase shifter */
  double ring_error_rms_turns;      /* 1 sigma of each ring; 2 ceil(log2 m) rings per multiplier */
  double adc_full_scale_amplitude;  /* amplitudes A at ADC code 2^(adc_bits-1) */
  double range_limit_code2;         /* largest legal |sum of mantissas|; 0: what `channels` products can reach */
} pl_physics;

/* The defaults: coherent, every effect off, 64 channels, 12 wavelengths of 0.4 nm, 8-bit converters. */
void pl_physics_reset(pl_physics *physics);

/* The register image. PL_E_INPUT names the quantity that registers cannot hold; *image is then undefined. */
pl_status pl_physics_derive(const pl_physics *physics, pl_image *image, pl_error *err);

/* One sentence without newline on what this core emulates badly (too few photons for Gaussian counts, sums beyond the
 * range of the moduli), or "" if there is nothing to say. docs/physics.md has the limits. */
void pl_physics_warning(const pl_physics *physics, char *text, size_t size);

/* Reads a description file into *physics and derives *image (description.c). The errors name file, line and field. */
pl_status pl_physics_read(const char *path, pl_physics *physics, pl_image *image, pl_error *err);

/* ---- Parts of a core, in double precision ---- */

/* coherent: centre wavelength of grid place i of `count`, micrometres: 1.55 um itself is skipped when count is even. */
double pl_grid_um(int i, int count, double spacing_nm);

/* coherent: imbalance e = 2*kappa - 1 of the 50:50 coupler (power coupling kappa) at a wavelength in micrometres. */
double pl_coupler_imbalance(double wavelength_um);

/* coherent: field ratio of the crosstalk, 10^(dB/20); 0 if the effect is off. */
double pl_crosstalk_field(const pl_physics *physics);

/* Photons on the detectors per code^2 of light: intensity: of any pass; coherent: of (x^2 + w^2)/2. 0 if not given. */
double pl_photons_per_code2(const pl_physics *physics);

/* intensity: light at a drive of 0..1, as operand 0 (A) or 1 (B) sends it: the curve, not below the floor. */
double pl_transfer(const pl_physics *physics, int operand, double drive);

/* intensity: the factors of A's light, element k of a read having gain[k mod count]; returns count, 1..32. All 1 if the
 * effect is off. */
int pl_channel_gains(const pl_physics *physics, double gain[PL_GAINS_MAX]);

/* rns: the moduli in use, three base ones and the redundant ones (the smallest numbers above them that have no factor
 * in common with any); returns how many. */
int pl_rns_moduli(const pl_physics *physics, int modulus[5]);

/* rns: 1 sigma of a dot product's phase through modulus m, turns: phase_noise_rms_deg and the encoding errors of
 * `channels` multipliers (Mirage, Eq 14), added in variance. 0 if the effect is off. */
double pl_phase_rms_turns(const pl_physics *physics, int modulus);

/* rns: largest |sum of mantissas| that `channels` products can reach, and psi, the largest that the moduli hold. */
double pl_largest_sum_code2(const pl_physics *physics);
double pl_moduli_range(const pl_physics *physics);

#endif
