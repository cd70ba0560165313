/*
 * Notifications and eUICC Package Results for an IPA (SGP.32 5.9.11, 5.9.12): the two kinds share their
 * numbers, so one request finds and removes either. What an LPA of SGP.22 asks is answered as it expects.
 */
#include "euicc/iot/es10_iot.h"
#include "euicc/lifecycle/notification.h"
#include "euicc/lifecycle/package_result.h"
#include "euicc/rsp/es10_common.h"
#include "protocol/tags.h"

#define TAG_NOTIFICATIONS   0xA0
#define TAG_PACKAGE_RESULTS 0xA2

enum { NOTHING_TO_DELETE = 1 };

/* searchCriteria: A0 { 80 seqNumber | 81 profileManagementOperation | 82 euiccPackageResults },
 * or nothing. */
struct search {
    struct notification_filter filter;
    bool results; /* euiccPackageResults */
};

static bool read_criteria(struct span content, struct search *search)
{
    struct tlv criterion;

    if (tlv_only(content, &criterion) != TLV_OK)
        return false;
    switch (criterion.tag) {
    case 0x80:
        return es10_sequence_number(criterion.value, &search->filter.sequence);
    case 0x81:
        return notification_events_read(criterion.value, &search->filter.events);
    case 0x82:
        search->results = true;
        return criterion.value.size == 0;
    default:
        return false;
    }
}

static bool put_notification(void *context, struct span metadata, struct span signed_object)
{
    struct buf *out = context;

    (void)metadata;
    buf_append(out, signed_object);
    return !out->failed;
}

static bool put_result(void *context, struct span result)
{
    struct buf *out = context;

    buf_append(out, result);
    return !out->failed;
}

/* Appends the list of one kind. False: it is empty, and nothing was appended. */
static bool put_list(struct softeuicc *card, const struct search *search, uint32_t tag, struct buf *response)
{
    size_t start = response->size;
    size_t list = tlv_open(response, tag);
    bool empty;

    if (tag == TAG_PACKAGE_RESULTS)
        package_result_each(card, search->filter.sequence, put_result, response);
    else
        notification_each(card, &search->filter, put_notification, response);
    empty = response->size == list;
    tlv_close(response, list);
    if (empty)
        response->size = start;
    return !empty;
}

/*
 * Reading of SGP.32 5.9.11: its answer has no noResultAvailable, so a list may be empty. IPAs ask without
 * criteria whether there is anything; those of v1.0 ask for a number that they read out of a package error
 * too, and would not report the error if the answer were one itself.
 */
static uint16_t put_found(struct softeuicc *card, const struct search *search, struct buf *response)
{
    uint32_t tag = search->results ? TAG_PACKAGE_RESULTS : TAG_NOTIFICATIONS;
    size_t outer = tlv_open(response, TAG_RETRIEVE_NOTIFICATIONS);

    if (!put_list(card, search, tag, response) &&
        (search->filter.sequence == 0 || !put_list(card, search, TAG_PACKAGE_RESULTS, response)))
        tlv_put(response, tag, SPAN_NONE);
    tlv_close(response, outer);
    return es10_finish(card, response);
}

uint16_t es10b_iot_retrieve_notifications_list(struct softeuicc *card, struct span request,
                                               struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    struct search search = {.filter = {NOTIFICATION_ALL_EVENTS, 0}};
    struct span value;

    if ((tlv_optional(&reader, 0xA0, &value) && !read_criteria(value, &search)) ||
        !tlv_skip_later(&reader, 2)) /* nor a criterion without the tag of the CHOICE around it */
        return ES10_BAD_REQUEST;
    return put_found(card, &search, response);
}

uint16_t es10b_iot_remove_notification(struct softeuicc *card, struct span request, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    uint64_t sequence = 0;
    struct span value;
    bool removed;

    if (!tlv_require(&reader, 0x80, &value) || !es10_sequence_number(value, &sequence) ||
        !tlv_skip_rest(&reader))
        return ES10_BAD_REQUEST;
    removed = notification_remove(card, sequence) || package_result_remove(card, sequence);
    return es10_result(card, response, TAG_REMOVE_NOTIFICATION, removed ? 0 : NOTHING_TO_DELETE);
}
