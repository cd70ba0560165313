/* Who an SM-DP+ is by a test PKI: the CIs it trusts, and its certificates under each. See server.h. */
#include "servers/smdpp/model/server.h"

#include "common/pki/pki_dir.h"
#include "common/tool.h"

static bool load_curve(struct dp_server *dp, const char *dir, enum ec_curve curve)
{
    struct pki_pair ci = {0}, auth = {0}, pb = {0};
    struct dp_credentials credentials;
    const char *why = NULL;
    bool ok = pki_load(dir, curve, PKI_CI, false, &ci) && pki_load(dir, curve, PKI_DP_AUTH, true, &auth) &&
              pki_load(dir, curve, PKI_DP_PB, true, &pb);

    if (!ok) {
        pki_pair_free(&ci);
        pki_pair_free(&auth);
        pki_pair_free(&pb);
        return false;
    }
    credentials = (struct dp_credentials){auth.cert, auth.key, pb.cert, pb.key};
    ok = euicc_trust_add(&dp->rsp.trust, ci.cert, &why);
    if (!dp_server_add_credentials(dp, credentials, ok ? &why : &(const char *){NULL}))
        ok = false;
    if (!ok)
        tool_error("%s/%s: %s", dir, pki_curve_directory(curve), why);
    return ok;
}

bool smdpp_identity_load(struct smdpp *smdpp, const char *pki)
{
    bool any = false;

    for (enum ec_curve curve = EC_CURVE_P256; curve <= EC_CURVE_BRAINPOOL_P256R1; curve++) {
        if (!pki_has_curve(pki, curve))
            continue;
        if (!load_curve(&smdpp->dp, pki, curve))
            return false;
        any = true;
    }
    if (!any)
        tool_error("%s is not a test PKI (make one with 'softeuicc pki init --dir %s')", pki, pki);
    return any;
}
