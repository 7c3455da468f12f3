/* test_minilm.c: MiniLM (all-MiniLM-L6-v2) as published: tokens against its tokenizer.json, embeddings against numpy
 * (reference.py), and what 8-bit products without noise leave of them. */
#include "nn/embed.h"
#include "nn/ranges.h"
#include "published.h"

static const char model_path[] = "models/minilm";
static pl_nn *model;

static void setup(void) {
  pl_error err;
  ck_assert_msg(!pl_nn_load(model_path, &model, &err), "%s", err.text);
}
static void teardown(void) { pl_nn_free(model); }

START_TEST(tokens_are_those_of_the_published_tokenizer) {
  check_published_ids(pl_nn_get_tokenizer(model), "minilm", PL_TOKENIZE_BOS | PL_TOKENIZE_CONTROL);
}
END_TEST

/* Embeddings of the fixture's sentences, sentences x dim; free(). */
static float *embed_all(const cJSON *sentences, pl_nn_optics *optics) {
  const int dim = pl_nn_get_shape(model)->dim;
  float *out = malloc(sizeof *out * (size_t)(dim * cJSON_GetArraySize(sentences)));
  pl_nn_context *ctx;
  pl_error err;
  int i = 0;
  const cJSON *item;
  ck_assert_msg(!pl_nn_context_new(model, optics, 128, &ctx, &err), "%s", err.text);
  cJSON_ArrayForEach(item, sentences) {
    int n;
    int32_t *ids = whole_numbers(member(item, "ids"), &n);
    ck_assert_msg(!pl_embed(ctx, model, ids, n, out + i++ * dim, &err), "%s", err.text);
    free(ids);
  }
  pl_nn_context_free(ctx);
  return out;
}

START_TEST(embeddings_are_those_of_numpy) {
  cJSON *json = read_fixture("tests/models/minilm.json");
  const cJSON *sentences = member(json, "sentences"), *item;
  const int dim = pl_nn_get_shape(model)->dim;
  float *vectors = embed_all(sentences, NULL);
  double worst = 0, largest = 0;
  int i = 0;
  cJSON_ArrayForEach(item, sentences) {
    check_ids(pl_nn_get_tokenizer(model), member(item, "text")->valuestring, PL_TOKENIZE_BOS, member(item, "ids"));
    ck_assert_int_eq(cJSON_GetArraySize(member(item, "embedding")), dim);
    worst = fmax(worst, worst_difference(member(item, "embedding"), vectors + i++ * dim, 1, &largest));
  }
  printf("largest difference of an element %.2g, elements up to %.2f\n", worst, largest);
  ck_assert_msg(worst < 1e-5, "off by %g", worst);
  free(vectors);
  cJSON_Delete(json);
}
END_TEST

START_TEST(eight_bits_keep_the_embedding) {
  cJSON *json = read_fixture("tests/models/minilm.json");
  const cJSON *sentences = member(json, "sentences");
  const int dim = pl_nn_get_shape(model)->dim, count = cJSON_GetArraySize(sentences);
  pl_device *device;
  pl_core core;
  pl_nn_ranges *ranges;
  pl_nn_optics *optics;
  pl_error err;
  ck_assert_msg(!pl_core_load("ideal8", &core, &err) && !pl_open("model:", &device, &err), "%s", err.text);
  ck_assert(!pl_configure(device, &core.image, &err));
  ck_assert_msg(!pl_nn_calibrate_builtin(model, &core.image, PL_NN_ALL, pl_range_default, NULL, NULL, &ranges, &err), "%s",
                err.text);
  pl_nn_settings settings = {.device = device, .image = core.image, .products = PL_NN_ALL, .ranges = ranges};
  ck_assert_msg(!pl_nn_optics_new(model, &settings, &optics, &err), "%s", err.text);
  float *exact = embed_all(sentences, NULL), *optical = embed_all(sentences, optics);
  for (int i = 0; i < count; i++) {
    const double c = pl_cosine(exact + i * dim, optical + i * dim, dim);
    ck_assert_msg(c > 0.998 && c < 0.9999999, "sentence %d: cosine %.6f", i, c);
  }
  free(exact), free(optical), free(ranges);
  pl_nn_optics_free(optics);
  pl_close(device);
  cJSON_Delete(json);
}
END_TEST

int main(void) {
  const int skipped = missing("models/minilm/model.safetensors", "minilm");
  if (skipped) return skipped;
  Suite *suite = suite_create("minilm");
  TCase *tests = tcase_create("minilm");
  tcase_set_timeout(tests, 0);
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, tokens_are_those_of_the_published_tokenizer);
  tcase_add_test(tests, embeddings_are_those_of_numpy);
  tcase_add_test(tests, eight_bits_keep_the_embedding);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
