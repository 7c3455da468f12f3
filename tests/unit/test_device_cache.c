/* test_device_cache.c: `model:` keeps encoded B operands by b_tag, and nobody can tell but by speed and counters.
 *   random jobs over a pool of tagged operands and changing registers: with a large cache, a tiny one, none, and
 *   threads, all give the bits of pl_model_gemm
 *   encodings_b counts what was encoded: not what was kept; again after registers change that matter to B
 *   least recently used goes first; what is larger than the cache is not kept; devices do not share
 *   running out of memory costs the cache, then gives an error, and never a wrong result
 */
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "test_model_support.h"

static pl_device *open_or_die(const char *uri) {
  pl_device *dev;
  pl_error err;
  ck_assert_msg(!pl_open(uri, &dev, &err), "%s", err.text);
  return dev;
}

static void configure(pl_device *dev, const pl_image *image) {
  pl_error err;
  ck_assert_msg(!pl_configure(dev, image, &err), "%s", err.text);
}

/* A core with all its noise on and 64 channels: 4 bytes an element, and 12 a read. */
static pl_image noisy_image(uint32_t seed) {
  pl_core core;
  pl_error err;
  ck_assert_msg(!pl_core_load("lightening", &core, &err), "%s", err.text);
  core.image.reg[PL_REG_CHANNELS] = 64;
  core.image.reg[PL_REG_SEED] = seed;
  return core.image;
}

/* Runs the job; returns the elements of B that it encoded. */
static uint64_t encodings(pl_device *dev, const pl_job *job) {
  pl_error err;
  pl_counters counters;
  pl_counters_reset(dev);
  ck_assert_msg(!pl_gemm(dev, job, &err), "%s", err.text);
  ck_assert(!pl_get_counters(dev, &counters, &err));
  ck_assert_uint_eq(counters.encodings_a, (uint64_t)job->m * (uint64_t)job->k);
  ck_assert_uint_eq(counters.macs, (uint64_t)job->m * (uint64_t)job->n * (uint64_t)job->k);
  return counters.encodings_b;
}

/* The job straight by the golden model, into c (dense). Returns the clipped reads. */
static int64_t golden(const pl_image *image, const pl_job *job, int32_t *c) {
  pl_image words = *image;
  words.reg[PL_REG_JOB] = job->job;
  words.reg[PL_REG_ROW0] = job->row0;
  words.reg[PL_REG_COL0] = job->col0;
  words.reg[PL_REG_SUM0] = 0;
  words.reg[PL_REG_ROWS] = (uint32_t)job->m;
  words.reg[PL_REG_COLS] = (uint32_t)job->n;
  words.reg[PL_REG_DEPTH] = (uint32_t)job->k;
  if (job->range.gain) {
    words.reg[PL_REG_ADC_GAIN] = job->range.gain;
    words.reg[PL_REG_ADC_SHIFT] = job->range.shift;
  }
  pl_model_regs regs;
  pl_model_unpack(&words, &regs);
  return pl_model_gemm(&regs, job->a, job->lda, job->b, job->ldb, c, job->n, NULL);
}

static void expect_golden(const pl_image *image, const pl_job *job, const char *what) {
  int32_t *expected = malloc((size_t)job->m * (size_t)job->n * sizeof *expected);
  golden(image, job, expected);
  for (int i = 0; i < job->m; i++)
    for (int j = 0; j < job->n; j++)
      if (job->c[i * job->ldc + j] != expected[i * job->n + j])
        ck_abort_msg("%s: row %d, column %d: expected %d, got %d", what, i, j, expected[i * job->n + j],
                     job->c[i * job->ldc + j]);
  free(expected);
}

/* ---- Random jobs ---- */

enum { POOL = 14, DEVICES = 5, ROWS_MAX = 5, COLS_MAX = 400, DEPTH_MAX = 600, IMAGES = 4 };

