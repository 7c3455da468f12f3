/* test_board_jobs.c: whole jobs on simulated boards, UART and FT245, each kind of core: the same bits as the golden model with
 * any faults on the wire, however often a job has run before, whatever ran in between, and after the board was unplugged.
 *
 * The boards are those `make boards` builds; jobs are those of `photolane verify`. PL_SEED=N changes them and the faults.
 */
#define _GNU_SOURCE
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/random_job.h"

static uint64_t seed;
static const char *const boards[] = {"uart", "ft245"};

/* The smallest of a few random jobs: less than some thousand products. */
static void draw(uint64_t number, uint32_t kind, random_job *job) {
  pl_error err;
  for (uint64_t i = 0;; i++) {
    ck_assert(!random_job_make(seed, number * 100 + i, kind, LEVEL_L2, job, &err));
    const int64_t macs = (int64_t)job->job.m * job->job.n * job->job.k, codes = (int64_t)(job->job.m + job->job.n) * job->job.k;
    if (macs > 200 && macs < 6000 && codes < 3000) return;
    random_job_free(job);
  }
}

static void run(pl_device *dev, pl_device *model, random_job *job, const char *what) {
  pl_error err;
  const size_t size = (size_t)job->job.m * (size_t)job->job.ldc;
  int32_t *const c = job->job.c, *const want = calloc(size, sizeof *want);
  ck_assert_msg(!pl_configure(model, &job->image, &err), "%s", err.text);
  job->job.c = want;
  ck_assert_msg(!pl_gemm(model, &job->job, &err), "%s", err.text);
  job->job.c = c;
  memset(c, 0x5a, size * sizeof *c);
  ck_assert_msg(!pl_configure(dev, &job->image, &err), "%s", err.text);
  ck_assert_msg(!pl_gemm(dev, &job->job, &err), "%s: %s", what, err.text);
  for (int i = 0; i < job->job.m; i++)
    for (int j = 0; j < job->job.n; j++) {
      const int32_t got = c[i * job->job.ldc + j], expected = want[i * job->job.ldc + j];
      ck_assert_msg(got == expected, "%s: output %d, %d is %d, not %d", what, i, j, got, expected);
    }
  free(want);
}

/* A job, the same again, another, the first again. */
static void check_jobs(const char *uri, uint32_t kind) {
  pl_device *dev, *model;
  pl_error err;
  random_job first, other;
  draw(2 * kind, kind, &first);
  draw(2 * kind + 1, kind, &other);
  ck_assert_msg(!pl_open("model:", &model, &err), "%s", err.text);
  ck_assert_msg(!pl_open(uri, &dev, &err), "%s: %s", uri, err.text);
  random_job *const order[] = {&first, &first, &other, &first};
  for (int i = 0; i < 4; i++) {
    char what[200];
    snprintf(what, sizeof what, "%.100s, kind %s, run %d", uri, pl_kind_name(kind), i + 1);
    run(dev, model, order[i], what);
  }
  pl_close(dev);
  pl_close(model);
  random_job_free(&first);
  random_job_free(&other);
}

/* _i: board and kind. */
START_TEST(test_jobs) {
  char uri[100];
  snprintf(uri, sizeof uri, "sim:%s", boards[_i / 3]);
  check_jobs(uri, (uint32_t)(_i % 3));
}
END_TEST

START_TEST(test_jobs_with_faults) {
  static const char *const faults[] = {"drop=0.0005", "corrupt=0.0005", "duplicate=0.0005", "stalls=1",
                                       "drop=0.0003&corrupt=0.0003&duplicate=0.0003&stalls=1"};
  char uri[200];
  const int board = _i % 2;
  snprintf(uri, sizeof uri, "sim:%s?%s&seed=%llu", boards[board], faults[_i / 2], (unsigned long long)seed);
  check_jobs(uri, board ? (uint32_t)(_i / 2 % 3) : PL_KIND_COHERENT);
}
END_TEST

