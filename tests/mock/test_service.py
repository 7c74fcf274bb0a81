# SPDX-License-Identifier: GPL-2.0-or-later
"""The VPN service, whatever the mode: what it refuses, and when it ends."""

import signal
import subprocess

import device
import mock
from host import UPLINK, check, equal


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


def test_profile_that_is_private_to_another_user_is_refused(host):
    permissions = device.GLib.Variant('as', ['user:nobody:'])
    host.refused(host.add_profile('isolated', settings={'permissions': permissions}.items()), "'nobody'")


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
