/* eUICC Package Results as signed objects: see package_sign.h. Where they are kept is package_result.c's. */
#include "euicc/iot/package_sign.h"

#include "apdu/tlv.h"
#include "euicc/lifecycle/package_result.h"
#include "protocol/tags.h"

/* EuiccPackageResult, SGP.32 2.11.2.1: a CHOICE without tags of its own. */
#define TAG_RESULT_SIGNED 0xA0
#define TAG_ERROR_SIGNED  0xA1

#define TAG_DATA 0x30

/* euiccSignEPR and euiccSignEPE: over the data object as encoded, then the association token
 * (SGP.32 2.11.2.1). */
static bool package_sign(const struct eim *eim, struct span data, uint8_t signature[EC_SIGNATURE_SIZE])
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

    if (data->failed || !package_sign(eim, buf_span(data), signature))
        return false;
    outer = tlv_open(out, TAG_EUICC_PACKAGE);
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

bool package_sign_and_store(struct softeuicc *card, const struct eim *eim, uint32_t counter,
                            struct span transaction, uint32_t sequence, struct span results, struct buf *out)
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
           package_result_store(card, eim->id, counter, sequence, SPAN(out->data + start, out->size - start));
    buf_free(&data);
    return done;
}

bool package_sign_error(const struct eim *eim, int64_t counter, struct span transaction, unsigned code,
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
