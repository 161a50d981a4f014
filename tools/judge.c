// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   perpetuo-judge: measures folders of MIDI files against held-out real music.

   It reads MIDI files and nothing else, so that it can judge any system's
   output, and it uses nothing that the gate uses: no model, no feature of its.
   What knobs do is measured by perpetuo-sweep, which composes.
*/

#include "base/rng.h"
#include "music/style.h"
#include "tools/cli.h"
#include "tools/judge/baselines.h"
#include "tools/judge/figures.h"
#include "tools/judge/form.h"
#include "tools/judge/report.h"
#include "tools/judge/takes.h"
#include "tools/train/corpus.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2
#define MAX_PATH CLI_MAX_PATH
#define MAX_FOLDERS (REPORT_MAX_SETS - N_BASELINES)
#define BASELINE_TAKES 48U
#define SEED 7U

// What was asked for ----------------------------------------------------------

typedef struct {
  const char* real;
  const char* map;
  const char* styles;
  uint32_t    style_bits; ///< As TakeFilter has them
  char        output[MAX_PATH];
  uint32_t    n_folders;
  const char* folders[MAX_FOLDERS];
  bool        is_by_style;
  bool        has_known;
  bool        has_ungated;
  uint32_t    i_ungated; ///< Of the folders
  bool        is_help;
} Wish;

static const char usage[] =
  "perpetuo-judge --real DIR [OPTION]... FOLDER...\n"
  "\n"
  "Measures the MIDI files in each FOLDER against real music that was held "
  "out,\n"
  "and writes report.txt and index.html.\n"
  "\n"
  "  --real DIR      real music: MIDI files, in folders\n"
  "  --map FILE      what its folders are, as the trainer takes it\n"
  "  --style LIST    only real music of these styles: house,techno,...  (all)\n"
  "  --by-style      each FOLDER has folders named as styles (house, techno, "
  "...):\n"
  "                  measure every style beside the whole\n"
  "  --with-known    where a style has too few held-out pieces, let what was "
  "learned\n"
  "                  from count as real, too\n"
  "  --ungated DIR   one more FOLDER, of music that no gate has judged\n"
  "  --output DIR    where to leave the files (judge, beside this program)\n"
  "  --help          this text\n";

static bool
complain(const char* const format, ...) PRINTF_LIKE(1, 2);

/// Say what is wrong, as a sentence.  @return false.
static bool
complain(const char* const format, ...)
{
  va_list args;
  va_start(args, format);
  fputs("perpetuo-judge: ", stderr);
  vfprintf(stderr, format, args);
  fputs("\n", stderr);
  va_end(args);
  return false;
}

/// Styles by their symbols, with commas between
static bool
read_styles(const char* const list, uint32_t* const bits)
{
  const char* at = list;
  *bits          = 0U;
  while (at) {
    const char* const end = strchr(at, ',');
    char              symbol[32];
    const size_t      n = end ? (size_t)(end - at) : strlen(at);
    snprintf(symbol, sizeof(symbol), "%.*s", (int)(n < 31U ? n : 31U), at);
    const int found = style_find(symbol);
    if (found < 0) {
      complain("There is no style \"%s\".  These there are:", symbol);
      for (int i = 0; i < (int)N_STYLES; ++i) {
        fprintf(stderr, " %s", style_row((Style)i)->symbol);
      }
      fputs("\n", stderr);
      return false;
    }
    *bits |= 1U << (unsigned)found;
    at = end ? end + 1 : NULL;
  }
  return true;
}

static bool
add_folder(const char* const path, Wish* const wish)
{
  if (!*path) {
    return complain("A folder cannot be named \"\".");
  }
  if (wish->n_folders == MAX_FOLDERS) {
    return complain("%u folders are as many as can be judged at once.",
                    MAX_FOLDERS);
  }
  wish->folders[wish->n_folders++] = path;
  return true;
}

static bool
add_ungated(const char* const path, Wish* const wish)
{
  if (wish->has_ungated) {
    return complain("--ungated names one folder.");
  }
  wish->has_ungated = true;
  wish->i_ungated   = wish->n_folders;
  return add_folder(path, wish);
}

