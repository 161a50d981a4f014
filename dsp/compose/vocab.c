// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/vocab.h"

#include "music/drum_map.h"

#include <stddef.h>
#include <string.h>

/// The mean pitch that counts as neither low nor high, and how far from it is
/// as far as it goes
#define RANGE_MIDDLE 7
#define RANGE_HALF 16

/// Onsets stand on multiples of this: sixteenths, triplets and their halves
#define STEP 2U

#define N_PITCHES ((uint16_t)(MELODY_MAX_PITCH - MELODY_MIN_PITCH + 1))
#define N_LENGTHS 23U
#define N_WAITS 12U
#define N_LEVELS 4U
#define N_LEANS 4U

/// What one step of LEAN is worth, in ticks: people's hits lie mostly within
/// two of them, and what is less than half of one is not heard
#define LEAN_TICKS 20

/// A melody's tokens carry no loudness
#define MELODY_VELOCITY 100U

/// Drums have no length; this is what a decoded hit gets
#define HIT_GRIDS 6U

static const uint16_t lengths[N_LENGTHS] = {
  2U,  4U,  6U,  8U,  10U, 12U, 16U, 18U,  20U,  24U,  30U, 36U,
  42U, 48U, 54U, 60U, 72U, 84U, 96U, 120U, 144U, 168U, 192U};

static const uint16_t waits[N_WAITS] =
  {2U, 4U, 6U, 8U, 12U, 16U, 18U, 24U, 36U, 48U, 72U, 96U};

/// Ghost, soft, normal, accent: what is played, and where the next one begins
static const uint8_t level_velocity[N_LEVELS] = {40U, 70U, 95U, 118U};
static const uint8_t level_end[N_LEVELS]      = {55U, 83U, 107U, 128U};

static const int8_t leans[N_LEANS] = {-2, -1, 1, 2};

/// How far a lean of -2 .. 2 is played: what leans by half a step and more is
/// one, and most of that leans by less than a whole one
static const int8_t lean_ticks[] = {-38, -14, 0, 14, 38};

// Tokens: where each kind begins.  START is 0 in both parts.
enum {
  MELODY_ON     = 1,
  MELODY_LENGTH = MELODY_ON + N_PITCHES,
  MELODY_WAIT   = MELODY_LENGTH + N_LENGTHS,
  N_MELODY      = MELODY_WAIT + N_WAITS,

  DRUMS_HIT  = 1,
  DRUMS_LEAN = DRUMS_HIT + N_DRUM_VOICES * N_LEVELS,
  DRUMS_WAIT = DRUMS_LEAN + N_LEANS,
  N_DRUMS    = DRUMS_WAIT + N_WAITS
};

_Static_assert((int)N_MELODY <= (int)VOCAB_MAX_TOKENS &&
                 (int)N_DRUMS <= (int)VOCAB_MAX_TOKENS,
               "VOCAB_MAX_TOKENS is too small");

static const char* const melody_names[] = {
  "START",      "ON -24",     "ON -23",     "ON -22",     "ON -21",
  "ON -20",     "ON -19",     "ON -18",     "ON -17",     "ON -16",
  "ON -15",     "ON -14",     "ON -13",     "ON -12",     "ON -11",
  "ON -10",     "ON -9",      "ON -8",      "ON -7",      "ON -6",
  "ON -5",      "ON -4",      "ON -3",      "ON -2",      "ON -1",
  "ON 0",       "ON +1",      "ON +2",      "ON +3",      "ON +4",
  "ON +5",      "ON +6",      "ON +7",      "ON +8",      "ON +9",
  "ON +10",     "ON +11",     "ON +12",     "ON +13",     "ON +14",
  "ON +15",     "ON +16",     "ON +17",     "ON +18",     "ON +19",
  "ON +20",     "ON +21",     "ON +22",     "ON +23",     "ON +24",
  "ON +25",     "ON +26",     "ON +27",     "ON +28",     "ON +29",
  "ON +30",     "ON +31",     "ON +32",     "ON +33",     "ON +34",
  "ON +35",     "LENGTH 2",   "LENGTH 4",   "LENGTH 6",   "LENGTH 8",
  "LENGTH 10",  "LENGTH 12",  "LENGTH 16",  "LENGTH 18",  "LENGTH 20",
  "LENGTH 24",  "LENGTH 30",  "LENGTH 36",  "LENGTH 42",  "LENGTH 48",
  "LENGTH 54",  "LENGTH 60",  "LENGTH 72",  "LENGTH 84",  "LENGTH 96",
  "LENGTH 120", "LENGTH 144", "LENGTH 168", "LENGTH 192", "WAIT 2",
  "WAIT 4",     "WAIT 6",     "WAIT 8",     "WAIT 12",    "WAIT 16",
  "WAIT 18",    "WAIT 24",    "WAIT 36",    "WAIT 48",    "WAIT 72",
  "WAIT 96",
};

