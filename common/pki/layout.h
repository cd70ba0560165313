/*
 * The layout of a test PKI directory: who makes it (`softeuicc pki init`) and who reads it (create, smdpp,
 * eim, tests) take every path from here.
 *
 *   DIR/README.txt
 *   DIR/ci.pem                   the CI certificates of all curves: the CA bundle that TLS clients want
 *   DIR/CURVE/ENTITY.key.pem     PKCS#8, mode 0600
 *   DIR/CURVE/ENTITY.cert.der
 *   DIR/CURVE/ENTITY.cert.pem    behind a TLS certificate the sub-CAs' up to the CI, as a server sends them
 *
 * CURVE is "p256" or "brainpool"; a PKI has one or both. ENTITY is one of the names in layout.c. ci.cert.pem
 * is also the CA bundle that TLS clients want.
 */
#ifndef SOFTEUICC_COMMON_PKI_LAYOUT_H
#define SOFTEUICC_COMMON_PKI_LAYOUT_H

#include "crypto/cert.h"

#define PKI_PATH_MAX 4096

#define PKI_README    "README.txt"
#define PKI_CA_BUNDLE "ci.pem"

/* What stands between the CI and the others, by SGP.26's names (SGP.22 version 3): nothing; sub-CAs of the
 * EUM, SM-DP+ and SM-DS; one of the CI; both. */
enum pki_variant { PKI_VARIANT_O, PKI_VARIANT_A, PKI_VARIANT_B, PKI_VARIANT_C };

/* Who issues stands before whom it issues. */
enum pki_entity {
    PKI_CI,
    PKI_CI_SUBCA,
    PKI_EUM,
    PKI_EUM_SUBCA,
    PKI_DP_SUBCA,
    PKI_DP_AUTH,
    PKI_DP_PB,
    PKI_DP_TLS,
    PKI_DS_SUBCA,
    PKI_DS_AUTH,
    PKI_DS_TLS,
    PKI_EIM_SIGN,
    PKI_EIM_TLS,
    PKI_ENTITIES /* how many there are */
};

enum pki_file { PKI_KEY_PEM, PKI_CERT_DER, PKI_CERT_PEM };

/* The last path element without suffix: "ci", "eum", "dp-auth", "dp-pb", "dp-tls", "ds-auth", … */
const char *pki_entity_name(enum pki_entity entity);
/* What a certificate of this entity must be in a PKI of this variant. CERT_ROLE_NONE for the eIM's. */
enum cert_role pki_entity_role(enum pki_variant variant, enum pki_entity entity);
/* Whether it has this entity: only sub-CAs are not in all. */
bool pki_variant_has(enum pki_variant variant, enum pki_entity entity);
/* Who issues its certificate; the CI its own. */
enum pki_entity pki_issuer(enum pki_variant variant, enum pki_entity entity);
/* "O", "A", "B", "C"; NULL at the end. */
extern const char *const pki_variant_words[];
/* The curves' names by enum ec_curve, "" for none; NULL at the end. */
extern const char *const pki_curve_words[];
/* "p256", "brainpool"; NULL for another. */
const char *pki_curve_directory(enum ec_curve curve);
/* The curve called `name` (as pki_curve_directory says), EC_CURVE_NONE for an unknown name. */
enum ec_curve pki_curve_from_name(const char *name);

/* Writes the path of a file; false when it does not fit PKI_PATH_MAX. */
bool pki_path(char path[PKI_PATH_MAX], const char *dir, enum ec_curve curve, enum pki_entity entity,
              enum pki_file file);

/* DIR/NAME, for PKI_README and PKI_CA_BUNDLE. */
bool pki_top_path(char path[PKI_PATH_MAX], const char *dir, const char *name);

#endif
