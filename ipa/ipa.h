/*
 * The IPA's procedures (SGP.32 3.1 to 3.5, 5.14, 6.3): one poll of one eIM, and what an IPA does on its own.
 * A state machine that can wait for ever: ES10 requests are a call that returns with the card's answer, a
 * message to the network is handed out and its answer handed in later. It knows no sockets, no PC/SC, no
 * files and no clock; the IPAd tool and the IPAe run the same code.
 *
 *     ipa_start_poll(ipa, eim_id);
 *     while (ipa_want(ipa) != IPA_NOTHING)
 *         switch (ipa_want(ipa)) {
 *         case IPA_SEND:    carry ipa_message(ipa), then ipa_answered, ipa_refused or ipa_unreachable
 *         case IPA_REFRESH: reset the card, attach anew, then ipa_refreshed
 *         case IPA_RETRY:   wait, then ipa_retry; or, after too long, ipa_give_up
 *         }
 *
 * ipa_start_inject instead takes a package that came by another way, and the loop is the same: the response
 * is one more message.
 *
 * Whatever was not told to an eIM is on the card or in the state that `save` keeps: a machine that was thrown
 * away at any point and started again loses nothing and does nothing twice.
 */
#ifndef SOFTEUICC_IPA_IPA_H
#define SOFTEUICC_IPA_IPA_H

#include "apdu/iccid.h"

#define IPA_EIMS_MAX     32
#define IPA_ID_MAX       128               /* octets of an eimId */
#define IPA_ADDRESS_MAX  255               /* octets of an FQDN, with :port */
#define IPA_ANSWER_MAX   ((size_t)1 << 20) /* octets; a longer answer from the network is refused */
#define IPA_PACKAGES_MAX 64 /* packages taken in one poll; an eIM with more waits for the next */

struct ipa;

/* --- What the host lends ------------------------------------------------------------------------------ */

enum ipa_event {
    IPA_EVENT_OFFERED, /* octets: a stored EuiccPackageResult (BF51 whole) that goes out again */
    IPA_EVENT_PACKAGE, /* octets: the EuiccPackageResult of a package that the card has just run */
    IPA_EVENT_DATA,    /* octets: the tag list asked for; code: 0, or the IpaEuiccDataErrorCode answered */
    /* octets: ProfileInstallationResult (BF37 whole), or none and text says why; code: 0 when it says that a
     * profile is installed; number: 1 when that was before this poll, which only reports it */
    IPA_EVENT_DOWNLOAD,
    IPA_EVENT_IMMEDIATE_ENABLE, /* code: immediateEnableResult; only when the card has it configured */
    /* a package of the eIM; code: the EimPackageResultErrorCode answered; text: more of why, or NULL */
    IPA_EVENT_REFUSED,
    IPA_EVENT_DELIVERED,         /* the eIM took a result */
    IPA_EVENT_ACKNOWLEDGED,      /* number: the sequence number that was removed */
    IPA_EVENT_NOTIFICATION,      /* number, text: its address; it was taken and removed */
    IPA_EVENT_NOTIFICATION_LEFT, /* the same; it could not be delivered and stays */
    IPA_EVENT_REFRESH,           /* a profile change takes effect */
    IPA_EVENT_ROLLBACK,          /* code: cmdResult of ProfileRollback; text: how the eIM refused, or NULL */
    IPA_EVENT_STATE_CHANGE,      /* code: the stateChangeCause that the eIM was told */
    IPA_EVENT_MORE,              /* the eIM has more packages than one poll takes */
    /* text: why an eIM or a server did not take a result or notification, which comes again later; number:
     * its sequence number, 0 for a result that is not stored; code: how often, by now, 0: not counted */
    IPA_EVENT_NOT_TAKEN,
    IPA_EVENT_GIVEN_UP, /* number: of a result that was refused IPA_TRIES_MAX times; it stays on the card */
};

struct ipa_report {
    enum ipa_event event;
    struct span octets;
    uint64_t number;
    int code;
    const char *text; /* NULL or one line, which may hold characters from outside */
};

