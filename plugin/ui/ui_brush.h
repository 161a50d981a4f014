// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What the panels are drawn with: colours, and things that many of them have
#ifndef PERPETUO_PLUGIN_UI_UI_BRUSH_H
#define PERPETUO_PLUGIN_UI_UI_BRUSH_H

#include "music/style.h"
#include "plugin/ui/canvas.h"
#include "plugin/ui/ui_layout.h"
#include "plugin/ui/ui_model.h"
#include "plugin/ui/ui_paint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Longest text of a line
#define BRUSH_LINE 160U

extern const Ink ink_back;
extern const Ink ink_panel;
extern const Ink ink_deep;
extern const Ink ink_lane;
extern const Ink ink_edge;
extern const Ink ink_bar;
extern const Ink ink_beat;
extern const Ink ink_text;
extern const Ink ink_dim;
extern const Ink ink_faint;
extern const Ink ink_knob;
extern const Ink ink_accent;
extern const Ink ink_good;
extern const Ink ink_bad;
extern const Ink ink_quote;
extern const Ink ink_warm;
extern const Ink ink_white;

/// Of the parts and styles
extern const Ink part_inks[N_PARTS];
extern const Ink style_inks[N_STYLES];

/// Whether an item is in a panel
bool
brush_is_in(const Scene* scene, int item, Panel panel);

/// The phrase that is shown of a part, or null
const UiPhrase*
brush_phrase(const Scene* scene, Shown which, Part part);

/// A colour that covers less
Ink
brush_faded(Ink ink, double alpha);

/// The name of a section, as a heading has it
void
brush_section_name(int32_t section, char* text, size_t size);

/// The ground of a panel
void
brush_panel(const Scene* scene, Panel panel, Canvas* canvas);

/// What stands at the top of a panel
void
brush_title(Canvas* canvas, Rect panel, const char* text);

/// What tells that keys go to an item
void
brush_focus(const Scene* scene, int item, Canvas* canvas);

/**
   Break a small text into lines at its spaces.

   @param n_lines Most lines; what is left over is in none.
   @param lines (n_lines + 1) Where each begins, and where the last one ends.
   @return How many.
*/
unsigned
brush_break(Canvas*      canvas,
            const char*  text,
            double       width,
            unsigned     n_lines,
            const char** lines);

/// One of these lines
void
brush_line(Canvas*            canvas,
           Rect               box,
           Ink                ink,
           const char* const* lines,
           unsigned           i);

/// What is being typed
void
brush_entry(const Scene* scene, Rect box, Canvas* canvas);

/// A button with words on it, which may be lit
void
brush_button(const Scene* scene,
             int          item,
             const char*  text,
             bool         is_on,
             bool         is_able,
             Canvas*      canvas);

#endif // PERPETUO_PLUGIN_UI_UI_BRUSH_H
