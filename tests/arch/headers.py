#!/usr/bin/env python3
"""Every public header compiles alone, with no more than its own module is built with.

Usage: headers.py SOURCE_DIR BUILD_DIR

The flags are those of a source file of the same module, from the build's compile_commands.json. Exit status 1 when
a header does not compile.
"""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile


def flags_by_module(root, build):
    """module -> (command without its input and output, directory)"""
    flags = {}
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        path = pathlib.Path(entry['file'])
        if root / 'src' not in path.parents or path.suffix != '.cpp':
            continue
        module = path.relative_to(root / 'src').parts[0]
        words = shlex.split(entry['command'])
        if pathlib.Path(words[0]).name == 'ccache':
            words = words[1:]
        kept, skip = [], False
        for word in words:
            if skip:
                skip = False
            elif word == '-o':
                skip = True
            elif word not in ('-c', entry['file']):
                kept.append(word)
        flags.setdefault(module, (kept, entry['directory']))
    return flags


def compile_alone(header, flags, folder):
    """What the compiler complains of; '' when it does not."""
    command, directory = flags
    source = pathlib.Path(folder) / (header.replace('/', '_') + '.cpp')
    source.write_text(f'#include "{header}"\n#include "{header}"\n')
    done = subprocess.run([*command, '-fsyntax-only', str(source)], cwd=directory, capture_output=True, text=True)
    return done.stderr if done.returncode else ''


def self_test(flags, folder):
    """A header that forgets an include is found, one that does not is not."""
    command, directory = flags
    place = pathlib.Path(folder)
    (place / 'good.hpp').write_text('#pragma once\n#include <string>\ninline std::string f() { return {}; }\n')
    (place / 'bad.hpp').write_text('#pragma once\ninline std::string f() { return {}; }\n')
    local = ([*command, f'-I{folder}'], directory)
    assert compile_alone('bad.hpp', local, folder), 'self-test: bad.hpp compiled'
    assert not compile_alone('good.hpp', local, folder), 'self-test: good.hpp did not compile'


def main():
    root, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    flags = flags_by_module(root, build)
    public = root / 'include'
    headers = sorted(str(path.relative_to(public)) for path in public.rglob('*.hpp'))
    with tempfile.TemporaryDirectory() as folder:
        self_test(flags['base'], folder)

        def one(header):
            # A module of headers only is built with what the executable is.
            own = flags.get(header.split('/')[1], flags['app'])
            return header, compile_alone(header, own, folder)

        with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            results = list(pool.map(one, headers))
    failures = [(header, text) for header, text in results if text]
    for header, text in failures:
        print(f'include/{header} does not compile alone:\n{text}')
    if not failures:
        print(f'{len(headers)} public headers compile alone')
    sys.exit(bool(failures))


if __name__ == '__main__':
    main()
