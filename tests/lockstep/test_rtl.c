/* test_rtl.c: what the Verilated RTL promises beyond single jobs: the same bits for any array shape, any pauses in its
 * streams, any split of a job, side by side in threads; and a bound checker that sees every read.
 *
 * The shapes are those `make rtl` builds; in 4x4x8x2 the lanes share a back end. PL_TEST_SEED=N changes the seed; it is
 * printed.
 */
#include <pthread.h>

#include "../unit/golden_file.h"
#include "../unit/test_model_support.h"

static const char *const shapes[] = {"rtl:1x2x8", "rtl:4x4x8", "rtl:4x4x8x2", "rtl:8x8x16"};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static pl_device *open_device(const char *uri) {
  pl_device *dev;
  pl_error err;
  ck_assert_msg(!pl_open(uri, &dev, &err), "%s", err.text);
  return dev;
}

/* A job with every effect on and moderate noise. */
typedef struct {
  pl_image image;
  pl_job job;
  int8_t *a, *b;
  int32_t *c;
} rtl_job;

static rtl_job draw_job(uint64_t *state, int m, int n, int k) {
  rtl_job r = {.a = malloc((size_t)m * (size_t)k), .b = malloc((size_t)n * (size_t)k),
               .c = calloc((size_t)m * (size_t)n, sizeof *r.c)};
  ck_assert(r.a && r.b && r.c);
  draw_codes(state, r.a, (int64_t)m * k);
  draw_codes(state, r.b, (int64_t)n * k);
  const pl_model_regs regs = draw_regs(state, ALL_EFFECTS);
  pl_image_reset(&r.image);
  uint32_t *reg = r.image.reg;
  reg[PL_REG_EFFECTS] = ALL_EFFECTS;
  reg[PL_REG_SEED] = regs.seed;
  reg[PL_REG_CHANNELS] = (uint32_t)draw_in(state, 1, 80);
  reg[PL_REG_WAVELENGTHS] = (uint32_t)regs.wavelengths;
  reg[PL_REG_DAC_BITS_A] = 7;
  reg[PL_REG_ENC_SIGMA_A] = reg[PL_REG_ENC_SIGMA_B] = 3932;
  reg[PL_REG_PHASE_LOSS] = 10000;
  reg[PL_REG_PHASE_GAIN] = 40000;
  reg[PL_REG_PHASE_SHIFT] = 18;
  reg[PL_REG_OUTPUT_SIGMA] = 1638;
  reg[PL_REG_SHOT_GAIN] = 30000;
  reg[PL_REG_SHOT_SHIFT] = 10;
  reg[PL_REG_THERMAL_VAR] = 1000000;
  reg[PL_REG_ADC_BITS] = 14;
  for (int i = 0; i < 32; i++) reg[PL_REG_DISPERSION + i] = (uint32_t)(int32_t)draw_in(state, -400, 400);
  r.job = (pl_job){.job = regs.job, .row0 = regs.row0, .col0 = regs.col0, .m = m, .n = n, .k = k, .a = r.a, .lda = k,
                   .b = r.b, .ldb = k, .c = r.c, .ldc = n, .range = pl_range_for(300000, 14)};
  return r;
}

static void free_job(rtl_job *r) {
  free(r->a);
  free(r->b);
  free(r->c);
}

/* Runs the job on `dev` and returns a copy of its results. */
static int32_t *results(pl_device *dev, rtl_job *r) {
  pl_error err;
  ck_assert_msg(!pl_configure(dev, &r->image, &err), "%s", err.text);
  ck_assert_msg(!pl_gemm(dev, &r->job, &err), "%s", err.text);
  const size_t size = (size_t)r->job.m * (size_t)r->job.n * sizeof *r->c;
  int32_t *copy = malloc(size);
  ck_assert(copy != NULL);
  memcpy(copy, r->c, size);
  return copy;
}

static void compare(const rtl_job *r, const int32_t *expected, const int32_t *got, const char *what) {
  for (int i = 0; i < r->job.m * r->job.n; i++)
    ck_assert_msg(expected[i] == got[i], "%s: row %d, column %d: expected %d, got %d", what, i / r->job.n, i % r->job.n,
                  expected[i], got[i]);
}

