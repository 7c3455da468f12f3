/* gguf.c: the GGUF container: mapping, validation and tensor look-up. See gguf.h; metadata: gguf_values.c.
 *
 * One cursor walks the header once and is the only code that moves through untrusted bytes: each take_*
 * checks what is left before it reads, and the first failure fills the error. Everything later (look-ups,
 * arrays, tensors) uses positions this walk has proven to lie inside the file.
 */
#include "nn/gguf_file.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_ENTRIES = 1 << 16, MAX_TENSORS = 1 << 16, MAX_ALIGNMENT = 1 << 16 };

typedef struct {
  const pl_gguf *g;
  size_t at;
  pl_error *err;
} cursor;

/* A string of the file made fit for a message: at most 60 bytes, printable ASCII, terminated. */
typedef struct {
  char text[64];
} label;

static label show(pl_str s) {
  label l;
  size_t n = s.size < 60 ? s.size : 60;
  for (size_t i = 0; i < n; i++) l.text[i] = s.data[i] >= ' ' && s.data[i] <= '~' ? s.data[i] : '?';
  l.text[n] = 0;
  return l;
}

/* ---- The walk ---------------------------------------------------------------------------------- */

static pl_status take(cursor *c, void *out, size_t n, const char *what) {
  if (n > c->g->size - c->at) {
    pl_fail(c->err, PL_E_INPUT, "%s ends inside %s (byte %zu): the file is truncated or damaged", c->g->path, what,
            c->at);
    return PL_E_INPUT;
  }
  memcpy(out, c->g->bytes + c->at, n);
  c->at += n;
  return PL_OK;
}

static pl_status take_string(cursor *c, pl_str *s, const char *what) {
  uint64_t n;
  pl_status status = take(c, &n, sizeof n, what);
  if (status) return status;
  if (n > c->g->size - c->at)
    return pl_fail(c->err, PL_E_INPUT, "%s: %s claims %llu bytes, more than the file still has (byte %zu)", c->g->path,
                   what, (unsigned long long)n, c->at);
  *s = (pl_str){(const char *)c->g->bytes + c->at, n};
  c->at += n;
  return PL_OK;
}

/* Steps over `count` elements of `type`; this is where values are proven to lie in the file. */
static pl_status skip_elements(cursor *c, pl_str key, uint32_t type, uint64_t count) {
  if (type == PL_GGUF_STRING) {
    pl_str s;
    for (uint64_t i = 0; i < count; i++) {
      pl_status status = take_string(c, &s, show(key).text);
      if (status) return status;
    }
    return PL_OK;
  }
  size_t size = pl_gguf_scalar_size(type);
  if (!size)
    return pl_fail(c->err, PL_E_INPUT, "%s: metadata field %s has value type %u, which this reader does not know",
                   c->g->path, show(key).text, type);
  if (count > (c->g->size - c->at) / size)
    return pl_fail(c->err, PL_E_INPUT, "%s: metadata field %s claims %llu elements, more than the file holds",
                   c->g->path, show(key).text, (unsigned long long)count);
  c->at += count * size;
  return PL_OK;
}

static pl_status take_entry(cursor *c, pl_gguf_entry *e) {
  pl_status status = take_string(c, &e->key, "a metadata key");
  if (!status) status = take(c, &e->type, sizeof e->type, show(e->key).text);
  if (status) return status;
  e->count = 1;
  e->is_array = e->type == PL_GGUF_ARRAY;
  if (e->is_array) {
    status = take(c, &e->type, sizeof e->type, show(e->key).text);
    if (!status) status = take(c, &e->count, sizeof e->count, show(e->key).text);
    if (status) return status;
  }
  e->data = c->g->bytes + c->at;
  return skip_elements(c, e->key, e->type, e->count);
}

