/* Names of files beside one another. */
#include "common/beside.h"
#include "tests/support/test.h"

#include <stdlib.h>

START_TEST(the_ending_is_replaced_or_added)
{
    static const char *const cases[][2] = {{"a.der", "a.json"},
                                           {"d.der/a.der", "d.der/a.json"},
                                           {"a", "a.json"},
                                           {"a.DER", "a.DER.json"},
                                           {"a.der.pem", "a.der.pem.json"},
                                           {".der", ".json"},
                                           {"er", "er.json"},
                                           {"", ".json"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *path = path_beside(cases[i][0], ".der", ".json");

        ck_assert_str_eq(path, cases[i][1]);
        free(path);
    }
}
END_TEST

TEST_MAIN("beside", the_ending_is_replaced_or_added)
