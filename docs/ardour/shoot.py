#!/usr/bin/env python3
# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""Make the pictures of Ardour again: docs/ardour/shoot.py [FOLDER]

They are left in FOLDER, or where they are now: mixer.png, two tracks that play,
and window.png, the window of Perpetuo Melody.  Ardour runs on a screen of its own
that nobody sees.  Without what it takes, this says so and exits with 2.

Where to click is so for Ardour 7 with its default theme.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
BUNDLE = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'build',
                      'perpetuo.lv2')
PROGRAMS = [  # program, Debian package
    ('ardour', 'ardour'), ('ardour7-lua', 'ardour'), ('Xvfb', 'xvfb'),
    ('fluxbox', 'fluxbox'), ('xdotool', 'xdotool'), ('import', 'imagemagick'),
    ('lv2ls', 'lilv-utils')]
# The best that is there is played; the last ones come with Ardour
SYNTHS = ['http://drobilla.net/plugins/mda/JX10',
          'https://community.ardour.org/node/7596']
KITS = ['http://gareus.org/oss/lv2/avldrums#BlackPearl',
        'urn:ardour:a-fluidsynth']

SCREEN = '1400x900x24'
MIX, PLAY, MELODY = (1326, 92), (158, 63), (340, 207)
AWAY = ('1390', '890')
STRIPS = ['-crop', '760x713+0+0', '+repage']
ROLL_S = 24.0  # Past the intro

CONFIG = '''<?xml version="1.0" encoding="UTF-8"?>
<Ardour>
  <Config>
    <Option name="hide-dummy-backend" value="0"/>
    <Option name="try-autostart-engine" value="1"/>
  </Config>
  <Extra><AudioMIDISetup><EngineStates>
    <State backend="None (Dummy)" driver="Normal Speed" device="Silence"
     input-device="" output-device="" sample-rate="48000" buffer-size="1024"
     n-periods="0" input-latency="0" output-latency="0" lm-input=""
     lm-output="" active="1" use-buffered-io="0" midi-option="No MIDI I/O"
     lru="1700000000"><MIDIDevices/></State>
  </EngineStates></AudioMIDISetup></Extra>
</Ardour>
'''


def give_up(words):
    print('shoot.py: ' + words, file=sys.stderr)
    sys.exit(2)


def find_tools():
    missing = [row for row in PROGRAMS if not shutil.which(row[0])]
    if missing:
        give_up('no %s (Debian: %s)' % (
            ', '.join(p for p, _ in missing),
            ' '.join(sorted({package for _, package in missing}))))
    if not os.path.isdir(BUNDLE):
        give_up('%s was not built: ./waf build' % BUNDLE)


class Room:
    """A home for Ardour, a screen, and what runs there."""

    def __init__(self, folder):
        self.folder, self.running = folder, []
        home = os.path.join(folder, 'home')
        config = os.path.join(home, '.config', 'ardour7')
        os.makedirs(config)
        os.makedirs(os.path.join(home, '.fluxbox'))
        os.makedirs(os.path.join(folder, 'lv2'))
        os.symlink(BUNDLE, os.path.join(folder, 'lv2', 'perpetuo.lv2'))
        self.write(os.path.join(config, 'config'), CONFIG)
        self.write(os.path.join(config, '.a7'), '')  # Not its first run
        # A folder for music that anybody could have
        os.makedirs(os.path.join(home, '.config', 'perpetuo'))
        self.write(os.path.join(home, '.config', 'perpetuo', 'ui.conf'),
                   'folder=/home/ada/Music/Perpetuo\n')
        overlay = os.path.join(home, '.fluxbox', 'overlay')
        self.write(overlay, 'background: none\n')
        self.write(os.path.join(home, '.fluxbox', 'init'),
                   'session.screen0.rootCommand: true\n'
                   'session.screen0.toolbar.visible: false\n'
                   'session.styleOverlay: %s\n' % overlay)
        others = os.environ.get('LV2_PATH', '/usr/lib/lv2')
        self.env = dict(os.environ, HOME=home, LV2_PATH='%s:%s' % (
            os.path.join(folder, 'lv2'), others))
        self.env['XDG_CONFIG_HOME'] = os.path.join(home, '.config')

    @staticmethod
    def write(path, text):
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)

    def start(self, *words):
        log = open(os.path.join(self.folder, words[0] + '.log'), 'wb')
        self.running.append(subprocess.Popen(
            words, env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True))

    def call(self, *words):
        try:
            done = subprocess.run(
                words, env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                universal_newlines=True, errors='replace', timeout=60)
        except subprocess.TimeoutExpired:
            return ''
        return done.stdout if done.returncode == 0 else ''

    def open_screen(self):
        number = 90
        while os.path.exists('/tmp/.X11-unix/X%d' % number):
            number += 1
        self.env['DISPLAY'] = ':%d' % number
        self.start('Xvfb', ':%d' % number, '-screen', '0', SCREEN, '-nolisten',
                   'tcp')
        time.sleep(1.0)
        self.start('fluxbox')

    def window(self, name, seconds=40):
        """The window whose title begins so, when it is there."""
        for _ in range(int(seconds * 2)):
            found = self.call('xdotool', 'search', '--onlyvisible', '--name',
                              '^' + name).split()
            if found:
                return found[0]
            time.sleep(0.5)
        give_up('there is no window "%s"' % name)

    def click(self, place, n=1):
        self.call('xdotool', 'mousemove', str(place[0]), str(place[1]),
                  'click', '--repeat', str(n), '--delay', '80', '1')

    def shoot(self, window, path, *crop):
        if os.path.isfile(path):
            os.remove(path)
        self.call('xdotool', 'mousemove', *AWAY)  # Or its words stand there
        time.sleep(1.0)
        self.call('import', '-window', window, '-strip', '+dither', '-colors',
                  '255', *crop, path)
        if not os.path.isfile(path):
            give_up('no picture %s' % path)
        print(path)

    def close(self):
        for process in reversed(self.running):
            try:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(3)
            except (subprocess.TimeoutExpired, ProcessLookupError):
                process.kill()
                process.wait()


def main():
    folder = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else HERE
    find_tools()
    with tempfile.TemporaryDirectory(prefix='perpetuo-shoot-') as temporary:
        room = Room(temporary)
        known = room.call('lv2ls').split()
        chosen = [next((uri for uri in uris if uri in known), None)
                  for uris in (SYNTHS, KITS)]
        if None in chosen:
            give_up('no instruments (Debian: mda-lv2 avldrums.lv2)')
        if 'made' not in room.call('ardour7-lua',
                                   os.path.join(HERE, 'session.lua'),
                                   temporary, *chosen):
            give_up('Ardour makes no session here')
        try:
            room.open_screen()
            room.start('ardour', '--no-announcements', '--no-splash',
                       os.path.join(temporary, 'session', 'song.ardour'))
            main_window = room.window('song - Ardour')
            time.sleep(4.0)
            room.click(MIX)
            time.sleep(1.0)
            room.click(PLAY)
            time.sleep(ROLL_S)
            room.shoot(main_window, os.path.join(folder, 'mixer.png'),
                       *STRIPS)
            room.click(MELODY, 2)
            own_window = room.window('Melody: ')
            time.sleep(2.0)
            room.shoot(own_window, os.path.join(folder, 'window.png'))
        finally:
            room.close()


if __name__ == '__main__':
    main()
