// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "tools/train/gate_data.h"

#include "base/rng.h"
#include "compose/gate.h"
#include "compose/model_folder.h"
#include "music/drum_map.h"
#include "music/scale.h"
#include "tests/failing_alloc.h"
#include "tests/folder.h"
#include "tests/tiny_models.h"
#include "tools/train/gate_report.h"
#include "tools/train/spoil.h"

#include <stdbool.h>
#include <string.h>

#define N_PIECES 48U
#define N_BARS 20U
#define MAX_LINE 1200U
#define MAX_SCORES 2000U

// ---------------------------------------------------------- a made-up corpus

static Piece    pieces[N_PIECES];
static Line     lines[N_PIECES][N_PARTS];
static GridNote notes[N_PIECES][N_PARTS][MAX_LINE];
static int8_t   energy[N_BARS];
static uint8_t  fill[N_BARS];
static Chord    chords[N_BARS * CHORDS_PER_BAR + 1U];
static Corpus   corpus = {N_PIECES, pieces, 0U};

/// Notes of one bar; no two bars are alike, and none rings on
static uint32_t
make_bar(const Part      part,
         const uint64_t  key,
         const uint32_t  begin,
         const uint32_t  bar_grids,
         GridNote* const to)
{
  uint32_t n = 0U;
  for (uint32_t place = 0U; place < bar_grids; place += 6U) {
    if (rng_below(key, place, 100U) < 55U || !place) {
      to[n++] = (GridNote){
        begin + place,
        6U,
        (int8_t)(part == PART_MELODY
                   ? scale_snap(SCALE_NATURAL_MINOR,
                                (int)rng_below(key, 200U + place, 25U) - 3)
                   : (int)rng_below(key, 200U + place, 5U)),
        (uint8_t)(part == PART_MELODY ? 100U : 95U),
        0};
    }
  }
  return n;
}

static void
make_line(const uint32_t i, const Part part)
{
  Line* const    line      = &lines[i][part];
  const uint32_t bar_grids = metre_bar_grids(pieces[i].metre);
  const uint64_t key       = rng_key(rng_key(rng_seed(9U), i), part);
  line->part               = part;
  line->notes              = notes[i][part];
  line->n_notes            = 0U;
  line->chords             = part == PART_MELODY ? chords : NULL;
  for (uint32_t bar = 0U; bar < pieces[i].n_bars; ++bar) {
    if (bar != 18U) { // Silence, which is no phrase
      line->n_notes += make_bar(part,
                                rng_key(key, bar),
                                bar * bar_grids,
                                bar_grids,
                                line->notes + line->n_notes);
    }
  }
}

/// Pieces of several styles, metres and splits, in three rows of a map
static void
make_corpus(void)
{
  for (uint32_t bar = 0U; bar < N_BARS; ++bar) {
    energy[bar]           = (int8_t)(6 * (int)bar + 5); // Each is known
    fill[bar]             = (uint8_t)(bar % 8U == 7U ? FILL_BIG : FILL_NONE);
    chords[2U * bar]      = (Chord)(bar % N_CHORDS);
    chords[2U * bar + 1U] = (Chord)(3U * bar % N_CHORDS);
  }
  for (uint32_t i = 0U; i < N_PIECES; ++i) {
    Piece* const piece = &pieces[i];
    memset(piece, 0, sizeof(*piece));
    piece->path               = (char*)"a/b.mid";
    piece->hash               = rng_key(8U, i);
    piece->style              = i % 6U == 5U ? -1 : (int)(i % 5U);
    piece->group              = (uint16_t)(i % 3U);
    piece->share[PART_MELODY] = (float)(1U + i % 3U);
    piece->share[PART_DRUMS]  = i % 3U == 2U ? 0.0f : 1.0f;
    piece->split              = i % 4U == 1U ? SPLIT_HELD_OUT : SPLIT_TRAIN;
    piece->mode               = -1;
    piece->metre              = (Metre){i % 8U == 7U ? 3U : 4U, 4U};
    piece->n_bars             = i == 4U ? 1U : N_BARS;
    piece->energy             = energy;
    piece->fill               = fill;
    piece->n_lines            = N_PARTS;
    piece->lines              = lines[i];
    make_line(i, PART_MELODY);
    make_line(i, PART_DRUMS);
  }
}

static void
make(const Part        part,
     const char* const models,
     const uint64_t    seed,
     Dataset* const    set)
{
  Trouble trouble = {""};
  CHECK(!gate_dataset(&corpus, part, models, seed, set, &trouble));
  CHECK(!trouble.text[0]);
}

// -------------------------------------------------------- reading it all again

/// A sequence as the phrase that it is
typedef struct {
  const Sequence* sequence;
  const Piece*    piece;
  const uint16_t* hot;   ///< (n_steps, K)
  const int8_t*   dense; ///< (N_DENSE)
  uint32_t        bar_grids;
  uint32_t        n_bars;
  uint16_t        tokens[SKETCH_MAX_TOKENS];
  Sketch          sketch;
} Reading;

static void
read_sequence(const Dataset* const set,
              const Part           part,
              const uint32_t       i,
              Reading* const       r)
{
  const uint32_t K = vocab_n_hot(part);
  Cursor         cursor;
  GridNote       note;
  r->sequence  = &set->sequence[i];
  r->piece     = &pieces[r->sequence->i_piece];
  r->hot       = set->hot + (size_t)r->sequence->i_step * K;
  r->dense     = set->dense + (size_t)set->row[r->sequence->i_step] * N_DENSE;
  r->bar_grids = metre_bar_grids(r->piece->metre);
  r->sketch.n_notes = 0U;
  cursor_init(&cursor, part, r->piece->metre);
  for (uint32_t t = 1U; t < r->sequence->n_steps; ++t) {
    r->tokens[t - 1U] = r->hot[t * K]; // What was read last comes first
    if (cursor_step(&cursor, r->tokens[t - 1U], &note)) {
      CHECK(sketch_add(&r->sketch, note, UINT32_MAX));
    }
  }
  r->n_bars = cursor.grid / r->bar_grids;
  CHECK(r->n_bars && cursor.grid % r->bar_grids == 0U);
}

/// What the models would read of a phrase of the corpus
static uint32_t
encode_bars(const Piece* const piece,
            const Part         part,
            const uint32_t     i_bar,
            const uint32_t     n_bars,
            uint16_t* const    tokens)
{
  static Sketch cut;
  cut.n_notes = corpus_phrase(
    piece, &piece->lines[part], i_bar, n_bars, cut.notes, PHRASE_MAX_NOTES);
  return sketch_encode(
    &cut, part, n_bars * metre_bar_grids(piece->metre), tokens);
}

