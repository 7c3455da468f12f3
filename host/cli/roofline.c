/* roofline.c: see roofline.h. */
#include "cli/roofline.h"

#include <stdio.h>
#include <stdlib.h>

enum {
  BYTES_LEAST = 8 << 10,
  BYTES_MOST = 200 << 10,
  SPARE_WORD = 80, SPARE_WORDS = 48, /* words of the image that no register has */
  NO_WORD = 0x9000,                  /* and of the device */
  ECHO_MOST = 60000,
};
#define MEASURE_S 0.02

/* As many bytes as take MEASURE_S, within bounds. */
static uint32_t bytes_for(double wire) {
  const double bytes = wire * MEASURE_S;
  return bytes < BYTES_LEAST ? BYTES_LEAST : bytes > BYTES_MOST ? BYTES_MOST : (uint32_t)bytes;
}

static double rate(uint64_t bytes, uint64_t us) { return us ? 1e6 * (double)bytes / (double)us : 0; }

static pl_status measure_out(pl_link *link, uint32_t bytes, double *out, pl_error *err) {
  static const uint32_t words[SPARE_WORDS];
  const uint64_t begin = pl_link_now_us(link), sent = pl_link_traffic_of(link).stream.payload_sent;
  pl_status status = PL_OK;
  for (uint32_t n = 0; n < bytes && !status; n += sizeof words)
    status = pl_link_write(link, SPARE_WORD, words, SPARE_WORDS, err);
  if (!status) status = pl_link_wait(link, err);
  if (!status) *out = rate(pl_link_traffic_of(link).stream.payload_sent - sent, pl_link_now_us(link) - begin);
  return status;
}

static pl_status measure_in(pl_link *link, uint32_t bytes, double *in, pl_error *err) {
  uint32_t *words = malloc(bytes);
  if (!words) return pl_fail(err, PL_E_MEMORY, "out of memory for a measurement");
  const uint64_t begin = pl_link_now_us(link);
  pl_status status = pl_link_read(link, NO_WORD, (uint16_t)(bytes / 4), words, NULL, NULL, err);
  if (!status) status = pl_link_wait(link, err);
  if (!status) *in = rate(bytes, pl_link_now_us(link) - begin);
  free(words);
  return status;
}

static pl_status measure_both(pl_link *link, uint32_t bytes, double *both, pl_error *err) {
  if (bytes > ECHO_MOST) bytes = ECHO_MOST;
  uint8_t *data = malloc(bytes);
  if (!data) return pl_fail(err, PL_E_MEMORY, "out of memory for a measurement");
  for (uint32_t i = 0; i < bytes; i++) data[i] = (uint8_t)(i * 167 + (i >> 8));
  const uint64_t begin = pl_link_now_us(link);
  const pl_status status = pl_link_echo(link, data, (uint16_t)bytes, err);
  if (!status) *both = rate(bytes, pl_link_now_us(link) - begin);
  free(data);
  return status;
}

pl_status roofline_measure(pl_link *link, roofline_link *figures, pl_error *err) {
  static const uint8_t byte = 0x55;
  figures->wire = pl_link_port(link)->bytes_per_second;
  const uint32_t bytes = bytes_for(figures->wire);
  pl_status status = pl_link_wait(link, err);
  const uint64_t begin = pl_link_now_us(link);
  if (!status) status = pl_link_echo(link, &byte, 1, err);
  figures->delay_us = (double)(pl_link_now_us(link) - begin);
  if (!status) status = measure_out(link, bytes, &figures->out, err);
  if (!status) status = measure_in(link, bytes & ~3u, &figures->in, err);
  if (!status) status = measure_both(link, bytes, &figures->both, err);
  return status;
}

