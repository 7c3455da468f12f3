/* fixture.h: JSON fixtures for the tests of host/nn, read from the project's root, and comparisons with them. Which
 * script made a fixture: tests/data/README.md. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <cjson/cJSON.h>
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/nn.h"

static cJSON *read_fixture(const char *path) {
  FILE *f = fopen(path, "rb");
  ck_assert_msg(f != NULL, "%s is not there: run the tests from the project's root", path);
  enum { ROOM = 4 << 20 };
  char *text = malloc(ROOM);
  size_t n = fread(text, 1, ROOM - 1, f);
  fclose(f);
  text[n] = 0;
  cJSON *json = cJSON_Parse(text);
  free(text);
  ck_assert_msg(json != NULL, "%s is not JSON", path);
  return json;
}

static inline const cJSON *member(const cJSON *json, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
  ck_assert_msg(item != NULL, "the fixture lacks %s", name);
  return item;
}

/* A list of whole numbers; free() it. */
static inline int32_t *whole_numbers(const cJSON *list, int *n) {
  *n = cJSON_GetArraySize(list);
  int32_t *out = malloc(sizeof *out * (size_t)(*n + 1));
  const cJSON *item;
  int i = 0;
  cJSON_ArrayForEach(item, list) out[i++] = item->valueint;
  return out;
}

/* Largest difference between list[i] and got[i * every]; the largest of the list in *largest. */
static inline double worst_difference(const cJSON *list, const float *got, int every, double *largest) {
  double worst = 0;
  const cJSON *item;
  int i = 0;
  cJSON_ArrayForEach(item, list) {
    const double difference = fabs((double)got[(ptrdiff_t)i++ * every] - item->valuedouble);
    ck_assert(isfinite(difference));
    worst = fmax(worst, difference);
    *largest = fmax(*largest, fabs(item->valuedouble));
  }
  ck_assert_int_gt(i, 0);
  return worst;
}

/* Fails if the text does not give the ids of the list. */
static inline void check_ids(const pl_tokenizer *t, const char *text, int flags, const cJSON *list) {
  int32_t *ids;
  size_t count;
  int wanted;
  int32_t *want = whole_numbers(list, &wanted);
  pl_error err;
  ck_assert_msg(!pl_tokenize(t, text, strlen(text), flags, &ids, &count, &err), "%s", err.text);
  for (int i = 0; i < wanted && (size_t)i < count; i++)
    ck_assert_msg(ids[i] == want[i], "'%s': id %d is %d, not %d", text, i, ids[i], want[i]);
  ck_assert_msg(count == (size_t)wanted, "'%s': %zu ids, not %d", text, count, wanted);
  free(ids), free(want);
}

#endif
