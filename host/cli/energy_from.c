/* energy_from.c: `photolane energy --from RESULT`: the counters of a real run in place of the formulas' counts, both
 * side by side (host/energy/measured.h). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/energy.h"
#include "device/backend.h"
#include "energy/core_link.h"
#include "energy/measured.h"

enum { COLUMNS = 10 };

typedef struct {
  pl_nn_job_log log; /* entry: owned, no hash table */
  char model[PL_CFG_NAME], core[128], kind[32], uri[64];
  double channels, photons_per_mac, tokens;
} recorded;

static const char *text_of(const cJSON *object, const char *name) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
  return text ? text : "";
}

static double number_of(const cJSON *object, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static int product_of(const cJSON *item) {
  const char *name = cJSON_GetStringValue(item);
  for (int p = 0; name && p < PL_NN_PRODUCTS; p++)
    if (!strcmp(name, pl_nn_product_names[p])) return p;
  return -1;
}

static pl_status read_row(const char *path, int index, const cJSON *row, pl_nn_job_entry *e, pl_error *err) {
  double v[COLUMNS];
  const int product = product_of(cJSON_GetArrayItem(row, 0));
  int ok = cJSON_IsArray(row) && cJSON_GetArraySize(row) == COLUMNS && product >= 0;
  for (int i = 1; i < COLUMNS && ok; i++) {
    const cJSON *item = cJSON_GetArrayItem(row, i);
    v[i] = cJSON_IsNumber(item) ? item->valuedouble : -1;
    ok = v[i] >= (i <= 4) && v[i] <= (i <= 3 ? 16777216 : 9007199254740992.0) && v[i] == floor(v[i]);
  }
  if (!ok)
    return pl_fail(err, PL_E_INPUT, "%s: entry %d of data.jobs is damaged: it must be a product and nine counts", path,
                   index + 1);
  *e = (pl_nn_job_entry){(pl_nn_product)product, (int)v[1],      (int)v[2],      (int)v[3],      (uint64_t)v[4],
                         (uint64_t)v[5],         (uint64_t)v[6], (uint64_t)v[7], (uint64_t)v[8], (uint64_t)v[9]};
  return PL_OK;
}

/* Photons are not counted by the device: the core's description says how many it spends on a product. */
static double photons_of(const char *core) {
  pl_physics physics;
  pl_error err;
  return *core && !pl_core_physics(core, &physics, &err) ? pl_core_photons_per_mac(&physics) : 0;
}

static void read_origin(cJSON *result, recorded *r) {
  const cJSON *data = cli_result_data(result), *image = cJSON_GetObjectItemCaseSensitive(result, "image");
  const cJSON *device = cJSON_GetObjectItemCaseSensitive(result, "device"), *file;
  snprintf(r->core, sizeof r->core, "%s", text_of(data, "core"));
  snprintf(r->kind, sizeof r->kind, "%s", text_of(device, "kind"));
  snprintf(r->uri, sizeof r->uri, "%s", text_of(device, "uri"));
  r->channels = number_of(image, "channels");
  snprintf(r->model, sizeof r->model, "a run");
  cJSON_ArrayForEach(file,
                     cJSON_GetObjectItemCaseSensitive(result, "files")) if (!strcmp(text_of(file, "role"), "model")) {
    pl_config_name(text_of(file, "path"), r->model, sizeof r->model - 8);
    strcat(r->model, " (run)");
  }
  r->photons_per_mac = photons_of(r->core);
}

static pl_status read_jobs(const char *path, cJSON *result, recorded *r, pl_error *err) {
  const cJSON *jobs = cJSON_GetObjectItemCaseSensitive(cli_result_data(result), "jobs"), *row;
  const int count = cJSON_IsArray(jobs) ? cJSON_GetArraySize(jobs) : 0;
  if (!count)
    return pl_fail(err, PL_E_INPUT,
                   "%s has no data.jobs: make it anew with `photolane run` or `perplexity`, --json and a device", path);
  if (!(r->log.entry = calloc((size_t)count, sizeof *r->log.entry)))
    return pl_fail(err, PL_E_MEMORY, "out of memory for %d entries", count);
  cJSON_ArrayForEach(row, jobs) {
    const pl_status status = read_row(path, r->log.count, row, &r->log.entry[r->log.count], err);
    if (status) return status;
    r->log.count++;
  }
  return PL_OK;
}

/* ---- Output ---- */

static double ratio(double measured, double formula) { return formula > 0 ? measured / formula : NAN; }

static void print_counts(const recorded *r, const pl_measured_row *row, int rows) {
  printf("counted by %s, core %s (%s, %g channels a read)\n\n%-8s %8s %10s %12s %12s %7s %12s %12s %7s\n", r->uri,
         r->core, r->kind, r->channels, "product", "jobs", "MACs", "DAC formula", "measured", "ratio", "ADC formula",
         "measured", "ratio");
  for (int i = 0; i < rows; i++) {
    const pl_measured_row *p = &row[i];
    printf("%-8s %8.0f %10.4g", p->product, p->jobs, p->macs);
    if (p->skipped) puts("   left to digital units by this architecture");
    else
      printf(" %12.0f %12.0f %7.4g %12.0f %12.0f %7.4g\n", p->dac_formula, p->dac_measured,
             ratio(p->dac_measured, p->dac_formula), p->adc_formula, p->adc_measured,
             ratio(p->adc_measured, p->adc_formula));
  }
  putchar('\n');
}

/* Why counts differ, as far as it can be told from them. */
static void explain(const energy_job *j, const recorded *r, const pl_measured_row *row, int rows) {
  double dac[2] = {0}, adc[2] = {0};
  for (int i = 0; i < rows; i++)
    if (!row[i].skipped) {
      dac[0] += row[i].dac_formula, dac[1] += row[i].dac_measured;
      adc[0] += row[i].adc_formula, adc[1] += row[i].adc_measured;
    }
  if (dac[0] == dac[1] && adc[0] == adc[1]) puts("* measured and formula counts agree in every product");
  if (adc[0] != adc[1])
    printf("* ADC conversions differ by %.4g: the emulated core sums %g channels a read, which is not how %s reads\n",
           ratio(adc[1], adc[0]), r->channels, j->arch.head.name);
  if (dac[1] < dac[0])
    printf("* fewer DAC conversions (%.4g): the device keeps what is encoded; %s encodes it for every block or job\n",
           ratio(dac[1], dac[0]), j->arch.head.name);
  if (dac[1] > dac[0])
    printf(
        "* more DAC conversions (%.4g): the device works in tiles and encodes an operand again for each, or %s shares "
        "conversions\n",
        ratio(dac[1], dac[0]), j->arch.head.name);
  if (r->photons_per_mac > 0)
    printf("* photons: %.4g per MAC and pass, by the core's description\n", r->photons_per_mac);
}

static cJSON *counts_json(const pl_measured_row *row, int rows) {
  cJSON *list = cJSON_CreateArray();
  for (int i = 0; i < rows; i++) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "product", row[i].product);
    cJSON_AddNumberToObject(item, "jobs", row[i].jobs);
    cJSON_AddNumberToObject(item, "macs", row[i].macs);
    cJSON_AddBoolToObject(item, "skipped", row[i].skipped);
    cJSON_AddNumberToObject(item, "dac_formula", row[i].dac_formula);
    cJSON_AddNumberToObject(item, "dac_measured", row[i].dac_measured);
    cJSON_AddNumberToObject(item, "adc_formula", row[i].adc_formula);
    cJSON_AddNumberToObject(item, "adc_measured", row[i].adc_measured);
    cJSON_AddItemToArray(list, item);
  }
  return list;
}

