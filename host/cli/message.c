/* message.c: one sentence on stderr, and the exit code that goes with it. */
#include <stdarg.h>
#include <stdio.h>

#include "cli/cli.h"

int cli_exit_code(pl_status status) {
  switch (status) {
    case PL_OK: return CLI_OK;
    case PL_E_INPUT: return CLI_USAGE;
    case PL_E_NODEV: return CLI_NODEV;
    default: return CLI_FAILED;
  }
}

int cli_fail(const pl_error *err) {
  fprintf(stderr, "photolane: %s\n", err->text);
  return cli_exit_code(err->status);
}

int cli_usage(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("photolane: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  return CLI_USAGE;
}
