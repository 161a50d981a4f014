// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/corpus.h"

#include "base/rng.h"
#include "tools/train/company.h"

#include <stdlib.h>
#include <string.h>

#define GROUP_BARS 4U ///< Dense inputs hold for that long
#define MAX_GROUPS 4U ///< In a sequence
#define MAX_WINDOW_BARS (GROUP_BARS * MAX_GROUPS)
#define STEP_TRAIN 2U ///< Groups from one sequence to the next
#define STEP_HELD_OUT MAX_GROUPS
#define MIN_GROUP_NOTES 2U ///< With fewer, four bars are silent

/// Most sequences to learn from that one row of the map may give: what is
/// drawn is shared out by the map anyway, and memory is not endless
#define MAX_ROW_SEQUENCES 4000U

/// How seldom each kind of dense input is left unknown in training: 1 in N
#define DROP_ONE_IN 10U

/// How seldom a melody to learn from is moved down, and up, an octave: 1 in N
#define MOVE_ONE_IN 8U

/// Where the mean of what was moved may lie
#define LOWEST_MOVED (-8)
#define HIGHEST_MOVED 26

/// A stretch of a line that becomes a sequence
typedef struct {
  uint32_t i_piece;
  uint32_t i_line;
  uint32_t i_bar;
  uint32_t n_bars;
  uint64_t key; ///< Random numbers of its own
} Window;

typedef struct {
  Window*  window;
  uint32_t n;
  uint32_t room;
} WindowList;

static Status
add_window(WindowList* const list, const Window window)
{
  if (list->n == list->room) {
    const uint32_t room = list->room ? list->room * 2U : 256U;
    Window* const  more = (Window*)realloc(list->window, room * sizeof(Window));
    if (!more) {
      return STATUS_NO_MEM;
    }
    list->window = more;
    list->room   = room;
  }
  list->window[list->n++] = window;
  return STATUS_SUCCESS;
}

/// Notes of a line in each four bars.  @param n_notes (n_groups).
static void
count_groups(const Piece* const piece,
             const Line* const  line,
             const uint32_t     n_groups,
             uint32_t* const    n_notes)
{
  const uint32_t group_grids = metre_bar_grids(piece->metre) * GROUP_BARS;
  memset(n_notes, 0, n_groups * sizeof(*n_notes));
  for (uint32_t i = 0U; i < line->n_notes; ++i) {
    const uint32_t group = line->notes[i].grid / group_grids;
    if (group < n_groups) {
      ++n_notes[group];
    }
  }
}

/// Cut a run of groups that all have notes into windows
static Status
cut_run(const Corpus* const corpus,
        const uint32_t      i_piece,
        const uint32_t      i_line,
        const uint32_t      i_group,
        const uint32_t      n_groups,
        WindowList* const   list)
{
  const Piece* const piece = &corpus->pieces[i_piece];
  const uint32_t     step =
    piece->split == SPLIT_TRAIN ? STEP_TRAIN : STEP_HELD_OUT;
  Status st = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < n_groups; i += step) {
    // What is left at the end is in the window before, or too little
    if (i &&
        n_groups - i < (piece->split == SPLIT_TRAIN ? STEP_TRAIN + 1U : 1U)) {
      break;
    }
    const uint32_t i_bar = (i_group + i) * GROUP_BARS;
    const uint32_t n = n_groups - i < MAX_GROUPS ? n_groups - i : MAX_GROUPS;
    const uint32_t n_left = piece->n_bars - i_bar;
    const uint32_t n_bars = n * GROUP_BARS < n_left ? n * GROUP_BARS : n_left;
    const uint64_t key = rng_key(rng_key(rng_seed(piece->hash), i_line), i_bar);
    st = add_window(list, (Window){i_piece, i_line, i_bar, n_bars, key});
  }
  return st;
}

/// Cut a line into windows where it is not silent
static Status
cut_line(const Corpus* const corpus,
         const uint32_t      i_piece,
         const uint32_t      i_line,
         WindowList* const   list)
{
  const Piece* const piece    = &corpus->pieces[i_piece];
  const uint32_t     n_groups = (piece->n_bars + GROUP_BARS - 1U) / GROUP_BARS;
  uint32_t* const n_notes = (uint32_t*)calloc(n_groups + 1U, sizeof(uint32_t));
  if (!n_notes) {
    return STATUS_NO_MEM;
  }

  count_groups(piece, &piece->lines[i_line], n_groups, n_notes);
  Status   st    = STATUS_SUCCESS;
  uint32_t begin = 0U;
  for (uint32_t i = 0U; !st && i <= n_groups; ++i) {
    if (i == n_groups || n_notes[i] < MIN_GROUP_NOTES) {
      st    = cut_run(corpus, i_piece, i_line, begin, i - begin, list);
      begin = i + 1U;
    }
  }
  free(n_notes);
  return st;
}

