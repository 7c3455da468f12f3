/* sweep_measure.c: see sweep_measure.h. */
#include "study/sweep_measure.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "energy/measured.h"
#include "nn/job_log.h"
#include "nn/optics.h"
#include "study/sweep_ranges.h"
#include "study/sweep_reference.h"

enum {
  SAMPLES = 256, /* results of a job that are compared with the exact product: as many as cost nothing */
  BATCH = 512,
};

struct pl_sweep_lab {
  const pl_sweep *sweep;
  pl_nn *model;
  int32_t *ids;
  int64_t count;
  unsigned products; /* optical ones that the model has */
  pl_sweep_ranges ranges;
  int has_reference;            /* 1: it was made, or there is no room for it */
  pl_sweep_reference reference;
};

size_t pl_sweep_result_size(int products) {
  return sizeof(pl_sweep_result) + (size_t)products * sizeof(pl_sweep_product);
}

int pl_sweep_result_check(const pl_sweep_result *r, size_t size, const pl_sweep *sweep) {
  if (size < sizeof *r || r->products < 0 || r->products > 4097 * PL_NN_PRODUCTS) return 0;
  return size == pl_sweep_result_size(r->products) && r->point >= 0 && r->point < sweep->count && r->check >= 0 &&
         r->check <= PL_CHECK_ABSENT && memchr(r->check_note, 0, sizeof r->check_note);
}

/* ---- Model and text ---- */

static pl_status read_text(const pl_sweep *s, char **text, size_t *size, pl_error *err) {
  FILE *f = fopen(s->text, "rb");
  long length = -1;
  *text = NULL;
  if (f && !fseek(f, 0, SEEK_END)) length = ftell(f);
  if (length > 0) *text = malloc((size_t)length + 1);
  if (*text) {
    rewind(f);
    *size = fread(*text, 1, (size_t)length, f);
    (*text)[*size] = 0;
  }
  const int why = errno;
  if (f) fclose(f);
  if (*text && *size == (size_t)length) return PL_OK;
  free(*text);
  *text = NULL;
  return pl_fail(err, PL_E_INPUT, "%s:%d: text: cannot read %s: %s", s->path, s->text_line, s->text,
                 length ? strerror(why) : "it is empty");
}

static pl_status load(pl_sweep_lab *lab, pl_error *err) {
  const pl_sweep *s = lab->sweep;
  pl_error why;
  char *text;
  size_t size = 0, count = 0;
  if (pl_nn_load(s->model, &lab->model, &why))
    return pl_fail(err, PL_E_INPUT, "%s:%d: model: %s", s->path, s->model_line, why.text);
  if (!pl_nn_get_shape(lab->model)->causal)
    return pl_fail(err, PL_E_INPUT, "%s:%d: model: %s is an encoder, which has no perplexity", s->path, s->model_line,
                   s->model);
  if (s->context > pl_nn_get_shape(lab->model)->context)
    return pl_fail(err, PL_E_INPUT, "%s:1: context is %d but %s was made for at most %d", s->path, s->context, s->model,
                   pl_nn_get_shape(lab->model)->context);
  pl_status status = read_text(s, &text, &size, err);
  if (status) return status;
  status = pl_tokenize(pl_nn_get_tokenizer(lab->model), text, size, PL_TOKENIZE_BOS, &lab->ids, &count, err);
  free(text);
  if (status) return status;
  lab->count = (int64_t)count < s->tokens ? (int64_t)count : s->tokens;
  if (lab->count < s->context)
    return pl_fail(err, PL_E_INPUT, "%s:%d: text: %s has %lld tokens, which do not fill one window of context %d",
                   s->path, s->text_line, s->text, (long long)lab->count, s->context);
  lab->products = s->products & pl_nn_products_of(lab->model);
  return PL_OK;
}

pl_status pl_sweep_lab_open(const pl_sweep *sweep, pl_sweep_lab **lab, pl_error *err) {
  *lab = calloc(1, sizeof **lab);
  if (!*lab) return pl_fail(err, PL_E_MEMORY, "out of memory for the sweep %s", sweep->path);
  (*lab)->sweep = sweep;
  const pl_status status = load(*lab, err);
  if (!status) return PL_OK;
  pl_sweep_lab_close(*lab);
  *lab = NULL;
  return status;
}

