// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_view.h"

#include "base/rng.h"
#include "music/style.h"
#include "plugin/ui/style_map.h"
#include "plugin/ui/ui_controls.h"
#include "plugin/ui/ui_entry.h"
#include "plugin/ui/ui_key.h"
#include "plugin/ui/ui_layout.h"
#include "plugin/ui/ui_paint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// The pointer rests so long before a tip comes
#define TIP_US 600000

/// A sentence is shown for so long
#define SAY_US 7000000

/// A knob goes through its range in so many points, finely in ten times as many
#define DRAG_POINTS 160.0

/// The pointer moves so far before it drags something away, points
#define PULL_POINTS 5.0

/// How far keys move the point on the pad
#define PAD_STEP 0.04

struct View {
  UiModel*  model;
  ViewCalls calls;
  Layout    layout;
  Scene     scene;
  Canvas*   canvas; ///< What is shown
  Canvas*   still;  ///< PANEL_ROLL without what moves
  double    scale;  ///< Pixels in a point
  char      folder[TAKE_MAX_PATH];
  char      said[TALK_MAX_TEXT];
  int64_t   said_until;

  // What was drawn
  bool     is_fresh; ///< Nothing yet
  uint64_t keys[N_PANELS];
  uint64_t moving_key;
  Rect     moving_box;
  int      tip; ///< The item whose tip is shown, or -1
  Rect     tip_box;
  uint64_t tip_key;

  // The pointer
  double   x, y; ///< Where it was last, points
  double   press_x, press_y;
  double   dragged;  ///< Value of the port that is dragged, not yet rounded
  int64_t  moved_us; ///< When it last came to another item
  uint64_t n_rolls;  ///< Of the dice
  uint8_t  touches[N_PORTS]; ///< By pointer and by keys, at once
  uint8_t  placed[N_STYLES]; ///< What the point on the pad mixes, if is_placed
  MapPoint placed_at;
  bool     is_placed;
};

// Life ------------------------------------------------------------------------

static unsigned
parts_of(const UiModel* const model)
{
  const unsigned state = (unsigned)model->place.state;
  const unsigned parts = (state & TALK_HAS_MELODY ? 1U << PART_MELODY : 0U) |
                         (state & TALK_HAS_DRUMS ? 1U << PART_DRUMS : 0U);
  return model->has_place && parts ? parts
                                   : 1U << PART_MELODY | 1U << PART_DRUMS;
}

View*
view_new(UiModel* const model, const ViewCalls* const calls)
{
  View* const self = (View*)calloc(1U, sizeof(View));
  if (self) {
    self->model         = model;
    self->calls         = *calls;
    self->tip           = -1;
    self->scene.model   = model;
    self->scene.layout  = &self->layout;
    self->scene.hovered = -1;
    self->scene.held    = -1;
    self->scene.focused = -1;
    self->scene.n_bars  = 8U;
    self->scene.folder  = self->folder;
    self->scene.said    = self->said;
  }
  return self;
}

void
view_free(View* const self)
{
  if (self) {
    canvas_free(self->canvas);
    canvas_free(self->still);
    free(self);
  }
}

Canvas*
view_canvas(View* const self)
{
  return self->canvas;
}

static void
lay_out(View* const self)
{
  layout_init(&self->layout,
              (double)canvas_width(self->canvas) / self->scale,
              (double)canvas_height(self->canvas) / self->scale,
              parts_of(self->model));
  self->is_fresh = true;
}

bool
view_resize(View* const    self,
            const uint32_t width,
            const uint32_t height,
            const double   scale)
{
  // In a window that is too small for it all becomes smaller
  const double across = (double)width / VIEW_MIN_WIDTH;
  const double down   = (double)height / VIEW_MIN_HEIGHT;
  const double most   = across < down ? across : down;
  const double taken  = scale < most ? scale : most;

  Canvas* const canvas = canvas_new(width, height, taken);
  Canvas* const still  = canvas_new(width, height, taken);
  if (!canvas || !still) {
    canvas_free(canvas);
    canvas_free(still);
    return false;
  }
  canvas_free(self->canvas);
  canvas_free(self->still);
  self->canvas = canvas;
  self->still  = still;
  self->scale  = taken;
  lay_out(self);
  return true;
}

