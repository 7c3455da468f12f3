/* shape.c: shape files: Transformers by their dimensions, convolution networks layer by layer. See workload.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "energy/workload.h"

enum { T = 1 << PL_SHAPE_TRANSFORMER, L = 1 << PL_SHAPE_LAYERS };

static const pl_cfg_field fields[] = {
#define X(name, kinds, needed, type, min, max)                                                                         \
  {#name, kinds, needed, PL_CFG_##type, offsetof(pl_shape, name), min, max},
    PL_SHAPE_FIELDS(X)
#undef X
};
static const char *const kinds[] = {"transformer", "layers", NULL};
static const char *const quirks[] = {"width_without_padding", "depthwise_dense", NULL};

static int read_layers(const char *path, const config_setting_t *s, void *record, pl_status *status, pl_error *err);
static const pl_cfg_table table = {"shape",    "shapes", "kind", kinds, quirks, fields, sizeof fields / sizeof *fields,
                                   read_layers};

/* ---- Layers ---- */

/* Output side of a convolution: (h + 2p - k)/s + 1, whole division. */
static double side(double h, double k, double s, double p) { return floor((h + 2 * p - k) / s) + 1; }

/* conv = [in, out, kernel, stride, padding, input side]; the GEMM of im2col. The authors' width forgets the padding. */
static int set_conv(pl_layer *l, const double v[6]) {
  const double high = side(v[5], v[2], v[3], v[4]), wide = side(v[5], v[2], v[3], 0);
  l->m = l->true_m = v[1];
  l->k = l->true_k = v[0] * v[2] * v[2];
  l->n = high * wide, l->true_n = high * high;
  l->copies = l->true_copies = 1;
  return high >= 1 && wide >= 1;
}

/* depthwise = [channels, kernel, stride, padding, input side]; the authors count it as a dense one. */
static int set_depthwise(pl_layer *l, const double v[5]) {
  const int possible = set_conv(l, (const double[6]){v[0], v[0], v[1], v[2], v[3], v[4]});
  l->true_m = 1, l->true_k = v[1] * v[1], l->true_copies = v[0];
  return possible;
}

/* fc = [in, out] */
static int set_fc(pl_layer *l, const double v[2]) {
  *l = (pl_layer){"", v[1], v[0], 1, 1, v[1], v[0], 1, 1};
  return 1;
}

/* gemm = [m, k, n] */
static int set_gemm(pl_layer *l, const double v[3]) {
  *l = (pl_layer){"", v[0], v[1], v[2], 1, v[0], v[1], v[2], 1};
  return 1;
}

static const struct {
  const char *name;
  int numbers, padding_at; /* where a 0 is allowed, or -1 */
  int (*set)(pl_layer *l, const double *v);
} layer_kinds[] = {
    {"conv", 6, 4, set_conv}, {"depthwise", 5, 3, set_depthwise}, {"fc", 2, -1, set_fc}, {"gemm", 3, -1, set_gemm}};

/* One group: { conv = [...]; } with times = N for equal ones in a row. */
static pl_status read_layer(const char *path, const config_setting_t *s, pl_shape *shape, pl_error *err) {
  const int line = (int)config_setting_source_line(s);
  double times = 1, v[6] = {0};
  pl_layer layer = {0};
  int found = 0;
  if (config_setting_type(s) != CONFIG_TYPE_GROUP)
    return pl_fail(err, PL_E_INPUT, "%s:%d: layers must hold groups such as { conv = [3, 64, 7, 2, 3, 224]; }", path,
                   line);
  for (int i = 0; i < config_setting_length(s); i++) {
    const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
    const char *name = config_setting_name(e);
    pl_status status = PL_OK;
    int known = !strcmp(name, "times");
    if (known) status = pl_cfg_number(path, e, -1, name, 1, 1, PL_LAYERS_MAX, &times, err);
    for (size_t k = 0; k < sizeof layer_kinds / sizeof *layer_kinds && !status; k++) {
      if (strcmp(name, layer_kinds[k].name)) continue;
      const int type = config_setting_type(e), n = layer_kinds[k].numbers;
      if ((type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST) || config_setting_length(e) != n)
        return pl_fail(err, PL_E_INPUT, "%s:%d: %s must be a list of %d whole numbers", path, line, name, n);
      for (int j = 0; j < n && !status; j++)
        status = pl_cfg_number(path, e, j, name, 1, j != layer_kinds[k].padding_at, 1e9, &v[j], err);
      if (!status && !layer_kinds[k].set(&layer, v))
        return pl_fail(err, PL_E_INPUT, "%s:%d: %s: the kernel is larger than its input", path, line, name);
      known = 1, found++;
      snprintf(layer.name, sizeof layer.name, "%s%d", name, shape->layer_count + 1);
    }
    if (status) return status;
    if (!known)
      return pl_fail(err, PL_E_INPUT, "%s:%d: unknown layer '%s'; there are conv, depthwise, fc and gemm", path, line,
                     name);
  }
  if (found != 1)
    return pl_fail(err, PL_E_INPUT, "%s:%d: a group of layers must hold one of conv, depthwise, fc and gemm", path,
                   line);
  for (int i = 0; i < (int)times; i++) {
    if (shape->layer_count == PL_LAYERS_MAX)
      return pl_fail(err, PL_E_INPUT, "%s:%d: layers: more than %d", path, line, PL_LAYERS_MAX);
    shape->layer[shape->layer_count++] = layer;
  }
  return PL_OK;
}

