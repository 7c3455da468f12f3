/* ranges.h: ADC ranges found from data: one full scale per layer and product.
 *
 * A core of kind `intensity` also wants to know the mean light of a product's reads, to which its systematic error is
 * proportional. A core of kind `rns` wants nothing: its converters see the same amplitude always.
 *
 * A detector read is the sum of up to `channels` products of codes. How large such sums get differs by layer and
 * product, and is far below channels * 127^2: an ADC of few bits must be given the range that is used. Calibration
 * runs a text through the quantised model with exact products, puts every read's |sum| into a histogram, and
 * chooses the full scale by one of three rules:
 *
 *   PL_RANGE_MAX         the largest sum seen: nothing clips on this text
 *   PL_RANGE_PERCENTILE  the sum that `percentile` % of the reads stay below
 *   PL_RANGE_MSE         the least mean squared error: step^2/12 inside the range, (|s| - full scale)^2 beyond
 *
 * Outliers. A row of activations has one scale, by its largest element; where a few channels are always large, the others
 * get few codes. So activations can be divided, and the weights of the same channel multiplied, by a power of two for
 * each channel before both are quantised (after Xiao et al., SmoothQuant, ICML 2023): the product is the same. The
 * exponents ("balance") are found on the text: of several compromises between channels of activations and of weights the
 * one whose rounding errors are least, or none where that gains less than a tenth. What a channel always has is no
 * information either: its mean is taken off first ("offset") and comes back as the product of means and weights, which is
 * known beforehand. Keys lose their mean for good, because softmax does not see it; values get it back behind the sum.
 *
 * Rotation. Where inputs are rotated (rotate.h; the same orthogonal matrix on both operands, behind offset and
 * balance) no element is an outlier: operands fill their codes evenly, and the reads of all rows and outputs fill the
 * ADC's range alike. What is left of outliers are outputs aligned with the activations of a few tokens; their weights
 * get smaller codes ("room", spread.h). Rows of activations, queries and keys have codes of one root mean square
 * (pl_quantize_even). Values are rotated inside their head, and the mixture of them is turned back. Ranges of rotated
 * products are wider than the rule says by pl_range_headroom, and those of scores, unless the rule is a percentile,
 * hold the largest score: softmax listens to just that one.
 *
 * The range of the DAC itself is the largest element of each row, or fixed for the whole tensor by one of the three rules
 * (pl_range_choice.input). Scores and attention x values have an ADC range for each head.
 *
 * The ranges depend on the text, the model, channels, DAC and ADC bits, on nothing else: not on the device, the
 * seed or the batch size. pl_nn_calibrate with the built-in text is what `run` and `perplexity` do when they are
 * not given a file of ranges, so a result needs no file to be repeated.
 */
#ifndef PHOTOLANE_NN_RANGES_H
#define PHOTOLANE_NN_RANGES_H

#include "nn/nn.h"

typedef enum { PL_RANGE_MAX, PL_RANGE_PERCENTILE, PL_RANGE_MSE } pl_range_rule;

typedef struct {
  pl_range_rule rule;
  double percentile; /* 50..100, for PL_RANGE_PERCENTILE */
  int rotate;        /* 1: inputs of products are rotated, if the core is coherent */
  int balance;       /* 1: offsets, and outlier channels of activations shared with the weights */
  int fixed_input;   /* 1: activations have one range for the tensor, found by `input`; 0: each row has its own */
  pl_range_rule input;
  double input_percentile;
} pl_range_choice;

extern const pl_range_choice pl_range_default; /* least squares, rotated, balanced; the measurements are in ranges.c */
extern const double pl_range_headroom;

typedef struct {
  double full_scale; /* code^2 of one read; 0: not known, the widest range is used */
  double mean_light; /* code^2, mean over the reads of the light of all four passes (`intensity`); 0: not known */
  double clipped;    /* share of the reads of the calibration text that lie beyond full_scale */
  double input_full_scale; /* activations: the value of the largest code; 0: each row has its own */
  int rotated;               /* 1: both operands are, or with attn the values */
  /* Lists inside the same block of memory; NULL, and inputs, outputs or heads 0: none. */
  int inputs;              /* channels of the next two: inputs of a product; of all keys, of all values for scores, attn */
  const float *offset;     /* taken off activations, keys or values before they are quantised */
  const int8_t *balance;   /* linear products: activations are divided by 2^balance[k] */
  int outputs;
  const int8_t *room;      /* linear products: the largest code of output j's weights is limit / 2^(room[j] / 16) */
  int heads;
  const float *head_full_scale; /* scores and attn: the full scale of each head */
} pl_nn_range;

typedef struct pl_nn_ranges {
  int layers;                                /* of the model; range has layers + 1 rows, the last for the head */
  int channels, adc_bits;                    /* what they were found for */
  int limit_a, limit_b;                      /* largest codes, from the DAC bits */
  pl_nn_range range[][PL_NN_PRODUCTS];
} pl_nn_ranges;

/* Finds ranges on n token ids (1..shape.context; more are not looked at). products: mask of optical products.
 * free() *ranges. progress (may be NULL) is called with the tokens done. */
pl_status pl_nn_calibrate(const pl_nn *model, const pl_image *image, unsigned products, const int32_t *ids, int n,
                          pl_range_choice choice, void (*progress)(void *self, int done, int total), void *self,
                          pl_nn_ranges **ranges, pl_error *err);

/* The same on a built-in English text of about 150 words. */
pl_status pl_nn_calibrate_builtin(const pl_nn *model, const pl_image *image, unsigned products, pl_range_choice choice,
                                  void (*progress)(void *self, int done, int total), void *self, pl_nn_ranges **ranges,
                                  pl_error *err);

/* PL_E_INPUT if the ranges were not found for this model, image and set of converters. */
pl_status pl_nn_ranges_check(const pl_nn_ranges *ranges, const pl_nn *model, const pl_image *image, pl_error *err);

/* Whether a core of that image needs ranges at all. */
int pl_nn_needs_ranges(const pl_image *image);

/* JSON files. free() what was loaded. */
pl_status pl_nn_ranges_save(const pl_nn_ranges *ranges, const char *path, pl_error *err);
pl_status pl_nn_ranges_load(const char *path, pl_nn_ranges **ranges, pl_error *err);

/* Largest code that a DAC of the image (operand 0: A, 1: B) can express without saturating: 127 at 8 bits or
 * bypassed, 112 at 4 bits. Operands are scaled to it. */
int pl_nn_code_limit(const pl_image *image, int operand);

#endif
