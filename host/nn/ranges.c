/* ranges.c: calibration of the ADC ranges and the file they are kept in. See ranges.h. */
#include "nn/ranges.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "nn/kernels.h"
#include "nn/optics.h"

/* Measured with the `lightening` core, ranges and perplexity from different texts. SmolLM2-135M, 2 windows of 128 of
 * WikiText-2: mse 106, max 117, 99.9 %: 219 (float: 23). The model that ships, whose sums have no long tails, 16
 * windows of 256: all rules within 0.1 of 11.3, with a 6-bit ADC within 0.1 of 11.6. So: the one that never loses. */
const pl_range_choice pl_range_default = {PL_RANGE_MSE, 100};

/* ---- Watching reads ------------------------------------------------------------------------------ */

/* |sum| of a read on a scale of 16 bins to the octave: the exponent and upper 4 mantissa bits of its float.
 * Bin 0 is a sum of 0; 4096 * 127 * 127 < 2^26 is the largest. */
enum { PER_OCTAVE = 16, BINS = 27 * PER_OCTAVE + 1 };

typedef struct {
  uint64_t count[BINS];
  uint32_t max;
} histogram;

/* Light of the reads of one product. */
typedef struct {
  double sum;   /* code^2 */
  double reads;
} light_meter;

typedef struct {
  int channels;
  histogram *h;       /* (layers + 1) x PL_NN_PRODUCTS */
  light_meter *light; /* the same shape */
  float rail[2][256]; /* light of both rails of a code + 128 of A, of B: code */
} watcher;

static int bin_of(uint32_t magnitude) {
  if (!magnitude) return 0;
  float f = (float)magnitude;
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  return (int)((bits >> 19) - (127u << 4)) + 1;
}

static double bin_edge(int bin) { /* lower edge; that of bin + 1 is the upper one */
  if (!bin) return 0;
  return ldexp(1.0 + (bin - 1) % PER_OCTAVE / (double)PER_OCTAVE, (bin - 1) / PER_OCTAVE);
}

static double bin_value(int bin) { return bin ? (bin_edge(bin) + bin_edge(bin + 1)) / 2 : 0; }

/* What the encoder of an intensity core sends for each code: lit and dark rail together. */
static void read_rails(const pl_image *image, watcher *w) {
  pl_model_regs r;
  pl_model_unpack(image, &r);
  r.effects &= ~(uint32_t)PL_EFFECT_GAIN; /* a gain error is of no use to a mean */
  for (int operand = 0; operand < 2; operand++)
    for (int i = -128; i < 128; i++) {
      const int8_t code = (int8_t)i;
      w->rail[operand][i + 128] = (float)pl_encode(&r, operand, &code, 0, 0).rail / 16;
    }
}

/* The sum over all outputs of sum_k r_a[i][k] r_b[j][k], which is sum_k (sum_i r_a)(sum_j r_b). Scores that are never
 * used count as well: they do not change the mean by much. */
static void measure_light(const watcher *w, const pl_job *job, light_meter *light) {
  for (int k = 0; k < job->k; k++) {
    double a = 0, b = 0;
    for (int i = 0; i < job->m; i++) a += w->rail[0][job->a[(ptrdiff_t)i * job->lda + k] + 128];
    for (int j = 0; j < job->n; j++) b += w->rail[1][job->b[(ptrdiff_t)j * job->ldb + k] + 128];
    light->sum += a * b;
  }
  light->reads += (double)job->m * job->n * ((job->k + w->channels - 1) / w->channels);
}

static void watch(void *self, int layer, pl_nn_product p, const pl_job *job) {
  watcher *w = self;
  histogram *h = &w->h[layer * PL_NN_PRODUCTS + p];
  if (w->light) measure_light(w, job, &w->light[layer * PL_NN_PRODUCTS + p]);
  for (int i = 0; i < job->m; i++) {
    /* Scores behind a row's own position are never used. */
    int columns = p == PL_NN_SCORES && job->row0 + (uint32_t)i + 1 < (uint32_t)job->n ? (int)job->row0 + i + 1 : job->n;
    const int8_t *a = job->a + (ptrdiff_t)i * job->lda;
    for (int j = 0; j < columns; j++) {
      const int8_t *b = job->b + (ptrdiff_t)j * job->ldb;
      int32_t sum = 0;
      for (int k = 0; k < job->k; k += w->channels) {
        int32_t read = pl_dot_codes(a + k, b + k, job->k - k < w->channels ? job->k - k : w->channels);
        uint32_t magnitude = read < 0 ? (uint32_t)-read : (uint32_t)read;
        h->count[bin_of(magnitude)]++;
        if (magnitude > h->max) h->max = magnitude;
        sum += read;
      }
      job->c[(ptrdiff_t)i * job->ldc + j] = sum;
    }
  }
}

