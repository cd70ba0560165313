/* A resolver that is handed time and datagrams: see resolver.h. */
#include "euicc/network/resolver.h"

#include <string.h>

#define ID_BITS 16

/* Another one for each question and server: what a server answers late is taken for no answer of the next. */
static uint16_t question_id(const struct resolver *resolver, size_t question)
{
    size_t number = question * RESOLVER_SERVERS_MAX + resolver->questions[question].server;

    return (uint16_t)(resolver->random >> number * ID_BITS);
}

static void finish_without(struct resolver *resolver, const char *why, bool final, uint32_t ttl)
{
    resolver->is_done = true;
    resolver->resolved = (struct resolved){.why = why, .final = final, .ttl = ttl};
}

/* Why there is no address. That there is none is said only if every question has been answered so. */
static void finish_empty(struct resolver *resolver)
{
    const struct resolver_question *telling = &resolver->questions[0];
    bool final = true;
    uint32_t ttl = UINT32_MAX;

    for (size_t i = resolver->question_count; i-- > 0;) {
        const struct resolver_question *question = &resolver->questions[i];
        bool answered =
            question->heard && (question->result == DNS_NO_NAME || question->result == DNS_NO_DATA);

        if (question->answer.ttl < ttl)
            ttl = question->answer.ttl;
        if (!answered || final)
            telling = question;
        final = final && answered;
    }
    finish_without(resolver, telling->heard ? dns_result_text(telling->result) : "no name server answered",
                   final, final ? ttl : 0);
}

/* Ends it once no question is open. */
static void finish_if_done(struct resolver *resolver)
{
    struct resolved *resolved = &resolver->resolved;

    for (size_t i = 0; i < resolver->question_count; i++)
        if (!resolver->questions[i].is_done)
            return;
    resolver->is_done = true;
    *resolved = (struct resolved){.ttl = UINT32_MAX};
    for (size_t i = 0; i < resolver->question_count; i++) {
        const struct dns_answer *answer = &resolver->questions[i].answer;

        memcpy(resolved->addresses + resolved->count, answer->addresses,
               answer->count * sizeof(answer->addresses[0]));
        resolved->count += answer->count;
        if (answer->count > 0 && answer->ttl < resolved->ttl)
            resolved->ttl = answer->ttl;
    }
    if (resolved->count == 0)
        finish_empty(resolver);
}

/* Whether an address is there already: then the other family is waited for, but not asked again. */
static bool has_addresses(const struct resolver *resolver)
{
    for (size_t i = 0; i < resolver->question_count; i++)
        if (resolver->questions[i].answer.count > 0)
            return true;
    return false;
}

/* Goes on to the next server, or ends the question where there is none. */
static void next_server(struct resolver *resolver, struct resolver_question *question, int64_t now)
{
    if (question->server + 1 >= resolver->settings.server_count || has_addresses(resolver)) {
        question->is_done = true;
        return;
    }
    question->server++;
    question->tries = 0;
    question->due = now;
}

void resolver_begin(struct resolver *resolver, const char *host, const struct resolver_settings *settings,
                    uint64_t random, int64_t now)
{
    struct ip_address address;
    bool ipv4 = settings->families != RESOLVER_IPV6;
    bool ipv6 = settings->families != RESOLVER_IPV4;

    *resolver = (struct resolver){.settings = *settings, .random = random};
    if (host_address(host, &address)) {
        resolver->is_done = true;
        resolver->resolved = (struct resolved){.addresses = {address}, .count = 1, .ttl = UINT32_MAX};
        return;
    }
    if (!host_is_name(host)) {
        finish_without(resolver, "the host is neither a name nor an address", false, 0);
        return;
    }
    if (settings->server_count == 0 || settings->server_count > RESOLVER_SERVERS_MAX) {
        finish_without(resolver, "there is no name server to ask", false, 0);
        return;
    }
    memcpy(resolver->name, host, strlen(host) + 1);
    if (ipv4)
        resolver->questions[resolver->question_count++] =
            (struct resolver_question){.type = DNS_A, .due = now};
    if (ipv6)
        resolver->questions[resolver->question_count++] =
            (struct resolver_question){.type = DNS_AAAA, .due = now};
}

bool resolver_is_done(const struct resolver *resolver, struct resolved *resolved)
{
    if (resolver->is_done && resolved != NULL)
        *resolved = resolver->resolved;
    return resolver->is_done;
}

/* A question whose time it is: whether it is to be sent once more. */
static bool is_to_be_sent(struct resolver *resolver, struct resolver_question *question, int64_t now)
{
    if (question->is_done || question->due > now)
        return false;
    if (question->tries > 0 && has_addresses(resolver)) {
        question->is_done = true;
    } else if (question->tries == RESOLVER_TRIES) {
        next_server(resolver, question, now);
    }
    return !question->is_done;
}

bool resolver_send(struct resolver *resolver, int64_t now, struct buf *out, struct ip_address *server)
{
    for (size_t i = 0; i < resolver->question_count && !resolver->is_done; i++) {
        struct resolver_question *question = &resolver->questions[i];

        if (!is_to_be_sent(resolver, question, now))
            continue;
        question->due = now + ((int64_t)RESOLVER_FIRST_WAIT << question->tries);
        question->tries++;
        *server = resolver->settings.servers[question->server];
        if (dns_put_question(out, question_id(resolver, i), resolver->name, question->type))
            return true;
    }
    if (!resolver->is_done)
        finish_if_done(resolver);
    return false;
}

int64_t resolver_due(const struct resolver *resolver)
{
    int64_t due = INT64_MAX;

    for (size_t i = 0; i < resolver->question_count && !resolver->is_done; i++)
        if (!resolver->questions[i].is_done && resolver->questions[i].due < due)
            due = resolver->questions[i].due;
    return due;
}

/* What a server says of a question that it was asked. */
static void take_result(struct resolver *resolver, struct resolver_question *question, enum dns_result result,
                        const struct dns_answer *answer, int64_t now)
{
    question->heard = true;
    question->result = result;
    question->answer = *answer;
    if (result == DNS_FOUND || result == DNS_NO_NAME || result == DNS_NO_DATA)
        question->is_done = true;
    else
        next_server(resolver, question, now);
}

void resolver_receive(struct resolver *resolver, const struct ip_address *from, struct span datagram,
                      int64_t now)
{
    for (size_t i = 0; i < resolver->question_count && !resolver->is_done; i++) {
        struct resolver_question *question = &resolver->questions[i];
        struct dns_answer answer;
        enum dns_result result;

        if (question->is_done || question->tries == 0 ||
            !host_same_address(from, &resolver->settings.servers[question->server]))
            continue;
        result = dns_read_answer(datagram, question_id(resolver, i), resolver->name, question->type, &answer);
        if (result != DNS_FOREIGN) {
            take_result(resolver, question, result, &answer, now);
            finish_if_done(resolver);
            return;
        }
    }
}

void resolver_pass_over(struct resolver *resolver, const struct ip_address *server, int64_t now)
{
    for (size_t i = 0; i < resolver->question_count && !resolver->is_done; i++) {
        struct resolver_question *question = &resolver->questions[i];

        if (!question->is_done && host_same_address(server, &resolver->settings.servers[question->server]))
            next_server(resolver, question, now);
    }
    if (!resolver->is_done)
        finish_if_done(resolver);
}
