/* Certificate revocation lists on the card: see crl_store.h. Signatures and revoked numbers are
 * crypto/cert.h's. */
#include "euicc/rsp/crl_store.h"

#include "apdu/tlv.h"
#include "euicc/os/credentials.h"
#include "euicc/profile/profile_store.h"

/* More parts than this no CI issues; it bounds the list of missing ones. */
#define PARTS_MAX 255

/* What the list says of itself. False for what the card does not keep apart. */
static bool describe(const struct crl *crl, struct crl_load *load)
{
    const struct crl_facts *facts = crl_facts(crl);

    *load = (struct crl_load){
        .number = (int64_t)facts->number,
        .base = facts->is_delta ? (int64_t)facts->base : CRL_NO_BASE,
        .part = (int64_t)facts->part,
        .parts = (int64_t)facts->part_count,
    };
    return load->parts <= PARTS_MAX;
}

static enum crl_load_error verify(struct softeuicc *card, const struct crl *crl, struct crl_load *load)
{
    const struct card_credentials *ci;
    enum cert_status status;

    if (!describe(crl, load) || crl_facts(crl)->authority_key_id.data == NULL)
        return CRL_INVALID_FORMAT;
    ci = credentials_find(card, crl_facts(crl)->authority_key_id);
    if (ci == NULL)
        return CRL_KEY_NOT_FOUND;
    status = crl_check(crl, ci->ci_key, SPAN_ARRAY(ci->ci_key_id));
    if (status != CERT_OK)
        return status == CERT_BAD_SIGNATURE ? CRL_INVALID_SIGNATURE : CRL_INVALID_FORMAT;
    hex_from_span(SPAN_ARRAY(ci->ci_key_id), load->ci_key_id, sizeof(load->ci_key_id));
    return CRL_LOADED;
}

static enum crl_load_error parse_and_verify(struct softeuicc *card, struct span der, struct crl_load *load)
{
    enum cert_status status;
    enum crl_load_error error;
    struct crl *crl = crl_parse(der, &status);

    if (crl == NULL)
        return status == CERT_NO_MEMORY ? CRL_LOAD_UNDEFINED : CRL_INVALID_FORMAT;
    error = verify(card, crl, load);
    crl_free(crl);
    return error;
}

/* A number of this CI's lists, of the delta ones or of the others, as `sql` (?1 the CI, ?2 delta, ?3 part)
 * asks. */
static int64_t crl_store_ask(struct softeuicc *card, sqlite3_stmt *stmt, const struct crl_load *load,
                             bool delta)
{
    int64_t answer;

    nvm_bind_text(card->nvm, stmt, 1, load->ci_key_id);
    nvm_bind_int(card->nvm, stmt, 2, delta);
    nvm_bind_int(card->nvm, stmt, 3, load->part);
    answer = nvm_row(card->nvm, stmt) ? nvm_int(stmt, 0) : -1;
    nvm_done(stmt);
    return answer;
}

static int64_t newest(struct softeuicc *card, const struct crl_load *load, bool delta)
{
    return crl_store_ask(card,
                         nvm_read_stmt(card->nvm, "SELECT coalesce(max(number), -1) FROM crl"
                                                  " WHERE ci_key_id = ?1 AND (base >= 0) = ?2 AND ?3"),
                         load, delta);
}

static bool part_is_there(struct softeuicc *card, const struct crl_load *load, bool delta)
{
    return crl_store_ask(
               card,
               nvm_read_stmt(
                   card->nvm,
                   "SELECT count(*) FROM crl WHERE ci_key_id = ?1 AND (base >= 0) = ?2 AND part = ?3"),
               load, delta) > 0;
}

static bool base_is_complete(struct softeuicc *card, const struct crl_load *load)
{
    return crl_store_ask(card,
                         nvm_read_stmt(card->nvm, "SELECT count(*) = max(parts) FROM crl"
                                                  " WHERE ci_key_id = ?1 AND (base >= 0) = ?2 AND ?3"),
                         load, false) == 1;
}

