// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// The plugin's window in a host: what a hand does there, and what comes of it

#include "midi/midi_file.h"
#include "plugin/ui/ui_controls.h"
#include "plugin/ui/ui_model.h"
#include "plugin/ui/ui_view.h"

#include "check.h"
#include "screen.h"
#include "ui_host.h"
#include "xdnd_target.h"

#include <lv2/atom/atom.h>
#include <lv2/core/lv2.h>

#include <dirent.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEFT 10
#define TOP 10
#define WIDTH 1080
#define HEIGHT 760

/// A host, its window, and another view of the same model to know what is where
typedef struct {
  UiHost  host;
  Window  parent;
  UiModel model;
  View*   view;
} Stage;

static char home[UI_HOST_MAX_HOME];

// Music -----------------------------------------------------------------------

static void
say_both(Stage* const self, const TalkMessage* const message)
{
  ui_model_hear(&self->model, message, 1000000);
  ui_host_say(&self->host, message);
}

static void
say_phrase(Stage* const self, const int32_t id, const Part part)
{
  TalkMessage message;
  memset(&message, 0, sizeof(message));
  message.kind           = TALK_PHRASE;
  TalkPhrase* const head = &message.as.phrase;
  head->id               = id;
  head->part             = (int32_t)part;
  head->n_bars           = 4;
  head->bar_ticks        = 3840;
  head->n_notes          = 16;
  head->score            = 0.7f;
  head->n_tries          = 2;
  head->n_fills          = 4;
  head->n_scores         = 2;
  head->scores[0]        = 700;
  head->scores[1]        = 300;
  say_both(self, &message);

  memset(&message, 0, sizeof(message));
  message.kind           = TALK_NOTES;
  TalkNotes* const notes = &message.as.notes;
  notes->id              = id;
  notes->n               = 16;
  for (int32_t i = 0; i < 16; ++i) {
    int32_t* const words = &notes->words[3UL * (unsigned)i];
    words[0]             = 960 * i;
    words[1]             = 240;
    words[2] = (part == PART_DRUMS ? 36 : 48 + (id + i) % 24) | 100 << 8;
  }
  say_both(self, &message);
}

/// Let there be music: a melody and drums in bar 1
static void
say_music(Stage* const self, const int32_t id)
{
  TalkMessage message;
  say_phrase(self, id, PART_MELODY);
  say_phrase(self, id + 1, PART_DRUMS);
  memset(&message, 0, sizeof(message));
  message.kind           = TALK_PLACE;
  TalkPlace* const place = &message.as.place;
  place->state = (int32_t)(TALK_IS_KNOWN | TALK_IS_ENABLED | TALK_HAS_WORKER |
                           TALK_HAS_MODELS | TALK_HAS_MELODY | TALK_HAS_DRUMS);
  place->bar_ticks = 3840;
  place->n_beats   = 4;
  place->unit      = 4;
  place->bpm       = 128.0f;
  place->now[0]    = id;
  place->now[1]    = id + 1;
  say_both(self, &message);
}

// The stage -------------------------------------------------------------------

static void
no_set(void* const data, const PortIndex index, const float value)
{
  (void)data;
  (void)index;
  (void)value;
}

static bool
stage_open(Stage* const self)
{
  const ViewCalls calls  = {.set = no_set};
  const UiOffers  offers = {.has_resize = true, .has_touch = true};
  UiOffers        wish   = offers;
  Rect            boxes[VIEW_MAX_BOXES];

  memset(self, 0, sizeof(*self));
  self->parent = screen_window(LEFT, TOP, WIDTH, HEIGHT);
  wish.parent  = self->parent;
  if (!ui_host_open(&self->host, &wish) || !ui_model_init(&self->model)) {
    fprintf(stderr, "no window\n");
    exit(1);
  }
  self->view = view_new(&self->model, &calls);
  view_resize(self->view, WIDTH, HEIGHT, 1.0);
  for (unsigned i = 0U; i < N_PORTS; ++i) {
    if (i >= PORT_SET_FIRST && i <= PORT_SET_LAST) {
      ui_host_set(&self->host, (PortIndex)i, port_at((PortIndex)i).standard);
    }
  }
  say_music(self, 1);
  view_draw(self->view, 1000000, boxes);
  ui_host_turn(&self->host);
  return true;
}

