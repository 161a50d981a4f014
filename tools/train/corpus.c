// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/corpus.h"

#include "base/rng.h"
#include "midi/midi_file.h"
#include "tools/train/chords.h"
#include "tools/train/corpus_map.h"
#include "tools/train/fills.h"
#include "tools/train/key.h"
#include "tools/train/lines.h"
#include "tools/train/quantise.h"
#include "tools/train/tally.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define MAX_DEPTH 16U ///< Folders in folders
#define MAX_PATH_BYTES 4096U
#define MIN_RUN_BARS 8U ///< Shorter stretches of a file are let be
#define MAX_BARS 20000U ///< Of a piece
#define HELD_OUT_PERCENT 8U
#define MIN_DRUM_HITS 4U
#define MAX_RUNS 1000U ///< A file that changes more often is no music

// Where the middle of a melody may lie, semitones from the tonic next to
// middle C; lines outside are moved by octaves
#define LOWEST_MEAN (-3)
#define HIGHEST_MEAN 26

// -------------------------------------------------------------- what is made

static void
clear_piece(Piece* const piece)
{
  for (uint32_t i = 0U; i < piece->n_lines; ++i) {
    free(piece->lines[i].notes);
    free(piece->lines[i].chords);
  }
  free(piece->lines);
  free(piece->energy);
  free(piece->fill);
  free(piece->path);
}

void
corpus_free(Corpus* const corpus)
{
  if (corpus) {
    for (uint32_t i = 0U; i < corpus->n_pieces; ++i) {
      clear_piece(&corpus->pieces[i]);
    }
    free(corpus->pieces);
    free(corpus);
  }
}

static char*
copy_string(const char* const text)
{
  const size_t n    = strlen(text) + 1U;
  char* const  copy = (char*)malloc(n);
  if (copy) {
    memcpy(copy, text, n);
  }
  return copy;
}

// ------------------------------------------------------------- the file list

typedef struct {
  char**   path;
  uint32_t n;
  uint32_t room;
} PathList;

static void
clear_paths(PathList* const list)
{
  for (uint32_t i = 0U; i < list->n; ++i) {
    free(list->path[i]);
  }
  free(list->path);
}

static Status
add_path(PathList* const list, const char* const path)
{
  if (list->n == list->room) {
    const uint32_t room = list->room ? list->room * 2U : 64U;
    char** const   more = (char**)realloc(list->path, room * sizeof(char*));
    if (!more) {
      return STATUS_NO_MEM;
    }
    list->path = more;
    list->room = room;
  }

  char* const copy = copy_string(path);
  if (!copy) {
    return STATUS_NO_MEM;
  }
  list->path[list->n++] = copy;
  return STATUS_SUCCESS;
}

static bool
is_midi(const char* const name)
{
  // A .rmi cannot be read, but is told
  static const char* const ends[] = {".mid", ".midi", ".smf", ".kar", ".rmi"};

  const char* const end = strrchr(name, '.');
  for (size_t i = 0U; end && i < sizeof(ends) / sizeof(ends[0]); ++i) {
    if (!strcasecmp(end, ends[i])) {
      return true;
    }
  }
  return false;
}

static int
compare_paths(const void* const a, const void* const b)
{
  return strcmp(*(const char* const*)a, *(const char* const*)b);
}

// --------------------------------------------------------- stretches of files

/// A stretch of a song in one metre and one key
typedef struct {
  Stretch  stretch;
  Metre    metre;
  uint32_t bar_ticks; ///< Song ticks
} Run;

typedef struct {
  Run*     run;
  uint32_t n;
} RunList;

/// Whether the grid, and the song's ticks, have whole bars of a metre
static bool
knows_metre(const MidiSong* const song, const Metre metre)
{
  const uint32_t grids = metre.n_beats * 4U * GRIDS_PER_QUARTER;
  const uint32_t n     = grids / metre.unit;
  return song->ticks_per_quarter * 4U * metre.n_beats % metre.unit == 0U &&
         grids % metre.unit == 0U && n % 2U == 0U && n && n <= MAX_BAR_GRIDS;
}

static uint32_t
song_bar_ticks(const MidiSong* const song, const Metre metre)
{
  return song->ticks_per_quarter * 4U * metre.n_beats / metre.unit;
}

