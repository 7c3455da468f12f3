/* balance.c: see balance.h.
 *
 * With activations x, weights W and factors s: y = sum_k (x_k / s_k) (W_jk s_k). Rounding to codes of one scale per row
 * adds errors of variance D_r^2 / 12 to each x_k / s_k and d_j^2 / 12 to each W_jk s_k, with
 *   D_r = max_k |x_rk / s_k| / limit_a,   d_j = max_k |W_jk s_k| / limit_b,
 * so that the squared error of all results, each row r relative to its own results (weight v_r), is
 *   sum_r v_r D_r^2 sum_k s_k^2 sum_j W_jk^2  +  sum_j d_j^2 sum_k sum_r v_r x_rk^2 / s_k^2      (times 1/12).
 * Candidates: s_k = X_k^a / W_k^(1 - a), X_k and W_k the largest of the channel, rounded to powers of two. */
#include "nn/balance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CANDIDATES = 10, MOST = 30 }; /* the first is s = 1; exponents -MOST..MOST */

typedef struct {
  int inputs;
  double *w_squares; /* sum_j W_jk^2 */
  double *x_squares; /* sum_r v_r x_rk^2 */
  float *x_largest;  /* of |x_rk| relative to its row */
  float *w_largest;
  float *factor;     /* CANDIDATES x inputs: s */
} channels;

/* v_r, from the energy of a row's results. */
static double weight_of_row(const channels *c, const float *x) {
  double energy = 0;
  for (int k = 0; k < c->inputs; k++) energy += (double)x[k] * (double)x[k] * c->w_squares[k];
  return energy > 0 ? 1 / energy : 0;
}

static void measure(channels *c, const pl_tensor *w, const pl_input_rows *in, float *row) {
  for (int64_t j = 0; j < w->rows; j++) {
    pl_tensor_row(w, j, row);
    for (int k = 0; k < c->inputs; k++) {
      c->w_squares[k] += (double)row[k] * (double)row[k];
      c->w_largest[k] = fmaxf(c->w_largest[k], fabsf(row[k]));
    }
  }
  for (int r = 0; r < in->rows; r++) {
    const float *x = in->x + (ptrdiff_t)r * c->inputs;
    const double v = weight_of_row(c, x);
    for (int k = 0; k < c->inputs; k++) {
      c->x_squares[k] += v * (double)x[k] * (double)x[k];
      c->x_largest[k] = fmaxf(c->x_largest[k], fabsf(x[k]) * (float)sqrt(v));
    }
  }
}

static int exponent_of(double ratio, double centre) {
  const double e = rint(log2(ratio) - centre);
  return (int)(e > MOST ? MOST : e < -MOST ? -MOST : e);
}

static void propose(channels *c) {
  for (int i = 0; i < CANDIDATES; i++) {
    const double a = 0.1 * i;
    float *s = c->factor + (ptrdiff_t)i * c->inputs;
    double centre = 0;
    int live = 0;
    for (int pass = 0; pass < 2; pass++)
      for (int k = 0; k < c->inputs; k++) {
        const double x = (double)c->x_largest[k], w = (double)c->w_largest[k];
        const int dead = !i || !(x > 0) || !(w > 0); /* a channel that is never used may have any factor */
        const double ratio = dead ? 1 : pow(x, a) / pow(w, 1 - a);
        if (pass) s[k] = dead ? 1 : ldexpf(1, exponent_of(ratio, centre));
        else if (!dead) centre += (log2(ratio) - centre) / ++live;
      }
  }
}

/* Fills error[CANDIDATES]. */
static void judge(const channels *c, const pl_tensor *w, const pl_input_rows *in, int limit_a, int limit_b, float *row,
                  double error[CANDIDATES]) {
  double w_steps[CANDIDATES] = {0};
  for (int64_t j = 0; j < w->rows; j++) {
    pl_tensor_row(w, j, row);
    for (int i = 0; i < CANDIDATES; i++) {
      const float *s = c->factor + (ptrdiff_t)i * c->inputs;
      float top = 0;
      for (int k = 0; k < c->inputs; k++) {
        const float v = fabsf(row[k]) * s[k];
        top = v > top ? v : top;
      }
      w_steps[i] += (double)top * (double)top / limit_b / limit_b;
    }
  }
  for (int i = 0; i < CANDIDATES; i++) {
    const float *s = c->factor + (ptrdiff_t)i * c->inputs;
    double spread = 0, of_weights = 0, x_steps = 0;
    for (int k = 0; k < c->inputs; k++) {
      spread += (double)s[k] * (double)s[k] * c->w_squares[k];
      of_weights += c->x_squares[k] / ((double)s[k] * (double)s[k]);
    }
    for (int r = 0; r < in->rows; r++) {
      const float *x = in->x + (ptrdiff_t)r * c->inputs;
      float top = 0;
      for (int k = 0; k < c->inputs; k++) top = fmaxf(top, fabsf(x[k]) / s[k]);
      x_steps += weight_of_row(c, x) * (double)top * (double)top / limit_a / limit_a;
    }
    error[i] = x_steps * spread + w_steps[i] * of_weights;
  }
}

