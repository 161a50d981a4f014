// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "tools/train/card.h"

#include "music/style.h"
#include "tests/failing_alloc.h"
#include "tests/folder.h"
#include "tools/train/gate_data.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static Folder folder;

static const char*
inside(const char* const name)
{
  static char path[4][128];
  static int  i = 0;
  i             = (i + 1) % 4;
  snprintf(path[i], sizeof(path[i]), "%s/%s", folder.path, name);
  return path[i];
}

static const char*
write_map(const char* const text)
{
  static char path[128];
  snprintf(path, sizeof(path), "%s", inside("map.tsv"));
  FILE* const file = fopen(path, "w");
  CHECK(file);
  if (file) {
    fputs(text, file);
    fclose(file);
  }
  return path;
}

// ------------------------------------------------- a made-up corpus and run

#define MAX_PIECES 100U

/// Numbers of notes; the card looks at nothing else of a line
static Line some_lines[][2] = {
  {{PART_MELODY, 100U, NULL, "Lead", 0U, NULL},
   {PART_DRUMS, 11U, NULL, "Drums", 0U, NULL}},
  {{PART_MELODY, 20U, NULL, "Lead", 0U, NULL},
   {PART_DRUMS, 7U, NULL, "Drums", 0U, NULL}},
  {{PART_MELODY, 3U, NULL, "Lead", 0U, NULL},
   {PART_MELODY, 4U, NULL, "More", 0U, NULL}},
};

static Piece  pieces[MAX_PIECES];
static Corpus corpus = {0U, pieces, 0U};

static void
add_piece(const char* const path,
          const int         style,
          const Split       split,
          Line* const       lines)
{
  Piece* const piece = &pieces[corpus.n_pieces++];
  memset(piece, 0, sizeof(*piece));
  piece->path    = (char*)(size_t)path;
  piece->style   = style;
  piece->split   = (uint8_t)split;
  piece->n_lines = 2U;
  piece->lines   = lines;
}

static Figures figures;

static Score
make_score(const double loss)
{
  // 200 events of half the weight of 100, which cost twice as much
  Score score           = {300U, 0.0, 200.0, 0.0, {0U}, {0.0}};
  score.sum             = 300.0 * loss;
  score.weighted_sum    = 250.0 * loss;
  score.group_events[3] = 200U;
  score.group_sum[3]    = 100.0 * loss;
  score.group_events[SCORE_MAX_GROUPS - 1U] = 100U;
  score.group_sum[SCORE_MAX_GROUPS - 1U]    = 200.0 * loss;
  return score;
}

static Card
make_card(const char* const map)
{
  figures = (Figures){.float_net   = make_score(1.0),
                      .int8_net    = make_score(1.0203),
                      .unigram     = make_score(3.3),
                      .trigram     = make_score(2.2),
                      .fivegram    = make_score(2.1),
                      .has_float   = true,
                      .is_held_out = true,
                      .n_sequences = 17U};

  const Card card = {.name      = "melody",
                     .part      = PART_MELODY,
                     .corpus    = &corpus,
                     .map       = map,
                     .command   = "./waf train --part melody --seed 42",
                     .seed      = 42U,
                     .id        = UINT64_C(0x00C0FFEE12345678),
                     .n_steps   = 9000U,
                     .best_step = 8765U,
                     .n_hidden  = 224U,
                     .n_layers  = 2U,
                     .is_normed = true,
                     .n_weights = 654321U,
                     .figures   = &figures};
  return card;
}

/// What is in a file, up to some length; empty when there is none
static const char*
read_text(const char* const path)
{
  static char text[16384];
  FILE* const file = fopen(path, "r");
  text[0]          = '\0';
  if (file) {
    text[fread(text, 1U, sizeof(text) - 1U, file)] = '\0';
    fclose(file);
  }
  return text;
}

