// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "compose/quotes.h"

#include "base/rng.h"
#include "compose/composer.h"
#include "compose/model_folder.h"
#include "nn/model_file.h"
#include "tests/folder.h"
#include "tests/tiny_models.h"
#include "tests/valid_phrase.h"
#include "tools/train/quotes_index.h"

#include <stdbool.h>
#include <string.h>

#define N_PIECES 60U
#define N_NOTES 700U
#define N_BARS 70U
#define STEP 6U

// ----------------------------------------------------------- a made-up corpus

static Folder      folder;
static Piece       pieces[N_PIECES];
static Line        lines[N_PIECES];
static GridNote    notes[N_PIECES][N_NOTES];
static Corpus      corpus = {N_PIECES, pieces, 0U};
static QuotesIndex index_of_all;
static Model*      gate;    ///< A tiny melody's gate without an index
static Model*      indexed; ///< The same with one
static Quotes      quotes;  ///< Of `indexed`
static Sketch      sketch;

/// A walk by steps and leaps of its own
static void
make_line(const uint64_t key, const uint32_t n, GridNote* const to)
{
  uint32_t grid  = 0U;
  int      pitch = 5;
  for (uint32_t i = 0U; i < n; ++i) {
    to[i] = (GridNote){grid, STEP, (int8_t)pitch, 90U, 0};
    grid += STEP * (1U + rng_below(key, 2U * i, 2U));
    pitch += (int)rng_below(key, 2U * i + 1U, 11U) - 5;
    pitch = pitch < -12 ? pitch + 12 : pitch > 24 ? pitch - 12 : pitch;
  }
}

static void
make_corpus(void)
{
  static char paths[N_PIECES][16];
  for (uint32_t i = 0U; i < N_PIECES; ++i) {
    snprintf(paths[i], sizeof(paths[i]), "a/%02u.mid", i);
    make_line(rng_key(3U, i), N_NOTES, notes[i]);
    lines[i]  = (Line){PART_MELODY, N_NOTES, notes[i], "Lead", 0U, NULL};
    pieces[i] = (Piece){.path    = paths[i],
                        .style   = 0,
                        .share   = {1.0f, 1.0f},
                        .split   = SPLIT_TRAIN,
                        .metre   = {4U, 4U},
                        .n_bars  = N_BARS,
                        .n_lines = 1U,
                        .lines   = &lines[i]};
  }
  pieces[1].split              = SPLIT_HELD_OUT;
  pieces[2].share[PART_MELODY] = 0.0f;
  lines[3].part                = PART_DRUMS;
}

/// Some notes of a piece as a sketch of their own
static const Sketch*
cut(const uint32_t i_piece, const uint32_t first, const uint32_t n)
{
  sketch.n_notes = 0U;
  for (uint32_t i = first; i < first + n; ++i) {
    GridNote note = notes[i_piece][i];
    note.grid -= notes[i_piece][first].grid;
    sketch.notes[sketch.n_notes++] = note;
  }
  return &sketch;
}

static const Sketch*
moved(const int semitones, const uint32_t grids)
{
  for (uint32_t i = 0U; i < sketch.n_notes; ++i) {
    sketch.notes[i].pitch = (int8_t)(sketch.notes[i].pitch + semitones);
    sketch.notes[i].grid += grids;
  }
  return &sketch;
}

// ------------------------------------------------------------------- the grams

static void
test_a_gram_has_no_key_and_no_place(void)
{
  uint64_t wanted = 0U;
  uint64_t gram   = 0U;
  CHECK(quotes_gram(cut(0U, 10U, QUOTES_NOTES)->notes, &wanted));
  CHECK(quotes_gram(moved(-7, 24U)->notes, &gram) && gram == wanted);
  CHECK(quotes_gram(moved(12, 960U)->notes, &gram) && gram == wanted);

  // Loudness, length and lean are not the tune
  sketch.notes[4].velocity = 1U;
  sketch.notes[5].length   = 1U;
  sketch.notes[6].lean     = 9;
  CHECK(quotes_gram(sketch.notes, &gram) && gram == wanted);

  for (uint32_t i = 0U; i < QUOTES_NOTES; ++i) {
    (void)cut(0U, 10U, QUOTES_NOTES);
    ++sketch.notes[i].pitch;
    CHECK(!quotes_gram(sketch.notes, &gram) || gram != wanted);
    (void)cut(0U, 10U, QUOTES_NOTES);
    sketch.notes[i].grid += 2U;
    CHECK(!quotes_gram(sketch.notes, &gram) || gram != wanted);
  }
}

