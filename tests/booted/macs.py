# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode move gives the parent's MAC to the host link and back, if the driver of the network card lets it. The DHCP server of
the LAN identifies a client by its MAC."""

from parents import check_own_mac, connections, fixed, guest_on, mac_of, profile_up
from vm import check, equal

GUEST = '10.0.78.160'


def ipv4(machine, device):
    words = machine.run('ip', '-4', '-o', 'address', 'show', 'dev', device).split()
    return words[words.index('inet') + 1].split('/')[0] if words else None


def check_driver(machine, device, driver):
    equal(machine.run('readlink', f'/sys/class/net/{device}/device/driver').split('/')[-1], driver, f'driver of {device}')


def check_mac_moves(machine, device, driver):
    check_driver(machine, device, driver)
    link = f'nmmv{device}'
    with connections(machine, ('ethernet', device)):
        address, mac = machine.wait(lambda: ipv4(machine, device), f'the address of {device}'), mac_of(machine, device)
        with guest_on(machine, device, GUEST) as guest:
            with profile_up(machine, 'move', device, guest, GUEST, address):
                equal((ipv4(machine, link), mac_of(machine, link)), (address, mac), f'address and MAC of {link}')
                check(mac_of(machine, device) != mac, f'{device} has its MAC, too')
                machine.wait_answer('10.0.78.2')
            equal((ipv4(machine, device), mac_of(machine, device)), (address, mac), f'address and MAC of {device} afterwards')
            machine.wait_answer('10.0.78.2')


def step_mac_moves_from_virtio(machine):
    check_mac_moves(machine, 'eth1', 'virtio_net')


def step_mac_moves_from_e1000e(machine):
    check_mac_moves(machine, 'eth3', 'e1000e')


def step_mac_moves_from_rtl8139(machine):
    check_mac_moves(machine, 'eth4', '8139cp')


def step_mac_of_usb_card_stays(machine):
    """Its driver does not change the MAC while the device is up."""
    check_driver(machine, 'eth5', 'cdc_ether')
    with connections(machine, ('ethernet', 'eth5', *fixed('10.0.78.22'))), guest_on(machine, 'eth5', GUEST) as guest:
        machine.up('eth5')
        mac = mac_of(machine, 'eth5')
        with profile_up(machine, 'move', 'eth5', guest, GUEST, '10.0.78.22'):
            check_own_mac(machine, 'eth5', "the driver of '{}' cannot change its MAC address")
            machine.wait_answer('10.0.78.2')
        equal(mac_of(machine, 'eth5'), mac, 'MAC of eth5 afterwards')
        machine.wait_answer('10.0.78.2')
