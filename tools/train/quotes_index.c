// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/quotes_index.h"

#include "compose/quotes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Most grams of a corpus
#define MAX_GRAMS (UINT32_C(1) << 28U)

/// Most tokens that a note takes
#define NOTE_TOKENS 4U

/// Where a gram was met
typedef struct {
  uint64_t gram;
  uint32_t file;
} Finding;

typedef struct {
  uint32_t n;
  uint32_t room;
  Finding* finding;
} Findings;

// ------------------------------------------------------------- what was played

static Status
add_finding(Findings* const list, const Finding finding)
{
  if (list->n == list->room) {
    const uint32_t room = list->room ? list->room * 2U : 1U << 16U;
    Finding* const more =
      room <= MAX_GRAMS
        ? (Finding*)realloc(list->finding, room * sizeof(Finding))
        : NULL;
    if (!more) {
      return room > MAX_GRAMS ? STATUS_FULL : STATUS_NO_MEM;
    }
    list->finding = more;
    list->room    = room;
  }
  list->finding[list->n++] = finding;
  return STATUS_SUCCESS;
}

/// A line's notes as the models read them: by way of tokens.
/// @param notes Room for as many as the line has.  @return How many there are.
static uint32_t
read_line(const Piece* const piece,
          const Line* const  line,
          uint16_t* const    tokens,
          const uint32_t     n_room,
          GridNote* const    notes)
{
  const uint32_t end      = piece->n_bars * metre_bar_grids(piece->metre);
  uint32_t       n_tokens = 0U;
  uint32_t       n        = 0U;
  const Status   st       = vocab_encode(
    PART_MELODY, line->notes, line->n_notes, end, tokens, n_room, &n_tokens);
  (void)st; // There is room

  Cursor cursor;
  cursor_init(&cursor, PART_MELODY, piece->metre);
  for (uint32_t i = 0U; i < n_tokens && n < line->n_notes; ++i) {
    n += cursor_step(&cursor, tokens[i], &notes[n]);
  }
  return n;
}

static Status
gather_line(const Piece* const piece,
            const Line* const  line,
            const uint32_t     file,
            Findings* const    list)
{
  const uint32_t n_room = NOTE_TOKENS * line->n_notes +
                          piece->n_bars * metre_bar_grids(piece->metre) + 1U;
  uint16_t* const tokens = (uint16_t*)malloc(n_room * sizeof(uint16_t));
  GridNote* const notes =
    (GridNote*)malloc((line->n_notes + 1U) * sizeof(GridNote));
  Status st = tokens && notes ? STATUS_SUCCESS : STATUS_NO_MEM;

  const uint32_t n = st ? 0U : read_line(piece, line, tokens, n_room, notes);
  for (uint32_t i = 0U; !st && i + QUOTES_MOVES < n; ++i) {
    uint64_t gram = 0U;
    if (quotes_gram(notes + i, &gram)) {
      st = add_finding(list, (Finding){gram, file});
    }
  }
  free(notes);
  free(tokens);
  return st;
}

/// What all pieces play that are learned from
static Status
gather(const Corpus* const corpus,
       Findings* const     list,
       uint32_t* const     n_files)
{
  const char* path = NULL; // Of the last one: a file may be several pieces
  Status      st   = STATUS_SUCCESS;
  *n_files         = 0U;
  for (uint32_t i = 0U; !st && i < corpus->n_pieces; ++i) {
    const Piece* const piece = &corpus->pieces[i];
    if (piece->split != SPLIT_TRAIN || !(piece->share[PART_MELODY] > 0.0f) ||
        !piece->n_lines || piece->lines[0].part != PART_MELODY) {
      continue;
    }
    *n_files += !path || strcmp(path, piece->path) != 0 ? 1U : 0U;
    path = piece->path;
    for (uint32_t k = 0U; !st && k < piece->n_lines; ++k) {
      if (piece->lines[k].part == PART_MELODY) {
        st = gather_line(piece, &piece->lines[k], *n_files, list);
      }
    }
  }
  return st;
}

// ----------------------------------------------------------------- what is
// kept

static int
compare_findings(const void* const a, const void* const b)
{
  const Finding* const x = (const Finding*)a;
  const Finding* const y = (const Finding*)b;
  return x->gram != y->gram ? (x->gram < y->gram ? -1 : 1)
                            : (x->file > y->file) - (x->file < y->file);
}