void pl_sweep_lab_close(pl_sweep_lab *lab) {
  if (!lab) return;
  pl_sweep_ranges_free(&lab->ranges);
  pl_sweep_reference_free(&lab->reference);
  pl_nn_free(lab->model);
  free(lab->ids);
  free(lab);
}

static pl_perplexity_settings how_to_read(const pl_sweep *s) {
  return (pl_perplexity_settings){.window = s->context, .batch = s->context < BATCH ? s->context : BATCH};
}

pl_status pl_sweep_lab_prepare(pl_sweep_lab *lab, pl_error *err) {
  const pl_perplexity_settings how = how_to_read(lab->sweep);
  if (lab->has_reference) return PL_OK;
  const pl_status status = pl_sweep_reference_make(lab->model, lab->ids, lab->count, &how, &lab->reference, err);
  lab->has_reference = !status;
  return status;
}

/* ---- Errors of products ---- */

typedef struct {
  double error, exact; /* sums of squares, code^4 */
} squares;

static void audit(void *self, int layer, pl_nn_product p, const pl_job *job, float step) {
  squares *to = (squares *)self + (ptrdiff_t)layer * PL_NN_PRODUCTS + p;
  const int64_t results = (int64_t)job->m * job->n, stride = (results + SAMPLES - 1) / SAMPLES | 1;
  for (int64_t at = 0; at < results; at += stride) {
    const ptrdiff_t i = (ptrdiff_t)(at / job->n), j = (ptrdiff_t)(at % job->n);
    const int8_t *a = job->a + i * job->lda, *b = job->b + j * job->ldb;
    int64_t sum = 0;
    for (int k = 0; k < job->k; k++) sum += a[k] * b[k];
    const double difference = (double)job->c[i * job->ldc + j] * step - (double)sum;
    to->error += difference * difference;
    to->exact += (double)sum * (double)sum;
  }
}

static double relative(squares s) { return s.exact > 0 ? sqrt(s.error / s.exact) : 0; }

/* ---- One point ---- */

typedef struct { /* closed by close_bench */
  pl_device *device, *check;
  pl_nn_optics *optics;
  squares *error;
} bench;

static void close_bench(bench *b) {
  pl_nn_optics_free(b->optics);
  pl_close(b->device);
  pl_close(b->check);
  free(b->error);
}

static pl_status open_model(pl_device **device, const pl_image *image, pl_error *err) {
  const pl_status status = pl_open("model:", device, err);
  return status ? status : pl_configure(*device, image, err);
}

/* As `photolane energy --arch ARCH --core CORE --from RESULT` has it. */
static pl_status price(const pl_sweep_point *point, const bench *b, double *fj_per_mac, pl_error *err) {
  pl_workload w;
  pl_cost cost;
  *fj_per_mac = 0;
  if (!point->has_arch) return PL_OK;
  const pl_status status = pl_measured_workload(pl_nn_optics_log(b->optics), point->photons_per_mac, 1, &w, err);
  if (status) return status;
  pl_cost_run(&point->arch, &w, &cost);
  if (cost.macs > 0) *fj_per_mac = pl_cost_pj(&cost) * 1e3 / cost.macs;
  pl_workload_free(&w);
  return PL_OK;
}

static pl_status fill(pl_sweep_lab *lab, const bench *b, const pl_perplexity_result *p, int number,
                      pl_sweep_result **result, pl_error *err) {
  const int rows = pl_nn_get_shape(lab->model)->layers + 1;
  pl_sweep_result *r = calloc(1, pl_sweep_result_size(rows * PL_NN_PRODUCTS));
  pl_counters n;
  if (!r) return pl_fail(err, PL_E_MEMORY, "out of memory for a result");
  pl_get_counters(b->device, &n, NULL);
  *r = (pl_sweep_result){.point = number, .perplexity = p->perplexity, .perplexity_error = p->error, .nll = p->nll,
                         .reference = p->reference, .kl = p->divergence, .kl_error = p->divergence_error,
                         .top1 = p->agreement, .scored = p->scored, .macs = n.macs, .reads = n.reads,
                         .clipped = n.clipped, .detected = n.detected, .corrected = n.corrected,
                         .encodings_a = n.encodings_a, .encodings_b = n.encodings_b};
  squares all = {0};
  for (int layer = 0; layer < rows; layer++)
    for (int i = 0; i < PL_NN_PRODUCTS; i++) {
      if (!(lab->products >> i & 1) || (i == PL_NN_HEAD) != (layer == rows - 1)) continue;
      const squares s = b->error[layer * PL_NN_PRODUCTS + i];
      pl_sweep_product *to = &r->product[r->products++];
      *to = (pl_sweep_product){.layer = layer, .product = i, .error = relative(s)};
      pl_nn_optics_clips(b->optics, layer, (pl_nn_product)i, &to->reads, &to->clipped);
      all.error += s.error;
      all.exact += s.exact;
    }
  r->product_error = relative(all);
  *result = r;
  return PL_OK;
}

