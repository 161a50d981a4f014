// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "compose/vocab.h"
#include "music/drum_map.h"

#include <string.h>

#define MAX 4096U

static const Metre four  = {4U, 4U};
static const Metre three = {3U, 4U};

static uint32_t lottery = 1U;

static uint32_t
draw(const uint32_t n)
{
  lottery = lottery * 1664525U + 1013904223U;
  return (lottery >> 8U) % n;
}

/// Tokens to notes
static uint32_t
decode(const Part            part,
       const uint16_t* const tokens,
       const uint32_t        n_tokens,
       GridNote* const       notes,
       uint32_t* const       end_grid)
{
  Cursor   cursor;
  uint32_t n = 0U;
  cursor_init(&cursor, part, four);
  for (uint32_t i = 0U; i < n_tokens; ++i) {
    n += cursor_step(&cursor, tokens[i], &notes[n]);
  }
  *end_grid = cursor.grid;
  return n;
}

/// The token of that name; fails when there is none
static uint16_t
token(const Part part, const char* const name)
{
  for (uint16_t i = 0U; i < vocab_n_tokens(part); ++i) {
    if (!strcmp(vocab_token_name(part, i), name)) {
      return i;
    }
  }
  CHECK(!"such a token");
  return 0U;
}

// ------------------------------------------------------------------- tokens

static void
test_sizes(void)
{
  CHECK(vocab_n_tokens(PART_MELODY) == 96U);
  CHECK(vocab_n_tokens(PART_DRUMS) == 53U);
  for (int part = 0; part < (int)N_PARTS; ++part) {
    CHECK(vocab_n_tokens((Part)part) <= VOCAB_MAX_TOKENS);
    CHECK(vocab_n_hot((Part)part) <= VOCAB_MAX_HOT);
    CHECK(vocab_n_hot_inputs((Part)part) > vocab_n_tokens((Part)part));
  }
  CHECK(vocab_n_hot(PART_MELODY) == 16U && vocab_n_hot(PART_DRUMS) == 15U);
}

static void
test_names_say_what_tokens_do(void)
{
  // Names are a table of their own: hold each against what the cursor does
  for (uint16_t i = 1U; i < vocab_n_tokens(PART_MELODY); ++i) {
    const char* const name = vocab_token_name(PART_MELODY, i);
    Cursor            cursor;
    GridNote          note;
    char              expected[32] = "";
    cursor_init(&cursor, PART_MELODY, four);
    CHECK(!cursor_step(&cursor, i, &note));
    if (cursor.pitch != INT8_MIN) {
      snprintf(expected,
               sizeof(expected),
               cursor.pitch ? "ON %+d" : "ON %d",
               cursor.pitch);
    } else {
      snprintf(expected,
               sizeof(expected),
               "%s %u",
               strncmp(name, "LENGTH", 6U) ? "WAIT" : "LENGTH",
               cursor.grid);
    }
    CHECK(!strcmp(name, expected));
  }

  static const char* const levels[] = {"ghost", "soft", "normal", "accent"};
  for (uint16_t i = 1U; i < vocab_n_tokens(PART_DRUMS); ++i) {
    Cursor   cursor;
    GridNote note;
    char     expected[48] = "";
    cursor_init(&cursor, PART_DRUMS, four);
    if (cursor_step(&cursor, i, &note)) {
      const int level = note.velocity < 55    ? 0
                        : note.velocity < 83  ? 1
                        : note.velocity < 107 ? 2
                                              : 3;
      snprintf(expected,
               sizeof(expected),
               "HIT %s %s",
               drum_map_name((DrumVoice)note.pitch),
               levels[level]);
    } else if (cursor.lean) {
      snprintf(expected, sizeof(expected), "LEAN %+d", cursor.lean);
    } else {
      snprintf(expected, sizeof(expected), "WAIT %u", cursor.grid);
    }
    CHECK(!strcmp(vocab_token_name(PART_DRUMS, i), expected));
  }
  CHECK(!strcmp(vocab_token_name(PART_MELODY, VOCAB_START), "START"));
  CHECK(!strcmp(vocab_token_name(PART_DRUMS, VOCAB_START), "START"));
  CHECK(!strcmp(vocab_token_name(PART_DRUMS, 999U), "?"));
}

// ------------------------------------------------------------------- melody

static void
test_melody_by_hand(void)
{
  const GridNote notes[] = {{0U, 12U, 0, 90U, 0}, {24U, 24U, 7, 90U, 0}};
  uint16_t       tokens[16];
  uint32_t       n = 0U;
  CHECK(!vocab_encode(PART_MELODY, notes, 2U, 96U, tokens, 16U, &n));

  static const char* const expected[] = {
    "ON 0", "LENGTH 12", "WAIT 12", "ON +7", "LENGTH 24", "WAIT 48"};
  CHECK(n == 6U);
  for (uint32_t i = 0U; i < n && i < 6U; ++i) {
    CHECK(!strcmp(vocab_token_name(PART_MELODY, tokens[i]), expected[i]));
  }
}

