// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "base/rng.h"
#include "music/scale.h"
#include "music/style.h"
#include "tests/failing_alloc.h"
#include "tests/folder.h"
#include "tools/judge/baselines.h"
#include "tools/judge/chain.h"
#include "tools/judge/copying.h"
#include "tools/judge/drum_features.h"
#include "tools/judge/figures.h"
#include "tools/judge/form.h"
#include "tools/judge/melody_features.h"
#include "tools/judge/moves.h"
#include "tools/judge/neighbours.h"
#include "tools/judge/overlap.h"
#include "tools/judge/report.h"
#include "tools/judge/surprise.h"
#include "tools/judge/takes.h"
#include "tools/judge/together.h"
#include "midi/midi_file.h"

#include <string.h>

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

// ------------------------------------------------------------- takes of ours

/// A take of some bars with a melody, or without for null
static Take
make_take(const uint32_t        n_bars,
          const TakeNote* const notes,
          const uint32_t        n_notes)
{
  Take take;
  memset(&take, 0, sizeof(take));
  strcpy(take.name, "ours");
  take.n_bars = n_bars;
  if (notes) {
    take.n_lines         = 1U;
    take.line[0].n_notes = n_notes;
    take.line[0].notes   = (TakeNote*)calloc(n_notes + 1U, sizeof(TakeNote));
    memcpy(take.line[0].notes, notes, n_notes * sizeof(TakeNote));
  }
  return take;
}

static void
set_hits(Take* const take, const TakeHit* const hits, const uint32_t n_hits)
{
  take->n_hits = n_hits;
  take->hits   = (TakeHit*)calloc(n_hits + 1U, sizeof(TakeHit));
  memcpy(take->hits, hits, n_hits * sizeof(TakeHit));
}

/// A melody that wanders: no two of another seed are alike
static void
wander(const uint64_t seed, TakeNote* const notes, const uint32_t n)
{
  uint32_t step = 0U;
  for (uint32_t i = 0U; i < n; ++i) {
    const uint32_t gap = 1U + rng_below(seed, 2U * i, 8U);
    notes[i] =
      (TakeNote){step, gap, (int)rng_below(seed, 2U * i + 1U, 25U) - 12};
    step += gap;
  }
}

/// A take with a wandering melody and beats
static Take
wandering_take(const uint64_t seed, const uint32_t n_bars)
{
  static const uint8_t voices[] = {DRUM_KICK, DRUM_HAT_CLOSED, DRUM_SNARE};

  TakeNote notes[128];
  TakeHit  hits[16U * BAR_STEPS];
  uint32_t n_hits = 0U;
  wander(rng_seed(seed), notes, COUNT(notes));
  for (uint32_t s = 0U; s < n_bars * BAR_STEPS && n_hits < COUNT(hits); ++s) {
    if (rng_below(rng_seed(seed), 1000U + s, 2U)) {
      hits[n_hits++] =
        (TakeHit){s, voices[s % 3U], (uint8_t)(60U + s % 40U), 0};
    }
  }
  uint32_t n_notes = 0U;
  while (n_notes < COUNT(notes) && notes[n_notes].step < n_bars * BAR_STEPS) {
    ++n_notes;
  }
  Take take = make_take(n_bars, notes, n_notes);
  set_hits(&take, hits, n_hits);
  return take;
}

static TakeSet
wandering_set(const uint64_t seed, const uint32_t n)
{
  TakeSet set = {0U, 0U, NULL};
  for (uint32_t i = 0U; i < n; ++i) {
    const Take take = wandering_take(seed + i, 16U);
    CHECK(!takes_add(&set, &take));
  }
  return set;
}

static TakeSet
set_of(const Take take)
{
  TakeSet set = {0U, 0U, NULL};
  CHECK(!takes_add(&set, &take));
  return set;
}

// ------------------------------------------------------------------ reading

static void
test_reading_steps_and_filters(void)
{
  // Grid steps: 6 are a sixteenth.  8 and 10 are triplets; 10 meets 12.
  GridNote melody[] = {{0U, 6U, 0, 90U, 0},
                       {8U, 2U, 2, 90U, 0},
                       {10U, 3U, 4, 90U, 0},
                       {12U, 60U, 5, 90U, 0},
                       {30U, 6U, 7, 90U, 0},
                       {32U, 2U, 9, 90U, 0}};
  GridNote drums[]  = {{0U, 0U, DRUM_SNARE, 60U, 48},
                       {0U, 0U, DRUM_KICK, 100U, 0},
                       {2U, 0U, DRUM_KICK, 110U, -24},
                       {10U, 0U, DRUM_RIDE, 60U, 0}};
  Line     lines[]  = {{PART_MELODY, 6U, melody, "a", 0U, NULL},
                       {PART_DRUMS, 4U, drums, "b", 0U, NULL}};
  char     path[]   = "x.mid";
  Piece    pieces[4];
  memset(pieces, 0, sizeof(pieces));
  for (uint32_t i = 0U; i < 4U; ++i) {
    pieces[i].path    = path;
    pieces[i].style   = i == 1U ? STYLE_TECHNO : i == 2U ? STYLE_HOUSE : -1;
    pieces[i].split   = i == 2U ? SPLIT_HELD_OUT : SPLIT_TRAIN;
    pieces[i].metre   = (Metre){i == 3U ? 3U : 4U, 4U};
    pieces[i].mode    = -1;
    pieces[i].n_bars  = 1U;
    pieces[i].n_lines = 2U;
    pieces[i].lines   = lines;
  }
  const Corpus     corpus = {4U, pieces, 0U};
  const TakeFilter all    = {ANY_SPLIT, ANY_STYLE, false, NULL};
  TakeSet          set;
  CHECK(!takes_read(&corpus, &all, &set));
  CHECK(set.n_takes == 4U);

  const Take* const     take = &set.takes[0];
  const TakeLine* const line = &take->line[0];
  CHECK(take->n_lines == 1U && take->mode == -1 && line->n_notes == 4U);
  CHECK(line->notes[0].length == 1U);
  CHECK(line->notes[1].step == 1U && line->notes[1].pitch == 2);
  CHECK(line->notes[2].step == 2U && line->notes[2].pitch == 5); // The longer
  CHECK(line->notes[2].length == 3U); // Up to the next one
  CHECK(line->notes[3].step == 5U && line->notes[3].pitch == 7);
  CHECK(take->n_hits == 3U && take->hits[2].step == 2U);
  CHECK(take->hits[0].voice == DRUM_KICK && take->hits[0].velocity == 110U);
  NEAR(take->hits[1].late_ms, 25.0, 1e-9); // At 120 a tick is 25/48 ms
  takes_clear(&set);

  static const struct {
    TakeFilter filter;
    uint32_t   n;
  } filters[] = {
    {{SPLIT_TRAIN, ANY_STYLE, false, NULL}, 3U},
    {{SPLIT_HELD_OUT, ANY_STYLE, false, NULL}, 1U},
    {{ANY_SPLIT, ANY_STYLE, true, NULL}, 3U},
    {{ANY_SPLIT, 1U << STYLE_TECHNO, true, NULL}, 1U},
    {{ANY_SPLIT, 1U << STYLE_TECHNO | 1U << STYLE_HOUSE, true, NULL}, 2U},
    {{SPLIT_TRAIN, 1U << STYLE_HOUSE, true, NULL}, 0U},
  };
  for (uint32_t i = 0U; i < COUNT(filters); ++i) {
    CHECK(!takes_read(&corpus, &filters[i].filter, &set));
    CHECK(set.n_takes == filters[i].n);
    takes_clear(&set);
  }
}

