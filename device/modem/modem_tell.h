/* What a modem tells of itself, and the turns that it asks for. */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_TELL_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_TELL_H

#include "device/modem/modem_internal.h"

/* `text` may be NULL; it comes out harmless to print, and cut if it is long. */
void modem_tell(struct modem *modem, enum modem_event_kind kind, unsigned number, const char *text,
                struct span octets, struct span answer);
/* MODEM_EVENT_TROUBLE. */
void modem_trouble(struct modem *modem, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A turn as soon as the loop comes to it. */
void modem_wake(struct modem *modem);
int64_t modem_now(const struct modem *modem);
/* Something other than polling happens: the card is not switched off for a while. */
void modem_is_active(struct modem *modem);

#endif
