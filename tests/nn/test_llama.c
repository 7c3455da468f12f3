/* test_llama.c: the float Transformer against an independent one in double precision, bit equality of batches,
 * sampling, perplexity, and model files that do not fit together. */
#include <check.h>
#include <math.h>

#include "nn/kernels.h"
#include "nn/nn.h"
#include "nn/perplexity.h"
#include "nn/sample.h"
#include "tiny_gguf.h"

static const tiny_shape usual = {.layers = 2, .dim = 64, .ffn = 96, .heads = 4, .kv_heads = 2, .context = 64,
                                 .tied = 1, .type = PL_GGML_F32, .seed = 1};

typedef struct {
  blob file;
  pl_nn *model;
} loaded;

static pl_status load_blob(blob b, pl_nn **model, pl_error *err) {
  pl_gguf *g;
  pl_status status = pl_gguf_open_memory(b.data, b.size, "tiny.gguf", &g, err);
  *model = NULL;
  return status ? status : pl_nn_from_gguf(g, model, err);
}

static loaded must_load(const tiny_shape *s) {
  loaded l = {.file = tiny_model(s)};
  pl_error err;
  ck_assert_msg(!load_blob(l.file, &l.model, &err), "%s", err.text);
  return l;
}

static void unload(loaded *l) {
  pl_nn_free(l->model);
  free(l->file.data);
}

static void random_ids(int32_t *ids, int n, uint64_t seed) {
  for (int i = 0; i < n; i++) ids[i] = (int32_t)(random_u64(&seed) % TINY_VOCAB);
}

/* ---- An independent Transformer: double precision, whole matrices, no cache ---- */

static double *matrix(const pl_gguf *g, const char *name) { /* all of a tensor; the caller frees it */
  const pl_tensor *t = pl_gguf_find_tensor(g, name);
  ck_assert_msg(t != NULL, "%s", name);
  float *row = malloc(sizeof *row * (size_t)t->dims[0]);
  double *m = malloc(sizeof *m * (size_t)(t->dims[0] * t->rows));
  for (int64_t r = 0; r < t->rows; r++) {
    pl_tensor_row(t, r, row);
    for (int64_t i = 0; i < t->dims[0]; i++) m[r * t->dims[0] + i] = (double)row[i];
  }
  free(row);
  return m;
}

static double *layer_matrix(const pl_gguf *g, int layer, const char *part) {
  char name[64];
  snprintf(name, sizeof name, "blk.%d.%s.weight", layer, part);
  return matrix(g, name);
}

static void times(const double *w, const double *x, int in, int out, double *y) {
  for (int j = 0; j < out; j++) {
    y[j] = 0;
    for (int i = 0; i < in; i++) y[j] += w[j * in + i] * x[i];
  }
}

static void normed(const double *x, const double *w, int n, double *y) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += x[i] * x[i];
  for (int i = 0; i < n; i++) y[i] = x[i] / sqrt(sum / n + (double)1e-5f) * w[i];
}

static void rotate(double *x, int heads, int hd, int position) {
  for (int h = 0; h < heads; h++)
    for (int i = 0; i < hd; i += 2) {
      double angle = position * pow(5000, -(double)i / hd), a = x[h * hd + i], b = x[h * hd + i + 1];
      x[h * hd + i] = a * cos(angle) - b * sin(angle);
      x[h * hd + i + 1] = a * sin(angle) + b * cos(angle);
    }
}

