/* calibrate_ranges.c: `photolane calibrate -m MODEL -f TEXT`: ADC ranges of a model on a core, from a text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/calibrate.h"

static void show_progress(void *self, int done, int total) {
  (void)total; /* the bar knows */
  cli_progress_update(self, (uint64_t)done);
}

/* "max", "mse" or "99.9" (a percentile) of option --`name`. */
static int parse_rule(const char *name, const char *text, pl_range_rule *rule, double *percentile) {
  char *end;
  if (!strcmp(text, "max")) return *rule = PL_RANGE_MAX, CLI_OK;
  if (!strcmp(text, "mse")) return *rule = PL_RANGE_MSE, CLI_OK;
  *percentile = strtod(text, &end);
  if (end == text || *end || !(*percentile >= 50 && *percentile <= 100))
    return cli_usage("calibrate: --%s wants %smax, mse or a percentile from 50 to 100, not '%s'", name,
                     strcmp(name, "input") ? "" : "row, ", text);
  *rule = PL_RANGE_PERCENTILE;
  return CLI_OK;
}

static int parse_choice(const calibrate_options *o, pl_range_choice *choice) {
  int code = o->rule ? parse_rule("rule", o->rule, &choice->rule, &choice->percentile) : CLI_OK;
  if (!code && o->input && strcmp(o->input, "row")) {
    choice->fixed_input = 1;
    code = parse_rule("input", o->input, &choice->input, &choice->input_percentile);
  }
  if (o->plain) choice->balance = choice->rotate = 0;
  if (o->unrotated) choice->rotate = 0;
  return code;
}

/* One line for each layer, full scales in code^2. */
static void print_table(const pl_nn_ranges *r) {
  printf("layer");
  for (int p = 0; p < PL_NN_PRODUCTS; p++) printf(" %9s", pl_nn_product_names[p]);
  putchar('\n');
  for (int i = 0; i <= r->layers; i++) {
    printf("%5d", i);
    for (int p = 0; p < PL_NN_PRODUCTS; p++) {
      if (r->range[i][p].full_scale > 0) printf(" %9.0f", r->range[i][p].full_scale);
      else printf(" %9s", "-");
    }
    putchar('\n');
  }
}

int calibrate_ranges(const calibrate_options *o) {
  nn_session s = NN_SESSION_DEFAULTS;
  const int64_t tokens = o->tokens ? o->tokens : 512;
  pl_range_choice choice = pl_range_default;
  int code;
  if ((code = parse_choice(o, &choice))) return code;
  if (!o->text) return cli_usage("calibrate on which text? name a file with -f");
  s.model_path = o->model;
  if (o->core) s.core_name = o->core;
  if (o->optical) s.optical = o->optical;
  int32_t *ids = NULL;
  size_t count = 0;
  pl_error err;
  code = nn_session_load(&s);
  if (!code) code = nn_session_tokenize(&s, NULL, o->text, PL_TOKENIZE_BOS, &ids, &count);
  if (!code) {
    int n = count < (size_t)tokens ? (int)count : (int)tokens, context = pl_nn_get_shape(s.model)->context;
    cli_progress bar;
    cli_progress_start(&bar, "calibrate", (uint64_t)(n < context ? n : context));
    pl_status status =
        pl_nn_calibrate(s.model, &s.core.image, s.products, ids, n, choice, show_progress, &bar, &s.ranges, &err);
    cli_progress_end(&bar);
    if (status) code = cli_fail(&err);
  }
  if (!code && o->output && pl_nn_ranges_save(s.ranges, o->output, &err)) code = cli_fail(&err);
  if (!code && !o->output) print_table(s.ranges);
  free(ids);
  nn_session_close(&s);
  return code;
}
