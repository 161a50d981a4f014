// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What plugin and window say to each other, and any other program that wants to
   watch: messages as atoms, from one side and from the other.

   Every message is an atom:Object without a subject, whose type is TALK_PREFIX
   and its name, such as `Place`.  Its properties are atom:Int, atom:Float,
   atom:String, or an atom:Vector of atom:Int.  A reader passes over keys that
   it does not know, so later versions can add some.  It takes no message that
   lacks a key it knows, or has it twice, or with another type, or with a number
   out of its range.  The keys are TALK_PREFIX and these, in the order of the
   structs below:

     Hello, Here  none
     Place        state bar barTicks beats unit tick ticksPerSecond bpm iBar
                  melodyNow drumsNow melodyNext drumsNext late dropped
     Bar          count bar barTicks beats unit bpm iBar melody drums
     Phrase       id part bar bars barTicks notes score tries rejected section
                  energy fills scores
     Notes        id first words
     Trouble      text

   tick, ticksPerSecond, bpm and score are Floats, fills, scores and words are
   Vectors, whose lengths are n_fills, n_scores and three times n; text is a
   String, and all others are Ints.

   To the plugin, on its `control` input, go Hello and Here, of TALK_MAX_BYTES
   at most.  Nothing is said to nobody: the plugin speaks, on its `midi_out`
   output, for TALK_LEASE_S seconds after either of them.  After a Hello it says
   everything anew.

   A phrase has a number, its `id`, never 0, which stands for it as long as the
   instance lives.  It is said as one Phrase, followed by Notes until all of
   them are there.  Place and Bar name phrases by their numbers.  A number that
   was not said, or not in full, may be asked for with another Hello: hosts lose
   messages when they are busy.
*/
#ifndef PERPETUO_PLUGIN_TALK_H
#define PERPETUO_PLUGIN_TALK_H

#include "base/attributes.h"
#include "music/part.h"
#include "music/phrase.h"

#include <lv2/atom/atom.h>
#include <lv2/atom/forge.h>
#include <lv2/urid/urid.h>

#include <stdbool.h>
#include <stdint.h>

#define TALK_PREFIX "urn:perpetuo:talk:"

/// How long somebody who said Hello or Here is spoken to, and how often to say
/// Here therefore, seconds
#define TALK_LEASE_S 6.0
#define TALK_HERE_S 1.5

/// Most notes in one message
#define TALK_MAX_NOTES 32U

/// What TalkPhrase.section and its fills choose from
#define TALK_N_SECTIONS 6
#define TALK_N_FILLS 3

/// Longest text, with its terminator
#define TALK_MAX_TEXT 320U

/// Bytes that any message fits into, as an event in a sequence
#define TALK_MAX_BYTES 960U

typedef enum {
  TALK_NOTHING, ///< No message of ours, or one that is broken

  // To the plugin
  TALK_HELLO, ///< Somebody watches from now on, and knows nothing yet
  TALK_HERE,  ///< Somebody still watches

  // To whoever watches
  TALK_PLACE,  ///< Where the music is; when something changed, and now and then
  TALK_BAR,    ///< A bar was played
  TALK_PHRASE, ///< A phrase, without its notes
  TALK_NOTES,  ///< Notes of the Phrase that was said last
  TALK_TROUBLE, ///< What the worker has to say about its models
  N_TALK_KINDS
} TalkKind;

/// Why there is nothing to be heard; bits of TalkPlace.state
enum {
  TALK_IS_ROLLING  = 1U << 0U, ///< Time goes on
  TALK_IS_KNOWN    = 1U << 1U, ///< Somebody has told where we are
  TALK_IS_FREE     = 1U << 2U, ///< We follow nobody
  TALK_IS_ENABLED  = 1U << 3U,
  TALK_HAS_WORKER  = 1U << 4U, ///< The host has one
  TALK_HAS_MODELS  = 1U << 5U, ///< There is something to compose with
  TALK_IS_LOADING  = 1U << 6U, ///< Other models are being loaded
  TALK_IS_HELD     = 1U << 7U, ///< All bars take one phrase
  TALK_HAS_MELODY  = 1U << 8U, ///< This plugin sounds a melody,
  TALK_HAS_DRUMS   = 1U << 9U, ///< and these drums
  TALK_IS_EXPORTED = 1U << 10U ///< The host exports
};

