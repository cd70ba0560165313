/* The settings of the IPAe: see ipae_settings.h. */
#include "euicc/ipae/ipae_settings.h"

#include "crypto/psk.h"
#include "euicc/os/error.h"
#include "euicc/os/text.h"
#include "ipa/ipa.h"

#include <stdio.h>
#include <string.h>

/* Seconds. */
enum { A_MINUTE = 60, AN_HOUR = 60 * A_MINUTE, A_DAY = 24 * AN_HOUR, A_MONTH = 31 * A_DAY };

static const struct softeuicc_setting rows[IPAE_SETTINGS] = {
    [IPAE_POLL_INTERVAL] = {"poll-interval", SOFTEUICC_SETTING_SECONDS, 0, A_MONTH, "900", true,
                            "from one poll to the next; 0: it polls only when something happens"},
    [IPAE_POLL_JITTER] = {"poll-jitter", SOFTEUICC_SETTING_PERCENT, 0, 100, "0", true,
                          "by how much of a wait, at most, a poll comes later, at random"},
    [IPAE_RETRY_AFTER] = {"retry-after", SOFTEUICC_SETTING_SECONDS, 1, A_DAY, "60", true,
                          "after a poll that reached nobody; twice as long after each more"},
    [IPAE_RETRY_LIMIT] = {"retry-limit", SOFTEUICC_SETTING_SECONDS, 1, A_MONTH, "3600", true,
                          "but never longer than this"},
    [IPAE_QUIET_HOURS] = {"quiet-hours", SOFTEUICC_SETTING_HOURS, 0, 0, "", false,
                          "in which no poll is due, UTC"},
    [IPAE_POLL_ON_MESSAGE] = {"poll-on-message", SOFTEUICC_SETTING_SWITCH, 0, 1, "on", false,
                              "poll when a short message for the ISD-R comes"},
    [IPAE_POLL_ON_NETWORK] = {"poll-on-network", SOFTEUICC_SETTING_SWITCH, 0, 1, "on", false,
                              "poll when the device is on another network than the eIMs know"},
    [IPAE_REPORT_WITHIN] = {"report-within", SOFTEUICC_SETTING_SECONDS, A_MINUTE, A_DAY, "600", false,
                            "in which a change of profiles must be reported over the new network"},
    [IPAE_FALLBACK_AFTER] = {"fallback-after", SOFTEUICC_SETTING_SECONDS, 0, A_MONTH, "3600", false,
                             "without a network, until the Fallback Profile is enabled; 0: never"},
    [IPAE_RETURN_AFTER] = {"return-after", SOFTEUICC_SETTING_SECONDS, 0, A_MONTH, "21600", false,
                           "with the Fallback Profile, until the one before it is tried; 0: never"},
    [IPAE_DNS_SERVER] = {"dns-server", SOFTEUICC_SETTING_ADDRESS, 0, 0, "", false,
                         "asked for addresses besides the one that the terminal names"},
    [IPAE_COMPACT] = {"compact", SOFTEUICC_SETTING_SWITCH, 0, 1, "off", true,
                      "send the compact forms, which the eIM must be able to expand"},
    [IPAE_PREFER_DIRECT] = {"prefer-direct", SOFTEUICC_SETTING_SWITCH, 0, 1, "off", true,
                            "download from the SM-DP+ itself, although the eIM would relay"},
    [IPAE_V1] = {"v1", SOFTEUICC_SETTING_SWITCH, 0, 1, "off", true, "the eIM is one of SGP.32 v1.0"},
    [IPAE_JSON] = {"json", SOFTEUICC_SETTING_SWITCH, 0, 1, "off", true,
                   "speak the JSON binding over HTTPS, not the ASN.1 binding"},
    [IPAE_KEEP_ASSOCIATION] = {"keep-association", SOFTEUICC_SETTING_SWITCH, 0, 1, "off", true,
                               "leave the channel to the eIM open between polls, over CoAP"},
    [IPAE_PSK] = {"psk", SOFTEUICC_SETTING_PSK, 0, 0, "", true,
                  "the pre-shared key of CoAP, instead of the eIM's certificate"},
};

