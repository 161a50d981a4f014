# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""Who may include whom: the table ROOMS in wscript, held against the sources.

And that every source has its two lines, and is in a table of wscript.
"""

import ast
import os
import re
import tempfile

from check import TOP, check, run

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)

# Headers of libraries, and the only places that may name them
LIBRARIES = [  # what the include begins with, files or folders that may
    ('lv2/', ['plugin/', 'tools/host', 'tools/uri_table', 'tools/capture',
              'tools/bench/', 'tests/']),
    ('lilv/', ['tools/host.c', 'tools/bench/', 'tests/']),
    ('cblas', ['dsp/learn/blas.c', 'dsp/nn/product_blas.c', 'tests/',
               'tools/bench/']),
    ('cairo', ['tools/', 'tests/', 'plugin/ui/canvas.c',
               'plugin/ui/window_x11.c']),
    ('X11/', ['plugin/ui/window_x11', 'plugin/ui/xdnd', 'tests/']),
    ('pthread.h', ['dsp/learn/', 'dsp/compose/desk.c',
                  'dsp/compose/shelf.c', 'plugin/', 'tools/', 'tests/']),
]


def tables():
    """The literal tables of wscript."""
    found = {}
    with open(os.path.join(TOP, 'wscript')) as text:
        for node in ast.parse(text.read()).body:
            if isinstance(node, ast.Assign):
                try:
                    found[node.targets[0].id] = ast.literal_eval(node.value)
                except (AttributeError, ValueError):
                    pass
    return found


def folders():
    """Folder -> folders whose headers it may include."""
    table = tables()
    rooms = table['ROOMS'] + [table['PLUGIN'], table['WINDOW']]
    where = {name: folder for name, folder, _, _ in rooms}
    may = {}
    for _, folder, use, _ in rooms:
        may.setdefault(folder, {folder}).update(
            where[u] for u in use if u in where)
    return may


def face():
    """Headers that the plugin has in common with those who watch it."""
    return {'%s/%s.h' % (folder, n)
            for name, folder, _, names in tables()['ROOMS'] if name == 'face'
            for n in names.split()}


def sources(top, folder):
    for root, _, names in os.walk(os.path.join(top, folder)):
        for name in sorted(names):
            if name.endswith(('.c', '.h', '.cpp')):
                yield os.path.relpath(os.path.join(root, name), top)


def trespasses(top):
    """One line for each include that the table does not allow."""
    may, shared = folders(), face()
    found = []
    for path in (p for f in ('dsp', 'plugin', 'tools', 'tests')
                 for p in sources(top, f)):
        with open(os.path.join(top, path), encoding='utf-8') as text:
            includes = INCLUDE.findall(text.read())
        folder = os.path.dirname(path)
        for quote, name in includes:
            for begin, allowed in LIBRARIES:
                if name.startswith(begin) and not path.startswith(
                        tuple(allowed)):
                    found.append('%s includes <%s>' % (path, name))
            room = os.path.dirname(name)
            if room == 'plugin' and name not in shared and not (
                    folder == 'plugin' or path.startswith('tests/')):
                found.append('%s includes "%s"' % (path, name))
                continue
            if quote == '<' or not path.startswith(('dsp/', 'plugin/')):
                continue
            room = room if room.startswith('plugin') else 'dsp/' + room
            if room not in may.get(folder, ()):
                found.append('%s includes "%s"' % (path, name))
    return found


def test_includes_follow_the_table():
    found = trespasses(TOP)
    check(not found, '\n'.join(found))


def test_a_trespass_is_found():
    with tempfile.TemporaryDirectory() as top:
        os.makedirs(os.path.join(top, 'dsp/play'))
        with open(os.path.join(top, 'dsp/play/plan.c'), 'w') as text:
            text.write('#include "music/note.h"\n#include "nn/net.h"\n'
                       '#include <cblas.h>\n#include <lilv/lilv.h>\n')
        os.makedirs(os.path.join(top, 'plugin/ui'))
        with open(os.path.join(top, 'plugin/ui/ui.c'), 'w') as text:
            text.write('#include "plugin/talk.h"\n#include "plugin/plugin.h"\n')
        found = trespasses(top)
    check(len(found) == 4, 'found only: %s' % found)


def test_every_source_is_in_a_table():
    table = tables()
    listed = set()
    for _, folder, _, names in table['ROOMS'] + [
            table['PLUGIN'], table['WINDOW']]:
        listed.update('%s/%s.c' % (folder, n) for n in names.split())
    for _, _, names in table['PROGRAMS']:
        listed.update(names.split())
    for name, _, more in table['BENCHES']:
        listed.update(['tools/bench/%s.c' % name] + more.split())
    for _, name, _, more in table['TESTS']:
        listed.update(['tests/%s.c' % name] + more.split())
    missing = [p for f in ('dsp', 'plugin', 'tools', 'tests')
               for p in sources(TOP, f)
               if p.endswith(('.c', '.cpp')) and p not in listed
               and p not in table.get('ELSEWHERE', [])]
    check(not missing, 'not in wscript: %s' % ', '.join(missing))


def test_every_file_has_its_two_lines():
    bare = []
    for folder in ('dsp', 'plugin', 'tools', 'tests', 'ttl', '.'):
        names = os.listdir(TOP) if folder == '.' else [
            os.path.relpath(os.path.join(r, n), TOP)
            for r, _, ns in os.walk(os.path.join(TOP, folder)) for n in ns]
        for name in names:
            path = os.path.join(TOP, name)
            if name.endswith(('.c', '.h', '.cpp', '.py', '.ttl', '.in')) or (
                    name in ('waf', 'wscript')):
                with open(path, encoding='utf-8') as text:
                    head = text.read(400)
                if ('SPDX-License-Identifier: ISC' not in head
                        or 'Copyright 2026 The Perpetuo authors' not in head):
                    bare.append(name)
    check(not bare, 'no copyright or licence line: %s' % ', '.join(bare))


if __name__ == '__main__':
    run(test_includes_follow_the_table, test_a_trespass_is_found,
        test_every_source_is_in_a_table, test_every_file_has_its_two_lines)
