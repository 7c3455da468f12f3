/* options.c: option tables to values, and the help text made from the same table (see cli.h).
 *
 * Written by hand rather than with getopt_long: that one prints its own messages, accepts abbreviations
 * (which turn into errors when a later version adds an option) and knows no ranges. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static void print_help(const cli_help *help) {
  printf("usage: photolane %s%s%s\n\n%s\n", help->verb, *help->arguments ? " " : "", help->arguments, help->about);
  printf("\noptions:\n");
  for (const cli_option *o = help->options; o->name; o++) {
    char left[64];
    snprintf(left, sizeof left, "%c%c%s --%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
             o->letter ? "," : " ", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
    printf("  %-26s %s\n", left, o->text);
  }
  printf("  %-26s %s\n", "-h, --help", "this text");
}

/* The option that `arg` names, and where its argument begins if it is glued on ("-n5", "--cases=5"), else NULL. */
static const cli_option *find(const cli_option *options, const char *arg, const char **glued) {
  *glued = NULL;
  if (arg[1] != '-') {
    for (const cli_option *o = options; o->name; o++)
      if (o->letter == arg[1]) {
        if (arg[2]) *glued = arg + 2;
        return o;
      }
    return NULL;
  }
  size_t length = strcspn(arg + 2, "=");
  if (arg[2 + length]) *glued = arg + 3 + length;
  for (const cli_option *o = options; o->name; o++)
    if (strlen(o->name) == length && !strncmp(o->name, arg + 2, length)) return o;
  return NULL;
}

/* Stores `text` as the value of `o`. Returns 0, or CLI_USAGE after a message. */
static int store(const cli_help *help, const cli_option *o, const char *text) {
  char *end;
  errno = 0;
  switch (o->kind) {
    case CLI_FLAG: *(int *)o->value = 1; return 0;
    case CLI_TEXT: *(const char **)o->value = text; return 0;
    case CLI_INT: {
      int hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
      long long value = strtoll(text, &end, hex ? 16 : 10);
      if (isspace((unsigned char)*text) || end == text || *end || errno || value < o->min || value > o->max)
        return cli_usage("%s: --%s wants a whole number from %" PRId64 " to %" PRId64 ", not '%s'", help->verb, o->name,
                         o->min, o->max, text);
      *(int64_t *)o->value = value;
      return 0;
    }
    default: {
      double value = strtod(text, &end);
      if (isspace((unsigned char)*text) || end == text || *end || errno || !(value >= (double)o->min) ||
          !(value <= (double)o->max))
        return cli_usage("%s: --%s wants a number from %" PRId64 " to %" PRId64 ", not '%s'", help->verb, o->name,
                         o->min, o->max, text);
      *(double *)o->value = value;
      return 0;
    }
  }
}

int cli_parse(const cli_help *help, int argc, char **argv, const char **positional, int max, int *code) {
  int count = 0, only_positional = 0;
  for (int i = 0; i < max; i++) positional[i] = NULL;

  *code = CLI_OK;
  for (int i = 1; i < argc; i++)
    if (!strcmp(argv[i], "--")) {
      break;
    } else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
      print_help(help);
      return 0;
    }

  *code = CLI_USAGE;
  for (int i = 1; i < argc; i++) {
    const char *arg = argv[i], *glued;
    if (only_positional || arg[0] != '-' || !arg[1]) {
      if (count == max) {
        cli_usage("%s: unexpected argument '%s' (see `photolane %s --help`)", help->verb, arg, help->verb);
        return 0;
      }
      positional[count++] = arg;
      continue;
    }
    if (!strcmp(arg, "--")) {
      only_positional = 1;
      continue;
    }
    const cli_option *o = find(help->options, arg, &glued);
    if (!o || (o->kind == CLI_FLAG && glued && arg[1] != '-')) {
      cli_usage("%s: unknown option '%s' (see `photolane %s --help`)", help->verb, arg, help->verb);
      return 0;
    }
    if (o->kind == CLI_FLAG && glued) {
      cli_usage("%s: --%s takes no value", help->verb, o->name);
      return 0;
    }
    const char *text = glued;
    if (o->kind != CLI_FLAG && !text) {
      if (i + 1 == argc) {
        cli_usage("%s: --%s wants a value (%s)", help->verb, o->name, o->argument);
        return 0;
      }
      text = argv[++i];
    }
    if (store(help, o, text)) return 0;
  }
  *code = CLI_OK;
  return 1;
}

const char *cli_trace_uri(const char *uri, const char *trace, int64_t from, int64_t to, char *buffer, size_t size) {
  if (!trace) return uri;
  snprintf(buffer, size, "%s%strace=%s&trace-from=%" PRId64 "&trace-to=%" PRId64, uri, strchr(uri, '?') ? "&" : "?",
           trace, from, to);
  return buffer;
}
