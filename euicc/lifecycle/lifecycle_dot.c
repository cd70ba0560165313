/*
 * The lifecycle table as a drawing: Graphviz text, made from the rows that the card executes. One cluster for
 * each of those who cause events, with the states once more in each, or no edge could be followed. A row is a
 * box between two states: its event, what must hold and what the refusal is called, what is done.
 */
#include "euicc/lifecycle/lifecycle.h"

#include <stdio.h>

#define EVENT(event) (1u << LIFECYCLE_##event)

static const struct cluster {
    const char *name, *title, *colour;
    unsigned events;
} clusters[] = {
    {"download", "Download (ES8+)", "#5b7083", EVENT(INSTALL)},
    {"es10c", "ES10c: the LPA; memory reset, by the IPA too", "#2f6f9f",
     EVENT(ENABLE) | EVENT(DISABLE) | EVENT(DELETE) | EVENT(MEMORY_RESET)},
    {"package", "eUICC Package: the eIM", "#7a4f9a",
     EVENT(PACKAGE) | EVENT(PACKAGE_ENABLE) | EVENT(PACKAGE_DISABLE) | EVENT(PACKAGE_DELETE)},
    {"back", "ES10b: the IPA's ways back", "#2e7d4f",
     EVENT(ROLLBACK) | EVENT(EXECUTE_FALLBACK) | EVENT(RETURN_FROM_FALLBACK) | EVENT(IMMEDIATE_ENABLE)},
    {"emergency", "ES10b: the Emergency Profile", "#b03a2e",
     EVENT(ENABLE_EMERGENCY) | EVENT(DISABLE_EMERGENCY)},
    {"power", "Power", "#5b7083", EVENT(POWER_LOSS)},
};

static const char *const state_colours[] = {"#eeeeee", "#dce9f5", "#d9f0dd"};

static void put_text(struct buf *out, const char *text)
{
    buf_append(out, span_of_string(text));
}

/* Pieces in a row, up to a NULL. */
static void dot_put(struct buf *out, const char *const *pieces)
{
    for (; *pieces != NULL; pieces++)
        put_text(out, *pieces);
}

#define PUT(out, ...) dot_put((out), (const char *const[]){__VA_ARGS__, NULL})

static void put_state(struct buf *out, const struct cluster *cluster, enum lifecycle_state state)
{
    PUT(out, cluster->name, "_", lifecycle_state_name(state));
}

/* By the specifications' names, as far as all functions have the same. */
static const char *result_name(enum lifecycle_result result)
{
    static const char *const names[] = {
        [LIFECYCLE_OK] = "ok",
        [LIFECYCLE_WRONG_STATE] = "wrong state",
        [LIFECYCLE_DISALLOWED_BY_POLICY] = "disallowedByPolicy",
        [LIFECYCLE_WRONG_REENABLING] = "wrongProfileReenabling",
        [LIFECYCLE_CAT_BUSY] = "catBusy",
        [LIFECYCLE_ROLLBACK_NOT_AVAILABLE] = "rollbackNotAvailable",
        [LIFECYCLE_RETURN_FALLBACK_PROFILE] = "returnFallbackProfile",
        [LIFECYCLE_NOT_AVAILABLE] = "not available",
        [LIFECYCLE_NO_SESSION] = "noSessionContext",
        [LIFECYCLE_COMMAND_ERROR] = "commandError",
        [LIFECYCLE_ECALL_ACTIVE] = "ecallActive",
        [LIFECYCLE_FAILED] = "failed",
    };

    return names[result];
}

static void put_guard(struct buf *out, const struct lifecycle_guard *guard)
{
    PUT(out, "<tr><td align=\"left\"><i>needs ", guard->name, "</i> <font color=\"#888888\">else ",
        result_name(guard->refusal), "</font></td></tr>");
}

static bool only_refuses(const struct lifecycle_row *row)
{
    return row->actions[0] == NULL && row->guards[0] != NULL;
}

static void put_box(struct buf *out, const struct lifecycle_row *row, const char *colour)
{
    PUT(out, "<table border=\"", only_refuses(row) ? "0" : "1",
        "\" cellborder=\"0\" cellspacing=\"1\" color=\"", colour, "\">");
    PUT(out, "<tr><td align=\"left\"><font color=\"", colour, "\"><b>", lifecycle_event_name(row->event),
        "</b></font></td></tr>");
    for (size_t i = 0; row->guards[i] != NULL; i++)
        put_guard(out, row->guards[i]);
    for (size_t i = 0; row->actions[i] != NULL; i++)
        PUT(out, "<tr><td align=\"left\">&#8594; ", row->actions[i]->name, "</td></tr>");
    put_text(out, "</table>");
}

/* From a row that only refuses no edge leads on: the last of its guards cannot hold. */
static void put_row(struct buf *out, const struct cluster *cluster, const struct lifecycle_row *row,
                    size_t number)
{
    char name[24];

    snprintf(name, sizeof(name), "row%zu", number);
    PUT(out, "    ", name, " [shape=plaintext, label=<");
    put_box(out, row, cluster->colour);
    put_text(out, ">];\n    ");
    put_state(out, cluster, row->from);
    if (only_refuses(row)) {
        PUT(out, " -> ", name, " [style=dashed];\n");
        return;
    }
    PUT(out, " -> ", name, " [arrowhead=none];\n    ", name, " -> ");
    put_state(out, cluster, row->to);
    put_text(out, ";\n");
}

/* The states that the cluster's rows begin or end in. */
static void put_states(struct buf *out, const struct cluster *cluster, const struct lifecycle_row *table,
                       size_t rows)
{
    bool used[LIFECYCLE_STATES] = {false};

    for (size_t i = 0; i < rows; i++) {
        if ((cluster->events >> table[i].event & 1) == 0)
            continue;
        used[table[i].from] = true;
        used[table[i].to] = true;
    }
    for (int state = 0; state < LIFECYCLE_STATES; state++) {
        if (!used[state])
            continue;
        put_text(out, "    ");
        put_state(out, cluster, (enum lifecycle_state)state);
        PUT(out, " [label=\"", lifecycle_state_name((enum lifecycle_state)state),
            "\", shape=box, style=\"rounded,filled\", fillcolor=\"", state_colours[state], "\"];\n");
    }
}

static void put_cluster(struct buf *out, const struct cluster *cluster)
{
    size_t rows;
    const struct lifecycle_row *table = lifecycle_table(&rows);

    PUT(out, "  subgraph cluster_", cluster->name, " {\n    label=\"", cluster->title,
        "\";\n    labeljust=l;\n    color=\"", cluster->colour, "\";\n    edge [color=\"", cluster->colour,
        "\"];\n");
    put_states(out, cluster, table, rows);
    for (size_t i = 0; i < rows; i++)
        if ((cluster->events >> table[i].event & 1) != 0)
            put_row(out, cluster, &table[i], i);
    put_text(out, "  }\n");
}

void lifecycle_dot(struct buf *out)
{
    put_text(out, "digraph lifecycle {\n  rankdir=LR;\n  bgcolor=white;\n  fontname=\"sans-serif\";\n"
                  "  node [fontname=\"sans-serif\", fontsize=11];\n");
    for (size_t i = sizeof(clusters) / sizeof(clusters[0]); i > 0; i--) /* dot stacks them upwards */
        put_cluster(out, &clusters[i - 1]);
    put_text(out, "}\n");
}
