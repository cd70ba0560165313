/* Identity and sessions of the SM-DS structure. See server.h. */
#include "servers/smds/model/server.h"

#include "common/pki/pki_dir.h"
#include "common/tool.h"

#include <stdlib.h>
#include <time.h>

int64_t smds_now(void)
{
    return (int64_t)time(NULL);
}

static bool smds_load_curve(struct rsp_server *rsp, const char *dir, enum ec_curve curve)
{
    struct pki_pair ci = {0}, auth = {0};
    const char *why = NULL;
    bool ok = pki_load(dir, curve, PKI_CI, false, &ci) && pki_load(dir, curve, PKI_DS_AUTH, true, &auth);

    if (!ok) {
        pki_pair_free(&ci);
        pki_pair_free(&auth);
        return false;
    }
    ok = euicc_trust_add(&rsp->trust, ci.cert, &why);
    if (!rsp_server_add_credentials(rsp, (struct rsp_credentials){auth.cert, auth.key},
                                    ok ? &why : &(const char *){NULL}))
        ok = false;
    if (!ok)
        tool_error("%s/%s: %s", dir, pki_curve_directory(curve), why);
    return ok;
}

bool smds_identity_load(struct smds *smds, const char *pki)
{
    bool any = false;

    smds->rsp.role = CERT_ROLE_DS_AUTH;
    for (enum ec_curve curve = EC_CURVE_P256; curve <= EC_CURVE_BRAINPOOL_P256R1; curve++) {
        if (!pki_has_curve(pki, curve))
            continue;
        if (!smds_load_curve(&smds->rsp, pki, curve))
            return false;
        any = true;
    }
    if (!any)
        tool_error("%s is not a test PKI (make one with 'softeuicc pki init --dir %s')", pki, pki);
    return any;
}

void smds_session_end(struct smds_session *session)
{
    LIST_REMOVE(session, link);
    rsp_session_clear(&session->rsp);
    free(session);
}

void smds_clear(struct smds *smds)
{
    while (!LIST_EMPTY(&smds->sessions))
        smds_session_end(LIST_FIRST(&smds->sessions));
    db_close(smds->store);
    rsp_server_clear(&smds->rsp);
    *smds = (struct smds){0};
}

size_t smds_session_count(const struct smds *smds)
{
    const struct smds_session *session;
    size_t count = 0;

    LIST_FOREACH(session, &smds->sessions, link)
    count++;
    return count;
}
