/* mapping.c: see mapping.h. */
#include "nn/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

pl_status pl_map(const char *path, pl_mapping *out, pl_error *err) {
  *out = (pl_mapping){0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return pl_fail(err, PL_E_INPUT, "cannot open model %s: %s", path, strerror(errno));
  struct stat st;
  if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < 1) {
    close(fd);
    return pl_fail(err, PL_E_INPUT, "model %s is not a regular file with something in it", path);
  }
  size_t size = (size_t)st.st_size;
  void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  int cause = errno;
  close(fd);
  if (map == MAP_FAILED) return pl_fail(err, PL_E_IO, "cannot map model %s: %s", path, strerror(cause));
  *out = (pl_mapping){map, map, size};
  return PL_OK;
}

void pl_mapping_rest(const pl_mapping *m) {
  if (m->map) madvise(m->map, m->size, MADV_DONTNEED); /* never written to: nothing is lost */
}

void pl_unmap(pl_mapping *m) {
  if (m->map) munmap(m->map, m->size);
  *m = (pl_mapping){0};
}
