# SPDX-License-Identifier: GPL-2.0-or-later
"""The dispatcher hook and helper: a mock NetworkManager runs the hook for its events, and the helper acts on it."""

import os

import device
import mock
from device import ip
from host import LINK, RUN_DIR, UPLINK, UPLINK_UUID, check, equal

AUTOCONNECT = {'autoconnect': True}.items()


def cable_out_and_in(host):
    host.eth0.active.deactivate(20, 40)
    host.eth0.begin(host.nm.find_profile(UPLINK_UUID))


def is_up(host, profile):
    active = host.nm.find_active(profile.uuid)
    return active and active.state == device.ACTIVATED


def test_profile_with_autoconnect_comes_up_with_its_device(host):
    host.install_hook()
    profile = host.add_profile('isolated', settings=AUTOCONNECT)
    cable_out_and_in(host)
    host.wait(lambda: is_up(host, profile), 'the profile to be activated')


def test_profile_without_autoconnect_stays_down(host):
    host.install_hook()
    profile = host.add_profile('isolated')
    cable_out_and_in(host)
    host.wait(lambda: host.eth0.state == device.UP, 'the uplink')
    host.wait_helper_ended()
    check(not host.nm.find_active(profile.uuid), 'the profile was activated')


def test_profile_that_the_user_takes_down_stays_down(host):
    host.install_hook()
    profile = host.add_profile('isolated', settings=AUTOCONNECT)
    host.refresh()
    host.wait(lambda: is_up(host, profile), 'the profile to be activated')
    host.down(host.nm.find_active(profile.uuid))
    host.wait_helper_ended()
    host.refresh()
    check(not host.nm.find_active(profile.uuid), 'the profile was activated again')


def test_profile_whose_service_was_killed_comes_up_again(host):
    host.install_hook()
    profile = host.add_profile('share', settings=AUTOCONNECT)
    host.refresh()
    host.wait(lambda: is_up(host, profile), 'the profile to be activated')
    host.kill_service()
    host.wait(lambda: len(host.services) == 2 and is_up(host, profile), 'the profile to be activated again')


def test_storm_of_events_makes_few_rounds(host):
    host.install_hook()
    profile = host.add_profile('share', settings=AUTOCONNECT)
    calls = host.nm.bus.calls
    for _ in range(300):
        host.nm.dispatch('connectivity-change', '', '')
        host.nm.dispatch('dhcp4-change', 'eth0', UPLINK_UUID)
    host.nm.dispatch('up', 'eth0', UPLINK_UUID)
    host.wait(lambda: is_up(host, profile), 'the profile to be activated')
    host.wait_helper_ended()
    equal(calls.count('ActivateConnection'), 1, 'activations')
    check(calls.count('GetPermissions') < 30, f"{calls.count('GetPermissions')} clients for a storm of events")
    equal(os.path.getsize(f'{RUN_DIR}/dispatcher-events'), 0, 'size of the file of events')


def check_restored(host):
    host.wait(lambda: 'restore eth0' in host.messages(), 'the helper to restore the parent')
    host.wait_helper_ended()
    equal(host.addresses('eth0'), [UPLINK], 'addresses of the parent')
    check(LINK not in host.links(), 'the host link is still there')
    equal([left.type for left in host.nm.profiles], ['802-3-ethernet', 'vpn'], 'types of profiles')
    equal(host.nm.checkpoints, [], 'checkpoints')


def test_restore_of_a_parent_whose_service_was_killed(host):
    host.install_hook()
    host.up(host.add_profile('move'))
    host.kill_service_for_good()
    check_restored(host)


def test_restore_after_a_service_that_was_killed_on_the_way(host):
    host.install_hook()
    host.nm.bus.after['Reapply'] = lambda: host.kill_service_for_good()
    host.activate(host.add_profile('move'))
    check_restored(host)


def test_restore_after_a_restart_of_networkmanager(host):
    """The service leaves it to the helper when there is one."""
    host.install_hook()
    host.up(host.add_profile('move'))
    kept = host.nm.stop(crash=True)
    host.wait_service_ended()
    host.continue_with(kept)
    host.refuse_activations()
    host.refresh()
    check_restored(host)


def test_link_of_a_killed_service_of_mode_share_is_removed(host):
    """It stays for the activation that is tried first; when that has failed, the next event removes it."""
    host.install_hook()
    host.up(host.add_profile('share'))
    host.kill_service_for_good()
    host.wait(lambda: host.nm.bus.calls.count('ActivateConnection') > 0, 'the activation that fails')
    host.wait_helper_ended()
    host.nm.dispatch('connectivity-change', '', '')
    host.wait(lambda: LINK not in host.links(), 'the host link to go')


def test_suggested_profiles_come_and_go_with_the_guests(host):
    host.add_guest('alpha')
    code, output = host.refresh()
    equal(code, 0, 'exit code')
    names = [profile.id for profile in host.nm.profiles]
    check('Guests on eth0' in names, f'no profile is suggested: {names}')
    check('Guests on eth0' in output, 'no word of it in the output')
    equal(host.refresh()[1], '', 'output of a second round')
    os.unlink('/run/fake/start')
    host.refresh()
    check('Guests on eth0' not in [profile.id for profile in host.nm.profiles], 'the suggested profile stays')


