/*
 * libsofteuicc: a software eUICC (eSIM card operating system).
 *
 * A card lives in one file (SQLite) and is driven by command APDUs, as a chip would be. The library has no
 * global state: any number of cards can be open in one process, each used by one thread at a time. Nothing
 * here blocks on anything but the file.
 *
 *     struct softeuicc_error why;
 *     struct softeuicc *card = softeuicc_open("card.db", NULL, &why);
 *     softeuicc_reset(card, SOFTEUICC_COLD, atr, &atr_size);
 *     softeuicc_transmit(card, capdu, capdu_size, rapdu, &rapdu_size);
 *     softeuicc_close(card);
 */
#ifndef SOFTEUICC_H
#define SOFTEUICC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SOFTEUICC_API __attribute__((visibility("default")))
#else
#define SOFTEUICC_API
#endif

#define SOFTEUICC_ATR_MAX   33    /* octets, ISO/IEC 7816-3 8.1 */
#define SOFTEUICC_RAPDU_MAX 65538 /* octets: 65536 and the status word */

struct softeuicc; /* a card */

enum softeuicc_status {
    SOFTEUICC_OK = 0,
    SOFTEUICC_INVALID, /* a parameter is wrong; the message says which */
    SOFTEUICC_EXISTS,  /* create: the file is there already */
    SOFTEUICC_BUSY,    /* another process has the card open */
    SOFTEUICC_STORAGE, /* the file cannot be read, written, or is not a card */
    SOFTEUICC_VERSION, /* the file was made by a newer softeuicc */
    SOFTEUICC_CRYPTO,  /* OpenSSL refused a key or certificate */
    SOFTEUICC_MEMORY,
};

/* One clear line for a person. */
struct softeuicc_error {
    enum softeuicc_status status;
    char message[256];
};

/*
 * A network that the host lends to the card's IPAe, instead of that of a terminal: channels that carry
 * octets. A terminal that has sent TERMINAL PROFILE is still asked where the device is. The calls return at
 * once; what comes of them is told by softeuicc_bearer_opened, _received and _closed, never inside a call.
 * TLS ends in the card.
 */
enum softeuicc_transport { SOFTEUICC_TCP = 0, SOFTEUICC_UDP };
#define SOFTEUICC_CHANNELS 7 /* at most are open; they are named 1 to 7 */
struct softeuicc_bearer {
    void *context; /* handed to the calls */
    /* Begins to open a channel to a host, which is a name or a literal address. False: it cannot. */
    bool (*open)(void *context, unsigned channel, enum softeuicc_transport transport, const char *host,
                 uint16_t port);
    /* Octets of a stream, or one datagram. False: it cannot, and the channel will not work any more. */
    bool (*send)(void *context, unsigned channel, const uint8_t *octets, size_t size);
    /* The card is done with it; what was sent is still to arrive. Nothing more is told of it. */
    void (*close)(void *context, unsigned channel);
};

/* What the host lends to the card. Every pointer may be NULL: then the library uses its own. The structure is
 * copied. */
struct softeuicc_hooks {
    /* Handed to the calls below. */
    void *context;
    /* Fills out[0..size) for challenges, identifiers and key pairs; false: it cannot. Default: OpenSSL. */
    bool (*random)(void *context, uint8_t *out, size_t size);
    /* Milliseconds since 1970-01-01 UTC. Default: the system clock. */
    int64_t (*now)(void *context);
    /* Name of a registered SQLite VFS. Default: the files of this machine. */
    const char *storage;
    /* softeuicc_cut_power will be used. */
    bool power_cuts;
    /* Of a card with an IPAe; without `open` there is none. */
    struct softeuicc_bearer bearer;
};

enum softeuicc_personality {
    SOFTEUICC_HYBRID = 0, /* serves an LPA and an IPA */
    SOFTEUICC_CONSUMER,   /* SGP.22 */
    SOFTEUICC_IOT,        /* SGP.32 */
};

/* The versions of the specifications that a card is made to: it announces what they have and nothing newer. 0
 * is the default. */
