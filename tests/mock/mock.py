# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the functions test_* of a module, each with a fresh Host, and reports in TAP.

    import mock

    def test_something(host): ...

    if __name__ == '__main__':
        mock.main()

    python3 test_x.py --service PATH --dispatcher PATH [--tool PATH] [--nss PATH] --hook PATH --libexecdir DIR [WORD...]

Only tests whose names contain one of the words. Each runs in its own namespaces, so that the machine's network,
bus and /run are never touched; as root or, where the kernel lets users make namespaces, without."""

import argparse
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback

TIMEOUT = 90  # s
AT_ONCE = 3
LIBC = ctypes.CDLL(None, use_errno=True)
NEW_NS, NEW_USER, NEW_PID, NEW_NET = 0x20000, 0x10000000, 0x20000000, 0x40000000  # linux/sched.h
SET_PDEATHSIG = 1  # linux/prctl.h


def parse_arguments():
    parser = argparse.ArgumentParser()
    for name in ('service', 'dispatcher', 'tool', 'nss', 'hook', 'libexecdir'):
        parser.add_argument(f'--{name}', required=name not in ('tool', 'nss'), type=os.path.abspath)
    parser.add_argument('words', nargs='*')
    return parser.parse_args()


def tests():
    return {name: function for name, function in vars(sys.modules['__main__']).items()
            if name.startswith('test_') and callable(function)}


def run(*argv):
    subprocess.run(argv, check=True)


def mount(programs):
    """A /proc, a /run, a /sys and a directory for the helper that are of these namespaces alone."""
    run('mount', '--make-rprivate', '/')
    run('mount', '-t', 'proc', 'proc', '/proc')
    run('mount', '-t', 'sysfs', 'sysfs', '/sys')
    directory = programs.libexecdir
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    for path in ('/run', directory):
        run('mount', '-t', 'tmpfs', 'tmpfs', path)
    os.makedirs(programs.libexecdir, exist_ok=True)


def be_first(programs, name):
    """Process 1 of the namespaces, which end with it. Reaps processes that lost their parent."""
    test = os.fork()
    if test == 0:
        run_inside(programs, name)
    while True:
        pid, status = os.wait()
        if pid == test:
            os._exit(os.waitstatus_to_exitcode(status) != 0)


def run_inside(programs, name):
    from host import Host
    status = 1
    host = None
    try:
        mount(programs)
        host = Host(programs)
        tests()[name](host)
        status = 0
    except Exception:
        traceback.print_exc(file=sys.stdout)
        if host:
            print(''.join(f'| {line}\n' for line in host.messages().splitlines()[-60:]))
    sys.stdout.flush()
    os._exit(status)


def has_namespaces():
    user = [] if os.geteuid() == 0 else ['--user', '--map-root-user']
    argv = ['unshare', *user, '--net', '--mount', '--pid', '--fork', '--mount-proc', 'true']
    return subprocess.run(argv, check=False, stderr=subprocess.DEVNULL).returncode == 0


def unshare():
    """The next child is process 1 of new namespaces, in which it is root."""
    uid, gid = os.geteuid(), os.getegid()
    if LIBC.unshare(NEW_NS | NEW_PID | NEW_NET | (NEW_USER if uid else 0)):
        raise OSError(ctypes.get_errno(), 'unshare')
    if uid:
        for name, text in (('setgroups', 'deny'), ('uid_map', f'0 {uid} 1'), ('gid_map', f'0 {gid} 1')):
            with open(f'/proc/self/{name}', 'w', encoding='ascii') as file:
                file.write(text)


def run_one(programs, name, output):
    """In a child, which waits for process 1 of the namespaces; its exit code is that of the test."""
    signal.alarm(TIMEOUT)
    for number in (1, 2):
        os.dup2(output.fileno(), number)
    unshare()
    pid = os.fork()
    if pid == 0:
        signal.alarm(0)
        LIBC.prctl(SET_PDEATHSIG, signal.SIGKILL)
        be_first(programs, name)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0)


def start(programs, name):
    """(process ID, (name, its output, time)). A fork, because a new Python takes longer than most tests."""
    output = tempfile.TemporaryFile()
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            run_one(programs, name, output)
        finally:
            traceback.print_exc()
            os._exit(1)
    return pid, (name, output, time.monotonic())


def run_all(programs, names, at_once):
    """Yields (name, what it printed if it failed, seconds) as the tests end."""
    names, running = list(names), {}
    while names or running:
        while names and len(running) < at_once:
            pid, test = start(programs, names.pop(0))
            running[pid] = test
        pid, status = os.waitpid(-1, 0)
        name, output, begin = running.pop(pid)
        with output:
            output.seek(0)
            text = output.read().decode(errors='replace')
        if os.WIFSIGNALED(status):
            text += f'it was killed, or took more than {TIMEOUT} s'
        yield name, (text or 'it died') if status else None, time.monotonic() - begin


def main(at_once=AT_ONCE):
    """AT_ONCE: the number of tests that run at a time."""
    programs = parse_arguments()
    names = [name for name in tests() if not programs.words or any(word in name for word in programs.words)]
    if not has_namespaces():
        print('1..0 # SKIP namespaces need root here')
        return
    print(f'1..{len(names)}', flush=True)
    failed = 0
    for number, (name, failure, seconds) in enumerate(run_all(programs, names, at_once), 1):
        failed += bool(failure)
        title = name[len('test_'):].replace('_', ' ')
        print(f"{'not ok' if failure else 'ok'} {number} - {title} ({seconds:.1f} s)")
        for line in (failure or '').splitlines():
            print(f'# {line}')
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
