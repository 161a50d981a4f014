// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Watch a plugin that plays in the host, as its window does, and write what is
   seen as plain text: each phrase with what the gate said of it.

   All that is known comes from the plugin's messages, see plugin/talk.h.
*/
#ifndef PERPETUO_TOOLS_WATCH_H
#define PERPETUO_TOOLS_WATCH_H

#include "music/drum_map.h"
#include "music/note.h"
#include "music/part.h"
#include "plugin/talk.h"
#include "tools/host.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/// Columns that a line has at most
#define WATCH_WIDTH 80U

/// A phrase as far as it was told
typedef struct {
  TalkPhrase head;    ///< Its id is 0: there is none
  uint32_t   n_notes; ///< All when it equals head.n_notes
  Note       notes[PHRASE_MAX_NOTES];
} WatchPhrase;

/// What is shown of a phrase of the song: both parts, for the same bars
typedef struct {
  TalkPlace          place; ///< As it was when they were there
  uint32_t           gate;  ///< Score to reach, 0 .. 100
  DrumMap            drum_map;
  bool               has_colour;
  const WatchPhrase* parts[N_PARTS]; ///< Null: does not sound
} WatchSheet;

/**
   Write a phrase of the song.

   A column is a sixteenth, or more where bars are too long for a line.  Melody:
   o or O where a note begins, - while it rings.  Drums: x, X where one is loud,
   and : where one is soft.
*/
void
watch_print(const WatchSheet* sheet, FILE* to);

/// What the signs mean
void
watch_print_legend(FILE* to);

/// How messages are written
typedef enum {
  WATCH_SHEETS, ///< Phrases, as watch_print() has them
  WATCH_RAW     ///< Every message as it is, a line each
} WatchManner;

typedef struct Watch Watch;

/// Watch a host's plugin from now on, and listen to it alone.  Null when memory
/// is out.  Borrows both.
Watch*
watch_new(Host* host, WatchManner manner, FILE* to);

/// Null is allowed.  Not before the host's last run.
void
watch_free(Watch* watch);

/// Before each run of the host: say what is to be said to the plugin
void
watch_run(Watch* watch, uint32_t n_frames, double rate_hz);

/// Phrases of the song that were written
uint32_t
watch_n_sheets(const Watch* watch);

#endif // PERPETUO_TOOLS_WATCH_H
