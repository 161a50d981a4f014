// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   perpetuo-presets: plays every preset, says which ones are alike, and leaves a
   page with a picture of each.
*/

#include "music/style.h"
#include "tools/cli.h"
#include "tools/likeness.h"
#include "tools/recital.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PRESETS 128U
#define N_SEEDS 2U
#define BPM 128.0 ///< Notes do not depend on it
#define RATE_HZ 48000U
#define SCALE 0.5
#define PROGRAM "perpetuo-presets"

typedef struct {
  const char* output;
  const char* bundle;
  uint32_t    n_bars;
} Wish;

/// What is known of a preset
typedef struct {
  const char* plugin; ///< URI of one that has it
  char        uri[128];
  char        label[64];
  char        bank[64];
  char        comment[256];
  char        settings[512]; ///< In words
  Traits      songs[N_SEEDS];
  Traits      traits;         ///< Their mean
  double      score[N_PARTS]; ///< Mean over phrases, 0 .. 1
  double      between;        ///< Its songs' distance
  size_t      i_nearest;
  double      nearest; ///< Distance to it
} Sheet;

typedef struct {
  Wish   wish;
  size_t n;
  Sheet  sheets[MAX_PRESETS];
} Map;

static const char usage[] =
  "perpetuo-presets plays every preset with two seeds, prints which are "
  "alike,\n"
  "and writes index.html with a picture of each.\n"
  "\n"
  "  --bars N        length of each song, 16 to 256 (64)\n"
  "  --output DIR    where to leave the page (presets, beside this program)\n"
  "  --bundle DIR    the plugin's bundle (perpetuo.lv2, beside this program)\n"
  "  --help          this text\n";

// Playing ---------------------------------------------------------------------

static bool
is_listed(const Map* const map, const char* const uri)
{
  for (size_t i = 0U; i < map->n; ++i) {
    if (!strcmp(map->sheets[i].uri, uri)) {
      return true;
    }
  }
  return false;
}

/// List presets of a plugin that no plugin before it has
static Status
list_presets(Map* const map, const char* const plugin, Trouble* const trouble)
{
  Host*           host  = NULL;
  const HostSetup setup = host_setup(map->wish.bundle, plugin);
  const Status    st    = host_new(&setup, &host, trouble);
  for (size_t i = 0U; !st && i < host_n_presets(host); ++i) {
    if (map->n < MAX_PRESETS && !is_listed(map, host_preset_uri(host, i))) {
      Sheet* const sheet = &map->sheets[map->n++];
      sheet->plugin      = plugin;
      snprintf(sheet->uri, sizeof(sheet->uri), "%s", host_preset_uri(host, i));
      snprintf(
        sheet->label, sizeof(sheet->label), "%s", host_preset_label(host, i));
      snprintf(
        sheet->bank, sizeof(sheet->bank), "%s", host_preset_bank(host, i));
      snprintf(sheet->comment,
               sizeof(sheet->comment),
               "%s",
               host_preset_comment(host, i));
    }
  }
  host_free(host);
  return st;
}

static int
compare_sheets(const void* const a, const void* const b)
{
  const Sheet* const x     = (const Sheet*)a;
  const Sheet* const y     = (const Sheet*)b;
  const int          banks = strcmp(x->bank, y->bank);
  return banks ? banks : strcmp(x->label, y->label);
}

/// All controls that are not at their defaults, styles by their names
static void
describe(const Host* const host, Sheet* const sheet)
{
  size_t n = 0U;
  for (uint32_t i = 0U; i < host_n_controls(host); ++i) {
    const HostControl control = host_control(host, i);
    const float       value   = host_get(host, control.symbol);
    const int         style =
      strncmp(control.symbol, "mix_", 4U) ? -1 : style_find(control.symbol + 4);
    const bool is_said =
      style >= 0 ? value > 0.0f
                 : value < control.standard || value > control.standard;
    if (is_said && strcmp(control.symbol, "seed") != 0 &&
        strcmp(control.symbol, "freewheel") != 0 &&
        n < sizeof(sheet->settings)) {
      n += (size_t)snprintf(sheet->settings + n,
                            sizeof(sheet->settings) - n,
                            "%s%s %g",
                            n ? ", " : "",
                            style >= 0 ? style_row((Style)style)->name
                                       : control.symbol,
                            (double)value);
    }
  }
}

static void
add_scores(const Recital* const song, Sheet* const sheet)
{
  for (size_t i = 0U; i < song->n_lines; ++i) {
    const double share = 0.01 / (double)(song->n_lines * N_SEEDS);
    sheet->score[PART_MELODY] += share * song->lines[i].melody.score;
    sheet->score[PART_DRUMS] += share * song->lines[i].drums.score;
  }
}

/// The name of a preset's files
static const char*
name_of(const Sheet* const sheet)
{
  const char* const colon = strrchr(sheet->uri, ':');
  return colon ? colon + 1 : sheet->uri;
}

