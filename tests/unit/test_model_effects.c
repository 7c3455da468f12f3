/* test_model_effects.c: single effects of the golden model: each changes what it may change, no more; encoding noise is
 * drawn once per encoding. Kinds coherent and intensity. */
#include "test_model_support.h"

/* How many of the outputs differ when only `registers` differ. */
static int differing(const model_job *job, const pl_model_regs *registers) {
  model_job other = *job;
  const int count = job->r.rows * job->r.cols;
  other.r = *registers;
  other.c = malloc((size_t)count * sizeof *other.c);
  job_run(&other);
  int differ = 0;
  for (int i = 0; i < count; i++) differ += other.c[i] != job->c[i];
  free(other.c);
  return differ;
}

enum { ROWS = 5, COLUMNS = 40 }; /* 200 outputs */

/* Registers that make every effect visible in most outputs. */
static pl_model_regs visible(uint64_t *state, int kind) {
  pl_model_regs r = drawn_kinds[kind].draw(state, 0);
  r.channels = 16;
  r.wavelengths = 7;
  r.rows = ROWS;
  r.cols = COLUMNS;
  r.depth = 40;
  r.dac_bits_a = r.dac_bits_b = 5;
  r.enc_sigma_a = r.enc_sigma_b = 10000;
  r.crosstalk = 3000;
  r.phase_loss = 200000;
  r.phase_gain = 40000;
  r.phase_shift = 12;
  r.output_sigma = 5000;
  r.shot_gain = 50000;
  r.shot_shift = 4;
  r.systematic_var = 700000;
  r.thermal_var = 1000000;
  r.sigma_exp = 3;
  r.photon_gain = 50000;
  r.photon_shift = 20;
  r.photon_step = 40000;
  r.photon_step_shift = 17;
  r.adc_bits = 12;
  r.adc_gain = 50000;
  r.adc_shift = 23;
  r.adc_offset = 500;
  for (int i = 0; i < 128; i++) {
    r.transfer[0][i] = (uint16_t)(60 + 14 * i);
    r.transfer[1][i] = (uint16_t)(30 + 17 * i);
  }
  return r;
}

