# SPDX-License-Identifier: GPL-2.0-or-later
"""Users and services act while the dispatcher's helper runs: neither undoes the work of the other."""

import re
import signal
import subprocess
import time

import profiles
import tap
from move import LINK, step_of
from sandbox import Lan
from tap import check, equal
from test_dispatcher import UNIT, active, count_logged, helpers, settle, stays, wait_up

STATES = '/run/nm-macvtap/dispatcher-memory'
SERVICE = '/usr/libexec/nm-macvtap-service'


def unit_command(host):
    return re.search('^ExecStart=(.*)', host.read(UNIT), re.MULTILINE)[1].split()


def start_unit(host):
    """As systemd does, without waiting for its end."""
    return host.popen(unit_command(host))


@tap.host()
def test_user_deactivates_a_profile_while_a_device_is_restored(host):
    """A restore takes 10 s if the device gets no address; actions that were decided before may be obsolete."""
    profiles.add(host, 'guests')
    profiles.add_by_hand(host, 'own', mode='move', parent='eth0')
    profiles.up(host, 'own', 'ifname', 'eth0')
    profiles.up(host, 'guests', 'ifname', 'lo')
    settle(host)
    host.lan.stop_service('dnsmasq')
    host.run(['pkill', '-9', '-x', 'nm-macvtap-serv'])

    # The helper saves the states before its first action.
    host.wait_for(lambda: 'tried=true' in host.read(STATES), 'the helper to decide')
    profiles.up(host, 'guests', 'ifname', 'lo')
    host.nmcli('connection', 'down', 'guests')
    equal(count_logged(host, 'gets no address'), 0, 'times that the helper gave up on eth0 already')
    settle(host)
    check(count_logged(host, 'gets no address'), 'eth0 has got an address')
    equal(count_logged(host, "activate 'guests'"), 0, 'times that the helper activated guests')
    stays(host, lambda: 'guests' not in active(host), 'guests came up, although the user had deactivated it', 2)
    host.lan.start_dnsmasq()


@tap.host(uplinks=('eth0', 'eth1'))
def test_link_is_used_again_while_a_device_is_restored(host):
    profiles.add_by_hand(host, 'own', mode='move', parent='eth1')
    profiles.add_by_hand(host, 'lan', mode='share', parent='eth0')
    uuid = host.nmcli('-g', 'connection.uuid', 'connection', 'show', 'lan').stdout.strip()
    profiles.up(host, 'own', 'ifname', 'eth1')
    settle(host)
    host.run(f'ip link add nmmveth0 link eth0 type macvtap mode bridge && ip link set nmmveth0 alias nm-macvtap:{uuid}')
    host.lan.stop_service('dnsmasq')
    host.run(['pkill', '-9', '-x', 'nm-macvtap-serv'])

    # The helper removes the link of a profile that is down after it has restored eth1.
    host.wait_for(lambda: 'losses=1' in host.read(STATES), 'the helper to decide')
    profiles.up(host, 'lan', 'ifname', 'eth0')
    equal(count_logged(host, 'gets no address'), 0, 'times that the helper gave up on eth1 already')
    host.wait_for(lambda: count_logged(host, 'gets no address'), 'the helper to give up on eth1', 20)
    stays(host, lambda: active(host).get('lan') == 'eth0' and not count_logged(host, 'remove-link'),
          'the link of an active profile was removed', 2)
    host.lan.start_dnsmasq()
    settle(host)


