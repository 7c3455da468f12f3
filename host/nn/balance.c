/* balance.c: see balance.h.
 *
 * With activations x, weights W and factors s: y = sum_k (x_k / s_k) (W_jk s_k). Rounding to codes of one scale per row
 * adds errors of variance D_r^2 / 12 to each x_k / s_k and d_j^2 / 12 to each W_jk s_k, with
 *   D_r = max_k |x_rk / s_k| / limit_a,   d_j = max_k |W_jk s_k| / limit_b,
 * so that the squared error of all results, each row r relative to its own results (weight v_r), is
 *   sum_r v_r D_r^2 sum_k s_k^2 sum_j W_jk^2  +  sum_j d_j^2 sum_k sum_r v_r x_rk^2 / s_k^2      (times 1/12);
 * in the first term the errors of the rows at hand are taken instead of D_r^2 / 12.
 * The ADC adds errors of its own: its range is one for all rows and outputs, so they grow with the unevenness of reads,
 * in codes, and an s that serves the operands may harm them. They are measured on some rows and outputs: reads are the
 * same numbers for all candidates but for D_r d_j.
 * Candidates are made from even rows and judged on odd ones: what only the text's own outliers ask for must not win.
 * Candidates: s_k = X_k^a / W_k^(1 - a), X_k and W_k the largest of the channel, rounded to powers of two. */
#include "nn/balance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/kernels.h"

/* The first candidate is s = 1; exponents are 0..MOST. */
enum { CANDIDATES = 10, MOST = 30, ROWS = 12, OUTPUTS = 48, MOST_ROWS = 64 };

typedef struct {
  int inputs;
  double usual;      /* median energy of a row's results */
  double *w_squares; /* sum_j W_jk^2 */
  double *x_squares; /* sum_r v_r x_rk^2 */
  float *x_largest;  /* of |x_rk| relative to its row */
  float *w_largest;
  float *factor;     /* CANDIDATES x inputs: s */
  int groups;        /* reads of an output */
  float *reads;      /* ROWS x OUTPUTS x groups: sums of x_rk W_jk */
  double *w_steps;   /* CANDIDATES x OUTPUTS: d_j limit_b of the outputs looked at */
  int outputs;       /* looked at, at most OUTPUTS */
} channels;

