/*
 * ES2+ in its JSON binding (SGP.22 5.3, 6.5): the operator's orders. What an order may become is in
 * order_state.c; what is asked of each function's parameters is here. See http_api.h.
 */
#include "servers/smdpp/network/http_api.h"

#include "common/log.h"
#include "protocol/confirmation_code.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define CODE_MAX          64 /* characters of a confirmation code */
#define PROFILE_TYPE_MAX  128
#define MATCHING_ID_CHARS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-"

/* --- Parameters ----------------------------------------------------------------------------------------- */

/* The ICCID as this server writes it, without padding; "" when absent. */
static bool take_iccid(const json_t *request, char iccid[ICCID_DIGITS_MAX + 1], struct refusal_status *status)
{
    const char *text;
    uint8_t octets[ICCID_SIZE];

    iccid[0] = '\0';
    if (!rsp_take_text(request, "iccid", 0, ICCID_DIGITS_MAX, NULL, &text, status))
        return false;
    if (text == NULL)
        return true;
    if (!iccid_from_digits(text, octets))
        return refusal_note(status, REFUSAL_INPUT_INVALID, "iccid");
    iccid_to_digits(SPAN_ARRAY(octets), iccid);
    return true;
}

/* --- DownloadOrder (5.3.1) ------------------------------------------------------------------------------ */

/* A profile's type is the profileType of its header; its file name serves as well. */
static bool is_of_type(const struct profile *profile, const char *type)
{
    return strcmp(profile->type, type) == 0 || strcmp(profile->name, type) == 0 ||
           strcmp(profile->matching_id, type) == 0;
}

static bool is_available(struct smdpp *smdpp, const struct profile *profile)
{
    struct order order;

    return !store_order_by_iccid(smdpp->store, profile->iccid, &order) || order.state == ORDER_AVAILABLE;
}

/* Among the deliverable profiles: by ICCID, by type, or by both. */
static const struct profile *find_profile(struct smdpp *smdpp, const char *iccid, const char *type,
                                          struct refusal_status *status)
{
    bool iccid_known = false, type_known = false, both = false;

    for (size_t i = 0; i < profile_catalogue_count(smdpp->catalogue); i++) {
        const struct profile *profile = profile_catalogue_at(smdpp->catalogue, i);
        bool has_iccid = strcmp(profile->iccid, iccid) == 0;
        bool has_type = type != NULL && is_of_type(profile, type);

        if (profile->complaint[0] != '\0')
            continue;
        iccid_known |= has_iccid;
        type_known |= has_type;
        if ((iccid[0] != '\0' && !has_iccid) || (type != NULL && !has_type))
            continue;
        both = true;
        if (is_available(smdpp, profile))
            return profile;
    }
    if (iccid[0] != '\0' && !iccid_known)
        refusal_note(status, REFUSAL_ICCID_UNKNOWN, NULL);
    else if (type != NULL && !type_known)
        refusal_note(status, REFUSAL_TYPE_UNKNOWN, NULL);
    else if (!both)
        refusal_note(status, REFUSAL_TYPE_REFUSED, NULL);
    else if (iccid[0] != '\0')
        refusal_note(status, REFUSAL_ICCID_IN_USE, NULL);
    else
        refusal_note(status, REFUSAL_TYPE_UNAVAILABLE, NULL);
    return NULL;
}

static bool download_order(struct smdpp *smdpp, const json_t *request, json_t *answer,
                           struct refusal_status *status)
{
    const struct profile *profile;
    const char *eid, *type;
    char iccid[ICCID_DIGITS_MAX + 1];
    struct order order = {0};

