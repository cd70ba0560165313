/*
 * The associated eIMs: table `eim`. See eim.h; the form of EimConfigurationData is eim_configuration.c's. A
 * row keeps the configuration as GetEimConfigurationData shows it, beside the columns that the card reads.
 */
#include "euicc/iot/eim.h"

#include "apdu/tlv.h"
#include "euicc/iot/eim_configuration.h"
#include "euicc/os/credentials.h"
#include "euicc/profile/profile_store.h"
#include "protocol/tags.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN_ASKED_FOR      (-1) /* associationToken of an eIM that wants one */
#define ID_TYPE_PROPRIETARY  3
#define PROTOCOL_PROPRIETARY 4 /* eimProprietary, a bit of EimSupportedProtocol */
#define TAG_CONFIGURATION    0x30
#define TAG_EIM_ID_TYPE      0x82

/* --- reading ------------------------------------------------------------------------------------- */

void eim_clear(struct eim *eim)
{
    ec_key_free(eim->key);
    *eim = (struct eim){.position = 0};
}

/* A key costs a tenth of a verification to make: that of the eIM whose row was read last is kept, because
 * most cards have one that speaks. */
struct eim_cache {
    struct ec_key *key; /* NULL: of none yet */
};

void eim_free(struct softeuicc *card)
{
    if (card->eim_cache == NULL)
        return;
    ec_key_free(card->eim_cache->key);
    free(card->eim_cache);
    card->eim_cache = NULL;
}

static struct ec_key *key_of(struct softeuicc *card, enum ec_curve curve, struct span point)
{
    const struct ec_key *model = card->credentials_count > 0 ? card->credentials[0].ci_key : NULL;
    struct eim_cache *cache = card->eim_cache;

    if (cache == NULL && (cache = card->eim_cache = calloc(1, sizeof(*cache))) == NULL)
        return NULL;
    if (cache->key == NULL || !ec_key_has_point(cache->key, curve, point)) {
        ec_key_free(cache->key);
        cache->key = ec_key_from_point_like(curve, point, model);
    }
    return cache->key != NULL ? ec_key_share(cache->key) : NULL;
}

static struct ec_key *key_from_row(struct softeuicc *card, const char *curve, struct span point)
{
    for (enum ec_curve c = EC_CURVE_P256; c <= EC_CURVE_BRAINPOOL_P256R1; c++)
        if (curve != NULL && strcmp(curve, ec_curve_name(c)) == 0)
            return key_of(card, c, point);
    return NULL;
}

/* Reading of SGP.32 2.11.1.1.1: without euiccCiPKId the card signs under its first CI. */
static const struct card_credentials *credentials_from_row(const struct softeuicc *card,
                                                           const char *ci_key_id)
{
    const struct card_credentials *found;
    struct buf octets = {0};

    if (ci_key_id == NULL)
        return card->credentials_count > 0 ? &card->credentials[0] : NULL;
    found = buf_append_hex(&octets, ci_key_id, NULL) ? credentials_find(card, buf_span(&octets)) : NULL;
    buf_free(&octets);
    return found;
}

/* False when the row does not make sense (somebody edited the file) or memory ran out. */
static bool eim_from_row(struct softeuicc *card, sqlite3_stmt *row, struct eim *eim)
{
    const char *id = nvm_text(row, 1);

    if (id == NULL || strlen(id) > EIM_ID_MAX)
        return false;
    *eim = (struct eim){.position = nvm_int(row, 0),
                        .counter = (uint32_t)nvm_int(row, 2),
                        .has_token = nvm_text(row, 3) != NULL,
                        .token = nvm_int(row, 3),
                        .credentials = credentials_from_row(card, nvm_text(row, 6)),
                        .key = key_from_row(card, nvm_text(row, 5), nvm_blob(row, 4))};
    memcpy(eim->id, id, strlen(id));
    return eim->key != NULL;
}

/* What cannot be an eimId finds nothing, as an empty one. */
static struct nvm_value value_of_id(struct span id)
{
    bool possible = id.size <= EIM_ID_MAX && (id.size == 0 || memchr(id.data, 0, id.size) == NULL);

    return NVM_TEXT(possible ? id : SPAN_STRING(""));
}

bool eim_find(struct softeuicc *card, struct span id, struct eim *eim)
{
    sqlite3_stmt *stmt =
        nvm_select(card->nvm,
                   "SELECT position, eim_id, counter, association_token, public_key, curve, ci_key_id"
                   " FROM eim WHERE eim_id = ?1",
                   NVM_VALUES(value_of_id(id)));
    bool found;

    *eim = (struct eim){.position = 0};
    found = nvm_row(card->nvm, stmt) && eim_from_row(card, stmt, eim);
    nvm_done(stmt);
    if (!found)
        eim_clear(eim);
    return found;
}

