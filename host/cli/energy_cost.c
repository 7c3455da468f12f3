/* energy_cost.c: `photolane energy`: one workload on one architecture, as table, CSV or JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/energy.h"

cJSON *energy_number(double value) { return isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull(); }

/* The components that have a value, as an object. */
static cJSON *parts_json(const double *values, double factor) {
  cJSON *json = cJSON_CreateObject();
  for (int i = 0; i < PL_PARTS; i++)
    if (values[i] != 0) cJSON_AddNumberToObject(json, pl_part_name((pl_part)i), values[i] * factor);
  return json;
}

cJSON *energy_json(const pl_arch *arch, const pl_workload *w, const pl_cost *cost) {
  const double mj = pl_cost_pj(cost) * 1e-9, ms = cost->latency_s * 1e3;
  pl_design design;
  pl_notes notes;
  pl_design_of(arch, &design);
  pl_cost_notes(arch, w, cost, &notes);
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "format", "photolane-energy-1");
  cJSON_AddStringToObject(json, "build", pl_build_id());
  cJSON_AddItemToObject(json, "arch", cli_json_bytes(arch->head.name));
  cJSON_AddItemToObject(json, "model", cli_json_bytes(w->shape));
  cJSON_AddStringToObject(json, "phase", w->how.train ? "train" : w->how.phase == PL_PHASE_DECODE ? "decode" : "pass");
  if (w->tokens) cJSON_AddNumberToObject(json, "tokens", w->tokens);
  cJSON_AddNumberToObject(json, "batch", w->how.batch);
  if (arch->bits) cJSON_AddNumberToObject(json, "bits", arch->bits);
  cJSON_AddBoolToObject(json, "as_published", w->how.quirks);
  cJSON_AddNumberToObject(json, "energy_mj", mj);
  cJSON_AddNumberToObject(json, "latency_ms", ms);
  cJSON_AddNumberToObject(json, "edp_mj_ms", mj * ms);
  cJSON_AddItemToObject(json, "area_mm2", energy_number(design.total_area_mm2));
  /* Peak, as the sources have it; where they have none, the mean over the workload. */
  cJSON_AddNumberToObject(json, "power_w", isfinite(design.total_power_w) ? design.total_power_w : mj / ms);
  cJSON_AddStringToObject(json, "power_is", isfinite(design.total_power_w) ? "peak" : "average");
  cJSON_AddNumberToObject(json, "average_power_w", mj / ms);
  cJSON_AddNumberToObject(json, "macs", cost->macs);
  cJSON_AddNumberToObject(json, "skipped_macs", cost->skipped_macs);
  cJSON_AddNumberToObject(json, "fj_per_mac", pl_cost_pj(cost) * 1e3 / cost->macs);
  cJSON_AddNumberToObject(json, "dac_conversions", cost->dac_conversions);
  cJSON_AddNumberToObject(json, "adc_conversions", cost->adc_conversions);
  cJSON_AddItemToObject(json, "components", parts_json(cost->pj, 1e-9));
  cJSON_AddItemToObject(json, "area_components", parts_json(design.area_mm2, 1));
  cJSON_AddItemToObject(json, "power_components", parts_json(design.power_w, 1));
  cJSON *list = cJSON_AddArrayToObject(json, "notes");
  for (int i = 0; i < notes.count; i++) cJSON_AddItemToArray(list, cJSON_CreateString(notes.text[i]));
  return json;
}

/* ---- Table ---- */

static void print_cell(double value, int width) {
  if (value == 0) printf(" %*s", width, "");
  else if (!isfinite(value)) printf(" %*s", width, "not known");
  else printf(" %*.5g", width, value);
}

static void print_head(const pl_arch *arch, const pl_workload *w) {
  printf("%s on %s", w->shape, arch->head.name);
  if (arch->bits) printf(", %g bits", arch->bits);
  if (w->tokens) printf(", %g tokens", w->tokens);
  if (w->how.batch != 1) printf(", batch %g", w->how.batch);
  puts(w->how.train                      ? ", a training step"
       : w->how.phase == PL_PHASE_DECODE ? ", one token with cached keys and values"
                                         : "");
}

