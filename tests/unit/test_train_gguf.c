/* test_train_gguf.c: what the trainer writes is what host/nn reads: sizes, vocabulary, every number of every tensor.
 *
 * Writer and reader share the numbers of the format but no code, and the shipped model was also loaded by llama.cpp
 * (host/nn/models/README.md).
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nn/gguf.h"
#include "nn/nn.h"
#include "nn/tokenizer.h"
#include "train/adamw.h"
#include "train/corpus.h"
#include "train/gguf_write.h"
#include "train/rng.h"
#include "train/train.h"

static const net_config config = {.vocab = 290,
                                  .width = 64,
                                  .layers = 2,
                                  .heads = 4,
                                  .kv_heads = 2,
                                  .ff = 96,
                                  .context = 32,
                                  .rope_base = 10000,
                                  .eps = 1e-5f};
static const char lesson[] =
    "In the beginning God created the heaven and the earth.\n"
    "And the earth was without form, and void; and darkness was upon the face of the deep. And the Spirit of God moved "
    "upon the face of the waters.\n"
    "And God said, Let there be light: and there was light.\n"
    "And God saw the light, that it was good: and God divided the light from the darkness.\n";
static char path[64];
static bpe vocabulary;
static real *params;

static void set_up(void) {
  pl_error err;
  snprintf(path, sizeof path, "/tmp/test_train_gguf.%d.gguf", (int)getpid());
  ck_assert_msg(!bpe_learn(lesson, sizeof lesson - 1, config.vocab, &vocabulary, &err), "%s", err.text);
  params = malloc(sizeof(real) * net_size(&config));
  net_init(&config, 0.1f, 77, params);
}

static void tear_down(void) {
  unlink(path);
  bpe_free(&vocabulary);
  free(params);
}

static pl_gguf *write_and_open(pl_ggml_type type) {
  const gguf_about about = {.name = "test", .description = "a test"};
  pl_error err;
  pl_gguf *g = NULL;
  ck_assert_msg(!gguf_write(path, &config, params, &vocabulary, type, &about, &err), "%s", err.text);
  ck_assert_msg(!pl_gguf_open(path, &g, &err), "%s", err.text);
  return g;
}

/* `rounded`: what the reader must get back. */
static void check_tensors(const pl_gguf *g, const real *rounded) {
  net_tensor list[NET_MAX_TENSORS];
  int count = net_tensors(&config, list);
  ck_assert_int_eq(pl_gguf_tensor_count(g), count);
  for (int i = 0; i < count; i++) {
    const pl_tensor *t = pl_gguf_find_tensor(g, list[i].name);
    ck_assert_msg(t != NULL, "%s is missing", list[i].name);
    ck_assert_int_eq(t->n_dims, list[i].rows == 1 ? 1 : 2);
    ck_assert_int_eq(t->dims[0], list[i].columns);
    ck_assert_int_eq(t->rows, list[i].rows);
    float row[256];
    for (int r = 0; r < list[i].rows; r++) {
      pl_tensor_row(t, r, row);
      for (int c = 0; c < list[i].columns; c++)
        ck_assert_float_eq(row[c], rounded[list[i].offset + (size_t)r * list[i].columns + c]);
    }
  }
}

START_TEST(floats_are_read_back) {
  pl_gguf *g = write_and_open(PL_GGML_F32);
  check_tensors(g, params);
  pl_gguf_close(g);
}
END_TEST

START_TEST(q8_0_is_read_back_as_rounded) {
  pl_gguf *g = write_and_open(PL_GGML_Q8_0);
  net_tensor list[NET_MAX_TENSORS];
  int count = net_tensors(&config, list);
  for (int i = 0; i < count; i++)
    if (list[i].rows > 1) q8_0_round(params + list[i].offset, (size_t)list[i].rows * list[i].columns);
  check_tensors(g, params);
  pl_gguf_close(g);
}
END_TEST

START_TEST(q8_0_error_is_half_a_step) {
  real x[320], before[320];
  for (int i = 0; i < 320; i++) x[i] = before[i] = (real)(rng_normal(5, i) * pow(10, i / 32 - 5));
  memset(x, 0, sizeof *x * 32);
  memset(before, 0, sizeof *before * 32);
  q8_0_round(x, 320);
  for (int b = 0; b < 320; b += 32) {
    double largest = 0, step;
    for (int i = b; i < b + 32; i++) largest = fmax(largest, fabs(before[i]));
    step = largest / 127 * (1 + 0x1p-11) + 0x1p-24; /* the scale is rounded to half precision too */
    for (int i = b; i < b + 32; i++)
      ck_assert_msg(fabs(x[i] - before[i]) <= step * 0.5 + largest * 0x1p-11 + 127 * 0x1p-25, "%d: %g became %g", i,
                    (double)before[i], (double)x[i]);
  }
}
END_TEST

