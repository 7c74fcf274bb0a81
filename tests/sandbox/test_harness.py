# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the sandbox itself: it behaves like a real host, above all macvtap passes no traffic
between guest and host, and it leaves nothing behind."""

import glob
import os
import signal
import subprocess
import sys
import time

import count
import tap
from guest import macvtap, network
from machine import Failure
from sandbox import Host, Lan
from tap import check, equal

_guests = {}


def two_guests(host):
    """The pair that the first tests share; started by whichever needs it first."""
    if host not in _guests:
        _guests[host] = host.running_guests('alpha', 'beta')
    return _guests[host]


@tap.host(shared='plain')
def test_network_manager_is_fully_connected(host):
    equal(host.nm_state(), 'connected:full', 'state')
    check(host.address().startswith('10.77.0.'), f'address {host.address()}')
    check(host.ping(Lan.gateway()), 'the gateway does not answer')
    equal(host.run(['getent', 'ahostsv4', 'lan.example']).stdout.split()[0], Lan.gateway(), 'DNS')


@tap.host(shared='plain')
def test_macvtap_guests_reach_lan_and_each_other(host):
    alpha, beta = two_guests(host)
    for guest in (alpha, beta):
        equal(guest.wait_address(), guest.lan_address, f'address of {guest.name}')
        check(guest.ping(Lan.gateway()), f'{guest.name} does not reach the LAN')
        check(host.lan.ping(guest.lan_address), f'the LAN does not reach {guest.name}')
    check(alpha.ping(beta.lan_address), 'alpha does not reach beta')
    equal(host.lan.run(['python3', '-c', 'import sys, urllib.request as r;'
                        'print(r.urlopen(sys.argv[1]).read().decode())',
                        f'http://{alpha.lan_address}/']).stdout.strip(), 'alpha', 'web page of alpha')


@tap.host(shared='plain')
def test_macvtap_guests_and_host_do_not_reach_each_other(host):
    alpha, _ = two_guests(host)
    check(not alpha.ping(host.address(), 2), 'the guest reaches its host')
    check(not host.ping(alpha.lan_address), 'the host reaches its guest')


@tap.host(shared='plain')
def test_plugged_nic_on_isolated_network_reaches_host(host):
    alpha, _ = two_guests(host)
    with open(os.path.join(os.path.dirname(__file__), 'isolated.xml'), encoding='utf-8') as file:
        host.define_network(file.read())
    host.virsh('attach-interface', 'alpha', 'network', 'isolated', '--model', 'virtio', '--live',
               '--mac', '52:54:00:77:77:01')
    address = alpha.wait_address('52:54:00:77:77:01')
    check(address.startswith('192.168.254.'), f'address {address}')
    check(address in alpha.domifaddr(), f'libvirt does not know the lease {address}')
    check(host.ping(address), 'the host does not reach the guest')
    check(alpha.ping('192.168.254.1'), 'the guest does not reach the host')
    equal(alpha.run('ip route show default')[1].split()[2], Lan.gateway(), 'default route')
    host.virsh('detach-interface', 'alpha', 'network', '--mac', '52:54:00:77:77:01', '--live')
    host.wait_for(lambda: '52:54:00:77:77:01' not in alpha.links(), 'the NIC to leave the guest')


@tap.host(shared='plain')
def test_nic_link_down_and_up(host):
    _, beta = two_guests(host)
    for state, answers in (('down', False), ('up', True)):
        host.virsh('domif-setlink', 'beta', beta.mac, state)
        host.wait_for(lambda: host.lan.ping(beta.lan_address) == answers,
                      f'beta {"" if answers else "not "}to answer with its link {state}')


@tap.host(shared='plain')
def test_pulled_cable_is_seen(host):
    host.pull_cable()
    host.wait_for(lambda: host.nmcli('-g', 'GENERAL.STATE', 'device', 'show', 'eth0').stdout.strip()
                  == '20 (unavailable)', 'NetworkManager to see it')
    equal(host.address(), None, 'address without a cable')
    check(host.nm_state() != 'connected:full', 'fully connected without a cable')
    host.plug_cable()
    host.wait_online()


@tap.host(shared='plain')
def test_daemons_restart(host):
    alpha, _ = two_guests(host)
    before = host.service_pid('libvirtd')
    host.restart_libvirtd()
    check(host.service_pid('libvirtd') != before, 'the same process')
    equal(alpha.state(), 'running', 'guest after the restart')
    host.stop_nm(signal.SIGKILL)
    check(host.nm_state() == '', 'NetworkManager answers after its end')
    host.start_nm()
    check(any(entry['MESSAGE'].find('is starting') >= 0 for entry in
              host.entries(SYSLOG_IDENTIFIER='NetworkManager')), 'no entry in the journal')


@tap.host(shared='plain')
def test_guest_stops_at_the_power_button_and_starts_again(host):
    _, beta = two_guests(host)
    beta.shutdown()
    beta.start().wait_ready()
    equal(beta.run('hostname; exit 3'), (3, 'beta\n'), 'answer')
    beta.destroy()
    beta.undefine()
    check('beta' not in host.virsh('list', '--all', '--name').stdout, 'beta is still there')


@tap.host(shared='plain')
def test_guest_on_nat_network(host):
    host.start_nat_network()
    guest, = host.running_guests('nat & <ü>', nics=[network('default')], machine='q35')
    check(guest.wait_address().startswith('192.168.122.'), 'address')
    check(host.ping(guest.wait_address()), 'the host does not reach it')
    check(guest.ping(Lan.gateway()), 'it does not reach the LAN')


@tap.host(shared='plain')
def test_guest_with_default_nic_model(host):
    guest, = host.running_guests('default', nics=[macvtap(model=None)], kernel='full')
    equal(guest.interfaces()[0].find('model').get('type'), 'rtl8139', "libvirt's default")
    equal(guest.wait_address(), guest.lan_address, 'address')
    guest.destroy()


@tap.host(firewalld=True, ipv6=True, uplinks=('eth0', 'eth1'), nss_libvirt=True)
def test_firewalld_ipv6_second_uplink_and_names(host):
    host.start_nat_network()
    equal(host.run(['firewall-cmd', '--get-zone-of-interface=virbr0']).stdout.strip(), 'libvirt', 'zone')
    check(host.address('eth1').startswith('10.77.1.'), f"address {host.address('eth1')}")
    host.wait_for(lambda: host.address('eth0', 6), 'an IPv6 address')
    # The address is tentative for a moment.
    host.wait_for(lambda: host.ping(Lan.gateway6(), 1), 'the gateway to answer over IPv6')
    guest, = host.running_guests('named', nics=[network('default'), macvtap('eth1')])
    check(guest.wait_address(family=6, mac=guest.mac_of_nic(1)).startswith('fd77:77:0:1:'), 'IPv6 of the guest')
    equal(host.run(['getent', 'ahostsv4', 'named']).stdout.split()[0], guest.wait_address(), 'name')


def read_all(pattern, read):
    """What READ makes of each file of /proc that matches; of what ended meanwhile, nothing."""
    found = {}
    for path in glob.glob(pattern):
        try:
            found[path] = read(path)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def stat_of(path):
    """State and parent of the process of a stat file."""
    with open(path, encoding='utf-8') as file:
        state, parent = file.read().rpartition(')')[2].split()[:2]
        return state, int(parent)


def processes():
    """Parents by process; those that have ended and wait to be collected do not count."""
    found = read_all('/proc/[0-9]*/stat', stat_of)
    return {int(path.split('/')[2]): parent for path, (state, parent) in found.items() if state != 'Z'}


def family(pid):
    """A process and all below it. Others may run beside this test: only the run's own count."""
    parents, found = processes(), {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def namespaces(pids):
    return set(value for pid in pids for value in read_all(f'/proc/{pid}/ns/*', os.readlink).values())


def surroundings():
    """Mounts and links that this process can see."""
    with open('/proc/self/mountinfo', encoding='utf-8') as mounts:
        return mounts.read(), sorted(os.listdir('/sys/class/net'))


def test_killed_run_leaves_nothing():
    before = surroundings()
    with subprocess.Popen([sys.executable, __file__, '--hold'], stdout=subprocess.PIPE, text=True) as run:
        equal(run.stdout.readline(), 'held\n', 'answer of the run')
        made = family(run.pid)
        spaces = namespaces(made) - namespaces([os.getpid()])
        check(len(made) > 10, 'the run has no processes')
        check(len(spaces) > 6, 'the run has no namespaces')
        existing = processes().keys()
        run.send_signal(signal.SIGKILL)
        run.wait()
    deadline = time.monotonic() + 5
    while made & processes().keys() and time.monotonic() < deadline:
        time.sleep(0.05)
    equal(sorted(made & processes().keys()), [], 'processes that stayed')
    # A namespace that another program makes now may get the number of one that is gone.
    equal(spaces & namespaces(existing & processes().keys()), set(), 'namespaces that stayed')
    equal(surroundings(), before, 'mounts and links')


def hold():
    """The run that is killed: a host with a running guest."""
    with Host() as host:
        host.guest('held').define().start()
        print('held', flush=True)
        signal.pause()


def test_failed_wait_says_what_it_waited_for():
    with Host() as host:
        try:
            host.wait_for(lambda: False, 'what never comes', 0.2)
        except Failure as failure:
            text = str(failure)
            check('waited 0.2 s for what never comes' in text, text)
            check('NetworkManager state is now' in text, 'no journal in ' + text)
        else:
            raise Failure('the wait did not fail')


def test_count_of_results():
    cases = (
        ('1..2\nok 1 - a\nok 2 - b\n', 0, (2, 0, 0)),
        ('ok 1 a\nok 2 b # SKIP why\n1..2\n', 0, (1, 0, 1)),
        ('1..2\nok 1\nnot ok 2\n', 1, (1, 1, 0)),
        ('1..3\nok 1\n', 0, (1, 2, 0)),           # the plan is not fulfilled
        ('1..1\nok 1\n', -11, (1, 1, 0)),         # crashed after the last result
        ('', -6, (0, 1, 0)),                      # crashed before the plan
        ('ok 1\n', 0, (1, 1, 0)),                 # no plan
        ('1..2\nok 1\nBail out! no\n', 1, (1, 1, 0)),
        ('1..0 # SKIP not here\n', 0, (0, 0, 1)),
        ('1..1\nok 1\nok 2\n', 0, (2, 1, 0)),     # more than planned
        ('1..1\nnot ok 1 # TODO later\n', 0, (0, 1, 0)),
        ('1..1\nok 1 # SKIPPED_NOT but a name\n', 0, (1, 0, 0)),
    )
    for text, status, expected in cases:
        equal(count.tap_results(text, status), expected, repr(text))


if __name__ == '__main__':
    if sys.argv[1:] == ['--hold']:
        hold()
    else:
        tap.main()
