/* probe.c: see probe.h. Jobs of repeated vectors, their ranges, and the moments of what comes back. */
#include "study/probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study/statistics.h"

#define DETECTOR_STEP 0.25 /* code^2: the unit in which a detector counts */
enum { PILOT = 16, RANGINGS = 16, THIN = 16, ROW_END = 1 << 20 };

/* ---- Data sheet and prober ---- */

pl_sheet pl_sheet_of(const pl_image *image) {
  const uint32_t *reg = image->reg, effects = reg[PL_REG_EFFECTS];
  pl_sheet s = {.kind = (int)reg[PL_REG_KIND],
                .channels = (int)reg[PL_REG_CHANNELS],
                .wavelengths = (int)reg[PL_REG_WAVELENGTHS],
                .dac_bits = {effects & PL_EFFECT_DAC_A ? (int)reg[PL_REG_DAC_BITS_A] : 0,
                             effects & PL_EFFECT_DAC_B ? (int)reg[PL_REG_DAC_BITS_B] : 0},
                .adc_bits = effects & PL_EFFECT_ADC ? (int)reg[PL_REG_ADC_BITS] : 0,
                .residues = (effects & PL_EFFECT_RESIDUES) != 0,
                .rns_k = (int)reg[PL_REG_RNS_K],
                .redundant = effects & PL_EFFECT_REDUNDANCY ? (int)reg[PL_REG_REDUNDANT] : 0,
                .bfp_bits = effects & PL_EFFECT_BFP ? (int)reg[PL_REG_BFP_BITS] : 0,
                .range_check = (effects & PL_EFFECT_RANGE_CHECK) != 0,
                .range_limit = (int32_t)reg[PL_REG_RANGE_LIMIT]};
  return s;
}

void pl_prober_init(pl_prober *p, pl_device *dev, pl_sheet sheet, int64_t reads, uint32_t seed) {
  memset(p, 0, sizeof *p);
  p->dev = dev;
  p->sheet = sheet;
  p->length = sheet.channels;
  p->reads = reads < PL_PROBE_READS_MIN ? PL_PROBE_READS_MIN : reads;
  p->job = seed * 0x9e3779b1u; /* far from the jobs of the next seed */
  p->random = seed;
}

int pl_probe_random(pl_prober *p, int limit) {
  uint64_t z = p->random += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  z ^= z >> 31;
  return (int)((z >> 32) * (uint64_t)limit >> 32);
}

static double step_of(const pl_prober *p, pl_range range) {
  pl_image words; /* of the data sheet: pl_range_step asks it for no more than whether there is an ADC */
  pl_image_reset(&words);
  words.reg[PL_REG_KIND] = (uint32_t)p->sheet.kind;
  words.reg[PL_REG_EFFECTS] = p->sheet.adc_bits ? PL_EFFECT_ADC : 0;
  return pl_range_step(&words, range);
}

static int has_ranges(const pl_prober *p) {
  return p->sheet.adc_bits && p->sheet.kind != PL_KIND_RNS;
}

/* ---- Jobs ---- */

/* A job of m x n outputs whose row i has pattern i mod a_patterns, and its columns alike. */
typedef struct {
  int m, n, k, a_patterns, b_patterns;
  int8_t *a, *b;
  int32_t *c;
  pl_range range;
  double step; /* code^2 per code */
} probe_job;

static void free_job(probe_job *j) {
  free(j->a);
  free(j->b);
  free(j->c);
}

static int8_t *repeat(const int8_t *pattern, int patterns, int count, int k) {
  int8_t *rows = malloc((size_t)count * (size_t)k);
  for (int i = 0; rows && i < count; i++)
    memcpy(rows + (size_t)i * (size_t)k, pattern + (size_t)(i % patterns) * (size_t)k, (size_t)k);
  return rows;
}

