/*
 * A card for people to look at (softeuicc_inspect): what its tables say, as the rows of SELECT statements
 * whose columns are the names of the facts, and what it has in RAM. No key, and nothing that derives from
 * one, is read here. Also the other calls that only somebody outside of the card makes: cutting its power,
 * drawing its state machine.
 */
#include "euicc/card/open.h"
#include "euicc/ipae/ipae.h"
#include "euicc/lifecycle/lifecycle.h"
#include "euicc/lifecycle/session.h"
#include "euicc/os/card.h"
#include "euicc/os/host.h"
#include "euicc/os/nvm_power.h"
#include "euicc/os/spec_version.h"
#include "euicc/rsp/ipa_mode.h"
#include "euicc/terminal/profile_view.h"
#include "euicc/terminal/toolkit.h"

#include <stdio.h>
#include <string.h>

#define NAME_SIZE       40
#define PATH_MAX_LENGTH 160

struct teller {
    struct softeuicc *card;
    void (*tell)(void *context, const struct softeuicc_fact *fact);
    void *context;
};

static void inspect_tell(const struct teller *teller, enum softeuicc_fact_kind kind, const char *name,
                         const char *text, int64_t number)
{
    const struct softeuicc_fact fact = {kind, name, text, number};

    teller->tell(teller->context, &fact);
}

static void tell_begin(const struct teller *teller, enum softeuicc_fact_kind kind, const char *name)
{
    inspect_tell(teller, kind, name, NULL, 0);
}

static void tell_end(const struct teller *teller)
{
    inspect_tell(teller, SOFTEUICC_END, NULL, NULL, 0);
}

static void tell_text(const struct teller *teller, const char *name, const char *text)
{
    inspect_tell(teller, text != NULL ? SOFTEUICC_TEXT : SOFTEUICC_NOTHING, name, text, 0);
}

static void tell_number(const struct teller *teller, const char *name, int64_t number)
{
    inspect_tell(teller, SOFTEUICC_NUMBER, name, NULL, number);
}

static void tell_truth(const struct teller *teller, const char *name, bool truth)
{
    inspect_tell(teller, SOFTEUICC_TRUTH, name, NULL, truth);
}

static void tell_octets(const struct teller *teller, const char *name, struct span octets)
{
    struct buf text = {0};

    if (buf_reserve(&text, 2 * octets.size + 1))
        tell_text(teller, name, hex_from_span(octets, (char *)text.data, 2 * octets.size + 1));
    buf_free(&text);
}

/* --- what the tables say ------------------------------------------------------------------------- */

enum shape {
    VALUE, /* the first column of the only row, or nothing */
    ROW,   /* an object, or nothing */
    ROWS,  /* a list of objects */
};

/* A column whose name ends in '?' is a truth. Blobs are told in hexadecimal. */
static const struct {
    const char *name;
    enum shape shape;
    const char *sql;
} parts[] = {
    {"sgp32", VALUE, "SELECT sgp32 FROM card"},
    {"created_at", VALUE, "SELECT created_at FROM card"},
    {"memory", ROW,
     "SELECT nvm_size AS size, (SELECT coalesce(sum(memory), 0) FROM profile) AS profiles,"
     " (SELECT coalesce(sum(length(der)), 0) FROM crl) AS crls FROM card"},
    {"trusted_ci", ROWS, "SELECT ci_key_id, curve FROM credentials ORDER BY priority"},
    {"default_smdp", VALUE, "SELECT nullif(default_smdp, '') FROM card"},
    {"root_smds", VALUE, "SELECT nullif(root_smds, '') FROM card"},
    {"profiles", ROWS,
     "SELECT iccid, isdp_aid, state, class, name, service_provider, nickname,"
     " id IS (SELECT fallback FROM iot) AS \"fallback?\", fallback_allowed AS \"fallback_allowed?\","
     " ecall AS \"ecall?\", ppr1 AS \"ppr1?\", ppr2 AS \"ppr2?\", origin, memory,"
     " nullif(smdp_address, '') AS smdp_address, installed_at FROM profile ORDER BY id"},
    {"enabled", VALUE, "SELECT iccid FROM profile WHERE state = 'enabled'"},
    {"displaced_by_test", VALUE, "SELECT iccid FROM profile JOIN card ON id = before_test"},
    {"fallback_profile", VALUE, "SELECT iccid FROM profile JOIN iot ON id = fallback"},
    {"return_profile", VALUE, "SELECT iccid FROM profile JOIN iot ON id = before_fallback"},
    {"rollback", ROW,
     "SELECT iccid, rollback_eim AS eim_id, rollback_counter AS counter,"
     " rollback_transaction AS eim_transaction_id, rollback_result AS result_sequence"
     " FROM profile JOIN iot ON id = rollback"},
    {"emergency", ROW,
     "SELECT emergency AS \"active?\","
     " (SELECT iccid FROM profile WHERE id = before_emergency) AS return_profile FROM iot"},
    {"immediate_enable", ROW,
     "SELECT immediate_enable AS \"on?\", immediate_smdp_oid AS smdp_oid,"
     " immediate_smdp_address AS smdp_address FROM iot"},
    {"eims", ROWS,
     "SELECT eim_id, CASE id_type WHEN 1 THEN 'OID' WHEN 2 THEN 'FQDN' WHEN 3 THEN 'proprietary' END AS type,"
     " fqdn, counter, association_token, curve, ci_key_id FROM eim ORDER BY position"},
    {"marked", ROWS,
     "SELECT event, iccid FROM marked JOIN profile ON profile.id = profile ORDER BY position"},
    {"package_results", ROWS,
     "SELECT sequence, eim_id, counter, length(result) AS octets FROM package_result ORDER BY sequence"},
    {"notifications", ROWS,
     "SELECT sequence, operation, nullif(iccid, '') AS iccid, address FROM notification ORDER BY sequence"},
    {"last_sequence", VALUE, "SELECT last_notification FROM card"},
};

