/*
 * ES2+ in its JSON binding (SGP.22 5.3, 6.5): the operator's orders. What an order may become is in
 * order_state.c; what is asked of each function's parameters is here. See http_api.h.
 */
#include "protocol/rsp_address.h"
#include "servers/smdpp/network/es2p_call.h"
#include "servers/smdpp/network/http_api.h"

#include "common/log.h"
#include "protocol/confirmation_code.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Among the profiles of the catalogue: by ICCID, by type, or by both. */
struct es2p_search {
    bool iccid_known, type_known, both;
    const struct profile *found;  /* deliverable and nobody's */
    const struct profile *broken; /* fits, but cannot be delivered */
};

/* False when the orders cannot be read. */
static bool consider(struct smdpp *smdpp, const struct profile *profile, const char *iccid, const char *type,
                     struct es2p_search *search)
{
    bool has_iccid = strcmp(profile->iccid, iccid) == 0;
    bool has_type = type != NULL && is_of_type(profile, type);
    struct order order;
    enum store_answer ordered;

    search->iccid_known |= has_iccid;
    search->type_known |= has_type;
    if ((iccid[0] != '\0' && !has_iccid) || (type != NULL && !has_type))
        return true;
    search->both = true;
    if (profile->complaint[0] != '\0') {
        search->broken = profile;
        return true;
    }
    ordered = store_order_by_iccid(smdpp->store, profile->iccid, &order);
    if (ordered == STORE_NONE || (ordered == STORE_FOUND && order.state == ORDER_AVAILABLE))
        search->found = profile;
    return ordered != STORE_FAILED;
}

/* Until one is found; false when the orders cannot be read. One that is asked for by its ICCID alone is not
 * searched for among the others. */
static bool consider_all(struct smdpp *smdpp, const char *iccid, const char *type, struct es2p_search *search)
{
    const struct profile_catalogue *catalogue = smdpp->catalogue;
    const struct profile *profile = NULL;
    bool ok = true;

    if (type == NULL) {
        while (ok && search->found == NULL &&
               (profile = profile_catalogue_by_iccid(catalogue, iccid, profile)) != NULL)
            ok = consider(smdpp, profile, iccid, type, search);
        return ok;
    }
    for (size_t i = 0; ok && search->found == NULL && i < profile_catalogue_count(catalogue); i++)
        ok = consider(smdpp, profile_catalogue_at(catalogue, i), iccid, type, search);
    return ok;
}

/* What a card would refuse is refused here, with its reason: later nobody is there to read it. */
static bool refuse_broken(const struct profile *profile, bool by_iccid, struct refusal_status *status)
{
    return refusal_note(status, by_iccid ? REFUSAL_ICCID_IN_USE : REFUSAL_TYPE_UNAVAILABLE, "%s.der: %s",
                        profile->name, profile->complaint);
}

static const struct profile *find_profile(struct smdpp *smdpp, const char *iccid, const char *type,
                                          struct refusal_status *status)
{
    struct es2p_search search = {0};

    if (!consider_all(smdpp, iccid, type, &search)) {
        smdpp_refuse_storage(smdpp, "cannot read the orders", status);
        return NULL;
    }
    if (search.found != NULL)
        return search.found;
    if (iccid[0] != '\0' && !search.iccid_known)
        refusal_note(status, REFUSAL_ICCID_UNKNOWN, NULL);
    else if (type != NULL && !search.type_known)
        refusal_note(status, REFUSAL_TYPE_UNKNOWN, NULL);
    else if (!search.both)
        refusal_note(status, REFUSAL_TYPE_REFUSED, NULL);
    else if (search.broken != NULL)
        refuse_broken(search.broken, iccid[0] != '\0', status);
    else if (iccid[0] != '\0')
        refusal_note(status, REFUSAL_ICCID_IN_USE, "it is ordered");
    else
        refusal_note(status, REFUSAL_TYPE_UNAVAILABLE, NULL);
    return NULL;
}

/* Applies a function's event; what the state table does not have and what cannot be stored are two things. */
static bool advance(struct smdpp *smdpp, struct order *order, enum order_event event,
                    struct refusal_status *status)
{
    switch (smdpp_order_event(smdpp, order, event)) {
    case ORDER_CHANGED:
        return true;
    case ORDER_NO_TRANSITION:
        return refusal_note(status, REFUSAL_ICCID_TRANSITION, "it is %s", order_state_name(order->state));
    default:
        return smdpp_refuse_storage(smdpp, "cannot store the order", status);
    }
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
    order.eid_ordered = eid != NULL;
    order.created = smdpp_now();
    order.expires = smdpp->options.order_lifetime != 0 ? order.created + smdpp->options.order_lifetime : 0;
    if (!advance(smdpp, &order, eid != NULL ? ORDER_EVENT_ORDER_EID : ORDER_EVENT_ORDER, status))
        return false;
    json_object_set_new(answer, "iccid", json_string(order.iccid));
    return true;
}

