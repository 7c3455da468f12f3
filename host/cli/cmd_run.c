/* cmd_run.c: `photolane run`: continues a text with a Transformer, in float or on a device. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/nn_session.h"
#include "nn/chat.h"
#include "nn/pretokenize.h"
#include "nn/sample.h"

typedef struct {
  nn_session s;
  const char *prompt;
  int64_t n, batch;
  double temperature, top_p;
  int control, chat, compare, json;
  int32_t *ids; /* prompt and what was generated */
  int prompt_tokens, tokens;
  float *logits;
  pl_nn_context *ctx;
  pl_nn_context *beside; /* --compare: the float model on the same tokens, or NULL */
  float *exact;
  int drawn, same;       /* tokens drawn, and those that the float model finds likeliest too */
  double divergence, seconds; /* sum over the tokens drawn; seconds spent on the model itself */
} run;

static void put(const pl_tokenizer *t, int32_t id) {
  pl_str s = pl_token_bytes(t, id);
  fwrite(s.data, 1, s.size, stdout);
  fflush(stdout);
}

/* Makes room for the prompt and n tokens more, in the model's context. */
static int prepare(run *r) {
  pl_error err;
  const pl_nn_shape *shape = pl_nn_get_shape(r->s.model);
  int32_t *ids;
  size_t count;
  int flags = PL_TOKENIZE_BOS | (r->control ? PL_TOKENIZE_CONTROL : 0);
  int code = CLI_OK;
  if (!shape->causal)
    return cli_usage("%s is an encoder and continues no text; `photolane embed` is for it", r->s.model_path);
  if (!r->chat) code = nn_session_tokenize(&r->s, r->prompt, NULL, flags, &ids, &count);
  else if (pl_chat_turn(r->s.model, r->prompt, 1, 0, &ids, &count, &err)) code = cli_fail(&err);
  if (code) return code;
  int32_t bos = pl_tokenizer_bos(pl_nn_get_tokenizer(r->s.model));
  if (count + (size_t)r->n > (size_t)shape->context) {
    free(ids);
    return cli_usage("the prompt has %zu tokens, %lld are to follow, and the model's context is %d: ask for fewer (-n)",
                     count, (long long)r->n, shape->context);
  }
  r->ids = malloc(sizeof *r->ids * (count + (size_t)r->n + 1));
  r->logits = malloc(sizeof *r->logits * (size_t)shape->vocab);
  if (!r->ids || !r->logits) {
    free(ids);
    pl_fail(&err, PL_E_MEMORY, "out of memory for %zu tokens", count + (size_t)r->n);
    return cli_fail(&err);
  }
  memcpy(r->ids, ids, sizeof *ids * count);
  free(ids);
  r->tokens = (int)count;
  if (!count && bos >= 0) r->ids[r->tokens++] = bos; /* something must come first */
  r->prompt_tokens = r->tokens;
  if (!r->tokens) return cli_usage("the prompt is empty and the model has no token to start with: give one with -p");
  int capacity = r->tokens + (int)r->n;
  if (capacity > shape->context) capacity = shape->context;
  if (pl_nn_context_new(r->s.model, r->s.optics, capacity, &r->ctx, &err)) return cli_fail(&err);
  if (!r->compare) return CLI_OK;
  if (!r->s.optics) return cli_usage("--reference is the float model: there is nothing to --compare it with");
  if (pl_nn_context_new(r->s.model, NULL, capacity, &r->beside, &err)) return cli_fail(&err);
  r->exact = malloc(sizeof *r->exact * (size_t)shape->vocab);
  return r->exact ? CLI_OK : cli_usage("out of memory for the logits");
}

/* Reads tokens up to `end` in pieces of --batch; the logits of the last one stay in r->logits. bar: or NULL. */
static pl_status feed(run *r, int end, cli_progress *bar, pl_error *err) {
  for (int at = pl_nn_position(r->ctx), rows; at < end; at += rows) {
    rows = end - at < r->batch ? end - at : (int)r->batch;
    const int first = at + rows == end ? rows - 1 : rows;
    const double started = cli_seconds();
    pl_status status = pl_nn_forward(r->ctx, r->ids + at, rows, first, r->logits, err);
    r->seconds += cli_seconds() - started;
    if (!status && r->beside) status = pl_nn_forward(r->beside, r->ids + at, rows, first, r->exact, err);
    if (status) return status;
    if (bar) cli_progress_update(bar, (uint64_t)(at + rows));
  }
  return PL_OK;
}

