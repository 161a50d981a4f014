// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "music/drum_map.h"
#include "tests/failing_alloc.h"
#include "midi/midi_file.h"
#include "tools/train/corpus.h"
#include "tools/train/corpus_map.h"
#include "tools/train/fills.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BAR 1920U
#define REAL_MUSIC "../shared/corpus/edm/studies/house"

// ------------------------------------------------------------ a folder of ours

static const char*
folder(void)
{
  static char       path[200];
  const char* const top = getenv("TMPDIR");
  if (!path[0]) {
    snprintf(path,
             sizeof(path),
             "%s/perpetuo_corpus_%ld",
             top ? top : "/tmp",
             (long)getpid());
  }
  return path;
}

static const char*
inside(const char* const name)
{
  static char path[4][400];
  static int  i = 0;
  i             = (i + 1) % 4;
  snprintf(path[i], sizeof(path[i]), "%s/%s", folder(), name);
  return path[i];
}

static void
make_folder(const char* const name)
{
  CHECK(!mkdir(inside(name), 0777));
}

static void
write_text(const char* const name, const char* const text)
{
  FILE* const file = fopen(inside(name), "w");
  CHECK(file);
  if (file) {
    fputs(text, file);
    fclose(file);
  }
}

/// A piece of 32 bars: lead, bass and drums in E minor, moved by `shift`
static MidiSong*
make_song(const uint32_t seed, const int shift)
{
  MidiSong* const song = midi_song_new(480U);
  CHECK(!midi_song_add_metre(song, 0U, 4U, 4U));
  CHECK(!midi_song_add_key(song, 0U, 1, true));
  CHECK(!midi_song_add_text(song, 0U, MIDI_MARKER, "intro 2"));
  CHECK(!midi_song_add_text(song, 8U * BAR, MIDI_MARKER, "drop 9"));
  if (!shift) {
    CHECK(!midi_song_add_text(song, 0U, MIDI_TEXT, "mode: aeolian"));
  }
  CHECK(!midi_song_add_track(song, "Lead"));
  CHECK(!midi_song_add_track(song, "Bass"));
  CHECK(!midi_song_add_track(song, "Drums"));

  static const uint8_t scale[] = {0U, 2U, 3U, 5U, 7U, 8U, 10U, 12U};
  uint32_t             x       = seed;
  for (uint32_t bar = 0U; bar < 32U; ++bar) {
    for (uint32_t beat = 0U; beat < 4U; ++beat) {
      const uint32_t tick = bar * BAR + beat * 480U;
      x                   = x * 1664525U + 1013904223U;
      const int degree    = scale[(x >> 20U) % 8U];
      CHECK(!midi_song_add_note(
        song,
        0U,
        (MidiNote){tick, 230U, (uint8_t)(64 + degree + shift), 90U, 0U}));
      CHECK(!midi_song_add_note(
        song, 1U, (MidiNote){tick, 470U, (uint8_t)(40 + shift), 90U, 1U}));
      CHECK(
        !midi_song_add_note(song, 2U, (MidiNote){tick, 30U, 36U, 110U, 9U}));
      CHECK(!midi_song_add_note(
        song, 2U, (MidiNote){tick + 240U, 30U, 46U, 70U, 9U}));
    }
  }
  return song;
}

static void
write_song(const char* const name, const uint32_t seed, const int shift)
{
  Trouble         trouble = {""};
  MidiSong* const song    = make_song(seed, shift);
  CHECK(!midi_file_save(inside(name), song, &trouble));
  midi_song_free(song);
}

static void
remove_all(void)
{
  char command[256];
  snprintf(command, sizeof(command), "rm -r '%s'", folder());
  CHECK(!system(command));
}

static Corpus*
read_all(const char* const map, const uint32_t max_files)
{
  const CorpusOptions options = {folder(), map, max_files, NULL};
  Trouble             trouble = {""};
  Corpus*             corpus  = NULL;
  if (corpus_read(&options, &corpus, &trouble)) {
    fprintf(stderr, "%s\n", trouble.text);
  }
  return corpus;
}

static const Piece*
find(const Corpus* const corpus, const char* const path)
{
  for (uint32_t i = 0U; corpus && i < corpus->n_pieces; ++i) {
    if (!strcmp(corpus->pieces[i].path, path)) {
      return &corpus->pieces[i];
    }
  }
  return NULL;
}

// ------------------------------------------------------------------ the map

