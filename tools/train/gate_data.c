// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/gate_data.h"

#include "base/rng.h"
#include "compose/gate.h"
#include "compose/generator.h"
#include "compose/model_folder.h"
#include "compose/sketch.h"
#include "tools/train/company.h"
#include "tools/train/spoil.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// Most real phrases that one row of the map gives to a split; and all of them
/// together where there is no map
#define MAX_ROW_PHRASES 8000U
#define MAX_PHRASES 48000U

/// How often each line is cut anew: other places, inputs and partners
#define N_CUTS 6U

/// Fewer notes are no phrase
#define MIN_NOTES_A_BAR 1U
#define MIN_NOTES 3U

/// How seldom, 1 in N, inputs are left unknown, and styles blended
#define DROP_KNOB_IN 2U
#define DROP_STYLE_IN 10U
#define BLEND_IN 4U

static const char* const names[N_GATE_KINDS] = {
  [KIND_REAL]           = "real",
  [KIND_BARS_SHUFFLED]  = "bars shuffled",
  [KIND_PITCHES_RANDOM] = "pitches random",
  [KIND_RHYTHM_RANDOM]  = "rhythm random",
  [KIND_HALF_MOVED]     = "half moved",
  [KIND_WRONG_STYLE]    = "wrong style",
  [KIND_NOISE_REPEATED] = "noise repeated",
  [KIND_OWN]            = "own, not gated",
};

/// How to spoil notes; null for kinds that are made otherwise
static void (*const spoilers[N_GATE_KINDS])(const Spoil* spoil, Sketch* to) = {
  [KIND_BARS_SHUFFLED]  = spoil_bars,
  [KIND_PITCHES_RANDOM] = spoil_pitches,
  [KIND_RHYTHM_RANDOM]  = spoil_rhythm,
  [KIND_HALF_MOVED]     = spoil_half,
  [KIND_NOISE_REPEATED] = spoil_all,
};

/// How often each kind is drawn.  What is hard to tell, and what the gate is
/// for, comes more often.
static const uint8_t shares[N_GATE_KINDS] = {
  [KIND_BARS_SHUFFLED]  = 4U,
  [KIND_PITCHES_RANDOM] = 4U,
  [KIND_RHYTHM_RANDOM]  = 1U,
  [KIND_HALF_MOVED]     = 2U,
  [KIND_WRONG_STYLE]    = 3U,
  [KIND_NOISE_REPEATED] = 1U,
  [KIND_OWN]            = 5U,
};

/// Names of keys: what is drawn for a phrase
enum { DRAW_LENGTH = 301, DRAW_CHOICE, DRAW_KIND, DRAW_INPUTS, DRAW_SPOIL };

/// A phrase of the corpus
typedef struct {
  uint32_t i_piece;
  uint32_t i_line;
  uint32_t i_bar;
  uint32_t n_bars;
  uint64_t key;
} Extract;

typedef struct {
  Extract* extract;
  uint32_t n;
  uint32_t room;
} ExtractList;

/// All that the making of the data needs
typedef struct {
  const Corpus* corpus;
  Part          part;
  Dataset*      set;
  Generator*    generator; ///< Null when there is no KIND_OWN
  Sketch        real;
  Candidate     other;
  uint16_t      tokens[SKETCH_MAX_TOKENS];
  uint64_t      onsets[SKETCH_ONSET_WORDS];
} Maker;

const char*
gate_kind_name(const unsigned kind)
{
  return kind < N_GATE_KINDS ? names[kind] : "";
}

// --------------------------------------------------------------- the extracts

static Status
add_extract(ExtractList* const list, const Extract extract)
{
  if (list->n == list->room) {
    const uint32_t room = list->room ? list->room * 2U : 256U;
    Extract* const more =
      (Extract*)realloc(list->extract, room * sizeof(Extract));
    if (!more) {
      return STATUS_NO_MEM;
    }
    list->extract = more;
    list->room    = room;
  }
  list->extract[list->n++] = extract;
  return STATUS_SUCCESS;
}

/// Mostly four bars, at times 1, 2 or 8
static uint32_t
draw_length(const uint64_t key, const uint32_t i_bar, const uint32_t n_left)
{
  const uint32_t draw = rng_below(key, 0U, 100U);
  const uint32_t wish = draw < 60U                         ? 4U
                        : draw < 72U                       ? 1U
                        : draw < 84U                       ? 2U
                        : n_left >= 8U && i_bar % 8U == 0U ? 8U
                                                           : 4U;
  return wish <= n_left ? wish : n_left >= 2U ? 2U : 1U;
}

