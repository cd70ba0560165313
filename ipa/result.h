/*
 * Reading eUICC Packages and EuiccPackageResults (SGP.32 2.11.1.1, 2.11.2.1) as far as an IPA has to: whose
 * they are and what they changed. Signatures are the card's and the eIM's business.
 */
#ifndef SOFTEUICC_IPA_RESULT_H
#define SOFTEUICC_IPA_RESULT_H

#include "ipa/ipa.h"

struct package_result {
    char eim_id[IPA_ID_MAX + 1];
    bool has_sequence; /* a result; errors have none and are not stored */
    uint64_t sequence;
    bool enabled;         /* a profile was enabled */
    bool changes_profile; /* another profile is enabled than before, or none */
    bool changes_state;   /* a profile was enabled, disabled, deleted, or the Fallback Attribute moved */
    struct span results;  /* the EuiccResultData objects; none in errors */
};

/* `result` is BF51 whole. False when it is none. */
bool package_result_read(struct span result, struct package_result *out);

/* Whether a package (BF51 whole) has an enable with rollbackFlag. */
bool package_grants_rollback(struct span package);
/* Whether it has a deleteEim of this eIM. */
bool package_deletes_eim(struct span package, const char *eim_id);
/* The eIM whose eimId is in a package (BF51 whole). False: there is none in it, or what is no text. */
bool package_eim_id(struct span package, char eim_id[IPA_ID_MAX + 1]);
/* A package's eimTransactionId, SPAN_NONE without one. */
struct span package_transaction_id(struct span package);

/* Copies a text of min to max octets, without a zero, with its terminating zero. */
bool ipa_take_text(struct span value, size_t min, size_t max, char *out);
/* The number under `tag`, which must be a cause or result: 0 to 127. */
bool ipa_find_code(struct span content, uint32_t tag, int *code);

/* NotificationMetadata of a PendingNotification (whole, in full form). */
bool notification_metadata(struct span pending, uint64_t *sequence, struct span *address, struct span *iccid);

#endif
