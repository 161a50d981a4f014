// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "music/chord.h"

#define N_CLASSES 12

/// Pitch classes above the root, as bits
static const uint32_t shapes[N_CHORD_KINDS] = {
  [CHORD_MAJOR]      = 1U | 1U << 4U | 1U << 7U,
  [CHORD_MINOR]      = 1U | 1U << 3U | 1U << 7U,
  [CHORD_DIMINISHED] = 1U | 1U << 3U | 1U << 6U,
};

Chord
chord_make(const int root, const ChordKind kind)
{
  const int p = root % N_CLASSES;
  return (Chord)(1 + (p < 0 ? p + N_CLASSES : p) * (int)N_CHORD_KINDS +
                 (int)kind);
}

uint32_t
chord_root(const Chord chord)
{
  return chord && chord < N_CHORDS ? (chord - 1U) / N_CHORD_KINDS : 0U;
}

uint32_t
chord_pitches(const Chord chord)
{
  if (!chord || chord >= N_CHORDS) {
    return 0U;
  }
  const uint32_t shape = shapes[(chord - 1U) % N_CHORD_KINDS]
                         << chord_root(chord);
  return (shape | shape >> N_CLASSES) & ((1U << N_CLASSES) - 1U);
}
