// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The window as an LV2 UI, the same for all plugins of the bundle.

   It talks to the plugin through the host and never touches an instance.
   Several may be open at once; they share nothing.
   Thread: the host's for windows.
*/
#include "plugin/log.h"
#include "plugin/ports.h"
#include "plugin/talk.h"
#include "plugin/ui/folder.h"
#include "plugin/ui/take.h"
#include "plugin/ui/ui_model.h"
#include "plugin/ui/ui_view.h"
#include "plugin/ui/window.h"

#include <lv2/atom/atom.h>
#include <lv2/atom/forge.h>
#include <lv2/core/lv2.h>
#include <lv2/log/log.h>
#include <lv2/options/options.h>
#include <lv2/ui/ui.h>
#include <lv2/urid/urid.h>

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UI_URI "urn:perpetuo:ui"

#define MIN_SCALE 0.5
#define MAX_SCALE 4.0

/// A host may hand two values of a port over in one block, and then the first
/// is never seen: how long a trigger stays as it is
#define TRIGGER_US 150000

/// Most presses of a trigger that wait for their turn
#define MAX_PRESSES 4U

typedef struct {
  LV2UI_Write_Function write;
  LV2UI_Controller     controller;
  LV2_URID_Map*        map; ///< Required; all others may be null
  const LV2UI_Resize*  resize;
  const LV2UI_Touch*   touch;
  uintptr_t            parent;
  double               scale; ///< That the host wishes; 0 for none
  Log                  log;
} Host;

typedef struct {
  Host      host;
  TalkUrids urids;
  LV2_URID  atom_eventTransfer;
  UiModel   model;
  View*     view;
  UiWindow* window;
  double    scale;
  bool      is_closed; ///< A person did that, or the host took our place away
  Rect      exposed;   ///< To be shown again, pixels; empty for none
  unsigned  n_presses; ///< Of the trigger, that wait
  bool      is_pressed;
  int64_t   pressed_us; ///< When the trigger changed last
  char      folder[TAKE_MAX_PATH];
  char      dragged[TAKE_MAX_PATH]; ///< The file, if the drag made it; or empty
} Ui;

// Ports ---------------------------------------------------------------------

static void
write_port(Ui* const self, const PortIndex index, const float value)
{
  self->host.write(
    self->host.controller, (uint32_t)index, sizeof(value), 0U, &value);
}

/// Move the trigger on, when it has been long enough as it is
static void
step_trigger(Ui* const self, const int64_t now)
{
  if (now - self->pressed_us < TRIGGER_US ||
      (!self->is_pressed && !self->n_presses)) {
    return;
  }
  self->is_pressed = !self->is_pressed;
  self->pressed_us = now;
  self->n_presses -= self->is_pressed ? 1U : 0U;
  ui_model_set_port(&self->model, PORT_REROLL, self->is_pressed ? 1.0f : 0.0f);
  write_port(self, PORT_REROLL, self->is_pressed ? 1.0f : 0.0f);
}

static void
set_port(void* const data, const PortIndex index, const float value)
{
  Ui* const self = (Ui*)data;
  if (index != PORT_REROLL) {
    write_port(self, index, value);
  } else if (value > 0.5f && self->n_presses < MAX_PRESSES) {
    ++self->n_presses;
    step_trigger(self, window_now_us());
  }
}

static void
touch_port(void* const data, const PortIndex index, const bool is_held)
{
  const LV2UI_Touch* const touch = ((Ui*)data)->host.touch;
  if (touch) {
    touch->touch(touch->handle, (uint32_t)index, is_held);
  }
}

// Files ---------------------------------------------------------------------

