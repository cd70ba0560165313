/* The identity of an SM-DP+: the DPauth and DPpb certificates it has under each CI. See dp.h. */
#include "servers/smdpp/model/dp.h"

static bool dp_server_refuse(const char **why, const char *line)
{
    *why = line;
    return false;
}

static void free_pair(struct rsp_credentials *pair)
{
    cert_free(pair->cert);
    ec_key_free(pair->key);
    *pair = (struct rsp_credentials){0};
}

bool dp_server_add_address(struct dp_server *server, const char *address)
{
    return rsp_server_add_address(&server->rsp, address);
}

bool dp_server_add_credentials(struct dp_server *server, struct dp_credentials new, const char **why)
{
    struct rsp_credentials auth = {new.auth_cert, new.auth_key};
    struct rsp_credentials pb = {new.pb_cert, new.pb_key};
    struct rsp_server *rsp = &server->rsp;
    bool ok;

    rsp->role = CERT_ROLE_DP_AUTH;
    ok = rsp_server_check_pair(rsp, auth.cert, auth.key, CERT_ROLE_DP_AUTH, why) &&
         rsp_server_check_pair(rsp, pb.cert, pb.key, CERT_ROLE_DP_PB, why);
    if (ok && !span_equal(cert_oid(auth.cert), cert_oid(pb.cert)))
        ok = dp_server_refuse(why, "DPauth and DPpb certificates have different OIDs");
    if (ok && !span_equal(cert_authority_key_id(auth.cert), cert_authority_key_id(pb.cert)))
        ok = dp_server_refuse(why, "DPauth and DPpb certificates are from different CIs");
    if (!ok)
        free_pair(&auth);
    else if (rsp_server_add_credentials(rsp, auth, why))
        server->pb[rsp->credentials_count - 1] = pb;
    else
        ok = false;
    if (!ok)
        free_pair(&pb);
    return ok;
}

void dp_server_clear(struct dp_server *server)
{
    for (size_t i = 0; i < server->rsp.credentials_count; i++)
        free_pair(&server->pb[i]);
    rsp_server_clear(&server->rsp);
}
