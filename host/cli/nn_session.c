/* nn_session.c: see nn_session.h. */
#include "cli/nn_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CLIP_LIMIT 0.02 /* share of a product's reads that may clip without a warning */

#include "nn/job_log.h"

int nn_session_load(nn_session *s) {
  pl_error err;
  if (!s->model_path) return cli_usage("which model? name a GGUF file with -m");
  if (pl_nn_parse_products(s->optical, &s->products, &err)) return cli_fail(&err);
  const int code = cli_load_core(s->core_name, &s->core);
  if (code) return code;
  if (s->seed < 0) s->seed = s->core.image.reg[PL_REG_SEED];
  s->core.image.reg[PL_REG_SEED] = (uint32_t)s->seed;
  if (pl_nn_load(s->model_path, &s->model, &err)) return cli_fail(&err);
  return CLI_OK;
}

static int open_device(const char *uri, const pl_image *image, pl_device **dev) {
  pl_error err;
  if (pl_open(uri, dev, &err)) return cli_fail(&err);
  if (pl_configure(*dev, image, &err)) return cli_fail(&err);
  return CLI_OK;
}

/* The bar learns its length from the first call: the built-in text is as long as the vocabulary makes it. */
static void show_calibration(void *self, int done, int total) {
  cli_progress *bar = self;
  bar->total = (uint64_t)total;
  cli_progress_update(bar, (uint64_t)done);
}

static int calibrate(nn_session *s) {
  pl_error err;
  cli_progress bar;
  cli_progress_start(&bar, "calibrate", 0);
  pl_status status = pl_nn_calibrate_builtin(s->model, &s->core.image, s->products, pl_range_default, show_calibration,
                                             &bar, &s->ranges, &err);
  cli_progress_end(&bar);
  return status ? cli_fail(&err) : CLI_OK;
}

int nn_session_open(nn_session *s) {
  pl_error err;
  int code = nn_session_load(s);
  if (code) return code;
  s->started = cli_seconds();
  if (s->reference) {
    if (s->check_uri) return cli_usage("--reference uses no device, so --check-against has nothing to compare");
    return CLI_OK;
  }
  const pl_image *image = &s->core.image;
  if ((code = open_device(s->uri, image, &s->device))) return code;
  if (s->check_uri && (code = open_device(s->check_uri, image, &s->check))) return code;
  if (s->ranges_path) {
    if (pl_nn_ranges_load(s->ranges_path, &s->ranges, &err)) return cli_fail(&err);
  } else if (pl_nn_needs_ranges(image)) {
    if ((code = calibrate(s))) return code;
  }
  pl_nn_settings settings = {s->device, s->check, *image, s->products, s->ranges};
  if (pl_nn_optics_new(s->model, &settings, &s->optics, &err)) return cli_fail(&err);
  s->started = cli_seconds();
  return CLI_OK;
}

void nn_session_close(nn_session *s) {
  pl_nn_optics_free(s->optics);
  free(s->ranges);
  pl_close(s->device);
  pl_close(s->check);
  pl_nn_free(s->model);
}

/* All of a file, with a zero byte behind it, or NULL with a message in err. */
static char *read_text(const char *path, size_t *size, pl_error *err) {
  enum { MOST = 256 << 20 };
  FILE *f = fopen(path, "rb");
  if (!f) {
    pl_fail(err, PL_E_INPUT, "cannot read the text %s: %s", path, strerror(errno));
    return NULL;
  }
  size_t room = 1 << 20;
  char *text = malloc(room);
  *size = 0;
  while (text) {
    *size += fread(text + *size, 1, room - 1 - *size, f);
    text[*size] = 0;
    if (*size < room - 1) break;
    char *bigger = room < MOST ? realloc(text, room *= 2) : NULL;
    if (!bigger) free(text);
    text = bigger;
  }
  int failed = ferror(f), cause = errno;
  fclose(f);
  if (!text) pl_fail(err, PL_E_INPUT, "the text %s is larger than %d MB or than the memory", path, MOST >> 20);
  if (!text || !failed) return text;
  free(text);
  pl_fail(err, PL_E_INPUT, "cannot read the text %s: %s", path, strerror(cause));
  return NULL;
}

