// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/song.h"

#include "base/rng.h"
#include "music/scale.h"

#include <stdbool.h>

#define MAX_ROWS 8U

/// Energy that changes by less leaves a theme as it is
#define ENERGY_STEP 10U

/// Names of keys: what is drawn for a song
enum {
  DRAW_FILL = 101,
  DRAW_THEME,
  DRAW_TREATMENT,
  DRAW_MODE,
  DRAW_HARMONY,
  DRAW_BRIDGE,
  DRAW_CHARACTER
};

/// Of a mix's styles without drums a bridge has this many times as much
#define BRIDGE_MORE 4U

/// And one comes this many times as often as their share of the mix is large
#define BRIDGE_OFTEN 3U

/// A section of a form; energy in relation to the `energy` control
typedef struct {
  SectionKind kind;
  uint32_t    n_bars;
  int         energy; ///< Where it begins
  int         rise;   ///< More with every four bars
} FormRow;

// Sections are whole eights of bars and fill a round.  At an energy of 60 those
// of the club are where such sections of the studies mostly are.
static const FormRow forms[N_FORMS][MAX_ROWS] = {
  [FORM_STEADY] = {{SECTION_VERSE, 32U, 0, 0}, {SECTION_VERSE, 32U, 0, 0}},
  [FORM_CLUB]   = {{SECTION_INTRO, 8U, -30, 0},
                   {SECTION_VERSE, 8U, -8, 0},
                   {SECTION_BUILD, 8U, 5, 12},
                   {SECTION_DROP, 16U, 37, 0},
                   {SECTION_BREAK, 8U, -30, 0},
                   {SECTION_BUILD, 8U, 5, 12},
                   {SECTION_DROP, 8U, 37, 0}},
  [FORM_WAVES]  = {{SECTION_VERSE, 8U, -24, 12},
                   {SECTION_BUILD, 8U, 0, 12},
                   {SECTION_DROP, 8U, 24, -12},
                   {SECTION_BREAK, 8U, 0, -12},
                   {SECTION_VERSE, 8U, -24, 12},
                   {SECTION_BUILD, 8U, 0, 12},
                   {SECTION_DROP, 8U, 24, -12},
                   {SECTION_BREAK, 8U, 0, -12}},
};

static const char* const names[N_SECTION_KINDS] = {
  [SECTION_INTRO] = "intro",
  [SECTION_VERSE] = "verse",
  [SECTION_BUILD] = "build",
  [SECTION_DROP]  = "drop",
  [SECTION_BREAK] = "break",
  [SECTION_OUTRO] = "outro",
};

/// Rounded down, also below 0
static int64_t
divide(const int64_t a, const int64_t b)
{
  return a / b - (a % b < 0 ? 1 : 0);
}

static uint32_t
clamp_percent(const int64_t value)
{
  return (uint32_t)(value < 0 ? 0 : value > 100 ? 100 : value);
}

/// A key for what is drawn at a place
static uint64_t
place_key(const Mix* const mix, const uint64_t what, const int64_t place)
{
  return rng_key(rng_key(rng_seed(mix->seed), what), (uint64_t)place);
}

/// True in `percent` of all cases
static bool
is_drawn(const uint64_t key, const uint32_t i, const uint32_t percent)
{
  return rng_below(key, i, 100U) < percent;
}

/// What a section has in common with others
typedef struct {
  uint64_t theme;
  uint64_t harmony;
} Material;

/**
   Which theme and harmony a section has.

   Sections of a kind share a theme, which changes after some rounds, the sooner
   the more variation there is.  What leads up to a drop shares its harmony;
   intros and breaks have another.  With much variation, sections have their
   own.
*/
static Material
material_of(const Mix* const  mix,
            const SectionKind kind,
            const int64_t     number,
            const int64_t     round)
{
  const uint32_t v     = clamp_percent(mix->variation);
  const int64_t  era   = v ? divide(round, 1 + (100 - (int64_t)v) / 20) : 0;
  const uint64_t key   = place_key(mix, DRAW_THEME, number);
  const bool     alone = v > 50U && is_drawn(key, 0U, 2U * (v - 50U));

  const bool calm =
    kind == SECTION_INTRO || kind == SECTION_BREAK || kind == SECTION_OUTRO;
  const uint64_t theme   = rng_key((uint64_t)era, (uint64_t)kind);
  const uint64_t harmony = rng_key((uint64_t)era, calm);
  return alone ? (Material){rng_key(theme, (uint64_t)number),
                            rng_key(harmony, (uint64_t)number)}
               : (Material){theme, harmony};
}

