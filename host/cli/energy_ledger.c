/* energy_ledger.c: `photolane energy --ledger`: the whole forward pass with all that the papers leave out, and where
 * the advantage over digital processors goes (host/energy/ledger.h). */
#include "energy/ledger.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/energy.h"

enum { BASELINES_MAX = 6, CASES = 4 };
static const struct {
  const char *name;
  pl_phase phase;
  double batch;
} cases[CASES] = {{"prefill, batch 1", PL_PHASE_PASS, 1},
                  {"prefill, batch 256", PL_PHASE_PASS, 256},
                  {"decode, batch 1", PL_PHASE_DECODE, 1},
                  {"decode, batch 256", PL_PHASE_DECODE, 256}};

typedef struct {
  energy_job *job;
  pl_system system;
  pl_arch baseline[BASELINES_MAX];
  int baselines, steps; /* steps: without PL_LEDGER_RELOAD where weights never stay */
  pl_workload_options how[CASES];
  pl_workload w[CASES];
  pl_ledger full[CASES], in_place[CASES]; /* everything; the same while weights stay in place */
} ledger;

static int load_baselines(ledger *l) {
  pl_error err;
  for (const char *at = l->job->baselines; *at;) {
    char name[PL_CFG_NAME];
    const size_t length = strcspn(at, ",");
    if (!length || length >= sizeof name || l->baselines == BASELINES_MAX)
      return cli_usage("energy: --baseline wants 1 to %d names of architectures, separated by commas", BASELINES_MAX);
    snprintf(name, sizeof name, "%.*s", (int)length, at);
    if (pl_arch_load(name, &l->baseline[l->baselines++], &err)) return cli_fail(&err);
    at += length + (at[length] == ',');
  }
  return l->baselines ? CLI_OK : cli_usage("energy: --baseline names no architecture");
}

static int prepare(ledger *l) {
  pl_error err;
  int code = load_baselines(l);
  if (code) return code;
  if (pl_system_load(l->job->system_name, &l->system, &err)) return cli_fail(&err);
  l->steps = l->job->arch.head.kind == PL_ARCH_IN_PLACE ? PL_LEDGER_STEPS : PL_LEDGER_RELOAD;
  for (int c = 0; c < CASES; c++) {
    l->how[c] = energy_options(l->job);
    l->how[c].phase = cases[c].phase, l->how[c].batch = cases[c].batch;
    if (pl_workload_make(&l->job->shape, &l->how[c], &l->w[c], &err)) return cli_fail(&err);
    pl_ledger_run(&l->job->arch, &l->system, &l->w[c], (pl_ledger_step)(l->steps - 1), &l->full[c]);
    pl_ledger_run(&l->job->arch, &l->system, &l->w[c], PL_LEDGER_WEIGHTS, &l->in_place[c]);
  }
  return CLI_OK;
}

static double advantage(const ledger *l, int c, int b, int step) {
  return pl_ledger_advantage(&l->job->arch, &l->baseline[b], &l->system, &l->w[c], (pl_ledger_step)step);
}

/* The width or batch from which on a baseline is beaten, with everything counted. */
static double break_even(const ledger *l, int c, int b, pl_grow grow) {
  double at = NAN;
  pl_break_even(&l->job->arch, &l->baseline[b], &l->system, &l->job->shape, &l->how[c], (pl_ledger_step)(l->steps - 1),
                grow, &at, NULL);
  return at;
}

static double overlapped_s(const pl_ledger *x) {
  double most = 0;
  for (int t = 0; t < PL_TIMES; t++) most = fmax(most, x->seconds[t]);
  return most;
}

/* ---- Output ---- */

