/* cmd_bench.c: `photolane bench`: how fast a device is, and how near its cycle count comes to the ideal.
 *
 * A device behind a link is timed by the clock of its port, simulated time for `sim:`, with B on the device already if
 * it fits; what bounds it is shown as a roofline.
 *
 * The golden model is timed with B encoded before, as a model's weights are, and once with B encoded anew in the job; beside
 * it OpenBLAS multiplies floats of the same shape on as many threads, job by job in turns, so that both see the same machine.
 *
 * --processes P starts P processes side by side, each with a device of its own, as a user with P cores would. They
 * work in rounds: all start one job together, the round lasts until the last is done, and its speed is the sum of the
 * work over that time. So the figure for two processes is not flattered by one that runs alone at the end.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "cli/cli.h"
#include "cli/random_job.h"
#include "cli/roofline.h"
#include "cli/sgemm.h"
#include "model/model.h"

enum { PROCESSES_MAX = 64, REPEATS_MAX = 10000, BENCH_SEED = 1 };

typedef struct {
  const char *uri;
  pl_core core;
  int m, n, k, repeats, processes;
  int sgemm_threads; /* 0: no comparison with sgemm */
} bench_plan;

/* What the parent asks of a worker, a byte each. */
enum { ASK_JOB = 'j', ASK_FRESH_JOB = 'f', ASK_SGEMM = 's' };

/* What a worker sends to the parent: once when it is ready, then once for every round. */
typedef struct {
  pl_status status;
  char text[sizeof((pl_error *)0)->text];
  pl_counters counters; /* of this job */
  uint32_t crc;         /* of its results */
  double sgemm_seconds; /* 0: there is none */
} report;

/* ---- A worker ---- */

static pl_status make_operands(const bench_plan *plan, pl_job *job, int8_t **block, int32_t **c, pl_error *err) {
  size_t a_size = (size_t)plan->m * (size_t)plan->k, b_size = (size_t)plan->n * (size_t)plan->k;
  *block = malloc(a_size + b_size);
  *c = malloc((size_t)plan->m * (size_t)plan->n * sizeof **c);
  if (!*block || !*c)
    return pl_fail(err, PL_E_MEMORY, "out of memory for a product of %d x %d x %d", plan->m, plan->n, plan->k);
  uint64_t rng = BENCH_SEED;
  for (size_t i = 0; i < a_size + b_size; i++) (*block)[i] = (int8_t)(random_next(&rng) >> 56);

  /* Codes of rms 74: a sum of n products is about 5460 * sqrt(n); six times that clips next to nothing. Their mean
   * magnitude is 64. */
  double channels = fmin(plan->core.image.reg[PL_REG_CHANNELS], plan->k);
  *job = (pl_job){.job = 1, .m = plan->m, .n = plan->n, .k = plan->k, .a = *block, .lda = plan->k, .b = *block + a_size,
                  .ldb = plan->k, .c = *c, .ldc = plan->n,
                  .range = pl_range_for(6 * 5460 * sqrt(channels), (int)plan->core.image.reg[PL_REG_ADC_BITS])};
  job->range.mean_light = (uint32_t)(channels * 64 * 64);
  return PL_OK;
}

static int write_all(int fd, const void *data, size_t size) {
  for (const char *p = data; size;) {
    ssize_t wrote = write(fd, p, size);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return -1;
    p += wrote, size -= (size_t)wrote;
  }
  return 0;
}

