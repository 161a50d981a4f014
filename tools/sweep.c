// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   perpetuo-sweep: turns the knobs and measures what follows.

   It composes, and so needs the models; the judge reads files and needs none.
   With real music to learn from it also asks the judge's style probe what it
   hears while the mix moves.
*/

#include "compose/composer.h"
#include "music/style.h"
#include "tools/cli.h"
#include "tools/judge/guesses.h"
#include "tools/judge/takes.h"
#include "tools/sweep/knobs.h"
#include "tools/sweep/morph.h"
#include "tools/sweep/played.h"
#include "tools/sweep/sweep_report.h"
#include "tools/train/corpus.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2
#define MAX_PATH CLI_MAX_PATH
#define MAX_SEEDS 64U
#define MAX_BARS 256U
#define MORPH_SEEDS 16U ///< For each seed of the other sweeps
#define STEER_SEED 1000U

// What was asked for ----------------------------------------------------------

typedef struct {
  const char* real; ///< Null for none
  const char* map;
  char        models[MAX_PATH];
  char        output[MAX_PATH];
  SweepPlan   plan;
  bool        is_help;
} Wish;

static const char usage[] =
  "perpetuo-sweep [OPTION]...\n"
  "\n"
  "Turns knobs from 0 to 100, locks scales and moves the mix, measures what "
  "is\n"
  "composed, and writes sweep.txt, sweep.json and sweep.html.\n"
  "\n"
  "  --real DIR      real music, from which a classifier learns the styles; "
  "without\n"
  "                  it the mix is not measured\n"
  "  --map FILE      what its folders are, as the trainer takes it\n"
  "  --style LIST    styles whose knobs are turned "
  "(house,techno,trance,dnb)\n"
  "  --seeds N       songs of each style, 1 to 64 (4)\n"
  "  --bars N        bars of each song, 4 to 256 in fours (32)\n"
  "  --models DIR    the models (perpetuo.lv2/models, beside this program)\n"
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
  fputs("perpetuo-sweep: ", stderr);
  vfprintf(stderr, format, args);
  fputs("\n", stderr);
  va_end(args);
  return false;
}

static bool
read_number(const char* const name,
            const char* const text,
            const uint32_t    least,
            const uint32_t    most,
            uint32_t* const   number)
{
  char*      end   = NULL;
  const long value = strtol(text, &end, 10);
  if (end == text || *end || value < (long)least || value > (long)most) {
    return complain("%s takes a whole number from %u to %u, not \"%s\".",
                    name,
                    least,
                    most,
                    text);
  }
  *number = (uint32_t)value;
  return true;
}

/// Styles that have a melody and drums, by their symbols
static bool
read_styles(const char* const list, SweepPlan* const plan)
{
  const char* at = list;
  plan->n_styles = 0U;
  while (at) {
    const char* const end = strchr(at, ',');
    char              symbol[32];
    const size_t      n = end ? (size_t)(end - at) : strlen(at);
    snprintf(symbol, sizeof(symbol), "%.*s", (int)(n < 31U ? n : 31U), at);
    const int found = style_find(symbol);
    if (found < 0) {
      return complain("There is no style \"%s\".", symbol);
    }
    const StyleRow* const row = style_row((Style)found);
    if (!row->has_part[PART_MELODY] || !row->has_part[PART_DRUMS]) {
      return complain("%s lacks a melody or drums.", row->name);
    }
    if (plan->n_styles == N_STYLES) {
      return complain("--style names too many styles.");
    }
    plan->styles[plan->n_styles++] = (Style)found;
    at                             = end ? end + 1 : NULL;
  }
  return true;
}

static bool
read_path(const char* const name, const char* const text, char* const path)
{
  if (strlen(text) >= MAX_PATH - 32U) {
    return complain("The path of %s is too long.", name);
  }
  strcpy(path, text);
  return true;
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
    return read_styles(text, &wish->plan);
  } else if (!strcmp(name, "--seeds")) {
    return read_number(name, text, 1U, MAX_SEEDS, &wish->plan.n_seeds);
  } else if (!strcmp(name, "--bars")) {
    uint32_t* const n = &wish->plan.n_bars;
    return read_number(name, text, 4U, MAX_BARS, n) &&
           (*n % 4U == 0U || complain("--bars takes bars in fours."));
  } else if (!strcmp(name, "--models")) {
    return read_path(name, text, wish->models);
  } else if (!strcmp(name, "--output")) {
    return read_path(name, text, wish->output);
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
  wish->plan = (SweepPlan){
    32U, 4U, 4U, {STYLE_HOUSE, STYLE_TECHNO, STYLE_TRANCE, STYLE_DNB}};
  snprintf(wish->output, sizeof(wish->output), "%.980sjudge", home);
  snprintf(
    wish->models, sizeof(wish->models), "%.980sperpetuo.lv2/models", home);
  for (int i = 1; i < n_args; ++i) {
    if (!strcmp(args[i], "--help") || !strcmp(args[i], "-h")) {
      wish->is_help = true;
      return true;
    }
    if (!read_word(n_args, args, &i, wish)) {
      return false;
    }
  }
  return !wish->map || wish->real || complain("--map is for --real.");
}

// The work --------------------------------------------------------------------

typedef struct {
  const Wish* wish;
  Composer*   composer;
  TakeSet     known;
  TakeSet     held_out;
  Sweep       sweep;
  ScaleLock   lock;
  Guesses     guesses[N_VIEWS];
  Morph       morphs[N_MORPHS];
  SweepReport report;
} Job;

static void
clear_job(Job* const job)
{
  sweep_clear(&job->sweep);
  takes_clear(&job->held_out);
  takes_clear(&job->known);
  composer_free(job->composer);
}

