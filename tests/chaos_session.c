// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/chaos_session.h"

#include "base/rng.h"
#include "plugin/ports.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Sizes of blocks
enum { SIZE_SAME, SIZE_ANY, SIZE_SMALL, SIZE_ODD, SIZE_TINY, N_SIZES };

enum { MAX_BLOCK = 8192 };

static const struct {
  const char* name;
  unsigned    weight; ///< How often it is drawn
} rows[N_ACTION_KINDS] = {
  [ACTION_RUN]        = {"run", 0U},
  [ACTION_PLAY]       = {"play", 14U},
  [ACTION_STOP]       = {"stop", 5U},
  [ACTION_LOCATE]     = {"locate", 12U},
  [ACTION_LOOP]       = {"loop", 6U},
  [ACTION_NO_LOOP]    = {"no loop", 3U},
  [ACTION_TEMPO]      = {"tempo", 8U},
  [ACTION_METRE]      = {"metre", 6U},
  [ACTION_SPEED]      = {"speed", 2U},
  [ACTION_TELL]       = {"tell", 6U},
  [ACTION_LIE]        = {"lie", 2U},
  [ACTION_CONTROL]    = {"control", 10U},
  [ACTION_PRESET]     = {"preset", 2U},
  [ACTION_CHANNELS]   = {"channels", 4U},
  [ACTION_ENABLED]    = {"enabled", 5U},
  [ACTION_THRU]       = {"thru", 3U},
  [ACTION_REROLL]     = {"reroll", 3U},
  [ACTION_HOLD]       = {"hold", 3U},
  [ACTION_FREE]       = {"free", 3U},
  [ACTION_FREEWHEEL]  = {"freewheel", 3U},
  [ACTION_SAVE]       = {"save", 3U},
  [ACTION_RESTORE]    = {"restore", 4U},
  [ACTION_DEACTIVATE] = {"deactivate", 3U},
  [ACTION_WORK]       = {"work", 7U},
  [ACTION_LOSE]       = {"lose", 2U},
  [ACTION_REFUSE]     = {"refuse", 3U},
  [ACTION_OVERLAP]    = {"overlap", 1U},
  [ACTION_ROOM]       = {"room", 5U},
  [ACTION_MIDI]       = {"midi", 12U},
  [ACTION_NOISE]      = {"noise", 6U},
};

static const char* const restores[N_RESTORES] = {"as saved",
                                                 "with no key",
                                                 "with some keys",
                                                 "with noise for text",
                                                 "with wrong types",
                                                 "with older models",
                                                 "with unknown models",
                                                 "without terminators"};
static const char* const noises[N_NOISES]     = {"random bytes",
                                                 "no sequence",
                                                 "an empty sequence",
                                                 "events out of order",
                                                 "events of wrong sizes",
                                                 "a cut sequence",
                                                 "cut positions",
                                                 "strange atoms"};
static const char* const works[N_WORKS]       = {"inside of the call",
                                                 "after the run",
                                                 "late"};
static const char* const tells[N_TELLS]       = {"in every block",
                                                 "rounded",
                                                 "while rolling",
                                                 "on changes",
                                                 "sparsely",
                                                 "in part",
                                                 "a block late"};
static const char* const lies[N_LIES]         = {"no numbers",
                                                 "huge numbers",
                                                 "random numbers",
                                                 "texts for numbers",
                                                 "nothing",
                                                 "contradictions"};

/// Metres that are learned, and others
static const uint8_t metres[][2] = {{4U, 4U},
                                    {4U, 4U},
                                    {3U, 4U},
                                    {6U, 8U},
                                    {7U, 8U},
                                    {5U, 4U},
                                    {2U, 2U},
                                    {12U, 8U},
                                    {1U, 4U},
                                    {15U, 16U},
                                    {2U, 4U},
                                    {3U, 2U}};

static const uint32_t rooms[] = {0U,
                                 4U,
                                 8U,
                                 16U,
                                 31U,
                                 32U,
                                 33U,
                                 56U,
                                 80U,
                                 104U,
                                 128U,
                                 200U,
                                 512U,
                                 1024U,
                                 4096U,
                                 8447U,
                                 65536U};

/// Numbers of one key, in turn
typedef struct {
  uint64_t key;
  uint32_t i;
} Dice;