Section
song_section(const Mix* const mix, const int64_t bar)
{
  const FormRow* const rows =
    forms[mix->form < N_FORMS ? mix->form : FORM_STEADY];
  const int64_t round = divide(bar, SONG_ROUND_BARS);
  const int64_t place = bar - round * SONG_ROUND_BARS;

  uint32_t n_rows = 0U;
  while (n_rows < MAX_ROWS && rows[n_rows].n_bars) {
    ++n_rows;
  }
  uint32_t i     = 0U;
  int64_t  begin = 0;
  while (i + 1U < n_rows && begin + rows[i].n_bars <= place) {
    begin += rows[i++].n_bars;
  }

  // Only a song's first round has an intro; later that place leads back down
  const FormRow* const row = &rows[i];
  const SectionKind    kind =
    row->kind == SECTION_INTRO && round ? SECTION_OUTRO : row->kind;
  const int64_t  number   = round * n_rows + i;
  const int64_t  base     = (int64_t)clamp_percent(mix->energy) + row->energy;
  const Material material = material_of(mix, kind, number, round);

  return (Section){kind,
                   round * SONG_ROUND_BARS + begin,
                   row->n_bars,
                   number,
                   clamp_percent(base + (place - begin) / 4 * row->rise),
                   clamp_percent(base),
                   material.theme,
                   material.harmony};
}

const char*
song_section_name(const SectionKind kind)
{
  return names[(unsigned)kind < N_SECTION_KINDS ? kind : SECTION_VERSE];
}

/// A percentage that is `middle` at 50 and 100 at 100
static uint32_t
bend(const uint32_t percent, const uint32_t middle)
{
  return percent < 50U ? middle * percent / 50U
                       : middle + (100U - middle) * (percent - 50U) / 50U;
}

Fill
song_fill(const Mix* const mix, const int64_t bar)
{
  const int64_t place = bar - divide(bar, 8) * 8;
  if (place % 4 != 3 || !mix->fill) {
    return FILL_NONE;
  }

  const Section  section = song_section(mix, bar);
  const uint64_t key     = place_key(mix, DRAW_FILL, bar);
  const uint32_t often   = clamp_percent(mix->fill);
  const bool is_turn = bar + 1 == section.first_bar + (int64_t)section.n_bars;

  // Chances of a big one, and of a small one where there is no big one: in the
  // middle of the control they are what the studies have
  const uint32_t big   = is_turn      ? clamp_percent(2 * (int64_t)often)
                         : place == 7 ? often
                                      : bend(often, 15U);
  const uint32_t small = place == 7 ? bend(often, 40U) : bend(often, 20U);
  return is_drawn(key, 0U, big)     ? FILL_BIG
         : is_drawn(key, 1U, small) ? FILL_SMALL
                                    : FILL_NONE;
}

/// The harmony of a section.  @param harmony (HARMONY_CHORDS).
static void
harmony_of(const Mix* const     mix,
           const Section* const section,
           Chord* const         harmony)
{
  int8_t styles[N_STYLES];
  mix_styles(mix, PART_MELODY, styles);
  harmony_draw(styles,
               song_mode(mix),
               (Scale)mix->scale,
               place_key(mix, DRAW_HARMONY, (int64_t)section->harmony),
               harmony);
}

void
song_chords(const Mix* const     mix,
            const Section* const section,
            const Section* const next,
            const uint32_t       n_bars,
            Chord* const         chords)
{
  Chord harmony[HARMONY_CHORDS];
  Chord after[HARMONY_CHORDS];
  harmony_of(mix, section, harmony);
  harmony_of(mix, next, after);

  // A riff shorter than the harmony stays on its first bars
  const uint32_t n_loop = n_bars < HARMONY_BARS ? n_bars : HARMONY_BARS;
  const uint32_t n_all  = n_bars * CHORDS_PER_BAR;
  for (uint32_t i = 0U; i < n_all; ++i) {
    chords[i] = harmony[i % (n_loop * CHORDS_PER_BAR)];
  }
  chords[n_all] = after[0];
}

static bool
is_without_drums(const unsigned style)
{
  const StyleRow* const row = style_row((Style)style);
  return row->has_part[PART_MELODY] && !row->has_part[PART_DRUMS];
}

/// Percent of the melody that is of styles without drums
static uint32_t
share_without_drums(const Mix* const mix)
{
  int8_t   styles[N_STYLES];
  uint32_t sum = 0U;
  mix_styles(mix, PART_MELODY, styles);
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    if (is_without_drums(i)) {
      sum += (uint8_t)styles[i];
    }
  }
  return sum * 100U / 127U;
}

