// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Plugin and window together in one host: what is dragged out of the window is
   what was heard.
*/

#include "midi/midi_file.h"
#include "music/metre.h"
#include "plugin/ui/ui_layout.h"
#include "tools/host.h"

#include "check.h"
#include "screen.h"
#include "ui_host.h"
#include "xdnd_target.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEFT 10
#define TOP 10
#define WIDTH 1080
#define HEIGHT 760

#define BLOCK 480U
#define BAR_TICKS (4U * TICKS_PER_QUARTER)

/// Bars that are taken at first, as the window says
#define N_TAKEN 8

typedef struct {
  Host*     plugin;
  TalkUrids urids; ///< As the plugin's side of the host has them
  UiHost    window;
  Layout    layout;
  unsigned  n_said; ///< Messages of the window's that were passed on
  unsigned  n_set;  ///< And values
  unsigned  n_heard;
} Room;

static Room room;
static char home[UI_HOST_MAX_HOME];

/// From the plugin to the window: each side has numbers of its own for URIs
static void
hear(void* const       data,
     const char* const symbol,
     const uint32_t    offset,
     const void* const atom)
{
  Room* const self = (Room*)data;
  TalkMessage message;
  (void)offset;
  CHECK(!strcmp(symbol, "midi_out"));
  CHECK(talk_read(&self->urids, (const LV2_Atom*)atom, &message));
  ui_host_say(&self->window, &message);
  ++self->n_heard;
}

static LV2_URID
map_uri(const LV2_URID_Map_Handle handle, const char* const uri)
{
  return host_map((Host*)handle, uri);
}

static void
send(Room* const self, const TalkKind kind)
{
  LV2_URID_Map               map     = {self->plugin, map_uri};
  const TalkMessage          message = {.kind = kind};
  _Alignas(LV2_Atom) uint8_t buffer[TALK_MAX_BYTES];
  LV2_Atom_Forge             forge;
  lv2_atom_forge_init(&forge, &map);
  lv2_atom_forge_set_buffer(&forge, buffer, sizeof(buffer));
  CHECK(talk_write(&self->urids, &forge, &message));
  CHECK(host_send_atom(self->plugin, 0U, buffer));
}

/// From the window to the plugin
static void
pass_on(Room* const self)
{
  UiHost* const window = &self->window;
  for (; self->n_set < window->n_writes; ++self->n_set) {
    const UiWrite* const write = &window->writes[self->n_set];
    CHECK(host_set(self->plugin, port_at(write->index).symbol, write->value));
  }
  if (window->n_hellos + window->n_heres != self->n_said) {
    send(self, window->n_hellos && !self->n_said ? TALK_HELLO : TALK_HERE);
    self->n_said = window->n_hellos + window->n_heres;
  }
}

/// Let time go on for both.  It is faster than the window's own clock, so it is
/// said for the window that it is still here.
static void
turn(Room* const self, const unsigned n_blocks)
{
  for (unsigned i = 0U; i < n_blocks; ++i) {
    pass_on(self);
    if (host_n_frames(self->plugin) % 48000U < BLOCK) {
      send(self, TALK_HERE);
    }
    host_run(self->plugin, BLOCK);
    if (i % 4U == 0U) {
      ui_host_turn(&self->window);
    }
  }
  ui_host_turn(&self->window);
  pass_on(self);
}

static void
open_room(Room* const self, const Window parent)
{
  const HostSetup setup  = host_setup("build/perpetuo.lv2", "urn:perpetuo:duo");
  const UiOffers  offers = {
     .parent = parent, .has_resize = true, .has_touch = true};
  Trouble trouble;
  memset(self, 0, sizeof(*self));
  if (host_new(&setup, &self->plugin, &trouble)) {
    fprintf(stderr, "%s\n", trouble.text);
    exit(1);
  }
  LV2_URID_Map map = {self->plugin, map_uri};
  talk_urids_init(&self->urids, &map);
  host_listen(self->plugin, hear, self);
  host_activate(self->plugin);
  CHECK(ui_host_open(&self->window, &offers));
  layout_init(&self->layout, WIDTH, HEIGHT, 3U);
}

static void
close_room(Room* const self)
{
  const char* fault = "";
  CHECK(!host_n_faults(self->plugin, &fault));
  CHECK(!self->window.n_strange && !self->window.n_held);
  ui_host_close(&self->window);
  host_free(self->plugin);
}

static Rect
box_of(const ItemKind kind, const PortIndex port)
{
  return room.layout.items[layout_find(&room.layout, kind, port)].box;
}