/// Leave each gram once, and those of many files not at all
static void
thin_out(Findings* const list)
{
  uint32_t n     = 0U;
  uint32_t n_one = 0U;
  for (uint32_t i = 0U; i < list->n; i += n_one) {
    const Finding* const first   = &list->finding[i];
    uint32_t             n_files = 1U;
    for (n_one = 1U; i + n_one < list->n && first[n_one].gram == first->gram;
         ++n_one) {
      n_files += first[n_one].file != first[n_one - 1U].file;
    }
    if (n_files <= QUOTES_MAX_FILES) {
      list->finding[n++] = *first;
    }
  }
  list->n = n;
}

/// In the order in which they are written: by bucket, then by place
static int
compare_places(const void* const a, const void* const b)
{
  const Finding* const x = (const Finding*)a;
  const Finding* const y = (const Finding*)b;
  return x->file != y->file ? (x->file < y->file ? -1 : 1)
                            : (x->gram > y->gram) - (x->gram < y->gram);
}

// ------------------------------------------------------------------- the codes

static void
put_bit(QuotesIndex* const index, uint64_t* const at, const uint32_t bit)
{
  if (bit) {
    index->codes[*at / 8U] |= (uint8_t)(1U << (*at % 8U));
  }
  ++*at;
}

/// Write one distance, or only say where it would end.
/// @return The bit after it.
static uint64_t
put_code(QuotesIndex* const index, uint64_t at, const uint32_t distance)
{
  const uint32_t n_ones = distance >> QUOTES_RICE_BITS;
  if (!index->codes) {
    return at + n_ones + 1U + QUOTES_RICE_BITS;
  }
  for (uint32_t i = 0U; i <= n_ones; ++i) {
    put_bit(index, &at, i < n_ones);
  }
  for (uint32_t i = 0U; i < QUOTES_RICE_BITS; ++i) {
    put_bit(index, &at, distance >> i & 1U);
  }
  return at;
}

/// Write all buckets, or only measure them.  Grams that share a place are one.
static uint64_t
put_buckets(QuotesIndex* const index, const Findings* const list)
{
  uint64_t at    = 0U;
  uint32_t i     = 0U;
  index->n_grams = 0U;
  for (uint32_t bucket = 0U; bucket < index->n_buckets; ++bucket) {
    uint32_t next        = 0U;
    index->begin[bucket] = at;
    for (; i < list->n && list->finding[i].file == bucket; ++i) {
      const uint32_t place = (uint32_t)list->finding[i].gram;
      if (place >= next) {
        at   = put_code(index, at, place - next);
        next = place + 1U;
        ++index->n_grams;
      }
    }
  }
  index->begin[index->n_buckets] = at;
  return at;
}

static Status
encode(Findings* const list, QuotesIndex* const index)
{
  if (!list->n) {
    return STATUS_SUCCESS;
  }
  index->n_buckets = (list->n + QUOTES_BUCKET_GRAMS - 1U) / QUOTES_BUCKET_GRAMS;
  index->begin =
    (uint64_t*)calloc((size_t)index->n_buckets + 1U, sizeof(uint64_t));
  if (!index->begin) {
    return STATUS_NO_MEM;
  }

  // From here on a bucket and a place in it
  for (uint32_t i = 0U; i < list->n; ++i) {
    Finding* const finding = &list->finding[i];
    finding->file          = quotes_bucket(finding->gram, index->n_buckets);
    finding->gram          = quotes_place(finding->gram);
  }
  qsort(list->finding, list->n, sizeof(Finding), compare_places);

  index->n_bytes = (uint32_t)((put_buckets(index, list) + 7U) / 8U);
  index->codes   = (uint8_t*)calloc((size_t)index->n_bytes + 1U, 1U);
  if (!index->codes) {
    return STATUS_NO_MEM;
  }
  (void)put_buckets(index, list);
  return STATUS_SUCCESS;
}

Status
quotes_index_new(const Corpus* const corpus, QuotesIndex* const index)
{
  Findings    list  = {0U, 0U, NULL};
  QuotesIndex fresh = {0U, 0U, 0U, NULL, 0U, NULL};
  Status      st    = gather(corpus, &list, &fresh.n_files);
  if (!st && list.n) {
    qsort(list.finding, list.n, sizeof(Finding), compare_findings);
    thin_out(&list);
    st = encode(&list, &fresh);
  }
  free(list.finding);
  if (st) {
    quotes_index_clear(&fresh);
    return st;
  }
  *index = fresh;
  return STATUS_SUCCESS;
}