enum softeuicc_sgp22 {
    SOFTEUICC_SGP22_2_2 = 0, /* v2.2.2 */
    SOFTEUICC_SGP22_2_3,
    SOFTEUICC_SGP22_2_4,
    SOFTEUICC_SGP22_2_5,
};
enum softeuicc_sgp32 {
    SOFTEUICC_SGP32_1_2 = 0,
    SOFTEUICC_SGP32_1_3,
};

/* Whether a card has an IPA of its own, the IPAe (SGP.32): it polls its eIMs by itself, unless the terminal
 * says by TERMINAL CAPABILITY that the device has an IPAd. */
enum softeuicc_ipae {
    SOFTEUICC_IPAE_NONE = 0,
    SOFTEUICC_IPAE_SHARED, /* it yields to an LPA or IPA of the device that uses the card all the same */
    SOFTEUICC_IPAE_STRICT, /* while it is active nobody else is served ES10 functions: 6985 */
};

/* A setting of the IPAe, and how its value is written. */
enum softeuicc_setting_kind {
    SOFTEUICC_SETTING_SECONDS, /* decimal digits */
    SOFTEUICC_SETTING_PERCENT, /* likewise */
    SOFTEUICC_SETTING_SWITCH,  /* "on" or "off" */
    SOFTEUICC_SETTING_HOURS,   /* of the day, UTC: "22:00-06:00"; "": none */
    SOFTEUICC_SETTING_ADDRESS, /* IPv4 or IPv6; "": none */
    SOFTEUICC_SETTING_PSK,     /* a pre-shared key, "IDENTITY:KEY" with 1 to 64 octets each, the key in
                                * hexadecimal; "": none. A secret: what is told of it is "IDENTITY:***" */
};
struct softeuicc_setting {
    const char *name;
    enum softeuicc_setting_kind kind;
    int64_t min, max;    /* of seconds and percents */
    const char *preset;  /* the value that it has unless another is set */
    bool per_eim;        /* an eIM may have a value of its own */
    const char *meaning; /* half a line for a person */
};
/* Of all, in the order in which they are shown: the first has index 0. NULL beyond the last; a library that
 * was built without the IPAe has none. */
SOFTEUICC_API const struct softeuicc_setting *softeuicc_setting_at(size_t index);

/* A setting's value. */
struct softeuicc_set_value {
    const char *name;
    const char *eim;   /* eimId of the eIM that it is for, which need not be on the card yet; NULL: for all */
    const char *value; /* NULL: none of its own any more: of one eIM what all have, else the preset */
};

/* One CI that the card trusts, with the card's own credentials under it. All DER. */
struct softeuicc_credentials {
    const uint8_t *ci_cert;
    size_t ci_cert_size;
    const uint8_t *eum_cert;
    size_t eum_cert_size;
    /* PKCS#8: the card's key pair and certificate are made and issued with it. Or NULL … */
    const uint8_t *eum_key;
    size_t eum_key_size;
    /* … and these two instead: an existing certificate and its key. */
    const uint8_t *euicc_cert;
    size_t euicc_cert_size;
    const uint8_t *euicc_key;
    size_t euicc_key_size;
};

enum softeuicc_profile_class {
    SOFTEUICC_PROFILE_OPERATIONAL = 0,
    SOFTEUICC_PROFILE_TEST,
    SOFTEUICC_PROFILE_PROVISIONING
};

struct softeuicc_preloaded_profile {
    const uint8_t *package; /* SAIP, DER */
    size_t package_size;
    /* StoreMetadataRequest (BF25), DER; NULL: made from the package's header and … */
    const uint8_t *metadata;
    size_t metadata_size;
    enum softeuicc_profile_class profile_class;
    bool ecall;            /* the Emergency Profile (SGP.32); not for a consumer card */
    bool fallback_allowed; /* it may have the Fallback Attribute (SGP.32); not for a consumer card */
};

/* One rule of the Rules Authorisation Table (SGP.22 2.9.2): what operators may forbid with Profile Policy
 * Rules. */
struct softeuicc_authorisation {
    bool ppr1, ppr2;            /* the rules this row is about: disabling not allowed, deletion not allowed */
    bool consent_required;      /* the end user must agree */
    uint8_t mcc_mnc[3];         /* as coded in 3GPP TS 24.008; the digit E stands for any */
    const uint8_t *gid1, *gid2; /* NULL: absent, fits only an owner without one; size 0: fits any */
    size_t gid1_size, gid2_size;
};

