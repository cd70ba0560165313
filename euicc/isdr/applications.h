/* The applications that can be selected by AID, and how a partial AID finds its occurrences
 * (ISO/IEC 7816-4 11.1.1). */
#ifndef SOFTEUICC_EUICC_ISDR_APPLICATIONS_H
#define SOFTEUICC_EUICC_ISDR_APPLICATIONS_H

#include "euicc/os/card.h"

struct fs_application;

/* AIDs: SGP.02 annex H, SGP.22 annex H. They share 13 octets; the last three say which. */
#define ISDR_AID  "\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x01\x00"
#define ECASD_AID "\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x02\x00"
/* What the AIDs of all ISD-Ps begin with. */
#define ISDP_AID_PREFIX "\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00"

/* Which of several applications that a partial AID fits: P2 bits 2 and 1. */
enum occurrence { OCCURRENCE_FIRST = 0, OCCURRENCE_LAST = 1, OCCURRENCE_NEXT = 2, OCCURRENCE_PREVIOUS = 3 };

/* One application, as it stands in a channel: `instance` is a profile's id for an ISD-P, else 0. */
struct selection {
    const struct application *application; /* NULL: none */
    uint64_t instance;
};

/* Finds the application whose AID begins with `aid`; NEXT and PREVIOUS count from `current`. application is
 * NULL when there is none. */
struct selection applications_find(struct softeuicc *card, struct span aid, enum occurrence occurrence,
                                   struct selection current);

/* The issuer's security domain, which SELECT without an AID means (GlobalPlatform 2.3 11.9.2.3). application
 * is NULL when the profile's cannot be selected. */
struct selection applications_issuer(const struct softeuicc *card);

extern const struct application isdr_application;  /* euicc/isdr/isdr.c */
extern const struct application ecasd_application; /* euicc/isdr/ecasd.c */
extern const struct application isdp_application;  /* euicc/isdr/isdp.c */

/* What serves an application of the enabled profile (profile_application.c); `instance` is its number there.
 * NULL: it cannot be selected. */
const struct application *profile_application_row(const struct fs_application *application);

#endif