int nn_session_tokenize(nn_session *s, const char *text, const char *path, int flags, int32_t **ids, size_t *count) {
  pl_error err;
  size_t size = 0;
  char *owned = path ? read_text(path, &size, &err) : NULL;
  *ids = NULL;
  if (path && !owned) return cli_fail(&err);
  if (!path) size = strlen(text);
  pl_status status =
      pl_tokenize(pl_nn_get_tokenizer(s->model), path ? owned : text, size, flags, ids, count, &err);
  free(owned);
  return status ? cli_fail(&err) : CLI_OK;
}

int nn_session_read(const char *path, char **text) {
  pl_error err;
  size_t size;
  *text = read_text(path, &size, &err);
  return *text ? CLI_OK : cli_fail(&err);
}

int nn_session_files(const nn_session *s, cJSON *result) {
  static const char *const of_folder[] = {"config.json", "model.safetensors", "vocab.txt"};
  pl_error err;
  char path[4200];
  struct stat st;
  const int is_folder = !stat(s->model_path, &st) && S_ISDIR(st.st_mode);
  if (!is_folder && cli_result_file(result, "model", s->model_path, &err)) return cli_fail(&err);
  for (int i = 0; is_folder && i < 3; i++) {
    snprintf(path, sizeof path, "%s/%s", s->model_path, of_folder[i]);
    if (cli_result_file(result, "model", path, &err)) return cli_fail(&err);
  }
  if (s->ranges_path && cli_result_file(result, "ranges", s->ranges_path, &err)) return cli_fail(&err);
  return CLI_OK;
}

int nn_session_fail(const pl_error *err, int argc, char **argv) {
  const int code = cli_fail(err);
  if (err->status == PL_E_MISMATCH) cli_again(argc, argv);
  return code;
}

double nn_session_seconds(const nn_session *s) { return cli_seconds() - s->started; }

/* The log of jobs: one row of numbers for each product and shape, so that `photolane energy --from` can count. */
static void add_jobs(const pl_nn_job_log *log, cJSON *data) {
  static const char *const columns[] = {"product", "m", "n", "k", "jobs", "macs", "reads", "clipped", "encodings_a",
                                        "encodings_b"};
  cJSON_AddItemToObject(data, "job_columns", cJSON_CreateStringArray(columns, sizeof columns / sizeof *columns));
  cJSON *rows = cJSON_AddArrayToObject(data, "jobs");
  for (int i = 0; i < log->count; i++) {
    const pl_nn_job_entry *e = &log->entry[i];
    const double numbers[] = {e->m, e->n, e->k, (double)e->jobs, (double)e->macs, (double)e->reads, (double)e->clipped,
                              (double)e->encodings_a, (double)e->encodings_b};
    cJSON *row = cJSON_CreateArray();
    cJSON_AddItemToArray(row, cJSON_CreateString(pl_nn_product_names[e->product]));
    for (size_t j = 0; j < sizeof numbers / sizeof *numbers; j++)
      cJSON_AddItemToArray(row, cJSON_CreateNumber(numbers[j]));
    cJSON_AddItemToArray(rows, row);
  }
}

/* Clip rates as {product: [a number for each layer]}; remembers the worst. */
typedef struct {
  double rate;
  int layer, product, above; /* above: how many are above CLIP_LIMIT */
} worst_clip;