    if (!rsp_take_eid(request, &eid, status) || !take_iccid(request, iccid, status) ||
        !rsp_take_text(request, "profileType", 1, PROFILE_TYPE_MAX, NULL, &type, status))
        return false;
    if (iccid[0] == '\0' && type == NULL)
        return refusal_note(status, REFUSAL_INPUT_MISSING, "iccid or profileType");
    smdpp_refresh_profiles(smdpp);
    profile = find_profile(smdpp, iccid, type, status);
    if (profile == NULL)
        return false;
    snprintf(order.iccid, sizeof(order.iccid), "%s", profile->iccid);
    snprintf(order.profile, sizeof(order.profile), "%s", profile->name);
    snprintf(order.eid, sizeof(order.eid), "%s", eid != NULL ? eid : "");
    order.created = smdpp_now();
    order.expires = smdpp->options.order_lifetime != 0 ? order.created + smdpp->options.order_lifetime : 0;
    if (!smdpp_order_event(smdpp, &order, eid != NULL ? ORDER_EVENT_ORDER_EID : ORDER_EVENT_ORDER))
        return refusal_note(status, REFUSAL_INTERNAL, "cannot store the order");
    json_object_set_new(answer, "iccid", json_string(order.iccid));
    return true;
}

/* --- ConfirmOrder (5.3.2) ------------------------------------------------------------------------------- */

static bool find_ordered(struct smdpp *smdpp, const char *iccid, struct order *order,
                         struct refusal_status *status)
{
    if (iccid[0] == '\0')
        return refusal_note(status, REFUSAL_INPUT_MISSING, "iccid");
    return store_order_by_iccid(smdpp->store, iccid, order) ||
           refusal_note(status, REFUSAL_ICCID_UNKNOWN, "no order for %s", iccid);
}

/* "XXXXX-XXXXX-XXXXX-XXXXX" of capitals and digits that people do not confuse: 100 bits. */
static bool generate_matching_id(char out[STORE_MATCHING_ID_MAX + 1])
{
    static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    uint8_t random[20];
    size_t n = 0;

    if (RAND_bytes(random, sizeof(random)) != 1)
        return false;
    for (size_t i = 0; i < sizeof(random); i++) {
        if (i > 0 && i % 5 == 0)
            out[n++] = '-';
        out[n++] = alphabet[random[i] % 32];
    }
    out[n] = '\0';
    return true;
}

/* An empty matchingId means that the eUICC will be recognized by its EID. An SM-DS finds the eUICC by its
 * EID, and the matchingId is the event's identifier there. */
static bool take_association(struct smdpp *smdpp, struct order *order, const char *eid,
                             const char *matching_id, const char *smds, struct refusal_status *status)
{
    struct order other;

    if (eid != NULL && order->eid[0] != '\0' && strcmp(order->eid, eid) != 0)
        return refusal_note(status, REFUSAL_EID_ASSOCIATION, NULL);
    if (eid != NULL)
        snprintf(order->eid, sizeof(order->eid), "%s", eid);
    if (smds != NULL && order->eid[0] == '\0')
        return refusal_note(status, REFUSAL_EID_MISSING, NULL);
    if (smds != NULL && matching_id != NULL && matching_id[0] == '\0')
        return refusal_note(status, REFUSAL_MATCHING_ID_INVALID, NULL);
    if (matching_id == NULL)
        return generate_matching_id(order->matching_id) ||
               refusal_note(status, REFUSAL_INTERNAL, "no random numbers");
    if (matching_id[0] == '\0' && order->eid[0] == '\0')
        return refusal_note(status, REFUSAL_EID_MISSING, NULL);
    if (store_order_by_matching_id(smdpp->store, matching_id, &other) &&
        strcmp(other.iccid, order->iccid) != 0)
        return refusal_note(status, REFUSAL_MATCHING_ID_IN_USE, NULL);
    snprintf(order->matching_id, sizeof(order->matching_id), "%s", matching_id);
    return true;
}

static void put_confirmed(const struct smdpp *smdpp, const struct order *order, json_t *answer)
{
    if (order->eid[0] != '\0')
        json_object_set_new(answer, "eid", json_string(order->eid));
    json_object_set_new(answer, "matchingId", json_string(order->matching_id));
    json_object_set_new(answer, "smdpAddress", json_string(smdpp->dp.rsp.address[0]));
}

