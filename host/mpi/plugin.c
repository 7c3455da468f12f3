/* plugin.c: libphotolane-mpi.so, see mpi_link.h. Compiled and linked by mpicc (scripts/sweep.mk). */
#include "mpi/mpi_link.h"

#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include <time.h>

enum { TAG = 1, LOOK_NS = 500000 };

static int start(int *rank, int *size) {
  if (MPI_Init(NULL, NULL)) return 1;
  return MPI_Comm_rank(MPI_COMM_WORLD, rank) || MPI_Comm_size(MPI_COMM_WORLD, size);
}

static int send_bytes(int to, const void *bytes, size_t size) {
  if (size > INT_MAX) return 1;
  return MPI_Send(bytes, (int)size, MPI_BYTE, to, TAG, MPI_COMM_WORLD);
}

static int receive(int *from, void **bytes, size_t *size) {
  MPI_Status status;
  int there = 0, count;
  *bytes = NULL;
  for (;;) {
    if (MPI_Iprobe(MPI_ANY_SOURCE, TAG, MPI_COMM_WORLD, &there, &status)) return 1;
    if (there) break;
    nanosleep(&(struct timespec){0, LOOK_NS}, NULL);
  }
  if (MPI_Get_count(&status, MPI_BYTE, &count) || count < 0 || !(*bytes = malloc((size_t)count + 1))) return 1;
  *from = status.MPI_SOURCE;
  *size = (size_t)count;
  if (!MPI_Recv(*bytes, count, MPI_BYTE, *from, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE)) return 0;
  free(*bytes);
  return 1;
}

static void end(void) { MPI_Finalize(); }
static void end_all(int code) { MPI_Abort(MPI_COMM_WORLD, code); }

__attribute__((visibility("default"))) const pl_mpi *pl_mpi_get(void);
const pl_mpi *pl_mpi_get(void) {
  static const pl_mpi link = {PL_MPI_VERSION, start, send_bytes, receive, end, end_all};
  return &link;
}