void
view_set_folder(View* const self, const char* const folder)
{
  (void)snprintf(self->folder, sizeof(self->folder), "%s", folder);
}

void
view_say(View* const self, const char* const text, const int64_t now_us)
{
  (void)snprintf(self->said, sizeof(self->said), "%s", text);
  self->said_until = now_us + SAY_US;
}

// Drawing ---------------------------------------------------------------------

static Rect
in_pixels(const View* const self, const Rect box)
{
  const double x0    = floor(box.x * self->scale);
  const double y0    = floor(box.y * self->scale);
  const double x1    = ceil((box.x + box.w) * self->scale);
  const double y1    = ceil((box.y + box.h) * self->scale);
  const Rect   found = {x0, y0, x1 - x0, y1 - y0};
  return found;
}

static bool
meets(const Rect a, const Rect b)
{
  return a.w > 0.0 && b.w > 0.0 && a.x < b.x + b.w && b.x < a.x + a.w &&
         a.y < b.y + b.h && b.y < a.y + a.h;
}

/// Keep the point on the pad where it was put, while the mix is what it made:
/// hosts that tell us of our own changes do so late, one by one
static void
find_point(View* const self)
{
  const int held = self->scene.held;
  if (held >= 0 && self->layout.items[held].kind == ITEM_PAD) {
    return; // It is under the hand
  }
  uint8_t weights[N_STYLES];
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    weights[i] =
      (uint8_t)control_round((PortIndex)(PORT_MIX_FIRST + i),
                             (double)self->model->ports[PORT_MIX_FIRST + i]);
  }
  self->scene.point =
    self->is_placed && !memcmp(weights, self->placed, sizeof(weights))
      ? self->placed_at
      : style_map_point(weights);
}

/// What a tip shows besides its place
static uint64_t
tip_key_of(const View* const self, const int item)
{
  char text[512];
  paint_tip_text(&self->scene, item, text, sizeof(text));
  return key_add_text(KEY_BEGIN, text);
}

/// The item whose tip is to be seen
static int
tip_of(const View* const self, const int64_t now_us)
{
  const bool is_busy = self->scene.held >= 0 || self->scene.entry.is_on;
  return is_busy || now_us - self->moved_us < TIP_US ? -1 : self->scene.hovered;
}

/// A box that holds two, of which either may be of no width
static Rect
unite(const Rect a, const Rect b)
{
  if (a.w <= 0.0 || b.w <= 0.0) {
    return a.w > 0.0 ? a : b;
  }
  const double x   = fmin(a.x, b.x);
  const double y   = fmin(a.y, b.y);
  const Rect   all = {
      x, y, fmax(a.x + a.w, b.x + b.w) - x, fmax(a.y + a.h, b.y + b.h) - y};
  return all;
}

/// Draw the phrases, or only what moves over them.  @return What was drawn.
static Rect
draw_roll(View* const   self,
          const bool    is_changed,
          const bool    is_whole,
          const int64_t now_us)
{
  const Rect moving = paint_moving_box(&self->scene, now_us);
  const Rect box    = is_whole ? self->layout.panels[PANEL_ROLL]
                               : unite(self->moving_box, moving);
  self->moving_box  = moving;
  if (is_changed) {
    paint_panel(&self->scene, PANEL_ROLL, now_us, self->still);
  }
  canvas_copy(self->canvas, self->still, box);
  paint_moving(&self->scene, now_us, self->canvas);
  return box;
}

/// See whether a tip comes or goes, and which panels are to be drawn for it
static bool
update_tip(View* const self, const int64_t now_us, bool* const is_dirty)
{
  const int      tip = tip_of(self, now_us);
  const uint64_t key = tip >= 0 ? tip_key_of(self, tip) : 0U;
  if (tip == self->tip && key == self->tip_key) {
    return false;
  }

  const Rect nowhere = {0.0, 0.0, 0.0, 0.0};
  const Rect box =
    tip >= 0 ? paint_tip_box(&self->scene, tip, self->canvas) : nowhere;
  for (unsigned i = 0U; i < N_PANELS; ++i) {
    is_dirty[i] |= meets(self->layout.panels[i], self->tip_box) ||
                   meets(self->layout.panels[i], box);
  }
  const bool was_there = self->tip_box.w > 0.0;
  self->tip            = tip;
  self->tip_key        = key;
  if (was_there) { // It also lay between panels
    canvas_fill(self->canvas, self->tip_box, paint_background());
  }
  self->tip_box = box;
  return was_there || box.w > 0.0;
}

