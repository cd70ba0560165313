/* Where a test PKI's files are. See layout.h. */
#include "common/layout.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum cert_role role;
} entities[PKI_ENTITIES] = {
    [PKI_CI] = {"ci", CERT_ROLE_CI},
    [PKI_EUM] = {"eum", CERT_ROLE_EUM},
    [PKI_DP_AUTH] = {"dp-auth", CERT_ROLE_DP_AUTH},
    [PKI_DP_PB] = {"dp-pb", CERT_ROLE_DP_PB},
    [PKI_DP_TLS] = {"dp-tls", CERT_ROLE_DP_TLS},
    [PKI_DS_AUTH] = {"ds-auth", CERT_ROLE_DS_AUTH},
    [PKI_DS_TLS] = {"ds-tls", CERT_ROLE_DS_TLS},
    [PKI_EIM_SIGN] = {"eim-sign", CERT_ROLE_NONE},
    [PKI_EIM_TLS] = {"eim-tls", CERT_ROLE_NONE},
};

static const char *const suffixes[] = {
    [PKI_KEY_PEM] = "key.pem",
    [PKI_CERT_DER] = "cert.der",
    [PKI_CERT_PEM] = "cert.pem",
};

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

enum cert_role pki_entity_role(enum pki_entity entity)
{
    return entities[entity].role;
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
