/*
 * Pending notifications (SGP.32 3.6, SGP.22 3.5): each goes out by HandleNotification, to its server or to
 * the eIM that passes it on, and is removed when it was taken. One that is not stays for the next poll.
 */
#include "ipa/ipa_internal.h"
#include "protocol/tags.h"

#include <string.h>

/* The result of the download that the polled eIM has just relayed: it knows everything else about it. */
static bool was_relayed(const struct ipa *ipa, struct span pending)
{
    return !ipa->download.direct && ipa->download.installation.size > 0 &&
           span_equal(pending, buf_span(&ipa->download.installation));
}

void notification_put(struct ipa *ipa, struct span pending, struct buf *out)
{
    struct span content;

    if (!ipa->settings.compact)
        buf_append(out, pending);
    else if (tlv_single(pending, TAG_INSTALLATION_RESULT, &content) != TLV_OK)
        compact_other_notification(pending, ipa_known(ipa), ipa->eid, out);
    else if (was_relayed(ipa, pending))
        compact_installation_result(pending, out);
    else
        buf_append(out, pending);
}

void notifications_list(struct ipa *ipa)
{
    struct span list;

    if (!card_retrieve(ipa, SPAN_NONE, &list)) {
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
        return;
    }
    buf_append(&ipa->notifications, list);
    if (ipa_refusal_keep_listed(ipa, list, true))
        ipa_enter(ipa, STEP_NOTIFICATION);
}

static void send(struct ipa *ipa, struct span pending, bool direct, const char *address)
{
    size_t request = 0;
    size_t outer;
    size_t inner;

    buf_clear(&ipa->out);
    if (direct)
        request = tlv_open(&ipa->out, 0xA2);
    outer = tlv_open(&ipa->out, TAG_HANDLE_NOTIFICATION);
    inner = tlv_open(&ipa->out, 0xA0);
    if (direct)
        buf_append(&ipa->out, pending);
    else
        notification_put(ipa, pending, &ipa->out);
    tlv_close(&ipa->out, inner);
    tlv_close(&ipa->out, outer);
    if (direct)
        tlv_close(&ipa->out, request);
    ipa_send(ipa, STEP_NOTIFICATION, direct ? IPA_PEER_SMDP : IPA_PEER_EIM, address);
}

void notifications_next(struct ipa *ipa)
{
    struct tlv_reader reader = tlv_reader(buf_span(&ipa->notifications));
    struct tlv pending;

    reader.offset = ipa->notifications_offset;
    while (tlv_next(&reader, &pending) == TLV_OK) {
        struct span address;
        struct span iccid;
        char text[IPA_ADDRESS_MAX + 1];
        bool direct = !ipa_through_eim(ipa);
        bool waits;

        ipa->notifications_offset = reader.offset;
        if (!notification_metadata(pending.whole, &ipa->notification_number, &address, &iccid))
            continue;
        if (!ipa_refusal_waits(ipa, ipa->notification_number, &waits))
            return;
        if (waits)
            continue;
        memcpy(text, address.data, address.size);
        text[address.size] = '\0';
        memcpy(ipa->notification_address, text, sizeof(text));
        if (direct && !ipa->settings.direct) {
            ipa_tell(ipa, IPA_EVENT_NOTIFICATION_LEFT, pending.whole, ipa->notification_number, 0, text);
            continue;
        }
        send(ipa, pending.whole, direct, direct ? text : "");
        return;
    }
    ipa_end_noted(ipa);
}

void notifications_answered(struct ipa *ipa, struct span answer)
{
    (void)answer; /* there is none, or none that means anything */
    if (!card_remove(ipa, ipa->notification_number)) {
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
        return;
    }
    ipa_tell(ipa, IPA_EVENT_NOTIFICATION, SPAN_NONE, ipa->notification_number, 0, ipa->notification_address);
    if (ipa_refusal_forget(ipa, ipa->notification_number))
        ipa_go_on(ipa);
}

void notifications_refused(struct ipa *ipa, const char *why)
{
    if (ipa->message.peer == IPA_PEER_EIM)
        ipa_note(ipa, IPA_REFUSED, true, why);
    if (ipa_refusal_note(ipa, ipa->notification_number, true, why))
        ipa_go_on(ipa);
}

void notifications_lost(struct ipa *ipa, const char *why)
{
    if (ipa->message.peer == IPA_PEER_EIM) {
        ipa_end(ipa, IPA_UNREACHABLE, "%s", why);
        return;
    }
    ipa_tell(ipa, IPA_EVENT_NOTIFICATION_LEFT, SPAN_NONE, ipa->notification_number, 0,
             ipa->notification_address);
    ipa_go_on(ipa);
}
