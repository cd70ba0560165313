/* Short messages between the card and the network (ETSI TS 102 223 6.4.10, 3GPP TS 31.111 7.1.1). */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_SMS_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_SMS_H

#include "device/modem/modem_internal.h"

/* Handler of SEND SHORT MESSAGE. */
void sms_send(struct modem *modem);

/* An SMS-DELIVER has come. Those for the card wait for it; others are told and done with. */
void sms_came(struct modem *modem, struct span tpdu);
/* The next one for the card: appends the data objects of its envelope. False: there is none. */
bool sms_take(struct modem *modem, struct buf *objects);

#endif