/// Notes of a line in each bar.  @param n_notes (n_bars).
static void
count_bars(const Piece* const piece,
           const Line* const  line,
           uint32_t* const    n_notes)
{
  const uint32_t bar_grids = metre_bar_grids(piece->metre);
  memset(n_notes, 0, piece->n_bars * sizeof(*n_notes));
  for (uint32_t i = 0U; i < line->n_notes; ++i) {
    const uint32_t bar = line->notes[i].grid / bar_grids;
    if (bar < piece->n_bars) {
      ++n_notes[bar];
    }
  }
}

static bool
is_phrase(const uint32_t* const n_notes, const uint32_t n_bars)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < n_bars; ++i) {
    n += n_notes[i];
  }
  return n >= MIN_NOTES && n >= n_bars * MIN_NOTES_A_BAR;
}

/// One phrase of every four bars of a line
static Status
cut_line(const Corpus* const corpus,
         const uint64_t      seed,
         const uint32_t      i_piece,
         const uint32_t      i_line,
         ExtractList* const  list)
{
  const Piece* const piece   = &corpus->pieces[i_piece];
  uint32_t* const    n_notes = (uint32_t*)calloc(piece->n_bars + 1U, 4U);
  if (!n_notes) {
    return STATUS_NO_MEM;
  }

  count_bars(piece, &piece->lines[i_line], n_notes);
  const uint64_t line_key = rng_key(rng_key(seed, piece->hash), i_line);
  Status         st       = STATUS_SUCCESS;
  for (uint32_t bar = 0U; !st && bar < piece->n_bars;) {
    const uint64_t key    = rng_key(line_key, bar);
    const uint64_t length = rng_key(key, DRAW_LENGTH);
    const uint32_t n_left = piece->n_bars - bar;
    const uint32_t n_bars = draw_length(length, bar, n_left);
    const uint32_t spare  = (n_left < 4U ? n_left : 4U) / n_bars;
    const uint32_t begin =
      bar + (spare > 1U ? n_bars * rng_below(length, 1U, spare) : 0U);
    if (is_phrase(n_notes + begin, n_bars)) {
      st = add_extract(list, (Extract){i_piece, i_line, begin, n_bars, key});
    }
    bar += n_bars > 4U ? n_bars : 4U;
  }
  free(n_notes);
  return st;
}

static Status
list_extracts(const Corpus* const corpus,
              const Part          part,
              const uint64_t      seed,
              ExtractList* const  list)
{
  Status st = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < corpus->n_pieces; ++i) {
    const Piece* const piece = &corpus->pieces[i];
    for (uint32_t k = 0U; !st && k < piece->n_lines * N_CUTS; ++k) {
      const uint32_t i_line = k / N_CUTS;
      const uint64_t key    = rng_key(seed, k % N_CUTS);
      if (piece->lines[i_line].part == part && piece->share[part] > 0.0f) {
        st = cut_line(corpus, key, i, i_line, list);
      }
    }
  }
  return st;
}

/// How many extracts there are of each row of the map, by split
typedef struct {
  uint32_t  n_rows;
  uint32_t* n; ///< (n_rows, N_SPLITS)
} RowCount;

static uint32_t*
row_of(const RowCount* const rows, const Piece* const piece)
{
  return &rows->n[piece->group * (uint32_t)N_SPLITS + piece->split];
}

static Status
count_rows(const Corpus* const      corpus,
           const ExtractList* const list,
           RowCount* const          rows)
{
  rows->n_rows = 1U;
  for (uint32_t i = 0U; i < corpus->n_pieces; ++i) {
    const uint32_t group = corpus->pieces[i].group;
    rows->n_rows         = group >= rows->n_rows ? group + 1U : rows->n_rows;
  }
  free(rows->n);
  rows->n = (uint32_t*)calloc((size_t)rows->n_rows * N_SPLITS, 4U);
  if (!rows->n) {
    return STATUS_NO_MEM;
  }
  for (uint32_t i = 0U; i < list->n; ++i) {
    ++*row_of(rows, &corpus->pieces[list->extract[i].i_piece]);
  }
  return STATUS_SUCCESS;
}

/// Leave out what rows have too much of, by chance
static void
thin_out(const Corpus* const   corpus,
         const RowCount* const rows,
         ExtractList* const    list)
{
  const uint32_t most = rows->n_rows > 1U ? MAX_ROW_PHRASES : MAX_PHRASES;
  uint32_t       n    = 0U;
  for (uint32_t i = 0U; i < list->n; ++i) {
    const Extract* const extract = &list->extract[i];
    const uint32_t n_row = *row_of(rows, &corpus->pieces[extract->i_piece]);
    if (rng_below(rng_key(extract->key, DRAW_CHOICE), 0U, n_row) < most) {
      list->extract[n++] = *extract;
    }
  }
  list->n = n;
}