/* Logits of all n positions, n x TINY_VOCAB. */
static void naive_forward(const tiny_shape *s, blob file, const int32_t *ids, int n, double *logits) {
  enum { MOST = 256 };
  pl_gguf *g;
  ck_assert(!pl_gguf_open_memory(file.data, file.size, "tiny.gguf", &g, NULL));
  int dim = s->dim, hd = dim / s->heads, kv = hd * s->kv_heads, group = s->heads / s->kv_heads;
  double *embedding = matrix(g, "token_embd.weight"), *x = malloc(sizeof *x * (size_t)(n * dim));
  double *k = malloc(sizeof *k * (size_t)(n * kv)), *v = malloc(sizeof *v * (size_t)(n * kv)), h[MOST], q[MOST],
      mix[MOST], p[MOST], up[MOST];
  ck_assert(dim <= MOST && s->ffn <= MOST && n <= MOST);
  for (int t = 0; t < n; t++) memcpy(x + t * dim, embedding + ids[t] * dim, sizeof *x * (size_t)dim);
  for (int layer = 0; layer < s->layers; layer++) {
    const char *parts[] = {"attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up",
                           "ffn_down"};
    double *w[9];
    for (int i = 0; i < 9; i++) w[i] = layer_matrix(g, layer, parts[i]);
    for (int t = 0; t < n; t++) {
      double *xt = x + t * dim;
      normed(xt, w[0], dim, h);
      times(w[1], h, dim, dim, q);
      times(w[2], h, dim, kv, k + t * kv);
      times(w[3], h, dim, kv, v + t * kv);
      rotate(q, s->heads, hd, t);
      rotate(k + t * kv, s->kv_heads, hd, t);
      for (int head = 0; head < s->heads; head++) {
        double sum = 0;
        for (int u = 0; u <= t; u++) {
          double dot = 0;
          for (int i = 0; i < hd; i++) dot += q[head * hd + i] * k[u * kv + head / group * hd + i];
          sum += p[u] = exp(dot / sqrt(hd));
        }
        for (int i = 0; i < hd; i++) {
          mix[head * hd + i] = 0;
          for (int u = 0; u <= t; u++) mix[head * hd + i] += p[u] / sum * v[u * kv + head / group * hd + i];
        }
      }
      times(w[4], mix, dim, dim, h);
      for (int i = 0; i < dim; i++) xt[i] += h[i];
      normed(xt, w[5], dim, h);
      times(w[6], h, dim, s->ffn, q);
      times(w[7], h, dim, s->ffn, up);
      for (int i = 0; i < s->ffn; i++) q[i] = q[i] / (1 + exp(-q[i])) * up[i];
      times(w[8], q, s->ffn, dim, h);
      for (int i = 0; i < dim; i++) xt[i] += h[i];
    }
    for (int i = 0; i < 9; i++) free(w[i]);
  }
  double *norm = matrix(g, "output_norm.weight"), *head = s->tied ? NULL : matrix(g, "output.weight");
  for (int t = 0; t < n; t++) {
    normed(x + t * dim, norm, dim, h);
    times(head ? head : embedding, h, dim, TINY_VOCAB, logits + t * TINY_VOCAB);
  }
  free(embedding), free(x), free(k), free(v), free(norm), free(head);
  pl_gguf_close(g);
}

static void compare_with_naive(const tiny_shape *s) {
  enum { N = 40 };
  int32_t ids[N];
  random_ids(ids, N, 3);
  loaded l = must_load(s);
  double *want = malloc(sizeof *want * N * TINY_VOCAB), worst = 0, largest = 0;
  float *got = malloc(sizeof *got * N * TINY_VOCAB);
  naive_forward(s, l.file, ids, N, want);
  pl_nn_context *ctx;
  pl_error err;
  ck_assert_msg(!pl_nn_context_new(l.model, NULL, N, &ctx, &err), "%s", err.text);
  ck_assert_msg(!pl_nn_forward(ctx, ids, N, 0, got, &err), "%s", err.text);
  for (int i = 0; i < N * TINY_VOCAB; i++) {
    ck_assert(isfinite(got[i]) && isfinite(want[i])); /* fmax would not notice */
    worst = fmax(worst, fabs((double)got[i] - want[i]));
    largest = fmax(largest, fabs(want[i]));
  }
  ck_assert_msg(worst < 2e-5 * largest, "off by %g, logits up to %g", worst, largest);
  pl_nn_context_free(ctx);
  unload(&l);
  free(want), free(got);
}

START_TEST(equals_naive) { compare_with_naive(&usual); }
END_TEST

START_TEST(equals_naive_other_shapes) {
  tiny_shape s = usual;
  s.tied = 0, s.kv_heads = 1;
  compare_with_naive(&s);
  s.kv_heads = s.heads, s.layers = 3;
  compare_with_naive(&s);
  s.dim = 60, s.heads = 6, s.kv_heads = 3, s.ffn = 70; /* odd lengths: heads of 10 */
  compare_with_naive(&s);
}
END_TEST

START_TEST(equals_naive_every_type) {
  static const pl_ggml_type types[] = {PL_GGML_F16, PL_GGML_Q8_0, PL_GGML_Q4_0, PL_GGML_Q4_1};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    tiny_shape s = usual;
    s.type = types[i];
    compare_with_naive(&s);
  }
}
END_TEST

/* ---- Batches ---- */

