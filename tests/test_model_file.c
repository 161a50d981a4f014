// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "nn/model_file.h"

#include "base/rng.h"
#include "nn/net.h"
#include "tests/failing_alloc.h"
#include "tests/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_BYTES 100000U

/// A model file in memory
typedef struct {
  size_t  n;
  uint8_t bytes[MAX_BYTES];
} File;

// ------------------------------------------------------------ making models

static const TensorSpec specs[] = {
  {"w", TENSOR_I8, 2U, {3U, 5U, 0U, 0U}},
  {"bias", TENSOR_F32, 1U, {7U, 0U, 0U, 0U}},
  {"seeds", TENSOR_U64, 4U, {2U, 1U, 3U, 2U}},
  {"more", TENSOR_I8, 3U, {1U, 2U, 2U, 0U}},
};

// Quotes, backslashes, line ends, a control character and characters of two,
// three and four bytes
static const ModelText texts[] = {
  {"kind", "generator"},
  {"", ""},
  {"card", "Say \"hello\" \\ to\n\tall\x01\x1F\x7F / end"},
  {"k\xC3\xBC\"\xE2\x82\xAC", "\xF0\x9F\x8E\xB9 \xED\x9F\xBF \xEF\xBF\xBF"},
};

#define N_SPECS 4U
#define N_TEXTS 4U

/// Every number that a type has its trouble with
static Model*
make_model(void)
{
  static const float    floats[7] = {0.0f, -0.0f, 1e-45f, -3.4e38f, 0.1f};
  static const uint64_t wide[12]  = {
     UINT64_MAX, UINT64_C(1) << 63U, UINT64_C(0x0123456789ABCDEF)};

  Model* model = NULL;
  CHECK(!model_new(specs, N_SPECS, texts, N_TEXTS, &model));
  for (int i = 0; i < 15; ++i) {
    ((int8_t*)model_find(model, "w")->data)[i] = (int8_t)(i * 18 - 128);
  }
  memcpy(model_find(model, "bias")->data, floats, sizeof(floats));
  memcpy(model_find(model, "seeds")->data, wide, sizeof(wide));
  memcpy(model_find(model, "more")->data, "abcd", 4U);
  return model;
}

static bool
is_same(const Tensor* const a, const Tensor* const b)
{
  return a && b && a->type == b->type && a->rank == b->rank &&
         !memcmp(a->shape, b->shape, a->rank * sizeof(a->shape[0])) &&
         !memcmp(a->data, b->data, tensor_size(a));
}

static void
check_same(const Model* const a, const Model* const b)
{
  CHECK(model_n_tensors(a) == model_n_tensors(b));
  CHECK(model_n_texts(a) == model_n_texts(b));
  for (uint32_t i = 0U; i < model_n_tensors(a); ++i) {
    const Tensor* const t = model_tensor(a, i);
    CHECK(is_same(t, model_find(b, t->name)));
  }
  for (uint32_t i = 0U; i < model_n_texts(a); ++i) {
    const ModelText   x = model_text_at(a, i);
    const char* const y = model_text(b, x.key);
    CHECK(y && !strcmp(x.text, y));
  }
  CHECK(model_id(a) == model_id(b));
}

// ------------------------------------------------------------- making files

static Folder folder;

static const char*
inside(const char* const name)
{
  static char path[4][128];
  static int  i = 0;
  i             = (i + 1) % 4;
  snprintf(path[i], sizeof(path[i]), "%s/%s", folder.path, name);
  return path[i];
}

/// Number of things in the folder
static uint32_t
count_names(void)
{
  uint32_t   n   = 0U;
  DIR* const dir = opendir(folder.path);
  CHECK(dir);
  for (const struct dirent* d = NULL; dir && (d = readdir(dir));) {
    n += d->d_name[0] != '.' ? 1U : 0U;
  }
  if (dir) {
    closedir(dir);
  }
  return n;
}

static void
read_file(const char* const path, File* const file)
{
  FILE* const from = fopen(path, "rb");
  file->n          = 0U;
  CHECK(from);
  if (from) {
    file->n = fread(file->bytes, 1U, MAX_BYTES, from);
    CHECK(file->n < MAX_BYTES);
    fclose(from);
  }
}

static void
write_file(const char* const path, const File* const file)
{
  FILE* const to = fopen(path, "wb");
  CHECK(to);
  if (to) {
    CHECK(fwrite(file->bytes, 1U, file->n, to) == file->n);
    CHECK(!fclose(to));
  }
}

static void
put_length(File* const file, uint64_t n)
{
  for (int i = 0; i < 8; ++i) {
    file->bytes[i] = (uint8_t)n;
    n >>= 8U;
  }
}

/// A file of that header and as many bytes of data: 0, 1, 2 ...
static void
put_file(File* const file, const char* const json, const size_t n_data)
{
  const size_t n_json = strlen(json);
  CHECK(8U + n_json + n_data <= MAX_BYTES);
  put_length(file, n_json);
  memcpy(file->bytes + 8U, json, n_json);
  for (size_t i = 0U; i < n_data; ++i) {
    file->bytes[8U + n_json + i] = (uint8_t)i;
  }
  file->n = 8U + n_json + n_data;
}

static void
copy_file(File* const to, const File* const from)
{
  to->n = from->n;
  memcpy(to->bytes, from->bytes, from->n);
}

/// Parse a copy that ends where its block does, for sanitizers to see
static Status
parse(const File* const file, Model** const model, Trouble* const trouble)
{
  uint8_t* const bytes = (uint8_t*)malloc(file->n ? file->n : 1U);
  CHECK(bytes);
  memcpy(bytes, file->bytes, file->n);
  const Status st = model_parse(bytes, file->n, model, trouble);
  free(bytes);
  return st;
}