static void
stage_close(Stage* const self)
{
  CHECK(self->host.n_strange == 0U);
  CHECK(self->host.n_held == 0);
  ui_host_close(&self->host);
  view_free(self->view);
  ui_model_clear(&self->model);
  XDestroyWindow(screen, self->parent);
  XSync(screen, False);
}

/// Press, move and let go, in points of the window
static void
pull(Stage* const self,
     const double x0,
     const double y0,
     const double x1,
     const double y1)
{
  screen_point(LEFT + (int)x0, TOP + (int)y0);
  ui_host_turn(&self->host);
  screen_button(1U, true);
  ui_host_turn(&self->host);
  for (int i = 1; i <= 4; ++i) {
    screen_point(LEFT + (int)(x0 + (x1 - x0) * i / 4.0),
                 TOP + (int)(y0 + (y1 - y0) * i / 4.0));
    ui_host_turn(&self->host);
  }
  screen_button(1U, false);
  ui_host_turn(&self->host);
}

static void
click(Stage* const self, const Rect box)
{
  screen_click(
    LEFT + (int)(box.x + 0.5 * box.w), TOP + (int)(box.y + 0.5 * box.h), 1U);
  ui_host_turn(&self->host);
}

static Rect
place_of(const Stage* const self, const char* const name)
{
  Rect box = {0.0, 0.0, 0.0, 0.0};
  if (!view_find(self->view, name, &box)) {
    fprintf(stderr, "there is no %s\n", name);
    CHECK(false);
  }
  return box;
}

// Ports -----------------------------------------------------------------------

/// Change a control as its kind is changed by hand
static void
handle(Stage* const self, const PortIndex index, const Rect box)
{
  const double x    = box.x + 0.5 * box.w;
  const double y    = box.y + 0.5 * box.h;
  const Port   port = port_at(index);
  switch (control_at(index)->kind) {
  case CONTROL_KNOB:
    pull(self, x, y, x, port.standard < port.maximum ? y - 30.0 : y + 30.0);
    break;
  case CONTROL_WEIGHT: {
    // The same place where it is empty and where it is full
    pull(self, box.x + 0.75 * box.w, y, box.x + 0.7 * box.w, y);
    break;
  }
  case CONTROL_NUMBER:
    click(self, box);
    screen_type(XK_4);
    screen_type(XK_2);
    screen_type(XK_Return);
    break;
  default:
    click(self, box);
    break;
  }
  ui_host_turn(&self->host);
  if (!ui_host_count(&self->host, index)) { // At its end already
    screen_click(LEFT + (int)x, TOP + (int)y, 4U);
    ui_host_turn(&self->host);
    screen_click(LEFT + (int)x, TOP + (int)y, 5U);
    ui_host_turn(&self->host);
  }
}

static void
test_every_control_moves_its_port(void)
{
  Stage stage;
  stage_open(&stage);
  unsigned n_seen = 0U;
  for (unsigned i = PORT_SET_FIRST; i <= PORT_SET_LAST; ++i) {
    const PortIndex index = (PortIndex)i;
    Rect            box;
    if (control_at(index)->kind == CONTROL_NONE ||
        !view_find_port(stage.view, index, &box)) {
      CHECK(index == PORT_FREEWHEEL);
      continue;
    }
    ++n_seen;
    stage.host.n_writes = 0U;
    handle(&stage, index, box);
    CHECK(ui_host_count(&stage.host, index) > 0U);
    ui_host_wait(&stage.host, index == PORT_REROLL ? 0.3 : 0.0);
    CHECK(ui_host_count(&stage.host, index) == stage.host.n_writes);
    CHECK(index == PORT_REROLL ||
          ui_host_last(&stage.host, index) != port_at(index).standard ||
          stage.host.n_writes > 1U);
    if (ui_host_count(&stage.host, index) != stage.host.n_writes ||
        !stage.host.n_writes) {
      fprintf(stderr, "  %s\n", port_at(index).symbol);
    }
  }
  CHECK(n_seen == N_SET_PORTS - 1U);
  CHECK(stage.host.n_touches > 0U);
  CHECK(ui_host_count(&stage.host, PORT_SEED) == 0U);
  stage_close(&stage);
}