struct ipa_host {
    void *context;
    /* One request to the ISD-R. Replaces what `response` held by the answer without status word and returns
     * the status word; 0: the card cannot be reached. */
    uint16_t (*es10)(void *context, struct span request, struct buf *response);
    /* Keeps these octets for ipa_new, for this card. False: it cannot. NULL: the host keeps nothing. */
    bool (*save)(void *context, struct span state);
    /* What was done, as it happens. NULL: not wanted. */
    void (*report)(void *context, const struct ipa_report *report);
};

/* ipaSupportedProtocols and eimSupportedProtocol, by bit (SGP.32 2.11.1, 5.14). */
enum ipa_protocol { IPA_RETRIEVE_HTTPS = 0, IPA_RETRIEVE_COAPS = 1 };

struct ipa_settings {
    bool direct;          /* can talk to an SM-DP+ itself (ipaFeatures directRspServerCommunication) */
    bool indirect;        /* can download through the eIM (indirectRspServerCommunication) */
    bool prefer_direct;   /* both possible: direct; else through the eIM */
    bool compact;         /* send compact forms to eIMs that can expand them (minimizeEsipaBytes) */
    bool coaps;           /* CoAP over DTLS besides HTTPS */
    bool v1;              /* the eIM is one of SGP.32 v1.0, which has other codings, no stateChangeCause, no
                             indirectProfileDownload (it relays all the same) and no acknowledgements; named leniencies:
                             version1.c */
    const char *imei;     /* 15 or 16 digits, NULL: none; the string must outlive the ipa */
    const uint8_t *rplmn; /* three octets as coded in 3GPP TS 24.008, NULL: unknown; likewise */
};

/* `state`: what `save` got last for this card, SPAN_NONE at first. What does not fit the card is ignored.
 * NULL without memory. */
struct ipa *ipa_new(const struct ipa_host *host, const struct ipa_settings *settings, struct span state);
void ipa_free(struct ipa *ipa);
/* For what changes between polls: compact, direct, v1, rPLMN. */
struct ipa_settings *ipa_settings(struct ipa *ipa);

/* --- The card's eIMs (EimConfigurationData as GetEimConfigurationData shows it, SGP.32 5.9.18) -------- */

enum ipa_trust { IPA_TRUST_SYSTEM, IPA_TRUST_KEY, IPA_TRUST_CERTIFICATE };

struct ipa_eim {
    char id[IPA_ID_MAX + 1];
    char fqdn[IPA_ADDRESS_MAX + 1]; /* "": none is configured */
    bool has_protocols;
    uint8_t protocols; /* bit n: enum ipa_protocol n and the further ones of EimSupportedProtocol */
    bool indirect;     /* indirectProfileDownload */
    bool has_token;
    int64_t token;
    /* trustedPublicKeyDataTls: SubjectPublicKeyInfo or a certificate (the eIM's or its CA's), DER whole. */
    enum ipa_trust trust;
    struct buf trusted;
};

/* Asks the card. False with ipa_why. The answer lives until the next call. */
bool ipa_read_eims(struct ipa *ipa, const struct ipa_eim **eims, size_t *count);
/* Asks the card again: is it associated with this eIM? Also true when it fails; the next call says why. */
bool ipa_is_associated(struct ipa *ipa, const char *eim_id);

/* --- A poll ------------------------------------------------------------------------------------------- */

enum ipa_want { IPA_NOTHING, IPA_SEND, IPA_REFRESH, IPA_RETRY };
/* The injector is who called ipa_start_inject, and takes the response. */
enum ipa_peer { IPA_PEER_EIM, IPA_PEER_SMDP, IPA_PEER_SMDS, IPA_PEER_INJECTOR };

struct ipa_message {
    enum ipa_peer peer;
    const char *address; /* SM-DP+ or SM-DS; "" for the eIM and the injector */
    /* An EsipaMessageFromIpaToEim, or a RemoteProfileProvisioningRequest (A2 …) in the ASN.1 binding of
     * SGP.22 6.6; for the injector a TransferEimPackageResponse (BF4E whole). Valid until the machine is
     * moved on. */
    struct span octets;
};

