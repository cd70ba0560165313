/* euicc/network/dns.c: questions, and answers of every kind; each cut, each octet changed. */
#include "euicc/network/dns.h"
#include "tests/euicc/network/dns_messages.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID   0x1234
#define NAME "eim.example"

/* Reads from a block of exactly the message's size, so that a sanitizer sees an octet too far. */
static enum dns_result read_a(struct span message, struct dns_answer *answer)
{
    uint8_t *copy = malloc(message.size > 0 ? message.size : 1);
    enum dns_result result;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, message.data, message.size);
    result = dns_read_answer(SPAN(copy, message.size), ID, NAME, DNS_A, answer);
    free(copy);
    return result;
}

static struct buf *begun(unsigned flags)
{
    struct buf *message = test_buf();

    dns_begin(message, ID, flags, NAME, DNS_A);
    return message;
}

static void check_result(const struct buf *message, enum dns_result expected, uint32_t ttl)
{
    struct dns_answer answer;
    enum dns_result result = read_a(buf_span(message), &answer);

    ck_assert_msg(result == expected, "%s, not %s", dns_result_text(result), dns_result_text(expected));
    ck_assert_uint_eq(answer.ttl, ttl);
    if (result != DNS_FOUND)
        ck_assert_uint_eq(answer.count, 0);
}

START_TEST(questions)
{
    struct buf *out = test_buf();
    struct buf full = {.failed = true};

    ck_assert(!dns_put_question(&full, 1, NAME, DNS_A));
    ck_assert_uint_eq(full.size, 0);
    ck_assert(dns_put_question(out, 0xABCD, "eIM.example.", DNS_AAAA));
    ck_assert_hex(buf_span(out), "ABCD 0100 0001 0000 0000 0000 03 65696D 07 6578616D706C65 00 001C 0001");
    buf_clear(out);
    ck_assert(!dns_put_question(out, 1, "a..b", DNS_A));
    ck_assert(!dns_put_question(out, 1, "192.0.2.1", DNS_A));
    ck_assert_uint_eq(out->size, 0);
    /* The longest name: 255 octets of it. */
    {
        char name[HOST_NAME_MAX + 1];

        memset(name, 'a', HOST_NAME_MAX);
        name[63] = name[127] = name[191] = '.';
        name[HOST_NAME_MAX] = '\0';
        ck_assert(dns_put_question(out, 1, name, DNS_A));
        ck_assert_uint_eq(out->size, 12 + 255 + 4);
    }
}
END_TEST

/* RFC 1035 4.1.4: F.ISI.ARPA, and names that point into it. */
START_TEST(compressed_names)
{
    struct dns_answer answer;
    struct span message = hex("1234 8580 0001 0003 0000 0000"
                              "01 46 03 495349 04 41525041 00 0001 0001"    /* F.ISI.ARPA at 12 */
                              "C00C 0005 0001 00000E10 0006 03 464F4F C00C" /* FOO.F.ISI.ARPA at 40 */
                              "C028 0005 0001 00000708 0002 C012"           /* ARPA, in the middle of it */
                              "04 61727061 00 0001 0001 00015180 0004 0A000034"); /* in other letters */

    ck_assert_int_eq(dns_read_answer(message, ID, "f.isi.arpa", DNS_A, &answer), DNS_FOUND);
    ck_assert_uint_eq(answer.count, 1);
    ck_assert_hex(SPAN(answer.addresses[0].octets, answer.addresses[0].size), "0A000034");
    ck_assert_uint_eq(answer.ttl, 0x708);
}
END_TEST

