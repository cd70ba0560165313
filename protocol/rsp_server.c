/* The identity of a server of Remote SIM Provisioning: its names, and its certificates under each CI. See
 * mutual_authentication.h. */
#include "protocol/mutual_authentication.h"
#include "protocol/rsp_address.h"

#include <string.h>

bool rsp_server_add_address(struct rsp_server *server, const char *address)
{
    size_t size = strlen(address);

    if (!rsp_address_is_good(address) || size >= RSP_ADDRESS_SIZE || server->addresses == RSP_ADDRESSES_MAX)
        return false;
    memcpy(server->address[server->addresses++], address, size + 1);
    return true;
}

static bool refuse_pair(const char **why, const char *line)
{
    *why = line;
    return false;
}

bool rsp_server_check_pair(const struct rsp_server *server, const struct cert *cert, const struct ec_key *key,
                           enum cert_role role, const char **why)
{
    enum cert_status status;
    const struct cert *ci;

    if (cert == NULL || key == NULL || !ec_key_has_private(key))
        return refuse_pair(why, "a certificate or a private key is missing");
    if (!ec_key_equal(key, cert_key(cert)))
        return refuse_pair(why, "the key does not belong to the certificate");
    ci = euicc_trust_find(&server->trust, cert_authority_key_id(cert));
    if (ci == NULL)
        return refuse_pair(why, "issued by a CI that is not trusted");
    status = cert_check(cert, role, cert_key(ci), cert_subject_key_id(ci));
    if (status != CERT_OK)
        return refuse_pair(why, cert_status_name(status));
    if (cert_oid(cert).data == NULL)
        return refuse_pair(why, "no registeredID (the server's OID) in the subjectAltName");
    return true;
}

bool rsp_server_add_credentials(struct rsp_server *server, struct rsp_credentials new, const char **why)
{
    bool ok = rsp_server_check_pair(server, new.cert, new.key, server->role, why);

    if (ok && server->credentials_count == RSP_CREDENTIALS_MAX)
        ok = refuse_pair(why, "too many identities");
    if (ok) {
        server->credentials[server->credentials_count++] = new;
    } else {
        cert_free(new.cert);
        ec_key_free(new.key);
    }
    return ok;
}

void rsp_server_clear(struct rsp_server *server)
{
    euicc_trust_clear(&server->trust);
    for (size_t i = 0; i < server->credentials_count; i++) {
        cert_free(server->credentials[i].cert);
        ec_key_free(server->credentials[i].key);
        server->credentials[i] = (struct rsp_credentials){0};
    }
    server->credentials_count = 0;
    server->addresses = 0;
}
