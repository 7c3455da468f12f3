/* shipped.c: files that come with the library, by name, and libconfig files as text (see backend.h). */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/backend.h"

enum { FILE_MAX = 1 << 20, NAMES_MAX = 64, NAME_MAX_LENGTH = 60 };

typedef struct {
  int count;
  char name[NAMES_MAX][NAME_MAX_LENGTH + 1];
} names;

/* Adds the names of the .cfg files in `dir`. */
static void add_names(const char *dir, names *found) {
  DIR *entries = opendir(dir);
  if (!entries) return;
  for (struct dirent *e; (e = readdir(entries)) && found->count < NAMES_MAX;) {
    const size_t length = strlen(e->d_name);
    if (length <= 4 || length - 4 > NAME_MAX_LENGTH || strcmp(e->d_name + length - 4, ".cfg")) continue;
    snprintf(found->name[found->count++], sizeof *found->name, "%.*s", (int)(length - 4), e->d_name);
  }
  closedir(entries);
}

static int compare_names(const void *a, const void *b) { return strcmp(a, b); }

/* " a, b, c", in order and each once; " a, b and 7 more" if there is no room for all. */
static void list_names(names *found, char *list, size_t size) {
  int kept = 0, shown = 0;
  qsort(found->name, (size_t)found->count, sizeof *found->name, compare_names);
  for (int i = 0; i < found->count; i++)
    if (!i || strcmp(found->name[i], found->name[kept - 1])) memmove(found->name[kept++], found->name[i], sizeof *found->name);
  size_t length = 0;
  for (; shown < kept; shown++) {
    const size_t more = strlen(found->name[shown]) + 2;
    if (length + more + 16 > size) break;
    length += (size_t)snprintf(list + length, size - length, "%s %s", shown ? "," : "", found->name[shown]);
  }
  if (shown < kept) snprintf(list + length, size - length, " and %d more", kept - shown);
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
  names found = {0};
  for (int i = 0; i < search.count; i++) {
    snprintf(dir, sizeof dir, "%s/%s", search.dir[i], folder);
    add_names(dir, &found);
  }
  list_names(&found, list, sizeof list);
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
