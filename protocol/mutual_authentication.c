/* Mutual authentication: InitiateAuthentication and the eUICC's half of AuthenticateClient (SGP.22 5.6.1,
 * 5.6.3, 5.8.1, 5.8.2). See mutual_authentication.h. */
#include "protocol/mutual_authentication.h"

#include "protocol/tags.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>
#include <strings.h>

bool rsp_put_signature(const struct ec_key *key, const struct span *parts, size_t count, struct buf *out)
{
    uint8_t signature[EC_SIGNATURE_SIZE];

    if (!ec_sign(key, parts, count, signature))
        return false;
    tlv_put(out, TAG_SIGNATURE, SPAN_ARRAY(signature));
    return true;
}

bool rsp_refuse_form(struct refusal_status *status, const char *object, enum tlv_status form)
{
    return refusal_note(status, REFUSAL_INPUT_INVALID, "%s: %s", object, tlv_status_name(form));
}

bool rsp_same_transaction(const struct rsp_session *session, struct span signed_id,
                          struct refusal_status *status)
{
    if (span_equal(signed_id, SPAN_ARRAY(session->transaction_id)))
        return true;
    return refusal_note(status, REFUSAL_TRANSACTION_UNKNOWN, "the eUICC signed another one");
}

void rsp_session_clear(struct rsp_session *session)
{
    cert_free(session->euicc_cert);
    buf_free(&session->euicc_info2);
    buf_free(&session->euicc_signature1);
    session->euicc_cert = NULL;
}

/* --- InitiateAuthentication ----------------------------------------------------------------------------- */

struct euicc_info1 {
    struct span svn;
    struct span verification; /* SEQUENCE OF SubjectKeyIdentifier */
    struct span signing;
};

static bool parse_info1(struct span whole, struct euicc_info1 *info, struct refusal_status *status)
{
    struct span content;
    struct tlv_reader reader;
    enum tlv_status form = tlv_single(whole, TAG_EUICC_INFO1, &content);

    if (form != TLV_OK)
        return rsp_refuse_form(status, "euiccInfo1", form);
    reader = tlv_reader(content);
    return (tlv_require_sized(&reader, 0x82, 3, 3, &info->svn) &&
            tlv_require(&reader, 0xA9, &info->verification) && tlv_require(&reader, 0xAA, &info->signing) &&
            tlv_skip_rest(&reader)) ||
           rsp_refuse_form(status, "euiccInfo1", reader.status);
}

static bool list_has(struct span list, struct span key_id)
{
    struct tlv_reader reader = tlv_reader(list);
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if (tlv.tag == 0x04 && span_equal(tlv.value, key_id))
            return true;
    }
    return false;
}

/* The identity under a CI that the eUICC verifies; one under `preferred` goes first. */
static const struct rsp_credentials *
choose_credentials(const struct rsp_server *server, struct span verification, const struct cert *preferred)
{
    const struct rsp_credentials *found = NULL;

    for (size_t i = 0; i < server->credentials_count; i++) {
        const struct rsp_credentials *candidate = &server->credentials[i];
        struct span issuer = cert_authority_key_id(candidate->cert);

        if (!list_has(verification, issuer))
            continue;
        if (span_equal(issuer, cert_subject_key_id(preferred)))
            return candidate;
        if (found == NULL)
            found = candidate;
    }
    return found;
}

/* What the same refusal is of an SM-DP+ (5.6.1) and of an SM-DS (5.8.1). */
static enum refusal of_role(const struct rsp_server *server, enum refusal dp, enum refusal ds)
{
    return server->role == CERT_ROLE_DS_AUTH ? ds : dp;
}

/* The eUICC lists the CIs it signs under in its order of preference. Reading (5.6.1): the first that is
 * trusted is taken, unless a later one is also the CI of an identity of this server that the eUICC verifies:
 * one CI for both directions is preferred. */
