# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures of mode isolated on real NetworkManager, libvirtd and QEMU; `tests/run bench` runs it.

    python3 bench_isolated.py --builddir DIR --destdir DIR [WORD...]

WORDs choose among sync, idle and ping. Alternatives are measured in turn in the same run, and printed as ratios to the
least that libvirt must be asked. Nothing here passes or fails: what a machine can do is its own."""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'sandbox'))

import profiles  # noqa: E402
from sandbox import Host  # noqa: E402

ROUNDS = 5
SLOW_ROUNDS = 2
GUESTS = 300
MANY_GUESTS = 1000
VIRT_XML_GUESTS = 5
IDLE_SECONDS = 30
REST = 20  # seconds after which what was left over from work is gone
UP_AND_PING = '/run/up_and_ping.py'  # in the host
PROGRAMS = ('bench-idle-minimal', 'bench-sync-engine', 'bench-sync-minimal')


def say(text=''):
    print(text, flush=True)


def show(name, samples, base=None, unit='s'):
    """One line: median, range, and the ratio of the medians."""
    median = statistics.median(samples)
    ratio = f'  ratio {median / statistics.median(base):.2f}' if base else ''
    say(f'  {name:<42} {median:8.3f} {unit}  ({min(samples):.3f} to {max(samples):.3f}){ratio}')


class Bench:
    def __init__(self, builddir, destdir):
        self.builddir = builddir
        self.destdir = destdir

    def host(self):
        host = Host(destdir=self.destdir)
        for program in PROGRAMS:
            shutil.copy(os.path.join(self.builddir, 'tests', 'bench', program), host.path('/usr/bin'))
        return host


def define_guests(host, first, last):
    """Defines guests g0000, … with one macvtap NIC each, by one virsh; returns their names."""
    names = [f'g{number:04}' for number in range(first, last)]
    for name in names:
        host.write(f'/run/guests/{name}.xml', host.guest(name).xml())
    virsh_script(host, [f'define /run/guests/{name}.xml' for name in names])
    return names


def virsh_script(host, lines):
    host.run(['virsh', '--quiet'], stdin='\n'.join(lines) + '\n', timeout=300)


# Guest sync


def program(host, *argv):
    return float(host.run(list(argv), timeout=300).stdout)


def timed(function):
    begin = time.monotonic()
    function()
    return time.monotonic() - begin


def sync_round(host, samples, engine_first):
    """Attaches to and detaches from all guests once with each of the two programs."""
    def minimal():
        for name in ('attach', 'read', 'detach'):
            samples[f'minimal {name}'].append(program(host, 'bench-sync-minimal', name, 'isolated'))

    def engine():
        samples['engine attach'].append(program(host, 'bench-sync-engine', 'keep', 'isolated'))
        samples['engine read'].append(program(host, 'bench-sync-engine', 'keep', 'isolated'))
        program(host, 'bench-sync-engine', 'remove', 'isolated')

    for run in (engine, minimal) if engine_first else (minimal, engine):
        run()


def virsh_round(host, names):
    loop = ('for guest in "$@"; do virsh --quiet attach-interface --config --domain $guest --type network '
            '--source isolated --model virtio; done')
    seconds = timed(lambda: host.run(['sh', '-c', loop, 'sh', *names], timeout=300))
    detach_second_nics(host, names)
    return seconds


def virt_xml_round(host, names):
    seconds = [timed(lambda name=name: host.run(['virt-xml', name, '--define', '--add-device', '--network',
                                                 'network=isolated,model=virtio'], timeout=60))
               for name in names]
    detach_second_nics(host, names)
    return seconds


def detach_second_nics(host, names):
    lines = []
    for name in names:
        text = host.virsh('dumpxml', '--inactive', name).stdout
        for mac in re.findall(r"<interface type='network'>\s*<mac address='([^']*)'", text):
            lines.append(f'detach-interface --config --domain {name} --type network --mac {mac}')
    virsh_script(host, lines)


def bench_sync(bench):
    say(f'Guest sync: {GUESTS} defined guests')
    with bench.host() as host:
        host.define_network(profiles.wiki_xml())
        names = define_guests(host, 0, GUESTS)
        samples = {f'{who} {what}': [] for who in ('minimal', 'engine') for what in ('attach', 'read', 'detach')}
        for number in range(ROUNDS):
            sync_round(host, samples, number % 2)
        loops = [virsh_round(host, names) for _ in range(SLOW_ROUNDS)]
        virt_xml = virt_xml_round(host, names[:VIRT_XML_GUESTS])
    show('attach: minimal program', samples['minimal attach'])
    show('attach: engine', samples['engine attach'], samples['minimal attach'])
    show('attach: virsh attach-interface, a loop', loops, samples['minimal attach'])
    each = [seconds / GUESTS for seconds in samples['minimal attach']]
    show('a guest of it: minimal program', [1000 * seconds for seconds in each], unit='ms')
    show('a guest of it: virt-xml', [1000 * seconds for seconds in virt_xml],
         [1000 * seconds for seconds in each], unit='ms')
    show('nothing to do: minimal program (read)', samples['minimal read'])
    show('nothing to do: engine', samples['engine read'], samples['minimal read'])


# Idle


def show_memory(host, pid, title):
    """Resident memory in MiB: all, what is the process's own, and its share of what others use too."""
    rss, own = (re.search(rf'^{name}:\s*(\d+)', host.read(f'/proc/{pid}/status'), re.MULTILINE)[1]
                for name in ('VmRSS', 'RssAnon'))
    pss = re.search(r'^Pss:\s*(\d+)', host.read(f'/proc/{pid}/smaps_rollup'), re.MULTILINE)[1]
    say('  %-42s VmRSS %.1f MiB, of it anonymous %.1f; Pss %.1f MiB'
        % (title, int(rss) / 1024, int(own) / 1024, int(pss) / 1024))


