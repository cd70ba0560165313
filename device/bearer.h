/*
 * The ways of an IPA's messages: to an eIM (SGP.32 6.1), by HTTPS on libcurl or CoAP over DTLS on libcoap,
 * and, from es9p_asn1.h, to SM-DP+s and SM-DSs. Everything is on the event loop; nothing here waits. Whom to
 * trust is what the eIM's configuration says and nothing else (2.11.1.1, trustedPublicKeyDataTls): a key, a
 * certificate, or a CA; without it the system's CAs; or by CoAP, when there is one, a key that both were
 * given beforehand.
 */
#ifndef SOFTEUICC_DEVICE_BEARER_H
#define SOFTEUICC_DEVICE_BEARER_H

#include "common/loop.h"
#include "crypto/psk.h"
#include "ipa/ipa.h"

#define BEARER_WHY_SIZE 1024
#define BEARER_TIMEOUT                                                                                       \
    60 /* seconds for one message and its answer, with the connection if there is none yet */

enum bearer_scheme { BEARER_HTTPS, BEARER_COAPS, BEARER_PLAIN_HTTP };

struct bearer_target {
    enum bearer_scheme scheme;
    char host[IPA_ADDRESS_MAX + 1]; /* without [ ] */
    unsigned port;
    char path[IPA_ADDRESS_MAX + 1];
    char url[2 * IPA_ADDRESS_MAX + 32];
    bool is_json;     /* HTTPS in the JSON binding: the path is ESIPA_JSON_PATH, behind which functions are */
    unsigned timeout; /* seconds, as BEARER_TIMEOUT */
    enum ipa_trust trust;
    struct span trusted; /* DER, as struct ipa_eim; lives as long as the bearer */
    const char
        *cacert; /* PEM file instead of the system's CAs, for IPA_TRUST_SYSTEM; may be NULL; likewise */
    const struct psk
        *psk; /* by CoAP: the key that both have, instead of all certificates; NULL: none; likewise */
};

/* Takes an URL apart: https://HOST[:PORT][/PATH], coaps://…, http://… False when it is none of them. What an
 * URL does not say is left as it is. With the path of the JSON binding that is spoken; by CoAP it is none. */
bool bearer_parse_url(const char *url, struct bearer_target *target);
/* The same for an FQDN of a configuration, which may have :PORT. */
bool bearer_from_fqdn(const char *fqdn, enum bearer_scheme scheme, struct bearer_target *target);
/* Speaks the JSON binding to this target instead of the ASN.1 binding. False by CoAP, which has none. */
bool bearer_use_json(struct bearer_target *target);

struct bearer;

enum bearer_result {
    BEARER_ANSWERED,
    BEARER_REFUSED,   /* with a status of HTTP or CoAP, or of ES9+, that is no success */
    BEARER_MALFORMED, /* with what is no answer in the binding that is spoken */
    BEARER_LOST       /* there was no answer */
};

/* What came of a message: the body of the answer, empty for an answer without one, until the next message or
 * the end of the bearer; or else one line in `why`. May post the next message, and may close the bearer. */
typedef void bearer_done(void *context, enum bearer_result result, struct span answer, const char *why);

/* The way to an eIM; it connects with the first message. NULL with one line in `why`. */
struct bearer *bearer_open(struct loop *loop, const struct bearer_target *target, char why[BEARER_WHY_SIZE]);
/* Sends a message, whose octets stay as they are until `done`, which is called once, from the loop. One at a
 * time. The connection is kept for the next; after a message without an answer the bearer is only good for
 * closing. */
void bearer_post(struct bearer *bearer, const struct ipa_message *message, bearer_done *done, void *context);
/* A message that is under way ends without a word. NULL is nothing to close. */
void bearer_close(struct bearer *bearer);

#endif
