// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/card.h"

#include "music/style.h"
#include "tools/train/gate_data.h"
#include "tools/train/gate_report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PREFIX 256U
#define MAX_LICENCE 160U

/// Longest card that is changed
#define MAX_CARD (1U << 20U)

/// Headings by which card_change() finds its way
#define QUOTES_HEADING "\n## What it refuses\n\n"
#define SOURCES_HEADING "\n## What it learned from\n\n"

/// Where music came from: a prefix of paths, and what was used of it
typedef struct {
  char     prefix[MAX_PREFIX];
  char     licence[MAX_LICENCE];
  int      style;
  uint32_t n_pieces[N_SPLITS];
  uint64_t n_notes[N_SPLITS];
  bool     is_row; ///< Of the map: it fits whatever begins so
} Source;

typedef struct {
  Source*  source;
  uint32_t n;
  uint32_t room;
} Sources;

double
figures_cost(const Figures* const figures)
{
  const double whole = score_loss(&figures->float_net);
  return whole > 0.0 ? 100.0 * (score_loss(&figures->int8_net) / whole - 1.0)
                     : 0.0;
}

const char*
card_group_name(const uint32_t group, const bool is_gate)
{
  return is_gate                      ? gate_kind_name(group)
         : group < (uint32_t)N_STYLES ? style_row((Style)group)->name
                                      : "no style";
}

static Source*
source_add(Sources* const    sources,
           const char* const prefix,
           const size_t      length)
{
  if (sources->n == sources->room) {
    const uint32_t room = sources->room ? sources->room * 2U : 32U;
    Source* const  fresh =
      (Source*)realloc(sources->source, room * sizeof(Source));
    if (!fresh) {
      return NULL;
    }
    sources->source = fresh;
    sources->room   = room;
  }

  Source* const source = &sources->source[sources->n++];
  const size_t  n      = length < MAX_PREFIX - 1U ? length : MAX_PREFIX - 1U;
  memset(source, 0, sizeof(*source));
  memcpy(source->prefix, prefix, n);
  source->style = -2; // Not seen yet
  return source;
}

/// The map's prefixes, and a licence where its fourth column states one
static Status
read_map(const char* const path, Sources* const sources)
{
  FILE* const file = fopen(path, "r");
  char        line[1024];
  if (!file) {
    return STATUS_NO_FILE;
  }

  Status st = STATUS_SUCCESS;
  while (!st && fgets(line, sizeof(line), file)) {
    line[strcspn(line, "\r\n")] = '\0';
    if (!line[0] || line[0] == '#') {
      continue;
    }

    const char* field = line;
    for (int i = 0; i < 3 && field; ++i) {
      field = strchr(field, '\t');
      field = field ? field + 1 : NULL;
    }
    Source* const source = source_add(sources, line, strcspn(line, "\t"));
    if (!source) {
      st = STATUS_NO_MEM;
      continue;
    }
    source->is_row = true;
    if (field) {
      snprintf(source->licence,
               sizeof(source->licence),
               "%.*s",
               (int)strcspn(field, "\t"),
               field);
    }
  }
  fclose(file);
  return st;
}

/// Number of characters of the first two folders of a path
static size_t
two_folders(const char* const path)
{
  const char* const first  = strchr(path, '/');
  const char* const second = first ? strchr(first + 1, '/') : NULL;
  return second  ? (size_t)(second - path) + 1U
         : first ? (size_t)(first - path) + 1U
                 : 0U;
}

/// The longest row that fits a path, or else its own folders; or null
static Source*
find_prefix(const Sources* const sources, const char* const path)
{
  Source* best = NULL;
  size_t  most = 0U;
  for (uint32_t i = 0U; i < sources->n; ++i) {
    Source* const source = &sources->source[i];
    const size_t  length = strlen(source->prefix);
    if (!strncmp(path, source->prefix, length) &&
        (source->is_row || length == two_folders(path)) &&
        (!best || length > most)) {
      best = source;
      most = length;
    }
  }
  return best;
}