START_TEST(batches_give_the_same_bits) {
  enum { N = 61 };
  loaded l = must_load(&usual);
  int32_t ids[N];
  random_ids(ids, N, 17);
  size_t bytes = sizeof(float) * N * TINY_VOCAB;
  float *whole = malloc(bytes), *pieces = malloc(bytes);
  pl_nn_context *ctx;
  ck_assert(!pl_nn_context_new(l.model, NULL, N, &ctx, NULL));
  ck_assert(!pl_nn_forward(ctx, ids, N, 0, whole, NULL));
  for (int batch = 1; batch < 30; batch += 4) {
    pl_nn_rewind(ctx, 0);
    memset(pieces, 0, bytes);
    for (int at = 0; at < N; at += batch)
      ck_assert(!pl_nn_forward(ctx, ids + at, at + batch < N ? batch : N - at, 0, pieces + at * TINY_VOCAB, NULL));
    ck_assert_int_eq(pl_nn_position(ctx), N);
    ck_assert_msg(!memcmp(whole, pieces, bytes), "pieces of %d tokens", batch);
  }
  pl_nn_rewind(ctx, 20); /* and a changed mind */
  ck_assert(!pl_nn_forward(ctx, ids + 20, N - 20, N - 21, pieces, NULL));
  ck_assert(!memcmp(whole + (N - 1) * TINY_VOCAB, pieces, sizeof(float) * TINY_VOCAB));
  pl_nn_context_free(ctx);
  free(whole), free(pieces);
  unload(&l);
}
END_TEST

START_TEST(dot_products) {
  uint64_t seed = 23;
  for (int n = 0; n < 200; n++) {
    float x[200], y[200];
    double want = 0, size = 0;
    for (int i = 0; i < n; i++) {
      x[i] = random_unit(&seed), y[i] = random_unit(&seed);
      want += (double)x[i] * (double)y[i], size += fabs((double)x[i] * (double)y[i]);
    }
    ck_assert(fabs((double)pl_dot(x, y, n) - want) <= 1e-6 * size);
    pl_tensor w = {.type = PL_GGML_F32, .n_dims = 1, .dims = {n, 1, 1, 1}, .rows = 1, .row_bytes = (size_t)n * 4,
                        .data = (uint8_t *)y};
    float one, scratch[PL_MATMUL_TILE * 200];
    if (n) pl_matmul(&w, x, 1, &one, scratch);
    if (n) ck_assert(one == pl_dot(x, y, n));
  }
}
END_TEST

START_TEST(quantising_rows) {
  uint64_t seed = 29;
  for (int round = 0; round < 500; round++) {
    float x[40], scale, top = 0;
    int8_t codes[40];
    int limit = round % 2 ? 127 : 112;
    for (int i = 0; i < 40; i++) x[i] = ldexpf(random_unit(&seed), round % 60 - 30), top = fmaxf(top, fabsf(x[i]));
    ck_assert(pl_quantize(x, 40, limit, codes, &scale));
    int largest = 0;
    for (int i = 0; i < 40; i++) {
      largest = abs(codes[i]) > largest ? abs(codes[i]) : largest;
      ck_assert(fabs((double)x[i] - (double)scale * codes[i]) <= 0.5001 * (double)scale);
    }
    ck_assert_int_eq(largest, limit);
  }
  float zero[3] = {0}, scale, bad[3] = {1, NAN, 2};
  int8_t codes[3] = {1, 1, 1};
  ck_assert(pl_quantize(zero, 3, 127, codes, &scale) && scale == 0 && !codes[0]);
  ck_assert(!pl_quantize(bad, 3, 127, codes, &scale));
  bad[1] = INFINITY;
  ck_assert(!pl_quantize(bad, 3, 127, codes, &scale));
}
END_TEST

/* ---- Refusals ---- */