START_TEST(sizes_are_read_back) {
  pl_gguf *g = write_and_open(PL_GGML_Q8_0);
  pl_error err;
  const struct {
    const char *key;
    uint32_t value;
  } expected[] = {
      {"llama.block_count", 2}, {"llama.embedding_length", 64}, {"llama.feed_forward_length", 96},
      {"llama.attention.head_count", 4}, {"llama.attention.head_count_kv", 2}, {"llama.context_length", 32},
      {"llama.rope.dimension_count", 16}, {"llama.vocab_size", 290}, {"tokenizer.ggml.bos_token_id", 289}};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    uint32_t value;
    ck_assert_msg(!pl_gguf_u32(g, expected[i].key, NULL, 0, UINT32_MAX, &value, &err), "%s", err.text);
    ck_assert_uint_eq(value, expected[i].value);
  }
  float eps;
  ck_assert(!pl_gguf_f32(g, "llama.attention.layer_norm_rms_epsilon", NULL, 0, 1, &eps, &err));
  ck_assert_float_eq(eps, config.eps);
  pl_str name;
  ck_assert(!pl_gguf_string(g, "general.architecture", NULL, &name, &err));
  ck_assert(name.size == 5 && !memcmp(name.data, "llama", 5));
  pl_gguf_close(g);
}
END_TEST

/* The reader's tokenizer, which knows the file only, against the trainer's, on seen and unseen text. */
START_TEST(tokenizer_of_the_reader_agrees) {
  static const char *const text[] = {
      lesson, "And God said unto Noah, The end of all flesh is come before me;\n\nMy lord's ox",
      "  two  spaces\tand\r\nlines 123 (don't, we'll) - x!?\n", "caf\xc3\xa9 na\xc3\xafve", ""};
  pl_gguf *g = write_and_open(PL_GGML_Q8_0);
  pl_tokenizer *t;
  pl_error err;
  ck_assert_msg(!pl_tokenizer_load(g, &t, &err), "%s", err.text);
  ck_assert_int_eq(pl_tokenizer_size(t), config.vocab);
  ck_assert_int_eq(pl_tokenizer_bos(t), vocabulary.special);
  ck_assert_int_eq(pl_tokenizer_adds_bos(t), 1);
  for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
    size_t length = strlen(text[i]), count, own;
    int32_t *ids;
    int *expected = malloc(sizeof *expected * (length + 1));
    own = bpe_encode(&vocabulary, text[i], length, expected);
    ck_assert_msg(!pl_tokenize(t, text[i], length, 0, &ids, &count, &err), "%s", err.text);
    ck_assert_uint_eq(count, own);
    for (size_t k = 0; k < count; k++) ck_assert_int_eq(ids[k], expected[k]);
    free(ids);
    free(expected);
  }
  for (int id = 0; id < vocabulary.special; id++) {
    pl_str bytes = pl_token_bytes(t, id);
    ck_assert_uint_eq(bytes.size, vocabulary.token[id].length);
    ck_assert_mem_eq(bytes.data, vocabulary.token[id].bytes, bytes.size);
  }
  pl_tokenizer_free(t);
  pl_gguf_close(g);
}
END_TEST

/* The network as host/nn computes it from the file, against the one that was trained: order of the rotated pairs,
 * sharing of key-value heads, the tied head. Weights large enough that attention is far from uniform. */
START_TEST(reader_computes_the_same_logits) {
  pl_error err;
  pl_nn *model;
  pl_nn_context *ctx;
  net_init(&config, 0.4f, 78, params);
  pl_gguf *g = write_and_open(PL_GGML_F32);
  ck_assert_msg(!pl_nn_from_gguf(g, &model, &err), "%s", err.text);
  ck_assert_msg(!pl_nn_context_new(model, NULL, config.context, &ctx, &err), "%s", err.text);
  int tokens[32];
  int32_t ids[32];
  for (int i = 0; i < config.context; i++)
    ids[i] = tokens[i] = (int)(rng_bits(79, (uint64_t)i) % (uint64_t)config.vocab);
  float *logits = malloc(sizeof *logits * (size_t)config.context * (size_t)config.vocab);
  ck_assert_msg(!pl_nn_forward(ctx, ids, config.context, 0, logits, &err), "%s", err.text);
  net *n = net_new(&config, 1);
  float largest = 0;
  for (int i = 0; i < config.context; i++) {
    const real *own = net_logits(n, params, tokens, i);
    for (int v = 0; v < config.vocab; v++) {
      largest = fmaxf(largest, fabsf(own[v]));
      ck_assert_float_eq_tol(own[v], logits[(size_t)i * config.vocab + v], 2e-3f);
    }
  }
  ck_assert_float_gt(largest, 3);
  net_free(n);
  free(logits);
  pl_nn_context_free(ctx);
  pl_nn_free(model);
}
END_TEST

