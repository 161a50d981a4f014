// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What phrases cost, what the steps of their nets cost alone, and how long a
/// locate waits

#include "compose/composer.h"
#include "music/mix.h"
#include "music/style.h"
#include "nn/model_file.h"
#include "nn/net.h"
#include "tools/bench/race.h"
#include "tools/host.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECTION "phrase"
#define MODELS "models"
#define BUNDLE "build/perpetuo.lv2"
#define N_PHRASES 48U
#define PHRASE_BARS 4
#define N_LOCATES 48U
#define BLOCK 128U
#define RATE_HZ 48000.0
#define SIDE 8U
#define MAX_NETS 4U
#define MAX_HOT 32U
#define MAX_OUT 128U

// ------------------------------------------------------------ counting steps

/// Steps of sequences that a net has made, by its size, which tells them apart
typedef struct {
  NetShape shape;
  uint64_t n_sequences;
} Count;

static Count counts[MAX_NETS];

/// The engine's own, which the linker put the next one before
void
__real_net_step(const Net*      net,
                NetState*       state,
                const uint16_t* hot,
                float*          logits);

void
__wrap_net_step(const Net*      net,
                NetState*       state,
                const uint16_t* hot,
                float*          logits);

void
__wrap_net_step(const Net* const      net,
                NetState* const       state,
                const uint16_t* const hot,
                float* const          logits)
{
  const NetShape* const shape = net_shape(net);
  for (uint32_t i = 0U; i < MAX_NETS; ++i) {
    if (!counts[i].n_sequences) {
      counts[i].shape = *shape;
    }
    if (!memcmp(&counts[i].shape, shape, sizeof(*shape))) {
      counts[i].n_sequences += net_state_n(state);
      break;
    }
  }
  __real_net_step(net, state, hot, logits);
}

// ------------------------------------------------------------- steps alone

/// A shipped net that steps in lock-step
typedef struct {
  const Net* net;
  NetState*  state;
  uint16_t   hot[SIDE * MAX_HOT];
  float      logits[SIDE * MAX_OUT];
} Stepper;

static void
step(void* const what)
{
  Stepper* const s = (Stepper*)what;
  __real_net_step(s->net, s->state, s->hot, s->logits);
}

/// Seconds that a sequence's step takes, eight in lock-step
static double
step_time(const Net* const net)
{
  static Stepper        s;
  Spread                spread  = {0.0, 0.0, 0.0, 0.0, 0U};
  RaceOptions           options = race_options();
  const NetShape* const shape   = net_shape(net);
  options.turn_s                = 0.002;
  s.net                         = net;
  s.state                       = net_state_new(net, SIDE);
  if (s.state) {
    for (uint32_t i = 0U; i < SIDE * shape->n_hot; ++i) {
      s.hot[i] = (uint16_t)(i * 37U % shape->n_hot_inputs);
    }
    const Contestant c = {"step", step, &s, SIDE};
    race(options, &c, 1U, &spread);
  }
  net_state_free(s.state);
  return spread.median;
}

/// Seconds that the steps would take that were counted of a net, at the rate of
/// eight in lock-step
static double
time_of_net(const Net* const net)
{
  uint64_t n = 0U;
  for (uint32_t i = 0U; i < MAX_NETS; ++i) {
    n += memcmp(&counts[i].shape, net_shape(net), sizeof(NetShape))
           ? 0U
           : counts[i].n_sequences;
  }
  return (double)n * step_time(net);
}

/// The same of all nets
static double
time_of_counts(void)
{
  static const char* const names[] = {
    "melody", "drums", "gate_melody", "gate_drums"};

  double sum = 0.0;
  for (uint32_t n = 0U; n < sizeof(names) / sizeof(names[0]); ++n) {
    Trouble trouble = {""};
    Model*  model   = NULL;
    Net*    net     = NULL;
    char    path[256];
    (void)snprintf(path, sizeof(path), "%s/%s.safetensors", MODELS, names[n]);
    if (!model_load(path, &model, &trouble) &&
        !net_new(model, &net, &trouble)) {
      sum += time_of_net(net);
    }
    net_free(net);
    model_free(model);
  }
  return sum;
}

// -------------------------------------------------------------------- phrases

static Request
any_request(const uint32_t i, const uint32_t n_candidates)
{
  const Metre metre   = {4U, 4U};
  Request     request = {PART_MELODY, 0, metre, 0U, {0}};
  mix_init(&request.mix);
  memset(request.mix.style, 0, sizeof(request.mix.style));
  request.mix.style[i % N_STYLES] = 100U;
  request.mix.seed                = 100U + i / N_STYLES;
  request.mix.phrase_bars         = PHRASE_BARS;
  request.mix.candidates          = (uint8_t)n_candidates;
  request.i_phrase                = (int32_t)(i * 5U % 32U);
  return request;
}

