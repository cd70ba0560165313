/*
 * Finds the addresses of a host by asking name servers, without sockets and without a clock of its own: it
 * says which datagrams are to be sent and until when to wait, and is handed what comes and what time it is. A
 * plain value; nothing is to be freed.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_RESOLVER_H
#define SOFTEUICC_EUICC_NETWORK_RESOLVER_H

#include "euicc/network/dns.h"

#define RESOLVER_SERVERS_MAX   2
#define RESOLVER_TRIES         3                       /* of each question to each server */
#define RESOLVER_ADDRESSES_MAX (2 * DNS_ADDRESSES_MAX) /* of both families */
#define RESOLVER_FIRST_WAIT    2000                    /* ms for an answer; twice as long with each try */

/* Which addresses are wanted, and in which order they are given. */
enum resolver_families { RESOLVER_IPV4, RESOLVER_IPV6, RESOLVER_BOTH /* IPv4 first */ };

struct resolver_settings {
    struct ip_address servers[RESOLVER_SERVERS_MAX]; /* in the order in which they are asked */
    size_t server_count;
    enum resolver_families families;
};

/* What came of it. */
struct resolved {
    struct ip_address addresses[RESOLVER_ADDRESSES_MAX]; /* none: see `why` */
    size_t count;
    uint32_t ttl; /* seconds; 0 when nothing says */
    bool final; /* without addresses: there are none (and that may be remembered), rather than nobody said */
    const char *why; /* one line when there is none, static; else NULL */
};

/* One question, on its way from server to server. */
struct resolver_question {
    enum dns_type type;
    size_t server; /* that is asked now */
    unsigned tries;
    int64_t due; /* when the next try is */
    bool is_done;
    bool heard; /* a server has answered, with `result` */
    enum dns_result result;
    struct dns_answer answer;
};

struct resolver {
    char name[HOST_NAME_MAX + 2]; /* the dot at the end has its place */
    struct resolver_settings settings;
    uint64_t random;
    struct resolver_question questions[2];
    size_t question_count;
    bool is_done;
    struct resolved resolved;
};

/*
 * Begins. `now` is of a clock in ms that does not go back; `random` is what nobody can guess, of which the
 * ids of the questions are made: who answers in a server's place must guess one, and the caller's port, which
 * must be new for each name as well (RFC 5452 9). A literal address is done at once; what is neither address
 * nor name, and a name without a server to ask, too.
 */
void resolver_begin(struct resolver *resolver, const char *host, const struct resolver_settings *settings,
                    uint64_t random, int64_t now);

/* Whether it is done; then *resolved (if not NULL) is what came of it. */
bool resolver_is_done(const struct resolver *resolver, struct resolved *resolved);

/* Gives the next datagram to be sent now, appended to `out`, and the server it is for. False: nothing is to
 * be sent before resolver_due, or ever; without memory what was to be sent counts as lost on its way. */
bool resolver_send(struct resolver *resolver, int64_t now, struct buf *out, struct ip_address *server);

/* When to ask resolver_send again if nothing comes before; INT64_MAX once it is done. */
int64_t resolver_due(const struct resolver *resolver);

/* Takes a datagram that came from port 53 of `from`. What belongs to no open question is passed over. */
void resolver_receive(struct resolver *resolver, const struct ip_address *from, struct span datagram,
                      int64_t now);

/* There is no way to that server: what it has not answered the next one is asked at once. */
void resolver_pass_over(struct resolver *resolver, const struct ip_address *server, int64_t now);

#endif
