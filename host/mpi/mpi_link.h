/* mpi_link.h: messages between the processes of an `mpirun`, behind a plug-in: libphotolane-mpi.so, the one object that is
 * linked with MPI. The program opens it with dlopen only when mpirun started it, so neither library nor program need MPI.
 *
 *   const pl_mpi *mpi = ((pl_mpi_get_fn)dlsym(handle, "pl_mpi_get"))();
 *   mpi->start(&rank, &size);  mpi->send(0, bytes, size);  mpi->receive(&from, &bytes, &size);  mpi->end();
 *
 * Waiting sleeps between looks: OpenMPI's own wait would keep a core busy. Functions return 0, or not 0 for failure. */
#ifndef PL_MPI_LINK_H
#define PL_MPI_LINK_H

#include <stddef.h>

enum { PL_MPI_VERSION = 1 };

typedef struct {
  int version;
  int (*start)(int *rank, int *size);
  int (*send)(int to, const void *bytes, size_t size);
  int (*receive)(int *from, void **bytes, size_t *size); /* from anybody; free(*bytes) */
  void (*end)(void);       /* all processes must come here */
  void (*abort)(int code); /* ends all processes of the run; does not return */
} pl_mpi;

typedef const pl_mpi *(*pl_mpi_get_fn)(void);

#endif
