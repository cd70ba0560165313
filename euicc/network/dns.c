/* Messages of the DNS: see dns.h. */
#include "euicc/network/dns.h"

#include <string.h>

#define HEADER_SIZE    12
#define NAME_WIRE_MAX  255 /* octets, RFC 1035 2.3.4 */
#define CLASS_IN       1
#define TYPE_CNAME     5
#define TYPE_SOA       6
#define SOA_NUMBERS    20 /* octets behind the two names; the last four are MINIMUM */
#define TTL_LARGEST    0x7FFFFFFFu
#define POINTER_BITS   0xC0u /* of a length: the rest of the name stands elsewhere, RFC 1035 4.1.4 */
#define FLAG_RESPONSE  0x8000u
#define FLAG_TRUNCATED 0x0200u
#define FLAG_RECURSION 0x0100u /* desired */
#define OPCODE_MASK    0x7800u
#define RCODE_MASK     0x000Fu

enum rcode { RCODE_FORMAT = 1, RCODE_FAILURE, RCODE_NO_NAME, RCODE_NOT_IMPLEMENTED, RCODE_REFUSED };

/* A name as messages have it, without pointers and in lower case: labels behind their lengths, the empty one
 * last. */
struct wire_name {
    uint8_t octets[NAME_WIRE_MAX];
    size_t size;
};

/* A resource record; its data are from `data` to `end` in the message. */
struct record {
    struct wire_name owner;
    unsigned type;
    unsigned class;
    uint32_t ttl;
    size_t data;
    size_t end;
};

/* A message that belongs to the question, and where its records begin. */
struct message {
    struct span octets;
    unsigned flags;
    unsigned answers;
    unsigned authorities;
    size_t records;
};

const char *dns_result_text(enum dns_result result)
{
    static const char *const texts[] = {
        [DNS_FOUND] = "found",
        [DNS_NO_NAME] = "there is no such name",
        [DNS_NO_DATA] = "the name has no such address",
        [DNS_SERVER_FAILURE] = "the name server failed",
        [DNS_REFUSED] = "the name server refused the question",
        [DNS_BAD_QUESTION] = "the name server did not understand the question",
        [DNS_TRUNCATED] = "the name server's answer was cut off",
        [DNS_ALIAS_LOOP] = "the name is an alias of too many aliases",
        [DNS_MALFORMED] = "the name server's answer cannot be read",
        [DNS_FOREIGN] = "the answer is to another question",
    };

    return texts[result];
}

static uint8_t lower(uint8_t octet)
{
    return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet | 0x20) : octet;
}

static bool append_label(struct wire_name *name, const uint8_t *label, size_t size)
{
    if (size + 1 > NAME_WIRE_MAX - name->size)
        return false;
    name->octets[name->size++] = (uint8_t)size;
    for (size_t i = 0; i < size; i++)
        name->octets[name->size++] = lower(label[i]);
    return true;
}

static bool same_name(const struct wire_name *a, const struct wire_name *b)
{
    return span_equal(SPAN(a->octets, a->size), SPAN(b->octets, b->size));
}

static bool name_from_text(const char *text, struct wire_name *name)
{
    bool good = host_is_name(text);

    name->size = 0;
    while (good && *text != '\0') {
        size_t size = strcspn(text, ".");

        good = append_label(name, (const uint8_t *)text, size);
        text += size;
        if (*text == '.')
            text++;
    }
    return good && append_label(name, NULL, 0);
}

/* Reads a name and moves *offset behind it. Each pointer must lead before the part of the name that it ends:
 * so there are no circles, and what two names share is found where it stood first. */
static bool read_name(struct span message, size_t *offset, struct wire_name *name)
{
    size_t at = *offset;
    size_t begin = at;
    bool moved = false;

    name->size = 0;
    while (at < message.size) {
        unsigned length = message.data[at];

        if ((length & POINTER_BITS) == POINTER_BITS) {
            if (message.size - at < 2)
                return false;
            if (!moved)
                *offset = at + 2;
            moved = true;
            at = (length & ~POINTER_BITS) << 8 | message.data[at + 1];
            if (at >= begin)
                return false;
            begin = at;
            continue;
        }
        if ((length & POINTER_BITS) != 0 || message.size - at - 1 < length ||
            !append_label(name, message.data + at + 1, length))
            return false;
        at += 1 + length;
        if (length == 0) {
            if (!moved)
                *offset = at;
            return true;
        }
    }
    return false;
}