/// One option that takes a value
static bool
read_option(const char* const name, const char* const text, Wish* const wish)
{
  if (!*text) {
    return complain("%s takes a text that is not empty.", name);
  }
  if (!strcmp(name, "--real")) {
    wish->real = text;
  } else if (!strcmp(name, "--map")) {
    wish->map = text;
  } else if (!strcmp(name, "--style")) {
    wish->styles = text;
    return read_styles(text, &wish->style_bits);
  } else if (!strcmp(name, "--ungated")) {
    return add_ungated(text, wish);
  } else if (!strcmp(name, "--output")) {
    if (strlen(text) >= sizeof(wish->output) - 32U) {
      return complain("The path of --output is too long.");
    }
    strcpy(wish->output, text);
  } else {
    return complain("There is no option \"%s\"; --help names them all.", name);
  }
  return true;
}

/// An option and its value, which may stand behind "="
static bool
read_word(const int n_args, char** const args, int* const i, Wish* const wish)
{
  char        name[32] = "";
  const char* value    = strchr(args[*i], '=');
  const int   n_name = value ? (int)(value - args[*i]) : (int)strlen(args[*i]);
  snprintf(name, sizeof(name), "%.*s", n_name < 31 ? n_name : 31, args[*i]);
  if (!value && *i + 1 == n_args) {
    return complain("The option \"%s\" is unknown or lacks its value.", name);
  }
  return read_option(name, value ? value + 1 : args[++*i], wish);
}

static bool
read_options(const int n_args, char** const args, Wish* const wish)
{
  char home[MAX_PATH];
  cli_home(home);
  memset(wish, 0, sizeof(*wish));
  wish->style_bits = ANY_STYLE;
  snprintf(wish->output, sizeof(wish->output), "%.980sjudge", home);
  for (int i = 1; i < n_args; ++i) {
    if (!strcmp(args[i], "--help") || !strcmp(args[i], "-h")) {
      wish->is_help = true;
      return true;
    }
    if (!strcmp(args[i], "--by-style")) {
      wish->is_by_style = true;
      continue;
    }
    if (!strcmp(args[i], "--with-known")) {
      wish->has_known = true;
      continue;
    }
    if (!(args[i][0] == '-' ? read_word(n_args, args, &i, wish)
                            : add_folder(args[i], wish))) {
      return false;
    }
  }
  if (wish->has_known && !wish->is_by_style) {
    return complain("--with-known is for --by-style.");
  }
  if (!wish->real) {
    return complain("Say where the real music is: --real DIR.");
  }
  return wish->n_folders ||
         complain("Name a folder of MIDI files to be judged.");
}

// The work --------------------------------------------------------------------

typedef struct {
  const Wish* wish;
  TakeSet     known; ///< All pieces to learn from
  TakeSet     alike; ///< Of these, what is of the styles and in four
  TakeSet     held_out;
  TakeSet     sets[REPORT_MAX_SETS];
  Copying*    copying;
  Surprise*   surprise;
  BarBook     bars;
  Figures     real;
  Figures     figures[REPORT_MAX_SETS];
  StyleTable  by_style[N_STYLES];
  Guesses     guesses[N_VIEWS];
  Report      report;
} Job;

static void
clear_job(Job* const job)
{
  for (uint32_t i = 0U; i < REPORT_MAX_SETS; ++i) {
    figures_clear(&job->figures[i]);
    takes_clear(&job->sets[i]);
  }
  figures_clear(&job->real);
  bar_book_clear(&job->bars);
  surprise_free(job->surprise);
  copying_free(job->copying);
  takes_clear(&job->held_out);
  takes_clear(&job->alike);
  takes_clear(&job->known);
}

static Status
read_real(Job* const job, Trouble* const trouble)
{
  const Wish* const   wish    = job->wish;
  const CorpusOptions options = {wish->real, wish->map, 0U, NULL};
  const uint32_t      styles  = wish->style_bits;
  const TakeFilter    known   = {SPLIT_TRAIN, ANY_STYLE, false, NULL};
  const TakeFilter    alike   = {SPLIT_TRAIN, styles, true, wish->real};
  const TakeFilter    held    = {SPLIT_HELD_OUT, styles, true, wish->real};
  Corpus*             corpus  = NULL;
  fprintf(stderr, "Reading \"%s\" ...\n", wish->real);
  Status st = corpus_read(&options, &corpus, trouble);
  if (!st) {
    fprintf(stderr, "  %u pieces\n", corpus->n_pieces);
    st = takes_read(corpus, &known, &job->known);
    st = st ? st : takes_read(corpus, &alike, &job->alike);
    st = st ? st : takes_read(corpus, &held, &job->held_out);
  }
  corpus_free(corpus);
  if (!st && (job->held_out.n_takes < 4U || job->alike.n_takes < 4U)) {
    return trouble_say(trouble,
                       STATUS_NO_FILE,
                       "\"%s\" has %u held-out pieces in four and %u to learn "
                       "from%s; at least 4 of either are needed",
                       wish->real,
                       job->held_out.n_takes,
                       job->alike.n_takes,
                       wish->styles ? " of these styles" : "");
  }
  return st;
}