static void
test_melody_comes_back(void)
{
  static const uint16_t table[] = {2U,  4U,  6U,  8U,   10U,  12U,  16U, 18U,
                                   20U, 24U, 30U, 36U,  42U,  48U,  54U, 60U,
                                   72U, 84U, 96U, 120U, 144U, 168U, 192U};

  for (int round = 0; round < 300; ++round) {
    static GridNote notes[64];
    static GridNote back[64];
    static uint16_t tokens[MAX];
    uint32_t        n    = 0U;
    uint32_t        grid = 2U * draw(40U);
    while (n < 64U && grid < 1400U) {
      const uint16_t length = table[draw(23U)];
      notes[n++] =
        (GridNote){grid, length, (int8_t)((int)draw(60U) - 24), 100U, 0};
      grid += length + 2U * draw(30U) * draw(2U);
    }
    const uint32_t end      = grid + 2U * draw(100U);
    uint32_t       n_tokens = 0U;
    uint32_t       reached  = 0U;
    CHECK(!vocab_encode(PART_MELODY, notes, n, end, tokens, MAX, &n_tokens));
    CHECK(decode(PART_MELODY, tokens, n_tokens, back, &reached) == n);
    CHECK(reached == end);
    for (uint32_t i = 0U; i < n; ++i) {
      CHECK(back[i].grid == notes[i].grid && back[i].pitch == notes[i].pitch &&
            back[i].length == notes[i].length);
    }
  }
}

static void
test_melody_is_one_voice(void)
{
  // An overlap is cut; of two at a time the later in order, the higher, stays
  const GridNote notes[] = {
    {0U, 96U, 0, 90U, 0}, {12U, 24U, 4, 90U, 0}, {12U, 24U, 7, 90U, 0}};
  uint16_t tokens[32];
  GridNote back[8];
  uint32_t n   = 0U;
  uint32_t end = 0U;
  CHECK(!vocab_encode(PART_MELODY, notes, 3U, 48U, tokens, 32U, &n));
  CHECK(decode(PART_MELODY, tokens, n, back, &end) == 2U);
  CHECK(back[0].length == 12U && back[1].grid == 12U && back[1].pitch == 7);
  CHECK(end == 48U);
}

static void
test_far_pitches_move_by_octaves(void)
{
  const GridNote notes[] = {{0U, 12U, 50, 90U, 0}, {12U, 12U, -40, 90U, 0}};
  uint16_t       tokens[32];
  GridNote       back[8];
  uint32_t       n   = 0U;
  uint32_t       end = 0U;
  CHECK(!vocab_encode(PART_MELODY, notes, 2U, 24U, tokens, 32U, &n));
  CHECK(decode(PART_MELODY, tokens, n, back, &end) == 2U);
  CHECK(back[0].pitch == 26 && back[1].pitch == -16);
}

static void
test_lengths_fit_the_end_and_the_table(void)
{
  // 14 is no LENGTH: 12, and a rest.  The last is cut at the end.
  const GridNote notes[] = {{0U, 14U, 0, 90U, 0}, {14U, 500U, 2, 90U, 0}};
  uint16_t       tokens[32];
  GridNote       back[8];
  uint32_t       n   = 0U;
  uint32_t       end = 0U;
  CHECK(!vocab_encode(PART_MELODY, notes, 2U, 40U, tokens, 32U, &n));
  CHECK(decode(PART_MELODY, tokens, n, back, &end) == 2U);
  CHECK(back[0].length == 12U && back[1].grid == 14U && end == 40U);
  CHECK(back[1].length == 24U);
}

static void
test_empty_is_waiting(void)
{
  for (int part = 0; part < (int)N_PARTS; ++part) {
    uint16_t tokens[32];
    GridNote back[4];
    uint32_t n   = 0U;
    uint32_t end = 0U;
    CHECK(!vocab_encode((Part)part, NULL, 0U, 386U, tokens, 32U, &n));
    CHECK(n == 5U);
    CHECK(!decode((Part)part, tokens, n, back, &end));
    CHECK(end == 386U);
  }
}

static void
test_full_is_said(void)
{
  const GridNote notes[] = {{0U, 12U, 0, 90U, 0}, {24U, 24U, 7, 90U, 0}};
  uint16_t       tokens[6];
  uint32_t       n = 0U;
  CHECK(vocab_encode(PART_MELODY, notes, 2U, 96U, tokens, 5U, &n) ==
        STATUS_FULL);
  CHECK(!vocab_encode(PART_MELODY, notes, 2U, 96U, tokens, 6U, &n));
  CHECK(n == 6U);
}

