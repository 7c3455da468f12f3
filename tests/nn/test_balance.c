/* test_balance.c: outlier channels: where they are, sharing them with the weights must pay, and must leave the product
 * as it is; where they are not, nothing is done. Fixed input ranges by each rule. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "nn/balance.h"
#include "nn/kernels.h"

enum { IN = 96, OUT = 64, ROWS = 40 };

static uint64_t state;
static float normal(void) { /* near enough: the sum of 12 */
  double sum = -6;
  for (int i = 0; i < 12; i++) sum += (double)((state = state * 6364136223846793005u + 1442695040888963407u) >> 33) * 0x1p-31;
  return (float)sum;
}

typedef struct {
  float w[OUT * IN], x[ROWS * IN];
  pl_tensor weights;
  pl_input_rows rows;
} sample;

/* `loud` channels have activations 40 times as large. */
static void make(sample *s, int loud) {
  state = 12;
  for (int i = 0; i < OUT * IN; i++) s->w[i] = normal();
  for (int i = 0; i < ROWS * IN; i++) s->x[i] = normal() * (i % IN < loud ? 40 : 1);
  s->weights = (pl_tensor){.type = PL_GGML_F32, .n_dims = 2, .dims = {IN, OUT, 1, 1}, .rows = OUT, .row_bytes = IN * 4,
                           .data = (const uint8_t *)s->w};
  s->rows = (pl_input_rows){s->x, ROWS, ROWS};
}

/* Relative error of all results when both operands are rounded to codes of one scale per row. */
static double rounding_error(const sample *s, const int8_t *exponents) {
  double error = 0, size = 0;
  int8_t xc[IN], wc[IN];
  float x[IN], w[IN], xs, ws;
  for (int r = 0; r < ROWS; r++)
    for (int j = 0; j < OUT; j++) {
      for (int k = 0; k < IN; k++) {
        x[k] = ldexpf(s->x[r * IN + k], -exponents[k]);
        w[k] = ldexpf(s->w[j * IN + k], exponents[k]);
      }
      pl_quantize(x, IN, 127, xc, &xs);
      pl_quantize(w, IN, 127, wc, &ws);
      const double exact = (double)pl_dot(s->x + r * IN, s->w + j * IN, IN);
      const double got = pl_dot_codes(xc, wc, IN) * (double)xs * (double)ws;
      error += (got - exact) * (got - exact), size += exact * exact;
    }
  return sqrt(error / size);
}

static const pl_converters exact_reads = {127, 127, 32, 0}, short_reads = {127, 127, 32, 8};

START_TEST(outliers_are_shared) {
  static sample s;
  int8_t none[IN] = {0}, found[IN];
  make(&s, 2);
  ck_assert_int_eq(pl_find_balance(&s.weights, &s.rows, &exact_reads, found), 1);
  for (int k = 0; k < IN; k++) ck_assert_msg(k < 2 ? found[k] >= 1 : found[k] <= 1 && found[k] >= 0, "channel %d: %d", k, found[k]);
  const double before = rounding_error(&s, none), after = rounding_error(&s, found);
  ck_assert_msg(after < 0.8 * before, "error %g, was %g", after, before);
  ck_assert_int_ge(pl_find_balance(&s.weights, &s.rows, &short_reads, found), 0);
}
END_TEST

START_TEST(even_channels_are_left_alone) {
  static sample s;
  int8_t found[IN];
  make(&s, 0);
  ck_assert_int_eq(pl_find_balance(&s.weights, &s.rows, &exact_reads, found), 0);
  ck_assert_int_eq(pl_find_balance(&s.weights, &s.rows, &short_reads, found), 0);
  s.rows.rows = 3; /* too few to judge by */
  ck_assert_int_eq(pl_find_balance(&s.weights, &s.rows, &exact_reads, found), 0);
}
END_TEST

START_TEST(offsets_are_means) {
  static sample s;
  float offset[IN];
  make(&s, 0);
  for (int r = 0; r < ROWS; r++) s.x[r * IN + 5] += 7, s.x[r * IN + 6] -= 0.1f;
  ck_assert_ptr_eq(pl_take_offset(&s.rows, IN, offset), offset);
  ck_assert_float_eq_tol(offset[5], 7, 0.6f);
  int others = 0;
  for (int k = 0; k < IN; k++) others += k != 5 && offset[k] != 0;
  ck_assert_int_eq(others, 0);
  double mean = 0;
  for (int r = 0; r < ROWS; r++) mean += (double)s.x[r * IN + 5] / ROWS; /* and it is off the rows */
  ck_assert_double_lt(fabs(mean), 0.6);
}
END_TEST

START_TEST(input_ranges) {
  static sample s;
  make(&s, 0);
  s.x[17] = -60; /* one far out */
  const double top = pl_find_input_scale(&s.rows, IN, NULL, 127, PL_RANGE_MAX, 0);
  const double mse = pl_find_input_scale(&s.rows, IN, NULL, 7, PL_RANGE_MSE, 0);
  const double most = pl_find_input_scale(&s.rows, IN, NULL, 127, PL_RANGE_PERCENTILE, 99);
  const double half = pl_find_input_scale(&s.rows, IN, NULL, 127, PL_RANGE_PERCENTILE, 50);
  ck_assert_double_eq(top, 60);
  ck_assert(mse > 1 && mse < 30);
  ck_assert_double_eq_tol(most, 2.576, 0.3); /* of a normal deviate */
  ck_assert_double_eq_tol(half, 0.674, 0.1);
  int8_t one[IN];
  for (int k = 0; k < IN; k++) one[k] = 1;
  ck_assert_double_eq(pl_find_input_scale(&s.rows, IN, one, 127, PL_RANGE_MAX, 0), 30);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("balance");
  TCase *tests = tcase_create("balance");
  tcase_add_test(tests, outliers_are_shared);
  tcase_add_test(tests, even_channels_are_left_alone);
  tcase_add_test(tests, offsets_are_means);
  tcase_add_test(tests, input_ranges);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
