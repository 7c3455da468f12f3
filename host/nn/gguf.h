/* gguf.h: reads GGUF files (version 2 and 3, little endian), the container of language models.
 *
 *   pl_gguf *g;
 *   if (pl_gguf_open("model.gguf", &g, err)) return err->status;
 *   pl_gguf_u32(g, "llama.block_count", NULL, 1, 4095, &layers, err);   required: no default
 *   const pl_tensor *t = pl_gguf_find_tensor(g, "token_embd.weight");
 *   pl_tensor_row(t, row, out);
 *   pl_gguf_close(g);
 *
 * The file is mapped, not copied, and checked in full when it is opened: afterwards every string, array and
 * tensor this interface hands out lies inside the file. A file that breaks a rule is PL_E_INPUT with a sentence
 * that names the file and the field. What is handed out belongs to the reader and lives until pl_gguf_close.
 * After opening, a reader may be used from several threads at once.
 *
 * Layout (all numbers little endian): "GGUF", version u32, tensor count u64, metadata count u64; the metadata:
 * key string, value type u32, value; the tensors: name string, dimension count u32, dimensions u64, type u32,
 * offset u64; padding to general.alignment (default 32); tensor data. A string is u64 length and its bytes.
 */
#ifndef PHOTOLANE_NN_GGUF_H
#define PHOTOLANE_NN_GGUF_H

#include <stddef.h>
#include <stdint.h>

#include "nn/tensor.h"
#include "photolane/photolane.h"

/* ---- Numbers of the format ------------------------------------------------------------------- */

#define PL_GGUF_MAGIC 0x46554747u /* "GGUF" */
#define PL_GGUF_VERSION 3
#define PL_GGUF_ALIGNMENT 32 /* of tensor data, unless general.alignment says otherwise */
#define PL_GGUF_MAX_NAME 64 /* bytes in a tensor's name, the terminator included */

typedef enum { /* types of metadata values */
  PL_GGUF_U8 = 0,
  PL_GGUF_I8 = 1,
  PL_GGUF_U16 = 2,
  PL_GGUF_I16 = 3,
  PL_GGUF_U32 = 4,
  PL_GGUF_I32 = 5,
  PL_GGUF_F32 = 6,
  PL_GGUF_BOOL = 7,
  PL_GGUF_STRING = 8,
  PL_GGUF_ARRAY = 9,
  PL_GGUF_U64 = 10,
  PL_GGUF_I64 = 11,
  PL_GGUF_F64 = 12,
} pl_gguf_type;

typedef enum { /* tokenizer.ggml.token_type */
  PL_TOKEN_NORMAL = 1,
  PL_TOKEN_UNKNOWN = 2,
  PL_TOKEN_CONTROL = 3,
  PL_TOKEN_USER_DEFINED = 4,
  PL_TOKEN_UNUSED = 5,
  PL_TOKEN_BYTE = 6,
} pl_token_type;

/* ---- Reading --------------------------------------------------------------------------------- */

typedef struct pl_gguf pl_gguf;

/* Maps and checks a file. On success *out must be closed with pl_gguf_close; on error *out is NULL. */
pl_status pl_gguf_open(const char *path, pl_gguf **out, pl_error *err);

/* The same on `size` bytes that the caller owns and keeps until pl_gguf_close; `name` stands for the file in
 * errors. */
pl_status pl_gguf_open_memory(const void *data, size_t size, const char *name, pl_gguf **out, pl_error *err);

void pl_gguf_close(pl_gguf *g); /* NULL is fine */
void pl_gguf_rest(const pl_gguf *g);  /* mapping.h, pl_mapping_rest */

const char *pl_gguf_path(const pl_gguf *g); /* for messages */

int pl_gguf_tensor_count(const pl_gguf *g);
const pl_tensor *pl_gguf_tensor_at(const pl_gguf *g, int i);                 /* in file order */
const pl_tensor *pl_gguf_find_tensor(const pl_gguf *g, const char *name); /* NULL if absent */

/* Metadata. Each looks `key` up and converts; if the key is absent it takes *fallback, or fails if that is NULL.
 * Any integer type is accepted for a number that fits; a value outside lo..hi or of another type is PL_E_INPUT. */
int pl_gguf_has(const pl_gguf *g, const char *key);
pl_status pl_gguf_u32(const pl_gguf *g, const char *key, const uint32_t *fallback, uint32_t lo, uint32_t hi,
                      uint32_t *out, pl_error *err);
pl_status pl_gguf_f32(const pl_gguf *g, const char *key, const float *fallback, float lo, float hi, float *out,
                      pl_error *err); /* also refuses what is not finite */
pl_status pl_gguf_bool(const pl_gguf *g, const char *key, const int *fallback, int *out, pl_error *err);
pl_status pl_gguf_string(const pl_gguf *g, const char *key, const char *fallback, pl_str *out, pl_error *err);

/* Arrays: *out is allocated (free() it), *count elements; an absent key is an error, an empty array gives
 * *count 0. Strings are views into the file. */
pl_status pl_gguf_strings(const pl_gguf *g, const char *key, pl_str **out, size_t *count, pl_error *err);
pl_status pl_gguf_floats(const pl_gguf *g, const char *key, float **out, size_t *count, pl_error *err);
pl_status pl_gguf_ints(const pl_gguf *g, const char *key, int32_t **out, size_t *count, pl_error *err);

#endif