static const char* const drum_names[] = {
  "START",
  "HIT Kick ghost",
  "HIT Kick soft",
  "HIT Kick normal",
  "HIT Kick accent",
  "HIT Snare ghost",
  "HIT Snare soft",
  "HIT Snare normal",
  "HIT Snare accent",
  "HIT Clap ghost",
  "HIT Clap soft",
  "HIT Clap normal",
  "HIT Clap accent",
  "HIT Closed hat ghost",
  "HIT Closed hat soft",
  "HIT Closed hat normal",
  "HIT Closed hat accent",
  "HIT Open hat ghost",
  "HIT Open hat soft",
  "HIT Open hat normal",
  "HIT Open hat accent",
  "HIT Low tom ghost",
  "HIT Low tom soft",
  "HIT Low tom normal",
  "HIT Low tom accent",
  "HIT High tom ghost",
  "HIT High tom soft",
  "HIT High tom normal",
  "HIT High tom accent",
  "HIT Crash ghost",
  "HIT Crash soft",
  "HIT Crash normal",
  "HIT Crash accent",
  "HIT Ride ghost",
  "HIT Ride soft",
  "HIT Ride normal",
  "HIT Ride accent",
  "LEAN -2",
  "LEAN -1",
  "LEAN +1",
  "LEAN +2",
  "WAIT 2",
  "WAIT 4",
  "WAIT 6",
  "WAIT 8",
  "WAIT 12",
  "WAIT 16",
  "WAIT 18",
  "WAIT 24",
  "WAIT 36",
  "WAIT 48",
  "WAIT 72",
  "WAIT 96",
};

_Static_assert(sizeof(melody_names) / sizeof(melody_names[0]) == N_MELODY &&
                 sizeof(drum_names) / sizeof(drum_names[0]) == N_DRUMS,
               "a token has no name");

// Hot inputs after the last token: how many columns each has
#define N_PLACES 128U
#define N_BARS 8U
#define N_METRES 4U
#define N_ONSETS 17U ///< Four bits, and one for "not known"
#define N_LAST (N_PITCHES + 1U)

/// The last interval, up or down; there is one for more, and "not known"
#define MAX_INTERVAL 13
#define N_INTERVALS (2U * MAX_INTERVAL + 2U)

// Of one time ago: what began, and moments to the next onset.  The last columns
// say that it is not known.
#define N_BEGAN_MELODY (N_PITCHES + 2U)
#define N_BEGAN_LOW 33U  ///< Kick, snare, clap and hats
#define N_BEGAN_HIGH 17U ///< Toms, crash and ride
#define N_LOW_VOICES 5U
#define MAX_GAP 24U
#define N_GAPS (MAX_GAP + 2U)

#define N_AGO 3U
#define N_AGO_MELODY (N_AGO * (N_BEGAN_MELODY + N_GAPS))
#define N_AGO_DRUMS (N_AGO * (N_BEGAN_LOW + N_BEGAN_HIGH + N_GAPS))

/// Bars ago that are remembered: dance music repeats itself by these
static const uint32_t bars_ago[N_AGO] = {1U, 2U, 4U};

/// How far back memory reaches: the longest token, a LENGTH of 192, may just
/// have been read and cleared what lies ahead
#define MAX_AGO (CURSOR_PAST * STEP - 256U)

_Static_assert(10U + 2U * N_AGO <= VOCAB_MAX_HOT &&
                 6U + 3U * N_AGO <= VOCAB_MAX_HOT,
               "VOCAB_MAX_HOT is too small");
_Static_assert(N_BEGAN_LOW == (1U << N_LOW_VOICES) + 1U &&
                 N_BEGAN_HIGH == (1U << (N_DRUM_VOICES - N_LOW_VOICES)) + 1U,
               "voices have no column");

#define N_SHARED (N_PLACES + N_BARS + N_METRES + N_FILLS)