static Status
list_windows(const Corpus* const corpus,
             const Part          part,
             WindowList* const   list)
{
  Status st = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < corpus->n_pieces; ++i) {
    const Piece* const piece = &corpus->pieces[i];
    for (uint32_t k = 0U; !st && k < piece->n_lines; ++k) {
      if (piece->lines[k].part == part && piece->share[part] > 0.0f) {
        st = cut_line(corpus, i, k, list);
      }
    }
  }
  return st;
}

/// How many windows of each row of the map there are to learn from
typedef struct {
  uint32_t* n; ///< (n_rows)
  uint32_t  n_rows;
} RowCount;

static Status
count_rows(const Corpus* const     corpus,
           const WindowList* const list,
           RowCount* const         rows)
{
  rows->n_rows = 1U;
  for (uint32_t i = 0U; i < corpus->n_pieces; ++i) {
    const uint32_t group = corpus->pieces[i].group;
    rows->n_rows         = group >= rows->n_rows ? group + 1U : rows->n_rows;
  }
  rows->n = (uint32_t*)calloc(rows->n_rows, sizeof(uint32_t));
  if (!rows->n) {
    return STATUS_NO_MEM;
  }
  for (uint32_t i = 0U; i < list->n; ++i) {
    const Piece* const piece = &corpus->pieces[list->window[i].i_piece];
    rows->n[piece->group] += piece->split == SPLIT_TRAIN;
  }
  return STATUS_SUCCESS;
}

/// Thin out rows that have more windows than they need, by chance.  Without a
/// map there is one row, which keeps all.
static void
thin_out(const Corpus* const   corpus,
         const RowCount* const rows,
         WindowList* const     list)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < list->n; ++i) {
    const Window* const window = &list->window[i];
    const Piece* const  piece  = &corpus->pieces[window->i_piece];
    const uint32_t      n_row  = rows->n[piece->group];
    if (piece->split != SPLIT_TRAIN || rows->n_rows == 1U ||
        n_row <= MAX_ROW_SEQUENCES ||
        rng_below(window->key, 9U, n_row) < MAX_ROW_SEQUENCES) {
      list->window[n++] = *window;
    }
  }
  list->n = n;
}

// ---------------------------------------------------------- one sequence

/// What a window is written with; its arrays grow as windows need it
typedef struct {
  GridNote* notes;
  uint32_t  note_room;
  uint16_t* tokens;
  uint32_t  token_room;
} Scratch;

static Status
make_room(Scratch* const scratch,
          const uint32_t n_notes,
          const uint32_t end_grid)
{
  const uint32_t n_tokens = n_notes * 3U + end_grid / 2U + 8U;
  if (n_notes > scratch->note_room) {
    GridNote* const notes =
      (GridNote*)realloc(scratch->notes, n_notes * sizeof(GridNote));
    if (!notes) {
      return STATUS_NO_MEM;
    }
    scratch->notes     = notes;
    scratch->note_room = n_notes;
  }
  if (n_tokens > scratch->token_room) {
    uint16_t* const tokens =
      (uint16_t*)realloc(scratch->tokens, n_tokens * sizeof(uint16_t));
    if (!tokens) {
      return STATUS_NO_MEM;
    }
    scratch->tokens     = tokens;
    scratch->token_room = n_tokens;
  }
  return STATUS_SUCCESS;
}

/// Notes of four bars of a window
static uint32_t
slice(const GridNote* const  notes,
      const uint32_t         n_notes,
      const uint32_t         begin,
      const uint32_t         end,
      const GridNote** const first)
{
  uint32_t i = 0U;
  uint32_t n = 0U;
  while (i < n_notes && notes[i].grid < begin) {
    ++i;
  }
  while (i + n < n_notes && notes[i + n].grid < end) {
    ++n;
  }
  *first = notes + i;
  return n;
}

static int8_t
mean_energy(const Piece* const piece,
            const uint32_t     i_bar,
            const uint32_t     n_bars)
{
  int sum = 0;
  for (uint32_t i = 0U; i < n_bars; ++i) {
    sum += piece->energy[i_bar + i];
  }
  return (int8_t)(sum / (int)n_bars);
}

