/*
 * Questions to a recursive DNS server and its answers (RFC 1035, RFC 3596): the addresses of one name, over
 * UDP. Without EDNS, and so an answer has 512 octets. Nothing is believed of who answers but that it has seen
 * the question.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_DNS_H
#define SOFTEUICC_EUICC_NETWORK_DNS_H

#include "euicc/network/host.h"

#define DNS_PORT          53
#define DNS_ANSWER_MAX    4096 /* octets that are looked at; servers hold to 512 or nearly */
#define DNS_ADDRESSES_MAX 8    /* of one name and family; more are passed over */
#define DNS_ALIASES_MAX   8    /* CNAME records one behind the other */

enum dns_type { DNS_A = 1, DNS_AAAA = 28 };

enum dns_result {
    DNS_FOUND,
    DNS_NO_NAME,        /* NXDOMAIN */
    DNS_NO_DATA,        /* the name is there and has no address of this type */
    DNS_SERVER_FAILURE, /* rcode 2, or one that has no name here */
    DNS_REFUSED,        /* rcode 5 */
    DNS_BAD_QUESTION,   /* rcode 1 or 4: the server does not understand what was asked */
    DNS_TRUNCATED,      /* did not fit into a datagram, and none of what did is an address */
    DNS_ALIAS_LOOP,     /* more aliases than DNS_ALIASES_MAX */
    DNS_MALFORMED,      /* belongs to the question, but its records cannot be read */
    DNS_FOREIGN /* belongs to another question or nobody's: to be passed over, the answer may come yet */
};

/* One lower-case line for a person. */
const char *dns_result_text(enum dns_result result);

struct dns_answer {
    struct ip_address addresses[DNS_ADDRESSES_MAX];
    size_t count;
    /* Seconds that it holds: the least of the records that led to the addresses. Of DNS_NO_NAME and
     * DNS_NO_DATA how long that holds (RFC 2308 5), 0 when the answer does not say. */
    uint32_t ttl;
};

/* Appends a question for the addresses of a name. False with nothing appended when it is no name (see
 * host_is_name), or without memory. */
bool dns_put_question(struct buf *out, uint16_t id, const char *name, enum dns_type type);

/*
 * Reads an answer to that question. An answer belongs to it if it has its id, is an answer to a query, and
 * repeats the question alone, whatever the case of its letters. Aliases are followed through the answer.
 * Reading: of a truncated answer the addresses that are there are as good as others, since the card has no
 * TCP to ask for the rest. *answer is all-zero where its members mean nothing.
 */
enum dns_result dns_read_answer(struct span message, uint16_t id, const char *name, enum dns_type type,
                                struct dns_answer *answer);

#endif
