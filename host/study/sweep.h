/* sweep.h: a sweep: the points of a grid or list over core descriptions, physical parameters, registers, range rules and
 * seeds, all measured on one model and text.
 *
 *   pl_sweep *sweep;
 *   pl_sweep_load("small.sweep", &sweep, err)      reads the file and checks every point of it
 *   pl_sweep_at(sweep, 17, &point, err)            what point 17 is: settings and register image
 *
 * docs/sweeps.md describes the file. A point's number depends on the file alone, and `hash` on all that its figures depend
 * on (registers, rules, the bytes of model and text), so results can be resumed and compared by both.
 * sweep_measure.h measures points, sweep_store.h keeps the figures. */
#ifndef PL_STUDY_SWEEP_H
#define PL_STUDY_SWEEP_H

#include "energy/arch.h"
#include "nn/ranges.h"
#include "physics/physics.h"

enum { PL_SWEEP_AXES = 24, PL_SWEEP_NAME = 64, PL_SWEEP_VALUE = 256, PL_SWEEP_POINTS = 100000, PL_SWEEP_PATH = 4096 };

typedef enum {
  PL_AXIS_CORE,     /* name or path of a core description */
  PL_AXIS_RANGE,    /* rule of the ADC ranges: "mse", "max", "99.9" (a percentile) */
  PL_AXIS_SEED,
  PL_AXIS_FIELD,    /* a field of the core description */
  PL_AXIS_DAC,      /* "dac_bits": dac_bits_a and dac_bits_b together */
  PL_AXIS_REGISTER, /* "reg.NAME": a word of the register image, set after the description became registers */
} pl_axis_kind;

typedef struct {
  pl_axis_kind kind;
  char name[PL_SWEEP_NAME]; /* as it stands in results: "adc_bits", "reg.adc_bits" */
  int line, count;
  char (*text)[PL_SWEEP_VALUE]; /* owned; the values as results show them */
  double *number;               /* owned; the same as numbers, unless kind is core or range */
} pl_sweep_axis;

typedef struct { /* a group of the file: axes that vary together */
  char name[PL_SWEEP_NAME];
  char energy[PL_SWEEP_VALUE]; /* architecture that prices its points, or "" */
  int energy_line;
  int line, is_list; /* 1: the axes go in step; 0: every combination, the last axis fastest */
  int axes, first, count; /* numbers of its points */
  pl_sweep_axis axis[PL_SWEEP_AXES];
} pl_sweep_block;

typedef struct {
  char path[PL_SWEEP_PATH], model[PL_SWEEP_PATH], text[PL_SWEEP_PATH]; /* model and text as they can be opened */
  int model_line, text_line; /* where the file names them */
  char *source; /* owned; all of the file */
  char optical[PL_SWEEP_VALUE];
  unsigned products; /* mask of optical products */
  int tokens, context;
  char check_device[PL_SWEEP_VALUE]; /* "": no point is run on a second device */
  int check_every, check_tokens;     /* one point of so many, on so many first tokens */
  int blocks, count;                 /* count: points */
  pl_sweep_block *block;             /* owned */
  char hash[17];
} pl_sweep;

typedef struct {
  const pl_sweep_block *block;
  int at[PL_SWEEP_AXES]; /* places on the block's axes */
  char core[PL_SWEEP_NAME]; /* name of the description */
  char range[PL_SWEEP_VALUE];
  pl_image image;
  pl_range_choice choice;
  int has_arch; /* 1: the group names an architecture; it follows this point's core (energy/core_link.h) */
  pl_arch arch;
  double photons_per_mac; /* of kind intensity, as its description says; else 0 */
  int is_checked; /* 1: belongs to the sample that also runs on the check device */
} pl_sweep_point;

/* PL_E_INPUT names file, line and field. *sweep is NULL on error, else pl_sweep_free it. */
pl_status pl_sweep_load(const char *path, pl_sweep **sweep, pl_error *err);
/* The same from text (of malloc; the sweep owns it, after errors too); `path` is what errors call it, and files it names are
 * looked for beside it. */
pl_status pl_sweep_parse(const char *path, char *source, pl_sweep **sweep, pl_error *err);
void pl_sweep_free(pl_sweep *sweep); /* NULL is fine */

/* Point 0..count-1 of a loaded sweep. */
pl_status pl_sweep_at(const pl_sweep *sweep, int number, pl_sweep_point *point, pl_error *err);

/* "mse", "max" or a percentile from 50 to 100; 0 if it is none of them. The rest of *choice is the usual. */
int pl_sweep_rule(const char *text, pl_range_choice *choice);

/* ---- Private to host/study: sweep_spec.c reads the file, sweep_points.c makes points of it ---- */

/* Numbers the points, checks all and computes the hash. */
pl_status pl_sweep_complete(pl_sweep *sweep, pl_error *err);

/* A core's path: as it is, or, if it is a relative path, from the folder of the file `from`. */
pl_status pl_sweep_beside(const char *from, const char *path, char *to, size_t size, pl_error *err);

#endif
