# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the virsh commands that `nm-macvtap check` prints, unchanged, on a real libvirtd, with the real programs and a mock
NetworkManager."""

import json
import signal
import subprocess
import xml.etree.ElementTree as ElementTree

import libvirtd
import mock
from device import ip
from host import check, equal
from libvirtd import virsh

MAC, NETWORK = '52:54:00:00:00:07', 'isolated'
DOCK = 'dock0'
MACVTAP = "<interface type='direct'><mac address='{mac}'/><source dev='eth0' mode='bridge'/></interface>"


def run(host, *argv):
    """(exit code, output). The main loop runs meanwhile."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    host.wait(lambda: process.poll() is not None, argv[-1])
    return process.returncode, process.stdout.read()


def examine(host, guest):
    """{step: result} of check."""
    output = run(host, host.programs.tool, 'check', '--json', '--', guest)[1]
    return {step['step']: step for step in json.loads(output)['steps']}


def repair(host, guest, step, verdict='broken'):
    """Runs the command of the step, and checks that the step is ok then."""
    steps = examine(host, guest)
    equal(steps.get(step, {}).get('verdict'), verdict, f'verdict of step {step}: {steps}')
    remedy = steps[step]['remedy']
    code, output = run(host, 'sh', '-c', remedy)
    equal(code, 0, f'exit code of {remedy}: {output}')
    steps = examine(host, guest)
    equal(steps.get(step, {}).get('verdict'), 'ok', f'verdict of step {step} after {remedy}: {steps}')
    return remedy


def start(host, guest='web', nic=MACVTAP, **data):
    """A profile of mode isolated is up, and the guest's definition has its interface."""
    libvirtd.define(host, guest, nic.format(mac=MAC))
    host.vpn = host.up(host.add_profile('isolated', **data))


def start_guest(host, uuid):
    virsh(host, 'start', uuid)
    host.wait(lambda: NETWORK in virsh(host, 'domiflist', uuid), 'the interface of the profile')


def uuid_of(host, name):
    """The UUID, because virsh takes some names for something else."""
    uuids = [line.split(None, 1) for line in virsh(host, 'list', '--all', '--uuid', '--name').splitlines() if line]
    return next(words[0] for words in uuids if words[1].strip() == name.strip())


def interface(host, uuid, mac, *options):
    found = ElementTree.fromstring(virsh(host, 'dumpxml', uuid, *options)).findall('devices/interface')
    return next(nic for nic in found if nic.find('mac').get('address') == mac)


def own_mac(host, uuid):
    found = ElementTree.fromstring(virsh(host, 'dumpxml', uuid)).findall('devices/interface')
    return next(nic.find('mac').get('address') for nic in found if nic.get('type') == 'network')


# Names of guests. '1' is also the ID of another guest, which must not change; virsh takes '--all' for an option.
NAMES = ('it\'s "a" <b>&', '$HOME;`id`', '1', '--all')


def define_guests(host, names):
    for number, name in enumerate(names, 0x10):
        libvirtd.define(host, name, MACVTAP.format(mac=f'52:54:00:00:00:{number}'))


def start_other(host):
    libvirtd.define(host, 'other')
    virsh(host, 'start', 'other')
    check_other(host)


def wait_for_service(host):
    """Until the service has seen everything that happened to the guests so far: it serves them in the order of libvirt's
    events, so it serves a guest that is defined now after it has read the others."""
    libvirtd.define(host, 'last', MACVTAP.format(mac='52:54:00:00:00:ff'))
    host.wait(lambda: NETWORK in virsh(host, 'domiflist', 'last'), 'the interface of the profile')
    virsh(host, 'undefine', 'last')


def check_other(host):
    equal(virsh(host, 'domid', 'other').strip(), '1', 'ID of the other guest')


def test_guests_of_any_name(host):
    libvirtd.start(host)
    define_guests(host, NAMES)
    start_other(host)
    host.vpn = host.up(host.add_profile('isolated'))
    for name in NAMES:
        uuid = uuid_of(host, name)
        repair(host, name, 'running')
        wait_for_service(host)
        virsh(host, 'domif-setlink', uuid, own_mac(host, uuid), 'down')
        repair(host, name, 'link')
        check_other(host)
        virsh(host, 'destroy', uuid)


