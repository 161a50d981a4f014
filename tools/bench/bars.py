# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""A picture of figures: bars beside a logarithmic axis, as SVG."""

import math
from xml.sax.saxutils import escape

WIDTH, LABELS, MARGIN = 860, 330, 20
BAR, GAP, HEAD, FOOT = 20, 8, 46, 34
OURS, OTHERS = '#c2511b', '#8a94a6'


def decades(values):
    """Whole powers of ten above, and so far below that each bar is seen."""
    low = math.floor(math.log10(min(values) / 2.0))
    high = math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def text(x, y, words, more=''):
    return '<text x="%g" y="%g" %s>%s</text>' % (x, y, more, escape(words))


def panel(title, unit, bars, top):
    """One chart; its lines of SVG.  @param bars (label, value, is_ours)."""
    low, high = decades([value for _, value, _ in bars])
    width = WIDTH - LABELS - MARGIN - 70
    bottom = top + HEAD + len(bars) * (BAR + GAP)

    def at(value):
        return LABELS + width * (math.log10(value) - low) / (high - low)

    yield text(MARGIN, top + 28, title, 'font-weight="bold" font-size="16"')
    for power in range(low, high + 1):
        for digit in range(1, 10 if power < high else 2):
            x = at(digit * 10.0 ** power)
            yield ('<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="%s"/>'
                   % (x, top + HEAD - 6, x, bottom,
                      '#c8ccd4' if digit == 1 else '#eceef2'))
        yield text(at(10.0 ** power), bottom + 16, '%g %s' % (
            10.0 ** power, unit), 'text-anchor="middle" fill="#555"')
    for i, (label, value, is_ours) in enumerate(bars):
        y = top + HEAD + i * (BAR + GAP)
        yield text(LABELS - 8, y + 15, label, 'text-anchor="end"' + (
            ' font-weight="bold"' if is_ours else ''))
        yield ('<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>' % (
            LABELS, y, at(value) - LABELS, BAR, OURS if is_ours else OTHERS))
        yield text(at(value) + 6, y + 15, '%.3g' % value)


def height(bars):
    return HEAD + len(bars) * (BAR + GAP) + FOOT


def picture(caption, panels):
    """SVG of panels (title, unit, bars), one below the other."""
    lines, top = [], 0
    for title, unit, bars in panels:
        lines += panel(title, unit, bars, top)
        top += height(bars)
    lines.append(text(MARGIN, top + 16, caption, 'fill="#555"'))
    return '\n'.join([
        '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
        'font-family="sans-serif" font-size="13">' % (WIDTH, top + 30),
        '<rect width="100%" height="100%" fill="white"/>'] + lines + [
            '</svg>', ''])
