/* cmd_verify.c: `photolane verify`: random jobs on a device against the golden model, called directly.
 *
 * Everything must agree: every result, the memory around the results, and the counts of reads and of clipped, detected
 * and corrected ones. The first difference ends the run with exit code 1: where it is, every detector read of that output
 * as the golden model has it, and the command that makes just this case again. Level L0 also compares with plain integer
 * sums.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cli/cli.h"
#include "cli/random_job.h"
#include "device/backend.h"
#include "model/model.h"

enum { READS_SHOWN = 64 };
static const char *const level_names[] = {"L0", "L1", "L2"};

typedef struct {
  const char *uri;
  int64_t seed, number;
  uint32_t kind;
  verify_level level;
  uint64_t jobs, outputs, reads, clipped, detected, corrected, macs; /* so far */
  uint64_t refused; /* jobs whose sums are wider than the buffers of the device */
  int broken; /* the device failed to do a job */
  uLong crc;                                                        /* of all results */
} verify_run;

/* ---- What is expected ---- */

static void whole_job_regs(const random_job *r, pl_model_regs *regs) {
  pl_image words;
  pl_job_words(&r->image, &r->job, &words);
  pl_model_unpack(&words, regs);
}

static int32_t integer_product(const pl_job *job, int i, int j) {
  uint32_t sum = 0;
  for (int k = 0; k < job->k; k++) sum += (uint32_t)(job->a[i * job->lda + k] * job->b[j * job->ldb + k]);
  return (int32_t)sum;
}

/* ---- Reports ---- */

static void print_replay(const verify_run *run) {
  fprintf(stderr, "  again: photolane verify -d '%s'%s%s --level %s --seed %" PRId64 " --case %" PRId64 "\n", run->uri,
          run->kind ? " --kind " : "", run->kind ? pl_kind_name(run->kind) : "", level_names[run->level], run->seed,
          run->number);
}

static void print_job(FILE *out, const verify_run *run, const random_job *r) {
  const pl_job *job = &r->job;
  fprintf(out, "case %" PRId64 ": %d x %d x %d, %u channels, effects 0x%05x, job %u, rows from %u, columns from %u%s\n",
          run->number, job->m, job->n, job->k, r->image.reg[PL_REG_CHANNELS], r->image.reg[PL_REG_EFFECTS], job->job,
          job->row0, job->col0, r->split ? ", in two pieces" : "");
}

/* The residues of a read: as sent, and > as received where that is another. */
static void print_residues(const pl_rns_values *v) {
  for (int i = 0; i < v->moduli; i++)
    if (v->received[i] == v->sent[i])
      fprintf(stderr, " %d", v->sent[i]);
    else
      fprintf(stderr, " %d>%d", v->sent[i], v->received[i]);
}

static void print_rns_reads(const random_job *r, const pl_model_regs *regs, int i, int j, int reads) {
  fprintf(stderr, "  golden model, read by read:\n  %8s %10s %9s %10s %10s  %s\n", "sum", "mantissas", "shift", "X",
          "result", "residues");
  for (int s = 0; s < reads && s < READS_SHOWN; s++) {
    pl_read read = pl_model_read(regs, r->a + i * r->job.lda, r->b + j * r->job.ldb, i, j, s);
    fprintf(stderr, "  %8d %10d %5d + %d %10d %10d ", s, read.rns.sum, read.shift_a, read.shift_b, read.rns.reversed,
            read.code);
    print_residues(&read.rns);
    fprintf(stderr, "%s%s%s\n", read.clipped ? " clipped" : "", read.rns.detected ? " detected" : "",
            read.rns.corrected ? " corrected" : "");
  }
}

/* All reads of output (i, j), from operand codes to ADC code, as the golden model has them. */
static void print_light_reads(const random_job *r, const pl_model_regs *regs, int i, int j, int reads) {
  const int rails = regs->kind == PL_KIND_INTENSITY;
  fprintf(stderr, "  golden model, read by read:\n  %8s %14s ", "sum", "product Q8");
  if (rails)
    fprintf(stderr, "%14s", "rails Q8");
  else
    fprintf(stderr, "%11s %11s %14s", "light", "power", "dispersion");
  fprintf(stderr, " %12s %7s\n", "detector Q2", "code");
  for (int s = 0; s < reads && s < READS_SHOWN; s++) {
    pl_read read = pl_model_read(regs, r->a + i * r->job.lda, r->b + j * r->job.ldb, i, j, s);
    fprintf(stderr, "  %8d %14" PRId64 " ", s, read.sums.product);
    if (rails)
      fprintf(stderr, "%14" PRIu64, read.sums.rails);
    else
      fprintf(stderr, "%11u %11u %14" PRId64, read.sums.light, read.sums.power, read.sums.dispersion);
    fprintf(stderr, " %12d %7d%s\n", read.detector, read.code, read.clipped ? " clipped" : "");
  }
}