static Status
add_run(RunList* const        list,
        const MidiSong* const song,
        const Metre           metre,
        const uint32_t        begin,
        uint32_t              end)
{
  const uint32_t bar_ticks = song_bar_ticks(song, metre);
  if (end <= begin) {
    return STATUS_SUCCESS;
  }
  if (list->n == MAX_RUNS) {
    return STATUS_FULL;
  }
  if ((end - begin) / bar_ticks >= MAX_BARS) {
    end = begin + MAX_BARS * bar_ticks; // Beyond it grid steps might overflow
  }

  Run* const run = (Run*)realloc(list->run, (list->n + 1U) * sizeof(Run));
  if (!run) {
    return STATUS_NO_MEM;
  }
  list->run = run;
  list->run[list->n++] =
    (Run){{begin, end, song->ticks_per_quarter}, metre, bar_ticks};
  return STATUS_SUCCESS;
}

/// The first change of key signature that leaves enough bars on both sides
static uint32_t
find_key_change(const MidiSong* const song,
                const uint32_t        begin,
                const uint32_t        end,
                const uint32_t        bar_ticks)
{
  const MidiKey* last = NULL;
  for (uint32_t i = 0U; i < song->n_keys && song->keys[i].tick < end; ++i) {
    const MidiKey* const key    = &song->keys[i];
    const bool           is_new = last && (last->n_sharps != key->n_sharps ||
                                 last->is_minor != key->is_minor);
    const uint32_t       least  = MIN_RUN_BARS * bar_ticks;
    last                        = key;
    if (is_new && key->tick > begin && key->tick - begin >= least &&
        key->tick < end && end - key->tick >= least) {
      // From the next bar line on
      const uint32_t n_bars = (key->tick - begin + bar_ticks - 1U) / bar_ticks;
      return begin + n_bars * bar_ticks;
    }
  }
  return end;
}

/// Cut a stretch of one metre where the key signature changes
static Status
add_runs(RunList* const        list,
         const MidiSong* const song,
         const Metre           metre,
         uint32_t              begin,
         const uint32_t        end)
{
  if (!knows_metre(song, metre)) {
    return STATUS_SUCCESS;
  }

  const uint32_t bar_ticks = song_bar_ticks(song, metre);
  Status         st        = STATUS_SUCCESS;
  while (!st && begin < end) {
    const uint32_t cut = find_key_change(song, begin, end, bar_ticks);
    st                 = add_run(list, song, metre, begin, cut);
    begin              = cut;
  }
  return st;
}

static Status
find_runs(const MidiSong* const song, RunList* const list)
{
  Metre    metre = {4U, 4U};
  uint32_t begin = 0U;
  Status   st    = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < song->n_metres; ++i) {
    const MidiMetre* const next = &song->metres[i];
    if (next->n_beats != metre.n_beats || next->unit != metre.unit) {
      st    = add_runs(list, song, metre, begin, next->tick);
      metre = (Metre){next->n_beats, next->unit};
      begin = next->tick;
    }
  }
  return st ? st : add_runs(list, song, metre, begin, song->end_tick);
}

/// Drop short runs, unless there is nothing else
static void
drop_short_runs(RunList* const list)
{
  uint32_t longest = 0U;
  for (uint32_t i = 0U; i < list->n; ++i) {
    const Stretch* const s = &list->run[i].stretch;
    const Stretch* const l = &list->run[longest].stretch;
    longest = s->end - s->begin > l->end - l->begin ? i : longest;
  }

  uint32_t n = 0U;
  for (uint32_t i = 0U; i < list->n; ++i) {
    const Run* const run  = &list->run[i];
    const uint32_t   span = run->stretch.end - run->stretch.begin;
    if (i == longest || span / run->bar_ticks >= MIN_RUN_BARS) {
      list->run[n++] = *run;
    }
  }
  list->n = n;
}

// ------------------------------------------------------------ from song to
// piece

static Key
find_key(const MidiSong* const  song,
         const StaveList* const staves,
         const Run* const       run)
{
  KeyEvidence evidence;
  key_evidence_init(&evidence);
  for (uint32_t i = 0U; i < staves->n_staves; ++i) {
    const Stave* const stave = &staves->staves[i];
    uint32_t           first = 0U;
    uint32_t           n     = 0U;
    lines_within(stave, &run->stretch, &first, &n);
    if (!stave->is_drums) {
      key_evidence_add(&evidence, &run->stretch, stave->notes + first, n);
    }
  }
  const KeyHint hint = key_hint(song, run->stretch.begin, run->stretch.end);
  return key_find(&evidence, &hint);
}

