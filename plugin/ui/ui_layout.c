// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_layout.h"

#include "music/drum_map.h"
#include "music/style.h"

#include <string.h>

// Points
#define EDGE 10.0
#define GAP 8.0
#define TOP_H 44.0
#define SONG_H 44.0
#define GROUP_H 74.0
#define TITLE_H 16.0
#define TAKE_H 30.0
#define GUTTER_W 66.0 ///< Beside the phrases, for the names of rows
#define WEIGHT_H 13.0
#define WEIGHTS_H (8.0 * WEIGHT_H + 10.0) ///< Two columns
#define SCALE_W 30.0 ///< Beside the scores, for their scale
#define COUNTS_H 34.0

/// The groups at the bottom, in two rows
static const Group rows[2][4] = {
  {GROUP_SONG, GROUP_HARMONY, GROUP_MELODY, GROUP_DRUMS},
  {GROUP_FEEL, GROUP_QUALITY, GROUP_MIDI, GROUP_TIME},
};

static void
add(Layout* const   self,
    const ItemKind  kind,
    const PortIndex port,
    const Panel     panel,
    const Rect      box)
{
  if (self->n_items < LAYOUT_MAX_ITEMS) {
    const Item item              = {kind, port, panel, box};
    self->items[self->n_items++] = item;
  }
}

static void
lay_top(Layout* const self)
{
  const Rect   panel = {0.0, 0.0, self->w, TOP_H};
  const double y     = panel.y + 10.0;
  const double h     = 24.0;
  double       x     = self->w - EDGE;

  self->panels[PANEL_TOP] = panel;

  const Rect on     = {x - 62.0, y, 62.0, h};
  x                 = on.x - GAP;
  const Rect hold   = {x - 70.0, y, 70.0, h};
  x                 = hold.x - GAP;
  const Rect reroll = {x - 116.0, y, 116.0, h};
  x                 = reroll.x - GAP;
  const Rect dice   = {x - 30.0, y, 30.0, h};
  x                 = dice.x - 4.0;
  const Rect seed   = {x - 92.0, y, 92.0, h};
  add(self, ITEM_PORT, PORT_SEED, PANEL_TOP, seed);
  add(self, ITEM_DICE, PORT_SEED, PANEL_TOP, dice);
  add(self, ITEM_PORT, PORT_REROLL, PANEL_TOP, reroll);
  add(self, ITEM_PORT, PORT_HOLD, PANEL_TOP, hold);
  add(self, ITEM_PORT, PORT_ENABLED, PANEL_TOP, on);
}

static void
lay_phrases(Layout* const self, const Rect panel)
{
  const bool has_melody = self->parts & 1U << PART_MELODY;
  const bool has_drums  = self->parts & 1U << PART_DRUMS;

  const double room   = panel.w - GUTTER_W - GAP;
  const double w[]    = {0.58 * (room - GAP), 0.42 * (room - GAP)};
  const double high   = panel.h - TITLE_H - 10.0;
  const double share  = has_melody ? 0.36 : 1.0;
  const double drum_h = has_drums ? share * high : 0.0;
  double       x      = panel.x + GUTTER_W;
  for (unsigned i = 0U; i < N_SHOWN; ++i) {
    const double y      = panel.y + TITLE_H + 4.0;
    const double gap    = has_melody && has_drums ? 6.0 : 0.0;
    const double mel_h  = has_melody ? high - drum_h - gap : 0.0;
    const Rect   head   = {x, panel.y + 2.0, w[i], TITLE_H};
    const Rect   melody = {x, y, has_melody ? w[i] : 0.0, mel_h};
    const Rect   drums  = {x, y + mel_h + gap, has_drums ? w[i] : 0.0, drum_h};
    self->heads[i]      = head;
    self->notes[i][PART_MELODY] = melody;
    self->notes[i][PART_DRUMS]  = drums;
    x += w[i] + GAP;
  }
}

static void
lay_take(Layout* const self, const Rect panel)
{
  const double y = panel.y + 3.0;
  const double h = panel.h - 6.0;
  double       x = panel.x + 8.0;

  const struct {
    ItemKind kind;
    double   w;
    double   gap;
  } cells[] = {
    {ITEM_DRAG_PHRASE, 104.0, 6.0},
    {ITEM_SAVE_PHRASE, 46.0, 16.0},
    {ITEM_DRAG_BARS, 84.0, 4.0},
    {ITEM_N_BARS, 62.0, 6.0},
    {ITEM_SAVE_BARS, 46.0, 16.0},
  };
  for (unsigned i = 0U; i < sizeof(cells) / sizeof(cells[0]); ++i) {
    const Rect box = {x, y, cells[i].w, h};
    add(self, cells[i].kind, PORT_CONTROL, PANEL_TAKE, box);
    x += cells[i].w + cells[i].gap;
  }
  const Rect folder = {x + 18.0, y, panel.x + panel.w - x - 26.0, h};
  add(self, ITEM_FOLDER, PORT_CONTROL, PANEL_TAKE, folder);
}

static void
lay_styles(Layout* const self, const Rect pad, const Rect weights)
{
  const Rect square = {
    pad.x + 8.0, pad.y + TITLE_H + 2.0, pad.w - 16.0, pad.h - TITLE_H - 10.0};
  self->pad = square;
  add(self, ITEM_PAD, PORT_MIX_FIRST, PANEL_PAD, square);

  const double   w      = 0.5 * (weights.w - 16.0 - GAP);
  const unsigned n_rows = N_STYLES / 2U;
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    const Rect box = {weights.x + 8.0 + (i < n_rows ? 0.0 : w + GAP),
                      weights.y + 5.0 + WEIGHT_H * (double)(i % n_rows),
                      w,
                      WEIGHT_H};
    add(self, ITEM_PORT, (PortIndex)(PORT_MIX_FIRST + i), PANEL_WEIGHTS, box);
  }
}