START_TEST(random_jobs) {
  static const char *const uris[DEVICES] = {"model:", "model:?cache=1", "model:?cache=0", "model:?threads=3",
                                            "model:?threads=4&cache=1"};
  uint64_t state = test_seed("random_jobs"), encoded[DEVICES] = {0}, whole = 0, clips = 0;
  static int8_t a[ROWS_MAX * DEPTH_MAX];
  static int32_t c[ROWS_MAX * COLS_MAX], expected[ROWS_MAX * COLS_MAX];
  pl_job pool[POOL];
  int8_t *codes[POOL];
  pl_device *devices[DEVICES];
  pl_image images[IMAGES];
  draw_codes(&state, a, ROWS_MAX * DEPTH_MAX);
  for (int i = 0; i < DEVICES; i++) devices[i] = open_or_die(uris[i]);
  for (int i = 0; i < IMAGES; i++) images[i] = noisy_image(i == 1 ? 2 : 1);
  images[2].reg[PL_REG_CHANNELS] = 37;
  pl_image_reset(&images[3]);
  for (int i = 0; i < POOL; i++) {
    pool[i] = (pl_job){.job = (uint32_t)draw_in(&state, 0, 3), .col0 = (uint32_t)draw_in(&state, 0, 1000),
                       .n = (int)draw_in(&state, 1, COLS_MAX), .k = (int)draw_in(&state, 1, DEPTH_MAX),
                       .range = pl_range_for(150000, 8), .b_tag = i ? draw64(&state) >> (i % 4 * 16) : 0};
    if (i == 1) pool[i].n = COLS_MAX, pool[i].k = DEPTH_MAX; /* 0.96 MB: alone in the tiny cache */
    codes[i] = malloc((size_t)pool[i].n * (size_t)pool[i].k);
    draw_codes(&state, codes[i], (int64_t)pool[i].n * pool[i].k);
    pool[i].b = codes[i];
    pool[i].ldb = pool[i].lda = pool[i].k;
    pool[i].a = a;
  }
  const pl_image *image = NULL;
  for (int i = 0; i < 300; i++) {
    if (i % 25 == 0) {
      image = &images[draw_in(&state, 0, IMAGES - 1)];
      for (int d = 0; d < DEVICES; d++) configure(devices[d], image);
    }
    pl_job job = pool[draw_in(&state, 0, POOL - 1)];
    job.m = (int)draw_in(&state, 1, ROWS_MAX);
    job.row0 = (uint32_t)draw_in(&state, 0, 100);
    job.ldc = job.n;
    job.c = c;
    const int64_t clipped = golden(image, &job, expected);
    clips += (uint64_t)clipped;
    whole += (uint64_t)job.n * (uint64_t)job.k;
    for (int d = 0; d < DEVICES; d++) {
      memset(c, 0x5a, sizeof c);
      encoded[d] += encodings(devices[d], &job);
      pl_counters counters;
      pl_get_counters(devices[d], &counters, NULL);
      if (memcmp(c, expected, (size_t)job.m * (size_t)job.n * sizeof *c) || counters.clipped != (uint64_t)clipped)
        ck_abort_msg("job %d on %s: %d x %d x %d, effects %03x, tag %llx", i, uris[d], job.m, job.n, job.k,
                     image->reg[PL_REG_EFFECTS], (unsigned long long)job.b_tag);
    }
  }
  ck_assert_uint_gt(clips, 0); /* else the sum of clip counts is not tested */
  ck_assert_uint_eq(encoded[2], whole);
  ck_assert_uint_eq(encoded[0], encoded[3]);
  ck_assert_uint_eq(encoded[1], encoded[4]);
  ck_assert_uint_lt(encoded[1], whole); /* kept some, and dropped some */
  ck_assert_uint_lt(encoded[0], encoded[1]);
  for (int i = 0; i < DEVICES; i++) pl_close(devices[i]);
  for (int i = 0; i < POOL; i++) free(codes[i]);
}
END_TEST

/* ---- What is kept, and for how long ---- */

enum { M = 2, N = 592, K = 256 }; /* kept: 332 kB, so three are within one megabyte and four are not */
static int8_t a_codes[M * K], b_codes[2][N * K];
static int32_t results[M * N];

static pl_job small_job(uint64_t tag) {
  uint64_t state = 7;
  draw_codes(&state, a_codes, M * K);
  draw_codes(&state, b_codes[0], 2 * N * K);
  return (pl_job){.job = 5, .row0 = 9, .col0 = 4, .m = M, .n = N, .k = K, .a = a_codes, .lda = K, .b = b_codes[0],
                  .ldb = K, .c = results, .ldc = N, .range = pl_range_for(150000, 8), .b_tag = tag};
}

