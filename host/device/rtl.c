/* rtl.c: the `rtl:` backend: jobs on the Verilated RTL.
 *
 *   rtl:RxCxW?check=1&stall=SEED&trace=FILE&trace-from=N&trace-to=N        rtl:RxCxWc: the compact core (docs/compact.md)
 *
 * RxCxW: rows, columns and width of the array; RxCxWxB: with B lanes in its back end. An array is of one kind of core:
 * the device begins with a coherent one and changes to another of the same shape when it is configured as another kind.
 * A trace begins anew then.
 *
 * check compares each detector read with the golden model; stall pauses the operand and result streams at random,
 * which must not change a bit; trace writes a waveform.
 *
 * The array of one shape and kind is a plug-in (include/photolane/array.h), found by paths.c and opened with dlopen.
 * tiles.c cuts a job into tiles that fit its operand buffers, and knows what lies there already.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/backend.h"
#include "device/tiles.h"
#include "photolane/array.h"

#define PREFIX "libphotolane-rtl-"
#define SUFFIX ".so"
#define DEFAULT_SHAPE "8x8x16"

/* What the URI asked of the array; it holds for each kind. */
typedef struct {
  char shape[32];
  int check;
  uint32_t stall;                /* 0: no pauses */
  char trace[512];               /* "": none */
  uint64_t trace_from, trace_to; /* clocks */
} rtl_options;

typedef struct {
  rtl_options options;
  void *library;
  const pl_array_api *api;
  pl_array *array;
  pl_tiles *tiles;
  int32_t *tile; /* results of one tile, when the depth is cut */
  size_t tile_size;
} rtl_state;

/* ---- Finding the plug-in ---- */

static int is_shape(const char *text) {
  int rows, columns, width, back = 1, end = 0;
  if (sscanf(text, "%3dx%3dx%4d%n", &rows, &columns, &width, &end) != 3) return 0;
  char again[32];
  int length = snprintf(again, sizeof again, "%dx%dx%d", rows, columns, width); /* no signs, blanks or leading zeros */
  if (!strcmp(text + end, "c")) /* the compact core */
    strcat(again, "c");
  else if (text[end] && sscanf(text + end, "x%4d", &back) == 1)
    snprintf(again + length, sizeof again - (size_t)length, "x%d", back);
  return rows > 0 && columns > 0 && width > 0 && back > 0 && !strcmp(again, text);
}

/* "rns-4x4x8"; arrays of kind coherent are named by their shape alone. */
static void name_array(char *name, size_t size, uint32_t kind, const char *shape) {
  snprintf(name, size, "%s%s%s", kind ? pl_kind_name(kind) : "", kind ? "-" : "", shape);
}

/* Appends the shapes that have a plug-in in `dir` to `list`, each once. */
static void list_shapes(const char *dir, char *list, size_t size) {
  DIR *entries = opendir(dir);
  if (!entries) return;
  for (struct dirent *e; (e = readdir(entries));) {
    size_t length = strlen(e->d_name), ends = strlen(PREFIX) + strlen(SUFFIX);
    char shape[64];
    if (length <= ends || length - ends >= sizeof shape || strncmp(e->d_name, PREFIX, strlen(PREFIX)) ||
        strcmp(e->d_name + length - strlen(SUFFIX), SUFFIX))
      continue;
    snprintf(shape, sizeof shape, "%.*s", (int)(length - ends), e->d_name + strlen(PREFIX));
    char marked[80];
    snprintf(marked, sizeof marked, " %s,", shape);
    if (is_shape(shape) && !strstr(list, marked) && strlen(list) + strlen(marked) < size) strcat(list, marked);
  }
  closedir(entries);
}

static pl_status no_build(const rtl_options *o, uint32_t kind, const pl_search_path *path, pl_error *err) {
  const char *of = kind ? " of kind " : "", *name = kind ? pl_kind_name(kind) : "";
  if (*o->trace)
    return pl_fail(err, PL_E_NODEV, "no build of shape %s%s%s writes waveforms: run `make trace %s%s%sSHAPES=%s`",
                   o->shape, of, name, kind ? "KINDS=" : "", name, kind ? " " : "", o->shape);
  if (kind)
    return pl_fail(err, PL_E_NODEV, "no build of shape %s of kind %s: run `make rtl KINDS=%s SHAPES=%s`", o->shape, name,
                   name, o->shape);
  char list[256] = "";
  for (int i = 0; i < path->count; i++) list_shapes(path->dir[i], list, sizeof list);
  if (!*list)
    return pl_fail(err, PL_E_NODEV, "no build of shape %s, nor of any other: run `make rtl SHAPES=%s`", o->shape,
                   o->shape);
  list[strlen(list) - 1] = 0;
  return pl_fail(err, PL_E_NODEV, "no build of shape %s: run `make rtl SHAPES=%s`, or use one of:%s", o->shape,
                 o->shape, list);
}

/* Opens the first plug-in on the search path. Those that can write waveforms are slower, so they are separate. On error
 * *library may be open all the same. */