def test_suggested_profile_has_the_kernels_name_of_the_parent(host):
    ip('link', 'property', 'add', 'dev', 'eth0', 'altname', 'enp0s31f6u1u2u3u4i5-dock')
    host.add_guest('alpha', parent='enp0s31f6u1u2u3u4i5-dock')
    host.add_guest('beta', parent='dock0')
    host.refresh()
    names = [profile.id for profile in host.nm.profiles if profile.id.startswith('Guests on')]
    equal(names, ['Guests on eth0'], 'suggested profiles')


def test_profile_whose_parent_has_another_name_comes_up_with_its_device(host):
    host.install_hook()
    ip('link', 'property', 'add', 'dev', 'eth0', 'altname', 'enxaabbccddeeff')
    profile = host.add_profile('share', settings=AUTOCONNECT, parent='enxaabbccddeeff')
    host.nm.dispatch('up', 'eth0', UPLINK_UUID)
    host.wait(lambda: is_up(host, profile), 'the profile to be activated')


def test_profile_is_suggested_without_network_driver(host):
    host.at_start('fail-networks')
    host.add_guest('alpha')
    host.refresh()
    check('Guests on eth0' in [profile.id for profile in host.nm.profiles], 'no profile is suggested')


def test_profile_is_suggested_for_containers_of_libvirt(host):
    mock.run('mount', '-t', 'tmpfs', 'tmpfs', '/etc/libvirt')
    os.mkdir('/etc/libvirt/lxc')
    host.write('/etc/libvirt/lxc/alpha.xml', '')
    host.add_guest('alpha')
    host.refresh()
    suggested = [(profile.id, device.value(profile.settings, 'vpn', 'data')) for profile in host.nm.profiles
                 if profile.id.startswith('Guests on')]
    equal(suggested, [('Guests on eth0 (lxc)', {'mode': 'share', 'parent': 'eth0', 'libvirt-uri': 'lxc:///system'})],
          'suggested profiles')
    equal(host.refresh()[1], '', 'output of a second round')
    # Its profile is a reason to look for the containers even if none is defined.
    os.unlink('/etc/libvirt/lxc/alpha.xml')
    os.unlink('/run/fake/start')
    host.refresh()
    check('Guests on eth0 (lxc)' not in [profile.id for profile in host.nm.profiles], 'the suggested profile stays')


def test_libvirt_that_does_not_run_is_not_asked(host):
    host.add_guest('alpha')
    host.at_start('fall-asleep')
    host.refresh()
    check('Guests on eth0' not in [profile.id for profile in host.nm.profiles], 'libvirt was asked')
    host.at_start('wake')
    host.refresh()
    check('Guests on eth0' in [profile.id for profile in host.nm.profiles], 'no profile is suggested')


def test_events_wait_for_networkmanager(host):
    """A helper that finds no NetworkManager ends; the next one judges what the first one could not."""
    host.install_hook()
    profile = host.add_profile('isolated', settings=AUTOCONNECT)
    kept = host.nm.stop()
    host.run_hook('up', 'eth0', UPLINK_UUID)
    host.wait_helper_ended()
    check(os.path.getsize(f'{RUN_DIR}/dispatcher-events') > 0, 'the event is lost')
    host.continue_with(kept)
    host.refresh()
    host.wait(lambda: is_up(host, profile), 'the profile to be activated')


def test_networkmanager_that_never_answers_ends_the_helper(host):
    host.speed_up(30)
    host.add_profile('isolated', settings=AUTOCONNECT)
    host.nm.bus.hang('ActivateConnection')
    code, _ = host.refresh()
    equal(code, 1, 'exit code')
    check('NetworkManager has not answered in time' in host.messages(), 'no word of it in the log')


def restore_without_answer(method):
    """The limit of the helper reaches a restore, too; the next event tries again."""
    def test(host):
        host.speed_up(30)
        host.add_profile('move')
        vpn = host.up(host.nm.profiles[-1])
        host.kill_service()
        host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
        host.nm.bus.hang(method)
        code, _ = host.refresh()
        equal(code, 1, 'exit code')
        check('NetworkManager has not answered in time' in host.messages(), 'no word of it in the log')
        equal(host.addresses(LINK), [UPLINK], 'addresses of the host link')
        equal(host.refresh()[0], 0, 'exit code of the next run')
        equal(host.addresses('eth0'), [UPLINK], 'addresses of the parent')
        check(LINK not in host.links(), 'the host link is still there')
    return test


for _method in ('GetAppliedConnection', 'Reapply'):
    globals()[f'test_networkmanager_that_never_answers_{_method}_ends_the_restore'] = restore_without_answer(_method)


def test_activation_that_fails_is_not_repeated_for_ever(host):
    host.install_hook()
    host.add_profile('isolated', settings=AUTOCONNECT)
    host.nm.bus.fail('ActivateConnection', times=100)
    for _ in range(3):
        host.nm.dispatch('connectivity-change', '', '')
        host.wait_helper_ended()
    check(host.nm.bus.calls.count('ActivateConnection') <= 1, 'it was tried again and again')


def test_libvirt_that_hangs_does_not_keep_the_helper(host):
    host.speed_up(10)
    host.at_start('hang list-networks')
    host.add_profile('share', settings=AUTOCONNECT)
    equal(host.refresh()[0], 0, 'exit code')
    check('libvirt does not answer' in host.messages(), 'no word of it in the log')


if __name__ == '__main__':
    mock.main()
