/* What the files of a download share: trigger_result.c, its beginning and its end, and the steps between. See
 * ipa_internal.h. */
#ifndef SOFTEUICC_IPA_DOWNLOAD_INTERNAL_H
#define SOFTEUICC_IPA_DOWNLOAD_INTERNAL_H

#include "ipa/ipa_internal.h"
#include "protocol/names.h"

/* CancelSessionReason, SGP.22 5.7.14 */
enum {
    CANCEL_POSTPONED = 1,
    CANCEL_METADATA_MISMATCH = 4,
    CANCEL_LOAD_BPP_ERROR = 5,
    CANCEL_UNDEFINED = 127
};

struct download_request {
    size_t envelope, function; /* marks in ipa->out */
};

/* Begins ipa->out with `function`; ES9+ wraps all its requests in A2 (SGP.22 6.6). */
struct download_request download_begin(struct ipa *ipa, uint32_t function);
void download_send(struct ipa *ipa, struct download_request request, enum ipa_step step);
/* The one member of the CHOICE that a server answers. False with download->why. */
bool download_read(struct ipa *ipa, const char *name, uint32_t function, struct span answer,
                   struct tlv *member);

/* Notes why the download fails; false. */
bool download_note(struct ipa_download *download, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, and its result is next. */
void download_fail(struct ipa *ipa, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A server's refusal, by its error number. */
void download_note_refusal(struct ipa_download *download, const char *name, enum names names,
                           const struct tlv *error);
/* "the SM-DP+", "the SM-DS" or "the eIM". */
const char *download_server(const struct ipa_download *download);
/* The card's own refusal, A1 { 80 transactionId, 02 code }: it goes to the eIM as errorResponse. False when
 * `content` is none. */
bool download_card_refused(struct ipa *ipa, const char *name, enum names names, struct span content);

/* Whether the eIM restores compact forms: a signed object only if it can verify it. */
bool download_may_compact(struct ipa *ipa);
/* Ends the session on both sides; download->why says already what was wrong. */
void download_cancel(struct ipa *ipa, unsigned reason);

/* Begins the download of the next event that the SM-DS listed; its failure is the download's. False when
 * there is none. */
bool download_next_event(struct ipa *ipa);

#endif