static void
test_what_is_plain_is_nobodys(void)
{
  static const int8_t plain[][QUOTES_NOTES] = {
    {0, 2, 4, 5, 7, 9, 11, 12, 14},
    {7, 7, 7, 7, 7, 7, 7, 7, 7},
    {0, 7, 0, 7, 0, 7, 0, 7, 0},
    {0, 4, 7, 0, 4, 7, 0, 4, 7},
    {12, 10, 8, 7, 5, 3, 2, 0, -2},
  };
  // Four different moves
  static const int8_t tune[QUOTES_NOTES] = {0, 4, 7, 4, 5, 9, 12, 9, 7};
  GridNote            some[QUOTES_NOTES];
  uint64_t            gram = 0U;
  for (size_t k = 0U; k <= sizeof(plain) / sizeof(plain[0]); ++k) {
    const bool          is_tune = k == sizeof(plain) / sizeof(plain[0]);
    const int8_t* const pitch   = is_tune ? tune : plain[k];
    for (uint32_t i = 0U; i < QUOTES_NOTES; ++i) {
      some[i] = (GridNote){12U * i, 12U, pitch[i], 90U, 0};
    }
    CHECK(quotes_gram(some, &gram) == is_tune);
  }
}

// ------------------------------------------------------------------- the index

static void
test_what_was_learned_is_found(void)
{
  for (uint32_t i = 0U; i < N_PIECES; ++i) {
    const bool is_known = i > 3U || !i;
    for (uint32_t first = 0U; first + 30U <= 600U; first += 37U) {
      uint32_t n_own = 0U;
      uint64_t gram  = 0U;
      (void)cut(i, first, 30U);
      for (uint32_t k = 0U; k + QUOTES_MOVES < 30U; ++k) {
        n_own += quotes_gram(sketch.notes + k, &gram);
      }
      CHECK(n_own >= 20U);
      const uint32_t n_found = quotes_count(&quotes, &sketch, 0U);
      CHECK(is_known ? n_found == n_own : n_found < QUOTES_REFUSED);
      CHECK(quotes_count(&quotes, moved(5, 96U), 0U) == n_found);
      CHECK(quotes_count(&quotes, moved(-12, 6U), 0U) == n_found);
    }
  }
}

static void
test_only_what_ends_late_enough_counts(void)
{
  (void)cut(0U, 0U, 30U);
  const uint32_t n_all = quotes_count(&quotes, &sketch, 0U);
  const uint32_t n     = quotes_count(&quotes, &sketch, sketch.notes[20].grid);
  CHECK(n > 0U && n < n_all);
  CHECK(!quotes_count(&quotes, &sketch, sketch.notes[29].grid + 1U));

  // What a wish keeps of its theme is no quotation of the candidate's
  Wish wish = {
    .part = PART_MELODY, .n_bars = 4U, .around = {.metre = {4U, 4U}}};
  (void)cut(0U, 0U, 12U);
  CHECK(sketch.notes[11].grid < 192U);
  CHECK(quotes_are_in(&quotes, &wish, &sketch));
  wish.kept = 3U;
  CHECK(!quotes_are_in(&quotes, &wish, &sketch));

  // One gram alone is none
  wish.kept = 0U;
  (void)cut(0U, 0U, QUOTES_NOTES);
  CHECK(quotes_count(&quotes, &sketch, 0U) == 1U);
  CHECK(!quotes_are_in(&quotes, &wish, &sketch));

  const Quotes none = {NULL, NULL, 0U, 0U};
  (void)cut(0U, 0U, 30U);
  CHECK(!quotes_are_in(&none, &wish, &sketch));
  CHECK(!quotes_count(&none, &sketch, 0U));
}

