/* A name server with habits: see managed_names.h. */
#include "tests/device/modem/managed_names.h"

#include "tests/euicc/network/dns_messages.h"

#include <string.h>

enum {
    HOST_LAST = 1, /* octet of the host's address … */
    LIE_LAST = 99, /* … and of one where nobody answers */
    TYPE_A = 1,
    TTL = 60,
    QUESTION_MIN = 16,
    FLAG_TRUNCATED = 0x0200,
    SERVER_FAILED = 2,
    NAME_UNKNOWN = 3,
};

const char *dns_habit_name(enum dns_habit habit)
{
    static const char *const names[DNS_HABITS] = {
        [DNS_ANSWERS] = "a good DNS",          [DNS_IS_SILENT] = "a silent DNS",
        [DNS_IS_SLOW] = "a slow DNS",          [DNS_TRUNCATES] = "a DNS that truncates",
        [DNS_OF_ANOTHER] = "another's answer", [DNS_BAD_ID] = "an answer to another question",
        [DNS_LIES] = "a DNS that lies",        [DNS_KNOWS_NOTHING] = "a DNS that knows nothing",
        [DNS_FAILS] = "a DNS that fails",      [DNS_GARBLES] = "a DNS that garbles"};

    return names[habit];
}

static unsigned flags_of(enum dns_habit habit)
{
    switch (habit) {
    case DNS_TRUNCATES:
        return DNS_ANSWER_FLAGS | FLAG_TRUNCATED;
    case DNS_KNOWS_NOTHING:
        return DNS_ANSWER_FLAGS | NAME_UNKNOWN;
    case DNS_FAILS:
        return DNS_ANSWER_FLAGS | SERVER_FAILED;
    default:
        return DNS_ANSWER_FLAGS;
    }
}

/* The question's type stands at its end, before the class. */
bool names_answer(enum dns_habit habit, struct span question, struct buf *answer)
{
    const char *name = habit == DNS_OF_ANOTHER ? "other.example.com" : BENCH_HOST;
    unsigned flags = flags_of(habit);
    unsigned type;
    uint16_t id;

    ck_assert_uint_gt(question.size, QUESTION_MIN);
    if (habit == DNS_IS_SILENT)
        return false;
    if (habit == DNS_GARBLES) {
        buf_append(answer, hex("FFFF 8180 00"));
        return true;
    }
    id = (uint16_t)span_number(SPAN(question.data, 2));
    type = question.data[question.size - 3];
    dns_begin(answer, habit == DNS_BAD_ID ? (uint16_t)(id + 1) : id, flags, name, type);
    if (flags == DNS_ANSWER_FLAGS && type == TYPE_A)
        dns_ipv4(answer, name, TTL, habit == DNS_LIES ? LIE_LAST : HOST_LAST);
    return true;
}

bool names_is_host(const struct air_target *target)
{
    static const uint8_t host[] = {192, 0, 2, HOST_LAST};

    return target->address_size == sizeof(host) && memcmp(target->address, host, sizeof(host)) == 0;
}
