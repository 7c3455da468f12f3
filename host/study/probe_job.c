/* probe_job.c: see probe_job.h; and what a prober is (probe.h). */
#include "study/probe_job.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PILOT = 16, RANGINGS = 16 };

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
                .adc_step = ldexp(1, (int)reg[PL_REG_ADC_SHIFT] - 14) / reg[PL_REG_ADC_GAIN],
                .range_check = (effects & PL_EFFECT_RANGE_CHECK) != 0,
                .range_limit = (int32_t)reg[PL_REG_RANGE_LIMIT]};
  return s;
}

void pl_prober_init(pl_prober *p, pl_device *dev, pl_sheet sheet, int64_t reads, uint32_t seed) {
  memset(p, 0, sizeof *p);
  p->dev = dev;
  p->sheet = sheet;
  p->length = sheet.channels;
  p->grain = 0.25;
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

void pl_probe_free(pl_probe_job *j) {
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

static uint32_t mean_light(const pl_probe_job *j) {
  double sum = 0;
  for (int i = 0; i < j->a_patterns; i++)
    for (int l = 0; l < j->b_patterns; l++)
      for (int k = 0; k < j->k; k++) sum += abs(j->a[(size_t)i * j->k + k] * j->b[(size_t)l * j->k + k]);
  return (uint32_t)fmax(1, round(sum / j->a_patterns / j->b_patterns)); /* 0 would mean: none given */
}

pl_status pl_probe_make(const pl_prober *p, const int8_t *a, int a_patterns, const int8_t *b, int b_patterns, int m,
                        int n, pl_probe_job *j, pl_error *err) {
  const int k = p->length;
  *j = (pl_probe_job){.m = m, .n = n, .k = k, .a_patterns = a_patterns, .b_patterns = b_patterns};
  j->a = repeat(a, a_patterns, m, k);
  j->b = repeat(b, b_patterns, n, k);
  j->c = malloc((size_t)m * (size_t)n * sizeof *j->c);
  if (j->a && j->b && j->c) {
    j->range.mean_light = mean_light(j);
    return PL_OK;
  }
  pl_probe_free(j);
  return pl_fail(err, PL_E_MEMORY, "out of memory for a probe of %d x %d reads: use fewer", m, n);
}

pl_status pl_probe_run(pl_prober *p, pl_probe_job *j, pl_error *err) {
  const pl_job job = {.job = p->job++, .m = j->m, .n = j->n, .k = j->k, .a = j->a, .lda = j->k, .b = j->b, .ldb = j->k,
                      .c = j->c, .ldc = j->n, .range = j->range};
  pl_status status = pl_gemm(p->dev, &job, err);
  p->done += (uint64_t)j->m * (uint64_t)j->n;
  if (!status && p->progress) p->progress(p->self, p->done);
  return status;
}

static int is_clipped(const pl_prober *p, const pl_probe_job *j) {
  const int32_t top = has_ranges(p) ? 1 << (p->sheet.adc_bits - 1) : 0;
  if (!top) return 0;
  for (int64_t i = 0; i < (int64_t)j->m * j->n; i++)
    if (j->c[i] >= top - 1 || j->c[i] <= -top) return 1;
  return 0;
}

static void set_range(const pl_prober *p, pl_probe_job *j, double full_scale) {
  const uint32_t light = j->range.mean_light;
  j->range = has_ranges(p) ? pl_range_for(full_scale, p->sheet.adc_bits) : (pl_range){0};
  j->range.mean_light = light;
  j->step = step_of(p, j->range);
}

/* ---- Gain control ---- */

/* What the outputs of a pilot job ask for: the largest one and the largest spread among equal vectors, in codes. */
static void largest_and_spread(const pl_probe_job *j, double *largest, double *spread) {
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

/* The sum of all products at -128, and half as much again. */
double pl_probe_widest(const pl_prober *p) {
  return 1.5 * 128 * 128 * p->length;
}

pl_status pl_probe_range(pl_prober *p, const int8_t *a, int a_patterns, const int8_t *b, int b_patterns, uint32_t light,
                         double *full_scale, pl_error *err) {
  *full_scale = pl_probe_widest(p);
  if (!has_ranges(p)) return PL_OK;
  pl_probe_job j;
  const int rows = a_patterns * ((PILOT + a_patterns - 1) / a_patterns);
  const int columns = b_patterns * ((PILOT + b_patterns - 1) / b_patterns);
  pl_status status = pl_probe_make(p, a, a_patterns, b, b_patterns, rows, columns, &j, err);
  if (status) return status;
  j.range.mean_light = light;
  const double least = ldexp(1, p->sheet.adc_bits - 4);
  for (int i = 0; i < RANGINGS; i++) {
    set_range(p, &j, *full_scale);
    if ((status = pl_probe_run(p, &j, err))) break;
    if (is_clipped(p, &j)) {
      *full_scale *= 2;
      if (*full_scale > 64 * pl_probe_widest(p)) {
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
  pl_probe_free(&j);
  return status;
}

/* ---- All jobs of a probe ---- */

pl_status pl_probe_all(pl_prober *p, pl_probe_job *j, double full_scale, void (*start)(void *), void (*take)(void *),
                       void *self, pl_error *err) {
  for (int tries = 0;; tries++, full_scale *= 1.5) {
    set_range(p, j, full_scale);
    start(self);
    int clipped = 0;
    for (int i = 0; i < PL_PROBE_JOBS && !clipped; i++) {
      pl_status status = pl_probe_run(p, j, err);
      if (status) return status;
      clipped = is_clipped(p, j);
      if (!clipped) take(self);
    }
    if (!clipped) return PL_OK;
    if (tries == RANGINGS) return pl_fail(err, PL_E_IO, "the device saturates at any range: is it configured?");
  }
}
