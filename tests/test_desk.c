// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "compose/composer.h"
#include "compose/desk.h"
#include "compose/model_folder.h"
#include "tests/failing_alloc.h"
#include "tests/folder.h"
#include "tests/tiny_models.h"

#include <pthread.h>
#include <string.h>

enum { N_THREADS = 4, N_PHRASES = 12 };

static Folder   folder;
static Loaded   loaded[N_MODEL_JOBS][N_PARTS];
static DeskNets nets;

static void
test_one_is_shared(void)
{
  const int64_t n_live = failing_alloc_n_live();
  Desks*        one    = NULL;
  Desks*        two    = NULL;
  CHECK(!desks_join(&nets, &one) && !desks_join(&nets, &two));
  CHECK(one == two);

  Desk* const desk = desks_take(one);
  desks_give_back(one, desk);
  CHECK(desks_take(two) == desk);
  desks_give_back(two, desk);
  desks_leave(one);
  CHECK(desks_take(two) == desk);
  desks_give_back(two, desk);
  desks_leave(two);
  desks_leave(NULL);
  CHECK(failing_alloc_n_live() == n_live);
}

static void
test_other_nets_have_others(void)
{
  DeskNets other               = nets;
  other.gate[PART_MELODY]      = nets.gate[PART_DRUMS];
  other.generator[PART_MELODY] = nets.generator[PART_DRUMS];
  Desks* one                   = NULL;
  Desks* two                   = NULL;
  CHECK(!desks_join(&nets, &one) && !desks_join(&other, &two));
  CHECK(one != two);
  desks_leave(one);
  desks_leave(two);
}

static void
test_only_some_are_kept(void)
{
  const int64_t n_live = failing_alloc_n_live();
  Desks*        desks  = NULL;
  Desk*         all[DESKS_MAX_IDLE + 3U];
  CHECK(!desks_join(&nets, &desks));
  const int64_t n_with_one = failing_alloc_n_live();
  for (unsigned i = 0U; i < DESKS_MAX_IDLE + 3U; ++i) {
    all[i] = desks_take(desks);
    for (unsigned j = 0U; j < i; ++j) {
      CHECK(all[i] != all[j]);
    }
  }
  for (unsigned i = 0U; i < DESKS_MAX_IDLE + 3U; ++i) {
    desks_give_back(desks, all[i]);
  }
  const int64_t n_of_one = n_with_one - n_live - 1;
  CHECK(failing_alloc_n_live() - n_live == 1 + DESKS_MAX_IDLE * n_of_one);
  desks_leave(desks);
  CHECK(failing_alloc_n_live() == n_live);
}

static void
test_every_allocation_may_fail(void)
{
  const int64_t n_live     = failing_alloc_n_live();
  bool          has_failed = failing_alloc_is_able();
  uint32_t      n          = 0U;
  while (has_failed) {
    Desks* desks = NULL;
    failing_alloc_begin(++n);
    const Status st = desks_join(&nets, &desks);
    has_failed      = failing_alloc_end();
    CHECK(st == (has_failed ? STATUS_NO_MEM : STATUS_SUCCESS));
    CHECK(!desks == has_failed);
    desks_leave(desks);
    CHECK(failing_alloc_n_live() == n_live);
  }
}

// Composers at once ----------------------------------------------------------

/// A composer's song, some phrases long
typedef struct {
  uint64_t seed;
  Phrase   phrases[N_PHRASES];
} Song;

static void*
compose(void* const data)
{
  Song* const song     = (Song*)data;
  Composer*   composer = NULL;
  if (composer_new(folder.path, NULL, &composer, NULL)) {
    return NULL;
  }
  for (unsigned i = 0U; i < N_PHRASES; ++i) {
    Request request = {.part     = (Part)(i % N_PARTS),
                       .i_phrase = (int32_t)(i / N_PARTS),
                       .metre    = {4U, 4U}};
    mix_init(&request.mix);
    request.mix.seed        = (uint32_t)song->seed;
    request.mix.phrase_bars = 1U;
    memset(&song->phrases[i], 0, sizeof(song->phrases[i]));
    composer_compose(composer, &request, &song->phrases[i]);
  }
  composer_free(composer);
  return song;
}

static void
test_composers_at_once_compose_as_alone(void)
{
  static Song alone[N_THREADS];
  static Song at_once[N_THREADS];
  pthread_t   threads[N_THREADS];
  for (unsigned i = 0U; i < N_THREADS; ++i) {
    alone[i].seed   = i + 1U;
    at_once[i].seed = i + 1U;
    CHECK(compose(&alone[i]));
  }
  for (unsigned i = 0U; i < N_THREADS; ++i) {
    CHECK(!pthread_create(&threads[i], NULL, compose, &at_once[i]));
  }
  for (unsigned i = 0U; i < N_THREADS; ++i) {
    void* song = NULL;
    CHECK(!pthread_join(threads[i], &song) && song);
    CHECK(!memcmp(&alone[i], &at_once[i], sizeof(alone[i])));
    CHECK(i == 0U || memcmp(&alone[i], &alone[0], sizeof(alone[i])));
  }
}

int
main(void)
{
  Trouble trouble = {""};
  if (!folder_make(&folder) || tiny_models_write(folder.path, 1U, &trouble)) {
    fprintf(stderr, "No models: %s\n", trouble.text);
    return 1;
  }
  for (unsigned job = 0U; job < N_MODEL_JOBS; ++job) {
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      CHECK(!model_folder_find(folder.path,
                               (ModelJob)job,
                               (Part)part,
                               0U,
                               &loaded[job][part],
                               &trouble));
      const Net** const to =
        job == MODEL_GATE ? &nets.gate[part] : &nets.generator[part];
      *to = loaded[job][part].net;
    }
  }

  RUN(test_one_is_shared);
  RUN(test_other_nets_have_others);
  RUN(test_only_some_are_kept);
  RUN(test_every_allocation_may_fail);
  RUN(test_composers_at_once_compose_as_alone);
  for (unsigned i = 0U; i < N_MODEL_JOBS * N_PARTS; ++i) {
    loaded_clear(&loaded[i / N_PARTS][i % N_PARTS]);
  }
  CHECK(shelf_n_models() == 0U);
  folder_free(&folder);
  CHECK_END();
}
