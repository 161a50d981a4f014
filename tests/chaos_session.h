// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A session of the chaos host: a list of things that a host or a person does,
   all of it made from one seed.

   Every action carries all that it needs, so that any of them can be left out
   and the others stay what they are.  That is how a failing session is made
   small.
*/
#ifndef PERPETUO_TESTS_CHAOS_SESSION_H
#define PERPETUO_TESTS_CHAOS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
  ACTION_RUN,        ///< a blocks, sizes as b says, of parameter c
  ACTION_PLAY,       ///< Roll
  ACTION_STOP,       ///< Stand
  ACTION_LOCATE,     ///< To bar a, b 96ths of a beat
  ACTION_LOOP,       ///< a bars from bar b on; c: the block overruns the end
  ACTION_NO_LOOP,    ///< On past the end
  ACTION_TEMPO,      ///< a tenths of a quarter per minute
  ACTION_METRE,      ///< a / b from the next bar line on
  ACTION_SPEED,      ///< a hundredths
  ACTION_TELL,       ///< Positions are told in manner a, fields as b
  ACTION_LIE,        ///< For a blocks, positions are wrong in manner b
  ACTION_CONTROL,    ///< Port a, kind of value b, of parameter c
  ACTION_PRESET,     ///< Many controls at once
  ACTION_CHANNELS,   ///< Melody on channel a, drums on b
  ACTION_ENABLED,    ///< On or off, a
  ACTION_THRU,       ///< On or off, a
  ACTION_REROLL,     ///< Press, and let go after a run
  ACTION_HOLD,       ///< On or off, a
  ACTION_FREE,       ///< Follow nobody, a
  ACTION_FREEWHEEL,  ///< An export begins or ends, a
  ACTION_SAVE,       ///< Save
  ACTION_RESTORE,    ///< Restore in manner a
  ACTION_DEACTIVATE, ///< Deactivate, and activate again
  ACTION_WORK,       ///< Work is done in manner a, after b and c blocks
  ACTION_LOSE,       ///< The next a works get no answer; b: nor are they done
  ACTION_REFUSE,     ///< The next a works are refused
  ACTION_OVERLAP,    ///< The next work is done by a thread, for a blocks
  ACTION_ROOM,       ///< The output's buffer holds a bytes
  ACTION_MIDI,       ///< a messages in the next block
  ACTION_NOISE,      ///< The next block's input is damaged in manner a
  N_ACTION_KINDS
} ActionKind;

typedef struct {
  ActionKind kind;
  int32_t    a;
  int32_t    b;
  int32_t    c;
  uint64_t   key; ///< Of whatever else it needs
  uint32_t   i;   ///< Its number in the session
} Action;

/// What a session is played with
typedef struct {
  unsigned i_plugin; ///< 0 duo, 1 melody, 2 drums
  double   rate_hz;
  bool     has_models;
  bool     has_log;
  bool     is_mixed; ///< Input and output share channels
  bool     is_blank; ///< Positions are atom:Blank
  unsigned bar_type; ///< Of the numbers in positions
  unsigned beat_type;
} Setup;

typedef struct {
  Setup    setup;
  uint32_t n;
  Action*  actions;
} Session;

/// How the next block's input is damaged
typedef enum {
  NOISE_BYTES,     ///< Random bytes as body of the sequence
  NOISE_TYPE,      ///< No sequence at all
  NOISE_EMPTY,     ///< A sequence of 0 .. 8 bytes
  NOISE_ORDER,     ///< Events out of order, before and past the block
  NOISE_SIZES,     ///< Events of wrong sizes
  NOISE_CUT,       ///< The sequence ends within an event
  NOISE_OBJECTS,   ///< Positions that are cut short
  NOISE_STRANGERS, ///< Atoms of other types
  N_NOISES
} Noise;

/// How a state is damaged
typedef enum {
  RESTORE_LAST,    ///< As it was saved
  RESTORE_NOTHING, ///< Every key is absent
  RESTORE_PART,    ///< Some keys are absent
  RESTORE_TEXT,    ///< Random text in some keys
  RESTORE_TYPE,    ///< Wrong types and sizes
  RESTORE_OLD,     ///< Other models, which are there
  RESTORE_UNKNOWN, ///< Other models, which are not there
  RESTORE_NO_END,  ///< Strings without their terminator
  N_RESTORES
} Restore;

typedef enum { WORK_INSIDE, WORK_AFTER, WORK_LATE, N_WORKS } Work;

typedef enum {
  TELL_EVERY,   ///< All fields, every block
  TELL_COARSE,  ///< The same, beats rounded to 1/1920
  TELL_ROLLING, ///< Every block while rolling
  TELL_CHANGES, ///< On changes only
  TELL_SPARSE,  ///< On changes, and in one block of eight
  TELL_PART,    ///< Some fields are left out, see b
  TELL_LATE,    ///< A block late
  N_TELLS
} Tell;

typedef enum {
  LIE_NAN,     ///< NaN and infinities
  LIE_HUGE,    ///< Numbers out of any range
  LIE_NOISE,   ///< Random numbers
  LIE_TYPES,   ///< Texts for numbers
  LIE_NOTHING, ///< No position at all
  LIE_REPEAT,  ///< Several in a block, that contradict each other
  N_LIES
} Lie;

/// A session of about so many blocks.  Null actions when memory is out.
Session
session_new(uint64_t seed, uint32_t n_blocks);

/// 24 hours of 48 kHz in the biggest blocks.  Null actions when memory is out.
Session
session_day(uint64_t seed);

void
session_free(Session* session);

/// Frames of the `i`th block of a run
uint32_t
session_block(const Action* run, uint32_t i);

/// Whether a setup is told in a manner that leaves no doubt where it is
bool
tell_is_good(Tell tell);

/// Value of a control action for a port of that range
float
session_value(const Action* action, float minimum, float maximum);

/// In words, without line end
void
action_say(const Action* action, char* text, size_t size);

/// In one word
const char*
action_name(ActionKind kind);

#endif // PERPETUO_TESTS_CHAOS_SESSION_H
