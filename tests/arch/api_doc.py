#!/usr/bin/env python3
"""docs/api.md is made from the comments and options in proto/pb; this makes it, or says that it is another.

Usage: api_doc.py SOURCE_DIR [--write]
"""
import pathlib
import re
import sys

ACCESS = {'ACCESS_ANYONE': 'anyone', 'ACCESS_DEVICE': 'a signed-in device', 'ACCESS_SERVER': 'a server with a key'}
RATE = {'RATE_READ': 'reads, per user', 'RATE_WRITE': 'writes, per user', 'RATE_JOIN': 'joining, per address',
        'RATE_SERVER': "servers' calls, per key", 'RATE_CODE': 'codes, per address', 'RATE_SEARCH': 'searches, per user'}
SERVICE = re.compile(r'^service (\w+) \{\n(.*?)^\}', re.M | re.S)
RPC = re.compile(r'((?:^  //[^\n]*\n)*)^  rpc (\w+)\((?:stream )?(\w+)\) returns \((stream )?(\w+)\)(?:;| \{\n(.*?)^  \})', re.M | re.S)
OPTION = re.compile(r'option \(?(\w+)\)? = (\w+);')
CODE = re.compile(r'^\| (\d+) \| (EC_\w+) \|', re.M)

HEAD = """# Every call

Made from the comments and options in [proto/pb](../proto/pb) by `./dev docs`; a test says when it is not. How calls are made,
over HTTP, gRPC and the long connection, is in [protocol.md](protocol.md), as are the numbers of the errors (section 7).

Every call may be answered by EC_BAD_REQUEST (a field is missing, too long or out of range; the sentence says which),
EC_RATE_LIMITED, EC_TOO_LARGE (the whole request), EC_SERVER_BUSY, EC_STORAGE, EC_TIMEOUT, EC_SHUTTING_DOWN and EC_SERVER_UNKNOWN;
every call that asks for credentials by EC_UNAUTHORIZED and, where users are those of another system, EC_USER_SYSTEM; every server's call by EC_FORBIDDEN when the key lacks the scope.
The tables name what a call may answer besides. *Safe* calls change nothing: over HTTP they may be made with GET.
"""


def sentence(comment):
    return ' '.join(line.strip()[2:].strip() for line in comment.splitlines())


def row(match):
    comment, name, request, stream, response, body = match.groups()
    options, errors, safe = {}, [], ''
    for key, value in OPTION.findall(body or ''):
        if key == 'errors':
            errors.append(value)
        elif key == 'idempotency_level':
            safe = 'safe; '
        else:
            options[key] = value
    if options.get('access', 'ACCESS_UNSET') not in ACCESS:
        return None  # served nowhere
    who = ACCESS[options['access']]
    if 'scope' in options:
        who += ' of scope ' + options['scope'].removeprefix('SCOPE_').lower()
    text = sentence(comment) + (' (a stream)' if stream else '')
    return f"| {name} | {text} | {who} | {safe}{RATE[options.get('rate', 'RATE_READ')]} | {', '.join(errors) or '-'} |"


def document(source):
    text = HEAD
    for path in sorted((source / 'proto/pb').glob('*.proto')):
        proto = path.read_text()
        for name, body in SERVICE.findall(proto):
            rows = [line for line in map(row, RPC.finditer(body)) if line]
            if not rows:
                continue
            package = re.search(r'^package ([\w.]+);', proto, re.M).group(1)
            text += f'\n## {name}\n\n`/{package}.{name}/...`, in [{path.name}](../proto/pb/{path.name}).\n\n'
            text += '| method | does | who may call it | counted as | errors |\n| --- | --- | --- | --- | --- |\n'
            text += '\n'.join(rows) + '\n'
    return text


def main():
    source = pathlib.Path(sys.argv[1])
    made, target = document(source), source / 'docs/api.md'
    if '--write' in sys.argv:
        target.write_text(made)
        return 0
    known = {name for _, name in CODE.findall((source / 'docs/protocol.md').read_text())}
    unknown = set(re.findall(r'EC_\w+', made)) - known
    if unknown:
        print(f'docs/api.md names errors that docs/protocol.md does not: {sorted(unknown)}')
        return 1
    if not target.exists() or target.read_text() != made:
        print('docs/api.md is not what the protos say: ./dev docs')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
