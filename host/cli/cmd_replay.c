/* cmd_replay.c: `photolane replay RESULT`: makes a result again and compares its `data` byte for byte.
 *
 * The verb of the result runs as a new process of this same program, with the same arguments and --json; what it
 * prints is the new result. The files that the result depends on are checked first, by size and CRC-32: a replay
 * with another model file would blame the device.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

enum { ARGUMENTS_MAX = 200 };

static const char *text_of(const cJSON *object, const char *name) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* Are the files still what they were? */
static pl_status check_files(const cJSON *result, pl_error *err) {
  const cJSON *entry;
  cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(result, "files")) {
    const char *path = cli_json_get_bytes(cJSON_GetObjectItemCaseSensitive(entry, "path"));
    const char *crc = text_of(entry, "crc32");
    if (!path || !crc) return pl_fail(err, PL_E_INPUT, "the result's list of files is damaged");
    cJSON *now = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(now, "files");
    pl_status status = cli_result_file(now, "", path, err);
    if (!status && strcmp(crc, text_of(cJSON_GetArrayItem(list, 0), "crc32")))
      status = pl_fail(err, PL_E_INPUT, "%s is not the file that the result was made with", path);
    cJSON_Delete(now);
    if (status) return status;
  }
  return PL_OK;
}

/* The verb of a result may only be one that writes results: a file must not be able to start a replay of itself. */
static int is_replayable(const char *verb) {
  static const char *const verbs[] = {"verify", "bench", "run", "perplexity", "embed", "calibrate"};
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
    if (!strcmp(verb, verbs[i])) return 1;
  return 0;
}

static pl_status make_arguments(const cJSON *result, char **arguments, pl_error *err) {
  int count = 0, json = 0;
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(result, "arguments");
  cJSON *item;
  arguments[count++] = (char *)"photolane";
  arguments[count++] = (char *)text_of(result, "verb");
  if (!is_replayable(arguments[1])) return pl_fail(err, PL_E_INPUT, "the verb '%s' cannot be replayed", arguments[1]);
  cJSON_ArrayForEach(item, list) {
    char *text = cli_json_get_bytes(item);
    if (!text || count >= ARGUMENTS_MAX - 2) return pl_fail(err, PL_E_INPUT, "the result's arguments are damaged");
    json |= !strcmp(text, "--json");
    arguments[count++] = text;
  }
  if (!json) arguments[count++] = (char *)"--json";
  arguments[count] = NULL;
  return PL_OK;
}

/* Runs this program; *output is what it printed (to be freed), *code its exit code. */
static pl_status run_again(char **arguments, char **output, int *code, pl_error *err) {
  int ends[2];
  if (pipe(ends)) return pl_fail(err, PL_E_IO, "replay: cannot make a pipe: %s", strerror(errno));
  fflush(NULL);
  pid_t pid = fork();
  if (!pid) {
    dup2(ends[1], 1);
    close(ends[0]), close(ends[1]);
    execv("/proc/self/exe", arguments);
    _exit(127);
  }
  close(ends[1]);
  FILE *stream = pid > 0 ? fdopen(ends[0], "rb") : NULL;
  *output = stream ? cli_read_stream(stream) : NULL;
  if (stream) fclose(stream);
  else close(ends[0]);
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || !*output) {
    free(*output);
    return pl_fail(err, PL_E_IO, "replay: the verb '%s' did not run to its end", arguments[1]);
  }
  *code = WEXITSTATUS(status);
  return PL_OK;
}

/* Returns an exit code. */
static int compare(const cJSON *before, const cJSON *after) {
  char *was = cJSON_Print(before), *is = cJSON_Print(after);
  int same = was && is && !strcmp(was, is);
  if (same) {
    printf("replay: the same, %zu bytes\n", strlen(was));
  } else {
    cli_note("replay: the data differ");
    const cJSON *item;
    cJSON_ArrayForEach(item, before) {
      const cJSON *now = cJSON_GetObjectItemCaseSensitive(after, item->string);
      if (now && cJSON_Compare(item, now, 1)) continue;
      char *left = cJSON_PrintUnformatted(item), *right = now ? cJSON_PrintUnformatted(now) : NULL;
      fprintf(stderr, "  %s: was %.200s, is %.200s\n", item->string, left ? left : "?", right ? right : "absent");
      cJSON_free(left);
      cJSON_free(right);
    }
  }
  cJSON_free(was);
  cJSON_free(is);
  return same ? CLI_OK : CLI_FAILED;
}

static int replay(const cJSON *before, pl_error *err) {
  char *arguments[ARGUMENTS_MAX], *output = NULL;
  int code = CLI_FAILED;
  const char *build = text_of(before, "build");
  if (check_files(before, err) || make_arguments(before, arguments, err)) return cli_fail(err);
  if (build && strcmp(build, pl_build_id()))
    cli_note("replay: the result is of build %s, this is %s", build, pl_build_id());
  if (run_again(arguments, &output, &code, err)) return cli_fail(err);
  cJSON *after = cJSON_Parse(output);
  free(output);
  const cJSON *data = cli_result_data(after);
  if (data) code = compare(cli_result_data((cJSON *)before), data);
  else if (!code) code = CLI_FAILED; /* the verb has said why on stderr */
  cJSON_Delete(after);
  return code;
}

int cmd_replay(int argc, char **argv) {
  const char *path;
  int code;
  const cli_option options[] = {{0}};
  const cli_help help = {"replay", "RESULT",
                         "Makes a result again (a file written by verify, bench, run or perplexity --json)\n"
                         "and compares its data byte for byte; exit code 1 if they differ.", options};
  if (!cli_parse(&help, argc, argv, &path, 1, &code)) return code;
  if (!path) return cli_usage("replay: which result? (see `photolane replay --help`)");
  pl_error err;
  cJSON *before = cli_result_read(path, &err);
  if (!before) return cli_fail(&err);
  code = replay(before, &err);
  cJSON_Delete(before);
  return code;
}
