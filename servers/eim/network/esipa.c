/* ESipa messages. See esipa.h. */
#include "servers/eim/network/esipa.h"

#include "apdu/tlv.h"
#include "common/log.h"
#include "protocol/tags.h"

struct answering {
    struct eim *eim;
    struct relay *relay;
    esipa_done *done;
    void *context;
};

static void esipa_request_answer(const struct answering *to, uint32_t tag, const struct buf *content)
{
    struct buf out = {0};

    tlv_put(&out, tag, buf_span(content));
    to->done(to->context, out.failed || content->failed ? ESIPA_MALFORMED : ESIPA_ANSWERED, buf_span(&out));
    buf_free(&out);
}

static void malformed(const struct answering *to, const char *what)
{
    log_line(LOG_LEVEL_INFO, "ESipa %s: not well-formed", what);
    to->done(to->context, ESIPA_MALFORMED, SPAN("", 0));
}

/* --- GetEimPackage, 5.14.5 ------------------------------------------------------------------------------ */

static bool parse_poll(struct span content, struct eim_poll *poll)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span value;

    *poll = (struct eim_poll){0};
    tlv_optional(&reader, 0x5A, &poll->eid);
    if (tlv_optional(&reader, 0x80, &value)) {
        if (value.size != 0)
            return false;
        poll->state_changed = true;
    }
    poll->has_cause = tlv_optional(&reader, 0x81, &value);
    if (poll->has_cause && !tlv_signed(value, &poll->cause))
        return false;
    if (tlv_optional(&reader, 0x82, &poll->network) && poll->network.size != 3)
        return false;
    return tlv_skip_rest(&reader);
}

static void get_eim_package(const struct answering *to, struct span content)
{
    struct buf out = {0};
    struct eim_poll poll;
    enum eim_error error = EIM_ERROR_UNDEFINED;

    if (parse_poll(content, &poll))
        error = eim_next_package(to->eim, &poll, &out);
    if (error != EIM_ERROR_NONE) {
        buf_clear(&out);
        tlv_put_unsigned(&out, 0x02, (uint64_t)error);
    }
    esipa_request_answer(to, TAG_GET_EIM_PACKAGE, &out);
    buf_free(&out);
}

/* --- ProvideEimPackageResult, 5.14.6 -------------------------------------------------------------------- */

static const char *eid_text(struct span eid, char text[EIM_EID_DIGITS + 1])
{
    text[0] = '\0';
    return eid.size == EIM_EID_OCTETS ? hex_from_span(eid, text, EIM_EID_DIGITS + 1) : text;
}

/* A list of PendingNotification in full form. What cannot be restored is left out: the IPA gets no
 * acknowledgement for it and keeps it. */
static bool put_full_list(const struct answering *to, struct span eid, struct span list, struct buf *out)
{
    struct tlv_reader reader = tlv_reader(list);
    struct tlv pending;

    while (tlv_next(&reader, &pending) == TLV_OK) {
        char whose[EIM_EID_DIGITS + 1];
        struct buf full = {0};
        enum compact_status status;

        eid_text(eid, whose);
        status = relay_restore_notification(relay_sessions(to->relay), whose, pending.whole, &full);
        if (status == COMPACT_OK)
            buf_append(out, buf_span(&full));
        else
            log_line(LOG_LEVEL_INFO, "ESipa provideEimPackageResult: a notification is left out: %s",
                     compact_status_name(status));
        buf_free(&full);
    }
    return tlv_good(&reader);
}

/* The result with the notification list that a path of tags leads to in full form; all else as it was. The
 * path's last element may be v1.0's list, which holds the list in A0 once more. */
static bool put_full(const struct answering *to, struct span eid, struct span content, const uint32_t *path,
                     struct buf *out)
{
    struct tlv_reader reader = tlv_reader(content);
    struct tlv tlv;
    static const uint32_t inner[] = {0xA0, 0};
    bool ok = true;

    while (ok && tlv_next(&reader, &tlv) == TLV_OK) {
        bool old = tlv.tag == TAG_RETRIEVE_NOTIFICATIONS && path[0] == 0xA0 && path[1] == 0;
        size_t at;

        if (tlv.tag != path[0] && !old) {
            buf_append(out, tlv.whole);
            continue;
        }
        at = tlv_open(out, tlv.tag);
        if (old)
            ok = put_full(to, eid, tlv.value, inner, out);
        else if (path[1] == 0)
            ok = put_full_list(to, eid, tlv.value, out);
        else
            ok = put_full(to, eid, tlv.value, path + 1, out);
        tlv_close(out, at);
    }
    return ok && tlv_good(&reader);
}

/* An EimPackageResult in full form: lists are in ePRAndNotifications and in ipaEuiccData. */
static bool restore_result(const struct answering *to, struct span eid, const struct tlv *result,
                           struct buf *out)
{
    static const uint32_t with_list[] = {0xA0, 0};
    static const uint32_t data[] = {0xA0, 0xA0, 0};
    size_t at;
    bool ok;

    if (result->tag != 0x30 && result->tag != TAG_IPA_EUICC_DATA) {
        buf_append(out, result->whole);
        return true;
    }
    at = tlv_open(out, result->tag);
    ok = put_full(to, eid, result->value, result->tag == 0x30 ? with_list : data, out);
    tlv_close(out, at);
    return ok;
}

/* Zero, or the provideEimPackageResultError. */
static enum eim_error take_result(const struct answering *to, struct span content, bool *has_eid,
                                  struct buf *acknowledgements)
{
    struct tlv_reader reader = tlv_reader(content);
    struct buf full = {0};
    enum eim_error error = EIM_ERROR_UNDEFINED;
    struct tlv result;
    struct span eid, rest;

