# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode move when a step fails, on the way up or down: the host keeps its address."""

import signal
import time

import profiles
import tap
from move import (LINK, NM, add, check_stream, check_unmoved, checkpoints, pings, prepared, start_stream,
                  step_of, without_helper)
from sandbox import Lan
from tap import check, equal

# Offers an address and refuses it as soon as a client requests it.
REFUSE = '''
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'lan0')
server.bind(('', 67))
me = bytes([10, 77, 0, 1])
while True:
    data = server.recv(2000)
    kinds = {b'\\x35\\x01\\x01': 2, b'\\x35\\x01\\x03': 6}
    kind = next((kind for asked, kind in kinds.items() if asked in data[240:]), None)
    if kind is None:
        continue
    offered = bytes([10, 77, 0, 123]) if kind == 2 else bytes(4)
    head = b'\\x02' + data[1:16] + offered + me + data[24:236] + data[236:240]
    rest = bytes([53, 1, kind, 54, 4]) + me
    if kind == 2:
        rest += bytes([51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0])
    server.sendto(head + rest + b'\\xff', ('255.255.255.255', 68))
    print('refused' if kind == 6 else 'offered', flush=True)
'''

REFUSAL = '/etc/dbus-1/system.d/refusal.conf'
RELOAD_BUS = ['busctl', 'call', 'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'ReloadConfig']

STEPS_UP = ('read', 'checkpoint', 'add', 'activate', 'wait-made', 'take-mac', 'bind', 'configure', 'wait-link', 'reapply',
            'wait-online', 'commit', 'up')
STEPS_DOWN = ('return-mac', 'restore', 'wait-restored', 'remove', 'release')


def kill_at(host, step):
    """Kills the service as it begins that step, on the way up or down."""
    if step in STEPS_DOWN:
        profiles.up(host)
    seen = profiles.messages(host).count(step_of(step))
    host.trap(step_of(step), 9)
    host.nmcli('connection', 'down' if step in STEPS_DOWN else 'up', 'guests', check=False, timeout=90)
    host.wait_for(lambda: profiles.messages(host).count(step_of(step)) > seen, f'the step {step}')


def refuse_calls(host, interface, member):
    """The bus refuses all such calls to NetworkManager."""
    host.write(REFUSAL, '<busconfig><policy context="mandatory"><deny send_destination="org.freedesktop.NetworkManager" '
               f'send_interface="{interface}" send_member="{member}"/></policy></busconfig>')
    host.run(RELOAD_BUS)


def allow_calls(host):
    host.run(['rm', REFUSAL])
    host.run(RELOAD_BUS)


@tap.host()
def test_killed_service_leaves_the_host_online(host):
    """Without the helper, which may activate the profile again before the test looks."""
    without_helper(host)
    alpha, = host.running_guests('alpha')
    address, before = prepared(host)
    profiles.up(host)
    for _ in range(2):
        host.run(['kill', '-9', *profiles.services(host)])
        host.wait_for(lambda: profiles.state(host) != 'activated', 'the profile to go down')
        host.wait_online()
        equal(host.address(LINK), address, 'address after the service was killed')
        check(host.ping(Lan.gateway()) and host.lan.ping(address), 'the LAN is not reached')
        check_stream(host, 'after the service was killed')
        # The next activation undoes the remains first.
        profiles.up(host)
        host.wait_for(lambda: pings(host, alpha, address), 'host and guest to reach each other', 10)
    profiles.down(host)
    check_unmoved(host, address, before, 'after down')
    check_stream(host, 'at the end')

    # Killed, and the link is gone too: the parent gets its addresses back, and the activation begins again.
    profiles.up(host)
    host.run(['kill', '-9', *profiles.services(host)])
    host.wait_for(lambda: profiles.state(host) != 'activated', 'the profile to go down')
    host.nmcli('device', 'delete', LINK)
    equal(host.address(), None, 'address of the parent')
    profiles.up(host, 'guests', 'ifname', 'eth0')
    equal(host.address(LINK), address, 'address on the new link')
    profiles.down(host)
    check_unmoved(host, address, before, 'after a new beginning')

    # Terminated.
    profiles.up(host)
    host.run(['kill', *profiles.services(host)])
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
    check_unmoved(host, address, before, 'after the service was told to end')
    check_stream(host, 'after the service was told to end')

    # Killed before anything was moved.
    host.lan.stop_service('dnsmasq')
    host.nmcli('--wait', '0', 'connection', 'up', 'guests')
    host.wait_for(lambda: LINK in host.run(['ip', '-o', 'link']).stdout, 'the link')
    host.run(['kill', '-9', *profiles.services(host)])
    host.wait_for(lambda: not profiles.services(host), 'the service to end')
    equal(host.address(), address, 'address after the service was killed on the way')
    check_stream(host, 'after the service was killed on the way')
    host.lan.start_dnsmasq()


@tap.host(debug=True)
def test_killed_at_each_step(host):
    """Without the helper: the host always has its address, and the next `up` works at once."""
    without_helper(host)
    address, before = prepared(host)
    for step in STEPS_UP + STEPS_DOWN:
        kill_at(host, step)
        host.wait_for(lambda: not profiles.services(host), 'the service to end', 5)
        check(address in (host.address(LINK, check=False), host.address()), f'the host has no address after {step}')
        check(host.lan.ping(address), f'the LAN does not reach the host after {step}')
        check_stream(host, f'after the service was killed at {step}')
        begin = time.monotonic()
        profiles.up(host)
        print(f'# up again after a kill at {step}: {time.monotonic() - begin:.1f} s')
        equal((host.address(LINK), host.address()), (address, None), f'address when up again after {step}')
        equal(checkpoints(host), [], f'checkpoints when up again after {step}')
        profiles.down(host)
        check_unmoved(host, address, before, f'after a kill at {step}')
        check_stream(host, f'at the end of {step}')

    # Killed while the parent has no IP, and the link is gone too; the checkpoint remains.
    kill_at(host, 'commit')
    host.nmcli('device', 'delete', LINK)
    equal(host.address(), None, 'address of the parent')
    profiles.up(host, 'guests', 'ifname', 'eth0')
    equal((host.address(LINK), checkpoints(host)), (address, []), 'address on the new link, and checkpoints')
    profiles.down(host)
    check_unmoved(host, address, before, 'after a new beginning')
    check_stream(host, 'after a new beginning')


@tap.host(debug=True)
def test_helper_puts_right_what_was_killed(host):
    """With the helper: the host has its configuration on eth0 again, or moved again, and nothing else is left."""
    address, before = prepared(host)
    # Before the link exists, nothing has changed, and no event starts the helper.
    for step in STEPS_UP[STEPS_UP.index('bind'):] + STEPS_DOWN:
        kill_at(host, step)
        begin = time.monotonic()

        def is_right():
            if checkpoints(host):
                return False
            if profiles.state(host) == 'activated':
                return host.address(LINK) == address and not host.address()
            return not profiles.services(host) and LINK not in host.run(['ip', '-o', 'link']).stdout \
                and host.address() == address and f'guests (eth0)' not in host.nmcli('connection').stdout
        host.wait_for(is_right, f'everything to be right after a kill at {step}', 60)
        print(f'# right after a kill at {step}: {time.monotonic() - begin:.1f} s, {profiles.state(host) or "down"}')
        check_stream(host, f'after the service was killed at {step}')
        # The helper activates a profile that a user activated again, maybe after everything else is restored.
        host.wait_for(lambda: host.run(['pgrep', '-x', '90-nm-macvtap|nm-macvtap-disp'], check=False).returncode != 0,
                      'the helper to end', 60)
        if profiles.state(host):
            profiles.down(host)
        check_unmoved(host, address, before, f'after a kill at {step}')


@tap.host(debug=True)
def test_interrupted_at_each_step(host):
    """A user deactivates the profile as each step begins."""
    address, before = prepared(host)
    for step in STEPS_UP:
        seen = profiles.messages(host).count(step_of(step))
        host.trap(step_of(step), signal.SIGSTOP)
        host.nmcli('--wait', '0', 'connection', 'up', 'guests')
        host.wait_for(lambda: profiles.messages(host).count(step_of(step)) > seen, f'the step {step}')
        host.nmcli('--wait', '0', 'connection', 'down', 'guests')
        host.run(['kill', '-CONT', *profiles.services(host)])
        host.wait_for(lambda: not profiles.services(host), 'the service to end', 20)
        equal(checkpoints(host), [], f'checkpoints after an interruption at {step}')
        check_unmoved(host, address, before, f'after an interruption at {step}')
        check_stream(host, f'after an interruption at {step}')

    # Another program changes the parent's configuration meanwhile: the change stays.
    host.trap(step_of('wait-link'), signal.SIGSTOP)
    host.nmcli('--wait', '0', 'connection', 'up', 'guests')
    host.wait_for(lambda: LINK in host.run(['ip', '-o', 'link']).stdout, 'the link')
    host.wait_for(lambda: profiles.messages(host)[-1] == step_of('wait-link'), 'the step')
    host.nmcli('device', 'modify', 'eth0', 'ipv4.dns-search', 'changed.example')
    host.run(['kill', '-CONT', *profiles.services(host)])
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 20)
    check(any("cannot change the configuration of 'eth0'" in text for text in profiles.messages(host)),
          f'no reason: {profiles.messages(host)}')
    check('changed.example' in host.read('/etc/resolv.conf'), 'the change is lost')
    check_unmoved(host, address, before, 'after a change of the parent')
    check_stream(host, 'after a change of the parent')