static void
test_a_typed_seed(void)
{
  Stage stage;
  Rect  box;
  stage_open(&stage);
  CHECK(view_find_port(stage.view, PORT_SEED, &box));
  click(&stage, box);
  screen_type(XK_BackSpace); // What stands there is 1
  screen_type(XK_4);
  screen_type(XK_2);
  ui_host_turn(&stage.host);
  CHECK(ui_host_count(&stage.host, PORT_SEED) == 0U);
  screen_type(XK_Return);
  ui_host_turn(&stage.host);
  CHECK(ui_host_count(&stage.host, PORT_SEED) == 1U);
  NEAR(ui_host_last(&stage.host, PORT_SEED), 42.0, 0.0);
  stage_close(&stage);
}

static void
test_the_pad_mixes_styles(void)
{
  Stage stage;
  stage_open(&stage);
  const Rect pad = place_of(&stage, "pad");
  pull(&stage,
       pad.x + 0.3 * pad.w,
       pad.y + 0.3 * pad.h,
       pad.x + 0.6 * pad.w,
       pad.y + 0.7 * pad.h);
  unsigned n_mix = 0U;
  double   sum   = 0.0;
  for (unsigned i = PORT_MIX_FIRST; i <= PORT_MIX_LAST; ++i) {
    n_mix += ui_host_count(&stage.host, (PortIndex)i) > 0U;
    const float last = ui_host_last(&stage.host, (PortIndex)i);
    sum += last > 0.0f ? (double)last : 0.0;
  }
  CHECK(n_mix >= 3U);
  CHECK(sum > 0.0);
  for (unsigned i = 0U; i < stage.host.n_writes; ++i) {
    CHECK(stage.host.writes[i].index >= PORT_MIX_FIRST &&
          stage.host.writes[i].index <= PORT_MIX_LAST);
  }
  stage_close(&stage);
}

static void
test_the_threshold_is_dragged(void)
{
  Stage stage;
  stage_open(&stage);
  const Rect   line   = place_of(&stage, "threshold");
  const Rect   scores = place_of(&stage, "scores");
  const double x      = line.x + 0.5 * line.w;
  pull(&stage, x, line.y + 0.5 * line.h, x, scores.y + 0.25 * scores.h);
  CHECK(ui_host_count(&stage.host, PORT_GATE) >= 1U);
  CHECK(ui_host_count(&stage.host, PORT_GATE) == stage.host.n_writes);
  NEAR(ui_host_last(&stage.host, PORT_GATE), 75.0, 3.0);
  CHECK(stage.host.n_touches == 1U && stage.host.n_held == 0);
  stage_close(&stage);
}

static void
test_the_trigger_goes_back(void)
{
  Stage stage;
  Rect  box;
  stage_open(&stage);
  CHECK(view_find_port(stage.view, PORT_REROLL, &box));
  click(&stage, box);
  CHECK(stage.host.n_writes == 1U);
  NEAR(ui_host_last(&stage.host, PORT_REROLL), 1.0, 0.0);
  ui_host_wait(&stage.host, 0.4);
  CHECK(stage.host.n_writes == 2U);
  NEAR(ui_host_last(&stage.host, PORT_REROLL), 0.0, 0.0);
  CHECK(stage.host.writes[1].s - stage.host.writes[0].s >= 0.149);

  // As many times as it is pressed
  for (unsigned i = 0U; i < 2U; ++i) {
    click(&stage, box);
    ui_host_wait(&stage.host, 0.35);
  }
  CHECK(stage.host.n_writes == 6U);

  // Also when it is pressed faster than a host may see
  for (unsigned i = 0U; i < 3U; ++i) {
    click(&stage, box);
  }
  ui_host_wait(&stage.host, 1.2);
  CHECK(stage.host.n_writes == 12U);
  NEAR(ui_host_last(&stage.host, PORT_REROLL), 0.0, 0.0);

  // Closing does not leave it pressed
  click(&stage, box);
  CHECK(stage.host.n_writes == 13U);
  NEAR(ui_host_last(&stage.host, PORT_REROLL), 1.0, 0.0);
  ui_host_close(&stage.host);
  CHECK(stage.host.n_writes == 14U);
  NEAR(ui_host_last(&stage.host, PORT_REROLL), 0.0, 0.0);
  stage_close(&stage);
}

static XImage*
picture(void)
{
  return XGetImage(screen,
                   DefaultRootWindow(screen),
                   LEFT,
                   TOP,
                   WIDTH,
                   HEIGHT,
                   AllPlanes,
                   ZPixmap);
}

