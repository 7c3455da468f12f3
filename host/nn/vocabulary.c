/* vocabulary.c: the tokens and merges of a GGUF file, checked and indexed. See vocabulary.h.
 *
 * Texts are stored in one arena; two open-addressing hash tables lead from a text to its id and from two ids to
 * the token they join to.
 */
#include "nn/vocabulary.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_VOCABULARY = 1 << 20 };

/* ---- Hash tables ------------------------------------------------------------------------------- */

static uint32_t hash_bytes(const char *data, size_t n) { /* FNV-1a, 64 bits folded */
  uint64_t h = 0xcbf29ce484222325u;
  for (size_t i = 0; i < n; i++) h = (h ^ (uint8_t)data[i]) * 0x100000001b3u;
  return (uint32_t)(h ^ h >> 32);
}

static uint32_t hash_pair(int32_t left, int32_t right) {
  uint64_t h = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * 0x9e3779b97f4a7c15u;
  return (uint32_t)(h >> 32);
}

static uint32_t table_mask(size_t items) { /* at most half full */
  uint32_t slots = 16;
  while (slots < 2 * items) slots *= 2;
  return slots - 1;
}

int32_t pl_vocabulary_find(const pl_tokenizer *t, const char *data, size_t n) {
  for (uint32_t i = hash_bytes(data, n);; i++) {
    int32_t id = t->by_text[i & t->by_text_mask];
    if (id < 0 || (t->texts[id].size == n && !memcmp(t->texts[id].data, data, n))) return id;
  }
}

static void add_text(pl_tokenizer *t, int32_t id) { /* the first token of a text keeps it */
  pl_str s = t->texts[id];
  if (!s.size || pl_vocabulary_find(t, s.data, s.size) >= 0) return;
  uint32_t i = hash_bytes(s.data, s.size);
  while (t->by_text[i & t->by_text_mask] >= 0) i++;
  t->by_text[i & t->by_text_mask] = id;
}

static pl_merge *find_merge(const pl_tokenizer *t, int32_t left, int32_t right) { /* or the free slot for it */
  for (uint32_t i = hash_pair(left, right);; i++) {
    pl_merge *m = &t->merges[i & t->merges_mask];
    if (m->left < 0 || (m->left == left && m->right == right)) return m;
  }
}

const pl_merge *pl_vocabulary_merge(const pl_tokenizer *t, int32_t left, int32_t right) {
  const pl_merge *m = find_merge(t, left, right);
  return m->left < 0 ? NULL : m;
}

static int is_bpe(const pl_tokenizer *t) { return t->kind == PL_TOKENIZER_BPE; }

/* ---- Loading ----------------------------------------------------------------------------------- */

/* GPT-2 writes bytes as printable characters: those that print as themselves, the others as U+0100 onwards.
 * Returns the byte a character stands for, or -1. */
static int byte_of_character(uint32_t code) {
  static const uint8_t first[] = {0, 127, 173}, last[] = {32, 160, 173}; /* the bytes that do not print */
  if (code < 256) {
    for (int i = 0; i < 3; i++)
      if (code >= first[i] && code <= last[i]) return -1;
    return (int)code;
  }
  code -= 256;
  for (int i = 0; i < 3; i++) {
    uint32_t n = (uint32_t)(last[i] - first[i] + 1);
    if (code < n) return (int)(first[i] + code);
    code -= n;
  }
  return -1;
}

/* Text in GPT-2's writing to bytes; 0 if a character is none of its. out has room for s.size bytes. */
static int decode_bytes(pl_str s, char *out, size_t *n) {
  *n = 0;
  for (size_t at = 0; at < s.size;) {
    uint32_t code;
    at += pl_utf8_decode(s.data + at, s.size - at, &code);
    int byte = byte_of_character(code);
    if (byte < 0) return 0;
    out[(*n)++] = (char)byte;
  }
  return 1;
}

