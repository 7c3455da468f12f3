/* test_kind_corners.c: tiles at the ends of what the kinds `intensity` and `rns` allow, where random jobs do not come: the
 * most light, floors in reads shorter than a word, tables that change between tiles, coordinates that wrap, the largest
 * exponents and sums. Straight on array plug-ins, against the golden model.
 *
 *   test_kind_corners [ARRAY ...]      default: 1x2x8, 4x4x8x2 and 8x8x64 of both kinds
 *
 * PL_TEST_SEED=N changes the seed; it is printed.
 */
#include "array_support.h"

#include "../unit/rns_support.h"

enum { ROW_END = 1 << 24, COL_END = 1 << 20, SUM_END = 1 << 16, MOST_ARRAYS = 16 };
static const char *const all_arrays[] = {"intensity-1x2x8", "intensity-4x4x8x2", "intensity-8x8x64",
                                         "rns-1x2x8", "rns-4x4x8x2", "rns-8x8x64"};
static const pl_array_api *apis[PL_KINDS][MOST_ARRAYS];
static int counts[PL_KINDS];

static pl_model_regs draw_all(uint64_t *state, int kind) {
  return kind == PL_KIND_RNS ? draw_rns(state, PL_EFFECT_RESIDUES, RNS_EFFECTS) : draw_intensity(state, INTENSITY_EFFECTS);
}

/* Coordinates at their ends, each field by itself. */
static void coordinates_wrap(const pl_array_api *api) {
  uint64_t state = test_seed("coordinates_wrap");
  for (int which = 0; which < 8; which++) {
    pl_model_regs r = draw_all(&state, api->kind);
    r.rows = 11, r.cols = 13, r.channels = 9, r.depth = 5 * 9 + 4;
    r.row0 = which & 1 ? ROW_END - 5 : 77;
    r.col0 = which & 2 ? COL_END - 6 : 88;
    r.sum0 = which & 4 ? SUM_END - 3 : 99;
    model_job job = job_new(&state, r);
    char what[80];
    snprintf(what, sizeof what, "row0 %u, col0 %u, sum0 %u", r.row0, r.col0, r.sum0);
    compare_tile(api, &job, what);
    job_free(&job);
  }
}

/* Reads that end inside a beat, a word, or both. */
static void short_reads(const pl_array_api *api) {
  uint64_t state = test_seed("short_reads") + 1;
  for (int channels = 1; channels <= 67; channels++) {
    pl_model_regs r = draw_all(&state, api->kind);
    r.rows = 2, r.cols = 3, r.channels = channels, r.depth = 3 * channels + 1;
    r.wavelengths = channels % 32 + 1;
    model_job job = job_new(&state, r);
    compare_tile(api, &job, "short reads");
    job_free(&job);
  }
}

START_TEST(intensity_coordinates_wrap) { coordinates_wrap(apis[PL_KIND_INTENSITY][_i]); }
END_TEST
START_TEST(rns_coordinates_wrap) { coordinates_wrap(apis[PL_KIND_RNS][_i]); }
END_TEST
START_TEST(intensity_short_reads) { short_reads(apis[PL_KIND_INTENSITY][_i]); }
END_TEST
START_TEST(rns_short_reads) { short_reads(apis[PL_KIND_RNS][_i]); }
END_TEST

/* 4096 channels with both rails as bright as they can be: all 32 bits of L count, and each bit of the shot noise. */
START_TEST(most_light) {
  uint64_t state = test_seed("most_light") + 2;
  for (int gain = -16384; gain <= 16384; gain += 16384) {
    pl_model_regs r = draw_intensity(&state, PL_EFFECT_TRANSFER_A | PL_EFFECT_TRANSFER_B | PL_EFFECT_GAIN |
                                                 PL_EFFECT_SHOT | PL_EFFECT_SYSTEMATIC);
    r.rows = 1, r.cols = 2, r.channels = 4096, r.depth = 4096;
    r.shot_gain = 65535, r.shot_shift = 16;
    for (int i = 0; i < 128; i++) r.transfer[0][i] = r.transfer[1][i] = (uint16_t)(4095 - (i & 1));
    for (int i = 0; i < 32; i++) r.dispersion[i] = (int16_t)gain;
    model_job job = job_new(&state, r);
    memset(job.a, -128, 4096);
    memset(job.b, 126, 4096);
    compare_tile(apis[PL_KIND_INTENSITY][_i], &job, "the most light");
    const pl_read read = pl_model_read(&job.r, job.a, job.b, 0, 0, 0);
    ck_assert_msg(gain < 0 || read.sums.rails > UINT64_C(1) << 37, "R is only %llu", (unsigned long long)read.sums.rails);
    job_free(&job);
  }
}
END_TEST