static void
test_false_alarms_are_few(void)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < 500000U; ++i) {
    n += quotes_has(&quotes, rng_key(77U, i));
  }
  CHECK(n > 400U && n <= 500U);
}

static void
test_it_is_small(void)
{
  const size_t n = quotes.n_grams;
  CHECK(n == index_of_all.n_grams && n > 35000U);
  CHECK(index_of_all.n_files == N_PIECES - 3U);
  CHECK(quotes_index_size(&index_of_all) * 8U < n * 13U);
}

/// The grams that are kept of one figure in so many files, of which each is
/// two pieces
static uint32_t
index_figure(const uint32_t n_files)
{
  static Piece twins[16];
  const Corpus some  = {2U * n_files, twins, 0U};
  QuotesIndex  fresh = {0};
  for (uint32_t i = 0U; i < 2U * n_files; ++i) {
    twins[i]       = pieces[i / 2U];
    twins[i].split = SPLIT_TRAIN;
    twins[i].lines = &lines[0];
    for (uint32_t part = 0U; part < N_PARTS; ++part) {
      twins[i].share[part] = 1.0f;
    }
  }
  CHECK(!quotes_index_new(&some, &fresh));
  const uint32_t n = fresh.n_grams;
  CHECK(!n == !quotes_index_size(&fresh));
  quotes_index_clear(&fresh);
  return n;
}

static void
test_what_many_have_is_nobodys(void)
{
  CHECK(index_figure(1U) > 600U);
  CHECK(index_figure(QUOTES_MAX_FILES) == index_figure(1U));
  CHECK(!index_figure(QUOTES_MAX_FILES + 1U));
}

// -------------------------------------------------------------------- the
// model

static void
test_a_model_carries_it(void)
{
  Model*      again   = NULL;
  Quotes      none    = quotes;
  QuotesIndex nothing = {0};
  CHECK(model_id(gate) != model_id(indexed));
  CHECK(!quotes_index_put(&index_of_all, indexed, &again));
  CHECK(model_id(again) == model_id(indexed));
  CHECK(model_n_tensors(again) == model_n_tensors(gate) + 2U);
  model_free(again);

  // One bit more is another model
  CHECK(!quotes_index_put(&index_of_all, gate, &again));
  ((uint8_t*)model_find(again, QUOTES_CODES)->data)[9] ^= 1U;
  CHECK(model_id(again) != model_id(indexed));
  model_free(again);

  // Taken out again
  CHECK(!quotes_index_put(&nothing, indexed, &again));
  CHECK(model_id(again) == model_id(gate));
  CHECK(!quotes_load(again, &none, NULL) && !none.n_buckets);
  model_free(again);
}

static void
test_a_folder_gives_it_back(void)
{
  char    path[128];
  Loaded  loaded  = {NULL, NULL, 0U, {0}};
  Trouble trouble = {""};
  snprintf(path, sizeof(path), "%s/gate_melody-1.safetensors", folder.path);
  CHECK(!model_save(path, indexed, &trouble));
  CHECK(!model_folder_read(path, MODEL_GATE, PART_MELODY, &loaded, &trouble));
  CHECK(loaded.id == model_id(indexed));
  CHECK(loaded.quotes.n_grams == quotes.n_grams);
  CHECK(quotes_count(&loaded.quotes, cut(5U, 50U, 30U), 0U) ==
        quotes_count(&quotes, &sketch, 0U));
  loaded_clear(&loaded);

  Model* broken = NULL;
  CHECK(!quotes_index_put(&index_of_all, gate, &broken));
  ((uint64_t*)model_find(broken, QUOTES_BEGIN)->data)[1] = 7U;
  CHECK(!model_save(path, broken, &trouble));
  CHECK(model_folder_read(path, MODEL_GATE, PART_MELODY, &loaded, &trouble) ==
        STATUS_BAD_FILE);
  CHECK(strstr(trouble.text, "gate_melody-1") &&
        strstr(trouble.text, "index of quotes"));
  CHECK(!loaded.shelved);
  model_free(broken);
  (void)remove(path);
}

