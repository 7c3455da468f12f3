/* test_rotate.c: the fast rotation against its definition as a matrix in double precision, for sizes of every kind; and
 * what it is for: products of coded operands with outlier channels, read in parts through a converter. */
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nn/kernels.h"
#include "nn/rotate.h"

static uint64_t state;
static float normal(void) { /* near enough: the sum of 12 */
  double sum = -6;
  for (int i = 0; i < 12; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    sum += (double)(state >> 33) * 0x1p-31;
  }
  return (float)sum;
}

/* Powers of two below and above a vector; odd parts 3, 9, 63; odd alone; odd parts beyond the most: blocks. */
static const int sizes[] = {1, 2, 3, 4, 8, 9, 16, 24, 32, 48, 63, 64, 96, 128, 384, 576, 1008, 1536, 67, 130, 1072};
enum { SIZES = sizeof sizes / sizeof *sizes, MOST = 1536 };

/* Element (a i, b j) of Q (x) H, from the definition in rotate.h. */
static double element(int n, int row, int column) {
  const int p = n & -n, m = n / p, a = row / p, b = column / p;
  const double h = (__builtin_popcount((unsigned)(row % p & column % p)) % 2 ? -1 : 1) / sqrt(p);
  if (m > PL_ROTATION_MOST_ODD) return a == b ? h : 0;
  const double angle = 2 * acos(-1) * a * b / m;
  return h * (cos(angle) + sin(angle)) / sqrt(m);
}

/* D is not part of the definition but for its entries, which are 1 or -1: read off the images of unit vectors. */
static void find_signs(const pl_rotation *r, int n, double *signs) {
  static float x[MOST], scratch[MOST];
  for (int k = 0; k < n; k++) {
    memset(x, 0, sizeof x);
    x[k] = 1;
    pl_rotate(r, x, scratch);
    double along = 0; /* of column k of Q (x) H */
    for (int j = 0; j < n; j++) along += (double)x[j] * element(n, j, k);
    signs[k] = along > 0 ? 1 : -1;
    for (int j = 0; j < n; j++) ck_assert_double_eq_tol((double)x[j], signs[k] * element(n, j, k), 1e-6);
  }
}

START_TEST(rotation_is_its_matrix) {
  const int n = sizes[_i];
  static float x[MOST], y[MOST], scratch[MOST];
  static double signs[MOST];
  pl_rotation *r = pl_rotation_new(n);
  ck_assert_int_eq(pl_rotation_size(r), n);
  find_signs(r, n, signs);
  state = 5;
  double size = 0, turned = 0;
  for (int k = 0; k < n; k++) x[k] = y[k] = normal(), size += (double)x[k] * (double)x[k];
  pl_rotate(r, y, scratch);
  for (int j = 0; j < n; j++) {
    double want = 0;
    for (int k = 0; k < n; k++) want += element(n, j, k) * signs[k] * (double)x[k];
    ck_assert_double_eq_tol((double)y[j], want, 1e-5);
    turned += (double)y[j] * (double)y[j];
  }
  ck_assert_double_eq_tol(turned / size, 1, 1e-5);
  pl_rotate_back(r, y, scratch);
  for (int k = 0; k < n; k++) ck_assert_double_eq_tol((double)y[k], (double)x[k], 1e-5);
  free(r);
}
END_TEST

START_TEST(matrix_is_orthogonal) { /* the definition itself */
  const int n = sizes[_i], step = n > 100 ? 13 : 1;
  for (int a = 0; a < n; a += step)
    for (int b = 0; b <= a; b += step) {
      double dot = 0;
      for (int k = 0; k < n; k++) dot += element(n, a, k) * element(n, b, k);
      ck_assert_double_eq_tol(dot, a == b, 1e-9);
    }
}
END_TEST

START_TEST(signs_are_mixed) { /* constant and alternating rows must not come out as one peak */
  const int n = 576;
  float x[576], scratch[576];
  pl_rotation *r = pl_rotation_new(n);
  for (int kind = 0; kind < 2; kind++) {
    float top = 0;
    for (int k = 0; k < n; k++) x[k] = kind && k % 2 ? -1 : 1;
    pl_rotate(r, x, scratch);
    for (int k = 0; k < n; k++) top = fmaxf(top, fabsf(x[k]));
    ck_assert_msg(top < 5, "an element of %g, root mean square 1", (double)top);
  }
  free(r);
}
END_TEST

/* ---- What it is for ---- */

enum { IN = 576, OUT = 96, ROWS = 24, READ = 64 };

