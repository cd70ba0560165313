/* otPK.EUICC.ECKA in table one_time_key: see one_time_key.h. */
#include "euicc/rsp/one_time_key.h"

#include "euicc/lifecycle/session.h"
#include "euicc/os/host.h"

#include <openssl/crypto.h>

static const char *curve_name(enum ec_curve curve)
{
    return curve == EC_CURVE_NONE ? "" : ec_curve_name(curve);
}

struct ec_key *one_time_key_find(struct softeuicc *card, struct span public_key, enum ec_curve curve,
                                 struct span smdp_oid)
{
    sqlite3_stmt *stmt = nvm_select(
        card->nvm, "SELECT private_key FROM one_time_key WHERE public_key = ? AND curve = ? AND smdp_oid = ?",
        NVM_VALUES(NVM_BLOB(public_key), NVM_STRING(curve_name(curve)), NVM_HEX(smdp_oid)));
    struct ec_key *key = NULL;

    if (nvm_row(card->nvm, stmt))
        key = ec_key_from_scalar(curve, nvm_blob(stmt, 0));
    nvm_done(stmt);
    return key;
}

static bool one_time_key_keep(struct softeuicc *card, const struct ec_key *key, struct span smdp_oid)
{
    uint8_t point[EC_POINT_SIZE];
    uint8_t scalar[EC_SCALAR_SIZE];
    bool good;

    ec_key_point(key, point);
    if (!ec_key_scalar(key, scalar))
        return false;
    good = nvm_change(card->nvm,
                      "INSERT INTO one_time_key (public_key, private_key, curve, smdp_oid, used_at) VALUES "
                      "(?, ?, ?, ?, (SELECT coalesce(max(used_at), 0) + 1 FROM one_time_key))",
                      NVM_VALUES(NVM_BLOB(SPAN_ARRAY(point)), NVM_BLOB(SPAN_ARRAY(scalar)),
                                 NVM_STRING(curve_name(ec_key_curve(key))), NVM_HEX(smdp_oid)));
    OPENSSL_cleanse(scalar, sizeof(scalar));
    return good && nvm_change(card->nvm,
                              "DELETE FROM one_time_key "
                              "WHERE used_at <= (SELECT max(used_at) FROM one_time_key) - ?",
                              NVM_VALUES(NVM_INT(RSP_ONE_TIME_KEYS_KEPT)));
}

/* By the host's randomness if it lends some, else by OpenSSL's own, which is quicker about it. */
static struct ec_key *generate(struct softeuicc *card, const struct ec_key *server_key)
{
    struct ec_random random = card_ec_random(card);

    if (card->hooks.random == NULL)
        return ec_key_generate_like(server_key);
    return ec_key_generate(ec_key_curve(server_key), &random);
}

struct ec_key *one_time_key_make(struct softeuicc *card, const struct ec_key *server_key,
                                 struct span smdp_oid)
{
    struct ec_key *key = generate(card, server_key);

    if (key != NULL && !one_time_key_keep(card, key, smdp_oid)) {
        ec_key_free(key);
        return NULL;
    }
    return key;
}

bool one_time_key_forget(struct softeuicc *card, struct span public_key)
{
    return nvm_change(card->nvm, "DELETE FROM one_time_key WHERE public_key = ?",
                      NVM_VALUES(NVM_BLOB(public_key)));
}
