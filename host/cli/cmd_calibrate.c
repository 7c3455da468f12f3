/* cmd_calibrate.c: `photolane calibrate`: which of its two forms is meant: ADC ranges of a model from a text
 * (calibrate_ranges.c), or the parameters of a device from probes (calibrate_device.c). */
#include "cli/calibrate.h"

#include "study/probe.h"

/* The first option given that the other form has, or NULL. */
static const char *only_ranges(const calibrate_options *o) {
  if (o->model || o->text) return o->model ? "model" : "file";
  return o->optical ? "optical" : o->tokens ? "tokens" : o->rule ? "rule"
         : o->input ? "input" : o->plain ? "plain" : o->unrotated ? "unrotated" : NULL;
}

static const char *only_device(const calibrate_options *o) {
  return o->reads ? "reads" : o->seed >= 0 ? "seed" : o->json ? "json" : NULL;
}

int cmd_calibrate(int argc, char **argv) {
  calibrate_options o = {.seed = -1};
  int code;
  const cli_option options[] = {
      {'m', "model", "FILE", CLI_TEXT, &o.model, 0, 0, "ranges of this model, a GGUF file"},
      {'f', "file", "TEXT", CLI_TEXT, &o.text, 0, 0, "a text like those the model will read, a file"},
      {0, "optical", "LIST", CLI_TEXT, &o.optical, 0, 0,
       "optical products, of q,k,v,scores,attn,out,gate,up,down,head (all)"},
      {0, "tokens", "N", CLI_INT, &o.tokens, 1, 65536, "tokens to read (512, or the model's context if shorter)"},
      {0, "rule", "RULE", CLI_TEXT, &o.rule, 0, 0, 
       "range of the ADC: max, mse (least squares; the default), or a percentile such as 99.9"},
      {0, "input", "RULE", CLI_TEXT, &o.input, 0, 0,
       "range of the DAC for activations: row (each row's largest; the default), or fixed: max, mse or a percentile"},
      {0, "plain", NULL, CLI_FLAG, &o.plain, 0, 0, "operands as they are: no offsets, no balance, no rotation"},
      {0, "unrotated", NULL, CLI_FLAG, &o.unrotated, 0, 0, "no rotation of the inputs, but offsets and balance"},
      {'d', "device", "URI", CLI_TEXT, &o.uri, 0, 0, "parameters of this device"},
      {0, "reads", "N", CLI_INT, &o.reads, PL_PROBE_READS_MIN, 1 << 30, "detector reads of each probe (1048576)"},
      {0, "seed", "N", CLI_INT, &o.seed, 0, 4294967295, "of the probes' jobs and random vectors (1)"},
      {0, "json", NULL, CLI_FLAG, &o.json, 0, 0, "print a result file"},
      {'c', "core", "CORE", CLI_TEXT, &o.core, 0, 0,
       "with -m: the core (ideal); with -d: what the emulated device is (lightening)"},
      {'o', "output", "FILE", CLI_TEXT, &o.output, 0, 0,
       "with -m: ranges for --ranges (a table on stdout); with -d: a core description"},
      {0},
  };
  const cli_help help = {"calibrate", "-m MODEL -f TEXT [-c CORE] [-o FILE]\n       photolane calibrate -d URI "
                         "[-c CORE] [-o FILE.cfg] [--reads N] [--seed S] [--json]",
                         "With -m: finds the full scale of the ADC for each layer and product, by a run with exact\n"
                         "products. With -d: probes a device and fits its noise, couplers, transfer curves and\n"
                         "offsets, with intervals of 99.9 %, as a core description.", options};
  if (!cli_parse(&help, argc, argv, NULL, 0, &code)) return code;
  const char *ranges = only_ranges(&o), *device = only_device(&o);
  if (o.uri && ranges)
    return cli_usage("calibrate: -d measures a device and takes no --%s; ranges of a model need no device", ranges);
  if (!o.uri && device) return cli_usage("calibrate: --%s is for measuring a device: name it with -d", device);
  if (!o.uri && !ranges)
    return cli_usage("calibrate what? a model's ranges on a text (-m MODEL -f TEXT), or a device (-d URI)");
  return o.uri ? calibrate_device(&o, argc, argv) : calibrate_ranges(&o);
}
