/* test_corners.c: tiles at the ends of what docs/signal-chain.md allows, where a missing bit shows and random jobs do
 * not come: coordinates that wrap, the widest sums, variances and shifts, reads shorter than a beat. Straight on
 * array plug-ins, against the golden model; and the longest depth, by pl_gemm.
 *
 *   test_corners [SHAPE ...]      default: 1x2x8 8x8x64
 */
#include "array_support.h"

enum { ROW_END = 1 << 24, COL_END = 1 << 20, SUM_END = 1 << 16 };
enum { WIDE_RECEIVER = PL_EFFECT_PHASE | PL_EFFECT_SHOT | PL_EFFECT_THERMAL };

enum { MOST_SHAPES = 16 };
static const char *shapes[MOST_SHAPES] = {"1x2x8", "8x8x64"};
static const pl_array_api *apis[MOST_SHAPES];
static int shape_count = 2;

/* Every code -128 (A) and `b_code` (B): the largest squares, powers and sums there are. */
static void fill_ends(model_job *job, int8_t b_code) {
  memset(job->a, -128, (size_t)job->r.rows * (size_t)job->r.depth);
  memset(job->b, b_code, (size_t)job->r.cols * (size_t)job->r.depth);
}

/* Registers with every effect off and the tile at the origin. */
static pl_model_regs quiet(int rows, int cols, int depth, int channels) {
  pl_image image;
  pl_model_regs r;
  pl_image_reset(&image);
  pl_model_unpack(&image, &r);
  r.rows = rows, r.cols = cols, r.depth = depth, r.channels = channels;
  r.seed = 0x13579bdf, r.job = 0x2468ace0;
  return r;
}

/* ---- Coordinates: every field is cut to its width, each by itself ---- */

START_TEST(coordinates_wrap) {
  uint64_t state = test_seed("coordinates_wrap");
  for (int which = 0; which < 8; which++) {
    pl_model_regs r = draw_regs(&state, ALL_EFFECTS);
    r.rows = 11, r.cols = 13, r.channels = 9, r.depth = 5 * 9 + 4;
    r.adc_bits = 16, r.adc_shift = 22;
    r.row0 = which & 1 ? ROW_END - 5 : 77;
    r.col0 = which & 2 ? COL_END - 6 : 88;
    r.sum0 = which & 4 ? SUM_END - 3 : 99;
    model_job job = job_new(&state, r);
    char what[80];
    snprintf(what, sizeof what, "row0 %u, col0 %u, sum0 %u", r.row0, r.col0, r.sum0);
    compare_tile(apis[_i], &job, what);
    job_free(&job);
  }
}
END_TEST

/* ---- Widths: 4096 channels of the largest codes ---- */

START_TEST(widest_sums) {
  uint64_t state = test_seed("widest_sums") + 1;
  const int8_t ends[] = {-128, 127};
  for (int e = 0; e < 2; e++) {
    for (int sign = -1; sign <= 1; sign += 2) {
      pl_model_regs r = quiet(1, 2, 4096, 4096);
      r.effects = PL_EFFECT_DISPERSION | PL_EFFECT_PHASE | PL_EFFECT_SHOT | PL_EFFECT_ENC_A | PL_EFFECT_ENC_B;
      r.enc_sigma_a = 65535, r.enc_sigma_b = 30000;
      r.phase_gain = 65535, r.phase_shift = 17; /* P * 65535 >> 17 is 2^31 at the most: all of P's bits count */
      r.phase_loss = 1048575;
      r.shot_gain = 65535, r.shot_shift = 12;
      r.wavelengths = 32;
      for (int i = 0; i < 32; i++) r.dispersion[i] = (int16_t)(sign * 16384);
      model_job job = job_new(&state, r);
      fill_ends(&job, ends[e]);
      memset(job.b + 4096, 1, 4096); /* the other column: almost all the light, and so D, is A's */
      compare_tile(apis[_i], &job, "4096 channels of the largest codes");
      const pl_read first = pl_model_read(&job.r, job.a, job.b, 0, 0, 0);
      ck_assert_msg(first.sums.power > UINT32_C(3) << 30, "P is only %u", first.sums.power);
      const pl_read second = pl_model_read(&job.r, job.a, job.b + 4096, 0, 1, 0);
      ck_assert_msg(llabs(second.sums.dispersion) > INT64_C(1) << 31, "D is only %lld",
                    (long long)second.sums.dispersion);
      job_free(&job);
    }
  }
}
END_TEST