bool
song_is_bridge(const Mix* const mix, const int64_t bar, const uint32_t n_bars)
{
  const Section section = song_section(mix, bar);
  const int64_t end     = section.first_bar + (int64_t)section.n_bars;

  // What is short and drives on is not held up
  const bool drives =
    section.kind == SECTION_BUILD ||
    (section.kind == SECTION_DROP && section.n_bars < 4U * n_bars);
  return mix->variation && bar + (int64_t)n_bars == end &&
         n_bars < section.n_bars && !drives &&
         is_drawn(place_key(mix, DRAW_BRIDGE, section.number),
                  0U,
                  clamp_percent(BRIDGE_OFTEN * share_without_drums(mix)));
}

Mix
song_bridge_mix(const Mix* const mix)
{
  Mix      bridge = *mix;
  uint32_t most   = 1U;
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    const uint32_t w = mix->style[i] * (is_without_drums(i) ? BRIDGE_MORE : 1U);
    most             = w > most ? w : most;
  }
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    const uint32_t w = mix->style[i] * (is_without_drums(i) ? BRIDGE_MORE : 1U);
    bridge.style[i]  = (uint8_t)(most > 100U ? w * 100U / most : w);
  }
  return bridge;
}

/// What the middle of `variation` stands for in a mix, percent
static uint32_t
usual_variation(const Mix* const mix, const Part part)
{
  int8_t   styles[N_STYLES];
  uint32_t sum = 0U;
  uint32_t all = 0U;
  mix_styles(mix, part, styles);
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    all += (uint8_t)styles[i];
    sum += (uint8_t)styles[i] * style_row((Style)i)->variation[part];
  }
  return all ? sum / all : 50U;
}

static uint32_t
distance(const uint32_t a, const uint32_t b)
{
  return a > b ? a - b : b - a;
}

Treatment
song_treatment(const Mix* const mix,
               const Part       part,
               const int64_t    bar,
               const uint32_t   n_bars,
               const uint32_t   reroll)
{
  const Section  section = song_section(mix, bar);
  const uint32_t v =
    bend(clamp_percent(mix->variation), usual_variation(mix, part));
  const uint64_t place = place_key(mix, DRAW_TREATMENT, bar);
  const uint64_t key   = rng_key(rng_key(place, (uint64_t)part), reroll);

  // Leaving the theme once is to vary it, twice is to answer it.  A phrase that
  // fills its section has others of its kind to be the theme for it.
  const bool is_first =
    n_bars < section.n_bars && bar < section.first_bar + (int64_t)n_bars;
  unsigned steps =
    is_first ? 0U
             : (unsigned)is_drawn(key, 0U, v) + (unsigned)is_drawn(key, 1U, v);

  const bool is_other =
    v && distance(section.energy, section.theme_energy) >= ENERGY_STEP;
  steps = !steps && (reroll || is_other) ? 1U : steps;
  if (part == PART_MELODY && song_is_bridge(mix, bar, n_bars)) {
    return TREAT_ANSWER;
  }
  return (Treatment)steps;
}

/// About normal, in hundredths of a standard deviation: of four even draws
static int
draw_normal(const uint64_t key)
{
  int sum = 0;
  for (uint32_t i = 0U; i < 4U; ++i) {
    sum += (int)rng_below(key, i, 100U);
  }
  return (sum - 198) * 173 / 100;
}

Character
song_character(const Mix* const     mix,
               const Part           part,
               const Section* const section)
{
  const uint64_t song =
    rng_key(place_key(mix, DRAW_CHARACTER, 0), (uint64_t)part);
  const uint64_t theme = rng_key(song, section->theme);

  // Squares of the shares are 1 together.  Songs keep to their register more
  // than to how busy they are.
  const int density =
    70 * draw_normal(rng_key(song, 0U)) + 71 * draw_normal(rng_key(theme, 0U));
  const int range =
    86 * draw_normal(rng_key(song, 1U)) + 51 * draw_normal(rng_key(theme, 1U));
  return (Character){(int16_t)(density / 100), (int16_t)(range / 100)};
}

int
song_mode(const Mix* const mix)
{
  const int locked = scale_mode((Scale)mix->scale);
  if (locked) {
    return locked;
  }

  int8_t   weight[N_STYLES];
  uint32_t minor = 0U; // Percent times 127
  mix_styles(mix, PART_MELODY, weight);
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    minor += (uint32_t)weight[i] * style_row((Style)i)->minor;
  }
  const uint64_t key = place_key(mix, DRAW_MODE, 0);
  return rng_below(key, 0U, 100U * 127U) < minor ? -1 : 1;
}