/* Column names come from above: none is longer than NAME_SIZE. */
static void tell_column(const struct teller *teller, sqlite3_stmt *stmt, int column, const char *given)
{
    const char *title = given != NULL ? given : sqlite3_column_name(stmt, column);
    size_t length = strcspn(title, "?");
    char name[NAME_SIZE];

    snprintf(name, sizeof(name), "%.*s", (int)length, title);
    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_INTEGER:
        if (title[length] == '?')
            tell_truth(teller, name, nvm_int(stmt, column) != 0);
        else
            tell_number(teller, name, nvm_int(stmt, column));
        break;
    case SQLITE_BLOB:
        tell_octets(teller, name, nvm_blob(stmt, column));
        break;
    default:
        tell_text(teller, name, nvm_text(stmt, column));
        break;
    }
}

static void tell_row(const struct teller *teller, sqlite3_stmt *stmt, const char *name)
{
    tell_begin(teller, SOFTEUICC_OBJECT, name);
    for (int i = 0; i < sqlite3_column_count(stmt); i++)
        tell_column(teller, stmt, i, NULL);
    tell_end(teller);
}

static void tell_part(const struct teller *teller, const char *name, enum shape shape, const char *sql)
{
    struct nvm *nvm = teller->card->nvm;
    sqlite3_stmt *stmt = nvm_select(nvm, sql, NVM_NONE);

    if (shape == ROWS) {
        tell_begin(teller, SOFTEUICC_LIST, name);
        while (nvm_row(nvm, stmt))
            tell_row(teller, stmt, NULL);
        tell_end(teller);
    } else if (!nvm_row(nvm, stmt)) {
        tell_text(teller, name, NULL);
    } else if (shape == ROW) {
        tell_row(teller, stmt, name);
    } else {
        tell_column(teller, stmt, 0, name);
    }
    nvm_done(stmt);
}

/* --- what is in RAM ------------------------------------------------------------------------------ */

static void tell_identity(const struct teller *teller)
{
    char svn[SPEC_VERSION_TEXT];

    tell_text(teller, "eid", teller->card->eid_text);
    tell_text(teller, "personality", card_personality_name(teller->card->personality));
    tell_text(teller, "version", softeuicc_version());
    tell_text(teller, "svn", spec_version_text(teller->card->sgp22, svn));
}

static void tell_power(const struct teller *teller)
{
    const struct nvm_power *power = nvm_supply(teller->card->nvm);
    uint64_t left = power != NULL ? nvm_power_left(power) : 0;

    tell_truth(teller, "powered", teller->card->powered);
    tell_text(teller, "protocol", teller->card->protocol == SOFTEUICC_T1 ? "T=1" : "T=0");
    if (left > 0)
        tell_number(teller, "power_cut_in", (int64_t)left);
    else
        tell_text(teller, "power_cut_in", NULL);
}

