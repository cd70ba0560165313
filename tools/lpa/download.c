/*
 * `lpa download`: the procedures of SGP.22 3.1.2 (mutual authentication) and 3.1.3 (download and
 * installation), the LPAd's side. A failure in the middle cancels the session on the card and at the server.
 */
#include "common/tool.h"
#include "device/es9p.h"
#include "protocol/activation_code.h"
#include "protocol/bpp_segments.h"
#include "protocol/device_info.h"
#include "tools/lpa/lpa.h"

#include "crypto/cert.h"

#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CancelSessionReason, SGP.22 5.7.14 */
enum { CANCEL_POSTPONED = 1, CANCEL_METADATA_MISMATCH = 4, CANCEL_LOAD_BPP_ERROR = 5 };

static json_t *initiate(struct lpa *lpa, struct es9p *server, const char *address)
{
    struct buf answer = {0};
    struct span value;
    struct span challenge;
    json_t *request = json_object();
    bool ok;

    json_object_set_new(request, "smdpAddress", json_string(address));
    ok = es10_call(&lpa->es10, "GetEUICCInfo1", SPAN_STRING("\xBF\x20\x00"), 0xBF20, &answer, &value);
    if (ok)
        es9p_set_octets(request, "euiccInfo1", buf_span(&answer));
    ok = ok &&
         es10_call(&lpa->es10, "GetEUICCChallenge", SPAN_STRING("\xBF\x2E\x00"), 0xBF2E, &answer, &value) &&
         tlv_find(value, 0x80, &challenge);
    if (ok)
        es9p_set_octets(request, "euiccChallenge", challenge);
    buf_free(&answer);
    if (ok)
        return es9p_call(server, "initiateAuthentication", request);
    json_decref(request);
    return NULL;
}

/* AuthenticateServer on the card with what the server sent; the card's whole answer goes to `answer`. */
static bool authenticate_server(struct lpa *lpa, const json_t *server_says, const char *matching_id,
                                struct buf *answer)
{
    static const char *const members[] = {"serverSigned1", "serverSignature1", "euiccCiPKIdToBeUsed",
                                          "serverCertificate"};
    struct buf request = {0};
    struct span value;
    struct span error;
    uint64_t code = 127;
    char text[48];
    size_t outer = tlv_open(&request, 0xBF38);
    size_t context;
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof(members) / sizeof(members[0]); i++)
        ok = es9p_get_octets(server_says, "initiateAuthentication", members[i], &request);
    context = tlv_open(&request, 0xA0);
    if (matching_id != NULL)
        tlv_put_string(&request, 0x80, matching_id);
    device_info_put(&request, 0xA1, lpa->imei);
    tlv_close(&request, context);
    tlv_close(&request, outer);
    ok = ok && es10_call(&lpa->es10, "AuthenticateServer", buf_span(&request), 0xBF38, answer, &value);
    if (ok && tlv_find(value, 0xA1, &error)) {
        struct span number;

        if (tlv_find(error, 0x02, &number))
            tlv_unsigned(number, &code);
        tool_error("AuthenticateServer: the card refused the server: %s",
                   lpa_code_name(&rsp_authenticate_errors, code, text, sizeof(text)));
        ok = false;
    }
    buf_free(&request);
    return ok;
}

void lpa_cancel(struct lpa *lpa, struct es9p *server, const char *transaction_text,
                struct span transaction_id, unsigned reason)
{
    struct buf request = {0};
    struct buf answer = {0};
    size_t outer = tlv_open(&request, 0xBF41);
    json_t *message;

    tlv_put(&request, 0x80, transaction_id);
    tlv_put_unsigned(&request, 0x81, reason);
    tlv_close(&request, outer);
    if (es10_request(&lpa->es10, "CancelSession", buf_span(&request), &answer)) {
        struct span value;
        struct span refused;

        /* A card whose session is over already has nothing to sign, and the server ends its own by time. */
        if (tlv_single(buf_span(&answer), 0xBF41, &value) == TLV_OK && !tlv_find(value, 0x81, &refused)) {
            message = json_object();
            json_object_set_new(message, "transactionId", json_string(transaction_text));
            es9p_set_octets(message, "cancelSessionResponse", buf_span(&answer));
            json_decref(es9p_call(server, "cancelSession", message));
        }
    }
    buf_free(&request);
    buf_free(&answer);
}

