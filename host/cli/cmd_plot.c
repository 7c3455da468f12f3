/* cmd_plot.c: `photolane plot`: the figures of a sweep, drawn by gnuplot: perplexity against converters or light, and maps
 * of clip rates and errors over layers and products. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/energy.h"
#include "study/sweep_series.h"

enum { PANELS_MAX = 6, PANEL_WIDTH = 470, HEIGHT = 380 };

/* ---- Lines ---- */

typedef struct { /* the lines of one core in one group of the sweep */
  const char *setting, *core, *block;
  const pl_sweep_series *line[64];
  int lines;
} panel;

/* In gnuplot's single quotes. */
static void quote(FILE *out, const char *text) {
  fputc('\'', out);
  for (; *text; text++) {
    if (*text == '\'') fputc('\'', out);
    fputc(*text, out);
  }
  fputc('\'', out);
}

static int add_panels(panel *p, int count, const char *setting, const pl_sweep_series *lines, int n) {
  for (int i = 0; i < n; i++) {
    if (lines[i].dots < 2) continue;
    int at = 0;
    while (at < count && (strcmp(p[at].core, lines[i].core) || strcmp(p[at].block, lines[i].block) ||
                          strcmp(p[at].setting, setting)))
      at++;
    if (at == PANELS_MAX) continue;
    if (at == count) p[count++] = (panel){.setting = setting, .core = lines[i].core, .block = lines[i].block};
    if (p[at].lines < 64) p[at].line[p[at].lines++] = &lines[i];
  }
  return count;
}

static const char *axis_name(const char *setting) {
  static const char *const names[][2] = {
      {"adc_bits", "ADC, bits"},
      {"reg.adc_bits", "ADC, bits"},
      {"mantissa_bits", "mantissa, bits"},
      {"photons_per_mac", "photons per product and pass"},
      {"photons_full_scale", "photons per product at full scale"},
      {"amplitude_snr", "amplitude over detector noise"},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(names[i][0], setting)) return names[i][1];
  return setting;
}

/* ---- Scales: one for all panels ---- */

/* Perplexity, logarithmic from the float model's on. Cores far from working are cut off: at TOO_MUCH times that they would
 * leave no room for the others. */
enum { TOO_MUCH = 20 };

static void scale_perplexity(FILE *out, const panel *p, int panels) {
  static const double within[] = {1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8};
  double low = INFINITY, high = 0;
  for (int k = 0; k < panels; k++) {
    const double reference = exp(p[k].line[0]->dot[0].reference_nll);
    low = fmin(low, reference), high = fmax(high, 1.15 * reference);
    for (int i = 0; i < p[k].lines; i++)
      for (int j = 0; j < p[k].line[i]->dots; j++) {
        const double y = pl_sweep_dot_perplexity(&p[k].line[i]->dot[j]);
        low = fmin(low, y), high = fmax(high, fmin(y, TOO_MUCH * reference));
      }
  }
  const int is_wide = high > 8 * low; /* steps of 1, 2, 5 */
  fprintf(out, "set ylabel 'perplexity'\nset logscale y\nset yrange [%.6g:%.6g]\nset ytics (", low / pow(high / low, 0.05),
          high * pow(high / low, 0.05));
  for (double decade = pow(10, floor(log10(low / 1.1))); decade <= high * 2; decade *= 10)
    for (size_t i = 0; i < sizeof within / sizeof *within; i++)
      if (!is_wide || within[i] == 1 || within[i] == 2 || within[i] == 5) fprintf(out, "%.6g, ", within[i] * decade);
  fprintf(out, "1e300)\n");
}

/* Loss, logarithmic, so that 1 % and 10 % are seen; LOSS_LEAST stands for all that is less, gains included. */
static const double loss_least = 0.1, loss_most = 1000;

static void scale_loss(FILE *out) {
  fprintf(out, "set ylabel 'loss, %% (0.1: or less)'\nset logscale y\nset yrange [%g:%g]\n"
               "set ytics ('0.1' 0.1, '0.3' 0.3, '1' 1, '3' 3, '10' 10, '30' 30, '100' 100, '300' 300, '1000' 1000)\n",
          loss_least / 1.3, loss_most);
}

/* ---- Panels ---- */

static void draw_axes(FILE *out, const panel *p, int is_bits) {
  double from = INFINITY, to = 0;
  /* The settings of an only line stand above it, where there is room. */
  char title[3 * PL_SWEEP_NAME + sizeof p->line[0]->label];
  const char *label = p->lines == 1 ? p->line[0]->label : "";
  snprintf(title, sizeof title, "%s%s%s%s%s", p->block, strcmp(p->block, p->core) ? ": " : "",
           strcmp(p->block, p->core) ? p->core : "", *label ? ", " : "", label);
  fprintf(out, "set title ");
  quote(out, title);
  fprintf(out, "\nset xlabel '%s'\nset xtics %s\n%s\n", axis_name(p->setting), is_bits ? "1" : "autofreq",
          is_bits ? "unset logscale x" : "set logscale x");
  for (int i = 0; i < p->lines; i++)
    from = fmin(from, p->line[i]->dot[0].x), to = fmax(to, p->line[i]->dot[p->line[i]->dots - 1].x);
  const int is_narrow = !is_bits && to < 30 * from; /* less than the ticks of two decades */
  if (is_bits) fprintf(out, "set xrange [%.8g:%.8g]\n", from - 0.5, to + 0.5);
  else fprintf(out, "set xrange [%.8g:%.8g]\n", from / 1.6, to * 1.6);
  if (!is_narrow) return;
  static const double within[] = {1, 1.5, 2, 3, 5, 7};
  fprintf(out, "set xtics (");
  for (double decade = pow(10, floor(log10(from / 1.6))); decade <= to * 2; decade *= 10)
    for (size_t i = 0; i < sizeof within / sizeof *within; i++) fprintf(out, "%.6g, ", within[i] * decade);
  fprintf(out, "1e300)\n");
}

