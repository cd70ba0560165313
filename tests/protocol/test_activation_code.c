/* protocol/activation_code.c: the forms of SGP.22 4.1, and what is none of them. */
#include "protocol/activation_code.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

START_TEST(reads_every_form)
{
    static const struct {
        const char *text, *address, *matching_id, *oid;
        bool confirmation;
    } cases[] = {
        {"1$smdp.example.com$MATCH-1", "smdp.example.com", "MATCH-1", "", false},
        {"LPA:1$smdp.example.com$MATCH-1", "smdp.example.com", "MATCH-1", "", false},
        {"1$smdp.example.com:8443$", "smdp.example.com:8443", "", "", false},
        {"1$a.b$C$2.999.10", "a.b", "C", "2.999.10", false},
        {"1$a.b$C$2.999.10$1", "a.b", "C", "2.999.10", true},
        {"1$a.b$C$$1", "a.b", "C", "", true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct activation_code code;
        const char *why;

        ck_assert_msg(activation_code_parse(cases[i].text, &code, &why), "%s", cases[i].text);
        ck_assert_str_eq(code.address, cases[i].address);
        ck_assert_str_eq(code.matching_id, cases[i].matching_id);
        ck_assert_str_eq(code.oid, cases[i].oid);
        ck_assert(code.confirmation_code_required == cases[i].confirmation);
    }
}
END_TEST

START_TEST(refuses_the_rest)
{
    static const char *const cases[] = {"",
                                        "1",
                                        "1$",
                                        "2$a.b$C",
                                        "1$$C",
                                        "LPA:",
                                        "1$a.b$C$x",
                                        "1$a.b$C$2.9$2",
                                        "1$a.b$C$$1$z",
                                        "LPA1$a.b$C",
                                        "LPA:LPA:1$a.b$C",
                                        "1 $a.b$C",
                                        "1$a b$C",
                                        "1$a.b$C\n$2.999",
                                        "1$a.b$C\x7F",
                                        " ",
                                        "1$a.b"};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct activation_code code;
        const char *why = NULL;

        ck_assert_msg(!activation_code_parse(cases[i], &code, &why), "%s", cases[i]);
        ck_assert_ptr_nonnull(why);
    }
}
END_TEST

/* The prefix in every mixture of cases, with every blank at every place around it. */
START_TEST(takes_what_surrounds_a_copied_code)
{
    static const char *const around[] = {"", " ", "\t", "\n", "\r\n", " \n\t ", "\v\f"};
    const size_t count = sizeof(around) / sizeof(around[0]);
    char text[100];

    for (size_t i = 0; i < 9 * count * count * count; i++) {
        unsigned cases = (unsigned)(i % 9); /* 8: no prefix */
        char prefix[] = "LPA:";
        struct activation_code code;
        struct span bare;
        const char *why;

        for (unsigned bit = 0; bit < 3; bit++)
            prefix[bit] |= (cases >> bit & 1) != 0 ? 0x20 : 0;
        snprintf(text, sizeof(text), "%s%s%s1$a.b:1$C$2.9$1%s", around[i / 9 % count],
                 cases < 8 ? prefix : "", around[i / 9 / count % count], around[i / 9 / count / count]);
        bare = activation_code_bare(text);
        if (!activation_code_parse(text, &code, &why) || strcmp(code.address, "a.b:1") != 0 ||
            strcmp(code.matching_id, "C") != 0 || strcmp(code.oid, "2.9") != 0 ||
            !code.confirmation_code_required || !span_equal(bare, SPAN_STRING("1$a.b:1$C$2.9$1")))
            ck_abort_msg("'%s'", text);
    }
}
END_TEST

START_TEST(refuses_parts_that_are_too_long)
{
    char text[600] = "1$";
    struct activation_code code;
    const char *why;

    memset(text + 2, 'a', 300);
    strcpy(text + 302, "$x");
    ck_assert(!activation_code_parse(text, &code, &why));
}
END_TEST

TEST_MAIN("activation_code", reads_every_form, takes_what_surrounds_a_copied_code, refuses_the_rest,
          refuses_parts_that_are_too_long)
