#!/usr/bin/env python3
"""SQL is constant text with bound values: no statement of src/store is put together from strings.

Usage: sql.py SOURCE_DIR

A heuristic, with one exception, a number of the program's own after a pragma, which takes no bound value: a string literal that reads as SQL must not be joined to anything but other literals (no `+`, `+=`, `<<`,
append, format). Where the joined part is the program's own, end the line with `// sql-ok: why`. Exit status 1 when
there are findings.
"""
import pathlib
import re
import sys

LITERAL = r'(?:R"(?P<d{0}>[^(\s]*)\((?P<raw{0}>.*?)\)(?P=d{0})"|"(?P<text{0}>(?:\\.|[^"\\\n])*)")'
PIECES = re.compile(r'//[^\n]*|/\*.*?\*/|' + LITERAL.format(0) + r'(?:\s*' + LITERAL.format(1) + r')*', re.S)
STATEMENT = re.compile(
    r'^\s*(?:select\b.*\bfrom\b|select\s|insert\s+(?:or\s+\w+\s+)?into\b|update\s+\w+\s+set\b|delete\s+from\b|replace\s+into\b'
    r'|(?:create|drop|alter)\s+(?:table|index|unique|trigger|view|virtual|temp)\b|with\s+\w+.*\bas\s*\(|pragma\s+\w+'
    r'|attach\s|vacuum\s+into\b|values\s*\()', re.I | re.S)
FRAGMENT = re.compile(r'^\s*(?:where|from|and|or|order\s+by|limit|set|values|in\s*\()\b.*[=?(,]', re.I | re.S)
JOINED_AFTER = re.compile(r'^\s*(?:\)\s*)?(?:\+|<<|%|\.append\b|\.concat\b)')
PRAGMA_NUMBER = re.compile(r'^\s*\+\s*std::to_string\([\w.]+\)\s*[;,)]')
JOINED_BEFORE = re.compile(r'(?:\+=?|<<|\b(?:append|format|snprintf|sprintf|StrCat|mprintf)\s*\([^;()]*)\s*$')


def check(source):
    """Lines whose SQL is put together."""
    lines = source.splitlines()
    found = []
    for match in PIECES.finditer(source):
        text = match.group('raw0') if match.group('raw0') is not None else match.group('text0')
        if text is None:
            continue
        joined_after = JOINED_AFTER.match(source[match.end():match.end() + 40])
        joined_before = JOINED_BEFORE.search(source[max(0, match.start() - 200):match.start()])
        is_sql = STATEMENT.match(text) or (FRAGMENT.match(text) and joined_before)
        if text.lower().startswith('pragma ') and PRAGMA_NUMBER.match(source[match.end():match.end() + 80]):
            continue
        if is_sql and (joined_after or joined_before):
            first = source.count('\n', 0, match.start())
            last = source.count('\n', 0, match.end())
            if not any('sql-ok:' in line for line in lines[first:last + 1]):
                found.append(first + 1)
    return found


BAD = [
    'run("SELECT id FROM users WHERE name = \'" + name + "\'");',
    'run(std::string("SELECT id FROM users WHERE id = ") + id);',
    'sql << "DELETE FROM users WHERE id = " << id;',
    'sql += "INSERT INTO users VALUES (" ;',
    'auto sql = std::format("UPDATE users SET name = {}", name);',
    'snprintf(text, sizeof text, "DELETE FROM t WHERE id = %d", id);',
    'run("pragma journal_mode = " + mode);',
    'run("pragma mmap_size = " + std::to_string(n) + more);',
    'run(R"(select a from b where c = )" + c);',
    'run("select a "\n"from b where c = " + c);',
    'sql += " where id = " + id;',
]
GOOD = [
    'run("SELECT id FROM users WHERE id = ?1", id);',
    'run("select a "\n"from b where c = ?1");',
    'log.error("store", "cannot select a file from " + name);  // "SELECT x FROM y" + z',
    'Error(code, "update your client: " + version);',
    'static constexpr auto kSql = R"(insert into t(a, b) values (?1, ?2))";',
    'run("pragma user_version = " + std::to_string(migration.number));',
    'run("pragma journal_mode = " + mode);  // sql-ok: one of two constants',
]


def self_test():
    for sample in BAD:
        assert check(sample), f'self-test: not found in: {sample}'
    for sample in GOOD:
        assert not check(sample), f'self-test: false finding in: {sample}'


def main():
    self_test()
    root = pathlib.Path(sys.argv[1])
    files = sorted(p for p in (root / 'src' / 'store').rglob('*') if p.suffix in ('.cpp', '.hpp'))
    count = 0
    for path in files:
        for line in check(path.read_text()):
            print(f'{path.relative_to(root)}:{line}: SQL put together from strings; bind the values')
            count += 1
    if not count:
        print(f'{len(files)} files: all SQL is constant')
    sys.exit(bool(count))


if __name__ == '__main__':
    main()
