# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest of QEMU on a booted host."""

import json
import pathlib
import subprocess

from vm import SANDBOX, Failure

IMAGES = '/var/lib/libvirt/images'
DEFINITION = f'''<domain type='qemu'><name>q1</name><memory unit='MiB'>96</memory>
<os><type arch='x86_64' machine='pc'>hvm</type><kernel>{IMAGES}/vmlinuz</kernel><initrd>{IMAGES}/initrd</initrd>
<cmdline>console=ttyS0 quiet nokaslr mitigations=off tsc=unstable nmm.name=q1</cmdline></os>
<features><acpi/><apic/></features><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<controller type='usb' model='none'/><memballoon model='none'/>
<interface type='direct'><mac address='52:54:00:00:01:01'/><source dev='eth0' mode='bridge'/><model type='virtio'/></interface>
<serial type='file'><source path='/var/log/libvirt/qemu/q1-console.log'/></serial></devices>%s</domain>'''


def virsh(machine, *argv, **options):
    return machine.run('virsh', '-q', *argv, **options)


def address(machine, network):
    """Of the guest, as status shows it. NETWORK: what it begins with."""
    text = machine.run('nm-macvtap', '--json', 'status', check=False)
    try:
        status = json.loads(text)
    except ValueError as error:
        raise Failure(f'status: {text}') from error
    addresses = [guest.get('address') or '' for guest in status['guests'] if guest['name'] == 'q1']
    return next((address for address in addresses if address.startswith(network)), None)


def start(machine):
    image = pathlib.Path(subprocess.run([SANDBOX / 'guest-image', 'cloud'], stdout=subprocess.PIPE, text=True,
                                        check=True).stdout.strip())
    for name in ('vmlinuz', 'initrd'):
        machine.write(f'{IMAGES}/{name}', (image / name).read_bytes())
    virsh(machine, 'define', '/dev/stdin', stdin=DEFINITION % machine.seclabel)
    virsh(machine, 'start', 'q1')


def step_guest_of_qemu(machine):
    """It boots in a minute or two, because one emulation runs in another."""
    machine.add_profile('share-q1', 'mode=share, parent=eth0', uri='qemu:///system')
    machine.add_profile('isolated-q1', 'mode=isolated', uri='qemu:///system')
    machine.up('share-q1', 'ifname', 'eth0')
    start(machine)
    machine.wait_answer(machine.wait(lambda: address(machine, '10.0.77.'), 'the address of the guest', 600))
    machine.run('nm-macvtap', 'check', 'q1')
    machine.down('share-q1')
    machine.up('isolated-q1', 'ifname', 'lo')
    machine.wait_answer(machine.wait(lambda: address(machine, '192.168.254.'), 'the second address of the guest', 200))
    machine.down('isolated-q1')
    virsh(machine, 'destroy', 'q1')
    virsh(machine, 'undefine', 'q1')
    machine.run('nmcli', 'connection', 'delete', 'share-q1', 'isolated-q1')
