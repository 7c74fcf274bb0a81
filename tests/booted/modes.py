# SPDX-License-Identifier: GPL-2.0-or-later
"""What a booted host must do: the packages, two guests, and the three modes up and down."""

from vm import check, equal, needed

WEB, DB = '10.0.77.150', '10.0.77.151'
HOST = '10.0.77.15'  # the first address that the LAN's DHCP server gives


@needed
def step_installed_packages_start_the_helper(machine):
    machine.install(machine.packages)
    equal(machine.run('systemctl', 'list-units', '--failed', '--plain', '--no-legend', 'nm-macvtap*', 'NetworkManager*'), '',
          'units that failed')
    check('Started nm-macvtap-dispatcher.service' in machine.journal('-u', 'nm-macvtap-dispatcher'), 'the helper has not started')


@needed
def step_guests_start(machine):
    for name, address in (('web1', WEB), ('db1', DB)):
        machine.define_guest(name, 'eth0', f'{address}/24')
        machine.virsh('start', name)
    machine.wait(lambda: machine.guest_answers('web1', '10.0.77.2'), 'the LAN to answer a guest')
    check(not machine.answers(WEB), 'the guest answers the host without a profile')
    machine.wait_idle()
    machine.add_profile('share', 'mode=share, parent=eth0')
    machine.add_profile('move', 'mode=move, parent=eth0')
    machine.add_profile('isolated', 'mode=isolated')


def serve(machine, name):
    machine.up(name, 'ifname', 'eth0')
    for address in (WEB, DB):
        machine.wait_answer(address)
    machine.wait(lambda: machine.guest_answers('web1', source_address(machine, WEB)), 'the host to answer the guest')
    machine.run('nm-macvtap', 'check', 'web1')
    machine.run('nm-macvtap', 'status')
    machine.wait(lambda: WEB in machine.run('getent', 'hosts', 'web1', check=False), 'the name of the guest')


def source_address(machine, target):
    words = machine.run('ip', 'route', 'get', target).split()
    return words[words.index('src') + 1]


def is_gone(machine):
    return 'nmmv' not in machine.run('ip', 'link') and source_address(machine, '10.0.77.2').startswith('10.0.77.')


def step_share(machine):
    serve(machine, 'share')
    machine.down('share')
    machine.wait(lambda: is_gone(machine), 'the host link to be gone')


def step_move(machine):
    serve(machine, 'move')
    check('dev nmmv' in machine.run('ip', 'route', 'get', '10.0.77.2'), 'the address has not moved')
    machine.down('move')
    machine.wait(lambda: is_gone(machine), 'the parent to have its address again')
    machine.wait_answer('10.0.77.2')


def second_address(machine):
    """Of the guest web1 on the isolated network."""
    text = machine.run('nsenter', '-t', machine.guest_init('web1'), '-n', 'ip', '-4', '-o', 'address')
    return next((word.split('/')[0] for word in text.split() if word.startswith('192.168.254.')), None)


def step_isolated(machine):
    """A container takes its second interface at its next start."""
    machine.up('isolated', 'ifname', 'lo')
    for name in ('web1', 'db1'):
        machine.virsh('destroy', name)
        machine.virsh('start', name)
    address = machine.wait(lambda: second_address(machine), 'the second address of the guest')
    machine.wait_answer(address)
    machine.wait(lambda: machine.guest_answers('web1', '192.168.254.1'), 'the host to answer the guest')
    machine.run('nm-macvtap', 'check', 'web1')
    machine.down('isolated')


def step_helper_and_tool(machine):
    machine.run('nm-macvtap', 'refresh')
    machine.run('nm-macvtap', 'plan', 'share')
    machine.run('nm-macvtap', 'cleanup')
    for event in (('systemctl', 'restart', 'nm-macvtap-refresh'), ('nmcli', 'connection', 'up', 'eth0')):
        before = helper_starts(machine)
        machine.run(*event)
        machine.wait(lambda: helper_starts(machine) > before, 'the helper to start')
        machine.wait_idle()
    check('Finished nm-macvtap-refresh.service' in machine.journal('-u', 'nm-macvtap-refresh'), 'no refresh')


def helper_starts(machine):
    return machine.journal('-u', 'nm-macvtap-dispatcher').count('Started nm-macvtap-dispatcher.service')
