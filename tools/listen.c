// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   perpetuo-listen: makes docs/listen, some pieces for people who want to know
   what Perpetuo plays, with a picture and the command for each.

   Nobody picks a seed: it is the first that passes a check which is written
   beside the pieces.
*/

#include "tools/cli.h"
#include "tools/recital.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "perpetuo-listen"
#define RATE_HZ 48000U
#define MAX_SEED 64U
#define MAX_PATH (2U * CLI_MAX_PATH)
#define SCALE 0.5 ///< Of the pictures, to keep them small

typedef struct {
  const char* preset; ///< Its label
  uint32_t    n_bars;
  uint32_t    bpm;
} Piece;

static const Piece pieces[] = {
  {"Deep house rolling", 32U, 120U},
  {"Warehouse techno", 32U, 132U},
  {"Sunrise trance", 32U, 138U},
  {"Liquid drum and bass", 32U, 174U},
  {"Future bloom", 32U, 150U},
  {"Night drive", 32U, 104U},
  {"Bach at the club", 32U, 124U},
  {"Nocturne after hours", 32U, 108U},
};

typedef struct {
  const char* output;
  const char* bundle;
} Wish;

static const char usage[] =
  "perpetuo-listen makes docs/listen again: pieces, pictures, and the page "
  "with them.\n"
  "\n"
  "  --output DIR    where to leave them (docs/listen of the sources)\n"
  "  --bundle DIR    the plugin's bundle (perpetuo.lv2, beside this program)\n"
  "  --help          this text\n";

// What the page says is not about this file: REUSE-IgnoreStart
static const char page[] =
  "<!--\n"
  "Copyright 2026 The Perpetuo authors\n"
  "SPDX-License-Identifier: ISC\n"
  // REUSE-IgnoreEnd
  "-->\n"
  "\n"
  "# Listen\n"
  "\n"
  "Short pieces as Perpetuo plays them with the models of this version: MIDI\n"
  "files, for any player or synthesiser, and pictures of them. `./waf listen`\n"
  "makes this folder, and `test_listen` holds it against what is played now.\n"
  "\n"
  "Nothing was chosen by ear. Each piece has the first seed, from 1 on, with\n"
  "which every phrase of both parts reaches the gate and no bar is silent. "
  "The\n"
  "command under a piece plays it again: it leaves the same MIDI file as\n"
  "`build/demo/song.mid`, and a recording beside it.\n";

// The pieces ------------------------------------------------------------------

/// Number and name of a piece's files
static void
name_piece(const size_t i, char name[80])
{
  size_t n =
    (size_t)snprintf(name, 80U, "%02zu-%.70s", i + 1U, pieces[i].preset);
  while (n--) {
    name[n] = isalnum((unsigned char)name[n])
                ? (char)tolower((unsigned char)name[n])
                : '-';
  }
}

static bool
has_passed(const Recital* const song, const RecitalLine* const line)
{
  return line->melody.score >= song->mix.gate &&
         line->drums.score >= song->mix.gate;
}

static bool
has_silent_bar(const Recital* const song)
{
  uint32_t bar = 0U; // All before it have notes
  for (size_t i = 0U; i < song->n_notes; ++i) {
    bar += song->notes[i].bar == (int32_t)bar;
  }
  return bar < song->wish->n_bars;
}

/// Play a piece; `*is_good` says whether it passes the check.  The song is to
/// be closed in any case.
static Status
play(const RecitalWish* const wish,
     Recital* const           song,
     bool* const              is_good,
     Trouble* const           trouble)
{
  Status st = recital_open(song, wish, trouble);
  *is_good  = !st;
  for (uint32_t bar = 0U; *is_good && bar < wish->n_bars; ++bar) {
    const RecitalLine* const line = recital_play_bar(song);
    *is_good                      = !line || has_passed(song, line);
  }
  st       = st ? st : recital_end(song, trouble);
  *is_good = *is_good && !st && !has_silent_bar(song);
  return st;
}

static void
print_piece(FILE* const file, const char* const name, const Recital* const song)
{
  double score[2] = {0.0, 0.0};
  for (size_t i = 0U; i < song->n_lines; ++i) {
    score[0] += song->lines[i].melody.score / 100.0 / (double)song->n_lines;
    score[1] += song->lines[i].drums.score / 100.0 / (double)song->n_lines;
  }
  fprintf(file,
          "\n## %s\n\n![%s](%s.png)\n\n"
          "[%s.mid](%s.mid)\n"
          "has the seed %u: %u bars at %g bpm, on average %.2f for the melody "
          "and %.2f\nfor the drums.\n\n"
          "    ./waf demo --preset \"%s\" --seed %u --bars %u --tempo %g\n",
          song->wish->preset,
          song->wish->preset,
          name,
          name,
          name,
          song->mix.seed,
          song->wish->n_bars,
          song->wish->bpm,
          score[0],
          score[1],
          song->wish->preset,
          song->mix.seed,
          song->wish->n_bars,
          song->wish->bpm);
}

