/* progress.c: a one-line progress bar on stderr, for people only: silent unless stderr is a terminal. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

enum { BAR_WIDTH = 30 };

double cli_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void cli_progress_start(cli_progress *bar, const char *label, uint64_t total) {
  *bar = (cli_progress){.label = label, .total = total ? total : 1, .active = isatty(2)};
  bar->started = cli_seconds();
}

void cli_progress_update(cli_progress *bar, uint64_t done) {
  if (!bar->active) return;
  double now = cli_seconds();
  if (now - bar->drawn < 0.1) return;
  bar->drawn = now;

  double part = done < bar->total ? (double)done / (double)bar->total : 1.0;
  char blocks[BAR_WIDTH + 1];
  int filled = (int)(part * BAR_WIDTH);
  memset(blocks, '.', BAR_WIDTH);
  memset(blocks, '#', (size_t)filled);
  blocks[BAR_WIDTH] = 0;
  fprintf(stderr, "\r%s [%s] %3.0f %%", bar->label, blocks, 100 * part);
  if (part > 0.02) fprintf(stderr, "  %.0f s left ", (now - bar->started) * (1 - part) / part);
  fputs("\033[K", stderr);
}

void cli_progress_end(cli_progress *bar) {
  if (bar->active) fputs("\r\033[K", stderr);
  bar->active = 0;
}