struct softeuicc_parameters {
    const char *eid; /* 32 digits, or 30 and the check digits are computed */
    enum softeuicc_personality personality;
    enum softeuicc_sgp22 sgp22;
    enum softeuicc_sgp32 sgp32; /* a consumer card has none: 0 */
    enum softeuicc_ipae ipae;   /* likewise; a library that was built without it has none either */
    const struct softeuicc_set_value *ipae_settings; /* of an IPAe */
    size_t ipae_settings_count;
    const struct softeuicc_credentials *credentials;
    size_t credentials_count; /* at least one */
    uint64_t free_nvm;        /* octets for profiles; 0: default */
    const char *default_smdp; /* NULL: unset */
    const char *root_smds;    /* NULL: unset */
    const struct softeuicc_preloaded_profile *profiles;
    size_t profiles_count;
    /* In order; NULL: one row that lets every operator set both rules. None at all: no profile may have
     * rules. */
    const struct softeuicc_authorisation *rat;
    size_t rat_count;
};

enum softeuicc_reset { SOFTEUICC_COLD, SOFTEUICC_WARM };
enum softeuicc_protocol { SOFTEUICC_T0 = 0, SOFTEUICC_T1 = 1 };

/* Makes a new card in `path` (mode 0600; it must not exist; ":memory:" makes nothing that lasts: use
 * softeuicc_create_open). On failure nothing is left behind and *error (may be NULL) says why. */
SOFTEUICC_API enum softeuicc_status softeuicc_create(const char *path,
                                                     const struct softeuicc_parameters *parameters,
                                                     const struct softeuicc_hooks *hooks,
                                                     struct softeuicc_error *error);

/* As softeuicc_create, and leaves the card open: the way to a card in memory (path ":memory:"). NULL on
 * failure. */
SOFTEUICC_API struct softeuicc *softeuicc_create_open(const char *path,
                                                      const struct softeuicc_parameters *parameters,
                                                      const struct softeuicc_hooks *hooks,
                                                      struct softeuicc_error *error);

/* Opens a card, unpowered. A card is open in one place at a time, whatever names its file has
 * (SOFTEUICC_BUSY). NULL on failure: what is not a card is not touched, nor a card beside which the log of
 * another file lies. */
SOFTEUICC_API struct softeuicc *softeuicc_open(const char *path, const struct softeuicc_hooks *hooks,
                                               struct softeuicc_error *error);

/* Closes the card; NULL is fine. Whatever was answered is stored already. */
SOFTEUICC_API void softeuicc_close(struct softeuicc *card);

/* False: the card's file was deleted, replaced or moved away while it was open, and *error (may be NULL) says
 * which. Every command that changes anything fails then, and soon the others too: close the card, which puts
 * what was answered into a file that has only moved. Costs a few looks at the directory. */
SOFTEUICC_API bool softeuicc_is_there(const struct softeuicc *card, struct softeuicc_error *error);

/* Power on (cold) or reset (warm): ends every session, then writes the ATR: at most SOFTEUICC_ATR_MAX octets,
 * *size set. */
SOFTEUICC_API void softeuicc_reset(struct softeuicc *card, enum softeuicc_reset kind, uint8_t *atr,
                                   size_t *size);

/* Power off. Commands answer 6F00 until the next reset. */
SOFTEUICC_API void softeuicc_power_off(struct softeuicc *card);

/* The protocol the ATR offers and transmit follows: T=0 (61xx and GET RESPONSE; default) or T=1. Takes effect
 * at the next reset. */
SOFTEUICC_API void softeuicc_set_protocol(struct softeuicc *card, enum softeuicc_protocol protocol);

/* Runs one command APDU. rapdu has room for SOFTEUICC_RAPDU_MAX octets; *rapdu_size is set to what was
 * written, never less than the two status octets. What the command changed is stored when this returns. */
SOFTEUICC_API void softeuicc_transmit(struct softeuicc *card, const uint8_t *capdu, size_t capdu_size,
                                      uint8_t *rapdu, size_t *rapdu_size);

/* Gives settings of the card's IPAe other values, one after the other; all are stored when this returns
 * SOFTEUICC_OK. Else nothing has changed and *error (may be NULL) says why: SOFTEUICC_INVALID, a card without
 * an IPAe too. Ask for softeuicc_next_wakeup then. */