START_TEST(addresses_of_both_families)
{
    struct buf *message = test_buf();
    struct dns_answer answer;
    static const char expected[] = "20010DB8000000000000000000000001";

    dns_begin(message, ID, DNS_ANSWER_FLAGS, "EIM.example", DNS_AAAA);
    dns_ipv4(message, NAME, 5, 1); /* not asked for */
    dns_record(message, false, NAME, DNS_AAAA, 100, hex(expected));
    dns_record(message, false, "other.example", DNS_AAAA, 1, hex(expected)); /* nobody's */
    dns_record(message, true, NAME, DNS_AAAA, 1, hex(expected));             /* not of the answer */
    ck_assert_int_eq(dns_read_answer(buf_span(message), ID, NAME, DNS_AAAA, &answer), DNS_FOUND);
    ck_assert_uint_eq(answer.count, 1);
    ck_assert_hex(SPAN(answer.addresses[0].octets, answer.addresses[0].size), expected);
    ck_assert_uint_eq(answer.ttl, 100);
    ck_assert_int_eq(dns_read_answer(buf_span(message), ID, NAME, DNS_A, &answer), DNS_FOREIGN);
}
END_TEST

START_TEST(more_addresses_than_fit)
{
    struct buf *message = begun(DNS_ANSWER_FLAGS);
    struct dns_answer answer;

    for (unsigned i = 0; i < 3 * DNS_ADDRESSES_MAX; i++) {
        dns_ipv4(message, NAME, 1000 - i, (uint8_t)i);
        ck_assert_int_eq(read_a(buf_span(message), &answer), DNS_FOUND);
        ck_assert_uint_eq(answer.count, i < DNS_ADDRESSES_MAX ? i + 1 : DNS_ADDRESSES_MAX);
        ck_assert_uint_eq(answer.addresses[answer.count - 1].octets[3], answer.count - 1);
    }
}
END_TEST

START_TEST(aliases)
{
    for (unsigned count = 0; count < 2 * DNS_ALIASES_MAX; count++) {
        struct buf *message = begun(DNS_ANSWER_FLAGS);
        char owner[32] = NAME;
        char target[32];

        /* Against their order in half of the messages. */
        if (count % 2 != 0) {
            snprintf(target, sizeof(target), "n%u.example", count);
            dns_ipv4(message, target, 70, 9);
        }
        for (unsigned i = 1; i <= count; i++) {
            snprintf(target, sizeof(target), "N%u.example", i);
            dns_alias(message, owner, 100 - i, target);
            memcpy(owner, target, sizeof(owner));
        }
        if (count % 2 == 0)
            dns_ipv4(message, owner, 70, 9);
        check_result(message, count <= DNS_ALIASES_MAX ? DNS_FOUND : DNS_ALIAS_LOOP,
                     count <= DNS_ALIASES_MAX ? 70 : 0);
    }
}
END_TEST

START_TEST(aliases_that_lead_nowhere)
{
    struct buf *itself = begun(DNS_ANSWER_FLAGS);
    struct buf *circle = begun(DNS_ANSWER_FLAGS);
    struct buf *away = begun(DNS_ANSWER_FLAGS);
    struct buf *bad = begun(DNS_ANSWER_FLAGS);

    dns_alias(itself, NAME, 60, NAME);
    check_result(itself, DNS_ALIAS_LOOP, 0);
    dns_alias(circle, NAME, 60, "b.example");
    dns_alias(circle, "b.example", 60, NAME);
    dns_ipv4(circle, NAME, 60, 1);
    check_result(circle, DNS_ALIAS_LOOP, 0);
    dns_alias(away, NAME, 60, "b.example");
    dns_soa(away, 50, 40);
    check_result(away, DNS_NO_DATA, 40);
    dns_record(bad, false, NAME, DNS_CNAME, 60, hex("0161000000")); /* octets behind the name */
    check_result(bad, DNS_MALFORMED, 0);
}
END_TEST

