/* mapping.h: a file as bytes, mapped and not copied. Private to host/nn. */
#ifndef PHOTOLANE_NN_MAPPING_H
#define PHOTOLANE_NN_MAPPING_H

#include "photolane/photolane.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "model files are mapped, their numbers are little-endian, and so must be the machine"
#endif

typedef struct {
  void *map; /* what munmap needs; NULL if the caller owns the bytes */
  const uint8_t *bytes;
  size_t size;
} pl_mapping;

/* Maps a regular file of at least one byte. Undone by pl_unmap. PL_E_INPUT, PL_E_IO. */
pl_status pl_map(const char *path, pl_mapping *out, pl_error *err);
void pl_unmap(pl_mapping *m);

/* Gives the memory of a mapped file back, for one that has been read as a whole and will hardly be read again; what is read
 * again comes from the file again. */
void pl_mapping_rest(const pl_mapping *m);

#endif
