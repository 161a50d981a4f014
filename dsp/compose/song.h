// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The plan of a song: sections, their energy and themes, fills, and what each
   phrase does with its theme.

   A pure function of mix and bar, of bounded work for any bar.  The plan comes
   round every SONG_ROUND_BARS bars and has neither beginning nor end; bar 0 is
   where an intro stands.
*/
#ifndef PERPETUO_COMPOSE_SONG_H
#define PERPETUO_COMPOSE_SONG_H

#include "compose/sketch.h"
#include "compose/vocab.h"
#include "music/harmony.h"
#include "music/mix.h"
#include "music/part.h"

#include <stdbool.h>
#include <stdint.h>

#define SONG_ROUND_BARS 64

/// Kinds of section, named as people mark them
typedef enum {
  SECTION_INTRO,
  SECTION_VERSE,
  SECTION_BUILD,
  SECTION_DROP,
  SECTION_BREAK,
  SECTION_OUTRO,
  N_SECTION_KINDS
} SectionKind;

/// The section that a bar stands in
typedef struct {
  SectionKind kind;
  int64_t     first_bar;
  uint32_t    n_bars;
  int64_t     number;       ///< Counts sections; below 0 before bar 0
  uint32_t    energy;       ///< At the bar, 0 .. 100
  uint32_t    theme_energy; ///< For which its theme is composed, 0 .. 100
  uint64_t    theme;        ///< Which theme: sections may share one
  uint64_t    harmony;      ///< And which harmony
} Section;

/// What a phrase does with the theme of its section
typedef enum {
  TREAT_REPEAT, ///< Play it; drums play fills in it
  TREAT_VARY,   ///< Begin as it does and go on otherwise
  TREAT_ANSWER, ///< Go on from it
  N_TREATMENTS
} Treatment;

/// The section that `bar` stands in.  Thread: any.
Section
song_section(const Mix* mix, int64_t bar);

/// A section's name.  Thread: any.
const char*
song_section_name(SectionKind kind);

/**
   How much of a turnaround a bar is.

   Both stand at the ends of four bars, big ones mostly at the ends of eight and
   of sections, as often as the `fill` control says.  Thread: any.
*/
Fill
song_fill(const Mix* mix, int64_t bar);

/**
   What a phrase does with its theme.

   The first of several phrases of a section states it.  The `variation` control
   says how often others leave it; at 0 none does, at 100 all do.  Where the
   energy is not the theme's, it is varied.  A rerolled phrase never just
   repeats, and the melody of a bridge always answers.

   @param bar First bar of the phrase.
   Thread: any.
*/
Treatment
song_treatment(const Mix* mix,
               Part       part,
               int64_t    bar,
               uint32_t   n_bars,
               uint32_t   reroll);

/**
   The chords of a phrase: its section's harmony, from the beginning in every
   four bars, or in every phrase if that is shorter.

   @param next The section that what comes after the phrase stands in.
   @param chords (n_bars * CHORDS_PER_BAR + 1): the last is the one after it.
   Thread: any.
*/
void
song_chords(const Mix*     mix,
            const Section* section,
            const Section* next,
            uint32_t       n_bars,
            Chord*         chords);

/**
   Whether a phrase leads from its section to the next by way of a style without
   drums: at the ends of sections, the oftener the more of these the mix has.
   Without variation there are none.

   @param bar First bar of the phrase.
   Thread: any.
*/
bool
song_is_bridge(const Mix* mix, int64_t bar, uint32_t n_bars);

/// The mix of a bridge: more of its styles without drums.  Thread: any.
Mix
song_bridge_mix(const Mix* mix);

/// How the theme of a section differs from what is usual in its styles: some of
/// it is the song's, some the theme's.  Thread: any.
Character
song_character(const Mix* mix, Part part, const Section* section);

/// Whether the song of this seed is in a minor mode, as often as the styles of
/// the mix are, when no scale decides it.  +1 major, -1 minor.  Thread: any.
int
song_mode(const Mix* mix);

#endif // PERPETUO_COMPOSE_SONG_H
