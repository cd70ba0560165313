/*
 * Asks the DNS server of a network of device/air for the first address of a name (RFC 1035, RFC 3596), over
 * the air: with its latency, its losses and what its script has the server do wrong.
 */
#ifndef SOFTEUICC_DEVICE_NAME_QUESTION_H
#define SOFTEUICC_DEVICE_NAME_QUESTION_H

#include "device/air/air.h"

struct name_question;

/* Out of the loop, never inside name_question_new, and once: the address, 4 or 16 octets, or none, for a
 * reason of one line. The question may be freed then. */
struct name_asker {
    void *context;
    void (*found)(void *context, struct span address, const char *why);
};

/* Begins: IPv4 is asked for before IPv6. NULL when it is no name, the network says no server or has no
 * service, or without memory. */
struct name_question *name_question_new(struct air *air, struct device_clock *clock, const char *name,
                                        const struct name_asker *asker);
void name_question_free(struct name_question *question); /* NULL is fine */

#endif