/// The file is refused, in a sentence that holds these words
static void
check_refused(const File* const file, const char* const words)
{
  Trouble      trouble = {""};
  Model*       model   = NULL;
  const Status st      = parse(file, &model, &trouble);
  if (!strstr(trouble.text, words)) {
    printf("# \"%s\" lacks \"%s\"\n", trouble.text, words);
  }
  CHECK(st == STATUS_BAD_FILE && !model);
  CHECK(strstr(trouble.text, words));
  CHECK(parse(file, &model, NULL) == STATUS_BAD_FILE);
  model_free(model);
}

static void
check_json_refused(const char* const json,
                   const size_t      n_data,
                   const char* const words)
{
  static File file;
  put_file(&file, json, n_data);
  check_refused(&file, words);
}

static Model*
parse_json(const char* const json, const size_t n_data)
{
  static File file;
  Trouble     trouble = {""};
  Model*      model   = NULL;
  put_file(&file, json, n_data);
  if (parse(&file, &model, &trouble)) {
    printf("# %s: %s\n", json, trouble.text);
  }
  CHECK(model && !trouble.text[0]);
  return model;
}

// --------------------------------------------------------------- what is good

static void
test_round_trip(void)
{
  Trouble           trouble = {""};
  Model*            again   = NULL;
  Model* const      model   = make_model();
  const char* const path    = inside("a.safetensors");
  CHECK(!model_save(path, model, &trouble));
  CHECK(!model_load(path, &again, &trouble));
  CHECK(again && !trouble.text[0]);
  CHECK(count_names() == 1U);
  if (again) {
    check_same(model, again);

    // And a second time the very same bytes, over the old file
    static File first;
    static File second;
    model_free(again);
    read_file(path, &first);
    CHECK(!model_load(path, &again, NULL));
    CHECK(!model_save(path, again, NULL));
    read_file(path, &second);
    CHECK(first.n == second.n);
    model_free(again);
    again = NULL;
    CHECK(!model_load(path, &again, NULL));
    check_same(model, again);
    CHECK(count_names() == 1U);
  }
  model_free(again);
  model_free(model);
  unlink(path);
}

static void
test_an_empty_model(void)
{
  Trouble           trouble = {""};
  Model*            model   = NULL;
  Model*            again   = NULL;
  const char* const path    = inside("empty");
  CHECK(!model_new(NULL, 0U, NULL, 0U, &model));
  CHECK(!model_save(path, model, &trouble));
  CHECK(!model_load(path, &again, &trouble));
  CHECK(again && !model_n_tensors(again) && !model_n_texts(again));
  model_free(again);
  model_free(model);
  unlink(path);
}

static void
test_file_is_as_others_expect(void)
{
  static File       file;
  static const char json[] =
    "{\"__metadata__\":{\"a\":\"\\\"\\\\\\u000a\"},"
    "\"u\":{\"dtype\":\"U64\",\"shape\":[1],\"data_offsets\":[0,8]},"
    "\"f\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[8,16]},"
    "\"i\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[16,19]}}";
  static const uint8_t    data[]    = {8U,
                                       7U,
                                       6U,
                                       5U,
                                       4U,
                                       3U,
                                       2U,
                                       1U,
                                       0U,
                                       0U,
                                       128U,
                                       63U,
                                       0U,
                                       0U,
                                       0U,
                                       192U,
                                       255U,
                                       1U,
                                       128U};
  static const TensorSpec tensors[] = {
    {"i", TENSOR_I8, 1U, {3U, 0U, 0U, 0U}},
    {"f", TENSOR_F32, 2U, {2U, 1U, 0U, 0U}},
    {"u", TENSOR_U64, 1U, {1U, 0U, 0U, 0U}},
  };
  static const ModelText text = {"a", "\"\\\n"};

  Model*            model = NULL;
  const char* const path  = inside("b");
  CHECK(!model_new(tensors, 3U, &text, 1U, &model));
  memcpy(model_tensor(model, 0U)->data, "\xFF\x01\x80", 3U);
  ((float*)model_tensor(model, 1U)->data)[0]    = 1.0f;
  ((float*)model_tensor(model, 1U)->data)[1]    = -2.0f;
  ((uint64_t*)model_tensor(model, 2U)->data)[0] = UINT64_C(0x0102030405060708);
  CHECK(!model_save(path, model, NULL));
  model_free(model);
  read_file(path, &file);
  unlink(path);

  // Blanks up to a multiple of 8, then the data, low bytes first
  const size_t n_json = file.bytes[0] + 256U * file.bytes[1];
  const size_t n      = sizeof(json) - 1U;
  CHECK(n_json >= n && n_json < n + 8U && n_json % 8U == 0U);
  CHECK(!memcmp(file.bytes + 2U, "\0\0\0\0\0\0", 6U));
  CHECK(!memcmp(file.bytes + 8U, json, n));
  for (size_t i = n; i < n_json; ++i) {
    CHECK(file.bytes[8U + i] == ' ');
  }
  CHECK(file.n == 8U + n_json + sizeof(data));
  CHECK(!memcmp(file.bytes + 8U + n_json, data, sizeof(data)));
}

