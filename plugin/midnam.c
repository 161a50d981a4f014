// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/midnam.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_CHANNELS = 16, MAX_DOCUMENT = 8192 };

/// A text that grows, up to a size that no document reaches
typedef struct {
  char*  text;
  size_t n;
} Pen;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
put(Pen* const pen, const char* const format, ...)
{
  va_list args;
  va_start(args, format);
  const int n =
    vsnprintf(pen->text + pen->n, MAX_DOCUMENT - pen->n, format, args);
  va_end(args);
  if (n > 0) {
    pen->n += (size_t)n;
    pen->n = pen->n < MAX_DOCUMENT ? pen->n : MAX_DOCUMENT - 1U;
  }
}

/// Which channels have which set of names
static void
put_channels(Pen* const pen, const Midnam names)
{
  put(pen,
      "    <CustomDeviceMode Name=\"Default\">\n"
      "      <ChannelNameSetAssignments>\n");
  for (unsigned channel = 1U; channel <= N_CHANNELS; ++channel) {
    put(pen,
        "        <ChannelNameSetAssign Channel=\"%u\" NameSet=\"%s\"/>\n",
        channel,
        channel == names.channel ? "Drums" : "Melody");
  }
  put(pen,
      "      </ChannelNameSetAssignments>\n"
      "    </CustomDeviceMode>\n");
}

static void
put_set(Pen* const pen, const char* const name, const Midnam names)
{
  const bool is_drums = *name == 'D';

  put(pen,
      "    <ChannelNameSet Name=\"%s\">\n"
      "      <AvailableForChannels>\n",
      name);
  for (unsigned channel = 1U; channel <= N_CHANNELS; ++channel) {
    put(pen,
        "        <AvailableChannel Channel=\"%u\" Available=\"%s\"/>\n",
        channel,
        (channel == names.channel) == is_drums ? "true" : "false");
  }
  put(pen, "      </AvailableForChannels>\n");
  if (is_drums) {
    put(pen, "      <UsesNoteNameList Name=\"Voices\"/>\n");
  }
  put(pen, "    </ChannelNameSet>\n");
}

static void
put_notes(Pen* const pen, const DrumMap map)
{
  put(pen, "    <NoteNameList Name=\"Voices\">\n");
  for (unsigned i = 0U; i < N_DRUM_VOICES; ++i) {
    put(pen,
        "      <Note Number=\"%u\" Name=\"%s\"/>\n",
        drum_map_key(map, (DrumVoice)i),
        drum_map_name((DrumVoice)i));
  }
  put(pen, "    </NoteNameList>\n");
}

char*
midnam_document(const char* const model, const Midnam names)
{
  Pen pen = {(char*)calloc(1U, MAX_DOCUMENT), 0U};
  if (!pen.text) {
    return NULL;
  }

  put(&pen,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<!DOCTYPE MIDINameDocument PUBLIC \"-//MIDI Manufacturers "
      "Association//DTD MIDINameDocument 1.0//EN\" "
      "\"http://dev.midi.org/dtds/MIDINameDocument10.dtd\">\n"
      "<MIDINameDocument>\n"
      "  <Author>The Perpetuo authors</Author>\n"
      "  <MasterDeviceNames>\n"
      "    <Manufacturer>Perpetuo</Manufacturer>\n"
      "    <Model>%s</Model>\n",
      model);
  put_channels(&pen, names);
  put_set(&pen, "Melody", names);
  if (names.channel) {
    put_set(&pen, "Drums", names);
    put_notes(&pen, (DrumMap)names.map);
  }
  put(&pen,
      "  </MasterDeviceNames>\n"
      "</MIDINameDocument>\n");
  return pen.text;
}
