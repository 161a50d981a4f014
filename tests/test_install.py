# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""./waf install and uninstall, as typed: what is there before, in between and
afterwards, and whether what was installed plays.
"""

import os
import shutil
import subprocess
import tempfile

from check import TOP, Skip, check, run
from test_cli import Copy, program, refused, say, works

URIS = ['urn:perpetuo:duo', 'urn:perpetuo:drums', 'urn:perpetuo:melody']
BUNDLE = 'perpetuo.lv2'

copies = []


def copy():
    """One copy of the sources for all, where the plugin alone is built."""
    if not copies:
        copies.append(Copy())
        works(copies[0].type('configure', '--no-install', '--only-plugin'),
              'Plugin bundle', 'Install into')
        works(copies[0].type('build', '--no-install'))
        check(not os.path.exists(os.path.join(
            copies[0].top, 'build', 'perpetuo-demo')), 'programs were built')
    return copies[0]


def tree(folder):
    """Every file and folder in there, with what is in the files."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in folders:
            found[os.path.relpath(os.path.join(root, name), folder)] = None
        for name in files:
            path = os.path.join(root, name)
            if os.path.islink(path):  # It may lead nowhere
                found[os.path.relpath(path, folder)] = os.readlink(path)
                continue
            with open(path, 'rb') as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write(text)


def there_and_gone(words, folder, home=None):
    """Install, look, uninstall, look: only `folder`/perpetuo.lv2 comes and
    goes, and beside it nothing changes."""
    top = home or copy().room
    before = tree(top)
    works(copy().type('install', *words))
    between = tree(top)
    inside = os.path.relpath(os.path.join(folder, BUNDLE), top)
    bundle = tree(os.path.join(folder, BUNDLE))
    check(bundle == tree(os.path.join(copy().top, 'build', BUNDLE)),
          'installed: %s' % sorted(bundle))
    for kind, ending in (('models', '.safetensors'), ('presets', '.ttl')):
        want = [f for f in os.listdir(os.path.join(TOP, kind))
                if f.endswith(ending)]
        check(want and all('%s/%s' % (kind, f) in bundle for f in want), kind)
    strange = [f for f in between if f not in before and not (
        f == inside or f.startswith(inside + '/') or inside.startswith(f + '/'))
        and not f.startswith('perpetuo/')]
    check(not strange, 'installed elsewhere: %s' % strange)

    works(copy().type('uninstall', *words))
    after = tree(top)
    for name in sorted(set(before) ^ set(after)):
        check(name.startswith('perpetuo/'),
              '%s came or went' % name)  # waf's own books, in the sources
    check(all(after[f] == before[f] for f in before
              if not f.startswith('perpetuo/')), 'something was changed')


def test_into_a_staged_system():
    root = os.path.join(copy().room, 'root')
    write(root, 'usr/lib/lv2/other.lv2/manifest.ttl', '# Not ours')
    there_and_gone(['--prefix=/usr', '--destdir=' + root],
                   os.path.join(root, 'usr/lib/lv2'))


def test_into_a_prefix():
    prefix = os.path.join(copy().room, 'opt/music')
    write(os.path.dirname(prefix), 'README', 'Not ours')
    there_and_gone(['--prefix=' + prefix], os.path.join(prefix, 'lib/lv2'))


def test_into_the_users_folder():
    write(copy().home, '.profile', '# Not ours')
    folder = os.path.join(copy().home, '.lv2')
    there_and_gone([], folder, copy().home)
    there_and_gone(['--user'], folder, copy().home)
    write(folder, 'other.lv2/manifest.ttl', '# Not ours')
    there_and_gone([], folder, copy().home)