/* Draws n tokens, after the prompt has been fed; prints them as they come. */
static pl_status continue_text(run *r, pl_error *err) {
  const pl_tokenizer *t = pl_nn_get_tokenizer(r->s.model);
  const pl_sampling how = {r->temperature, r->top_p, (uint64_t)r->s.seed};
  pl_status status = PL_OK;
  for (int64_t i = 0; i < r->n; i++) {
    int32_t id;
    status = pl_sample(r->logits, pl_nn_get_shape(r->s.model)->vocab, &how, (uint32_t)r->tokens, &id, err);
    if (status) break;
    r->ids[r->tokens++] = id;
    r->drawn++;
    if (r->beside) {
      const int vocab = pl_nn_get_shape(r->s.model)->vocab;
      r->same += pl_likeliest(r->exact, vocab) == pl_likeliest(r->logits, vocab);
      r->divergence += pl_divergence(r->exact, r->logits, vocab);
    }
    if (id == pl_tokenizer_eos(t)) break;
    if (!r->json) put(t, id);
    if (i + 1 < r->n && (status = feed(r, r->tokens, NULL, err))) break;
  }
  return status;
}

/* Returns an exit code. */
static int generate(run *r, int argc, char **argv) {
  pl_error err;
  cli_progress bar;
  cli_progress_start(&bar, "prompt", (uint64_t)r->tokens);
  pl_status status = feed(r, r->tokens, &bar, &err);
  cli_progress_end(&bar);
  if (!status) {
    if (!r->json && !r->chat) fputs(r->prompt, stdout), fflush(stdout);
    status = continue_text(r, &err);
    if (!r->json) putchar('\n'); /* also after half a text: the message must not be glued to it */
  }
  return status ? nn_session_fail(&err, argc, argv) : CLI_OK;
}

/* Adds a question to the ids, makes room for the answer. */
static int ask(run *r, const char *question, int room) {
  pl_error err;
  int32_t *ids, *all;
  size_t count;
  const int32_t eos = pl_tokenizer_eos(pl_nn_get_tokenizer(r->s.model));
  const int unfinished = r->tokens && r->ids[r->tokens - 1] != eos;
  if (pl_chat_turn(r->s.model, question, !r->tokens, unfinished, &ids, &count, &err)) return cli_fail(&err);
  if (count + (size_t)r->tokens + (size_t)r->n > (size_t)room) {
    free(ids);
    return cli_usage("the conversation has grown beyond the %d tokens of the model's context", room);
  }
  if ((all = realloc(r->ids, sizeof *all * (size_t)room))) {
    r->ids = all;
    memcpy(r->ids + r->tokens, ids, sizeof *ids * count);
    r->tokens += (int)count;
  }
  free(ids);
  return all ? CLI_OK : cli_usage("out of memory for the conversation");
}

/* Questions from stdin, one a line; each answer has at most n tokens. */
static int converse(run *r, int argc, char **argv) {
  enum { MOST = 4096 }; /* tokens: longer conversations take more memory than anyone here has asked for */
  pl_error err;
  const pl_nn_shape *shape = pl_nn_get_shape(r->s.model);
  const int room = shape->context < MOST ? shape->context : MOST;
  char *line = NULL;
  size_t size = 0;
  if (r->compare) return cli_usage("--compare is for one answer: give the question with -p");
  if (!shape->causal) return cli_usage("%s is an encoder and answers no questions", r->s.model_path);
  r->logits = malloc(sizeof *r->logits * (size_t)shape->vocab);
  if (!r->logits) return cli_usage("out of memory for the logits");
  if (pl_nn_context_new(r->s.model, r->s.optics, room, &r->ctx, &err)) return cli_fail(&err);
  int code = CLI_OK;
  while (!code) {
    if (isatty(0)) fputs("> ", stderr);
    if (getline(&line, &size, stdin) < 0) break;
    if (!line[strspn(line, " \t\r\n")]) continue;
    code = ask(r, line, room);
    if (!code) code = generate(r, argc, argv);
  }
  free(line);
  return code;
}

/* JSON text must be UTF-8: bytes that are none become U+FFFD. The token ids tell the rest. */
static char *generated_text(const run *r) {
  const pl_tokenizer *t = pl_nn_get_tokenizer(r->s.model);
  size_t size = 0, n = 0;
  for (int i = r->prompt_tokens; i < r->tokens; i++) size += pl_token_bytes(t, r->ids[i]).size;
  char *raw = malloc(size + 1), *text = malloc(3 * size + 1);
  for (int i = r->prompt_tokens; raw && text && i < r->tokens; i++) {
    pl_str s = pl_token_bytes(t, r->ids[i]);
    memcpy(raw + n, s.data, s.size);
    n += s.size;
  }
  size_t out = 0;
  for (size_t at = 0, length; raw && text && at < n; at += length) {
    uint32_t code;
    length = pl_utf8_decode(raw + at, n - at, &code);
    out += pl_utf8_encode(code, text + out);
  }
  if (text) text[out] = 0;
  free(raw);
  return text;
}