static bool exists(struct softeuicc *card, struct span id)
{
    return nvm_figure(card->nvm, "SELECT 1 FROM eim WHERE eim_id = ?1", NVM_VALUES(value_of_id(id))) != 0;
}

unsigned eim_count(struct softeuicc *card)
{
    return (unsigned)nvm_figure(card->nvm, "SELECT count(*) FROM eim", NVM_NONE);
}

/* --- what is kept of a configuration --------------------------------------------------------------- */

/*
 * What is left out has a value of its own, and GetEimConfigurationData shows it (SGP.32 5.9.4 since v1.2,
 * CR12010R00). eimFqdn and trustedPublicKeyDataTls have none. Reading: an eIM that says no protocol has
 * eimProprietary alone, so that an IPA that knows none has nothing to poll it with; and what an earlier card
 * file holds without these values gets them with its next update.
 */
static struct eim_members completed(const struct softeuicc *card, const struct eim_members *given)
{
    static const uint8_t proprietary_type[] = {ID_TYPE_PROPRIETARY};
    static const uint8_t proprietary_protocol[] = {3, 0x80 >> PROTOCOL_PROPRIETARY};
    const struct {
        enum eim_member member;
        struct span value;
    } defaults[] = {
        {EIM_MEMBER_ID_TYPE, SPAN_ARRAY(proprietary_type)},
        {EIM_MEMBER_PROTOCOL, SPAN_ARRAY(proprietary_protocol)},
        /* The first of euiccCiPKIdListForSigning. */
        {EIM_MEMBER_CI_KEY_ID, SPAN_ARRAY(card->credentials[0].ci_key_id)},
    };
    struct eim_members members = *given;

    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        if (members.values[defaults[i].member].data == NULL)
            members.values[defaults[i].member] = defaults[i].value;
    return members;
}

/* Writes a row by `sql`: ?1 says which, then come counter, token (0: none), what the card reads of the
 * configuration, and itself. */
static bool eim_write(struct softeuicc *card, const char *sql, struct nvm_value which, uint32_t counter,
                      int64_t token, const struct eim_members *given, const struct ec_key *key)
{
    const struct eim_members members = completed(card, given);
    struct span fqdn = members.values[EIM_MEMBER_FQDN];
    uint8_t point[EC_POINT_SIZE];
    struct buf kept = {0};
    uint64_t type = 0;
    bool has_type = tlv_unsigned(members.values[EIM_MEMBER_ID_TYPE], &type);
    bool done;

    ec_key_point(key, point);
    eim_members_put(&kept, TAG_CONFIGURATION, &members);
    done = !kept.failed &&
           nvm_change(card->nvm, sql,
                      NVM_VALUES(which, NVM_INT(counter), NVM_INT(token),
                                 fqdn.data != NULL ? NVM_TEXT(fqdn) : NVM_NULL,
                                 has_type ? NVM_INT(type) : NVM_NULL, NVM_BLOB(SPAN_ARRAY(point)),
                                 NVM_STRING(ec_curve_name(ec_key_curve(key))),
                                 NVM_HEX(members.values[EIM_MEMBER_CI_KEY_ID]), NVM_BLOB(buf_span(&kept))));
    buf_free(&kept);
    return done;
}

static bool ci_is_known(const struct softeuicc *card, const struct eim_members *members)
{
    struct span ci_key_id = members->values[EIM_MEMBER_CI_KEY_ID];

    return ci_key_id.data == NULL || credentials_find(card, ci_key_id) != NULL;
}

static bool eim_has(const struct eim_configuration *configuration, enum eim_member member)
{
    return configuration->members.values[member].data != NULL;
}

/* --- add ----------------------------------------------------------------------------------------- */

/* Tokens go up and none is given twice, deleted eIMs' included: an old package's signature over the old token
 * is good for nothing. 0: storage failed. */
static int64_t make_token(struct softeuicc *card)
{
    if (!nvm_change(card->nvm, "UPDATE iot SET last_association_token = last_association_token + 1",
                    NVM_NONE))
        return 0;
    return nvm_figure(card->nvm, "SELECT last_association_token FROM iot", NVM_NONE);
}

static bool eim_insert(struct softeuicc *card, const struct eim_configuration *configuration, int64_t token)
{
    struct eim_members members = configuration->members;
    struct buf token_value = {0};
    struct span value;
    bool done;

    members.values[EIM_MEMBER_COUNTER] = SPAN_NONE;
    if (token != 0) {
        tlv_put_signed(&token_value, TAG_TOKEN, token);
        if (tlv_single(buf_span(&token_value), TAG_TOKEN, &value) == TLV_OK)
            members.values[EIM_MEMBER_TOKEN] = value;
    }
    done = !token_value.failed &&
           eim_write(card,
                     "INSERT INTO eim (eim_id, counter, association_token, fqdn, id_type, public_key, curve,"
                     " ci_key_id, configuration) VALUES (?1, ?2, nullif(?3, 0), ?4, ?5, ?6, ?7, ?8, ?9)",
                     NVM_TEXT(members.values[EIM_MEMBER_ID]), configuration->counter, token, &members,
                     configuration->key);
    buf_free(&token_value);
    return done;
}