/* Header of one tensor; its data is placed later, once the start of the data is known. */
static pl_status take_tensor(cursor *c, pl_tensor *t, uint64_t *offset) {
  uint32_t n_dims, type;
  pl_status status = take_string(c, &t->name, "a tensor's name");
  if (status) return status;
  label name = show(t->name);
  if (!t->name.size || t->name.size >= PL_GGUF_MAX_NAME)
    return pl_fail(c->err, PL_E_INPUT, "%s: the name of tensor %s has %zu bytes, allowed are 1 to %d", c->g->path,
                   name.text, t->name.size, PL_GGUF_MAX_NAME - 1);
  if ((status = take(c, &n_dims, sizeof n_dims, name.text))) return status;
  if (n_dims < 1 || n_dims > PL_TENSOR_MAX_DIMS)
    return pl_fail(c->err, PL_E_INPUT, "%s: tensor %s has %u dimensions, allowed are 1 to %d", c->g->path, name.text,
                   n_dims, PL_TENSOR_MAX_DIMS);
  t->n_dims = (int)n_dims;
  t->rows = 1;
  for (int i = 0; i < PL_TENSOR_MAX_DIMS; i++) {
    uint64_t dim = 1;
    if (i < t->n_dims && (status = take(c, &dim, sizeof dim, name.text))) return status;
    /* Bounds far above any model and far below overflow of the products. */
    if (!dim || dim > (1ull << 31) || (i && (uint64_t)t->rows > (1ull << 40) / dim))
      return pl_fail(c->err, PL_E_INPUT, "%s: dimension %d of tensor %s is %llu, out of range", c->g->path, i,
                     name.text, (unsigned long long)dim);
    t->dims[i] = (int64_t)dim;
    if (i) t->rows *= (int64_t)dim;
  }
  if ((status = take(c, &type, sizeof type, name.text))) return status;
  t->type = (pl_ggml_type)type;
  if (!pl_ggml_row_bytes(t->type, PL_GGML_BLOCK))
    return pl_fail(c->err, PL_E_INPUT, "%s: tensor %s has type %u; convert the model to F32, F16, BF16, Q8_0, Q4_0 or "
                   "Q4_1",
                   c->g->path, name.text, type);
  t->row_bytes = pl_ggml_row_bytes(t->type, t->dims[0]);
  if (!t->row_bytes)
    return pl_fail(c->err, PL_E_INPUT, "%s: tensor %s is %s with rows of %lld, which is no multiple of %d",
                   c->g->path, name.text, pl_ggml_type_name(t->type), (long long)t->dims[0], PL_GGML_BLOCK);
  return take(c, offset, sizeof *offset, name.text);
}

static pl_status place_tensor(const pl_gguf *g, pl_tensor *t, uint64_t offset, size_t start, uint32_t alignment,
                              pl_error *err) {
  if (offset % alignment)
    return pl_fail(err, PL_E_INPUT, "%s: the offset %llu of tensor %s is no multiple of the alignment %u", g->path,
                   (unsigned long long)offset, show(t->name).text, alignment);
  size_t space = start <= g->size ? g->size - start : 0;
  /* rows <= 2^40 and row_bytes <= 2^34 do not fit 64 bits together: divide. */
  if (offset > space || (uint64_t)t->rows > (space - offset) / t->row_bytes)
    return pl_fail(err, PL_E_INPUT, "%s: the data of tensor %s lies outside the file: it is truncated or damaged",
                   g->path, show(t->name).text);
  t->data = g->bytes + start + offset;
  return PL_OK;
}

static int compare_strings(const void *a, const void *b) {
  const pl_str *x = a, *y = b;
  int order = memcmp(x->data, y->data, x->size < y->size ? x->size : y->size);
  return order ? order : (x->size > y->size) - (x->size < y->size);
}

/* Two fields of one name would make it a matter of taste which one counts. `stride` bytes from name to name. */
static pl_status refuse_duplicates(const pl_gguf *g, const pl_str *first, size_t stride, int count, const char *what,
                                   pl_error *err) {
  pl_str *names = malloc(sizeof *names * (size_t)(count + 1));
  if (!names) return pl_fail(err, PL_E_MEMORY, "out of memory reading %s", g->path);
  for (int i = 0; i < count; i++) names[i] = *(const pl_str *)((const char *)first + stride * (size_t)i);
  qsort(names, (size_t)count, sizeof *names, compare_strings);
  pl_status status = PL_OK;
  for (int i = 1; i < count && !status; i++)
    if (!compare_strings(&names[i - 1], &names[i]))
      status = pl_fail(err, PL_E_INPUT, "%s: there are two %s named %s", g->path, what, show(names[i]).text);
  free(names);
  return status;
}