/// Begin with nothing drawn
static void
begin_sheet(View* const self)
{
  const Rect all = {0.0, 0.0, self->layout.w, self->layout.h};
  canvas_fill(self->canvas, all, paint_background());
  canvas_fill(self->still, all, paint_background());
  self->tip_box.w    = 0.0;
  self->moving_box.w = 0.0;
}

uint32_t
view_draw(View* const self, const int64_t now_us, Rect* const boxes)
{
  if (!self->canvas) {
    return 0U;
  }
  if (self->layout.parts != parts_of(self->model)) {
    lay_out(self);
  }
  if (self->said[0] && now_us >= self->said_until) {
    self->said[0] = '\0';
  }
  find_point(self);

  if (self->is_fresh) {
    begin_sheet(self);
  }

  bool           is_changed[N_PANELS]; // It shows something else
  bool           is_dirty[N_PANELS];   // And so it does, or a tip was over it
  const uint64_t moving = paint_moving_key(&self->scene, now_us);
  for (unsigned i = 0U; i < N_PANELS; ++i) {
    const uint64_t key = paint_key(&self->scene, (Panel)i, now_us);
    is_changed[i]      = self->is_fresh || key != self->keys[i];
    is_dirty[i]        = is_changed[i];
    self->keys[i]      = key;
  }
  const Rect old_tip    = self->tip_box;
  const bool is_new_tip = update_tip(self, now_us, is_dirty);
  const bool is_moved   = moving != self->moving_key;
  self->moving_key      = moving;

  uint32_t n          = 0U;
  bool     tip_is_hit = is_new_tip;
  for (unsigned i = 0U; i < N_PANELS; ++i) {
    Rect drawn = self->layout.panels[i];
    if (i == PANEL_ROLL && (is_dirty[i] || is_moved)) {
      drawn = draw_roll(self, is_changed[i], is_dirty[i], now_us);
    } else if (is_dirty[i]) {
      paint_panel(&self->scene, (Panel)i, now_us, self->canvas);
    } else {
      continue;
    }
    tip_is_hit |= meets(drawn, self->tip_box);
    boxes[n++] = in_pixels(self, drawn);
  }
  if (tip_is_hit && self->tip_box.w > 0.0) {
    paint_tip(&self->scene, self->tip, self->tip_box, self->canvas);
    boxes[n++] = in_pixels(self, self->tip_box);
  }
  if (is_new_tip && old_tip.w > 0.0) {
    boxes[n++] = in_pixels(self, old_tip);
  }
  if (self->is_fresh) {
    const Rect all = {0.0, 0.0, self->layout.w, self->layout.h};
    boxes[0]       = in_pixels(self, all);
    self->is_fresh = false;
    return 1U;
  }
  return n;
}

// Wishes ----------------------------------------------------------------------

static void
set_port(View* const self, const PortIndex port, const float value)
{
  // A button that has not come up yet may be pressed again
  if (self->model->ports[port] != value ||
      control_at(port)->kind == CONTROL_BUTTON) {
    ui_model_set_port(self->model, port, value);
    self->calls.set(self->calls.data, port, value);
  }
}

static ControlKind
kind_of(const View* const self, const int item)
{
  const Item* const one = &self->layout.items[item];
  return one->kind == ITEM_PORT ? control_at(one->port)->kind : CONTROL_NONE;
}

/// Whether an item's value follows the pointer while it is pressed
static bool
is_dragged(const View* const self, const int item)
{
  const ItemKind    kind    = self->layout.items[item].kind;
  const ControlKind control = kind_of(self, item);
  return kind == ITEM_PAD || kind == ITEM_THRESHOLD ||
         control == CONTROL_KNOB || control == CONTROL_WEIGHT ||
         control == CONTROL_NUMBER;
}

