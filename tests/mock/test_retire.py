# SPDX-License-Identifier: GPL-2.0-or-later
"""nm-macvtap retire, which packages run before they are removed."""

import json
import os
import signal
import subprocess

import mock
from host import GUEST_MAC, LINK, UUID, check, equal
from test_dispatcher import AUTOCONNECT, is_up

OTHER_UUID = '33333333-3333-4333-8333-333333333333'
SUGGESTED = 'Guests on eth0'
# As the fake hypervisor has it before a program starts: what an activation left.
NETWORK = ("<network><name>isolated</name><metadata><nmmacvtap:profile xmlns:nmmacvtap='urn:nm-macvtap:network:1' "
           "uuid='22222222-2222-4222-8222-222222222222'/></metadata><bridge name='virbr7'/></network>")


def retire(host):
    """(exit code, document, errors)"""
    process = subprocess.Popen([host.programs.tool, '--json', 'retire'], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    host.wait(lambda: process.poll() is not None, 'the tool to end', 60)
    output, errors = process.communicate()
    return process.returncode, json.loads(output) if output else None, errors


def names(host):
    return [profile.id for profile in host.nm.profiles]


def suggest(host):
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    host.refresh()
    check(SUGGESTED in names(host), f'no profile is suggested: {names(host)}')


def test_profiles_go_down_and_suggested_ones_are_withdrawn(host):
    host.install_hook()
    suggest(host)
    host.up(host.add_profile('share', parent='eth0', guests='alpha'))
    isolated = host.up(host.add_profile('isolated', uuid=OTHER_UUID, name='second'))
    host.wait_helper_ended()
    host.refresh()
    code, document, errors = retire(host)
    equal((code, errors), (0, ''), 'exit code and errors')
    equal(sorted(document['deactivated']), ['guests', 'second'], 'deactivated profiles')
    check(LINK not in host.links(), 'the host link is still there')
    check(all(service.poll() is not None for service in host.services), 'a service still runs')
    check(not host.nm.find_active(OTHER_UUID), f'it is active: {isolated.state}')
    equal(names(host), ['eth0', 'guests', 'second'], 'profiles')


def test_hook_does_nothing_until_the_next_refresh(host):
    host.install_hook()
    suggest(host)
    profile = host.add_profile('isolated', settings=AUTOCONNECT)
    equal(retire(host)[1]['withdrawn'], [SUGGESTED], 'withdrawn profiles')
    for action in ('up', 'connectivity-change'):
        host.nm.dispatch(action, 'eth0', '')
    host.pause(0.5)
    check(SUGGESTED not in names(host) and not host.nm.find_active(profile.uuid), 'the helper has acted')
    host.refresh()
    host.wait(lambda: is_up(host, profile), 'the profile to be activated')
    check(SUGGESTED in names(host), 'no profile is suggested')


def test_twice(host):
    host.add_profile('isolated')
    for _ in range(2):
        equal(retire(host), (0, {'deactivated': [], 'withdrawn': [], 'leftovers': []}, ''), 'result')


def test_libvirt_that_does_not_answer_is_named(host):
    host.add_profile('isolated')
    host.at_start('fail "open" "refused by the test"')
    code, document, errors = retire(host)
    equal((code, document['leftovers']), (1, []), 'exit code and leftovers')
    for text in ('refused by the test', 'qemu:///system', 'of a skipped URI are not changed'):
        check(text in errors, f'no {text!r} in {errors!r}')


def test_network_of_a_profile_that_is_down_is_removed(host):
    host.at_start(f'define-network "{NETWORK}"')
    host.add_profile('isolated')
    code, document, errors = retire(host)
    equal((code, errors), (0, ''), 'exit code and errors')
    # The fake hypervisor serves every URI.
    equal({(item['kind'], item['network'], item['removed']) for item in document['leftovers']},
          {('network', 'isolated', True)}, 'leftovers')


def test_network_that_the_user_keeps_stays(host):
    host.at_start(f'define-network "{NETWORK}"')
    host.add_profile('isolated', on_disconnect='keep')
    equal(retire(host)[:2], (0, {'deactivated': [], 'withdrawn': [], 'leftovers': []}), 'result')


def store(name, uuid, data='', directory='/run/NetworkManager/system-connections'):
    """A file as NetworkManager writes it; in /run those of profiles that are in memory."""
    os.makedirs(directory, exist_ok=True)
    path = f'{directory}/{name}.nmconnection'
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f'[connection]\nid={name}\nuuid={uuid}\ntype=vpn\n[vpn]\n{data}\n'
                   'service-type=org.freedesktop.NetworkManager.macvtap\n')
    return path


def network_without_networkmanager(host, data):
    host.at_start(f'define-network "{NETWORK}"')
    store('guests', UUID, data)
    host.nm.stop(crash=True)
    code, document, errors = retire(host)
    equal((code, errors), (0, ''), 'exit code and errors')
    return {(item['kind'], item['network'], item['removed']) for item in document['leftovers']}


def test_without_networkmanager_what_its_profiles_made_is_removed(host):
    equal(network_without_networkmanager(host, ''), {('network', 'isolated', True)}, 'leftovers')


def test_without_networkmanager_what_the_user_keeps_stays(host):
    equal(network_without_networkmanager(host, 'on-disconnect=keep'), set(), 'leftovers')


def test_without_networkmanager_suggested_profiles_do_not_come_back(host):
    """NetworkManager reads what it has in memory again when it starts."""
    suggest(host)
    uuid = next(profile.uuid for profile in host.nm.profiles if profile.id == SUGGESTED)
    suggested = store(SUGGESTED, uuid, 'mode=share\nparent=eth0')
    other = store('temporary', OTHER_UUID, 'mode=share\nparent=eth0')
    host.nm.stop(crash=True)
    code, document, errors = retire(host)
    equal((code, document['withdrawn'], errors), (0, [SUGGESTED], ''), 'exit code, withdrawn profiles, errors')
    check(not os.path.exists(suggested) and os.path.exists(other), 'files in /run')


def test_service_that_waits_for_networkmanager_is_named(host):
    """In mode move, the service gives the parent its configuration back when NetworkManager runs again."""
    host.up(host.add_profile('move', parent='eth0'))
    host.nm.stop(crash=True)
    host.wait(lambda: 'NetworkManager has stopped' in host.messages(), 'the service to notice')
    with host.unchanged():
        code, document, errors = retire(host)
    equal((code, document['leftovers']), (1, []), 'exit code and leftovers')
    check('start it and try again' in errors, errors)


def test_profile_that_stays_active_is_not_reported_as_deactivated(host):
    """What it made stays, because its service uses it."""
    host.up(host.add_profile('share', parent='eth0', guests='alpha'))
    host.nm.manager.do_DeactivateConnection = lambda path: None
    host.speed_up(30)
    code, document, errors = retire(host)
    equal((code, document['deactivated'], document['leftovers']), (1, [], []), 'exit code, deactivated profiles, leftovers')
    check("'guests': it is still active" in errors, errors)
    check(LINK in host.links(), 'the host link has gone')


def test_service_that_hangs_is_reported(host):
    host.up(host.add_profile('share', parent='eth0', guests='alpha'))
    os.kill(host.services[-1].pid, signal.SIGSTOP)
    host.speed_up(30)
    code, document, errors = retire(host)
    equal((code, document['deactivated']), (1, ['guests']), 'exit code and deactivated profiles')
    check('still running' in errors, errors)
    os.kill(host.services[-1].pid, signal.SIGCONT)
    host.wait_service_ended()
    check(LINK not in host.links(), 'the host link is still there')


if __name__ == '__main__':
    mock.main()
