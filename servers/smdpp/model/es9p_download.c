/*
 * The ES9+ functions of a download (SGP.22 5.6.1-5.6.3, 5.6.5): which profile an eUICC gets, and whether it
 * may. The cryptography is in dp.h. See es9p.h.
 */
#include "servers/smdpp/model/es9p.h"

#include "apdu/tlv.h"
#include "common/log.h"

#include <stdio.h>
#include <string.h>

void es9p_report_progress(const char *iccid, const char *eid, unsigned point,
                          const struct refusal_status *status)
{
    static const char *const points[] = {
        [ES9P_POINT_ELIGIBILITY] = "eligibility",
        [ES9P_POINT_CODE] = "confirmation code",
        [ES9P_POINT_DOWNLOAD] = "BPP download",
        [ES9P_POINT_INSTALLATION] = "BPP installation",
    };
    const struct refusal_codes *codes = refusal_codes(status->refusal);

    if (status->refusal == REFUSAL_NONE)
        log_line(LOG_LEVEL_INFO, "progress of ICCID %s, EID %s: point %u (%s) Executed-Success", iccid, eid,
                 point, points[point]);
    else
        log_line(LOG_LEVEL_INFO, "progress of ICCID %s, EID %s: point %u (%s) Failed %s-%s", iccid, eid,
                 point, points[point], codes->subject, codes->reason);
}

bool es9p_initiate_authentication(struct smdpp *smdpp, const struct span *inputs, struct es9p_message *answer,
                                  struct refusal_status *status)
{
    struct dp_session *session = dp_initiate(&smdpp->dp, inputs[ES9P_CHALLENGE], inputs[ES9P_ADDRESS],
                                             inputs[ES9P_INFO1], answer, status);

    if (session == NULL)
        return false;
    return smdpp_session_add(smdpp, session) != NULL ||
           refusal_note(status, REFUSAL_INTERNAL, "out of memory");
}

/* --- AuthenticateClient: which profile, and may it? ----------------------------------------------------- */

/* An order that this eUICC asks for: by matchingId, or by EID when it has none (default SM-DP+, SM-DS). */
static bool find_order(struct smdpp *smdpp, const struct dp_session *session, struct order *order)
{
    if (session->has_matching_id && session->matching_id[0] != '\0')
        return store_order_by_matching_id(smdpp->store, session->matching_id, order);
    return store_order_by_eid(smdpp->store, session->eid, order);
}

static bool check_order(struct smdpp *smdpp, const struct dp_session *session, struct order *order,
                        struct refusal_status *status)
{
    if (order->eid[0] != '\0' && strcmp(order->eid, session->eid) != 0)
        return refusal_note(status, REFUSAL_EID_REFUSED, NULL);
    if (order->state == ORDER_ALLOCATED || order->state == ORDER_LINKED || order->state == ORDER_CONFIRMED)
        return refusal_note(status, REFUSAL_NOT_RELEASED, NULL);
    if (order->state != ORDER_RELEASED && order->state != ORDER_DOWNLOADED)
        return refusal_note(status, REFUSAL_MATCHING_ID_REFUSED, "the profile's state is %s",
                            order_state_name(order->state));
    if (order->expires != 0 && smdpp_now() > order->expires) {
        smdpp_order_event(smdpp, order, ORDER_EVENT_EXHAUSTED);
        return refusal_note(status, REFUSAL_ORDER_EXPIRED, NULL);
    }
    if (order->tries >= smdpp->options.tries_max) {
        smdpp_order_event(smdpp, order, ORDER_EVENT_EXHAUSTED);
        return refusal_note(status, REFUSAL_ORDER_RETRIES, NULL);
    }
    order->tries++;
    if (!store_order_save(smdpp->store, order))
        return refusal_note(status, REFUSAL_INTERNAL, "cannot store the order");
    return true;
}