const float *pl_take_offset(pl_input_rows *in, int inputs, float *out) {
  double total = 0;
  for (int k = 0; k < inputs; k++) out[k] = 0;
  for (int r = 0; r < in->rows; r++) {
    const float *x = in->x + (ptrdiff_t)r * inputs;
    double energy = 0;
    for (int k = 0; k < inputs; k++) energy += (double)x[k] * (double)x[k];
    if (!(energy > 0)) continue;
    total += 1 / energy;
    for (int k = 0; k < inputs; k++) /* a running mean: no sum that grows */
      out[k] += (float)(((double)x[k] - (double)out[k]) / energy / total);
  }
  for (int r = 0; r < in->rows; r++)
    for (int k = 0; k < inputs; k++) in->x[(ptrdiff_t)r * inputs + k] -= out[k];
  return out;
}

int pl_find_balance(const pl_tensor *w, const pl_input_rows *in, int limit_a, int limit_b, int8_t *out) {
  const size_t n = (size_t)w->dims[0];
  channels c = {.inputs = (int)n,
                .w_squares = calloc(n, sizeof(double)),
                .x_squares = calloc(n, sizeof(double)),
                .x_largest = calloc(n, sizeof(float)),
                .w_largest = calloc(n, sizeof(float)),
                .factor = calloc(n * CANDIDATES, sizeof(float))};
  float *row = malloc(n * sizeof *row);
  int best = -1;
  if (row && c.w_squares && c.x_squares && c.x_largest && c.w_largest && c.factor) {
    double error[CANDIDATES];
    measure(&c, w, in, row);
    propose(&c);
    judge(&c, w, in, limit_a, limit_b, row, error);
    best = 0;
    for (int i = 1; i < CANDIDATES; i++)
      if (error[i] < error[best]) best = i;
    if (!(error[best] < 0.9 * error[0])) best = 0;
    for (size_t k = 0; k < n; k++) out[k] = (int8_t)lrintf(log2f(c.factor[(size_t)best * n + k]));
  }
  free(c.w_squares), free(c.x_squares), free(c.x_largest), free(c.w_largest), free(c.factor), free(row);
  return best < 0 ? -1 : best > 0;
}

static int rising(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

double pl_find_input_scale(const pl_input_rows *in, int inputs, const int8_t *balance, int limit, pl_range_rule rule,
                           double percentile) {
  const size_t n = (size_t)in->rows * (size_t)inputs;
  float *v = malloc((n + 1) * sizeof *v);
  if (!v || !n) return free(v), 0.0;
  for (size_t i = 0; i < n; i++) v[i] = fabsf(ldexpf(in->x[i], balance ? -balance[i % (size_t)inputs] : 0));
  qsort(v, n, sizeof *v, rising);
  const double top = (double)v[n - 1];
  double best = top, least = INFINITY;
  if (rule == PL_RANGE_PERCENTILE) {
    const size_t at = (size_t)ceil(percentile / 100 * (double)n);
    best = (double)v[at ? at - 1 : 0];
    best = best > 0 ? best : top;
  }
  for (int i = 0; i < 64 && rule == PL_RANGE_MSE && top > 0; i++) { /* from the largest down by eighths of an octave */
    const double full = top * exp2(-i / 8.0), step = full / limit;
    double error = 0;
    size_t k = n;
    for (; k > 0 && (double)v[k - 1] > full; k--) error += ((double)v[k - 1] - full) * ((double)v[k - 1] - full);
    error += (double)k * step * step / 12;
    if (error < least) least = error, best = full;
  }
  free(v);
  return best;
}