static uint32_t
draw(Dice* const self, const uint32_t n)
{
  return rng_below(self->key, self->i++, n);
}

static int32_t
draw_between(Dice* const self, const int32_t low, const int32_t high)
{
  return low + (int32_t)draw(self, (uint32_t)(high - low + 1));
}

static ActionKind
draw_kind(Dice* const dice)
{
  uint32_t sum = 0U;
  for (unsigned i = 0U; i < N_ACTION_KINDS; ++i) {
    sum += rows[i].weight;
  }

  uint32_t at = draw(dice, sum);
  unsigned i  = 0U;
  while (at >= rows[i].weight) {
    at -= rows[i++].weight;
  }
  return (ActionKind)i;
}

/// A run: mostly short, now and then long
static void
draw_run(Dice* const dice, Action* const action)
{
  static const int32_t most[] = {1, 3, 8, 8, 20, 40, 150};

  action->kind = ACTION_RUN;
  action->a    = draw_between(dice, 1, most[draw(dice, 7U)]);
  action->b    = (int32_t)draw(dice, N_SIZES);
  action->c    = (int32_t)draw(dice, 14U);
}

static void
draw_details(Dice* const dice, Action* const action)
{
  const bool is_on = draw(dice, 2U);
  action->a        = is_on;
  switch (action->kind) {
  case ACTION_LOCATE:
    action->a = draw(dice, 12U) ? draw_between(dice, -4, 24)
                                : draw_between(dice, -9000000, 9000000);
    action->b = draw(dice, 3U) ? 0 : (int32_t)draw(dice, 96U * 4U);
    break;
  case ACTION_LOOP:
    action->a = draw_between(dice, 1, 4);
    action->b = draw_between(dice, -2, 12);
    action->c = (int32_t)draw(dice, 2U);
    break;
  case ACTION_TEMPO:
    action->a = draw(dice, 8U) ? draw_between(dice, 600, 2000)
                               : draw_between(dice, 10, 12000);
    break;
  case ACTION_METRE: {
    const uint32_t i = draw(dice, sizeof(metres) / sizeof(metres[0]));
    action->a        = metres[i][0];
    action->b        = metres[i][1];
    break;
  }
  case ACTION_SPEED: {
    static const int32_t speeds[] = {
      100, 100, 100, 50, 25, 200, 300, -100, -50, 0, 1600, 170};
    action->a = speeds[draw(dice, 12U)];
    break;
  }
  case ACTION_TELL:
    action->a = (int32_t)draw(dice, draw(dice, 3U) ? TELL_PART : N_TELLS);
    action->b = (int32_t)draw(dice, 128U);
    break;
  case ACTION_LIE:
    action->a = draw_between(dice, 1, 20);
    action->b = (int32_t)draw(dice, N_LIES);
    break;
  case ACTION_CONTROL:
    action->a = draw_between(dice, PORT_ENABLED, PORT_FREEWHEEL);
    action->b = (int32_t)draw(dice, 24U);
    action->c = draw_between(dice, 0, 1000);
    break;
  case ACTION_CHANNELS:
    action->a = draw_between(dice, 1, 11);
    action->b = draw(dice, 4U) ? draw_between(dice, 1, 11) : action->a;
    break;
  case ACTION_ENABLED:
  case ACTION_THRU:
    action->a = draw(dice, 4U) > 0U;
    break;
  case ACTION_FREE:
    action->a = draw(dice, 4U) == 0U;
    break;
  case ACTION_RESTORE:
    action->a = (int32_t)draw(dice, N_RESTORES);
    break;
  case ACTION_WORK:
    action->a = (int32_t)draw(dice, N_WORKS);
    action->b =
      draw(dice, 8U) ? draw_between(dice, 0, 20) : draw_between(dice, 0, 1000);
    action->c = draw_between(dice, 0, 20);
    break;
  case ACTION_LOSE:
    action->a = draw_between(dice, 1, 2);
    action->b = (int32_t)draw(dice, 2U);
    break;
  case ACTION_REFUSE:
    action->a = draw_between(dice, 1, 30);
    break;
  case ACTION_OVERLAP:
    action->a = draw_between(dice, 1, 60);
    break;
  case ACTION_ROOM:
    action->a =
      (int32_t)(draw(dice, 2U)
                  ? 65536U
                  : rooms[draw(dice, sizeof(rooms) / sizeof(rooms[0]))]);
    break;
  case ACTION_MIDI:
    action->a =
      draw(dice, 10U) ? draw_between(dice, 1, 8) : draw_between(dice, 100, 400);
    break;
  case ACTION_NOISE:
    action->a = (int32_t)draw(dice, N_NOISES);
    break;
  default:
    break;
  }
}

