/*
 * `lpa download`: the procedures of SGP.22 3.1.2 (mutual authentication) and 3.1.3 (download and
 * installation), the LPAd's side. A failure in the middle cancels the session on the card and at the server;
 * a signal that ends the program does so, too.
 */
#include "common/ending.h"
#include "common/print/print.h"
#include "common/tool.h"
#include "device/es9p.h"
#include "protocol/activation_code.h"
#include "protocol/bpp_segments.h"
#include "protocol/confirmation_code.h"
#include "protocol/device_info.h"
#include "tools/lpa/lpa.h"

#include "crypto/cert.h"
#include "protocol/tags.h"

#include <openssl/objects.h>
#include <stdlib.h>
#include <string.h>

/* CancelSessionReason, SGP.22 5.7.14 */
enum { CANCEL_POSTPONED = 1, CANCEL_METADATA_MISMATCH = 4, CANCEL_LOAD_BPP_ERROR = 5 };

#define TRANSACTION_ID_MAX 16 /* octets, SGP.22 2.2.1 */
#define HOPS_MAX           3  /* servers: an Alternative SM-DS and the SM-DP+ are two (SGP.22 3.6.2) */

/* What the server must know of the card first; *challenge lies in `answer`. */
static bool read_card(struct lpa *lpa, struct buf *info1, struct buf *answer, struct span *challenge)
{
    struct span value;

    return es10_call(&lpa->es10, "GetEUICCInfo1", SPAN_STRING("\xBF\x20\x00"), TAG_EUICC_INFO1, info1,
                     &value) &&
           es10_call(&lpa->es10, "GetEUICCChallenge", SPAN_STRING("\xBF\x2E\x00"), TAG_GET_EUICC_CHALLENGE,
                     answer, &value) &&
           lpa_member(value, 0x80, "GetEUICCChallenge", challenge);
}

static bool initiate(struct lpa *lpa, struct es9p *server, const char *address,
                     struct es9p_message *initiated)
{
    struct buf info1 = {0};
    struct buf answer = {0};
    struct span values[ES9P_MEMBERS_MAX] = {[ES9P_ADDRESS] = span_of_string(address)};
    bool ok = read_card(lpa, &info1, &answer, &values[ES9P_CHALLENGE]);

    values[ES9P_INFO1] = buf_span(&info1);
    ok = ok && es9p_call(server, ES9P_INITIATE_AUTHENTICATION, values, initiated) == ES9P_EXECUTED;
    buf_free(&info1);
    buf_free(&answer);
    return ok;
}

/* AuthenticateServer on the card with what the server sent; the card's whole answer goes to `answer`. */
static bool authenticate_server(struct lpa *lpa, const struct es9p_message *initiated,
                                const char *matching_id, struct buf *answer)
{
    struct buf request = {0};
    struct span value;
    struct span error;
    uint64_t code = 127;
    char text[48];
    size_t outer = tlv_open(&request, TAG_AUTHENTICATE_SERVER);
    size_t context;
    bool ok;

    for (size_t i = ES9P_SERVER_SIGNED1; i <= ES9P_SERVER_CERTIFICATE; i++)
        buf_append(&request, buf_span(&initiated->part[i]));
    context = tlv_open(&request, 0xA0);
    if (matching_id != NULL)
        tlv_put_string(&request, 0x80, matching_id);
    device_info_put(&request, 0xA1, lpa->imei);
    tlv_close(&request, context);
    tlv_close(&request, outer);
    ok = es10_call(&lpa->es10, "AuthenticateServer", buf_span(&request), TAG_AUTHENTICATE_SERVER, answer,
                   &value);
    if (ok && tlv_find(value, 0xA1, &error)) {
        struct span number;

        if (tlv_find(error, 0x02, &number))
            tlv_unsigned(number, &code);
        tool_error("AuthenticateServer: the card refused the server: %s",
                   names_text(NAMES_AUTHENTICATE_SERVER, code, text, sizeof(text)));
        es10_say_refused("AuthenticateServer", code);
        ok = false;
    }
    buf_free(&request);
    return ok;
}