START_TEST(kept_until_what_matters_changes) {
  pl_device *dev = open_or_die("model:");
  pl_image image = noisy_image(1);
  pl_job job = small_job(1);
  configure(dev, &image);
  ck_assert_uint_eq(encodings(dev, &job), N * K);
  ck_assert_uint_eq(encodings(dev, &job), 0);
  configure(dev, &image); /* nothing changes */
  ck_assert_uint_eq(encodings(dev, &job), 0);
  image.reg[PL_REG_OUTPUT_SIGMA]++; /* not B's business */
  configure(dev, &image);
  job.row0++, job.range = pl_range_for(170000, 8);
  ck_assert_uint_eq(encodings(dev, &job), 0);
  expect_golden(&image, &job, "another detector");

  image.reg[PL_REG_SEED]++;
  configure(dev, &image);
  ck_assert_uint_eq(encodings(dev, &job), N * K);
  expect_golden(&image, &job, "another seed");
  ck_assert_uint_eq(encodings(dev, &job), 0);
  image.reg[PL_REG_EFFECTS] &= ~(uint32_t)PL_EFFECT_SHOT;
  configure(dev, &image);
  ck_assert_uint_eq(encodings(dev, &job), N * K);
  image.reg[PL_REG_EFFECTS] |= PL_EFFECT_SHOT; /* must not find an operand without its light */
  configure(dev, &image);
  ck_assert_uint_eq(encodings(dev, &job), N * K);
  expect_golden(&image, &job, "shot noise back on");
  image.reg[PL_REG_CHANNELS] = 50;
  configure(dev, &image);
  ck_assert_uint_eq(encodings(dev, &job), N * K);
  expect_golden(&image, &job, "other channels");

  job.b_tag = 0; /* no promise: always anew */
  ck_assert_uint_eq(encodings(dev, &job), N * K);
  ck_assert_uint_eq(encodings(dev, &job), N * K);
  job.b_tag = 1;
  ck_assert_uint_eq(encodings(dev, &job), 0); /* still there */
  job.n = N / 2; /* the promise is broken: still no wrong memory is read */
  ck_assert_uint_eq(encodings(dev, &job), N / 2 * K);
  job.b_tag = 2, job.n = N, job.b = b_codes[1];
  ck_assert_uint_eq(encodings(dev, &job), N * K);
  expect_golden(&image, &job, "another tag");
  pl_close(dev);
}
END_TEST

START_TEST(devices_do_not_share) {
  pl_device *one = open_or_die("model:"), *two = open_or_die("model:");
  const pl_image image = noisy_image(1);
  pl_job job = small_job(1);
  configure(one, &image);
  configure(two, &image);
  ck_assert_uint_eq(encodings(one, &job), N * K);
  job.b = b_codes[1]; /* the same tag names something else there */
  ck_assert_uint_eq(encodings(two, &job), N * K);
  expect_golden(&image, &job, "second device");
  job.b = b_codes[0];
  ck_assert_uint_eq(encodings(one, &job), 0);
  expect_golden(&image, &job, "first device");
  pl_close(one);
  job.b = b_codes[1];
  ck_assert_uint_eq(encodings(two, &job), 0);
  expect_golden(&image, &job, "after the first was closed");
  pl_close(two);
}
END_TEST

START_TEST(least_recently_used_goes_first) {
  pl_device *dev = open_or_die("model:?cache=1");
  const pl_image image = noisy_image(1);
  configure(dev, &image);
  /* Tags that share a bucket of any hash by low bits. Each step: tag, and whether it is still there. */
  static const struct { uint64_t tag; int there; } steps[] = {
      {1, 0}, {2, 0}, {1025, 0}, {1, 1}, {2, 1}, {1025, 1}, {1, 1}, /* three fit; 2 is the oldest now */
      {2049, 0}, {1, 1}, {1025, 1}, {2049, 1}, {2, 0},              /* 2 went; it comes back for 1 */
      {1025, 1}, {2049, 1}, {2, 1}, {1, 0}, {1025, 0},
  };
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    pl_job job = small_job(steps[i].tag);
    job.job = (uint32_t)steps[i].tag;
    ck_assert_msg(encodings(dev, &job) == (steps[i].there ? 0 : N * K), "step %zu: tag %llu", i,
                  (unsigned long long)steps[i].tag);
    expect_golden(&image, &job, "a tiny cache");
  }
  pl_close(dev);
}
END_TEST

