/* common/http/admin_header.c: an X-Admin-Protocol that was refused is said with both values, and no other. */
#include "common/http/admin_header.h"
#include "tests/support/capture.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

static const struct refusal {
    const char *sent, *came; /* lines; NULL: none */
    long status;
    const char *said;
} refusals[] = {
    {"X-Admin-Protocol: gsma/rsp/v2.2.2", "x-admin-protocol:gsma/rsp/v3.0.0\r\n", 400,
     "u: HTTP status 400; X-Admin-Protocol sent: gsma/rsp/v2.2.2, came back: gsma/rsp/v3.0.0\n"},
    {"X-Admin-Protocol: gsma/rsp/v2.2.2", NULL, 400,
     "u: HTTP status 400; X-Admin-Protocol sent: gsma/rsp/v2.2.2, came back: none\n"},
    {"X-Admin-Protocol: gsma/rsp/v2.2.2", "X-Admin-Protocol: gsma/rsp/v22.0.0\r\n", 400,
     "u: HTTP status 400; X-Admin-Protocol sent: gsma/rsp/v2.2.2, came back: gsma/rsp/v22.0.0\n"},
    {"X-Admin-Protocol: gsma/rsp/v2.2.2", "X-Admin-Protocol: gsma/rsp/v2.1.0\r\n", 400, ""},
    {"X-Admin-Protocol: gsma/rsp/v2.2.2", "X-Admin-Protocol: gsma/rsp/v3.0.0\r\n", 200, ""},
    {"Content-Type: application/json", "X-Admin-Protocol: gsma/rsp/v3.0.0\r\n", 400, ""},
    {"X-Admin-Protocol: gsma/rsp/v2.2.2", "Date: today\r\n", 400,
     "u: HTTP status 400; X-Admin-Protocol sent: gsma/rsp/v2.2.2, came back: none\n"},
};

static int say(void *context)
{
    const struct refusal *refusal = context;
    struct admin_header header = {.sent = ""};

    admin_header_take(refusal->sent, strlen(refusal->sent), header.sent);
    if (refusal->came != NULL)
        admin_header_take(refusal->came, strlen(refusal->came), header.came);
    admin_header_say(&header, "u", refusal->status);
    return 0;
}

START_TEST(says_both_values)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct refusal refusal = refusals[i];

        ck_assert_captured(capture(say, &refusal), 0, "", refusal.said);
    }
}
END_TEST

/* Lines of any length, and no more of a value than there is room for. */
START_TEST(takes_any_line)
{
    static const char line[] =
        "X-Admin-Protocol: 0123456789012345678901234567890123456789012345678901234567890123456789";

    for (size_t size = 0; size < sizeof(line); size++) {
        char value[ADMIN_HEADER_MAX] = "";
        char *copy = malloc(size + 1);

        ck_assert_ptr_nonnull(copy);
        memcpy(copy + 1, line, size);
        admin_header_take(copy + 1, size, value);
        ck_assert_uint_lt(strlen(value), sizeof(value));
        free(copy);
    }
}
END_TEST

TEST_MAIN("admin_header", says_both_values, takes_any_line)