SOFTEUICC_API enum softeuicc_status softeuicc_set(struct softeuicc *card,
                                                  const struct softeuicc_set_value *values, size_t count,
                                                  struct softeuicc_error *error);

/* When the card wants softeuicc_wake although nobody sends a command (its IPAe has something to do), in
 * milliseconds of hooks.now; -1: never. Ask again after every other call. */
SOFTEUICC_API int64_t softeuicc_next_wakeup(const struct softeuicc *card);
/* Gives the card the time of a command, without one. What it wants of the terminal it says with the answer to
 * the next command (91xx). No effect before the time, or without power. */
SOFTEUICC_API void softeuicc_wake(struct softeuicc *card);

/* What came of a channel of hooks.bearer: it is open; octets came (a piece of a stream, or one datagram); it
 * has ended, for a reason of one line (NULL: in order). The card is due for softeuicc_wake then. A channel
 * that the card does not know any more is passed over. */
SOFTEUICC_API void softeuicc_bearer_opened(struct softeuicc *card, unsigned channel);
SOFTEUICC_API void softeuicc_bearer_received(struct softeuicc *card, unsigned channel, const uint8_t *octets,
                                             size_t size);
SOFTEUICC_API void softeuicc_bearer_closed(struct softeuicc *card, unsigned channel, const char *why);

/* Writes one line that says what the last command was in the field's terms ("ES10c.GetProfilesInfo", "SELECT
 * ISD-R", "GET RESPONSE 32"), for traces. `line` holds `size` characters. */
SOFTEUICC_API void softeuicc_describe(const struct softeuicc *card, char *line, size_t size);

/* One piece of what softeuicc_inspect tells. Objects and lists begin, and end with SOFTEUICC_END. */
enum softeuicc_fact_kind {
    SOFTEUICC_OBJECT,
    SOFTEUICC_LIST,
    SOFTEUICC_END,
    SOFTEUICC_TEXT,
    SOFTEUICC_NUMBER,
    SOFTEUICC_TRUTH,   /* number is 0 or 1 */
    SOFTEUICC_NOTHING, /* what the name stands for is not there */
};

struct softeuicc_fact {
    enum softeuicc_fact_kind kind;
    const char *name; /* of an object's member, in letters, digits and underscores; NULL inside a list */
    const char *text; /* UTF-8 */
    int64_t number;
};

/*
 * Tells everything a person may want to know of the card, by calling `tell` for one fact after the other, in
 * the structure of a JSON object: what it is, its profiles, notifications, eIMs, package results, sessions,
 * selected applications. Never a key. Not inside one of the hooks; changes nothing. False: the storage could
 * not be read, and something is missing. The facts live as long as the call. docs/ctl.md lists the names.
 */
SOFTEUICC_API bool softeuicc_inspect(struct softeuicc *card,
                                     void (*tell)(void *context, const struct softeuicc_fact *fact),
                                     void *context);

/*
 * Lets the power of the card's storage go at a change (a write, a truncation, a sync, a deletion): the one
 * number `after` from now (1: the next; 0: none, after all). That change does not happen, and what had not
 * been synced by then is lost, so that the file is what a chip's memory is after its supply failed. From then
 * on the card is dead: close it and open it again. False: the card was opened without hooks.power_cuts, or is
 * in memory.
 */
SOFTEUICC_API bool softeuicc_cut_power(struct softeuicc *card, uint64_t after);
/* True once that has happened. The answer to the command at hand never left the card. */
SOFTEUICC_API bool softeuicc_has_lost_power(const struct softeuicc *card);

/* Prints the profile state machine, the table that the code executes, as a Graphviz graph, with a terminating
 * zero: as much as fits into `size` characters. Returns the characters it takes, without the zero. */
SOFTEUICC_API size_t softeuicc_lifecycle_dot(char *out, size_t size);

/* The EID as 32 digits; valid until the card is closed. */
SOFTEUICC_API const char *softeuicc_eid(const struct softeuicc *card);

/* "0.1.0" */
SOFTEUICC_API const char *softeuicc_version(void);

#ifdef __cplusplus
}
#endif

#endif