/* --- ConfirmOrder (5.3.2) ------------------------------------------------------------------------------- */

static bool find_ordered(struct smdpp *smdpp, const char *iccid, struct order *order,
                         struct refusal_status *status)
{
    if (iccid[0] == '\0')
        return refusal_note(status, REFUSAL_INPUT_MISSING, "iccid");
    switch (store_order_by_iccid(smdpp->store, iccid, order)) {
    case STORE_FOUND:
        return true;
    case STORE_NONE:
        return refusal_note(status, REFUSAL_ICCID_UNKNOWN, "no order for %s", iccid);
    default:
        return smdpp_refuse_storage(smdpp, "cannot read the orders", status);
    }
}

/* The file may have changed since it was ordered; one that is gone may come back. */
static bool check_deliverable(struct smdpp *smdpp, const struct order *order, struct refusal_status *status)
{
    const struct profile *profile;
    size_t behind;

    smdpp_refresh_profiles(smdpp);
    behind = profile_catalogue_after(smdpp->catalogue, order->profile);
    if (behind == 0)
        return true;
    profile = profile_catalogue_at(smdpp->catalogue, behind - 1);
    return strcmp(profile->name, order->profile) != 0 || profile->complaint[0] == '\0' ||
           refuse_broken(profile, true, status);
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
    enum store_answer taken;

    if (eid != NULL && order->eid[0] != '\0' && strcmp(order->eid, eid) != 0)
        return refusal_note(status, REFUSAL_EID_ASSOCIATION, NULL);
    if (eid != NULL) {
        snprintf(order->eid, sizeof(order->eid), "%s", eid);
        order->eid_ordered = true;
    }
    if (smds != NULL && order->eid[0] == '\0')
        return refusal_note(status, REFUSAL_EID_MISSING, "for its event at the SM-DS");
    if (smds != NULL && matching_id != NULL && matching_id[0] == '\0')
        return refusal_note(status, REFUSAL_MATCHING_ID_INVALID, NULL);
    if (matching_id == NULL)
        return generate_matching_id(order->matching_id) ||
               refusal_note(status, REFUSAL_INTERNAL, "no random numbers");
    if (matching_id[0] == '\0' && order->eid[0] == '\0')
        return refusal_note(status, REFUSAL_EID_MISSING, NULL);
    taken = store_order_by_matching_id(smdpp->store, matching_id, &other);
    if (taken == STORE_FAILED)
        return smdpp_refuse_storage(smdpp, "cannot read the orders", status);
    if (taken == STORE_FOUND && strcmp(other.iccid, order->iccid) != 0)
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

/* Reading (3.1.1.3, 5.3.2): the event is registered when the profile can be downloaded; for an order that is
 * not released yet the SM-DS is kept, and ReleaseProfile registers it. */
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
        !rsp_take_text(request, "smdsAddress", 1, STORE_SMDS_MAX, RSP_ADDRESS_CHARS, &smds, status) ||
        !rsp_take_flag(request, "releaseFlag", &release, status) ||
        !find_ordered(smdpp, iccid, &order, status))
        return false;
    next = order.state;
    if (!order_advance(&next, release ? ORDER_EVENT_CONFIRM_RELEASE : ORDER_EVENT_CONFIRM))
        return refusal_note(status, REFUSAL_ICCID_TRANSITION, "it is %s", order_state_name(order.state));
    if (!take_association(smdpp, &order, eid, matching_id, smds, status) ||
        !check_deliverable(smdpp, &order, status))
        return false;
    if (code != NULL) {
        order.has_code = confirmation_code_hash(code, order.code_hash);
        if (!order.has_code)
            return refusal_note(status, REFUSAL_INTERNAL, "SHA-256");
    }
    put_confirmed(smdpp, &order, answer);
    if (smds != NULL && release)
        return smdpp_registration_begin(smdpp, &order, ORDER_EVENT_CONFIRM_RELEASE, smds, status);
    if (smds != NULL && !smdpp_event_keep(smdpp, &order, smds, status))
        return false;
    return advance(smdpp, &order, release ? ORDER_EVENT_CONFIRM_RELEASE : ORDER_EVENT_CONFIRM, status);
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
    return advance(smdpp, &order, ORDER_EVENT_RELEASE, status);
}

