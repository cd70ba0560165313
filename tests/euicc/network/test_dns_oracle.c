/*
 * euicc/network/dns.c beside the C library's parser (ns_initparse): of messages made at random and spoiled at
 * random, what ours finds is what one finds by following aliases among the records that the other one reads.
 */
#include "euicc/network/dns.h"
#include "tests/euicc/network/dns_messages.h"
#include "tests/support/test.h"

#include <arpa/nameser.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ID     0x1234
#define ROUNDS (50000 / TEST_SHARE)

static uint64_t state = 1;

static unsigned below(unsigned limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % limit;
}

/* Aliases and addresses among a few names, in any order; the first name is asked for. */
static void make_message(struct buf *message)
{
    char owner[] = "a.example";
    char target[] = "a.example";

    buf_clear(message);
    dns_begin(message, ID, DNS_ANSWER_FLAGS, owner, ns_t_a);
    for (unsigned records = below(9); records > 0; records--) {
        owner[0] = (char)((below(2) != 0 ? 'a' : 'A') + (int)below(4));
        target[0] = (char)('a' + (int)below(5));
        if (below(2) != 0)
            dns_alias(message, owner, below(1000), target);
        else
            dns_ipv4(message, owner, below(1000), (uint8_t)below(256));
    }
    if (below(3) == 0)
        dns_soa(message, below(1000), below(1000));
}

static void spoil(struct buf *message)
{
    switch (below(4)) {
    case 0:
        message->size = below((unsigned)message->size);
        break;
    case 1:
        for (unsigned i = below(4); i > 0; i--)
            message->data[below((unsigned)message->size)] = (uint8_t)below(256);
        break;
    case 2: /* a pointer to anywhere before */
        octets_put_number(message->data + 20 + below((unsigned)message->size - 21), 2, 0xC000 | below(200));
        break;
    default:
        break;
    }
}

/* The records of the answer section, as the C library reads them; which wants to understand the additional
 * section as well, and nothing behind it. */
struct oracle {
    ns_msg message;
    ns_rr records[64];
    unsigned count;
};

static bool oracle_read(struct span octets, struct oracle *oracle)
{
    if (ns_initparse(octets.data, (int)octets.size, &oracle->message) != 0)
        return false;
    oracle->count = ns_msg_count(oracle->message, ns_s_an);
    ck_assert_uint_le(oracle->count, 64);
    for (unsigned i = 0; i < oracle->count; i++)
        ck_assert_int_eq(ns_parserr(&oracle->message, ns_s_an, (int)i, &oracle->records[i]), 0);
    return true;
}

static const ns_rr *oracle_find(const struct oracle *oracle, const char *owner, ns_type type, unsigned *next)
{
    while (*next < oracle->count) {
        const ns_rr *record = &oracle->records[(*next)++];

        if (ns_rr_type(*record) == type && ns_rr_class(*record) == ns_c_in &&
            strcasecmp(ns_rr_name(*record), owner) == 0)
            return record;
    }
    return NULL;
}

/* Where the aliases lead; false when that is nowhere. */
static bool oracle_follow(const struct oracle *oracle, char *name, size_t size)
{
    for (unsigned aliases = 0;; aliases++) {
        unsigned next = 0;
        const ns_rr *record = oracle_find(oracle, name, ns_t_cname, &next);

        if (record == NULL)
            return true;
        if (aliases == DNS_ALIASES_MAX ||
            ns_name_uncompress(ns_msg_base(oracle->message), ns_msg_end(oracle->message),
                               ns_rr_rdata(*record), name, size) < 0)
            return false;
    }
}

/* Whether both have read it; then they have read the same. */
static bool compare(struct span octets)
{
    static struct oracle oracle;
    struct dns_answer answer;
    enum dns_result result = dns_read_answer(octets, ID, "a.example", DNS_A, &answer);
    char name[NS_MAXDNAME] = "a.example";
    unsigned next = 0;
    const ns_rr *record;

    if (result != DNS_FOUND && result != DNS_NO_DATA && result != DNS_NO_NAME)
        return false;
    if (!oracle_read(octets, &oracle))
        return false;
    ck_assert_uint_eq(ns_msg_id(oracle.message), ID);
    ck_assert((ns_msg_getflag(oracle.message, ns_f_rcode) == ns_r_nxdomain) == (result == DNS_NO_NAME));
    ck_assert(oracle_follow(&oracle, name, sizeof(name)));
    for (size_t i = 0; i < answer.count; i++) {
        record = oracle_find(&oracle, name, ns_t_a, &next);
        ck_assert_ptr_nonnull(record);
        ck_assert_span(SPAN(answer.addresses[i].octets, answer.addresses[i].size),
                       SPAN(ns_rr_rdata(*record), ns_rr_rdlen(*record)));
        ck_assert_uint_le(answer.ttl, ns_rr_ttl(*record) > INT32_MAX ? 0 : ns_rr_ttl(*record));
    }
    if (result != DNS_NO_NAME && answer.count < DNS_ADDRESSES_MAX)
        ck_assert_ptr_null(oracle_find(&oracle, name, ns_t_a, &next));
    return true;
}

START_TEST(finds_what_the_c_library_finds)
{
    struct buf *message = test_buf();
    unsigned both = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        make_message(message);
        spoil(message);
        both += compare(buf_span(message));
    }
    ck_assert_uint_gt(both, ROUNDS / 4);
}
END_TEST

/* What is not spoiled ours reads in every case, and calls a circle what is one. */
START_TEST(reads_all_that_is_well_formed)
{
    static struct oracle oracle;
    struct buf *message = test_buf();

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct dns_answer answer;
        enum dns_result result;
        char name[NS_MAXDNAME] = "a.example";

        make_message(message);
        result = dns_read_answer(buf_span(message), ID, "a.example", DNS_A, &answer);
        ck_assert(oracle_read(buf_span(message), &oracle));
        if (oracle_follow(&oracle, name, sizeof(name))) {
            unsigned next = 0;
            bool found = oracle_find(&oracle, name, ns_t_a, &next) != NULL;

            ck_assert_int_eq(result, found ? DNS_FOUND : DNS_NO_DATA);
            ck_assert(compare(buf_span(message)));
        } else {
            ck_assert_int_eq(result, DNS_ALIAS_LOOP);
        }
    }
}
END_TEST

/* A question of ours is one for the other. */
START_TEST(questions_are_read)
{
    struct buf *question = test_buf();
    ns_msg message;
    ns_rr record;

    ck_assert(dns_put_question(question, ID, "EIM_1.example.", DNS_AAAA));
    ck_assert_int_eq(ns_initparse(question->data, (int)question->size, &message), 0);
    ck_assert_uint_eq(ns_msg_id(message), ID);
    ck_assert_int_eq(ns_msg_getflag(message, ns_f_rd), 1);
    ck_assert_int_eq(ns_msg_getflag(message, ns_f_qr), 0);
    ck_assert_int_eq(ns_parserr(&message, ns_s_qd, 0, &record), 0);
    ck_assert_int_eq(ns_rr_type(record), ns_t_aaaa);
    ck_assert_int_eq(strcasecmp(ns_rr_name(record), "EIM_1.example"), 0);
}
END_TEST

TEST_MAIN("dns_oracle", finds_what_the_c_library_finds, reads_all_that_is_well_formed, questions_are_read)