START_TEST(larger_than_the_cache) {
  enum { COLS = 2200 };
  static int8_t b[COLS * K];
  static int32_t c[M * COLS];
  uint64_t state = 3;
  draw_codes(&state, b, COLS * K);
  pl_device *dev = open_or_die("model:?cache=1");
  const pl_image image = noisy_image(1);
  configure(dev, &image);
  pl_job small = small_job(1), large = small_job(2);
  large.n = large.ldc = COLS, large.b = b, large.c = c;
  ck_assert_uint_eq(encodings(dev, &small), N * K);
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_eq(encodings(dev, &large), COLS * K);
    expect_golden(&image, &large, "larger than the cache");
  }
  ck_assert_uint_eq(encodings(dev, &small), 0); /* nothing had to go for what cannot stay */
  pl_close(dev);
}
END_TEST

/* A device that holds B does the job without its codes; any other job without codes is refused. */
START_TEST(without_codes) {
  pl_device *dev = open_or_die("model:?cache=1"), *none = open_or_die("model:?cache=0");
  const pl_image image = noisy_image(1);
  configure(dev, &image);
  configure(none, &image);
  pl_job job = small_job(1);
  pl_error err;
  ck_assert_int_eq(pl_holds(dev, &job), 0);
  ck_assert_int_eq(pl_gemm(dev, &job, &err), PL_OK);
  expect_golden(&image, &job, "with codes");
  ck_assert_int_eq(pl_holds(dev, &job), 1);
  job.b = NULL;
  ck_assert_int_eq(pl_holds(dev, &job), 1);
  ck_assert_int_eq(pl_gemm(dev, &job, &err), PL_OK);
  job.b = b_codes[0];
  expect_golden(&image, &job, "without codes");

  pl_job untagged = job, elsewhere = job, narrower = job;
  untagged.b_tag = 0, elsewhere.col0 = 5, narrower.n--;
  ck_assert(!pl_holds(dev, &untagged) && !pl_holds(dev, &elsewhere) && !pl_holds(dev, &narrower));
  untagged.b = NULL;
  ck_assert_int_eq(pl_gemm(dev, &untagged, &err), PL_E_INPUT);
  ck_assert_str_eq(err.text, "pl_gemm: a, b and c must not be NULL");
  ck_assert_int_eq(pl_gemm(none, &job, &err), PL_OK);
  ck_assert_int_eq(pl_holds(none, &job), 0);
  const pl_image other = noisy_image(2); /* another seed: another encoding */
  configure(dev, &other);
  ck_assert_int_eq(pl_holds(dev, &job), 0);
  pl_close(dev);
  pl_close(none);
}
END_TEST

START_TEST(options) {
  static const char *const bad[] = {"model:?cache=x", "model:?cache=-1", "model:?cache=", "model:?cache=99999999999"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    pl_device *dev;
    pl_error err;
    ck_assert_int_eq(pl_open(bad[i], &dev, &err), PL_E_INPUT);
    ck_assert_msg(strstr(err.text, "cache wants a whole number") != NULL, "%s", err.text);
  }
  pl_device *dev;
  pl_error err;
  setenv("PHOTOLANE_ISA", "mmx", 1);
  ck_assert_int_eq(pl_open("model:", &dev, &err), PL_E_INPUT);
  ck_assert_msg(!strncmp(err.text, "PHOTOLANE_ISA is 'mmx', but this processor has ", 46), "%s", err.text);
  setenv("PHOTOLANE_ISA", "scalar", 1);
  ck_assert_int_eq(pl_open("model:", &dev, &err), PL_OK);
  pl_close(dev);
}
END_TEST

/* ---- Memory ---- */