/// Tell of the first hand that is laid on a port, and of the last that goes
static void
touch_port(View* const self, const PortIndex port, const bool is_held)
{
  uint8_t* const n = &self->touches[port];
  *n               = (uint8_t)(is_held ? *n + 1U : *n - 1U);
  if (*n == (is_held ? 1U : 0U)) {
    self->calls.touch(self->calls.data, port, is_held);
  }
}

/// The ports that an item moves: the pad moves all weights
static void
touch_item(View* const self, const int item, const bool is_held)
{
  const Item* const one = &self->layout.items[item];
  const bool has_port   = one->kind == ITEM_PORT || one->kind == ITEM_THRESHOLD;
  const unsigned first  = one->port;
  const unsigned last   = one->kind == ITEM_PAD ? PORT_MIX_LAST : first;
  for (unsigned i = first; (has_port || one->kind == ITEM_PAD) && i <= last;
       ++i) {
    touch_port(self, (PortIndex)i, is_held);
  }
}

/// Move a port as one gesture
static void
move_port(View* const self, const int item, const float value)
{
  touch_item(self, item, true);
  set_port(self, self->layout.items[item].port, value);
  touch_item(self, item, false);
}

static void
place_point(View* const self, const double x, const double y)
{
  const MapPoint point = {x < 0.0   ? 0.0
                          : x > 1.0 ? 1.0
                                    : x,
                          y < 0.0   ? 0.0
                          : y > 1.0 ? 1.0
                                    : y};
  style_map_mix(point, self->placed);
  self->scene.point = point;
  self->placed_at   = point;
  self->is_placed   = true;
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    set_port(self, (PortIndex)(PORT_MIX_FIRST + i), (float)self->placed[i]);
  }
}

static void
set_default(View* const self, const int item)
{
  const Item* const one = &self->layout.items[item];
  if (one->kind == ITEM_PAD) {
    const MapPoint home = style_map_place(STYLE_HOUSE);
    place_point(self, home.x, home.y);
  } else if (one->kind == ITEM_PORT || one->kind == ITEM_THRESHOLD) {
    set_port(self, one->port, port_at(one->port).standard);
  }
}

static void
roll_dice(View* const self, const int64_t now_us)
{
  const uint64_t key  = rng_key((uint64_t)now_us, ++self->n_rolls);
  const Port     port = port_at(PORT_SEED);
  const int      item = layout_find(&self->layout, ITEM_PORT, PORT_SEED);
  move_port(self, item, (float)(key % ((uint64_t)port.maximum + 1U)));
}

static void
change_n_bars(View* const self, const int n_steps)
{
  static const uint32_t choices[] = {1U, 2U, 4U, 8U, 16U, 32U, 64U};
  const int             n         = (int)(sizeof(choices) / sizeof(choices[0]));
  int                   i         = 0;
  while (i < n - 1 && choices[i] != self->scene.n_bars) {
    ++i;
  }
  i += n_steps;
  self->scene.n_bars = choices[i < 0 ? n - 1 : i >= n ? 0 : i];
}

static TakeKind
take_of(const ItemKind kind)
{
  return kind == ITEM_DRAG_PHRASE || kind == ITEM_SAVE_PHRASE ? TAKE_PHRASE
                                                              : TAKE_BARS;
}

// Typing ----------------------------------------------------------------------

static bool
can_type(const View* const self, const int item)
{
  const Item* const one = item >= 0 ? &self->layout.items[item] : NULL;
  const ControlKind kind =
    one && one->kind == ITEM_PORT ? control_at(one->port)->kind : CONTROL_NONE;
  return one && (one->kind == ITEM_FOLDER || kind == CONTROL_NUMBER ||
                 kind == CONTROL_KNOB || kind == CONTROL_WEIGHT);
}

/// Begin to type into the focused item
static void
begin_entry(View* const self, const char* const text)
{
  entry_begin(&self->scene.entry, text);
}

static void
begin_entry_of(View* const self, const int item)
{
  const Item* const one = &self->layout.items[item];
  char              text[32];
  (void)snprintf(
    text,
    sizeof(text),
    "%g",
    one->kind == ITEM_FOLDER ? 0.0 : (double)self->model->ports[one->port]);
  begin_entry(self, one->kind == ITEM_FOLDER ? self->folder : text);
  self->scene.entry.is_picked = one->kind != ITEM_FOLDER; // A path is corrected
}