static Status
count_piece(Sources* const sources, const Piece* const piece, const Part part)
{
  uint64_t n_notes = 0U;
  for (uint32_t i = 0U; i < piece->n_lines; ++i) {
    if (piece->lines[i].part == part) {
      n_notes += piece->lines[i].n_notes;
    }
  }
  if (!n_notes) {
    return STATUS_SUCCESS;
  }

  Source* source = find_prefix(sources, piece->path);
  if (!source) {
    source = source_add(sources, piece->path, two_folders(piece->path));
  }
  if (!source) {
    return STATUS_NO_MEM;
  }

  source->style = source->style == -2 || source->style == piece->style
                    ? piece->style
                    : N_STYLES; // Several
  ++source->n_pieces[piece->split];
  source->n_notes[piece->split] += n_notes;
  return STATUS_SUCCESS;
}

static int
compare_sources(const void* const a, const void* const b)
{
  return strcmp(((const Source*)a)->prefix, ((const Source*)b)->prefix);
}

static const char*
style_word(const int style)
{
  return style < 0          ? "-"
         : style < N_STYLES ? style_row((Style)style)->name
                            : "several";
}

static void
print_sources(FILE* const file, const Sources* const sources)
{
  fputs("| folder | style | licence | pieces, notes to learn from | held out "
        "|\n| --- | --- | --- | --- | --- |\n",
        file);
  for (uint32_t i = 0U; i < sources->n; ++i) {
    const Source* const s = &sources->source[i];
    if (s->style == -2) {
      continue;
    }
    fprintf(file,
            "| %s | %s | %s | %u, %llu | %u, %llu |\n",
            s->prefix[0] ? s->prefix : ".",
            style_word(s->style),
            s->licence[0] ? s->licence : "as the folder states",
            s->n_pieces[SPLIT_TRAIN],
            (unsigned long long)s->n_notes[SPLIT_TRAIN],
            s->n_pieces[SPLIT_HELD_OUT],
            (unsigned long long)s->n_notes[SPLIT_HELD_OUT]);
  }
}

static void
print_figures(FILE* const file, const Figures* const f)
{
  const struct {
    const char*  name;
    const Score* score;
  } rows[] = {
    {"this model, int8", &f->int8_net},
    {"the same before rounding", &f->float_net},
    {"5-gram", &f->fivegram},
    {"trigram", &f->trigram},
    {"unigram", &f->unigram},
  };

  fprintf(file,
          "Nats per event over the same %llu events of %u %s sequences; an "
          "n-gram\nmodel is interpolated after Witten and Bell and learned "
          "from the same training split.\n\n",
          (unsigned long long)f->int8_net.n_events,
          f->n_sequences,
          f->is_held_out ? "held-out"
                         : "training (there was nothing to hold "
                           "out)");
  fputs("| model | loss | weighted as in training |\n| --- | --- | --- |\n",
        file);
  for (size_t i = 0U; i < sizeof(rows) / sizeof(*rows); ++i) {
    if (rows[i].score == &f->float_net && !f->has_float) {
      continue;
    }
    fprintf(file,
            "| %s | %.4f | %.4f |\n",
            rows[i].name,
            score_loss(rows[i].score),
            score_weighted(rows[i].score));
  }
  fputc('\n', file);
  if (f->has_float) {
    fprintf(file, "Rounding to int8 costs %.2f %%.\n\n", figures_cost(f));
  }
}

static void
print_groups(FILE* const file, const Figures* const f, const bool is_gate)
{
  fprintf(file,
          "| %s | events | this model | 5-gram | trigram |\n"
          "| --- | --- | --- | --- | --- |\n",
          is_gate ? "kind of phrase" : "style");
  for (uint32_t g = 0U; g < SCORE_MAX_GROUPS; ++g) {
    if (f->int8_net.group_events[g]) {
      fprintf(file,
              "| %s | %llu | %.4f | %.4f | %.4f |\n",
              card_group_name(g, is_gate),
              (unsigned long long)f->int8_net.group_events[g],
              score_group(&f->int8_net, g),
              score_group(&f->fivegram, g),
              score_group(&f->trigram, g));
    }
  }
}