/// The bar of its piece where a real phrase begins; N_BARS when it is not there
static uint32_t
find_bar(const Reading* const r, const Part part)
{
  static uint16_t tokens[SKETCH_MAX_TOKENS];
  const uint32_t  n   = r->sequence->n_steps - 1U;
  uint32_t        bar = 0U;
  for (; bar + r->n_bars <= r->piece->n_bars; ++bar) {
    if (encode_bars(r->piece, part, bar, r->n_bars, tokens) == n &&
        !memcmp(tokens, r->tokens, n * sizeof(*tokens))) {
      return bar;
    }
  }
  return N_BARS;
}

static bool
has_inputs(const Cursor* const       cursor,
           const Surroundings* const around,
           const uint16_t* const     hot)
{
  uint16_t expected[VOCAB_MAX_HOT];
  cursor_inputs(cursor, around, expected);
  return !memcmp(hot, expected, vocab_n_hot(cursor->part) * sizeof(*hot));
}

/// Phrases of drums that were not told their melody
static uint32_t n_alone;

/// Inputs and targets are those of a cursor that starts in that bar
static void
check_steps(const Dataset* const set,
            const Part           part,
            const Reading* const r,
            const uint32_t       i_bar)
{
  static Sketch   melody;
  static uint64_t onsets[SKETCH_ONSET_WORDS];
  melody.n_notes = corpus_phrase(r->piece,
                                 &r->piece->lines[PART_MELODY],
                                 i_bar,
                                 r->n_bars,
                                 melody.notes,
                                 PHRASE_MAX_NOTES);
  sketch_onsets(&melody, r->bar_grids, onsets);

  const uint32_t K      = vocab_n_hot(part);
  const uint32_t n      = r->sequence->n_steps;
  Surroundings   around = {r->piece->metre,
                           i_bar,
                           r->n_bars,
                           fill + i_bar,
                         part == PART_DRUMS ? onsets : NULL,
                         part == PART_MELODY ? chords + i_bar * CHORDS_PER_BAR
                                               : NULL};
  const uint16_t label =
    r->sequence->group == KIND_REAL ? GATE_REAL : GATE_NOT_REAL;
  uint32_t n_asks = 0U;
  uint32_t bar    = 0U;
  Cursor   cursor;
  cursor_init(&cursor, part, r->piece->metre);
  if (part == PART_DRUMS && !has_inputs(&cursor, &around, r->hot)) {
    CHECK(r->piece->split == SPLIT_TRAIN); // Its melody was taken away
    around.onsets = NULL;
    ++n_alone;
  }
  for (uint32_t t = 0U; t < n; ++t) {
    const size_t   i = (size_t)r->sequence->i_step + t;
    uint16_t       hot[VOCAB_MAX_HOT];
    GridNote       note;
    const uint32_t now      = cursor.grid / r->bar_grids;
    const bool     is_asked = now != bar || t + 1U == n;
    cursor_inputs(&cursor, &around, hot);
    CHECK(!memcmp(hot, r->hot + t * K, K * sizeof(*hot)));
    CHECK(set->row[i] == set->row[r->sequence->i_step]);
    CHECK(set->target[i] == (is_asked ? label : NO_TARGET));
    bar = now;
    n_asks += is_asked ? 1U : 0U;
    if (t + 1U < n) {
      (void)cursor_step(&cursor, r->tokens[t], &note);
    }
  }
  CHECK(n_asks && n_asks <= r->n_bars);
}

static void
check_dense(const Part part, const Reading* const r, const uint32_t i_bar)
{
  const uint32_t n_grids = r->n_bars * r->bar_grids;
  const int8_t   density = vocab_density(part, r->sketch.n_notes, n_grids);
  const int8_t   range = vocab_range(part, r->sketch.notes, r->sketch.n_notes);

  int sum    = 0;
  int styles = 0;
  for (uint32_t k = 0U; k < r->n_bars; ++k) {
    sum += energy[i_bar + k];
  }
  const int8_t mean = (int8_t)(sum / (int)r->n_bars);
  CHECK(r->dense[DENSE_DENSITY] == density || !r->dense[DENSE_DENSITY]);
  CHECK(r->dense[DENSE_RANGE] == range || !r->dense[DENSE_RANGE]);
  CHECK(r->dense[DENSE_ENERGY] == mean || !r->dense[DENSE_ENERGY]);
  CHECK(r->dense[DENSE_MODE] == (part == PART_MELODY ? -127 : 0));

  // Its own style for the most part, perhaps with another that the part has
  for (int s = 0; s < (int)N_STYLES; ++s) {
    const int share = r->dense[DENSE_STYLE + s];
    styles += share;
    CHECK(share >= 0);
    CHECK(!share || style_row((Style)s)->has_part[part]);
    CHECK(!share || s == r->piece->style || (share >= 20 && share < 50));
  }
  CHECK(!styles || (styles == 127 && r->piece->style >= 0));
}

// ------------------------------------------------------- what makes each kind

/// The bars of one are those of the other, in any order
static void
check_bars_shuffled(const Reading* const real, const Reading* const other)
{
  static Sketch a;
  static Sketch b;
  bool          is_used[PHRASE_MAX_BARS] = {false};
  CHECK(real->n_bars > 1U);
  for (uint32_t i = 0U; i < other->n_bars; ++i) {
    const uint32_t length = other->bar_grids;
    bool           found  = false;
    sketch_slice(&other->sketch, i * length, (i + 1U) * length, &a);
    for (uint32_t k = 0U; k < real->n_bars && !found; ++k) {
      sketch_slice(&real->sketch, k * length, (k + 1U) * length, &b);
      found = !is_used[k] && sketch_is_equal(&a, &b);
      is_used[k] |= found;
    }
    CHECK(found);
  }
}

/// The rhythm is the same, and so are the lengths of a melody
static void
check_pitches_random(const Part           part,
                     const Reading* const real,
                     const Reading* const other)
{
  const Sketch* const a = &real->sketch;
  const Sketch* const b = &other->sketch;
  CHECK(a->n_notes == b->n_notes);
  for (uint32_t i = 0U; i < a->n_notes && i < b->n_notes; ++i) {
    CHECK(a->notes[i].grid == b->notes[i].grid);
    CHECK(part == PART_DRUMS || a->notes[i].length == b->notes[i].length);
    CHECK(part == PART_DRUMS ||
          scale_snap(SCALE_NATURAL_MINOR, b->notes[i].pitch) ==
            b->notes[i].pitch);
  }
}

