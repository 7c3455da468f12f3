/* sweep.h: who measures the points of `photolane sweep`: processes on this machine (sweep_processes.c) or those of an mpirun
 * (sweep_mpi.c). One process owns the results file and hands out points; the others measure (study/sweep_measure.h).
 *
 * Messages to a worker: an int32, the number of a point, or SWEEP_STOP. From a worker: a sweep_message. */
#ifndef PHOTOLANE_CLI_SWEEP_H
#define PHOTOLANE_CLI_SWEEP_H

#include "cli/cli.h"
#include "study/sweep_store.h"

enum { SWEEP_STOP = -1 };
enum { SWEEP_RESULT, SWEEP_FAILED, SWEEP_HELLO };

typedef struct {
  int32_t kind, point; /* point: of a result or failure, or -1 */
  int32_t status, padding; /* pl_status of a failure */
  /* A pl_sweep_result; the sentence of a failure; hash and build of the one who says hello. Texts end with a zero byte. */
  unsigned char payload[];
} sweep_message;

typedef struct {
  const pl_sweep *sweep;
  pl_sweep_store *store;
  unsigned char *given; /* a byte for each point: handed out, or there from the start */
  int left;             /* points to hand out still */
  cli_progress bar;
  int done;
} sweep_job;

/* ---- For the one who owns the results (sweep_job.c) ---- */

int sweep_job_start(sweep_job *job, const pl_sweep *sweep, pl_sweep_store *store, int64_t limit); /* an exit code */
void sweep_job_end(sweep_job *job);
int sweep_job_next(sweep_job *job);             /* a point that is then given, or SWEEP_STOP */
void sweep_job_again(sweep_job *job, int point); /* whoever had it has died */

/* Stores what a worker sent. who: "" or "rank 3: ", for the error. An exit code. */
int sweep_job_take(sweep_job *job, const sweep_message *message, size_t size, const char *who);

/* ---- For a worker ---- */

/* Measures a point; *message (free it) tells the result or the failure. Returns its size, 0 if memory ran out. */
size_t sweep_do(pl_sweep_lab *lab, int point, sweep_message **message);

/* A message with a text. */
size_t sweep_tell(int kind, int point, int status, const char *text, sweep_message **message);

/* ---- Crews; each returns an exit code ---- */

int sweep_with_processes(sweep_job *job, pl_sweep_lab *lab, int workers);

/* Whether mpirun started this with other processes beside. */
int sweep_is_mpi(void);

/* Joins the others. *rank 0: go on and call sweep_mpi_lead or, after an error, sweep_mpi_abort; else call sweep_mpi_follow. */
int sweep_mpi_start(int *rank);
int sweep_mpi_lead(sweep_job *job);
int sweep_mpi_follow(const char *path);
void sweep_mpi_abort(int code);
void sweep_mpi_end(void);

/* ---- Output (sweep_print.c) ---- */

int sweep_print_csv(const pl_sweep_table *table);
int sweep_print_json(const pl_sweep_table *table);
int sweep_print_table(const pl_sweep_table *table); /* for people */
int sweep_print_needs(const pl_sweep_table *table); /* converters and light needed for 1 % and 10 % loss */

#endif