static int read_layers(const char *path, const config_setting_t *s, void *record, pl_status *status, pl_error *err) {
  pl_shape *shape = record;
  if (strcmp(config_setting_name(s), "layers") || shape->head.kind != PL_SHAPE_LAYERS) return 0;
  const int line = (int)config_setting_source_line(s), length = config_setting_length(s);
  if (!shape->layer) shape->layer = calloc(PL_LAYERS_MAX, sizeof *shape->layer);
  shape->layer_count = 0;
  if (!shape->layer) *status = pl_fail(err, PL_E_MEMORY, "out of memory reading %s", path);
  else if (config_setting_type(s) != CONFIG_TYPE_LIST || !length)
    *status = pl_fail(err, PL_E_INPUT, "%s:%d: layers must be a list ( { ... }, { ... } )", path, line);
  for (int i = 0; i < length && !*status; i++)
    *status = read_layer(path, config_setting_get_elem(s, (unsigned)i), shape, err);
  return 1;
}

/* ---- Shapes ---- */

/* Defaults and what must fit together. */
static pl_status complete(pl_shape *s, pl_error *err) {
  const char *path = *s->head.path ? s->head.path : s->head.name;
  if (s->head.kind == PL_SHAPE_LAYERS)
    return s->layer_count ? PL_OK : pl_fail(err, PL_E_INPUT, "%s:1: field layers is missing", path);
  if (!s->key_heads) s->key_heads = s->heads;
  if (!s->ffn_width) s->ffn_width = 4 * s->width;
  if (!s->head_width) s->head_width = s->width / s->heads;
  if (s->head_width != floor(s->head_width))
    return pl_fail(err, PL_E_INPUT, "%s:1: width %.10g is no multiple of heads %.10g: give head_width", path, s->width,
                   s->heads);
  return PL_OK;
}

pl_status pl_shape_load(const char *name_or_path, pl_shape *shape, pl_error *err) {
  memset(shape, 0, sizeof *shape);
  const pl_status status = pl_cfg_load(&table, name_or_path, shape, err);
  return status ? status : complete(shape, err);
}

pl_status pl_shape_parse(const char *path, const char *text, pl_shape *shape, pl_error *err) {
  memset(shape, 0, sizeof *shape);
  snprintf(shape->head.path, sizeof shape->head.path, "%s", path);
  const pl_status status = pl_cfg_parse(&table, path, text, shape, err);
  return status ? status : complete(shape, err);
}

const pl_cfg_table *pl_shape_table(void) { return &table; }

void pl_shape_free(pl_shape *shape) {
  free(shape->layer);
  shape->layer = NULL;
}

void pl_shape_of_model(const pl_nn_shape *m, const char *name, pl_shape *s) {
  *s = (pl_shape){.head = {.kind = PL_SHAPE_TRANSFORMER},
                  .layers = m->layers,
                  .width = m->dim,
                  .heads = m->heads,
                  .key_heads = m->kv_heads,
                  .head_width = m->head_dim,
                  .ffn_width = m->ffn,
                  .gated_ffn = 1,
                  .tokens = m->context,
                  .head_outputs = m->vocab};
  snprintf(s->head.name, sizeof s->head.name, "%s", name);
}

double pl_shape_parameters(const pl_shape *s) {
  double sum = 0;
  for (int i = 0; i < s->layer_count; i++) sum += s->layer[i].true_m * s->layer[i].true_k * s->layer[i].true_copies;
  const double q = s->heads * s->head_width, kv = s->key_heads * s->head_width;
  return sum + s->layers * s->width * (2 * q + 2 * kv + (2 + s->gated_ffn) * s->ffn_width) +
         s->width * (s->head_outputs + s->embed_inputs);
}