/// The dense inputs of four bars.  @param row (N_DENSE).
static void
describe_group(const Piece* const    piece,
               const Window* const   window,
               const Part            part,
               const GridNote* const notes,
               const uint32_t        n_notes,
               const uint32_t        i_group,
               int8_t* const         row)
{
  const uint32_t  bar_grids = metre_bar_grids(piece->metre);
  const uint32_t  first_bar = i_group * GROUP_BARS;
  const uint32_t  n_left    = window->n_bars - first_bar;
  const uint32_t  n_bars    = n_left < GROUP_BARS ? n_left : GROUP_BARS;
  const uint32_t  begin     = first_bar * bar_grids;
  const uint32_t  n_grids   = n_bars * bar_grids;
  const GridNote* first     = NULL;
  const uint32_t  n = slice(notes, n_notes, begin, begin + n_grids, &first);

  memset(row, 0, N_DENSE);
  if (piece->style >= 0) {
    row[DENSE_STYLE + piece->style] = 127;
  }
  row[DENSE_DENSITY] = vocab_density(part, n, n_grids);
  row[DENSE_RANGE]   = vocab_range(part, first, n);
  row[DENSE_ENERGY]  = mean_energy(piece, window->i_bar + first_bar, n_bars);
  row[DENSE_ENERGY]  = company_energy(piece, row[DENSE_ENERGY], window->key);
  row[DENSE_MODE] =
    part == PART_MELODY ? (int8_t)(piece->mode * 127) : (int8_t)0;
}

/// Leave some inputs of a training sequence unknown, the same in all its rows
static void
drop_inputs(const Piece* const  piece,
            const Window* const window,
            int8_t* const       row)
{
  static const DenseInput single[] = {DENSE_DENSITY, DENSE_RANGE, DENSE_ENERGY};

  if (piece->split != SPLIT_TRAIN) {
    return;
  }
  if (!rng_below(window->key, 0U, DROP_ONE_IN)) {
    memset(row + DENSE_STYLE, 0, N_STYLES);
  }
  for (uint32_t i = 0U; i < sizeof(single) / sizeof(single[0]); ++i) {
    if (!rng_below(window->key, i + 1U, DROP_ONE_IN)) {
      row[single[i]] = 0;
    }
  }
}

/// The chords of a window; some that are learned from are left unknown
static const Chord*
chords_of(const Piece* const piece, const Window* const window)
{
  const Line* const line = &piece->lines[window->i_line];
  const bool        is_dropped =
    piece->split == SPLIT_TRAIN && !rng_below(window->key, 7U, DROP_ONE_IN);
  return is_dropped || !line->chords
           ? NULL
           : line->chords + window->i_bar * CHORDS_PER_BAR;
}

/// Number of a window's first bar.  A fill that was recorded by itself stands
/// at the end of eight bars.
static uint32_t
bar_number(const Piece* const piece, const Window* const window)
{
  const bool is_fill = piece->n_bars < GROUP_BARS && piece->fill[0] == FILL_BIG;
  return is_fill ? 8U - piece->n_bars : window->i_bar;
}

/// Append the steps of a window.  @param i_row Row of each four bars.
static Status
add_steps(Dataset* const            set,
          const Part                part,
          const Surroundings* const around,
          const uint16_t* const     tokens,
          const uint32_t            n_tokens,
          const uint32_t* const     i_row)
{
  const uint32_t group_grids = metre_bar_grids(around->metre) * GROUP_BARS;
  const uint32_t last        = (around->n_bars - 1U) / GROUP_BARS;
  Cursor         cursor;
  cursor_init(&cursor, part, around->metre);
  Status st = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < n_tokens; ++i) {
    uint16_t       hot[VOCAB_MAX_HOT];
    GridNote       note;
    const uint32_t group = cursor.grid / group_grids;
    cursor_inputs(&cursor, around, hot);
    st =
      dataset_add_step(set, hot, i_row[group < last ? group : last], tokens[i]);
    cursor_step(&cursor, tokens[i], &note);
  }
  return st;
}

/// Move some melodies by an octave.  All keys are one to the models already, so
/// this is what transposing can still teach: a register is not a tune's own.
static void
move_octave(const Piece* const  piece,
            const Window* const window,
            GridNote* const     notes,
            const uint32_t      n)
{
  const uint32_t draw = rng_below(window->key, 8U, MOVE_ONE_IN);
  if (piece->split != SPLIT_TRAIN || draw > 1U || !n) {
    return;
  }

  const int by  = draw ? 12 : -12;
  int       sum = 0;
  for (uint32_t i = 0U; i < n; ++i) {
    const int pitch = notes[i].pitch + by;
    if (pitch < MELODY_MIN_PITCH || pitch > MELODY_MAX_PITCH) {
      return;
    }
    sum += pitch;
  }
  const int mean = sum / (int)n;
  for (uint32_t i = 0U; mean >= LOWEST_MOVED && mean <= HIGHEST_MOVED && i < n;
       ++i) {
    notes[i].pitch = (int8_t)(notes[i].pitch + by);
  }
}