/* The fixtures were computed by a program that shares no code with model or RTL. */
START_TEST(fixtures) {
  pl_device *dev = open_device(shapes[_i]);
  struct dirent **names;
  const int count = golden_list(&names);
  int done = 0;
  ck_assert_int_gt(count, 0);
  for (int f = 0; f < count; f++) {
    golden_file g;
    ck_assert_msg(golden_read(names[f]->d_name, &g) == 0, "%s", names[f]->d_name);
    if (!g.image.reg[PL_REG_SUM0]) { /* the others are tiles of a larger job */
      int32_t *c = calloc((size_t)g.m * (size_t)g.n, sizeof *c);
      const pl_job job = {.job = g.image.reg[PL_REG_JOB], .row0 = g.image.reg[PL_REG_ROW0],
                          .col0 = g.image.reg[PL_REG_COL0], .m = g.m, .n = g.n, .k = g.k, .a = g.a, .lda = g.k, .b = g.b,
                          .ldb = g.k, .c = c, .ldc = g.n};
      pl_error err;
      pl_counters counters;
      pl_counters_reset(dev);
      ck_assert_msg(!pl_configure(dev, &g.image, &err) && !pl_gemm(dev, &job, &err), "%s: %s", names[f]->d_name, err.text);
      ck_assert(!pl_get_counters(dev, &counters, &err));
      for (int i = 0; i < g.m * g.n; i++)
        ck_assert_msg(c[i] == g.c[i], "%s: output %d: expected %d, got %d", names[f]->d_name, i, g.c[i], c[i]);
      ck_assert_int_eq((int64_t)counters.clipped, g.clipped);
      free(c);
      done++;
    }
    golden_free(&g);
    free(names[f]);
  }
  free(names);
  ck_assert_int_ge(done, 15);
  pl_close(dev);
}
END_TEST

START_TEST(same_bits_for_any_shape) {
  uint64_t state = test_seed("same_bits_for_any_shape") + 1;
  for (int round = 0; round < 8; round++) {
    rtl_job r = draw_job(&state, (int)draw_in(&state, 1, 20), (int)draw_in(&state, 1, 40), (int)draw_in(&state, 1, 300));
    pl_device *model = open_device("model:");
    int32_t *expected = results(model, &r);
    pl_close(model);
    for (int s = 0; s < SHAPES; s++) {
      pl_device *dev = open_device(shapes[s]);
      int32_t *got = results(dev, &r);
      compare(&r, expected, got, shapes[s]);
      free(got);
      pl_close(dev);
    }
    free(expected);
    free_job(&r);
  }
}
END_TEST

START_TEST(pauses_change_nothing) {
  uint64_t state = test_seed("pauses_change_nothing") + 2;
  rtl_job r = draw_job(&state, 19, 23, 211);
  pl_device *dev = open_device("rtl:4x4x8");
  int32_t *expected = results(dev, &r);
  pl_counters smooth, paused;
  ck_assert(!pl_get_counters(dev, &smooth, NULL));
  pl_close(dev);
  for (int seed = 1; seed <= 6; seed++) {
    char uri[64];
    snprintf(uri, sizeof uri, "rtl:4x4x8?stall=%d&check=1", seed);
    dev = open_device(uri);
    int32_t *got = results(dev, &r);
    compare(&r, expected, got, uri);
    ck_assert(!pl_get_counters(dev, &paused, NULL));
    ck_assert_msg(paused.cycles > smooth.cycles + smooth.cycles / 50, "there were no pauses: %llu cycles, %llu without",
                  (unsigned long long)paused.cycles, (unsigned long long)smooth.cycles);
    free(got);
    pl_close(dev);
  }
  free(expected);
  free_job(&r);
}
END_TEST

