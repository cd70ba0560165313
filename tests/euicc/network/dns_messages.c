/* Messages of the DNS for tests: see dns_messages.h. */
#include "tests/euicc/network/dns_messages.h"

#include <string.h>

#define CLASS_IN    1
#define ANSWERS     6 /* where the header counts them */
#define AUTHORITIES 8

void dns_name(struct buf *out, const char *name)
{
    while (*name != '\0') {
        size_t size = strcspn(name, ".");

        buf_append_octet(out, (uint8_t)size);
        buf_append(out, SPAN(name, size));
        name += size;
        if (*name == '.')
            name++;
    }
    buf_append_octet(out, 0);
}

void dns_begin(struct buf *out, uint16_t id, unsigned flags, const char *name, unsigned type)
{
    buf_append_number(out, 2, id);
    buf_append_number(out, 2, flags);
    buf_append_number(out, 2, 1);
    buf_append_number(out, 6, 0);
    dns_name(out, name);
    buf_append_number(out, 2, type);
    buf_append_number(out, 2, CLASS_IN);
}

void dns_record(struct buf *out, bool authority, const char *owner, unsigned type, uint32_t ttl,
                struct span data)
{
    uint8_t *count = out->data + (authority ? AUTHORITIES : ANSWERS);

    octets_put_number(count, 2, span_number(SPAN(count, 2)) + 1);
    dns_name(out, owner);
    buf_append_number(out, 2, type);
    buf_append_number(out, 2, CLASS_IN);
    buf_append_number(out, 4, ttl);
    buf_append_number(out, 2, data.size);
    buf_append(out, data);
}

void dns_alias(struct buf *out, const char *owner, uint32_t ttl, const char *target)
{
    struct buf name = {0};

    dns_name(&name, target);
    dns_record(out, false, owner, DNS_CNAME, ttl, buf_span(&name));
    buf_free(&name);
}

void dns_ipv4(struct buf *out, const char *owner, uint32_t ttl, uint8_t last_octet)
{
    const uint8_t address[] = {192, 0, 2, last_octet};

    dns_record(out, false, owner, 1, ttl, SPAN_ARRAY(address));
}

void dns_soa(struct buf *out, uint32_t ttl, uint32_t minimum)
{
    struct buf data = {0};

    dns_name(&data, "ns.example");
    dns_name(&data, "hostmaster.example");
    buf_append_number(&data, 4, 2026010101);
    buf_append_number(&data, 4, 7200);
    buf_append_number(&data, 4, 3600);
    buf_append_number(&data, 4, 1209600);
    buf_append_number(&data, 4, minimum);
    dns_record(out, true, "example", DNS_SOA, ttl, buf_span(&data));
    buf_free(&data);
}
