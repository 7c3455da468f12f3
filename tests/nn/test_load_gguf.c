/* test_load_gguf.c: a GPT-2 model from GGUF: its logits against a numpy implementation (tests/models/reference.py), the
 * same bits in pieces, in float and with every effect on, and files that do not fit together. Llama: test_llama.c. */
#include "fixture.h"
#include "tiny_gguf.h"

static const char model_path[] = "tests/data/tiny-gpt2.gguf";
enum { N = 20, VOCAB = 258 };

static pl_nn *load(void) {
  pl_nn *m;
  pl_error err;
  ck_assert_msg(!pl_nn_load(model_path, &m, &err), "%s", err.text);
  return m;
}

static void read_in_pieces(const pl_nn *m, pl_nn_optics *optics, const int32_t *ids, int piece, float *logits) {
  pl_nn_context *ctx;
  pl_error err;
  ck_assert_msg(!pl_nn_context_new(m, optics, N, &ctx, &err), "%s", err.text);
  for (int at = 0; at < N; at += piece)
    ck_assert_msg(!pl_nn_forward(ctx, ids + at, at + piece < N ? piece : N - at, 0, logits + at * VOCAB, &err), "%s",
                  err.text);
  pl_nn_context_free(ctx);
}

START_TEST(shape) {
  pl_nn *m = load();
  const pl_nn_shape *s = pl_nn_get_shape(m);
  ck_assert_str_eq(pl_nn_family(m), "gpt2");
  ck_assert(s->layers == 2 && s->dim == 32 && s->ffn == 64 && s->heads == 4 && s->kv_heads == 4 && s->context == 48);
  ck_assert(s->vocab == VOCAB && s->outputs == VOCAB && s->causal && s->tied && s->rope_dims == 0);
  ck_assert_uint_eq(pl_nn_products_of(m), PL_NN_ALL & ~(1u << PL_NN_GATE));
  pl_nn_free(m);
}
END_TEST

START_TEST(logits_are_those_of_numpy) {
  pl_nn *m = load();
  cJSON *json = read_fixture("tests/data/tiny-gpt2.json");
  const cJSON *rows = member(json, "logits"), *row;
  const int every = member(json, "every")->valueint;
  int n, r = 0;
  int32_t *ids = whole_numbers(member(json, "ids"), &n);
  ck_assert_int_eq(n, N);
  float *logits = malloc(sizeof *logits * N * VOCAB);
  read_in_pieces(m, NULL, ids, N, logits);
  double worst = 0, largest = 0;
  cJSON_ArrayForEach(row, rows) worst = fmax(worst, worst_difference(row, logits + r++ * VOCAB, every, &largest));
  ck_assert_int_eq(r, N);
  ck_assert_msg(worst < 2e-5 * largest, "off by %g, logits up to %g", worst, largest);
  free(logits), free(ids);
  cJSON_Delete(json);
  pl_nn_free(m);
}
END_TEST

START_TEST(pieces_give_the_same_bits) {
  pl_nn *m = load();
  pl_device *device;
  pl_core core;
  pl_nn_optics *optics;
  pl_error err;
  int32_t ids[N];
  uint64_t seed = 41;
  for (int i = 0; i < N; i++) ids[i] = (int32_t)(random_u64(&seed) % VOCAB);
  ck_assert_msg(!pl_open("model:", &device, &err) && !pl_core_load("lightening", &core, &err), "%s", err.text);
  ck_assert(!pl_configure(device, &core.image, &err));
  pl_nn_settings settings = {.device = device, .image = core.image, .products = PL_NN_ALL};
  ck_assert_msg(!pl_nn_optics_new(m, &settings, &optics, &err), "%s", err.text);
  float *whole = malloc(sizeof *whole * N * VOCAB), *pieces = malloc(sizeof *pieces * N * VOCAB), *exact;
  exact = malloc(sizeof *exact * N * VOCAB);
  for (int optical = 0; optical < 2; optical++) {
    read_in_pieces(m, optical ? optics : NULL, ids, N, optical ? whole : exact);
    for (int piece = 1; piece < N; piece += 3) {
      read_in_pieces(m, optical ? optics : NULL, ids, piece, pieces);
      ck_assert_msg(!memcmp(optical ? whole : exact, pieces, sizeof *pieces * N * VOCAB), "pieces of %d", piece);
    }
  }
  double difference = 0, size = 0;
  for (int i = 0; i < N * VOCAB; i++) difference += pow((double)(whole[i] - exact[i]), 2), size += pow((double)exact[i], 2);
  ck_assert_msg(difference > 0 && difference < 0.2 * size, "relative error %g", sqrt(difference / size));
  free(whole), free(pieces), free(exact);
  pl_nn_optics_free(optics);
  pl_close(device);
  pl_nn_free(m);
}
END_TEST

