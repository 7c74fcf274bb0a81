# SPDX-License-Identifier: GPL-2.0-or-later
"""A VPN as NetworkManager activates it: it starts the service, asks it for secrets, lets it connect, and
waits for its configuration (read in NM 1.42, nm-vpn-connection.c)."""

from gi.repository import Gio, GLib

from device import ACTIVATED, DEACTIVATED, DEACTIVATING, Active

PLUGIN = 'org.freedesktop.NetworkManager.VPN.Plugin'
PLUGIN_PATH = '/org/freedesktop/NetworkManager/VPN/Plugin'
SERVICE = 'org.freedesktop.NetworkManager.macvtap'
PREPARE, CONNECT, UP, FAILED, DISCONNECTED = 1, 3, 5, 6, 7  # states of a VPN
USER_DISCONNECTED, SERVICE_STOPPED, CONNECT_TIMEOUT, START_FAILED = 2, 4, 6, 8
STOPPED = 6  # state of the service
CALL_TIMEOUT_MS = 10000


class Vpn(Active):
    is_vpn = True

    def __init__(self, nm, profile, base):
        self.base = base
        self.config = None
        super().__init__(nm, profile, base.device, base.path,
                         **{'VPN.Connection': {'VpnState': PREPARE, 'Banner': ''}})
        self.name = f'{SERVICE}.Connection_{self.path.rsplit("/", 1)[1]}'
        self.watch = Gio.bus_watch_name_on_connection(
            self.bus.connection, self.name, Gio.BusNameWatcherFlags.NONE, self.on_appeared, self.on_vanished)
        self.subscription = self.bus.connection.signal_subscribe(
            None, PLUGIN, None, PLUGIN_PATH, None, Gio.DBusSignalFlags.NONE, self.on_signal)
        self.owner = None
        self.n_pending = 0  # calls that the service has not answered
        self.process = nm.service(self.name)

    # The service

    def call(self, method, parameters=None, callback=None):
        def on_answer(connection, result):
            self.n_pending -= 1
            try:
                answer, error = connection.call_finish(result), None
            except GLib.Error as failure:
                answer, error = None, failure
            if callback and self.state < DEACTIVATING:
                callback(answer, error)
        self.n_pending += 1
        self.bus.connection.call(self.owner, PLUGIN_PATH, PLUGIN, method, parameters, None,
                                 Gio.DBusCallFlags.NONE, CALL_TIMEOUT_MS, None, on_answer)

    def on_appeared(self, _connection, _name, owner):
        self.owner = owner
        self.call('NeedSecrets', GLib.Variant('(a{sa{sv}})', (self.profile.settings,)), self.on_secrets)

    def on_secrets(self, _answer, error):
        if error:
            self.end(START_FAILED, error.message)
            return
        self.set('VPN.Connection', VpnState=CONNECT)
        if self.nm.before_connect:
            self.nm.before_connect(self)
        if self.state < DEACTIVATING:
            self.call('Connect', GLib.Variant('(a{sa{sv}})', (self.profile.settings,)), self.on_connected)

    def on_connected(self, _answer, error):
        if error:
            self.end(START_FAILED, error.message)

    def time_out(self):
        """As after vpn.timeout, 60 s, without a configuration."""
        if self.state < ACTIVATED:
            self.end(CONNECT_TIMEOUT)

    def on_vanished(self, _connection, _name):
        if self.owner:
            self.end(SERVICE_STOPPED)

    def on_signal(self, _connection, sender, _path, _interface, signal, parameters):
        if sender != self.owner or self.state >= DEACTIVATING:
            return
        argument = parameters.get_child_value(0).unpack()
        if signal == 'Config':
            self.on_config(argument)
        elif signal == 'Failure':
            self.end(SERVICE_STOPPED, f'failure {argument}')
        elif signal == 'StateChanged' and argument == STOPPED:
            self.end(SERVICE_STOPPED)

    def on_config(self, config):
        """A configuration without addresses makes the VPN active by itself; a gateway is required."""
        if 'gateway' not in config:
            self.end(5, 'no gateway')
            return
        self.config = config
        self.set('VPN.Connection', Banner=config.get('banner', ''))
        if not config['has-ip4'] and not config['has-ip6'] and self.state < ACTIVATED:
            self.set('VPN.Connection', VpnState=UP)
            self.change(ACTIVATED)
            self.nm.dispatch('vpn-up', self.device.name, self.profile.uuid)

    # The end

    def deactivate(self, *_):
        """As the user asks for it."""
        self.nm.dispatch('vpn-pre-down', self.device.name, self.profile.uuid)
        self.end(USER_DISCONNECTED)

    def end(self, reason, message=''):
        if self.state >= DEACTIVATING:
            return
        self.nm.log(f'vpn {self.profile.id} ends with {reason} {message}')
        self.reason = reason
        failed = self.state < ACTIVATED and reason != USER_DISCONNECTED
        self.change(DEACTIVATING, reason)
        if self.owner:
            self.call('Disconnect')
        self.set('VPN.Connection', VpnState=FAILED if failed else DISCONNECTED)
        self.change(DEACTIVATED, reason)
        Gio.bus_unwatch_name(self.watch)
        self.bus.connection.signal_unsubscribe(self.subscription)
        self.nm.dispatch('vpn-down', self.device.name, self.profile.uuid)
        self.drop()
