/*
 * The eIM (SGP.32) as its network sees it. It has three rooms, each of which uses those before it: store/,
 * the tables; model/, identity, orders, packages and results, and the rules of all that; network/, which
 * carries ESipa messages (esipa.c) over HTTPS and CoAP, relays ES9+ to an SM-DP+ (relay.c) and answers REST
 * (rest.c). Nothing here knows of sockets; every function that changes something has stored it when it
 * returns, so that the answer may leave and the power may go.
 *
 * A poll is: eim_next_package for GetEimPackage (BF4F), eim_take_result for ProvideEimPackageResult (BF50),
 * eim_take_notification for HandleNotification (BF3D).
 */
#ifndef SOFTEUICC_SERVERS_EIM_MODEL_EIM_H
#define SOFTEUICC_SERVERS_EIM_MODEL_EIM_H

#include "apdu/bytes.h"

#define EIM_EID_OCTETS          16  /* eidValue */
#define EIM_EID_DIGITS          32  /* the same in text */
#define EIM_TRANSACTION_ID_SIZE 16  /* eimTransactionId: of packages, data requests, download triggers */
#define EIM_ADDRESS_MAX         255 /* characters of an SM-DP+ address, FQDN or FQDN:port */
#define EIM_MATCHING_ID_MAX     255 /* characters */

struct eim;

/* What GetEimPackage and ProvideEimPackageResult answer instead of a package or acknowledgements
 * (SGP.32 6.3.2.6, 6.3.2.7: eimPackageError, provideEimPackageResultError). */
enum eim_error {
    EIM_ERROR_NONE = 0,
    EIM_ERROR_NO_PACKAGE = 1, /* GetEimPackage only */
    EIM_ERROR_EID_NOT_FOUND = 2,
    EIM_ERROR_INVALID_EID = 3,
    EIM_ERROR_MISSING_EID = 4,
    EIM_ERROR_UNDEFINED = 127,
};

/* --- Packages and results ------------------------------------------------------------------------------- */

/* The content of GetEimPackageRequest. */
struct eim_poll {
    struct span eid;     /* 5A; SPAN_NONE when absent, any size */
    bool state_changed;  /* 80 notifyStateChange */
    bool has_cause;      /* 81 stateChangeCause */
    int64_t cause;       /* its value */
    struct span network; /* 82 rPLMN, three octets, or SPAN_NONE */
};

/* Appends the package that this eUICC gets next: a whole BF51, BF52 or BF54. The same octets again as long as
 * its result is not there. EIM_ERROR_NONE, or the eimPackageError. */
enum eim_error eim_next_package(struct eim *eim, const struct eim_poll *poll, struct buf *package);

/*
 * Takes an EimPackageResult as received: one whole object, BF51, 30 { BF51, A0 … }, BF52, BF54 or A0 (and
 * what v1.0 IPAs send: BF2B for A0 in the list, 02 for A0). `eid` is the content of 5A, or SPAN_NONE: v1.0
 * has none, the result then says itself whose it is. Notifications must be in full form (compact.c expands
 * before). Appends to `acknowledgements` the content of EimAcknowledgements (BF53), which may be nothing.
 * EIM_ERROR_NONE, or the provideEimPackageResultError.
 */
enum eim_error eim_take_result(struct eim *eim, struct span eid, struct span result,
                               struct buf *acknowledgements);

/* Takes one PendingNotification in full form: BF37 or 30, as received. `eid` in text, "" when unknown. False
 * when it is none (a line is logged); one that does not verify is kept and shown as such, and is true. */
bool eim_take_notification(struct eim *eim, const char *eid, struct span pending);

/*
 * Notifications for an SM-DP+ (ES9+ HandleNotification), oldest first: verified ones that came through ESipa.
 * True with one that waits: *id, its address (FQDN or FQDN:port) and the PendingNotification. Report each:
 * `delivered`, or tried in vain, when it is offered again after EIM_FORWARD_RETRY seconds, EIM_FORWARD_TRIES
 * times. Ask again at start, after every eim_take_… and now and then: none is lost by a crash.
 */
#define EIM_FORWARD_RETRY 30
#define EIM_FORWARD_TRIES 10
bool eim_forward_next(struct eim *eim, int64_t *id, char address[EIM_ADDRESS_MAX + 1], struct buf *pending);
void eim_forward_done(struct eim *eim, int64_t id, bool delivered);

/* --- What is known of an eUICC -------------------------------------------------------------------------- */

