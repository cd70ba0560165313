/* protocol/activation_code.c: the forms of SGP.22 4.1, and what is none of them. */
#include "protocol/activation_code.h"
#include "tests/support/test.h"

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
                                        "lpa:1$a.b$C",
                                        "1$a.b"};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct activation_code code;
        const char *why = NULL;

        ck_assert_msg(!activation_code_parse(cases[i], &code, &why), "%s", cases[i]);
        ck_assert_ptr_nonnull(why);
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

TEST_MAIN("activation_code", reads_every_form, refuses_the_rest, refuses_parts_that_are_too_long)
