/* spread.c: see spread.h. */
#include "nn/spread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/kernels.h"
#include "nn/rotate.h"

enum { MOST = 30, MOST_ROWS = 64, CANDIDATES = 32 };

static int rising(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* Inverse energies of rows, with the median added. */
static void weigh(const pl_input_rows *in, int inputs, double *weight) {
  float energy[MOST_ROWS], sorted[MOST_ROWS];
  for (int r = 0; r < in->rows; r++) energy[r] = pl_dot(in->x + (ptrdiff_t)r * inputs, in->x + (ptrdiff_t)r * inputs, inputs);
  memcpy(sorted, energy, sizeof sorted);
  qsort(sorted, (size_t)in->rows, sizeof *sorted, rising);
  const double usual = (double)sorted[in->rows / 2];
  for (int r = 0; r < in->rows; r++) weight[r] = usual > 0 ? 1 / ((double)energy[r] + usual) : 0;
}

/* Exponents of s_k = sqrt(X_k / W_k), of root mean squares. */
static int find_balance(const pl_input_rows *in, int inputs, const double *w_squares, int8_t *out) {
  double weight[MOST_ROWS], centre = 0, before = 0, after = 0, w_before = 0, w_after = 0;
  double *x = calloc((size_t)inputs, sizeof *x);
  int live = 0;
  if (!x) return -1;
  weigh(in, inputs, weight);
  for (int r = 0; r < in->rows; r += 2)
    for (int k = 0; k < inputs; k++) x[k] += weight[r] * pow((double)in->x[(ptrdiff_t)r * inputs + k], 2);
  for (int pass = 0; pass < 2; pass++)
    for (int k = 0; k < inputs; k++) {
      const int dead = !(x[k] > 0) || !(w_squares[k] > 0);
      const double e = dead ? 0 : 0.25 * log2(x[k] / w_squares[k]);
      if (pass) out[k] = (int8_t)(dead || e < centre ? 0 : fmin(MOST, rint(e - centre)));
      else if (!dead) centre += (e - centre) / ++live;
    }
  for (int k = 0; k < inputs; k++) {
    const double s = ldexp(1, out[k]);
    w_before += w_squares[k], w_after += w_squares[k] * s * s;
    for (int r = 1; r < in->rows; r += 2) {
      const double e = weight[r] * pow((double)in->x[(ptrdiff_t)r * inputs + k], 2);
      before += e, after += e / (s * s);
    }
  }
  free(x);
  return in->rows > 3 && after * w_after < 0.95 * before * w_before;
}

/* Sixteenths of an octave. */
static int find_room(const float *need, const float *largest, int64_t outputs, int inputs, const pl_converters *v,
                     double energy, int8_t *room) {
  float *full = malloc(sizeof *full * (size_t)outputs); /* code^2 that an output would fill with the largest codes */
  if (!full) return -1;
  int64_t live = 0;
  for (int64_t j = 0; j < outputs; j++)
    if (largest[j] > 0) full[live++] = need[j] * (float)v->limit_b / largest[j];
  qsort(full, (size_t)live, sizeof *full, rising);
  const int groups = (inputs + v->channels - 1) / v->channels;
  double least = INFINITY, best = 0;
  for (int i = 0; i <= CANDIDATES && live; i++) {
    const double f = (double)full[(live - 1) * i / CANDIDATES], step = f * exp2(1 - v->adc_bits);
    double sum = 0;
    for (int64_t j = 0; j < outputs; j++)
      sum += pow(fmax((double)need[j] / f, (double)largest[j] / v->limit_b), 2);
    sum *= groups * step * step + energy;
    if (sum < least) least = sum, best = f;
  }
  int any = 0;
  for (int64_t j = 0; j < outputs; j++) {
    const double more = largest[j] > 0 ? 16 * log2((double)need[j] / best * v->limit_b / (double)largest[j]) : 0;
    room[j] = (int8_t)(more > 127 ? 127 : more > 0 ? ceil(more) : 0);
    any |= room[j] > 0;
  }
  free(full);
  return any;
}

int pl_find_spread(const pl_tensor *w, pl_input_rows *in, const pl_converters *v, int8_t *balance, int8_t *room,
                   int *found) {
  const int inputs = (int)w->dims[0], rows = in->rows < MOST_ROWS ? in->rows : MOST_ROWS;
  pl_rotation *rotation = pl_rotation_new(inputs);
  double *w_squares = calloc((size_t)inputs, sizeof *w_squares);
  float *row = malloc(sizeof *row * (size_t)inputs), *scratch = malloc(sizeof *scratch * (size_t)inputs);
  float *need = malloc(sizeof *need * (size_t)w->rows), *largest = malloc(sizeof *largest * (size_t)w->rows);
  int8_t *codes = malloc((size_t)inputs);
  int ok = rotation && w_squares && row && scratch && need && largest && codes;
  *found = 0;
  in->rows = rows;
  for (int64_t j = 0; j < w->rows && ok; j++) {
    pl_tensor_row(w, j, row);
    for (int k = 0; k < inputs; k++) w_squares[k] += (double)row[k] * (double)row[k];
  }
  int balanced = ok ? getenv("PLX_NOBAL") ? 0 : find_balance(in, inputs, w_squares, balance) : -1;
  ok &= balanced >= 0;
  double energy = 0;
  for (int r = 0; r < rows && ok; r++) { /* to codes */
    float *x = in->x + (ptrdiff_t)r * inputs, scale;
    for (int k = 0; k < inputs && balanced; k++) x[k] = ldexpf(x[k], -balance[k]);
    pl_rotate(rotation, x, scratch);
    pl_quantize_even(x, inputs, v->limit_a, codes, &scale);
    for (int k = 0; k < inputs; k++) x[k] = (float)codes[k];
    energy += (double)pl_dot(x, x, inputs) / rows;
  }
  for (int64_t j = 0; j < w->rows && ok && v->adc_bits; j++) {
    pl_tensor_row(w, j, row);
    for (int k = 0; k < inputs && balanced; k++) row[k] = ldexpf(row[k], balance[k]);
    pl_rotate(rotation, row, scratch);
    largest[j] = 0;
    for (int k = 0; k < inputs; k++) largest[j] = fmaxf(largest[j], fabsf(row[k]));
    double squares = 0;
    float top = 0;
    int count = 0;
    for (int r = 0; r < rows; r++)
      for (int k = 0; k < inputs; k += v->channels, count++) {
        const float z = pl_dot(in->x + (ptrdiff_t)r * inputs + k, row + k, inputs - k < v->channels ? inputs - k : v->channels);
        squares += (double)z * (double)z;
        top = fmaxf(top, fabsf(z));
      }
    need[j] = fmaxf(top, count ? 3.5f * (float)sqrt(squares / count) : 0);
  }
  const int roomy = ok && v->adc_bits && !getenv("PLX_NOROOM") ? find_room(need, largest, w->rows, inputs, v, energy, room) : 0;
  ok &= roomy >= 0;
  *found = balanced | roomy << 1;
  free(rotation), free(w_squares), free(row), free(scratch), free(need), free(largest), free(codes);
  return ok;
}