static const char*
save(const Card* const card)
{
  Trouble trouble = {""};
  CHECK(!card_save(inside("card.md"), card, &trouble));
  CHECK(!trouble.text[0]);
  CHECK(access(inside("card.md.new"), F_OK));
  return read_text(inside("card.md"));
}

/// The text holds each of the words; null ends them
static void
check_words(const char* const text, const char* const* words)
{
  for (; *words; ++words) {
    if (!strstr(text, *words)) {
      printf("# lacks: %s\n", *words);
    }
    CHECK(strstr(text, *words));
  }
}

static void
make_corpus(void)
{
  corpus.n_pieces = 0U;
  add_piece("edm/house/a.mid", STYLE_HOUSE, SPLIT_TRAIN, some_lines[0]);
  add_piece("edm/house/b.mid", STYLE_HOUSE, SPLIT_TRAIN, some_lines[1]);
  add_piece("edm/house/c.mid", STYLE_HOUSE, SPLIT_HELD_OUT, some_lines[2]);
  add_piece("edm/house/old/d.mid", STYLE_HOUSE, SPLIT_TRAIN, some_lines[2]);
  add_piece("edm/techno/e.mid", STYLE_TECHNO, SPLIT_HELD_OUT, some_lines[0]);
  add_piece("misc/f.mid", -1, SPLIT_TRAIN, some_lines[1]);
}

// -------------------------------------------------------------------- a card

static void
test_what_a_card_tells(void)
{
  static const char* const words[] = {
    "# melody\n",
    "2 layers of 224 units, each layer's output normalised, 654321 weights",
    "`00c0ffee12345678`",
    "```sh\n./waf train --part melody --seed 42\n```",
    "with seed 42;",
    "step 8765 of 9000",
    "300 events of 17 held-out sequences",
    "| this model, int8 | 1.0203 | 1.2754 |",
    "| the same before rounding | 1.0000 | 1.2500 |",
    "| 5-gram | 2.1000 | 2.6250 |",
    "| trigram | 2.2000 | 2.7500 |",
    "| unigram | 3.3000 | 4.1250 |",
    "Rounding to int8 costs 2.03 %.",
    "| style | events | this model | 5-gram | trigram |",
    "| Techno | 200 | 0.5101 | 1.0500 | 1.1000 |",
    "| no style | 100 | 2.0406 | 4.2000 | 4.4000 |",
    "Whole pieces are held out",
    NULL,
  };
  make_corpus();
  const Card card = make_card(NULL);
  check_words(save(&card), words);
}

static void
test_sources_of_a_map(void)
{
  static const char* const words[] = {
    "| folder | style | licence | pieces, notes to learn from | held out |",
    "\n| edm/house/ | House | CC0 | 2, 120 | 1, 7 |\n"
    "| edm/house/old/ | House | MIT | 1, 7 | 0, 0 |\n"
    "| edm/t | Techno | as the folder states | 0, 0 | 1, 100 |\n"
    "| misc/ | - | CC BY 4.0 | 1, 20 | 0, 0 |\n",
    NULL,
  };
  static const char map[] = "# a comment\n"
                            "misc/\t-\t1\tCC BY 4.0\tSomebody\n"
                            "edm/house/\thouse\t1/2\tCC0\n"
                            "edm/house/old/\thouse\t1\tMIT\r\n"
                            "edm/\thouse\t1\tGPL\n"
                            "\n"
                            "edm/t\ttechno\t1\n"
                            "unused/\ttechno\t1\tCC0\n";
  make_corpus();
  const Card        card = make_card(write_map(map));
  const char* const text = save(&card);
  check_words(text, words);
  CHECK(!strstr(text, "unused") && !strstr(text, "comment"));
  CHECK(!strstr(text, "Somebody") && !strstr(text, "GPL"));
}

