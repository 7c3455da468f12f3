/* load_bert.c: a BERT encoder from a folder as models are published in: config.json, model.safetensors, vocab.txt; of
 * a sentence encoder also tokenizer_config.json (whether to lower the case), if it is there. See nn.h. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/architecture.h"
#include "nn/mapping.h"

static const pl_nn_design bert = {.family = "bert", .norm = PL_NORM_LAYER, .norm_after = 1,
                                  .activation = PL_ACTIVATION_GELU, .positions = PL_POSITIONS_LEARNED, .biases = 1,
                                  .norm_eps = 1e-12f};

/* ---- Files -------------------------------------------------------------------------------------- */

static pl_status path_of(const pl_nn *m, const char *name, char out[4096], pl_error *err) {
  const int n = snprintf(out, 4096, "%s/%s", m->path, name);
  return n < 4096 ? PL_OK : pl_fail(err, PL_E_INPUT, "the path of the model is too long");
}

/* A JSON object of at most 16 MB; *path is filled for messages. */
static pl_status read_json(const pl_nn *m, const char *name, char path[4096], cJSON **json, pl_error *err) {
  pl_mapping map;
  *json = NULL;
  pl_status status = path_of(m, name, path, err);
  if (!status) status = pl_map(path, &map, err);
  if (status) return status;
  if (map.size <= 16 << 20) *json = cJSON_ParseWithLength((const char *)map.bytes, map.size);
  pl_unmap(&map);
  if (cJSON_IsObject(*json)) return PL_OK;
  cJSON_Delete(*json);
  *json = NULL;
  return pl_fail(err, PL_E_INPUT, "%s is not a JSON object", path);
}

static pl_status get_int(const cJSON *json, const char *path, const char *key, int lo, int hi, int *out, pl_error *err) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
  if (!cJSON_IsNumber(item) || !(item->valuedouble >= lo && item->valuedouble <= hi) ||
      item->valuedouble != (double)(int)item->valuedouble)
    return pl_fail(err, PL_E_INPUT, "%s: %s must be a whole number from %d to %d", path, key, lo, hi);
  *out = (int)item->valuedouble;
  return PL_OK;
}

/* A text that, if it is there, must have one value: everything else would be computed wrongly. */
static pl_status must_be(const cJSON *json, const char *path, const char *key, const char *wanted, pl_error *err) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
  if (!item || (cJSON_IsString(item) && !strcmp(item->valuestring, wanted))) return PL_OK;
  return pl_fail(err, PL_E_INPUT, "%s: %s is not \"%s\"; other kinds are not supported", path, key, wanted);
}

static pl_status read_config(pl_nn *m, pl_error *err) {
  pl_nn_shape *s = &m->shape;
  char path[4096];
  cJSON *json;
  const int wide = 1 << 16;
  pl_status status = read_json(m, "config.json", path, &json, err);
  if (status) return status;
  status = must_be(json, path, "model_type", "bert", err);
  if (!status) status = must_be(json, path, "hidden_act", "gelu", err);
  if (!status) status = must_be(json, path, "position_embedding_type", "absolute", err);
  if (!status) status = get_int(json, path, "num_hidden_layers", 1, 4095, &s->layers, err);
  if (!status) status = get_int(json, path, "hidden_size", 1, wide, &s->dim, err);
  if (!status) status = get_int(json, path, "intermediate_size", 1, wide, &s->ffn, err);
  if (!status) status = get_int(json, path, "num_attention_heads", 1, wide, &s->heads, err);
  if (!status) status = get_int(json, path, "max_position_embeddings", 1, wide, &s->context, err);
  const cJSON *eps = cJSON_GetObjectItemCaseSensitive(json, "layer_norm_eps");
  m->norm_eps = cJSON_IsNumber(eps) ? (float)eps->valuedouble : m->design.norm_eps;
  cJSON_Delete(json);
  if (status) return status;
  if (!(m->norm_eps >= 0 && m->norm_eps <= 1))
    return pl_fail(err, PL_E_INPUT, "%s: layer_norm_eps is out of range", path);
  if (s->dim % s->heads)
    return pl_fail(err, PL_E_INPUT, "%s: %d heads do not share %d elements evenly", path, s->heads, s->dim);
  s->kv_heads = s->heads;
  s->head_dim = s->dim / s->heads;
  return pl_nn_check_shape(m, err);
}

