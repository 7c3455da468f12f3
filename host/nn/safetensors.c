/* safetensors.c: see safetensors.h. The JSON is parsed by cJSON; what it says is checked here before it is believed. */
#include "nn/safetensors.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "nn/mapping.h"

enum { MAX_HEADER = 64 << 20, MAX_TENSORS = 1 << 16 };

struct pl_safetensors {
  char *path;
  pl_mapping map;
  cJSON *json; /* holds the names */
  pl_tensor *tensors;
  int count;
};

typedef struct { /* where a tensor lies: to see that they tile the data */
  uint64_t begin, end;
  const char *name;
} extent;

static const struct {
  const char *name;
  int type;    /* pl_ggml_type, or -1: no weights */
  size_t size; /* bytes of an element */
} types[] = {{"F32", PL_GGML_F32, 4}, {"F16", PL_GGML_F16, 2}, {"BF16", PL_GGML_BF16, 2}, {"F64", -1, 8}, {"I64", -1, 8},
             {"I32", -1, 4},          {"I16", -1, 2},          {"I8", -1, 1},             {"U64", -1, 8}, {"U32", -1, 4},
             {"U16", -1, 2},          {"U8", -1, 1},           {"BOOL", -1, 1}};

/* A whole number 0..most; -1 if it is none. Doubles are exact up to 2^53. */
static int64_t whole(const cJSON *item, double most) {
  if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= most)) return -1;
  const int64_t value = (int64_t)item->valuedouble;
  return (double)value == item->valuedouble ? value : -1;
}

static pl_status broken(const pl_safetensors *s, const char *name, const char *what, pl_error *err) {
  char shown[61];
  size_t n = 0;
  for (; n < sizeof shown - 1 && name[n]; n++) shown[n] = name[n] >= ' ' && name[n] <= '~' ? name[n] : '?';
  shown[n] = 0;
  return pl_fail(err, PL_E_INPUT, "%s: tensor %s %s", s->path, shown, what);
}

/* One member of the JSON: fills `where`, and adds a tensor if its type is one of weights. */
static pl_status add_tensor(pl_safetensors *s, const cJSON *item, size_t header, extent *where, pl_error *err) {
  const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(item, "dtype"), *dim;
  const cJSON *shape = cJSON_GetObjectItemCaseSensitive(item, "shape");
  const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
  const char *name = item->string;
  const uint64_t space = s->map.size - header;
  if (!cJSON_IsString(dtype) || !cJSON_IsArray(shape) || !cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2)
    return broken(s, name, "lacks one of dtype, shape and data_offsets", err);
  size_t t = 0;
  while (t < sizeof types / sizeof *types && strcmp(types[t].name, dtype->valuestring)) t++;
  if (t == sizeof types / sizeof *types)
    return broken(s, name, "has a dtype that this reader does not know; convert it to F32, F16 or BF16", err);
  const int64_t begin = whole(offsets->child, 0x1p53), end = whole(offsets->child->next, 0x1p53);
  if (begin < 0 || end < begin || (uint64_t)end > space)
    return broken(s, name, "has data_offsets outside the file: it is truncated or damaged", err);

  /* Sizes from the innermost outwards, as GGUF counts them. */
  const int n_dims = cJSON_GetArraySize(shape);
  if (n_dims > PL_TENSOR_MAX_DIMS) return broken(s, name, "has more than 4 dimensions", err);
  pl_tensor out = {.name = {name, strlen(name)}, .n_dims = n_dims ? n_dims : 1, .dims = {1, 1, 1, 1}, .rows = 1};
  int i = n_dims;
  int64_t elements = 1;
  cJSON_ArrayForEach(dim, shape) {
    const int64_t n = whole(dim, 0x1p31);
    if (n < 1 || elements > (INT64_C(1) << 44) / n) return broken(s, name, "has a shape out of range", err);
    out.dims[--i] = n;
    elements *= n;
  }
  if ((uint64_t)elements * types[t].size != (uint64_t)(end - begin))
    return broken(s, name, "has a shape that does not fill its data_offsets", err);
  *where = (extent){(uint64_t)begin, (uint64_t)end, name};
  if (types[t].type < 0) return PL_OK;
  out.type = (pl_ggml_type)types[t].type;
  out.rows = elements / out.dims[0];
  out.row_bytes = (size_t)out.dims[0] * types[t].size;
  out.data = s->map.bytes + header + begin;
  s->tensors[s->count++] = out;
  return PL_OK;
}

static int by_begin(const void *a, const void *b) {
  const extent *x = a, *y = b;
  if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
  return (x->end > y->end) - (x->end < y->end);
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const extent *)a)->name, ((const extent *)b)->name);
}

