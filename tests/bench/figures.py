# SPDX-License-Identifier: GPL-2.0-or-later
"""What the programs that print figures have in common: their hosts and options, lines of figures, and what a
process costs while nothing happens. Nothing here passes or fails: what a machine can do is its own."""

import argparse
import collections
import os
import re
import shutil
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'sandbox'))

from sandbox import Host  # noqa: E402

IDLE_SECONDS = 30
REST = 20  # seconds after which what was left over from work is gone


def say(text=''):
    print(text, flush=True)


def show(name, samples, base=None, unit='s'):
    """One line: median, range, and the ratio of the medians."""
    median = statistics.median(samples)
    ratio = f'  ratio {median / statistics.median(base):.2f}' if base else ''
    say(f'  {name:<42} {median:8.3f} {unit}  ({min(samples):.3f} to {max(samples):.3f}){ratio}')


class Bench:
    """Where the build and the installation are."""

    def __init__(self, builddir, destdir):
        self.builddir = builddir
        self.destdir = destdir

    def host(self, **options):
        """A host, and a LAN, that have the programs of tests/bench in their path."""
        host = Host(destdir=self.destdir, **options)
        directory = os.path.join(self.builddir, 'tests', 'bench')
        for name in os.listdir(directory):
            if name.startswith('bench-') and os.path.isfile(os.path.join(directory, name)):
                for machine in (host, host.lan):
                    shutil.copy(os.path.join(directory, name), machine.path('/usr/bin'))
        return host


def main(benches):
    """Runs those of BENCHES, functions by name, that the command line has, or all."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--builddir', required=True)
    parser.add_argument('--destdir', required=True)
    parser.add_argument('words', nargs='*', choices=[[], *benches])
    options = parser.parse_args()
    for word in options.words or benches:
        benches[word](Bench(options.builddir, options.destdir))


# Guests without end


def define_guests(host, first, last):
    """Defines guests g0000, … with one macvtap NIC each, by one virsh; returns their names."""
    names = [f'g{number:04}' for number in range(first, last)]
    for name in names:
        host.write(f'/run/guests/{name}.xml', host.guest(name).xml())
    virsh_script(host, [f'define /run/guests/{name}.xml' for name in names])
    return names


def virsh_script(host, lines):
    host.run(['virsh', '--quiet'], stdin='\n'.join(lines) + '\n', timeout=300)


# A process at rest


def show_minimal_memory(host):
    """The memory of a program with the service's two connections, and nothing else. Returns VmRSS in KiB."""
    host.start_service('minimal', ['sh', '-c', 'sleep infinity | exec bench-idle-minimal'])
    pid = host.wait_for(lambda: host.run(['pgrep', '-x', 'bench-idle-mini'], check=False).stdout.strip(),
                        'the minimal program')
    time.sleep(REST)
    rss = show_memory(host, pid, 'connections to libvirt and NM, nothing else')
    host.run(['kill', pid])
    return rss


def show_memory(host, pid, title, base=None):
    """Resident memory in MiB: all, what is the process's own, and its share of what others use too; the ratio to BASE.
    Returns VmRSS in KiB."""
    rss, own = (int(re.search(rf'^{name}:\s*(\d+)', host.read(f'/proc/{pid}/status'), re.MULTILINE)[1])
                for name in ('VmRSS', 'RssAnon'))
    pss = re.search(r'^Pss:\s*(\d+)', host.read(f'/proc/{pid}/smaps_rollup'), re.MULTILINE)[1]
    say('  %-42s VmRSS %.1f MiB, of it anonymous %.1f; Pss %.1f MiB'
        % (title, rss / 1024, own / 1024, int(pss) / 1024) + (f'; ratio {rss / base:.2f}' if base else ''))
    return rss


def switches(host, pid):
    """Voluntary context switches of each thread of a process: how often it went to sleep again."""
    return {task: int(re.search(r'^voluntary_ctxt_switches:\s*(\d+)',
                                host.read(f'/proc/{pid}/task/{task}/status'), re.MULTILINE)[1])
            for task in os.listdir(host.path(f'/proc/{pid}/task'))}


def trace_while_idle(host, pid):
    """What woke the process: system calls of all its threads by name, and how many of them carried a message of
    libvirt's keepalive, which libvirtd begins."""
    host.run(['timeout', '--signal=INT', str(IDLE_SECONDS), 'strace', '-f', '-o', '/run/strace', '-p', pid],
             check=False, timeout=IDLE_SECONDS + 10)
    trace = host.read('/run/strace')
    calls = collections.Counter(re.findall(r'^\d+ +(?:<\.\.\. )?(\w+)(?: resumed|\()', trace, re.MULTILINE))
    return calls, len(re.findall(r'"(?:\\0\\0\\0\\34)?keep\\0', trace))


def show_wakeups(host, pid):
    before = switches(host, pid)
    time.sleep(IDLE_SECONDS)
    after = switches(host, pid)
    woken = sum(after[task] - before.get(task, 0) for task in after)
    say(f'  wake-ups a minute, {len(after)} threads: {woken * 60 / IDLE_SECONDS:.0f}')
    calls, keepalive = trace_while_idle(host, pid)
    say(f'  system calls in {IDLE_SECONDS} s: '
        + (', '.join(f'{count} {name}' for name, count in sorted(calls.items())) or 'none')
        + f'; messages of libvirt\'s keepalive, both ways: {keepalive}')
