/* test_model_poisson.c: the photon count against the Poisson distribution, and what the detectors make of counts.
 *
 * Below 16 photons the whole distribution is worked out from the thresholds, which are found by bisection through the
 * public function; above, every deviate is enumerated. Bounds: docs/signal-chain.md, "The photon count".
 */
#include <math.h>

#include "test_model_support.h"

#define PHOTON 65536.0 /* units of a mean */
enum { MOST = 2048 };  /* counts of the distributions worked out here */

/* ln of the exact probability of n at a mean in photons. */
static double ln_poisson(double mean, int n) { return n * log(mean) - mean - lgamma(n + 1.0); }

static double total_variation(const double *p, double mean) {
  double sum = 0;
  for (int n = 0; n < MOST; n++) sum += fabs(p[n] - (mean > 0 ? exp(ln_poisson(mean, n)) : n == 0));
  return sum / 2;
}

/* ---- Below 16 photons ---- */

/* The words in which the field of `bits` bits at bit `at` is u and all others are full: those count nothing. */
static uint32_t count_at(uint64_t mean, int at, int bits, uint64_t u) {
  const uint64_t words = ~((((uint64_t)1 << bits) - 1) << at) | u << at;
  return pl_photon_count(mean, (const uint32_t[2]){(uint32_t)(words >> 32), (uint32_t)words});
}

/* The distribution of the part of a mean that a field of random bits decides. */
static void part_distribution(uint64_t mean, int at, int bits, double *p) {
  uint64_t last = (uint64_t)1 << bits;
  memset(p, 0, MOST * sizeof *p);
  for (uint32_t n = 1; last > 0; n++) { /* how many u give n and more */
    uint64_t low = 0, high = last;
    while (low < high) {
      const uint64_t middle = (low + high) / 2;
      if (count_at(mean, at, bits, middle) >= n)
        low = middle + 1;
      else
        high = middle;
    }
    p[n - 1] = ldexp((double)(last - low), -bits);
    last = low;
  }
}

static void convolve(const double *a, const double *b, double *sum) {
  memset(sum, 0, MOST * sizeof *sum);
  for (int i = 0; i < 64; i++)
    for (int j = 0; j < 64; j++) sum[i + j] += a[i] * b[j];
}

START_TEST(few_photons_are_poisson) {
  static double whole[16][MOST], part[32][MOST], rest[9][MOST], two[MOST], sum[MOST];
  static const int rests[9] = {0, 1, 2, 63, 500, 1024, 1600, 2000, 2047};
  for (uint32_t i = 0; i < 16; i++) part_distribution(i << 16, 42, 22, whole[i]);
  for (uint32_t m = 0; m < 32; m++) part_distribution(m << 11, 21, 21, part[m]);
  for (int x = 0; x < 9; x++) part_distribution((uint64_t)rests[x], 0, 21, rest[x]);
  double worst = 0, worst_square = 0;
  for (int i = 0; i < 16; i++)
    for (int m = 0; m < 32; m++) {
      convolve(whole[i], part[m], two);
      for (int x = 0; x < 9; x++) {
        convolve(two, rest[x], sum);
        const double mean = i + m / 32.0 + rests[x] / PHOTON;
        double first = 0, second = 0;
        for (int n = 0; n < 128; n++) first += n * sum[n], second += (n - mean) * (n - mean) * sum[n];
        const double variation = total_variation(sum, mean);
        ck_assert_msg(fabs(first - mean) < 1e-12, "mean %.6f is %.9f", mean, first);
        ck_assert_msg(variation < 5e-6, "mean %.6f: total variation %.2e", mean, variation);
        ck_assert_msg(fabs(second - mean) < 2e-6 + 5e-6 * mean, "mean %.6f: variance %.6f", mean, second);
        worst = fmax(worst, variation);
        worst_square = fmax(worst_square, fabs(second - mean));
      }
    }
  printf("below 16 photons: total variation at most %.2e, variance off by at most %.2e\n", worst, worst_square);
}
END_TEST

/* The three parts have random bits of their own and add. */
START_TEST(few_photons_add) {
  uint64_t state = test_seed("few_photons_add");
  uint32_t most = 0;
  for (int i = 0; i < 300000; i++) {
    const uint32_t mean = (uint32_t)draw_in(&state, 0, (16 << 16) - 1);
    const uint64_t bits = draw64(&state);
    const uint32_t words[2] = {(uint32_t)bits, (uint32_t)(bits >> 32)}, n = pl_photon_count(mean, words);
    ck_assert_uint_eq(n, pl_photon_count(mean & 15u << 16, words) + pl_photon_count(mean & 31u << 11, words) +
                             pl_photon_count(mean & 2047, words));
    most = n > most ? n : most;
  }
  ck_assert_uint_gt(most, 28);
}
END_TEST

/* ---- 16 photons and more ---- */

/* How many of the words give each deviate, and one of the words; one word in 2^7 is looked at. */
enum { DEVIATES = 2 * 13200 };
static double weight[DEVIATES];
static uint32_t example[DEVIATES];