static void
lay_gate(Layout* const self, const Rect panel)
{
  const Rect scores = {panel.x + SCALE_W,
                       panel.y + TITLE_H + 8.0,
                       panel.w - SCALE_W - 46.0,
                       panel.h - TITLE_H - 8.0 - COUNTS_H};
  self->scores      = scores;

  // The handle may be taken anywhere between the scores and the right edge
  const Rect box = {scores.x,
                    scores.y - 6.0,
                    panel.x + panel.w - scores.x - 4.0,
                    scores.h + 12.0};
  add(self, ITEM_THRESHOLD, PORT_GATE, PANEL_GATE, box);
}

/// How much room a control takes beside others: some have long words
static double
share_of(const PortIndex port)
{
  return port == PORT_SCALE ? 1.6 : port == PORT_DRUM_MAP ? 1.2 : 1.0;
}

/// What the controls of a group take
static double
sum_shares(const Group group)
{
  double sum = 0.0;
  for (unsigned i = 0U; i < N_PORTS; ++i) {
    const Control* const control = control_at((PortIndex)i);
    sum +=
      control->kind && control->group == group ? share_of((PortIndex)i) : 0.0;
  }
  return sum;
}

static void
lay_group(Layout* const self, const Group group, const Rect panel)
{
  const Panel  number = (Panel)(PANEL_GROUPS + (group - GROUP_SONG));
  const double cell   = panel.w / sum_shares(group);
  double       x      = panel.x;

  self->panels[number] = panel;
  for (unsigned i = 0U; i < N_PORTS; ++i) {
    const Control* const control = control_at((PortIndex)i);
    if (control->kind && control->group == group) {
      const double w   = cell * share_of((PortIndex)i);
      const Rect   box = {x, panel.y + TITLE_H, w, panel.h - TITLE_H - 2.0};
      add(self, ITEM_PORT, (PortIndex)i, number, box);
      x += w;
    }
  }
}

static void
lay_groups(Layout* const self, double y)
{
  for (unsigned r = 0U; r < 2U; ++r) {
    double sum = 0.0;
    for (unsigned g = 0U; g < 4U; ++g) {
      sum += sum_shares(rows[r][g]);
    }
    const double cell = (self->w - 2.0 * EDGE - 3.0 * GAP) / sum;
    double       x    = EDGE;
    for (unsigned g = 0U; g < 4U; ++g) {
      const double w   = cell * sum_shares(rows[r][g]);
      const Rect   box = {x, y, w, GROUP_H};
      lay_group(self, rows[r][g], box);
      x += w + GAP;
    }
    y += GROUP_H + GAP;
  }
}

void
layout_init(Layout* const  self,
            const double   w,
            const double   h,
            const unsigned parts)
{
  memset(self, 0, sizeof(*self));
  self->w     = w;
  self->h     = h;
  self->parts = parts;

  const double groups_y = h - EDGE - 2.0 * GROUP_H - GAP;
  const double side     = 0.28 * w;
  const double right_w  = side < 280.0 ? 280.0 : side > 360.0 ? 360.0 : side;
  const double left_w   = w - 2.0 * EDGE - GAP - right_w;
  const double right_x  = EDGE + left_w + GAP;
  const double main_y   = TOP_H + SONG_H + 2.0 * GAP;
  const double main_h   = groups_y - GAP - main_y;

  const Rect   song    = {EDGE, TOP_H + 2.0, w - 2.0 * EDGE, SONG_H};
  const Rect   roll    = {EDGE, main_y, left_w, main_h - TAKE_H - GAP};
  const Rect   take    = {EDGE, roll.y + roll.h + GAP, left_w, TAKE_H};
  const double pad_h   = 0.52 * (main_h - WEIGHTS_H - 2.0 * GAP) + 10.0;
  const Rect   pad     = {right_x, main_y, right_w, pad_h};
  const Rect   weights = {right_x, pad.y + pad.h + GAP, right_w, WEIGHTS_H};
  const double gate_y  = weights.y + weights.h + GAP;
  const Rect   gate    = {right_x, gate_y, right_w, main_y + main_h - gate_y};

  self->panels[PANEL_SONG]    = song;
  self->panels[PANEL_ROLL]    = roll;
  self->panels[PANEL_TAKE]    = take;
  self->panels[PANEL_PAD]     = pad;
  self->panels[PANEL_WEIGHTS] = weights;
  self->panels[PANEL_GATE]    = gate;

  lay_top(self);
  lay_phrases(self, roll);
  lay_styles(self, pad, weights);
  lay_gate(self, gate);
  lay_groups(self, groups_y);
  lay_take(self, take);
}

Rect
layout_weight_bar(const Rect box)
{
  const double used = LAYOUT_WEIGHT_NAME_W + 4.0 + 24.0; // The number's room
  const Rect   bar  = {
       box.x + LAYOUT_WEIGHT_NAME_W + 4.0, box.y + 3.0, box.w - used, box.h - 6.0};
  return bar;
}

int
layout_at(const Layout* const self, const double x, const double y)
{
  for (uint32_t i = 0U; i < self->n_items; ++i) {
    if (rect_has(self->items[i].box, x, y)) {
      return (int)i;
    }
  }
  return -1;
}

int
layout_find(const Layout* const self, const ItemKind kind, const PortIndex port)
{
  for (uint32_t i = 0U; i < self->n_items; ++i) {
    if (self->items[i].kind == kind &&
        (kind != ITEM_PORT || self->items[i].port == port)) {
      return (int)i;
    }
  }
  return -1;
}
