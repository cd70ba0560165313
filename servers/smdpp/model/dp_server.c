/* The identity of an SM-DP+: the DPauth and DPpb certificates it has under each CI. See dp.h. */
#include "servers/smdpp/model/dp_session.h"

static bool dp_server_refuse(const char **why, const char *line)
{
    *why = line;
    return false;
}

/* Whether a certificate is of `role` from a trusted CI, and the key belongs to it. */
static bool check_pair(const struct dp_server *server, const struct cert *cert, const struct ec_key *key,
                       enum cert_role role, const char **why)
{
    enum cert_status status;
    const struct cert *ci;

    if (cert == NULL || key == NULL || !ec_key_has_private(key))
        return dp_server_refuse(why, "a certificate or a private key is missing");
    if (!ec_key_equal(key, cert_key(cert)))
        return dp_server_refuse(why, "the key does not belong to the certificate");
    ci = euicc_trust_find(&server->trust, cert_authority_key_id(cert));
    if (ci == NULL)
        return dp_server_refuse(why, "issued by a CI that is not trusted");
    status = cert_check(cert, role, cert_key(ci), cert_subject_key_id(ci));
    if (status != CERT_OK)
        return dp_server_refuse(why, cert_status_name(status));
    if (cert_oid(cert).data == NULL)
        return dp_server_refuse(why, "no registeredID (SM-DP+ OID) in the subjectAltName");
    return true;
}

static void free_credentials(struct dp_credentials *credentials)
{
    cert_free(credentials->auth_cert);
    ec_key_free(credentials->auth_key);
    cert_free(credentials->pb_cert);
    ec_key_free(credentials->pb_key);
    *credentials = (struct dp_credentials){0};
}

bool dp_server_add_credentials(struct dp_server *server, struct dp_credentials new, const char **why)
{
    bool ok = check_pair(server, new.auth_cert, new.auth_key, CERT_ROLE_DP_AUTH, why) &&
              check_pair(server, new.pb_cert, new.pb_key, CERT_ROLE_DP_PB, why);

    if (ok && !span_equal(cert_oid(new.auth_cert), cert_oid(new.pb_cert)))
        ok = dp_server_refuse(why, "DPauth and DPpb certificates have different OIDs");
    if (ok && !span_equal(cert_authority_key_id(new.auth_cert), cert_authority_key_id(new.pb_cert)))
        ok = dp_server_refuse(why, "DPauth and DPpb certificates are from different CIs");
    if (ok && server->credentials_count == DP_CREDENTIALS_MAX)
        ok = dp_server_refuse(why, "too many identities");
    if (ok)
        server->credentials[server->credentials_count++] = new;
    else
        free_credentials(&new);
    return ok;
}

void dp_server_clear(struct dp_server *server)
{
    euicc_trust_clear(&server->trust);
    for (size_t i = 0; i < server->credentials_count; i++)
        free_credentials(&server->credentials[i]);
    server->credentials_count = 0;
}
