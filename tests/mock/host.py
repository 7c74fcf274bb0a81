# SPDX-License-Identifier: GPL-2.0-or-later
"""A host for one test: a bus, a mock NetworkManager, an uplink eth0 with an address, and the programs under
test. It has its own namespaces (see mock.py), in which /run is empty."""

import contextlib
import fcntl
import os
import signal
import socket
import struct
import subprocess
import time

from gi.repository import GLib

import device
import kernel
from device import build_settings, ip
from network_manager import NetworkManager

BUS_SOCKET = '/run/dbus/system_bus_socket'  # the default
BUS_ADDRESS = f'unix:path={BUS_SOCKET}'
FAKE = '/run/fake'
SERVICES = '/run/services'  # that the bus may start
LOG = '/run/log'
RUN_DIR = '/run/nm-macvtap'
HELPER = 'nm-macvtap-dispatcher'
FLOCK = 'hhqqi'  # struct flock
UPLINK = '10.0.0.10/24'
UPLINK_MAC = '02:77:00:00:01:02'
UPLINK_UUID = '11111111-1111-4111-8111-111111111111'
UUID = '22222222-2222-4222-8222-222222222222'
LINK = 'nmmveth0'
PATIENCE = 30  # s; only a test that fails waits so long

# Root may do anything; for others the rules of system.conf that matter here, and the project's own policy.
BUS_CONFIG = '''<busconfig><listen>{address}</listen><auth>EXTERNAL</auth>
<servicedir>{services}</servicedir>
<policy context="default"><allow user="*"/><deny own="*"/><deny send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
<allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/>
<allow receive_type="signal"/><allow send_destination="org.freedesktop.DBus"/></policy>
<policy user="root"><allow own="*"/><allow send_destination="*"/></policy>
<include>{policy}</include></busconfig>'''
POLICY = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../data/nm-macvtap-service.conf')

GUEST = '''<domain type='qemu'><name>{name}</name><memory>65536</memory><os><type>hvm</type></os><devices>
<interface type='{type}'>{source}<model type='virtio'/></interface></devices></domain>'''
GUEST_MAC = '52:54:00:00:00:01'
GUEST_ADDRESS = '10.0.0.50'
ETH_P_ARP = 0x0806


