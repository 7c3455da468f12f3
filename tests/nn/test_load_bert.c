/* test_load_bert.c: a BERT encoder from a folder: its embedding against a numpy implementation (tests/models/reference.py),
 * from the text on; noise by coordinates; folders with files missing, damaged or at odds. */
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "nn/embed.h"

static const char folder[] = "tests/data/tiny-bert";
enum { DIM = 24 };

static pl_nn *load(void) {
  pl_nn *m;
  pl_error err;
  ck_assert_msg(!pl_nn_load(folder, &m, &err), "%s", err.text);
  return m;
}

START_TEST(embedding_is_that_of_numpy) {
  pl_nn *m = load();
  const pl_nn_shape *s = pl_nn_get_shape(m);
  cJSON *json = read_fixture("tests/data/tiny-bert.json");
  int n;
  int32_t *ids = whole_numbers(member(json, "ids"), &n);
  pl_nn_context *ctx;
  float vector[DIM];
  double largest = 0;
  ck_assert_str_eq(pl_nn_family(m), "bert");
  ck_assert(s->layers == 2 && s->dim == DIM && s->heads == 3 && s->outputs == DIM && !s->causal);
  ck_assert_uint_eq(pl_nn_products_of(m), PL_NN_ALL & ~(1u << PL_NN_GATE) & ~(1u << PL_NN_HEAD));
  check_ids(pl_nn_get_tokenizer(m), member(json, "text")->valuestring, PL_TOKENIZE_BOS, member(json, "ids"));
  ck_assert(!pl_nn_context_new(m, NULL, s->context, &ctx, NULL));
  for (int again = 0; again < 2; again++) { /* the second text knows nothing of the first */
    ck_assert(!pl_embed(ctx, m, ids, n, vector, NULL));
    const double worst = worst_difference(member(json, "embedding"), vector, 1, &largest);
    ck_assert_msg(worst < 2e-6, "off by %g", worst);
  }
  pl_nn_context_free(ctx);
  free(ids);
  cJSON_Delete(json);
  pl_nn_free(m);
}
END_TEST

/* All rows of a head share one job: row i of it must be what a job of that row alone gives. With every effect on the
 * model's bits repeat, depend on the seed, and stay near the float ones. */
START_TEST(optical_states) {
  pl_nn *m = load();
  pl_device *device;
  pl_core core;
  pl_error err;
  static const int32_t ids[] = {2, 5, 6, 7, 8, 10, 12, 3};
  float vectors[4][DIM];
  ck_assert_msg(!pl_open("model:", &device, &err) && !pl_core_load("lightening", &core, &err), "%s", err.text);
  for (int run = 0; run < 4; run++) { /* float, a seed, the same seed in another capacity, another seed */
    pl_nn_optics *optics = NULL;
    pl_nn_context *ctx;
    core.image.reg[PL_REG_SEED] = run == 3 ? 8 : 7;
    ck_assert(!pl_configure(device, &core.image, &err));
    pl_nn_settings settings = {.device = device, .image = core.image, .products = PL_NN_ALL};
    if (run) ck_assert_msg(!pl_nn_optics_new(m, &settings, &optics, &err), "%s", err.text);
    ck_assert(!pl_nn_context_new(m, optics, run == 2 ? 8 : 40, &ctx, &err));
    ck_assert_msg(!pl_embed(ctx, m, ids, 8, vectors[run], &err), "%s", err.text);
    pl_nn_context_free(ctx);
    pl_nn_optics_free(optics);
  }
  ck_assert(!memcmp(vectors[1], vectors[2], sizeof vectors[1]) && memcmp(vectors[1], vectors[3], sizeof vectors[1]));
  ck_assert_double_gt(pl_cosine(vectors[0], vectors[1], DIM), 0.97);
  ck_assert_double_lt(pl_cosine(vectors[0], vectors[1], DIM), 0.999999);
  pl_close(device);
  pl_nn_free(m);
}
END_TEST

