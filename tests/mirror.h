// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// The mirror, a plugin for testing the host with; built when it is needed
#ifndef PERPETUO_TESTS_MIRROR_H
#define PERPETUO_TESTS_MIRROR_H

#include "tests/folder.h"

#define MIRROR "urn:perpetuo:mirror"
#define MIRROR_MAX_PATH 128

/// Build it into a folder, and write its bundle's path.  False without a
/// compiler.
static inline bool
mirror_build(const Folder* const folder, char* const bundle)
{
  char source[MIRROR_MAX_PATH + 16];
  char binary[MIRROR_MAX_PATH + 16];
  if (!folder_copy(folder, "tests/mirror.lv2")) {
    return false;
  }
  snprintf(bundle, MIRROR_MAX_PATH, "%s/mirror.lv2", folder->path);
  snprintf(source, sizeof(source), "%s/mirror.c", bundle);
  snprintf(binary, sizeof(binary), "%s/mirror.so", bundle);

  const char* const compiler = getenv("CC") ? getenv("CC") : "cc";
  const char* const words[]  = {
     compiler, "-O1", "-fPIC", "-shared", "-o", binary, source, NULL};
  return !folder_command(words);
}

#endif // PERPETUO_TESTS_MIRROR_H