/// Bring MIDI keys to semitones above the tonic, in a singable octave
static void
bring_home(GridNote* const notes, const uint32_t n_notes, const int tonic)
{
  const int base = tonic <= 6 ? 60 + tonic : 48 + tonic;
  int64_t   sum  = 0;
  for (uint32_t i = 0U; i < n_notes; ++i) {
    sum += notes[i].pitch - base;
  }

  int       shift = 0;
  const int mean  = (int)(sum / (n_notes ? (int64_t)n_notes : 1));
  while (mean + shift < LOWEST_MEAN) {
    shift += 12;
  }
  while (mean + shift > HIGHEST_MEAN) {
    shift -= 12;
  }
  for (uint32_t i = 0U; i < n_notes; ++i) {
    int pitch = notes[i].pitch - base + shift;
    while (pitch < MELODY_MIN_PITCH) {
      pitch += 12;
    }
    while (pitch > MELODY_MAX_PITCH) {
      pitch -= 12;
    }
    notes[i].pitch = (int8_t)pitch;
  }
}

/// Append a line that takes over `notes`
static Status
add_line(Piece* const     piece,
         const Part       part,
         const StaveList* staves,
         const uint32_t   i_stave,
         GridNote* const  notes,
         const uint32_t   n_notes)
{
  Line* const lines =
    (Line*)realloc(piece->lines, (piece->n_lines + 1U) * sizeof(Line));
  if (!lines) {
    return STATUS_NO_MEM;
  }

  piece->lines     = lines;
  Line* const line = &lines[piece->n_lines++];
  memset(line, 0, sizeof(*line));
  line->part    = part;
  line->n_notes = n_notes;
  line->notes   = notes;
  line->i_stave = i_stave;
  snprintf(line->name, sizeof(line->name), "%s", staves->staves[i_stave].name);
  return STATUS_SUCCESS;
}

/// Quantise a stave's notes within a run and make them a line
static Status
make_line(Piece* const           piece,
          const StaveList* const staves,
          const uint32_t         i_stave,
          const Run* const       run,
          const bool             is_chordal)
{
  const Stave* const stave = &staves->staves[i_stave];
  uint32_t           first = 0U;
  uint32_t           n     = 0U;
  lines_within(stave, &run->stretch, &first, &n);
  GridNote* const notes = (GridNote*)malloc((n + 1U) * sizeof(GridNote));
  if (!notes) {
    return STATUS_NO_MEM;
  }

  const MidiNote* const source = stave->notes + first;
  uint32_t              n_out  = 0U;
  Status                st =
    stave->is_drums
                     ? quantise_drums(&run->stretch, source, n, notes, &n_out)
                     : quantise_melody(&run->stretch, source, n, is_chordal, notes, &n_out);
  if (!st && !stave->is_drums) {
    bring_home(notes, n_out, piece->tonic);
  }
  if (!st && n_out >= (stave->is_drums ? MIN_DRUM_HITS : 1U)) {
    st = add_line(piece,
                  stave->is_drums ? PART_DRUMS : PART_MELODY,
                  staves,
                  i_stave,
                  notes,
                  n_out);
    if (!st) {
      return STATUS_SUCCESS;
    }
  }
  free(notes);
  return st;
}

static Status
make_lines(Piece* const           piece,
           const StaveList* const staves,
           const Run* const       run)
{
  Status st = STATUS_SUCCESS;
  if (piece->share[PART_MELODY] > 0.0f) {
    MelodyPick     picks[LINES_MAX_MELODIES];
    const uint32_t n =
      lines_pick_melodies(staves, &run->stretch, run->bar_ticks, picks);
    for (uint32_t i = 0U; !st && i < n; ++i) {
      st = make_line(piece, staves, picks[i].i_stave, run, picks[i].is_chordal);
    }
  }
  const Stave* const drums = lines_drums(staves);
  if (!st && drums && piece->share[PART_DRUMS] > 0.0f) {
    st =
      make_line(piece, staves, (uint32_t)(drums - staves->staves), run, false);
  }
  return st;
}