/// How many pixels of a box differ between two pictures
static unsigned
count_changed(XImage* const before, XImage* const after, const Rect box)
{
  unsigned n = 0U;
  for (int y = (int)box.y; y < (int)(box.y + box.h); ++y) {
    for (int x = (int)box.x; x < (int)(box.x + box.w); ++x) {
      n += XGetPixel(before, x, y) != XGetPixel(after, x, y);
    }
  }
  return n;
}

static void
test_the_hosts_values_are_shown(void)
{
  Stage stage;
  Rect  box;
  stage_open(&stage);
  screen_point(1275, 1015);
  ui_host_wait(&stage.host, 0.3);
  CHECK(view_find_port(stage.view, PORT_ENERGY, &box));
  XImage* const before = picture();
  ui_host_set(&stage.host, PORT_ENERGY, 5.0f);
  ui_host_turn(&stage.host);
  XImage* const after = picture();
  CHECK(count_changed(before, after, box) > 20U);
  CHECK(stage.host.n_writes == 0U); // Not told back

  // Covered and shown again
  const Window above = screen_window(LEFT + 100, TOP + 100, 300U, 300U);
  ui_host_turn(&stage.host);
  XDestroyWindow(screen, above);
  ui_host_turn(&stage.host);
  XImage* const again = picture();
  const Rect    all   = {100.0, 100.0, 300.0, 300.0};
  CHECK(count_changed(after, again, all) == 0U);
  XDestroyImage(before);
  XDestroyImage(after);
  XDestroyImage(again);
  stage_close(&stage);
}

// What is said ----------------------------------------------------------------

static void
test_it_says_that_it_is_there(void)
{
  Stage stage;
  stage_open(&stage);
  CHECK(stage.host.n_hellos == 1U);
  ui_host_wait(&stage.host, 2.2);
  CHECK(stage.host.n_hellos + stage.host.n_heres >= 2U);
  CHECK(stage.host.n_hellos + stage.host.n_heres <= 4U);
  stage_close(&stage);
}

static void
test_strange_events_do_nothing(void)
{
  Stage stage;
  stage_open(&stage);
  LV2_URID_Map* const map      = ui_host_map();
  const LV2_URID      transfer = map->map(map->handle, LV2_ATOM__eventTransfer);
  const LV2_URID      object   = map->map(map->handle, LV2_ATOM__Object);
  const LV2UI_Descriptor* const d     = stage.host.descriptor;
  LV2UI_Handle                  h     = stage.host.handle;
  const float                   value = 3.0f;
  _Alignas(8) uint8_t           bytes[512];
  uint32_t                      seed = 1U;

  d->port_event(h, N_PORTS, sizeof(value), 0U, &value);
  d->port_event(h, UINT32_MAX, sizeof(value), 0U, &value);
  d->port_event(h, PORT_CONTROL, sizeof(value), 0U, &value);
  d->port_event(h, PORT_MIDI_OUT, sizeof(value), 0U, &value);
  d->port_event(h, PORT_ENERGY, 2U, 0U, &value);
  d->port_event(h, PORT_ENERGY, 0U, 0U, NULL);
  d->port_event(h, PORT_ENERGY, sizeof(value), 12345U, &value);
  ui_host_set(&stage.host, PORT_ENERGY, NAN);
  const float strange[] = {INFINITY, 1e12f, -INFINITY, -1e30f};
  for (unsigned i = 0U; i < 4U; ++i) {
    for (unsigned port = PORT_SET_FIRST; port <= PORT_SET_LAST; ++port) {
      ui_host_set(&stage.host, (PortIndex)port, strange[i]);
    }
    CHECK(ui_host_turn(&stage.host) == 0); // They are drawn
  }
  for (unsigned i = 0U; i < 20000U; ++i) {
    for (unsigned k = 0U; k < sizeof(bytes); ++k) {
      seed     = seed * 1664525U + 1013904223U;
      bytes[k] = (uint8_t)(seed >> 24U);
    }
    LV2_Atom_Object* const atom = (LV2_Atom_Object*)bytes;
    const uint32_t         size = seed % (unsigned)sizeof(bytes);
    if (i % 4U) { // Nearly right
      atom->atom.type  = object;
      atom->atom.size  = i % 8U == 1U ? seed >> 8U : size;
      atom->body.otype = stage.host.urids.kinds[1U + i % (N_TALK_KINDS - 1U)];
    }
    d->port_event(h, PORT_MIDI_OUT, size, transfer, bytes);
  }
  CHECK(ui_host_turn(&stage.host) == 0);
  CHECK(stage.host.n_writes == 0U);
  stage_close(&stage);
}

