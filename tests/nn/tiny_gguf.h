/* tiny_gguf.h: writes small GGUF files in memory for the tests of host/nn, independently of the trainer's writer.
 *
 *   gguf_file f = {0};
 *   put_string(&f, "general.architecture", "llama");
 *   put_tensor(&f, "token_embd.weight", PL_GGML_F32, dim, rows, values);
 *   blob b = finish(&f);          bytes of the file; free(b.data)
 *
 * tiny_model() writes a whole random Llama model with a byte-level vocabulary of 256 + 3 tokens.
 */
#ifndef TINY_GGUF_H
#define TINY_GGUF_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/gguf.h"
#include "nn/pretokenize.h"

typedef struct {
  uint8_t *data;
  size_t size, room;
} blob;

static void append(blob *b, const void *data, size_t n) {
  if (b->size + n > b->room) b->data = realloc(b->data, b->room = 2 * (b->size + n));
  if (n) memcpy(b->data + b->size, data, n);
  b->size += n;
}

static void append_u32(blob *b, uint32_t v) { append(b, &v, 4); }
static void append_u64(blob *b, uint64_t v) { append(b, &v, 8); }
static void append_str(blob *b, const char *s, size_t n) {
  append_u64(b, n);
  append(b, s, n);
}

typedef struct {
  blob meta, infos, data;
  uint64_t entries, tensors;
  uint32_t version; /* 0: 3 */
} gguf_file;

static void put_key(gguf_file *f, const char *key, uint32_t type) {
  append_str(&f->meta, key, strlen(key));
  append_u32(&f->meta, type);
  f->entries++;
}
static void put_raw(gguf_file *f, const char *key, uint32_t type, const void *value, size_t n) {
  put_key(f, key, type);
  append(&f->meta, value, n);
}
static void put_u32(gguf_file *f, const char *key, uint32_t v) { put_raw(f, key, PL_GGUF_U32, &v, 4); }
static void put_f32(gguf_file *f, const char *key, float v) { put_raw(f, key, PL_GGUF_F32, &v, 4); }
static void put_bool(gguf_file *f, const char *key, int v) { put_raw(f, key, PL_GGUF_BOOL, &(uint8_t){v != 0}, 1); }
static void put_string(gguf_file *f, const char *key, const char *v) {
  put_key(f, key, PL_GGUF_STRING);
  append_str(&f->meta, v, strlen(v));
}
static void put_array(gguf_file *f, const char *key, uint32_t type, uint64_t count, const void *values, size_t size) {
  put_key(f, key, PL_GGUF_ARRAY);
  append_u32(&f->meta, type);
  append_u64(&f->meta, count);
  append(&f->meta, values, size);
}
static void put_strings(gguf_file *f, const char *key, const char *const *values, size_t count) {
  put_array(f, key, PL_GGUF_STRING, count, NULL, 0);
  for (size_t i = 0; i < count; i++) append_str(&f->meta, values[i], strlen(values[i]));
}

/* Rounds to the nearest half; what would be subnormal becomes 0. */
static uint16_t to_half(float v) {
  if (v == 0) return 0;
  int e;
  double m = frexp(fabs((double)v), &e); /* v = m * 2^e, m in [0.5, 1) */
  if (e - 1 < -14) return 0;
  int mantissa = (int)lrint((m * 2 - 1) * 1024);
  return (uint16_t)((v < 0 ? 0x8000 : 0) | (((e - 1 + 15) << 10) + mantissa));
}

static void append_half(blob *b, float v) { append(b, &(uint16_t){to_half(v)}, 2); }

