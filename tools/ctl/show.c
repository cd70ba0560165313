/*
 * `ctl show` for people: what a card tells of itself (docs/ctl.md names the facts), a line each, lists as
 * tables; and the lines of a trace. A fact that is missing is left out, so that another version's card can be
 * shown too.
 */
#include "tools/ctl/ctl.h"

#include "common/print/print.h"
#include "common/tool.h"
#include "tools/ctl/facts.h"

#include <stdio.h>
#include <string.h>

#define TABLE(label, rows, columns) ctl_table(label, rows, columns, sizeof(columns) / sizeof((columns)[0]))

/* --- what is shown ------------------------------------------------------------------------------- */

static const char *profile_flags(const json_t *row, char out[CTL_TEXT_SIZE])
{
    static const struct {
        const char *name, *text;
    } flags[] = {
        {"fallback", "fallback"},
        {"ecall", "emergency"},
        {"ppr1", "PPR1"},
        {"ppr2", "PPR2"},
    };

    out[0] = '\0';
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (!json_is_true(json_object_get(row, flags[i].name)))
            continue;
        if (out[0] != '\0')
            strcat(out, " ");
        strcat(out, flags[i].text);
    }
    return out;
}

static const char *profile_label(const json_t *row, char out[CTL_TEXT_SIZE])
{
    const char *nickname = json_string_value(json_object_get(row, "nickname"));

    return ctl_text(row, nickname != NULL && nickname[0] != '\0' ? "nickname" : "name", out);
}

static const char *ctl_show_selected(const json_t *row, char out[CTL_TEXT_SIZE])
{
    char file[CTL_TEXT_SIZE];
    char name[CTL_TEXT_SIZE];

    if (json_is_string(json_object_get(row, "application")))
        return ctl_text(row, "application", out);
    ctl_text(row, "file", file);
    ctl_text(row, "file_name", name);
    snprintf(out, CTL_TEXT_SIZE, "%.200s%s%.200s", file, name[0] != '\0' ? " " : "", name);
    tool_one_line(out); /* cut inside a character, perhaps */
    return out;
}

static void show_lists(const json_t *card)
{
    static const struct ctl_column profiles[] = {
        {TABLE_WHOLE("ICCID"), "iccid", NULL},
        {TABLE_COLUMN("STATE"), "state", NULL},
        {TABLE_COLUMN("CLASS"), "class", NULL},
        {TABLE_COLUMN("NAME"), NULL, profile_label},
        {TABLE_COLUMN("PROVIDER"), "service_provider", NULL},
        {TABLE_COLUMN("MARKS"), NULL, profile_flags},
    };
    static const struct ctl_column eims[] = {
        {TABLE_WHOLE("EIM"), "eim_id", NULL},
        {TABLE_COLUMN("FQDN"), "fqdn", NULL},
        {TABLE_WHOLE("COUNTER"), "counter", NULL},
        {TABLE_WHOLE("TOKEN"), "association_token", NULL},
    };
    static const struct ctl_column results[] = {
        {TABLE_WHOLE("NUMBER"), "sequence", NULL},
        {TABLE_WHOLE("EIM"), "eim_id", NULL},
        {TABLE_WHOLE("COUNTER"), "counter", NULL},
        {TABLE_COLUMN("OCTETS"), "octets", NULL},
    };
    static const struct ctl_column notifications[] = {
        {TABLE_WHOLE("NUMBER"), "sequence", NULL},
        {TABLE_COLUMN("OPERATION"), "operation", NULL},
        {TABLE_WHOLE("ICCID"), "iccid", NULL},
        {TABLE_COLUMN("ADDRESS"), "address", NULL},
    };
    static const struct ctl_column channels[] = {{TABLE_WHOLE("CHANNEL"), "channel", NULL},
                                                 {TABLE_COLUMN("SELECTED"), NULL, ctl_show_selected},
                                                 {TABLE_WHOLE("AID"), "aid", NULL}};

    TABLE("Profiles", json_object_get(card, "profiles"), profiles);
    TABLE("Associated eIMs", json_object_get(card, "eims"), eims);
    ctl_show_polls(json_object_get(card, "ipae"));
    TABLE("Package results that wait for their eIM", json_object_get(card, "package_results"), results);
    TABLE("Pending notifications", json_object_get(card, "notifications"), notifications);
    TABLE("Logical channels", json_object_get(card, "channels"), channels);
}