/* Fills everything but the range. On error there is nothing to free. */
static pl_status make_job(const pl_prober *p, const int8_t *a, int a_patterns, const int8_t *b, int b_patterns, int m,
                          int n, probe_job *j, pl_error *err) {
  const int k = p->length;
  *j = (probe_job){.m = m, .n = n, .k = k, .a_patterns = a_patterns, .b_patterns = b_patterns};
  j->a = repeat(a, a_patterns, m, k);
  j->b = repeat(b, b_patterns, n, k);
  j->c = malloc((size_t)m * (size_t)n * sizeof *j->c);
  if (j->a && j->b && j->c) return PL_OK;
  free_job(j);
  return pl_fail(err, PL_E_MEMORY, "out of memory for a probe of %d x %d reads: use fewer", m, n);
}

/* Light of a job for the range, as the host knows it: mean of the sums of products of magnitudes. */
static uint32_t mean_light(const probe_job *j) {
  double sum = 0;
  for (int i = 0; i < j->a_patterns; i++)
    for (int l = 0; l < j->b_patterns; l++)
      for (int k = 0; k < j->k; k++) sum += abs(j->a[(size_t)i * j->k + k] * j->b[(size_t)l * j->k + k]);
  return (uint32_t)fmax(1, round(sum / j->a_patterns / j->b_patterns)); /* 0 would mean: none given */
}

static pl_status run_job(pl_prober *p, probe_job *j, pl_error *err) {
  const pl_job job = {.job = p->job++, .m = j->m, .n = j->n, .k = j->k, .a = j->a, .lda = j->k, .b = j->b, .ldb = j->k,
                      .c = j->c, .ldc = j->n, .range = j->range};
  pl_status status = pl_gemm(p->dev, &job, err);
  p->done += (uint64_t)j->m * (uint64_t)j->n;
  if (!status && p->progress) p->progress(p->self, p->done);
  return status;
}

static int is_clipped(const pl_prober *p, const probe_job *j) {
  const int32_t top = has_ranges(p) ? 1 << (p->sheet.adc_bits - 1) : 0;
  if (!top) return 0;
  for (int64_t i = 0; i < (int64_t)j->m * j->n; i++)
    if (j->c[i] >= top - 1 || j->c[i] <= -top) return 1;
  return 0;
}

static void set_range(const pl_prober *p, probe_job *j, double full_scale) {
  const uint32_t light = j->range.mean_light;
  j->range = has_ranges(p) ? pl_range_for(full_scale, p->sheet.adc_bits) : (pl_range){0};
  j->range.mean_light = light;
  j->step = step_of(p, j->range);
}

/* ---- Gain control ---- */

/* What the outputs of a pilot job ask for: the largest one seen and the largest spread among equal vectors, in codes. */
static void largest_and_spread(const probe_job *j, double *largest, double *spread) {
  *largest = *spread = 0;
  for (int pa = 0; pa < j->a_patterns; pa++)
    for (int pb = 0; pb < j->b_patterns; pb++) {
      double sum = 0, squares = 0, first = j->c[(int64_t)pa * j->n + pb], count = 0;
      for (int i = pa; i < j->m; i += j->a_patterns)
        for (int l = pb; l < j->n; l += j->b_patterns) {
          const double code = j->c[(int64_t)i * j->n + l], d = code - first;
          if (fabs(code) > *largest) *largest = fabs(code);
          sum += d, squares += d * d, count++;
        }
      const double variance = squares / count - sum / count * (sum / count);
      if (variance > *spread) *spread = variance;
    }
  *spread = sqrt(*spread);
}

/* The largest full scale of any probe, code^2: the sum of all products at -128, and half as much again. */
static double widest(const pl_prober *p) { return 1.5 * 128 * 128 * p->length; }