static void print_reads(const random_job *r, const pl_model_regs *regs, int i, int j) {
  int reads = (r->job.k + regs->channels - 1) / regs->channels;
  (regs->kind == PL_KIND_RNS ? print_rns_reads : print_light_reads)(r, regs, i, j, reads);
  if (reads > READS_SHOWN) fprintf(stderr, "  ... and %d more\n", reads - READS_SHOWN);
}

/* ---- One case ---- */

static pl_status run_on_device(pl_device *dev, const random_job *r, pl_error *err) {
  pl_status status = pl_configure(dev, &r->image, err);
  if (status || !r->split) return status ? status : pl_gemm(dev, &r->job, err);
  pl_job first = r->job, second = r->job;
  first.m = r->split;
  second.m -= r->split;
  second.row0 += (uint32_t)r->split;
  second.a += r->split * r->job.lda;
  second.c += r->split * r->job.ldc;
  status = pl_gemm(dev, &first, err);
  return status ? status : pl_gemm(dev, &second, err);
}

/* Compares r->c with `golden` (m x n, dense). Returns 1 after a report if they differ. */
static int compare_results(const verify_run *run, const random_job *r, const pl_model_regs *regs,
                           const int32_t *golden) {
  const pl_job *job = &r->job;
  for (int i = 0; i < job->m; i++)
    for (int j = 0; j < job->ldc; j++) {
      int32_t got = r->c[i * job->ldc + j], expected = j < job->n ? golden[i * job->n + j] : RANDOM_JOB_GUARD;
      if (got == expected) continue;
      cli_note("verify: the device and the golden model differ");
      fputs("  ", stderr);
      print_job(stderr, run, r);
      if (j >= job->n) {
        fprintf(stderr, "  the device wrote behind the end of row %d of the results\n", i);
      } else {
        fprintf(stderr, "  row %u (%d of the job), column %u (%d): expected %d, got %d\n", job->row0 + (uint32_t)i, i,
                job->col0 + (uint32_t)j, j, expected, got);
        print_reads(r, regs, i, j);
      }
      return 1;
    }
  return 0;
}

static int compare_integers(const verify_run *run, const random_job *r, const int32_t *golden) {
  for (int i = 0; i < r->job.m; i++)
    for (int j = 0; j < r->job.n; j++) {
      int32_t exact = integer_product(&r->job, i, j);
      if (golden[i * r->job.n + j] == exact) continue;
      cli_note("verify: the golden model with all effects off is not the integer product");
      fputs("  ", stderr);
      print_job(stderr, run, r);
      fprintf(stderr, "  row %d, column %d of the job: expected %d, got %d\n", i, j, exact, golden[i * r->job.n + j]);
      return 1;
    }
  return 0;
}

static int compare_count(const verify_run *run, const random_job *r, const char *what, uint64_t expected,
                         uint64_t got) {
  if (expected == got) return 0;
  cli_note("verify: the device and the golden model differ");
  fputs("  ", stderr);
  print_job(stderr, run, r);
  fprintf(stderr, "  %s: expected %" PRIu64 ", got %" PRIu64 "\n", what, expected, got);
  return 1;
}

