// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "ui_host.h"

#include <lv2/atom/atom.h>
#include <lv2/atom/forge.h>
#include <lv2/core/lv2.h>
#include <lv2/log/log.h>
#include <lv2/options/options.h>

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BUNDLE "build/perpetuo.lv2/"
#define MAX_URIS 512U

static char*                    uris[MAX_URIS];
static uint32_t                 n_uris;
static LV2UI_DescriptorFunction find;

static double
seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static LV2_URID
map_uri(LV2_URID_Map_Handle handle, const char* const uri)
{
  (void)handle;
  for (uint32_t i = 0U; i < n_uris; ++i) {
    if (!strcmp(uris[i], uri)) {
      return i + 1U;
    }
  }
  if (n_uris == MAX_URIS) {
    return 0U;
  }
  const size_t size = strlen(uri) + 1U;
  uris[n_uris]      = (char*)malloc(size);
  memcpy(uris[n_uris], uri, size);
  return ++n_uris;
}

LV2_URID_Map*
ui_host_map(void)
{
  static LV2_URID_Map map = {NULL, map_uri};
  return &map;
}

static bool
load(void)
{
  void* const library = dlopen(BUNDLE "perpetuo_ui.so", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    return false;
  }
  *(void**)&find = dlsym(library, "lv2ui_descriptor");
  return find && find(0U);
}

const char*
ui_host_begin(char* const home)
{
  const char* const why =
    load() ? screen_open("1280x1024x24") : "the bundle has no window";
  strcpy(home, "/tmp/perpetuo-test-XXXXXX");
  if (why || !mkdtemp(home)) {
    return why ? why : "there is no folder for it";
  }
  setenv("HOME", home, 1);
  unsetenv("XDG_CONFIG_HOME");
  return NULL;
}

bool
ui_host_end(const char* const home)
{
  char command[UI_HOST_MAX_HOME + 16U];
  (void)snprintf(command, sizeof(command), "rm -rf '%s'", home);
  return getenv("KEEP") || !system(command);
}

// What the window wants -------------------------------------------------------

static void
hear_atom(UiHost* const self, const uint32_t size, const LV2_Atom* const atom)
{
  TalkMessage message;
  if (size != lv2_atom_total_size(atom) ||
      !talk_read(&self->urids, atom, &message)) {
    ++self->n_strange;
    return;
  }
  self->n_hellos += message.kind == TALK_HELLO;
  self->n_heres += message.kind == TALK_HERE;
  self->n_strange += message.kind != TALK_HELLO && message.kind != TALK_HERE;
}

static void
hear_write(LV2UI_Controller  controller,
           const uint32_t    index,
           const uint32_t    size,
           const uint32_t    format,
           const void* const buffer)
{
  UiHost* const self = (UiHost*)controller;
  if (index == PORT_CONTROL &&
      format == map_uri(NULL, LV2_ATOM__eventTransfer)) {
    hear_atom(self, size, (const LV2_Atom*)buffer);
    return;
  }
  float value = 0.0f;
  if (format || size != sizeof(value) || index < PORT_SET_FIRST ||
      index > PORT_SET_LAST || self->n_writes == UI_HOST_MAX) {
    ++self->n_strange;
    return;
  }
  memcpy(&value, buffer, sizeof(value));
  const Port port = port_at((PortIndex)index);
  self->n_strange += !(value >= port.minimum && value <= port.maximum);
  const UiWrite write            = {(PortIndex)index, value, seconds()};
  self->writes[self->n_writes++] = write;
}

static void
hear_touch(LV2UI_Feature_Handle handle,
           const uint32_t       index,
           const bool           is_held)
{
  UiHost* const self = (UiHost*)handle;
  self->n_strange += index < PORT_SET_FIRST || index > PORT_SET_LAST;
  self->n_touches += is_held;
  self->n_held += is_held ? 1 : -1;
}

static int
hear_size(LV2UI_Feature_Handle handle, const int width, const int height)
{
  UiHost* const self = (UiHost*)handle;
  ++self->n_sizes;
  self->width  = width;
  self->height = height;
  return 0;
}

static int
hear_log(LV2_Log_Handle    handle,
         const LV2_URID    type,
         const char* const format,
         va_list           args)
{
  (void)type;
  (void)format;
  (void)args;
  ++((UiHost*)handle)->n_logged;
  return 0;
}

static int
hear_logf(LV2_Log_Handle    handle,
          const LV2_URID    type,
          const char* const format,
          ...)
{
  (void)type;
  (void)format;
  ++((UiHost*)handle)->n_logged;
  return 0;
}

// Life ------------------------------------------------------------------------

