// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/watch.h"

#include "compose/song.h"
#include "compose/vocab.h"
#include "music/metre.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// Phrases that are kept: more than are spoken of at any time
#define N_KEPT 64U

/// Columns of a line's label, and of what is between it and the end
#define LABEL 10U
#define ROOM (WATCH_WIDTH - LABEL - 1U)

/// Columns of a row of scores from 0 to 100
#define N_BINS 50U

#define SIXTEENTH (TICKS_PER_QUARTER / 4U)

/// From this velocity on a note is loud, and below that a drum is soft
#define LOUD 100U
#define SOFT 50U

typedef enum { PLAIN, BOLD, GOOD, POOR, MELODY, DRUMS, N_INKS } Ink;

static const char* const inks[N_INKS] = {
  [PLAIN]  = "\033[0m",
  [BOLD]   = "\033[1m",
  [GOOD]   = "\033[32m",
  [POOR]   = "\033[33m",
  [MELODY] = "\033[36m",
  [DRUMS]  = "\033[35m",
};

static const struct {
  const char* name;
  Ink         ink;
} parts[N_PARTS] = {
  [PART_MELODY] = {"Melody", MELODY},
  [PART_DRUMS]  = {"Drums", DRUMS},
};

static const char* const fills[N_FILLS] = {
  [FILL_SMALL] = "small",
  [FILL_BIG]   = "big",
};

static const char*
ink(const WatchSheet* const sheet, const Ink which)
{
  return sheet->has_colour ? inks[which] : "";
}

// What is above the notes -----------------------------------------------------

/// The first bar of a sheet, from 1
static int64_t
first_bar(const WatchSheet* const sheet)
{
  return (int64_t)sheet->place.bar - sheet->place.i_bar + 1;
}

/// What says the most about the section and its fills
static const TalkPhrase*
leading_head(const WatchSheet* const sheet)
{
  const WatchPhrase* const drums  = sheet->parts[PART_DRUMS];
  const WatchPhrase* const melody = sheet->parts[PART_MELODY];
  return drums ? &drums->head : melody ? &melody->head : NULL;
}

static void
print_title(const WatchSheet* const sheet, FILE* const to)
{
  const TalkPhrase* const head  = leading_head(sheet);
  const int64_t           first = first_bar(sheet);
  char                    line[512];
  int                     n = snprintf(line, sizeof(line), "== Bar");
  n += snprintf(line + n,
                sizeof(line) - (size_t)n,
                head->n_bars > 1 ? "s %lld-%lld" : " %lld",
                (long long)first,
                (long long)(first + head->n_bars - 1));
  n += snprintf(line + n,
                sizeof(line) - (size_t)n,
                ": %s, energy %d",
                song_section_name((SectionKind)head->section),
                head->energy);
  for (int32_t i = 0; i < head->n_fills; ++i) {
    const char* const fill = fills[head->fills[i]];
    if (fill) {
      n += snprintf(line + n,
                    sizeof(line) - (size_t)n,
                    ", %s fill in %lld",
                    fill,
                    (long long)first + i);
    }
  }
  if (sheet->place.n_late) {
    n += snprintf(line + n,
                  sizeof(line) - (size_t)n,
                  ", late so far: %d",
                  sheet->place.n_late);
  }
  line[n++] = ' ';
  while (n < (int)WATCH_WIDTH) {
    line[n++] = '=';
  }
  line[n < (int)WATCH_WIDTH ? n : (int)WATCH_WIDTH] = '\0';
  fprintf(to, "%s%s%s\n", ink(sheet, BOLD), line, ink(sheet, PLAIN));
}

/// A score in percent, 0 .. 100, as a column of a row
static unsigned
bin_of(const double percent)
{
  const double bin = percent * N_BINS / 100.0;
  return bin >= N_BINS - 1U ? N_BINS - 1U : bin > 0.0 ? (unsigned)bin : 0U;
}

