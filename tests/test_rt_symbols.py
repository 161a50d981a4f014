# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""What the audio thread can call, read out of what was really built.

Two nets.  The audio rooms: every symbol that their objects leave undefined is
one of ours or on a short list.  The plugin: from each function that a host
calls on the audio thread, follow every function it mentions, and look at what
it reaches outside of the plugin.  Calls through pointers that a host gave us
cannot be followed; there the host answers for itself.
"""

import glob
import os
import re
import shutil
import subprocess

from check import BUILD, Skip, check, plain_build, run

BUNDLE = os.path.join(BUILD, 'perpetuo.lv2', 'perpetuo.so')

# These wait for nothing, allocate nothing, and give the same bits everywhere
ALLOWED = {'memcpy', 'memmove', 'memset', 'memcmp', 'strcmp', 'strlen',
           '_GLOBAL_OFFSET_TABLE_',
           # The same in a hardened build, and what a broken stack ends in
           '__memcpy_chk', '__memmove_chk', '__memset_chk', '__stack_chk_fail'}

# Files of the audio rooms that also hold functions for other threads
EXCEPTIONS = {
    'base/status.c': {'vsnprintf', '__vsnprintf_chk'},  # trouble_say, which tells a person
}

# ... and which functions those are: no audio room may call them
NOT_FOR_AUDIO = {'trouble_say'}

# No room that decides a note may call these: their last bit is not ours
LIBM = {f + s for s in ('', 'f', 'l') for f in (
    'exp exp2 expm1 log log2 log10 log1p pow sin cos tan asin acos atan atan2 '
    'sinh cosh tanh sqrt cbrt hypot floor ceil round rint nearbyint lrint '
    'lround trunc fmod fma erf tgamma ldexp frexp scalbn').split()}

# What a host calls on the audio thread, as named in the plugin
ROOTS = ('run', 'work_response', 'end_run', 'connect_port')


def tool(*command):
    if not shutil.which(command[0]):
        raise Skip('there is no %s (Debian: binutils)' % command[0])
    return subprocess.run(command, stdout=subprocess.PIPE, check=True,
                          universal_newlines=True).stdout


def objects(room):
    found = glob.glob(os.path.join(BUILD, 'dsp', room, '*.o'))
    check(found, 'no objects of dsp/%s in build/' % room)
    for path in sorted(found):
        name = re.sub(r'\.\d+\.o$', '', os.path.relpath(
            path, os.path.join(BUILD, 'dsp')))
        yield path, name


def undefined(path):
    return {line.split()[-1].split('@')[0]
            for line in tool('nm', '-u', path).splitlines() if line.strip()}


def defined(path):
    return {line.split()[-1] for line in
            tool('nm', '--defined-only', path).splitlines() if line.strip()}


def test_audio_rooms_call_only_the_short_list():
    plain_build(BUNDLE)
    rooms = ('base', 'music', 'play')
    ours = set()
    for room in rooms:
        for path, _ in objects(room):
            ours |= defined(path)
    bad = []
    for room in rooms:
        for path, name in objects(room):
            may = (ALLOWED | ours) - (
                NOT_FOR_AUDIO if room != 'base' else set())
            extra = undefined(path) - may - EXCEPTIONS.get(name, set())
            bad += ['%s calls %s' % (name, f) for f in sorted(extra)]
    check(not bad, '\n'.join(bad))


def test_rooms_that_decide_notes_call_no_libm():
    plain_build(BUNDLE)
    bad = ['%s calls %s' % (name, f)
           for room in ('base', 'music', 'play', 'nn', 'compose')
           for path, name in objects(room)
           for f in sorted(undefined(path) & LIBM)]
    check(not bad, '\n'.join(bad))


def call_graph(text):
    """Function -> names it mentions, from a disassembly."""
    graph, now = {}, None
    for line in text.splitlines():
        begin = re.match(r'^[0-9a-f]+ <(.+)>:$', line)
        if begin:
            now = graph.setdefault(begin.group(1), set())
        elif now is not None:
            for name in re.findall(r'<([^<>+]+)(?:\+0x[0-9a-f]+)?>', line):
                now.add(name)
    return graph


def reach(graph, root):
    """Every function that `root` leads to, each with one way to it.

    What is behind the PLT is another library's; that the stubs seem to lead
    on to the first of their section is only how they are laid out.
    """
    ways, todo = {root: [root]}, [root]
    while todo:
        name = todo.pop()
        for other in () if '@plt' in name else graph.get(name, ()):
            # gcc splits functions: name.part.0, name.cold, name.constprop.0
            if other not in ways:
                ways[other] = ways[name] + [other]
                todo.append(other)
    return ways


def outside(graph, ways):
    """What is called in other libraries: through the PLT or the GOT."""
    found = {}
    for name, way in ways.items():
        foreign = re.match(r'^(.+?)@(plt|GLIBC|Base).*$', name)
        if foreign and foreign.group(1) not in ALLOWED | {'__cxa_finalize'}:
            found[foreign.group(1)] = ' > '.join(way)
    return found


def test_run_reaches_only_the_short_list():
    plain_build(BUNDLE)
    graph = call_graph(tool('objdump', '-d', '--no-show-raw-insn', BUNDLE))
    roots = [f for f in graph if re.sub(r'^plugin_|\..*$', '', f) in ROOTS]
    check({'run', 'work_response'} <= {
        re.sub(r'^plugin_|\..*$', '', f) for f in roots},
        'run or work_response not found in %s' % BUNDLE)
    bad = {}
    for root in roots:
        ways = reach(graph, root)
        bad.update(outside(graph, ways))
        for name in NOT_FOR_AUDIO & set(ways):
            bad[name] = ' > '.join(ways[name])
    check(not bad, '\n'.join('%s is reached by %s' % b for b in bad.items()))


def test_work_is_seen_to_allocate():
    """The second net has no hole: it does see what work() reaches."""
    plain_build(BUNDLE)
    graph = call_graph(tool('objdump', '-d', '--no-show-raw-insn', BUNDLE))
    found = {}
    for root in graph:
        if re.sub(r'^plugin_|\..*$', '', root) in ('instantiate', 'cleanup'):
            found.update(outside(graph, reach(graph, root)))
    check({'calloc', 'malloc', 'free'} & set(found),
          'neither malloc nor free seen from instantiate: %s' % found)


def test_only_the_descriptor_leaves():
    plain_build(BUNDLE)
    names = {line.split()[-1].split('@')[0] for line in tool(
        'nm', '-D', '--defined-only', BUNDLE).splitlines()}
    extra = names - {'lv2_descriptor', '_init', '_fini'}
    check(not extra and 'lv2_descriptor' in names,
          'exported: %s' % ', '.join(sorted(names)))


def test_no_library_but_c():
    """No BLAS, no C++ and no libm in somebody else's process."""
    plain_build(BUNDLE)
    needed = set(re.findall(r'NEEDED\s+(\S+)', tool('objdump', '-p', BUNDLE)))
    extra = {n for n in needed if not re.match(
        r'^(libc|libpthread|ld-linux.*|libgcc_s)\.so', n)}
    check(not extra, 'needs %s' % ', '.join(sorted(extra)))


if __name__ == '__main__':
    run(test_audio_rooms_call_only_the_short_list,
        test_rooms_that_decide_notes_call_no_libm,
        test_run_reaches_only_the_short_list,
        test_work_is_seen_to_allocate,
        test_only_the_descriptor_leaves,
        test_no_library_but_c)