// Music is taken away ---------------------------------------------------------

static unsigned
n_files_in(const char* const folder)
{
  unsigned   n   = 0U;
  DIR* const dir = opendir(folder);
  for (struct dirent* e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
    n += e->d_name[0] != '.';
  }
  if (dir) {
    closedir(dir);
  }
  return n;
}

/// Drag the phrase somewhere
static void
lift_phrase(Stage* const      self,
            XdndTarget* const target,
            const int         x,
            const int         y)
{
  const Rect box = place_of(self, "drag_phrase");
  screen_point(LEFT + (int)(box.x + 0.5 * box.w),
               TOP + (int)(box.y + 0.5 * box.h));
  ui_host_turn(&self->host);
  screen_button(1U, true);
  ui_host_turn(&self->host);
  const int steps[][2] = {{LEFT + (int)(box.x + 0.5 * box.w) + 20,
                           TOP + (int)(box.y + 0.5 * box.h) - 20},
                          {x - 5, y},
                          {x, y}};
  for (unsigned i = 0U; i < 3U; ++i) {
    screen_point(steps[i][0], steps[i][1]);
    for (unsigned k = 0U; k < 3U; ++k) {
      ui_host_turn(&self->host);
      target_poll(target);
    }
  }
}

static void
drag_phrase(Stage* const      self,
            XdndTarget* const target,
            const int         x,
            const int         y)
{
  lift_phrase(self, target, x, y);
  screen_button(1U, false);
  for (unsigned k = 0U; k < 6U; ++k) {
    ui_host_turn(&self->host);
    target_poll(target);
  }
}

static void
test_a_phrase_is_dragged_out(void)
{
  Stage      stage;
  XdndTarget target;
  char       folder[128];
  (void)snprintf(folder, sizeof(folder), "%s/Perpetuo", home);
  stage_open(&stage);
  target_open(&target, 1110, 300, 0U, 5);

  drag_phrase(&stage, &target, 1180, 350);
  CHECK(target.n_drops == 1U && !target.n_strange);
  CHECK(!access(target.path, R_OK));
  CHECK(!strncmp(target.path, home, strlen(home)));
  MidiSong* song = NULL;
  Trouble   trouble;
  CHECK(!midi_file_load(target.path, &song, &trouble));
  CHECK(song && song->n_tracks == 2U);
  CHECK(song && midi_song_n_notes(song) == 32U);
  midi_song_free(song);

  // It stays where it was dropped, also when it is dragged to nobody then
  char path[4096];
  (void)snprintf(path, sizeof(path), "%s", target.path);
  drag_phrase(&stage, &target, 1180, 800);
  CHECK(target.n_drops == 1U);
  CHECK(!access(path, R_OK));

  // What was written for nobody goes away again
  const unsigned n = n_files_in(folder);
  say_music(&stage, 21);
  ui_host_turn(&stage.host);
  drag_phrase(&stage, &target, 1180, 800);
  CHECK(target.n_drops == 1U);
  CHECK(n_files_in(folder) == n);
  CHECK(n >= 1U);
  CHECK(stage.host.n_writes == 0U);
  target_close(&target);
  stage_close(&stage);
}

static void
test_closing_lets_go(void)
{
  Stage stage;
  Rect  box;
  stage_open(&stage);
  CHECK(view_find_port(stage.view, PORT_ENERGY, &box));
  screen_point(LEFT + (int)(box.x + 0.5 * box.w),
               TOP + (int)(box.y + 0.5 * box.h));
  screen_button(1U, true);
  ui_host_turn(&stage.host);
  CHECK(stage.host.n_held == 1);
  ui_host_close(&stage.host);
  CHECK(stage.host.n_held == 0);
  screen_button(1U, false);
  stage_close(&stage);

  // A file that is on its way to nobody goes away as well
  XdndTarget target;
  char       folder[128];
  (void)snprintf(folder, sizeof(folder), "%s/Perpetuo", home);
  const unsigned n = n_files_in(folder);
  stage_open(&stage);
  target_open(&target, 1110, 300, 0U, 5);
  say_music(&stage, 41);
  ui_host_turn(&stage.host);
  lift_phrase(&stage, &target, 1180, 350);
  CHECK(n_files_in(folder) == n + 1U);
  ui_host_close(&stage.host);
  CHECK(n_files_in(folder) == n);
  screen_button(1U, false);
  target_close(&target);
  stage_close(&stage);
}