typedef struct {
  uint16_t           n_tokens;
  uint16_t           i_wait; ///< First WAIT
  uint16_t           n_hot;
  uint16_t           n_hot_inputs;
  uint32_t           full; ///< Notes in a 4/4 bar that count as fully dense
  const char* const* names;
} PartRow;

static const PartRow parts[N_PARTS] = {
  [PART_MELODY] = {N_MELODY,
                   MELODY_WAIT,
                   10U + 2U * N_AGO,
                   N_MELODY + N_SHARED + 3U * N_CHORDS + N_LAST + N_INTERVALS +
                     N_AGO_MELODY,
                   16U,
                   melody_names},
  [PART_DRUMS]  = {N_DRUMS,
                   DRUMS_WAIT,
                   6U + 3U * N_AGO,
                   N_DRUMS + N_SHARED + N_ONSETS + N_AGO_DRUMS,
                   32U,
                   drum_names},
};

uint32_t
vocab_n_tokens(const Part part)
{
  return parts[part].n_tokens;
}

uint32_t
vocab_n_hot(const Part part)
{
  return parts[part].n_hot;
}

uint32_t
vocab_n_hot_inputs(const Part part)
{
  return parts[part].n_hot_inputs;
}

const char*
vocab_token_name(const Part part, const uint16_t token)
{
  return token < parts[part].n_tokens ? parts[part].names[token] : "?";
}

// ---------------------------------------------------------------- the cursor

void
cursor_init(Cursor* const cursor, const Part part, const Metre metre)
{
  memset(cursor, 0, sizeof(*cursor));
  cursor->part       = part;
  cursor->bar_grids  = metre_bar_grids(metre);
  cursor->last_token = VOCAB_START;
  cursor->pitch      = INT8_MIN;
  cursor->before     = INT8_MIN;
  cursor->lean       = 0;
  cursor->voice      = -1;
  cursor->velocity   = 0U;
}

static bool
is_in(const uint32_t token, const uint32_t begin, const uint32_t n)
{
  return token >= begin && token - begin < n;
}

/// Whether an ON still waits for its LENGTH
static bool
is_sounding(const Cursor* const cursor)
{
  return cursor->part == PART_MELODY &&
         is_in(cursor->last_token, MELODY_ON, N_PITCHES);
}

static uint16_t*
moment(Cursor* const cursor, const uint32_t clock)
{
  return &cursor->past[clock / STEP % CURSOR_PAST];
}

/// Move on; nothing has begun yet at the moments that are reached
static void
advance(Cursor* const cursor, const uint32_t n_grids)
{
  const uint32_t begin = cursor->clock / STEP;
  const uint32_t end   = (cursor->clock + n_grids) / STEP;
  for (uint32_t i = begin + 1U; i <= end; ++i) {
    cursor->past[i % CURSOR_PAST] = 0U;
  }
  cursor->grid += n_grids;
  cursor->clock += n_grids;
}

void
cursor_cut(Cursor* const cursor, const uint32_t grid)
{
  if (grid < cursor->grid) {
    cursor->clock -= cursor->grid - grid;
    cursor->grid = grid;
  }
}

void
cursor_restart(Cursor* const cursor)
{
  cursor->grid = 0U;
}

static void
wait(Cursor* const cursor, const uint16_t i_wait)
{
  advance(cursor, waits[i_wait]);
  cursor->lean  = 0;
  cursor->voice = -1;
}

static bool
step_melody(Cursor* const cursor, const uint16_t token, GridNote* const note)
{
  if (is_in(token, MELODY_ON, N_PITCHES)) {
    cursor->before = cursor->pitch;
    cursor->pitch  = (int8_t)(token - MELODY_ON + MELODY_MIN_PITCH);
    *moment(cursor, cursor->clock) = (uint16_t)(token - MELODY_ON + 1);
    return false;
  }
  if (is_in(token, MELODY_WAIT, N_WAITS)) {
    wait(cursor, (uint16_t)(token - MELODY_WAIT));
    return false;
  }
  if (!is_in(token, MELODY_LENGTH, N_LENGTHS)) {
    return false;
  }

  const uint16_t length = lengths[token - MELODY_LENGTH];
  const bool     made   = is_sounding(cursor);
  if (made) {
    *note = (GridNote){cursor->grid, length, cursor->pitch, MELODY_VELOCITY, 0};
  }
  advance(cursor, length);
  return made;
}

