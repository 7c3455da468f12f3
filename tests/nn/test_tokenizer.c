/* test_tokenizer.c: the splits by hand, the joiner against a naive one, bytes in and out, bad vocabularies. */
#include <check.h>

#include "nn/tokenizer.h"
#include "tiny_gguf.h"

static pl_status load(gguf_file *f, pl_tokenizer **t, pl_error *err) {
  blob b = finish(f);
  pl_gguf *g;
  pl_status status = pl_gguf_open_memory(b.data, b.size, "tiny.gguf", &g, err);
  ck_assert_msg(!status, "%s", err->text);
  status = pl_tokenizer_load(g, t, err);
  pl_gguf_close(g);
  free(b.data); /* the tokenizer must not need it any more */
  return status;
}

static pl_tokenizer *must_load(gguf_file *f) {
  pl_tokenizer *t;
  pl_error err;
  ck_assert_msg(!load(f, &t, &err), "%s", err.text);
  return t;
}

/* ---- Splits ---- */

static void expect_words(pl_split split, const char *text, const char *joined) {
  char got[256] = "";
  size_t size = strlen(text);
  for (size_t at = 0, n; at < size; at += n) {
    n = pl_next_word(split, text + at, size - at);
    ck_assert(n >= 1 && n <= size - at);
    if (at) strcat(got, "|");
    strncat(got, text + at, n);
  }
  ck_assert_str_eq(got, joined);
}

START_TEST(gpt2_split) {
  pl_split s = PL_SPLIT_GPT2;
  expect_words(s, "Hello world", "Hello| world");
  expect_words(s, "a  b", "a| | b");
  expect_words(s, "a   b", "a|  | b");
  expect_words(s, "a  ", "a|  ");
  expect_words(s, "a\n\nb", "a|\n|\n|b");
  expect_words(s, "a \nb", "a| |\n|b");
  expect_words(s, "don't we'll 'x I'VE", "don|'t| we|'ll| '|x| I|'|VE");
  expect_words(s, "x12 345", "x|12| 345");
  expect_words(s, "a, b!? ...", "a|,| b|!?| ...");
  expect_words(s, "\xc3\xa9t\xc3\xa9 \xe6\xbc\xa2\xe5\xad\x97 \xd9\xa3\xc2\xbd",
               "\xc3\xa9t\xc3\xa9| \xe6\xbc\xa2\xe5\xad\x97| \xd9\xa3\xc2\xbd");
  expect_words(s, "a\xc2\xa0" "b", "a|\xc2\xa0|b"); /* no-break space is space, but not U+0020 */
  expect_words(s, "\xff\xfe", "\xff\xfe");
}
END_TEST

START_TEST(smollm_split) {
  pl_split s = PL_SPLIT_SMOLLM;
  expect_words(s, "x12 345", "x|1|2| |3|4|5");
  expect_words(s, "in 1987, a", "in| |1|9|8|7|,| a");
  expect_words(s, "a  7", "a|  |7");
  expect_words(s, "\xc2\xbd'\xd9\xa3s", "\xc2\xbd|'|\xd9\xa3|s");
  expect_words(s, "no digits", "no| digits");
}
END_TEST

START_TEST(utf8) {
  for (uint32_t c = 0; c <= 0x10ffff; c++) {
    if (c >= 0xd800 && c < 0xe000) continue;
    char text[4];
    uint32_t back;
    size_t n = pl_utf8_encode(c, text);
    ck_assert_uint_eq(pl_utf8_decode(text, n, &back), n);
    ck_assert_uint_eq(back, c);
    if (n > 1) ck_assert(pl_utf8_decode(text, n - 1, &back) == 1 && back == 0xfffd);
  }
  static const char *const bad[] = {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80", "\x80", "\xf8"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    uint32_t c;
    ck_assert(pl_utf8_decode(bad[i], strlen(bad[i]), &c) == 1 && c == 0xfffd);
  }
}
END_TEST

/* ---- Byte-level BPE ---- */

