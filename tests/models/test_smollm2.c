/* test_smollm2.c: SmolLM2-135M-Instruct as published: tokens against its published tokenizer, logits against numpy
 * (reference.py), what converters of 8 bits lose, and golden model and RTL on every product of a forward pass of 64
 * tokens (RTL_TOKENS=N: fewer). */
#include "nn/perplexity.h"
#include "nn/ranges.h"
#include "nn/sample.h"
#include "published.h"

static const char model_path[] = "models/smollm2.gguf";
static pl_nn *model;

static void setup(void) {
  pl_error err;
  ck_assert_msg(!pl_nn_load(model_path, &model, &err), "%s", err.text);
}
static void teardown(void) { pl_nn_free(model); }

START_TEST(tokens_are_those_of_the_published_tokenizer) {
  check_published_ids(pl_nn_get_tokenizer(model), "smollm2", 0);
}
END_TEST

/* The largest difference is printed; logits are up to 25. Float sums of 1536 terms differ by some 1e-5. */
START_TEST(logits_are_those_of_numpy) {
  cJSON *json = read_fixture("tests/models/smollm2.json");
  const int every = member(json, "every")->valueint, vocab = pl_nn_get_shape(model)->vocab;
  float *logits = malloc(sizeof *logits * (size_t)vocab);
  double worst = 0, largest = 0;
  const cJSON *item;
  cJSON_ArrayForEach(item, member(json, "prompts")) {
    pl_nn_context *ctx;
    pl_error err;
    int n;
    int32_t *ids = whole_numbers(member(item, "ids"), &n);
    check_ids(pl_nn_get_tokenizer(model), member(item, "text")->valuestring, PL_TOKENIZE_CONTROL, member(item, "ids"));
    ck_assert_msg(!pl_nn_context_new(model, NULL, n, &ctx, &err), "%s", err.text);
    ck_assert_msg(!pl_nn_forward(ctx, ids, n, n - 1, logits, &err), "%s", err.text);
    worst = fmax(worst, worst_difference(member(item, "logits"), logits, every, &largest));
    ck_assert_int_eq(pl_likeliest(logits, vocab), member(item, "best")->valueint);
    pl_nn_context_free(ctx);
    free(ids);
  }
  printf("largest difference of a logit %.2g, logits up to %.1f\n", worst, largest);
  ck_assert_msg(worst < 1e-3, "off by %g", worst);
  free(logits);
  cJSON_Delete(json);
}
END_TEST

/* Converters of 8 bits, ranges from the built-in text: of the 0.010 nats that are lost here a calibration without
 * rotation loses 0.034. */
START_TEST(eight_bits_keep_the_distribution) {
  enum { TOKENS = 128, ROOM = 4096 };
  char text[ROOM];
  FILE *f = fopen("tests/data/heldout.txt", "rb");
  ck_assert_ptr_nonnull(f);
  const size_t size = fread(text, 1, ROOM, f);
  fclose(f);
  int32_t *ids;
  size_t count;
  pl_device *device;
  pl_core core;
  pl_nn_ranges *ranges;
  pl_nn_optics *optics;
  pl_error err;
  ck_assert(!pl_tokenize(pl_nn_get_tokenizer(model), text, size, PL_TOKENIZE_BOS, &ids, &count, &err));
  ck_assert_int_ge((int)count, TOKENS);
  ck_assert_msg(!pl_core_load("ideal8", &core, &err) && !pl_open("model:?threads=1", &device, &err), "%s", err.text);
  ck_assert(!pl_configure(device, &core.image, &err));
  ck_assert_msg(!pl_nn_calibrate_builtin(model, &core.image, PL_NN_ALL, pl_range_default, NULL, NULL, &ranges, &err),
                "%s", err.text);
  const pl_nn_settings settings = {.device = device, .image = core.image, .products = PL_NN_ALL, .ranges = ranges};
  ck_assert_msg(!pl_nn_optics_new(model, &settings, &optics, &err), "%s", err.text);
  const pl_perplexity_settings how = {.window = TOKENS, .batch = TOKENS, .beside = 1};
  pl_perplexity_result result;
  ck_assert_msg(!pl_perplexity(model, optics, ids, TOKENS, &how, NULL, NULL, &result, &err), "%s", err.text);
  printf("%lld tokens: perplexity %.3f, float %.3f, KL divergence %.4f\n", (long long)result.scored, result.perplexity,
         result.reference, result.divergence);
  ck_assert_msg(result.divergence > 0 && result.divergence < 0.016, "KL divergence %g", result.divergence);
  pl_nn_optics_free(optics);
  pl_close(device);
  free(ranges), free(ids);
}
END_TEST

