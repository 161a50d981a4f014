// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Phrases as text, to the letter

#include "tools/watch.h"

#include "tests/check.h"

#include "compose/song.h"
#include "compose/vocab.h"

#include <string.h>

#define BAR 3840U

static WatchPhrase melody;
static WatchPhrase drums;
static WatchSheet  sheet;

/// A sheet of two empty phrases
static void
begin(const int32_t n_bars)
{
  memset(&melody, 0, sizeof(melody));
  memset(&drums, 0, sizeof(drums));
  memset(&sheet, 0, sizeof(sheet));
  melody.head.id           = 1;
  melody.head.part         = PART_MELODY;
  melody.head.n_bars       = n_bars;
  melody.head.bar_ticks    = (int32_t)BAR;
  melody.head.score        = 0.77f;
  melody.head.n_tries      = 1;
  melody.head.section      = SECTION_DROP;
  melody.head.energy       = 97;
  melody.head.n_fills      = n_bars;
  drums.head               = melody.head;
  drums.head.id            = 2;
  drums.head.part          = PART_DRUMS;
  sheet.place.bar          = 17;
  sheet.place.i_bar        = 1;
  sheet.place.unit         = 4;
  sheet.gate               = 50U;
  sheet.parts[PART_MELODY] = &melody;
  sheet.parts[PART_DRUMS]  = &drums;
}

static void
add(WatchPhrase* const phrase,
    const uint32_t     tick,
    const uint32_t     length,
    const uint8_t      key,
    const uint8_t      velocity)
{
  const Note note                  = {tick, length, key, velocity};
  phrase->notes[phrase->n_notes++] = note;
  phrase->head.n_notes             = (int32_t)phrase->n_notes;
}

/// What is written.  Memory: good until the next call.
static const char*
text_of(void)
{
  static char text[65536];
  FILE* const file = tmpfile();
  size_t      n    = 0U;
  if (file) {
    watch_print(&sheet, file);
    rewind(file);
    n = fread(text, 1U, sizeof(text) - 1U, file);
    fclose(file);
  }
  text[n] = '\0';
  return text;
}

static bool
is_text(const char* const expected)
{
  const char* const text = text_of();
  if (strcmp(text, expected)) {
    fprintf(stderr, "This came:\n%s", text);
  }
  return !strcmp(text, expected);
}

/// Whether a line is written, of which this is the beginning
static bool
has_line(const char* const begin)
{
  const char* const text = text_of();
  char              line[128];
  snprintf(line, sizeof(line), "\n%s", begin);
  if (!strstr(text, line)) {
    fprintf(stderr, "\"%s\" is not in:\n%s", begin, text);
  }
  return strstr(text, line);
}

static unsigned
widest(void)
{
  unsigned most = 0U;
  for (const char* line = text_of(); *line;) {
    const size_t n = strcspn(line, "\n");
    most           = n > most ? (unsigned)n : most;
    line += n + (line[n] ? 1U : 0U);
  }
  return most;
}

static void
test_a_sheet(void)
{
  static const int32_t scores[] = {
    770, 120, 125, SCORE_QUOTE, 0, SCORE_REFUSED, SCORE_QUOTE, 1000, 499, 500};
  begin(4);
  melody.head.n_tries    = 10;
  melody.head.n_rejected = 6;
  melody.head.n_scores   = 10;
  memcpy(melody.head.scores, scores, sizeof(scores));
  drums.head.score    = 0.4949f;
  drums.head.fills[3] = FILL_BIG;
  sheet.place.n_late  = 2;
  add(&melody, 0U, 960U, 60U, 100U);
  add(&melody, 960U, 240U, 73U, 99U);
  add(&melody, 3U * 960U, 960U + 480U, 60U, 50U);
  add(&melody, 3U * BAR + 3600U, 240U, 73U, 127U);
  for (uint32_t i = 0U; i < 8U; ++i) {
    add(&drums, i * 480U, 10U, 42U, i % 2U ? 40U : 70U);
  }
  add(&drums, BAR, 10U, 36U, 100U);
  add(&drums, BAR, 10U, 77U, 100U);

  CHECK(is_text(
    "== Bars 17-20: drop, energy 97, big fill in 20, late so far: 2 "
    "=================\n"
    "\n"
    "Melody    score 77 (gate 50), 10 tries, 6 rejected, 2 quotes, 1 unfit\n"
    "  scores  0 1.....2.................1|1............*..........1 100\n"
    "          |17              |18              |19              |20\n"
    "  C#5     |.   o   .   .   |.   .   .   .   "
    "|.   .   .   .   |.   .   .   .  O|\n"
    "  C4      |O---.   .   o---|--  .   .   .   "
    "|.   .   .   .   |.   .   .   .   |\n"
    "\n"
    "Drums     score 49 (gate 50), 1 try, 0 rejected\n"
    "  scores  0 ........................*|......................... 100\n"
    "          |17              |18              |19              |20\n"
    "Others    |.   .   .   .   |X   .   .   .   "
    "|.   .   .   .   |.   .   .   .   |\n"
    "Closed hat|x : x : x : x : |.   .   .   .   "
    "|.   .   .   .   |.   .   .   .   |\n"
    "Kick      |.   .   .   .   |X   .   .   .   "
    "|.   .   .   .   |.   .   .   .   |\n"
    "\n"));
}