void roofline_compute(const pl_link_info *info, roofline *r) {
  const double hz = 1000.0 * info->clock_khz, us_per_clock = hz > 0 ? 1e6 / hz : 0;
  r->peak_macs = hz * info->rows * info->columns * info->width;
  r->word_codes = hz * (info->rows + info->columns) * info->width;
  r->load_codes = hz * info->elements;
  r->us[BOUND_OUT] = r->link.out > 0 ? 1e6 * r->job.bytes_out / r->link.out : 0;
  r->us[BOUND_IN] = r->link.in > 0 ? 1e6 * r->job.bytes_in / r->link.in : 0;
  r->us[BOUND_BUS] = info->ft245 ? r->us[BOUND_OUT] + r->us[BOUND_IN] : 0;
  r->us[BOUND_LOAD] = r->job.load_cycles * us_per_clock;
  r->us[BOUND_ARRAY] = r->job.cycles * us_per_clock;
  r->bound = BOUND_BUS;
  for (int i = 1; i < BOUNDS; i++)
    if (r->us[i] > r->us[r->bound]) r->bound = (roofline_bound)i;
}

static const char *const bound_names[BOUNDS] = {"the bus of the link", "the link to the device",
                                                "the link from the device", "filling the buffers", "the array"};
static const char *const bound_keys[BOUNDS] = {"link_bus", "link_out", "link_in", "load", "array"};

void roofline_print(const pl_link *link, const roofline *r) {
  const pl_link_info *info = pl_link_info_of(link);
  const roofline_link *l = &r->link;
  const roofline_job *j = &r->job;
  const double wire = l->wire > 0 ? l->wire : 1;
  printf("roofline: %s\n", pl_link_port(link)->name);
  printf(
      "  link    %.4g MB/s of wire each way; payload out %.4g (%.0f %%), in %.4g (%.0f %%), both at once %.4g (%.0f %%)"
      "; there and back %.0f us\n",
      1e-6 * wire, 1e-6 * l->out, 100 * l->out / wire, 1e-6 * l->in, 100 * l->in / wire, 1e-6 * l->both,
      100 * l->both / wire, l->delay_us);
  printf(
      "  memory  %d words of A, %d of B, of %d codes for each lane: %.4g Gcode/s to the array, %.4g Gcode/s into it\n",
      info->a_words, info->b_words, info->width, 1e-9 * r->word_codes, 1e-9 * r->load_codes);
  printf("  array   %d x %d x %d at %.4g MHz: %.4g GMAC/s at most\n", info->rows, info->columns, info->width,
         1e-3 * info->clock_khz, 1e-9 * r->peak_macs);
  printf("  job     %.4g MAC, %.4g bytes out, %.4g in: %.3g MAC a byte\n", j->macs, j->bytes_out, j->bytes_in,
         j->macs / (j->bytes_out + j->bytes_in + 1e-9));
  printf("          needs %.0f us of the link out, %.0f in, %.0f of filling, %.0f of the array; took %.0f us\n",
         r->us[BOUND_OUT], r->us[BOUND_IN], r->us[BOUND_LOAD], r->us[BOUND_ARRAY], j->us);
  printf("  bound by %s: %.4g GMAC/s at most, %.4g reached (%.0f %%)\n", bound_names[r->bound],
         r->us[r->bound] > 0 ? 1e-3 * j->macs / r->us[r->bound] : 0, j->us > 0 ? 1e-3 * j->macs / j->us : 0,
         j->us > 0 ? 100 * r->us[r->bound] / j->us : 0);
}

cJSON *roofline_json(const roofline *r) {
  const struct {
    const char *key;
    double value;
  } values[] = {
      {"wire_bytes_per_s", r->link.wire}, {"out_bytes_per_s", r->link.out}, {"in_bytes_per_s", r->link.in},
      {"both_bytes_per_s", r->link.both}, {"delay_us", r->link.delay_us}, {"buffer_codes_per_s", r->word_codes},
      {"load_codes_per_s", r->load_codes}, {"peak_mac_per_s", r->peak_macs}, {"job_macs", r->job.macs},
      {"job_bytes_out", r->job.bytes_out}, {"job_bytes_in", r->job.bytes_in}, {"job_us", r->job.us},
  };
  cJSON *json = cJSON_CreateObject();
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    cJSON_AddNumberToObject(json, values[i].key, values[i].value);
  cJSON *needs = cJSON_AddObjectToObject(json, "needs_us");
  for (int i = 0; i < BOUNDS; i++) cJSON_AddNumberToObject(needs, bound_keys[i], r->us[i]);
  cJSON_AddStringToObject(json, "bound", bound_keys[r->bound]);
  return json;
}