/// Make a model of nothing but an index
static Model*
bare(const TensorType  type_of_codes,
     const uint32_t    n_codes,
     const uint32_t    n_begin,
     const char* const version)
{
  Model*           model   = NULL;
  const TensorSpec specs[] = {{QUOTES_CODES, type_of_codes, 1U, {n_codes}},
                              {QUOTES_BEGIN, TENSOR_U64, 1U, {n_begin}}};
  const ModelText  text    = {QUOTES_VERSION_KEY, version};
  CHECK(!model_new(specs, n_begin ? 2U : 1U, &text, 1U, &model));
  return model;
}

/// Whether a model is refused with a sentence; it is freed
static bool
is_refused(Model* const model, const Status wanted)
{
  Quotes       found   = quotes;
  Trouble      trouble = {""};
  const Status st      = quotes_load(model, &found, &trouble);
  model_free(model);
  return st == wanted && trouble.text[0] && !found.n_buckets;
}

/// An index of two buckets that begin and end as said
static Model*
buckets(const uint64_t a,
        const uint64_t b,
        const uint64_t c,
        const uint8_t  fill)
{
  Model* const    model = bare(TENSOR_I8, 4000U, 3U, "1");
  uint64_t* const begin = (uint64_t*)model_find(model, QUOTES_BEGIN)->data;
  begin[0]              = a;
  begin[1]              = b;
  begin[2]              = c;
  memset(model_find(model, QUOTES_CODES)->data, fill, 4000U);
  return model;
}

static void
test_damage_is_told(void)
{
  const Status bad = STATUS_BAD_FILE;
  CHECK(is_refused(bare(TENSOR_I8, 4U, 2U, "2"), STATUS_MISMATCH));
  CHECK(is_refused(bare(TENSOR_I8, 4U, 2U, "one"), STATUS_MISMATCH));
  CHECK(is_refused(bare(TENSOR_I8, 4U, 0U, "1"), bad));
  CHECK(is_refused(bare(TENSOR_I8, 4U, 1U, "1"), bad));
  CHECK(is_refused(bare(TENSOR_F32, 4U, 2U, "1"), bad));
  CHECK(is_refused(bare(TENSOR_I8, 4U, 2U, "1"), bad));

  const uint64_t all = 32000U;
  CHECK(is_refused(buckets(0U, all + 8U, all, 0U), bad));
  CHECK(is_refused(buckets(0U, 0U, all - 8U, 0U), bad));
  CHECK(is_refused(buckets(0U, 0U, all + 1U, 0U), bad));
  CHECK(is_refused(buckets(0U, 0U, UINT64_MAX, 0U), bad));
  CHECK(is_refused(buckets(10U, 10U, all, 0U), bad));
  CHECK(is_refused(buckets(0U, UINT64_MAX, 0U, 0U), bad));

  // Too many in a bucket, too far away, and cut short
  CHECK(is_refused(buckets(0U, 0U, all - 10U, 0U), bad));
  CHECK(is_refused(buckets(0U, 0U, all, 0xFFU), bad));
  CHECK(is_refused(buckets(0U, 11U, all, 0U), bad));

  Model* const good   = bare(TENSOR_I8, 1280U, 2U, "1");
  Quotes       loaded = {0};
  ((uint64_t*)model_find(good, QUOTES_BEGIN)->data)[1] = 10240U;
  CHECK(!quotes_load(good, &loaded, NULL) && loaded.n_grams == 1024U);
  model_free(good);
}

