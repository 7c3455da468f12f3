/* test_compact.c: the compact core (docs/compact.md) against the golden model, straight on its plug-ins: each effect alone,
 * pairs and all together, coordinates that wrap, the widest sums and variances, tiles one after the other anywhere in the
 * buffers, pauses.
 *
 *   test_compact [SHAPE ...]      default: 1x1x8c 1x4x16c
 */
#include "array_support.h"

enum { MOST_SHAPES = 8, ROW_END = 1 << 24, COL_END = 1 << 20, SUM_END = 1 << 16 };
static const char *shapes[MOST_SHAPES] = {"1x1x8c", "1x4x16c"};
static const pl_array_api *apis[MOST_SHAPES];
static int shape_count = 2;

static const struct {
  const char *name;
  uint32_t effects;
} effects[] = {
    {"none", 0},
    {"converters", PL_EFFECT_DAC_A | PL_EFFECT_DAC_B | PL_EFFECT_ADC},
    {"enc_a", PL_EFFECT_ENC_A},
    {"enc_b", PL_EFFECT_ENC_B},
    {"crosstalk", PL_EFFECT_CROSSTALK},
    {"dispersion", PL_EFFECT_DISPERSION},
    {"phase", PL_EFFECT_PHASE},
    {"output", PL_EFFECT_OUTPUT},
    {"shot", PL_EFFECT_SHOT},
    {"thermal", PL_EFFECT_THERMAL},
    {"receiver", PL_EFFECT_PHASE | PL_EFFECT_SHOT | PL_EFFECT_THERMAL},
    {"encoding", PL_EFFECT_ENC_A | PL_EFFECT_ENC_B | PL_EFFECT_CROSSTALK},
    {"all", 0x7ff},
};
enum { EFFECTS = sizeof effects / sizeof *effects };

/* A shape that fits both buffers. */
static void draw_tile(uint64_t *state, const pl_array_api *api, pl_model_regs *r) {
  do {
    r->channels = (int)draw_in(state, 1, 40);
    r->depth = (int)draw_in(state, 1, 90);
    r->rows = (int)draw_in(state, 1, 7);
    r->cols = (int)draw_in(state, 1, 7);
  } while (words_taken(api, r) > api->a_words || words_taken(api, r) > api->b_words);
}

START_TEST(one_effect) {
  const pl_array_api *api = apis[_i / EFFECTS];
  uint64_t state = test_seed("one_effect") + (uint64_t)_i;
  for (int n = 0; n < 12; n++) {
    pl_model_regs r = draw_regs(&state, effects[_i % EFFECTS].effects);
    r.effects = effects[_i % EFFECTS].effects;
    draw_tile(&state, api, &r);
    model_job job = job_new(&state, r);
    compare_tile(api, &job, effects[_i % EFFECTS].name);
    job_free(&job);
  }
}
END_TEST

/* Every coordinate is cut to its width, each by itself. */
START_TEST(coordinates_wrap) {
  const pl_array_api *api = apis[_i];
  uint64_t state = test_seed("coordinates_wrap");
  for (int which = 0; which < 8; which++) {
    pl_model_regs r = draw_regs(&state, 0x7ff);
    r.rows = 7, r.cols = 7, r.channels = 5, r.depth = 5 * 5 + 3;
    while (words_taken(api, &r) > api->a_words || words_taken(api, &r) > api->b_words) r.rows--, r.cols--;
    r.row0 = which & 1 ? ROW_END - 2 : 77;
    r.col0 = which & 2 ? COL_END - 3 : 88;
    r.sum0 = which & 4 ? SUM_END - 3 : 0x1fd;
    model_job job = job_new(&state, r);
    compare_tile(api, &job, "coordinates at their ends");
    job_free(&job);
  }
}
END_TEST

/* The longest read that fits, of the largest codes with the most noise: every bit of the sums. */
START_TEST(widest_sums) {
  const pl_array_api *api = apis[_i];
  uint64_t state = test_seed("widest_sums");
  for (int n = 0; n < 8; n++) {
    pl_model_regs r = draw_regs(&state, 0x7ff);
    r.effects = PL_EFFECT_DISPERSION | PL_EFFECT_PHASE | PL_EFFECT_SHOT | (n & 4 ? PL_EFFECT_ENC_A | PL_EFFECT_ENC_B : 0);
    r.enc_sigma_a = r.enc_sigma_b = 65535;
    r.depth = r.channels = (api->a_words < api->b_words ? api->a_words : api->b_words) * api->width;
    r.rows = 1, r.cols = api->columns;
    r.phase_gain = r.shot_gain = 65535, r.phase_shift = 14, r.shot_shift = 9, r.phase_loss = 1048575;
    for (int i = 0; i < 32; i++) r.dispersion[i] = n & 1 ? 16384 : -16384;
    model_job job = job_new(&state, r);
    memset(job.a, n & 2 ? 127 : -128, (size_t)r.depth);
    memset(job.b, -128, (size_t)r.cols * (size_t)r.depth);
    if (n & 1) memset(job.b, 1, (size_t)r.depth); /* almost all light, and so the dispersion, is A's */
    compare_tile(api, &job, "the longest read of the largest codes");
    job_free(&job);
  }
}
END_TEST

