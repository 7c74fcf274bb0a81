#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""All three modes with a guest that answers: activation, a restart of NetworkManager, power off and power on with profiles
that come up by themselves. Prints when the guest has answered the first ping, and what of it this project took.

    test_modes.py DIRECTORY     with the packages"""

import os
import re
import sys

import installed
from booted import HERE, UNITS
from cases import check, equal
from installed import add, profiles, services, wait_active, wait_idle

sys.path.insert(0, os.path.join(HERE, '..', 'sandbox'))

import guest  # noqa: E402

MAC = '52:54:00:00:00:01'
LINK = 'nmmveth0'
MODES = ('isolated', 'share', 'move')
# Two modes use the same parent. With each of them, what comes up by itself at the same time.
TOGETHER = (('isolated', 'share'), ('move',))
KERNEL = '/var/lib/guest'
XML = f'''<domain type='qemu'><name>alpha</name><memory unit='MiB'>96</memory><os><type machine='pc'>hvm</type>
<kernel>{KERNEL}/vmlinuz</kernel><initrd>{KERNEL}/initrd</initrd>
<cmdline>console=ttyS0 quiet loglevel=4 nokaslr mitigations=off tsc=unstable</cmdline></os>
<features><acpi/><apic/></features><devices><controller type='usb' model='none'/>
<interface type='direct'><mac address='{MAC}'/><source dev='eth0' mode='bridge'/><model type='virtio'/></interface>
<serial type='file'><source path='/var/log/guest'/><target port='0'/></serial>
<serial type='null'><target port='1'/></serial><memballoon model='none'/></devices></domain>'''
TEST_UNITS = {
    # Begins with systemd, and ends when the guest has answered.
    'test-ping@.service': '''[Unit]
DefaultDependencies=no
[Service]
ExecStart=/bin/sh -c 'until ping -c 1 -W 1 %i >/dev/null 2>&1; do sleep 0.1; done'
''',
    # In place of libvirt's autostart, which tries once: here, udev may make the macvtap's node too late.
    'test-guest.service': '''[Unit]
After=libvirtd.service
[Service]
ExecStart=/bin/sh -c 'until virsh start alpha; do sleep 0.1; done'
[Install]
WantedBy=multi-user.target
''',
}


def base(mode):
    return 'lo' if mode == 'isolated' else 'eth0'


def has_answered(host, address):
    return '1 received' in host.run('ping', '-c', '1', '-W', '1', address, check=False)


def lease(host, mode):
    """The guest's address in the network of the mode, as soon as it has one."""
    if mode == 'isolated':
        leases = ('virsh', 'net-dhcp-leases', 'isolated')
        pattern = r'\s([\d.]+)/\d+\s'
    else:
        leases = ('cat', '/var/lib/misc/lan.leases')
        pattern = rf'{MAC} ([\d.]+) '
    return host.wait(lambda: re.search(pattern, host.run(*leases, check=False)), f"the guest's address in mode {mode}", 60)[1]


def check_mode(host, mode):
    """The profile of the mode is active, and works."""
    address = lease(host, mode)
    host.wait(lambda: has_answered(host, address), f'the guest to answer at {address} in mode {mode}', 60)
    check_addresses(host, LINK if mode == 'move' else 'eth0')
    return address


def ipv4(host, device):
    return re.findall(r'inet ([\d.]+)/', host.run('ip', '-4', 'address', 'show', device, check=False))


def check_addresses(host, device):
    """The host has the address from the LAN once, on DEVICE, and is online."""
    for name in ('eth0', LINK):
        equal(len(ipv4(host, name)), 1 if name == device else 0, f'addresses of {name}')
    host.wait(lambda: host.run('nmcli', '-g', 'STATE', 'general') == 'connected', 'NetworkManager to be online')
    host.run('ping', '-c', '1', '-W', '5', '10.9.0.1')


def power_cycle(host):
    host.power_off()
    host.start()


def monotonic(host, unit, name):
    return int(host.properties(unit, f'{name}TimestampMonotonic')[f'{name}TimestampMonotonic']) / 1e6


