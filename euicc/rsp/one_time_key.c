/* otPK.EUICC.ECKA in table one_time_key: see one_time_key.h. */
#include "euicc/rsp/one_time_key.h"

#include "euicc/lifecycle/session.h"
#include "euicc/os/host.h"

#include <openssl/crypto.h>

#define OID_TEXT_MAX 256

static const char *curve_name(enum ec_curve curve)
{
    return curve == EC_CURVE_NONE ? "" : ec_curve_name(curve);
}

struct ec_key *one_time_key_find(struct softeuicc *card, struct span public_key, enum ec_curve curve,
                                 struct span smdp_oid)
{
    sqlite3_stmt *stmt = nvm_read_stmt(card->nvm, "SELECT private_key FROM one_time_key "
                                                  "WHERE public_key = ? AND curve = ? AND smdp_oid = ?");
    char oid[OID_TEXT_MAX];
    struct ec_key *key = NULL;

    nvm_bind_blob(card->nvm, stmt, 1, public_key);
    nvm_bind_text(card->nvm, stmt, 2, curve_name(curve));
    nvm_bind_text(card->nvm, stmt, 3, hex_from_span(smdp_oid, oid, sizeof(oid)));
    if (nvm_row(card->nvm, stmt))
        key = ec_key_from_scalar(curve, nvm_blob(stmt, 0));
    nvm_done(stmt);
    return key;
}

static bool one_time_key_keep(struct softeuicc *card, const struct ec_key *key, struct span smdp_oid)
{
    sqlite3_stmt *stmt = nvm_write_stmt(
        card->nvm, "INSERT INTO one_time_key (public_key, private_key, curve, smdp_oid, used_at) VALUES "
                   "(?, ?, ?, ?, (SELECT coalesce(max(used_at), 0) + 1 FROM one_time_key))");
    char oid[OID_TEXT_MAX];
    uint8_t point[EC_POINT_SIZE];
    uint8_t scalar[EC_SCALAR_SIZE];
    bool good;

    ec_key_point(key, point);
    if (!ec_key_scalar(key, scalar))
        return false;
    nvm_bind_blob(card->nvm, stmt, 1, SPAN_ARRAY(point));
    nvm_bind_blob(card->nvm, stmt, 2, SPAN_ARRAY(scalar));
    nvm_bind_text(card->nvm, stmt, 3, curve_name(ec_key_curve(key)));
    nvm_bind_text(card->nvm, stmt, 4, hex_from_span(smdp_oid, oid, sizeof(oid)));
    good = nvm_run(card->nvm, stmt);
    OPENSSL_cleanse(scalar, sizeof(scalar));
    if (!good)
        return false;
    stmt = nvm_write_stmt(card->nvm, "DELETE FROM one_time_key "
                                     "WHERE used_at <= (SELECT max(used_at) FROM one_time_key) - ?");
    nvm_bind_int(card->nvm, stmt, 1, RSP_ONE_TIME_KEYS_KEPT);
    return nvm_run(card->nvm, stmt);
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
    sqlite3_stmt *stmt = nvm_write_stmt(card->nvm, "DELETE FROM one_time_key WHERE public_key = ?");

    nvm_bind_blob(card->nvm, stmt, 1, public_key);
    return nvm_run(card->nvm, stmt);
}