static void
test_map(void)
{
  CorpusMap map     = {0U, NULL};
  Trouble   trouble = {""};
  CHECK(!mkdir(folder(), 0777));
  write_text("map.tsv",
             "# a comment\n"
             "a/\thouse\t3/1\tCC0\n"
             "\n"
             "a/b/\t-\t0.5\r\n"
             "c\tfunk\t0/2\tMIT\tmore\n");
  CHECK(!corpus_map_load(inside("map.tsv"), &map, &trouble));
  CHECK(map.n_rows == 3U);

  const MapRow* row = corpus_map_find(&map, "a/x.mid");
  CHECK(row && row->style == STYLE_HOUSE);
  NEAR(row->share[PART_MELODY], 3.0, 0.0);
  NEAR(row->share[PART_DRUMS], 1.0, 0.0);
  row = corpus_map_find(&map, "a/b/x.mid"); // The longest prefix
  CHECK(row && row->style == -1);
  NEAR(row->share[PART_MELODY], 0.5, 0.0);
  NEAR(row->share[PART_DRUMS], 0.5, 0.0);
  CHECK(corpus_map_find(&map, "b/x.mid") == NULL);
  corpus_map_clear(&map);
  remove_all();
}

static void
test_broken_maps_are_refused(void)
{
  static const struct {
    const char* text;
    const char* words;
  } rows[] = {
    {"a/\thouse\n", "Line 1"},
    {"# x\na/\tpolka\t1\n", "no style \"polka\""},
    {"a/\thouse\tmuch\n", "\"much\" is no share"},
    {"a/\thouse\t1/\n", "is no share"},
    {"a/\thouse\t-1\n", "is no share"},
    {"a/\thouse\tnan\n", "is no share"},
    {"a/\thouse\t1e39\n", "is no share"},
    {"a/\thouse\t1/2/3\n", "is no share"},
  };
  CorpusMap map = {0U, NULL};
  CHECK(!mkdir(folder(), 0777));
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    Trouble trouble = {""};
    write_text("map.tsv", rows[i].text);
    CHECK(corpus_map_load(inside("map.tsv"), &map, &trouble) ==
          STATUS_BAD_FILE);
    CHECK(strstr(trouble.text, rows[i].words));
    CHECK(!map.rows);
  }
  Trouble trouble = {""};
  CHECK(corpus_map_load(inside("none.tsv"), &map, &trouble) == STATUS_NO_FILE);
  CHECK(strstr(trouble.text, "none.tsv"));
  CHECK(corpus_map_load(folder(), &map, &trouble) == STATUS_NO_FILE);

  char line[1100];
  memset(line, 'x', sizeof(line));
  memcpy(line, "a/\thouse\t1\t", 11U);
  line[sizeof(line) - 1U] = '\0';
  write_text("map.tsv", line);
  CHECK(corpus_map_load(inside("map.tsv"), &map, &trouble) == STATUS_BAD_FILE);
  CHECK(strstr(trouble.text, "Line 1") && strstr(trouble.text, "longer"));
  remove_all();
}

static void
test_styles_without_a_map(void)
{
  CHECK(corpus_map_style("techno/a.mid") == STYLE_TECHNO);
  CHECK(corpus_map_style("x/y/baroque/z/a.mid") == STYLE_BAROQUE);
  CHECK(corpus_map_style("x/techno.mid") == -1);
  CHECK(corpus_map_style("technology/a.mid") == -1);
  CHECK(corpus_map_style("a.mid") == -1);
}

static void
test_our_map_is_whole(void)
{
  CorpusMap map            = {0U, NULL};
  Trouble   trouble        = {""};
  double    sum[N_PARTS]   = {0.0};
  bool      seen[N_STYLES] = {false};
  CHECK(!corpus_map_load("tools/train/corpus.tsv", &map, &trouble));
  for (uint32_t i = 0U; i < map.n_rows; ++i) {
    const MapRow* const row = &map.rows[i];
    for (int part = 0; part < (int)N_PARTS; ++part) {
      sum[part] += (double)row->share[part];
      // Music of a style that the part does not know would be wasted
      CHECK(row->style < 0 || !(row->share[part] > 0.0f) ||
            style_row((Style)row->style)->has_part[part]);
    }
    if (row->style >= 0) {
      seen[row->style] = true;
    }
  }
  NEAR(sum[PART_MELODY], 100.0, 1.0);
  NEAR(sum[PART_DRUMS], 100.0, 1.0);
  for (int i = 0; i < (int)N_STYLES; ++i) {
    CHECK(seen[i]);
  }
  corpus_map_clear(&map);
}

// -------------------------------------------------------------------- fills

/// Kicks on every beat, and more in some bars
static uint32_t
drum_bars(const uint32_t n_bars, const uint32_t every, GridNote* const notes)
{
  uint32_t n = 0U;
  for (uint32_t bar = 0U; bar < n_bars; ++bar) {
    const bool is_full = every && bar % every == every - 1U;
    for (uint32_t step = 0U; step < 16U; step += is_full ? 1U : 4U) {
      const int8_t voice =
        (int8_t)(is_full && step > 7U ? DRUM_TOM_LOW : DRUM_KICK);
      notes[n++] = (GridNote){bar * 96U + step * 6U, 6U, voice, 100U, 0};
    }
  }
  return n;
}

