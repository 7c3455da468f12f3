/* cli.h: what the verbs of the `photolane` program share.
 *
 * A verb is one function cmd_<verb>(argc, argv) in cmd_<verb>.c; argv[0] is the verb's name, the return
 * value is the program's exit code. Data goes to stdout, messages and progress to stderr.
 *
 *   exit code   0 done   1 mismatch or failed check   2 bad usage or input   3 no device
 *
 * The shape of a verb:
 *
 *   int cmd_example(int argc, char **argv) {
 *     const char *uri = "model:";
 *     int64_t cases = 100;
 *     int json = 0, code;
 *     const cli_option options[] = {
 *         {'d', "device", "URI", CLI_TEXT, &uri, 0, 0, "the device (model:)"},
 *         {'n', "cases", "N", CLI_INT, &cases, 1, 1000000, "jobs to compare (100)"},
 *         {0, "json", NULL, CLI_FLAG, &json, 0, 0, "print JSON"},
 *         {0},
 *     };
 *     const cli_help help = {"example", "[-d URI] [--cases N] [--json]", "what it does", options};
 *     if (!cli_parse(&help, argc, argv, NULL, 0, &code)) return code;
 *     ...
 *     if (pl_open(uri, &dev, &err)) return cli_fail(&err);
 */
#ifndef PHOTOLANE_CLI_H
#define PHOTOLANE_CLI_H

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>

#include "photolane/photolane.h"

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_NODEV = 3 };

/* ---- Verbs (one file each: cmd_<verb>.c) ---- */

int cmd_info(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_perplexity(int argc, char **argv);
int cmd_embed(int argc, char **argv);
int cmd_calibrate(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_energy(int argc, char **argv);

/* ---- Messages (message.c) ---- */

/* The exit code for a status: 0..3 as they are, the others 1. */
int cli_exit_code(pl_status status);

/* Prints "photolane: <sentence>" to stderr, after all that was printed to stdout. Control characters become blanks. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with the sentence of an error; returns the exit code of err->status. */
int cli_fail(const pl_error *err);

/* pl_core_load; prints the error, or the warning that a core carries. Returns an exit code. */
int cli_load_core(const char *name_or_path, pl_core *core);

/* Prints "photolane: <sentence>" to stderr and returns CLI_USAGE: for wrong options and arguments. */
int cli_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "  again: photolane <verb> <arguments>" to stderr, quoted for a shell: how to see a mismatch once more. */
void cli_again(int argc, char **argv);

/* ---- Options (options.c) ---- */

typedef enum {
  CLI_FLAG, /* int *: set to 1; takes no argument */
  CLI_INT,  /* int64_t *: decimal or 0x..., min..max */
  CLI_REAL, /* double *: min..max (both as integers) */
  CLI_TEXT, /* const char **: points into argv */
} cli_kind;

typedef struct {
  char letter;          /* short form, or 0 */
  const char *name;     /* long form without the dashes; NULL ends the table */
  const char *argument; /* what help calls the argument; NULL for a flag */
  cli_kind kind;
  void *value; /* where the parsed value goes; holds the default before */
  int64_t min, max;
  const char *text; /* one line for the help */
} cli_option;

typedef struct {
  const char *verb, *arguments, *about; /* "bench", "[-d URI] ...", one or more lines */
  const cli_option *options;
} cli_help;

/* Reads argv[1..]. Positional arguments go to positional[0..max-1]; the rest of that array becomes NULL.
 * Returns 1 to go on. Returns 0 when the verb must return *code: --help was printed to stdout (0), or one
 * sentence about what is wrong went to stderr (2). Options may follow positional arguments; "--" ends them. */
int cli_parse(const cli_help *help, int argc, char **argv, const char **positional, int max, int *code);

/* The device URI with what --trace FILE, --trace-from and --trace-to say added to it: `uri` itself if trace is NULL,
 * else `buffer`. Clock cycles count from the opening of the device. */
const char *cli_trace_uri(const char *uri, const char *trace, int64_t from, int64_t to, char *buffer, size_t size);

/* ---- Progress (progress.c) ---- */

/* A bar on stderr, only if stderr is a terminal; otherwise the calls do nothing. */
typedef struct {
  const char *label;
  uint64_t total;
  double started, drawn; /* seconds */
  int active;
} cli_progress;

void cli_progress_start(cli_progress *bar, const char *label, uint64_t total);
void cli_progress_update(cli_progress *bar, uint64_t done); /* cheap: redraws ten times a second at most */
void cli_progress_end(cli_progress *bar);                   /* wipes the bar */

double cli_seconds(void); /* monotonic clock */

/* ---- Results (result.c) ---- */

/* A result file is one JSON object:
 *   format     "photolane-result-1"
 *   verb, arguments, seed, build, compiler      how it was made; see cli_json_bytes
 *   device     uri, backend, kind, build, rows, columns, width
 *   image      register name -> value, the words of the configured image (absent if there was none)
 *   files      [{role, path, bytes, crc32}]     what was read besides
 *   data       what must come out the same when it is replayed: no times, no speeds
 *   timing     the rest
 */

/* A new result with empty `data` and `timing`. argv[0] is the verb; `--json` need not be among the arguments.
 * image may be NULL. NULL when out of memory. The caller frees it with cJSON_Delete. */
cJSON *cli_result_new(int argc, char **argv, pl_device *dev, const pl_image *image, uint64_t seed);

cJSON *cli_result_data(cJSON *result);   /* the object to fill; owned by the result */
cJSON *cli_result_timing(cJSON *result); /* the same */

/* Notes a file that the result depends on, with size and CRC-32. PL_E_INPUT if it cannot be read. */
pl_status cli_result_file(cJSON *result, const char *role, const char *path, pl_error *err);

/* A result file, checked to be one. NULL with a sentence in err. The caller frees it with cJSON_Delete. */
cJSON *cli_result_read(const char *path, pl_error *err);

/* All of a stream as text that the caller frees, or NULL with errno set if it cannot be read or is longer than 64 MB. */
char *cli_read_stream(FILE *file);

/* Prints JSON to stdout, with a newline. Returns CLI_OK, or CLI_FAILED with a message if writing failed. */
int cli_print_json(const cJSON *json);

/* JSON text is UTF-8, but arguments and file names are any bytes: those that are not UTF-8 become {"hex": "61ff"}
 * instead of a string, so that a replay gets every byte. NULL when out of memory. */
cJSON *cli_json_bytes(const char *bytes);

/* The way back: the bytes, which belong to the item, or NULL if it is neither. Rewrites a {"hex"} in place. */
char *cli_json_get_bytes(cJSON *item);

/* The identity of a device as JSON, for `info --json` and for results. NULL when out of memory. */
cJSON *cli_identity_json(const pl_identity *id);

#endif
