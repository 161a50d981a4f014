// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "play/player.h"

/// A bar of which less than this was heard is not counted as late
#define LATE_TICKS (TICKS_PER_QUARTER / 8)

enum { NOTE_OFF = 0x80U, NOTE_ON = 0x90U, OFF_VELOCITY = 64U };

void
player_init(Player* const self, const unsigned parts)
{
  const Player zero = {0};

  *self                      = zero;
  self->parts                = parts;
  self->channel[PART_MELODY] = 0U;
  self->channel[PART_DRUMS]  = 9U;
  player_bar(self, 0);
}

void
player_bar(Player* const self, const int64_t join_tick)
{
  self->join_tick     = join_tick;
  self->again_clock   = INT64_MAX;
  self->is_first_look = true;
  for (unsigned i = 0U; i < N_PARTS; ++i) {
    self->readers[i].i_slot = -1;
    self->readers[i].i_note = 0U;
    self->readers[i].i_end  = 0U;
  }
}

void
player_bar_again(Player* const self,
                 const int64_t join_tick,
                 const int64_t clock)
{
  player_bar(self, join_tick);
  self->again_clock = clock;
}

/// Whether this bar began with that note already, in the wrong metre
static bool
was_begun(const Player* const self, const unsigned channel, const unsigned key)
{
  const uint32_t n =
    self->n_begun < PLAYER_N_BEGUN ? self->n_begun : PLAYER_N_BEGUN;

  for (uint32_t i = 0U; i < n; ++i) {
    const Begun* const note = &self->begun[i];
    if (note->clock >= self->again_clock && note->channel == channel &&
        note->key == key) {
      return true;
    }
  }
  return false;
}

void
player_leave(Player* const self, const int64_t tick)
{
  for (unsigned i = 0U; i < N_PARTS; ++i) {
    if ((self->parts & (1U << i)) && self->readers[i].i_slot < 0 &&
        !self->is_muted && tick - self->join_tick >= (int64_t)LATE_TICKS) {
      ++self->n_late;
    }
  }
}

/// A tick on the line as a tick of the phrase, not before its beginning
static uint32_t
phrase_tick(const Reader* const reader, const int64_t line_tick)
{
  const int64_t tick = line_tick - reader->zero_tick;
  return tick <= 0 ? 0U : tick > UINT32_MAX ? UINT32_MAX : (uint32_t)tick;
}

static void
bind(Player* const          self,
     Reader* const          reader,
     const Phrase* const    phrase,
     const Latch* const     latch,
     const Transport* const transport,
     const int64_t          clock)
{
  const uint32_t length = metre_bar_ticks(latch->metre);

  reader->zero_tick =
    transport->bar_tick - (int64_t)latch->i_bar * (int64_t)length;
  reader->i_note = phrase_find(phrase, phrase_tick(reader, self->join_tick));
  reader->i_end  = phrase_find(
    phrase, phrase_tick(reader, transport->bar_tick + (int64_t)length));

  if (!self->is_first_look) {
    const uint32_t i_now = phrase_find(
      phrase, phrase_tick(reader, transport_first_tick(transport, clock)));
    if (i_now > reader->i_note) {
      reader->i_note = i_now;
      self->n_late += self->is_muted ? 0U : 1U;
    }
  }
}

/// What began in the wrong metre, and the right one has too, ends as it says
static void
adopt(Player* const          self,
      const Reader* const    reader,
      const Phrase* const    phrase,
      const unsigned         part,
      const Transport* const transport,
      const int64_t          clock)
{
  const uint32_t i_now = phrase_find(
    phrase, phrase_tick(reader, transport_first_tick(transport, clock)));

  for (uint32_t n = reader->i_note; n < i_now; ++n) {
    const Note* const note = &phrase->notes[n];
    for (uint32_t i = 0U; i < self->n_sounding; ++i) {
      Sounding* const sounding = &self->sounding[i];
      if (sounding->on_clock >= self->again_clock &&
          sounding->channel == (self->channel[part] & 0x0FU) &&
          sounding->key == (note->key & 0x7FU)) {
        sounding->on_clock = self->again_clock - 1; // It is no other one's now
        sounding->off_tick =
          reader->zero_tick + (int64_t)note->tick + (int64_t)note->length;
      }
    }
  }
}

