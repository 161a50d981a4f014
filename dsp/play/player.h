// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What is due in a stretch of frames, and the books of all that sounds.

   Every part has a cursor over the notes of the current bar; a note is played
   when its cursor passes it, however the clock was corrected meanwhile, so it
   is never played twice.

   Every note-on that leaves is written down and answered by one note-off
   (law 2).  Room for the offs of all that sounds is kept free: a note-on goes
   out only when its own off would still fit.  An off that finds no room waits
   for the next block.  Notes that pass through from the input are in the books
   too: they are the sender's, but are ended here when the way is closed.
*/
#ifndef PERPETUO_PLAY_PLAYER_H
#define PERPETUO_PLAY_PLAYER_H

#include "base/attributes.h"
#include "music/note.h"
#include "music/part.h"
#include "play/midi_block.h"
#include "play/plan.h"
#include "play/schedule.h"
#include "play/transport.h"

#include <stdbool.h>
#include <stdint.h>

/// Notes that may sound at once
#define PLAYER_MAX_SOUNDING 96U

/// Onsets that are remembered, for a bar that begins in the wrong metre
#define PLAYER_N_BEGUN 32U

/// A note of ours that sounds
typedef struct {
  int64_t off_tick; ///< On the transport's line
  int64_t on_clock;
  int64_t off_clock; ///< While a stretch is played: when it ends
  bool    is_due;    ///< To be ended at once; off_tick means nothing any more
  uint8_t channel;
  uint8_t key;
} Sounding;

/// A note of ours that began not long ago
typedef struct {
  int64_t clock;
  uint8_t channel;
  uint8_t key;
} Begun;

/// A part's place in its phrase
typedef struct {
  int      i_slot;    ///< Of the plan; -1 while the phrase is not there
  uint32_t i_note;    ///< The next to be played
  uint32_t i_end;     ///< First note of the next bar
  int64_t  zero_tick; ///< Where on the line the phrase begins
} Reader;

typedef struct {
  unsigned parts;            ///< Bit 1 << part for every part that sounds
  uint8_t  channel[N_PARTS]; ///< 0 .. 15
  bool     is_muted;         ///< Follow the music without playing it
  bool     is_first_look;    ///< No time has passed in this bar yet
  int64_t  join_tick;        ///< Onsets before it are not for us
  int64_t  again_clock;      ///< What began since then was of another phrase
  uint32_t n_begun;
  Begun    begun[PLAYER_N_BEGUN]; ///< The last ones, in a ring
  Reader   readers[N_PARTS];
  uint32_t n_sounding;
  Sounding sounding[PLAYER_MAX_SOUNDING];
  uint32_t n_late;    ///< Phrases that came too late for some of their notes
  uint32_t n_dropped; ///< Note-ons for which there was no room

  // Notes passing through: how many sound, and how many offs found no room
  uint32_t n_through;
  uint32_t n_owed;
  uint8_t  through[N_CHANNELS][N_KEYS];
  uint8_t  owed[N_CHANNELS][N_KEYS];
} Player;

/// Nothing sounds.  Thread: setup.
void
player_init(Player* player, unsigned parts);

/// Begin a bar, or join it at `join_tick` of the transport's line
REALTIME void
player_bar(Player* player, int64_t join_tick);

/**
   Join a bar again, which turns out to be in another metre.

   What began since `clock` was of the wrong phrase: it ends, unless the right
   one begins the same note there too; then it is not played again.
*/
REALTIME void
player_bar_again(Player* player, int64_t join_tick, int64_t clock);

/// The bar is over or left at `tick`: count the phrases that never came
REALTIME void
player_leave(Player* player, int64_t tick);

/// Find the phrases of the current bar, as far as they are there
REALTIME void
player_bind(Player*          player,
            Plan*            plan,
            const Latch*     latch,
            const Transport* transport,
            int64_t          clock);

/**
   Whether nothing is to be done before a horizon (see transport_horizon) while
   it rolls: all phrases are found, and no note begins or ends.
*/
REALTIME bool
player_rests(const Player* player, const Plan* plan, double horizon);

/// Let everything of ours that sounds end as soon as there is a frame for it
REALTIME void
player_end_all(Player* player);

/**
   Write what is due in the frames `begin` .. `end` of the clock.

   @param is_bar_end The bar ends with `end`: play all that is left of it.
   @param block_clock The clock at frame 0 of the block.
*/
REALTIME void
player_play(Player*          player,
            const Plan*      plan,
            const Transport* transport,
            MidiBlock*       block,
            int64_t          block_clock,
            int64_t          begin,
            int64_t          end,
            bool             is_bar_end);

/// Pass a message of 1 to 3 bytes through
REALTIME void
player_pass(Player*        player,
            MidiBlock*     block,
            uint32_t       frame,
            const uint8_t* bytes,
            uint32_t       n_bytes);

/// End what passed through and still sounds: the way is closed
REALTIME void
player_end_passed(Player* player, MidiBlock* block, uint32_t frame);

/// Send the passed notes' offs that found no room in the last block
REALTIME void
player_pay(Player* player, MidiBlock* block);

/// The lowest score of the phrases that are playing, 0 .. 1, and the tries
/// that it took; false when none is playing
REALTIME bool
player_score(const Player* player,
             const Plan*   plan,
             float*        score,
             uint32_t*     n_tries);

#endif // PERPETUO_PLAY_PLAYER_H
