/*
 * Over the air: what the operator of the enabled profile sends as short messages to the card (SMS-PP data
 * download, 3GPP TS 31.111 7.1.1), protected by SCP80 (TS 31.115): remote file management and
 * ES6.UpdateMetadata.
 */
#ifndef SOFTEUICC_EUICC_TERMINAL_OTA_H
#define SOFTEUICC_EUICC_TERMINAL_OTA_H

#include "euicc/os/card.h"
#include "profiles/remote/domain.h"
#include "profiles/remote/rfm.h"

/*
 * ENVELOPE (SMS-PP download): `content` is that of tag D1. Appends the delivery report's user data when the
 * sender asked for a response there. 6A80: this is no short message; 6985: no profile is enabled. A message
 * that is not for the card is answered 9000 and changes nothing.
 */
uint16_t ota_sms_download(struct softeuicc *card, struct span content, struct buf *response);

/*
 * Whether a message for the ISD-R (TAR 000001, as SGP.02 has it) has come since this was asked last. Reading:
 * on a card with an IPAe that is a wish that it polls, and nothing else: its content is not looked at,
 * nothing of it is carried out or answered, and who sent it is not proved, since it has no other effect.
 */
bool ota_take_call(struct softeuicc *card);

/* Forgets the parts of a message that is not complete. */
void ota_reset(struct softeuicc *card);
void ota_free(struct softeuicc *card);

/* --- inside: ota_sms.c --- */

enum { OTA_ADDRESS_MAX = 12, OTA_PARTS_MAX = 32, OTA_USER_DATA_MAX = 140 };

/* An SMS-DELIVER TPDU (TS 23.040 9.2.2.1), in place. */
struct ota_message {
    struct span address; /* TP-OA: length, type, digits */
    struct span header;  /* user data header without its length octet; empty: none */
    struct span text;    /* user data after the header */
    bool is_command;     /* the header says that a command packet begins here (IEI 70) */
    bool in_parts;
    unsigned reference, total, number; /* of a concatenated message */
};

/* False: not a well-formed SMS-DELIVER with 8-bit data. */
bool ota_read_deliver(struct span tpdu, struct ota_message *message);

/* Collects a part: true with *packet when the message is complete with it (valid until the next call). */
bool ota_collect(struct softeuicc *card, const struct ota_message *message, struct span *packet);

/* Appends an SMS-SUBMIT TPDU (TS 23.040 9.2.2.2) with 8-bit user data that begins with a header. False: too
 * long. */
bool ota_write_submit(struct span address, struct span user_data, struct buf *out);

/* --- inside: ota_domain.c --- */

/* Runs a script that was sent to a security domain. */
void ota_run_domain(struct softeuicc *card, const struct domain *domain, struct span script,
                    struct buf *answer);

#endif
