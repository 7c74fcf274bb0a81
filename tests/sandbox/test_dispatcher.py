# SPDX-License-Identifier: GPL-2.0-or-later
"""Profiles that are activated with their devices: the real nm-dispatcher, hook and helper."""

import json
import os
import re
import time

import profiles
import tap
from guest import macvtap
from move import check_stream, start_stream
from profiles import HOST_ADDRESS
from tap import check, equal

UNIT = '/usr/lib/systemd/system/nm-macvtap-refresh.service'
HOOK = '/usr/lib/NetworkManager/dispatcher.d/90-nm-macvtap'
SUGGESTED_NETWORK = 'Isolated network isolated'
SUGGESTED_DEVICE = 'Guests on eth0'


def run_unit(host):
    """As systemd does at boot, and whenever NetworkManager or libvirtd has started."""
    command = re.search('^ExecStart=(.*)', host.read(UNIT), re.MULTILINE)[1]
    return host.run(command.split(), timeout=90).stdout


def active(host):
    """Names of active profiles, each with its base device."""
    output = host.nmcli('-g', 'NAME,DEVICE', 'connection', 'show', '--active').stdout
    return dict(line.rsplit(':', 1) for line in output.splitlines())


def names(host):
    return host.nmcli('-g', 'NAME', 'connection', 'show').stdout.splitlines()


def is_up(host, name='guests'):
    return profiles.state(host, name) == 'activated'


def wait_up(host, name='guests', timeout=20):
    host.wait_for(lambda: is_up(host, name), f"profile '{name}' to be up", timeout)


def wait_down(host, name='guests', timeout=20):
    host.wait_for(lambda: name not in active(host) and not profiles.services(host),
                  f"profile '{name}' to be down", timeout)


def links(host, prefix=''):
    return [link for link in host.run(['ls', '/sys/class/net']).stdout.split() if link.startswith(prefix)]


def helpers(host):
    return host.run(['pgrep', '-x', 'nm-macvtap-disp'], check=False).stdout.split()


def settle(host):
    """Until the helper has handled every event so far."""
    host.wait_for(lambda: not helpers(host) and not host.read('/run/nm-macvtap/dispatcher-events'),
                  'the helper to end', 30)


def stays(host, predicate, what, seconds=3):
    """PREDICATE is true for some time: there is no event to wait for if nothing happens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        check(predicate(), what)
        time.sleep(0.2)


def is_online(host):
    """As a program sees it that waits for the network."""
    return host.run(['nm-online', '-q', '-t', '1'], check=False).returncode == 0


def is_disconnected(host):
    """In both states of connectivity: NetworkManager checks the links of running guests, too."""
    return host.nm_state() in ('disconnected:none', 'disconnected:limited')


def cable_out_and_in(host, name, reach):
    """Ten seconds without the cable: the profile goes down and comes up without a command; the state of
    NetworkManager is right all the time."""
    check(is_online(host), 'nm-online with the cable in')
    host.pull_cable()
    pulled = time.monotonic()
    wait_down(host, name, 30)
    host.wait_for(lambda: is_disconnected(host), 'NetworkManager to be disconnected')
    check(not is_online(host), 'nm-online without the cable')
    settle(host)
    stays(host, lambda: name not in active(host) and is_disconnected(host),
          f"'{name}' without the cable", pulled + 10 - time.monotonic())
    equal(links(host, 'nmmv'), [], 'host links without the cable')
    host.plug_cable()
    wait_up(host, name, 40)
    host.wait_online(45)
    check(is_online(host), 'nm-online with the cable in again')
    host.wait_for(reach, 'host and guest to reach each other with the cable in again', 30)


def count_logged(host, text):
    """How often the helper logged TEXT."""
    return sum(text in entry['MESSAGE']
               for entry in host.entries(SYSLOG_IDENTIFIER='nm-macvtap-dispatcher'))


def make_user_network(host):
    """The wiki's network and a macvtap guest on eth0 that is not running."""
    host.define_network(profiles.wiki_xml())
    return host.guest('alpha').define()