/* Row by row, and with another job in between: nothing of a job stays behind. */
START_TEST(splits_change_nothing) {
  uint64_t state = test_seed("splits_change_nothing") + 3;
  rtl_job r = draw_job(&state, 9, 21, 170), other = draw_job(&state, 3, 5, 64);
  pl_device *dev = open_device("rtl:8x8x16");
  int32_t *expected = results(dev, &r);
  memset(r.c, 0, (size_t)r.job.m * (size_t)r.job.n * sizeof *r.c);
  for (int i = 0; i < r.job.m; i++) {
    free(results(dev, &other));
    pl_job row = r.job;
    row.row0 += (uint32_t)i;
    row.m = 1;
    row.a += i * row.lda;
    row.c += i * row.ldc;
    pl_error err;
    ck_assert_msg(!pl_configure(dev, &r.image, &err) && !pl_gemm(dev, &row, &err), "%s", err.text);
  }
  compare(&r, expected, r.c, "row by row");
  pl_close(dev);
  free(expected);
  free_job(&r);
  free_job(&other);
}
END_TEST

START_TEST(checker_sees_every_read) {
  uint64_t state = test_seed("checker_sees_every_read") + 4;
  for (int s = 0; s < SHAPES; s++) {
    rtl_job r = draw_job(&state, 7, 11, 150);
    char uri[64];
    snprintf(uri, sizeof uri, "%s?check=1", shapes[s]);
    pl_device *dev = open_device(uri);
    free(results(dev, &r));
    pl_counters counters;
    ck_assert(!pl_get_counters(dev, &counters, NULL));
    const uint64_t channels = r.image.reg[PL_REG_CHANNELS], reads = 7 * 11 * ((150 + channels - 1) / channels);
    ck_assert_uint_eq(counters.reads, reads);
    ck_assert_uint_eq(counters.checked, reads);
    pl_close(dev);
    free_job(&r);
  }
}
END_TEST

/* Cycles at most 1.05 times the ideal count once a job is a few times longer than the pipeline. */
START_TEST(cycles_are_near_the_ideal) {
  uint64_t state = test_seed("cycles_are_near_the_ideal") + 5;
  for (int s = 0; s < SHAPES; s++) {
    rtl_job r = draw_job(&state, 64, 128, 256);
    pl_device *dev = open_device(shapes[s]);
    free(results(dev, &r));
    pl_counters counters;
    ck_assert(!pl_get_counters(dev, &counters, NULL));
    ck_assert_msg(counters.cycles <= counters.ideal_cycles * 1.05, "%s: %llu cycles, ideal %llu", shapes[s],
                  (unsigned long long)counters.cycles, (unsigned long long)counters.ideal_cycles);
    pl_close(dev);
    free_job(&r);
  }
}
END_TEST

typedef struct {
  rtl_job *job;
  pl_device *dev;
  int32_t *got;
} worker;

static void *work(void *argument) {
  worker *w = argument;
  w->got = results(w->dev, w->job);
  return NULL;
}

START_TEST(instances_are_independent) {
  uint64_t state = test_seed("instances_are_independent") + 6;
  enum { WORKERS = 3 };
  worker workers[WORKERS];
  rtl_job jobs[WORKERS];
  pthread_t threads[WORKERS];
  int32_t *expected[WORKERS];
  for (int i = 0; i < WORKERS; i++) {
    jobs[i] = draw_job(&state, 12, 17, 200);
    pl_device *model = open_device("model:");
    expected[i] = results(model, &jobs[i]);
    pl_close(model);
    workers[i] = (worker){.job = &jobs[i], .dev = open_device("rtl:4x4x8?check=1")};
  }
  for (int i = 0; i < WORKERS; i++) ck_assert(!pthread_create(&threads[i], NULL, work, &workers[i]));
  for (int i = 0; i < WORKERS; i++) {
    pthread_join(threads[i], NULL);
    compare(&jobs[i], expected[i], workers[i].got, "beside others");
    free(workers[i].got);
    free(expected[i]);
    pl_close(workers[i].dev);
    free_job(&jobs[i]);
  }
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_loop_test(tests, fixtures, 0, SHAPES);
  tcase_add_test(tests, same_bits_for_any_shape);
  tcase_add_test(tests, pauses_change_nothing);
  tcase_add_test(tests, splits_change_nothing);
  tcase_add_test(tests, checker_sees_every_read);
  tcase_add_test(tests, cycles_are_near_the_ideal);
  tcase_add_test(tests, instances_are_independent);
}

int main(void) { return run_suite("rtl", fill); }
