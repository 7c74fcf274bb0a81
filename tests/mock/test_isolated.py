# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode isolated: the service between a mock NetworkManager and a fake hypervisor."""

import device
import mock
from device import ip
from host import check, equal
from vpn import CONNECT_TIMEOUT, SERVICE_STOPPED

ALIAS = 'ua-nm-macvtap-'


def has_nic(host, guest='alpha', scope='live'):
    return ALIAS in host.hypervisor(f'dump {guest} {scope}')


def test_up_and_down(host):
    host.add_guest('alpha')
    vpn = host.up(host.add_profile('isolated'))
    equal(host.hypervisor('network isolated'), 'active', 'network')
    host.wait(lambda: has_nic(host) and has_nic(host, scope='config'), 'the interface of alpha')
    check('tundev' not in vpn.config, 'NetworkManager is given a device')
    equal(vpn.config['gateway'], int.from_bytes(bytes([10, 0, 0, 10]), 'little'),
          'gateway: the address of the base device')
    host.down(vpn)


def test_guest_that_starts_while_up_gets_its_interface(host):
    host.add_guest('alpha', running=False)
    vpn = host.up(host.add_profile('isolated'))
    host.hypervisor('start alpha')
    host.wait(lambda: has_nic(host), 'the interface of alpha')
    host.down(vpn)


def test_parent_by_another_name_selects_its_guests(host):
    ip('link', 'property', 'add', 'dev', 'eth0', 'altname', 'enxaabbccddeeff')
    host.add_guest('alpha')
    host.add_guest('beta', parent='eth1')
    vpn = host.up(host.add_profile('isolated', parent='enxaabbccddeeff'))
    host.wait(lambda: has_nic(host), 'the interface of alpha')
    check(not has_nic(host, 'beta'), 'the guest on another device has an interface')
    host.down(vpn)


def test_loopback_that_is_not_managed_is_named_with_the_line_to_add(host):
    loopback = host.nm.add_device('lo', device.LOOPBACK)
    loopback.set('Device', Managed=False)
    loopback.change(device.UNMANAGED)
    vpn = host.up(host.add_profile('isolated'))
    host.wait(lambda: "'unmanaged-devices+=except:interface-name:lo'" in host.messages(), 'the line to add')
    host.down(vpn)


def test_libvirt_without_network_driver_fails_the_activation(host):
    host.at_start('fail-networks')
    host.add_guest('alpha')
    host.refused(host.add_profile('isolated'), 'no network driver today')


def test_network_that_cannot_start_fails_the_activation(host):
    host.at_start('fail "network-start*" "no bridge today"')
    vpn = host.refused(host.add_profile('isolated'), 'no bridge today', 'network-undefine of')
    equal(vpn.reason, SERVICE_STOPPED, 'reason')


def test_cancelled_activation_takes_the_interfaces_of_guests_back(host):
    host.add_guest('alpha')
    host.add_guest('beta', running=False)
    host.at_start('hang "nic-attach config beta"')
    host.speed_up(1)  # after 3 s the engine leaves a call behind, and the activation ends
    vpn = host.activate(host.add_profile('isolated'))
    host.wait(lambda: has_nic(host), 'the interface of alpha')
    vpn.deactivate()
    host.wait(lambda: vpn.n_pending == 0, 'the service to know that it is cancelled')
    host.hypervisor('release')
    host.wait_service_ended()
    for text in ('nic-detach of \'alpha\'', 'network-destroy of', 'network-undefine of'):
        check(text in host.messages(), f'no {text!r} in the log')
    check('could not undo' not in host.messages(), 'something is left')


def test_network_stopped_by_another_program_takes_the_profile_down(host):
    vpn = host.up(host.add_profile('isolated'))
    host.hypervisor('stop-network isolated')
    host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
    host.wait(lambda: host.service.poll() is not None, 'the service to end')