/// Bars up to the last onset; onsets that rounding took beyond it are dropped
static void
count_bars(Piece* const piece, const Run* const run)
{
  const uint32_t bar_grids = metre_bar_grids(piece->metre);
  const uint32_t span      = run->stretch.end - run->stretch.begin;
  const uint32_t most      = (span + run->bar_ticks - 1U) / run->bar_ticks;
  uint32_t       n_bars    = 0U;
  for (uint32_t i = 0U; i < piece->n_lines; ++i) {
    const Line* const line = &piece->lines[i];
    const uint32_t    last = line->notes[line->n_notes - 1U].grid / bar_grids;
    n_bars                 = last + 1U > n_bars ? last + 1U : n_bars;
  }
  piece->n_bars = n_bars > most ? most : n_bars;

  const uint32_t end = piece->n_bars * bar_grids;
  for (uint32_t i = 0U; i < piece->n_lines; ++i) {
    Line* const line = &piece->lines[i];
    while (line->n_notes && line->notes[line->n_notes - 1U].grid >= end) {
      --line->n_notes;
    }
  }
}

/// The energy that a section marker such as "drop 8" states, or -1
static int
marker_energy(const MidiText* const text)
{
  static const char* const sections[] = {
    "intro", "verse", "build", "drop", "break", "outro", "chorus", "bridge"};

  for (size_t i = 0U; i < sizeof(sections) / sizeof(sections[0]); ++i) {
    const size_t n = strlen(sections[i]);
    if (text->kind == MIDI_MARKER && !strncmp(text->text, sections[i], n) &&
        text->text[n] == ' ' && text->text[n + 1U] >= '0' &&
        text->text[n + 1U] <= '9' && !text->text[n + 2U]) {
      return text->text[n + 1U] - '0';
    }
  }
  return -1;
}

/// Energies by bar, and where sections start.  @return whether any is marked.
static bool
read_sections(const MidiSong* const song,
              const Run* const      run,
              Piece* const          piece,
              bool* const           starts)
{
  bool     has_any = false;
  int      energy  = -1;
  uint32_t i_text  = 0U;
  for (uint32_t bar = 0U; bar < piece->n_bars; ++bar) {
    const uint32_t end = run->stretch.begin + (bar + 1U) * run->bar_ticks;
    for (; i_text < song->n_texts && song->texts[i_text].tick < end; ++i_text) {
      const int next = marker_energy(&song->texts[i_text]);
      if (next >= 0) {
        energy      = next;
        starts[bar] = true;
        has_any     = true;
      }
    }
    piece->energy[bar] = (int8_t)(energy < 0 ? 0 : energy * 254 / 9 - 127);
  }
  return has_any;
}

static bool
is_fill_path(const char* const path)
{
  return strstr(path, "/fill/") || !strncmp(path, "fill/", 5U);
}

/// What is known of each bar
static Status
describe_bars(const MidiSong* const song,
              const Run* const      run,
              Piece* const          piece)
{
  const uint32_t n      = piece->n_bars;
  bool* const    starts = (bool*)calloc(n + 1U, sizeof(bool));
  piece->energy         = (int8_t*)calloc(n + 1U, 1U);
  piece->fill           = (uint8_t*)calloc(n + 1U, 1U);
  if (!starts || !piece->energy || !piece->fill) {
    free(starts);
    return STATUS_NO_MEM;
  }

  const bool        has_sections = read_sections(song, run, piece, starts);
  const Line* const last =
    piece->n_lines ? &piece->lines[piece->n_lines - 1U] : NULL;
  const bool has_drums = last && last->part == PART_DRUMS;
  if (is_fill_path(piece->path)) {
    memset(piece->fill, FILL_BIG, n);
  } else if (has_drums || has_sections) {
    fills_find(has_drums ? last->notes : NULL,
               has_drums ? last->n_notes : 0U,
               metre_bar_grids(piece->metre),
               n,
               has_sections ? starts : NULL,
               piece->fill);
  }
  free(starts);
  return STATUS_SUCCESS;
}

/// The chords around a line, by what all others play: a chord guessed from the
/// line itself would give it away
static Status
hear_chords(const StaveList* const staves,
            const Run* const       run,
            const Piece* const     piece,
            Line* const            line)
{
  const uint32_t       n = piece->n_bars * CHORDS_PER_BAR;
  ChordEvidence* const slots =
    (ChordEvidence*)calloc(n + 1U, sizeof(ChordEvidence));
  line->chords = (Chord*)calloc(n + 1U, sizeof(Chord));
  if (!slots || !line->chords) {
    free(slots);
    return STATUS_NO_MEM;
  }

  for (uint32_t i = 0U; i < staves->n_staves; ++i) {
    const Stave* const stave = &staves->staves[i];
    uint32_t           first = 0U;
    uint32_t           n_in  = 0U;
    lines_within(stave, &run->stretch, &first, &n_in);
    if (!stave->is_drums && i != line->i_stave) {
      chords_listen(&run->stretch,
                    (double)run->bar_ticks / CHORDS_PER_BAR,
                    stave->notes + first,
                    n_in,
                    slots,
                    n);
    }
  }
  chords_find(slots, n, piece->tonic, piece->mode, line->chords);
  free(slots);
  return STATUS_SUCCESS;
}