static void
check_rhythm_random(const Reading* const real, const Reading* const other)
{
  CHECK(other->sketch.n_notes <= real->sketch.n_notes);
  CHECK(other->sketch.n_notes >= real->n_bars);
  for (uint32_t i = 0U; i < other->sketch.n_notes; ++i) {
    CHECK(other->sketch.notes[i].grid % 6U == 0U);
  }
}

/// The first half is the same; a melody's second half is moved by so much
static void
check_half_moved(const Part           part,
                 const Reading* const real,
                 const Reading* const other)
{
  const Sketch* const a    = &real->sketch;
  const Sketch* const b    = &other->sketch;
  const uint32_t      half = real->n_bars * real->bar_grids / 2U;
  int                 by   = 0;
  if (part == PART_DRUMS) {
    return; // Hits that meet are one: test_spoil_half()
  }
  CHECK(a->n_notes == b->n_notes);
  for (uint32_t i = 0U; i < a->n_notes && i < b->n_notes; ++i) {
    const int moved = b->notes[i].pitch - a->notes[i].pitch;
    CHECK(a->notes[i].grid == b->notes[i].grid);
    if (a->notes[i].grid < half) {
      CHECK(!moved);
    } else {
      CHECK((moved >= -6 && moved <= 6 && moved) || moved % 12);
      CHECK(!by || (moved - by) % 12 == 0);
      by = moved;
    }
  }
  CHECK(by);
}

static void
check_wrong_style(const Part           part,
                  const Reading* const real,
                  const Reading* const other)
{
  int sum = 0;
  CHECK(sketch_is_equal(&real->sketch, &other->sketch));
  CHECK(real->piece->style >= 0);
  for (int s = 0; s < (int)N_STYLES; ++s) {
    const int share = other->dense[DENSE_STYLE + s];
    sum += share;
    CHECK(share == 0 || share == 127);
    CHECK(!share || style_row((Style)s)->has_part[part]);
  }
  CHECK(sum == 127 && !other->dense[DENSE_STYLE + real->piece->style]);
}

static void
check_noise_repeated(const Part           part,
                     const Reading* const real,
                     const Reading* const other)
{
  static Sketch  a;
  static Sketch  b;
  const uint32_t n_parts = other->n_bars > 1U ? other->n_bars : 2U;
  const uint32_t length  = other->n_bars * other->bar_grids / n_parts;
  sketch_slice(&other->sketch, 0U, length, &a);
  CHECK(a.n_notes);
  for (uint32_t i = 1U; i < n_parts; ++i) {
    sketch_slice(&other->sketch, i * length, (i + 1U) * length, &b);
    CHECK(a.n_notes == b.n_notes);
    for (uint32_t k = 0U; k < a.n_notes && k < b.n_notes; ++k) {
      CHECK(a.notes[k].grid == b.notes[k].grid);
      CHECK(a.notes[k].pitch == b.notes[k].pitch);
    }
  }
  CHECK(other->sketch.n_notes <= real->sketch.n_notes + 2U * n_parts);
  for (uint32_t i = 0U; part == PART_MELODY && i < a.n_notes; ++i) {
    CHECK(scale_snap(SCALE_NATURAL_MINOR, a.notes[i].pitch) ==
          a.notes[i].pitch);
  }
}

static void
check_kind(const Part           part,
           const Reading* const real,
           const Reading* const other)
{
  switch ((GateKind)other->sequence->group) {
  case KIND_BARS_SHUFFLED:
    check_bars_shuffled(real, other);
    break;
  case KIND_PITCHES_RANDOM:
    check_pitches_random(part, real, other);
    break;
  case KIND_RHYTHM_RANDOM:
    check_rhythm_random(real, other);
    break;
  case KIND_HALF_MOVED:
    check_half_moved(part, real, other);
    break;
  case KIND_WRONG_STYLE:
    check_wrong_style(part, real, other);
    break;
  case KIND_NOISE_REPEATED:
    check_noise_repeated(part, real, other);
    break;
  default:
    CHECK(other->sequence->group == KIND_OWN);
  }
}

/// A real phrase and what follows it
static void
check_pair(const Part           part,
           const Reading* const real,
           const Reading* const other)
{
  const uint32_t K = vocab_n_hot(part);
  CHECK(real->sequence->group == KIND_REAL);
  CHECK(other->sequence->group != KIND_REAL);
  CHECK(other->sequence->i_piece == real->sequence->i_piece);
  CHECK(other->sequence->split == real->sequence->split);
  CHECK(real->sequence->split == real->piece->split);
  NEAR(other->sequence->weight, real->sequence->weight, 0.0);
  CHECK(other->n_bars == real->n_bars);

  // Place, metre and surroundings are the same, and so is what they are told
  CHECK(!memcmp(real->hot, other->hot, K * sizeof(uint16_t)));
  if (other->sequence->group == KIND_WRONG_STYLE) {
    CHECK(!memcmp(
      real->dense + N_STYLES, other->dense + N_STYLES, N_DENSE - N_STYLES));
  } else {
    CHECK(!memcmp(real->dense, other->dense, N_DENSE));
    CHECK(!sketch_is_equal(&real->sketch, &other->sketch) ||
          real->sequence->n_steps != other->sequence->n_steps);
  }
  check_kind(part, real, other);
}