@tap.host(shared='failures')
def test_silent_dhcp_server_changes_nothing(host):
    address, before = prepared(host)
    host.lan.stop_service('dnsmasq')
    begin = time.monotonic()
    profiles.refused(host, LINK, 'DHCP')
    took = time.monotonic() - begin
    check(took < 40, f'it took {took:.0f} s')
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 10)
    check_unmoved(host, address, before, 'after a silent server')
    # The host always had its address.
    check_stream(host, 'after a silent server', 1.0)

    # The user gives up.
    host.nmcli('--wait', '0', 'connection', 'up', 'guests')
    host.wait_for(lambda: LINK in host.run(['ip', '-o', 'link']).stdout, 'the link')
    begin = time.monotonic()
    profiles.down(host)
    check(time.monotonic() - begin < 5, 'it does not stop')
    check_unmoved(host, address, before, 'after an interruption')
    check_stream(host, 'after an interruption', 1.0)
    host.lan.start_dnsmasq()


@tap.host(shared='failures')
def test_refusing_dhcp_server_changes_nothing(host):
    address, before = prepared(host)
    host.lan.stop_service('dnsmasq')
    host.lan.write('/run/refuse.py', REFUSE)
    host.lan.start_service('refuse', ['python3', '/run/refuse.py'])
    profiles.refused(host, LINK, 'DHCP')
    check(any('refused' in entry['MESSAGE'] for entry in host.lan.entries(SYSLOG_IDENTIFIER='refuse')),
          'the server did not refuse')
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 10)
    check_unmoved(host, address, before, 'after a refusal')
    check_stream(host, 'after a refusal', 1.0)
    host.lan.stop_service('refuse')
    host.lan.start_dnsmasq()