def reboot(host):
    """Stops everything, removes the files that do not survive a boot, and starts everything again."""
    for service in ('NetworkManager', 'libvirtd'):
        host.stop_service(service)
    host.run('pkill -9 qemu-system; pkill -9 dnsmasq; pkill -9 nm-dispatcher; pkill -9 nm-macvtap-serv', check=False)
    host.stop_service('dbus-daemon')
    host.run('''for link in $(ls /sys/class/net | grep -E '^(virbr|macvtap|nmmv)'); do
                    ip link delete $link
                done
                for link in %s; do ip addr flush dev $link; ip link set $link down; done
                rm -rf /run/NetworkManager /run/nm-macvtap /run/dbus/* /run/libvirt''' % ' '.join(host.uplinks))
    host.start_dbus()
    host.start_nm()
    run_unit(host)
    host.start_libvirtd()
    run_unit(host)


# A profile of each mode, and its base device.
MODES = {'guests': 'lo', 'lan': 'eth0', 'own': 'eth1'}
OWN_LINK = 'nmmveth1'


def add_each_mode(host, *settings):
    profiles.add(host, 'guests', *settings)
    profiles.add(host, 'lan', *settings, mode='share', parent='eth0')
    profiles.add(host, 'own', *settings, mode='move', parent='eth1')


def wait_each_up(host, timeout=60):
    for name, base in MODES.items():
        wait_up(host, name, timeout)
        equal(active(host)[name], base, f"base device of '{name}'")
    host.wait_online(45)
    # The uplinks have their addresses, the second one on its host link.
    host.wait_for(lambda: host.address() and host.address(OWN_LINK), 'the addresses', 20)
    equal(host.address('eth1'), None, 'address of eth1')
    equal(sorted(links(host, 'nmmv')), ['nmmveth0', OWN_LINK], 'host links')


@tap.host(uplinks=('eth0', 'eth1'))
def test_autoconnect_at_start_after_reboot_and_with_networking(host):
    add_each_mode(host)
    stays(host, lambda: not any(is_up(host, name) for name in MODES), 'a new profile came up without an event', 1)
    host.stop_nm()
    host.start_nm()
    wait_each_up(host)

    host.nmcli('networking', 'off')
    host.wait_for(lambda: not profiles.services(host), 'networking to be off', 40)
    host.nmcli('networking', 'on')
    wait_each_up(host)

    reboot(host)
    wait_each_up(host)
    equal(active(host), {**MODES, 'eth0': 'eth0', 'eth1': 'eth1', 'lo': 'lo', 'own (eth1)': OWN_LINK,
                         **{name: name for name in active(host) if name.startswith('virbr')}}, 'active profiles')


@tap.host()
def test_isolated_stays_usable_with_the_cable_out(host):
    alpha, = host.running_guests('alpha')
    profiles.add(host)
    run_unit(host)
    wait_up(host)
    address = profiles.our_address(alpha)
    host.wait_for(lambda: host.ping(address), 'alpha to answer')

    host.pull_cable()
    end = time.monotonic() + 10
    while time.monotonic() < end:
        check(host.ping(address), 'alpha did not answer while the cable was out')
        check(alpha.ping(HOST_ADDRESS), 'the host did not answer alpha while the cable was out')
    # NetworkManager's state for libvirt's bridge alone: connected, but only to this host.
    host.wait_for(lambda: host.nm_state() in ('connected (local only):none', 'connected (local only):limited'),
                  'NetworkManager to see it')
    check(is_up(host), 'guests went down')

    host.plug_cable()
    host.wait_online()
    check(host.ping(address) and alpha.ping(HOST_ADDRESS), 'host and alpha after the cable was in again')


@tap.host()
def test_isolated_on_the_uplink_continues_on_lo(host):
    profiles.add(host, 'guests', 'autoconnect', 'no')
    profiles.up(host)
    equal(active(host)['guests'], 'eth0', 'base device')
    check(host.run(['nm-online', '-q', '-t', '5'], check=False).returncode == 0, 'nm-online with the cable in')
    host.pull_cable()
    host.wait_for(lambda: active(host).get('guests') == 'lo', 'guests to be up on lo', 40)
    wait_up(host)
    host.plug_cable()
    host.wait_online()
    equal(active(host)['guests'], 'lo', 'base device after the cable was in again')


def request_quickly(host, *requests, pause=0):
    """Requests of a user, PAUSE seconds between them."""
    host.run(f' && sleep {pause} && '.join(f'nmcli --wait 20 connection {request} guests' for request in requests),
             timeout=90)
    settle(host)


