/* sweep_reference.c: see sweep_reference.h. */
#define _GNU_SOURCE /* mkostemp */
#include "study/sweep_reference.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const uint64_t most = 8000000000u;

/* NULL if there is no room. Blocks are reserved: a full disk must not become a signal at some later write. */
static void *map_room(size_t size) {
  const char *folder = getenv("TMPDIR");
  char path[4096];
  const int length =
      snprintf(path, sizeof path, "%s/photolane-reference-XXXXXX", folder && *folder ? folder : "/tmp");
  if (length < 0 || (size_t)length >= sizeof path) return NULL;
  const int fd = mkostemp(path, O_CLOEXEC);
  if (fd < 0) return NULL;
  unlink(path);
  void *room = posix_fallocate(fd, 0, (off_t)size) ? MAP_FAILED
                                                   : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return room == MAP_FAILED ? NULL : room;
}

pl_status pl_sweep_reference_make(const pl_nn *model, const int32_t *ids, int64_t n, const pl_perplexity_settings *how,
                                  pl_sweep_reference *reference, pl_error *err) {
  const uint64_t tokens = (uint64_t)pl_perplexity_scored(n, how->window);
  const uint64_t row = sizeof(float) * (uint64_t)pl_nn_get_shape(model)->vocab;
  pl_perplexity_result figures;
  *reference = (pl_sweep_reference){NULL, 0};
  if (!tokens || tokens > most / row) return PL_OK;
  reference->size = (size_t)(tokens * row);
  if (!(reference->logits = map_room(reference->size))) return PL_OK;
  const pl_perplexity_settings keep = {.window = how->window, .batch = how->batch, .keep = reference->logits};
  const pl_status status = pl_perplexity(model, NULL, ids, n, &keep, NULL, NULL, &figures, err);
  if (status) pl_sweep_reference_free(reference);
  else mprotect(reference->logits, reference->size, PROT_READ); /* all processes see the same pages */
  return status;
}

void pl_sweep_reference_free(pl_sweep_reference *reference) {
  if (reference->logits) munmap(reference->logits, reference->size);
  *reference = (pl_sweep_reference){NULL, 0};
}
