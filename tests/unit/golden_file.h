/* golden_file.h: reads a fixture of tests/data/golden (its format: make_golden.py there).
 *
 * The programs run from the top of the tree; PL_TEST_DATA names another place of tests/data. A fixture whose image has
 * sum0 != 0 is a tile of a larger job: pl_model_gemm takes it, pl_gemm does not.
 */
#ifndef GOLDEN_FILE_H
#define GOLDEN_FILE_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "photolane/photolane.h"

typedef struct {
  pl_image image;
  int m, n, k;
  int8_t *a, *b; /* m x k, n x k */
  int32_t *c;    /* m x n */
  int64_t clipped, detected, corrected; /* the last two are of kind rns, else 0 */
} golden_file;

static inline const char *golden_folder(void) {
  static char folder[512];
  const char *data = getenv("PL_TEST_DATA");
  snprintf(folder, sizeof folder, "%s/golden", data ? data : "tests/data");
  return folder;
}

static inline int golden_is_fixture(const struct dirent *entry) {
  const size_t length = strlen(entry->d_name);
  return length > 4 && !strcmp(entry->d_name + length - 4, ".txt");
}

/* The fixtures' names in order; the caller frees them and the list. Returns how many, -1 if there is no such folder. */
static inline int golden_list(struct dirent ***names) {
  return scandir(golden_folder(), names, golden_is_fixture, alphasort);
}

static inline void golden_free(golden_file *g) {
  free(g->a);
  free(g->b);
  free(g->c);
}

/* Appends the numbers of a line to list. Returns how many there were, -1 on what is not a number. */
static inline int golden_numbers(const char *text, int32_t **list, size_t *used) {
  int count = 0;
  for (char *end;; text = end, count++) {
    const long value = strtol(text, &end, 10);
    if (end == text) break;
    int32_t *more = realloc(*list, (*used + 1) * sizeof **list);
    if (!more) return -1;
    (*list = more)[(*used)++] = (int32_t)value;
  }
  return text[strspn(text, " \n")] ? -1 : count;
}

/* Reads fixture `name`. Returns 0, or the number of the line that is wrong (-1: no such file, or it is incomplete). */
static inline int golden_read(const char *name, golden_file *g) {
  char path[1024], word[64], *line = NULL;
  int32_t *lists[3] = {0}, width[3] = {0};
  size_t used[3] = {0}, size = 0;
  snprintf(path, sizeof path, "%s/%s", golden_folder(), name);
  *g = (golden_file){.clipped = -1, .detected = -1, .corrected = -1};
  pl_image_reset(&g->image);
  FILE *file = fopen(path, "r");
  if (!file) return -1;
  int wrong = 0;
  for (int number = 1; !wrong && getline(&line, &size, file) >= 0; number++) {
    long long value;
    const char *which = strchr("abc", line[0]);
    if (line[0] == '#') continue;
    if (sscanf(line, "reg %63s %lld", word, &value) == 2) {
      if (pl_image_set(&g->image, word, value, NULL)) wrong = number;
    } else if (which && line[0] && line[1] == ' ') {
      const int at = (int)(which - "abc"), count = golden_numbers(line + 2, &lists[at], &used[at]);
      if (count < 1 || (width[at] && width[at] != count)) wrong = number;
      width[at] = count;
    } else if (sscanf(line, "clipped %lld", &value) == 1) {
      g->clipped = value;
    } else if (sscanf(line, "detected %lld", &value) == 1) {
      g->detected = value;
    } else if (sscanf(line, "corrected %lld", &value) == 1) {
      g->corrected = value;
    } else {
      wrong = number;
    }
  }
  fclose(file);
  free(line);
  g->m = (int)g->image.reg[PL_REG_ROWS];
  g->n = (int)g->image.reg[PL_REG_COLS];
  g->k = (int)g->image.reg[PL_REG_DEPTH];
  const size_t a = (size_t)g->m * (size_t)g->k, b = (size_t)g->n * (size_t)g->k, c = (size_t)g->m * (size_t)g->n;
  if (g->image.reg[PL_REG_KIND] != PL_KIND_RNS && g->detected < 0 && g->corrected < 0) g->detected = g->corrected = 0;
  const int counted = g->clipped >= 0 && g->detected >= 0 && g->corrected >= 0;
  if (!wrong && (used[0] != a || used[1] != b || used[2] != c || !counted)) wrong = -1;
  if (!wrong) {
    g->a = malloc(a);
    g->b = malloc(b);
    for (size_t i = 0; g->a && i < a; i++) g->a[i] = (int8_t)lists[0][i];
    for (size_t i = 0; g->b && i < b; i++) g->b[i] = (int8_t)lists[1][i];
    g->c = lists[2];
    lists[2] = NULL;
  }
  for (int i = 0; i < 3; i++) free(lists[i]);
  return wrong;
}

#endif