/// What all sets are measured against
static Status
learn(Job* const job)
{
  fprintf(stderr, "Learning what real music is like ...\n");
  Status st = copying_new(&job->known, &job->copying);
  st        = st ? st : surprise_new(&job->alike, &job->surprise);
  return st ? st : bar_book_init(&job->bars, &job->known);
}

static Status
read_folder(const char* const path, TakeSet* const set, Trouble* const trouble)
{
  const CorpusOptions options = {path, NULL, 0U, NULL};
  const TakeFilter    all     = {ANY_SPLIT, ANY_STYLE, true, path};
  Corpus*             corpus  = NULL;
  fprintf(stderr, "Reading \"%s\" ...\n", path);
  Status st = corpus_read(&options, &corpus, trouble);
  st        = st ? st : takes_read(corpus, &all, set);
  corpus_free(corpus);
  if (!st && !set->n_takes) {
    return trouble_say(
      trouble, STATUS_NO_FILE, "No piece in \"%s\" is in 4/4", path);
  }
  return st;
}

static Status
make_baseline(Job* const job, const uint32_t i)
{
  const uint32_t n = job->held_out.n_takes < BASELINE_TAKES
                       ? job->held_out.n_takes
                       : BASELINE_TAKES;
  return baseline_make(
    &job->alike, (Baseline)i, n, rng_key(rng_seed(SEED), i), &job->sets[i]);
}

/// The last part of a path, without slashes at its end
static void
name_of(const char* const path, char name[FIGURES_NAME_ROOM])
{
  size_t end = strlen(path);
  while (end > 1U && path[end - 1U] == '/') {
    --end;
  }
  size_t begin = end;
  while (begin && path[begin - 1U] != '/') {
    --begin;
  }
  const size_t n = end - begin;
  snprintf(name,
           FIGURES_NAME_ROOM,
           "%.*s",
           (int)(n < FIGURES_NAME_ROOM ? n : FIGURES_NAME_ROOM - 1U),
           path + begin);
}

/// Real music first, then the baselines, then the folders
static Status
measure(Job* const job, Trouble* const trouble)
{
  Yardstick yardstick = {job->copying,
                         &job->bars,
                         job->surprise,
                         form_median_length(&job->held_out),
                         NULL};
  fprintf(stderr, "Measuring %u held-out pieces ...\n", job->held_out.n_takes);
  Status st = figures_measure(&yardstick, "real", &job->held_out, &job->real);
  yardstick.real        = &job->real;
  const uint32_t n_sets = N_BASELINES + job->wish->n_folders;
  for (uint32_t i = 0U; !st && i < n_sets; ++i) {
    const char* const folder =
      i < N_BASELINES ? NULL : job->wish->folders[i - N_BASELINES];
    char name[FIGURES_NAME_ROOM];
    name_of(folder ? folder : baseline_name((Baseline)i), name);
    st = folder ? read_folder(folder, &job->sets[i], trouble)
                : make_baseline(job, i);
    if (!st) {
      fprintf(stderr, "Measuring %s ...\n", name);
      st = figures_measure(&yardstick, name, &job->sets[i], &job->figures[i]);
      job->report.folders[i] = folder;
    }
  }
  job->report.real_folder = job->wish->real;
  job->report.styles      = job->wish->styles;
  job->report.n_known     = job->known.n_takes;
  job->report.real        = &job->real;
  job->report.n_sets      = n_sets;
  job->report.sets        = job->figures;
  job->report.n_baselines = N_BASELINES;
  job->report.has_ungated = job->wish->has_ungated;
  job->report.i_ungated   = N_BASELINES + job->wish->i_ungated;
  return st;
}

