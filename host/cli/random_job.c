/* random_job.c: random jobs for `photolane verify`; see random_job.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/random_job.h"

enum { PRODUCTS = 30000, DEPTH = 700, SIDE = 60, DEPTH_LIMIT = 65536 };
enum { ENDS = 3 }; /* kind of operand: codes -128 and 127 only */

/* ---- Draws ---- */

uint64_t random_next(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static uint64_t below(uint64_t *rng, uint64_t end) { return random_next(rng) % end; }
static int one_in(uint64_t *rng, int n) { return below(rng, (uint64_t)n) == 0; }
static int between(uint64_t *rng, int low, int high) { return low + (int)below(rng, (uint64_t)(high - low + 1)); }
static double real(uint64_t *rng) { return (double)(random_next(rng) >> 11) * 0x1p-53; }

/* 1..max, as often in 1..10 as in 10..100. */
static int log_between(uint64_t *rng, int max) {
  int value = (int)exp(real(rng) * log((double)max + 1));
  return value < 1 ? 1 : value > max ? max : value;
}

/* `bits` random bits, shifted down by up to `down`: values of every size. */
static uint32_t word(uint64_t *rng, int bits, int down) {
  return (uint32_t)(random_next(rng) >> (64 - bits)) >> below(rng, (uint64_t)down + 1);
}

/* ---- Shape ---- */

static int draw_channels(uint64_t *rng) {
  static const int around_widths[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 72, 127, 128, 129};
  if (one_in(rng, 3)) return around_widths[below(rng, sizeof around_widths / sizeof *around_widths)];
  if (one_in(rng, 16)) return 4096 - (int)below(rng, 3);
  if (one_in(rng, 16)) return between(rng, 1, 4);
  return log_between(rng, one_in(rng, 8) ? 4096 : 300);
}

static int draw_depth(uint64_t *rng, int channels) {
  if (channels <= 4 && one_in(rng, 2)) return between(rng, 513, 2500); /* more reads than a small buffer has words */
  int limit = channels > DEPTH / 2 ? channels * 5 / 2 : DEPTH;
  if (one_in(rng, 64)) limit = DEPTH_LIMIT; /* sums up to the end of their coordinate */
  int k = log_between(rng, limit);
  if (one_in(rng, 4)) k = k / channels * channels; /* no tail */
  if (one_in(rng, 8)) k = k / channels * channels + 1;
  return k < 1 ? channels : k;
}

static void draw_shape(uint64_t *rng, int channels, pl_job *job) {
  job->k = draw_depth(rng, channels);
  int outputs = PRODUCTS / job->k;
  job->m = one_in(rng, 8) ? 1 : log_between(rng, SIDE);
  job->n = one_in(rng, 8) ? 1 : log_between(rng, SIDE);
  if (job->m > outputs) job->m = outputs > 1 ? outputs : 1;
  if (job->m * job->n > outputs) job->n = outputs / job->m > 1 ? outputs / job->m : 1;
  job->lda = job->k + (ptrdiff_t)below(rng, 5);
  job->ldb = job->k + (ptrdiff_t)below(rng, 5);
  job->ldc = job->n + (ptrdiff_t)below(rng, 3);
  job->job = (uint32_t)random_next(rng);
  job->row0 = one_in(rng, 2) ? word(rng, 6, 0) : (uint32_t)below(rng, (1u << 24) - (uint64_t)job->m + 1);
  job->col0 = one_in(rng, 2) ? word(rng, 6, 0) : (uint32_t)below(rng, (1u << 20) - (uint64_t)job->n + 1);
}

/* ---- Operands ---- */

static int8_t draw_code(uint64_t *rng, int kind, int size) {
  static const int8_t extremes[] = {-128, -127, 127, 126, 0, 1, -1};
  switch (kind) {
    case 0: return extremes[below(rng, sizeof extremes)];
    case 1: return one_in(rng, 4) ? (int8_t)random_next(rng) : 0;
    case 2: return 0;
    case ENDS: return one_in(rng, 2) ? -128 : 127;
    case 4: return (int8_t)between(rng, -size, size);
    default: return (int8_t)random_next(rng);
  }
}

static void draw_operand(uint64_t *rng, int kind, int8_t *codes, int rows, ptrdiff_t ld) {
  int size = between(rng, 1, 40);
  if (kind == 2 && !one_in(rng, 4)) kind = 5; /* all zeros: seldom */
  for (ptrdiff_t i = 0; i < rows * ld; i++) codes[i] = draw_code(rng, kind, size);
}

/* Rows of B that equal rows of A: the largest sums there are, and no dispersion. */
static void copy_operand(const pl_job *job, const int8_t *a, int8_t *b) {
  for (int j = 0; j < job->n; j++) memcpy(b + j * job->ldb, a + (j % job->m) * job->lda, (size_t)job->k);
}

/* ---- Registers ---- */

/* What the reads of a job look like, code^2: the scale on which noise and ADC ranges make sense. */
typedef struct {
  double product; /* largest |sum of products| of a read */
  double power;   /* largest sum of squared products, code^4 */
  double light;   /* largest sum x^2 + sum w^2 */
} read_scale;

static read_scale measure(const pl_job *job, const int8_t *a, const int8_t *b, int channels) {
  read_scale scale = {0};
  for (int i = 0; i < job->m; i++)
    for (int j = 0; j < job->n; j++)
      for (int k0 = 0; k0 < job->k; k0 += channels) {
        double product = 0, power = 0, light = 0;
        for (int k = k0; k < job->k && k < k0 + channels; k++) {
          double x = a[i * job->lda + k], w = b[j * job->ldb + k];
          product += x * w;
          power += x * x * w * w;
          light += x * x + w * w;
        }
        scale.product = fmax(scale.product, fabs(product));
        scale.power = fmax(scale.power, power);
        scale.light = fmax(scale.light, light);
      }
  return scale;
}

/* gain and shift so that gain * at / 2^shift is about `target`. */
static void draw_factor(uint64_t *rng, double target, double at, uint32_t *gain, uint32_t *shift) {
  double factor = target / fmax(at, 1);
  *shift = 0;
  uint32_t top = one_in(rng, 2) ? 65535 : 1u << between(rng, 4, 15); /* short mantissas too */
  while (*shift < 47 && ldexp(factor, (int)*shift + 1) <= top) ++*shift;
  double scaled = ldexp(factor, (int)*shift);
  *gain = scaled > 65535 ? 65535 : (uint32_t)scaled;
}

/* Receiver noise of a sensible size; returns its sigma in code^2. */
static double draw_receiver(uint64_t *rng, read_scale scale, uint32_t *reg) {
  double sigma = fmax(scale.product, 100) * exp2(-1 - 9 * real(rng)); /* code^2 */
  int e = between(rng, 0, 3);
  while (sigma * 4 / exp2(e) > 40000) e++;
  double variance = pow(sigma * 4 / exp2(e), 2);
  reg[PL_REG_SIGMA_EXP] = (uint32_t)e;
  if (one_in(rng, 8)) { /* the variance saturates */
    reg[PL_REG_THERMAL_VAR] = UINT32_MAX - word(rng, 16, 15);
    reg[PL_REG_SHOT_GAIN] = reg[PL_REG_PHASE_GAIN] = word(rng, 16, 15);
    return 65535 * exp2(e) / 4;
  }
  reg[PL_REG_THERMAL_VAR] = (uint32_t)(variance * real(rng));
  draw_factor(rng, variance * real(rng), scale.power / 256, &reg[PL_REG_PHASE_GAIN], &reg[PL_REG_PHASE_SHIFT]);
  draw_factor(rng, variance * real(rng), scale.light, &reg[PL_REG_SHOT_GAIN], &reg[PL_REG_SHOT_SHIFT]);
  return sigma;
}

static void draw_adc(uint64_t *rng, double reach, int adc_bits, pl_range *range, int32_t *offset) {
  double full_scale = fmax(reach, 4) * (one_in(rng, 6) ? 0.05 + real(rng) : 1.05 + 3 * real(rng));
  *range = pl_range_for(full_scale, adc_bits);
  if (one_in(rng, 4)) range->gain = (uint16_t)(range->gain >> 8 ? range->gain >> 8 << 8 : 1); /* short mantissas */
  *offset = one_in(rng, 3) ? 0 : (int32_t)fmin(1e9, 4 * full_scale * 0.3 * (real(rng) - 0.5));
}

static void draw_full_range(uint64_t *rng, uint32_t *reg, pl_range *range) {
  reg[PL_REG_SIGMA_EXP] = word(rng, 4, 3);
  reg[PL_REG_THERMAL_VAR] = word(rng, 32, 31);
  reg[PL_REG_PHASE_GAIN] = word(rng, 16, 15);
  reg[PL_REG_PHASE_SHIFT] = (uint32_t)below(rng, 48);
  reg[PL_REG_SHOT_GAIN] = word(rng, 16, 15);
  reg[PL_REG_SHOT_SHIFT] = (uint32_t)below(rng, 48);
  reg[PL_REG_ADC_OFFSET] = word(rng, 32, 31);
  *range = (pl_range){.gain = (uint16_t)(1 + below(rng, 65535)), .shift = (uint8_t)between(rng, 1, 47)};
}

static uint32_t draw_effects(uint64_t *rng, verify_level level) {
  const uint32_t converters = PL_EFFECT_DAC_A | PL_EFFECT_DAC_B | PL_EFFECT_ADC;
  if (level == LEVEL_L0) return 0;
  uint32_t mask = level == LEVEL_L1 ? converters : 1023;
  if (one_in(rng, 4)) return mask;                                            /* all on */
  if (one_in(rng, 4)) return mask & (1u << below(rng, 10) | PL_EFFECT_ADC);   /* one alone, and the ADC */
  return mask & (uint32_t)(random_next(rng) | random_next(rng));              /* each with 3/4 */
}

static void draw_registers(uint64_t *rng, verify_level level, read_scale scale, int channels, random_job *r) {
  uint32_t *reg = r->image.reg;
  pl_image_reset(&r->image);
  reg[PL_REG_EFFECTS] = draw_effects(rng, level);
  reg[PL_REG_SEED] = (uint32_t)random_next(rng);
  reg[PL_REG_CHANNELS] = (uint32_t)channels;
  reg[PL_REG_WAVELENGTHS] = (uint32_t)between(rng, 1, 32);
  reg[PL_REG_DAC_BITS_A] = (uint32_t)between(rng, 2, 8);
  reg[PL_REG_DAC_BITS_B] = (uint32_t)between(rng, 2, 8);
  reg[PL_REG_ENC_SIGMA_A] = one_in(rng, 4) ? 65535 : word(rng, 16, 8); /* the most: fields saturate */
  reg[PL_REG_ENC_SIGMA_B] = one_in(rng, 4) ? 65535 : word(rng, 16, 8);
  reg[PL_REG_PHASE_LOSS] = word(rng, 20, 10);
  reg[PL_REG_OUTPUT_SIGMA] = word(rng, 16, 8);
  reg[PL_REG_ADC_BITS] = (uint32_t)(one_in(rng, 2) ? between(rng, 2, 16) : between(rng, 12, 16));
  int down = between(rng, 0, 8);
  for (int i = 0; i < 32; i++) reg[PL_REG_DISPERSION + i] = (uint32_t)(between(rng, -16384, 16384) / (1 << down));

  pl_range range;
  if (one_in(rng, 8)) {
    draw_full_range(rng, reg, &range);
  } else {
    double sigma = draw_receiver(rng, scale, reg);
    uint32_t on = reg[PL_REG_EFFECTS];
    double reach = scale.product * 1.1;
    if (on & (PL_EFFECT_PHASE | PL_EFFECT_SHOT | PL_EFFECT_THERMAL)) reach += 4 * sigma;
    if (on & PL_EFFECT_DISPERSION) reach += scale.light / 4 / (1 << down);
    int32_t offset;
    draw_adc(rng, reach, (int)reg[PL_REG_ADC_BITS], &range, &offset);
    reg[PL_REG_ADC_OFFSET] = (uint32_t)offset;
  }
  if (one_in(rng, 4)) { /* the range from the image, not from the job */
    reg[PL_REG_ADC_GAIN] = range.gain;
    reg[PL_REG_ADC_SHIFT] = range.shift;
  } else {
    r->job.range = range;
  }
}

/* ---- The job ---- */

pl_status random_job_make(uint64_t seed, uint64_t number, verify_level level, random_job *r, pl_error *err) {
  uint64_t rng = seed;
  rng = random_next(&rng) + number * 0xd1342543de82ef95u; /* jobs with neighbouring numbers have nothing in common */
  random_next(&rng);

  memset(r, 0, sizeof *r);
  int channels = draw_channels(&rng);
  pl_job *job = &r->job;
  draw_shape(&rng, channels, job);
  size_t c_size = (size_t)job->m * (size_t)job->ldc;
  r->a = malloc((size_t)job->m * (size_t)job->lda);
  r->b = malloc((size_t)job->n * (size_t)job->ldb);
  r->c = malloc(c_size * sizeof *r->c);
  if (!r->a || !r->b || !r->c) {
    random_job_free(r);
    return pl_fail(err, PL_E_MEMORY, "out of memory for a job of %d x %d x %d", job->m, job->n, job->k);
  }
  int extreme = one_in(&rng, 12); /* all codes at the ends, the most encoding noise, a fine ADC: fields saturate */
  draw_operand(&rng, extreme ? ENDS : between(&rng, 0, 11), r->a, job->m, job->lda);
  draw_operand(&rng, extreme ? ENDS : between(&rng, 0, 11), r->b, job->n, job->ldb);
  if (one_in(&rng, 8)) copy_operand(job, r->a, r->b);
  for (size_t i = 0; i < c_size; i++) r->c[i] = RANDOM_JOB_GUARD;
  job->a = r->a;
  job->b = r->b;
  job->c = r->c;
  draw_registers(&rng, level, measure(job, r->a, r->b, channels), channels, r);
  if (extreme && level == LEVEL_L2) {
    r->image.reg[PL_REG_EFFECTS] |= PL_EFFECT_ENC_A | PL_EFFECT_ENC_B;
    r->image.reg[PL_REG_ENC_SIGMA_A] = r->image.reg[PL_REG_ENC_SIGMA_B] = 65535;
    r->image.reg[PL_REG_ADC_BITS] = 16;
  }
  if (job->m > 1 && one_in(&rng, 4)) {
    r->split = between(&rng, 1, job->m - 1);
    job->b_tag = number + 1;
  }
  return PL_OK;
}

void random_job_free(random_job *r) {
  free(r->a);
  free(r->b);
  free(r->c);
  memset(r, 0, sizeof *r);
}
