/* arch.h: an accelerator as its cost model sees it: a file of host/energy/archs, or one's own.
 *
 *   pl_arch arch;
 *   pl_arch_load("lt-base", &arch, err);
 *   pl_arch_set(&arch, "bits=8,tiles=16", err);
 */
#ifndef PL_ENERGY_ARCH_H
#define PL_ENERGY_ARCH_H

#include "energy/arch_fields.h"
#include "energy/config.h"

typedef enum {
  PL_ARCH_CROSSBAR,  /* Lightening-Transformer: both operands dynamic, crossbar of dot products */
  PL_ARCH_RING_BANK, /* its baseline: weights in microrings */
  PL_ARCH_MZI_MESH,  /* its baseline: weights as phases of a mesh of interferometers */
  PL_ARCH_IN_PLACE,  /* Optical Transformers: weights stay in place, energy by values loaded and detected */
  PL_ARCH_RESIDUE,   /* Mirage: tiles of residue arithmetic */
  PL_ARCH_SYSTOLIC,  /* what Mirage is compared with */
  PL_ARCH_DIGITAL,   /* a constant energy per MAC */
  PL_ARCH_MODELS,
} pl_arch_model;

/* Faults of the authors' programs that the published figures contain; --no-quirks leaves them out. */
enum {
  PL_QUIRK_BUFFER_READS = 1 << 0, /* "attention_buffer_reads_lost" */
  PL_QUIRK_ONE_LAYER = 1 << 1,    /* "digital_one_layer_4bit" */
  PL_QUIRK_MILLI = 1 << 2,        /* "digital_time_thousandth" */
  PL_QUIRK_TWICE = 1 << 3,        /* "skipped_attention_counts_qkv" */
};

typedef struct {
  pl_cfg_head head; /* kind: pl_arch_model */
#define X(name, models, needed, type, min, max) double name;
  PL_ARCH_FIELDS(X)
#undef X
} pl_arch;

/* A shipped name or a path. The errors name file, line and field. */
pl_status pl_arch_load(const char *name_or_path, pl_arch *arch, pl_error *err);

/* "field=value,field=value"; fields of the arch's model only. */
pl_status pl_arch_set(pl_arch *arch, const char *list, pl_error *err);

/* The same for one field, by its place in the struct: for grids. pl_arch_field is PL_E_INPUT if there is no such field;
 * where: what the error begins with. */
pl_status pl_arch_field(const pl_arch *arch, const char *where, const char *name, double value, size_t *offset,
                        pl_error *err);

/* From text, for tests and the fuzzer. */
pl_status pl_arch_parse(const char *path, const char *text, pl_arch *arch, pl_error *err);

/* The table of fields, for tests and lists. */
const pl_cfg_table *pl_arch_table(void);

/* "crossbar" and so on. */
const char *pl_arch_model_name(const pl_arch *arch);

/* Energy of one MAC of a systolic array or a digital processor, fJ. */
double pl_arch_mac_fj(const pl_arch *arch);

#endif
