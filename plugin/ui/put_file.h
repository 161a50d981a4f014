// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Put files into their places, whole or not at all.

   A file is written beside its place, under a hidden name, and brought to the
   disk before it gets its own.  Nothing is left behind when that fails, and
   what was wrong is told in a sentence.  Thread: the window's.
*/
#ifndef PERPETUO_PLUGIN_UI_PUT_FILE_H
#define PERPETUO_PLUGIN_UI_PUT_FILE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Longest path with its terminator
#define PUT_MAX_PATH 4096U

/// Room for a path within a sentence
#define PUT_MAX_SHOWN 160U

/// A path as a sentence can hold it: what is too long loses its beginning.
/// @param shown (PUT_MAX_SHOWN)  @return It.
const char*
put_shown(const char* path, char* shown);

/// Whether there is a folder at a path, perhaps by way of links
bool
put_is_folder(const char* path);

/// Make a folder, with what is above it, unless it is there.
/// @return STATUS_NO_WRITE
NODISCARD Status
put_folder(const char* path, Trouble* trouble);

/**
   Put bytes under a name that nobody has: STEM.ENDING, or STEM-2.ENDING and so
   on.  Where one of these has the same bytes already, it stays.

   @param folder Absolute, and there.
   @param path (PUT_MAX_PATH) Of the file that has the bytes now.
   @param is_new Whether it was not there before.
   @return STATUS_NO_WRITE
*/
NODISCARD Status
put_new(const char*    folder,
        const char*    stem,
        const char*    ending,
        const uint8_t* bytes,
        size_t         n_bytes,
        char*          path,
        bool*          is_new,
        Trouble*       trouble);

/// Put bytes in place of a file, whose permissions stay, or where none was.
/// @return STATUS_NO_WRITE
NODISCARD Status
put_over(const char*    path,
         const uint8_t* bytes,
         size_t         n_bytes,
         Trouble*       trouble);

#endif // PERPETUO_PLUGIN_UI_PUT_FILE_H