// -------------------------------------------------------------------- drums

static void
test_drums_by_hand(void)
{
  const GridNote notes[] = {{0U, 6U, DRUM_KICK, 120U, 0},
                            {0U, 6U, DRUM_HAT_CLOSED, 60U, 0},
                            {12U, 6U, DRUM_SNARE, 96U, 20},
                            {18U, 6U, DRUM_SNARE, 30U, -40}};
  uint16_t       tokens[16];
  uint32_t       n = 0U;
  CHECK(!vocab_encode(PART_DRUMS, notes, 4U, 24U, tokens, 16U, &n));

  static const char* const expected[] = {"HIT Kick accent",
                                         "HIT Closed hat soft",
                                         "WAIT 12",
                                         "LEAN +1",
                                         "HIT Snare normal",
                                         "WAIT 6",
                                         "LEAN -2",
                                         "HIT Snare ghost",
                                         "WAIT 6"};
  CHECK(n == 9U);
  for (uint32_t i = 0U; i < n && i < 9U; ++i) {
    CHECK(!strcmp(vocab_token_name(PART_DRUMS, tokens[i]), expected[i]));
  }
}

static void
test_drums_come_back(void)
{
  static const uint8_t velocities[] = {40U, 70U, 95U, 118U};
  for (int round = 0; round < 300; ++round) {
    static GridNote notes[400];
    static GridNote back[400];
    static uint16_t tokens[MAX];
    uint32_t        n = 0U;
    for (uint32_t grid = 0U; grid < 384U; grid += 2U + 2U * draw(12U)) {
      static const int8_t leans[] = {-38, -14, 0, 14, 38};
      const int8_t        lean    = leans[draw(5U)];
      for (int voice = 0; voice < (int)N_DRUM_VOICES; ++voice) {
        if (!draw(4U)) {
          notes[n++] =
            (GridNote){grid, 6U, (int8_t)voice, velocities[draw(4U)], lean};
        }
      }
    }
    uint32_t n_tokens = 0U;
    uint32_t end      = 0U;
    CHECK(!vocab_encode(PART_DRUMS, notes, n, 384U, tokens, MAX, &n_tokens));
    CHECK(decode(PART_DRUMS, tokens, n_tokens, back, &end) == n);
    CHECK(end == 384U);
    for (uint32_t i = 0U; i < n; ++i) {
      CHECK(back[i].grid == notes[i].grid && back[i].pitch == notes[i].pitch &&
            back[i].velocity == notes[i].velocity &&
            back[i].lean == notes[i].lean);
    }
  }
}

static void
test_leans_round_to_steps(void)
{
  static const int leans[][2] = {{0, 0},
                                 {9, 0},
                                 {11, 14},
                                 {29, 14},
                                 {31, 38},
                                 {120, 38},
                                 {-9, 0},
                                 {-11, -14},
                                 {-31, -38},
                                 {-128, -38}};
  for (size_t i = 0U; i < sizeof(leans) / sizeof(leans[0]); ++i) {
    const GridNote note = {0U, 6U, DRUM_KICK, 95U, (int8_t)leans[i][0]};
    uint16_t       tokens[8];
    GridNote       back[2];
    uint32_t       n   = 0U;
    uint32_t       end = 0U;
    CHECK(!vocab_encode(PART_DRUMS, &note, 1U, 24U, tokens, 8U, &n));
    CHECK(decode(PART_DRUMS, tokens, n, back, &end) == 1U);
    CHECK(back[0].lean == leans[i][1]);
  }
}

static void
test_loudest_twin_counts(void)
{
  const GridNote notes[] = {{0U, 6U, DRUM_KICK, 40U, 0},
                            {1U, 6U, DRUM_KICK, 118U, 0}};
  uint16_t       tokens[8];
  uint32_t       n = 0U;
  CHECK(!vocab_encode(PART_DRUMS, notes, 2U, 6U, tokens, 8U, &n));
  CHECK(n == 2U && tokens[0] == token(PART_DRUMS, "HIT Kick accent"));
}

// ------------------------------------------------------------------- inputs

