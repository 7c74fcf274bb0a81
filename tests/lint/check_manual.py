#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a reader of a manual page sees: groff prints it without a warning, and the reader can copy the examples.

Usage: check_manual.py PAGE EXAMPLE...      EXAMPLE: a file whose text the page has
"""

import pathlib
import subprocess
import sys

from report import report

# Longer lines wrap, or are cut, on a terminal of 80 columns.
MAX_COLUMNS = 80
MAX_INDENT = 20


def render(page):
    """The page as one long sheet, and the warnings."""
    result = subprocess.run(['groff', '-man', '-Tutf8', '-ww', '-P-cbou', '-rcR=1', page], capture_output=True, text=True,
                            check=True)
    return result.stdout, result.stderr.splitlines()


def indent(text, columns):
    return ''.join(f'{" " * columns}{line}\n' if line else '\n' for line in text.splitlines())


def check_example(page, path):
    """The page has the text in one piece, indented."""
    text = pathlib.Path(path).read_text()
    columns = next((columns for columns in range(MAX_INDENT) if indent(text, columns) in page), None)
    if columns is None:
        return [f'{path} is not in the page, or its text is not the same']
    return [f'{path}: too long for a terminal: {line}' for line in text.splitlines() if columns + len(line) > MAX_COLUMNS]


def main(page, examples):
    text, warnings = render(page)
    return report({'warnings': warnings, 'examples': [fault for path in examples for fault in check_example(text, path)]})


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], sys.argv[2:]))
