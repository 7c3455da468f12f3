/* random_regs.c: see random_regs.h. The sizes of noise and ADC ranges follow what the reads of the job look like. */
#include "cli/random_regs.h"

#include <string.h>

#include "cli/random_draw.h"
#include "device/backend.h"
#include "model/model.h"

#define LSB 0.25 /* code^2 */

/* ---- What all kinds share ---- */

/* gain and shift so that gain * at / 2^shift is about `target`. */
static void draw_factor(uint64_t *rng, double target, double at, uint32_t *gain, uint32_t *shift) {
  double factor = target / fmax(at, 1);
  *shift = 0;
  uint32_t top = one_in(rng, 2) ? 65535 : 1u << between(rng, 4, 15); /* short mantissas too */
  while (*shift < 47 && ldexp(factor, (int)*shift + 1) <= top) ++*shift;
  double scaled = ldexp(factor, (int)*shift);
  *gain = scaled > 65535 ? 65535 : (uint32_t)scaled;
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

/* One of the bits of `mask`. */
static uint32_t draw_bit(uint64_t *rng, uint32_t mask) {
  for (uint64_t skip = below(rng, (uint64_t)__builtin_popcount(mask)); skip; skip--) mask &= mask - 1;
  return mask & -mask;
}

/* Some of the effects of `mask`; one alone comes with those of `always`. */
static uint32_t draw_effects(uint64_t *rng, uint32_t mask, uint32_t always) {
  if (one_in(rng, 4)) return mask;                                          /* all on */
  if (one_in(rng, 4)) return draw_bit(rng, mask) | (mask & always);         /* one alone */
  return mask & (uint32_t)(random_next(rng) | random_next(rng));            /* each with 3/4 */
}

/* In the image or in the job: both must do. */
static void place_range(uint64_t *rng, pl_range range, random_job *r) {
  if (one_in(rng, 4)) { /* the range from the image, not from the job */
    r->image.reg[PL_REG_ADC_GAIN] = range.gain;
    r->image.reg[PL_REG_ADC_SHIFT] = range.shift;
  } else {
    r->job.range.gain = range.gain;
    r->job.range.shift = range.shift;
  }
}

/* The reads of a job without noise and converter, under the registers that are in the image already. */
typedef struct {
  double product; /* largest |y|: Q8; rns: of mantissas */
  double rails;   /* largest R, Q8 */
  double mean;    /* mean of R, Q8 */
} sums_scale;

static sums_scale measure_sums(const random_job *r, uint32_t effects) {
  const pl_job *job = &r->job;
  sums_scale scale = {0};
  pl_image words;
  pl_model_regs regs;
  pl_job_words(&r->image, job, &words);
  pl_model_unpack(&words, &regs);
  regs.effects &= effects;
  const int reads = (job->k + regs.channels - 1) / regs.channels;
  for (int i = 0; i < job->m; i++)
    for (int j = 0; j < job->n; j++)
      for (int s = 0; s < reads; s++) {
        const pl_sums sums = pl_model_read(&regs, job->a + i * job->lda, job->b + j * job->ldb, i, j, s).sums;
        scale.product = fmax(scale.product, fabs((double)sums.product));
        scale.rails = fmax(scale.rails, (double)sums.rails);
        scale.mean += (double)sums.rails / job->m / job->n / reads;
      }
  return scale;
}

/* ---- coherent ---- */

/* What the reads of a job look like, code^2: the scale on which noise and ADC ranges make sense. */
typedef struct {
  double product; /* largest |sum of products| of a read */
  double power;   /* largest sum of squared products, code^4 */
  double light;   /* largest sum x^2 + sum w^2 */
} read_scale;

static read_scale measure(const pl_job *job, int channels) {
  read_scale scale = {0};
  for (int i = 0; i < job->m; i++)
    for (int j = 0; j < job->n; j++)
      for (int k0 = 0; k0 < job->k; k0 += channels) {
        double product = 0, power = 0, light = 0;
        for (int k = k0; k < job->k && k < k0 + channels; k++) {
          double x = job->a[i * job->lda + k], w = job->b[j * job->ldb + k];
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

/* Drawn from a stream of its own: crosstalk came last, and the other registers stay what they were. */
static void draw_crosstalk(uint64_t *rng, verify_level level, uint32_t *reg) {
  uint64_t own = *rng ^ 0x6a09e667f3bcc908u;
  reg[PL_REG_CROSSTALK] = one_in(&own, 4) ? 16384 : word(&own, 14, 10);
  if (level != LEVEL_L2 || one_in(&own, 3)) return;
  if (one_in(&own, 12)) reg[PL_REG_EFFECTS] &= PL_EFFECT_ADC; /* crosstalk alone */
  reg[PL_REG_EFFECTS] |= PL_EFFECT_CROSSTALK;
}

static void draw_coherent(uint64_t *rng, verify_level level, int extreme, random_job *r) {
  const uint32_t converters = PL_EFFECT_DAC_A | PL_EFFECT_DAC_B | PL_EFFECT_ADC;
  uint32_t *reg = r->image.reg;
  const read_scale scale = measure(&r->job, (int)reg[PL_REG_CHANNELS]);
  reg[PL_REG_EFFECTS] = level == LEVEL_L0 ? 0 : draw_effects(rng, level == LEVEL_L1 ? converters : 1023, PL_EFFECT_ADC);
  reg[PL_REG_SEED] = (uint32_t)random_next(rng);
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
  draw_crosstalk(rng, level, reg);

  pl_range range;
  if (one_in(rng, 8)) {
    draw_full_range(rng, reg, &range);
  } else {
    double sigma = draw_receiver(rng, scale, reg);
    uint32_t on = reg[PL_REG_EFFECTS];
    double reach = scale.product * 1.1;
    if (on & PL_EFFECT_CROSSTALK) reach *= pow(1 + reg[PL_REG_CROSSTALK] / 32768.0, 2);
    if (on & (PL_EFFECT_PHASE | PL_EFFECT_SHOT | PL_EFFECT_THERMAL)) reach += 4 * sigma;
    if (on & PL_EFFECT_DISPERSION) reach += scale.light / 4 / (1 << down);
    int32_t offset;
    draw_adc(rng, reach, (int)reg[PL_REG_ADC_BITS], &range, &offset);
    reg[PL_REG_ADC_OFFSET] = (uint32_t)offset;
  }
  place_range(rng, range, r);
  if (extreme && level == LEVEL_L2) { /* the most encoding noise, a fine ADC: fields saturate */
    reg[PL_REG_EFFECTS] |= PL_EFFECT_ENC_A | PL_EFFECT_ENC_B;
    reg[PL_REG_ENC_SIGMA_A] = reg[PL_REG_ENC_SIGMA_B] = 65535;
    reg[PL_REG_ADC_BITS] = 16;
  }
}

/* ---- intensity ---- */

/* A transfer table. Mostly a rising one with a floor: a modulator; else any, or one of the ends. */
static void draw_transfer(uint64_t *rng, int extreme, uint32_t table[128]) {
  const int shape = extreme ? 2 + (int)below(rng, 2) : one_in(rng, 4) ? between(rng, 1, 4) : 0;
  const double floor = one_in(rng, 3) ? 0 : 400 * real(rng), top = one_in(rng, 2) ? 2032 : 600 + 3495 * real(rng);
  const double power = one_in(rng, 2) ? 1 : exp2(2 * real(rng) - 1);
  for (int i = 0; i < 128; i++)
    switch (shape) {
      case 0: table[i] = (uint32_t)(floor + (top - fmin(floor, top)) * pow(i / 127.0, power)); break;
      case 1: table[i] = word(rng, 12, 6); break;            /* no curve at all */
      case 2: table[i] = i ? 4095 : 0; break;                /* the largest fields */
      case 3: table[i] = 4095; break;                        /* no contrast, the most light */
      default: table[i] = i ? (uint32_t)below(rng, 4096) : 4095; /* lit below dark: the field's sign turns */
    }
  for (int i = 0; i < 128; i++)
    if (table[i] > 4095) table[i] = 4095;
}

/* Shot, systematic and thermal noise of a sensible size; returns the sigma of all three in code^2. */
static double draw_intensity_noise(uint64_t *rng, sums_scale scale, random_job *r) {
  uint32_t *reg = r->image.reg;
  const double sigma = fmax(scale.product / 256, 100) * exp2(-1 - 9 * real(rng)); /* code^2 */
  int e = between(rng, 0, 3);
  while (sigma / LSB / exp2(e) > 40000) e++;
  const double variance = pow(sigma / LSB / exp2(e), 2);
  reg[PL_REG_SIGMA_EXP] = (uint32_t)e;
  reg[PL_REG_THERMAL_VAR] = one_in(rng, 12) ? UINT32_MAX - word(rng, 16, 15) : (uint32_t)(variance * real(rng));
  draw_factor(rng, variance * real(rng), scale.rails / 64, &reg[PL_REG_SHOT_GAIN], &reg[PL_REG_SHOT_SHIFT]);
  reg[PL_REG_SYSTEMATIC_VAR] = one_in(rng, 12) ? UINT32_MAX - word(rng, 16, 15) : (uint32_t)(variance * real(rng));
  if (!one_in(rng, 3)) { /* from the mean light, which is off by a little or a lot */
    const double mean = fmin(UINT32_MAX, scale.mean / 256 * (one_in(rng, 4) ? 3 * real(rng) : 1));
    r->job.range.mean_light = (uint32_t)mean;
    reg[PL_REG_SYSTEMATIC_SIGMA] = (uint32_t)fmin(65535, 65536 * sigma * real(rng) / fmax(mean, 1));
  }
  pl_image words;
  pl_job_words(&r->image, &r->job, &words);
  return sqrt(2 * variance + words.reg[PL_REG_SYSTEMATIC_VAR]) * exp2(e) * LSB;
}

/* Photons in the brightest read: mostly few, 0.01 to 1000, else up to what a counter can hold. Returns the sigma of the
 * counts' difference in code^2. */
static double draw_photons(uint64_t *rng, sums_scale scale, uint32_t *reg) {
  const double photons = one_in(rng, 4) ? exp2(10 + 11 * real(rng)) : pow(10, 5 * real(rng) - 2);
  const double rails = fmax(scale.rails, 1), per_photon = rails / 256 / photons; /* code^2 */
  draw_factor(rng, 65536 * photons, rails, &reg[PL_REG_PHOTON_GAIN], &reg[PL_REG_PHOTON_SHIFT]);
  draw_factor(rng, per_photon / LSB / 65536, 1, &reg[PL_REG_PHOTON_STEP], &reg[PL_REG_PHOTON_STEP_SHIFT]);
  return sqrt(photons + 1) * per_photon;
}

static void draw_intensity(uint64_t *rng, verify_level level, int extreme, random_job *r) {
  const uint32_t converters = PL_EFFECT_DAC_A | PL_EFFECT_DAC_B | PL_EFFECT_ADC;
  const uint32_t noise = PL_EFFECT_SHOT | PL_EFFECT_SYSTEMATIC | PL_EFFECT_THERMAL;
  const uint32_t mask = level == LEVEL_L1 ? converters : pl_kind_effects(PL_KIND_INTENSITY);
  uint32_t *reg = r->image.reg;
  reg[PL_REG_EFFECTS] = level == LEVEL_L0 ? 0 : draw_effects(rng, mask, PL_EFFECT_ADC);
  reg[PL_REG_SEED] = (uint32_t)random_next(rng);
  reg[PL_REG_WAVELENGTHS] = (uint32_t)between(rng, 1, 32);
  reg[PL_REG_DAC_BITS_A] = (uint32_t)between(rng, 2, 8);
  reg[PL_REG_DAC_BITS_B] = (uint32_t)between(rng, 2, 8);
  reg[PL_REG_ADC_BITS] = (uint32_t)(one_in(rng, 2) ? between(rng, 2, 16) : between(rng, 12, 16));
  draw_transfer(rng, extreme, reg + PL_REG_TRANSFER_A);
  draw_transfer(rng, extreme, reg + PL_REG_TRANSFER_B);
  const int down = between(rng, 0, 8);
  for (int i = 0; i < 32; i++) reg[PL_REG_DISPERSION + i] = (uint32_t)(between(rng, -16384, 16384) / (1 << down));

  const sums_scale scale = measure_sums(r, ~(noise | PL_EFFECT_PHOTONS | PL_EFFECT_ADC));
  pl_range range;
  if (one_in(rng, 8)) {
    draw_full_range(rng, reg, &range);
    reg[PL_REG_SYSTEMATIC_VAR] = word(rng, 32, 31);
    reg[PL_REG_SYSTEMATIC_SIGMA] = word(rng, 16, 15);
    reg[PL_REG_PHOTON_GAIN] = word(rng, 16, 15);
    reg[PL_REG_PHOTON_SHIFT] = (uint32_t)below(rng, 48);
    reg[PL_REG_PHOTON_STEP] = word(rng, 16, 15);
    reg[PL_REG_PHOTON_STEP_SHIFT] = (uint32_t)below(rng, 48);
    r->job.range.mean_light = one_in(rng, 2) ? 0 : word(rng, 32, 31);
  } else {
    const double sigma = draw_intensity_noise(rng, scale, r), counts = draw_photons(rng, scale, reg);
    double reach = scale.product / 256 * 1.05;
    if (reg[PL_REG_EFFECTS] & noise) reach += 4 * sigma;
    if (reg[PL_REG_EFFECTS] & PL_EFFECT_PHOTONS) reach += 3 * counts;
    int32_t offset;
    draw_adc(rng, reach, (int)reg[PL_REG_ADC_BITS], &range, &offset);
    reg[PL_REG_ADC_OFFSET] = (uint32_t)offset;
  }
  place_range(rng, range, r);
}

/* ---- rns ---- */

/* Largest sum that the base moduli hold: (M - 1) / 2, M = (2^k - 1) 2^k (2^k + 1). */
static double reach_of(int k) { return floor((exp2(k) - 1) * exp2(k) * (exp2(k) + 1) / 2 - 0.5); }

/* Noise of the levels of every modulus, and of I and Q: mostly few residues are wrong, seldom one in three. */
static void draw_levels(uint64_t *rng, int k, uint32_t *reg) {
  const double common = exp2(0.5 + 1.5 * real(rng)); /* half a level in sigmas: 1.4..4 */
  for (int i = 0; i < 5; i++) {
    const double half = ldexp(1, 19 - k), sigmas = one_in(rng, 4) ? 1 + 5 * real(rng) : common;
    reg[PL_REG_LEVEL_SIGMA + i] = one_in(rng, 8) ? 0 : (uint32_t)fmin(65535, half / sigmas);
  }
  /* a sigma of 2^-18 of the amplitude is 4 / 2 pi of 2^-20 turn */
  reg[PL_REG_IQ_SIGMA] = (uint32_t)fmin(65535, ldexp(1, 19 - k) / (1.5 + 3.5 * real(rng)) * 3.14159265 / 2);
}

static void draw_rns(uint64_t *rng, verify_level level, int extreme, random_job *r) {
  const uint32_t converters = PL_EFFECT_RESIDUES | PL_EFFECT_BFP | PL_EFFECT_ADC;
  const uint32_t mask = level == LEVEL_L1 ? converters : pl_kind_effects(PL_KIND_RNS);
  uint32_t *reg = r->image.reg;
  if (level != LEVEL_L0) {
    reg[PL_REG_EFFECTS] = draw_effects(rng, mask, PL_EFFECT_RESIDUES);
    if (!one_in(rng, 8)) reg[PL_REG_EFFECTS] |= PL_EFFECT_RESIDUES;
  }
  reg[PL_REG_SEED] = (uint32_t)random_next(rng);
  reg[PL_REG_BFP_BITS] = (uint32_t)(one_in(rng, 2) ? between(rng, 3, 5) : between(rng, 1, 8));

  const double sum = measure_sums(r, PL_EFFECT_BFP).product;
  int least = 4;
  while (least < 8 && sum > reach_of(least)) least++;
  const int k = one_in(rng, 8) ? between(rng, 4, 8) : one_in(rng, 2) ? least : between(rng, least, 8);
  reg[PL_REG_RNS_K] = (uint32_t)k;
  reg[PL_REG_REDUNDANT] = (uint32_t)(one_in(rng, 4) ? 0 : between(rng, 1, 2));
  const double limit = one_in(rng, 4) ? sum * real(rng) : one_in(rng, 4) ? sum * 1.5 : reach_of(k);
  reg[PL_REG_RANGE_LIMIT] = one_in(rng, 8) ? 1u << 27 : (uint32_t)fmin(1 << 27, limit);

  const int bits = one_in(rng, 2) ? between(rng, k, k + 4) : between(rng, 4, 16);
  const double part = one_in(rng, 8) ? 0.5 + real(rng) : 0.8 + 0.19 * real(rng); /* of full scale at the amplitude */
  draw_levels(rng, k, reg);
  const int noisy = reg[PL_REG_EFFECTS] & PL_EFFECT_THERMAL && !one_in(rng, 8);
  const double reach = (1 << 14) + (noisy ? 4 * reg[PL_REG_IQ_SIGMA] / 16.0 : 0); /* iq_sigma: 2^-18 of 2^14 */
  reg[PL_REG_ADC_BITS] = (uint32_t)bits;
  draw_factor(rng, part * ((1 << (bits - 1)) - 1), reach, &reg[PL_REG_ADC_GAIN], &reg[PL_REG_ADC_SHIFT]);
  reg[PL_REG_ADC_OFFSET] = one_in(rng, 4) ? (uint32_t)between(rng, -500, 500) : 0;
  if (one_in(rng, 8)) { /* anything */
    for (int i = 0; i < 5; i++) reg[PL_REG_LEVEL_SIGMA + i] = word(rng, 16, 15);
    reg[PL_REG_IQ_SIGMA] = word(rng, 16, 15);
    reg[PL_REG_ADC_OFFSET] = word(rng, 32, 31);
    reg[PL_REG_ADC_GAIN] = (uint32_t)(1 + below(rng, 65535));
    reg[PL_REG_ADC_SHIFT] = (uint32_t)between(rng, 1, 47);
    reg[PL_REG_ADC_BITS] = (uint32_t)between(rng, 2, 16);
  }
  if (extreme) reg[PL_REG_BFP_BITS] = 8;
  if (one_in(rng, 2)) /* of no use to this kind */
    r->job.range = (pl_range){(uint16_t)random_next(rng), (uint8_t)between(rng, 1, 47), (uint32_t)random_next(rng)};
}

void random_regs_draw(uint64_t *rng, uint32_t kind, verify_level level, int extreme, int channels, random_job *r) {
  pl_image_reset(&r->image);
  r->image.reg[PL_REG_KIND] = kind;
  r->image.reg[PL_REG_CHANNELS] = (uint32_t)channels;
  switch (kind) {
    case PL_KIND_INTENSITY: draw_intensity(rng, level, extreme, r); break;
    case PL_KIND_RNS: draw_rns(rng, level, extreme, r); break;
    default: draw_coherent(rng, level, extreme, r);
  }
}