static void
test_fills_by_ear(void)
{
  GridNote       notes[16U * 16U];
  uint8_t        fill[16];
  const uint32_t n = drum_bars(16U, 4U, notes);
  fills_find(notes, n, 96U, 16U, NULL, fill);
  for (uint32_t i = 0U; i < 16U; ++i) {
    CHECK(fill[i] == (i % 8U == 7U   ? FILL_BIG
                      : i % 4U == 3U ? FILL_SMALL
                                     : FILL_NONE));
  }
  fills_find(notes, drum_bars(16U, 0U, notes), 96U, 16U, NULL, fill);
  for (uint32_t i = 0U; i < 16U; ++i) {
    CHECK(fill[i] == FILL_NONE);
  }
}

static void
test_fills_before_sections(void)
{
  GridNote       notes[16U * 16U];
  uint8_t        fill[16];
  bool           starts[16] = {[0] = true, [6] = true};
  const uint32_t n          = drum_bars(16U, 0U, notes);
  fills_find(notes, n, 96U, 16U, starts, fill);
  for (uint32_t i = 0U; i < 16U; ++i) {
    CHECK(fill[i] == (i == 5U ? FILL_BIG : FILL_NONE));
  }
  fills_find(NULL, 0U, 96U, 0U, NULL, fill);
}

// ------------------------------------------------------------------ reading

static void
test_a_piece(void)
{
  CHECK(!mkdir(folder(), 0777));
  make_folder("trance");
  write_song("trance/one.mid", 1U, 0);
  Corpus* const      corpus = read_all(NULL, 0U);
  const Piece* const piece  = find(corpus, "trance/one.mid");
  CHECK(piece);
  if (piece) {
    CHECK(piece->style == STYLE_TRANCE && piece->tonic == 4);
    CHECK(piece->mode == -1 && piece->n_bars == 32U);
    CHECK(piece->metre.n_beats == 4U && piece->metre.unit == 4U);
    CHECK(piece->n_lines == 2U);
    CHECK(piece->lines[0].part == PART_MELODY &&
          !strcmp(piece->lines[0].name, "Lead"));
    CHECK(piece->lines[1].part == PART_DRUMS);
    CHECK(piece->energy[0] == 2 * 254 / 9 - 127 && piece->energy[8] == 127);
    CHECK(piece->fill[7] == FILL_BIG && piece->fill[8] == FILL_NONE);
    CHECK(piece->lines[0].n_notes == 128U && piece->lines[1].n_notes == 256U);
    for (uint32_t i = 0U; i < 128U; ++i) {
      const GridNote* const note = &piece->lines[0].notes[i];
      CHECK(note->grid == i * 24U && note->length == 12U);
      CHECK(note->pitch >= 0 && note->pitch <= 12); // E4 is the tonic
    }
  }
  corpus_free(corpus);
  remove_all();
}

static void
test_same_music_same_split(void)
{
  // Transposed copies under other names, with and without a stated mode
  CHECK(!mkdir(folder(), 0777));
  for (uint32_t i = 0U; i < 40U; ++i) {
    char name[32];
    snprintf(name, sizeof(name), "a%02u.mid", i);
    write_song(name, i, 0);
    snprintf(name, sizeof(name), "b%02u.mid", i);
    write_song(name, i, 3);
  }
  Corpus* const corpus = read_all(NULL, 0U);
  uint32_t      n_held = 0U;
  CHECK(corpus && corpus->n_pieces == 80U);
  for (uint32_t i = 0U; corpus && i < 40U; ++i) {
    const Piece* const a = &corpus->pieces[i];
    const Piece* const b = &corpus->pieces[i + 40U];
    CHECK(a->hash == b->hash && a->split == b->split);
    CHECK(i == 0U || a->hash != corpus->pieces[i - 1U].hash);
    n_held += a->split == SPLIT_HELD_OUT;
  }
  CHECK(n_held > 0U && n_held < 15U);
  corpus_free(corpus);
  remove_all();
}

