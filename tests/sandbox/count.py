# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts test results from what test programs wrote; what is missing counts as failed."""

import json
import re

RESULT = re.compile(r'(not )?ok\b[^#\n]*(?:#\s*(\w+))?')
PLAN = re.compile(r'1\.\.(\d+)\s*(?:#\s*(\w+))?')


def tap_results(text, status):
    """(passed, failed, skipped) of one TAP program that ended with STATUS."""
    passed = failed = skipped = 0
    planned = None
    for line in text.splitlines():
        result, plan = RESULT.match(line), PLAN.match(line)
        if result:
            if result[1]:
                failed += 1
            elif (result[2] or '').upper() == 'SKIP':
                skipped += 1
            else:
                passed += 1
        elif plan and planned is None:
            planned = int(plan[1])
            if planned == 0:
                skipped += 1
                planned = 1
    seen = passed + failed + skipped
    if planned is None:
        failed += 1
    elif seen != planned:
        failed += max(planned - seen, 1)
    elif status and not failed:
        failed += 1
    return passed, failed, skipped


def meson_tests(path):
    """The tests in Meson's testlog.json."""
    with open(path, encoding='utf-8') as file:
        return [json.loads(line) for line in file]


def meson_results(path):
    """Sum over all programs in Meson's testlog.json. A program that does not speak TAP is one test."""
    total = [0, 0, 0]
    for test in meson_tests(path):
        output = test.get('stdout') or ''
        if re.search(r'^(not ok|ok|1\.\.)', output, re.MULTILINE):
            results = tap_results(output, test['returncode'])
            if test['result'] not in ('OK', 'SKIP') and not results[1]:
                results = results[0], 1, results[2]
        else:
            results = (test['result'] == 'OK', test['result'] not in ('OK', 'SKIP'),
                       test['result'] == 'SKIP')
        total = [sum(pair) for pair in zip(total, results)]
    return tuple(total)


def meson_failures(path, length=80):
    """The last LENGTH lines of each program that failed; of a TAP program, from its first failed test."""
    for test in meson_tests(path):
        if test['result'] in ('OK', 'SKIP'):
            continue
        lines = (test.get('stdout') or '').splitlines()
        first = next((index for index, line in enumerate(lines) if line.startswith('not ok')), None)
        shown = lines[-length:] if first is None else lines[first:first + length]
        yield test['name'], shown + (test.get('stderr') or '').splitlines()[-length:]
