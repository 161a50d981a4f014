// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What the programs have in common: where they are, and where they write
#ifndef PERPETUO_TOOLS_CLI_H
#define PERPETUO_TOOLS_CLI_H

#include "base/status.h"

#define CLI_MAX_PATH 1024U

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

#endif // PERPETUO_TOOLS_CLI_H
