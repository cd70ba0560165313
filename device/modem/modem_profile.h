/* What a modem says that it can do: TERMINAL PROFILE (ETSI TS 102 223 5.2) and TERMINAL CAPABILITY (TS
 * 102 221 11.1.19). */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_PROFILE_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_PROFILE_H

#include "device/modem/modem_internal.h"

enum { PROFILE_SIZE = 34 };

/* The settings' profile, or the modem's own, as its habits change it. */
void modem_put_own_profile(const struct modem *modem, struct buf *out);
/* The same with what a guest can do (modem_guest.h). */
void modem_put_profile(const struct modem *modem, struct buf *out);
void modem_put_capability(const struct modem *modem, struct buf *out);

#endif
