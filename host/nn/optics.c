/* optics.c: the products of a model on a device: quantised weights, job numbers, ADC ranges, and the comparison
 * of two devices. See nn.h.
 *
 * All products meet in multiply(). With a device it is pl_gemm (on both devices, if there is a second one to
 * check against); for calibration an observer takes the device's place and multiplies exactly (ranges.c).
 */
#include "nn/optics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/job_log.h"
#include "nn/kernels.h"
#include "nn/architecture.h"
#include "nn/quantised.h"
#include "nn/ranges.h"

typedef struct {
  uint64_t reads, clipped;
} clips;

enum { ROTATIONS = 4 }; /* sizes: of the residual stream, of all heads together, of the feed-forward, of one head */

struct pl_nn_optics {
  const pl_nn *model;
  pl_nn_settings settings; /* ranges: not used after creation */
  pl_optics_watch watch; /* observer NULL: devices multiply */
  pl_optics_auditor auditor; /* or NULL */
  void *auditor_self;
  int limit_a, limit_b;
  pl_quantised *weights; /* (layers + 1) x PL_NN_PRODUCTS, empty where a product has none or is float */
  pl_range *ranges;   /* the same shape */
  pl_range *head_ranges; /* layers x (scores, attn) x heads; gain 0: that of the product */
  float *key_offset, *value_offset; /* layers x kv_heads x head_dim; zeros where there is none */
  const pl_rotation **head_rotation; /* layers x (scores, attn): of queries and keys, of values; NULL: none */
  pl_rotation *rotations[ROTATIONS]; /* one for each size that is used */
  clips *clips;       /* (layers + 1) x PL_NN_PRODUCTS */
  float *row, *scratch; /* one row of weights or activations; the widest */
  int8_t *codes;      /* of activations; grows */
  float *scales;
  int32_t *c, *c_check;
  size_t codes_room, scales_room, c_room, c_check_room;
  uint64_t products;
  pl_nn_job_log log;
};

static size_t slot(int layer, pl_nn_product p) { return (size_t)layer * PL_NN_PRODUCTS + (size_t)p; }

int pl_nn_code_limit(const pl_image *image, int operand) {
  uint32_t effect = operand ? PL_EFFECT_DAC_B : PL_EFFECT_DAC_A;
  int bits = image->reg[PL_REG_EFFECTS] & effect ? (int)image->reg[operand ? PL_REG_DAC_BITS_B : PL_REG_DAC_BITS_A] : 8;
  return ((1 << (bits - 1)) - 1) << (8 - bits);
}

/* ---- Quantising the weights -------------------------------------------------------------------- */

/* The rotation of n elements, or NULL: out of memory. */
static const pl_rotation *rotation_of(pl_nn_optics *o, int n) {
  int i = 0;
  while (o->rotations[i] && pl_rotation_size(o->rotations[i]) != n) i++;
  if (!o->rotations[i]) o->rotations[i] = pl_rotation_new(n);
  return o->rotations[i];
}

/* What calibration found for the heads of scores or attention x values. */
static pl_status take_heads(pl_nn_optics *o, int layer, pl_nn_product p, const pl_nn_range *r, pl_error *err) {
  const pl_nn_shape *s = &o->model->shape;
  const int width = s->kv_heads * s->head_dim;
  if ((r->offset && r->inputs != width) || (r->heads && r->heads != s->heads))
    return pl_fail(err, PL_E_INPUT, "the ranges of %s in layer %d are for other heads than those of %s: calibrate again",
                   pl_nn_product_names[p], layer, pl_nn_path(o->model));
  float *offset = (p == PL_NN_SCORES ? o->key_offset : o->value_offset) + (ptrdiff_t)layer * width;
  if (r->offset) memcpy(offset, r->offset, sizeof *offset * (size_t)width);
  pl_range *ranges = o->head_ranges + ((ptrdiff_t)layer * 2 + (p == PL_NN_ATTN)) * s->heads;
  const pl_rotation **rotation = &o->head_rotation[(ptrdiff_t)layer * 2 + (p == PL_NN_ATTN)];
  if (r->rotated && !(*rotation = rotation_of(o, s->head_dim))) return pl_fail(err, PL_E_MEMORY, "out of memory");
  for (int h = 0; h < r->heads; h++) {
    if (!(r->head_full_scale[h] > 0)) continue;
    ranges[h] = pl_range_for((double)r->head_full_scale[h], (int)o->settings.image.reg[PL_REG_ADC_BITS]);
    ranges[h].mean_light = (uint32_t)(r->mean_light + 0.5);
  }
  return PL_OK;
}

