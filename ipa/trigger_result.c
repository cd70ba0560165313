/*
 * ProfileDownloadTriggerRequest and -Result (SGP.32 2.11.1.3, 2.11.2.3): what a trigger starts, and what the
 * eIM is told at the end, exactly once, also when the power went in between.
 */
#include "ipa/download_internal.h"
#include "protocol/tags.h"

#include <string.h>

/* profileDownloadErrorReason */
enum { REASON_ECALL_ACTIVE = 104, REASON_UNDEFINED = 127 };

void download_clear(struct ipa_download *download)
{
    buf_free(&download->trigger);
    buf_free(&download->installation);
    buf_free(&download->refused);
    buf_free(&download->events);
    buf_free(&download->earlier);
    memset(download, 0, sizeof(*download));
}

static bool installed(struct span result)
{
    static const uint32_t path[] = {TAG_INSTALLATION_RESULT, TAG_INSTALLATION_RESULT_DATA, 0xA2, 0xA0, 0};
    struct span success;

    return tlv_find_path(result, path, &success);
}

/* The installation result of the session that a power cut separated from its report. */
static bool find_result(struct ipa *ipa)
{
    const struct ipa_state *state = &ipa->state;
    static const uint32_t path[] = {TAG_INSTALLATION_RESULT, TAG_INSTALLATION_RESULT_DATA, 0x80, 0};
    uint8_t digest[DIGEST_SIZE];
    struct span list;
    struct span transaction;
    struct tlv_reader reader;
    struct tlv tlv;

    if (!state->downloading || !ipa_digest(buf_span(&ipa->download.trigger), digest) ||
        memcmp(digest, state->trigger, sizeof(digest)) != 0 || !card_retrieve(ipa, SPAN_NONE, &list))
        return false;
    reader = tlv_reader(list);
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if (tlv_find_path(tlv.whole, path, &transaction) &&
            span_equal(transaction, SPAN(state->transaction, state->transaction_size))) {
            buf_append(&ipa->download.installation, tlv.whole);
            return !ipa->download.installation.failed;
        }
    }
    return false;
}

void download_start(struct ipa *ipa, struct span trigger)
{
    struct ipa_download *download = &ipa->download;
    struct ipa_enabled enabled;
    struct span content = SPAN_NONE;
    bool ok;

    download_clear(download);
    download->reason = REASON_UNDEFINED;
    buf_append(&download->trigger, trigger);
    ok = tlv_single(buf_span(&download->trigger), TAG_DOWNLOAD_TRIGGER, &content) == TLV_OK &&
         trigger_read(ipa, download, content);
    if (download->is_misshapen) {
        package_refuse(ipa, download->eim_transaction_id, INVALID_PACKAGE_FORMAT, download->why);
    } else if (!ok || find_result(ipa)) {
        ipa_go(ipa, STEP_DOWNLOAD_RESULT);
    } else if (!ipa_read_enabled(ipa, &enabled)) {
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
    } else if (enabled.emergency) {
        download->reason = REASON_ECALL_ACTIVE;
        download_fail(ipa, "the Emergency Profile is enabled");
    } else {
        ipa_go(ipa, STEP_INITIATE);
    }
}

/* ImmediateEnable for a profile that was just installed (SGP.32 3.4.5). *enabled: it is the enabled
 * one now. */
static bool enable_immediately(struct ipa *ipa, bool *enabled)
{
    struct ipa_immediate outcome;

    *enabled = false;
    if (!change_immediate(ipa, &outcome))
        return false;
    if (!outcome.available)
        return true;
    *enabled = outcome.code == 0;
    ipa_tell(ipa, IPA_EVENT_IMMEDIATE_ENABLE, SPAN_NONE, 0, outcome.code, NULL);
    return true;
}

/* v1.0 has errorResponse only. */
static void put_error(const struct ipa_download *download, bool v1, struct buf *out)
{
    size_t error = tlv_open(out, TAG_SEQUENCE);

    if (!v1)
        tlv_put_unsigned(out, 0x80, (uint64_t)download->reason);
    if (download->refused.size > 0)
        tlv_put(out, v1 ? 0x80 : TAG_OCTET_STRING, buf_span(&download->refused));
    tlv_close(out, error);
}

