/* sweep_store.c: see sweep_store.h. Reading for exports and plots: sweep_table.c. */
#include "study/sweep_store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { APPLICATION = 0x504c5357 /* PLSW */, BUSY_MS = 20000 };

struct pl_sweep_store {
  const pl_sweep *sweep;
  const char *path;
  sqlite3 *db;
  unsigned char *has; /* a byte for each point */
  int count, foreign;
  sqlite3_stmt *point, *setting, *product;
};

static const char schema[] =
    "CREATE TABLE sweep(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE point(point INTEGER PRIMARY KEY, spec TEXT NOT NULL, block TEXT NOT NULL, core TEXT NOT NULL,"
    " kind TEXT NOT NULL, seed INTEGER NOT NULL, range TEXT NOT NULL, image TEXT NOT NULL, build TEXT NOT NULL,"
    " perplexity REAL, perplexity_error REAL, nll REAL, reference_perplexity REAL, kl_divergence REAL,"
    " kl_divergence_error REAL, top1_agreement REAL, tokens INTEGER, macs INTEGER, reads INTEGER, clipped INTEGER,"
    " detected INTEGER, corrected INTEGER, encodings_a INTEGER, encodings_b INTEGER, fj_per_mac REAL,"
    " product_error REAL,"
    " \"check\" INTEGER, check_products INTEGER, check_note TEXT);"
    "CREATE TABLE setting(point INTEGER, place INTEGER, name TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY(point, place)) WITHOUT ROWID;"
    "CREATE TABLE product(point INTEGER, layer INTEGER, product INTEGER, reads INTEGER, clipped INTEGER, error REAL,"
    " PRIMARY KEY(point, layer, product)) WITHOUT ROWID;";

static pl_status failed(const pl_sweep_store *s, pl_error *err) {
  const int code = sqlite3_errcode(s->db);
  if (code == SQLITE_NOTADB) return pl_fail(err, PL_E_INPUT, "%s is no SQLite file: name another with -o", s->path);
  return pl_fail(err, code == SQLITE_CANTOPEN ? PL_E_INPUT : PL_E_IO, "cannot use the results %s: %s", s->path,
                 sqlite3_errmsg(s->db));
}

static pl_status run(pl_sweep_store *s, const char *sql, pl_error *err) {
  return sqlite3_exec(s->db, sql, NULL, NULL, NULL) ? failed(s, err) : PL_OK;
}

/* A whole number that a query returns. */
static pl_status ask(pl_sweep_store *s, const char *sql, int *answer, pl_error *err) {
  sqlite3_stmt *q = NULL;
  int code = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);
  if (!code) code = sqlite3_step(q);
  *answer = code == SQLITE_ROW ? sqlite3_column_int(q, 0) : 0;
  const pl_status status = code == SQLITE_ROW || code == SQLITE_DONE ? PL_OK : failed(s, err);
  sqlite3_finalize(q);
  return status;
}

/* ---- Opening ---- */

static pl_status note(pl_sweep_store *s, const char *name, const char *value, pl_error *err) {
  sqlite3_stmt *q = NULL;
  int code = sqlite3_prepare_v2(s->db, "INSERT INTO sweep VALUES(?, ?)", -1, &q, NULL);
  if (!code) {
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 2, value, -1, SQLITE_STATIC);
    code = sqlite3_step(q);
  }
  sqlite3_finalize(q);
  return code == SQLITE_DONE ? PL_OK : failed(s, err);
}

static pl_status note_number(pl_sweep_store *s, const char *name, int value, pl_error *err) {
  char text[16];
  snprintf(text, sizeof text, "%d", value);
  return note(s, name, text, err);
}

/* Schema and description come in one transaction: a kill in between leaves an empty file, with which we start again. */
static pl_status create(pl_sweep_store *s, pl_error *err) {
  const pl_sweep *w = s->sweep;
  pl_status status = run(s, schema, err);
  if (!status) status = note(s, "hash", w->hash, err);
  if (!status) status = note(s, "model", w->model, err);
  if (!status) status = note(s, "text", w->text, err);
  if (!status) status = note(s, "check_device", w->check_device, err);
  if (!status) status = note(s, "source", w->source, err);
  if (!status) status = note_number(s, "points", w->count, err);
  if (!status) status = note_number(s, "tokens", w->tokens, err);
  if (!status) status = note_number(s, "context", w->context, err);
  char mark[80];
  snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %d;", APPLICATION, PL_SWEEP_SCHEMA);
  return status ? status : run(s, mark, err);
}