static void
test_reading_asks_the_file_for_its_tempo(void)
{
  Folder  folder;
  Trouble trouble = {""};
  char    file[128];
  CHECK(folder_make(&folder));
  snprintf(file, sizeof(file), "%s/x.mid", folder.path);
  MidiSong* const song = midi_song_new(480U);
  CHECK(!midi_song_add_tempo(song, 0U, 60.0));
  CHECK(!midi_song_add_track(song, "a"));
  CHECK(!midi_song_add_note(song, 0U, (MidiNote){0U, 9U, 60U, 90U, 0U}));
  CHECK(!midi_file_save(file, song, &trouble));
  midi_song_free(song);

  GridNote         drums[] = {{0U, 0U, DRUM_KICK, 60U, 48}};
  Line             line    = {PART_DRUMS, 1U, drums, "b", 0U, NULL};
  char             path[]  = "x.mid";
  Piece            piece   = {.path    = path,
                              .style   = -1,
                              .metre   = {4U, 4U},
                              .n_bars  = 1U,
                              .n_lines = 1U,
                              .lines   = &line};
  const Corpus     corpus  = {1U, &piece, 0U};
  const TakeFilter filter  = {ANY_SPLIT, ANY_STYLE, true, folder.path};
  TakeSet          set;
  CHECK(!takes_read(&corpus, &filter, &set));
  NEAR(set.takes[0].hits[0].late_ms, 50.0, 1e-6);
  takes_clear(&set);
  folder_free(&folder);
}

// ------------------------------------------------------------------- melody

static void
test_melody_by_hand(void)
{
  static const TakeNote notes[] = {{32U, 4U, 0},
                                   {36U, 4U, 2},
                                   {40U, 4U, 4},
                                   {46U, 2U, 0},
                                   {48U, 4U, 7},
                                   {52U, 4U, 7}};
  double                row[N_MELODY_FEATURES];
  melody_features_measure(notes, 6U, 32U, row);
  static const double want[N_MELODY_FEATURES] = {
    [MELODY_NOTES]         = 6.0,
    [MELODY_RANGE]         = 7.0,
    [MELODY_PITCH_CLASSES] = 4.0,
    [MELODY_PITCH_ENTROPY] = 1.918296, // 1/3 1/6 1/6 1/3
    [MELODY_IN_SCALE]      = 1.0,
    [MELODY_INTERVAL]      = 3.0, // 2 2 4 7 0
    [MELODY_LEAPS]         = 0.2,
    [MELODY_REPEATS]       = 0.2,
    [MELODY_GAP]           = 4.0,      // 4 4 6 2 4
    [MELODY_GAP_ENTROPY]   = 1.370951, // 3/5 1/5 1/5
    [MELODY_OFF_BEAT]      = 1.0 / 6.0,
    [MELODY_EMPTY_BEATS]   = 0.25,
    [MELODY_GROOVE]        = 0.875, // Steps 8 and 14 differ
  };
  for (uint32_t i = 0U; i < N_MELODY_FEATURES; ++i) {
    NEAR(row[i], want[i], 1e-6);
    CHECK(melody_feature_name((MelodyFeature)i));
  }
}

static void
test_melody_out_of_scale(void)
{
  TakeNote notes[13];
  for (uint32_t i = 0U; i < 12U; ++i) {
    notes[i] = (TakeNote){i, 1U, (int)i - 1};
  }
  notes[12] = (TakeNote){12U, 20U, -13}; // The pitch class of the first
  double row[N_MELODY_FEATURES];
  melody_features_measure(notes, 12U, 0U, row);
  NEAR(row[MELODY_IN_SCALE], 7.0 / 12.0, 1e-12);
  NEAR(row[MELODY_PITCH_ENTROPY], log2(12.0), 1e-12);
  NEAR(row[MELODY_LEAPS], 0.0, 0.0);
  NEAR(row[MELODY_OFF_BEAT], 0.75, 1e-12);
  melody_features_measure(notes, 13U, 0U, row);
  NEAR(row[MELODY_PITCH_CLASSES], 12.0, 0.0);
  NEAR(row[MELODY_RANGE], 23.0, 0.0);
  NEAR(row[MELODY_EMPTY_BEATS], 0.0, 0.0); // The last one sounds on
}

static void
test_melody_scales_and_grooves(void)
{
  static const TakeNote major[] = {{0U, 1U, 0},
                                   {2U, 1U, 2},
                                   {4U, 1U, 4},
                                   {6U, 1U, 5},
                                   {20U, 1U, 7},
                                   {22U, 1U, 9},
                                   {24U, 1U, 11}};
  double                row[N_MELODY_FEATURES];
  melody_features_measure(major, 7U, 0U, row);
  NEAR(row[MELODY_IN_SCALE], 1.0, 0.0);
  NEAR(row[MELODY_GROOVE], 13.0 / 16.0, 0.0); // 0 2 4 6 and 4 6 8

  TakeNote minor[7];
  memcpy(minor, major, sizeof(minor));
  minor[2].pitch = 3; // Melodic: one note of it is in no major scale
  melody_features_measure(minor, 7U, 0U, row);
  NEAR(row[MELODY_IN_SCALE], 6.0 / 7.0, 1e-12);

  static const TakeNote octaves[] = {{0U, 1U, -13}, {4U, 1U, -1}, {8U, 1U, 11}};
  melody_features_measure(octaves, 3U, 0U, row);
  NEAR(row[MELODY_PITCH_CLASSES], 1.0, 0.0);
}

static void
test_windows_are_taken_evenly(void)
{
  TakeNote notes[400];
  uint32_t n = 0U;
  for (uint32_t bar = 0U; bar < 100U; ++bar) { // Two notes in bars 8 .. 11
    const uint32_t n_here = bar >= 8U && bar < 12U ? 1U : 3U;
    for (uint32_t k = 0U; k < n_here; ++k) {
      notes[n++] = (TakeNote){bar * BAR_STEPS + 4U * k, 1U, 0};
    }
  }
  const Take take = make_take(100U, notes, n);
  TakeSet    set  = set_of(take);
  uint32_t   begin[WINDOWS_PER_PIECE];
  CHECK(melody_windows(&take, begin) == WINDOWS_PER_PIECE);
  CHECK(begin[0] == 0U);
  for (uint32_t i = 1U; i < WINDOWS_PER_PIECE; ++i) {
    const uint32_t gap = (begin[i] - begin[i - 1U]) / WINDOW_STEPS;
    CHECK(begin[i] % WINDOW_STEPS == 0U && gap >= 3U && gap <= 5U);
    CHECK(begin[i] != 8U * BAR_STEPS && begin[i] != 10U * BAR_STEPS);
  }

  Samples samples;
  CHECK(!melody_features_of(&set, &samples));
  CHECK(samples.n_rows == WINDOWS_PER_PIECE);
  NEAR(samples_mean(&samples, MELODY_NOTES), 6.0, 0.0);
  samples_clear(&samples);
  takes_clear(&set);
}

static void
test_windows_need_notes(void)
{
  static const TakeNote notes[] = {{0U, 1U, 0},
                                   {4U, 1U, 0},
                                   {31U, 1U, 0},
                                   {32U, 1U, 0},
                                   {63U, 1U, 0},
                                   {64U, 1U, 0},
                                   {68U, 1U, 0},
                                   {72U, 1U, 0}};
  Take                  take    = make_take(7U, notes, COUNT(notes));
  uint32_t              begin[WINDOWS_PER_PIECE];
  CHECK(melody_windows(&take, begin) == 2U);
  CHECK(begin[0] == 0U && begin[1] == 64U);
  take_clear(&take);
}

// ------------------------------------------------------------------ overlap

/// A table of one column, a piece for each row
static Samples
column_of(const double* const values, const uint32_t n)
{
  Samples samples;
  CHECK(!samples_init(&samples, n, 1U));
  for (uint32_t i = 0U; i < n; ++i) {
    samples_add(&samples, i, &values[i]);
  }
  return samples;
}

/// Values as a normal distribution has them (Box and Muller)
static void
draw_normal(const uint64_t seed,
            const double   mean,
            double* const  values,
            const uint32_t n)
{
  const uint64_t key = rng_seed(seed);
  for (uint32_t i = 0U; i < n; ++i) {
    const double u = (rng_u32(key, 2U * i) + 1.0) / 4294967297.0;
    const double v = rng_u32(key, 2U * i + 1U) / 4294967296.0;
    values[i]      = mean + sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
  }
}