/* The eligibility check (SGP.22 annex F): what the card says of itself against what the profile needs. */
static bool check_eligibility(const struct dp_session *session, const struct profile *profile,
                              struct refusal_status *status)
{
    struct dp_euicc_facts facts;

    if (!dp_euicc_facts(session, &facts))
        return refusal_note(status, REFUSAL_INPUT_INVALID, "euiccInfo2");
    if (profile->major_version > facts.profile_version[0])
        return refusal_note(status, REFUSAL_NOT_ELIGIBLE, "package version %u.%u, the eUICC takes %u.%u",
                            profile->major_version, profile->minor_version, facts.profile_version[0],
                            facts.profile_version[1]);
    for (unsigned rule = 1; rule <= 2; rule++) {
        if ((profile->facts.pprs & 1u << rule) != 0 && facts.forbidden_pprs.data != NULL &&
            tlv_bit(facts.forbidden_pprs, rule))
            return refusal_note(status, REFUSAL_NOT_ELIGIBLE, "the eUICC forbids PPR%u", rule);
    }
    if (facts.has_free_nvm && profile->memory > facts.free_nvm)
        return refusal_note(status, REFUSAL_EUICC_MEMORY, "it needs about %zu octets, %llu are free",
                            profile->memory, (unsigned long long)facts.free_nvm);
    return true;
}

/* Reading (5.6.3): without an order, the name of a profile file is a matchingId too, as often as somebody
 * asks. */
static const struct profile *choose_profile(struct smdpp *smdpp, const struct dp_session *session,
                                            struct order *order, bool *ordered, struct refusal_status *status)
{
    const struct profile *profile = NULL;

    *ordered = find_order(smdpp, session, order);
    if (*ordered) {
        if (!check_order(smdpp, session, order, status))
            return NULL;
        profile = profile_catalogue_by_name(smdpp->catalogue, order->profile);
        if (profile == NULL || strcmp(profile->iccid, order->iccid) != 0) {
            refusal_note(status, REFUSAL_TYPE_UNAVAILABLE, "%s.der is gone or has changed", order->profile);
            return NULL;
        }
    } else if (!smdpp->options.orders_only && session->has_matching_id && session->matching_id[0] != '\0') {
        profile = profile_catalogue_by_name(smdpp->catalogue, session->matching_id);
    }
    if (profile == NULL)
        refusal_note(status, REFUSAL_MATCHING_ID_REFUSED, NULL);
    return profile;
}

static bool es9p_download_offer(struct smdpp *smdpp, struct smdpp_session *session,
                                struct es9p_message *answer, struct refusal_status *status)
{
    const struct profile *profile;
    struct order order;
    uint8_t otpk[EC_POINT_SIZE];
    bool has_otpk;

    smdpp_refresh_profiles(smdpp);
    profile = choose_profile(smdpp, session->dp, &order, &session->ordered, status);
    if (profile == NULL)
        return false;
    snprintf(session->profile, sizeof(session->profile), "%s", profile->name);
    snprintf(session->iccid, sizeof(session->iccid), "%s", profile->iccid);
    memcpy(session->profile_digest, profile->digest, sizeof(session->profile_digest));
    if (!smdpp->options.no_eligibility && !check_eligibility(session->dp, profile, status))
        return false;
    has_otpk = store_otpk_find(smdpp->store, profile->name, session->dp->eid, otpk);
    return dp_offer(session->dp, buf_span(&profile->metadata), session->ordered && order.has_code,
                    has_otpk ? SPAN_ARRAY(otpk) : SPAN_NONE, answer, status);
}

bool es9p_authenticate_client(struct smdpp *smdpp, const struct span *inputs, struct es9p_message *answer,
                              struct refusal_status *status)
{
    struct smdpp_session *session = smdpp_session_find(smdpp, inputs[ES9P_TRANSACTION_ID], status);
    bool ok;

