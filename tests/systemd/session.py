# SPDX-License-Identifier: GPL-2.0-or-later
"""A user's session on a booted host, as a display manager opens it: PAM, logind, its commands in the session's scope."""

import itertools
import subprocess

numbers = itertools.count(1)


class Session:
    """with Session(host, 'alice') as session: session.run('nmcli', 'connection')

    With SEAT the user sits at the machine, so polkit sees an active local session; otherwise, the user came over the
    network."""

    def __init__(self, host, user, seat=True):
        self.host = host
        self.user = user
        self.unit = f'test-session-{next(numbers)}.service'
        place = ['--setenv=XDG_SEAT=seat0'] if seat else []
        self.shell = subprocess.Popen(
            host.argv('systemd-run', '--quiet', '--collect', '--pipe', f'--unit={self.unit}', f'--uid={user}',
                      '--property=PAMName=login', *place, 'sh'),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.run('true')

    def run(self, *argv):
        """(exit code, output of both streams)"""
        words = ' '.join("'" + word.replace("'", "'\\''") + "'" for word in argv)
        self.shell.stdin.write(f'{words} 2>&1 </dev/null; code=$?; echo; echo "end of command $code"\n')
        self.shell.stdin.flush()
        lines = []
        for line in self.shell.stdout:
            if line.startswith('end of command '):
                return int(line.split()[-1]), ''.join(lines).strip()
            lines.append(line)
        raise EOFError(f'the session of {self.user} has ended: {"".join(lines)}')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shell.stdin.close()
        self.shell.wait(30)
        self.host.wait(lambda: self.user not in self.host.run('loginctl', 'list-sessions', '--no-legend').split(),
                       f'the end of the session of {self.user}')