@tap.host(shared='failures')
def test_link_that_cannot_be_made_changes_nothing(host):
    address, before = prepared(host)
    # NetworkManager does not know such names; the kernel does.
    host.run(['ip', 'link', 'property', 'add', 'dev', 'lo', 'altname', LINK])
    profiles.refused(host, LINK, 'File exists')
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 10)
    check_unmoved(host, address, before, 'without a link')
    check_stream(host, 'without a link', 1.0)
    host.run(['ip', 'link', 'property', 'del', 'dev', 'lo', 'altname', LINK])


@tap.host(shared='failures')
def test_no_checkpoint_no_move(host):
    address, before = prepared(host)
    device = host.run(['busctl', 'call', *NM, 'GetDeviceByIpIface', 's', 'eth0']).stdout.split()[1].strip('"')
    # Another program's checkpoint, of all devices or of eth0 alone: it stays.
    for devices in ([], [device]):
        path = host.run(['busctl', 'call', *NM, 'CheckpointCreate', 'aouu', str(len(devices)), *devices, '600',
                         '0']).stdout.split()[1]
        profiles.refused(host, 'checkpoint', 'eth0')
        host.wait_for(lambda: not profiles.services(host), 'the service to end', 10)
        check_unmoved(host, address, before, 'without a checkpoint')
        check_stream(host, 'without a checkpoint', 1.0)
        equal(checkpoints(host), [path], 'the checkpoint of another program')
        host.run(['busctl', 'call', *NM, 'CheckpointDestroy', 'o', path.strip('"')])
    profiles.up(host)
    profiles.down(host)
    check_unmoved(host, address, before, 'after down')


