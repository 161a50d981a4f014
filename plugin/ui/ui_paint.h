// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Draws the panels of the window: a function of what is known, where it is, and
   what is being touched.

   What a panel shows has a key: as long as that is the same, it need not be
   drawn again.
*/
#ifndef PERPETUO_PLUGIN_UI_UI_PAINT_H
#define PERPETUO_PLUGIN_UI_UI_PAINT_H

#include "plugin/ui/canvas.h"
#include "plugin/ui/style_map.h"
#include "plugin/ui/ui_entry.h"
#include "plugin/ui/ui_layout.h"
#include "plugin/ui/ui_model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// All that a picture depends on besides time
typedef struct {
  const UiModel* model;
  const Layout*  layout;
  int            hovered; ///< Items; -1 for none
  int            held;
  int            focused;     ///< The one that keys go to,
  bool           shows_focus; ///< and whether that is to be seen
  Entry          entry;       ///< Into the focused one
  MapPoint       point;       ///< Where the mix is on the pad
  uint32_t       n_bars;      ///< To be taken away
  const char*    folder;      ///< Where music goes
  const char*    said;        ///< A sentence instead of what is going on, or ""
} Scene;

/// What stands for all that a panel shows, but for what moves with the music
uint64_t
paint_key(const Scene* scene, Panel panel, int64_t now_us);

void
paint_panel(const Scene* scene, Panel panel, int64_t now_us, Canvas* canvas);

/// As paint_key(), for what moves: playhead and notes that sound
uint64_t
paint_moving_key(const Scene* scene, int64_t now_us);

/// Where it is; of no width for nowhere
Rect
paint_moving_box(const Scene* scene, int64_t now_us);

/// Draw that over PANEL_ROLL
void
paint_moving(const Scene* scene, int64_t now_us, Canvas* canvas);

/// Where the tip of an item goes; of no width when it has none
Rect
paint_tip_box(const Scene* scene, int item, Canvas* canvas);

void
paint_tip(const Scene* scene, int item, Rect box, Canvas* canvas);

/// What an item is, in a sentence; "" for nothing to say
void
paint_tip_text(const Scene* scene, int item, char* text, size_t size);

/// The colour between panels
Ink
paint_background(void);

#endif // PERPETUO_PLUGIN_UI_UI_PAINT_H