void energy_table(const pl_arch *arch, const pl_workload *w, const pl_cost *cost, const pl_cost *formula) {
  const double total = pl_cost_pj(cost), mj = total * 1e-9, ms = cost->latency_s * 1e3;
  pl_design d;
  pl_notes notes;
  pl_design_of(arch, &d);
  pl_cost_notes(arch, w, cost, &notes);
  print_head(arch, w);
  printf("\n%-22s %11s %7s%s %11s %11s\n", "", formula ? "measured mJ" : "energy mJ", "share %",
         formula ? "  formula mJ" : "", "area mm2", "power W");
  for (int i = 0; i < PL_PARTS; i++) {
    if (!(cost->pj[i] || d.area_mm2[i] || d.power_w[i])) continue;
    printf("%-22s", pl_part_name((pl_part)i));
    print_cell(cost->pj[i] * 1e-9, 11);
    if (cost->pj[i]) printf(" %7.2f", cost->pj[i] / total * 100);
    else printf(" %7s", "");
    if (formula) print_cell(formula->pj[i] * 1e-9, 11);
    print_cell(d.area_mm2[i], 11);
    print_cell(d.power_w[i], 11);
    putchar('\n');
  }
  printf("%-22s", "total");
  print_cell(mj, 11);
  printf(" %7s", "100");
  if (formula) print_cell(pl_cost_pj(formula) * 1e-9, 11);
  print_cell(d.total_area_mm2, 11);
  print_cell(d.total_power_w, 11);
  printf("\n\nlatency                %.6g ms (products %.6g, memory %.6g)\n", ms, cost->light_s * 1e3,
         cost->memory_s * 1e3);
  printf("energy-delay product   %.6g mJ ms\n", mj * ms);
  printf("energy per MAC         %.5g fJ (%.5g MACs)\n", total * 1e3 / cost->macs, cost->macs);
  printf("average power          %.5g W, %.4g TMAC/s\n", mj / ms, cost->macs / cost->latency_s * 1e-12);
  if (cost->dac_conversions || cost->adc_conversions)
    printf("conversions            %.5g DAC, %.5g ADC\n", cost->dac_conversions, cost->adc_conversions);
  for (int i = 0; i < notes.count; i++) printf("%s* %s\n", i ? "" : "\n", notes.text[i]);
}

static void print_csv(const pl_arch *arch, const pl_workload *w, const pl_cost *cost) {
  const double mj = pl_cost_pj(cost) * 1e-9, ms = cost->latency_s * 1e3;
  pl_design d;
  pl_design_of(arch, &d);
  puts("arch,model,quantity,component,value");
  const struct {
    const char *quantity;
    const double *values;
    double factor, total;
  } tables[] = {{"energy_mj", cost->pj, 1e-9, mj},
                {"area_mm2", d.area_mm2, 1, d.total_area_mm2},
                {"power_w", d.power_w, 1, d.total_power_w}};
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
    for (int i = 0; i < PL_PARTS; i++)
      if (tables[t].values[i])
        printf("%s,%s,%s,%s,%.10g\n", arch->head.name, w->shape, tables[t].quantity, pl_part_name((pl_part)i),
               tables[t].values[i] * tables[t].factor);
    if (isfinite(tables[t].total))
      printf("%s,%s,%s,total,%.10g\n", arch->head.name, w->shape, tables[t].quantity, tables[t].total);
  }
  printf("%s,%s,latency_ms,total,%.10g\n%s,%s,edp_mj_ms,total,%.10g\n", arch->head.name, w->shape, ms, arch->head.name,
         w->shape, mj * ms);
  printf("%s,%s,fj_per_mac,total,%.10g\n", arch->head.name, w->shape, pl_cost_pj(cost) * 1e3 / cost->macs);
}

int energy_cost(energy_job *j) {
  const pl_workload_options how = energy_options(j);
  pl_workload w;
  pl_cost cost;
  pl_error err;
  if (pl_workload_make(&j->shape, &how, &w, &err)) return cli_fail(&err);
  pl_cost_run(&j->arch, &w, &cost);
  int code = CLI_OK;
  if (j->json) {
    cJSON *json = energy_json(&j->arch, &w, &cost);
    code = cli_print_json(json);
    cJSON_Delete(json);
  } else if (j->csv) {
    print_csv(&j->arch, &w, &cost);
  } else {
    energy_table(&j->arch, &w, &cost, NULL);
  }
  if (!code && j->plot_path) code = energy_plot_cost(j->plot_path, &j->arch, &w, &cost);
  pl_workload_free(&w);
  return code;
}