/* Runs case run->number. Returns an exit code; reports what is wrong. */
static int verify_case(pl_device *dev, verify_run *run, int verbose) {
  random_job r;
  pl_error err;
  if (random_job_make((uint64_t)run->seed, (uint64_t)run->number, run->kind, run->level, &r, &err))
    return cli_fail(&err);
  const pl_job *job = &r.job;
  if (verbose) print_job(stdout, run, &r);

  pl_model_regs regs;
  whole_job_regs(&r, &regs);
  size_t outputs = (size_t)job->m * (size_t)job->n;
  int32_t *golden = malloc(outputs * sizeof *golden);
  pl_model_errors errors = {0};
  int64_t clipped = golden ? pl_model_gemm(&regs, job->a, job->lda, job->b, job->ldb, golden, job->n, &errors) : -1;
  int code = CLI_FAILED;
  pl_status status;
  pl_counters counters;
  pl_counters_reset(dev);
  if (clipped < 0) {
    pl_fail(&err, PL_E_MEMORY, "out of memory for a product of %d x %d x %d", job->m, job->n, job->k);
    cli_fail(&err);
  } else if ((status = run_on_device(dev, &r, &err)) == PL_E_INPUT && strstr(err.text, "do not fit the buffers")) {
    run->refused++; /* a small device says so, and that is all that it can do with this job */
    code = CLI_OK;
  } else if (status || pl_get_counters(dev, &counters, &err)) {
    code = cli_fail(&err);
    run->broken = err.status != PL_E_MISMATCH; /* a checked array found a difference, or the device did not do the job */
    fprintf(stderr, "  ");
    print_job(stderr, run, &r);
    print_replay(run);
  } else {
    uint64_t reads = outputs * (uint64_t)((job->k + regs.channels - 1) / regs.channels);
    int differs = compare_results(run, &r, &regs, golden) || compare_count(run, &r, "reads", reads, counters.reads) ||
                  compare_count(run, &r, "clipped reads", (uint64_t)clipped, counters.clipped) ||
                  compare_count(run, &r, "detected reads", (uint64_t)errors.detected, counters.detected) ||
                  compare_count(run, &r, "corrected reads", (uint64_t)errors.corrected, counters.corrected) ||
                  (run->level == LEVEL_L0 && compare_integers(run, &r, golden));
    if (differs) print_replay(run);
    code = differs ? CLI_FAILED : CLI_OK;
    run->jobs++;
    run->outputs += outputs;
    run->reads += reads;
    run->clipped += (uint64_t)clipped;
    run->detected += (uint64_t)errors.detected;
    run->corrected += (uint64_t)errors.corrected;
    run->macs += counters.macs;
    run->crc = crc32(run->crc, (const unsigned char *)golden, (uInt)(outputs * sizeof *golden));
  }
  free(golden);
  random_job_free(&r);
  return code;
}

/* ---- The verb ---- */

static cJSON *result_json(int argc, char **argv, pl_device *dev, const verify_run *run, int code, double seconds) {
  cJSON *result = cli_result_new(argc, argv, dev, NULL, (uint64_t)run->seed);
  if (!result) return NULL;
  cJSON *data = cli_result_data(result);
  char hex[16];
  snprintf(hex, sizeof hex, "%08lx", (unsigned long)run->crc);
  cJSON_AddStringToObject(data, "kind", pl_kind_name(run->kind));
  cJSON_AddStringToObject(data, "level", level_names[run->level]);
  cJSON_AddNumberToObject(data, "jobs", (double)run->jobs);
  cJSON_AddNumberToObject(data, "outputs", (double)run->outputs);
  cJSON_AddNumberToObject(data, "reads", (double)run->reads);
  cJSON_AddNumberToObject(data, "clipped", (double)run->clipped);
  cJSON_AddNumberToObject(data, "detected", (double)run->detected);
  cJSON_AddNumberToObject(data, "corrected", (double)run->corrected);
  cJSON_AddNumberToObject(data, "macs", (double)run->macs);
  if (run->refused) cJSON_AddNumberToObject(data, "refused", (double)run->refused);
  cJSON_AddNumberToObject(data, "differences", code != CLI_OK && !run->broken);
  cJSON_AddStringToObject(data, "results_crc32", hex);
  cJSON_AddNumberToObject(cli_result_timing(result), "seconds", seconds);
  return result;
}

static int parse_level(const char *text, verify_level *level) {
  for (int i = 0; i < 3; i++)
    if (!strcmp(text, level_names[i])) {
      *level = (verify_level)i;
      return 0;
    }
  return cli_usage("verify: --level is L0, L1 or L2, not '%s'", text);
}

static int parse_kind(const char *text, uint32_t *kind) {
  for (*kind = 0; *kind < PL_KINDS; ++*kind)
    if (!strcmp(text, pl_kind_name(*kind))) return 0;
  return cli_usage("verify: --kind is coherent, intensity or rns, not '%s'", text);
}