void
quotes_index_clear(QuotesIndex* const index)
{
  free(index->codes);
  free(index->begin);
  memset(index, 0, sizeof(*index));
}

size_t
quotes_index_size(const QuotesIndex* const index)
{
  return index->n_buckets
           ? index->n_bytes + (index->n_buckets + (size_t)1U) * sizeof(uint64_t)
           : 0U;
}

// -------------------------------------------------------------------- in a
// model

static bool
is_ours(const char* const name)
{
  return !strcmp(name, QUOTES_CODES) || !strcmp(name, QUOTES_BEGIN) ||
         !strcmp(name, QUOTES_VERSION_KEY);
}

/// Descriptions of a model that is put together
typedef struct {
  uint32_t    n_specs;
  TensorSpec* spec;
  uint32_t    n_texts;
  ModelText*  text;
} Parts;

/// List what stays of a model
static void
list_old(const Model* const model, Parts* const parts)
{
  for (uint32_t i = 0U; i < model_n_tensors(model); ++i) {
    const Tensor* const tensor = model_tensor(model, i);
    if (!is_ours(tensor->name)) {
      TensorSpec* const spec = &parts->spec[parts->n_specs++];
      spec->name             = tensor->name;
      spec->type             = tensor->type;
      spec->rank             = tensor->rank;
      memcpy(spec->shape, tensor->shape, sizeof(spec->shape));
    }
  }
  for (uint32_t i = 0U; i < model_n_texts(model); ++i) {
    const ModelText text = model_text_at(model, i);
    if (!is_ours(text.key)) {
      parts->text[parts->n_texts++] = text;
    }
  }
}

static void
list_new(const QuotesIndex* const index,
         const char* const        version,
         Parts* const             parts)
{
  if (index->n_buckets) {
    parts->spec[parts->n_specs++] =
      (TensorSpec){QUOTES_CODES, TENSOR_I8, 1U, {index->n_bytes}};
    parts->spec[parts->n_specs++] =
      (TensorSpec){QUOTES_BEGIN, TENSOR_U64, 1U, {index->n_buckets + 1U}};
    parts->text[parts->n_texts++] = (ModelText){QUOTES_VERSION_KEY, version};
  }
}

/// Copy what every tensor holds
static void
fill(const QuotesIndex* const index,
     const Model* const       from,
     const Model* const       to)
{
  for (uint32_t i = 0U; i < model_n_tensors(to); ++i) {
    const Tensor* const tensor = model_tensor(to, i);
    const void* const   data   = !strcmp(tensor->name, QUOTES_CODES)
                                   ? (const void*)index->codes
                                 : !strcmp(tensor->name, QUOTES_BEGIN)
                                   ? (const void*)index->begin
                                   : model_find(from, tensor->name)->data;
    memcpy(tensor->data, data, tensor_size(tensor));
  }
}

Status
quotes_index_put(const QuotesIndex* const index,
                 const Model* const       model,
                 Model** const            with)
{
  char version[16];
  snprintf(version, sizeof(version), "%u", QUOTES_VERSION);

  Parts parts = {
    0U,
    (TensorSpec*)calloc(model_n_tensors(model) + 2U, sizeof(TensorSpec)),
    0U,
    (ModelText*)calloc(model_n_texts(model) + 1U, sizeof(ModelText))};
  Status st = parts.spec && parts.text ? STATUS_SUCCESS : STATUS_NO_MEM;
  if (!st) {
    list_old(model, &parts);
    list_new(index, version, &parts);
    st = model_new(parts.spec, parts.n_specs, parts.text, parts.n_texts, with);
  }
  if (!st) {
    fill(index, model, *with);
  }
  free(parts.text);
  free(parts.spec);
  return st;
}

void
quotes_index_tell(const QuotesIndex* const index,
                  char* const              text,
                  const size_t             room)
{
  snprintf(text,
           room,
           "It carries an index of %u runs of %u notes out of %u files, %zu "
           "bytes, and a melody\nthat holds %u of them is refused.  Runs of "
           "fewer than %u different moves, and those\nof more than %u files, "
           "are nobody's and not in it.",
           index->n_grams,
           QUOTES_NOTES,
           index->n_files,
           quotes_index_size(index),
           QUOTES_REFUSED,
           QUOTES_LEAST_KINDS,
           QUOTES_MAX_FILES);
}
