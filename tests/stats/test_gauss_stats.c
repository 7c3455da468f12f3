/* test_gauss_stats.c: the noise of the golden model as a random sequence: moments, chi-square over bins, tail counts to
 * 6 sigma, and correlation between all neighbours that the coordinates have.
 *
 *   PL_STATS_SAMPLES=N   deviates drawn, 1e6 to 2e9 (default 2e7; the long target is 1e9). Far beyond, the chi-square
 *                        must see the table's 12 bits of position: test_model_gauss states by how much
 *   PL_STATS_THREADS=N   threads (default: the processors); the figures do not depend on it, but for rounding
 *
 * False alarms: a true normal sequence fails the whole battery with a probability of at most FAMILY_WISE, each of its T
 * statistics being held at FAMILY_WISE / T (Bonferroni). The coordinates are fixed, so the outcome is the same every
 * time. Expected probabilities are those of a normal deviate rounded to Q11: erfc at the half-way points.
 * The same battery must reject generators that are slightly wrong: see the end of the file.
 */
#include <check.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/model.h"

enum {
  LARGEST = 14000,    /* Q11, beyond every deviate */
  BIN = 256,          /* Q11: an eighth of a sigma */
  RATIO = 16,         /* deviates drawn for one base point of the correlations */
  LONGEST = 64,       /* statistics */
  THREADS_MAX = 64,
};
static const double FAMILY_WISE = 1e-3;

typedef struct {
  uint32_t seed, job, row, col, sum;
  int effect;
} place;

/* The two deviates of a place. */
typedef void (*generator)(const place *at, int32_t g[2]);

static void model(const place *at, int32_t g[2]) {
  uint32_t words[2];
  pl_noise_block(at->seed, at->job, at->effect, at->row, at->col, at->sum, words);
  g[0] = pl_gauss(words[0]);
  g[1] = pl_gauss(words[1]);
}

/* ---- Statistics ---- */

typedef struct {
  char name[64];
  double value, p;
} statistic;

typedef struct {
  statistic list[LONGEST];
  int count;
} statistics;

static void add(statistics *all, const char *name, double value, double p) {
  statistic *s = &all->list[all->count++];
  snprintf(s->name, sizeof s->name, "%s", name);
  s->value = value;
  s->p = p;
}

/* A standard normal statistic, two-sided. */
static void add_normal(statistics *all, const char *name, double z) {
  add(all, name, z, 2 * gsl_cdf_ugaussian_Q(fabs(z)));
}

static double two_sided(double low, double high) { return fmin(1, 2 * fmin(low, high)); }

/* P(X > m + 1/2) of a normal deviate, m in Q11. */
static double above(int m) { return 0.5 * erfc((m + 0.5) / 2048 * M_SQRT1_2); }

/* counts[LARGEST + g]: how often g came. */
static void from_histogram(statistics *all, const uint64_t *counts, double n) {
  double sum[5] = {0};
  for (int g = -LARGEST; g <= LARGEST; g++) {
    const double x = g / 2048.0;
    for (int e = 1; e <= 4; e++) sum[e] += (double)counts[LARGEST + g] * pow(x, e);
  }
  const double mean = sum[1] / n, second = sum[2] / n;
  add_normal(all, "mean", mean * sqrt(n));
  add_normal(all, "variance", (second - 1) / sqrt(2 / n));
  add_normal(all, "skewness", sum[3] / n / sqrt(15 / n)); /* third moment about 0: E x^6 = 15 */
  add_normal(all, "kurtosis", (sum[4] / n - 6 * second + 3) / sqrt(24 / n)); /* by the Hermite polynomial of degree 4 */

  /* Bins of an eighth of a sigma about 0; the outer ones are joined until they hold 20 on average. */
  int outer = 6 * 2048 / BIN * BIN;
  while (n * above(outer) < 20) outer -= BIN;
  double chi2 = 0;
  int bins = 0;
  for (int low = -outer - BIN; low <= outer; low += BIN, bins++) { /* the bin is low < g <= low + BIN */
    const int first = low < -outer ? -LARGEST : low + 1, last = low + BIN > outer ? LARGEST : low + BIN;
    uint64_t seen = 0;
    for (int g = first; g <= last; g++) seen += counts[LARGEST + g];
    const double p = (low < -outer ? 1 : above(low)) - (low + BIN > outer ? 0 : above(low + BIN));
    chi2 += ((double)seen - n * p) * ((double)seen - n * p) / (n * p);
  }
  const int freedom = bins - 1;
  add(all, "chi-square", chi2 / freedom, two_sided(gsl_cdf_chisq_P(chi2, freedom), gsl_cdf_chisq_Q(chi2, freedom)));

  for (int sigma = 1; sigma <= 6; sigma++)
    for (int sign = -1; sign <= 1; sign += 2) {
      uint64_t seen = 0;
      for (int g = sigma * 2048 + 1; g <= LARGEST; g++) seen += counts[LARGEST + sign * g];
      const double p = above(sigma * 2048);
      const double z = ((double)seen - n * p) / sqrt(n * p * (1 - p));
      char name[64];
      snprintf(name, sizeof name, "%c%d sigma (%llu, expected %.1f)", sign < 0 ? '-' : '+', sigma,
               (unsigned long long)seen, n * p);
      if (n * p > 1e4) {
        add_normal(all, name, z);
      } else { /* rare: Poisson; the library's binomial loses its digits at these sizes */
        const double low = gsl_cdf_poisson_P((unsigned)seen, n * p);
        const double high = seen ? gsl_cdf_poisson_Q((unsigned)seen - 1, n * p) : 1;
        add(all, name, z, two_sided(low, high));
      }
    }
}

