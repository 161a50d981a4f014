# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""Seeds for fuzz_state.c, fuzz_input.c and fuzz_talk.c, into tests/data/fuzz.

What `./waf fuzz` found lies beside them, under names of its own.
"""

import os
import struct

HERE = os.path.dirname(os.path.realpath(__file__))

# The order of plugin/urids.c, from 1 on
(BLANK, BOOL, DOUBLE, FLOAT, INT, LONG, OBJECT, SEQUENCE, STRING, MIDI,
 POSITION, BAR, BAR_BEAT, BEAT_UNIT, BEATS_PER_BAR, BPM, FRAME,
 SPEED) = range(1, 19)

# After those of urids.c come two of log.c, then those of talk.c that are new
ASK_HELLO, ASK_HERE = 29, 30


def write(target, name, data):
    folder = os.path.join(HERE, 'fuzz', target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), 'wb') as to:
        to.write(data)


# ---------------------------------------------------------------------- state


def record(key, text, kind=0):
    data = text if isinstance(text, bytes) else text.encode() + b'\0'
    return struct.pack('<BBH', key, kind, len(data)) + data


def states():
    whole = ['1', '0123456789abcdef', 'fedcba9876543210', '0' * 16, 'F' * 16,
             '-8', '12:1 -8:4']
    yield 'whole', b''.join(record(i, t) for i, t in enumerate(whole))
    yield 'nothing', b''
    yield 'empty_texts', b''.join(record(i, '') for i in range(7))
    yield 'other_version', record(0, '2') + record(5, '4')
    yield 'short_id', record(1, '0123') + record(2, 'g' * 16)
    yield 'held_range', record(5, '100000001') + record(6, '1:65536')
    yield 'held_rest', record(5, '4 bars')
    yield 'no_end', record(5, b'12') + record(6, b'1:2 3:4')
    yield 'wrong_types', b''.join(record(i, t, 200 + i)
                                  for i, t in enumerate(whole))
    yield 'many_rerolls', record(6, ' '.join('%d:%d' % (i, i)
                                             for i in range(300)))
    yield 'long_text', record(6, '1:1 ' * 1023 + '1:1')
    yield 'too_long', record(6, 'x' * 5000)
    yield 'twice_one_bar', record(6, '4:1 4:65535 4:2')


# ---------------------------------------------------------------------- input


def atom(kind, data, size=None):
    pad = b'\0' * (-len(data) % 8)
    return struct.pack('<II', len(data) if size is None else size,
                       kind) + data + pad


def event(frame, kind, data, size=None):
    return struct.pack('<q', frame) + atom(kind, data, size)


def position(frame=0, kind=OBJECT, cut=0, **fields):
    keys = {'bar': (BAR, LONG, '<q'), 'beat': (BAR_BEAT, FLOAT, '<f'),
            'unit': (BEAT_UNIT, INT, '<i'), 'beats': (BEATS_PER_BAR, FLOAT,
                                                      '<f'),
            'bpm': (BPM, FLOAT, '<f'), 'frame': (FRAME, LONG, '<q'),
            'speed': (SPEED, FLOAT, '<f')}
    body = struct.pack('<II', 0, POSITION)
    for name, value in fields.items():
        key, number, form = keys[name]
        body += struct.pack('<II', key, 0) + atom(number,
                                                  struct.pack(form, value))
    return event(frame, kind, body[:len(body) - cut], len(body))


def block(frames, events=b'', room=255, controls=(), unit=0):
    head = struct.pack('<HBB', frames, room, len(controls))
    head += b''.join(struct.pack('BB', port - 2, value)
                     for port, value in controls)
    body = struct.pack('<II', unit, 0) + events
    return head + struct.pack('<H', len(body)) + body


def inputs():
    start = position(bar=0, beat=0.0, unit=4, beats=4.0, bpm=120.0, frame=0,
                     speed=1.0)
    stop = position(speed=0.0)
    play = block(0, start) + block(512, start) + block(8192) * 12
    yield 'nothing', b''
    yield 'play', play
    yield 'play_and_stop', play + block(512, stop) + block(512)
    yield 'little_room', block(0, start) + block(4096, start, 40) + block(
        8192, b'', 33) * 6
    yield 'no_room', play + block(512, stop, 8) + block(512, stop, 0)
    yield 'jump', play + block(512, position(100, bar=7, beat=2.5))
    yield 'metre', play + block(8192, position(77, bar=2, beat=0.0, unit=8,
                                               beats=7.0))
    yield 'blank', block(512, position(kind=BLANK, bar=3, speed=1.0)) * 3
    yield 'bare', block(512, position(frame=48000, speed=1.0)) * 3
    yield 'huge', block(512, position(bar=1 << 62, beat=1e30, bpm=1e30,
                                      frame=-(1 << 62), speed=1e30))
    yield 'nan', block(512, position(bar=0, beat=float('nan'),
                                     bpm=float('inf'), speed=float('nan')))
    yield 'cut_position', block(512, position(cut=16, bar=0, speed=1.0))
    yield 'free', block(512, b'', 255, [(44, 1)]) + block(8192) * 12
    yield 'midi', block(512, b''.join(
        event(i * 9, MIDI, bytes([0x90 + i, 60, 100])) for i in range(8))
        + event(99, MIDI, b'\xf8') + event(99, MIDI, b'\xc0\x05'))
    yield 'midi_sizes', block(512, event(0, MIDI, b'') + event(
        0, MIDI, b'\xf0\x01\x02\xf7') + event(0, MIDI, b'\x90', 3))
    yield 'out_of_order', block(512, event(500, MIDI, b'\x90\x3c\x40')
                                + event(-9, MIDI, b'\x80\x3c\x40')
                                + event(9999, MIDI, b'\x90\x3d\x40'))
    for size in (1, 8, 0x7fffffff, 0xfffffff8, 0xffffffff):
        yield 'event_size_%x' % size, block(512, event(
            0, OBJECT, struct.pack('<II', 0, POSITION), size) + stop)
    hello = event(0, OBJECT, struct.pack('<II', 0, ASK_HELLO))
    here = event(0, BLANK, struct.pack('<II', 0, ASK_HERE))
    yield 'hello', block(0, start) + block(512, hello) + block(8192) * 8
    yield 'hello_often', block(0, start) + block(4096, hello + hello) * 12
    yield 'here_little_room', block(0, start) + block(
        4096, here, 199) * 4 + block(4096, here, 9) + block(4096, here, 30)
    yield 'hello_and_jump', block(512, hello + start) + block(
        8192) * 6 + block(512, here + position(100, bar=7, beat=2.5)
                          + stop) + block(8192) * 2
    yield 'hello_broken', block(512, event(
        0, OBJECT, struct.pack('<IIII', 0, ASK_HELLO, 1, 0)))
    yield 'thru_off', block(512, event(3, MIDI, b'\x90\x3c\x40')) + block(
        512, b'', 255, [(43, 0)])


# ----------------------------------------------------------------------- talk

# The order in which plugin/talk.c asks for URIDs, from 1 on; a key that is in
# several messages is asked for once
(T_OBJECT, T_BLANK, T_INT, T_FLOAT, T_STRING, T_VECTOR, HELLO, STILL, PLACE,
 PLAYED, PHRASE, NOTES, TROUBLE) = range(1, 14)
KEYS = {name: 14 + i for i, name in enumerate(
    'state bar barTicks beats unit tick ticksPerSecond bpm iBar melodyNow '
    'drumsNow melodyNext drumsNext late dropped count melody drums id part '
    'bars notes score tries rejected section energy fills scores first words '
    'text'.split())}


def talk(kind, outer=T_OBJECT, cut=0, **fields):
    body = struct.pack('<II', 0, kind)
    for name, value in fields.items():
        if isinstance(value, float):
            value = atom(T_FLOAT, struct.pack('<f', value))
        elif isinstance(value, int):
            value = atom(T_INT, struct.pack('<i', value))
        elif isinstance(value, str):
            value = atom(T_STRING, value.encode() + b'\0')
        elif isinstance(value, list):
            value = atom(T_VECTOR, struct.pack('<II', 4, T_INT)
                         + struct.pack('<%di' % len(value), *value))
        body += struct.pack('<II', KEYS.get(name, 999), 0) + value
    return atom(outer, body[:len(body) - cut])


def talks():
    metre = {'barTicks': 3840, 'beats': 4, 'unit': 4}
    place = dict(state=3, bar=7, **metre, tick=960.0, ticksPerSecond=1920.0,
                 bpm=120.0, iBar=3, melodyNow=5, drumsNow=6, melodyNext=0,
                 drumsNext=8, late=0, dropped=0)
    phrase = dict(id=5, part=1, bar=4, bars=2, barTicks=3840, notes=2,
                  score=0.5, tries=4, rejected=1, section=2, energy=60,
                  fills=[0, 2], scores=[500, -1, -2, 1000])
    notes = dict(id=5, first=0, words=[0, 240, 60 | 100 << 8,
                                       960, 240, 62 | 90 << 8])
    yield 'hello', talk(HELLO)
    yield 'here', talk(STILL, T_BLANK)
    yield 'place', talk(PLACE, **place)
    yield 'bar', talk(PLAYED, count=3, bar=7, **metre, bpm=120.0, iBar=3,
                      melody=5, drums=0)
    yield 'phrase', talk(PHRASE, **phrase)
    yield 'notes', talk(NOTES, **notes)
    yield 'trouble', talk(TROUBLE, text='There are no models.')
    yield 'unknown_key', talk(NOTES, later='?', **notes)
    yield 'cut', talk(NOTES, cut=20, **notes)
    yield 'no_end', talk(TROUBLE, text=atom(T_STRING, b'x' * 400))
    yield 'wrong_child', talk(NOTES, id=5, first=0, words=atom(
        T_VECTOR, struct.pack('<IIi', 8, T_INT, 0)))
    for size in (0, 7, 0x7fffffff, 0xfffffff8, 0xffffffff):
        yield 'size_%x' % size, talk(NOTES, id=5, first=0, words=atom(
            T_VECTOR, b'', size))
    yield 'nan', talk(PLACE, **dict(place, bpm=float('nan')))
    yield 'short', b'\0' * 4


if __name__ == '__main__':
    for name, data in states():
        write('fuzz_state', name, data)
    for name, data in inputs():
        write('fuzz_input', name, data)
    for name, data in talks():
        write('fuzz_talk', name, data)