json_t *lpa_authenticate(struct lpa *lpa, struct es9p *server, const char *address, const char *matching_id,
                         char transaction_text[33], struct buf *transaction_id)
{
    struct buf answer = {0};
    json_t *first = initiate(lpa, server, address);
    json_t *second = NULL;
    const char *text = json_string_value(json_object_get(first, "transactionId"));

    transaction_text[0] = '\0';
    if (first == NULL)
        return NULL;
    if (text == NULL || strlen(text) > 32 || !buf_append_hex(transaction_id, text, NULL) ||
        transaction_id->size == 0) {
        tool_error("initiateAuthentication: the server's answer has no well-formed 'transactionId'");
        json_decref(first);
        return NULL;
    }
    snprintf(transaction_text, 33, "%s", text);
    if (authenticate_server(lpa, first, matching_id, &answer)) {
        json_t *request = json_object();

        json_object_set_new(request, "transactionId", json_string(text));
        es9p_set_octets(request, "authenticateServerResponse", buf_span(&answer));
        second = es9p_call(server, "authenticateClient", request);
        /* A server that refuses has ended the session itself; the card ends its own with the next challenge.
         */
    }
    json_decref(first);
    buf_free(&answer);
    return second;
}

/* hashCc = SHA-256(SHA-256(confirmation code) | transaction identifier), SGP.22 4.7. */
static bool put_hash_cc(struct buf *out, const char *confirmation_code, struct span transaction_id)
{
    uint8_t inner[32];
    uint8_t outer[32];
    const struct span code = span_of_string(confirmation_code);
    const struct span parts[] = {SPAN_ARRAY(inner), transaction_id};
    bool ok = crypto_sha256(&code, 1, inner) && crypto_sha256(parts, 2, outer);

    if (ok)
        tlv_put(out, 0x04, SPAN_ARRAY(outer));
    OPENSSL_cleanse(inner, sizeof(inner));
    OPENSSL_cleanse(outer, sizeof(outer));
    return ok;
}

/* PrepareDownload on the card; its whole answer goes to `answer`. */
static bool prepare(struct lpa *lpa, const json_t *server_says, struct span transaction_id,
                    struct buf *answer)
{
    struct buf request = {0};
    struct span value;
    struct span field;
    struct span signed2;
    uint64_t code = 127;
    char text[48];
    bool cc_required = false;
    size_t start;
    size_t outer = tlv_open(&request, 0xBF21);
    bool ok;

    start = request.size;
    ok = es9p_get_octets(server_says, "authenticateClient", "smdpSigned2", &request);
    if (ok && tlv_single(SPAN(request.data + start, request.size - start), 0x30, &signed2) == TLV_OK &&
        tlv_find(signed2, 0x01, &field))
        cc_required = field.size == 1 && field.data[0] != 0;
    ok = ok && es9p_get_octets(server_says, "authenticateClient", "smdpSignature2", &request);
    if (ok && cc_required && lpa->confirmation_code == NULL) {
        tool_error("this profile needs a confirmation code: --confirmation CODE");
        ok = false;
    }
    if (ok && cc_required)
        ok = put_hash_cc(&request, lpa->confirmation_code, transaction_id);
    ok = ok && es9p_get_octets(server_says, "authenticateClient", "smdpCertificate", &request);
    tlv_close(&request, outer);
    ok = ok && es10_call(&lpa->es10, "PrepareDownload", buf_span(&request), 0xBF21, answer, &value);
    if (ok && tlv_find(value, 0xA1, &field)) {
        struct span number;

        if (tlv_find(field, 0x02, &number))
            tlv_unsigned(number, &code);
        tool_error("PrepareDownload: the card refused: %s",
                   lpa_code_name(&rsp_download_errors, code, text, sizeof(text)));
        ok = false;
    }
    buf_free(&request);
    return ok;
}

