# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs on the host find guests by name: the NSS module alone, and with the service."""

import contextlib
import fcntl
import os
import struct
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import device
import mock
from device import ip
from host import FLOCK, GUEST_ADDRESS, GUEST_MAC, RUN_DIR, UUID, check, equal
from test_status import DAEMON, PRIVATE_TO_ROOT, can_open, read

HOSTS = f'{RUN_DIR}/hosts'
FILE = f'{HOSTS}/{UUID}'
OTHER_UUID = '33333333-3333-4333-8333-333333333333'
NOT_FOUND = 2  # getent(1)


def use_module(host, line='files macvtap'):
    """From now on programs that start here use it."""
    host.write('/run/nsswitch.conf', f'hosts: {line}\n')
    subprocess.run(['mount', '--bind', '/run/nsswitch.conf', '/etc/nsswitch.conf'], check=True)
    # For AI_ADDRCONFIG.
    ip('address', 'add', 'fd00::10/64', 'dev', 'eth0', 'nodad')


def getent(host, *words):
    environment = {**os.environ, 'LD_LIBRARY_PATH': os.path.dirname(host.programs.nss), 'LC_ALL': 'C'}
    result = subprocess.run(['getent', *words], env=environment, capture_output=True, text=True, check=False)
    check(result.returncode in (0, NOT_FOUND), f'getent {words}: {result}')
    return result.stdout


def find(host, name, database='ahosts'):
    """Its addresses, sorted."""
    return sorted({line.split()[0] for line in getent(host, database, name).splitlines()})


def wait_found(host, name, *addresses):
    host.wait(lambda: find(host, name) == sorted(addresses), f"'{name}' to be at {addresses}")


@contextlib.contextmanager
def hold(host, name, text):
    """As the service does."""
    os.makedirs(HOSTS, exist_ok=True)
    with open(f'{HOSTS}/{name}', 'w', encoding='utf-8') as file:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        file.write(text)
        file.flush()
        yield file


# The module alone

def test_module_finds_both_families(host):
    use_module(host)
    with hold(host, UUID, '10.0.0.50 web1 # qemu:///system web1\n'
                          'fd00::50 web1 # qemu:///system web1\n'
                          '10.0.0.51 web2 # qemu:///system Web2\n'):
        equal(find(host, 'web1'), ['10.0.0.50', 'fd00::50'], 'web1')
        equal(find(host, 'WEB1'), ['10.0.0.50', 'fd00::50'], 'WEB1')
        equal(find(host, 'web1', 'ahostsv4'), ['10.0.0.50'], 'IPv4 of web1')
        equal(find(host, 'web1', 'ahostsv6'), ['fd00::50'], 'IPv6 of web1')
        equal(find(host, 'web1', 'hosts'), ['fd00::50'], 'gethostbyname2() of web1')
        equal(find(host, 'web2', 'hosts'), ['10.0.0.51'], 'gethostbyname2() of web2')
        equal(find(host, 'web2'), ['10.0.0.51'], 'web2')
        for name in ('web', 'web11', 'web1.', 'web1.example.com', '10.0.0.50 web1', '#', 'qemu:///system'):
            equal(find(host, name), [], name)


def test_module_without_the_directory_finds_nothing(host):
    use_module(host)
    equal(find(host, 'web1'), [], 'web1')


def test_module_ignores_a_file_whose_service_died(host):
    use_module(host)
    with hold(host, UUID, '10.0.0.50 web1 # qemu:///system web1\n') as file:
        equal(find(host, 'web1'), ['10.0.0.50'], 'web1')
        file.close()
        check(os.path.exists(FILE), 'no file')
        equal(find(host, 'web1'), [], 'web1 after the end of the service')


def test_module_ignores_a_file_that_is_being_written(host):
    use_module(host)
    with hold(host, f'{UUID}.new', '10.0.0.50 web1 # qemu:///system web1\n'):
        equal(find(host, 'web1'), [], 'web1')


def test_module_joins_the_profiles_of_a_guest(host):
    use_module(host)
    with hold(host, UUID, '10.0.0.50 web1 # qemu:///system web1\n'), \
            hold(host, OTHER_UUID, '192.168.254.50 web1 # qemu:///system web1\n10.0.0.50 web1 # qemu:///system web1\n'):
        equal(find(host, 'web1'), ['10.0.0.50', '192.168.254.50'], 'web1')


