// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_brush.h"
#include "plugin/ui/ui_panels.h"

#include "plugin/ui/ui_controls.h"

#include <math.h>
#include <stdio.h>

static const char* const item_tips[N_ITEM_KINDS] = {
  [ITEM_PORT] = "",
  [ITEM_DICE] = "Roll the dice: another seed, another song",
  [ITEM_PAD]  = "Drag the point between the styles: what is near is in the "
                "mix. A double click goes back to house",
  [ITEM_THRESHOLD] =
    "Drag the line: what scores below it is not played. Dots "
    "are candidates, the bar is the one that was taken; a "
    "cross was no phrase, a violet one was a quotation. Below: "
    "tries / rejected",
  [ITEM_DRAG_PHRASE] = "Drag this phrase onto a track or into a folder, as a "
                       "MIDI file",
  [ITEM_DRAG_BARS]   = "Drag the bars that were just played onto a track or "
                       "into a folder, as a MIDI file",
  [ITEM_N_BARS]      = "How many of the last bars to take",
  [ITEM_SAVE_PHRASE] = "Save this phrase as a MIDI file into the folder",
  [ITEM_SAVE_BARS]   = "Save the last bars as a MIDI file into the folder",
  [ITEM_FOLDER]      = "The folder that MIDI files go into. Click to type "
                       "another one",
};

void
paint_tip_text(const Scene* const scene,
               const int          item,
               char* const        text,
               const size_t       size)
{
  const Item* const one = item >= 0 ? &scene->layout->items[item] : NULL;
  if (!one) {
    text[0] = '\0';
  } else if (one->kind == ITEM_PORT) {
    char value[64];
    control_text(one->port, scene->model->ports[one->port], value, 64U);
    (void)snprintf(text,
                   size,
                   "%s%s%s. %s",
                   control_name(one->port),
                   one->port == PORT_REROLL ? "" : ": ",
                   one->port == PORT_REROLL ? "" : value,
                   control_at(one->port)->tip);
  } else {
    (void)snprintf(text, size, "%s", item_tips[one->kind]);
  }
}

#define TIP_W 250.0
#define TIP_LINE 14.0
#define TIP_MAX_LINES 6U

/// The lines of a tip.  @param lines (TIP_MAX_LINES + 1)
static unsigned
break_tip(const char* const  text,
          const char** const lines,
          Canvas* const      canvas)
{
  return brush_break(canvas, text, TIP_W - 16.0, TIP_MAX_LINES, lines);
}

Rect
paint_tip_box(const Scene* const scene, const int item, Canvas* const canvas)
{
  char        text[512];
  const char* lines[TIP_MAX_LINES + 1U];
  Rect        box = {0.0, 0.0, 0.0, 0.0};
  paint_tip_text(scene, item, text, sizeof(text));
  if (!text[0]) {
    return box;
  }

  const Layout* const layout = scene->layout;
  const Rect          at     = layout->items[item].box;
  box.w                      = TIP_W;
  box.h = 10.0 + TIP_LINE * (double)break_tip(text, lines, canvas);
  box.x = at.x + 0.5 * at.w - 0.5 * box.w;
  box.x = box.x < 4.0 ? 4.0 : box.x;
  box.x = box.x + box.w > layout->w - 4.0 ? layout->w - 4.0 - box.w : box.x;

  // The weights are gone through one by one: beside them, it hides none
  if (layout->items[item].panel == PANEL_WEIGHTS) {
    box.x = floor(layout->panels[PANEL_WEIGHTS].x - 4.0 - box.w);
    box.y = floor(at.y);
    return box;
  }

  // Below it, or above where there is no room; whole points: no smear
  const double below = at.y + at.h + 4.0;
  const double above = at.y - 4.0 - box.h;
  box.x              = floor(box.x);
  box.y = floor(below + box.h < layout->h || above < 0.0 ? below : above);
  if (box.y + box.h > layout->h) {
    box.y = floor(at.y + 0.5 * (at.h - box.h));
  }
  return box;
}

void
paint_tip(const Scene* const scene,
          const int          item,
          const Rect         box,
          Canvas* const      canvas)
{
  char        text[512];
  const char* lines[TIP_MAX_LINES + 1U];
  paint_tip_text(scene, item, text, sizeof(text));
  const unsigned n = break_tip(text, lines, canvas);

  canvas_fill(canvas, box, ink_edge);
  const Rect inside = {box.x + 1.0, box.y + 1.0, box.w - 2.0, box.h - 2.0};
  canvas_fill(canvas, inside, ink_deep);
  for (unsigned i = 0U; i < n; ++i) {
    const Rect at = {
      box.x + 8.0, box.y + 5.0 + TIP_LINE * (double)i, box.w - 12.0, TIP_LINE};
    brush_line(canvas, at, ink_text, lines, i);
  }
}