/* Reading (3.1.1.3, 5.3.2): the event is registered when the profile can be downloaded, so in an order that
 * is not released yet its SM-DS is kept for ReleaseProfile. */
static bool store_confirmed(struct smdpp *smdpp, struct order *order, bool release, const char *smds,
                            struct refusal_status *status)
{
    bool ok = smds == NULL || smdpp->registrar != NULL ||
              refusal_note(status, REFUSAL_SMDS_INACCESSIBLE, "this server registers no events at an SM-DS");

    if (!ok)
        return false;
    db_begin(smdpp->store);
    if (smds != NULL)
        smdpp_event_keep(smdpp, order, smds);
    ok = smdpp_order_event(smdpp, order, release ? ORDER_EVENT_CONFIRM_RELEASE : ORDER_EVENT_CONFIRM);
    if (!ok)
        db_fail(smdpp->store, "the order cannot be changed");
    return db_commit(smdpp->store) || refusal_note(status, REFUSAL_INTERNAL, "cannot store the order");
}

static bool confirm_order(struct smdpp *smdpp, const json_t *request, json_t *answer,
                          struct refusal_status *status)
{
    const char *eid, *matching_id, *code, *smds;
    char iccid[ICCID_DIGITS_MAX + 1];
    struct order order;
    enum order_state next;
    bool release;

    if (!take_iccid(request, iccid, status) || !rsp_take_eid(request, &eid, status) ||
        !rsp_take_text(request, "matchingId", 0, STORE_MATCHING_ID_MAX, MATCHING_ID_CHARS, &matching_id,
                       status) ||
        !rsp_take_text(request, "confirmationCode", 1, CODE_MAX, NULL, &code, status) ||
        !rsp_take_text(request, "smdsAddress", 1, STORE_SMDS_MAX, NULL, &smds, status) ||
        !rsp_take_flag(request, "releaseFlag", &release, status) ||
        !find_ordered(smdpp, iccid, &order, status))
        return false;
    next = order.state;
    if (!order_advance(&next, release ? ORDER_EVENT_CONFIRM_RELEASE : ORDER_EVENT_CONFIRM))
        return refusal_note(status, REFUSAL_ICCID_TRANSITION, "it is %s", order_state_name(order.state));
    if (!take_association(smdpp, &order, eid, matching_id, smds, status))
        return false;
    if (code != NULL) {
        order.has_code = confirmation_code_hash(code, order.code_hash);
        if (!order.has_code)
            return refusal_note(status, REFUSAL_INTERNAL, "SHA-256");
    }
    put_confirmed(smdpp, &order, answer);
    if (smds != NULL && release)
        return smdpp_registration_begin(smdpp, &order, ORDER_EVENT_CONFIRM_RELEASE, smds, status);
    return store_confirmed(smdpp, &order, release, smds, status);
}

/* --- ReleaseProfile (5.3.4), CancelOrder (5.3.3) -------------------------------------------------------- */

static bool release_profile(struct smdpp *smdpp, const json_t *request, json_t *answer,
                            struct refusal_status *status)
{
    char iccid[ICCID_DIGITS_MAX + 1], smds[STORE_SMDS_MAX + 1];
    struct order order;

    (void)answer;
    if (!take_iccid(request, iccid, status) || !find_ordered(smdpp, iccid, &order, status))
        return false;
    if (order.state == ORDER_CONFIRMED && smdpp_event_kept(smdpp, iccid, smds))
        return smdpp_registration_begin(smdpp, &order, ORDER_EVENT_RELEASE, smds, status);
    return smdpp_order_event(smdpp, &order, ORDER_EVENT_RELEASE) ||
           refusal_note(status, REFUSAL_ICCID_TRANSITION, "it is %s", order_state_name(order.state));
}