void
player_bind(Player* const          self,
            Plan* const            plan,
            const Latch* const     latch,
            const Transport* const transport,
            const int64_t          clock)
{
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    Reader* const reader = &self->readers[part];

    if ((self->parts & (1U << part)) && reader->i_slot < 0) {
      const Request       request = schedule_request(latch, (Part)part);
      const int           i_slot  = plan_find(plan, &request);
      const Phrase* const phrase  = plan_phrase(plan, i_slot);
      if (phrase) {
        reader->i_slot = i_slot;
        bind(self, reader, phrase, latch, transport, clock);
        adopt(self, reader, phrase, part, transport, clock);
      }
    }
  }

  for (uint32_t i = 0U; i < self->n_sounding && self->is_first_look; ++i) {
    Sounding* const note = &self->sounding[i];
    note->is_due |= note->on_clock >= self->again_clock;
  }
}

/// The next note of a part, or null when there is none in this bar
static const Note*
next_note(const Reader* const reader, const Plan* const plan)
{
  const Phrase* const phrase = plan_phrase(plan, reader->i_slot);
  return phrase && reader->i_note < reader->i_end
           ? &phrase->notes[reader->i_note]
           : (const Note*)0;
}

bool
player_rests(const Player* const self,
             const Plan* const   plan,
             const double        horizon)
{
  if (self->is_first_look) {
    return false;
  }
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    const Reader* const reader = &self->readers[part];
    const Note* const   note   = next_note(reader, plan);
    if (((self->parts & (1U << part)) && reader->i_slot < 0) ||
        (note &&
         !((double)(reader->zero_tick + (int64_t)note->tick) >= horizon))) {
      return false;
    }
  }
  for (uint32_t i = 0U; i < self->n_sounding; ++i) {
    const Sounding* const note = &self->sounding[i];
    if (note->is_due || !((double)note->off_tick >= horizon)) {
      return false;
    }
  }
  return true;
}

void
player_end_all(Player* const self)
{
  for (uint32_t i = 0U; i < self->n_sounding; ++i) {
    self->sounding[i].is_due = true;
  }
}

/// Whether one more note may sound: its on now, its off whenever
static bool
has_room(const Player* const self, const MidiBlock* const block)
{
  const uint32_t n_offs = self->n_sounding + self->n_through + self->n_owed;
  return block->n + n_offs + 2U <= block->capacity;
}

static bool
send(MidiBlock* const block,
     const uint32_t   frame,
     const unsigned   status,
     const uint8_t    key,
     const uint8_t    velocity)
{
  const MidiEvent event = {frame, 3U, {(uint8_t)status, key, velocity}};
  return midi_block_add(block, event);
}

/// End one note of ours; false when there is no room
static bool
end_note(Player* const    self,
         MidiBlock* const block,
         const uint32_t   frame,
         const uint32_t   i)
{
  const Sounding* const note = &self->sounding[i];
  if (!send(block, frame, NOTE_OFF | note->channel, note->key, OFF_VELOCITY)) {
    return false;
  }
  self->sounding[i] = self->sounding[--self->n_sounding];
  return true;
}

/// When a note of ours ends; never in the frame in which it began
static void
set_off_clock(Sounding* const note, const Transport* const transport)
{
  const int64_t clock = note->is_due || !transport->is_rolling
                          ? INT64_MIN
                          : transport_clock_of(transport, note->off_tick);
  note->off_clock     = clock > note->on_clock ? clock : note->on_clock + 1;
}