START_TEST(nothing_is_there)
{
    static const struct {
        unsigned rcode;
        bool has_soa;
        uint32_t ttl;
        uint32_t minimum;
        enum dns_result expected;
        uint32_t expected_ttl;
    } cases[] = {
        {3, true, 600, 300, DNS_NO_NAME, 300},  {3, true, 200, 300, DNS_NO_NAME, 200},
        {3, false, 0, 0, DNS_NO_NAME, 0},       {0, true, 600, 300, DNS_NO_DATA, 300},
        {0, false, 0, 0, DNS_NO_DATA, 0},       {0, true, 0x80000000, 300, DNS_NO_DATA, 0},
        {1, true, 9, 9, DNS_BAD_QUESTION, 0},   {2, true, 9, 9, DNS_SERVER_FAILURE, 0},
        {4, true, 9, 9, DNS_BAD_QUESTION, 0},   {5, true, 9, 9, DNS_REFUSED, 0},
        {6, true, 9, 9, DNS_SERVER_FAILURE, 0}, {15, true, 9, 9, DNS_SERVER_FAILURE, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf *message = begun(DNS_ANSWER_FLAGS | cases[i].rcode);

        if (cases[i].has_soa)
            dns_soa(message, cases[i].ttl, cases[i].minimum);
        check_result(message, cases[i].expected, cases[i].expected_ttl);
    }
    for (enum dns_result result = DNS_FOUND; result <= DNS_FOREIGN; result++)
        ck_assert_uint_gt(strlen(dns_result_text(result)), 4);
}
END_TEST

/* What a name server on the way answered whose zone was empty: no such name, no authority. */
START_TEST(a_real_answer)
{
    struct dns_answer answer;
    struct span message = hex("1234 8183 0001 0000 0000 0000 07 6578616d706c65 03 636f6d 00 0001 0001");

    ck_assert_int_eq(dns_read_answer(message, ID, "example.com", DNS_A, &answer), DNS_NO_NAME);
}
END_TEST

START_TEST(truncated_answers)
{
    struct buf *nothing = begun(DNS_ANSWER_FLAGS | 0x0200);
    struct buf *some = begun(DNS_ANSWER_FLAGS | 0x0200);

    check_result(nothing, DNS_TRUNCATED, 0);
    dns_ipv4(some, NAME, 60, 1);
    check_result(some, DNS_FOUND, 60);
    /* A second one is cut off. */
    dns_ipv4(some, NAME, 60, 2);
    some->size -= 3;
    check_result(some, DNS_FOUND, 60);
}
END_TEST

START_TEST(what_belongs_to_another_question)
{
    struct dns_answer answer;
    struct buf *good = begun(DNS_ANSWER_FLAGS);
    static const struct {
        size_t at;
        uint8_t octet;
    } changes[] = {{0, 0x13}, {1, 0x35}, {2, 0x01}, {2, 0x89}, {5, 0}, {5, 2}, {13, 'f'}, {26, 28}, {28, 3}};

    dns_ipv4(good, NAME, 60, 1);
    check_result(good, DNS_FOUND, 60);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        uint8_t before = good->data[changes[i].at];

        good->data[changes[i].at] = changes[i].octet;
        ck_assert_msg(read_a(buf_span(good), &answer) == DNS_FOREIGN, "octet %zu", changes[i].at);
        good->data[changes[i].at] = before;
    }
    ck_assert_int_eq(dns_read_answer(buf_span(good), ID, "im.example", DNS_A, &answer), DNS_FOREIGN);
    ck_assert_int_eq(dns_read_answer(buf_span(good), ID, "a.eim.example", DNS_A, &answer), DNS_FOREIGN);
    ck_assert_int_eq(dns_read_answer(buf_span(good), ID, "not a name", DNS_A, &answer), DNS_FOREIGN);
    /* Longer than anybody looks at. */
    while (good->size <= DNS_ANSWER_MAX)
        buf_append_octet(good, 0);
    ck_assert_int_eq(read_a(buf_span(good), &answer), DNS_FOREIGN);
}
END_TEST

