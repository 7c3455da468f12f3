/* sweep_mpi.c: the points of a sweep measured by the processes of an mpirun (see sweep.h): rank 0 owns the results, the
 * others measure. Every rank reads the sweep, model and text itself and says their hash and its build before it gets work:
 * ranks that see other files are refused. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "cli/sweep.h"
#include "device/backend.h"
#include "mpi/mpi_link.h"

static const pl_mpi *mpi;
static int mpi_size;

int sweep_is_mpi(void) {
  const char *size = getenv("OMPI_COMM_WORLD_SIZE");
  return size && atoi(size) > 1;
}

static int is_first(void) {
  const char *rank = getenv("OMPI_COMM_WORLD_RANK");
  return !rank || !strcmp(rank, "0");
}

/* RTLD_GLOBAL: OpenMPI opens parts of its own, which look for its symbols. */
static const pl_mpi *load(void) {
  static pl_search_path path; /* 24 kB */
  char file[PL_PATH_MAX + 32];
  const char *why = "it is not built";
  pl_search_dirs(PL_SEARCH_PLUGINS, &path);
  for (int i = 0; i < path.count; i++) {
    snprintf(file, sizeof file, "%s/libphotolane-mpi.so", path.dir[i]);
    FILE *there = fopen(file, "rb");
    if (!there) continue;
    fclose(there);
    void *library = dlopen(file, RTLD_NOW | RTLD_GLOBAL);
    pl_mpi_get_fn get = NULL;
    if (library) *(void **)&get = dlsym(library, "pl_mpi_get");
    if (get && get()->version == PL_MPI_VERSION) return get();
    why = library ? "it is of another version" : dlerror();
    break;
  }
  if (is_first())
    cli_usage("mpirun needs the plug-in libphotolane-mpi.so: %s (`make mpi`, with libopenmpi-dev)", why);
  return NULL;
}

int sweep_mpi_start(int *rank) {
  *rank = -1;
  if (!(mpi = load())) return CLI_USAGE;
  if (!mpi->start(rank, &mpi_size)) return CLI_OK;
  return cli_usage("sweep: MPI does not start");
}

void sweep_mpi_end(void) { mpi->end(); }

void sweep_mpi_abort(int code) {
  fflush(NULL);
  mpi->abort(code);
}

int sweep_mpi_lead(sweep_job *job) {
  int code = CLI_OK, stopped = 0;
  /* A rank's first message is its hello, and each result asks for more: a rank is told to stop once. */
  while (stopped < mpi_size - 1 && !code) {
    int from;
    void *bytes = NULL;
    size_t size;
    char who[32];
    if (mpi->receive(&from, &bytes, &size)) return cli_usage("sweep: MPI fails to receive");
    snprintf(who, sizeof who, "rank %d: ", from);
    if (!(code = sweep_job_take(job, bytes, size, who))) {
      const int32_t point = sweep_job_next(job);
      stopped += point == SWEEP_STOP;
      if (mpi->send(from, &point, sizeof point)) code = cli_usage("sweep: MPI fails to send");
    }
    free(bytes);
  }
  return code;
}

static void say(sweep_message *m, size_t size) {
  if (!size || mpi->send(0, m, size)) mpi->abort(CLI_FAILED);
  free(m);
}

int sweep_mpi_follow(const char *path) {
  pl_error err;
  pl_sweep *sweep = NULL;
  pl_sweep_lab *lab = NULL;
  sweep_message *m;
  size_t size;
  pl_status status = pl_sweep_load(path, &sweep, &err);
  if (!status) status = pl_sweep_lab_open(sweep, &lab, &err);
  if (status) {
    size = sweep_tell(SWEEP_FAILED, -1, status, err.text, &m);
  } else {
    char hello[300];
    snprintf(hello, sizeof hello, "%s %s", sweep->hash, pl_build_id());
    size = sweep_tell(SWEEP_HELLO, -1, 0, hello, &m);
  }
  say(m, size);
  for (int32_t point = 0; point != SWEEP_STOP;) {
    int from;
    void *bytes = NULL;
    if (mpi->receive(&from, &bytes, &size) || size != sizeof point) mpi->abort(CLI_FAILED);
    else memcpy(&point, bytes, sizeof point);
    free(bytes);
    if (point == SWEEP_STOP || !lab) break;
    size = sweep_do(lab, point, &m);
    say(m, size);
  }
  pl_sweep_lab_close(lab);
  pl_sweep_free(sweep);
  mpi->end();
  return status ? cli_exit_code(status) : CLI_OK;
}
