/* Pending notifications: numbers, signatures, table `notification`. See notification.h; the ES10b functions
 * are es10b.c. */
#include "euicc/lifecycle/notification.h"

#include "apdu/tlv.h"
#include "euicc/os/credentials.h"
#include "protocol/tags.h"

static const char *event_name(enum notification_event event)
{
    static const char *const names[] = {[NOTIFICATION_INSTALL] = "install",
                                        [NOTIFICATION_ENABLE] = "enable",
                                        [NOTIFICATION_DISABLE] = "disable",
                                        [NOTIFICATION_DELETE] = "delete"};

    return names[event];
}

uint32_t notification_next_sequence(struct softeuicc *card)
{
    /* Two statements: RETURNING would make SQLite build a table for the one row. */
    int64_t sequence;

    if (!nvm_change(card->nvm, "UPDATE card SET last_notification = last_notification + 1", NVM_NONE))
        return 0;
    sequence = nvm_figure(card->nvm, "SELECT last_notification FROM card", NVM_NONE);
    return sequence > 0 && sequence <= UINT32_MAX ? (uint32_t)sequence : 0;
}

void notification_put_metadata(struct buf *out, uint32_t sequence, enum notification_event event,
                               struct span address, struct span iccid)
{
    size_t outer = tlv_open(out, TAG_NOTIFICATION_METADATA);
    uint8_t bits = 0;

    for (unsigned bit = 0; bit < NOTIFICATION_EVENT_BITS; bit++)
        if ((unsigned)event == 1u << bit)
            bits = (uint8_t)(0x80 >> bit);
    tlv_put_unsigned(out, 0x80, sequence);
    tlv_put_bits(out, 0x81, &bits, NOTIFICATION_EVENT_BITS);
    tlv_put(out, 0x0C, address);
    if (iccid.size > 0)
        tlv_put(out, 0x5A, iccid);
    tlv_close(out, outer);
}

static bool notification_store(struct softeuicc *card, uint32_t sequence, enum notification_event event,
                               struct span address, struct span iccid, struct span metadata,
                               struct span signed_object)
{
    char digits[21] = "";

    (void)iccid_to_digits(iccid, digits);
    return nvm_change(
        card->nvm,
        "INSERT INTO notification (sequence, operation, address, iccid, metadata, signed_object)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        NVM_VALUES(NVM_INT(sequence), NVM_STRING(event_name(event)), NVM_TEXT(address), NVM_STRING(digits),
                   NVM_BLOB(metadata), NVM_BLOB(signed_object)));
}

bool notification_store_result(struct softeuicc *card, uint32_t sequence, struct span address,
                               struct span iccid, struct span metadata, struct span result)
{
    return notification_store(card, sequence, NOTIFICATION_INSTALL, address, iccid, metadata, result);
}

/*
 * Reading of SGP.22 3.5: a profile's notifications are signed under the CI that its download used, which its
 * SM-DP+ is known to trust; a preloaded profile's under the card's first CI on P-256, the curve every server
 * has.
 */
static const struct card_credentials *signing_credentials(const struct softeuicc *card,
                                                          const struct profile *profile)
{
    const struct card_credentials *found = NULL;

    if (profile->has_ci_key_id)
        found = credentials_find(card, SPAN_ARRAY(profile->ci_key_id));
    for (size_t i = 0; found == NULL && i < card->credentials_count; i++)
        if (card->credentials[i].curve == EC_CURVE_P256)
            found = &card->credentials[i];
    return found != NULL || card->credentials_count == 0 ? found : &card->credentials[0];
}

/* OtherSignedNotification, SGP.22 5.7.10: tbsOtherNotification, signature over it as encoded, both
 * certificates. */
static bool notification_sign(const struct card_credentials *credentials, struct span metadata,
                              struct buf *out)
{
    uint8_t signature[EC_SIGNATURE_SIZE];
    size_t outer;

    if (!ec_sign(credentials->euicc_key, &metadata, 1, signature))
        return false;
    outer = tlv_open(out, 0x30);
    buf_append(out, metadata);
    tlv_put(out, TAG_SIGNATURE, SPAN_ARRAY(signature));
    buf_append(out, cert_der(credentials->euicc_cert));
    buf_append(out, cert_der(credentials->eum_cert));
    tlv_close(out, outer);
    return !out->failed;
}

static bool notify(struct softeuicc *card, const struct profile *profile, enum notification_event event,
                   struct span address)
{
    const struct card_credentials *credentials = signing_credentials(card, profile);
    struct span iccid = SPAN_ARRAY(profile->iccid);
    uint32_t sequence = notification_next_sequence(card);
    struct buf metadata = {0};
    struct buf object = {0};
    bool done = false;

    if (credentials != NULL && sequence != 0) {
        notification_put_metadata(&metadata, sequence, event, address, iccid);
        done =
            !metadata.failed && notification_sign(credentials, buf_span(&metadata), &object) &&
            notification_store(card, sequence, event, address, iccid, buf_span(&metadata), buf_span(&object));
    }
    buf_free(&metadata);
    buf_free(&object);
    return done;
}

bool notification_for_profile(struct softeuicc *card, const struct profile *profile,
                              enum notification_event event)
{
    sqlite3_stmt *stmt =
        nvm_select(card->nvm,
                   "SELECT address FROM notification_address WHERE profile = ?1 AND (operations & ?2) <> 0"
                   " ORDER BY position",
                   NVM_VALUES(NVM_INT(profile->id), NVM_INT(event)));

    while (nvm_row(card->nvm, stmt)) {
        const char *address = nvm_text(stmt, 0);

        if (address == NULL || !notify(card, profile, event, span_of_string(address))) {
            nvm_done(stmt);
            return false;
        }
    }
    return !nvm_failed(card->nvm);
}

void notification_each(struct softeuicc *card, const struct notification_filter *filter,
                       bool (*visit)(void *context, struct span metadata, struct span signed_object),
                       void *context)
{
    sqlite3_stmt *stmt =
        nvm_select(card->nvm,
                   "SELECT metadata, signed_object FROM notification WHERE (?1 = 0 OR sequence = ?1)"
                   " AND (CASE operation WHEN 'install' THEN 1 WHEN 'enable' THEN 2"
                   " WHEN 'disable' THEN 4 ELSE 8 END & ?2) <> 0 ORDER BY sequence",
                   NVM_VALUES(NVM_INT(filter->sequence), NVM_INT(filter->events)));

    while (nvm_row(card->nvm, stmt)) {
        if (!visit(context, nvm_blob(stmt, 0), nvm_blob(stmt, 1))) {
            nvm_done(stmt);
            return;
        }
    }
}

bool notification_remove(struct softeuicc *card, uint64_t sequence)
{
    const struct nvm_values which = NVM_VALUES(NVM_INT(sequence));

    return nvm_figure(card->nvm, "SELECT 1 FROM notification WHERE sequence = ?1", which) != 0 &&
           nvm_change(card->nvm, "DELETE FROM notification WHERE sequence = ?1", which);
}