static void
test_inputs_stay_in_their_columns(void)
{
  static const uint32_t widths[N_PARTS][VOCAB_MAX_HOT] = {
    {128U, 8U, 4U, 3U, 37U, 37U, 37U, 61U, 28U, 62U, 26U, 62U, 26U, 62U, 26U},
    {128U, 8U, 4U, 3U, 17U, 33U, 17U, 26U, 33U, 17U, 26U, 33U, 17U, 26U}};
  static const Chord   chords[17] = {0U, 1U, 36U, 37U, 255U, 9U, 12U, 18U};
  static uint64_t      onsets[8U * VOCAB_ONSET_WORDS];
  static const uint8_t fill[8] = {0U, 1U, 2U, 0U, 1U, 2U, 0U, 1U};
  memset(onsets, 0x35, sizeof(onsets));
  for (int round = 0; round < 3000; ++round) {
    const Part  part  = (Part)(round % 2);
    const Metre metre = {(uint8_t)(1U + draw(24U)), (uint8_t)(1U << draw(6U))};
    Cursor      cursor;
    uint16_t    hot[VOCAB_MAX_HOT];
    cursor_init(&cursor, part, metre);
    cursor.grid       = draw(9U * cursor.bar_grids);
    cursor.clock      = cursor.grid + draw(2U) * draw(2000U);
    cursor.last_token = (uint16_t)draw(vocab_n_tokens(part));
    cursor.pitch      = (int8_t)((int)draw(60U) - 24);
    cursor.before     = (int8_t)(draw(4U) ? (int)draw(60U) - 24 : INT8_MIN);
    for (uint32_t i = 0U; i < CURSOR_PAST; ++i) {
      cursor.past[i] = (uint16_t)draw(part == PART_MELODY ? 61U : 512U);
    }
    const Surroundings around = {metre,
                                 draw(9U) - 4U,
                                 8U,
                                 fill,
                                 draw(2U) ? onsets : NULL,
                                 draw(2U) ? chords : NULL};
    cursor_inputs(&cursor, &around, hot);

    uint32_t base = vocab_n_tokens(part);
    CHECK(hot[0] == cursor.last_token);
    for (uint32_t k = 1U; k < vocab_n_hot(part); ++k) {
      CHECK(hot[k] >= base && hot[k] < base + widths[part][k - 1U]);
      base += widths[part][k - 1U];
    }
    CHECK(base == vocab_n_hot_inputs(part));
  }
}

static void
test_place_and_bar(void)
{
  const Surroundings around = {four, 6U, 4U, NULL, NULL, NULL};
  Cursor             cursor;
  uint16_t           hot[VOCAB_MAX_HOT];
  cursor_init(&cursor, PART_MELODY, four);
  cursor_inputs(&cursor, &around, hot);
  CHECK(hot[0] == VOCAB_START && hot[1] == 96U + 0U && hot[2] == 96U + 134U);
  CHECK(hot[3] == 96U + 136U && hot[4] == 96U + 140U);
  cursor.grid = 2U * 96U + 30U; // Third bar: 8, the first of the next eight
  cursor_inputs(&cursor, &around, hot);
  CHECK(hot[1] == 96U + 30U && hot[2] == 96U + 128U);
}

static void
test_bars_below_zero(void)
{
  uint16_t hot[VOCAB_MAX_HOT];
  Cursor   cursor;
  cursor_init(&cursor, PART_MELODY, four);
  for (int32_t bar = -20; bar < 20; ++bar) {
    const Surroundings around = {four, (uint32_t)bar, 1U, NULL, NULL, NULL};
    cursor_inputs(&cursor, &around, hot);
    CHECK(hot[2] == 96U + 128U + (uint32_t)((bar % 8 + 8) % 8));
  }
}

static void
test_metres_and_fills(void)
{
  static const struct {
    Metre    metre;
    uint32_t kind;
  } rows[]                     = {{{4U, 4U}, 0U},
                                  {{3U, 4U}, 1U},
                                  {{2U, 4U}, 2U},
                                  {{2U, 2U}, 2U},
                                  {{6U, 8U}, 3U},
                                  {{5U, 4U}, 3U},
                                  {{7U, 8U}, 3U}};
  static const uint8_t fill[2] = {FILL_SMALL, FILL_BIG};
  uint16_t             hot[VOCAB_MAX_HOT];
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    Cursor             cursor;
    const Surroundings around = {rows[i].metre, 0U, 2U, fill, NULL, NULL};
    cursor_init(&cursor, PART_MELODY, rows[i].metre);
    cursor_inputs(&cursor, &around, hot);
    CHECK(hot[3] == 96U + 136U + rows[i].kind);
    CHECK(hot[4] == 96U + 140U + FILL_SMALL);
    cursor.grid = cursor.bar_grids;
    cursor_inputs(&cursor, &around, hot);
    CHECK(hot[4] == 96U + 140U + FILL_BIG);
    cursor.grid = 2U * cursor.bar_grids; // Beyond what is known
    cursor_inputs(&cursor, &around, hot);
    CHECK(hot[4] == 96U + 140U + FILL_NONE);
  }
}