/// The music itself: onsets and pitches from the first of each line on
static uint64_t
hash_piece(const Piece* const piece)
{
  uint64_t key = rng_seed(1U);
  for (uint32_t i = 0U; i < piece->n_lines; ++i) {
    const Line* const line = &piece->lines[i];
    if (!line->n_notes || (i && line->part == PART_DRUMS)) {
      continue; // Drums count where there is nothing else
    }
    const GridNote* const first = line->notes;
    for (uint32_t k = 0U; k < line->n_notes; ++k) {
      const int from = line->part == PART_DRUMS ? 0 : first->pitch;
      key            = rng_key(key, line->notes[k].grid - first->grid);
      key = rng_key(key, (uint64_t)(line->notes[k].pitch - from + 256));
    }
  }
  return key;
}

// ------------------------------------------------------------------- reading

/// All that is needed while files are read
typedef struct {
  const CorpusOptions* options;
  CorpusMap            map;
  Corpus*              corpus;
  uint32_t             room; ///< Allocated pieces
  Tally                left; ///< Reasons
} Reader;

static Status
add_piece(Reader* const reader, const Piece* const piece)
{
  Corpus* const corpus = reader->corpus;
  if (corpus->n_pieces == reader->room) {
    const uint32_t room = reader->room ? reader->room * 2U : 64U;
    Piece* const   more = (Piece*)realloc(corpus->pieces, room * sizeof(Piece));
    if (!more) {
      return STATUS_NO_MEM;
    }
    corpus->pieces = more;
    reader->room   = room;
  }
  corpus->pieces[corpus->n_pieces++] = *piece;
  return STATUS_SUCCESS;
}

static bool
has_notes(const Piece* const piece)
{
  for (uint32_t i = 0U; i < piece->n_lines; ++i) {
    if (piece->lines[i].n_notes) {
      return true;
    }
  }
  return false;
}

/// Drop lines that lost all their notes
static void
drop_empty_lines(Piece* const piece)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < piece->n_lines; ++i) {
    if (piece->lines[i].n_notes) {
      piece->lines[n++] = piece->lines[i];
    } else {
      free(piece->lines[i].notes);
    }
  }
  piece->n_lines = n;
}

/// Make a piece of a run.  @param blank Path, style, group and shares.
static Status
read_run(Reader* const          reader,
         const MidiSong* const  song,
         const StaveList* const staves,
         const Run* const       run,
         const Piece* const     blank)
{
  Piece piece = *blank;
  piece.path  = copy_string(blank->path);
  if (!piece.path) {
    return STATUS_NO_MEM;
  }

  const Key key = find_key(song, staves, run);
  piece.tonic   = key.tonic;
  piece.mode    = key.mode;
  piece.metre   = run->metre;
  Status st     = make_lines(&piece, staves, run);
  if (!st && piece.n_lines) {
    count_bars(&piece, run);
    drop_empty_lines(&piece);
    st = describe_bars(song, run, &piece);
    for (uint32_t i = 0U; !st && i < piece.n_lines; ++i) {
      if (piece.lines[i].part == PART_MELODY) {
        st = hear_chords(staves, run, &piece, &piece.lines[i]);
      }
    }
    piece.hash = hash_piece(&piece);
  }
  if (!st && has_notes(&piece)) {
    st = add_piece(reader, &piece);
    if (!st) {
      return STATUS_SUCCESS;
    }
  }
  clear_piece(&piece);
  return st;
}

/// One split for all pieces of a file: that of the first one's content
static void
choose_split(Corpus* const corpus, const uint32_t i_first)
{
  const uint64_t key  = rng_seed(corpus->pieces[i_first].hash);
  const bool     held = rng_below(key, 0U, 100U) < HELD_OUT_PERCENT;
  for (uint32_t i = i_first; i < corpus->n_pieces; ++i) {
    corpus->pieces[i].split = held ? SPLIT_HELD_OUT : SPLIT_TRAIN;
  }
}