static void weigh_deviates(void) {
  const int step = 1 << 7;
  for (uint64_t w = step / 2 + 13; w < (uint64_t)1 << 32; w += (uint64_t)step) {
    const int at = pl_gauss((uint32_t)w) + DEVIATES / 2;
    weight[at] += step * 0x1p-32;
    example[at] = (uint32_t)w;
  }
}

START_TEST(many_photons_are_poisson) {
  static const double means[] = {16, 17.3, 20, 24.99, 30, 47, 63.9, 64, 100, 255.9, 256.1, 1000, 1024, 1e4, 1e5, 1e6};
  weigh_deviates();
  for (size_t i = 0; i < sizeof means / sizeof *means; i++) {
    const uint64_t mean = (uint64_t)(means[i] * PHOTON);
    const double lambda = (double)mean / PHOTON;
    static double p[MOST];
    double first = 0, second = 0, third = 0;
    memset(p, 0, sizeof p);
    for (int g = 0; g < DEVIATES; g++)
      for (uint32_t w1 = 0; weight[g] > 0 && w1 < 256; w1++) {
        const uint32_t n = pl_photon_count(mean, (const uint32_t[2]){example[g], w1 << 24 | 0xabcdef});
        const double d = n - lambda, part = weight[g] / 256;
        first += part * d, second += part * d * d, third += part * d * d * d;
        if (lambda < 1100) p[n] += part;
      }
    const double variance = second - first * first;
    const double skewness = (third - 3 * first * second + 2 * first * first * first) / pow(variance, 1.5);
    const double variation = lambda < 1100 ? total_variation(p, lambda) : 0;
    printf("%g photons: mean off by %.1e sigma, variance %.1e, skewness %.1e, total variation %.1e\n", lambda,
           first / sqrt(lambda), variance / lambda - 1, skewness - 1 / sqrt(lambda), variation);
    ck_assert_msg(fabs(first) < 1e-5 * sqrt(lambda), "mean of %g", lambda);
    ck_assert_msg(fabs(variance / lambda - 1) < 2.5e-4, "variance of %g", lambda);
    ck_assert_msg(fabs(skewness - 1 / sqrt(lambda)) < 1e-4, "skewness of %g", lambda);
    ck_assert_msg(variation < 2.2e-4, "distribution of %g", lambda);
  }
}
END_TEST

/* Draw by draw: the smallest n whose exact distribution function reaches that of the deviate. */
START_TEST(many_photons_are_quantiles) {
  uint64_t state = test_seed("many_photons_are_quantiles");
  static double reach[MOST];
  static const double means[] = {16, 23.7, 64, 400, 1000};
  for (size_t i = 0; i < sizeof means / sizeof *means; i++) {
    const uint64_t mean = (uint64_t)(means[i] * PHOTON);
    double sum = 0;
    for (int n = 0; n < MOST; n++) reach[n] = sum += exp(ln_poisson((double)mean / PHOTON, n));
    int differ = 0;
    enum { DRAWS = 200000 };
    for (int draw = 0; draw < DRAWS; draw++) {
      const uint64_t bits = draw64(&state);
      const uint32_t words[2] = {(uint32_t)bits, (uint32_t)(bits >> 32)};
      const double deviate = (256.0 * pl_gauss(words[0]) + (words[1] >> 24) - 128) / 524288;
      const double below = erfc(-deviate / sqrt(2)) / 2;
      uint32_t exact = 0;
      while (exact < MOST - 1 && reach[exact] < below) exact++;
      const uint32_t n = pl_photon_count(mean, words);
      ck_assert_msg(n + 1 >= exact && n <= exact + 1, "mean %g: %u, exact %u", means[i], n, exact);
      differ += n != exact;
    }
    printf("%g photons: %d of %d draws are not the exact quantile\n", means[i], differ, DRAWS);
    ck_assert_msg(differ < DRAWS / 1000, "mean %g: %d differ", means[i], differ);
  }
}
END_TEST

START_TEST(limits) {
  uint64_t state = test_seed("limits");
  const uint64_t most = ((uint64_t)1 << 36) - 1;
  for (int i = 0; i < 100000; i++) {
    const uint64_t bits = draw64(&state);
    const uint32_t words[2] = {(uint32_t)bits, (uint32_t)(bits >> 32)};
    ck_assert_uint_eq(pl_photon_count(0, words), 0);
    ck_assert_uint_le(pl_photon_count(1, words), 1);
    const double high = pl_photon_count(most, words), expected = 0x1p20 + 1024.0 * pl_gauss(words[0]) / 2048;
    ck_assert_msg(fabs(high - expected) < 10, "%g, expected %g", high, expected);
  }
  /* The ends of the deviate: no count below 0. */
  ck_assert_uint_eq(pl_photon_count(16 << 16, (const uint32_t[2]){0x80000000, 0}), 0);
  ck_assert_uint_eq(pl_photon_count(16 << 16, (const uint32_t[2]){0x80000000, UINT32_MAX}), 0);
  ck_assert_uint_eq(pl_photon_count(16 << 16, (const uint32_t[2]){0, UINT32_MAX}), 47);
  /* The largest counts of the tables. */
  ck_assert_uint_eq(pl_photon_count((16 << 16) - 1, (const uint32_t[2]){0, 0}), 39 + 9 + 3);
  ck_assert_uint_eq(pl_photon_count((16 << 16) - 1, (const uint32_t[2]){UINT32_MAX, UINT32_MAX}), 0);
}
END_TEST