/* One row in the tensor type, quantised in the plainest way. */
static void append_row(blob *b, pl_ggml_type type, const float *x, int n) {
  if (type == PL_GGML_F32) append(b, x, (size_t)n * 4);
  if (type == PL_GGML_F16)
    for (int i = 0; i < n; i++) append_half(b, x[i]);
  if (type != PL_GGML_Q8_0 && type != PL_GGML_Q4_0 && type != PL_GGML_Q4_1) return;
  for (int i = 0; i < n; i += 32) {
    float lo = x[i], hi = x[i], top;
    for (int j = 0; j < 32; j++) lo = fminf(lo, x[i + j]), hi = fmaxf(hi, x[i + j]);
    top = fmaxf(fabsf(lo), fabsf(hi)) + 1e-3f;
    float d = type == PL_GGML_Q8_0 ? top / 127 : type == PL_GGML_Q4_0 ? top / 7 : (hi - lo + 1e-3f) / 15;
    append_half(b, d);
    if (type == PL_GGML_Q4_1) append_half(b, lo);
    uint8_t q[32];
    for (int j = 0; j < 32; j++)
      q[j] = (uint8_t)(type == PL_GGML_Q8_0   ? (int)lrintf(x[i + j] / d)
                       : type == PL_GGML_Q4_0 ? (int)lrintf(x[i + j] / d) + 8
                                              : (int)fminf(15, rintf((x[i + j] - lo) / d)));
    if (type == PL_GGML_Q8_0) append(b, q, 32);
    else
      for (int j = 0; j < 16; j++) append(b, &(uint8_t){(uint8_t)(q[j] | q[j + 16] << 4)}, 1);
  }
}

static void put_tensor_info(gguf_file *f, const char *name, uint32_t type, uint32_t n_dims, const uint64_t *dims) {
  while (f->data.size % PL_GGUF_ALIGNMENT) append(&f->data, "", 1);
  append_str(&f->infos, name, strlen(name));
  append_u32(&f->infos, n_dims);
  append(&f->infos, dims, n_dims * 8);
  append_u32(&f->infos, type);
  append_u64(&f->infos, f->data.size);
  f->tensors++;
}

static void put_tensor(gguf_file *f, const char *name, pl_ggml_type type, int dim, int rows, const float *values) {
  put_tensor_info(f, name, type, rows > 0 ? 2 : 1, (uint64_t[]){(uint64_t)dim, (uint64_t)rows});
  for (int i = 0; i < (rows > 0 ? rows : 1); i++) append_row(&f->data, type, values + (size_t)i * (size_t)dim, dim);
}

static blob finish(gguf_file *f) {
  blob b = {0};
  append_u32(&b, PL_GGUF_MAGIC);
  append_u32(&b, f->version ? f->version : PL_GGUF_VERSION);
  append_u64(&b, f->tensors);
  append_u64(&b, f->entries);
  append(&b, f->meta.data, f->meta.size);
  append(&b, f->infos.data, f->infos.size);
  while (b.size % PL_GGUF_ALIGNMENT) append(&b, "", 1);
  append(&b, f->data.data, f->data.size);
  free(f->meta.data), free(f->infos.data), free(f->data.data);
  *f = (gguf_file){0};
  return b;
}

/* ---- Random numbers (splitmix64) ---- */

static uint64_t random_u64(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}
static float random_unit(uint64_t *state) { /* -1..1 */
  return (float)((double)(random_u64(state) >> 11) * 0x1p-52 - 1);
}

/* ---- A whole model ---- */

typedef struct {
  int layers, dim, ffn, heads, kv_heads, context, tied;
  pl_ggml_type type; /* of the matrices */
  uint64_t seed;
} tiny_shape;

enum { TINY_VOCAB = 256 + 3 }; /* see put_byte_vocabulary */

/* GPT-2's way of writing a byte. */
static void byte_text(int byte, char out[8]) {
  int shifted = 0;
  for (int b = 0; b < byte; b++) shifted += b < 33 || (b > 126 && b < 161) || b == 173;
  int plain = !(byte < 33 || (byte > 126 && byte < 161) || byte == 173);
  size_t n = pl_utf8_encode(plain ? (uint32_t)byte : (uint32_t)(256 + shifted), out);
  out[n] = 0;
}

