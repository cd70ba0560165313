/*
 * The eIM as one structure, and what its files share: identity, store, orders. See eim.h for what the network
 * side sees of it.
 */
#ifndef SOFTEUICC_SERVERS_EIM_MODEL_SERVER_H
#define SOFTEUICC_SERVERS_EIM_MODEL_SERVER_H

#include "common/database/database.h"
#include "common/pki/pki_dir.h"
#include "protocol/pending_notification.h"
#include "servers/eim/model/command.h"
#include "servers/eim/model/eim.h"
#include "servers/eim/model/result_parse.h"
#include "servers/rules/rules.h"

#define EIM_ID_MAX 128 /* octets */

struct eim {
    char id[EIM_ID_MAX + 1];
    int64_t id_type;          /* EimIdType */
    struct pki_pair sign;     /* packages are signed with this */
    struct euicc_trust trust; /* the CIs under which eUICCs are believed */
    struct db *db;
    int64_t first_counter; /* of a new eUICC's first package */
    int64_t started;
    bool is_crowded;                      /* strangers had to be forgotten for others, and it was said */
    struct rules *rules;                  /* those of this version, as the state has them; NULL: none */
    int64_t rules_version;                /* 0: none were ever set */
    char rules_after[EIM_EID_DIGITS + 1]; /* where the look at silent eUICCs goes on; "": at the first */
};

/* The identity out of a test PKI directory: the signing key of `curve` and the CIs of all curves. `id` NULL:
 * the OID of the certificate. False after an error line. */
bool eim_identity_load(struct eim *eim, const char *pki, enum ec_curve curve, const char *id);
/* Opens the state; NULL is in memory. False after an error line. */
bool eim_state_open(struct eim *eim, const char *path);
/* Frees everything the structure holds. */
void eim_close(struct eim *eim);

int64_t eim_now(void);

/* --- Orders --------------------------------------------------------------------------------------------- */

enum order_kind { ORDER_PACKAGE, ORDER_DATA, ORDER_DOWNLOAD };

/* One order; `softeuicc eim status` shows what is here. */
struct eim_order {
    int64_t id;
    char eid[EIM_EID_DIGITS + 1];
    enum order_kind kind;
    char state[12];  /* "queued", "sent", "lost", "done", "failed" */
    bool internal;   /* made by the eIM itself: first contact, profile list */
    int64_t counter; /* of its package; 0 without one */
    int64_t sends;
    json_t *request; /* as it was ordered */
};

#define ORDER_QUEUED "queued"
#define ORDER_SENT   "sent"
#define ORDER_LOST   "lost" /* carried out, the result got lost: asked for again (IpaEuiccDataRequest A2) */
#define ORDER_DONE   "done"
#define ORDER_FAILED "failed"
/* What the progress of a download says when no more is to come; the last three are followed by why. */
#define PROGRESS_INSTALLED     "installed"
#define PROGRESS_NOT_INSTALLED "not installed"
#define PROGRESS_CANCELLED     "cancelled"
#define PROGRESS_FAILED        "failed"
/* What that of any order says when an answer ended it that does not count, so that a true one still may; and
 * how it begins when an answer came that is another order's: should the IPA ask for more without answering,
 * it takes that one for the answer. */
#define PROGRESS_REFUSED "an answer came that does not count"
#define PROGRESS_STRAY   "an answer came that is for no order"

/* The order, or the one that waits for this eUICC's answer, or of this transaction; false when there is none.
 * Free with eim_order_clear. */
bool eim_order_find(struct eim *eim, int64_t id, struct eim_order *order);
bool eim_order_outstanding(struct eim *eim, const char *eid, struct eim_order *order);
bool eim_order_by_transaction(struct eim *eim, struct span transaction_id, struct eim_order *order);
/* The order that an answer of this eUICC with this transaction (SPAN_NONE: it names none) can be for, which
 * may have ended: octets that were ordered as they are have whatever transaction stands in them. */
bool eim_order_by_answer(struct eim *eim, const char *eid, struct span transaction_id,
                         struct eim_order *order);
void eim_order_clear(struct eim_order *order);
/* Whether it has been sent and its answer has not come. */
bool eim_order_is_waiting(const struct eim_order *order);

/* Queues an order; its id, or 0 on a storage error. */
int64_t eim_order_add(struct eim *eim, const char *eid, enum order_kind kind, bool internal,
                      const json_t *request);
/* Checks a request from outside ({"eid", and one of "psmo", "eco", "download", "data", "raw"; "unchecked"}).
 */
