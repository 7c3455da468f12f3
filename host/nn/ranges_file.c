/* ranges_file.c: ranges as a JSON file, and what they fit. See ranges.h.
 *
 *   format, layers, channels, adc_bits, limit_a, limit_b       what the ranges are for
 *   full_scale, mean_light, clipped, input_full_scale          {product: [a number for each layer]}
 *   adc_gain, adc_shift                                        the same as register words; for readers only
 *   rotated                                                    {product: [0 or 1 for each layer]}
 *   offset, balance, room, head_full_scale                     {product: [a list, or [], for each layer]}
 *
 * Files of format 3 have neither rotated nor room.
 */
#include "nn/ranges_file.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char format_name[] = "photolane-ranges-4", format_before[] = "photolane-ranges-3";
enum { MOST_EXPONENT = 60, MOST_INPUTS = 1 << 16, MOST_OUTPUTS = 1 << 20 };
enum { OFFSET, HEADS, BALANCE, ROOM, LISTS }; /* those of floats first */
static const char *const list_names[LISTS] = {"offset", "head_full_scale", "balance", "room"};

pl_nn_ranges *pl_nn_ranges_new(int layers, size_t bytes) {
  pl_nn_ranges *r = calloc(1, sizeof *r + sizeof *r->range * (size_t)(layers + 1) + bytes);
  if (r) r->layers = layers;
  return r;
}

void *pl_nn_ranges_room(pl_nn_ranges *r) { return &r->range[r->layers + 1]; }

/* The layers that a product has, from..to-1. */
static int from_layer(const pl_nn_ranges *r, int p) { return p == PL_NN_HEAD ? r->layers : 0; }
static int to_layer(const pl_nn_ranges *r, int p) { return p == PL_NN_HEAD ? r->layers + 1 : r->layers; }

/* The lists of numbers. */
static const struct {
  const char *name;
  size_t offset; /* of a double in pl_nn_range */
  double most;
} members[] = {{"full_scale", offsetof(pl_nn_range, full_scale), 4096.0 * 512 * 512},
               {"mean_light", offsetof(pl_nn_range, mean_light), 4096.0 * 512 * 512},
               {"clipped", offsetof(pl_nn_range, clipped), 1},
               {"input_full_scale", offsetof(pl_nn_range, input_full_scale), 1e30}};
enum { MEMBERS = sizeof members / sizeof *members };

static double *member_of(pl_nn_range *range, int m) { return (double *)((void *)((char *)range + members[m].offset)); }

/* ---- Writing ------------------------------------------------------------------------------------ */

static void add_words(const pl_nn_ranges *r, cJSON *json) {
  cJSON *gains = cJSON_AddObjectToObject(json, "adc_gain"), *shifts = cJSON_AddObjectToObject(json, "adc_shift");
  for (int p = 0; p < PL_NN_PRODUCTS; p++) {
    cJSON *gain = cJSON_AddArrayToObject(gains, pl_nn_product_names[p]);
    cJSON *shift = cJSON_AddArrayToObject(shifts, pl_nn_product_names[p]);
    for (int i = from_layer(r, p); i < to_layer(r, p); i++) {
      const double full_scale = r->range[i][p].full_scale;
      const pl_range word = full_scale > 0 ? pl_range_for(full_scale, r->adc_bits) : (pl_range){0};
      cJSON_AddItemToArray(gain, cJSON_CreateNumber(word.gain));
      cJSON_AddItemToArray(shift, cJSON_CreateNumber(word.shift));
    }
  }
}

/* Length of a list of a range, and its element i. */
static int list_length(const pl_nn_range *r, int list) {
  if (list == HEADS || list == ROOM) return list == HEADS ? r->heads : r->outputs;
  return (list == OFFSET ? r->offset != NULL : r->balance != NULL) ? r->inputs : 0;
}
static double list_element(const pl_nn_range *r, int list, int i) {
  return list == OFFSET ? (double)r->offset[i] : list == HEADS ? (double)r->head_full_scale[i]
         : list == ROOM ? r->room[i] : r->balance[i];
}