/* ---- Receiver: the largest variance at every exponent, and one below each square of a root's edge ---- */

START_TEST(largest_receiver_noise) {
  uint64_t state = test_seed("largest_receiver_noise") + 2;
  static const uint32_t variances[] = {UINT32_MAX, UINT32_MAX - 131070, UINT32_MAX - 131071, 0x80000000u, 0x40000000u,
                                       65535u * 65534u, 65535u * 65534u + 1, 2, 3, 1, 0};
  for (int exponent = 0; exponent < 16; exponent++) {
    for (size_t v = 0; v < sizeof variances / sizeof *variances; v++) {
      pl_model_regs r = quiet(4, 6, 12, 4);
      r.effects = PL_EFFECT_THERMAL;
      r.sigma_exp = exponent;
      r.thermal_var = variances[v];
      model_job job = job_new(&state, r);
      compare_tile(apis[_i], &job, "thermal noise alone");
      job_free(&job);
    }
  }
}
END_TEST

/* Deviates beyond 4 sigma times the largest sigma: the noise takes all the bits it may, then saturates. */
START_TEST(largest_deviates) {
  uint64_t state = test_seed("largest_deviates") + 7;
  pl_model_regs r = quiet(60, 500, 8, 8);
  r.effects = PL_EFFECT_THERMAL;
  r.sigma_exp = 15;
  r.thermal_var = UINT32_MAX;
  model_job job = job_new(&state, r);
  int beyond = 0;
  for (int m = 0; m < r.rows; m++) {
    for (int n = 0; n < r.cols; n++) {
      uint32_t words[2];
      pl_noise_block(r.seed, r.job, PL_NOISE_READ, (uint32_t)m, (uint32_t)n, 0, words);
      beyond += abs(pl_gauss(words[1])) > 4 * 2048 + 1;
    }
  }
  ck_assert_int_gt(beyond, 0);
  compare_tile(apis[_i], &job, "deviates beyond 4 sigma");
  job_free(&job);
}
END_TEST

START_TEST(variances_carry_and_saturate) {
  uint64_t state = test_seed("variances_carry_and_saturate") + 3;
  for (int shift = 0; shift < 48; shift++) {
    pl_model_regs r = quiet(2, 4, 1200, 600);
    r.effects = WIDE_RECEIVER;
    r.phase_gain = 65535, r.phase_shift = shift;
    r.shot_gain = 65535, r.shot_shift = 47 - shift;
    r.thermal_var = shift & 1 ? 0x7fffffff : 12345;
    model_job job = job_new(&state, r);
    fill_ends(&job, 127);
    compare_tile(apis[_i], &job, "phase, shot and thermal noise at every shift");
    job_free(&job);
  }
}
END_TEST

/* ---- ADC: every shift, with the input at both ends of its range ---- */