static size_t unescape(pl_str s, char *out) {
  size_t n = 0;
  for (size_t at = 0; at < s.size;) {
    int is_space = s.size - at >= 3 && !memcmp(s.data + at, pl_escaped_space, 3);
    out[n++] = is_space ? ' ' : s.data[at];
    at += is_space ? 3 : 1;
  }
  return n;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 32; /* lower case */
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int byte_token(pl_str s) { /* "<0x4A>" to 0x4A, or -1 */
  if (s.size != 6 || memcmp(s.data, "<0x", 3) || s.data[5] != '>') return -1;
  int hi = hex_digit(s.data[3]), lo = hex_digit(s.data[4]);
  return hi < 0 || lo < 0 ? -1 : hi * 16 + lo;
}

/* Fills texts, bytes, byte_ids of token `id` from its text in the file; returns the end of the used arena. */
static char *load_token(pl_tokenizer *t, int32_t id, pl_str source, char *room) {
  char *text = room;
  int type = t->types[id], byte = byte_token(source);
  size_t n = source.size;
  if (type == PL_TOKEN_BYTE && byte >= 0) {
    *room++ = (char)byte;
    t->bytes[id] = (pl_str){text, 1};
    if (t->byte_ids[byte] < 0) t->byte_ids[byte] = id;
    return room; /* no text: bytes are a fallback, never joined */
  }
  if (is_bpe(t) && type == PL_TOKEN_NORMAL && decode_bytes(source, room, &n)) {
    t->texts[id] = t->bytes[id] = (pl_str){text, n};
    if (n == 1 && t->byte_ids[(uint8_t)*text] < 0) t->byte_ids[(uint8_t)*text] = id;
    return room + n;
  }
  memcpy(room, source.data, source.size);
  room += source.size;
  t->texts[id] = (pl_str){text, source.size};
  if (type == PL_TOKEN_CONTROL || type == PL_TOKEN_UNKNOWN || type == PL_TOKEN_UNUSED) return room;
  if (t->kind != PL_TOKENIZER_SENTENCEPIECE) {
    const size_t mark = t->kind == PL_TOKENIZER_WORDPIECE && source.size > 2 && !memcmp(source.data, "##", 2) ? 2 : 0;
    t->bytes[id] = (pl_str){text + mark, source.size - mark};
    return room;
  }
  n = unescape(source, room);
  t->bytes[id] = (pl_str){room, n};
  return room + n;
}

static int compare_specials(const void *a, const void *b) {
  const pl_special *x = a, *y = b;
  if (x->text.size != y->text.size) return x->text.size < y->text.size ? 1 : -1;
  return (x->id > y->id) - (x->id < y->id);
}

static pl_status no_memory(const char *path, pl_error *err) {
  return pl_fail(err, PL_E_MEMORY, "out of memory reading the vocabulary of %s", path);
}

static pl_status load_vocabulary(pl_tokenizer *t, const char *path, const pl_str *tokens, pl_error *err) {
  size_t n = (size_t)t->size, total = 0;
  for (size_t i = 0; i < n; i++) total += tokens[i].size;
  t->texts = calloc(n, sizeof *t->texts);
  t->bytes = calloc(n, sizeof *t->bytes);
  t->specials = calloc(n, sizeof *t->specials);
  t->arena = malloc(2 * total + 1);
  t->by_text_mask = table_mask(n);
  t->by_text = malloc(sizeof *t->by_text * ((size_t)t->by_text_mask + 1));
  if (!t->texts || !t->bytes || !t->specials || !t->arena || !t->by_text) return no_memory(path, err);
  memset(t->by_text, 0xff, sizeof *t->by_text * ((size_t)t->by_text_mask + 1));
  for (int i = 0; i < 256; i++) t->byte_ids[i] = -1;

  char *room = t->arena;
  for (int32_t id = 0; id < t->size; id++) {
    int type = t->types[id];
    if (type < PL_TOKEN_NORMAL || type > PL_TOKEN_BYTE)
      return pl_fail(err, PL_E_INPUT, "%s: token %d has type %d in tokenizer.ggml.token_type, allowed are 1 to 6",
                     path, id, type);
    room = load_token(t, id, tokens[id], room);
    if (type == PL_TOKEN_NORMAL) add_text(t, id);
    if ((type == PL_TOKEN_CONTROL || type == PL_TOKEN_USER_DEFINED) && t->texts[id].size) {
      t->specials[t->special_count++] = (pl_special){t->texts[id], id};
      t->starts_special[(uint8_t)*t->texts[id].data] = 1;
    }
  }
  qsort(t->specials, (size_t)t->special_count, sizeof *t->specials, compare_specials);
  return PL_OK;
}

/* "left right", both in GPT-2's writing. The rank is the position in the list. */
static pl_status load_merge(pl_tokenizer *t, const pl_gguf *g, size_t rank, pl_str rule, char *room, pl_error *err) {
  const char *space = rule.size > 1 ? memchr(rule.data + 1, ' ', rule.size - 1) : NULL;
  size_t left_size = 0, right_size = 0;
  int32_t left = -1, right = -1, joined = -1;
  if (space) {
    pl_str first = {rule.data, (size_t)(space - rule.data)};
    pl_str second = {space + 1, rule.size - first.size - 1};
    if (decode_bytes(first, room, &left_size) && decode_bytes(second, room + left_size, &right_size)) {
      left = pl_vocabulary_find(t, room, left_size);
      right = pl_vocabulary_find(t, room + left_size, right_size);
      joined = pl_vocabulary_find(t, room, left_size + right_size);
    }
  }
  if (left < 0 || right < 0 || joined < 0)
    return pl_fail(err, PL_E_INPUT, "%s: element %zu of tokenizer.ggml.merges does not join two tokens to a third",
                   pl_gguf_path(g), rank);
  pl_merge *m = find_merge(t, left, right);
  if (m->left < 0) *m = (pl_merge){left, right, joined, (int32_t)rank};
  return PL_OK;
}

static pl_status load_merges(pl_tokenizer *t, const pl_gguf *g, pl_error *err) {
  pl_str *rules;
  size_t count, longest = 0;
  pl_status status = pl_gguf_strings(g, "tokenizer.ggml.merges", &rules, &count, err);
  if (status) return status;
  if (count > 4 * (size_t)MAX_VOCABULARY) {
    free(rules);
    return pl_fail(err, PL_E_INPUT, "%s: tokenizer.ggml.merges has %zu elements, more than a vocabulary can use",
                   pl_gguf_path(g), count);
  }
  for (size_t i = 0; i < count; i++) longest = rules[i].size > longest ? rules[i].size : longest;
  char *room = malloc(longest + 1);
  t->merges_mask = table_mask(count);
  t->merges = malloc(sizeof *t->merges * ((size_t)t->merges_mask + 1));
  if (!room || !t->merges) status = no_memory(pl_gguf_path(g), err);
  else memset(t->merges, 0xff, sizeof *t->merges * ((size_t)t->merges_mask + 1));
  for (size_t i = 0; i < count && !status; i++) status = load_merge(t, g, i, rules[i], room, err);
  free(room);
  free(rules);
  return status;
}

static pl_status load_scores(pl_tokenizer *t, const pl_gguf *g, pl_error *err) {
  size_t count;
  pl_status status = pl_gguf_floats(g, "tokenizer.ggml.scores", &t->scores, &count, err);
  if (!status && count != (size_t)t->size)
    status = pl_fail(err, PL_E_INPUT, "%s: tokenizer.ggml.scores has %zu elements for %d tokens", pl_gguf_path(g),
                     count, t->size);
  return status;
}

static pl_status load_types(pl_tokenizer *t, const pl_gguf *g, pl_error *err) {
  size_t count = (size_t)t->size;
  if (pl_gguf_has(g, "tokenizer.ggml.token_type")) {
    pl_status status = pl_gguf_ints(g, "tokenizer.ggml.token_type", &t->types, &count, err);
    if (status) return status;
  } else {
    t->types = malloc(sizeof *t->types * count);
    if (!t->types) return no_memory(pl_gguf_path(g), err);
    for (size_t i = 0; i < count; i++) t->types[i] = PL_TOKEN_NORMAL;
  }
  if (count == (size_t)t->size) return PL_OK;
  return pl_fail(err, PL_E_INPUT, "%s: tokenizer.ggml.token_type has %zu elements for %d tokens", pl_gguf_path(g),
                 count, t->size);
}

static pl_status load_kind(pl_tokenizer *t, const pl_gguf *g, pl_error *err) {
  pl_str model, split;
  pl_status status = pl_gguf_string(g, "tokenizer.ggml.model", NULL, &model, err);
  if (!status) status = pl_gguf_string(g, "tokenizer.ggml.pre", "gpt-2", &split, err);
  if (status) return status;
  t->kind = model.size == 4 && !memcmp(model.data, "gpt2", 4) ? PL_TOKENIZER_BPE : PL_TOKENIZER_SENTENCEPIECE;
  if (!is_bpe(t) && !(model.size == 5 && !memcmp(model.data, "llama", 5)))
    return pl_fail(err, PL_E_INPUT, "%s: tokenizer.ggml.model is neither gpt2 nor llama; other kinds are not supported",
                   pl_gguf_path(g));
  static const struct {
    const char *name;
    pl_split split;
  } splits[] = {{"gpt-2", PL_SPLIT_GPT2}, {"default", PL_SPLIT_GPT2}, {"smollm", PL_SPLIT_SMOLLM}};
  if (!is_bpe(t)) return PL_OK;
  for (size_t i = 0; i < sizeof splits / sizeof *splits; i++)
    if (split.size == strlen(splits[i].name) && !memcmp(split.data, splits[i].name, split.size)) {
      t->split = splits[i].split;
      return PL_OK;
    }
  return pl_fail(err, PL_E_INPUT,
                 "%s: tokenizer.ggml.pre names a split that is not supported; known are gpt-2, default "
                 "and smollm", pl_gguf_path(g));
}

static pl_status load_id(const pl_tokenizer *t, const pl_gguf *g, const char *key, int32_t *id, pl_error *err) {
  uint32_t value;
  *id = -1;
  if (!pl_gguf_has(g, key)) return PL_OK;
  pl_status status = pl_gguf_u32(g, key, NULL, 0, (uint32_t)t->size - 1, &value, err);
  if (!status) *id = (int32_t)value;
  return status;
}

static pl_status load(pl_tokenizer *t, const pl_gguf *g, pl_error *err) {
  pl_str *tokens;
  size_t count;
  pl_status status = load_kind(t, g, err);
  if (!status) status = pl_gguf_strings(g, "tokenizer.ggml.tokens", &tokens, &count, err);
  if (status) return status;
  if (count < 1 || count > MAX_VOCABULARY) {
    free(tokens);
    return pl_fail(err, PL_E_INPUT, "%s: tokenizer.ggml.tokens has %zu elements, allowed are 1 to %d", pl_gguf_path(g),
                   count, MAX_VOCABULARY);
  }
  t->size = (int)count;
  status = load_types(t, g, err);
  if (!status) status = load_vocabulary(t, pl_gguf_path(g), tokens, err);
  free(tokens);
  if (!status) status = is_bpe(t) ? load_merges(t, g, err) : load_scores(t, g, err);
  if (!status) status = load_id(t, g, "tokenizer.ggml.bos_token_id", &t->bos, err);
  if (!status) status = load_id(t, g, "tokenizer.ggml.eos_token_id", &t->eos, err);
  if (!status) status = load_id(t, g, "tokenizer.ggml.unknown_token_id", &t->unknown, err);
  int sentencepiece = !is_bpe(t);
  if (!status) status = pl_gguf_bool(g, "tokenizer.ggml.add_bos_token", &sentencepiece, &t->add_bos, err);
  if (!status) status = pl_gguf_bool(g, "tokenizer.ggml.add_space_prefix", &sentencepiece, &t->add_space, err);
  t->add_bos = t->add_bos && t->bos >= 0;
  return status;
}

pl_status pl_tokenizer_load(const pl_gguf *g, pl_tokenizer **out, pl_error *err) {
  *out = NULL;
  pl_tokenizer *t = calloc(1, sizeof *t);
  if (!t) return no_memory(pl_gguf_path(g), err);
  pl_status status = load(t, g, err);
  if (status) pl_tokenizer_free(t);
  else *out = t;
  return status;
}

/* ---- vocab.txt ---------------------------------------------------------------------------------- */

/* Lines to views of them; a last line break adds none. Returns how many, or MAX_VOCABULARY + 1 for more than that. */
static size_t split_lines(const char *text, size_t size, pl_str *out) {
  size_t count = 0;
  for (size_t at = 0, n; at < size; at += n + 1) {
    const char *end = memchr(text + at, '\n', size - at);
    n = end ? (size_t)(end - text) - at : size - at;
    const size_t bare = n && text[at + n - 1] == '\r' ? n - 1 : n;
    if (count > MAX_VOCABULARY) return count;
    if (out) out[count] = (pl_str){text + at, bare};
    count++;
  }
  return count;
}

static int is_special_name(pl_str s) { /* "[CLS]", but not "[" or "[unused3]" */
  if (s.size < 5 || s.data[0] != '[' || s.data[s.size - 1] != ']') return 0;
  for (size_t i = 1; i + 1 < s.size; i++)
    if (s.data[i] < 'A' || s.data[i] > 'Z') return 0;
  return 1;
}

static pl_status load_lines(pl_tokenizer *t, const pl_str *lines, const char *name, pl_error *err) {
  t->types = malloc(sizeof *t->types * (size_t)t->size);
  if (!t->types) return no_memory(name, err);
  for (int i = 0; i < t->size; i++) t->types[i] = is_special_name(lines[i]) ? PL_TOKEN_CONTROL : PL_TOKEN_NORMAL;
  pl_status status = load_vocabulary(t, name, lines, err);
  if (status) return status;
  for (int i = 0; i < t->size; i++)
    if (t->types[i] == PL_TOKEN_NORMAL && pl_vocabulary_find(t, lines[i].data, lines[i].size) != i)
      return pl_fail(err, PL_E_INPUT, "%s: line %d is empty or a token that was there before", name, i + 1);
  t->bos = pl_token_named(t, "[CLS]");
  t->eos = pl_token_named(t, "[SEP]");
  t->unknown = pl_token_named(t, "[UNK]");
  if (t->bos < 0 || t->eos < 0 || t->unknown < 0)
    return pl_fail(err, PL_E_INPUT, "%s is no vocabulary of BERT: it lacks one of [CLS], [SEP] and [UNK]", name);
  t->add_bos = t->add_eos = 1;
  return PL_OK;
}

pl_status pl_tokenizer_load_wordpiece(const char *text, size_t size, const char *name, int lower_case,
                                      pl_tokenizer **out, pl_error *err) {
  *out = NULL;
  const size_t count = split_lines(text, size, NULL);
  if (count < 1 || count > MAX_VOCABULARY)
    return pl_fail(err, PL_E_INPUT, "%s has no lines, or more than the %d that can be read", name, MAX_VOCABULARY);
  pl_tokenizer *t = calloc(1, sizeof *t);
  pl_str *lines = malloc(sizeof *lines * count);
  pl_status status = PL_OK;
  if (!t || !lines) {
    status = no_memory(name, err);
  } else {
    split_lines(text, size, lines);
    t->kind = PL_TOKENIZER_WORDPIECE;
    t->lower_case = lower_case;
    t->size = (int)count;
    status = load_lines(t, lines, name, err);
  }
  free(lines);
  if (status) pl_tokenizer_free(t);
  else *out = t;
  return status;
}

void pl_tokenizer_free(pl_tokenizer *t) {
  if (!t) return;
  free(t->texts);
  free(t->bytes);
  free(t->scores);
  free(t->types);
  free(t->arena);
  free(t->by_text);
  free(t->merges);
  free(t->specials);
  free(t);
}

int pl_tokenizer_size(const pl_tokenizer *t) { return t->size; }
int32_t pl_tokenizer_bos(const pl_tokenizer *t) { return t->bos; }
int32_t pl_tokenizer_eos(const pl_tokenizer *t) { return t->eos; }
int pl_tokenizer_adds_bos(const pl_tokenizer *t) { return t->add_bos; }

int32_t pl_token_named(const pl_tokenizer *t, const char *text) {
  const size_t n = strlen(text);
  for (int i = 0; i < t->special_count; i++)
    if (t->specials[i].text.size == n && !memcmp(t->specials[i].text.data, text, n)) return t->specials[i].id;
  return pl_vocabulary_find(t, text, n);
}

pl_str pl_token_bytes(const pl_tokenizer *t, int32_t id) {
  return id >= 0 && id < t->size ? t->bytes[id] : (pl_str){"", 0};
}
