// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "nn/model.h"

#include "tests/failing_alloc.h"

#include <stdbool.h>
#include <string.h>

static const TensorSpec specs[] = {
  {"w", TENSOR_I8, 2U, {3U, 5U, 0U, 0U}},
  {"bias", TENSOR_F32, 1U, {7U, 0U, 0U, 0U}},
  {"seeds", TENSOR_U64, 4U, {2U, 1U, 3U, 2U}},
};

static const ModelText texts[] = {
  {"kind", "generator"},
  {"n_hidden", "48"},
  {"card", "Made for a test"},
  {"card.loss", "2.5"},
};

#define N_SPECS 3U
#define N_TEXTS 4U

/// What the tensors hold
static const int8_t   w[15]     = {1, -2, 3, -4, 5, -6, 7, -128, 127};
static const float    bias[7]   = {0.5f, -0.25f, 1e-30f, -3e38f};
static const uint64_t seeds[12] = {UINT64_MAX, 1U, 0U, UINT64_C(1) << 63U};

/// Find a tensor and fill it
static void
set(const Model* const model, const char* const name, const void* const data)
{
  const Tensor* const tensor = model_find(model, name);
  if (tensor) {
    memcpy(tensor->data, data, tensor_size(tensor));
  }
}

static Model*
make(const TensorSpec* const tensors,
     const uint32_t          n_tensors,
     const ModelText* const  entries,
     const uint32_t          n_entries)
{
  Model* model = NULL;
  CHECK(!model_new(tensors, n_tensors, entries, n_entries, &model));
  CHECK(model);
  if (model) {
    set(model, "w", w);
    set(model, "bias", bias);
    set(model, "seeds", seeds);
  }
  return model;
}

static void
test_tensors_are_there(void)
{
  Model* model = NULL;
  CHECK(!model_new(specs, N_SPECS, texts, N_TEXTS, &model));
  CHECK(model_n_tensors(model) == N_SPECS);
  for (uint32_t i = 0U; i < N_SPECS; ++i) {
    const Tensor* const t    = model_tensor(model, i);
    const uint8_t*      data = (const uint8_t*)t->data;
    CHECK(!strcmp(t->name, specs[i].name) && t->name != specs[i].name);
    CHECK(t->type == specs[i].type && t->rank == specs[i].rank);
    CHECK(
      !memcmp(t->shape, specs[i].shape, t->rank * sizeof(specs[i].shape[0])));
    CHECK((uintptr_t)data % 64U == 0U);
    CHECK(model_find(model, specs[i].name) == t);
    for (size_t b = 0U; b < tensor_size(t); ++b) {
      CHECK(!data[b]);
    }
  }
  CHECK(tensor_size(model_tensor(model, 0U)) == 15U);
  CHECK(tensor_size(model_tensor(model, 1U)) == 28U);
  CHECK(tensor_size(model_tensor(model, 2U)) == 96U);
  CHECK(!model_find(model, "none") && !model_find(model, ""));
  CHECK(!model_find(model, "bia") && !model_find(model, "bias "));
  model_free(model);
}

static void
test_data_do_not_touch(void)
{
  // What is written into one tensor is in none of the others
  Model* const model = make(specs, N_SPECS, texts, N_TEXTS);
  CHECK(!memcmp(model_find(model, "w")->data, w, sizeof(w)));
  CHECK(!memcmp(model_find(model, "bias")->data, bias, sizeof(bias)));
  CHECK(!memcmp(model_find(model, "seeds")->data, seeds, sizeof(seeds)));
  CHECK(!strcmp(model_text(model, "card.loss"), "2.5"));
  model_free(model);
}

static void
test_texts_are_copied(void)
{
  char             key[]  = "key";
  char             text[] = "text";
  char             name[] = "name";
  const ModelText  entry  = {key, text};
  const TensorSpec tensor = {name, TENSOR_I8, 1U, {1U, 0U, 0U, 0U}};
  Model*           model  = NULL;
  CHECK(!model_new(&tensor, 1U, &entry, 1U, &model));
  key[0] = text[0] = name[0] = '!';
  CHECK(!strcmp(model_text(model, "key"), "text"));
  CHECK(!strcmp(model_tensor(model, 0U)->name, "name"));
  model_free(model);
}

