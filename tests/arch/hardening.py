#!/usr/bin/env python3
"""The executable is built with what makes a mistake in memory harder to use, and without what each thread pays for.

hardening.py EXECUTABLE: looks at it with readelf. Exit status 77 where there is none.
"""
import re
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


def thread_storage(headers):
    """Bytes of the executable's own that every thread has, used or not: glibc writes zeros into all of them."""
    for line in headers.splitlines():
        fields = line.split()
        if fields and fields[0] == 'TLS':
            return int(fields[5], 16)
    return 0


MOST_THREAD_STORAGE = 4096


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
    if thread_storage(segments) > MOST_THREAD_STORAGE:
        missing.append(f'each thread takes {thread_storage(segments)} bytes for thread_local variables')
    return missing


def checked_calls(symbols):
    """The functions of glibc that check, by the symbols that the executable asks of its libraries."""
    asked = {line.split()[7].split('@')[0] for line in symbols.splitlines()
             if len(line.split()) > 7 and line.split()[6] == 'UND'}
    return {name for name in asked if re.fullmatch(r'__\w+_chk', name)}, '__stack_chk_fail' in asked


def code_findings(symbols, machine, notes, starts):
    """What the compiler was not told. `starts`: the first bytes of our functions; none: not looked at."""
    fortified, protected = checked_calls(symbols)
    missing = []
    if not protected:
        missing.append('no function looks after its stack (-fstack-protector-strong)')
    if not fortified:
        missing.append('no call of the C library is checked (_FORTIFY_SOURCE)')
    if 'X86-64' in machine:
        if 'SHSTK' not in notes:
            missing.append('it asks for no shadow stack (-fcf-protection, -z shstk)')
        bare = [name for name, bytes_ in starts.items() if bytes_ != ENDBR64]
        if bare:
            missing.append(f'{len(bare)} of {len(starts)} functions are no landing pads (-fcf-protection): {bare[0]}')
    return missing


ENDBR64 = bytes.fromhex('f30f1efa')


def function_starts(binary, symbols, sections):
    """The first bytes of each global function of ours, by name; the rest of one that was split is none."""
    places = []  # (address, size, offset) of the sections with code
    for line in sections.splitlines():
        found = re.match(r'\s*\[ *\d+\] (\S+)\s+PROGBITS\s+([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) .* AX ', line)
        if found:
            places.append((int(found[2], 16), int(found[4], 16), int(found[3], 16)))
    starts = {}
    with open(binary, 'rb') as file:
        for line in symbols.splitlines():
            fields = line.split()
            if len(fields) < 8 or fields[3:5] != ['FUNC', 'GLOBAL'] or '6linnet' not in fields[7]:
                continue
            address = int(fields[1], 16)
            for begin, size, offset in places:
                if begin <= address < begin + size:
                    file.seek(offset + address - begin)
                    starts[fields[7]] = file.read(4)
    return starts


def self_test_code():
    symbols = ('  1: 0 0 FUNC GLOBAL DEFAULT UND __stack_chk_fail@GLIBC_2.4 (2)\n'
               '  2: 0 0 FUNC GLOBAL DEFAULT UND __memcpy_chk@GLIBC_2.3.4 (2)\n'
               '  3: 0 9 FUNC GLOBAL DEFAULT 16 __own_chk\n')
    x86, notes = 'Machine: Advanced Micro Devices X86-64\n', 'x86 feature: SHSTK'
    good = {'_ZN6linnet1fEv': ENDBR64}
    assert code_findings(symbols, x86, notes, good) == []
    assert code_findings(symbols, 'Machine: AArch64\n', '', {'f': b'1234'}) == []
    for bad in ((symbols.replace('__stack', '__other'), x86, notes, good), (symbols, x86, '', good),
                (symbols.replace('__memcpy_chk', 'memcpy'), x86, notes, good),
                (symbols, x86, notes, {**good, 'g': b'1234'})):
        assert len(code_findings(*bad)) == 1, code_findings(*bad)


def self_test():
    segments = '  GNU_STACK 0x0 0x0 0x0 0x0 0x0 {} 0x10\n  GNU_RELRO 0x0\n'
    good = ('  Type: DYN (PIE)\n', segments.format('RW'), '(FLAGS_1) NOW PIE')
    assert findings(*good) == [], findings(*good)
    large = segments.format('RW') + '  TLS 0x1 0x2 0x2 0x0 0x40018 R 0x8\n'
    assert thread_storage(large) == 0x40018 and thread_storage(segments) == 0
    bad = [(None, large), ('Type: EXEC',), (None, segments.format('RWE')), (None, '  GNU_STACK 0 0 0 0 0 RW 1'), (None, None, 'PIE'),
           (None, None, 'NOW RUNPATH')]
    for change in bad:
        mixed = [new if new is not None else old for new, old in zip(change, good)] + list(good[len(change):])
        assert len(findings(*mixed)) == 1, (change, findings(*mixed))


def main():
    self_test()
    self_test_code()
    if shutil.which('readelf') is None:
        print('there is no readelf')
        return 77
    binary = sys.argv[1]
    header, symbols = readelf('-h', binary), readelf('-s', binary)
    missing = findings(header, readelf('-l', binary), readelf('-d', binary))
    starts = function_starts(binary, symbols, readelf('-S', binary))
    missing += code_findings(symbols, header, readelf('-n', binary), starts)
    for line in missing:
        print(f'{binary}: {line}')
    return 1 if missing else 0


if __name__ == '__main__':
    sys.exit(main())
