/* sweep_points.c: from the axes of a sweep to its points: numbers, register images, hash (see sweep.h). */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "device/backend.h"
#include "energy/core_link.h"
#include "physics/fields.h"
#include "study/sweep.h"

/* ---- One point ---- */

static void place(const pl_sweep_block *b, int number, int at[PL_SWEEP_AXES]) {
  int rest = number - b->first;
  for (int i = b->axes - 1; i >= 0; i--) {
    const int count = b->axis[i].count;
    at[i] = b->is_list ? (count > 1 ? rest : 0) : rest % count;
    if (!b->is_list) rest /= count;
  }
}

static pl_status load_core(const pl_sweep *s, const pl_sweep_axis *axis, const char *name, pl_physics *p,
                           pl_image *image, pl_error *err) {
  char beside[PL_SWEEP_PATH], path[PL_PATH_MAX + 80];
  pl_error why;
  const size_t length = strlen(name);
  const int is_path = strchr(name, '/') || (length > 4 && !strcmp(name + length - 4, ".cfg"));
  pl_status status = PL_OK;
  if (is_path) {
    if ((status = pl_sweep_beside(s->path, name, beside, sizeof beside, err))) return status;
    name = beside;
  }
  status = pl_shipped_path(PL_SEARCH_CORES, "", "core", name, path, sizeof path, &why);
  if (!status) status = pl_physics_read(path, p, image, &why);
  return status ? pl_fail(err, status, "%s:%d: core: %s", s->path, axis->line, why.text) : PL_OK;
}

/* A field that nothing of this core needs would make a row of equal points without a word. */
static pl_status set_field(const pl_sweep *s, const pl_sweep_axis *axis, const char *name, double value, pl_physics *p,
                           pl_error *err) {
  const char *kind = pl_kind_name((uint32_t)p->kind);
  const pl_field *f = pl_field_find(p->kind, name);
  if (!f || f->type == PL_LIST || !strcmp(name, "seed")) {
    const char *hint = f ? NULL : pl_field_similar(p->kind, name);
    return pl_fail(err, PL_E_INPUT, "%s:%d: a core of kind %s has no field '%s' that a sweep can vary%s%s%s", s->path,
                   axis->line, kind, name, hint ? "; did you mean " : "", hint ? hint : "", hint ? "?" : "");
  }
  if (!(value >= f->min && value <= f->max))
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s is %.10g but must be %.10g to %.10g", s->path, axis->line, name, value,
                   f->min, f->max);
  if (f->type != PL_REAL && value != floor(value))
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s is %.10g but must be a whole number", s->path, axis->line, name, value);
  if (f->needed_by && f->needed_by != ~0u && !(f->needed_by & p->effects))
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s changes nothing: the core %s has no effect on that needs it", s->path,
                   axis->line, name, p->name);
  char *to = (char *)p + f->offset;
  if (f->type == PL_WHOLE_INT) *(int *)(void *)to = (int)value;
  if (f->type == PL_WHOLE_U32) *(uint32_t *)(void *)to = (uint32_t)value;
  if (f->type == PL_REAL) *(double *)(void *)to = value;
  return PL_OK;
}

static pl_status set_fields(const pl_sweep *s, const pl_sweep_point *point, pl_physics *p, pl_error *err) {
  pl_status status = PL_OK;
  for (int i = 0; i < point->block->axes && !status; i++) {
    const pl_sweep_axis *a = &point->block->axis[i];
    const double value = a->number[point->at[i]];
    if (a->kind == PL_AXIS_FIELD) status = set_field(s, a, a->name, value, p, err);
    if (a->kind != PL_AXIS_DAC) continue;
    status = set_field(s, a, "dac_bits_a", value, p, err);
    if (!status) status = set_field(s, a, "dac_bits_b", value, p, err);
  }
  return status;
}

/* The line of the field that an error of pl_physics_derive speaks of, or of the group. */
static int line_for(const pl_sweep_block *b, const char *text) {
  for (int i = 0; i < b->axes; i++)
    if (strstr(text, b->axis[i].name)) return b->axis[i].line;
  return b->line;
}