static void add_rotated(const pl_nn_ranges *r, cJSON *json) {
  cJSON *all = cJSON_AddObjectToObject(json, "rotated");
  for (int p = 0; p < PL_NN_PRODUCTS; p++) {
    cJSON *list = cJSON_AddArrayToObject(all, pl_nn_product_names[p]);
    for (int i = from_layer(r, p); i < to_layer(r, p); i++)
      cJSON_AddItemToArray(list, cJSON_CreateNumber(r->range[i][p].rotated));
  }
}

static void add_lists(const pl_nn_ranges *r, cJSON *json) {
  for (int l = 0; l < LISTS; l++) {
    cJSON *all = cJSON_AddObjectToObject(json, list_names[l]);
    for (int p = 0; p < PL_NN_PRODUCTS; p++) {
      cJSON *lists = cJSON_AddArrayToObject(all, pl_nn_product_names[p]);
      for (int i = from_layer(r, p); i < to_layer(r, p); i++) {
        cJSON *list = cJSON_CreateArray();
        for (int k = 0; k < list_length(&r->range[i][p], l); k++)
          cJSON_AddItemToArray(list, cJSON_CreateNumber(list_element(&r->range[i][p], l, k)));
        cJSON_AddItemToArray(lists, list);
      }
    }
  }
}

pl_status pl_nn_ranges_save(const pl_nn_ranges *r, const char *path, pl_error *err) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "format", format_name);
  cJSON_AddNumberToObject(json, "layers", r->layers);
  cJSON_AddNumberToObject(json, "channels", r->channels);
  cJSON_AddNumberToObject(json, "adc_bits", r->adc_bits);
  cJSON_AddNumberToObject(json, "limit_a", r->limit_a);
  cJSON_AddNumberToObject(json, "limit_b", r->limit_b);
  for (int m = 0; m < MEMBERS; m++) {
    cJSON *values = cJSON_AddObjectToObject(json, members[m].name);
    for (int p = 0; p < PL_NN_PRODUCTS; p++) {
      cJSON *list = cJSON_AddArrayToObject(values, pl_nn_product_names[p]);
      for (int i = from_layer(r, p); i < to_layer(r, p); i++) {
        pl_nn_range range = r->range[i][p];
        cJSON_AddItemToArray(list, cJSON_CreateNumber(*member_of(&range, m)));
      }
    }
  }
  add_words(r, json);
  add_rotated(r, json);
  add_lists(r, json);
  char *text = cJSON_Print(json);
  cJSON_Delete(json);
  if (!text) return pl_fail(err, PL_E_MEMORY, "out of memory for %s", path);
  FILE *f = fopen(path, "w");
  int cause = errno, failed = !f || fprintf(f, "%s\n", text) < 0;
  if (f) failed |= fclose(f) != 0;
  free(text);
  if (!failed) return PL_OK;
  return f ? pl_fail(err, PL_E_IO, "cannot write %s to its end", path)
           : pl_fail(err, PL_E_INPUT, "cannot write %s: %s", path, strerror(cause));
}

/* ---- Reading ------------------------------------------------------------------------------------ */

static pl_status read_file(const char *path, char **text, pl_error *err) {
  enum { MOST = 64 << 20 };
  FILE *f = fopen(path, "rb");
  *text = NULL;
  if (!f) return pl_fail(err, PL_E_INPUT, "cannot read ranges from %s: %s", path, strerror(errno));
  char *buffer = malloc(MOST + 1);
  size_t n = buffer ? fread(buffer, 1, MOST + 1, f) : 0;
  int failed = ferror(f);
  fclose(f);
  if (buffer && !failed && n <= MOST) {
    buffer[n] = 0;
    *text = buffer;
    return PL_OK;
  }
  free(buffer);
  if (!buffer) return pl_fail(err, PL_E_MEMORY, "out of memory for %s", path);
  return pl_fail(err, PL_E_INPUT, failed ? "cannot read %s to its end" : "%s is too large for a file of ranges", path);
}

