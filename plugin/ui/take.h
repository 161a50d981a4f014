// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Take music away: the current phrase or the last bars as a MIDI file.

   A file is written beside its place and put there at once, under a name that
   nobody has: nothing is overwritten, and no half of a file is ever seen.  What
   was taken before is not written again.
*/
#ifndef PERPETUO_PLUGIN_UI_TAKE_H
#define PERPETUO_PLUGIN_UI_TAKE_H

#include "base/status.h"
#include "plugin/ui/ui_model.h"

#include <stdbool.h>
#include <stdint.h>

#define TAKE_MAX_PATH 4096U

typedef enum {
  TAKE_PHRASE, ///< The phrases that sound now, from their beginning
  TAKE_NEXT,   ///< Those that follow
  TAKE_BARS    ///< The last bars that were played
} TakeKind;

/// Whether there is anything to take
bool
take_is_there(const UiModel* model, TakeKind kind, uint32_t n_bars);

/**
   Write it.

   The file has a track for each part that sounds, on the part's channel, the
   tempo and every metre.  Bars whose phrase is not known are silent.

   @param n_bars For TAKE_BARS; fewer if not so many were played.
   @param folder Absolute; made, with what is above it, if it is not there.
   @param path (TAKE_MAX_PATH) Of the file.
   @return STATUS_BAD_ARG when there is nothing to take, STATUS_NO_WRITE,
   STATUS_NO_MEM, with a sentence.
   Thread: the window's.
*/
NODISCARD Status
take_write(const UiModel* model,
           TakeKind       kind,
           uint32_t       n_bars,
           const char*    folder,
           char*          path,
           Trouble*       trouble);

/**
   The folder that files go into: the one that was set last, or "Perpetuo" in
   the person's folder for music.

   Settings are one small text file, perpetuo/ui.conf in $XDG_CONFIG_HOME or
   ~/.config.
   @param folder (TAKE_MAX_PATH) Empty when there is not even a home.
*/
void
take_folder(char* folder);

/**
   Keep another folder from now on, also for other windows and sessions.

   "~" stands for the person's home.  @param folder (TAKE_MAX_PATH) The whole
   path on success.
   @return STATUS_BAD_ARG for what is no path, STATUS_NO_WRITE: then nothing has
   changed.
*/
NODISCARD Status
take_set_folder(const char* text, char* folder, Trouble* trouble);

#endif // PERPETUO_PLUGIN_UI_TAKE_H