static pl_status walk(pl_gguf *g, pl_error *err) {
  cursor c = {g, 0, err};
  uint32_t magic, version;
  uint64_t tensors, entries;
  pl_status status;
  if ((status = take(&c, &magic, sizeof magic, "the magic number"))) return status;
  if (magic != PL_GGUF_MAGIC)
    return pl_fail(err, PL_E_INPUT, "%s is not a GGUF file: it does not start with GGUF", g->path);
  if ((status = take(&c, &version, sizeof version, "the version"))) return status;
  if (version < 2 || version > 3)
    return pl_fail(err, PL_E_INPUT, "%s is GGUF version %u; this reader knows little-endian versions 2 and 3", g->path,
                   version);
  if ((status = take(&c, &tensors, sizeof tensors, "the tensor count"))) return status;
  if ((status = take(&c, &entries, sizeof entries, "the metadata count"))) return status;
  if (tensors > MAX_TENSORS || entries > MAX_ENTRIES)
    return pl_fail(err, PL_E_INPUT, "%s claims %llu tensors and %llu metadata fields; at most %d of each are read",
                   g->path, (unsigned long long)tensors, (unsigned long long)entries, MAX_ENTRIES);
  g->entries = calloc(entries + 1, sizeof *g->entries);
  g->tensors = calloc(tensors + 1, sizeof *g->tensors);
  uint64_t *offsets = calloc(tensors + 1, sizeof *offsets);
  if (!g->entries || !g->tensors || !offsets) {
    free(offsets);
    return pl_fail(err, PL_E_MEMORY, "out of memory reading %s", g->path);
  }
  for (uint64_t i = 0; i < entries && !status; i++) {
    status = take_entry(&c, &g->entries[i]);
    g->entry_count += !status;
  }
  for (uint64_t i = 0; i < tensors && !status; i++) {
    status = take_tensor(&c, &g->tensors[i], &offsets[i]);
    g->tensor_count += !status;
  }
  if (!status)
    status = refuse_duplicates(g, &g->entries->key, sizeof *g->entries, g->entry_count, "metadata fields", err);
  if (!status) status = refuse_duplicates(g, &g->tensors->name, sizeof *g->tensors, g->tensor_count, "tensors", err);

  uint32_t alignment = 0, usual = PL_GGUF_ALIGNMENT;
  if (!status) status = pl_gguf_u32(g, "general.alignment", &usual, 8, MAX_ALIGNMENT, &alignment, err);
  if (!status && (alignment & (alignment - 1)))
    status = pl_fail(err, PL_E_INPUT, "%s: general.alignment is %u, which is no power of two", g->path, alignment);
  if (!status) {
    size_t start = (c.at + alignment - 1) / alignment * alignment;
    for (int i = 0; i < g->tensor_count && !status; i++)
      status = place_tensor(g, &g->tensors[i], offsets[i], start, alignment, err);
  }
  free(offsets);
  return status;
}

/* ---- Opening ----------------------------------------------------------------------------------- */

static pl_status open_mapping(pl_mapping map, const char *name, pl_gguf **out, pl_error *err) {
  *out = NULL;
  pl_gguf *g = calloc(1, sizeof *g);
  char *path = strdup(name);
  if (!g || !path) {
    pl_unmap(&map);
    free(g);
    free(path);
    return pl_fail(err, PL_E_MEMORY, "out of memory reading %s", name);
  }
  g->path = path;
  g->map = map;
  g->bytes = map.bytes;
  g->size = map.size;
  pl_status status = walk(g, err);
  if (status) pl_gguf_close(g);
  else *out = g;
  return status;
}

pl_status pl_gguf_open_memory(const void *data, size_t size, const char *name, pl_gguf **out, pl_error *err) {
  return open_mapping((pl_mapping){NULL, data, size}, name, out, err);
}

pl_status pl_gguf_open(const char *path, pl_gguf **out, pl_error *err) {
  pl_mapping map;
  *out = NULL;
  const pl_status status = pl_map(path, &map, err);
  return status ? status : open_mapping(map, path, out, err);
}

void pl_gguf_rest(const pl_gguf *g) { pl_mapping_rest(&g->map); }

void pl_gguf_close(pl_gguf *g) {
  if (!g) return;
  pl_unmap(&g->map);
  free(g->entries);
  free(g->tensors);
  free(g->path);
  free(g);
}

const char *pl_gguf_path(const pl_gguf *g) { return g->path; }
int pl_gguf_tensor_count(const pl_gguf *g) { return g->tensor_count; }
const pl_tensor *pl_gguf_tensor_at(const pl_gguf *g, int i) { return &g->tensors[i]; }

const pl_tensor *pl_gguf_find_tensor(const pl_gguf *g, const char *name) {
  for (int i = 0; i < g->tensor_count; i++)
    if (pl_str_equal(g->tensors[i].name, name)) return &g->tensors[i];
  return NULL;
}
