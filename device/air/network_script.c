/* The statements of a network's script. See network_script.h and docs/network.md. */
#include "device/air/network_script.h"

#include "apdu/digits.h"
#include "apdu/iccid.h"
#include "common/input.h"
#include "device/air/script_reader.h"
#include "device/air/script_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MTU_MIN     68 /* RFC 791 */
#define MTU_MAX     65535
#define MTU_USUAL   1500
#define CELL_ID_MAX 0x0FFFFFFF
#define RETRY_USUAL (12 * 60 * 1000) /* T3402 (TS 24.301 10.2) */
#define TTL_USUAL   3600
#define RESOLVER    "192.0.2.53" /* of a range for documentation (RFC 5737) */

/* --- figures ------------------------------------------------------------------------------------------- */

enum { OWN_LATENCY, OWN_UP, OWN_DOWN, OWN_LOSS, OWN_MTU, OWN_SEARCH };

/* Where a figure goes: below a file's own cell it is this cell's, above the first one of all. */
static struct link_figures *figures_of(struct script_reader *reader, unsigned which)
{
    const size_t last = reader->script->cell_count - 1;

    if (!reader->has_own_cells)
        return &reader->general;
    reader->own[last] |= UINT64_C(1) << which;
    return &reader->script->cells[last].figures;
}

static void figures_inherit(struct link_figures *figures, const struct link_figures *general, uint64_t own)
{
    if ((own & 1u << OWN_LATENCY) == 0) {
        figures->latency_low = general->latency_low;
        figures->latency_high = general->latency_high;
    }
    if ((own & 1u << OWN_UP) == 0)
        figures->rate[AIR_UP] = general->rate[AIR_UP];
    if ((own & 1u << OWN_DOWN) == 0)
        figures->rate[AIR_DOWN] = general->rate[AIR_DOWN];
    if ((own & 1u << OWN_LOSS) == 0)
        figures->loss = general->loss;
    if ((own & 1u << OWN_MTU) == 0)
        figures->mtu = general->mtu;
    if ((own & 1u << OWN_SEARCH) == 0)
        figures->search = general->search;
}

static bool take_latency(struct script_reader *reader)
{
    const char *word = script_word(reader);
    struct link_figures *figures = figures_of(reader, OWN_LATENCY);

    return word != NULL && (script_range(word, &figures->latency_low, &figures->latency_high) ||
                            script_fails(reader, "not a latency (0, 300ms, 1.6s..10s)", word));
}

static bool take_rate(struct script_reader *reader, unsigned which, enum air_direction direction)
{
    const char *word = script_word(reader);

    return word != NULL && (script_rate(word, &figures_of(reader, which)->rate[direction]) ||
                            script_fails(reader, "not a rate (62kbit/s, unlimited)", word));
}

static bool take_up(struct script_reader *reader)
{
    return take_rate(reader, OWN_UP, AIR_UP);
}

static bool take_down(struct script_reader *reader)
{
    return take_rate(reader, OWN_DOWN, AIR_DOWN);
}

static bool take_loss(struct script_reader *reader)
{
    const char *word = script_word(reader);

    return word != NULL && (script_share(word, &figures_of(reader, OWN_LOSS)->loss) ||
                            script_fails(reader, "not a share (0% to 100%)", word));
}

static bool take_mtu(struct script_reader *reader)
{
    const char *word = script_word(reader);

    return word != NULL && (script_number(word, MTU_MIN, MTU_MAX, &figures_of(reader, OWN_MTU)->mtu) ||
                            script_fails(reader, "not an MTU (68 to 65535 octets)", word));
}

static bool take_search(struct script_reader *reader)
{
    const char *word = script_word(reader);

    return word != NULL && (script_duration(word, &figures_of(reader, OWN_SEARCH)->search) ||
                            script_fails(reader, "not a time (500ms, 10s, 5m, 2h, 3d)", word));
}

static bool take_retry(struct script_reader *reader)
{
    const char *word = script_word(reader);

    return word != NULL && ((script_duration(word, &reader->script->retry) && reader->script->retry > 0) ||
                            script_fails(reader, "not a time (500ms, 10s, 5m, 2h, 3d)", word));
}

/* --- cells --------------------------------------------------------------------------------------------- */

/* The preset's cell makes way for the first one of the file. */
static bool begin_own_cells(struct script_reader *reader)
{
    if (reader->is_preset || reader->has_own_cells)
        return true;
    if (reader->names_cells)
        return script_fails(reader, "cells come before the lines that name cells", NULL);
    reader->script->cell_count = 0;
    reader->has_own_cells = true;
    return true;
}

