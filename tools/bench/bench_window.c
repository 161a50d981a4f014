// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What the window costs to draw: everything, what moves, and nothing

#include "plugin/ui/ui_view.h"
#include "tests/ui_scene.h"
#include "tools/bench/race.h"

#include <stdio.h>
#include <string.h>

#define SECTION "window"
#define SECOND 1000000

/// A window with music in it, and what becomes of it in a frame
typedef struct {
  double   scale;
  bool     is_changed; ///< Everything looks different in every frame
  bool     is_moving;  ///< The music goes on
  UiModel  model;
  View*    view;
  int64_t  now_us;
  uint32_t n_frames;
  uint32_t n_boxes; ///< Drawn in the last frame
} Frames;

static void
on_set(void* const data, const PortIndex index, const float value)
{
  (void)data;
  (void)index;
  (void)value;
}

static void
on_touch(void* const data, const PortIndex index, const bool is_held)
{
  (void)data;
  (void)index;
  (void)is_held;
}

static void
on_take(void* const data, const TakeKind kind, const uint32_t n_bars)
{
  (void)data;
  (void)kind;
  (void)n_bars;
}

static void
on_folder(void* const data, const char* const text)
{
  (void)data;
  (void)text;
}

static void
on_cursor(void* const data, const CursorLook cursor)
{
  (void)data;
  (void)cursor;
}

static void
on_focus(void* const data, const bool is_wanted)
{
  (void)data;
  (void)is_wanted;
}

/// Move every knob, and let other phrases and another bar be shown
static void
change_all(Frames* const self)
{
  const bool is_odd = self->n_frames & 1U;
  for (unsigned i = PORT_SET_FIRST; i <= PORT_SET_LAST; ++i) {
    const Port   port  = port_at((PortIndex)i);
    const double share = is_odd ? 0.6 : 0.5;
    ui_model_set_port(&self->model,
                      (PortIndex)i,
                      port.minimum +
                        (float)share * (port.maximum - port.minimum));
  }

  TalkMessage message;
  memset(&message, 0, sizeof(message));
  message.kind           = TALK_PLACE;
  message.as.place       = ui_scene_place(3U);
  TalkPlace* const place = &message.as.place;
  place->bar += is_odd ? 1 : 0;
  place->n_late = is_odd ? 1 : 0;
  for (int part = 0; is_odd && part < N_PARTS; ++part) {
    const int32_t now = place->now[part];
    place->now[part]  = place->next[part];
    place->next[part] = now;
  }
  ui_model_hear(&self->model, &message, self->now_us);
  view_set_folder(self->view, is_odd ? "/home/ada/Music" : "/home/ada");
}

static void
draw(void* const what)
{
  Frames* const self = (Frames*)what;
  Rect          boxes[VIEW_MAX_BOXES];
  ++self->n_frames;
  if (self->is_changed) {
    change_all(self);
  }
  if (self->is_moving) { // A frame at 25 a second, and round in the bar
    self->now_us = SECOND + self->n_frames % 20U * 40000;
  }
  self->n_boxes = view_draw(self->view, self->now_us, boxes);
}

static bool
open_view(Frames* const self)
{
  static const ViewCalls calls = {
    NULL, on_set, on_touch, on_take, on_take, on_folder, on_cursor, on_focus};

  self->now_us = SECOND;
  if (!ui_model_init(&self->model)) {
    return false;
  }
  ui_scene_fill(&self->model, 3U);
  self->view = view_new(&self->model, &calls);
  return self->view && view_resize(self->view,
                                   (uint32_t)(VIEW_WIDTH * self->scale),
                                   (uint32_t)(VIEW_HEIGHT * self->scale),
                                   self->scale);
}

int
main(void)
{
  enum { N = 4 };

  static Frames            shown[N] = {{.scale = 1.0, .is_changed = true},
                                       {.scale = 2.0, .is_changed = true},
                                       {.scale = 1.0, .is_moving = true},
                                       {.scale = 1.0}};
  static const char* const names[N] = {"a full redraw, 1x",
                                       "a full redraw, 2x",
                                       "a frame while it plays, 1x",
                                       "a frame when nothing moves"};

  Contestant contestants[N];
  Spread     spreads[N];
  for (unsigned i = 0U; i < N; ++i) {
    if (!open_view(&shown[i])) {
      fprintf(stderr, "bench_window: out of memory\n");
      return 1;
    }
    const Contestant one = {names[i], draw, &shown[i], 1.0};
    contestants[i]       = one;
  }
  race(race_options(), contestants, N, spreads);
  for (unsigned i = 0U; i < N; ++i) {
    race_print(SECTION, names[i], "ms", 1e3, spreads[i]);
  }
  race_print_figure(
    SECTION, "panels drawn when nothing moves", "", (double)shown[3].n_boxes);
  for (unsigned i = 0U; i < N; ++i) {
    view_free(shown[i].view);
    ui_model_clear(&shown[i].model);
  }
  return 0;
}
