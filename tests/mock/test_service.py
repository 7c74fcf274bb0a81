# SPDX-License-Identifier: GPL-2.0-or-later
"""The VPN service, whatever the mode: what it refuses, and when it ends."""

import os
import signal
import subprocess

import device
import mock
from host import UPLINK, check, equal

CONFIG = '/etc/NetworkManager/nm-macvtap.conf'


def test_unknown_key_is_refused_by_name(host):
    host.refused(host.add_profile('isolated', colour='green'), "'colour'")


def test_bad_value_is_refused_by_key_and_value(host):
    host.refused(host.add_profile('isolated', address='10.0.0.300/24'), "'address'", '10.0.0.300/24')


def test_unknown_mode_is_refused(host):
    host.refused(host.add_profile('sideways'), "'mode'", 'sideways')


def test_manual_addresses_are_refused(host):
    profile = host.add_profile('isolated')
    profile.change('ipv4', method='manual', address_data=device.address_data('192.168.7.1/24'))
    host.refused(profile, 'ipv4.method')


def test_uri_that_the_administrator_has_not_allowed_is_refused(host):
    host.refused(host.add_profile('isolated', libvirt_uri='qemu+ssh://example.com/system'), "'libvirt-uri'")


def add_private_profile(host, *users):
    permissions = device.GLib.Variant('as', [f'user:{user}:' for user in users])
    return host.add_profile('isolated', settings={'permissions': permissions}.items())


def replace_file(host, path, text):
    """Only in the namespaces of the test."""
    copy = f"/run/{path.replace('/', '-')}"
    if not os.path.exists(path):
        mock.run('mount', '-t', 'tmpfs', 'tmpfs', os.path.dirname(path))
        host.write(path, '')
    host.write(copy, text)
    mock.run('mount', '--bind', copy, path)


def add_users(host, **groups):
    """Users 'alice' and 'bob', and GROUPS with their members."""
    replace_file(host, '/etc/passwd', 'root:x:0:0::/:/bin/sh\nalice:x:1000:1000::/:/bin/sh\nbob:x:1001:1001::/:/bin/sh\n')
    replace_file(host, '/etc/group', 'root:x:0:\nalice:x:1000:\nbob:x:1001:\n' + ''.join(
        f'{name}:x:{number}:{members}\n' for number, (name, members) in enumerate(groups.items(), 100)))


def test_profile_that_is_private_to_another_user_is_refused(host):
    host.refused(add_private_profile(host, 'nobody'), "'nobody'")


def test_private_profile_of_administrators_is_accepted(host):
    add_users(host, sudo='alice', libvirt='bob')
    host.down(host.up(add_private_profile(host, 'alice', 'bob')))


def test_private_profile_of_an_administrator_and_another_user_is_refused(host):
    add_users(host, sudo='alice', users='bob')
    host.refused(add_private_profile(host, 'alice', 'bob'), "private to 'bob'", 'groups sudo (admin-groups in')


def test_administrator_of_a_group_that_the_configuration_leaves_out_is_refused(host):
    add_users(host, sudo='alice', libvirt='bob')
    replace_file(host, CONFIG, '[libvirt]\nadmin-groups=libvirt\n')
    host.refused(add_private_profile(host, 'alice'), "private to 'alice'", 'groups libvirt (admin-groups in')


def test_misspelt_key_of_the_configuration_refuses_every_profile(host):
    replace_file(host, CONFIG, '[libvirt]\nadmin-group=libvirt\n')
    host.refused(host.add_profile('isolated'), CONFIG, "unknown key 'admin-group' in [libvirt]")


def test_administrator_who_leaves_the_group_is_refused_at_the_next_activation(host):
    add_users(host, sudo='alice')
    profile = add_private_profile(host, 'alice')
    vpn = host.up(profile)
    add_users(host, sudo='')
    host.pause(0.3)
    equal(vpn.state, device.ACTIVATED, 'state of the VPN')
    host.down(vpn)
    host.refused(profile, "private to 'alice', who may not manage libvirt")


def test_profile_that_becomes_private_while_active_is_refused_at_the_next_activation(host):
    add_users(host, sudo='alice')
    profile = host.add_profile('isolated')
    vpn = host.up(profile)
    profile.change('connection', permissions=device.GLib.Variant('as', ['user:bob:']))
    host.pause(0.3)
    equal(vpn.state, device.ACTIVATED, 'state of the VPN')
    host.down(vpn)
    host.refused(profile, "private to 'bob', who may not manage libvirt")


def test_service_without_a_profile_ends(host):
    """NetworkManager may drop the profile before it connects."""
    host.speed_up(10)
    process = host.start_service('org.freedesktop.NetworkManager.macvtap')
    host.wait(lambda: process.poll() is not None, 'the service to end')
    equal(process.returncode, 0, 'exit code')


def test_disconnect_before_connect_ends_the_service(host):
    host.speed_up(10)
    host.nm.before_connect = lambda vpn: vpn.deactivate()
    host.activate(host.add_profile('isolated'))
    host.wait_service_ended()


def test_terminated_service_undoes_everything(host):
    vpn = host.up(host.add_profile('move'))
    host.service.send_signal(signal.SIGTERM)
    host.wait_service_ended()
    equal(vpn.state, device.DEACTIVATED, 'state')
    equal(host.addresses('eth0'), [UPLINK], 'addresses of the parent')


def test_bus_that_goes_away_ends_the_service(host):
    host.up(host.add_profile('isolated'))
    host.bus.kill()
    host.wait(lambda: host.service.poll() is not None, 'the service to end')


def test_three_profiles_run_side_by_side(host):
    profiles = [host.add_profile(mode, uuid=f'{number}{"2" * 7}-2222-4222-8222-222222222222', name=mode, **data)
                for number, (mode, data) in enumerate((
                    ('isolated', {}), ('share', {'link_name': 'one'}), ('isolated', {'network': 'two'})))]
    vpns = [host.up(profile) for profile in profiles]
    for vpn in vpns:
        vpn.deactivate()
    host.wait(lambda: all(service.poll() == 0 for service in host.services), 'the services to end')
    check('one' not in host.links(), 'the host link is still there')


def test_program_prints_its_version(host):
    result = subprocess.run([host.programs.service, '--version'], stdout=subprocess.PIPE, text=True, check=True)
    check(result.stdout.strip(), 'no version')


if __name__ == '__main__':
    mock.main()
