/*
 * The inside of a card: what every part of the card OS shares. A function of the card OS takes the card as
 * its first parameter; there are no globals.
 */
#ifndef SOFTEUICC_EUICC_OS_CARD_H
#define SOFTEUICC_EUICC_OS_CARD_H

#include "apdu/apdu.h"
#include "apdu/bytes.h"
#include "apdu/channel.h"
#include "apdu/store_data.h"
#include "apdu/transport.h"
#include "crypto/cert.h"
#include "euicc/os/nvm.h"
#include "euicc/softeuicc.h"

#define CARD_EID_SIZE   16
#define CARD_EID_DIGITS 32
#define CARD_CI_MAX     8

#define CARD_VERSION_SIZE 3 /* octets of VersionType */

/* Personalities as a column of the command tables. */
enum {
    FOR_CONSUMER = 1,
    FOR_IOT = 2,
    FOR_HYBRID = 4,
    FOR_ALL = FOR_CONSUMER | FOR_IOT | FOR_HYBRID,
};

/* A CI the card trusts, with the card's credentials under it; kept in RAM, parsed, as long as the card is
 * open. */
struct card_credentials {
    uint8_t ci_key_id[20];
    enum ec_curve curve;
    struct ec_key *ci_key;
    struct cert *eum_cert;
    struct cert *euicc_cert;
    struct ec_key *euicc_key;
};

struct rsp_session;  /* euicc/lifecycle/session.h: the RSP session in RAM (SGP.22 3.1) */
struct ipae;         /* euicc/ipae/ipae.h: the profile assistant inside the card */
struct proactive;    /* euicc/terminal/toolkit.h: the proactive session with the terminal */
struct ota_parts;    /* euicc/terminal/ota_sms.c: the parts of a short message that have arrived */
struct eim_cache;    /* euicc/iot/eim.c: what is kept of the eIM that spoke last */
struct marking;      /* euicc/lifecycle/marking.h: changes that the command at hand may come to mark */
struct profile_view; /* euicc/terminal/profile_view.h: the UICC of the profile that is enabled */

/* An application that can be selected. `process` gets every command that card.c does not serve itself on
 * channels where it is selected; it appends response data and returns the status word. */
struct application {
    const char *name; /* "ISD-R", for traces */
    struct span aid;  /* whole AID; partial selection matches its beginning */
    uint8_t personalities;
    bool of_profile; /* of the enabled profile: gone from every channel with it */
    /* Appends the FCI. Returns 0x9000 or an error. */
    uint16_t (*select)(struct softeuicc *card, const struct apdu_command *command, struct buf *response);
    uint16_t (*process)(struct softeuicc *card, const struct apdu_command *command, struct buf *response);
};

/* Put into words only when somebody asks. */
struct card_description {
    const char *name; /* NULL: nothing is known but class and instruction */
    bool has_number;
    unsigned number; /* after the name */
    uint8_t cla, ins;
    char text[96]; /* where `name` points when it had to be made */
};

/* Which IPA manages the card: euicc/rsp/ipa_mode.h. */
struct card_ipa {
    bool has_ipae, exclusive;       /* as it was made */
    bool ipad, activated;           /* as the terminal has said since the last reset */
    bool kept_ipad, kept_activated; /* … when the card was suspended */
};

struct softeuicc {
    struct softeuicc_hooks hooks;
    struct nvm *nvm;
    char eid_text[CARD_EID_DIGITS + 1];
    uint8_t eid[CARD_EID_SIZE];
    enum softeuicc_personality personality;
    uint8_t personality_bit; /* FOR_… */
    /* The versions it is made to, as VersionType; ask with card_speaks_… (euicc/os/spec_version.h). */
    uint8_t sgp22[CARD_VERSION_SIZE], sgp32[CARD_VERSION_SIZE];
    struct card_credentials credentials[CARD_CI_MAX];
    size_t credentials_count;

    bool powered;
    enum softeuicc_protocol protocol, next_protocol;
    struct channel_table channels;               /* which are open, what each has selected */
    struct transport transport;                  /* the pieces of a response that wait for GET RESPONSE */
    struct store_data store_data[APDU_CHANNELS]; /* blocks collected so far on each */
    struct rsp_session *rsp;                     /* allocated once, cleared by reset */
    struct card_ipa ipa;
    struct ipae *ipae; /* NULL: the card has none */
    struct proactive *proactive;
    struct ota_parts *ota_parts;
    bool isdr_is_called; /* by a short message, see ota_take_call */
    struct eim_cache *eim_cache;
    struct marking *marking; /* NULL: none */
    struct marking_known {   /* what marking_waits said last */
        int64_t version;     /* nvm_version then */
        bool waits;
    } marking_known;
    struct profile_view *view; /* what channels without an application have selected files of */
    struct buf response;       /* scratch for the command at hand */
    struct buf answer;         /* what leaves the card: a piece of the response, and the status word */
    struct card_description description; /* of the command at hand, see softeuicc_describe */
};

#endif