/// The scores of all candidates, counted, with the gate and the chosen one
static void
print_scores(const WatchSheet* const sheet,
             const TalkPhrase* const head,
             FILE* const             to)
{
  unsigned       counts[N_BINS] = {0U};
  const unsigned chosen         = bin_of((double)head->score * 100.0);
  const unsigned gate           = sheet->gate * N_BINS / 100U;
  for (int32_t i = 0; i < head->n_scores; ++i) {
    if (head->scores[i] >= 0) {
      ++counts[bin_of(head->scores[i] / 10.0)];
    }
  }

  fprintf(to, "%-*s0 ", (int)LABEL, "  scores");
  for (unsigned i = 0U; i < N_BINS; ++i) {
    const int sign = i == chosen       ? '*'
                     : !counts[i]      ? '.'
                     : counts[i] <= 9U ? (int)('0' + counts[i])
                                       : '+';
    fprintf(to, "%s%c", i == gate ? "|" : "", sign);
  }
  fprintf(to, "%s 100\n", gate >= N_BINS ? "|" : "");
}

/// How many candidates were refused for one reason
static unsigned
n_refused(const TalkPhrase* const head, const int32_t reason)
{
  unsigned n = 0U;
  for (int32_t i = 0; i < head->n_scores; ++i) {
    n += head->scores[i] == reason ? 1U : 0U;
  }
  return n;
}

static void
print_verdict(const WatchSheet* const sheet,
              const TalkPhrase* const head,
              FILE* const             to)
{
  const double   score    = (double)head->score * 100.0;
  const unsigned n_quotes = n_refused(head, SCORE_QUOTE);
  const unsigned n_none   = n_refused(head, SCORE_REFUSED);
  fprintf(to,
          "%s%-*s%s%sscore %.0f%s (gate %u), %d tr%s, %d rejected",
          ink(sheet, parts[head->part].ink),
          (int)LABEL,
          parts[head->part].name,
          ink(sheet, PLAIN),
          ink(sheet, score >= (double)sheet->gate ? GOOD : POOR),
          score,
          ink(sheet, PLAIN),
          sheet->gate,
          head->n_tries,
          head->n_tries == 1 ? "y" : "ies",
          head->n_rejected);
  if (n_quotes) {
    fprintf(to, ", %u quote%s", n_quotes, n_quotes == 1U ? "" : "s");
  }
  if (n_none) {
    fprintf(to, ", %u unfit", n_none);
  }
  fputs("\n", to);
  print_scores(sheet, head, to);
}

// The notes ------------------------------------------------------------------

/// Some bars of a phrase, as columns
typedef struct {
  const WatchSheet*  sheet;
  const WatchPhrase* phrase;
  uint32_t           step;   ///< Ticks in a column
  uint32_t           n_cols; ///< In a bar
  uint32_t           bar;    ///< The first one in this line
  uint32_t           n_bars; ///< In this line
} Grid;

/// How wide columns are, and how many bars fit into a line
static Grid
make_grid(const WatchSheet* const sheet, const WatchPhrase* const phrase)
{
  const uint32_t ticks = (uint32_t)phrase->head.bar_ticks;
  Grid           grid  = {sheet, phrase, SIXTEENTH, 0U, 0U, 0U};
  while ((ticks + grid.step - 1U) / grid.step > ROOM - 1U) {
    grid.step *= 2U;
  }
  grid.n_cols = (ticks + grid.step - 1U) / grid.step;

  // As many as fit, but the same in each line
  const uint32_t n_all = (uint32_t)phrase->head.n_bars;
  const uint32_t most  = ROOM / (grid.n_cols + 1U);
  const uint32_t lines = (n_all + most - 1U) / most;
  grid.n_bars          = (n_all + lines - 1U) / lines;
  return grid;
}