/* Ends the session on the card and tells the server (NULL: an SM-DS, whose ES11 has no function for it). */
static void cancel_session(struct lpa *lpa, struct es9p *server, struct span transaction_id, unsigned reason)
{
    struct buf request = {0};
    struct buf answer = {0};
    struct es9p_message ignored = {0};
    size_t outer = tlv_open(&request, TAG_CANCEL_SESSION);

    tlv_put(&request, 0x80, transaction_id);
    tlv_put_unsigned(&request, 0x81, reason);
    tlv_close(&request, outer);
    if (es10_request(&lpa->es10, "CancelSession", buf_span(&request), &answer)) {
        const struct span values[] = {transaction_id, buf_span(&answer)};
        struct span value;
        struct span refused;

        /* A card whose session is over already has nothing to sign, and the server ends its own by time. */
        if (server != NULL && tlv_single(buf_span(&answer), TAG_CANCEL_SESSION, &value) == TLV_OK &&
            !tlv_find(value, 0x81, &refused))
            es9p_call(server, ES9P_CANCEL_SESSION, values, &ignored);
    }
    buf_free(&request);
    buf_free(&answer);
}

/*
 * For failures in the middle of a download, and for its end by a signal. Reading (SGP.22 3.0.2, 3.1.3,
 * 5.7.14): a signal is `postponed`, whatever the LPA was doing. endUserRejection and loadBppExecutionError
 * end the order for good, but nobody has refused the profile and the package is not at fault; of one that is
 * half loaded the card keeps nothing.
 */
static void cancel(struct lpa *lpa, struct es9p *server, struct span transaction_id, unsigned reason)
{
    bool by_signal = ending_due();

    if (by_signal)
        lpa->ended =
            server != NULL ? "the session is cancelled, the order stays" : "the session is cancelled";
    ending_farewell(by_signal);
    cancel_session(lpa, server, transaction_id, by_signal ? CANCEL_POSTPONED : reason);
    ending_farewell(false);
}

/* The transaction identifier is what the card compares with what the server signed; it must have one. */
static bool take_transaction_id(const struct es9p_message *initiated, struct buf *transaction_id)
{
    struct span id = buf_span(&initiated->part[ES9P_TRANSACTION_ID]);

    if (id.size == 0 || id.size > TRANSACTION_ID_MAX) {
        tool_error("initiateAuthentication: the server's answer has no well-formed 'transactionId'");
        return false;
    }
    buf_append(transaction_id, id);
    return !transaction_id->failed;
}

/* Reading (SGP.22 3.6.2): an event names an RSP server, which is an SM-DP+ or, when an Alternative SM-DS
 * registered it, that one. Its certificate says which. */
static bool take_role(const char *address, const struct es9p_message *initiated,
                      enum es9p_function_id *function)
{
    struct cert *cert = cert_parse(buf_span(&initiated->part[ES9P_SERVER_CERTIFICATE]), NULL);
    enum cert_role role = cert != NULL ? cert_role(cert) : CERT_ROLE_NONE;

    cert_free(cert);
    if (*function == ES11_AUTHENTICATE_CLIENT && role == CERT_ROLE_DP_AUTH) {
        tool_error("%s is an SM-DP+, not an SM-DS", address);
        return false;
    }
    if (role == CERT_ROLE_DS_AUTH)
        *function = ES11_AUTHENTICATE_CLIENT;
    return true;
}

bool lpa_authenticate(struct lpa *lpa, struct es9p *server, enum es9p_function_id *function,
                      const char *address, const char *matching_id, struct buf *transaction_id,
                      struct es9p_message *authenticated)
{
    struct es9p_message initiated = {0};
    struct buf answer = {0};
    enum es9p_outcome outcome = ES9P_UNREACHABLE;

