/* cmd_embed.c: `photolane embed`: sentences as vectors by an encoder on a device, beside the float ones: how near they
 * are, and whether each sentence finds the others in the same order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/nn_session.h"
#include "nn/embed.h"

typedef struct {
  nn_session s;
  const char *text, *path;
  int json;
  char **sentences; /* one a line; views into `owned` */
  char *owned;
  int count;
  float *optical, *exact; /* count x dim; optical is NULL for a reference run */
} embedding;

typedef struct {
  double mean, least;       /* cosine of a sentence's two vectors */
  double nearest, in_order; /* share of sentences that find the same one first; of pairs ranked alike */
} agreement;

/* Splits the text at line breaks; empty lines are left out. */
static int take_sentences(embedding *e) {
  int code = CLI_OK, room = 1;
  if (e->path && (code = nn_session_read(e->path, &e->owned))) return code;
  if (!e->path && e->text && !(e->owned = strdup(e->text))) return cli_usage("out of memory for the text");
  if (!e->owned) return cli_usage("embed what? give sentences with -f FILE, one a line, or one with -p");
  for (const char *c = e->owned; *c; c++) room += *c == '\n';
  e->sentences = calloc((size_t)room, sizeof *e->sentences);
  if (!e->sentences) return cli_usage("out of memory for %d sentences", room);
  for (char *line = e->owned, *next; line; line = next) {
    next = strchr(line, '\n');
    if (next) *next++ = 0;
    line[strcspn(line, "\r")] = 0;
    if (*line) e->sentences[e->count++] = line;
  }
  return e->count ? CLI_OK : cli_usage("there is no sentence to embed");
}

/* All sentences through the model, with optics or in float. */
static int embed_all(embedding *e, pl_nn_optics *optics, const char *label, float *out, int argc, char **argv) {
  pl_error err;
  const pl_nn_shape *shape = pl_nn_get_shape(e->s.model);
  pl_nn_context *ctx;
  cli_progress bar;
  if (pl_nn_context_new(e->s.model, optics, shape->context, &ctx, &err)) return cli_fail(&err);
  cli_progress_start(&bar, label, (uint64_t)e->count);
  int code = CLI_OK;
  for (int i = 0; i < e->count && !code; i++) {
    int32_t *ids;
    size_t n;
    if ((code = nn_session_tokenize(&e->s, e->sentences[i], NULL, PL_TOKENIZE_BOS, &ids, &n))) break;
    if (n > (size_t)shape->context)
      code = cli_usage("sentence %d has %zu tokens, the model reads at most %d: split it", i + 1, n, shape->context);
    else if (pl_embed(ctx, e->s.model, ids, (int)n, out + (ptrdiff_t)i * shape->dim, &err))
      code = nn_session_fail(&err, argc, argv);
    free(ids);
    cli_progress_update(&bar, (uint64_t)i + 1);
  }
  cli_progress_end(&bar);
  pl_nn_context_free(ctx);
  return code;
}

/* 0 if memory ran out. */
static int compare(const embedding *e, agreement *a) {
  const int dim = pl_nn_get_shape(e->s.model)->dim, n = e->count;
  int *one = malloc(sizeof *one * (size_t)n), *two = malloc(sizeof *two * (size_t)n);
  int *place = malloc(sizeof *place * (size_t)n);
  int same = 0;
  double alike = 0, pairs = 0;
  *a = (agreement){0, 1, 1, 1};
  for (int i = 0; one && two && place && i < n; i++) {
    const double c = pl_cosine(e->optical + (ptrdiff_t)i * dim, e->exact + (ptrdiff_t)i * dim, dim);
    a->mean += c / n;
    a->least = c < a->least ? c : a->least;
    if (n < 2) continue;
    pl_rank(e->optical, n, dim, i, one);
    pl_rank(e->exact, n, dim, i, two);
    same += one[0] == two[0];
    for (int j = 0; j < n - 1; j++) place[one[j]] = j;
    for (int j = 0; j < n - 1; j++)
      for (int k = j + 1; k < n - 1; k++, pairs++) alike += place[two[j]] < place[two[k]];
  }
  if (n > 1) a->nearest = (double)same / n;
  if (pairs > 0) a->in_order = alike / pairs;
  const int ok = one && two && place;
  free(one), free(two), free(place);
  return ok;
}