/// The row that a note stands in: its key, or for drums its voice; above all
/// voices for what is none
static unsigned
row_of(const Grid* const grid, const Note* const note)
{
  if (grid->phrase->head.part == PART_MELODY) {
    return note->key;
  }
  unsigned voice = 0U;
  while (voice < N_DRUM_VOICES &&
         drum_map_key(grid->sheet->drum_map, (DrumVoice)voice) != note->key) {
    ++voice;
  }
  return voice;
}

static void
name_row(const Grid* const grid, const unsigned row, char* const name)
{
  static const char* const keys[12] = {
    "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"};
  if (grid->phrase->head.part == PART_MELODY) {
    snprintf(name, LABEL, "  %s%d", keys[row % 12U], (int)(row / 12U) - 1);
  } else {
    snprintf(name,
             LABEL + 1U,
             "%s",
             row < N_DRUM_VOICES ? drum_map_name((DrumVoice)row) : "Others");
  }
}

/// The column of a tick in its own bar, the nearest one
static uint32_t
column_of(const Grid* const grid, const uint32_t tick)
{
  const uint32_t ticks = (uint32_t)grid->phrase->head.bar_ticks;
  const uint32_t bar   = tick / ticks;
  const uint32_t col   = (tick % ticks + grid->step / 2U) / grid->step;
  return bar * grid->n_cols + (col < grid->n_cols ? col : grid->n_cols - 1U);
}

/// The column before which what ends at a tick has ended
static uint32_t
end_of(const Grid* const grid, const uint32_t tick)
{
  const uint32_t ticks = (uint32_t)grid->phrase->head.bar_ticks;
  const uint32_t col   = (tick % ticks + grid->step / 2U) / grid->step;
  return tick / ticks * grid->n_cols +
         (col < grid->n_cols ? col : grid->n_cols);
}

static char
sign_of(const Grid* const grid, const Note* const note)
{
  const bool is_loud = note->velocity >= LOUD;
  return grid->phrase->head.part == PART_MELODY ? (is_loud ? 'O' : 'o')
         : is_loud                              ? 'X'
         : note->velocity < SOFT                ? ':'
                                                : 'x';
}

/// Whether a sign says more than what stands there: loud before soft, and
/// beginnings before what rings on
static bool
is_stronger(const char sign, const char old)
{
  static const char order[] = "XOxo:-";
  const char* const a       = strchr(order, sign);
  const char* const b       = old ? strchr(order, old) : NULL;
  return !b || a < b;
}

/// Put what of a note is in this line into its row's columns
static bool
put_note(const Grid* const grid, const Note* const note, char* const columns)
{
  const uint32_t first = grid->bar * grid->n_cols;
  const uint32_t n     = grid->n_bars * grid->n_cols;
  const uint32_t begin = column_of(grid, note->tick);
  uint32_t       end   = begin + 1U;
  if (grid->phrase->head.part == PART_MELODY) {
    const uint32_t last = end_of(grid, note->tick + note->length);
    end                 = last > end ? last : end;
  }

  bool is_there = false;
  for (uint32_t col = begin; col < end; ++col) {
    const char sign = col == begin ? sign_of(grid, note) : '-';
    if (col >= first && col - first < n) {
      is_there = true;
      if (is_stronger(sign, columns[col - first])) {
        columns[col - first] = sign;
      }
    }
  }
  return is_there;
}

/// What stands where no note is: a point on each beat
static char
empty_sign(const Grid* const grid, const uint32_t col)
{
  const uint32_t unit = (uint32_t)grid->sheet->place.unit;
  const uint32_t beat = 4U * TICKS_PER_QUARTER / (unit ? unit : 4U);
  return beat && col * grid->step % beat < grid->step ? '.' : ' ';
}

