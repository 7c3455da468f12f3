/* published.h: tests of published models: where the model is, and how a test without it ends: with exit code 77 and one
 * line that names what is missing and how to get it. scripts/run-tests reports it as skipped. */
#ifndef PUBLISHED_H
#define PUBLISHED_H

#include <unistd.h>

#include "../nn/fixture.h"

enum { SKIPPED = 77 };

/* Returns 0 if `path` is there; else SKIPPED, after the line. */
static int missing(const char *path, const char *name) {
  if (!access(path, R_OK)) return 0;
  printf("skipped: %s is not there (scripts/fetch-model %s)\n", path, name);
  return SKIPPED;
}

static int run_suite(Suite *suite) {
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}

/* Ids of all texts of tests/models/tokens.json by the published tokenizer `name`. */
static void check_published_ids(const pl_tokenizer *t, const char *name, int flags) {
  cJSON *json = read_fixture("tests/models/tokens.json");
  const cJSON *item;
  int count = 0;
  cJSON_ArrayForEach(item, member(json, "texts")) {
    check_ids(t, member(item, "text")->valuestring, flags, member(item, name));
    count++;
  }
  ck_assert_int_gt(count, 200);
  cJSON_Delete(json);
}

#endif