@tap.host()
def test_second_move_of_a_device_leaves_the_first_alone(host):
    for name in ('own', 'second'):
        profiles.add_by_hand(host, name, mode='move', parent='eth0')
    profiles.up(host, 'own')
    address = host.address(LINK)
    settle(host)

    # The helper sees the second profile activating, and then that it failed.
    host.run(['mv', SERVICE, SERVICE + '.real'])
    host.write(SERVICE, f'#!/bin/sh\nkill -STOP $$\nexec {SERVICE}.real "$@"\n', 0o755)
    host.nmcli('--wait', '0', 'connection', 'up', 'second')
    helper = start_unit(host)
    host.wait_for(lambda: host.read(STATES).count('moved=eth0') == 2, 'the helper to see it')
    host.run(['pkill', '-CONT', '-x', 'nm-macvtap-serv'])
    host.wait_for(lambda: "'own'" in profiles.messages(host)[-1], 'the second to be refused')
    helper.wait(60)
    settle(host)
    equal((host.address(LINK), host.address(check=False)), (address, None), 'addresses of the link and of eth0')
    profiles.down(host, 'own')
    host.wait_online()
    equal(host.address(), address, 'address of eth0')
    settle(host)


@tap.host()
def test_helper_waits_for_an_ending_service_also_without_libvirt(host):
    profiles.add_by_hand(host, 'own', mode='move', parent='eth0')
    profiles.up(host, 'own')
    address = host.address(LINK)
    settle(host)
    host.signal_service('libvirtd', signal.SIGSTOP)
    host.run(['pkill', '-STOP', '-x', 'nm-macvtap-serv'])
    host.nmcli('--wait', '0', 'connection', 'down', 'own')
    host.wait_for(lambda: 'own' not in active(host), 'own to be down')
    helper = start_unit(host)
    host.wait_for(lambda: count_logged(host, 'libvirt has not answered'),
                  'the helper to log that libvirt does not answer', 30)
    time.sleep(1)
    equal(count_logged(host, 'restore'), 0, 'times that something was restored')
    host.run(['pkill', '-CONT', '-x', 'nm-macvtap-serv'])
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
    host.signal_service('libvirtd', signal.SIGCONT)
    helper.wait(60)
    settle(host)
    host.wait_online()
    equal((host.address(), host.address(LINK, check=False)), (address, None), 'addresses of eth0 and of the link')


@tap.host()
def test_profile_is_activated_when_libvirt_answers(host):
    """When libvirtd starts, it answers only after it has started its guests."""
    profiles.add(host)
    host.signal_service('libvirtd', signal.SIGSTOP)
    host.nmcli('connection', 'up', 'eth0')
    host.wait_for(lambda: 'libvirt does not answer' in host.read(STATES), 'the helper to notice it', 30)
    time.sleep(12)
    check(helpers(host), 'the helper does not ask again')
    equal(count_logged(host, 'libvirt has not answered'), 1, 'times that it was logged')
    host.signal_service('libvirtd', signal.SIGCONT)
    host.wait_for(lambda: profiles.state(host) == 'activated', 'the profile to be active', 30)
    settle(host)


@tap.host(debug=True)
def test_configuration_of_the_user_is_not_undone(host):
    """The service dies before it has moved anything; the configuration of the device is not in its profile."""
    profiles.add_by_hand(host, 'guests', mode='move', parent='eth0')
    host.nmcli('device', 'modify', 'eth0', 'ipv4.method', 'manual', 'ipv4.addresses', '10.77.0.250/24',
               'ipv4.gateway', Lan.gateway())
    host.wait_for(lambda: host.address() == '10.77.0.250', 'the address')
    host.trap(step_of('bind'), signal.SIGKILL)
    host.nmcli('connection', 'up', 'guests', check=False, timeout=60)
    host.run(unit_command(host), timeout=60)
    settle(host)
    check(LINK not in host.run(['ip', '-o', 'link']).stdout, 'the host link is left')
    equal(host.address(), '10.77.0.250', 'address of eth0')
    check(host.ping(Lan.gateway()), 'the gateway does not answer')


def kill_without_dhcp(host, *settings):
    """Mode move on eth0, whose profile has SETTINGS; its service dies while the DHCP server is silent. Returns the
    host's address, which is on the link."""
    host.nmcli('connection', 'modify', 'eth0', 'ipv6.method', 'disabled', *settings)
    host.nmcli('connection', 'up', 'eth0')
    profiles.add_by_hand(host, 'own', mode='move', parent='eth0')
    profiles.up(host, 'own')
    address = host.address(LINK)
    settle(host)
    host.lan.stop_service('dnsmasq')
    host.run(['pkill', '-9', '-x', 'nm-macvtap-serv'])
    return address