static void
test_sources_without_a_map(void)
{
  // Up to two folders, in order of name; what lies above is a source of its own
  static const char* const words[] = {
    "\n| . | - | as the folder states | 1, 100 | 0, 0 |\n"
    "| edm/ | several | as the folder states | 1, 20 | 1, 100 |\n"
    "| edm/house/ | House | as the folder states | 3, 127 | 1, 7 |\n"
    "| edm/techno/ | Techno | as the folder states | 0, 0 | 1, 100 |\n"
    "| misc/ | - | as the folder states | 1, 20 | 0, 0 |\n",
    NULL,
  };
  corpus.n_pieces = 0U;
  add_piece("a.mid", -1, SPLIT_TRAIN, some_lines[0]);
  add_piece("edm/a.mid", STYLE_HOUSE, SPLIT_TRAIN, some_lines[1]);
  add_piece("edm/b.mid", STYLE_TECHNO, SPLIT_HELD_OUT, some_lines[0]);
  add_piece("edm/house/a.mid", STYLE_HOUSE, SPLIT_TRAIN, some_lines[0]);
  add_piece("edm/house/b.mid", STYLE_HOUSE, SPLIT_TRAIN, some_lines[1]);
  add_piece("edm/house/c.mid", STYLE_HOUSE, SPLIT_HELD_OUT, some_lines[2]);
  add_piece("edm/house/old/d.mid", STYLE_HOUSE, SPLIT_TRAIN, some_lines[2]);
  add_piece("edm/techno/e.mid", STYLE_TECHNO, SPLIT_HELD_OUT, some_lines[0]);
  add_piece("misc/f.mid", -1, SPLIT_TRAIN, some_lines[1]);
  const Card card = make_card(NULL);
  check_words(save(&card), words);
}

static void
test_only_the_part_counts(void)
{
  // A piece of two melodies gives the drums nothing
  make_corpus();
  Card card                        = make_card(NULL);
  card.part                        = PART_DRUMS;
  card.name                        = "drums";
  static const char* const words[] = {
    "# drums\n",
    "| edm/house/ | House | as the folder states | 2, 18 | 0, 0 |",
    "| edm/techno/ | Techno | as the folder states | 0, 0 | 1, 11 |",
    NULL,
  };
  check_words(save(&card), words);
}

static void
test_many_sources(void)
{
  static char paths[MAX_PIECES][32];
  corpus.n_pieces = 0U;
  for (uint32_t i = 0U; i < MAX_PIECES; ++i) {
    snprintf(paths[i], sizeof(paths[i]), "x/%02u/a.mid", i);
    add_piece(paths[i], -1, SPLIT_TRAIN, some_lines[0]);
  }
  const Card        card = make_card(NULL);
  const char* const text = save(&card);
  const char*       at   = text;
  for (uint32_t i = 0U; i < MAX_PIECES; ++i) {
    char row[32];
    snprintf(row, sizeof(row), "| x/%02u/ |", i);
    at = at ? strstr(at, row) : NULL;
    CHECK(at);
  }
}

static void
test_nothing_was_held_out(void)
{
  make_corpus();
  const Card card     = make_card(NULL);
  figures.is_held_out = false;
  CHECK(strstr(save(&card), "17 training (there was nothing to hold out)"));
}

static void
test_a_figure_that_is_not_there_is_not_told(void)
{
  make_corpus();
  const Card card                  = make_card(NULL);
  figures.has_float                = false;
  figures.float_net                = (Score){.n_events = 0U};
  figures.int8_net.group_events[3] = 0U;
  const char* const text           = save(&card);
  CHECK(strstr(text, "| this model, int8 | 1.0203 |"));
  CHECK(!strstr(text, "before rounding") && !strstr(text, "costs"));
  CHECK(!strstr(text, "| Techno | 200 |"));
}

static void
test_groups_of_a_gate_are_kinds(void)
{
  make_corpus();
  Card card    = make_card(NULL);
  card.name    = "gate_melody";
  card.is_gate = true;
  char row[64];
  snprintf(row, sizeof(row), "| %s | 200 |", gate_kind_name(3U));
  const char* const text = save(&card);
  CHECK(strstr(text, row));
  CHECK(strstr(text, "| kind of phrase | events |"));
  CHECK(!strstr(text, "| Techno | 200 |"));
}