static pl_status compare(pl_sweep_store *s, pl_error *err) {
  int version;
  const pl_status status = ask(s, "PRAGMA user_version", &version, err);
  if (status) return status;
  if (version != PL_SWEEP_SCHEMA)
    return pl_fail(err, PL_E_INPUT, "%s was made by another version of photolane (tables %d, these are %d): name another "
                   "file with -o, or remove it", s->path, version, PL_SWEEP_SCHEMA);
  sqlite3_stmt *q = NULL;
  char hash[17] = "";
  int code = sqlite3_prepare_v2(s->db, "SELECT value FROM sweep WHERE name = 'hash'", -1, &q, NULL);
  if (!code && sqlite3_step(q) == SQLITE_ROW) snprintf(hash, sizeof hash, "%s", sqlite3_column_text(q, 0));
  sqlite3_finalize(q);
  if (code) return failed(s, err);
  if (!strcmp(hash, s->sweep->hash)) return PL_OK;
  return pl_fail(err, PL_E_INPUT,
                 "%s holds results of another sweep (%s, while %s with its model and text is %s): name another file with "
                 "-o, or remove it", s->path, hash, s->sweep->path, s->sweep->hash);
}

static pl_status look(pl_sweep_store *s, pl_error *err) {
  sqlite3_stmt *q = NULL;
  int code = sqlite3_prepare_v2(s->db, "SELECT point, build FROM point", -1, &q, NULL);
  while (!code && (code = sqlite3_step(q)) == SQLITE_ROW) {
    const int point = sqlite3_column_int(q, 0);
    if (point >= 0 && point < s->sweep->count) s->has[point] = 1, s->count++;
    s->foreign += strcmp((const char *)sqlite3_column_text(q, 1), pl_build_id()) != 0;
    code = 0;
  }
  sqlite3_finalize(q);
  return code == SQLITE_DONE ? PL_OK : failed(s, err);
}

static pl_status prepare(pl_sweep_store *s, pl_error *err) {
  static const char point[] = "INSERT OR REPLACE INTO point VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
  if (sqlite3_prepare_v2(s->db, point, -1, &s->point, NULL) ||
      sqlite3_prepare_v2(s->db, "INSERT OR REPLACE INTO setting VALUES(?,?,?,?)", -1, &s->setting, NULL) ||
      sqlite3_prepare_v2(s->db, "INSERT OR REPLACE INTO product VALUES(?,?,?,?,?,?)", -1, &s->product, NULL))
    return failed(s, err);
  return PL_OK;
}

static pl_status open_store(pl_sweep_store *s, pl_error *err) {
  int application, tables;
  if (sqlite3_open(s->path, &s->db)) return failed(s, err);
  sqlite3_busy_timeout(s->db, BUSY_MS);
  pl_status status = run(s, "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; BEGIN IMMEDIATE", err);
  if (!status) status = ask(s, "PRAGMA application_id", &application, err);
  if (!status) status = ask(s, "SELECT count(*) FROM sqlite_master", &tables, err);
  if (status) return status;
  if (application == APPLICATION) status = compare(s, err);
  else if (tables || application)
    status = pl_fail(err, PL_E_INPUT, "%s is a database of something else: name another file with -o", s->path);
  else status = create(s, err);
  if (!status) status = run(s, "COMMIT", err);
  if (!status) status = look(s, err);
  return status ? status : prepare(s, err);
}

pl_status pl_sweep_store_open(const char *path, const pl_sweep *sweep, pl_sweep_store **store, pl_error *err) {
  pl_sweep_store *s = calloc(1, sizeof *s);
  *store = NULL;
  if (s) s->has = calloc((size_t)sweep->count, 1);
  if (!s || !s->has) {
    free(s);
    return pl_fail(err, PL_E_MEMORY, "out of memory for the results %s", path);
  }
  s->path = path, s->sweep = sweep;
  const pl_status status = open_store(s, err);
  if (status) pl_sweep_store_close(s);
  else *store = s;
  return status;
}

