/* test_model_gemm.c: whole jobs of the golden model.
 *   L0  every effect off: the integer product
 *   L1, L2  converters, then noise: the vectorised job equals the stage functions one by one, over random registers
 *   the same bits for any split along rows, columns and reads
 * of the kinds coherent and intensity. What single effects do is in test_model_effects.c.
 */
#include <sys/resource.h>

#include "test_model_support.h"

/* The job by the scalar stage functions alone; returns the clipped reads. */
static int64_t by_stages(const model_job *job, int32_t *c) {
  const pl_model_regs *r = &job->r;
  int64_t clips = 0;
  for (int m = 0; m < r->rows; m++)
    for (int n = 0; n < r->cols; n++) {
      const uint32_t row = r->row0 + (uint32_t)m, col = r->col0 + (uint32_t)n;
      uint32_t total = 0;
      for (int first = 0, s = 0; first < r->depth; first += r->channels, s++) {
        pl_sums sums = {0};
        for (int k = first; k < first + r->channels && k < r->depth; k++) {
          const uint32_t at = r->sum0 * (uint32_t)r->channels + (uint32_t)k;
          const pl_encoded x = pl_encode(r, 0, job->a + m * r->depth + k, row, at);
          const pl_encoded w = pl_encode(r, 1, job->b + n * r->depth + k, col, at);
          sums.product += (int64_t)x.field * w.field;
          sums.power += x.power * w.power;
          sums.light += x.light + w.light;
          sums.dispersion += x.dispersion - w.dispersion;
          sums.rails += (uint64_t)x.rail * w.rail;
        }
        int clipped;
        total += (uint32_t)pl_adc(r, pl_detect(r, &sums, row, col, r->sum0 + (uint32_t)s), &clipped);
        clips += clipped;
      }
      c[m * r->cols + n] = (int32_t)total;
    }
  return clips;
}

/* Returns the clipped reads. */
static int64_t check_against_stages(model_job *job, uint64_t number) {
  const pl_model_regs *r = &job->r;
  const size_t count = (size_t)r->rows * (size_t)r->cols;
  int32_t *expected = malloc(count * sizeof *expected);
  const int64_t clips = by_stages(job, expected), got = job_run(job);
  for (size_t i = 0; i < count; i++)
    if (job->c[i] != expected[i])
      ck_abort_msg("case %llu, effects %03x, %d x %d x %d, %d channels: output %zu: expected %d, got %d",
                   (unsigned long long)number, r->effects, r->rows, r->cols, r->depth, r->channels, i, expected[i],
                   job->c[i]);
  if (got != clips) ck_abort_msg("case %llu: %lld clipped, got %lld", (unsigned long long)number, (long long)clips,
                                 (long long)got);
  free(expected);
  return clips;
}

START_TEST(exact_product) {
  uint64_t state = test_seed("exact_product");
  for (int i = 0; i < 400; i++) {
    pl_model_regs r = drawn_kinds[i % DRAWN_KINDS].draw(&state, 0); /* the other registers must not matter */
    model_job job = job_new(&state, r);
    ck_assert_int_eq(job_run(&job), 0);
    for (int m = 0; m < r.rows; m++)
      for (int n = 0; n < r.cols; n++) {
        int32_t sum = 0;
        for (int k = 0; k < r.depth; k++) sum += job.a[m * r.depth + k] * job.b[n * r.depth + k];
        if (sum != job.c[m * r.cols + n]) ck_abort_msg("case %d row %d column %d", i, m, n);
      }
    job_free(&job);
  }
}
END_TEST

