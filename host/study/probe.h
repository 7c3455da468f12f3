/* probe.h: measurements on a device of which only the data sheet is known.
 *
 *   pl_prober p;
 *   pl_prober_init(&p, dev, pl_sheet_of(&core.image), reads, seed);
 *   pl_moments m;
 *   if (pl_probe_moments(&p, a, b, PL_SQUARE, &m, &err)) ...
 *
 * Everything here sees what a user of hardware sees: the data sheet, and the results and counters of jobs whose ADC
 * range it has chosen itself. docs/calibration.md has the estimators. Nothing prints or exits.
 */
#ifndef PHOTOLANE_STUDY_PROBE_H
#define PHOTOLANE_STUDY_PROBE_H

#include <stdint.h>

#include "photolane/photolane.h"

/* What a data sheet says. Widths are 0 where there is no converter. */
typedef struct {
  int kind;                   /* PL_KIND_* */
  int channels, wavelengths;  /* products per detector read; channel c is on wavelength c mod wavelengths */
  int dac_bits[2], adc_bits;  /* of A and of B; without an ADC results are in code^2 */
  int residues, rns_k, redundant; /* rns: residue channels or not; exponent of the moduli; redundant moduli in use */
  int bfp_bits;               /* rns: magnitude bits of a mantissa, 0: no block floating point */
  double adc_step;            /* rns: amplitudes of the light per ADC code */
  int range_check;            /* rns: 1: a sum beyond range_limit is detected */
  int32_t range_limit;
} pl_sheet;

/* The data sheet of an emulated device: the only place where its image is looked at, and only for the above. */
pl_sheet pl_sheet_of(const pl_image *image);

enum {
  PL_PROBE_JOBS = 64,          /* jobs of one probe; their spread gives the standard errors */
  PL_PROBE_READS_MIN = 1 << 14 /* the least that pl_prober_init accepts */
};

typedef struct {
  pl_device *dev; /* configured; not owned */
  pl_sheet sheet;
  int length;     /* codes of a vector, 1..channels: the channels behind them are not used */
  int64_t reads;  /* of one probe */
  double grain;   /* code^2: what detector values are multiples of: the detector's own 1/4, or a photon */
  uint32_t job;   /* number of the next job; no number comes twice */
  uint64_t random; /* state of pl_probe_random */
  uint64_t done;  /* reads so far */
  void (*progress)(void *self, uint64_t reads); /* called after each job; NULL: nobody listens */
  void *self;
} pl_prober;

/* Vectors as long as the channels. reads: detector reads of one probe, PL_PROBE_READS_MIN at least. The same seed
 * makes the same jobs. */
void pl_prober_init(pl_prober *p, pl_device *dev, pl_sheet sheet, int64_t reads, uint32_t seed);

/* A pseudo-random number below `limit` (SplitMix64, Steele et al., OOPSLA 2014). */
int pl_probe_random(pl_prober *p, int limit);

/* A measured quantity with one standard error, in which rounding counts as an error too. */
typedef struct {
  double value, error;
} pl_moment;

typedef struct {
  pl_moment mean;     /* code^2 */
  pl_moment row;      /* variance that the outputs of a row share, code^4 */
  pl_moment column;   /* of a column */
  pl_moment residual; /* variance that each read has of its own */
  double step;        /* of the ADC in this probe, code^2 */
  double reads;
} pl_moments;

/* The shape of a probe's jobs: about as many rows as columns; many rows of 16 columns; 16 rows of many columns. */
typedef enum { PL_SQUARE, PL_TALL, PL_WIDE } pl_probe_shape;

/* One detector read of a and b (length codes each), repeated. Errors: those of pl_gemm; PL_E_MEMORY. */
pl_status pl_probe_moments(pl_prober *p, const int8_t *a, const int8_t *b, pl_probe_shape shape, pl_moments *moments,
                           pl_error *err);

/* Means of a whole table: mean[i*n + j] belongs to a[i*length ...] and b[j*length ...], i < m, j < n, code^2. All
 * share p->reads reads and one range. */
pl_status pl_probe_means(pl_prober *p, const int8_t *a, int m, const int8_t *b, int n, pl_moment *mean, pl_error *err);

/* rns: reads that came back wrong, or right because redundant moduli repaired them. */
typedef struct {
  double reads, wrong;
} pl_count;

/* About `reads` reads of each pair of a[i*length ...] and b[j*length ...], whose right result is right[i*n + j]: adds
 * to *count. Errors: those of pl_gemm; PL_E_MEMORY. */
pl_status pl_probe_wrong(pl_prober *p, const int8_t *a, int m, const int8_t *b, int n, const int32_t *right,
                         int64_t reads, pl_count *count, pl_error *err);

/* Whether results follow the range and end at the largest code: PL_E_INPUT if the data sheet has an ADC and they do
 * not, or the other way round. a and b must give a bright product, above 0. */
pl_status pl_probe_adc(pl_prober *p, const int8_t *a, const int8_t *b, pl_error *err);

/* What rounding to multiples of `step` may do to a mean and to a variance less step^2/12, for normal noise of this
 * variance (0: none of `reads` reads differed) that comes in grains of `grain`. Derived: docs/calibration.md. */
void pl_probe_rounding(double step, double grain, double variance, double reads, double *of_mean, double *of_variance);

/* The moments with the errors that they have if detector values come in coarser grains than was known when they were
 * taken. */
pl_moments pl_probe_in_grains(const pl_moments *moments, double grain);

#endif