static void expect_ids(const pl_tokenizer *t, const char *text, int flags, int n, const int32_t *want) {
  int32_t *ids;
  size_t count;
  pl_error err;
  ck_assert_msg(!pl_tokenize(t, text, strlen(text), flags, &ids, &count, &err), "%s", err.text);
  ck_assert_msg(count == (size_t)n, "%s: %zu tokens, want %d", text, count, n);
  for (int i = 0; i < n; i++) ck_assert_msg(ids[i] == want[i], "%s: token %d is %d, want %d", text, i, ids[i], want[i]);
  free(ids);
}
#define EXPECT(t, text, flags, ...) \
  expect_ids(t, text, flags, sizeof((int32_t[]){__VA_ARGS__}) / 4, (int32_t[]){__VA_ARGS__})

START_TEST(bpe_by_hand) {
  gguf_file f = {0};
  put_byte_vocabulary(&f);
  pl_tokenizer *t = must_load(&f);
  ck_assert_int_eq(pl_tokenizer_size(t), TINY_VOCAB);
  ck_assert(pl_tokenizer_bos(t) == 258 && pl_tokenizer_eos(t) == 258 && !pl_tokenizer_adds_bos(t));
  EXPECT(t, "the hehe", 0, 257, ' ', 256, 256);
  EXPECT(t, "th", 0, 't', 'h');
  EXPECT(t, "t he", 0, 't', ' ', 256); /* no join across words */
  EXPECT(t, "<|end|>a", 0, '<', '|', 'e', 'n', 'd', '|', '>', 'a');
  EXPECT(t, "a<|end|>he", PL_TOKENIZE_CONTROL, 'a', 258, 256);
  expect_ids(t, "", 0, 0, NULL);
  ck_assert(pl_token_bytes(t, 258).size == 0 && pl_token_bytes(t, -1).size == 0 && pl_token_bytes(t, 999).size == 0);
  pl_tokenizer_free(t);
}
END_TEST

START_TEST(bpe_loses_no_byte) {
  gguf_file f = {0};
  put_byte_vocabulary(&f);
  pl_tokenizer *t = must_load(&f);
  uint64_t seed = 5;
  for (int round = 0; round < 300; round++) {
    char text[200], back[200];
    size_t n = random_u64(&seed) % sizeof text, at = 0, count;
    for (size_t i = 0; i < n; i++) {
      uint64_t r = random_u64(&seed);
      text[i] = r & 64 ? "the \n12'"[r % 8] : (char)(r >> 32);
    }
    int32_t *ids;
    pl_error err;
    ck_assert(!pl_tokenize(t, text, n, PL_TOKENIZE_CONTROL, &ids, &count, &err));
    for (size_t i = 0; i < count; i++) {
      pl_str s = pl_token_bytes(t, ids[i]);
      ck_assert_uint_le(at + s.size, n);
      memcpy(back + at, s.data, s.size);
      at += s.size;
    }
    ck_assert(at == n && !memcmp(text, back, n));
    free(ids);
  }
  pl_tokenizer_free(t);
}
END_TEST

/* A vocabulary over a, b, c with random merges; tokens 256.. are what merges make. */
typedef struct {
  char texts[64][40];
  int left[64], right[64], merges;
} random_vocabulary;

static const char *text_of(const random_vocabulary *v, int id, char one[2]) {
  one[0] = (char)id, one[1] = 0;
  return id < 256 ? one : v->texts[id - 256];
}

