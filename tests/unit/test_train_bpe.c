/* test_train_bpe.c: the trainer's vocabulary: learning, order of merges, pre-tokenizer, round trip of any bytes. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/bpe.h"
#include "train/corpus.h"
#include "train/rng.h"

static bpe vocabulary;
static const char lesson[] =
    "And God said, Let there be light: and there was light.\nAnd God saw the light, that it was good: and God divided "
    "the light from the darkness.\nAnd God called the light Day, and the darkness he called Night.\n";

static void learn(void) {
  pl_error err;
  ck_assert_msg(!bpe_learn(lesson, sizeof lesson - 1, 285, &vocabulary, &err), "%s", err.text);
}

static void forget(void) { bpe_free(&vocabulary); }

START_TEST(merges_are_the_most_frequent_pairs) {
  bpe b;
  pl_error err;
  const char text[] = "abab abab ab cd cd";
  /* pieces: "abab", " abab", " ab", " cd" x 2. Pairs: ab 5, ba 2, " a" 2, " c" 2, cd 2 */
  ck_assert(!bpe_learn(text, sizeof text - 1, 260, &b, &err));
  ck_assert_int_eq(b.merge[0][0], 'a');
  ck_assert_int_eq(b.merge[0][1], 'b');
  /* now: ab-ab 2, " "-ab 2, " c" 2, cd 2: equal counts, the smallest left id and then right id wins: (' ', 'c') */
  ck_assert_int_eq(b.merge[1][0], ' ');
  ck_assert_int_eq(b.merge[1][1], 'c');
  ck_assert_int_eq(b.merge[2][0], ' ');
  ck_assert_int_eq(b.merge[2][1], 256);
  ck_assert_int_eq(b.token[258].length, 3);
  ck_assert_mem_eq(b.token[258].bytes, " ab", 3);
  int ids[32];
  ck_assert_uint_eq(bpe_encode(&b, "cd abab", 7, ids), 4); /* c d " ab" ab */
  ck_assert_int_eq(ids[2], 258);
  ck_assert_int_eq(ids[3], 256);
  bpe_free(&b);
}
END_TEST

START_TEST(any_bytes_survive) {
  uint64_t seed = 4242 + (uint64_t)_i;
  printf("seed %llu\n", (unsigned long long)seed);
  enum { SIZE = 3000 };
  char text[SIZE], back[SIZE];
  int *ids = malloc(sizeof *ids * SIZE);
  for (int i = 0; i < SIZE; i++) { /* any byte, or shreds of the lesson, so that merges apply */
    int any = rng_bits(seed, (uint64_t)i / 16) & 1;
    text[i] = any ? (char)rng_bits(seed + 1, (uint64_t)i) : lesson[((size_t)i * 7 / 5) % (sizeof lesson - 1)];
  }
  size_t count = bpe_encode(&vocabulary, text, SIZE, ids), at = 0;
  ck_assert_uint_lt(count, SIZE);
  for (size_t i = 0; i < count; i++) {
    ck_assert_int_ge(ids[i], 0);
    ck_assert_int_lt(ids[i], vocabulary.special);
    const bpe_token *t = &vocabulary.token[ids[i]];
    ck_assert_uint_le(at + t->length, SIZE);
    memcpy(back + at, t->bytes, t->length);
    at += t->length;
  }
  ck_assert_uint_eq(at, SIZE);
  ck_assert_mem_eq(text, back, SIZE);
  free(ids);
}
END_TEST

/* The definition, word by word: of all pairs present, join the one learnt first; until none is left. */
static size_t encode_by_definition(const bpe *b, const char *text, size_t length, int *ids) {
  size_t used = 0;
  for (size_t at = 0, n; at < length; at += n) {
    n = bpe_split(text + at, length - at);
    int *word = ids + used, size = (int)n;
    for (int i = 0; i < size; i++) word[i] = (unsigned char)text[at + i];
    for (;;) {
      int best = b->special, where = -1;
      for (int i = 0; i + 1 < size; i++)
        for (int m = 0; m < b->special - 256 && 256 + m < best; m++)
          if (b->merge[m][0] == word[i] && b->merge[m][1] == word[i + 1]) best = 256 + m, where = i;
      if (where < 0) break;
      word[where] = best;
      memmove(word + where + 1, word + where + 2, sizeof *word * (size_t)(size - where - 2));
      size--;
    }
    used += (size_t)size;
  }
  return used;
}