static void
test_any_valid_json(void)
{
  // Blanks anywhere, fields and tensors in any order, data in another
  Model* const model = parse_json(
    " {\r\n\t\"b\" : { \"data_offsets\" : [ 2 , 6 ] , \"shape\" : [ 2 , 2 ] ,"
    " \"dtype\" : \"I8\" } , \"a\":{\"shape\":[2],\"dtype\":\"\\u00498\","
    "\"data_offsets\":[0,2]} , \"__metadata__\" : { } } \n ",
    6U);
  if (model) {
    const Tensor* const a = model_find(model, "a");
    const Tensor* const b = model_find(model, "b");
    CHECK(a && a->rank == 1U && a->shape[0] == 2U);
    CHECK(a && !memcmp(a->data, "\0\1", 2U));
    CHECK(b && b->rank == 2U && b->shape[0] == 2U && b->shape[1] == 2U);
    CHECK(b && !memcmp(b->data, "\2\3\4\5", 4U));
    CHECK(!model_n_texts(model));
  }
  model_free(model);
  model_free(parse_json("{}", 0U));
  model_free(parse_json("{\"__metadata__\":{}}", 0U));
}

static void
test_escapes(void)
{
  static const struct {
    const char* json;
    const char* text;
  } cases[] = {
    {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
    {"\\u0041\\u007f\\u0001", "A\x7F\x01"},
    {"\\u0080\\u07ff", "\xC2\x80\xDF\xBF"},
    {"\\u0800\\uFFFF\\uffff\\uD7ff\\ue000",
     "\xE0\xA0\x80\xEF\xBF\xBF\xEF\xBF\xBF\xED\x9F\xBF\xEE\x80\x80"},
    {"\\uD83C\\uDFB9 \\ud800\\udc00 \\uDBFF\\uDFFF",
     "\xF0\x9F\x8E\xB9 \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"},
    {"\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80",
     "\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80"},
    {"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\x7F",
     "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\x7F"},
  };
  for (size_t i = 0U; i < sizeof(cases) / sizeof(cases[0]); ++i) {
    char json[256];
    snprintf(
      json, sizeof(json), "{\"__metadata__\":{\"k\":\"%s\"}}", cases[i].json);
    Model* const model = parse_json(json, 0U);
    CHECK(model && !strcmp(model_text(model, "k"), cases[i].text));
    model_free(model);
  }
}

// -------------------------------------------------------------- what is broken

static void
test_strings_that_cannot_be(void)
{
  static const struct {
    const char* json;
    const char* words;
  } cases[] = {
    {"\\x41", "an escaped character"},
    {"\\u0000", "an escaped character"},
    {"\\u12", "an escaped character"},
    {"\\u12G4", "an escaped character"},
    {"\\uD800", "an escaped character"},
    {"\\uD800\\n", "an escaped character"},
    {"\\uD800\\u0041", "an escaped character"},
    {"\\uD800\\uD800", "an escaped character"},
    {"\\uD800\\uE000", "an escaped character"},
    {"\\uDC00", "an escaped character"},
    {"\\uDFFF\\uD800", "an escaped character"},
    {"\n", "the end of a text"},
    {"\x1F", "the end of a text"},
    {"\x80", "UTF-8"},
    {"\xBF", "UTF-8"},
    {"\xC0\x80", "UTF-8"},
    {"\xC1\xBF", "UTF-8"},
    {"\xC3(", "UTF-8"},
    {"\xE0\x9F\x80", "UTF-8"},
    {"\xED\xA0\x80", "UTF-8"}, // Half a pair
    {"\xE2\x82(", "UTF-8"},
    {"\xE2(\x80", "UTF-8"},
    {"\xF0\x8F\x80\x80", "UTF-8"},
    {"\xF4\x90\x80\x80", "UTF-8"},
    {"\xF0\x9F\x8E(", "UTF-8"},
    {"\xF5\x80\x80\x80", "UTF-8"},
    {"\xFF", "UTF-8"},
  };
  for (size_t i = 0U; i < sizeof(cases) / sizeof(cases[0]); ++i) {
    char json[256];
    snprintf(
      json, sizeof(json), "{\"__metadata__\":{\"k\":\"%s\"}}", cases[i].json);
    check_json_refused(json, 0U, cases[i].words);

    // And where the header ends in the midst of it
    for (size_t n = strlen(cases[i].json); n; --n) {
      snprintf(json,
               sizeof(json),
               "{\"__metadata__\":{\"k\":\"%.*s",
               (int)n,
               cases[i].json);
      check_json_refused(json, 0U, "expected");
    }
  }
}

#define T(name, dtype, shape, offsets)                      \
  "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" shape \
  "],\"data_offsets\":[" offsets "]}"

#define A(shape, offsets) T("a", "I8", shape, offsets)

static void
test_headers_that_are_no_json(void)
{
  static const struct {
    const char* json;
    const char* words;
  } cases[] = {
    {"", "'{' expected at byte 0"},
    {"   ", "'{' expected at byte 3"},
    {"[]", "'{' expected at byte 0"},
    {"hello", "'{' expected at byte 0"},
    {"{", "'\"' expected at byte 1"},
    {"{}x", "the end expected at byte 2"},
    {"{}{}", "the end expected at byte 2"},
    {"{,}", "'\"' expected at byte 1"},
    {"{\"__metadata__\":{},}", "'\"' expected"},
    {"{\"__metadata__\"}", "':' expected"},
    {"{\"__metadata__\":[]}", "'{' expected"},
    {"{\"__metadata__\":null}", "'{' expected"},
    {"{\"__metadata__\":{\"a\":1}}", "'\"' expected"},
    {"{\"__metadata__\":{\"a\":{}}}", "'\"' expected"},
    {"{\"__metadata__\":{\"a\" \"b\"}}", "':' expected"},
    {"{\"__metadata__\":{\"a\":\"b\" \"c\"}}", "'}' expected"},
    {"{\"__metadata__\":{\"a\":\"b\",}}", "'\"' expected"},
    {"{\"__metadata__\":{}", "'}' expected"},
    {"{'a':{}}", "'\"' expected"},
    {"{\"a\":[]}", "'{' expected"},
    {"{\"a\":{}}", "'\"' expected"},
    {"{\"a\":{\"dtype\":8}}", "'\"' expected"},
    {"{\"a\":{\"dtype\" \"I8\"}}", "':' expected"},
    {"{\"a\":{\"dtype\":\"I8\",}}", "'\"' expected"},
    {"{" A("2", "0,2") " " A("2", "0,2") "}", "'}' expected"},
    {"{" A("2,", "0,2") "}", "a whole number expected"},
    {"{" A("-2", "0,2") "}", "a whole number expected"},
    {"{" A("+2", "0,2") "}", "a whole number expected"},
    {"{" A("\\\"2\\\"", "0,2") "}", "a whole number expected"},
    {"{" A("2.0", "0,2") "}", "']' expected"},
    {"{" A("2e0", "0,2") "}", "']' expected"},
    {"{" A("02", "0,2") "}", "a whole number of moderate size"},
    {"{" A("2", "00,2") "}", "a whole number of moderate size"},
    {"{" A("2", "0,2,4") "}", "']' expected"},
    {"{" A("2", "0") "}", "',' expected"},
    {"{" A("2", "") "}", "a whole number expected"},
    {"{" A("2", "0,9007199254740993") "}", "of moderate size"}, // 2^53 + 1
    {"{" A("2", "0,18446744073709551618") "}", "of moderate size"},
    {"{" A("18446744073709551618", "0,2") "}", "of moderate size"},
    {"{" A("99999999999999999999999999999999", "0,2") "}", "of moderate size"},
    {"\xEF\xBB\xBF{}", "'{' expected at byte 0"}, // A byte order mark
  };
  for (size_t i = 0U; i < sizeof(cases) / sizeof(cases[0]); ++i) {
    check_json_refused(cases[i].json, 2U, cases[i].words);
  }
}

static void
test_deep_nesting(void)
{
  static char json[16000];
  for (unsigned k = 0U; k < 2U; ++k) {
    memset(json, k ? '[' : '{', sizeof(json) - 1U);
    check_json_refused(json, 0U, "expected");
  }

  // As deep, where an array may be
  memcpy(json, "{\"a\":{\"shape\":", 14U);
  check_json_refused(json, 0U, "a whole number expected");

  // And of objects that all have their name
  size_t n = 0U;
  while (n + 5U < sizeof(json)) {
    memcpy(json + n, "{\"a\":", 5U);
    n += 5U;
  }
  json[n] = '\0';
  check_json_refused(json, 0U, "Tensor \"a\" says \"a\" of itself");
}

static void
test_tensors_that_cannot_be(void)
{
  static const struct {
    const char* json;
    size_t      n_data;
    const char* words;
  } cases[] = {
    // Names and fields
    {"{" A("2", "0,2") "," A("2", "2,4") "}", 4U, "\"a\" is there twice"},
    {"{" A("2", "0,2") ",\"\\u0061\":{}}", 4U, "\"a\" is there twice"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}",
     0U,
     "\"__metadata__\" is there twice"},
    {"{\"__metadata__\":{\"k\":\"1\",\"l\":\"\",\"k\":\"1\"}}",
     0U,
     "says \"k\" twice"},
    {"{\"a\":{\"dtype\":\"I8\",\"dtype\":\"I8\"}}",
     0U,
     "\"a\" says \"dtype\" twice"},
    {"{\"a\":{\"shape\":[2],\"shape\":[2]}}", 0U, "says \"shape\" twice"},
    {"{\"a\":{\"data_offsets\":[0,2],\"data_offsets\":[0,2]}}",
     0U,
     "says \"data_offsets\" twice"},
    {"{\"a\":{\"color\":\"red\"}}", 0U, "\"a\" says \"color\" of itself"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[2]}}", 2U, "\"a\" lacks"},
    {"{\"a\":{\"dtype\":\"I8\",\"data_offsets\":[0,2]}}", 2U, "\"a\" lacks"},
    {"{\"a\":{\"shape\":[2],\"data_offsets\":[0,2]}}", 2U, "\"a\" lacks"},

    // Types
    {"{" T("a", "F16", "1", "0,2") "}", 2U, "\"a\" is of type \"F16\""},
    {"{" T("a", "BF16", "1", "0,2") "}", 2U, "\"BF16\""},
    {"{" T("a", "i8", "2", "0,2") "}", 2U, "\"i8\""},
    {"{" T("a", "I8 ", "2", "0,2") "}", 2U, "\"I8 \""},
    {"{" T("a", "I64", "1", "0,8") "}", 8U, "\"I64\""},
    {"{" T("a", "", "1", "0,8") "}", 8U, "\"\""},

    // Shapes
    {"{" A("", "0,1") "}", 1U, "\"a\" has no dimensions"},
    {"{" A("0", "0,0") "}", 0U, "\"a\" has a dimension of 0"},
    {"{" A("2,0", "0,0") "}", 0U, "\"a\" has a dimension of 0"},
    {"{" A("1,1,1,1,2", "0,2") "}", 2U, "\"a\" has more than 4 dimensions"},
    {"{" A("268435457", "0,2") "}", 2U, "a dimension of 268435457"},
    {"{" A("4294967298", "0,2") "}", 2U, "a dimension of 4294967298"},

    // Products that overflow to what is there: 2^64, 2^32 and 2^64 bytes
    {"{" A("65536,65536,65536,65536", "0,0") "}", 0U, "\"a\" has 0 bytes"},
    {"{" A("65536,65536", "0,0") "}", 0U, "\"a\" has 0 bytes"},
    {"{" T("a", "U64", "134217728,134217728,128", "0,0") "}",
     0U,
     "\"a\" has 0 bytes"},

    // Sizes
    {"{" A("3", "0,2") "}", 2U, "\"a\" has 2 bytes of data"},
    {"{" A("1", "0,2") "}", 2U, "\"a\" has 2 bytes of data"},
    {"{" A("2,2", "0,2") "}", 2U, "\"a\" has 2 bytes of data"},
    {"{" A("2", "0,0") "}", 0U, "\"a\" has 0 bytes of data"},
    {"{" T("a", "F32", "2", "0,2") "}", 2U, "\"a\" has 2 bytes of data"},
    {"{" T("a", "F32", "2", "0,7") "}", 7U, "\"a\" has 7 bytes of data"},
    {"{" T("a", "U64", "1", "0,4") "}", 4U, "\"a\" has 4 bytes of data"},

    // Spans
    {"{" A("2", "0,2") "}", 1U, "\"a\" goes from byte 0 to 2, but there are 1"},
    {"{" A("2", "1,3") "}", 2U, "goes from byte 1 to 3"},
    {"{" A("2", "2,0") "}", 2U, "goes from byte 2 to 0"},
    {"{" A("2", "9007199254740990,9007199254740992") "}",
     2U,
     "goes from byte 9007199254740990"},
    {"{" A("2", "1,3") "}", 3U, "leaves a gap at byte 0"},
    {"{" A("2", "0,2") "}", 3U, "1 bytes after the last tensor"},
    {"{}", 5U, "5 bytes after the last tensor"},
    {"{" A("2", "0,2") "," T("b", "I8", "2", "0,2") "}", 2U, "at byte 2"},
    {"{" A("2", "0,2") "," T("b", "I8", "2", "0,2") "}", 4U, "at byte 2"},
    {"{" A("4", "0,4") "," T("b", "I8", "4", "2,6") "}", 6U, "at byte 4"},
    {"{" A("2", "0,2") "," T("b", "I8", "2", "3,5") "}", 5U, "at byte 2"},
    {"{" A("6", "0,6") "," T("b", "I8", "2", "2,4") "}", 6U, "at byte 6"},
    {"{" A("1",
           "0,1") "," T("b", "I8", "1", "1,2") "," T("c", "I8", "1", "1,2") "}",
     2U,
     "at byte 2"},
  };
  for (size_t i = 0U; i < sizeof(cases) / sizeof(cases[0]); ++i) {
    check_json_refused(cases[i].json, cases[i].n_data, cases[i].words);
  }
}