static void
test_any_damage_is_borne(void)
{
  uint32_t n_refused = 0U;
  for (uint32_t i = 0U; i < 300U; ++i) {
    const uint64_t key     = rng_key(123U, i);
    Model*         broken  = NULL;
    Quotes         found   = {0};
    Trouble        trouble = {""};
    CHECK(!quotes_index_put(&index_of_all, gate, &broken));
    const Tensor* const tensor =
      model_find(broken, i % 3U ? QUOTES_CODES : QUOTES_BEGIN);
    uint8_t* const bytes = (uint8_t*)tensor->data;
    const uint32_t at    = rng_below(key, 0U, (uint32_t)tensor_size(tensor));
    bytes[at] ^= (uint8_t)(1U << rng_below(key, 1U, 8U));

    const Status st = quotes_load(broken, &found, &trouble);
    CHECK(!st == !trouble.text[0]);
    n_refused += st ? 1U : 0U;
    for (uint32_t k = 0U; !st && k < 200U; ++k) {
      (void)quotes_has(&found, rng_key(key, k));
    }
    model_free(broken);
  }
  CHECK(n_refused >= 100U); // A low bit of a place cannot be seen to be wrong
}

// ------------------------------------------------------------------ the
// composer

static Phrase phrase;

/// Phrases of one section: the first is its theme
enum { FIRST = 3, SECOND };

/// What was heard so far, as a corpus
#define MAX_HEARD 16U
static Piece    heard_pieces[MAX_HEARD];
static Line     heard_lines[MAX_HEARD];
static GridNote heard_notes[MAX_HEARD][PHRASE_MAX_NOTES];
static Corpus   heard = {0U, heard_pieces, 0U};

/// Let the phrase be music that was learned from
static void
hear(void)
{
  static char     paths[MAX_HEARD][16];
  const uint32_t  i  = heard.n_pieces++;
  GridNote* const to = heard_notes[i];
  for (uint32_t k = 0U; k < phrase.n_notes; ++k) {
    const Note* const note = &phrase.notes[k];
    to[k]                  = (GridNote){note->tick / TICKS_PER_GRID,
                                        (uint16_t)(note->length / TICKS_PER_GRID),
                                        (int8_t)(note->key - 60),
                                        note->velocity,
                                        0};
  }
  snprintf(paths[i], sizeof(paths[i]), "%02u.mid", i);
  heard_lines[i]  = (Line){PART_MELODY, phrase.n_notes, to, "Lead", 0U, NULL};
  heard_pieces[i] = pieces[0];

  heard_pieces[i].path   = paths[i];
  heard_pieces[i].n_bars = 8U;
  heard_pieces[i].lines  = &heard_lines[i];
}

/// Compose with a gate that knows what was heard
static void
compose(const Request* const request)
{
  char        path[128];
  QuotesIndex fresh    = {0};
  Model*      with     = NULL;
  Composer*   composer = NULL;
  Trouble     trouble  = {""};
  snprintf(path, sizeof(path), "%s/gate_melody.safetensors", folder.path);
  CHECK(!quotes_index_new(&heard, &fresh));
  CHECK(!quotes_index_put(&fresh, gate, &with));
  CHECK(!model_save(path, with, &trouble));
  CHECK(!composer_new(folder.path, NULL, &composer, &trouble));
  composer_compose(composer, request, &phrase);
  composer_free(composer);
  model_free(with);
  quotes_index_clear(&fresh);
}

static Request
plain_request(const int32_t i_phrase, const uint8_t candidates)
{
  Request request = {PART_MELODY, i_phrase, {4U, 4U}, 0U, {0}};
  mix_init(&request.mix);
  request.mix.variation   = 100U;
  request.mix.candidates  = candidates;
  request.mix.gate        = 0U;
  request.mix.humanise    = 0U;
  request.mix.swing       = 0U;
  request.mix.phrase_bars = 8U;
  return request;
}

