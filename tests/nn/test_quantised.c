/* test_quantised.c: weights as codes (host/nn/quantised.h).
 *   codes that were dropped come back the same, with offset, balance, rotation and room, together and apart; then they stay
 *   a model gives the same logits whether its device holds all weights encoded, some of them, or none
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "nn/nn.h"
#include "nn/optics.h"
#include "nn/quantised.h"
#include "nn/ranges.h"

enum { INPUTS = 96, OUTPUTS = 17, LIMIT = 127 };

static uint32_t state = 5;
static float draw(void) {
  state = state * 747796405u + 2891336453u;
  return (float)(int32_t)(state ^ state >> 15) * 0x1p-31f;
}

START_TEST(dropped_codes_come_back) {
  static float weights[OUTPUTS * INPUTS], offset[INPUTS], row[INPUTS], scratch[INPUTS];
  int8_t balance[INPUTS], room[OUTPUTS];
  for (int i = 0; i < OUTPUTS * INPUTS; i++) weights[i] = draw();
  for (int i = 0; i < INPUTS; i++) offset[i] = draw(), balance[i] = (int8_t)(i % 5 - 2);
  for (int j = 0; j < OUTPUTS; j++) room[j] = (int8_t)(j % 4 * 5);
  const pl_tensor tensor = {.name = {"w", 1}, .type = PL_GGML_F32, .n_dims = 2, .dims = {INPUTS, OUTPUTS, 1, 1}, .rows = OUTPUTS,
                            .row_bytes = INPUTS * sizeof(float),
                            .data = (const uint8_t *)weights};
  pl_rotation *rotation = pl_rotation_new(INPUTS);
  for (int parts = 0; parts < 16; parts++) {
    const pl_nn_range range = {.offset = parts & 1 ? offset : NULL, .balance = parts & 2 ? balance : NULL,
                               .room = parts & 4 ? room : NULL, .inputs = INPUTS, .outputs = OUTPUTS};
    pl_quantised q = {0};
    pl_error err;
    ck_assert_msg(!pl_quantised_fill(&q, &tensor, &range, parts & 8 ? rotation : NULL, LIMIT, row, scratch, "here", &err),
                  "%s", err.text);
    int8_t codes[OUTPUTS * INPUTS];
    float scales[OUTPUTS], constant[OUTPUTS] = {0};
    memcpy(codes, q.codes, sizeof codes);
    memcpy(scales, q.scales, sizeof scales);
    if (q.constant) memcpy(constant, q.constant, sizeof constant);
    pl_quantised_drop(&q);
    ck_assert_ptr_null(q.codes);
    memset(q.scales, 0, sizeof scales);
    ck_assert(!pl_quantised_again(&q, row, scratch, &err));
    ck_assert_mem_eq(codes, q.codes, sizeof codes);
    ck_assert_mem_eq(scales, q.scales, sizeof scales);
    if (q.constant) ck_assert_mem_eq(constant, q.constant, sizeof constant);
    pl_quantised_drop(&q); /* once was enough: a device that has no room would ask for them again and again */
    ck_assert_ptr_nonnull(q.codes);
    pl_quantised_free(&q);
  }
  free(rotation);
}
END_TEST

/* Logits of a few tokens of the shipped model, read twice; *encodings: elements of B that were encoded for that. */
static float *logits_on(const char *uri, const char *core_name, uint64_t *encodings) {
  static const int32_t ids[] = {1, 20, 300, 44, 5};
  enum { N = sizeof ids / sizeof *ids };
  pl_nn *model;
  pl_device *device;
  pl_core core;
  pl_error err;
  pl_nn_optics *optics;
  pl_nn_context *ctx;
  pl_counters counters;
  ck_assert_msg(!pl_nn_load("host/nn/models/kjv.gguf", &model, &err), "%s", err.text);
  ck_assert_msg(!pl_core_load(core_name, &core, &err), "%s", err.text);
  ck_assert(!pl_open(uri, &device, &err) && !pl_configure(device, &core.image, &err));
  const pl_nn_settings settings = {.device = device, .image = core.image, .products = pl_nn_products_of(model)};
  ck_assert_msg(!pl_nn_optics_new(model, &settings, &optics, &err), "%s", err.text);
  const size_t row = (size_t)pl_nn_get_shape(model)->vocab;
  float *logits = malloc(sizeof *logits * row * N * 2);
  for (int again = 0; again < 2; again++) {
    ck_assert(!pl_nn_context_new(model, optics, N, &ctx, &err));
    ck_assert_msg(!pl_nn_forward(ctx, ids, N, 0, logits + again * (ptrdiff_t)(row * N), &err), "%s", err.text);
    pl_nn_context_free(ctx);
  }
  ck_assert(!memcmp(logits, logits + row * N, sizeof *logits * row * N));
  ck_assert(!pl_get_counters(device, &counters, &err));
  *encodings = counters.encodings_b;
  pl_nn_optics_free(optics);
  pl_close(device);
  pl_nn_free(model);
  return realloc(logits, sizeof *logits * row * N);
}

START_TEST(whatever_the_device_holds) {
  static const char *const cores[] = {"lightening", "ideal"};
  for (int i = 0; i < 2; i++) {
    uint64_t all, some, none;
    const size_t bytes = sizeof(float) * 64;
    float *with_all = logits_on("model:", cores[i], &all), *with_some = logits_on("model:?cache=1", cores[i], &some);
    float *with_none = logits_on("model:?cache=0", cores[i], &none);
    ck_assert(!memcmp(with_all, with_some, bytes) && !memcmp(with_all, with_none, bytes));
    if (i == 0) ck_assert_msg(all < some && some < none + 1, "encoded %llu, %llu, %llu", (unsigned long long)all,
                              (unsigned long long)some, (unsigned long long)none);
    free(with_all), free(with_some), free(with_none);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("quantised");
  TCase *tests = tcase_create("quantised");
  tcase_set_timeout(tests, 120);
  tcase_add_test(tests, dropped_codes_come_back);
  tcase_add_test(tests, whatever_the_device_holds);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
