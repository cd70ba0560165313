/*
 * eIM Configuration Data (SGP.32 2.11.1.1.1): what an eUICC must know of an eIM, as the file that
 * AddInitialEim (BF57) takes, and out of such files.
 */
#ifndef SOFTEUICC_SERVERS_EIM_MODEL_CONFIGURATION_H
#define SOFTEUICC_SERVERS_EIM_MODEL_CONFIGURATION_H

#include "crypto/cert.h"

#define EIM_COUNTER_MAX 0x7FFFFF /* SGP.32 2.11.1.1.1 */

/* EimIdType */
enum { EIM_ID_TYPE_OID = 1, EIM_ID_TYPE_FQDN = 2, EIM_ID_TYPE_PROPRIETARY = 3 };

/* EimSupportedProtocol, bits from the most significant one. */
enum { EIM_RETRIEVE_HTTPS, EIM_RETRIEVE_COAPS, EIM_INJECT_HTTPS, EIM_INJECT_COAPS, EIM_PROPRIETARY };
#define EIM_PROTOCOLS 5

struct configuration {
    const char *id;
    int64_t id_type;
    const char *fqdn; /* FQDN[:PORT]; NULL: absent */
    bool has_counter;
    int64_t counter;
    bool token;                          /* ask the eUICC for an association token */
    const struct cert *sign_certificate; /* 5: its key, or with sign_as_certificate all of it */
    bool sign_as_certificate;
    const struct cert *tls_key;         /* 6: the key of this certificate, … */
    const struct cert *tls_certificate; /* … or this one, the server's or its CA's; both NULL: absent */
    uint8_t protocols;                  /* bit 7: EIM_RETRIEVE_HTTPS, … 0: absent */
    struct span ci_key_id;              /* 8, or SPAN_NONE */
    bool indirect;                      /* 9 indirectProfileDownload */
};

/* Appends the file: BF57 with this one entry. */
void configuration_put(const struct configuration *configuration, struct buf *out);

/* The content of the only EimConfigurationData in `octets`: a file as above, a bare 30, or what
 * GetEimConfigurationData answers (BF55). False with a line in *why. */
bool configuration_single(struct span octets, struct span *content, const char **why);

#endif
