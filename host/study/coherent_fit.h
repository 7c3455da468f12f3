/* coherent_fit.h: private to the calibration of the coherent kind: what fit_coherent.c measures and report_coherent.c
 * turns into parameters of a core description.
 *
 * Notation: x, w codes of A and B; X, W fields with crosstalk, X_k = x_k + leak_k x_{k-1}; e_k imbalance of the
 * coupler. Derived from docs/signal-chain.md and docs/cores.md.
 */
#ifndef PHOTOLANE_STUDY_COHERENT_FIT_H
#define PHOTOLANE_STUDY_COHERENT_FIT_H

#include "study/fit.h"

enum { DARK, LIGHT_A, LIGHT_B, DIM_A, BALANCED_TALL, BALANCED_WIDE, POSITIVE, EVEN_ODD, ODD_EVEN, PROBES };
enum { SHOT, THERMAL, PHASE, OUTPUT, VARIANCES };
enum { WAVELENGTHS_MAX = 32 };
#define FULL_CODE 127.0

typedef struct {
  int8_t *a, *b; /* length codes */
  pl_moments m;
} probe;

typedef struct {
  pl_prober *p;
  pl_fit *fit;
  int length, wavelengths, lit[2], dim; /* length: of the vectors in use */
  int8_t *codes; /* of all probes */
  probe probe[PROBES];
  pl_moment imbalance[WAVELENGTHS_MAX], crosstalk, gain, encoding[2]; /* encoding: variances */
  double offset;
  pl_lsq_result variances;
} coherent;

/* ---- What a pair of vectors gives, to first order in its noise (coherent_terms.c) ---- */

typedef struct {
  double product;      /* sum X W */
  double dispersion;   /* sum e (E X^2 - E W^2) / 2 */
  double row, column;  /* variance per unit of encoding variance of A, of B */
  double inner;        /* the same per product of both */
  double power, light; /* E sum X^2 W^2, E sum X^2 + W^2 */
} terms;

/* Whether the field of channel k - 1 leaks into channel k. */
int pl_coherent_leaks(const coherent *c, int k);
terms pl_coherent_terms(const coherent *c, const int8_t *a, const int8_t *b);
double pl_coherent_mean(const coherent *c, const terms *t);

/* Coefficients of the four variances in a read's own variance; returns the part that is known without them. */
double pl_coherent_residual(const coherent *c, const terms *t, double coefficient[VARIANCES]);

/* ---- Results (report_coherent.c) ---- */

/* All parameters, from the estimates in *c. */
void pl_coherent_report(coherent *c);

/* Random codes on all channels, which no estimator has used: their moments against what the fit says. */
pl_status pl_coherent_predict(coherent *c, pl_error *err);

#endif
