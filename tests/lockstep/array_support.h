/* array_support.h: what the tests straight on an array plug-in share, below the host library: opening a plug-in,
 * the register words of a tile, whether a tile fits, running it, and comparing it with the golden model.
 *
 * Plug-ins are taken from $PHOTOLANE_PLUGINS or build/rtl.
 */
#ifndef ARRAY_SUPPORT_H
#define ARRAY_SUPPORT_H

#include <dlfcn.h>

#include "../unit/test_model_support.h"
#include "photolane/array.h"

/* The functions of one array, "1x2x8" (kind coherent) or "rns-1x2x8"; ends the program if there is none. */
static inline const pl_array_api *open_plugin(const char *name) {
  const char *folder = getenv("PHOTOLANE_PLUGINS");
  char file[1024];
  snprintf(file, sizeof file, "%s/libphotolane-rtl-%s.so", folder ? folder : "build/rtl", name);
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s: run `make rtl` first\n", dlerror());
    exit(1);
  }
  const pl_array_api *(*get)(void);
  *(void **)&get = dlsym(library, PL_ARRAY_SYMBOL);
  const pl_array_api *api = get ? get() : NULL;
  if (!api || api->abi != PL_ARRAY_ABI) {
    fprintf(stderr, "%s is of another version: run `make rtl` again\n", file);
    exit(1);
  }
  return api;
}

/* The words that unpack to `r`. */
static inline pl_image words_of(const pl_model_regs *r) {
  pl_image image;
  pl_image_reset(&image);
  uint32_t *reg = image.reg;
  reg[PL_REG_EFFECTS] = r->effects;
  reg[PL_REG_KIND] = (uint32_t)r->kind;
  reg[PL_REG_SEED] = r->seed;
  reg[PL_REG_JOB] = r->job;
  reg[PL_REG_CHANNELS] = (uint32_t)r->channels;
  reg[PL_REG_WAVELENGTHS] = (uint32_t)r->wavelengths;
  reg[PL_REG_DAC_BITS_A] = (uint32_t)r->dac_bits_a;
  reg[PL_REG_DAC_BITS_B] = (uint32_t)r->dac_bits_b;
  reg[PL_REG_ENC_SIGMA_A] = r->enc_sigma_a;
  reg[PL_REG_ENC_SIGMA_B] = r->enc_sigma_b;
  reg[PL_REG_PHASE_LOSS] = r->phase_loss;
  reg[PL_REG_PHASE_GAIN] = r->phase_gain;
  reg[PL_REG_PHASE_SHIFT] = (uint32_t)r->phase_shift;
  reg[PL_REG_OUTPUT_SIGMA] = r->output_sigma;
  reg[PL_REG_SHOT_GAIN] = r->shot_gain;
  reg[PL_REG_SHOT_SHIFT] = (uint32_t)r->shot_shift;
  reg[PL_REG_THERMAL_VAR] = r->thermal_var;
  reg[PL_REG_SIGMA_EXP] = (uint32_t)r->sigma_exp;
  reg[PL_REG_ADC_BITS] = (uint32_t)r->adc_bits;
  reg[PL_REG_ADC_GAIN] = r->adc_gain;
  reg[PL_REG_ADC_SHIFT] = (uint32_t)r->adc_shift;
  reg[PL_REG_ADC_OFFSET] = (uint32_t)r->adc_offset;
  reg[PL_REG_ROW0] = r->row0;
  reg[PL_REG_COL0] = r->col0;
  reg[PL_REG_SUM0] = r->sum0;
  reg[PL_REG_ROWS] = (uint32_t)r->rows;
  reg[PL_REG_COLS] = (uint32_t)r->cols;
  reg[PL_REG_DEPTH] = (uint32_t)r->depth;
  reg[PL_REG_CROSSTALK] = r->crosstalk;
  reg[PL_REG_SYSTEMATIC_VAR] = r->systematic_var;
  if (r->kind == PL_KIND_RNS) { /* other kinds may leave these 0, which is not in their ranges */
    reg[PL_REG_RNS_K] = (uint32_t)r->rns_k;
    reg[PL_REG_REDUNDANT] = (uint32_t)r->redundant;
    reg[PL_REG_RANGE_LIMIT] = (uint32_t)r->range_limit;
    reg[PL_REG_BFP_BITS] = (uint32_t)r->bfp_bits;
  }
  for (int i = 0; i < 5; i++) reg[PL_REG_LEVEL_SIGMA + i] = r->level_sigma[i];
  reg[PL_REG_IQ_SIGMA] = r->iq_sigma;
  reg[PL_REG_PHOTON_GAIN] = r->photon_gain;
  reg[PL_REG_PHOTON_SHIFT] = (uint32_t)r->photon_shift;
  reg[PL_REG_PHOTON_STEP] = r->photon_step;
  reg[PL_REG_PHOTON_STEP_SHIFT] = (uint32_t)r->photon_step_shift;
  for (int i = 0; i < 32; i++) reg[PL_REG_DISPERSION + i] = (uint32_t)(int32_t)r->dispersion[i];
  for (int i = 0; i < 128; i++) {
    reg[PL_REG_TRANSFER_A + i] = r->transfer[0][i];
    reg[PL_REG_TRANSFER_B + i] = r->transfer[1][i];
  }
  return image;
}

