/*
 * Making a card (what a manufacturer does before it ships an eUICC): the EID, the credentials under each CI,
 * the Rules Authorisation Table, and the profiles it is born with. Everything is one transaction: a card is
 * there whole, or not at all.
 */
#include "euicc/card/open.h"
#include "euicc/card/preload.h"
#include "euicc/ipae/ipae.h"
#include "euicc/os/credentials.h"
#include "euicc/os/eid.h"
#include "euicc/os/error.h"
#include "euicc/os/host.h"
#include "euicc/os/spec_version.h"

#include <string.h>

#define DEFAULT_NVM_SIZE 1048576 /* octets */
#define FQDN_MAX         255

static enum softeuicc_status check_address(const char *address, const char *what,
                                           struct softeuicc_error *error)
{
    size_t length = address != NULL ? strlen(address) : 0;

    if (length > FQDN_MAX)
        return error_set(error, SOFTEUICC_INVALID, "the %s address is longer than %d characters", what,
                         FQDN_MAX);
    for (size_t i = 0; i < length; i++)
        if (address[i] <= ' ' || address[i] > '~')
            return error_set(error, SOFTEUICC_INVALID, "the %s address has a character that no host name has",
                             what);
    return SOFTEUICC_OK;
}

static enum softeuicc_status check_ipae(const struct softeuicc_parameters *parameters,
                                        struct softeuicc_error *error)
{
    if (parameters->ipae == SOFTEUICC_IPAE_NONE)
        return parameters->ipae_settings_count == 0
                   ? SOFTEUICC_OK
                   : error_set(error, SOFTEUICC_INVALID, "a card without an IPAe has no settings of one");
    if ((unsigned)parameters->ipae > SOFTEUICC_IPAE_STRICT)
        return error_set(error, SOFTEUICC_INVALID, "there is no such IPAe: %d", (int)parameters->ipae);
    if (!ipae_is_built)
        return error_set(error, SOFTEUICC_INVALID, "this build has no IPAe (configured --without-ipae)");
    if (parameters->personality == SOFTEUICC_CONSUMER)
        return error_set(error, SOFTEUICC_INVALID, "a consumer card has no IPAe");
    return SOFTEUICC_OK;
}

/* What can be said without touching the disk. `eid` gets the whole EID. */
static enum softeuicc_status check_parameters(const struct softeuicc_parameters *parameters,
                                              char eid[EID_DIGITS + 1], struct softeuicc_error *error)
{
    enum eid_status eid_status =
        parameters->eid != NULL ? eid_from_text(parameters->eid, eid) : EID_BAD_LENGTH;
    enum softeuicc_status status;

    if (eid_status != EID_OK)
        return error_set(error, SOFTEUICC_INVALID, "%s", eid_status_text(eid_status));
    if (card_personality_name(parameters->personality) == NULL)
        return error_set(error, SOFTEUICC_INVALID, "there is no personality %d",
                         (int)parameters->personality);
    if (spec_version_of_sgp22(parameters->sgp22) == NULL || spec_version_of_sgp32(parameters->sgp32) == NULL)
        return error_set(error, SOFTEUICC_INVALID, "there is no such version of SGP.22 or SGP.32: %d, %d",
                         (int)parameters->sgp22, (int)parameters->sgp32);
    if (parameters->personality == SOFTEUICC_CONSUMER && parameters->sgp32 != 0)
        return error_set(error, SOFTEUICC_INVALID, "a consumer card is made to no version of SGP.32");
    if (parameters->credentials_count < 1 || parameters->credentials_count > CARD_CI_MAX)
        return error_set(error, SOFTEUICC_INVALID, "a card has 1 to %d CIs, not %zu", CARD_CI_MAX,
                         parameters->credentials_count);
    if (parameters->free_nvm > INT64_MAX)
        return error_set(error, SOFTEUICC_INVALID, "that much memory for profiles cannot be had");
    status = check_ipae(parameters, error);
    if (status == SOFTEUICC_OK)
        status = check_address(parameters->default_smdp, "default SM-DP+", error);
    return status != SOFTEUICC_OK ? status : check_address(parameters->root_smds, "root SM-DS", error);
}

static void insert_card(struct softeuicc *card, const struct softeuicc_parameters *parameters,
                        const char *eid)
{
    uint64_t size = parameters->free_nvm != 0 ? parameters->free_nvm : DEFAULT_NVM_SIZE;
    bool has_sgp32 = parameters->personality != SOFTEUICC_CONSUMER;
    char sgp22[SPEC_VERSION_TEXT], sgp32[SPEC_VERSION_TEXT];
    char now[CARD_TIME_SIZE];

    spec_version_text(spec_version_of_sgp22(parameters->sgp22), sgp22);
    spec_version_text(spec_version_of_sgp32(parameters->sgp32), sgp32);
    (void)nvm_change(card->nvm,
                     "INSERT INTO card (one, eid, personality, created_at, nvm_size, default_smdp, root_smds,"
                     " sgp22, sgp32) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                     NVM_VALUES(NVM_STRING(eid), NVM_STRING(card_personality_name(parameters->personality)),
                                NVM_STRING(card_time(card, now)), NVM_INT(size),
                                NVM_STRING(parameters->default_smdp != NULL ? parameters->default_smdp : ""),
                                NVM_STRING(parameters->root_smds != NULL ? parameters->root_smds : ""),
                                NVM_STRING(sgp22), NVM_STRING(has_sgp32 ? sgp32 : NULL)));
}