/* Finds a range that 6 sigma around the outputs fill: *full_scale in code^2. Steps below 1/8 code^2 are not asked for. */
static pl_status find_range(pl_prober *p, const int8_t *a, int a_patterns, const int8_t *b, int b_patterns,
                            uint32_t light, double *full_scale, pl_error *err) {
  *full_scale = widest(p);
  if (!has_ranges(p)) return PL_OK;
  probe_job j;
  pl_status status = make_job(p, a, a_patterns, b, b_patterns, a_patterns * ((PILOT + a_patterns - 1) / a_patterns),
                              b_patterns * ((PILOT + b_patterns - 1) / b_patterns), &j, err);
  if (status) return status;
  j.range.mean_light = light;
  const double least = ldexp(1, p->sheet.adc_bits - 4);
  for (int i = 0; i < RANGINGS; i++) {
    set_range(p, &j, *full_scale);
    if ((status = run_job(p, &j, err))) break;
    if (is_clipped(p, &j)) {
      *full_scale *= 2;
      if (*full_scale > 64 * widest(p)) {
        status = pl_fail(err, PL_E_IO, "the device saturates even at a range of %g code^2: is it configured?",
                         *full_scale / 2);
        break;
      }
      continue;
    }
    double largest, spread;
    largest_and_spread(&j, &largest, &spread);
    /* 256 reads reach 3 sigma; half a code more for what rounding may hide */
    const double next = fmax((largest + 1.5 + 3.5 * spread) * j.step, least);
    if (next > 0.7 * *full_scale) break;
    *full_scale = next;
  }
  free_job(&j);
  return status;
}

/* ---- Moments ---- */

void pl_probe_rounding(double step, double variance, double reads, double *of_mean, double *of_variance) {
  const double q2 = step * step;
  if (!(variance > 0)) {
    const double z = pl_normal_quantile(3.5 / fmax(reads / THIN, 20)); /* rows and columns share: fewer count */
    *of_mean = step / 2;
    *of_variance = q2 / (4 * z * z);
    return;
  }
  const double s2 = variance > q2 / 12 ? variance / q2 - 1.0 / 12 : 0, fades = exp(-2 * M_PI * M_PI * s2);
  /* The detector's own step moves each threshold of the ADC by part of itself, here as if independently. */
  const double sigma = sqrt(variance), moved = DETECTOR_STEP / sqrt(12);
  *of_mean = hypot(step / 2 * fades, moved * sqrt(fmax(1, step / (2 * sqrt(M_PI) * sigma))));
  *of_variance = hypot(q2 * (4 * s2 + 1 / (M_PI * M_PI)) * fades, moved * sqrt(2 * step * sigma / sqrt(M_PI)));
}

/* Mean and its standard error over jobs. */
typedef struct {
  double sum, squares;
} spread_sum;

static void add(spread_sum *s, double value) {
  s->sum += value;
  s->squares += value * value;
}

static pl_moment over_jobs(const spread_sum *s, double floor) {
  const double mean = s->sum / PL_PROBE_JOBS, variance = s->squares / PL_PROBE_JOBS - mean * mean;
  return (pl_moment){mean, sqrt(fmax(variance, 0) / (PL_PROBE_JOBS - 1) + floor * floor)};
}

/* The analysis of variance of one job, in codes: mean square of rows, of columns, of the rest. */
typedef struct {
  double mean, rows, columns, rest;
} anova;

static anova analyse(const probe_job *j, double *column_sum) {
  const int m = j->m, n = j->n;
  const double first = j->c[0], count = (double)m * n; /* exact and small differences */
  double total = 0, squares = 0, row_squares = 0, column_squares = 0;
  memset(column_sum, 0, (size_t)n * sizeof *column_sum);
  for (int i = 0; i < m; i++) {
    double row = 0;
    for (int l = 0; l < n; l++) {
      const double d = j->c[(int64_t)i * n + l] - first;
      row += d;
      squares += d * d;
      column_sum[l] += d;
    }
    total += row;
    row_squares += row * row;
  }
  for (int l = 0; l < n; l++) column_squares += column_sum[l] * column_sum[l];
  const double middle = total / count * total, rows = row_squares / n - middle, columns = column_squares / m - middle;
  return (anova){.mean = first + total / count, .rows = rows / (m - 1), .columns = columns / (n - 1),
                 .rest = (squares - middle - rows - columns) / ((double)(m - 1) * (n - 1))};
}

static void shape_of(int64_t reads, pl_probe_shape shape, int *m, int *n) {
  const int64_t of_job = reads / PL_PROBE_JOBS;
  int side = (int)sqrt((double)of_job);
  int64_t other = shape == PL_SQUARE ? of_job / side : of_job / THIN;
  if (shape != PL_SQUARE) side = THIN;
  if (other >= ROW_END) other = ROW_END - 1;
  *m = shape == PL_TALL ? (int)other : side;
  *n = shape == PL_TALL ? side : (int)other;
}

