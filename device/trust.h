/* trustedPublicKeyDataTls (SGP.32 2.11.1.1): what a server's certificate is held against. */
#ifndef SOFTEUICC_DEVICE_TRUST_H
#define SOFTEUICC_DEVICE_TRUST_H

#include "apdu/bytes.h"

/* Appends the certificate (DER) as PEM. */
bool trust_put_pem(struct span certificate, struct buf *pem);

/* Whether it is a CA's (basicConstraints), not the server's own. */
bool trust_is_ca(struct span certificate);

/* SHA-256 of the SubjectPublicKeyInfo, which must be one. */
bool trust_key_digest(struct span key_info, uint8_t digest[32]);

/* Whether the server's certificate (DER) has exactly this SubjectPublicKeyInfo. */
bool trust_has_key(struct span certificate, struct span key_info);

#endif