/* The tables stay from tile to tile, and an entry can be changed alone: the floor, the last, one of the other operand. */
START_TEST(tables_change_between_tiles) {
  const pl_array_api *api = apis[PL_KIND_INTENSITY][_i];
  uint64_t state = test_seed("tables_change_between_tiles") + 3;
  char error[400] = "";
  pl_array *array = api->create(0, error, sizeof error);
  ck_assert_msg(array != NULL, "%s", error);
  pl_model_regs r = draw_intensity(&state, PL_EFFECT_TRANSFER_A | PL_EFFECT_TRANSFER_B | PL_EFFECT_SHOT);
  r.rows = 5, r.cols = 7, r.channels = 20, r.depth = 50;
  static const int entries[] = {0, 127, 1, 64, 126};
  for (size_t i = 0; i < 2 * sizeof entries / sizeof *entries; i++) {
    r.transfer[i & 1][entries[i / 2]] ^= 0x555;
    model_job job = job_new(&state, r);
    memset(job.a, -128, 50), memset(job.b, 127, 50), memset(job.a + 50, 0, 50), memset(job.b + 50, -127, 50);
    compare_on(api, array, &job, "a table changed between tiles");
    job_free(&job);
  }
  api->destroy(array);
}
END_TEST

/* Every pair of exponents from 0 to 7, and sums of both signs up to 2^26: residues that wrap, and the plain sum. */
START_TEST(largest_exponents_and_sums) {
  uint64_t state = test_seed("largest_exponents_and_sums") + 4;
  for (int bits = 1; bits <= 8; bits++) {
    for (int residues = 0; residues < 2; residues++) {
      pl_model_regs r = plain_rns(PL_EFFECT_BFP | (residues ? PL_EFFECT_RESIDUES | PL_EFFECT_RANGE_CHECK : 0), 8);
      r.range_limit = residues ? 1 << 27 : base_limit(8);
      r.rows = 8, r.cols = 8, r.channels = 4096, r.depth = 4096 + 100;
      r.bfp_bits = bits;
      model_job job = job_new(&state, r);
      for (int i = 0; i < r.rows; i++) {
        memset(job.a + i * r.depth, i & 1 ? -128 >> i : 127 >> i, (size_t)r.depth);
        memset(job.b + i * r.depth, i & 2 ? -128 >> i : 127 >> i, (size_t)r.depth);
      }
      if (words_taken(apis[PL_KIND_RNS][_i], &job.r) > apis[PL_KIND_RNS][_i]->a_words) {
        job.r.rows = 1, job.r.cols = 2, job.r.channels = job.r.depth = 256; /* a small buffer: the first rows alone */
      }
      compare_tile(apis[PL_KIND_RNS][_i], &job, "exponents");
      job_free(&job);
    }
  }
}
END_TEST

/* The whole of 4096 channels at the largest product, which no exponent makes smaller. */
START_TEST(largest_sum) {
  uint64_t state = test_seed("largest_sum") + 5;
  for (int residues = 0; residues < 2; residues++) {
    pl_model_regs r = plain_rns(residues ? PL_EFFECT_RESIDUES : 0, 8);
    r.rows = 1, r.cols = 2, r.channels = r.depth = 4096;
    model_job job = job_new(&state, r);
    memset(job.a, -128, 4096);
    memset(job.b, -128, 4096);
    memset(job.b + 4096, 127, 4096);
    compare_tile(apis[PL_KIND_RNS][_i], &job, "the largest sum");
    ck_assert_int_eq(pl_model_read(&job.r, job.a, job.b, 0, 0, 0).sums.product, 1 << 26);
    job_free(&job);
  }
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_loop_test(tests, intensity_coordinates_wrap, 0, counts[PL_KIND_INTENSITY]);
  tcase_add_loop_test(tests, intensity_short_reads, 0, counts[PL_KIND_INTENSITY]);
  tcase_add_loop_test(tests, most_light, 0, counts[PL_KIND_INTENSITY]);
  tcase_add_loop_test(tests, tables_change_between_tiles, 0, counts[PL_KIND_INTENSITY]);
  tcase_add_loop_test(tests, rns_coordinates_wrap, 0, counts[PL_KIND_RNS]);
  tcase_add_loop_test(tests, rns_short_reads, 0, counts[PL_KIND_RNS]);
  tcase_add_loop_test(tests, largest_exponents_and_sums, 0, counts[PL_KIND_RNS]);
  tcase_add_loop_test(tests, largest_sum, 0, counts[PL_KIND_RNS]);
}

int main(int count, char **arguments) {
  const int given = count > 1 && count <= MOST_ARRAYS ? count - 1 : 0;
  for (int i = 0; i < (given ? given : (int)(sizeof all_arrays / sizeof *all_arrays)); i++) {
    const pl_array_api *api = open_plugin(given ? arguments[i + 1] : all_arrays[i]);
    apis[api->kind][counts[api->kind]++] = api;
  }
  return run_suite("kind corners", fill);
}