void pl_sweep_store_close(pl_sweep_store *s) {
  if (!s) return;
  sqlite3_finalize(s->point);
  sqlite3_finalize(s->setting);
  sqlite3_finalize(s->product);
  sqlite3_close(s->db);
  free(s->has);
  free(s);
}

int pl_sweep_store_has(const pl_sweep_store *s, int point) { return s->has[point]; }
int pl_sweep_store_count(const pl_sweep_store *s) { return s->count; }
int pl_sweep_store_foreign(const pl_sweep_store *s) { return s->foreign; }

/* ---- Writing ---- */

typedef struct { /* binds values one after the other */
  sqlite3_stmt *q;
  int at;
} binder;

static void text(binder *b, const char *value) { sqlite3_bind_text(b->q, ++b->at, value, -1, SQLITE_TRANSIENT); }
static void real(binder *b, double value) { sqlite3_bind_double(b->q, ++b->at, value); }
static void whole(binder *b, uint64_t value) { sqlite3_bind_int64(b->q, ++b->at, (sqlite3_int64)value); }

static int step(sqlite3_stmt *q) {
  const int code = sqlite3_step(q);
  return sqlite3_reset(q), code == SQLITE_DONE;
}

static int put_point(pl_sweep_store *s, const pl_sweep_point *p, const pl_sweep_result *r) {
  char image[PL_REG_WORDS * 8 + 1];
  for (int i = 0; i < PL_REG_WORDS; i++) snprintf(image + 8 * i, 9, "%08x", p->image.reg[i]);
  binder b = {s->point, 0};
  whole(&b, (uint64_t)r->point), text(&b, s->sweep->hash), text(&b, p->block->name), text(&b, p->core);
  text(&b, pl_kind_name(p->image.reg[PL_REG_KIND])), whole(&b, p->image.reg[PL_REG_SEED]), text(&b, p->range);
  text(&b, image), text(&b, pl_build_id());
  real(&b, r->perplexity), real(&b, r->perplexity_error), real(&b, r->nll), real(&b, r->reference), real(&b, r->kl);
  real(&b, r->kl_error), real(&b, r->top1), whole(&b, (uint64_t)r->scored), whole(&b, r->macs), whole(&b, r->reads);
  whole(&b, r->clipped), whole(&b, r->detected), whole(&b, r->corrected), whole(&b, r->encodings_a);
  whole(&b, r->encodings_b);
  if (r->fj_per_mac > 0) real(&b, r->fj_per_mac);
  else sqlite3_bind_null(b.q, ++b.at); /* what was bound for the last point would stay */
  real(&b, r->product_error), whole(&b, (uint64_t)r->check), whole(&b, r->check_products);
  text(&b, r->check_note);
  return step(s->point);
}

static int put_rest(pl_sweep_store *s, const pl_sweep_point *p, const pl_sweep_result *r) {
  for (int i = 0; i < p->block->axes; i++) {
    binder b = {s->setting, 0};
    whole(&b, (uint64_t)r->point), whole(&b, (uint64_t)i), text(&b, p->block->axis[i].name);
    text(&b, p->block->axis[i].text[p->at[i]]);
    if (!step(s->setting)) return 0;
  }
  for (int i = 0; i < r->products; i++) {
    const pl_sweep_product *x = &r->product[i];
    binder b = {s->product, 0};
    whole(&b, (uint64_t)r->point), whole(&b, (uint64_t)x->layer), whole(&b, (uint64_t)x->product), whole(&b, x->reads);
    whole(&b, x->clipped), real(&b, x->error);
    if (!step(s->product)) return 0;
  }
  return 1;
}

pl_status pl_sweep_store_put(pl_sweep_store *s, const pl_sweep_result *r, pl_error *err) {
  pl_sweep_point point;
  pl_status status = pl_sweep_at(s->sweep, r->point, &point, err);
  if (!status) status = run(s, "BEGIN IMMEDIATE", err);
  if (status) return status;
  if (!put_point(s, &point, r) || !put_rest(s, &point, r)) status = failed(s, err);
  if (!status) status = run(s, "COMMIT", err);
  if (status) {
    run(s, "ROLLBACK", NULL);
    return status;
  }
  s->count += !s->has[r->point];
  s->has[r->point] = 1;
  return PL_OK;
}
