/* calibrate_device.c: `photolane calibrate -d URI`: probes a device, fits its parameters, prints them with their
 * intervals and writes them as a core description. The work is done in host/study; docs/calibration.md has the
 * method.
 *
 * The device is an emulated one: -c says what it really is. The probes get no more of that than its data sheet. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/calibrate.h"
#include "study/fit.h"

enum { ROWS_SHOWN = 32, SUSPICIOUS = 5 };

static const char *const state_names[] = {"on", "off", "unresolved", "convention"};

static void show_progress(void *self, uint64_t reads) { cli_progress_update(self, reads); }

/* ---- For people ---- */

static void print_row(const char *name, const pl_fit_parameter *p) {
  char interval[64];
  snprintf(interval, sizeof interval, "%.6g .. %.6g", p->low, p->high);
  printf("%-36s %13.6g  %-28s %-8s %s\n", name, p->value, interval, p->unit, state_names[p->state]);
}

/* A table that shows no effect: how far it may be from that at most. */
static void print_flat(const pl_fit_parameter *p, int count) {
  double farthest = 0;
  char name[64], text[64];
  for (int i = 0; i < count; i++) farthest = fmax(farthest, fmax(p[i].high - p[i].none, p[i].none - p[i].low));
  snprintf(name, sizeof name, "%s[0..%d]", p->name, count - 1);
  snprintf(text, sizeof text, "within %.3g of no effect", farthest);
  printf("%-36s %13s  %-28s %-8s %s\n", name, "", text, p->unit, state_names[p->state]);
}

static void print_table(const pl_fit *fit) {
  printf("%-36s %13s  %-28s %-8s %s\n", "parameter", "value", "interval (99.9 %)", "unit", "state");
  for (int i = 0, count, seen; i < fit->count; i += count) {
    const pl_fit_parameter *p = &fit->list[i];
    count = pl_fit_entries(fit, i, &seen);
    const int every = (count + ROWS_SHOWN - 1) / ROWS_SHOWN;
    if (p->index >= 0 && !seen) print_flat(p, count);
    for (int j = 0; j < count && (p->index < 0 || seen); j += every) {
      char name[64];
      snprintf(name, sizeof name, p->index >= 0 ? "%s[%d]" : "%s", p->name, p[j].index);
      print_row(name, &p[j]);
    }
  }
  for (int i = 0; i < fit->checks; i++) {
    const pl_fit_check *c = &fit->check[i];
    printf("random codes: %-22s %13.6g  predicted %-18.6g %+.2f errors\n", c->name, c->measured, c->predicted,
           pl_fit_deviation(c));
  }
}

/* ---- For programs ---- */

static void add_number(cJSON *object, const char *name, double value) {
  if (isfinite(value)) cJSON_AddNumberToObject(object, name, value);
  else cJSON_AddNullToObject(object, name); /* an open interval */
}

static void fill_data(cJSON *data, const pl_core *core, const pl_fit *fit) {
  cJSON_AddItemToObject(data, "core", cli_json_bytes(core->name));
  cJSON_AddNumberToObject(data, "reads", (double)fit->reads);
  cJSON_AddNumberToObject(data, "effects", fit->effects);
  cJSON *list = cJSON_AddArrayToObject(data, "parameters");
  for (int i = 0; i < fit->count; i++) {
    const pl_fit_parameter *p = &fit->list[i];
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "name", p->name);
    if (p->index >= 0) cJSON_AddNumberToObject(item, "index", p->index);
    add_number(item, "value", p->value);
    add_number(item, "low", p->low);
    add_number(item, "high", p->high);
    cJSON_AddStringToObject(item, "unit", p->unit);
    cJSON_AddStringToObject(item, "state", state_names[p->state]);
    cJSON_AddItemToArray(list, item);
  }
  list = cJSON_AddArrayToObject(data, "checks");
  for (int i = 0; i < fit->checks; i++) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "name", fit->check[i].name);
    add_number(item, "measured", fit->check[i].measured);
    add_number(item, "predicted", fit->check[i].predicted);
    add_number(item, "error", fit->check[i].error);
    cJSON_AddItemToArray(list, item);
  }
}

static int print_result(int argc, char **argv, pl_device *dev, const pl_core *core, const pl_fit *fit, uint64_t seed,
                        double seconds) {
  cJSON *result = cli_result_new(argc, argv, dev, &core->image, seed);
  if (!result) {
    cli_note("out of memory for the result");
    return CLI_FAILED;
  }
  fill_data(cli_result_data(result), core, fit);
  cJSON_AddNumberToObject(cli_result_timing(result), "seconds", seconds);
  const int code = cli_print_json(result);
  cJSON_Delete(result);
  return code;
}

/* ---- The verb ---- */

/* A fit that does not predict what it has not seen is not to be trusted. */
static int judge(const pl_fit *fit) {
  for (int i = 0; i < fit->checks; i++) {
    const double deviation = pl_fit_deviation(&fit->check[i]);
    if (fabs(deviation) <= SUSPICIOUS) continue;
    cli_note("the %s of random codes is %.1f errors from what was fitted: this device is no core of its kind",
             fit->check[i].name, deviation);
    return CLI_FAILED;
  }
  return CLI_OK;
}

static pl_status open_device(const calibrate_options *o, pl_core *core, pl_device **dev, pl_error *err) {
  pl_status status = pl_core_load(o->core ? o->core : "lightening", core, err);
  if (!status) status = pl_open(o->uri, dev, err);
  if (!status) status = pl_configure(*dev, &core->image, err);
  return status;
}

int calibrate_device(const calibrate_options *o, int argc, char **argv) {
  const size_t length = o->output ? strlen(o->output) : 0;
  if (o->output && (length < 5 || strcmp(o->output + length - 4, ".cfg")))
    return cli_usage("calibrate: a core description's name ends in .cfg, '%s' does not", o->output);
  const uint32_t seed = o->seed < 0 ? 1 : (uint32_t)o->seed;
  const int64_t reads = o->reads ? o->reads : 1 << 20;
  pl_core core;
  pl_device *dev = NULL;
  pl_error err;
  pl_fit *fit = NULL;
  pl_prober prober;
  cli_progress bar;
  if (open_device(o, &core, &dev, &err)) {
    pl_close(dev);
    return cli_fail(&err);
  }
  pl_prober_init(&prober, dev, pl_sheet_of(&core.image), reads, seed);
  const double started = cli_seconds();
  cli_progress_start(&bar, "calibrate", (uint64_t)pl_fit_reads(&prober));
  prober.progress = show_progress;
  prober.self = &bar;
  pl_status status = pl_fit_device(&prober, &fit, &err);
  cli_progress_end(&bar);
  const double seconds = cli_seconds() - started;
  if (!status && o->output) status = pl_fit_write(fit, o->output, &err);
  int code = status ? cli_fail(&err) : CLI_OK;
  if (!status && o->json) code = print_result(argc, argv, dev, &core, fit, seed, seconds);
  if (!status && !o->json) print_table(fit);
  if (!code) code = judge(fit);
  pl_fit_free(fit);
  pl_close(dev);
  return code;
}
