/* main.c: `photolane <verb> ...`: the table of verbs, the overall help and the version. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *text;
} verbs[] = {
    {"info", cmd_info, "what a device is: kind, geometry, build"},
    {"verify", cmd_verify, "random jobs against the golden model, bit for bit"},
    {"run", cmd_run, "generate text with a Transformer on a device"},
    {"perplexity", cmd_perplexity, "perplexity of a Transformer on a device"},
    {"embed", cmd_embed, "sentences as vectors by an encoder on a device"},
    {"calibrate", cmd_calibrate, "converter ranges from data; what a device is, from measurements"},
    {"bench", cmd_bench, "products per second, cycles against the ideal count"},
    {"sweep", cmd_sweep, "perplexity over many settings of a core, kept in SQLite"},
    {"plot", cmd_plot, "figures of a sweep"},
    {"energy", cmd_energy, "energy, time and area of the accelerator that a core stands for"},
    {"replay", cmd_replay, "make a result again and compare it byte for byte"},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static void print_help(FILE *out) {
  fprintf(out, "usage: photolane <verb> [options]\n\n"
               "Emulates optical tensor cores, down to the bits of their RTL.\n\nverbs:\n");
  for (int i = 0; i < VERBS; i++) fprintf(out, "  %-12s %s\n", verbs[i].name, verbs[i].text);
  fprintf(out, "\n`photolane <verb> --help` tells more; `photolane --version` prints version and build.\n"
               "Exit codes: 0 done, 1 mismatch or failed check, 2 bad usage or input, 3 no device.\n");
}

/* With a standard stream closed, the first file opened would take its number, and text meant for people would end up
 * in it. The places are filled the wrong way round, so that using them is an error all the same. */
static void occupy_standard_streams(void) {
  for (int fd = 0; fd < 3; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd) return;
}

static int dispatch(int argc, char **argv) {
  if (argc < 2) {
    print_help(stderr);
    return CLI_USAGE;
  }
  const char *verb = argv[1];
  if (!strcmp(verb, "--help") || !strcmp(verb, "-h") || !strcmp(verb, "help")) {
    print_help(stdout);
    return CLI_OK;
  }
  if (!strcmp(verb, "--version")) {
    printf("photolane %s (build %s)\n", pl_version(), pl_build_id());
    return CLI_OK;
  }
  for (int i = 0; i < VERBS; i++)
    if (!strcmp(verb, verbs[i].name)) return verbs[i].run(argc - 1, argv + 1);
  return cli_usage("unknown %s '%s' (see `photolane --help`)", verb[0] == '-' ? "option" : "verb", verb);
}

int main(int argc, char **argv) {
  occupy_standard_streams();
  const int code = dispatch(argc, argv);
  if ((fflush(stdout) || ferror(stdout)) && code == CLI_OK) { /* a full disk: never let a shortened text pass */
    cli_note("cannot write to stdout: some of the output is lost");
    return CLI_FAILED;
  }
  return code;
}