/* Other chips: less buffer, packets of 64 bytes, no RTS and CTS. */
START_TEST(test_other_chips) {
  static const char *const uris[] = {"sim:uart?chip=ft231x", "sim:uart?chip=ft232h", "sim:ft245?chip=ft232h"};
  check_jobs(uris[_i], PL_KIND_COHERENT);
}
END_TEST

/* Unplugged in the middle of a job; in the same call it goes on when the board is there again. */
START_TEST(test_unplugged) {
  char uri[100];
  snprintf(uri, sizeof uri, "sim:%s?unplug=%d&wait=10", boards[_i % 2], 600 + 700 * (_i / 2));
  check_jobs(uri, PL_KIND_COHERENT);
}
END_TEST

/* Without a wait it is an error, and the same job asked for again is done. */
START_TEST(test_unplugged_without_wait) {
  char uri[100];
  pl_device *dev, *model;
  pl_error err;
  random_job job;
  snprintf(uri, sizeof uri, "sim:%s?unplug=900", boards[_i]);
  draw(1, PL_KIND_COHERENT, &job);
  ck_assert_msg(!pl_open("model:", &model, &err), "%s", err.text);
  ck_assert_msg(!pl_open(uri, &dev, &err), "%s", err.text);
  ck_assert_msg(!pl_configure(dev, &job.image, &err), "%s", err.text);
  pl_status status = PL_OK;
  for (int i = 0; i < 10 && !status; i++) status = pl_gemm(dev, &job.job, &err);
  ck_assert_int_eq(status, PL_E_NODEV);
  ck_assert_msg(strstr(err.text, "unplugged"), "%s", err.text);
  for (int i = 0; i < 10 && status == PL_E_NODEV; i++) status = pl_gemm(dev, &job.job, &err);
  ck_assert_msg(!status, "%s", err.text);
  run(dev, model, &job, uri);
  pl_close(dev);
  pl_close(model);
  random_job_free(&job);
}
END_TEST

/* The board's program is killed: an error with a sentence, at once, and no child left. */
START_TEST(test_killed) {
  char uri[100], file[100];
  pl_device *dev;
  pl_error err;
  random_job job;
  snprintf(uri, sizeof uri, "sim:%s", boards[_i]);
  draw(1, PL_KIND_COHERENT, &job);
  ck_assert_msg(!pl_open(uri, &dev, &err), "%s", err.text);
  ck_assert_msg(!pl_configure(dev, &job.image, &err), "%s", err.text);
  snprintf(file, sizeof file, "/proc/self/task/%d/children", getpid());
  FILE *list = fopen(file, "r");
  int board = 0;
  ck_assert_int_eq(fscanf(list, "%d", &board), 1);
  fclose(list);
  kill(board, SIGKILL);
  ck_assert_int_eq(pl_gemm(dev, &job.job, &err), PL_E_IO);
  ck_assert_msg(strstr(err.text, "killed by signal 9"), "%s", err.text);
  pl_close(dev);
  random_job_free(&job);
  ck_assert_int_ne(kill(board, 0), 0); /* waited for */
}
END_TEST

int main(void) {
  const char *text = getenv("PL_SEED");
  seed = text ? strtoull(text, NULL, 0) : 1;
  printf("PL_SEED=%llu\n", (unsigned long long)seed);
  Suite *suite = suite_create("board_jobs");
  TCase *tc = tcase_create("board_jobs");
  tcase_set_timeout(tc, 120);
  tcase_add_loop_test(tc, test_jobs, 0, 6);
  tcase_add_loop_test(tc, test_jobs_with_faults, 0, 10);
  tcase_add_loop_test(tc, test_other_chips, 0, 3);
  tcase_add_loop_test(tc, test_unplugged, 0, 4);
  tcase_add_loop_test(tc, test_unplugged_without_wait, 0, 2);
  tcase_add_loop_test(tc, test_killed, 0, 2);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