static worst_clip report_clips(const nn_session *s, cJSON *data) {
  const int layers = pl_nn_get_shape(s->model)->layers;
  worst_clip worst = {0};
  cJSON *all = data ? cJSON_AddObjectToObject(data, "clip_rate") : NULL;
  for (int p = 0; p < PL_NN_PRODUCTS; p++) {
    if (!(s->products & pl_nn_products_of(s->model) & 1u << p)) continue;
    cJSON *list = all ? cJSON_AddArrayToObject(all, pl_nn_product_names[p]) : NULL;
    for (int i = p == PL_NN_HEAD ? layers : 0; i < (p == PL_NN_HEAD ? layers + 1 : layers); i++) {
      uint64_t reads, clipped;
      pl_nn_optics_clips(s->optics, i, (pl_nn_product)p, &reads, &clipped);
      const double rate = reads ? (double)clipped / (double)reads : 0;
      if (list) cJSON_AddItemToArray(list, cJSON_CreateNumber(rate));
      worst.above += rate > CLIP_LIMIT;
      if (rate > worst.rate) worst.rate = rate, worst.layer = i, worst.product = p;
    }
  }
  return worst;
}

void nn_session_report(nn_session *s, cJSON *data, cJSON *timing) {
  pl_counters n = {0};
  pl_identity id = {.backend = "reference"};
  if (s->device) {
    pl_identify(s->device, &id, NULL);
    pl_get_counters(s->device, &n, NULL);
  }
  if (data) {
    cJSON_AddStringToObject(data, "backend", id.backend);
    if (s->device) {
      cJSON_AddItemToObject(data, "core", cli_json_bytes(s->core.name));
      cJSON *list = cJSON_AddArrayToObject(data, "optical");
      for (int p = 0; p < PL_NN_PRODUCTS; p++)
        if (s->products >> p & 1) cJSON_AddItemToArray(list, cJSON_CreateString(pl_nn_product_names[p]));
      cJSON_AddNumberToObject(data, "products", (double)pl_nn_optics_products(s->optics));
      cJSON_AddNumberToObject(data, "compared", s->check ? (double)pl_nn_optics_products(s->optics) : 0);
      cJSON_AddNumberToObject(data, "macs", (double)n.macs);
      cJSON_AddNumberToObject(data, "reads", (double)n.reads);
      cJSON_AddNumberToObject(data, "clipped", (double)n.clipped);
      cJSON_AddNumberToObject(data, "detected", (double)n.detected);
      cJSON_AddNumberToObject(data, "corrected", (double)n.corrected);
      cJSON_AddNumberToObject(data, "encodings_a", (double)n.encodings_a);
      cJSON_AddNumberToObject(data, "encodings_b", (double)n.encodings_b);
      cJSON_AddNumberToObject(data, "seed", (double)s->seed);
      add_jobs(pl_nn_optics_log(s->optics), data);
    }
  }
  if (timing && s->device) {
    double seconds = nn_session_seconds(s);
    cJSON_AddNumberToObject(timing, "gmac_per_s", seconds > 0 ? (double)n.macs / seconds * 1e-9 : 0);
    cJSON_AddNumberToObject(timing, "cycles", (double)n.cycles);
    cJSON_AddNumberToObject(timing, "ideal_cycles", (double)n.ideal_cycles);
    cJSON_AddNumberToObject(timing, "load_cycles", (double)n.load_cycles);
    cJSON_AddNumberToObject(timing, "checked", (double)n.checked);
  }
  if (n.detected)
    cli_note("%.3g %% of the reads were found wrong and left out, %.3g %% were corrected",
             100.0 * (double)n.detected / (double)n.reads, 100.0 * (double)n.corrected / (double)n.reads);
  if (!s->optics || s->core.image.reg[PL_REG_KIND] == PL_KIND_RNS) return;
  const worst_clip worst = report_clips(s, data);
  if (worst.above)
    cli_note("warning: %.1f %% of the ADC reads of %s in layer %d clipped, and more than %g %% in %d product%s in all; "
             "calibrate on a text like this one (`photolane calibrate --rule max`) or use more ADC bits",
             100 * worst.rate, pl_nn_product_names[worst.product], worst.layer, 100 * CLIP_LIMIT, worst.above,
             worst.above == 1 ? "" : "s");
}