static void print_shares(const ledger *l, const char *title, const pl_ledger *rows) {
  printf("%s\n  %-20s %10s %10s |", title, "", "mJ", "fJ/MAC");
  for (int g = 0; g < PL_GROUPS; g++) printf(" %10s", pl_group_name((pl_group)g));
  printf(" | %10s |", "ms");
  for (int t = 0; t < PL_TIMES; t++) printf(" %9s", pl_time_names[t]);
  putchar('\n');
  for (int c = 0; c < CASES; c++) {
    const double pj = pl_cost_pj(&rows[c].cost);
    printf("  %-20s %10.4g %10.4g |", cases[c].name, pj * 1e-9, pj * 1e3 / l->w[c].macs);
    for (int g = 0; g < PL_GROUPS; g++) printf(" %9.2f%%", 100 * pl_ledger_energy_share(&rows[c], (pl_group)g));
    printf(" | %10.4g |", overlapped_s(&rows[c]) * 1e3);
    for (int t = 0; t < PL_TIMES; t++) printf(" %8.2f%%", 100 * pl_ledger_time_share(&rows[c], (pl_time)t));
    putchar('\n');
  }
  putchar('\n');
}

static void print_even(const char *what, double at, double most) {
  if (isfinite(at)) printf("  %s %-8.0f", what, at);
  else printf("  %s %-8s", what, most >= PL_WIDTH_MAX ? "> 2^24" : "> 2^20");
}

static void print_table(const ledger *l) {
  const pl_arch *a = &l->job->arch;
  pl_notes notes;
  printf("%s on %s, %g tokens, in the system '%s'\n\n", l->w[0].shape, a->head.name, l->w[0].tokens,
         l->system.head.name);
  if (l->steps == PL_LEDGER_STEPS)
    print_shares(l, "shares of energy and time while all weights stay in place:", l->in_place);
  print_shares(l,
               l->steps == PL_LEDGER_STEPS ? "the same with weights loaded anew in each pass:"
                                           : "shares of energy and time, everything counted:",
               l->full);
  for (int b = 0; b < l->baselines; b++) {
    printf("energy of %s over that of %s (both pay for each step)\n  %-20s", l->baseline[b].head.name, a->head.name,
           "");
    for (int s = 0; s < l->steps; s++) printf(" %15s", pl_ledger_names[s]);
    putchar('\n');
    for (int c = 0; c < CASES; c++) {
      printf("  %-20s", cases[c].name);
      for (int s = 0; s < l->steps; s++) printf(" %15.4g", advantage(l, c, b, s));
      print_even("width from", break_even(l, c, b, PL_GROW_WIDTH), PL_WIDTH_MAX);
      if (cases[c].batch == 1) print_even("batch from", break_even(l, c, b, PL_GROW_BATCH), PL_BATCH_MAX);
      putchar('\n');
    }
    putchar('\n');
  }
  pl_cost_notes(a, &l->w[0], &l->full[0].cost, &notes);
  for (int i = 0; i < notes.count; i++) printf("* %s\n", notes.text[i]);
  printf("* the system: %s\n* ms: everything overlaps; the shares of time are of the sum. Widths and batches: the "
         "least that needs no more energy than the baseline, everything counted\n",
         l->system.head.about);
}

static void print_csv(const ledger *l) {
  puts("case,baseline,step,advantage");
  for (int c = 0; c < CASES; c++)
    for (int b = 0; b < l->baselines; b++)
      for (int s = 0; s < l->steps; s++)
        printf("\"%s\",%s,\"%s\",%.8g\n", cases[c].name, l->baseline[b].head.name, pl_ledger_names[s],
               advantage(l, c, b, s));
}

static cJSON *shares_json(const pl_ledger *x) {
  cJSON *json = cJSON_CreateObject(), *energy = cJSON_AddObjectToObject(json, "energy_share");
  cJSON *time = cJSON_AddObjectToObject(json, "time_share"), *parts = cJSON_AddObjectToObject(json, "components");
  cJSON_AddNumberToObject(json, "energy_mj", pl_cost_pj(&x->cost) * 1e-9);
  cJSON_AddNumberToObject(json, "latency_ms", overlapped_s(x) * 1e3);
  for (int g = 0; g < PL_GROUPS; g++)
    cJSON_AddNumberToObject(energy, pl_group_name((pl_group)g), pl_ledger_energy_share(x, (pl_group)g));
  for (int t = 0; t < PL_TIMES; t++)
    cJSON_AddNumberToObject(time, pl_time_names[t], pl_ledger_time_share(x, (pl_time)t));
  for (int p = 0; p < PL_PARTS; p++)
    if (x->cost.pj[p]) cJSON_AddNumberToObject(parts, pl_part_name((pl_part)p), x->cost.pj[p] * 1e-9);
  return json;
}

