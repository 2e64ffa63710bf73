#!/usr/bin/env python3
"""Which module may include which: the arrows of docs/architecture.md, checked on every #include line.

Usage: includes.py SOURCE_DIR

A module includes its own headers and the public ones (include/linnet/NAME) of the modules that ALLOWED gives it, never
another's private header; 'NAME/HEADER' allows one header only. Exit status 1 when a line breaks this.
"""
import pathlib
import re
import sys
import tempfile

ALLOWED = {
    'base': set(),
    'pb': set(),
    'wire': {'base', 'pb'},
    'store': {'base'},
    'router': {'base', 'pb', 'wire'},
    'user': {'base', 'pb', 'store'},
    'logic': {'base', 'pb', 'wire', 'store', 'router', 'user'},
    'api': {'base', 'pb', 'wire', 'logic', 'user'},
    # The entries of an inbox are the store's values; of the store itself a door knows nothing.
    'gateway': {'base', 'pb', 'wire', 'api', 'logic', 'user', 'router', 'store/types.hpp'},
    'client': {'base', 'pb', 'wire'},
    # The store alone is measured in the bench's own process.
    'bench': {'base', 'pb', 'wire', 'store'},
}
ALLOWED['app'] = set(ALLOWED)

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SUFFIXES = {'.hpp', '.cpp', '.h', '.cc', '.ipp'}


def module_of(path, root):
    """The module a file belongs to, None outside of all."""
    for folder in (root / 'src', root / 'include' / 'linnet'):
        if folder in path.parents:
            return path.relative_to(folder).parts[0]
    return None


def target_of(name, path, root):
    """(module, is private) that an included name belongs to; None for what is not ours."""
    if name.startswith('linnet/'):
        return name.split('/')[1], False
    if name.startswith('pb/'):
        return 'pb', False
    own = module_of(path, root)
    for folder in (path.parent, root / 'src' / own, root / 'src', root):
        file = (folder / name).resolve()
        if file.is_file() and root in file.parents:
            return module_of(file, root) or 'outside of all modules', True
    return None


def broken(root):
    """Every line that is not allowed, as 'file:line: why'."""
    lines = []
    files = sorted(p for folder in ('src', 'include') for p in (root / folder).rglob('*') if p.suffix in SUFFIXES)
    for path in files:
        own = module_of(path, root)
        public = root / 'include' in path.parents
        place = path.relative_to(root)
        if own not in ALLOWED:
            lines.append(f'{place}:1: {own} is no module; see ALLOWED in tests/arch/includes.py')
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quote, name = match.groups()
            target = target_of(name, path, root)
            where = f'{place}:{number}: '
            if target is None:
                if quote == '"':
                    lines.append(where + f'"{name}" is no header of this project; write <{name}>')
                continue
            module, private = target
            if module == own:
                if public and private:
                    lines.append(where + f'a public header includes the private {name}')
            elif private:
                lines.append(where + f'{own} includes the private {name} of {module}')
            elif module not in ALLOWED[own] and name.removeprefix('linnet/') not in ALLOWED[own]:
                lines.append(where + f'{own} may not use {module}')
    return lines, len(files)


def self_test():
    """A small tree with each kind of mistake, and none beside them."""
    files = {
        'include/linnet/base/error.hpp': '#pragma once\n#include <string>\n',
        'include/linnet/store/store.hpp': '#include "linnet/base/error.hpp"\n',
        'include/linnet/user/user.hpp': '#include "rows.hpp"  // BAD: private header\n',
        'src/user/rows.hpp': '#include "linnet/store/store.hpp"\n#include "pb/user.ext.pb.h"\n',
        'src/user/user.cpp': '#include "rows.hpp"\n#include "linnet/user/user.hpp"\n#include <sqlite3.h>\n',
        'src/store/store.cpp': '#include "linnet/user/user.hpp"  // BAD: upwards\n',
        'src/store/row.hpp': '\n',
        'src/logic/logic.cpp': '#include "../store/row.hpp"  // BAD\n  # include <linnet/gateway/gateway.hpp>  // BAD\n',
        'src/app/app.cpp': '#include "linnet/user/user.hpp"\n#include "boost/asio.hpp"  // BAD: not ours\n',
        'src/gateway/a.cpp': '#include "linnet/store/types.hpp"\n#include "linnet/store/store.hpp"  // BAD: not that one\n',
        'src/novel/x.cpp': '// BAD: an unknown module\n',
    }
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        expected = {f'{name}:{number}' for name, text in files.items()
                    for number, line in enumerate(text.splitlines(), 1) if 'BAD' in line}
        # user.hpp finds rows.hpp only in its private folder.
        found = {':'.join(line.split(':')[:2]) for line in broken(root)[0]}
        assert found == expected, f'self-test: {found ^ expected}'


def main():
    self_test()
    lines, files = broken(pathlib.Path(sys.argv[1]).resolve())
    print('\n'.join(lines) if lines else f'{files} files include only what they may')
    sys.exit(bool(lines))


if __name__ == '__main__':
    main()
