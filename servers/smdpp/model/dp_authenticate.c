/* Mutual authentication as an SM-DP+ has it, and what the eUICC says of itself. See dp.h. */
#include "servers/smdpp/model/dp.h"

#include "apdu/tlv.h"

#include <stdlib.h>
#include <string.h>

void dp_session_free(struct dp_session *session)
{
    if (session == NULL)
        return;
    rsp_session_clear(&session->rsp);
    buf_free(&session->smdp_signature2);
    free(session);
}

struct dp_session *dp_initiate(const struct dp_server *server, struct span challenge, struct span address,
                               struct span info1, struct es9p_message *answer, struct refusal_status *status)
{
    struct dp_session *session = calloc(1, sizeof(*session));

    if (session != NULL &&
        rsp_initiate(&server->rsp, &session->rsp, challenge, address, info1, answer, status)) {
        session->pb = &server->pb[session->rsp.credentials - server->rsp.credentials];
        return session;
    }
    if (session == NULL)
        refusal_note(status, REFUSAL_INTERNAL, "out of memory");
    dp_session_free(session);
    return NULL;
}

bool dp_authenticate(const struct dp_server *server, struct dp_session *session, struct span response,
                     struct refusal_status *status)
{
    if (!rsp_authenticate(&server->rsp, &session->rsp, response, status))
        return false;
    session->stage = DP_STAGE_AUTHENTICATED;
    return true;
}

/* A package version that the eUICC takes: the highest counts. */
static void note_profile_version(struct dp_euicc_facts *facts, struct span version)
{
    if (version.size == sizeof(facts->profile_version) &&
        memcmp(version.data, facts->profile_version, sizeof(facts->profile_version)) > 0)
        memcpy(facts->profile_version, version.data, version.size);
}

/* additionalEuiccProfilePackageVersions, SGP.22 v2.5. */
static void note_additional_versions(struct dp_euicc_facts *facts, struct span versions)
{
    struct tlv_reader reader = tlv_reader(versions);
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK)
        note_profile_version(facts, tlv.value);
}

bool dp_euicc_facts(const struct dp_session *session, struct dp_euicc_facts *facts)
{
    struct tlv_reader reader = tlv_reader(buf_span(&session->rsp.euicc_info2));
    struct tlv tlv;
    struct span free_nvm;

    *facts = (struct dp_euicc_facts){0};
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if (tlv.tag == 0x81)
            note_profile_version(facts, tlv.value);
        else if (tlv.tag == 0xAF)
            note_additional_versions(facts, tlv.value);
        else if (tlv.tag == 0x84 && tlv_find(tlv.value, 0x82, &free_nvm) && free_nvm.size >= 1 &&
                 free_nvm.size <= 8) {
            /* ETSI TS 102 226 8.2.1.7.2: a plain binary number */
            for (size_t i = 0; i < free_nvm.size; i++)
                facts->free_nvm = facts->free_nvm << 8 | free_nvm.data[i];
            facts->has_free_nvm = true;
        } else if (tlv.tag == 0x99)
            facts->forbidden_pprs = tlv.value;
    }
    return tlv_good(&reader);
}
