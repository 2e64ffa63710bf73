#!/usr/bin/env python3
"""How many lines of the parsers were executed by the tests of a build with LINNET_COVERAGE.

Usage: coverage.py SOURCE_DIR BUILD_DIR [--lines FILE]

Prints for each file that reads bytes from outside how many of its lines were reached, worst first; with --lines those
lines of one that were not. A line counts as reached when any unit that has it has executed it. Exit status 1 when less
than 95 % of a file's lines were.
"""
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

LEAST = 95

# Whatever reads what others wrote: add a parser here. What only waits at a socket and hands its bytes on is not among
# them, nor what reads the database, whose bytes the store has written.
PARSERS = (
    # packets, WebSockets, JSON
    'src/wire/goodbye.cpp', 'src/wire/json.cpp', 'src/wire/json_content.cpp', 'src/wire/json_tree.cpp',
    'src/wire/tcp.cpp', 'src/wire/utf8.cpp', 'src/wire/websocket.cpp', 'src/gateway/session.cpp',
    # HTTP and what is packed in it
    'src/gateway/http/beast_request.cpp', 'src/gateway/http/caller.cpp', 'src/gateway/http/codec.cpp',
    'src/gateway/http/compression.cpp', 'src/gateway/http/connect.cpp', 'src/gateway/http/encoding.cpp',
    'src/gateway/http/envelope.cpp', 'src/gateway/http/framing.cpp', 'src/gateway/http/grpc_web.cpp',
    'src/gateway/http/handshake.cpp', 'src/gateway/http/message.cpp', 'src/gateway/http/stream_door.cpp',
    'src/gateway/http/timed_call.cpp', 'src/gateway/grpc/reflection.cpp',
    # credentials, and what other servers answer
    'src/user/hook_users.cpp', 'src/user/http_client.cpp', 'src/user/jwt.cpp', 'src/user/jwt_keys.cpp',
    'src/user/jwt_users.cpp', 'src/user/keys.cpp', 'src/user/phone_number.hpp', 'src/user/token.cpp',
    'src/user/url.cpp', 'src/client/connect_error.cpp', 'src/client/http_reader.cpp', 'src/client/session.cpp',
    # what the operator writes
    'src/app/account_options.cpp', 'src/app/account_settings.cpp', 'src/app/config.cpp', 'src/app/config_table.cpp',
    'src/app/limit_settings.cpp', 'src/app/setting_kinds.cpp', 'src/app/setting_kinds.hpp',
)


def notes_of(build):
    """The compiler's notes on each unit that is part of the build."""
    for unit in json.loads((build / 'compile_commands.json').read_text()):
        words = shlex.split(unit['command'])
        notes = (build / words[words.index('-o') + 1]).with_suffix('.gcno')
        if notes.exists():
            yield notes


def drop_braces(text, lines):
    """A brace that stands alone is no code of ours: there the compiler cleans up after an exception."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.fullmatch(r'\s*}\s*', line):
            lines.pop(number, None)


def add_counts(report, root, counts):
    """counts: path -> line -> how often it was executed, at most, by one unit."""
    for source in report['files']:
        path = os.path.relpath(source['file'], root)
        if path not in PARSERS:
            continue
        lines = counts.setdefault(path, {})
        for line in source['lines']:
            number = line['line_number']
            lines[number] = max(lines.get(number, 0), line['count'])


def measure(root, build):
    counts = {}
    for notes in notes_of(build):
        # Of what is in the source tree alone.
        told = subprocess.run(['gcov', '-r', '-s', str(root), '--json-format', '--stdout', str(notes)], cwd=build,
                              check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        for report in told.splitlines():
            add_counts(json.loads(report), root, counts)
    for path, lines in counts.items():
        drop_braces((root / path).read_text(), lines)
    return counts


def percent(lines):
    return 100 * sum(count > 0 for count in lines.values()) / len(lines)


def self_test():
    path, counts = PARSERS[0], {}
    for seven, eight in ((0, 2), (1, 0), (0, 0)):
        lines = [{'line_number': 7, 'count': seven}, {'line_number': 8, 'count': eight}, {'line_number': 9, 'count': 0}]
        files = [{'file': '/s/' + path, 'lines': lines}, {'file': '/s/src/none.cpp', 'lines': lines}]
        add_counts({'files': files}, '/s', counts)
    assert counts == {path: {7: 1, 8: 2, 9: 0}}, f'self-test: {counts}'
    drop_braces('\n' * 6 + 'code();\n};\n  }\n', counts[path])
    assert counts == {path: {7: 1, 8: 2}}, f'self-test: {counts}'
    counts[path][9] = 0
    assert int(percent(counts[path])) == 66, 'self-test: a part of the lines was reached'


def show_lines(root, lines, path):
    text = (root / path).read_text().splitlines()
    for number in sorted(number for number, count in lines.items() if count == 0):
        print(f'{number:4}  {text[number - 1]}')


def main():
    self_test()
    root, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    wanted = sys.argv[4] if sys.argv[3:4] == ['--lines'] and len(sys.argv) == 5 else None
    if len(sys.argv) != 3 and wanted not in PARSERS:
        sys.exit('--lines wants one of:\n  ' + '\n  '.join(PARSERS))
    if not any(build.rglob('*.gcda')):
        sys.exit('nothing was counted yet: ./dev coverage')
    counts = measure(root, build)
    # A file without lines of its own is one that nobody has built.
    missing = [path for path in PARSERS if path not in counts]
    if missing:
        sys.exit('not among what was built: ' + ', '.join(missing))
    if wanted:
        return show_lines(root, counts[wanted], wanted)
    for path in sorted(PARSERS, key=lambda path: percent(counts[path])):
        lines = counts[path]
        reached = sum(count > 0 for count in lines.values())
        # Cut, not rounded: 100.0 % means all.
        print(f'{int(10 * percent(lines)) / 10:5.1f} %  {reached:4} of {len(lines):4}  {path}')
    total = {(path, number): count for path in PARSERS for number, count in counts[path].items()}
    few = [path for path in PARSERS if percent(counts[path]) < LEAST]
    print(f'{int(10 * percent(total)) / 10:5.1f} %  of {len(total)} lines of {len(PARSERS)} files; '
          f'{len(few)} of them below {LEAST} %: ./dev coverage --lines FILE shows what is missing')
    sys.exit(bool(few))


if __name__ == '__main__':
    main()
