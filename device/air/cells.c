/* Cells over time. See cells.h. */
#include "device/air/cells.h"

#include <string.h>

static bool is_of(uint64_t cells, size_t cell)
{
    return (cells & UINT64_C(1) << cell) != 0;
}

bool cells_has(const struct network_script *script, size_t cell, int64_t time)
{
    if (!period_covers(&script->cells[cell].there, time))
        return false;
    for (size_t i = 0; i < script->outage_count; i++) {
        if (is_of(script->outages[i].cells, cell) && period_covers(&script->outages[i].when, time))
            return false;
    }
    return true;
}

uint8_t cells_cause(const struct network_script *script, size_t cell, const char *imsi, const char *iccid,
                    int64_t time)
{
    for (size_t i = 0; i < script->rule_count; i++) {
        const struct script_rule *rule = &script->rules[i];

        if (is_of(rule->cells, cell) && period_covers(&rule->when, time) &&
            script_who_is(&rule->who, imsi, iccid))
            return rule->cause;
    }
    return 0;
}

bool cells_is_home(const struct script_cell *cell, const char *imsi)
{
    return strncmp(imsi, cell->digits, strlen(cell->digits)) == 0;
}

size_t cells_best(const struct network_script *script, const char *imsi, uint64_t tried, int64_t time)
{
    size_t best = CELLS_NONE;

    for (size_t i = 0; i < script->cell_count; i++) {
        if (is_of(tried, i) || !cells_has(script, i, time))
            continue;
        if (cells_is_home(&script->cells[i], imsi))
            return i;
        if (best == CELLS_NONE)
            best = i;
    }
    return best;
}

static void keep_first(int64_t *first, const struct period *period, int64_t time)
{
    const int64_t next = period_next_change(period, time);

    if (next < *first)
        *first = next;
}

int64_t cells_next_change(const struct network_script *script, int64_t time)
{
    int64_t first = PERIOD_NEVER;

    for (size_t i = 0; i < script->cell_count; i++)
        keep_first(&first, &script->cells[i].there, time);
    for (size_t i = 0; i < script->outage_count; i++)
        keep_first(&first, &script->outages[i].when, time);
    for (size_t i = 0; i < script->rule_count; i++)
        keep_first(&first, &script->rules[i].when, time);
    return first;
}