/* 8 DAC bits, and an ADC of gain 1, shift 2 and offset 0 in whose range the product lies, change nothing. */
START_TEST(transparent_converters) {
  uint64_t state = test_seed("transparent_converters");
  for (int i = 0; i < 100; i++) {
    pl_model_regs r = draw_regs(&state, 0);
    r.depth = (int)draw_in(&state, 1, 200);
    r.channels = (int)draw_in(&state, 1, 2); /* 2 * 128^2 = 32768 is beyond 16 bits, by one code */
    model_job exact = job_new(&state, r), job = exact;
    for (int64_t at = 0; at < (int64_t)r.rows * r.depth; at++)
      if (exact.a[at] == -128) exact.a[at] = 127;
    job_run(&exact);
    job.c = malloc((size_t)r.rows * (size_t)r.cols * sizeof *job.c);
    job.r.effects = PL_EFFECT_DAC_A | PL_EFFECT_DAC_B | PL_EFFECT_ADC;
    job.r.dac_bits_a = job.r.dac_bits_b = 8;
    job.r.adc_bits = 16;
    job.r.adc_gain = 1;
    job.r.adc_shift = 2;
    job.r.adc_offset = 0;
    ck_assert_int_eq(job_run(&job), 0);
    ck_assert_mem_eq(job.c, exact.c, (size_t)r.rows * (size_t)r.cols * sizeof *job.c);
    free(job.c);
    job_free(&exact);
  }
}
END_TEST

static void random_jobs(const char *name, pl_model_regs draw(uint64_t *, uint32_t), uint32_t always,
                        uint32_t sometimes, int cases) {
  uint64_t state = test_seed(name), reads = 0, clips = 0;
  for (int i = 0; i < cases; i++) {
    model_job job = job_new(&state, draw(&state, always | (sometimes & (uint32_t)draw64(&state))));
    clips += (uint64_t)check_against_stages(&job, (uint64_t)i);
    const int reads_each = (job.r.depth + job.r.channels - 1) / job.r.channels;
    reads += (uint64_t)job.r.rows * (uint64_t)job.r.cols * (uint64_t)reads_each;
    job_free(&job);
  }
  printf("%s: %llu of %llu reads clipped\n", name, (unsigned long long)clips, (unsigned long long)reads);
  ck_assert_msg(clips * 5 < reads, "too many saturate: bugs would hide");
}

START_TEST(converters_level1) {
  random_jobs("converters_level1", draw_regs, 0, PL_EFFECT_DAC_A | PL_EFFECT_DAC_B | PL_EFFECT_ADC, 300);
}
END_TEST

START_TEST(noise_level2) { random_jobs("noise_level2", draw_regs, 0, ALL_EFFECTS, 1000); }
END_TEST

START_TEST(everything_level2) { random_jobs("everything_level2", draw_regs, ALL_EFFECTS, 0, 300); }
END_TEST

START_TEST(intensity_level2) { random_jobs("intensity_level2", draw_intensity, 0, INTENSITY_EFFECTS, 700); }
END_TEST

START_TEST(intensity_everything) {
  random_jobs("intensity_everything", draw_intensity, INTENSITY_EFFECTS, 0, 300);
}
END_TEST

/* Block edges of the fast path: many columns, long sums, reads of one channel, the widest read. */
START_TEST(large_shapes) {
  uint64_t state = test_seed("large_shapes");
  static const int shapes[][4] = {{2, 129, 70, 64}, {1, 300, 33, 32}, {3, 128, 128, 128}, {2, 2, 2500, 2049},
                                  {1, 2, 9000, 4096}, {2, 5, 1025, 1024}, {2, 130, 5, 1}, {2, 3, 1200, 513}};
  for (size_t i = 0; i < 2 * sizeof shapes / sizeof *shapes; i++) {
    const int *shape = shapes[i / 2];
    pl_model_regs r = drawn_kinds[i % 2].draw(&state, drawn_kinds[i % 2].effects);
    r.rows = shape[0];
    r.cols = shape[1];
    r.depth = shape[2];
    r.channels = shape[3];
    model_job job = job_new(&state, r);
    check_against_stages(&job, i);
    job_free(&job);
  }
}
END_TEST

/* The largest sums a read can have: all codes -128 or 127, 4096 channels, fields pushed to their limit by noise and
 * crosstalk, or by transfer tables and gain errors. */