static int rising(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* v_r, from the energy of a row's results. Rows with hardly any result count as if they had half of the usual. */
static double weight_of_row(const channels *c, const float *x) {
  double energy = 0;
  for (int k = 0; k < c->inputs; k++) energy += (double)x[k] * (double)x[k] * c->w_squares[k];
  return energy + c->usual > 0 ? 1 / (energy + c->usual) : 0;
}

static void measure(channels *c, const pl_tensor *w, const pl_input_rows *in, float *row) {
  for (int64_t j = 0; j < w->rows; j++) {
    pl_tensor_row(w, j, row);
    for (int k = 0; k < c->inputs; k++) {
      c->w_squares[k] += (double)row[k] * (double)row[k];
      c->w_largest[k] = fmaxf(c->w_largest[k], fabsf(row[k]));
    }
  }
  float energy[MOST_ROWS] = {0}; /* median without another buffer: rows are few */
  const int rows = in->rows < MOST_ROWS ? in->rows : MOST_ROWS;
  for (int r = 0; r < rows; r++) {
    const double v = weight_of_row(c, in->x + (ptrdiff_t)r * c->inputs);
    energy[r] = v > 0 ? (float)(1 / v) : 0;
  }
  qsort(energy, (size_t)rows, sizeof *energy, rising);
  c->usual = (double)energy[rows / 2];
  for (int r = 0; r < in->rows; r++) {
    const float *x = in->x + (ptrdiff_t)r * c->inputs;
    const double v = weight_of_row(c, x);
    for (int k = 0; k < c->inputs; k++) {
      if (r % 2) c->x_squares[k] += v * (double)x[k] * (double)x[k];
      else c->x_largest[k] = fmaxf(c->x_largest[k], fabsf(x[k]) * (float)sqrt(v));
    }
  }
}

/* Never below 0: a channel that hardly ever speaks would be made loud, and a text that wakes it would pay with all
 * others (measured: rare neurons of a GELU). */
static int exponent_of(double ratio, double centre) {
  const double e = rint(log2(ratio) - centre);
  return (int)(e > MOST ? MOST : e < 0 ? 0 : e);
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

/* Row i of the ROWS that are looked at. */
static const float *looked_at(const channels *c, const pl_input_rows *in, int i) {
  return in->x + (ptrdiff_t)(i * (in->rows / 2) / ROWS * 2 + 1) * c->inputs;
}

/* Reads of output number `at` of those looked at. */
static void keep_reads(channels *c, const pl_input_rows *in, const float *row, int channel_count, int at) {
  for (int i = 0; i < ROWS; i++) {
    const float *x = looked_at(c, in, i);
    float *out = c->reads + ((ptrdiff_t)i * OUTPUTS + at) * c->groups;
    for (int g = 0; g < c->groups; g++) {
      const int from = g * channel_count, n = c->inputs - from < channel_count ? c->inputs - from : channel_count;
      out[g] = pl_dot(x + from, row + from, n);
    }
  }
}

/* Least squared error of an ADC, over its ranges, relative as judge() has it. steps: d_j limit_b. */
static double adc_error(const channels *c, const pl_input_rows *in, const pl_converters *v, const float *s,
                        const double *steps, double share) {
  double x_step[ROWS], top = 0, least = INFINITY;
  for (int i = 0; i < ROWS; i++) {
    const float *x = looked_at(c, in, i);
    float largest = 0;
    for (int k = 0; k < c->inputs; k++) largest = fmaxf(largest, fabsf(x[k]) / s[k]);
    x_step[i] = (double)largest / v->limit_a;
  }
  for (int pass = -1; pass < 24; pass++) { /* the first finds the largest read; then ranges by quarters of an octave */
    const double full = top * exp2(-pass / 4.0), noise = pow(full * exp2(1 - v->adc_bits), 2) / 12;
    double sum = 0;
    for (int i = 0; i < ROWS; i++) {
      const double weight = weight_of_row(c, looked_at(c, in, i));
      for (int j = 0; j < c->outputs; j++) {
        const float *reads = c->reads + ((ptrdiff_t)i * OUTPUTS + j) * c->groups;
        const double unit = x_step[i] * steps[j] / v->limit_b;
        double error = 0;
        for (int g = 0; g < c->groups && unit > 0; g++) {
          const double z = fabs((double)reads[g]) / unit;
          if (pass < 0) top = z > top ? z : top;
          else error += z > full ? (z - full) * (z - full) : noise;
        }
        sum += weight * error * unit * unit;
      }
    }
    if (pass >= 0 && sum < least) least = sum;
  }
  return least * 12 * share * (in->rows / 2) / ROWS; /* judge() leaves out the 1/12 */
}

/* Fills error[CANDIDATES]. */
static void judge(channels *c, const pl_tensor *w, const pl_input_rows *in, const pl_converters *v, float *row,
                  double error[CANDIDATES]) {
  const int limit_a = v->limit_a, limit_b = v->limit_b;
  const int64_t every = (w->rows + OUTPUTS - 1) / OUTPUTS;
  double w_steps[CANDIDATES] = {0};
  for (int64_t j = 0; j < w->rows; j++) {
    pl_tensor_row(w, j, row);
    const int at = j % every ? -1 : c->outputs++;
    if (at >= 0) keep_reads(c, in, row, v->channels, at);
    for (int i = 0; i < CANDIDATES; i++) {
      const float *s = c->factor + (ptrdiff_t)i * c->inputs;
      float top = 0;
      for (int k = 0; k < c->inputs; k++) {
        const float scaled = fabsf(row[k]) * s[k];
        top = scaled > top ? scaled : top;
      }
      w_steps[i] += (double)top * (double)top / limit_b / limit_b;
      if (at >= 0) c->w_steps[i * OUTPUTS + at] = (double)top;
    }
  }
  for (int i = 0; i < CANDIDATES; i++) {
    const float *s = c->factor + (ptrdiff_t)i * c->inputs;
    double of_weights = 0, of_inputs = 0;
    for (int k = 0; k < c->inputs; k++) of_weights += c->x_squares[k] / ((double)s[k] * (double)s[k]);
    for (int r = 1; r < in->rows; r += 2) {
      const float *x = in->x + (ptrdiff_t)r * c->inputs;
      float top = 0;
      for (int k = 0; k < c->inputs; k++) top = fmaxf(top, fabsf(x[k]) / s[k]);
      if (!(top > 0)) continue;
      /* Rounded as they will be: where most activations are near zero the errors are far from uniform. */
      const float step = top / (float)limit_a, inverse = 1 / step;
      double sum = 0;
      for (int k = 0; k < c->inputs; k++) {
        const float scaled = x[k] / s[k], e = (scaled - step * rintf(scaled * inverse)) * s[k];
        sum += (double)(e * e) * c->w_squares[k];
      }
      of_inputs += 12 * weight_of_row(c, x) * sum;
    }
    error[i] = of_inputs + w_steps[i] * of_weights;
    if (v->adc_bits)
      error[i] += adc_error(c, in, v, s, c->w_steps + i * OUTPUTS, (double)w->rows / c->outputs);
  }
}

const float *pl_take_offset(pl_input_rows *in, int inputs, float *out) {
  double weight[MOST_ROWS], total = 0, usual = INFINITY; /* usual: the least energy of a row that has any */
  const int rows = in->rows < MOST_ROWS ? in->rows : MOST_ROWS;
  for (int r = 0; r < rows; r++) {
    const float *x = in->x + (ptrdiff_t)r * inputs;
    weight[r] = (double)pl_dot(x, x, inputs); /* the energy, so far */
    if (weight[r] > 0 && weight[r] < usual) usual = weight[r];
  }
  for (int r = 0; r < rows; r++) {
    weight[r] = weight[r] > 0 ? 1 / (weight[r] + usual) : 0;
    total += weight[r];
  }
  for (int k = 0; k < inputs; k++) {
    double mean = 0, spread = 0;
    for (int r = 0; r < rows; r++) mean += weight[r] * (double)in->x[(ptrdiff_t)r * inputs + k];
    mean = total > 0 ? mean / total : 0;
    for (int r = 0; r < rows; r++) spread += weight[r] * pow((double)in->x[(ptrdiff_t)r * inputs + k] - mean, 2);
    /* A mean smaller than what varies around it is left alone. */
    out[k] = total * mean * mean > spread ? (float)mean : 0;
    for (int r = 0; r < in->rows; r++) in->x[(ptrdiff_t)r * inputs + k] -= out[k];
  }
  return out;
}

int pl_find_balance(const pl_tensor *w, const pl_input_rows *in, const pl_converters *converters, int8_t *out) {
  const size_t n = (size_t)w->dims[0];
  channels c = {.inputs = (int)n,
                .w_squares = calloc(n, sizeof(double)),
                .x_squares = calloc(n, sizeof(double)),
                .x_largest = calloc(n, sizeof(float)),
                .w_largest = calloc(n, sizeof(float)),
                .factor = calloc(n * CANDIDATES, sizeof(float)),
                .groups = (int)((n + (size_t)converters->channels - 1) / (size_t)converters->channels),
                .w_steps = calloc(CANDIDATES * OUTPUTS, sizeof(double))};
  c.reads = calloc((size_t)ROWS * OUTPUTS * (size_t)c.groups, sizeof *c.reads);
  float *row = malloc(n * sizeof *row);
  int best = -1;
  if (in->rows < 4) best = 0; /* nothing can be said */
  else if (row && c.w_squares && c.x_squares && c.x_largest && c.w_largest && c.factor && c.reads &&
      c.w_steps) {
    double error[CANDIDATES];
    measure(&c, w, in, row);
    propose(&c);
    judge(&c, w, in, converters, row, error);
    best = 0;
    for (int i = 1; i < CANDIDATES; i++)
      if (error[i] < error[best]) best = i;
    if (!(error[best] < 0.9 * error[0])) best = 0;
    for (size_t k = 0; k < n && best; k++) out[k] = (int8_t)lrintf(log2f(c.factor[(size_t)best * n + k]));
  }
  free(c.w_squares), free(c.x_squares), free(c.x_largest), free(c.w_largest), free(c.factor), free(c.reads);
  free(c.w_steps), free(row);
  return best < 0 ? -1 : best > 0;
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
