/* fuzz_tokenizer.c: any bytes as text, for both kinds of vocabulary: nothing is lost, whatever the text.
 *
 *   clang -g -O1 -std=gnu11 -fsanitize=fuzzer,address,undefined -Iinclude -Ihost -Itests/nn \
 *     tests/fuzz/fuzz_tokenizer.c host/nn/[a-z]*.c host/model/[a-z]*.c host/physics/[a-z]*.c host/device/[a-z]*.c \
 *     -lconfig -lcjson -lm -ldl -lpthread
 *
 * The first byte of an input chooses: bit 0 the split or kind, bit 1 control tokens in the text.
 */
#include <stdlib.h>

#include "nn/tokenizer.h"
#include "tiny_gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static pl_tokenizer *load(gguf_file *f) {
  blob b = finish(f);
  pl_gguf *g;
  pl_tokenizer *t;
  if (pl_gguf_open_memory(b.data, b.size, "fuzz", &g, NULL) || pl_tokenizer_load(g, &t, NULL)) abort();
  pl_gguf_close(g);
  free(b.data);
  return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static pl_tokenizer *kinds[2];
  for (int i = 0; i < 2 && !kinds[i]; i++) {
    gguf_file f = {0};
    if (i) put_string(&f, "tokenizer.ggml.pre", "smollm");
    put_byte_vocabulary(&f);
    kinds[i] = load(&f);
  }
  if (!size) return 0;
  const pl_tokenizer *t = kinds[data[0] & 1];
  const char *text = (const char *)data + 1;
  int32_t *ids;
  size_t count, at = 0;
  int control = data[0] & 2;
  if (pl_tokenize(t, text, size - 1, control ? PL_TOKENIZE_CONTROL : 0, &ids, &count, NULL)) abort();
  for (size_t i = 0; i < count; i++) {
    pl_str s = pl_token_bytes(t, ids[i]);
    if (ids[i] == TINY_VOCAB - 1) s = (pl_str){"<|end|>", 7};
    if (at + s.size > size - 1 || memcmp(text + at, s.data, s.size)) abort();
    at += s.size;
  }
  if (at != size - 1) abort();
  free(ids);
  return 0;
}