bool
ui_host_open(UiHost* const self, const UiOffers* const offers)
{
  memset(self, 0, sizeof(*self));
  self->lent_resize = (LV2UI_Resize){self, hear_size};
  self->lent_touch  = (LV2UI_Touch){self, hear_touch};
  self->lent_log    = (LV2_Log_Log){self, hear_logf, hear_log};

  const float              scale     = (float)offers->scale;
  const LV2_URID           a_float   = map_uri(NULL, LV2_ATOM__Float);
  const LV2_Options_Option options[] = {
    {LV2_OPTIONS_INSTANCE, 0U, 1U, sizeof(scale), a_float, &scale},
    {LV2_OPTIONS_INSTANCE,
     0U,
     map_uri(NULL, LV2_UI__scaleFactor),
     sizeof(scale),
     a_float,
     &scale},
    {LV2_OPTIONS_INSTANCE, 0U, 0U, 0U, 0U, NULL}};

  const LV2_Feature strange = {"urn:nobody:knows", self};
  const LV2_Feature map     = {LV2_URID__map, ui_host_map()};
  const LV2_Feature idle    = {LV2_UI__idleInterface, NULL};
  const LV2_Feature rows[] = {{LV2_UI__parent, (void*)offers->parent}, // NOLINT
                              {LV2_UI__resize, &self->lent_resize},
                              {LV2_UI__touch, &self->lent_touch},
                              {LV2_LOG__log, &self->lent_log},
                              {LV2_OPTIONS__options, (void*)options}};
  const bool        has[]  = {offers->parent != None,
                              offers->has_resize,
                              offers->has_touch,
                              offers->has_log,
                              offers->has_options};
  const LV2_Feature* features[10] = {&strange, &idle};
  unsigned           n            = 2U;
  for (unsigned i = 0U; i < 5U; ++i) {
    if (has[i]) {
      features[n++] = &rows[i];
    }
  }
  if (!offers->lacks_map) {
    features[n++] = &map;
  }
  features[n] = NULL;

  talk_urids_init(&self->urids, ui_host_map());
  self->descriptor = find(0U);
  self->idle = (const LV2UI_Idle_Interface*)self->descriptor->extension_data(
    LV2_UI__idleInterface);
  self->show = (const LV2UI_Show_Interface*)self->descriptor->extension_data(
    LV2_UI__showInterface);
  self->resize =
    (const LV2UI_Resize*)self->descriptor->extension_data(LV2_UI__resize);
  self->handle = self->descriptor->instantiate(self->descriptor,
                                               "urn:perpetuo:duo",
                                               BUNDLE,
                                               hear_write,
                                               self,
                                               &self->widget,
                                               features);
  return self->handle != NULL;
}

void
ui_host_close(UiHost* const self)
{
  if (self->handle) {
    self->descriptor->cleanup(self->handle);
    self->handle = NULL;
  }
}

int
ui_host_turn(UiHost* const self)
{
  int status = 0;
  for (unsigned i = 0U; i < 5U; ++i) {
    screen_wait(2U);
    status = self->idle->idle(self->handle);
  }
  return status;
}

void
ui_host_wait(UiHost* const self, const double s)
{
  const double until = seconds() + s;
  while (seconds() < until) {
    ui_host_turn(self);
  }
}

void
ui_host_set(UiHost* const self, const PortIndex index, const float value)
{
  self->descriptor->port_event(
    self->handle, (uint32_t)index, sizeof(value), 0U, &value);
}

void
ui_host_say(UiHost* const self, const TalkMessage* const message)
{
  _Alignas(LV2_Atom) uint8_t buffer[TALK_MAX_BYTES];
  LV2_Atom_Forge             forge;
  lv2_atom_forge_init(&forge, ui_host_map());
  lv2_atom_forge_set_buffer(&forge, buffer, sizeof(buffer));
  if (talk_write(&self->urids, &forge, message)) {
    const LV2_Atom* const atom = (const LV2_Atom*)buffer;
    self->descriptor->port_event(self->handle,
                                 PORT_MIDI_OUT,
                                 lv2_atom_total_size(atom),
                                 map_uri(NULL, LV2_ATOM__eventTransfer),
                                 atom);
  }
}

float
ui_host_last(const UiHost* const self, const PortIndex index)
{
  for (unsigned i = self->n_writes; i-- > 0U;) {
    if (self->writes[i].index == index) {
      return self->writes[i].value;
    }
  }
  return -1.0f;
}

unsigned
ui_host_count(const UiHost* const self, const PortIndex index)
{
  unsigned n = 0U;
  for (unsigned i = 0U; i < self->n_writes; ++i) {
    n += self->writes[i].index == index;
  }
  return n;
}