static void show_member(const char *label, const json_t *object, const char *name, const char *without)
{
    char text[CTL_TEXT_SIZE];

    if (ctl_text(object, name, text)[0] != '\0')
        ctl_line(label, text);
    else if (without != NULL)
        ctl_line(label, without);
}

static void show_identity(const json_t *card)
{
    char text[CTL_TEXT_SIZE];
    char cell[CTL_TEXT_SIZE];
    const json_t *memory = json_object_get(card, "memory");

    show_member("EID", card, "eid", NULL);
    if (ctl_text(card, "personality", cell)[0] != '\0') {
        snprintf(text, sizeof(text), "%.40s; ", cell);
        snprintf(text + strlen(text), 100, "softeuicc %.40s, ", ctl_text(card, "version", cell));
        snprintf(text + strlen(text), 100, "SGP.22 %.40s", ctl_text(card, "svn", cell));
        if (ctl_text(card, "sgp32", cell)[0] != '\0')
            snprintf(text + strlen(text), 100, ", SGP.32 %.40s", cell);
        ctl_line("Personality", text);
    }
    if (json_is_object(memory)) {
        snprintf(text, sizeof(text), "%.30s of ", ctl_text(card, "memory_free", cell));
        snprintf(text + strlen(text), 100, "%.30s octets free", ctl_text(memory, "size", cell));
        ctl_line("Memory", text);
    }
    show_member("Default SM-DP+", card, "default_smdp", "none");
    show_member("Root SM-DS", card, "root_smds", "none");
}

/* The ways back, and what may change the profile by itself. */
static void show_recovery(const json_t *card)
{
    const json_t *rollback = json_object_get(card, "rollback");
    const json_t *emergency = json_object_get(card, "emergency");
    const json_t *immediate = json_object_get(card, "immediate_enable");
    char iccid[CTL_TEXT_SIZE];
    char eim[CTL_TEXT_SIZE];
    char counter[CTL_TEXT_SIZE];
    char text[CTL_TEXT_SIZE];

    show_member("Enabled profile", card, "enabled", "none");
    show_member("Displaced by test", card, "displaced_by_test", NULL);
    show_member("Fallback profile", card, "fallback_profile", "none");
    show_member("Return profile", card, "return_profile", "none");
    if (json_is_object(rollback)) {
        snprintf(text, sizeof(text), "to %.20s, granted by %.128s with package %.20s",
                 ctl_text(rollback, "iccid", iccid), ctl_text(rollback, "eim_id", eim),
                 ctl_text(rollback, "counter", counter));
        ctl_line("Rollback", text);
    } else {
        ctl_line("Rollback", "not granted");
    }
    if (json_is_true(json_object_get(emergency, "active"))) {
        snprintf(text, sizeof(text), "active; before it %.20s", ctl_text(emergency, "return_profile", iccid));
        ctl_line("Emergency", text);
    } else {
        ctl_line("Emergency", "not active");
    }
    if (json_is_true(json_object_get(immediate, "on"))) {
        snprintf(text, sizeof(text), "on %.255s %.60s", ctl_text(immediate, "smdp_address", eim),
                 ctl_text(immediate, "smdp_oid", counter));
        ctl_line("Immediate enable", text);
    } else {
        ctl_line("Immediate enable", "off");
    }
}

static void show_sessions(const json_t *card)
{
    const json_t *session = json_object_get(card, "rsp_session");
    const json_t *toolkit = json_object_get(card, "toolkit");
    char stage[CTL_TEXT_SIZE];
    char more[CTL_TEXT_SIZE];
    char text[CTL_TEXT_SIZE];

    if (json_is_object(session)) {
        ctl_text(session, "transaction_id", more);
        snprintf(text, sizeof(text), "%.40s%s%.80s", ctl_text(session, "stage", stage),
                 more[0] != '\0' ? ", transaction " : "", more);
        ctl_line("RSP session", text);
    }
    if (json_is_object(toolkit)) {
        snprintf(text, sizeof(text), "%.40s, %.20s commands pending", ctl_text(toolkit, "session", stage),
                 ctl_text(toolkit, "pending", more));
        ctl_line("Toolkit", text);
    }
    ctl_show_ipae(json_object_get(card, "ipae"));
    show_member("Power cut in", card, "power_cut_in", NULL);
}