/// Read tokens by their names
static void
read_names(Cursor* const            cursor,
           const char* const* const names,
           const uint32_t           n)
{
  for (uint32_t i = 0U; i < n; ++i) {
    GridNote note;
    (void)cursor_step(cursor, token(cursor->part, names[i]), &note);
  }
}

/// Columns of a melody's inputs after those that both parts have
enum {
  AT_CHORD    = 96 + 143,
  AT_RELATION = AT_CHORD + 37,
  AT_NEXT     = AT_RELATION + 37,
  AT_LAST     = AT_NEXT + 37,
  AT_INTERVAL = AT_LAST + 61,
  AT_AGO      = AT_INTERVAL + 28
};

static void
test_melody_knows_its_chords(void)
{
  const Chord        chords[5] = {chord_make(9, CHORD_MINOR),
                                  chord_make(5, CHORD_MAJOR),
                                  CHORD_UNKNOWN,
                                  chord_make(0, CHORD_MAJOR),
                                  chord_make(7, CHORD_DIMINISHED)};
  const Surroundings around    = {four, 0U, 2U, NULL, NULL, chords};
  Cursor             cursor;
  uint16_t           hot[VOCAB_MAX_HOT];
  cursor_init(&cursor, PART_MELODY, four);
  cursor_inputs(&cursor, &around, hot);
  CHECK(hot[5] == AT_CHORD + chords[0] && hot[7] == AT_NEXT + chords[1]);
  CHECK(hot[6] == AT_RELATION); // There is no note yet

  // 4 is the fifth above 9: 7 semitones over a minor chord's root
  static const char* const names[] = {"ON +4", "LENGTH 48"};
  read_names(&cursor, names, 1U);
  cursor_inputs(&cursor, &around, hot);
  CHECK(hot[6] == AT_RELATION + 1U + 7U * 3U + CHORD_MINOR);
  read_names(&cursor, names + 1, 1U);
  cursor_inputs(&cursor, &around, hot);
  CHECK(hot[5] == AT_CHORD + chords[1] && hot[7] == AT_NEXT + chords[2]);
  CHECK(hot[6] == AT_RELATION + 1U + 11U * 3U + CHORD_MAJOR);

  // The last chord's next is the one that was given for it, and so is a bar's
  // beyond the last
  cursor.grid = 190U;
  cursor_inputs(&cursor, &around, hot);
  CHECK(hot[5] == AT_CHORD + chords[3] && hot[7] == AT_NEXT + chords[4]);
  cursor.grid = 400U;
  cursor_inputs(&cursor, &around, hot);
  CHECK(hot[5] == AT_CHORD + chords[4] && hot[7] == AT_NEXT + chords[4]);
}

static void
test_melody_knows_its_last_step(void)
{
  const Surroundings       around  = {four, 0U, 2U, NULL, NULL, NULL};
  static const char* const names[] = {
    "ON +4", "LENGTH 6", "ON +2", "LENGTH 6", "ON +35", "LENGTH 6"};
  static const uint32_t last[] = {0U, 29U, 27U, 60U};
  static const uint32_t step[] = {27U, 27U, 11U, 26U};
  Cursor                cursor;
  uint16_t              hot[VOCAB_MAX_HOT];
  cursor_init(&cursor, PART_MELODY, four);
  for (uint32_t i = 0U; i < 4U; ++i) {
    cursor_inputs(&cursor, &around, hot);
    CHECK(hot[8] == AT_LAST + last[i] && hot[9] == AT_INTERVAL + step[i]);
    if (i < 3U) {
      read_names(&cursor, names + 2U * i, 2U);
    }
  }
}

static void
test_melody_remembers_bars(void)
{
  const Surroundings       around  = {four, 0U, 8U, NULL, NULL, NULL};
  static const char* const names[] = {
    "ON +7", "LENGTH 36", "ON 0", "LENGTH 60"};
  Cursor   cursor;
  uint16_t hot[VOCAB_MAX_HOT];
  cursor_init(&cursor, PART_MELODY, four);
  cursor_inputs(&cursor, &around, hot);
  CHECK(hot[10] == AT_AGO + 61U && hot[11] == AT_AGO + 62U + 25U);

  // A bar later: what began then, and 36 grid steps to the next
  read_names(&cursor, names, 4U);
  cursor_inputs(&cursor, &around, hot);
  CHECK(hot[10] == AT_AGO + 32U && hot[11] == AT_AGO + 62U + 18U);
  CHECK(hot[12] == AT_AGO + 88U + 61U); // Two bars ago is not known

  // On the other note's place; then nothing more came within two beats
  read_names(&cursor, names, 2U);
  cursor_inputs(&cursor, &around, hot);
  CHECK(hot[10] == AT_AGO + 25U && hot[11] == AT_AGO + 62U + 0U);

  // Where nothing began
  static const char* const wait[] = {"WAIT 24"};
  read_names(&cursor, wait, 1U);
  cursor_inputs(&cursor, &around, hot);
  CHECK(hot[10] == AT_AGO && hot[11] == AT_AGO + 62U + 18U);
}