/* ProfileInstallationResult (BF37): EXIT_OK for a success, else prints what failed. */
static int installation_result(struct span result)
{
    static const uint32_t final_path[] = {0xBF37, 0xBF27, 0xA2, 0};
    struct span final;
    struct span error;
    struct span number;
    uint64_t command = 127;
    uint64_t reason = 127;
    char command_text[64];
    char reason_text[64];

    if (!tlv_find_path(result, final_path, &final))
        return tool_error("LoadBoundProfilePackage: the card's installation result is malformed");
    if (tlv_find(final, 0xA0, &error))
        return EXIT_OK;
    if (tlv_find(final, 0xA1, &error)) {
        if (tlv_find(error, 0x80, &number))
            tlv_unsigned(number, &command);
        if (tlv_find(error, 0x81, &number))
            tlv_unsigned(number, &reason);
    }
    return tool_error("LoadBoundProfilePackage: the card refused the package at %s: %s",
                      lpa_code_name(&rsp_install_commands, command, command_text, sizeof(command_text)),
                      lpa_code_name(&rsp_install_errors, reason, reason_text, sizeof(reason_text)));
}

struct loading {
    struct lpa *lpa;
    struct buf answer;
    bool done; /* an installation result came */
    int status;
};

static bool load_segment(struct loading *loading, struct span segment)
{
    if (!es10_request(&loading->lpa->es10, "LoadBoundProfilePackage", segment, &loading->answer))
        return false;
    if (loading->answer.size > 0) {
        loading->done = true;
        loading->status = installation_result(buf_span(&loading->answer));
    }
    return true;
}

/* LoadBoundProfilePackage in segments. */
static int load(struct lpa *lpa, struct span package)
{
    struct loading loading = {.lpa = lpa, .status = EXIT_FAILED};
    struct bpp_segments segments;
    struct span segment;
    enum tlv_status status = TLV_OK;
    bool ok = bpp_segments_begin(&segments, package);

    if (!ok)
        return tool_error("getBoundProfilePackage: the package is malformed");
    while (ok && !loading.done && (status = bpp_segments_next(&segments, &segment)) == TLV_OK)
        ok = load_segment(&loading, segment);
    if (ok && !loading.done && status != TLV_END)
        tool_error("getBoundProfilePackage: the package is malformed: %s", tlv_status_name(status));
    else if (ok && !loading.done)
        loading.status = tool_error("LoadBoundProfilePackage: the card gave no installation result");
    buf_free(&loading.answer);
    return loading.status;
}

static int bind_and_load(struct lpa *lpa, struct es9p *server, const json_t *authenticated,
                         const char *transaction_text, struct span transaction_id)
{
    struct buf answer = {0};
    struct buf package = {0};
    json_t *request;
    json_t *bound = NULL;
    int status = EXIT_FAILED;

    if (!prepare(lpa, authenticated, transaction_id, &answer)) {
        /* A missing confirmation code can be mended: the order must survive (SGP.22 3.1.3, 5.7.14). */
        lpa_cancel(lpa, server, transaction_text, transaction_id, CANCEL_POSTPONED);
        buf_free(&answer);
        return EXIT_FAILED;
    }
    request = json_object();
    json_object_set_new(request, "transactionId", json_string(transaction_text));
    es9p_set_octets(request, "prepareDownloadResponse", buf_span(&answer));
    bound = es9p_call(server, "getBoundProfilePackage", request);
    if (bound != NULL && es9p_get_octets(bound, "getBoundProfilePackage", "boundProfilePackage", &package))
        status = load(lpa, buf_span(&package));
    else if (bound != NULL)
        lpa_cancel(lpa, server, transaction_text, transaction_id, CANCEL_LOAD_BPP_ERROR);
    json_decref(bound);
    buf_free(&answer);
    buf_free(&package);
    return status;
}

/* What a person sees of the profile before it is loaded. */
static json_t *metadata_json(const json_t *authenticated)
{
    struct buf octets = {0};
    struct span metadata;
    struct span value;
    char text[128];
    json_t *object = json_object();

    if (es9p_find_octets(authenticated, "profileMetadata", &octets) &&
        tlv_single(buf_span(&octets), 0xBF25, &metadata) == TLV_OK) {
        if (tlv_find(metadata, 0x5A, &value))
            json_object_set_new(object, "iccid", json_string(lpa_iccid(value, text)));
        if (tlv_find(metadata, 0x91, &value))
            json_object_set_new(object, "serviceProviderName",
                                json_string(lpa_text(value, text, sizeof(text))));
        if (tlv_find(metadata, 0x92, &value))
            json_object_set_new(object, "profileName", json_string(lpa_text(value, text, sizeof(text))));
    }
    buf_free(&octets);
    return object;
}