def check_last_request_decides(host):
    """Also while the helper, which "up" starts, reads the host."""
    request_quickly(host, 'down', 'up', 'down')
    for pause in range(60, 190, 10):
        request_quickly(host, 'up', 'down', pause=pause / 1000)
        check('guests' not in active(host), f'guests came up by itself, taken down {pause} ms after it was up')
    for _ in range(3):
        request_quickly(host, 'up', 'down', 'up')
        check(is_up(host), 'guests is not up')
        request_quickly(host, 'down', 'up', 'down')
        check('guests' not in active(host), 'guests came up by itself')
    profiles.up(host)


@tap.host(uplinks=('eth0', 'eth1'))
def test_profile_that_the_user_deactivated_stays_down(host):
    make_user_network(host)
    profiles.add(host)
    run_unit(host)
    wait_up(host)
    check_last_request_decides(host)
    profiles.down(host)
    settle(host)

    def unrelated():
        host.nmcli('device', 'disconnect', 'eth1')
        host.nmcli('device', 'connect', 'eth1')
        host.lan.stop_service('http')
        host.nmcli('networking', 'connectivity', 'check')
        host.lan.start_service('http', ['python3', '-I', '-S', '/sandbox/tests/lan_http.py'])
        host.nmcli('networking', 'connectivity', 'check')
        run_unit(host)
        settle(host)

    unrelated()
    stays(host, lambda: not profiles.services(host), 'guests came up by itself')
    host.nmcli('device', 'disconnect', 'eth0')
    host.nmcli('device', 'connect', 'eth0')
    wait_up(host)

    # Without autoconnect only the user activates it again.
    profiles.down(host)
    host.nmcli('connection', 'modify', 'guests', 'connection.autoconnect', 'no')
    host.nmcli('device', 'disconnect', 'eth0')
    host.nmcli('device', 'connect', 'eth0')
    settle(host)
    stays(host, lambda: not profiles.services(host), 'guests came up by itself without autoconnect')


@tap.host()
def test_profile_follows_its_network(host):
    make_user_network(host)
    profiles.add(host)
    run_unit(host)
    wait_up(host)
    host.virsh('net-destroy', 'isolated')
    wait_down(host)
    settle(host)
    stays(host, lambda: not profiles.services(host), 'guests started the network that virsh had stopped')
    equal(profiles.network_info(host)['Active'], 'no', 'the network is active')
    host.virsh('net-start', 'isolated')
    wait_up(host)

    # libvirtd starts it.
    host.virsh('net-destroy', 'isolated')
    wait_down(host)
    host.stop_libvirtd()
    host.run(['rm', '-rf', '/run/libvirt/network/autostarted'])
    host.start_libvirtd()
    wait_up(host)
    equal(profiles.network_info(host)['Active'], 'yes', 'the network')


@tap.host(uplinks=('eth0', 'eth1'))
def test_restarts_and_killed_services_in_each_mode(host):
    """A profile that a user activated comes up again after any of them, also without autoconnect."""
    alpha = host.guest('alpha', [macvtap('eth0'), macvtap('eth1')]).define().start().wait_ready()
    add_each_mode(host, 'connection.autoconnect', 'no')
    for name, base in MODES.items():
        profiles.up(host, name, 'ifname', base)
    wait_each_up(host)
    ours = profiles.our_address(alpha)
    before = [host.address(), host.address(OWN_LINK)]

    def restart_nm():
        host.stop_nm()
        host.start_nm(wait=False)
        run_unit(host)

    def kill_nm():  # before systemd runs the unit
        host.stop_nm(9)
        host.start_nm(wait=False)

    def kill_services():
        host.run(['pkill', '-9', '-x', 'nm-macvtap-serv'])

    def restart_libvirtd():
        host.restart_libvirtd()
        run_unit(host)

    def other_services(old):
        return len(profiles.services(host)) == len(MODES) and not set(old) & set(profiles.services(host))

    def all_reach():
        return (host.ping(ours, 1) and host.ping(alpha.lan_address, 1)
                and all(alpha.ping(address, 1) for address in (HOST_ADDRESS, *before)))

    host.wait_for(all_reach, 'host and alpha to reach each other', 30)
    for disturb in ((restart_nm,), (restart_libvirtd,), (restart_nm, restart_libvirtd),
                    (restart_libvirtd, restart_nm), (kill_services,), (kill_nm,)):
        old = profiles.services(host)
        begin = time.monotonic()
        for step in disturb:
            step()
        what = ', '.join(step.__name__ for step in disturb)
        if disturb != (restart_libvirtd,):
            host.wait_for(lambda: other_services(old), f'other processes of the service after {what}', 50)
        wait_each_up(host)
        equal([host.address(), host.address(OWN_LINK)], before, f'addresses after {what}')
        host.wait_for(all_reach, f'host and alpha to reach each other after {what}', 30)
        check(time.monotonic() - begin < 60, f'it took {time.monotonic() - begin:.0f} s after {what}')
        equal(len(profiles.our_nics(alpha)), 1, f'interfaces of the profile in alpha after {what}')
        print(f'# {what}: {time.monotonic() - begin:.1f} s', flush=True)