/* ---- Detectors ---- */

static pl_model_regs counting(void) {
  return (pl_model_regs){.effects = PL_EFFECT_PHOTONS, .kind = PL_KIND_INTENSITY, .seed = 5, .job = 6,
                         .photon_gain = 65535, .photon_shift = 9, .photon_step = 40001, .photon_step_shift = 20};
}

/* Light, means, coordinates, counts and value, each stage from the page. */
START_TEST(detectors) {
  uint64_t state = test_seed("detectors");
  int saturated = 0, high = 0;
  for (int i = 0; i < 100000; i++) {
    pl_model_regs r = counting();
    r.photon_gain = (uint32_t)draw_in(&state, 0, 65535);
    r.photon_shift = (int)draw_in(&state, 0, 47);
    r.photon_step = (uint32_t)draw_in(&state, 0, 65535);
    r.photon_step_shift = (int)draw_in(&state, 0, 47);
    const int size = (int)draw_in(&state, 1, 37);
    const int64_t plus = draw_in(&state, 0, (int64_t)1 << size), minus = draw_in(&state, 0, (int64_t)1 << size);
    const pl_sums sums = {.product = plus - minus, .rails = (uint64_t)(plus + minus)};
    const uint32_t row = (uint32_t)draw_in(&state, 0, 0xffffff), col = (uint32_t)draw_in(&state, 0, 0xfffff);
    const uint32_t sum = (uint32_t)draw_in(&state, 0, 0xffff);
    int64_t count[2];
    for (int d = 0; d < 2; d++) {
      uint32_t words[2];
      pl_noise_block(5, 6, 4 + d, row, col, sum, words);
      const double mean = floor((double)(d ? minus : plus) * r.photon_gain / ldexp(1, r.photon_shift));
      high += mean >= 0x1p36;
      count[d] = pl_photon_count(mean < 0x1p36 ? (uint64_t)mean : ((uint64_t)1 << 36) - 1, words);
    }
    const __int128 value = (__int128)(count[0] - count[1]) * r.photon_step << 16;
    const __int128 half = r.photon_step_shift ? (__int128)1 << (r.photon_step_shift - 1) : 0;
    __int128 v = (value + half) >> r.photon_step_shift;
    saturated += v > INT32_MAX || v < INT32_MIN;
    v = v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : v;
    const int32_t got = pl_detect(&r, &sums, row, col, sum);
    ck_assert_msg(got == v, "case %d: expected %lld, got %d", i, (long long)v, got);
  }
  ck_assert_int_gt(saturated, 1000);
  ck_assert_int_gt(high, 1000);
}
END_TEST

/* The two detectors are independent, and thermal noise comes on top, from the receiver's own draw. */
START_TEST(detectors_are_independent) {
  pl_model_regs r = counting();
  r.thermal_var = 10000;
  r.photon_shift = 20;
  const pl_sums sums = {.product = 0, .rails = 2 * 16 * 20 << 16}; /* 20 photons each */
  double square = 0, both = 0;
  enum { READS = 20000 };
  for (uint32_t col = 0; col < READS; col++) {
    uint32_t words[2];
    r.effects = PL_EFFECT_PHOTONS;
    const int64_t v = pl_detect(&r, &sums, 1, col, 2);
    r.effects |= PL_EFFECT_THERMAL;
    pl_noise_block(5, 6, PL_NOISE_READ, 1, col, 2, words);
    ck_assert_int_eq(pl_detect(&r, &sums, 1, col, 2), v + (int64_t)floor(pl_gauss(words[1]) * 100.0 / 2048 + 0.5));
    const double photons = (double)v * 0x1p4 / 40001; /* a photon is 40001 / 2^4 */
    square += photons * photons;
    uint32_t plus[2], minus[2];
    pl_noise_block(5, 6, PL_NOISE_PHOTONS, 1, col, 2, plus);
    pl_noise_block(5, 6, PL_NOISE_PHOTONS + 1, 1, col, 2, minus);
    both += (pl_photon_count(20 << 16, plus) - 20.0) * (pl_photon_count(20 << 16, minus) - 20.0);
  }
  ck_assert_msg(fabs(square / READS - 40) < 5 * 40 * sqrt(2.0 / READS), "variance %g", square / READS);
  ck_assert_msg(fabs(both / READS) < 5 * 20 / sqrt(READS), "covariance %g", both / READS);
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_test(tests, few_photons_are_poisson);
  tcase_add_test(tests, few_photons_add);
  tcase_add_test(tests, many_photons_are_poisson);
  tcase_add_test(tests, many_photons_are_quantiles);
  tcase_add_test(tests, limits);
  tcase_add_test(tests, detectors);
  tcase_add_test(tests, detectors_are_independent);
}

int main(void) { return run_suite("model_poisson", fill); }