/// Begin a note of ours, ending first what sounds on its key
static void
begin_note(Player* const          self,
           MidiBlock* const       block,
           const uint32_t         frame,
           const int64_t          clock,
           const unsigned         part,
           const Note* const      note,
           const int64_t          off_tick,
           const Transport* const transport)
{
  const uint8_t channel = self->channel[part] & 0x0FU;
  const uint8_t key     = note->key & 0x7FU;

  for (uint32_t i = 0U; i < self->n_sounding; ++i) {
    if (self->sounding[i].channel == channel && self->sounding[i].key == key) {
      if (self->sounding[i].on_clock >= clock) {
        return; // The parts agree on this one
      }
      if (!end_note(self, block, frame, i)) {
        ++self->n_dropped;
        return;
      }
      break;
    }
  }

  if (self->n_sounding == PLAYER_MAX_SOUNDING || !has_room(self, block)) {
    ++self->n_dropped;
    return;
  }

  const unsigned velocity = note->velocity < 1U     ? 1U
                            : note->velocity > 127U ? 127U
                                                    : note->velocity;
  const Sounding sounding = {off_tick, clock, 0, false, channel, key};
  const Begun    begun    = {clock, channel, key};

  self->sounding[self->n_sounding] = sounding;
  set_off_clock(&self->sounding[self->n_sounding++], transport);
  self->begun[self->n_begun++ % PLAYER_N_BEGUN] = begun;
  (void)send(block, frame, NOTE_ON | channel, key, (uint8_t)velocity);
}

/// The next note of ours to end before `end`, or n_sounding
static uint32_t
next_off(const Player* const self,
         const int64_t       begin,
         const int64_t       end,
         int64_t* const      clock)
{
  uint32_t found = self->n_sounding;
  int64_t  first = end;

  for (uint32_t i = 0U; i < self->n_sounding; ++i) {
    const int64_t at  = self->sounding[i].off_clock;
    const int64_t due = at > begin ? at : begin;
    const bool    is  = due < first;

    // Nobody can guess which one it is: chosen, not branched for
    found = is ? i : found;
    first = is ? due : first;
  }
  *clock = first;
  return found;
}

/// A part's next note, and when it is due
typedef struct {
  const Note* note; ///< Null when there is none
  int64_t     tick; ///< On the line
  int64_t     clock;
} Onset;

static Onset
onset_of(const Reader* const    reader,
         const Plan* const      plan,
         const Transport* const transport)
{
  Onset onset = {(const Note*)0, 0, INT64_MAX};
  if (transport->is_rolling && (onset.note = next_note(reader, plan))) {
    onset.tick  = reader->zero_tick + (int64_t)onset.note->tick;
    onset.clock = transport_clock_of(transport, onset.tick);
  }
  return onset;
}

/// The part whose next note begins first and before `end`, or N_PARTS
static unsigned
next_on(const Onset* const onsets,
        const int64_t      begin,
        const int64_t      end,
        const bool         is_bar_end,
        int64_t* const     clock)
{
  unsigned found = N_PARTS;
  int64_t  first = end;

  for (unsigned part = 0U; part < N_PARTS; ++part) {
    if (onsets[part].note) {
      int64_t due = onsets[part].clock;
      due         = is_bar_end && due >= end ? end - 1 : due;
      due         = due > begin ? due : begin;
      if (due < first) {
        found = part;
        first = due;
      }
    }
  }
  *clock = first;
  return found;
}

/// Play the next note of a part, unless it was played already
static void
play_onset(Player* const          self,
           MidiBlock* const       block,
           const uint32_t         frame,
           const int64_t          clock,
           const unsigned         part,
           const Onset* const     onset,
           const Transport* const transport)
{
  const bool is_past = onset->clock < clock;
  ++self->readers[part].i_note;
  if (!self->is_muted &&
      !(is_past && was_begun(self, self->channel[part], onset->note->key))) {
    begin_note(self,
               block,
               frame,
               clock,
               part,
               onset->note,
               onset->tick + (int64_t)onset->note->length,
               transport);
  }
}