START_TEST(texts_come_whole) {
  pl_nn *m = load();
  pl_nn_context *ctx;
  pl_error err;
  static const int32_t ids[6] = {2, 5, 6, 7, 8, 3};
  float states[6 * DIM], vector[DIM];
  ck_assert(!pl_nn_context_new(m, NULL, 5, &ctx, NULL));
  ck_assert(!pl_nn_forward(ctx, ids, 3, 0, states, &err));
  ck_assert_int_eq(pl_nn_forward(ctx, ids, 1, 0, states, &err), PL_E_INPUT);
  ck_assert(strstr(err.text, "at once"));
  ck_assert_int_eq(pl_embed(ctx, m, ids, 6, vector, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_embed(ctx, m, ids, 0, vector, &err), PL_E_INPUT);
  pl_nn_context_free(ctx);
  pl_nn_free(m);
}
END_TEST

START_TEST(neighbours) {
  static const float v[] = {1, 0, 0, 1, 0.6f, 0.8f, 1, 0, 0, 0};
  int order[4];
  ck_assert_double_eq_tol(pl_cosine(v, v + 4, 2), 0.6, 1e-6);
  ck_assert_double_eq(pl_cosine(v, v + 8, 2), 0);
  pl_rank(v, 5, 2, 0, order);
  ck_assert(order[0] == 3 && order[1] == 2 && order[2] == 1 && order[3] == 4);
}
END_TEST

/* ---- Damaged folders ---- */

static char temp[] = "/tmp/test_load_bert.XXXXXX";

static void put(const char *name, const char *text, size_t size) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", temp, name);
  FILE *f = fopen(path, "wb");
  ck_assert(f && fwrite(text, 1, size, f) == size && !fclose(f));
}

static char *slurp(const char *name, size_t *size) {
  char path[256], *text = malloc(1 << 20);
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "rb");
  ck_assert(f != NULL);
  *size = fread(text, 1, (1 << 20) - 1, f);
  text[*size] = 0;
  fclose(f);
  return text;
}

static void must_refuse(const char *words) {
  pl_nn *m;
  pl_error err = {0};
  ck_assert_msg(pl_nn_load(temp, &m, &err) == PL_E_INPUT && !m, "accepted: %s", words);
  ck_assert_msg(strstr(err.text, words) && strstr(err.text, temp) && !strchr(err.text, '\n'), "'%s' lacks '%s'", err.text,
                words);
}

/* The config with `from` replaced by `to`. */
static void change_config(const char *from, const char *to) {
  size_t size;
  char *text = slurp("config.json", &size), *at = strstr(text, from), *out = malloc(size + 100);
  ck_assert_msg(at != NULL, "%s", from);
  const int n = sprintf(out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
  put("config.json", out, (size_t)n);
  free(out), free(text);
}

START_TEST(folders_that_do_not_fit_together) {
  static const struct {
    const char *from, *to, *words;
  } changes[] = {{"\"bert\"", "\"roberta\"", "model_type"},
                 {"\"gelu\"", "\"relu\"", "hidden_act"},
                 {"\"hidden_size\": 24", "\"hidden_size\": 0", "hidden_size must be"},
                 {"\"hidden_size\": 24", "\"hidden_size\": 1e30", "hidden_size must be"},
                 {"\"hidden_size\": 24", "\"hidden_size\": \"24\"", "hidden_size must be"},
                 {"\"hidden_size\": 24", "\"hidden_size\": 27", "word_embeddings.weight is 24 x"},
                 {"\"num_attention_heads\": 3", "\"num_attention_heads\": 5", "share 24 elements"},
                 {"\"num_attention_heads\": 3", "\"num_attention_heads\": 24", "heads of 1 elements"},
                 {"\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "encoder.layer.2.attention.self.query.weight"},
                 {"\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1", "37 tensors where"},
                 {"\"max_position_embeddings\": 40", "\"max_position_embeddings\": 41", "position_embeddings.weight is"},
                 {"1e-12", "-1", "layer_norm_eps"},
                 {"{", "[", "not a JSON object"}};
  static const char *const files[] = {"config.json", "vocab.txt", "model.safetensors"};
  size_t size;
  ck_assert(mkdtemp(temp) != NULL);
  for (int i = 0; i < 3; i++) { /* one more each time */
    must_refuse(files[i]);
    char *text = slurp(files[i], &size);
    put(files[i], text, size);
    free(text);
  }
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    change_config(changes[i].from, changes[i].to);
    must_refuse(changes[i].words);
  }
  change_config("\"bert\"", "\"bert\"");
  put("vocab.txt", "[PAD]\nthe\n[CLS]\n[SEP]\n", 22);
  must_refuse("[UNK]");
  put("vocab.txt", "[UNK]\nthe\n[CLS]\n[SEP]\nthe\n", 26);
  must_refuse("line 5");
  put("vocab.txt", "[UNK]\nthe\n[CLS]\n[SEP]\n", 22);
  must_refuse("word_embeddings.weight is 24 x 15");
  for (int i = 0; i < 3; i++) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", temp, files[i]);
    unlink(path);
  }
  rmdir(temp);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("load_bert");
  TCase *tests = tcase_create("bert");
  tcase_set_timeout(tests, 120);
  tcase_add_test(tests, embedding_is_that_of_numpy);
  tcase_add_test(tests, optical_states);
  tcase_add_test(tests, texts_come_whole);
  tcase_add_test(tests, neighbours);
  tcase_add_test(tests, folders_that_do_not_fit_together);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
