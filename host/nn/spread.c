/* spread.c: see spread.h.
 *
 * Balance. With activations x, weights W and factors s the rounding errors of rotated rows are in proportion to
 *   sum_k E[x_k^2] / s_k^2  and  sum_k W_k^2 s_k^2,      W_k^2 = sum_j W_jk^2,
 * relative to rows. So are the errors of the ADC to their product, which is least at s_k^2 = rms(x_k) / W_k (Cauchy and
 * Schwarz). Even rows make it, odd rows judge.
 *
 * Room. Output j needs the full scale u_j, in codes of activations times weights: its largest read on the rows, or
 * 3.5 root mean squares of them. With codes of weights of scale s_j a range F of the ADC shows it if s_j F >= u_j;
 * the codes themselves allow no less than s_j = max_k |W_jk| / limit. Squared errors of rounding and of the ADC go by
 * s_j^2, so
 *   s_j = max(u_j / F, max_k |W_jk| / limit),   F such that   sum_j s_j^2 (reads step(F)^2 + sum_k a_k^2)   is least.
 * */
#include "nn/spread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/kernels.h"

enum { MOST = 30, MOST_ROWS = 64, CANDIDATES = 32, PER_OCTAVE = 16 };
#define USUAL_PEAK 3.5f  /* largest of some hundred normal deviates */
#define WORTH_IT 0.95    /* of the errors without a balance */