static void
check_set(const Part part, const char* const models)
{
  static Reading real;
  static Reading other;
  uint32_t       n_kind[N_GATE_KINDS]         = {0U};
  uint32_t       n_long[PHRASE_MAX_BARS + 1U] = {0U};
  uint32_t       n_silent[4]                  = {0U};
  uint32_t       n_blends                     = 0U;
  Dataset        set;
  n_alone = 0U;
  make(part, models, 3U, &set);
  CHECK(set.n_hot_inputs == vocab_n_hot_inputs(part));
  CHECK(set.n_hot == vocab_n_hot(part) && set.n_dense == N_DENSE);
  CHECK(set.n_classes == N_GATE_CLASSES && set.n_sequences % 2U == 0U);

  for (uint32_t i = 0U; i + 1U < set.n_sequences; i += 2U) {
    read_sequence(&set, part, i, &real);
    read_sequence(&set, part, i + 1U, &other);
    const uint32_t bar = find_bar(&real, part);
    CHECK(bar < N_BARS);
    if (bar < N_BARS) {
      check_steps(&set, part, &real, bar);
      check_steps(&set, part, &other, bar);
      check_dense(part, &real, bar);
      check_pair(part, &real, &other);
    }
    ++n_kind[other.sequence->group];
    ++n_long[real.n_bars];

    const int style = real.piece->style;
    n_silent[0] += !real.dense[DENSE_DENSITY];
    n_silent[1] += !real.dense[DENSE_RANGE];
    n_silent[2] += !real.dense[DENSE_ENERGY];
    n_silent[3] += style >= 0 && !real.dense[DENSE_STYLE + style];
    n_blends += style >= 0 && real.dense[DENSE_STYLE + style] > 0 &&
                real.dense[DENSE_STYLE + style] < 127;
  }

  // Every kind, about as often as its share of 20 (15 without our own) says
  static const uint32_t shares[N_GATE_KINDS] = {0U, 4U, 4U, 1U, 2U, 3U, 1U, 5U};
  const uint32_t        n                    = set.n_sequences / 2U;
  const uint32_t        n_ways               = models ? 7U : 6U;
  CHECK(n > 50U && !n_kind[KIND_REAL]);
  CHECK(models ? n_kind[KIND_OWN] : !n_kind[KIND_OWN]);
  for (unsigned kind = 1U; kind <= n_ways; ++kind) {
    const uint32_t n_all = models ? 20U : 15U;
    CHECK(n_kind[kind] * 4U * n_all > n * shares[kind]);
    CHECK(n_kind[kind] * n_all < n * shares[kind] * 4U);
  }

  // Lengths, and what is left unknown or blended
  CHECK(n_long[1] && n_long[2] && n_long[4] > n / 3U && n_long[8]);
  CHECK(n_long[1] + n_long[2] + n_long[4] + n_long[8] == n);
  for (unsigned k = 0U; k < 3U; ++k) {
    CHECK(n_silent[k] > n / 4U);
    CHECK(n_silent[k] < n * 3U / 4U || (k == 1U && part == PART_DRUMS));
  }
  CHECK(n_silent[3] && n_silent[3] < n / 3U);
  CHECK(n_blends > n / 20U && n_blends < n / 2U);
  CHECK(part == PART_DRUMS ? n_alone > n / 20U && n_alone < n : !n_alone);
  dataset_clear(&set);
}

static void
test_melody_set(void)
{
  check_set(PART_MELODY, NULL);
}

static void
test_drums_set(void)
{
  check_set(PART_DRUMS, NULL);
}

// ------------------------------------------------------------------ a seed

static bool
is_same(const Dataset* const a, const Dataset* const b)
{
  bool same = a->n_steps == b->n_steps && a->n_rows == b->n_rows &&
              a->n_sequences == b->n_sequences;
  for (uint32_t i = 0U; same && i < a->n_sequences; ++i) {
    const Sequence* const x = &a->sequence[i];
    const Sequence* const y = &b->sequence[i];
    same = x->i_step == y->i_step && x->n_steps == y->n_steps &&
           x->i_piece == y->i_piece && x->group == y->group &&
           x->split == y->split && x->weight == y->weight;
  }
  return same && !memcmp(a->hot, b->hot, (size_t)a->n_steps * a->n_hot * 2U) &&
         !memcmp(a->target, b->target, a->n_steps * 2U) &&
         !memcmp(a->row, b->row, a->n_steps * 4U) &&
         !memcmp(a->dense, b->dense, (size_t)a->n_rows * a->n_dense);
}

static void
test_same_seed_same_data(void)
{
  Folder  folder;
  Trouble trouble = {""};
  CHECK(folder_make(&folder));
  CHECK(!tiny_models_write(folder.path, 1U, &trouble));
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    for (unsigned k = 0U; k < 2U; ++k) {
      const char* const models = k ? folder.path : NULL;
      Dataset           a;
      Dataset           b;
      make((Part)part, models, 7U, &a);
      make((Part)part, models, 7U, &b);
      CHECK(is_same(&a, &b));
      dataset_clear(&b);
      make((Part)part, models, 8U, &b);
      CHECK(!is_same(&a, &b));
      dataset_clear(&b);
      dataset_clear(&a);
    }
  }
  folder_free(&folder);
}

// ------------------------------------------------------------------ weights

static void
test_shares_and_splits(void)
{
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    Dataset  set;
    double   sum[3] = {0.0};
    uint32_t n      = 0U;
    uint32_t n_held = 0U;
    make((Part)part, NULL, 5U, &set);
    for (uint32_t i = 0U; i < set.n_sequences; i += 2U) {
      const Sequence* const s = &set.sequence[i];
      CHECK(s->weight > 0.0f && pieces[s->i_piece].share[part] > 0.0f);
      if (s->split == SPLIT_TRAIN) {
        sum[pieces[s->i_piece].group] += (double)s->weight;
        ++n;
      } else {
        ++n_held;
      }
    }
    CHECK(n && n_held);
    NEAR((sum[0] + sum[1] + sum[2]) / n, 1.0, 1e-4);
    NEAR(sum[1] / sum[0], part == PART_MELODY ? 2.0 : 1.0, 1e-4);
    NEAR(sum[2] / sum[0], part == PART_MELODY ? 3.0 : 0.0, 1e-4);
    dataset_clear(&set);
  }
}