bool eim_order_check(const json_t *request, enum order_kind *kind, struct complaint *complaint);
/* How far a download is, or what became of a package, for who asks; "" when nothing was said. */
void eim_order_progress(struct eim *eim, int64_t id, char *out, size_t size);
void eim_order_set_progress(struct eim *eim, int64_t id, const char *progress);
/* Ends an order: failed with `error`, done without. `result` (taken) may be NULL. */
void eim_order_end(struct eim *eim, const struct eim_order *order, const char *error, json_t *result);
/* The answer to a waiting order does not count: kept as it came, and the order ends with the reason. */
void eim_order_refuse_answer(struct eim *eim, const struct eim_order *order, struct span answer,
                             const char *why);
/* An answer of this eUICC is not for the order that waits. If it names a transaction that no order has, it
 * may be meant for that one all the same, which is told. */
void eim_order_note_stray(struct eim *eim, const char *eid, struct span transaction_id, const char *why);
/* Whether an answer that does not count ended it. */
bool eim_order_was_refused(struct eim *eim, const struct eim_order *order);
/* What a progress says of a failure, without the word that the order's state says already. */
const char *eim_failure_cause(const char *progress);
/* Ends a download, unless it has ended, by what its installation came to: "" or what went wrong. */
void eim_order_end_installed(struct eim *eim, int64_t id, const char *failure);

/* Appends what carries the order out (BF51, BF52, BF54). */
bool eim_package_put(struct eim *eim, const struct eim_order *order, struct span transaction_id,
                     struct buf *out, struct complaint *complaint);
/* The association token object 84 that goes under signatures, of this eUICC. */
void eim_token_put(struct eim *eim, const char *eid, struct buf *out);
/* The IpaEuiccDataRequest for package results. */
void eim_results_request_put(struct span transaction_id, struct buf *out);

/* --- eUICCs --------------------------------------------------------------------------------------------- */

/* What is known of an eUICC's data. */
enum data_state { DATA_UNKNOWN, DATA_KNOWN, DATA_REFUSED };

/* A column of an eUICC's row. Literals only: it becomes part of the statement. */
void eim_euicc_set(struct eim *eim, const char *eid, const char *column, struct db_value value);
/* The number in one, or that an expression gives; `otherwise` without such an eUICC. */
int64_t eim_euicc_number(struct eim *eim, const char *eid, const char *column, int64_t otherwise);
/* Its certificate, which the caller frees; NULL when none is known. */
struct cert *eim_euicc_certificate(struct eim *eim, const char *eid);

/* 16 octets as 32 digits; false when they are no EID. */
bool eid_to_digits(struct span eid, char digits[EIM_EID_DIGITS + 1]);
bool eid_is_good(const char *digits);
/*
 * An eUICC is a stranger until something is ordered for it, or something of it is changed over REST, or its
 * certificates are known. So many are remembered, and for so many seconds after they were seen last: anybody
 * can make up EIDs. The one that was seen first goes for the next.
 */
#define STRANGERS_MAX 1000
#define STRANGER_AGE  86400
/* Makes its row when there is none, and notes that it was seen. */
bool eim_euicc_touch(struct eim *eim, const char *eid);
/* It is no stranger any more. */
void eim_euicc_befriend(struct eim *eim, const char *eid);
/* Forgets it and all that is its own. */
void eim_euicc_forget(struct eim *eim, const char *eid);

/* --- Profiles ------------------------------------------------------------------------------------------- */

/* The list is now this one (JSON of results_read). */
void profiles_replace(struct eim *eim, const char *eid, const json_t *list);
/* What a successful command did to the list; `request` is its JSON object {"enable": {…}}. */
void profiles_apply(struct eim *eim, const char *eid, const json_t *request);
void profiles_set_state(struct eim *eim, const char *eid, const char *iccid, bool enabled);
void profiles_remove(struct eim *eim, const char *eid, const char *iccid);
/* The list must be asked for again. */
void profiles_stale(struct eim *eim, const char *eid);

/* --- Notifications -------------------------------------------------------------------------------------- */

/* Keeps a notification of this eUICC ("" when unknown), unless it is none. `forward`: it is to go to its
 * SM-DP+. One that the eUICC has signed is added to the content of EimAcknowledgements; NULL: nowhere. */
enum notification { NOTIFICATION_MALFORMED, NOTIFICATION_UNVERIFIED, NOTIFICATION_TAKEN };
enum notification notification_take(struct eim *eim, const char *eid, struct span pending, bool forward,
                                    struct buf *acknowledgements);
/* Of an installation (BF37): "" or what went wrong. False when it is none. */
bool installation_failure(struct span pending, char *failure, size_t size);

#endif