static void
test_a_phrase_is_saved(void)
{
  Stage stage;
  char  folder[128];
  (void)snprintf(folder, sizeof(folder), "%s/Perpetuo", home);
  stage_open(&stage);
  say_music(&stage, 31);
  const unsigned n = n_files_in(folder);
  click(&stage, place_of(&stage, "save_phrase"));
  CHECK(n_files_in(folder) == n + 1U);
  ui_host_wait(&stage.host, 0.4);
  click(&stage, place_of(&stage, "save_phrase")); // It is there already
  CHECK(n_files_in(folder) == n + 1U);
  CHECK(stage.host.n_writes == 0U);
  stage_close(&stage);
}

// Life ------------------------------------------------------------------------

static void
test_sizes(void)
{
  static const struct {
    double scale;
    int    width, height;
  } rows[] = {{1.0, WIDTH, HEIGHT},
              {1.5, 1620, 1140},
              {100.0, 4320, 3040},
              {0.1, 540, 380},
              {-3.0, WIDTH, HEIGHT},
              {NAN, WIDTH, HEIGHT},
              {0.0, WIDTH, HEIGHT}};
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    UiHost         host;
    const Window   parent = screen_window(LEFT, TOP, WIDTH, HEIGHT);
    const UiOffers offers = {.parent      = parent,
                             .has_options = true,
                             .has_resize  = true,
                             .scale       = rows[i].scale};
    CHECK(ui_host_open(&host, &offers));
    CHECK(host.n_sizes == 1U);
    CHECK(host.width == rows[i].width && host.height == rows[i].height);
    ui_host_turn(&host);
    XWindowAttributes attributes;
    CHECK(XGetWindowAttributes(screen, (Window)host.widget, &attributes));
    CHECK(attributes.width == rows[i].width);

    // The host tells another one
    CHECK(!host.resize->ui_resize(host.handle, 700, 500));
    CHECK(host.resize->ui_resize(host.handle, 0, -5));
    ui_host_turn(&host);
    CHECK(XGetWindowAttributes(screen, (Window)host.widget, &attributes));
    CHECK(attributes.width == 700 && attributes.height == 500);
    ui_host_close(&host);
    XDestroyWindow(screen, parent);
  }
}

static void
close_by_hand(const Window window)
{
  XEvent event;
  memset(&event, 0, sizeof(event));
  event.xclient.type         = ClientMessage;
  event.xclient.window       = window;
  event.xclient.message_type = XInternAtom(screen, "WM_PROTOCOLS", False);
  event.xclient.format       = 32;
  event.xclient.data.l[0] =
    (long)XInternAtom(screen, "WM_DELETE_WINDOW", False);
  XSendEvent(screen, window, False, NoEventMask, &event);
}

static void
test_without_a_parent(void)
{
  UiHost            host;
  const UiOffers    offers = {.parent = None};
  XWindowAttributes attributes;
  CHECK(ui_host_open(&host, &offers));
  CHECK(ui_host_turn(&host) == 0);
  const Window window = (Window)host.widget;
  CHECK(XGetWindowAttributes(screen, window, &attributes));
  CHECK(attributes.map_state == IsUnmapped);
  CHECK(host.show->show(host.handle) == 0);
  CHECK(ui_host_turn(&host) == 0);
  CHECK(XGetWindowAttributes(screen, window, &attributes));
  CHECK(attributes.map_state == IsViewable);
  CHECK(attributes.width == WIDTH && attributes.height == HEIGHT);

  close_by_hand(window);
  CHECK(ui_host_turn(&host) != 0);
  CHECK(XGetWindowAttributes(screen, window, &attributes));
  CHECK(attributes.map_state == IsUnmapped);
  CHECK(host.show->show(host.handle) == 0);
  CHECK(ui_host_turn(&host) == 0);
  CHECK(host.show->hide(host.handle) == 0);
  ui_host_turn(&host);
  CHECK(XGetWindowAttributes(screen, window, &attributes));
  CHECK(attributes.map_state == IsUnmapped);
  CHECK(!host.n_strange);
  ui_host_close(&host);
}