static void
test_too_much_of_a_row_is_thinned_out(void)
{
  // A row with about 24000 phrases of four notes, and one with a few
  enum { N = 16000, N_FEW = 40 };
  static GridNote many[N];
  static int8_t   no_energy[N];
  static uint8_t  no_fill[N];
  static Chord    no_chords[N * CHORDS_PER_BAR + 1];
  Line            line    = {PART_MELODY, N, many, "", 0U, no_chords};
  Line            few     = {PART_MELODY, N_FEW, many, "", 0U, no_chords};
  Piece           two[2]  = {{.path    = (char*)"a",
                              .hash    = 1U,
                              .style   = -1,
                              .share   = {1.0f, 1.0f},
                              .metre   = {4U, 4U},
                              .n_bars  = N,
                              .energy  = no_energy,
                              .fill    = no_fill,
                              .n_lines = 1U,
                              .lines   = &line}};
  const Corpus    rows    = {2U, two, 0U};
  Trouble         trouble = {""};
  Dataset         set;
  uint32_t        n[2] = {0U};
  for (uint32_t i = 0U; i < N; ++i) {
    many[i] = (GridNote){i * 96U, 24U, (int8_t)(i % 12U), 100U, 0};
  }
  two[1]        = two[0];
  two[1].group  = 1U;
  two[1].hash   = 2U;
  two[1].lines  = &few;
  two[1].n_bars = N_FEW;
  CHECK(!gate_dataset(&rows, PART_MELODY, NULL, 1U, &set, &trouble));
  for (uint32_t i = 0U; i < set.n_sequences; ++i) {
    n[set.sequence[i].i_piece] += set.sequence[i].group == KIND_REAL;
  }
  CHECK(n[0] > 7500U && n[0] < 8500U);
  CHECK(n[1] > 12U && n[1] <= 6U * N_FEW / 2U);
  dataset_clear(&set);

  // Without a map there is one row, which may have more
  const Corpus one = {1U, two, 0U};
  CHECK(!gate_dataset(&one, PART_MELODY, NULL, 1U, &set, &trouble));
  n[0] = 0U;
  for (uint32_t i = 0U; i < set.n_sequences; ++i) {
    n[0] += set.sequence[i].group == KIND_REAL;
  }
  CHECK(n[0] > 8500U && n[0] <= 6U * N / 4U);
  dataset_clear(&set);
}

static void
test_nothing_to_learn_from(void)
{
  const Corpus none    = {0U, NULL, 0U};
  Trouble      trouble = {""};
  Dataset      set;
  CHECK(!gate_dataset(&none, PART_DRUMS, NULL, 1U, &set, &trouble));
  CHECK(!set.n_sequences && !set.n_steps);
  dataset_clear(&set);
}

static void
test_names_of_kinds(void)
{
  for (unsigned i = 0U; i < N_GATE_KINDS; ++i) {
    CHECK(gate_kind_name(i)[0]);
    for (unsigned k = 0U; k < i; ++k) {
      CHECK(strcmp(gate_kind_name(i), gate_kind_name(k)));
    }
  }
  CHECK(!gate_kind_name(N_GATE_KINDS)[0]);
}

// --------------------------------------------------------------- with models

static Folder models;

static const char*
inside(const char* const name)
{
  static char path[128];
  snprintf(path, sizeof(path), "%s/%s", models.path, name);
  return path;
}

static void
test_sets_with_what_models_write(void)
{
  check_set(PART_MELODY, models.path);
  check_set(PART_DRUMS, models.path);
}

static void
test_models_that_cannot_be_used(void)
{
  const TinyModel wrong = {
    .job = MODEL_GENERATOR, .part = PART_MELODY, .vocab_version = "77"};
  Folder  folder;
  Trouble trouble = {""};
  Dataset set;
  char    path[128];
  CHECK(folder_make(&folder));
  snprintf(path, sizeof(path), "%s/melody.safetensors", folder.path);
  CHECK(!tiny_model_write(&wrong, path, &trouble));
  CHECK(gate_dataset(&corpus, PART_MELODY, folder.path, 1U, &set, &trouble) ==
        STATUS_MISMATCH);
  CHECK(strstr(trouble.text, "gate's data cannot be made"));
  CHECK(strstr(trouble.text, "77"));
  CHECK(!set.hot && !set.sequence);

  FILE* const file = fopen(path, "w");
  CHECK(file && !fclose(file));
  CHECK(gate_dataset(&corpus, PART_MELODY, folder.path, 1U, &set, &trouble) ==
        STATUS_BAD_FILE);
  CHECK(strstr(trouble.text, "too short"));

  // There is no model of the drums here, which is no trouble
  trouble.text[0] = '\0';
  make(PART_DRUMS, folder.path, 1U, &set);
  dataset_clear(&set);
  folder_free(&folder);
}

// ---------------------------------------------------------------- spoiling

static void (*const ways[])(const Spoil* spoil, Sketch* to) = {
  spoil_bars,
  spoil_pitches,
  spoil_rhythm,
  spoil_half,
  spoil_all,
};

#define N_WAYS (sizeof(ways) / sizeof(ways[0]))

static const Metre metres[] = {{4U, 4U},
                               {3U, 4U},
                               {7U, 8U},
                               {5U, 4U},
                               {1U, 8U}};

static void
check_sketch(const Sketch* const sketch, const Part part, const uint32_t end)
{
  CHECK(sketch->n_notes <= PHRASE_MAX_NOTES);
  for (uint32_t i = 0U; i < sketch->n_notes; ++i) {
    const GridNote* const n = &sketch->notes[i];
    CHECK(n->grid < end && n->length && n->velocity && n->velocity < 128U);
    CHECK(part == PART_MELODY
            ? n->pitch >= MELODY_MIN_PITCH && n->pitch <= MELODY_MAX_PITCH
            : n->pitch >= 0 && n->pitch < N_DRUM_VOICES);
    CHECK(!i || n[-1].grid < n->grid ||
          (n[-1].grid == n->grid && n[-1].pitch <= n->pitch));
  }
}

/// Some phrase, which depends on the key alone
static void
make_sketch(const Spoil* const spoil, Sketch* const sketch)
{
  sketch->n_notes = 0U;
  for (uint32_t bar = 0U; bar < spoil->n_bars; ++bar) {
    sketch->n_notes += make_bar(spoil->part,
                                rng_key(spoil->key, bar),
                                bar * spoil->bar_grids,
                                spoil->bar_grids,
                                sketch->notes + sketch->n_notes);
  }
}

/// Notes with that pitch, or within those grid steps
static uint32_t
count(const Sketch* const sketch,
      const int           pitch,
      const uint32_t      begin,
      const uint32_t      end)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < sketch->n_notes; ++i) {
    const GridNote* const note = &sketch->notes[i];
    n += note->grid >= begin && note->grid < end &&
         (pitch == INT8_MIN || note->pitch == pitch);
  }
  return n;
}