    if (session == NULL || !dp_authenticate(&smdpp->dp, session->dp, inputs[ES9P_RESPONSE], status))
        return false;
    ok = es9p_download_offer(smdpp, session, answer, status);
    if (session->iccid[0] != '\0')
        es9p_report_progress(session->iccid, session->dp->eid, ES9P_POINT_ELIGIBILITY, status);
    return ok; /* a refused session stays open for its CancelSession */
}

/* --- GetBoundProfilePackage ----------------------------------------------------------------------------- */

static bool check_code(struct smdpp *smdpp, const struct dp_session *session, struct order *order,
                       struct refusal_status *status)
{
    if (!order->has_code)
        return true;
    if (!session->has_hash_cc)
        return refusal_note(status, REFUSAL_CODE_MISSING, NULL);
    if (dp_code_matches(session, order->code_hash))
        return true;
    order->wrong_codes++;
    if (order->wrong_codes < SMDPP_WRONG_CODES_MAX) {
        store_order_save(smdpp->store, order);
        return refusal_note(status, REFUSAL_CODE_REFUSED, "%d of %d tries", (int)order->wrong_codes,
                            SMDPP_WRONG_CODES_MAX);
    }
    smdpp_order_event(smdpp, order, ORDER_EVENT_EXHAUSTED);
    return refusal_note(status, REFUSAL_CODE_RETRIES, NULL);
}

/* The order may have been taken back since the offer. */
static bool recheck_order(struct smdpp *smdpp, const struct smdpp_session *session, struct order *order,
                          struct refusal_status *status)
{
    if (!store_order_by_iccid(smdpp->store, session->iccid, order) ||
        strcmp(order->profile, session->profile) != 0 ||
        (order->state != ORDER_RELEASED && order->state != ORDER_DOWNLOADED) ||
        (order->eid[0] != '\0' && strcmp(order->eid, session->dp->eid) != 0))
        return refusal_note(status, REFUSAL_REBINDING_REFUSED, "the order has changed since");
    if (!check_code(smdpp, session->dp, order, status)) {
        es9p_report_progress(session->iccid, session->dp->eid, ES9P_POINT_CODE, status);
        return false;
    }
    return true;
}

/* What must be known later: who signs the result, and the one-time key for another try. */
static bool es9p_download_remember(struct smdpp *smdpp, const struct smdpp_session *session,
                                   struct order *order)
{
    struct download download = {.ordered = session->ordered};
    bool ok;

    memcpy(download.transaction_id, session->dp->transaction_id, sizeof(download.transaction_id));
    memcpy(download.iccid, session->iccid, sizeof(download.iccid));
    memcpy(download.eid, session->dp->eid, sizeof(download.eid));
    memcpy(download.profile, session->profile, sizeof(download.profile));
    buf_append(&download.euicc_cert, cert_der(session->dp->euicc_cert));
    ok = !download.euicc_cert.failed && store_download_save(smdpp->store, &download) &&
         store_otpk_save(smdpp->store, session->profile, session->dp->eid, session->dp->euicc_otpk);
    buf_free(&download.euicc_cert);
    if (ok && session->ordered) {
        /* Reading (3.1.6): what was bound to one eUICC is not given to another. */
        memcpy(order->eid, session->dp->eid, sizeof(order->eid));
        ok = smdpp_order_event(smdpp, order, ORDER_EVENT_BIND);
    }
    return ok;
}

/* The package of the profile that was offered: what the eUICC and its user agreed to is what they get. */
static const struct profile *offered_profile(struct smdpp *smdpp, const struct smdpp_session *session,
                                             struct buf *package, struct refusal_status *status)
{
    const struct profile *profile;
    char why[METADATA_READ_WHY];

