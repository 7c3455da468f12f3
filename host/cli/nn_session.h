/* nn_session.h: what run, perplexity and calibrate have in common: the model, the device or two, the core, the
 * ADC ranges, and what they report at the end. The verbs fill the first half from their options. */
#ifndef PHOTOLANE_CLI_NN_SESSION_H
#define PHOTOLANE_CLI_NN_SESSION_H

#include "cli/cli.h"
#include "nn/nn.h"
#include "nn/ranges.h"

typedef struct {
  const char *model_path, *uri, *core_name, *check_uri, *optical, *ranges_path; /* check_uri, ranges_path: or NULL */
  int reference;  /* float only: no device is opened */
  int64_t seed;   /* -1: that of the core description */

  pl_nn *model;
  pl_device *device, *check;
  pl_core core;
  unsigned products;
  pl_nn_ranges *ranges; /* NULL where none are needed (pl_nn_needs_ranges) or the run is a reference */
  pl_nn_optics *optics; /* NULL for a reference */
  double started;
} nn_session;

#define NN_SESSION_DEFAULTS {.uri = "model:", .core_name = "ideal", .optical = "all", .seed = -1}

/* The options that all three verbs share, for their tables. */
#define NN_SESSION_OPTIONS(s)                                                                            \
  {'m', "model", "FILE", CLI_TEXT, &(s).model_path, 0, 0, "the model: a GGUF file, or a folder (BERT)"},       \
  {'c', "core", "CORE", CLI_TEXT, &(s).core_name, 0, 0, "core description: a name or a file (ideal)"},    \
  {0, "optical", "LIST", CLI_TEXT, &(s).optical, 0, 0,                                                     \
   "optical products, of q,k,v,scores,attn,out,gate,up,down,head (all)"}

/* And those of the two that use a device. */
#define NN_DEVICE_OPTIONS(s)                                                                                \
  {'d', "device", "URI", CLI_TEXT, &(s).uri, 0, 0, "the device (model:)"},                                  \
  {0, "check-against", "URI", CLI_TEXT, &(s).check_uri, 0, 0, "run every product there too and compare"},  \
  {0, "ranges", "FILE", CLI_TEXT, &(s).ranges_path, 0, 0, "ADC ranges from `calibrate` (built-in text)"}, \
  {0, "reference", NULL, CLI_FLAG, &(s).reference, 0, 0, "the float reference, no device"},                \
  {0, "seed", "N", CLI_INT, &(s).seed, 0, 4294967295, "seed of noise and sampling (the core's)"}

/* Each returns CLI_OK, or an exit code after a message; either way the session must be closed. */
int nn_session_load(nn_session *s); /* model, core description, list of products */
int nn_session_open(nn_session *s); /* the same, then devices, ranges and quantised weights */
void nn_session_close(nn_session *s);

/* Text of a file, or of `text` if path is NULL, to ids. free() *ids. */
int nn_session_tokenize(nn_session *s, const char *text, const char *path, int flags, int32_t **ids, size_t *count);

/* All of a file as a text that ends with a zero byte. free() *text. */
int nn_session_read(const char *path, char **text);

/* Notes the model's files and the file of ranges in a result. */
int nn_session_files(const nn_session *s, cJSON *result);

/* cli_fail for what went wrong in a product; after a mismatch also the command that shows it again. */
int nn_session_fail(const pl_error *err, int argc, char **argv);

/* Seconds since the devices were opened. */
double nn_session_seconds(const nn_session *s);

/* Adds backend, core, products and the device's counters to a result; data may be NULL. Warns on stderr if more
 * than 2 % of the reads of some product clipped. */
void nn_session_report(nn_session *s, cJSON *data, cJSON *timing);

#endif