/* ---- Correlation: a base point against its neighbours ---- */

enum { WORDS, COLUMN, NEXT_CHANNEL, COLUMN_64, ROW, SUM, JOB, SEED, SEED_FOR_JOB, ENC_A, ENC_B, EXCHANGED,
       NEIGHBOURS };
static const char *const neighbour_name[NEIGHBOURS] = {
    "word 0 and word 1", "next column", "word 1, word 0 of the next column", "column + 64", "next row", "next sum",
    "next job", "next seed", "seed + 1, job - 1", "effect 1 and 3", "effect 2 and 3", "row and column exchanged"};

typedef struct {
  int64_t linear[NEIGHBOURS]; /* sums of x*y, Q22 */
  double square[NEIGHBOURS];  /* sums of (x^2 - 1)(y^2 - 1) */
} correlation;

static void correlate(correlation *sums, int which, int32_t x, int32_t y) {
  const double u = x / 2048.0, v = y / 2048.0;
  sums->linear[which] += (int64_t)x * y;
  sums->square[which] += (u * u - 1) * (v * v - 1);
}

static void correlate_all(correlation *sums, generator draw, place at) {
  int32_t base[2], other[2];
  draw(&at, base);
  correlate(sums, WORDS, base[0], base[1]);
  place to = at;
#define NEIGHBOUR(which, change) \
  to = at, change, draw(&to, other), correlate(sums, which, base[0], other[0])
  NEIGHBOUR(COLUMN, to.col++);
  correlate(sums, NEXT_CHANNEL, base[1], other[0]);
  NEIGHBOUR(COLUMN_64, to.col += 64);
  NEIGHBOUR(ROW, to.row++);
  NEIGHBOUR(SUM, to.sum++);
  NEIGHBOUR(JOB, to.job++);
  NEIGHBOUR(SEED, to.seed++);
  NEIGHBOUR(SEED_FOR_JOB, (to.seed++, to.job--));
  NEIGHBOUR(ENC_A, to.effect = PL_NOISE_ENC_A);
  NEIGHBOUR(ENC_B, to.effect = PL_NOISE_ENC_B);
  NEIGHBOUR(EXCHANGED, (to.row = at.col, to.col = at.row + 1)); /* + 1: never the same place */
#undef NEIGHBOUR
}

/* ---- Sampling ---- */

/* Place i: columns first, then sums, then rows, as a job visits them. */
static place place_at(uint64_t i) {
  return (place){.seed = 20240607, .job = 3, .col = i & 1023, .sum = i >> 10 & 15, .row = (uint32_t)(i >> 14),
                 .effect = PL_NOISE_READ};
}

typedef struct {
  generator draw;
  uint64_t first, end; /* places, two deviates each */
  uint64_t *counts;
  correlation sums;
} part;