static void
test_metres_and_keys_cut_pieces(void)
{
  CHECK(!mkdir(folder(), 0777));
  Trouble         trouble = {""};
  MidiSong* const song    = make_song(5U, 0);
  CHECK(!midi_song_add_key(song, 8U * BAR, 4, true));
  CHECK(!midi_song_add_metre(song, 20U * BAR, 3U, 4U));
  CHECK(!midi_file_save(inside("x.mid"), song, &trouble));
  midi_song_free(song);

  Corpus* const corpus = read_all(NULL, 0U);
  CHECK(corpus && corpus->n_pieces == 3U);
  if (corpus && corpus->n_pieces == 3U) {
    CHECK(corpus->pieces[0].n_bars == 8U && corpus->pieces[0].tonic == 4);
    CHECK(corpus->pieces[1].n_bars == 12U && corpus->pieces[1].tonic == 1);
    CHECK(corpus->pieces[2].n_bars == 16U &&
          corpus->pieces[2].metre.n_beats == 3U);
    CHECK(corpus->pieces[0].split == corpus->pieces[1].split &&
          corpus->pieces[0].split == corpus->pieces[2].split);
  }
  corpus_free(corpus);
  remove_all();
}

static void
test_map_decides_what_is_read(void)
{
  CHECK(!mkdir(folder(), 0777));
  make_folder("drums");
  make_folder("none");
  write_song("drums/x.mid", 1U, 0);
  write_song("none/y.mid", 2U, 0);
  write_song("z.mid", 3U, 0);
  write_text("map.tsv", "drums/\tfunk\t0/1\t\nz\thouse\t2/0\t\n");
  Corpus* const      corpus = read_all(inside("map.tsv"), 0U);
  const Piece* const drums  = find(corpus, "drums/x.mid");
  const Piece* const lead   = find(corpus, "z.mid");
  CHECK(corpus && corpus->n_pieces == 2U && corpus->n_left == 1U);
  CHECK(drums && drums->n_lines == 1U && drums->style == STYLE_FUNK &&
        drums->lines[0].part == PART_DRUMS && drums->group == 0U);
  CHECK(lead && lead->n_lines == 1U && lead->group == 1U &&
        lead->lines[0].part == PART_MELODY);
  corpus_free(corpus);
  remove_all();
}

static void
test_strange_folders(void)
{
  Trouble       trouble = {""};
  Corpus*       corpus  = NULL;
  CorpusOptions options = {"/nowhere/at/all", NULL, 0U, NULL};
  CHECK(corpus_read(&options, &corpus, &trouble) == STATUS_NO_FILE);
  CHECK(!corpus && strstr(trouble.text, "/nowhere/at/all"));

  CHECK(!mkdir(folder(), 0777));
  options.folder = folder();
  CHECK(corpus_read(&options, &corpus, &trouble) == STATUS_NO_FILE);
  CHECK(strstr(trouble.text, "no MIDI files"));
  write_text("a.mid", "not music");
  CHECK(corpus_read(&options, &corpus, &trouble) == STATUS_NO_FILE);
  CHECK(strstr(trouble.text, "None of the 1"));
  options.map = inside("no.tsv");
  CHECK(corpus_read(&options, &corpus, &trouble) == STATUS_NO_FILE);
  CHECK(strstr(trouble.text, "no.tsv") && !corpus);

  // A link that leads round in circles, next to something good
  CHECK(!symlink(folder(), inside("circle")));
  write_song("b.mid", 1U, 0);
  corpus = read_all(NULL, 0U);
  CHECK(corpus && corpus->n_pieces == 1U && corpus->n_left == 2U);
  corpus_free(corpus);
  remove_all();
}

/// Read our folder and compare its report with what it should hold
static void
check_report(const char* const* const words, const uint32_t n_words)
{
  static char   text[16384];
  FILE* const   report  = tmpfile();
  Trouble       trouble = {""};
  Corpus*       corpus  = NULL;
  CorpusOptions options = {folder(), NULL, 0U, report};
  CHECK(report);
  (void)!corpus_read(&options, &corpus, &trouble);
  rewind(report);
  memset(text, 0, sizeof(text));
  CHECK(fread(text, 1U, sizeof(text) - 1U, report) > 0U);
  for (uint32_t i = 0U; i < n_words; ++i) {
    if (!strstr(text, words[i])) {
      fprintf(stderr, "\"%s\" is not in:\n%s", words[i], text);
    }
    CHECK(strstr(text, words[i]));
  }
  corpus_free(corpus);
  fclose(report);
}

static void
test_all_that_is_left_is_told(void)
{
  static const char* const words[] = {
    "left  away.mid: there is no such file\n",
    "left  circle: links to folders are not followed\n",
    "left  fifo.mid: it is no file\n",
    "left  two?lines.mid: it cannot be read",
    "left  Odd.Mid: it cannot be read",
    "left  riff.rmi: it cannot be read: It is a RIFF file",
    "/d/d/d/d: it is too deep in folders\n"};

  CHECK(!mkdir(folder(), 0777));
  CHECK(!symlink(inside("nowhere"), inside("away.mid")));
  CHECK(!symlink(folder(), inside("circle")));
  CHECK(!mkfifo(inside("fifo.mid"), 0666));
  write_text("two\nlines.mid", "not music");
  write_text("Odd.Mid", "not music");
  write_text("riff.rmi", "RIFF music");
  char deep[64] = "d";
  for (uint32_t i = 0U; i < 20U; ++i) {
    make_folder(deep);
    strcat(deep, "/d");
  }
  check_report(words, sizeof(words) / sizeof(words[0]));
  remove_all();
}

