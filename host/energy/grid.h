/* grid.h: many designs at once: a file that says what to vary, and the designs that no other one beats.
 *
 *   arch = "lt-base"; model = "deit-t"; batch = 1;      tokens, train: as on the command line
 *   vary = { bits = [4, 6, 8];                           any number of fields of the architecture, and tokens and batch
 *            tiles = { from = 1; to = 32; step = 1; };   or factor = 2.0 in place of step
 *            clock_ghz = [1.0, 2.5, 5.0]; };
 *
 * A design is on the front if none has at most its energy, time and area and less of one. Area counts only if the model
 * has one. */
#ifndef PL_ENERGY_GRID_H
#define PL_ENERGY_GRID_H

#include "energy/cost.h"

enum { PL_GRID_AXES = 8, PL_GRID_POINTS_MAX = 2000000 };

typedef struct {
  char name[PL_CFG_NAME];
  int count;
  double *value; /* owned */
  size_t offset; /* in pl_arch, or one of the two below */
  enum { PL_AXIS_ARCH, PL_AXIS_TOKENS, PL_AXIS_BATCH } of;
} pl_axis;

typedef struct {
  double at[PL_GRID_AXES];                /* the value on each axis */
  double energy_mj, latency_ms, area_mm2; /* area NAN if not known */
  int on_front;
} pl_grid_point;

typedef struct {
  pl_arch arch;
  pl_shape shape; /* owned */
  pl_workload_options how;
  int axes;
  pl_axis axis[PL_GRID_AXES];
  int count, front;     /* designs; of these on the front */
  pl_grid_point *point; /* owned; in order of energy */
} pl_grid;

/* Reads the file; quirks: as published or not. The errors name file, line and field. */
pl_status pl_grid_load(const char *path, int quirks, pl_grid *grid, pl_error *err);

/* Computes all points and the front. */
pl_status pl_grid_run(pl_grid *grid, pl_error *err);
void pl_grid_free(pl_grid *grid);

/* Marks the front among points in order of energy (then time, then area). Exposed for its test. */
void pl_grid_front(pl_grid_point *point, int count);

#endif
