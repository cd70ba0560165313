/* The certificates of a server. See https_identities.h. */
#include "common/http/https_identities.h"

#include "common/tool.h"

bool https_identity_files_check(const struct https_identity_files *files)
{
    return files->certs_count == files->keys_count ||
           tool_usage("--tls-cert and --tls-key belong together") == EXIT_OK;
}

bool https_identities_take(struct https_identities *identities, const char *pki, enum pki_entity entity,
                           const struct https_identity_files *files)
{
    static const enum ec_curve curves[] = {EC_CURVE_P256, EC_CURVE_BRAINPOOL_P256R1};

    identities->count = 0;
    for (size_t i = 0; i < files->certs_count; i++)
        identities->list[identities->count++] = (struct https_identity){files->certs[i], files->keys[i]};
    for (size_t i = 0; files->certs_count == 0 && i < sizeof(curves) / sizeof(curves[0]); i++) {
        char(*paths)[PKI_PATH_MAX] = identities->paths[i];

        if (!pki_has_curve(pki, curves[i]))
            continue;
        if (!pki_path(paths[0], pki, curves[i], entity, PKI_CERT_PEM) ||
            !pki_path(paths[1], pki, curves[i], entity, PKI_KEY_PEM))
            return false;
        identities->list[identities->count++] = (struct https_identity){paths[0], paths[1]};
    }
    return identities->count > 0 || tool_error("there is no PKI in %s", pki) == EXIT_OK;
}

void https_identities_set(const struct https_identities *identities, struct https_options *options)
{
    options->cert = identities->list[0].cert;
    options->key = identities->list[0].key;
    options->others = identities->list + 1;
    options->others_count = identities->count - 1;
}
