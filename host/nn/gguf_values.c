/* gguf_values.c: the metadata of an open GGUF file: look-up, conversion, arrays. See gguf.h. gguf.c has proven that
 * every value lies inside the file. */
#include <math.h>
#include <stdlib.h>

#include "nn/gguf_file.h"

size_t pl_gguf_scalar_size(uint32_t type) {
  static const uint8_t sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return type < sizeof sizes ? sizes[type] : 0;
}

static const pl_gguf_entry *find(const pl_gguf *g, const char *key) {
  for (int i = 0; i < g->entry_count; i++)
    if (pl_str_equal(g->entries[i].key, key)) return &g->entries[i];
  return NULL;
}

int pl_gguf_has(const pl_gguf *g, const char *key) { return find(g, key) != NULL; }

static pl_status absent(const pl_gguf *g, const char *key, pl_error *err) {
  return pl_fail(err, PL_E_INPUT, "%s lacks the metadata field %s", g->path, key);
}

static pl_status wrong_type(const pl_gguf *g, const char *key, const char *wanted, pl_error *err) {
  return pl_fail(err, PL_E_INPUT, "%s: metadata field %s is not %s", g->path, key, wanted);
}

/* Element i as a number. 0 if the type is no number. Integers of 64 bits that matter here fit a double. */
static int element(const pl_gguf_entry *e, size_t i, double *value, int *is_integer) {
  union {
    uint8_t u8; int8_t i8; uint16_t u16; int16_t i16; uint32_t u32; int32_t i32; float f32; uint64_t u64; int64_t i64;
    double f64;
  } v;
  size_t size = pl_gguf_scalar_size(e->type);
  if (!size || e->type == PL_GGUF_BOOL) return 0;
  memcpy(&v, e->data + i * size, size);
  *is_integer = e->type != PL_GGUF_F32 && e->type != PL_GGUF_F64;
  switch (e->type) {
  case PL_GGUF_U8: *value = v.u8; return 1;
  case PL_GGUF_I8: *value = v.i8; return 1;
  case PL_GGUF_U16: *value = v.u16; return 1;
  case PL_GGUF_I16: *value = v.i16; return 1;
  case PL_GGUF_U32: *value = v.u32; return 1;
  case PL_GGUF_I32: *value = v.i32; return 1;
  case PL_GGUF_F32: *value = (double)v.f32; return 1;
  case PL_GGUF_U64: *value = (double)v.u64; return 1;
  case PL_GGUF_I64: *value = (double)v.i64; return 1;
  case PL_GGUF_F64: *value = v.f64; return 1;
  default: return 0;
  }
}

pl_status pl_gguf_u32(const pl_gguf *g, const char *key, const uint32_t *fallback, uint32_t lo, uint32_t hi,
                      uint32_t *out, pl_error *err) {
  const pl_gguf_entry *e = find(g, key);
  double v;
  int is_integer;
  if (!e && !fallback) return absent(g, key, err);
  if (!e) return *out = *fallback, PL_OK;
  if (e->is_array || !element(e, 0, &v, &is_integer) || !is_integer) return wrong_type(g, key, "an integer", err);
  if (!(v >= lo && v <= hi))
    return pl_fail(err, PL_E_INPUT, "%s: metadata field %s is %.0f, allowed are %u to %u", g->path, key, v, lo, hi);
  *out = (uint32_t)v;
  return PL_OK;
}

pl_status pl_gguf_f32(const pl_gguf *g, const char *key, const float *fallback, float lo, float hi, float *out,
                      pl_error *err) {
  const pl_gguf_entry *e = find(g, key);
  double v;
  int is_integer;
  if (!e && !fallback) return absent(g, key, err);
  if (!e) return *out = *fallback, PL_OK;
  if (e->is_array || !element(e, 0, &v, &is_integer)) return wrong_type(g, key, "a number", err);
  if (!(v >= (double)lo && v <= (double)hi)) /* catches NaN too */
    return pl_fail(err, PL_E_INPUT, "%s: metadata field %s is %g, allowed are %g to %g", g->path, key, v, (double)lo,
                   (double)hi);
  *out = (float)v;
  return PL_OK;
}

