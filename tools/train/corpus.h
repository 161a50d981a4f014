// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Folders of MIDI files as music to learn from.

   Every file is read, its melody and drum lines are picked by track name,
   channel and shape, its key is found and brought to one tonic, onsets are
   brought to the grid (sixteenths or triplets, beat by beat), and the piece is
   put into one split by a hash of its content.  What was taken, what was left
   and why is told in a report.
*/
#ifndef PERPETUO_TOOLS_TRAIN_CORPUS_H
#define PERPETUO_TOOLS_TRAIN_CORPUS_H

#include "compose/vocab.h"
#include "learn/dataset.h"
#include "music/chord.h"

#include <stdint.h>
#include <stdio.h>

/// One part of one piece on the grid
typedef struct {
  Part      part;
  uint32_t  n_notes;
  GridNote* notes;    ///< Sorted by grid; melody pitches relative to the tonic
  char      name[48]; ///< The track it was
  uint32_t  i_stave;  ///< And its number among the song's (tools/train/lines.h)
  Chord*    chords;   ///< Melody: (n_bars, CHORDS_PER_BAR) and one more, which
                      ///< is CHORD_UNKNOWN: what all others play
} Line;

/// One piece: lines that sound together, and what is known of each bar.  A
/// file with several metres or keys becomes several pieces of one split.
typedef struct {
  char*    path;           ///< Relative to the corpus folder
  uint64_t hash;           ///< Of its content (notes), not of its bytes or name
  int      style;          ///< A Style, or -1 when the map names none
  uint16_t group;          ///< Row of the map, or 0 without one
  float    share[N_PARTS]; ///< How much of what is drawn in training is of
                           ///< its group, relative to other groups
  uint8_t  split;          ///< A Split
  int8_t   tonic;          ///< Pitch class that was brought to 0
  int8_t   mode;           ///< +1 major, -1 minor, 0 unknown
  Metre    metre;          ///< One metre; a change of metre ends the piece
  uint32_t n_bars;
  int8_t*  energy; ///< (n_bars) -127 .. 127, 0 where not known
  uint8_t* fill;   ///< (n_bars) a Fill
  uint32_t n_lines;
  Line*    lines; ///< Melody lines first, then at most one line of drums
} Piece;

typedef struct {
  uint32_t n_pieces;
  Piece*   pieces; ///< In order of path
  uint32_t n_left; ///< Files that gave nothing
} Corpus;

typedef struct {
  const char* folder;
  const char* map;    ///< Path of a TSV (tools/train/corpus_map.h), or null:
                      ///< a folder named as a style's symbol is that style
  uint32_t max_files; ///< 0 for all; fewer are taken evenly from the list
  FILE*    report;    ///< A line for each file, and sums; null for none
} CorpusOptions;

/// Read a folder.  STATUS_NO_FILE when there is none or it holds no music,
/// STATUS_BAD_FILE when the map is broken; single bad files are only reported.
NODISCARD Status
corpus_read(const CorpusOptions* options, Corpus** corpus, Trouble* trouble);

/// Null is allowed
void
corpus_free(Corpus* corpus);

/**
   The training data of a part's model.

   Pieces are cut into sequences of up to 16 bars that start at a multiple of
   four bars and hold no four bars of silence; dense inputs are measured over
   each four bars, and left unknown now and then.  Weights share out what is
   drawn by groups, as the map says.  `set` is initialised here.
*/
NODISCARD Status
corpus_dataset(const Corpus* corpus, Part part, Dataset* set, Trouble* trouble);

/**
   One phrase cut out of a line: notes with onsets from the start of bar
   `i_bar`, cut at the end of the phrase.

   @param notes Room for `max_notes`.
   @return Number of notes.
*/
uint32_t
corpus_phrase(const Piece* piece,
              const Line*  line,
              uint32_t     i_bar,
              uint32_t     n_bars,
              GridNote*    notes,
              uint32_t     max_notes);

#endif // PERPETUO_TOOLS_TRAIN_CORPUS_H