/* The first tokens on the check device, every product compared with the golden model. */
static pl_status run_check(pl_sweep_lab *lab, const pl_sweep_point *point, const pl_nn_ranges *ranges,
                           pl_sweep_result *r, pl_error *err) {
  const pl_sweep *s = lab->sweep;
  bench b = {0};
  pl_nn_context *ctx = NULL;
  pl_error why;
  const int tokens = s->check_tokens < s->context ? s->check_tokens : s->context;
  pl_status status = open_model(&b.device, &point->image, err);
  if (status) return close_bench(&b), status;
  if (pl_open(s->check_device, &b.check, &why) || pl_configure(b.check, &point->image, &why)) {
    r->check = PL_CHECK_ABSENT;
    snprintf(r->check_note, sizeof r->check_note, "%.239s", why.text);
    return close_bench(&b), PL_OK;
  }
  const pl_nn_settings settings = {b.device, b.check, point->image, lab->products, ranges};
  status = pl_nn_optics_new(lab->model, &settings, &b.optics, err);
  if (!status) status = pl_nn_context_new(lab->model, b.optics, s->context, &ctx, err);
  if (!status) {
    float *logits = malloc(sizeof *logits * (size_t)pl_nn_get_shape(lab->model)->vocab);
    /* The last token's logits are asked for, so that the head is compared too. */
    status = logits ? pl_nn_forward(ctx, lab->ids, tokens, tokens - 1, logits, &why)
                    : pl_fail(&why, PL_E_MEMORY, "out of memory for a result");
    free(logits);
    r->check = status ? PL_CHECK_DIFFERENT : PL_CHECK_EQUAL;
    r->check_products = pl_nn_optics_products(b.optics);
    if (status == PL_E_MISMATCH) {
      snprintf(r->check_note, sizeof r->check_note, "%.239s", why.text);
      status = PL_OK;
    } else if (status && err) {
      *err = why;
    }
  }
  pl_nn_context_free(ctx);
  close_bench(&b);
  return status;
}

pl_status pl_sweep_measure(pl_sweep_lab *lab, int number, pl_sweep_result **result, pl_error *err) {
  pl_sweep_point point;
  const pl_nn_ranges *ranges = NULL;
  bench b = {0};
  pl_perplexity_result figures;
  *result = NULL;
  pl_status status = pl_sweep_at(lab->sweep, number, &point, err);
  if (!status) status = pl_sweep_lab_prepare(lab, err);
  if (!status) status = pl_sweep_ranges_find(&lab->ranges, lab->model, lab->products, &point, &ranges, err);
  if (!status) status = open_model(&b.device, &point.image, err);
  const pl_nn_settings settings = {b.device, NULL, point.image, lab->products, ranges};
  if (!status) status = pl_nn_optics_new(lab->model, &settings, &b.optics, err);
  if (!status) {
    b.error = calloc((size_t)(pl_nn_get_shape(lab->model)->layers + 1) * PL_NN_PRODUCTS, sizeof *b.error);
    if (!b.error) status = pl_fail(err, PL_E_MEMORY, "out of memory for a result");
  }
  if (!status) {
    pl_perplexity_settings how = how_to_read(lab->sweep);
    how.exact = lab->reference.logits;
    how.beside = !how.exact;
    pl_optics_audit(b.optics, audit, b.error);
    status = pl_perplexity(lab->model, b.optics, lab->ids, lab->count, &how, NULL, NULL, &figures, err);
  }
  if (!status) status = fill(lab, &b, &figures, number, result, err);
  if (!status) status = price(&point, &b, &(*result)->fj_per_mac, err);
  close_bench(&b);
  if (!status && point.is_checked) status = run_check(lab, &point, ranges, *result, err);
  if (status) {
    free(*result);
    *result = NULL;
  }
  return status;
}
