/* Between download.c, the session, and trigger_result.c, its beginning and its end. See ipa_internal.h. */
#ifndef SOFTEUICC_EUICC_IPA_DOWNLOAD_INTERNAL_H
#define SOFTEUICC_EUICC_IPA_DOWNLOAD_INTERNAL_H

#include "euicc/ipa/ipa_internal.h"

#define TAG_AUTHENTICATE_CLIENT_ES11 0xBF40

/* Begins the session that ipa->download describes. */
void download_initiate(struct ipa *ipa);
/* The session is over: ProfileDownloadTriggerResult from ipa->download. */
void download_finish(struct ipa *ipa);
/* Goes on with the trigger (its content) that an SM-DS answered; once. False with download->why. */
bool download_follow(struct ipa *ipa, struct span trigger);

#endif
