/* test_wordpiece.c: WordPiece by hand-made vocabularies: clean-up, cutting, limits, and vocab.txt files that are none.
 * The published vocabulary on texts of many languages: tests/models/test_minilm.c. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "nn/tokenizer.h"

static const char lines[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nun\n##aff\n##able\n##a\na\n,\n東\n京\ncafe\n!\n##ff\ncafé\nA\n"
                            "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8\n[\n]\nx\n##x\n";
enum { PAD, UNK, CLS, SEP, MASK, UN, AFF, ABLE, XA, A, COMMA, EAST, CAPITAL, CAFE, BANG, FF, CAFE_ACCENT, BIG_A, HANGUL,
       OPEN, CLOSE, X, XX };

static pl_tokenizer *load(int lower) {
  pl_tokenizer *t;
  pl_error err;
  ck_assert_msg(!pl_tokenizer_load_wordpiece(lines, sizeof lines - 1, "v", lower, &t, &err), "%s", err.text);
  ck_assert(pl_tokenizer_size(t) == XX + 1 && pl_tokenizer_bos(t) == CLS && pl_tokenizer_eos(t) == SEP);
  return t;
}

static void gives(const pl_tokenizer *t, const char *text, int flags, int n, const int32_t *want) {
  int32_t *ids;
  size_t count;
  ck_assert(!pl_tokenize(t, text, strlen(text), flags, &ids, &count, NULL));
  ck_assert_msg(count == (size_t)n, "'%s': %zu ids, not %d", text, count, n);
  for (int i = 0; i < n; i++) ck_assert_msg(ids[i] == want[i], "'%s': id %d is %d, not %d", text, i, ids[i], want[i]);
  free(ids);
}
#define GIVES(t, text, flags, ...) \
  gives(t, text, flags, (int)(sizeof((int32_t[]){__VA_ARGS__}) / 4), (int32_t[]){__VA_ARGS__})

START_TEST(words) {
  pl_tokenizer *t = load(1);
  GIVES(t, "unaffable", 0, UN, AFF, ABLE);
  GIVES(t, "unaff", PL_TOKENIZE_BOS, CLS, UN, AFF, SEP);
  GIVES(t, "unaffa unaffb UNA", 0, UN, AFF, XA, UNK, UN, XA); /* a word is whole or unknown */
  GIVES(t, "a,a  !,\t\n", 0, A, COMMA, A, BANG, COMMA);
  GIVES(t, "東京a", 0, EAST, CAPITAL, A);
  GIVES(t, "Café CAFE cafe\xcc\x81 ca\x01" "fe ca\xc2\xad" "fe", 0, CAFE, CAFE, CAFE, CAFE, CAFE);
  GIVES(t, "각", 0, HANGUL);
  GIVES(t, "a\xff\xc3" "a \xef\xbf\xbd", 0, A, XA); /* broken bytes vanish: "aa" */
  GIVES(t, "[CLS]", 0, OPEN, UNK, CLOSE);
  GIVES(t, "[CLS]a[MASK]", PL_TOKENIZE_CONTROL, CLS, A, MASK);
  gives(t, "", 0, 0, NULL);
  GIVES(t, " ", PL_TOKENIZE_BOS, CLS, SEP);
  ck_assert(pl_token_named(t, "[MASK]") == MASK && pl_token_named(t, "##aff") == AFF && pl_token_named(t, "no") == -1);
  ck_assert(pl_token_bytes(t, AFF).size == 3 && pl_token_bytes(t, UN).size == 2 && pl_token_bytes(t, CLS).size == 0);
  pl_tokenizer_free(t);
  t = load(0);
  GIVES(t, "A a Café", 0, BIG_A, A, UNK);
  GIVES(t, "café", 0, CAFE_ACCENT);
  pl_tokenizer_free(t);
}
END_TEST

START_TEST(long_words) { /* 100 characters are a word, 101 are not */
  pl_tokenizer *t = load(1);
  char text[200] = {0};
  int32_t want[100] = {X};
  for (int i = 1; i < 100; i++) want[i] = XX;
  memset(text, 'x', 100);
  gives(t, text, 0, 100, want);
  memset(text, 'x', 101);
  GIVES(t, text, 0, UNK);
  memset(text, 'x', 199);
  GIVES(t, text, 0, UNK);
  pl_tokenizer_free(t);
}
END_TEST

START_TEST(bad_vocabularies) {
  static const struct {
    const char *text, *words;
  } bad[] = {{"", "no lines"}, {"a\nb\n", "lacks one of [CLS]"}, {"[UNK]\n[CLS]\na\n", "lacks one of [CLS]"},
             {"[UNK]\n[CLS]\n[SEP]\na\na\n", "line 5"}, {"[UNK]\n\n[CLS]\n[SEP]\n", "line 2"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    pl_tokenizer *t;
    pl_error err = {0};
    ck_assert_int_eq(pl_tokenizer_load_wordpiece(bad[i].text, strlen(bad[i].text), "v.txt", 1, &t, &err), PL_E_INPUT);
    ck_assert_msg(!t && strstr(err.text, bad[i].words) && strstr(err.text, "v.txt"), "%s", err.text);
  }
  pl_tokenizer *t;
  ck_assert(!pl_tokenizer_load_wordpiece("[UNK]\r\n[CLS]\r\n[SEP]", 19, "v", 1, &t, NULL)); /* other line ends */
  ck_assert_int_eq(pl_tokenizer_size(t), 3);
  pl_tokenizer_free(t);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("wordpiece");
  TCase *tests = tcase_create("wordpiece");
  tcase_add_test(tests, words);
  tcase_add_test(tests, long_words);
  tcase_add_test(tests, bad_vocabularies);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