static void
end_entry(View* const self, const bool is_meant, const int64_t now_us)
{
  const int    item  = self->scene.focused;
  Entry* const entry = &self->scene.entry;
  if (!entry->is_on) {
    return;
  }
  entry->is_on = false;
  if (!is_meant) {
    return;
  }

  const Item* const one   = &self->layout.items[item];
  float             value = 0.0f;
  if (one->kind == ITEM_FOLDER) {
    if (strcmp(entry->text, self->folder) != 0) {
      self->calls.folder(self->calls.data, entry->text);
    }
  } else if (control_parse(one->port, entry->text, &value)) {
    move_port(self, item, value);
  } else {
    char       text[160];
    const Port port = port_at(one->port);
    (void)snprintf(text,
                   sizeof(text),
                   "%s takes a number from %g to %g",
                   control_name(one->port),
                   (double)port.minimum,
                   (double)port.maximum);
    view_say(self, text, now_us);
  }
}

static bool
type_key(View* const self, const Key* const key, const int64_t now_us)
{
  const EntryKey was = entry_key(&self->scene.entry, key);
  if (was != ENTRY_TYPED) {
    end_entry(self, was == ENTRY_MEANT, now_us);
  }
  return key->kind != KEY_TAB && key->kind != KEY_BACK_TAB; // And on
}

// The pointer -----------------------------------------------------------------

static CursorLook
cursor_for(const View* const self, const int item)
{
  static const CursorLook cursors[N_ITEM_KINDS] = {
    [ITEM_PORT]        = CURSOR_ARROW,
    [ITEM_PAD]         = CURSOR_HAND,
    [ITEM_THRESHOLD]   = CURSOR_RESIZE,
    [ITEM_DRAG_PHRASE] = CURSOR_HAND,
    [ITEM_DRAG_BARS]   = CURSOR_HAND,
    [ITEM_FOLDER]      = CURSOR_TEXT,
  };
  return item < 0 ? CURSOR_ARROW : cursors[self->layout.items[item].kind];
}

static void
light(View* const self, const int item)
{
  if (cursor_for(self, item) != cursor_for(self, self->scene.hovered)) {
    self->calls.cursor(self->calls.data, cursor_for(self, item));
  }
  self->scene.hovered = item;
}

static void
hover(View* const self, const int item, const int64_t now_us)
{
  if (item != self->scene.hovered) {
    light(self, item);
    self->moved_us = now_us;
  }
}

/// Set what follows the pointer by its place alone
static void
follow_pointer(View* const self, const int item)
{
  const Item* const one = &self->layout.items[item];
  if (one->kind == ITEM_PAD) {
    const Rect pad = self->layout.pad;
    place_point(self, (self->x - pad.x) / pad.w, (self->y - pad.y) / pad.h);
  } else if (one->kind == ITEM_THRESHOLD) {
    const Rect   area  = self->layout.scores;
    const double share = 1.0 - (self->y - area.y) / area.h;
    set_port(self, PORT_GATE, control_round(PORT_GATE, 100.0 * share));
  } else if (kind_of(self, item) == CONTROL_WEIGHT) {
    const Rect   bar   = layout_weight_bar(one->box);
    const double share = (self->x - bar.x) / bar.w;
    set_port(self, one->port, control_round(one->port, 100.0 * share));
  }
}

/// Turn a knob by the way that the pointer went
static void
turn(View* const self, const int item, const double dy, const unsigned mods)
{
  const PortIndex   port  = self->layout.items[item].port;
  const ControlKind kind  = kind_of(self, item);
  const Port        range = port_at(port);
  if (kind != CONTROL_KNOB && kind != CONTROL_NUMBER) {
    return;
  }

  const bool   is_fine = mods & (MOD_SHIFT | MOD_CTRL);
  const double span =
    kind == CONTROL_NUMBER ? 40.0 : (double)(range.maximum - range.minimum);
  self->dragged -= dy * span / DRAG_POINTS * (is_fine ? 0.1 : 1.0);
  const double low  = (double)range.minimum;
  const double high = (double)range.maximum;
  self->dragged     = self->dragged < low    ? low
                      : self->dragged > high ? high
                                             : self->dragged;
  set_port(self, port, control_round(port, self->dragged));
}

