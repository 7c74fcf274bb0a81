#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The packages on a whole host: SELinux enforces in Debian 12, AppArmor in later releases.

    test_host.py IMAGE DIRECTORY [WORD...]    the image of make-image, and the directory of the packages; only steps
                                              whose names contain one of the words, and what they need"""

import os

import apparmor
import guests
import macs
import modes
import parents
import power
import selinux
from vm import run_on, steps_of

SECURITY = selinux if os.environ['NM_MACVTAP_SUITE'] == 'bookworm' else apparmor

if __name__ == '__main__':
    run_on(SECURITY.OPTIONS, [step for module in (modes, SECURITY, parents, macs, guests, power) for step in steps_of(module)],
           SECURITY.no_denial_is_about_this_project)
