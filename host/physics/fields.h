/* fields.h: the fields of core descriptions: the list, and reading one of them. docs/cores.md is its document. */
#ifndef PHOTOLANE_FIELDS_H
#define PHOTOLANE_FIELDS_H

#include <libconfig.h>
#include <stddef.h>

#include "physics/physics.h"

typedef enum { PL_WHOLE_INT, PL_WHOLE_U32, PL_REAL, PL_LIST } pl_field_type;

typedef struct {
  const char *name;
  unsigned kinds;      /* bit k: kind k has it */
  pl_field_type type;
  size_t offset;       /* in pl_physics; of a pl_curve if it is a list */
  double min, max;     /* of each value */
  uint32_t needed_by;  /* effects that cannot do without it; all bits: always needed */
  int group;           /* not 0: one field of the same group is enough */
  int at_least, at_most; /* values of a list */
} pl_field;

/* The list; *count becomes its length. A name stands in it once for each kind, at most. */
const pl_field *pl_fields(int *count);

/* The field of a core of that kind, or NULL. */
const pl_field *pl_field_find(int kind, const char *name);

/* The field of that kind whose name shares most with `name`, if they agree up to an underscore at least: what somebody
 * meant who wrote another unit. Or NULL. */
const char *pl_field_similar(int kind, const char *name);

/* Reads a setting into *physics. The errors name path, line and field. */
pl_status pl_field_read(const char *path, const config_setting_t *setting, const pl_field *field, pl_physics *physics,
                        pl_error *err);

/* The name of an effect, PL_EFFECT_* = 1 << bit; NULL if there is none. */
const char *pl_effect_name(int bit);

#endif