static pl_status set_registers(const pl_sweep *s, pl_sweep_point *point, pl_error *err) {
  pl_error why;
  for (int i = 0; i < point->block->axes; i++) {
    const pl_sweep_axis *a = &point->block->axis[i];
    if (a->kind != PL_AXIS_REGISTER) continue;
    if (pl_image_set(&point->image, a->name + 4, (int64_t)a->number[point->at[i]], &why))
      return pl_fail(err, PL_E_INPUT, "%s:%d: %s", s->path, a->line, why.text);
  }
  if (pl_image_check(&point->image, &why))
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s", s->path, line_for(point->block, why.text), why.text);
  return PL_OK;
}

/* In every run of `check_every` points one, at a place that a hash picks: on a grid a fixed stride would always meet the
 * same value of the last axis. */
static int is_sampled(const pl_sweep *s, int number) {
  uint64_t x = (uint64_t)(number / s->check_every) + 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  x ^= x >> 31;
  const int first = number / s->check_every * s->check_every;
  const int length = s->count - first < s->check_every ? s->count - first : s->check_every;
  return *s->check_device && number - first == (int)(x % (uint64_t)length);
}

/* The architecture that prices the point. */
static pl_status follow_core(const pl_sweep *s, const pl_physics *physics, pl_sweep_point *point, pl_error *err) {
  const pl_sweep_block *b = point->block;
  char beside[PL_SWEEP_PATH];
  const char *name = b->energy;
  const size_t length = strlen(name);
  pl_error why;
  if (!*name) return PL_OK;
  if (strchr(name, '/') || (length > 4 && !strcmp(name + length - 4, ".cfg"))) {
    const pl_status status = pl_sweep_beside(s->path, name, beside, sizeof beside, err);
    if (status) return status;
    name = beside;
  }
  if (pl_arch_load(name, &point->arch, &why) || pl_arch_follow(&point->arch, physics, &why))
    return pl_fail(err, PL_E_INPUT, "%s:%d: energy: %s", s->path, b->energy_line, why.text);
  point->has_arch = 1;
  point->photons_per_mac = pl_core_photons_per_mac(physics);
  return PL_OK;
}

pl_status pl_sweep_at(const pl_sweep *s, int number, pl_sweep_point *point, pl_error *err) {
  memset(point, 0, sizeof *point);
  if (number < 0 || number >= s->count)
    return pl_fail(err, PL_E_INPUT, "%s has no point %d; there are 0 to %d", s->path, number, s->count - 1);
  const pl_sweep_block *b = s->block;
  while (number >= b->first + b->count) b++;
  point->block = b;
  place(b, number, point->at);
  strcpy(point->range, "mse");
  pl_sweep_rule(point->range, &point->choice);
  point->is_checked = is_sampled(s, number);

  pl_physics physics;
  pl_error why;
  pl_status status = PL_OK;
  for (int i = 0; i < b->axes && !status; i++) {
    const char *text = b->axis[i].text[point->at[i]];
    if (b->axis[i].kind == PL_AXIS_CORE) status = load_core(s, &b->axis[i], text, &physics, &point->image, err);
    if (b->axis[i].kind != PL_AXIS_RANGE) continue;
    strcpy(point->range, text);
    pl_sweep_rule(text, &point->choice);
  }
  if (status) return status;
  strcpy(point->core, physics.name);
  for (int i = 0; i < b->axes; i++)
    if (b->axis[i].kind == PL_AXIS_SEED) physics.seed = (uint32_t)b->axis[i].number[point->at[i]];
  if ((status = set_fields(s, point, &physics, err))) return status;
  if ((status = pl_physics_derive(&physics, &point->image, &why)))
    return pl_fail(err, status, "%s:%d: %s", s->path, line_for(b, why.text), why.text);
  if ((status = follow_core(s, &physics, point, err))) return status;
  return set_registers(s, point, err);
}

/* ---- All points ---- */

