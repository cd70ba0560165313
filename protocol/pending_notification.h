/* PendingNotification as a server receives it (SGP.22 5.6.4, 2.5.6): reading it, and checking who
 * signed it. */
#ifndef SOFTEUICC_PROTOCOL_PENDING_NOTIFICATION_H
#define SOFTEUICC_PROTOCOL_PENDING_NOTIFICATION_H

#include "protocol/euicc_trust.h"

/* In place. */
struct pending_notification {
    bool is_installation;
    struct span transaction_id;        /* installation */
    bool installed;                    /* installation: successResult */
    uint64_t command_id, error_reason; /* installation, not installed */
    struct span aid;                   /* installation, installed */
    struct span smdp_oid;              /* installation; SPAN_NONE when absent */
    uint64_t sequence_number;
    unsigned operation;  /* bit: 0 install, 1 enable, 2 disable, 3 delete */
    struct span address; /* UTF-8 */
    struct span iccid;   /* ten octets as in EFiccid, or SPAN_NONE */
    struct span signed_data, signature;
    struct span euicc_cert, eum_cert; /* other notifications */
};

bool pending_notification_parse(struct span octets, struct pending_notification *notification,
                                struct refusal_status *status);

/* Checks the signature: against the certificates inside, which must chain to a trusted CI, or, for the
 * result of an installation, against `euicc` from that session (NULL: unknown session, which fails). Writes
 * the EID. */
bool pending_notification_verify(const struct euicc_trust *trust,
                                 const struct pending_notification *notification, const struct cert *euicc,
                                 char eid[33], struct refusal_status *status);

#endif