static int get_int(const cJSON *json, const char *key, int lo, int hi) { /* -1 if absent or out of range */
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
  if (!cJSON_IsNumber(item) || !(item->valuedouble >= lo && item->valuedouble <= hi)) return -1;
  return (int)item->valuedouble;
}

/* One of the objects of lists of numbers. */
static pl_status parse_values(const cJSON *json, int m, const char *path, pl_nn_ranges *r, pl_error *err) {
  const cJSON *values = cJSON_GetObjectItemCaseSensitive(json, members[m].name);
  for (int p = 0; p < PL_NN_PRODUCTS; p++) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(values, pl_nn_product_names[p]), *item;
    int at = from_layer(r, p), end = to_layer(r, p);
    int good = cJSON_IsArray(list);
    cJSON_ArrayForEach(item, list) {
      good &= at < end && cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= members[m].most;
      if (!good) break;
      *member_of(&r->range[at++][p], m) = item->valuedouble;
    }
    if (good && at == end) continue;
    return pl_fail(err, PL_E_INPUT, "%s: %s.%s must be a list of one range for each layer", path, members[m].name,
                   pl_nn_product_names[p]);
  }
  return PL_OK;
}

/* Bytes that all lists take. */
static size_t room_for_lists(const cJSON *json) {
  const cJSON *product, *list;
  size_t bytes = 0;
  for (int l = 0; l < LISTS; l++)
    cJSON_ArrayForEach(product, cJSON_GetObjectItemCaseSensitive(json, list_names[l])) {
      cJSON_ArrayForEach(list, product) bytes += (size_t)cJSON_GetArraySize(list) * (l >= BALANCE ? 1 : sizeof(float));
    }
  return bytes;
}

/* One list into the room; 0 if an element is none. */
static int parse_list(const cJSON *list, int l, pl_nn_range *range, void **room) {
  const cJSON *item;
  const int n = cJSON_GetArraySize(list);
  float *reals = *room;
  int8_t *exponents = *room;
  if (!cJSON_IsArray(list) || n > (l == ROOM ? MOST_OUTPUTS : MOST_INPUTS)) return 0;
  if (!n) return 1;
  if ((l == OFFSET || l == BALANCE) && range->inputs && range->inputs != n) return 0;
  if (l == HEADS) range->heads = n, range->head_full_scale = reals;
  else if (l == ROOM) range->outputs = n, range->room = exponents;
  else if (l == OFFSET) range->inputs = n, range->offset = reals;
  else range->inputs = n, range->balance = exponents;
  *room = (char *)*room + (size_t)n * (l >= BALANCE ? 1 : sizeof(float));
  const double most = l == BALANCE ? MOST_EXPONENT : l == ROOM ? 127 : 1e30;
  const double least = l == HEADS || l == ROOM ? 0 : -most;
  cJSON_ArrayForEach(item, list) {
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= least && item->valuedouble <= most)) return 0;
    if (l >= BALANCE) *exponents++ = (int8_t)item->valuedouble;
    else *reals++ = (float)item->valuedouble;
  }
  return 1;
}

static pl_status parse_rotated(const cJSON *json, const char *path, pl_nn_ranges *r, pl_error *err) {
  const cJSON *all = cJSON_GetObjectItemCaseSensitive(json, "rotated"), *item;
  for (int p = 0; p < PL_NN_PRODUCTS; p++) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(all, pl_nn_product_names[p]);
    int at = from_layer(r, p), end = to_layer(r, p), good = cJSON_IsArray(list);
    cJSON_ArrayForEach(item, list) {
      good = good && at < end && cJSON_IsNumber(item) && (item->valuedouble == 0 || item->valuedouble == 1);
      if (!good) break;
      r->range[at++][p].rotated = item->valuedouble == 1;
    }
    if (!good || at != end)
      return pl_fail(err, PL_E_INPUT, "%s: rotated.%s must be a list of 0 or 1 for each layer", path,
                     pl_nn_product_names[p]);
  }
  return PL_OK;
}