static pl_tokenizer *random_bpe(random_vocabulary *v, uint64_t *seed) {
  static char bytes[256][8];
  const char *tokens[256 + 64];
  static char rules[64][96];
  const char *rule_list[64];
  v->merges = 0;
  for (int i = 0; i < 256; i++) byte_text(i, bytes[i]), tokens[i] = bytes[i];
  for (int tries = 0; tries < 60; tries++) {
    int known = 3 + v->merges, l = (int)(random_u64(seed) % (uint64_t)known),
        r = (int)(random_u64(seed) % (uint64_t)known);
    int left = l < 3 ? 'a' + l : 256 + l - 3, right = r < 3 ? 'a' + r : 256 + r - 3, twice = 0;
    char x[2], y[2], text[80];
    snprintf(text, sizeof text, "%s%s", text_of(v, left, x), text_of(v, right, y));
    for (int i = 0; i < v->merges; i++) twice |= !strcmp(v->texts[i], text);
    if (strlen(text) > 20 || twice) continue;
    strcpy(v->texts[v->merges], text);
    snprintf(rules[v->merges], sizeof *rules, "%s %s", text_of(v, left, x), text_of(v, right, y));
    v->left[v->merges] = left, v->right[v->merges] = right;
    tokens[256 + v->merges] = v->texts[v->merges], rule_list[v->merges] = rules[v->merges];
    v->merges++;
  }
  gguf_file f = {0};
  put_string(&f, "tokenizer.ggml.model", "gpt2");
  put_strings(&f, "tokenizer.ggml.tokens", tokens, 256 + (size_t)v->merges);
  put_strings(&f, "tokenizer.ggml.merges", rule_list, (size_t)v->merges);
  return must_load(&f);
}

/* Scan for the lowest rank, join its leftmost place, again. */
static int naive_bpe(const random_vocabulary *v, int32_t *ids, int n) {
  for (;;) {
    int best = v->merges, where = -1;
    for (int i = 0; i + 1 < n; i++)
      for (int m = 0; m < best; m++)
        if (v->left[m] == ids[i] && v->right[m] == ids[i + 1]) best = m, where = i;
    if (where < 0) return n;
    ids[where] = 256 + best;
    memmove(ids + where + 1, ids + where + 2, sizeof *ids * (size_t)(n - where - 2));
    n--;
  }
}

START_TEST(bpe_equals_naive) {
  uint64_t seed = 99;
  for (int vocabulary = 0; vocabulary < 20; vocabulary++) {
    random_vocabulary v;
    pl_tokenizer *t = random_bpe(&v, &seed);
    for (int round = 0; round < 100; round++) {
      char text[120];
      int32_t want[120], *ids;
      int n = 1 + (int)(random_u64(&seed) % 119);
      for (int i = 0; i < n; i++) want[i] = text[i] = (char)('a' + random_u64(&seed) % 3);
      size_t count;
      pl_error err;
      ck_assert(!pl_tokenize(t, text, (size_t)n, 0, &ids, &count, &err));
      n = naive_bpe(&v, want, n);
      ck_assert_msg(count == (size_t)n && !memcmp(ids, want, sizeof *ids * count), "vocabulary %d, text %d (seed 99)",
                    vocabulary, round);
      free(ids);
    }
    pl_tokenizer_free(t);
  }
}
END_TEST

START_TEST(long_words_are_fast) { /* n log n, not n^2 */
  gguf_file f = {0};
  put_byte_vocabulary(&f);
  pl_tokenizer *t = must_load(&f);
  size_t n = 1 << 20, count;
  char *text = malloc(n);
  for (size_t i = 0; i < n; i++) text[i] = "the"[i % 3];
  int32_t *ids;
  pl_error err;
  ck_assert(!pl_tokenize(t, text, n, 0, &ids, &count, &err));
  ck_assert_uint_eq(count, (n + 2) / 3);
  free(ids);
  free(text);
  pl_tokenizer_free(t);
}
END_TEST

/* ---- SentencePiece ---- */

#define SPACE "\xe2\x96\x81"
enum { SPM_BYTES = 3 }; /* id of <0x00> */

