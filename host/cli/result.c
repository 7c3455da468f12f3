/* result.c: result files, the JSON that says how a figure came about and lets `photolane replay` make it again
 * (layout in cli.h). Any verb that prints figures builds one with cli_result_new, fills `data` with what must
 * repeat and `timing` with what cannot, and prints it under --json. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cli/cli.h"
#include "nn/pretokenize.h"

enum { RESULT_MAX = 64 << 20 };

static int is_utf8(const char *text) {
  const size_t size = strlen(text);
  uint32_t code;
  for (size_t at = 0, length; at < size; at += length) {
    length = pl_utf8_decode(text + at, size - at, &code);
    if (length == 1 && code == 0xfffd) return 0;
  }
  return 1;
}

cJSON *cli_json_bytes(const char *bytes) {
  if (is_utf8(bytes)) return cJSON_CreateString(bytes);
  const size_t size = strlen(bytes);
  char *hex = malloc(2 * size + 1);
  cJSON *item = hex ? cJSON_CreateObject() : NULL;
  for (size_t i = 0; hex && i < size; i++) sprintf(hex + 2 * i, "%02x", (unsigned char)bytes[i]);
  if (item) cJSON_AddStringToObject(item, "hex", hex);
  free(hex);
  return item;
}

static int hex_digit(char c) {
  const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;
  return at ? (int)(at - digits) : -1;
}

char *cli_json_get_bytes(cJSON *item) {
  char *text = cJSON_GetStringValue(item);
  if (text) return text;
  cJSON *hex = cJSON_GetObjectItemCaseSensitive(item, "hex");
  char *to = cJSON_GetStringValue(hex);
  if (!to || strlen(to) % 2) return NULL;
  text = to;
  for (const char *from = to; *from; from += 2) {
    const int high = hex_digit(from[0]), low = hex_digit(from[1]);
    if (high < 0 || low < 0 || high + low == 0) return NULL;
    *to++ = (char)(high << 4 | low);
  }
  *to = 0;
  return text;
}

cJSON *cli_identity_json(const pl_identity *id) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddItemToObject(json, "uri", cli_json_bytes(id->uri));
  cJSON_AddStringToObject(json, "backend", id->backend);
  cJSON_AddStringToObject(json, "kind", id->kind);
  cJSON_AddStringToObject(json, "build", id->build);
  cJSON_AddNumberToObject(json, "rows", id->rows);
  cJSON_AddNumberToObject(json, "columns", id->columns);
  cJSON_AddNumberToObject(json, "width", id->width);
  cJSON_AddBoolToObject(json, "checked", id->checked);
  if (id->clock_khz) cJSON_AddNumberToObject(json, "clock_khz", id->clock_khz);
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
  for (int i = 1; i < argc; i++) cJSON_AddItemToArray(arguments, cli_json_bytes(argv[i]));
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
  cJSON_AddItemToObject(entry, "path", cli_json_bytes(path));
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

/* ---- Reading ---- */

char *cli_read_stream(FILE *file) {
  size_t size = 0, room = 1 << 16;
  char *text = malloc(room);
  while (text) {
    size += fread(text + size, 1, room - size - 1, file);
    if (feof(file) && !ferror(file)) {
      text[size] = 0;
      return text;
    }
    if (room >= RESULT_MAX) errno = EFBIG;
    char *larger = ferror(file) || room >= RESULT_MAX ? NULL : realloc(text, room *= 2);
    if (!larger) free(text);
    text = larger;
  }
  return NULL;
}

cJSON *cli_result_read(const char *path, pl_error *err) {
  FILE *file = fopen(path, "rb");
  char *text = file ? cli_read_stream(file) : NULL;
  int why = errno;
  if (file) fclose(file);
  if (!text) {
    pl_fail(err, PL_E_INPUT, "cannot read the result %s: %s", path, strerror(why));
    return NULL;
  }
  cJSON *result = cJSON_Parse(text);
  free(text);
  const char *format = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(result, "format"));
  if (format && !strcmp(format, "photolane-result-1") && cli_result_data(result) &&
      cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(result, "verb")) &&
      cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(result, "arguments")))
    return result;
  pl_fail(err, PL_E_INPUT, "%s is no photolane result: write one with --json", path);
  cJSON_Delete(result);
  return NULL;
}
