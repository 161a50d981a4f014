// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// The parts a song is made of; each has a model, a vocabulary and a channel
#ifndef PERPETUO_MUSIC_PART_H
#define PERPETUO_MUSIC_PART_H

typedef enum { PART_MELODY, PART_DRUMS, N_PARTS } Part;

#endif // PERPETUO_MUSIC_PART_H