static pl_status take_weights(pl_nn_optics *o, int layer, pl_nn_product p, const pl_nn_range *r, pl_error *err) {
  const pl_tensor *w = pl_nn_weight(o->model, layer, p);
  const int inputs = (int)w->dims[0];
  if ((r->inputs && r->inputs != inputs) || (r->outputs && r->outputs != w->rows))
    return pl_fail(err, PL_E_INPUT, "the ranges are for %d x %d channels of %s of layer %d, which has %d inputs "
                   "and %lld outputs: calibrate again", r->inputs, r->outputs, pl_nn_product_names[p], layer, inputs,
                   (long long)w->rows);
  const pl_rotation *rotation = r->rotated ? rotation_of(o, inputs) : NULL;
  if (r->rotated && !rotation) return pl_fail(err, PL_E_MEMORY, "out of memory");
  return pl_quantised_fill(&o->weights[slot(layer, p)], w, r, rotation, o->limit_b, o->row, o->scratch,
                           pl_nn_path(o->model), err);
}

static pl_status prepare(pl_nn_optics *o, pl_error *err) {
  const pl_nn_shape *s = &o->model->shape;
  const pl_image *image = &o->settings.image;
  const pl_nn_ranges *found = o->settings.ranges;
  size_t slots = slot(s->layers + 1, 0);
  o->weights = calloc(slots, sizeof *o->weights);
  o->ranges = calloc(slots, sizeof *o->ranges);
  o->clips = calloc(slots, sizeof *o->clips);
  const size_t kv = (size_t)s->layers * (size_t)(s->kv_heads * s->head_dim);
  o->head_ranges = calloc((size_t)s->layers * 2 * (size_t)s->heads, sizeof *o->head_ranges);
  o->key_offset = calloc(kv, sizeof *o->key_offset);
  o->value_offset = calloc(kv, sizeof *o->value_offset);
  int widest = s->dim > s->ffn ? s->dim : s->ffn, q = s->heads * s->head_dim;
  const size_t longest = (size_t)(widest > q ? widest : q);
  o->row = malloc(sizeof *o->row * longest);
  o->scratch = malloc(sizeof *o->scratch * longest);
  o->head_rotation = calloc((size_t)s->layers * 2, sizeof *o->head_rotation);
  pl_status status = PL_OK;
  if (!o->weights || !o->ranges || !o->clips || !o->head_ranges || !o->head_rotation || !o->key_offset ||
      !o->value_offset || !o->row || !o->scratch)
    status = pl_fail(err, PL_E_MEMORY, "out of memory");
  if (!status && found) status = pl_nn_ranges_check(found, o->model, image, err);
  double never_clips = (double)image->reg[PL_REG_CHANNELS] * 127 * 127;
  for (int layer = 0; layer <= s->layers && !status; layer++)
    for (int p = 0; p < PL_NN_PRODUCTS && !status; p++) {
      if (!(o->settings.products >> p & 1) || (layer == s->layers) != (p == PL_NN_HEAD) ||
          !pl_nn_has(o->model, (pl_nn_product)p))
        continue;
      const pl_nn_range r = found ? found->range[layer][p] : (pl_nn_range){0};
      pl_range *range = &o->ranges[slot(layer, (pl_nn_product)p)];
      *range = pl_range_for(r.full_scale > 0 ? r.full_scale : never_clips, (int)image->reg[PL_REG_ADC_BITS]);
      range->mean_light = (uint32_t)(r.mean_light + 0.5);
      if (p == PL_NN_SCORES || p == PL_NN_ATTN)
        status = take_heads(o, layer, (pl_nn_product)p, &r, err);
      else
        status = take_weights(o, layer, (pl_nn_product)p, &r, err);
    }
  return status;
}