static bool choose_ci(const struct rsp_server *server, struct rsp_session *session,
                      const struct euicc_info1 *info, struct refusal_status *status)
{
    struct tlv_reader reader = tlv_reader(info->signing);
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        const struct cert *ci = tlv.tag == 0x04 ? euicc_trust_find(&server->trust, tlv.value) : NULL;
        const struct rsp_credentials *credentials;

        if (ci == NULL)
            continue;
        credentials = choose_credentials(server, info->verification, ci);
        if (session->ci == NULL) {
            session->ci = ci;
            session->credentials = credentials;
        }
        if (credentials != NULL &&
            span_equal(cert_authority_key_id(credentials->cert), cert_subject_key_id(ci))) {
            session->ci = ci;
            session->credentials = credentials;
            break;
        }
    }
    if (session->ci == NULL)
        return refusal_note(status, of_role(server, REFUSAL_CI_UNSUPPORTED, REFUSAL_SMDS_CI_UNSUPPORTED),
                            NULL);
    if (session->credentials == NULL)
        return refusal_note(status, of_role(server, REFUSAL_DPAUTH_UNAVAILABLE, REFUSAL_DSAUTH_UNAVAILABLE),
                            NULL);
    return true;
}

/* Where the port begins in HOST:PORT or [IPv6]:PORT, at its colon; the end when there is none. */
static size_t port_at(struct span address)
{
    size_t at = address.size;

    while (at > 0 && address.data[at - 1] >= '0' && address.data[at - 1] <= '9')
        at--;
    if (at == address.size || at < 2 || address.data[at - 1] != ':')
        return address.size;
    /* an IPv6 address without brackets ends in a colon and digits, too */
    if (memchr(address.data, ':', at - 1) != NULL && address.data[at - 2] != ']')
        return address.size;
    return at - 1;
}

/* Named leniency: a server's address is taken with and without its port. SGP.22 knows FQDNs only, and a
 * server on another port than 443 is called by either form by LPAs in the field; two ports must be the same
 * one. */
static bool is_address(struct span given, const char *own_text)
{
    struct span own = span_of_string(own_text);
    size_t given_host = port_at(given);
    size_t own_host = port_at(own);

    return given_host == own_host &&
           strncasecmp((const char *)given.data, (const char *)own.data, own_host) == 0 &&
           (given_host == given.size || own_host == own.size ||
            span_equal(SPAN(given.data + given_host, given.size - given_host),
                       SPAN(own.data + own_host, own.size - own_host)));
}

static bool take_address(const struct rsp_server *server, struct rsp_session *session, struct span address,
                         struct refusal_status *status)
{
    for (size_t i = 0; i < server->addresses; i++) {
        if (address.size < sizeof(session->address) && is_address(address, server->address[i])) {
            memcpy(session->address, address.data, address.size);
            return true;
        }
    }
    return refusal_note(status, of_role(server, REFUSAL_ADDRESS_REFUSED, REFUSAL_SMDS_ADDRESS_REFUSED),
                        "this server is %s", server->address[0]);
}

static bool check_initiate(const struct rsp_server *server, struct rsp_session *session,
                           struct span challenge, struct span address, struct span info1,
                           struct refusal_status *status)
{
    struct euicc_info1 info;

    if (challenge.size != RSP_CHALLENGE_SIZE)
        return refusal_note(status, REFUSAL_INPUT_INVALID, "euiccChallenge: %zu octets instead of %d",
                            challenge.size, RSP_CHALLENGE_SIZE);
    if (!take_address(server, session, address, status) || !parse_info1(info1, &info, status))
        return false;
    /* version 3 has other messages (SGP.22 v3 5.6.1), which this server does not speak */
    if (info.svn.data[0] != 2)
        return refusal_note(status, of_role(server, REFUSAL_SVN_UNSUPPORTED, REFUSAL_SMDS_SVN_UNSUPPORTED),
                            "it says %u.%u.%u", info.svn.data[0], info.svn.data[1], info.svn.data[2]);
    return choose_ci(server, session, &info, status);
}

