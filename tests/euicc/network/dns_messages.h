/* Messages of the DNS as servers write them, for tests: sections in words and records in order. */
#ifndef SOFTEUICC_TESTS_EUICC_NETWORK_DNS_MESSAGES_H
#define SOFTEUICC_TESTS_EUICC_NETWORK_DNS_MESSAGES_H

#include "apdu/bytes.h"

#define DNS_ANSWER_FLAGS 0x8180u /* an answer, recursion desired and available */
#define DNS_CNAME        5
#define DNS_SOA          6

/* The header with one question and no records, and the question. */
void dns_begin(struct buf *out, uint16_t id, unsigned flags, const char *name, unsigned type);

/* A name without pointers. */
void dns_name(struct buf *out, const char *name);

/* Appends a record of class IN to the answer or (authority) the authority section, and counts it. */
void dns_record(struct buf *out, bool authority, const char *owner, unsigned type, uint32_t ttl,
                struct span data);

/* An alias, an address of four octets, an SOA with this MINIMUM. */
void dns_alias(struct buf *out, const char *owner, uint32_t ttl, const char *target);
void dns_ipv4(struct buf *out, const char *owner, uint32_t ttl, uint8_t last_octet);
void dns_soa(struct buf *out, uint32_t ttl, uint32_t minimum);

#endif
