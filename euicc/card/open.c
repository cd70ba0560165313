/*
 * Opening and closing a card, and what it keeps in RAM of its tables as long as it is open: the EID, the
 * personality, the versions it is made to, and the credentials with their keys ready for use (SGP.22 2.4.2,
 * ECASD).
 */
#include "euicc/card/open.h"

#include "euicc/iot/eim.h"
#include "euicc/ipae/ipae.h"
#include "euicc/lifecycle/session.h"
#include "euicc/os/describe.h"
#include "euicc/os/eid.h"
#include "euicc/os/error.h"
#include "euicc/os/spec_version.h"
#include "euicc/terminal/ota.h"
#include "euicc/terminal/profile_view.h"
#include "euicc/terminal/toolkit.h"

#include <stdlib.h>
#include <string.h>

/* By enum softeuicc_personality. */
static const struct {
    const char *name;
    uint8_t bit;
} personalities[] = {
    [SOFTEUICC_HYBRID] = {"hybrid", FOR_HYBRID},
    [SOFTEUICC_CONSUMER] = {"consumer", FOR_CONSUMER},
    [SOFTEUICC_IOT] = {"iot", FOR_IOT},
};

#define PERSONALITIES (sizeof(personalities) / sizeof(personalities[0]))

const char *card_personality_name(enum softeuicc_personality personality)
{
    return (size_t)personality < PERSONALITIES ? personalities[personality].name : NULL;
}

struct softeuicc *card_allocate(const struct softeuicc_hooks *hooks, struct softeuicc_error *error)
{
    struct softeuicc *card = calloc(1, sizeof(*card));

    if (card == NULL) {
        error_set(error, SOFTEUICC_MEMORY, "out of memory");
        return NULL;
    }
    if (hooks != NULL)
        card->hooks = *hooks;
    channel_reset(&card->channels);
    card_describe(card, "");
    return card;
}

struct nvm *card_open_nvm(const struct softeuicc *card, const char *path, bool create,
                          struct softeuicc_error *error)
{
    return card->hooks.power_cuts ? nvm_open_cuttable(path, card->hooks.storage, create, error)
                                  : nvm_open(path, card->hooks.storage, create, error);
}

static bool load_versions(struct softeuicc *card, const char *sgp22, const char *sgp32)
{
    return spec_version_sgp22_from_text(sgp22, card->sgp22) &&
           (card->personality == SOFTEUICC_CONSUMER || spec_version_sgp32_from_text(sgp32, card->sgp32));
}

static bool load_identity(struct softeuicc *card)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm, "SELECT eid, personality, sgp22, sgp32 FROM card", NVM_NONE);
    bool good = nvm_row(card->nvm, stmt) && eid_from_text(nvm_text(stmt, 0), card->eid_text) == EID_OK;

    if (good) {
        const char *name = nvm_text(stmt, 1);

        eid_pack(card->eid_text, card->eid);
        for (size_t i = 0; i < PERSONALITIES; i++) {
            if (strcmp(personalities[i].name, name) == 0) {
                card->personality = (enum softeuicc_personality)i;
                card->personality_bit = personalities[i].bit;
            }
        }
        good = load_versions(card, nvm_text(stmt, 2), nvm_text(stmt, 3));
    }
    nvm_done(stmt);
    return good;
}

static bool load_ci(struct card_credentials *credentials, struct span der)
{
    enum cert_status status;
    struct cert *ci = cert_parse(der, &status);
    uint8_t point[EC_POINT_SIZE];
    bool good = false;

    if (ci != NULL && cert_subject_key_id(ci).size == sizeof(credentials->ci_key_id)) {
        memcpy(credentials->ci_key_id, cert_subject_key_id(ci).data, sizeof(credentials->ci_key_id));
        credentials->curve = ec_key_curve(cert_key(ci));
        ec_key_point(cert_key(ci), point);
        credentials->ci_key = ec_key_from_point(credentials->curve, SPAN_ARRAY(point));
        good = credentials->ci_key != NULL;
    }
    cert_free(ci);
    return good;
}

/* One row of the table; all or nothing stays in `credentials`. */
static bool load_row(struct card_credentials *credentials, sqlite3_stmt *stmt)
{
    enum cert_status status;

    if (!load_ci(credentials, nvm_blob(stmt, 0)))
        return false;
    credentials->eum_cert = cert_parse_like(nvm_blob(stmt, 1), credentials->ci_key, &status);
    credentials->euicc_cert = cert_parse_like(nvm_blob(stmt, 2), credentials->ci_key, &status);
    if (credentials->eum_cert == NULL || credentials->euicc_cert == NULL)
        return false;
    credentials->euicc_key =
        ec_key_from_scalar(ec_key_curve(cert_key(credentials->euicc_cert)), nvm_blob(stmt, 3));
    return credentials->euicc_key != NULL;
}

static bool load_credentials(struct softeuicc *card)
{
    sqlite3_stmt *stmt = nvm_select(
        card->nvm, "SELECT ci_cert, eum_cert, euicc_cert, euicc_key FROM credentials ORDER BY priority",
        NVM_NONE);
    bool good = true;

    while (good && nvm_row(card->nvm, stmt)) {
        good = card->credentials_count < CARD_CI_MAX;
        if (good)
            good = load_row(&card->credentials[card->credentials_count++], stmt);
    }
    nvm_done(stmt);
    return good && card->credentials_count > 0;
}

bool card_load(struct softeuicc *card)
{
    return load_identity(card) && load_credentials(card) && ipae_load(card) && !nvm_failed(card->nvm);
}

struct softeuicc *softeuicc_open(const char *path, const struct softeuicc_hooks *hooks,
                                 struct softeuicc_error *error)
{
    struct softeuicc *card = card_allocate(hooks, error);

    if (card == NULL)
        return NULL;
    card->nvm = card_open_nvm(card, path, false, error);
    if (card->nvm != NULL) {
        if (card_load(card))
            return card;
        /* A card that cannot be read just now is not damaged. */
        if (nvm_failed(card->nvm))
            error_set(error, SOFTEUICC_STORAGE, "cannot read %s: %s", path, nvm_message(card->nvm));
        else
            error_set(error, SOFTEUICC_STORAGE, "%s is damaged: its identity or credentials cannot be read",
                      path);
    }
    softeuicc_close(card);
    return NULL;
}

void softeuicc_close(struct softeuicc *card)
{
    if (card == NULL)
        return;
    ipae_free(card);
    rsp_session_free(card);
    toolkit_free(card);
    ota_free(card);
    profile_view_free(card);
    eim_free(card);
    for (size_t i = 0; i < card->credentials_count; i++) {
        ec_key_free(card->credentials[i].ci_key);
        cert_free(card->credentials[i].eum_cert);
        cert_free(card->credentials[i].euicc_cert);
        ec_key_free(card->credentials[i].euicc_key);
    }
    if (card->nvm != NULL)
        nvm_rollback(card->nvm);
    nvm_close(card->nvm);
    for (unsigned i = 0; i < APDU_CHANNELS; i++)
        store_data_reset(&card->store_data[i]);
    transport_free(&card->transport);
    buf_free(&card->response);
    buf_free(&card->answer);
    free(card);
}