/* serverAddress is what the LPA called this server: it compares (SGP.22 3.1.2), and the eUICC signs it back.
 */
static bool put_server_signed1(const struct rsp_session *session, struct span challenge,
                               struct es9p_message *answer)
{
    struct buf *signed1 = &answer->part[ES9P_SERVER_SIGNED1];
    size_t at = tlv_open(signed1, 0x30);
    struct span whole;

    tlv_put(signed1, 0x80, SPAN_ARRAY(session->transaction_id));
    tlv_put(signed1, 0x81, challenge);
    tlv_put_string(signed1, 0x83, session->address);
    tlv_put(signed1, 0x84, SPAN_ARRAY(session->server_challenge));
    tlv_close(signed1, at);
    whole = buf_span(signed1);
    buf_append(&answer->part[ES9P_TRANSACTION_ID], SPAN_ARRAY(session->transaction_id));
    tlv_put(&answer->part[ES9P_CI_KEY_ID], 0x04, cert_subject_key_id(session->ci));
    buf_append(&answer->part[ES9P_SERVER_CERTIFICATE], cert_der(session->credentials->cert));
    return !signed1->failed &&
           rsp_put_signature(session->credentials->key, &whole, 1, &answer->part[ES9P_SERVER_SIGNATURE1]);
}

bool rsp_initiate(const struct rsp_server *server, struct rsp_session *session, struct span challenge,
                  struct span address, struct span info1, struct es9p_message *answer,
                  struct refusal_status *status)
{
    if (!check_initiate(server, session, challenge, address, info1, status))
        return false;
    return (RAND_bytes(session->transaction_id, sizeof(session->transaction_id)) == 1 &&
            RAND_bytes(session->server_challenge, sizeof(session->server_challenge)) == 1 &&
            put_server_signed1(session, challenge, answer)) ||
           refusal_note(status, REFUSAL_INTERNAL, "could not sign");
}

/* --- AuthenticateClient, the eUICC's half --------------------------------------------------------------- */

struct authenticate_response {
    struct span signed1, signed1_whole;
    struct span signature, signature_whole;
    struct span euicc_cert, eum_cert;
};

static bool refuse_error(const struct rsp_response *response, struct span error,
                         struct refusal_status *status)
{
    struct tlv_reader reader = tlv_reader(error);
    struct span value;
    uint64_t code = 0;

    if (!tlv_require(&reader, 0x80, NULL) || !tlv_require(&reader, 0x02, &value) ||
        !tlv_unsigned(value, &code))
        return refusal_note(status, REFUSAL_INPUT_INVALID, "%s: malformed error", response->name);
    return refusal_note(status, REFUSAL_EUICC_ERROR, "%s %s(%u)", response->code_type,
                        names_of(response->codes, code), (unsigned)code);
}

bool rsp_open_response(const struct rsp_response *response, struct span whole, struct tlv_reader *reader,
                       struct refusal_status *status)
{
    struct span content, choice = SPAN_NONE;
    enum tlv_status form = tlv_single(whole, response->tag, &content);

    if (form == TLV_OK && tlv_single(content, 0xA1, &choice) == TLV_OK)
        return refuse_error(response, choice, status);
    if (form == TLV_OK)
        form = tlv_single(content, 0xA0, &choice);
    *reader = tlv_reader(choice);
    return form == TLV_OK || rsp_refuse_form(status, response->name, form);
}

static bool parse_response(struct span whole, struct authenticate_response *out,
                           struct refusal_status *status)
{
    static const struct rsp_response response = {TAG_AUTHENTICATE_SERVER, "authenticateServerResponse",
                                                 "authenticateErrorCode", NAMES_AUTHENTICATE_SERVER};
    struct tlv_reader reader;