/* Is the list newer than, or a missing part of, what is there? A delta list also needs its base. */
static enum crl_load_error check_order(struct softeuicc *card, const struct crl_load *load)
{
    bool delta = load->base != CRL_NO_BASE;
    int64_t present = newest(card, load, delta);

    if (load->number < present || (load->number == present && part_is_there(card, load, delta)))
        return CRL_FRESHER_LOADED;
    if (!delta)
        return CRL_LOADED;
    if (load->number <= newest(card, load, false))
        return CRL_FRESHER_LOADED;
    return newest(card, load, false) >= load->base && base_is_complete(card, load) ? CRL_LOADED
                                                                                   : CRL_BASE_MISSING;
}

/* What the new list makes useless: older ones of its kind, and deltas that a new base has taken in. */
static bool drop_replaced(struct softeuicc *card, const struct crl_load *load)
{
    sqlite3_stmt *stmt = nvm_write_stmt(card->nvm, "DELETE FROM crl WHERE ci_key_id = ?1 AND number <= ?2"
                                                   " AND CASE WHEN ?3 THEN base >= 0 AND number < ?2"
                                                   " ELSE base >= 0 OR number < ?2 END");

    nvm_bind_text(card->nvm, stmt, 1, load->ci_key_id);
    nvm_bind_int(card->nvm, stmt, 2, load->number);
    nvm_bind_int(card->nvm, stmt, 3, load->base != CRL_NO_BASE);
    return nvm_run(card->nvm, stmt);
}

static bool crl_store_insert(struct softeuicc *card, const struct crl_load *load, struct span der)
{
    sqlite3_stmt *stmt = nvm_write_stmt(
        card->nvm,
        "INSERT INTO crl (ci_key_id, base, part, parts, number, der) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

    nvm_bind_text(card->nvm, stmt, 1, load->ci_key_id);
    nvm_bind_int(card->nvm, stmt, 2, load->base);
    nvm_bind_int(card->nvm, stmt, 3, load->part);
    nvm_bind_int(card->nvm, stmt, 4, load->parts);
    nvm_bind_int(card->nvm, stmt, 5, load->number);
    nvm_bind_blob(card->nvm, stmt, 6, der);
    return nvm_run(card->nvm, stmt);
}

enum crl_load_error crl_store_load(struct softeuicc *card, struct span der, struct crl_load *load)
{
    enum crl_load_error error = parse_and_verify(card, der, load);

    if (error == CRL_LOADED)
        error = check_order(card, load);
    if (error != CRL_LOADED)
        return error;
    if (der.size > profile_free_nvm(card))
        return CRL_NOT_ENOUGH_MEMORY;
    return drop_replaced(card, load) && crl_store_insert(card, load, der) ? CRL_LOADED : CRL_LOAD_UNDEFINED;
}

void crl_store_put_missing(struct softeuicc *card, const struct crl_load *load, struct buf *out)
{
    struct crl_load wanted = *load;
    bool delta = load->base != CRL_NO_BASE;
    size_t list = 0;

    for (wanted.part = 1; wanted.part <= load->parts; wanted.part++) {
        if (part_is_there(card, &wanted, delta))
            continue;
        if (list == 0)
            list = tlv_open(out, 0xA0);
        tlv_put_unsigned(out, 0x02, (uint64_t)wanted.part);
    }
    if (list != 0)
        tlv_close(out, list);
}

bool crl_store_revokes(struct softeuicc *card, struct span ci_key_id, const struct cert *cert)
{
    sqlite3_stmt *stmt = nvm_read_stmt(card->nvm, "SELECT der FROM crl WHERE ci_key_id = ?1");
    char text[2 * 20 + 1];
    bool revoked = false;

    nvm_bind_text(card->nvm, stmt, 1, hex_from_span(ci_key_id, text, sizeof(text)));
    while (!revoked && nvm_row(card->nvm, stmt)) {
        enum cert_status status;
        struct crl *crl = crl_parse(nvm_blob(stmt, 0), &status);

        revoked = crl == NULL || crl_revokes(crl, cert);
        crl_free(crl);
    }
    nvm_done(stmt);
    return revoked || nvm_failed(card->nvm);
}