static bool
step_drums(Cursor* const cursor, const uint16_t token, GridNote* const note)
{
  if (is_in(token, DRUMS_WAIT, N_WAITS)) {
    wait(cursor, (uint16_t)(token - DRUMS_WAIT));
    return false;
  }
  if (is_in(token, DRUMS_LEAN, N_LEANS)) {
    cursor->lean = leans[token - DRUMS_LEAN];
    return false;
  }
  if (!is_in(token, DRUMS_HIT, N_DRUM_VOICES * N_LEVELS)) {
    return false;
  }

  cursor->voice    = (int8_t)((token - DRUMS_HIT) / (int)N_LEVELS);
  cursor->velocity = level_velocity[(token - DRUMS_HIT) % (int)N_LEVELS];

  uint16_t* const now = moment(cursor, cursor->clock);
  *now                = (uint16_t)(*now | 1U << (unsigned)cursor->voice);

  *note = (GridNote){cursor->grid,
                     HIT_GRIDS,
                     cursor->voice,
                     cursor->velocity,
                     lean_ticks[cursor->lean + 2]};
  return true;
}

bool
cursor_step(Cursor* const cursor, const uint16_t token, GridNote* const note)
{
  const bool made    = cursor->part == PART_MELODY
                         ? step_melody(cursor, token, note)
                         : step_drums(cursor, token, note);
  cursor->last_token = token;
  return made;
}

// ---------------------------------------------------------------- the inputs

/// 4/4, 3/4, others in twos, others
static uint16_t
metre_class(const Metre metre)
{
  const unsigned n = metre.n_beats;
  return (uint16_t)(metre.unit == 4U && n == 4U   ? 0
                    : metre.unit == 4U && n == 3U ? 1
                    : (n & (n - 1U)) == 0U        ? 2
                                                  : 3);
}

/// Bars of any usual metre keep their grid; longer ones are shrunk to 4/4
static uint16_t
place_in_bar(const uint32_t grid, const uint32_t bar_grids)
{
  const uint32_t place = grid % bar_grids;
  return (uint16_t)(bar_grids <= N_PLACES ? place : place * 96U / bar_grids);
}

static bool
has_onset(const Surroundings* const around,
          const uint32_t            bar_grids,
          const uint32_t            begin,
          const uint32_t            end)
{
  for (uint32_t grid = begin; grid < end; ++grid) {
    const uint32_t i_bar = grid / bar_grids;
    const uint32_t place = grid % bar_grids;
    if (i_bar < around->n_bars &&
        (around->onsets[i_bar * VOCAB_ONSET_WORDS + place / 64U] >>
         (place % 64U)) &
          1U) {
      return true;
    }
  }
  return false;
}

/// The melody's onsets: a bit for now, and one for each of three sixteenths
static uint16_t
onset_pattern(const Surroundings* const around,
              const uint32_t            bar_grids,
              const uint32_t            grid)
{
  if (!around->onsets) {
    return N_ONSETS - 1U;
  }

  uint16_t pattern = has_onset(around, bar_grids, grid, grid + STEP);
  for (uint32_t k = 0U; k < 3U; ++k) {
    const uint32_t begin = grid + STEP + 6U * k;
    if (has_onset(around, bar_grids, begin, begin + 6U)) {
      pattern = (uint16_t)(pattern | 2U << k);
    }
  }
  return pattern;
}

/// Hot inputs as they are listed: each has columns of its own
typedef struct {
  uint16_t* hot;
  uint32_t  base; ///< The next one's first column
} InputList;

static void
add_input(InputList* const list, const uint32_t input, const uint32_t width)
{
  *list->hot++ = (uint16_t)(list->base + input);
  list->base += width;
}

static void
add_place(InputList* const          list,
          const Cursor* const       cursor,
          const Surroundings* const around)
{
  const uint32_t i_bar = cursor->grid / cursor->bar_grids;
  const uint8_t  fill =
    around->fill && i_bar < around->n_bars ? around->fill[i_bar] : FILL_NONE;

  // Bars may be numbered below 0: unsigned numbers wrap at a multiple of 8
  add_input(list, place_in_bar(cursor->grid, cursor->bar_grids), N_PLACES);
  add_input(list, (around->i_bar + i_bar) % N_BARS, N_BARS);
  add_input(list, metre_class(around->metre), N_METRES);
  add_input(list, fill < N_FILLS ? fill : FILL_NONE, N_FILLS);
}

