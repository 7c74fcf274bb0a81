/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does not know which guests exist, so it keeps the names of those that do not. */

#include "config.h"

#include "nmm-selection.h"

#include "nmm-profile.h"

/* The texts, split; @guests is NULL for "all". */
typedef struct {
    GPtrArray *guests; /* (nullable) (element-type utf8) */
    GPtrArray *exclude;
} Lists;

static void
lists_clear(Lists *lists)
{
    g_clear_pointer(&lists->guests, g_ptr_array_unref);
    g_clear_pointer(&lists->exclude, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Lists, lists_clear)

/* (nullable): NULL: the text is no list. */
static GPtrArray *
split(const char *text)
{
    g_auto(GStrv) names = nmm_guest_list_parse(text ?: "", NULL);
    GPtrArray *list;

    if (!names)
        return NULL;
    list = g_ptr_array_new_with_free_func(g_free);
    for (char **name = names; *name; name++)
        g_ptr_array_add(list, g_steal_pointer(name));
    g_free(g_steal_pointer(&names));
    return list;
}

static gboolean
means_all(const char *text)
{
    const NmmKeyInfo *key = nmm_keys_find(NMM_KEY_GUESTS);

    return !text || !*text || g_strv_contains(key->choices, text);
}

static gboolean
read_lists(const NmmSelection *selection, Lists *out)
{
    g_auto(Lists) lists = {NULL};

    lists.exclude = split(selection->exclude);
    if (!means_all(selection->guests)) {
        lists.guests = split(selection->guests);
        if (!lists.guests)
            return FALSE;
    }
    if (!lists.exclude)
        return FALSE;
    *out = lists;
    lists = (Lists){NULL};
    return TRUE;
}

static char *
join(GPtrArray *list)
{
    char *text;

    g_ptr_array_add(list, NULL);
    text = nmm_guest_list_join((const char *const *)list->pdata);
    g_ptr_array_set_size(list, (int)list->len - 1);
    return text;
}

static void
write_lists(NmmSelection *selection, const Lists *lists)
{
    if (lists->guests) {
        g_free(selection->guests);
        selection->guests = join(lists->guests);
    }
    g_free(selection->exclude);
    selection->exclude = join(lists->exclude);
}

static gboolean
contains(GPtrArray *list, const char *name, const char *uuid)
{
    for (guint i = 0; i < list->len; i++) {
        if (nmm_profile_names_guest(list->pdata[i], name, uuid))
            return TRUE;
    }
    return FALSE;
}

static void
drop(GPtrArray *list, const char *name, const char *uuid)
{
    for (guint i = list->len; i > 0; i--) {
        if (nmm_profile_names_guest(list->pdata[i - 1], name, uuid))
            g_ptr_array_remove_index(list, i - 1);
    }
}

/* A guest that is named like a choice of the key is listed by its UUID. */
static void
append(GPtrArray *list, const char *name, const char *uuid)
{
    const NmmKeyInfo *key = nmm_keys_find(NMM_KEY_GUESTS);

    if (!contains(list, name, uuid))
        g_ptr_array_add(list, g_strdup(g_strv_contains(key->choices, name) ? uuid : name));
}

gboolean
nmm_selection_has(const NmmSelection *selection, const char *name, const char *uuid)
{
    g_auto(Lists) lists = {NULL};

    return read_lists(selection, &lists) && !contains(lists.exclude, name, uuid) &&
           (!lists.guests || contains(lists.guests, name, uuid));
}

gboolean
nmm_selection_set(NmmSelection *selection, const char *name, const char *uuid, gboolean selected)
{
    g_auto(Lists) lists = {NULL};

    if (!read_lists(selection, &lists))
        return FALSE;
    if (selected) {
        drop(lists.exclude, name, uuid);
        if (lists.guests)
            append(lists.guests, name, uuid);
    } else if (lists.guests && contains(lists.guests, name, uuid) && lists.guests->len > 1) {
        drop(lists.guests, name, uuid);
        if (lists.guests->len == 0) {
            append(lists.guests, name, uuid);
            append(lists.exclude, name, uuid);
        }
    } else if (!lists.guests || contains(lists.guests, name, uuid)) {
        append(lists.exclude, name, uuid);
    }
    write_lists(selection, &lists);
    return TRUE;
}

void
nmm_selection_clear(NmmSelection *selection)
{
    g_clear_pointer(&selection->guests, g_free);
    g_clear_pointer(&selection->exclude, g_free);
}