static void
test_metres_that_are_none(void)
{
  static const char* const words[] = {
    "left  long.mid: no bar of it fits the grid\n",
    "left  short.mid: no bar of it fits the grid\n",
    "left  restless.mid: it has too many voices or changes of metre\n"};
  static const uint8_t metres[][2] = {{255U, 4U}, {3U, 64U}};

  CHECK(!mkdir(folder(), 0777));
  Trouble trouble = {""};
  for (uint32_t i = 0U; i < 2U; ++i) {
    MidiSong* const song = make_song(1U, 0);
    song->n_metres       = 0U;
    CHECK(!midi_song_add_metre(song, 0U, metres[i][0], metres[i][1]));
    CHECK(
      !midi_file_save(inside(i ? "short.mid" : "long.mid"), song, &trouble));
    midi_song_free(song);
  }

  // So much of it that looking at each with each would take very long
  MidiSong* const song = make_song(1U, 0);
  for (uint32_t i = 0U; i < 50000U; ++i) {
    const uint32_t tick = (32U + i * 20U) * BAR;
    CHECK(!midi_song_add_metre(song, tick, (uint8_t)(2U + i % 2U), 4U));
    CHECK(!midi_song_add_key(song, tick, (int8_t)(i % 7U), false));
  }
  CHECK(!midi_file_save(inside("restless.mid"), song, &trouble));
  midi_song_free(song);
  check_report(words, sizeof(words) / sizeof(words[0]));
  remove_all();
}

static void
test_hostile_files_are_reported(void)
{
  char          text[16384] = "";
  FILE* const   report      = tmpfile();
  Trouble       trouble     = {""};
  Corpus*       corpus      = NULL;
  CorpusOptions options     = {"tests/data/midi", NULL, 0U, report};
  CHECK(report);
  // All of them are too short for a line
  CHECK(corpus_read(&options, &corpus, &trouble) == STATUS_NO_FILE);
  rewind(report);
  CHECK(fread(text, 1U, sizeof(text) - 1U, report) > 1000U);
  CHECK(
    strstr(text, "left  format_2.mid: it cannot be read: It is of format 2"));
  CHECK(strstr(text, "left  no_notes.mid: it has no notes"));
  CHECK(strstr(text, "left because"));
  fclose(report);
}

static void
test_max_files(void)
{
  CHECK(!mkdir(folder(), 0777));
  for (uint32_t i = 0U; i < 9U; ++i) {
    char name[32];
    snprintf(name, sizeof(name), "%u.mid", i);
    write_song(name, i, 0);
  }
  Corpus* const corpus = read_all(NULL, 3U);
  CHECK(corpus && corpus->n_pieces == 3U);
  CHECK(find(corpus, "0.mid") && find(corpus, "3.mid") &&
        find(corpus, "6.mid"));
  corpus_free(corpus);
  remove_all();
}

static void
test_phrases(void)
{
  GridNote notes[] = {{90U, 12U, 0, 90U, 0},
                      {96U, 12U, 1, 90U, 0},
                      {180U, 60U, 2, 90U, 0},
                      {192U, 12U, 3, 90U, 0}};
  Line     line    = {PART_MELODY, 4U, notes, "x", 0U, NULL};
  Piece    piece;
  memset(&piece, 0, sizeof(piece));
  piece.metre = (Metre){4U, 4U};
  GridNote out[4];
  CHECK(corpus_phrase(&piece, &line, 1U, 1U, out, 4U) == 2U);
  CHECK(out[0].grid == 0U && out[0].pitch == 1);
  CHECK(out[1].grid == 84U && out[1].length == 12U); // Cut at the end
  CHECK(corpus_phrase(&piece, &line, 0U, 8U, out, 3U) == 3U);
  CHECK(corpus_phrase(&piece, &line, 5U, 1U, out, 4U) == 0U);
}

static void
test_nothing_is_freed_gladly(void)
{
  corpus_free(NULL);
}

// -------------------------------------------------------------------- data

/// Read a sequence's tokens back into notes
static uint32_t
decode(const Dataset* const  set,
       const Sequence* const sequence,
       const Part            part,
       GridNote* const       notes,
       uint32_t* const       end_grid)
{
  Cursor   cursor;
  uint32_t n = 0U;
  cursor_init(&cursor, part, (Metre){4U, 4U});
  for (uint32_t i = 0U; i < sequence->n_steps; ++i) {
    n += cursor_step(&cursor, set->target[sequence->i_step + i], &notes[n]);
  }
  *end_grid = cursor.grid;
  return n;
}

