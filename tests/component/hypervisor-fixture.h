/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fixture of the contract's cases: a hypervisor, the events it sent, and its methods, called on
 * a thread while the main loop runs. @code: the error expected, -1 for none.
 */

#pragma once

#include "hypervisor-contract.h"
#include "nmm-nic-xml.h"

G_BEGIN_DECLS

#define NETWORK "isolated"
#define ALIAS   "ua-nm-macvtap-1c3d5bb9"
#define MAC     "52:54:00:aa:00:01"

#define WEB_UUID "3c2f8a10-1111-4a6b-9c3d-000000000001"
#define DB_UUID  "3c2f8a10-2222-4a6b-9c3d-000000000002"
#define NO_UUID  "3c2f8a10-ffff-4a6b-9c3d-00000000000f"

typedef struct {
    const HypervisorHost *host;
    NmmHypervisor *hypervisor;
    GPtrArray *events; /* (element-type utf8): "guest UUID", "network NAME", "closed" */
} Fixture;

/* A method, to be called on its own thread. */
typedef struct Call Call;

struct Call {
    Fixture *f;
    void (*run)(Call *call);
    gboolean read_only;
    const char *name; /* guest's UUID, or network */
    const NmmEdit *edit;
    gboolean done; /* atomic */
    gboolean ok;
    gpointer result;
    GError *error;
};

/* An interface that the project makes. */
extern const NmmNicSpec contract_nic_spec;
/* NETWORK, as the isolated mode would define it. */
extern const char contract_network_xml[];

guint contract_count_events(Fixture *f, const char *event);
/* Runs the main loop until @event has come since contract_forget_events(). */
void contract_await_event(Fixture *f, const char *event);
/* Guest web1 releases the interfaces it was asked for until @event comes. */
void contract_release_until_event(Fixture *f, const char *event);
void contract_forget_events(Fixture *f);
gpointer contract_call_thread(gpointer data);
void contract_open_as(Fixture *f, gboolean read_only, int code);
GPtrArray *contract_list_guests(Fixture *f);
NmmGuest *contract_read_guest(Fixture *f, const char *uuid, int code);
NmmNetwork *contract_read_network(Fixture *f, const char *name);
GPtrArray *contract_list_leases(Fixture *f, const char *network, int code);
GPtrArray *contract_list_links(Fixture *f);
void contract_run_apply(Call *call);
void
contract_edit_network(Fixture *f, NmmEditKind kind, const char *name, const char *xml, int code);
void contract_edit_nic(Fixture *f,
                       NmmEditKind kind,
                       NmmScope scope,
                       const char *uuid,
                       const NmmNicSpec *spec,
                       int code);
/* Sends the node of @nic with the given isolation and link state. */
void contract_update_nic(Fixture *f,
                         NmmScope scope,
                         const char *uuid,
                         const NmmNic *nic,
                         gboolean isolated,
                         gboolean link_down);
/* (transfer full): a guest with one macvtap interface on eth0. */
char *contract_guest_xml(const char *name, const char *uuid);
void contract_define_guest(Fixture *f, const char *name, const char *uuid);
void contract_start_network(Fixture *f);
/* (transfer none) (nullable) */
const NmmNic *contract_find_nic(const NmmGuestState *state, const char *alias);
void contract_assert_untouched(const NmmGuestState *state);
/* Whether the project's interface is in the guest's definition and in the running guest. */
void contract_assert_nic(Fixture *f, const char *uuid, gboolean in_config, gboolean in_live);
/* hypervisor-contract-update.c: adds the cases about updates of an interface. */
void contract_add_update_tests(const HypervisorHost *host);
/* hypervisor-contract-saved.c */
void contract_add_saved_tests(const HypervisorHost *host);
/* Collects the hypervisor's events from now on. */
void contract_listen(Fixture *f);
void contract_set_up(Fixture *f, gconstpointer user_data);
void contract_tear_down(Fixture *f, gconstpointer user_data);

G_END_DECLS