const struct softeuicc_setting *ipae_settings_at(size_t index)
{
    return index < IPAE_SETTINGS ? &rows[index] : NULL;
}

/* --- values ------------------------------------------------------------------------------------------- */

static bool value_digits(const char **text, int64_t max, int64_t *number)
{
    const char *digit = *text;

    for (*number = 0; *digit >= '0' && *digit <= '9'; digit++) {
        *number = *number * 10 + (*digit - '0');
        if (*number > max)
            return false;
    }
    if (digit == *text)
        return false;
    *text = digit;
    return true;
}

/* "23:59" */
static bool value_minute(const char **text, unsigned *minute)
{
    const char *start = *text;
    int64_t hours, minutes;

    if (!value_digits(text, 23, &hours) || *text != start + 2 || **text != ':')
        return false;
    start = ++*text;
    if (!value_digits(text, 59, &minutes) || *text != start + 2)
        return false;
    *minute = (unsigned)(hours * 60 + minutes);
    return true;
}

static bool value_hours(const char *text, struct ipae_settings *settings)
{
    settings->has_quiet_hours = *text != '\0';
    return *text == '\0' || (value_minute(&text, &settings->quiet_from) && *text++ == '-' &&
                             value_minute(&text, &settings->quiet_to) && *text == '\0' &&
                             settings->quiet_from != settings->quiet_to);
}

static bool value_address(const char *text, struct ipae_settings *settings)
{
    settings->has_dns_server = *text != '\0';
    return *text == '\0' || host_address(text, &settings->dns_server);
}

/* False with *why, as psk_read has it. */
static bool value_psk(const char *text, const char **why)
{
    struct psk psk;
    bool ok = *text == '\0' || psk_read(text, &psk, why);

    psk_clear(&psk);
    return ok;
}

/* False: this setting takes no such value. */
static bool value_read(enum ipae_setting which, const char *text, struct ipae_settings *settings)
{
    const struct softeuicc_setting *row = &rows[which];
    int64_t *number = &settings->number[which];
    const char *why;

    switch (row->kind) {
    case SOFTEUICC_SETTING_HOURS:
        return value_hours(text, settings);
    case SOFTEUICC_SETTING_ADDRESS:
        return value_address(text, settings);
    case SOFTEUICC_SETTING_PSK:
        return value_psk(text, &why);
    case SOFTEUICC_SETTING_SWITCH:
        *number = strcmp(text, "on") == 0;
        return *number == 1 || strcmp(text, "off") == 0;
    default:
        return value_digits(&text, row->max, number) && *text == '\0' && *number >= row->min;
    }
}

static enum softeuicc_status value_refuse(enum ipae_setting which, const char *value,
                                          struct softeuicc_error *error)
{
    const struct softeuicc_setting *row = &rows[which];
    const char *why = "";

    switch (row->kind) {
    case SOFTEUICC_SETTING_PSK: /* the value may well be the key */
        (void)value_psk(value, &why);
        return error_set(error, SOFTEUICC_INVALID, "%s is IDENTITY:KEY, the key in hexadecimal; this %s",
                         row->name, why);
    case SOFTEUICC_SETTING_HOURS:
        return error_set(error, SOFTEUICC_INVALID, "%s is a time of the day, as 22:00-06:00, not '%.60s'",
                         row->name, value);
    case SOFTEUICC_SETTING_ADDRESS:
        return error_set(error, SOFTEUICC_INVALID, "%s is an IPv4 or IPv6 address, not '%.60s'", row->name,
                         value);
    case SOFTEUICC_SETTING_SWITCH:
        return error_set(error, SOFTEUICC_INVALID, "%s is on or off, not '%.60s'", row->name, value);
    case SOFTEUICC_SETTING_PERCENT:
        return error_set(error, SOFTEUICC_INVALID, "%s is %lld to %lld percent, not '%.60s'", row->name,
                         (long long)row->min, (long long)row->max, value);
    default:
        return error_set(error, SOFTEUICC_INVALID, "%s is %lld to %lld seconds (%lldd), not '%.60s'",
                         row->name, (long long)row->min, (long long)row->max, (long long)row->max / A_DAY,
                         value);
    }
}

