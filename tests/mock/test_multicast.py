# SPDX-License-Identifier: GPL-2.0-or-later
"""Key multicast, in the modes that have it: the devices of the selected guests receive all multicast while the profile
is up, and are as before afterwards, however the service ends."""

import device
import mock
from device import ip
from host import check, equal

OTHER_UUID = '33333333-3333-4333-8333-333333333333'


def wait_devices(host, expected):
    """Exactly the devices EXPECTED receive all multicast."""
    def found():
        return sorted(name for name in host.links() if name.startswith('tap') and host.is_allmulticast(name))
    host.wait(lambda: found() == sorted(expected), f'allmulticast on {expected}')


def stays(host, expected):
    host.pause(0.2)
    wait_devices(host, expected)


def test_selected_guests_only(mode):
    def test(host):
        host.add_guest('alpha', device_name='tap0')
        host.add_guest('beta', device_name='tap1')
        host.add_guest('vepa', mode='vepa', device_name='tap2')
        vpn = host.up(host.add_profile(mode, exclude_guests='beta'))
        wait_devices(host, ['tap0'])
        check(host.is_allmulticast('eth0'), 'the parent does not let multicast pass')
        host.down(vpn)
        wait_devices(host, [])
        check(not host.is_allmulticast('eth0'), 'the parent is not as before')
    return test


def test_no(mode):
    def test(host):
        host.add_guest('alpha', device_name='tap0')
        vpn = host.up(host.add_profile(mode, multicast='no'))
        stays(host, [])
        host.down(vpn)
    return test


def test_guest_that_starts_and_stops(mode):
    def test(host):
        host.add_guest('alpha', running=False, device_name='tap0')
        vpn = host.up(host.add_profile(mode))
        stays(host, [])
        host.hypervisor('start alpha')
        wait_devices(host, ['tap0'])
        # As libvirt does: another device of the same name.
        host.hypervisor('stop alpha')
        wait_devices(host, [])
        ip('link', 'del', 'tap0')
        ip('link', 'add', 'link', 'eth0', 'name', 'tap0', 'up', 'type', 'macvtap', 'mode', 'bridge')
        host.hypervisor('start alpha')
        wait_devices(host, ['tap0'])
        host.down(vpn)
        wait_devices(host, [])
    return test


def test_killed_service(mode):
    """There is no helper: the kernel takes it back."""
    def test(host):
        host.add_guest('alpha', device_name='tap0')
        profile = host.add_profile(mode)
        vpn = host.up(profile)
        wait_devices(host, ['tap0'])
        host.kill_service()
        wait_devices(host, [])
        check(not host.is_allmulticast('eth0'), 'the parent is not as before')
        host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
        vpn = host.up(profile)
        wait_devices(host, ['tap0'])
        host.down(vpn)
        wait_devices(host, [])
    return test


def test_device_that_had_it_before(mode):
    def test(host):
        host.add_guest('alpha', device_name='tap0')
        ip('link', 'set', 'tap0', 'allmulticast', 'on')
        vpn = host.up(host.add_profile(mode))
        host.pause(0.2)
        host.down(vpn)
        stays(host, ['tap0'])
        equal('ALLMULTI' in ip('link', 'show', 'tap0'), True, 'the flag of the administrator')
    return test


def test_libvirt_that_goes_away(mode):
    def test(host):
        host.add_guest('alpha', device_name='tap0')
        vpn = host.up(host.add_profile(mode))
        wait_devices(host, ['tap0'])
        host.hypervisor('kill')
        stays(host, ['tap0'])
        host.hypervisor('revive')
        stays(host, ['tap0'])
        host.down(vpn)
        wait_devices(host, [])
    return test


for _name, _make in [(name, value) for name, value in list(globals().items()) if name.startswith('test_')]:
    del globals()[_name]
    for _mode in ('share', 'move'):
        globals()[f'{_name}_in_mode_{_mode}'] = _make(_mode)


def test_two_profiles_with_the_same_guest(host):
    """Their processes are two: the last that ends takes it back."""
    host.add_guest('alpha', device_name='tap0')
    ip('link', 'add', 'other0', 'type', 'veth', 'peer', 'other1')
    first = host.up(host.add_profile('move'))
    wait_devices(host, ['tap0'])
    second = host.up(host.add_profile('share', uuid=OTHER_UUID, name='other', parent='eth0', link_name='second'))
    host.pause(0.2)
    host.down(second)
    stays(host, ['tap0'])
    first.deactivate()
    host.wait(lambda: host.services[0].poll() is not None, 'the service to end')
    wait_devices(host, [])


if __name__ == '__main__':
    mock.main()