int cmd_verify(int argc, char **argv) {
  const char *uri = "model:", *kind = "coherent", *level = "L2", *trace = NULL;
  int64_t cases = 100, seed = 1, only = -1, trace_from = 0, trace_to = INT64_MAX;
  int verbose = 0, json = 0, code;
  const cli_option options[] = {
      {'d', "device", "URI", CLI_TEXT, &uri, 0, 0, "the device to verify (default model:)"},
      {0, "kind", "KIND", CLI_TEXT, &kind, 0, 0, "kind of core: coherent (default), intensity, rns"},
      {0, "cases", "N", CLI_INT, &cases, 1, 1000000000, "random jobs (default 100)"},
      {0, "seed", "S", CLI_INT, &seed, 0, INT64_MAX >> 11, "seed of the jobs (default 1)"},
      {0, "case", "N", CLI_INT, &only, 0, 1000000000, "only this one"},
      {0, "level", "LEVEL", CLI_TEXT, &level, 0, 0, "L0 effects off, L1 converters, L2 everything (default)"},
      {'v', "verbose", NULL, CLI_FLAG, &verbose, 0, 0, "a line for every job"},
      {0, "trace", "FILE", CLI_TEXT, &trace, 0, 0, "write a waveform of an rtl: device (FST; needs `make trace`)"},
      {0, "trace-from", "CYCLE", CLI_INT, &trace_from, 0, INT64_MAX, "first clock cycle in it (default 0)"},
      {0, "trace-to", "CYCLE", CLI_INT, &trace_to, 0, INT64_MAX, "end of the waveform (default: none)"},
      {0, "json", NULL, CLI_FLAG, &json, 0, 0, "print a result file, for `photolane replay`"},
      {0},
  };
  const cli_help help = {"verify", "[-d URI] [--kind KIND] [--level LEVEL] [--cases N] [--seed S]",
                         "Runs random jobs on a device and compares every bit with the golden model.\n"
                         "Stops at the first difference (exit code 1) and says how to repeat it.", options};
  if (!cli_parse(&help, argc, argv, NULL, 0, &code)) return code;
  verify_run run = {.uri = uri, .seed = seed, .crc = crc32(0, NULL, 0)};
  if (parse_level(level, &run.level)) return CLI_USAGE;
  if (parse_kind(kind, &run.kind)) return CLI_USAGE;

  pl_error err;
  pl_device *dev;
  char traced[1024];
  const char *opened = cli_trace_uri(uri, trace, trace_from, trace_to, traced, sizeof traced);
  if (pl_open(opened, &dev, &err)) return cli_fail(&err);
  if (!json) printf("verify: %s, kind %s, level %s, seed %" PRId64 "\n", uri, kind, level, seed);
  fflush(stdout);

  double started = cli_seconds();
  cli_progress bar;
  cli_progress_start(&bar, "verify", (uint64_t)cases);
  int64_t first = only >= 0 ? only : 0, end = only >= 0 ? only + 1 : cases;
  for (run.number = first; run.number < end && code == CLI_OK; run.number++) {
    code = verify_case(dev, &run, verbose && !json);
    cli_progress_update(&bar, (uint64_t)(run.number - first));
  }
  cli_progress_end(&bar);
  double seconds = cli_seconds() - started;

  if (json) {
    cJSON *result = result_json(argc, argv, dev, &run, code, seconds);
    int printed = result ? cli_print_json(result) : CLI_FAILED;
    if (!code) code = printed;
    cJSON_Delete(result);
  } else {
    printf("verify: %" PRIu64 " jobs, %" PRIu64 " outputs, %" PRIu64 " reads (%" PRIu64 " clipped", run.jobs, run.outputs,
           run.reads, run.clipped);
    if (run.kind == PL_KIND_RNS) printf(", %" PRIu64 " detected, %" PRIu64 " corrected", run.detected, run.corrected);
    if (run.refused) printf("; %" PRIu64 " jobs refused: their sums do not fit the buffers", run.refused);
    printf("), %s, %.1f s\n", code == CLI_FAILED && !run.broken ? "DIFFERENT" : code ? "not finished" : "0 differences", seconds);
  }
  pl_close(dev);
  return code;
}
