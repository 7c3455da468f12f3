/* shipped.c: files that come with the library, by name, and libconfig files as text (see backend.h). */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/backend.h"

enum { FILE_MAX = 1 << 20 };

/* Appends the names of the .cfg files in `dir` to `list`, each once. */
static void list_names(const char *dir, char *list, size_t size) {
  DIR *entries = opendir(dir);
  if (!entries) return;
  for (struct dirent *e; (e = readdir(entries));) {
    size_t length = strlen(e->d_name);
    char marked[80];
    if (length <= 4 || length > 64 || strcmp(e->d_name + length - 4, ".cfg")) continue;
    snprintf(marked, sizeof marked, " %.*s,", (int)(length - 4), e->d_name);
    if (!strstr(list, marked) && strlen(list) + strlen(marked) < size) strcat(list, marked);
  }
  closedir(entries);
}

pl_status pl_shipped_path(pl_search where, const char *folder, const char *noun, const char *name, char *path,
                          size_t size, pl_error *err) {
  const size_t length = strlen(name);
  if (!length || length >= PL_PATH_MAX || length >= size)
    return pl_fail(err, PL_E_INPUT, "the name of %s %s has 1 to %d characters", strchr("aeiou", *noun) ? "an" : "a",
                   noun, PL_PATH_MAX - 1);
  if (strchr(name, '/') || (length > 4 && !strcmp(name + length - 4, ".cfg"))) return strcpy(path, name), PL_OK;

  pl_search_path search;
  pl_search_dirs(where, &search);
  for (int i = 0; i < search.count; i++) {
    int written = snprintf(path, size, "%s/%s%s%s.cfg", search.dir[i], folder, *folder ? "/" : "", name);
    FILE *file = written > 0 && (size_t)written < size ? fopen(path, "rb") : NULL;
    if (file) {
      fclose(file);
      return PL_OK;
    }
  }
  char list[384] = "", dir[PL_PATH_MAX + 32];
  for (int i = 0; i < search.count; i++) {
    snprintf(dir, sizeof dir, "%s/%s", search.dir[i], folder);
    list_names(dir, list, sizeof list);
  }
  if (*list) list[strlen(list) - 1] = 0;
  return pl_fail(err, PL_E_INPUT, "there is no %s '%s'; there are%s; a file of one's own ends in .cfg", noun, name,
                 *list                      ? list
                 : where == PL_SEARCH_CORES ? " none installed (set PHOTOLANE_CORES to their folder)"
                                            : " none installed (set PHOTOLANE_ENERGY to their folder)");
}

pl_status pl_config_text(const char *what, const char *path, char **text, pl_error *err) {
  *text = NULL;
  FILE *file = fopen(path, "rb");
  if (!file) return pl_fail(err, PL_E_INPUT, "cannot read the %s %s: %s", what, path, strerror(errno));
  pl_status status = PL_OK;
  *text = malloc(FILE_MAX + 1);
  size_t length = *text ? fread(*text, 1, FILE_MAX, file) : 0;
  if (!*text) {
    status = pl_fail(err, PL_E_MEMORY, "out of memory when reading %s", path);
  } else if (ferror(file)) {
    status = pl_fail(err, PL_E_INPUT, "cannot read the %s %s: %s", what, path, strerror(errno));
  } else if (length == FILE_MAX || memchr(*text, 0, length)) {
    status = pl_fail(err, PL_E_INPUT, "%s is no %s: it is not a short text", path, what);
  } else {
    (*text)[length] = 0;
    if (strstr(*text, "@include"))
      status = pl_fail(err, PL_E_INPUT, "%s: @include is not supported in a %s", path, what);
  }
  if (status) {
    free(*text);
    *text = NULL;
  }
  fclose(file);
  return status;
}

void pl_config_name(const char *path, char *name, size_t size) {
  const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
  snprintf(name, size, "%s", base);
  char *dot = strrchr(name, '.');
  if (dot && dot > name) *dot = 0;
}
