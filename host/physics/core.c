/* core.c: core descriptions by name or path: shipped ones are found in the search path, then read (description.c).
 * docs/cores.md is about them.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "device/backend.h"
#include "physics/physics.h"

/* Appends the names of the descriptions in `dir` to `list`, each once. */
static void list_cores(const char *dir, char *list, size_t size) {
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

static pl_status find_shipped(const char *name, char *path, size_t size, pl_error *err) {
  pl_search_path search;
  pl_search_dirs(PL_SEARCH_CORES, &search);
  for (int i = 0; i < search.count; i++) {
    int length = snprintf(path, size, "%s/%s.cfg", search.dir[i], name);
    FILE *file = length > 0 && (size_t)length < size ? fopen(path, "rb") : NULL;
    if (file) {
      fclose(file);
      return PL_OK;
    }
  }
  char list[256] = "";
  for (int i = 0; i < search.count; i++) list_cores(search.dir[i], list, sizeof list);
  if (*list) list[strlen(list) - 1] = 0;
  return pl_fail(err, PL_E_INPUT, "there is no core '%s'; there are%s; a file of one's own ends in .cfg", name,
                 *list ? list : " none installed (set PHOTOLANE_CORES to their folder)");
}

pl_status pl_core_load(const char *name_or_path, pl_core *core, pl_error *err) {
  if (!name_or_path || !core) return pl_fail(err, PL_E_INPUT, "pl_core_load: name and core must not be NULL");
  size_t length = strlen(name_or_path);
  if (!length || length >= PL_PATH_MAX)
    return pl_fail(err, PL_E_INPUT, "a core's name has 1 to %d characters", PL_PATH_MAX - 1);

  char found[PL_PATH_MAX + 80];
  const char *path = name_or_path;
  pl_status status;
  if (!strchr(path, '/') && !(length > 4 && !strcmp(path + length - 4, ".cfg"))) {
    if ((status = find_shipped(name_or_path, found, sizeof found, err))) return status;
    path = found;
  }

  pl_physics physics;
  memset(core, 0, sizeof *core);
  if ((status = pl_physics_read(path, &physics, &core->image, err))) return status;
  strcpy(core->name, physics.name);
  pl_physics_warning(&physics, core->warning, sizeof core->warning);
  return PL_OK;
}
