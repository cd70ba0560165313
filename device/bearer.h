/*
 * The way to an eIM: an ESipa message goes out, its answer comes back (SGP.32 6.1). HTTPS on libcurl, CoAP
 * over DTLS on libcoap. Whom to trust is what the eIM's configuration says and nothing else (2.11.1.1,
 * trustedPublicKeyDataTls): a key, a certificate, or a CA; without it the system's CAs.
 */
#ifndef SOFTEUICC_DEVICE_BEARER_H
#define SOFTEUICC_DEVICE_BEARER_H

#include "ipa/ipa.h"

#define BEARER_PATH     "/gsma/rsp2/asn1"
#define BEARER_WHY_SIZE 1024
#define BEARER_TIMEOUT  60 /* seconds for one message and its answer */

enum bearer_scheme { BEARER_HTTPS, BEARER_COAPS, BEARER_PLAIN_HTTP };

struct bearer_target {
    enum bearer_scheme scheme;
    char host[IPA_ADDRESS_MAX + 1]; /* without [ ] */
    unsigned port;
    char path[IPA_ADDRESS_MAX + 1];
    char url[2 * IPA_ADDRESS_MAX + 32];
    enum ipa_trust trust;
    struct span trusted; /* DER, as struct ipa_eim; lives as long as the bearer */
    const char *cacert;  /* PEM file instead of the system's CAs, for IPA_TRUST_SYSTEM; may be NULL */
};

/* Takes an URL apart: https://HOST[:PORT][/PATH], coaps://…, http://… False when it is none of them. */
bool bearer_parse_url(const char *url, struct bearer_target *target);
/* The same for an FQDN of a configuration, which may have :PORT. */
bool bearer_from_fqdn(const char *fqdn, enum bearer_scheme scheme, struct bearer_target *target);

struct bearer;

struct bearer_kind {
    struct bearer *(*open)(const struct bearer_target *target, char why[BEARER_WHY_SIZE]);
    bool (*post)(struct bearer *bearer, struct span message, struct buf *answer, char why[BEARER_WHY_SIZE]);
    void (*close)(struct bearer *bearer);
};

struct bearer {
    const struct bearer_kind *kind;
};

/* NULL with one line in `why`. */
struct bearer *bearer_open(const struct bearer_target *target, char why[BEARER_WHY_SIZE]);
/* Replaces what `answer` held by the body of the answer; empty for an answer without one. False with one line
 * in `why`. The connection is kept for the next. */
bool bearer_post(struct bearer *bearer, struct span message, struct buf *answer, char why[BEARER_WHY_SIZE]);
void bearer_close(struct bearer *bearer);

/* The kinds. Without libcoap in the build, bearer_coap opens nothing and says why. */
extern const struct bearer_kind bearer_https, bearer_coap;

#endif
