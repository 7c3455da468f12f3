/* fuzz_sweep.c: any bytes as the file of a sweep (host/study/sweep_spec.c, sweep_points.c): a refusal in one sentence that
 * names the place, or points that all have a legal image and a hash that a second reading repeats.
 *
 * Built by `make fuzzers`; tests/fuzz/corpus/fuzz_sweep has files that begin well. Model and text are called m. Texts with a
 * slash or an @include are left out: they would name files of this machine. Shipped cores are found beside the build. */
#define _GNU_SOURCE /* memmem */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "study/sweep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* libconfig 1.5 forgets a piece of text when a string does not end. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libconfig"; }

static char folder[] = "/tmp/photolane-fuzz-XXXXXX", path[64], model[64];

static void clean_up(void) {
  unlink(model);
  rmdir(folder);
}

static pl_status parse(const uint8_t *data, size_t size, pl_sweep **sweep, pl_error *err) {
  char *text = malloc(size + 1); /* the sweep's */
  if (!text) exit(1);
  memcpy(text, data, size);
  text[size] = 0;
  return pl_sweep_parse(path, text, sweep, err);
}

static void must_name_place(const pl_error *err) {
  if (strncmp(err->text, path, strlen(path)) || err->text[strlen(path)] != ':' || strchr(err->text, '\n') ||
      err->status != PL_E_INPUT)
    abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  static const char good[] = "model = \"m\"; text = \"m\"; tokens = 64; context = 32;"
                             "points = ({ core = \"mirage\"; amplitude_snr = [10.0, 20.0]; seeds = [1, 2]; });";
  pl_sweep *sweep;
  pl_error err;
  (void)argc, (void)argv;
  if (!mkdtemp(folder)) exit(1);
  snprintf(path, sizeof path, "%s/fuzz.sweep", folder);
  snprintf(model, sizeof model, "%s/m", folder);
  FILE *f = fopen(model, "w");
  if (!f || fputs("a model, a text", f) < 0 || fclose(f)) exit(1);
  atexit(clean_up);
  if (parse((const uint8_t *)good, sizeof good - 1, &sweep, &err) || sweep->count != 4) {
    fprintf(stderr, "a sweep that is right is refused: %s\n", err.text);
    exit(1); /* without cores nothing behind the parser would be reached */
  }
  pl_sweep_free(sweep);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static pl_sweep_point point; /* 2 kB */
  pl_sweep *sweep, *again;
  pl_error err = {0};
  if (memchr(data, '/', size) || memmem(data, size, "@include", 8)) return 0;
  if (parse(data, size, &sweep, &err)) {
    must_name_place(&err);
    if (sweep) abort();
    return 0;
  }
  if (sweep->count < 1 || sweep->count > PL_SWEEP_POINTS || strlen(sweep->hash) != 16) abort();
  for (int i = 0; i < sweep->count && i < 100; i++) {
    if (pl_sweep_at(sweep, i, &point, &err) || pl_image_check(&point.image, &err)) abort();
    for (int j = 0; j < point.block->axes; j++)
      if (point.at[j] < 0 || point.at[j] >= point.block->axis[j].count) abort();
  }
  if (!pl_sweep_at(sweep, sweep->count, &point, &err)) abort();
  if (parse(data, size, &again, &err) || strcmp(again->hash, sweep->hash)) abort();
  pl_sweep_free(again);
  pl_sweep_free(sweep);
  return 0;
}