pl_status pl_gguf_bool(const pl_gguf *g, const char *key, const int *fallback, int *out, pl_error *err) {
  const pl_gguf_entry *e = find(g, key);
  if (!e && !fallback) return absent(g, key, err);
  if (!e) return *out = *fallback, PL_OK;
  if (e->is_array || e->type != PL_GGUF_BOOL) return wrong_type(g, key, "a truth value", err);
  *out = *e->data != 0;
  return PL_OK;
}

pl_status pl_gguf_string(const pl_gguf *g, const char *key, const char *fallback, pl_str *out, pl_error *err) {
  const pl_gguf_entry *e = find(g, key);
  if (!e && !fallback) return absent(g, key, err);
  if (!e) return *out = (pl_str){fallback, strlen(fallback)}, PL_OK;
  if (e->is_array || e->type != PL_GGUF_STRING) return wrong_type(g, key, "a string", err);
  uint64_t size;
  memcpy(&size, e->data, sizeof size);
  *out = (pl_str){(const char *)e->data + sizeof size, size};
  return PL_OK;
}

/* Finds an array and allocates room for its elements. */
static pl_status open_array(const pl_gguf *g, const char *key, size_t size, const pl_gguf_entry **e, void **out,
                            pl_error *err) {
  *out = NULL;
  if (!(*e = find(g, key))) return absent(g, key, err);
  if (!(*e)->is_array) return wrong_type(g, key, "an array", err);
  if (!(*out = calloc((*e)->count + 1, size))) return pl_fail(err, PL_E_MEMORY, "out of memory reading %s", g->path);
  return PL_OK;
}

pl_status pl_gguf_strings(const pl_gguf *g, const char *key, pl_str **out, size_t *count, pl_error *err) {
  const pl_gguf_entry *e;
  void *room;
  *out = NULL;
  *count = 0;
  pl_status status = open_array(g, key, sizeof **out, &e, &room, err);
  if (status) return status;
  if (e->count && e->type != PL_GGUF_STRING) {
    free(room);
    return wrong_type(g, key, "an array of strings", err);
  }
  pl_str *strings = room;
  const uint8_t *p = e->data;
  for (uint64_t i = 0; i < e->count; i++) {
    uint64_t size;
    memcpy(&size, p, sizeof size);
    strings[i] = (pl_str){(const char *)p + sizeof size, size};
    p += sizeof size + size;
  }
  *out = strings;
  *count = e->count;
  return PL_OK;
}

static pl_status numbers(const pl_gguf *g, const char *key, int want_ints, void **out, size_t *count, pl_error *err) {
  const pl_gguf_entry *e;
  void *room;
  *out = NULL;
  *count = 0;
  pl_status status = open_array(g, key, 4, &e, &room, err);
  if (status) return status;
  for (uint64_t i = 0; i < e->count && !status; i++) {
    double v;
    int is_integer;
    if (!element(e, i, &v, &is_integer) || (want_ints && !is_integer))
      status = wrong_type(g, key, want_ints ? "an array of integers" : "an array of numbers", err);
    else if (want_ints ? !(v >= INT32_MIN && v <= INT32_MAX) : !isfinite(v) || fabs(v) > 3e38)
      status = pl_fail(err, PL_E_INPUT, "%s: element %llu of metadata field %s is %g, out of range", g->path,
                       (unsigned long long)i, key, v);
    else if (want_ints) ((int32_t *)room)[i] = (int32_t)v;
    else ((float *)room)[i] = (float)v;
  }
  if (status) return free(room), status;
  *out = room;
  *count = e->count;
  return PL_OK;
}

pl_status pl_gguf_floats(const pl_gguf *g, const char *key, float **out, size_t *count, pl_error *err) {
  return numbers(g, key, 0, (void **)out, count, err);
}

pl_status pl_gguf_ints(const pl_gguf *g, const char *key, int32_t **out, size_t *count, pl_error *err) {
  return numbers(g, key, 1, (void **)out, count, err);
}
