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

/* Operands of several tiles lie side by side, each is loaded once, and the tiles run again and again in any order. */
START_TEST(operands_side_by_side) {
  enum { TILES = 4 };
  const pl_array_api *api = apis[_i];
  uint64_t state = test_seed("operands_side_by_side") + 9;
  char error[400] = "";
  for (int round = 0; round < 20; round++) {
    pl_array *array = api->create(1, error, sizeof error); /* the checker must find them too */
    ck_assert_msg(array != NULL, "%s", error);
    model_job jobs[TILES];
    pl_image images[TILES];
    int base[2] = {0, 0};
    for (int i = 0; i < TILES;) {
      jobs[i] = job_new(&state, draw_tile(&state, api->kind, 1));
      const pl_model_regs *r = &jobs[i].r;
      if (words_taken(api, r) > api->a_words / TILES) {
        job_free(&jobs[i]);
        continue;
      }
      images[i] = words_of(r);
      images[i].reg[PL_REG_A_BASE] = (uint32_t)base[0];
      images[i].reg[PL_REG_B_BASE] = (uint32_t)base[1];
      for (int which = 0; which < 2; which++) base[which] += operand_taken(api, r, which);
      ck_assert(!api->configure(array, images[i].reg, PL_REG_WORDS, error, sizeof error));
      ck_assert_msg(!api->load(array, 0, jobs[i].a, r->depth, r->rows, r->depth, error, sizeof error), "%s", error);
      ck_assert_msg(!api->load(array, 1, jobs[i].b, r->depth, r->cols, r->depth, error, sizeof error), "%s", error);
      job_run(&jobs[i++]);
    }
    for (int n = 0; n < 10; n++) {
      const int i = (int)draw_in(&state, 0, TILES - 1);
      int32_t got[64 * 64];
      ck_assert(!api->configure(array, images[i].reg, PL_REG_WORDS, error, sizeof error));
      ck_assert_msg(!api->run(array, got, jobs[i].r.cols, error, sizeof error), "tile %d: %s", i, error);
      for (int o = 0; o < jobs[i].r.rows * jobs[i].r.cols; o++)
        if (got[o] != jobs[i].c[o]) ck_abort_msg("tile %d, output %d: expected %d, got %d", i, o, jobs[i].c[o], got[o]);
    }
    for (int i = 0; i < TILES; i++) job_free(&jobs[i]);
    api->destroy(array);
  }
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
  image.reg[PL_REG_DEPTH] = 1;
  image.reg[PL_REG_A_BASE] = (uint32_t)api->a_words - 1;
  ck_assert_int_eq(api->configure(array, image.reg, PL_REG_WORDS, error, sizeof error), 0);
  ck_assert_int_eq(api->load(array, 0, &code, 1, 1, 1, error, sizeof error), 0); /* the last word */
  image.reg[PL_REG_A_BASE]++;
  ck_assert_int_eq(api->configure(array, image.reg, PL_REG_WORDS, error, sizeof error), 0);
  ck_assert_int_ne(api->load(array, 0, &code, 1, 1, 1, error, sizeof error), 0);
  ck_assert_msg(strstr(error, "fit") != NULL, "%s", error);
  int32_t c;
  ck_assert_int_eq(api->run(array, &c, 1, error, sizeof error), -1);
  ck_assert_msg(strstr(error, "fit") != NULL, "%s", error);
  api->destroy(array);
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_loop_test(tests, random_tiles, 0, array_count);
  tcase_add_loop_test(tests, operands_side_by_side, 0, array_count);
  tcase_add_loop_test(tests, refusals, 0, array_count);
}

int main(int count, char **arguments) {
  if (count > 1 && count <= MOST_ARRAYS)
    for (array_count = 0; array_count < count - 1; array_count++) names[array_count] = arguments[array_count + 1];
  for (int i = 0; i < array_count; i++) apis[i] = open_plugin(names[i]);
  return run_suite("array", fill);
}
