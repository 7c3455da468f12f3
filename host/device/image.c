/* image.c: register images: reset values, range check, access by name. All from the list in registers.h. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "photolane/photolane.h"

typedef struct {
  const char *name;
  int offset, count, is_signed;
  int64_t min, max, reset;
} reg_info;

#define X(NAME, name, offset, count, bits, is_signed, min, max, reset) \
  {name, offset, count, is_signed, min, max, reset},
static const reg_info registers[] = {PL_REGISTERS(X)};
#undef X
enum { REGISTERS = sizeof registers / sizeof *registers };

void pl_image_reset(pl_image *image) {
  memset(image, 0, sizeof *image);
  for (const reg_info *r = registers; r < registers + REGISTERS; r++)
    for (int i = 0; i < r->count; i++) image->reg[r->offset + i] = (uint32_t)r->reset;
}

static pl_status check_value(const reg_info *r, int index, int64_t value, pl_error *err) {
  if (value >= r->min && value <= r->max) return PL_OK;
  if (r->count > 1)
    return pl_fail(err, PL_E_INPUT, "register %s[%d] is %" PRId64 " but must be %" PRId64 "..%" PRId64, r->name, index,
                   value, r->min, r->max);
  return pl_fail(err, PL_E_INPUT, "register %s is %" PRId64 " but must be %" PRId64 "..%" PRId64, r->name, value,
                 r->min, r->max);
}

const char *pl_kind_name(uint32_t kind) {
  static const char *const names[] = {PL_KIND_NAMES};
  return kind < PL_KINDS ? names[kind] : "unknown";
}

uint32_t pl_kind_effects(uint32_t kind) {
  uint32_t effects = 0;
#define X(NAME, name, bit, kinds) effects |= (uint32_t)((kinds) >> kind & 1) << (bit);
  if (kind < PL_KINDS) PL_EFFECTS(X)
#undef X
  return effects;
}

static const char *effect_name(int bit) {
  static const char *const names[32] = {
#define X(NAME, name, bit, kinds) [bit] = name,
      PL_EFFECTS(X)
#undef X
  };
  return names[bit];
}

pl_status pl_image_check(const pl_image *image, pl_error *err) {
  for (const reg_info *r = registers; r < registers + REGISTERS; r++)
    for (int i = 0; i < r->count; i++) {
      uint32_t word = image->reg[r->offset + i];
      pl_status status = check_value(r, i, r->is_signed ? (int64_t)(int32_t)word : (int64_t)word, err);
      if (status) return status;
    }
  const uint32_t kind = image->reg[PL_REG_KIND], foreign = image->reg[PL_REG_EFFECTS] & ~pl_kind_effects(kind);
  for (int bit = 0; bit < 32; bit++)
    if (foreign >> bit & 1)
      return pl_fail(err, PL_E_INPUT, "the effect %s is on, which a core of kind %s does not have", effect_name(bit),
                     pl_kind_name(kind));
  return PL_OK;
}

pl_status pl_image_set(pl_image *image, const char *name, int64_t value, pl_error *err) {
  size_t length = strcspn(name, "[");
  for (const reg_info *r = registers; r < registers + REGISTERS; r++) {
    if (strlen(r->name) != length || strncmp(r->name, name, length)) continue;
    long index = 0;
    if (name[length]) {
      char *end;
      index = strtol(name + length + 1, &end, 10);
      int well_formed = isdigit((unsigned char)name[length + 1]) && !strcmp(end, "]");
      if (!well_formed || r->count == 1 || index >= r->count)
        return pl_fail(err, PL_E_INPUT, "there is no register '%s': %s has %d word%s", name, r->name, r->count,
                       r->count == 1 ? "" : "s");
    } else if (r->count > 1) {
      return pl_fail(err, PL_E_INPUT, "register %s has %d words: write %s[0]", r->name, r->count, r->name);
    }
    pl_status status = check_value(r, (int)index, value, err);
    if (!status) image->reg[r->offset + index] = (uint32_t)value;
    return status;
  }
  return pl_fail(err, PL_E_INPUT, "there is no register '%s' (see docs/registers.md)", name);
}
