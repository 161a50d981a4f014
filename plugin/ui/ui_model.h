// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What the window knows: the ports, where the music is, the phrases it was told
   of and the bars that were played.

   It draws nothing and asks nobody for the time, so it is tested without a
   screen.  Times are microseconds of a clock that only goes on.
*/
#ifndef PERPETUO_PLUGIN_UI_UI_MODEL_H
#define PERPETUO_PLUGIN_UI_UI_MODEL_H

#include "music/mix.h"
#include "music/note.h"
#include "music/part.h"
#include "music/phrase.h"
#include "plugin/ports.h"
#include "plugin/talk.h"

#include <stdbool.h>
#include <stdint.h>

/// Phrases and played bars that are remembered
#define UI_N_PHRASES 192U
#define UI_N_PLAYED 256U

/// A phrase as far as it was told
typedef struct {
  uint32_t   id; ///< 0: none
  TalkPhrase head;
  uint32_t   n_notes; ///< How many are here; all when it equals head.n_notes
  uint64_t   touched;
  Note       notes[PHRASE_MAX_NOTES];
} UiPhrase;

typedef struct {
  float       ports[N_PORTS];
  bool        has_place;
  TalkPlace   place;
  int64_t     place_us; ///< When it was told
  uint64_t    moment;
  UiPhrase*   phrases;  ///< (UI_N_PHRASES)
  uint32_t    n_played; ///< In `played`, sorted by count
  TalkBar     played[UI_N_PLAYED];
  TalkTrouble trouble;
  int64_t     lacks_us; ///< Since when a phrase is missing; 0 for none
  int64_t     hello_us; ///< When Hello was said last; 0 for never
  int64_t     here_us;  ///< And Here
} UiModel;

/// Ports at their defaults, nothing known.  @return false: out of memory.
bool
ui_model_init(UiModel* model);

void
ui_model_clear(UiModel* model);

/// A port has another value: that within its range, as the plugin takes it;
/// what is no number is its default
void
ui_model_set_port(UiModel* model, PortIndex index, float value);

/// The plugin said something
void
ui_model_hear(UiModel* model, const TalkMessage* message, int64_t now_us);

/// What is to be said to the plugin now: TALK_HELLO, TALK_HERE or TALK_NOTHING.
/// It counts as said.
TalkKind
ui_model_say(UiModel* model, int64_t now_us);

/// A whole phrase, or null
const UiPhrase*
ui_model_phrase(const UiModel* model, int32_t id);

/// Whether the plugin speaks to us
bool
ui_model_is_alive(const UiModel* model, int64_t now_us);

/// Ticks since the bar line, now: goes on between what is told, to the bar's
/// end
double
ui_model_tick(const UiModel* model, int64_t now_us);

/// A musical setting of the knobs as they are shown
void
ui_model_mix(const UiModel* model, Mix* mix);

/**
   What it is waiting for, in a musician's words; empty when it plays.

   Memory: static, or the model's.
*/
const char*
ui_model_words(const UiModel* model, int64_t now_us);

#endif // PERPETUO_PLUGIN_UI_UI_MODEL_H