static void
check_dataset(const Corpus* const corpus, const Part part)
{
  Trouble trouble = {""};
  Dataset set;
  CHECK(!corpus_dataset(corpus, part, &set, &trouble));
  CHECK(set.n_sequences > 0U && set.n_classes == vocab_n_tokens(part));
  CHECK(set.n_dense == N_DENSE && set.n_hot == vocab_n_hot(part));
  for (uint32_t i = 0U; i < set.n_sequences; ++i) {
    static GridNote       notes[2000];
    const Sequence* const sequence = &set.sequence[i];
    const Piece* const    piece    = &corpus->pieces[sequence->i_piece];
    uint32_t              end      = 0U;
    CHECK(sequence->split == piece->split && sequence->weight > 0.0f);
    CHECK(sequence->group ==
          (piece->style < 0 ? N_STYLES : (unsigned)piece->style));
    CHECK(set.hot[(size_t)sequence->i_step * set.n_hot] == VOCAB_START);
    const uint32_t n = decode(&set, sequence, part, notes, &end);
    CHECK(n > 1U && end % 96U == 0U && end <= 16U * 96U);
    for (uint32_t k = 1U; k < sequence->n_steps; ++k) {
      const size_t step = sequence->i_step + k;
      CHECK(set.hot[step * set.n_hot] == set.target[step - 1U]);
    }
  }
  dataset_clear(&set);
}

static void
test_dataset(void)
{
  CHECK(!mkdir(folder(), 0777));
  for (uint32_t i = 0U; i < 20U; ++i) {
    char name[32];
    snprintf(name, sizeof(name), "%02u.mid", i);
    write_song(name, i, 0);
  }
  Corpus* const corpus = read_all(NULL, 0U);
  CHECK(corpus);
  if (corpus) {
    check_dataset(corpus, PART_MELODY);
    check_dataset(corpus, PART_DRUMS);
  }
  corpus_free(corpus);
  remove_all();
}

static void
test_sequences_are_the_music(void)
{
  // A 32 bar line: train sequences at bars 0, 8, 16; held-out ones at 0, 16
  CHECK(!mkdir(folder(), 0777));
  write_song("x.mid", 4U, 0);
  Corpus* const corpus  = read_all(NULL, 0U);
  Trouble       trouble = {""};
  for (int split = 0; corpus && split < (int)N_SPLITS; ++split) {
    Dataset      set;
    Piece* const piece     = &corpus->pieces[0];
    piece->split           = (uint8_t)split;
    const uint32_t n_first = split == SPLIT_TRAIN ? 3U : 2U;
    const uint32_t step    = split == SPLIT_TRAIN ? 8U : 16U;
    CHECK(!corpus_dataset(corpus, PART_MELODY, &set, &trouble));
    CHECK(set.n_sequences == n_first);
    for (uint32_t i = 0U; i < set.n_sequences && i < n_first; ++i) {
      GridNote       expected[100];
      GridNote       notes[100];
      uint32_t       end = 0U;
      const uint32_t n =
        corpus_phrase(piece, &piece->lines[0], i * step, 16U, expected, 100U);
      CHECK(decode(&set, &set.sequence[i], PART_MELODY, notes, &end) == n);
      CHECK(end == 16U * 96U);
      // Some of what is learned from is moved by an octave, all of it
      const int by = notes[0].pitch - expected[0].pitch;
      CHECK(!by || (split == SPLIT_TRAIN && (by == 12 || by == -12)));
      for (uint32_t k = 0U; k < n; ++k) {
        CHECK(notes[k].grid == expected[k].grid &&
              notes[k].pitch == expected[k].pitch + by &&
              notes[k].length == expected[k].length);
      }
    }
    dataset_clear(&set);
  }
  corpus_free(corpus);
  remove_all();
}

static void
test_chords_are_what_stands_below_the_melody(void)
{
  // The bass plays the tonic; what the lead plays would be other chords
  CHECK(!mkdir(folder(), 0777));
  write_song("x.mid", 4U, 0);
  Corpus* const corpus  = read_all(NULL, 0U);
  Trouble       trouble = {""};
  Dataset       set;
  CHECK(corpus && corpus->n_pieces == 1U);
  if (corpus && corpus->n_pieces) {
    Piece* const piece = &corpus->pieces[0];
    for (uint32_t i = 0U; i < piece->n_bars * CHORDS_PER_BAR; ++i) {
      CHECK(piece->lines[0].chords[i] == chord_make(0, CHORD_MINOR));
    }
    CHECK(piece->lines[0].chords[piece->n_bars * CHORDS_PER_BAR] ==
          CHORD_UNKNOWN);

    // The model is told so
    piece->split = SPLIT_HELD_OUT;
    CHECK(!corpus_dataset(corpus, PART_MELODY, &set, &trouble));
    for (uint32_t i = 0U; i < set.n_steps; ++i) {
      CHECK(set.hot[i * set.n_hot + 5U] ==
            96U + 143U + chord_make(0, CHORD_MINOR));
    }
    CHECK(set.n_steps);
    dataset_clear(&set);
  }
  corpus_free(corpus);
  remove_all();
}