/* ---- Choosing ------------------------------------------------------------------------------------- */

static double percentile_of(const histogram *h, double percentile) {
  uint64_t total = 0, below = 0;
  for (int i = 0; i < BINS; i++) total += h->count[i];
  double wanted = percentile / 100 * (double)total;
  int bin = 0;
  while (bin < BINS - 1 && (double)(below += h->count[bin]) < wanted) bin++;
  return fmin(bin_edge(bin + 1), h->max);
}

static double squared_error(const histogram *h, double full_scale, int adc_bits) {
  double step = ldexp(full_scale, 1 - adc_bits), sum = 0;
  for (int i = 0; i < BINS; i++) {
    double excess = bin_value(i) - full_scale;
    if (h->count[i]) sum += (double)h->count[i] * (excess > 0 ? excess * excess : step * step / 12);
  }
  return sum;
}

static double choose(const histogram *h, pl_range_choice choice, int adc_bits) {
  if (!h->max) return 0;
  if (choice.rule == PL_RANGE_PERCENTILE) return fmax(1, percentile_of(h, choice.percentile));
  double best = h->max, least = squared_error(h, best, adc_bits);
  for (int i = bin_of(h->max); i > 0 && choice.rule == PL_RANGE_MSE; i--) {
    double error = squared_error(h, bin_edge(i), adc_bits);
    if (error < least) {
      least = error;
      best = bin_edge(i);
    }
  }
  return best;
}

static pl_nn_ranges *new_ranges(int layers) {
  pl_nn_ranges *r = calloc(1, sizeof *r + sizeof *r->range * (size_t)(layers + 1));
  if (r) r->layers = layers;
  return r;
}

pl_status pl_nn_calibrate(const pl_nn *model, const pl_image *image, unsigned products, const int32_t *ids, int n,
                          pl_range_choice choice, void (*progress)(void *self, int done, int total), void *self,
                          pl_nn_ranges **ranges, pl_error *err) {
  enum { PIECE = 32 };
  const pl_nn_shape *s = pl_nn_get_shape(model);
  *ranges = NULL;
  n = n < s->context ? n : s->context;
  if (n < 1) return pl_fail(err, PL_E_INPUT, "calibration needs a text of at least one token");
  if (choice.rule == PL_RANGE_PERCENTILE && !(choice.percentile >= 50 && choice.percentile <= 100))
    return pl_fail(err, PL_E_INPUT, "the percentile is %g, allowed are 50 to 100", choice.percentile);

  size_t slots = (size_t)(s->layers + 1) * PL_NN_PRODUCTS;
  watcher w = {.channels = (int)image->reg[PL_REG_CHANNELS], .h = calloc(slots, sizeof *w.h)};
  pl_nn_ranges *r = new_ranges(s->layers);
  float *logits = malloc(sizeof *logits * (size_t)(s->causal ? PIECE : n) * (size_t)s->outputs);
  pl_nn_optics *optics = NULL;
  pl_nn_context *ctx = NULL;
  const int has_light = image->reg[PL_REG_KIND] == PL_KIND_INTENSITY;
  if (has_light) w.light = calloc(slots, sizeof *w.light);
  const int has_room = w.h && r && logits && (w.light || !has_light);
  pl_status status = has_room ? PL_OK : pl_fail(err, PL_E_MEMORY, "out of memory for the calibration");
  if (!status && has_light) read_rails(image, &w);
  if (!status) status = pl_optics_new_observed(model, image, products, watch, &w, &optics, err);
  if (!status) status = pl_nn_context_new(model, optics, n, &ctx, err);
  const int piece = s->causal ? PIECE : n; /* an encoder reads all at once */
  for (int done = 0, rows; done < n && !status; done += rows) {
    rows = n - done < piece ? n - done : piece;
    status = pl_nn_forward(ctx, ids + done, rows, 0, logits, err);
    if (!status && progress) progress(self, done + rows, n);
  }
  if (!status) {
    r->channels = w.channels;
    r->adc_bits = (int)image->reg[PL_REG_ADC_BITS];
    r->limit_a = pl_nn_code_limit(image, 0);
    r->limit_b = pl_nn_code_limit(image, 1);
    for (int layer = 0; layer <= s->layers; layer++)
      for (int p = 0; p < PL_NN_PRODUCTS; p++) {
        const size_t at = (size_t)layer * PL_NN_PRODUCTS + (size_t)p;
        r->range[layer][p].full_scale = choose(&w.h[at], choice, r->adc_bits);
        if (has_light && w.light[at].reads > 0) r->range[layer][p].mean_light = w.light[at].sum / w.light[at].reads;
      }
    *ranges = r;
    r = NULL;
  }
  pl_nn_context_free(ctx);
  pl_nn_optics_free(optics);
  free(logits);
  free(w.h);
  free(w.light);
  free(r);
  return status;
}

