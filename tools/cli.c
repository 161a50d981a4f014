// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/cli.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FOLDER 2048U
#define MAX_NAME 64U ///< Of a file in a folder

void
cli_home(char* const path)
{
  const ssize_t n     = readlink("/proc/self/exe", path, CLI_MAX_PATH - 32U);
  path[n > 0 ? n : 0] = '\0';
  char* const slash   = strrchr(path, '/');
  if (slash) {
    slash[1] = '\0';
  } else {
    snprintf(path, CLI_MAX_PATH, "./");
  }
}

Status
cli_make_folders(const char* const path, Trouble* const trouble)
{
  char         copy[MAX_FOLDER];
  const size_t n = strlen(path);
  if (n + MAX_NAME >= sizeof(copy)) {
    return trouble_say(trouble, STATUS_NO_WRITE, "Path too long: \"%s\"", path);
  }

  memcpy(copy, path, n + 1U);
  for (size_t i = 1U; i <= n; ++i) {
    if (copy[i] == '/' || !copy[i]) {
      const char kept = copy[i];
      copy[i]         = '\0';
      if (mkdir(copy, 0777) && errno != EEXIST) {
        return trouble_say(trouble,
                           STATUS_NO_WRITE,
                           "Cannot make the folder \"%s\": %s",
                           copy,
                           strerror(errno));
      }
      copy[i] = kept;
    }
  }

  // It may have been there before
  struct stat info;
  const bool  is_folder = !stat(path, &info) && S_ISDIR(info.st_mode);
  if (!is_folder || access(path, W_OK | X_OK)) {
    return trouble_say(trouble,
                       STATUS_NO_WRITE,
                       "Cannot write into the folder \"%s\": %s",
                       path,
                       strerror(is_folder ? errno : ENOTDIR));
  }
  return STATUS_SUCCESS;
}