/// A note against a chord: which of twelve above its root, and its kind
static uint32_t
relation(const int pitch, const Chord chord)
{
  if (pitch < MELODY_MIN_PITCH || !chord || chord >= N_CHORDS) {
    return 0U;
  }
  const int      above = pitch + 48 - (int)chord_root(chord);
  const uint32_t kind  = (chord - 1U) % N_CHORD_KINDS;
  return 1U + (uint32_t)(above % 12) * N_CHORD_KINDS + kind;
}

/// The last pitch, and how far it is from the one before
static void
add_pitch(InputList* const list, const Cursor* const cursor)
{
  const int  last  = cursor->pitch - MELODY_MIN_PITCH + 1;
  const int  moved = cursor->pitch - cursor->before;
  const int  held  = moved < -MAX_INTERVAL  ? -MAX_INTERVAL
                     : moved > MAX_INTERVAL ? MAX_INTERVAL
                                            : moved;
  const bool known = cursor->before >= MELODY_MIN_PITCH;
  add_input(list, last > 0 ? (uint32_t)last : 0U, N_LAST);
  add_input(list,
            known ? (uint32_t)(held + MAX_INTERVAL) : N_INTERVALS - 1U,
            N_INTERVALS);
}

/// The chord that sounds, the one after it, and the last pitch against it
static void
add_chords(InputList* const          list,
           const Cursor* const       cursor,
           const Surroundings* const around)
{
  const uint32_t n_all = around->n_bars * CHORDS_PER_BAR;
  const uint32_t i_bar = cursor->grid / cursor->bar_grids;
  const uint32_t place = cursor->grid % cursor->bar_grids;
  const uint32_t half  = place * CHORDS_PER_BAR / cursor->bar_grids;
  const uint32_t i     = i_bar * CHORDS_PER_BAR + half;
  for (uint32_t k = 0U; k < 2U; ++k) {
    const uint32_t at = i + k < n_all ? i + k : n_all;
    const Chord    chord =
      around->chords ? around->chords[at] : (Chord)CHORD_UNKNOWN;
    add_input(list, chord < N_CHORDS ? chord : CHORD_UNKNOWN, N_CHORDS);
    if (!k) {
      add_input(list, relation(cursor->pitch, chord), N_CHORDS);
    }
  }
}

/// Moments from one in the past to the next onset, 1 .. MAX_GAP or 0
static uint32_t
gap_after(const Cursor* const cursor, const uint32_t then)
{
  const uint32_t now = cursor->clock / STEP;
  for (uint32_t k = 1U; k <= MAX_GAP && then + k < now; ++k) {
    if (cursor->past[(then + k) % CURSOR_PAST]) {
      return k;
    }
  }
  return 0U;
}

/// What happened some bars ago
static void
add_ago(InputList* const    list,
        const Cursor* const cursor,
        const uint32_t      n_bars)
{
  const uint32_t back     = n_bars * cursor->bar_grids;
  const bool     is_known = back <= cursor->clock && back <= (uint32_t)MAX_AGO;
  const uint32_t then     = is_known ? (cursor->clock - back) / STEP : 0U;
  const uint32_t began    = cursor->past[then % CURSOR_PAST];
  const uint32_t gap      = is_known ? gap_after(cursor, then) : N_GAPS - 1U;
  const uint32_t lowest   = (1U << N_LOW_VOICES) - 1U;
  if (cursor->part == PART_MELODY) {
    add_input(list, is_known ? began : N_BEGAN_MELODY - 1U, N_BEGAN_MELODY);
  } else {
    add_input(list, is_known ? began & lowest : N_BEGAN_LOW - 1U, N_BEGAN_LOW);
    add_input(
      list, is_known ? began >> N_LOW_VOICES : N_BEGAN_HIGH - 1U, N_BEGAN_HIGH);
  }
  add_input(list, gap, N_GAPS);
}

void
cursor_inputs(const Cursor* const       cursor,
              const Surroundings* const around,
              uint16_t* const           hot)
{
  InputList list = {hot, 0U};
  add_input(&list, cursor->last_token, parts[cursor->part].n_tokens);
  add_place(&list, cursor, around);
  if (cursor->part == PART_MELODY) {
    add_chords(&list, cursor, around);
    add_pitch(&list, cursor);
  } else {
    add_input(
      &list, onset_pattern(around, cursor->bar_grids, cursor->grid), N_ONSETS);
  }
  for (uint32_t k = 0U; k < N_AGO; ++k) {
    add_ago(&list, cursor, bars_ago[k]);
  }
}