/// Phrases of both parts as they come out of a composer that has not been asked
/// for anything near them: themes, further rounds and all
static void
time_phrases(const uint32_t n_candidates)
{
  static Phrase phrase;
  double        figures[N_PHRASES];
  double        total = 0.0;
  Composer*     composer;
  Trouble       trouble = {""};
  char          name[96];
  memset(counts, 0, sizeof(counts));
  for (uint32_t i = 0U; i < N_PHRASES; ++i) {
    composer = NULL;
    if (composer_new(MODELS, NULL, &composer, &trouble)) {
      race_skip(SECTION, "phrases", trouble.text);
      return;
    }

    Request      request = any_request(i, n_candidates);
    const double start   = race_now(false);
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      request.part = (Part)part;
      composer_compose(composer, &request, &phrase);
    }
    figures[i] = race_now(false) - start;
    total += figures[i];
    composer_free(composer);
  }

  const double alone = time_of_counts();
  (void)snprintf(
    name, sizeof(name), "four bars of both parts, %u candidates", n_candidates);
  race_print(SECTION, name, "ms", 1e3, race_spread(figures, N_PHRASES));
  (void)snprintf(
    name, sizeof(name), "the slowest, %u candidates", n_candidates);
  race_print_figure(SECTION, name, "ms", 1e3 * figures[N_PHRASES - 1U]);
  (void)snprintf(name, sizeof(name), "on average, %u candidates", n_candidates);
  race_print_figure(SECTION, name, "ms", 1e3 * total / N_PHRASES);
  (void)snprintf(
    name, sizeof(name), "its steps in lock-step, %u candidates", n_candidates);
  race_print_figure(SECTION, name, "ms", 1e3 * alone / N_PHRASES);
}

// -------------------------------------------------------------------- locates

static void
sleep_until(const double when)
{
  const double left = when - race_now(true);
  if (left > 0.0) {
    const struct timespec t = {(time_t)left,
                               (long)((left - (double)(time_t)left) * 1e9)};
    (void)nanosleep(&t, NULL);
  }
}

/// Blocks in real time until the worker has done `n_wanted` jobs, and then the
/// one that takes the last answer in; or for `n_most` blocks.  @return Seconds.
static double
roll(Host* const host, const uint32_t n_wanted, const uint32_t n_most)
{
  const double start   = race_now(true);
  bool         is_over = false;
  double       took    = 0.0;
  for (uint32_t i = 1U; !is_over && i <= n_most; ++i) {
    is_over = host_n_works(host) >= n_wanted;
    host_run(host, BLOCK);
    took = race_now(true) - start;
    sleep_until(start + i * (BLOCK / RATE_HZ));
  }
  return took;
}

static void
time_locates(void)
{
  HostSetup setup   = host_setup(BUNDLE, "urn:perpetuo:duo");
  Host*     host    = NULL;
  Trouble   trouble = {""};
  double    figures[N_LOCATES];
  setup.work    = HOST_WORK_THREAD;
  setup.rate_hz = RATE_HZ;
  if (host_new(&setup, &host, &trouble)) {
    race_skip(SECTION, "locates", trouble.text);
    return;
  }

  host_activate(host);
  host_play(host);
  for (uint32_t i = 0U; i < N_LOCATES; ++i) {
    char symbol[64];
    (void)snprintf(symbol,
                   sizeof(symbol),
                   "mix_%s",
                   style_row((Style)(i % N_STYLES))->symbol);
    host_set(host, "mix_house", 0.0f);
    host_set(host, symbol, 100.0f);
    (void)roll(host, UINT32_MAX, 150U); // Until all is quiet
    host_locate_bar(host, 16 + (int32_t)(i * 53U % 384U), 0.0);
    figures[i] = roll(host, host_n_works(host) + N_PARTS, 2000U);
    host_set(host, symbol, 0.0f);
  }
  host_free(host);
  race_print(SECTION,
             "locate, both parts ready",
             "ms",
             1e3,
             race_spread(figures, N_LOCATES));
  race_print_figure(SECTION,
                    "locate, both parts ready, the slowest",
                    "ms",
                    1e3 * figures[N_LOCATES - 1U]);
}

int
main(void)
{
  time_phrases(8U);
  time_phrases(1U);
  time_locates();
  return 0;
}
