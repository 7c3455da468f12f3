/* test_device_open.c: URIs, arguments and faults: every wrong call is one sentence and a status, never a crash; the
 * null: backend's faults come when they are told to; threads do not change a bit. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "photolane/photolane.h"

static void expect_open(const char *uri, pl_status status, const char *says) {
  pl_device *dev = (pl_device *)1;
  pl_error err = {0};
  ck_assert_msg(pl_open(uri, &dev, &err) == status, "%s gave %d: %s", uri, err.status, err.text);
  ck_assert_int_eq(err.status, status);
  ck_assert_ptr_null(dev);
  ck_assert_msg(strstr(err.text, says) != NULL, "%s says: %s", uri, err.text);
  ck_assert_ptr_null(strchr(err.text, '\n'));
}

START_TEST(bad_uris) {
  expect_open("model", PL_E_INPUT, "'model' is no device URI");
  expect_open("", PL_E_INPUT, "'' is no device URI");
  expect_open(":8x8", PL_E_INPUT, "no device URI");
  expect_open("cuda:", PL_E_INPUT, "unknown device 'cuda:'; there are model:, rtl:, sim:, ftdi:, null:");
  expect_open("model:8x8", PL_E_INPUT, "model: has no shape, but got '8x8'");
  expect_open("model:?threads=0", PL_E_INPUT, "from 1 to 64, not '0'");
  expect_open("model:?threads=-1", PL_E_INPUT, "not '-1'");
  expect_open("model:?threads=2x", PL_E_INPUT, "not '2x'");
  expect_open("model:?threads=", PL_E_INPUT, "not ''");
  expect_open("model:?threads=99999999999999999999", PL_E_INPUT, "threads wants a whole number");
  expect_open("model:?threads", PL_E_INPUT, "'threads' of the device URI");
  expect_open("model:?=2", PL_E_INPUT, "not of the form key=value");
  expect_open("model:?speed=2", PL_E_INPUT, "model: has no option 'speed'; it has: threads");
  expect_open("model:?threads=1&threads=2", PL_E_INPUT, "gives 'threads' twice");
  expect_open("model:?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1&l=1&m=1&n=1&o=1&p=1&q=1", PL_E_INPUT, "more than 16 options");
  expect_open("rtl:0x1x1", PL_E_INPUT, "rows x columns x width");
  expect_open("rtl:8x8", PL_E_INPUT, "not '8x8'");
  expect_open("rtl:8x8x16x2x2", PL_E_INPUT, "not '8x8x16x2x2'");
  expect_open("rtl:8x8x16x0", PL_E_INPUT, "not '8x8x16x0'");
  expect_open("rtl:08x8x16", PL_E_INPUT, "not '08x8x16'");
  expect_open("rtl:-1x1x1", PL_E_INPUT, "not '-1x1x1'");
  expect_open("rtl:../../x", PL_E_INPUT, "not '../../x'");
  expect_open("rtl:?check=2", PL_E_INPUT, "check wants a whole number from 0 to 1");
  expect_open("rtl:?trace-from=3", PL_E_INPUT, "need trace=FILE");
  expect_open("rtl:?trace=x&trace-from=3&trace-to=3", PL_E_INPUT, "trace-to must be above trace-from");
  expect_open("rtl:3x3x3", PL_E_NODEV, "run `make rtl SHAPES=3x3x3`");
  expect_open("sim:", PL_E_INPUT, "sim: wants a board: sim:uart, sim:ft245");
  expect_open("sim:no-such-board", PL_E_INPUT, "no board no-such-board");
  expect_open("sim:uart?drop=2", PL_E_INPUT, "drop wants a number from 0 to 1, not '2'");
  expect_open("sim:uart?corrupt=nan", PL_E_INPUT, "corrupt wants a number from 0 to 1, not 'nan'");
  expect_open("sim:uart?duplicate= 1", PL_E_INPUT, "duplicate wants a number");
  expect_open("sim:uart?stalls=2", PL_E_INPUT, "stalls wants a whole number from 0 to 1");
  expect_open("sim:uart?unplug=0", PL_E_INPUT, "unplug wants a whole number from 1");
  expect_open("sim:uart?trace-to=0", PL_E_INPUT, "need trace=FILE");
  expect_open("sim:uart?trace=", PL_E_INPUT, "the name of a file");
  expect_open("sim:uart?baud=9600", PL_E_INPUT, "sim: has no option 'baud'");
  expect_open("ftdi:A", PL_E_INPUT, "ftdi: has no shape");
  expect_open("ftdi:?mode=spi", PL_E_INPUT, "mode wants uart or fifo, not 'spi'");
  expect_open("ftdi:?channel=c", PL_E_INPUT, "channel wants a or b, not 'c'");
  expect_open("ftdi:?mode=fifo&baud=9600", PL_E_INPUT, "leave them out with mode=fifo");
  expect_open("ftdi:?baud=0", PL_E_INPUT, "baud wants a whole number from 1 to 12000000");
  expect_open("ftdi:?wait=forever", PL_E_INPUT, "wait wants a whole number");
  expect_open("null:?fail=open", PL_E_NODEV, "there is no device");
  expect_open("null:?fail=often", PL_E_INPUT, "open, configure, gemm or lost, not 'often'");
  expect_open("null:?flip=1,2", PL_E_INPUT, "JOB,ROW,COL");
  expect_open("null:?flip=1,2,3,4,5", PL_E_INPUT, "JOB,ROW,COL");
  expect_open("null:?flip=1,-2,3", PL_E_INPUT, "JOB,ROW,COL");
  expect_open(NULL, PL_E_INPUT, "no device URI");
  ck_assert_int_eq(pl_open("model:", NULL, NULL), PL_E_INPUT);

  char longer[1000];
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = 0;
  expect_open(longer, PL_E_INPUT, "longer than");
}
END_TEST

START_TEST(escapes_do_not_reach_the_terminal) {
  expect_open("mo\033[31m\ndel:", PL_E_INPUT, "unknown device 'mo [31m del:'");
}
END_TEST

START_TEST(identity) {
  pl_device *dev;
  pl_error err;
  pl_identity id;
  ck_assert_int_eq(pl_open("model:?threads=2", &dev, &err), PL_OK);
  ck_assert_int_eq(pl_identify(dev, &id, &err), PL_OK);
  ck_assert_str_eq(id.uri, "model:?threads=2");
  ck_assert_str_eq(id.backend, "model");
  ck_assert_str_eq(id.kind, "coherent");
  ck_assert_str_eq(id.build, pl_build_id());
  ck_assert(id.rows == 0 && id.columns == 0 && id.width == 0 && !id.checked);
  ck_assert_ptr_nonnull(strstr(pl_build_id(), pl_version()));
  pl_close(dev);
  pl_close(NULL);

  char longest[512] = "model:?threads="; /* zeros in front of a number: no character may get lost */
  memset(longest + strlen(longest), '0', sizeof longest - 1 - strlen(longest));
  longest[sizeof longest - 2] = '2';
  longest[sizeof longest - 1] = 0;
  ck_assert_int_eq(pl_open(longest, &dev, &err), PL_OK);
  ck_assert_int_eq(pl_identify(dev, &id, &err), PL_OK);
  ck_assert_str_eq(id.uri, longest);
  pl_close(dev);
}
END_TEST

