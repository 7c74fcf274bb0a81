# SPDX-License-Identifier: GPL-2.0-or-later
"""A NetworkManager for tests: it does what the real one does in the order in which the real one does it,
on the links of this network namespace, but nothing by itself. There are no time limits, no DHCP on the wire and no
connectivity check; a test decides what they find (`leases`, `dhcp`, `online`)."""

import time

from gi.repository import GLib

from bus_object import Bus, BusError, BusObject
from device import (ACTIVATED, DEACTIVATING, DEVICE_DISCONNECTED, ETHERNET, FULL, IN_MEMORY, MACVLAN, NONE, UNMANAGED, UNSAVED, Device, Profile, ip,
                    kernel_addresses, value)
from vpn import Vpn

NOTICE_MS = 30


class NetworkManager:
    """SERVICE starts the VPN service with a bus name, HOOK runs the dispatcher script for an action, a
    device and a UUID. KEPT: what stop() of the previous instance returned."""

    def __init__(self, address, service, hook, log, kept=()):
        self.bus = Bus(address)
        self.service = service
        self.hook = hook
        self.log = log
        self.profiles, self.actives, self.devices, self.checkpoints = [], [], [], []
        self.leases = {}
        self.online = True
        self.on_addresses = None
        self.hold_activations = False
        self.unmanaged = []  # names of links that are strictly unmanaged
        self.before_connect = None
        self.manager = Manager(self)
        self.settings = Settings(self)
        BusObject(self.bus, '/org/freedesktop/NetworkManager/DnsManager',
                  {'DnsManager': {'Mode': 'default', 'RcManager': 'unmanaged', 'Configuration': []}})
        for settings, flags in kept:
            Profile(self, settings, flags)
        GLib.timeout_add(NOTICE_MS, self.notice)

    def notice(self):
        """The events of the kernel come late."""
        if self.bus.connection.is_closed():
            return False
        for target in list(self.devices):
            target.notice()
        return True

    def start(self):
        self.bus.own_name()
        self.manager.set('', Startup=False)

    def stop(self, crash=False):
        """NetworkManager ends, as for its restart: the kernel's links and their addresses stay, and so do
        profiles in memory, which it keeps in /run. It deactivates its VPNs, unless it crashes. What is kept."""
        for active in list(self.actives):
            if active.is_vpn and not crash:
                active.end(DEVICE_DISCONNECTED)
        self.bus.close()
        return [(profile.settings, profile.get('Settings.Connection', 'Flags')) for profile in self.profiles]

    def dhcp(self, device, client_id):
        """'ADDRESS/PREFIX' or None; the server identifies clients by the client identifier."""
        return self.leases.setdefault(client_id.lower(), f'10.0.0.{10 + len(self.leases)}/24')

    # What others see

    def update_lists(self):
        self.manager.set('', Devices=[device.path for device in self.devices],
                         AllDevices=[device.path for device in self.devices],
                         Checkpoints=[checkpoint.path for checkpoint in self.checkpoints],
                         ActiveConnections=[active.path for active in self.actives])
        self.settings.set('Settings', Connections=[profile.path for profile in self.profiles])
        for device in self.devices:
            device.set('Device', AvailableConnections=[
                profile.path for profile in self.profiles if profile.interface == device.name])
        self.update_connectivity()

    def update_connectivity(self):
        up = [active for active in self.actives if not active.is_vpn and active.state == ACTIVATED
              and active.device.get('Device', 'Ip4Config') != '/']
        connectivity = FULL if up and self.online and not up[-1].device.is_limited else NONE
        self.manager.set('', Connectivity=connectivity, State=70 if connectivity == FULL else 20,
                         PrimaryConnection=up[-1].path if up else '/',
                         PrimaryConnectionType=up[-1].profile.type if up else '')

    def dispatch(self, action, interface, uuid):
        """What NetworkManager's dispatcher runs; it waits for it."""
        self.log(f'dispatch {action} {interface}')
        if not self.bus.connection.is_closed():
            self.hook(action, interface, uuid)

    # Finding

    def find(self, things, path):
        return next((thing for thing in things if thing.path == path), None)

    def find_active(self, uuid):
        return next((active for active in self.actives
                     if active.profile.uuid == uuid and active.state < DEACTIVATING), None)

    def find_profile(self, uuid):
        return next((profile for profile in self.profiles if profile.uuid == uuid), None)

    def device(self, name):
        return next((device for device in self.devices if device.name == name), None)

    def add_profile(self, settings, flags=0):
        return Profile(self, settings, flags)

    def add_device(self, name, kind=ETHERNET):
        return Device(self, name, kind)

    # Activating

    def activate(self, profile, device=None, specific='/'):
        if profile.type == 'vpn':
            return self.activate_vpn(profile, device, specific)
        if profile.type == 'macvlan':
            device = self.device(profile.interface) or self.make_macvlan(profile)
            if profile.interface in self.unmanaged:
                device.set('Device', Managed=False)
                device.change(UNMANAGED)
        return device.begin(profile)

    @staticmethod
    def take_up(target, profile):
        """What is active when NetworkManager has started."""
        active = target.begin(profile)
        target.go_on(active)

    def activate_vpn(self, profile, device, specific):
        base = self.find(self.actives, specific) or (device.active if device else None)
        if not base:
            primary = self.manager.get('', 'PrimaryConnection')
            base = self.find(self.actives, primary)
        if not base or (device and base.device is not device):
            raise BusError('UnknownConnection', 'could not find source connection')
        if self.find_active(profile.uuid):
            raise BusError('ConnectionAlreadyActive', f"'{profile.id}' is already active")
        return Vpn(self, profile, base)

    def make_macvlan(self, profile):
        parent = self.device(value(profile.settings, 'macvlan', 'parent'))
        mac = value(profile.settings, '802-3-ethernet', 'assigned-mac-address')
        ip('link', 'add', 'link', parent.name, 'name', profile.interface, *(['address', mac] if mac else []),
           'type', 'macvtap', 'mode', 'bridge')
        return self.add_macvlan(profile.interface, parent)

    def add_macvlan(self, name, parent):
        return Device(self, name, MACVLAN, **{'Device.Macvlan': {
            'Parent': parent.path, 'Mode': 'bridge', 'NoPromisc': False, 'Tap': True, 'HwAddress': ''}})


