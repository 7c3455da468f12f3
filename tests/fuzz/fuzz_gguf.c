/* fuzz_gguf.c: any bytes as a model file: a refusal in one sentence, or a model that runs.
 *
 *   clang -g -O1 -std=gnu11 -fsanitize=fuzzer,address,undefined -Iinclude -Ihost tests/fuzz/fuzz_gguf.c \
 *     host/nn/[a-z]*.c host/model/[a-z]*.c host/physics/[a-z]*.c host/device/[a-z]*.c \
 *     -lconfig -lcjson -lm -ldl -lpthread
 *   ./a.out -max_len=65536 CORPUS        (a small model makes the best first file of the corpus)
 */
#include <stdlib.h>
#include <string.h>

#include "nn/nn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pl_gguf *g;
  pl_nn *model;
  pl_error err = {0};
  if (pl_gguf_open_memory(data, size, "fuzz", &g, &err)) {
    if (!strstr(err.text, "fuzz") || strchr(err.text, '\n')) abort();
    return 0;
  }
  for (int i = 0; i < pl_gguf_tensor_count(g); i++) {
    const pl_tensor *t = pl_gguf_tensor_at(g, i);
    float *row = malloc(sizeof *row * (size_t)t->dims[0]);
    if (row) pl_tensor_row(t, t->rows - 1, row);
    free(row);
  }
  if (pl_nn_from_gguf(g, &model, &err)) return 0;
  const pl_nn_shape *s = pl_nn_get_shape(model);
  if (s->parameters < 1 << 20 && s->vocab < 1 << 16) {
    pl_nn_context *ctx;
    int32_t ids[2] = {0, s->vocab - 1};
    float *logits = malloc(sizeof *logits * 2 * (size_t)s->vocab);
    if (s->context >= 2 && !pl_nn_context_new(model, NULL, 2, &ctx, &err)) {
      if (pl_nn_forward(ctx, ids, 2, 0, logits, &err)) abort(); /* the float path cannot fail */
      pl_nn_context_free(ctx);
    }
    free(logits);
  }
  pl_nn_free(model);
  return 0;
}
