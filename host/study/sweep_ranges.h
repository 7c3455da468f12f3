/* sweep_ranges.h: the calibrations of a sweep. Points whose cores differ only in what calibration does not look at (noise,
 * light, seed) share one.
 *
 *   pl_sweep_ranges kept = {0};
 *   pl_sweep_ranges_find(&kept, model, products, &point, &ranges, err)
 *   pl_sweep_ranges_free(&kept)
 *
 * Most of a short point's time is its calibration: with SmolLM2 and 128 tokens three quarters (docs/sweeps.md). */
#ifndef PL_STUDY_SWEEP_RANGES_H
#define PL_STUDY_SWEEP_RANGES_H

#include "study/sweep.h"

enum { PL_SWEEP_RANGES_KEPT = 8 };

typedef struct {
  struct {
    pl_image image; /* what pl_sweep_ranges_image left of it */
    char rule[PL_SWEEP_VALUE];
    pl_nn_ranges *ranges; /* owned */
  } kept[PL_SWEEP_RANGES_KEPT];
  int next; /* the place that is overwritten next */
} pl_sweep_ranges;

/* The core that is calibrated in place of `image`: all that calibration does not look at is at its reset value. Calibration
 * runs on this image, not on the point's own, so a point's ranges cannot depend on which point came first. That the two give
 * the same ranges is what tests/nn/test_sweep_ranges.c holds. */
void pl_sweep_ranges_image(const pl_image *image, pl_image *reduced);

/* *ranges belongs to `kept` and stays until PL_SWEEP_RANGES_KEPT further calibrations; NULL if the core needs none. */
pl_status pl_sweep_ranges_find(pl_sweep_ranges *kept, const pl_nn *model, unsigned products, const pl_sweep_point *point,
                               const pl_nn_ranges **ranges, pl_error *err);
void pl_sweep_ranges_free(pl_sweep_ranges *kept);

#endif
