// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A recital: the built plugin plays a song in the host, and what was heard can
   be written down as a MIDI file and as a picture.

   With the duo, melody and drums alone play beside it with the same settings.
   They compose the same phrases, so their outputs say what the gate thought of
   each part.
*/
#ifndef PERPETUO_TOOLS_RECITAL_H
#define PERPETUO_TOOLS_RECITAL_H

#include "base/status.h"
#include "music/mix.h"
#include "tools/capture.h"
#include "tools/host.h"
#include "tools/piano_roll.h"
#include "tools/watch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECITAL_MAX_BARS 1024U
#define RECITAL_MAX_SETTINGS 64U

#define URI_DUO "urn:perpetuo:duo"
#define URI_MELODY "urn:perpetuo:melody"
#define URI_DRUMS "urn:perpetuo:drums"

/// A control that is not left as the preset has it
typedef struct {
  char  symbol[40];
  float value;
} RecitalSetting;

/// What is to be played.  Borrows all.
typedef struct {
  const char*           bundle; ///< Its folder
  const char*           uri;
  const char*           preset; ///< Label or URI; null for none
  int64_t               seed;   ///< Below 0: as the plugin or the preset has it
  uint32_t              n_bars;
  double                bpm;
  uint32_t              rate_hz;
  uint32_t              n_settings;
  const RecitalSetting* settings;
} RecitalWish;

/// What the gate said of a phrase of one part
typedef struct {
  bool     is_there;
  double   score; ///< 0 .. 100
  uint32_t n_tries;
} Verdict;

/// A phrase of the song
typedef struct {
  uint32_t bar;
  uint32_t n_bars;
  Verdict  melody;
  Verdict  drums;
  uint32_t n_notes;
} RecitalLine;

typedef struct {
  const RecitalWish* wish;
  Host*              host;   ///< What is heard
  Host*              melody; ///< Beside it, to know each part's score, or null
  Host*              drums;
  Watch*             watch; ///< Told before each run of `host`; null for none.
                            ///< Borrowed.
  Mix          mix;
  Metre        metre;
  uint32_t     bar; ///< The next to be played
  RollSection* sections;
  size_t       n_sections;
  RecitalLine* lines;
  size_t       n_lines;
  CaptureNote* notes; ///< Once it has ended
  size_t       n_notes;
  uint32_t     n_heard; ///< Onsets in lines so far
} Recital;

/**
   Open the hosts as wished.

   @return As host_new() and host_load_preset(); STATUS_BAD_ARG for a setting
   of no control or out of its range.  `recital` is to be closed in any case.
*/
NODISCARD Status
recital_open(Recital* recital, const RecitalWish* wish, Trouble* trouble);

/// Give everything back
void
recital_close(Recital* recital);

/// Play the next bar.  @return The line that ended with it, or null.
const RecitalLine*
recital_play_bar(Recital* recital);

/**
   End the song after the bars that were played, and put its notes together.

   @return STATUS_MISMATCH when the plugin broke a rule or a phrase was late:
   the notes are there all the same.  STATUS_NO_MEM.
*/
NODISCARD Status
recital_end(Recital* recital, Trouble* trouble);

/// The section that a bar stands in
const RollSection*
recital_section(const Recital* recital, uint32_t bar);

/// The strongest style of the mix
Style
recital_style(const Recital* recital);

/// The DrumVoice of a note, -1 when it is a melody's, N_DRUM_VOICES when it is
/// on the drums' channel and of no voice
int
recital_voice(const Recital* recital, const CaptureNote* note);

/// Write the song as a General MIDI file, whatever kit it was played on
NODISCARD Status
recital_write_midi(const Recital* recital, const char* path, Trouble* trouble);

/// Draw the song.  @param scale Of the picture, 1 for the full size.
NODISCARD Status
recital_write_picture(const Recital* recital,
                      double         scale,
                      const char*    path,
                      Trouble*       trouble);

#endif // PERPETUO_TOOLS_RECITAL_H
