// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What the programs have in common: where they are, and where they write
#ifndef PERPETUO_TOOLS_CLI_H
#define PERPETUO_TOOLS_CLI_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define CLI_MAX_PATH 1024U

/// An option with a value: a text, or a whole number from `least` to `most`
typedef struct {
  const char*  name; ///< With its dashes
  const char** text; ///< Where it goes, or null
  uint32_t*    number;
  uint32_t     least;
  uint32_t     most;
} CliOption;

/// A program as its command line sees it
typedef struct {
  const char*      name;
  const char*      usage;
  const CliOption* options;
  uint32_t         n_options;
} CliProgram;

/**
   Read a command line of such options, "--name value" or "--name=value".

   What is wrong with it is told on the error output.
   @return True to go on; else `*status` is what to exit with.
*/
bool
cli_read(const CliProgram* program, int n_args, char** args, int* status);

/// The folder of this program, with a slash.  @param path (CLI_MAX_PATH), of
/// which 32 characters are left free.
void
cli_home(char* path);

/**
   Make a folder and those above it, and see that it can be written into:
   better told now than after the work.

   @return STATUS_NO_WRITE with a sentence.
*/
NODISCARD Status
cli_make_folders(const char* path, Trouble* trouble);

/// The exit status of a program that has printed: `status`, unless what it
/// printed did not get through, which is told on the error output
int
cli_end_output(const char* program, int status);

#endif // PERPETUO_TOOLS_CLI_H
