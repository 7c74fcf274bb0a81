# SPDX-License-Identifier: GPL-2.0-or-later
"""A sandbox machine: its own root (a layer in memory over the sandbox's Debian), its own network,
mount, process, host name and IPC namespaces, and a process 1 (machine_init.py) that ends, and all
of the machine with it, when this process ends for whatever reason.

Nothing has a name outside: no named network namespace, no mount that other processes see."""

import functools
import json
import os
import subprocess
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.normpath(os.path.join(HERE, '..', '..'))
# The Debian that `rootfs exec` runs this in, see there.
SUITE = os.environ.get('NM_MACVTAP_SUITE', 'bookworm')
# Builds and installations of this suite, in the source tree.
BUILDS = os.path.join(SOURCE, 'build-run' if SUITE == 'bookworm' else f'build-run-{SUITE}')
CONTROL_GROUPS = os.path.join(HERE, 'control-groups')

SETUP = r'''
set -e
layers=$1 name=$2 here=$3 groups=$4
umask 022
mount -t tmpfs -o mode=755 machine /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$layers,upperdir=/mnt/upper,workdir=/mnt/work" machine /mnt/root
cd /mnt/root
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp
"$here/private-dev" dev
mkdir run/dbus run/lock
[ -z "$groups" ] || "$here/control-groups" mount sys/fs/cgroup
mkdir -p sandbox/tests sandbox/cache
mount --bind "$here" sandbox/tests
mount -o remount,bind,ro sandbox/tests
mount --bind /sandbox/cache sandbox/cache
mount -o remount,bind,ro sandbox/cache
rm -rf var/log/journal
hostname "$name"
printf '127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost\n' "$name" >etc/hosts
echo "$name" >etc/hostname
ip link set lo up
exec chroot . python3 -I -S /sandbox/tests/machine_init.py
'''


class Failure(Exception):
    """Something did not turn out as a test expects; the text has all that is known."""