START_TEST(sequence_limits) {
  loaded l = must_load(&usual);
  pl_nn_context *ctx;
  pl_error err;
  float *logits = malloc(sizeof *logits * 10 * TINY_VOCAB);
  ck_assert_int_eq(pl_nn_context_new(l.model, NULL, usual.context + 1, &ctx, &err), PL_E_INPUT);
  ck_assert(!ctx && strstr(err.text, "context is 64"));
  ck_assert(!pl_nn_context_new(l.model, NULL, 10, &ctx, &err));
  int32_t ids[11] = {0};
  ck_assert_int_eq(pl_nn_forward(ctx, ids, 11, 10, logits, &err), PL_E_INPUT);
  ids[2] = TINY_VOCAB;
  ck_assert_int_eq(pl_nn_forward(ctx, ids, 3, 2, logits, &err), PL_E_INPUT);
  ids[2] = -1;
  ck_assert_int_eq(pl_nn_forward(ctx, ids, 3, 2, logits, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_nn_position(ctx), 0);
  ck_assert(!pl_nn_forward(ctx, ids, 2, 2, NULL, &err)); /* no logits wanted */
  ck_assert_int_eq(pl_nn_position(ctx), 2);
  pl_nn_context_free(ctx);
  free(logits);
  unload(&l);
}
END_TEST

static void must_refuse(gguf_file *f, const char *words) {
  blob b = finish(f);
  pl_nn *model;
  pl_error err = {0};
  ck_assert_msg(load_blob(b, &model, &err) == PL_E_INPUT, "accepted: %s", words);
  ck_assert_msg(!model && strstr(err.text, words), "'%s' lacks '%s'", err.text, words);
  free(b.data);
}

static void start(gguf_file *f, tiny_shape *s) {
  put_shape(f, s);
  put_byte_vocabulary(f);
}

START_TEST(models_that_do_not_fit_together) {
  tiny_shape s = usual;
  gguf_file f = {0};
  float x[256] = {0};
  put_byte_vocabulary(&f);
  must_refuse(&f, "general.architecture");
  put_byte_vocabulary(&f), put_string(&f, "general.architecture", "mamba");
  must_refuse(&f, "general.architecture");
  start(&f, &s);
  must_refuse(&f, "lacks the tensor token_embd.weight");
  start(&f, &s), put_weights(&f, &s), put_tensor(&f, "blk.0.attn_q.bias", PL_GGML_F32, 64, 0, x);
  must_refuse(&f, "21 tensors");
  start(&f, &s), s.ffn = 128, put_weights(&f, &s), s = usual;
  must_refuse(&f, "blk.0.ffn_gate.weight is 64 x 128");
  start(&f, &s), s.layers = 1, put_weights(&f, &s), s = usual;
  must_refuse(&f, "blk.1.attn_q.weight");
  start(&f, &s), s.layers = 3, put_weights(&f, &s), s = usual;
  must_refuse(&f, "29 tensors");
  s.kv_heads = 3, start(&f, &s), s = usual;
  must_refuse(&f, "share 3 key heads");
  s.heads = s.kv_heads = 64, start(&f, &s), s = usual; /* heads of one element */
  must_refuse(&f, "tiny.gguf");
  s.heads = s.kv_heads = 100, start(&f, &s), s = usual; /* heads of none */
  must_refuse(&f, "tiny.gguf");
  s.dim = 0, s.heads = 4, start(&f, &s), s = usual;
  must_refuse(&f, "llama.embedding_length is 0");
  start(&f, &s), put_u32(&f, "llama.rope.dimension_count", 18);
  must_refuse(&f, "llama.rope.dimension_count");
  start(&f, &s), put_u32(&f, "llama.rope.dimension_count", 7);
  must_refuse(&f, "llama.rope.dimension_count");
  start(&f, &s), put_u32(&f, "llama.expert_count", 8);
  must_refuse(&f, "mixture of experts");
  start(&f, &s), put_string(&f, "llama.rope.scaling.type", "yarn");
  must_refuse(&f, "llama.rope.scaling.type");
  start(&f, &s), put_u32(&f, "llama.attention.value_length", 8);
  must_refuse(&f, "value elements");
}
END_TEST

/* Whatever bits are wrong: a sentence, or a model that runs to an end. */
START_TEST(damaged_models) {
  tiny_shape s = usual;
  s.layers = 1, s.dim = 8, s.ffn = 8, s.heads = 2, s.kv_heads = 1;
  blob b = tiny_model(&s);
  uint64_t seed = 41;
  int refused = 0, rounds = 6000;
  float logits[2 * TINY_VOCAB];
  for (int round = 0; round < rounds; round++) {
    uint64_t r = random_u64(&seed);
    size_t at = r % b.size;
    uint8_t old = b.data[at];
    b.data[at] ^= (uint8_t)(1 << (r >> 61));
    pl_nn *model;
    pl_error err = {0};
    if (load_blob(b, &model, &err)) {
      refused++;
      ck_assert(err.status == PL_E_INPUT && !model && strlen(err.text) > 10);
    } else if (pl_nn_get_shape(model)->vocab <= TINY_VOCAB) {
      pl_nn_context *ctx;
      int32_t ids[2] = {'a', 'b'};
      ck_assert(!pl_nn_context_new(model, NULL, 2, &ctx, &err));
      ck_assert(!pl_nn_forward(ctx, ids, 2, 0, logits, &err));
      pl_nn_context_free(ctx);
    }
    pl_nn_free(model);
    b.data[at] = old;
  }
  ck_assert(refused > rounds / 50 && refused < rounds);
  free(b.data);
}
END_TEST

/* ---- Sampling and perplexity ---- */

START_TEST(sampling) {
  float logits[4] = {1, 3, 3, 2};
  pl_sampling how = {0, 1, 7};
  int32_t id, again;
  pl_error err;
  ck_assert(!pl_sample(logits, 4, &how, 0, &id, &err) && id == 1); /* the first of the likeliest */

  /* Frequencies against softmax(logits / T): 4 sigma, fixed seed. */
  enum { DRAWS = 20000 };
  how.temperature = 1.5;
  int count[4] = {0};
  for (uint32_t i = 0; i < DRAWS; i++) {
    ck_assert(!pl_sample(logits, 4, &how, i, &id, &err) && !pl_sample(logits, 4, &how, i, &again, &err));
    ck_assert_int_eq(id, again);
    count[id]++;
  }
  double sum = 0;
  for (int i = 0; i < 4; i++) sum += exp((double)logits[i] / 1.5);
  for (int i = 0; i < 4; i++) {
    double p = exp((double)logits[i] / 1.5) / sum;
    ck_assert_msg(fabs(count[i] - DRAWS * p) < 4 * sqrt(DRAWS * p * (1 - p)), "token %d: %d of %d, p = %g", i,
                  count[i], DRAWS, p);
  }

  how.top_p = 0.6; /* the two likeliest have more than that */
  int other_seed_differs = 0;
  for (uint32_t i = 0; i < 500; i++) {
    ck_assert(!pl_sample(logits, 4, &how, i, &id, &err) && (id == 1 || id == 2));
    pl_sampling other = how;
    other.seed |= 8ull << 32; /* all 64 bits count */
    ck_assert(!pl_sample(logits, 4, &other, i, &again, &err));
    other_seed_differs += id != again;
  }
  ck_assert_int_gt(other_seed_differs, 100);
  logits[3] = NAN;
  ck_assert_int_eq(pl_sample(logits, 4, &how, 0, &id, &err), PL_E_INPUT);
}
END_TEST

START_TEST(perplexity_by_hand) {
  enum { N = 70, WINDOW = 32 };
  loaded l = must_load(&usual);
  int32_t ids[N];
  random_ids(ids, N, 53);
  pl_perplexity_result r, pieces;
  pl_error err;
  ck_assert_msg(!pl_perplexity(l.model, NULL, ids, N, &(pl_perplexity_settings){.window = WINDOW, .batch = 100}, NULL, NULL, &r, &err), "%s", err.text);
  double *logits = malloc(sizeof *logits * WINDOW * TINY_VOCAB), nll = 0, squares = 0;
  int count = 0;
  for (int w = 0; w < 2; w++) {
    naive_forward(&usual, l.file, ids + w * WINDOW, WINDOW, logits);
    for (int t = WINDOW / 2; t + 1 < WINDOW; t++, count++) {
      double sum = 0;
      for (int i = 0; i < TINY_VOCAB; i++) sum += exp(logits[t * TINY_VOCAB + i]);
      double x = log(sum) - logits[t * TINY_VOCAB + ids[w * WINDOW + t + 1]];
      nll += x, squares += x * x;
    }
  }
  nll /= count;
  double error = sqrt((squares / count - nll * nll) / (count - 1)) * exp(nll);
  ck_assert(r.windows == 2 && r.scored == count && r.read == 2 * WINDOW);
  ck_assert_msg(fabs(r.perplexity / exp(nll) - 1) < 1e-4, "%g, want %g", r.perplexity, exp(nll));
  ck_assert_msg(fabs(r.error / error - 1) < 1e-3, "%g, want %g", r.error, error);
  ck_assert(!pl_perplexity(l.model, NULL, ids, N, &(pl_perplexity_settings){.window = WINDOW, .batch = 5}, NULL, NULL, &pieces, &err));
  ck_assert(pieces.perplexity == r.perplexity && pieces.error == r.error);
  ck_assert_int_eq(pl_perplexity(l.model, NULL, ids, WINDOW - 1, &(pl_perplexity_settings){.window = WINDOW, .batch = 5}, NULL, NULL, &r, &err), PL_E_INPUT);
  free(logits);
  unload(&l);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("llama");
  TCase *tc = tcase_create("llama");
  tcase_set_timeout(tc, 120);
  tcase_add_test(tc, equals_naive);
  tcase_add_test(tc, equals_naive_other_shapes);
  tcase_add_test(tc, equals_naive_every_type);
  tcase_add_test(tc, batches_give_the_same_bits);
  tcase_add_test(tc, dot_products);
  tcase_add_test(tc, quantising_rows);
  tcase_add_test(tc, sequence_limits);
  tcase_add_test(tc, models_that_do_not_fit_together);
  tcase_add_test(tc, damaged_models);
  tcase_add_test(tc, sampling);
  tcase_add_test(tc, perplexity_by_hand);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