START_TEST(largest_sums) {
  uint64_t state = test_seed("largest_sums");
  for (int i = 0; i < 8; i++) {
    pl_model_regs r = drawn_kinds[i / 4].draw(&state, drawn_kinds[i / 4].effects);
    r.enc_sigma_a = r.enc_sigma_b = i & 1 ? 65535 : 0;
    r.dac_bits_a = r.dac_bits_b = 8;
    r.output_sigma = 65535;
    r.phase_gain = r.shot_gain = 65535;
    r.phase_shift = r.shot_shift = 0;
    r.thermal_var = UINT32_MAX;
    r.sigma_exp = 15;
    r.channels = 4096;
    r.depth = 2 * 4096 + 1;
    r.rows = 2;
    r.cols = 3;
    r.crosstalk = i & 1 ? 16384 : 0;
    for (int w = 0; w < 32; w++) r.dispersion[w] = 16384;
    for (int c = 0; c < 128; c++) r.transfer[0][c] = r.transfer[1][c] = c || i & 1 ? 4095 : 0; /* light, or fields */
    if (i >= 4) r.shot_shift = 16, r.thermal_var = 0, r.sigma_exp = 0; /* R decides, to its last bit */
    model_job job = job_new(&state, r);
    memset(job.a, i & 2 ? 127 : -128, (size_t)r.rows * (size_t)r.depth);
    memset(job.b, -128, (size_t)r.cols * (size_t)r.depth);
    check_against_stages(&job, (uint64_t)i);
    job_free(&job);
  }
}
END_TEST

START_TEST(single_reads) {
  uint64_t state = test_seed("single_reads");
  for (int i = 0; i < 300; i++) {
    const drawn_kind *kind = &drawn_kinds[i % DRAWN_KINDS];
    model_job job = job_new(&state, kind->draw(&state, (uint32_t)draw64(&state) & kind->effects));
    const pl_model_regs *r = &job.r;
    const int64_t clips = job_run(&job);
    int64_t seen = 0;
    for (int m = 0; m < r->rows; m++)
      for (int n = 0; n < r->cols; n++) {
        uint32_t total = 0;
        for (int s = 0; s * r->channels < r->depth; s++) {
          const pl_read read = pl_model_read(r, job.a + m * r->depth, job.b + n * r->depth, m, n, s);
          total += (uint32_t)read.code;
          seen += read.clipped;
        }
        if ((int32_t)total != job.c[m * r->cols + n]) ck_abort_msg("case %d row %d column %d", i, m, n);
      }
    ck_assert_int_eq(seen, clips);
    job_free(&job);
  }
}
END_TEST

/* Any tile of a job is a job: rows, columns and reads cut anywhere, results placed and added. Strides wider than the
 * tile, and what lies between must not be touched. */
START_TEST(tiles) {
  uint64_t state = test_seed("tiles");
  for (int i = 0; i < 300; i++) {
    const drawn_kind *kind = &drawn_kinds[i % DRAWN_KINDS];
    pl_model_regs r = kind->draw(&state, kind->effects);
    r.rows = (int)draw_in(&state, 2, 8);
    r.cols = (int)draw_in(&state, 2, 200);
    r.depth = (int)draw_in(&state, r.channels + 1, 4 * r.channels);
    model_job job = job_new(&state, r);
    const int64_t clips = job_run(&job);
    const int ms[] = {0, (int)draw_in(&state, 1, r.rows - 1), r.rows};
    const int ns[] = {0, (int)draw_in(&state, 1, r.cols - 1), r.cols};
    const int reads = (r.depth + r.channels - 1) / r.channels;
    const int ss[] = {0, (int)draw_in(&state, 1, reads - 1), reads};
    int32_t *sum = calloc((size_t)r.rows * (size_t)r.cols, sizeof *sum), part[8 * 203];
    int64_t tile_clips = 0;
    for (int at = 0; at < 8; at++) {
      const int m = ms[at & 1], n = ns[at >> 1 & 1], s = ss[at >> 2];
      const int k = s * r.channels, k_end = ss[(at >> 2) + 1] * r.channels;
      pl_model_regs t = r;
      t.row0 += (uint32_t)m;
      t.col0 += (uint32_t)n;
      t.sum0 += (uint32_t)s;
      t.rows = ms[(at & 1) + 1] - m;
      t.cols = ns[(at >> 1 & 1) + 1] - n;
      t.depth = (k_end < r.depth ? k_end : r.depth) - k;
      for (int j = 0; j < 8 * 203; j++) part[j] = 0x5a5a5a5a;
      tile_clips += pl_model_gemm(&t, job.a + m * r.depth + k, r.depth, job.b + n * r.depth + k, r.depth, part, 203,
                                  NULL);
      for (int row = 0; row < 8; row++)
        for (int col = 0; col < 203; col++)
          if (row < t.rows && col < t.cols)
            sum[(m + row) * r.cols + n + col] += part[row * 203 + col];
          else if (part[row * 203 + col] != 0x5a5a5a5a)
            ck_abort_msg("case %d: wrote outside the tile, at %d, %d", i, row, col);
    }
    ck_assert_mem_eq(sum, job.c, (size_t)r.rows * (size_t)r.cols * sizeof *sum);
    ck_assert_int_eq(tile_clips, clips);
    free(sum);
    job_free(&job);
  }
}
END_TEST