/* Written for this purpose: narrative, names, numbers, quotes and lists, as plain text has them. */
static const char builtin_text[] =
    "The harbour was quiet when the first boats came back, and only the gulls seemed to have anything to say. "
    "Margaret counted the crates twice: forty-one of herring, seven of mackerel, and one that held nothing but ice. "
    "\"You were gone for three days,\" she said, \"and the weather turned on the second. What happened?\" "
    "Her brother shrugged. In 1987 a storm had taken the old pier, the lighthouse lamp and most of the road to the "
    "village; since then nobody on the island trusted a clear morning. He told her about the engine, the broken "
    "radio and the long night north of the cape, where the sea had been as black as slate. The repairs would cost "
    "about 2,500 pounds, which they did not have. Still, the council had promised help to every family that kept a "
    "boat, and the market in the city paid well before Christmas. They would manage, as they always had.\n";

pl_status pl_nn_calibrate_builtin(const pl_nn *model, const pl_image *image, unsigned products, pl_range_choice choice,
                                  void (*progress)(void *self, int done, int total), void *self, pl_nn_ranges **ranges,
                                  pl_error *err) {
  int32_t *ids;
  size_t count;
  *ranges = NULL;
  pl_status status = pl_tokenize(pl_nn_get_tokenizer(model), builtin_text, sizeof builtin_text - 1, PL_TOKENIZE_BOS,
                                 &ids, &count, err);
  if (status) return status;
  status = pl_nn_calibrate(model, image, products, ids, (int)count, choice, progress, self, ranges, err);
  free(ids);
  return status;
}

int pl_nn_needs_ranges(const pl_image *image) {
  const uint32_t of_a_product = PL_EFFECT_ADC | PL_EFFECT_SYSTEMATIC;
  return image->reg[PL_REG_KIND] != PL_KIND_RNS && (image->reg[PL_REG_EFFECTS] & of_a_product);
}

pl_status pl_nn_ranges_check(const pl_nn_ranges *r, const pl_nn *model, const pl_image *image, pl_error *err) {
  int layers = pl_nn_get_shape(model)->layers, channels = (int)image->reg[PL_REG_CHANNELS];
  if (r->layers != layers)
    return pl_fail(err, PL_E_INPUT, "the ranges are for a model of %d layers, %s has %d: calibrate again", r->layers,
                   pl_nn_path(model), layers);
  if (r->channels != channels)
    return pl_fail(err, PL_E_INPUT, "the ranges are for %d channels, the core has %d: calibrate again", r->channels,
                   channels);
  if (r->adc_bits != (int)image->reg[PL_REG_ADC_BITS] || r->limit_a != pl_nn_code_limit(image, 0) ||
      r->limit_b != pl_nn_code_limit(image, 1))
    return pl_fail(err, PL_E_INPUT, "the ranges are for converters of other widths than the core's: calibrate again");
  return PL_OK;
}

/* ---- Files ------------------------------------------------------------------------------------------ */

static const char format_name[] = "photolane-ranges-2";

/* The two lists of a file. */
static double *member_of(pl_nn_range *range, int light) { return light ? &range->mean_light : &range->full_scale; }
static const char *const member_names[] = {"full_scale", "mean_light"};

pl_status pl_nn_ranges_save(const pl_nn_ranges *r, const char *path, pl_error *err) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "format", format_name);
  cJSON_AddNumberToObject(json, "layers", r->layers);
  cJSON_AddNumberToObject(json, "channels", r->channels);
  cJSON_AddNumberToObject(json, "adc_bits", r->adc_bits);
  cJSON_AddNumberToObject(json, "limit_a", r->limit_a);
  cJSON_AddNumberToObject(json, "limit_b", r->limit_b);
  for (int light = 0; light < 2; light++) {
    cJSON *values = cJSON_AddObjectToObject(json, member_names[light]);
    for (int p = 0; p < PL_NN_PRODUCTS; p++) {
      cJSON *list = cJSON_AddArrayToObject(values, pl_nn_product_names[p]);
      int from = p == PL_NN_HEAD ? r->layers : 0, to = p == PL_NN_HEAD ? r->layers + 1 : r->layers;
      for (int i = from; i < to; i++) {
        pl_nn_range range = r->range[i][p];
        cJSON_AddItemToArray(list, cJSON_CreateNumber(*member_of(&range, light)));
      }
    }
  }
  char *text = cJSON_Print(json);
  cJSON_Delete(json);
  if (!text) return pl_fail(err, PL_E_MEMORY, "out of memory for %s", path);
  FILE *f = fopen(path, "w");
  int cause = errno, failed = !f || fprintf(f, "%s\n", text) < 0;
  if (f) failed |= fclose(f) != 0;
  free(text);
  if (!failed) return PL_OK;
  return f ? pl_fail(err, PL_E_IO, "cannot write %s to its end", path)
           : pl_fail(err, PL_E_INPUT, "cannot write %s: %s", path, strerror(cause));
}

