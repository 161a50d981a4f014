// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_entry.h"

#include <stdio.h>
#include <string.h>

void
entry_begin(Entry* const entry, const char* const text)
{
  (void)snprintf(entry->text, sizeof(entry->text), "%s", text);
  entry->cursor    = strlen(entry->text);
  entry->is_on     = true;
  entry->is_picked = false;
}

static void
insert(Entry* const entry, const char* const text)
{
  for (const char* c = text; *c; ++c) {
    const size_t n = strlen(entry->text);
    if ((unsigned char)*c < 0x20U || *c == 0x7F || n + 1U >= ENTRY_ROOM) {
      continue; // A pasted text may have lines
    }
    memmove(entry->text + entry->cursor + 1U,
            entry->text + entry->cursor,
            n - entry->cursor + 1U);
    entry->text[entry->cursor++] = *c;
  }
}

/// The place one letter of UTF-8 on
static size_t
beside(const Entry* const entry, const int direction)
{
  size_t at = entry->cursor;
  do {
    if (direction < 0 ? !at : !entry->text[at]) {
      return at;
    }
    at += (size_t)direction;
  } while (((unsigned char)entry->text[at] & 0xC0U) == 0x80U);
  return at;
}

static void
erase(Entry* const entry, const size_t from, const size_t to)
{
  memmove(entry->text + from, entry->text + to, strlen(entry->text + to) + 1U);
  entry->cursor = from;
}

EntryKey
entry_key(Entry* const entry, const Key* const key)
{
  const bool was_picked = entry->is_picked;
  const bool is_text    = key->kind == KEY_TEXT || key->kind == KEY_PASTE;
  if (is_text && !key->text[0]) {
    return ENTRY_TYPED;
  }
  entry->is_picked = false;
  switch (key->kind) {
  case KEY_TEXT:
  case KEY_PASTE:
    if (was_picked) {
      erase(entry, 0U, strlen(entry->text));
    }
    insert(entry, key->text);
    break;
  case KEY_BACKSPACE:
    erase(entry, was_picked ? 0U : beside(entry, -1), entry->cursor);
    break;
  case KEY_DELETE:
    erase(entry,
          was_picked ? 0U : entry->cursor,
          was_picked ? strlen(entry->text) : beside(entry, 1));
    break;
  case KEY_LEFT:
    entry->cursor = beside(entry, -1);
    break;
  case KEY_RIGHT:
    entry->cursor = beside(entry, 1);
    break;
  case KEY_HOME:
    entry->cursor = 0U;
    break;
  case KEY_END:
    entry->cursor = strlen(entry->text);
    break;
  case KEY_ENTER:
  case KEY_TAB:
  case KEY_BACK_TAB:
    return ENTRY_MEANT;
  case KEY_ESCAPE:
    return ENTRY_GIVEN_UP;
  case KEY_UP:
  case KEY_DOWN:
  case KEY_PAGE_UP:
  case KEY_PAGE_DOWN:
    break;
  }
  return ENTRY_TYPED;
}