// ----------------------------------------------------------------- one phrase

/// Read the notes of an extract as the models would: by way of tokens
static void
read_extract(Maker* const maker, const Extract* const extract)
{
  const Piece* const piece = &maker->corpus->pieces[extract->i_piece];
  const uint32_t     end   = extract->n_bars * metre_bar_grids(piece->metre);

  maker->real.n_notes = corpus_phrase(piece,
                                      &piece->lines[extract->i_line],
                                      extract->i_bar,
                                      extract->n_bars,
                                      maker->real.notes,
                                      PHRASE_MAX_NOTES);
  const uint32_t n_tokens =
    sketch_encode(&maker->real, maker->part, end, maker->tokens);

  Cursor cursor;
  cursor_init(&cursor, maker->part, piece->metre);
  maker->real.n_notes = 0U;
  for (uint32_t i = 0U; i < n_tokens; ++i) {
    GridNote note;
    if (cursor_step(&cursor, maker->tokens[i], &note)) {
      (void)sketch_add(&maker->real, note, end);
    }
  }
}

/// A style that the part has, and not that one
static unsigned
other_style(const Part part, const int style, const uint64_t key)
{
  unsigned i = 0U;
  unsigned k = 0U;
  do {
    i = rng_below(key, k++, N_STYLES);
  } while ((int)i == style ||
           (!style_row((Style)i)->has_part[part] && k < 64U));
  return i;
}

static int8_t
measure_energy(const Piece* const piece, const Extract* const extract)
{
  int sum = 0;
  for (uint32_t i = 0U; i < extract->n_bars; ++i) {
    sum += piece->energy[extract->i_bar + i];
  }
  return (int8_t)(sum / (int)extract->n_bars);
}

/// The dense inputs of a real phrase, some of them left unknown
static void
describe(const Maker* const   maker,
         const Extract* const extract,
         int8_t* const        dense)
{
  static const DenseInput knobs[] = {DENSE_DENSITY, DENSE_RANGE, DENSE_ENERGY};

  const Piece* const  piece   = &maker->corpus->pieces[extract->i_piece];
  const uint64_t      key     = rng_key(extract->key, DRAW_INPUTS);
  const Sketch* const real    = &maker->real;
  const uint32_t      n_grids = extract->n_bars * metre_bar_grids(piece->metre);

  memset(dense, 0, N_DENSE);
  if (piece->style >= 0 && rng_below(key, 0U, DROP_STYLE_IN)) {
    const int8_t   less = rng_below(key, 1U, BLEND_IN)
                            ? (int8_t)0
                            : (int8_t)(20 + rng_below(key, 2U, 30U));
    const unsigned other =
      other_style(maker->part, piece->style, rng_key(key, 1U));
    dense[DENSE_STYLE + piece->style] = (int8_t)(127 - less);
    dense[DENSE_STYLE + other]        = less;
  }
  dense[DENSE_DENSITY] = vocab_density(maker->part, real->n_notes, n_grids);
  dense[DENSE_RANGE]   = vocab_range(maker->part, real->notes, real->n_notes);
  dense[DENSE_ENERGY]  = measure_energy(piece, extract);
  dense[DENSE_ENERGY] =
    company_energy(piece, dense[DENSE_ENERGY], extract->key);
  dense[DENSE_MODE] =
    maker->part == PART_MELODY ? (int8_t)(piece->mode * 127) : (int8_t)0;
  for (uint32_t i = 0U; i < sizeof(knobs) / sizeof(knobs[0]); ++i) {
    if (!rng_below(key, 3U + i, DROP_KNOB_IN)) {
      dense[knobs[i]] = 0;
    }
  }
}

static void
describe_surroundings(Maker* const         maker,
                      const Extract* const extract,
                      Surroundings* const  around)
{
  const Piece* const piece = &maker->corpus->pieces[extract->i_piece];

  around->metre             = piece->metre;
  around->i_bar             = extract->i_bar;
  around->n_bars            = extract->n_bars;
  around->fill              = piece->fill + extract->i_bar;
  around->onsets            = NULL;
  const Chord* const chords = piece->lines[extract->i_line].chords;
  around->chords = chords ? chords + extract->i_bar * CHORDS_PER_BAR : NULL;
  if (maker->part == PART_DRUMS && company_onsets(maker->corpus,
                                                  piece,
                                                  extract->i_bar,
                                                  extract->n_bars,
                                                  extract->key,
                                                  maker->onsets)) {
    around->onsets = maker->onsets;
  }
}

