// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// From a MIDI file to a sound file, by the FluidSynth program; and how loud
/// that came out
#ifndef PERPETUO_TOOLS_SOUND_H
#define PERPETUO_TOOLS_SOUND_H

#include "base/status.h"

#include <stdint.h>

/// How loud a sound file is
typedef struct {
  double   seconds;
  double   peak_dbfs; ///< -INFINITY for silence
  double   rms_dbfs;
  uint64_t n_clipped; ///< Samples at full scale
} Loudness;

/**
   Find a General MIDI sound font.

   @param path Room for 512 bytes.
   @return STATUS_NO_FILE and the packages that hold one.
*/
NODISCARD Status
sound_find_font(char* path, Trouble* trouble);

/**
   Let FluidSynth play a MIDI file into a WAV file, twice: the second time as
   loud as it may be, with its peak at -1 dBFS.

   @return STATUS_NO_FILE when the program or a font is missing, with the
   packages that hold them; STATUS_NO_WRITE when it failed.
*/
NODISCARD Status
sound_render(const char* midi_path,
             const char* wav_path,
             uint32_t    rate_hz,
             Trouble*    trouble);

/// Measure a WAV file of 16-bit samples.  STATUS_NO_FILE or STATUS_BAD_FILE.
NODISCARD Status
sound_measure(const char* wav_path, Loudness* loudness, Trouble* trouble);

#endif // PERPETUO_TOOLS_SOUND_H
