# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures of mode isolated on real NetworkManager, libvirtd and QEMU; `tests/run bench` runs it.

    python3 bench_isolated.py --builddir DIR --destdir DIR [WORD...]

WORDs choose among sync, idle and ping. Alternatives are measured in turn in the same run, and printed as ratios to the
least that libvirt must be asked. Nothing here passes or fails: what a machine can do is its own."""

import collections
import os
import re
import shutil
import time

import figures  # first: it knows where the sandbox is
import profiles
from figures import HERE, REST, define_guests, say, show, show_memory, virsh_script

ROUNDS = 5
SYNC_ROUNDS = 9
SLOW_ROUNDS = 2
GUESTS = 300
MANY_GUESTS = 1000
VIRT_XML_GUESTS = 5
ENGINE_CONNECTIONS = 4  # on which the engine reads and changes guests
UP_AND_PING = '/run/up_and_ping.py'  # in the host


# Guest sync


def program(host, *argv):
    return float(host.run(list(argv), timeout=300).stdout)


def timed(function):
    begin = time.monotonic()
    function()
    return time.monotonic() - begin


def minimal_round(host, samples, name, *threads):
    """The least that libvirt must be asked, in sequence, or on as many connections as the engine uses, which needs
    an event loop."""
    for action in ('attach', 'read', 'detach'):
        samples[f'{name} {action}'].append(program(host, 'bench-sync-minimal', action, 'isolated', *threads))


def engine_round(host, samples):
    for action in ('attach', 'read'):
        samples[f'engine {action}'].append(program(host, 'bench-sync-engine', 'keep', 'isolated'))
    program(host, 'bench-sync-engine', 'remove', 'isolated')


def sync_round(host, samples, backward):
    """Attaches to and detaches from all guests once with each program."""
    runs = [lambda: minimal_round(host, samples, 'minimal'), lambda: engine_round(host, samples),
            lambda: minimal_round(host, samples, 'parallel', str(ENGINE_CONNECTIONS))]
    for run in runs[::-1] if backward else runs:
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
        samples = collections.defaultdict(list)
        for number in range(SYNC_ROUNDS):
            sync_round(host, samples, number % 2)
        loops = [virsh_round(host, names) for _ in range(SLOW_ROUNDS)]
        virt_xml = virt_xml_round(host, names[:VIRT_XML_GUESTS])
    show('attach: minimal program', samples['minimal attach'])
    show(f'attach: the same, {ENGINE_CONNECTIONS} connections, events, libxml2', samples['parallel attach'], samples['minimal attach'])
    show('attach: engine', samples['engine attach'], samples['minimal attach'])
    show('attach: virsh attach-interface, a loop', loops, samples['minimal attach'])
    each = [seconds / GUESTS for seconds in samples['minimal attach']]
    show('a guest of it: minimal program', [1000 * seconds for seconds in each], unit='ms')
    show('a guest of it: virt-xml', [1000 * seconds for seconds in virt_xml],
         [1000 * seconds for seconds in each], unit='ms')
    show('nothing to do: minimal program (read)', samples['minimal read'])
    show(f'nothing to do: the same, {ENGINE_CONNECTIONS} connections, events, libxml2', samples['parallel read'], samples['minimal read'])
    show('nothing to do: engine', samples['engine read'], samples['minimal read'])


# Idle


def bench_idle(bench):
    say('The service at rest')
    with bench.host() as host:
        base = figures.show_minimal_memory(host)
        profiles.add_by_hand(host)
        defined = 0
        for number in (1, GUESTS, MANY_GUESTS):
            define_guests(host, defined, number)
            defined = number
            profiles.up(host)
            pid, = profiles.services(host)
            time.sleep(REST)
            show_memory(host, pid, f'service, guests: {number}', base)
            if number == MANY_GUESTS:
                figures.show_wakeups(host, pid)
            profiles.down(host)


# Ping


def up_and_ping(host, mac, address=''):
    """Seconds from the beginning of `nmcli connection up` to the first answer."""
    return float(host.run(['python3', '-I', '-S', UP_AND_PING, 'guests', mac, address], timeout=120).stdout)


def bench_ping(bench):
    say('From `nmcli connection up` to the first answered ping')
    with bench.host() as host:
        shutil.copy(os.path.join(HERE, 'up_and_ping.py'), host.path(UP_AND_PING))
        alpha, = host.running_guests('alpha')
        profiles.add_by_hand(host)
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


if __name__ == '__main__':
    figures.main({'sync': bench_sync, 'idle': bench_idle, 'ping': bench_ping})
