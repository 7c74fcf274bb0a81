# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole Debian with its own kernel under QEMU, without KVM, and ssh into it on 127.0.0.1."""

import contextlib
import glob
import json
import os
import pathlib
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
SANDBOX = HERE.parent / 'sandbox'
sys.path[:0] = [str(HERE.parent / 'packaging'), str(SANDBOX)]

from cases import Failure, check, equal, must  # noqa: E402, F401

# Each LAN has a DHCP server at .2 that gives an address for each MAC, and answers pings.
# First three bytes of its addresses, the host's devices on it: name, model, last byte of the MAC.
LANS = [
    ('10.0.99', [('mgmt0', 'virtio-net-pci', '99')]),
    ('10.0.77', [('eth0', 'virtio-net-pci', '01')]),
    ('10.0.78', [('eth1', 'virtio-net-pci', '02'), ('eth2', 'virtio-net-pci', '03'), ('eth3', 'e1000e', '04'),
                 ('eth4', 'rtl8139', '05'), ('eth5', 'usb-net', '06')]),
]
# Options of the kernel and systemd for an emulation that waits for its turn.
SLOW = 'no_timer_check systemd.default_timeout_start_sec=600'
BOOT_TIMEOUT = 900
# All time limits are multiplied with it, for a machine that has other things to do. Then time passes on the emulated host
# only while the emulation runs.
PATIENCE = float(os.environ.get('NM_MACVTAP_PATIENCE', '1'))
EMULATION = ('-accel', 'tcg,thread=multi', '-smp', '2') if PATIENCE <= 1 else ('-accel', 'tcg', '-icount', 'shift=3')
WAIT = str(int(100 * PATIENCE))  # of nmcli
# Prints nothing if no event waits for the helper.
IDLE = '''systemctl is-active nm-macvtap-dispatcher nm-macvtap-refresh | grep -v inactive | grep -v failed
cat /run/nm-macvtap/dispatcher-events 2>/dev/null'''


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as server:
        return server.getsockname()[1]


def quiet(*argv):
    """Whether the command succeeds."""
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def network_options(port):
    """Options of QEMU. A hub connects what is on one LAN."""
    options = ['-device', 'qemu-xhci']
    for hub, (subnet, devices) in enumerate(LANS):
        forward = '' if hub else f',hostfwd=tcp:127.0.0.1:{port}-{subnet}.15:22'
        options += ['-netdev', f'user,id=lan{hub},net={subnet}.0/24,restrict=on{forward}',
                    '-netdev', f'hubport,id=lan{hub}-port,hubid={hub},netdev=lan{hub}']
        for name, model, mac in devices:
            options += ['-netdev', f'hubport,id={name}-port,hubid={hub}',
                        '-device', f'{model},id={name},netdev={name}-port,mac=52:54:00:00:00:{mac}']
    return options


def needed(step):
    """Decorates a step that the others need."""
    step.needed = True
    return step