static pl_status check_extents(const pl_safetensors *s, extent *e, int n, size_t header, pl_error *err) {
  uint64_t at = 0;
  qsort(e, (size_t)n, sizeof *e, by_begin);
  for (int i = 0; i < n; at = e[i++].end)
    if (e[i].begin != at) return broken(s, e[i].name, "overlaps another one or leaves a gap in the file", err);
  if (at != s->map.size - header)
    return pl_fail(err, PL_E_INPUT, "%s has %llu bytes behind its last tensor: it is damaged", s->path,
                   (unsigned long long)(s->map.size - header - at));
  qsort(e, (size_t)n, sizeof *e, by_name);
  for (int i = 1; i < n; i++)
    if (!strcmp(e[i - 1].name, e[i].name)) return broken(s, e[i].name, "is there twice", err);
  return PL_OK;
}

static pl_status parse(pl_safetensors *s, pl_error *err) {
  uint64_t length;
  if (s->map.size < sizeof length)
    return pl_fail(err, PL_E_INPUT, "%s is too short for a safetensors file", s->path);
  memcpy(&length, s->map.bytes, sizeof length);
  if (length > s->map.size - sizeof length || length > MAX_HEADER)
    return pl_fail(err, PL_E_INPUT, "%s is no safetensors file: its header would be %llu bytes long", s->path,
                   (unsigned long long)length);
  const size_t header = sizeof length + (size_t)length;
  const char *text = (const char *)s->map.bytes + sizeof length;
  /* A NUL would end a name where cJSON does not see it. */
  if (memchr(text, 0, (size_t)length)) return pl_fail(err, PL_E_INPUT, "%s: the header holds a NUL byte", s->path);
  s->json = cJSON_ParseWithLength(text, (size_t)length);
  if (!cJSON_IsObject(s->json)) return pl_fail(err, PL_E_INPUT, "%s: the header is not a JSON object", s->path);
  const int members = cJSON_GetArraySize(s->json);
  if (members > MAX_TENSORS)
    return pl_fail(err, PL_E_INPUT, "%s has %d tensors, more than the %d that can be read", s->path, members, MAX_TENSORS);
  extent *extents = calloc((size_t)members + 1, sizeof *extents);
  s->tensors = calloc((size_t)members + 1, sizeof *s->tensors);
  pl_status status = extents && s->tensors ? PL_OK : pl_fail(err, PL_E_MEMORY, "out of memory reading %s", s->path);
  const cJSON *item;
  int n = 0;
  cJSON_ArrayForEach(item, s->json) {
    if (status || !strcmp(item->string, "__metadata__")) continue;
    status = add_tensor(s, item, header, &extents[n++], err);
  }
  if (!status) status = check_extents(s, extents, n, header, err);
  free(extents);
  return status;
}

static pl_status create(const char *path, pl_mapping map, pl_safetensors **out, pl_error *err) {
  pl_safetensors *s = calloc(1, sizeof *s);
  *out = NULL;
  if (!s || !(s->path = strdup(path))) {
    pl_unmap(&map);
    free(s);
    return pl_fail(err, PL_E_MEMORY, "out of memory reading %s", path);
  }
  s->map = map;
  const pl_status status = parse(s, err);
  if (status) pl_safetensors_close(s);
  else *out = s;
  return status;
}

pl_status pl_safetensors_open(const char *path, pl_safetensors **out, pl_error *err) {
  pl_mapping map;
  *out = NULL;
  const pl_status status = pl_map(path, &map, err);
  return status ? status : create(path, map, out, err);
}

pl_status pl_safetensors_open_memory(const void *data, size_t size, const char *name, pl_safetensors **out,
                                     pl_error *err) {
  return create(name, (pl_mapping){NULL, data, size}, out, err);
}

void pl_safetensors_rest(const pl_safetensors *s) { pl_mapping_rest(&s->map); }

void pl_safetensors_close(pl_safetensors *s) {
  if (!s) return;
  pl_unmap(&s->map);
  cJSON_Delete(s->json);
  free(s->tensors);
  free(s->path);
  free(s);
}

int pl_safetensors_count(const pl_safetensors *s) { return s->count; }
const pl_tensor *pl_safetensors_at(const pl_safetensors *s, int i) { return &s->tensors[i]; }

const pl_tensor *pl_safetensors_find(const pl_safetensors *s, const char *name) {
  for (int i = 0; i < s->count; i++)
    if (!strcmp(s->tensors[i].name.data, name)) return &s->tensors[i];
  return NULL;
}
