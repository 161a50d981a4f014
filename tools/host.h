// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A small host without a screen: one instance of one plugin, a transport that
   rolls over a map of tempo and metre, and a record of all MIDI that came out.

   It is what the demo and the tests play through, so it can also behave as
   other hosts do where they differ: how the worker runs, how often and how
   completely the transport is told, what happens at the end of a loop, how
   much room there is for events.

   A Host loads its bundle itself, whatever LV2_PATH says; two Hosts are two
   independent programs in one process.  All functions are called by one
   thread, the audio thread of this little studio, unless they say otherwise.
   This is the only file that knows lilv.
*/
#ifndef PERPETUO_TOOLS_HOST_H
#define PERPETUO_TOOLS_HOST_H

#include "base/status.h"
#include "tools/capture.h"
#include "tools/timeline.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Host Host;

/// When and where the plugin's work is done
typedef enum {
  HOST_WORK_THREAD,  ///< By a thread; answers after a later run
  HOST_WORK_PATIENT, ///< By a thread, but each run waits for it: never late
  HOST_WORK_AT_END,  ///< After the run that asked, on the same thread
  HOST_WORK_INSIDE   ///< Inside schedule_work(), answer too (export)
} HostWork;

/// What an instance is made with
typedef struct {
  const char* bundle;     ///< Folder of the bundle
  const char* uri;        ///< The plugin
  double      rate_hz;    ///< Sample rate
  uint32_t    max_block;  ///< Longest block, frames
  uint32_t    event_room; ///< Bytes of the output's buffer, its header included
  HostWork    work;
  bool        has_options; ///< Offer block lengths and sample rate
  bool        has_log;     ///< Offer a log
  bool        has_worker;  ///< Offer a worker
  size_t      n_stack;     ///< Of the worker's thread, bytes; 0: the system's
} HostSetup;

/// The usual setup: 48 kHz, blocks to 8192, 64 KiB of events, work at the end
HostSetup
host_setup(const char* bundle, const char* uri);

/// How often the transport is told
typedef enum {
  HOST_TELL_EVERY,   ///< In every block, rolling or not
  HOST_TELL_ROLLING, ///< In every block while rolling, and when it stops
  HOST_TELL_CHANGES, ///< When it starts, stops, jumps, or the map changes
  HOST_TELL_SPARSE,  ///< As CHANGES, and in one block of eight
  HOST_TELL_NOTHING  ///< Never; see host_say()
} HostTell;

/// Fields of a position
enum {
  HOST_FRAME         = 1 << 0,
  HOST_SPEED         = 1 << 1,
  HOST_BAR           = 1 << 2,
  HOST_BAR_BEAT      = 1 << 3,
  HOST_BPM           = 1 << 4,
  HOST_BEATS_PER_BAR = 1 << 5,
  HOST_BEAT_UNIT     = 1 << 6,
  HOST_BEAT          = 1 << 7,
  HOST_ALL_FIELDS    = (1 << 8) - 1
};

/// How the transport is told; all zero tells all fields in every block
typedef struct {
  HostTell tell;
  unsigned without;       ///< Fields that are left out
  bool     is_blank;      ///< As a deprecated atom:Blank
  bool     is_coarse;     ///< barBeat rounded to 1/1920
  bool     is_bare_first; ///< After a jump, one block of frame and speed alone
  bool     bpm_in_quarters; ///< bpm counts quarters, whatever the beat unit
  bool     is_late; ///< A change of the map in a block is told with the next
} HostPositions;

/// A position in other words than the transport's own
typedef struct {
  unsigned fields; ///< Which of them are said
  int64_t  frame;
  float    speed;
  int64_t  bar;
  double   bar_beat;
  double   bpm;
  double   beats_per_bar;
  int32_t  beat_unit;
  double   beat;
} HostPosition;

/// What happens at the end of a loop
typedef enum {
  HOST_LOOP_EXACT,  ///< The wrap is told in the frame in which it happens
  HOST_LOOP_OVERRUN ///< The block passes the end; the next one begins late
} HostLoop;

/// One property of a saved state
typedef struct {
  char*    key;  ///< URI
  char*    type; ///< URI
  void*    value;
  size_t   size;
  uint32_t flags;
} HostProperty;