def device_state(host):
    return host.nmcli('-g', 'GENERAL.STATE', 'device', 'show', 'eth0').stdout


def keeps_link(host, address):
    return host.address(LINK, check=False) == address and host.lan.ping(address)


@tap.host()
def test_link_stays_if_only_it_has_an_address(host):
    """The DHCP server is silent until NetworkManager gives up eth0; the lease on the link is valid all the time."""
    address = kill_without_dhcp(host, 'ipv4.dhcp-timeout', '15', 'connection.autoconnect-retries', '1')
    host.wait_for(lambda: 'disconnected' in device_state(host), 'NetworkManager to give up', 60)
    host.run(unit_command(host), timeout=60, check=False)
    settle(host)
    stays(host, lambda: keeps_link(host, address), 'the host lost its address', 2)

    # When eth0 gets an address, the profile comes up again.
    host.lan.start_dnsmasq()
    host.nmcli('device', 'connect', 'eth0')
    wait_up(host, 'own', 60)
    equal((host.address(LINK), host.address()), (address, None), 'addresses of the link and of eth0')


@tap.host()
def test_link_goes_with_a_device_that_the_user_disconnects(host):
    """And not before: a link-local address of the device does not count."""
    address = kill_without_dhcp(host, 'ipv4.link-local', 'enabled')
    host.wait_for(lambda: '169.254.' in host.run(['ip', '-4', 'addr', 'show', 'dev', 'eth0']).stdout,
                  'eth0 to have a link-local address', 20)
    host.wait_for(lambda: count_logged(host, 'gets no address'), 'the helper to give up', 30)
    settle(host)
    stays(host, lambda: keeps_link(host, address), 'the host lost its address', 2)
    host.nmcli('device', 'disconnect', 'eth0')
    host.wait_for(lambda: LINK not in host.run(['ip', '-o', 'link']).stdout, 'the link to go', 20)


@tap.host()
def test_refresh_prints_control_characters_of_a_name_escaped(host):
    settle(host)
    profiles.add(host, '\x1b[2Jguests')
    equal(host.run(['nm-macvtap', 'refresh']).stdout, "activate '\ufffd[2Jguests' on lo\n", 'output of refresh')


# Takes the helper's lock, an open file description lock, as another helper does.
LOCK = """import fcntl, struct, time
lock = open('/run/nm-macvtap/dispatcher-lock', 'r+b')
fcntl.fcntl(lock, fcntl.F_OFD_SETLK, struct.pack('hhqqi', fcntl.F_WRLCK, 0, 0, 0, 0))
print('locked', flush=True)
time.sleep(100)"""


@tap.host()
def test_helper_that_waits_too_long_gives_the_reason(host):
    host.run(['nm-macvtap', 'refresh'])
    other = host.popen(['python3', '-c', LOCK], stdout=subprocess.PIPE, text=True)
    equal(other.stdout.readline(), 'locked\n', 'output of the program with the lock')
    waiting = host.popen([*unit_command(host), '--lock-timeout', '3'], stderr=subprocess.PIPE, text=True)
    host.wait_for(lambda: len(helpers(host)) == 1 and 'refresh' in host.read('/run/nm-macvtap/dispatcher-events'),
                  'refresh to wait')
    equal(waiting.wait(10), 1, 'exit code')
    reason = waiting.stderr.read()
    check('another instance is still running' in reason, f'standard error: {reason}')
    other.kill()

    result = host.run([*unit_command(host), 'nonsense'], check=False)
    equal((result.returncode, result.stdout), (2, ''), 'exit code and output with an argument too many')
    check('too many arguments' in result.stderr, f'standard error: {result.stderr}')


if __name__ == '__main__':
    tap.main()
