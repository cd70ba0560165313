/*
 * Compact forms (SGP.32 2.11.2, 5.9, ipaFeatures minimizeEsipaBytes): the card's answers without what the eIM
 * has already. Reading: the eUICC answers in full and signs what is full; the IPA compacts, the eIM expands
 * before it passes on. Every function appends an object of the same outer tag, or of the CHOICE that may
 * stand in its place; where nothing can be left out, or the form is not the one expected, the object as it
 * is.
 */
#ifndef SOFTEUICC_PROTOCOL_COMPACT_H
#define SOFTEUICC_PROTOCOL_COMPACT_H

#include "apdu/bytes.h"

#define COMPACT_DIGEST_SIZE 32

/* What an eIM was given, by digests. */
struct compact_given {
    bool has_certs;
    uint8_t certs[COMPACT_DIGEST_SIZE];
    bool has_info2;
    uint8_t info2[COMPACT_DIGEST_SIZE];
};

/* Of EUICCInfo2 (BF22 whole) without its extCardResource, which changes with every profile, and without the
 * members that SGP.32 added: a card may leave those out of what it signs, and the eIM tries both. */
bool compact_digest_info2(struct span info2, uint8_t digest[COMPACT_DIGEST_SIZE]);
/* Of the eUICC's and the EUM's certificates (30 … each). */
bool compact_digest_certs(struct span euicc, struct span eum, uint8_t digest[COMPACT_DIGEST_SIZE]);

/* AuthenticateServerResponse (BF38 whole). `ctx_from_eim`: ctxParams1 came from the eIM. */
void compact_authenticate(struct span response, const struct compact_given *known, bool ctx_from_eim,
                          struct buf *out);
/* PrepareDownloadResponse (BF21 whole). `code_from_eim`: hashCc came from the eIM; `bpp_otpk`: the
 * bppEuiccOtpk of smdpSigned2, SPAN_NONE without one. */
void compact_prepare(struct span response, bool code_from_eim, struct span bpp_otpk, struct buf *out);
/* CancelSessionResponse (BF41 whole). */
void compact_cancel(struct span response, struct buf *out);
/* ProfileInstallationResult (BF37 whole), of a download that the eIM relayed. */
void compact_installation_result(struct span result, struct buf *out);
/* OtherSignedNotification (30 whole). */
void compact_other_notification(struct span notification, const struct compact_given *known,
                                const uint8_t eid[16], struct buf *out);

#endif