pl_status pl_optics_new_watched(const pl_nn *model, const pl_nn_settings *settings, const pl_optics_watch *watch,
                                pl_nn_optics **optics, pl_error *err) {
  *optics = NULL;
  pl_nn_optics *o = calloc(1, sizeof *o);
  if (!o) return pl_fail(err, PL_E_MEMORY, "out of memory");
  o->model = model;
  o->settings = *settings;
  if (watch) o->watch = *watch;
  o->limit_a = pl_nn_code_limit(&settings->image, 0);
  o->limit_b = pl_nn_code_limit(&settings->image, 1);
  pl_status status = pl_image_check(&settings->image, err);
  if (!status) status = prepare(o, err);
  o->settings.ranges = NULL;
  if (model->file) pl_gguf_rest(model->file); /* of the weights only some rows of the embedding are read from now on */
  if (model->store) pl_safetensors_rest(model->store);
  if (status) pl_nn_optics_free(o);
  else *optics = o;
  return status;
}

pl_status pl_nn_optics_new(const pl_nn *model, const pl_nn_settings *settings, pl_nn_optics **optics, pl_error *err) {
  return pl_optics_new_watched(model, settings, NULL, optics, err);
}

pl_status pl_optics_new_observed(const pl_nn *model, const pl_image *image, unsigned products,
                                 pl_optics_observer observer, void *self, pl_nn_optics **optics, pl_error *err) {
  pl_nn_settings settings = {.image = *image, .products = products};
  const pl_optics_watch watch = {.observer = observer, .self = self};
  return pl_optics_new_watched(model, &settings, &watch, optics, err);
}

void pl_nn_optics_free(pl_nn_optics *o) {
  if (!o) return;
  for (size_t i = 0; o->weights && i < slot(o->model->shape.layers + 1, 0); i++) pl_quantised_free(&o->weights[i]);
  for (int i = 0; i < ROTATIONS; i++) free(o->rotations[i]);
  free(o->weights);
  free(o->ranges);
  free(o->clips);
  free(o->head_ranges);
  free(o->key_offset);
  free(o->value_offset);
  free(o->head_rotation);
  free(o->row);
  free(o->scratch);
  free(o->codes);
  free(o->scales);
  free(o->c);
  free(o->c_check);
  pl_nn_job_log_free(&o->log);
  free(o);
}

uint64_t pl_nn_optics_products(const pl_nn_optics *o) { return o->products; }
void pl_nn_optics_clips(const pl_nn_optics *o, int layer, pl_nn_product p, uint64_t *reads, uint64_t *clipped) {
  *reads = o->clips[slot(layer, p)].reads;
  *clipped = o->clips[slot(layer, p)].clipped;
}
const pl_nn_job_log *pl_nn_optics_log(const pl_nn_optics *o) { return &o->log; }

void pl_optics_audit(pl_nn_optics *o, pl_optics_auditor auditor, void *self) {
  o->auditor = auditor;
  o->auditor_self = self;
}

int pl_optics_has(const pl_nn_optics *o, pl_nn_product p) { return o && (o->settings.products >> p & 1); }
int pl_optics_limit_a(const pl_nn_optics *o) { return o->limit_a; }
int pl_optics_limit_b(const pl_nn_optics *o) { return o->limit_b; }

const float *pl_optics_key_offset(const pl_nn_optics *o, int layer, int kv_head) {
  return o->key_offset + ((ptrdiff_t)layer * o->model->shape.kv_heads + kv_head) * o->model->shape.head_dim;
}
const float *pl_optics_value_offset(const pl_nn_optics *o, int layer, int kv_head) {
  return o->value_offset + ((ptrdiff_t)layer * o->model->shape.kv_heads + kv_head) * o->model->shape.head_dim;
}

static const pl_rotation *head_rotation(const pl_nn_optics *o, int layer, pl_nn_product p) {
  return o->head_rotation[(ptrdiff_t)layer * 2 + (p == PL_NN_ATTN)];
}
int pl_optics_code_head(const pl_nn_optics *o, int layer, pl_nn_product p, int limit, float *x, int8_t *codes,
                        float *scale) {
  const pl_rotation *r = head_rotation(o, layer, p);
  if (r) pl_rotate(r, x, o->scratch);
  return (r && p == PL_NN_SCORES ? pl_quantize_even : pl_quantize)(x, o->model->shape.head_dim, limit, codes, scale);
}
void pl_optics_values_back(const pl_nn_optics *o, int layer, float *x) {
  const pl_rotation *r = head_rotation(o, layer, PL_NN_ATTN);
  if (r) pl_rotate_back(r, x, o->scratch);
}