static pl_status read_file(const char *path, char **text, pl_error *err) {
  enum { MOST = 16 << 20 };
  FILE *f = fopen(path, "rb");
  *text = NULL;
  if (!f) return pl_fail(err, PL_E_INPUT, "cannot read ranges from %s: %s", path, strerror(errno));
  char *buffer = malloc(MOST + 1);
  size_t n = buffer ? fread(buffer, 1, MOST + 1, f) : 0;
  int failed = ferror(f);
  fclose(f);
  if (buffer && !failed && n <= MOST) {
    buffer[n] = 0;
    *text = buffer;
    return PL_OK;
  }
  free(buffer);
  if (!buffer) return pl_fail(err, PL_E_MEMORY, "out of memory for %s", path);
  return pl_fail(err, PL_E_INPUT, failed ? "cannot read %s to its end" : "%s is too large for a file of ranges", path);
}

static int get_int(const cJSON *json, const char *key, int lo, int hi) { /* -1 if absent or out of range */
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
  if (!cJSON_IsNumber(item) || !(item->valuedouble >= lo && item->valuedouble <= hi)) return -1;
  return (int)item->valuedouble;
}

/* One of the two objects of lists; 0, or -1 after filling err. */
static int parse_values(const cJSON *json, int light, const char *path, pl_nn_ranges *r, pl_error *err) {
  const cJSON *values = cJSON_GetObjectItemCaseSensitive(json, member_names[light]);
  for (int p = 0; p < PL_NN_PRODUCTS; p++) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(values, pl_nn_product_names[p]), *item;
    int at = p == PL_NN_HEAD ? r->layers : 0, end = p == PL_NN_HEAD ? r->layers + 1 : r->layers;
    int good = cJSON_IsArray(list);
    cJSON_ArrayForEach(item, list) {
      good &= at < end && cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= 4096.0 * 512 * 512;
      if (!good) break;
      *member_of(&r->range[at++][p], light) = item->valuedouble;
    }
    if (good && at == end) continue;
    pl_fail(err, PL_E_INPUT, "%s: %s.%s must be a list of one range for each layer", path, member_names[light],
            pl_nn_product_names[p]);
    return -1;
  }
  return 0;
}

static pl_status parse(const cJSON *json, const char *path, pl_nn_ranges **out, pl_error *err) {
  const cJSON *format = cJSON_GetObjectItemCaseSensitive(json, "format");
  if (!cJSON_IsString(format) || strcmp(format->valuestring, format_name))
    return pl_fail(err, PL_E_INPUT, "%s is not a file of ranges (%s), as `photolane calibrate -o` writes", path,
                   format_name);
  int layers = get_int(json, "layers", 1, 4095);
  pl_nn_ranges *r = layers > 0 ? new_ranges(layers) : NULL;
  if (layers > 0 && !r) return pl_fail(err, PL_E_MEMORY, "out of memory for %s", path);
  if (r) {
    r->channels = get_int(json, "channels", 1, 4096);
    r->adc_bits = get_int(json, "adc_bits", 2, 16);
    r->limit_a = get_int(json, "limit_a", 1, 127);
    r->limit_b = get_int(json, "limit_b", 1, 127);
  }
  if (!r || r->channels < 0 || r->adc_bits < 0 || r->limit_a < 0 || r->limit_b < 0) {
    free(r);
    return pl_fail(err, PL_E_INPUT, "%s: layers, channels, adc_bits, limit_a or limit_b is absent or out of range",
                   path);
  }
  if (parse_values(json, 0, path, r, err) || parse_values(json, 1, path, r, err)) {
    free(r);
    return PL_E_INPUT;
  }
  *out = r;
  return PL_OK;
}

pl_status pl_nn_ranges_load(const char *path, pl_nn_ranges **ranges, pl_error *err) {
  char *text;
  *ranges = NULL;
  pl_status status = read_file(path, &text, err);
  if (status) return status;
  cJSON *json = cJSON_Parse(text);
  free(text);
  if (!json) return pl_fail(err, PL_E_INPUT, "%s is not JSON", path);
  status = parse(json, path, ranges, err);
  cJSON_Delete(json);
  return status;
}