static Status
play(const Map* const map,
     Sheet* const     sheet,
     const uint32_t   i_seed,
     Trouble* const   trouble)
{
  Recital           song;
  const RecitalWish wish = {map->wish.bundle,
                            sheet->plugin,
                            sheet->label,
                            i_seed + 1,
                            map->wish.n_bars,
                            BPM,
                            RATE_HZ,
                            0U,
                            NULL};
  Status            st   = recital_open(&song, &wish, trouble);
  if (!st) {
    describe(song.host, sheet);
  }
  for (uint32_t bar = 0U; !st && bar < wish.n_bars; ++bar) {
    recital_play_bar(&song);
  }
  st = st ? st : recital_end(&song, trouble);
  st = st ? st
          : traits_measure(
              song.notes, song.n_notes, wish.n_bars, &sheet->songs[i_seed]);
  if (!st) {
    add_scores(&song, sheet);
  }
  if (!st && !i_seed) {
    char path[2U * CLI_MAX_PATH];
    snprintf(path, sizeof(path), "%s/%s.png", map->wish.output, name_of(sheet));
    st = recital_write_picture(&song, SCALE, path, trouble);
  }
  recital_close(&song);
  return st;
}

static Status
play_all(Map* const map, Trouble* const trouble)
{
  Status st = STATUS_SUCCESS;
  for (size_t i = 0U; !st && i < map->n; ++i) {
    Sheet* const sheet = &map->sheets[i];
    fprintf(stderr, "  %2zu of %zu  %s\n", i + 1U, map->n, sheet->label);
    for (uint32_t k = 0U; !st && k < N_SEEDS; ++k) {
      st = play(map, sheet, k, trouble);
    }
    sheet->traits = traits_mean(&sheet->songs[0], &sheet->songs[1]);
  }
  return st;
}

// Comparing -------------------------------------------------------------------

static void
compare(Map* const map)
{
  static Traits all[MAX_PRESETS * N_SEEDS];
  double        scale[N_TRAITS];
  for (size_t i = 0U; i < map->n; ++i) {
    memcpy(&all[i * N_SEEDS], map->sheets[i].songs, N_SEEDS * sizeof(Traits));
  }
  traits_spread(all, map->n * N_SEEDS, scale);
  for (size_t i = 0U; i < map->n; ++i) {
    Sheet* const sheet = &map->sheets[i];
    sheet->nearest     = (double)INFINITY;
    sheet->between = traits_distance(&sheet->songs[0], &sheet->songs[1], scale);
    for (size_t j = 0U; j < map->n; ++j) {
      const double distance =
        traits_distance(&sheet->traits, &map->sheets[j].traits, scale);
      if (i != j && distance < sheet->nearest) {
        sheet->nearest   = distance;
        sheet->i_nearest = j;
      }
    }
  }
}

static int
compare_doubles(const void* const a, const void* const b)
{
  const double x = *(const double*)a;
  const double y = *(const double*)b;
  return x < y ? -1 : x > y;
}

/// Median of the distance between two songs of one preset
static double
usual_distance(const Map* const map)
{
  double between[MAX_PRESETS] = {0.0};
  for (size_t i = 0U; i < map->n; ++i) {
    between[i] = map->sheets[i].between;
  }
  qsort(between, map->n, sizeof(double), compare_doubles);
  return map->n ? between[map->n / 2U] : 0.0;
}

static int
compare_nearness(const void* const a, const void* const b)
{
  return compare_doubles(&(*(const Sheet* const*)a)->nearest,
                         &(*(const Sheet* const*)b)->nearest);
}

static void
print_pairs(const Map* const map)
{
  const Sheet* rows[MAX_PRESETS] = {NULL};
  for (size_t i = 0U; i < map->n; ++i) {
    rows[i] = &map->sheets[i];
  }
  qsort(rows, map->n, sizeof(rows[0]), compare_nearness);

  printf("\n%zu presets, %u bars, two seeds each.  Distances are in standard "
         "deviations;\ntwo songs of one preset are usually %.2f apart, which "
         "leaves %.2f between "
         "means of two.\n\n"
         "  %-24s %-24s %8s  %10s  %6s %6s\n",
         map->n,
         map->wish.n_bars,
         usual_distance(map),
         usual_distance(map) / sqrt((double)N_SEEDS),
         "preset",
         "the one most like it",
         "distance",
         "own songs",
         "melody",
         "drums");
  for (size_t i = 0U; i < map->n; ++i) {
    printf("  %-24s %-24s %8.2f  %10.2f  %6.2f %6.2f\n",
           rows[i]->label,
           map->sheets[rows[i]->i_nearest].label,
           rows[i]->nearest,
           rows[i]->between,
           rows[i]->score[PART_MELODY],
           rows[i]->score[PART_DRUMS]);
  }
}

// The page --------------------------------------------------------------------