static void insert_rule(struct softeuicc *card, size_t position, const struct softeuicc_authorisation *rule)
{
    (void)nvm_change(card->nvm,
                     "INSERT INTO rat (position, ppr1, ppr2, consent_required, mcc_mnc, gid1, gid2)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                     NVM_VALUES(NVM_INT(position), NVM_INT(rule->ppr1), NVM_INT(rule->ppr2),
                                NVM_INT(rule->consent_required), NVM_HEX(SPAN_ARRAY(rule->mcc_mnc)),
                                NVM_HEX(SPAN(rule->gid1, rule->gid1_size)),
                                NVM_HEX(SPAN(rule->gid2, rule->gid2_size))));
}

/* Without a table of its own the card lets every operator set both rules, and asks nobody: a test card
 * refuses no profile. */
static void insert_rat(struct softeuicc *card, const struct softeuicc_parameters *parameters)
{
    static const struct softeuicc_authorisation anyone = {
        .ppr1 = true,
        .ppr2 = true,
        .mcc_mnc = {0xEE, 0xEE, 0xEE},
        /* Empty, not absent: any group identifier, SGP.22 2.9.2.1. */
        .gid1 = (const uint8_t *)"",
        .gid2 = (const uint8_t *)"",
    };
    const struct softeuicc_authorisation *rat = parameters->rat != NULL ? parameters->rat : &anyone;
    size_t count = parameters->rat != NULL ? parameters->rat_count : 1;

    for (size_t i = 0; i < count; i++)
        insert_rule(card, i, &rat[i]);
}

/* Fills the card whose schema was just made, inside the transaction that is open. */
static enum softeuicc_status create_fill(struct softeuicc *card,
                                         const struct softeuicc_parameters *parameters, const char *eid,
                                         struct softeuicc_error *error)
{
    enum softeuicc_status status;

    insert_card(card, parameters, eid);
    insert_rat(card, parameters);
    if (parameters->ipae != SOFTEUICC_IPAE_NONE)
        (void)ipae_insert(card, parameters->ipae == SOFTEUICC_IPAE_STRICT);
    if (parameters->ipae_settings_count > 0) {
        status = ipae_set(card, parameters->ipae_settings, parameters->ipae_settings_count, error);
        if (status != SOFTEUICC_OK)
            return status;
    }
    for (size_t i = 0; i < parameters->credentials_count; i++) {
        status = credentials_insert(card, eid, i, &parameters->credentials[i], error);
        if (status != SOFTEUICC_OK)
            return status;
    }
    if (!nvm_failed(card->nvm) && !card_load(card) && !nvm_failed(card->nvm))
        return error_set(error, SOFTEUICC_CRYPTO, "the card's credentials cannot be used");
    if (nvm_failed(card->nvm))
        return error_set(error, SOFTEUICC_STORAGE, "cannot write the card: %s", nvm_message(card->nvm));
    for (size_t i = 0; i < parameters->profiles_count; i++) {
        status = preload_profile(card, i, &parameters->profiles[i], error);
        if (status != SOFTEUICC_OK)
            return status;
    }
    return SOFTEUICC_OK;
}

struct softeuicc *softeuicc_create_open(const char *path, const struct softeuicc_parameters *parameters,
                                        const struct softeuicc_hooks *hooks, struct softeuicc_error *error)
{
    struct softeuicc_error ignored;
    char eid[EID_DIGITS + 1];
    struct softeuicc *card;

    if (error == NULL)
        error = &ignored;
    if (check_parameters(parameters, eid, error) != SOFTEUICC_OK)
        return NULL;
    card = card_allocate(hooks, error);
    if (card == NULL)
        return NULL;
    card->nvm = card_open_nvm(card, path, true, error);
    if (card->nvm != NULL && create_fill(card, parameters, eid, error) == SOFTEUICC_OK) {
        if (nvm_commit(card->nvm))
            return card;
        error_set(error, SOFTEUICC_STORAGE, "cannot write %s: %s", path, nvm_message(card->nvm));
    }
    nvm_remove(card->nvm);
    card->nvm = NULL;
    softeuicc_close(card);
    return NULL;
}

enum softeuicc_status softeuicc_create(const char *path, const struct softeuicc_parameters *parameters,
                                       const struct softeuicc_hooks *hooks, struct softeuicc_error *error)
{
    struct softeuicc_error why = {SOFTEUICC_OK, ""};
    struct softeuicc *card = softeuicc_create_open(path, parameters, hooks, &why);

    softeuicc_close(card);
    if (error != NULL)
        *error = why;
    return card != NULL ? SOFTEUICC_OK : why.status;
}