def test_what_is_installed_plays():
    demo = program('perpetuo-demo')
    root = os.path.join(copy().room, 'played')
    works(copy().type('install', '--prefix=/usr', '--destdir=' + root))
    folder = os.path.join(root, 'usr/lib/lv2')
    songs = []
    for bundle in (os.path.join(folder, BUNDLE),
                   os.path.join(TOP, 'build', BUNDLE)):
        with tempfile.TemporaryDirectory() as room:
            works(say([demo, '--bundle', bundle, '--bars', '4', '--no-audio',
                       '--output', room]))
            with open(os.path.join(room, 'song.mid'), 'rb') as file:
                songs.append(file.read())
    check(songs[0] == songs[1] and len(songs[0]) > 200, 'another song')

    if not shutil.which('lv2ls'):
        raise Skip('there is no lv2ls (Debian: lilv-utils)')
    found = subprocess.run(
        ['lv2ls'], stdout=subprocess.PIPE, universal_newlines=True,
        env=dict(os.environ, LV2_PATH=folder)).stdout.split()
    check(set(found) == set(URIS), 'lv2ls finds %s' % found)


def test_an_update_keeps_what_songs_need():
    """Models that are overwritten stay beside the new ones, where a song finds
    them by id; presets that are no more go."""
    root = os.path.join(copy().room, 'update')
    words = ['--prefix=/usr', '--destdir=' + root]
    works(copy().type('install', *words))
    bundle = os.path.join(root, 'usr/lib/lv2', BUNDLE)
    fresh = tree(bundle)
    write(bundle, 'models/melody.safetensors', 'an older model')
    write(bundle, 'models/drums-2025.safetensors', 'an even older one')
    write(bundle, 'presets/polka-night.ttl', '# Nobody plays it')
    for _ in range(2):
        works(copy().type('install', *words))
        now = tree(bundle)
        extra = sorted(set(now) - set(fresh))
        check(len(extra) == 2 and extra[0] == 'models/drums-2025.safetensors'
              and extra[1].startswith('models/melody-')
              and extra[1].endswith('.safetensors'), extra)
        check(now[extra[1]] == b'an older model', 'another content')
        check(all(now[f] == fresh[f] for f in fresh), 'not all is new')
    works(copy().type('uninstall', *words))
    check(not os.path.exists(bundle), 'uninstall left %s' % tree(bundle))


def test_a_window_that_is_built_no_more():
    """Xlib and cairo went away: nothing tells of a window, or is left of it."""
    if not os.path.exists(os.path.join(copy().top, 'build', BUNDLE, 'ui.ttl')):
        raise Skip('there is no Xlib or cairo here, and so no window')
    words = ['--prefix=' + os.path.join(copy().room, 'bare')]
    bundle = os.path.join(copy().room, 'bare/lib/lv2', BUNDLE)
    works(copy().type('install', *words))
    check('ui.ttl' in tree(bundle), 'no window was installed')

    write(copy().room, 'pc/pkg-config',
          '#!/bin/sh\n'
          'case "$*" in *x11*|*cairo*) exit 1;; esac\n'
          'exec %s "$@"\n' % shutil.which('pkg-config'))
    probe = os.path.join(copy().room, 'pc/pkg-config')
    os.chmod(probe, 0o755)
    try:
        works(copy().type('configure', '--no-install', '--only-plugin',
                          PKGCONFIG=probe))
        works(copy().type('install', *words))
        now = tree(bundle)
        check(b'ui.ttl' not in now['manifest.ttl'], now['manifest.ttl'])
        check(not [f for f in now if '_ui' in f or 'ui.ttl' in f], sorted(now))
    finally:
        works(copy().type('configure', '--no-install', '--only-plugin'))
        works(copy().type('build', '--no-install'))


def test_where_it_cannot_be():
    write(copy().room, 'file', 'no folder')
    path = os.path.join(copy().room, 'file')
    refused(copy().type('install', '--prefix=' + path),
            'Cannot install', path + ' is no folder', '--prefix')


if __name__ == '__main__':
    try:
        run(test_into_a_staged_system, test_into_a_prefix,
            test_into_the_users_folder, test_what_is_installed_plays,
            test_an_update_keeps_what_songs_need,
            test_a_window_that_is_built_no_more, test_where_it_cannot_be)
    finally:
        for one in copies:
            one.__exit__()
