/* fuzz_wordpiece.c: any bytes as a vocab.txt and as a text for it: a refusal in one sentence, or ids of the vocabulary. The
 * first byte of an input is the length of the vocabulary in eights; bit 7 makes it a cased one. */
#include <stdlib.h>
#include <string.h>

#include "nn/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char needed[] = "[UNK]\n[CLS]\n[SEP]\na\nb\n##a\n##b\n";
  if (!size) return 0;
  size_t own = (size_t)(data[0] & 127) * 8;
  own = own < size - 1 ? own : size - 1;
  char *vocabulary = malloc(sizeof needed + own);
  memcpy(vocabulary, needed, sizeof needed - 1);
  memcpy(vocabulary + sizeof needed - 1, data + 1, own);
  pl_tokenizer *t;
  pl_error err = {0};
  if (pl_tokenizer_load_wordpiece(vocabulary, sizeof needed - 1 + own, "fuzz", data[0] < 128, &t, &err)) {
    if (t || !strstr(err.text, "fuzz") || strchr(err.text, '\n')) abort();
  } else {
    int32_t *ids;
    size_t count;
    if (pl_tokenize(t, (const char *)data + 1 + own, size - 1 - own, PL_TOKENIZE_BOS, &ids, &count, &err)) abort();
    if (count < 2) abort();
    for (size_t i = 0; i < count; i++)
      if (ids[i] < 0 || ids[i] >= pl_tokenizer_size(t)) abort();
    free(ids);
    pl_tokenizer_free(t);
  }
  free(vocabulary);
  return 0;
}
