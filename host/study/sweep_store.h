/* sweep_store.h: the results of a sweep in a SQLite file: one row per point, each committed in one transaction.
 *
 *   pl_sweep_store_open("small.sqlite", sweep, &store, err)     makes the file, or goes on with it
 *   pl_sweep_store_has(store, 17)                               is the point there?
 *   pl_sweep_store_put(store, result, err)                      durable when it returns
 *   pl_sweep_table_read("small.sqlite", &table, err)            all rows in the order of points, for exports and plots
 *
 * The file is whole after kill -9 or a power cut at any moment (rollback journal, synchronous = FULL): a point is there
 * with all its rows or not at all. It holds no times and nothing else that two runs could differ in; only the pages of the
 * file depend on the order in which points came, not what a query returns. Tables: docs/sweeps.md. */
#ifndef PL_STUDY_SWEEP_STORE_H
#define PL_STUDY_SWEEP_STORE_H

#include "study/sweep_measure.h"

enum { PL_SWEEP_SCHEMA = 2 }; /* user_version of the file: its tables and columns */

typedef struct pl_sweep_store pl_sweep_store;

/* PL_E_INPUT if the file is none of ours or holds another sweep: nothing is ever overwritten. */
pl_status pl_sweep_store_open(const char *path, const pl_sweep *sweep, pl_sweep_store **store, pl_error *err);
void pl_sweep_store_close(pl_sweep_store *store); /* NULL is fine */

int pl_sweep_store_has(const pl_sweep_store *store, int point);
int pl_sweep_store_count(const pl_sweep_store *store); /* points that are there */
int pl_sweep_store_foreign(const pl_sweep_store *store); /* those of them that another build measured */

/* PL_E_IO if it cannot be written; the file is then as before. */
pl_status pl_sweep_store_put(pl_sweep_store *store, const pl_sweep_result *result, pl_error *err);

/* ---- Reading ---- */

typedef struct { /* one point */
  char spec[17], block[PL_SWEEP_NAME], core[PL_SWEEP_NAME], range[PL_SWEEP_VALUE], build[160];
  pl_image image; /* kind, seed and converters stand here */
  int settings;   /* those of the file, in its order */
  char name[PL_SWEEP_AXES][PL_SWEEP_NAME], value[PL_SWEEP_AXES][PL_SWEEP_VALUE];
  pl_sweep_result *result; /* owned */
} pl_sweep_row;

typedef struct {
  char path[PL_SWEEP_PATH], model[PL_SWEEP_PATH], text[PL_SWEEP_PATH], check_device[PL_SWEEP_VALUE];
  int points; /* of the sweep */
  int tokens, context;
  int rows;   /* measured so far */
  pl_sweep_row *row; /* owned */
} pl_sweep_table;

/* PL_E_INPUT if the file is no result of a sweep. Free with pl_sweep_table_free, after errors too. */
pl_status pl_sweep_table_read(const char *path, pl_sweep_table *table, pl_error *err);
void pl_sweep_table_free(pl_sweep_table *table);

/* The value of a setting of a row, or NULL. */
const char *pl_sweep_row_value(const pl_sweep_row *row, const char *name);

/* "no", "equal", "different", "absent" for a pl_sweep_check. */
const char *pl_sweep_check_name(int check);

#endif