    smdpp_refresh_profiles(smdpp);
    profile = profile_catalogue_by_name(smdpp->catalogue, session->profile);
    if (profile == NULL || memcmp(profile->digest, session->profile_digest, sizeof(profile->digest)) != 0) {
        refusal_note(status, REFUSAL_REBINDING_REFUSED, "%s.der is gone or has changed", session->profile);
        return NULL;
    }
    if (!profile_catalogue_package(smdpp->catalogue, profile, package, why)) {
        refusal_note(status, REFUSAL_REBINDING_REFUSED, "%.100s", why);
        return NULL;
    }
    return profile;
}

static bool es9p_download_bind(struct smdpp *smdpp, struct smdpp_session *session,
                               struct es9p_message *answer, struct refusal_status *status)
{
    const struct profile *profile;
    struct buf package = {0};
    struct order order;
    bool ok;

    if (session->ordered && !recheck_order(smdpp, session, &order, status))
        return false;
    profile = offered_profile(smdpp, session, &package, status);
    ok = profile != NULL && dp_bind(session->dp, buf_span(&profile->metadata), buf_span(&package),
                                    smdpp->options.ppk, &answer->part[ES9P_PACKAGE], status);
    buf_free(&package);
    if (!ok)
        return false;
    buf_append(&answer->part[ES9P_TRANSACTION_ID], SPAN_ARRAY(session->dp->transaction_id));
    if (!es9p_download_remember(smdpp, session, &order))
        return refusal_note(status, REFUSAL_INTERNAL, "cannot store the download");
    return true;
}

bool es9p_get_bound_profile_package(struct smdpp *smdpp, const struct span *inputs,
                                    struct es9p_message *answer, struct refusal_status *status)
{
    struct smdpp_session *session = smdpp_session_find(smdpp, inputs[ES9P_TRANSACTION_ID], status);
    bool ok;

    if (session == NULL || !dp_prepare(session->dp, inputs[ES9P_RESPONSE], status))
        return false;
    ok = es9p_download_bind(smdpp, session, answer, status);
    if (status->refusal != REFUSAL_CODE_MISSING && status->refusal != REFUSAL_CODE_REFUSED &&
        status->refusal != REFUSAL_CODE_RETRIES)
        es9p_report_progress(session->iccid, session->dp->eid, ES9P_POINT_DOWNLOAD, status);
    return ok;
}

/* --- CancelSession -------------------------------------------------------------------------------------- */

/* CancelSessionReason. Reading (5.6.5, 3.0.2): some end the order, as the user, the card or the package will
 * not change their mind. The others leave it for another try: an LPA also cancels after a wrong confirmation
 * code. */
static const struct {
    const char *name;
    bool is_final;
} reasons[] = {
    {"endUserRejection", true}, {"postponed", false},       {"timeout", false},
    {"pprNotAllowed", true},    {"metadataMismatch", true}, {"loadBppExecutionError", true},
};
#define REASON_UNDEFINED 127

bool es9p_cancel_session(struct smdpp *smdpp, const struct span *inputs, struct es9p_message *answer,
                         struct refusal_status *status)
{
    struct smdpp_session *session = smdpp_session_find(smdpp, inputs[ES9P_TRANSACTION_ID], status);
    struct order order;
    uint64_t reason;
    bool known;

    (void)answer;
    if (session == NULL || !dp_cancel(session->dp, inputs[ES9P_RESPONSE], &reason, status))
        return false;
    known = reason < sizeof(reasons) / sizeof(reasons[0]);
    log_line(LOG_LEVEL_INFO, "ICCID %s, EID %s: session cancelled, %s(%u)", session->iccid, session->dp->eid,
             known                        ? reasons[reason].name
             : reason == REASON_UNDEFINED ? "undefinedReason"
                                          : "unknown",
             (unsigned)reason);
    if (session->ordered && store_order_by_iccid(smdpp->store, session->iccid, &order))
        smdpp_order_event(smdpp, &order,
                          known && reasons[reason].is_final ? ORDER_EVENT_REJECTED : ORDER_EVENT_POSTPONED);
    smdpp_session_end(session);
    return true;
}