static Status
add_sequence(const Corpus* const corpus,
             const Part          part,
             const Window* const window,
             const float         weight,
             Scratch* const      scratch,
             Dataset* const      set)
{
  const Piece* const piece    = &corpus->pieces[window->i_piece];
  const Line* const  line     = &piece->lines[window->i_line];
  const uint32_t     end_grid = window->n_bars * metre_bar_grids(piece->metre);
  Status             st       = make_room(scratch, line->n_notes, end_grid);
  if (st) {
    return st;
  }

  uint32_t       n_tokens = 0U;
  const uint32_t n        = corpus_phrase(piece,
                                   line,
                                   window->i_bar,
                                   window->n_bars,
                                   scratch->notes,
                                   scratch->note_room);
  if (part == PART_MELODY) {
    move_octave(piece, window, scratch->notes, n);
  }
  st = vocab_encode(part,
                    scratch->notes,
                    n,
                    end_grid,
                    scratch->tokens,
                    scratch->token_room,
                    &n_tokens);

  uint32_t i_row[MAX_GROUPS] = {0U};
  for (uint32_t i = 0U; !st && i * GROUP_BARS < window->n_bars; ++i) {
    int8_t row[N_DENSE];
    describe_group(piece, window, part, scratch->notes, n, i, row);
    drop_inputs(piece, window, row);
    st = dataset_add_row(set, row, &i_row[i]);
  }

  uint64_t   onsets[MAX_WINDOW_BARS * VOCAB_ONSET_WORDS];
  const bool hears_melody =
    part == PART_DRUMS &&
    company_onsets(
      corpus, piece, window->i_bar, window->n_bars, window->key, onsets);
  const Surroundings around = {piece->metre,
                               bar_number(piece, window),
                               window->n_bars,
                               piece->fill + window->i_bar,
                               hears_melody ? onsets : NULL,
                               chords_of(piece, window)};
  st =
    st ? st : add_steps(set, part, &around, scratch->tokens, n_tokens, i_row);
  if (st || !n_tokens) {
    return st;
  }
  return dataset_add_sequence(
    set,
    (Sequence){0U,
               n_tokens,
               window->i_piece,
               (uint16_t)(piece->style < 0 ? (int)N_STYLES : piece->style),
               piece->split,
               weight});
}

/// Weights so that each row of the map gets its share, and their mean is 1
static double
weight_scale(const Corpus* const     corpus,
             const Part              part,
             const WindowList* const list,
             const RowCount* const   rows)
{
  double   sum = 0.0;
  uint32_t n   = 0U;
  for (uint32_t i = 0U; i < list->n; ++i) {
    const Piece* const piece = &corpus->pieces[list->window[i].i_piece];
    if (piece->split == SPLIT_TRAIN) {
      sum += (double)piece->share[part] / rows->n[piece->group];
      ++n;
    }
  }
  return sum > 0.0 ? n / sum : 1.0;
}

static Status
add_sequences(const Corpus* const     corpus,
              const Part              part,
              const WindowList* const list,
              const RowCount* const   rows,
              Dataset* const          set)
{
  const double scale   = weight_scale(corpus, part, list, rows);
  Scratch      scratch = {NULL, 0U, NULL, 0U};
  Status       st      = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < list->n; ++i) {
    const Window* const window = &list->window[i];
    const Piece* const  piece  = &corpus->pieces[window->i_piece];
    const uint32_t      n_row  = rows->n[piece->group];
    const double        weight =
      scale * (double)piece->share[part] / (n_row ? n_row : 1U);
    st = add_sequence(corpus, part, window, (float)weight, &scratch, set);
  }
  free(scratch.notes);
  free(scratch.tokens);
  return st;
}

Status
corpus_dataset(const Corpus* const corpus,
               const Part          part,
               Dataset* const      set,
               Trouble* const      trouble)
{
  WindowList list = {NULL, 0U, 0U};
  RowCount   rows = {NULL, 0U};
  dataset_init(set,
               vocab_n_hot_inputs(part),
               vocab_n_hot(part),
               N_DENSE,
               vocab_n_tokens(part));
  Status st = list_windows(corpus, part, &list);
  st        = st ? st : count_rows(corpus, &list, &rows);
  if (!st) {
    thin_out(corpus, &rows, &list);
    free(rows.n); // Count again what is left
    rows.n = NULL;
    st     = count_rows(corpus, &list, &rows);
  }
  st = st ? st : add_sequences(corpus, part, &list, &rows, set);
  free(rows.n);
  free(list.window);
  if (st) {
    dataset_clear(set);
    return trouble_say(
      trouble, st, "The music cannot be made into data: %s", status_text(st));
  }
  return STATUS_SUCCESS;
}
