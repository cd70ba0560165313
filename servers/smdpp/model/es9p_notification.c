/* HandleNotification (SGP.22 5.6.4): check who signed it, keep it, and let it change the order it is about.
 * See es9p.h. */
#include "servers/smdpp/model/es9p.h"

#include "apdu/tlv.h"
#include "common/log.h"

#include <stdio.h>
#include <string.h>

#define OPERATION_DELETE 3

/* ErrorReason values that another try may cure. */
#define ERROR_INSUFFICIENT_MEMORY 10
#define ERROR_INTERRUPTION        11

static void es9p_notification_describe(const struct pending_notification *notification,
                                       struct received_notification *out)
{
    out->received = smdpp_now();
    snprintf(out->operation, sizeof(out->operation), "%s", names_of(NAMES_EVENT, notification->operation));
    snprintf(out->address, sizeof(out->address), "%.*s", (int)notification->address.size,
             (const char *)notification->address.data);
    out->sequence_number = (int64_t)notification->sequence_number;
    if (notification->iccid.data != NULL)
        iccid_to_digits(notification->iccid, out->iccid);
    if (notification->is_installation && notification->installed)
        snprintf(out->result, sizeof(out->result), "success");
    else if (notification->is_installation)
        snprintf(out->result, sizeof(out->result), "%s(%u) in command %u",
                 names_of(NAMES_INSTALL_ERROR, notification->error_reason),
                 (unsigned)notification->error_reason, (unsigned)notification->command_id);
}

/* Lets the order of this ICCID have the event when it is bound to this eUICC. A notification that comes twice
 * finds no transition, and that is no failure. */
static bool apply_to_order(struct smdpp *smdpp, const char *iccid, const char *eid, enum order_event event)
{
    struct order order;
    enum store_answer found = store_order_by_iccid(smdpp->store, iccid, &order);

    if (found != STORE_FOUND)
        return found == STORE_NONE;
    return strcmp(order.eid, eid) != 0 || smdpp_order_event(smdpp, &order, event) != ORDER_NOT_STORED;
}

static bool apply_installation(struct smdpp *smdpp, const struct pending_notification *notification,
                               const struct download *download)
{
    bool again = notification->error_reason == ERROR_INSUFFICIENT_MEMORY ||
                 notification->error_reason == ERROR_INTERRUPTION;
    enum order_event event = notification->installed ? ORDER_EVENT_INSTALLED
                             : again                 ? ORDER_EVENT_INTERRUPTED
                                                     : ORDER_EVENT_FAILED;

    return (again || store_binding_forget(smdpp->store, download->profile, download->eid)) &&
           (!download->ordered || apply_to_order(smdpp, download->iccid, download->eid, event));
}

/* What a notification changes, if its signature is good. False on a storage error. */
static bool receive(struct smdpp *smdpp, const struct pending_notification *notification,
                    struct received_notification *received)
{
    struct download download = {0};
    struct refusal_status why = {0};
    struct refusal_status result = {0};
    enum store_answer found = notification->is_installation
                                  ? store_download_find(smdpp->store, notification->transaction_id, &download)
                                  : STORE_NONE;
    struct cert *signer = found == STORE_FOUND ? cert_parse(buf_span(&download.euicc_cert), NULL) : NULL;
    bool ok = found != STORE_FAILED;

    received->verified =
        ok && pending_notification_verify(&smdpp->dp.rsp.trust, notification, signer, received->eid, &why);
    if (ok && !received->verified) {
        log_line(LOG_LEVEL_ERROR, "notification %s, number %lld: not verified, %s%s%s", received->operation,
                 (long long)received->sequence_number, refusal_codes(why.refusal)->message,
                 why.detail[0] != '\0' ? ": " : "", why.detail);
    } else if (ok && notification->is_installation) {
        if (!notification->installed)
            refusal_note(&result, REFUSAL_EUICC_ERROR, "%s", received->result);
        es9p_report_progress(download.iccid, download.eid, ES9P_POINT_INSTALLATION, &result);
        ok = apply_installation(smdpp, notification, &download);
    } else if (ok && notification->operation == OPERATION_DELETE && received->iccid[0] != '\0') {
        ok = apply_to_order(smdpp, received->iccid, received->eid, ORDER_EVENT_DELETED);
    }
    cert_free(signer);
    buf_free(&download.euicc_cert);
    return ok;
}

/* Reading (5.6.4, 6.3): the function has no refusals. What can be read is kept and answered with 204, so that
 * an LPA removes it from the card; what cannot be verified changes nothing. It is kept together with what it
 * changes, or refused: then the LPA keeps it, and sends it again. */
bool es9p_handle_notification(struct smdpp *smdpp, const struct span *inputs, struct es9p_message *answer,
                              struct refusal_status *status)
{
    struct pending_notification notification;
    struct received_notification received = {0};
    bool ok;

    (void)answer;
    if (!pending_notification_parse(inputs[ES9P_NOTIFICATION], &notification, status))
        return false;
    es9p_notification_describe(&notification, &received);
    db_begin(smdpp->store);
    ok = receive(smdpp, &notification, &received) &&
         store_notification_add(smdpp->store, &received, inputs[ES9P_NOTIFICATION]);
    if (!db_commit(smdpp->store) || !ok)
        return smdpp_refuse_storage(smdpp, "cannot store the notification", status);
    log_line(LOG_LEVEL_INFO, "notification %s, number %lld, ICCID %s, EID %s%s%s%s", received.operation,
             (long long)received.sequence_number, received.iccid[0] != '\0' ? received.iccid : "-",
             received.eid[0] != '\0' ? received.eid : "-", received.result[0] != '\0' ? ": " : "",
             received.result, received.verified ? "" : " (not verified)");
    return true;
}
