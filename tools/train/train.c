// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// perpetuo-train: learns a part's model, or its gate, from a folder of MIDI

#define _XOPEN_SOURCE 700 // For nice()

#include "base/rng.h"
#include "compose/model_folder.h"
#include "compose/vocab.h"
#include "learn/blas.h"
#include "learn/round.h"
#include "music/style.h"
#include "nn/model_file.h"
#include "tools/cli.h"
#include "tools/train/card.h"
#include "tools/train/corpus.h"
#include "tools/train/gate_data.h"
#include "tools/train/ngram.h"
#include "tools/train/progress.h"
#include "tools/train/progressions.h"
#include "tools/train/quotes_index.h"
#include "tools/train/style_table.h"
#include "tools/train/trainer.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_PATH 2048U
#define MAX_COMMAND 1500U
#define EXIT_USAGE 2
#define EXIT_STOPPED 130

/// What can be trained
typedef struct {
  const char* name;
  Part        part;
  bool        is_gate;
} Subject;

static const Subject subjects[] = {
  {"melody", PART_MELODY, false},
  {"drums", PART_DRUMS, false},
  {"gate_melody", PART_MELODY, true},
  {"gate_drums", PART_DRUMS, true},
};

#define N_SUBJECTS (sizeof(subjects) / sizeof(*subjects))

/// What the command line said
typedef struct {
  const Subject* subject;
  const char*    subject_name;
  const char*    corpus;
  const char*    map;
  const char*    output;
  const char*    work;
  const char*    evaluate; ///< A model file to measure, or null
  const char*    index;    ///< A gate's file to give an index to, or null
  uint32_t       max_files;
  bool           is_list;
  bool           is_progressions;
  bool           is_styles;
  const char*    from;
  bool           is_fresh;
  bool           is_eager;
  bool           is_help;
  TrainOptions   train;
  char           command[MAX_COMMAND];
} Arguments;

typedef enum { TAKES_NOTHING, TAKES_TEXT, TAKES_COUNT, TAKES_REAL } Takes;

/// One option: how it is written, what it takes, where that goes
typedef struct {
  const char* name;
  Takes       takes;
  void*       to;   ///< const char*, uint64_t, uint32_t, double or bool
  size_t      size; ///< Size of `*to`
  const char* word; ///< Name of the value in the help
  const char* help;
} Option;

#define N_OPTIONS 34U
#define TO(field) &(field), sizeof(field)

static void
list_options(Arguments* const a, Option options[N_OPTIONS])
{
  TrainOptions* const t      = &a->train;
  const Option        list[] = {
           {"--part",
            TAKES_TEXT,
            TO(a->subject_name),
            "NAME",
            "melody, drums, gate_melody or gate_drums"},
           {"--corpus", TAKES_TEXT, TO(a->corpus), "DIR", "folder of MIDI files"},
           {"--map",
            TAKES_TEXT,
            TO(a->map),
            "FILE",
            "lines of: path prefix, style or -, weight, licence; tabs between"},
           {"--max-files",
            TAKES_COUNT,
            TO(a->max_files),
            "N",
            "read no more files than that"},
           {"--output",
            TAKES_TEXT,
            TO(a->output),
            "DIR",
            "where the model and its card go (models)"},
           {"--work",
            TAKES_TEXT,
            TO(a->work),
            "DIR",
            "checkpoint, log and loss curve (build/train/NAME)"},
           {"--hidden", TAKES_COUNT, TO(t->n_hidden), "N", "units in a layer (256)"},
           {"--layers", TAKES_COUNT, TO(t->n_layers), "N", "LSTM layers (2)"},
           {"--norm",
            TAKES_COUNT,
            TO(t->is_normed),
            "N",
            "1 to normalise what each layer hands up (0)"},
           {"--batch",
            TAKES_COUNT,
            TO(t->n_streams),
            "N",
            "sequences side by side (64)"},
           {"--window",
            TAKES_COUNT,
            TO(t->n_window),
            "N",
            "steps that gradients reach back (64)"},
           {"--epochs",
            TAKES_REAL,
            TO(t->n_epochs),
            "X",
            "readings of the training split (20)"},
           {"--steps",
            TAKES_COUNT,
            TO(t->n_steps),
            "N",
            "optimiser steps, in place of epochs"},
           {"--rate", TAKES_REAL, TO(t->rate), "X", "highest learning rate (0.003)"},
           {"--floor",
            TAKES_REAL,
            TO(t->floor),
            "X",
            "share of it that is left at the end (0.02)"},
           {"--warm-up",
            TAKES_COUNT,
            TO(t->n_warmup),
            "N",
            "steps of rising rate (200)"},
           {"--decay", TAKES_REAL, TO(t->decay), "X", "weight decay (0)"},
           {"--clip", TAKES_REAL, TO(t->clip), "X", "largest norm of a gradient (1)"},
           {"--dropout",
            TAKES_REAL,
            TO(t->dropout),
            "X",
            "share of outputs left out (0.2)"},
           {"--average",
            TAKES_REAL,
            TO(t->average),
            "X",
            "share that a step leaves of the weights' average; 0: none (0.998)"},
           {"--seed", TAKES_COUNT, TO(t->seed), "N", "seed of everything random (1)"},
           {"--threads",
            TAKES_COUNT,
            TO(t->n_threads),
            "N",
            "threads, and no more than that are made (1)"},
           {"--eager",
            TAKES_NOTHING,
            TO(a->is_eager),
            "",
            "do not give way to other programs (nice 10)"},
           {"--patience",
            TAKES_COUNT,
            TO(t->n_patience),
            "N",
            "evaluations without a better loss before the end; 0: none (12)"},
           {"--held-out-steps",
            TAKES_COUNT,
            TO(t->n_held_out),
            "N",
            "most held-out steps that are measured (131072)"},
           {"--checkpoint-seconds",
            TAKES_REAL,
            TO(t->checkpoint_s),
            "X",
            "time between checkpoints (60)"},
           {"--from",
            TAKES_TEXT,
            TO(a->from),
            "MODEL",
            "begin with the LSTM layers of a model of the same sizes"},
           {"--fresh",
            TAKES_NOTHING,
            TO(a->is_fresh),
            "",
            "begin anew even where a checkpoint could be gone on from"},
           {"--list",
            TAKES_NOTHING,
            TO(a->is_list),
            "",
            "only read the corpus and say what was found"},
           {"--styles",
            TAKES_NOTHING,
            TO(a->is_styles),
            "",
            "only measure what is usual, for the rows of dsp/music/style.c"},
           {"--progressions",
            TAKES_NOTHING,
            TO(a->is_progressions),
            "",
            "only count chord progressions, as rows of dsp/music/harmony.c"},
           {"--evaluate",
            TAKES_TEXT,
            TO(a->evaluate),
            "MODEL",
            "only measure a model file; its part is taken from it"},
           {"--index",
            TAKES_TEXT,
            TO(a->index),
            "MODEL",
            "only give a melody's gate its index of quotes anew"},
           {"--help", TAKES_NOTHING, TO(a->is_help), "", "say this"},
  };
  _Static_assert(sizeof(list) == N_OPTIONS * sizeof(Option), "");
  memcpy(options, list, sizeof(list));
}

