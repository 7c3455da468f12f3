/* safetensors.h: reads safetensors files, the container in which most models are published.
 *
 *   pl_safetensors *s;
 *   if (pl_safetensors_open("model.safetensors", &s, err)) return err->status;
 *   const pl_tensor *t = pl_safetensors_find(s, "embeddings.word_embeddings.weight");
 *   pl_tensor_row(t, row, out);
 *   pl_safetensors_close(s);
 *
 * The file is mapped, not copied, and checked in full when it is opened: afterwards every tensor that this interface
 * hands out lies inside the file. A file that breaks a rule is PL_E_INPUT with a sentence that names the file and the
 * tensor. What is handed out belongs to the reader and lives until pl_safetensors_close.
 *
 * Layout (little endian): u64 n, n bytes of JSON, the data. The JSON is one object: tensor name ->
 * {"dtype": "F32", "shape": [outermost, .., innermost], "data_offsets": [begin, end]}, offsets from the start of the
 * data; "__metadata__" is text for people. Tensors of types that are no weights (I64 position numbers and the like) are
 * checked and left out. Tensors may not overlap and must fill the file: nothing can hide in it.
 */
#ifndef PHOTOLANE_NN_SAFETENSORS_H
#define PHOTOLANE_NN_SAFETENSORS_H

#include "nn/tensor.h"
#include "photolane/photolane.h"

typedef struct pl_safetensors pl_safetensors;

/* Maps and checks a file. On success *out must be closed with pl_safetensors_close; on error *out is NULL. */
pl_status pl_safetensors_open(const char *path, pl_safetensors **out, pl_error *err);

/* The same on `size` bytes that the caller owns and keeps until the reader is closed; `name` stands for the file in
 * errors. */
pl_status pl_safetensors_open_memory(const void *data, size_t size, const char *name, pl_safetensors **out,
                                     pl_error *err);
void pl_safetensors_close(pl_safetensors *s); /* NULL is fine */
void pl_safetensors_rest(const pl_safetensors *s);  /* mapping.h, pl_mapping_rest */

int pl_safetensors_count(const pl_safetensors *s);                      /* tensors of weights */
const pl_tensor *pl_safetensors_at(const pl_safetensors *s, int i);     /* in the order of the JSON */
const pl_tensor *pl_safetensors_find(const pl_safetensors *s, const char *name); /* NULL if absent */

#endif