#ifndef __SANITIZE_ADDRESS__ /* it lives in terabytes of addresses, and aborts where malloc would fail */
/* Lets the process grow by so many bytes of addresses and no more. Check forks: it ends with the test. */
static void limit_memory(size_t more) {
  FILE *statm = fopen("/proc/self/statm", "r");
  unsigned long pages = 0;
  ck_assert(statm && fscanf(statm, "%lu", &pages) == 1);
  fclose(statm);
  struct rlimit limit;
  ck_assert(!getrlimit(RLIMIT_AS, &limit));
  limit.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + more;
  ck_assert(!setrlimit(RLIMIT_AS, &limit));
}

START_TEST(no_memory) {
  enum { COLS = 40000, DEPTH = 512, ROWS_MANY = 8000, MB = 1 << 20 }; /* 42 MB kept; A of 18 MB */
  mallopt(M_MMAP_THRESHOLD, 1 << 17); /* so that what is freed is given back at once */
  int8_t *b = calloc(COLS, DEPTH), *a = calloc(ROWS_MANY, DEPTH);
  int32_t *c = malloc(COLS * sizeof *c), *c_many = malloc(ROWS_MANY * sizeof *c);
  int32_t *expected = malloc(COLS * sizeof *c), *expected_many = malloc(ROWS_MANY * sizeof *c);
  uint64_t state = 5;
  draw_codes(&state, a, ROWS_MANY * DEPTH);
  draw_codes(&state, b, COLS * DEPTH);
  pl_device *dev = open_or_die("model:"), *other = open_or_die("model:?cache=0");
  const pl_image image = noisy_image(1);
  configure(dev, &image);
  configure(other, &image);
  const pl_job wide = {.m = 1, .n = COLS, .k = DEPTH, .a = a, .lda = DEPTH, .b = b, .ldb = DEPTH, .c = c, .ldc = COLS,
                       .range = pl_range_for(150000, 8), .b_tag = 1};
  pl_job tall = wide;
  tall.m = ROWS_MANY, tall.n = tall.ldc = 1, tall.c = c_many, tall.b_tag = 2;
  golden(&image, &wide, expected);
  golden(&image, &tall, expected_many);

  limit_memory(20 * MB); /* not enough to keep B, enough for blocks of it */
  for (int i = 0; i < 2; i++) {
    memset(c, 0, COLS * sizeof *c);
    ck_assert_uint_eq(encodings(dev, &wide), COLS * DEPTH);
    ck_assert_mem_eq(c, expected, COLS * sizeof *c);
  }
  limit_memory(50 * MB); /* enough, but then A of the next job needs it */
  ck_assert_uint_eq(encodings(dev, &wide), COLS * DEPTH);
  ck_assert_uint_eq(encodings(dev, &wide), 0);
  ck_assert_mem_eq(c, expected, COLS * sizeof *c);
  ck_assert_uint_eq(encodings(dev, &tall), DEPTH);
  ck_assert_mem_eq(c_many, expected_many, ROWS_MANY * sizeof *c);
  ck_assert_uint_eq(encodings(dev, &wide), COLS * DEPTH); /* had to go */
  ck_assert_mem_eq(c, expected, COLS * sizeof *c);

  limit_memory(4 * MB);
  pl_error err;
  ck_assert_int_eq(pl_gemm(other, &tall, &err), PL_E_MEMORY);
  ck_assert_str_eq(err.text, "out of memory for a product of 8000 x 1 x 512");
  ck_assert_int_eq(pl_gemm(dev, &tall, &err), PL_OK); /* by what the cache gave back */
  ck_assert_mem_eq(c_many, expected_many, ROWS_MANY * sizeof *c);
  pl_close(dev);
  pl_close(other);
  free(a), free(b), free(c), free(c_many), free(expected), free(expected_many);
}
END_TEST
#endif

static void fill(TCase *tests) {
  tcase_add_test(tests, random_jobs);
  tcase_add_test(tests, kept_until_what_matters_changes);
  tcase_add_test(tests, devices_do_not_share);
  tcase_add_test(tests, least_recently_used_goes_first);
  tcase_add_test(tests, larger_than_the_cache);
  tcase_add_test(tests, without_codes);
  tcase_add_test(tests, options);
#ifndef __SANITIZE_ADDRESS__
  tcase_add_test(tests, no_memory);
#endif
}

int main(void) { return run_suite("device_cache", fill); }