/* Begins a poll of the eIM with this identifier, as ipa_read_eims named it. Not while another runs. */
void ipa_start_poll(struct ipa *ipa, const char *eim_id);
/*
 * Begins with a package of this eIM that was not polled for (inject mode, SGP.32 5.14.4), instead of a poll:
 * nothing else is asked of the eIM or told to it, except that it relays a download. `request`, which is
 * copied, is a TransferEimPackageRequest (BF4E whole) or the package in it alone. The response is an IPA_SEND
 * to IPA_PEER_INJECTOR; that it was handed over is said by ipa_answered with SPAN_NONE, that it could not be
 * by ipa_unreachable. What is no package is a response, too: eimPackageError.
 * Reading (6.3.3.1): eimPackageReceived for a trigger is the response when its download has ended. The
 * ProfileDownloadTriggerResult is left for a poll in which the eIM hands out the same trigger: then a profile
 * that is installed is reported, and not downloaded again, while its notification is on the card.
 */
void ipa_start_inject(struct ipa *ipa, const char *eim_id, struct span request);
/* The eIM package (whole) in such a request; SPAN_NONE: there is none in it, or not one alone. */
struct span ipa_injected_package(struct span request);
enum ipa_want ipa_want(const struct ipa *ipa);
const struct ipa_message *ipa_message(const struct ipa *ipa);
/* The body of the answer; empty for an answer without one (HTTP 204). */
void ipa_answered(struct ipa *ipa, struct span answer);
/* Who was asked refused, by a status of HTTP or CoAP. `why`: one line. */
void ipa_refused(struct ipa *ipa, const char *why);
/* There was an answer that is none of its binding. `why`: one line. What comes as ASN.1 is judged by
 * ipa_answered itself. */
void ipa_malformed(struct ipa *ipa, const char *why);
/* There was no answer. `why`: one line. */
void ipa_unreachable(struct ipa *ipa, const char *why);
/* The card was reset, and the connection is one over the profile that is enabled now. */
void ipa_refreshed(struct ipa *ipa);
/* IPA_RETRY: a result of a profile change could not be delivered. Send it again, or, when the configured time
 * is over, give up: roll the profile back if the eIM granted it (SGP.32 3.3.2). */
void ipa_retry(struct ipa *ipa);
void ipa_give_up(struct ipa *ipa);

/* Leaves the poll where it is, because the program ends: it is over, as unreachable (`why`: one line). True
 * when a download's session was ended on the card, and its server is to be told first: that is the message
 * now (IPA_SEND), and whatever comes of it, the poll is over then. The eIM is told nothing: its order stays,
 * and the next poll begins the download anew. Not while the host carries a message that it will still hand
 * an answer in for. */
bool ipa_leave(struct ipa *ipa, const char *why);

/* How the poll ended, valid with IPA_NOTHING. */
enum ipa_outcome {
    IPA_DONE,
    IPA_UNREACHABLE, /* the eIM could not be reached */
    IPA_REFUSED,     /* the eIM answered an error */
    IPA_MALFORMED,   /* the eIM's answer is not what it has to be */
    IPA_CARD,        /* the card failed, or there is no such eIM on it */
    IPA_STORAGE      /* `save` failed or memory ran out */
};
enum ipa_outcome ipa_outcome(const struct ipa *ipa);
/* One line for a person; "" after IPA_DONE. */
const char *ipa_why(const struct ipa *ipa);
/* Whether IPA_EVENT_NOT_TAKEN has said it already. */
bool ipa_why_was_told(const struct ipa *ipa);
/* Whether any answer of the eIM arrived in this poll: the device is connected. */
bool ipa_was_answered(const struct ipa *ipa);

/* --- What was refused --------------------------------------------------------------------------------- */

#define IPA_REFUSALS_MAX 32
#define IPA_TRIES_MAX    10 /* then a result is given up */

/* A result or notification on the card that somebody refused to take. Polls go on all the same. */
struct ipa_refusal {
    uint64_t sequence;
    bool is_notification;
    unsigned tries;
    unsigned pause;           /* polls, until it goes out again */
    char eim[IPA_ID_MAX + 1]; /* in whose poll it was */
    char why[160];
};

