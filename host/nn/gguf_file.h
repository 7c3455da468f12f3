/* gguf_file.h: an open GGUF file, as gguf.c fills and gguf_values.c reads it. Private to host/nn. */
#ifndef PHOTOLANE_NN_GGUF_FILE_H
#define PHOTOLANE_NN_GGUF_FILE_H

#include <string.h>

#include "nn/gguf.h"
#include "nn/mapping.h"

typedef struct { /* one metadata field */
  pl_str key;
  uint32_t type;    /* PL_GGUF_*; for an array that of its elements */
  int is_array;
  uint64_t count;   /* 1, or the elements of an array */
  const uint8_t *data; /* first element */
} pl_gguf_entry;

struct pl_gguf {
  char *path;
  pl_mapping map;
  const uint8_t *bytes;
  size_t size;
  pl_gguf_entry *entries;
  int entry_count;
  pl_tensor *tensors;
  int tensor_count;
};

/* Bytes of a value of type PL_GGUF_*, 0 for strings, arrays and types that do not exist. */
size_t pl_gguf_scalar_size(uint32_t type);

static inline int pl_str_equal(pl_str s, const char *text) {
  return s.size == strlen(text) && !memcmp(s.data, text, s.size);
}

#endif