static void
test_sentences_of_long_names(void)
{
  // A name may be as long as the header; the sentence ends all the same
  static char  json[16000];
  const size_t n = 15000U;
  memcpy(json, "{\"", 2U);
  memset(json + 2U, 'x', n);
  strcpy(json + 2U + n, "\":{\"dtype\":\"F8\"}}");
  check_json_refused(json, 0U, "\" is of type \"F8\"");
  strcpy(json + 2U + n, "\":{\"shape\":[1,1,1,1,1]}}");
  check_json_refused(json, 0U, "more than 4 dimensions");
  memcpy(json, "{\"a\":{\"dtype\":\"", 15U);
  strcpy(json + 2U + n, "\"}}");
  check_json_refused(json, 0U, "only I8, F32 and U64");
}

static void
test_lengths_that_cannot_be(void)
{
  static File file;
  for (size_t n = 0U; n < 8U; ++n) {
    char words[64];
    memset(&file, 0, 8U);
    file.n = n;
    snprintf(words, sizeof(words), "only %zu bytes", n);
    check_refused(&file, words);
  }
  file.n = 8U;
  check_refused(&file, "'{' expected at byte 0");

  static const struct {
    uint64_t    length;
    const char* words;
  } cases[] = {
    {6U, "should have 6 bytes, but 5 are there"},
    {1U << 22U, "should have 4194304 bytes"},
    {(1U << 22U) + 1U, "does not begin as a safetensors file"},
    {UINT64_C(1) << 32U, "does not begin as a safetensors file"},
    {UINT64_C(0xFFFFFFFFFFFFFFF8), "does not begin as a safetensors file"},
    {UINT64_MAX, "does not begin as a safetensors file"},
    {1U, "'\"' expected at byte 1"},
    {4U, "3 bytes after the last tensor"}, // The length is that of "{}  "
  };
  for (size_t i = 0U; i < sizeof(cases) / sizeof(cases[0]); ++i) {
    put_file(&file, i == 7U ? "{}     " : "{}   ", 0U);
    put_length(&file, cases[i].length);
    check_refused(&file, cases[i].words);
  }

  // Text is no model, whatever it begins with
  file.n = 40U;
  memset(file.bytes, 'M', 40U);
  check_refused(&file, "does not begin as a safetensors file");
}

