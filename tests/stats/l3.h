/* l3.h: what the statistical tests of level L3 share: reads of the golden model as a histogram, its moments, the
 * Kolmogorov-Smirnov statistic, and a list of statistics that keeps a family-wise false-alarm rate.
 *
 *   histogram h = golden_reads(&image, a, b, channels, reads, job, centre, sigma, threads);   centre, sigma: code^2
 *   sample s = moments_of(&h);
 *   add_statistic(&all, "...", deviation, allowance, standard_error);
 *   failures(&all, 1)      prints all; how many are beyond FAMILY_WISE / all.count
 *   free(h.counts);
 */
#ifndef PHOTOLANE_TESTS_L3_H
#define PHOTOLANE_TESTS_L3_H

#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

/* A perfect emulator fails the whole list with this probability at most: each of its T statistics is held at
 * FAMILY_WISE / T (Bonferroni). */
#define FAMILY_WISE 1e-3

enum { CODES = 65536, STATISTICS_MAX = 512, L3_THREADS_MAX = 64 };
#define LSB 0.25 /* code^2: the detector's */

/* What tests and plots cannot do without: ends the program (a test: with an error) and says why. */
static inline void require(int holds, const char *why) {
  if (holds) return;
  fprintf(stderr, "%s\n", why);
  exit(1);
}

/* ---- Reads of the golden model ---- */

/* counts[i]: reads whose value was centre_code2 + (i - 32768) * step_code2. */
typedef struct {
  uint64_t *counts, clipped;
  double reads, step_code2, centre_code2;
} histogram;

typedef struct {
  pl_model_regs regs;
  const int8_t *a, *b;
  int rows, cols;       /* reads of one call: all independent of each other */
  uint64_t first, end;  /* calls */
  uint64_t *counts, clipped;
  int out_of_memory;
} golden_part;

static inline void *golden_part_run(void *argument) {
  golden_part *p = argument;
  int32_t codes[1024];
  for (uint64_t call = p->first; call < p->end; call++) {
    /* No two calls share a row and sum, or a column and sum: every read has encodings of its own. */
    const uint64_t col = call * (uint64_t)p->cols;
    p->regs.row0 = (uint32_t)(call * (uint64_t)p->rows);
    p->regs.col0 = (uint32_t)(col & 0xfffff);
    p->regs.sum0 = (uint32_t)(col >> 20);
    /* Stride 0: the same codes everywhere. */
    const int64_t clipped = pl_model_gemm(&p->regs, p->a, 0, p->b, 0, codes, p->cols, NULL);
    if (clipped < 0) return p->out_of_memory = 1, NULL;
    p->clipped += (uint64_t)clipped;
    for (int i = 0; i < p->rows * p->cols; i++) p->counts[codes[i] + CODES / 2]++;
  }
  return NULL;
}

/* `reads` (rounded up to whole calls) independent reads of the codes a, b (one per channel) under the registers of
 * `image`. The ADC is set to 16 bits around centre, as fine as it can be for 12 sigma on either side, at best the
 * detector's LSB. counts is NULL if memory ran out; else the caller frees it. */
static inline histogram golden_reads(const pl_image *image, const int8_t *a, const int8_t *b, int channels,
                                     double reads, uint32_t job, double centre, double sigma, int threads) {
  histogram h = {.counts = calloc(CODES, sizeof *h.counts)};
  golden_part part[L3_THREADS_MAX];
  pthread_t id[L3_THREADS_MAX];
  pl_model_regs r;
  pl_model_unpack(image, &r);
  const int enc_a = (r.effects & PL_EFFECT_ENC_A) != 0, enc_b = (r.effects & PL_EFFECT_ENC_B) != 0;
  int shift = 0;
  while (ldexp(32760, shift) * LSB < 12 * sigma) shift++;
  r.effects |= PL_EFFECT_ADC;
  r.adc_bits = 16;
  r.adc_gain = shift ? 1 : 2;
  r.adc_shift = shift ? shift : 1;
  r.adc_offset = (int32_t)-lround(centre / LSB);
  r.job = job;
  r.channels = r.depth = channels;
  r.rows = enc_b ? 1 : enc_a ? 128 : 8;
  r.cols = enc_a ? 1 : 128;
  h.step_code2 = ldexp(LSB, shift);
  h.centre_code2 = -r.adc_offset * LSB;
  const uint64_t calls = (uint64_t)ceil(reads / (r.rows * r.cols));
  h.reads = (double)calls * r.rows * r.cols;
  int failed = !h.counts;
  for (int t = 0; t < threads; t++) {
    part[t] = (golden_part){.regs = r, .a = a, .b = b, .rows = r.rows, .cols = r.cols,
                            .first = calls * (uint64_t)t / (uint64_t)threads,
                            .end = calls * (uint64_t)(t + 1) / (uint64_t)threads,
                            .counts = calloc(CODES, sizeof *h.counts)};
    if (!part[t].counts || pthread_create(&id[t], NULL, golden_part_run, &part[t])) abort();
  }
  for (int t = 0; t < threads; t++) {
    pthread_join(id[t], NULL);
    failed |= part[t].out_of_memory;
    h.clipped += part[t].clipped;
    for (int i = 0; i < CODES && h.counts; i++) h.counts[i] += part[t].counts[i];
    free(part[t].counts);
  }
  if (failed) free(h.counts), h.counts = NULL;
  return h;
}

/* One read, ADC bypassed: what the detector hands on, in LSB. */
static inline int32_t read_lsb(const pl_model_regs *r, const int8_t *a, const int8_t *b) {
  return pl_model_read(r, a, b, 0, 0, 0).detector;
}