def test_libvirt_that_dies_and_returns_is_survived(host):
    vpn = host.up(host.add_profile('isolated'))
    host.hypervisor('kill')
    host.hypervisor('revive')
    host.hypervisor('define "<domain type=\'qemu\'><name>beta</name><memory>65536</memory><os><type>hvm</type></os>'
                    '<devices><interface type=\'direct\'><source dev=\'eth0\' mode=\'bridge\'/></interface></devices>'
                    '</domain>"')
    host.hypervisor('start beta')
    host.wait(lambda: has_nic(host, 'beta'), 'the interface of beta')
    equal(vpn.state, device.ACTIVATED, 'state')
    host.down(vpn)


def test_guest_that_another_operation_holds_delays_no_other(host):
    host.add_guest('alpha')
    host.add_guest('beta')
    host.at_start('hang "nic-attach * alpha"')
    vpn = host.up(host.add_profile('isolated'))
    check(has_nic(host, 'beta'), 'beta is not served')
    check(not has_nic(host), 'alpha is served')
    host.hypervisor('release')
    host.wait(lambda: has_nic(host), 'the interface of alpha')
    host.down(vpn)


def test_disconnect_while_libvirt_hangs_ends_in_time(host):
    host.speed_up(10)
    host.at_start('hang list-guests')
    vpn = host.activate(host.add_profile('isolated'))
    host.wait(lambda: 'list-guests' in host.hypervisor('calls'), 'the call')
    vpn.deactivate()
    host.wait_service_ended()


def test_activation_that_hangs_is_ended_by_networkmanager(host):
    host.speed_up(10)
    host.at_start('hang list-guests')
    vpn = host.activate(host.add_profile('isolated'))
    host.wait(lambda: 'list-guests' in host.hypervisor('calls'), 'the call')
    vpn.time_out()
    equal(vpn.reason, CONNECT_TIMEOUT, 'reason')
    host.wait_service_ended()


def test_killed_service_ends_the_profile_and_the_next_one_begins(host):
    host.add_guest('alpha')
    profile = host.add_profile('isolated')
    vpn = host.up(profile)
    host.kill_service()
    host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
    host.down(host.up(profile))


def test_vanished_networkmanager_takes_the_service_along(host):
    host.up(host.add_profile('isolated'))
    kept = host.nm.stop()
    host.wait_service_ended()
    host.continue_with(kept)
    host.down(host.up(host.nm.find_profile(kept[-1][0]['connection']['uuid'].unpack())))


def test_profile_changed_while_up_counts_at_the_next_activation(host):
    profile = host.add_profile('isolated')
    vpn = host.up(profile)
    profile.change('vpn', data={'mode': 'isolated', 'network': 'other'})
    equal(vpn.state, device.ACTIVATED, 'state')
    equal(host.hypervisor('network other'), '', 'network of the changed profile')
    host.down(vpn)
    vpn = host.up(profile)
    equal(host.hypervisor('network other'), 'active', 'network of the changed profile')
    host.down(vpn)


SANDBOX = '''<network><name>isolated</name><ip address='192.168.60.1' prefix='24'/></network>'''

MALWARE = '''<domain type='qemu'><name>malware</name><memory>65536</memory><os><type>hvm</type></os><devices><interface type='network'><source network='isolated'/></interface></devices></domain>'''


def test_network_with_guests_of_the_user_is_refused_unless_the_profile_names_it(host):
    host.add_guest('alpha')
    host.at_start(f'define-network "{SANDBOX}"', 'start-network isolated', f'define "{MALWARE}"', 'start malware')
    profile = host.add_profile('isolated')
    host.refused(profile, "network 'isolated' exists", "'malware'", "key 'network'")
    check('nic-attach of' not in host.messages(), 'alpha has an interface')
    profile.change('vpn', data={'mode': 'isolated', 'network': 'isolated'})
    vpn = host.up(profile)
    host.wait(lambda: has_nic(host), 'the interface of alpha')
    check("'malware'" in vpn.config['banner'], f"banner {vpn.config.get('banner')}")
    host.down(vpn)


def test_second_profile_for_the_same_network_is_refused(host):
    host.up(host.add_profile('isolated'))
    other = host.add_profile('isolated', uuid='33333333-3333-4333-8333-333333333333', name='other')
    host.refused(other, "'guests'", "network 'isolated'")


if __name__ == '__main__':
    mock.main()