static const char style[] =
  "<style>body{font:15px sans-serif;background:#0e1017;color:#e8ebf2;"
  "margin:2em auto;max-width:76em}h2{margin-top:2em}"
  "section{margin:0 0 2.5em}h3{margin:0}p{margin:.2em 0 .5em}"
  "small,.s{color:#8f9bb6}img{width:100%}a{color:#9fb4ff}</style>\n";

/// Text with nothing in it that a browser would take for a tag
static void
print_safe(FILE* const file, const char* text)
{
  for (; *text; ++text) {
    if (strchr("<>&\"", *text)) {
      fprintf(file, "&#%d;", *text);
    } else {
      fputc(*text, file);
    }
  }
}

static void
print_sheet(FILE* const file, const Map* const map, const Sheet* const sheet)
{
  const Sheet* const nearest = &map->sheets[sheet->i_nearest];
  fprintf(file, "<section id=\"%s\"><h3>", name_of(sheet));
  print_safe(file, sheet->label);
  fputs("</h3>\n<p>", file);
  print_safe(file, sheet->comment);
  fputs("</p>\n<p class=\"s\">", file);
  print_safe(file, sheet->settings);
  fprintf(
    file, "</p>\n<p class=\"s\">Most like <a href=\"#%s\">", name_of(nearest));
  print_safe(file, nearest->label);
  fprintf(file,
          "</a>, %.2f away; its own two songs are %.2f apart.</p>\n"
          "<a href=\"%s.png\"><img loading=\"lazy\" alt=\"\" "
          "src=\"%s.png\"></a></section>\n",
          sheet->nearest,
          sheet->between,
          name_of(sheet),
          name_of(sheet));
}

static void
print_page(FILE* const file, const Map* const map)
{
  fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<title>Perpetuo's presets</title>\n",
        file);
  fputs(style, file);
  fprintf(file,
          "</head><body><h1>Perpetuo's presets</h1>\n<p>%u bars each, seed 1. "
          " Distances are in standard deviations of what the judge measures; "
          "two songs of one preset are usually %.2f apart.</p>\n",
          map->wish.n_bars,
          usual_distance(map));
  for (size_t i = 0U; i < map->n; ++i) {
    if (!i || strcmp(map->sheets[i].bank, map->sheets[i - 1U].bank) != 0) {
      fputs("<h2>", file);
      print_safe(file, map->sheets[i].bank);
      fputs("</h2>\n", file);
    }
    print_sheet(file, map, &map->sheets[i]);
  }
  fputs("</body></html>\n", file);
}

static Status
write_page(const Map* const map, Trouble* const trouble)
{
  char path[2U * CLI_MAX_PATH];
  snprintf(path, sizeof(path), "%s/index.html", map->wish.output);
  FILE* const file = fopen(path, "w");
  bool        ok   = file != NULL;
  if (file) {
    print_page(file, map);
    ok = !ferror(file);
    ok = !fclose(file) && ok;
  }
  if (!ok) {
    return trouble_say(trouble,
                       STATUS_NO_WRITE,
                       "Cannot write \"%s\": %s",
                       path,
                       strerror(errno));
  }
  printf("\n  %s\n", path);
  return STATUS_SUCCESS;
}

static Status
draw_map(Map* const map, Trouble* const trouble)
{
  static const char* const plugins[] = {URI_DUO, URI_MELODY, URI_DRUMS};
  Status                   st = cli_make_folders(map->wish.output, trouble);
  for (size_t i = 0U; !st && i < 3U; ++i) {
    st = list_presets(map, plugins[i], trouble);
  }
  qsort(map->sheets, map->n, sizeof(Sheet), compare_sheets);
  st = st ? st : play_all(map, trouble);
  if (!st) {
    compare(map);
    print_pairs(map);
    st = write_page(map, trouble);
  }
  return st;
}

int
main(const int n_args, char** const args)
{
  static Map map;
  char       home[CLI_MAX_PATH];
  char       output[CLI_MAX_PATH];
  char       bundle[CLI_MAX_PATH];
  Wish*      wish    = &map.wish;
  Trouble    trouble = {""};
  int        status  = 0;
  cli_home(home);
  snprintf(output, sizeof(output), "%.980spresets", home);
  snprintf(bundle, sizeof(bundle), "%.980sperpetuo.lv2", home);
  *wish = (Wish){output, bundle, 64U};

  const CliOption  options[] = {{"--bars", NULL, &wish->n_bars, 16U, 256U},
                                {"--output", &wish->output, NULL, 0U, 0U},
                                {"--bundle", &wish->bundle, NULL, 0U, 0U}};
  const CliProgram program   = {PROGRAM, usage, options, 3U};
  if (!cli_read(&program, n_args, args, &status)) {
    return status;
  }
  if (draw_map(&map, &trouble)) {
    fprintf(stderr, PROGRAM ": %s\n", trouble.text);
    return 1;
  }
  return 0;
}