static void *sample(void *argument) {
  part *p = argument;
  for (uint64_t i = p->first; i < p->end; i++) {
    const place at = place_at(i);
    int32_t g[2];
    p->draw(&at, g);
    p->counts[LARGEST + g[0]]++;
    p->counts[LARGEST + g[1]]++;
    if (i % (RATIO / 2) == 0) correlate_all(&p->sums, p->draw, at);
  }
  return NULL;
}

static int threads_to_use(void) {
  const char *text = getenv("PL_STATS_THREADS");
  const long count = text ? strtol(text, NULL, 10) : sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : count > THREADS_MAX ? THREADS_MAX : (int)count;
}

/* The whole battery on `samples` deviates. */
static statistics battery(generator draw, uint64_t samples) {
  static part parts[THREADS_MAX];
  pthread_t ids[THREADS_MAX];
  const int threads = threads_to_use();
  const uint64_t places = samples / RATIO * RATIO / 2;
  for (int i = 0; i < threads; i++) {
    parts[i] = (part){.draw = draw, .first = places * (uint64_t)i / (uint64_t)threads,
                      .end = places * (uint64_t)(i + 1) / (uint64_t)threads};
    parts[i].counts = calloc(2 * LARGEST + 1, sizeof *parts[i].counts);
    ck_assert(parts[i].counts && !pthread_create(&ids[i], NULL, sample, &parts[i]));
  }
  for (int i = 0; i < threads; i++) {
    pthread_join(ids[i], NULL);
    if (i == 0) continue;
    for (int g = 0; g <= 2 * LARGEST; g++) parts[0].counts[g] += parts[i].counts[g];
    for (int k = 0; k < NEIGHBOURS; k++) {
      parts[0].sums.linear[k] += parts[i].sums.linear[k];
      parts[0].sums.square[k] += parts[i].sums.square[k];
    }
    free(parts[i].counts);
  }
  statistics all = {.count = 0};
  from_histogram(&all, parts[0].counts, (double)(2 * places));
  free(parts[0].counts);
  const double pairs = (double)(places / (RATIO / 2));
  for (int k = 0; k < NEIGHBOURS; k++) {
    char name[64];
    add_normal(&all, neighbour_name[k], (double)parts[0].sums.linear[k] / 4194304 / sqrt(pairs));
    snprintf(name, sizeof name, "%s, squares", neighbour_name[k]);
    add_normal(&all, name, parts[0].sums.square[k] / 2 / sqrt(pairs));
  }
  return all;
}

/* Prints the statistics that fail, or all; returns how many fail. */
static int failures(const statistics *all, int print_all) {
  int failed = 0;
  for (int i = 0; i < all->count; i++) {
    const statistic *s = &all->list[i];
    const int fails = !(s->p > FAMILY_WISE / all->count);
    if (fails || print_all) printf("  %-44s %9.3f  p = %.3g%s\n", s->name, s->value, s->p, fails ? "  FAILS" : "");
    failed += fails;
  }
  fflush(stdout);
  return failed;
}

static const statistic *named(const statistics *all, const char *name) {
  for (int i = 0; i < all->count; i++)
    if (!strcmp(all->list[i].name, name)) return &all->list[i];
  ck_abort_msg("no statistic is called %s", name);
}

static double limit(const statistics *all) { return FAMILY_WISE / all->count; }

START_TEST(model_is_normal) {
  const char *text = getenv("PL_STATS_SAMPLES");
  double samples = text ? strtod(text, NULL) : 2e7;
  ck_assert_msg(samples >= 1e6 && samples <= 2e9, "PL_STATS_SAMPLES must lie in 1e6..2e9");
  const statistics all = battery(model, (uint64_t)samples);
  printf("%.3g deviates, %d statistics, family-wise false alarms %g:\n", samples, all.count, FAMILY_WISE);
  ck_assert_int_eq(failures(&all, 1), 0);
}
END_TEST

/* ---- Wrong generators that must be found, each by the statistic that is meant to find it ---- */

enum { SABOTAGED = 2000000 };

static void expect_rejected(generator draw, const char *statistic_name) {
  const statistics all = battery(draw, SABOTAGED);
  printf("sabotaged, rejected by:\n");
  ck_assert_int_gt(failures(&all, 0), 0);
  ck_assert_msg(named(&all, statistic_name)->p < limit(&all), "%s did not find it: p = %g", statistic_name,
                named(&all, statistic_name)->p);
}

