/* IpaEuiccData (SGP.32 2.11.2.2): the eUICC's certificates, checked up to a trusted CI, and what it and its
 * IPA say of themselves. See result.h. */
#include "servers/eim/model/result.h"

#include "common/log.h"

#include <stdio.h>
#include <string.h>

#define FIRST_CONTACT_TRIES 2    /* with everything, then with the certificates alone */
#define OBJECT_MAX          4096 /* octets of a data object that is kept */

/* --- Certificates --------------------------------------------------------------------------------------- */

bool eid_of_certificate(struct span content, char eid[EIM_EID_DIGITS + 1])
{
    struct buf der = {0};
    struct cert *cert;
    bool ok;

    tlv_put(&der, 0x30, content); /* A6 stands for it */
    cert = cert_parse(buf_span(&der), NULL);
    ok = cert != NULL && eid_is_good(cert_subject_serial_number(cert));
    if (ok)
        memcpy(eid, cert_subject_serial_number(cert), EIM_EID_DIGITS + 1);
    cert_free(cert);
    buf_free(&der);
    return ok;
}

static const struct cert *issuer_of(struct eim *eim, struct span eum_der, struct span *key_id,
                                    struct cert **eum)
{
    *eum = cert_parse(eum_der, NULL);
    if (*eum == NULL)
        return NULL;
    *key_id = cert_authority_key_id(*eum);
    return euicc_trust_find(&eim->trust, *key_id);
}

/* Stores both certificates when they chain to a trusted CI and are this eUICC's; else says why not. */
static bool take_certificates(struct eim *eim, const char *eid, const struct euicc_data *data, char *why,
                              size_t size)
{
    struct buf eum_der = {0}, euicc_der = {0};
    struct cert *eum = NULL, *euicc = NULL;
    struct refusal_status status = {0};
    struct span key_id = SPAN_NONE;
    const struct cert *ci;
    bool ok;

    tlv_put(&eum_der, 0x30, data->eum_cert);
    tlv_put(&euicc_der, 0x30, data->euicc_cert);
    ci = issuer_of(eim, buf_span(&eum_der), &key_id, &eum);
    if (ci == NULL)
        ok = refusal_note(&status, eum != NULL ? REFUSAL_CI_UNKNOWN : REFUSAL_EUM_INVALID, NULL);
    else
        ok = euicc_trust_check(&eim->trust, ci, buf_span(&euicc_der), buf_span(&eum_der), &euicc, &status);
    if (ok && strcmp(cert_subject_serial_number(euicc), eid) != 0)
        ok = refusal_note(&status, REFUSAL_EUICC_INVALID, "it is the certificate of eUICC %s",
                          cert_subject_serial_number(euicc));
    if (ok)
        db_run(eim->db,
               "UPDATE euicc SET euicc_certificate = ?, eum_certificate = ?, ci_key_id = ?, data_state = ?,"
               " stranger = 0 WHERE eid = ?",
               DB_VALUES(DB_BLOB(buf_span(&euicc_der)), DB_BLOB(buf_span(&eum_der)), DB_BLOB(key_id),
                         DB_INT(DATA_KNOWN), DB_TEXT(eid)));
    else
        snprintf(why, size, "%s%s%s", refusal_codes(status.refusal)->message,
                 status.detail[0] != '\0' ? ": " : "", status.detail);
    cert_free(eum);
    cert_free(euicc);
    buf_free(&eum_der);
    buf_free(&euicc_der);
    return ok;
}

/* --- The rest ------------------------------------------------------------------------------------------- */

static void keep_text(struct eim *eim, const char *eid, const char *column, struct span text)
{
    char address[EIM_ADDRESS_MAX + 1];

    if (text.data == NULL || text.size > EIM_ADDRESS_MAX)
        return;
    snprintf(address, sizeof(address), "%.*s", (int)text.size, (const char *)text.data);
    eim_euicc_set(eim, eid, column, DB_SOME_TEXT(address));
}

static void keep_octets(struct eim *eim, const char *eid, const char *column, struct span octets)
{
    if (octets.data != NULL && octets.size <= OBJECT_MAX)
        eim_euicc_set(eim, eid, column, DB_BLOB(octets));
}

static void keep_data(struct eim *eim, const char *eid, const struct euicc_data *data)
{
    keep_text(eim, eid, "default_smdp", data->default_smdp);
    keep_text(eim, eid, "root_smds", data->root_smds);
    keep_octets(eim, eid, "info1", data->info1);
    keep_octets(eim, eid, "info2", data->info2);
    keep_octets(eim, eid, "ipa_capabilities", data->ipa_capabilities);
    keep_octets(eim, eid, "device_info", data->device_info);
    if (data->has_token)
        eim_euicc_set(eim, eid, "token", DB_INT(data->token));
}