/// What each way promises of any phrase
static void
check_spoilt(const Spoil* const spoil, const size_t way, const Sketch* const to)
{
  const Sketch* const from = spoil->sketch;
  const uint32_t      bar  = spoil->bar_grids;
  const uint32_t      end  = spoil->n_bars * bar;
  if (ways[way] != spoil_all) {
    CHECK(to->n_notes == from->n_notes);
  } else {
    const uint32_t n_parts = spoil->n_bars > 1U ? spoil->n_bars : 2U;
    CHECK(to->n_notes && to->n_notes % n_parts == 0U);
    CHECK(2U * to->n_notes + n_parts >= 2U * from->n_notes);
    CHECK(to->n_notes == n_parts ||
          2U * to->n_notes <= 2U * from->n_notes + n_parts);
    CHECK(to->n_notes <= from->n_notes + 2U * n_parts);
  }
  for (int pitch = MELODY_MIN_PITCH; pitch <= MELODY_MAX_PITCH; ++pitch) {
    if (ways[way] == spoil_bars || ways[way] == spoil_rhythm) {
      CHECK(count(to, pitch, 0U, end) == count(from, pitch, 0U, end));
    }
    for (uint32_t b = 0U; ways[way] == spoil_rhythm && b < spoil->n_bars; ++b) {
      CHECK(count(to, pitch, b * bar, b * bar + bar) ==
            count(from, pitch, b * bar, b * bar + bar));
    }
  }
  for (uint32_t i = 0U; ways[way] == spoil_pitches && i < to->n_notes; ++i) {
    CHECK(to->notes[i].grid == from->notes[i].grid);
    CHECK(to->notes[i].length == from->notes[i].length);
  }
}

static void
test_spoilt_phrases_are_phrases(void)
{
  static Sketch from;
  static Sketch to;
  static Sketch again;
  uint32_t      n_changed[N_WAYS] = {0U};
  uint32_t      n                 = 0U;
  for (uint32_t i = 0U; i < 200U; ++i) {
    Spoil          spoil = {&from,
                   i % 2U ? PART_DRUMS : PART_MELODY,
                            metre_bar_grids(metres[i % 5U]),
                            1U + i % 8U,
                            (int)(i % 3U) - 1,
                            rng_key(rng_seed(1U), i)};
    const uint32_t end   = spoil.n_bars * spoil.bar_grids;
    make_sketch(&spoil, &from);
    for (size_t way = 0U; way < N_WAYS; ++way) {
      to.n_notes = 77U;
      ways[way](&spoil, &to);
      check_sketch(&to, spoil.part, end);
      check_spoilt(&spoil, way, &to);
      n_changed[way] += !sketch_is_equal(&from, &to);
      ways[way](&spoil, &again);
      CHECK(sketch_is_equal(&to, &again));

      // Another key, another phrase
      spoil.key = rng_key(spoil.key, 1U);
      ways[way](&spoil, &again);
      n += !sketch_is_equal(&to, &again);
    }
  }
  for (size_t way = 0U; way < N_WAYS; ++way) {
    CHECK(n_changed[way] > 140U);
  }
  CHECK(n > 700U);
}

static void
test_spoiling_nothing(void)
{
  static const Sketch none = {.n_notes = 0U};
  static Sketch       to;
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    const Spoil spoil = {&none, (Part)part, 96U, 2U, 0, 5U};
    for (size_t way = 0U; way < N_WAYS; ++way) {
      to.n_notes = 77U;
      ways[way](&spoil, &to);
      check_sketch(&to, (Part)part, 192U);
      CHECK(ways[way] == spoil_all || !to.n_notes);
    }
  }
}

static void
test_spoiling_a_full_phrase(void)
{
  static Sketch full;
  static Sketch to;
  full.n_notes = PHRASE_MAX_NOTES;
  for (uint32_t i = 0U; i < PHRASE_MAX_NOTES; ++i) {
    full.notes[i] = (GridNote){i * 768U / PHRASE_MAX_NOTES, 1U, 0, 127U, 0};
  }
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    const Spoil spoil = {&full, (Part)part, 96U, 8U, 1, 5U};
    for (size_t way = 0U; way < N_WAYS; ++way) {
      ways[way](&spoil, &to);
      check_sketch(&to, (Part)part, 768U);
      CHECK(to.n_notes == PHRASE_MAX_NOTES);
    }
  }
}

static void
test_spoilt_pitches_are_of_the_scale(void)
{
  static Sketch from;
  static Sketch to;
  for (int mode = -1; mode <= 1; ++mode) {
    const Scale scale = mode < 0 ? SCALE_NATURAL_MINOR : SCALE_MAJOR;
    for (uint32_t i = 0U; i < 50U; ++i) {
      const Spoil spoil = {&from, PART_MELODY, 96U, 4U, mode, rng_key(2U, i)};
      make_sketch(&spoil, &from);

      // As low or as high as can be, at times
      from.notes[0].pitch = (int8_t)(i % 3U ? MELODY_MIN_PITCH : 0);
      from.notes[1].pitch = (int8_t)(i % 4U ? MELODY_MAX_PITCH : 0);
      for (unsigned all = 0U; all < 2U; ++all) {
        (all ? spoil_all : spoil_pitches)(&spoil, &to);
        check_sketch(&to, PART_MELODY, 384U);
        for (uint32_t k = 0U; k < to.n_notes; ++k) {
          CHECK(scale_snap(scale, to.notes[k].pitch) == to.notes[k].pitch);
        }
      }
    }
  }
}

static void
test_spoil_half(void)
{
  static Sketch from;
  static Sketch to;
  bool          has_moved[13] = {false};
  for (uint32_t i = 0U; i < 100U; ++i) {
    Spoil spoil = {&from, PART_MELODY, 96U, 4U, -1, rng_key(3U, i)};
    make_sketch(&spoil, &from);
    spoil_half(&spoil, &to);
    for (uint32_t k = 0U; k < from.n_notes; ++k) {
      const int by = to.notes[k].pitch - from.notes[k].pitch;
      CHECK(to.notes[k].grid == from.notes[k].grid);
      CHECK(from.notes[k].grid < 192U ? !by : by && by >= -6 && by <= 6);
      has_moved[by + 6] = true;
    }

    // Drums: each bar of the second half is turned by so many sixteenths
    spoil.part = PART_DRUMS;
    make_sketch(&spoil, &from);
    spoil_half(&spoil, &to);
    uint32_t n_fit = 0U;
    for (uint32_t shift = 6U; shift <= 18U; shift += 6U) {
      bool fits = true;
      for (uint32_t k = 0U; k < from.n_notes; ++k) {
        const GridNote* const n     = &from.notes[k];
        const uint32_t        place = n->grid % 96U;
        const uint32_t        grid =
          n->grid < 192U ? n->grid : n->grid - place + (place + shift) % 96U;
        fits = fits && count(&to, n->pitch, grid, grid + 1U) == 1U;
      }
      n_fit += fits;
    }
    CHECK(n_fit == 1U);
  }
  for (int by = -6; by <= 6; ++by) {
    CHECK(has_moved[by + 6]);
  }
}