@tap.host()
def test_profile_whose_service_dies_again_and_again_stays_down(host):
    profiles.add(host)
    run_unit(host)
    for _ in range(4):
        wait_up(host)
        host.run(['pkill', '-9', '-x', 'nm-macvtap-serv'])
        host.wait_for(lambda: not is_up(host) or count_logged(host, 'activate') > 1, 'NetworkManager to see it')
        settle(host)
    host.wait_for(lambda: count_logged(host, 'by itself') == 1, 'the helper to log it')
    host.nmcli('networking', 'connectivity', 'check')
    stays(host, lambda: not is_up(host), 'guests came up again')
    equal(count_logged(host, 'by itself'), 1, 'log entries')
    check("activate 'guests' on lo" in host.run(['nm-macvtap', 'refresh']).stdout, 'refresh does not try again')
    wait_up(host)


def remove_package(host):
    """Leaves what `ninja uninstall` leaves: running processes, and the memory of NetworkManager."""
    host.run("find /usr -name '*nm-macvtap*' -not -path '*/src/*' >/run/files; tar -cf /run/package -T /run/files 2>/dev/null")
    files = host.read('/run/files').split()
    check(HOOK in files and UNIT in files, f'files of the package: {files}')
    host.run(['rm', '-rf', *files])


def install_package(host):
    host.run(['tar', '-xf', '/run/package', '-C', '/'])
    host.wait_for(lambda: host.run(['nm-macvtap', 'refresh'], check=False).returncode == 0,
                  'NetworkManager to know the plugin again')


def addresses_and_routes(host):
    output = host.run('ip -o addr show scope global; ip route').stdout
    return sorted(line for line in re.sub(r' (valid_lft|preferred_lft) \S+', '', output).splitlines()
                  if 'virbr' not in line)


def uplinks_work(host):
    """Over both, in both directions."""
    addresses = [host.address(), host.address('eth1') or host.address(OWN_LINK)]
    return all(addresses) and all(host.lan.ping(address, 1) for address in addresses) and all(
        host.ping(host.lan.gateway(index), 1) for index in range(2))


@tap.host(uplinks=('eth0', 'eth1'))
def test_package_removed_while_up(host):
    """The services run on until their profiles are deactivated, and restore the host. If they are killed, the host
    keeps its network, and the rest is removed by hand."""
    before = addresses_and_routes(host)
    add_each_mode(host)
    run_unit(host)
    wait_each_up(host)
    addresses = [host.address(), host.address(OWN_LINK)]

    services = profiles.services(host)
    remove_package(host)
    stays(host, lambda: profiles.services(host) == services and all(is_up(host, name) for name in MODES),
          'a profile went down with the files', 2)
    host.wait_for(lambda: uplinks_work(host), 'both uplinks to work', 10)
    for name in MODES:
        host.nmcli('connection', 'down', name)
    host.wait_for(lambda: not profiles.services(host), 'the services to end', 40)
    host.wait_online(45)
    equal(links(host, 'nmmv'), [], 'host links')
    host.wait_for(lambda: addresses_and_routes(host) == before, f'the network to be {before}', 45)

    # No process is left: every address stays, and a link without routes is harmless.
    install_package(host)
    wait_each_up(host)
    settle(host)
    remove_package(host)
    host.run(['pkill', '-9', '-x', 'nm-macvtap-serv'])
    host.wait_for(lambda: not set(MODES) & set(active(host)), 'the profiles to be down', 20)
    host.wait_online(45)
    host.wait_for(lambda: uplinks_work(host), 'both uplinks to work', 30)
    equal([host.address(), host.address(OWN_LINK)], addresses, 'addresses after kill -9')
    equal(host.run(['ip', 'route', 'show', 'dev', 'nmmveth0']).stdout, '', 'routes on the link of mode share')
    # By hand, as the manual page documents.
    host.run(['ip', 'link', 'delete', 'nmmveth0'])
    host.nmcli('connection', 'delete', 'own (eth1)')
    host.wait_for(lambda: not links(host, 'nmmv'), 'the host links to be gone')
    mac = re.search('own=(.*)', host.read('/run/nm-macvtap/mac-eth1'))[1]
    host.run(['ip', 'link', 'set', 'eth1', 'address', mac])
    host.nmcli('device', 'reapply', 'eth1')
    host.wait_for(lambda: host.address('eth1'), 'the address on eth1', 20)
    host.wait_for(lambda: addresses_and_routes(host) == before, f'the network to be {before}', 45)
    install_package(host)
    wait_each_up(host)