static double
area(const double* const a, const double* const b, const uint32_t n)
{
  Samples      x    = column_of(a, n);
  Samples      y    = column_of(b, n);
  const double area = overlap_area(&x, &y, 0U);
  NEAR(area, overlap_area(&y, &x, 0U), 1e-9);
  samples_clear(&y);
  samples_clear(&x);
  return area;
}

static void
test_overlap(void)
{
  double a[2000];
  double b[2000];
  draw_normal(1U, 0.0, a, 2000U);
  NEAR(area(a, a, 2000U), 1.0, 0.005);
  draw_normal(2U, 0.0, b, 2000U);
  CHECK(area(a, b, 2000U) > 0.95);
  draw_normal(3U, 30.0, b, 2000U);
  NEAR(area(a, b, 2000U), 0.0, 0.005);

  // Two normal hills one apart: 2 Phi(-1 / 2 s), s of kernel and values
  draw_normal(2U, 1.0, b, 2000U);
  const double h = 1.06 * pow(2000.0, -0.2);
  NEAR(area(a, b, 2000U), erfc(0.5 / sqrt(2.0 + 2.0 * h * h)), 0.03);
}

static void
test_overlap_of_constants(void)
{
  double zeros[50] = {0.0};
  double ones[50];
  double mixed[50] = {0.0};
  for (uint32_t i = 0U; i < 50U; ++i) {
    ones[i] = 1.0;
  }
  NEAR(area(zeros, zeros, 50U), 1.0, 0.01);
  NEAR(area(zeros, ones, 50U), 0.0, 0.01);
  mixed[7] = 1.0; // Nearly always 0 is near to always 0
  CHECK(area(zeros, mixed, 50U) > 0.9);

  Samples none = column_of(zeros, 0U);
  Samples some = column_of(zeros, 50U);
  CHECK(isnan(overlap_area(&none, &some, 0U)));
  samples_clear(&some);
  samples_clear(&none);
}

static void
test_density_is_one_in_all(void)
{
  double a[200];
  double density[OVERLAP_POINTS];
  draw_normal(1U, 5.0, a, 200U);
  Samples      samples = column_of(a, 200U);
  const Span   span    = overlap_span(&samples, &samples, 0U);
  const double h       = overlap_bandwidth(&samples, &samples, 0U);
  NEAR(h, 1.06 * samples_spread(&samples, 0U) * pow(200.0, -0.2), 1e-12);
  overlap_density(&samples, 0U, h, span, density);
  double sum = 0.0;
  for (uint32_t k = 0U; k < OVERLAP_POINTS; ++k) {
    sum += density[k] * (span.high - span.low) / (OVERLAP_POINTS - 1U);
  }
  NEAR(sum, 1.0, 0.005);
  samples_clear(&samples);
}

// --------------------------------------------------------------- neighbours

/// Pieces of two columns around (mean, 0), with rows that are near copies
static Samples
cloud(const uint64_t seed,
      const double   mean,
      const uint32_t n_pieces,
      const uint32_t n_rows,
      const double   scale)
{
  double  x[256];
  double  y[256];
  Samples samples;
  draw_normal(seed, mean, x, n_pieces);
  draw_normal(seed + 100U, 0.0, y, n_pieces);
  CHECK(!samples_init(&samples, n_pieces * n_rows, 2U));
  for (uint32_t i = 0U; i < n_pieces * n_rows; ++i) {
    const uint32_t piece  = i / n_rows;
    const double   row[2] = {x[piece] + 1e-4 * (i % n_rows), scale * y[piece]};
    samples_add(&samples, piece, row);
  }
  return samples;
}

static double
accuracy(Samples a, Samples b)
{
  double value = -1.0;
  double again = -1.0;
  CHECK(!neighbours_accuracy(&a, &b, rng_seed(1U), NEIGHBOURS_DRAWS, &value));
  CHECK(!neighbours_accuracy(&a, &b, rng_seed(1U), NEIGHBOURS_DRAWS, &again));
  CHECK(value == again || (isnan(value) && isnan(again)));
  samples_clear(&b);
  samples_clear(&a);
  return value;
}

static void
test_neighbours(void)
{
  NEAR(accuracy(cloud(1U, 0.0, 200U, 1U, 1.0), cloud(2U, 0.0, 200U, 1U, 1.0)),
       0.5,
       0.06);
  NEAR(accuracy(cloud(1U, 0.0, 50U, 1U, 1.0), cloud(2U, 99.0, 50U, 1U, 1.0)),
       1.0,
       0.0);
  // A copy has its twin in the other set
  NEAR(accuracy(cloud(1U, 0.0, 50U, 1U, 1.0), cloud(1U, 0.0, 50U, 1U, 1.0)),
       0.0,
       0.0);
}

static void
test_neighbours_are_of_other_pieces(void)
{
  // With all rows each would find its own piece
  NEAR(accuracy(cloud(1U, 0.0, 200U, 8U, 1.0), cloud(2U, 0.0, 200U, 8U, 1.0)),
       0.5,
       0.06);
}

static void
test_neighbours_are_any_row_of_a_piece(void)
{
  // Only the first of eight rows gives a piece away
  Samples a = cloud(1U, 0.0, 100U, 8U, 1.0);
  for (uint32_t i = 0U; i < a.n_rows; i += 8U) {
    a.value[2U * i] += 99.0;
  }
  const double value = accuracy(a, cloud(2U, 0.0, 100U, 8U, 1.0));
  CHECK(value > 0.45 && value < 0.7);
}

static void
test_neighbours_count_both_sets_alike(void)
{
  // A set of many pieces beside a small one is no easier to tell apart
  NEAR(accuracy(cloud(1U, 0.0, 40U, 1U, 1.0), cloud(2U, 0.0, 250U, 1U, 1.0)),
       0.5,
       0.1);
  NEAR(accuracy(cloud(1U, 0.0, 250U, 1U, 1.0), cloud(2U, 0.0, 40U, 1U, 1.0)),
       0.5,
       0.1);
  // A set too small to have neighbours has no figure
  CHECK(
    isnan(accuracy(cloud(1U, 0.0, 1U, 4U, 1.0), cloud(2U, 0.0, 9U, 1U, 1.0))));
}

static void
test_neighbours_do_not_see_units(void)
{
  // Two bits apart in x, drowned by y unless columns are brought to scale
  NEAR(accuracy(cloud(1U, 0.0, 60U, 1U, 1.0), cloud(2U, 6.0, 60U, 1U, 1.0)),
       accuracy(cloud(1U, 0.0, 60U, 1U, 1e6), cloud(2U, 6.0, 60U, 1U, 1e6)),
       1e-9);
  CHECK(accuracy(cloud(1U, 0.0, 60U, 1U, 1e6), cloud(2U, 6.0, 60U, 1U, 1e6)) >
        0.9);
}

static void
test_neighbours_that_are_equal_share_the_vote(void)
{
  static const double zeros[40] = {0.0};
  NEAR(
    accuracy(column_of(zeros, 40U), column_of(zeros, 40U)), 39.0 / 79.0, 1e-12);
}

// ------------------------------------------------------------------ copying

static CopyCount
count_in(const TakeSet* const known, const TakeNote* notes, const uint32_t n)
{
  Copying*  copying = NULL;
  CopyCount count   = {99U, 99U, 99U};
  Take      take    = make_take(1U, notes, n);
  CHECK(!copying_new(known, &copying));
  CHECK(!copying_count(copying, &take.line[0], &count));
  copying_free(copying);
  take_clear(&take);
  return count;
}

