/* sweep_table.c: the results of a sweep out of their SQLite file, for exports and plots (see sweep_store.h). */
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "study/sweep_store.h"

static const char *text_of(sqlite3_stmt *q, int column) {
  const char *text = (const char *)sqlite3_column_text(q, column);
  return text ? text : "";
}

static double real_of(sqlite3_stmt *q, int column) {
  return sqlite3_column_type(q, column) == SQLITE_NULL ? NAN : sqlite3_column_double(q, column);
}

static int find(const pl_sweep_table *t, int point) { /* rows are in the order of points */
  int low = 0, high = t->rows - 1;
  while (low <= high) {
    const int middle = (low + high) / 2, at = t->row[middle].result->point;
    if (at == point) return middle;
    if (at < point) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/* Queries end in SQLITE_DONE; anything else is an error that read_all reports. */

static int read_points(sqlite3 *db, pl_sweep_table *t, int room) {
  sqlite3_stmt *q = NULL;
  int code = sqlite3_prepare_v2(
      db,
      "SELECT point, spec, block, core, range, image, build, perplexity, perplexity_error, nll, reference_perplexity,"
      " kl_divergence, kl_divergence_error, top1_agreement, tokens, macs, reads, clipped, detected, corrected,"
      " encodings_a, encodings_b, fj_per_mac, product_error, \"check\", check_products, check_note,"
      " (SELECT count(*) FROM product WHERE product.point = point.point) FROM point ORDER BY point",
      -1, &q, NULL);
  while (!code && (code = sqlite3_step(q)) == SQLITE_ROW && t->rows < room) {
    const int products = sqlite3_column_int(q, 27);
    pl_sweep_row *row = &t->row[t->rows];
    pl_sweep_result *r = calloc(1, pl_sweep_result_size(products));
    code = 0;
    if (!r) break;
    row->result = r;
    t->rows++;
    snprintf(row->spec, sizeof row->spec, "%s", text_of(q, 1));
    snprintf(row->block, sizeof row->block, "%s", text_of(q, 2));
    snprintf(row->core, sizeof row->core, "%s", text_of(q, 3));
    snprintf(row->range, sizeof row->range, "%s", text_of(q, 4));
    snprintf(row->build, sizeof row->build, "%s", text_of(q, 6));
    const char *image = text_of(q, 5);
    for (int i = 0; i < PL_REG_WORDS && strlen(image) >= 8u * PL_REG_WORDS; i++) {
      char word[9] = "";
      memcpy(word, image + 8 * i, 8);
      row->image.reg[i] = (uint32_t)strtoul(word, NULL, 16);
    }
    r->point = sqlite3_column_int(q, 0);
    r->perplexity = real_of(q, 7), r->perplexity_error = real_of(q, 8), r->nll = real_of(q, 9);
    r->reference = real_of(q, 10), r->kl = real_of(q, 11), r->kl_error = real_of(q, 12), r->top1 = real_of(q, 13);
    r->scored = sqlite3_column_int64(q, 14);
    uint64_t *const counts[] = {&r->macs, &r->reads, &r->clipped, &r->detected, &r->corrected, &r->encodings_a,
                                &r->encodings_b};
    for (int i = 0; i < 7; i++) *counts[i] = (uint64_t)sqlite3_column_int64(q, 15 + i);
    r->fj_per_mac = sqlite3_column_double(q, 22); /* NULL: 0 */
    r->product_error = real_of(q, 23);
    r->check = sqlite3_column_int(q, 24);
    r->check_products = (uint64_t)sqlite3_column_int64(q, 25);
    snprintf(r->check_note, sizeof r->check_note, "%s", text_of(q, 26));
  }
  sqlite3_finalize(q);
  return code;
}

static int read_settings(sqlite3 *db, pl_sweep_table *t) {
  sqlite3_stmt *q = NULL;
  int code = sqlite3_prepare_v2(db, "SELECT point, name, value FROM setting ORDER BY point, place", -1, &q, NULL);
  while (!code && (code = sqlite3_step(q)) == SQLITE_ROW) {
    const int at = find(t, sqlite3_column_int(q, 0));
    code = 0;
    if (at < 0 || t->row[at].settings == PL_SWEEP_AXES) continue;
    pl_sweep_row *row = &t->row[at];
    snprintf(row->name[row->settings], PL_SWEEP_NAME, "%s", text_of(q, 1));
    snprintf(row->value[row->settings++], PL_SWEEP_VALUE, "%s", text_of(q, 2));
  }
  sqlite3_finalize(q);
  return code;
}

static int read_products(sqlite3 *db, pl_sweep_table *t) {
  sqlite3_stmt *q = NULL;
  int code = sqlite3_prepare_v2(db, "SELECT point, layer, product, reads, clipped, error FROM product ORDER BY 1, 2, 3",
                                -1, &q, NULL);
  while (!code && (code = sqlite3_step(q)) == SQLITE_ROW) {
    const int at = find(t, sqlite3_column_int(q, 0)), product = sqlite3_column_int(q, 2);
    code = 0;
    if (at < 0 || product < 0 || product >= PL_NN_PRODUCTS) continue;
    pl_sweep_result *r = t->row[at].result;
    r->product[r->products++] = (pl_sweep_product){
        .layer = sqlite3_column_int(q, 1), .product = product, .reads = (uint64_t)sqlite3_column_int64(q, 3),
        .clipped = (uint64_t)sqlite3_column_int64(q, 4), .error = real_of(q, 5)};
  }
  sqlite3_finalize(q);
  return code;
}

static int read_about(sqlite3 *db, pl_sweep_table *t) {
  sqlite3_stmt *q = NULL;
  int code = sqlite3_prepare_v2(db, "SELECT name, value FROM sweep", -1, &q, NULL);
  while (!code && (code = sqlite3_step(q)) == SQLITE_ROW) {
    const char *name = text_of(q, 0), *value = text_of(q, 1);
    code = 0;
    if (!strcmp(name, "model")) snprintf(t->model, sizeof t->model, "%s", value);
    if (!strcmp(name, "text")) snprintf(t->text, sizeof t->text, "%s", value);
    if (!strcmp(name, "check_device")) snprintf(t->check_device, sizeof t->check_device, "%s", value);
    if (!strcmp(name, "points")) t->points = atoi(value);
    if (!strcmp(name, "tokens")) t->tokens = atoi(value);
    if (!strcmp(name, "context")) t->context = atoi(value);
  }
  sqlite3_finalize(q);
  return code;
}

static int version_of(sqlite3 *db) {
  sqlite3_stmt *q = NULL;
  const int is_there = !sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &q, NULL) && sqlite3_step(q) == SQLITE_ROW;
  const int version = is_there ? sqlite3_column_int(q, 0) : 0;
  sqlite3_finalize(q);
  return version;
}

/* One transaction, so that a sweep that runs meanwhile adds no rows between the queries. */
static pl_status read_all(const char *path, sqlite3 *db, pl_sweep_table *t, pl_error *err) {
  sqlite3_busy_timeout(db, 20000);
  int code = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
  const int version = version_of(db);
  if (!code) code = read_about(db, t);
  if (code == SQLITE_DONE && version != PL_SWEEP_SCHEMA)
    return pl_fail(err, PL_E_INPUT, "%s was made by another version of photolane (tables %d, these are %d): measure it anew",
                   path, version, PL_SWEEP_SCHEMA);
  const int room = t->points > 0 && t->points <= PL_SWEEP_POINTS ? t->points : 0;
  t->row = calloc((size_t)room + 1, sizeof *t->row);
  if (!t->row) return pl_fail(err, PL_E_MEMORY, "out of memory for the results %s", path);
  if (code == SQLITE_DONE) code = read_points(db, t, room);
  if (code == SQLITE_DONE) code = read_settings(db, t);
  if (code == SQLITE_DONE) code = read_products(db, t);
  if (code == SQLITE_DONE) return PL_OK;
  return pl_fail(err, PL_E_INPUT, "%s is no result of `photolane sweep`, or it is damaged: %s", path,
                 code ? sqlite3_errmsg(db) : "a row is missing");
}

pl_status pl_sweep_table_read(const char *path, pl_sweep_table *t, pl_error *err) {
  sqlite3 *db = NULL;
  memset(t, 0, sizeof *t);
  snprintf(t->path, sizeof t->path, "%s", path);
  pl_status status;
  if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) && /* a journal left by a kill must be rolled back */
      (sqlite3_close(db), sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL)))
    status = pl_fail(err, PL_E_INPUT, "cannot read the results %s: %s", path, sqlite3_errmsg(db));
  else
    status = read_all(path, db, t, err);
  sqlite3_close(db);
  return status;
}

void pl_sweep_table_free(pl_sweep_table *t) {
  for (int i = 0; i < t->rows; i++) free(t->row[i].result);
  free(t->row);
  memset(t, 0, sizeof *t);
}

const char *pl_sweep_row_value(const pl_sweep_row *row, const char *name) {
  for (int i = 0; i < row->settings; i++)
    if (!strcmp(row->name[i], name)) return row->value[i];
  return NULL;
}

const char *pl_sweep_check_name(int check) {
  static const char *const names[] = {"no", "equal", "different", "absent"};
  return check >= 0 && check <= PL_CHECK_ABSENT ? names[check] : "?";
}