static bool cancel_order(struct smdpp *smdpp, const json_t *request, json_t *answer,
                         struct refusal_status *status)
{
    const char *eid, *matching_id, *final;
    char iccid[ICCID_DIGITS_MAX + 1];
    struct order order;
    bool retire;

    (void)answer;
    if (!take_iccid(request, iccid, status) || !rsp_take_eid(request, &eid, status) ||
        !rsp_take_text(request, "matchingId", 0, STORE_MATCHING_ID_MAX, MATCHING_ID_CHARS, &matching_id,
                       status) ||
        !rsp_take_text(request, "finalProfileStatusIndicator", 1, 32, NULL, &final, status) ||
        !rsp_require(final, "finalProfileStatusIndicator", status) ||
        !find_ordered(smdpp, iccid, &order, status))
        return false;
    retire = strcmp(final, "Unavailable") == 0;
    if (!retire && strcmp(final, "Available") != 0)
        return refusal_note(status, REFUSAL_INPUT_INVALID,
                            "finalProfileStatusIndicator is neither Available nor Unavailable");
    if (eid != NULL && strcmp(eid, order.eid) != 0)
        return refusal_note(status, REFUSAL_EID_ASSOCIATION, NULL);
    if (matching_id != NULL && strcmp(matching_id, order.matching_id) != 0)
        return refusal_note(status, REFUSAL_MATCHING_ID_ASSOCIATION, NULL);
    order.eid[0] = '\0';
    order.matching_id[0] = '\0';
    return smdpp_order_event(smdpp, &order, retire ? ORDER_EVENT_RETIRE : ORDER_EVENT_CANCEL) ||
           refusal_note(status, REFUSAL_ICCID_TRANSITION, "it is %s", order_state_name(order.state));
}

/* --- The table ------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    bool (*run)(struct smdpp *smdpp, const json_t *request, json_t *answer, struct refusal_status *status);
} functions[] = {
    {"downloadOrder", download_order},
    {"confirmOrder", confirm_order},
    {"releaseProfile", release_profile},
    {"cancelOrder", cancel_order},
};

/* Executed, or refused. `fields` is released. */
static void finish_function(const char *function, const struct refusal_status *status, json_t *fields,
                            struct http_answer *answer)
{
    json_t *json = json_with_status(status);

    log_line(LOG_LEVEL_INFO, "ES2+ %s: %s%s%s", function, refusal_codes(status->refusal)->message,
             status->detail[0] != '\0' ? ": " : "", status->detail);
    if (status->refusal == REFUSAL_NONE)
        json_object_update(json, fields);
    json_decref(fields);
    answer_json(answer, 200, json);
}

void es2p_answer(struct smdpp *smdpp, const char *function, const json_t *request, struct http_answer *answer)
{
    struct refusal_status status = {0};
    json_t *fields;
    size_t i = 0;

    while (i < sizeof(functions) / sizeof(functions[0]) && strcmp(functions[i].name, function) != 0)
        i++;
    if (i == sizeof(functions) / sizeof(functions[0])) {
        answer_refusal(answer, 404, REFUSAL_INPUT_INVALID, "no such ES2+ function");
        return;
    }
    fields = json_object();
    if (rsp_check_header(request, &status))
        functions[i].run(smdpp, request, fields, &status);
    finish_function(function, &status, fields, answer);
}

void es2p_answer_registered(struct smdpp *smdpp, struct smdpp_registration *registration,
                            const struct es12_reply *reply, struct http_answer *answer)
{
    bool releases = registration->by == ORDER_EVENT_RELEASE;
    struct refusal_status status = {0};
    json_t *fields = json_object();

    if (smdpp_registration_end(smdpp, registration, reply, &status) && !releases)
        put_confirmed(smdpp, &registration->order, fields);
    finish_function(releases ? "releaseProfile" : "confirmOrder", &status, fields, answer);
}