    if (initiate(lpa, server, address, &initiated) && take_transaction_id(&initiated, transaction_id) &&
        take_role(address, &initiated, function) &&
        authenticate_server(lpa, &initiated, matching_id, &answer)) {
        const struct span values[] = {buf_span(transaction_id), buf_span(&answer)};

        outcome = es9p_call(server, *function, values, authenticated);
        /* A server that refuses has ended the session itself; the card ends its own with the next
         * challenge. */
        if (outcome != ES9P_EXECUTED && ending_due())
            cancel(lpa, *function == ES9P_AUTHENTICATE_CLIENT ? server : NULL, buf_span(transaction_id),
                   CANCEL_POSTPONED);
        else if (outcome == ES9P_MALFORMED && *function == ES9P_AUTHENTICATE_CLIENT)
            cancel(lpa, server, buf_span(transaction_id), CANCEL_POSTPONED);
    }
    es9p_message_clear(&initiated);
    buf_free(&answer);
    return outcome == ES9P_EXECUTED;
}

static bool code_required(struct span smdp_signed2)
{
    static const uint32_t path[] = {0x30, 0x01, 0};
    struct span flag;

    return tlv_find_path(smdp_signed2, path, &flag) && flag.size == 1 && flag.data[0] != 0;
}

/* PrepareDownload on the card; its whole answer goes to `answer`. */
static bool lpa_download_prepare(struct lpa *lpa, const struct es9p_message *authenticated,
                                 struct span transaction_id, struct buf *answer)
{
    struct span signed2 = buf_span(&authenticated->part[ES9P_SMDP_SIGNED2]);
    struct buf request = {0};
    struct span value;
    struct span field;
    uint64_t code = 127;
    uint8_t hash_cc[CRYPTO_SHA256_SIZE] = {0};
    char text[48];
    size_t outer = tlv_open(&request, TAG_PREPARE_DOWNLOAD);
    bool ok = true;

    buf_append(&request, signed2);
    buf_append(&request, buf_span(&authenticated->part[ES9P_SMDP_SIGNATURE2]));
    if (code_required(signed2) && lpa->confirmation_code == NULL) {
        tool_error("this profile needs a confirmation code: --confirmation CODE");
        ok = false;
    } else if (code_required(signed2)) {
        ok = confirmation_code_hash_cc(lpa->confirmation_code, transaction_id, hash_cc);
        tlv_put(&request, 0x04, SPAN_ARRAY(hash_cc));
    }
    buf_append(&request, buf_span(&authenticated->part[ES9P_SMDP_CERTIFICATE]));
    tlv_close(&request, outer);
    ok = ok &&
         es10_call(&lpa->es10, "PrepareDownload", buf_span(&request), TAG_PREPARE_DOWNLOAD, answer, &value);
    if (ok && tlv_find(value, 0xA1, &field)) {
        struct span number;

        if (tlv_find(field, 0x02, &number))
            tlv_unsigned(number, &code);
        tool_error("PrepareDownload: the card refused: %s",
                   names_text(NAMES_PREPARE, code, text, sizeof(text)));
        es10_say_refused("PrepareDownload", code);
        ok = false;
    }
    buf_free(&request);
    return ok;
}

/* ProfileInstallationResult (BF37): EXIT_OK for a success, else prints what failed. */
static int installation_result(struct span result)
{
    static const uint32_t final_path[] = {TAG_INSTALLATION_RESULT, TAG_INSTALLATION_RESULT_DATA, 0xA2, 0};
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
    tool_error("LoadBoundProfilePackage: the card refused the package at %s: %s",
               names_text(NAMES_INSTALL_COMMAND, command, command_text, sizeof(command_text)),
               names_text(NAMES_INSTALL_ERROR, reason, reason_text, sizeof(reason_text)));
    es10_say_refused("LoadBoundProfilePackage", reason);
    tool_error_number("bpp_command", (int64_t)command);
    return EXIT_FAILED;
}

/* LoadBoundProfilePackage in segments, until the card gives its installation result, appended to `result`.
 * False with the line printed when it gives none. */
