/* fuzz_safetensors.c: any bytes as a safetensors file: a refusal in one sentence, or tensors that lie in it. */
#include <stdlib.h>
#include <string.h>

#include "nn/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pl_safetensors *s;
  pl_error err = {0};
  if (pl_safetensors_open_memory(data, size, "fuzz", &s, &err)) {
    if (s || !strstr(err.text, "fuzz") || strchr(err.text, '\n')) abort();
    return 0;
  }
  for (int i = 0; i < pl_safetensors_count(s); i++) {
    const pl_tensor *t = pl_safetensors_at(s, i);
    float *row = malloc(sizeof *row * (size_t)t->dims[0]);
    if (row) pl_tensor_row(t, 0, row), pl_tensor_row(t, t->rows - 1, row);
    free(row);
    if (!pl_safetensors_find(s, t->name.data)) abort();
  }
  pl_safetensors_close(s);
  return 0;
}
