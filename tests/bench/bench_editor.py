# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures of the editor's page in the real GNOME Settings; `tests/run bench` runs it.

    python3 bench_editor.py --builddir DIR --destdir DIR

Seconds from the click on our type of VPN to the page, with no guests, with 1,000, and with a libvirtd that
hangs: medians of several openings in one run, and their ratio to the first. Nothing passes or fails."""

import argparse
import os
import signal
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'gui'))

import test_gnome_settings as settings  # noqa: E402 (finds the modules of the sandbox)
from sandbox import Host  # noqa: E402

OPENINGS = 9
GUESTS = 1000


def time_to_page(session):
    settings.show_types(session)
    settings.has_tabs(session)  # is known from now on
    begin = time.monotonic()
    settings.open_page(session)
    return time.monotonic() - begin


def measure(session, host):
    samples = []
    for _ in range(OPENINGS):
        samples.append(time_to_page(session))
        settings.close_page(session, host)
    return samples


def show(name, samples, reference):
    median = statistics.median(samples)
    print(f'  {name:<24} {median:8.3f} s  ({min(samples):.3f} to {max(samples):.3f})  '
          f'ratio {median / statistics.median(reference):.2f}', flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--builddir', required=True)
    parser.add_argument('--destdir', required=True)
    print(f'editor page shown in GNOME Settings, {OPENINGS} openings each')
    with Host(destdir=parser.parse_args().destdir) as host:
        session = settings.open_settings(host)
        time_to_page(session)  # the modules are loaded now
        settings.close_page(session, host)
        none = measure(session, host)
        show('no guests', none, none)
        settings.define_many(host, GUESTS)
        show(f'{GUESTS} guests', measure(session, host), none)
        host.signal_service('libvirtd', signal.SIGSTOP)
        show('libvirtd hangs', measure(session, host), none)
        host.signal_service('libvirtd', signal.SIGCONT)


if __name__ == '__main__':
    main()
