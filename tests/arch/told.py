#!/usr/bin/env python3
"""What the server tells an operator is explained: each metric and each event of the log stands in docs/service.md.

Usage: told.py SOURCE_DIR

Metrics are found by their names in string literals (`linnet_...`), events as the first literal of a call of the log, of
Acceptor::log_refusal, or of a RefusalLog::Kind; those of level debug need no row. A row that nothing in src tells of is a
finding as well. Exit status 1 when there are findings.
"""
import pathlib
import re
import sys

METRIC = re.compile(r'\b(linnet_[a-z_]+)')
LITERAL = re.compile(r'"(?:\\.|[^"\\\n])*"')
EVENT = re.compile(r'(?:\blog\w*(?:\(\))?\s*\.\s*(?:info|warn|error)\s*\(|\blog_refusal\s*\(|\bRefusalLog::Kind\s+\w+\s*\{)'
                   r'\s*"([^"]+)"')
ROW = re.compile(r'^\| `([a-z_]+)', re.M)


def metrics(source):
    """Names of metrics in the literals of a source."""
    return {name for text in LITERAL.findall(source) for name in METRIC.findall(text)}


def events(source):
    """Names of events in a source."""
    return set(EVENT.findall(source))


def self_test():
    assert metrics('text = "# HELP linnet_a_total What.\\n"; linnet_b();') == {'linnet_a_total'}
    assert events('log_.warn("a", {}); logger_.error(\n  "b");') == {'a', 'b'}
    assert events('services().log.error("c"); log_refusal("d", x); constexpr RefusalLog::Kind kK{"e", y};') == {'c', 'd', 'e'}
    assert events('log_.debug("f"); catalog("g"); log(1, "h");') == set()
    assert ROW.findall('| `linnet_a{of="b"}` | x |\n| `c` | y |\ntext `d`\n') == ['linnet_a', 'c']


def main():
    self_test()
    root = pathlib.Path(sys.argv[1])
    page = (root / 'docs' / 'service.md').read_text()
    rows = set(ROW.findall(page))
    told = set()
    for path in (root / 'src').rglob('*'):
        if path.suffix in ('.cpp', '.hpp') and path.relative_to(root).parts[1] not in ('bench', 'client'):
            source = path.read_text()
            told |= metrics(source) | events(source)
    for name in sorted(told - rows):
        print(f'docs/service.md: no row explains `{name}`')
    for name in sorted(rows - told):
        print(f'docs/service.md: nothing tells of `{name}`')
    if told == rows:
        print(f'{len(told)} metrics and events, each explained')
    sys.exit(told != rows)


if __name__ == '__main__':
    main()