/// Whether any folder has music of a style
static bool
has_style(const Job* const job, const int style)
{
  for (uint32_t i = 0U; i < job->wish->n_folders; ++i) {
    const TakeSet* const set = &job->sets[N_BASELINES + i];
    for (uint32_t k = 0U; k < set->n_takes; ++k) {
      if (set->takes[k].style == style) {
        return true;
      }
    }
  }
  return false;
}

static Status
measure_styles(Job* const job)
{
  Status st = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < N_STYLES; ++i) {
    const StyleMusic music = {(Style)i,
                              &job->held_out,
                              job->wish->has_known ? &job->alike : NULL,
                              job->wish->n_folders,
                              job->sets + N_BASELINES};
    if ((job->wish->style_bits >> i & 1U) && has_style(job, (int)i)) {
      st = style_table_measure(&music, &job->by_style[job->report.n_styles++]);
    }
  }
  return st;
}

static Status
guess_styles(Job* const job)
{
  Status st = STATUS_SUCCESS;
  for (uint32_t v = 0U; !st && v < N_VIEWS; ++v) {
    Guesses* const guesses = &job->guesses[v];
    st                     = guesses_begin(
      (View)v, &job->alike, &job->held_out, job->wish->style_bits, guesses);
    for (uint32_t i = 0U; !st && i < job->wish->n_folders; ++i) {
      st = guesses_show(&job->sets[N_BASELINES + i], i, guesses);
    }
  }
  return st;
}

static Status
measure_by_style(Job* const job, Trouble* const trouble)
{
  if (!job->wish->is_by_style) {
    return STATUS_SUCCESS;
  }
  fprintf(stderr, "Measuring by style ...\n");
  Status st            = measure_styles(job);
  job->report.by_style = job->by_style;
  job->report.guesses  = job->guesses;
  if (!st && !job->report.n_styles) {
    return trouble_say(trouble,
                       STATUS_NO_FILE,
                       "No folder in \"%s\" is named as a style that was "
                       "asked for",
                       job->wish->folders[0]);
  }
  return st ? st : guess_styles(job);
}

typedef void (*Writer)(const Report*, FILE*);

/// Write a file, whole or not at all
static Status
write_file(const Job* const  job,
           const char* const name,
           const Writer      write,
           Trouble* const    trouble)
{
  char path[MAX_PATH + 32U];
  char fresh[MAX_PATH + 40U];
  snprintf(path, sizeof(path), "%s/%s", job->wish->output, name);
  snprintf(fresh, sizeof(fresh), "%s.new", path);
  FILE* const file = fopen(fresh, "w");
  bool        ok   = file != NULL;
  if (file) {
    write(&job->report, file);
    ok = !ferror(file);
    ok = !fclose(file) && ok;
  }
  if (!ok || rename(fresh, path)) {
    const int why = errno;
    remove(fresh);
    return trouble_say(
      trouble, STATUS_NO_WRITE, "Cannot write \"%s\": %s", path, strerror(why));
  }
  return STATUS_SUCCESS;
}

static Status
judge(Job* const job, Trouble* const trouble)
{
  Status st = cli_make_folders(job->wish->output, trouble);
  st        = st ? st : read_real(job, trouble);
  st        = st ? st : learn(job);
  st        = st ? st : measure(job, trouble);
  st        = st ? st : measure_by_style(job, trouble);
  st        = st ? st : write_file(job, "report.txt", report_text, trouble);
  st        = st ? st : write_file(job, "index.html", report_html, trouble);
  if (!st) {
    report_text(&job->report, stdout);
    printf("\n  %s/report.txt\n  %s/index.html\n",
           job->wish->output,
           job->wish->output);
  }
  return st;
}

int
main(int argc, char** argv)
{
  Wish wish;
  if (!read_options(argc, argv, &wish)) {
    return EXIT_USAGE;
  }
  if (wish.is_help) {
    fputs(usage, stdout);
    return cli_end_output("perpetuo-judge", EXIT_SUCCESS);
  }

  Job* const job     = (Job*)calloc(1U, sizeof(Job));
  Trouble    trouble = {""};
  Status     st      = STATUS_NO_MEM;
  if (job) {
    job->wish = &wish;
    st        = judge(job, &trouble);
    clear_job(job);
  }
  free(job);
  if (st) {
    complain("%s.", trouble.text[0] ? trouble.text : status_text(st));
    return EXIT_FAILURE;
  }
  return cli_end_output("perpetuo-judge", EXIT_SUCCESS);
}
