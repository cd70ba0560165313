/*
 * An SM-DP+ and the LPA between it and a card in the same process (SGP.22 3.1.3): mutual authentication,
 * binding, loading. Honest by default; a fault function is called at every point where something is made,
 * with the octets it may change. It checks everything that the card answers. The protection of the package is
 * written a second time here, with the counter and the chain in the open. For tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_SERVER_H
#define SOFTEUICC_TESTS_SUPPORT_SERVER_H

#include "tests/support/pki.h"
#include "tests/support/terminal.h"

enum server_point {
    SERVER_START,      /* octets NULL: keys, certificates and options of the server may change */
    SERVER_SIGNED1,    /* serverSigned1, before it is signed */
    SERVER_SIGNATURE1, /* 64 octets */
    SERVER_CI_KEY_ID,  /* euiccCiPKIdToBeUsed, 20 octets */
    SERVER_AUTH_CERTIFICATE,
    SERVER_CTX_PARAMS1,     /* A0 whole */
    SERVER_AUTHENTICATE,    /* the request BF38 */
    SERVER_SIGNED2,         /* smdpSigned2, before it is signed */
    SERVER_SIGNED2_COVERED, /* what smdpSignature2 is made over */
    SERVER_SIGNATURE2,
    SERVER_PB_CERTIFICATE,
    SERVER_PREPARE,            /* the request BF21 */
    SERVER_INITIALISE_FIELDS,  /* 82, 80, A6, 5F49, before they are signed */
    SERVER_INITIALISE_COVERED, /* what smdpSign is made over */
    SERVER_INITIALISE_SIGNATURE,
    SERVER_INITIALISE,    /* BF23 whole */
    SERVER_KEYS_AGREED,   /* octets NULL: the session keys stand */
    SERVER_CONFIGURE,     /* BF24, plain */
    SERVER_METADATA,      /* BF25, plain */
    SERVER_REPLACE_KEYS,  /* BF26, plain */
    SERVER_KEYS_REPLACED, /* octets NULL */
    SERVER_PACKAGE,       /* the profile package, plain */
    SERVER_BLOCK_PLAIN,   /* the plain content of one block; server->block_tag, server->block_number */
    SERVER_BLOCK,         /* the same, sealed: 86, 87 or 88 whole */
    SERVER_SEQUENCE,      /* the content of A0 to A3; server->sequence_tag */
    SERVER_PACKAGE_BOUND, /* BF36's content */
    SERVER_SEGMENTS,      /* octets NULL: server->segments may change */
};

enum server_segmentation {
    SEGMENTS_STANDARD = 0, /* SGP.22 2.5.5 */
    SEGMENTS_WHOLE,        /* the package in one request */
    SEGMENTS_JOINED,       /* the headers of A1 and A3 with their first block, three 86 blocks together */
};

struct server_keys {
    uint8_t chain[16], enc[16], mac[16];
    uint64_t counter;
    uint8_t padding; /* its first octet: 80 */
};

struct server {
    struct terminal *terminal;
    /* Who it is. */
    const struct test_ci *ci;
    const struct test_entity *auth, *pb;
    const struct ec_key *auth_key, *pb_key; /* what it signs with: those of the certificates */
    struct span ci_key_id;
    /* What it sends. */
    struct span package, metadata, configuration;
    const char *address;
    uint8_t transaction_id[16];
    size_t transaction_id_size;
    bool cc_required;
    struct span hash_cc;  /* the LPA's; SPAN_NONE: none */
    struct span bpp_otpk; /* a retry: the card's key that the package is bound to */
    bool replace_keys;
    bool keeps_otsk; /* binds again with the key that it has */
    enum server_segmentation segmentation;
    size_t plain_max; /* octets in one block; 0: as much as fits */
    /* Its faults. */
    void (*fault)(struct server *server, enum server_point point, struct buf *octets);

    /* The session. */
    uint8_t euicc_challenge[16], server_challenge[16];
    struct buf authenticate, prepare; /* the requests as sent */
    struct buf ctx_params1;
    uint8_t euicc_signature1[64];
    uint8_t signature2[64];
    uint8_t euicc_otpk[65];
    struct cert *euicc, *eum;
    struct ec_key *otsk, *otpk; /* its own, the card's */
    struct server_keys keys;
    uint8_t block_tag, sequence_tag;
    unsigned block_number; /* within its sequence, from 0 */
    struct buf *segments;
    size_t segments_count;
    bool has_other_segments; /* of which some may be another function's, and answered by that */
};

enum server_function { SERVER_FUNCTION_AUTHENTICATE, SERVER_FUNCTION_PREPARE, SERVER_FUNCTION_LOAD };

/* How a download ended. */
struct server_outcome {
    enum server_function function; /* what the card answered last */
    uint16_t status;               /* its status word */
    int code;    /* 0, or the error code or errorReason; -1: no answer but the status word */
    int command; /* bppCommandId, with an errorReason */
    size_t segments_sent;
    struct buf response; /* the last answer: freed by server_outcome_free */
};

/* An honest SM-DP+ of `ci` that has this package and metadata (BF25 whole, kept by the caller). */
void server_init(struct server *server, struct terminal *terminal, const struct test_ci *ci,
                 struct span package, struct span metadata);
void server_free(struct server *server);

/* One step each; true when the card accepted. */
bool server_authenticate(struct server *server, struct server_outcome *outcome);
/* The request of server_authenticate once more, as it was. */
bool server_send_authenticate(struct server *server, struct server_outcome *outcome);
bool server_prepare(struct server *server, struct server_outcome *outcome);
/* Makes the segments. */
void server_bind(struct server *server);
/* Sends the segments from `first` to before `end`; true when the card has not answered an error. */
bool server_load(struct server *server, size_t first, size_t end, struct server_outcome *outcome);
/* All of it. True when the profile is installed. */
bool server_download(struct server *server, struct server_outcome *outcome);
void server_outcome_free(struct server_outcome *outcome);

/* CancelSession; returns its error, 0 when the card signed one, which is checked. -1: a status word. */
int server_cancel(struct server *server, int reason);

/* Appends StoreMetadataRequest (BF25): profile_class < 0 leaves it out. `iccid` are up to 20 digits. */
void server_put_metadata(struct buf *out, const char *iccid, const char *provider, const char *name,
                         int profile_class);

/* Seals one block with the keys, and moves counter and chain. */
void server_seal(struct server_keys *keys, uint8_t tag, struct span plain, struct buf *block);

#endif