static void
test_too_large_for_a_model(void)
{
  // Nothing of it is read before its size is looked at
  const uint8_t bytes[8] = {2U};
  Trouble       trouble  = {""};
  Model*        model    = NULL;
  CHECK(model_parse(bytes, (size_t)MODEL_FILE_MAX + 1U, &model, &trouble) ==
        STATUS_BAD_FILE);
  CHECK(!model && strstr(trouble.text, "more than 268435456 bytes"));

  // A file with a hole, that takes no room on the disk
  FILE* const file = fopen(inside("large"), "wb");
  CHECK(file);
  if (file) {
    fclose(file);
    CHECK(!truncate(inside("large"), (off_t)MODEL_FILE_MAX + 1));
    CHECK(model_load(inside("large"), &model, &trouble) == STATUS_BAD_FILE);
    CHECK(!model && strstr(trouble.text, "more than 268435456 bytes"));
    CHECK(strstr(trouble.text, "/large"));
    unlink(inside("large"));
  }
}

/// A header of `n` texts, or of `n` tensors of a byte each
static void
put_many(File* const file, const uint32_t n, const bool are_texts)
{
  static char json[MAX_BYTES];
  size_t      at = (size_t)snprintf(
    json, sizeof(json), "%s", are_texts ? "{\"__metadata__\":{" : "{");
  for (uint32_t i = 0U; i < n; ++i) {
    at += (size_t)snprintf(json + at,
                           sizeof(json) - at,
                           are_texts ? "%s\"%u\":\"\""
                                     : "%s\"%u\":{\"dtype\":\"I8\",\"shape\":"
                                       "[1],\"data_offsets\":[%u,%u]}",
                           i ? "," : "",
                           i,
                           i,
                           i + 1U);
  }
  snprintf(json + at, sizeof(json) - at, are_texts ? "}}" : "}");
  put_file(file, json, are_texts ? 0U : n);
}