START_TEST(adc_at_every_shift) {
  uint64_t state = test_seed("adc_at_every_shift") + 4;
  static const int32_t offsets[] = {INT32_MAX, INT32_MIN, 0x55555555, -0x55555556, 0};
  int unsaturated = 0;
  for (int shift = 1; shift <= 47; shift++) {
    for (size_t o = 0; o < sizeof offsets / sizeof *offsets; o++) {
      pl_model_regs r = quiet(2, 4, 40, 8);
      r.effects = PL_EFFECT_ADC | PL_EFFECT_THERMAL;
      r.thermal_var = UINT32_MAX, r.sigma_exp = 15; /* detector values over the whole of int32, both ends saturated */
      r.adc_bits = 16;
      r.adc_gain = shift > 32 ? 65535 : shift > 16 ? 1u << (shift - 17) : 1;
      r.adc_shift = shift;
      r.adc_offset = offsets[o];
      model_job job = job_new(&state, r);
      compare_tile(apis[_i], &job, "ADC at its ends");
      unsaturated += pl_model_read(&job.r, job.a, job.b, 0, 0, 0).clipped == 0;
      job_free(&job);
    }
  }
  ck_assert_int_gt(unsaturated, 60);
}
END_TEST

/* ---- Reads that end inside a beat, a word, or both ---- */

START_TEST(short_reads) {
  uint64_t state = test_seed("short_reads") + 5;
  for (int channels = 1; channels <= 67; channels++) {
    pl_model_regs r = draw_regs(&state, ALL_EFFECTS);
    r.rows = 2, r.cols = 3, r.channels = channels, r.depth = 3 * channels + 1;
    r.wavelengths = channels % 32 + 1;
    r.adc_bits = 16, r.adc_shift = 24;
    model_job job = job_new(&state, r);
    compare_tile(apis[_i], &job, "short reads");
    job_free(&job);
  }
}
END_TEST

/* ---- The longest depth: sums 0 to 65535, in tiles that pl_gemm cuts ---- */

START_TEST(longest_depth) {
  uint64_t state = test_seed("longest_depth") + 6;
  enum { K = 65536 };
  static int8_t a[K], b[K];
  draw_codes(&state, a, K);
  draw_codes(&state, b, K);
  static const int channels[] = {1, 7, 4095, 4096}; /* the last: one tile, where the buffers hold it */
  for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
    int32_t c[2];
    char array[32];
    snprintf(array, sizeof array, "rtl:%s", shapes[_i]);
    const char *const uris[] = {"model:", array};
    for (int u = 0; u < 2; u++) {
      pl_core core;
      pl_error err;
      pl_device *dev;
      const pl_job job = {.job = 5, .m = 1, .n = 1, .k = K, .a = a, .lda = K, .b = b, .ldb = K, .c = &c[u], .ldc = 1,
                          .range = pl_range_for(300000, 16)};
      ck_assert_msg(!pl_open(uris[u], &dev, &err), "%s", err.text);
      ck_assert_msg(!pl_core_load("lightening", &core, &err), "%s", err.text);
      ck_assert(!pl_image_set(&core.image, "channels", channels[i], &err));
      ck_assert_msg(!pl_configure(dev, &core.image, &err) && !pl_gemm(dev, &job, &err), "%s", err.text);
      pl_close(dev);
    }
    ck_assert_msg(c[0] == c[1], "%d channels: expected %d, got %d", channels[i], c[0], c[1]);
  }
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_loop_test(tests, coordinates_wrap, 0, shape_count);
  tcase_add_loop_test(tests, widest_sums, 0, shape_count);
  tcase_add_loop_test(tests, largest_receiver_noise, 0, shape_count);
  tcase_add_loop_test(tests, largest_deviates, 0, shape_count);
  tcase_add_loop_test(tests, variances_carry_and_saturate, 0, shape_count);
  tcase_add_loop_test(tests, adc_at_every_shift, 0, shape_count);
  tcase_add_loop_test(tests, short_reads, 0, shape_count);
  tcase_add_loop_test(tests, longest_depth, 0, shape_count);
}

int main(int count, char **arguments) {
  if (count > 1 && count <= MOST_SHAPES)
    for (shape_count = 0; shape_count < count - 1; shape_count++) shapes[shape_count] = arguments[shape_count + 1];
  for (int i = 0; i < shape_count; i++) apis[i] = open_plugin(shapes[i]);
  return run_suite("corners", fill);
}