def switches(host, pid):
    """Voluntary context switches of each thread of a process: how often it went to sleep again."""
    return {task: int(re.search(r'^voluntary_ctxt_switches:\s*(\d+)',
                                host.read(f'/proc/{pid}/task/{task}/status'), re.MULTILINE)[1])
            for task in os.listdir(host.path(f'/proc/{pid}/task'))}


def calls_while_idle(host, pid):
    """What woke the process, by system call, from strace of all its threads."""
    host.run(['timeout', '--signal=INT', str(IDLE_SECONDS), 'strace', '-f', '-o', '/run/strace', '-p', pid],
             check=False, timeout=IDLE_SECONDS + 10)
    counts = {}
    for name in re.findall(r'^\d+ +(?:<\.\.\. )?(\w+)(?: resumed|\()', host.read('/run/strace'), re.MULTILINE):
        counts[name] = counts.get(name, 0) + 1
    return counts


def bench_idle(bench):
    say('The service at rest')
    with bench.host() as host:
        with host.popen(['bench-idle-minimal'], stdin=subprocess.PIPE) as minimal:
            pid = host.wait_for(lambda: host.run(['pgrep', '-x', 'bench-idle-mini'], check=False).stdout.strip(),
                                'the minimal program')
            time.sleep(REST)
            show_memory(host, pid, 'connections to libvirt and NM, nothing else')
            minimal.stdin.close()
        profiles.add(host)
        defined = 0
        for number in (GUESTS, MANY_GUESTS):
            define_guests(host, defined, number)
            defined = number
            profiles.up(host)
            pid, = profiles.services(host)
            time.sleep(REST)
            show_memory(host, pid, f'service, {number} guests')
            if number == MANY_GUESTS:
                show_wakeups(host, pid)
            profiles.down(host)


def show_wakeups(host, pid):
    before = switches(host, pid)
    time.sleep(IDLE_SECONDS)
    after = switches(host, pid)
    woken = sum(after[task] - before.get(task, 0) for task in after)
    say(f'  wake-ups a minute, {len(after)} threads: {woken * 60 / IDLE_SECONDS:.0f}')
    calls = calls_while_idle(host, pid)
    say(f'  system calls in {IDLE_SECONDS} s: '
        + (', '.join(f'{count} {name}' for name, count in sorted(calls.items())) or 'none'))


# Ping


def up_and_ping(host, mac, address=''):
    """Seconds from the beginning of `nmcli connection up` to the first answer."""
    return float(host.run(['python3', '-I', '-S', UP_AND_PING, 'guests', mac, address], timeout=120).stdout)


def bench_ping(bench):
    say('From `nmcli connection up` to the first answered ping')
    with bench.host() as host:
        shutil.copy(os.path.join(HERE, 'up_and_ping.py'), host.path(UP_AND_PING))
        alpha, = host.running_guests('alpha')
        profiles.add(host)
        profiles.up(host)
        address = profiles.reach(host, alpha)
        mac = profiles.our_mac(alpha)
        profiles.down(host)
        for title, on_disconnect, known in (('guest with its NIC', 'unplug', address),
                                            ('guest whose NIC is plugged in', 'remove', '')):
            profiles.modify(host, on_disconnect=on_disconnect)
            profiles.up(host)
            profiles.down(host)
            samples = []
            for _ in range(ROUNDS):
                samples.append(up_and_ping(host, mac, known))
                profiles.down(host)
            show(title, samples)


BENCHES = {'sync': bench_sync, 'idle': bench_idle, 'ping': bench_ping}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--builddir', required=True)
    parser.add_argument('--destdir', required=True)
    parser.add_argument('words', nargs='*', choices=[[], *BENCHES])
    options = parser.parse_args()
    bench = Bench(options.builddir, options.destdir)
    for word in options.words or BENCHES:
        BENCHES[word](bench)


if __name__ == '__main__':
    main()