/* Those of this card, known after ipa_read_eid or a poll. */
const struct ipa_refusal *ipa_refusals(const struct ipa *ipa, size_t *count);
/* It is given up, and does not go out again by itself. */
bool ipa_refusal_is_final(const struct ipa_refusal *refusal);

/* --- What an IPA does on its own ---------------------------------------------------------------------- */

enum ipa_change {
    IPA_CHANGE_ROLLBACK,      /* ProfileRollback, SGP.32 5.9.16 */
    IPA_CHANGE_FALLBACK,      /* ExecuteFallbackMechanism, 5.9.20 */
    IPA_CHANGE_RETURN,        /* ReturnFromFallback, 5.9.21 */
    IPA_CHANGE_EMERGENCY_ON,  /* EnableEmergencyProfile, 5.9.22 */
    IPA_CHANGE_EMERGENCY_OFF, /* DisableEmergencyProfile, 5.9.23 */
    IPA_CHANGE_IMMEDIATE,     /* ImmediateEnable, 5.9.15 */
    IPA_CHANGES
};

/* Does it; *code is the card's result, 0 for ok: then the card must be reset (ipa_want stays IPA_NOTHING) and
 * every eIM is told at its next poll. False with ipa_why when the card has no such function or failed. */
bool ipa_change(struct ipa *ipa, enum ipa_change change, int *code);
/* StateChangeCause, SGP.32 6.3.2.6 */
enum ipa_cause {
    IPA_CAUSE_OTHER_EIM = 0,
    IPA_CAUSE_FALLBACK = 1,
    IPA_CAUSE_EMERGENCY = 2,
    IPA_CAUSE_LOCAL = 3,
    IPA_CAUSE_RESET = 4,
    IPA_CAUSE_IMMEDIATE = 5,
    IPA_CAUSE_DEVICE = 6,
    IPA_CAUSE_UNDEFINED = 127
};
/* Something else than this IPA has changed the state of profiles, or has undone such a change: every eIM is
 * told at its next poll. False with ipa_why. Not while a poll runs. */
bool ipa_note_change(struct ipa *ipa, enum ipa_cause cause);
/* eUICCMemoryReset for IoT (5.9.5); `options` as the named bits of its BIT STRING, the first in 0x80. The
 * codes of resetResult, resetEimResult and resetImmediateEnableConfigResult; -1 for one that is absent. */
bool ipa_memory_reset(struct ipa *ipa, uint8_t options, int codes[3]);
/* AddInitialEim (5.9.4): `configuration` is the request BF57, or one or more EimConfigurationData (30 …).
 * *code: 0, or the addInitialEimError. Appends the content of addInitialEimOk to `answers`. */
bool ipa_add_eim(struct ipa *ipa, struct span configuration, int *code, struct buf *answers);

/* What was not as SGP.32 has it in a configuration that another eIM exported. */
enum ipa_conversion {
    IPA_CONVERTED_CERTIFICATE = 1, /* stood whole in its CHOICE, A1 { 30 … } */
    IPA_CONVERTED_KEY = 2,         /* likewise, A0 { 30 … } */
    IPA_CONVERTED_CI = 4           /* euiccCiPKId with a tag inside, 04 14 …; with `v1` only */
};
/* `configuration` as for ipa_add_eim. A set of the above, and `out` is what the card takes instead; 0 and an
 * empty `out` for what is right, and for what cannot be read. */
unsigned ipa_convert_configuration(struct span configuration, bool v1, struct buf *out);

/* What is enabled now. */
struct ipa_enabled {
    bool any;
    char iccid[ICCID_DIGITS_MAX + 1];
    bool fallback;  /* it is the Fallback Profile */
    bool emergency; /* it is the Emergency Profile */
};
bool ipa_read_enabled(struct ipa *ipa, struct ipa_enabled *enabled);
/* 32 digits and a terminating zero. */
bool ipa_read_eid(struct ipa *ipa, char digits[33]);

#endif
