// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "compose/model_folder.h"
#include "tests/folder.h"
#include "tests/tiny_models.h"

#include <string.h>

static Folder folder;

static const char*
path_of(const char* const name)
{
  static char path[256];
  snprintf(path, sizeof(path), "%s/%s", folder.path, name);
  return path;
}

/// Write a model and read it as a melody generator; what is said of it
static Status
read_back(const TinyModel* const tiny, Trouble* const trouble)
{
  const char* const path   = path_of("melody.safetensors");
  Loaded            loaded = {NULL, NULL, 0U, {0}};
  trouble->text[0]         = '\0';
  CHECK(!tiny_model_write(tiny, path, trouble));
  const Status st =
    model_folder_read(path, MODEL_GENERATOR, PART_MELODY, &loaded, trouble);
  CHECK(!st == (loaded.net != NULL));
  loaded_clear(&loaded);
  return st;
}

static void
test_the_right_one_is_taken(void)
{
  const TinyModel tiny    = {.part = PART_MELODY, .n_layers = 2U};
  Trouble         trouble = {""};
  CHECK(!read_back(&tiny, &trouble));
  CHECK(!trouble.text[0]);
}

static void
test_the_wrong_ones_are_told_apart(void)
{
  static const struct {
    TinyModel   tiny;
    const char* said;
  } rows[] = {
    {{.part = PART_DRUMS}, "part \"drums\""},
    {{.part = PART_MELODY, .job = MODEL_GATE}, "kind \"gate\""},
    {{.part = PART_MELODY, .part_name = "bass"}, "part \"bass\""},
    {{.part = PART_MELODY, .vocab_version = "99"}, "vocab_version \"99\""},
    {{.part = PART_MELODY, .vocab_version = ""}, "vocab_version \"\""},
    {{.part = PART_MELODY, .styles = "house,polka"}, "styles \"house,polka\""},
    {{.part = PART_MELODY, .styles = ""}, "\"house as style 1\""},
    {{.part = PART_MELODY, .n_more_inputs = 1U}, "n_hot_inputs"},
  };
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    Trouble trouble;
    CHECK(read_back(&rows[i].tiny, &trouble) == STATUS_MISMATCH);
    CHECK(strstr(trouble.text, rows[i].said));
    CHECK(strstr(trouble.text, "melody.safetensors"));
    CHECK(strstr(trouble.text, "train it again"));
  }
}

static void
test_broken_files_are_refused(void)
{
  const char* const path    = path_of("melody.safetensors");
  Loaded            loaded  = {NULL, NULL, 0U, {0}};
  Trouble           trouble = {""};
  FILE* const       file    = fopen(path, "wb");
  CHECK(file);
  if (file) {
    fputs("no model", file);
    fclose(file);
  }
  CHECK(
    model_folder_read(path, MODEL_GENERATOR, PART_MELODY, &loaded, &trouble) ==
    STATUS_BAD_FILE);
  CHECK(strstr(trouble.text, "melody.safetensors"));
  CHECK(!loaded.net && !loaded.model);
  remove(path);

  trouble.text[0] = '\0';
  CHECK(model_folder_find(
          folder.path, MODEL_GENERATOR, PART_MELODY, 0U, &loaded, &trouble) ==
        STATUS_NO_FILE);
  CHECK(strstr(trouble.text, "melody.safetensors"));
}

/// Write a model; its id
static uint64_t
put(const char* const name, const uint64_t seed)
{
  const TinyModel tiny    = {.part = PART_DRUMS, .seed = seed};
  Loaded          loaded  = {NULL, NULL, 0U, {0}};
  Trouble         trouble = {""};
  const char*     path    = path_of(name);
  CHECK(!tiny_model_write(&tiny, path, &trouble));
  CHECK(
    !model_folder_read(path, MODEL_GENERATOR, PART_DRUMS, &loaded, &trouble));
  const uint64_t id = loaded.id;
  loaded_clear(&loaded);
  return id;
}

/// Find the drums of an id; the id that was found, or 0
static uint64_t
find(const uint64_t wanted, Trouble* const trouble)
{
  Loaded loaded    = {NULL, NULL, 0U, {0}};
  trouble->text[0] = '\0';
  const Status st  = model_folder_find(
    folder.path, MODEL_GENERATOR, PART_DRUMS, wanted, &loaded, trouble);
  const uint64_t id = st ? 0U : loaded.id;
  loaded_clear(&loaded);
  return id;
}

static void
test_older_models_are_found_by_id(void)
{
  const uint64_t newest = put("drums.safetensors", 1U);
  const uint64_t older  = put("drums-1.safetensors", 2U);
  const uint64_t third  = put("drums_x.safetensors", 3U);
  Trouble        trouble;
  CHECK(newest != older && older != third);
  CHECK(find(0U, &trouble) == newest && !trouble.text[0]);
  CHECK(find(newest, &trouble) == newest && !trouble.text[0]);
  CHECK(find(older, &trouble) == older && !trouble.text[0]);
  CHECK(find(third, &trouble) == third && !trouble.text[0]);
  CHECK(find(12345U, &trouble) == newest && !trouble.text[0]);

  // An older one plays even where the newest is broken
  FILE* const file = fopen(path_of("drums.safetensors"), "wb");
  CHECK(file);
  if (file) {
    fclose(file);
  }
  CHECK(find(older, &trouble) == older && !trouble.text[0]);
  CHECK(find(0U, &trouble) == 0U && trouble.text[0]);
  CHECK(find(12345U, &trouble) == 0U && trouble.text[0]);
}

static void
test_all_that_are_missing_are_said(void)
{
  static const uint64_t ids[] = {
    0x3039U, 0x1111111111111111U, 0x2222222222222222U, 0x3333333333333333U};
  char    longest[400];
  Trouble trouble = {"as it was"};
  model_folder_say_missing("models", ids, 0U, &trouble);
  CHECK(!strcmp(trouble.text, "as it was"));
  model_folder_say_missing("models", ids, 1U, &trouble);
  CHECK(strstr(trouble.text, "The model 0000000000003039 that"));
  CHECK(strstr(trouble.text, "the older file there"));

  // Whole also with each of them and a folder far away
  memset(longest, 'x', sizeof(longest) - 1U);
  longest[sizeof(longest) - 1U] = '\0';
  model_folder_say_missing(longest, ids, 4U, &trouble);
  CHECK(strstr(trouble.text, "0000000000003039, 1111111111111111, "));
  CHECK(strstr(trouble.text, "3333333333333333 that"));
  CHECK(strstr(trouble.text, "to have them back"));
}

static void
test_names(void)
{
  char name[MODEL_FOLDER_MAX_NAME];
  model_folder_name(MODEL_GATE, PART_DRUMS, name);
  CHECK(!strcmp(name, "gate_drums.safetensors"));
  model_folder_name(MODEL_GENERATOR, PART_MELODY, name);
  CHECK(!strcmp(name, "melody.safetensors"));
}

int
main(void)
{
  if (!folder_make(&folder)) {
    fprintf(stderr, "No folder\n");
    return 1;
  }
  RUN(test_the_right_one_is_taken);
  RUN(test_the_wrong_ones_are_told_apart);
  RUN(test_broken_files_are_refused);
  RUN(test_older_models_are_found_by_id);
  RUN(test_all_that_are_missing_are_said);
  RUN(test_names);
  folder_free(&folder);
  CHECK_END();
}