/* Runs the jobs of a probe, each given to `take`; widens the range and begins again if a read saturates. */
static pl_status run_jobs(pl_prober *p, probe_job *j, double full_scale, void (*start)(void *), void (*take)(void *),
                          void *self, pl_error *err) {
  for (int tries = 0;; tries++, full_scale *= 1.5) {
    set_range(p, j, full_scale);
    start(self);
    int clipped = 0;
    for (int i = 0; i < PL_PROBE_JOBS && !clipped; i++) {
      pl_status status = run_job(p, j, err);
      if (status) return status;
      clipped = is_clipped(p, j);
      if (!clipped) take(self);
    }
    if (!clipped) return PL_OK;
    if (tries == RANGINGS) return pl_fail(err, PL_E_IO, "the device saturates at any range: is it configured?");
  }
}

typedef struct {
  probe_job job;
  double *column_sum;
  spread_sum mean, row, column, rest;
} moments_run;

static void moments_start(void *self) {
  moments_run *r = self;
  r->mean = r->row = r->column = r->rest = (spread_sum){0, 0};
}

static void moments_take(void *self) {
  moments_run *r = self;
  const double q = r->job.step, q2 = q * q;
  const anova v = analyse(&r->job, r->column_sum);
  add(&r->mean, v.mean * q);
  add(&r->row, (v.rows - v.rest) / r->job.n * q2);
  add(&r->column, (v.columns - v.rest) / r->job.m * q2);
  add(&r->rest, v.rest * q2);
}

pl_status pl_probe_moments(pl_prober *p, const int8_t *a, const int8_t *b, pl_probe_shape shape, pl_moments *moments,
                           pl_error *err) {
  moments_run r = {0};
  int m, n;
  double full_scale, of_mean, of_variance;
  shape_of(p->reads, shape, &m, &n);
  pl_status status = make_job(p, a, 1, b, 1, m, n, &r.job, err);
  if (status) return status;
  r.job.range.mean_light = mean_light(&r.job);
  status = find_range(p, a, 1, b, 1, r.job.range.mean_light, &full_scale, err);
  r.column_sum = malloc((size_t)n * sizeof *r.column_sum);
  if (!status && !r.column_sum) status = pl_fail(err, PL_E_MEMORY, "out of memory for a probe");
  if (!status) status = run_jobs(p, &r.job, full_scale, moments_start, moments_take, &r, err);
  if (!status) {
    /* Noise that a read has of its own spreads its rounding; without it equal rows or columns are rounded alike. */
    const double q = r.job.step, reads = (double)m * n * PL_PROBE_JOBS, rest = r.rest.sum / PL_PROBE_JOBS;
    const double all = rest + fmax(r.row.sum, 0) / PL_PROBE_JOBS + fmax(r.column.sum, 0) / PL_PROBE_JOBS;
    double unused;
    pl_probe_rounding(q, all, reads, &of_mean, &unused);
    pl_probe_rounding(q, rest, reads, &unused, &of_variance);
    *moments = (pl_moments){.mean = over_jobs(&r.mean, of_mean), .row = over_jobs(&r.row, of_variance),
                            .column = over_jobs(&r.column, of_variance), .residual = over_jobs(&r.rest, of_variance),
                            .step = q, .reads = reads};
    if (rest > 0) moments->residual.value -= q * q / 12;
  }
  free(r.column_sum);
  free_job(&r.job);
  return status;
}

/* ---- Tables of means ---- */

typedef struct {
  probe_job job;
  int cells;
  spread_sum *mean, *square; /* per cell: of the mean, of the mean square */
} table_run;

static void table_start(void *self) {
  table_run *r = self;
  memset(r->mean, 0, (size_t)r->cells * sizeof *r->mean);
  memset(r->square, 0, (size_t)r->cells * sizeof *r->square);
}