/* 0 <unk>, 1 <s>, 2 </s>, 3.. the bytes, then words. Scores: higher is joined first. */
static void put_sentencepiece(gguf_file *f, int add_space) {
  static char bytes[256][8];
  const char *tokens[300] = {"<unk>", "<s>", "</s>"};
  int32_t types[300] = {PL_TOKEN_UNKNOWN, PL_TOKEN_CONTROL, PL_TOKEN_CONTROL};
  float scores[300] = {0};
  size_t n = 3;
  for (int i = 0; i < 256; i++, n++) {
    snprintf(bytes[i], sizeof *bytes, "<0x%02X>", i);
    tokens[n] = bytes[i], types[n] = PL_TOKEN_BYTE;
  }
  static const struct {
    const char *text;
    float score;
  } words[] = {{SPACE, -10}, {"a", -11}, {"b", -12}, {"c", -13}, {"ab", -1}, {"bc", -0.5f}, {SPACE "a", -2},
               {"abc", -3}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++, n++)
    tokens[n] = words[i].text, scores[n] = words[i].score, types[n] = PL_TOKEN_NORMAL;
  tokens[n] = "<tool>", types[n++] = PL_TOKEN_USER_DEFINED;
  put_string(f, "tokenizer.ggml.model", "llama");
  put_strings(f, "tokenizer.ggml.tokens", tokens, n);
  put_array(f, "tokenizer.ggml.scores", PL_GGUF_F32, n, scores, n * 4);
  put_array(f, "tokenizer.ggml.token_type", PL_GGUF_I32, n, types, n * 4);
  put_u32(f, "tokenizer.ggml.bos_token_id", 1);
  put_u32(f, "tokenizer.ggml.eos_token_id", 2);
  put_bool(f, "tokenizer.ggml.add_space_prefix", add_space);
}

START_TEST(sentencepiece_by_hand) {
  enum { W = SPM_BYTES + 256, SP = W, A, B, C, AB, BC, SA, ABC, TOOL };
  gguf_file f = {0};
  put_sentencepiece(&f, 0);
  pl_tokenizer *t = must_load(&f);
  EXPECT(t, "ab", 0, AB);
  EXPECT(t, "abc", 0, ABC);      /* bc first (-0.5), then a + bc */
  EXPECT(t, "bca", 0, BC, A);
  EXPECT(t, " a", 0, SA);
  EXPECT(t, "b c", 0, B, SP, C);
  EXPECT(t, "a\xc3\xa9", 0, A, SPM_BYTES + 0xc3, SPM_BYTES + 0xa9); /* no such character: its bytes */
  EXPECT(t, "</s>ab", PL_TOKENIZE_CONTROL | PL_TOKENIZE_BOS, 1, 2, AB);
  EXPECT(t, "<", 0, SPM_BYTES + '<');
  EXPECT(t, "a<tool>b", 0, A, TOOL, B);
  ck_assert(pl_token_bytes(t, SA).size == 2 && !memcmp(pl_token_bytes(t, SA).data, " a", 2));
  ck_assert(pl_token_bytes(t, SPM_BYTES + 0xc3).size == 1 && *pl_token_bytes(t, SPM_BYTES + 0xc3).data == '\xc3');
  ck_assert(pl_tokenizer_adds_bos(t));
  pl_tokenizer_free(t);

  put_sentencepiece(&f, 1);
  t = must_load(&f);
  EXPECT(t, "ab", 0, SP, AB); /* ab (-1) goes before space a (-2) */
  EXPECT(t, "a", PL_TOKENIZE_BOS, 1, SA);
  pl_tokenizer_free(t);
}
END_TEST

/* ---- Bad vocabularies ---- */

static void must_refuse(gguf_file *f, const char *words) {
  pl_tokenizer *t;
  pl_error err = {0};
  ck_assert_msg(load(f, &t, &err) == PL_E_INPUT, "accepted: %s", words);
  ck_assert_msg(!t && strstr(err.text, words), "'%s' lacks '%s'", err.text, words);
}

