#!/usr/bin/env python3
"""Two rules about text: no notes to self in what is shipped, and every source file says first what lives in it.

Usage: words.py SOURCE_DIR

TODO, FIXME, XXX and HACK are not in src, include, proto, schema and examples: finish it, or open an issue. A .hpp or
.cpp of src, include and examples begins with a comment that says what lives there; a .cpp whose header says it begins
with including that one. Exit status 1 when there are findings.
"""
import pathlib
import re
import sys

FOLDERS = ('src', 'include', 'proto', 'schema', 'examples')
TEXT = {'.cpp', '.hpp', '.h', '.proto', '.sql', '.html', '.js', '.css', '.py', '.sh', '.txt', '.md', '.cmake'}
NOTES = re.compile(r'\b(?:TODO|FIXME|XXX|HACK)\b')


def notes(text):
    """Lines with a note to self."""
    return [number for number, line in enumerate(text.splitlines(), 1) if NOTES.search(line)]


def says_what_lives_here(text, name):
    first, stem = text.split('\n', 1)[0], name.rsplit('.', 1)[0]
    if name.endswith('.cpp') and re.fullmatch(r'#include "(?:[\w/]+/)?' + stem + r'\.hpp"', first):
        return True
    return first.startswith(('// ', '/* ')) and first.count(' ') >= 2


def self_test():
    for sample in ('// TODO: later', 'int x;  // FIXME', '-- XXX', '/* HACK(me) */', '# todo\n<!-- TODO -->'):
        assert notes(sample), f'self-test: not found in: {sample}'
    for sample in ('std::string pattern = "linnet-XXXXXX";', 'hackney and todos', 'kTodoLimit'):
        assert not notes(sample), f'self-test: false finding in: {sample}'
    for sample in ('// What a client may do.\n#pragma once\n', '#include "linnet/base/x.hpp"\n', '#include "x.hpp"\n'):
        assert says_what_lives_here(sample, 'x.cpp'), f'self-test: false finding in: {sample}'
    for sample in ('#pragma once\n', '', '//\n#include <x>\n', '// x.cpp\n', '\n// Late, but here.\n', '#include "y.hpp"\n'):
        assert not says_what_lives_here(sample, 'x.cpp'), f'self-test: let through: {sample}'
    assert not says_what_lives_here('#include "x.hpp"\n', 'x.hpp'), 'self-test: a header lets another speak'


def main():
    self_test()
    root = pathlib.Path(sys.argv[1])
    findings, files = [], 0
    for path in sorted(p for folder in FOLDERS for p in (root / folder).rglob('*') if p.suffix in TEXT):
        files += 1
        place, text = path.relative_to(root), path.read_text()
        findings += [f'{place}:{number}: a note to self; finish it or open an issue' for number in notes(text)]
        if path.suffix in ('.cpp', '.hpp') and place.parts[0] in ('src', 'include', 'examples') \
                and not says_what_lives_here(text, path.name):
            findings.append(f'{place}:1: begins without a word about what lives here')
    print('\n'.join(findings) if findings else f'{files} files: no notes to self, and each says what it is')
    sys.exit(bool(findings))


if __name__ == '__main__':
    main()