START_TEST(encoding_follows_the_order_of_the_merges) {
  int ids[sizeof lesson], expected[sizeof lesson];
  size_t count = bpe_encode(&vocabulary, lesson, sizeof lesson - 1, ids);
  ck_assert_uint_eq(count, encode_by_definition(&vocabulary, lesson, sizeof lesson - 1, expected));
  ck_assert_mem_eq(ids, expected, sizeof *ids * count);
  ck_assert_uint_lt(count, sizeof lesson / 2);
}
END_TEST

START_TEST(pieces_are_those_of_gpt2) {
  static const char *const text = "And God's 12  days,\n\n  he'll  rest ";
  static const char *const piece[] = {"And",   " God", "'s",  " 12", " ",     " days", ",",
                                      "\n\n ", " he",  "'ll", " ",   " rest", " "};
  size_t at = 0, length = strlen(text);
  for (size_t i = 0; i < sizeof piece / sizeof *piece; i++) {
    ck_assert_uint_lt(at, length);
    size_t n = bpe_split(text + at, length - at);
    ck_assert_msg(n == strlen(piece[i]) && !memcmp(text + at, piece[i], n), "piece %zu is '%.*s'", i, (int)n,
                  text + at);
    at += n;
  }
  ck_assert_uint_eq(at, length);
}
END_TEST

START_TEST(hopeless_requests_are_refused) {
  bpe b;
  pl_error err;
  ck_assert_int_eq(bpe_learn("ab", 2, 256, &b, &err), PL_E_INPUT);
  ck_assert_int_eq(bpe_learn("ab", 2, 100000, &b, &err), PL_E_INPUT);
  ck_assert_int_eq(bpe_learn("abc", 3, 400, &b, &err), PL_E_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "longer text"));
}
END_TEST

/* One pass of windows visits every place of the text once, up to the moves to line starts. */
START_TEST(windows_cover_the_text) {
  enum { COUNT = 1000, CONTEXT = 10, WINDOWS = (COUNT - 1) / CONTEXT };
  corpus c = {.count = COUNT, .line_start = calloc(COUNT, 1)};
  int seen[COUNT] = {0}, moved = 0;
  size_t first = corpus_draw(&c, CONTEXT, 5, 0);
  for (uint64_t i = 0; i < WINDOWS; i++) {
    size_t at = corpus_draw(&c, CONTEXT, 5, i);
    ck_assert_uint_le(at, COUNT - CONTEXT);
    ck_assert_uint_eq(at % CONTEXT, first % CONTEXT);
    ck_assert_int_eq(seen[at]++, 0);
    moved += corpus_draw(&c, CONTEXT, 5, i + WINDOWS) != at;
  }
  ck_assert_int_gt(moved, WINDOWS / 2); /* the next pass has another order */
  memset(c.line_start, 1, COUNT);
  ck_assert_uint_eq(corpus_draw(&c, CONTEXT, 5, 1), corpus_draw(&c, CONTEXT, 5, 1));
  memset(c.line_start, 0, COUNT);
  size_t odd = corpus_draw(&c, CONTEXT, 5, 1);
  c.line_start[odd + 3] = 1;
  ck_assert_uint_eq(corpus_draw(&c, CONTEXT, 5, 1), odd + 3);
  free(c.line_start);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("train: vocabulary and windows");
  TCase *tc = tcase_create("bpe");
  tcase_add_checked_fixture(tc, learn, forget);
  tcase_add_test(tc, merges_are_the_most_frequent_pairs);
  tcase_add_loop_test(tc, any_bytes_survive, 0, 4);
  tcase_add_test(tc, encoding_follows_the_order_of_the_merges);
  tcase_add_test(tc, pieces_are_those_of_gpt2);
  tcase_add_test(tc, hopeless_requests_are_refused);
  tcase_add_test(tc, windows_cover_the_text);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
