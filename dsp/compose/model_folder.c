// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/model_folder.h"

#include "compose/gate.h"
#include "compose/vocab.h"
#include "music/style.h"
#include "nn/model_file.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENDING ".safetensors"

/// Longest path that is put together
#define MAX_PATH 2048U

typedef struct {
  const char* prefix; ///< Of file names
  const char* kind;   ///< As files state it
} JobRow;

static const JobRow jobs[N_MODEL_JOBS] = {
  [MODEL_GENERATOR] = {"", "generator"},
  [MODEL_GATE]      = {"gate_", "gate"},
};

static const char* const part_names[N_PARTS] = {
  [PART_MELODY] = "melody",
  [PART_DRUMS]  = "drums",
};

void
loaded_clear(Loaded* const loaded)
{
  shelf_give_back(loaded->shelved);
  memset(loaded, 0, sizeof(*loaded));
}

void
model_folder_name(const ModelJob job, const Part part, char* const name)
{
  (void)snprintf(name,
                 MODEL_FOLDER_MAX_NAME,
                 "%s%s" ENDING,
                 jobs[job].prefix,
                 part_names[part]);
}

// ------------------------------------------------------------- does it fit?

/// What is looked at, and for whom
typedef struct {
  const char* path;
  ModelJob    job;
  Part        part;
  Trouble*    trouble;
} Check;

static Status
mismatch(const Check* const check,
         const char* const  what,
         const char* const  stated,
         const char* const  wanted)
{
  return trouble_say(check->trouble,
                     STATUS_MISMATCH,
                     "The model \"%s\" states %s \"%.60s\", where \"%.60s\" is "
                     "needed: take the models that belong to this version, or "
                     "train it again",
                     check->path,
                     what,
                     stated ? stated : "(nothing)",
                     wanted);
}

static Status
check_text(const Check* const check,
           const Model* const model,
           const char* const  key,
           const char* const  wanted)
{
  const char* const stated = model_text(model, key);
  return stated && !strcmp(stated, wanted)
           ? STATUS_SUCCESS
           : mismatch(check, key, stated, wanted);
}

/// Symbols in order of the table, commas between.  The same table must have
/// been there when the model learned.
static Status
check_styles(const Check* const check, const Model* const model)
{
  const char* const stated = model_text(model, "styles");
  const char*       rest   = stated ? stated : "";
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    const char* const symbol = style_row((Style)i)->symbol;
    const size_t      n      = strlen(symbol);
    const char        after  = i + 1U < N_STYLES ? ',' : '\0';
    if (strncmp(rest, symbol, n) != 0 || rest[n] != after) {
      char place[48];
      (void)snprintf(place, sizeof(place), "%.24s as style %u", symbol, i + 1U);
      return mismatch(check, "styles", stated, place);
    }
    rest += n + 1U;
  }
  return STATUS_SUCCESS;
}

static Status
check_texts(const Check* const check, const Model* const model)
{
  char version[16];
  (void)snprintf(version, sizeof(version), "%u", VOCAB_VERSION);

  Status st = check_text(check, model, "kind", jobs[check->job].kind);
  st = st ? st : check_text(check, model, "part", part_names[check->part]);
  st = st ? st : check_text(check, model, "vocab_version", version);
  return st ? st : check_styles(check, model);
}

static Status
check_shape(const Check* const check, const Net* const net)
{
  const NetShape* const shape = net_shape(net);
  const uint32_t n_out = check->job == MODEL_GATE ? (uint32_t)N_GATE_CLASSES
                                                  : vocab_n_tokens(check->part);
  const struct {
    const char* key;
    uint32_t    stated;
    uint32_t    wanted;
  } rows[] = {
    {"n_hot_inputs", shape->n_hot_inputs, vocab_n_hot_inputs(check->part)},
    {"n_hot", shape->n_hot, vocab_n_hot(check->part)},
    {"n_dense", shape->n_dense, N_DENSE},
    {"n_out", shape->n_out, n_out},
  };
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    if (rows[i].stated != rows[i].wanted) {
      char stated[16];
      char wanted[16];
      (void)snprintf(stated, sizeof(stated), "%u", rows[i].stated);
      (void)snprintf(wanted, sizeof(wanted), "%u", rows[i].wanted);
      return mismatch(check, rows[i].key, stated, wanted);
    }
  }
  return STATUS_SUCCESS;
}

