// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// The panels, one file for each or for a few that belong together
#ifndef PERPETUO_PLUGIN_UI_UI_PANELS_H
#define PERPETUO_PLUGIN_UI_UI_PANELS_H

#include "plugin/ui/canvas.h"
#include "plugin/ui/ui_paint.h"

#include <stdint.h>

void
paint_top(const Scene* scene, int64_t now_us, Canvas* canvas);

void
paint_song(const Scene* scene, Canvas* canvas);

/// Without what moves
void
paint_roll(const Scene* scene, int64_t now_us, Canvas* canvas);

void
paint_take(const Scene* scene, Canvas* canvas);

void
paint_pad(const Scene* scene, Canvas* canvas);

void
paint_weights(const Scene* scene, Canvas* canvas);

void
paint_gate(const Scene* scene, Canvas* canvas);

/// A group of knobs
void
paint_group(const Scene* scene, Panel panel, Canvas* canvas);

#endif // PERPETUO_PLUGIN_UI_UI_PANELS_H