static void show_octets(json_t *json, const char *name, struct span octets)
{
    struct buf text = {0};

    if (octets.data == NULL || !buf_reserve(&text, 2 * octets.size + 1))
        return;
    json_object_set_new(json, name,
                        json_string(hex_from_span(octets, (char *)text.data, 2 * octets.size + 1)));
    buf_free(&text);
}

static void show_text(json_t *json, const char *name, struct span text)
{
    if (text.data != NULL)
        json_object_set_new(json, name, json_stringn((const char *)text.data, text.size));
}

/* What the answer held, for who ordered it: texts, and the objects in hexadecimal. */
static json_t *show_data(const struct euicc_data *data)
{
    json_t *json = json_object();

    show_text(json, "defaultSmdpAddress", data->default_smdp);
    show_text(json, "rootSmdsAddress", data->root_smds);
    show_octets(json, "euiccInfo1", data->info1);
    show_octets(json, "euiccInfo2", data->info2);
    show_octets(json, "eumCertificate", data->eum_cert);
    show_octets(json, "euiccCertificate", data->euicc_cert);
    show_octets(json, "ipaCapabilities", data->ipa_capabilities);
    show_octets(json, "deviceInfo", data->device_info);
    if (data->has_token)
        json_object_set_new(json, "associationToken", json_integer(data->token));
    return json;
}

void data_request_ended(struct eim *eim, const struct eim_order *order)
{
    if (order->internal && order->kind == ORDER_DATA)
        db_run(eim->db,
               "UPDATE euicc SET data_state = ? WHERE eid = ? AND data_state = ? AND data_tries >= ?",
               DB_VALUES(DB_INT(DATA_REFUSED), DB_TEXT(order->eid), DB_INT(DATA_UNKNOWN),
                         DB_INT(FIRST_CONTACT_TRIES)));
}

static void take_package_results(struct eim *eim, const char *eid, struct span list,
                                 struct buf *acknowledgements)
{
    struct tlv_reader reader = tlv_reader(list);
    struct package_result result;
    struct tlv object;

    while (list.data != NULL && tlv_next(&reader, &object) == TLV_OK) {
        if (package_result_parse(object.whole, &result))
            take_package_result(eim, eid, &result, acknowledgements);
        else
            log_line(LOG_LEVEL_ERROR, "eUICC %s: a malformed package result in a list", eid);
    }
}

void take_lists(struct eim *eim, const char *eid, const struct eim_result *result,
                struct buf *acknowledgements)
{
    take_notifications(eim, eid, result->data.notifications, acknowledgements);
    take_package_results(eim, eid, result->data.package_results, acknowledgements);
}

/* The list of results did not hold the one that was asked for. */
static void check_lost(struct eim *eim, const struct eim_order *order)
{
    struct eim_order now;

    if (eim_order_find(eim, order->id, &now) && strcmp(now.state, ORDER_LOST) == 0)
        eim_order_end(eim, &now, "replayError(4), and the eUICC does not keep the result", NULL);
    eim_order_clear(&now);
}

void take_data(struct eim *eim, const struct eim_result *result, const struct eim_order *order,
               struct buf *acknowledgements)
{
    bool lost = strcmp(order->state, ORDER_LOST) == 0;
    char why[300] = "";

    if (result->kind == EIM_RESULT_DATA_ERROR) {
        eim_order_end(eim, order, code_text(NAMES_DATA, result->error, why, sizeof(why)), NULL);
        data_request_ended(eim, order);
        return;
    }
    if (result->data.eum_cert.data != NULL && result->data.euicc_cert.data != NULL)
        take_certificates(eim, order->eid, &result->data, why, sizeof(why));
    else if (order->internal && order->kind == ORDER_DATA)
        snprintf(why, sizeof(why), "the IPA sent no certificates");
    keep_data(eim, order->eid, &result->data);
    take_lists(eim, order->eid, result, acknowledgements);
    if (lost)
        check_lost(eim, order);
    else
        eim_order_end(eim, order, why[0] != '\0' ? why : NULL,
                      /* of the eIM's own question, anybody could have it keep anything */
                      order->internal && why[0] != '\0' ? NULL : show_data(&result->data));
    data_request_ended(eim, order);
}
