/* write_core.c: a fit as a core description: what the data sheet says, what was measured with its interval as a
 * comment, and what was not seen. The same fit gives the same bytes: no dates, no names of machines.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "physics/fields.h"
#include "study/fit.h"

enum { PATH_SIZE = 4096, LIST_COLUMNS = 8 };

/* libconfig takes a number without point or exponent for an int, and a list must be of one type. */
static void print_real(FILE *f, double value) {
  char text[40];
  snprintf(text, sizeof text, "%.7g", value);
  fprintf(f, "%s%s", text, strpbrk(text, ".en") ? "" : ".0");
}

static void print_effects(FILE *f, uint32_t effects) {
  const char *separator = "";
  fputs("effects = [", f);
  for (int bit = 0; bit < 32; bit++) {
    if (!(effects >> bit & 1)) continue;
    fprintf(f, "%s\"%s\"", separator, pl_effect_name(bit));
    separator = ", ";
  }
  fputs("];\n", f);
}

static void print_sheet(FILE *f, const pl_sheet *s) {
  static const char *const names[] = {"dac_bits_a", "dac_bits_b"};
  fprintf(f, "\n# From the data sheet.\nchannels = %d;\n", s->channels);
  if (s->kind == PL_KIND_COHERENT) fprintf(f, "wavelengths = %d;\n", s->wavelengths);
  for (int i = 0; i < 2 && s->kind != PL_KIND_RNS; i++)
    if (s->dac_bits[i]) fprintf(f, "%s = %d;\n", names[i], s->dac_bits[i]);
  if (s->adc_bits) fprintf(f, "adc_bits = %d;\n", s->adc_bits);
  if (s->kind != PL_KIND_RNS) return;
  if (s->adc_bits) {
    fputs("adc_full_scale_amplitude = ", f);
    print_real(f, ldexp(s->adc_step, s->adc_bits - 1));
    fputs(";\n", f);
  }
  if (s->residues) fprintf(f, "moduli_k = %d;\n", s->rns_k);
  if (s->redundant) fprintf(f, "redundant_moduli = %d;\n", s->redundant);
  if (s->bfp_bits) fprintf(f, "mantissa_bits = %d;\n", s->bfp_bits);
  if (s->range_check || s->redundant) fprintf(f, "range_limit_code2 = %d;\n", (int)s->range_limit);
}

static void print_list(FILE *f, const pl_fit_parameter *p, int count) {
  double widest = 0;
  for (int i = 0; i < count; i++)
    if (p[i].high - p[i].low > widest) widest = p[i].high - p[i].low;
  fprintf(f, "\n# %d entries, all within %.2g with a chance of 99.9 %%.\n%s = [", count, widest / 2, p->name);
  for (int i = 0; i < count; i++) {
    fputs(i ? "," : "", f);
    fputs(i && i % LIST_COLUMNS == 0 ? "\n  " : i ? " " : "", f);
    print_real(f, p[i].value);
  }
  fputs("];\n", f);
}

static void print_parameter(FILE *f, const pl_fit_parameter *p) {
  if (p->state == PL_FIT_CONVENTION) fprintf(f, "\n# A convention: it cannot be measured, others refer to it.\n");
  else fprintf(f, "\n# %.6g to %.6g%s%s\n", p->low, p->high, *p->unit ? " " : "", p->unit);
  fprintf(f, "%s = ", p->name);
  print_real(f, p->value);
  fputs(";\n", f);
}

static void print_unseen(FILE *f, const pl_fit *fit) {
  int any = 0, seen, count;
  for (int i = 0; i < fit->count; i += count) {
    const pl_fit_parameter *p = &fit->list[i];
    double farthest = 0;
    count = pl_fit_entries(fit, i, &seen);
    if (seen) continue;
    for (int j = 0; j < count; j++)
      farthest = fmax(farthest, fmax(p[j].high - p[j].none, p[j].none - p[j].low));
    if (!any)
      fprintf(f, "\n# Not seen; with a chance of 99.9 %% as far from what it is without the effect, at most:\n");
    fprintf(f, "#   %-36s %.3g%s%s\n", p->name, farthest, *p->unit ? " " : "", p->unit);
    any = 1;
  }
}

static int print_fit(FILE *f, const pl_fit *fit) {
  fprintf(f, "# Fitted by `photolane calibrate`: %llu detector reads. Comments hold the intervals of 99.9 %%.\n"
          "# Estimators: docs/calibration.md.\nkind = \"%s\";\n",
          (unsigned long long)fit->reads, pl_kind_name((uint32_t)fit->sheet.kind));
  print_effects(f, fit->effects);
  print_sheet(f, &fit->sheet);
  for (int i = 0, count, seen; i < fit->count; i += count) {
    count = pl_fit_entries(fit, i, &seen);
    if (!fit->list[i].is_field || !seen) continue;
    if (fit->list[i].index >= 0) print_list(f, &fit->list[i], count);
    else print_parameter(f, &fit->list[i]);
  }
  print_unseen(f, fit);
  return ferror(f);
}

pl_status pl_fit_write(const pl_fit *fit, const char *path, pl_error *err) {
  char temporary[PATH_SIZE];
  struct stat there;
  if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
    return pl_fail(err, PL_E_INPUT, "the name of the core description is longer than %d characters", PATH_SIZE - 5);
  if (!stat(path, &there) && !S_ISREG(there.st_mode))
    return pl_fail(err, PL_E_INPUT, "cannot write the core description %s: it is no regular file", path);
  FILE *f = fopen(temporary, "w");
  if (!f) return pl_fail(err, PL_E_INPUT, "cannot write the core description %s: %s", temporary, strerror(errno));
  int failed = print_fit(f, fit);
  failed |= fclose(f) != 0;
  pl_physics physics;
  pl_image image;
  pl_error why;
  pl_status status = PL_OK;
  if (failed) status = pl_fail(err, PL_E_IO, "cannot write %s to its end", temporary);
  else if (pl_physics_read(temporary, &physics, &image, &why))
    status = pl_fail(err, PL_E_INPUT, "the fit is outside of what a core description can say: %s", why.text);
  else if (rename(temporary, path))
    status = pl_fail(err, PL_E_IO, "cannot rename %s to %s: %s", temporary, path, strerror(errno));
  if (status) remove(temporary);
  return status;
}