static int print_json(const ledger *l) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "format", "photolane-energy-ledger-1");
  cJSON_AddStringToObject(json, "build", pl_build_id());
  cJSON_AddItemToObject(json, "arch", cli_json_bytes(l->job->arch.head.name));
  cJSON_AddItemToObject(json, "model", cli_json_bytes(l->w[0].shape));
  cJSON_AddItemToObject(json, "system", cli_json_bytes(l->system.head.name));
  cJSON *list = cJSON_AddArrayToObject(json, "cases");
  for (int c = 0; c < CASES; c++) {
    cJSON *item = shares_json(&l->full[c]);
    cJSON_AddStringToObject(item, "case", cases[c].name);
    if (l->steps == PL_LEDGER_STEPS) cJSON_AddItemToObject(item, "weights_in_place", shares_json(&l->in_place[c]));
    cJSON *against = cJSON_AddArrayToObject(item, "baselines");
    for (int b = 0; b < l->baselines; b++) {
      cJSON *one = cJSON_CreateObject(), *steps = cJSON_AddObjectToObject(one, "advantage");
      cJSON_AddStringToObject(one, "baseline", l->baseline[b].head.name);
      for (int s = 0; s < l->steps; s++) cJSON_AddNumberToObject(steps, pl_ledger_names[s], advantage(l, c, b, s));
      cJSON_AddItemToObject(one, "break_even_width", energy_number(break_even(l, c, b, PL_GROW_WIDTH)));
      if (cases[c].batch == 1)
        cJSON_AddItemToObject(one, "break_even_batch", energy_number(break_even(l, c, b, PL_GROW_BATCH)));
      cJSON_AddItemToArray(against, one);
    }
    cJSON_AddItemToArray(list, item);
  }
  const int code = cli_print_json(json);
  cJSON_Delete(json);
  return code;
}

/* Where does the advantage go? One line for each case, against the first baseline. */
static int draw(const ledger *l) {
  energy_plot plot;
  int code = energy_plot_begin(&plot, l->job->plot_path, 900, 480);
  if (code) return code;
  fputs("$data << EOD\n", plot.script);
  for (int s = 0; s < l->steps; s++) {
    fprintf(plot.script, "\"%s\"", pl_ledger_names[s]);
    for (int c = 0; c < CASES; c++) fprintf(plot.script, " %.6g", advantage(l, c, 0, s));
    fputc('\n', plot.script);
  }
  fprintf(plot.script,
          "EOD\nset title 'Where does the advantage go? %s on %s, energy of %s over its own'\n"
          "set ylabel 'times less energy'\nset logscale y\nset yrange [*:*]\nset key top right outside\n"
          "set xrange [-0.5:%d.5]\n"
          "set xtics rotate by -20\nset bmargin 5\nset style data linespoints\nset pointsize 0.8\n"
          "plot 1 with lines lw 1 dt 2 lc rgb '#59636e' title 'no advantage'",
          l->w[0].shape, l->job->arch.head.name, l->baseline[0].head.name, l->steps - 1);
  static const char *const colours[CASES] = {"#0969da", "#8250df", "#bc4c00", "#1a7f37"};
  for (int c = 0; c < CASES; c++)
    fprintf(plot.script, ", $data using 0:%d:xtic(1) lw 2 pt 7 lc rgb '%s' title '%s'", c + 2, colours[c],
            cases[c].name);
  fputc('\n', plot.script);
  return energy_plot_end(&plot);
}

int energy_ledger(energy_job *job) {
  ledger l = {.job = job};
  int code = job->shape.head.kind == PL_SHAPE_TRANSFORMER
                 ? prepare(&l)
                 : cli_usage("energy: --ledger is about Transformers; %s is none", job->shape.head.name);
  if (!code && job->json) code = print_json(&l);
  else if (!code && job->csv) print_csv(&l);
  else if (!code) print_table(&l);
  if (!code && job->plot_path) code = draw(&l);
  for (int c = 0; c < CASES; c++) pl_workload_free(&l.w[c]);
  return code;
}