/* ---- Files that do not fit together ---- */

static void must_refuse(gguf_file *f, const char *words) {
  blob b = finish(f);
  pl_gguf *g;
  pl_nn *m = NULL;
  pl_error err = {0};
  ck_assert_msg(!pl_gguf_open_memory(b.data, b.size, "bad.gguf", &g, &err), "%s", err.text);
  ck_assert_msg(pl_nn_from_gguf(g, &m, &err) == PL_E_INPUT, "accepted: %s", words);
  ck_assert_msg(!m && strstr(err.text, words) && strstr(err.text, "bad.gguf"), "'%s' lacks '%s'", err.text, words);
  free(b.data);
}

static void start(gguf_file *f, uint32_t context) {
  put_string(f, "general.architecture", "gpt2");
  put_u32(f, "gpt2.block_count", 1);
  put_u32(f, "gpt2.embedding_length", 16);
  put_u32(f, "gpt2.feed_forward_length", 32);
  put_u32(f, "gpt2.attention.head_count", 2);
  put_u32(f, "gpt2.context_length", context);
  put_byte_vocabulary(f);
}

/* All tensors but the one named. */
static void put_tensors(gguf_file *f, const char *left_out) {
  static const struct {
    const char *name;
    int dim, rows;
  } list[] = {{"token_embd.weight", 16, TINY_VOCAB}, {"position_embd.weight", 16, 40}, {"output_norm.weight", 16, 0},
              {"output_norm.bias", 16, 0}, {"blk.0.attn_norm.weight", 16, 0}, {"blk.0.attn_norm.bias", 16, 0},
              {"blk.0.ffn_norm.weight", 16, 0}, {"blk.0.ffn_norm.bias", 16, 0}, {"blk.0.attn_qkv.weight", 16, 48},
              {"blk.0.attn_qkv.bias", 48, 0}, {"blk.0.attn_output.weight", 16, 16}, {"blk.0.attn_output.bias", 16, 0},
              {"blk.0.ffn_up.weight", 16, 32}, {"blk.0.ffn_up.bias", 32, 0}, {"blk.0.ffn_down.weight", 32, 16},
              {"blk.0.ffn_down.bias", 16, 0}};
  uint64_t seed = 7;
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (strcmp(list[i].name, left_out)) put_random(f, list[i].name, PL_GGML_F32, list[i].dim, list[i].rows, 0, 1, &seed);
}

START_TEST(models_that_do_not_fit_together) {
  static const char *const needed[] = {"token_embd.weight", "position_embd.weight", "output_norm.bias",
                                       "blk.0.attn_norm.bias", "blk.0.attn_qkv.weight", "blk.0.attn_qkv.bias",
                                       "blk.0.ffn_down.bias"};
  gguf_file f = {0};
  float x[64] = {0};
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
    start(&f, 40), put_tensors(&f, needed[i]);
    must_refuse(&f, needed[i]);
  }
  start(&f, 41), put_tensors(&f, "");
  must_refuse(&f, "position_embd.weight is 16 x 40");
  start(&f, 1 << 20), put_tensors(&f, "");
  must_refuse(&f, "learned positions");
  start(&f, 40), put_tensors(&f, ""), put_tensor(&f, "blk.0.attn_q.weight", PL_GGML_F32, 16, 4, x);
  must_refuse(&f, "17 tensors");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("load_gguf");
  TCase *tests = tcase_create("gpt2");
  tcase_set_timeout(tests, 120);
  tcase_add_test(tests, shape);
  tcase_add_test(tests, logits_are_those_of_numpy);
  tcase_add_test(tests, pieces_give_the_same_bits);
  tcase_add_test(tests, models_that_do_not_fit_together);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