static bool take_cell_name(struct script_reader *reader, struct script_cell *cell)
{
    const struct network_script *script = reader->script;
    const char *name = script_word(reader);

    if (name == NULL)
        return false;
    if (!script_is_name(name, SCRIPT_NAME_MAX) || strcmp(name, "all") == 0)
        return script_fails(reader, "not a name for a cell", name);
    for (size_t i = 0; i + 1 < script->cell_count; i++) {
        if (strcmp(script->cells[i].name, name) == 0)
            return script_fails(reader, "there is a cell of this name", name);
    }
    snprintf(cell->name, sizeof(cell->name), "%s", name);
    return true;
}

static bool take_cell_number(struct script_reader *reader, uint32_t max, uint32_t *number)
{
    const char *word = script_word(reader);

    return word != NULL && (script_number(word, 0, max, number) ||
                            script_fails(reader, "not a number, or out of range", word));
}

static bool take_cell(struct script_reader *reader)
{
    struct network_script *script = reader->script;
    struct script_cell *cell;
    const char *word;
    uint32_t area = 1;

    if (!begin_own_cells(reader))
        return false;
    if (script->cell_count == SCRIPT_CELLS_MAX)
        return script_fails(reader, "more than 64 cells", NULL);
    cell = &script->cells[script->cell_count++];
    *cell = (struct script_cell){.id = (uint32_t)script->cell_count};
    if (!take_cell_name(reader, cell) || (word = script_word(reader)) == NULL)
        return false;
    if (!script_plmn(word, cell->digits, &cell->mnc_size))
        return script_fails(reader, "not a network (262-01, 310-410)", word);
    digits_plmn(cell->digits, cell->mnc_size, cell->plmn);
    if ((word = script_word(reader)) == NULL)
        return false;
    if (!script_technology(word, &cell->technology))
        return script_fails(reader, "none of gsm, umts, lte, ltem, nbiot, nr", word);
    if (script_takes(reader, "area") && !take_cell_number(reader, UINT16_MAX, &area))
        return false;
    if (script_takes(reader, "id") && !take_cell_number(reader, CELL_ID_MAX, &cell->id))
        return false;
    cell->area = (uint16_t)area;
    return script_period(reader, true, &cell->there);
}

static bool take_outage(struct script_reader *reader)
{
    struct script_outage *outage = SCRIPT_ADD_ROW(reader, outages, outage_count);

    return outage != NULL && script_cells(reader, &outage->cells) &&
           script_period(reader, false, &outage->when);
}

/* --- who is let in ------------------------------------------------------------------------------------- */

static bool take_rule_rest(struct script_reader *reader, struct script_rule *rule)
{
    rule->cells = SCRIPT_EVERY_CELL;
    return (!script_takes(reader, "on") || script_cells(reader, &rule->cells)) &&
           script_period(reader, true, &rule->when);
}

static bool take_admit(struct script_reader *reader)
{
    struct script_rule *rule = SCRIPT_ADD_ROW(reader, rules, rule_count);

    return rule != NULL && script_who(reader, &rule->who) && take_rule_rest(reader, rule);
}

static bool take_reject(struct script_reader *reader)
{
    struct script_rule *rule = SCRIPT_ADD_ROW(reader, rules, rule_count);
    const char *word;
    uint32_t cause;

    if (rule == NULL || !script_who(reader, &rule->who))
        return false;
    if (!script_takes(reader, "cause"))
        return script_fails(reader, reader->usage, NULL);
    if ((word = script_word(reader)) == NULL)
        return false;
    if (!script_number(word, 1, UINT8_MAX, &cause))
        return script_fails(reader, "not an EMM cause (1 to 255)", word);
    rule->cause = (uint8_t)cause;
    return take_rule_rest(reader, rule);
}

bool script_who_is(const struct script_who *who, const char *imsi, const char *iccid)
{
    return strncmp(imsi, who->imsi, strlen(who->imsi)) == 0 &&
           (who->iccid[0] == '\0' || iccid_is_same(who->iccid, iccid));
}

/* --- the file ------------------------------------------------------------------------------------------ */

static bool read_text(struct script_reader *reader, struct span text);

static bool take_preset(struct script_reader *reader)
{
    const char *word = script_word(reader);
    const char *text = word != NULL ? network_preset(word) : NULL;
    const unsigned line = reader->line;
    bool ok;

    if (word == NULL)
        return false;
    if (text == NULL)
        return script_fails(reader, "none of lan, ltem, nbiot, satellite", word);
    if (reader->has_begun || reader->is_preset)
        return script_fails(reader, "a preset stands first", word);
    if (script_peek(reader) != NULL)
        return script_at_end(reader);
    reader->is_preset = true;
    ok = read_text(reader, span_of_string(text));
    reader->is_preset = false;
    reader->line = line;
    reader->at = reader->count = 0;
    return ok;
}

