/*
 * The ES9+ functions of a download (SGP.22 5.6.1-5.6.3, 5.6.5): which profile an eUICC gets, and whether it
 * may. The cryptography is in dp.h. See es9p.h.
 */
#include "servers/smdpp/model/es9p.h"

#include "apdu/tlv.h"
#include "common/log.h"

#include <openssl/crypto.h>
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

static bool asks_by_matching_id(const struct dp_session *session)
{
    return session->rsp.has_matching_id && session->rsp.matching_id[0] != '\0';
}

/* An order that this eUICC asks for: by matchingId (that of an activation code, or an SM-DS's EventID), or by
 * EID when it has none (default SM-DP+). */
static enum store_answer find_order(struct smdpp *smdpp, const struct dp_session *session,
                                    struct order *order)
{
    return asks_by_matching_id(session)
               ? store_order_by_matching_id(smdpp->store, session->rsp.matching_id, order)
               : store_order_by_eid(smdpp->store, session->rsp.eid, order);
}

/* Ends an order for good, and refuses for `refusal` when that is stored. */
static bool refuse_and_end(struct smdpp *smdpp, struct order *order, enum refusal refusal,
                           struct refusal_status *status)
{
    if (smdpp_order_event(smdpp, order, ORDER_EVENT_EXHAUSTED) == ORDER_NOT_STORED)
        return smdpp_refuse_storage(smdpp, "cannot store the order", status);
    return refusal_note(status, refusal, NULL);
}

static bool check_order(struct smdpp *smdpp, const struct dp_session *session, struct order *order,
                        struct refusal_status *status)
{
    if (order->eid[0] != '\0' && strcmp(order->eid, session->rsp.eid) != 0)
        return refusal_note(status, REFUSAL_EID_REFUSED, "the order is for another one");
    if (order->state == ORDER_ALLOCATED || order->state == ORDER_LINKED || order->state == ORDER_CONFIRMED)
        return refusal_note(status, REFUSAL_NOT_RELEASED, NULL);
    if (order->state != ORDER_RELEASED && order->state != ORDER_DOWNLOADED)
        return refusal_note(status, REFUSAL_MATCHING_ID_REFUSED, "the profile's state is %s",
                            order_state_name(order->state));
    if (order->expires != 0 && smdpp_now() > order->expires)
        return refuse_and_end(smdpp, order, REFUSAL_ORDER_EXPIRED, status);
    if (order->tries >= smdpp->options.tries_max)
        return refuse_and_end(smdpp, order, REFUSAL_ORDER_RETRIES, status);
    order->tries++;
    return store_order_save(smdpp->store, order) ||
           smdpp_refuse_storage(smdpp, "cannot store the order", status);
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

static const struct profile *ordered_profile(struct smdpp *smdpp, const struct dp_session *session,
                                             struct order *order, struct refusal_status *status)
{
    const struct profile *profile;

    if (!check_order(smdpp, session, order, status))
        return NULL;
    profile = profile_catalogue_by_name(smdpp->catalogue, order->profile);
    if (profile != NULL && strcmp(profile->iccid, order->iccid) == 0)
        return profile;
    refusal_note(status, REFUSAL_TYPE_UNAVAILABLE, "%s.der is gone or has changed", order->profile);
    return NULL;
}

/* Reading (5.6.3): without an order, the name of a profile file is a matchingId too, as often as somebody
 * asks. Who asks by EID alone is refused for the EID (SGP.23 4.3.14.2.2), a matchingId for itself. */
static const struct profile *choose_profile(struct smdpp *smdpp, const struct dp_session *session,
                                            struct order *order, bool *ordered, struct refusal_status *status)
{
    const struct profile *profile = NULL;
    enum store_answer found = find_order(smdpp, session, order);

    *ordered = found == STORE_FOUND;
    if (found == STORE_FAILED)
        smdpp_refuse_storage(smdpp, "cannot read the orders", status);
    else if (found == STORE_FOUND)
        profile = ordered_profile(smdpp, session, order, status);
    else if (!asks_by_matching_id(session))
        refusal_note(status, REFUSAL_EID_REFUSED, "nothing is ordered for it");
    else if (!smdpp->options.orders_only)
        profile = profile_catalogue_by_name(smdpp->catalogue, session->rsp.matching_id);
    if (profile == NULL)
        refusal_note(status, REFUSAL_MATCHING_ID_REFUSED, NULL);
    return profile;
}

static bool es9p_download_offer(struct smdpp *smdpp, struct smdpp_session *session,
                                struct es9p_message *answer, struct refusal_status *status)
{
    const struct profile *profile;
    struct order order;
    struct binding binding;
    enum store_answer found;
    bool ok;