/// A file's name: its folder is to be seen as well, and there is room for one
static const char*
name_of(const char* const path)
{
  const char* const slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static void
drag(void* const data, const TakeKind kind, const uint32_t n_bars)
{
  Ui* const self = (Ui*)data;
  char      path[TAKE_MAX_PATH];
  bool      is_new  = false;
  Trouble   trouble = {""};
  if (take_write(
        &self->model, kind, n_bars, self->folder, path, &is_new, &trouble)) {
    view_drag_ended(self->view, DRAG_DROPPED);
    view_say(self->view, trouble.text, window_now_us());
    return;
  }

  // What was there before is somebody's, whatever becomes of this drag
  self->dragged[0] = '\0';
  if (is_new) {
    memcpy(self->dragged, path, strlen(path) + 1U);
  }
  if (!window_drag(self->window, path)) {
    view_drag_ended(self->view, DRAG_DROPPED);
    trouble_say(&trouble, STATUS_SUCCESS, "Saved as %s", name_of(path));
    view_say(self->view, trouble.text, window_now_us());
  }
}

static void
end_drag(void* const data, const DragEnd end)
{
  Ui* const self = (Ui*)data;
  if (end == DRAG_DROPPED && self->dragged[0]) {
    unlink(self->dragged);
  }
  self->dragged[0] = '\0';
  view_drag_ended(self->view, end);
}

static void
save(void* const data, const TakeKind kind, const uint32_t n_bars)
{
  Ui* const self = (Ui*)data;
  char      path[TAKE_MAX_PATH];
  Trouble   trouble = {""};
  if (!take_write(
        &self->model, kind, n_bars, self->folder, path, NULL, &trouble)) {
    trouble_say(&trouble, STATUS_SUCCESS, "Saved as %s", name_of(path));
  }
  view_say(self->view, trouble.text, window_now_us());
}

static void
set_folder(void* const data, const char* const text)
{
  Ui* const self = (Ui*)data;
  char      folder[TAKE_MAX_PATH];
  Trouble   trouble = {""};
  if (folder_set(text, folder, &trouble)) {
    view_say(self->view, trouble.text, window_now_us());
    return;
  }
  memcpy(self->folder, folder, sizeof(folder));
  view_set_folder(self->view, self->folder);
}

// View and window -----------------------------------------------------------

static void
set_cursor(void* const data, const CursorLook cursor)
{
  window_set_cursor(((Ui*)data)->window, cursor);
}

static void
want_focus(void* const data, const bool is_wanted)
{
  Ui* const self = (Ui*)data;
  if (is_wanted) {
    window_take_focus(self->window);
  } else {
    window_give_focus(self->window);
  }
}

static void
hear_pointer(void* const data, const Pointer* const pointer)
{
  view_pointer(((Ui*)data)->view, pointer, window_now_us());
}

static bool
hear_key(void* const data, const Key* const key)
{
  return view_key(((Ui*)data)->view, key, window_now_us());
}

static void
hear_focus(void* const data, const bool has_it)
{
  view_focus(((Ui*)data)->view, has_it, window_now_us());
}

static void
hear_size(void* const data, const uint32_t width, const uint32_t height)
{
  Ui* const self = (Ui*)data;
  if (!view_resize(self->view, width, height, self->scale)) {
    view_say(self->view, status_text(STATUS_NO_MEM), window_now_us());
  }
}

/// Wait with it until all is drawn that has changed as well
static void
hear_expose(void* const data, const Rect box)
{
  ((Ui*)data)->exposed = box;
}

static void
hear_close(void* const data)
{
  Ui* const self  = (Ui*)data;
  self->is_closed = true;
  window_show(self->window, false);
}

static void
draw(Ui* const self, const int64_t now)
{
  Rect           boxes[VIEW_MAX_BOXES];
  const uint32_t n      = view_draw(self->view, now, boxes);
  Canvas* const  canvas = view_canvas(self->view);
  for (uint32_t i = 0U; i < n; ++i) {
    window_draw(self->window, canvas, boxes[i]);
  }
  if (self->exposed.w > 0.0) {
    window_draw(self->window, canvas, self->exposed);
    self->exposed = (Rect){0.0, 0.0, 0.0, 0.0};
  }
}

// What is said to the plugin ------------------------------------------------

static void
say(Ui* const self, const TalkMessage* const message)
{
  _Alignas(LV2_Atom) uint8_t buffer[TALK_MAX_BYTES];
  LV2_Atom_Forge             forge;
  lv2_atom_forge_init(&forge, self->host.map);
  lv2_atom_forge_set_buffer(&forge, buffer, sizeof(buffer));
  if (talk_write(&self->urids, &forge, message)) {
    const LV2_Atom* const atom = (const LV2_Atom*)buffer;
    self->host.write(self->host.controller,
                     PORT_CONTROL,
                     lv2_atom_total_size(atom),
                     self->atom_eventTransfer,
                     atom);
  }
}

// Life ----------------------------------------------------------------------

/// What the host wishes a point to be, in pixels; 0 for nothing
static double
wished_scale(const LV2_Options_Option* option, LV2_URID_Map* const map)
{
  const LV2_URID scale   = map->map(map->handle, LV2_UI__scaleFactor);
  const LV2_URID a_float = map->map(map->handle, LV2_ATOM__Float);
  for (; option && option->key; ++option) {
    if (option->key == scale && option->type == a_float &&
        option->size == sizeof(float) && option->value) {
      return (double)*(const float*)option->value;
    }
  }
  return 0.0;
}

/// @return false when the host lacks what we cannot do without
static bool
read_features(Host* const host, const LV2_Feature* const* const features)
{
  const LV2_Log_Log*        log     = NULL;
  const LV2_Options_Option* options = NULL;
  for (const LV2_Feature* const* f = features; f && *f; ++f) {
    const char* const uri  = (*f)->URI;
    void* const       data = (*f)->data;
    if (!strcmp(uri, LV2_URID__map)) {
      host->map = (LV2_URID_Map*)data;
    } else if (!strcmp(uri, LV2_UI__parent)) {
      host->parent = (uintptr_t)data;
    } else if (!strcmp(uri, LV2_UI__resize)) {
      host->resize = (const LV2UI_Resize*)data;
    } else if (!strcmp(uri, LV2_UI__touch)) {
      host->touch = (const LV2UI_Touch*)data;
    } else if (!strcmp(uri, LV2_OPTIONS__options)) {
      options = (const LV2_Options_Option*)data;
    } else if (!strcmp(uri, LV2_LOG__log)) {
      log = (const LV2_Log_Log*)data;
    }
  }
  if (!host->map) {
    return false;
  }
  host->scale = wished_scale(options, host->map);
  log_init(&host->log, log, host->map);
  return true;
}

/// Within reason
static double
bounded(const double scale)
{
  return isfinite(scale) ? fmin(MAX_SCALE, fmax(MIN_SCALE, scale)) : 1.0;
}

static uint32_t
to_pixels(const double points, const double scale)
{
  return (uint32_t)ceil(points * scale);
}

static bool
open_window(Ui* const self)
{
  const WindowCalls calls = {.data     = self,
                             .pointer  = hear_pointer,
                             .key      = hear_key,
                             .resize   = hear_size,
                             .expose   = hear_expose,
                             .focus    = hear_focus,
                             .drag_end = end_drag,
                             .close    = hear_close};
  const double      wish  = self->host.scale;
  const double      first = wish > 0.0 ? bounded(wish) : 1.0;
  Trouble           trouble;
  if (window_new(self->host.parent,
                 to_pixels(VIEW_WIDTH, first),
                 to_pixels(VIEW_HEIGHT, first),
                 "Perpetuo",
                 &calls,
                 &self->window,
                 &trouble)) {
    log_error(&self->host.log, "%s", trouble.text);
    return false;
  }

  self->scale = bounded(wish > 0.0 ? wish : window_scale(self->window));
  const uint32_t width  = to_pixels(VIEW_WIDTH, self->scale);
  const uint32_t height = to_pixels(VIEW_HEIGHT, self->scale);
  window_set_least(self->window,
                   to_pixels(VIEW_MIN_WIDTH, self->scale),
                   to_pixels(VIEW_MIN_HEIGHT, self->scale));
  window_resize(self->window, width, height);
  if (!view_resize(self->view, width, height, self->scale)) {
    return false;
  }
  if (self->host.resize) {
    self->host.resize->ui_resize(
      self->host.resize->handle, (int)width, (int)height);
  }
  return true;
}

static bool
open_view(Ui* const self)
{
  const ViewCalls calls = {.data   = self,
                           .set    = set_port,
                           .touch  = touch_port,
                           .drag   = drag,
                           .save   = save,
                           .folder = set_folder,
                           .cursor = set_cursor,
                           .focus  = want_focus};
  self->view            = view_new(&self->model, &calls);
  if (self->view) {
    folder_read(self->folder);
    view_set_folder(self->view, self->folder);
  }
  return self->view;
}

static void
cleanup(LV2UI_Handle handle)
{
  Ui* const self = (Ui*)handle;
  if (self->is_pressed) { // Or the next press of the host's would not be one
    write_port(self, PORT_REROLL, 0.0f);
  }
  if (self->window) { // Nor does the host wait for a hand for ever
    const Pointer lost = {.kind = POINTER_LOST};
    view_pointer(self->view, &lost, window_now_us());
  }
  window_free(self->window);
  view_free(self->view);
  ui_model_clear(&self->model);
  free(self);
}

static LV2UI_Handle
instantiate(const LV2UI_Descriptor* const   descriptor,
            const char* const               plugin_uri,
            const char* const               bundle_path,
            const LV2UI_Write_Function      write,
            LV2UI_Controller                controller,
            LV2UI_Widget* const             widget,
            const LV2_Feature* const* const features)
{
  (void)descriptor;
  (void)plugin_uri;
  (void)bundle_path;

  Ui* const self = (Ui*)calloc(1U, sizeof(Ui));
  if (!self) {
    return NULL;
  }
  self->host.write      = write;
  self->host.controller = controller;
  self->pressed_us      = window_now_us() - TRIGGER_US;
  if (!read_features(&self->host, features) || !ui_model_init(&self->model)) {
    free(self);
    return NULL;
  }

  LV2_URID_Map* const map  = self->host.map;
  self->atom_eventTransfer = map->map(map->handle, LV2_ATOM__eventTransfer);
  talk_urids_init(&self->urids, map);
  if (!open_view(self) || !open_window(self)) {
    cleanup(self);
    return NULL;
  }
  // A number here, and a pointer there
  *widget = (LV2UI_Widget)window_native(self->window); // NOLINT
  return self;
}

static void
port_event(LV2UI_Handle      handle,
           const uint32_t    index,
           const uint32_t    size,
           const uint32_t    format,
           const void* const buffer)
{
  Ui* const self = (Ui*)handle;
  if (!buffer) {
    return;
  }
  if (!format) {
    if (size == sizeof(float) && index >= PORT_ENABLED && index <= PORT_BAR) {
      float value = 0.0f;
      memcpy(&value, buffer, sizeof(value));
      ui_model_set_port(&self->model, (PortIndex)index, value);
    }
    return;
  }

  const LV2_Atom* const atom = (const LV2_Atom*)buffer;
  TalkMessage           message;
  if (format == self->atom_eventTransfer && size >= sizeof(LV2_Atom) &&
      atom->size <= size - sizeof(LV2_Atom) &&
      talk_read(&self->urids, atom, &message)) {
    ui_model_hear(&self->model, &message, window_now_us());
  }
}

static int
idle(LV2UI_Handle handle)
{
  Ui* const self = (Ui*)handle;
  if (!window_poll(self->window)) {
    self->is_closed = true;
  }
  if (self->is_closed) {
    return 1;
  }

  const int64_t     now     = window_now_us();
  const TalkMessage message = {.kind = ui_model_say(&self->model, now)};
  if (message.kind) {
    say(self, &message);
  }
  step_trigger(self, now);
  draw(self, now);
  return 0;
}

static int
show(LV2UI_Handle handle)
{
  Ui* const self  = (Ui*)handle;
  self->is_closed = false;
  window_show(self->window, true);
  return 0;
}

static int
hide(LV2UI_Handle handle)
{
  window_show(((Ui*)handle)->window, false);
  return 0;
}

static int
resize(LV2UI_Feature_Handle handle, const int width, const int height)
{
  if (width <= 0 || height <= 0) {
    return 1;
  }
  window_resize(((Ui*)handle)->window, (uint32_t)width, (uint32_t)height);
  return 0;
}

static const void*
extension_data(const char* const uri)
{
  static const LV2UI_Idle_Interface idle_interface   = {idle};
  static const LV2UI_Show_Interface show_interface   = {show, hide};
  static const LV2UI_Resize         resize_interface = {NULL, resize};
  static const struct {
    const char* uri;
    const void* data;
  } extensions[] = {
    {LV2_UI__idleInterface, &idle_interface},
    {LV2_UI__showInterface, &show_interface},
    {LV2_UI__resize, &resize_interface},
  };
  for (size_t i = 0U; i < sizeof(extensions) / sizeof(extensions[0]); ++i) {
    if (!strcmp(uri, extensions[i].uri)) {
      return extensions[i].data;
    }
  }
  return NULL;
}

LV2_SYMBOL_EXPORT const LV2UI_Descriptor*
lv2ui_descriptor(const uint32_t index)
{
  static const LV2UI_Descriptor descriptor = {
    UI_URI, instantiate, cleanup, port_event, extension_data};
  return index ? NULL : &descriptor;
}