@functools.cache
def unpack(packages):
    """The directory with the files of Debian packages that the root lacks."""
    return subprocess.run([os.path.join(HERE, 'extra-packages'), *packages], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()


class Machine:
    def __init__(self, name, destdir=None, packages=(), control_groups=False):
        self.name = name
        self.groups = uuid.uuid4().hex if control_groups else ''
        layers = f'{unpack(packages)}:/sandbox/root' if packages else '/sandbox/root'
        if destdir:
            if not os.path.isdir(destdir):
                raise Failure(f"'{destdir}' is not a directory")
            for link in ('bin', 'lib', 'sbin'):
                # It would hide the root's symbolic link of that name.
                if os.path.exists(os.path.join(destdir, link)):
                    raise Failure(f"'{destdir}' has a directory /{link}: use the prefix /usr")
            layers = f'{os.path.abspath(destdir)}:{layers}'
        self.process = subprocess.Popen(
            [*([CONTROL_GROUPS, 'enter', self.groups] if self.groups else []),
             'unshare', '--net', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child',
             'sh', '-c', SETUP, 'sh', layers, name, HERE, self.groups],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = None

    def wait_started(self):
        if self.process.stdout.readline() != b'"ready"\n':
            raise Failure(f'machine {self.name} did not start')
        with open(f'/proc/{self.process.pid}/task/{self.process.pid}/children',
                  encoding='ascii') as children:
            self.pid = int(children.read().split()[0])

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.groups:
            subprocess.run([CONTROL_GROUPS, 'remove', self.groups], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Commands

    def argv(self, argv):
        """What to run outside to run ARGV inside."""
        return ['nsenter', '--target', str(self.pid), '--mount', '--uts', '--ipc', '--net', '--pid',
                '--root', '--wd', '--', *argv]

    def run(self, argv, check=True, timeout=30, stdin=None, env=None):
        """Runs a command in the machine: an object with returncode, stdout and stderr (text).
        A string is given to the shell. Everything that the command started in its process group
        ends with the timeout."""
        if isinstance(argv, str):
            argv = ['sh', '-c', argv]
        environment = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/root',
                       'LC_ALL': 'C.UTF-8', **(env or {})}
        result = subprocess.run(
            self.argv(['timeout', '--kill-after=2', str(timeout), *argv]), input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True, text=True,
            errors='replace', env=environment, timeout=timeout + 10)
        if check and result.returncode:
            why = 'timed out' if result.returncode in (124, 137) else f'exit {result.returncode}'
            raise Failure(f"{self.name}: {' '.join(argv)}: {why}\n{result.stdout}{result.stderr}")
        return result

    def run_in_network(self, argv):
        """Runs a command of the outer root in the machine's network namespace only, so that process
        numbers mean what they mean to this process."""
        subprocess.run(['nsenter', '--target', str(self.pid), '--net', '--', *argv], check=True,
                       timeout=30)

    def popen(self, argv, **options):
        """A command that runs beside the test; the caller ends it, the machine's end does too."""
        return subprocess.Popen(self.argv(argv), **options)

    # Services: children of the machine's process 1, standard error to the journal

    def request(self, *request):
        self.process.stdin.write(json.dumps(request).encode() + b'\n')
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f'machine {self.name} has ended')
        answer = json.loads(line)
        if 'error' in answer:
            raise Failure(f"{self.name}: {answer['error']}")
        return answer

    def start_service(self, name, argv):
        return self.request('start', name, argv)['pid']

    def service_pid(self, name):
        """Process number of a service inside the machine, None if it is not running."""
        return self.request('status', name)['pid']

    def signal_service(self, name, number):
        self.request('signal', name, number)

    def stop_service(self, name, number=15, timeout=15):
        self.signal_service(name, number)
        deadline = time.monotonic() + timeout
        while self.service_pid(name):
            if time.monotonic() > deadline:
                self.signal_service(name, 9)
                raise Failure(f'{self.name}: {name} did not end within {timeout} s\n' + self.tail())
            time.sleep(0.02)

    def trap(self, message, number):
        """The next program that writes MESSAGE to the journal, in these words, gets the signal NUMBER
        at that moment."""
        self.request('trap', message, number)

    # Files

    def path(self, path):
        """Where a file of the machine is for this process."""
        return f'/proc/{self.pid}/root/{path.lstrip("/")}'

    def read(self, path):
        with open(self.path(path), encoding='utf-8', errors='replace') as file:
            return file.read()

    def write(self, path, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        with open(self.path(path), 'w', encoding='utf-8') as file:
            os.chmod(self.path(path), mode)
            file.write(text)

    def exists(self, path):
        return os.path.lexists(self.path(path))

    # Journal

    def entries(self, **fields):
        """Journal entries, dictionaries of fields, oldest first; only those whose FIELDS match."""
        found = []
        # What stands behind the last line end is being written.
        for line in self.read('/var/log/journal').split('\n')[:-1]:
            entry = json.loads(line)
            if all(entry.get(name) == value for name, value in fields.items()):
                found.append(entry)
        return found

    def journal(self, **fields):
        """The journal as text: everything that services and programs of the machine wrote."""
        lines = []
        for entry in self.entries(**fields):
            clock = time.strftime('%H:%M:%S', time.localtime(entry['TIME']))
            lines.append(f"{clock}.{int(entry['TIME'] % 1 * 1000):03d} "
                         f"{entry.get('SYSLOG_IDENTIFIER', '?')}: {entry.get('MESSAGE', '')}")
        return '\n'.join(lines) + '\n'

    def tail(self, lines=60):
        return '\n'.join(f'    | {line}' for line in self.journal().splitlines()[-lines:])

    # Waiting

    def wait_for(self, predicate, what, timeout=15, interval=0.05):
        """Waits until PREDICATE returns something true and returns that; WHAT completes the
        sentence `waited for …`. A Failure inside PREDICATE counts as not yet."""
        deadline = time.monotonic() + timeout
        while True:
            problem = ''
            try:
                value = predicate()
                if value:
                    return value
            except Failure as failure:
                problem = f'\nlast: {failure}'
            if time.monotonic() > deadline:
                raise Failure(f'{self.name}: waited {timeout} s for {what}{problem}\n{self.tail()}')
            time.sleep(interval)