static void
test_transposed_by_octaves_at_the_ends(void)
{
  // A pitch that would leave the range stays in it, an octave nearer
  static Sketch from;
  static Sketch to;
  for (uint32_t i = 0U; i < 60U; ++i) {
    const Spoil spoil = {&from, PART_MELODY, 96U, 2U, -1, rng_key(4U, i)};
    from.n_notes      = 2U;
    from.notes[0]     = (GridNote){96U, 6U, MELODY_MIN_PITCH, 100U, 0};
    from.notes[1]     = (GridNote){102U, 6U, MELODY_MAX_PITCH, 100U, 0};
    spoil_half(&spoil, &to);
    const int low  = to.notes[0].pitch - MELODY_MIN_PITCH;
    const int high = to.notes[1].pitch - MELODY_MAX_PITCH;
    check_sketch(&to, PART_MELODY, 192U);
    CHECK((low > 0 && low <= 6) || (low >= 6 && low < 12));
    CHECK(high < 0 && high > -12 && (low - high) % 12 == 0);
  }
}

// ------------------------------------------------------------------- the AUC

/// Every real one against every other one
static double
slow_auc(const float* const real,
         const uint32_t     n_real,
         const float* const other,
         const uint32_t     n_other)
{
  double won = 0.0;
  for (uint32_t i = 0U; i < n_real; ++i) {
    for (uint32_t k = 0U; k < n_other; ++k) {
      won += real[i] > other[k] ? 1.0 : real[i] == other[k] ? 0.5 : 0.0;
    }
  }
  return n_real && n_other ? won / ((double)n_real * n_other) : 0.0;
}

static void
test_auc_is_as_counted(void)
{
  float real[80];
  float other[80];
  for (uint32_t i = 0U; i < 400U; ++i) {
    // Few levels, so that many are equal; or so many that none are
    const uint64_t key      = rng_key(rng_seed(6U), i);
    const uint32_t n_levels = i % 4U ? 1U + i % 17U : 1U << 20U;
    const uint32_t n_real   = rng_below(key, 0U, 80U);
    const uint32_t n_other  = rng_below(key, 1U, 80U);
    for (uint32_t k = 0U; k < 80U; ++k) {
      const float step = 1.0f / (float)n_levels;
      real[k]          = step * (float)rng_below(key, 2U + k, n_levels);
      other[k]         = step * (float)rng_below(key, 100U + k, n_levels);
    }
    const double truth = slow_auc(real, n_real, other, n_other);
    NEAR(gate_auc(real, n_real, other, n_other), truth, 1e-12);
    for (uint32_t k = 1U; k < n_real && n_other; ++k) {
      CHECK(real[k - 1U] <= real[k]);
    }
  }
}

static void
test_auc_by_hand(void)
{
  float low[]  = {0.1f, 0.3f, 0.2f};
  float high[] = {0.9f, 0.8f};
  float same[] = {0.5f, 0.5f, 0.5f, 0.5f};
  float some[] = {0.5f, 0.9f, 0.1f};
  NEAR(gate_auc(high, 2U, low, 3U), 1.0, 0.0);
  NEAR(gate_auc(low, 3U, high, 2U), 0.0, 0.0);
  NEAR(gate_auc(same, 4U, same, 4U), 0.5, 0.0);
  NEAR(gate_auc(some, 3U, same, 4U), 0.5, 0.0);
  NEAR(gate_auc(some, 3U, high, 2U), 0.25, 0.0); // .9 wins one, and half
  NEAR(gate_auc(same, 1U, same, 1U), 0.5, 0.0);
  NEAR(gate_auc(same, 0U, same, 4U), 0.0, 0.0);
  NEAR(gate_auc(same, 4U, same, 0U), 0.0, 0.0);
  NEAR(gate_auc(NULL, 0U, NULL, 0U), 0.0, 0.0);
}

// ---------------------------------------------------------------- the report

/// The score of a sequence by the book
static float
plain_score(const Net* const net, const Dataset* const set, const uint32_t i)
{
  const Sequence* const s     = &set->sequence[i];
  NetState* const       state = net_state_new(net, 1U);
  float                 logits[N_GATE_CLASSES];
  net_condition(
    net, state, set->dense + (size_t)set->row[s->i_step] * set->n_dense);
  for (uint32_t t = 0U; t < s->n_steps; ++t) {
    net_step(
      net, state, set->hot + (size_t)(s->i_step + t) * set->n_hot, logits);
  }
  net_state_free(state);
  return gate_score(logits);
}

static void
check_figure(const GateFigure* const figure,
             const float* const      real,
             const uint32_t          n_real,
             const float* const      other,
             const uint32_t          n_other)
{
  double   sum    = 0.0;
  uint32_t n_pass = 0U;
  for (uint32_t i = 0U; i < n_other; ++i) {
    sum += (double)other[i];
    n_pass += other[i] >= 0.5f;
  }
  CHECK(figure->n == n_other);
  NEAR(figure->mean, n_other ? sum / n_other : 0.0, 1e-6);
  NEAR(figure->passed, n_other ? (double)n_pass / n_other : 0.0, 1e-9);
  NEAR(figure->auc, slow_auc(real, n_real, other, n_other), 1e-9);
}

static void
test_figures(void)
{
  static float score[MAX_SCORES];
  static float real[MAX_SCORES];
  static float other[MAX_SCORES];
  Loaded       gate    = {NULL, NULL, 0U, {0}};
  Trouble      trouble = {""};
  Dataset      set;
  GateFigure   figures[N_GATE_KINDS + 1];
  make(PART_DRUMS, models.path, 2U, &set);
  CHECK(!model_folder_read(
    inside("gate_drums.safetensors"), MODEL_GATE, PART_DRUMS, &gate, &trouble));
  for (uint32_t i = 0U; i < set.n_sequences && i < MAX_SCORES; ++i) {
    score[i] = plain_score(gate.net, &set, i);
  }
  for (unsigned split = 0U; split < N_SPLITS; ++split) {
    CHECK(!gate_measure(gate.net, &set, (Split)split, figures));
    for (unsigned kind = 0U; kind <= N_GATE_KINDS; ++kind) {
      uint32_t n_real  = 0U;
      uint32_t n_other = 0U;
      for (uint32_t i = 0U; i < set.n_sequences && i < MAX_SCORES; ++i) {
        const Sequence* const s       = &set.sequence[i];
        const bool            is_real = s->group == KIND_REAL;
        if (s->split == split && is_real) {
          real[n_real++] = score[i];
        }
        if (s->split == split &&
            (s->group == kind || (kind == N_GATE_KINDS && !is_real))) {
          other[n_other++] = score[i];
        }
      }
      CHECK(n_other);
      check_figure(&figures[kind], real, n_real, other, n_other);
    }
    NEAR(figures[KIND_REAL].auc, 0.5, 1e-9); // Against themselves
  }
  dataset_clear(&set);

  // Of the other part
  make(PART_MELODY, NULL, 2U, &set);
  CHECK(gate_measure(gate.net, &set, SPLIT_TRAIN, figures) == STATUS_MISMATCH);
  dataset_clear(&set);
  loaded_clear(&gate);
}

