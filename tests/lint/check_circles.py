#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""No files of the product call each other in a circle.

A file depends on another if it uses a function that the other defines.

Usage: check_circles.py SOURCE_ROOT
"""

import pathlib
import re
import sys

DIRECTORIES = ['nm-plugin', 'dispatcher', 'properties']
DEFINITION = re.compile(r'^(nmm?_\w+)\(', re.MULTILINE)
NOT_CODE = re.compile(r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"', re.DOTALL)


def read_code(root):
    """The text of each C file, without comments and string literals, by its name."""
    return {path.relative_to(root).as_posix(): NOT_CODE.sub('', path.read_text())
            for directory in DIRECTORIES for path in sorted((root / directory).rglob('*.c'))}


def find_calls(code):
    """For each file, the files that define the functions it uses."""
    homes = {}
    for name, text in code.items():
        for function in DEFINITION.findall(text):
            homes.setdefault(function, name)
    return {name: {homes[word] for word in set(re.findall(r'\bnmm?_\w+', text))
                   if word in homes and homes[word] != name} for name, text in code.items()}


def find_circles(calls):
    """The strongly connected groups of more than one file (Tarjan)."""
    index, low, stack, circles = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(calls[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(group) > 1:
                circles.append(sorted(group))

    for node in calls:
        if node not in index:
            visit(node)
    return circles


def main(root):
    calls = find_calls(read_code(pathlib.Path(root)))
    circles = find_circles(calls)
    seen = sum(map(len, calls.values()))
    if seen < 100:
        circles.append([f'only {seen} calls between files seen: is {root} the source root?'])
    if find_circles({'a': {'b'}, 'b': {'c'}, 'c': {'a'}, 'd': {'a'}}) != [['a', 'b', 'c']]:
        circles.append(['the lint does not find a circle'])
    print('TAP version 13\n1..1')
    for circle in circles:
        print(f"# {', '.join(circle)}")
    print(f"{'not ok' if circles else 'ok'} 1 - no circle of files ({seen} calls)")
    return bool(circles)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