static void
test_texts_are_found(void)
{
  Model* const model = make(specs, N_SPECS, texts, N_TEXTS);
  CHECK(model_n_texts(model) == N_TEXTS);
  for (uint32_t i = 0U; i < N_TEXTS; ++i) {
    const ModelText text = model_text_at(model, i);
    CHECK(!strcmp(text.key, texts[i].key));
    CHECK(!strcmp(text.text, texts[i].text));
    CHECK(model_text(model, texts[i].key) == text.text);
  }
  CHECK(!model_text(model, "none") && !model_text(model, ""));
  CHECK(!model_text(model, "card.") && !model_text(model, "car"));
  model_free(model);
}

static void
test_numbers(void)
{
  static const struct {
    const char* text;
    uint32_t    number; ///< 77 is the fallback
  } cases[] = {
    {"0", 0U},
    {"48", 48U},
    {"007", 7U},
    {"4294967295", UINT32_MAX},
    {"4294967296", 77U},
    {"18446744073709551617", 77U}, // 2^64 + 1
    {"99999999999999999999999999", 77U},
    {"", 77U},
    {"-1", 77U},
    {"+1", 77U},
    {" 1", 77U},
    {"1 ", 77U},
    {"1.0", 77U},
    {"0x10", 77U},
    {"many", 77U},
  };
  for (size_t i = 0U; i < sizeof(cases) / sizeof(cases[0]); ++i) {
    const ModelText entry = {"n", cases[i].text};
    Model* const    model = make(NULL, 0U, &entry, 1U);
    CHECK(model_number(model, "n", 77U) == cases[i].number);
    CHECK(model_number(model, "m", 78U) == 78U);
    model_free(model);
  }
}

static void
test_an_empty_model(void)
{
  Model* const model = make(NULL, 0U, NULL, 0U);
  CHECK(!model_n_tensors(model) && !model_n_texts(model));
  CHECK(!model_find(model, "w") && !model_text(model, "kind"));
  CHECK(model_id(model));
  model_free(model);
  model_free(NULL);
}

static void
test_what_cannot_be_is_refused(void)
{
  static const struct {
    const char* why;
    uint32_t    n;
    TensorSpec  tensors[5];
  } cases[] = {
    {"no rank", 1U, {{"a", TENSOR_I8, 0U, {1U, 1U, 1U, 1U}}}},
    {"rank 5", 1U, {{"a", TENSOR_I8, 5U, {1U, 1U, 1U, 1U}}}},
    {"empty", 1U, {{"a", TENSOR_I8, 2U, {4U, 0U, 0U, 0U}}}},
    {"no name", 1U, {{NULL, TENSOR_I8, 1U, {4U, 0U, 0U, 0U}}}},
    {"no type", 1U, {{"a", N_TENSOR_TYPES, 1U, {4U, 0U, 0U, 0U}}}},
    {"2^64 bytes",
     1U,
     {{"a", TENSOR_I8, 4U, {1U << 16U, 1U << 16U, 1U << 16U, 1U << 16U}}}},
    {"2^64 bytes of few numbers",
     1U,
     {{"a", TENSOR_U64, 2U, {1U << 31U, 1U << 30U, 0U, 0U}}}},
    {"2^64 + 4 bytes",
     1U,
     {{"a", TENSOR_F32, 2U, {UINT32_MAX, UINT32_MAX, 0U, 0U}}}},
    {"more than 2^63 bytes together",
     5U,
     {{"a", TENSOR_I8, 2U, {1U << 31U, 1U << 30U, 0U, 0U}},
      {"b", TENSOR_I8, 2U, {1U << 31U, 1U << 30U, 0U, 0U}},
      {"c", TENSOR_I8, 2U, {1U << 31U, 1U << 30U, 0U, 0U}},
      {"d", TENSOR_I8, 2U, {1U << 31U, 1U << 30U, 0U, 0U}},
      {"e", TENSOR_I8, 2U, {1U << 31U, 1U << 30U, 0U, 0U}}}},
    {"a name twice",
     2U,
     {{"a", TENSOR_I8, 1U, {4U, 0U, 0U, 0U}},
      {"a", TENSOR_F32, 1U, {4U, 0U, 0U, 0U}}}},
  };
  for (size_t i = 0U; i < sizeof(cases) / sizeof(cases[0]); ++i) {
    Model*       model = NULL;
    const Status st = model_new(cases[i].tensors, cases[i].n, NULL, 0U, &model);
    if (st != STATUS_BAD_ARG || model) {
      printf("# %s\n", cases[i].why);
    }
    CHECK(st == STATUS_BAD_ARG && !model);
  }

  static const ModelText bad[][2] = {
    {{"a", "1"}, {"a", "2"}},
    {{"a", "1"}, {NULL, "2"}},
    {{"a", "1"}, {"b", NULL}},
  };
  for (size_t i = 0U; i < sizeof(bad) / sizeof(bad[0]); ++i) {
    Model* model = NULL;
    CHECK(model_new(specs, N_SPECS, bad[i], 2U, &model) == STATUS_BAD_ARG);
    CHECK(!model);
  }
}