/// Where a text stands in another, or far away
static size_t
place_of(const char* const text, const char* const words)
{
  const char* const found = strstr(text, words);
  return found ? (size_t)(found - text) : SIZE_MAX;
}

static void
test_an_index_of_quotes_is_told(void)
{
  make_corpus();
  Card card = make_card(NULL);
  CHECK(!strstr(save(&card), "What it refuses"));
  card.quotes            = "It carries 77 runs.";
  const char* const text = save(&card);
  CHECK(place_of(text, "\n## What it refuses\n\nIt carries 77 runs.\n\n## ") <
        place_of(text, "\n## What it learned from\n"));
}

static void
test_an_index_is_changed(void)
{
  static char before[16384];
  Trouble     trouble = {""};
  make_corpus();
  Card card = make_card(NULL);
  snprintf(before, sizeof(before), "%s", save(&card));

  // Put in, changed, and taken out again
  const char* const path   = inside("card.md");
  const uint64_t    old_id = card.id;
  CHECK(!card_change(path, old_id, 5U, "It carries 77 runs.", &trouble));
  CHECK(!card_change(path, 5U, 6U, "It carries 8 runs.", &trouble));
  card.id     = 6U;
  card.quotes = "It carries 8 runs.";
  static char changed[16384];
  snprintf(changed, sizeof(changed), "%s", read_text(path));
  CHECK(!strcmp(changed, save(&card)));
  CHECK(!card_change(path, 6U, old_id, NULL, &trouble));
  CHECK(!strcmp(before, read_text(path)));
  CHECK(!trouble.text[0]);
}

static void
test_another_models_card_is_left(void)
{
  static char before[16384];
  Trouble     trouble = {""};
  make_corpus();
  const Card card = make_card(NULL);
  snprintf(before, sizeof(before), "%s", save(&card));
  const char* const path = inside("card.md");
  CHECK(card_change(path, 1U, 2U, "It carries.", &trouble) == STATUS_MISMATCH);
  CHECK(strstr(trouble.text, "0000000000000001"));
  CHECK(!strcmp(before, read_text(path)));

  CHECK(card_change(inside("none.md"), 1U, 2U, NULL, &trouble) ==
        STATUS_NO_FILE);
  CHECK(strstr(trouble.text, "none.md"));
}

static void
test_names_of_groups(void)
{
  CHECK(!strcmp(card_group_name(STYLE_TRANCE, false), "Trance"));
  CHECK(!strcmp(card_group_name(N_STYLES - 1U, false), "Romantic"));
  CHECK(!strcmp(card_group_name(N_STYLES, false), "no style"));
  CHECK(!strcmp(card_group_name(UINT32_MAX, false), "no style"));
  CHECK(!strcmp(card_group_name(KIND_REAL, true), "real"));
}

static void
test_cost(void)
{
  Figures f = {.float_net = make_score(2.0), .int8_net = make_score(2.1)};
  NEAR(figures_cost(&f), 5.0, 1e-9);
  f.int8_net = make_score(1.9);
  NEAR(figures_cost(&f), -5.0, 1e-9);
  f.float_net = (Score){.n_events = 0U};
  NEAR(figures_cost(&f), 0.0, 0.0);
}

// --------------------------------------------------------- paths and memory

static void
check_not_written(const char* const path, const char* const words)
{
  Trouble    trouble = {""};
  const Card card    = make_card(NULL);
  CHECK(card_save(path, &card, &trouble) == STATUS_NO_WRITE);
  CHECK(strstr(trouble.text, "Cannot write"));
  CHECK(strstr(trouble.text, words));
  CHECK(card_save(path, &card, NULL) == STATUS_NO_WRITE);
}