static int report(energy_job *j, const recorded *r, pl_workload w[2]) {
  pl_cost cost[2];
  pl_measured_row row[PL_NN_PRODUCTS];
  const int rows = pl_measured_compare(&j->arch, &r->log, row);
  for (int measured = 0; measured < 2; measured++) {
    snprintf(w[measured].shape, sizeof w[measured].shape, "%s", r->model);
    pl_cost_run(&j->arch, &w[measured], &cost[measured]);
  }
  int code = CLI_OK;
  if (j->json) {
    cJSON *json = energy_json(&j->arch, &w[1], &cost[1]);
    cJSON_AddNumberToObject(json, "formula_energy_mj", pl_cost_pj(&cost[0]) * 1e-9);
    cJSON_AddStringToObject(json, "core", r->core);
    cJSON_AddItemToObject(json, "counts", counts_json(row, rows));
    code = cli_print_json(json);
    cJSON_Delete(json);
  } else if (j->csv) {
    puts("product,jobs,macs,dac_formula,dac_measured,adc_formula,adc_measured");
    for (int i = 0; i < rows; i++)
      printf("%s,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f\n", row[i].product, row[i].jobs, row[i].macs, row[i].dac_formula,
             row[i].dac_measured, row[i].adc_formula, row[i].adc_measured);
  } else {
    print_counts(r, row, rows);
    energy_table(&j->arch, &w[1], &cost[1], &cost[0]);
    explain(j, r, row, rows);
  }
  if (!code && j->plot_path) code = energy_plot_cost(j->plot_path, &j->arch, &w[1], &cost[1]);
  return code;
}

int energy_from(energy_job *j) {
  pl_error err;
  recorded r = {0};
  pl_workload w[2] = {{.count = 0}, {.count = 0}};
  if (j->arch.head.kind == PL_ARCH_SYSTOLIC || j->arch.head.kind == PL_ARCH_DIGITAL)
    return cli_usage("energy: %s has no converters: --from has nothing to put in place of its formulas",
                     j->arch.head.name);
  cJSON *result = cli_result_read(j->from_path, &err);
  if (!result) return cli_fail(&err);
  read_origin(result, &r);
  pl_status status = read_jobs(j->from_path, result, &r, &err);
  for (int measured = 0; measured < 2 && !status; measured++)
    status = pl_measured_workload(&r.log, r.photons_per_mac, measured, &w[measured], &err);
  const int code = status ? cli_fail(&err) : report(j, &r, w);
  for (int measured = 0; measured < 2; measured++) pl_workload_free(&w[measured]);
  pl_nn_job_log_free(&r.log);
  cJSON_Delete(result);
  return code;
}
