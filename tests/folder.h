// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// A folder of a test's own, with what is copied into it; gone when freed
#ifndef PERPETUO_TESTS_FOLDER_H
#define PERPETUO_TESTS_FOLDER_H

#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

typedef struct {
  char path[64];
} Folder;

/// Run a program and wait for it; its exit status, or -1
static inline int
folder_command(const char* const* const words)
{
  pid_t child  = 0;
  int   status = 0;
  if (posix_spawnp(
        &child, words[0], NULL, NULL, (char* const*)(size_t)words, environ) ||
      waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
    return -1;
  }
  return WEXITSTATUS(status);
}

/// Make an empty folder; false when there can be none
static inline bool
folder_make(Folder* const self)
{
  strcpy(self->path, "/tmp/perpetuo-test-XXXXXX");
  return mkdtemp(self->path);
}

/// Copy files or folders into it
static inline bool
folder_copy(const Folder* const self, const char* const path)
{
  const char* const words[] = {"cp", "-RL", path, self->path, NULL};
  return !folder_command(words);
}

/// Take it and all in it away
static inline void
folder_free(Folder* const self)
{
  const char* const words[] = {"rm", "-rf", self->path, NULL};
  if (!strncmp(self->path, "/tmp/perpetuo-test-", 19U)) {
    (void)folder_command(words);
  }
}

#endif // PERPETUO_TESTS_FOLDER_H