static void tell_session(const struct teller *teller)
{
    static const char *const stages[] = {
        [RSP_NONE] = "none",         [RSP_CHALLENGED] = "challenged", [RSP_AUTHENTICATED] = "authenticated",
        [RSP_PREPARED] = "prepared", [RSP_LOADING] = "loading",
    };
    const enum rsp_stage stage = rsp_session_stage(teller->card);

    tell_begin(teller, SOFTEUICC_OBJECT, "rsp_session");
    tell_text(teller, "stage", stages[stage]);
    if (stage >= RSP_AUTHENTICATED) {
        tell_octets(teller, "transaction_id", rsp_session_transaction_id(teller->card->rsp));
        tell_text(teller, "server", teller->card->rsp->server_role == CERT_ROLE_DP_AUTH ? "SM-DP+" : "SM-DS");
    }
    tell_end(teller);
}

static void tell_toolkit(const struct teller *teller)
{
    size_t pending = 0;
    const char *stage = toolkit_session_name(teller->card, &pending);

    tell_begin(teller, SOFTEUICC_OBJECT, "toolkit");
    tell_text(teller, "session", stage);
    tell_number(teller, "pending", (int64_t)pending);
    tell_end(teller);
}

static void tell_time(const struct teller *teller, const char *name, int64_t milliseconds)
{
    char text[CARD_TIME_SIZE];

    tell_text(teller, name, milliseconds > 0 ? card_time_text(milliseconds, text) : NULL);
}

/* "262-01": of 3GPP TS 24.008 10.5.1.3, whose last digit may be absent. */
static void tell_plmn(const struct teller *teller, const char *name, const uint8_t *plmn)
{
    char text[] = "000-000";

    if (plmn == NULL) {
        tell_text(teller, name, NULL);
        return;
    }
    snprintf(text, sizeof(text), "%X%X%X-%X%X%X", plmn[0] & 0x0Fu, plmn[0] >> 4u, plmn[1] & 0x0Fu,
             plmn[2] & 0x0Fu, plmn[2] >> 4u, plmn[1] >> 4u);
    if (plmn[1] >> 4 == 0x0F)
        text[sizeof(text) - 2] = '\0';
    tell_text(teller, name, text);
}

static void tell_setting(void *context, const struct softeuicc_set_value *value)
{
    const struct teller *teller = context;

    tell_begin(teller, SOFTEUICC_OBJECT, NULL);
    tell_text(teller, "name", value->name);
    tell_text(teller, "eim_id", value->eim);
    tell_text(teller, "value", value->value);
    tell_end(teller);
}

/* Its schedule. What has no time is not polled by it, or was never polled. */
#define SELECT_POLLED_EIMS                                                                                   \
    "SELECT eim_id,"                                                                                         \
    " iif(polled > 0, strftime('%Y-%m-%dT%H:%M:%SZ', polled / 1000, 'unixepoch'), NULL) AS last_poll,"       \
    " strftime('%Y-%m-%dT%H:%M:%SZ', next_poll / 1000, 'unixepoch') AS next_poll,"                           \
    " coalesce(failures, 0) AS failures, why AS failure"                                                     \
    " FROM eim LEFT JOIN ipae_eim USING (eim_id) ORDER BY position"

/* What the IPAe has done and spent since the card was made, or in its last round. */
static void tell_counts(const struct teller *teller, const char *name, bool of_last_round)
{
    struct ipae_tally tally;

    tell_begin(teller, SOFTEUICC_OBJECT, name);
    for (size_t i = 0; ipae_look_count(teller->card, i, &tally); i++)
        tell_number(teller, tally.name, (int64_t)(of_last_round ? tally.last_round : tally.ever));
    tell_end(teller);
}

/* Nothing: the card has none. */
static void tell_ipae(struct teller *teller)
{
    struct ipae_facts facts;

    if (!ipae_look(teller->card, &facts)) {
        tell_text(teller, "ipae", NULL);
        return;
    }
    tell_begin(teller, SOFTEUICC_OBJECT, "ipae");
    tell_truth(teller, "active", teller->card->powered && ipa_mode_is_ipae(teller->card));
    tell_truth(teller, "strict", facts.strict);
    tell_truth(teller, "polling", facts.is_polling);
    tell_time(teller, "next_poll", facts.next_poll);
    tell_number(teller, "poll_interval", facts.interval);
    tell_text(teller, "network", facts.network);
    tell_time(teller, "lost_since", facts.lost_since);
    tell_truth(teller, "on_trial", facts.on_trial);
    tell_time(teller, "return_at", facts.return_at);
    tell_plmn(teller, "plmn", facts.plmn);
    tell_text(teller, "imei", facts.imei[0] != '\0' ? facts.imei : NULL);
    tell_begin(teller, SOFTEUICC_LIST, "settings");
    ipae_each_setting(teller->card, tell_setting, teller);
    tell_end(teller);
    tell_part(teller, "eims", ROWS, SELECT_POLLED_EIMS);
    tell_counts(teller, "counts", false);
    tell_counts(teller, "last_round", true);
    tell_end(teller);
}