    *has_eid = tlv_optional(&reader, 0x5A, &eid);
    if (*has_eid && eid.size != EIM_EID_OCTETS)
        return EIM_ERROR_INVALID_EID;
    rest = SPAN(content.data + reader.offset, content.size - reader.offset);
    /* What is none, or cannot be restored, is an answer all the same, and the eIM says so in its order. */
    if (tlv_next(&reader, &result) != TLV_OK || !tlv_skip_rest(&reader))
        error = eim_take_result(to->eim, eid, rest, acknowledgements);
    else if (!restore_result(to, eid, &result, &full))
        error = eim_take_result(to->eim, eid, result.whole, acknowledgements);
    else if (!full.failed)
        error = eim_take_result(to->eim, eid, buf_span(&full), acknowledgements);
    buf_free(&full);
    return error;
}

static void provide_result(const struct answering *to, struct span content)
{
    struct buf out = {0}, acknowledgements = {0};
    bool has_eid;
    enum eim_error error = take_result(to, content, &has_eid, &acknowledgements);

    /* Reading (6.3.2.7): in v1.0 neither request nor answer is a CHOICE, and an answer without
     * acknowledgements is an empty SEQUENCE. An IPA that gives no eidValue is taken for one of v1.0. */
    if (error != EIM_ERROR_NONE)
        tlv_put_unsigned(&out, 0x02, (uint64_t)error);
    else if (acknowledgements.size > 0)
        tlv_put(&out, TAG_EIM_ACKNOWLEDGEMENTS, buf_span(&acknowledgements));
    else if (has_eid)
        tlv_put(&out, 0x30, SPAN("", 0));
    esipa_request_answer(to, TAG_PROVIDE_EIM_RESULT, &out);
    buf_free(&out);
    buf_free(&acknowledgements);
    relay_forward(to->relay);
}

/* --- HandleNotification, 5.14.7 ------------------------------------------------------------------------- */

static bool take_notification(const struct answering *to, struct span pending)
{
    char eid[EIM_EID_DIGITS + 1] = "";
    struct buf full = {0};
    enum compact_status status = relay_restore_notification(relay_sessions(to->relay), eid, pending, &full);
    bool ok = status == COMPACT_OK;

    if (ok)
        ok = !full.failed && eim_take_notification(to->eim, eid, buf_span(&full));
    else
        log_line(LOG_LEVEL_INFO, "ESipa handleNotification: %s", compact_status_name(status));
    buf_free(&full);
    return ok;
}

/* A ProvideEimPackageResult, which in v1.0 is [1]. */
static bool notified_result(struct span content, struct span *result)
{
    return tlv_single(content, TAG_PROVIDE_EIM_RESULT, result) == TLV_OK ||
           tlv_single(content, 0xA1, result) == TLV_OK;
}

/* [0] pendingNotification or ProvideEimPackageResult. */
static void handle_notification(const struct answering *to, struct span content)
{
    struct buf acknowledgements = {0};
    struct span inner;
    bool has_eid, ok;

    if (tlv_single(content, 0xA0, &inner) == TLV_OK)
        ok = take_notification(to, inner);
    else
        ok = notified_result(content, &inner) &&
             take_result(to, inner, &has_eid, &acknowledgements) == EIM_ERROR_NONE;
    buf_free(&acknowledgements);
    /* Reading (6.3.2.4): this function has no answer, so that a refusal is the transport's. The IPA then
     * keeps the notification, and can send it in full. */
    if (!ok) {
        malformed(to, "handleNotification");
        return;
    }
    to->done(to->context, ESIPA_EMPTY, SPAN("", 0));
    relay_forward(to->relay);
}

static void transfer_eim_package(const struct answering *to, struct span content)
{
    (void)content;
    log_line(LOG_LEVEL_INFO, "ESipa transferEimPackage: inject mode is not supported");
    to->done(to->context, ESIPA_UNSUPPORTED, SPAN("", 0));
}

/* --- Messages ------------------------------------------------------------------------------------------- */

static const struct {
    uint32_t tag;
    void (*take)(const struct answering *to, struct span content);
} functions[] = {
    {TAG_HANDLE_NOTIFICATION, handle_notification},
    {TAG_TRANSFER_EIM_PACKAGE, transfer_eim_package},
    {TAG_GET_EIM_PACKAGE, get_eim_package},
    {TAG_PROVIDE_EIM_RESULT, provide_result},
};

void esipa_message(struct eim *eim, struct relay *relay, struct span message, esipa_done *done, void *context)
{
    const struct answering to = {eim, relay, done, context};
    struct tlv_reader reader = tlv_reader(message);
    struct tlv request;

    if (tlv_next(&reader, &request) != TLV_OK || !tlv_finish(&reader)) {
        malformed(&to, "message");
        return;
    }
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (functions[i].tag == request.tag) {
            functions[i].take(&to, request.value);
            return;
        }
    }
    if (!relay_message(relay, request.tag, request.value, done, context))
        malformed(&to, "message: no such function");
}

struct span esipa_eid(struct span message)
{
    struct tlv_reader reader = tlv_reader(message);
    struct span content, eid;
    struct tlv request;

    if (tlv_next(&reader, &request) != TLV_OK)
        return SPAN_NONE;
    content = request.value;
    if (request.tag == TAG_HANDLE_NOTIFICATION) {
        if (!notified_result(request.value, &content))
            return SPAN_NONE;
    } else if (request.tag != TAG_GET_EIM_PACKAGE && request.tag != TAG_PROVIDE_EIM_RESULT) {
        return SPAN_NONE;
    }
    reader = tlv_reader(content);
    return tlv_optional(&reader, 0x5A, &eid) ? eid : SPAN_NONE;
}