static void
test_copies_are_found(void)
{
  TakeNote notes[60];
  TakeNote other[40];
  TakeSet  known = wandering_set(1U, 5U);
  wander(rng_seed(77U), notes, 60U);
  Take planted = make_take(40U, notes, 60U);
  CHECK(!takes_add(&known, &planted));

  // Twelve notes of it, higher by a fourth and elsewhere
  wander(rng_seed(78U), other, 40U);
  CopyCount count = count_in(&known, other, 40U);
  CHECK(count.n_grams == 32U && count.n_copied == 0U && count.longest < 6U);
  const uint32_t shift = 1000U;
  for (uint32_t i = 0U; i < 12U; ++i) {
    other[10U + i].step  = shift + notes[30U + i].step - notes[30].step;
    other[10U + i].pitch = notes[30U + i].pitch + 5;
  }
  for (uint32_t i = 22U; i < 40U; ++i) {
    other[i].step += 2U * shift;
  }
  count = count_in(&known, other, 40U);
  CHECK(count.longest == 12U);
  CHECK(count.n_copied == 4U); // Of its 11 moves, 4 runs of 8
  CHECK(count.n_grams == 32U);

  count = count_in(&known, notes, 60U);
  CHECK(count.longest == 60U && count.n_copied == count.n_grams);
  count = count_in(&known, notes, 8U); // Too short to be a copy
  CHECK(count.n_grams == 0U && count.longest == 8U);
  count = count_in(&known, notes, 1U);
  CHECK(count.n_grams == 0U && count.longest == 0U);
  takes_clear(&known);
}

static void
test_copies_do_not_run_over_the_end(void)
{
  // Five notes end a known line and seven begin another: no one's twelve
  TakeNote notes[12];
  wander(rng_seed(5U), notes, 12U);
  TakeSet known  = set_of(make_take(9U, notes, 6U));
  Take    second = make_take(9U, notes + 5, 7U);
  CHECK(!takes_add(&known, &second));
  const CopyCount count = count_in(&known, notes, 12U);
  CHECK(count.longest == 7U && count.n_copied == 0U && count.n_grams == 4U);
  takes_clear(&known);
}

static void
test_copies_are_found_on_both_sides(void)
{
  // Whether it goes on higher or lower than what is known
  TakeNote notes[8] = {{0U, 1U, 0}};
  for (uint32_t i = 1U; i < 8U; ++i) {
    notes[i] = (TakeNote){4U * i, 1U, 2 * (int)i};
  }
  TakeSet known = set_of(make_take(2U, notes, 8U));
  for (int last = 11; last <= 13; ++last) {
    notes[6].pitch = last;
    CHECK(count_in(&known, notes, 7U).longest == (last == 12 ? 7U : 6U));
  }
  takes_clear(&known);
}

static void
test_moves(void)
{
  static const TakeNote low    = {0U, 1U, 0};
  static const TakeNote high   = {4U, 1U, 7};
  static const TakeNote far    = {400U, 1U, 90};
  const uint16_t        up     = move_between(&low, &high);
  const TakeNote        low_2  = {16U, 3U, -5};
  const TakeNote        high_2 = {20U, 2U, 2};
  const TakeNote        later  = {21U, 2U, 2};
  CHECK(up == move_between(&low_2, &high_2));
  CHECK(up != move_between(&low_2, &later));
  CHECK(move_between(&low, &far) <= N_MOVES);
  const TakeNote down = {1U, 1U, -90};
  CHECK(move_between(&low, &down) == 1U);
}

// ----------------------------------------------------------------- surprise

static void
test_surprise_by_hand(void)
{
  // Moves a a b
  static const TakeNote notes[] = {
    {0U, 4U, 0}, {4U, 4U, 2}, {8U, 4U, 4}, {12U, 4U, 4}};
  const uint16_t a        = move_between(&notes[0], &notes[1]);
  const uint16_t b        = move_between(&notes[2], &notes[3]);
  TakeSet        known    = set_of(make_take(1U, notes, 4U));
  Surprise*      surprise = NULL;
  CHECK(!surprise_new(&known, &surprise));

  const double least = 1.0 / N_MOVES;
  const double a_1   = (2.0 + 2.0 * least) / 5.0;
  const double b_1   = (1.0 + 2.0 * least) / 5.0;
  const double b_2   = (1.0 + 2.0 * b_1) / 4.0; // After a: a once, b once
  const double b_3   = (1.0 + b_2) / 2.0;       // After a a: b once
  const double a_2   = (1.0 + 2.0 * a_1) / 4.0;
  const double a_3   = a_2 / 2.0;
  NEAR(surprise_probability(surprise, (uint16_t[]){a, a, b}), b_3, 1e-12);
  NEAR(surprise_probability(surprise, (uint16_t[]){a, a, a}), a_3, 1e-12);
  // What never was: after b b only the unigram knows more
  NEAR(surprise_probability(surprise, (uint16_t[]){b, b, a}), a_1, 1e-12);

  double sum = 0.0;
  for (uint32_t move = 1U; move <= N_MOVES; ++move) {
    sum += surprise_probability(surprise, (uint16_t[]){a, a, (uint16_t)move});
  }
  NEAR(sum, 1.0, 1e-9);

  // First move after two ends, second after one
  const double first  = (1.0 + (1.0 + a_1) / 2.0) / 2.0;
  const double second = (1.0 + a_2) / 2.0;
  double       bits   = 1.0;
  uint64_t     n      = 1U;
  CHECK(!surprise_add(surprise, &known.takes[0].line[0], &bits, &n));
  NEAR(bits, 1.0 - log2(first) - log2(second) - log2(b_3), 1e-9);
  CHECK(n == 4U);
  surprise_free(surprise);
  takes_clear(&known);
}

// --------------------------------------------------------------------- form

/// Phrases of four notes each, by letters: each letter is another phrase
static Take
phrases_of(const char* const letters)
{
  TakeNote notes[64];
  uint32_t n = 0U;
  for (uint32_t i = 0U; letters[i]; ++i) {
    for (uint32_t k = 0U; k < 4U; ++k) {
      notes[n++] = (TakeNote){
        i * PHRASE_STEPS + 8U * k, 4U, letters[i] - 'A' + 20 * (k == 3U)};
    }
  }
  return make_take((uint32_t)strlen(letters) * PHRASE_BARS, notes, n);
}

static void
test_themes_return(void)
{
  static const struct {
    const char* letters;
    double      theme;
  } rows[] = {
    {"AA", 1.0},
    {"AB", 0.0},
    {"ABA", 0.5},
    {"ABAB", 2.0 / 3.0},
    {"ABCDEFGHA", 1.0 / 8.0},  // Eight back
    {"ABCDEFGHIA", 0.0 / 9.0}, // Nine back is forgotten
  };
  for (uint32_t i = 0U; i < COUNT(rows); ++i) {
    TakeSet set = set_of(phrases_of(rows[i].letters));
    NEAR(form_theme_return(&set), rows[i].theme, 1e-12);
    takes_clear(&set);
  }

  // Three of five notes agree: twice that over ten
  static const TakeNote notes[] = {{0U, 1U, 0},
                                   {4U, 1U, 2},
                                   {8U, 1U, 4},
                                   {12U, 1U, 5},
                                   {20U, 1U, 7},
                                   {64U, 1U, 0},
                                   {68U, 1U, 3},
                                   {72U, 1U, 4},
                                   {77U, 1U, 5},
                                   {84U, 1U, 7}};
  Take                  take    = make_take(8U, notes, COUNT(notes));
  NEAR(form_likeness(&take.line[0], 0U, 64U), 0.6, 1e-12);
  NEAR(form_likeness(&take.line[0], 64U, 128U), 0.0, 1e-12);
  take_clear(&take);
}

