/* optics.h: the hook by which calibration watches the products of a model. Private to host/nn. */
#ifndef PHOTOLANE_NN_OPTICS_H
#define PHOTOLANE_NN_OPTICS_H

#include "nn/nn.h"

/* Takes the device's place: fills job->c with the exact product. */
typedef void (*pl_optics_observer)(void *self, int layer, pl_nn_product p, const pl_job *job);

/* Hears of the activations of a linear product before they are quantised: rows x inputs, dense; and with scores of all
 * keys, with attn of all values of some tokens: rows x kv_heads x head_dim. */
typedef void (*pl_optics_listener)(void *self, int layer, pl_nn_product p, const float *x, int rows, uint32_t row0);

typedef struct {
  pl_optics_observer observer; /* never NULL */
  pl_optics_listener listener; /* or NULL */
  void *self;
} pl_optics_watch;

/* As pl_nn_optics_new without devices; settings->ranges are used for what concerns operands. */
pl_status pl_optics_new_watched(const pl_nn *model, const pl_nn_settings *settings, const pl_optics_watch *watch,
                                pl_nn_optics **optics, pl_error *err);

/* The same with the usual operands. As pl_nn_optics_new, with an observer instead of devices. */
pl_status pl_optics_new_observed(const pl_nn *model, const pl_image *image, unsigned products,
                                 pl_optics_observer observer, void *self, pl_nn_optics **optics, pl_error *err);

/* Hears of every job after the device has done it: job->c holds the codes, of `step` code^2 each. NULL: nobody does. */
typedef void (*pl_optics_auditor)(void *self, int layer, pl_nn_product p, const pl_job *job, float step);
void pl_optics_audit(pl_nn_optics *optics, pl_optics_auditor auditor, void *self);

#endif