static void
test_whole_or_not_at_all(void)
{
  static char long_path[5000];
  make_corpus();
  memset(long_path, 'x', sizeof(long_path) - 1U);
  check_not_written(inside("none/card.md"), "No such file");
  check_not_written("/dev/null/card.md", "/dev/null/card.md");
  check_not_written(long_path, "xxx");

  // Over a folder: all was written, and nothing of it is left
  CHECK(!mkdir(inside("there"), 0777));
  check_not_written(inside("there"), "/there");
  CHECK(access(inside("there.new"), F_OK));
  CHECK(!rmdir(inside("there")));

  // Over an older card
  Card card = make_card(NULL);
  save(&card);
  card.name = "newer";
  CHECK(strstr(save(&card), "# newer"));
  CHECK(!strstr(read_text(inside("card.md")), "# melody"));

  // What cannot be told is not begun
  Trouble trouble = {""};
  card.map        = write_map("");
  unlink(card.map);
  unlink(inside("card.md"));
  CHECK(card_save(inside("card.md"), &card, &trouble) == STATUS_NO_FILE);
  CHECK(strstr(trouble.text, "map.tsv"));
  CHECK(access(inside("card.md"), F_OK));
  CHECK(access(inside("card.md.new"), F_OK));
}

static void
test_a_full_disk(void)
{
  // Where everything can be opened and nothing be kept
  Trouble trouble = {""};
  make_corpus();
  const Card card = make_card(NULL);
  CHECK(!symlink("/dev/full", inside("full.new")));
  CHECK(card_save(inside("full"), &card, &trouble) == STATUS_NO_WRITE);
  CHECK(strstr(trouble.text, "No space left"));
  CHECK(access(inside("full"), F_OK));
  unlink(inside("full.new"));
}

static void
test_every_allocation_may_fail(void)
{
  bool     has_failed = true;
  uint32_t n          = 0U;
  make_corpus();
  const Card card = make_card(write_map("misc/\t-\t1\tCC0\n"));
  while (has_failed && n < 100U) {
    const int64_t n_live  = failing_alloc_n_live();
    Trouble       trouble = {""};
    unlink(inside("card.md"));
    failing_alloc_begin(++n);
    const Status st = card_save(inside("card.md"), &card, &trouble);
    has_failed      = failing_alloc_end();
    CHECK(!st || has_failed); // The C library can do without some of its own
    CHECK(!st == !trouble.text[0]);
    CHECK(!st == !access(inside("card.md"), F_OK));
    CHECK(access(inside("card.md.new"), F_OK));
    CHECK(failing_alloc_n_live() == n_live);
  }
  CHECK(n > 4U && n < 100U);
}

int
main(void)
{
  if (!folder_make(&folder)) {
    SKIP_ALL("there can be no folder in /tmp");
  }
  RUN(test_what_a_card_tells);
  RUN(test_sources_of_a_map);
  RUN(test_sources_without_a_map);
  RUN(test_only_the_part_counts);
  RUN(test_many_sources);
  RUN(test_nothing_was_held_out);
  RUN(test_a_figure_that_is_not_there_is_not_told);
  RUN(test_groups_of_a_gate_are_kinds);
  RUN(test_an_index_of_quotes_is_told);
  RUN(test_an_index_is_changed);
  RUN(test_another_models_card_is_left);
  RUN(test_names_of_groups);
  RUN(test_cost);
  RUN(test_whole_or_not_at_all);
  if (!access("/dev/full", W_OK)) {
    RUN(test_a_full_disk);
  } else {
    printf("skip test_a_full_disk: there is no /dev/full\n");
  }
  if (failing_alloc_is_able()) {
    RUN(test_every_allocation_may_fail);
  } else {
    printf("skip test_every_allocation_may_fail: this build has an allocator "
           "of its own\n");
  }
  folder_free(&folder);
  CHECK_END();
}
