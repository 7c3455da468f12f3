/* uri.c: device URIs, scheme:[shape][?key=value&key=value...]. No escapes: no value needs '&'. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "device/backend.h"

pl_status pl_uri_parse(const char *text, pl_uri *uri, pl_error *err) {
  memset(uri, 0, sizeof *uri);
  if (strlen(text) >= sizeof uri->text)
    return pl_fail(err, PL_E_INPUT, "the device URI is longer than %zu characters", sizeof uri->text - 1);
  strcpy(uri->text, text);

  char *colon = strchr(uri->text, ':');
  if (!colon || colon == uri->text)
    return pl_fail(err, PL_E_INPUT,
                   "'%s' is no device URI: write scheme:[shape][?key=value], such as model: or rtl:8x8x16",
                   text);
  *colon = 0;
  uri->scheme = uri->text;
  uri->shape = colon + 1;

  char *query = strchr(colon + 1, '?');
  if (!query) return PL_OK;
  *query = 0;
  char *rest = query + 1;
  for (char *part; (part = strsep(&rest, "&"));) {
    if (!*part) continue;
    char *equals = strchr(part, '=');
    if (!equals || equals == part)
      return pl_fail(err, PL_E_INPUT, "option '%s' of the device URI '%s' is not of the form key=value", part, text);
    *equals = 0;
    if (pl_uri_text(uri, part, NULL))
      return pl_fail(err, PL_E_INPUT, "the device URI '%s' gives '%s' twice", text, part);
    if (uri->count == PL_URI_OPTIONS)
      return pl_fail(err, PL_E_INPUT, "the device URI '%s' has more than %d options", text, PL_URI_OPTIONS);
    uri->option[uri->count].key = part;
    uri->option[uri->count++].value = equals + 1;
  }
  return PL_OK;
}

static int is_word_of(const char *word, const char *list) {
  size_t length = strlen(word);
  for (const char *p = list; *p; p += strspn(p, " ")) {
    size_t n = strcspn(p, " ");
    if (n == length && !strncmp(p, word, n)) return 1;
    p += n;
  }
  return 0;
}

pl_status pl_uri_check(const pl_uri *uri, const char *keys, pl_error *err) {
  for (int i = 0; i < uri->count; i++) {
    if (is_word_of(uri->option[i].key, keys)) continue;
    if (!*keys) return pl_fail(err, PL_E_INPUT, "%s: takes no options, but got '%s'", uri->scheme, uri->option[i].key);
    return pl_fail(err, PL_E_INPUT, "%s: has no option '%s'; it has: %s", uri->scheme, uri->option[i].key, keys);
  }
  return PL_OK;
}

const char *pl_uri_text(const pl_uri *uri, const char *key, const char *otherwise) {
  for (int i = 0; i < uri->count; i++)
    if (!strcmp(uri->option[i].key, key)) return uri->option[i].value;
  return otherwise;
}

pl_status pl_uri_number(const pl_uri *uri, const char *key, uint64_t min, uint64_t max, uint64_t *value,
                        pl_error *err) {
  const char *text = pl_uri_text(uri, key, NULL);
  if (!text) return PL_OK;
  char *end;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  if (!isdigit((unsigned char)*text) || *end || errno || number < min || number > max)
    return pl_fail(err, PL_E_INPUT, "%s: option %s wants a whole number from %" PRIu64 " to %" PRIu64 ", not '%s'",
                   uri->scheme, key, min, max, text);
  *value = number;
  return PL_OK;
}

pl_status pl_uri_real(const pl_uri *uri, const char *key, double min, double max, double *value, pl_error *err) {
  const char *text = pl_uri_text(uri, key, NULL);
  if (!text) return PL_OK;
  char *end;
  const double number = strtod(text, &end);
  if (isspace((unsigned char)*text) || end == text || *end || !(number >= min && number <= max))
    return pl_fail(err, PL_E_INPUT, "%s: option %s wants a number from %g to %g, not '%s'", uri->scheme, key, min, max, text);
  *value = number;
  return PL_OK;
}
