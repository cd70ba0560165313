/* Who an eIM is: its keys, its name, and whom it believes. See server.h. */
#include "servers/eim/model/server.h"

#include "common/tool.h"
#include "servers/eim/model/configuration.h"
#include "servers/eim/store/store.h"

#include <openssl/objects.h>

#include <string.h>
#include <time.h>

int64_t eim_now(void)
{
    return (int64_t)time(NULL);
}

/* The identifier that the certificate names (registeredID), dotted. */
static bool take_oid(struct eim *eim)
{
    struct span oid = cert_oid(eim->sign.cert);
    uint8_t der[64];
    const uint8_t *at = der;
    ASN1_OBJECT *object;
    bool ok;

    if (oid.size == 0 || oid.size > sizeof(der) - 2)
        return false;
    der[0] = 0x06;
    der[1] = (uint8_t)oid.size;
    memcpy(der + 2, oid.data, oid.size);
    object = d2i_ASN1_OBJECT(NULL, &at, (long)oid.size + 2);
    ok = object != NULL && OBJ_obj2txt(eim->id, sizeof(eim->id), object, 1) > 0;
    ASN1_OBJECT_free(object);
    eim->id_type = EIM_ID_TYPE_OID;
    return ok;
}

/* Reading (SGP.32 2.11.1.1.1): an eimId of digits and dots is an OID, one with a dot otherwise an FQDN. */
static bool take_id(struct eim *eim, const char *id)
{
    size_t size = strlen(id);

    if (size == 0 || size > EIM_ID_MAX) {
        tool_error("the eimId must have 1 to %d octets", EIM_ID_MAX);
        return false;
    }
    memcpy(eim->id, id, size + 1);
    if (strspn(id, "0123456789.") == size && strchr(id, '.') != NULL)
        eim->id_type = EIM_ID_TYPE_OID;
    else
        eim->id_type = strchr(id, '.') != NULL ? EIM_ID_TYPE_FQDN : EIM_ID_TYPE_PROPRIETARY;
    return true;
}

static bool trust_all(struct eim *eim, const char *pki)
{
    const char *why;

    for (enum ec_curve curve = EC_CURVE_P256; curve <= EC_CURVE_BRAINPOOL_P256R1; curve++) {
        struct pki_pair ci;

        if (!pki_has_curve(pki, curve))
            continue;
        if (!pki_load(pki, curve, PKI_CI, false, &ci))
            return false;
        if (!euicc_trust_add(&eim->trust, ci.cert, &why)) {
            tool_error("%s/%s: %s", pki, pki_curve_directory(curve), why);
            return false;
        }
    }
    return true;
}

bool eim_identity_load(struct eim *eim, const char *pki, enum ec_curve curve, const char *id)
{
    bool asked = curve != EC_CURVE_NONE;

    if (!asked)
        curve = pki_has_curve(pki, EC_CURVE_P256) ? EC_CURVE_P256 : EC_CURVE_BRAINPOOL_P256R1;
    if (!pki_has_curve(pki, curve)) {
        tool_error("%s is not a test PKI%s%s (make one with 'softeuicc pki init --dir %s')", pki,
                   asked ? " with certificates on " : "", asked ? ec_curve_name(curve) : "", pki);
        return false;
    }
    if (!pki_load(pki, curve, PKI_EIM_SIGN, true, &eim->sign) || !trust_all(eim, pki))
        return false;
    if (id != NULL)
        return take_id(eim, id);
    if (take_oid(eim))
        return true;
    tool_error("the eIM's certificate has no registeredID; say who it is with --id");
    return false;
}

bool eim_state_open(struct eim *eim, const char *path)
{
    char why[DB_WHY_MAX];

    eim->started = eim_now();
    eim->db = eim_store_open(path, why);
    if (eim->db == NULL)
        tool_error("%s", why);
    return eim->db != NULL;
}

void eim_close(struct eim *eim)
{
    pki_pair_free(&eim->sign);
    euicc_trust_clear(&eim->trust);
    rules_free(eim->rules);
    db_close(eim->db);
    *eim = (struct eim){0};
}
