/* sweep_measure.h: what one point of a sweep does to the model: perplexity, divergence, clip rates, errors of products.
 *
 *   pl_sweep_lab *lab;
 *   pl_sweep_lab_open(sweep, &lab, err)            loads model and text once
 *   pl_sweep_lab_prepare(lab, err)                 runs the float model, once for all points
 *   pl_sweep_measure(lab, 17, &result, err)        free(result)
 *
 * A lab belongs to one thread. The figures of a point depend on nothing else than the sweep and its files: not on the
 * points measured before, so any process may measure any point. */
#ifndef PL_STUDY_SWEEP_MEASURE_H
#define PL_STUDY_SWEEP_MEASURE_H

#include "study/sweep.h"

typedef struct pl_sweep_lab pl_sweep_lab;

/* What became of a point on the check device. */
typedef enum {
  PL_CHECK_NOT_SAMPLED,
  PL_CHECK_EQUAL,     /* every product the same, bit for bit */
  PL_CHECK_DIFFERENT,
  PL_CHECK_ABSENT,    /* the device cannot be opened here */
} pl_sweep_check;

typedef struct { /* one optical product of one layer */
  int32_t layer, product;     /* pl_nn_product; the head belongs to the layer behind the last */
  uint64_t reads, clipped;
  double error;               /* rms of result - exact product of the codes, relative to the rms of the exact one */
} pl_sweep_product;

/* One block of memory without pointers, so that it can go through a pipe as it is. */
typedef struct {
  int32_t point, products;
  int32_t check;              /* pl_sweep_check */
  int32_t padding;
  double perplexity, perplexity_error, nll;
  double reference;           /* perplexity of the float model */
  double kl, kl_error;        /* nats */
  double top1;                /* share of positions with the same likeliest token */
  int64_t scored;             /* tokens */
  uint64_t macs, reads, clipped, detected, corrected, encodings_a, encodings_b;
  double fj_per_mac;          /* energy by the architecture that the group names, the device's counts in it; 0: none named */
  double product_error;       /* as pl_sweep_product.error, all products that were sampled together */
  uint64_t check_products;    /* compared with the check device */
  char check_note[240];       /* why it is absent or different, or "" */
  pl_sweep_product product[];
} pl_sweep_result;

size_t pl_sweep_result_size(int products);

/* Bytes that came from elsewhere: 1 if they are a result. */
int pl_sweep_result_check(const pl_sweep_result *result, size_t size, const pl_sweep *sweep);

/* The sweep must outlive the lab. PL_E_INPUT if model or text do not serve. */
pl_status pl_sweep_lab_open(const pl_sweep *sweep, pl_sweep_lab **lab, pl_error *err);
void pl_sweep_lab_close(pl_sweep_lab *lab); /* NULL is fine */

/* The float model's logits, which all points are compared with. pl_sweep_measure does it if nobody did; before a fork, it is
 * done once for all processes. */
pl_status pl_sweep_lab_prepare(pl_sweep_lab *lab, pl_error *err);

/* Measures a point. A difference on the check device is no error but PL_CHECK_DIFFERENT in the result. */
pl_status pl_sweep_measure(pl_sweep_lab *lab, int number, pl_sweep_result **result, pl_error *err);

#endif
