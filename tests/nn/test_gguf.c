/* test_gguf.c: the GGUF reader: values, dequantisation against the plain formulas, and files that lie. */
#include <check.h>
#include <math.h>
#include <unistd.h>

#include "tiny_gguf.h"

static const char file_name[] = "tiny.gguf";

/* ---- Values ---- */

static blob value_file(void) {
  gguf_file f = {0};
  put_raw(&f, "u8", PL_GGUF_U8, &(uint8_t){200}, 1);
  put_raw(&f, "i8", PL_GGUF_I8, &(int8_t){-100}, 1);
  put_raw(&f, "u16", PL_GGUF_U16, &(uint16_t){60000}, 2);
  put_raw(&f, "i16", PL_GGUF_I16, &(int16_t){-30000}, 2);
  put_u32(&f, "u32", 4000000000u);
  put_raw(&f, "i32", PL_GGUF_I32, &(int32_t){12345}, 4);
  put_raw(&f, "u64", PL_GGUF_U64, &(uint64_t){77}, 8);
  put_raw(&f, "i64", PL_GGUF_I64, &(int64_t){-5}, 8);
  put_f32(&f, "f32", 1.5f);
  put_raw(&f, "f64", PL_GGUF_F64, &(double){2.25}, 8);
  put_bool(&f, "yes", 1);
  put_string(&f, "text", "grüße");
  const char *words[] = {"a", "", "ccc"};
  put_strings(&f, "words", words, 3);
  float floats[] = {1, -2.5f};
  put_array(&f, "floats", PL_GGUF_F32, 2, floats, sizeof floats);
  int8_t ints[] = {-1, 2, 3};
  put_array(&f, "ints", PL_GGUF_I8, 3, ints, sizeof ints);
  float values[64];
  for (int i = 0; i < 64; i++) values[i] = (float)i;
  put_tensor(&f, "matrix", PL_GGML_F32, 32, 2, values);
  put_tensor(&f, "vector", PL_GGML_Q8_0, 64, 0, values);
  return finish(&f);
}

static pl_gguf *must_open(blob b) {
  pl_gguf *g;
  pl_error err;
  ck_assert_msg(!pl_gguf_open_memory(b.data, b.size, file_name, &g, &err), "%s", err.text);
  return g;
}

START_TEST(reads_every_type) {
  blob b = value_file();
  pl_gguf *g = must_open(b);
  uint32_t u;
  float x;
  int yes;
  pl_str s, *strings;
  pl_error err;
  const struct {
    const char *key;
    uint32_t value;
  } numbers[] = {{"u8", 200}, {"u16", 60000}, {"u32", 4000000000u}, {"i32", 12345}, {"u64", 77}};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    ck_assert_int_eq(pl_gguf_u32(g, numbers[i].key, NULL, 0, UINT32_MAX, &u, &err), PL_OK);
    ck_assert_uint_eq(u, numbers[i].value);
  }
  ck_assert(!pl_gguf_f32(g, "f32", NULL, 0, 9, &x, &err) && x == 1.5f);
  ck_assert(!pl_gguf_f32(g, "f64", NULL, 0, 9, &x, &err) && x == 2.25f);
  ck_assert(!pl_gguf_f32(g, "i64", NULL, -9, 9, &x, &err) && x == -5);
  ck_assert(!pl_gguf_f32(g, "i8", NULL, -900, 9, &x, &err) && x == -100);
  ck_assert(!pl_gguf_f32(g, "i16", NULL, -90000, 9, &x, &err) && x == -30000);
  ck_assert(!pl_gguf_bool(g, "yes", NULL, &yes, &err) && yes == 1);
  ck_assert(!pl_gguf_string(g, "text", NULL, &s, &err) && s.size == 7 && !memcmp(s.data, "grüße", 7));

  size_t n;
  ck_assert(!pl_gguf_strings(g, "words", &strings, &n, &err) && n == 3);
  ck_assert(strings[0].size == 1 && strings[1].size == 0 && !memcmp(strings[2].data, "ccc", 3));
  free(strings);
  float *floats;
  ck_assert(!pl_gguf_floats(g, "floats", &floats, &n, &err) && n == 2 && floats[1] == -2.5f);
  free(floats);
  int32_t *ints;
  ck_assert(!pl_gguf_ints(g, "ints", &ints, &n, &err) && n == 3 && ints[0] == -1 && ints[2] == 3);
  free(ints);

  const pl_tensor *t = pl_gguf_find_tensor(g, "matrix");
  float row[32];
  ck_assert(t && t->n_dims == 2 && t->dims[0] == 32 && t->rows == 2);
  pl_tensor_row(t, 1, row);
  ck_assert(row[0] == 32 && row[31] == 63);
  ck_assert(!pl_gguf_find_tensor(g, "matri") && !pl_gguf_has(g, "textt"));
  pl_gguf_close(g);
  free(b.data);
}
END_TEST

