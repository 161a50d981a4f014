// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The shelf: one copy of each model in a process, for all who work with it.

   A model is there as long as somebody uses it.  It is known again in two ways:
   by its id, once it was read, and by the file that it came from, before that.
   A file is the same when device, inode, size and both its times are; only
   files that had rested for a while when they were read are known by that, so
   that none can have changed since without another time.  A changed file is
   another model, and whoever has the older one keeps it.

   The shelf is locked from the question whether a model is there until it is,
   so that no two threads read one model.  Thread: worker, setup, tools.
*/
#ifndef PERPETUO_COMPOSE_SHELF_H
#define PERPETUO_COMPOSE_SHELF_H

#include "base/status.h"
#include "compose/quotes.h"
#include "nn/model.h"
#include "nn/net.h"

#include <stdbool.h>
#include <stdint.h>

/// Which file a path leads to
typedef struct {
  uint64_t device;
  uint64_t inode;
  uint64_t size;
  int64_t  modified[2]; ///< Seconds, nanoseconds
  int64_t  changed[2];
  bool     has_rested; ///< Otherwise it may change and look the same
} FileMark;

/// A model on the shelf.  All but `n_users` and `file` stands from
/// shelf_put() on, and may be read without the lock by those who use it.
typedef struct Shelved {
  Model*          model; ///< Without what only `net` is made of
  Net*            net;
  Quotes          quotes; ///< Of a melody's gate; empty without
  uint64_t        id;
  unsigned        use; ///< What for: another use is another model
  FileMark        file;
  uint32_t        n_users;
  struct Shelved* next;
} Shelved;

void
shelf_lock(void);

void
shelf_unlock(void);

/// Look at a file.  No file looks like one that has not rested.
FileMark
shelf_look(const char* path);

/// Whether two looks at a path saw one file at rest
bool
shelf_is_same_file(const FileMark* a, const FileMark* b);

/// The model that was read from a file for a use, or null.  Locked.
Shelved*
shelf_find_file(const FileMark* file, unsigned use);

/// The model of an id, or null.  Locked.
Shelved*
shelf_find_id(uint64_t id, unsigned use);

/**
   Put a model there that nobody uses yet; model and net are the shelf's now.

   @return Null when there is no memory; then they are not.  Locked.
*/
Shelved*
shelf_put(const Shelved* fresh);

/// One more uses it.  Locked.
void
shelf_take(Shelved* shelved);

/// One less; the last one frees it.  Null is allowed.  Not locked.
void
shelf_give_back(Shelved* shelved);

/// Number of models there, for tests.  Not locked.
uint32_t
shelf_n_models(void);

#endif // PERPETUO_COMPOSE_SHELF_H
