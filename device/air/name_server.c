/* DNS of a scripted network, on libevent's server. See name_server.h. */
#include "device/air/name_server.h"

#include "common/net/lookup.h"
#include "device/air/sockets.h"

#include <event2/dns.h>
#include <event2/dns_struct.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HEADER_SIZE 12
#define FLAG_TC     0x02 /* in the third octet (RFC 1035 4.1.1) */
#define WAITING_MAX 256  /* questions whose names are being looked up */

/* One question to this machine's resolver. A virtual clock waits for it, while there is patience. */
struct name_query {
    struct name_query *next, **link;
    struct name_server *server;
    struct evdns_server_request *request;
    struct lookup *lookup;
    struct event *patience; /* real time */
    bool is_holding;
};

struct name_server {
    struct event_base *base;
    struct device_clock *clock;
    const struct network_script *script;
    int64_t start;
    struct address address;
    struct evdns_server_port *port;
    struct name_query *waiting;
    size_t waiting_count;
};

static const struct evdns_server_question *asked(const struct evdns_server_request *request)
{
    return request->nquestions == 1 ? request->questions[0] : NULL;
}

/* --- answers ------------------------------------------------------------------------------------------- */

/* Adds an address if it is of the type that was asked. */
static void add_answer(const struct name_server *server, struct evdns_server_request *request,
                       const struct address *address)
{
    const struct evdns_server_question *question = asked(request);
    const int ttl = (int)server->script->ttl;

    if (address->at.any.sa_family == AF_INET && question->type == EVDNS_TYPE_A)
        evdns_server_request_add_a_reply(request, question->name, 1, &address->at.v4.sin_addr, ttl);
    if (address->at.any.sa_family == AF_INET6 && question->type == EVDNS_TYPE_AAAA)
        evdns_server_request_add_aaaa_reply(request, question->name, 1, &address->at.v6.sin6_addr, ttl);
}

/* A name that is in the script has the script's addresses only. False: it is not. */
static bool answer_from_script(const struct name_server *server, struct evdns_server_request *request)
{
    const char *name = asked(request)->name;
    bool is_known = false;

    for (size_t i = 0; i < server->script->host_count; i++) {
        if (strcasecmp(server->script->hosts[i].name, name) != 0)
            continue;
        is_known = true;
        add_answer(server, request, &server->script->hosts[i].address);
    }
    if (is_known)
        evdns_server_request_respond(request, DNS_ERR_NONE);
    return is_known;
}

static void relax_query(struct name_query *query)
{
    if (query->is_holding)
        device_clock_release(query->server->clock);
    query->is_holding = false;
}

static void on_patience_gone(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    relax_query(context);
}

/* Without memory for the timer it is not waited for. */
static void hold_for_query(struct name_query *query)
{
    const struct timeval wait = {.tv_sec = SOCKET_PATIENCE_MS / 1000};

    query->patience = evtimer_new(query->server->base, on_patience_gone, query);
    if (query->patience == NULL || evtimer_add(query->patience, &wait) != 0)
        return;
    device_clock_hold(query->server->clock);
    query->is_holding = true;
}

static void forget_query(struct name_query *query)
{
    relax_query(query);
    if (query->patience != NULL)
        event_free(query->patience);
    *query->link = query->next;
    if (query->next != NULL)
        query->next->link = query->link;
    query->server->waiting_count--;
    free(query);
}

static void on_found(void *context, const struct addresses *found, const char *why)
{
    struct name_query *query = context;
    struct name_server *server = query->server;
    struct evdns_server_request *request = query->request;
    int error = DNS_ERR_NONE;

    forget_query(query);
    if (found == NULL)
        error = strcmp(why, gai_strerror(EAI_AGAIN)) == 0 ? DNS_ERR_SERVERFAILED : DNS_ERR_NOTEXIST;
    for (size_t i = 0; found != NULL && i < found->count; i++)
        add_answer(server, request, &found->list[i]);
    evdns_server_request_respond(request, error);
}