static void
test_memory_goes_back_four_bars_and_no_further(void)
{
  const Surroundings       around  = {four, 0U, 8U, NULL, NULL, NULL};
  static const char* const names[] = {"ON +7", "LENGTH 96", "WAIT 96"};
  Cursor                   cursor;
  uint16_t                 hot[VOCAB_MAX_HOT];
  cursor_init(&cursor, PART_MELODY, four);
  for (int round = 0; round < 12; ++round) {
    read_names(&cursor, names, 2U);
    for (int bar = 1; bar < 8; ++bar) {
      cursor_inputs(&cursor, &around, hot);
      const uint32_t ago[] = {1U, 2U, 4U};
      for (uint32_t k = 0U; k < 3U; ++k) {
        const bool     is_known = round || ago[k] <= (uint32_t)bar;
        const bool     is_it    = ago[k] == (uint32_t)bar;
        const uint32_t began    = is_it ? 32U : is_known ? 0U : 61U;
        CHECK(hot[10U + 2U * k] == AT_AGO + 88U * k + began);
      }
      read_names(&cursor, names + 2, 1U);
    }
  }
}

static void
test_cutting_and_restarting(void)
{
  const Surroundings       around  = {four, 0U, 8U, NULL, NULL, NULL};
  static const char* const names[] = {"ON +7", "LENGTH 120", "ON 0", "WAIT 96"};
  Cursor                   cursor;
  uint16_t                 hot[VOCAB_MAX_HOT];
  cursor_init(&cursor, PART_MELODY, four);
  read_names(&cursor, names, 2U);
  cursor_cut(&cursor, 96U);
  CHECK(cursor.grid == 96U && cursor.clock == 96U);
  cursor_cut(&cursor, 120U); // It never goes forward
  CHECK(cursor.grid == 96U);
  cursor_restart(&cursor);
  cursor_inputs(&cursor, &around, hot);
  CHECK(cursor.grid == 0U && hot[10] == AT_AGO + 32U);
}

static void
test_drums_remember_bars(void)
{
  enum { AT = 53 + 143 + 17 };
  const Surroundings       around  = {four, 0U, 8U, NULL, NULL, NULL};
  static const char* const names[] = {"HIT Kick normal",
                                      "HIT Closed hat soft",
                                      "HIT Ride soft",
                                      "WAIT 24",
                                      "HIT Snare accent",
                                      "WAIT 72"};
  Cursor                   cursor;
  uint16_t                 hot[VOCAB_MAX_HOT];
  cursor_init(&cursor, PART_DRUMS, four);
  cursor_inputs(&cursor, &around, hot);
  CHECK(hot[6] == AT + 32U && hot[7] == AT + 33U + 16U);
  CHECK(hot[8] == AT + 50U + 25U);
  read_names(&cursor, names, 6U);
  cursor_inputs(&cursor, &around, hot);
  CHECK(hot[6] == AT + (1U | 1U << 3U) && hot[7] == AT + 33U + 8U);
  CHECK(hot[8] == AT + 50U + 12U);
}

/// The onset pattern that drums are told at a moment
static uint32_t
pattern_at(const uint32_t grid, const uint64_t* const onsets, const Metre metre)
{
  const Surroundings around = {metre, 0U, 2U, NULL, onsets, NULL};
  Cursor             cursor;
  uint16_t           hot[VOCAB_MAX_HOT];
  cursor_init(&cursor, PART_DRUMS, metre);
  cursor.grid = grid;
  cursor_inputs(&cursor, &around, hot);
  return hot[5] - (53U + 143U);
}

static void
test_drums_see_the_melody(void)
{
  uint64_t onsets[2U * VOCAB_ONSET_WORDS] = {0U};
  CHECK(pattern_at(0U, NULL, four) == 16U);
  CHECK(pattern_at(0U, onsets, four) == 0U);

  onsets[0] |= UINT64_C(1) << 24U;
  CHECK(pattern_at(24U, onsets, four) == 1U);
  CHECK(pattern_at(18U, onsets, four) == 2U);
  CHECK(pattern_at(12U, onsets, four) == 4U);
  CHECK(pattern_at(6U, onsets, four) == 8U);
  CHECK(pattern_at(0U, onsets, four) == 0U);
  CHECK(pattern_at(26U, onsets, four) == 0U);

  // Over the bar line, in a bar that is no multiple of 64
  memset(onsets, 0, sizeof(onsets));
  onsets[VOCAB_ONSET_WORDS] = 1U;
  CHECK(pattern_at(66U, onsets, three) == 2U);
  CHECK(pattern_at(72U, onsets, three) == 1U);
  CHECK(pattern_at(140U, onsets, three) == 0U);
}