static bool read_number(struct span message, size_t *offset, size_t size, uint32_t *number)
{
    if (message.size < *offset || message.size - *offset < size)
        return false;
    *number = (uint32_t)span_number(SPAN(message.data + *offset, size));
    *offset += size;
    return true;
}

static bool read_record(struct span message, size_t *offset, struct record *record)
{
    uint32_t type;
    uint32_t class;
    uint32_t size;

    if (!read_name(message, offset, &record->owner) || !read_number(message, offset, 2, &type) ||
        !read_number(message, offset, 2, &class) || !read_number(message, offset, 4, &record->ttl) ||
        !read_number(message, offset, 2, &size) || message.size - *offset < size)
        return false;
    record->type = type;
    record->class = class;
    if (record->ttl > TTL_LARGEST)
        record->ttl = 0; /* RFC 2181 8 */
    record->data = *offset;
    record->end = *offset += size;
    return true;
}

/* Whether the message answers the question; then `out` is about it. */
static bool answers_question(struct span octets, uint16_t id, const struct wire_name *name,
                             enum dns_type type, struct message *out)
{
    struct wire_name asked;
    size_t offset = HEADER_SIZE;
    uint32_t asked_type;
    uint32_t asked_class;

    if (octets.size < HEADER_SIZE || octets.size > DNS_ANSWER_MAX || span_number(SPAN(octets.data, 2)) != id)
        return false;
    out->octets = octets;
    out->flags = (unsigned)span_number(SPAN(octets.data + 2, 2));
    out->answers = (unsigned)span_number(SPAN(octets.data + 6, 2));
    out->authorities = (unsigned)span_number(SPAN(octets.data + 8, 2));
    if ((out->flags & (FLAG_RESPONSE | OPCODE_MASK)) != FLAG_RESPONSE ||
        span_number(SPAN(octets.data + 4, 2)) != 1)
        return false;
    if (!read_name(octets, &offset, &asked) || !read_number(octets, &offset, 2, &asked_type) ||
        !read_number(octets, &offset, 2, &asked_class))
        return false;
    out->records = offset;
    return same_name(&asked, name) && asked_type == type && asked_class == CLASS_IN;
}

/* RFC 2308 5: the lesser of the SOA record's own time to live and its MINIMUM. */
static bool read_soa(struct span message, const struct record *record, uint32_t *ttl)
{
    struct wire_name name;
    size_t offset = record->data;
    uint32_t minimum;

    if (!read_name(message, &offset, &name) || !read_name(message, &offset, &name) ||
        offset + SOA_NUMBERS != record->end)
        return false;
    minimum = (uint32_t)span_number(SPAN(message.data + record->end - 4, 4));
    *ttl = minimum < record->ttl ? minimum : record->ttl;
    return true;
}

/* Passes over all that is looked at later, and finds how long it holds that there is nothing. */
static bool check_records(const struct message *message, uint32_t *negative_ttl)
{
    size_t offset = message->records;
    struct record record;
    bool has_soa = false;

    for (unsigned i = 0; i < message->answers + message->authorities; i++) {
        if (!read_record(message->octets, &offset, &record))
            return false;
        if (i < message->answers || has_soa || record.type != TYPE_SOA || record.class != CLASS_IN)
            continue;
        if (!read_soa(message->octets, &record, negative_ttl))
            return false;
        has_soa = true;
    }
    return true;
}

/* The next record of the answer section with this owner and type; *left counts those not looked at. */
static bool find_record(const struct message *message, const struct wire_name *owner, unsigned type,
                        size_t *offset, unsigned *left, struct record *record)
{
    while (*left > 0 && read_record(message->octets, offset, record)) {
        --*left;
        if (record->type == type && record->class == CLASS_IN && same_name(&record->owner, owner))
            return true;
    }
    return false;
}

static void lower_ttl(struct dns_answer *answer, uint32_t ttl)
{
    if (ttl < answer->ttl)
        answer->ttl = ttl;
}

