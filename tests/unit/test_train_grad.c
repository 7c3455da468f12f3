/* test_train_grad.c: the trainer's backward pass against finite differences, every number of every tensor.
 *
 * host/train/net.c is compiled in double precision here. The central difference of step h has an error of order h^2 and
 * a rounding error of order 1e-16 loss / h: at h = 1e-5 both are far below the tolerance, and a missing factor, a
 * forgotten sum over a head group or a wrong sign is far above it.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "train/net.h"
#include "train/rng.h"

/* Shapes that differ in every size, so that a swapped dimension shows; heads in groups of 2. */
static const net_config config = {.vocab = 23,
                                  .width = 16,
                                  .layers = 2,
                                  .heads = 4,
                                  .kv_heads = 2,
                                  .ff = 20,
                                  .context = 7,
                                  .rope_base = 100,
                                  .eps = 1e-5f};
enum { WINDOWS = 3, TOKENS = WINDOWS * 7 };

static void random_batch(uint64_t seed, int *tokens, int *targets) {
  for (int i = 0; i < TOKENS; i++) {
    tokens[i] = (int)(rng_bits(seed, i) % (uint64_t)config.vocab);
    targets[i] = (int)(rng_bits(seed + 1, i) % (uint64_t)config.vocab);
  }
}

/* Compares each number's gradient; the error is relative to the tensor's largest gradient. */
static void check_gradients(uint64_t seed, const net_noise *noise) {
  printf("seed %llu, dropout %g, noise %g\n", (unsigned long long)seed, noise ? (double)noise->dropout : 0,
         noise ? (double)noise->noise : 0);
  size_t size = net_size(&config);
  real *params = malloc(sizeof(real) * size), *grads = calloc(size, sizeof(real));
  net *n = net_new(&config, WINDOWS);
  int tokens[TOKENS], targets[TOKENS];
  ck_assert(params && grads && n);
  net_init(&config, 0.3f, seed, params);
  for (size_t i = 0; i < size; i++) params[i] += 0.05 * rng_normal(seed + 2, i); /* so that gains are not all 1 */
  random_batch(seed, tokens, targets);

  const double scale = 0.25, h = 1e-5;
  double loss = net_gradient(n, params, WINDOWS, tokens, targets, noise, scale, grads);
  ck_assert_double_eq_tol(loss, net_loss(n, params, WINDOWS, tokens, targets, noise, NULL), 1e-12 * loss);

  net_tensor list[NET_MAX_TENSORS];
  int count = net_tensors(&config, list);
  ck_assert_int_eq(count, 2 + 9 * config.layers);
  size_t seen = 0;
  for (int t = 0; t < count; t++) {
    size_t numbers = (size_t)list[t].rows * list[t].columns;
    double largest = 0, error = 0;
    for (size_t i = list[t].offset; i < list[t].offset + numbers; i++) {
      double keep = params[i];
      params[i] = keep + h;
      double above = net_loss(n, params, WINDOWS, tokens, targets, noise, NULL);
      params[i] = keep - h;
      double below = net_loss(n, params, WINDOWS, tokens, targets, noise, NULL);
      params[i] = keep;
      error = fmax(error, fabs(grads[i] - scale * (above - below) / (2 * h)));
      largest = fmax(largest, fabs(grads[i]));
    }
    ck_assert_msg(largest > 1e-4, "%s: the gradient is zero", list[t].name);
    ck_assert_msg(error < 1e-6 * largest, "%s: gradient off by %g of %g", list[t].name, error, largest);
    seen += numbers;
  }
  ck_assert_uint_eq(seen, size);
  net_free(n);
  free(params);
  free(grads);
}

START_TEST(gradient_of_every_tensor) { check_gradients(20260101u + (uint64_t)_i, NULL); }
END_TEST

START_TEST(gradient_with_dropout_and_noise) {
  check_gradients(7, &(net_noise){.dropout = 0.2f, .noise = 0.1f, .key = 99});
}
END_TEST

/* A later token must not change an earlier loss; an earlier one must. */
START_TEST(attention_is_causal) {
  size_t size = net_size(&config);
  real *params = malloc(sizeof(real) * size);
  net *n = net_new(&config, WINDOWS);
  int tokens[TOKENS], targets[TOKENS];
  float before[TOKENS], after[TOKENS];
  ck_assert(params && n);
  net_init(&config, 0.5f, 3, params);
  random_batch(3, tokens, targets);
  net_loss(n, params, WINDOWS, tokens, targets, NULL, before);
  tokens[10] = (tokens[10] + 1) % config.vocab; /* window 1, position 3 */
  net_loss(n, params, WINDOWS, tokens, targets, NULL, after);
  for (int i = 0; i < TOKENS; i++) {
    if (i >= 10 && i < 14) ck_assert_msg(before[i] != after[i], "token 10 does not reach %d", i);
    else ck_assert_msg(before[i] == after[i], "token 10 reaches %d", i);
  }
  net_free(n);
  free(params);
}
END_TEST

START_TEST(gradients_add_up) {
  size_t size = net_size(&config);
  real *params = malloc(sizeof(real) * size), *once = calloc(size, sizeof(real)), *twice = calloc(size, sizeof(real));
  net *n = net_new(&config, WINDOWS);
  int tokens[TOKENS], targets[TOKENS];
  ck_assert(params && once && twice && n);
  net_init(&config, 0.3f, 11, params);
  random_batch(11, tokens, targets);
  net_gradient(n, params, WINDOWS, tokens, targets, NULL, 1, once);
  for (int w = 0; w < WINDOWS; w++) /* window by window into the same array */
    net_gradient(n, params, 1, tokens + w * config.context, targets + w * config.context, NULL, 1, twice);
  for (size_t i = 0; i < size; i++) ck_assert_double_eq_tol(once[i], twice[i], 1e-10);
  net_free(n);
  free(params);
  free(once);
  free(twice);
}
END_TEST

START_TEST(bad_sizes_are_refused) {
  pl_error err;
  net_config bad = config;
  bad.heads = 3;
  ck_assert_int_eq(net_check(&bad, &err), PL_E_INPUT);
  bad = config;
  bad.kv_heads = 3;
  ck_assert_int_eq(net_check(&bad, &err), PL_E_INPUT);
  bad = config;
  bad.layers = 0;
  ck_assert_int_eq(net_check(&bad, &err), PL_E_INPUT);
  bad = config;
  bad.vocab = -1;
  ck_assert_int_eq(net_check(&bad, &err), PL_E_INPUT);
  ck_assert_int_eq(net_check(&config, &err), PL_OK);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("train: gradients");
  TCase *tc = tcase_create("net");
  tcase_set_timeout(tc, 120);
  tcase_add_loop_test(tc, gradient_of_every_tensor, 0, 2);
  tcase_add_test(tc, gradient_with_dropout_and_noise);
  tcase_add_test(tc, attention_is_causal);
  tcase_add_test(tc, gradients_add_up);
  tcase_add_test(tc, bad_sizes_are_refused);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
