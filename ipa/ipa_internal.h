/* What the files of ipa/ share: the machine's inside. See ipa.h. */
#ifndef SOFTEUICC_IPA_IPA_INTERNAL_H
#define SOFTEUICC_IPA_IPA_INTERNAL_H

#include "apdu/tlv.h"
#include "ipa/ipa.h"
#include "ipa/result.h"
#include "protocol/compact.h"

#define SW_DONE 0x9000

#define REFUSAL_PAUSE_MAX 64 /* polls */

/* --- What outlives a power cut (state.c) -------------------------------------------------------------- */

#define DIGEST_SIZE         COMPACT_DIGEST_SIZE
#define TRANSACTION_ID_SIZE 16 /* at most, SGP.22 2.2.1 */

/* What is known about an eIM, and what it does not know yet. */
struct known_eim {
    char id[IPA_ID_MAX + 1];
    int cause;                /* the stateChangeCause it has to be told, -1: none */
    struct compact_given has; /* what it was given, and compact forms may leave out */
};

struct ipa_state {
    struct known_eim eims[IPA_EIMS_MAX];
    size_t eim_count;
    /* A package with an enable that may be rolled back is under way or not reported: of this eIM. */
    char unconfirmed[IPA_ID_MAX + 1];
    /* Results up to this number were told to the other eIMs as a change of state. */
    uint64_t told;
    /* The download that was begun and not reported: digest of its trigger, and the
     * session's transactionId. */
    bool downloading;
    uint8_t trigger[DIGEST_SIZE];
    uint8_t transaction[TRANSACTION_ID_SIZE];
    size_t transaction_size;
    /* A change that was begun by the IPA itself: its cause, and a digest of the profiles' states before. */
    int begun_cause; /* -1: none */
    uint8_t profiles[DIGEST_SIZE];
    struct ipa_refusal refusals[IPA_REFUSALS_MAX];
    size_t refusal_count;
};

void state_clear(struct ipa_state *state);
/* What is not well-formed, or of another card, leaves a clear state. */
void state_read(struct ipa_state *state, struct span octets, const uint8_t eid[16]);
void state_write(const struct ipa_state *state, const uint8_t eid[16], struct buf *out);
/* The entry of this eIM, made when there is none; NULL when there are too many. */
struct known_eim *state_eim(struct ipa_state *state, const char *id);

/* --- The machine (machine.c) -------------------------------------------------------------------------- */

/* What comes next, or whose answer is awaited. The parts set it and return; the table and the loop of ipa.c
 * call what it names. */
enum ipa_step {
    STEP_NONE,
    STEP_LIST_RESULTS,       /* RetrieveNotificationsList for stored results */
    STEP_STORED_RESULT,      /* the next of them */
    STEP_RESULT,             /* ProvideEimPackageResult, which stands in `out` */
    STEP_GET_PACKAGE,        /* GetEimPackage */
    STEP_INITIATE,           /* InitiateAuthentication, of the session that `download` describes */
    STEP_AUTHENTICATE,       /* AuthenticateClient */
    STEP_BIND,               /* GetBoundProfilePackage */
    STEP_CANCEL,             /* CancelSession */
    STEP_DOWNLOAD_RESULT,    /* the session is over: ProfileDownloadTriggerResult */
    STEP_LIST_NOTIFICATIONS, /* RetrieveNotificationsList */
    STEP_NOTIFICATION,       /* HandleNotification for the next of them */
    STEP_INJECTED,           /* the package that was handed in */
    STEP_INJECTED_DONE,      /* its response was handed over */
    STEPS
};

/* What a result that the eIM did not get is worth. */
enum ipa_worth {
    WORTH_NEXT_POLL, /* the next poll is soon enough */
    WORTH_RETRY,     /* it is of a profile change: waiting for the network */
    WORTH_ROLLBACK   /* … which the eIM lets the IPA roll back */
};

/* EimPackageResultErrorCode, SGP.32 6.3.2.7 */
enum package_refusal { INVALID_PACKAGE_FORMAT = 1, UNKNOWN_PACKAGE = 2 };

#define IPA_EVENTS_MAX 32 /* of one SM-DS that are followed for one trigger */