static Status
read_real(Job* const job, Trouble* const trouble)
{
  const Wish* const   wish    = job->wish;
  const CorpusOptions options = {wish->real, wish->map, 0U, NULL};
  const TakeFilter    known   = {SPLIT_TRAIN, ANY_STYLE, true, wish->real};
  const TakeFilter    held    = {SPLIT_HELD_OUT, ANY_STYLE, true, wish->real};
  Corpus*             corpus  = NULL;
  fprintf(stderr, "Reading \"%s\" ...\n", wish->real);
  Status st = corpus_read(&options, &corpus, trouble);
  st        = st ? st : takes_read(corpus, &known, &job->known);
  st        = st ? st : takes_read(corpus, &held, &job->held_out);
  corpus_free(corpus);
  return st;
}

/// Let the probes learn
static Status
learn_styles(Job* const job)
{
  Status st = STATUS_SUCCESS;
  for (uint32_t v = 0U; !st && v < N_VIEWS; ++v) {
    st = guesses_begin(
      (View)v, &job->known, &job->held_out, ANY_STYLE, &job->guesses[v]);
  }
  return st;
}

/// A song of one style
static Status
add_song(Job* const     job,
         const Style    style,
         const uint32_t seed,
         TakeSet* const set)
{
  const Mix      mix = played_mix(style, seed);
  const uint32_t n   = job->wish->plan.n_bars / mix.phrase_bars;
  Take           take;
  Status         st = played_begin(style, n, &take);
  for (uint32_t i = 0U; !st && i < n; ++i) {
    played_add(job->composer, &mix, i, &take);
  }
  if (!st) {
    played_end(&take);
    st = takes_add(set, &take);
    if (st) {
      take_clear(&take);
    }
  }
  return st;
}

/// Play every style by itself, and show it the probes
static Status
steer(Job* const job)
{
  TakeSet set = {0U, 0U, NULL};
  Status  st  = STATUS_SUCCESS;
  fprintf(stderr, "Asking for one style at a time ...\n");
  for (uint32_t s = 0U; !st && s < N_STYLES; ++s) {
    for (uint32_t i = 0U; !st && i < job->wish->plan.n_seeds; ++i) {
      st = add_song(job, (Style)s, STEER_SEED + i, &set);
    }
  }
  for (uint32_t v = 0U; !st && v < N_VIEWS; ++v) {
    st = guesses_show(&set, 0U, &job->guesses[v]);
  }
  takes_clear(&set);
  return st;
}

static Status
morph(Job* const job)
{
  Status st                 = STATUS_SUCCESS;
  job->report.n_morph_seeds = MORPH_SEEDS * job->wish->plan.n_seeds;
  job->report.morphs        = job->morphs;
  for (uint32_t m = 0U; !st && m < N_MORPHS; ++m) {
    const MorphPair pair = morph_pairs[m];
    fprintf(stderr,
            "Going from %s to %s ...\n",
            style_row(pair.from)->symbol,
            style_row(pair.to)->symbol);
    st = morph_run(job->composer,
                   job->guesses,
                   pair,
                   job->report.n_morph_seeds,
                   &job->morphs[job->report.n_morphs]);
    if (st == STATUS_MISMATCH) {
      fprintf(stderr, "  no: too little real music of them\n");
      st = STATUS_SUCCESS;
    } else {
      ++job->report.n_morphs;
    }
  }
  return st;
}

static Status
measure_mix(Job* const job, Trouble* const trouble)
{
  if (!job->wish->real) {
    return STATUS_SUCCESS;
  }
  job->report.guesses = job->guesses;
  Status st           = read_real(job, trouble);
  st                  = st ? st : learn_styles(job);
  st                  = st ? st : steer(job);
  return st ? st : morph(job);
}

static Status
measure_knobs(Job* const job)
{
  fprintf(stderr, "Turning knobs ...\n");
  const Status st = sweep_run(job->composer, &job->wish->plan, &job->sweep);
  if (!st) {
    fprintf(stderr, "Locking scales ...\n");
    scale_lock_run(job->composer, &job->wish->plan, &job->lock);
  }
  job->report.sweep = &job->sweep;
  job->report.lock  = &job->lock;
  return st;
}

typedef void (*Writer)(const SweepReport*, FILE*);

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
sweep(Job* const job, Trouble* const trouble)
{
  Status st = cli_make_folders(job->wish->output, trouble);
  st = st ? st : composer_new(job->wish->models, NULL, &job->composer, trouble);
  st = st ? st : measure_mix(job, trouble);
  st = st ? st : measure_knobs(job);
  st = st ? st : write_file(job, "sweep.txt", sweep_report_text, trouble);
  st = st ? st : write_file(job, "sweep.json", sweep_report_json, trouble);
  st = st ? st : write_file(job, "sweep.html", sweep_report_html, trouble);
  if (!st) {
    sweep_report_text(&job->report, stdout);
    printf("\n  %s/sweep.txt, sweep.json, sweep.html\n", job->wish->output);
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
    return cli_end_output("perpetuo-sweep", EXIT_SUCCESS);
  }

  Job* const job     = (Job*)calloc(1U, sizeof(Job));
  Trouble    trouble = {""};
  Status     st      = STATUS_NO_MEM;
  if (job) {
    job->wish = &wish;
    st        = sweep(job, &trouble);
    clear_job(job);
  }
  free(job);
  if (st) {
    complain("%s.", trouble.text[0] ? trouble.text : status_text(st));
    return EXIT_FAILURE;
  }
  return cli_end_output("perpetuo-sweep", EXIT_SUCCESS);
}