/* PL_STATS_SAMPLES and PL_STATS_THREADS, or their defaults 5e4 and 1. */
static inline double reads_wanted(void) {
  const char *text = getenv("PL_STATS_SAMPLES");
  const double reads = text ? strtod(text, NULL) : 5e4;
  if (reads >= 5e4 && reads <= 1e7) return reads;
  fprintf(stderr, "PL_STATS_SAMPLES must lie in 5e4..1e7\n");
  exit(2);
}

static inline int threads_to_use(void) {
  const char *text = getenv("PL_STATS_THREADS");
  const long count = text ? strtol(text, NULL, 10) : 1;
  return count < 1 ? 1 : count > L3_THREADS_MAX ? L3_THREADS_MAX : (int)count;
}

/* ---- Moments of a histogram, with standard errors from its own higher moments ---- */

typedef struct {
  double mean, variance, skewness; /* code^2, code^4, - */
  double mean_error, variance_error, skewness_error;
} sample;

static inline sample moments_of(const histogram *h) {
  double mean = 0, m[7] = {0};
  for (int i = 0; i < CODES; i++) mean += (double)h->counts[i] * (i - CODES / 2);
  mean /= h->reads;
  for (int i = 0; i < CODES; i++) {
    if (!h->counts[i]) continue;
    const double x = i - CODES / 2 - mean;
    double power = (double)h->counts[i] / h->reads;
    for (int j = 0; j < 7; j++, power *= x) m[j] += power;
  }
  const double s = h->step_code2, n = h->reads;
  return (sample){.mean = h->centre_code2 + mean * s, .variance = m[2] * s * s * n / (n - 1),
                  .skewness = m[2] > 0 ? m[3] / pow(m[2], 1.5) : 0, .mean_error = s * sqrt(m[2] / n),
                  .variance_error = s * s * sqrt((m[4] - m[2] * m[2]) / n),
                  .skewness_error = sqrt((m[6] - 6 * m[4] * m[2] + 9 * m[2] * m[2] * m[2] - m[3] * m[3]) / n) /
                                    pow(m[2], 1.5)};
}

/* The largest distance from a normal distribution, taken half-way between neighbouring codes. */
static inline double ks_distance(const histogram *h, double mean, double sigma) {
  double below = 0, largest = 0;
  for (int i = 0; i < CODES; i++) {
    below += (double)h->counts[i] / h->reads;
    const double edge = h->centre_code2 + (i - CODES / 2 + 0.5) * h->step_code2;
    largest = fmax(largest, fabs(below - 0.5 * erfc((mean - edge) / sigma * M_SQRT1_2)));
  }
  return largest;
}

/* Kolmogorov's distribution: the chance of a distance of at least `distance` in n reads (Stephens' correction). */
static inline double ks_chance(double distance, double n) {
  const double l = distance * (sqrt(n) + 0.12 + 0.11 / sqrt(n));
  if (l < 0.3) return 1;
  double p = 0;
  for (int j = 1; j <= 50; j++) p += (j % 2 ? 2 : -2) * exp(-2.0 * j * j * l * l);
  return fmin(1, fmax(0, p));
}

/* ---- What the resolution of registers and values may change ---- */

typedef struct {
  double variance;               /* code^4, to be added to that of the physics: fields rounded, Sheppard's correction */
  double mean_allowed, variance_allowed;
  double lattice;                /* code^2: the read moves in steps of this, because fields do; 0 if it is finer */
} resolution;

/* Rounding a value of standard deviation sigma to `step`: Sheppard's step^2/12 if it is spread over several steps, else
 * only the bound by an error of half a step. */
static inline void round_to(resolution *r, double step, double sigma) {
  if (sigma >= 2 * step) r->variance += step * step / 12;
  else if (sigma > 0) r->variance_allowed += sigma * step + step * step / 4;
}

/* ---- The list of statistics ---- */

typedef struct {
  struct {
    char name[128];
    double deviation, allowance, z, p;
  } list[STATISTICS_MAX];
  int count;
} statistics;

static inline void add_chance(statistics *all, const char *name, double deviation, double allowance, double z,
                              double p) {
  if (all->count == STATISTICS_MAX) abort();
  snprintf(all->list[all->count].name, sizeof all->list[0].name, "%s", name);
  all->list[all->count].deviation = deviation;
  all->list[all->count].allowance = allowance;
  all->list[all->count].z = z;
  all->list[all->count++].p = p;
}

/* A normal statistic: `deviation` from the physics, of which up to `allowance` is the resolution of registers. */
static inline void add_statistic(statistics *all, const char *name, double deviation, double allowance, double error) {
  const double beyond = fmax(0, fabs(deviation) - allowance), z = beyond > 0 ? beyond / error : 0;
  add_chance(all, name, deviation, allowance, z, erfc(z * M_SQRT1_2));
}

/* Prints the statistics that fail, or all; returns how many fail. */
static inline int failures(const statistics *all, int print_all) {
  int failed = 0;
  for (int i = 0; i < all->count; i++) {
    const int fails = !(all->list[i].p > FAMILY_WISE / all->count);
    if (fails || print_all)
      printf("  %-44s %11.4g (allowed %9.3g)  z %6.2f  p %.3g%s\n", all->list[i].name, all->list[i].deviation,
             all->list[i].allowance, all->list[i].z, all->list[i].p, fails ? "  FAILS" : "");
    failed += fails;
  }
  fflush(stdout);
  return failed;
}

#endif