struct ipa_download {
    bool direct;
    bool from_sm_ds; /* the trigger came out of an SM-DS's answer */
    struct buf trigger;
    struct span eim_transaction_id; /* in trigger; SPAN_NONE: none */
    bool is_misshapen;              /* the trigger is none */
    bool has_begun;                 /* a first message went to a server */
    char address[IPA_ADDRESS_MAX + 1];
    char matching_id[IPA_ADDRESS_MAX + 1];
    char oid[128];
    bool has_matching_id;
    bool is_sm_ds;
    uint8_t challenge[16];
    uint8_t transaction[TRANSACTION_ID_SIZE];
    size_t transaction_size;
    struct buf installation; /* BF37 whole */
    struct buf events;       /* that an SM-DS listed */
    unsigned events_taken;   /* of them, with the one under way */
    struct buf earlier;      /* the installation result of an event before */
    struct buf refused;      /* the response that ended it, for errorResponse */
    int reason;              /* profileDownloadErrorReason */
    char why[320];
};

struct ipa {
    struct ipa_host host;
    struct ipa_settings settings;
    struct buf kept; /* the state as given, until the EID is known */
    struct ipa_state state;
    bool has_eid;
    uint8_t eid[16];

    struct ipa_eim eims[IPA_EIMS_MAX];
    size_t eim_count;

    struct ipa_eim eim; /* the one that is polled; `trusted` stays empty */
    enum ipa_want want;
    enum ipa_step step;
    enum ipa_step part; /* where the poll goes on when what was begun is done */
    enum ipa_outcome outcome;
    char why[512];
    /* What went wrong in a poll that went on; its end says so. */
    enum ipa_outcome noted_outcome; /* IPA_DONE: nothing */
    char noted[512];
    bool noted_was_told, why_was_told;
    bool answered;
    bool leaving; /* the message that is under way is the last one */
    bool deleted; /* the polled eIM has taken itself from the card: there are no more packages */
    unsigned packages;
    bool is_inject; /* no poll: the package was handed in, and so is its response */
    struct buf injected;

    struct ipa_message message;
    char address[IPA_ADDRESS_MAX + 1];
    struct buf out;     /* the message */
    struct buf request; /* to the card: see card_begin */
    uint32_t request_tag;
    size_t request_mark;
    struct buf response; /* the card's last answer */

    struct buf stored; /* the list of results to be offered first */
    size_t stored_offset;

    bool has_result;       /* the message that is out is an EuiccPackageResult: with this sequence number */
    bool has_notification; /* … or an installation result as a notification, likewise */
    uint64_t result_number;
    uint8_t package[DIGEST_SIZE];         /* what came last */
    uint8_t refused_package[DIGEST_SIZE]; /* whose result was refused in this poll */
    bool has_refused_package;
    char refusal[160];          /* of the result that waits for the network; "": it was not refused */
    struct buf offered;         /* uint64_t each: the sequence numbers in the result that is out */
    enum ipa_worth worth;       /* of that result */
    bool is_download;           /* it is a ProfileDownloadTriggerResult */
    struct compact_given gives; /* what the eIM has when it took this result */

    int told_cause; /* that went out with GetEimPackage, -1: none */

    struct ipa_download download;

    struct buf notifications; /* the list at the beginning of that part */
    size_t notifications_offset;
    uint64_t notification_number; /* of the one that is out */
    char notification_address[IPA_ADDRESS_MAX + 1];
};

