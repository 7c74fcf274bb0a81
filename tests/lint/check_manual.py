#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a reader of the manual pages sees: groff prints them without a warning, and the reader can copy the examples.

Usage: check_manual.py DIRECTORY EXAMPLE...      DIRECTORY has the pages; EXAMPLE: a file whose text one of them has
"""

import pathlib
import subprocess
import sys

from report import report

# Longer lines wrap, or are cut, on a terminal of 80 columns.
MAX_COLUMNS = 80
MAX_INDENT = 20


def render(page):
    """The page without page breaks, and the warnings."""
    result = subprocess.run(['groff', '-man', '-Tutf8', '-ww', '-P-cbou', '-rcR=1', page], capture_output=True, text=True,
                            check=True)
    return result.stdout, result.stderr.splitlines()


def indent(text, columns):
    return ''.join(f'{" " * columns}{line}\n' if line else '\n' for line in text.splitlines())


def check_example(manual, path):
    """The manual has the text in one piece, indented."""
    text = pathlib.Path(path).read_text()
    columns = next((columns for columns in range(MAX_INDENT) if indent(text, columns) in manual), None)
    if columns is None:
        return [f'{path} is in no page, or its text is not the same there']
    return [f'{path}: too long for a terminal: {line}' for line in text.splitlines() if columns + len(line) > MAX_COLUMNS]


def main(directory, examples):
    pages = sorted(pathlib.Path(directory).glob('*.[58]'))
    texts, warnings = zip(*(render(page) for page in pages))
    return report({'warnings': [line for lines in warnings for line in lines],
                   'examples': [fault for path in examples for fault in check_example('\n'.join(texts), path)]})


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], sys.argv[2:]))