class Machine:
    """IMAGE: the directory that make-image prints. OPTIONS: of the kernel."""

    def __init__(self, image, options):
        self.image, self.options = pathlib.Path(image), options
        # The disk is too large for the memory that holds what the tests write.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='booted-run-', dir='/sandbox/cache'))
        self.port = free_port()
        self.process = None
        must('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', self.image / 'disk.img', self.disk)

    @property
    def disk(self):
        return self.directory / 'disk.qcow2'

    @needed
    def power_on(self):
        kernel = f'root=/dev/vda rw console=ttyS0 {SLOW} {self.options}'
        self.powered_on = time.time()
        self.process = subprocess.Popen([
            'qemu-system-x86_64', '-machine', 'q35', *EMULATION, '-cpu', 'max,la57=off', '-m', '3072',
            '-display', 'none', '-drive', f'file={self.disk},format=qcow2,if=virtio,cache=unsafe',
            '-kernel', self.image / 'vmlinuz', '-initrd', self.image / 'initrd', '-append', kernel,
            *network_options(self.port), '-qmp', f'unix:{self.directory}/qmp,server=on,wait=off',
            '-serial', f'file:{self.directory}/serial'], stdin=subprocess.DEVNULL)
        self.wait_running()

    def wait_running(self):
        """Until all units have started."""
        self.wait(self.connect, 'the host to let ssh in', BOOT_TIMEOUT)
        self.wait(lambda: self.run('systemctl', 'is-system-running', check=False) in ('running', 'degraded'),
                  'the host to be running', BOOT_TIMEOUT)

    def power_cut(self):
        self.process.kill()
        self.process.wait()
        self.disconnect()

    def power_off(self):
        self.run('systemctl', 'poweroff', check=False)
        self.disconnect()
        self.process.wait(timeout=200 * PATIENCE)

    def disconnect(self):
        quiet(*self.ssh(), '-O', 'exit', 'root@127.0.0.1')

    def close(self):
        if self.process and self.process.poll() is None:
            self.power_cut()
        shutil.rmtree(self.directory)

    def monitor(self, command, **arguments):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(f'{self.directory}/qmp')
            stream = connection.makefile('rw')
            stream.readline()
            for request in ({'execute': 'qmp_capabilities'}, {'execute': command, 'arguments': arguments}):
                stream.write(json.dumps(request) + '\n')
                stream.flush()
                while 'event' in (reply := json.loads(stream.readline())):
                    pass
                check('return' in reply, f'{command}: {reply}')
            return reply['return']

    def ssh(self):
        return ['ssh', '-q', '-i', str(self.image / 'key'), '-p', str(self.port), '-o', 'StrictHostKeyChecking=no',
                '-o', 'UserKnownHostsFile=/dev/null', '-o', 'ConnectTimeout=20', '-o', f'ControlPath={self.directory}/ssh']

    def connect(self):
        """One connection serves all commands, because a login takes seconds."""
        return quiet(*self.ssh(), '-M', '-N', '-f', '-o', 'ControlPersist=yes', 'root@127.0.0.1')

    def argv(self, *argv):
        return [*self.ssh(), 'root@127.0.0.1', shlex.join(['env', 'LC_ALL=C.UTF-8', *map(str, argv)])]

    def run(self, *argv, check=True, timeout=200, stdin=None):
        """Standard output and error."""
        try:
            result = subprocess.run(self.argv(*argv), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                    timeout=timeout * PATIENCE, check=False, errors='replace',
                                    **({'input': stdin} if stdin else {'stdin': subprocess.DEVNULL}))
        except subprocess.TimeoutExpired as error:
            raise Failure(f"{shlex.join(map(str, argv))}: no end after {timeout} s") from error
        if check and result.returncode:
            raise Failure(f"{shlex.join(map(str, argv))}: exit code {result.returncode}\n{result.stdout}")
        return result.stdout.strip()

    def succeeds(self, *argv):
        return quiet(*self.argv(*argv))

    def write(self, path, data, mode='644'):
        subprocess.run(self.argv('sh', '-c', f'mkdir -p "$(dirname {path})"; cat >{path}; chmod {mode} {path}'), check=True,
                       input=data if isinstance(data, bytes) else data.encode())

    def wait(self, predicate, what, timeout=60):
        """PREDICATE may fail until then."""
        end = time.monotonic() + timeout * PATIENCE
        while True:
            problem = ''
            try:
                if found := predicate():
                    return found
            except Failure as error:
                problem = f': {error}'
            if self.process.poll() is not None:
                raise Failure(f'QEMU has ended with {self.process.returncode}')
            if time.monotonic() > end:
                raise Failure(f'waited without success for {what}{problem}')
            time.sleep(1)

    def journal(self, *arguments):
        return self.run('journalctl', '-b', '--no-pager', '-o', 'short-monotonic', *arguments, check=False)

    def denials(self):
        """What SELinux or AppArmor has denied."""
        return [line for line in self.run('sh', '-c', 'dmesg; cat /var/log/audit/audit.log').splitlines()
                if re.search(r'avc: +denied|apparmor="DENIED"', line)]

    # The product

    def install(self, directory):
        for path in [*glob.glob(f'{directory}/network-manager-macvtap_*.deb'), *glob.glob(f'{directory}/libnss-macvtap_*.deb')]:
            self.write(f'/root/{os.path.basename(path)}', pathlib.Path(path).read_bytes())
        text = self.run('sh', '-c', 'DEBIAN_FRONTEND=noninteractive dpkg -i /root/*.deb', timeout=400)
        check('rror' not in text, text)
        self.wait_idle()

    def wait_idle(self):
        """Until the dispatcher helper has handled all events."""
        self.wait(lambda: self.run('sh', '-c', IDLE, check=False) == '', 'the helper to end', 120)

    def add_profile(self, name, data, autoconnect='no', uri='lxc:///system'):
        self.run('nmcli', 'connection', 'add', 'type', 'vpn', 'vpn-type', 'macvtap', 'con-name', name, 'autoconnect', autoconnect,
                 'vpn.data', f'{data}, libvirt-uri={uri}')

    def up(self, name, *arguments):
        self.run('nmcli', '--wait', WAIT, 'connection', 'up', name, *arguments)
        # For a bond or bridge as ifname, nmcli 1.42 returns as soon as that is active.
        self.wait(lambda: self.states().get(name) == 'activated', f"'{name}' to be active")

    def down(self, name):
        return self.run('nmcli', '--wait', WAIT, 'connection', 'down', name)

    def states(self):
        lines = self.run('nmcli', '-g', 'NAME,STATE', 'connection').splitlines()
        return {name.replace('\\:', ':'): state for name, state in (line.rsplit(':', 1) for line in lines)}

    def answers(self, address):
        return self.succeeds('ping', '-c', '1', '-W', '2', address)

    def wait_answer(self, address, timeout=60):
        self.wait(lambda: self.answers(address), f'{address} to answer', timeout)

    # Guests: containers of libvirt

    @property
    def seclabel(self):
        """Of guests. Debian's policy for SELinux lacks the types that libvirt gives them."""
        return "<seclabel type='none'/>" if 'selinux' in self.options else ''

    def make_guest_root(self, root):
        self.run('sh', '-c', f'''mkdir -p {root}; cd {root}; mkdir bin dev etc proc sys tmp; cp /bin/busybox bin
for name in cat ip nc ping rm sed sh sleep udhcpc; do ln -s busybox bin/$name; done''')
        self.write(f'{root}/bin/guest-init', (HERE / 'guest-init').read_bytes(), '755')
        self.write(f'{root}/bin/guest-dhcp', (SANDBOX / 'guest-dhcp').read_bytes(), '755')

    def define_guest(self, name, parent, address):
        root = f'/srv/{name}'
        self.make_guest_root(root)
        self.run('virsh', '-c', 'lxc:///system', 'define', '/dev/stdin', stdin=f'''
<domain type='lxc'><name>{name}</name><memory unit='MiB'>32</memory>
<os><type>exe</type><init>/bin/guest-init</init><initarg>{address}</initarg></os>
<devices><filesystem type='mount'><source dir='{root}'/><target dir='/'/></filesystem>
<interface type='direct'><source dev='{parent}' mode='bridge'/></interface><console type='pty'/></devices>
{self.seclabel}</domain>''')

    def virsh(self, *argv):
        return self.run('virsh', '-q', '-c', 'lxc:///system', *argv)

    def guest_answers(self, name, address):
        """Whether the guest gets an answer from ADDRESS."""
        return self.succeeds('nsenter', '-t', self.guest_init(name), '-n', 'ping', '-c', '1', '-W', '2', address)

    def guest_init(self, name):
        # libvirt's process of the container has started process 1.
        controller = self.virsh('domid', name)
        return self.run('pgrep', '-P', controller).split()[0]