static void look_up(struct name_server *server, struct evdns_server_request *request)
{
    struct name_query *query = server->waiting_count < WAITING_MAX ? calloc(1, sizeof(*query)) : NULL;

    if (query == NULL) {
        evdns_server_request_respond(request, DNS_ERR_SERVERFAILED);
        return;
    }
    query->server = server;
    query->request = request;
    query->next = server->waiting;
    query->link = &server->waiting;
    if (query->next != NULL)
        query->next->link = &query->next;
    server->waiting = query;
    server->waiting_count++;
    hold_for_query(query);
    query->lookup = lookup_begin(server->base, asked(request)->name, 0, SOCK_STREAM, on_found, query);
    if (query->lookup == NULL) {
        forget_query(query);
        evdns_server_request_respond(request, DNS_ERR_SERVERFAILED);
    }
}

/* --- questions ----------------------------------------------------------------------------------------- */

enum script_fault name_server_fault(const struct name_server *server)
{
    const int64_t time = device_clock_now(server->clock) - server->start;

    for (size_t i = 0; i < server->script->fault_count; i++) {
        if (period_covers(&server->script->faults[i].when, time))
            return server->script->faults[i].fault;
    }
    return DNS_FAULT_NONE;
}

static void on_request(struct evdns_server_request *request, void *context)
{
    struct name_server *server = context;
    const enum script_fault fault = name_server_fault(server);
    const struct evdns_server_question *question = asked(request);

    evdns_server_request_set_flags(request, EVDNS_FLAGS_RD);
    if (fault == DNS_FAULT_SILENT)
        evdns_server_request_drop(request);
    else if (question == NULL)
        evdns_server_request_respond(request, DNS_ERR_FORMAT);
    else if (fault == DNS_FAULT_SERVFAIL)
        evdns_server_request_respond(request, DNS_ERR_SERVERFAILED);
    else if (fault == DNS_FAULT_TRUNCATED)
        evdns_server_request_respond(request, DNS_ERR_NONE); /* nothing fits */
    else if (question->dns_question_class != EVDNS_CLASS_INET || question->name[0] == '\0')
        evdns_server_request_respond(request, DNS_ERR_NOTIMPL);
    else if (!answer_from_script(server, request))
        look_up(server, request);
}

void name_server_spoil(const struct name_server *server, uint8_t *answer, size_t size)
{
    const enum script_fault fault = name_server_fault(server);

    if (size < HEADER_SIZE)
        return;
    if (fault == DNS_FAULT_ID)
        answer[0] ^= 0xFF;
    if (fault == DNS_FAULT_TRUNCATED)
        answer[2] |= FLAG_TC;
}

/* --- its life ------------------------------------------------------------------------------------------ */

/* A socket that is bound to a free port of the loopback interface; below 0: there is none. */
static int bind_somewhere(struct address *address)
{
    struct addresses found;
    int fds[ADDRESSES_MAX];
    char why[ADDRESSES_WHY_MAX];
    uint16_t port = 0;

    if (!addresses_listen("127.0.0.1", &port, SOCK_DGRAM, &found, fds, why))
        return -1;
    *address = found.list[0];
    return fds[0];
}

struct name_server *name_server_new(struct event_base *base, struct device_clock *clock,
                                    const struct network_script *script, int64_t start)
{
    struct name_server *server = calloc(1, sizeof(*server));
    int fd;

    if (server == NULL)
        return NULL;
    server->base = base;
    server->clock = clock;
    server->script = script;
    server->start = start;
    fd = bind_somewhere(&server->address);
    if (fd >= 0)
        server->port = evdns_add_server_port_with_base(base, fd, 0, on_request, server);
    if (server->port != NULL)
        return server;
    if (fd >= 0)
        close(fd);
    free(server);
    return NULL;
}

void name_server_free(struct name_server *server)
{
    if (server == NULL)
        return;
    while (server->waiting != NULL) {
        struct name_query *query = server->waiting;
        struct evdns_server_request *request = query->request;

        lookup_cancel(query->lookup);
        forget_query(query);
        evdns_server_request_drop(request);
    }
    evdns_close_server_port(server->port);
    free(server);
}

const struct address *name_server_address(const struct name_server *server)
{
    return &server->address;
}