static void draw_panel(FILE *out, const panel *p, int number, int is_bits, int is_loss) {
  const double reference = exp(p->line[0]->dot[0].reference_nll);
  draw_axes(out, p, is_bits);
  for (int i = 0; i < p->lines; i++) {
    fprintf(out, "$p%dl%d << EOD\n", number, i);
    for (int j = 0; j < p->line[i]->dots; j++) {
      const pl_sweep_dot *d = &p->line[i]->dot[j];
      const double y = is_loss ? fmax(100 * pl_sweep_dot_loss(d), loss_least) : pl_sweep_dot_perplexity(d);
      fprintf(out, "%.8g %.8g\n", d->x, fmin(y, 1e30)); /* gnuplot leaves a gap where a number is not finite */
    }
    fprintf(out, "EOD\n");
  }
  fprintf(out, "plot ");
  if (!is_loss) fprintf(out, "%.8g with lines lc rgb '#59636e' dt 1 title 'float', ", reference);
  fprintf(out, "%.8g with lines lc rgb '#59636e' dt 2 title '%s1 %%', %.8g with lines lc rgb '#59636e' dt 3 title '%s10 %%'",
          is_loss ? 1 : reference * 1.01, is_loss ? "" : "+", is_loss ? 10 : reference * 1.10, is_loss ? "" : "+");
  for (int i = 0; i < p->lines; i++) {
    fprintf(out, ", $p%dl%d using 1:2 with linespoints ls %d title ", number, i, i % 8 + 1);
    quote(out, p->lines > 1 ? p->line[i]->label : "this core");
  }
  fputc('\n', out);
}

static int draw_lines(const pl_sweep_table *t, const char *const *settings, int is_bits, const char *path) {
  static const char *const colours[] = {"#0969da", "#bc4c00", "#1a7f37", "#8250df", "#bf3989", "#9a6700", "#cf222e",
                                        "#1b7c83"};
  panel p[PANELS_MAX] = {0};
  pl_sweep_series *lines[4] = {NULL};
  int n[4] = {0}, panels = 0, code = CLI_OK;
  for (int i = 0; settings[i]; i++) {
    n[i] = pl_sweep_series_make(t, settings[i], &lines[i]);
    panels = add_panels(p, panels, settings[i], lines[i], n[i]);
  }
  energy_plot plot = {0};
  if (!panels) code = cli_usage("plot: %s has no setting %s with two values at least", t->path, settings[0]);
  else code = energy_plot_begin(&plot, path, PANEL_WIDTH * panels, 2 * HEIGHT);
  if (!code) {
    for (int i = 0; i < 8; i++)
      fprintf(plot.script, "set style line %d lc rgb '%s' lw 2 pt 7 ps 0.6\n", i + 1, colours[i]);
    fprintf(plot.script, "set clip one\nset clip two\nset key top right spacing 0.9\nset multiplot layout 2,%d\n", panels);
    for (int is_loss = 0; is_loss < 2; is_loss++) {
      if (is_loss) fprintf(plot.script, "unset key\n"); /* the same lines as above */
      if (is_loss) scale_loss(plot.script);
      else scale_perplexity(plot.script, p, panels);
      for (int i = 0; i < panels; i++) draw_panel(plot.script, &p[i], is_loss * panels + i, is_bits, is_loss);
    }
    fprintf(plot.script, "unset multiplot\n");
    code = energy_plot_end(&plot);
  }
  for (int i = 0; settings[i]; i++)
    if (n[i] > 0) pl_sweep_series_free(lines[i], n[i]);
    else free(lines[i]);
  return code;
}

/* ---- Maps ---- */

typedef struct {
  double sum;
  int count;
} mean;