    smdpp_refresh_profiles(smdpp);
    profile = choose_profile(smdpp, session->dp, &order, &session->ordered, status);
    if (profile == NULL)
        return false;
    snprintf(session->profile, sizeof(session->profile), "%s", profile->name);
    snprintf(session->iccid, sizeof(session->iccid), "%s", profile->iccid);
    memcpy(session->profile_digest, profile->digest, sizeof(session->profile_digest));
    if (!smdpp->options.no_eligibility && !check_eligibility(session->dp, profile, status))
        return false;
    found = store_binding_find(smdpp->store, profile->name, session->dp->rsp.eid, &binding);
    ok = found != STORE_FAILED
             ? dp_offer(session->dp, buf_span(&profile->metadata), session->ordered && order.has_code,
                        found == STORE_FOUND ? SPAN_ARRAY(binding.euicc_otpk) : SPAN_NONE, answer, status)
             : smdpp_refuse_storage(smdpp, "cannot read the one-time keys", status);
    OPENSSL_cleanse(&binding, sizeof(binding));
    return ok;
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
        es9p_report_progress(session->iccid, session->dp->rsp.eid, ES9P_POINT_ELIGIBILITY, status);
    return ok; /* a refused session stays open for its CancelSession */
}

/* --- GetBoundProfilePackage ----------------------------------------------------------------------------- */

/* The try is stored before the code is compared, and given back when the code is right: whatever happens to
 * this process or its storage in between, no more codes are compared than the order allows. */
static bool check_code(struct smdpp *smdpp, const struct dp_session *session, struct order *order,
                       struct refusal_status *status)
{
    if (!order->has_code)
        return true;
    if (!session->has_hash_cc)
        return refusal_note(status, REFUSAL_CODE_MISSING, NULL);
    if (order->wrong_codes >= SMDPP_WRONG_CODES_MAX)
        return refuse_and_end(smdpp, order, REFUSAL_CODE_RETRIES, status);
    order->wrong_codes++;
    if (!store_order_save(smdpp->store, order))
        return smdpp_refuse_storage(smdpp, "cannot count the try", status);
    if (dp_code_matches(session, order->code_hash)) {
        order->wrong_codes--;
        return store_order_save(smdpp->store, order) ||
               smdpp_refuse_storage(smdpp, "cannot store the order", status);
    }
    if (order->wrong_codes >= SMDPP_WRONG_CODES_MAX)
        return refuse_and_end(smdpp, order, REFUSAL_CODE_RETRIES, status);
    return refusal_note(status, REFUSAL_CODE_REFUSED, "%d of %d tries", (int)order->wrong_codes,
                        SMDPP_WRONG_CODES_MAX);
}

/* The order may have been taken back since the offer. */
static bool recheck_order(struct smdpp *smdpp, const struct smdpp_session *session, struct order *order,
                          struct refusal_status *status)
{
    enum store_answer found = store_order_by_iccid(smdpp->store, session->iccid, order);

    if (found == STORE_FAILED)
        return smdpp_refuse_storage(smdpp, "cannot read the orders", status);
    if (found == STORE_NONE || strcmp(order->profile, session->profile) != 0 ||
        (order->state != ORDER_RELEASED && order->state != ORDER_DOWNLOADED) ||
        (order->eid[0] != '\0' && strcmp(order->eid, session->dp->rsp.eid) != 0))
        return refusal_note(status, REFUSAL_REBINDING_REFUSED, "the order has changed since");
    if (!check_code(smdpp, session->dp, order, status)) {
        es9p_report_progress(session->iccid, session->dp->rsp.eid, ES9P_POINT_CODE, status);
        return false;
    }
    return true;
}

/* The keys of the last binding serve again when the eUICC has kept its own, and exactly the same is bound:
 * the same keys never protect two different packages. */
static bool take_kept_keys(struct smdpp *smdpp, const struct smdpp_session *session,
                           const struct profile *profile, struct binding *binding,
                           struct refusal_status *status)
{
    const uint8_t ppk = smdpp->options.ppk;
    const struct span parts[] = {SPAN(&ppk, 1), SPAN_ARRAY(profile->digest)};
    struct binding kept;
    enum store_answer found = store_binding_find(smdpp->store, session->profile, session->dp->rsp.eid, &kept);
    bool ok = false;

    if (found == STORE_FAILED)
        smdpp_refuse_storage(smdpp, "cannot read the one-time keys", status);
    else if (!crypto_sha256(parts, 2, binding->content))
        refusal_note(status, REFUSAL_INTERNAL, "SHA-256");
    else
        ok = true;
    memcpy(binding->euicc_otpk, session->dp->euicc_otpk, sizeof(binding->euicc_otpk));
    if (ok && found == STORE_FOUND && kept.has_keys &&
        span_equal(SPAN_ARRAY(kept.euicc_otpk), SPAN_ARRAY(binding->euicc_otpk)) &&
        span_equal(SPAN_ARRAY(kept.content), SPAN_ARRAY(binding->content)))
        *binding = kept;
    OPENSSL_cleanse(&kept, sizeof(kept));
    return ok;
}

/* What must be known later, all of it or nothing: who signs the result, and the one-time keys for another
 * try. */
static bool es9p_download_remember(struct smdpp *smdpp, const struct smdpp_session *session,
                                   struct order *order, const struct binding *binding)
{
    struct download download = {.ordered = session->ordered};
    bool ok;