static void
test_a_quotation_is_refused(void)
{
  const Request request = plain_request(SECOND, 8U);
  heard.n_pieces        = 0U;
  compose(&request);
  const Phrase first = phrase;
  CHECK(first.n_tries == 8U && first.n_rejected == 0U);
  CHECK(first.n_notes > 9U); // More than a run needs

  // With the gate wide open
  hear();
  compose(&request);
  CHECK(phrase.n_tries == 8U && phrase.n_rejected >= 1U);
  CHECK(!phrase_is_same(&phrase, &first));

  // And it is said which ones they were; the others keep their scores
  uint32_t n_quotes = 0U;
  CHECK(phrase.n_scores == 8U && first.n_scores == 8U);
  for (uint32_t i = 0U; i < 8U; ++i) {
    const bool is_quote = phrase.scores[i] == SCORE_QUOTE;
    n_quotes += is_quote ? 1U : 0U;
    CHECK(is_quote || phrase.scores[i] == first.scores[i]);
  }
  CHECK(n_quotes == phrase.n_rejected);

  // Other music leaves it as it was, note for note
  heard_lines[0] = lines[0];
  compose(&request);
  CHECK(phrase_is_same(&phrase, &first) && phrase.n_rejected == 0U);
}

/// Hear what is played until every candidate quotes; all that was heard stays
static uint32_t
hear_out(const Request* const request)
{
  uint32_t n     = 0U;
  heard.n_pieces = 0U;
  compose(request);
  while (phrase.n_rejected < 3U && n++ < 8U) {
    hear();
    compose(request);
  }
  return heard.n_pieces;
}

static void
test_a_theme_plays_what_there_is(void)
{
  const Request  request = plain_request(FIRST, 1U);
  const uint32_t n       = hear_out(&request);
  CHECK(n == 3U);
  CHECK(phrase.n_tries == 3U && phrase.n_rejected == 3U);
  CHECK(phrase.scores[2] == SCORE_QUOTE);
  CHECK(phrase.n_notes > 12U && phrase.score == 0.0f);
  CHECK(phrase_is_valid(&phrase));
}

static void
test_the_theme_stands_in_for_a_quotation(void)
{
  const Request theme   = plain_request(FIRST, 1U);
  const Request request = plain_request(SECOND, 1U);
  CHECK(hear_out(&request) == 3U);
  const Phrase last = phrase;
  CHECK(last.n_tries == 3U && last.n_rejected == 3U);
  compose(&theme);
  CHECK(phrase.n_tries == 1U && phrase.n_rejected == 0U);
  CHECK(phrase.n_notes == last.n_notes);
  for (uint32_t i = 0U; i < last.n_notes; ++i) {
    CHECK(phrase.notes[i].tick == last.notes[i].tick &&
          phrase.notes[i].key == last.notes[i].key);
  }
}

static bool
prepare(void)
{
  char    path[128];
  Trouble trouble = {""};
  if (!folder_make(&folder) || tiny_models_write(folder.path, 7U, &trouble)) {
    fprintf(stderr, "No models: %s\n", trouble.text);
    return false;
  }
  make_corpus();
  snprintf(path, sizeof(path), "%s/gate_melody.safetensors", folder.path);
  return !model_load(path, &gate, &trouble) &&
         !quotes_index_new(&corpus, &index_of_all) &&
         !quotes_index_put(&index_of_all, gate, &indexed) &&
         !quotes_load(indexed, &quotes, &trouble);
}

int
main(void)
{
  if (!prepare()) {
    return 1;
  }

  RUN(test_a_gram_has_no_key_and_no_place);
  RUN(test_what_is_plain_is_nobodys);
  RUN(test_what_was_learned_is_found);
  RUN(test_only_what_ends_late_enough_counts);
  RUN(test_false_alarms_are_few);
  RUN(test_it_is_small);
  RUN(test_what_many_have_is_nobodys);
  RUN(test_a_model_carries_it);
  RUN(test_a_folder_gives_it_back);
  RUN(test_damage_is_told);
  RUN(test_any_damage_is_borne);
  RUN(test_a_quotation_is_refused);
  RUN(test_a_theme_plays_what_there_is);
  RUN(test_the_theme_stands_in_for_a_quotation);

  quotes_index_clear(&index_of_all);
  model_free(indexed);
  model_free(gate);
  folder_free(&folder);
  CHECK_END();
}
