/* energy.h: what the parts of `photolane energy` share: cmd_energy.c reads the options and calls one of the others.
 *
 *   energy_cost.c     one workload on one architecture; with --from also measured counts
 *   energy_ledger.c   --ledger
 *   energy_grid.c     --grid
 *   energy_claims.c   --claims
 *   energy_plot.c     figures by gnuplot */
#ifndef PHOTOLANE_CLI_ENERGY_H
#define PHOTOLANE_CLI_ENERGY_H

#include "cli/cli.h"
#include "energy/cost.h"

typedef struct {
  const char *arch_name, *model_name, *set, *core_name;
  const char *from_path, *grid_path, *system_name, *baselines, *plot_path;
  int64_t tokens, bits, batch; /* 0: not given */
  int train, decode, no_quirks, ledger, claims, list, fields, csv, json;
  pl_arch arch;
  pl_shape shape; /* owned */
} energy_job;

/* The options of a workload as the job has them. */
pl_workload_options energy_options(const energy_job *job);

/* Loads the architecture that a name stands for with --core, --set and --bits applied, or an exit code after a message. */
int energy_load_arch(energy_job *job);

/* A shape file, or a model file (*.gguf). */
int energy_load_model(energy_job *job);

/* Each returns an exit code. */
int energy_cost(energy_job *job);   /* arch and shape are loaded */
int energy_from(energy_job *job);   /* arch is loaded */
int energy_ledger(energy_job *job); /* arch and shape are loaded */
int energy_grid(energy_job *job);
int energy_claims(const energy_job *job);
int energy_list(void);
int energy_fields(void);

/* The JSON of a cost: energy_mj, latency_ms, edp_mj_ms, area_mm2, power_w, components and what goes with them. */
cJSON *energy_json(const pl_arch *arch, const pl_workload *w, const pl_cost *cost);

/* Table of components, totals and notes; formula: NULL, or the costs by formula for a second column. */
void energy_table(const pl_arch *arch, const pl_workload *w, const pl_cost *cost, const pl_cost *formula);

/* A number, or null where it is not known. */
cJSON *energy_number(double value);

/* ---- Figures (energy_plot.c) ---- */

/* Collects gnuplot commands: fprintf(plot->script, ...). Returns an exit code; on CLI_OK energy_plot_end must follow.
 */
typedef struct {
  FILE *script;
  char *text;
  size_t size;
  const char *path;
} energy_plot;

int energy_plot_begin(energy_plot *plot, const char *path, int width, int height);
int energy_plot_end(energy_plot *plot); /* runs gnuplot; returns an exit code */

/* The bars of a cost. */
int energy_plot_cost(const char *path, const pl_arch *arch, const pl_workload *w, const pl_cost *cost);

#endif