static void
print_help(const Option* const options)
{
  puts("perpetuo-train --part NAME --corpus DIR [OPTION]...\n\n"
       "Learns a model from a folder of MIDI files and writes it, with a card "
       "that\nsays how well.  When stopped or killed, the same command goes on "
       "from the\nlast checkpoint.\n");
  for (uint32_t i = 0U; i < N_OPTIONS; ++i) {
    char left[40];
    snprintf(left, sizeof(left), "%s %s", options[i].name, options[i].word);
    printf("  %-26s %s\n", left, options[i].help);
  }
}

/// Read a whole number, nothing but digits.  @return false when it is not one.
static bool
parse_count(const char* const text, const size_t size, void* const to)
{
  const uint64_t limit = size == sizeof(uint32_t) ? UINT32_MAX : UINT64_MAX;
  uint64_t       value = 0U;
  if (!text[0]) {
    return false;
  }
  for (const char* c = text; *c; ++c) {
    const uint64_t digit = (uint64_t)(*c - '0');
    if (*c < '0' || *c > '9' || value > (limit - digit) / 10U) {
      return false;
    }
    value = value * 10U + digit;
  }

  if (size == sizeof(uint32_t)) {
    *(uint32_t*)to = (uint32_t)value;
  } else {
    *(uint64_t*)to = value;
  }
  return true;
}

static bool
parse_real(const char* const text, double* const to)
{
  char*        end   = NULL;
  const double value = strtod(text, &end);
  if (end == text || *end || !isfinite(value) || value < 0.0) {
    return false;
  }
  *to = value;
  return true;
}

static bool
set_option(const Option* const option, const char* const value)
{
  switch (option->takes) {
  case TAKES_NOTHING:
    *(bool*)option->to = true;
    return true;
  case TAKES_TEXT:
    *(const char**)option->to = value;
    return value[0] != '\0';
  case TAKES_COUNT:
    return parse_count(value, option->size, option->to);
  case TAKES_REAL:
    return parse_real(value, (double*)option->to);
  }
  return false;
}

/// A word as it could be typed again.  @return characters, written or not.
static size_t
quote(const char* const word, char* const to, const size_t room)
{
  size_t n = (size_t)snprintf(to, room, " '");
  for (const char* c = word; *c; ++c) {
    const bool is_quote = *c == '\'';
    n += (size_t)snprintf(to + (n < room ? n : room),
                          n < room ? room - n : 0U,
                          "%s%c%s",
                          is_quote ? "'\\" : "",
                          *c,
                          is_quote ? "'" : "");
  }
  return n + (size_t)snprintf(
               to + (n < room ? n : room), n < room ? room - n : 0U, "'");
}