/// What a click does that is not a beginning of anything
static void
click(View* const self, const int item, const int64_t now_us)
{
  const Item* const one   = &self->layout.items[item];
  const float       value = self->model->ports[one->port];
  switch (one->kind) {
  case ITEM_DICE:
    roll_dice(self, now_us);
    break;
  case ITEM_N_BARS:
    change_n_bars(self, 1);
    break;
  case ITEM_SAVE_PHRASE:
  case ITEM_SAVE_BARS:
    self->calls.save(self->calls.data, take_of(one->kind), self->scene.n_bars);
    break;
  case ITEM_PORT:
    if (kind_of(self, item) == CONTROL_SWITCH) {
      move_port(self, item, value > 0.5f ? 0.0f : 1.0f);
    } else if (kind_of(self, item) == CONTROL_BUTTON) {
      move_port(self, item, 1.0f);
    } else if (kind_of(self, item) == CONTROL_CHOICE) {
      const bool is_left = self->x < one->box.x + 0.5 * one->box.w;
      const Port range   = port_at(one->port);
      float      to = control_step(one->port, value, is_left ? -1 : 1, true);
      if (to == value) { // Round and round
        to = is_left ? range.maximum : range.minimum;
      }
      move_port(self, item, to);
    }
    break;
  default:
    break;
  }
}

/// Let keys go to an item, or to none
static void
focus_on(View* const self, const int item, const int64_t now_us)
{
  if (item != self->scene.focused) {
    end_entry(self, true, now_us);
    self->scene.focused = item;
  }
}

/// Hold nothing any more
static void
let_go(View* const self)
{
  const int item   = self->scene.held;
  self->scene.held = -1;
  if (item >= 0 && is_dragged(self, item)) {
    touch_item(self, item, false);
  }
}

static void
press(View* const self, const Pointer* const pointer, const int64_t now_us)
{
  let_go(self); // Whatever became of the button
  const int item = layout_at(&self->layout, self->x, self->y);
  hover(self, item, now_us);
  self->press_x           = self->x;
  self->press_y           = self->y;
  self->scene.shows_focus = false;
  focus_on(self, item, now_us);
  if (item < 0) {
    self->calls.focus(self->calls.data, false);
    return;
  }
  self->calls.focus(self->calls.data, true);

  const Item* const one = &self->layout.items[item];
  if (self->scene.entry.is_on) {
    return; // Into what is being typed
  }
  self->scene.held = item;
  if (!is_dragged(self, item)) {
    return;
  }
  touch_item(self, item, true);
  if (pointer->n_clicks == 2U) {
    set_default(self, item);
  } else {
    follow_pointer(self, item);
  }
  self->dragged = (double)self->model->ports[one->port];
}

/// Whether the pointer was dragged, and not only pressed
static bool
is_pulled(const View* const self)
{
  return hypot(self->x - self->press_x, self->y - self->press_y) > PULL_POINTS;
}

static void
release(View* const self, const int64_t now_us)
{
  const int item = self->scene.held;
  if (item < 0) {
    return;
  }
  let_go(self);

  const Item* const one     = &self->layout.items[item];
  const bool        is_over = rect_has(one->box, self->x, self->y);
  if (is_over) {
    click(self, item, now_us);
  }
  const bool is_typed =
    one->kind == ITEM_FOLDER || kind_of(self, item) == CONTROL_NUMBER;
  if (is_over && is_typed && !is_pulled(self)) {
    begin_entry_of(self, item);
  }
  hover(self, layout_at(&self->layout, self->x, self->y), now_us);
}

static void
drag(View* const self, const Pointer* const pointer, const double dy)
{
  const int         item = self->scene.held;
  const Item* const one  = &self->layout.items[item];
  const bool        is_taken =
    one->kind == ITEM_DRAG_PHRASE || one->kind == ITEM_DRAG_BARS;
  if (!is_taken) {
    follow_pointer(self, item);
    turn(self, item, dy, pointer->mods);
  } else if (is_pulled(self)) {
    self->scene.held = -1;
    self->calls.drag(self->calls.data, take_of(one->kind), self->scene.n_bars);
  }
}