class Manager(BusObject):
    def __init__(self, nm):
        self.nm = nm
        super().__init__(nm.bus, '/org/freedesktop/NetworkManager', {'': {
            'Devices': [], 'AllDevices': [], 'Checkpoints': [], 'ActiveConnections': [], 'PrimaryConnection': '/',
            'PrimaryConnectionType': '', 'ActivatingConnection': '/', 'NetworkingEnabled': True, 'Startup': True,
            'Version': '1.42.4', 'State': 20, 'Connectivity': NONE, 'ConnectivityCheckAvailable': True,
            'ConnectivityCheckEnabled': True}})

    def do_ActivateConnection(self, connection, device, specific):
        nm = self.nm
        target = nm.find(nm.devices, device)
        profile = nm.find(nm.profiles, connection)
        if connection == '/' and target:
            profile = next((profile for profile in nm.profiles if profile.interface == target.name), None)
        if not profile:
            raise BusError('UnknownConnection', 'no such connection')
        return nm.activate(profile, target, specific).path

    def do_DeactivateConnection(self, path):
        active = self.nm.find(self.nm.actives, path)
        if not active:
            raise BusError('ConnectionNotActive', 'not active')
        active.deactivate()

    def do_GetPermissions(self):
        return ({},)

    def do_CheckConnectivity(self):
        for device in self.nm.devices:
            device.is_limited = not kernel_addresses(device.name)
            device.publish()
        return self.get('', 'Connectivity')

    def do_CheckpointCreate(self, devices, timeout, _flags):
        checkpoint = BusObject(self.bus, self.bus.next_path('Checkpoint'), {'Checkpoint': {
            'Devices': devices, 'Created': int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000),
            'RollbackTimeout': timeout}})
        self.nm.checkpoints.append(checkpoint)
        self.nm.update_lists()
        return checkpoint.path

    def do_CheckpointDestroy(self, path):
        checkpoint = self.nm.find(self.nm.checkpoints, path)
        if not checkpoint:
            raise BusError('InvalidArguments', 'no such checkpoint')
        self.nm.checkpoints.remove(checkpoint)
        self.nm.update_lists()
        checkpoint.remove()


class Settings(BusObject):
    def __init__(self, nm):
        self.nm = nm
        super().__init__(nm.bus, '/org/freedesktop/NetworkManager/Settings', {
            'Settings': {'Connections': [], 'Hostname': '', 'CanModify': True}})

    def do_AddConnection2(self, settings, flags, _args):
        if self.nm.find_profile(value(settings, 'connection', 'uuid')):
            raise BusError('Settings.UuidExists', 'there is such a profile')
        profile = Profile(self.nm, settings, UNSAVED if flags & IN_MEMORY else 0)
        return profile.path, {}
