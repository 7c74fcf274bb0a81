# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the functions test_* of a module in the order in which they are written and reports in TAP.

    import tap

    @tap.host(firewalld=True)                # a fresh host for this test alone
    def test_one(host): ...

    @tap.host(shared='plain')                # one host for all tests of this name
    def test_two(host): ...

    def test_three(): ...                    # no host

    if __name__ == '__main__':
        tap.main()

    python3 test_x.py [--destdir DIR] [WORD...]   only tests whose names contain one of the words

DIR is an installation of the product; without it, what tests/run installed last, if anything. A test
takes at most tap.TIMEOUT seconds."""

import argparse
import os
import signal
import sys
import time
import traceback

from machine import BUILDS, Failure
from sandbox import Host

TIMEOUT = 300
DESTDIR = os.path.join(BUILDS, 'destdir')

_shared = {}
_destdir = None


def host(shared=None, **options):
    """Gives a test function a host; OPTIONS are those of Host."""
    def decorate(function):
        function.host = (shared, options)
        return function
    return decorate


def check(condition, what):
    """A statement that has to be true."""
    if not condition:
        raise Failure(what)


def equal(actual, expected, what):
    if actual != expected:
        raise Failure(f'{what}: {actual!r}, expected {expected!r}')


def host_of(function):
    shared, options = function.host
    if shared in _shared:
        return _shared[shared]
    made = Host(destdir=_destdir, **options)
    if shared:
        _shared[shared] = made
    return made


def close_after(function, remaining):
    """Ends the test's host, unless a later test shares it."""
    shared = function.host[0]
    if shared and any(getattr(other, 'host', (None,))[0] == shared for other in remaining):
        return None
    return _shared.pop(shared, None)


def run_one(function, remaining):
    """The failure's text, None without one."""
    if not hasattr(function, 'host'):
        try:
            function()
            return None
        except Exception:
            return traceback.format_exc()
    used = None
    try:
        used = host_of(function)
        function(used)
        return None
    except Exception as error:
        text = traceback.format_exc()
        # A Failure of a wait has the journal in it.
        if used and '    | ' not in str(error):
            text += used.tail()
        return text
    finally:
        signal.alarm(0)
        last = close_after(function, remaining)
        if last or not function.host[0]:
            used = last or used
            if used:
                used.close()


def on_alarm(*_):
    raise Failure(f'the test took more than {TIMEOUT} s')


def main():
    global _destdir
    parser = argparse.ArgumentParser()
    parser.add_argument('--destdir')
    parser.add_argument('words', nargs='*')
    options = parser.parse_args()
    _destdir = options.destdir or (DESTDIR if os.path.isdir(DESTDIR) else None)
    tests = [function for name, function in vars(sys.modules['__main__']).items()
             if name.startswith('test_') and callable(function)
             and (not options.words or any(word in name for word in options.words))]
    print(f'1..{len(tests)}', flush=True)
    signal.signal(signal.SIGALRM, on_alarm)
    failed = 0
    for number, function in enumerate(tests, 1):
        name = function.__name__[len('test_'):].replace('_', ' ')
        begin = time.monotonic()
        signal.alarm(TIMEOUT)
        failure = run_one(function, tests[number:])
        signal.alarm(0)
        failed += bool(failure)
        print(f"{'not ok' if failure else 'ok'} {number} - {name} ({time.monotonic() - begin:.1f} s)")
        for line in (failure or '').splitlines():
            print(f'# {line}')
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
