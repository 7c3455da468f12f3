/* paths.c: where plug-ins, core descriptions, simulated boards and the files of the energy models are. In this order:
 *
 *   1. $PHOTOLANE_PLUGINS / $PHOTOLANE_CORES / $PHOTOLANE_BOARDS / $PHOTOLANE_ENERGY
 *   2. the build folder, when the program runs from one: <build>/rtl, /cores, /board, /energy
 *   3. relative to the shared library or the program, so that an installed tree may be moved:
 *      lib/photolane next to the library; ../lib/photolane and ../share/photolane/cores (or energy)
 *   4. where `make install` was told to put them
 */
#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/backend.h"

#ifndef PL_LIBDIR
#define PL_LIBDIR "/usr/local/lib"
#endif
#ifndef PL_DATADIR
#define PL_DATADIR "/usr/local/share"
#endif

enum { BUILD_DEPTH = 3 }; /* test programs are in <build>/tests/<group> */

static void add(pl_search_path *path, const char *base, const char *tail) {
  if (path->count == PL_SEARCH_MAX) return;
  int length = snprintf(path->dir[path->count], PL_PATH_MAX, "%s%s", base, tail);
  if (length > 0 && length < PL_PATH_MAX) path->count++;
}

/* Cuts the last part of `file`; what remains is its directory ("" for the root). */
static void parent(char *file) {
  char *slash = strrchr(file, '/');
  if (slash) *slash = 0;
}

/* `dir` becomes the build folder around it, which is known by the library in it. Returns 0 if there is none. */
static int find_build(char *dir) {
  char probe[PL_PATH_MAX + 32];
  for (int i = 0; i < BUILD_DEPTH && *dir; i++, parent(dir)) {
    snprintf(probe, sizeof probe, "%s/libphotolane.a", dir);
    if (!access(probe, R_OK) && (snprintf(probe, sizeof probe, "%s/obj", dir), !access(probe, X_OK))) return 1;
  }
  return 0;
}

static const struct {
  const char *variable, *in_build, *beside_library, *beside_program, *installed;
} places[] = {
    [PL_SEARCH_PLUGINS] = {"PHOTOLANE_PLUGINS", "/rtl", "/photolane", "/../lib/photolane", PL_LIBDIR "/photolane"},
    [PL_SEARCH_CORES] = {"PHOTOLANE_CORES", "/cores", "/../share/photolane/cores", "/../share/photolane/cores",
                         PL_DATADIR "/photolane/cores"},
    [PL_SEARCH_BOARDS] = {"PHOTOLANE_BOARDS", "/board", "/photolane", "/../lib/photolane", PL_LIBDIR "/photolane"},
    [PL_SEARCH_ENERGY] = {"PHOTOLANE_ENERGY", "/energy", "/../share/photolane/energy", "/../share/photolane/energy",
                          PL_DATADIR "/photolane/energy"},
};

void pl_search_dirs(pl_search what, pl_search_path *path) {
  path->count = 0;
  const char *wish = getenv(places[what].variable);
  if (wish && *wish) add(path, wish, "");

  char program[PL_PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length > 0) {
    program[length] = 0;
    parent(program);
    char build[PL_PATH_MAX];
    strcpy(build, program);
    if (find_build(build)) add(path, build, places[what].in_build);
  }
  Dl_info self;
  char library[PATH_MAX]; /* realpath wants exactly this size */
  if (dladdr((const void *)pl_version, &self) && self.dli_fname && realpath(self.dli_fname, library)) {
    parent(library);
    add(path, library, places[what].beside_library);
  }
  if (length > 0) add(path, program, places[what].beside_program);
  add(path, places[what].installed, "");
}