/// What swings or leans is where it is meant, and in its own bar
static void
test_off_the_grid(void)
{
  begin(1);
  sheet.parts[PART_DRUMS] = NULL;
  add(&melody, 100U, 300U, 60U, 70U);   // Late, and ends in between
  add(&melody, 860U, 100U, 60U, 70U);   // Early
  add(&melody, 3800U, 40U, 60U, 100U);  // Hardly in this bar
  add(&melody, 1920U, 10U, 62U, 70U);   // Of three in one place
  add(&melody, 1920U, 900U, 62U, 110U); // the loud one is shown
  add(&melody, 1930U, 10U, 62U, 70U);   // whatever comes last
  add(&melody, 2400U, 240U, 62U, 70U);  // Begins while that rings
  CHECK(has_line("  D4      |.   .   O-o-.   |\n"));
  CHECK(has_line("  C4      |o-  o   .   .  O|\n"));
  CHECK(!strncmp(text_of(), "== Bar 17: drop", 15U));
}

static void
test_other_kits(void)
{
  begin(1);
  sheet.parts[PART_MELODY] = NULL;
  sheet.drum_map           = DRUM_MAP_ROWS;
  add(&drums, 0U, 10U, 37U, 70U);
  add(&drums, 240U, 10U, 44U, 70U);
  CHECK(has_line("Ride      |.x  .   .   .   |\n"
                 "Snare     |x   .   .   .   |\n\n"));
}

/// Bars that are long or many are brought into lines
static void
test_widths(void)
{
  begin(8);
  sheet.parts[PART_DRUMS] = NULL;
  add(&melody, 0U, 8U * BAR, 60U, 70U);
  CHECK(has_line("          |17              |18              |19"));
  CHECK(has_line("          |21              |22              |23"));
  CHECK(widest() <= WATCH_WIDTH);

  // In 5/4 only three fit; they come in equal lines
  melody.head.bar_ticks = 4800;
  CHECK(has_line("          |17                  |18                  |19\n"));
  CHECK(has_line("          |20 "));
  CHECK(has_line("          |23                  |24\n"));
  CHECK(widest() <= WATCH_WIDTH);

  // Of 3/4 five would fit
  melody.head.bar_ticks = 2880;
  CHECK(has_line("          |17          |18          |19          |20\n"));
  CHECK(has_line("          |21          |22          |23          |24\n"));

  static const int32_t ticks[] = {
    1, 7, 120, 239, 240, 241, 2880, 3360, 16080, 16800, 17040, 23040, 1000000};
  for (unsigned i = 0U; i < sizeof(ticks) / sizeof(ticks[0]); ++i) {
    begin(8);
    melody.head.bar_ticks = ticks[i];
    drums.head.bar_ticks  = ticks[i];
    sheet.place.unit      = 1 + (int32_t)i * 20;
    add(&melody, 0U, 8000000U, 127U, 127U);
    add(&melody, (uint32_t)ticks[i] * 8U - 1U, 1U, 0U, 1U);
    add(&drums, (uint32_t)ticks[i] * 8U - 1U, 1U, 36U, 1U);
    CHECK(widest() <= WATCH_WIDTH);
    CHECK(has_line("  C-1     |"));
    CHECK(has_line("  G9      |O"));
    CHECK(has_line("Kick      |"));
  }
}

static void
test_extremes(void)
{
  begin(8);
  sheet.place.bar   = INT32_MIN;
  sheet.place.i_bar = 7;
  sheet.place.unit  = 0;
  sheet.gate        = 100U;
  for (unsigned i = 0U; i < 8U; ++i) {
    drums.head.fills[i] = FILL_SMALL;
  }
  melody.head.score    = 1.0f;
  melody.head.n_scores = PHRASE_MAX_TRIES; // All of them 0
  CHECK(widest() <= WATCH_WIDTH);
  CHECK(has_line("  scores  0 +................................................"
                 "*| 100\n"));
  CHECK(has_line("          (silent)\n"));

  sheet.gate = 0U;
  CHECK(has_line("  scores  0 |+....."));

  // Nothing sounds
  sheet.parts[PART_MELODY] = NULL;
  sheet.parts[PART_DRUMS]  = NULL;
  CHECK(is_text(""));
}

static void
test_colour(void)
{
  begin(1);
  CHECK(!strchr(text_of(), '\033'));
  sheet.has_colour = true;
  drums.head.score = 0.25f;
  add(&melody, 0U, 240U, 60U, 70U);
  CHECK(strstr(text_of(), "\033[32mscore 77\033[0m"));
  CHECK(strstr(text_of(), "\033[33mscore 25\033[0m"));
  CHECK(strstr(text_of(), "|\033[36mo\033[0m   ."));
}

int
main(void)
{
  RUN(test_a_sheet);
  RUN(test_off_the_grid);
  RUN(test_other_kits);
  RUN(test_widths);
  RUN(test_extremes);
  RUN(test_colour);
  CHECK_END();
}
