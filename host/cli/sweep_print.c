/* sweep_print.c: the results of a sweep as CSV, JSON, a table for people, and what converters and light are needed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/sweep.h"
#include "study/sweep_series.h"

enum { NAMES_MAX = 200 };

/* Settings with columns of their own: all but core, range and seed, which every row has. */
typedef struct {
  int count;
  const char *name[NAMES_MAX];
} columns;

static int is_usual(const char *name) {
  return !strcmp(name, "core") || !strcmp(name, "range") || !strcmp(name, "seed");
}

static void find_columns(const pl_sweep_table *t, columns *c) {
  c->count = 0;
  for (int i = 0; i < t->rows; i++)
    for (int j = 0; j < t->row[i].settings; j++) {
      const char *name = t->row[i].name[j];
      int k = 0;
      while (k < c->count && strcmp(c->name[k], name)) k++;
      if (k == c->count && k < NAMES_MAX && !is_usual(name)) c->name[c->count++] = name;
    }
}

static double clip_rate(const pl_sweep_result *r) { return r->reads ? (double)r->clipped / (double)r->reads : 0; }

/* The product that clips most; NULL if none does. */
static const pl_sweep_product *worst(const pl_sweep_result *r, double *rate) {
  const pl_sweep_product *most = NULL;
  *rate = 0;
  for (int i = 0; i < r->products; i++) {
    const pl_sweep_product *p = &r->product[i];
    const double share = p->reads ? (double)p->clipped / (double)p->reads : 0;
    if (share > *rate) *rate = share, most = p;
  }
  return most;
}

/* ---- CSV ---- */

static void put_text(const char *text) {
  if (!strpbrk(text, ",\"\n")) {
    fputs(text, stdout);
    return;
  }
  putchar('"');
  for (; *text; text++) {
    if (*text == '"') putchar('"');
    putchar(*text);
  }
  putchar('"');
}

int sweep_print_csv(const pl_sweep_table *t) {
  columns c;
  find_columns(t, &c);
  printf("point,block,core,kind,seed,range");
  for (int i = 0; i < c.count; i++) putchar(','), put_text(c.name[i]);
  printf(",perplexity,perplexity_error,reference_perplexity,loss,kl_divergence,kl_divergence_error,top1_agreement,tokens,"
         "clip_rate,worst_clip_rate,worst_clip_layer,worst_clip_product,product_error,energy_fj_per_mac,macs,reads,detected,corrected,"
         "encodings_a,encodings_b,check,check_products,build,sweep\n");
  for (int i = 0; i < t->rows; i++) {
    const pl_sweep_row *row = &t->row[i];
    const pl_sweep_result *r = row->result;
    double rate;
    const pl_sweep_product *most = worst(r, &rate);
    printf("%d,", r->point), put_text(row->block), putchar(','), put_text(row->core);
    printf(",%s,%u,", pl_kind_name(row->image.reg[PL_REG_KIND]), row->image.reg[PL_REG_SEED]), put_text(row->range);
    for (int j = 0; j < c.count; j++) {
      const char *value = pl_sweep_row_value(row, c.name[j]);
      putchar(','), put_text(value ? value : "");
    }
    printf(",%.10g,%.6g,%.10g,%.6g,%.6g,%.6g,%.6g,%lld,%.6g,%.6g,", r->perplexity, r->perplexity_error, r->reference,
           r->perplexity / r->reference - 1, r->kl, r->kl_error, r->top1, (long long)r->scored, clip_rate(r), rate);
    if (most) printf("%d,%s,", most->layer, pl_nn_product_names[most->product]);
    else printf(",,");
    printf("%.6g,", r->product_error);
    if (r->fj_per_mac > 0) printf("%.6g", r->fj_per_mac);
    printf(",%llu,%llu,%llu,%llu,%llu,%llu,%s,%llu,", (unsigned long long)r->macs,
           (unsigned long long)r->reads, (unsigned long long)r->detected, (unsigned long long)r->corrected,
           (unsigned long long)r->encodings_a, (unsigned long long)r->encodings_b, pl_sweep_check_name(r->check),
           (unsigned long long)r->check_products);
    put_text(row->build), printf(",%s\n", row->spec);
  }
  return CLI_OK;
}

/* ---- JSON ---- */

static cJSON *number(double x) { return isfinite(x) ? cJSON_CreateNumber(x) : cJSON_CreateNull(); }