static void
test_dense_rows_are_measured(void)
{
  CHECK(!mkdir(folder(), 0777));
  make_folder("techno");
  write_song("techno/x.mid", 4U, 0);
  Corpus* const corpus  = read_all(NULL, 0U);
  Trouble       trouble = {""};
  Dataset       set;
  CHECK(corpus);
  if (corpus) {
    corpus->pieces[0].split = SPLIT_HELD_OUT; // Where nothing is left unknown
    CHECK(!corpus_dataset(corpus, PART_MELODY, &set, &trouble));
    for (uint32_t i = 0U; i < set.n_rows; ++i) {
      const int8_t* const row = &set.dense[(size_t)i * N_DENSE];
      CHECK(row[DENSE_STYLE + STYLE_TECHNO] == 127);
      CHECK(row[DENSE_STYLE + STYLE_HOUSE] == 0);
      CHECK(row[DENSE_DENSITY] == vocab_density(PART_MELODY, 4U, 96U));
      CHECK(row[DENSE_RANGE] < 20 && row[DENSE_RANGE] > -60);
      CHECK(row[DENSE_MODE] == -127);
    }
    const int8_t* const first = set.dense;
    const int8_t* const last =
      &set.dense[(size_t)set.row[set.n_steps - 1U] * N_DENSE];
    CHECK(first[DENSE_ENERGY] == 2 * 254 / 9 - 127);
    CHECK(last[DENSE_ENERGY] == 127);
    dataset_clear(&set);
  }
  corpus_free(corpus);
  remove_all();
}

static void
test_shares_are_kept(void)
{
  // Nine pieces of one row, one of the other, shares of 1 to 3
  CHECK(!mkdir(folder(), 0777));
  make_folder("a");
  make_folder("b");
  for (uint32_t i = 0U; i < 30U; ++i) {
    char name[32];
    snprintf(name, sizeof(name), "%s/%u.mid", i % 10U ? "a" : "b", i);
    write_song(name, i, 0);
  }
  write_text("map.tsv", "a/\thouse\t1/4\t\nb/\ttrance\t3/1\t\n");
  Corpus* const corpus  = read_all(inside("map.tsv"), 0U);
  Trouble       trouble = {""};
  for (int part = 0; corpus && part < (int)N_PARTS; ++part) {
    Dataset  set;
    double   sum[2] = {0.0, 0.0};
    uint32_t n      = 0U;
    CHECK(!corpus_dataset(corpus, (Part)part, &set, &trouble));
    for (uint32_t i = 0U; i < set.n_sequences; ++i) {
      const Sequence* const s = &set.sequence[i];
      if (s->split == SPLIT_TRAIN) {
        sum[corpus->pieces[s->i_piece].group] += (double)s->weight;
        ++n;
      }
    }
    NEAR(sum[1] / sum[0], part == PART_MELODY ? 3.0 : 0.25, 1e-4);
    NEAR((sum[0] + sum[1]) / n, 1.0, 1e-4);
    dataset_clear(&set);
  }
  corpus_free(corpus);
  remove_all();
}

static void
test_drums_know_the_melody(void)
{
  CHECK(!mkdir(folder(), 0777));
  write_song("x.mid", 4U, 0);
  Corpus* const corpus  = read_all(NULL, 0U);
  Trouble       trouble = {""};
  Dataset       set;
  CHECK(corpus && !corpus_dataset(corpus, PART_DRUMS, &set, &trouble));
  if (corpus) {
    // The melody plays on each beat: now, or nothing, in turn
    const uint32_t unknown = 53U + 143U + 16U;
    uint32_t       n_now   = 0U;
    for (uint32_t i = 0U; i < set.n_steps; ++i) {
      const uint32_t input = set.hot[i * set.n_hot + 5U];
      CHECK(input < unknown);
      n_now += (input - (unknown - 16U)) & 1U;
    }
    CHECK(n_now > set.n_steps / 3U && n_now < set.n_steps);
    dataset_clear(&set);
  }
  corpus_free(corpus);
  remove_all();
}