/// What `retrieve` answers while restore() runs: null for "not there".
typedef const HostProperty* (*HostRetrieve)(void* data, const char* key);

/// Called before (true) and after (false) the plugin's own code runs on the
/// thread of host_run(), and the other way round when it calls the host
typedef void (*HostWatch)(void* data, bool is_plugin);

/// Called after a run with each atom that came out of an output which is not
/// the one of MIDI: an LV2_Atom, valid during the call
typedef void (*HostListen)(void*       data,
                           const char* symbol,
                           uint32_t    offset,
                           const void* atom);

/**
   Load a bundle and make an instance, its ports at their defaults, inactive.

   Every failure has its sentence.  `*host` is written only on success.
*/
NODISCARD Status
host_new(const HostSetup* setup, Host** host, Trouble* trouble);

/// Deactivate, and give everything back.  Null is allowed.
void
host_free(Host* self);

void
host_activate(Host* self);

void
host_deactivate(Host* self);

// Ports ------------------------------------------------------------------

/// Set a control input; false when there is none of that name
bool
host_set(Host* self, const char* symbol, float value);

/// Value of a control port, in or out; NaN when there is none of that name
float
host_get(const Host* self, const char* symbol);

/// Number of control inputs, and the `i`th one with its range
uint32_t
host_n_controls(const Host* self);

typedef struct {
  const char* symbol; ///< Borrowed
  float       minimum;
  float       maximum;
  float       standard; ///< Its default
} HostControl;

HostControl
host_control(const Host* self, uint32_t i);

/// Set the port that is designated lv2:freeWheeling, if there is one
void
host_set_freewheel(Host* self, bool is_freewheeling);

/// Change the room for output events, from the next run on
void
host_set_event_room(Host* self, uint32_t n_bytes);

/// The same for one atom output, by symbol; it may be too small for anything.
/// False when there is none of that name, or no room for an atom's head.
bool
host_set_room(Host* self, const char* symbol, uint32_t n_bytes);

/// Leave an atom output unconnected, but not the one of MIDI; false when there
/// is none of that name.  host_set_room() connects it again.
bool
host_disconnect(Host* self, const char* symbol);

/// Change the longest block, as a host does whose sound card changed: tell it
/// through options:interface, without deactivating.  False: out of memory.
bool
host_set_max_block(Host* self, uint32_t n_frames);

// Transport --------------------------------------------------------------

/// The song's map.  Setting another one while rolling keeps the bar and tick.
const Timeline*
host_timeline(const Host* self);

void
host_set_timeline(Host* self, const Timeline* timeline);

void
host_set_positions(Host* self, const HostPositions* positions);

/// Tell that in the next run, at an offset in it; false when it is full
bool
host_say(Host* self, uint32_t offset, const HostPosition* position);

void
host_play(Host* self);

void
host_stop(Host* self);

bool
host_is_rolling(const Host* self);

/// Jump to a frame of the song
void
host_locate(Host* self, int64_t frame);

/// Jump to the first frame at or after a place
void
host_locate_bar(Host* self, int32_t bar, double tick);

/// Go round from one frame to another; `end` <= `begin` turns the loop off
void
host_loop(Host* self, HostLoop manner, int64_t begin, int64_t end);

/// Where the transport is, in frames
int64_t
host_song_frame(const Host* self);

/// Frames run since the instance was made
uint64_t
host_n_frames(const Host* self);

// Running ----------------------------------------------------------------

/**
   One block: run(), then the worker's answers, then end_run().

   @param n_frames At most the longest block; 0 is allowed, as hosts do.
*/
void
host_run(Host* self, uint32_t n_frames);

/// Run blocks of `n_block` frames, the last one shorter, for `n_frames`
void
host_run_for(Host* self, uint64_t n_frames, uint32_t n_block);

/// Roll in blocks of `n_block` until the first frame of `bar`; the last block
/// is cut there.  Not with a loop.
void
host_run_to_bar(Host* self, int32_t bar, uint32_t n_block);

/// A MIDI message for the next run, at an offset in it; false when it is full
bool
host_send(Host* self, uint32_t offset, const uint8_t* bytes, uint32_t n_bytes);

/// Any atom, head and body, for the next run's input, at an offset in it; false
/// when it is full
bool
host_send_atom(Host* self, uint32_t offset, const void* atom);

