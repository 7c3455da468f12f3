/* cmd_info.c: `photolane info`: what a device is. */
#include <stdio.h>

#include "cli/cli.h"
#include "device/board.h"

/* What the device words say besides. */
static void print_link(const pl_link *link) {
  const pl_link_info *info = pl_link_info_of(link);
  printf("clock     %.4g MHz\nbuffers   A %d words, B %d words, of %d codes for each lane; loaded %d codes a clock\n",
         1e-3 * info->clock_khz, info->a_words, info->b_words, info->width, info->elements);
  printf("link      %s: %s, %.4g MB/s each way; the device holds %u bytes of what comes and %u of what goes\n",
         pl_link_port(link)->name, info->ft245 ? "FT245" : "UART", 1e-6 * pl_link_port(link)->bytes_per_second,
         info->receive_buffer, info->transmit_buffer);
}

static void add_link_json(cJSON *object, const pl_link *link) {
  const pl_link_info *info = pl_link_info_of(link);
  cJSON *json = cJSON_AddObjectToObject(object, "link");
  cJSON_AddItemToObject(json, "port", cli_json_bytes(pl_link_port(link)->name));
  cJSON_AddStringToObject(json, "wire", info->ft245 ? "FT245" : "UART");
  cJSON_AddNumberToObject(json, "bytes_per_s", pl_link_port(link)->bytes_per_second);
  cJSON_AddNumberToObject(json, "receive_buffer", info->receive_buffer);
  cJSON_AddNumberToObject(json, "transmit_buffer", info->transmit_buffer);
  cJSON_AddNumberToObject(json, "a_words", info->a_words);
  cJSON_AddNumberToObject(json, "b_words", info->b_words);
  cJSON_AddNumberToObject(json, "codes_per_beat", info->elements);
}

static int print_identity(pl_device *dev, int json, pl_error *err) {
  pl_identity id;
  const pl_link *link = pl_board_link(dev);
  if (pl_identify(dev, &id, err)) return cli_fail(err);
  if (json) {
    cJSON *object = cli_identity_json(&id);
    if (link) add_link_json(object, link);
    const int code = cli_print_json(object);
    cJSON_Delete(object);
    return code;
  }
  printf("device    %s\nbackend   %s\nkind      %s\nbuild     %s\n", id.uri, id.backend, id.kind, id.build);
  if (id.rows)
    printf("array     %d rows x %d columns x %d wide = %d multipliers\n", id.rows, id.columns, id.width,
           id.rows * id.columns * id.width);
  if (link)
    print_link(link);
  else if (id.rows)
    printf("checker   %s\n", id.checked ? "on: each detector read is compared with the golden model" : "off");
  return CLI_OK;
}

int cmd_info(int argc, char **argv) {
  const char *uri = "model:";
  int json = 0, code;
  const cli_option options[] = {
      {'d', "device", "URI", CLI_TEXT, &uri, 0, 0, "model: rtl:RxCxW sim:BOARD ftdi: null: (default model:)"},
      {0, "json", NULL, CLI_FLAG, &json, 0, 0, "print JSON"},
      {0},
  };
  const cli_help help = {
      "info", "[-d URI] [--json]",
      "Tells what a device is: kind of core, geometry, build; of a device behind a link also clock,\n"
      "buffers, wire.",
      options};
  if (!cli_parse(&help, argc, argv, NULL, 0, &code)) return code;

  pl_error err;
  pl_device *dev;
  if (pl_open(uri, &dev, &err)) return cli_fail(&err);
  code = print_identity(dev, json, &err);
  pl_close(dev);
  return code;
}