void pl_optics_hear(const pl_nn_optics *o, int layer, pl_nn_product p, const float *x, int rows, uint32_t row0) {
  if (pl_optics_has(o, p) && o->watch.listener) o->watch.listener(o->watch.self, layer, p, x, rows, row0);
}

/* ---- Multiplying ------------------------------------------------------------------------------- */

static pl_status reserve(void *buffer, size_t *room, size_t n, size_t size, pl_error *err) {
  void **p = buffer;
  if (n <= *room) return PL_OK;
  free(*p);
  *p = malloc(n * size);
  *room = *p ? n : 0;
  return *p ? PL_OK : pl_fail(err, PL_E_MEMORY, "out of memory for %zu results", n);
}

/* Output (i, j) of a job alone, summed over its first `depth` elements, on both devices: the same noise, because that
 * goes by coordinates. */
static pl_status sum_alone(const pl_nn_optics *o, const pl_job *job, int i, int j, int depth, int32_t out[2]) {
  pl_job one = *job;
  one.row0 += (uint32_t)i, one.col0 += (uint32_t)j;
  one.m = one.n = 1, one.k = depth;
  one.a += i * job->lda, one.b += j * job->ldb;
  one.b_tag = 0;
  one.c = &out[0];
  pl_status status = pl_gemm(o->settings.device, &one, NULL);
  one.c = &out[1];
  return status ? status : pl_gemm(o->settings.check, &one, NULL);
}

/* The detector read at which output (i, j) begins to differ, and its ADC code on both devices; -1 if the output alone
 * comes out the same, or a device fails. Halves the reads in question: where sums differ, longer ones do too. */
static int differing_read(const pl_nn_optics *o, const pl_job *job, int i, int j, int32_t codes[2]) {
  const int channels = (int)o->settings.image.reg[PL_REG_CHANNELS];
  int same = 0, differ = (job->k + channels - 1) / channels;
  int32_t before[2] = {0, 0}, after[2], sums[2];
  if (sum_alone(o, job, i, j, job->k, after) || after[0] == after[1]) return -1;
  while (differ - same > 1) {
    const int middle = same + (differ - same) / 2;
    if (sum_alone(o, job, i, j, middle * channels, sums)) return -1;
    const int equal = sums[0] == sums[1];
    memcpy(equal ? before : after, sums, sizeof sums);
    *(equal ? &same : &differ) = middle;
  }
  for (int d = 0; d < 2; d++) codes[d] = (int32_t)((uint32_t)after[d] - (uint32_t)before[d]);
  return same;
}

/* The sentence about output (i, j), which is x on the device and y on the one to check against. */
static pl_status report_difference(const pl_nn_optics *o, const pl_job *job, int layer, pl_nn_product p, int i, int j,
                                   int32_t x, int32_t y, pl_error *err) {
  pl_identity a = {0}, b = {0};
  int32_t codes[2];
  char where[80] = ", which alone comes out the same";
  const int read = differing_read(o, job, i, j, codes);
  if (read >= 0) snprintf(where, sizeof where, ", sum %d: ADC codes %d and %d", read, codes[0], codes[1]);
  pl_identify(o->settings.device, &a, NULL);
  pl_identify(o->settings.check, &b, NULL);
  const int can_tell_stage = (a.rows && !a.checked) || (b.rows && !b.checked);
  return pl_fail(err, PL_E_MISMATCH,
                 "%.100s and %.100s differ in job 0x%08x (layer %d, %s) at row %u, column %u%s; results %d and %d "
                 "(product %llu of this run)%s", a.uri, b.uri, job->job, layer, pl_nn_product_names[p],
                 job->row0 + (uint32_t)i, job->col0 + (uint32_t)j, where, x, y, (unsigned long long)o->products + 1,
                 can_tell_stage ? "; ?check=1 names the stage" : "");
}

static pl_status compare(const pl_nn_optics *o, const pl_job *job, int layer, pl_nn_product p, pl_error *err) {
  for (int i = 0; i < job->m; i++)
    for (int j = 0; j < job->n; j++) {
      const int32_t x = o->c[(ptrdiff_t)i * job->n + j], y = o->c_check[(ptrdiff_t)i * job->n + j];
      if (x != y) return report_difference(o, job, layer, p, i, j, x, y, err);
    }
  return PL_OK;
}