static void
print_row(const Grid* const grid, const unsigned row, FILE* const to)
{
  char columns[ROOM + 1U] = {0};
  char name[LABEL + 1U]   = "";
  bool is_there           = false;
  for (uint32_t i = 0U; i < grid->phrase->n_notes; ++i) {
    const Note* const note = &grid->phrase->notes[i];
    if (row_of(grid, note) == row) {
      is_there = put_note(grid, note, columns) || is_there;
    }
  }
  if (!is_there) {
    return;
  }

  name_row(grid, row, name);
  fprintf(to, "%-*s", (int)LABEL, name);
  const Ink ink_of_part = parts[grid->phrase->head.part].ink;
  for (uint32_t i = 0U; i < grid->n_bars * grid->n_cols; ++i) {
    const uint32_t col  = i % grid->n_cols;
    const char     sign = columns[i];
    if (!col) {
      fputs("|", to);
    }
    if (sign) {
      fprintf(to,
              "%s%c%s",
              ink(grid->sheet, ink_of_part),
              sign,
              ink(grid->sheet, PLAIN));
    } else {
      fputc(empty_sign(grid, col), to);
    }
  }
  fputs("|\n", to);
}

/// Numbers of the bars, above their lines
static void
print_bars(const Grid* const grid, FILE* const to)
{
  fprintf(to, "%*s", (int)LABEL, "");
  for (uint32_t i = 0U; i < grid->n_bars; ++i) {
    char number[16];
    snprintf(number,
             sizeof(number),
             "%lld",
             (long long)first_bar(grid->sheet) + grid->bar + i);
    const bool is_last = i + 1U == grid->n_bars;
    fprintf(to,
            "|%-*.*s",
            is_last ? 0 : (int)grid->n_cols,
            (int)grid->n_cols,
            number);
  }
  fputs("\n", to);
}

static void
print_notes(const WatchSheet* const  sheet,
            const WatchPhrase* const phrase,
            FILE* const              to)
{
  const bool     is_melody = phrase->head.part == PART_MELODY;
  const unsigned n_rows    = is_melody ? N_KEYS : N_DRUM_VOICES + 1U;
  const uint32_t n_bars    = (uint32_t)phrase->head.n_bars;
  Grid           grid      = make_grid(sheet, phrase);
  if (!phrase->n_notes) {
    fprintf(to, "%*s(silent)\n", (int)LABEL, "");
    return;
  }
  while (grid.bar < n_bars) {
    const uint32_t left = n_bars - grid.bar;
    grid.n_bars         = grid.n_bars < left ? grid.n_bars : left;
    print_bars(&grid, to);
    // High keys above low ones, and the kick below all
    for (unsigned row = n_rows; row-- > 0U;) {
      print_row(&grid, row, to);
    }
    grid.bar += grid.n_bars;
  }
}

void
watch_print(const WatchSheet* const sheet, FILE* const to)
{
  if (!leading_head(sheet)) {
    return;
  }
  print_title(sheet, to);
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    const WatchPhrase* const phrase = sheet->parts[part];
    if (phrase) {
      fputs("\n", to);
      print_verdict(sheet, &phrase->head, to);
      print_notes(sheet, phrase, to);
    }
  }
  fputs("\n", to);
}

void
watch_print_legend(FILE* const to)
{
  fputs("Scores: how many candidates the gate gave that much, * the one that "
        "was chosen,\n| what was asked for.  Notes: O X loud, o x not, : soft, "
        "- rings on.\n\n",
        to);
}

// Watching --------------------------------------------------------------------

struct Watch {
  Host*          host;
  FILE*          to;
  WatchManner    manner;
  TalkUrids      urids;
  LV2_Atom_Forge forge;
  bool           has_said; ///< Hello
  double         since_s;  ///< That we said something
  TalkPlace      place;    ///< The last one
  WatchPhrase    phrases[N_KEPT];
  unsigned       i_next; ///< Where the next phrase goes
  int32_t        shown[N_PARTS];
  int64_t        shown_bar;
  bool           has_shown;
  uint32_t       n_sheets;
};

static LV2_URID
map_uri(LV2_URID_Map_Handle handle, const char* const uri)
{
  return host_map((Host*)handle, uri);
}

