// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "compose/model_folder.h"
#include "compose/shelf.h"
#include "tests/failing_alloc.h"
#include "tests/folder.h"
#include "tests/tiny_models.h"

#include <string.h>
#include <time.h>

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
  CHECK(!loaded.net && !loaded.shelved);
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

// One copy for all -----------------------------------------------------------

static Loaded
take(const char* const name)
{
  Loaded  loaded  = {NULL, NULL, 0U, {0}};
  Trouble trouble = {""};
  CHECK(!model_folder_read(
    path_of(name), MODEL_GENERATOR, PART_DRUMS, &loaded, &trouble));
  return loaded;
}

static void
test_a_model_is_there_once(void)
{
  const int64_t n_live = failing_alloc_n_live();
  (void)put("drums.safetensors", 1U);
  (void)put("drums-copy.safetensors", 1U);
  CHECK(shelf_n_models() == 0U);

  Loaded one   = take("drums.safetensors");
  Loaded two   = take("drums.safetensors");
  Loaded three = take("drums-copy.safetensors"); // Another file of this id
  CHECK(one.net && one.net == two.net && one.net == three.net);
  CHECK(shelf_n_models() == 1U);

  loaded_clear(&one);
  CHECK(!one.net && shelf_n_models() == 1U);
  CHECK(net_shape(three.net)->n_hidden == 24U);
  loaded_clear(&three);
  loaded_clear(&two);
  loaded_clear(&two);
  CHECK(shelf_n_models() == 0U);
  CHECK(failing_alloc_n_live() == n_live);
}

static void
test_a_changed_file_is_another_model(void)
{
  const uint64_t id  = put("drums.safetensors", 1U);
  Loaded         old = take("drums.safetensors");
  CHECK(put("drums.safetensors", 2U) != id);

  // Of the same size, and hardly older: but the old one stays for who has it
  Loaded fresh = take("drums.safetensors");
  CHECK(old.net != fresh.net && old.id == id && fresh.id != id);
  CHECK(shelf_n_models() == 2U);
  loaded_clear(&old);
  CHECK(shelf_n_models() == 1U);
  loaded_clear(&fresh);
  CHECK(shelf_n_models() == 0U);
}

static void
test_what_is_another_file(void)
{
  const FileMark mark = {1U, 2U, 3U, {4, 5}, {6, 7}, true};
  FileMark       others[8];
  CHECK(shelf_is_same_file(&mark, &mark));
  for (unsigned i = 0U; i < 8U; ++i) {
    others[i] = mark;
  }
  others[0].device      = 9U;
  others[1].inode       = 9U;
  others[2].size        = 9U;
  others[3].modified[0] = 9;
  others[4].modified[1] = 9;
  others[5].changed[0]  = 9;
  others[6].changed[1]  = 9;
  others[7].has_rested  = false;
  for (unsigned i = 0U; i < 8U; ++i) {
    CHECK(!shelf_is_same_file(&mark, &others[i]));
    CHECK(!shelf_is_same_file(&others[i], &mark));
  }
  CHECK(!shelf_look(path_of("nothing")).has_rested);
}

static void
test_a_file_at_rest_is_not_read_again(void)
{
  const struct timespec nap = {0, 100000000};
  (void)put("drums.safetensors", 1U);
  CHECK(!shelf_look(path_of("drums.safetensors")).has_rested);
  for (unsigned i = 0U;
       i < 100U && !shelf_look(path_of("drums.safetensors")).has_rested;
       ++i) {
    (void)nanosleep(&nap, NULL);
  }

  Loaded one = take("drums.safetensors");
  failing_alloc_begin(1U);
  Loaded two = take("drums.safetensors");
  CHECK(!failing_alloc_end()); // Nothing was asked for
  CHECK(one.net == two.net && one.id == two.id);

  // For something else it is as wrong as before
  Loaded  three   = {NULL, NULL, 0U, {0}};
  Trouble trouble = {""};
  CHECK(model_folder_read(path_of("drums.safetensors"),
                          MODEL_GENERATOR,
                          PART_MELODY,
                          &three,
                          &trouble) == STATUS_MISMATCH);
  CHECK(!three.net && strstr(trouble.text, "part"));
  loaded_clear(&one);
  loaded_clear(&two);
  CHECK(shelf_n_models() == 0U);
}

static void
test_every_allocation_may_fail(void)
{
  const int64_t n_live     = failing_alloc_n_live();
  bool          has_failed = failing_alloc_is_able();
  uint32_t      n          = 0U;
  (void)put("drums.safetensors", 1U);
  while (has_failed) {
    Loaded  loaded  = {NULL, NULL, 0U, {0}};
    Trouble trouble = {""};
    failing_alloc_begin(++n);
    const Status st = model_folder_read(path_of("drums.safetensors"),
                                        MODEL_GENERATOR,
                                        PART_DRUMS,
                                        &loaded,
                                        &trouble);
    has_failed      = failing_alloc_end();
    CHECK(st == (has_failed ? STATUS_NO_MEM : STATUS_SUCCESS));
    CHECK(!loaded.net == has_failed);
    CHECK(!has_failed || shelf_n_models() == 0U);
    loaded_clear(&loaded);
    CHECK(failing_alloc_n_live() == n_live);
  }
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
  RUN(test_a_model_is_there_once);
  RUN(test_a_changed_file_is_another_model);
  RUN(test_what_is_another_file);
  RUN(test_a_file_at_rest_is_not_read_again);
  RUN(test_every_allocation_may_fail);
  RUN(test_all_that_are_missing_are_said);
  RUN(test_names);
  folder_free(&folder);
  CHECK_END();
}