    if (!rsp_open_response(&response, whole, &reader, status))
        return false;
    return (tlv_require_whole(&reader, 0x30, &out->signed1, &out->signed1_whole) &&
            tlv_require_whole(&reader, TAG_SIGNATURE, &out->signature, &out->signature_whole) &&
            tlv_require_whole(&reader, 0x30, NULL, &out->euicc_cert) &&
            tlv_require_whole(&reader, 0x30, NULL, &out->eum_cert) && tlv_skip_rest(&reader)) ||
           rsp_refuse_form(status, response.name, reader.status);
}

/* ctxParams1: [0] { [0] matchingId OPTIONAL, [1] deviceInfo }. */
static bool take_context(struct rsp_session *session, struct span context, struct refusal_status *status)
{
    struct tlv_reader reader = tlv_reader(context);
    struct span matching_id;

    session->has_matching_id = tlv_optional(&reader, 0x80, &matching_id);
    if (!tlv_require(&reader, 0xA1, NULL) || !tlv_skip_rest(&reader))
        return rsp_refuse_form(status, "ctxParams1", reader.status);
    if (!session->has_matching_id)
        return true;
    if (matching_id.size > RSP_MATCHING_ID_MAX || memchr(matching_id.data, 0, matching_id.size) != NULL)
        return refusal_note(status, REFUSAL_MATCHING_ID_REFUSED, NULL);
    memcpy(session->matching_id, matching_id.data, matching_id.size);
    session->matching_id[matching_id.size] = '\0';
    return true;
}

/* EuiccSigned1, whose signature has been verified. */
static bool take_signed1(struct rsp_session *session, struct span signed1, struct refusal_status *status)
{
    struct tlv_reader reader = tlv_reader(signed1);
    struct span transaction_id, address, challenge, info2, context;

    if (!tlv_require(&reader, 0x80, &transaction_id) || !tlv_require(&reader, 0x83, &address) ||
        !tlv_require(&reader, 0x84, &challenge) || !tlv_require(&reader, TAG_EUICC_INFO2, &info2) ||
        !tlv_require(&reader, 0xA0, &context) || !tlv_skip_rest(&reader))
        return rsp_refuse_form(status, "euiccSigned1", reader.status);
    if (!rsp_same_transaction(session, transaction_id, status))
        return false;
    if (challenge.size != RSP_CHALLENGE_SIZE ||
        CRYPTO_memcmp(challenge.data, session->server_challenge, RSP_CHALLENGE_SIZE) != 0)
        return refusal_note(status, REFUSAL_EUICC_VERIFICATION, "serverChallenge");
    if (!span_equal(address, span_of_string(session->address)))
        return refusal_note(status, REFUSAL_EUICC_VERIFICATION, "serverAddress");
    if (!take_context(session, context, status))
        return false;
    buf_append(&session->euicc_info2, info2);
    return true;
}

bool rsp_authenticate(const struct rsp_server *server, struct rsp_session *session, struct span response,
                      struct refusal_status *status)
{
    struct authenticate_response parts;
    struct cert *euicc;

    if (session->authenticated)
        return refusal_note(status, REFUSAL_TRANSACTION_UNKNOWN, "the eUICC is authenticated already");
    if (!parse_response(response, &parts, status) ||
        !euicc_trust_check(&server->trust, session->ci, parts.euicc_cert, parts.eum_cert, &euicc, status))
        return false;
    if (!ec_verify(cert_key(euicc), &parts.signed1_whole, 1, parts.signature))
        refusal_note(status, REFUSAL_EUICC_VERIFICATION, "euiccSignature1");
    else if (take_signed1(session, parts.signed1, status)) {
        buf_append(&session->euicc_signature1, parts.signature_whole);
        memcpy(session->eid, cert_subject_serial_number(euicc), sizeof(session->eid));
        session->euicc_cert = euicc;
        session->authenticated = true;
        if (!session->euicc_signature1.failed && !session->euicc_info2.failed)
            return true;
        return refusal_note(status, REFUSAL_INTERNAL, "out of memory");
    }
    cert_free(euicc);
    return false;
}