static void
test_two_windows_share_nothing(void)
{
  Stage  stage;
  UiHost other;
  Rect   box;
  stage_open(&stage);
  const Window   place  = screen_window(1100, 500, 150U, 150U);
  const UiOffers offers = {.parent = place};
  CHECK(ui_host_open(&other, &offers));
  CHECK(view_find_port(stage.view, PORT_HOLD, &box));
  click(&stage, box);
  ui_host_turn(&other);
  CHECK(ui_host_count(&stage.host, PORT_HOLD) == 1U);
  CHECK(other.n_writes == 0U && other.n_hellos == 1U);
  ui_host_close(&other);
  XDestroyWindow(screen, place);
  click(&stage, box);
  CHECK(ui_host_count(&stage.host, PORT_HOLD) == 2U);
  stage_close(&stage);
}

static void
test_the_host_takes_the_place_away(void)
{
  Stage stage;
  stage_open(&stage);
  CHECK(ui_host_turn(&stage.host) == 0);
  XDestroyWindow(screen, stage.parent);
  CHECK(ui_host_turn(&stage.host) != 0);
  ui_host_set(&stage.host, PORT_ENERGY, 1.0f);
  CHECK(ui_host_turn(&stage.host) != 0);
  ui_host_close(&stage.host);

  stage.parent = screen_window(LEFT, TOP, 10U, 10U);
  stage_close(&stage);
}

static void
test_what_cannot_be_opened(void)
{
  UiHost         host;
  const Window   parent = screen_window(LEFT, TOP, 100U, 100U);
  const UiOffers no_map = {.parent = parent, .lacks_map = true};
  const UiOffers nobody = {.parent = 0x7U, .has_log = true};
  const UiOffers fine   = {.parent = parent, .has_log = true};
  CHECK(!ui_host_open(&host, &no_map));
  CHECK(!ui_host_open(&host, &nobody));
  CHECK(host.n_logged == 1U);

  char place[64];
  (void)snprintf(place, sizeof(place), "%s", getenv("DISPLAY"));
  setenv("DISPLAY", ":9999", 1);
  CHECK(!ui_host_open(&host, &fine));
  CHECK(host.n_logged == 1U);
  setenv("DISPLAY", place, 1);
  CHECK(ui_host_open(&host, &fine));
  CHECK(host.n_logged == 0U);
  ui_host_close(&host);
  XDestroyWindow(screen, parent);
}

static void
test_opening_and_closing_leaves_nothing(void)
{
  const Window parent  = screen_window(LEFT, TOP, WIDTH, HEIGHT);
  size_t       before  = 0U;
  unsigned     n_begin = 0U;
  for (unsigned i = 0U; i < 500U; ++i) {
    UiHost         host;
    const UiOffers offers = {.parent = i % 5U ? parent : None};
    CHECK(ui_host_open(&host, &offers));
    host.idle->idle(host.handle);
    ui_host_set(&host, PORT_ENERGY, 1.0f);
    host.idle->idle(host.handle);
    ui_host_close(&host);
    if (i == 49U) {
      before  = mallinfo2().uordblks;
      n_begin = n_files_in("/proc/self/fd");
    }
  }
  const double each = ((double)mallinfo2().uordblks - (double)before) / 450.0;
  printf("# %.0f bytes for each window that was closed\n", each);
  CHECK(each < 256.0);
  CHECK(n_files_in("/proc/self/fd") == n_begin);
  XDestroyWindow(screen, parent);
}

int
main(void)
{
  const char* const why = ui_host_begin(home);
  if (why) {
    SKIP_ALL(why);
  }

  RUN(test_it_says_that_it_is_there);
  RUN(test_every_control_moves_its_port);
  RUN(test_a_typed_seed);
  RUN(test_the_pad_mixes_styles);
  RUN(test_the_threshold_is_dragged);
  RUN(test_the_trigger_goes_back);
  RUN(test_the_hosts_values_are_shown);
  RUN(test_strange_events_do_nothing);
  RUN(test_a_phrase_is_dragged_out);
  RUN(test_closing_lets_go);
  RUN(test_a_phrase_is_saved);
  RUN(test_sizes);
  RUN(test_without_a_parent);
  RUN(test_two_windows_share_nothing);
  RUN(test_the_host_takes_the_place_away);
  RUN(test_what_cannot_be_opened);
  RUN(test_opening_and_closing_leaves_nothing);

  if (!ui_host_end(home)) {
    return 1;
  }
  CHECK_END();
}
