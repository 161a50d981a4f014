// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/shelf.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/// A file that changed less than this before it was looked at may change again
/// within one tick of its clock, s
enum { REST_S = 3 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Shelved*        first;

void
shelf_lock(void)
{
  (void)pthread_mutex_lock(&lock);
}

void
shelf_unlock(void)
{
  (void)pthread_mutex_unlock(&lock);
}

FileMark
shelf_look(const char* const path)
{
  FileMark        mark = {0U, 0U, 0U, {0, 0}, {0, 0}, false};
  struct stat     about;
  struct timespec now;
  if (stat(path, &about) || clock_gettime(CLOCK_REALTIME, &now)) {
    return mark;
  }

  mark.device      = (uint64_t)about.st_dev;
  mark.inode       = (uint64_t)about.st_ino;
  mark.size        = (uint64_t)about.st_size;
  mark.modified[0] = (int64_t)about.st_mtim.tv_sec;
  mark.modified[1] = (int64_t)about.st_mtim.tv_nsec;
  mark.changed[0]  = (int64_t)about.st_ctim.tv_sec;
  mark.changed[1]  = (int64_t)about.st_ctim.tv_nsec;
  mark.has_rested  = mark.changed[0] + REST_S < (int64_t)now.tv_sec;
  return mark;
}

bool
shelf_is_same_file(const FileMark* const a, const FileMark* const b)
{
  return a->has_rested && b->has_rested && a->device == b->device &&
         a->inode == b->inode && a->size == b->size &&
         !memcmp(a->modified, b->modified, sizeof(a->modified)) &&
         !memcmp(a->changed, b->changed, sizeof(a->changed));
}

Shelved*
shelf_find_file(const FileMark* const file, const unsigned use)
{
  Shelved* s = first;
  while (s && (s->use != use || !shelf_is_same_file(&s->file, file))) {
    s = s->next;
  }
  return s;
}

Shelved*
shelf_find_id(const uint64_t id, const unsigned use)
{
  Shelved* s = first;
  while (s && (s->use != use || s->id != id)) {
    s = s->next;
  }
  return s;
}

Shelved*
shelf_put(const Shelved* const fresh)
{
  Shelved* const shelved = (Shelved*)malloc(sizeof(Shelved));
  if (shelved) {
    *shelved         = *fresh;
    shelved->n_users = 0U;
    shelved->next    = first;
    first            = shelved;
  }
  return shelved;
}

void
shelf_take(Shelved* const shelved)
{
  ++shelved->n_users;
}

void
shelf_give_back(Shelved* const shelved)
{
  if (!shelved) {
    return;
  }

  shelf_lock();
  const bool is_over = !--shelved->n_users;
  if (is_over) {
    Shelved** at = &first;
    while (*at != shelved) {
      at = &(*at)->next;
    }
    *at = shelved->next;
  }
  shelf_unlock();

  // Nobody finds it any more
  if (is_over) {
    net_free(shelved->net);
    model_free(shelved->model);
    free(shelved);
  }
}

uint32_t
shelf_n_models(void)
{
  uint32_t n = 0U;
  shelf_lock();
  for (const Shelved* s = first; s; s = s->next) {
    ++n;
  }
  shelf_unlock();
  return n;
}
