// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/cli.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
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

static bool
read_value(const CliProgram* const program,
           const CliOption* const  option,
           const char* const       value)
{
  char*      end    = NULL;
  const long number = option->number ? strtol(value, &end, 10) : 0L;
  if (option->number && (end == value || *end || number < (long)option->least ||
                         number > (long)option->most)) {
    fprintf(stderr,
            "%s: %s takes a whole number from %u to %u, not \"%s\".\n",
            program->name,
            option->name,
            option->least,
            option->most,
            value);
    return false;
  }
  if (!*value) {
    fprintf(stderr, "%s: %s takes a text.\n", program->name, option->name);
    return false;
  }
  if (option->number) {
    *option->number = (uint32_t)number;
  } else {
    *option->text = value;
  }
  return true;
}

/// The option that a word names, with or without "=value" behind it
static const CliOption*
find_option(const CliProgram* const program, const char* const word)
{
  const char* const sign = strchr(word, '=');
  const size_t      n    = sign ? (size_t)(sign - word) : strlen(word);
  for (uint32_t i = 0U; i < program->n_options; ++i) {
    const char* const name = program->options[i].name;
    if (strlen(name) == n && !strncmp(name, word, n)) {
      return &program->options[i];
    }
  }
  return NULL;
}

bool
cli_read(const CliProgram* const program,
         const int               n_args,
         char** const            args,
         int* const              status)
{
  *status = 2;
  for (int i = 1; i < n_args; ++i) {
    if (!strcmp(args[i], "--help") || !strcmp(args[i], "-h")) {
      fputs(program->usage, stdout);
      *status = 0;
      return false;
    }
    const CliOption* const option = find_option(program, args[i]);
    const char* const      sign   = strchr(args[i], '=');
    if (!option || (!sign && i + 1 == n_args)) {
      fprintf(stderr,
              "%s: The option \"%s\" is unknown or lacks its value; --help "
              "names them all.\n",
              program->name,
              args[i]);
      return false;
    }
    if (!read_value(program, option, sign ? sign + 1 : args[++i])) {
      return false;
    }
  }
  *status = 0;
  return true;
}

int
cli_end_output(const char* const program, const int status)
{
  if (fflush(stdout) || ferror(stdout)) {
    fprintf(stderr, "%s: Cannot print: %s.\n", program, strerror(errno));
    return status ? status : EXIT_FAILURE;
  }
  return status;
}