// ------------------------------------------------------------------ grammar

static uint32_t
count(const uint8_t* const allowed, const Part part)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < vocab_n_tokens(part); ++i) {
    CHECK(allowed[i] <= 1U);
    n += allowed[i];
  }
  CHECK(!allowed[VOCAB_START]);
  return n;
}

static void
test_random_walks_end_and_hold(void)
{
  for (int round = 0; round < 4000; ++round) {
    const Part     part  = (Part)(round % 2);
    const Metre    metre = draw(3U) ? four : (Metre){5U, 32U};
    const uint32_t mask  = draw(4U) ? draw(4096U) : 0U;
    const uint32_t end   = metre_bar_grids(metre) * (1U + draw(4U));
    Cursor         cursor;
    uint8_t        allowed[VOCAB_MAX_TOKENS];
    uint32_t       n_steps    = 0U;
    uint32_t       last_voice = UINT32_MAX;
    uint32_t       last_grid  = UINT32_MAX;
    cursor_init(&cursor, part, metre);
    while (cursor.grid < end && ++n_steps < MAX) {
      cursor_allowed(&cursor, mask, end, allowed);
      const uint32_t n = count(allowed, part);
      CHECK(n);
      uint32_t pick  = draw(n);
      uint16_t taken = 0U;
      while (!allowed[taken] || pick--) {
        ++taken;
      }
      GridNote note;
      if (cursor_step(&cursor, taken, &note)) {
        CHECK(note.grid < end);
        if (part == PART_MELODY) {
          CHECK(mask >> ((note.pitch + 120) % 12) & 1U);
        } else {
          CHECK(note.grid != last_grid || (uint32_t)note.pitch > last_voice);
          last_voice = (uint32_t)note.pitch;
          last_grid  = note.grid;
        }
      }
    }
    CHECK(n_steps < MAX);
  }
}

static void
test_length_passes_the_end_no_more_than_it_must(void)
{
  Cursor   cursor;
  GridNote note;
  uint8_t  allowed[VOCAB_MAX_TOKENS];
  cursor_init(&cursor, PART_MELODY, four);
  cursor_step(&cursor, token(PART_MELODY, "ON 0"), &note);
  cursor_allowed(&cursor, 0xFFFU, 22U, allowed);
  CHECK(allowed[token(PART_MELODY, "LENGTH 20")]);
  CHECK(allowed[token(PART_MELODY, "LENGTH 24")]);
  CHECK(!allowed[token(PART_MELODY, "LENGTH 30")]);
  CHECK(!allowed[token(PART_MELODY, "WAIT 2")]);
  CHECK(!allowed[token(PART_MELODY, "ON 0")]);

  cursor_allowed(&cursor, 0xFFFU, 24U, allowed);
  CHECK(allowed[token(PART_MELODY, "LENGTH 24")]);
  CHECK(!allowed[token(PART_MELODY, "LENGTH 30")]);

  cursor_allowed(&cursor, 0xFFFU, 0U, allowed);
  CHECK(count(allowed, PART_MELODY) == 1U);
}

static void
test_a_lean_promises_a_hit(void)
{
  Cursor   cursor;
  GridNote note;
  uint8_t  allowed[VOCAB_MAX_TOKENS];
  cursor_init(&cursor, PART_DRUMS, four);
  cursor_step(&cursor, token(PART_DRUMS, "LEAN +1"), &note);
  cursor_allowed(&cursor, 0xFFFU, 96U, allowed);
  CHECK(count(allowed, PART_DRUMS) == 36U);
  CHECK(!allowed[token(PART_DRUMS, "WAIT 6")]);

  CHECK(cursor_step(&cursor, token(PART_DRUMS, "HIT Ride soft"), &note));
  CHECK(note.lean == 14 && note.pitch == DRUM_RIDE);
  cursor_allowed(&cursor, 0xFFFU, 96U, allowed);
  CHECK(count(allowed, PART_DRUMS) == 12U);

  cursor_step(&cursor, token(PART_DRUMS, "WAIT 6"), &note);
  CHECK(cursor.lean == 0 && cursor.voice == -1 && cursor.grid == 6U);
}