/// Add a song's pieces.  @param has_bars Whether a metre of it is known.
/// @return STATUS_NO_MEM, or STATUS_FULL when it is too much of a song.
static Status
read_song(Reader* const         reader,
          const MidiSong* const song,
          const Piece* const    blank,
          bool* const           has_bars)
{
  const uint32_t i_first = reader->corpus->n_pieces;
  StaveList      staves  = {0U, NULL};
  RunList        runs    = {NULL, 0U};
  Status         st      = lines_gather(song, &staves);
  st                     = st ? st : find_runs(song, &runs);
  *has_bars              = runs.n > 0U;
  drop_short_runs(&runs);
  for (uint32_t i = 0U; !st && i < runs.n; ++i) {
    st = read_run(reader, song, &staves, &runs.run[i], blank);
  }
  if (reader->corpus->n_pieces > i_first) {
    choose_split(reader->corpus, i_first);
  }
  free(runs.run);
  lines_clear(&staves);
  return st;
}

/// Print a name of a file in one line, whatever is in it
static void
print_name(FILE* const file, const char* name)
{
  for (; *name; ++name) {
    const unsigned char c = (unsigned char)*name;
    fputc(c < 0x20U || c == 0x7FU ? '?' : c, file);
  }
}

/// Say that a file is left, and count why
static void
leave(Reader* const     reader,
      const char* const path,
      const char* const why,
      const char* const more)
{
  ++reader->corpus->n_left;
  tally_add(&reader->left, why, 0U, 1U);
  if (reader->options->report) {
    FILE* const file = reader->options->report;
    fputs("left  ", file);
    print_name(file, path);
    fprintf(file, ": %s%s%s\n", why, *more ? ": " : "", more);
  }
}

static Status
list_folder(Reader* reader, const char* inner, uint32_t depth, PathList* list);

/// List what is at `path` in a folder; `full` is where it is for us
static Status
list_entry(Reader* const     reader,
           const char* const full,
           const char* const path,
           const uint32_t    depth,
           PathList* const   list)
{
  struct stat info;
  const bool  is_link = !lstat(full, &info) && S_ISLNK(info.st_mode);
  const bool  is_lost = stat(full, &info) != 0;
  if (!is_lost && S_ISDIR(info.st_mode)) {
    if (is_link) { // It may lead round in circles
      leave(reader, path, "links to folders are not followed", "");
    } else if (depth + 1U >= MAX_DEPTH) {
      leave(reader, path, "it is too deep in folders", "");
    } else {
      return list_folder(reader, path, depth + 1U, list);
    }
  } else if (is_midi(path)) {
    if (!is_lost && S_ISREG(info.st_mode)) {
      return add_path(list, path);
    }
    leave(
      reader, path, is_lost ? "there is no such file" : "it is no file", "");
  }
  return STATUS_SUCCESS;
}

/// List a folder and those in it.  @param inner Path below the corpus, or "".
static Status
list_folder(Reader* const     reader,
            const char* const inner,
            const uint32_t    depth,
            PathList* const   list)
{
  const char* const folder = reader->options->folder;
  char              full[MAX_PATH_BYTES];
  char              path[MAX_PATH_BYTES];
  if (snprintf(full, sizeof(full), "%s/%s", folder, inner) >=
      (int)sizeof(full)) {
    return STATUS_SUCCESS;
  }
  DIR* const dir = opendir(full);
  if (!dir) {
    if (!depth) {
      return STATUS_NO_FILE;
    }
    leave(reader, inner, "the folder cannot be read", "");
    return STATUS_SUCCESS;
  }

  Status               st    = STATUS_SUCCESS;
  const struct dirent* entry = NULL;
  while (!st && (entry = readdir(dir))) {
    if (entry->d_name[0] == '.') {
      continue;
    }
    const int n = snprintf(
      path, sizeof(path), "%s%s%s", inner, *inner ? "/" : "", entry->d_name);
    if (n >= (int)sizeof(path) ||
        snprintf(full, sizeof(full), "%s/%s", folder, path) >=
          (int)sizeof(full)) {
      leave(reader, path, "its path is too long", "");
      continue;
    }
    st = list_entry(reader, full, path, depth, list);
  }
  closedir(dir);
  return st;
}

