#!/usr/bin/env python3
"""The executable is built with what makes a mistake in memory harder to use.

hardening.py EXECUTABLE: looks at it with readelf. Exit status 77 where there is none.
"""
import shutil
import subprocess
import sys


def readelf(*arguments):
    return subprocess.run(['readelf', '--wide', *arguments], check=True, capture_output=True, text=True).stdout


def stack_flags(headers):
    """The rights of the stack's segment: "RW" for one that cannot be executed."""
    for line in headers.splitlines():
        fields = line.split()
        if fields and fields[0] == 'GNU_STACK':
            return ''.join(field for field in fields[6:-1])
    return 'missing'


def findings(header, segments, dynamic):
    """What is missing, a line each."""
    missing = []
    if 'Type:' not in header or 'DYN' not in header.split('Type:')[1].splitlines()[0]:
        missing.append('it is not position-independent (PIE)')
    if 'GNU_RELRO' not in segments:
        missing.append('relocations stay writable (RELRO)')
    if 'NOW' not in dynamic:
        missing.append('symbols are bound late (BIND_NOW)')
    if stack_flags(segments) != 'RW':
        missing.append('the stack may be executed: ' + stack_flags(segments))
    if 'RPATH' in dynamic or 'RUNPATH' in dynamic:
        missing.append('libraries are looked for in a path of its own (RPATH)')
    return missing


def self_test():
    segments = '  GNU_STACK 0x0 0x0 0x0 0x0 0x0 {} 0x10\n  GNU_RELRO 0x0\n'
    good = ('  Type: DYN (PIE)\n', segments.format('RW'), '(FLAGS_1) NOW PIE')
    assert findings(*good) == [], findings(*good)
    bad = [('Type: EXEC',), (None, segments.format('RWE')), (None, '  GNU_STACK 0 0 0 0 0 RW 1'), (None, None, 'PIE'),
           (None, None, 'NOW RUNPATH')]
    for change in bad:
        mixed = [new if new is not None else old for new, old in zip(change, good)] + list(good[len(change):])
        assert len(findings(*mixed)) == 1, (change, findings(*mixed))


def main():
    self_test()
    if shutil.which('readelf') is None:
        print('there is no readelf')
        return 77
    binary = sys.argv[1]
    missing = findings(readelf('-h', binary), readelf('-l', binary), readelf('-d', binary))
    for line in missing:
        print(f'{binary}: {line}')
    return 1 if missing else 0


if __name__ == '__main__':
    sys.exit(main())
