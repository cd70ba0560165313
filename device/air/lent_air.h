/*
 * A network of device/air, lent to a card (struct softeuicc_bearer of softeuicc.h) as a host lends its own:
 * the card's channels are channels of the air, names are asked of the air's DNS server, and an alarm of the
 * device's clock wakes the card when it wants to be.
 */
#ifndef SOFTEUICC_DEVICE_LENT_AIR_H
#define SOFTEUICC_DEVICE_LENT_AIR_H

#include "device/air/air.h"
#include "euicc/softeuicc.h"

struct lent_air;

/* Both are borrowed. NULL without memory. */
struct lent_air *lent_air_new(struct air *air, struct device_clock *clock);
/* Closes what is open; NULL is fine. The card is closed already, or has no power; the air is there still. */
void lent_air_free(struct lent_air *lent);

/* For the hooks that the card is opened with. */
struct softeuicc_bearer lent_air_bearer(struct lent_air *lent);
/* The card that they were for; NULL: there is none any more. Nothing is told, nor woken, without one. */
void lent_air_serve(struct lent_air *lent, struct softeuicc *card);

/*
 * The card was used, or told or set something: it is woken when it wants to be by now, by `now` of its hooks,
 * which has to be the device's clock; and of channels that the air has ended without a word, because the
 * device went off the network, it is told out of the loop. Its owner calls this after each command, and when
 * the air's state has changed.
 */
void lent_air_schedule(struct lent_air *lent);

/* Servers have answered the card over it, and all of its channels are closed again. */
bool lent_air_has_polled(const struct lent_air *lent);

#endif
