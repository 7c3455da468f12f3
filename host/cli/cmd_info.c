/* cmd_info.c: `photolane info`: what a device is. */
#include <stdio.h>

#include "cli/cli.h"

int cmd_info(int argc, char **argv) {
  const char *uri = "model:";
  int json = 0, code;
  const cli_option options[] = {
      {'d', "device", "URI", CLI_TEXT, &uri, 0, 0, "model: rtl:RxCxW null: (default model:)"},
      {0, "json", NULL, CLI_FLAG, &json, 0, 0, "print JSON"},
      {0},
  };
  const cli_help help = {"info", "[-d URI] [--json]", "Tells what a device is: kind of core, geometry, build.",
                         options};
  if (!cli_parse(&help, argc, argv, NULL, 0, &code)) return code;

  pl_error err;
  pl_device *dev;
  pl_identity id;
  if (pl_open(uri, &dev, &err)) return cli_fail(&err);
  pl_status status = pl_identify(dev, &id, &err);
  pl_close(dev);
  if (status) return cli_fail(&err);

  if (json) {
    cJSON *object = cli_identity_json(&id);
    code = cli_print_json(object);
    cJSON_Delete(object);
    return code;
  }
  printf("device    %s\nbackend   %s\nkind      %s\nbuild     %s\n", id.uri, id.backend, id.kind, id.build);
  if (id.rows)
    printf("array     %d rows x %d columns x %d wide = %d multipliers\nchecker   %s\n", id.rows, id.columns, id.width,
           id.rows * id.columns * id.width,
           id.checked ? "on: each detector read is compared with the golden model" : "off");
  return CLI_OK;
}