/// Listen to what is no MIDI in the atom outputs; null to stop listening
void
host_listen(Host* self, HostListen listen, void* data);

/// A URI's number.  Thread: that of host_run(), or any where no other runs.
uint32_t
host_map(Host* self, const char* uri);

/// The URI of a number, or null.  Borrowed from the host.  Thread: as above.
const char*
host_unmap(Host* self, uint32_t urid);

/// What came out so far.  Valid until the next run.
const Capture*
host_capture(const Host* self);

void
host_clear_capture(Host* self);

/**
   The number of times that the plugin broke a rule of LV2, and the first such
   fault in words: unordered events, events outside of the block, too many
   bytes, no sequence header, a log or map call within run().
*/
uint32_t
host_n_faults(const Host* self, const char** text);

/// Watch the border between host and plugin; null to stop watching
void
host_watch(Host* self, HostWatch watch, void* data);

// Worker -----------------------------------------------------------------

/// Do the work in another manner from now on, as when an export starts.  What
/// a thread is doing is not waited for.
void
host_set_work(Host* self, HostWork work);

/// Let every work wait for that many runs; only for HOST_WORK_AT_END
void
host_delay_work(Host* self, uint32_t n_runs);

/// Refuse the next `n` calls of schedule_work()
void
host_refuse_work(Host* self, uint32_t n);

/// Let the worker's thread begin no work, as when another plugin keeps it busy
void
host_hold_work(Host* self, bool is_held);

/// Lose the next `n` answers of the worker's thread: it is told that there is
/// no room for them
void
host_lose_answers(Host* self, uint32_t n);

/// The most calls of work() that were under way at once
uint32_t
host_most_works_at_once(const Host* self);

/// Bytes of the worker's stack that were ever in use, what the system keeps
/// there included; only with a stack of HostSetup's size
size_t
host_stack_used(const Host* self);

/// Calls of work() that came to an end, and calls that were refused
uint32_t
host_n_works(const Host* self);

uint32_t
host_n_refused(const Host* self);

// Presets and state --------------------------------------------------------

/// The bundle's presets of this plugin, sorted by bank, then label
size_t
host_n_presets(const Host* self);

/// Label of the `i`th preset.  Borrowed.
const char*
host_preset_label(const Host* self, size_t i);

const char*
host_preset_uri(const Host* self, size_t i);

/// Label of its bank as hosts find it, "" without any.  Borrowed.
const char*
host_preset_bank(const Host* self, size_t i);

/// What its rdfs:comment says, "" without any.  Borrowed.
const char*
host_preset_comment(const Host* self, size_t i);

/// Load a preset by label or URI; STATUS_NO_FILE and the known ones in
/// `trouble` when there is none of that name.  Nothing is changed then.
NODISCARD Status
host_load_preset(Host* self, const char* name, Trouble* trouble);

/**
   Save the ports and the state as text.

   Thread: any, also beside host_run().  Memory: the caller frees `*text`.

   @param folder Where the plugin may make files; null to offer no such thing.
*/
NODISCARD Status
host_save(Host* self, const char* folder, char** text, Trouble* trouble);

/// Ports, then state, as host_save() wrote them
NODISCARD Status
host_restore(Host* self, const char* text, Trouble* trouble);

/**
   The state's properties one by one, ports left out.

   Memory: the caller gives them to host_free_properties().
*/
NODISCARD Status
host_save_properties(Host* self, HostProperty** properties, size_t* n);

void
host_free_properties(HostProperty* properties, size_t n);

/**
   Call the plugin's restore() with a `retrieve` of one's own.

   What it answers is copied, and the copy dies at the next question, as in a
   host that keeps one buffer.

   @return What restore() returned, an LV2_State_Status.
*/
int
host_restore_with(Host* self, HostRetrieve retrieve, void* data);

// Log ----------------------------------------------------------------------

/// Copy of what the plugin logged so far, a line each; the caller frees it.
/// Null when memory is out.  Thread: any.
char*
host_log(Host* self);

/// Whether a text is in the log.  Thread: any.
bool
host_has_logged(Host* self, const char* text);

void
host_clear_log(Host* self);

#endif // PERPETUO_TOOLS_HOST_H
