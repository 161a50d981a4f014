# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""docs/protocol.md says what plugin/talk.c does: every message, key, type and
range, in its order, and nothing else.

Numbers are worked out from the macros of the headers; the example is held
against the same tables, and against what the demo really writes.
"""

import os
import re
import subprocess
import tempfile

from check import BUILD, TOP, Skip, check, run

TYPES = {'INT': 'Int', 'FLOAT': 'Float', 'TEXT': 'String', 'INTS': 'Ints'}


def text_of(path):
    with open(os.path.join(TOP, path), encoding='utf-8') as text:
        return text.read()


def numbers():
    """What names of constants stand for."""
    found = {'INT32_MIN': -2 ** 31, 'INT32_MAX': 2 ** 31 - 1}
    for path in ('dsp/music/phrase.h', 'plugin/talk.h', 'plugin/talk.c'):
        for name, value in re.findall(
                r'^#define (\w+) ([-\w.]+)$', text_of(path), re.M):
            value = found.get(value, value)
            try:
                found[name] = float(str(value).rstrip('U'))
            except ValueError:
                pass
        for name, value in re.findall(r'^  ((?:SCORE|PART)_\w+) *= (-?\d+)',
                                      text_of(path), re.M):
            found[name] = int(value)
    parts = re.search(r'typedef enum \{ (.*?) \} Part;',
                      text_of('dsp/music/part.h')).group(1).split(', ')
    found.update((name, i) for i, name in enumerate(parts))
    return found


def worth(expression, known):
    """A sum or product of constants."""
    words = re.sub(r'[A-Z]\w+', lambda m: repr(known[m.group(0)]), expression)
    check(re.fullmatch(r'[-+*\d. ]+', words), 'not a number: %s' % expression)
    return int(eval(words))


def range_of(least, most):
    if (least, most) == (-2 ** 31, 2 ** 31 - 1):
        return 'any'
    return '%d ..' % least if most == 2 ** 31 - 1 else '%d .. %d' % (least, most)


def code():
    """Message -> [(key, type, range)], as in the tables of talk.c."""
    source, known = text_of('plugin/talk.c'), numbers()
    table = {name: [] for _, name in re.findall(
        r'\[TALK_(\w+)\] *= TALK_PREFIX "(\w+)"', source)}
    body = re.search(r'static const Row rows\[\] = \{(.*?)\n\};', source,
                     re.S).group(1)
    for macro, inside in re.findall(r'\b(\w+)\(((?:[^()])*)\)', body):
        words = [w.strip() for w in inside.split(',')]
        if macro == 'ROW':
            kind, _, kept, key, _, least, most = words
        elif macro == 'INTS':
            kind, _, key, _, least, most = words[:6]
            kept = 'INTS'
        else:
            kind, (kept, key, _, least, most) = macro, words
        numbered = range_of(worth(least, known), worth(most, known))
        if kept == 'TEXT':
            numbered = '%d bytes' % (known['TALK_MAX_TEXT'] - 1)
        table[kind.capitalize()].append(
            (key.strip('"'), TYPES[kept], numbered))
    check(sum(len(rows) for rows in table.values()) > 30, str(table))
    return table


def page():
    """The same, as in the tables of the page."""
    table = {}
    messages = text_of('docs/protocol.md').split('\n## Messages\n')[1]
    for section in messages.split('\n## ')[0].split('\n### ')[1:]:
        name, rest = section.split('\n', 1)
        table[name] = re.findall(
            r'^\| `(\w+)` \| (\w+) \| ([^|]+?) \| [^|]+ \|$', rest, re.M)
    return table


def test_every_message_is_on_the_page():
    ours, theirs = code(), page()
    check(list(ours) == list(theirs), '%s, not %s'
          % (list(theirs), list(ours)))
    for name, rows in ours.items():
        check(rows == theirs[name], '%s:\n%s\nnot\n%s'
              % (name, theirs[name], rows))


def test_every_bit_is_on_the_page():
    header = text_of('plugin/talk.h')
    ours = [(str(1 << int(n)), name) for name, n in re.findall(
        r'TALK_(?:IS|HAS)_(\w+) *= 1U << (\d+)U', header)]
    theirs = re.findall(r'^\| (\d+) \| `(\w+)`', text_of('docs/protocol.md'),
                        re.M)
    check(ours and ours == theirs, '%s, not %s' % (theirs, ours))


def test_numbers_of_the_page():
    known, text = numbers(), text_of('docs/protocol.md')
    text = ' '.join(text.split())
    notify = dict(re.findall(r'#define (NOTIFY_\w+) ([\d.]+)U?$',
                             text_of('plugin/notify.h'), re.M))
    for words in ('speaks for %g seconds' % known['TALK_LEASE_S'],
                  'every %g seconds' % known['TALK_HERE_S'],
                  'phrase, %d at most' % known['TALK_MAX_NOTES'],
                  'takes %d bytes at most' % known['TALK_MAX_BYTES'],
                  'candidate, %d at most' % known['PHRASE_MAX_TRIES'],
                  'about %.0f messages' % (1 / float(notify['NOTIFY_STEP_S'])),
                  'and %s in one run' % notify['NOTIFY_MAX_MESSAGES'],
                  '(%s at most' % notify['NOTIFY_N_PLAYED']):
        check(words in text, '"%s" is not on the page' % words)
    check(float(notify['NOTIFY_PLACE_S']) == 0.2, 'five times a second')


def keys_of(line):
    return re.findall(r'(\w+)=', line)


def test_the_example():
    example = text_of('docs/protocol.md').split('\n## An example\n')[1]
    example = example.split('\n## ')[0]
    lines = re.sub(r'\n      ', ' ', example)
    found = re.findall(r'^    (\w+) (.*)$', lines, re.M)
    check([name for name, _ in found] == ['Place', 'Phrase', 'Notes', 'Bar'],
          str(found))
    for name, line in found:
        check(keys_of(line) == [key for key, _, _ in page()[name]],
              '%s: %s' % (name, line))


def test_what_is_really_said():
    demo = os.path.join(BUILD, 'perpetuo-demo')
    if not os.path.exists(demo):
        raise Skip('perpetuo-demo was not built: a library is missing')
    with tempfile.TemporaryDirectory() as room:
        said = subprocess.run(
            [demo, '--watch=raw', '--bars', '6', '--no-audio', '--output',
             room], stdout=subprocess.PIPE, universal_newlines=True,
            timeout=120, check=True).stdout
    table, seen = page(), set()
    for name, line in re.findall(r'^(\w+) (\w+=.*)$', said, re.M):
        check(keys_of(line) == [key for key, _, _ in table.get(name, ())],
              '%s %s' % (name, line))
        seen.add(name)
    check({'Place', 'Bar', 'Phrase', 'Notes'} <= seen, str(seen))


if __name__ == '__main__':
    run(test_every_message_is_on_the_page, test_every_bit_is_on_the_page,
        test_numbers_of_the_page, test_the_example, test_what_is_really_said)