/* Ends the poll, and is false. */
bool ipa_end(struct ipa *ipa, enum ipa_outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Notes how the poll ends that goes on for now: the first cause, and of several one that was not told. */
void ipa_note(struct ipa *ipa, enum ipa_outcome outcome, bool was_told, const char *why);
/* Ends the poll with what was noted, or well. */
void ipa_end_noted(struct ipa *ipa);
/* Sets what comes next. */
void ipa_go(struct ipa *ipa, enum ipa_step step);
/* What was begun in this part of the poll is done: its next. */
void ipa_go_on(struct ipa *ipa);
/* The next part of the poll: stored results, packages, notifications. */
void ipa_enter(struct ipa *ipa, enum ipa_step part);
/* ipa->out is complete: it goes to the eIM, or to a server. */
void ipa_send(struct ipa *ipa, enum ipa_step step, enum ipa_peer peer, const char *address);
void ipa_tell(struct ipa *ipa, enum ipa_event event, struct span octets, uint64_t number, int code,
              const char *text);
/* Keeps ipa->state; false, poll ended, when the host cannot. */
bool ipa_keep(struct ipa *ipa);
/* Whether SM-DP+s are reached through the eIM that is polled. */
bool ipa_through_eim(const struct ipa *ipa);
/* What the polled eIM was given before. */
const struct compact_given *ipa_known(struct ipa *ipa);
bool ipa_digest(struct span octets, uint8_t digest[DIGEST_SIZE]);
/* Notes in ipa->why what went wrong, and is false. */
bool ipa_fail(struct ipa *ipa, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- What was refused (refusals.c) -------------------------------------------------------------------- */

/* Of the result or notification with this number: whether it does not go out in this poll, of which its pause
 * is one less then. False: the poll ended; so of the next three. */
bool ipa_refusal_waits(struct ipa *ipa, uint64_t sequence, bool *waits);
/* It was refused: that is counted and told. */
bool ipa_refusal_note(struct ipa *ipa, uint64_t sequence, bool is_notification, const char *why);
/* It is not on the card any more. */
bool ipa_refusal_forget(struct ipa *ipa, uint64_t sequence);
/* Of all that are results, or notifications, these are still on the card. */
bool ipa_refusal_keep_listed(struct ipa *ipa, struct span list, bool is_notification);
/* The content of the list in the state (refusals_kept.c). */
bool ipa_refusals_read(struct ipa_state *state, struct span content);
void ipa_refusals_write(const struct ipa_state *state, struct buf *out);

/* --- The card (card.c) -------------------------------------------------------------------------------- */

/* One request. True: 9000, and the answer is one object with `tag` whose content is *value, in ipa->response.
 * False: ipa->why says what happened; the status word stays in *sw, which may be NULL. Ends nothing. */
bool card_call(struct ipa *ipa, const char *function, struct span request, uint32_t tag, struct span *value,
               uint16_t *sw);
/* Begins a request with this tag, whose members are then appended to ipa->request; card_ask ends it, and is
 * as card_call. */
void card_begin(struct ipa *ipa, uint32_t tag);
bool card_ask(struct ipa *ipa, const char *function, struct span *value);
/* The same for a request without members: "BF2E 00". */
bool card_get(struct ipa *ipa, const char *function, uint32_t tag, struct span *value);
/* The same for { 80 refreshFlag }, set. */
bool card_refresh(struct ipa *ipa, const char *function, uint32_t tag, struct span *value, uint16_t *sw);
/* Asks for the EID once, and reads the kept state then. */
bool card_know(struct ipa *ipa);
/* RetrieveNotificationsList: `criteria` is the content of searchCriteria, SPAN_NONE for none. Notifications
 * are in A0, package results in A2; *list is what is in the one that came. */
bool card_retrieve(struct ipa *ipa, struct span criteria, struct span *list);
/* RemoveNotificationFromList; true also when there was nothing to remove. */
bool card_remove(struct ipa *ipa, uint64_t sequence);
bool card_profiles_digest(struct ipa *ipa, uint8_t digest[DIGEST_SIZE]);

/* --- Its eIMs (eims.c) -------------------------------------------------------------------------------- */

void card_clear_eims(struct ipa *ipa);
/* Every other eIM on the card learns of this change with its next poll. */
bool card_mark_eims(struct ipa *ipa, const char *except, int cause);

/* A CI's key identifier and a signature from outside, without the tag that they may have (version1.c). */
struct span ipa_ci_key_id(bool v1, struct span value);
struct span ipa_signature(bool v1, struct span value);

/* --- Changes (change.c) ------------------------------------------------------------------------------- */

struct ipa_immediate {
    bool available; /* the card has it, and it is configured */
    int code;       /* then */
};
/* ImmediateEnable after an installation. False: the poll ended. */
bool change_immediate(struct ipa *ipa, struct ipa_immediate *outcome);
/* After a change of state by the IPA that a power cut interrupted. False: the poll ended. */
bool ipa_settle(struct ipa *ipa);

/* --- Packages and results (package.c, provide_result.c) ----------------------------------------------- */

/* What has come from the eIM, whichever way, except acknowledgements. */
void package_take(struct ipa *ipa, const struct tlv *package);
/* STEP_LIST_RESULTS, STEP_STORED_RESULT, STEP_GET_PACKAGE, STEP_RESULT */
void package_list_results(struct ipa *ipa);
void package_offer_stored(struct ipa *ipa);
void package_get(struct ipa *ipa);
void package_result_send(struct ipa *ipa);
void package_got(struct ipa *ipa, struct span answer);
void package_result_answered(struct ipa *ipa, struct span answer);
void package_result_refused(struct ipa *ipa, const char *why);
void package_result_malformed(struct ipa *ipa, const char *why);
void package_result_lost(struct ipa *ipa, const char *why);
/* The time is over that a result of a profile change had. */
void package_result_give_up(struct ipa *ipa);
/* GetEimPackage was refused, or its answer cannot be used; notifications go out all the same. */
void package_get_refused(struct ipa *ipa, const char *why);
void package_get_malformed(struct ipa *ipa, const char *why);
/* Answers a package with this code. `why` is for who watches; NULL: the code says all. */
void package_refuse(struct ipa *ipa, struct span eim_transaction_id, enum package_refusal code,
                    const char *why);
/* Answers in inject mode that the package was received: there is no more to say of it. */
void package_received(struct ipa *ipa, bool profile_changed);
/* Begins ipa->out with BF50 { 5A EID, or in inject mode BF4E {; package_result_end closes it: STEP_RESULT is
 * next, after a REFRESH when a profile was changed. */
size_t package_result_begin(struct ipa *ipa);
/* The same with HandleNotification, which is told as a result is. */
size_t package_notification_begin(struct ipa *ipa, uint64_t sequence);
void package_result_end(struct ipa *ipa, size_t mark, bool profile_changed, enum ipa_worth worth);
/* The other eIMs have not seen what this result says; each result is looked at once. False: the
 * poll ended. */
bool package_tell_others(struct ipa *ipa, const struct package_result *result);
/* This sequence number is in ipa->out: the eIM may acknowledge it. */
void package_offer(struct ipa *ipa, uint64_t sequence);
/* The same, and it is an EuiccPackageResult that is in there itself. */
void package_offer_result(struct ipa *ipa, uint64_t sequence);
/* Whether this is the content of eimAcknowledgements. */
bool package_are_acknowledgements(struct span list);
/* Removes from the card what of this list was offered. False: the poll ended. */
bool package_acknowledge(struct ipa *ipa, struct span list);
/* Appends PendingNotifications to ipa->out, compact where the eIM can expand them, and offers them. */
bool package_put_notifications(struct ipa *ipa, struct span list);

/* --- Inject mode (inject.c) ----------------------------------------------------------------------------- */

/* STEP_INJECTED */
void inject_take(struct ipa *ipa);
/* The response was (inject_response.c). */
void inject_handed_over(struct ipa *ipa);

/* --- IpaEuiccData (data.c), downloads (download.c, trigger.c), notifications (notifications.c) -------- */

void data_answer(struct ipa *ipa, struct span request);

/* Begins with a trigger (whole); STEP_INITIATE and STEP_DOWNLOAD_RESULT. */
void download_start(struct ipa *ipa, struct span trigger);
void download_initiate(struct ipa *ipa);
void download_finish(struct ipa *ipa);
void download_initiated(struct ipa *ipa, struct span answer);
void download_authenticated(struct ipa *ipa, struct span answer);
void download_bound(struct ipa *ipa, struct span answer);
/* The server was not reached, or CancelSession went out and came back, or not. */
void download_lost(struct ipa *ipa, const char *why);
void download_refused(struct ipa *ipa, const char *why);
/* What it answered is no answer: it believes in a session that is cancelled. */
void download_authenticate_malformed(struct ipa *ipa, const char *why);
void download_bind_malformed(struct ipa *ipa, const char *why);
void download_cancelled(struct ipa *ipa, struct span answer);
void download_cancel_lost(struct ipa *ipa, const char *why);
void download_clear(struct ipa_download *download);
/* Reads the trigger into `download`: where to go, how. False with download->why. */
bool trigger_read(struct ipa *ipa, struct ipa_download *download, struct span content);

/* STEP_LIST_NOTIFICATIONS, STEP_NOTIFICATION */
void notifications_list(struct ipa *ipa);
void notifications_next(struct ipa *ipa);
void notifications_answered(struct ipa *ipa, struct span answer);
void notifications_lost(struct ipa *ipa, const char *why);
void notifications_refused(struct ipa *ipa, const char *why);
/* Appends a PendingNotification to `out`, compact where the polled eIM can expand it. */
void notification_put(struct ipa *ipa, struct span pending, struct buf *out);

#endif
