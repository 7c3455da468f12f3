/* result.c: result files, the JSON that says how a figure came about and lets `photolane replay` make it again
 * (layout in cli.h). Any verb that prints figures builds one with cli_result_new, fills `data` with what must
 * repeat and `timing` with what cannot, and prints it under --json. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cli/cli.h"

cJSON *cli_identity_json(const pl_identity *id) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "uri", id->uri);
  cJSON_AddStringToObject(json, "backend", id->backend);
  cJSON_AddStringToObject(json, "kind", id->kind);
  cJSON_AddStringToObject(json, "build", id->build);
  cJSON_AddNumberToObject(json, "rows", id->rows);
  cJSON_AddNumberToObject(json, "columns", id->columns);
  cJSON_AddNumberToObject(json, "width", id->width);
  cJSON_AddBoolToObject(json, "checked", id->checked);
  return json;
}

static double word_value(uint32_t word, int is_signed) { return is_signed ? (double)(int32_t)word : (double)word; }

/* Arrays become JSON arrays, so that a reader can see the dispersion table as one. */
static cJSON *image_json(const pl_image *image) {
  cJSON *json = cJSON_CreateObject();
#define X(NAME, name, offset, count, bits, is_signed, min, max, reset)                          \
  if (count == 1) {                                                                             \
    cJSON_AddNumberToObject(json, name, word_value(image->reg[offset], is_signed));             \
  } else {                                                                                      \
    cJSON *list = cJSON_AddArrayToObject(json, name);                                           \
    for (int i = 0; i < count; i++)                                                             \
      cJSON_AddItemToArray(list, cJSON_CreateNumber(word_value(image->reg[offset + i], is_signed))); \
  }
  PL_REGISTERS(X)
#undef X
  return json;
}

cJSON *cli_result_new(int argc, char **argv, pl_device *dev, const pl_image *image, uint64_t seed) {
  cJSON *result = cJSON_CreateObject();
  if (!result) return NULL;
  cJSON_AddStringToObject(result, "format", "photolane-result-1");
  cJSON_AddStringToObject(result, "verb", argv[0]);
  cJSON *arguments = cJSON_AddArrayToObject(result, "arguments");
  for (int i = 1; i < argc; i++) cJSON_AddItemToArray(arguments, cJSON_CreateString(argv[i]));
  cJSON_AddNumberToObject(result, "seed", (double)seed);
  cJSON_AddStringToObject(result, "build", pl_build_id());
  cJSON_AddStringToObject(result, "compiler", __VERSION__);
  pl_identity id;
  if (dev && !pl_identify(dev, &id, NULL)) cJSON_AddItemToObject(result, "device", cli_identity_json(&id));
  if (image) cJSON_AddItemToObject(result, "image", image_json(image));
  cJSON_AddArrayToObject(result, "files");
  cJSON_AddObjectToObject(result, "data");
  cJSON_AddObjectToObject(result, "timing");
  return result;
}

cJSON *cli_result_data(cJSON *result) { return cJSON_GetObjectItemCaseSensitive(result, "data"); }
cJSON *cli_result_timing(cJSON *result) { return cJSON_GetObjectItemCaseSensitive(result, "timing"); }

pl_status cli_result_file(cJSON *result, const char *role, const char *path, pl_error *err) {
  FILE *file = fopen(path, "rb");
  if (!file) return pl_fail(err, PL_E_INPUT, "cannot read %s: %s", path, strerror(errno));
  uLong crc = crc32(0, NULL, 0);
  double bytes = 0;
  unsigned char buffer[1 << 14];
  for (size_t got; (got = fread(buffer, 1, sizeof buffer, file)) > 0; bytes += (double)got)
    crc = crc32(crc, buffer, (uInt)got);
  int failed = ferror(file);
  fclose(file);
  if (failed) return pl_fail(err, PL_E_INPUT, "cannot read %s to its end", path);

  char hex[16];
  snprintf(hex, sizeof hex, "%08lx", (unsigned long)crc);
  cJSON *entry = cJSON_CreateObject();
  cJSON_AddStringToObject(entry, "role", role);
  cJSON_AddStringToObject(entry, "path", path);
  cJSON_AddNumberToObject(entry, "bytes", bytes);
  cJSON_AddStringToObject(entry, "crc32", hex);
  cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(result, "files"), entry);
  return PL_OK;
}

int cli_print_json(const cJSON *json) {
  char *text = cJSON_Print(json);
  int failed = !text || puts(text) < 0 || fflush(stdout);
  cJSON_free(text);
  if (!failed) return CLI_OK;
  pl_error err;
  pl_fail(&err, PL_E_IO, "cannot write the result to stdout");
  return cli_fail(&err);
}
