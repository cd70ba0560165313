/* A bearer of addresses with a name server behind it: see naming_script.h. */
#include "tests/euicc/network/naming_script.h"
#include "tests/euicc/network/dns_messages.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define SERVER_FAILURE 2

/* An assertion of check's that holds is written to a file each time, and there are millions here. */
#define must(condition) ((condition) ? (void)0 : ck_abort_msg("%s", #condition))

/* --- the name servers ---------------------------------------------------------------------------------- */

static void put_addresses(const struct script *script, struct buf *answer, unsigned type)
{
    static const uint8_t ipv6[IPV6_SIZE] = {0x20, 0x01, 0x0D, 0xB8, [15] = 0x07};

    for (size_t i = 0; type == DNS_A && i < sizeof(script->addresses) && script->addresses[i] != 0; i++)
        dns_ipv4(answer, SCRIPT_NAME, script->ttl, script->addresses[i]);
    if (type == DNS_AAAA && script->has_ipv6)
        dns_record(answer, false, SCRIPT_NAME, DNS_AAAA, script->ttl, SPAN_ARRAY(ipv6));
}

void script_answer(struct script *script, struct script_channel *channel)
{
    bool is_second = strcmp(channel->host, SCRIPT_SECOND) == 0;
    enum script_server_kind kind = is_second ? script->second : script->server;
    unsigned rcode = kind == SCRIPT_FAILS ? SERVER_FAILURE : script->rcode;
    struct buf answer = {0};
    uint16_t type, id;

    must(channel->sent.size > 12);
    id = (uint16_t)span_number(SPAN(channel->sent.data, 2));
    type = (uint16_t)span_number(SPAN(channel->sent.data + channel->sent.size - 4, 2));
    dns_begin(&answer, id, DNS_ANSWER_FLAGS | rcode, SCRIPT_NAME, type);
    if (rcode == 0)
        put_addresses(script, &answer, type);
    script_come(channel, buf_span(&answer));
    buf_free(&answer);
}

static void see_question(struct script *script, struct script_channel *channel)
{
    enum script_server_kind kind =
        strcmp(channel->host, SCRIPT_SECOND) == 0 ? script->second : script->server;

    script->questions++;
    script->last_id = (uint16_t)span_number(SPAN(channel->sent.data, 2));
    if (kind == SCRIPT_ANSWERS || kind == SCRIPT_FAILS)
        script_answer(script, channel);
}

/* --- the bearer ---------------------------------------------------------------------------------------- */

static bool fails_now(struct script *script)
{
    return ++script->calls == script->fails_at;
}

static enum script_kind kind_of(const struct script *script, const char *host)
{
    for (size_t i = 0; i < script->place_count; i++)
        if (strcmp(script->places[i].host, host) == 0)
            return script->places[i].kind;
    return SCRIPT_OPENS;
}

static unsigned script_open(void *context, enum bearer_transport transport, const char *host, uint16_t port)
{
    struct script *script = context;
    enum script_kind kind = kind_of(script, host);
    struct ip_address address;
    unsigned number = 1;

    must(host_address(host, &address));
    while (script->channels[number].is_used)
        number++;
    if (fails_now(script) || kind == SCRIPT_REFUSES || script_count(script) >= script->limit)
        return BEARER_NO_CHANNEL;
    script->channels[number] = (struct script_channel){
        .is_used = true, .transport = transport, .port = port, .state = BEARER_OPENING};
    snprintf(script->channels[number].host, HOST_ADDRESS_TEXT, "%s", host);
    if (kind == SCRIPT_OPENS)
        script->channels[number].state = BEARER_OPEN;
    if (kind == SCRIPT_ENDS)
        script_ended(&script->channels[number], "nobody is there");
    script->opened++;
    if (script_count(script) > script->most)
        script->most = script_count(script);
    return number;
}

static struct script_channel *used_channel(struct script *script, unsigned channel)
{
    must(channel >= 1 && channel <= SCRIPT_CHANNELS && script->channels[channel].is_used);
    return &script->channels[channel];
}