static void
turn_wheel(View* const self, const Pointer* const pointer, const int64_t now_us)
{
  const int item    = layout_at(&self->layout, self->x, self->y);
  const int n_steps = pointer->wheel > 0.0 ? 1 : -1;
  hover(self, item, now_us);
  if (item < 0 || self->scene.held >= 0) {
    return;
  }
  const Item* const one     = &self->layout.items[item];
  const bool        is_fine = pointer->mods & (MOD_SHIFT | MOD_CTRL);
  if (one->kind == ITEM_N_BARS) {
    change_n_bars(self, n_steps);
  } else if (one->kind == ITEM_THRESHOLD ||
             (one->kind == ITEM_PORT &&
              kind_of(self, item) != CONTROL_BUTTON)) {
    const float value = self->model->ports[one->port];
    move_port(self, item, control_step(one->port, value, n_steps, is_fine));
  }
}

void
view_pointer(View* const          self,
             const Pointer* const pointer,
             const int64_t        now_us)
{
  const double x  = pointer->x / self->scale;
  const double y  = pointer->y / self->scale;
  const double dy = y - self->y;
  self->x         = x;
  self->y         = y;
  switch (pointer->kind) {
  case POINTER_MOVE:
    if (self->scene.held >= 0) {
      drag(self, pointer, dy);
    } else {
      hover(self, layout_at(&self->layout, x, y), now_us);
    }
    break;
  case POINTER_PRESS:
    press(self, pointer, now_us);
    break;
  case POINTER_RELEASE:
    release(self, now_us);
    break;
  case POINTER_WHEEL:
    turn_wheel(self, pointer, now_us);
    break;
  case POINTER_LEAVE:
    if (self->scene.held < 0) {
      hover(self, -1, now_us);
    }
    break;
  case POINTER_LOST:
    let_go(self);
    light(self, -1);
    break;
  case POINTER_MENU:
    break;
  }
}

void
view_drag_ended(View* const self, const DragEnd end)
{
  (void)end;
  self->scene.held = -1;
  light(self, -1);
}

// Keys ------------------------------------------------------------------------

/// Whether an item has values that one can go through
static bool
has_values(const View* const self, const int item)
{
  const ItemKind kind = self->layout.items[item].kind;
  return kind == ITEM_THRESHOLD ||
         (kind == ITEM_PORT && kind_of(self, item) != CONTROL_BUTTON);
}

/// @return Whether there was anything to step through
static bool
step_item(View* const self, const int n_steps, const bool is_fine)
{
  const int         item  = self->scene.focused;
  const Item* const one   = &self->layout.items[item];
  const float       value = self->model->ports[one->port];
  if (one->kind == ITEM_N_BARS) {
    change_n_bars(self, n_steps);
    return true;
  }
  if (has_values(self, item)) {
    move_port(self, item, control_step(one->port, value, n_steps, is_fine));
    return true;
  }
  return false;
}

/// Move the point on the pad
static void
step_point(View* const self, const int dx, const int dy)
{
  const int item = self->scene.focused;
  touch_item(self, item, true);
  place_point(self,
              self->scene.point.x + PAD_STEP * dx,
              self->scene.point.y + PAD_STEP * dy);
  touch_item(self, item, false);
}

/// What arrows and their like do
static bool
move_key(View* const self, const Key* const key)
{
  static const struct {
    KeyKind kind;
    int     dx, dy;
    int     n_steps;
  } rows[] = {
    {KEY_LEFT, -1, 0, -1},
    {KEY_RIGHT, 1, 0, 1},
    {KEY_UP, 0, -1, 1},
    {KEY_DOWN, 0, 1, -1},
    {KEY_PAGE_UP, 0, -4, 5},
    {KEY_PAGE_DOWN, 0, 4, -5},
  };
  const bool is_fine = key->mods & (MOD_SHIFT | MOD_CTRL);
  for (unsigned i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    if (rows[i].kind == key->kind) {
      if (self->layout.items[self->scene.focused].kind == ITEM_PAD) {
        step_point(self, rows[i].dx, rows[i].dy);
        return true;
      }
      return step_item(self, rows[i].n_steps, is_fine);
    }
  }
  return false;
}

static bool
press_key(View* const self, const int64_t now_us)
{
  const int item = self->scene.focused;
  if (can_type(self, item)) {
    begin_entry_of(self, item);
    return true;
  }
  self->x = self->layout.items[item].box.x + self->layout.items[item].box.w;
  click(self, item, now_us);
  return true;
}