static int print_json(embedding *e, const agreement *a, int argc, char **argv) {
  pl_error err;
  nn_session *s = &e->s;
  const int dim = pl_nn_get_shape(s->model)->dim;
  const float *vectors = e->optical ? e->optical : e->exact;
  cJSON *result = cli_result_new(argc, argv, s->device, s->device ? &s->core.image : NULL, (uint64_t)s->seed);
  cJSON *data = cli_result_data(result), *timing = cli_result_timing(result);
  int code = nn_session_files(s, result);
  if (!code && e->path && cli_result_file(result, "text", e->path, &err)) code = cli_fail(&err);
  cJSON_AddNumberToObject(data, "sentences", e->count);
  cJSON_AddNumberToObject(data, "dim", dim);
  if (e->optical) {
    cJSON_AddNumberToObject(data, "cosine_mean", a->mean);
    cJSON_AddNumberToObject(data, "cosine_min", a->least);
    cJSON_AddNumberToObject(data, "nearest_agreement", a->nearest);
    cJSON_AddNumberToObject(data, "order_agreement", a->in_order);
    cJSON *list = cJSON_AddArrayToObject(data, "cosine");
    for (int i = 0; i < e->count; i++)
      cJSON_AddItemToArray(list, cJSON_CreateNumber(pl_cosine(e->optical + (ptrdiff_t)i * dim,
                                                              e->exact + (ptrdiff_t)i * dim, dim)));
  }
  cJSON *embeddings = cJSON_AddArrayToObject(data, "embeddings");
  for (int i = 0; i < e->count; i++) {
    cJSON *row = cJSON_CreateArray();
    for (int j = 0; j < dim; j++)
      cJSON_AddItemToArray(row, cJSON_CreateNumber((double)vectors[(ptrdiff_t)i * dim + j]));
    cJSON_AddItemToArray(embeddings, row);
  }
  cJSON_AddNumberToObject(timing, "seconds", nn_session_seconds(s));
  nn_session_report(s, data, timing);
  if (!code) code = cli_print_json(result);
  cJSON_Delete(result);
  return code;
}

static int print_table(embedding *e, const agreement *a) {
  const int dim = pl_nn_get_shape(e->s.model)->dim;
  const float *vectors = e->optical ? e->optical : e->exact;
  int *order = malloc(sizeof *order * (size_t)e->count);
  if (!order) return cli_usage("out of memory for %d sentences", e->count);
  for (int i = 0; i < e->count; i++) {
    printf("%3d", i + 1);
    if (e->optical)
      printf("  %.6f", pl_cosine(e->optical + (ptrdiff_t)i * dim, e->exact + (ptrdiff_t)i * dim, dim));
    if (e->count > 1) {
      pl_rank(vectors, e->count, dim, i, order);
      printf("  nearest %3d (%.3f)", order[0] + 1,
             pl_cosine(vectors + (ptrdiff_t)i * dim, vectors + (ptrdiff_t)order[0] * dim, dim));
    }
    printf("  %s\n", e->sentences[i]);
  }
  if (e->optical)
    printf("cosine to the float vector: mean %.6f, least %.6f; same nearest sentence: %.1f %%, pairs in the same "
           "order: %.2f %%\n", a->mean, a->least, 100 * a->nearest, 100 * a->in_order);
  free(order);
  return CLI_OK;
}

int cmd_embed(int argc, char **argv) {
  embedding e = {.s = NN_SESSION_DEFAULTS};
  const cli_option options[] = {
      NN_SESSION_OPTIONS(e.s),
      NN_DEVICE_OPTIONS(e.s),
      {'f', "file", "TEXT", CLI_TEXT, &e.path, 0, 0, "sentences, one a line"},
      {'p', "prompt", "TEXT", CLI_TEXT, &e.text, 0, 0, "one sentence"},
      {0, "json", NULL, CLI_FLAG, &e.json, 0, 0, "print a result as JSON, with the vectors"},
      {0},
  };
  const cli_help help = {"embed", "-m MODEL -f SENTENCES [-d URI] [-c CORE] [--reference]",
                         "Sentences as vectors by an encoder (MiniLM) on a device. Printed for each: the cosine to\n"
                         "its float vector and its nearest neighbour; at the end, how often the order of neighbours is\n"
                         "the same in float.", options};
  int code;
  if (!cli_parse(&help, argc, argv, NULL, 0, &code)) return code;
  agreement a = {0};
  code = take_sentences(&e);
  if (!code) code = nn_session_open(&e.s);
  if (!code) {
    const size_t n = (size_t)e.count * (size_t)pl_nn_get_shape(e.s.model)->dim;
    e.exact = malloc(sizeof *e.exact * n);
    if (e.s.optics) e.optical = malloc(sizeof *e.optical * n);
    if (!e.exact || (e.s.optics && !e.optical)) code = cli_usage("out of memory for %d sentences", e.count);
  }
  if (!code && e.optical) code = embed_all(&e, e.s.optics, "optical", e.optical, argc, argv);
  if (!code) code = embed_all(&e, NULL, "float", e.exact, argc, argv);
  if (!code && e.optical && !compare(&e, &a)) code = cli_usage("out of memory for %d sentences", e.count);
  if (!code) code = e.json ? print_json(&e, &a, argc, argv) : print_table(&e, &a);
  if (!code && !e.json) nn_session_report(&e.s, NULL, NULL);
  free(e.optical);
  free(e.exact);
  free(e.sentences);
  free(e.owned);
  nn_session_close(&e.s);
  return code;
}
