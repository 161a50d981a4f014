// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Where everything is in the window, in points; a plain value
#ifndef PERPETUO_PLUGIN_UI_UI_LAYOUT_H
#define PERPETUO_PLUGIN_UI_UI_LAYOUT_H

#include "music/part.h"
#include "plugin/ports.h"
#include "plugin/ui/canvas.h"
#include "plugin/ui/ui_controls.h"

#include <stdbool.h>
#include <stdint.h>

/// Areas that are drawn, each as a whole
typedef enum {
  PANEL_TOP,     ///< Name, what is going on, seed, switches
  PANEL_SONG,    ///< Sections and energy of the round of bars
  PANEL_ROLL,    ///< The phrases of now and next
  PANEL_TAKE,    ///< Music to take away
  PANEL_PAD,     ///< The styles laid out
  PANEL_WEIGHTS, ///< And one by one
  PANEL_GATE,    ///< Scores and threshold
  PANEL_GROUPS,  ///< The first of the groups of knobs, from GROUP_SONG on
  N_PANELS = PANEL_GROUPS + N_GROUPS - GROUP_SONG
} Panel;

/// What can be touched
typedef enum {
  ITEM_PORT, ///< A control of its own
  ITEM_DICE,
  ITEM_PAD,
  ITEM_THRESHOLD,
  ITEM_DRAG_PHRASE,
  ITEM_DRAG_BARS,
  ITEM_N_BARS,
  ITEM_SAVE_PHRASE,
  ITEM_SAVE_BARS,
  ITEM_FOLDER,
  N_ITEM_KINDS
} ItemKind;

typedef struct {
  ItemKind  kind;
  PortIndex port; ///< Of ITEM_PORT; others: what they move most
  Panel     panel;
  Rect      box;
} Item;

#define LAYOUT_MAX_ITEMS 72U

/// Phrases that are shown beside each other
typedef enum { SHOW_NOW, SHOW_NEXT, N_SHOWN } Shown;

typedef struct {
  double   w, h;
  unsigned parts; ///< Bit 1 << part for those that are shown
  Rect     panels[N_PANELS];
  uint32_t n_items;
  Item     items[LAYOUT_MAX_ITEMS]; ///< In the order of the Tab key
  Rect     heads[N_SHOWN];          ///< Above the phrases
  Rect     notes[N_SHOWN][N_PARTS]; ///< The phrases; of no width if not shown
  Rect     pad;                     ///< The square of the styles
  Rect     scores;                  ///< The gate's picture, 0 .. 100 %
} Layout;

/// Lay out a window of so many points
void
layout_init(Layout* layout, double w, double h, unsigned parts);

/// Room for a style's name, at the left of its weight
#define LAYOUT_WEIGHT_NAME_W 76.0

/// Where the bar of a weight is in the weight's box
Rect
layout_weight_bar(Rect box);

/// The item at a point, or -1
int
layout_at(const Layout* layout, double x, double y);

/// The item of that kind, of ITEM_PORT that port's; or -1
int
layout_find(const Layout* layout, ItemKind kind, PortIndex port);

#endif // PERPETUO_PLUGIN_UI_UI_LAYOUT_H
