/* error.c: errors are values: a status and one sentence. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "photolane/photolane.h"

pl_status pl_fail(pl_error *err, pl_status status, const char *format, ...) {
  if (!err) return status;
  va_list args;
  va_start(args, format);
  vsnprintf(err->text, sizeof err->text, format, args);
  va_end(args);
  /* Texts from other libraries, and names from hostile files, may hold newlines and terminal escapes. */
  for (char *p = err->text; *p; p++)
    if (iscntrl((unsigned char)*p)) *p = ' ';
  return err->status = status;
}
