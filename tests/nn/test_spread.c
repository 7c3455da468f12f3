/* test_spread.c: what calibration finds for rotated products: loud channels of quiet weights are balanced, even ones
 * are not; outputs that are aligned with a row get smaller codes, and that pays. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/kernels.h"
#include "nn/spread.h"

enum { IN = 128, OUT = 64, ROWS = 40, READ = 32, ALIGNED = 9 };

static uint64_t state;
static float normal(void) { /* near enough: the sum of 12 */
  double sum = -6;
  for (int i = 0; i < 12; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    sum += (double)(state >> 33) * 0x1p-31;
  }
  return (float)sum;
}

typedef struct {
  float w[OUT * IN], x[ROWS * IN];
  pl_tensor weights;
  pl_input_rows rows;
} sample;

static void make(sample *s, int aligned) {
  state = 12;
  for (int i = 0; i < OUT * IN; i++) s->w[i] = normal();
  for (int i = 0; i < ROWS * IN; i++) s->x[i] = normal();
  for (int k = 0; k < IN && aligned; k++) s->w[ALIGNED * IN + k] = s->x[k] + 0.3f * normal(); /* with row 0 */
  s->weights = (pl_tensor){.type = PL_GGML_F32, .n_dims = 2, .dims = {IN, OUT, 1, 1}, .rows = OUT, .row_bytes = IN * 4,
                           .data = (const uint8_t *)s->w};
  s->rows = (pl_input_rows){s->x, ROWS, ROWS};
}

START_TEST(loud_and_quiet_channels_meet) {
  static sample s;
  int8_t out[IN];
  make(&s, 0);
  ck_assert_int_eq(pl_find_even_balance(&s.weights, &s.rows, out), 0);
  for (int r = 0; r < ROWS; r++) s.x[r * IN + 3] *= 64, s.x[r * IN + 4] /= 64;
  for (int j = 0; j < OUT; j++) s.w[j * IN + 3] /= 64;
  ck_assert_int_eq(pl_find_even_balance(&s.weights, &s.rows, out), 1);
  for (int k = 0; k < IN; k++) ck_assert_int_eq(out[k], k == 3 ? 6 : 0); /* 4: quiet, and is not made loud */
  s.rows.rows = 3; /* too few to judge by */
  ck_assert_int_eq(pl_find_even_balance(&s.weights, &s.rows, out), 0);
}
END_TEST

START_TEST(rows_are_turned) {
  static sample s, before;
  int8_t balance[IN] = {0};
  float scratch[IN];
  pl_rotation *r = pl_rotation_new(IN);
  make(&s, 0), make(&before, 0);
  balance[7] = 3;
  ck_assert(pl_turn_rows(&s.rows, balance, r));
  for (int i = 0; i < ROWS; i++) {
    before.x[i * IN + 7] /= 8;
    pl_rotate(r, before.x + i * IN, scratch);
  }
  ck_assert(!memcmp(s.x, before.x, sizeof s.x));
  free(r);
}
END_TEST

/* The error of output `j` over all rows, relative to the mean square of all results, with the least squared range. */
static double read_error(const sample *s, const pl_rotation *r, const int8_t *room, int j) {
  static int32_t reads[ROWS * OUT * IN / READ];
  float a_scale[ROWS], b_scale[OUT], row[IN], scratch[IN];
  int8_t a[ROWS][IN], b[OUT][IN];
  for (int i = 0; i < ROWS; i++) {
    memcpy(row, s->x + i * IN, sizeof row);
    pl_rotate(r, row, scratch);
    pl_quantize_even(row, IN, 127, a[i], &a_scale[i]);
  }
  for (int o = 0; o < OUT; o++) {
    memcpy(row, s->w + o * IN, sizeof row);
    pl_rotate(r, row, scratch);
    pl_quantize(row, IN, 127, b[o], &b_scale[o]);
    b_scale[o] *= exp2f((float)room[o] / 16);
    pl_quantize_fixed(row, IN, 127, b_scale[o], b[o]);
  }
  int n = 0;
  double squares = 0;
  for (int i = 0; i < ROWS; i++)
    for (int o = 0; o < OUT; o++)
      for (int k = 0; k < IN; k += READ) {
        reads[n] = pl_dot_codes(a[i] + k, b[o] + k, READ);
        squares += pow(reads[n++], 2);
      }
  const double full = 4 * sqrt(squares / n), step = full / 128; /* the range for normal reads */
  double error = 0, size = 0;
  for (int i = 0; i < ROWS; i++) {
    double got = 0, exact = 0;
    for (int g = 0; g < IN / READ; g++)
      got += step * fmax(-128, fmin(127, rint(reads[(i * OUT + j) * (IN / READ) + g] / step)));
    for (int k = 0; k < IN; k++) exact += (double)s->x[i * IN + k] * (double)s->w[j * IN + k];
    error += pow(got * (double)a_scale[i] * (double)b_scale[j] - exact, 2), size += exact * exact;
  }
  return sqrt(error / size);
}

START_TEST(aligned_outputs_get_room) {
  static sample s, whole;
  const pl_converters converters = {127, 127, READ, 8};
  int8_t none[OUT] = {0}, room[OUT];
  pl_rotation *r = pl_rotation_new(IN);
  make(&s, 1), make(&whole, 1);
  ck_assert(pl_turn_rows(&s.rows, NULL, r));
  ck_assert_int_eq(pl_find_room(&s.weights, &s.rows, NULL, r, &converters, 0, room), 1);
  for (int j = 0; j < OUT; j++) ck_assert(room[j] >= 0 && (j == ALIGNED || room[j] < room[ALIGNED]));
  const double before = read_error(&whole, r, none, ALIGNED), after = read_error(&whole, r, room, ALIGNED);
  ck_assert_msg(after < 0.02 && before > 0.08, "error %g, was %g", after, before);
  const double other = read_error(&whole, r, room, 5), other_before = read_error(&whole, r, none, 5);
  ck_assert_msg(other < 1.3 * other_before, "another output: error %g, was %g", other, other_before);
  free(r);
}
END_TEST

START_TEST(no_converter_needs_no_room) {
  static sample s;
  const pl_converters converters = {127, 127, READ, 0};
  int8_t room[OUT];
  pl_rotation *r = pl_rotation_new(IN);
  make(&s, 1);
  ck_assert_int_eq(pl_find_room(&s.weights, &s.rows, NULL, r, &converters, 0, room), 0);
  free(r);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("spread");
  TCase *tests = tcase_create("spread");
  tcase_add_test(tests, loud_and_quiet_channels_meet);
  tcase_add_test(tests, rows_are_turned);
  tcase_add_test(tests, aligned_outputs_get_room);
  tcase_add_test(tests, no_converter_needs_no_room);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