static void
test_cadences(void)
{
  static const struct {
    int      pitch;
    uint32_t length;
    int      mode;
    double   cadences;
  } rows[] = {{0, 4U, 1, 1.0},
              {-12, 4U, 1, 1.0},
              {7, 5U, 0, 1.0},
              {4, 4U, 1, 1.0},
              {4, 4U, -1, 0.0},
              {3, 4U, -1, 1.0},
              {3, 4U, 1, 0.0},
              {3, 4U, 0, 1.0},
              {0, 3U, 1, 0.0},
              {2, 9U, 1, 0.0}};
  for (uint32_t i = 0U; i < COUNT(rows); ++i) {
    const TakeNote notes[] = {
      {0U, 1U, 2}, {4U, 1U, 2}, {8U, rows[i].length, rows[i].pitch}};
    Take take   = make_take(4U, notes, 3U);
    take.mode   = rows[i].mode;
    TakeSet set = set_of(take);
    NEAR(form_cadences(&set, 4.0), rows[i].cadences, 0.0);
    takes_clear(&set);
  }
  TakeSet none = {0U, 0U, NULL};
  CHECK(isnan(form_cadences(&none, 1.0)) && isnan(form_theme_return(&none)));

  static const TakeNote notes[] = {
    {0U, 1U, 0}, {4U, 2U, 0}, {8U, 2U, 0}, {12U, 3U, 0}, {16U, 9U, 0}};
  TakeSet set = set_of(make_take(2U, notes, 5U));
  NEAR(form_median_length(&set), 2.0, 0.0);
  takes_clear(&set);
}

// -------------------------------------------------------------------- drums

static void
test_syncopation(void)
{
  static const struct {
    uint32_t onsets;
    uint32_t syncopation;
  } rows[] = {
    {0U, 0U},
    {1U, 0U},
    {1U | 1U << 4 | 1U << 8 | 1U << 12, 0U}, // Four to the floor
    {1U | 1U << 6, 2U},                      // 6 is held over 8
    {1U << 3, 4U},                           // Over the next bar's first
    {1U | 1U << 8 | 1U << 14, 0U},           // The next bar's first is there
    {1U | 1U << 7 | 1U << 9, 5U},            // 7 over 8 is 3; 9 over 12 is 2
  };
  for (uint32_t i = 0U; i < COUNT(rows); ++i) {
    CHECK(drum_syncopation(rows[i].onsets) == rows[i].syncopation);
  }
}

static void
test_drums_by_hand(void)
{
  static const TakeHit hits[] = {{0U, DRUM_KICK, 100U, 0.0},
                                 {16U, DRUM_KICK, 100U, 0.0},
                                 {18U, DRUM_HAT_CLOSED, 60U, 4.0},
                                 {20U, DRUM_CLAP, 80U, 0.0},
                                 {23U, DRUM_KICK, 80U, 4.0}};
  Take                 take   = make_take(3U, NULL, 0U);
  set_hits(&take, hits, COUNT(hits));
  double row[N_DRUM_FEATURES];
  drum_features_measure(&take, 1U, row);
  NEAR(row[DRUMS_HITS], 4.0, 0.0);
  NEAR(row[DRUMS_VOICE + DRUM_KICK], 2.0, 0.0);
  NEAR(row[DRUMS_VOICE + DRUM_SNARE], 0.0, 0.0);
  NEAR(row[DRUMS_VOICES], 3.0, 0.0);
  NEAR(row[DRUMS_KICK_ON_1], 1.0, 0.0);
  NEAR(row[DRUMS_BACKBEAT], 0.5, 0.0);
  NEAR(row[DRUMS_ON_EIGHTHS], 0.75, 1e-12);
  NEAR(row[DRUMS_SYNCOPATION], 3.0, 0.0); // 7 is held over 8
  NEAR(row[DRUMS_CHANGE], 3.0, 0.0);
  NEAR(row[DRUMS_LOUDNESS], sqrt(200.0), 1e-9); // 100 60 80 80
  NEAR(row[DRUMS_TIMING], 2.0, 1e-12);
  drum_features_measure(&take, 0U, row);
  NEAR(row[DRUMS_CHANGE], 0.0, 0.0);
  NEAR(row[DRUMS_BACKBEAT], 0.0, 0.0);

  TakeSet set = set_of(take);
  Samples samples;
  CHECK(!drum_features_of(&set, &samples));
  CHECK(samples.n_rows == 2U); // The third is empty
  samples_clear(&samples);
  takes_clear(&set);
  for (uint32_t i = 0U; i < N_DRUM_FEATURES; ++i) {
    CHECK(drum_feature_name((DrumFeature)i));
  }
}

/// Bars by letters: as many kicks as the letter's number in the alphabet
static Take
bars_of(const char* const letters)
{
  TakeHit  hits[256];
  uint32_t n = 0U;
  for (uint32_t bar = 0U; letters[bar]; ++bar) {
    for (uint32_t k = 0U; (char)('A' + k) <= letters[bar]; ++k) {
      hits[n++] = (TakeHit){bar * BAR_STEPS + k, DRUM_KICK, 90U, 0.0};
    }
  }
  Take take = make_take((uint32_t)strlen(letters), NULL, 0U);
  set_hits(&take, hits, n);
  return take;
}

static void
test_bars_that_are_known(void)
{
  TakeSet known = set_of(bars_of("ABC"));
  TakeSet set   = set_of(bars_of("ABDD"));
  TakeSet none  = {0U, 0U, NULL};
  BarBook book;
  CHECK(!bar_book_init(&book, &known));
  CHECK(book.n == 3U);
  NEAR(bar_book_share(&book, &set), 0.5, 0.0);
  NEAR(bar_book_share(&book, &known), 1.0, 0.0);
  CHECK(isnan(bar_book_share(&book, &none)));
  bar_book_clear(&book);
  takes_clear(&set);
  takes_clear(&known);
}

static void
test_distinct_bars_and_fills(void)
{
  static const struct {
    const char* letters;
    double      distinct;
    double      fill;
  } rows[] = {
    {"BBBBBBBB", 1.0 / 8.0, 1.0},
    {"BBBBBBBD", 2.0 / 8.0, 2.0},
    {"ABCDEFGH", 1.0, 2.0},
    {"BBBBBBBDBBBBBBBF", 3.0 / 16.0, 2.5},         // The median of 2 and 3
    {"BBBBBBBDBBBBBBBDBBBBBBBJ", 3.0 / 24.0, 2.0}, // Of 2, 2 and 5
  };
  for (uint32_t i = 0U; i < COUNT(rows); ++i) {
    TakeSet set   = set_of(bars_of(rows[i].letters));
    double  value = -1.0;
    CHECK(!drum_distinct_bars(&set, &value));
    NEAR(value, rows[i].distinct, 1e-12);
    CHECK(!drum_fill_contrast(&set, &value));
    NEAR(value, rows[i].fill, 1e-12);
    takes_clear(&set);
  }
  TakeSet few   = set_of(bars_of("ABC"));
  double  value = 0.0;
  CHECK(!drum_distinct_bars(&few, &value) && isnan(value));
  CHECK(!drum_fill_contrast(&few, &value) && isnan(value));
  takes_clear(&few);
}

// ----------------------------------------------------------------- together

static void
test_together(void)
{
  // Each one's drums fall on its own melody and nowhere near the others'
  TakeSet set = {0U, 0U, NULL};
  for (uint32_t i = 0U; i < 4U; ++i) {
    TakeNote notes[16];
    TakeHit  hits[16];
    for (uint32_t k = 0U; k < 16U; ++k) {
      notes[k] = (TakeNote){4U * k + i, 1U, 0};
      hits[k]  = (TakeHit){4U * k + i, DRUM_KICK, 90U, 0.0};
    }
    Take take = make_take(4U, notes, 16U);
    set_hits(&take, hits, 16U);
    CHECK(!takes_add(&set, &take));
  }
  Together together;
  CHECK(!together_measure(&set, rng_seed(1U), &together));
  CHECK(together.n_phrases == 4U);
  NEAR(together.own, 1.0, 0.0);
  NEAR(together.strangers, 0.0, 0.0);

  // Half the melody over drums of its own: 8 of 16 notes
  set.takes[0].n_hits = 8U;
  set.n_takes         = 2U;
  CHECK(!together_measure(&set, rng_seed(1U), &together));
  NEAR(together.own, 0.75, 1e-12);
  set.n_takes = 0U;
  CHECK(!together_measure(&set, rng_seed(1U), &together));
  CHECK(isnan(together.own) && isnan(together.strangers));
  set.n_takes = 4U;
  takes_clear(&set);
}