def wait_left_behind(host, before, what):
    """The services end by themselves within a minute, and nothing is left of the profiles."""
    def is_as_before():
        # A default route with a worse metric, of a device that NetworkManager has not found online yet, can stay (seen
        # on eth0, NM 1.52).
        return [line for line in addresses_and_routes(host) if not re.search(r' metric 20\d{3} ', line)] == before

    host.wait_for(lambda: not profiles.services(host), f'the services to end {what}', 60)
    host.wait_for(lambda: host.nm_state() == 'connected:full' and uplinks_work(host) and is_as_before(),
                  f'the network to be {before} {what}', 60)
    equal(links(host, 'nmmv'), [], f'host links {what}')
    check('own (eth1)' not in names(host), f'the profile of the host link is left {what}')


@tap.host(uplinks=('eth0', 'eth1'))
def test_package_removed_and_nm_restarted(host):
    """There is no helper that could restore anything: the service does, as soon as NetworkManager runs."""
    before = addresses_and_routes(host)
    add_each_mode(host)
    run_unit(host)
    for number, away in ((15, 0), (9, 0), (15, 40)):
        what = f'after a restart with signal {number}, {away} s away'
        wait_each_up(host)
        settle(host)
        address = host.address(OWN_LINK)
        start_stream(host, address, f'ask{number}-{away}')
        remove_package(host)
        host.stop_nm(number)
        if away:
            stays(host, lambda: host.lan.ping(address, 1) and host.address(OWN_LINK) == address,
                  'the host lost its address without NetworkManager', away)
            check(len(profiles.services(host)) == 1, 'the service of mode move did not wait')
        host.start_nm(wait=False)
        begin = time.monotonic()
        wait_left_behind(host, before, what)
        print(f'# {what}: {time.monotonic() - begin:.1f} s, longest stall '
              f"{check_stream(host, what, name=f'ask{number}-{away}'):.1f} s", flush=True)
        install_package(host)

    # A service that waits ends at SIGTERM, at once, and leaves the host's address on the link.
    wait_each_up(host)
    settle(host)
    address = host.address(OWN_LINK)
    remove_package(host)
    host.stop_nm()
    host.wait_for(lambda: len(profiles.services(host)) == 1, 'the service of mode move to wait', 40)
    stays(host, lambda: profiles.services(host), 'the service of mode move did not wait')
    host.run(['kill', *profiles.services(host)])
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 2)
    equal(host.address(OWN_LINK), address, 'address after SIGTERM')
    host.start_nm(wait=False)
    host.wait_online(45)
    host.wait_for(lambda: uplinks_work(host), 'both uplinks to work', 30)
    install_package(host)
    wait_each_up(host)


