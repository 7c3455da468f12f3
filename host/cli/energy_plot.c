/* energy_plot.c: figures of `photolane energy`: commands with their data for gnuplot, which draws the SVG (see
 * energy.h). */
#define _GNU_SOURCE /* open_memstream */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/energy.h"

int energy_plot_begin(energy_plot *p, const char *path, int width, int height) {
  pl_error err;
  *p = (energy_plot){.path = path};
  FILE *probe = fopen(path, "ab");
  if (!probe) return cli_usage("cannot write the figure %s: %s", path, strerror(errno));
  fclose(probe);
  if (!(p->script = open_memstream(&p->text, &p->size))) {
    pl_fail(&err, PL_E_MEMORY, "out of memory for a figure");
    return cli_fail(&err);
  }
  fprintf(p->script, "set terminal svg size %d,%d noenhanced font 'DejaVu Sans,13' background '#ffffff'\nset output '",
          width, height);
  for (const char *c = path; *c; c++) {
    if (*c == '\'') fputc('\'', p->script); /* doubled within quotes */
    fputc(*c, p->script);
  }
  fputs("'\nset border lc rgb '#59636e'\nset grid ytics lc rgb '#dddddd' lw 0.7\n", p->script);
  return CLI_OK;
}

int energy_plot_end(energy_plot *p) {
  pl_error err;
  int code = CLI_OK;
  fclose(p->script);
  /* Without gnuplot the pipe breaks: its exit code tells, not a signal. */
  void (*before)(int) = signal(SIGPIPE, SIG_IGN);
  fflush(NULL);
  FILE *pipe = popen("exec gnuplot", "w");
  if (pipe) fwrite(p->text, 1, p->size, pipe);
  const int status = pipe ? pclose(pipe) : -1;
  signal(SIGPIPE, before);
  if (status) {
    const int missing = status > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127;
    pl_fail(&err, PL_E_IO,
            missing ? "gnuplot is missing, so there is no figure: run scripts/setup --all"
                    : "gnuplot could not draw %s",
            p->path);
    remove(p->path);
    code = cli_fail(&err);
  }
  free(p->text);
  return code;
}

int energy_plot_cost(const char *path, const pl_arch *arch, const pl_workload *w, const pl_cost *cost) {
  energy_plot plot;
  int code = energy_plot_begin(&plot, path, 760, 400);
  if (code) return code;
  fprintf(plot.script, "$data << EOD\n");
  for (int i = 0; i < PL_PARTS; i++)
    if (cost->pj[i]) fprintf(plot.script, "%s %.6g\n", pl_part_name((pl_part)i), cost->pj[i] * 1e-9);
  fprintf(
      plot.script,
      "EOD\nset title '%s on %s: %.4g mJ, %.4g ms'\nset ylabel 'energy, mJ'\nset yrange [0:*]\nset style fill solid\n"
      "set boxwidth 0.7\nset xtics rotate by -30\nplot $data using 0:2:xtic(1) with boxes lc rgb '#0969da' notitle\n",
      w->shape, arch->head.name, pl_cost_pj(cost) * 1e-9, cost->latency_s * 1e3);
  return energy_plot_end(&plot);
}