/// A take whose melody is on every fourth step, and drums of each phrase too,
/// `late` steps later
static Take
offset_take(const uint32_t* const late, const uint32_t n_phrases)
{
  TakeNote notes[64];
  TakeHit  hits[64];
  for (uint32_t k = 0U; k < 16U * n_phrases; ++k) {
    notes[k] = (TakeNote){4U * k, 1U, 0};
    hits[k]  = (TakeHit){4U * k + late[k / 16U], DRUM_KICK, 90U, 0.0};
  }
  Take take = make_take(4U * n_phrases, notes, 16U * n_phrases);
  set_hits(&take, hits, 16U * n_phrases);
  return take;
}

static void
test_strangers_are_strange(void)
{
  static const uint32_t on[]    = {0U, 0U, 0U};
  static const uint32_t off[]   = {1U, 1U, 1U};
  static const uint32_t mixed[] = {0U, 1U};
  Together              together;

  // Other takes, not other phrases of the same
  TakeSet    set   = set_of(offset_take(on, 3U));
  const Take other = offset_take(off, 3U);
  CHECK(!takes_add(&set, &other));
  CHECK(!together_measure(&set, rng_seed(1U), &together));
  NEAR(together.own, 0.5, 0.0);
  NEAR(together.strangers, 0.5, 0.0); // On over off, and off over on
  takes_clear(&set);

  // Where there is one take only, its other phrases: never its own
  set = set_of(offset_take(mixed, 2U));
  CHECK(!together_measure(&set, rng_seed(1U), &together));
  NEAR(together.own, 0.5, 0.0);
  NEAR(together.strangers, 0.5, 0.0);
  set.takes[0].line[0].n_notes = 16U; // Only the first has a melody now
  CHECK(!together_measure(&set, rng_seed(1U), &together));
  CHECK(together.n_phrases == 1U && isnan(together.own));
  takes_clear(&set);
}

// ---------------------------------------------------------------- baselines

static void
test_chain(void)
{
  static const uint16_t words[] = {1U, 2U, 3U, 1U, 2U, 4U, CHAIN_END, 5U, 1U};
  Chain*                chain   = NULL;
  CHECK(!chain_new(words, COUNT(words), 1U, &chain));
  const uint16_t after_2[] = {9U, 9U, 2U};
  CHECK(chain_next(chain, after_2, 0U) == 2U);
  CHECK(chain_next(chain, after_2, UINT32_MAX) == 5U);
  const uint16_t first[] = {CHAIN_END, CHAIN_END, CHAIN_END};
  CHECK(chain_next(chain, first, 0U) == 0U);
  CHECK(chain_next(chain, first, UINT32_MAX) == 7U);
  const uint16_t after_4[] = {1U, 2U, 4U};
  CHECK(chain_next(chain, after_4, 0U) == CHAIN_NONE);
  chain_free(chain);

  CHECK(!chain_new(words, COUNT(words), 3U, &chain));
  const uint16_t after_231[] = {2U, 3U, 1U};
  CHECK(chain_next(chain, after_231, UINT32_MAX) == 4U);
  CHECK(chain_next(chain, after_2, 0U) == CHAIN_NONE);
  chain_free(chain);
}

static void
test_random_is_in_the_scale(void)
{
  TakeSet source = wandering_set(1U, 6U);
  TakeSet set;
  CHECK(!baseline_make(&source, BASELINE_RANDOM, 20U, rng_seed(1U), &set));
  CHECK(set.n_takes == 20U);
  double   n_notes  = 0.0;
  double   n_source = 0.0;
  uint32_t n_out    = 0U;
  for (uint32_t i = 0U; i < 20U; ++i) {
    const Take* const take = &set.takes[i];
    const Scale scale      = take->mode < 0 ? SCALE_NATURAL_MINOR : SCALE_MAJOR;
    n_notes += take->line[0].n_notes / (20.0 * BASELINE_BARS);
    for (uint32_t k = 0U; k < take->line[0].n_notes; ++k) {
      const TakeNote* const note = &take->line[0].notes[k];
      n_out += scale_snap(scale, note->pitch) != note->pitch;
      CHECK(note->step < BASELINE_BARS * BAR_STEPS && note->length);
    }
  }
  for (uint32_t i = 0U; i < 6U; ++i) {
    n_source += source.takes[i].line[0].n_notes / (6.0 * 16.0);
  }
  CHECK(!n_out);
  NEAR(n_notes, n_source, 0.25); // As dense
  takes_clear(&set);
  takes_clear(&source);
}

/// Notes in a row of one line that stand somewhere in a set, as pitch and gap
static bool
stands_in(const TakeSet* const  set,
          const TakeNote* const notes,
          const uint32_t        n)
{
  for (uint32_t i = 0U; i < set->n_takes; ++i) {
    const TakeLine* const line = &set->takes[i].line[0];
    for (uint32_t k = 0U; k + n <= line->n_notes; ++k) {
      uint32_t m = 0U;
      while (m < n && line->notes[k + m].pitch == notes[m].pitch &&
             (!m || line->notes[k + m].step - line->notes[k + m - 1U].step ==
                      notes[m].step - notes[m - 1U].step)) {
        ++m;
      }
      if (m == n) {
        return true;
      }
    }
  }
  return false;
}

static void
test_markov_follows_the_source(void)
{
  // Few pitches and gaps, so that there is something to choose from
  TakeSet source = wandering_set(1U, 6U);
  for (uint32_t i = 0U; i < 6U; ++i) {
    uint32_t step = 0U;
    for (uint32_t k = 0U; k < source.takes[i].line[0].n_notes; ++k) {
      TakeNote* const note = &source.takes[i].line[0].notes[k];
      note->step           = step;
      step += note->length > 4U ? 4U : 2U;
      note->length = 1U;
      note->pitch  = (note->pitch + 12) % 3;
    }
  }
  static const struct {
    Baseline baseline;
    uint32_t n; ///< Notes in a row that are from the source
  } rows[] = {{BASELINE_MARKOV_1, 2U}, {BASELINE_MARKOV_3, 4U}};
  for (uint32_t r = 0U; r < 2U; ++r) {
    TakeSet set;
    CHECK(!baseline_make(&source, rows[r].baseline, 4U, rng_seed(1U), &set));
    uint32_t n_all    = 0U;
    uint32_t n_known  = 0U;
    uint32_t n_longer = 0U;
    for (uint32_t i = 0U; i < 4U; ++i) {
      const TakeLine* const line = &set.takes[i].line[0];
      CHECK(line->n_notes > 20U && set.takes[i].n_hits > 20U);
      for (uint32_t k = 0U; k + 9U < line->n_notes; ++k) {
        ++n_all;
        n_known += stands_in(&source, line->notes + k, rows[r].n);
        n_longer += stands_in(&source, line->notes + k, rows[r].n + 5U);
      }
    }
    CHECK(n_known >= n_all * 9U / 10U); // But where a line began anew
    CHECK(n_longer < n_known);
    takes_clear(&set);
  }
  takes_clear(&source);
}

static void
test_baselines_are_the_same_each_time(void)
{
  TakeSet source = wandering_set(1U, 6U);
  for (uint32_t b = 0U; b < N_BASELINES; ++b) {
    TakeSet set[3];
    for (uint32_t i = 0U; i < 3U; ++i) {
      CHECK(
        !baseline_make(&source, (Baseline)b, 2U, rng_seed(i == 2U), &set[i]));
    }
    const TakeLine* const a = &set[0].takes[1].line[0];
    const TakeLine* const c = &set[1].takes[1].line[0];
    const TakeLine* const d = &set[2].takes[1].line[0];
    CHECK(a->n_notes == c->n_notes);
    CHECK(!memcmp(a->notes, c->notes, a->n_notes * sizeof(TakeNote)));
    CHECK(a->n_notes != d->n_notes ||
          memcmp(a->notes, d->notes, a->n_notes * sizeof(TakeNote)) != 0);
    for (uint32_t i = 0U; i < 3U; ++i) {
      takes_clear(&set[i]);
    }
  }
  takes_clear(&source);
}

