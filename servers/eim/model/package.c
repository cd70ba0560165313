/* What carries an order out: the signed eUICC Package (SGP.32 2.11.1.1), IpaEuiccDataRequest (2.11.1.2) and
 * ProfileDownloadTriggerRequest (2.11.1.3). See server.h. */
#include "servers/eim/model/server.h"

#include "protocol/activation_code.h"
#include "protocol/tags.h"
#include "servers/eim/model/configuration.h"

#include <string.h>

/* What the first contact asks for: default SM-DP+ (81), EUICCInfo1, EUICCInfo2, root SM-DS (83), association
 * token (84), EUM (A5) and eUICC certificate (A6), IPA capabilities (A8), device information (A9). */
static const uint8_t first_tags[] = {0x81, 0xBF, 0x20, 0xBF, 0x22, 0x83, 0x84, 0xA5, 0xA6, 0xA8, 0xA9};
/* What an IPA gets asked that refused those: without the certificates no result can be verified. */
static const uint8_t least_tags[] = {0xA5, 0xA6};
static const uint8_t result_tags[] = {0xA2};

void eim_token_put(struct eim *eim, const char *eid, struct buf *out)
{
    /* An eUICC without a token of its own takes the default one, 84 01 00 (SGP.32 5.9.1). */
    tlv_put_signed(out, TAG_TOKEN, eim_euicc_number(eim, eid, "coalesce(token, 0)", 0));
}

static void put_eid(struct buf *out, const char *digits)
{
    struct buf eid = {0};

    buf_append_hex(&eid, digits, NULL);
    tlv_put(out, TAG_EID, buf_span(&eid));
    buf_free(&eid);
}

static bool put_signed(struct eim *eim, const struct eim_order *order, struct span transaction_id,
                       struct buf *out, struct complaint *complaint)
{
    const json_t *psmo = json_object_get(order->request, "psmo");
    size_t whole = tlv_open(out, 0x30);
    size_t list;
    bool ok;

    tlv_put_string(out, 0x80, eim->id);
    put_eid(out, order->eid);
    tlv_put_unsigned(out, 0x81, (uint64_t)order->counter);
    tlv_put(out, 0x82, transaction_id);
    list = tlv_open(out, psmo != NULL ? 0xA0 : 0xA1);
    ok = commands_put(psmo != NULL ? psmo : json_object_get(order->request, "eco"), psmo == NULL,
                      eim_euicc_number(eim, order->eid, "version1 OR lists_v1", 0) != 0, out, complaint);
    tlv_close(out, list);
    tlv_close(out, whole);
    return ok;
}

static bool put_package(struct eim *eim, const struct eim_order *order, struct span transaction_id,
                        struct buf *out, struct complaint *complaint)
{
    uint8_t signature[EC_SIGNATURE_SIZE];
    struct buf signed_part = {0};
    struct buf token = {0};
    size_t at;
    bool ok;

    if (order->counter > EIM_COUNTER_MAX)
        return complain(complaint, "", "counter", "is used up: this eUICC needs a new eIM configuration");
    ok = put_signed(eim, order, transaction_id, &signed_part, complaint);
    eim_token_put(eim, order->eid, &token);
    ok =
        ok && !signed_part.failed && !token.failed &&
        ec_sign(eim->sign.key, (const struct span[]){buf_span(&signed_part), buf_span(&token)}, 2, signature);
    if (ok) {
        at = tlv_open(out, TAG_EUICC_PACKAGE);
        buf_append(out, buf_span(&signed_part));
        tlv_put(out, TAG_SIGNATURE, SPAN_ARRAY(signature));
        tlv_close(out, at);
    }
    buf_free(&signed_part);
    buf_free(&token);
    return ok || complain(complaint, "", NULL, "the package cannot be signed");
}

static void put_data_request(struct span tags, struct span transaction_id, struct buf *out)
{
    size_t at = tlv_open(out, TAG_IPA_EUICC_DATA);

    tlv_put(out, TAG_TAG_LIST, tags);
    tlv_put(out, 0x83, transaction_id);
    tlv_close(out, at);
}

void eim_results_request_put(struct span transaction_id, struct buf *out)
{
    put_data_request(SPAN_ARRAY(result_tags), transaction_id, out);
}