static Status
write_piece(const Wish* const    wish,
            const Recital* const song,
            const char* const    name,
            Trouble* const       trouble)
{
  char path[MAX_PATH];
  snprintf(path, sizeof(path), "%s/%s.mid", wish->output, name);
  Status st = recital_write_midi(song, path, trouble);
  snprintf(path, sizeof(path), "%s/%s.png", wish->output, name);
  return st ? st : recital_write_picture(song, SCALE, path, trouble);
}

/// Play one piece with one seed after the other until it passes
static Status
make_piece(const Wish* const wish,
           const size_t      i,
           FILE* const       file,
           Trouble* const    trouble)
{
  char        name[80];
  Recital     song;
  bool        is_good = false;
  Status      st      = STATUS_SUCCESS;
  RecitalWish asked   = {wish->bundle,
                         URI_DUO,
                         pieces[i].preset,
                         0,
                         pieces[i].n_bars,
                         pieces[i].bpm,
                         RATE_HZ,
                         0U,
                         NULL};
  name_piece(i, name);
  while (!st && !is_good && asked.seed < MAX_SEED) {
    ++asked.seed;
    st = play(&asked, &song, &is_good, trouble);
    if (!st && is_good) {
      st = write_piece(wish, &song, name, trouble);
      print_piece(file, name, &song);
      printf("  %s  (seed %u)\n", name, song.mix.seed);
      fflush(stdout);
    }
    recital_close(&song);
  }
  return st || is_good
           ? st
           : trouble_say(trouble,
                         STATUS_REJECTED,
                         "No seed up to %u passes with the preset \"%s\".",
                         MAX_SEED,
                         pieces[i].preset);
}

static Status
make_pieces(const Wish* const wish, FILE* const file, Trouble* const trouble)
{
  Status st = STATUS_SUCCESS;
  fputs(page, file);
  for (size_t i = 0U; !st && i < sizeof(pieces) / sizeof(pieces[0]); ++i) {
    st = make_piece(wish, i, file, trouble);
  }
  return st;
}

/// The pieces, and the page once all of them are there
static Status
make_all(const Wish* const wish, Trouble* const trouble)
{
  char   path[MAX_PATH];
  char   fresh[MAX_PATH];
  Status st = cli_make_folders(wish->output, trouble);
  if (st) {
    return st;
  }
  snprintf(path, sizeof(path), "%s/README.md", wish->output);
  snprintf(fresh, sizeof(fresh), "%s/README.md.new", wish->output);
  FILE* const file = fopen(fresh, "w");
  bool        ok   = file != NULL;
  if (file) {
    st = make_pieces(wish, file, trouble);
    ok = !ferror(file);
    ok = !fclose(file) && ok;
  }
  if (st) {
    remove(fresh);
    return st;
  }
  if (!ok || rename(fresh, path)) {
    st = trouble_say(trouble,
                     STATUS_NO_WRITE,
                     "Cannot write \"%s\": %s.",
                     path,
                     strerror(errno));
    remove(fresh);
  }
  return st;
}

int
main(const int n_args, char** const args)
{
  char    home[CLI_MAX_PATH];
  char    output[CLI_MAX_PATH];
  char    bundle[CLI_MAX_PATH];
  Wish    wish    = {output, bundle};
  Trouble trouble = {""};
  int     status  = 0;
  cli_home(home);
  snprintf(output, sizeof(output), "%.980s../docs/listen", home);
  snprintf(bundle, sizeof(bundle), "%.980sperpetuo.lv2", home);

  const CliOption  options[] = {{"--output", &wish.output, NULL, 0U, 0U},
                                {"--bundle", &wish.bundle, NULL, 0U, 0U}};
  const CliProgram program   = {PROGRAM, usage, options, 2U};
  if (!cli_read(&program, n_args, args, &status)) {
    return status;
  }
  if (make_all(&wish, &trouble)) {
    fprintf(stderr, PROGRAM ": %s\n", trouble.text);
    return 1;
  }
  return 0;
}
