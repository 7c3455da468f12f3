/* cmd_energy.c: `photolane energy`: what an optical accelerator would cost, by the analytic models of its authors.
 * docs/energy.md says what each figure rests on. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/energy.h"
#include "device/backend.h"
#include "energy/core_link.h"
#include "energy/ledger.h"

pl_workload_options energy_options(const energy_job *j) {
  return (pl_workload_options){.tokens = (double)j->tokens,
                               .batch = j->batch ? (double)j->batch : 1,
                               .phase = j->decode ? PL_PHASE_DECODE : PL_PHASE_PASS,
                               .train = j->train,
                               .quirks = !j->no_quirks};
}

int energy_load_arch(energy_job *j) {
  pl_error err;
  char bits[32];
  if (!j->arch_name) return cli_usage("energy: which architecture? name one with --arch (`photolane energy --list`)");
  if (pl_arch_load(j->arch_name, &j->arch, &err)) return cli_fail(&err);
  if (j->core_name) {
    pl_physics physics;
    if (pl_core_physics(j->core_name, &physics, &err) || pl_arch_follow(&j->arch, &physics, &err))
      return cli_fail(&err);
  }
  if (j->set && pl_arch_set(&j->arch, j->set, &err)) return cli_fail(&err);
  snprintf(bits, sizeof bits, "bits=%d", (int)j->bits);
  if (!j->bits) return CLI_OK;
  if (!pl_arch_set(&j->arch, bits, &err)) return CLI_OK;
  return cli_usage("energy: --bits: the architecture %s has no choice of bits", j->arch.head.name);
}

int energy_load_model(energy_job *j) {
  pl_error err;
  const char *name = j->model_name;
  if (!name)
    return cli_usage("energy: which model? name a shape or a GGUF file with --model (`photolane energy --list`)");
  const size_t length = strlen(name);
  if (length < 5 || strcmp(name + length - 5, ".gguf"))
    return pl_shape_load(name, &j->shape, &err) ? cli_fail(&err) : CLI_OK;
  pl_nn *model;
  char base[PL_CFG_NAME];
  if (pl_nn_load(name, &model, &err)) return cli_fail(&err);
  pl_config_name(name, base, sizeof base);
  pl_shape_of_model(pl_nn_get_shape(model), base, &j->shape);
  pl_nn_free(model);
  return CLI_OK;
}

/* ---- --list ---- */

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

enum { LIST_MAX = 128 };
typedef char list_name[PL_CFG_NAME];

static int names_in(const char *folder, list_name *names) {
  pl_search_path search;
  int count = 0;
  pl_search_dirs(PL_SEARCH_ENERGY, &search);
  for (int i = 0; i < search.count; i++) {
    char path[PL_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", search.dir[i], folder);
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
      const size_t length = strlen(e->d_name);
      int known = length <= 4 || length >= PL_CFG_NAME || strcmp(e->d_name + length - 4, ".cfg") || count == LIST_MAX;
      for (int k = 0; k < count && !known; k++)
        known = strlen(names[k]) == length - 4 && !memcmp(names[k], e->d_name, length - 4);
      if (!known) snprintf(names[count++], sizeof *names, "%.*s", (int)length - 4, e->d_name);
    }
    if (dir) closedir(dir);
  }
  qsort(names, (size_t)count, sizeof *names, by_name);
  return count;
}

int energy_list(void) {
  list_name names[LIST_MAX];
  pl_error err;
  int count = names_in("archs", names), code = CLI_OK;
  puts("architectures:");
  for (int i = 0; i < count && !code; i++) {
    pl_arch arch;
    if (pl_arch_load(names[i], &arch, &err)) code = cli_fail(&err);
    else printf("  %-32s %s\n", names[i], arch.head.about);
  }
  count = names_in("shapes", names);
  puts("models:");
  for (int i = 0; i < count && !code; i++) {
    pl_shape shape;
    if (pl_shape_load(names[i], &shape, &err)) code = cli_fail(&err);
    else printf("  %-32s %.4g parameters\n", names[i], pl_shape_parameters(&shape));
    pl_shape_free(&shape);
  }
  return code;
}

/* ---- --fields ---- */

static void print_fields(const pl_cfg_table *t) {
  printf("%ss (%s = ...)\n", t->noun, t->kind_field);
  for (int i = 0; i < t->count; i++) {
    const pl_cfg_field *f = &t->fields[i];
    char range[48] = "true or false";
    if (f->type != PL_CFG_FLAG)
      snprintf(range, sizeof range, "%g to %g%s", f->min, f->max, f->type == PL_CFG_WHOLE ? ", whole" : "");
    printf("  %-34s %-22s", f->name, range);
    for (int kind = 0; t->kinds[kind]; kind++)
      if (f->kinds >> kind & 1) printf(" %s%s", t->kinds[kind], f->needed >> kind & 1 ? "" : " (may be left out)");
    putchar('\n');
  }
}

int energy_fields(void) {
  print_fields(pl_arch_table());
  print_fields(pl_shape_table());
  print_fields(pl_system_table());
  return CLI_OK;
}