static const char *member(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "?";
}

/* The registeredID of the server's certificate must be the one the activation code names (SGP.22 3.1.3, 4.1).
 */
static bool oid_matches(const json_t *authenticated, const char *oid)
{
    struct buf der = {0};
    enum cert_status status;
    struct cert *cert = NULL;
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    bool ok = false;

    if (es9p_get_octets(authenticated, "authenticateClient", "smdpCertificate", &der))
        cert = cert_parse(buf_span(&der), &status);
    if (cert != NULL && object != NULL)
        ok = span_equal(cert_oid(cert), SPAN(OBJ_get0_data(object), OBJ_length(object)));
    if (!ok)
        tool_error("the server's certificate does not carry the OID %s that the activation code names", oid);
    ASN1_OBJECT_free(object);
    cert_free(cert);
    buf_free(&der);
    return ok;
}

static int download_from(struct lpa *lpa, const struct activation_code *code)
{
    struct es9p *server = es9p_open(code->address, lpa->cacert);
    struct buf transaction_id = {0};
    char transaction_text[33];
    json_t *authenticated = NULL;
    json_t *metadata = NULL;
    int status = EXIT_FAILED;
    unsigned sent = 0;
    unsigned left = 0;

    if (server != NULL)
        authenticated = lpa_authenticate(lpa, server, code->address, code->matching_id, transaction_text,
                                         &transaction_id);
    if (authenticated != NULL) {
        metadata = metadata_json(authenticated);
        if (!lpa->json)
            fprintf(stderr, "downloading '%s' of '%s', ICCID %s\n", member(metadata, "profileName"),
                    member(metadata, "serviceProviderName"), member(metadata, "iccid"));
        if (code->oid[0] != '\0' && !oid_matches(authenticated, code->oid))
            lpa_cancel(lpa, server, transaction_text, buf_span(&transaction_id), CANCEL_METADATA_MISMATCH);
        else
            status = bind_and_load(lpa, server, authenticated, transaction_text, buf_span(&transaction_id));
        if (!lpa->no_notifications && !lpa_process_notifications(lpa, &sent, &left))
            fprintf(stderr, "note: %u notifications stay on the card\n", left);
    }
    if (status == EXIT_OK && lpa->json) {
        print_json(metadata);
        metadata = NULL;
    } else if (status == EXIT_OK) {
        printf("installed %s\n", member(metadata, "iccid"));
    }
    json_decref(metadata);
    json_decref(authenticated);
    buf_free(&transaction_id);
    es9p_close(server);
    return status;
}

/* The card's default SM-DP+, as an activation code with an empty matching identifier. */
static bool default_code(struct lpa *lpa, struct activation_code *code)
{
    struct buf answer = {0};
    struct span value;
    struct span address;
    bool ok = es10_call(&lpa->es10, "GetEuiccConfiguredAddresses", SPAN_STRING("\xBF\x3C\x00"), 0xBF3C,
                        &answer, &value);

    memset(code, 0, sizeof(*code));
    if (ok && (!tlv_find(value, 0x80, &address) || address.size == 0)) {
        tool_error(
            "the card has no default SM-DP+ address (set it with 'softeuicc lpa default-smdp ADDRESS')");
        ok = false;
    }
    if (ok)
        lpa_text(address, code->address, sizeof(code->address));
    buf_free(&answer);
    return ok;
}

int lpa_download(const struct command_line *line)
{
    struct lpa *lpa = line->settings;
    struct activation_code code;
    const char *why;

    if (strcmp(line->argv[0], "-") == 0) {
        if (!default_code(lpa, &code))
            return EXIT_FAILED;
    } else if (!activation_code_parse(line->argv[0], &code, &why)) {
        return tool_usage("'%s' is not an activation code: %s", line->argv[0], why);
    }
    if (code.confirmation_code_required && lpa->confirmation_code == NULL)
        return tool_error("this activation code needs a confirmation code: --confirmation CODE");
    return download_from(lpa, &code);
}
