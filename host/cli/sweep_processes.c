/* sweep_processes.c: the points of a sweep measured by worker processes on this machine (see sweep.h).
 *
 * A worker has two pipes: numbers of points come in, messages go out, each with its length in front. It ends when its
 * input ends, and with its parent. A worker that dies (memory, a signal) is replaced, and its point measured again. */
#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/sweep.h"

enum { WORKERS_MAX = 1024, DEATHS_MAX = 3 };

typedef struct {
  pid_t pid; /* 0: there is none */
  int to, from, point; /* point: what it measures, or SWEEP_STOP */
} worker;

static int write_all(int fd, const void *bytes, size_t size) {
  for (const char *at = bytes; size;) {
    const ssize_t n = write(fd, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return 0;
    at += n, size -= (size_t)n;
  }
  return 1;
}

static int read_all(int fd, void *bytes, size_t size) {
  for (char *at = bytes; size;) {
    const ssize_t n = read(fd, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return 0;
    at += n, size -= (size_t)n;
  }
  return 1;
}

_Noreturn static void work(pl_sweep_lab *lab, int in, int out) {
  int32_t point;
  while (read_all(in, &point, sizeof point) && point != SWEEP_STOP) {
    sweep_message *m;
    const uint64_t size = sweep_do(lab, point, &m);
    if (!size || !write_all(out, &size, sizeof size) || !write_all(out, m, size)) break;
    free(m);
  }
  _exit(0); /* what else this process got from its parent, the results above all, is not its to close */
}

static int start(worker *w, const worker *all, int count, pl_sweep_lab *lab) {
  int to[2], from[2];
  if (pipe2(to, O_CLOEXEC)) return 0;
  if (pipe2(from, O_CLOEXEC)) return close(to[0]), close(to[1]), 0;
  const pid_t parent = getpid();
  fflush(NULL);
  const pid_t pid = fork();
  if (!pid) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
    close(to[1]), close(from[0]);
    for (int i = 0; i < count; i++)
      if (all[i].pid) {
        if (all[i].to >= 0) close(all[i].to);
        close(all[i].from);
      }
    work(lab, to[0], from[1]);
  }
  close(to[0]), close(from[1]);
  if (pid < 0) return close(to[1]), close(from[0]), 0;
  *w = (worker){pid, to[1], from[0], SWEEP_STOP};
  return 1;
}

/* Returns what waitpid says of its end. */
static int stop(worker *w) {
  int status = 0;
  if (!w->pid) return 0;
  if (w->to >= 0) close(w->to);
  close(w->from);
  waitpid(w->pid, &status, 0);
  w->pid = 0;
  return status;
}

static void give(sweep_job *job, worker *w) {
  const int32_t point = sweep_job_next(job);
  w->point = point;
  if (point == SWEEP_STOP || !write_all(w->to, &point, sizeof point)) close(w->to), w->to = -1;
}

/* One message from a worker that has something to say. *died: it had not. An exit code. */
static int listen_to(sweep_job *job, worker *w, int *died) {
  uint64_t size = 0;
  sweep_message *m = NULL;
  *died = !read_all(w->from, &size, sizeof size) || size < sizeof *m || size > 1u << 26 || !(m = malloc(size)) ||
          !read_all(w->from, m, size);
  const int code = *died ? CLI_OK : sweep_job_take(job, m, size, "");
  free(m);
  return code;
}

static int lost(sweep_job *job, worker *w, int *deaths) {
  const int point = w->point, status = stop(w);
  if (point == SWEEP_STOP) return CLI_OK; /* it was told to */
  cli_progress_end(&job->bar);
  cli_note("the worker at point %d ended (%s %d); the point is measured again", point,
           WIFSIGNALED(status) ? "signal" : "exit code", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  sweep_job_again(job, point);
  if (++*deaths <= DEATHS_MAX) return CLI_OK;
  cli_note("%d workers ended before their time; what was measured is kept, and the same command goes on from there",
           *deaths);
  return CLI_FAILED;
}

int sweep_with_processes(sweep_job *job, pl_sweep_lab *lab, int workers) {
  static worker w[WORKERS_MAX];
  struct pollfd look[WORKERS_MAX];
  int code = CLI_OK, deaths = 0, alive = 0;
  void (*before)(int) = signal(SIGPIPE, SIG_IGN);
  if (workers > job->left) workers = job->left;
  if (workers > WORKERS_MAX) workers = WORKERS_MAX;
  do {
    for (int i = 0; i < workers && job->left && !code; i++) { /* at the start, and after deaths */
      if (w[i].pid) continue;
      if (start(&w[i], w, workers, lab)) give(job, &w[i]);
      else if (!alive && !i) code = cli_usage("sweep: cannot start a worker: %s", strerror(errno));
    }
    alive = 0;
    for (int i = 0; i < workers; i++) {
      look[i] = (struct pollfd){.fd = w[i].pid ? w[i].from : -1, .events = POLLIN};
      alive += w[i].pid != 0;
    }
    if (alive && poll(look, (nfds_t)workers, -1) < 0 && errno != EINTR) break;
    for (int i = 0; i < workers && !code; i++) {
      int died;
      if (!w[i].pid || !(look[i].revents & (POLLIN | POLLHUP | POLLERR))) continue;
      code = listen_to(job, &w[i], &died);
      if (died) code = lost(job, &w[i], &deaths);
      else if (!code) give(job, &w[i]);
    }
  } while ((alive || job->left) && !code);
  for (int i = 0; i < workers; i++) {
    if (w[i].pid && code) kill(w[i].pid, SIGKILL);
    stop(&w[i]);
  }
  signal(SIGPIPE, before);
  return code;
}
