// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The ports, in the order of ttl/plugin.ttl, which a test compares with this.

   Every plugin of the bundle has all of them, so a preset fits all.  Symbols
   never change once released, and new ports come last.
*/
#ifndef PERPETUO_PLUGIN_PORTS_H
#define PERPETUO_PLUGIN_PORTS_H

#include "base/attributes.h"
#include "music/mix.h"

#include <stdint.h>

typedef enum {
  PORT_CONTROL,
  PORT_MIDI_OUT,

  // The song
  PORT_ENABLED,
  PORT_SEED,
  PORT_REROLL,
  PORT_HOLD,
  PORT_PHRASE_BARS,
  PORT_VARIATION,
  PORT_FORM,
  PORT_ENERGY,

  // Harmony
  PORT_KEY,
  PORT_SCALE,
  PORT_REGISTER,

  // One weight for each style, in the order of the table of styles
  PORT_MIX_FIRST,
  PORT_MIX_LAST = PORT_MIX_FIRST + N_STYLES - 1,

  // Melody and drums
  PORT_MELODY_DENSITY,
  PORT_MELODY_WILDNESS,
  PORT_MELODY_LENGTH,
  PORT_DRUM_DENSITY,
  PORT_DRUM_WILDNESS,
  PORT_FILL,

  // Feel
  PORT_SWING,
  PORT_HUMANISE,
  PORT_VELOCITY,

  // Quality
  PORT_GATE,
  PORT_CANDIDATES,

  // MIDI and time
  PORT_MELODY_CHANNEL,
  PORT_DRUM_CHANNEL,
  PORT_DRUM_MAP,
  PORT_THRU,
  PORT_TRANSPORT,
  PORT_TEMPO,
  PORT_FREEWHEEL,

  // What can be watched
  PORT_SCORE,
  PORT_TRIES,
  PORT_LATE,
  PORT_BAR,

  N_PORTS
} PortIndex;

/// What the `transport` control chooses from
typedef enum { FOLLOW_HOST, FOLLOW_NOBODY } Follow;

/// What a port is to a host; of no meaning for the event ports
typedef struct {
  const char* symbol;
  float       minimum;
  float       maximum;
  float       standard; ///< Its default
} Port;

/// Thread: any.
Port
port_at(PortIndex index);

/// A port's value within its range, and its default when it is no number
REALTIME float
port_value(const void* const* ports, PortIndex index);

/// A port's value as a whole number
REALTIME uint32_t
port_whole(const void* const* ports, PortIndex index);

/// Whether a switch is on
REALTIME bool
port_is_on(const void* const* ports, PortIndex index);

/// The controls that a host sets; they lie side by side
#define PORT_SET_FIRST PORT_ENABLED
#define PORT_SET_LAST PORT_FREEWHEEL
#define N_SET_PORTS (PORT_SET_LAST - PORT_SET_FIRST + 1)

/// What stands where a host has connected nothing: a port's default
const void*
port_place(PortIndex index);

/**
   Whether a host has set any control since the last time.

   @param ports None of the controls that are set may be null.
   @param seen (N_SET_PORTS) As they were then; brought up to date.
*/
REALTIME bool
ports_are_new(const void* const* ports, uint32_t* seen);

/// All musical knobs as they stand
REALTIME void
ports_read_mix(const void* const* ports, Mix* mix);

#endif // PERPETUO_PLUGIN_PORTS_H