static bool lpa_download_load(struct lpa *lpa, struct span package, struct buf *result)
{
    struct bpp_segments segments;
    struct span segment;
    enum tlv_status status = TLV_UNEXPECTED;

    if (bpp_segments_begin(&segments, package)) {
        while ((status = bpp_segments_next(&segments, &segment)) == TLV_OK) {
            if (!es10_request(&lpa->es10, "LoadBoundProfilePackage", segment, result))
                return false;
            if (result->size > 0)
                return true;
        }
    }
    if (status == TLV_END)
        tool_error("LoadBoundProfilePackage: the card gave no installation result");
    else
        tool_error("getBoundProfilePackage: the package is malformed: %s", tlv_status_name(status));
    return false;
}

static int load_or_cancel(struct lpa *lpa, struct es9p *server, struct span transaction_id,
                          struct span package)
{
    struct buf result = {0};
    int status = EXIT_FAILED;

    if (lpa_download_load(lpa, package, &result))
        status = installation_result(buf_span(&result));
    else
        cancel(lpa, server, transaction_id, CANCEL_LOAD_BPP_ERROR);
    buf_free(&result);
    return status;
}

static int bind_and_load(struct lpa *lpa, struct es9p *server, const struct es9p_message *authenticated,
                         struct span transaction_id)
{
    struct buf answer = {0};
    struct es9p_message bound = {0};
    enum es9p_outcome outcome;
    int status = EXIT_FAILED;

    if (!lpa_download_prepare(lpa, authenticated, transaction_id, &answer)) {
        /* A missing confirmation code can be mended: the order must survive (SGP.22 3.1.3, 5.7.14). */
        cancel(lpa, server, transaction_id, CANCEL_POSTPONED);
    } else {
        const struct span values[] = {transaction_id, buf_span(&answer)};

        outcome = es9p_call(server, ES9P_GET_BOUND_PROFILE_PACKAGE, values, &bound);
        if (outcome == ES9P_EXECUTED)
            status = load_or_cancel(lpa, server, transaction_id, buf_span(&bound.part[ES9P_PACKAGE]));
        else if (outcome == ES9P_MALFORMED || ending_due())
            cancel(lpa, server, transaction_id, CANCEL_LOAD_BPP_ERROR);
    }
    es9p_message_clear(&bound);
    buf_free(&answer);
    return status;
}

/* What a person sees of the profile before it is loaded. */
static json_t *metadata_json(struct span octets)
{
    struct span metadata;
    struct span value;
    char text[128];
    json_t *object = json_object();

    if (tlv_single(octets, TAG_STORE_METADATA, &metadata) == TLV_OK) {
        if (tlv_find(metadata, 0x5A, &value))
            json_object_set_new(object, "iccid", json_string(lpa_iccid(value, text)));
        if (tlv_find(metadata, 0x91, &value))
            json_object_set_new(object, "serviceProviderName",
                                json_string(print_text(value, text, sizeof(text))));
        if (tlv_find(metadata, 0x92, &value))
            json_object_set_new(object, "profileName", json_string(print_text(value, text, sizeof(text))));
    }
    return object;
}

static const char *lpa_download_member(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "?";
}

/* The registeredID of the server's certificate must be the one the activation code names (SGP.22
 * 3.1.3, 4.1). */
static bool oid_matches(struct span certificate, const char *oid)
{
    enum cert_status status;
    struct cert *cert = cert_parse(certificate, &status);
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    bool ok = cert != NULL && object != NULL &&
              span_equal(cert_oid(cert), SPAN(OBJ_get0_data(object), OBJ_length(object)));

    if (!ok)
        tool_error("the server's certificate does not carry the OID %s that the activation code names", oid);
    ASN1_OBJECT_free(object);
    cert_free(cert);
    return ok;
}

/* After mutual authentication; `metadata` is what is shown of the profile. */
static int go_on(struct lpa *lpa, struct es9p *server, const struct activation_code *code,
                 const struct es9p_message *authenticated, struct span transaction_id, const json_t *metadata)
{
    if (!lpa->json)
        tool_note("downloading '%s' of '%s', ICCID %s", lpa_download_member(metadata, "profileName"),
                  lpa_download_member(metadata, "serviceProviderName"),
                  lpa_download_member(metadata, "iccid"));
    if (code->oid[0] == '\0' || oid_matches(buf_span(&authenticated->part[ES9P_SMDP_CERTIFICATE]), code->oid))
        return bind_and_load(lpa, server, authenticated, transaction_id);
    cancel(lpa, server, transaction_id, CANCEL_METADATA_MISMATCH);
    return EXIT_FAILED;
}