/* Variances on both sides of a root's edge, at every exponent, and terms that saturate, at every shift. */
START_TEST(receiver_ends) {
  const pl_array_api *api = apis[_i];
  uint64_t state = test_seed("receiver_ends");
  static const uint32_t variances[] = {UINT32_MAX, UINT32_MAX - 131070, UINT32_MAX - 131071, 0x80000000u,
                                       65535u * 65534u, 65535u * 65534u + 1, 2, 1, 0};
  for (int n = 0; n < 48; n++) {
    pl_model_regs r = draw_regs(&state, 0x7ff);
    r.effects = PL_EFFECT_THERMAL | (n & 1 ? PL_EFFECT_PHASE | PL_EFFECT_SHOT : 0) | (n & 2 ? PL_EFFECT_OUTPUT : 0);
    draw_tile(&state, api, &r);
    r.sigma_exp = n % 16;
    r.thermal_var = variances[n % 9];
    r.phase_shift = n, r.shot_shift = 47 - n;
    r.phase_gain = r.shot_gain = r.output_sigma = 65535;
    model_job job = job_new(&state, r);
    compare_tile(api, &job, "receiver noise at its ends");
    job_free(&job);
  }
}
END_TEST

/* Every converter of every width, with the smallest and the largest shift, in and out of range. */
START_TEST(converters) {
  const pl_array_api *api = apis[_i];
  uint64_t state = test_seed("converters");
  for (int n = 0; n < 60; n++) {
    pl_model_regs r = draw_regs(&state, 0x7ff);
    r.effects = PL_EFFECT_ADC | PL_EFFECT_DAC_A | PL_EFFECT_DAC_B;
    draw_tile(&state, api, &r);
    r.adc_bits = 2 + n % 15;
    r.dac_bits_a = 2 + n % 7, r.dac_bits_b = 2 + n / 7 % 7;
    r.adc_shift = n < 47 ? n + 1 : 1 + n % 47;
    if (n % 3 == 0) r.adc_offset = n & 1 ? INT32_MAX : INT32_MIN;
    model_job job = job_new(&state, r);
    compare_tile(api, &job, "converters");
    job_free(&job);
  }
}
END_TEST

/* One tile after another on one array, with pauses, the operands anywhere in the buffers. B stays for a second tile. */
START_TEST(tiles_follow) {
  const pl_array_api *api = apis[_i];
  uint64_t state = test_seed("tiles_follow");
  char error[400] = "";
  pl_array *array = api->create(0, error, sizeof error);
  ck_assert_msg(array != NULL, "%s", error);
  for (int n = 0; n < 25; n++) {
    pl_model_regs r = draw_regs(&state, (uint32_t)draw64(&state) & 0x7ff);
    draw_tile(&state, api, &r);
    if (n == 10) api->stall(array, 77);
    const int group = pl_array_group_words(r.depth, r.channels, api->width);
    const int a_room = api->a_words - (r.rows + api->rows - 1) / api->rows * group;
    const int b_room = api->b_words - (r.cols + api->columns - 1) / api->columns * group;
    const uint32_t b_base = (uint32_t)draw_in(&state, 0, b_room);
    model_job job = job_new(&state, r);
    for (int again = 0; again < 2; again++) {
      pl_image image = words_of(&job.r);
      image.reg[PL_REG_A_BASE] = (uint32_t)draw_in(&state, 0, a_room);
      image.reg[PL_REG_B_BASE] = b_base;
      int32_t *got = calloc((size_t)r.rows * (size_t)r.cols, sizeof *got);
      ck_assert(got != NULL);
      if (api->configure(array, image.reg, PL_REG_WORDS, error, sizeof error) ||
          api->load(array, 0, job.a, r.depth, r.rows, r.depth, error, sizeof error) ||
          (!again && api->load(array, 1, job.b, r.depth, r.cols, r.depth, error, sizeof error)) ||
          api->run(array, got, r.cols, error, sizeof error))
        ck_abort_msg("tile %d: %s", n, error);
      job_run(&job);
      for (int i = 0; i < r.rows * r.cols; i++)
        ck_assert_msg(got[i] == job.c[i], "tile %d, output %d: expected %d, got %d", n, i, job.c[i], got[i]);
      free(got);
      job.r.row0 += 1000; /* other rows meet the same columns */
    }
    job_free(&job);
  }
  api->destroy(array);
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_loop_test(tests, one_effect, 0, shape_count * EFFECTS);
  tcase_add_loop_test(tests, coordinates_wrap, 0, shape_count);
  tcase_add_loop_test(tests, widest_sums, 0, shape_count);
  tcase_add_loop_test(tests, receiver_ends, 0, shape_count);
  tcase_add_loop_test(tests, converters, 0, shape_count);
  tcase_add_loop_test(tests, tiles_follow, 0, shape_count);
}

int main(int count, char **arguments) {
  if (count > 1 && count <= MOST_SHAPES)
    for (shape_count = 0; shape_count < count - 1; shape_count++) shapes[shape_count] = arguments[shape_count + 1];
  for (int i = 0; i < shape_count; i++) apis[i] = open_plugin(shapes[i]);
  return run_suite("compact", fill);
}