/* What an IPA says that it can: bits of ipaFeatures. */
enum eim_ipa_feature {
    EIM_IPA_DIRECT,       /* directRspServerCommunication */
    EIM_IPA_INDIRECT,     /* indirectRspServerCommunication */
    EIM_IPA_HANDLES_NONE, /* eimDownloadDataHandling: the trigger may be empty */
    EIM_IPA_NEEDS_CTX,    /* eimCtxParams1Generation */
    EIM_IPA_EIM_VERIFIES, /* eimProfileMetadataVerification */
    EIM_IPA_COMPACT,      /* minimizeEsipaBytes */
    EIM_IPA_FEATURES
};

/* From the IpaEuiccData that the first contact asks for, whole objects; what is not known is empty. */
struct eim_euicc {
    char eid[EIM_EID_DIGITS + 1];
    struct buf euicc_cert;  /* 30 …, whose chain was checked */
    struct buf eum_cert;    /* 30 … */
    struct buf info1;       /* BF20 … */
    struct buf info2;       /* BF22 … */
    struct buf ci_key_id;   /* content octets: of the CI that these certificates are under */
    struct buf device_info; /* content of A9, for ctxParams1; empty when the IPA did not say */
    bool ipa_known;         /* ipaCapabilities came: */
    bool ipa[EIM_IPA_FEATURES];
};

/* `eid` is 32 digits. False, and all-zero, when the eUICC is unknown or storage failed. Free with
 * eim_euicc_clear. */
bool eim_euicc_find(struct eim *eim, const char *eid, struct eim_euicc *euicc);
void eim_euicc_clear(struct eim_euicc *euicc);
/* Whether this eUICC's IPA is known to have it. */
bool eim_ipa_has(struct eim *eim, const char *eid, enum eim_ipa_feature feature);

/* --- Indirect download ---------------------------------------------------------------------------------- */

/* A download order: what its trigger named. */
struct eim_download {
    int64_t order;
    char eid[EIM_EID_DIGITS + 1];
    char smdp_address[EIM_ADDRESS_MAX + 1]; /* "" when the trigger says default SM-DP+ and that is not known
                                               from IpaEuiccData, and when it says SM-DS */
    char smds_address[EIM_ADDRESS_MAX + 1]; /* "" when it does not say SM-DS, or means the card's and that is
                                               not known */
    bool by_smds;                           /* the SM-DS says where the profile is */
    char matching_id[EIM_MATCHING_ID_MAX + 1];
    bool has_matching_id;
    char smdp_oid[128]; /* dotted, from the activation code; "" when it names none */
    char confirmation_code[EIM_MATCHING_ID_MAX + 1]; /* "" without one */
};

/* The order of an eimTransactionId; the order of an SM-DP+'s transactionId (reported below); the download
 * that this eUICC has got the trigger of (32 digits). False when there is none under way. */
bool eim_download_by_transaction(struct eim *eim, struct span eim_transaction_id,
                                 struct eim_download *download);
bool eim_download_by_smdp_transaction(struct eim *eim, struct span transaction_id,
                                      struct eim_download *download);
bool eim_download_by_eid(struct eim *eim, const char *eid, struct eim_download *download);

/* What the SM-DS of an order has named for it: from now on the order is for this SM-DP+. */
void eim_download_found(struct eim *eim, int64_t order, const char *smdp_address, const char *matching_id);

/* Two addresses, FQDN or FQDN:port, that lead to one server. */
bool eim_address_is_same(const char *a, const char *b);

/* Whether a download of this eUICC (NULL: of any) is from, or asks, the server with this address; of those
 * that wait for their result, or with `ended` of all. */
bool eim_download_is_from(struct eim *eim, const char *eid, const char *address, bool ended);
/* The same for the server that a waiting notification is for, and the eUICC that it is of. */
bool eim_forward_is_known(struct eim *eim, int64_t id, const char *address);
/* It goes nowhere. */
void eim_forward_refuse(struct eim *eim, int64_t id);

/* How far the relay is: shown as the order's progress. `transaction_id` is the SM-DP+'s, with
 * EIM_STEP_INITIATED, else SPAN_NONE. FAILED and CANCELLED say why in one line ("AuthenticateClient refused:
 * 8.2.6-3.8 …"), which is shown; the order itself ends with the IPA's ProfileDownloadTriggerResult, or with
 * the notification of the installation. */
enum eim_step {
    EIM_STEP_INITIATED,     /* InitiateAuthentication was answered */
    EIM_STEP_AUTHENTICATED, /* AuthenticateClient was answered */
    EIM_STEP_BOUND,         /* GetBoundProfilePackage was answered */
    EIM_STEP_CANCELLED,     /* CancelSession went through */
    EIM_STEP_FAILED,        /* the SM-DP+ refused, or was not reached */
};
/* The first cause stays: what fails after it (CancelSession, a transactionId that is gone) only follows. */
void eim_download_report(struct eim *eim, int64_t order, enum eim_step step, struct span transaction_id,
                         const char *why);

#endif