/// Let go of what only a net is made of, which has a copy in an order of its
/// own
static void
drop_weights(Model* const model)
{
  for (uint32_t i = 0U; i < model_n_tensors(model); ++i) {
    const Tensor* const tensor = model_tensor(model, i);
    if (tensor->type == TENSOR_I8 && strcmp(tensor->name, QUOTES_CODES)) {
      model_drop(model, i);
    }
  }
}

/// What a model is used for, as the shelf tells uses apart
static unsigned
use_of(const Check* const check)
{
  return (unsigned)check->job * N_PARTS + (unsigned)check->part;
}

/// Make a model ready that was read; it is the shelf's after that, or freed
static Status
make_ready(const Check* const check,
           Shelved* const     fresh,
           Shelved** const    shelved)
{
  Trouble why = {""};
  Status  st  = net_new(fresh->model, &fresh->net, &why);
  if (!st && check->job == MODEL_GATE && check->part == PART_MELODY) {
    st = quotes_load(fresh->model, &fresh->quotes, &why);
  }
  if (st) {
    (void)trouble_say(
      check->trouble, st, "\"%s\": %.200s", check->path, why.text);
  }
  st = st ? st : check_shape(check, fresh->net);
  if (!st) {
    drop_weights(fresh->model);
    *shelved = shelf_put(fresh);
    st       = *shelved
                 ? st
                 : trouble_say(
               check->trouble, STATUS_NO_MEM, "%s", status_text(STATUS_NO_MEM));
  }
  if (st) {
    net_free(fresh->net);
    model_free(fresh->model);
  }
  return st;
}

/// Read a file that is not known.  Locked.
static Status
read_file(const Check* const    check,
          const FileMark* const file,
          const uint64_t        wanted,
          Shelved** const       shelved)
{
  Shelved fresh = {NULL, NULL, {0}, 0U, use_of(check), *file, 0U, NULL};
  Status  st    = model_load(check->path, &fresh.model, check->trouble);
  st            = st ? st : check_texts(check, fresh.model);
  if (st) {
    model_free(fresh.model);
    return st;
  }

  // It may have been exchanged while it was read
  const FileMark after  = shelf_look(check->path);
  fresh.file.has_rested = shelf_is_same_file(file, &after);
  fresh.id              = model_id(fresh.model);
  Shelved* const known  = shelf_find_id(fresh.id, fresh.use);
  if (known) {
    known->file = fresh.file.has_rested ? fresh.file : known->file;
    *shelved    = known;
  }
  if (known || (wanted && fresh.id != wanted)) {
    model_free(fresh.model);
    return known ? STATUS_SUCCESS : STATUS_NO_FILE;
  }
  return make_ready(check, &fresh, shelved);
}

/// Find the model of a file on the shelf, or read it.
/// @param wanted An id, any other being no success; or 0.
static Status
obtain(const Check* const check, const uint64_t wanted, Loaded* const loaded)
{
  const FileMark file = shelf_look(check->path);
  Status         st   = STATUS_SUCCESS;

  shelf_lock();
  Shelved* shelved = shelf_find_file(&file, use_of(check));
  st               = shelved ? st : read_file(check, &file, wanted, &shelved);
  if (!st && wanted && shelved->id != wanted) {
    st = STATUS_NO_FILE;
  }
  if (!st) {
    shelf_take(shelved);
  }
  shelf_unlock();

  if (!st) {
    const Loaded found = {shelved, shelved->net, shelved->id, shelved->quotes};
    *loaded            = found;
  }
  return st;
}

Status
model_folder_read(const char* const path,
                  const ModelJob    job,
                  const Part        part,
                  Loaded* const     loaded,
                  Trouble* const    trouble)
{
  const Check check = {path, job, part, trouble};
  return obtain(&check, 0U, loaded);
}

// ----------------------------------------------------------- which one is it?