/*
 * The checks of addEim, in the order of their codes where more than one applies; what cannot be read at all
 * comes first. Reading: without eimPublicKeyData and counterValue nothing could be verified, so both must be
 * there.
 */
static enum eim_result may_be_added(struct softeuicc *card, const struct eim_configuration *configuration,
                                    size_t size)
{
    if (configuration->key == NULL || !eim_has(configuration, EIM_MEMBER_COUNTER))
        return EIM_COMMAND_ERROR;
    if (exists(card, configuration->members.values[EIM_MEMBER_ID]))
        return EIM_ALREADY_EXISTS;
    if (size > EIM_CONFIGURATION_MAX || eim_count(card) >= EIM_ASSOCIATED_MAX)
        return EIM_INSUFFICIENT_MEMORY;
    if (!ci_is_known(card, &configuration->members))
        return EIM_CI_PK_UNKNOWN;
    if (eim_has(configuration, EIM_MEMBER_TOKEN) && configuration->token != TOKEN_ASKED_FOR)
        return EIM_INVALID_ASSOCIATION_TOKEN;
    if (!configuration->counter_in_range)
        return EIM_COUNTER_OUT_OF_RANGE;
    return nvm_failed(card->nvm) ? EIM_UNDEFINED_ERROR : EIM_OK;
}

static enum eim_result eim_add_parsed(struct softeuicc *card, const struct eim_configuration *configuration,
                                      size_t size, int64_t *token)
{
    enum eim_result result = may_be_added(card, configuration, size);

    if (result != EIM_OK)
        return result;
    if (eim_has(configuration, EIM_MEMBER_TOKEN) && (*token = make_token(card)) == 0)
        return EIM_UNDEFINED_ERROR;
    return eim_insert(card, configuration, *token) ? EIM_OK : EIM_UNDEFINED_ERROR;
}

enum eim_result eim_add(struct softeuicc *card, struct span configuration, bool *has_token, int64_t *token)
{
    struct eim_configuration parsed;
    enum eim_result result = EIM_COMMAND_ERROR;

    *token = 0;
    if (eim_configuration_parse(card, configuration, &parsed))
        result = eim_add_parsed(card, &parsed, configuration.size, token);
    eim_configuration_clear(&parsed);
    *has_token = result == EIM_OK && *token != 0;
    return result;
}

/* --- update -------------------------------------------------------------------------------------- */

/* Has the update anything besides the eimId? */
static bool changes_something(const struct eim_configuration *configuration)
{
    for (size_t i = 0; i < EIM_MEMBERS; i++)
        if (i != EIM_MEMBER_ID && configuration->members.values[i].data != NULL)
            return true;
    return false;
}

/* Reading: a lower counter would let old packages in again, unless their signatures do not fit a new key; the
 * same key again is not a new one. */
static bool may_lower_counter(const struct eim_configuration *configuration, const struct eim *eim)
{
    return configuration->counter >= eim->counter ||
           (configuration->key != NULL && !ec_key_equal(configuration->key, eim->key));
}

static enum eim_result may_be_updated(const struct softeuicc *card,
                                      const struct eim_configuration *configuration, const struct eim *eim,
                                      size_t size)
{
    bool counter = eim_has(configuration, EIM_MEMBER_COUNTER);

    if (eim_has(configuration, EIM_MEMBER_TOKEN) || !changes_something(configuration) ||
        size > EIM_CONFIGURATION_MAX)
        return EIM_COMMAND_ERROR;
    if (counter && configuration->counter_in_range && !may_lower_counter(configuration, eim))
        return EIM_COMMAND_ERROR;
    if (!ci_is_known(card, &configuration->members))
        return EIM_CI_PK_UNKNOWN;
    return counter && !configuration->counter_in_range ? EIM_COUNTER_OUT_OF_RANGE : EIM_OK;
}

/* The configuration that is kept, into `copy`; its members point there. */
static bool kept_members(struct softeuicc *card, const struct eim *eim, struct buf *copy,
                         struct eim_members *members)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm, "SELECT configuration FROM eim WHERE position = ?1",
                                    NVM_VALUES(NVM_INT(eim->position)));
    struct span content;

    if (nvm_row(card->nvm, stmt))
        buf_append(copy, nvm_blob(stmt, 0));
    nvm_done(stmt);
    return !copy->failed && tlv_single(buf_span(copy), TAG_CONFIGURATION, &content) == TLV_OK &&
           eim_members_parse(content, members);
}