/* ---- The verb ---- */

static int one_thing(const energy_job *j) {
  const int modes = !!j->from_path + !!j->grid_path + j->ledger + j->claims + j->list + j->fields;
  if (modes > 1) return cli_usage("energy: only one of --from, --grid, --ledger, --claims, --list and --fields");
  if (j->csv && j->json) return cli_usage("energy: either --csv or --json");
  if (j->from_path && (j->model_name || j->tokens || j->batch || j->train || j->decode))
    return cli_usage(
        "energy: --from brings its own products: leave out --model, --tokens, --batch, --train and --decode");
  if (j->grid_path && (j->arch_name || j->model_name || j->tokens || j->batch || j->train || j->decode || j->bits ||
                       j->set || j->core_name))
    return cli_usage("energy: the grid's file says what to compute: leave out everything but --plot, --csv and --json");
  if (j->ledger && (j->train || j->decode || j->batch))
    return cli_usage(
        "energy: --ledger shows prefill and decoding at batch 1 and 256: leave out --train, --decode and --batch");
  if (j->train && j->decode) return cli_usage("energy: either --train or --decode");
  if (j->plot_path && (j->claims || j->list || j->fields)) return cli_usage("energy: there is nothing to plot");
  return CLI_OK;
}

static int run(energy_job *j) {
  int code = one_thing(j);
  if (code) return code;
  if (j->list) return energy_list();
  if (j->fields) return energy_fields();
  if (j->claims) return energy_claims(j);
  if (j->grid_path) return energy_grid(j);
  if ((code = energy_load_arch(j))) return code;
  if (j->from_path) return energy_from(j);
  if ((code = energy_load_model(j))) return code;
  return j->ledger ? energy_ledger(j) : energy_cost(j);
}

int cmd_energy(int argc, char **argv) {
  energy_job j = {.system_name = "typical", .baselines = "digital-300fJ,gpu-h100,digital-21fJ"};
  const cli_option options[] = {
      {'a', "arch", "ARCH", CLI_TEXT, &j.arch_name, 0, 0, "architecture: a name or a file"},
      {'m', "model", "SHAPE", CLI_TEXT, &j.model_name, 0, 0, "shape: a name, a file, or a GGUF model"},
      {0, "tokens", "N", CLI_INT, &j.tokens, 1, 1000000000, "tokens of a sequence (the shape's)"},
      {0, "batch", "B", CLI_INT, &j.batch, 1, 1000000000, "sequences or images (1)"},
      {0, "bits", "B", CLI_INT, &j.bits, 1, 16, "bits of operands and converters (the architecture's)"},
      {0, "train", NULL, CLI_FLAG, &j.train, 0, 0, "a training step instead of a forward pass"},
      {0, "decode", NULL, CLI_FLAG, &j.decode, 0, 0, "one token more, with cached keys and values"},
      {'c', "core", "CORE", CLI_TEXT, &j.core_name, 0, 0, "as this emulated core is described: bits, channels, moduli"},
      {0, "set", "F=V,..", CLI_TEXT, &j.set, 0, 0, "other values for fields of the architecture"},
      {0, "no-quirks", NULL, CLI_FLAG, &j.no_quirks, 0, 0, "without the faults of the authors' programs"},
      {0, "from", "RESULT", CLI_TEXT, &j.from_path, 0, 0, "counts of a real run (run or perplexity --json)"},
      {0, "grid", "FILE", CLI_TEXT, &j.grid_path, 0, 0, "many designs: those that none beats"},
      {0, "ledger", NULL, CLI_FLAG, &j.ledger, 0, 0, "a whole pass with memory, digital work and host"},
      {0, "system", "SYSTEM", CLI_TEXT, &j.system_name, 0, 0, "what stands around it in the ledger (typical)"},
      {0, "baseline", "A,B,..", CLI_TEXT, &j.baselines, 0, 0, "digital processors to compare with"},
      {0, "claims", NULL, CLI_FLAG, &j.claims, 0, 0, "what the papers claim, and what comes out here"},
      {0, "list", NULL, CLI_FLAG, &j.list, 0, 0, "architectures and shapes"},
      {0, "fields", NULL, CLI_FLAG, &j.fields, 0, 0, "the fields of architecture, shape and system files"},
      {0, "plot", "FILE", CLI_TEXT, &j.plot_path, 0, 0, "draw an SVG figure with gnuplot"},
      {0, "csv", NULL, CLI_FLAG, &j.csv, 0, 0, "print CSV"},
      {0, "json", NULL, CLI_FLAG, &j.json, 0, 0, "print JSON"},
      {0},
  };
  const cli_help help = {"energy", "--arch ARCH --model SHAPE [--tokens N] [--bits B] [--train] [--batch B]",
                         "Energy, time and area of an optical accelerator, by the analytic models of its authors.\n"
                         "Exit code 1 of --claims: a claim that is called reproduced is not.",
                         options};
  int code;
  if (!cli_parse(&help, argc, argv, NULL, 0, &code)) return code;
  code = run(&j);
  pl_shape_free(&j.shape);
  return code;
}