static int read_all(int fd, void *data, size_t size) {
  for (char *p = data; size;) {
    ssize_t got = read(fd, p, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return -1;
    p += got, size -= (size_t)got;
  }
  return 0;
}

/* Opens a device, runs one job to warm up, then what each byte from `go` asks for, until that closes. */
static void work(const bench_plan *plan, int go, int reports) {
  report r = {0};
  pl_error err = {0};
  pl_device *dev = NULL;
  pl_job job = {0};
  int8_t *block = NULL;
  int32_t *c = NULL;
  char byte = ASK_JOB;
  double job_seconds = 0;
  cli_sgemm *sgemm = plan->sgemm_threads ? cli_sgemm_new(plan->m, plan->n, plan->k, plan->sgemm_threads) : NULL;
  r.status = pl_open(plan->uri, &dev, &err);
  if (!r.status) r.status = pl_configure(dev, &plan->core.image, &err);
  if (!r.status) r.status = make_operands(plan, &job, &block, &c, &err);
  if (sgemm) cli_sgemm_for(sgemm, 0); /* warm */
  do {
    if (byte == ASK_SGEMM) {
      r.sgemm_seconds = sgemm ? cli_sgemm_for(sgemm, job_seconds) : 0;
    } else if (!r.status) {
      const double begin = cli_seconds();
      job.b_tag = plan->sgemm_threads && byte == ASK_JOB; /* arrays load B anew for every job here */
      pl_counters_reset(dev);
      r.status = pl_gemm(dev, &job, &err);
      job_seconds = cli_seconds() - begin;
      if (!r.status) r.status = pl_get_counters(dev, &r.counters, &err);
      if (!r.status)
        r.crc = (uint32_t)crc32_z(0, (const unsigned char *)c, (size_t)plan->m * (size_t)plan->n * sizeof *c);
    }
    if (r.status) memcpy(r.text, err.text, sizeof r.text);
    if (write_all(reports, &r, sizeof r)) break;
  } while (!r.status && !read_all(go, &byte, 1));
  cli_sgemm_free(sgemm);
  pl_close(dev);
  free(block);
  free(c);
}

/* ---- The parent ---- */

typedef struct {
  int count;
  pid_t pid[PROCESSES_MAX];
  int go[PROCESSES_MAX], reports[PROCESSES_MAX];
} workers;

static pl_status start_workers(const bench_plan *plan, workers *w, pl_error *err) {
  fflush(NULL);
  for (w->count = 0; w->count < plan->processes; w->count++) {
    int go[2], reports[2];
    if (pipe(go)) return pl_fail(err, PL_E_IO, "bench: cannot make a pipe: %s", strerror(errno));
    if (pipe(reports)) {
      close(go[0]), close(go[1]);
      return pl_fail(err, PL_E_IO, "bench: cannot make a pipe: %s", strerror(errno));
    }
    pid_t pid = fork();
    if (!pid) {
      for (int i = 0; i < w->count; i++) close(w->go[i]), close(w->reports[i]); /* or they never see their end */
      close(go[1]), close(reports[0]);
      work(plan, go[0], reports[1]);
      _exit(0);
    }
    close(go[0]), close(reports[1]);
    if (pid < 0) {
      close(go[1]), close(reports[0]);
      return pl_fail(err, PL_E_IO, "bench: cannot start a process: %s", strerror(errno));
    }
    w->pid[w->count] = pid, w->go[w->count] = go[1], w->reports[w->count] = reports[0];
  }
  return PL_OK;
}

static void stop_workers(workers *w) {
  for (int i = 0; i < w->count; i++) close(w->go[i]), close(w->reports[i]);
  for (int i = 0; i < w->count; i++) waitpid(w->pid[i], NULL, 0);
}

/* Waits for one report of each worker; `first` gets that of worker 0. All must have computed the same. */
static pl_status collect(const workers *w, report *first, pl_error *err) {
  report r;
  for (int i = 0; i < w->count; i++) {
    if (read_all(w->reports[i], &r, sizeof r)) return pl_fail(err, PL_E_IO, "bench: process %d ended early", i);
    if (r.status) return pl_fail(err, r.status, "%s", r.text);
    if (!i) *first = r;
    if (r.crc != first->crc)
      return pl_fail(err, PL_E_MISMATCH, "bench: processes 0 and %d computed different results", i);
  }
  return PL_OK;
}

typedef struct {
  double best, median; /* GMAC/s of all processes together */
  double fresh;        /* golden model: the best when B is encoded in every job; else 0 */
  double sgemm;        /* the best of OpenBLAS; 0: not measured */
  report job;          /* counters and results of one job of one process */
  pl_device *dev;      /* behind a link: the device, with *roof; else NULL */
  roofline roof;
} bench_figures;

static int compare_seconds(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Has all workers do one thing; *seconds until the last is done. */
static pl_status ask(const workers *w, char what, double *seconds, report *first, pl_error *err) {
  const double started = cli_seconds();
  for (int i = 0; i < w->count; i++)
    if (write_all(w->go[i], &what, 1)) return pl_fail(err, PL_E_IO, "bench: process %d ended early", i);
  pl_status status = collect(w, first, err);
  *seconds = cli_seconds() - started;
  return status;
}

static double smaller(double x, double y) { return !x || y < x ? y : x; }

static pl_status measure(const bench_plan *plan, bench_figures *figures, pl_error *err) {
  workers w;
  static double seconds[REPEATS_MAX];
  double fresh = 0, sgemm = 0, took;
  report other;
  cli_progress bar;
  void (*before)(int) = signal(SIGPIPE, SIG_IGN); /* a worker that was killed is an error, not our end */
  pl_status status = start_workers(plan, &w, err);
  if (!status) status = collect(&w, &figures->job, err); /* warm */
  cli_progress_start(&bar, "bench", (uint64_t)plan->repeats);
  for (int round = 0; round < plan->repeats && !status; round++) {
    status = ask(&w, ASK_JOB, &seconds[round], &figures->job, err);
    if (!status && plan->sgemm_threads) {
      if (!(status = ask(&w, ASK_FRESH_JOB, &took, &other, err))) fresh = smaller(fresh, took);
      if (!status && other.crc != figures->job.crc)
        status = pl_fail(err, PL_E_MISMATCH, "bench: B encoded before and B encoded anew gave different results");
      if (!status && !(status = ask(&w, ASK_SGEMM, &took, &other, err)) && other.sgemm_seconds)
        sgemm = smaller(sgemm, other.sgemm_seconds);
    }
    cli_progress_update(&bar, (uint64_t)round);
  }
  cli_progress_end(&bar);
  stop_workers(&w);
  signal(SIGPIPE, before);
  if (status) return status;

  qsort(seconds, (size_t)plan->repeats, sizeof *seconds, compare_seconds);
  double gmac = 1e-9 * plan->processes * (double)plan->m * plan->n * plan->k;
  figures->best = gmac / seconds[0];
  figures->median = gmac / seconds[plan->repeats / 2];
  figures->fresh = fresh ? gmac / fresh : 0;
  figures->sgemm = sgemm ? gmac / sgemm : 0;
  return PL_OK;
}

/* ---- Behind a link ---- */

/* One job, timed by the port. */
static pl_status time_job(pl_device *dev, const pl_job *job, roofline_job *figures, pl_counters *counters,
                          pl_error *err) {
  pl_link *link = pl_board_link(dev);
  const pl_link_traffic before = pl_link_traffic_of(link);
  const uint64_t begin = pl_link_now_us(link);
  pl_counters_reset(dev);
  pl_status status = pl_gemm(dev, job, err);
  if (!status) status = pl_get_counters(dev, counters, err);
  if (status) return status;
  const pl_link_traffic after = pl_link_traffic_of(link);
  *figures = (roofline_job){.macs = (double)counters->macs,
                            .bytes_out = (double)(after.stream.payload_sent - before.stream.payload_sent),
                            .bytes_in = (double)(after.stream.payload_taken - before.stream.payload_taken),
                            .cycles = (double)counters->cycles, .load_cycles = (double)counters->load_cycles,
                            .us = (double)(pl_link_now_us(link) - begin)};
  return PL_OK;
}

static pl_status measure_link(const bench_plan *plan, pl_device *dev, bench_figures *figures, pl_error *err) {
  pl_job job = {0};
  int8_t *block = NULL;
  int32_t *c = NULL;
  static double seconds[REPEATS_MAX];
  cli_progress bar;
  pl_status status = pl_configure(dev, &plan->core.image, err);
  if (!status) status = make_operands(plan, &job, &block, &c, err);
  job.b_tag = 1;
  if (!status) status = roofline_measure(pl_board_link(dev), &figures->roof.link, err);
  cli_progress_start(&bar, "bench", (uint64_t)plan->repeats + 1);
  for (int round = -1; round < plan->repeats && !status; round++) { /* the first one loads B */
    status = time_job(dev, &job, &figures->roof.job, &figures->job.counters, err);
    if (round >= 0) seconds[round] = 1e-6 * figures->roof.job.us;
    cli_progress_update(&bar, (uint64_t)(round + 2));
  }
  cli_progress_end(&bar);
  if (!status) {
    figures->job.crc = (uint32_t)crc32_z(0, (const unsigned char *)c, (size_t)plan->m * (size_t)plan->n * sizeof *c);
    roofline_compute(pl_link_info_of(pl_board_link(dev)), &figures->roof);
    qsort(seconds, (size_t)plan->repeats, sizeof *seconds, compare_seconds);
    figures->best = 1e-9 * figures->roof.job.macs / seconds[0];
    figures->median = 1e-9 * figures->roof.job.macs / seconds[plan->repeats / 2];
    figures->dev = dev;
  }
  free(block);
  free(c);
  return status;
}

/* ---- Output ---- */

/* The kind that has vectors of its own (host/model/vectors.h). */
static int coherent(const bench_plan *plan) { return plan->core.image.reg[PL_REG_KIND] == PL_KIND_COHERENT; }

static double ratio(const pl_counters *c) { return c->ideal_cycles ? (double)c->cycles / (double)c->ideal_cycles : 0; }

static int print_figures(int argc, char **argv, const bench_plan *plan, const bench_figures *figures) {
  pl_error err;
  pl_device *dev = figures->dev; /* or once more, for its identity */
  if (!dev && pl_open(plan->uri, &dev, &err)) return cli_fail(&err);
  if (!figures->dev && pl_configure(dev, &plan->core.image, &err)) return pl_close(dev), cli_fail(&err);
  cJSON *result = cli_result_new(argc, argv, dev, &plan->core.image, plan->core.image.reg[PL_REG_SEED]);
  if (!figures->dev) pl_close(dev);
  if (!result) return CLI_FAILED;

  const pl_counters *counters = &figures->job.counters;
  const struct {
    const char *name;
    double value;
  } counts[] = {
      {"m", plan->m}, {"n", plan->n}, {"k", plan->k},
      {"macs", (double)counters->macs},
      {"reads", (double)counters->reads},
      {"clipped", (double)counters->clipped},
      {"detected", (double)counters->detected},
      {"corrected", (double)counters->corrected},
      {"cycles", (double)counters->cycles},
      {"ideal_cycles", (double)counters->ideal_cycles},
      {"load_cycles", (double)counters->load_cycles},
      {"checked", (double)counters->checked},
  };
  cJSON *data = cli_result_data(result), *timing = cli_result_timing(result);
  char hex[16];
  snprintf(hex, sizeof hex, "%08" PRIx32, figures->job.crc);
  cJSON_AddItemToObject(data, "core", cli_json_bytes(plan->core.name));
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    cJSON_AddNumberToObject(data, counts[i].name, counts[i].value);
  cJSON_AddStringToObject(data, "results_crc32", hex);
  cJSON_AddNumberToObject(timing, "processes", plan->processes);
  cJSON_AddNumberToObject(timing, "repeats", plan->repeats);

  if (figures->dev) cJSON_AddItemToObject(timing, "roofline", roofline_json(&figures->roof));
  if (figures->fresh) {
    cJSON_AddStringToObject(timing, "isa", coherent(plan) ? pl_model_isa() : "plain C");
    cJSON_AddNumberToObject(timing, "threads", plan->sgemm_threads);
    cJSON_AddNumberToObject(timing, "gmac_per_s_b_encoded_anew", figures->fresh);
    if (figures->sgemm) cJSON_AddNumberToObject(timing, "sgemm_gmac_per_s", figures->sgemm);
  }

  /* The figures that people and scripts look for stand at the top level too. */
  cJSON_AddNumberToObject(result, "gmac_per_s", figures->best);
  cJSON_AddNumberToObject(result, "gmac_per_s_median", figures->median);
  if (figures->sgemm) cJSON_AddNumberToObject(result, "sgemm_ratio", figures->best / figures->sgemm);
  cJSON_AddNumberToObject(result, "cycles", (double)counters->cycles);
  cJSON_AddNumberToObject(result, "ideal_cycles", (double)counters->ideal_cycles);
  cJSON_AddNumberToObject(result, "load_cycles", (double)counters->load_cycles);
  cJSON_AddNumberToObject(result, "cycles_per_ideal", ratio(counters));
  int code = cli_print_json(result);
  cJSON_Delete(result);
  return code;
}

static void print_table(const bench_plan *plan, const bench_figures *figures) {
  const pl_counters *c = &figures->job.counters;
  printf("bench: %s, core %s, %d x %d x %d, %u channels, %d process%s, %d repeats\n", plan->uri, plan->core.name,
         plan->m, plan->n, plan->k, plan->core.image.reg[PL_REG_CHANNELS], plan->processes,
         plan->processes == 1 ? "" : "es", plan->repeats);
  printf("  %.3f GMAC/s best, %.3f median%s\n", figures->best, figures->median,
         plan->processes > 1 ? " (all processes together)" : "");
  if (figures->fresh)
    printf("  %s, %d thread%s, B encoded before; %.3f GMAC/s if every job encodes B anew\n",
           coherent(plan) ? pl_model_isa() : "plain C", plan->sgemm_threads, plan->sgemm_threads == 1 ? "" : "s", figures->fresh);
  if (figures->sgemm)
    printf("  OpenBLAS sgemm, the same shape and threads, in turns: %.3f GMAC/s; ratio %.3f\n", figures->sgemm,
           figures->best / figures->sgemm);
  else if (figures->fresh)
    puts("  no ratio to sgemm: libopenblas.so.0 is not installed");
  printf("  %" PRIu64 " detector reads a job, %" PRIu64 " clipped", c->reads, c->clipped);
  if (plan->core.image.reg[PL_REG_KIND] == PL_KIND_RNS)
    printf(", %" PRIu64 " found wrong, %" PRIu64 " corrected", c->detected, c->corrected);
  putchar('\n');
  if (c->ideal_cycles)
    printf("  %" PRIu64 " cycles a job, ideal %" PRIu64 ": %.3f x; %" PRIu64 " more to fill the buffers\n", c->cycles,
           c->ideal_cycles, ratio(c), c->load_cycles);
  if (!figures->dev) return;
  printf("  times are of the port%s; B %s\n", strncmp(plan->uri, "sim:", 4) ? "" : ", which are simulated",
         c->encodings_b ? "does not fit the device and is loaded anew" : "is on the device already");
  roofline_print(pl_board_link(figures->dev), &figures->roof);
}

/* The default product. An array of thousands of multipliers is through with 256 x 256 in a few milliseconds, a good
 * part of which goes into filling its buffers; 512 is what they hold and a usual batch. Simulated boards are slow. */
static void default_job(pl_device *dev, int64_t *m, int64_t *n, int64_t *k) {
  enum { WIDE = 2048 };
  pl_identity id = {0};
  pl_identify(dev, &id, NULL);
  const int link = pl_board_link(dev) != NULL, side = link ? 64 : id.rows * id.columns * id.width >= WIDE ? 512 : 256;
  if (!*m) *m = side;
  if (!*n) *n = side;
  if (!*k) *k = link ? 256 : 1024;
}

/* Of a URI of the golden model, which has been opened. */
static int threads_of(const char *uri) {
  const char *at = strstr(uri, "threads=");
  return at ? atoi(at + 8) : 1;
}

int cmd_bench(int argc, char **argv) {
  const char *uri = "model:", *core = NULL;
  int64_t m = 0, n = 0, k = 0, channels = 0, repeats = 0, processes = 1;
  int json = 0, code;
  const cli_option options[] = {
      {'d', "device", "URI", CLI_TEXT, &uri, 0, 0, "the device (default model:)"},
      {'m', "rows", "M", CLI_INT, &m, 1, 65536, "rows of A (default 256, for wide arrays 512, behind a link 64)"},
      {'n', "columns", "N", CLI_INT, &n, 1, 65536, "rows of B (the same)"},
      {'k', "depth", "K", CLI_INT, &k, 1, 65536, "length of the sums (default 1024, behind a link 256)"},
      {'c', "core", "CORE", CLI_TEXT, &core, 0, 0, "core (default lightening with 64 channels: all noise on)"},
      {0, "channels", "N", CLI_INT, &channels, 1, 4096, "another number of channels than the core's"},
      {0, "repeat", "R", CLI_INT, &repeats, 1, REPEATS_MAX, "jobs to time (default 7, behind a link 3)"},
      {0, "processes", "P", CLI_INT, &processes, 1, PROCESSES_MAX, "processes side by side (default 1)"},
      {0, "json", NULL, CLI_FLAG, &json, 0, 0, "print a result file: gmac_per_s, cycles, ideal_cycles, ..."},
      {0},
  };
  const cli_help help = {
      "bench", "[-d URI] [-m M -n N -k K] [-c CORE] [--processes P] [--json]",
      "Times a matrix product of random codes: multiply-accumulates per second, and clock cycles\n"
      "against the ideal count. For a device behind a link also what bounds it: link, memory, array;\n"
      "for the golden model also OpenBLAS's float product of the same shape.",
      options};
  if (!cli_parse(&help, argc, argv, NULL, 0, &code)) return code;

  bench_plan plan = {.uri = uri, .processes = (int)processes};
  if ((code = cli_load_core(core ? core : "lightening", &plan.core))) return code;
  if (!core && !channels) channels = 64;
  if (channels) plan.core.image.reg[PL_REG_CHANNELS] = (uint32_t)channels;

  pl_error err;
  pl_device *dev;
  if (pl_open(uri, &dev, &err)) return cli_fail(&err);
  default_job(dev, &m, &n, &k);
  const int link = pl_board_link(dev) != NULL;
  if (link && processes > 1)
    return pl_close(dev), cli_usage("bench: a device behind a link belongs to one process: leave out --processes");
  plan.m = (int)m, plan.n = (int)n, plan.k = (int)k;
  if (!strncmp(uri, "model:", 6) && processes == 1) plan.sgemm_threads = threads_of(uri);
  plan.repeats = repeats ? (int)repeats : link ? 3 : 7;
  bench_figures figures = {0};
  pl_status status;
  if (link) {
    status = measure_link(&plan, dev, &figures, &err);
  } else {
    pl_close(dev); /* the workers have their own */
    dev = NULL;
    status = measure(&plan, &figures, &err);
  }
  if (status)
    code = cli_fail(&err);
  else if (json)
    code = print_figures(argc, argv, &plan, &figures);
  else
    print_table(&plan, &figures);
  pl_close(dev);
  return code;
}
