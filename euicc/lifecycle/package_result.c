/*
 * eUICC Package Results: the signed object, and table `package_result`. See package_result.h; who asks for
 * them and acknowledges them comes by ES10b.RetrieveNotificationsList and RemoveNotificationFromList
 * (es10b.c).
 */
#include "euicc/lifecycle/package_result.h"

#include "apdu/tlv.h"

/* EuiccPackageResult, SGP.32 2.11.2.1: a CHOICE without tags of its own. */
#define TAG_PACKAGE_RESULT 0xBF51
#define TAG_RESULT_SIGNED  0xA0
#define TAG_ERROR_SIGNED   0xA1

#define TAG_DATA      0x30
#define TAG_SIGNATURE 0x5F37

/* euiccSignEPR and euiccSignEPE: over the data object as encoded, then the association token
 * (SGP.32 2.11.2.1). */
static bool sign(const struct eim *eim, struct span data, uint8_t signature[EC_SIGNATURE_SIZE])
{
    struct buf token = {0};
    bool done;

    eim_put_token(&token, eim);
    done = !token.failed && eim->credentials != NULL &&
           ec_sign(eim->credentials->euicc_key, (const struct span[]){data, buf_span(&token)}, 2, signature);
    buf_free(&token);
    return done;
}

static bool put_signed(struct buf *out, const struct eim *eim, uint32_t choice, const struct buf *data)
{
    uint8_t signature[EC_SIGNATURE_SIZE];
    size_t outer;
    size_t inner;

    if (data->failed || !sign(eim, buf_span(data), signature))
        return false;
    outer = tlv_open(out, TAG_PACKAGE_RESULT);
    inner = tlv_open(out, choice);
    buf_append(out, buf_span(data));
    tlv_put(out, TAG_SIGNATURE, SPAN_ARRAY(signature));
    tlv_close(out, inner);
    tlv_close(out, outer);
    return !out->failed;
}

static void put_reference(struct buf *out, const struct eim *eim, int64_t counter, struct span transaction)
{
    tlv_put_string(out, 0x80, eim->id);
    tlv_put_signed(out, 0x81, counter);
    if (transaction.data != NULL)
        tlv_put(out, 0x82, transaction);
}

/* The oldest results go when the store is full: those with the lowest numbers. */
static bool make_room(struct softeuicc *card)
{
    sqlite3_stmt *stmt = nvm_write_stmt(
        card->nvm, "DELETE FROM package_result WHERE sequence <= (SELECT sequence FROM package_result"
                   " ORDER BY sequence DESC LIMIT 1 OFFSET ?1)");

    nvm_bind_int(card->nvm, stmt, 1, PACKAGE_RESULTS_MAX - 1);
    return nvm_run(card->nvm, stmt);
}

static bool store(struct softeuicc *card, const struct eim *eim, uint32_t counter, uint32_t sequence,
                  struct span result)
{
    sqlite3_stmt *stmt;

    if (!make_room(card))
        return false;
    stmt = nvm_write_stmt(
        card->nvm, "INSERT INTO package_result (sequence, eim_id, counter, result) VALUES (?1, ?2, ?3, ?4)");
    nvm_bind_int(card->nvm, stmt, 1, sequence);
    nvm_bind_text(card->nvm, stmt, 2, eim->id);
    nvm_bind_int(card->nvm, stmt, 3, counter);
    nvm_bind_blob(card->nvm, stmt, 4, result);
    return nvm_run(card->nvm, stmt);
}

bool package_result_sign_and_store(struct softeuicc *card, const struct eim *eim, uint32_t counter,
                                   struct span transaction, uint32_t sequence, struct span results,
                                   struct buf *out)
{
    size_t start = out->size;
    struct buf data = {0};
    size_t outer = tlv_open(&data, TAG_DATA);
    bool done;

    put_reference(&data, eim, counter, transaction);
    tlv_put_unsigned(&data, 0x83, sequence);
    tlv_put(&data, 0x30, results); /* euiccResult */
    tlv_close(&data, outer);
    done = put_signed(out, eim, TAG_RESULT_SIGNED, &data) &&
           store(card, eim, counter, sequence, SPAN(out->data + start, out->size - start));
    buf_free(&data);
    return done;
}

bool package_result_sign_error(const struct eim *eim, int64_t counter, struct span transaction, unsigned code,
                               struct buf *out)
{
    struct buf data = {0};
    size_t outer = tlv_open(&data, TAG_DATA);
    bool done;

    put_reference(&data, eim, counter, transaction);
    tlv_put_unsigned(&data, 0x02, code); /* euiccPackageErrorCode */
    tlv_close(&data, outer);
    done = put_signed(out, eim, TAG_ERROR_SIGNED, &data);
    buf_free(&data);
    return done;
}

void package_result_each(struct softeuicc *card, uint64_t sequence,
                         bool (*visit)(void *context, struct span result), void *context)
{
    sqlite3_stmt *stmt = nvm_read_stmt(
        card->nvm, "SELECT result FROM package_result WHERE ?1 = 0 OR sequence = ?1 ORDER BY sequence");

    nvm_bind_int(card->nvm, stmt, 1, (int64_t)sequence);
    while (nvm_row(card->nvm, stmt)) {
        if (!visit(context, nvm_blob(stmt, 0))) {
            nvm_done(stmt);
            return;
        }
    }
}

bool package_result_remove(struct softeuicc *card, uint64_t sequence)
{
    sqlite3_stmt *stmt = nvm_read_stmt(card->nvm, "SELECT 1 FROM package_result WHERE sequence = ?1");
    bool stored;

    nvm_bind_int(card->nvm, stmt, 1, (int64_t)sequence);
    stored = nvm_row(card->nvm, stmt);
    nvm_done(stmt);
    if (!stored)
        return false;
    stmt = nvm_write_stmt(card->nvm, "DELETE FROM package_result WHERE sequence = ?1");
    nvm_bind_int(card->nvm, stmt, 1, (int64_t)sequence);
    return nvm_run(card->nvm, stmt);
}
