# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""What the capture plugin wrote, as notes.

A log is cut by its marks ("# NAME") into scenes, and a track's scene by what
the transport did (rolled, stopped, jumped) into stretches.  In each the frames
go forward, and a note is of the stretch in which it began.
"""

import collections

# Frames of the host's transport; `off` is None when it was ended by a stop, a
# jump or a bypass, or never
Note = collections.namedtuple('Note', 'on channel key velocity off')


class Track:
    """One track in one scene."""

    def __init__(self):
        self.stretches = [[]]  # Lists of Note, in the order in which they began
        self.faults = []       # Sentences
        self.n_cut = 0         # Sounding when the transport stopped
        self.n_spare = 0       # Note-offs for what did not sound
        self.n_last = 0        # Sounding at the end, by the capture's own book
        self._sounding = {}    # (channel, key) -> (stretch, index)
        self._is_rolling = True
        self._jumped = None    # (channel, key) sounding at a jump, and its frame

    def take(self, what, frame, n_sounding, data):
        self.n_last = n_sounding
        if what == 'midi':
            self._take_midi(frame, data)
            return
        if what in ('roll', 'jump') and self.stretches[-1]:
            self.stretches.append([])
        self.n_cut += len(self._sounding) if what == 'stop' else 0
        self._jumped = (set(self._sounding), frame) if what == 'jump' else None
        # A spare note-off is the host's own where the transport has stopped
        self._is_rolling = what in ('roll', 'jump') and (
            what == 'roll' or self._is_rolling)
        if what == 'close' and self._sounding:
            self.faults.append('closed while %s sound' % self._names())

    def _names(self):
        return ', '.join('channel %d key %d' % (c + 1, k)
                         for c, k in sorted(self._sounding))

    def _take_midi(self, frame, data):
        if len(data) != 3 or data[0] & 0xe0 != 0x80:
            return
        place = (data[0] & 0x0f, data[1])
        where = 'channel %d key %d at frame %s' % (place[0] + 1, place[1], frame)
        if (self._jumped and self._is_rolling and place in self._jumped[0]
                and frame > self._jumped[1]):
            self.faults.append('%s sounded on after a jump' % where)
        if data[0] & 0x10 and data[2]:
            if place in self._sounding:
                self.faults.append('%s begins while it sounds' % where)
            if not self._is_rolling:
                self.faults.append('%s begins while nothing rolls' % where)
            row = self.stretches[-1]
            self._sounding[place] = (row, len(row))
            row.append(Note(frame, place[0], place[1], data[2], None))
        elif place not in self._sounding:
            self.n_spare += 1
            if self._is_rolling:
                self.faults.append('%s ends twice' % where)
        else:
            row, i = self._sounding.pop(place)
            if self._jumped:
                self._jumped[0].discard(place)
            if row is self.stretches[-1] and self._is_rolling:
                row[i] = row[i]._replace(off=frame)

    def end(self):
        if self._sounding:
            self.faults.append('%s never ended' % self._names())
        if bool(self._sounding) != bool(self.n_last):
            self.faults.append('the capture counts %d sounding' % self.n_last)
        self.stretches = [s for s in self.stretches if s]


def read(path):
    """A log, as {scene: {track number: Track}}."""
    scenes, scene = {}, {}
    with open(path, encoding='ascii') as file:
        for line in file:
            words = line.split()
            if words[0] == '#':
                scene = scenes.setdefault(' '.join(words[1:]), {})
                continue
            number, what, frame, n_sounding = words[:4]
            scene.setdefault(int(number), Track()).take(
                what, None if frame == '-' else int(frame), int(n_sounding),
                bytes.fromhex(''.join(words[4:])))
    for scene in scenes.values():
        for track in scene.values():
            track.end()
    return scenes


def between(notes, begin, end):
    """Those that begin from `begin` to before `end`."""
    return [n for n in notes if begin <= n.on < end]


def differences(notes, others, n_frames=1):
    """Sentences on what is not the same in two lists, note for note.

    Begin and end may be apart by `n_frames`, and ends are compared where both
    are known.
    """
    def order(notes):
        return sorted(notes, key=lambda n: (n.channel, n.key, n.on))

    found = []
    if len(notes) != len(others):
        found.append('%d notes, and %d' % (len(notes), len(others)))
    for a, b in zip(order(notes), order(others)):
        ends = a.off is not None and b.off is not None
        if (a.channel, a.key, a.velocity) != (b.channel, b.key, b.velocity) or (
                abs(a.on - b.on) > n_frames
                or (ends and abs(a.off - b.off) > n_frames)):
            found.append('%s, and %s' % (a, b))
    return found
