/* backend.h: what is behind a pl_device: the table of backends and the helpers they share. Private.
 *
 * A backend is a struct of functions, one per scheme of the URI; device.c picks it, checks every argument, and
 * counts jobs and products, so that a backend sees only well-formed work:
 *
 *   open       reads its options from the URI, sets dev->state; on error it has freed what it took
 *   close      frees dev->state
 *   identify   fills in what differs from device.c's defaults (uri, backend, kind, build are preset)
 *   configure  `dev->image` has just been replaced by a checked image (may be NULL: nothing to do)
 *   gemm       computes a whole job; adds reads, clipped, encodings and cycles to dev->counters
 *   holds      whether gemm would not read the job's b: else device.c refuses a job without it
 */
#ifndef PHOTOLANE_BACKEND_H
#define PHOTOLANE_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#include "photolane/photolane.h"

/* ---- URIs (uri.c): scheme:[shape][?key=value&key=value...] ---- */

enum { PL_URI_OPTIONS = 16 };

typedef struct {
  char text[512]; /* storage of the parts, cut at the separators */
  const char *scheme, *shape;
  int count;
  struct {
    const char *key, *value;
  } option[PL_URI_OPTIONS];
} pl_uri;

pl_status pl_uri_parse(const char *text, pl_uri *uri, pl_error *err);

/* Checks that every key is one of `keys` (blank-separated, may be ""). */
pl_status pl_uri_check(const pl_uri *uri, const char *keys, pl_error *err);

const char *pl_uri_text(const pl_uri *uri, const char *key, const char *otherwise);

/* *value stays as it is when the key is absent. */
pl_status pl_uri_number(const pl_uri *uri, const char *key, uint64_t min, uint64_t max, uint64_t *value, pl_error *err);

pl_status pl_uri_real(const pl_uri *uri, const char *key, double min, double max, double *value, pl_error *err);

/* ---- Backends ---- */

typedef struct pl_backend pl_backend;

struct pl_device {
  const pl_backend *backend;
  void *state;
  pl_image image; /* as configured; the job's words in it are not used */
  pl_counters counters;
  char uri[sizeof((pl_identity *)0)->uri];
};

struct pl_backend {
  const char *scheme;
  const char *options; /* keys it knows, blank-separated */
  int has_shape;
  pl_status (*open)(pl_device *dev, const pl_uri *uri, pl_error *err);
  void (*close)(pl_device *dev);
  void (*identify)(pl_device *dev, pl_identity *id);
  pl_status (*configure)(pl_device *dev, pl_error *err);
  /* words: dev->image with the job's words filled in (sum0 = 0, depth = k) */
  pl_status (*gemm)(pl_device *dev, const pl_job *job, const pl_image *words, pl_error *err);
  int (*holds)(pl_device *dev, const pl_job *job, const pl_image *words); /* NULL: never */
};

extern const pl_backend pl_backend_model, pl_backend_rtl, pl_backend_sim, pl_backend_ftdi, pl_backend_null;

/* The words of a whole job: those of the core with the job's own filled in (device.c). */
void pl_job_words(const pl_image *core, const pl_job *job, pl_image *words);

/* The word systematic_var for a product with that mean light, code^2 (range.c). */
uint32_t pl_systematic_var(const pl_image *image, uint32_t mean_light);

/* ---- Shared by backends ---- */

/* The job by the golden model, split over `threads` threads (model.c); adds to *counters. */
pl_status pl_compute_model(const pl_job *job, const pl_image *words, int threads, pl_counters *counters, pl_error *err);

/* ---- Where files are (paths.c), and reading them (shipped.c) ---- */

enum { PL_PATH_MAX = 4096, PL_SEARCH_MAX = 6 };
typedef enum { PL_SEARCH_PLUGINS, PL_SEARCH_CORES, PL_SEARCH_BOARDS, PL_SEARCH_ENERGY } pl_search;

typedef struct {
  int count;
  char dir[PL_SEARCH_MAX][PL_PATH_MAX]; /* without a trailing slash, most wanted first */
} pl_search_path;

void pl_search_dirs(pl_search what, pl_search_path *path);

/* The file that "lightening" or "dir/mine.cfg" names: a name with '/' or ending in ".cfg" is a path, any other is that
 * of a shipped file `<dir>/<folder>/<name>.cfg` (folder "": in the directories themselves). noun: "core", for the
 * error, which lists what there is. */
pl_status pl_shipped_path(pl_search where, const char *folder, const char *noun, const char *name, char *path,
                          size_t size, pl_error *err);

/* All of a libconfig file as text that the caller frees. libconfig ends the program when a file cannot be read on (a
 * directory, say), so it must only ever get text; @include is refused for the same reason. what: "core description". */
pl_status pl_config_text(const char *what, const char *path, char **text, pl_error *err);

/* "dir/lightening.cfg" -> "lightening" */
void pl_config_name(const char *path, char *name, size_t size);

#endif