static void table_take(void *self) {
  table_run *r = self;
  const probe_job *j = &r->job;
  const double copies = (double)(j->m / j->a_patterns) * (j->n / j->b_patterns);
  for (int pa = 0; pa < j->a_patterns; pa++)
    for (int pb = 0; pb < j->b_patterns; pb++) {
      double sum = 0, squares = 0;
      for (int i = pa; i < j->m; i += j->a_patterns)
        for (int l = pb; l < j->n; l += j->b_patterns) {
          const double v = j->c[(int64_t)i * j->n + l] * j->step;
          sum += v;
          squares += v * v;
        }
      add(&r->mean[pa * j->b_patterns + pb], sum / copies);
      add(&r->square[pa * j->b_patterns + pb], squares / copies);
    }
}

/* Multiples of the patterns that make about reads / PL_PROBE_JOBS outputs. */
static void table_shape(int64_t reads, int a_patterns, int b_patterns, int *m, int *n) {
  const double side = sqrt((double)reads / PL_PROBE_JOBS);
  *m = a_patterns * (int)fmax(1, round(side / a_patterns));
  *n = b_patterns * (int)fmax(1, round((double)reads / PL_PROBE_JOBS / *m / b_patterns));
}

pl_status pl_probe_means(pl_prober *p, const int8_t *a, int m, const int8_t *b, int n, pl_moment *mean, pl_error *err) {
  table_run r = {.cells = m * n};
  int rows, columns;
  double full_scale;
  table_shape(p->reads, m, n, &rows, &columns);
  pl_status status = make_job(p, a, m, b, n, rows, columns, &r.job, err);
  if (status) return status;
  r.job.range.mean_light = mean_light(&r.job);
  status = find_range(p, a, m, b, n, r.job.range.mean_light, &full_scale, err);
  r.mean = malloc((size_t)r.cells * sizeof *r.mean);
  r.square = malloc((size_t)r.cells * sizeof *r.square);
  if (!status && (!r.mean || !r.square)) status = pl_fail(err, PL_E_MEMORY, "out of memory for a table of probes");
  if (!status) status = run_jobs(p, &r.job, full_scale, table_start, table_take, &r, err);
  for (int i = 0; i < r.cells && !status; i++) {
    const double average = r.mean[i].sum / PL_PROBE_JOBS, q = r.job.step;
    const double variance = r.square[i].sum / PL_PROBE_JOBS - average * average;
    double of_mean, of_variance;
    pl_probe_rounding(q, variance > q * q * 1e-9 ? variance : 0, (double)rows * columns / r.cells * PL_PROBE_JOBS,
                      &of_mean, &of_variance);
    mean[i] = over_jobs(&r.mean[i], of_mean);
  }
  free(r.mean);
  free(r.square);
  free_job(&r.job);
  return status;
}

/* ---- The ADC of the data sheet ---- */

pl_status pl_probe_adc(pl_prober *p, const int8_t *a, const int8_t *b, pl_error *err) {
  probe_job j;
  double mean[2] = {0, 0};
  pl_status status = p->sheet.kind == PL_KIND_RNS ? PL_OK : make_job(p, a, 1, b, 1, PILOT, PILOT, &j, err);
  if (status || p->sheet.kind == PL_KIND_RNS) return status;
  for (int wide = 0; wide < 2 && !status; wide++) {
    j.range = pl_range_for(widest(p) * (wide ? 4 : 1), p->sheet.adc_bits ? p->sheet.adc_bits : 8);
    status = run_job(p, &j, err);
    for (int i = 0; i < PILOT * PILOT && !status; i++) mean[wide] += j.c[i];
  }
  free_job(&j);
  if (status) return status;
  const int follows = fabs(mean[1]) < 0.5 * fabs(mean[0]);
  if (follows && !p->sheet.adc_bits)
    return pl_fail(err, PL_E_INPUT, "the data sheet names no ADC, but results follow the range of the job");
  if (!follows && p->sheet.adc_bits)
    return pl_fail(err, PL_E_INPUT, "the data sheet names an ADC of %d bits, but results do not follow the range of the "
                   "job", p->sheet.adc_bits);
  return PL_OK;
}