@tap.host()
def test_failing_profiles_are_logged_once_and_never_delay_the_uplink(host):
    def activation_time():
        begin = time.monotonic()
        host.nmcli('connection', 'up', 'eth0')
        return time.monotonic() - begin

    plain = sorted(activation_time() for _ in range(5))
    settle(host)
    host.stop_libvirtd()
    profiles.add(host, 'bad', frobnicate='yes')
    profiles.add(host, 'waiting')
    failing = sorted(activation_time() for _ in range(5))
    settle(host)
    run_unit(host)
    for _ in range(3):
        host.nmcli('networking', 'connectivity', 'check')
    check(failing[2] < plain[2] + 0.3, f'eth0 took {failing} s with failing profiles, {plain} s without')
    equal(host.nm_state(), 'connected:full', 'state')
    equal(count_logged(host, 'frobnicate'), 1, 'log entries of the bad key')
    equal(count_logged(host, 'libvirt does not answer'), 1, 'log entries of libvirt')
    equal(profiles.messages(host), [], 'messages of the service')

    host.start_libvirtd()
    run_unit(host)
    wait_up(host, 'waiting')
    equal(profiles.state(host, 'bad'), '', "state of 'bad'")


@tap.host()
def test_suggested_profiles_follow_libvirt(host):
    host.define_network(profiles.wiki_xml())
    beta = host.guest('beta').define()
    alpha, = host.running_guests('alpha')
    host.run(['nm-macvtap', 'refresh'])
    for name in (SUGGESTED_NETWORK, SUGGESTED_DEVICE):
        check(name in names(host), f'no profile {name!r}')
        equal(host.nmcli('-g', 'connection.autoconnect', 'connection', 'show', name).stdout, 'no\n', 'autoconnect')
    check(not host.run('ls /etc/NetworkManager/system-connections | grep -i -e isolated -e guests',
                       check=False).stdout, 'a suggested profile was written to /etc')
    equal(host.run(['nm-macvtap', 'refresh']).stdout, '', 'output of a second refresh')
    host.nmcli('connection', 'delete', SUGGESTED_DEVICE)
    equal(json.loads(host.run(['nm-macvtap', 'refresh', '--json']).stdout),
          {'actions': [f"suggest '{SUGGESTED_DEVICE}'"]}, 'refresh as JSON')

    # Active suggested profiles survive a restart, without a duplicate.
    profiles.up(host, SUGGESTED_NETWORK)
    profiles.up(host, SUGGESTED_DEVICE)
    address = profiles.our_address(alpha)

    def wait_reached():
        host.wait_for(lambda: host.ping(address, 1) and alpha.ping(HOST_ADDRESS, 1)
                      and host.ping(alpha.lan_address, 1) and alpha.ping(host.address(), 1),
                      'host and alpha to reach each other over both', 30)

    wait_reached()
    host.stop_nm()
    host.start_nm()
    for name in (SUGGESTED_NETWORK, SUGGESTED_DEVICE):
        wait_up(host, name)
    wait_reached()
    settle(host)
    for name in (SUGGESTED_NETWORK, SUGGESTED_DEVICE):
        equal(names(host).count(name), 1, f'profiles named {name!r}')
        host.nmcli('connection', 'down', name)
    host.wait_for(lambda: not profiles.services(host), 'the services to end', 40)

    # A user's profile for the same target.
    profiles.add(host, 'mine', 'autoconnect', 'no')
    run_unit(host)
    check(SUGGESTED_NETWORK not in names(host), 'the suggested profile is still there beside a profile of the user')
    check(SUGGESTED_DEVICE in names(host), 'the other suggested profile was removed, too')
    host.nmcli('connection', 'delete', 'mine')
    run_unit(host)
    check(SUGGESTED_NETWORK in names(host), 'the suggested profile is not back')
    profiles.add_by_hand(host, 'mine', mode='share', parent='eth0')
    run_unit(host)
    check(SUGGESTED_DEVICE not in names(host) and SUGGESTED_NETWORK in names(host), f'profiles: {names(host)}')
    host.nmcli('connection', 'delete', 'mine')
    run_unit(host)
    check(SUGGESTED_DEVICE in names(host), 'the suggested profile for eth0 is not back')

    # One that a user saves is the user's.
    host.nmcli('connection', 'modify', SUGGESTED_NETWORK, 'connection.id', 'kept')
    alpha.destroy()
    alpha.undefine()
    equal(host.run(['nm-macvtap', 'refresh']).stdout, '', 'output of refresh while there is a guest')
    beta.undefine()
    equal(host.run(['nm-macvtap', 'refresh']).stdout, f"withdraw '{SUGGESTED_DEVICE}'\n",
          'output of refresh without guests')
    check(SUGGESTED_DEVICE not in names(host) and 'kept' in names(host), f'profiles: {names(host)}')

    # If libvirt does not answer, nothing is withdrawn.
    host.guest('gamma').define()
    run_unit(host)
    host.stop_libvirtd()
    run_unit(host)
    check(SUGGESTED_DEVICE in names(host), 'the suggested profile went with libvirtd')

    host.write('/etc/NetworkManager/nm-macvtap.conf', '[dispatcher]\noffer-profiles=no\n')
    run_unit(host)
    check(SUGGESTED_DEVICE not in names(host), 'a suggested profile although the administrator disabled them')


