/* cmd_sweep.c: `photolane sweep`: the points of a grid or list measured on a model, by many processes, kept in SQLite. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/sweep.h"

typedef struct {
  const char *spec, *output;
  int64_t workers, limit;
  int csv, json, needs;
} options;

/* "dir/small.sweep" -> "small.sqlite" in the folder one is in. */
static void usual_output(const char *spec, char *path, size_t size) {
  const char *slash = strrchr(spec, '/');
  snprintf(path, size, "%s", slash ? slash + 1 : spec);
  char *dot = strrchr(path, '.');
  if (dot && dot != path) *dot = 0;
  strncat(path, ".sqlite", size - strlen(path) - 1);
}

/* Points that ran on the check device too. Returns an exit code. */
static int report_check(const pl_sweep_table *t) {
  int count[PL_CHECK_ABSENT + 1] = {0};
  uint64_t products = 0;
  const pl_sweep_row *absent = NULL, *different = NULL;
  for (int i = 0; i < t->rows; i++) {
    const pl_sweep_result *r = t->row[i].result;
    if (r->check >= 0 && r->check <= PL_CHECK_ABSENT) count[r->check]++;
    products += r->check_products;
    if (r->check == PL_CHECK_ABSENT) absent = &t->row[i];
    if (r->check == PL_CHECK_DIFFERENT) different = &t->row[i];
  }
  if (count[PL_CHECK_EQUAL])
    cli_note("%d point%s also ran on %s: all %llu products equal, bit for bit", count[PL_CHECK_EQUAL],
             count[PL_CHECK_EQUAL] == 1 ? "" : "s", t->check_device, (unsigned long long)products);
  if (absent) cli_note("%d sampled points were not checked: %s", count[PL_CHECK_ABSENT], absent->result->check_note);
  if (!different) return CLI_OK;
  cli_note("%d points DIFFER on %s; point %d: %s", count[PL_CHECK_DIFFERENT], t->check_device, different->result->point,
           different->result->check_note);
  return CLI_FAILED;
}

static int conclude(const options *o) {
  pl_sweep_table table;
  pl_error err;
  int code = pl_sweep_table_read(o->output, &table, &err) ? cli_fail(&err) : CLI_OK;
  if (!code && o->csv) code = sweep_print_csv(&table);
  else if (!code && o->json) code = sweep_print_json(&table);
  else if (!code && o->needs) code = sweep_print_needs(&table);
  else if (!code) code = sweep_print_table(&table);
  if (!code) code = report_check(&table);
  pl_sweep_table_free(&table);
  return code;
}

static int measure(const options *o, const pl_sweep *sweep, pl_sweep_store *store, int is_mpi) {
  pl_error err;
  pl_sweep_lab *lab = NULL;
  sweep_job job = {0};
  const int there = pl_sweep_store_count(store), foreign = pl_sweep_store_foreign(store);
  int code = CLI_OK;
  if (foreign)
    cli_note("%d points in %s were measured by another build than this one (%s); the column build tells", foreign,
             o->output, pl_build_id());
  /* Before any worker: a wrong model or text is one message, and the float model runs once for all of them. */
  if (!is_mpi && there < sweep->count &&
      (pl_sweep_lab_open(sweep, &lab, &err) || pl_sweep_lab_prepare(lab, &err))) {
    pl_sweep_lab_close(lab);
    return cli_fail(&err);
  }
  code = sweep_job_start(&job, sweep, store, o->limit);
  if (!code) code = is_mpi ? sweep_mpi_lead(&job) : job.left ? sweep_with_processes(&job, lab, (int)o->workers) : CLI_OK;
  const int done = job.done;
  sweep_job_end(&job);
  pl_sweep_lab_close(lab);
  if (!code || done)
    cli_note("%s: %d points, %d measured now, %d there before, %d left; results in %s", sweep->path, sweep->count, done,
             there, sweep->count - there - done, o->output);
  return code;
}

static int lead(const options *o, int is_mpi) {
  pl_error err;
  pl_sweep *sweep = NULL;
  pl_sweep_store *store = NULL;
  int code = pl_sweep_load(o->spec, &sweep, &err) ? cli_fail(&err) : CLI_OK;
  if (!code && pl_sweep_store_open(o->output, sweep, &store, &err)) code = cli_fail(&err);
  if (!code) code = measure(o, sweep, store, is_mpi);
  pl_sweep_store_close(store);
  pl_sweep_free(sweep);
  if (code && is_mpi) sweep_mpi_abort(code); /* the others may wait for work */
  return code ? code : conclude(o);
}

int cmd_sweep(int argc, char **argv) {
  options o = {.workers = sysconf(_SC_NPROCESSORS_ONLN)};
  const char *spec[1];
  char usual[4200];
  int code, rank = 0;
  const cli_option table[] = {
      {'o', "output", "FILE", CLI_TEXT, &o.output, 0, 0, "results, made or gone on with (SPEC's name, .sqlite)"},
      {0, "workers", "N", CLI_INT, &o.workers, 1, 1024, "processes that measure (one for each processor)"},
      {0, "limit", "N", CLI_INT, &o.limit, 1, INT32_MAX, "stop after N new points"},
      {0, "csv", NULL, CLI_FLAG, &o.csv, 0, 0, "print all results as CSV"},
      {0, "json", NULL, CLI_FLAG, &o.json, 0, 0, "print all results as JSON, with clip rates and errors per layer"},
      {0, "needs", NULL, CLI_FLAG, &o.needs, 0, 0, "print the bits and photons needed for 1 % and 10 % loss"},
      {0},
  };
  const cli_help help = {"sweep", "SPEC [-o RESULTS.sqlite] [--workers N] [--csv | --json | --needs]",
                         "Perplexity and errors of a model over many settings of a core (docs/sweeps.md).\n"
                         "The same command goes on where a killed one stopped. Under `mpirun -n N` rank 0 keeps\n"
                         "the results and the others measure.",
                         table};
  if (!cli_parse(&help, argc, argv, spec, 1, &code)) return code;
  if (!spec[0]) return cli_usage("sweep: name a file that describes the sweep, such as tests/data/small.sweep");
  if (o.csv + o.json + o.needs > 1) return cli_usage("sweep: --csv, --json and --needs exclude each other");
  o.spec = spec[0];
  usual_output(o.spec, usual, sizeof usual);
  if (!o.output) o.output = usual;
  const int is_mpi = sweep_is_mpi();
  if (!is_mpi) return lead(&o, 0);
  if ((code = sweep_mpi_start(&rank))) return code;
  if (rank) return sweep_mpi_follow(o.spec);
  code = lead(&o, 1);
  sweep_mpi_end();
  return code;
}
