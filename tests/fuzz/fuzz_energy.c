/* fuzz_energy.c: any bytes as an architecture or a shape: a refusal in one sentence that names the place, or a workload
 * whose cost is computed without a fault.
 *
 * The first byte of an input chooses: bit 0 architecture or shape. Built by `make fuzzers`. Every input byte 0 ends the
 * text. PHOTOLANE_ENERGY is set to nowhere, so that no `base` is found. */
#include <stdlib.h>
#include <string.h>

#include "energy/cost.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libconfig 1.5 forgets a piece of text when a string does not end. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libconfig"; }

/* One or the other that is known to be good. */
static const char digital[] = "model = \"digital\"; mac_energy_fj = 300.0; peak_tmac_per_s = 312.0;";
static const char small[] =
    "kind = \"transformer\"; layers = 2; width = 64; heads = 4; tokens = 16; head_outputs = 10;";

static void must_name_place(const pl_error *err) {
  if (strncmp(err->text, "fuzz:", 5) || strchr(err->text, '\n') || err->status != PL_E_INPUT) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!size) return 0;
  static pl_arch arch;
  pl_shape shape = {.layer = NULL};
  pl_error err = {0};
  char *text = malloc(size);
  if (!text) return 0;
  memcpy(text, data + 1, size - 1);
  text[size - 1] = 0;
  const int is_arch = data[0] & 1, no_file = !strstr(text, "@include") && !strstr(text, "base");
  pl_status status = no_file ? PL_OK : PL_E_INPUT;
  if (!status) status = pl_arch_parse("fuzz", is_arch ? text : digital, &arch, &err);
  if (!status) status = pl_shape_parse("fuzz", is_arch ? small : text, &shape, &err);
  if (status && no_file) must_name_place(&err);
  for (int run = 0; run < 4 && !status; run++) {
    const pl_workload_options how = {
        .batch = 1 + run, .train = run == 1, .phase = run == 2 ? PL_PHASE_DECODE : PL_PHASE_PASS, .quirks = run & 1};
    pl_workload w;
    pl_cost cost;
    pl_design design;
    pl_notes notes;
    if (pl_workload_make(&shape, &how, &w, &err)) continue;
    pl_cost_run(&arch, &w, &cost);
    pl_design_of(&arch, &design);
    pl_cost_notes(&arch, &w, &cost, &notes);
    if (!(pl_cost_pj(&cost) >= 0)) abort(); /* any legal constants: never negative, never undefined */
    pl_workload_free(&w);
  }
  pl_shape_free(&shape);
  free(text);
  return 0;
}
