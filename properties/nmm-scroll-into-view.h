/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scrolls the window that the page is in, where it scrolls, to what has just come to sight.
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void nmm_scroll_into_view(GtkWidget *widget);

G_END_DECLS