/* The id */

static uint64_t
id_of(const TensorSpec* const tensors,
      const uint32_t          n_tensors,
      const ModelText* const  entries,
      const uint32_t          n_entries)
{
  Model* const   model = make(tensors, n_tensors, entries, n_entries);
  const uint64_t id    = model_id(model);
  model_free(model);
  return id;
}

static uint64_t
id_of_all(void)
{
  return id_of(specs, N_SPECS, texts, N_TEXTS);
}

static void
test_id_is_pinned(void)
{
  // FNV-1a by the book, over what model.c says, for one tensor and one text
  static const uint8_t bytes[] = {'n', 0U, TENSOR_F32, 2U, 2U,  0U, 0U,  0U,
                                  1U,  0U, 0U,         0U, 0U,  0U, 0U,  0U,
                                  0U,  0U, 0U,         0U, 'k', 0U, 't', 0U};
  const TensorSpec     tensor  = {"n", TENSOR_F32, 2U, {2U, 1U, 0U, 0U}};
  const ModelText      entry   = {"k", "t"};
  uint64_t             hash    = UINT64_C(0xCBF29CE484222325);
  for (size_t i = 0U; i < sizeof(bytes); ++i) {
    hash = (hash ^ bytes[i]) * UINT64_C(0x00000100000001B3);
  }
  CHECK(id_of(&tensor, 1U, &entry, 1U) == hash);

  // The same on every machine: projects ask for models by it
  printf("# %016llx\n", (unsigned long long)id_of_all());
  CHECK(id_of_all() == UINT64_C(0xb729f6322cf74879));
}

static void
test_id_of_any_order(void)
{
  static const uint32_t orders[][3] = {
    {0U, 1U, 2U},
    {0U, 2U, 1U},
    {1U, 0U, 2U},
    {1U, 2U, 0U},
    {2U, 0U, 1U},
    {2U, 1U, 0U},
  };
  const uint64_t id = id_of_all();
  for (size_t k = 0U; k < sizeof(orders) / sizeof(orders[0]); ++k) {
    TensorSpec tensors[N_SPECS];
    ModelText  entries[N_TEXTS];
    for (uint32_t i = 0U; i < N_SPECS; ++i) {
      tensors[i] = specs[orders[k][i]];
      entries[i] = texts[orders[k][i]];
    }
    entries[3] = texts[3];
    CHECK(id_of(tensors, N_SPECS, entries, N_TEXTS) == id);
  }
}

static void
test_id_of_other_data(void)
{
  // Every bit of every tensor counts
  const uint64_t id    = id_of_all();
  Model* const   model = make(specs, N_SPECS, texts, N_TEXTS);
  for (uint32_t i = 0U; i < N_SPECS; ++i) {
    const Tensor* const t    = model_tensor(model, i);
    uint8_t* const      data = (uint8_t*)t->data;
    for (size_t bit = 0U; bit < 8U * tensor_size(t); ++bit) {
      data[bit / 8U] ^= (uint8_t)(1U << (bit % 8U));
      CHECK(model_id(model) != id);
      data[bit / 8U] ^= (uint8_t)(1U << (bit % 8U));
    }
  }
  CHECK(model_id(model) == id);
  model_free(model);
}

static void
test_id_of_other_specs(void)
{
  static const TensorSpec others[] = {
    {"v", TENSOR_I8, 2U, {3U, 5U, 0U, 0U}}, // Another name
    {"w", TENSOR_I8, 2U, {5U, 3U, 0U, 0U}}, // Shapes of as many numbers
    {"w", TENSOR_I8, 1U, {15U, 0U, 0U, 0U}},
    {"w", TENSOR_I8, 3U, {3U, 5U, 1U, 0U}},
  };
  const uint64_t id = id_of_all();
  for (size_t i = 0U; i < sizeof(others) / sizeof(others[0]); ++i) {
    TensorSpec tensors[N_SPECS];
    Model*     model = NULL;
    memcpy(tensors, specs, sizeof(specs));
    tensors[0] = others[i];
    CHECK(!model_new(tensors, N_SPECS, texts, N_TEXTS, &model));
    memcpy(model_tensor(model, 0U)->data, w, sizeof(w));
    set(model, "bias", bias);
    set(model, "seeds", seeds);
    CHECK(model_id(model) != id);
    model_free(model);
  }
  CHECK(id_of(specs, 2U, texts, N_TEXTS) != id);

  // The same shape, and the same bytes, as another type
  static const TensorSpec as[] = {
    {"t", TENSOR_F32, 1U, {2U, 0U, 0U, 0U}},
    {"t", TENSOR_U64, 1U, {2U, 0U, 0U, 0U}},
    {"t", TENSOR_I8, 1U, {8U, 0U, 0U, 0U}},
  };
  CHECK(id_of(&as[0], 1U, NULL, 0U) != id_of(&as[1], 1U, NULL, 0U));
  CHECK(id_of(&as[0], 1U, NULL, 0U) != id_of(&as[2], 1U, NULL, 0U));
}

