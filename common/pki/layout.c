/* Where a test PKI's files are. See layout.h. */
#include "common/pki/layout.h"

#include <stdio.h>
#include <string.h>

/* Version 3's policies are those of its variants; the eIM has none, and hangs on the CI in all of them. */
static const struct {
    const char *name;
    enum cert_role role;    /* in variant O */
    enum cert_role role_v3; /* in the others */
    enum pki_entity sub_ca; /* which may issue it, besides the CI and its sub-CA; PKI_CI for none */
} entities[PKI_ENTITIES] = {
    [PKI_CI] = {"ci", CERT_ROLE_CI, CERT_ROLE_CI, PKI_CI},
    [PKI_CI_SUBCA] = {"ci-subca", CERT_ROLE_NONE, CERT_ROLE_CI_SUBCA, PKI_CI},
    [PKI_EUM] = {"eum", CERT_ROLE_EUM, CERT_ROLE_EUM_V3, PKI_CI},
    [PKI_EUM_SUBCA] = {"eum-subca", CERT_ROLE_NONE, CERT_ROLE_EUM_SUBCA, PKI_EUM},
    [PKI_DP_SUBCA] = {"dp-subca", CERT_ROLE_NONE, CERT_ROLE_DP_SUBCA, PKI_CI},
    [PKI_DP_AUTH] = {"dp-auth", CERT_ROLE_DP_AUTH, CERT_ROLE_DP_AUTH_V3, PKI_DP_SUBCA},
    [PKI_DP_PB] = {"dp-pb", CERT_ROLE_DP_PB, CERT_ROLE_DP_PB_V3, PKI_DP_SUBCA},
    [PKI_DP_TLS] = {"dp-tls", CERT_ROLE_DP_TLS, CERT_ROLE_DP_TLS_V3, PKI_DP_SUBCA},
    [PKI_DS_SUBCA] = {"ds-subca", CERT_ROLE_NONE, CERT_ROLE_DS_SUBCA, PKI_CI},
    [PKI_DS_AUTH] = {"ds-auth", CERT_ROLE_DS_AUTH, CERT_ROLE_DS_AUTH_V3, PKI_DS_SUBCA},
    [PKI_DS_TLS] = {"ds-tls", CERT_ROLE_DS_TLS, CERT_ROLE_DS_TLS_V3, PKI_DS_SUBCA},
    [PKI_EIM_SIGN] = {"eim-sign", CERT_ROLE_NONE, CERT_ROLE_NONE, PKI_CI},
    [PKI_EIM_TLS] = {"eim-tls", CERT_ROLE_NONE, CERT_ROLE_NONE, PKI_CI},
};

static const char *const suffixes[] = {
    [PKI_KEY_PEM] = "key.pem",
    [PKI_CERT_DER] = "cert.der",
    [PKI_CERT_PEM] = "cert.pem",
};

const char *const pki_variant_words[] = {"O", "A", "B", "C", NULL};

const char *const pki_curve_words[] = {
    [EC_CURVE_NONE] = "",
    [EC_CURVE_P256] = "p256",
    [EC_CURVE_BRAINPOOL_P256R1] = "brainpool",
    NULL,
};

const char *pki_entity_name(enum pki_entity entity)
{
    return entities[entity].name;
}

enum cert_role pki_entity_role(enum pki_variant variant, enum pki_entity entity)
{
    return variant == PKI_VARIANT_O ? entities[entity].role : entities[entity].role_v3;
}

bool pki_variant_has(enum pki_variant variant, enum pki_entity entity)
{
    switch (entity) {
    case PKI_CI_SUBCA:
        return variant == PKI_VARIANT_B || variant == PKI_VARIANT_C;
    case PKI_EUM_SUBCA:
    case PKI_DP_SUBCA:
    case PKI_DS_SUBCA:
        return variant == PKI_VARIANT_A || variant == PKI_VARIANT_C;
    default:
        return true;
    }
}

/* Reading: the EUM's sub-CA stands below the EUM, whose arc its policy is in (SGP.22 version 3, annex H);
 * those of the SM-DP+ and SM-DS stand above all that these have. */
enum pki_entity pki_issuer(enum pki_variant variant, enum pki_entity entity)
{
    if (entity == PKI_CI || entity == PKI_EIM_SIGN || entity == PKI_EIM_TLS)
        return PKI_CI;
    if (entities[entity].sub_ca != PKI_CI && pki_variant_has(variant, entities[entity].sub_ca))
        return entities[entity].sub_ca;
    return entity != PKI_CI_SUBCA && pki_variant_has(variant, PKI_CI_SUBCA) ? PKI_CI_SUBCA : PKI_CI;
}

const char *pki_curve_directory(enum ec_curve curve)
{
    return curve == EC_CURVE_NONE ? NULL : pki_curve_words[curve];
}

enum ec_curve pki_curve_from_name(const char *name)
{
    for (enum ec_curve curve = EC_CURVE_P256; curve <= EC_CURVE_BRAINPOOL_P256R1; curve++)
        if (strcmp(name, pki_curve_words[curve]) == 0)
            return curve;
    return EC_CURVE_NONE;
}

bool pki_path(char path[PKI_PATH_MAX], const char *dir, enum ec_curve curve, enum pki_entity entity,
              enum pki_file file)
{
    int n = snprintf(path, PKI_PATH_MAX, "%s/%s/%s.%s", dir, pki_curve_words[curve], entities[entity].name,
                     suffixes[file]);

    return n > 0 && n < PKI_PATH_MAX;
}

bool pki_top_path(char path[PKI_PATH_MAX], const char *dir, const char *name)
{
    int n = snprintf(path, PKI_PATH_MAX, "%s/%s", dir, name);

    return n > 0 && n < PKI_PATH_MAX;
}