static int rising(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static int rows_of(const pl_input_rows *in) { return in->rows < MOST_ROWS ? in->rows : MOST_ROWS; }

/* ---- Balance ------------------------------------------------------------------------------------ */

/* 1 / (energy of a row + the median energy): each row's errors count relative to itself, but for rows of hardly
 * anything. */
static void weigh_rows(const pl_input_rows *in, int inputs, double weight[MOST_ROWS]) {
  float energy[MOST_ROWS], sorted[MOST_ROWS] = {0};
  const int rows = rows_of(in);
  for (int r = 0; r < rows; r++) {
    const float *x = in->x + (ptrdiff_t)r * inputs;
    energy[r] = sorted[r] = pl_dot(x, x, inputs);
  }
  qsort(sorted, (size_t)rows, sizeof *sorted, rising);
  const double usual = (double)sorted[rows / 2];
  for (int r = 0; r < rows; r++) weight[r] = usual > 0 ? 1 / ((double)energy[r] + usual) : 0;
}

/* Mean squares of the channels over every other row. */
static void mean_squares(const pl_input_rows *in, int inputs, int first_row, double *out) {
  double weight[MOST_ROWS];
  weigh_rows(in, inputs, weight);
  for (int k = 0; k < inputs; k++) out[k] = 0;
  for (int r = first_row; r < rows_of(in); r += 2)
    for (int k = 0; k < inputs; k++) {
      const double x = (double)in->x[(ptrdiff_t)r * inputs + k];
      out[k] += weight[r] * x * x;
    }
}

/* Never below 0, as in balance.c: a channel that hardly ever speaks must not be made loud. */
static void choose_exponents(const double *x, const double *w, int inputs, int8_t *out) {
  double centre = 0;
  int live = 0;
  for (int pass = 0; pass < 2; pass++)
    for (int k = 0; k < inputs; k++) {
      const int dead = !(x[k] > 0) || !(w[k] > 0);
      const double e = dead ? 0 : log2(x[k] / w[k]) / 4;
      if (pass) out[k] = (int8_t)(dead ? 0 : fmin(MOST, fmax(0, rint(e - centre))));
      else if (!dead) centre += (e - centre) / ++live;
    }
}

/* The product of both sums above. */
static double errors(const double *x, const double *w, int inputs, const int8_t *exponents) {
  double of_inputs = 0, of_weights = 0;
  for (int k = 0; k < inputs; k++) {
    const double s = exponents ? ldexp(1, exponents[k]) : 1;
    of_inputs += x[k] / (s * s), of_weights += w[k] * s * s;
  }
  return of_inputs * of_weights;
}

int pl_find_even_balance(const pl_tensor *w, const pl_input_rows *in, int8_t *out) {
  const int inputs = (int)w->dims[0];
  double *of_weights = calloc((size_t)inputs, sizeof *of_weights);
  double *of_inputs = calloc((size_t)inputs, sizeof *of_inputs);
  float *row = malloc(sizeof *row * (size_t)inputs);
  int found = -1;
  if (in->rows < 4) {
    found = 0; /* nothing can be said */
  } else if (of_weights && of_inputs && row) {
    for (int64_t j = 0; j < w->rows; j++) {
      pl_tensor_row(w, j, row);
      for (int k = 0; k < inputs; k++) of_weights[k] += (double)row[k] * (double)row[k];
    }
    mean_squares(in, inputs, 0, of_inputs);
    choose_exponents(of_inputs, of_weights, inputs, out);
    mean_squares(in, inputs, 1, of_inputs);
    found = errors(of_inputs, of_weights, inputs, out) < WORTH_IT * errors(of_inputs, of_weights, inputs, NULL);
  }
  free(of_weights), free(of_inputs), free(row);
  return found;
}

int pl_turn_rows(pl_input_rows *in, const int8_t *balance, const pl_rotation *rotation) {
  const int inputs = pl_rotation_size(rotation);
  float *scratch = malloc(sizeof *scratch * (size_t)inputs);
  for (int r = 0; r < in->rows && scratch; r++) {
    float *x = in->x + (ptrdiff_t)r * inputs;
    for (int k = 0; balance && k < inputs; k++) x[k] = ldexpf(x[k], -balance[k]);
    pl_rotate(rotation, x, scratch);
  }
  free(scratch);
  return scratch != NULL;
}

/* ---- Room --------------------------------------------------------------------------------------- */

typedef struct {
  int rows, inputs, limit_b, channels, adc_bits;
  double energy; /* mean over the rows of sum_k a_k^2 */
  float *need, *largest; /* for each output: u_j, max_k |W_jk| */
  float *row, *scratch, *full;
} outputs;

/* The rows as codes, in place. */
static void code_rows(outputs *o, pl_input_rows *in, int limit, double full_scale, int8_t *codes) {
  for (int r = 0; r < o->rows; r++) {
    float *x = in->x + (ptrdiff_t)r * o->inputs, scale;
    if (full_scale > 0) pl_quantize_fixed(x, o->inputs, limit, (float)full_scale / (float)limit, codes);
    else pl_quantize_even(x, o->inputs, limit, codes, &scale);
    for (int k = 0; k < o->inputs; k++) x[k] = (float)codes[k];
    o->energy += (double)pl_dot(x, x, o->inputs) / o->rows;
  }
}

/* What output j needs; its weights are in o->row. */
static void look_at_reads(outputs *o, const pl_input_rows *in, int64_t j) {
  double squares = 0;
  float top = 0, largest = 0;
  int count = 0;
  for (int k = 0; k < o->inputs; k++) largest = fmaxf(largest, fabsf(o->row[k]));
  for (int r = 0; r < o->rows; r++)
    for (int k = 0; k < o->inputs; k += o->channels, count++) {
      const int n = o->inputs - k < o->channels ? o->inputs - k : o->channels;
      const float read = pl_dot(in->x + (ptrdiff_t)r * o->inputs + k, o->row + k, n);
      squares += (double)read * (double)read;
      top = fmaxf(top, fabsf(read));
    }
  o->largest[j] = largest;
  o->need[j] = fmaxf(top, USUAL_PEAK * (float)sqrt(squares / count));
}

/* F, or 0 if all weights are zero. */
static double choose_range(outputs *o, int64_t count) {
  size_t live = 0;
  for (int64_t j = 0; j < count; j++)
    if (o->largest[j] > 0) o->full[live++] = o->need[j] * (float)o->limit_b / o->largest[j];
  qsort(o->full, live, sizeof *o->full, rising);
  const int reads = (o->inputs + o->channels - 1) / o->channels;
  double least = INFINITY, best = 0;
  for (int i = 0; i <= CANDIDATES && live; i++) {
    const double f = (double)o->full[(live - 1) * (size_t)i / CANDIDATES], step = f * exp2(1 - o->adc_bits);
    double sum = 0;
    for (int64_t j = 0; j < count && f > 0; j++) {
      const double scale = fmax((double)o->need[j] / f, (double)o->largest[j] / o->limit_b);
      sum += scale * scale;
    }
    sum *= reads * step * step + o->energy;
    if (f > 0 && sum < least) least = sum, best = f;
  }
  return best;
}

int pl_find_room(const pl_tensor *w, pl_input_rows *in, const int8_t *balance, const pl_rotation *rotation,
                 const pl_converters *v, double input_full_scale, int8_t *out) {
  const size_t n = (size_t)w->dims[0], m = (size_t)w->rows;
  outputs o = {.rows = rows_of(in), .inputs = (int)n, .limit_b = v->limit_b, .channels = v->channels,
               .adc_bits = v->adc_bits, .need = malloc(sizeof(float) * m), .largest = malloc(sizeof(float) * m),
               .full = malloc(sizeof(float) * m), .row = malloc(sizeof(float) * n),
               .scratch = malloc(sizeof(float) * n)};
  int8_t *codes = malloc(n);
  int found = -1;
  if (!v->adc_bits || in->rows < 4) {
    found = 0;
  } else if (o.need && o.largest && o.full && o.row && o.scratch && codes) {
    code_rows(&o, in, v->limit_a, input_full_scale, codes);
    for (int64_t j = 0; j < w->rows; j++) {
      pl_tensor_row(w, j, o.row);
      for (int k = 0; balance && k < o.inputs; k++) o.row[k] = ldexpf(o.row[k], balance[k]);
      pl_rotate(rotation, o.row, o.scratch);
      look_at_reads(&o, in, j);
    }
    const double range = choose_range(&o, w->rows);
    found = 0;
    for (size_t j = 0; j < m; j++) {
      const double more = range > 0 && o.largest[j] > 0
                              ? PER_OCTAVE * log2((double)o.need[j] / range * v->limit_b / (double)o.largest[j]) : 0;
      out[j] = (int8_t)(more > 0 ? fmin(127, ceil(more)) : 0);
      found |= out[j] > 0;
    }
  }
  free(o.need), free(o.largest), free(o.full), free(o.row), free(o.scratch), free(codes);
  return found;
}

int pl_choose_codes(const pl_tensor *weights, pl_input_rows *in, pl_range_choice choice, const pl_converters *v,
                    pl_nn_range *range, int8_t *room) {
  const int inputs = (int)weights->dims[0];
  pl_rotation *rotation = choice.rotate ? pl_rotation_new(inputs) : NULL;
  if (choice.rotate && (!rotation || !pl_turn_rows(in, range->balance, rotation))) return free(rotation), -1;
  if (choice.fixed_input)
    range->input_full_scale = pl_find_input_scale(in, inputs, choice.rotate ? NULL : range->balance, v->limit_a,
                                                  choice.input, choice.input_percentile);
  int found = 0;
  if (choice.rotate) found = pl_find_room(weights, in, range->balance, rotation, v, range->input_full_scale, room);
  if (found > 0) range->room = room, range->outputs = (int)weights->rows;
  free(rotation);
  return found;
}