static void put_data(const struct eim_order *order, struct span transaction_id, struct buf *out)
{
    const json_t *data = json_object_get(order->request, "data");
    const json_t *tags = json_object_get(data, "tags");
    struct buf list = {0};
    json_t *tag;
    size_t i;

    json_array_foreach(tags, i, tag) buf_append_hex(&list, json_string_value(tag), NULL);
    if (tags != NULL)
        put_data_request(buf_span(&list), transaction_id, out);
    else if (json_is_true(json_object_get(data, "least")))
        put_data_request(SPAN_ARRAY(least_tags), transaction_id, out);
    else
        put_data_request(SPAN_ARRAY(first_tags), transaction_id, out);
    buf_free(&list);
}

/* --- Downloads ------------------------------------------------------------------------------------------ */

/* The activation code of SGP.22 4.1, for both ways to name an SM-DP+; unchecked: what was given. */
static void put_activation_code(const json_t *download, bool unchecked, struct buf *out)
{
    const char *code = json_string_value(json_object_get(download, "activationCode"));
    const char *address = json_string_value(json_object_get(download, "smdpAddress"));
    const char *matching_id = json_string_value(json_object_get(download, "matchingId"));
    size_t at = tlv_open(out, 0x80);

    if (code != NULL) {
        buf_append(out, unchecked ? span_of_string(code) : activation_code_bare(code));
    } else {
        buf_append(out, SPAN_STRING("1$"));
        buf_append(out, span_of_string(address));
        buf_append(out, SPAN_STRING("$"));
        buf_append(out, span_of_string(matching_id != NULL ? matching_id : ""));
    }
    tlv_close(out, at);
}

static void put_download_data(const json_t *download, bool unchecked, struct buf *out)
{
    const char *smds = json_string_value(json_object_get(download, "smds"));
    size_t at = tlv_open(out, 0xA0);
    size_t inner;

    if (json_object_get(download, "defaultSmdp") != NULL) {
        tlv_put(out, 0x81, SPAN_STRING(""));
    } else if (smds != NULL) {
        inner = tlv_open(out, 0xA2);
        if (smds[0] != '\0')
            tlv_put_string(out, 0x80, smds);
        tlv_close(out, inner);
    } else {
        put_activation_code(download, unchecked, out);
    }
    tlv_close(out, at);
}

/*
 * Reading (SGP.32 3.2.3): the IPA chooses between direct and indirect by what it can. The eIM leaves it no
 * choice by keeping the download data to itself, which an IPA with eimDownloadDataHandling understands: that
 * is what "indirect" does. Every other download names its SM-DP+ in the trigger.
 */
static bool keeps_data(struct eim *eim, const struct eim_order *order, const json_t *download)
{
    const char *mode = json_string_value(json_object_get(download, "mode"));

    return mode != NULL && strcmp(mode, "indirect") == 0 &&
           eim_ipa_has(eim, order->eid, EIM_IPA_HANDLES_NONE);
}

static void put_trigger(struct eim *eim, const struct eim_order *order, struct span transaction_id,
                        struct buf *out)
{
    const json_t *download = json_object_get(order->request, "download");
    size_t at = tlv_open(out, TAG_DOWNLOAD_TRIGGER);

    if (!keeps_data(eim, order, download))
        put_download_data(download, json_is_true(json_object_get(order->request, "unchecked")), out);
    tlv_put(out, 0x82, transaction_id);
    tlv_close(out, at);
}

bool eim_package_put(struct eim *eim, const struct eim_order *order, struct span transaction_id,
                     struct buf *out, struct complaint *complaint)
{
    const char *raw = json_string_value(json_object_get(order->request, "raw"));

    if (raw != NULL)
        return buf_append_hex(out, raw, NULL) || complain(complaint, "", "raw", "is not hexadecimal");
    switch (order->kind) {
    case ORDER_PACKAGE:
        return put_package(eim, order, transaction_id, out, complaint);
    case ORDER_DATA:
        put_data(order, transaction_id, out);
        break;
    case ORDER_DOWNLOAD:
        put_trigger(eim, order, transaction_id, out);
        break;
    }
    return !out->failed || complain(complaint, "", NULL, "out of memory");
}