/// All of them; later versions may have more
#define TALK_MAX_STATE INT32_MAX

typedef struct {
  int32_t state;            ///< Bits, see above
  int32_t bar;              ///< From 0
  int32_t bar_ticks;        ///< Its length
  int32_t n_beats;          ///< Its metre,
  int32_t unit;             ///< 4 for quarters
  float   tick;             ///< Ticks since the bar line, at the end of a block
  float   ticks_per_second; ///< 0 while it stands
  float   bpm;              ///< Quarters in a minute, as far as one knows
  int32_t i_bar;            ///< Bars into the phrases of this bar
  int32_t now[N_PARTS];     ///< Ids of the phrases of this bar, 0: not there
  int32_t next[N_PARTS];    ///< Ids of those that follow them, 0: not there yet
  int32_t n_late;           ///< Bars that lost notes
  int32_t n_dropped;        ///< Notes for which there was no room
} TalkPlace;

typedef struct {
  int32_t count; ///< Bars played before it: tells their order.  One that was
                 ///< left and then played on is said again with its count.
  int32_t bar;   ///< From 0
  int32_t bar_ticks;
  int32_t n_beats;
  int32_t unit;
  float   bpm;
  int32_t i_bar;        ///< Bars into its phrases
  int32_t ids[N_PARTS]; ///< Of its phrases; 0 for none
} TalkBar;

typedef struct {
  int32_t id;
  int32_t part;
  int32_t bar;    ///< The first it was written for
  int32_t n_bars; ///< 1 .. PHRASE_MAX_BARS
  int32_t bar_ticks;
  int32_t n_notes; ///< 0 .. PHRASE_MAX_NOTES
  float   score;   ///< 0 .. 1
  int32_t n_tries;
  int32_t n_rejected;
  int32_t section;                  ///< A SectionKind
  int32_t energy;                   ///< 0 .. 100
  int32_t n_fills;                  ///< Of `fills`: n_bars
  int32_t fills[PHRASE_MAX_BARS];   ///< A Fill for each bar
  int32_t n_scores;                 ///< Of `scores`: as many as were kept
  int32_t scores[PHRASE_MAX_TRIES]; ///< As in Phrase
} TalkPhrase;

typedef struct {
  int32_t id;
  int32_t first; ///< Index of the first one here in its phrase
  int32_t n;     ///< 1 .. TALK_MAX_NOTES
  /// tick, length, key | velocity << 8 of each
  int32_t words[3U * TALK_MAX_NOTES];
} TalkNotes;

typedef struct {
  char text[TALK_MAX_TEXT]; ///< A sentence; empty: there is none any more
} TalkTrouble;

typedef struct {
  TalkKind kind;
  union {
    TalkPlace   place;
    TalkBar     bar;
    TalkPhrase  phrase;
    TalkNotes   notes;
    TalkTrouble trouble;
  } as;
} TalkMessage;

/// Most properties that a message has, and that there are in all
#define TALK_MAX_FIELDS 48U

typedef struct {
  LV2_URID atom_Object;
  LV2_URID atom_Blank;
  LV2_URID atom_Int;
  LV2_URID atom_Float;
  LV2_URID atom_String;
  LV2_URID atom_Vector;
  LV2_URID kinds[N_TALK_KINDS];
  LV2_URID fields[TALK_MAX_FIELDS]; ///< In the order of the table in talk.c
} TalkUrids;

/// Map them all.  Thread: setup.
void
talk_urids_init(TalkUrids* urids, LV2_URID_Map* map);

/**
   Write a message where the forge stands.

   @param message TALK_HELLO and TALK_HERE have nothing beside their kind.
   @return false when it does not fit; the forge's buffer is spoilt then.
*/
REALTIME bool
talk_write(const TalkUrids*   urids,
           LV2_Atom_Forge*    forge,
           const TalkMessage* message);

/**
   Read a message, whatever an atom holds.

   Reads nothing outside of `atom->size` bytes behind the atom's header.
   @return false (and TALK_NOTHING) for what is no whole message of ours, or has
   numbers outside of what is said above.
*/
REALTIME bool
talk_read(const TalkUrids* urids, const LV2_Atom* atom, TalkMessage* message);

/// Which message it would be, without reading it; also for broken ones
REALTIME TalkKind
talk_kind(const TalkUrids* urids, const LV2_Atom* atom);

#endif // PERPETUO_PLUGIN_TALK_H