/// How well a gate tells phrases apart
static void
print_gate(FILE* const file, const GateFigure* const figures)
{
  fputs("\nWhat it makes of whole phrases that were held out; AUC is how often "
        "a real one\nscores above one of the kind.\n\n"
        "| kind of phrase | phrases | mean score | .5 or more | AUC |\n"
        "| --- | --- | --- | --- | --- |\n",
        file);
  for (unsigned kind = 0U; kind <= N_GATE_KINDS; ++kind) {
    const GateFigure* const figure = &figures[kind];
    const bool              is_all = kind == N_GATE_KINDS;
    if (figure->n) {
      fprintf(file,
              "| %s | %u | %.3f | %.3f |",
              is_all ? "all not real" : gate_kind_name(kind),
              figure->n,
              figure->mean,
              figure->passed);
      if (kind == KIND_REAL) {
        fputs(" |\n", file);
      } else {
        fprintf(file, " %.3f |\n", figure->auc);
      }
    }
  }
}

static void
print_quotes(FILE* const file, const char* const quotes)
{
  fprintf(file, QUOTES_HEADING "%s\n", quotes);
}

static void
print_card(FILE* const          file,
           const Card* const    card,
           const Sources* const sources)
{
  fprintf(file, "# %s\n\n", card->name);
  fprintf(file,
          "An LSTM of %u layer%s of %u units%s, %llu weights in int8.  Id "
          "`%016llx`.\n\n",
          card->n_layers,
          card->n_layers == 1U ? "" : "s",
          card->n_hidden,
          card->is_normed ? ", each layer's output normalised" : "",
          (unsigned long long)card->n_weights,
          (unsigned long long)card->id);
  fprintf(file, "Made by\n\n```sh\n%s\n```\n\n", card->command);
  fprintf(file,
          "with seed %llu; the weights are those of step %llu of %llu, where "
          "the weighted\nheld-out loss was lowest.\n\n## How well\n\n",
          (unsigned long long)card->seed,
          (unsigned long long)card->best_step,
          (unsigned long long)card->n_steps);
  print_figures(file, card->figures);
  print_groups(file, card->figures, card->is_gate);
  if (card->gate) {
    print_gate(file, card->gate);
  }
  if (card->quotes) {
    print_quotes(file, card->quotes);
  }
  fputs(SOURCES_HEADING, file);
  print_sources(file, sources);
  fputs("\nWhole pieces are held out, chosen by a hash of their content.\n",
        file);
}

/// A card, and where its music came from
typedef struct {
  const Card* card;
  Sources     sources;
} Told;

static void
print_told(FILE* const file, const void* const data)
{
  const Told* const told = (const Told*)data;
  print_card(file, told->card, &told->sources);
}

static Status
collect(const Card* const card, Sources* const sources)
{
  Status st = card->map ? read_map(card->map, sources) : STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < card->corpus->n_pieces; ++i) {
    st = count_piece(sources, &card->corpus->pieces[i], card->part);
  }
  if (!st && sources->n) {
    qsort(sources->source, sources->n, sizeof(Source), compare_sources);
  }
  return st;
}

/// What goes into a card's file, and the data that it is made of
typedef void (*Printer)(FILE* file, const void* data);

/// Write to a file beside it, which then gets its name; errno says what failed
static bool
write_card(const char* const path, const Printer print, const void* const data)
{
  char name[4096];
  if (snprintf(name, sizeof(name), "%s.new", path) >= (int)sizeof(name)) {
    errno = ENAMETOOLONG;
    return false;
  }

  FILE* const file = fopen(name, "w");
  if (!file) {
    return false;
  }
  print(file, data);
  bool ok = !ferror(file);
  ok      = !fclose(file) && ok;
  if (ok && !rename(name, path)) {
    return true;
  }

  const int error = errno;
  (void)remove(name);
  errno = error;
  return false;
}