static int print_result(run *r, int argc, char **argv) {
  cJSON *result = cli_result_new(argc, argv, r->s.device, r->s.device ? &r->s.core.image : NULL, (uint64_t)r->s.seed);
  cJSON *data = cli_result_data(result), *timing = cli_result_timing(result);
  char *text = generated_text(r);
  int code = nn_session_files(&r->s, result);
  cJSON_AddStringToObject(data, "text", text ? text : "");
  cJSON_AddNumberToObject(data, "prompt_tokens", r->prompt_tokens);
  cJSON *ids = cJSON_AddArrayToObject(data, "ids");
  for (int i = 0; i < r->tokens; i++) cJSON_AddItemToArray(ids, cJSON_CreateNumber(r->ids[i]));
  if (r->beside && r->drawn) {
    cJSON_AddNumberToObject(data, "top1_agreement", (double)r->same / r->drawn);
    cJSON_AddNumberToObject(data, "kl_divergence", r->divergence / r->drawn);
  }
  cJSON_AddNumberToObject(timing, "seconds", nn_session_seconds(&r->s));
  cJSON_AddNumberToObject(timing, "tokens_per_s", r->seconds > 0 ? pl_nn_position(r->ctx) / r->seconds : 0);
  nn_session_report(&r->s, data, timing);
  if (!code) code = cli_print_json(result);
  free(text);
  cJSON_Delete(result);
  return code;
}

int cmd_run(int argc, char **argv) {
  run r = {.s = NN_SESSION_DEFAULTS, .prompt = "", .n = 64, .batch = 256, .temperature = 0, .top_p = 0.95};
  const cli_option options[] = {
      NN_SESSION_OPTIONS(r.s),
      NN_DEVICE_OPTIONS(r.s),
      {'p', "prompt", "TEXT", CLI_TEXT, &r.prompt, 0, 0, "the text to continue"},
      {'n', "tokens", "N", CLI_INT, &r.n, 0, 65536, "tokens to generate (64)"},
      {0, "temperature", "T", CLI_REAL, &r.temperature, 0, 100, "0 takes the likeliest token (0)"},
      {0, "top-p", "P", CLI_REAL, &r.top_p, 0, 1, "draw among the likeliest that make up P (0.95)"},
      {0, "batch", "N", CLI_INT, &r.batch, 1, 65536, "prompt tokens at a time; the text is the same (256)"},
      {0, "special", NULL, CLI_FLAG, &r.control, 0, 0, "control tokens such as <|im_start|> count in the prompt"},
      {0, "chat", NULL, CLI_FLAG, &r.chat, 0, 0,
       "the prompt is a question to a chat model; without -p questions are read from stdin, one a line"},
      {0, "compare", NULL, CLI_FLAG, &r.compare, 0, 0, "the float model beside it: top-1 agreement and divergence"},
      {0, "json", NULL, CLI_FLAG, &r.json, 0, 0, "print a result as JSON"},
      {0},
  };
  const cli_help help = {"run", "-m MODEL [-p TEXT] [-n N] [-d URI] [-c CORE] [--reference]",
                         "Continues a text with a Transformer whose matrix products run on a device.\n"
                         "The ADC ranges come from --ranges, or from a built-in text read when the model is loaded.",
                         options};
  int code;
  if (!cli_parse(&help, argc, argv, NULL, 0, &code)) return code;
  const int talks = r.chat && !*r.prompt;
  if (talks && r.json) return cli_usage("--json is for one answer: give the question with -p");
  code = nn_session_open(&r.s);
  if (!code && talks) code = converse(&r, argc, argv);
  if (!code && !talks) code = prepare(&r);
  if (!code && !talks) code = generate(&r, argc, argv);
  if (!code && r.json) code = print_result(&r, argc, argv);
  if (!code && !r.json && r.beside && r.drawn)
    cli_note("%.1f %% of %d tokens are those that the float model finds likeliest too; KL divergence %.5f nats",
             100.0 * r.same / r.drawn, r.drawn, r.divergence / r.drawn);
  if (!code && !r.json) nn_session_report(&r.s, NULL, NULL);
  if (!code && r.s.check)
    cli_note("%s and %s agree on all %llu products", r.s.uri, r.s.check_uri,
             (unsigned long long)pl_nn_optics_products(r.s.optics));
  pl_nn_context_free(r.ctx);
  pl_nn_context_free(r.beside);
  free(r.exact);
  free(r.ids);
  free(r.logits);
  nn_session_close(&r.s);
  return code;
}