static void
test_real_music_comes_back(void)
{
  const CorpusOptions options = {REAL_MUSIC, NULL, 6U, NULL};
  Trouble             trouble = {""};
  Corpus*             corpus  = NULL;
  CHECK(!corpus_read(&options, &corpus, &trouble));
  for (uint32_t i = 0U; corpus && i < corpus->n_pieces; ++i) {
    const Piece* const piece = &corpus->pieces[i];
    CHECK(piece->n_lines >= 2U && piece->n_bars >= 24U && piece->mode);
    for (uint32_t k = 0U; k < piece->n_lines; ++k) {
      static GridNote   notes[8000];
      static uint16_t   tokens[32000];
      const Line* const line     = &piece->lines[k];
      uint32_t          n_tokens = 0U;
      uint32_t          n        = 0U;
      Cursor            cursor;
      CHECK(!vocab_encode(line->part,
                          line->notes,
                          line->n_notes,
                          piece->n_bars * 96U,
                          tokens,
                          32000U,
                          &n_tokens));
      cursor_init(&cursor, line->part, piece->metre);
      for (uint32_t t = 0U; t < n_tokens; ++t) {
        n += cursor_step(&cursor, tokens[t], &notes[n]);
      }
      CHECK(n == line->n_notes && cursor.grid == piece->n_bars * 96U);
      for (uint32_t t = 0U; t < n && t < line->n_notes; ++t) {
        CHECK(notes[t].grid == line->notes[t].grid);
        CHECK(notes[t].pitch == line->notes[t].pitch);
      }
    }
  }
  CHECK(corpus && corpus->n_pieces == 6U);
  if (corpus) {
    check_dataset(corpus, PART_MELODY);
    check_dataset(corpus, PART_DRUMS);
  }
  corpus_free(corpus);
}

// ------------------------------------------------------------------- memory

/// Read and make data; whether all of it went well
static bool
read_and_make(void)
{
  const CorpusOptions options = {folder(), NULL, 0U, NULL};
  Trouble             trouble = {""};
  Corpus*             corpus  = NULL;
  const Status        st      = corpus_read(&options, &corpus, &trouble);
  bool                ok      = !st && corpus->n_pieces == 2U;
  CHECK(st ? !corpus && trouble.text[0] : corpus != NULL);
  if (!st) {
    Dataset set;
    ok = ok && !corpus_dataset(corpus, PART_DRUMS, &set, &trouble);
    if (ok) {
      dataset_clear(&set);
    }
  }
  corpus_free(corpus);
  return ok;
}

static void
test_every_allocation_may_fail(void)
{
  CHECK(!mkdir(folder(), 0777));
  write_song("x.mid", 4U, 0);
  write_song("y.mid", 5U, 0);
  bool     has_failed = true;
  uint32_t n          = 0U;
  uint32_t n_refused  = 0U;
  CHECK(read_and_make());
  while (has_failed && n < 20000U) {
    const int64_t n_live = failing_alloc_n_live();
    failing_alloc_begin(++n);
    const bool ok = read_and_make();
    has_failed    = failing_alloc_end();
    CHECK(ok || has_failed); // The C library can do without some of its own
    n_refused += !ok;
    CHECK(failing_alloc_n_live() == n_live);
  }
  CHECK(n > 100U && n < 20000U && n_refused * 10U > n * 8U);
  remove_all();
}

int
main(void)
{
  RUN(test_map);
  RUN(test_broken_maps_are_refused);
  RUN(test_styles_without_a_map);
  RUN(test_our_map_is_whole);
  RUN(test_fills_by_ear);
  RUN(test_fills_before_sections);
  RUN(test_a_piece);
  RUN(test_same_music_same_split);
  RUN(test_metres_and_keys_cut_pieces);
  RUN(test_map_decides_what_is_read);
  RUN(test_strange_folders);
  RUN(test_all_that_is_left_is_told);
  RUN(test_metres_that_are_none);
  RUN(test_hostile_files_are_reported);
  RUN(test_max_files);
  RUN(test_phrases);
  RUN(test_nothing_is_freed_gladly);
  RUN(test_dataset);
  RUN(test_sequences_are_the_music);
  RUN(test_chords_are_what_stands_below_the_melody);
  RUN(test_dense_rows_are_measured);
  RUN(test_shares_are_kept);
  RUN(test_drums_know_the_melody);
  if (!access(REAL_MUSIC, R_OK)) {
    RUN(test_real_music_comes_back);
  } else {
    printf("skip test_real_music_comes_back: there is no %s\n", REAL_MUSIC);
  }
  if (failing_alloc_is_able()) {
    RUN(test_every_allocation_may_fail);
  } else {
    printf("skip test_every_allocation_may_fail: this build has an allocator "
           "of its own\n");
  }
  CHECK_END();
}
