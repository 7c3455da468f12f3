/* cmd_perplexity.c: `photolane perplexity`: how well a Transformer on a device predicts a text. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/nn_session.h"
#include "nn/perplexity.h"

enum { USUAL_WINDOW = 512 };

static void show_progress(void *self, int64_t read) { cli_progress_update(self, (uint64_t)read); }

static int print_result(nn_session *s, const char *text_path, const pl_perplexity_result *p, int window, int argc,
                        char **argv) {
  pl_error err;
  cJSON *result = cli_result_new(argc, argv, s->device, s->device ? &s->core.image : NULL, (uint64_t)s->seed);
  cJSON *data = cli_result_data(result), *timing = cli_result_timing(result);
  int code = nn_session_files(s, result);
  if (!code && cli_result_file(result, "text", text_path, &err)) code = cli_fail(&err);
  cJSON_AddNumberToObject(data, "perplexity", p->perplexity);
  cJSON_AddNumberToObject(data, "perplexity_error", p->error);
  cJSON_AddNumberToObject(data, "nll", p->nll);
  cJSON_AddNumberToObject(data, "tokens", (double)p->scored);
  cJSON_AddNumberToObject(data, "tokens_read", (double)p->read);
  cJSON_AddNumberToObject(data, "windows", p->windows);
  cJSON_AddNumberToObject(data, "context", window);
  if (p->reference > 0) {
    cJSON_AddNumberToObject(data, "reference_perplexity", p->reference);
    cJSON_AddNumberToObject(data, "top1_agreement", p->agreement);
    cJSON_AddNumberToObject(data, "kl_divergence", p->divergence);
    cJSON_AddNumberToObject(data, "kl_divergence_error", p->divergence_error);
  }
  cJSON_AddNumberToObject(timing, "seconds", nn_session_seconds(s));
  cJSON_AddNumberToObject(timing, "tokens_per_s", p->seconds > 0 ? (double)p->read / p->seconds : 0);
  nn_session_report(s, data, timing);
  if (!code) code = cli_print_json(result);
  cJSON_Delete(result);
  return code;
}

int cmd_perplexity(int argc, char **argv) {
  nn_session s = NN_SESSION_DEFAULTS;
  const char *text_path = NULL;
  int64_t tokens = 0, window = 0, batch = USUAL_WINDOW;
  int json = 0, alone = 0, code;
  const cli_option options[] = {
      NN_SESSION_OPTIONS(s),
      NN_DEVICE_OPTIONS(s),
      {'f', "file", "TEXT", CLI_TEXT, &text_path, 0, 0, "the text to predict, a file"},
      {0, "tokens", "N", CLI_INT, &tokens, 1, INT32_MAX, "read at most N tokens of it (all)"},
      {0, "context", "N", CLI_INT, &window, 4, 65536, "tokens in a window (512, or the model's context if shorter)"},
      {0, "batch", "N", CLI_INT, &batch, 1, 65536, "tokens at a time; the figure is the same (512)"},
      {0, "alone", NULL, CLI_FLAG, &alone, 0, 0,
       "no float model beside it: no divergence and top-1 agreement, but faster"},
      {0, "json", NULL, CLI_FLAG, &json, 0, 0, "print a result as JSON"},
      {0},
  };
  const cli_help help = {"perplexity", "-m MODEL -f TEXT [--tokens N] [-d URI] [-c CORE] [--reference]",
                         "Perplexity of a text, counted as llama.cpp does: in windows whose second half is scored.",
                         options};
  if (!cli_parse(&help, argc, argv, NULL, 0, &code)) return code;
  if (!text_path) return cli_usage("perplexity of which text? name a file with -f");
  int32_t *ids = NULL;
  size_t count = 0;
  pl_error err;
  pl_perplexity_result p = {0};
  code = nn_session_open(&s);
  if (!code) code = nn_session_tokenize(&s, NULL, text_path, PL_TOKENIZE_BOS, &ids, &count);
  if (!code) {
    int context = pl_nn_get_shape(s.model)->context;
    if (!window) window = context < USUAL_WINDOW ? context : USUAL_WINDOW;
    if (tokens && count > (size_t)tokens) count = (size_t)tokens;
    cli_progress bar;
    cli_progress_start(&bar, "perplexity", count / (size_t)window * (size_t)window);
    const pl_perplexity_settings how = {
        .window = (int)window, .batch = (int)batch, .beside = s.optics && !alone};
    pl_status status = pl_perplexity(s.model, s.optics, ids, (int64_t)count, &how, show_progress, &bar, &p, &err);
    cli_progress_end(&bar);
    if (status) code = nn_session_fail(&err, argc, argv);
  }
  if (!code && json) code = print_result(&s, text_path, &p, (int)window, argc, argv);
  if (!code && !json) {
    printf("perplexity %.4f +- %.4f (%" PRId64 " tokens scored in %d windows of %" PRId64 ", %.1f s)\n", p.perplexity,
           p.error, p.scored, p.windows, window, nn_session_seconds(&s));
    if (p.reference > 0)
      printf("float %.4f (%+.2f %%), same likeliest token %.2f %%, KL divergence %.5f +- %.5f nats\n", p.reference,
             100 * (p.perplexity / p.reference - 1), 100 * p.agreement, p.divergence, p.divergence_error);
    nn_session_report(&s, NULL, NULL);
  }
  free(ids);
  nn_session_close(&s);
  return code;
}
