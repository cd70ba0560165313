/* Certificate revocation lists on the card: see crl_store.h. Signatures and revoked numbers are
 * crypto/cert.h's. */
#include "euicc/rsp/crl_store.h"

#include "apdu/tlv.h"
#include "euicc/os/credentials.h"
#include "euicc/profile/profile_store.h"

/* More parts than this no CI issues; it bounds the list of missing ones. */
#define PARTS_MAX 255

/* What the list says of itself. False for what the card does not keep apart. */
static bool crl_store_describe(const struct crl *crl, struct crl_load *load)
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

static enum crl_load_error crl_store_verify(struct softeuicc *card, const struct crl *crl,
                                            struct crl_load *load)
{
    const struct card_credentials *ci;
    enum cert_status status;

    if (!crl_store_describe(crl, load) || crl_facts(crl)->authority_key_id.data == NULL)
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
    error = crl_store_verify(card, crl, load);
    crl_free(crl);
    return error;
}

/* The highest number of this CI's lists, of the delta ones or of the others; -1: there is none. */
static int64_t newest(struct softeuicc *card, const struct crl_load *load, bool delta)
{
    return nvm_figure(card->nvm,
                      "SELECT coalesce(max(number), -1) FROM crl WHERE ci_key_id = ?1 AND (base >= 0) = ?2",
                      NVM_VALUES(NVM_STRING(load->ci_key_id), NVM_INT(delta)));
}

static bool part_is_there(struct softeuicc *card, const struct crl_load *load, bool delta)
{
    return nvm_figure(card->nvm,
                      "SELECT count(*) FROM crl WHERE ci_key_id = ?1 AND (base >= 0) = ?2 AND part = ?3",
                      NVM_VALUES(NVM_STRING(load->ci_key_id), NVM_INT(delta), NVM_INT(load->part))) > 0;
}

static bool base_is_complete(struct softeuicc *card, const struct crl_load *load)
{
    return nvm_figure(card->nvm, "SELECT count(*) = max(parts) FROM crl WHERE ci_key_id = ?1 AND base < 0",
                      NVM_VALUES(NVM_STRING(load->ci_key_id))) == 1;
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
    return nvm_change(
        card->nvm,
        "DELETE FROM crl WHERE ci_key_id = ?1 AND number <= ?2"
        " AND CASE WHEN ?3 THEN base >= 0 AND number < ?2"
        " ELSE base >= 0 OR number < ?2 END",
        NVM_VALUES(NVM_STRING(load->ci_key_id), NVM_INT(load->number), NVM_INT(load->base != CRL_NO_BASE)));
}

static bool crl_store_insert(struct softeuicc *card, const struct crl_load *load, struct span der)
{
    return nvm_change(
        card->nvm,
        "INSERT INTO crl (ci_key_id, base, part, parts, number, der) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        NVM_VALUES(NVM_STRING(load->ci_key_id), NVM_INT(load->base), NVM_INT(load->part),
                   NVM_INT(load->parts), NVM_INT(load->number), NVM_BLOB(der)));
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
    sqlite3_stmt *stmt =
        nvm_select(card->nvm, "SELECT der FROM crl WHERE ci_key_id = ?1", NVM_VALUES(NVM_HEX(ci_key_id)));
    bool revoked = false;

    while (!revoked && nvm_row(card->nvm, stmt)) {
        enum cert_status status;
        struct crl *crl = crl_parse(nvm_blob(stmt, 0), &status);

        revoked = crl == NULL || crl_revokes(crl, cert);
        crl_free(crl);
    }
    nvm_done(stmt);
    return revoked || nvm_failed(card->nvm);
}