@tap.host()
def test_host_link_without_profile_is_removed_and_other_interfaces_stay(host):
    host.run('''ip link add link eth0 name nmmveth0 type macvtap mode bridge
                ip link set nmmveth0 alias nm-macvtap:00000000-0000-4000-8000-000000000000
                ip link add link eth0 name nmmvother type macvtap mode bridge''')
    output = host.run(['nm-macvtap', 'refresh']).stdout
    check('nmmveth0' not in links(host), 'the link is still there')
    check('nmmvother' in links(host) and 'nmmvother' not in output, "another program's link was removed")


@tap.host()
def test_share_follows_its_cable(host):
    alpha, = host.running_guests('alpha')
    address = alpha.lan_address
    profiles.add(host, 'lan', mode='share', parent='eth0')
    host.stop_nm()
    host.start_nm()
    wait_up(host, 'lan', 40)
    equal(active(host)['lan'], 'eth0', 'base device')
    host.wait_for(lambda: host.ping(address, 1) and alpha.ping(host.address(), 1), 'host and alpha to reach each other', 30)

    cable_out_and_in(host, 'lan', lambda: host.ping(address, 1) and alpha.ping(host.address(), 1))

    host.run(['pkill', '-9', '-x', 'nm-macvtap-serv'])
    host.wait_for(lambda: count_logged(host, "activate 'lan'") >= 3, 'the helper to activate it again', 30)
    wait_up(host, 'lan', 40)
    host.wait_for(lambda: host.ping(address, 1), 'alpha to answer after kill -9', 30)
    profiles.down(host, 'lan')
    equal(links(host, 'nmmv'), [], 'host links')

    # NetworkManager calls eth0 up for its IPv6 alone, before DHCP: without a parent it is not known yet that eth0 is
    # the profile's device.
    host.nmcli('connection', 'modify', 'lan', '-vpn.data', 'parent')
    host.nmcli('device', 'disconnect', 'eth0')
    host.lan.stop_service('dnsmasq')
    host.nmcli('device', 'connect', 'eth0')
    settle(host)
    check(not host.address() and not profiles.services(host), 'eth0 has an address already')
    host.lan.start_dnsmasq()
    wait_up(host, 'lan', 40)


@tap.host()
def test_move_follows_its_cable_and_keeps_the_host_online(host):
    alpha, = host.running_guests('alpha')
    address = host.address()
    profiles.add(host, 'own', mode='move', parent='eth0')

    def moved():
        return links(host, 'nmmv')

    host.stop_nm()
    host.start_nm()
    wait_up(host, 'own', 60)
    host.wait_online()
    equal((host.address(), host.address(moved()[0])), (None, address), 'addresses of eth0 and the link')
    host.wait_for(lambda: alpha.ping(address, 1), 'the host to answer alpha', 30)

    # The service dies: eth0 gets its address back, then the profile comes up again.
    host.run(['pkill', '-9', '-x', 'nm-macvtap-serv'])
    host.wait_for(lambda: count_logged(host, 'restore eth0'), 'eth0 to be restored', 30)
    wait_up(host, 'own', 60)
    host.wait_online()
    host.wait_for(lambda: alpha.ping(address, 1), 'the host to answer alpha', 30)

    cable_out_and_in(host, 'own', lambda: host.ping(alpha.lan_address, 1) and alpha.ping(address, 1))
    equal((host.address(), host.address(moved()[0])), (None, address), 'addresses of eth0 and the link')

    # The user deactivates it: the service restores everything itself.
    host.nmcli('connection', 'modify', 'own', 'connection.autoconnect', 'no')
    profiles.down(host, 'own')
    settle(host)
    equal((host.address(), moved()), (address, []), 'address of eth0, and links')
    host.wait_online()


