# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""README's pictures are there; those of hosts are small, and are made again.

Without a host and a screen to show it on, that is skipped.
"""

import os
import re
import struct
import subprocess
import sys
import tempfile
from xml.etree import ElementTree

from check import TOP, Skip, check, run

MAX_BYTES = 300 * 1024
ARDOUR = os.path.join(TOP, 'docs', 'ardour', 'shoot.py')
JALV = os.path.join(TOP, 'docs', 'jalv', 'shoot.py')


def size_of(path):
    """Width and height of a PNG or of an SVG drawn in pixels."""
    if path.endswith('.svg'):
        root = ElementTree.parse(path).getroot()
        check(root.tag == '{http://www.w3.org/2000/svg}svg',
              '%s is no SVG' % path)
        return float(root.get('width')), float(root.get('height'))
    with open(path, 'rb') as file:
        head = file.read(24)
    check(head[:8] == b'\x89PNG\r\n\x1a\n', '%s is no PNG' % path)
    return struct.unpack('>II', head[16:24])


def test_pictures_are_there_and_small():
    with open(os.path.join(TOP, 'README.md'), encoding='utf-8') as file:
        shown = re.findall(r'!\[[^\]]+\]\(([^)]+)\)', file.read())
    check('docs/ardour/mixer.png' in shown, shown)
    for name in shown:
        path = os.path.join(TOP, name)
        check(os.path.isfile(path), 'README shows %s' % name)
        if name.startswith(('docs/ardour/', 'docs/jalv/')):
            check(os.path.getsize(path) <= MAX_BYTES, '%s: %d bytes' % (
                name, os.path.getsize(path)))
        check(min(size_of(path)) >= 300, name)


def shoot(script, names, *words):
    """Make pictures again, and hold their size against those that are kept."""
    with tempfile.TemporaryDirectory(prefix='perpetuo-pictures-') as folder:
        done = subprocess.run([sys.executable, '-B', script, folder, *words],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL,
                              universal_newlines=True, timeout=200)
        if done.returncode == 2:
            raise Skip(done.stdout.strip().splitlines()[-1])
        check(done.returncode == 0, done.stdout)
        for name in names:
            path = os.path.join(folder, name)
            check(os.path.getsize(path) > 20000, '%s is empty' % name)
            now, kept = size_of(path), size_of(
                os.path.join(os.path.dirname(script), name))
            check(all(abs(a - b) < 100 for a, b in zip(now, kept)),
                  '%s: %s, not %s' % (name, now, kept))


def test_pictures_of_ardour_can_be_made_again():
    shoot(ARDOUR, ('mixer.png', 'window.png'))


def test_the_picture_of_jalv_can_be_made_again():
    shoot(JALV, ('window.png',), '6')


if __name__ == '__main__':
    run(test_pictures_are_there_and_small,
        test_pictures_of_ardour_can_be_made_again,
        test_the_picture_of_jalv_can_be_made_again)
