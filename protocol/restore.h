/*
 * The compact forms of ESipa (SGP.32 6.3.2, minimizeEsipaBytes) back to what the eUICC has signed: an IPA
 * leaves out what the eIM knows, the eIM puts it in again. The eUICC's signature is checked over the restored
 * form, so that nothing wrong is relayed; what is in full form already is passed on as it is, unchecked.
 *
 * Nothing is looked up here: the caller says what is known. Making compact forms is the IPA's (ipa).
 */
#ifndef SOFTEUICC_PROTOCOL_RESTORE_H
#define SOFTEUICC_PROTOCOL_RESTORE_H

#include "apdu/bytes.h"

/* SPAN_NONE for whatever is not known. Objects are whole, with tag and length, unless it says "content". */
struct compact_known {
    /* of the eUICC */
    struct span euicc_cert; /* 30 */
    struct span eum_cert;   /* 30 */
    struct span info2;      /* BF22, as of some earlier time */
    struct span ci_key_id;  /* content: of the CI that these certificates are under */
    /* of the session with the SM-DP+ */
    struct span transaction_id;   /* content */
    struct span server_address;   /* content, from serverSigned1 */
    struct span server_challenge; /* content, from serverSigned1 */
    struct span server_oid;       /* content, from CERT.DPauth */
    struct span ctx_params1;      /* A0, when the eIM made it */
    struct span smdp_signature2;  /* 5F37 */
    struct span offered_otpk;     /* content: bppEuiccOtpk of smdpSigned2 */
    struct span hash_cc;          /* content: what the eIM sent */
    struct span iccid;            /* content, from the profile's metadata */
};

enum compact_status {
    COMPACT_OK,            /* `out` has the full form */
    COMPACT_MALFORMED,     /* neither the full nor the compact form */
    COMPACT_UNKNOWN,       /* what was left out is not known here */
    COMPACT_BAD_SIGNATURE, /* restored, but that is not what the eUICC has signed */
};

/* A short lower-case English text for a log line. */
const char *compact_status_name(enum compact_status status);

/* ES10b answers: AuthenticateServerResponse (BF38), PrepareDownloadResponse (BF21) and CancelSessionResponse
 * (BF41), whole. Appends the SGP.22 form; error responses are passed on. After a failure `out` is useless. */
enum compact_status compact_expand_authenticate(const struct compact_known *known, struct span response,
                                                struct buf *out);
enum compact_status compact_expand_prepare(const struct compact_known *known, struct span response,
                                           struct buf *out);
enum compact_status compact_expand_cancel(const struct compact_known *known, struct span response,
                                          struct buf *out);

/* PendingNotification: BF37, 30, or compact A0 and A1. */
enum compact_status compact_expand_notification(const struct compact_known *known, struct span pending,
                                                struct buf *out);

/* What a compact notification says of whose it is, for looking up what is known: the content of eidValue
 * (A1), and of transactionId (A0); SPAN_NONE for what it does not say, or when it is in full form. */
struct span compact_notification_eid(struct span pending);
struct span compact_notification_transaction(struct span pending);

#endif