    memcpy(download.transaction_id, session->dp->rsp.transaction_id, sizeof(download.transaction_id));
    memcpy(download.iccid, session->iccid, sizeof(download.iccid));
    memcpy(download.eid, session->dp->rsp.eid, sizeof(download.eid));
    memcpy(download.profile, session->profile, sizeof(download.profile));
    buf_append(&download.euicc_cert, cert_der(session->dp->rsp.euicc_cert));
    db_begin(smdpp->store);
    ok = !download.euicc_cert.failed && store_download_save(smdpp->store, &download) &&
         store_binding_save(smdpp->store, session->profile, session->dp->rsp.eid, binding);
    if (ok && session->ordered) {
        /* Reading (3.1.6): what was bound to one eUICC is not given to another. */
        memcpy(order->eid, session->dp->rsp.eid, sizeof(order->eid));
        ok = smdpp_order_event(smdpp, order, ORDER_EVENT_BIND) == ORDER_CHANGED;
    }
    buf_free(&download.euicc_cert);
    if (!ok)
        db_fail(smdpp->store, "the download cannot be stored");
    return db_commit(smdpp->store);
}

static bool bind_and_remember(struct smdpp *smdpp, struct smdpp_session *session,
                              const struct profile *profile, struct span package, struct order *order,
                              struct buf *bpp, struct refusal_status *status)
{
    struct binding binding = {0};
    struct dp_keys keys = {0};
    bool ok = take_kept_keys(smdpp, session, profile, &binding, status);

    keys.known = binding.has_keys;
    memcpy(keys.otsk, binding.smdp_otsk, sizeof(keys.otsk));
    memcpy(keys.ppk, binding.ppk, sizeof(keys.ppk));
    ok = ok &&
         dp_bind(session->dp, buf_span(&profile->metadata), package, smdpp->options.ppk, &keys, bpp, status);
    memcpy(binding.smdp_otsk, keys.otsk, sizeof(keys.otsk));
    memcpy(binding.ppk, keys.ppk, sizeof(keys.ppk));
    if (ok && !es9p_download_remember(smdpp, session, order, &binding))
        ok = smdpp_refuse_storage(smdpp, "cannot store the download", status);
    OPENSSL_cleanse(&keys, sizeof(keys));
    OPENSSL_cleanse(&binding, sizeof(binding));
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
    struct order order = {0};
    bool ok;

    if (session->ordered && !recheck_order(smdpp, session, &order, status))
        return false;
    profile = offered_profile(smdpp, session, &package, status);
    buf_append(&answer->part[ES9P_TRANSACTION_ID], SPAN_ARRAY(session->dp->rsp.transaction_id));
    ok = profile != NULL && bind_and_remember(smdpp, session, profile, buf_span(&package), &order,
                                              &answer->part[ES9P_PACKAGE], status);
    buf_free(&package);
    return ok;
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
        es9p_report_progress(session->iccid, session->dp->rsp.eid, ES9P_POINT_DOWNLOAD, status);
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

/* What the eUICC's user or the eUICC itself rejected for good needs no keys for another try. */
static bool end_download(struct smdpp *smdpp, const struct smdpp_session *session, bool is_final,
                         struct refusal_status *status)
{
    struct order order;
    enum store_answer found = STORE_NONE;
    bool ok = true;

    if (session->ordered)
        found = store_order_by_iccid(smdpp->store, session->iccid, &order);
    if (found == STORE_FAILED)
        return smdpp_refuse_storage(smdpp, "cannot read the orders", status);
    db_begin(smdpp->store);
    if (is_final && session->profile[0] != '\0')
        ok = store_binding_forget(smdpp->store, session->profile, session->dp->rsp.eid);
    if (found == STORE_FOUND)
        ok = smdpp_order_event(smdpp, &order, is_final ? ORDER_EVENT_REJECTED : ORDER_EVENT_POSTPONED) !=
                 ORDER_NOT_STORED &&
             ok;
    return (db_commit(smdpp->store) && ok) || smdpp_refuse_storage(smdpp, "cannot store the order", status);
}

bool es9p_cancel_session(struct smdpp *smdpp, const struct span *inputs, struct es9p_message *answer,
                         struct refusal_status *status)
{
    struct smdpp_session *session = smdpp_session_find(smdpp, inputs[ES9P_TRANSACTION_ID], status);
    uint64_t reason;
    bool known;

    (void)answer;
    if (session == NULL || !dp_cancel(session->dp, inputs[ES9P_RESPONSE], &reason, status))
        return false;
    known = reason < sizeof(reasons) / sizeof(reasons[0]);
    log_line(LOG_LEVEL_INFO, "ICCID %s, EID %s: session cancelled, %s(%u)", session->iccid,
             session->dp->rsp.eid,
             known                        ? reasons[reason].name
             : reason == REASON_UNDEFINED ? "undefinedReason"
                                          : "unknown",
             (unsigned)reason);
    if (!end_download(smdpp, session, known && reasons[reason].is_final, status))
        return false;
    smdpp_session_end(session);
    return true;
}