static void
report_taken(const Reader* const reader,
             const uint32_t      i_first,
             const MidiSong*     song)
{
  static const char* const tonics[] = {
    "C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"};

  FILE* const file = reader->options->report;
  for (uint32_t i = i_first; file && i < reader->corpus->n_pieces; ++i) {
    const Piece* const piece = &reader->corpus->pieces[i];
    fputs("took  ", file);
    print_name(file, piece->path);
    fprintf(file,
            ": %u bars of %u/%u in %s %s, %s",
            piece->n_bars,
            piece->metre.n_beats,
            piece->metre.unit,
            tonics[piece->tonic],
            piece->mode > 0   ? "major"
            : piece->mode < 0 ? "minor"
                              : "no mode",
            piece->split == SPLIT_HELD_OUT ? "held out" : "to learn");
    for (uint32_t k = 0U; k < piece->n_lines; ++k) {
      const Line* const line = &piece->lines[k];
      fprintf(file,
              "; %s \"%s\" %u",
              line->part == PART_DRUMS ? "drums" : "melody",
              line->name,
              line->n_notes);
    }
    if (i == i_first && song->n_warnings) {
      fprintf(file, " (%s)", song->warning.text);
    }
    fputc('\n', file);
  }
}

/// Path, style, group and shares of a file
static Piece
describe_file(const Reader* const reader, char* const path)
{
  Piece piece;
  memset(&piece, 0, sizeof(piece));
  piece.path = path;
  if (!reader->options->map) {
    piece.style              = corpus_map_style(path);
    piece.share[PART_MELODY] = piece.share[PART_DRUMS] = 1.0f;
    return piece;
  }

  const MapRow* const row = corpus_map_find(&reader->map, path);
  piece.style             = row ? row->style : -1;
  if (row) {
    piece.group = (uint16_t)(row - reader->map.rows);
    memcpy(piece.share, row->share, sizeof(piece.share));
  }
  return piece;
}

static Status
read_file(Reader* const reader, char* const path)
{
  const Piece blank = describe_file(reader, path);
  if (!(blank.share[PART_MELODY] > 0.0f) && !(blank.share[PART_DRUMS] > 0.0f)) {
    leave(reader, path, "the map gives it no share", "");
    return STATUS_SUCCESS;
  }

  char      full[MAX_PATH_BYTES];
  Trouble   trouble = {""};
  MidiSong* song    = NULL;
  snprintf(full, sizeof(full), "%s/%s", reader->options->folder, path);
  Status st = midi_file_load(full, &song, &trouble);
  if (st) {
    leave(reader, path, "it cannot be read", trouble.text);
    return st == STATUS_NO_MEM ? st : STATUS_SUCCESS;
  }

  const uint32_t i_first  = reader->corpus->n_pieces;
  bool           has_bars = false;
  st                      = read_song(reader, song, &blank, &has_bars);
  if (st == STATUS_FULL) {
    leave(reader, path, "it has too many voices or changes of metre", "");
    st = STATUS_SUCCESS;
  } else if (!st && reader->corpus->n_pieces == i_first) {
    leave(reader,
          path,
          !midi_song_n_notes(song) ? "it has no notes"
          : has_bars               ? "no line looks like a melody or like drums"
                                   : "no bar of it fits the grid",
          song->warning.text);
  }
  report_taken(reader, i_first, song);
  midi_song_free(song);
  return st;
}

/// Sums by folder, style and metre
static void
report_sums(Reader* const reader)
{
  static const char* const columns[] = {
    "pieces", "held out", "melodies", "drums", "bars", "notes"};

  Tally* const tally = (Tally*)calloc(3U, sizeof(Tally));
  FILE* const  file  = reader->options->report;
  if (!tally || !file) {
    free(tally);
    return;
  }

  for (uint32_t i = 0U; i < reader->corpus->n_pieces; ++i) {
    const Piece* const piece = &reader->corpus->pieces[i];
    uint64_t           n[6]  = {
                 1U, piece->split == SPLIT_HELD_OUT, 0U, 0U, piece->n_bars, 0U};
    for (uint32_t k = 0U; k < piece->n_lines; ++k) {
      ++n[piece->lines[k].part == PART_DRUMS ? 3 : 2];
      n[5] += piece->lines[k].n_notes;
    }

    char        name[3][96];
    const char* slash  = strrchr(piece->path, '/');
    const int   length = slash ? (int)(slash - piece->path) : 0;
    snprintf(name[0], sizeof(name[0]), "%.*s", length, piece->path);
    for (char* c = name[0]; *c; ++c) {
      *c = (unsigned char)*c < 0x20U || *c == 0x7F ? '?' : *c;
    }
    snprintf(name[1],
             sizeof(name[1]),
             "%s %s",
             piece->style < 0 ? "-" : style_row((Style)piece->style)->symbol,
             piece->mode > 0   ? "major"
             : piece->mode < 0 ? "minor"
                               : "");
    snprintf(name[2],
             sizeof(name[2]),
             "%u/%u",
             piece->metre.n_beats,
             piece->metre.unit);
    for (uint32_t t = 0U; t < 3U; ++t) {
      for (uint32_t k = 0U; k < 6U; ++k) {
        tally_add(&tally[t], name[t], k, n[k]);
      }
    }
  }
  tally_print(&tally[0], "folder", columns, 6U, file);
  tally_print(&tally[1], "style and mode", columns, 6U, file);
  tally_print(&tally[2], "metre", columns, 6U, file);
  tally_print(&reader->left, "left because", columns, 1U, file);
  free(tally);
}

