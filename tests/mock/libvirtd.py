# SPDX-License-Identifier: GPL-2.0-or-later
"""A real libvirtd with QEMU for a test, with its files in the test's namespaces. Its guests boot a system of 50 bytes,
which powers off when the power button is pressed, and releases devices that are unplugged."""

import os
import subprocess
import sys
from xml.sax.saxutils import escape

SANDBOX = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'sandbox')
sys.path.append(SANDBOX)
import device_nodes

DIRECTORIES = ('/etc/libvirt', '/var/lib/libvirt', '/var/cache/libvirt', '/var/log/libvirt')
DAEMON_CONF = 'auth_unix_ro = "none"\nauth_unix_rw = "none"\n'
QEMU_CONF = '''user = "root"
group = "root"
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
'''
DISK = '/run/system.img'
# For QEMU's machine 'pc', in 16-bit mode: enable the power button; at each tick of the timer, eject the PCI devices
# that are to be unplugged, and power off if the button was pressed.
SYSTEM = '''
    ba 02 06  b8 00 01  ef              mov dx,0x602; mov ax,0x100; out dx,ax
    fb  f4                              tick: sti; hlt
    ba 10 ae  66 31 c0  66 ef           mov dx,0xae10; xor eax,eax; out dx,eax
    ba 04 ae  66 ed                     mov dx,0xae04; in eax,dx
    66 85 c0  74 05                     test eax,eax; jz button
    ba 08 ae  66 ef                     mov dx,0xae08; out dx,eax
    ba 00 06  ed  f6 c4 01  74 de       button: mov dx,0x600; in ax,dx; test ah,1; jz tick
    ba 04 06  b8 00 20  ef  eb d5       mov dx,0x604; mov ax,0x2000; out dx,ax; jmp tick
'''
GUEST = '''<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory>
<os><type arch='x86_64' machine='pc'>hvm</type><boot dev='fd'/></os><features><acpi/></features>
<devices><controller type='usb' model='none'/><memballoon model='none'/>
<disk type='file' device='floppy'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='fda'/><readonly/>
</disk>{nics}</devices></domain>'''


def start(host):
    """Starts the daemon and waits until it answers."""
    subprocess.run([os.path.join(SANDBOX, 'private-dev'), '/dev'], check=True)
    device_nodes.follow()
    for directory in DIRECTORIES:
        os.makedirs(directory, exist_ok=True)
        subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', directory], check=True)
    host.write('/etc/libvirt/libvirtd.conf', DAEMON_CONF)
    host.write('/etc/libvirt/qemu.conf', QEMU_CONF)
    # libvirtd looks up its own host name for each guest that it starts.
    host.write('/run/hosts', f'127.0.0.1 localhost {os.uname().nodename}\n')
    subprocess.run(['mount', '--bind', '/run/hosts', '/etc/hosts'], check=True)
    with open(DISK, 'wb') as disk:
        code = bytes.fromhex(''.join(line[:40] for line in SYSTEM.splitlines()))
        disk.write((code.ljust(510, b'\0') + b'\x55\xaa').ljust(1440 * 1024, b'\0'))
    daemon = subprocess.Popen(['libvirtd'], stdin=subprocess.DEVNULL, stdout=host.log_file, stderr=host.log_file)
    host.connect('/run/libvirt/libvirt-sock', daemon, 'libvirtd').close()


def virsh(host, *words, stdin=''):
    """Returns its output. The main loop runs meanwhile."""
    with subprocess.Popen(['virsh', '--quiet', *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True) as process:
        process.stdin.write(stdin)
        process.stdin.close()
        host.wait(lambda: process.poll() is not None, f'virsh {words}')
        output = process.stdout.read()
    if process.returncode:
        raise RuntimeError(f'virsh {words}: {output}')
    return output


def define(host, name, *nics):
    virsh(host, 'define', '/dev/stdin', stdin=GUEST.format(name=escape(name), disk=DISK, nics=''.join(nics)))