/* ---- Jobs ---- */

enum { M = 37, N = 53, K = 211 };
static int8_t a[M * K], b[N * K];
static int32_t c[M * N];

static pl_job whole_job(void) {
  unsigned seed = 99;
  for (int i = 0; i < M * K; i++) a[i] = (int8_t)(rand_r(&seed) >> 8);
  for (int i = 0; i < N * K; i++) b[i] = (int8_t)(rand_r(&seed) >> 8);
  return (pl_job){.job = 5, .row0 = 9, .col0 = 4, .m = M, .n = N, .k = K, .a = a, .lda = K, .b = b, .ldb = K, .c = c,
                  .ldc = N};
}

static pl_device *open_or_die(const char *uri) {
  pl_device *dev;
  pl_error err;
  ck_assert_msg(!pl_open(uri, &dev, &err), "%s", err.text);
  return dev;
}

START_TEST(reset_state_is_the_integer_product) {
  pl_device *dev = open_or_die("model:");
  pl_job job = whole_job();
  pl_counters counters;
  ck_assert_int_eq(pl_gemm(dev, &job, NULL), PL_OK);
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++) {
      int32_t sum = 0;
      for (int k = 0; k < K; k++) sum += a[i * K + k] * b[j * K + k];
      ck_assert_int_eq(c[i * N + j], sum);
    }
  ck_assert_int_eq(pl_get_counters(dev, &counters, NULL), PL_OK);
  ck_assert_uint_eq(counters.jobs, 1);
  ck_assert_uint_eq(counters.macs, (uint64_t)M * N * K);
  ck_assert_uint_eq(counters.reads, (uint64_t)M * N * 4); /* 211 elements, 64 channels */
  ck_assert_uint_eq(counters.clipped, 0);
  ck_assert_uint_eq(counters.encodings_a, M * K);
  ck_assert_uint_eq(counters.encodings_b, N * K);
  pl_counters_reset(dev);
  ck_assert_int_eq(pl_get_counters(dev, &counters, NULL), PL_OK);
  ck_assert_uint_eq(counters.jobs + counters.macs + counters.reads, 0);
  pl_close(dev);
}
END_TEST

