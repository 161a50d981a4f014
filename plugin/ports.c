// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ports.h"

#include <stddef.h>
#include <string.h>

/// Where a port's value goes in a Mix; the seed alone is not one byte
enum { NOT_IN_MIX = 0, IN_MIX = 1 };

typedef struct {
  Port     port;
  unsigned is_in_mix;
  size_t   offset; ///< Of the byte in the Mix
} PortRow;

#define MIX(field) IN_MIX, offsetof(Mix, field)

static const PortRow rows[N_PORTS] = {
  [PORT_CONTROL]  = {{"control", 0.0f, 0.0f, 0.0f}, NOT_IN_MIX, 0U},
  [PORT_MIDI_OUT] = {{"midi_out", 0.0f, 0.0f, 0.0f}, NOT_IN_MIX, 0U},

  [PORT_ENABLED]     = {{"enabled", 0.0f, 1.0f, 1.0f}, NOT_IN_MIX, 0U},
  [PORT_SEED]        = {{"seed", 0.0f, 65535.0f, 1.0f}, NOT_IN_MIX, 0U},
  [PORT_REROLL]      = {{"reroll", 0.0f, 1.0f, 0.0f}, NOT_IN_MIX, 0U},
  [PORT_HOLD]        = {{"hold", 0.0f, 1.0f, 0.0f}, NOT_IN_MIX, 0U},
  [PORT_PHRASE_BARS] = {{"phrase_bars", 1.0f, 8.0f, 4.0f}, MIX(phrase_bars)},
  [PORT_VARIATION]   = {{"variation", 0.0f, 100.0f, 50.0f}, MIX(variation)},
  [PORT_FORM]        = {{"form", 0.0f, 2.0f, 1.0f}, MIX(form)},
  [PORT_ENERGY]      = {{"energy", 0.0f, 100.0f, 60.0f}, MIX(energy)},

  [PORT_KEY]      = {{"key", 0.0f, 11.0f, 0.0f}, MIX(key)},
  [PORT_SCALE]    = {{"scale", 0.0f, 10.0f, 0.0f}, MIX(scale)},
  [PORT_REGISTER] = {{"register", 0.0f, 100.0f, 50.0f}, MIX(range)},

#define STYLE(symbol, index, standard)                                   \
  [PORT_MIX_FIRST + (index)] = {{"mix_" symbol, 0.0f, 100.0f, standard}, \
                                IN_MIX,                                  \
                                offsetof(Mix, style) + (index)}

  STYLE("house", STYLE_HOUSE, 100.0f),
  STYLE("deephouse", STYLE_DEEPHOUSE, 0.0f),
  STYLE("progressive", STYLE_PROGRESSIVE, 0.0f),
  STYLE("techno", STYLE_TECHNO, 0.0f),
  STYLE("trance", STYLE_TRANCE, 0.0f),
  STYLE("synthwave", STYLE_SYNTHWAVE, 0.0f),
  STYLE("dnb", STYLE_DNB, 0.0f),
  STYLE("futurebass", STYLE_FUTUREBASS, 0.0f),
  STYLE("garage", STYLE_GARAGE, 0.0f),
  STYLE("acid", STYLE_ACID, 0.0f),
  STYLE("game", STYLE_GAME, 0.0f),
  STYLE("rock", STYLE_ROCK, 0.0f),
  STYLE("funk", STYLE_FUNK, 0.0f),
  STYLE("baroque", STYLE_BAROQUE, 0.0f),
  STYLE("classical", STYLE_CLASSICAL, 0.0f),
  STYLE("romantic", STYLE_ROMANTIC, 0.0f),

  [PORT_MELODY_DENSITY]  = {{"melody_density", 0.0f, 100.0f, 50.0f},
                            MIX(melody_density)},
  [PORT_MELODY_WILDNESS] = {{"melody_wildness", 0.0f, 100.0f, 50.0f},
                            MIX(melody_wildness)},
  [PORT_MELODY_LENGTH]   = {{"melody_length", 10.0f, 200.0f, 100.0f},
                            MIX(melody_length)},
  [PORT_DRUM_DENSITY]    = {{"drum_density", 0.0f, 100.0f, 50.0f},
                            MIX(drum_density)},
  [PORT_DRUM_WILDNESS]   = {{"drum_wildness", 0.0f, 100.0f, 50.0f},
                            MIX(drum_wildness)},
  [PORT_FILL]            = {{"fill", 0.0f, 100.0f, 50.0f}, MIX(fill)},

  [PORT_SWING]    = {{"swing", 0.0f, 100.0f, 0.0f}, MIX(swing)},
  [PORT_HUMANISE] = {{"humanise", 0.0f, 100.0f, 20.0f}, MIX(humanise)},
  [PORT_VELOCITY] = {{"velocity", 1.0f, 127.0f, 100.0f}, MIX(velocity)},

  [PORT_GATE]       = {{"gate", 0.0f, 100.0f, 50.0f}, MIX(gate)},
  [PORT_CANDIDATES] = {{"candidates", 1.0f, 16.0f, 4.0f}, MIX(candidates)},

  [PORT_MELODY_CHANNEL] = {{"melody_channel", 1.0f, 16.0f, 1.0f},
                           NOT_IN_MIX,
                           0U},
  [PORT_DRUM_CHANNEL] = {{"drum_channel", 1.0f, 16.0f, 10.0f}, NOT_IN_MIX, 0U},
  [PORT_DRUM_MAP]     = {{"drum_map", 0.0f, 1.0f, 0.0f}, MIX(drum_map)},
  [PORT_THRU]         = {{"thru", 0.0f, 1.0f, 1.0f}, NOT_IN_MIX, 0U},
  [PORT_TRANSPORT]    = {{"transport", 0.0f, 1.0f, 0.0f}, NOT_IN_MIX, 0U},
  [PORT_TEMPO]        = {{"tempo", 20.0f, 300.0f, 120.0f}, NOT_IN_MIX, 0U},
  [PORT_FREEWHEEL]    = {{"freewheel", 0.0f, 1.0f, 0.0f}, NOT_IN_MIX, 0U},

  [PORT_SCORE] = {{"score", 0.0f, 100.0f, 0.0f}, NOT_IN_MIX, 0U},
  [PORT_TRIES] = {{"tries", 0.0f, 1000.0f, 0.0f}, NOT_IN_MIX, 0U},
  [PORT_LATE]  = {{"late", 0.0f, 1000000.0f, 0.0f}, NOT_IN_MIX, 0U},
  [PORT_BAR]   = {{"bar", -1000000.0f, 1000000.0f, 0.0f}, NOT_IN_MIX, 0U},
};

