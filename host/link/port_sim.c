/* port_sim.c: the SystemC board (sim/systemc) as a port. The board is a program of its own, because SystemC's kernel is one per
 * process, prints and exits; they talk over a socketpair (board_wire.h), and simulated time passes only while `read` waits.
 *
 * So a run is deterministic: the same calls give the same bytes at the same times. What goes over the socket is what goes over a USB:
 * the chip is set up by the control requests that libftdi sends, and status bytes are in the packets.
 *
 * If the host dies, the board ends at the end of its socket. If the board dies, the next call is PL_E_IO and says how. `close` waits
 * for it: no zombie stays. The board's terminal is /dev/null, unless PHOTOLANE_BOARD_STDERR=1.
 */
#define _GNU_SOURCE /* pipe2, SOCK_CLOEXEC */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/backend.h"
#include "link/board_wire.h"
#include "link/port.h"

extern char **environ;

enum { LATENCY_MS = 2, BOARD_FD = 3, END_MS = 2000, MAX_ARGS = 40, ARG_SIZE = 600 };

typedef struct {
  pl_port port;
  pl_sim_options options; /* with copies of the strings */
  char text[6][512];
  char program[PL_PATH_MAX];
  pid_t pid; /* 0: none */
  int fd;
  board_facts facts;
  uint64_t now_us, began_us; /* began: time of the port when this board was switched on */
  uint32_t space;            /* room in the board's OUT queue, beside what waits here */
  uint32_t out_count;
  uint8_t out[BOARD_OUT_QUEUE];
  uint32_t in_count, in_next; /* payload that came and was not asked for yet */
  uint8_t in[BOARD_DATA_MAX];
  int unplugged, reopen_tries;
} sim_port;

/* ---- The board's process ---- */

/* Ends it: it goes by itself when its socket closes; if not, it is killed. */
static void end_board(sim_port *sim, int *wait_status) {
  if (sim->fd >= 0) close(sim->fd);
  sim->fd = -1;
  int status = 0;
  if (sim->pid > 0) {
    for (int ms = 0; ms < END_MS; ms++) {
      const pid_t got = waitpid(sim->pid, &status, WNOHANG);
      if (got == sim->pid || (got < 0 && errno != EINTR)) {
        sim->pid = 0;
        break;
      }
      poll(NULL, 0, 1);
    }
    if (sim->pid > 0) {
      kill(sim->pid, SIGKILL);
      while (waitpid(sim->pid, &status, 0) < 0 && errno == EINTR) {}
      sim->pid = 0;
    }
  }
  if (wait_status) *wait_status = status;
}