/* --- what is kept ------------------------------------------------------------------------------------- */

/* IPAE_SETTINGS: there is none. */
static enum ipae_setting setting_named(const char *name)
{
    enum ipae_setting which = 0;

    while (which < IPAE_SETTINGS && strcmp(rows[which].name, name) != 0)
        which++;
    return which;
}

/* Reading: what another version of the program has kept and this one does not know holds no longer. */
bool ipae_settings_read(struct softeuicc *card, struct ipae_settings *settings)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm, "SELECT name, eim_id, value FROM ipae_setting", NVM_NONE);
    struct ipae_settings all = {.has_own = false};

    for (enum ipae_setting which = 0; which < IPAE_SETTINGS; which++)
        (void)value_read(which, rows[which].preset, &all);
    while (nvm_row(card->nvm, stmt)) {
        enum ipae_setting which = setting_named(nvm_text(stmt, 0));
        struct ipae_settings read = all;

        if (nvm_text(stmt, 1)[0] != '\0')
            all.has_own = true;
        else if (which < IPAE_SETTINGS && value_read(which, nvm_text(stmt, 2), &read))
            all = read;
    }
    nvm_done(stmt);
    if (nvm_failed(card->nvm))
        return false;
    *settings = all;
    return true;
}

/* One that holds: this version knows it, and takes the value. */
static bool is_in_force(enum ipae_setting which, const struct softeuicc_set_value *value)
{
    struct ipae_settings read;

    return (value->eim == NULL || rows[which].per_eim) && value_read(which, value->value, &read);
}

/* The one way on which settings leave the card. */
static void show_setting(enum ipae_setting which, const struct softeuicc_set_value *value,
                         void (*each)(void *context, const struct softeuicc_set_value *value), void *context)
{
    char text[PSK_SHOWN_SIZE];
    const struct softeuicc_set_value shown = {value->name, value->eim, text};
    struct psk psk;
    const char *why;

    if (rows[which].kind != SOFTEUICC_SETTING_PSK || !psk_read(value->value, &psk, &why)) {
        each(context, value);
        return;
    }
    psk_show(&psk, text);
    psk_clear(&psk);
    each(context, &shown);
}

void ipae_settings_each(struct softeuicc *card,
                        void (*each)(void *context, const struct softeuicc_set_value *value), void *context)
{
    for (enum ipae_setting which = 0; which < IPAE_SETTINGS; which++) {
        sqlite3_stmt *stmt = nvm_select(
            card->nvm, "SELECT nullif(eim_id, ''), value FROM ipae_setting WHERE name = ?1 ORDER BY eim_id",
            NVM_VALUES(NVM_STRING(rows[which].name)));

        while (nvm_row(card->nvm, stmt)) {
            const struct softeuicc_set_value value = {rows[which].name, nvm_text(stmt, 0), nvm_text(stmt, 1)};

            if (is_in_force(which, &value))
                show_setting(which, &value, each, context);
        }
        nvm_done(stmt);
    }
}

int64_t ipae_setting_of(struct softeuicc *card, const struct ipae_settings *settings, enum ipae_setting which,
                        const char *eim)
{
    struct ipae_settings own = *settings;
    sqlite3_stmt *stmt;
    bool is_own = false;

    if (!settings->has_own || !rows[which].per_eim)
        return settings->number[which];
    stmt = nvm_select(card->nvm, "SELECT value FROM ipae_setting WHERE name = ?1 AND eim_id = ?2",
                      NVM_VALUES(NVM_STRING(rows[which].name), NVM_STRING(eim)));
    if (nvm_row(card->nvm, stmt))
        is_own = value_read(which, nvm_text(stmt, 0), &own);
    nvm_done(stmt);
    return is_own ? own.number[which] : settings->number[which];
}

