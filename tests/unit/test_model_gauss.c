/* test_model_gauss.c: the Gaussian against the exact inverse normal, over every segment of its table; its symmetry,
 * order and largest value; the moments of the whole distribution, all 2^32 words counted. */
#include <math.h>

#include "test_model_support.h"

/* |x| with P(|X| > |x|) = tail: Newton steps on erfc, which is convex here, from below. */
static double magnitude(double tail) {
  double x = 0;
  for (int i = 0; i < 200; i++) {
    const double step = (erfc(x * M_SQRT1_2) - tail) / (sqrt(2 / M_PI) * exp(-x * x / 2));
    x += step;
    if (fabs(step) < 1e-13) break;
  }
  return x;
}

START_TEST(newton_is_right) {
  ck_assert_double_eq_tol(magnitude(0.3173105078629141), 1, 1e-12);
  ck_assert_double_eq_tol(magnitude(1.973175290075396e-9), 6, 1e-9);
}
END_TEST

/* In every octave, 128 words over its whole width: within 0.75 of a Q11 step where t has all its bits; the cut of t
 * adds at most half a step of t elsewhere (the first octaves are steepest). */
START_TEST(every_segment) {
  double worst = 0;
  for (int z = 0; z < 32; z++) {
    const uint32_t first = z < 31 ? 1u << (30 - z) : 0; /* w[30:0] = U >> 1 */
    const uint32_t count = z < 31 ? 1u << (30 - z) : 1;
    for (uint32_t i = 0; i < 128; i++) {
      const uint32_t w = first + (uint32_t)((uint64_t)count * i / 128);
      const double exact = magnitude((2.0 * w + 1) / 4294967296.0) * 2048;
      const double error = fabs(pl_gauss(w) - exact);
      if (error > worst) worst = error;
      ck_assert_msg(error < 0.75, "word %08x: %d, exact %.3f", w, pl_gauss(w), exact);
    }
  }
  printf("worst error %.3f Q11 steps\n", worst);
}
END_TEST

START_TEST(symmetric) {
  uint64_t state = test_seed("gauss");
  for (int i = 0; i < 1000000; i++) {
    const uint32_t w = (uint32_t)draw64(&state) & 0x7fffffff;
    if (pl_gauss(w) < 0 || pl_gauss(w | 0x80000000u) != -pl_gauss(w)) ck_abort_msg("word %08x", w);
  }
}
END_TEST

START_TEST(largest) {
  ck_assert_int_ge(pl_gauss(0), 6 * 2048);
  ck_assert_int_le(pl_gauss(0), (int)(6.4 * 2048));
  ck_assert_int_eq(pl_gauss(0), (int)lround(magnitude(1 / 4294967296.0) * 2048));
  ck_assert_int_le(pl_gauss(0x7fffffff), 1);
}
END_TEST

/* All 2^31 words of one sign: U grows with w, so the magnitude falls; a step back of one Q11 step is allowed where two
 * segments meet. w in steps of the cells in which z, i and t do not change. */
START_TEST(moments_and_order) {
  static double counts[14000];
  double second = 0, fourth = 0, words = 0;
  int last = pl_gauss(0) + 1;
  for (uint64_t w = 0; w < 0x80000000u;) {
    const uint32_t u = (uint32_t)w << 1 | 1;
    const int z = __builtin_clz(u), cell_bits = 16 - z - 1; /* bits of w below t */
    const uint64_t cell = cell_bits > 0 ? (uint64_t)1 << cell_bits : 1;
    const int m = pl_gauss((uint32_t)w);
    if (m > last + 1) ck_abort_msg("word %08llx: magnitude %d after %d", (unsigned long long)w, m, last);
    if (cell > 1 && pl_gauss((uint32_t)(w + cell - 1)) != m) ck_abort_msg("cell at %08llx", (unsigned long long)w);
    const double x = m / 2048.0;
    second += (double)cell * x * x;
    fourth += (double)cell * x * x * x * x;
    words += (double)cell;
    counts[m] += (double)cell;
    last = m;
    w += cell;
  }
  ck_assert_double_eq(words, 2147483648.0);
  const double variance = second / words, kurtosis = fourth / words / variance / variance;
  printf("variance - 1 = %.3g, kurtosis - 3 = %.3g\n", variance - 1, kurtosis - 3);
  ck_assert_double_le(fabs(variance - 1), 2e-5);
  ck_assert_double_le(fabs(kurtosis - 3), 1e-4);

  /* Distance of the distribution function from that of a normal deviate rounded to Q11 (Kolmogorov), and what it adds to
   * a chi-square over bins of an eighth of a sigma: tests/stats begins to see it beyond 1e9 deviates. */
  double beyond = 1, distance = 0, excess = 0, bin = 0, expected_bin = 0;
  for (int m = 0; m < 5 * 2048; m++) {
    beyond -= counts[m] / words;
    const double expected = erfc((m + 0.5) / 2048 * M_SQRT1_2);
    distance = fmax(distance, fabs(beyond - expected) / 2);
    if (m % 256) continue;
    if (m) excess += pow((bin - beyond) - (expected_bin - expected), 2) / (expected_bin - expected);
    bin = beyond;
    expected_bin = expected;
  }
  printf("Kolmogorov distance %.3g, chi-square excess per 1e9 deviates %.3g\n", distance, excess * 1e9);
  ck_assert_double_le(distance, 1.5e-5);
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_test(tests, newton_is_right);
  tcase_add_test(tests, every_segment);
  tcase_add_test(tests, symmetric);
  tcase_add_test(tests, largest);
  tcase_add_test(tests, moments_and_order);
}

int main(void) { return run_suite("model_gauss", fill); }
