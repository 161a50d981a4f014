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
#include "plugin/ui/folder.h"
#include "plugin/ui/ui_model.h"

#include <stdbool.h>
#include <stdint.h>

#define TAKE_MAX_PATH FOLDER_MAX_PATH

typedef enum {
  TAKE_PHRASE, ///< The phrases that sound now, from their beginning
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
   @param is_new Whether it was not there before.  May be null.
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
           bool*          is_new,
           Trouble*       trouble);

#endif // PERPETUO_PLUGIN_UI_TAKE_H