/* The one event that an Alternative SM-DS has under an eventId of the Root: where to go on. */
static bool take_event(const struct es9p_message *authenticated, struct activation_code *code)
{
    struct tlv_reader reader = tlv_reader(buf_span(&authenticated->part[ES9P_EVENT_ENTRIES]));
    struct tlv entry;
    struct span id, address;

    if (tlv_next(&reader, &entry) != TLV_OK || !tlv_find(entry.value, 0x80, &id) ||
        !tlv_find(entry.value, 0x81, &address) || id.size >= sizeof(code->matching_id) ||
        address.size >= sizeof(code->address)) {
        tool_error("%s: it is an SM-DS, and has no event for this card", code->address);
        return false;
    }
    print_text(id, code->matching_id, sizeof(code->matching_id));
    print_text(address, code->address, sizeof(code->address));
    return true;
}

/* What came of one server. */
enum hop { HOP_FAILED, HOP_DONE, HOP_ELSEWHERE };

static enum hop download_at(struct lpa *lpa, struct activation_code *code)
{
    struct es9p *server = es9p_open(code->address, lpa->cacert);
    enum es9p_function_id function = ES9P_AUTHENTICATE_CLIENT;
    struct buf transaction_id = {0};
    struct es9p_message authenticated = {0};
    json_t *metadata = NULL;
    enum hop hop = HOP_FAILED;
    bool authentic = server != NULL && lpa_authenticate(lpa, server, &function, code->address,
                                                        code->matching_id, &transaction_id, &authenticated);

    if (authentic && function == ES11_AUTHENTICATE_CLIENT) {
        hop = take_event(&authenticated, code) ? HOP_ELSEWHERE : HOP_FAILED;
    } else if (authentic) {
        metadata = metadata_json(buf_span(&authenticated.part[ES9P_METADATA]));
        if (go_on(lpa, server, code, &authenticated, buf_span(&transaction_id), metadata) == EXIT_OK)
            hop = HOP_DONE;
        lpa_send_notifications(lpa);
    }
    if (hop == HOP_DONE && lpa->json) {
        print_json(metadata);
        metadata = NULL;
    } else if (hop == HOP_DONE) {
        print_line("installed %s", lpa_download_member(metadata, "iccid"));
    }
    json_decref(metadata);
    es9p_message_clear(&authenticated);
    buf_free(&transaction_id);
    es9p_close(server);
    return hop;
}

static int download_from(struct lpa *lpa, struct activation_code *code)
{
    for (int hops = 0; hops < HOPS_MAX; hops++) {
        enum hop hop = download_at(lpa, code);

        if (hop != HOP_ELSEWHERE)
            return hop == HOP_DONE ? EXIT_OK : EXIT_FAILED;
        if (!lpa->json)
            tool_note("the SM-DS sends to %s", code->address);
    }
    return tool_error("%s: one SM-DS sends to another without end", code->address);
}

/* The card's default SM-DP+, as an activation code with an empty matching identifier. */
static bool default_code(struct lpa *lpa, struct activation_code *code)
{
    struct buf answer = {0};
    struct span value;
    struct span address;
    bool ok = es10_call(&lpa->es10, "GetEuiccConfiguredAddresses", SPAN_STRING("\xBF\x3C\x00"),
                        TAG_CONFIGURED_ADDRESSES, &answer, &value);

    memset(code, 0, sizeof(*code));
    if (ok && (!tlv_find(value, 0x80, &address) || address.size == 0)) {
        tool_error(
            "the card has no default SM-DP+ address (set it with 'softeuicc lpa default-smdp ADDRESS')");
        ok = false;
    }
    if (ok)
        print_text(address, code->address, sizeof(code->address));
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