START_TEST(bad_jobs) {
  pl_device *dev = open_or_die("model:");
  pl_error err;
  pl_job good = whole_job();
#define EXPECT(change, says)                                              \
  do {                                                                    \
    pl_job job = good;                                                    \
    change;                                                               \
    ck_assert_int_eq(pl_gemm(dev, &job, &err), PL_E_INPUT);               \
    ck_assert_msg(strstr(err.text, says) != NULL, #change ": %s", err.text); \
  } while (0)
  EXPECT(job.m = 0, "must be at least 1");
  EXPECT(job.n = -1, "must be at least 1");
  EXPECT(job.k = 0, "must be at least 1");
  EXPECT(job.k = 65537, "k is 65537 but may be 65536 at most");
  EXPECT(job.a = NULL, "must not be NULL");
  EXPECT(job.b = NULL, "must not be NULL");
  EXPECT(job.c = NULL, "must not be NULL");
  EXPECT(job.row0 = (1 << 24) - M + 1, "end behind 2^24");
  EXPECT(job.row0 = UINT32_MAX, "end behind 2^24");
  EXPECT(job.col0 = (1 << 20) - N + 1, "end behind 2^20");
  EXPECT(job.lda = K - 1, "stride");
  EXPECT(job.ldb = K - 1, "stride");
  EXPECT(job.ldc = N - 1, "stride");
  EXPECT((job.range = (pl_range){1, 0, 0}), "shift is 0 but must be 1..47");
  EXPECT((job.range = (pl_range){1, 48, 0}), "shift is 48");
  pl_job last = good;
  last.row0 = (1 << 24) - M, last.col0 = (1 << 20) - N;
  ck_assert_int_eq(pl_gemm(dev, &last, &err), PL_OK);
  ck_assert_int_eq(pl_gemm(NULL, &good, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_gemm(dev, NULL, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_gemm(dev, NULL, NULL), PL_E_INPUT);

  pl_image image;
  pl_image_reset(&image);
  image.reg[PL_REG_CHANNELS] = 0;
  ck_assert_int_eq(pl_configure(dev, &image, &err), PL_E_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "channels"));
  ck_assert_int_eq(pl_gemm(dev, &good, &err), PL_OK); /* the old image still holds */
  pl_close(dev);
}
END_TEST

/* Large enough that every number of threads is used (model.c), with all effects on. */
START_TEST(threads_and_pieces_give_the_same_bits) {
  enum { ROWS = 150, COLS = 90, DEPTH = 300 };
  static int8_t x[ROWS * DEPTH], w[COLS * DEPTH];
  static int32_t whole[ROWS * COLS], other[ROWS * COLS];
  unsigned seed = 3;
  for (int i = 0; i < ROWS * DEPTH; i++) x[i] = (int8_t)(rand_r(&seed) >> 8);
  for (int i = 0; i < COLS * DEPTH; i++) w[i] = (int8_t)(rand_r(&seed) >> 8);
  pl_core core;
  pl_error err;
  ck_assert_msg(!pl_core_load("lightening", &core, &err), "%s", err.text);
  pl_job job = {.job = 3, .row0 = 1000, .col0 = 77, .m = ROWS, .n = COLS, .k = DEPTH, .a = x, .lda = DEPTH, .b = w,
                .ldb = DEPTH, .c = whole, .ldc = COLS, .range = pl_range_for(150000, 8)};
  pl_device *one = open_or_die("model:");
  pl_counters counters, counters_one;
  ck_assert_int_eq(pl_configure(one, &core.image, &err), PL_OK);
  ck_assert_int_eq(pl_gemm(one, &job, &err), PL_OK);
  pl_get_counters(one, &counters_one, NULL);
  ck_assert_uint_gt(counters_one.clipped, 0); /* else the sum of clip counts is not tested */

  const char *const uris[] = {"model:?threads=2", "model:?threads=3", "model:?threads=13"};
  for (int turned = 0; turned < 2; turned++) /* more rows than columns, then the other way round */
    for (size_t i = 0; i < 3; i++) {
      pl_device *many = open_or_die(uris[i]);
      pl_job again = job;
      again.c = other;
      if (turned) again.m = 40;
      memset(other, 0, sizeof other);
      ck_assert_int_eq(pl_configure(many, &core.image, &err), PL_OK);
      ck_assert_int_eq(pl_gemm(many, &again, &err), PL_OK);
      ck_assert_mem_eq(whole, other, (size_t)again.m * COLS * sizeof *other);
      pl_get_counters(many, &counters, NULL);
      if (!turned) ck_assert_uint_eq(counters.clipped, counters_one.clipped);
      pl_close(many);
    }

  memset(other, 0, sizeof other);
  for (int first = 0; first < ROWS; first += 11) { /* eleven rows at a time */
    pl_job part = job;
    part.m = ROWS - first < 11 ? ROWS - first : 11;
    part.row0 += (uint32_t)first;
    part.a += first * DEPTH;
    part.c = other + first * COLS;
    ck_assert_int_eq(pl_gemm(one, &part, &err), PL_OK);
  }
  ck_assert_mem_eq(whole, other, sizeof whole);
  pl_close(one);
}
END_TEST

/* ---- Faults ---- */

START_TEST(null_computes) {
  pl_device *model = open_or_die("model:"), *null = open_or_die("null:");
  static int32_t expected[M * N];
  pl_job job = whole_job();
  ck_assert_int_eq(pl_gemm(model, &job, NULL), PL_OK);
  memcpy(expected, c, sizeof c);
  memset(c, 0, sizeof c);
  ck_assert_int_eq(pl_gemm(null, &job, NULL), PL_OK);
  ck_assert_mem_eq(expected, c, sizeof c);
  pl_close(model);
  pl_close(null);
}
END_TEST

START_TEST(null_fails_once) {
  pl_device *dev = open_or_die("null:?fail=gemm&after=2");
  pl_error err;
  pl_job job = whole_job();
  ck_assert_int_eq(pl_gemm(dev, &job, &err), PL_OK);
  ck_assert_int_eq(pl_gemm(dev, &job, &err), PL_OK);
  ck_assert_int_eq(pl_gemm(dev, &job, &err), PL_E_IO);
  ck_assert_ptr_nonnull(strstr(err.text, "job 2 failed"));
  ck_assert_int_eq(pl_gemm(dev, &job, &err), PL_OK);
  pl_counters counters;
  pl_get_counters(dev, &counters, NULL);
  ck_assert_uint_eq(counters.jobs, 3);
  pl_close(dev);
}
END_TEST

START_TEST(null_gets_lost) {
  pl_device *dev = open_or_die("null:?fail=lost&after=1");
  pl_error err;
  pl_image image;
  pl_image_reset(&image);
  pl_job job = whole_job();
  ck_assert_int_eq(pl_configure(dev, &image, &err), PL_OK);
  ck_assert_int_eq(pl_gemm(dev, &job, &err), PL_OK);
  ck_assert_int_eq(pl_gemm(dev, &job, &err), PL_E_IO);
  ck_assert_int_eq(pl_gemm(dev, &job, &err), PL_E_IO);
  ck_assert_ptr_nonnull(strstr(err.text, "open it again"));
  ck_assert_int_eq(pl_configure(dev, &image, &err), PL_E_IO);
  pl_close(dev);

  dev = open_or_die("null:?fail=configure");
  ck_assert_int_eq(pl_configure(dev, &image, &err), PL_E_IO);
  pl_close(dev);
}
END_TEST

START_TEST(null_flips_one_bit) {
  pl_device *good = open_or_die("null:"), *bad = open_or_die("null:?flip=5,20,30");
  static int32_t expected[M * N];
  pl_job job = whole_job();
  ck_assert_int_eq(pl_gemm(good, &job, NULL), PL_OK);
  memcpy(expected, c, sizeof c);
  ck_assert_int_eq(pl_gemm(bad, &job, NULL), PL_OK);
  for (int i = 0; i < M * N; i++) /* absolute (20, 30) is (11, 26) of the job */
    ck_assert_int_eq(c[i] ^ expected[i], i == 11 * N + 26);
  job.job = 6;
  ck_assert_int_eq(pl_gemm(bad, &job, NULL), PL_OK);
  ck_assert_mem_eq(expected, c, sizeof c);
  pl_close(good);
  pl_close(bad);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("device");
  TCase *tests = tcase_create("device");
  tcase_set_timeout(tests, 60);
  suite_add_tcase(suite, tests);
  tcase_add_test(tests, bad_uris);
  tcase_add_test(tests, escapes_do_not_reach_the_terminal);
  tcase_add_test(tests, identity);
  tcase_add_test(tests, reset_state_is_the_integer_product);
  tcase_add_test(tests, bad_jobs);
  tcase_add_test(tests, threads_and_pieces_give_the_same_bits);
  tcase_add_test(tests, null_computes);
  tcase_add_test(tests, null_fails_once);
  tcase_add_test(tests, null_gets_lost);
  tcase_add_test(tests, null_flips_one_bit);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
