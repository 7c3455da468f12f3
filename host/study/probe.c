/* probe.c: see probe.h: the moments of what comes back from jobs of repeated vectors (probe_job.h). */
#include "study/probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study/probe_job.h"
#include "study/statistics.h"

enum { PILOT = 16, THIN = 16, SIDE = 128, ROW_END = 1 << 20 };

/* ---- Moments ---- */

/* Detector values that are whole grains fall between the thresholds of the ADC, or the other way round: what is lost
 * is the smaller of the two steps, independently at each multiple of the larger one. */
static void rounding_of_grains(double step, double grain, double variance, double *of_mean, double *of_variance) {
  const double small = fmin(step, grain) / sqrt(12), large = fmax(step, grain), sigma = sqrt(variance);
  *of_mean = small * sqrt(fmax(1, large / (2 * sqrt(M_PI) * sigma)));
  *of_variance = small * sqrt(2 * large * sigma / sqrt(M_PI));
}

void pl_probe_rounding(double step, double grain, double variance, double reads, double *of_mean, double *of_variance) {
  const double q2 = step * step;
  if (!(variance > 0)) {
    const double z = pl_normal_quantile(3.5 / fmax(reads / THIN, 20)); /* rows and columns share: fewer count */
    *of_mean = step / 2;
    *of_variance = q2 / (4 * z * z);
    return;
  }
  const double s2 = variance > q2 / 12 ? variance / q2 - 1.0 / 12 : 0, fades = exp(-2 * M_PI * M_PI * s2);
  double mean_of_grains, variance_of_grains;
  rounding_of_grains(step, grain, variance, &mean_of_grains, &variance_of_grains);
  *of_mean = hypot(step / 2 * fades, mean_of_grains);
  *of_variance = hypot(q2 * (4 * s2 + 1.0 / 6) * fades, variance_of_grains);
}

