/* intensity_fit.h: private to the calibration of the intensity kind: what fit_intensity.c measures and
 * report_intensity.c turns into parameters of a core description.
 *
 * Notation: T level's transfer, f = T of code 0 (the floor), both 1 at code 127; s = (T - f) / (T_top - f) the shape
 * that mean products show; g the gain of a channel. A product is g (T_a - f_a)(T_b - f_b) 127^2, the light of its
 * four passes g (T_a + f_a)(T_b + f_b) 127^2; of a code 0, T = f. Derived from docs/signal-chain.md and
 * docs/cores.md.
 */
#ifndef PHOTOLANE_STUDY_INTENSITY_FIT_H
#define PHOTOLANE_STUDY_INTENSITY_FIT_H

#include "study/fit.h"

enum { DARK, ONLY_A, ONLY_B, BRIGHT, HALF, QUARTER, BRIGHT_A, BRIGHT_B, PROBES };
enum { SHOT, FLOOR_A, FLOOR_B, SYSTEMATIC, THERMAL, UNKNOWNS };
enum { LEVELS_MAX = 128, WAVELENGTHS_MAX = 32 };
#define FULL_CODE 127.0

typedef struct {
  int8_t *a, *b; /* length codes */
  pl_moments m;
} probe;

typedef struct {
  pl_prober *p;
  pl_fit *fit;
  int length, wavelengths; /* length: of the vectors in use */
  int levels[2], step[2];  /* codes that the DAC can send: 0, step .. (levels - 1) step */
  int8_t *codes;           /* of all probes */
  probe probe[PROBES];
  double offset;
  pl_moment shape[2][LEVELS_MAX];       /* s of each level */
  pl_moment product[WAVELENGTHS_MAX];   /* g (T_a - f_a)(T_b - f_b) of a channel at the top levels */
  int has_floors;                       /* shot noise shows the floors; otherwise they are taken as 0 */
  /* The UNKNOWNS: variance per light, floors, systematic variance per light^2, constant. */
  pl_lsq_result noise;
} intensity;

/* T of a level (0 .. levels - 1) for floors f. */
double pl_intensity_transfer(const intensity *c, int operand, int level, const double *unknown);

/* The gain of a wavelength for floors f. */
double pl_intensity_gain(const intensity *c, int wavelength, const double *unknown);

/* Variance of a read, code^4, for these unknowns. */
double pl_intensity_variance(const intensity *c, const int8_t *a, const int8_t *b, const double *unknown);

/* Standard error of the light in it, code^2, by those of the shapes. That of the gains' mean is left out: it scales all
 * light alike. */
double pl_intensity_light_error(const intensity *c, const int8_t *a, const int8_t *b, const double *unknown);

/* Mean of a read without the offset, code^2. */
double pl_intensity_product(const intensity *c, const int8_t *a, const int8_t *b);

/* ---- Results (report_intensity.c) ---- */

void pl_intensity_report(intensity *c);
pl_status pl_intensity_predict(intensity *c, pl_error *err);

#endif