static bool eim_replace(struct softeuicc *card, const struct eim_configuration *configuration,
                        const struct eim *eim, const struct eim_members *members)
{
    bool counter = eim_has(configuration, EIM_MEMBER_COUNTER);

    return eim_write(
        card,
        "UPDATE eim SET counter = ?2, association_token = nullif(?3, 0), fqdn = ?4, id_type = ?5,"
        " public_key = ?6, curve = ?7, ci_key_id = ?8, configuration = ?9 WHERE position = ?1",
        NVM_INT(eim->position), counter ? configuration->counter : eim->counter,
        eim->has_token ? eim->token : 0, members, configuration->key != NULL ? configuration->key : eim->key);
}

/* What the update names replaces what is kept; the rest stays. */
static enum eim_result eim_update_parsed(struct softeuicc *card,
                                         const struct eim_configuration *configuration, const struct eim *eim,
                                         size_t size)
{
    enum eim_result result = may_be_updated(card, configuration, eim, size);
    struct eim_members members = {.values = {SPAN_NONE}};
    struct buf copy = {0};
    bool done;

    if (result != EIM_OK)
        return result;
    done = kept_members(card, eim, &copy, &members);
    for (size_t i = 0; i < EIM_MEMBERS; i++)
        if (i != EIM_MEMBER_COUNTER && configuration->members.values[i].data != NULL)
            members.values[i] = configuration->members.values[i];
    done = done && eim_replace(card, configuration, eim, &members);
    buf_free(&copy);
    return done ? EIM_OK : EIM_UNDEFINED_ERROR;
}

enum eim_result eim_update(struct softeuicc *card, struct span configuration)
{
    struct eim_configuration parsed;
    enum eim_result result = EIM_COMMAND_ERROR;
    struct eim eim;

    if (eim_configuration_parse(card, configuration, &parsed)) {
        if (eim_find(card, parsed.members.values[EIM_MEMBER_ID], &eim))
            result = eim_update_parsed(card, &parsed, &eim, configuration.size);
        else
            result = nvm_failed(card->nvm) ? EIM_UNDEFINED_ERROR : EIM_NOT_FOUND;
        eim_clear(&eim);
    }
    eim_configuration_clear(&parsed);
    return result;
}

bool eim_set_counter(struct softeuicc *card, const struct eim *eim, uint32_t counter)
{
    return nvm_change(card->nvm, "UPDATE eim SET counter = ?2 WHERE position = ?1",
                      NVM_VALUES(NVM_INT(eim->position), NVM_INT(counter)));
}

/* --- delete -------------------------------------------------------------------------------------- */

enum eim_result eim_delete(struct softeuicc *card, struct span id)
{
    if (!exists(card, id))
        return nvm_failed(card->nvm) ? EIM_UNDEFINED_ERROR : EIM_NOT_FOUND;
    if (!nvm_change(card->nvm, "DELETE FROM eim WHERE eim_id = ?1", NVM_VALUES(value_of_id(id))))
        return EIM_UNDEFINED_ERROR;
    return eim_count(card) == 0 ? EIM_LAST_DELETED : EIM_OK;
}

bool eim_delete_all(struct softeuicc *card)
{
    return eim_count(card) > 0 && nvm_change(card->nvm, "DELETE FROM eim", NVM_NONE);
}

/* --- lists --------------------------------------------------------------------------------------- */

void eim_put_list(struct softeuicc *card, struct buf *out)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm, "SELECT eim_id, id_type FROM eim ORDER BY position", NVM_NONE);

    while (nvm_row(card->nvm, stmt)) {
        size_t at = tlv_open(out, TAG_CONFIGURATION);
        int64_t type = nvm_int(stmt, 1);

        tlv_put_string(out, TAG_EIM_ID, nvm_text(stmt, 0));
        /* Present in case of an OID or an FQDN (SGP.32 5.9.1, EimIdInfo). */
        if (type > 0 && type != ID_TYPE_PROPRIETARY)
            tlv_put_unsigned(out, TAG_EIM_ID_TYPE, (uint64_t)type);
        tlv_close(out, at);
    }
}

void eim_put_configurations(struct softeuicc *card, struct span id, struct buf *out)
{
    sqlite3_stmt *stmt =
        nvm_select(card->nvm, "SELECT configuration FROM eim WHERE ?2 OR eim_id = ?1 ORDER BY position",
                   NVM_VALUES(value_of_id(id), NVM_INT(id.data == NULL)));

    while (nvm_row(card->nvm, stmt))
        buf_append(out, nvm_blob(stmt, 0));
}

void eim_put_token(struct buf *out, const struct eim *eim)
{
    tlv_put_signed(out, TAG_TOKEN, eim->has_token ? eim->token : 0);
}
