#!/usr/bin/env python3
# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""Write tests/data/midi: small MIDI files that are odd, damaged or lie.

Run it in any folder; it writes beside itself.  test_midi_file says what is
expected of each.
"""

import os
import struct

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'midi')
END = b'\x00\xff\x2f\x00'


def number(n):
    """A number of variable length."""
    out = [n & 0x7F]
    while n > 0x7F:
        n >>= 7
        out.insert(0, n & 0x7F | 0x80)
    return bytes(out)


def header(form, tracks, division):
    return b'MThd' + struct.pack('>IHHH', 6, form, tracks, division)


def track(events, end=END, length=None):
    body = events + end
    size = len(body) if length is None else length
    return b'MTrk' + struct.pack('>I', size) + body


def on(delta, key, velocity=100, channel=0):
    return number(delta) + bytes([0x90 | channel, key, velocity])


def off(delta, key, channel=0):
    return number(delta) + bytes([0x80 | channel, key, 64])


def meta(delta, kind, data):
    return number(delta) + bytes([0xFF, kind]) + number(len(data)) + data


NOTE = on(0, 60) + off(96, 60)
TWO = on(0, 60) + off(96, 60) + on(0, 64) + off(96, 64)

FILES = {
    # What is fine
    'plain': header(0, 1, 96) + track(TWO),
    'format_1': header(1, 2, 480)
    + track(meta(0, 3, b'Song') + meta(0, 0x51, b'\x07\xa1\x20')
            + meta(0, 0x58, b'\x06\x03\x18\x08') + meta(0, 0x59, b'\xfd\x01')
            + meta(0, 6, b'drop 8'))
    + track(meta(0, 3, b'Lead') + b'\x00\xc0\x50' + TWO),
    'running_status': header(0, 1, 96)
    + track(b'\x00\x90\x3c\x64\x60\x3c\x00\x00\x40\x64\x60\x40\x00'),
    'sysex': header(0, 1, 96)
    + track(b'\x00\xf0\x05\x7e\x7f\x09\x01\xf7' + NOTE
            + b'\x00\xf7\x02\x01\xf7'),
    'long_header': b'MThd' + struct.pack('>IHHH', 8, 0, 1, 96) + b'\x01\x02'
    + track(NOTE),
    'unknown_chunk': header(0, 1, 96) + b'XFIH\x00\x00\x00\x03abc'
    + track(NOTE),
    'empty_track': header(1, 2, 96) + track(b'') + track(NOTE),
    'odd_division': header(0, 1, 7) + track(on(0, 60) + off(7, 60)),
    'all_channels': header(0, 1, 96)
    + track(b''.join(on(0, 60, 100, c) for c in range(16))
            + b''.join(off(96 if c == 0 else 0, 60, c) for c in range(16))),
    'control_text': header(0, 1, 96)
    + track(meta(0, 3, b' \x01Le\x07ad\x00\n') + NOTE),
    'no_notes': header(0, 1, 96) + track(meta(0, 3, b'Silence')),
    # What can be lived with
    'no_end': header(0, 1, 96) + track(NOTE, end=b''),
    'short_track': header(0, 1, 96) + track(TWO, length=400),
    'cut_event': header(0, 1, 96) + track(TWO + b'\x00\x90\x3c', end=b''),
    'open_note': header(0, 1, 96) + track(on(0, 60) + on(96, 64)
                                          + off(96, 64)),
    'stray_off': header(0, 1, 96) + track(off(0, 60) + NOTE),
    'zero_length': header(0, 1, 96) + track(on(0, 60) + off(0, 60)
                                            + on(96, 62) + off(96, 62)),
    'overlap': header(0, 1, 96)
    + track(on(0, 60) + on(48, 60) + off(48, 60) + off(48, 60)),
    'next_on_first': header(0, 1, 96)
    + track(on(0, 60) + on(96, 60) + off(0, 60) + off(96, 60)),
    'twin_notes': header(0, 1, 96)
    + track(on(0, 60, 50) + on(0, 60, 90) + off(96, 60) + off(0, 60)),
    'no_status': header(0, 1, 96) + track(b'\x00\x3c\x64'),
    'bad_data': header(0, 1, 96) + track(NOTE + b'\x00\x90\x3c\xe4'),
    'endless_number': header(0, 1, 96)
    + track(NOTE + b'\xff\xff\xff\xff\x7f\x90\x3c\x64'),
    'huge_meta': header(0, 1, 96)
    + track(NOTE + b'\x00\xff\x01\x8f\xff\xff\x7fabc'),
    'long_time': header(0, 1, 96)
    + track(NOTE + b''.join(b'\xff\xff\xff\x7f\xb0\x00\x00'
                            for _ in range(9))),
    'zero_tempo': header(0, 1, 96) + track(meta(0, 0x51, b'\0\0\0') + NOTE),
    'bad_metre': header(0, 1, 96)
    + track(meta(0, 0x58, b'\x00\x02\x18\x08')
            + meta(0, 0x58, b'\x04\xff\x18\x08') + NOTE),
    'bad_key': header(0, 1, 96) + track(meta(0, 0x59, b'\x55\x00') + NOTE),
    'fewer_tracks': header(1, 9, 96) + track(NOTE),
    'more_tracks': header(0, 1, 96) + track(NOTE) + track(NOTE),
    'time_code': header(0, 1, 0xE728) + track(on(0, 60) + off(500, 60)),
    'second_bad': header(1, 2, 96) + track(NOTE) + track(b'\x00\x3c\x64'),
    # What is refused
    'empty': b'',
    'not_midi': b'RIFX, or a letter to a friend',
    'riff': b'RIFF\x00\x00\x00\x00RMIDdata',
    'cut_header': b'MThd\x00\x00\x00\x06\x00\x01',
    'lying_header': b'MThd\xff\xff\xff\xff\x00\x00\x00\x01\x00\x60',
    'format_2': header(2, 1, 96) + track(NOTE),
    'format_7': header(7, 1, 96) + track(NOTE),
    'zero_division': header(0, 1, 0) + track(NOTE),
    'bad_time_code': header(0, 1, 0x8000) + track(NOTE),
    'no_tracks': header(1, 3, 96),
}


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for name, data in FILES.items():
        with open(os.path.join(FOLDER, name + '.mid'), 'wb') as file:
            file.write(data)
    print('%d files in %s' % (len(FILES), FOLDER))


if __name__ == '__main__':
    main()
