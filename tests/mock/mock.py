# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the functions test_* of a module, each with a fresh Host, and reports in TAP.

    import mock

    def test_something(host): ...

    if __name__ == '__main__':
        mock.main()

    python3 test_x.py --service PATH --dispatcher PATH --hook PATH --libexecdir DIR [WORD...]

Only tests whose names contain one of the words. Each runs in namespaces of its own, so that the machine's network,
bus and /run are never touched; as root or, where the kernel lets users make namespaces, without."""

import argparse
import concurrent.futures
import os
import subprocess
import sys
import time
import traceback

TIMEOUT = 90  # s
AT_ONCE = 3


def parse_arguments():
    parser = argparse.ArgumentParser()
    for name in ('service', 'dispatcher', 'hook', 'libexecdir'):
        parser.add_argument(f'--{name}', required=True, type=os.path.abspath)
    parser.add_argument('--inside', help='internal: run this one test, in its namespaces')
    parser.add_argument('words', nargs='*')
    return parser.parse_args()


def tests():
    return {name: function for name, function in vars(sys.modules['__main__']).items()
            if name.startswith('test_') and callable(function)}


def run(*argv):
    subprocess.run(argv, check=True)


def mount(programs):
    """A /run, a /sys and a directory for the helper that are of these namespaces alone."""
    run('mount', '-t', 'sysfs', 'sysfs', '/sys')
    directory = programs.libexecdir
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    for path in ('/run', directory):
        run('mount', '-t', 'tmpfs', 'tmpfs', path)
    os.makedirs(programs.libexecdir, exist_ok=True)


def run_inside(programs):
    """Process 1 of the namespaces: everything ends with it."""
    from host import Host
    status = 1
    host = None
    try:
        mount(programs)
        host = Host(programs)
        tests()[programs.inside](host)
        status = 0
    except Exception:
        traceback.print_exc(file=sys.stdout)
        if host:
            print(''.join(f'| {line}\n' for line in host.messages().splitlines()[-60:]))
    sys.stdout.flush()
    os._exit(status)


def in_namespaces(*argv):
    user = [] if os.geteuid() == 0 else ['--user', '--map-root-user']
    return ['unshare', *user, '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', *argv]


def run_one(name):
    """(name, what it printed if it failed, seconds)"""
    begin = time.monotonic()
    argv = in_namespaces(sys.executable, '-B', *sys.argv, '--inside', name)
    try:
        result = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                text=True, errors='replace', timeout=TIMEOUT, check=False)
        failure = result.stdout or 'it died' if result.returncode else None
    except subprocess.TimeoutExpired as error:
        failure = f'it took more than {TIMEOUT} s\n{error.stdout or ""}'
    return name, failure, time.monotonic() - begin


def main():
    programs = parse_arguments()
    if programs.inside:
        run_inside(programs)
    names = [name for name in tests() if not programs.words or any(word in name for word in programs.words)]
    if subprocess.run(in_namespaces('true'), check=False, stderr=subprocess.DEVNULL).returncode:
        print('1..0 # SKIP namespaces need root here')
        return
    print(f'1..{len(names)}', flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for number, (name, failure, seconds) in enumerate(pool.map(run_one, names), 1):
            failed += bool(failure)
            title = name[len('test_'):].replace('_', ' ')
            print(f"{'not ok' if failure else 'ok'} {number} - {title} ({seconds:.1f} s)")
            for line in (failure or '').splitlines():
                print(f'# {line}')
            sys.stdout.flush()
    sys.exit(1 if failed else 0)
