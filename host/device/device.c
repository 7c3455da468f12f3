/* device.c: pl_open and everything on a pl_device. Checks all arguments, so that backends see only well-formed
 * work; the backends are in the table below (backend.h says what one is). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/backend.h"

static const pl_backend *const backends[] = {&pl_backend_model, &pl_backend_rtl, &pl_backend_sim, &pl_backend_ftdi,
                                            &pl_backend_null};
enum { BACKENDS = sizeof backends / sizeof *backends };

enum { ROW_END = 1 << 24, COL_END = 1 << 20, DEPTH_MAX = 65536 };

static const pl_backend *find_backend(const char *scheme) {
  for (int i = 0; i < BACKENDS; i++)
    if (!strcmp(backends[i]->scheme, scheme)) return backends[i];
  return NULL;
}

pl_status pl_open(const char *uri_text, pl_device **dev, pl_error *err) {
  if (!dev) return pl_fail(err, PL_E_INPUT, "pl_open: no place to put the device (dev is NULL)");
  *dev = NULL;
  if (!uri_text) return pl_fail(err, PL_E_INPUT, "pl_open: no device URI (NULL); model: always works");

  pl_uri uri;
  pl_status status = pl_uri_parse(uri_text, &uri, err);
  if (status) return status;
  const pl_backend *backend = find_backend(uri.scheme);
  if (!backend) {
    char known[64] = "";
    for (int i = 0; i < BACKENDS; i++)
      snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s:", i ? ", " : "", backends[i]->scheme);
    return pl_fail(err, PL_E_INPUT, "unknown device '%s:'; there are %s", uri.scheme, known);
  }
  if (*uri.shape && !backend->has_shape)
    return pl_fail(err, PL_E_INPUT, "%s: has no shape, but got '%s'", uri.scheme, uri.shape);
  if ((status = pl_uri_check(&uri, backend->options, err))) return status;

  pl_device *d = calloc(1, sizeof *d);
  if (!d) return pl_fail(err, PL_E_MEMORY, "out of memory when opening %s", uri_text);
  d->backend = backend;
  pl_image_reset(&d->image);
  snprintf(d->uri, sizeof d->uri, "%s", uri_text);
  if ((status = backend->open(d, &uri, err))) {
    free(d);
    return status;
  }
  *dev = d;
  return PL_OK;
}

void pl_close(pl_device *dev) {
  if (!dev) return;
  dev->backend->close(dev);
  free(dev);
}

pl_status pl_identify(pl_device *dev, pl_identity *id, pl_error *err) {
  if (!dev || !id) return pl_fail(err, PL_E_INPUT, "pl_identify: device and identity must not be NULL");
  memset(id, 0, sizeof *id);
  snprintf(id->uri, sizeof id->uri, "%s", dev->uri);
  snprintf(id->backend, sizeof id->backend, "%s", dev->backend->scheme);
  snprintf(id->kind, sizeof id->kind, "%s", pl_kind_name(dev->image.reg[PL_REG_KIND]));
  snprintf(id->build, sizeof id->build, "%s", pl_build_id());
  if (dev->backend->identify) dev->backend->identify(dev, id);
  return PL_OK;
}

pl_status pl_configure(pl_device *dev, const pl_image *image, pl_error *err) {
  if (!dev || !image) return pl_fail(err, PL_E_INPUT, "pl_configure: device and image must not be NULL");
  pl_status status = pl_image_check(image, err);
  if (status) return status;
  dev->image = *image;
  return dev->backend->configure ? dev->backend->configure(dev, err) : PL_OK;
}

static pl_status check_job(pl_device *dev, const pl_job *j, pl_error *err) {
  if (j->m < 1 || j->n < 1 || j->k < 1)
    return pl_fail(err, PL_E_INPUT, "pl_gemm: m, n and k must be at least 1, not %d x %d x %d", j->m, j->n, j->k);
  if (!j->a || !j->c || (!j->b && !pl_holds(dev, j)))
    return pl_fail(err, PL_E_INPUT, "pl_gemm: a, b and c must not be NULL");
  if (j->k > DEPTH_MAX)
    return pl_fail(err, PL_E_INPUT, "pl_gemm: k is %d but may be %d at most: split the sum", j->k, DEPTH_MAX);
  if ((uint64_t)j->row0 + (uint64_t)j->m > ROW_END || j->m >= ROW_END)
    return pl_fail(err, PL_E_INPUT, "pl_gemm: rows %u + %d end behind 2^24: use smaller row positions", j->row0, j->m);
  if ((uint64_t)j->col0 + (uint64_t)j->n > COL_END || j->n >= COL_END)
    return pl_fail(err, PL_E_INPUT, "pl_gemm: columns %u + %d end behind 2^20: split the columns", j->col0, j->n);
  if ((j->m > 1 && j->lda < j->k) || (j->n > 1 && j->ldb < j->k) || (j->m > 1 && j->ldc < j->n))
    return pl_fail(err, PL_E_INPUT,
                   "pl_gemm: a stride is shorter than its row (lda %td, ldb %td for k %d; ldc %td for n %d)",
                   j->lda, j->ldb, j->k, j->ldc, j->n);
  if (j->range.gain && (j->range.shift < 1 || j->range.shift > 47))
    return pl_fail(err, PL_E_INPUT, "pl_gemm: the range's shift is %d but must be 1..47", j->range.shift);
  return PL_OK;
}

void pl_job_words(const pl_image *core, const pl_job *job, pl_image *words) {
  *words = *core;
  words->reg[PL_REG_JOB] = job->job;
  words->reg[PL_REG_ROW0] = job->row0;
  words->reg[PL_REG_COL0] = job->col0;
  words->reg[PL_REG_SUM0] = 0;
  words->reg[PL_REG_ROWS] = (uint32_t)job->m;
  words->reg[PL_REG_COLS] = (uint32_t)job->n;
  words->reg[PL_REG_DEPTH] = (uint32_t)job->k;
  words->reg[PL_REG_A_BASE] = 0;
  words->reg[PL_REG_B_BASE] = 0;
  if (core->reg[PL_REG_KIND] == PL_KIND_RNS) return; /* its converters have one range */
  if (job->range.gain) {
    words->reg[PL_REG_ADC_GAIN] = job->range.gain;
    words->reg[PL_REG_ADC_SHIFT] = job->range.shift;
  }
  if (job->range.mean_light) words->reg[PL_REG_SYSTEMATIC_VAR] = pl_systematic_var(core, job->range.mean_light);
}

int pl_holds(pl_device *dev, const pl_job *job) {
  pl_image words;
  if (!dev || !job || !job->b_tag || !dev->backend->holds) return 0;
  pl_job_words(&dev->image, job, &words);
  return dev->backend->holds(dev, job, &words);
}

pl_status pl_gemm(pl_device *dev, const pl_job *job, pl_error *err) {
  if (!dev || !job) return pl_fail(err, PL_E_INPUT, "pl_gemm: device and job must not be NULL");
  pl_status status = check_job(dev, job, err);
  if (status) return status;

  pl_image words;
  pl_job_words(&dev->image, job, &words);
  if ((status = dev->backend->gemm(dev, job, &words, err))) return status;
  dev->counters.jobs++;
  dev->counters.macs += (uint64_t)job->m * (uint64_t)job->n * (uint64_t)job->k;
  return PL_OK;
}

pl_status pl_get_counters(pl_device *dev, pl_counters *counters, pl_error *err) {
  if (!dev || !counters) return pl_fail(err, PL_E_INPUT, "pl_get_counters: device and counters must not be NULL");
  *counters = dev->counters;
  return PL_OK;
}

void pl_counters_reset(pl_device *dev) {
  if (dev) memset(&dev->counters, 0, sizeof dev->counters);
}