/* Named leniency: eIMs of SGP.32 v1.0 saw each step that they relayed, and learn its end by the installation
 * result as a notification; onomondo-eim takes no ProfileDownloadTriggerResult. */
static void tell_v1(struct ipa *ipa, bool enabled)
{
    struct span result = buf_span(&ipa->download.installation);
    struct span address;
    struct span iccid;
    uint64_t sequence;
    size_t outer;

    if (!notification_metadata(result, &sequence, &address, &iccid)) {
        ipa->state.downloading = false;
        if (ipa_keep(ipa))
            ipa_go_on(ipa);
        return;
    }
    outer = package_notification_begin(ipa, sequence);
    tlv_put(&ipa->out, 0xA0, result);
    ipa->is_download = true;
    package_result_end(ipa, outer, enabled, enabled ? WORTH_RETRY : WORTH_NEXT_POLL);
}

static void put_result(struct ipa *ipa, bool enabled)
{
    const struct ipa_download *download = &ipa->download;
    struct span address;
    struct span iccid;
    uint64_t sequence;
    size_t outer;
    size_t result;

    if (ipa->is_inject) {
        package_received(ipa, enabled);
        return;
    }
    if (ipa->settings.v1 && !download->direct && (download->has_begun || download->installation.size > 0)) {
        tell_v1(ipa, enabled);
        return;
    }
    outer = package_result_begin(ipa);
    result = tlv_open(&ipa->out, TAG_DOWNLOAD_TRIGGER);
    if (download->eim_transaction_id.size > 0)
        tlv_put(&ipa->out, 0x82, download->eim_transaction_id);
    if (download->installation.size > 0)
        buf_append(&ipa->out, buf_span(&download->installation));
    else
        put_error(download, ipa->settings.v1, &ipa->out);
    tlv_close(&ipa->out, result);
    /* The eIM may acknowledge the installation result as a notification only if it is the one to pass
     * it on. */
    if (!download->direct &&
        notification_metadata(buf_span(&download->installation), &sequence, &address, &iccid))
        package_offer(ipa, sequence);
    ipa->is_download = true;
    package_result_end(ipa, outer, enabled, enabled ? WORTH_RETRY : WORTH_NEXT_POLL);
}

/* Reading (2.11.2.3): a trigger has one result, also when the SM-DS had several events: that of the last
 * profile that was installed, else of the last event. SM-DP+s hear of each by its notification. */
static void keep_best_result(struct ipa_download *download)
{
    bool has_profile = installed(buf_span(&download->installation));
    struct buf best = download->earlier;

    if (has_profile || !installed(buf_span(&best)))
        return;
    download->earlier = download->installation;
    download->installation = best;
}

/* What this event came to is kept, and the next one is begun; false when there is none. */
static bool go_to_next_event(struct ipa *ipa)
{
    struct ipa_download *download = &ipa->download;

    keep_best_result(download);
    download->why[0] = '\0'; /* told */
    if (!download_next_event(ipa))
        return false;
    buf_free(&download->earlier);
    download->earlier = download->installation;
    download->installation = (struct buf){0};
    buf_clear(&download->refused);
    download->transaction_size = 0;
    return true;
}

void download_finish(struct ipa *ipa)
{
    struct ipa_download *download = &ipa->download;
    bool was_before = download->installation.size > 0 && !download->has_begun;
    bool enabled = false;

    ipa_tell(ipa, IPA_EVENT_DOWNLOAD, buf_span(&download->installation), was_before,
             installed(buf_span(&download->installation)) ? 0 : 1,
             download->installation.size > 0 ? NULL : download->why);
    if (go_to_next_event(ipa))
        return;
    if (installed(buf_span(&download->installation))) {
        if (!enable_immediately(ipa, &enabled))
            return;
        if (ipa->eim_count > 1 && !enabled) {
            if (!card_mark_eims(ipa, ipa->eim.id, IPA_CAUSE_OTHER_EIM)) {
                ipa_end(ipa, IPA_CARD, "%s", ipa->why);
                return;
            }
            if (!ipa_keep(ipa))
                return;
        }
    }
    put_result(ipa, enabled);
}