/// Set a port to one end of its range
static bool
end_key(View* const self, const bool is_high)
{
  const int         item = self->scene.focused;
  const Item* const one  = &self->layout.items[item];
  if (has_values(self, item)) {
    const Port port = port_at(one->port);
    move_port(self, item, is_high ? port.maximum : port.minimum);
    return true;
  }
  return false;
}

/// What a key does that is not typed
static bool
use_key(View* const self, const Key* const key, const int64_t now_us)
{
  const int n    = (int)self->layout.n_items;
  const int item = self->scene.focused;
  if (key->kind == KEY_TAB) {
    focus_on(self, (item + 1) % n, now_us);
    return true;
  }
  if (key->kind == KEY_BACK_TAB) {
    focus_on(self, item <= 0 ? n - 1 : item - 1, now_us);
    return true;
  }
  // After a click alone, keys are the host's as before: Home locates there
  if (item < 0 || !self->scene.shows_focus) {
    return false;
  }

  const char first = key->text[0];
  switch (key->kind) {
  case KEY_ENTER:
    return press_key(self, now_us);
  case KEY_ESCAPE:
    self->scene.focused = -1;
    self->calls.focus(self->calls.data, false);
    return true;
  case KEY_BACKSPACE:
  case KEY_DELETE:
    touch_item(self, item, true);
    set_default(self, item);
    touch_item(self, item, false);
    return true;
  case KEY_HOME:
    return end_key(self, false);
  case KEY_END:
    return end_key(self, true);
  case KEY_TEXT:
    // A number may be typed at once; other letters are the host's shortcuts
    if (first >= '0' && first <= '9' && can_type(self, item) &&
        self->layout.items[item].kind != ITEM_FOLDER) {
      begin_entry(self, key->text);
      return true;
    }
    return false;
  default:
    return move_key(self, key);
  }
}

bool
view_key(View* const self, const Key* const key, const int64_t now_us)
{
  if (self->scene.entry.is_on && type_key(self, key, now_us)) {
    return true;
  }
  const bool is_ours = use_key(self, key, now_us);
  self->scene.shows_focus |= is_ours; // The host's keys change nothing here
  return is_ours;
}

void
view_focus(View* const self, const bool has_it, const int64_t now_us)
{
  if (!has_it) {
    // Half of a path is no path, but a number is one at any time
    const int  item = self->scene.focused;
    const bool is_number =
      item >= 0 && self->layout.items[item].kind != ITEM_FOLDER;
    end_entry(self, is_number, now_us);
    self->scene.focused = -1;
  }
}

// For tests -------------------------------------------------------------------

static bool
box_of(const View* const self, const int item, Rect* const box)
{
  if (item >= 0) {
    const Rect found = self->layout.items[item].box;
    *box             = found;
  }
  return item >= 0;
}

bool
view_find_port(const View* const self, const PortIndex index, Rect* const box)
{
  return box_of(self, layout_find(&self->layout, ITEM_PORT, index), box) ||
         (index == PORT_GATE && view_find(self, "threshold", box));
}

bool
view_find(const View* const self, const char* const name, Rect* const box)
{
  static const char* const names[N_ITEM_KINDS] = {
    [ITEM_DICE]        = "dice",
    [ITEM_PAD]         = "pad",
    [ITEM_THRESHOLD]   = "threshold",
    [ITEM_DRAG_PHRASE] = "drag_phrase",
    [ITEM_DRAG_BARS]   = "drag_bars",
    [ITEM_N_BARS]      = "n_bars",
    [ITEM_SAVE_PHRASE] = "save_phrase",
    [ITEM_SAVE_BARS]   = "save_bars",
    [ITEM_FOLDER]      = "folder",
  };
  if (!strcmp(name, "scores")) {
    *box = self->layout.scores;
    return true;
  }
  for (unsigned i = 0U; i < N_ITEM_KINDS; ++i) {
    if (names[i] && !strcmp(names[i], name)) {
      return box_of(
        self, layout_find(&self->layout, (ItemKind)i, PORT_CONTROL), box);
    }
  }
  return false;
}