START_TEST(records_that_cannot_be_read)
{
    static const char *const records[] = {
        "C01D 0001 0001 00000000 0004 C0000201",       /* a pointer to itself: the record is at 29 */
        "C01E 0001 0001 00000000 0004 C0000201",       /* forwards */
        "CFFF 0001 0001 00000000 0004 C0000201",       /* behind the end */
        "01 61 C01D 0001 0001 00000000 0004 C0000201", /* to the beginning of its own name */
        "40 61 0001 0001 00000000 0004 C0000201",      /* a label of a kind that there is not */
        "80 61 0001 0001 00000000 0004 C0000201",
        "C00C 0001 0001 00000000 0003 C00002",     /* no address */
        "C00C 0001 0001 00000000 0005 C000020101", /* nor that */
        "C00C 0001 0001 00000000 0005 C0000201",   /* longer than what is left */
        "C00C 0001 0001 00000000 00",
        "C0",
        "",
    };

    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        struct buf *message = begun(DNS_ANSWER_FLAGS);

        message->data[7] = 1;
        ck_assert_uint_eq(message->size, 29);
        ck_assert(buf_append_hex(message, records[i], NULL));
        check_result(message, DNS_MALFORMED, 0);
    }
}
END_TEST

/* A name of 255 octets is one, one of 256 is none, however its parts are put together. */
START_TEST(names_that_are_too_long)
{
    for (size_t extra = 0; extra < 2; extra++) {
        struct buf *message = begun(DNS_ANSWER_FLAGS);
        char label[64] = "";

        message->data[7] = 1;
        memset(label, 'a', 63);
        for (size_t i = 0; i < 3; i++) {
            buf_append_octet(message, 63);
            buf_append(message, SPAN(label, 63));
        }
        /* 192 octets, these, and the 13 of the question's name. */
        buf_append_octet(message, (uint8_t)(49 + extra));
        buf_append(message, SPAN(label, 49 + extra));
        ck_assert(buf_append_hex(message, "C00C 0001 0001 00000000 0004 C0000201", NULL));
        check_result(message, extra == 0 ? DNS_NO_DATA : DNS_MALFORMED, 0);
    }
}
END_TEST

/* Pointers one before the other for as long as there is room: read, in no more steps than there are. */
START_TEST(many_pointers)
{
    struct buf *message = begun(DNS_ANSWER_FLAGS);
    size_t last = 12;

    message->data[7] = 2;
    ck_assert(buf_append_hex(message, "C00C 0010 0001 00000000", NULL));
    buf_append_number(message, 2, 2000);
    for (size_t i = 0; i < 1000; i++) {
        size_t here = message->size;

        buf_append_number(message, 2, 0xC000 | last);
        last = here;
    }
    buf_append_number(message, 2, 0xC000 | last);
    ck_assert(buf_append_hex(message, "0001 0001 00000009 0004 C0000201", NULL));
    check_result(message, DNS_FOUND, 9);
}
END_TEST

static struct buf *example(void)
{
    struct buf *message = begun(DNS_ANSWER_FLAGS);

    dns_alias(message, NAME, 60, "b.example");
    dns_ipv4(message, "b.example", 60, 1);
    dns_soa(message, 60, 30);
    return message;
}

START_TEST(every_cut)
{
    const struct buf *message = example();
    struct dns_answer answer;

    for (size_t size = 0; size < message->size; size++) {
        enum dns_result result = read_a(SPAN(message->data, size), &answer);

        ck_assert_int_eq(result, size < 29 ? DNS_FOREIGN : DNS_MALFORMED);
        ck_assert_uint_eq(answer.count, 0);
    }
}
END_TEST

START_TEST(every_octet_changed)
{
    struct buf *message = example();
    struct dns_answer answer;

    for (size_t i = 0; i < message->size; i++) {
        uint8_t before = message->data[i];

        for (unsigned octet = 0; octet < 256; octet++) {
            enum dns_result result;

            message->data[i] = (uint8_t)octet;
            result = read_a(buf_span(message), &answer);
            ck_assert((result == DNS_FOUND) == (answer.count > 0));
            ck_assert_uint_le(answer.count, DNS_ADDRESSES_MAX);
        }
        message->data[i] = before;
    }
}
END_TEST

TEST_MAIN("dns", questions, compressed_names, addresses_of_both_families, more_addresses_than_fit, aliases,
          aliases_that_lead_nowhere, nothing_is_there, a_real_answer, truncated_answers,
          what_belongs_to_another_question, records_that_cannot_be_read, names_that_are_too_long,
          many_pointers, every_cut, every_octet_changed)
