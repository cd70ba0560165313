/*
 * ES10b: challenge, notifications, RAT, CRL (SGP.22 5.7.7, 5.7.9-5.7.12, 5.7.22). EUICCInfo is euicc_info.c,
 * the download functions are download.c and bpp.c.
 */
#include "euicc/lifecycle/notification.h"
#include "euicc/lifecycle/session.h"
#include "euicc/profile/policy.h"
#include "euicc/rsp/crl_store.h"
#include "euicc/rsp/es10_common.h"
#include "protocol/tags.h"

enum { NO_RESULT_AVAILABLE = 1, NOTHING_TO_DELETE = 1 };

uint16_t es10b_get_euicc_challenge(struct softeuicc *card, struct span request, struct buf *response)
{
    uint8_t challenge[RSP_CHALLENGE_SIZE];
    size_t outer;

    if (!tlv_is_sequence(request))
        return ES10_BAD_REQUEST;
    if (!rsp_session_start(card, challenge))
        return ES10_FAILED;
    outer = tlv_open(response, TAG_GET_EUICC_CHALLENGE);
    tlv_put(response, 0x80, SPAN_ARRAY(challenge));
    tlv_close(response, outer);
    return es10_finish(card, response);
}

static bool put_metadata(void *context, struct span metadata, struct span signed_object)
{
    struct buf *out = context;

    (void)signed_object;
    buf_append(out, metadata);
    return !out->failed;
}

static bool put_signed_object(void *context, struct span metadata, struct span signed_object)
{
    struct buf *out = context;

    (void)metadata;
    buf_append(out, signed_object);
    return !out->failed;
}

uint16_t es10b_list_notification(struct softeuicc *card, struct span request, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    struct notification_filter filter = {NOTIFICATION_ALL_EVENTS, 0};
    struct span value;
    struct es10_ok ok;

    if ((tlv_optional(&reader, 0x81, &value) && !notification_events_read(value, &filter.events)) ||
        !tlv_skip_later(&reader, 1))
        return ES10_BAD_REQUEST;
    ok = es10_open_ok(response, TAG_LIST_NOTIFICATION);
    notification_each(card, &filter, put_metadata, response);
    return es10_close_ok(card, response, ok);
}

/* searchCriteria: A0 { 80 seqNumber | 81 profileManagementOperation }. */
static bool read_search(struct span content, struct notification_filter *filter)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span value;

    if (tlv_peek(&reader) == 0x80)
        return tlv_require(&reader, 0x80, &value) && es10_sequence_number(value, &filter->sequence) &&
               tlv_finish(&reader);
    return tlv_require(&reader, 0x81, &value) && notification_events_read(value, &filter->events) &&
           tlv_finish(&reader);
}

uint16_t es10b_retrieve_notifications_list(struct softeuicc *card, struct span request, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    struct notification_filter filter = {NOTIFICATION_ALL_EVENTS, 0};
    size_t start = response->size;
    struct span value;
    struct es10_ok ok;

    if ((tlv_optional(&reader, 0xA0, &value) && !read_search(value, &filter)) ||
        !tlv_skip_later(&reader, 1)) /* nor a criterion without the tag of the CHOICE around it */
        return ES10_BAD_REQUEST;
    ok = es10_open_ok(response, TAG_RETRIEVE_NOTIFICATIONS);
    notification_each(card, &filter, put_signed_object, response);
    /* Reading of SGP.22 5.7.10: whatever was asked for, nothing found is noResultAvailable, not an empty
     * list. */
    if (response->size == ok.inner && !response->failed) {
        response->size = start;
        return es10_choice_error(card, response, TAG_RETRIEVE_NOTIFICATIONS, NO_RESULT_AVAILABLE);
    }
    return es10_close_ok(card, response, ok);
}

uint16_t es10b_remove_notification(struct softeuicc *card, struct span request, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    uint64_t sequence = 0;
    struct span value;

    if (!tlv_require(&reader, 0x80, &value) || !es10_sequence_number(value, &sequence) ||
        !tlv_skip_rest(&reader))
        return ES10_BAD_REQUEST;
    return es10_result(card, response, TAG_REMOVE_NOTIFICATION,
                       notification_remove(card, sequence) ? 0 : NOTHING_TO_DELETE);
}

uint16_t es10b_get_rat(struct softeuicc *card, struct span request, struct buf *response)
{
    struct es10_ok ok;

    if (!tlv_is_sequence(request))
        return ES10_BAD_REQUEST;
    ok = es10_open_ok(response, TAG_GET_RAT);
    policy_put_rat(card, response);
    return es10_close_ok(card, response, ok);
}

/*
 * LoadCRLRequest's only member has no tag of its own, so AUTOMATIC TAGS makes the CertificateList A0.
 * Reading: the list with its own tag, as it comes from a CI's server, is taken as well.
 */
static bool read_crl(struct span request, struct buf *der)
{
    struct tlv_reader reader = tlv_reader(request);
    struct span content;

    if (!tlv_require(&reader, tlv_peek(&reader) == 0x30 ? 0x30 : 0xA0, &content) || !tlv_skip_rest(&reader))
        return false;
    tlv_put(der, 0x30, content);
    return true;
}

/* LoadCRLResponseOk: A0 { [A0 { 02 part … }] }. */
static uint16_t put_loaded(struct softeuicc *card, const struct crl_load *load, struct buf *response)
{
    struct es10_ok ok = es10_open_ok(response, TAG_LOAD_CRL);

    crl_store_put_missing(card, load, response);
    return es10_close_ok(card, response, ok);
}

uint16_t es10b_load_crl(struct softeuicc *card, struct span request, struct buf *response)
{
    struct buf der = {0};
    struct crl_load load;
    enum crl_load_error error;

    if (!read_crl(request, &der)) {
        buf_free(&der);
        return ES10_BAD_REQUEST;
    }
    error = der.failed ? CRL_LOAD_UNDEFINED : crl_store_load(card, buf_span(&der), &load);
    buf_free(&der);
    return error == CRL_LOADED ? put_loaded(card, &load, response)
                               : es10_choice_error(card, response, TAG_LOAD_CRL, error);
}