/// Append a phrase's steps
static Status
add_phrase(Maker* const              maker,
           const Sketch* const       sketch,
           const Surroundings* const around,
           const int8_t* const       dense,
           const GateKind            kind,
           Sequence                  sequence)
{
  const uint16_t label =
    (uint16_t)(kind == KIND_REAL ? GATE_REAL : GATE_NOT_REAL);
  const uint32_t bar_grids = metre_bar_grids(around->metre);
  const uint32_t n_tokens  = sketch_encode(
    sketch, maker->part, around->n_bars * bar_grids, maker->tokens);

  uint32_t i_row = 0U;
  Status   st    = dataset_add_row(maker->set, dense, &i_row);

  Cursor   cursor;
  uint32_t bar = 0U;
  cursor_init(&cursor, maker->part, around->metre);
  for (uint32_t i = 0U; !st && i <= n_tokens; ++i) {
    const bool is_asked = i == n_tokens || cursor.grid / bar_grids != bar;
    uint16_t   hot[VOCAB_MAX_HOT];
    GridNote   note;
    bar = cursor.grid / bar_grids;
    cursor_inputs(&cursor, around, hot);
    st = dataset_add_step(
      maker->set, hot, i_row, is_asked ? label : (uint16_t)NO_TARGET);
    if (i < n_tokens) {
      (void)cursor_step(&cursor, maker->tokens[i], &note);
    }
  }

  sequence.n_steps = n_tokens + 1U;
  sequence.group   = (uint16_t)kind;
  return st ? st : dataset_add_sequence(maker->set, sequence);
}

/// Let the part's model write something for the same place
static void
write_own(Maker* const              maker,
          const Extract* const      extract,
          const Surroundings* const around,
          const int8_t* const       dense)
{
  const uint64_t key  = rng_key(extract->key, DRAW_SPOIL);
  Wish           wish = {
              .part        = maker->part,
              .n_bars      = extract->n_bars,
              .around      = *around,
              .pitches     = 0xFFFU,
              .temperature = (float)(8U + rng_below(key, 0U, 6U)) / 10.0f,
              .top_p       = (float)(90U + rng_below(key, 1U, 11U)) / 100.0f,
  };
  memcpy(wish.dense, dense, N_DENSE);
  generator_begin(maker->generator, &wish);
  generator_write(maker->generator, key, 1U, &maker->other);
}

/**
   Make the partner of a real phrase.

   @param dense (N_DENSE), changed where that is what is wrong.
   @return False when this kind makes no difference here.
*/
static bool
make_other(Maker* const              maker,
           const Extract* const      extract,
           const Surroundings* const around,
           const GateKind            kind,
           int8_t* const             dense)
{
  const Piece* const piece = &maker->corpus->pieces[extract->i_piece];
  const uint64_t     key   = rng_key(extract->key, DRAW_SPOIL);
  const Spoil        spoil = {&maker->real,
                              maker->part,
                              metre_bar_grids(piece->metre),
                              extract->n_bars,
                              piece->mode,
                              key};

  if (kind == KIND_OWN && maker->generator) {
    write_own(maker, extract, around, dense);
    return !sketch_is_equal(&maker->other.sketch, &maker->real);
  }
  if (kind == KIND_WRONG_STYLE && piece->style >= 0) {
    memset(dense + DENSE_STYLE, 0, N_STYLES);
    dense[DENSE_STYLE + other_style(maker->part, piece->style, key)] = 127;
    maker->other.sketch = maker->real;
    return true;
  }
  if (spoilers[kind]) {
    spoilers[kind](&spoil, &maker->other.sketch);
    return !sketch_is_equal(&maker->other.sketch, &maker->real);
  }
  return false;
}

/// A kind, by the shares: one of the first `n_kinds` after KIND_REAL
static uint32_t
draw_kind(const uint64_t key, const uint32_t n_kinds)
{
  uint32_t sum = 0U;
  for (uint32_t i = 1U; i <= n_kinds; ++i) {
    sum += shares[i];
  }
  uint32_t left = rng_below(key, 0U, sum);
  uint32_t kind = 1U;
  while (left >= shares[kind]) {
    left -= shares[kind++];
  }
  return kind;
}