static void
test_too_many_entries(void)
{
  static File file;
  Model*      model = NULL;
  put_many(&file, 1024U, true);
  CHECK(!parse(&file, &model, NULL));
  CHECK(model && model_n_texts(model) == 1024U);
  model_free(model);
  put_many(&file, 1025U, true);
  check_refused(&file, "more than 1024 metadata entries");
  put_many(&file, 1024U, false);
  CHECK(!parse(&file, &model, NULL));
  CHECK(model && model_n_tensors(model) == 1024U);
  model_free(model);
  put_many(&file, 1025U, false);
  check_refused(&file, "more than 1024 tensors");
}

static void
test_numbers_that_are_not_finite(void)
{
  static const uint32_t bits[] = {
    0x7F800000U, // Infinity
    0xFF800000U,
    0x7FC00000U, // Not a number
    0xFFC00000U,
    0x7F800001U,
    0xFFFFFFFFU,
  };
  static File file;
  for (size_t i = 0U; i < sizeof(bits) / sizeof(bits[0]); ++i) {
    for (size_t at = 0U; at < 3U; ++at) {
      char words[64];
      put_file(&file, "{" T("a", "F32", "3", "0,12") "}", 12U);
      uint8_t* const to = file.bytes + file.n - 12U + 4U * at;
      for (uint32_t b = 0U; b < 4U; ++b) {
        to[b] = (uint8_t)(bits[i] >> (8U * b));
      }
      snprintf(
        words, sizeof(words), "Number %zu of tensor \"a\" is not finite", at);
      check_refused(&file, words);
    }
  }

  // The largest of those that are, and the same bits in other types
  put_file(&file, "{" T("a", "F32", "1", "0,4") "}", 4U);
  memcpy(file.bytes + file.n - 4U, "\xFF\xFF\x7F\x7F", 4U);
  Model* model = NULL;
  CHECK(!parse(&file, &model, NULL));
  model_free(model);
  put_file(&file, "{" T("a", "I8", "4", "0,4") "}", 4U);
  memcpy(file.bytes + file.n - 4U, "\xFF\xFF\xFF\x7F", 4U);
  CHECK(!parse(&file, &model, NULL));
  model_free(model);
}

// -------------------------------------------------------- damage of any kind

/// Names of keys: what is done to a file
enum { DRAW_WAY = 1, DRAW_COUNT, DRAW_PLACE, DRAW_BYTE };

/// Damage a file in a way that depends on the key
static void
damage(File* const file, const uint64_t key)
{
  static const char inserts[] = "{}[]\",:\\u09 \x80\xFF";
  const uint32_t    n         = 1U + rng_below(key, DRAW_COUNT, 4U);
  for (uint32_t i = 0U; i < n && file->n; ++i) {
    const uint64_t k     = rng_key(key, i);
    const uint32_t way   = rng_below(k, DRAW_WAY, 16U);
    const uint32_t size  = (uint32_t)file->n;
    const uint32_t place = rng_below(k, DRAW_PLACE, size);
    uint8_t* const at    = file->bytes + place;
    if (way < 8U) {
      *at ^= (uint8_t)(1U << rng_below(k, DRAW_BYTE, 8U));
    } else if (way < 10U) {
      *at = (uint8_t)rng_below(k, DRAW_BYTE, 256U);
    } else if (way < 12U) {
      memmove(at + 1, at, file->n - place);
      *at = (uint8_t)inserts[rng_below(k, DRAW_BYTE, sizeof(inserts) - 1U)];
      ++file->n;
    } else if (way < 14U) {
      memmove(at, at + 1, file->n - place - 1U);
      --file->n;
    } else if (way < 15U) {
      file->n = place;
    } else {
      // The length of the header, by a little
      file->bytes[0] = (uint8_t)(file->bytes[0] + rng_below(k, DRAW_BYTE, 9U));
    }
  }
}

/// A small net's file: one hot input of three, a unit, two outputs
static void
put_net(File* const file)
{
  static const struct {
    const char* name;
    const char* dtype;
    const char* shape;
    unsigned    size; ///< Bytes
  } tensors[] = {
    {"lstm0.w_in.scale", "F32", "4", 16U},
    {"lstm0.w_hid.scale", "F32", "4", 16U},
    {"lstm0.bias", "F32", "4", 16U},
    {"out.w.scale", "F32", "2", 8U},
    {"out.bias", "F32", "2", 8U},
    {"lstm0.w_in", "I8", "4,4", 16U},
    {"lstm0.w_hid", "I8", "4,1", 4U},
    {"out.w", "I8", "2,1", 2U},
  };

  char     json[2000] = "{\"__metadata__\":{\"n_hot_inputs\":\"3\","
                        "\"n_hot\":\"1\",\"n_dense\":\"1\","
                        "\"n_layers\":\"1\",\"n_hidden\":\"1\","
                        "\"n_out\":\"2\",\"card\":\"\\u00fc\xC3\xBC\\n\"}";
  unsigned at         = 0U;
  for (size_t i = 0U; i < sizeof(tensors) / sizeof(tensors[0]); ++i) {
    const size_t n = strlen(json);
    snprintf(json + n,
             sizeof(json) - n,
             ",\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],"
             "\"data_offsets\":[%u,%u]}",
             tensors[i].name,
             tensors[i].dtype,
             tensors[i].shape,
             at,
             at + tensors[i].size);
    at += tensors[i].size;
  }
  strcat(json, "}");
  put_file(file, json, at);
}