/* Percent for each layer and product, mean over the rows: all, or that of one point. */
static int draw_map(const pl_sweep_table *t, int is_error, int64_t point, const char *path) {
  enum { LAYERS = 4097 };
  mean (*cell)[PL_NN_PRODUCTS] = calloc(LAYERS, sizeof *cell);
  int layers = 0, used = 0, product[PL_NN_PRODUCTS], products = 0, code;
  const pl_sweep_row *one = NULL;
  for (int i = 0; i < t->rows && cell; i++) {
    const pl_sweep_result *r = t->row[i].result;
    if (point >= 0 && r->point != point) continue;
    one = &t->row[i], used++;
    for (int j = 0; j < r->products; j++) {
      const pl_sweep_product *x = &r->product[j];
      if (x->layer < 0 || x->layer >= LAYERS) continue;
      mean *c = &cell[x->layer][x->product];
      c->sum += is_error ? x->error : x->reads ? (double)x->clipped / (double)x->reads : 0;
      c->count++;
      if (x->layer >= layers) layers = x->layer + 1;
    }
  }
  for (int p = 0; p < PL_NN_PRODUCTS; p++)
    for (int i = 0, seen = 0; i < layers && !seen; i++)
      if (cell[i][p].count) product[products++] = p, seen = 1;
  energy_plot plot = {0};
  if (!used && point >= 0) code = cli_usage("plot: %s has no point %lld", t->path, (long long)point);
  else if (!used) code = cli_usage("plot: %s has no points yet", t->path);
  else code = energy_plot_begin(&plot, path, 140 + 62 * products, 150 + (layers > 12 ? 20 : 34) * layers);
  if (code) return free(cell), code;
  FILE *out = plot.script;
  fprintf(out, "$map << EOD\n");
  for (int i = 0; i < layers; i++)
    for (int p = 0; p < products; p++) {
      const mean *c = &cell[i][product[p]];
      if (c->count) fprintf(out, "%d %d %.6g\n", p, i, 100 * c->sum / c->count);
    }
  fprintf(out, "EOD\nset title ");
  char title[300];
  const char *what = is_error ? "rms error of products, % of their rms" : "reads that clip, %";
  if (used == 1) snprintf(title, sizeof title, "%s; %s, point %d", what, one->core, one->result->point);
  else snprintf(title, sizeof title, "%s; mean of %d points", what, used);
  quote(out, title);
  fprintf(out, "\nunset grid\nunset key\nset xrange [-0.5:%d.5]\nset yrange [%d.5:-0.5]\nset ylabel 'layer'\nset ytics 1\n"
               "set palette defined (0 '#ffffff', 0.5 '#f0a860', 1 '#a40e26')\nset cbrange [0:*]\nset xtics (",
          products - 1, layers - 1);
  for (int p = 0; p < products; p++) fprintf(out, "%s'%s' %d", p ? ", " : "", pl_nn_product_names[product[p]], p);
  fprintf(out, ")\nset ytics (");
  const int every = layers > 12 ? 5 : 1; /* the head stands below the last layer */
  for (int i = 0; i < layers - 1; i += every) fprintf(out, "'%d' %d, ", i, i);
  fprintf(out, "'head' %d)\nplot $map using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror fs solid noborder lc palette, $map using 1:2:(sprintf('%%.2g', $3)) with labels font "
               "'DejaVu Sans,9'\n", layers - 1);
  free(cell);
  return energy_plot_end(&plot);
}

/* ---- The verb ---- */

int cmd_plot(int argc, char **argv) {
  static const char *const bits[] = {"adc_bits", "reg.adc_bits", "mantissa_bits", NULL};
  static const char *const light[] = {"photons_per_mac", "photons_full_scale", "amplitude_snr", NULL};
  const char *output = NULL, *arg[2];
  int64_t point = -1;
  int code;
  const cli_option options[] = {
      {'o', "output", "FILE", CLI_TEXT, &output, 0, 0, "the figure, SVG"},
      {0, "point", "N", CLI_INT, &point, 0, INT32_MAX, "clip, error: of that point (mean of all)"},
      {0},
  };
  const cli_help help = {"plot", "RESULTS.sqlite adc|photons|clip|error -o FILE.svg",
                         "Figures of `photolane sweep`, drawn by gnuplot:\n"
                         "  adc      perplexity against ADC bits, a line for each DAC width and other settings;\n"
                         "           of kind rns against mantissa bits\n"
                         "  photons  perplexity against photons (coherent, intensity) or amplitude (rns)\n"
                         "  clip     clip rate of each layer and product\n"
                         "  error    error of each layer and product",
                         options};
  if (!cli_parse(&help, argc, argv, arg, 2, &code)) return code;
  if (!arg[0]) return cli_usage("plot: name the results of a sweep");
  if (!arg[1]) return cli_usage("plot: which figure? adc, photons, clip or error");
  if (!output) return cli_usage("plot: name the figure with -o FILE.svg");
  const int is_adc = !strcmp(arg[1], "adc"), is_light = !strcmp(arg[1], "photons"), is_clip = !strcmp(arg[1], "clip");
  if (!is_adc && !is_light && !is_clip && strcmp(arg[1], "error"))
    return cli_usage("plot: there is no figure '%s'; there are adc, photons, clip and error", arg[1]);
  pl_sweep_table table;
  pl_error err;
  if (pl_sweep_table_read(arg[0], &table, &err)) code = cli_fail(&err);
  else if (is_adc || is_light) code = draw_lines(&table, is_adc ? bits : light, is_adc, output);
  else code = draw_map(&table, !is_clip, point, output);
  pl_sweep_table_free(&table);
  return code;
}
