/* balance.h: how activations and weights share outlier channels, and what range fixed activations need: the part of a
 * calibration that looks at operands (ranges.h has the idea). Private to host/nn. */
#ifndef PHOTOLANE_NN_BALANCE_H
#define PHOTOLANE_NN_BALANCE_H

#include "nn/ranges.h"

/* Rows of activations of one product, taken from a text. */
typedef struct {
  float *x; /* rows x inputs */
  int rows, room;
} pl_input_rows;

/* The mean of each channel that has more of a mean than of a spread, rows weighted by the inverse of their energy, into
 * out (inputs floats; 0 for the others), and off the rows.
 * Returns out. */
const float *pl_take_offset(pl_input_rows *in, int inputs, float *out);

/* What quantises the operands and the reads. */
typedef struct {
  int limit_a, limit_b; /* largest codes */
  int channels;         /* of a read */
  int adc_bits;         /* 0: reads are not quantised */
} pl_converters;

/* Exponents for the channels of a product: out has w->dims[0]. Returns 1, or 0 if none are worth it, or -1 if memory
 * ran out. */
int pl_find_balance(const pl_tensor *w, const pl_input_rows *in, const pl_converters *converters, int8_t *out);

/* The full scale of activations divided by 2^balance (NULL: not divided) by the rule; 0 if all are zero. */
double pl_find_input_scale(const pl_input_rows *in, int inputs, const int8_t *balance, int limit, pl_range_rule rule,
                           double percentile);

#endif