static Setup
draw_setup(Dice* const dice)
{
  static const double rates[] = {
    48000.0, 44100.0, 48000.0, 96000.0, 192000.0, 8000.0, 11025.0};
  Setup setup;
  memset(&setup, 0, sizeof(setup));
  setup.i_plugin   = draw(dice, 5U) % 3U;
  setup.rate_hz    = rates[draw(dice, 7U)];
  setup.has_models = draw(dice, 25U) > 0U;
  setup.has_log    = draw(dice, 8U) > 0U;
  setup.is_mixed   = draw(dice, 6U) == 0U;
  setup.is_blank   = draw(dice, 4U) == 0U;
  setup.bar_type   = draw(dice, 4U);
  setup.beat_type  = draw(dice, 2U);
  return setup;
}

Session
session_new(const uint64_t seed, const uint32_t n_blocks)
{
  Dice     dice = {rng_key(rng_seed(seed), 77U), 0U};
  uint32_t n    = 0U;
  uint32_t room = 64U;
  Session  self = {
     draw_setup(&dice), 0U, (Action*)malloc(room * sizeof(Action))};

  // At times few blocks between the actions, at times many
  for (uint32_t i = 0U; self.actions && n < n_blocks; ++i) {
    if (i == room) {
      room *= 2U;
      Action* const more =
        (Action*)realloc(self.actions, room * sizeof(Action));
      if (!more) {
        session_free(&self);
        break;
      }
      self.actions = more;
    }

    Action* const action = &self.actions[i];
    memset(action, 0, sizeof(*action));
    action->i   = i;
    action->key = rng_key(dice.key, i);
    if (i == 0U) {
      action->kind = ACTION_PLAY;
    } else if (draw(&dice, 2U)) {
      draw_run(&dice, action);
      n += (uint32_t)action->a;
    } else {
      action->kind = draw_kind(&dice);
      draw_details(&dice, action);
    }
    self.n = i + 1U;
  }
  return self;
}

Session
session_day(const uint64_t seed)
{
  enum { RATE = 48000, BLOCKS = 100 };
  const uint32_t n_runs =
    (uint32_t)(24ULL * 3600ULL * RATE / (BLOCKS * MAX_BLOCK));
  Dice    dice          = {rng_key(rng_seed(seed), 24U), 0U};
  Session self          = {draw_setup(&dice), 0U, NULL};
  self.setup.i_plugin   = 0U;
  self.setup.rate_hz    = RATE;
  self.setup.has_models = true;
  self.actions          = (Action*)calloc(2U * n_runs + 2U, sizeof(Action));
  for (; self.actions && self.n < 2U * n_runs + 2U; ++self.n) {
    Action* const action = &self.actions[self.n];
    action->i            = self.n;
    action->key          = rng_key(dice.key, self.n);
    if (self.n % 2U) {
      action->kind = ACTION_RUN;
      action->a    = BLOCKS;
      action->b    = SIZE_SAME;
      action->c    = 13; // 8192 frames
    } else if (self.n % 8U == 0U) {
      action->kind = ACTION_PLAY;
    } else {
      action->kind = draw_kind(&dice);
      draw_details(&dice, action);
    }
  }
  return self;
}

void
session_free(Session* const self)
{
  free(self->actions);
  self->actions = NULL;
  self->n       = 0U;
}

uint32_t
session_block(const Action* const run, const uint32_t i)
{
  const uint32_t power = (uint32_t)run->c; // 0 .. 13
  switch (run->b) {
  case SIZE_SAME:
    return 1U << power;
  case SIZE_ANY:
    return rng_below(run->key, i, MAX_BLOCK + 1);
  case SIZE_SMALL:
    return 16U + rng_below(run->key, i, 1U << (power < 10U ? power : 10U));
  case SIZE_ODD: // Pieces of a whole, as of a host that splits at a point
    return i % 2U ? 256U - rng_below(run->key, i - 1U, 257U)
                  : rng_below(run->key, i, 257U);
  default:
    return rng_below(run->key, i, 4U);
  }
}

