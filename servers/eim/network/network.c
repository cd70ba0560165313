/* ESipa over HTTPS, REST, and what goes with them. See network.h. */
#include "config.h"

#include "servers/eim/network/network.h"

#include "common/http/admin_header.h"
#include "common/http/https.h"
#include "common/http/tls_files.h"
#include "common/tool.h"
#include "protocol/admin_protocol.h"
#include "servers/eim/model/rules.h"
#include "servers/eim/network/coap.h"
#include "servers/eim/network/esipa.h"
#include "servers/eim/network/json_binding.h"
#include "servers/eim/network/rest.h"
#include "servers/eim/network/rest_token.h"

#include <event2/event.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS_MAX 200

struct eim_network {
    struct eim *eim;
    struct relay *relay;
    struct rest_token token;
    struct event *rules_timer;
    struct https *https;
    struct coap_server *coap; /* NULL: none */
    uint16_t coap_port;
    char address[ADDRESS_MAX + 1];
};

static void answer_code(struct https_request *request, int code)
{
    const struct http_answer answer = {.code = code};

    https_answer(request, &answer);
}

static void on_answered(void *context, enum esipa_outcome outcome, struct span message)
{
    static const int codes[] = {[ESIPA_EMPTY] = 204, [ESIPA_MALFORMED] = 400, [ESIPA_UNSUPPORTED] = 501};
    struct http_answer answer = {.code = 200, .content_type = ASN1_BINDING_CONTENT_TYPE};

    if (outcome == ESIPA_ANSWERED)
        buf_append(&answer.body, message);
    if (outcome != ESIPA_ANSWERED || answer.body.failed)
        answer_code(context, answer.body.failed ? 500 : codes[outcome]);
    else
        https_answer(context, &answer);
    buf_free(&answer.body);
}

static void take_esipa(struct eim_network *network, struct https_request *request)
{
    const struct http_request *http = https_request(request);

    if (strcmp(http->method, "POST") != 0)
        answer_code(request, 405);
    else if (!admin_protocol_is_taken(http->admin_protocol)) {
        admin_header_refused(http->admin_protocol);
        answer_code(request, 400);
    } else if (!http_is_content_type(http->content_type, ASN1_BINDING_CONTENT_TYPE))
        answer_code(request, 415);
    else
        esipa_message(network->eim, network->relay, http->body, on_answered, request);
}

static void take_rest(struct eim_network *network, struct https_request *request)
{
    struct http_answer answer = {0};

    if (rest_token_admits(&network->token, https_request(request), &answer))
        eim_rest_answer(network->eim, https_request(request), &answer);
    https_answer(request, &answer);
    buf_free(&answer.body);
}

static void on_request(void *context, struct https_request *request)
{
    struct eim_network *network = context;

    if (strcmp(https_request(request)->path, ASN1_BINDING_PATH) == 0)
        take_esipa(network, request);
    else if (json_binding_has(https_request(request)->path))
        json_binding_take(network->eim, network->relay, request);
    else
        take_rest(network, request);
}

static bool open_https(struct eim_network *network, struct loop *loop,
                       const struct eim_network_options *options)
{
    struct https_options https = {
        .address = network->address,
        .port = options->port,
        .names = options->names,
        .names_count = options->names_count,
        .body_max = ESIPA_MESSAGE_MAX,
        .admin_protocol = ESIPA_ADMIN_PROTOCOL,
        .allow = "GET, POST, PUT, PATCH, DELETE",
        .answer = on_request,
        .context = network,
    };

    if (!options->plain)
        https_identities_set(options->tls, &https);
    network->https = https_open(loop, &https);
    return network->https != NULL;
}

static bool open_coap(struct eim_network *network, struct loop *loop,
                      const struct eim_network_options *options)
{
    if (options->coap_address == NULL)
        return true;
#ifdef HAVE_COAP
    /* The HTTPS server has said what is wrong with them already. */
    if (options->plain && !tls_files_check(options->tls->list[0].cert, options->tls->list[0].key))
        return false;
    network->coap = coap_server_open(loop, &(struct coap_server_options){.address = options->coap_address,
                                                                         .port = options->coap_port,
                                                                         .cert = options->tls->list[0].cert,
                                                                         .key = options->tls->list[0].key,
                                                                         .psk = options->coap_psk,
                                                                         .eim = network->eim,
                                                                         .relay = network->relay});
    if (network->coap != NULL)
        network->coap_port = coap_server_port(network->coap);
#else
    (void)loop;
    tool_error("this build has no CoAP (configured --without-libcoap)");
#endif
    return network->coap != NULL;
}

static void on_rules_timer(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    eim_rules_tick(context);
}

/* Silence is no request that something could be done at. */
static bool open_rules_timer(struct eim_network *network, struct loop *loop)
{
    const struct timeval every = {.tv_sec = EIM_RULES_TICK};

    network->rules_timer = event_new(loop_base(loop), -1, EV_PERSIST, on_rules_timer, network->eim);
    if (network->rules_timer != NULL && event_add(network->rules_timer, &every) == 0)
        return true;
    tool_error("out of memory");
    return false;
}

uint16_t eim_network_coap_port(const struct eim_network *network)
{
    return network->coap_port;
}

struct eim_network *eim_network_open(struct loop *loop, struct eim *eim,
                                     const struct eim_network_options *options)
{
    struct eim_network *network = calloc(1, sizeof(*network));

    if (network == NULL || strlen(options->address) > ADDRESS_MAX) {
        tool_error(network == NULL ? "out of memory" : "the address to listen on is too long");
        free(network);
        return NULL;
    }
    network->eim = eim;
    snprintf(network->address, sizeof(network->address), "%s", options->address);
    if (rest_token_open(&network->token, options->token_file))
        network->relay = relay_open(loop, eim, options->smdp_ca, RELAY_TIMEOUT);
    if (network->relay != NULL && open_rules_timer(network, loop) && open_https(network, loop, options) &&
        open_coap(network, loop, options)) {
        relay_allow(network->relay, options->relay_to, options->relay_to_count);
        relay_forward(network->relay);
        return network;
    }
    eim_network_close(network);
    return NULL;
}

uint16_t eim_network_port(const struct eim_network *network)
{
    return https_port(network->https);
}

void eim_network_close(struct eim_network *network)
{
    if (network == NULL)
        return;
    relay_close(network->relay); /* first: its calls answer into the two others */
#ifdef HAVE_COAP
    coap_server_close(network->coap);
#endif
    https_close(network->https);
    if (network->rules_timer != NULL)
        event_free(network->rules_timer);
    rest_token_close(&network->token);
    free(network);
}
