# SPDX-License-Identifier: GPL-2.0-or-later
"""What the service publishes about its profile on D-Bus, and the file that has its last failure."""

import json
import os
import stat
import subprocess
import sys
import time

from gi.repository import Gio, GLib

import device
import mock
from host import LINK, RUN_DIR, UUID, check, equal
from vpn import PLUGIN, PLUGIN_PATH

PATH = '/org/freedesktop/NetworkManager/macvtap/Profile'
INTERFACE = 'org.freedesktop.NetworkManager.macvtap.Profile'
PROPERTIES = 'org.freedesktop.DBus.Properties'
FAILURE = f'{RUN_DIR}/failure-{UUID}'
NOBODY, DAEMON = 65534, 1
PRIVATE_TO_ROOT = {'permissions': GLib.Variant('as', ['user:root:'])}.items()
PRIVATE_TO_NOBODY = {'permissions': GLib.Variant('as', ['user:nobody:'])}.items()

AS_USER = '''
import os, sys
uid = int(sys.argv[1])
os.setresgid(uid, uid, uid), os.setresuid(uid, uid, uid)
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
arguments = GLib.Variant(sys.argv[6], tuple(sys.argv[7:])) if len(sys.argv) > 6 else None
print(bus.call_sync(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5], arguments, None, 0, 5000, None))
'''


def read(host, vpn):
    """All properties, read by root."""
    answers = []

    def on_answer(connection, result):
        answers.append(connection.call_finish(result))
    host.nm.bus.connection.call(vpn.name, PATH, PROPERTIES, 'GetAll', GLib.Variant('(s)', (INTERFACE,)), None,
                                Gio.DBusCallFlags.NONE, 5000, None, on_answer)
    host.wait(lambda: answers, 'the properties')
    return answers[0].unpack()[0]


