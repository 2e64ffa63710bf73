#!/usr/bin/env python3
"""How cost grows: runs `linnet bench` at several sizes each, prints tables, and draws them.

Usage: growth.py BUILD_DIR OUT_DIR [--quick] [NAME...]; ./dev bench growth [--quick] [NAME...]

NAME: of a figure; none: all of them.

Writes OUT_DIR/NAME.svg for each of FIGURES and OUT_DIR/figures.json with what they were drawn from. Exit status 1 when a
bench failed.
"""
import json
import math
import pathlib
import subprocess
import sys
import tempfile

FANOUT = ['fanout', '--hot', '0', '--stuck', '0', '--rounds', '3', '--load', '60000']

# name, what grows, of which column, scenario and its arguments with SIZE for the size, sizes; quick sizes are tenths
FIGURES = (
    ('room_size', 'members of a room', 'server_cpu_us_per_delivery', 'CPU µs per delivery, 100 bytes',
     [*FANOUT, '--bytes', '100', '--bursts', '1', '--members', 'SIZE'], (100, 1000, 10000, 19000)),
    ('room_size_bursts', 'members of a room', 'server_cpu_us_per_delivery', 'CPU µs per delivery, 8 at once',
     [*FANOUT, '--bytes', '100', '--bursts', '8', '--members', 'SIZE'], (100, 1000, 10000)),
    ('message_size', 'bytes of a message', 'server_cpu_us_per_delivery', 'CPU µs per delivery, 1,000 members',
     [*FANOUT, '--members', '1000', '--bursts', '1', '--bytes', 'SIZE'], (16, 100, 1000, 8000)),
    ('connections', 'idle connections', 'bytes_per_connection', "bytes of the server's memory for each",
     ['idle', '--idle', 'SIZE'], (1000, 5000, 19000)),
    ('group_size', 'members of a group', 'server_cpu_us_per_entry', 'CPU µs per inbox entry',
     ['group', '--group-members', 'SIZE'], (20, 100, 500)),
    ('large_group', 'members of a large group', 'server_cpu_us_per_delivery', 'CPU µs per delivery, 1,000 connected',
     ['large', '--large-members', 'SIZE'], (1000, 10000, 100000)),
    ('inbox_size', 'messages in an inbox', 'server_cpu_us_per_message', 'CPU µs per message read',
     ['sync', '--inboxes', '16', '--missed', 'SIZE'], (100, 1000, 10000)),
    ('history', 'entries in all inboxes', 'p99_ms', 'p99 ms to read 1,000 messages',
     ['sync', '--entries', 'SIZE'], (100000, 1000000, 10000000)),
)
COLOURS = ('#1f6feb', '#d1242f', '#1a7f37', '#9a6700')
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 280, 60, 16, 34, 46


def measure(build, arguments, size):
    """The rows of one run."""
    with tempfile.TemporaryDirectory() as folder:
        figures = pathlib.Path(folder) / 'figures.json'
        words = [str(size) if word == 'SIZE' else word for word in arguments]
        bench = subprocess.run([build / 'linnet', 'bench', *words, '--json', figures], stdout=subprocess.PIPE, text=True,
                               check=False)
        if bench.returncode != 0:
            sys.exit(f'linnet bench {" ".join(words)}:\n{bench.stdout}')
        return json.loads(figures.read_text())['scenarios'][0]['rows']


def series_of(row):
    return row.get('server') or row.get('door') or row.get('mode') or 'Linnet'


def lines_of(runs, column):
    """series -> [(size, value)]"""
    lines = {}
    for size, rows in runs:
        for row in rows:
            if isinstance(row[column], (int, float)):
                lines.setdefault(series_of(row), []).append((size, row[column]))
    return lines


def short(number):
    for unit, name in ((1e6, 'M'), (1e3, 'k')):
        if number >= unit:
            return f'{number / unit:g}{name}'
    return f'{number:g}'


def round_step(value):
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value)


def plot(title, below, lines):
    """An SVG: sizes from left to right by their logarithm, values from zero upwards."""
    sizes = sorted({size for points in lines.values() for size, _ in points})
    # A quarter is left for the names.
    top = 4 * round_step(max(value for points in lines.values() for _, value in points) * 1.25 / 4)
    low, high = math.log(sizes[0]), math.log(sizes[-1])

    def at(size, value):
        x = LEFT + (math.log(size) - low) / max(high - low, 1e-9) * (WIDTH - LEFT - RIGHT)
        y = HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)
        return f'{x:.1f}', f'{y:.1f}'

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
             'font-size="11">', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
             f'<text x="{LEFT}" y="16" font-size="13">{title}</text>']
    for step in range(5):
        value = top * step / 4
        y = at(sizes[0], value)[1]
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#d0d7de"/>'
                     f'<text x="{LEFT - 6}" y="{y}" dy="4" text-anchor="end">{value:.3g}</text>')
    for size in sizes:
        parts.append(f'<text x="{at(size, 0)[0]}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{short(size)}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{below}</text>')
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = ' '.join(','.join(at(*point)) for point in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{at(*point)[0]}" cy="{at(*point)[1]}" r="3" fill="{colour}"/>' for point in points]
        parts.append(f'<text x="{WIDTH - RIGHT}" y="{TOP + 12 * number}" text-anchor="end" fill="{colour}">{name}</text>')
    return '\n'.join([*parts, '</svg>', ''])


def table(below, title, lines):
    sizes = sorted({size for points in lines.values() for size, _ in points})
    text = [f'\n| {below}: {title} | ' + ' | '.join(f'{size:,}' for size in sizes) + ' |',
            '| --- |' + ' --- |' * len(sizes)]
    for name, points in lines.items():
        found = dict(points)
        text.append(f'| {name} | ' + ' | '.join(f'{found[size]:,.2f}' if size in found else '' for size in sizes) + ' |')
    return '\n'.join(text)


def main():
    build, out = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    quick = '--quick' in sys.argv[3:]
    wanted = [argument for argument in sys.argv[3:] if argument != '--quick']
    unknown = set(wanted) - {figure[0] for figure in FIGURES}
    if unknown:
        sys.exit(f'growth: no figure {", ".join(sorted(unknown))}: ' + ', '.join(figure[0] for figure in FIGURES))
    out.mkdir(parents=True, exist_ok=True)
    file = out / 'figures.json'
    kept = json.loads(file.read_text()) if wanted and file.exists() else {}
    for name, below, column, title, arguments, sizes in FIGURES:
        if wanted and name not in wanted:
            continue
        if quick:
            sizes = [max(size // 10, 20) for size in sizes]
            arguments = ['--quick', *arguments]
        runs = [(size, measure(build, arguments, size)) for size in sizes]
        lines = lines_of(runs, column)
        (out / f'{name}.svg').write_text(plot(title, below, lines))
        kept[name] = {'title': title, 'grows': below, 'lines': lines}
        print(table(below, title, lines), flush=True)
    file.write_text(json.dumps(kept, indent=1) + '\n')


if __name__ == '__main__':
    main()