def test_module_finds_no_name_that_two_guests_have(host):
    use_module(host)
    with hold(host, UUID, '10.0.0.50 web1 # qemu:///system web1\n10.0.0.51 web2 # qemu:///system web2\n'):
        with hold(host, OTHER_UUID, '10.0.0.60 web1 # lxc:///system web1\n'):
            equal(find(host, 'web1'), [], 'web1')
            equal(find(host, 'web2'), ['10.0.0.51'], 'web2')
        equal(find(host, 'web1'), ['10.0.0.50'], 'web1 without the other')
    with hold(host, UUID, '10.0.0.50 web1 # qemu:///system web1\n10.0.0.51 web1 # qemu:///system Web1\n'):
        equal(find(host, 'web1'), [], 'a name that differs in upper and lower case')


def test_module_skips_what_it_cannot_read(host):
    use_module(host)
    bad = ['', ' ', '#', '10.0.0.70', '10.0.0.70 web1', '10.0.0.700 web1 # qemu:///system web1',
           '10.0.0.70 web1 # ' + 'x' * 5000 + ' 10.0.0.71 web1 # qemu:///system web1', '\0', 'a b c d']
    with hold(host, UUID, '\n'.join([*bad, '10.0.0.50 web1 # qemu:///system web1', '10.0.0.72 web1 # qemu'])):
        equal(find(host, 'web1'), ['10.0.0.50'], 'web1')


def test_module_finds_many_addresses(host):
    """More than fit into the buffer that glibc begins with."""
    use_module(host)
    addresses = [f'fd00::1:{i}' for i in range(1, 61)]
    with hold(host, UUID, ''.join(f'{address} web1 # qemu:///system web1\n' for address in addresses)):
        equal(find(host, 'web1'), sorted(addresses), 'web1')
        equal(find(host, 'web1', 'hosts'), sorted(addresses), 'gethostbyname2() of web1')


REPLACE = '''
import fcntl, os, struct, sys
old = None
while True:
    new = open(sys.argv[1] + '.new', 'w')
    fcntl.fcntl(new, fcntl.F_OFD_SETLK, struct.pack('hhqqi', fcntl.F_WRLCK, 0, 0, 0, 0))
    new.write('10.0.0.50 web1 # qemu:///system web1\\n' * 20)
    new.flush()
    os.rename(sys.argv[1] + '.new', sys.argv[1])
    if old:
        old.close()
    old = new
'''


def test_module_finds_a_name_while_its_file_is_replaced(host):
    use_module(host)
    with hold(host, UUID, '10.0.0.50 web1 # qemu:///system web1\n'):
        process = subprocess.Popen([sys.executable, '-c', REPLACE, FILE])
        try:
            for number in range(100):
                equal(find(host, 'web1'), ['10.0.0.50'], f'web1, time {number}')
            equal(process.poll(), None, 'state of the process that replaces the file')
        finally:
            process.kill()


def test_module_leaves_a_name_with_a_dot_to_others(host):
    use_module(host)
    with hold(host, UUID, '10.0.0.50 web1.example.com # qemu:///system web1\n'):
        equal(find(host, 'web1.example.com'), [], 'web1.example.com')


# Mode share

def up(host, name='web1', **data):
    use_module(host)
    host.add_guest(name, device_name='tap0', mac=GUEST_MAC)
    return host.up(host.add_profile('share', **data))


def test_guest_of_mode_share_is_found_by_name(host):
    vpn = up(host)
    equal(find(host, 'web1'), [], 'web1 before it has spoken')
    host.wait_served('tap0')
    wait_found(host, 'web1', GUEST_ADDRESS)
    host.speak('tap0', address='10.0.0.60')
    wait_found(host, 'web1', GUEST_ADDRESS, '10.0.0.60')
    host.hypervisor('stop web1')
    wait_found(host, 'web1')
    check(not os.path.exists(FILE), 'an empty file')
    host.hypervisor('start web1')
    host.wait_served('tap0')
    wait_found(host, 'web1', GUEST_ADDRESS)
    host.down(vpn)
    equal(find(host, 'web1'), [], 'web1 after down')
    equal(os.listdir(HOSTS), [], 'files')


def test_key_guest_names_no(host):
    vpn = up(host, guest_names='no')
    host.wait_served('tap0')
    host.pause(0.2)
    equal(find(host, 'web1'), [], 'web1')
    check(not os.path.exists(HOSTS), 'there is a directory')
    host.down(vpn)


def test_names_end_with_the_service_that_is_killed(host):
    vpn = up(host)
    host.wait_served('tap0')
    wait_found(host, 'web1', GUEST_ADDRESS)
    host.kill_service()
    equal(find(host, 'web1'), [], 'web1')
    host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
    vpn = host.up(vpn.profile)
    host.wait_served('tap0')
    wait_found(host, 'web1', GUEST_ADDRESS)
    host.down(vpn)
    equal(os.listdir(HOSTS), [], 'files')