static pl_status read_vocabulary(pl_nn *m, pl_error *err) {
  char path[4096];
  cJSON *json = NULL;
  pl_mapping map;
  int lower = 1;
  if (!read_json(m, "tokenizer_config.json", path, &json, NULL)) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "do_lower_case");
    lower = !cJSON_IsFalse(item);
    cJSON_Delete(json);
  }
  pl_status status = path_of(m, "vocab.txt", path, err);
  if (!status) status = pl_map(path, &map, err);
  if (status) return status;
  status = pl_tokenizer_load_wordpiece((const char *)map.bytes, map.size, path, lower, &m->tokenizer, err);
  pl_unmap(&map);
  return status;
}

/* ---- Tensors ------------------------------------------------------------------------------------ */

static pl_status load_layer(pl_nn *m, int layer, pl_error *err) {
  const pl_nn_shape *s = &m->shape;
  const struct {
    const char *name;
    pl_nn_product product;
    int inputs, outputs;
  } list[] = {
      {"attention.self.query", PL_NN_Q, s->dim, s->dim},     {"attention.self.key", PL_NN_K, s->dim, s->dim},
      {"attention.self.value", PL_NN_V, s->dim, s->dim},     {"attention.output.dense", PL_NN_OUT, s->dim, s->dim},
      {"intermediate.dense", PL_NN_UP, s->dim, s->ffn},      {"output.dense", PL_NN_DOWN, s->ffn, s->dim},
  };
  pl_nn_layer *l = &m->layers[layer];
  char name[128];
  pl_status status = PL_OK;
  for (size_t i = 0; i < sizeof list / sizeof *list && !status; i++) {
    snprintf(name, sizeof name, "encoder.layer.%d.%s.weight", layer, list[i].name);
    status = pl_nn_find(m, name, list[i].inputs, list[i].outputs, &l->weights[list[i].product], err);
    snprintf(name, sizeof name, "encoder.layer.%d.%s.bias", layer, list[i].name);
    if (!status) status = pl_nn_find_vector(m, name, list[i].outputs, &l->biases[list[i].product], err);
  }
  snprintf(name, sizeof name, "encoder.layer.%d.attention.output.LayerNorm", layer);
  if (!status) status = pl_nn_find_norm(m, name, &l->attn_norm, err);
  snprintf(name, sizeof name, "encoder.layer.%d.output.LayerNorm", layer);
  if (!status) status = pl_nn_find_norm(m, name, &l->ffn_norm, err);
  return status;
}

/* Every tensor must be used; only the pooler, a layer on top for other tasks, may be left aside. */
static pl_status check_count(const pl_nn *m, pl_error *err) {
  int used = 5 + 16 * m->shape.layers, unused = 0;
  for (int i = 0; i < pl_safetensors_count(m->store); i++)
    unused += !strncmp(pl_safetensors_at(m->store, i)->name.data, "pooler.", 7);
  if (pl_safetensors_count(m->store) - unused == used) return PL_OK;
  return pl_fail(err, PL_E_INPUT, "%s/model.safetensors has %d tensors where a plain BERT encoder has %d: extras are not "
                 "supported", m->path, pl_safetensors_count(m->store) - unused, used);
}

pl_status pl_nn_load_bert(pl_nn *m, pl_error *err) {
  pl_nn_shape *s = &m->shape;
  char path[4096];
  pl_tensor types;
  m->design = bert;
  pl_status status = read_config(m, err);
  if (!status) status = read_vocabulary(m, err);
  if (!status) status = path_of(m, "model.safetensors", path, err);
  if (!status) status = pl_safetensors_open(path, &m->store, err);
  if (status) return status;
  s->vocab = pl_tokenizer_size(m->tokenizer);
  status = pl_nn_find(m, "embeddings.word_embeddings.weight", s->dim, s->vocab, &m->embedding, err);
  if (!status) status = pl_nn_find(m, "embeddings.position_embeddings.weight", s->dim, s->context, &m->positions, err);
  if (!status) status = pl_nn_find(m, "embeddings.token_type_embeddings.weight", s->dim, 2, &types, err);
  if (!status) status = pl_nn_find_norm(m, "embeddings.LayerNorm", &m->first_norm, err);
  if (!status && !(m->token_type = malloc(sizeof(float) * (size_t)s->dim))) status = pl_nn_no_memory(m, err);
  if (!status) pl_tensor_row(&types, 0, m->token_type); /* one sentence: all tokens are of type 0 */
  for (int i = 0; i < s->layers && !status; i++) status = load_layer(m, i, err);
  return status ? status : check_count(m, err);
}
