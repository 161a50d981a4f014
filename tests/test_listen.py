# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""docs/listen is what is played now, and its commands play it.

After new models `./waf listen` makes it again.
"""

import os
import re
import shlex
import subprocess
import tempfile

from check import BUILD, TOP, check, run

LISTEN = os.path.join(BUILD, 'perpetuo-listen')
DEMO = os.path.join(BUILD, 'perpetuo-demo')
DOCS = os.path.join(TOP, 'docs', 'listen')
N_PIECES = 8
MAX_PICTURE = 150000
AGAIN = 'docs/listen is out of date: ./waf listen makes it again'


def read(*path):
    with open(os.path.join(*path), 'rb') as file:
        return file.read()


def say(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=3000,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, errors='replace')
    return done.returncode, done.stdout


def pieces():
    """The page's pieces: name and command."""
    text = read(DOCS, 'README.md').decode('utf-8')
    names = re.findall(r'^!\[[^]]+\]\((.+)\.png\)$', text, re.M)
    commands = re.findall(r'^    \./waf demo (.+)$', text, re.M)
    check(len(names) == len(commands) == N_PIECES, text)
    return [(n, shlex.split(c)) for n, c in zip(names, commands)]


def test_listen_explains_itself():
    with tempfile.TemporaryDirectory(prefix='perpetuo-listen-') as room:
        for words, status in (
                (['--help'], 0), (['--sing'], 2), (['--output'], 2),
                (['--output', ''], 2), (['--output=/dev/null/x'], 1),
                (['--bundle', '/nowhere', '--output', room], 1)):
            result, text = say(LISTEN, *words)
            check(result == status, '%s: %d\n%s' % (words, result, text))
            check('perpetuo-listen' in text, text)


def test_the_folder_is_what_the_program_makes():
    with tempfile.TemporaryDirectory(prefix='perpetuo-listen-') as room:
        status, text = say(LISTEN, '--output', room)
        check(status == 0, text)
        check(sorted(os.listdir(room)) == sorted(os.listdir(DOCS)), AGAIN)
        for name in sorted(os.listdir(room)):
            # Another cairo draws the same picture in other bytes
            if name.endswith('.png'):
                head = read(DOCS, name)[:24]
                check(head == read(room, name)[:24], '%s: %s' % (name, AGAIN))
                check(os.path.getsize(os.path.join(DOCS, name)) <= MAX_PICTURE,
                      '%s is large' % name)
            else:
                check(read(room, name) == read(DOCS, name),
                      '%s: %s' % (name, AGAIN))


def test_commands_play_the_pieces():
    """Two of them: the program plays them all as the demo does."""
    for name, words in pieces()[::N_PIECES - 1]:
        with tempfile.TemporaryDirectory(prefix='perpetuo-listen-') as room:
            status, text = say(DEMO, '--no-audio', '--output', room, *words)
            check(status == 0, text)
            check(read(room, 'song.mid') == read(DOCS, name + '.mid'),
                  '%s: %s' % (name, AGAIN))


if __name__ == '__main__':
    for program in (LISTEN, DEMO):
        if not os.path.isfile(program):
            print('skip test_listen: %s was not built' % program)
            raise SystemExit(77)
    run(test_listen_explains_itself, test_the_folder_is_what_the_program_makes,
        test_commands_play_the_pieces)
