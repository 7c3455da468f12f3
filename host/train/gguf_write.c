/* gguf_write.c: see gguf_write.h. The file is built in memory: it is small, and alignment is then plain arithmetic. */
#include "train/gguf_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Half precision and Q8_0 ---- */

uint16_t half_from_float(float x) {
  _Float16 h = (_Float16)x;
  uint16_t bits;
  memcpy(&bits, &h, sizeof bits);
  return bits;
}

float float_from_half(uint16_t bits) {
  _Float16 h;
  memcpy(&h, &bits, sizeof h);
  return (float)h;
}

/* The codes are rounded against the scale as stored, not against the exact one: that is nearer to x. */
static uint16_t q8_0_block(const real *x, int8_t q[PL_GGML_BLOCK]) {
  float largest = 0;
  for (int i = 0; i < PL_GGML_BLOCK; i++) largest = fmaxf(largest, fabsf((float)x[i]));
  uint16_t scale = half_from_float(largest / 127);
  float d = float_from_half(scale), inverse = d > 0 ? 1 / d : 0;
  for (int i = 0; i < PL_GGML_BLOCK; i++) q[i] = (int8_t)fmaxf(-127, fminf(127, rintf((float)x[i] * inverse)));
  return scale;
}

void q8_0_round(real *x, size_t count) {
  for (size_t at = 0; at + PL_GGML_BLOCK <= count; at += PL_GGML_BLOCK) {
    int8_t q[PL_GGML_BLOCK];
    float d = float_from_half(q8_0_block(x + at, q));
    for (int i = 0; i < PL_GGML_BLOCK; i++) x[at + i] = d * q[i];
  }
}

/* ---- A growing buffer ---- */

typedef struct {
  uint8_t *bytes;
  size_t used, room;
  int failed; /* out of memory: everything after is ignored, and gguf_write says so */
} buffer;

static void put(buffer *b, const void *data, size_t size) {
  if (b->used + size > b->room && !b->failed) {
    size_t room = 2 * (b->used + size);
    uint8_t *bytes = realloc(b->bytes, room);
    b->failed = !bytes;
    if (bytes) b->bytes = bytes, b->room = room;
  }
  if (b->failed) return;
  memcpy(b->bytes + b->used, data, size);
  b->used += size;
}

static void put_integer(buffer *b, uint64_t value, int bytes) { /* little-endian whatever the machine is */
  uint8_t out[8];
  for (int i = 0; i < bytes; i++) out[i] = (uint8_t)(value >> (8 * i));
  put(b, out, (size_t)bytes);
}

static void put_float(buffer *b, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  put_integer(b, bits, 4);
}

static void put_text(buffer *b, const char *text, size_t length) {
  put_integer(b, length, 8);
  put(b, text, length);
}

static void align(buffer *b) {
  while (b->used % PL_GGUF_ALIGNMENT && !b->failed) put_integer(b, 0, 1);
}

/* ---- Key-value pairs ---- */

typedef struct {
  buffer bytes;
  uint64_t count;
} pairs;

static void key(pairs *kv, const char *name, int type) {
  put_text(&kv->bytes, name, strlen(name));
  put_integer(&kv->bytes, (uint64_t)type, 4);
  kv->count++;
}

static void kv_u32(pairs *kv, const char *name, uint32_t value) {
  key(kv, name, PL_GGUF_U32);
  put_integer(&kv->bytes, value, 4);
}

static void kv_f32(pairs *kv, const char *name, float value) {
  key(kv, name, PL_GGUF_F32);
  put_float(&kv->bytes, value);
}

static void kv_bool(pairs *kv, const char *name, int value) {
  key(kv, name, PL_GGUF_BOOL);
  put_integer(&kv->bytes, (uint64_t)(value != 0), 1);
}

static void kv_string(pairs *kv, const char *name, const char *value) {
  if (!value) return;
  key(kv, name, PL_GGUF_STRING);
  put_text(&kv->bytes, value, strlen(value));
}

static void kv_array(pairs *kv, const char *name, int type, size_t count) {
  key(kv, name, PL_GGUF_ARRAY);
  put_integer(&kv->bytes, (uint64_t)type, 4);
  put_integer(&kv->bytes, count, 8);
}

/* ---- Vocabulary ---- */

static int is_printable(int byte) { return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174; }

