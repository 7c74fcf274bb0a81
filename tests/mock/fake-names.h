/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Where a test and the programs under test meet; in a /run of the test's own. */
#define FAKE_DIR "/run/fake"