/// What the report writes, up to some length
static Status
report(const char* const    path,
       const Dataset* const set,
       char* const          text,
       const size_t         room,
       Trouble* const       trouble)
{
  GateFigure   figures[N_GATE_KINDS + 1];
  FILE* const  file = tmpfile();
  const Status st   = gate_report(path, set, figures, file, trouble);
  CHECK(st || figures[KIND_REAL].n);
  rewind(file);
  text[fread(text, 1U, room - 1U, file)] = '\0';
  fclose(file);
  return st;
}

static void
test_report(void)
{
  static char text[8192];
  Trouble     trouble = {""};
  Dataset     set;
  make(PART_DRUMS, models.path, 2U, &set);
  CHECK(!report(
    inside("gate_drums.safetensors"), &set, text, sizeof(text), &trouble));
  CHECK(strstr(text, "were held out"));
  CHECK(strstr(text, "all not real"));
  for (unsigned kind = 0U; kind < N_GATE_KINDS; ++kind) {
    CHECK(strstr(text, gate_kind_name(kind)));
  }

  for (uint32_t i = 0U; i < set.n_sequences; ++i) {
    set.sequence[i].split = SPLIT_TRAIN;
  }
  CHECK(!report(
    inside("gate_drums.safetensors"), &set, text, sizeof(text), &trouble));
  CHECK(strstr(text, "nothing was held out"));

  CHECK(
    report(
      inside("gate_melody.safetensors"), &set, text, sizeof(text), &trouble) ==
    STATUS_MISMATCH);
  CHECK(strstr(trouble.text, "gate_melody.safetensors"));
  CHECK(!text[0]);
  CHECK(report(inside("none"), &set, text, sizeof(text), &trouble) ==
        STATUS_NO_FILE);
  CHECK(strstr(trouble.text, "none"));
  dataset_clear(&set);
}

// -------------------------------------------------------------------- memory

static void
check_allocations(const Part part, const char* const folder)
{
  const Corpus small      = {2U, pieces, 0U};
  bool         has_failed = true;
  uint32_t     n          = 0U;
  while (has_failed && n < 1000U) {
    const int64_t n_live  = failing_alloc_n_live();
    Trouble       trouble = {""};
    Dataset       set;
    failing_alloc_begin(++n);
    const Status st = gate_dataset(&small, part, folder, 1U, &set, &trouble);
    has_failed      = failing_alloc_end();
    CHECK(st == (has_failed ? STATUS_NO_MEM : STATUS_SUCCESS));
    CHECK(!st == !trouble.text[0]);
    CHECK(!st || (!set.hot && !set.target && !set.dense && !set.sequence));
    dataset_clear(&set);
    CHECK(failing_alloc_n_live() == n_live);
  }
  CHECK(n > 15U && n < 1000U);
}

static void
test_every_allocation_may_fail(void)
{
  check_allocations(PART_MELODY, NULL);
  check_allocations(PART_DRUMS, models.path);
}

static void
test_measuring_without_memory(void)
{
  const Corpus small   = {2U, pieces, 0U};
  Loaded       gate    = {NULL, NULL, 0U, {0}};
  Trouble      trouble = {""};
  Dataset      set;
  GateFigure   figures[N_GATE_KINDS + 1];
  bool         has_failed = true;
  uint32_t     n          = 0U;
  CHECK(!gate_dataset(&small, PART_DRUMS, NULL, 1U, &set, &trouble));
  CHECK(!model_folder_read(
    inside("gate_drums.safetensors"), MODEL_GATE, PART_DRUMS, &gate, &trouble));
  while (has_failed && n < 100U) {
    const int64_t n_live = failing_alloc_n_live();
    failing_alloc_begin(++n);
    const Status st = gate_measure(gate.net, &set, SPLIT_TRAIN, figures);
    has_failed      = failing_alloc_end();
    CHECK(st == (has_failed ? STATUS_NO_MEM : STATUS_SUCCESS));
    CHECK(failing_alloc_n_live() == n_live);
  }
  CHECK(n > 5U && n < 100U);
  loaded_clear(&gate);
  dataset_clear(&set);
}

int
main(void)
{
  Trouble trouble = {""};
  if (!folder_make(&models)) {
    SKIP_ALL("there can be no folder in /tmp");
  }
  make_corpus();
  CHECK(!tiny_models_write(models.path, 1U, &trouble));
  RUN(test_melody_set);
  RUN(test_drums_set);
  RUN(test_same_seed_same_data);
  RUN(test_shares_and_splits);
  RUN(test_too_much_of_a_row_is_thinned_out);
  RUN(test_nothing_to_learn_from);
  RUN(test_names_of_kinds);
  RUN(test_sets_with_what_models_write);
  RUN(test_models_that_cannot_be_used);
  RUN(test_spoilt_phrases_are_phrases);
  RUN(test_spoiling_nothing);
  RUN(test_spoiling_a_full_phrase);
  RUN(test_spoilt_pitches_are_of_the_scale);
  RUN(test_spoil_half);
  RUN(test_transposed_by_octaves_at_the_ends);
  RUN(test_auc_is_as_counted);
  RUN(test_auc_by_hand);
  RUN(test_figures);
  RUN(test_report);
  if (failing_alloc_is_able()) {
    RUN(test_every_allocation_may_fail);
    RUN(test_measuring_without_memory);
  } else {
    printf("skip the tests without memory: this build has an allocator of its "
           "own\n");
  }
  folder_free(&models);
  CHECK_END();
}