static void
click(const Rect box)
{
  screen_click(
    LEFT + (int)(box.x + 0.5 * box.w), TOP + (int)(box.y + 0.5 * box.h), 1U);
  turn(&room, 2U);
}

static void
drag_to(const Rect box, XdndTarget* const target, const int x, const int y)
{
  const int from[]     = {LEFT + (int)(box.x + 0.5 * box.w),
                          TOP + (int)(box.y + 0.5 * box.h)};
  const int steps[][2] = {{from[0] + 20, from[1] - 20}, {x - 5, y}, {x, y}};
  screen_point(from[0], from[1]);
  turn(&room, 1U);
  screen_button(1U, true);
  turn(&room, 1U);
  for (unsigned i = 0U; i < 9U; ++i) {
    screen_point(steps[i / 3U][0], steps[i / 3U][1]);
    turn(&room, 1U);
    target_poll(target);
  }
  screen_button(1U, false);
  for (unsigned i = 0U; i < 8U; ++i) {
    turn(&room, 1U);
    target_poll(target);
  }
}

/// Whether a note that was heard is in the file
static bool
is_taken(const MidiSong* const    song,
         const CaptureNote* const note,
         const int32_t            first_bar)
{
  const uint32_t tick =
    (uint32_t)(note->bar - first_bar) * BAR_TICKS + note->tick;
  for (uint32_t t = 0U; t < song->n_tracks; ++t) {
    for (uint32_t i = 0U; i < song->tracks[t].n_notes; ++i) {
      const MidiNote* const one = &song->tracks[t].notes[i];
      if (one->tick == tick && one->key == note->key &&
          one->velocity == note->velocity && one->channel == note->channel) {
        return true;
      }
    }
  }
  return false;
}

static void
test_what_is_dragged_out_was_heard(void)
{
  const Window parent = screen_window(LEFT, TOP, WIDTH, HEIGHT);
  XdndTarget   target;
  target_open(&target, 1110, 300, 0U, 5);
  open_room(&room, parent);
  turn(&room, 4U);
  host_play(room.plugin);

  // Some bars; then other songs, another mix, and another phrase
  const uint32_t bar_blocks = 96000U / BLOCK;
  turn(&room, 4U * bar_blocks);
  click(box_of(ITEM_DICE, PORT_SEED));
  turn(&room, 3U * bar_blocks + 20U);
  click(box_of(ITEM_PAD, PORT_MIX_FIRST));
  turn(&room, 2U * bar_blocks);
  click(box_of(ITEM_PORT, PORT_REROLL));
  turn(&room, 4U * bar_blocks);
  host_run_to_bar(room.plugin, 16, BLOCK);
  host_stop(room.plugin);
  turn(&room, 200U);
  CHECK(room.n_heard > 40U);
  CHECK(host_get(room.plugin, "seed") != 1.0f);
  CHECK(host_get(room.plugin, "mix_house") < 100.0f);

  drag_to(box_of(ITEM_DRAG_BARS, PORT_CONTROL), &target, 1180, 350);
  MidiSong* song = NULL;
  Trouble   trouble;
  CHECK(target.n_drops == 1U);
  CHECK(!midi_file_load(target.path, &song, &trouble));

  CaptureNote* notes   = NULL;
  size_t       n_notes = 0U;
  uint32_t     n_found = 0U;
  uint32_t     n_due   = 0U;
  CHECK(!capture_notes(host_capture(room.plugin),
                       host_timeline(room.plugin),
                       &notes,
                       &n_notes,
                       NULL));
  for (size_t i = 0U; song && i < n_notes; ++i) {
    if (notes[i].bar >= 16 - N_TAKEN) {
      ++n_due;
      n_found += is_taken(song, &notes[i], 16 - N_TAKEN) ? 1U : 0U;
    }
  }
  printf("# %u notes in %s\n", n_due, target.path);
  CHECK(n_due > 50U);
  CHECK(n_found == n_due);
  CHECK(song && midi_song_n_notes(song) == n_due);
  midi_song_free(song);
  free(notes);
  close_room(&room);
  target_close(&target);
  XDestroyWindow(screen, parent);
}

int
main(void)
{
  const char* const why = ui_host_begin(home);
  if (why) {
    SKIP_ALL(why);
  }

  RUN(test_what_is_dragged_out_was_heard);
  screen_close();

  if (!ui_host_end(home)) {
    return 1;
  }
  CHECK_END();
}
