/* What terminals tell of the device and its network (ETSI TS 102 223 8.19, 8.20, 8.39), and how a profile
 * says that the network is reached: data objects, read strictly. */
#ifndef SOFTEUICC_EUICC_IPAE_IPAE_ANSWERS_H
#define SOFTEUICC_EUICC_IPAE_IPAE_ANSWERS_H

#include "euicc/network/bip_bearer.h"

/* Milliseconds since 1970 of a date and time. False: there is none, or it is no time that there is. */
bool ipae_answer_time(struct span objects, int64_t *time);
/* The 15 digits of an IMEI, or 16 where the terminal gives as many, with a terminating zero. False: none. */
bool ipae_answer_imei(struct span objects, char imei[17]);
/* The PLMN of location information. False: there is none. */
bool ipae_answer_plmn(struct span objects, uint8_t plmn[3]);

/* The members of httpParams (connectivity_https), in place. */
void ipae_read_access(struct span parameters, struct bip_access *access);

#endif