#undef STYLE
#undef MIX

Port
port_at(const PortIndex index)
{
  return rows[index].port;
}

float
port_value(const void* const* const ports, const PortIndex index)
{
  const Port* const  port  = &rows[index].port;
  const float* const given = (const float*)ports[index];

  if (!given || *given != *given) {
    return port->standard;
  }
  return *given < port->minimum   ? port->minimum
         : *given > port->maximum ? port->maximum
                                  : *given;
}

uint32_t
port_whole(const void* const* const ports, const PortIndex index)
{
  return (uint32_t)(port_value(ports, index) + 0.5f);
}

bool
port_is_on(const void* const* const ports, const PortIndex index)
{
  return port_value(ports, index) > 0.5f;
}

const void*
port_place(const PortIndex index)
{
  return &rows[index].port.standard;
}

bool
ports_are_new(const void* const* const ports, uint32_t* const seen)
{
  uint32_t difference = 0U;
  for (unsigned i = 0U; i < N_SET_PORTS; ++i) {
    uint32_t bits = 0U;
    memcpy(&bits, ports[PORT_SET_FIRST + i], sizeof(bits));
    difference |= bits ^ seen[i];
  }
  for (unsigned i = 0U; difference && i < N_SET_PORTS; ++i) {
    memcpy(&seen[i], ports[PORT_SET_FIRST + i], sizeof(seen[i]));
  }
  return difference;
}

void
ports_read_mix(const void* const* const ports, Mix* const mix)
{
  mix_init(mix);
  for (unsigned i = 0U; i < N_PORTS; ++i) {
    if (rows[i].is_in_mix) {
      ((uint8_t*)mix)[rows[i].offset] =
        (uint8_t)port_whole(ports, (PortIndex)i);
    }
  }
  mix->seed        = port_whole(ports, PORT_SEED);
  mix->phrase_bars = mix_phrase_bars(mix->phrase_bars);
}
