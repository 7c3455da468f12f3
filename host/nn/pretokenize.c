/* pretokenize.c: UTF-8, character classes, and the hand-written scanners of pretokenize.h. */
#include "nn/pretokenize.h"

#include <string.h>

#include "nn/unicode_table.h"

size_t pl_utf8_decode(const char *text, size_t size, uint32_t *code) {
  const unsigned char *s = (const unsigned char *)text;
  *code = s[0];
  if (s[0] < 0x80) return 1;
  size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
  uint32_t value = s[0] & (0x7fu >> n), smallest = n == 2 ? 0x80 : n == 3 ? 0x800 : 0x10000;
  *code = 0xfffd;
  if (s[0] < 0xc2 || s[0] > 0xf4 || n > size) return 1;
  for (size_t i = 1; i < n; i++) {
    if ((s[i] & 0xc0) != 0x80) return 1;
    value = value << 6 | (s[i] & 0x3f);
  }
  if (value < smallest || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return 1;
  *code = value;
  return n;
}

size_t pl_utf8_encode(uint32_t code, char out[4]) {
  if (code < 0x80) return out[0] = (char)code, 1;
  size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (size_t i = n; i-- > 1; code >>= 6) out[i] = (char)(0x80 | (code & 0x3f));
  out[0] = (char)((0xf00 >> n & 0xff) | code);
  return n;
}

static int in_table(const code_range *table, size_t count, uint32_t code) {
  size_t lo = 0, hi = count;
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    if (code > table[mid].last) lo = mid + 1;
    else hi = mid;
  }
  return lo < count && code >= table[lo].first;
}

static int is_space(uint32_t c) {
  return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
         c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

pl_char_class pl_classify(uint32_t c) {
  if (c < 0x80) {
    if ((c | 32) >= 'a' && (c | 32) <= 'z') return PL_CHAR_LETTER;
    if (c >= '0' && c <= '9') return PL_CHAR_NUMBER;
    return is_space(c) ? PL_CHAR_SPACE : PL_CHAR_OTHER;
  }
  if (is_space(c)) return PL_CHAR_SPACE;
  if (in_table(letters, sizeof letters / sizeof *letters, c)) return PL_CHAR_LETTER;
  if (in_table(numbers, sizeof numbers / sizeof *numbers, c)) return PL_CHAR_NUMBER;
  return PL_CHAR_OTHER;
}

/* The class of the character at `at`, and its length; *length 0 (and class OTHER) where the stretch that GPT-2's
 * pattern sees ends: at the end of the text, and for SMOLLM before a number. */
static pl_char_class peek(pl_split split, const char *text, size_t size, size_t at, size_t *length) {
  uint32_t code;
  *length = 0;
  if (at >= size) return PL_CHAR_OTHER;
  size_t n = pl_utf8_decode(text + at, size - at, &code);
  pl_char_class class = pl_classify(code);
  if (split == PL_SPLIT_SMOLLM && class == PL_CHAR_NUMBER) return PL_CHAR_OTHER;
  *length = n;
  return class;
}

static size_t contraction(const char *text, size_t size) {
  static const char *const endings[] = {"s", "t", "re", "ve", "m", "ll", "d"};
  if (text[0] != '\'') return 0;
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    size_t n = strlen(endings[i]);
    if (size - 1 >= n && !memcmp(text + 1, endings[i], n)) return n + 1;
  }
  return 0;
}

size_t pl_next_word(pl_split split, const char *text, size_t size) {
  size_t at = contraction(text, size), length;
  if (at) return at;
  peek(split, text, size, 0, &length);
  if (!length) { /* a number of its own */
    uint32_t code;
    return pl_utf8_decode(text, size, &code);
  }
  at = text[0] == ' ';
  pl_char_class class = peek(split, text, size, at, &length);
  if (length && class != PL_CHAR_SPACE) { /* an optional space and a run of one class */
    do at += length;
    while (peek(split, text, size, at, &length) == class && length);
    return at;
  }
  /* A run of spaces. The last one is left to the word behind it, unless it is the only one or ends the stretch. */
  size_t last = 0;
  at = 0;
  while (peek(split, text, size, at, &length) == PL_CHAR_SPACE) {
    last = at;
    at += length;
  }
  return length && last > 0 ? last : at;
}