/// The command as it could be typed again
static void
keep_command(Arguments* const a, const int argc, char* const* const argv)
{
  size_t n = (size_t)snprintf(a->command, MAX_COMMAND, "./waf train");
  for (int i = 1; i < argc; ++i) {
    const bool plain =
      argv[i][0] && !strpbrk(argv[i], " \t\n\"'\\$`*?;&|<>()[]{}#~!");
    n += plain
           ? (size_t)snprintf(a->command + n, MAX_COMMAND - n, " %s", argv[i])
           : quote(argv[i], a->command + n, MAX_COMMAND - n);
    if (n >= MAX_COMMAND) {
      return;
    }
  }
}

static const Subject*
find_subject(const char* const name)
{
  for (size_t i = 0U; i < N_SUBJECTS; ++i) {
    if (!strcmp(subjects[i].name, name)) {
      return &subjects[i];
    }
  }
  return NULL;
}

static Status
parse_arguments(Arguments* const   a,
                const int          argc,
                char* const* const argv,
                Trouble* const     trouble)
{
  Option options[N_OPTIONS];
  list_options(a, options);
  for (int i = 1; i < argc; ++i) {
    uint32_t o = 0U;
    while (o < N_OPTIONS && strcmp(argv[i], options[o].name) != 0) {
      ++o;
    }
    if (o == N_OPTIONS) {
      return trouble_say(trouble,
                         STATUS_BAD_ARG,
                         "There is no option \"%s\"; --help lists them",
                         argv[i]);
    }

    const bool takes = options[o].takes != TAKES_NOTHING;
    if (takes && i + 1 >= argc) {
      return trouble_say(trouble,
                         STATUS_BAD_ARG,
                         "%s needs a value: %s %s",
                         argv[i],
                         argv[i],
                         options[o].word);
    }
    i += takes;
    if (!set_option(&options[o], argv[i])) {
      return trouble_say(trouble,
                         STATUS_BAD_ARG,
                         "\"%s\" is no value for %s: %s",
                         argv[i],
                         options[o].name,
                         options[o].help);
    }
  }

  if (a->is_help) {
    print_help(options);
    return STATUS_SUCCESS;
  }
  if (!a->corpus) {
    return trouble_say(
      trouble, STATUS_BAD_ARG, "Say where the music is: --corpus DIR");
  }
  if (!a->subject_name && !a->evaluate && !a->index && !a->is_list &&
      !a->is_progressions && !a->is_styles) {
    return trouble_say(trouble,
                       STATUS_BAD_ARG,
                       "Say what to learn: --part %s",
                       "melody, drums, gate_melody or gate_drums");
  }
  a->subject = a->subject_name ? find_subject(a->subject_name) : NULL;
  if (a->subject_name && !a->subject) {
    return trouble_say(trouble,
                       STATUS_BAD_ARG,
                       "There is no part \"%s\"; parts are melody, drums, "
                       "gate_melody and gate_drums",
                       a->subject_name);
  }
  return train_options_check(&a->train, trouble);
}

static void
join(char to[MAX_PATH], const char* folder, const char* name, const char* end)
{
  snprintf(to, MAX_PATH, "%s/%s%s", folder, name, end);
}

static volatile sig_atomic_t stop_asked;

static void
ask_stop(const int signal_number)
{
  (void)signal_number;
  stop_asked = 1;
}