/// Read what may be damaged and, if that can be done, use it
static Status
read_and_use(const File* const file)
{
  Trouble trouble = {""};
  Model*  model   = NULL;
  Net*    net     = NULL;
  Status  st      = parse(file, &model, &trouble);
  CHECK(st ? !model && trouble.text[0] : model && !trouble.text[0]);
  CHECK(!st || st == STATUS_BAD_FILE);
  if (!st) {
    CHECK(model_id(model));
    st = net_new(model, &net, &trouble);
    CHECK(st ? !net && trouble.text[0] : net && !trouble.text[0]);
    CHECK(!st || st == STATUS_BAD_FILE);
  }
  net_free(net);
  model_free(model);
  return st;
}

static void
test_damaged_files_do_no_harm(void)
{
  static File good;
  static File file;
  uint32_t    n_good = 0U;
  uint32_t    n_bad  = 0U;
  put_net(&good);
  CHECK(!read_and_use(&good));
  for (uint32_t i = 0U; i < 6000U; ++i) {
    copy_file(&file, &good);
    damage(&file, rng_key(rng_seed(4U), i));
    if (read_and_use(&file)) {
      ++n_bad;
    } else {
      ++n_good;
    }
  }
  printf("# of 6000 damaged files %u were still good\n", n_good);
  CHECK(n_good > 100U && n_bad > 3000U);
}

static void
test_cut_anywhere(void)
{
  static File good;
  static File file;
  put_net(&good);
  for (size_t n = 0U; n < good.n; ++n) {
    copy_file(&file, &good);
    file.n = n;
    CHECK(read_and_use(&file) == STATUS_BAD_FILE);
  }
  copy_file(&file, &good);
  ++file.n;
  CHECK(read_and_use(&file) == STATUS_BAD_FILE);
}

// ------------------------------------------------------------ paths and disks

static void
check_not_loaded(const char* const path,
                 const Status      status,
                 const char* const words)
{
  Trouble trouble = {""};
  Model*  model   = NULL;
  CHECK(model_load(path, &model, &trouble) == status && !model);
  CHECK(strstr(trouble.text, words));
  CHECK(model_load(path, &model, NULL) == status && !model);

  // However long it is, its end is told
  const char* const name = strrchr(path, '/');
  CHECK(strstr(trouble.text, name ? name + 1 : path));
}

static void
test_what_is_not_loaded(void)
{
  static char long_path[600];
  memset(long_path, 'x', sizeof(long_path) - 1U);
  memcpy(long_path, "/tmp/", 5U);
  memcpy(long_path + sizeof(long_path) - 6U, "/last", 5U);

  CHECK(!mkdir(inside("folder"), 0777));
  CHECK(!mkfifo(inside("pipe"), 0666));
  check_not_loaded(inside("none"), STATUS_NO_FILE, "No such file");
  check_not_loaded(inside("none/a"), STATUS_NO_FILE, "No such file");
  check_not_loaded(inside("folder"), STATUS_NO_FILE, "It is not a file");
  check_not_loaded(inside("pipe"), STATUS_NO_FILE, "It is not a file");
  check_not_loaded("/dev/zero", STATUS_NO_FILE, "It is not a file");
  check_not_loaded(long_path, STATUS_NO_FILE, "File name too long");
  check_not_loaded("", STATUS_NO_FILE, "No such file");

  static File file;
  file.n = 3U;
  write_file(inside("short"), &file);
  check_not_loaded(inside("short"), STATUS_BAD_FILE, "only 3 bytes");
  check_not_loaded(inside("short/a"), STATUS_NO_FILE, "Not a directory");
  put_file(&file, "{" A("3", "0,2") "}", 2U);
  write_file(inside("wrong"), &file);
  check_not_loaded(inside("wrong"), STATUS_BAD_FILE, "\"a\" has 2 bytes");
  CHECK(!rmdir(inside("folder")));
  CHECK(!unlink(inside("pipe")));
  CHECK(!unlink(inside("short")));
  CHECK(!unlink(inside("wrong")));
  CHECK(!count_names());
}

static void
check_not_saved(const char* const path, const Model* const model)
{
  Trouble trouble = {""};
  CHECK(model_save(path, model, &trouble) == STATUS_NO_WRITE);
  CHECK(strstr(trouble.text, strrchr(path, '/')));
  CHECK(strchr(trouble.text, ' ')); // And why
  CHECK(model_save(path, model, NULL) == STATUS_NO_WRITE);
}

static void
test_whole_or_not_at_all(void)
{
  static File  first;
  static File  second;
  Model* const model = make_model();

  // Over a folder: the file was written, and cannot get its name
  CHECK(!mkdir(inside("folder"), 0777));
  check_not_saved(inside("folder"), model);
  CHECK(count_names() == 1U);
  CHECK(!rmdir(inside("folder")));

  check_not_saved(inside("none/a"), model);
  check_not_saved("/dev/null/a", model);
  CHECK(!count_names());

  // Over an older file, which is replaced and not written into
  first.n = 2U;
  memcpy(first.bytes, "hi", 2U);
  write_file(inside("a"), &first);
  CHECK(!link(inside("a"), inside("older")));
  CHECK(!model_save(inside("a"), model, NULL));
  read_file(inside("older"), &second);
  CHECK(second.n == 2U && !memcmp(second.bytes, "hi", 2U));
  CHECK(count_names() == 2U);
  CHECK(!unlink(inside("older")));
  CHECK(!unlink(inside("a")));
  model_free(model);
}