static Status
add_pair(Maker* const maker, const Extract* const extract, const float weight)
{
  const Piece* const piece = &maker->corpus->pieces[extract->i_piece];
  int8_t             dense[N_DENSE];
  Surroundings       around;
  read_extract(maker, extract);
  describe_surroundings(maker, extract, &around);
  describe(maker, extract, dense);

  const Sequence sequence = {
    0U, 1U, extract->i_piece, 0U, piece->split, weight};
  Status st =
    add_phrase(maker, &maker->real, &around, dense, KIND_REAL, sequence);

  // The kind that is drawn, or the next one that can be had
  const uint32_t n_kinds = N_GATE_KINDS - 1U;
  const uint32_t n_ways  = n_kinds - (maker->generator ? 0U : 1U);
  const uint32_t draw    = draw_kind(rng_key(extract->key, DRAW_KIND), n_ways);
  for (uint32_t i = 0U; !st && i < n_ways; ++i) {
    const GateKind kind = (GateKind)(1U + (draw - 1U + i) % n_ways);
    if (make_other(maker, extract, &around, kind, dense)) {
      return add_phrase(
        maker, &maker->other.sketch, &around, dense, kind, sequence);
    }
  }
  return st;
}

/// Weights so that each row of the map gets its share, and their mean is 1
static double
weight_scale(const Maker* const       maker,
             const ExtractList* const list,
             const RowCount* const    rows)
{
  double   sum = 0.0;
  uint32_t n   = 0U;
  for (uint32_t i = 0U; i < list->n; ++i) {
    const Piece* const piece = &maker->corpus->pieces[list->extract[i].i_piece];
    if (piece->split == SPLIT_TRAIN) {
      sum += (double)piece->share[maker->part] / *row_of(rows, piece);
      ++n;
    }
  }
  return sum > 0.0 ? n / sum : 1.0;
}

static Status
add_pairs(Maker* const             maker,
          const ExtractList* const list,
          const RowCount* const    rows)
{
  const double scale = weight_scale(maker, list, rows);
  Status       st    = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < list->n; ++i) {
    const Extract* const extract = &list->extract[i];
    const Piece* const   piece   = &maker->corpus->pieces[extract->i_piece];
    const double         weight =
      scale * (double)piece->share[maker->part] / *row_of(rows, piece);
    st = add_pair(maker, extract, (float)weight);
  }
  return st;
}

/// The part's model, if there is one
static Status
find_generator(const Part        part,
               const char* const models,
               Loaded* const     loaded,
               Generator** const generator,
               Trouble* const    trouble)
{
  char name[MODEL_FOLDER_MAX_NAME];
  char path[2048];
  model_folder_name(MODEL_GENERATOR, part, name);
  if (!models ||
      (size_t)snprintf(path, sizeof(path), "%s/%s", models, name) >=
        sizeof(path) ||
      access(path, F_OK)) {
    return STATUS_SUCCESS;
  }

  const Status st =
    model_folder_read(path, MODEL_GENERATOR, part, loaded, trouble);
  return st ? st : generator_new(loaded->net, part, generator);
}

Status
gate_dataset(const Corpus* const corpus,
             const Part          part,
             const char* const   models,
             const uint64_t      seed,
             Dataset* const      set,
             Trouble* const      trouble)
{
  ExtractList list   = {NULL, 0U, 0U};
  RowCount    rows   = {0U, NULL};
  Loaded      loaded = {NULL, NULL, 0U, {0}};
  Trouble     why    = {""};
  dataset_init(
    set, vocab_n_hot_inputs(part), vocab_n_hot(part), N_DENSE, N_GATE_CLASSES);

  Maker* const maker = (Maker*)calloc(1U, sizeof(Maker));
  Status       st    = maker ? STATUS_SUCCESS : STATUS_NO_MEM;
  if (maker) {
    maker->corpus = corpus;
    maker->part   = part;
    maker->set    = set;
    st = find_generator(part, models, &loaded, &maker->generator, &why);
  }
  st = st ? st : list_extracts(corpus, part, rng_seed(seed), &list);
  st = st ? st : count_rows(corpus, &list, &rows);
  if (!st) {
    thin_out(corpus, &rows, &list);
    st = count_rows(corpus, &list, &rows); // Count again what is left
  }
  st = st ? st : add_pairs(maker, &list, &rows);

  free(rows.n);
  free(list.extract);
  if (maker) {
    generator_free(maker->generator);
  }
  free(maker);
  loaded_clear(&loaded);
  if (st) {
    dataset_clear(set);
    return trouble_say(trouble,
                       st,
                       "The gate's data cannot be made: %.250s",
                       why.text[0] ? why.text : status_text(st));
  }
  return STATUS_SUCCESS;
}