/* Words of an operand buffer that a tile takes, and of the larger of the two. */
static inline int operand_taken(const pl_array_api *api, const pl_model_regs *r, int operand) {
  const int lanes = operand ? api->columns : api->rows, extent = operand ? r->cols : r->rows;
  return (extent + lanes - 1) / lanes * pl_array_group_words(r->depth, r->channels, api->width);
}

static inline int words_taken(const pl_array_api *api, const pl_model_regs *r) {
  const int a = operand_taken(api, r, 0), b = operand_taken(api, r, 1);
  return a > b ? a : b;
}

/* Configures, loads and runs the tile, somewhere in the buffers; the counters are those of this tile alone. Fails the test on an error. */
static inline void run_tile(const pl_array_api *api, pl_array *array, const model_job *job, int32_t *c,
                            pl_counters *counters, const char *what) {
  const pl_model_regs *r = &job->r;
  pl_image image = words_of(r);
  image.reg[PL_REG_A_BASE] = r->seed % (uint32_t)(api->a_words - operand_taken(api, r, 0) + 1);
  image.reg[PL_REG_B_BASE] = r->job % (uint32_t)(api->b_words - operand_taken(api, r, 1) + 1);
  char error[400] = "";
  if (api->configure(array, image.reg, PL_REG_WORDS, error, sizeof error) ||
      api->load(array, 0, job->a, r->depth, r->rows, r->depth, error, sizeof error) ||
      api->load(array, 1, job->b, r->depth, r->cols, r->depth, error, sizeof error) ||
      api->run(array, c, r->cols, error, sizeof error))
    ck_abort_msg("%s: %s", what, error);
  *counters = (pl_counters){0};
  api->counters(array, counters);
}

/* Runs the tile on `array` and compares every output and the counters with the golden model. */
static inline void compare_on(const pl_array_api *api, pl_array *array, model_job *job, const char *what) {
  const pl_model_regs *r = &job->r;
  const int outputs = r->rows * r->cols;
  int32_t *got = calloc((size_t)outputs, sizeof *got);
  ck_assert(got != NULL);
  ck_assert_msg(words_taken(api, r) <= api->a_words, "%s does not fit", what);
  pl_counters counters;
  run_tile(api, array, job, got, &counters, what);
  pl_model_errors errors = {0};
  const int64_t clipped = pl_model_gemm(r, job->a, r->depth, job->b, r->depth, job->c, r->cols, &errors);
  for (int i = 0; i < outputs; i++)
    ck_assert_msg(got[i] == job->c[i], "%s: output %d: expected %d, got %d", what, i, job->c[i], got[i]);
  ck_assert_int_eq((int64_t)counters.clipped, clipped);
  ck_assert_int_eq((int64_t)counters.detected, errors.detected);
  ck_assert_int_eq((int64_t)counters.corrected, errors.corrected);
  ck_assert_int_eq((int64_t)counters.reads, (int64_t)outputs * ((r->depth + r->channels - 1) / r->channels));
  free(got);
}

/* The same on a new array. */
static inline void compare_tile(const pl_array_api *api, model_job *job, const char *what) {
  char error[400] = "";
  pl_array *array = api->create(0, error, sizeof error);
  ck_assert_msg(array != NULL, "%s", error);
  compare_on(api, array, job, what);
  api->destroy(array);
}

#endif