@tap.host(shared='refused', debug=True)
def test_checkpoint_that_stays_is_known_afterwards(host):
    """NetworkManager does not drop it: the next activation finds it, and can still create its own."""
    without_helper(host)
    address, before = prepared(host)
    refuse_calls(host, 'org.freedesktop.NetworkManager', 'CheckpointDestroy')
    profiles.refused(host, "NetworkManager cannot end the checkpoint of 'eth0'")
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 10)
    allow_calls(host)
    equal(len(checkpoints(host)), 1, 'number of checkpoints')
    equal(host.address(), address, 'address on the parent')
    profiles.up(host)
    equal((host.address(LINK), host.address()), (address, None), 'address when up again')
    equal(checkpoints(host), [], 'checkpoints when up again')
    profiles.down(host)
    check_unmoved(host, address, before, 'after a checkpoint that stayed')
    check_stream(host, 'after a checkpoint that stayed')


@tap.host(shared='refused', debug=True)
def test_parent_that_cannot_be_read_is_activated_again(host):
    without_helper(host)
    address, before = prepared(host)
    profiles.up(host)
    refuse_calls(host, 'org.freedesktop.NetworkManager.Device', 'GetAppliedConnection')
    seen = len(profiles.messages(host))
    profiles.down(host)
    allow_calls(host)
    said = profiles.messages(host)[seen:]
    check(any("cannot read the configuration of 'eth0'" in text for text in said), f'not logged: {said}')
    check(step_of('reactivate') in said, f'it was not activated again: {said}')
    check_unmoved(host, address, before, 'after a configuration that could not be read')
    check_stream(host, 'after a configuration that could not be read')


@tap.host()
def test_no_lease_on_the_way_back(host):
    """The parent gets no address: the link keeps the one that it has."""
    address = host.address()
    start_stream(host, address)
    add(host, parent='eth0')
    profiles.up(host)
    host.lan.stop_service('dnsmasq')
    profiles.down(host)
    equal(host.address(LINK), address, 'address while the DHCP server is silent')
    check_stream(host, 'while the DHCP server is silent', 1.0)
    check(any('stays up' in text for text in profiles.messages(host)), f'not logged: {profiles.messages(host)}')
    host.lan.start_dnsmasq()
    profiles.up(host)
    host.wait_online()
    equal((host.address(LINK), host.address()), (address, None), 'address after the next up')
    profiles.down(host)
    host.wait_for(host.address, 'the address on the parent', 20)
    equal(host.address(), address, 'address after down')
    check(LINK not in host.run(['ip', '-o', 'link']).stdout, 'the link is left')
    check_stream(host, 'at the end')


@tap.host()
def test_parent_given_up_on_the_way_back(host):
    """NetworkManager no longer tries the parent: the link keeps the address, too."""
    without_helper(host)
    host.nmcli('connection', 'modify', 'eth0', 'ipv4.dhcp-timeout', '4', 'ipv4.may-fail', 'no', 'ipv6.method', 'disabled',
               'connection.autoconnect-retries', '1')
    host.nmcli('connection', 'up', 'eth0')
    address = host.address()
    start_stream(host, address)
    add(host, parent='eth0')
    profiles.up(host)
    host.lan.stop_service('dnsmasq')
    host.nmcli('--wait', '0', 'connection', 'down', 'guests')
    host.wait_for(lambda: host.nmcli('-g', 'GENERAL.STATE', 'device', 'show', 'eth0').stdout.startswith('30 '),
                  'the parent to be disconnected', 30)
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
    equal(host.address(LINK), address, 'address with the parent given up')
    check_stream(host, 'with the parent given up', 1.0)
    host.lan.start_dnsmasq()
    host.nmcli('device', 'connect', 'eth0')
    profiles.up(host)
    profiles.down(host)
    equal(host.address(), address, 'address after down')
    check(LINK not in host.run(['ip', '-o', 'link']).stdout, 'the link is left')


if __name__ == '__main__':
    tap.main()