pl_status pl_optics_multiply(pl_nn_optics *o, int layer, pl_nn_product p, int head, pl_job *job, const int32_t **c,
                             float *step, pl_error *err) {
  size_t results = (size_t)job->m * (size_t)job->n;
  pl_status status = reserve(&o->c, &o->c_room, results, sizeof *o->c, err);
  if (status) return status;
  job->job = pl_nn_job(layer, p, head);
  job->range = o->ranges[slot(layer, p)];
  if (p == PL_NN_SCORES || p == PL_NN_ATTN) {
    const pl_range own = o->head_ranges[((ptrdiff_t)layer * 2 + (p == PL_NN_ATTN)) * o->model->shape.heads + head];
    if (own.gain) job->range = own;
  }
  job->c = o->c;
  job->ldc = job->n;
  *c = o->c;
  *step = 1;
  if (o->watch.observer) {
    o->watch.observer(o->watch.self, layer, p, job);
    return PL_OK;
  }
  *step = (float)pl_range_step(&o->settings.image, job->range);
  pl_counters before, after;
  status = pl_get_counters(o->settings.device, &before, err);
  if (!status) status = pl_gemm(o->settings.device, job, err);
  if (!status) status = pl_get_counters(o->settings.device, &after, err);
  if (!status) status = pl_nn_job_log_add(&o->log, p, job, &before, &after, err);
  if (status) return status;
  o->clips[slot(layer, p)].reads += after.reads - before.reads;
  o->clips[slot(layer, p)].clipped += after.clipped - before.clipped;
  if (o->auditor) o->auditor(o->auditor_self, layer, p, job, *step);
  if (o->settings.check) {
    if ((status = reserve(&o->c_check, &o->c_check_room, results, sizeof *o->c_check, err))) return status;
    pl_job other = *job;
    other.c = o->c_check;
    if ((status = pl_gemm(o->settings.check, &other, err))) return status;
    if ((status = compare(o, job, layer, p, err))) return status;
  }
  o->products++;
  return PL_OK;
}

pl_status pl_optics_linear(pl_nn_optics *o, int layer, pl_nn_product p, const float *x, int rows, uint32_t row0,
                           float *y, pl_error *err) {
  const pl_tensor *t = pl_nn_weight(o->model, layer, p);
  pl_quantised *w = &o->weights[slot(layer, p)];
  int inputs = (int)t->dims[0], outputs = (int)t->rows;
  pl_status status = reserve(&o->codes, &o->codes_room, (size_t)rows * (size_t)inputs, 1, err);
  if (!status) status = reserve(&o->scales, &o->scales_room, (size_t)rows, sizeof *o->scales, err);
  if (status) return status;
  if (o->watch.listener) o->watch.listener(o->watch.self, layer, p, x, rows, row0);
  for (int r = 0; r < rows; r++)
    if (!pl_quantise_input(w, x + (ptrdiff_t)r * inputs, o->limit_a, o->row, o->scratch,
                           o->codes + (ptrdiff_t)r * inputs, &o->scales[r]))
      return pl_fail(err, PL_E_INPUT, "the activations of %s overflow at token %u before layer %d, %s: the model is "
                     "damaged", pl_nn_path(o->model), row0 + (uint32_t)r, layer, pl_nn_product_names[p]);
  pl_job job = {.row0 = row0, .m = rows, .n = outputs, .k = inputs, .a = o->codes, .lda = inputs, .b = w->codes,
                .ldb = inputs, .b_tag = w->tag, .job = pl_nn_job(layer, p, 0)};
  const int32_t *c;
  float step;
  if (!w->codes && (o->settings.check || o->auditor || !pl_holds(o->settings.device, &job))) { /* no room on it for all */
    if ((status = pl_quantised_again(w, o->row, o->scratch, err))) return status;
    job.b = w->codes;
  }
  if ((status = pl_optics_multiply(o, layer, p, 0, &job, &c, &step, err))) return status;
  if (!o->watch.observer && !o->auditor && !o->settings.check && pl_holds(o->settings.device, &job)) pl_quantised_drop(w);
  for (int r = 0; r < rows; r++) {
    float scale = o->scales[r] * step;
    for (int j = 0; j < outputs; j++)
      y[(ptrdiff_t)r * outputs + j] = (float)c[(ptrdiff_t)r * outputs + j] * (scale * w->scales[j]);
    if (w->constant) pl_axpy(y + (ptrdiff_t)r * outputs, 1, w->constant, outputs);
  }
  return PL_OK;
}
