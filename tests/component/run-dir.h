/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What our directory in /run is to a test of one of its users: a fixture, and processes that use
 * the directory until they are killed. A failure ends the test.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    char *top; /* there already, in memory like /run */
    char *dir; /* below it; does not exist until the code under test makes it */
} RunDir;

/* For g_test_add(). Whatever files are in it, it goes with them. */
void run_dir_set_up(RunDir *self, gconstpointer data);
void run_dir_tear_down(RunDir *self, gconstpointer data);

/* @begin is done, in another process, when this returns; then @go_on again and again. */
GPid run_dir_start(RunDir *self, gpointer (*begin)(RunDir *self), void (*go_on)(gpointer begun));
void run_dir_kill(GPid pid);

G_END_DECLS
