# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""What has to be so before a version leaves the house: one version everywhere,
NEWS that Debian's tools can read, a licence for every file, and a package.
"""

import glob
import os
import re
import shutil
import subprocess
import tempfile

from check import BUILD, TOP, Skip, check, run
from test_rooms import tables

URIS = ('urn:perpetuo:duo', 'urn:perpetuo:melody', 'urn:perpetuo:drums')
WAF_OF_OWN = os.path.join(TOP, '.waf')

ENTRY = re.compile(
    r'\Aperpetuo \((\d+\.\d+\.\d+)\) unstable; urgency=(?:low|medium|high)\n'
    r'\n((?:  (?:\* |  )\S.*\n|\n)+)'
    r' -- [^<>\n]+ <[^<>@\n]+@[^<>@\n]+>  '
    r'\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}\n\n?')


def read(name):
    with open(os.path.join(TOP, name), encoding='utf-8') as file:
        return file.read()


def version():
    return tables()['VERSION']


def entries():
    """Versions that NEWS tells of, the newest first."""
    rest, found = read('NEWS'), []
    while rest:
        entry = ENTRY.match(rest)
        check(entry, 'NEWS: not an entry as Debian has them:\n%s'
              % rest[:200])
        found.append(entry.group(1))
        rest = rest[entry.end():]
    return found


def say(command, cwd=TOP, **env):
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          universal_newlines=True, errors='replace',
                          env=dict(os.environ, **env))
    return done.returncode, done.stdout


def tool(*names):
    missing = [n for n in names if not shutil.which(n)]
    if missing:
        raise Skip('no %s on this machine' % ', '.join(missing))


def sources(folder):
    """A copy of what is under version control, or would be."""
    tool('git')
    status, names = say(['git', 'ls-files', '-z', '-c', '-o',
                         '--exclude-standard'])
    if status:
        raise Skip('these sources are not under version control')
    for name in sorted(set(names.split('\0'))):
        path = os.path.join(TOP, name)
        if name and os.path.lexists(path):
            to = os.path.join(folder, name)
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy2(path, to, follow_symlinks=False)


def test_one_version():
    """LV2 has two numbers, and its hosts take the greater: the URI is the
    major one.  Ours are 100 times the first and the second, and the third."""
    major, minor, micro = (int(n) for n in version().split('.'))
    text = read('ttl/plugin.ttl')
    for uri in URIS:
        found = re.search(r'^<%s>\n.*?lv2:minorVersion (\d+) ;\s+'
                          r'lv2:microVersion (\d+) ;' % uri, text,
                          re.M | re.S)
        check(found and [int(n) for n in found.groups()] == [
            100 * major + minor, micro], '%s: %s' % (
                uri, found and found.groups()))


def test_news_begins_with_it():
    found = entries()
    check(found[0] == version(), 'NEWS begins with %s, wscript has %s' % (
        found[0], version()))
    numbers = [[int(n) for n in v.split('.')] for v in found]
    check(numbers == sorted(numbers, reverse=True), found)
    check(len(set(found)) == len(found), found)
    check(max(len(line) for line in read('NEWS').splitlines()) <= 80,
          'a line of NEWS is longer than 80')


def test_debian_reads_the_same():
    changelog = os.path.join(TOP, 'debian/changelog')
    check(os.path.realpath(changelog) == os.path.join(TOP, 'NEWS'),
          'debian/changelog is not NEWS')
    tool('dpkg-parsechangelog')
    for field, wanted in (('Source', 'perpetuo'), ('Version', version())):
        status, text = say(['dpkg-parsechangelog', '-S', field])
        check(status == 0 and text.strip() == wanted, text)


def test_every_file_has_a_licence():
    tool('reuse')
    with tempfile.TemporaryDirectory(prefix='perpetuo-release-') as room:
        sources(room)
        status, text = say(['reuse', '--root', room, 'lint'], room)
        check(status == 0, text)
        with open(os.path.join(room, 'tools', 'stray.c'), 'w') as file:
            file.write('int stray;\n')
        status, text = say(['reuse', '--root', room, 'lint'], room)
        check(status != 0 and 'tools/stray.c' in text, text)


def check_song(bundle):
    """Whatever a package is built with, it plays the same music."""
    demo = os.path.join(BUILD, 'perpetuo-demo')
    songs = []
    for path in (os.path.join(BUILD, 'perpetuo.lv2'), bundle):
        with tempfile.TemporaryDirectory() as room:
            if not os.path.isfile(demo):
                return
            status, text = say([demo, '--bundle', path, '--bars', '8',
                                '--no-audio', '--output', room])
            check(status == 0, text)
            with open(os.path.join(room, 'song.mid'), 'rb') as file:
                songs.append(file.read())
    check(songs[0] == songs[1], 'the package plays another song')


def test_a_debian_package():
    """It is built without a network, where one can be taken away, it plays, and
    lintian finds nothing to say."""
    tool('dpkg-buildpackage', 'dh', 'lintian')
    env = dict(DEB_BUILD_OPTIONS='terse')
    alone = ['unshare', '-n'] if shutil.which('unshare') and say(
        ['unshare', '-n', 'true'])[0] == 0 else []
    if os.path.isdir(WAF_OF_OWN):
        env['WAFDIR'] = WAF_OF_OWN
    with tempfile.TemporaryDirectory(prefix='perpetuo-release-') as room:
        top = os.path.join(room, 'perpetuo')
        sources(top)
        # -d: what it builds with is here, be it installed as packages or not
        status, text = say(alone + ['dpkg-buildpackage', '-us', '-uc', '-b',
                                    '-d'], top, **env)
        check(status == 0, text)
        made = glob.glob(os.path.join(room, 'perpetuo-lv2_%s_*.deb'
                                      % version()))
        check(len(made) == 1, os.listdir(room))
        status, text = say(['dpkg', '-x', made[0], os.path.join(room, 'root')])
        bundle = os.path.join(room, 'root/usr/lib/lv2/perpetuo.lv2')
        found = set(os.listdir(bundle))
        check(status == 0 and {'perpetuo.so', 'plugin.ttl', 'manifest.ttl',
                               'models', 'presets'} <= found, text)
        # With a window where this machine can build one
        here = set(os.listdir(os.path.join(BUILD, 'perpetuo.lv2')))
        check(found == here, 'packaged: %s' % sorted(found ^ here))
        check_song(bundle)
        changes = glob.glob(os.path.join(room, '*.changes'))
        status, text = say(['lintian', '--allow-root', '--fail-on',
                            'error,warning'] + changes)
        check(status == 0, text)


if __name__ == '__main__':
    run(test_one_version, test_news_begins_with_it,
        test_debian_reads_the_same, test_every_file_has_a_licence,
        test_a_debian_package)