static void
test_id_and_texts(void)
{
  static const struct {
    uint32_t  i; ///< Which text is changed
    ModelText to;
    bool      decides;
  } changes[] = {
    {0U, {"kind", "gate"}, true},
    {0U, {"kinds", "generator"}, true},
    {1U, {"n_hidden", "49"}, true},
    {1U, {"n_hidden", ""}, true},
    {2U, {"card", "Made for another test"}, false},
    {2U, {"cards", "Made for a test"}, false}, // It begins so
    {2U, {"car", "Made for a test"}, true},
    {2U, {"a card", "Made for a test"}, true},
    {3U, {"card.loss", "3.5"}, false},
    {3U, {"card.seed", "2.5"}, false},
    {3U, {"Card.loss", "2.5"}, true},
  };
  const uint64_t id = id_of_all();
  for (size_t i = 0U; i < sizeof(changes) / sizeof(changes[0]); ++i) {
    ModelText entries[N_TEXTS];
    memcpy(entries, texts, sizeof(texts));
    entries[changes[i].i] = changes[i].to;
    CHECK((id_of(specs, N_SPECS, entries, N_TEXTS) != id) ==
          changes[i].decides);
  }
  CHECK(id_of(specs, N_SPECS, texts, 2U) == id);
  CHECK(id_of(specs, N_SPECS, texts, 1U) != id);
  CHECK(id_of(specs, N_SPECS, NULL, 0U) != id);

  // Where a key ends counts
  static const ModelText left  = {"ab", "c"};
  static const ModelText right = {"a", "bc"};
  CHECK(id_of(NULL, 0U, &left, 1U) != id_of(NULL, 0U, &right, 1U));
}

static void
test_data_can_be_dropped(void)
{
  Model* model = NULL;
  CHECK(!model_new(specs, N_SPECS, texts, N_TEXTS, &model));
  model_drop(model, 1U);
  CHECK(!model_tensor(model, 1U)->data);
  CHECK(model_tensor(model, 0U)->data && model_tensor(model, 2U)->data);
  CHECK(model_find(model, specs[1].name) == model_tensor(model, 1U));
  CHECK(tensor_size(model_tensor(model, 1U)));
  model_drop(model, 1U);
  model_free(model);
}

static void
test_every_allocation_may_fail(void)
{
  const int64_t n_live     = failing_alloc_n_live();
  bool          has_failed = true;
  uint32_t      n          = 0U;
  while (has_failed) {
    Model* model = NULL;
    failing_alloc_begin(++n);
    const Status st = model_new(specs, N_SPECS, texts, N_TEXTS, &model);
    has_failed      = failing_alloc_end();
    CHECK(st == (has_failed ? STATUS_NO_MEM : STATUS_SUCCESS));
    CHECK(!model == has_failed);
    CHECK(!has_failed || failing_alloc_n_live() == n_live);
    model_free(model);
    CHECK(failing_alloc_n_live() == n_live);
  }
  // The model, its three lists, its names, and data for each
  CHECK(n == 6U + N_SPECS);
}

int
main(void)
{
  RUN(test_tensors_are_there);
  RUN(test_data_do_not_touch);
  RUN(test_texts_are_copied);
  RUN(test_texts_are_found);
  RUN(test_numbers);
  RUN(test_an_empty_model);
  RUN(test_what_cannot_be_is_refused);
  RUN(test_id_is_pinned);
  RUN(test_id_of_any_order);
  RUN(test_id_of_other_data);
  RUN(test_id_of_other_specs);
  RUN(test_id_and_texts);
  if (failing_alloc_is_able()) {
    RUN(test_data_can_be_dropped);
    RUN(test_every_allocation_may_fail);
  } else {
    printf("skip test_every_allocation_may_fail: this build has an allocator "
           "of its own\n");
  }
  CHECK_END();
}
