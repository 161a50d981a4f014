#!/usr/bin/env python3
# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""Make the picture of jalv again: docs/jalv/shoot.py [FOLDER [SECONDS]]

It is left in FOLDER, or where it is now: window.png, Perpetuo's window in
jalv.gtk3, which runs freely without a sound card, after so many seconds (or in
the first drop).  Without what it takes, this says so and exits with 2.
"""

import os
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'ardour'))

import shoot as ardour  # noqa: E402

PROGRAMS = [  # program, Debian package
    ('jalv.gtk3', 'jalv'), ('jackd', 'jackd2'), ('Xvfb', 'xvfb'),
    ('fluxbox', 'fluxbox'), ('xdotool', 'xdotool'), ('import', 'imagemagick')]
SETTINGS = ['transport=1', 'tempo=128', 'seed=7', 'candidates=8',
            'mix_house=60', 'mix_baroque=40']
ROLL_S = 46.0  # Into the first drop


def main():
    folder = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else HERE
    roll_s = float(sys.argv[2]) if len(sys.argv) > 2 else ROLL_S
    missing = [row for row in PROGRAMS if not shutil.which(row[0])]
    if missing:
        ardour.give_up('no %s (Debian: %s)' % (
            ', '.join(p for p, _ in missing),
            ' '.join(sorted({package for _, package in missing}))))
    if not os.path.isdir(ardour.BUNDLE):
        ardour.give_up('%s was not built: ./waf build' % ardour.BUNDLE)
    with tempfile.TemporaryDirectory(prefix='perpetuo-shoot-') as temporary:
        room = ardour.Room(temporary)
        server = 'shoot%d' % os.getpid()
        room.env.update(JACK_DEFAULT_SERVER=server, JACK_NO_START_SERVER='1',
                        JACK_NO_AUDIO_RESERVATION='1')
        try:
            room.open_screen()
            room.start('jackd', '--no-realtime', '-n', server, '-d', 'dummy',
                       '-r', '48000', '-p', '512')
            time.sleep(1.0)
            words = ['jalv.gtk3']
            for setting in SETTINGS:
                words += ['-c', setting]
            room.start(*words, 'urn:perpetuo:duo')
            window = room.window('Perpetuo')
            time.sleep(roll_s)
            room.shoot(window, os.path.join(folder, 'window.png'))
        finally:
            room.close()


if __name__ == '__main__':
    main()