/* GPT-2's spelling of bytes: printable Latin-1 characters stand for themselves, the 68 others are U+0100 and up, in
 * order. UTF-8 into out (2 bytes at most per byte); returns its length. */
static size_t spell(const bpe_token *token, char *out) {
  size_t n = 0;
  for (int i = 0; i < token->length; i++) {
    int byte = (unsigned char)token->bytes[i], point = byte;
    if (!is_printable(byte)) {
      point = 256;
      for (int other = 0; other < byte; other++) point += !is_printable(other);
    }
    if (point >= 128) out[n++] = (char)(0xc0 | point >> 6);
    out[n++] = (char)(point >= 128 ? 0x80 | (point & 63) : point);
  }
  return n;
}

static void put_vocabulary(pairs *kv, const bpe *v) {
  static const char special[] = "<|endoftext|>";
  char text[4 * BPE_MAX_TOKEN + 1];

  kv_string(kv, "tokenizer.ggml.model", "gpt2");
  kv_string(kv, "tokenizer.ggml.pre", "gpt-2");
  kv_array(kv, "tokenizer.ggml.tokens", PL_GGUF_STRING, (size_t)v->size);
  for (int i = 0; i < v->special; i++) put_text(&kv->bytes, text, spell(&v->token[i], text));
  put_text(&kv->bytes, special, sizeof special - 1);
  kv_array(kv, "tokenizer.ggml.token_type", PL_GGUF_I32, (size_t)v->size);
  for (int i = 0; i < v->size; i++) put_integer(&kv->bytes, i == v->special ? PL_TOKEN_CONTROL : PL_TOKEN_NORMAL, 4);
  kv_array(kv, "tokenizer.ggml.merges", PL_GGUF_STRING, (size_t)v->special - 256);
  for (int i = 0; i < v->special - 256; i++) {
    size_t n = spell(&v->token[v->merge[i][0]], text);
    text[n++] = ' ';
    n += spell(&v->token[v->merge[i][1]], text + n);
    put_text(&kv->bytes, text, n);
  }
  kv_u32(kv, "tokenizer.ggml.bos_token_id", (uint32_t)v->special);
  kv_u32(kv, "tokenizer.ggml.eos_token_id", (uint32_t)v->special);
  kv_bool(kv, "tokenizer.ggml.add_bos_token", 1);
  kv_bool(kv, "tokenizer.ggml.add_eos_token", 0);
}

static void put_metadata(pairs *kv, const net_config *c, const bpe *v, pl_ggml_type type, const gguf_about *about) {
  enum { FILE_F32 = 0, FILE_Q8_0 = 7 }; /* ggml's LLAMA_FTYPE numbers */
  kv_string(kv, "general.architecture", "llama");
  kv_string(kv, "general.type", "model");
  kv_string(kv, "general.name", about->name);
  kv_string(kv, "general.description", about->description);
  kv_string(kv, "general.license", about->license);
  kv_string(kv, "general.source.url", about->source);
  kv_u32(kv, "general.file_type", type == PL_GGML_Q8_0 ? FILE_Q8_0 : FILE_F32);
  kv_u32(kv, "general.quantization_version", 2);
  kv_u32(kv, "general.alignment", PL_GGUF_ALIGNMENT);
  kv_u32(kv, "llama.vocab_size", (uint32_t)c->vocab);
  kv_u32(kv, "llama.context_length", (uint32_t)c->context);
  kv_u32(kv, "llama.embedding_length", (uint32_t)c->width);
  kv_u32(kv, "llama.block_count", (uint32_t)c->layers);
  kv_u32(kv, "llama.feed_forward_length", (uint32_t)c->ff);
  kv_u32(kv, "llama.attention.head_count", (uint32_t)c->heads);
  kv_u32(kv, "llama.attention.head_count_kv", (uint32_t)c->kv_heads);
  kv_f32(kv, "llama.attention.layer_norm_rms_epsilon", c->eps);
  kv_u32(kv, "llama.rope.dimension_count", (uint32_t)(c->width / c->heads));
  kv_f32(kv, "llama.rope.freq_base", c->rope_base);
  put_vocabulary(kv, v);
}

/* ---- Tensors ---- */

static pl_ggml_type type_of(const net_tensor *t, pl_ggml_type type) { return t->rows == 1 ? PL_GGML_F32 : type; }

