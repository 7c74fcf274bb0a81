/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-nft.h"

#include <glib/gi18n-lib.h>
#include <gmodule.h>

#include "nmm-error.h"

#define LIBRARY "libnftables.so.1"

/* <nftables/libnftables.h>; the ABI of .so.1 is stable since nftables 0.9.0. */
#define OUTPUT_STATELESS (1u << 2)
#define OUTPUT_HANDLE    (1u << 3)
#define OUTPUT_JSON      (1u << 4)

typedef struct nft_ctx NftContext;

typedef struct {
    GModule *module;
    NftContext *(*ctx_new)(guint32 flags);
    void (*ctx_free)(NftContext *context);
    void (*set_flags)(NftContext *context, unsigned int flags);
    int (*buffer_output)(NftContext *context);
    int (*buffer_error)(NftContext *context);
    const char *(*get_output)(NftContext *context);
    const char *(*get_error)(NftContext *context);
    int (*run)(NftContext *context, const char *command);
} Library;

static gboolean
find_symbols(Library *self)
{
    const struct {
        const char *name;
        gpointer where;
    } symbols[] = {
        {"nft_ctx_new", &self->ctx_new},
        {"nft_ctx_free", &self->ctx_free},
        {"nft_ctx_output_set_flags", &self->set_flags},
        {"nft_ctx_buffer_output", &self->buffer_output},
        {"nft_ctx_buffer_error", &self->buffer_error},
        {"nft_ctx_get_output_buffer", &self->get_output},
        {"nft_ctx_get_error_buffer", &self->get_error},
        {"nft_run_cmd_from_buffer", &self->run},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(symbols); i++) {
        if (!g_module_symbol(self->module, symbols[i].name, symbols[i].where))
            return FALSE;
    }
    return TRUE;
}

/* Stays loaded. */
static const Library *
load_library(GError **error)
{
    static Library library;

    if (!library.module)
        library.module = g_module_open(LIBRARY, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
    if (library.module && find_symbols(&library))
        return &library;
    nmm_fail(error,
             NMM_ERROR_NOT_FOUND,
             _("cannot load '%s', which lists the rules of the firewall: install libnftables"),
             LIBRARY);
    return NULL;
}

/* The first line has the reason. */
static char *
get_message(const Library *library, NftContext *context)
{
    const char *text = library->get_error(context);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", 2);

    return g_strdup(lines[0] && *lines[0] ? lines[0] : "?");
}

static char *
run(const Library *library, NftContext *context, const char *command, GError **error)
{
    g_autofree char *message = NULL;

    if (library->buffer_output(context) == 0 && library->buffer_error(context) == 0 &&
        library->run(context, command) == 0)
        return g_strdup(library->get_output(context));
    message = get_message(library, context);
    nmm_fail(error,
             NMM_ERROR_FAILED,
             _("cannot read the rules of the firewall ('nft %s'): %s"),
             command,
             message);
    return NULL;
}

char *
nmm_nft_run(const char *command, gboolean json, GError **error)
{
    const Library *library = load_library(error);
    NftContext *context = library ? library->ctx_new(0) : NULL;
    char *text;

    if (!context)
        return NULL;
    library->set_flags(context, OUTPUT_STATELESS | OUTPUT_HANDLE | (json ? OUTPUT_JSON : 0));
    text = run(library, context, command, error);
    library->ctx_free(context);
    return text;
}