/// The number that the next file to be opened gets
static int
next_file(void)
{
  const int fd = open("/dev/null", O_RDONLY);
  CHECK(fd >= 0 && !close(fd));
  return fd;
}

static void
test_files_are_closed(void)
{
  static File  file;
  Model* const model = make_model();
  Model*       again = NULL;
  const int    next  = next_file();
  file.n             = 3U;
  write_file(inside("short"), &file);
  CHECK(model_load(inside("short"), &again, NULL) == STATUS_BAD_FILE);
  CHECK(model_load(folder.path, &again, NULL) == STATUS_NO_FILE);
  CHECK(!model_save(inside("a"), model, NULL));
  CHECK(!model_load(inside("a"), &again, NULL));
  CHECK(model_save(folder.path, model, NULL) == STATUS_NO_WRITE);
  CHECK(next_file() == next);
  CHECK(!unlink(inside("short")));
  CHECK(!unlink(inside("a")));
  model_free(again);
  model_free(model);
}

// --------------------------------------------------------------------- memory

static void
test_parse_without_memory(void)
{
  static File   file;
  bool          has_failed = true;
  uint32_t      n          = 0U;
  uint32_t      n_tensors  = 0U;
  const int64_t n_live     = failing_alloc_n_live();
  put_net(&file);
  while (has_failed) {
    Trouble trouble = {""};
    Model*  model   = NULL;
    failing_alloc_begin(++n);
    const Status st = model_parse(file.bytes, file.n, &model, &trouble);
    has_failed      = failing_alloc_end();
    CHECK(st == (has_failed ? STATUS_NO_MEM : STATUS_SUCCESS));
    CHECK(!model == has_failed);
    CHECK(!has_failed || strstr(trouble.text, "memory"));
    CHECK(!has_failed || failing_alloc_n_live() == n_live);
    n_tensors = model ? model_n_tensors(model) : 0U;
    model_free(model);
    CHECK(failing_alloc_n_live() == n_live);
  }
  // Its own four, the five of model_new(), and one for each tensor
  CHECK(n == 10U + n_tensors);
}

static void
test_files_without_memory(void)
{
  const char* const path  = inside("a");
  Model* const      model = make_model();
  bool              has_failed;
  uint32_t          n;

  const int64_t n_live = failing_alloc_n_live();
  for (n = 0U, has_failed = true; has_failed;) {
    Trouble trouble = {""};
    unlink(path);
    failing_alloc_begin(++n);
    const Status st = model_save(path, model, &trouble);
    has_failed      = failing_alloc_end();
    CHECK(st == (has_failed ? STATUS_NO_MEM : STATUS_SUCCESS));
    CHECK(!has_failed || strstr(trouble.text, path));
    CHECK(failing_alloc_n_live() == n_live);
    CHECK(count_names() == (has_failed ? 0U : 1U));
  }
  CHECK(n > 2U);

  for (n = 0U, has_failed = true; has_failed;) {
    Trouble trouble = {""};
    Model*  again   = NULL;
    failing_alloc_begin(++n);
    const Status st = model_load(path, &again, &trouble);
    has_failed      = failing_alloc_end();
    CHECK(st == (has_failed ? STATUS_NO_MEM : STATUS_SUCCESS));
    CHECK(!again == has_failed);
    CHECK(!has_failed || strstr(trouble.text, path));
    model_free(again);
    CHECK(failing_alloc_n_live() == n_live);
  }
  CHECK(n == 11U + model_n_tensors(model));
  CHECK(!unlink(path));
  model_free(model);
}

static void
test_refusals_keep_nothing(void)
{
  static File   good;
  static File   file;
  const int64_t n_live = failing_alloc_n_live();
  put_net(&good);
  for (uint32_t i = 0U; i < 1000U; ++i) {
    copy_file(&file, &good);
    damage(&file, rng_key(rng_seed(5U), i));
    (void)read_and_use(&file);
    CHECK(failing_alloc_n_live() == n_live);
  }

  // What is found out last of all
  put_file(&file, "{" T("a", "F32", "1", "0,4") "}", 4U);
  memset(file.bytes + file.n - 4U, 0xFF, 4U);
  CHECK(read_and_use(&file) == STATUS_BAD_FILE);
  CHECK(failing_alloc_n_live() == n_live);
}

int
main(void)
{
  if (!folder_make(&folder)) {
    SKIP_ALL("there can be no folder in /tmp");
  }
  RUN(test_round_trip);
  RUN(test_an_empty_model);
  RUN(test_file_is_as_others_expect);
  RUN(test_any_valid_json);
  RUN(test_escapes);
  RUN(test_strings_that_cannot_be);
  RUN(test_headers_that_are_no_json);
  RUN(test_deep_nesting);
  RUN(test_tensors_that_cannot_be);
  RUN(test_sentences_of_long_names);
  RUN(test_lengths_that_cannot_be);
  RUN(test_too_large_for_a_model);
  RUN(test_too_many_entries);
  RUN(test_numbers_that_are_not_finite);
  RUN(test_damaged_files_do_no_harm);
  RUN(test_cut_anywhere);
  RUN(test_what_is_not_loaded);
  RUN(test_whole_or_not_at_all);
  RUN(test_files_are_closed);
  if (failing_alloc_is_able()) {
    RUN(test_parse_without_memory);
    RUN(test_files_without_memory);
    RUN(test_refusals_keep_nothing);
  } else {
    printf("skip the tests without memory: this build has an allocator of its "
           "own\n");
  }
  folder_free(&folder);
  CHECK_END();
}