START_TEST(bad_vocabularies) {
  const char *tokens[] = {"a", "b", "ab"}, *merges[] = {"a b"}, *bad_merges[] = {"a b", "a c"}, *no_space[] = {"ab"};
  int32_t types[] = {1, 1, 9};
  float scores[] = {0, 0};
  gguf_file f = {0};
  must_refuse(&f, "tokenizer.ggml.model");
  put_string(&f, "tokenizer.ggml.model", "bert");
  must_refuse(&f, "tokenizer.ggml.model");
  put_string(&f, "tokenizer.ggml.model", "gpt2");
  must_refuse(&f, "tokenizer.ggml.tokens");
  put_string(&f, "tokenizer.ggml.model", "gpt2"), put_strings(&f, "tokenizer.ggml.tokens", tokens, 0);
  must_refuse(&f, "tokenizer.ggml.tokens has 0");
  put_string(&f, "tokenizer.ggml.model", "gpt2"), put_strings(&f, "tokenizer.ggml.tokens", tokens, 3);
  must_refuse(&f, "tokenizer.ggml.merges");
  put_string(&f, "tokenizer.ggml.model", "gpt2"), put_strings(&f, "tokenizer.ggml.tokens", tokens, 3);
  put_strings(&f, "tokenizer.ggml.merges", bad_merges, 2);
  must_refuse(&f, "element 1 of tokenizer.ggml.merges");
  put_string(&f, "tokenizer.ggml.model", "gpt2"), put_strings(&f, "tokenizer.ggml.tokens", tokens, 3);
  put_strings(&f, "tokenizer.ggml.merges", no_space, 1);
  must_refuse(&f, "element 0 of tokenizer.ggml.merges");
  put_string(&f, "tokenizer.ggml.model", "gpt2"), put_strings(&f, "tokenizer.ggml.tokens", tokens, 3);
  put_array(&f, "tokenizer.ggml.token_type", PL_GGUF_I32, 3, types, 12);
  must_refuse(&f, "token 2 has type 9");
  put_string(&f, "tokenizer.ggml.model", "gpt2"), put_strings(&f, "tokenizer.ggml.tokens", tokens, 3);
  put_array(&f, "tokenizer.ggml.token_type", PL_GGUF_I32, 2, types, 8);
  must_refuse(&f, "token_type has 2 elements for 3 tokens");
  put_string(&f, "tokenizer.ggml.model", "llama"), put_strings(&f, "tokenizer.ggml.tokens", tokens, 3);
  put_array(&f, "tokenizer.ggml.scores", PL_GGUF_F32, 2, scores, 8);
  must_refuse(&f, "scores has 2 elements for 3 tokens");
  put_string(&f, "tokenizer.ggml.model", "gpt2"), put_strings(&f, "tokenizer.ggml.tokens", tokens, 3);
  put_strings(&f, "tokenizer.ggml.merges", merges, 1), put_u32(&f, "tokenizer.ggml.eos_token_id", 3);
  must_refuse(&f, "tokenizer.ggml.eos_token_id");
  put_string(&f, "tokenizer.ggml.model", "gpt2"), put_strings(&f, "tokenizer.ggml.tokens", tokens, 3);
  put_strings(&f, "tokenizer.ggml.merges", merges, 1), put_string(&f, "tokenizer.ggml.pre", "martian");
  must_refuse(&f, "tokenizer.ggml.pre");
}
END_TEST

START_TEST(byte_without_token) {
  const char *tokens[] = {"a", "b", "ab"}, *merges[] = {"a b"};
  gguf_file f = {0};
  put_string(&f, "tokenizer.ggml.model", "gpt2"), put_strings(&f, "tokenizer.ggml.tokens", tokens, 3);
  put_strings(&f, "tokenizer.ggml.merges", merges, 1);
  pl_tokenizer *t = must_load(&f);
  EXPECT(t, "aab", 0, 0, 2);
  int32_t *ids;
  size_t count;
  pl_error err;
  ck_assert_int_eq(pl_tokenize(t, "az", 2, 0, &ids, &count, &err), PL_E_INPUT);
  ck_assert(!ids && strstr(err.text, "0x7a"));
  pl_tokenizer_free(t);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("tokenizer");
  TCase *tc = tcase_create("tokenizer");
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, gpt2_split);
  tcase_add_test(tc, smollm_split);
  tcase_add_test(tc, utf8);
  tcase_add_test(tc, bpe_by_hand);
  tcase_add_test(tc, bpe_loses_no_byte);
  tcase_add_test(tc, bpe_equals_naive);
  tcase_add_test(tc, long_words_are_fast);
  tcase_add_test(tc, sentencepiece_by_hand);
  tcase_add_test(tc, bad_vocabularies);
  tcase_add_test(tc, byte_without_token);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
