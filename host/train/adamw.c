/* adamw.c: see adamw.h. */
#include "train/adamw.h"

#include <math.h>
#include <stdlib.h>

pl_status adamw_new(const net_config *config, const adamw_settings *settings, adamw *out, pl_error *err) {
  size_t size = net_size(config);
  *out = (adamw){.settings = *settings, .size = size};
  out->m = calloc(size, sizeof(real));
  out->v = calloc(size, sizeof(real));
  out->decay = calloc(size, sizeof(float));
  if (!out->m || !out->v || !out->decay) {
    adamw_free(out);
    return pl_fail(err, PL_E_MEMORY, "Out of memory for the optimiser's state of %zu parameters.", size);
  }
  net_tensor list[NET_MAX_TENSORS];
  int count = net_tensors(config, list);
  for (int t = 0; t < count; t++)
    for (size_t i = 0; list[t].rows > 1 && i < (size_t)list[t].rows * list[t].columns; i++)
      out->decay[list[t].offset + i] = settings->decay;
  return PL_OK;
}

void adamw_free(adamw *a) {
  free(a->m);
  free(a->v);
  free(a->decay);
  *a = (adamw){0};
}

double adamw_rate(const adamw_settings *s, int step) {
  if (step < s->warmup) return (double)s->rate * (step + 1) / s->warmup;
  double span = s->steps > s->warmup ? s->steps - s->warmup : 1;
  double done = fmin((step - s->warmup) / span, 1);
  double low = (double)s->rate * s->final_rate;
  return low + (s->rate - low) * 0.5 * (1 + cos(3.141592653589793 * done));
}

double adamw_step(adamw *a, real *params, real *grads) {
  const adamw_settings *s = &a->settings;
  double squares = 0;
  for (size_t i = 0; i < a->size; i++) squares += (double)grads[i] * grads[i];
  double norm = sqrt(squares);
  real shrink = s->clip > 0 && norm > s->clip ? (real)(s->clip / norm) : 1;

  double rate = adamw_rate(s, a->step++);
  real b1 = s->beta1, b2 = s->beta2, eps = s->eps, lr = (real)rate;
  real fix1 = (real)(1 / (1 - pow(s->beta1, a->step))), fix2 = (real)(1 / (1 - pow(s->beta2, a->step)));
  for (size_t i = 0; i < a->size; i++) {
    real g = grads[i] *= shrink;
    a->m[i] = b1 * a->m[i] + (1 - b1) * g;
    a->v[i] = b2 * a->v[i] + (1 - b2) * g * g;
    params[i] -= lr * (a->m[i] * fix1 / (real_sqrt(a->v[i] * fix2) + eps) + a->decay[i] * params[i]);
  }
  return norm;
}
