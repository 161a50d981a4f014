// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A window that files can be dropped on, as other programs have them, with its
   own connection.

   Source: XDND, drag and drop for the X window system, version 5, freedesktop.
*/
#ifndef PERPETUO_TESTS_XDND_TARGET_H
#define PERPETUO_TESTS_XDND_TARGET_H

#include "plugin/ui/window_x11.h"

#include <stdbool.h>

/// How it behaves; bits
enum {
  TARGET_REFUSES     = 1U << 0U, ///< It wants nothing
  TARGET_SAYS_NEVER  = 1U << 1U, ///< No Status
  TARGET_NO_FINISH   = 1U << 2U, ///< It takes it and says nothing more
  TARGET_DIES_AT     = 1U << 3U, ///< At the first Position
  TARGET_DIES_ON     = 1U << 4U, ///< At the Drop
  TARGET_NO_FLAG     = 1U << 5U, ///< It takes it, and says that it did not
  TARGET_ASKS_NOT    = 1U << 6U, ///< It says it took it, and never asked for it
  TARGET_HAS_PROXY   = 1U << 7U, ///< Another window hears for it
  TARGET_FALSE_PROXY = 1U << 8U, ///< It names one that is none
  TARGET_IS_ROOT     = 1U << 10U, ///< It hears for the empty screen
  TARGET_IN_FRAME    = 1U << 9U   ///< It lies in another window, as managers do
};

typedef struct {
  Display* display;
  Window   outer; ///< The window that lies on the screen
  Window   window;
  Window   listener; ///< It, or its proxy
  unsigned manner;
  long     version;
  bool     is_alive;
  Window   source;
  unsigned n_enters, n_positions, n_leaves, n_drops;
  unsigned n_strange; ///< Messages that broke the rules
  bool     owes_status;
  bool     has_uri_list;
  int      x, y; ///< Of the last Position, on the screen
  char     uri_list[16384];
  char     plain[8192];
  char     path[4096]; ///< From the list
  unsigned n_targets;  ///< That the source names
  bool     refused_nonsense;
} XdndTarget;

/// @param version What it says to speak; 0 for no XDND at all
void
target_open(XdndTarget* target, int x, int y, unsigned manner, long version);

/// Hear what came, and answer
void
target_poll(XdndTarget* target);

/// Say Status now, where TARGET_SAYS_NEVER held it back
void
target_say(XdndTarget* target);

void
target_close(XdndTarget* target);

#endif // PERPETUO_TESTS_XDND_TARGET_H