static pl_status number_points(pl_sweep *s, pl_error *err) {
  for (int i = 0; i < s->blocks; i++) {
    pl_sweep_block *b = &s->block[i];
    int64_t count = 1;
    for (int j = 0; j < b->axes; j++) {
      const pl_sweep_axis *a = &b->axis[j];
      if (!b->is_list) count = count > PL_SWEEP_POINTS ? count : count * a->count;
      if (!b->is_list || a->count == 1) continue;
      if (count > 1 && count != a->count)
        return pl_fail(err, PL_E_INPUT, "%s:%d: %s has %d values but the settings before it have %d: in a list all "
                       "have the same number, or one", s->path, a->line, a->name, a->count, (int)count);
      count = a->count;
    }
    if (s->count + count > PL_SWEEP_POINTS)
      return pl_fail(err, PL_E_INPUT, "%s:%d: more than %d points up to this group: take fewer values", s->path, b->line,
                     PL_SWEEP_POINTS);
    b->first = s->count;
    b->count = (int)count;
    s->count += b->count;
  }
  return PL_OK;
}

typedef struct {
  uint64_t value; /* FNV-1a */
} hash;

static void add(hash *h, const void *data, size_t size) {
  for (const unsigned char *p = data, *end = p + size; p < end; p++) h->value = (h->value ^ *p) * 0x100000001b3u;
}

static void add_number(hash *h, uint64_t x) {
  unsigned char bytes[8];
  for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(x >> 8 * i);
  add(h, bytes, 8);
}

static void add_text(hash *h, const char *text) { add(h, text, strlen(text) + 1); }

/* Gigabytes byte by byte would take seconds: words of 8 bytes, the same on every machine. */
static pl_status add_file(hash *h, const pl_sweep *s, const char *what, int line, const char *path, pl_error *err) {
  static const size_t room = 1 << 16;
  unsigned char buffer[1 << 16];
  FILE *file = fopen(path, "rb");
  if (!file) return pl_fail(err, PL_E_INPUT, "%s:%d: %s: cannot read %s: %s", s->path, line, what, path, strerror(errno));
  size_t got;
  while ((got = fread(buffer, 1, room, file)) > 0) {
    memset(buffer + got, 0, room - got < 8 ? room - got : 8);
    for (size_t i = 0; i < got; i += 8) {
      uint64_t word = 0;
      for (int b = 7; b >= 0; b--) word = word << 8 | buffer[i + (size_t)b];
      h->value = (h->value ^ word) * 0x100000001b3u;
      h->value ^= h->value >> 29; /* FNV alone never moves high bits down */
    }
    add_number(h, got);
  }
  const int failed = ferror(file);
  fclose(file);
  return failed ? pl_fail(err, PL_E_INPUT, "%s:%d: %s: cannot read %s to its end", s->path, line, what, path) : PL_OK;
}

pl_status pl_sweep_complete(pl_sweep *s, pl_error *err) {
  hash h = {0xcbf29ce484222325u};
  pl_status status = number_points(s, err);
  if (!status) status = add_file(&h, s, "model", s->model_line, s->model, err);
  if (!status) status = add_file(&h, s, "text", s->text_line, s->text, err);
  add_number(&h, s->products);
  add_number(&h, (uint64_t)s->tokens);
  add_number(&h, (uint64_t)s->context);
  add_text(&h, s->check_device);
  add_number(&h, (uint64_t)s->check_tokens);
  for (int i = 0; i < s->count && !status; i++) {
    pl_sweep_point point;
    if ((status = pl_sweep_at(s, i, &point, err))) break;
    add_text(&h, point.block->name);
    add_text(&h, point.core);
    add_text(&h, point.range);
    add_number(&h, (uint64_t)point.is_checked);
    if (point.has_arch) add_text(&h, point.block->energy);
    for (int j = 0; j < point.block->axes; j++) {
      add_text(&h, point.block->axis[j].name);
      add_text(&h, point.block->axis[j].text[point.at[j]]);
    }
    for (int r = 0; r < PL_REG_WORDS; r++) add_number(&h, point.image.reg[r]);
  }
  snprintf(s->hash, sizeof s->hash, "%016llx", (unsigned long long)h.value);
  return status;
}