bool ipae_setting_psk(struct softeuicc *card, const char *eim, struct buf *psk)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm,
                                    "SELECT value FROM ipae_setting WHERE name = ?1 AND eim_id IN ('', ?2)"
                                    " ORDER BY eim_id = ''",
                                    NVM_VALUES(NVM_STRING(rows[IPAE_PSK].name), NVM_STRING(eim)));
    const char *why;
    bool is_found = false;

    while (!is_found && nvm_row(card->nvm, stmt)) {
        is_found = value_psk(nvm_text(stmt, 0), &why);
        if (is_found)
            buf_append(psk, span_of_string(nvm_text(stmt, 0)));
    }
    nvm_done(stmt);
    return !psk->failed && !nvm_failed(card->nvm);
}

/* --- setting ------------------------------------------------------------------------------------------ */

static enum softeuicc_status check_eim(enum ipae_setting which, const char *eim,
                                       struct softeuicc_error *error)
{
    size_t size = strlen(eim);

    if (!rows[which].per_eim)
        return error_set(error, SOFTEUICC_INVALID, "%s is the same for all eIMs", rows[which].name);
    if (size == 0 || size > IPA_ID_MAX)
        return error_set(error, SOFTEUICC_INVALID, "an eimId has 1 to %d octets, not %zu", IPA_ID_MAX, size);
    if (!text_is_utf8(SPAN(eim, size), NULL))
        return error_set(error, SOFTEUICC_INVALID, "an eimId is UTF-8");
    return SOFTEUICC_OK;
}

static bool ipae_keep_setting(struct softeuicc *card, const struct softeuicc_set_value *value)
{
    const char *eim = value->eim != NULL ? value->eim : "";

    if (value->value == NULL)
        return nvm_change(card->nvm, "DELETE FROM ipae_setting WHERE name = ?1 AND eim_id = ?2",
                          NVM_VALUES(NVM_STRING(value->name), NVM_STRING(eim)));
    return nvm_change(card->nvm,
                      "INSERT OR REPLACE INTO ipae_setting (name, eim_id, value) VALUES (?1, ?2, ?3)",
                      NVM_VALUES(NVM_STRING(value->name), NVM_STRING(eim), NVM_STRING(value->value)));
}

static enum softeuicc_status set_one(struct softeuicc *card, const struct softeuicc_set_value *value,
                                     struct softeuicc_error *error)
{
    enum ipae_setting which = setting_named(value->name);
    struct ipae_settings read;
    enum softeuicc_status status = SOFTEUICC_OK;

    if (which == IPAE_SETTINGS)
        return error_set(error, SOFTEUICC_INVALID, "the IPAe has no setting '%.60s'", value->name);
    if (value->eim != NULL)
        status = check_eim(which, value->eim, error);
    if (status != SOFTEUICC_OK)
        return status;
    if (value->value != NULL && !value_read(which, value->value, &read))
        return value_refuse(which, value->value, error);
    if (!ipae_keep_setting(card, value))
        return error_set(error, SOFTEUICC_STORAGE, "it cannot be stored: %s", nvm_message(card->nvm));
    return SOFTEUICC_OK;
}

enum softeuicc_status ipae_settings_set(struct softeuicc *card, const struct softeuicc_set_value *values,
                                        size_t count, struct softeuicc_error *error)
{
    enum softeuicc_status status = SOFTEUICC_OK;

    if (nvm_figure(card->nvm, "SELECT count(*) FROM ipae", NVM_NONE) == 0)
        return error_set(error, nvm_failed(card->nvm) ? SOFTEUICC_STORAGE : SOFTEUICC_INVALID, "%s",
                         nvm_failed(card->nvm) ? nvm_message(card->nvm) : "the card has no IPAe");
    for (size_t i = 0; i < count && status == SOFTEUICC_OK; i++)
        status = set_one(card, &values[i], error);
    return status;
}