START_TEST(what_cannot_be_written_is_refused) {
  const gguf_about about = {.name = "test"};
  pl_error err;
  net_config odd = config;
  odd.ff = 100;
  real *more = calloc(net_size(&odd), sizeof(real));
  ck_assert_int_eq(gguf_write(path, &odd, more, &vocabulary, PL_GGML_Q8_0, &about, &err), PL_E_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "ffn_down"));
  ck_assert_int_ne(access(path, F_OK), 0);
  ck_assert_int_eq(gguf_write("/nonexistent/x.gguf", &config, params, &vocabulary, PL_GGML_Q8_0, &about, &err),
                   PL_E_INPUT);
  free(more);
}
END_TEST

/* Trains for a moment: the loss falls well below the uniform guess, and two threads make the same bits as one. */
START_TEST(training_learns_and_does_not_depend_on_threads) {
  pl_error err;
  corpus text;
  size_t size = net_size(&config);
  real *copy = malloc(sizeof(real) * size), *grads[2] = {malloc(sizeof(real) * size), malloc(sizeof(real) * size)};
  openblas_set_num_threads(1);
  ck_assert(!corpus_encode(&vocabulary, lesson, sizeof lesson - 1, &text, &err));
  train_settings one = {.batch = 8, .threads = 1, .seed = 3, .noise = {.dropout = 0.1f, .noise = 0.02f}}, two = one;
  two.threads = 2;
  trainer *a = train_new(&config, &one, &text, &vocabulary, &err),
          *b = train_new(&config, &two, &text, &vocabulary, &err);
  ck_assert(a && b && copy && grads[0] && grads[1]);
  adamw opt;
  const adamw_settings settings = {.rate = 0.01f, .final_rate = 0.1f, .warmup = 5, .steps = 40, .beta1 = 0.9f,
                                   .beta2 = 0.95f, .eps = 1e-8f, .decay = 0.1f, .clip = 1};
  ck_assert(!adamw_new(&config, &settings, &opt, &err));
  double first = 0, last = 0;
  for (int step = 0; step < settings.steps; step++) {
    last = train_gradient(a, params, step, grads[0]);
    double again = train_gradient(b, params, step, grads[1]);
    ck_assert_double_eq(last, again);
    ck_assert_mem_eq(grads[0], grads[1], sizeof(real) * size);
    if (!step) first = last;
    adamw_step(&opt, params, grads[0]);
  }
  ck_assert_double_eq_tol(first, log(config.vocab), 0.8);
  ck_assert_msg(last < 0.6 * first, "the loss went from %g to %g only", first, last);
  train_score score = train_evaluate(a, params, &text);
  ck_assert_double_lt(score.nats, 0.6 * first);
  adamw_free(&opt);
  train_free(a);
  train_free(b);
  corpus_free(&text);
  free(copy);
  free(grads[0]);
  free(grads[1]);
}
END_TEST

START_TEST(schedule_rises_and_falls) {
  const adamw_settings s = {.rate = 1, .final_rate = 0.1f, .warmup = 10, .steps = 110};
  ck_assert_double_eq_tol(adamw_rate(&s, 0), 0.1, 1e-7);
  ck_assert_double_eq_tol(adamw_rate(&s, 9), 1, 1e-7);
  ck_assert_double_eq_tol(adamw_rate(&s, 60), 0.55, 1e-6);
  ck_assert_double_eq_tol(adamw_rate(&s, 110), 0.1, 1e-6);
  ck_assert_double_eq_tol(adamw_rate(&s, 200), 0.1, 1e-6);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("train: file and loop");
  TCase *tc = tcase_create("gguf");
  tcase_set_timeout(tc, 60);
  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_test(tc, floats_are_read_back);
  tcase_add_test(tc, q8_0_is_read_back_as_rounded);
  tcase_add_test(tc, q8_0_error_is_half_a_step);
  tcase_add_test(tc, sizes_are_read_back);
  tcase_add_test(tc, tokenizer_of_the_reader_agrees);
  tcase_add_test(tc, reader_computes_the_same_logits);
  tcase_add_test(tc, what_cannot_be_written_is_refused);
  tcase_add_test(tc, training_learns_and_does_not_depend_on_threads);
  tcase_add_test(tc, schedule_rises_and_falls);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
