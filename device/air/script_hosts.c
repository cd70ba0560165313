/* The statements about names, addresses and messages. See script_reader.h and docs/network.md. */
#include "device/air/script_reader.h"
#include "device/air/script_values.h"

#include <stdio.h>
#include <string.h>

#define ADDRESSES_OF 8 /* of one name: what the card looks at */

bool script_take_resolver(struct script_reader *reader)
{
    const char *word = script_word(reader);

    if (word == NULL)
        return false;
    reader->script->resolver = (struct address){0};
    return strcmp(word, "none") == 0 || script_address(word, &reader->script->resolver) ||
           script_fails(reader, "not an address, nor \"none\"", word);
}

bool script_take_ttl(struct script_reader *reader)
{
    const char *word = script_word(reader);
    int64_t ms;

    if (word == NULL)
        return false;
    if (!script_duration(word, &ms) || ms % 1000 != 0 || ms / 1000 > INT32_MAX)
        return script_fails(reader, "not a time in whole seconds (60s, 1h)", word);
    reader->script->ttl = (uint32_t)(ms / 1000);
    return true;
}

bool script_take_host(struct script_reader *reader)
{
    const char *name = script_word(reader);
    size_t count = 0;

    if (name == NULL)
        return false;
    if (!script_is_name(name, SCRIPT_HOST_MAX))
        return script_fails(reader, "not a host's name", name);
    do {
        struct script_host *host;
        const char *word = script_word(reader);

        if (word == NULL || (host = SCRIPT_ADD_ROW(reader, hosts, host_count)) == NULL)
            return false;
        snprintf(host->name, sizeof(host->name), "%s", name);
        if (!script_address(word, &host->address))
            return script_fails(reader, "not an address", word);
        if (++count > ADDRESSES_OF)
            return script_fails(reader, "more than 8 addresses", NULL);
    } while (script_peek(reader) != NULL);
    return true;
}

static uint16_t port_in(const struct address *address)
{
    return address->at.any.sa_family == AF_INET6 ? address->at.v6.sin6_port : address->at.v4.sin_port;
}

bool script_take_route(struct script_reader *reader)
{
    struct script_route *route = SCRIPT_ADD_ROW(reader, routes, route_count);
    const char *from;
    const char *to;

    if (route == NULL || (from = script_word(reader)) == NULL || (to = script_word(reader)) == NULL)
        return false;
    if (!script_endpoint(from, &route->from))
        return script_fails(reader, "not an address (192.0.2.1, 192.0.2.1:443, [::1]:443)", from);
    if (!script_endpoint(to, &route->to))
        return script_fails(reader, "not an address (192.0.2.1, 192.0.2.1:443, [::1]:443)", to);
    if (port_in(&route->from) == 0 && port_in(&route->to) != 0)
        return script_fails(reader, "a port leads to a port: both have one, or only the first", NULL);
    return true;
}

bool script_take_sms(struct script_reader *reader)
{
    struct script_message *message = SCRIPT_ADD_ROW(reader, messages, message_count);
    const char *word = script_peek(reader);
    struct buf tpdu = {0};
    bool ok;

    if (message == NULL)
        return false;
    if (word != NULL && (strcmp(word, "all") == 0 || strcmp(word, "imsi") == 0 || strcmp(word, "iccid") == 0))
        if (!script_who(reader, &message->who))
            return false;
    if ((word = script_word(reader)) == NULL)
        return false;
    ok = buf_append_hex(&tpdu, word, NULL) && !tpdu.failed && tpdu.size > 0 &&
         tpdu.size <= sizeof(message->tpdu);
    if (ok) {
        memcpy(message->tpdu, tpdu.data, tpdu.size);
        message->size = tpdu.size;
    }
    buf_free(&tpdu);
    return (ok || script_fails(reader, "not a TPDU in hexadecimal (1 to 255 octets)", word)) &&
           script_instants(reader, &message->when);
}

bool script_take_dns(struct script_reader *reader)
{
    static const struct {
        const char *name;
        enum script_fault fault;
    } faults[] = {{"servfail", DNS_FAULT_SERVFAIL},
                  {"silent", DNS_FAULT_SILENT},
                  {"truncated", DNS_FAULT_TRUNCATED},
                  {"wrong-id", DNS_FAULT_ID}};
    struct script_dns_fault *row = SCRIPT_ADD_ROW(reader, faults, fault_count);
    const char *word;

    if (row == NULL || (word = script_word(reader)) == NULL)
        return false;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (strcmp(word, faults[i].name) == 0) {
            row->fault = faults[i].fault;
            return script_period(reader, true, &row->when);
        }
    }
    return script_fails(reader, "none of servfail, silent, truncated, wrong-id", word);
}