static Status
join(char* const       path,
     const char* const folder,
     const char* const name,
     Trouble* const    trouble)
{
  const int n = snprintf(path, MAX_PATH, "%s/%s", folder, name);
  return n >= 0 && (size_t)n < MAX_PATH
           ? STATUS_SUCCESS
           : trouble_say(trouble,
                         STATUS_NO_FILE,
                         "The path of the models is too long: \"%.100s...\"",
                         folder);
}

/// Whether a file may be a model for a job: "melody*.safetensors"
static bool
is_candidate(const char* const name, const ModelJob job, const Part part)
{
  const size_t n_prefix = strlen(jobs[job].prefix);
  const size_t n_part   = strlen(part_names[part]);
  const size_t n_ending = strlen(ENDING);
  const size_t n        = strlen(name);
  return n >= n_prefix + n_part + n_ending &&
         !strncmp(name, jobs[job].prefix, n_prefix) &&
         !strncmp(name + n_prefix, part_names[part], n_part) &&
         !strcmp(name + n - n_ending, ENDING);
}

/// Look through a folder for the model of an id.  Files that cannot be used
/// are passed over: they are not the one.
static Status
search(const char* const folder,
       const ModelJob    job,
       const Part        part,
       const uint64_t    wanted,
       Loaded* const     loaded)
{
  DIR* const dir = opendir(folder);
  Status     st  = STATUS_NO_FILE;
  if (!dir) {
    return st;
  }

  char* const path = (char*)malloc(MAX_PATH);
  for (struct dirent* entry = NULL; path && st && (entry = readdir(dir));) {
    const Check check = {path, job, part, NULL};
    if (is_candidate(entry->d_name, job, part) &&
        !join(path, folder, entry->d_name, NULL) &&
        !obtain(&check, wanted, loaded)) {
      st = STATUS_SUCCESS;
    }
  }
  free(path);
  (void)closedir(dir);
  return st;
}

Status
model_folder_find(const char* const folder,
                  const ModelJob    job,
                  const Part        part,
                  const uint64_t    wanted,
                  Loaded* const     loaded,
                  Trouble* const    trouble)
{
  char name[MODEL_FOLDER_MAX_NAME];
  model_folder_name(job, part, name);

  char* const path = (char*)malloc(MAX_PATH);
  if (!path) {
    return trouble_say(
      trouble, STATUS_NO_MEM, "%s", status_text(STATUS_NO_MEM));
  }

  // The plain one is looked at first: most often it is the wanted one, too
  Trouble why   = {""};
  Loaded  plain = {NULL, NULL, 0U, {0}};
  Status  st    = join(path, folder, name, &why);
  st            = st ? st : model_folder_read(path, job, part, &plain, &why);
  free(path);

  if (wanted && (st || plain.id != wanted)) {
    Loaded found = {NULL, NULL, 0U, {0}};
    if (!search(folder, job, part, wanted, &found)) {
      loaded_clear(&plain);
      plain = found;
      st    = STATUS_SUCCESS;
    }
  }
  if (st) {
    return trouble_say(
      trouble, st, "%s", why.text[0] ? why.text : status_text(st));
  }
  *loaded = plain;
  return STATUS_SUCCESS;
}

void
model_folder_say_missing(const char* const     folder,
                         const uint64_t* const ids,
                         const uint32_t        n,
                         Trouble* const        trouble)
{
  enum { ID_ROOM = 16 + sizeof(", ") };
  char     list[N_MODEL_JOBS * N_PARTS * ID_ROOM] = "";
  uint32_t n_list                                 = 0U;
  for (uint32_t i = 0U; i < n && n_list + ID_ROOM <= sizeof(list); ++i) {
    n_list += (uint32_t)snprintf(list + n_list,
                                 sizeof(list) - n_list,
                                 "%s%016" PRIx64,
                                 i ? ", " : "",
                                 ids[i]);
  }
  if (n) {
    (void)trouble_say(trouble,
                      STATUS_SUCCESS,
                      "The model%s %s that this project was made with %s not "
                      "in \"%.90s\"; going on with the newest, so phrases "
                      "will differ. Put the older file%s there to have them "
                      "back",
                      n > 1U ? "s" : "",
                      list,
                      n > 1U ? "are" : "is",
                      folder,
                      n > 1U ? "s" : "");
  }
}