def logged(host, pattern):
    """When the journal has PATTERN for the first time."""
    return float(re.search(rf'^\[ *([\d.]+)\] .*{pattern}', host.journal(), re.M)[1])


def print_times(host, mode, address):
    """From power-on to the first answered ping. What of it this project took: from the start of what the profile needs, libvirt
    and the device, to the active profile."""
    begin = int(host.run('systemctl', 'show', '--value', '--property=UserspaceTimestampMonotonic')) / 1e6
    ping = f'test-ping@{address}.service'
    host.wait(lambda: not host.is_active(ping), f'the ping to {address} to be answered', 60)
    needs = {'libvirt': monotonic(host, 'libvirtd.service', 'ActiveEnter'),
             'eth0': logged(host, r'device \(eth0\): Activation: successful')}
    up = logged(host, rf"profile '{mode}': up")
    times = ', '.join(f'{name} {moment - begin:.1f}' for name, moment in
                      {**needs, 'profile': up, 'answered ping': monotonic(host, ping, 'ExecMainExit')}.items())
    print(f'# mode {mode}, seconds from power-on: {times}; of it this project: {up - max(needs.values()):.1f}')


def step_prepare(host):
    """The host and the guest get their addresses from the DHCP server of the LAN."""
    host.run('nmcli', 'connection', 'modify', 'eth0', 'ipv4.method', 'auto', 'ipv4.addresses', '', 'ipv4.gateway', '')
    host.run('nmcli', 'connection', 'up', 'eth0')
    host.run('mkdir', KERNEL)
    for name in ('vmlinuz', 'initrd'):
        host.copy(f"{guest.image('cloud')}/{name}", f'{KERNEL}/{name}')
    host.run('virsh', 'define', '/dev/stdin', stdin=XML)
    for name, text in TEST_UNITS.items():
        host.run('tee', f'{UNITS}/{name}', stdin=text)
    host.run('systemctl', 'enable', '--now', 'test-guest.service')
    for mode in MODES:
        add(host, mode, f'mode={mode}' + ('' if mode == 'isolated' else ', parent=eth0'))


def step_activate(host):
    address = ipv4(host, 'eth0')
    for modes in TOGETHER:
        for mode in modes:
            host.run('nmcli', 'connection', 'up', mode, 'ifname', base(mode))
        for mode in modes:
            check_mode(host, mode)
        for mode in modes:
            host.run('nmcli', 'connection', 'down', mode)
        host.wait(lambda: not services(host), 'the services to end')
        check_addresses(host, 'eth0')
        equal(ipv4(host, 'eth0'), address, 'address of the host')


def step_power_on(host):
    """Profiles that come up by themselves. Then NetworkManager is restarted, and the power goes off while they are active."""
    for modes in TOGETHER:
        for mode in MODES:
            host.run('nmcli', 'connection', 'modify', mode, 'connection.autoconnect', 'yes' if mode in modes else 'no')
        addresses = {mode: lease(host, mode) for mode in modes}
        for address in addresses.values():
            host.run('systemctl', 'add-wants', 'multi-user.target', f'test-ping@{address}.service')
        power_cycle(host)
        wait_active(host, *modes)
        for mode, address in addresses.items():
            equal(check_mode(host, mode), address, f'address of the guest in mode {mode}')
            print_times(host, mode, address)
        host.run('systemctl', 'restart', 'NetworkManager')
        wait_active(host, *modes)
        for mode in modes:
            check_mode(host, mode)
        wait_idle(host)
        host.run('sh', '-c', f'rm {UNITS}/multi-user.target.wants/test-ping@*')
    equal({name for name in profiles(host) if profiles(host)[name] and name in MODES}, {'move'}, 'active profiles')
    host.power_off()


def step_boot_does_not_wait(host):
    """Nothing is ordered after the refresh."""
    host.start()
    equal(host.properties('nm-macvtap-refresh.service', 'Before')['Before'], 'shutdown.target', 'units after the refresh')
    check('nm-macvtap' not in host.run('systemd-analyze', 'critical-chain'), host.run('systemd-analyze', 'critical-chain'))


if __name__ == '__main__':
    installed.main(installed.boot_installed)
