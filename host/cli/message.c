/* message.c: one sentence on stderr, and the exit code that goes with it. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

int cli_exit_code(pl_status status) {
  switch (status) {
    case PL_OK: return CLI_OK;
    case PL_E_INPUT: return CLI_USAGE;
    case PL_E_NODEV: return CLI_NODEV;
    default: return CLI_FAILED;
  }
}

/* What was said on stdout must stand before the message where both go to one terminal or file. Arguments are quoted in
 * messages: their newlines and terminal escapes become blanks, as in pl_fail. */
static void say(const char *format, va_list args) {
  char text[2048];
  vsnprintf(text, sizeof text, format, args);
  for (char *p = text; *p; p++)
    if (iscntrl((unsigned char)*p)) *p = ' ';
  fflush(stdout);
  fprintf(stderr, "photolane: %s\n", text);
}

void cli_note(const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(format, args);
  va_end(args);
}

int cli_load_core(const char *name_or_path, pl_core *core) {
  pl_error err;
  if (pl_core_load(name_or_path, core, &err)) return cli_fail(&err);
  if (*core->warning) cli_note("warning: %s", core->warning);
  return CLI_OK;
}

int cli_usage(const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(format, args);
  va_end(args);
  return CLI_USAGE;
}

int cli_fail(const pl_error *err) {
  cli_note("%s", err->text);
  return cli_exit_code(err->status);
}

/* A word as a shell reads it back. */
static void print_quoted(const char *word) {
  static const char *const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,+@%";
  if (*word && word[strspn(word, plain)] == 0) {
    fputs(word, stderr);
    return;
  }
  fputc('\'', stderr);
  for (const char *p = word; *p; p++) {
    if (*p == '\'') fputs("'\\''", stderr);
    else fputc(*p, stderr);
  }
  fputc('\'', stderr);
}

void cli_again(int argc, char **argv) {
  fputs("  again: photolane", stderr);
  for (int i = 0; i < argc; i++) {
    fputc(' ', stderr);
    print_quoted(argv[i]);
  }
  fputc('\n', stderr);
}