static pl_status parse_lists(const cJSON *json, int lists_there, const char *path, pl_nn_ranges *r, pl_error *err) {
  void *room = pl_nn_ranges_room(r);
  for (int l = 0; l < lists_there; l++)
    for (int p = 0; p < PL_NN_PRODUCTS; p++) {
      const cJSON *all = cJSON_GetObjectItemCaseSensitive(json, list_names[l]), *list;
      const cJSON *lists = cJSON_GetObjectItemCaseSensitive(all, pl_nn_product_names[p]);
      int at = from_layer(r, p), end = to_layer(r, p), good = cJSON_IsArray(lists);
      cJSON_ArrayForEach(list, lists) {
        good = good && at < end && parse_list(list, l, &r->range[at][p], &room);
        if (!good) break;
        at++;
      }
      if (good && at == end) continue;
      return pl_fail(err, PL_E_INPUT, "%s: %s.%s must be a list of one list of numbers for each layer", path,
                     list_names[l], pl_nn_product_names[p]);
    }
  return PL_OK;
}

static pl_status parse(const cJSON *json, const char *path, pl_nn_ranges **out, pl_error *err) {
  const cJSON *format = cJSON_GetObjectItemCaseSensitive(json, "format");
  const int old = cJSON_IsString(format) && !strcmp(format->valuestring, format_before);
  if (!cJSON_IsString(format) || (!old && strcmp(format->valuestring, format_name)))
    return pl_fail(err, PL_E_INPUT, "%s is not a file of ranges (%s), as `photolane calibrate -o` writes", path,
                   format_name);
  int layers = get_int(json, "layers", 1, 4095);
  pl_nn_ranges *r = layers > 0 ? pl_nn_ranges_new(layers, room_for_lists(json)) : NULL;
  if (layers > 0 && !r) return pl_fail(err, PL_E_MEMORY, "out of memory for %s", path);
  if (r) {
    r->channels = get_int(json, "channels", 1, 4096);
    r->adc_bits = get_int(json, "adc_bits", 2, 16);
    r->limit_a = get_int(json, "limit_a", 1, 127);
    r->limit_b = get_int(json, "limit_b", 1, 127);
  }
  if (!r || r->channels < 0 || r->adc_bits < 0 || r->limit_a < 0 || r->limit_b < 0) {
    free(r);
    return pl_fail(err, PL_E_INPUT, "%s: layers, channels, adc_bits, limit_a or limit_b is absent or out of range",
                   path);
  }
  pl_status status = PL_OK;
  for (int m = 0; m < MEMBERS && !status; m++) status = parse_values(json, m, path, r, err);
  if (!status && !old) status = parse_rotated(json, path, r, err);
  if (!status) status = parse_lists(json, old ? ROOM : LISTS, path, r, err);
  if (status) free(r);
  else *out = r;
  return status;
}

pl_status pl_nn_ranges_load(const char *path, pl_nn_ranges **ranges, pl_error *err) {
  char *text;
  *ranges = NULL;
  pl_status status = read_file(path, &text, err);
  if (status) return status;
  cJSON *json = cJSON_Parse(text);
  free(text);
  if (!json) return pl_fail(err, PL_E_INPUT, "%s is not JSON", path);
  status = parse(json, path, ranges, err);
  cJSON_Delete(json);
  return status;
}

pl_status pl_nn_ranges_check(const pl_nn_ranges *r, const pl_nn *model, const pl_image *image, pl_error *err) {
  int layers = pl_nn_get_shape(model)->layers, channels = (int)image->reg[PL_REG_CHANNELS];
  if (r->layers != layers)
    return pl_fail(err, PL_E_INPUT, "the ranges are for a model of %d layers, %s has %d: calibrate again", r->layers,
                   pl_nn_path(model), layers);
  if (r->channels != channels)
    return pl_fail(err, PL_E_INPUT, "the ranges are for %d channels, the core has %d: calibrate again", r->channels,
                   channels);
  if (r->adc_bits != (int)image->reg[PL_REG_ADC_BITS] || r->limit_a != pl_nn_code_limit(image, 0) ||
      r->limit_b != pl_nn_code_limit(image, 1))
    return pl_fail(err, PL_E_INPUT, "the ranges are for converters of other widths than the core's: calibrate again");
  return PL_OK;
}
