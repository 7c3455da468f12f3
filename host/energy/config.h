/* config.h: tables of fields, and reading the libconfig files that consist of them: architectures, shapes, systems.
 * Private to host/energy.
 *
 * A field's name carries its unit, so a value in another unit is an unknown field, not a silent factor. A file may
 * begin with base = "NAME": it then has all that NAME has and changes some of it. Errors are one sentence that begins
 * with file:line and names the field. */
#ifndef PL_ENERGY_CONFIG_H
#define PL_ENERGY_CONFIG_H

#include <libconfig.h>
#include <stddef.h>

#include "photolane/photolane.h"

typedef enum { PL_CFG_REAL, PL_CFG_WHOLE, PL_CFG_FLAG } pl_cfg_type;

typedef struct {
  const char *name;
  unsigned kinds, needed; /* bit k: kind k has it, cannot do without it */
  pl_cfg_type type;
  size_t offset; /* of a double in the record */
  double min, max;
} pl_cfg_field;

enum { PL_CFG_FIELDS_MAX = 160, PL_CFG_TEXT = 240, PL_CFG_NAME = 64 };

/* What every record begins with. */
typedef struct {
  char name[PL_CFG_NAME];  /* of the file, without .cfg */
  char path[512];          /* cut if it is longer */
  char about[PL_CFG_TEXT]; /* one sentence for the reader of a result, or "" */
  int kind;                /* -1 until it is known */
  unsigned quirks;         /* bit i: quirk i of the table */
  unsigned char given[PL_CFG_FIELDS_MAX];
} pl_cfg_head;

typedef struct {
  const char *noun;          /* "architecture" */
  const char *folder;        /* "archs" */
  const char *kind_field;    /* "model": its text is one of `kinds` */
  const char *const *kinds;  /* NULL at the end */
  const char *const *quirks; /* names, NULL at the end; NULL: there are none */
  const pl_cfg_field *fields;
  int count;
  /* Takes a setting that is no field of the table, such as a list of layers; returns 0 if it does not know it either.
   */
  int (*extra)(const char *path, const config_setting_t *setting, void *record, pl_status *status, pl_error *err);
} pl_cfg_table;

/* The value of a field in a record. */
static inline double *pl_cfg_value(void *record, size_t offset) {
  void *at = (char *)record + offset;
  return at;
}

/* Loads a shipped file by name, or one's own by path, into *record, which begins with a pl_cfg_head and was zeroed. */
pl_status pl_cfg_load(const pl_cfg_table *table, const char *name_or_path, void *record, pl_error *err);

/* The same from text; path: for the errors. Calls nothing but the reader: for the fuzzer too. */
pl_status pl_cfg_parse(const pl_cfg_table *table, const char *path, const char *text, void *record, pl_error *err);

/* The field of the record's kind, or NULL. */
const pl_cfg_field *pl_cfg_find(const pl_cfg_table *table, int kind, const char *name);

/* Sets a field as a file would. where: what the errors begin with, such as "--set". */
pl_status pl_cfg_set(const pl_cfg_table *table, const char *where, const char *name, double value, void *record,
                     pl_error *err);

/* "a=1,b=2.5": pl_cfg_set for each. */
pl_status pl_cfg_set_list(const pl_cfg_table *table, const char *where, const char *list, void *record, pl_error *err);

/* A number of a setting, or of element `index` of a list (index >= 0), between min and max; the error names `name`. */
pl_status pl_cfg_number(const char *path, const config_setting_t *s, int index, const char *name, int whole, double min,
                        double max, double *value, pl_error *err);

/* The text of a setting, 1 to size - 1 characters. */
pl_status pl_cfg_text(const char *path, const config_setting_t *s, char *to, size_t size, pl_error *err);

#endif
