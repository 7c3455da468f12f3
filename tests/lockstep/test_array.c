/* test_array.c: tiles straight on an array plug-in, below the host library: offsets that pl_gemm never combines (a first
 * sum together with several groups of rows and columns), the registers of one tile after another, refusals.
 *
 * The array is 1x2x8, in $PHOTOLANE_PLUGINS or build/rtl. PL_TEST_SEED=N changes the seed; it is printed.
 */
#include <dlfcn.h>

#include "../unit/golden_file.h"
#include "../unit/test_model_support.h"
#include "photolane/array.h"

static const pl_array_api *api;

static void open_plugin(void) {
  const char *folder = getenv("PHOTOLANE_PLUGINS");
  char file[1024];
  snprintf(file, sizeof file, "%s/libphotolane-rtl-1x2x8.so", folder ? folder : "build/rtl");
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s: run `make rtl` first\n", dlerror());
    exit(1);
  }
  const pl_array_api *(*get)(void);
  *(void **)&get = dlsym(library, PL_ARRAY_SYMBOL);
  api = get ? get() : NULL;
  if (!api || api->abi != PL_ARRAY_ABI) exit(1);
}

/* The words that unpack to `r`. */
static pl_image words_of(const pl_model_regs *r) {
  pl_image image;
  pl_image_reset(&image);
  uint32_t *reg = image.reg;
  reg[PL_REG_EFFECTS] = r->effects;
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
  for (int i = 0; i < 32; i++) reg[PL_REG_DISPERSION + i] = (uint32_t)(int32_t)r->dispersion[i];
  return image;
}

/* Words of the operand buffers that a tile takes, the larger of the two. */
static int words_taken(const pl_model_regs *r) {
  const int reads = (r->depth + r->channels - 1) / r->channels, last = r->depth - (reads - 1) * r->channels;
  const int group = (reads - 1) * ((r->channels + api->width - 1) / api->width) + (last + api->width - 1) / api->width;
  const int a = (r->rows + api->rows - 1) / api->rows * group, b = (r->cols + api->columns - 1) / api->columns * group;
  return a > b ? a : b;
}

START_TEST(random_tiles) {
  uint64_t state = test_seed("random_tiles") + 7;
  char error[400] = "";
  pl_array *array = api->create(0, error, sizeof error);
  ck_assert_msg(array != NULL, "%s", error);
  int done = 0, offset = 0;
  while (done < 300) {
    model_job job = job_new(&state, draw_regs(&state, done % 3 ? ALL_EFFECTS : (uint32_t)draw_in(&state, 0, ALL_EFFECTS)));
    const pl_model_regs *r = &job.r;
    if (words_taken(r) <= api->a_words) {
      const pl_image image = words_of(r);
      int32_t *got = calloc((size_t)r->rows * (size_t)r->cols, sizeof *got);
      ck_assert(got != NULL);
      if (api->configure(array, image.reg, PL_REG_WORDS, error, sizeof error) ||
          api->load(array, 0, job.a, r->depth, r->rows, r->depth, error, sizeof error) ||
          api->load(array, 1, job.b, r->depth, r->cols, r->depth, error, sizeof error) ||
          api->run(array, got, r->cols, error, sizeof error))
        ck_abort_msg("tile %d: %s", done, error);
      pl_counters counters = {0};
      api->counters(array, &counters);
      const int64_t clipped = job_run(&job);
      for (int i = 0; i < r->rows * r->cols; i++)
        ck_assert_msg(got[i] == job.c[i], "tile %d: output %d: expected %d, got %d", done, i, job.c[i], got[i]);
      ck_assert_int_eq((int64_t)counters.clipped, clipped);
      offset += r->sum0 && r->rows > api->rows && r->cols > api->columns;
      done++;
      free(got);
    }
    job_free(&job);
  }
  ck_assert_int_gt(offset, 100);
  api->destroy(array);
}
END_TEST

START_TEST(refusals) {
  char error[400] = "";
  pl_array *array = api->create(0, error, sizeof error);
  ck_assert(array != NULL);
  int8_t code = 1;
  pl_image image;
  pl_image_reset(&image);
  ck_assert_int_ne(api->configure(array, image.reg, PL_REG_WORDS - 1, error, sizeof error), 0);
  ck_assert_int_eq(api->configure(array, image.reg, PL_REG_WORDS, error, sizeof error), 0);
  ck_assert_int_ne(api->load(array, 0, &code, 1, 2, 1, error, sizeof error), 0); /* rows is 1 */
  ck_assert_msg(strstr(error, "shape") != NULL, "%s", error);
  image.reg[PL_REG_DEPTH] = 65536;
  image.reg[PL_REG_CHANNELS] = 1;
  ck_assert_int_eq(api->configure(array, image.reg, PL_REG_WORDS, error, sizeof error), 0);
  ck_assert_int_ne(api->load(array, 0, &code, 0, 1, 65536, error, sizeof error), 0);
  ck_assert_msg(strstr(error, "fit") != NULL, "%s", error);
  api->destroy(array);
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_test(tests, random_tiles);
  tcase_add_test(tests, refusals);
}

int main(void) {
  open_plugin();
  return run_suite("array", fill);
}
