/* adamw.h: the optimiser: AdamW (Loshchilov, Hutter 2019), clipping by the global norm, warm-up and cosine schedule. */
#ifndef PHOTOLANE_TRAIN_ADAMW_H
#define PHOTOLANE_TRAIN_ADAMW_H

#include "train/net.h"

typedef struct {
  float rate;         /* learning rate at the end of the warm-up */
  float final_rate;   /* as a fraction of `rate`, at the last step */
  int warmup, steps;
  float beta1, beta2; /* 0.9, 0.95 */
  float eps;          /* 1e-8 */
  float decay;        /* of matrices, not of gains; times the learning rate */
  float clip;         /* largest norm of the gradient; 0: no clipping */
} adamw_settings;

typedef struct {
  adamw_settings settings;
  size_t size;
  real *m, *v;      /* running mean of the gradient and of its square */
  float *decay;     /* per number: 0 for gains */
  int step;         /* steps done */
} adamw;

/* PL_E_MEMORY, or PL_OK. Free with adamw_free. */
pl_status adamw_new(const net_config *config, const adamw_settings *settings, adamw *out, pl_error *err);
void adamw_free(adamw *a);

/* Linear from 0 to `rate` over the warm-up, then half a cosine down to rate * final_rate. step counts from 0. */
double adamw_rate(const adamw_settings *s, int step);

/* One step; grads are overwritten with the clipped ones. Returns the norm of the gradient before clipping. */
double adamw_step(adamw *a, real *params, real *grads);

#endif
