/* test_sweep_store.c: results in SQLite: what is put in comes out, killed writers leave whole points or none, files of
 * others are refused; lines through results and what they say is needed. Prints its seed: PL_SEED=N repeats it. */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "study/sweep_series.h"

enum { PRODUCTS = 46 };
static char folder[64], file[128], model[128], results[128];
static pl_sweep *sweep;

static void put(const char *path, const char *what) {
  FILE *out = fopen(path, "w");
  ck_assert_ptr_nonnull(out);
  fputs(what, out);
  fclose(out);
}

static void load(const char *points) {
  char what[600];
  pl_error err;
  snprintf(what, sizeof what, "model = \"m\"; text = \"m\"; tokens = 64; context = 32; points = (%s);", points);
  put(file, what);
  pl_sweep_free(sweep);
  ck_assert_msg(!pl_sweep_load(file, &sweep, &err), "%s", err.text);
}

static void set_up(void) {
  strcpy(folder, "/tmp/photolane-store-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(file, sizeof file, "%s/my.sweep", folder);
  snprintf(model, sizeof model, "%s/m", folder);
  snprintf(results, sizeof results, "%s/r.sqlite", folder);
  put(model, "x");
  sweep = NULL;
  load("{ core = \"ideal8\"; dac_bits = [4, 8]; adc_bits = [3,4,5,6,7,8]; seeds = [1,2,3]; }");
}

static void tear_down(void) {
  char journal[160];
  pl_sweep_free(sweep);
  snprintf(journal, sizeof journal, "%s-journal", results);
  unlink(file), unlink(model), unlink(results), unlink(journal);
  rmdir(folder);
}

/* A result whose every number follows from the point. */
static pl_sweep_result *made_up(int point) {
  pl_sweep_result *r = calloc(1, pl_sweep_result_size(PRODUCTS));
  *r = (pl_sweep_result){.point = point, .products = PRODUCTS, .check = point % 4, .perplexity = 10 + point / 7.0,
                         .perplexity_error = 0.1 * point, .nll = log(10 + point / 7.0), .reference = 10, .kl = 0.01 * point,
                         .kl_error = 1e-3, .top1 = 0.9, .scored = 32, .macs = (uint64_t)point << 40, .reads = 1000,
                         .clipped = (uint64_t)point, .encodings_a = 5, .encodings_b = 6, .fj_per_mac = point % 3 * 0.7, .product_error = 1.0 / 3,
                         .check_products = 7};
  snprintf(r->check_note, sizeof r->check_note, "note %d", point);
  for (int i = 0; i < PRODUCTS; i++)
    r->product[i] = (pl_sweep_product){i / 9, i % 9, (uint64_t)(100 + point), (uint64_t)i, point + i / 64.0};
  return r;
}

static void put_point(pl_sweep_store *store, int point) {
  pl_error err;
  pl_sweep_result *r = made_up(point);
  ck_assert_msg(!pl_sweep_store_put(store, r, &err), "%s", err.text);
  free(r);
}

static void check_row(const pl_sweep_row *row) {
  pl_sweep_result *want = made_up(row->result->point);
  pl_sweep_point p;
  ck_assert(!pl_sweep_at(sweep, want->point, &p, NULL));
  ck_assert_int_eq(row->result->products, PRODUCTS);
  ck_assert_int_eq(memcmp(row->result, want, pl_sweep_result_size(PRODUCTS)), 0);
  ck_assert_int_eq(memcmp(&row->image, &p.image, sizeof p.image), 0);
  ck_assert_str_eq(row->spec, sweep->hash);
  ck_assert_str_eq(row->build, pl_build_id());
  ck_assert_int_eq(row->settings, p.block->axes);
  for (int i = 0; i < row->settings; i++) ck_assert_str_eq(row->value[i], p.block->axis[i].text[p.at[i]]);
  free(want);
}

START_TEST(there_and_back) {
  pl_sweep_store *store;
  pl_sweep_table t;
  pl_error err;
  ck_assert_msg(!pl_sweep_store_open(results, sweep, &store, &err), "%s", err.text);
  for (int i = 35; i >= 0; i -= 2) put_point(store, i);
  put_point(store, 35); /* twice is no harm */
  ck_assert_int_eq(pl_sweep_store_count(store), 18);
  pl_sweep_store_close(store);
  ck_assert(!pl_sweep_store_open(results, sweep, &store, &err));
  ck_assert(pl_sweep_store_count(store) == 18 && pl_sweep_store_foreign(store) == 0);
  for (int i = 0; i < 36; i++) ck_assert_int_eq(pl_sweep_store_has(store, i), i & 1);
  pl_sweep_store_close(store);
  ck_assert_msg(!pl_sweep_table_read(results, &t, &err), "%s", err.text);
  ck_assert(t.rows == 18 && t.points == 36 && t.tokens == 64 && t.context == 32);
  for (int i = 0; i < t.rows; i++) {
    ck_assert_int_eq(t.row[i].result->point, 2 * i + 1);
    check_row(&t.row[i]);
  }
  ck_assert_str_eq(pl_sweep_row_value(&t.row[0], "adc_bits"), "3");
  ck_assert_ptr_null(pl_sweep_row_value(&t.row[0], "moduli_k"));
  pl_sweep_table_free(&t);
}
END_TEST

/* Writers killed at random moments, from before the file exists to its last point: what is there is whole, and the next
 * one goes on. */
START_TEST(killed) {
  const char *given = getenv("PL_SEED");
  const unsigned seed = given ? (unsigned)strtoul(given, NULL, 0) : (unsigned)time(NULL);
  printf("seed %u\n", seed);
  srandom(seed);
  int rows = 0, kills = 0;
  while (rows < sweep->count) {
    const pid_t pid = fork();
    if (!pid) {
      pl_sweep_store *store;
      if (pl_sweep_store_open(results, sweep, &store, NULL)) _exit(1);
      for (int i = 0; i < sweep->count; i++)
        if (!pl_sweep_store_has(store, i)) put_point(store, i);
      pl_sweep_store_close(store);
      _exit(0);
    }
    /* 1 ms to 1 s, short ones as often as long ones: what a writer manages in it depends on the machine. The first kill
     * must come before it has done all. */
    usleep((useconds_t)(random() % 1000 + (1000 << random() % (!kills ? 2 : kills < 60 ? 8 : 11))));
    kill(pid, SIGKILL);
    int status;
    waitpid(pid, &status, 0);
    ck_assert(!WIFEXITED(status) || !WEXITSTATUS(status));
    kills += WIFSIGNALED(status);
    pl_sweep_table t;
    pl_error err;
    if (pl_sweep_table_read(results, &t, &err)) { /* killed before the description was in it */
      ck_assert_int_eq(rows, 0);
      pl_sweep_table_free(&t);
      continue;
    }
    ck_assert_int_ge(t.rows, rows); /* nothing that was committed is lost */
    rows = t.rows;
    for (int i = 0; i < t.rows; i++) check_row(&t.row[i]);
    pl_sweep_table_free(&t);
  }
  printf("%d writers killed\n", kills);
  ck_assert_int_gt(kills, 0);
}
END_TEST

START_TEST(foreign_files) {
  pl_sweep_store *store;
  pl_sweep_table t;
  pl_error err;
  put(results, "this is a text and no database, but long enough to look like one at first sight");
  ck_assert_int_eq(pl_sweep_store_open(results, sweep, &store, &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, "is no SQLite file"), "%s", err.text);
  ck_assert_int_eq(pl_sweep_table_read(results, &t, &err), PL_E_INPUT);
  pl_sweep_table_free(&t);
  unlink(results);

  sqlite3 *db;
  ck_assert(!sqlite3_open(results, &db) && !sqlite3_exec(db, "CREATE TABLE mine(x)", NULL, NULL, NULL));
  sqlite3_close(db);
  ck_assert_int_eq(pl_sweep_store_open(results, sweep, &store, &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, "of something else"), "%s", err.text);
  ck_assert_int_eq(pl_sweep_table_read(results, &t, &err), PL_E_INPUT);
  pl_sweep_table_free(&t);
  unlink(results);

  ck_assert(!pl_sweep_store_open(results, sweep, &store, &err));
  put_point(store, 3);
  pl_sweep_store_close(store);
  load("{ core = \"ideal8\"; adc_bits = [3, 4]; }");
  ck_assert_int_eq(pl_sweep_store_open(results, sweep, &store, &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, "another sweep"), "%s", err.text);
  ck_assert_int_eq(pl_sweep_store_open(folder, sweep, &store, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_sweep_table_read("/nowhere/r.sqlite", &t, &err), PL_E_INPUT);
  pl_sweep_table_free(&t);
}
END_TEST

START_TEST(series) {
  pl_sweep_store *store;
  pl_sweep_table t;
  pl_sweep_series *lines;
  ck_assert(!pl_sweep_store_open(results, sweep, &store, NULL));
  for (int i = 0; i < 36; i++) { /* loss in percent by ADC bits 3..8; seeds differ in nats by +-0.5 around it */
    static const double loss[] = {50, 9, 20, 5, 0.9, 0.5};
    pl_sweep_result *r = made_up(i);
    r->nll = log(r->reference * (1 + loss[i / 3 % 6] / 100 * (i < 18 ? 1 : 0.1))) + (i % 3 - 1) * 0.5;
    r->perplexity = exp(r->nll);
    ck_assert(!pl_sweep_store_put(store, r, NULL));
    free(r);
  }
  pl_sweep_store_close(store);
  ck_assert(!pl_sweep_table_read(results, &t, NULL));
  ck_assert_int_eq(pl_sweep_series_make(&t, "adc_bits", &lines), 2);
  ck_assert_str_eq(lines[0].label, "dac_bits 4");
  ck_assert_str_eq(lines[1].label, "dac_bits 8");
  ck_assert(lines[0].dots == 6 && lines[0].dot[0].x == 3 && lines[0].dot[5].x == 8 && lines[0].dot[0].seeds == 3);
  ck_assert_double_eq_tol(pl_sweep_dot_loss(&lines[0].dot[3]), 0.05, 1e-9);
  ck_assert_double_eq(pl_sweep_series_needed(&lines[0], 0.10), 6); /* 9 % at 4 bits does not count: 5 bits lose 20 % */
  ck_assert_double_eq(pl_sweep_series_needed(&lines[0], 0.01), 7);
  ck_assert(isnan(pl_sweep_series_needed(&lines[0], 0.001)));
  ck_assert_double_eq(pl_sweep_series_needed(&lines[1], 0.01), 6);
  pl_sweep_series_free(lines, 2);
  pl_sweep_table_free(&t);
  unlink(results); /* in a list, what goes in step with x is no part of a line's name */
  load("{ core = \"ideal8\"; mode = \"list\"; adc_bits = [3, 4, 5]; dac_bits = [4, 6, 8]; channels = 32; }");
  ck_assert(!pl_sweep_store_open(results, sweep, &store, NULL));
  for (int i = 0; i < 3; i++) put_point(store, i);
  pl_sweep_store_close(store);
  ck_assert(!pl_sweep_table_read(results, &t, NULL));
  ck_assert_int_eq(pl_sweep_series_make(&t, "adc_bits", &lines), 1);
  ck_assert_str_eq(lines[0].label, "channels 32");
  ck_assert_int_eq(lines[0].dots, 3);
  pl_sweep_series_free(lines, 1);
  ck_assert_int_eq(pl_sweep_series_make(&t, "moduli_k", &lines), 0);
  pl_sweep_series_free(lines, 0);
  pl_sweep_table_free(&t);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sweep_store");
  TCase *tc = tcase_create("all");
  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_set_timeout(tc, 120);
  tcase_add_test(tc, there_and_back);
  tcase_add_test(tc, killed);
  tcase_add_test(tc, foreign_files);
  tcase_add_test(tc, series);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
