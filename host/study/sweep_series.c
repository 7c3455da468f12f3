/* sweep_series.c: see sweep_series.h. */
#include "study/sweep_series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Settings that go in step with x in the group from row `first` on, as those of a list do: for each value of x they have
 * one value, and not always the same. They change along a line and are no part of its name. 0: out of memory. */
static int find_along(const pl_sweep_table *t, int first, const char *x, unsigned char along[PL_SWEEP_AXES]) {
  const pl_sweep_row *of = &t->row[first];
  int *seen = malloc(sizeof *seen * (size_t)t->rows), values = 0, is_there = seen != NULL, varies[PL_SWEEP_AXES] = {0};
  memset(along, 1, PL_SWEEP_AXES);
  for (int i = first; seen && i < t->rows && !strcmp(t->row[i].block, of->block); i++) {
    const pl_sweep_row *row = &t->row[i];
    const char *value = pl_sweep_row_value(row, x);
    if (!value) continue;
    int at = 0; /* the first row with the same x */
    while (at < values && strcmp(pl_sweep_row_value(&t->row[seen[at]], x), value)) at++;
    if (at == values) seen[values++] = i;
    for (int j = 0; j < row->settings; j++) {
      if (strcmp(t->row[seen[at]].value[j], row->value[j])) along[j] = 0;
      varies[j] |= strcmp(of->value[j], row->value[j]) != 0;
    }
  }
  for (int j = 0; j < PL_SWEEP_AXES; j++) along[j] &= (unsigned char)varies[j];
  free(seen);
  return is_there;
}

static void describe(const pl_sweep_row *row, const char *x, const unsigned char along[PL_SWEEP_AXES], char *label,
                     size_t size) {
  *label = 0;
  for (int i = 0; i < row->settings; i++) {
    const char *name = row->name[i];
    if (!strcmp(name, x) || !strcmp(name, "seed") || !strcmp(name, "core") || along[i]) continue;
    const size_t used = strlen(label);
    snprintf(label + used, size - used, "%s%s %s", used ? ", " : "", name, row->value[i]);
  }
}

static pl_sweep_series *find(pl_sweep_series *lines, int *count, const pl_sweep_row *row, const char *label) {
  for (int i = 0; i < *count; i++)
    if (!strcmp(lines[i].block, row->block) && !strcmp(lines[i].core, row->core) && !strcmp(lines[i].label, label))
      return &lines[i];
  pl_sweep_series *line = &lines[(*count)++];
  strcpy(line->block, row->block);
  strcpy(line->core, row->core);
  strcpy(line->label, label);
  return line;
}

/* The dot at x, made if it is not there. */
static pl_sweep_dot *dot_at(pl_sweep_series *line, double x) {
  int i = 0;
  while (i < line->dots && line->dot[i].x < x) i++;
  if (i < line->dots && line->dot[i].x == x) return &line->dot[i];
  pl_sweep_dot *larger = realloc(line->dot, ((size_t)line->dots + 1) * sizeof *larger);
  if (!larger) return NULL;
  line->dot = larger;
  memmove(larger + i + 1, larger + i, (size_t)(line->dots++ - i) * sizeof *larger);
  larger[i] = (pl_sweep_dot){.x = x};
  return &larger[i];
}

int pl_sweep_series_make(const pl_sweep_table *table, const char *name, pl_sweep_series **lines) {
  int count = 0, failed = 0;
  unsigned char along[PL_SWEEP_AXES];
  *lines = calloc((size_t)table->rows + 1, sizeof **lines);
  if (!*lines) return -1;
  for (int i = 0; i < table->rows; i++) {
    const pl_sweep_row *row = &table->row[i];
    const pl_sweep_result *r = row->result;
    const char *value = pl_sweep_row_value(row, name);
    char label[sizeof (*lines)->label];
    if (!i || strcmp(row->block, table->row[i - 1].block)) failed = !find_along(table, i, name, along);
    if (!value) continue;
    describe(row, name, along, label, sizeof label);
    pl_sweep_dot *d = failed ? NULL : dot_at(find(*lines, &count, row, label), strtod(value, NULL));
    if (!d) {
      pl_sweep_series_free(*lines, count);
      *lines = NULL;
      return -1;
    }
    const double old = d->seeds, n = ++d->seeds;
    d->nll = (d->nll * old + r->nll) / n;
    d->reference_nll = (d->reference_nll * old + log(r->reference)) / n;
    d->error = (d->error * old + r->perplexity_error) / n;
    d->fj_per_mac = (d->fj_per_mac * old + r->fj_per_mac) / n;
    d->kl = (d->kl * old + r->kl) / n;
    d->clip_rate = (d->clip_rate * old + (r->reads ? (double)r->clipped / (double)r->reads : 0)) / n;
  }
  return count;
}

void pl_sweep_series_free(pl_sweep_series *lines, int count) {
  for (int i = 0; i < count; i++) free(lines[i].dot);
  free(lines);
}

double pl_sweep_dot_perplexity(const pl_sweep_dot *d) { return exp(d->nll); }
double pl_sweep_dot_loss(const pl_sweep_dot *d) { return exp(d->nll - d->reference_nll) - 1; }

double pl_sweep_series_needed(const pl_sweep_series *line, double loss) {
  double needed = NAN;
  for (int i = line->dots - 1; i >= 0 && pl_sweep_dot_loss(&line->dot[i]) <= loss; i--) needed = line->dot[i].x;
  return needed;
}

const char *pl_sweep_needed_name(int i) {
  static const char *const names[] = {"adc_bits",        "reg.adc_bits",       "dac_bits",     "dac_bits_a",
                                      "dac_bits_b",      "mantissa_bits",      "moduli_k",     "photons_per_mac",
                                      "photons_full_scale", "amplitude_snr", NULL};
  return names[i];
}