static cJSON *row_json(const pl_sweep_row *row) {
  const pl_sweep_result *r = row->result;
  cJSON *o = cJSON_CreateObject();
  char image[PL_REG_WORDS * 8 + 1];
  for (int i = 0; i < PL_REG_WORDS; i++) snprintf(image + 8 * i, 9, "%08x", row->image.reg[i]);
  cJSON_AddNumberToObject(o, "point", r->point);
  cJSON_AddStringToObject(o, "block", row->block);
  cJSON_AddStringToObject(o, "core", row->core);
  cJSON_AddStringToObject(o, "kind", pl_kind_name(row->image.reg[PL_REG_KIND]));
  cJSON_AddNumberToObject(o, "seed", row->image.reg[PL_REG_SEED]);
  cJSON_AddStringToObject(o, "range", row->range);
  cJSON *settings = cJSON_AddObjectToObject(o, "settings");
  for (int i = 0; i < row->settings; i++)
    if (!is_usual(row->name[i])) cJSON_AddNumberToObject(settings, row->name[i], strtod(row->value[i], NULL));
  cJSON_AddStringToObject(o, "image", image);
  cJSON_AddStringToObject(o, "build", row->build);
  const struct {
    const char *name;
    double value;
  } figures[] = {
      {"perplexity", r->perplexity},   {"perplexity_error", r->perplexity_error},
      {"nll", r->nll},                 {"reference_perplexity", r->reference},
      {"loss", r->perplexity / r->reference - 1},
      {"kl_divergence", r->kl},        {"kl_divergence_error", r->kl_error},
      {"top1_agreement", r->top1},     {"tokens", (double)r->scored},
      {"clip_rate", clip_rate(r)},     {"product_error", r->product_error},
      {"energy_fj_per_mac", r->fj_per_mac > 0 ? r->fj_per_mac : NAN},
      {"macs", (double)r->macs},       {"reads", (double)r->reads},
      {"clipped", (double)r->clipped}, {"detected", (double)r->detected},
      {"corrected", (double)r->corrected}, {"encodings_a", (double)r->encodings_a},
      {"encodings_b", (double)r->encodings_b},
  };
  for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
    cJSON_AddItemToObject(o, figures[i].name, number(figures[i].value));
  cJSON_AddStringToObject(o, "check", pl_sweep_check_name(r->check));
  cJSON_AddNumberToObject(o, "check_products", (double)r->check_products);
  if (*r->check_note) cJSON_AddItemToObject(o, "check_note", cli_json_bytes(r->check_note));
  cJSON *products = cJSON_AddArrayToObject(o, "products");
  for (int i = 0; i < r->products; i++) {
    const pl_sweep_product *p = &r->product[i];
    cJSON *x = cJSON_CreateObject();
    cJSON_AddNumberToObject(x, "layer", p->layer);
    cJSON_AddStringToObject(x, "product", pl_nn_product_names[p->product]);
    cJSON_AddNumberToObject(x, "clip_rate", p->reads ? (double)p->clipped / (double)p->reads : 0);
    cJSON_AddItemToObject(x, "error", number(p->error));
    cJSON_AddItemToArray(products, x);
  }
  return o;
}

int sweep_print_json(const pl_sweep_table *t) {
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "format", "photolane-sweep-1");
  cJSON_AddStringToObject(o, "sweep", t->rows ? t->row[0].spec : "");
  cJSON_AddItemToObject(o, "model", cli_json_bytes(t->model));
  cJSON_AddItemToObject(o, "text", cli_json_bytes(t->text));
  cJSON_AddNumberToObject(o, "tokens", t->tokens);
  cJSON_AddNumberToObject(o, "context", t->context);
  cJSON_AddItemToObject(o, "check_device", cli_json_bytes(t->check_device));
  cJSON_AddNumberToObject(o, "count", t->points);
  cJSON *rows = cJSON_AddArrayToObject(o, "points");
  for (int i = 0; i < t->rows; i++) cJSON_AddItemToArray(rows, row_json(&t->row[i]));
  const int code = cli_print_json(o);
  cJSON_Delete(o);
  return code;
}

/* ---- For people ---- */

int sweep_print_table(const pl_sweep_table *t) {
  printf("%5s %12s %8s %9s %8s %8s  %-9s settings\n", "point", "perplexity", "loss %", "KL, nats", "top-1 %", "clip %",
         "check");
  for (int i = 0; i < t->rows; i++) {
    const pl_sweep_row *row = &t->row[i];
    const pl_sweep_result *r = row->result;
    const int is_far = !(r->perplexity < 1e6); /* hundreds of digits otherwise */
    printf(is_far ? "%5d %12.5g %+8.2g" : "%5d %12.4f %+8.2f", r->point, r->perplexity,
           100 * (r->perplexity / r->reference - 1));
    printf(" %9.5f %8.2f %8.4f  %-9s %s", r->kl, 100 * r->top1, 100 * clip_rate(r), pl_sweep_check_name(r->check),
           row->core);
    for (int j = 0; j < row->settings; j++)
      if (strcmp(row->name[j], "core")) printf(", %s %s", row->name[j], row->value[j]);
    putchar('\n');
  }
  return CLI_OK;
}

int sweep_print_needs(const pl_sweep_table *t) {
  printf("needed,for_loss_1_percent,for_loss_10_percent,fj_per_mac_1_percent,fj_per_mac_10_percent,smallest,largest,core,block,with\n");
  for (int i = 0; pl_sweep_needed_name(i); i++) {
    pl_sweep_series *lines;
    const char *name = pl_sweep_needed_name(i);
    const int count = pl_sweep_series_make(t, name, &lines);
    for (int j = 0; j < count; j++) {
      if (lines[j].dots < 2) continue;
      double energy[2] = {0, 0};
      printf("%s", name);
      for (int k = 0; k < 2; k++) {
        const double needed = pl_sweep_series_needed(&lines[j], k ? 0.10 : 0.01);
        if (isnan(needed)) printf(",more");
        else printf(",%.10g", needed);
        for (int d = 0; d < lines[j].dots; d++)
          if (lines[j].dot[d].x == needed) energy[k] = lines[j].dot[d].fj_per_mac;
      }
      for (int k = 0; k < 2; k++) printf(energy[k] > 0 ? ",%.4g" : ",", energy[k]);
      printf(",%.10g,%.10g,", lines[j].dot[0].x, lines[j].dot[lines[j].dots - 1].x);
      put_text(lines[j].core), putchar(','), put_text(lines[j].block), putchar(','), put_text(lines[j].label);
      putchar('\n');
    }
    if (count < 0) {
      pl_error err;
      pl_fail(&err, PL_E_MEMORY, "out of memory for the results %s", t->path);
      return cli_fail(&err);
    }
    pl_sweep_series_free(lines, count);
  }
  return CLI_OK;
}
