/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cases about how a sync engine ends.
 */

#pragma once

void test_sync_stop_add_tests(void);

/* test-sync-held.c */
void test_sync_held_add_tests(void);
