/* test_sweep_shared.c: what points of a sweep share gives the figures that each point would get alone: calibration on the
 * reduced image, the float model's logits kept once. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "physics/physics.h"
#include "study/sweep_ranges.h"
#include "study/sweep_reference.h"

enum { WINDOW = 16, TOKENS = 3 * WINDOW + 5 };

static pl_nn *model;
static int32_t ids[TOKENS];

static void set_up(void) {
  pl_error err;
  ck_assert_msg(!pl_nn_load("tests/data/tiny-gpt2.gguf", &model, &err), "%s", err.text);
  for (int i = 0; i < TOKENS; i++) ids[i] = (i * 37 + 11) % pl_nn_get_shape(model)->vocab;
}

static void tear_down(void) { pl_nn_free(model); }

static pl_image core(const char *name) {
  pl_core c;
  pl_error err;
  ck_assert_msg(!pl_core_load(name, &c, &err), "%s", err.text);
  return c.image;
}

/* All of the ranges as text; free() it. */
static char *calibrated(const pl_image *image) {
  char path[] = "/tmp/photolane-ranges-XXXXXX";
  pl_nn_ranges *ranges;
  pl_error err;
  ck_assert_msg(!pl_nn_calibrate_builtin(model, image, PL_NN_ALL & pl_nn_products_of(model), pl_range_default, NULL, NULL,
                                         &ranges, &err), "%s", err.text);
  const int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  close(fd);
  ck_assert_msg(!pl_nn_ranges_save(ranges, path, &err), "%s", err.text);
  free(ranges);
  FILE *f = fopen(path, "rb");
  char *text = calloc(1, 4 << 20);
  ck_assert_uint_gt(fread(text, 1, (4 << 20) - 1, f), 100);
  fclose(f);
  unlink(path);
  return text;
}

static void must_be_same(const char *what, const pl_image *image) {
  pl_image reduced;
  pl_error err;
  pl_sweep_ranges_image(image, &reduced);
  ck_assert_msg(!pl_image_check(&reduced, &err), "%s: %s", what, err.text);
  ck_assert_msg(memcmp(&reduced, image, sizeof reduced) != 0, "%s: nothing was taken off", what);
  char *full = calibrated(image), *less = calibrated(&reduced);
  ck_assert_msg(!strcmp(full, less), "%s: the reduced image has other ranges", what);
  free(full);
  free(less);
}

START_TEST(reduced_image_has_the_same_ranges) {
  static const char *const cores[] = {"lightening", "optical-transformers", "converters"};
  for (size_t i = 0; i < sizeof cores / sizeof *cores; i++) {
    pl_image image = core(cores[i]);
    image.reg[PL_REG_SEED] = 77;
    must_be_same(cores[i], &image);
  }
  /* Everything that an intensity core has, strong noise, tables that are no identity. */
  pl_image image = core("optical-transformers");
  image.reg[PL_REG_EFFECTS] = pl_kind_effects(PL_KIND_INTENSITY);
  image.reg[PL_REG_SYSTEMATIC_SIGMA] = 1000;
  for (int i = PL_REG_TABLES; i < PL_REG_WORDS; i++) image.reg[i] = (uint32_t)(40 + (i & 127) * 7 / 2);
  must_be_same("intensity, all on", &image);
}
END_TEST

/* What calibration does look at must not be taken off. */
START_TEST(points_that_differ_do_not_share) {
  static const int registers[] = {PL_REG_CHANNELS, PL_REG_DAC_BITS_A, PL_REG_DAC_BITS_B, PL_REG_ADC_BITS,
                                  PL_REG_TABLES + 3};
  pl_image image = core("optical-transformers"), reduced, other;
  image.reg[PL_REG_EFFECTS] |= PL_EFFECT_DAC_A | PL_EFFECT_DAC_B | PL_EFFECT_ADC | PL_EFFECT_TRANSFER_A;
  pl_sweep_ranges_image(&image, &reduced);
  for (size_t i = 0; i < sizeof registers / sizeof *registers; i++) {
    pl_image changed = image;
    changed.reg[registers[i]]--;
    pl_sweep_ranges_image(&changed, &other);
    ck_assert_msg(memcmp(&reduced, &other, sizeof other) != 0, "register word %d", registers[i]);
  }
}
END_TEST