@tap.host()
def test_storm(host):
    make_user_network(host)
    profiles.add(host)
    run_unit(host)
    wait_up(host)
    before = profiles.services(host)
    storm = host.popen(['sh', '-c', '''
        export CONNECTION_UUID=77777777-0000-4000-8000-000000000000 DEVICE_IFACE=eth0
        for round in $(seq 50); do
            for event in "eth0 down" "eth0 up" "eth0 reapply" "- connectivity-change"; do
                %s $event &
            done
            sleep 0.04
        done
        wait''' % HOOK])
    most = memory = 0
    while storm.poll() is None:
        running = helpers(host)
        most = max(most, len(running))
        for pid in running:
            size = host.run(['awk', '/^VmHWM/ {print $2}', f'/proc/{pid}/status'], check=False).stdout
            memory = max(memory, int(size or 0))
    equal(storm.returncode, 0, 'exit status of the storm')
    settle(host)
    check(1 <= most <= 2, f'{most} helpers at once')
    check(0 < memory < 64 * 1024, f'the helper took {memory} KiB')
    check(is_up(host) and profiles.services(host) == before, 'the profile was touched')
    equal(host.nm_state(), 'connected:full', 'state')


@tap.host()
def test_unit_is_valid(host):
    host.run(['systemd-analyze', 'verify', '--man=yes', UNIT])
    units = os.path.dirname(UNIT)
    host.run(['cmp', UNIT, f'{units}/NetworkManager.service.wants/{os.path.basename(UNIT)}'])
    for daemon in ('libvirtd', 'virtqemud', 'virtlxcd', 'virtnetworkd'):
        host.run(['cmp', f'{units}/nm-macvtap-refresh@.service',
                  f'{units}/{daemon}.service.wants/nm-macvtap-refresh@{daemon}.service'])


@tap.host()
def test_storm_through_nm_dispatcher(host):
    profiles.add(host, 'guests', 'autoconnect', 'no')
    call = ['gdbus', 'call', '--system', '--dest', 'org.freedesktop.nm_dispatcher',
            '--object-path', '/org/freedesktop/nm_dispatcher',
            '--method', 'org.freedesktop.nm_dispatcher.Action', 'connectivity-change',
            *['{}'] * 8, 'FULL', '', *['{}'] * 3, 'false']
    words = ' '.join(f"'{word}'" for word in call)
    host.run(f'for i in $(seq 50); do {words} >/dev/null & {words} >/dev/null & {words} >/dev/null & {words} >/dev/null & wait; done',
             timeout=60)
    settle(host)
    equal(host.entries(SYSLOG_IDENTIFIER='nm-macvtap-dispatcher'), [], 'messages of the helper')
    profiles.up(host)


@tap.host()
def test_hanging_libvirt_ends_the_helper_in_time(host):
    profiles.add(host)
    host.signal_service('libvirtd', 19)
    begin = time.monotonic()
    run_unit(host)
    check(time.monotonic() - begin < 30, f'the helper took {time.monotonic() - begin:.0f} s')
    check(count_logged(host, 'has not answered') <= 1, 'logged more than once')
    host.signal_service('libvirtd', 18)
    host.wait_for(lambda: host.virsh('version', check=False).returncode == 0, 'libvirtd')
    run_unit(host)
    wait_up(host)


@tap.host()
def test_hook_lets_ordinary_scripts_pass(host):
    """NetworkManager's other scripts of the same event wait for those in no-wait.d, so the hook ends at once."""
    host.signal_service('libvirtd', 19)  # the helper waits for it
    host.write('/etc/NetworkManager/dispatcher.d/99-last', '#!/bin/sh\necho "$1 $2" >>/run/last\n', 0o755)
    begin = time.monotonic()
    host.nmcli('connection', 'up', 'eth0')
    host.wait_for(lambda: host.exists('/run/last') and 'eth0 up' in host.read('/run/last'), 'the last script', 5)
    check(time.monotonic() - begin < 3, 'the last script came late')
    host.wait_for(lambda: helpers(host), 'the helper, which waits for libvirtd', 5)
    host.signal_service('libvirtd', 18)
    settle(host)


if __name__ == '__main__':
    tap.main()