void
player_play(Player* const          self,
            const Plan* const      plan,
            const Transport* const transport,
            MidiBlock* const       block,
            const int64_t          block_clock,
            const int64_t          begin,
            const int64_t          end,
            const bool             is_bar_end)
{
  if (begin >= end) {
    return;
  }

  int64_t clock   = begin;
  bool    is_full = false;
  Onset   onsets[N_PARTS];
  for (uint32_t i = 0U; i < self->n_sounding; ++i) {
    set_off_clock(&self->sounding[i], transport);
  }
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    onsets[part] = onset_of(&self->readers[part], plan, transport);
  }

  self->is_first_look = false;
  while (true) {
    int64_t  off = end;
    int64_t  on  = end;
    uint32_t i   = 0U;
    if (!is_full) {
      i = next_off(self, clock, end, &off);
    }
    const unsigned part = next_on(onsets, clock, end, is_bar_end, &on);

    clock                = off <= on ? off : on;
    const uint32_t frame = (uint32_t)(clock - block_clock);
    if (clock >= end) {
      break;
    }

    if (off <= on) {                              // Ends come before beginnings
      is_full = !end_note(self, block, frame, i); // Then in the next block
    } else {
      play_onset(self, block, frame, clock, part, &onsets[part], transport);
      onsets[part] = onset_of(&self->readers[part], plan, transport);
    }
  }
}

void
player_pass(Player* const        self,
            MidiBlock* const     block,
            const uint32_t       frame,
            const uint8_t* const bytes,
            const uint32_t       n_bytes)
{
  if (n_bytes < 1U || n_bytes > 3U || bytes[0] < 0x80U) {
    return;
  }

  MidiEvent event = {frame, (uint8_t)n_bytes, {0U, 0U, 0U}};
  for (uint32_t i = 0U; i < n_bytes; ++i) {
    event.bytes[i] = bytes[i];
  }

  const unsigned kind = bytes[0] & 0xF0U;
  const bool is_note  = n_bytes == 3U && (kind == NOTE_ON || kind == NOTE_OFF);
  if (!is_note) {
    if (has_room(self, block)) {
      (void)midi_block_add(block, event);
    }
    return;
  }

  const unsigned channel = bytes[0] & 0x0FU;
  const unsigned key     = bytes[1] & 0x7FU;
  uint8_t* const count   = &self->through[channel][key];
  if (kind == NOTE_ON && bytes[2] > 0U) {
    if (*count < UINT8_MAX && has_room(self, block)) {
      ++*count;
      ++self->n_through;
      (void)midi_block_add(block, event);
    }
  } else if (*count > 0U) {
    --*count;
    --self->n_through;
    if (!midi_block_add(block, event)) {
      ++self->owed[channel][key];
      ++self->n_owed;
    }
  } else if (has_room(self, block)) {
    (void)midi_block_add(block, event);
  }
}

/// Send an off for every count in a table of keys, as far as there is room
static void
send_offs(uint8_t          counts[N_CHANNELS][N_KEYS],
          uint32_t* const  n,
          MidiBlock* const block,
          const uint32_t   frame)
{
  for (unsigned channel = 0U; *n && channel < N_CHANNELS; ++channel) {
    for (unsigned key = 0U; *n && key < N_KEYS; ++key) {
      while (counts[channel][key]) {
        if (!send(
              block, frame, NOTE_OFF | channel, (uint8_t)key, OFF_VELOCITY)) {
          return;
        }
        --counts[channel][key];
        --*n;
      }
    }
  }
}

void
player_end_passed(Player* const    self,
                  MidiBlock* const block,
                  const uint32_t   frame)
{
  send_offs(self->through, &self->n_through, block, frame);
}

void
player_pay(Player* const self, MidiBlock* const block)
{
  send_offs(self->owed, &self->n_owed, block, 0U);
}

bool
player_score(const Player* const self,
             const Plan* const   plan,
             float* const        score,
             uint32_t* const     n_tries)
{
  const Phrase* lowest = 0;

  for (unsigned part = 0U; part < N_PARTS; ++part) {
    const Phrase* const phrase = plan_phrase(plan, self->readers[part].i_slot);
    if (phrase && (!lowest || phrase->score < lowest->score)) {
      lowest = phrase;
    }
  }
  if (lowest) {
    *score   = lowest->score;
    *n_tries = lowest->n_tries;
  }
  return lowest;
}
