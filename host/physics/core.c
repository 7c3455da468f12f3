/* core.c: core descriptions by name or path: shipped ones are found in the search path, then read (description.c).
 * docs/cores.md is about them.
 */
#include <string.h>

#include "device/backend.h"
#include "physics/physics.h"

pl_status pl_core_load(const char *name_or_path, pl_core *core, pl_error *err) {
  if (!name_or_path || !core) return pl_fail(err, PL_E_INPUT, "pl_core_load: name and core must not be NULL");
  char path[PL_PATH_MAX + 80];
  pl_status status = pl_shipped_path(PL_SEARCH_CORES, "", "core", name_or_path, path, sizeof path, err);
  if (status) return status;

  pl_physics physics;
  memset(core, 0, sizeof *core);
  if ((status = pl_physics_read(path, &physics, &core->image, err))) return status;
  strcpy(core->name, physics.name);
  pl_physics_warning(&physics, core->warning, sizeof core->warning);
  return PL_OK;
}