bool
tell_is_good(const Tell tell)
{
  return tell < TELL_PART;
}

float
session_value(const Action* const action,
              const float         minimum,
              const float         maximum)
{
  const float share = (float)action->c / 1000.0f;
  switch (action->b) {
  case 0:
    return (float)NAN;
  case 1:
    return (float)INFINITY;
  case 2:
    return -(float)INFINITY;
  case 3:
    return maximum + 1.0f + 1e6f * share;
  case 4:
    return minimum - 1.0f - 1e6f * share;
  case 5:
    return minimum;
  case 6:
    return maximum;
  default:
    return minimum + share * (maximum - minimum);
  }
}

const char*
action_name(const ActionKind kind)
{
  return rows[kind].name;
}

void
action_say(const Action* const action, char* const text, const size_t size)
{
  const int a = action->a;
  const int b = action->b;
  const int c = action->c;
  switch (action->kind) {
  case ACTION_RUN:
    snprintf(text, size, "run %d blocks of", a);
    for (uint32_t i = 0U; i < 5U && i < (uint32_t)a; ++i) {
      const size_t n = strlen(text);
      snprintf(text + n, size - n, " %u", session_block(action, i));
    }
    if (a > 5) {
      const size_t n = strlen(text);
      snprintf(text + n, size - n, " ...");
    }
    return;
  case ACTION_LOCATE:
    snprintf(text, size, "locate to bar %d, beat %.3f", a, b / 96.0);
    return;
  case ACTION_LOOP:
    snprintf(
      text, size, "loop bars %d .. %d%s", b, b + a, c ? ", with overrun" : "");
    return;
  case ACTION_TEMPO:
    snprintf(text, size, "tempo %.1f", a / 10.0);
    return;
  case ACTION_METRE:
    snprintf(text, size, "metre %d/%d from the next bar on", a, b);
    return;
  case ACTION_SPEED:
    snprintf(text, size, "speed %.2f", a / 100.0);
    return;
  case ACTION_TELL:
    snprintf(text,
             size,
             "tell positions %s (fields without %x)",
             tells[a],
             a == TELL_PART ? (unsigned)b : 0U);
    return;
  case ACTION_LIE:
    snprintf(text, size, "lie for %d blocks: %s", a, lies[b]);
    return;
  case ACTION_CONTROL: {
    const Port port = port_at((PortIndex)a);
    snprintf(text,
             size,
             "control %s = %g",
             port.symbol,
             (double)session_value(action, port.minimum, port.maximum));
    return;
  }
  case ACTION_CHANNELS:
    snprintf(text, size, "melody on channel %d, drums on %d", a, b);
    return;
  case ACTION_RESTORE:
    snprintf(text, size, "restore a state %s", restores[a]);
    return;
  case ACTION_WORK:
    snprintf(text, size, "work %s", works[a]);
    if (a == WORK_LATE) {
      snprintf(text, size, "work %d blocks late, answers %d more", b, c);
    }
    return;
  case ACTION_LOSE:
    snprintf(text,
             size,
             "the next %d works %s",
             a,
             b ? "are never done" : "are done, and their answers lost");
    return;
  case ACTION_REFUSE:
    snprintf(text, size, "refuse %d works", a);
    return;
  case ACTION_OVERLAP:
    snprintf(text, size, "a thread does the next work, for %d blocks", a);
    return;
  case ACTION_ROOM:
    snprintf(text, size, "room for %d bytes of output", a);
    return;
  case ACTION_MIDI:
    snprintf(text, size, "%d MIDI messages come in", a);
    return;
  case ACTION_NOISE:
    snprintf(text, size, "the input is damaged: %s", noises[a]);
    return;
  case ACTION_ENABLED:
  case ACTION_THRU:
  case ACTION_HOLD:
  case ACTION_FREE:
  case ACTION_FREEWHEEL:
    snprintf(text, size, "%s %s", rows[action->kind].name, a ? "on" : "off");
    return;
  default:
    snprintf(text, size, "%s", rows[action->kind].name);
  }
}
