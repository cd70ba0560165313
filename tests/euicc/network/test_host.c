/* euicc/network/host.c: literal addresses, and what is a name. */
#include "euicc/network/host.h"
#include "tests/support/test.h"

#include <string.h>

START_TEST(literal_addresses)
{
    static const struct {
        const char *text;
        const char *octets; /* NULL: it is none */
    } cases[] = {{"192.0.2.1", "C0000201"},
                 {"255.255.255.255", "FFFFFFFF"},
                 {"::", "00000000000000000000000000000000"},
                 {"2001:db8::1", "20010DB8000000000000000000000001"},
                 {"::ffff:192.0.2.1", "00000000000000000000FFFFC0000201"},
                 {"192.0.2", NULL},
                 {"192.0.2.256", NULL},
                 {"192.0.2.1 ", NULL},
                 {"0x7f.0.0.1", NULL},
                 {"[::1]", NULL},
                 {"fe80::1%eth0", NULL},
                 {"1::2::3", NULL},
                 {"", NULL},
                 {"example.com", NULL}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ip_address address;

        ck_assert_msg(host_address(cases[i].text, &address) == (cases[i].octets != NULL), "%s",
                      cases[i].text);
        if (cases[i].octets != NULL)
            ck_assert_hex(SPAN(address.octets, address.size), cases[i].octets);
    }
}
END_TEST

START_TEST(same_addresses)
{
    struct ip_address one;
    struct ip_address other;

    ck_assert(host_address("192.0.2.1", &one) && host_address("192.0.2.1", &other));
    ck_assert(host_same_address(&one, &other));
    ck_assert(host_address("192.0.2.2", &other));
    ck_assert(!host_same_address(&one, &other));
    ck_assert(host_address("c000:0201::", &other)); /* begins with the same octets */
    ck_assert(!host_same_address(&one, &other));
}
END_TEST

START_TEST(names)
{
    static const char *const good[] = {"a",      "example.com", "example.com.",         "EIM-1.Example.COM",
                                       "_dns.a", "1.example",   "xn--bcher-kva.example"};
    static const char *const bad[] = {"",        ".",         "..",    "a..b",         ".a",  "a b",
                                      "a\n",     "a/b",       "a:443", "b\xC3\xBC.de", "a..", "1.2.3",
                                      "1.2.3.4", "example.1", "5",     "1.",           "a,b", "a\x7F"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        ck_assert_msg(host_is_name(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!host_is_name(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(lengths_of_names)
{
    char name[HOST_NAME_MAX + 3];

    for (size_t label = 1; label <= 64; label++) {
        memset(name, 'a', label);
        name[label] = '\0';
        ck_assert(host_is_name(name) == (label <= HOST_LABEL_MAX));
    }
    /* Labels of 49 letters and a dot: of 250 and so many more characters. */
    for (size_t size = 251; size <= HOST_NAME_MAX + 1; size++) {
        memset(name, 'a', sizeof(name));
        for (size_t dot = 49; dot < 250; dot += 50)
            name[dot] = '.';
        name[size] = '\0';
        ck_assert(host_is_name(name) == (size <= HOST_NAME_MAX));
        name[size] = '.';
        name[size + 1] = '\0';
        ck_assert(host_is_name(name) == (size <= HOST_NAME_MAX));
    }
}
END_TEST

START_TEST(addresses_are_written)
{
    static const char *const texts[] = {"0.0.0.0", "255.255.255.255", "::", "2001:db8::7",
                                        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
    struct ip_address address;
    char text[HOST_ADDRESS_TEXT];

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert(host_address(texts[i], &address));
        ck_assert_str_eq(host_address_text(&address, text), texts[i]);
    }
    ck_assert_str_eq(host_address_text(&(struct ip_address){.size = 0}, text), "");
}
END_TEST

TEST_MAIN("host", addresses_are_written, literal_addresses, same_addresses, names, lengths_of_names)