static void
test_what_was_encoded_is_allowed(void)
{
  // Else training would teach what composing forbids
  const GridNote melody[] = {{6U, 30U, 3, 90U, 0}, {40U, 56U, -2, 90U, 0}};
  const GridNote drums[]  = {{0U, 6U, DRUM_KICK, 99U, 0},
                             {0U, 6U, DRUM_RIDE, 50U, 0},
                             {44U, 6U, DRUM_CLAP, 99U, -20}};
  for (int part = 0; part < (int)N_PARTS; ++part) {
    uint16_t tokens[64];
    uint32_t n = 0U;
    CHECK(!vocab_encode(
      (Part)part, part ? drums : melody, part ? 3U : 2U, 96U, tokens, 64U, &n));
    Cursor cursor;
    cursor_init(&cursor, (Part)part, four);
    for (uint32_t i = 0U; i < n; ++i) {
      uint8_t  allowed[VOCAB_MAX_TOKENS];
      GridNote note;
      cursor_allowed(&cursor, 0xFFFU, 96U, allowed);
      CHECK(allowed[tokens[i]]);
      cursor_step(&cursor, tokens[i], &note);
    }
  }
}

static void
test_stray_tokens_do_no_harm(void)
{
  Cursor   cursor;
  GridNote note;
  cursor_init(&cursor, PART_MELODY, four);
  CHECK(!cursor_step(&cursor, token(PART_MELODY, "LENGTH 12"), &note));
  CHECK(cursor.grid == 12U);
  CHECK(!cursor_step(&cursor, VOCAB_START, &note));
  CHECK(!cursor_step(&cursor, 60000U, &note));
  CHECK(cursor.grid == 12U);
  cursor_init(&cursor, PART_DRUMS, four);
  CHECK(!cursor_step(&cursor, 60000U, &note));
  CHECK(cursor.grid == 0U);
}

// -------------------------------------------------------------------- dense

static void
test_density_rises(void)
{
  for (int part = 0; part < (int)N_PARTS; ++part) {
    int8_t last = -128;
    for (uint32_t n = 0U; n <= 40U; ++n) {
      const int8_t density = vocab_density((Part)part, n, 96U);
      CHECK(density >= last && density >= -127);
      last = density;
      CHECK(density == vocab_density((Part)part, n * 4U, 384U));
    }
    CHECK(last == 127);
    CHECK(vocab_density((Part)part, 0U, 96U) == -127);
    CHECK(vocab_density((Part)part, 5U, 0U) == 127);
    CHECK(vocab_density((Part)part, UINT32_MAX, 96U) == 127);
  }
  CHECK(vocab_density(PART_MELODY, 8U, 96U) == 0);
  CHECK(vocab_density(PART_DRUMS, 16U, 96U) == 0);
}

static void
test_range_follows_the_mean(void)
{
  GridNote notes[2] = {{0U, 6U, 7, 90U, 0}, {6U, 6U, 7, 90U, 0}};
  CHECK(vocab_range(PART_MELODY, notes, 2U) == 0);
  int8_t last = -128;
  for (int pitch = -24; pitch <= 35; ++pitch) {
    notes[0].pitch = notes[1].pitch = (int8_t)pitch;
    const int8_t range              = vocab_range(PART_MELODY, notes, 2U);
    CHECK(range >= last);
    last = range;
  }
  CHECK(last == 127);
  CHECK(vocab_range(PART_DRUMS, notes, 2U) == 0);
  CHECK(vocab_range(PART_MELODY, notes, 0U) == 0);
}

int
main(void)
{
  RUN(test_sizes);
  RUN(test_names_say_what_tokens_do);
  RUN(test_melody_by_hand);
  RUN(test_melody_comes_back);
  RUN(test_melody_is_one_voice);
  RUN(test_far_pitches_move_by_octaves);
  RUN(test_lengths_fit_the_end_and_the_table);
  RUN(test_empty_is_waiting);
  RUN(test_full_is_said);
  RUN(test_drums_by_hand);
  RUN(test_drums_come_back);
  RUN(test_leans_round_to_steps);
  RUN(test_loudest_twin_counts);
  RUN(test_inputs_stay_in_their_columns);
  RUN(test_place_and_bar);
  RUN(test_bars_below_zero);
  RUN(test_metres_and_fills);
  RUN(test_melody_knows_its_chords);
  RUN(test_melody_knows_its_last_step);
  RUN(test_melody_remembers_bars);
  RUN(test_memory_goes_back_four_bars_and_no_further);
  RUN(test_cutting_and_restarting);
  RUN(test_drums_remember_bars);
  RUN(test_drums_see_the_melody);
  RUN(test_random_walks_end_and_hold);
  RUN(test_length_passes_the_end_no_more_than_it_must);
  RUN(test_a_lean_promises_a_hit);
  RUN(test_what_was_encoded_is_allowed);
  RUN(test_stray_tokens_do_no_harm);
  RUN(test_density_rises);
  RUN(test_range_follows_the_mean);
  CHECK_END();
}
