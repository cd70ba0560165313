/*
 * A Bound Profile Package on its way into the card (SGP.22 2.5.4, 2.5.5, 5.7.6): what bpp.c (the stream of
 * segments), bpp_command.c (what the ES8+ commands inside mean) and bpp_result.c (the
 * ProfileInstallationResult) share.
 */
#ifndef SOFTEUICC_EUICC_RSP_BPP_H
#define SOFTEUICC_EUICC_RSP_BPP_H

#include "euicc/lifecycle/bpp_load.h"
#include "euicc/lifecycle/session.h"

/* BppCommandId, SGP.22 2.5.6 */
enum bpp_command {
    BPP_INITIALISE_SECURE_CHANNEL = 0,
    BPP_CONFIGURE_ISDP = 1,
    BPP_STORE_METADATA = 2,
    BPP_REPLACE_SESSION_KEYS = 4,
    BPP_LOAD_PROFILE_ELEMENTS = 5,
};

/* ErrorReason, SGP.22 2.5.6; the two below zero are not the SM-DP+'s doing and end the command with a status
 * word. */
enum bpp_reason {
    BPP_STORAGE_FAILED = -2,
    BPP_NO_RESOURCES = -1, /* no memory in this process */
    BPP_OK = 0,
    BPP_INCORRECT_INPUT_VALUES = 1,
    BPP_INVALID_SIGNATURE = 2,
    BPP_INVALID_TRANSACTION_ID = 3,
    BPP_UNSUPPORTED_CRT_VALUES = 4,
    BPP_UNSUPPORTED_REMOTE_OPERATION_TYPE = 5,
    BPP_UNSUPPORTED_PROFILE_CLASS = 6,
    BPP_SCP03T_STRUCTURE_ERROR = 7,
    BPP_SCP03T_SECURITY_ERROR = 8,
    BPP_ICCID_ALREADY_EXISTS = 9,
    BPP_INSUFFICIENT_MEMORY = 10,
    BPP_INTERRUPTION = 11,
    BPP_PE_PROCESSING_ERROR = 12,
    BPP_DATA_MISMATCH = 13,
    BPP_INVALID_NAA_KEY = 14,
    BPP_PPR_NOT_ALLOWED = 15,
    BPP_UNKNOWN_ERROR = 127,
};

/* The commands: each takes its whole data and returns what came of it. */
enum bpp_reason bpp_initialise_secure_channel(struct softeuicc *card, struct span content);
enum bpp_reason bpp_configure_isdp(struct softeuicc *card, struct span octets);
enum bpp_reason bpp_store_metadata(struct softeuicc *card, struct span octets);
enum bpp_reason bpp_replace_session_keys(struct softeuicc *card, struct span octets);
/* Decodes the profile package and installs it. */
enum bpp_reason bpp_load_profile_elements(struct softeuicc *card, struct span octets);

/* Appends the signed ProfileInstallationResult (BF37), keeps it as a notification and ends the session.
 * Returns the status word. */
uint16_t bpp_finish(struct softeuicc *card, enum bpp_command command, enum bpp_reason reason,
                    struct buf *response);

#endif
