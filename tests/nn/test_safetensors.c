/* test_safetensors.c: the safetensors reader: values of each type, shapes, and hostile files, each refused in one
 * sentence. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "nn/safetensors.h"

/* A file in memory: header text (its length in front) and data. */
typedef struct {
  uint8_t bytes[4096];
  size_t size;
} image;

static image build(const char *json, const void *data, size_t data_size) {
  image f = {.size = 0};
  const uint64_t n = strlen(json);
  memcpy(f.bytes, &n, 8);
  memcpy(f.bytes + 8, json, n);
  if (data_size) memcpy(f.bytes + 8 + n, data, data_size);
  f.size = 8 + n + data_size;
  return f;
}

START_TEST(values) {
  struct {
    float f32[6];
    uint16_t f16[2], bf16[2];
    int64_t ids[1];
  } data = {{1, 2, 3, 4, 5, 6}, {0x3c00, 0xc000}, {0x3f80, 0xc040}, {7}};
  image f = build("{\"__metadata__\":{\"format\":\"pt\"},"
                  "\"a.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                  "\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[24,28]},"
                  "\"b\":{\"data_offsets\":[28,32],\"shape\":[1,2],\"dtype\":\"BF16\"},"
                  "\"ids\":{\"dtype\":\"I64\",\"shape\":[1,1],\"data_offsets\":[32,40]}}",
                  &data, 40);
  pl_safetensors *s;
  pl_error err;
  float row[3];
  ck_assert_msg(!pl_safetensors_open_memory(f.bytes, f.size, "x", &s, &err), "%s", err.text);
  ck_assert_int_eq(pl_safetensors_count(s), 3); /* not the ids */
  const pl_tensor *t = pl_safetensors_find(s, "a.weight");
  ck_assert(t && t->dims[0] == 3 && t->rows == 2 && t->n_dims == 2 && t == pl_safetensors_at(s, 0));
  pl_tensor_row(t, 1, row);
  ck_assert(row[0] == 4 && row[2] == 6);
  pl_tensor part = pl_tensor_rows(t, 1, 1);
  pl_tensor_row(&part, 0, row);
  ck_assert(part.rows == 1 && row[1] == 5);
  pl_tensor_row(pl_safetensors_find(s, "h"), 0, row);
  ck_assert(row[0] == 1 && row[1] == -2);
  pl_tensor_row(pl_safetensors_find(s, "b"), 0, row);
  ck_assert(row[0] == 1 && row[1] == -3);
  ck_assert(!pl_safetensors_find(s, "ids") && !pl_safetensors_find(s, "a"));
  pl_safetensors_close(s);
}
END_TEST

static void must_refuse(const void *bytes, size_t size, const char *words) {
  pl_safetensors *s;
  pl_error err = {0};
  uint8_t *exact = malloc(size ? size : 1); /* sanitizers see one byte too many */
  memcpy(exact, bytes, size);
  ck_assert_msg(pl_safetensors_open_memory(exact, size, "bad.safetensors", &s, &err) == PL_E_INPUT && !s, "accepted: %s",
                words);
  ck_assert_msg(strstr(err.text, words) && strstr(err.text, "bad.safetensors") && !strchr(err.text, '\n'),
                "'%s' lacks '%s'", err.text, words);
  free(exact);
}

START_TEST(hostile_files) {
  static const struct {
    const char *json, *words;
    size_t data;
  } bad[] = {
      {"[]", "not a JSON object", 0},
      {"{", "not a JSON object", 0},
      {"{\"a\":1}", "tensor a lacks one of", 0},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", "lacks one of", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", "lacks one of", 4},
      {"{\"a\":{\"dtype\":\"F8\",\"shape\":[1],\"data_offsets\":[0,1]}}", "dtype", 1},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", "outside the file", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", "outside the file", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", "outside the file", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,1e300]}}", "outside the file", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0.5,4]}}", "outside the file", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", "does not fill", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", "shape out of range", 0},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[\"1\"],\"data_offsets\":[0,4]}}", "shape out of range", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1e9,1e9],\"data_offsets\":[0,4]}}", "shape out of range", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1],\"data_offsets\":[0,4]}}", "more than 4 dimensions", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "leaves a gap", 8},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", "4 bytes behind", 8},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
       "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "overlaps", 8},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
       "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "twice", 8},
      {"{\"a\\nb\":1}", "tensor a?b lacks", 0},
  };
  static const uint8_t zeros[16];
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    image f = build(bad[i].json, zeros, bad[i].data);
    must_refuse(f.bytes, f.size, bad[i].words);
  }
  must_refuse("1234567", 7, "too short");
  must_refuse("\xff\xff\xff\xff\xff\xff\xff\xff", 8, "no safetensors file");
  must_refuse("\x03\0\0\0\0\0\0\0{}", 10, "no safetensors file");
  must_refuse("\x03\0\0\0\0\0\0\0{}\0", 11, "NUL");
  pl_safetensors *s;
  pl_error err;
  ck_assert(pl_safetensors_open("/nonexistent/x", &s, &err) == PL_E_INPUT && !s);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("safetensors");
  TCase *tests = tcase_create("safetensors");
  tcase_add_test(tests, values);
  tcase_add_test(tests, hostile_files);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