typedef struct {
  float x[ROWS * IN], w[OUT * IN];
} sample;

/* A few channels of activations are 60 times as large as the others, one element in 500 of them as well. */
static void make(sample *s) {
  state = 7;
  for (int i = 0; i < ROWS * IN; i++) s->x[i] = normal() * (i % IN % 150 == 7 || i % 499 == 3 ? 60 : 1);
  for (int i = 0; i < OUT * IN; i++) s->w[i] = normal() * (i % IN % 150 == 7 ? 0.05f : 1);
}

/* Root mean square of what products of codes are off, relative to results; reads have `bits` bits (0: all) and the
 * range of the largest. */
static double error_of(const sample *s, const pl_rotation *r, int bits) {
  static int8_t a[ROWS * IN], b[OUT * IN];
  static int32_t reads[ROWS][OUT][IN / READ];
  float a_scale[ROWS], b_scale[OUT], row[IN], scratch[IN];
  for (int i = 0; i < ROWS + OUT; i++) {
    const int is_row = i < ROWS, at = is_row ? i : i - ROWS;
    memcpy(row, (is_row ? s->x : s->w) + at * IN, sizeof row);
    if (r) pl_rotate(r, row, scratch);
    (r && is_row ? pl_quantize_even : pl_quantize)(row, IN, 127, (is_row ? a : b) + at * IN,
                                                   is_row ? &a_scale[at] : &b_scale[at]);
  }
  int32_t top = 0;
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < OUT; j++)
      for (int g = 0; g < IN / READ; g++) {
        const int32_t sum = pl_dot_codes(a + i * IN + g * READ, b + j * IN + g * READ, READ);
        reads[i][j][g] = sum;
        top = abs(sum) > top ? abs(sum) : top;
      }
  const double step = bits ? ldexp(top, 1 - bits) : 0;
  double error = 0, size = 0;
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < OUT; j++) {
      double got = 0, exact = 0;
      for (int g = 0; g < IN / READ; g++) got += bits ? step * rint(reads[i][j][g] / step) : reads[i][j][g];
      for (int k = 0; k < IN; k++) exact += (double)s->x[i * IN + k] * (double)s->w[j * IN + k];
      got *= (double)a_scale[i] * (double)b_scale[j];
      error += (got - exact) * (got - exact), size += exact * exact;
    }
  return sqrt(error / size);
}

START_TEST(outliers_cost_less) {
  static sample s;
  pl_rotation *r = pl_rotation_new(IN);
  make(&s);
  const double plain = error_of(&s, NULL, 0), turned = error_of(&s, r, 0);
  const double plain_read = error_of(&s, NULL, 8), turned_read = error_of(&s, r, 8);
  ck_assert_msg(turned < 0.03 && plain > 0.06, "operands alone: %g, rotated %g", plain, turned);
  ck_assert_msg(turned_read < 0.04 && plain_read > 0.08, "with reads: %g, rotated %g", plain_read, turned_read);
  free(r);
}
END_TEST

START_TEST(even_codes) {
  float x[IN], scale, plain;
  int8_t codes[IN];
  for (int k = 0; k < IN; k++) x[k] = k % 2 ? -2 : 2; /* flat: its largest is its root mean square */
  ck_assert(pl_quantize_even(x, IN, 127, codes, &scale));
  for (int k = 0; k < IN; k++) ck_assert_int_eq(codes[k], k % 2 ? -36 : 36); /* 127 / 3.5 */
  x[5] = 100; /* and a peaked row stays whole */
  ck_assert(pl_quantize_even(x, IN, 127, codes, &scale) && codes[5] == 127);
  ck_assert(pl_quantize(x, IN, 127, codes, &plain));
  ck_assert_float_eq(scale, plain);
  memset(x, 0, sizeof x);
  ck_assert(pl_quantize_even(x, IN, 127, codes, &scale) && scale == 0 && codes[9] == 0);
  for (int k = 0; k < IN; k++) x[k] = 1e30f; /* squares overflow: by the largest, then */
  ck_assert(pl_quantize_even(x, IN, 127, codes, &scale) && codes[9] == 127);
  x[3] = NAN;
  ck_assert(!pl_quantize_even(x, IN, 127, codes, &scale));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("rotate");
  TCase *tests = tcase_create("rotate");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, rotation_is_its_matrix, 0, SIZES);
  tcase_add_loop_test(tests, matrix_is_orthogonal, 0, SIZES);
  tcase_add_test(tests, signs_are_mixed);
  tcase_add_test(tests, outliers_cost_less);
  tcase_add_test(tests, even_codes);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
