/* Keys and certificates out of files. See pki_dir.h. */
#include "common/pki/pki_dir.h"

#include "common/tool.h"

#include <stdio.h>

#include <unistd.h>

#define FILE_MAX (1024 * 1024)

struct cert *pki_load_cert_file(const char *path)
{
    struct buf content = {0};
    struct cert *cert = NULL;
    enum cert_status status;

    if (tool_read_file(path, FILE_MAX, &content)) {
        cert = cert_parse_der_or_pem(buf_span(&content), &status);
        if (cert == NULL)
            tool_error("%s: not a certificate that can be used: %s", path, cert_status_name(status));
    }
    buf_free(&content);
    return cert;
}

struct ec_key *pki_load_key_file(const char *path)
{
    struct buf content = {0};
    struct ec_key *key = NULL;

    if (tool_read_secret(path, FILE_MAX, &content)) {
        key = ec_key_from_private_der_or_pem(buf_span(&content));
        if (key == NULL)
            tool_error("%s: not a private key on P-256 or brainpoolP256r1 (PKCS#8 or SEC1, PEM or DER, not "
                       "encrypted)",
                       path);
    }
    buf_free(&content);
    return key;
}

void pki_pair_free(struct pki_pair *pair)
{
    cert_free(pair->cert);
    ec_key_free(pair->key);
    *pair = (struct pki_pair){0};
}

bool pki_has_curve(const char *dir, enum ec_curve curve)
{
    char path[PKI_PATH_MAX];

    return pki_path(path, dir, curve, PKI_CI, PKI_CERT_DER) && access(path, R_OK) == 0;
}

enum pki_variant pki_variant_of(const char *dir, enum ec_curve curve)
{
    char path[PKI_PATH_MAX];
    bool ci = pki_path(path, dir, curve, PKI_CI_SUBCA, PKI_CERT_DER) && access(path, F_OK) == 0;
    bool others = pki_path(path, dir, curve, PKI_DP_SUBCA, PKI_CERT_DER) && access(path, F_OK) == 0;

    if (ci)
        return others ? PKI_VARIANT_C : PKI_VARIANT_B;
    return others ? PKI_VARIANT_A : PKI_VARIANT_O;
}

static bool load_cert(const char *dir, enum ec_curve curve, enum pki_entity entity, struct pki_pair *pair)
{
    enum cert_role role = pki_entity_role(pki_variant_of(dir, curve), entity);
    char path[PKI_PATH_MAX];
    enum cert_role has;

    if (!pki_path(path, dir, curve, entity, PKI_CERT_DER)) {
        tool_error("the path of the PKI directory is too long");
        return false;
    }
    pair->cert = pki_load_cert_file(path);
    if (pair->cert == NULL)
        return false;
    if (ec_key_curve(cert_key(pair->cert)) != curve) {
        tool_error("%s: the key is on %s, expected %s", path,
                   ec_curve_name(ec_key_curve(cert_key(pair->cert))), ec_curve_name(curve));
        return false;
    }
    has = role > CERT_ROLE_LAST ? cert_role_v3(pair->cert) : cert_role(pair->cert);
    if (has != role) {
        tool_error("%s: the certificate has the role of %s, expected %s", path, cert_role_name(has),
                   cert_role_name(role));
        return false;
    }
    return true;
}

bool pki_load_any(const char *dir, enum ec_curve curve, enum pki_entity entity, bool with_key,
                  struct pki_pair *pair)
{
    char path[PKI_PATH_MAX];

    *pair = (struct pki_pair){0};
    if (!load_cert(dir, curve, entity, pair))
        return false;
    if (!with_key)
        return true;
    if (!pki_path(path, dir, curve, entity, PKI_KEY_PEM)) {
        tool_error("the path of the PKI directory is too long");
        return false;
    }
    pair->key = pki_load_key_file(path);
    if (pair->key == NULL)
        return false;
    if (!ec_key_equal(pair->key, cert_key(pair->cert))) {
        tool_error("%s: the key does not belong to the certificate beside it", path);
        return false;
    }
    return true;
}

bool pki_load(const char *dir, enum ec_curve curve, enum pki_entity entity, bool with_key,
              struct pki_pair *pair)
{
    enum pki_variant variant = pki_variant_of(dir, curve);

    if (variant == PKI_VARIANT_O)
        return pki_load_any(dir, curve, entity, with_key, pair);
    *pair = (struct pki_pair){0};
    tool_error("%s/%s is a PKI of variant %s: its certificates hang on sub-CAs, whose certificates the RSP "
               "functions of version 2 do not carry; cards and servers need one of variant O",
               dir, pki_curve_directory(curve), pki_variant_words[variant]);
    return false;
}