/* Makes *name the one that it is an alias of in the end. DNS_FOUND when there is such a name. */
static enum dns_result follow_aliases(const struct message *message, struct wire_name *name,
                                      struct dns_answer *answer)
{
    for (unsigned aliases = 0; aliases <= DNS_ALIASES_MAX; aliases++) {
        size_t offset = message->records;
        unsigned left = message->answers;
        struct record record;

        if (!find_record(message, name, TYPE_CNAME, &offset, &left, &record))
            return DNS_FOUND;
        lower_ttl(answer, record.ttl);
        offset = record.data;
        if (!read_name(message->octets, &offset, name) || offset != record.end)
            return DNS_MALFORMED;
    }
    return DNS_ALIAS_LOOP;
}

static enum dns_result collect(const struct message *message, const struct wire_name *name,
                               enum dns_type type, struct dns_answer *answer)
{
    size_t size = type == DNS_A ? IPV4_SIZE : IPV6_SIZE;
    size_t offset = message->records;
    unsigned left = message->answers;
    struct record record;

    while (find_record(message, name, type, &offset, &left, &record)) {
        struct ip_address *address = &answer->addresses[answer->count];

        if (record.end - record.data != size)
            return DNS_MALFORMED;
        if (answer->count == DNS_ADDRESSES_MAX)
            break;
        memcpy(address->octets, message->octets.data + record.data, size);
        address->size = size;
        answer->count++;
        lower_ttl(answer, record.ttl);
    }
    return answer->count > 0 ? DNS_FOUND : DNS_NO_DATA;
}

static enum dns_result read_records(const struct message *message, struct wire_name *name, enum dns_type type,
                                    struct dns_answer *answer)
{
    uint32_t negative_ttl = 0;
    enum dns_result result;

    switch (message->flags & RCODE_MASK) {
    case 0:
    case RCODE_NO_NAME:
        break;
    case RCODE_REFUSED:
        return DNS_REFUSED;
    case RCODE_FORMAT:
    case RCODE_NOT_IMPLEMENTED:
        return DNS_BAD_QUESTION;
    default:
        return DNS_SERVER_FAILURE;
    }
    answer->ttl = TTL_LARGEST;
    if (!check_records(message, &negative_ttl) && (message->flags & FLAG_TRUNCATED) == 0)
        return DNS_MALFORMED;
    result = follow_aliases(message, name, answer);
    if (result == DNS_FOUND)
        result = collect(message, name, type, answer);
    /* RFC 2308 2.1: it is the end of the aliases that is not there. */
    if ((message->flags & RCODE_MASK) == RCODE_NO_NAME && (result == DNS_FOUND || result == DNS_NO_DATA))
        result = DNS_NO_NAME;
    else if ((message->flags & FLAG_TRUNCATED) != 0 && result != DNS_FOUND)
        result = DNS_TRUNCATED;
    if (result == DNS_NO_NAME || result == DNS_NO_DATA)
        *answer = (struct dns_answer){.ttl = negative_ttl};
    return result;
}

bool dns_put_question(struct buf *out, uint16_t id, const char *name, enum dns_type type)
{
    struct wire_name wire;
    size_t before = out->size;

    if (!name_from_text(name, &wire))
        return false;
    buf_append_number(out, 2, id);
    buf_append_number(out, 2, FLAG_RECURSION);
    buf_append_number(out, 2, 1);
    buf_append_number(out, 6, 0); /* no records */
    buf_append(out, SPAN(wire.octets, wire.size));
    buf_append_number(out, 2, type);
    buf_append_number(out, 2, CLASS_IN);
    if (out->failed)
        out->size = before;
    return !out->failed;
}

enum dns_result dns_read_answer(struct span message, uint16_t id, const char *name, enum dns_type type,
                                struct dns_answer *answer)
{
    struct wire_name wire;
    struct message read;
    enum dns_result result;

    *answer = (struct dns_answer){.count = 0};
    if (!name_from_text(name, &wire) || !answers_question(message, id, &wire, type, &read))
        return DNS_FOREIGN;
    result = read_records(&read, &wire, type, answer);
    if (result != DNS_FOUND && result != DNS_NO_NAME && result != DNS_NO_DATA)
        *answer = (struct dns_answer){.count = 0};
    return result;
}
