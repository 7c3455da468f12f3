/* test_model_support.h: what the tests of the golden model share: a seeded generator of their own, random register
 * settings in which few reads saturate, and the running of a suite.
 *
 * PL_TEST_SEED=N changes the seed of the randomised tests; they print it.
 */
#ifndef TEST_MODEL_SUPPORT_H
#define TEST_MODEL_SUPPORT_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

/* Of kind coherent, and of kind intensity. */
enum {
  ALL_EFFECTS = 1023 | PL_EFFECT_CROSSTALK,
  INTENSITY_EFFECTS = PL_EFFECT_DAC_A | PL_EFFECT_DAC_B | PL_EFFECT_TRANSFER_A | PL_EFFECT_TRANSFER_B | PL_EFFECT_GAIN |
                      PL_EFFECT_SHOT | PL_EFFECT_SYSTEMATIC | PL_EFFECT_THERMAL | PL_EFFECT_ADC | PL_EFFECT_PHOTONS,
};

/* splitmix64: not the generator under test. */
static inline uint64_t draw64(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

/* Uniform in low..high, both included. */
static inline int64_t draw_in(uint64_t *state, int64_t low, int64_t high) {
  return low + (int64_t)(draw64(state) % (uint64_t)(high - low + 1));
}

static inline uint64_t test_seed(const char *what) {
  const char *text = getenv("PL_TEST_SEED");
  const uint64_t seed = text ? strtoull(text, NULL, 0) : 20240607;
  printf("%s: PL_TEST_SEED=%llu\n", what, (unsigned long long)seed);
  fflush(stdout); /* before Check forks */
  return seed;
}

static inline void draw_codes(uint64_t *state, int8_t *codes, int64_t count) {
  for (int64_t i = 0; i < count; i++) codes[i] = (int8_t)draw_in(state, -128, 127);
}

/* Random registers: all effects of `effects` on, moderate noise, and an ADC in whose range most reads lie. */
static inline pl_model_regs draw_regs(uint64_t *state, uint32_t effects) {
  pl_model_regs r = {.effects = effects, .seed = (uint32_t)draw64(state), .job = (uint32_t)draw64(state)};
  r.channels = (int)draw_in(state, 1, draw_in(state, 0, 3) ? 40 : 300);
  r.wavelengths = (int)draw_in(state, 1, 32);
  r.dac_bits_a = (int)draw_in(state, 2, 8);
  r.dac_bits_b = (int)draw_in(state, 2, 8);
  r.enc_sigma_a = (uint32_t)draw_in(state, 0, 65535);
  r.enc_sigma_b = (uint32_t)draw_in(state, 0, 65535);
  r.phase_loss = (uint32_t)draw_in(state, 0, 1048575);
  r.phase_gain = (uint32_t)draw_in(state, 0, 65535);
  r.phase_shift = (int)draw_in(state, 10, 20);
  r.output_sigma = (uint32_t)draw_in(state, 0, 20000);
  r.shot_gain = (uint32_t)draw_in(state, 0, 65535);
  r.shot_shift = (int)draw_in(state, 6, 16);
  r.thermal_var = (uint32_t)draw_in(state, 0, 1 << draw_in(state, 0, 24));
  r.sigma_exp = (int)draw_in(state, 0, 5);
  r.adc_bits = (int)draw_in(state, 12, 16);
  r.adc_gain = (uint32_t)draw_in(state, 32768, 65535);
  /* 16 bits of gain and about 16 + log2(channels)/2 bits of detector value become adc_bits - 2 bits of code */
  r.adc_shift = 16 + 16 - (r.adc_bits - 2);
  for (int c = r.channels; c > 1; c /= 4) r.adc_shift++;
  r.adc_offset = (int32_t)draw_in(state, -100000, 100000);
  r.row0 = (uint32_t)draw_in(state, 0, 1 << 20);
  r.col0 = (uint32_t)draw_in(state, 0, 1 << 16);
  r.sum0 = (uint32_t)draw_in(state, 0, 1000);
  r.rows = (int)draw_in(state, 1, 6);
  r.cols = (int)draw_in(state, 1, 12);
  r.depth = (int)draw_in(state, 1, 3 * r.channels + 5);
  for (int i = 0; i < 32; i++) r.dispersion[i] = (int16_t)draw_in(state, -16384, 16384);
  r.crosstalk = (uint32_t)draw_in(state, 0, 16384);
  return r;
}

/* The same for a core of kind intensity: rising transfer tables with a floor, or random ones. */
static inline pl_model_regs draw_intensity(uint64_t *state, uint32_t effects) {
  pl_model_regs r = draw_regs(state, effects);
  r.kind = PL_KIND_INTENSITY;
  r.crosstalk = 0;
  r.systematic_var = (uint32_t)draw_in(state, 0, 1 << draw_in(state, 0, 24));
  r.photon_gain = (uint32_t)draw_in(state, 32768, 65535);
  r.photon_shift = (int)draw_in(state, 12, 26);                  /* 16 channels: 0.1 to 1000 photons */
  r.photon_step = (uint32_t)draw_in(state, 32768, 65535);
  r.photon_step_shift = 37 - r.photon_shift + (int)draw_in(state, 0, 2);
  for (int which = 0; which < 2; which++) {
    const int floor = (int)draw_in(state, 0, 200), wild = draw_in(state, 0, 3) == 0;
    for (int i = 0; i < 128; i++)
      r.transfer[which][i] =
          (uint16_t)(wild ? draw_in(state, 0, 4095) : floor + draw_in(state, 12, 16) * i + draw_in(state, 0, 8));
  }
  return r;
}

/* The kinds whose registers are drawn here. */
typedef struct {
  pl_model_regs (*draw)(uint64_t *state, uint32_t effects);
  uint32_t effects; /* all of the kind */
} drawn_kind;
enum { DRAWN_KINDS = 2 };
static const drawn_kind drawn_kinds[DRAWN_KINDS] = {{draw_regs, ALL_EFFECTS}, {draw_intensity, INTENSITY_EFFECTS}};

/* A job: registers, operands without padding, room for the result. */
typedef struct {
  pl_model_regs r;
  int8_t *a, *b;
  int32_t *c;
} model_job;

static inline model_job job_new(uint64_t *state, pl_model_regs r) {
  model_job job = {.r = r};
  job.a = malloc((size_t)r.rows * (size_t)r.depth);
  job.b = malloc((size_t)r.cols * (size_t)r.depth);
  job.c = malloc((size_t)r.rows * (size_t)r.cols * sizeof *job.c);
  ck_assert(job.a && job.b && job.c);
  draw_codes(state, job.a, (int64_t)r.rows * r.depth);
  draw_codes(state, job.b, (int64_t)r.cols * r.depth);
  return job;
}

static inline void job_free(model_job *job) {
  free(job->a);
  free(job->b);
  free(job->c);
}

static inline int64_t job_run(model_job *job) {
  return pl_model_gemm(&job->r, job->a, job->r.depth, job->b, job->r.depth, job->c, job->r.cols, NULL);
}

static inline int run_suite(const char *name, void (*fill)(TCase *)) {
  Suite *suite = suite_create(name);
  TCase *tests = tcase_create(name);
  tcase_set_timeout(tests, 120);
  fill(tests);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}

#endif