/* The accumulator wraps: 2^16 reads of the largest bypassed value would pass int32. */
START_TEST(accumulator_wraps) {
  pl_model_regs r = {.effects = PL_EFFECT_THERMAL | PL_EFFECT_ADC, .channels = 1, .wavelengths = 1, .adc_bits = 16,
                     .adc_gain = 65535, .adc_shift = 1, .adc_offset = INT32_MIN, .rows = 1, .cols = 1, .depth = 65536};
  int8_t *a = calloc(65536, 1);
  int32_t c = 0;
  ck_assert_int_eq(pl_model_gemm(&r, a, 65536, a, 65536, &c, 1, NULL), 65536); /* every read clips at -32768 */
  ck_assert_int_eq(c, INT32_MIN);
  r.effects = PL_EFFECT_THERMAL; /* ADC off: a code is up to 2^29; the noise of 2^31 adds up beyond int32 */
  r.thermal_var = UINT32_MAX;
  r.sigma_exp = 15;
  int64_t exact = 0;
  for (int s = 0; s < 65536; s++) exact += pl_model_read(&r, a, a, 0, 0, s).code;
  ck_assert_int_eq(pl_model_gemm(&r, a, 65536, a, 65536, &c, 1, NULL), 0);
  ck_assert_msg(exact > INT32_MAX || exact < INT32_MIN, "the case does not wrap: %lld", (long long)exact);
  ck_assert_int_eq(c, (int32_t)(uint32_t)exact);
  free(a);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__ /* it lives in terabytes of addresses, and aborts where malloc would fail */
START_TEST(memory_failure) {
  struct rlimit before, tight;
  ck_assert(!getrlimit(RLIMIT_AS, &before));
  tight = before;
  tight.rlim_cur = (rlim_t)1 << 30;
  ck_assert(!setrlimit(RLIMIT_AS, &tight));
  static const int8_t codes[65536];
  int32_t c = 0;
  pl_model_regs r = {.effects = ALL_EFFECTS, .dac_bits_a = 8, .dac_bits_b = 8, .channels = 1, .wavelengths = 1,
                     .adc_bits = 8, .adc_shift = 1, .rows = 16777215, .cols = 1, .depth = 65536};
  const int64_t a_fails = pl_model_gemm(&r, codes, 0, codes, 0, &c, 0, NULL); /* 16 bytes an element, 16 TiB */
  r.rows = 940; /* A takes 940 MiB, B in blocks of 128 columns finds no room for its 128 */
  r.cols = 1048575;
  const int64_t b_fails = pl_model_gemm(&r, codes, 0, codes, 0, &c, 0, NULL);
  setrlimit(RLIMIT_AS, &before);
  ck_assert_int_eq(a_fails, -1);
  ck_assert_int_eq(b_fails, -1);
}
END_TEST
#endif

static void fill(TCase *tests) {
  tcase_add_test(tests, exact_product);
  tcase_add_test(tests, transparent_converters);
  tcase_add_test(tests, converters_level1);
  tcase_add_test(tests, noise_level2);
  tcase_add_test(tests, everything_level2);
  tcase_add_test(tests, intensity_level2);
  tcase_add_test(tests, intensity_everything);
  tcase_add_test(tests, large_shapes);
  tcase_add_test(tests, largest_sums);
  tcase_add_test(tests, single_reads);
  tcase_add_test(tests, tiles);
  tcase_add_test(tests, accumulator_wraps);
#ifndef __SANITIZE_ADDRESS__
  tcase_add_test(tests, memory_failure);
#endif
}

int main(void) { return run_suite("model_gemm", fill); }
