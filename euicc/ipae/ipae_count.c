/* What the IPAe counts: see ipae_count.h. */
#include "euicc/ipae/ipae_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define BEFORE_ROUND "before_round." /* a figure's name in the table begins with it */

enum { NAME_SIZE = 64 };

static const char *const names[IPAE_COUNTS] = {
    [IPAE_POLLS] = "polls",
    [IPAE_POLLS_FAILED] = "polls_failed",
    [IPAE_PACKAGES] = "packages",
    [IPAE_DOWNLOADS] = "downloads",
    [IPAE_CHANGES] = "profile_changes",
    [IPAE_ROLLBACKS] = "rollbacks",
    [IPAE_FALLBACKS] = "fallbacks",
    [IPAE_RETURNS] = "returns",
    [IPAE_SENT] = "sent",
    [IPAE_RECEIVED] = "received",
    [IPAE_CHANNELS] = "channels",
    [IPAE_CHANNEL_MS] = "channel_ms",
    [IPAE_PROACTIVE_COMMANDS] = "proactive_commands",
    [IPAE_COMMANDS] = "commands",
};

const char *ipae_count_name(enum ipae_count count)
{
    return names[count];
}

/* --- counting ----------------------------------------------------------------------------------------- */

static void count_more(struct ipae_counts *counts, size_t count, uint64_t more)
{
    if (more == 0)
        return;
    if (counts->begins)
        memcpy(counts->now.before_round, counts->now.ever, sizeof(counts->now.before_round));
    counts->begins = false;
    counts->now.ever[count] += more;
}

void ipae_count_see(struct ipae *ipae)
{
    const struct bearer_figures *network = ipae_network_figures(ipae->network);
    const struct ipae_terminal_figures *terminal = ipae_terminal_figures(ipae->terminal);
    struct ipae_counts *counts = &ipae->counts;
    uint64_t spent[IPAE_COUNTS] = {[IPAE_SENT] = network->sent,
                                   [IPAE_RECEIVED] = network->received,
                                   [IPAE_CHANNELS] = network->channels,
                                   [IPAE_CHANNEL_MS] = network->channel_ms,
                                   [IPAE_PROACTIVE_COMMANDS] = terminal->proactive_commands,
                                   [IPAE_COMMANDS] = terminal->commands};

    for (size_t i = 0; i < IPAE_COUNTS; i++) {
        count_more(counts, i, spent[i] - counts->seen[i]);
        counts->seen[i] = spent[i];
    }
}

void ipae_count_note(struct ipae *ipae, enum ipae_count count)
{
    count_more(&ipae->counts, count, 1);
}

void ipae_count_begin_round(struct ipae *ipae)
{
    ipae_count_see(ipae);
    ipae->counts.begins = true;
}

/* --- keeping ------------------------------------------------------------------------------------------ */

static void read_figure(const char *name, int64_t value, struct ipae_figures *figures)
{
    uint64_t *row = figures->ever;

    if (strncmp(name, BEFORE_ROUND, strlen(BEFORE_ROUND)) == 0) {
        row = figures->before_round;
        name += strlen(BEFORE_ROUND);
    }
    for (size_t i = 0; i < IPAE_COUNTS; i++)
        if (value > 0 && strcmp(names[i], name) == 0)
            row[i] = (uint64_t)value;
}

bool ipae_count_read(struct ipae *ipae)
{
    struct ipae_counts *counts = &ipae->counts;
    sqlite3_stmt *stmt = nvm_select(ipae->card->nvm, "SELECT name, value FROM ipae_count", NVM_NONE);

    while (nvm_row(ipae->card->nvm, stmt))
        read_figure(nvm_text(stmt, 0), nvm_int(stmt, 1), &counts->now);
    nvm_done(stmt);
    counts->kept = counts->now;
    return !nvm_failed(ipae->card->nvm);
}

/* Figures that have changed, on their way into the table. */
struct change {
    struct nvm_value values[2 * 2 * IPAE_COUNTS];
    char names[IPAE_COUNTS][NAME_SIZE]; /* that begin with BEFORE_ROUND */
    size_t count;                       /* of values: a name and a figure each */
};

static void add_figure(struct change *change, const char *name, uint64_t value)
{
    change->values[change->count++] = NVM_STRING(name);
    change->values[change->count++] = NVM_INT(value);
}

static void find_changes(const struct ipae_figures *now, const struct ipae_figures *kept,
                         struct change *change)
{
    change->count = 0;
    for (size_t i = 0; i < IPAE_COUNTS; i++) {
        if (now->ever[i] != kept->ever[i])
            add_figure(change, names[i], now->ever[i]);
        if (now->before_round[i] == kept->before_round[i])
            continue;
        snprintf(change->names[i], sizeof(change->names[i]), "%s%s", BEFORE_ROUND, names[i]);
        add_figure(change, change->names[i], now->before_round[i]);
    }
}

/* All of them at once, which every poll pays for. */
#define FOUR_ROWS "(?, ?), (?, ?), (?, ?), (?, ?)"
static_assert(2 * IPAE_COUNTS == 7 * 4, "a row for each figure");

static bool keep_changes(struct ipae *ipae, const struct change *change)
{
    return change->count == 0 || nvm_change(ipae->card->nvm,
                                            "INSERT OR REPLACE INTO ipae_count (name, value)"
                                            " SELECT column1, column2 FROM (VALUES " FOUR_ROWS ", " FOUR_ROWS
                                            ", " FOUR_ROWS ", " FOUR_ROWS ", " FOUR_ROWS ", " FOUR_ROWS
                                            ", " FOUR_ROWS ") WHERE column1 IS NOT NULL",
                                            (struct nvm_values){change->values, change->count});
}

bool ipae_count_keep(struct ipae *ipae)
{
    struct ipae_counts *counts = &ipae->counts;
    struct change change;

    ipae_count_see(ipae);
    find_changes(&counts->now, &counts->kept, &change);
    counts->kept = counts->now;
    return keep_changes(ipae, &change);
}

void ipae_count_flush(struct ipae *ipae)
{
    struct nvm *nvm = ipae->card->nvm;
    const struct ipae_figures kept = ipae->counts.kept;

    if (nvm_in_transaction(nvm) || nvm_failed(nvm) || (ipae_count_keep(ipae) && nvm_commit(nvm)))
        return;
    ipae->counts.kept = kept;
    nvm_rollback(nvm);
}