pl_moments pl_probe_in_grains(const pl_moments *moments, double grain) {
  pl_moments m = *moments;
  const double variance = fmax(m.residual.value, 0) + fmax(m.row.value, 0) + fmax(m.column.value, 0);
  double of_mean, of_variance;
  if (!(variance > 0)) return m;
  rounding_of_grains(m.step, grain, variance, &of_mean, &of_variance);
  m.mean.error = hypot(m.mean.error, of_mean);
  m.row.error = hypot(m.row.error, of_variance);
  m.column.error = hypot(m.column.error, of_variance);
  m.residual.error = hypot(m.residual.error, of_variance);
  return m;
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

static anova analyse(const pl_probe_job *j, double *column_sum) {
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

typedef struct {
  pl_probe_job job;
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
  pl_status status = pl_probe_make(p, a, 1, b, 1, m, n, &r.job, err);
  if (status) return status;
  status = pl_probe_range(p, a, 1, b, 1, r.job.range.mean_light, &full_scale, err);
  r.column_sum = malloc((size_t)n * sizeof *r.column_sum);
  if (!status && !r.column_sum) status = pl_fail(err, PL_E_MEMORY, "out of memory for a probe");
  if (!status) status = pl_probe_all(p, &r.job, full_scale, moments_start, moments_take, &r, err);
  if (!status) {
    /* Noise that a read has of its own spreads its rounding; without it equal rows or columns are rounded alike. */
    const double q = r.job.step, reads = (double)m * n * PL_PROBE_JOBS, rest = r.rest.sum / PL_PROBE_JOBS;
    const double all = rest + fmax(r.row.sum, 0) / PL_PROBE_JOBS + fmax(r.column.sum, 0) / PL_PROBE_JOBS;
    double unused;
    pl_probe_rounding(q, p->grain, all, reads, &of_mean, &unused);
    pl_probe_rounding(q, p->grain, rest, reads, &unused, &of_variance);
    *moments = (pl_moments){.mean = over_jobs(&r.mean, of_mean), .row = over_jobs(&r.row, of_variance),
                            .column = over_jobs(&r.column, of_variance), .residual = over_jobs(&r.rest, of_variance),
                            .step = q, .reads = reads};
    if (rest > 0) moments->residual.value -= q * q / 12;
  }
  free(r.column_sum);
  pl_probe_free(&r.job);
  return status;
}

/* ---- Tables of means ---- */

typedef struct {
  pl_probe_job job;
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
  const pl_probe_job *j = &r->job;
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
  pl_status status = pl_probe_make(p, a, m, b, n, rows, columns, &r.job, err);
  if (status) return status;
  status = pl_probe_range(p, a, m, b, n, r.job.range.mean_light, &full_scale, err);
  r.mean = malloc((size_t)r.cells * sizeof *r.mean);
  r.square = malloc((size_t)r.cells * sizeof *r.square);
  if (!status && (!r.mean || !r.square)) status = pl_fail(err, PL_E_MEMORY, "out of memory for a table of probes");
  if (!status) status = pl_probe_all(p, &r.job, full_scale, table_start, table_take, &r, err);
  for (int i = 0; i < r.cells && !status; i++) {
    const double average = r.mean[i].sum / PL_PROBE_JOBS, q = r.job.step;
    const double variance = r.square[i].sum / PL_PROBE_JOBS - average * average;
    double of_mean, of_variance;
    pl_probe_rounding(q, p->grain, variance > q * q * 1e-9 ? variance : 0,
                      (double)rows * columns / r.cells * PL_PROBE_JOBS, &of_mean, &of_variance);
    mean[i] = over_jobs(&r.mean[i], of_mean);
  }
  free(r.mean);
  free(r.square);
  pl_probe_free(&r.job);
  return status;
}

/* ---- Counts ---- */

pl_status pl_probe_wrong(pl_prober *p, const int8_t *a, int m, const int8_t *b, int n, const int32_t *right,
                         int64_t reads, pl_count *count, pl_error *err) {
  pl_probe_job j;
  pl_counters before, after;
  int rows, columns;
  const int64_t all = reads * m * n, most = (int64_t)SIDE * SIDE;
  table_shape((all < most ? all : most) * PL_PROBE_JOBS, m, n, &rows, &columns);
  pl_status status = pl_probe_make(p, a, m, b, n, rows, columns, &j, err);
  if (status) return status;
  const int64_t of_job = (int64_t)rows * columns, jobs = (all + of_job - 1) / of_job;
  status = pl_get_counters(p->dev, &before, err);
  for (int64_t i = 0; i < jobs && !status; i++) {
    status = pl_probe_run(p, &j, err);
    for (int64_t at = 0; at < of_job && !status; at++)
      count->wrong += j.c[at] != right[at / columns % m * n + at % columns % n];
  }
  if (!status) status = pl_get_counters(p->dev, &after, err);
  if (!status) {
    count->reads += (double)(jobs * of_job);
    count->wrong += (double)(after.corrected - before.corrected);
  }
  pl_probe_free(&j);
  return status;
}

/* ---- The ADC of the data sheet ---- */

pl_status pl_probe_adc(pl_prober *p, const int8_t *a, const int8_t *b, pl_error *err) {
  enum { WIDE, NARROW, RANGES };
  const int bits = p->sheet.adc_bits ? p->sheet.adc_bits : 8;
  const double scale[RANGES] = {[WIDE] = 4 * pl_probe_widest(p), [NARROW] = 1};
  double mean[RANGES] = {0};
  int32_t top = 0;
  pl_probe_job j;
  if (p->sheet.kind == PL_KIND_RNS) return PL_OK; /* jobs have no ranges */
  pl_status status = pl_probe_make(p, a, 1, b, 1, PILOT, PILOT, &j, err);
  if (status) return status;
  for (int range = 0; range < RANGES && !status; range++) {
    j.range.gain = pl_range_for(scale[range], bits).gain;
    j.range.shift = pl_range_for(scale[range], bits).shift;
    status = pl_probe_run(p, &j, err);
    for (int i = 0; i < PILOT * PILOT && !status; i++) {
      mean[range] += j.c[i];
      if (range == NARROW && j.c[i] > top) top = j.c[i];
    }
  }
  pl_probe_free(&j);
  if (status) return status;
  const int follows = fabs(mean[WIDE]) < 0.8 * fabs(mean[NARROW]); /* without an ADC they are equal */
  if (follows && !p->sheet.adc_bits)
    return pl_fail(err, PL_E_INPUT, "the data sheet names no ADC, but results follow the range of the job");
  if (!follows && p->sheet.adc_bits)
    return pl_fail(err, PL_E_INPUT, "the data sheet names an ADC of %d bits, but results do not follow the range of "
                                    "the job", bits);
  if (p->sheet.adc_bits && top != (1 << (bits - 1)) - 1)
    return pl_fail(err, PL_E_INPUT, "the data sheet names an ADC of %d bits, but the largest code is %d", bits,
                   (int)top);
  return PL_OK;
}
