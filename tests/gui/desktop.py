# SPDX-License-Identifier: GPL-2.0-or-later
"""A desktop session in a sandbox machine: an X server without a screen, a session bus, a window
manager, and a driver for the windows (driver.py). Ends with the machine."""

import json
import os
import shutil
import subprocess
import sys
import time

GUI = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(GUI, '..', 'sandbox'))

from machine import Failure  # noqa: E402

ARTEFACTS = os.path.join(GUI, '..', '..', 'artefacts')

SESSION = r'''
set -e
mkdir -p ~/.config/gtk-4.0 ~/.config/gtk-3.0
printf '[Settings]\ngtk-font-name=Cantarell 11\n' | tee ~/.config/gtk-4.0/settings.ini >~/.config/gtk-3.0/settings.ini
[ -z "$DARK" ] || echo gtk-application-prefer-dark-theme=1 >>~/.config/gtk-3.0/settings.ini
export XDG_RUNTIME_DIR=/run/desktop XDG_CURRENT_DESKTOP=GNOME GDK_BACKEND=x11 GSK_RENDERER=cairo \
    GSETTINGS_BACKEND=memory ADW_DISABLE_PORTAL=1 GIO_USE_VFS=local
metacity --no-composite --sm-disable >/run/desktop/metacity.log 2>&1 &
# A window that opens before the window manager may never get the focus.
for _ in $(seq 100); do
    xdotool get_num_desktops >/dev/null 2>&1 && break
    sleep 0.1
done
env | grep -E '^(DISPLAY|DBUS_SESSION|XDG|GDK|GSK|GSETTINGS|ADW|GIO)' >/run/desktop/env
exec python3 -B /run/desktop/driver.py
'''


def has_profile(host, name):
    return name in host.nmcli('-e', 'no', '-g', 'NAME', 'connection').stdout.splitlines()


def vpn_data(host, name):
    """A profile's vpn.data as a dictionary."""
    text = host.nmcli('-e', 'no', '-g', 'vpn.data', 'connection', 'show', name).stdout.strip()
    return dict(item.strip().split(' = ', 1) for item in text.split(',')) if text else {}


class Desktop:
    """dark: the dark style; locale: of the windows, such as 'de_DE'; user: the owner of the session."""

    def __init__(self, host, dark=False, locale=None, user='root'):
        self.host = host
        self.become = ['setpriv', f'--reuid={user}', f'--regid={user}', '--init-groups', '--']
        host.run(['install', '-d', '-m', '700', '-o', user, '/run/desktop'])
        for name in ('driver.py', 'with-display'):
            with open(os.path.join(GUI, name), encoding='utf-8') as file:
                host.write(f'/run/desktop/{name}', file.read(), 0o755)
        host.write('/run/desktop/session', SESSION, 0o755)
        self.environment = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': host.run(f'echo ~{user}').stdout.strip(),
                            'LC_ALL': 'C.UTF-8', 'WITH_ACCESSIBILITY': 'yes'}
        if locale:
            host.run(['localedef', '-i', locale, '-f', 'UTF-8', f'{locale}.UTF-8'])
            self.environment['LC_ALL'] = f'{locale}.UTF-8'
        if dark:  # GTK 3 reads it from settings.ini
            self.environment.update(DARK='yes', ADW_DEBUG_COLOR_SCHEME='prefer-dark')
        self.process = host.popen(
            [*self.become, '/run/desktop/with-display', 'sh', '/run/desktop/session'],
            env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.ask('names')

    def ask(self, *request):
        self.process.stdin.write(json.dumps(request).encode() + b'\n')
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        while line and not line.startswith(b'{'):  # output of the session's services
            line = self.process.stdout.readline()
        if not line:
            raise Failure('the desktop session has ended')
        answer = json.loads(line)
        if 'error' in answer:
            raise Failure(f"{request}: {answer['error']}")
        return answer['value']

    def start(self, *argv):
        """A program in the session; returns its process here."""
        environment = dict(self.environment)
        for line in self.host.read('/run/desktop/env').splitlines():
            name, value = line.split('=', 1)
            environment[name] = value
        return self.host.popen([*self.become, *argv], env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait(self, *request, timeout=20):
        """Waits until the request succeeds, and returns its result."""
        return self.host.wait_for(lambda: [self.ask(*request)], f'{request} to succeed', timeout, 0.1)[0]

    def wait_exists(self, app, role, name, exact=True, timeout=20):
        self.host.wait_for(lambda: self.ask('exists', app, role, name, exact),
                           f'{role} {name!r} in {app}', timeout, 0.1)

    def wait_focused(self, app, name):
        self.host.wait_for(lambda: self.ask('focused', app) == name, f'{name!r} to have the keyboard')

    def keyboard_order(self, app, end, key='Tab'):
        """The names of the widgets that get the focus with KEY, up to END."""
        names = []
        for _ in range(40):
            self.ask('keys', key)
            time.sleep(0.2)  # the tree changes a moment later
            name = self.ask('focused', app)
            if name and name not in names[-1:]:  # the user sees an entry and its button as one
                names.append(name)
            if name == end:
                return names
        raise Failure(f'{key} does not lead to {end!r}: {names}')

    def screenshot(self, name):
        """Into artefacts/ of the source tree."""
        os.makedirs(ARTEFACTS, exist_ok=True)
        self.ask('screenshot', '/run/desktop/shot.png')
        shutil.copyfile(self.host.path('/run/desktop/shot.png'), os.path.join(ARTEFACTS, name + '.png'))