// --------------------------------------------------------------- the grammar

/// A LENGTH may pass the end by no more than it must
static void
allow_lengths(const uint32_t n_left, uint8_t* const allowed)
{
  for (uint32_t i = 0U; i < N_LENGTHS; ++i) {
    allowed[MELODY_LENGTH + i] = i == 0U || lengths[i - 1U] < n_left;
  }
}

static void
allow_pitches(const uint32_t pitches, uint8_t* const allowed)
{
  for (int i = 0; i < (int)N_PITCHES; ++i) {
    const int pitch_class  = (i + MELODY_MIN_PITCH + 120) % 12;
    allowed[MELODY_ON + i] = (pitches >> pitch_class) & 1U;
  }
}

static void
allow_drums(const Cursor* const cursor, uint8_t* const allowed)
{
  const int first = cursor->voice + 1;
  memset(allowed + DRUMS_HIT + first * (int)N_LEVELS,
         1,
         (size_t)((int)N_DRUM_VOICES - first) * N_LEVELS);

  // One LEAN for all that sounds now, before the first of them
  if (cursor->voice < 0 && !cursor->lean) {
    memset(allowed + DRUMS_LEAN, 1, N_LEANS);
  }
}

void
cursor_allowed(const Cursor* const cursor,
               const uint32_t      pitches,
               const uint32_t      end_grid,
               uint8_t* const      allowed)
{
  const PartRow* const row = &parts[cursor->part];
  const uint32_t       n_left =
    end_grid > cursor->grid ? end_grid - cursor->grid : 0U;

  memset(allowed, 0, row->n_tokens);
  if (is_sounding(cursor)) {
    allow_lengths(n_left, allowed);
    return;
  }
  if (n_left && cursor->part == PART_MELODY) {
    allow_pitches(pitches, allowed);
  } else if (n_left) {
    allow_drums(cursor, allowed);
  }

  // A LEAN promises a hit
  if (!n_left || !cursor->lean || cursor->voice >= 0) {
    memset(allowed + row->i_wait, 1, N_WAITS);
  }
}

// --------------------------------------------------------------- the encoder

/// Tokens written so far; `n` goes on counting when there is no more room
typedef struct {
  uint16_t* token;
  uint32_t  room;
  uint32_t  n;
  uint32_t  grid;
} Sink;

static void
put(Sink* const sink, const uint32_t token)
{
  if (sink->n < sink->room) {
    sink->token[sink->n] = (uint16_t)token;
  }
  ++sink->n;
}

/// Index of the largest entry of a rising table that is at most `value`
static uint32_t
find_at_most(const uint16_t* const table,
             const uint32_t        n,
             const uint32_t        value)
{
  uint32_t i = n - 1U;
  while (i && table[i] > value) {
    --i;
  }
  return i;
}

static void
put_waits(Sink* const sink, const uint32_t i_wait, const uint32_t grid)
{
  while (sink->grid < grid) {
    const uint32_t i = find_at_most(waits, N_WAITS, grid - sink->grid);
    put(sink, i_wait + i);
    sink->grid += waits[i];
  }
}

static uint32_t
on_step(const uint32_t grid)
{
  return grid - grid % STEP;
}

/// A pitch that has a token, by octaves
static int
fold(int pitch)
{
  while (pitch < MELODY_MIN_PITCH) {
    pitch += 12;
  }
  while (pitch > MELODY_MAX_PITCH) {
    pitch -= 12;
  }
  return pitch;
}

static void
encode_melody(const GridNote* const notes,
              const uint32_t        n_notes,
              const uint32_t        end_grid,
              Sink* const           sink)
{
  for (uint32_t i = 0U; i < n_notes; ++i) {
    const uint32_t grid = on_step(notes[i].grid);
    const uint32_t next =
      i + 1U < n_notes && on_step(notes[i + 1U].grid) < end_grid
        ? on_step(notes[i + 1U].grid)
        : end_grid;

    // Of notes at one moment the last, which is the highest, is kept
    if (next <= grid) {
      continue;
    }

    const uint32_t room     = next - grid;
    const uint32_t i_length = find_at_most(
      lengths, N_LENGTHS, notes[i].length < room ? notes[i].length : room);
    put_waits(sink, MELODY_WAIT, grid);
    put(sink, (uint32_t)(MELODY_ON + fold(notes[i].pitch) - MELODY_MIN_PITCH));
    put(sink, MELODY_LENGTH + i_length);
    sink->grid += lengths[i_length];
  }
}