static enum bearer_state script_state(void *context, unsigned number, const char **why)
{
    struct script *script = context;
    struct script_channel *channel = used_channel(script, number);

    if (fails_now(script))
        script_ended(channel, "the link is lost");
    if (channel->state == BEARER_ENDED)
        *why = channel->why;
    return channel->state;
}

static bool script_send(void *context, unsigned number, struct span octets)
{
    struct script *script = context;
    struct script_channel *channel = used_channel(script, number);

    if (fails_now(script) || channel->state != BEARER_OPEN)
        return false;
    buf_clear(&channel->sent);
    buf_append(&channel->sent, octets);
    channel->sends++;
    if (channel->port == DNS_PORT)
        see_question(script, channel);
    return true;
}

static bool script_receive(void *context, unsigned number, struct buf *out)
{
    struct script *script = context;
    struct script_channel *channel = used_channel(script, number);
    bool is_server = channel->port == DNS_PORT;

    if (fails_now(script)) { /* what came is lost */
        channel->taken = channel->piece_count;
        return false;
    }
    if (is_server && script->server == SCRIPT_BABBLES) {
        buf_append(out, SPAN_STRING("babble, babble, babble"));
        return true;
    }
    if (channel->taken == channel->piece_count)
        return false;
    buf_append(out, buf_span(&channel->pieces[channel->taken++]));
    return true;
}

static void script_close(void *context, unsigned number)
{
    struct script *script = context;
    struct script_channel *channel = used_channel(script, number);

    for (size_t i = 0; i < SCRIPT_PIECES; i++)
        buf_free(&channel->pieces[i]);
    buf_free(&channel->sent);
    /* Whoever keeps a reason beyond its channel reads something else. */
    memset(channel, 'x', sizeof(*channel));
    channel->is_used = false;
    script->closed++;
}

static size_t script_servers(void *context, struct ip_address *servers, size_t max)
{
    struct script *script = context;

    if (script->told_with_open && script->opened == 0)
        return BEARER_SERVERS_LATER;
    if (script->told == NULL || max == 0)
        return 0;
    must(host_address(script->told, &servers[0]));
    return 1;
}

/* --- for tests ----------------------------------------------------------------------------------------- */

void script_begin(struct script *script)
{
    *script = (struct script){.limit = 7, .addresses = {1}, .ttl = 300};
    script->bearer = (struct bearer){.context = script,
                                     .open = script_open,
                                     .state = script_state,
                                     .send = script_send,
                                     .receive = script_receive,
                                     .close = script_close,
                                     .servers = script_servers};
}

void script_free(struct script *script)
{
    for (unsigned i = 1; i <= SCRIPT_CHANNELS; i++)
        if (script->channels[i].is_used)
            script_close(script, i);
}

void script_place(struct script *script, const char *host, enum script_kind kind)
{
    size_t i = 0;

    while (i < script->place_count && strcmp(script->places[i].host, host) != 0)
        i++;
    must(i < SCRIPT_PLACES);
    script->places[i].host = host;
    script->places[i].kind = kind;
    if (i == script->place_count)
        script->place_count++;
}

struct script_channel *script_find(struct script *script, const char *host)
{
    for (unsigned i = 1; i <= SCRIPT_CHANNELS; i++)
        if (script->channels[i].is_used && strcmp(script->channels[i].host, host) == 0)
            return &script->channels[i];
    return NULL;
}

unsigned script_count(const struct script *script)
{
    unsigned count = 0;

    for (unsigned i = 1; i <= SCRIPT_CHANNELS; i++)
        count += script->channels[i].is_used;
    return count;
}

void script_come(struct script_channel *channel, struct span octets)
{
    must(channel->piece_count < SCRIPT_PIECES);
    channel->pieces[channel->piece_count] = (struct buf){0};
    buf_append(&channel->pieces[channel->piece_count++], octets);
}

void script_opened(struct script_channel *channel)
{
    channel->state = BEARER_OPEN;
}

void script_ended(struct script_channel *channel, const char *why)
{
    channel->state = BEARER_ENDED;
    snprintf(channel->why, sizeof(channel->why), "%s", why);
}