static WatchPhrase*
find_phrase(Watch* const self, const int32_t id)
{
  for (unsigned i = 0U; id && i < N_KEPT; ++i) {
    if (self->phrases[i].head.id == id) {
      return &self->phrases[i];
    }
  }
  return NULL;
}

static void
hear_phrase(Watch* const self, const TalkPhrase* const head)
{
  WatchPhrase* phrase = find_phrase(self, head->id);
  if (!phrase) {
    phrase = &self->phrases[self->i_next++ % N_KEPT];
  }
  phrase->head    = *head;
  phrase->n_notes = 0U;
}

static void
hear_notes(Watch* const self, const TalkNotes* const notes)
{
  WatchPhrase* const phrase = find_phrase(self, notes->id);
  if (!phrase || notes->first != (int32_t)phrase->n_notes ||
      notes->first + notes->n > phrase->head.n_notes) {
    return;
  }
  for (int32_t i = 0; i < notes->n; ++i) {
    const int32_t* const words       = &notes->words[3U * (size_t)i];
    const Note           note        = {(uint32_t)words[0],
                                        (uint32_t)words[1],
                                        (uint8_t)(words[2] & 0x7F),
                                        (uint8_t)(words[2] >> 8 & 0x7F)};
    phrase->notes[phrase->n_notes++] = note;
  }
}

/// Write the phrases of this place, if all are there and were not written yet
static void
show_place(Watch* const self, const TalkPlace* const place)
{
  static const unsigned bits[N_PARTS] = {
    [PART_MELODY] = TALK_HAS_MELODY, [PART_DRUMS] = TALK_HAS_DRUMS};
  WatchSheet    sheet  = {*place, 0U, DRUM_MAP_GM, false, {NULL, NULL}};
  const int64_t bar    = (int64_t)place->bar - place->i_bar;
  bool          is_new = !self->has_shown ||
                memcmp(self->shown, place->now, sizeof(self->shown)) != 0 ||
                bar != self->shown_bar;
  for (unsigned part = 0U; is_new && part < N_PARTS; ++part) {
    if ((unsigned)place->state & bits[part]) {
      const WatchPhrase* const phrase = find_phrase(self, place->now[part]);
      is_new = phrase && phrase->n_notes == (uint32_t)phrase->head.n_notes;
      sheet.parts[part] = phrase;
    }
  }
  if (!is_new || !((unsigned)place->state & TALK_IS_ROLLING)) {
    return;
  }

  sheet.gate       = (uint32_t)lround((double)host_get(self->host, "gate"));
  sheet.drum_map   = (DrumMap)lround((double)host_get(self->host, "drum_map"));
  sheet.has_colour = isatty(fileno(self->to));
  watch_print(&sheet, self->to);
  fflush(self->to);
  memcpy(self->shown, place->now, sizeof(self->shown));
  self->shown_bar = bar;
  self->has_shown = true;
  ++self->n_sheets;
}

/// A value of a property as text
static void
print_value(Watch* const self, const LV2_Atom* const value)
{
  const char* const body   = (const char*)(value + 1);
  int32_t           whole  = 0;
  float             number = 0.0f;
  if (value->type == self->urids.atom_Int && value->size == sizeof(whole)) {
    memcpy(&whole, body, sizeof(whole));
    fprintf(self->to, "%d", whole);
  } else if (value->type == self->urids.atom_Float &&
             value->size == sizeof(number)) {
    memcpy(&number, body, sizeof(number));
    fprintf(self->to, "%.7g", (double)number);
  } else if (value->type == self->urids.atom_String) {
    fprintf(self->to, "\"%.*s\"", (int)value->size, body);
  } else if (value->type == self->urids.atom_Vector) {
    const char* mark = "[";
    for (size_t at = sizeof(LV2_Atom_Vector_Body);
         at + sizeof(whole) <= value->size;
         at += sizeof(whole)) {
      memcpy(&whole, body + at, sizeof(whole));
      fprintf(self->to, "%s%d", mark, whole);
      mark = " ";
    }
    fputs(*mark == '[' ? "[]" : "]", self->to);
  }
}

