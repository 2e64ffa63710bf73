#!/usr/bin/env python3
"""Draws what `./dev soak` has written.

Usage: plot.py SAMPLES.csv OUT.svg
"""
import csv
import math
import pathlib
import sys

# column, title
PANELS = (
    ('rss_mb', "the server's memory, MB resident"),
    ('heap_mb', 'of it, MB of heap in use'),
    ('descriptors', 'its open descriptors'),
    ('p99_ms', 'p99 of a delivery, ms'),
    ('cpu_percent', 'its CPU time, % of a processor'),
)
COLOURS = ('#1f6feb', '#8250df', '#1a7f37', '#d1242f', '#9a6700')
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 150, 60, 16, 26, 22


def round_step(value):
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(max(value, 1e-9)))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value)


def panel(number, title, minutes, values):
    """Minutes from left to right, values from zero upwards."""
    above = number * HEIGHT
    top = 4 * round_step(max(values) * 1.05 / 4)
    last = max(minutes[-1], 1e-9)

    def at(minute, value):
        x = LEFT + minute / last * (WIDTH - LEFT - RIGHT)
        y = above + HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)
        return f'{x:.1f}', f'{y:.1f}'

    parts = [f'<text x="{LEFT}" y="{above + 16}" font-size="12">{title}</text>']
    for step in range(5):
        y = at(0, top * step / 4)[1]
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#d0d7de"/>'
                     f'<text x="{LEFT - 6}" y="{y}" dy="4" text-anchor="end">{top * step / 4:.3g}</text>')
    path = ' '.join(','.join(at(*point)) for point in zip(minutes, values))
    parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[number]}" stroke-width="1.5"/>')
    step = round_step(last / 6)
    for tick in range(int(last / step) + 1):
        x = at(tick * step, 0)[0]
        parts.append(f'<text x="{x}" y="{above + HEIGHT - 8}" text-anchor="middle">{tick * step:g}</text>')
    return parts


def main():
    with open(sys.argv[1], newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    if not rows:
        sys.exit('no samples')
    minutes = [float(row['seconds']) / 60 for row in rows]
    height = len(PANELS) * HEIGHT + 14
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
             'font-size="10">', f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>']
    for number, (column, title) in enumerate(PANELS):
        parts += panel(number, title, minutes, [float(row[column]) for row in rows])
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{height - 4}" text-anchor="middle">minutes</text>')
    pathlib.Path(sys.argv[2]).write_text('\n'.join([*parts, '</svg>', '']))


if __name__ == '__main__':
    main()