/* "3F00/7FFF/6F07", from the file up to MF. */
static void put_path(char *out, const struct fs_file *file)
{
    char rest[PATH_MAX_LENGTH] = "";

    for (; file != NULL; file = file->parent) {
        if (snprintf(out, PATH_MAX_LENGTH, "%04X%s%s", (unsigned)file->fid, rest[0] != '\0' ? "/" : "",
                     rest) >= PATH_MAX_LENGTH)
            return; /* no tree is that deep */
        memcpy(rest, out, PATH_MAX_LENGTH);
    }
}

/* A channel without an application shows the files of the enabled profile. */
static void tell_selected(const struct teller *teller, unsigned number)
{
    const struct uicc *uicc = profile_view_uicc(teller->card);
    const struct uicc_channel *channel;
    char path[PATH_MAX_LENGTH] = "";

    if (uicc == NULL)
        return;
    channel = &uicc->channels[number];
    put_path(path, channel->file != NULL ? channel->file : channel->directory);
    tell_text(teller, "file", path);
    tell_text(teller, "file_name", (channel->file != NULL ? channel->file : channel->directory)->name);
    tell_octets(teller, "aid",
                channel->application != NULL
                    ? SPAN(channel->application->aid.octets, channel->application->aid.size)
                    : SPAN("", 0));
}

static void tell_channels(const struct teller *teller)
{
    tell_begin(teller, SOFTEUICC_LIST, "channels");
    for (unsigned i = 0; teller->card->powered && i < APDU_CHANNELS; i++) {
        const struct channel *channel = channel_find(&teller->card->channels, i);
        const struct application *application = channel != NULL ? channel->application : NULL;

        if (channel == NULL)
            continue;
        tell_begin(teller, SOFTEUICC_OBJECT, NULL);
        tell_number(teller, "channel", i);
        tell_text(teller, "application", application != NULL ? application->name : NULL);
        if (application != NULL)
            tell_octets(teller, "aid", application->aid);
        else
            tell_selected(teller, i);
        tell_end(teller);
    }
    tell_end(teller);
}

bool softeuicc_inspect(struct softeuicc *card,
                       void (*listener)(void *context, const struct softeuicc_fact *fact), void *context)
{
    struct teller teller = {card, listener, context};
    char now[CARD_TIME_SIZE];
    bool whole;

    tell_identity(&teller);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        tell_part(&teller, parts[i].name, parts[i].shape, parts[i].sql);
    tell_number(&teller, "memory_free", (int64_t)profile_free_nvm(card));
    tell_power(&teller);
    tell_channels(&teller);
    tell_session(&teller);
    tell_toolkit(&teller);
    tell_ipae(&teller);
    tell_text(&teller, "time", card_time(card, now));
    whole = !nvm_failed(card->nvm);
    nvm_rollback(card->nvm); /* what failed here is no business of the next command's */
    return whole;
}

/* --- the other calls from outside ---------------------------------------------------------------- */

bool softeuicc_cut_power(struct softeuicc *card, uint64_t after)
{
    struct nvm_power *power = nvm_supply(card->nvm);

    if (power != NULL)
        nvm_power_cut(power, after);
    return power != NULL;
}

bool softeuicc_has_lost_power(const struct softeuicc *card)
{
    const struct nvm_power *power = nvm_supply(card->nvm);

    return power != NULL && nvm_power_is_gone(power);
}

bool softeuicc_is_there(const struct softeuicc *card, struct softeuicc_error *error)
{
    return nvm_is_there(card->nvm, error);
}

size_t softeuicc_lifecycle_dot(char *out, size_t size)
{
    struct buf dot = {0};
    size_t length;

    lifecycle_dot(&dot);
    length = dot.size;
    if (size > 0)
        snprintf(out, size, "%.*s", (int)length, (const char *)dot.data);
    buf_free(&dot);
    return length;
}