/* An armed one that struck is named, so that nobody looks for a fault. */
static void show_power_cuts(const json_t *run)
{
    const json_t *last = json_object_get(run, "last_power_cut");
    char text[CTL_TEXT_SIZE];
    char a[CTL_TEXT_SIZE];
    char b[CTL_TEXT_SIZE];
    char c[CTL_TEXT_SIZE];

    if (json_integer_value(json_object_get(run, "power_cuts")) <= 0)
        return;
    snprintf(text, sizeof(text),
             "%.20s; the last one, armed by 'softeuicc ctl cut --after %.20s', struck at %.40s",
             ctl_text(run, "power_cuts", a), ctl_text(last, "after", b), ctl_text(last, "time", c));
    ctl_line("Power cuts", json_is_object(last) ? text : a);
}

static void show_run(const json_t *card)
{
    const json_t *run = json_object_get(card, "run");
    const bool is_connected = json_is_true(json_object_get(run, "connected"));
    char text[CTL_TEXT_SIZE];
    char a[CTL_TEXT_SIZE];
    char b[CTL_TEXT_SIZE];
    char c[CTL_TEXT_SIZE];
    char d[CTL_TEXT_SIZE];

    if (!json_is_object(run)) {
        ctl_line("Running", "no");
        show_member("Time", card, "time", NULL);
        return;
    }
    snprintf(text, sizeof(text), "slot %.10s, vpcd %.255s:%.10s, %s, %s, %.10s", ctl_text(run, "slot", a),
             ctl_text(run, "host", b), ctl_text(run, "port", c),
             !json_is_true(json_object_get(run, "inserted")) ? "taken out"
             : is_connected                                  ? "connected"
                                                             : "no reader",
             json_is_true(json_object_get(card, "powered")) ? "powered" : "not powered",
             ctl_text(card, "protocol", d));
    ctl_line("Reader", text);
    snprintf(text, sizeof(text), "for %.20s s (process %.20s): %.20s commands, %.20s resets",
             ctl_text(run, "uptime", a), ctl_text(run, "pid", b), ctl_text(run, "commands", c),
             ctl_text(run, "resets", d));
    ctl_line("Running", text);
    show_power_cuts(run);
    snprintf(text, sizeof(text), "%.40s (%.40s s ahead of this machine's clock)", ctl_text(card, "time", a),
             ctl_text(run, "clock_ahead", b));
    ctl_line("Time", json_number_value(json_object_get(run, "clock_ahead")) != 0 ? text : a);
    ctl_line("Trace", json_is_true(json_object_get(run, "trace")) ? "on" : "off");
}

bool ctl_show(const json_t *card)
{
    show_identity(card);
    show_run(card);
    show_recovery(card);
    show_sessions(card);
    show_lists(card);
    return true;
}

/* Octets in hexadecimal, of any length, or "**" for one that is kept back: no more of the text than that. */
static void print_hex(const char *text)
{
    print_part("%.*s", (int)strspn(text, "0123456789ABCDEFabcdef*"), text);
}

void ctl_print_trace(const json_t *entry)
{
    char cell[CTL_TEXT_SIZE];
    const char *octets = json_string_value(json_object_get(entry, "command"));

    print_part("%s slot %lld", ctl_text(entry, "time", cell),
               (long long)json_integer_value(json_object_get(entry, "slot")));
    if (octets != NULL) {
        print_part("%s", " > ");
        print_hex(octets);
        print_line("%s", "");
    } else if (json_is_string(json_object_get(entry, "event"))) {
        print_line(": %s", ctl_text(entry, "event", cell));
    } else {
        octets = json_string_value(json_object_get(entry, "data"));
        print_part("%s", " < ");
        print_hex(octets != NULL ? octets : "");
        print_part("%s%s  ", octets != NULL && octets[0] != '\0' ? " " : "", ctl_text(entry, "status", cell));
        print_part("%s: ", ctl_text(entry, "function", cell));
        print_line("%s (%.3f ms)", ctl_text(entry, "meaning", cell),
                   json_number_value(json_object_get(entry, "ms")));
    }
    fflush(stdout);
}