def call_as(host, uid, *words):
    """(exit code, output) of another user's call: destination, path, interface, method, type and arguments."""
    process = subprocess.Popen([sys.executable, '-c', AS_USER, str(uid), *words],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    host.wait(lambda: process.poll() is not None, 'the caller to end')
    return process.returncode, process.stdout.read()


def read_as(host, vpn, uid):
    return call_as(host, uid, vpn.name, PATH, PROPERTIES, 'GetAll', '(s)', INTERFACE)


def can_open(path, uid):
    """Whether another user can read the file."""
    program = f'import os\nos.setresgid(*[{uid}] * 3), os.setresuid(*[{uid}] * 3)\nopen({path!r})'
    result = subprocess.run([sys.executable, '-c', program], check=False,
                            stderr=subprocess.PIPE, text=True)
    check(result.returncode == 0 or 'PermissionError' in result.stderr, result.stderr)
    return result.returncode == 0


def follow(host, vpn):
    """The arguments of every PropertiesChanged from now on."""
    changes = []
    host.nm.bus.connection.signal_subscribe(
        vpn.owner, PROPERTIES, 'PropertiesChanged', PATH, None, Gio.DBusSignalFlags.NONE,
        lambda *arguments: changes.append(arguments[5].unpack()))
    return changes


def test_active_profile_without_problems(host):
    vpn = host.up(host.add_profile('share'))
    equal(read(host, vpn), {'Uuid': UUID, 'Id': 'guests', 'State': 'active', 'Problems': []}, 'properties')
    host.down(vpn)


def test_activation_in_progress(host):
    host.at_start('hang list-guests')
    vpn = host.activate(host.add_profile('share'))
    host.wait(lambda: LINK in host.links(), 'the host link')
    equal(read(host, vpn)['State'], 'activating', 'state')
    host.down(vpn)


def test_guest_in_mode_vepa_is_a_problem_until_it_stops(host):
    host.add_guest('alpha', mode='vepa', device_name='macvtap0')
    vpn = host.up(host.add_profile('share'))
    problem, = read(host, vpn)['Problems']
    equal((problem['kind'], problem['guest'], problem['fault']), ('macvtap-mode', 'alpha', True), 'problem')
    check("mode 'vepa'" in problem['message'], problem['message'])
    changes = follow(host, vpn)
    host.hypervisor('stop alpha')
    host.wait(lambda: changes, 'a signal')
    interface, changed, invalidated = changes[-1]
    equal((interface, changed['Problems'], invalidated), (INTERFACE, [], []), 'the signal')
    host.wait(lambda: vpn.get('VPN.Connection', 'Banner') == '', 'the banner to go')
    equal(vpn.state, device.ACTIVATED, 'state')
    host.down(vpn)


def test_guest_that_could_not_be_changed_is_a_problem(host):
    host.add_guest('alpha')
    host.at_start('fail "nic-attach*" "not today"')
    vpn = host.up(host.add_profile('isolated'))
    problem = host.wait(lambda: read(host, vpn)['Problems'], 'the problem')[0]
    equal((problem['kind'], problem['guest']), ('guest-failed', 'alpha'), 'problem')
    check('not today' in problem['message'], problem['message'])
    check('not today' in vpn.get('VPN.Connection', 'Banner'), 'not in the banner')
    host.down(vpn)


def test_change_of_the_active_profile_is_a_warning_until_it_is_taken_back(host):
    profile = host.add_profile('share')
    vpn = host.up(profile)
    profile.change('vpn', data={'mode': 'share', 'multicast': 'no'})
    problem, = host.wait(lambda: read(host, vpn)['Problems'], 'the problem')
    equal((problem['kind'], problem['fault']), ('profile-changed', False), 'problem')
    equal(problem['remedy'], "nmcli connection down 'guests' && nmcli connection up 'guests'", 'remedy')
    profile.change('vpn', data={'mode': 'share'})
    host.wait(lambda: not read(host, vpn)['Problems'], 'the problem to go')
    profile.change('connection', zone='dmz')
    host.wait(lambda: read(host, vpn)['Problems'], 'the problem of the zone')
    host.down(vpn)
    equal(read(host, host.up(profile))['Problems'], [], 'problems after the next activation')


def test_everybody_reads_the_status_of_a_profile_for_all_users(host):
    vpn = host.up(host.add_profile('share'))
    code, text = read_as(host, vpn, NOBODY)
    equal(code, 0, f'exit code, {text}')
    check(UUID in text, text)
    host.down(vpn)


def test_users_can_call_nothing_else(host):
    vpn = host.up(host.add_profile('share'))
    for words in ((vpn.name, PLUGIN_PATH, PLUGIN, 'Disconnect'),
                  (vpn.name, PLUGIN_PATH, PROPERTIES, 'GetAll', '(s)', PLUGIN)):
        code, text = call_as(host, NOBODY, *words)
        check(code != 0 and 'AccessDenied' in text, f'{words}: {text}')
    equal(vpn.state, device.ACTIVATED, 'state')
    host.down(vpn)


def test_status_of_a_private_profile_is_for_its_users(host):
    host.add_guest('alpha', mode='vepa', device_name='macvtap0')
    vpn = host.up(host.add_profile('share', settings=PRIVATE_TO_ROOT))
    equal(len(read(host, vpn)['Problems']), 1, 'problems that root reads')
    code, text = read_as(host, vpn, NOBODY)
    check(code != 0 and 'AccessDenied' in text and 'alpha' not in text, f'nobody reads: {text}')
    changes = follow(host, vpn)
    host.hypervisor('stop alpha')
    host.wait(lambda: changes, 'a signal')
    equal(changes[-1][1], {}, 'values in the signal, which reaches everybody')
    check('Problems' in changes[-1][2], 'the signal names no property')
    host.down(vpn)


def test_failure_is_kept_until_the_profile_comes_up(host):
    before = int(time.time())
    profile = host.add_profile('isolated')
    host.at_start('fail "network-start*" "no bridge today"')
    host.refused(profile, 'no bridge today')
    with open(FAILURE, encoding='utf-8') as file:
        text = file.read()
    check('message=' in text and 'no bridge today' in text, text)
    check(before <= int(text.split('time=')[1].split('\n')[0]) <= time.time(), f'time in {text}')
    equal(stat.S_IMODE(os.stat(FAILURE).st_mode), 0o644, 'mode')
    check(can_open(FAILURE, NOBODY), 'nobody cannot read it')
    host.write('/run/fake/start', '')
    host.down(host.up(profile))
    check(not os.path.exists(FAILURE), 'the failure is still there')


def test_profile_that_is_not_valid_has_failed(host):
    host.refused(host.add_profile('isolated', colour='green'))
    with open(FAILURE, encoding='utf-8') as file:
        check("'colour'" in file.read(), 'no reason')


def test_failure_of_a_private_profile_is_for_its_users(host):
    host.refused(host.add_profile('isolated', settings=PRIVATE_TO_NOBODY))
    check(can_open(FAILURE, NOBODY), 'its user cannot read it')
    check(not can_open(FAILURE, DAEMON), 'another user can read it')
    equal(stat.S_IMODE(os.stat(RUN_DIR).st_mode), 0o711, 'mode of the directory')


def test_failure_while_up(host):
    vpn = host.up(host.add_profile('share'))
    subprocess.run(['ip', 'link', 'del', LINK], check=True)
    host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
    host.wait_service_ended()
    check(os.path.exists(FAILURE), 'no failure')


def test_profile_that_the_user_takes_down_has_not_failed(host):
    host.down(host.up(host.add_profile('share')))
    check(not os.path.exists(FAILURE), 'a failure')


def test_containers_of_libvirt_are_listed_without_a_profile(host):
    mock.run('mount', '-t', 'tmpfs', 'tmpfs', '/etc/libvirt')
    os.mkdir('/etc/libvirt/lxc')
    host.write('/etc/libvirt/lxc/alpha.xml', '')
    host.add_guest('alpha')
    tool = subprocess.Popen([host.programs.tool, '--json', 'status'], stdout=subprocess.PIPE, text=True)
    host.wait(lambda: tool.poll() is not None, 'the tool to end')
    status = json.loads(tool.stdout.read())
    equal([libvirt['uri'] for libvirt in status['libvirt']], ['lxc:///system'], 'libvirt daemons')
    equal([guest['name'] for guest in status['guests']], ['alpha'], 'guests')


if __name__ == '__main__':
    mock.main()
