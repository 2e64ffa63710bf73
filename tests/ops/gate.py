#!/usr/bin/env python3
"""gate.py LINNET_OPS RECORDED [--write]: what one operation of each hot path costs in instructions
and allocations, against what was recorded. Counted by callgrind and operator new, so that neither the
clock nor other work on the machine is in it."""
import json
import re
import subprocess
import sys
import tempfile

# More than recorded by this share is an error; less asks for a new record. The store's threads
# wake each other, which is not the same each time; another processor's memcpy is another memcpy.
TOLERANCE = {'append': 0.25, 'sync_page': 0.25}
USUAL = 0.10
COUNTS = {'append': (50, 150), 'sync_page': (20, 60), 'fan_out_1000': (20, 60)}
USUAL_COUNTS = (200, 1000)
# What must cost the same, by this share: else its time would tell a stranger which of them it was.
ALIKE = {'guess_at_user': 'guess_at_nobody'}
ALIKE_WITHIN = 0.05


def run(program, operation, count):
    """Instructions, allocations and bytes allocated of the whole run."""
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(
            ['valgrind', '--tool=callgrind', f'--callgrind-out-file={out.name}', program, operation,
             str(count)], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f'gate: {operation}: {done.stderr}')
    instructions = int(re.search(r'Collected : (\d+)', done.stderr).group(1))
    return [instructions, *map(int, done.stdout.split())]


def measure(program, operation):
    few, many = COUNTS.get(operation, USUAL_COUNTS)
    less, more = run(program, operation, few), run(program, operation, many)
    each = [(b - a) / (many - few) for a, b in zip(less, more)]
    return dict(zip(('instructions', 'allocations', 'bytes'), (round(x, 1) for x in each)))


def compare(operation, recorded, found):
    """Sentences about what is worse than recorded."""
    allowed = 1 + TOLERANCE.get(operation, USUAL)
    return [f'{operation}: {found[what]} {what}, recorded {recorded[what]}'
            for what in recorded if found[what] > recorded[what] * allowed + 0.5]


def tell_apart(one, other, found):
    """A sentence, if the two do not cost the same."""
    costs = [found[name]['instructions'] for name in (one, other)]
    if max(costs) <= min(costs) * (1 + ALIKE_WITHIN):
        return []
    return [f'{one} takes {costs[0]} instructions and {other} {costs[1]}: their times tell them apart']


def self_test():
    costs = {'x': {'instructions': 100}, 'y': {'instructions': 104}, 'z': {'instructions': 90}}
    assert not tell_apart('x', 'y', costs)
    assert len(tell_apart('x', 'z', costs) + tell_apart('z', 'x', costs)) == 2
    recorded = {'instructions': 100, 'allocations': 0, 'bytes': 0}
    assert not compare('x', recorded, {'instructions': 109, 'allocations': 0.1, 'bytes': 0})
    assert len(compare('x', recorded, {'instructions': 112, 'allocations': 1, 'bytes': 16})) == 3


def main():
    self_test()
    program, record = sys.argv[1:3]
    names = re.findall(r'^  (\w+)$', subprocess.run([program], capture_output=True, text=True).stderr, re.M)
    found = {name: measure(program, name) for name in names}
    # The price of 999 more members: an allocation for each would be one for each delivery.
    per_delivery = (found['fan_out_1000']['allocations'] - found['fan_out_1']['allocations']) / 999
    for name, costs in found.items():
        print(f'{name:14}' + ''.join(f' {value:12} {what}' for what, value in costs.items()))
    print(f'allocations per delivery: {per_delivery:.3f}')
    problems = [line for pair in ALIKE.items() for line in tell_apart(*pair, found)]
    if '--write' in sys.argv and not problems:
        with open(record, 'w', encoding='utf-8') as out:
            json.dump(found, out, indent=1)
            out.write('\n')
        return
    with open(record, encoding='utf-8') as file:
        recorded = json.load(file)
    problems += ['not recorded: ' + name for name in found if name not in recorded]
    if per_delivery > 0.01:
        problems.append(f'{per_delivery:.3f} allocations per delivery; there should be none')
    for name in recorded:
        problems += compare(name, recorded[name], found[name])
    if problems:
        sys.exit('\n'.join(problems) + '\nmeant? tests/ops/gate.py PROGRAM RECORDED --write')


main()