START_TEST(refuses_wrong_types_and_ranges) {
  blob b = value_file();
  pl_gguf *g = must_open(b);
  pl_error err;
  uint32_t u, seven = 7;
  float x;
  int yes;
  pl_str s, *strings;
  int32_t *ints;
  size_t n;
  ck_assert(pl_gguf_u32(g, "absent", NULL, 0, 9, &u, &err) == PL_E_INPUT && strstr(err.text, "absent"));
  ck_assert(strstr(err.text, file_name));
  ck_assert(!pl_gguf_u32(g, "absent", &seven, 0, 9, &u, &err) && u == 7);
  ck_assert_int_eq(pl_gguf_u32(g, "u8", NULL, 0, 199, &u, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_gguf_u32(g, "i64", NULL, 0, 199, &u, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_gguf_u32(g, "f32", NULL, 0, 199, &u, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_gguf_u32(g, "text", NULL, 0, 199, &u, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_gguf_u32(g, "ints", NULL, 0, 199, &u, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_gguf_f32(g, "yes", NULL, 0, 199, &x, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_gguf_bool(g, "u8", NULL, &yes, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_gguf_string(g, "words", NULL, &s, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_gguf_strings(g, "floats", &strings, &n, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_gguf_strings(g, "text", &strings, &n, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_gguf_ints(g, "floats", &ints, &n, &err), PL_E_INPUT);
  pl_gguf_close(g);
  free(b.data);
}
END_TEST

/* ---- Numbers ---- */

START_TEST(half_is_exact) {
  for (int h = 0; h < 65536; h++) {
    int e = h >> 10 & 31, m = h & 1023;
    double magnitude = e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);
    float x = pl_half_to_float((uint16_t)h);
    if (e == 31) ck_assert(m ? isnan(x) : isinf(x));
    else ck_assert_msg((double)x == (h & 0x8000 ? -magnitude : magnitude), "half 0x%04x", h);
    ck_assert(isnan(x) || !signbit(x) == !(h & 0x8000));
  }
}
END_TEST

/* Random blocks, decoded here by the formulas of the format. */
START_TEST(dequantisation_formulas) {
  static const pl_ggml_type types[] = {PL_GGML_Q8_0, PL_GGML_Q4_0, PL_GGML_Q4_1, PL_GGML_F16};
  static const int sizes[] = {34, 18, 20, 64};
  uint64_t seed = 7;
  for (int k = 0; k < 4; k++)
    for (int round = 0; round < 200; round++) {
      uint8_t block[2 * 64];
      float out[64];
      for (int i = 0; i < 2 * sizes[k]; i++) block[i] = (uint8_t)random_u64(&seed);
      for (int i = 0; i < 2 * sizes[k]; i++) /* finite halves: clear a bit of each exponent */
        if (types[k] == PL_GGML_F16 ? i & 1 : i % sizes[k] == 1 || (types[k] == PL_GGML_Q4_1 && i % sizes[k] == 3))
          block[i] &= 0xbf;
      ck_assert_uint_eq(pl_ggml_row_bytes(types[k], 64), 2 * (size_t)sizes[k]);
      pl_tensor t = {.type = types[k], .dims = {64, 1, 1, 1}, .rows = 1, .row_bytes = 2 * (size_t)sizes[k],
                          .data = block};
      pl_tensor_row(&t, 0, out);
      for (int i = 0; i < 64; i++) {
        const uint8_t *p = block + i / 32 * sizes[k];
        int j = i % 32;
        double d = (double)pl_half_to_float((uint16_t)(p[0] | p[1] << 8)), want;
        if (types[k] == PL_GGML_Q8_0) want = d * (int8_t)p[2 + j];
        else if (types[k] == PL_GGML_Q4_0) want = d * ((j < 16 ? p[2 + j] & 15 : p[2 + j - 16] >> 4) - 8);
        else if (types[k] == PL_GGML_Q4_1)
          want = d * (j < 16 ? p[4 + j] & 15 : p[4 + j - 16] >> 4) +
                 (double)pl_half_to_float((uint16_t)(p[2] | p[3] << 8));
        else want = (double)pl_half_to_float((uint16_t)(p[2 * j] | p[2 * j + 1] << 8));
        ck_assert_msg(fabs((double)out[i] - want) <= 1e-7 * fabs(want), "%s element %d: %g, want %g",
                      pl_ggml_type_name(types[k]), i, (double)out[i], want);
      }
    }
}
END_TEST

/* ---- Files that lie ---- */

/* Opens what may be damaged; a refusal must be one sentence that names the file. What opens must be readable. */
static pl_status try_open(const uint8_t *data, size_t size) {
  uint8_t *copy = malloc(size ? size : 1); /* of its exact size: the sanitizer sees a byte too many */
  if (size) memcpy(copy, data, size);
  pl_gguf *g;
  pl_error err = {0};
  pl_status status = pl_gguf_open_memory(copy, size, file_name, &g, &err);
  if (status) {
    ck_assert_int_eq(status, PL_E_INPUT);
    ck_assert(!g && strstr(err.text, file_name) && !strchr(err.text, '\n'));
  } else {
    for (int i = 0; i < pl_gguf_tensor_count(g); i++) {
      const pl_tensor *t = pl_gguf_tensor_at(g, i);
      float *row = malloc(sizeof *row * (size_t)t->dims[0]);
      for (int64_t r = 0; r < t->rows; r++) pl_tensor_row(t, r, row);
      free(row);
    }
    pl_str *strings;
    size_t n, bytes = 0;
    if (!pl_gguf_strings(g, "words", &strings, &n, &err))
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < strings[i].size; j++) bytes += (uint8_t)strings[i].data[j];
    free(strings);
    ck_assert_uint_lt(bytes, 1u << 30);
  }
  pl_gguf_close(g);
  free(copy);
  return status;
}

START_TEST(truncated_anywhere) {
  blob b = value_file();
  ck_assert_int_eq(try_open(b.data, b.size), PL_OK);
  for (size_t n = 0; n < b.size; n++) ck_assert_msg(try_open(b.data, n), "%zu of %zu bytes were accepted", n, b.size);
  free(b.data);
}
END_TEST

START_TEST(any_bit_flipped) {
  blob b = value_file();
  int refused = 0;
  for (size_t i = 0; i < 8 * b.size; i++) {
    b.data[i / 8] ^= (uint8_t)(1 << i % 8);
    refused += try_open(b.data, b.size) != PL_OK;
    b.data[i / 8] ^= (uint8_t)(1 << i % 8);
  }
  ck_assert_int_gt(refused, 100);
  free(b.data);
}
END_TEST

START_TEST(random_bytes_overwritten) {
  blob b = value_file();
  uint64_t seed = 11;
  uint8_t *copy = malloc(b.size);
  for (int round = 0; round < 20000; round++) {
    memcpy(copy, b.data, b.size);
    for (int k = 0; k < 8; k++) {
      uint64_t r = random_u64(&seed);
      copy[r % b.size] = r >> 60 & 1 ? 0xff : (uint8_t)(r >> 32);
    }
    try_open(copy, b.size);
  }
  free(copy);
  free(b.data);
}
END_TEST

static void must_refuse(gguf_file *f, const char *words) {
  blob b = finish(f);
  pl_gguf *g;
  pl_error err = {0};
  ck_assert_msg(pl_gguf_open_memory(b.data, b.size, file_name, &g, &err) == PL_E_INPUT, "accepted: %s", words);
  ck_assert_msg(strstr(err.text, words), "'%s' lacks '%s'", err.text, words);
  free(b.data);
}

START_TEST(refusals_name_the_field) {
  gguf_file f = {.version = 1};
  must_refuse(&f, "version 1");
  f = (gguf_file){.version = 0x03000000}; /* big endian */
  must_refuse(&f, "version");
  f = (gguf_file){.tensors = 1ull << 40};
  must_refuse(&f, "tensors");
  put_u32(&f, "twice", 1), put_u32(&f, "twice", 2);
  must_refuse(&f, "two metadata fields named twice");
  put_raw(&f, "odd", 99, "", 0);
  must_refuse(&f, "odd has value type 99");
  put_array(&f, "nested", PL_GGUF_ARRAY, 1, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
  must_refuse(&f, "nested");
  put_array(&f, "endless", PL_GGUF_F32, 1ull << 62, "", 0); /* 2^62 * 4 wraps to 0 */
  must_refuse(&f, "endless");
  put_array(&f, "endless", PL_GGUF_STRING, 1ull << 62, "", 0);
  must_refuse(&f, "endless");
  put_u32(&f, "general.alignment", 24);
  must_refuse(&f, "general.alignment");
  put_u32(&f, "general.alignment", 0);
  must_refuse(&f, "general.alignment");
  put_tensor_info(&f, "none", PL_GGML_F32, 0, NULL);
  must_refuse(&f, "none has 0 dimensions");
  put_tensor_info(&f, "five", PL_GGML_F32, 5, (uint64_t[]){1, 1, 1, 1, 1});
  must_refuse(&f, "five has 5 dimensions");
  put_tensor_info(&f, "void", PL_GGML_F32, 2, (uint64_t[]){8, 0});
  must_refuse(&f, "dimension 1 of tensor void is 0");
  put_tensor_info(&f, "huge", PL_GGML_F32, 4, (uint64_t[]){1 << 30, 1 << 30, 1 << 30, 1 << 30});
  must_refuse(&f, "huge");
  put_tensor_info(&f, "wide", PL_GGML_F32, 2, (uint64_t[]){1ull << 31, 1ull << 40});
  must_refuse(&f, "wide");
  put_tensor_info(&f, "odd", PL_GGML_Q4_0, 1, (uint64_t[]){33});
  must_refuse(&f, "odd is Q4_0 with rows of 33");
  put_tensor_info(&f, "k", 14, 1, (uint64_t[]){256}); /* Q6_K */
  must_refuse(&f, "tensor k has type 14");
  put_tensor_info(&f, "askew", PL_GGML_F32, 1, (uint64_t[]){1});
  f.infos.data[f.infos.size - 8] = 4; /* its offset; the data would be there */
  append(&f.data, "12345678", 8);
  must_refuse(&f, "the offset 4 of tensor askew");
  put_tensor_info(&f, "far", PL_GGML_F32, 1, (uint64_t[]){256});
  must_refuse(&f, "far lies outside the file");
}
END_TEST

START_TEST(files_on_disk) {
  pl_gguf *g;
  pl_error err = {0};
  ck_assert_int_eq(pl_gguf_open("/nonexistent/model.gguf", &g, &err), PL_E_INPUT);
  ck_assert(strstr(err.text, "/nonexistent/model.gguf"));
  ck_assert_int_eq(pl_gguf_open("/", &g, &err), PL_E_INPUT);
  char path[] = "/tmp/photolane-test-XXXXXX";
  int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(pl_gguf_open(path, &g, &err), PL_E_INPUT); /* empty */
  blob b = value_file();
  ck_assert_int_eq(write(fd, b.data, b.size), (ssize_t)b.size);
  close(fd);
  ck_assert_msg(!pl_gguf_open(path, &g, &err), "%s", err.text);
  ck_assert_int_eq(pl_gguf_tensor_count(g), 2);
  ck_assert_str_eq(pl_gguf_path(g), path);
  pl_gguf_close(g);
  unlink(path);
  free(b.data);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("gguf");
  TCase *tc = tcase_create("gguf");
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, reads_every_type);
  tcase_add_test(tc, refuses_wrong_types_and_ranges);
  tcase_add_test(tc, half_is_exact);
  tcase_add_test(tc, dequantisation_formulas);
  tcase_add_test(tc, truncated_anywhere);
  tcase_add_test(tc, any_bit_flipped);
  tcase_add_test(tc, random_bytes_overwritten);
  tcase_add_test(tc, refusals_name_the_field);
  tcase_add_test(tc, files_on_disk);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