static pl_status open_plugin(const rtl_options *o, uint32_t kind, void **library, const pl_array_api **api,
                             pl_error *err) {
  pl_search_path path;
  pl_search_dirs(PL_SEARCH_PLUGINS, &path);
  char name[64];
  name_array(name, sizeof name, kind, o->shape);
  for (int i = 0; i < path.count; i++) {
    char file[PL_PATH_MAX + 96];
    snprintf(file, sizeof file, "%s/" PREFIX "%s%s" SUFFIX, path.dir[i], name, *o->trace ? "-trace" : "");
    if (access(file, F_OK)) continue;
    *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!*library) return pl_fail(err, PL_E_NODEV, "cannot load the array: %s", dlerror());
    const pl_array_api *(*get)(void);
    *(void **)&get = dlsym(*library, PL_ARRAY_SYMBOL);
    *api = get ? get() : NULL;
    if (!*api || (*api)->abi != PL_ARRAY_ABI || (*api)->kind != (int)kind)
      return pl_fail(err, PL_E_NODEV, "%s is of another version: run `make rtl KINDS=%s SHAPES=%s` again", file,
                     pl_kind_name(kind), o->shape);
    return PL_OK;
  }
  return no_build(o, kind, &path, err);
}

/* A running array of the plug-in, with the options. */
static pl_status create(const rtl_options *o, const pl_array_api *api, pl_array **array, pl_error *err) {
  char why[400] = "unknown reason";
  if (*o->trace && !api->traced)
    return pl_fail(err, PL_E_INPUT, "this build of rtl:%s writes no waveforms: run `make trace SHAPES=%s`", o->shape,
                   o->shape);
  *array = api->create(o->check, why, sizeof why);
  if (!*array) return pl_fail(err, PL_E_IO, "rtl:%s cannot start: %s", o->shape, why);
  if (o->stall) api->stall(*array, o->stall);
  if (!*o->trace || !api->trace(*array, o->trace, o->trace_from, o->trace_to, why, sizeof why)) return PL_OK;
  api->destroy(*array);
  *array = NULL;
  return pl_fail(err, PL_E_INPUT, "rtl:%s cannot trace: %s", o->shape, why);
}

static void drop_array(rtl_state *state) {
  if (state->array) state->api->destroy(state->array);
  if (state->library) dlclose(state->library);
  pl_tiles_free(state->tiles);
  state->tiles = NULL;
  state->array = NULL;
  state->library = NULL;
  state->api = NULL;
}

/* Makes the device's array one of `kind`. On error the old one stays, if it can: one that wrote a trace is gone,
 * because the new one writes the same file. */
static pl_status use_kind(rtl_state *state, uint32_t kind, pl_error *err) {
  if (state->array && state->api->kind == (int)kind) return PL_OK;
  rtl_state next = {0};
  pl_status status = open_plugin(&state->options, kind, &next.library, &next.api, err);
  if (!status) {
    if (*state->options.trace) drop_array(state);
    status = create(&state->options, next.api, &next.array, err);
  }
  if (!status) {
    const pl_array_api *api = next.api;
    const pl_tiles_array shape = {.rows = api->rows, .columns = api->columns, .width = api->width, .a_words = api->a_words,
                                  .b_words = api->b_words};
    if (!(next.tiles = pl_tiles_new(&shape))) status = pl_fail(err, PL_E_MEMORY, "out of memory when opening an array");
  }
  if (status) {
    if (next.array) next.api->destroy(next.array);
    if (next.library) dlclose(next.library);
    return status;
  }
  drop_array(state);
  state->library = next.library;
  state->api = next.api;
  state->array = next.array;
  state->tiles = next.tiles;
  return PL_OK;
}

/* ---- Open, close, configure ---- */

static void rtl_close(pl_device *dev) {
  rtl_state *state = dev->state;
  drop_array(state);
  free(state->tile);
  free(state);
}

static pl_status read_options(rtl_options *o, const pl_uri *uri, pl_error *err) {
  const char *shape = *uri->shape ? uri->shape : DEFAULT_SHAPE;
  if (!is_shape(shape))
    return pl_fail(err, PL_E_INPUT,
                   "rtl: wants a shape of rows x columns x width, such as 8x8x16, or with the lanes of its back end, such as "
                   "8x8x16x8, not '%s'", shape);

  uint64_t check = 0, stall = 0;
  o->trace_to = UINT64_MAX;
  const char *trace = pl_uri_text(uri, "trace", NULL);
  pl_status status;
  if ((status = pl_uri_number(uri, "check", 0, 1, &check, err)) ||
      (status = pl_uri_number(uri, "stall", 0, UINT32_MAX, &stall, err)) ||
      (status = pl_uri_number(uri, "trace-from", 0, UINT64_MAX, &o->trace_from, err)) ||
      (status = pl_uri_number(uri, "trace-to", 0, UINT64_MAX, &o->trace_to, err)))
    return status;
  if (!trace && (pl_uri_text(uri, "trace-from", NULL) || pl_uri_text(uri, "trace-to", NULL)))
    return pl_fail(err, PL_E_INPUT, "rtl: trace-from and trace-to need trace=FILE");
  if (trace && !*trace) return pl_fail(err, PL_E_INPUT, "rtl: option trace wants the name of a file");
  if (o->trace_to <= o->trace_from) return pl_fail(err, PL_E_INPUT, "rtl: trace-to must be above trace-from");
  snprintf(o->shape, sizeof o->shape, "%s", shape);
  snprintf(o->trace, sizeof o->trace, "%s", trace ? trace : "");
  o->check = (int)check;
  o->stall = (uint32_t)stall;
  return PL_OK;
}

