/* test_array.c: tiles straight on the arrays 1x2x8 of each kind, below the host library: offsets that pl_gemm never
 * combines (a first sum together with several groups of rows and columns), the registers of one tile after another,
 * refusals.
 *
 *   test_array [ARRAY ...]      default: 1x2x8 intensity-1x2x8 rns-1x2x8
 *
 * PL_TEST_SEED=N changes the seed; it is printed.
 */
#include "array_support.h"

#include "../unit/rns_support.h"

enum { MOST_ARRAYS = 8 };
static const char *names[MOST_ARRAYS] = {"1x2x8", "intensity-1x2x8", "rns-1x2x8"};
static const pl_array_api *apis[MOST_ARRAYS];
static int array_count = 3;

static pl_model_regs draw_tile(uint64_t *state, int kind, int all) {
  const uint32_t some = all ? ~0u : (uint32_t)draw64(state);
  if (kind == PL_KIND_INTENSITY) return draw_intensity(state, INTENSITY_EFFECTS & some);
  if (kind == PL_KIND_RNS) return draw_rns(state, all ? PL_EFFECT_RESIDUES : 0, RNS_EFFECTS);
  return draw_regs(state, ALL_EFFECTS & some);
}

START_TEST(random_tiles) {
  const pl_array_api *api = apis[_i];
  uint64_t state = test_seed("random_tiles") + 7;
  char error[400] = "";
  pl_array *array = api->create(0, error, sizeof error);
  ck_assert_msg(array != NULL, "%s", error);
  int done = 0, offset = 0;
  while (done < 300) {
    model_job job = job_new(&state, draw_tile(&state, api->kind, done % 3));
    const pl_model_regs *r = &job.r;
    if (words_taken(api, r) <= api->a_words) {
      char what[80];
      snprintf(what, sizeof what, "%s, tile %d", names[_i], done);
      compare_on(api, array, &job, what);
      offset += r->sum0 && r->rows > api->rows && r->cols > api->columns;
      done++;
    }
    job_free(&job);
  }
  ck_assert_int_gt(offset, 100);
  api->destroy(array);
}
END_TEST

START_TEST(refusals) {
  const pl_array_api *api = apis[_i];
  char error[400] = "";
  pl_array *array = api->create(0, error, sizeof error);
  ck_assert(array != NULL);
  int8_t code = 1;
  pl_image image;
  pl_image_reset(&image);
  image.reg[PL_REG_KIND] = (uint32_t)(api->kind + 1) % PL_KINDS;
  ck_assert_int_ne(api->configure(array, image.reg, PL_REG_WORDS, error, sizeof error), 0);
  ck_assert_msg(strstr(error, "kind") != NULL, "%s", error);
  image.reg[PL_REG_KIND] = (uint32_t)api->kind;
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
  tcase_add_loop_test(tests, random_tiles, 0, array_count);
  tcase_add_loop_test(tests, refusals, 0, array_count);
}

int main(int count, char **arguments) {
  if (count > 1 && count <= MOST_ARRAYS)
    for (array_count = 0; array_count < count - 1; array_count++) names[array_count] = arguments[array_count + 1];
  for (int i = 0; i < array_count; i++) apis[i] = open_plugin(names[i]);
  return run_suite("array", fill);
}
