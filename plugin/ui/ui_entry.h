// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// A line of text that is being typed; a plain value
#ifndef PERPETUO_PLUGIN_UI_UI_ENTRY_H
#define PERPETUO_PLUGIN_UI_UI_ENTRY_H

#include "plugin/ui/window.h"

#include <stdbool.h>
#include <stddef.h>

#define ENTRY_ROOM 4096U

typedef struct {
  bool   is_on;
  bool   is_picked; ///< All of it: what is typed takes its place
  size_t cursor;    ///< Bytes before it
  char   text[ENTRY_ROOM];
} Entry;

/// What a key was to it
typedef enum {
  ENTRY_TYPED,   ///< Part of the text, or of no meaning
  ENTRY_MEANT,   ///< The text is as it is meant
  ENTRY_GIVEN_UP ///< The text is not wanted
} EntryKey;

/// Begin with a text, behind which is typed
void
entry_begin(Entry* entry, const char* text);

/// Tab keys mean the text, too
EntryKey
entry_key(Entry* entry, const Key* key);

#endif // PERPETUO_PLUGIN_UI_UI_ENTRY_H