START_TEST(kept_once) {
  static pl_sweep_point point[2]; /* 4 kB each */
  pl_sweep_ranges kept = {0};
  const pl_nn_ranges *first, *again, *other;
  pl_error err;
  for (int i = 0; i < 2; i++) {
    point[i].image = core("lightening");
    strcpy(point[i].range, "mse");
    ck_assert(pl_sweep_rule("mse", &point[i].choice));
  }
  point[1].image.reg[PL_REG_SEED] = 5;
  point[1].image.reg[PL_REG_EFFECTS] &= ~(uint32_t)PL_EFFECT_PHASE;
  const unsigned products = PL_NN_ALL & pl_nn_products_of(model);
  ck_assert(!pl_sweep_ranges_find(&kept, model, products, &point[0], &first, &err));
  ck_assert(!pl_sweep_ranges_find(&kept, model, products, &point[1], &again, &err));
  ck_assert(first && first == again);
  strcpy(point[1].range, "max");
  ck_assert(pl_sweep_rule("max", &point[1].choice));
  ck_assert(!pl_sweep_ranges_find(&kept, model, products, &point[1], &other, &err));
  ck_assert(other && other != first);
  point[1].image = core("mirage");
  ck_assert(!pl_sweep_ranges_find(&kept, model, products, &point[1], &other, &err));
  ck_assert_ptr_null(other);
  pl_sweep_ranges_free(&kept);
}
END_TEST

START_TEST(kept_logits_are_the_float_model_beside) {
  pl_error err;
  pl_device *device;
  pl_nn_optics *optics;
  pl_perplexity_result beside, kept;
  pl_sweep_reference reference;
  const pl_image image = core("lightening");
  ck_assert(!pl_open("model:", &device, &err) && !pl_configure(device, &image, &err));
  const pl_nn_settings settings = {device, NULL, image, PL_NN_ALL & pl_nn_products_of(model), NULL};
  ck_assert_msg(!pl_nn_optics_new(model, &settings, &optics, &err), "%s", err.text);
  pl_perplexity_settings how = {.window = WINDOW, .batch = 5, .beside = 1};
  ck_assert(!pl_perplexity(model, optics, ids, TOKENS, &how, NULL, NULL, &beside, &err));
  how.batch = 16, how.beside = 0;
  ck_assert(!pl_sweep_reference_make(model, ids, TOKENS, &how, &reference, &err) && reference.logits);
  ck_assert_int_eq(pl_perplexity_scored(TOKENS, WINDOW), beside.scored);
  how.exact = reference.logits;
  ck_assert(!pl_perplexity(model, optics, ids, TOKENS, &how, NULL, NULL, &kept, &err));
  ck_assert(beside.divergence > 0 && beside.reference > 1);
  beside.seconds = kept.seconds = 0;
  ck_assert(!memcmp(&beside, &kept, sizeof kept));
  pl_sweep_reference_free(&reference);

  /* No room: no logits, and that is no error. */
  setenv("TMPDIR", "/nowhere/at/all", 1);
  how.exact = NULL;
  ck_assert(!pl_sweep_reference_make(model, ids, TOKENS, &how, &reference, &err));
  ck_assert_ptr_null(reference.logits);
  unsetenv("TMPDIR");
  pl_nn_optics_free(optics);
  pl_close(device);
}
END_TEST

int main(void) {
  Suite *s = suite_create("sweep_shared");
  TCase *t = tcase_create("shared");
  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_set_timeout(t, 120);
  tcase_add_test(t, reduced_image_has_the_same_ranges);
  tcase_add_test(t, points_that_differ_do_not_share);
  tcase_add_test(t, kept_once);
  tcase_add_test(t, kept_logits_are_the_float_model_beside);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