static Status
cannot_write(const char* const path, Trouble* const trouble)
{
  return trouble_say(
    trouble, STATUS_NO_WRITE, "Cannot write \"%s\": %s", path, strerror(errno));
}

Status
card_save(const char* const path,
          const Card* const card,
          Trouble* const    trouble)
{
  Told   told = {card, {NULL, 0U, 0U}};
  Status st   = collect(card, &told.sources);
  if (st == STATUS_NO_FILE) {
    (void)trouble_say(
      trouble, st, "Cannot read \"%s\": %s", card->map, strerror(errno));
  } else if (st) {
    (void)trouble_say(trouble, st, "Cannot gather what \"%s\" tells", path);
  } else if (!write_card(path, print_told, &told)) {
    st = cannot_write(path, trouble);
  }
  free(told.sources.source);
  return st;
}

// -------------------------------------------------------------- another index

/// A card's text, and what is to be changed in it
typedef struct {
  char*       text;
  char*       id;      ///< In the text: the digits of the old one
  const char* tail;    ///< In the text: the music and what follows
  size_t      n_front; ///< Of the text: before what was said of quotes
  const char* quotes;
} Change;

static void
print_change(FILE* const file, const void* const data)
{
  const Change* const change = (const Change*)data;
  fprintf(file, "%.*s", (int)change->n_front, change->text);
  if (change->quotes) {
    print_quotes(file, change->quotes);
  }
  fputs(change->tail, file);
}

/// The whole of a card, or null with errno
static char*
read_card(const char* const path)
{
  FILE* const file = fopen(path, "r");
  if (!file) {
    return NULL;
  }

  char* const text = (char*)calloc(1U, MAX_CARD);
  const bool  ok   = text && fread(text, 1U, MAX_CARD, file) < MAX_CARD;
  fclose(file);
  if (!ok) {
    errno = text ? EFBIG : ENOMEM;
    free(text);
    return NULL;
  }
  return text;
}

/// Find what is to be changed.  @return false in what is no such card.
static bool
find_change(const uint64_t old_id, Change* const change)
{
  char stated[32];
  snprintf(stated, sizeof(stated), "`%016llx`", (unsigned long long)old_id);
  char* const       id      = strstr(change->text, stated);
  const char* const quotes  = strstr(change->text, QUOTES_HEADING);
  const char* const sources = strstr(change->text, SOURCES_HEADING);
  if (!id || !sources || id > sources || (quotes && quotes > sources)) {
    return false;
  }
  change->id      = id + 1;
  change->tail    = sources;
  change->n_front = (size_t)((quotes ? quotes : sources) - change->text);
  return true;
}

Status
card_change(const char* const path,
            const uint64_t    old_id,
            const uint64_t    new_id,
            const char* const quotes,
            Trouble* const    trouble)
{
  Change change = {read_card(path), NULL, NULL, 0U, quotes};
  if (!change.text) {
    return trouble_say(
      trouble, STATUS_NO_FILE, "Cannot read \"%s\": %s", path, strerror(errno));
  }

  Status st = STATUS_SUCCESS;
  if (!find_change(old_id, &change)) {
    st = trouble_say(trouble,
                     STATUS_MISMATCH,
                     "\"%s\" is not the card of the model %016llx",
                     path,
                     (unsigned long long)old_id);
  } else {
    char digits[20];
    snprintf(digits, sizeof(digits), "%016llx", (unsigned long long)new_id);
    memcpy(change.id, digits, 16U);
    if (!write_card(path, print_change, &change)) {
      st = cannot_write(path, trouble);
    }
  }
  free(change.text);
  return st;
}