/// A URI of the protocol without what all of them begin with
static const char*
name_of(Watch* const self, const LV2_URID urid)
{
  const size_t      n   = strlen(TALK_PREFIX);
  const char* const uri = host_unmap(self->host, urid);
  return !uri ? "?" : strncmp(uri, TALK_PREFIX, n) ? uri : uri + n;
}

/// A message as it is
static void
print_raw(Watch* const self, const LV2_Atom* const atom)
{
  const char* const    bytes = (const char*)(atom + 1);
  LV2_Atom_Object_Body body;
  memcpy(&body, bytes, sizeof(body));
  fputs(name_of(self, body.otype), self->to);
  for (size_t at = sizeof(body);
       at + sizeof(LV2_Atom_Property_Body) <= atom->size;) {
    const LV2_Atom_Property_Body* const property =
      (const LV2_Atom_Property_Body*)(const void*)(bytes + at);
    fprintf(self->to, " %s=", name_of(self, property->key));
    print_value(self, &property->value);
    at += sizeof(*property) + ((size_t)property->value.size + 7U) / 8U * 8U;
  }
  fputs("\n", self->to);
}

static void
hear(void* const       data,
     const char* const symbol,
     const uint32_t    offset,
     const void* const atom)
{
  Watch* const self = (Watch*)data;
  TalkMessage  message;
  (void)symbol;
  (void)offset;
  if (!talk_read(&self->urids, (const LV2_Atom*)atom, &message)) {
    return;
  }
  if (self->manner == WATCH_RAW) {
    print_raw(self, (const LV2_Atom*)atom);
    return;
  }
  if (message.kind == TALK_PLACE) {
    self->place = message.as.place;
  } else if (message.kind == TALK_PHRASE) {
    hear_phrase(self, &message.as.phrase);
  } else if (message.kind == TALK_NOTES) {
    hear_notes(self, &message.as.notes);
  } else if (message.kind == TALK_TROUBLE && message.as.trouble.text[0]) {
    fprintf(self->to, "The plugin says: %s\n\n", message.as.trouble.text);
  }
  show_place(self, &self->place);
}

Watch*
watch_new(Host* const host, const WatchManner manner, FILE* const to)
{
  Watch* const self = (Watch*)calloc(1U, sizeof(Watch));
  if (self) {
    LV2_URID_Map map = {host, map_uri};
    self->host       = host;
    self->manner     = manner;
    self->to         = to;
    talk_urids_init(&self->urids, &map);
    lv2_atom_forge_init(&self->forge, &map);
    host_listen(host, hear, self);
  }
  return self;
}

void
watch_free(Watch* const self)
{
  if (self) {
    host_listen(self->host, NULL, NULL);
  }
  free(self);
}

static void
say(Watch* const self, const TalkKind kind)
{
  uint64_t    bytes[TALK_MAX_BYTES / 8U];
  TalkMessage message;
  memset(&message, 0, sizeof(message));
  message.kind = kind;
  lv2_atom_forge_set_buffer(&self->forge, (uint8_t*)bytes, sizeof(bytes));
  if (talk_write(&self->urids, &self->forge, &message)) {
    self->has_said = host_send_atom(self->host, 0U, bytes) || self->has_said;
  }
}

void
watch_run(Watch* const self, const uint32_t n_frames, const double rate_hz)
{
  if (!self->has_said) {
    say(self, TALK_HELLO);
  } else if (self->since_s >= TALK_HERE_S) {
    say(self, TALK_HERE);
    self->since_s = 0.0;
  }
  self->since_s += n_frames / rate_hz;
}

uint32_t
watch_n_sheets(const Watch* const self)
{
  return self->n_sheets;
}