static const struct {
    const char *name;
    bool (*take)(struct script_reader *reader);
    const char *usage;
} statements[] = {
    {"admit", take_admit, "admit all|imsi DIGITS|iccid DIGITS [on CELLS] [WHEN]"},
    {"cell", take_cell, "cell NAME MCC-MNC TECHNOLOGY [area N] [id N] [WHEN]"},
    {"dns", script_take_dns, "dns servfail|silent|truncated|wrong-id [WHEN]"},
    {"down", take_down, "down RATE"},
    {"host", script_take_host, "host NAME ADDRESS..."},
    {"latency", take_latency, "latency TIME|TIME..TIME"},
    {"loss", take_loss, "loss SHARE"},
    {"mtu", take_mtu, "mtu OCTETS"},
    {"outage", take_outage, "outage all|CELLS WHEN"},
    {"preset", take_preset, "preset lan|ltem|nbiot|satellite"},
    {"reject", take_reject, "reject all|imsi DIGITS|iccid DIGITS cause N [on CELLS] [WHEN]"},
    {"resolver", script_take_resolver, "resolver ADDRESS|none"},
    {"retry", take_retry, "retry TIME"},
    {"route", script_take_route, "route ADDRESS[:PORT] ADDRESS[:PORT]"},
    {"search", take_search, "search TIME"},
    {"sms", script_take_sms, "sms [imsi DIGITS|iccid DIGITS] HEX at TIME|every TIME [from TIME] [to TIME]"},
    {"ttl", script_take_ttl, "ttl TIME"},
    {"up", take_up, "up RATE"},
};

static bool take_statement(struct script_reader *reader)
{
    const char *word = script_word(reader);

    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        if (strcmp(word, statements[i].name) != 0)
            continue;
        reader->usage = statements[i].usage;
        if (!statements[i].take(reader) || !script_at_end(reader))
            return false;
        reader->has_begun = reader->has_begun || !reader->is_preset;
        return true;
    }
    return script_fails(reader, "no such statement", word);
}

static bool read_line(struct script_reader *reader, char *line)
{
    char *word;

    line[strcspn(line, "#\r")] = '\0'; /* files of Windows end their lines so */
    reader->at = reader->count = 0;
    while ((word = strsep(&line, " \t")) != NULL) {
        if (word[0] == '\0')
            continue;
        if (reader->count == SCRIPT_WORDS_MAX)
            return script_fails(reader, "more than 64 words", NULL);
        reader->words[reader->count++] = word;
    }
    return reader->count == 0 || take_statement(reader);
}

static bool read_text(struct script_reader *reader, struct span text)
{
    char *copy = malloc(text.size + 1);
    char *next = copy;
    char *line;
    bool ok = true;

    if (copy == NULL)
        return script_fails(reader, "out of memory", NULL);
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    reader->line = 0;
    while (ok && (line = strsep(&next, "\n")) != NULL) {
        reader->line++;
        /* What stands behind a zero octet would be passed over. */
        if (strlen(line) + (size_t)(line - copy) < text.size && next == NULL)
            ok = script_fails(reader, "this is no text", NULL);
        else
            ok = read_line(reader, line);
    }
    free(copy);
    return ok;
}

struct network_script *network_script_read(const char *name, struct span text, char why[AIR_WHY_MAX])
{
    struct script_reader reader = {.name = name, .why = why, .general = {.mtu = MTU_USUAL}};
    struct network_script *script = calloc(1, sizeof(*script));
    bool ok;

    reader.script = script;
    if (script == NULL) {
        script_fails(&reader, "out of memory", NULL);
        return NULL;
    }
    script->retry = RETRY_USUAL;
    script->ttl = TTL_USUAL;
    ok = script_address(RESOLVER, &script->resolver) && read_text(&reader, text) &&
         (script->cell_count > 0 || script_fails(&reader, "there is no cell, nor a preset with one", NULL));
    for (size_t i = 0; i < script->cell_count; i++)
        figures_inherit(&script->cells[i].figures, &reader.general, reader.own[i]);
    if (ok)
        return script;
    network_script_free(script);
    return NULL;
}

struct network_script *network_script_open(const char *name, char why[AIR_WHY_MAX])
{
    const char *preset = network_preset(name);
    struct network_script *script = NULL;
    char reason[INPUT_WHY_MAX];
    struct buf text = {0};

    if (preset != NULL)
        return network_script_read(name, span_of_string(preset), why);
    if (input_read(name, name, SCRIPT_SIZE_MAX, &text, reason))
        script = network_script_read(name, buf_span(&text), why);
    else
        snprintf(why, AIR_WHY_MAX, "%.*s (no preset either: lan, nbiot, ltem, satellite)", AIR_WHY_MAX - 60,
                 reason);
    buf_free(&text);
    return script;
}

void network_script_free(struct network_script *script)
{
    if (script == NULL)
        return;
    free(script->outages);
    free(script->rules);
    free(script->hosts);
    free(script->routes);
    free(script->messages);
    free(script->faults);
    free(script);
}