static void
catch_signals(void)
{
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_handler = ask_stop;
  action.sa_flags   = (int)SA_RESETHAND; // A second one ends at once
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

/**
   Start again with OpenBLAS told to keep to one thread, before it makes its
   own.

   Where the processor has 512-bit vectors but this OpenBLAS does not know it,
   the kernels for those are chosen, too: they are nearly twice as fast.
*/
static void
settle_blas(char** const argv)
{
  const char* const n    = getenv("OPENBLAS_NUM_THREADS");
  const char* const core = blas_core();
  bool              any  = !n || strcmp(n, "1") != 0;
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
#if defined(__x86_64__) && defined(__GNUC__)
  if (!getenv("OPENBLAS_CORETYPE") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") &&
      (!strcmp(core, "Haswell") || !strcmp(core, "Zen"))) {
    setenv("OPENBLAS_CORETYPE", "SkylakeX", 1);
    any = true;
  }
#else
  (void)core;
#endif
  if (any) {
    execv("/proc/self/exe", argv); // Where that fails, go on as things are
  }
}

/// Let whoever plays or works on this machine come first
static void
give_way(void)
{
  errno = 0;
  if (nice(10) == -1 && errno) {
    fprintf(stderr, "Cannot give way to others: %s\n", strerror(errno));
  }
}

/// What a run holds; cleared in one place
typedef struct {
  Arguments args;
  Corpus*   corpus;
  Dataset   set;
  Trainer*  trainer;
  Model*    model;
  Net*      net;
  uint32_t* list; ///< What is measured at the end
  uint32_t  n_list;
  Figures   figures;

  GateFigure gate[N_GATE_KINDS + 1]; ///< Of a gate only
  char       quotes[512];            ///< What its index is, or empty
} Job;

static void
job_clear(Job* const job)
{
  free(job->list);
  net_free(job->net);
  model_free(job->model);
  trainer_free(job->trainer);
  dataset_clear(&job->set);
  corpus_free(job->corpus);
}

static Status
read_corpus(Job* const job, FILE* const report, Trouble* const trouble)
{
  const Arguments* const a       = &job->args;
  const CorpusOptions    options = {a->corpus, a->map, a->max_files, report};
  fprintf(stderr, "Reading %s ...\n", a->corpus);
  return corpus_read(&options, &job->corpus, trouble);
}

/// Steps and events of a split
static void
count_split(const Dataset* const set,
            const Split          split,
            uint64_t* const      n_sequences,
            uint64_t* const      n_steps)
{
  *n_sequences = 0U;
  *n_steps     = 0U;
  for (uint32_t i = 0U; i < set->n_sequences; ++i) {
    if (set->sequence[i].split == split) {
      ++*n_sequences;
      *n_steps += set->sequence[i].n_steps;
    }
  }
}

/// A gate that has not seen what its part's model writes is a weaker one
static void
look_for_generator(const Job* const job)
{
  const Subject* const s = job->args.subject;
  char                 name[MODEL_FOLDER_MAX_NAME];
  char                 path[MAX_PATH];
  model_folder_name(MODEL_GENERATOR, s->part, name);
  join(path, job->args.output, name, "");
  if (s->is_gate && access(path, R_OK)) {
    fprintf(stderr,
            "There is no %s in \"%s\": the gate does not get to see what that "
            "model writes.\n",
            name,
            job->args.output);
  }
}

static Status
make_dataset(Job* const job, Trouble* const trouble)
{
  const Subject* const s = job->args.subject;
  look_for_generator(job);
  const Status st =
    s->is_gate ? gate_dataset(job->corpus,
                              s->part,
                              job->args.output,
                              job->args.train.seed,
                              &job->set,
                              trouble)
               : corpus_dataset(job->corpus, s->part, &job->set, trouble);
  if (st) {
    return st;
  }

  uint64_t n[N_SPLITS];
  uint64_t n_steps[N_SPLITS];
  count_split(&job->set, SPLIT_TRAIN, &n[0], &n_steps[0]);
  count_split(&job->set, SPLIT_HELD_OUT, &n[1], &n_steps[1]);
  if (!n[0] && !n[1]) {
    return trouble_say(trouble,
                       STATUS_NO_FILE,
                       "\"%s\" holds nothing to learn %s from",
                       job->args.corpus,
                       s->name);
  }
  if (!n[0]) {
    fprintf(stderr,
            "All pieces fell into the held-out split: they are learned "
            "from, and nothing is held out.\n");
    for (uint32_t i = 0U; i < job->set.n_sequences; ++i) {
      job->set.sequence[i].split = SPLIT_TRAIN;
    }
    for (uint32_t i = 0U; i < job->corpus->n_pieces; ++i) {
      job->corpus->pieces[i].split = SPLIT_TRAIN;
    }
  } else if (!n[1]) {
    fprintf(stderr,
            "No piece fell into the held-out split: there is no early "
            "stopping, and the figures are of the training music.\n");
  }
  fprintf(stderr,
          "%s: %llu sequences of %llu steps to learn from, %llu of %llu held "
          "out\n",
          s->name,
          (unsigned long long)n[0],
          (unsigned long long)n_steps[0],
          (unsigned long long)n[1],
          (unsigned long long)n_steps[1]);
  return STATUS_SUCCESS;
}

/// What the figures are measured on: held-out music, or else training music
static Status
choose_list(Job* const job)
{
  const uint64_t most = job->args.train.n_held_out;
  Status         st =
    held_out_choose(&job->set, SPLIT_HELD_OUT, most, &job->list, &job->n_list);
  job->figures.is_held_out = job->n_list > 0U;
  if (!st && !job->n_list) {
    free(job->list);
    job->list = NULL;
    st =
      held_out_choose(&job->set, SPLIT_TRAIN, most, &job->list, &job->n_list);
  }
  job->figures.n_sequences = job->n_list;
  return st;
}

static Status
measure_ngram(const Job* const job, const uint32_t n, Score* const score)
{
  Ngram*       ngram = NULL;
  const Status st    = ngram_new(&job->set, n, &ngram);
  if (!st) {
    ngram_evaluate(ngram, job->list, job->n_list, score);
  }
  ngram_free(ngram);
  return st;
}

static Status
measure_ngrams(Job* const job, Trouble* const trouble)
{
  Status st = choose_list(job);
  st        = st ? st : measure_ngram(job, 1U, &job->figures.unigram);
  st        = st ? st : measure_ngram(job, 3U, &job->figures.trigram);
  st        = st ? st : measure_ngram(job, 5U, &job->figures.fivegram);
  if (st) {
    return trouble_say(trouble, st, "No memory to count n-grams");
  }
  fprintf(stderr,
          "unigram %.4f, trigram %.4f, 5-gram %.4f nats per event\n",
          score_loss(&job->figures.unigram),
          score_loss(&job->figures.trigram),
          score_loss(&job->figures.fivegram));
  return STATUS_SUCCESS;
}

/// Go on from a checkpoint of the same run; put one of another run aside
static Status
resume(Job* const job, const char* const path, Trouble* const trouble)
{
  Trouble why = {""};
  if (access(path, F_OK)) {
    return STATUS_SUCCESS;
  }

  const Status st = job->args.is_fresh
                      ? STATUS_MISMATCH
                      : trainer_resume(job->trainer, path, &why);
  if (!st) {
    fprintf(stderr,
            "Going on from step %llu of \"%s\"\n",
            (unsigned long long)trainer_state(job->trainer)->n_steps,
            path);
    return STATUS_SUCCESS;
  }
  if (st == STATUS_NO_MEM) {
    return trouble_say(trouble, st, "%s", why.text);
  }

  char aside[MAX_PATH + 8U];
  snprintf(aside, sizeof(aside), "%s.aside", path);
  if (rename(path, aside)) {
    return trouble_say(trouble,
                       STATUS_NO_WRITE,
                       "Cannot move \"%s\": %s",
                       path,
                       strerror(errno));
  }
  fprintf(stderr,
          "%s%sIt was moved to \"%s\"; beginning anew.\n",
          why.text,
          why.text[0] ? ". " : "",
          aside);
  return STATUS_SUCCESS;
}

/// Take over what another model knows, if that was asked for
static Status
begin_from(Job* const job, Trouble* const trouble)
{
  const char* const path  = job->args.from;
  Model*            model = NULL;
  if (!path) {
    return STATUS_SUCCESS;
  }
  Status st = model_load(path, &model, trouble);
  st        = st ? st : trainer_begin_from(job->trainer, model, trouble);
  model_free(model);
  return st;
}

static Status
run_trainer(Job* const job, TrainerEnd* const end, Trouble* const trouble)
{
  const Arguments* const a = &job->args;
  char                   checkpoint[MAX_PATH];
  char                   log[MAX_PATH];
  char                   curve[MAX_PATH];
  char                   title[64];
  join(checkpoint, a->work, "checkpoint", ".safetensors");
  join(log, a->work, "train", ".tsv");
  join(curve, a->work, "loss", ".png");
  snprintf(title, sizeof(title), "Learning %s", a->subject->name);

  Status st = trainer_new(&job->set, &a->train, &job->trainer, trouble);
  st        = st ? st : begin_from(job, trouble);
  st        = st ? st : resume(job, checkpoint, trouble);
  if (st) {
    return st;
  }

  const TrainerTraces traces = {checkpoint,
                                log,
                                curve,
                                title,
                                score_loss(&job->figures.trigram),
                                score_loss(&job->figures.fivegram)};
  fprintf(stderr,
          "%zu weights, %llu steps planned, OpenBLAS for %s\n",
          trainer_layout(job->trainer)->n_weights,
          (unsigned long long)trainer_n_steps(job->trainer),
          blas_core());

  Progress progress;
  progress_init(&progress, stderr);
  return trainer_run(
    job->trainer, &traces, &progress, &stop_asked, end, trouble);
}

/// Styles that the model knows, in the order of its inputs
static void
style_symbols(char* const to, const size_t room)
{
  size_t n = 0U;
  to[0]    = '\0';
  for (int i = 0; i < N_STYLES && n < room; ++i) {
    n += (size_t)snprintf(
      to + n, room - n, "%s%s", i ? "," : "", style_row((Style)i)->symbol);
  }
}

#define N_TEXTS 13U

/// Texts of a model file, and room for those that are numbers
typedef struct {
  ModelText text[N_TEXTS];
  char      room[N_TEXTS][MAX_COMMAND];
  uint32_t  n;
} Texts;

static void
add_text(Texts* const texts, const char* const key, const char* const text)
{
  char* const room = texts->room[texts->n];
  snprintf(room, sizeof(texts->room[0]), "%s", text);
  texts->text[texts->n].key    = key;
  texts->text[texts->n++].text = room;
}

static void
add_loss(Texts* const texts, const char* const key, const Score* const score)
{
  char text[32];
  snprintf(text, sizeof(text), "%.6f", score_loss(score));
  add_text(texts, key, text);
}

static void
list_texts(const Job* const job, Texts* const texts)
{
  const Arguments* const a = &job->args;
  char                   text[512];
  texts->n = 0U;
  add_text(texts, "kind", a->subject->is_gate ? "gate" : "generator");
  add_text(texts, "part", a->subject->part == PART_MELODY ? "melody" : "drums");
  snprintf(text, sizeof(text), "%u", VOCAB_VERSION);
  add_text(texts, "vocab_version", text);
  style_symbols(text, sizeof(text));
  add_text(texts, "styles", text);
  add_text(texts, "card_command", a->command);
  snprintf(text, sizeof(text), "%llu", (unsigned long long)a->train.seed);
  add_text(texts, "card_seed", text);
  snprintf(text,
           sizeof(text),
           "%llu",
           (unsigned long long)job->figures.float_net.n_events);
  add_text(texts, "card_events", text);
  add_loss(texts, "card_loss_float", &job->figures.float_net);
  add_loss(texts, "card_loss_int8", &job->figures.int8_net);
  add_loss(texts, "card_loss_unigram", &job->figures.unigram);
  add_loss(texts, "card_loss_trigram", &job->figures.trigram);
  add_loss(texts, "card_loss_5gram", &job->figures.fivegram);
}

/// The int8 net, with or without what is only known once it was measured
static Status
round_model(Job* const job, Trouble* const trouble)
{
  Texts texts;
  list_texts(job, &texts);
  net_free(job->net);
  model_free(job->model);
  job->net   = NULL;
  job->model = NULL;

  const Status st = round_net(trainer_layout(job->trainer),
                              trainer_state(job->trainer)->best,
                              texts.text,
                              texts.n,
                              &job->model);
  return st ? trouble_say(trouble,
                          st,
                          "The net cannot be rounded to int8: %s",
                          status_text(st))
            : net_new(job->model, &job->net, trouble);
}

static Status
measure_int8(Job* const job, Trouble* const trouble)
{
  const Status st = round_evaluate(job->net,
                                   &job->set,
                                   job->list,
                                   job->n_list,
                                   job->args.train.n_threads,
                                   &job->figures.int8_net);
  return st ? trouble_say(trouble,
                          st,
                          "The int8 net cannot be measured: %s",
                          status_text(st))
            : STATUS_SUCCESS;
}

/// Say what a gate makes of whole phrases, and keep it for its card
static Status
report_gate(Job* const job, const char* const path, Trouble* const trouble)
{
  return job->args.subject->is_gate
           ? gate_report(path, &job->set, job->gate, stdout, trouble)
           : STATUS_SUCCESS;
}

/// Give the model an index, and keep what is to be said of it
static Status
put_quotes(Job* const job, const QuotesIndex* const index)
{
  Model*       with = NULL;
  const Status st   = quotes_index_put(index, job->model, &with);
  if (st) {
    return st;
  }

  net_free(job->net); // It has views of the old model
  model_free(job->model);
  job->net   = NULL;
  job->model = with;
  if (index->n_grams) {
    quotes_index_tell(index, job->quotes, sizeof(job->quotes));
  }
  fprintf(stderr,
          "Index of quotes: %u grams of %u files, %zu bytes\n",
          index->n_grams,
          index->n_files,
          quotes_index_size(index));
  return st;
}

/// Give a melody's gate the index of what it is to refuse
static Status
add_quotes(Job* const job, Trouble* const trouble)
{
  QuotesIndex index = {0};
  if (!job->args.subject->is_gate || job->args.subject->part != PART_MELODY) {
    return STATUS_SUCCESS;
  }

  Status st = quotes_index_new(job->corpus, &index);
  if (!st && !index.n_grams && job->args.index) {
    st = trouble_say(trouble,
                     STATUS_NO_FILE,
                     "\"%s\" holds no melody to learn from that could be "
                     "quoted",
                     job->args.corpus);
  } else {
    st = st ? st : put_quotes(job, &index);
    if (st) {
      (void)trouble_say(
        trouble, st, "The index of quotes cannot be made: %s", status_text(st));
    }
  }
  quotes_index_clear(&index);
  return st;
}

static Status
write_model(Job* const job, Trouble* const trouble)
{
  const Arguments* const  a      = &job->args;
  const Checkpoint* const state  = trainer_state(job->trainer);
  const Layout* const     layout = trainer_layout(job->trainer);
  char                    path[MAX_PATH];
  join(path, a->output, a->subject->name, ".safetensors");
  Status st = model_save(path, job->model, trouble);
  if (st) {
    return st;
  }
  fprintf(stderr, "Wrote %s\n", path);
  if ((st = report_gate(job, path, trouble))) {
    return st;
  }

  const Card card = {
    .name      = a->subject->name,
    .part      = a->subject->part,
    .is_gate   = a->subject->is_gate,
    .corpus    = job->corpus,
    .map       = a->map,
    .set       = &job->set,
    .command   = a->command,
    .seed      = a->train.seed,
    .id        = model_id(job->model),
    .n_steps   = trainer_n_steps(job->trainer),
    .best_step = state->best_step,
    .n_hidden  = layout->shape.n_hidden,
    .n_layers  = layout->shape.n_layers,
    .is_normed = layout->shape.is_normed != 0U,
    .n_weights = layout->n_weights,
    .figures   = &job->figures,
    .gate = a->subject->is_gate && job->figures.is_held_out ? job->gate : NULL,
    .quotes = job->quotes[0] ? job->quotes : NULL,
  };
  join(path, a->output, a->subject->name, ".card.md");
  return card_save(path, &card, trouble);
}

static void
print_figures(const Job* const job)
{
  const Figures* const f = &job->figures;
  printf("%s: %llu %s events\n",
         job->args.subject->name,
         (unsigned long long)f->int8_net.n_events,
         f->is_held_out ? "held-out" : "training");
  if (f->has_float) {
    printf("  float    %.4f nats per event\n", score_loss(&f->float_net));
  }
  printf("  int8     %.4f", score_loss(&f->int8_net));
  if (f->has_float) {
    printf("  (rounding costs %.2f %%)", figures_cost(f));
  }
  printf("\n  5-gram   %.4f\n  trigram  %.4f\n  unigram  %.4f\n",
         score_loss(&f->fivegram),
         score_loss(&f->trigram),
         score_loss(&f->unigram));
  for (uint32_t g = 0U; g < SCORE_MAX_GROUPS; ++g) {
    if (f->int8_net.group_events[g]) {
      printf("  %-20s %8llu events  int8 %.4f  5-gram %.4f  trigram %.4f\n",
             card_group_name(g, job->args.subject->is_gate),
             (unsigned long long)f->int8_net.group_events[g],
             score_group(&f->int8_net, g),
             score_group(&f->fivegram, g),
             score_group(&f->trigram, g));
    }
  }
}

/// Round what was learned, measure it beside the others, write it down
static Status
finish(Job* const job, Trouble* const trouble)
{
  fprintf(stderr, "Rounding to int8 and measuring ...\n");
  trainer_evaluate(job->trainer,
                   trainer_state(job->trainer)->best,
                   job->list,
                   job->n_list,
                   &job->figures.float_net);
  job->figures.has_float = true;

  Status st = round_model(job, trouble);
  st        = st ? st : measure_int8(job, trouble);
  st        = st ? st : round_model(job, trouble); // Now with its figures
  st        = st ? st : add_quotes(job, trouble);
  st        = st ? st : write_model(job, trouble);
  if (!st) {
    print_figures(job);
  }
  return st;
}

/// Read the corpus with its report in the work folder
static Status
read_with_report(Job* const job, Trouble* const trouble)
{
  char path[MAX_PATH];
  join(path, job->args.work, "corpus", ".txt");
  FILE* const report = fopen(path, "w");
  if (!report) {
    return trouble_say(trouble,
                       STATUS_NO_WRITE,
                       "Cannot write \"%s\": %s",
                       path,
                       strerror(errno));
  }

  Status     st     = read_corpus(job, report, trouble);
  const bool failed = ferror(report) != 0;
  if ((fclose(report) || failed) && !st) {
    st = trouble_say(trouble,
                     STATUS_NO_WRITE,
                     "Cannot write \"%s\": %s",
                     path,
                     strerror(errno));
  }
  if (!st) {
    fprintf(stderr,
            "%u pieces; %u files gave nothing; \"%s\" says why\n",
            job->corpus->n_pieces,
            job->corpus->n_left,
            path);
  }
  return st;
}

static int
fail(const Trouble* const trouble, const Status st)
{
  fprintf(stderr,
          "perpetuo-train: %s.\n",
          trouble->text[0] ? trouble->text : status_text(st));
  return EXIT_FAILURE;
}

static int
run_training(Job* const job)
{
  Trouble    trouble = {""};
  TrainerEnd end     = END_PLANNED;
  Status     st      = cli_make_folders(job->args.work, &trouble);
  st                 = st ? st : cli_make_folders(job->args.output, &trouble);
  st                 = st ? st : read_with_report(job, &trouble);
  st                 = st ? st : make_dataset(job, &trouble);
  st                 = st ? st : measure_ngrams(job, &trouble);
  if (!st) {
    catch_signals();
    st = run_trainer(job, &end, &trouble);
  }
  if (!st && end == END_INTERRUPTED) {
    fprintf(stderr,
            "Stopped at step %llu; the same command goes on from there.\n",
            (unsigned long long)trainer_state(job->trainer)->n_steps);
    return EXIT_STOPPED;
  }
  if (!st && end == END_PATIENCE) {
    fprintf(stderr, "Held-out loss has stopped falling.\n");
  }
  st = st ? st : finish(job, &trouble);
  return st ? fail(&trouble, st) : EXIT_SUCCESS;
}

/// Take part, kind and seed from the model's metadata
static Status
subject_of_model(Job* const job, const char* const path, Trouble* const trouble)
{
  const char* const part = model_text(job->model, "part");
  const char* const kind = model_text(job->model, "kind");
  const char* const seed = model_text(job->model, "card_seed");
  char              name[64];
  snprintf(name,
           sizeof(name),
           "%s%s",
           kind && !strcmp(kind, "gate") ? "gate_" : "",
           part ? part : "");
  job->args.subject = find_subject(name);
  if (!job->args.subject) {
    return trouble_say(trouble,
                       STATUS_MISMATCH,
                       "\"%s\" does not say which part it is for",
                       path);
  }
  if (seed && !parse_count(seed, sizeof(uint64_t), &job->args.train.seed)) {
    return trouble_say(
      trouble, STATUS_BAD_FILE, "The seed of \"%s\" is no number", path);
  }
  return STATUS_SUCCESS;
}

static int
run_evaluation(Job* const job)
{
  Trouble trouble = {""};
  Status  st      = model_load(job->args.evaluate, &job->model, &trouble);
  st              = st ? st : net_new(job->model, &job->net, &trouble);
  st = st ? st : subject_of_model(job, job->args.evaluate, &trouble);
  st = st ? st : read_corpus(job, NULL, &trouble);
  st = st ? st : make_dataset(job, &trouble);
  st = st ? st : measure_ngrams(job, &trouble);
  st = st ? st : measure_int8(job, &trouble);
  if (st) {
    return fail(&trouble, st);
  }

  print_figures(job);
  if ((st = report_gate(job, job->args.evaluate, &trouble))) {
    return fail(&trouble, st);
  }
  const char* const stated = model_text(job->model, "card_loss_int8");
  if (stated) {
    printf("its card says int8 %s over %s events\n",
           stated,
           model_text(job->model, "card_events")
             ? model_text(job->model, "card_events")
             : "unknown");
  }
  return EXIT_SUCCESS;
}

/// Tell the card that lies beside a model of its new index
static Status
change_card(const Job* const job, const uint64_t old_id, Trouble* const trouble)
{
  static const char ending[] = ".safetensors";
  const char* const model    = job->args.index;
  const size_t      n        = strlen(model);
  const size_t      n_ending = sizeof(ending) - 1U;
  const bool has_ending = n > n_ending && !strcmp(model + n - n_ending, ending);

  char path[MAX_PATH];
  snprintf(path,
           sizeof(path),
           "%.*s.card.md",
           (int)(has_ending ? n - n_ending : n),
           model);
  if (access(path, F_OK)) {
    fprintf(stderr, "There is no card \"%s\" to tell of it.\n", path);
    return STATUS_SUCCESS;
  }
  return card_change(path, old_id, model_id(job->model), job->quotes, trouble);
}

/// Give a gate that is there the index of a corpus, and learn nothing
static int
run_index(Job* const job)
{
  const char* const path    = job->args.index;
  Trouble           trouble = {""};
  uint64_t          old_id  = 0U;
  Status            st      = model_load(path, &job->model, &trouble);
  st                        = st ? st : subject_of_model(job, path, &trouble);
  if (!st &&
      (!job->args.subject->is_gate || job->args.subject->part != PART_MELODY)) {
    st = trouble_say(&trouble,
                     STATUS_MISMATCH,
                     "\"%s\" is no melody's gate, and only that has an index",
                     path);
  }
  st = st ? st : read_corpus(job, NULL, &trouble);
  if (!st) {
    old_id = model_id(job->model);
    st     = add_quotes(job, &trouble);
  }
  st = st ? st : model_save(path, job->model, &trouble);
  st = st ? st : change_card(job, old_id, &trouble);
  if (st) {
    return fail(&trouble, st);
  }
  printf("%s: id %016llx\n", path, (unsigned long long)model_id(job->model));
  return EXIT_SUCCESS;
}

static int
run_list(Job* const job)
{
  Trouble      trouble = {""};
  const Status st      = read_corpus(job, stdout, &trouble);
  if (st) {
    return fail(&trouble, st);
  }
  printf("%u pieces; %u files gave nothing\n",
         job->corpus->n_pieces,
         job->corpus->n_left);
  return EXIT_SUCCESS;
}

static int
run_styles(Job* const job)
{
  Trouble      trouble = {""};
  const Status st      = read_corpus(job, NULL, &trouble);
  if (st) {
    return fail(&trouble, st);
  }
  style_table_print(job->corpus, stdout);
  return EXIT_SUCCESS;
}

static int
run_progressions(Job* const job)
{
  Trouble trouble = {""};
  Status  st      = read_corpus(job, NULL, &trouble);
  st              = st ? st : progressions_print(job->corpus, stdout);
  return st ? fail(&trouble, st) : EXIT_SUCCESS;
}

/// The folder that a file is in: a gate is measured on phrases by the model
/// beside it, as it was when it learned
static void
folder_of(char to[MAX_PATH], const char* const path)
{
  const char* const slash = strrchr(path, '/');
  const int         n     = slash ? (int)(slash - path) : 0;
  snprintf(to, MAX_PATH, "%.*s", slash ? (n ? n : 1) : 1, slash ? path : ".");
}

int
main(int argc, char** argv)
{
  Job job;
  memset(&job, 0, sizeof(job));
  Arguments* const a = &job.args;
  a->train           = train_options_default();

  Trouble trouble = {""};
  if (parse_arguments(a, argc, argv, &trouble)) {
    fprintf(stderr, "perpetuo-train: %s.\n", trouble.text);
    return EXIT_USAGE;
  }
  if (a->is_help) {
    return cli_end_output("perpetuo-train", EXIT_SUCCESS);
  }

  char work[MAX_PATH];
  if (!a->work) {
    join(work, "build/train", a->subject_name ? a->subject_name : "any", "");
    a->work = work;
  }
  char output[MAX_PATH] = "models";
  if (!a->output) {
    if (a->evaluate) {
      folder_of(output, a->evaluate);
    }
    a->output = output;
  }
  settle_blas(argv);
  if (!a->is_eager) {
    give_way();
  }
  keep_command(a, argc, argv);

  const int result = a->is_list           ? run_list(&job)
                     : a->is_progressions ? run_progressions(&job)
                     : a->is_styles       ? run_styles(&job)
                     : a->evaluate        ? run_evaluation(&job)
                     : a->index           ? run_index(&job)
                                          : run_training(&job);
  job_clear(&job);
  return cli_end_output("perpetuo-train", result);
}