/* An array of any kind that there is: a job brings the one that it needs. The error is that of the first. */
static pl_status use_any_kind(rtl_state *state, pl_error *err) {
  pl_status status = use_kind(state, PL_KIND_COHERENT, err);
  for (uint32_t kind = PL_KIND_COHERENT + 1; kind < PL_KINDS && status == PL_E_NODEV; kind++) {
    pl_error ignored;
    if (!use_kind(state, kind, &ignored)) status = PL_OK;
  }
  return status;
}

static pl_status rtl_open(pl_device *dev, const pl_uri *uri, pl_error *err) {
  rtl_state *state = calloc(1, sizeof *state);
  if (!state) return pl_fail(err, PL_E_MEMORY, "out of memory when opening rtl:");
  dev->state = state;
  pl_status status = read_options(&state->options, uri, err);
  if (!status) status = use_any_kind(state, err);
  if (status) {
    rtl_close(dev);
    return status;
  }
  if (!*uri->shape) { /* complete "rtl:?check=1" to "rtl:8x8x16?check=1" */
    char options[sizeof dev->uri];
    strcpy(options, dev->uri + strlen("rtl:"));
    snprintf(dev->uri, sizeof dev->uri, "rtl:%s%.511s", DEFAULT_SHAPE, options);
  }
  return PL_OK;
}

static void rtl_identify(pl_device *dev, pl_identity *id) {
  const rtl_state *state = dev->state;
  id->checked = state->options.check;
  if (!state->api) return; /* lost with its trace: see use_kind */
  id->rows = state->api->rows;
  id->columns = state->api->columns;
  id->width = state->api->width;
  snprintf(id->build, sizeof id->build, "%s", state->api->build);
}

/* The registers go out with every tile, and what lies in the buffers carries those that it was encoded under. */
static pl_status rtl_configure(pl_device *dev, pl_error *err) {
  return use_kind(dev->state, dev->image.reg[PL_REG_KIND], err);
}

/* ---- Jobs ---- */

/* One tile: registers, operands, run, results. Only a run can meet a mismatch. */
static pl_status run_tile(rtl_state *state, const pl_job *job, const pl_tile *tile, char *why, size_t size) {
  const pl_array_api *api = state->api;
  if (api->configure(state->array, tile->words.reg, PL_REG_WORDS, why, size)) return PL_E_IO;
  for (int which = 1; which >= 0; which--)
    if (tile->load[which] &&
        api->load(state->array, which, tile->codes[which], which ? job->ldb : job->lda, which ? tile->cols : tile->rows,
                  tile->depth, why, size))
      return PL_E_IO;

  int32_t *c = job->c + tile->m0 * job->ldc + tile->n0;
  const int adds = tile->k0 > 0;
  const int result = adds ? api->run(state->array, state->tile, tile->cols, why, size)
                          : api->run(state->array, c, job->ldc, why, size);
  if (result) return result > 0 ? PL_E_MISMATCH : PL_E_IO;
  if (adds) pl_tile_add(tile, state->tile, c, job->ldc);
  return PL_OK;
}

static pl_status rtl_gemm(pl_device *dev, const pl_job *job, const pl_image *words, pl_error *err) {
  rtl_state *state = dev->state;
  pl_status status = use_kind(state, words->reg[PL_REG_KIND], err); /* if configure could not */
  if (status) return status;
  pl_tiles *tiles = state->tiles;
  if ((status = pl_tiles_begin(tiles, job, words, err))) return status;
  if ((status = pl_tiles_room(tiles, &state->tile, &state->tile_size, err))) return status;

  char why[400] = "unknown reason";
  for (int i = 0; i < tiles->count && !status; i++) {
    pl_tile tile;
    pl_tiles_next(tiles, i, &tile);
    status = run_tile(state, job, &tile, why, sizeof why);
  }
  pl_tiles_end(tiles);
  state->api->counters(state->array, &dev->counters);
  if (!status) return PL_OK;
  pl_tiles_forget(tiles);
  return pl_fail(err, status, "%.60s: %s", dev->uri, why);
}

const pl_backend pl_backend_rtl = {
    .scheme = "rtl",
    .options = "check stall trace trace-from trace-to",
    .has_shape = 1,
    .open = rtl_open,
    .close = rtl_close,
    .identify = rtl_identify,
    .configure = rtl_configure,
    .gemm = rtl_gemm,
};