/* Every product of 64 tokens, logits of the last, on both. Minutes: the RTL multiplies 135 million weights by each token. */
START_TEST(golden_model_and_rtl_agree) {
  enum { TOKENS = 64 };
  const char *fewer = getenv("RTL_TOKENS");
  const int n = fewer && atoi(fewer) > 0 && atoi(fewer) < TOKENS ? atoi(fewer) : TOKENS;
  static const char text[] =
      "Light travels in straight lines until it meets a lens, a mirror or a grating. In an optical core two beams meet at a "
      "coupler, and what the detectors see is the product of their fields, summed over all wavelengths at once. The noise of "
      "that sum, of the modulators and of the converters decides how many bits of the result can be believed.";
  pl_device *golden, *rtl;
  pl_core core;
  pl_nn_optics *optics;
  pl_nn_context *ctx;
  pl_error err;
  int32_t *ids;
  size_t count;
  float *logits = malloc(sizeof *logits * (size_t)pl_nn_get_shape(model)->vocab);
  ck_assert(!pl_tokenize(pl_nn_get_tokenizer(model), text, sizeof text - 1, PL_TOKENIZE_BOS, &ids, &count, &err));
  ck_assert_int_ge((int)count, n);
  ck_assert_msg(!pl_core_load("lightening", &core, &err) && !pl_open("model:", &golden, &err) &&
                    !pl_open("rtl:8x8x64", &rtl, &err), "%s", err.text);
  ck_assert(!pl_configure(golden, &core.image, &err) && !pl_configure(rtl, &core.image, &err));
  pl_nn_settings settings = {.device = golden, .check = rtl, .image = core.image, .products = PL_NN_ALL};
  ck_assert_msg(!pl_nn_optics_new(model, &settings, &optics, &err), "%s", err.text);
  ck_assert_msg(!pl_nn_context_new(model, optics, n, &ctx, &err), "%s", err.text);
  ck_assert_msg(!pl_nn_forward(ctx, ids, n, n - 1, logits, &err), "%s", err.text);
  pl_counters counters;
  ck_assert(!pl_get_counters(rtl, &counters, &err));
  printf("%llu products of %d tokens agree: %.3g products of elements, %.3g detector reads\n",
         (unsigned long long)pl_nn_optics_products(optics), n, (double)counters.macs, (double)counters.reads);
  const pl_nn_shape *s = pl_nn_get_shape(model);
  ck_assert_uint_eq(pl_nn_optics_products(optics), (uint64_t)s->layers * (uint64_t)(7 + s->heads * (1 + n)) + 1);
  pl_nn_context_free(ctx);
  pl_nn_optics_free(optics);
  pl_close(golden);
  pl_close(rtl);
  free(ids), free(logits);
}
END_TEST

int main(void) {
  const int skipped = missing(model_path, "smollm2");
  if (skipped) return skipped;
  Suite *suite = suite_create("smollm2");
  TCase *tests = tcase_create("smollm2");
  tcase_set_timeout(tests, 0);
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, tokens_are_those_of_the_published_tokenizer);
  tcase_add_test(tests, logits_are_those_of_numpy);
  tcase_add_test(tests, eight_bits_keep_the_distribution);
  if (getenv("RTL_TOKENS")) tcase_add_test(tests, golden_model_and_rtl_agree);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