/* Four bytes added up: a bell, but without tails. */
static void four_bytes(const place *at, int32_t g[2]) {
  uint32_t words[2];
  pl_noise_block(at->seed, at->job, at->effect, at->row, at->col, at->sum, words);
  for (int i = 0; i < 2; i++) {
    int sum = -510;
    for (int byte = 0; byte < 4; byte++) sum += words[i] >> (8 * byte) & 255;
    g[i] = (int32_t)lround(sum * 2048 / sqrt((65536 - 1) / 3.0)); /* variance of the sum: 4 * (256^2 - 1) / 12 */
  }
}

static void wide(const place *at, int32_t g[2]) { /* sigma 0.5 % off */
  model(at, g);
  for (int i = 0; i < 2; i++) g[i] = (int32_t)lround(g[i] * 1.005);
}

static void shifted(const place *at, int32_t g[2]) { /* half a per cent of a sigma: a wrong rounding of 10 steps */
  model(at, g);
  g[0] += 10;
  g[1] += 10;
}

static void one_tail_cut(const place *at, int32_t g[2]) { /* no deviate above +4 sigma */
  model(at, g);
  for (int i = 0; i < 2; i++) g[i] = g[i] > 8192 ? 8192 : g[i];
}

static void sum_ignored(const place *at, int32_t g[2]) {
  place to = *at;
  to.sum = 0;
  model(&to, g);
}

static void neighbour_leaks(const place *at, int32_t g[2]) { /* 2 % of the next column, at unchanged variance */
  place to = *at;
  int32_t other[2];
  to.col++;
  model(&to, other);
  model(at, g);
  for (int i = 0; i < 2; i++) g[i] = (int32_t)lround(sqrt(1 - 0.02 * 0.02) * g[i] + 0.02 * other[i]);
}

static void one_word(const place *at, int32_t g[2]) { /* word 1 is word 0 with the sign of its own */
  model(at, g);
  g[1] = g[1] < 0 ? -abs(g[0]) : abs(g[0]);
}

static void effect_ignored(const place *at, int32_t g[2]) {
  place to = *at;
  to.effect = 0;
  model(&to, g);
}

static void keys_added(const place *at, int32_t g[2]) { /* the key as a sum of seed and job */
  place to = *at;
  to.seed += to.job;
  to.job = 0;
  model(&to, g);
}

START_TEST(rejects_four_bytes) { expect_rejected(four_bytes, "kurtosis"); }
END_TEST
START_TEST(rejects_wide) { expect_rejected(wide, "variance"); }
END_TEST
START_TEST(rejects_shifted) { expect_rejected(shifted, "mean"); }
END_TEST
START_TEST(rejects_cut_tail) {
  const statistics all = battery(one_tail_cut, SABOTAGED);
  ck_assert_int_gt(failures(&all, 0), 0);
}
END_TEST
START_TEST(rejects_ignored_sum) { expect_rejected(sum_ignored, "next sum"); }
END_TEST
START_TEST(rejects_leak) { expect_rejected(neighbour_leaks, "next column"); }
END_TEST
START_TEST(rejects_one_word) { expect_rejected(one_word, "word 0 and word 1, squares"); }
END_TEST
START_TEST(rejects_ignored_effect) { expect_rejected(effect_ignored, "effect 1 and 3"); }
END_TEST
START_TEST(rejects_added_keys) { expect_rejected(keys_added, "seed + 1, job - 1"); }
END_TEST

int main(void) {
  Suite *suite = suite_create("gauss_stats");
  TCase *tests = tcase_create("gauss_stats");
  tcase_set_timeout(tests, 7200);
  tcase_add_test(tests, model_is_normal);
  tcase_add_test(tests, rejects_four_bytes);
  tcase_add_test(tests, rejects_wide);
  tcase_add_test(tests, rejects_shifted);
  tcase_add_test(tests, rejects_cut_tail);
  tcase_add_test(tests, rejects_ignored_sum);
  tcase_add_test(tests, rejects_leak);
  tcase_add_test(tests, rejects_one_word);
  tcase_add_test(tests, rejects_ignored_effect);
  tcase_add_test(tests, rejects_added_keys);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