def test_guests_that_need_a_restart(host):
    names = ('web one', '1')
    libvirtd.start(host)
    define_guests(host, names)
    start_other(host)
    for name in names:
        virsh(host, 'start', uuid_of(host, name))
    host.vpn = host.up(host.add_profile('isolated', hotplug='no'))
    for name in names:
        before = virsh(host, 'domid', uuid_of(host, name))
        repair(host, name, 'plugged')
        check(virsh(host, 'domid', uuid_of(host, name)) != before, 'the guest was not shut down')
        check_other(host)


# The network, while the service cannot repair it

def bridge_of(host):
    network = ElementTree.fromstring(virsh(host, 'net-dumpxml', NETWORK))
    return network.find('bridge').get('name'), network.find('mac').get('address')


def test_network_and_bridge(host):
    libvirtd.start(host)
    start(host)
    start_guest(host, 'web')
    host.service.send_signal(signal.SIGSTOP)
    virsh(host, 'net-destroy', NETWORK)
    repair(host, 'web', 'network')
    ip('link', 'del', bridge_of(host)[0])
    repair(host, 'web', 'bridge')
    host.service.send_signal(signal.SIGCONT)


def test_bridge_that_is_left(host):
    libvirtd.start(host)
    start(host)
    host.down(host.vpn)
    bridge, mac = bridge_of(host)
    virsh(host, 'net-destroy', NETWORK)
    ip('link', 'add', bridge, 'address', mac, 'type', 'bridge')
    remedy = examine(host, 'web')['profile']['remedy']
    check(bridge in remedy, remedy)
    equal(run(host, 'sh', '-c', remedy)[0], 0, f'exit code of {remedy}')
    repair(host, 'web', 'profile')
    repair(host, 'web', 'running')


# The card of the guest is unplugged and returns

def add_dock():
    ip('link', 'add', DOCK, 'up', 'type', 'veth', 'peer', 'dock1')
    ip('link', 'set', 'dock1', 'up')


def unplug_and_repair(host, kept=()):
    """The interface of guest 'web one' is attached again, with the KEPT attributes."""
    ip('link', 'del', DOCK)
    add_dock()
    repair(host, 'web one', 'macvtap', 'hint')
    found = interface(host, 'web one', MAC)
    for tag, attribute, value in kept:
        equal(found.find(tag).get(attribute), value, f'{attribute} of {tag}')
    check(found.find('target').get('dev') in host.links(), 'there is no device')


def check_unplugged(host, nic, kept=(), network=None):
    libvirtd.start(host)
    if network:
        virsh(host, 'net-define', '/dev/stdin', stdin=network)
        virsh(host, 'net-start', ElementTree.fromstring(network).findtext('name'))
    start(host, 'web one', nic)
    start_guest(host, 'web one')
    before = ElementTree.tostring(interface(host, 'web one', MAC, '--inactive'))
    unplug_and_repair(host, kept)
    equal(ElementTree.tostring(interface(host, 'web one', MAC, '--inactive')), before, 'definition')


def nic_on_dock(inner='', source=f"<source dev='{DOCK}' mode='bridge'/>", kind='direct'):
    return f"<interface type='{kind}' trustGuestRxFilters='yes'><mac address='{MAC}'/>{source}{inner}</interface>"


def test_tuned_interface_of_an_unplugged_card_stays_tuned(host):
    add_dock()
    check_unplugged(host, nic_on_dock(
        "<model type='virtio'/><driver rx_queue_size='512' event_idx='off'/><alias name='ua-mine'/>"),
        kept=[('model', 'type', 'virtio'), ('driver', 'rx_queue_size', '512'), ('driver', 'event_idx', 'off'),
              ('alias', 'name', 'ua-mine')])


LAN_NETWORK = f"<network><name>lan's</name><forward mode='bridge'><interface dev='{DOCK}'/></forward></network>"


def test_unplugged_card_behind_a_network_returns(host):
    add_dock()
    check_unplugged(host, nic_on_dock(source='<source network="lan\'s"/>', kind='network'),
                    [('source', 'network', "lan's")], LAN_NETWORK)


def test_unplugged_card_of_an_interface_of_the_running_guest_returns(host):
    add_dock()
    libvirtd.start(host)
    libvirtd.define(host, 'web one')
    virsh(host, 'start', 'web one')
    virsh(host, 'attach-device', 'web one', '/dev/stdin', '--live', stdin=nic_on_dock("<model type='virtio'/><driver event_idx='off'/>"))
    host.vpn = host.up(host.add_profile('isolated'))
    unplug_and_repair(host, [('driver', 'event_idx', 'off')])


if __name__ == '__main__':
    # The kernel puts the device nodes of all macvtap links into one directory.
    mock.main(at_once=1)
