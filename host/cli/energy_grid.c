/* energy_grid.c: `photolane energy --grid FILE`: the designs that no other one beats in energy, time and area. */
#include "energy/grid.h"

#include <math.h>
#include <stdio.h>

#include "cli/energy.h"

static cJSON *point_json(const pl_grid *g, const pl_grid_point *p) {
  cJSON *json = cJSON_CreateObject();
  for (int a = 0; a < g->axes; a++) cJSON_AddNumberToObject(json, g->axis[a].name, p->at[a]);
  cJSON_AddNumberToObject(json, "energy_mj", p->energy_mj);
  cJSON_AddNumberToObject(json, "latency_ms", p->latency_ms);
  cJSON_AddNumberToObject(json, "edp_mj_ms", p->energy_mj * p->latency_ms);
  cJSON_AddItemToObject(json, "area_mm2", energy_number(p->area_mm2));
  return json;
}

static int print_json(const pl_grid *g) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "format", "photolane-energy-grid-1");
  cJSON_AddStringToObject(json, "build", pl_build_id());
  cJSON_AddItemToObject(json, "arch", cli_json_bytes(g->arch.head.name));
  cJSON_AddItemToObject(json, "model", cli_json_bytes(g->shape.head.name));
  cJSON_AddNumberToObject(json, "designs", g->count);
  cJSON *front = cJSON_AddArrayToObject(json, "front");
  for (int i = 0; i < g->count; i++)
    if (g->point[i].on_front) cJSON_AddItemToArray(front, point_json(g, &g->point[i]));
  const int code = cli_print_json(json);
  cJSON_Delete(json);
  return code;
}

/* csv: commas; else columns for people. */
static void print_front(const pl_grid *g, int csv) {
  for (int a = 0; a < g->axes; a++) printf(csv ? "%s," : "%-16s ", g->axis[a].name);
  printf(csv ? "%s,%s,%s,%s\n" : "%12s %12s %12s %12s\n", "energy_mj", "latency_ms", "area_mm2", "edp_mj_ms");
  for (int i = 0; i < g->count; i++) {
    const pl_grid_point *p = &g->point[i];
    if (!p->on_front) continue;
    for (int a = 0; a < g->axes; a++) printf(csv ? "%.10g," : "%-16.8g ", p->at[a]);
    printf(csv ? "%.10g,%.10g," : "%12.6g %12.6g ", p->energy_mj, p->latency_ms);
    if (isfinite(p->area_mm2)) printf(csv ? "%.10g," : "%12.6g ", p->area_mm2);
    else printf(csv ? "%s," : "%12s ", csv ? "" : "not known");
    printf(csv ? "%.10g\n" : "%12.6g\n", p->energy_mj * p->latency_ms);
  }
}

/* All designs as dots (at most about 2,500 of them, so that the file stays small), the front in colour by area. */
static int draw(const pl_grid *g, const char *path) {
  enum { DOTS = 2500 };
  energy_plot plot;
  int code = energy_plot_begin(&plot, path, 820, 480), area = isfinite(g->point[0].area_mm2);
  if (code) return code;
  const int every = g->count / DOTS + 1;
  fputs("$all << EOD\n", plot.script);
  for (int i = 0; i < g->count; i += every)
    fprintf(plot.script, "%.4g %.4g\n", g->point[i].latency_ms, g->point[i].energy_mj);
  fputs("EOD\n$front << EOD\n", plot.script);
  for (int i = 0; i < g->count; i++)
    if (g->point[i].on_front)
      fprintf(plot.script, "%.6g %.6g %.6g\n", g->point[i].latency_ms, g->point[i].energy_mj,
              area ? g->point[i].area_mm2 : 0);
  fprintf(
      plot.script,
      "EOD\nset title '%s on %s: %d designs, %d that none beats'\nset xlabel 'latency, ms'\nset ylabel 'energy, mJ'\n"
      "set logscale xy\nset key top right\nset palette defined (0 '#8250df', 0.5 '#bf3989', 1 '#bc4c00')\n"
      "set cblabel 'area, mm2'\n%s\n"
      "plot $all using 1:2 with points pt 7 ps 0.15 lc rgb '#c0c8d0' title 'all', "
      "$front using 1:2%s with points pt 7 ps 0.6 %s title 'front'\n",
      g->shape.head.name, g->arch.head.name, g->count, g->front, area ? "set logscale cb" : "unset colorbox",
      area ? ":3" : "", area ? "palette" : "lc rgb '#0969da'");
  return energy_plot_end(&plot);
}

int energy_grid(energy_job *j) {
  pl_grid grid;
  pl_error err;
  if (pl_grid_load(j->grid_path, !j->no_quirks, &grid, &err)) return cli_fail(&err);
  const double start = cli_seconds();
  int code = pl_grid_run(&grid, &err) ? cli_fail(&err) : CLI_OK;
  const double seconds = cli_seconds() - start;
  if (!code && j->json) code = print_json(&grid);
  if (!code && !j->json) print_front(&grid, j->csv);
  if (!code)
    cli_note("%s on %s: %d designs in %.2f s, %d on the front", grid.shape.head.name, grid.arch.head.name, grid.count,
             seconds, grid.front);
  if (!code && j->plot_path) code = draw(&grid, j->plot_path);
  pl_grid_free(&grid);
  return code;
}
