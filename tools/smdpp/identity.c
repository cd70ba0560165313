/* Who a server of `softeuicc smdpp` is: certificates, and what LPAs call it. See settings.h. */
#include "common/net/addresses.h"
#include "common/tool.h"
#include "tools/smdpp/settings.h"

#include <stdio.h>
#include <string.h>

/* --- Certificates --------------------------------------------------------------------------------------- */

static bool load_files(struct dp_server *dp, const struct smdpp_settings *settings)
{
    struct dp_credentials credentials = {0};
    struct cert *ci;
    const char *why = NULL;
    bool is_read;

    if (settings->ci != NULL) {
        ci = pki_load_cert_file(settings->ci);
        if (ci == NULL)
            return false;
        if (!euicc_trust_add(&dp->rsp.trust, ci, &why)) {
            tool_error("%s: %s", settings->ci, why);
            return false;
        }
    }
    if (settings->auth_cert == NULL)
        return true;
    is_read = (credentials.auth_cert = pki_load_cert_file(settings->auth_cert)) != NULL &&
              (credentials.auth_key = pki_load_key_file(settings->auth_key)) != NULL &&
              (credentials.pb_cert = pki_load_cert_file(settings->pb_cert)) != NULL &&
              (credentials.pb_key = pki_load_key_file(settings->pb_key)) != NULL;
    if (!dp_server_add_credentials(dp, credentials, &why)) {
        if (is_read)
            tool_error("%s, %s: %s", settings->auth_cert, settings->pb_cert, why);
        return false;
    }
    return true;
}

bool smdpp_load_identity(struct smdpp *smdpp, const struct smdpp_settings *settings,
                         struct https_identities *tls)
{
    return (settings->pki == NULL || smdpp_identity_load(smdpp, settings->pki)) &&
           load_files(&smdpp->dp, settings) &&
           https_identities_take(tls, settings->pki, PKI_DP_TLS, &settings->tls);
}

/* --- Addresses ------------------------------------------------------------------------------------------ */

bool smdpp_name_server(struct dp_server *dp, const struct smdpp_settings *settings, uint16_t port)
{
    char own[PLACE_TEXT_MAX], name[PLACE_HOST_MAX + 1];

    for (size_t i = 0; i < settings->addresses_count; i++) {
        if (!dp_server_add_address(dp, settings->addresses[i]))
            return tool_error("'%s' cannot be a server's address", settings->addresses[i]) == EXIT_OK;
    }
    if (settings->addresses_count > 0)
        return true;
    snprintf(name, sizeof(name), "%s", settings->listen.host);
    if (addresses_is_any(name))
        addresses_own_name(name, sizeof(name));
    place_text(name, port, SMDPP_HTTPS_PORT, own, sizeof(own));
    return dp_server_add_address(dp, own) || tool_error("%s: cannot be a server's address", own) == EXIT_OK;
}
