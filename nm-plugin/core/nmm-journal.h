/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages with additional fields in the journal:
 *
 *   nmm_log_warning(NMM_LOG_NETWORK(name), NMM_LOG_MESSAGE("network '%s' is missing", name));
 *
 * The names of the fields are documented, and never change. No value may be NULL.
 */

#pragma once

#include <glib.h>

#include "nmm-names.h"

/* The fields that NetworkManager's own entries have, and that nmcli names after a failure. The
 * writer of messages adds them: nmm_log_set_profile(). */
#define NMM_LOG_FIELD_CONNECTION "NM_CONNECTION"
#define NMM_LOG_FIELD_DEVICE     "NM_DEVICE"

#define NMM_LOG_GUEST(name)       "NM_MACVTAP_GUEST", (const char *)(name)
#define NMM_LOG_GUEST_UUID(uuid)  "NM_MACVTAP_GUEST_UUID", (const char *)(uuid)
#define NMM_LOG_NETWORK(name)     "NM_MACVTAP_NETWORK", (const char *)(name)
#define NMM_LOG_REJECTION(reason) "NM_MACVTAP_REFUSAL", (const char *)(reason)
#define NMM_LOG_MESSAGE(...)      "MESSAGE", __VA_ARGS__

#define nmm_log_warning(...) g_log_structured(NMM_LOG_DOMAIN, G_LOG_LEVEL_WARNING, __VA_ARGS__)
#define nmm_log_message(...) g_log_structured(NMM_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, __VA_ARGS__)