// ------------------------------------------------------------------ figures

/// All that is needed to measure
typedef struct {
  TakeSet   known;
  TakeSet   held_out;
  Copying*  copying;
  Surprise* surprise;
  BarBook   bars;
  Figures   real;
  Yardstick yardstick;
} Bench;

static void
bench_open(Bench* const bench)
{
  memset(bench, 0, sizeof(*bench));
  bench->known    = wandering_set(1U, 8U);
  bench->held_out = wandering_set(100U, 12U);
  CHECK(!copying_new(&bench->known, &bench->copying));
  CHECK(!surprise_new(&bench->known, &bench->surprise));
  CHECK(!bar_book_init(&bench->bars, &bench->known));
  bench->yardstick =
    (Yardstick){bench->copying, &bench->bars, bench->surprise, 4.0, NULL};
  CHECK(!figures_measure(
    &bench->yardstick, "real", &bench->held_out, &bench->real));
  bench->yardstick.real = &bench->real;
}

static void
bench_close(Bench* const bench)
{
  figures_clear(&bench->real);
  bar_book_clear(&bench->bars);
  surprise_free(bench->surprise);
  copying_free(bench->copying);
  takes_clear(&bench->held_out);
  takes_clear(&bench->known);
}

static void
test_figures_of_the_like_and_of_copies(void)
{
  Bench bench;
  bench_open(&bench);
  TakeSet like = wandering_set(200U, 12U);
  Figures figures;
  CHECK(!figures_measure(&bench.yardstick, "like", &like, &figures));
  CHECK(figures_mark(ROW_MELODY_MEAN_OA, &figures, &bench.real) >= MARK_MET);
  CHECK(figures_mark(ROW_COPIED, &figures, &bench.real) >= MARK_MET);
  CHECK(figures_mark(ROW_BITS, &figures, &bench.real) == MARK_AIM);
  NEAR(figures.value[ROW_PIECES], 12.0, 0.0);
  NEAR(figures.value[ROW_COPIED], 0.0, 0.0);
  NEAR(figures.value[ROW_BARS_COPIED], 0.0, 0.0);
  NEAR(figures.value[ROW_LISTENING],
       figures.value[ROW_AGREEMENT] - figures.value[ROW_STRANGERS],
       1e-12);
  double sum = 0.0;
  for (uint32_t i = 0U; i < N_MELODY_FEATURES; ++i) {
    sum += figures.value[ROW_MELODY_OA + i] / N_MELODY_FEATURES;
  }
  NEAR(figures.value[ROW_MELODY_MEAN_OA], sum, 1e-12);
  figures_clear(&figures);
  takes_clear(&like);

  CHECK(!figures_measure(&bench.yardstick, "copy", &bench.known, &figures));
  NEAR(figures.value[ROW_COPIED], 1.0, 0.0);
  NEAR(figures.value[ROW_BARS_COPIED], 1.0, 0.0);
  uint32_t most = 0U;
  for (uint32_t i = 0U; i < bench.known.n_takes; ++i) {
    const uint32_t n = bench.known.takes[i].line[0].n_notes;
    most             = n > most ? n : most;
  }
  CHECK(most > bench.known.takes[7].line[0].n_notes);
  NEAR(figures.value[ROW_LONGEST_RUN], most, 0.0);
  CHECK(figures.value[ROW_MEAN_RUN] < most);
  CHECK(figures_mark(ROW_COPIED, &figures, &bench.real) == MARK_MISSED);
  CHECK(figures_mark(ROW_LONGEST_RUN, &figures, &bench.real) == MARK_MISSED);
  CHECK(figures_mark(ROW_BITS, &figures, &bench.real) == MARK_MISSED);
  figures_clear(&figures);

  // The held-out pieces themselves: all alike, and their own neighbours
  CHECK(!figures_measure(&bench.yardstick, "same", &bench.held_out, &figures));
  NEAR(figures.value[ROW_MELODY_MEAN_OA], 1.0, 0.01);
  NEAR(figures.value[ROW_DRUMS_MEAN_OA], 1.0, 0.01);
  CHECK(figures_mark(ROW_MELODY, &figures, &bench.real) == MARK_AIM);
  figures_clear(&figures);
  bench_close(&bench);
}

static void
test_figures_are_the_same_each_time(void)
{
  Bench   bench[2];
  TakeSet set = wandering_set(200U, 5U);
  Figures figures[2];
  for (uint32_t i = 0U; i < 2U; ++i) {
    bench_open(&bench[i]);
    CHECK(!figures_measure(&bench[i].yardstick, "set", &set, &figures[i]));
  }
  CHECK(!memcmp(figures[0].value, figures[1].value, sizeof(figures[0].value)));
  CHECK(!memcmp(
    bench[0].real.value, bench[1].real.value, sizeof(bench[0].real.value)));
  for (uint32_t i = 0U; i < 2U; ++i) {
    figures_clear(&figures[i]);
    bench_close(&bench[i]);
  }
  takes_clear(&set);
}

static void
test_figures_without_a_part(void)
{
  Bench bench;
  bench_open(&bench);
  TakeSet set = wandering_set(200U, 3U);
  for (uint32_t i = 0U; i < 3U; ++i) {
    set.takes[i].n_hits = 0U;
  }
  Figures figures;
  CHECK(!figures_measure(&bench.yardstick, "melody", &set, &figures));
  CHECK(isnan(figures.value[ROW_DRUMS]));
  CHECK(isnan(figures.value[ROW_DRUMS_MEAN_OA]));
  CHECK(isnan(figures.value[ROW_DRUMS_NEIGHBOURS]));
  CHECK(isnan(figures.value[ROW_LISTENING]));
  CHECK(!isnan(figures.value[ROW_MELODY_MEAN_OA]));
  CHECK(figures_mark(ROW_DRUMS_MEAN_OA, &figures, &bench.real) == MARK_NONE);
  figures_clear(&figures);
  takes_clear(&set);
  bench_close(&bench);
}