/* Tokens 0..255 are the bytes, 256 "he", 257 "the", 258 the control token <|end|> (bos and eos). */
static void put_byte_vocabulary(gguf_file *f) {
  static char texts[256][8];
  const char *tokens[TINY_VOCAB];
  int32_t types[TINY_VOCAB];
  for (int i = 0; i < TINY_VOCAB; i++) types[i] = PL_TOKEN_NORMAL;
  for (int i = 0; i < 256; i++) byte_text(i, texts[i]), tokens[i] = texts[i];
  tokens[256] = "he", tokens[257] = "the", tokens[258] = "<|end|>";
  types[258] = PL_TOKEN_CONTROL;
  const char *merges[] = {"h e", "t he"};
  put_string(f, "tokenizer.ggml.model", "gpt2");
  put_strings(f, "tokenizer.ggml.tokens", tokens, TINY_VOCAB);
  put_array(f, "tokenizer.ggml.token_type", PL_GGUF_I32, TINY_VOCAB, types, sizeof types);
  put_strings(f, "tokenizer.ggml.merges", merges, 2);
  put_u32(f, "tokenizer.ggml.bos_token_id", 258);
  put_u32(f, "tokenizer.ggml.eos_token_id", 258);
}

static void put_random(gguf_file *f, const char *name, pl_ggml_type type, int dim, int rows, float centre, float spread,
                       uint64_t *seed) {
  size_t n = (size_t)dim * (size_t)(rows > 0 ? rows : 1);
  float *x = malloc(n * sizeof *x);
  for (size_t i = 0; i < n; i++) x[i] = centre + spread * random_unit(seed);
  put_tensor(f, name, type, dim, rows, x);
  free(x);
}

static void put_shape(gguf_file *f, const tiny_shape *s) {
  put_string(f, "general.architecture", "llama");
  put_u32(f, "llama.block_count", (uint32_t)s->layers);
  put_u32(f, "llama.embedding_length", (uint32_t)s->dim);
  put_u32(f, "llama.feed_forward_length", (uint32_t)s->ffn);
  put_u32(f, "llama.attention.head_count", (uint32_t)s->heads);
  put_u32(f, "llama.attention.head_count_kv", (uint32_t)s->kv_heads);
  put_u32(f, "llama.context_length", (uint32_t)s->context);
  put_f32(f, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
  put_f32(f, "llama.rope.freq_base", 5000);
}

static void put_weights(gguf_file *f, const tiny_shape *s) {
  uint64_t seed = s->seed;
  int kv = s->dim / s->heads * s->kv_heads;
  float spread = 2.0f / sqrtf((float)s->dim);
  char name[64];
  put_random(f, "token_embd.weight", s->type, s->dim, TINY_VOCAB, 0, 1, &seed);
  for (int i = 0; i < s->layers; i++) {
    const struct {
      const char *name;
      int dim, rows;
    } matrices[] = {{"attn_q", s->dim, s->dim},   {"attn_k", s->dim, kv},     {"attn_v", s->dim, kv},
                    {"attn_output", s->dim, s->dim}, {"ffn_gate", s->dim, s->ffn}, {"ffn_up", s->dim, s->ffn},
                    {"ffn_down", s->ffn, s->dim}};
    for (size_t j = 0; j < sizeof matrices / sizeof *matrices; j++) {
      snprintf(name, sizeof name, "blk.%d.%s.weight", i, matrices[j].name);
      put_random(f, name, s->type, matrices[j].dim, matrices[j].rows, 0, spread, &seed);
    }
    snprintf(name, sizeof name, "blk.%d.attn_norm.weight", i);
    put_random(f, name, PL_GGML_F32, s->dim, 0, 1, 0.3f, &seed);
    snprintf(name, sizeof name, "blk.%d.ffn_norm.weight", i);
    put_random(f, name, PL_GGML_F32, s->dim, 0, 1, 0.3f, &seed);
  }
  put_random(f, "output_norm.weight", PL_GGML_F32, s->dim, 0, 1, 0.3f, &seed);
  if (!s->tied) put_random(f, "output.weight", s->type, s->dim, TINY_VOCAB, 0, spread, &seed);
}

static blob tiny_model(const tiny_shape *s) {
  gguf_file f = {0};
  put_shape(&f, s);
  put_byte_vocabulary(&f);
  put_weights(&f, s);
  return finish(&f);
}

/* Not every test uses every function. */
static inline void tiny_gguf_unused(void) {
  (void)put_bool, (void)tiny_model, (void)put_array, (void)random_u64;
}

#endif