static Status
read_files(Reader* const reader, const PathList* const list)
{
  const uint32_t most = reader->options->max_files;
  const uint32_t n    = most && most < list->n ? most : list->n;
  Status         st   = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < n; ++i) {
    st = read_file(reader, list->path[(uint64_t)i * list->n / n]);
  }
  return st;
}

/// After all files: is there anything?
static Status
finish(Reader* const reader, const PathList* const list, Trouble* const trouble)
{
  report_sums(reader);
  if (!list->n) {
    return trouble_say(trouble,
                       STATUS_NO_FILE,
                       "There are no MIDI files in \"%s\"",
                       reader->options->folder);
  }
  if (!reader->corpus->n_pieces) {
    return trouble_say(trouble,
                       STATUS_NO_FILE,
                       "None of the %u MIDI files in \"%s\" gave any music; "
                       "the report says why",
                       list->n,
                       reader->options->folder);
  }
  return STATUS_SUCCESS;
}

Status
corpus_read(const CorpusOptions* const options,
            Corpus** const             corpus,
            Trouble* const             trouble)
{
  PathList list   = {NULL, 0U, 0U};
  Reader*  reader = (Reader*)calloc(1U, sizeof(Reader));
  Corpus*  fresh  = (Corpus*)calloc(1U, sizeof(Corpus));
  Status   st     = reader && fresh ? STATUS_SUCCESS : STATUS_NO_MEM;
  if (!st) {
    reader->options = options;
    reader->corpus  = fresh;
    st = options->map ? corpus_map_load(options->map, &reader->map, trouble)
                      : STATUS_SUCCESS;
  }
  if (!st) {
    st = list_folder(reader, "", 0U, &list);
    if (st == STATUS_NO_FILE) {
      trouble_say(
        trouble, st, "The folder \"%s\" cannot be read", options->folder);
    }
  }
  if (!st) {
    if (list.n) {
      qsort(list.path, list.n, sizeof(char*), compare_paths);
    }
    st = read_files(reader, &list);
    st = st ? st : finish(reader, &list, trouble);
  }
  if (st == STATUS_NO_MEM) {
    trouble_say(trouble, st, "%s", status_text(st));
  }
  if (!st) {
    *corpus = fresh;
    fresh   = NULL;
  }
  corpus_free(fresh); // Null on success
  clear_paths(&list);
  if (reader) {
    corpus_map_clear(&reader->map);
  }
  free(reader);
  return st;
}

uint32_t
corpus_phrase(const Piece* const piece,
              const Line* const  line,
              const uint32_t     i_bar,
              const uint32_t     n_bars,
              GridNote* const    notes,
              const uint32_t     max_notes)
{
  const uint32_t bar_grids = metre_bar_grids(piece->metre);
  const uint32_t begin     = i_bar * bar_grids;
  const uint32_t end       = begin + n_bars * bar_grids;
  uint32_t       n         = 0U;
  for (uint32_t i = 0U; i < line->n_notes && n < max_notes; ++i) {
    const GridNote* const note = &line->notes[i];
    if (note->grid >= begin && note->grid < end) {
      notes[n] = *note;
      notes[n].grid -= begin;
      if (notes[n].length > end - note->grid) {
        notes[n].length = (uint16_t)(end - note->grid);
      }
      ++n;
    }
  }
  return n;
}