static uint32_t
level_of(const uint8_t velocity)
{
  uint32_t level = 0U;
  while (level + 1U < N_LEVELS && velocity >= level_end[level]) {
    ++level;
  }
  return level;
}

/// Put the LEAN of a moment, if its mean is nearer to one than to none
static void
put_lean(Sink* const sink, const int sum, const int n)
{
  const int doubled = sum * 2 + (sum < 0 ? -1 : 1) * n * LEAN_TICKS;
  int       lean    = doubled / (2 * n * LEAN_TICKS);
  lean              = lean < -2 ? -2 : lean > 2 ? 2 : lean;
  for (uint32_t i = 0U; i < N_LEANS; ++i) {
    if (leans[i] == lean) {
      put(sink, DRUMS_LEAN + i);
    }
  }
}

/// The hits of one moment
static void
put_hits(Sink* const sink, const GridNote* const notes, const uint32_t n_notes)
{
  uint8_t velocity[N_DRUM_VOICES] = {0U};
  int     lean                    = 0;
  int     n                       = 0;
  for (uint32_t i = 0U; i < n_notes; ++i) {
    const uint32_t voice = (uint32_t)notes[i].pitch;
    if (voice < N_DRUM_VOICES) {
      velocity[voice] = notes[i].velocity > velocity[voice] ? notes[i].velocity
                                                            : velocity[voice];
      lean += notes[i].lean;
      ++n;
    }
  }
  if (n) {
    put_lean(sink, lean, n);
  }
  for (uint32_t voice = 0U; voice < N_DRUM_VOICES; ++voice) {
    if (velocity[voice]) {
      put(sink, DRUMS_HIT + voice * N_LEVELS + level_of(velocity[voice]));
    }
  }
}

static void
encode_drums(const GridNote* const notes,
             const uint32_t        n_notes,
             const uint32_t        end_grid,
             Sink* const           sink)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < n_notes; i += n) {
    const uint32_t grid = on_step(notes[i].grid);
    if (grid >= end_grid) {
      break;
    }
    n = 1U;
    while (i + n < n_notes && on_step(notes[i + n].grid) == grid) {
      ++n;
    }
    put_waits(sink, DRUMS_WAIT, grid);
    put_hits(sink, notes + i, n);
  }
}

Status
vocab_encode(const Part            part,
             const GridNote* const notes,
             const uint32_t        n_notes,
             const uint32_t        end_grid,
             uint16_t* const       tokens,
             const uint32_t        max_tokens,
             uint32_t* const       n_tokens)
{
  Sink sink = {tokens, max_tokens, 0U, 0U};
  if (part == PART_MELODY) {
    encode_melody(notes, n_notes, end_grid, &sink);
  } else {
    encode_drums(notes, n_notes, end_grid, &sink);
  }
  put_waits(&sink, parts[part].i_wait, end_grid);
  *n_tokens = sink.n < max_tokens ? sink.n : max_tokens;
  return sink.n <= max_tokens ? STATUS_SUCCESS : STATUS_FULL;
}

// ---------------------------------------------------------- the dense inputs

static int8_t
clamp_dense(const int64_t value)
{
  return (int8_t)(value < -127 ? -127 : value > 127 ? 127 : value);
}

int8_t
vocab_density(const Part part, const uint32_t n_notes, const uint32_t n_grids)
{
  const int64_t full = (int64_t)parts[part].full * (n_grids ? n_grids : 1U);
  return clamp_dense(-127 + (int64_t)n_notes * 96 * 254 / full);
}

int8_t
vocab_range(const Part            part,
            const GridNote* const notes,
            const uint32_t        n_notes)
{
  if (part != PART_MELODY || !n_notes) {
    return 0;
  }

  int64_t sum = 0;
  for (uint32_t i = 0U; i < n_notes; ++i) {
    sum += notes[i].pitch - RANGE_MIDDLE;
  }
  return clamp_dense(sum * 127 / ((int64_t)n_notes * RANGE_HALF));
}