def run_on(options, steps, last):
    """The main function of a test program: runs the functions of STEPS in order on one machine, and prints TAP. What a
    step returns is a note. The arguments are IMAGE DIRECTORY [WORD...]: with words, only the steps whose names contain
    one of them, and what they need, which has the mark of needed()."""
    image, packages, *words = sys.argv[1:]
    machine = Machine(image, options)
    machine.packages = packages
    chosen = [step for step in steps if not words or hasattr(step, 'needed') or any(word in step.__name__ for word in words)]
    chosen = [Machine.power_on, *chosen, last]
    print(f'1..{len(chosen)}', flush=True)
    failed = False
    try:
        for number, step in enumerate(chosen, 1):
            failed = not run_step(machine, number, step) or failed
            if failed and hasattr(step, 'needed'):
                break
    finally:
        machine.close()
    sys.exit(failed)


def run_step(machine, number, step):
    begin, failure, note = time.monotonic(), '', ''
    try:
        note = step(machine)
    except Exception as error:
        failure = str(error) if isinstance(error, Failure) else traceback.format_exc()
        with contextlib.suppress(Exception):
            failure += '\n' + machine.journal('-n', '80')
    name = step.__name__.removeprefix('step_').replace('_', ' ')
    print(f"{'not ok' if failure else 'ok'} {number} - {name} ({time.monotonic() - begin:.0f} s)")
    print(''.join(f'# {line}\n' for line in (failure or note or '').splitlines()), end='', flush=True)
    return not failure


def steps_of(module):
    return [item for name, item in vars(module).items() if name.startswith('step_')]