static pl_status board_died(sim_port *sim, pl_error *err) {
  int status = 0;
  end_board(sim, &status);
  if (WIFSIGNALED(status))
    return pl_fail(err, PL_E_IO, "the simulated board %.100s was killed by signal %d; open the device again", sim->facts.name,
                   WTERMSIG(status));
  return pl_fail(err, PL_E_IO, "the simulated board %.100s ended with status %d; PHOTOLANE_BOARD_STDERR=1 shows what it says",
                 sim->facts.name, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static int send_all(int fd, const void *data, size_t n) {
  for (const char *p = data; n;) {
    const ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return -1;
    p += sent;
    n -= (size_t)sent;
  }
  return 0;
}

static int receive_all(int fd, void *data, size_t n) {
  for (char *p = data; n;) {
    const ssize_t got = read(fd, p, n);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return -1;
    p += got;
    n -= (size_t)got;
  }
  return 0;
}

/* One request and its answer, of which `data` gets what is behind the answer's struct; *n: room for it, then how much came. */
static pl_status ask(sim_port *sim, uint32_t type, const void *request, size_t request_size, const void *out, size_t out_size,
                     void *answer, size_t answer_size, uint8_t *data, size_t *n, pl_error *err) {
  board_head head = {type, (uint32_t)(request_size + out_size)};
  if (sim->fd < 0) return pl_fail(err, PL_E_IO, "the simulated board is gone; open the device again");
  /* A failed send is no news: the board may have said before it ended why it does. */
  if (!send_all(sim->fd, &head, sizeof head) && !send_all(sim->fd, request, request_size)) send_all(sim->fd, out, out_size);
  if (receive_all(sim->fd, &head, sizeof head)) return board_died(sim, err);
  if (head.type == BOARD_FAILED) {
    char why[300] = "";
    const size_t size = head.size < sizeof why - 1 ? head.size : sizeof why - 1;
    if (receive_all(sim->fd, why, size)) return board_died(sim, err);
    end_board(sim, NULL);
    /* What a board complains of at once is what it was asked for. */
    return pl_fail(err, type == BOARD_HELLO ? PL_E_INPUT : PL_E_IO, "simulated board: %s", why);
  }
  const size_t room = n ? *n : 0;
  if (head.type != type || head.size < answer_size || head.size - answer_size > room || receive_all(sim->fd, answer, answer_size) ||
      (head.size > answer_size && receive_all(sim->fd, data, head.size - answer_size)))
    return board_died(sim, err);
  if (n) *n = head.size - answer_size;
  return PL_OK;
}

static pl_status control(sim_port *sim, uint8_t request, uint16_t value, uint16_t index, pl_error *err) {
  const board_control c = {.type = 0x40, .request = request, .value = value, .index = index};
  board_controlled answer;
  pl_status status = ask(sim, BOARD_CONTROL, &c, sizeof c, NULL, 0, &answer, sizeof answer, NULL, NULL, err);
  if (!status && answer.result < 0)
    return pl_fail(err, PL_E_IO, "the simulated FTDI chip refuses request 0x%02x", request);
  return status;
}

/* What libftdi sends when a program opens a chip, sets its rate, flow control, latency timer, event character or FIFO mode. */
static pl_status set_up(sim_port *sim, pl_error *err) {
  enum { RESET = 0, MODEM = 1, FLOW = 2, BAUD = 3, EVENT = 6, LATENCY = 9, BITMODE = 0x0b, SYNC_FIFO = 0x40 };
  const board_facts *facts = &sim->facts;
  const uint16_t channel = facts->product == 0x6010 ? (uint16_t)(facts->channel + 1) : 0;
  pl_status status = control(sim, RESET, 0, channel, err);
  if (!status) status = control(sim, LATENCY, LATENCY_MS, channel, err);
  if (status) return status;
  if (facts->fifo) {
    status = control(sim, BITMODE, 0xff, channel, err);
    return status ? status : control(sim, BITMODE, SYNC_FIFO << 8 | 0xff, channel, err);
  }
  /* The divisor in eighths of the base clock, to the nearest (section "Baud rates" of the data sheet). */
  static const uint8_t code_of[8] = {0, 3, 2, 4, 1, 5, 6, 7};
  const int fast = facts->product != 0x6015;
  const uint64_t base_hz = fast && facts->baud >= 1200 ? 12000000 : 3000000;
  uint64_t eighths = (8 * base_hz + facts->baud / 2) / facts->baud;
  if (eighths == 12) eighths = 8; /* code 1 is n = 1.5 */
  else if (eighths == 8) eighths = 0; /* code 0 is n = 1 */
  const uint32_t code = code_of[eighths & 7];
  const uint16_t value = (uint16_t)((eighths >> 3) | (code & 3) << 14);
  const uint16_t index = fast ? (uint16_t)((code >> 2) << 8 | (base_hz == 12000000 ? 0x200 : 0) | channel) : (uint16_t)(code >> 2);
  status = control(sim, BAUD, value, index, err);
  if (!status) status = control(sim, FLOW, 0, (uint16_t)((facts->rts_cts ? 0x100 : 0) | channel), err);
  if (!status) status = control(sim, MODEM, 0x303, channel, err);
  return status ? status : control(sim, EVENT, 0x100, channel, err); /* 00 ends a frame: it goes at once */
}

static pl_status find_program(sim_port *sim, pl_error *err) {
  const pl_sim_options *o = &sim->options;
  char name[400];
  const char *traced = o->trace && strlen(o->trace) > 4 && !strcmp(o->trace + strlen(o->trace) - 4, ".fst") ? "-trace" : "";
  if (strcmp(o->board, "uart") && strcmp(o->board, "ft245")) snprintf(name, sizeof name, "%.100s%s", o->board, traced);
  else if (*o->shape) snprintf(name, sizeof name, "%.100s-%.100s-%.100s%s", o->board, o->kind, o->shape, traced);
  else snprintf(name, sizeof name, "%.100s-%.100s%s", o->board, o->kind, traced);
  pl_search_path path;
  pl_search_dirs(PL_SEARCH_BOARDS, &path);
  for (int i = 0; i < path.count; i++) {
    if (snprintf(sim->program, sizeof sim->program, "%.3500s/photolane-board-%.400s", path.dir[i], name) < PL_PATH_MAX &&
        !access(sim->program, X_OK))
      return PL_OK;
  }
  if (*traced)
    return pl_fail(err, PL_E_INPUT, "no board %.150s that writes an FST: run `make boards TRACED=1`, or write a .vcd", name);
  if (*o->shape)
    return pl_fail(err, PL_E_INPUT, "no board %.100s: run `make boards BOARDS=%.20s KINDS=%.20s SHAPES=%.40s`", name, o->board,
                   o->kind, o->shape);
  return pl_fail(err, PL_E_INPUT, "no board %.100s: run `make boards`, or `make board-from` for one of your own", name);
}

static pl_status start(sim_port *sim, pl_error *err) {
  const pl_sim_options *o = &sim->options;
  char text[MAX_ARGS][ARG_SIZE];
  char *argv[MAX_ARGS + 1];
  int argc = 0;
#define ARG(...) (snprintf(text[argc], ARG_SIZE, __VA_ARGS__), argv[argc] = text[argc], argc++)
  ARG("photolane-board");
  ARG("--lockstep"), ARG("%d", BOARD_FD);
  ARG("--seed"), ARG("%llu", (unsigned long long)o->seed);
  if (*o->chip) ARG("--chip"), ARG("%s", o->chip);
  if (o->drop > 0) ARG("--drop"), ARG("%.17g", o->drop);
  if (o->corrupt > 0) ARG("--corrupt"), ARG("%.17g", o->corrupt);
  if (o->duplicate > 0) ARG("--duplicate"), ARG("%.17g", o->duplicate);
  if (o->stalls) ARG("--stalls");
  if (o->unplug_after) ARG("--unplug-after"), ARG("%llu", (unsigned long long)o->unplug_after);
  if (o->trace) ARG("--trace"), ARG("%s", o->trace);
  if (o->trace_from_us) ARG("--trace-from"), ARG("%llu", (unsigned long long)o->trace_from_us);
  if (o->trace_to_us) ARG("--trace-to"), ARG("%llu", (unsigned long long)o->trace_to_us);
#undef ARG
  argv[argc] = NULL;

  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
    return pl_fail(err, PL_E_IO, "cannot make a socket for the simulated board: %s", strerror(errno));
  /* dup2 onto itself would leave the descriptor to be closed at exec */
  if (pair[1] == BOARD_FD) {
    const int other = fcntl(pair[1], F_DUPFD_CLOEXEC, BOARD_FD + 1);
    close(pair[1]);
    pair[1] = other;
  }
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  sigset_t none, defaults;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  const char *shown = getenv("PHOTOLANE_BOARD_STDERR");
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  if (!shown || strcmp(shown, "1")) posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&files, pair[1], BOARD_FD);
  /* In a group of its own: an interrupt from the terminal is the host's to handle. */
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGINT), sigaddset(&defaults, SIGTERM), sigaddset(&defaults, SIGPIPE), sigaddset(&defaults, SIGCHLD);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  const int failed = posix_spawn(&sim->pid, sim->program, &files, &attributes, argv, environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  close(pair[1]);
  sim->fd = pair[0];
  if (failed) {
    sim->pid = 0;
    end_board(sim, NULL);
    return pl_fail(err, PL_E_IO, "cannot start the simulated board %.200s: %s", sim->program, strerror(failed));
  }

  pl_status status = ask(sim, BOARD_HELLO, NULL, 0, NULL, 0, &sim->facts, sizeof sim->facts, NULL, NULL, err);
  if (!status && sim->facts.version != BOARD_VERSION) {
    status = pl_fail(err, PL_E_IO, "%.200s is of another version of this program: run `make boards`", sim->program);
  }
  if (!status) status = set_up(sim, err);
  if (status) {
    end_board(sim, NULL);
    return status;
  }
  sim->space = BOARD_OUT_QUEUE;
  sim->out_count = sim->in_count = sim->in_next = 0;
  return PL_OK;
}

/* ---- The port ---- */

static pl_status not_there(pl_error *err) { return pl_fail(err, PL_E_NODEV, "the simulated board was unplugged"); }

static pl_status sim_write(pl_port *port, const uint8_t *bytes, size_t n, size_t *taken, pl_error *err) {
  sim_port *sim = (sim_port *)port;
  *taken = 0;
  if (sim->unplugged) return not_there(err);
  const size_t room = sim->space - sim->out_count, take = n < room ? n : room;
  memcpy(sim->out + sim->out_count, bytes, take);
  sim->out_count += (uint32_t)take;
  *taken = take;
  return PL_OK;
}

/* Cuts the status bytes out of a transfer, appends the payload. */
static void unpack(sim_port *sim, const uint8_t *transfer, uint32_t n) {
  enum { STATUS = 2, OVERRUN_OR_FRAMING = 0x0a };
  for (uint32_t at = 0; at < n; at += sim->facts.max_packet) {
    const uint32_t packet = n - at < sim->facts.max_packet ? n - at : sim->facts.max_packet;
    if (packet < STATUS) break;
    if (transfer[at + 1] & OVERRUN_OR_FRAMING) sim->port.receive_faults++;
    memcpy(sim->in + sim->in_count, transfer + at + STATUS, packet - STATUS);
    sim->in_count += packet - STATUS;
  }
}

static pl_status transfer(sim_port *sim, uint64_t wait_us, pl_error *err) {
  uint8_t data[BOARD_DATA_MAX];
  size_t n = sizeof data;
  const board_transfer request = {.wait_us = wait_us, .want_space = 1};
  board_transferred answer;
  pl_status status = ask(sim, BOARD_TRANSFER, &request, sizeof request, sim->out, sim->out_count, &answer, sizeof answer, data, &n, err);
  if (status) return status;
  sim->out_count = 0;
  sim->space = answer.space;
  sim->now_us = sim->began_us + answer.now_us;
  if (answer.unplugged) {
    end_board(sim, NULL);
    sim->unplugged = 1;
    sim->reopen_tries = 0;
    return not_there(err);
  }
  size_t at = 0;
  sim->in_count = sim->in_next = 0;
  for (uint32_t i = 0; i < answer.transfers; i++) {
    uint32_t size;
    if (n - at < sizeof size) return board_died(sim, err);
    memcpy(&size, data + at, sizeof size);
    at += sizeof size;
    if (n - at < size) return board_died(sim, err);
    unpack(sim, data + at, size);
    at += size;
  }
  return PL_OK;
}

static pl_status sim_read(pl_port *port, uint8_t *buf, size_t size, uint64_t wait_us, size_t *got, pl_error *err) {
  sim_port *sim = (sim_port *)port;
  *got = 0;
  if (sim->unplugged) return not_there(err);
  const uint64_t due = wait_us < UINT64_MAX - sim->now_us ? sim->now_us + wait_us : UINT64_MAX;
  if (sim->in_next == sim->in_count) {
    const int was_full = sim->out_count == sim->space;
    do { /* line errors come without bytes */
      pl_status status = transfer(sim, due > sim->now_us ? due - sim->now_us : 0, err);
      if (status) return status;
    } while (sim->in_next == sim->in_count && sim->now_us < due && !(was_full && sim->space));
  }
  const size_t have = sim->in_count - sim->in_next, take = have < size ? have : size;
  memcpy(buf, sim->in + sim->in_next, take);
  sim->in_next += (uint32_t)take;
  *got = take;
  return PL_OK;
}

static uint64_t sim_now_us(pl_port *port) { return ((sim_port *)port)->now_us; }

/* The first look finds nothing, the next the board, with its power just on: its program is started anew. */
static pl_status sim_reopen(pl_port *port, pl_error *err) {
  sim_port *sim = (sim_port *)port;
  if (!sim->unplugged) return PL_OK;
  enum { LOOK_US = 10000 };
  sim->now_us += LOOK_US;
  if (!sim->reopen_tries++) return not_there(err);
  sim->options.unplug_after = 0;
  sim->options.seed++;
  sim->options.trace = NULL; /* the file holds the time before */
  sim->began_us = sim->now_us;
  pl_status status = start(sim, err);
  if (!status) sim->unplugged = 0;
  return status;
}

static void sim_close(pl_port *port) {
  sim_port *sim = (sim_port *)port;
  end_board(sim, NULL);
  free(sim);
}

static const pl_port_ops sim_ops = {
    .write = sim_write, .read = sim_read, .now_us = sim_now_us, .reopen = sim_reopen, .close = sim_close};

static const char *keep(sim_port *sim, int slot, const char *text) {
  snprintf(sim->text[slot], sizeof sim->text[slot], "%s", text ? text : "");
  return sim->text[slot];
}

pl_status pl_port_sim_open(const pl_sim_options *options, pl_port **port, pl_error *err) {
  *port = NULL;
  if (options->trace && strlen(options->trace) >= sizeof((sim_port *)0)->text[0])
    return pl_fail(err, PL_E_INPUT, "sim: the name of the waveform file is too long");
  sim_port *sim = calloc(1, sizeof *sim);
  if (!sim) return pl_fail(err, PL_E_MEMORY, "out of memory when opening sim:");
  sim->fd = -1;
  sim->options = *options;
  sim->options.board = keep(sim, 0, options->board);
  sim->options.shape = keep(sim, 1, options->shape);
  sim->options.kind = keep(sim, 2, options->kind);
  sim->options.chip = keep(sim, 3, options->chip);
  if (options->trace) sim->options.trace = keep(sim, 4, options->trace);
  pl_status status = find_program(sim, err);
  if (!status) status = start(sim, err);
  if (status) {
    free(sim);
    return status;
  }
  const board_facts *facts = &sim->facts;
  sim->port.ops = &sim_ops;
  sim->port.bytes_per_second = facts->fifo ? facts->baud : facts->baud / 10;
  sim->port.chip_buffer = facts->fifo || facts->rts_cts ? 0 : facts->chip_buffer;
  const char *chip = facts->product == 0x6010 ? "FT2232H" : facts->product == 0x6014 ? "FT232H" : "FT231X";
  if (facts->fifo) snprintf(sim->port.name, sizeof sim->port.name, "simulated %s, %.60s, 60 MHz", chip, facts->name);
  else
    snprintf(sim->port.name, sizeof sim->port.name, "simulated %s, %.60s, %g Mbaud", chip, facts->name, facts->baud / 1e6);
  *port = &sim->port;
  return PL_OK;
}