def test_guest_without_a_host_name_is_reported(host):
    vpn = up(host, name='localhost')
    before = find(host, 'localhost')
    host.wait_served('tap0')
    problem = host.wait(lambda: [p for p in read(host, vpn)['Problems'] if p['kind'] == 'name'], 'the problem')[0]
    equal((problem['guest'], 'reserved' in problem['message']), ('localhost', True), 'guest and reason')
    equal(vpn.get('VPN.Connection', 'Banner'), '', 'banner')
    equal(find(host, 'localhost'), before, 'localhost')
    check(not os.path.exists(FILE), 'there is a file')
    host.hypervisor('stop localhost')
    host.wait(lambda: not read(host, vpn)['Problems'], 'the problem to go')
    host.down(vpn)


def test_names_of_a_private_profile_are_for_its_users(host):
    use_module(host)
    host.add_guest('web1', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share', settings=PRIVATE_TO_ROOT))
    host.wait_served('tap0')
    wait_found(host, 'web1', GUEST_ADDRESS)
    if os.stat('/proc/self').st_uid == 0 and can_open('/etc/passwd', DAEMON):
        check(not can_open(FILE, DAEMON), 'another user can read the names')
    host.down(vpn)


# Mode move

def test_guest_of_mode_move_is_found_by_name(host):
    use_module(host)
    host.add_guest('web1', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('move'))

    def found(*addresses):
        host.speak('tap0', address=addresses[-1])
        return find(host, 'web1') == sorted(addresses)
    host.wait(lambda: found(GUEST_ADDRESS), 'web1')
    host.speak('tap0', address='192.0.2.1')
    host.pause(0.3)
    equal(find(host, 'web1'), [GUEST_ADDRESS], 'web1 without an address of another subnet')
    # The guest does not answer at its old address.
    host.wait(lambda: found('10.0.0.60'), 'the new address alone')
    host.hypervisor('stop web1')
    wait_found(host, 'web1')
    host.down(vpn)
    equal(os.listdir(HOSTS), [], 'files')


# Mode isolated

LEASES = '/var/lib/libvirt/dnsmasq'


def up_isolated(host, **data):
    use_module(host)
    subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', '/var/lib'], check=True)
    os.makedirs(LEASES)
    host.add_guest('web1')
    return host.up(host.add_profile('isolated', **data))


def mac_of(host, guest='web1'):
    """Of the interface that the profile added."""
    def found():
        interfaces = ElementTree.fromstring(host.hypervisor(f'dump {guest} live')).findall('devices/interface')
        return [nic.find('mac').get('address') for nic in interfaces if nic.get('type') == 'network']
    return host.wait(found, f'the interface of {guest}')[0]


def change_leases(host):
    """As libvirt's helper of dnsmasq, for every name that the bridge may have."""
    for number in range(4):
        host.write(f'{LEASES}/new', '[]')
        os.rename(f'{LEASES}/new', f'{LEASES}/virbr{number}.status')


def add_lease(host, mac, address):
    host.hypervisor(f'lease isolated {mac} {address}')
    change_leases(host)


def test_guest_of_mode_isolated_is_found_by_name(host):
    vpn = up_isolated(host)
    mac = mac_of(host)
    equal(find(host, 'web1'), [], 'web1 before it has an address')
    host.pause(0.5)
    add_lease(host, mac.upper(), '192.168.254.50')
    wait_found(host, 'web1', '192.168.254.50')
    add_lease(host, '52:54:00:00:00:77', '192.168.254.77')
    add_lease(host, mac, 'fd00:254::50')
    wait_found(host, 'web1', '192.168.254.50', 'fd00:254::50')
    host.hypervisor('stop web1')
    wait_found(host, 'web1')
    host.hypervisor('start web1')
    wait_found(host, 'web1', '192.168.254.50', 'fd00:254::50')
    host.down(vpn)
    equal(os.listdir(HOSTS), [], 'files')


def test_lease_from_before_the_activation_is_found(host):
    vpn = up_isolated(host)
    add_lease(host, mac_of(host), '192.168.254.50')
    wait_found(host, 'web1', '192.168.254.50')
    host.hypervisor('fall-asleep')
    before = host.hypervisor('calls').count('open')
    change_leases(host)
    host.pause(0.5)
    equal(host.hypervisor('calls').count('open'), before, 'connections to a libvirt that was stopped')
    wait_found(host, 'web1', '192.168.254.50')
    host.hypervisor('wake')
    host.down(vpn)


def test_key_guest_names_no_in_mode_isolated(host):
    vpn = up_isolated(host, guest_names='no')
    add_lease(host, mac_of(host), '192.168.254.50')
    host.pause(0.5)
    equal((find(host, 'web1'), 'list-leases' in host.hypervisor('calls')), ([], False), 'web1, and leases that were read')
    host.down(vpn)


if __name__ == '__main__':
    mock.main()