/* Reading (5.3.3): who takes an order back names the EID that the operator linked to it; the EID that a
 * download brought may be left out, as nobody need know it, but not be another.
 * Named leniency: the matchingId may be left out, as operators' clients have no place for it (es2plus names
 * the ICCID only). */
static bool check_association(const struct order *order, const char *eid, const char *matching_id,
                              struct refusal_status *status)
{
    if (eid == NULL && order->eid_ordered)
        return refusal_note(status, REFUSAL_EID_MISSING, "it is linked to one");
    if (eid != NULL && strcmp(eid, order->eid) != 0)
        return refusal_note(status, REFUSAL_EID_ASSOCIATION, NULL);
    if (matching_id != NULL && strcmp(matching_id, order->matching_id) != 0)
        return refusal_note(status, REFUSAL_MATCHING_ID_ASSOCIATION, NULL);
    return true;
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
    if (!check_association(&order, eid, matching_id, status))
        return false;
    order.eid[0] = '\0';
    order.eid_ordered = false;
    order.matching_id[0] = '\0';
    return advance(smdpp, &order, retire ? ORDER_EVENT_RETIRE : ORDER_EVENT_CANCEL, status);
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

/*
 * Runs a call once: when the answer was lost and the client asks again, with the same functionCallIdentifier,
 * it gets the first answer. What a call changes and its answer are stored together or not at all.
 * Reading (6.5.1.3): a refused call has changed nothing, and is tried again.
 * Named leniency: an identifier that comes with another function or other parameters is a new call, as some
 * clients send the same one always, or that of their own order with each function. So only the last call of
 * an identifier is known again, and for a day.
 */
static void run_once(struct smdpp *smdpp, size_t function, const json_t *request, json_t *fields,
                     struct refusal_status *status)
{
    struct es2p_call call;
    enum store_answer answered;

    if (!rsp_take_header(request, &call.requester, &call.id, status))
        return;
    if (!es2p_call_digest(functions[function].name, request, call.request)) {
        refusal_note(status, REFUSAL_INTERNAL, "out of memory");
        return;
    }
    db_begin(smdpp->store);
    answered = es2p_call_answered(smdpp, &call, fields);
    if (answered == STORE_FOUND)
        log_line(LOG_LEVEL_INFO, "ES2+ %s: call \"%s\" of \"%s\" once more", functions[function].name,
                 call.id, call.requester);
    else if (answered == STORE_FAILED)
        smdpp_refuse_storage(smdpp, "cannot read the calls", status);
    else if (functions[function].run(smdpp, request, fields, status) && smdpp->registration == NULL &&
             !es2p_call_keep(smdpp, &call, fields))
        db_fail(smdpp->store, "the answer cannot be stored");
    if (db_commit(smdpp->store))
        return;
    free(smdpp->registration);
    smdpp->registration = NULL;
    smdpp_refuse_storage(smdpp, "cannot store the call", status);
}

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
    run_once(smdpp, i, request, fields, &status);
    if (smdpp->registration != NULL) { /* its answer comes with the SM-DS's */
        smdpp->registration->request = json_deep_copy(request);
        json_decref(fields);
        return;
    }
    finish_function(function, &status, fields, answer);
}

/* As run_once: the order's change and its answer are stored together. */
static void end_once(struct smdpp *smdpp, struct smdpp_registration *registration,
                     const struct es12_reply *reply, json_t *fields, struct refusal_status *status)
{
    bool releases = registration->by == ORDER_EVENT_RELEASE;
    struct refusal_status ignored = {0};
    struct es2p_call call;

    db_begin(smdpp->store);
    if (smdpp_registration_end(smdpp, registration, reply, status)) {
        if (!releases)
            put_confirmed(smdpp, &registration->order, fields);
        if (!rsp_take_header(registration->request, &call.requester, &call.id, &ignored) ||
            !es2p_call_digest(releases ? "releaseProfile" : "confirmOrder", registration->request,
                              call.request) ||
            !es2p_call_keep(smdpp, &call, fields))
            db_fail(smdpp->store, "the answer cannot be stored");
    }
    if (db_commit(smdpp->store))
        return;
    smdpp_refuse_storage(smdpp, "cannot store the call", status);
    smdpp_registration_undo(smdpp, registration);
}

void es2p_answer_registered(struct smdpp *smdpp, struct smdpp_registration *registration,
                            const struct es12_reply *reply, struct http_answer *answer)
{
    const char *function = registration->by == ORDER_EVENT_RELEASE ? "releaseProfile" : "confirmOrder";
    struct refusal_status status = {0};
    json_t *fields = json_object();

    end_once(smdpp, registration, reply, fields, &status);
    json_decref(registration->request);
    registration->request = NULL;
    finish_function(function, &status, fields, answer);
}