/* Dimensions are listed fastest first: columns, then rows. */
static void put_tensor_info(buffer *b, const net_tensor *t, pl_ggml_type type, uint64_t offset) {
  int dimensions = t->rows == 1 ? 1 : 2;
  put_text(b, t->name, strlen(t->name));
  put_integer(b, (uint64_t)dimensions, 4);
  put_integer(b, (uint64_t)t->columns, 8);
  if (dimensions == 2) put_integer(b, (uint64_t)t->rows, 8);
  put_integer(b, (uint64_t)type, 4);
  put_integer(b, offset, 8);
}

static void put_tensor_data(buffer *b, const net_tensor *t, pl_ggml_type type, const real *x) {
  size_t count = (size_t)t->rows * t->columns;
  for (size_t i = 0; type == PL_GGML_F32 && i < count; i++) put_float(b, (float)x[i]);
  for (size_t i = 0; type == PL_GGML_Q8_0 && i < count; i += PL_GGML_BLOCK) {
    int8_t q[PL_GGML_BLOCK];
    put_integer(b, q8_0_block(x + i, q), 2);
    put(b, q, sizeof q);
  }
  align(b);
}

/* ---- The file ---- */

/* The name written to before it is renamed to `path`. */
static pl_status name_beside(const char *path, char beside[4096], pl_error *err) {
  int length = snprintf(beside, 4096, "%s.part", path);
  return length < 4096 ? PL_OK : pl_fail(err, PL_E_INPUT, "The name of the output file is too long.");
}

static pl_status save(const char *path, const buffer *b, pl_error *err) {
  char beside[4096];
  if (name_beside(path, beside, err)) return PL_E_INPUT;
  FILE *f = fopen(beside, "wb");
  int bad = !f || fwrite(b->bytes, 1, b->used, f) != b->used;
  if (f) bad |= fclose(f) != 0;
  if (!bad && !rename(beside, path)) return PL_OK;
  int why = errno;
  if (f) unlink(beside);
  return pl_fail(err, PL_E_IO, "Cannot write '%s': %s.", path, strerror(why));
}

pl_status gguf_write_check(const char *path, const net_config *config, pl_ggml_type type, pl_error *err) {
  net_tensor list[NET_MAX_TENSORS];
  int count = net_tensors(config, list);
  for (int i = 0; i < count; i++)
    if (type_of(&list[i], type) == PL_GGML_Q8_0 && list[i].columns % PL_GGML_BLOCK)
      return pl_fail(err, PL_E_INPUT,
                     "Tensor %s has rows of %d numbers; Q8_0 needs a multiple of %d: change the width or "
                     "feed-forward size, or store F32.",
                     list[i].name, list[i].columns, PL_GGML_BLOCK);
  char beside[4096];
  if (name_beside(path, beside, err)) return PL_E_INPUT;
  FILE *f = fopen(beside, "wb");
  if (!f) return pl_fail(err, PL_E_INPUT, "Cannot write '%s': %s.", path, strerror(errno));
  fclose(f);
  unlink(beside);
  return PL_OK;
}

pl_status gguf_write(const char *path, const net_config *config, const real *params, const bpe *vocabulary,
                     pl_ggml_type type, const gguf_about *about, pl_error *err) {
  if (gguf_write_check(path, config, type, err)) return PL_E_INPUT;
  net_tensor list[NET_MAX_TENSORS];
  int count = net_tensors(config, list);
  pairs kv = {0};
  buffer file = {0}, info = {0}, data = {0};
  put_metadata(&kv, config, vocabulary, type, about);
  for (int i = 0; i < count; i++) {
    put_tensor_info(&info, &list[i], type_of(&list[i], type), data.used);
    put_tensor_data(&data, &list[i], type_of(&list[i], type), params + list[i].offset);
  }
  put_integer(&file, PL_GGUF_MAGIC, 4);
  put_integer(&file, PL_GGUF_VERSION, 4);
  put_integer(&file, (uint64_t)count, 8);
  put_integer(&file, kv.count, 8);
  put(&file, kv.bytes.bytes, kv.bytes.used);
  put(&file, info.bytes, info.used);
  align(&file);
  put(&file, data.bytes, data.used);
  int failed = kv.bytes.failed || info.failed || data.failed || file.failed;
  pl_status status =
      failed ? pl_fail(err, PL_E_MEMORY, "Out of memory while writing '%s'.", path) : save(path, &file, err);
  free(kv.bytes.bytes);
  free(info.bytes);
  free(data.bytes);
  free(file.bytes);
  return status;
}
