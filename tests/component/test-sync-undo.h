/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cases about activations that fail.
 */

#pragma once

void test_sync_undo_add_tests(void);