class Failure(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failure(what)


def equal(actual, expected, what):
    if actual != expected:
        raise Failure(f'{what}: {actual!r}, expected {expected!r}')


class Journal:
    """What systemd's journal receives by its native protocol, as dictionaries of fields."""

    def __init__(self):
        os.makedirs('/run/systemd/journal')
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind('/run/systemd/journal/socket')
        # GLib recognises the journal by the address of the peer of standard error.
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind('/run/systemd/journal/stdout')
        self.listener.listen()
        self.stderr = socket.socket(socket.AF_UNIX)
        self.stderr.connect('/run/systemd/journal/stdout')
        self.received = []

    @staticmethod
    def parse(data):
        fields = {}
        while data:
            name, _, data = data.partition(b'\n')
            if b'=' in name:
                name, _, value = name.partition(b'=')
            else:
                size = struct.unpack('<Q', data[:8])[0]
                value, data = data[8:8 + size], data[9 + size:]
            fields.setdefault(name.decode(), []).append(value.decode(errors='replace'))
        return {name: '\n'.join(values) for name, values in fields.items()}

    def entries(self, text=''):
        """Those whose MESSAGE contains TEXT."""
        while True:
            try:
                self.received.append(self.parse(self.socket.recv(1 << 20)))
            except BlockingIOError:
                break
        return [entry for entry in self.received if text in entry.get('MESSAGE', '')]


class Host:
    """PROGRAMS are the paths of service, dispatcher helper, hook and the helper's directory."""

    def __init__(self, programs):
        self.programs = programs
        self.services = []
        self.has_hook = False
        for directory in ('/run/dbus', FAKE, SERVICES):
            os.makedirs(directory)
        self.speed_up(4)
        self.write('/run/bus.conf', BUS_CONFIG.format(address=BUS_ADDRESS, services=SERVICES, policy=POLICY))
        self.log_file = open(LOG, 'ab', buffering=0)
        self.stderr = self.log_file
        self.bus = subprocess.Popen(['dbus-daemon', '--config-file=/run/bus.conf', '--nofork'],
                                    stderr=self.log_file)
        self.connect(BUS_SOCKET, self.bus, 'the bus').close()
        # Otherwise link-local addresses come when a test has begun.
        self.write('/proc/sys/net/ipv6/conf/default/accept_dad', '0')
        ip('link', 'set', 'lo', 'up')
        ip('link', 'add', 'eth0', 'address', UPLINK_MAC, 'type', 'veth', 'peer', 'lan0')
        ip('link', 'set', 'lan0', 'up')
        self.nm = self.new_nm()
        self.nm.add_profile(self.uplink_settings())
        self.eth0 = self.nm.add_device('eth0')
        self.nm.take_up(self.eth0, self.nm.profiles[0])
        self.nm.start()

    def new_nm(self, kept=()):
        return NetworkManager(BUS_ADDRESS, self.start_service, self.run_hook, self.log, kept)

    @staticmethod
    def uplink_settings(method='auto'):
        return build_settings(
            connection={'id': 'eth0', 'uuid': UPLINK_UUID, 'type': '802-3-ethernet', 'interface_name': 'eth0'},
            ipv4={'method': method}, ipv6={'method': 'disabled'}, **{'802-3-ethernet': {}})

    def add_bus_service(self, name, command):
        """From now on the bus starts COMMAND for a call to NAME that nothing answers."""
        self.write(f'{SERVICES}/{name}.service', f'[D-BUS Service]\nName={name}\nExec={command}\nUser=root\n')
        self.bus.send_signal(signal.SIGHUP)

    # Files and log

    @staticmethod
    def write(path, text):
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)

    def log(self, text):
        self.log_file.write(f'[mock] {text}\n'.encode())

    def messages(self):
        with open(LOG, encoding='utf-8', errors='replace') as file:
            return file.read()

    def use_journal(self):
        """Standard error of programs that start from now on is a journal. Its entries, which grow."""
        journal = Journal()
        self.stderr = journal.stderr
        return journal

    # Time

    def wait(self, predicate, what, timeout=PATIENCE):
        """Runs the main loop, and with it the mock, until PREDICATE is true."""
        context = GLib.MainContext.default()
        end = time.monotonic() + timeout
        tick = GLib.timeout_add(10, lambda: True)
        try:
            while True:
                found = predicate()
                if found:
                    return found
                if time.monotonic() > end:
                    raise Failure(f'waited without success for {what}')
                context.iteration(True)
        finally:
            GLib.source_remove(tick)

    def pause(self, seconds):
        """For what must not happen."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end, 'time')

    def connect(self, path, process, what):
        """Waits until PROCESS listens: the socket's file exists a moment before."""
        def connected():
            check(process.poll() is None, f'{what} has ended with {process.returncode}')
            sock = socket.socket(socket.AF_UNIX)
            try:
                sock.connect(path)
                return sock
            except (FileNotFoundError, ConnectionRefusedError):
                sock.close()
                return None
        return self.wait(connected, what)

    def speed_up(self, factor):
        """Time limits of programs that start from now on are shorter by FACTOR."""
        self.write(f'{FAKE}/speed', str(factor))

    # Programs

    def start_service(self, bus_name):
        process = subprocess.Popen([self.programs.service, '--bus-name', bus_name], stdin=subprocess.DEVNULL,
                                   stdout=self.log_file, stderr=self.stderr,
                                   env={**os.environ, 'G_MESSAGES_DEBUG': 'all', 'G_DEBUG': 'fatal-criticals'})
        self.services.append(process)
        return process

    def install_hook(self):
        """From now on the dispatcher hook runs for each event, and starts the helper."""
        self.has_hook = True
        os.symlink(self.programs.dispatcher, os.path.join(self.programs.libexecdir, HELPER))

    def run_hook(self, action, interface, uuid):
        """NetworkManager waits for the hook, not for the helper."""
        if self.has_hook:
            subprocess.run([self.programs.hook, interface, action], check=True, stdin=subprocess.DEVNULL,
                           stdout=self.log_file, stderr=self.stderr,
                           env={'DEVICE_IFACE': interface, 'CONNECTION_UUID': uuid})

    def refresh(self):
        """The helper as systemd and `nm-macvtap refresh` start it: (exit code, output)."""
        process = subprocess.Popen([self.programs.dispatcher], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=self.stderr, text=True)
        self.wait(lambda: process.poll() is not None, 'the helper to end', 40)
        return process.returncode, process.stdout.read()

    @staticmethod
    def is_helper_lock_free():
        query = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        with open(f'{RUN_DIR}/dispatcher-lock', 'rb') as lock:
            answer = fcntl.fcntl(lock, fcntl.F_OFD_GETLK, query)
        return struct.unpack(FLOCK, answer)[0] == fcntl.F_UNLCK

    def wait_helper_ended(self):
        """Its lock is free, and there is no event left."""
        self.wait(self.is_helper_lock_free, 'the helper to end')

    @property
    def service(self):
        return self.services[-1]

    def wait_service_ended(self, code=0):
        self.wait(lambda: self.service.poll() is not None, 'the service to end')
        equal(self.service.returncode, code, "the service's exit code")

    def kill_service(self, number=signal.SIGKILL):
        self.service.send_signal(number)
        self.service.wait()

    def refuse_activations(self):
        """A profile that the helper activates again stays down."""
        self.nm.bus.fail('ActivateConnection', times=100)

    def kill_service_for_good(self):
        self.refuse_activations()
        self.kill_service()

    # Guests: each program has its own fake hypervisor, which begins with the same

    def at_start(self, *commands):
        with open(f'{FAKE}/start', 'a', encoding='utf-8') as file:
            file.writelines(command + '\n' for command in commands)

    def add_guest(self, name, mode='bridge', running=True, parent='eth0', device_name=None, mac=None):
        """With DEVICE_NAME, of a macvtap device that is made."""
        if device_name:
            self.add_macvtap(device_name, parent, mode, mac)
        target = f"<target dev='{device_name}'/>" if device_name else ''
        address = f"<mac address='{mac}'/>" if mac else ''
        self.define_guest(name, 'direct', f"{address}<source dev='{parent}' mode='{mode}'/>{target}", running)

    def define_guest(self, name, kind, source, running=True):
        xml = GUEST.format(name=name, type=kind, source=source).replace('\n', ' ')
        self.at_start(f'define "{xml}"', *([f'start {name}'] if running else []))

    @staticmethod
    def add_macvtap(name, parent='eth0', mode='bridge', mac=GUEST_MAC):
        ip('link', 'add', 'link', parent, 'name', name, *(['address', mac] if mac else []), 'up',
           'type', 'macvtap', 'mode', mode)

    @staticmethod
    def speak(name, mac=GUEST_MAC, address=GUEST_ADDRESS):
        """The guest on macvtap NAME asks for UPLINK: one ARP broadcast."""
        me = bytes.fromhex(mac.replace(':', ''))
        target = socket.inet_aton(UPLINK.split('/', maxsplit=1)[0])
        question = struct.pack('!HHBBH', 1, 0x0800, 6, 4, 1) + me + socket.inet_aton(address) + bytes(6) + target
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
            sock.bind((name, ETH_P_ARP))
            sock.send(b'\xff' * 6 + me + struct.pack('!H', ETH_P_ARP) + question)

    def has_route(self, mac=GUEST_MAC, address=GUEST_ADDRESS):
        return (LINK in self.links() and LINK in ip('route', 'get', address) and
                mac in ip('neighbour', 'show', address, 'dev', LINK))

    def wait_served(self, name, mac=GUEST_MAC, address=GUEST_ADDRESS):
        def served():
            self.speak(name, mac, address)
            return self.has_route(mac, address)
        self.wait(served, f'a route to the guest on {name}')

    def hypervisor(self, command, process=None):
        """Runs one command in the fake hypervisor of the service, or of PROCESS. Its answer."""
        process = process or self.service
        with self.connect(f'{FAKE}/{process.pid}', process, 'the fake hypervisor') as sock:
            sock.sendall(command.encode() + b'\n')
            answer = b''
            while part := sock.recv(65536):
                answer += part
        check(answer.startswith(b'+'), f'{command}: {answer!r}')
        return answer[1:].decode()

    # Profiles

    def add_profile(self, mode, uuid=UUID, name='guests', settings=(), **data):
        items = {'mode': mode, **{key.replace('_', '-'): item for key, item in data.items()}}
        return self.nm.add_profile(build_settings(
            connection={'id': name, 'uuid': uuid, 'type': 'vpn', 'autoconnect': False, **dict(settings)},
            vpn={'service_type': 'org.freedesktop.NetworkManager.macvtap', 'data': items},
            ipv4={'method': 'auto'}, ipv6={'method': 'auto'}))

    def activate(self, profile, device_name='eth0'):
        return self.nm.activate(profile, self.nm.device(device_name))

    def up(self, profile):
        vpn = self.activate(profile)
        self.wait(lambda: vpn.state != device.ACTIVATING, f"'{profile.id}' to be activated")
        equal(vpn.state, device.ACTIVATED, 'state of the VPN')
        return vpn

    def down(self, vpn):
        vpn.deactivate()
        self.wait_service_ended()

    def refused(self, profile, *texts):
        """The activation fails, and the log has every one of TEXTS."""
        vpn = self.activate(profile)
        self.wait(lambda: vpn.state == device.DEACTIVATED, f"'{profile.id}' to fail")
        self.wait(lambda: self.service.poll() is not None, 'the service to end')
        for text in texts:
            check(text in self.messages(), f'no {text!r} in the log')
        return vpn

    # The kernel

    @staticmethod
    def links():
        return os.listdir('/sys/class/net')

    @staticmethod
    def mac(name):
        with open(f'/sys/class/net/{name}/address', encoding='ascii') as file:
            return file.read().strip()

    @staticmethod
    def addresses(name):
        return device.kernel_addresses(name, 4) if name in Host.links() else None

    @contextlib.contextmanager
    def unchanged(self, patience=PATIENCE):
        """After the block the kernel is as before."""
        self.wait(kernel.is_settled, 'the addresses that the kernel itself makes')
        before = kernel.state()
        yield
        try:
            self.wait(lambda: kernel.state() == before, 'the kernel to be as before', patience)
        except Failure:
            after = kernel.state()
            raise AssertionError('\n'.join(['left behind:', *sorted(after - before), 'lost:',
                                            *sorted(before - after)])) from None

    @staticmethod
    def is_allmulticast(name):
        """The sum of what programs asked for, not the flag that `ip link` shows."""
        with open(f'/sys/class/net/{name}/flags', encoding='ascii') as file:
            return bool(int(file.read(), 16) & 0x200)

    # NetworkManager

    def is_online(self):
        return self.nm.manager.get('', 'Connectivity') == device.FULL

    def continue_with(self, kept):
        """Another NetworkManager comes and takes up what the one before left: the parent gets its stored
        configuration, the host link of mode move stays active."""
        self.nm = self.new_nm(kept)
        self.eth0 = self.nm.add_device('eth0')
        self.nm.take_up(self.eth0, self.nm.find_profile(UPLINK_UUID))
        link = next((profile for profile in self.nm.profiles if profile.interface == LINK), None)
        if link and LINK in self.links():
            self.nm.take_up(self.nm.add_macvlan(LINK, self.eth0), link)
        self.nm.start()