static void
test_marks(void)
{
  static const struct {
    uint32_t row;
    double   real, sd, value;
    Mark     mark;
  } rows[] = {
    {ROW_MELODY_MEAN_OA, 0.8, 0, 0.76, MARK_MET},
    {ROW_MELODY_MEAN_OA, 0.8, 0, 0.79, MARK_AIM},
    {ROW_MELODY_MEAN_OA, 0.8, 0, 0.75, MARK_MISSED},
    {ROW_DRUMS_NEIGHBOURS, 0.5, 0, 0.59, MARK_MISSED},
    {ROW_DRUMS_NEIGHBOURS, 0.5, 0, 0.57, MARK_MET},
    {ROW_DRUMS_NEIGHBOURS, 0.5, 0, 0.53, MARK_AIM},
    {ROW_DRUMS_NEIGHBOURS, 0.5, 0, 0.40, MARK_MET},
    {ROW_COPIED, 0.1, 0, 0.115, MARK_MISSED},
    {ROW_COPIED, 0.1, 0, 0.105, MARK_MET},
    {ROW_COPIED, 0.1, 0, 0.1, MARK_AIM},
    {ROW_LONGEST_RUN, 19, 0, 21, MARK_MET},
    {ROW_LONGEST_RUN, 19, 0, 22, MARK_MISSED},
    {ROW_BITS, 6, 0, 4.9, MARK_MISSED},
    {ROW_BITS, 6, 0, 6.9, MARK_MET},
    {ROW_BITS, 6, 0, 5.6, MARK_AIM},
    {ROW_MELODY, 8, 2, 10.1, MARK_MISSED},
    {ROW_MELODY, 8, 2, 9.9, MARK_MET},
    {ROW_MELODY, 8, 2, 7.5, MARK_AIM},
    {ROW_DRUMS + DRUMS_KICK_ON_1, 0.8, 9, 0.69, MARK_MISSED},
    {ROW_DRUMS + DRUMS_BACKBEAT, 0.8, 9, 0.88, MARK_MET},
    {ROW_DISTINCT, 0.4, 0, 0.45, MARK_MISSED},
    {ROW_DISTINCT, 0.4, 0, 0.96, MARK_MISSED},
    {ROW_DISTINCT, 0.4, 0, 0.9, MARK_MET},
    {ROW_FILL, 1.1, 0, 1.0, MARK_MISSED},
    {ROW_FILL, 1.1, 0, 1.2, MARK_MET},
    {ROW_THEME, 0.5, 0, 0.5, MARK_NONE},
    {ROW_FILL, 1.1, 0, NAN, MARK_NONE},
    {ROW_FILL, NAN, 0, 1.0, MARK_NONE},
  };
  static Figures real;
  static Figures figures;
  for (uint32_t i = 0U; i < COUNT(rows); ++i) {
    real.value[rows[i].row]    = rows[i].real;
    real.spread[rows[i].row]   = rows[i].sd;
    figures.value[rows[i].row] = rows[i].value;
    const Mark mark            = figures_mark(rows[i].row, &figures, &real);
    CHECK(mark == rows[i].mark);
    if (mark != rows[i].mark) {
      fprintf(stderr, "row %u: mark %d\n", i, (int)mark);
    }
  }
  for (uint32_t i = 0U; i < N_ROWS; ++i) {
    char text[80];
    figures_mark_text(i, text, sizeof(text));
    CHECK(figures_row(i).label);
    CHECK((figures_row(i).rule == RULE_NONE) == !text[0]);
  }
}

static void
test_real_music_is_halved(void)
{
  Bench bench;
  bench_open(&bench);
  CHECK(bench.real.value[ROW_MELODY_MEAN_OA] > 0.6);
  CHECK(bench.real.value[ROW_MELODY_MEAN_OA] < 0.99); // Not with itself
  CHECK(bench.real.value[ROW_MELODY_NEIGHBOURS] > 0.25);
  CHECK(bench.real.value[ROW_MELODY_NEIGHBOURS] < 0.75);
  bench_close(&bench);
}

// ------------------------------------------------------------------- report

typedef void (*Writer)(const Report*, FILE*);

/// What a writer writes, to be freed
static char*
written(const Writer write, const Report* const report)
{
  FILE* const file = tmpfile();
  CHECK(file);
  write(report, file);
  const long n    = ftell(file);
  char*      text = (char*)calloc((size_t)n + 1U, 1U);
  rewind(file);
  CHECK(fread(text, 1U, (size_t)n, file) == (size_t)n);
  fclose(file);
  return text;
}

static void
test_reports(void)
{
  Bench bench;
  bench_open(&bench);
  Figures      figures;
  const Report report = {.real_folder = "real & old",
                         .n_known     = 8U,
                         .real        = &bench.real,
                         .n_sets      = 1U,
                         .sets        = &figures,
                         .folders     = {"a <b> folder"}};
  strcpy(bench.known.takes[0].name, "\"<script>\".mid");
  CHECK(!figures_measure(&bench.yardstick, "<b>", &bench.known, &figures));

  figures.value[ROW_THEME] = (double)NAN;
  char* const text         = written(report_text, &report);
  CHECK(!strstr(text, "nan"));
  CHECK(strstr(text, "a <b> folder") && strstr(text, "copied 8-grams"));
  CHECK(strstr(text, "1.000-")); // Copied, and so missed
  CHECK(strstr(text, "rough"));
  free(text);

  char* const page = written(report_html, &report);
  CHECK(strstr(page, "&lt;b&gt;") && strstr(page, "real &amp; old"));
  CHECK(strstr(page, "class=\"missed\">1.000"));
  CHECK(strstr(page, "<svg") && strstr(page, "</html>"));
  CHECK(!strstr(page, "<script") && !strstr(page, "http") &&
        !strstr(page, "src="));
  CHECK(!strstr(page, "nan") && !strstr(page, "inf"));
  free(page);
  figures_clear(&figures);
  bench_close(&bench);
}

// ------------------------------------------------------------------- memory

static Status
measure_all(const TakeSet* const set)
{
  Bench   bench;
  TakeSet made = {0U, 0U, NULL};
  memset(&bench, 0, sizeof(bench));
  Status st = copying_new(set, &bench.copying);
  st        = st ? st : surprise_new(set, &bench.surprise);
  st        = st ? st : bar_book_init(&bench.bars, set);
  st = st ? st : baseline_make(set, BASELINE_MARKOV_3, 1U, rng_seed(1U), &made);
  bench.yardstick =
    (Yardstick){bench.copying, &bench.bars, bench.surprise, 4.0, NULL};
  st = st ? st : figures_measure(&bench.yardstick, "a", set, &bench.real);
  bench_close(&bench);
  takes_clear(&made);
  return st;
}

static void
test_without_memory(void)
{
  TakeSet set = {0U, 0U, NULL};
  for (uint32_t i = 0U; i < 3U; ++i) {
    const Take take = wandering_take(i, 4U);
    CHECK(!takes_add(&set, &take));
  }
  CHECK(!measure_all(&set));
  const int64_t n_live     = failing_alloc_n_live();
  uint32_t      n_forgiven = 0U;
  uint32_t      nth        = 1U;
  for (; failing_alloc_is_able() && nth < 2000U; ++nth) {
    failing_alloc_begin(nth);
    const Status st = measure_all(&set);
    if (!failing_alloc_end()) {
      CHECK(!st);
      break;
    }
    CHECK(st == STATUS_NO_MEM || !st);
    CHECK(failing_alloc_n_live() == n_live);
    n_forgiven += !st;
  }
  CHECK(!failing_alloc_is_able() || (nth > 50U && nth < 2000U));
  CHECK(n_forgiven <= 8U); // Sorting can do without
  takes_clear(&set);
}

int
main(void)
{
  RUN(test_reading_steps_and_filters);
  RUN(test_reading_asks_the_file_for_its_tempo);
  RUN(test_melody_by_hand);
  RUN(test_melody_out_of_scale);
  RUN(test_melody_scales_and_grooves);
  RUN(test_windows_are_taken_evenly);
  RUN(test_windows_need_notes);
  RUN(test_overlap);
  RUN(test_overlap_of_constants);
  RUN(test_density_is_one_in_all);
  RUN(test_neighbours);
  RUN(test_neighbours_are_of_other_pieces);
  RUN(test_neighbours_are_any_row_of_a_piece);
  RUN(test_neighbours_count_both_sets_alike);
  RUN(test_neighbours_do_not_see_units);
  RUN(test_neighbours_that_are_equal_share_the_vote);
  RUN(test_copies_are_found);
  RUN(test_copies_do_not_run_over_the_end);
  RUN(test_copies_are_found_on_both_sides);
  RUN(test_moves);
  RUN(test_surprise_by_hand);
  RUN(test_themes_return);
  RUN(test_cadences);
  RUN(test_syncopation);
  RUN(test_drums_by_hand);
  RUN(test_bars_that_are_known);
  RUN(test_distinct_bars_and_fills);
  RUN(test_together);
  RUN(test_strangers_are_strange);
  RUN(test_chain);
  RUN(test_random_is_in_the_scale);
  RUN(test_markov_follows_the_source);
  RUN(test_baselines_are_the_same_each_time);
  RUN(test_figures_of_the_like_and_of_copies);
  RUN(test_figures_are_the_same_each_time);
  RUN(test_figures_without_a_part);
  RUN(test_marks);
  RUN(test_real_music_is_halved);
  RUN(test_reports);
  RUN(test_without_memory);
  CHECK_END();
}