/* Each effect alone changes most outputs, and only by its own registers: with the effect off they do nothing. */
static void each_alone(const char *name, int kind) {
  uint64_t state = test_seed(name);
  const pl_model_regs r = visible(&state, kind);
  const uint32_t effects = drawn_kinds[kind].effects;
  model_job job = job_new(&state, r);
  job_run(&job); /* exact */
  for (uint32_t rest = effects; rest; rest &= rest - 1) {
    pl_model_regs on = r;
    on.effects = rest & -rest;
    const int differ = differing(&job, &on);
    ck_assert_msg(differ > 180, "effect %05x changed %d of 200 outputs", on.effects, differ);
  }
  struct { uint32_t users; const char *name; pl_model_regs changed; } registers[32];
  int count = 0;
#define REGISTER(effects_that_use_it, field, value) \
  registers[count].users = (effects_that_use_it), registers[count].name = #field, registers[count].changed = r, \
  registers[count++].changed.field = (value)
  const uint32_t receiver = PL_EFFECT_PHASE | PL_EFFECT_SHOT | PL_EFFECT_SYSTEMATIC | PL_EFFECT_THERMAL;
  const uint32_t drawing = PL_EFFECT_ENC_A | PL_EFFECT_ENC_B | PL_EFFECT_OUTPUT | PL_EFFECT_PHOTONS |
                           receiver;
  REGISTER(drawing, seed, r.seed ^ 1);
  REGISTER(drawing, job, r.job ^ 1);
  REGISTER(PL_EFFECT_DAC_A, dac_bits_a, 3);
  REGISTER(PL_EFFECT_DAC_B, dac_bits_b, 3);
  REGISTER(PL_EFFECT_ENC_A, enc_sigma_a, 20000);
  REGISTER(PL_EFFECT_ENC_B, enc_sigma_b, 20000);
  REGISTER(PL_EFFECT_CROSSTALK, crosstalk, 5000);
  REGISTER(PL_EFFECT_DISPERSION | PL_EFFECT_CROSSTALK | PL_EFFECT_GAIN, wavelengths, 6);
  REGISTER(PL_EFFECT_DISPERSION | PL_EFFECT_GAIN, dispersion[3], (int16_t)(r.dispersion[3] ^ 0x3fff));
  REGISTER(PL_EFFECT_PHASE, phase_loss, 400000);
  REGISTER(PL_EFFECT_PHASE, phase_gain, 20000);
  REGISTER(PL_EFFECT_PHASE, phase_shift, 10);
  REGISTER(PL_EFFECT_OUTPUT, output_sigma, 9000);
  REGISTER(PL_EFFECT_SHOT, shot_gain, 20000);
  REGISTER(PL_EFFECT_SHOT, shot_shift, 2);
  REGISTER(PL_EFFECT_SYSTEMATIC, systematic_var, 3000000);
  REGISTER(PL_EFFECT_THERMAL, thermal_var, 4000000);
  REGISTER(receiver, sigma_exp, 4);
  REGISTER(PL_EFFECT_PHOTONS, photon_gain, 30000);
  REGISTER(PL_EFFECT_PHOTONS, photon_shift, 18);
  REGISTER(PL_EFFECT_PHOTONS, photon_step, 30000);
  REGISTER(PL_EFFECT_PHOTONS, photon_step_shift, 16);
  REGISTER(PL_EFFECT_TRANSFER_A, transfer[0][0], 90);
  REGISTER(PL_EFFECT_TRANSFER_B, transfer[1][0], 90);
  REGISTER(PL_EFFECT_ADC, adc_gain, 40000);
  REGISTER(PL_EFFECT_ADC, adc_bits, 5);
  REGISTER(PL_EFFECT_ADC, adc_shift, 21);
  REGISTER(PL_EFFECT_ADC, adc_offset, 90000);
#undef REGISTER
  for (int i = 0; i < count; i++)
    for (uint32_t rest = effects; rest; rest &= rest - 1) {
      job.r.effects = registers[i].changed.effects = rest & -rest;
      job_run(&job);
      const int differ = differing(&job, &registers[i].changed), used = (registers[i].users & rest & -rest) != 0;
      ck_assert_msg(used ? differ > 20 : differ == 0, "register %s with effect %05x changed %d of 200 outputs",
                    registers[i].name, rest & -rest, differ);
    }
  job_free(&job);
}

START_TEST(each_effect_of_coherent) { each_alone("each_effect_of_coherent", 0); }
END_TEST

START_TEST(each_effect_of_intensity) { each_alone("each_effect_of_intensity", 1); }
END_TEST

/* An element's noise is drawn once per encoding: all columns see the same A, all rows the same B. */
START_TEST(one_draw_per_encoding) {
  uint64_t state = test_seed("one_draw_per_encoding");
  pl_model_regs r = draw_regs(&state, PL_EFFECT_ENC_A);
  r.rows = 6;
  r.cols = 9;
  r.depth = r.channels = 8;
  r.enc_sigma_a = r.enc_sigma_b = 30000;
  model_job job = job_new(&state, r);
  for (int n = 1; n < r.cols; n++) memcpy(job.b + n * r.depth, job.b, (size_t)r.depth);
  for (int m = 1; m < r.rows; m++) memcpy(job.a + m * r.depth, job.a, (size_t)r.depth);
  job_run(&job);
  int rows_differ = 0, columns_differ = 0;
  for (int i = 0; i < r.rows * r.cols; i++) {
    ck_assert_int_eq(job.c[i], job.c[i / r.cols * r.cols]);
    rows_differ += job.c[i] != job.c[0];
  }
  job.r.effects = PL_EFFECT_ENC_B;
  job_run(&job);
  for (int i = 0; i < r.rows * r.cols; i++) {
    ck_assert_int_eq(job.c[i], job.c[i % r.cols]);
    columns_differ += job.c[i] != job.c[0];
  }
  ck_assert_int_gt(rows_differ, 20);
  ck_assert_int_gt(columns_differ, 20);
  job_free(&job);
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_test(tests, each_effect_of_coherent);
  tcase_add_test(tests, each_effect_of_intensity);
  tcase_add_test(tests, one_draw_per_encoding);
}

int main(void) { return run_suite("model_effects", fill); }
