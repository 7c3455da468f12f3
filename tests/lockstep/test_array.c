/* test_array.c: tiles straight on the array 1x2x8, below the host library: offsets that pl_gemm never combines (a first
 * sum together with several groups of rows and columns), the registers of one tile after another, refusals.
 *
 * PL_TEST_SEED=N changes the seed; it is printed.
 */
#include "array_support.h"

static const pl_array_api *api;

START_TEST(random_tiles) {
  uint64_t state = test_seed("random_tiles") + 7;
  char error[400] = "";
  pl_array *array = api->create(0, error, sizeof error);
  ck_assert_msg(array != NULL, "%s", error);
  int done = 0, offset = 0;
  while (done < 300) {
    const uint32_t effects = done % 3 ? ALL_EFFECTS : (uint32_t)draw_in(&state, 0, ALL_EFFECTS);
    model_job job = job_new(&state, draw_regs(&state, effects));
    const pl_model_regs *r = &job.r;
    if (words_taken(api, r) <= api->a_words) {
      char what[40];
      snprintf(what, sizeof what, "tile %d", done);
      int32_t *got = calloc((size_t)r->rows * (size_t)r->cols, sizeof *got);
      ck_assert(got != NULL);
      pl_counters counters;
      run_tile(api, array, &job, got, &counters, what);
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
  api = open_plugin("1x2x8");
  return run_suite("array", fill);
}
