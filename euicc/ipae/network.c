/* ESipa and ES9+ over a network: see network.h. */
#include "euicc/ipae/network.h"

#include "euicc/ipae/ipae_json.h"
#include "euicc/ipae/ipae_settings.h"
#include "euicc/ipae/network_trust.h"
#include "euicc/network/coaps_exchange.h"
#include "euicc/network/https_exchange.h"
#include "euicc/network/naming_bearer.h"
#include "euicc/os/host.h"
#include "protocol/admin_protocol.h"

#include <stdio.h>
#include <stdlib.h>

#define SESSIONS_MAX  8  /* servers whose TLS sessions are kept */
#define PATH_MAX_SIZE 64 /* of the longest function */
#define SERVER_MAX    (sizeof("coaps://") + TLS_HOST_MAX + sizeof(":65535"))

struct ipae_network {
    struct ipae_carrier carrier;
    struct softeuicc *card;
    struct host_bearer *host; /* NULL: the terminal's channels are used */
    struct ipae_terminal *terminal;
    struct naming_bearer *names;    /* over the terminal's, which takes addresses only */
    const struct bearer *bearer;    /* of the one of them that there is */
    struct tls_client_context *tls; /* NULL: nothing was sent yet; to make it costs more than a handshake */
    /* NULL: nothing was sent that way since the last reset or change of network. */
    struct https_exchange *https;
    struct coaps_client *coaps;
    struct json_reader *json; /* NULL: no answer has come in JSON */
    bool is_over_coap;        /* the message under way */
    bool keeps_association;   /* of `coaps`, when a round is over */
    /* Of which it is in the JSON binding; NULL: in the ASN.1 binding. */
    const struct esipa_function *function;
    char server[SERVER_MAX]; /* that is asked */
};

/* --- sessions ---------------------------------------------------------------------------------------- */

static void get_session(struct ipae_network *network, struct buf *session)
{
    struct nvm *nvm = network->card->nvm;
    sqlite3_stmt *stmt = nvm_select(nvm, "SELECT session FROM ipae_session WHERE server = ?1",
                                    NVM_VALUES(NVM_STRING(network->server)));

    if (nvm_row(nvm, stmt))
        buf_append(session, nvm_blob(stmt, 0));
    nvm_done(stmt);
}

/* In the turn's transaction. */
static void keep_session(struct ipae_network *network)
{
    struct nvm *nvm = network->card->nvm;
    struct buf session = {0};

    while (network->is_over_coap ? coaps_client_session(network->coaps, &session)
                                 : https_exchange_session(network->https, &session)) {
        (void)nvm_change(nvm, "DELETE FROM ipae_session WHERE server = ?1",
                         NVM_VALUES(NVM_STRING(network->server)));
        (void)nvm_change(nvm, "INSERT INTO ipae_session (server, session) VALUES (?1, ?2)",
                         NVM_VALUES(NVM_STRING(network->server), NVM_BLOB(buf_span(&session))));
        (void)nvm_change(nvm,
                         "DELETE FROM ipae_session WHERE number NOT IN"
                         " (SELECT number FROM ipae_session ORDER BY number DESC LIMIT ?1)",
                         NVM_VALUES(NVM_INT(SESSIONS_MAX)));
        buf_clear(&session);
    }
    buf_free(&session);
}

/* --- names -------------------------------------------------------------------------------------------- */

static bool names_random(void *context, uint8_t *octets, size_t size)
{
    return card_random(context, octets, size);
}

/* Finds addresses, where the bearer below takes no names. */
static void names_go(struct ipae_network *network)
{
    if (network->names != NULL)
        naming_bearer_go(network->names, card_now(network->card));
}

static void load_names(struct ipae_network *network)
{
    struct nvm *nvm = network->card->nvm;
    sqlite3_stmt *stmt = nvm_select(nvm, "SELECT names FROM ipae", NVM_NONE);

    if (nvm_row(nvm, stmt))
        naming_bearer_load_cache(network->names, nvm_blob(stmt, 0));
    nvm_done(stmt);
}

/* In the turn's transaction. */
static void keep_names(struct ipae_network *network)
{
    struct buf names = {0};

    if (network->names != NULL && naming_bearer_cache(network->names, &names) && !names.failed)
        (void)nvm_change(network->card->nvm, "UPDATE ipae SET names = ?1",
                         NVM_VALUES(NVM_BLOB(buf_span(&names))));
    buf_free(&names);
}

/* --- a message --------------------------------------------------------------------------------------- */

static bool say_why(char why[IPAE_WHY_MAX], const char *text)
{
    snprintf(why, IPAE_WHY_MAX, "%s", text);
    return false;
}

/* Reading: HTTPS where the configuration of the eIM has both, and where it says nothing. */
static bool choose_protocol(struct ipae_network *network, const struct ipa_eim *eim,
                            const struct ipa_message *message)
{
    bool is_eim = message->peer == IPA_PEER_EIM && eim->has_protocols;

    network->is_over_coap = is_eim && (eim->protocols & (1u << IPA_RETRIEVE_HTTPS)) == 0;
    return !network->is_over_coap || (coaps_is_built && (eim->protocols & (1u << IPA_RETRIEVE_COAPS)) != 0);
}

/* Where the message goes. */
static bool find_server(struct ipae_network *network, const struct ipa_eim *eim,
                        const struct ipa_message *message, struct connection_server *server,
                        char why[IPAE_WHY_MAX])
{
    const char *address = message->peer == IPA_PEER_EIM ? eim->fqdn : message->address;

    if (!choose_protocol(network, eim, message))
        return say_why(why, "the configuration of the eIM has no protocol that the card speaks");
    if (address[0] == '\0')
        return say_why(why, "the configuration of the eIM has no address");
    if (!connection_read_server(address, network->is_over_coap ? COAPS_PORT : HTTPS_PORT, server))
        return say_why(why, "the address is none");
    snprintf(network->server, sizeof(network->server), "%s%s:%u", network->is_over_coap ? "coaps://" : "",
             server->host, server->port);
    return true;
}

/* "Expired" is judged by a clock that the network gives: this machine's is one, a terminal's may be. */
static int64_t network_date(const struct ipae_network *network)
{
    const struct ipae_whereabouts *whereabouts;

    if (network->host != NULL)
        return card_now(network->card);
    whereabouts = ipae_terminal_whereabouts(network->terminal);
    return whereabouts->has_time ? card_now(network->card) + whereabouts->ahead : TLS_DATE_UNKNOWN;
}

static bool network_has_news(const struct ipae_network *network)
{
    return network->host != NULL ? host_bearer_has_news(network->host)
                                 : bip_bearer_has_news(ipae_terminal_bearer(network->terminal));
}

static void network_saw_news(struct ipae_network *network)
{
    if (network->host != NULL)
        host_bearer_saw_news(network->host);
    else
        bip_bearer_saw_news(ipae_terminal_bearer(network->terminal));
}

/* Over a connection that is there already it goes out at once. */
static bool post_https(struct ipae_network *network, const struct connection_server *server, struct span body,
                       struct span session, int64_t now)
{
    const struct http_field fields[] = {
        {"Content-Type", network->function != NULL ? ESIPA_JSON_CONTENT_TYPE : ASN1_BINDING_CONTENT_TYPE},
        {"X-Admin-Protocol", ESIPA_ADMIN_PROTOCOL},
        {"User-Agent", "gsma-rsp-ipae"}};
    char path[PATH_MAX_SIZE] = ASN1_BINDING_PATH;
    const struct https_request request = {.path = path,
                                          .fields = fields,
                                          .field_count = sizeof(fields) / sizeof(fields[0]),
                                          .body = body,
                                          .answer_max = IPA_ANSWER_MAX};

    if (network->function != NULL)
        snprintf(path, sizeof(path), ESIPA_JSON_PATH "/%s", network->function->name);
    if (network->https == NULL)
        network->https = https_exchange_new(network->bearer, network->tls);
    if (network->https == NULL ||
        !https_exchange_post(network->https, server, &request, session, network_date(network), now))
        return false;
    (void)https_exchange_go(network->https, now);
    return true;
}

static bool post_coaps(struct ipae_network *network, const struct connection_server *server, struct span body,
                       struct span session, int64_t now)
{
    struct coaps_request request = {.path = ASN1_BINDING_PATH, .body = body, .answer_max = IPA_ANSWER_MAX};

    if (network->coaps == NULL)
        network->coaps = coaps_client_new(network->bearer, network->tls);
    if (network->coaps == NULL ||
        !card_random(network->card, (uint8_t *)&request.random, sizeof(request.random)) ||
        !coaps_client_post(network->coaps, server, &request, session, network_date(network), now))
        return false;
    (void)coaps_client_go(network->coaps, now);
    return true;
}

static bool network_post(struct ipae_network *network, const struct connection_server *server,
                         struct span body)
{
    int64_t now = card_now(network->card);
    struct buf session = {0};
    bool begun;

    if (network->tls == NULL && (network->tls = tls_client_context_new()) == NULL)
        return false;
    if (network->host == NULL && !ipae_terminal_use_profile(network->terminal))
        return false;
    names_go(network);
    get_session(network, &session);
    begun = network->is_over_coap ? post_coaps(network, server, body, buf_span(&session), now)
                                  : post_https(network, server, body, buf_span(&session), now);
    buf_free(&session);
    return begun;
}

/* Reading (SGP.32 6.1): what an eIM's configuration says of protocols does not tell the binding, so a setting
 * does. CoAP has the ASN.1 binding only, and servers of remote provisioning are asked in it. */
static bool choose_binding(struct ipae_network *network, const struct ipa_eim *eim,
                           const struct ipa_message *message, struct buf *json, char why[IPAE_WHY_MAX])
{
    struct ipae_settings settings;
    char what[IPAE_JSON_WHY_MAX];

    network->function = NULL;
    if (message->peer != IPA_PEER_EIM)
        return true;
    if (!ipae_settings_read(network->card, &settings))
        return say_why(why, "storage failed");
    if (network->is_over_coap) {
        network->keeps_association =
            ipae_setting_of(network->card, &settings, IPAE_KEEP_ASSOCIATION, eim->id) != 0;
        return true;
    }
    if (ipae_setting_of(network->card, &settings, IPAE_JSON, eim->id) == 0)
        return true;
    if (ipae_setting_of(network->card, &settings, IPAE_V1, eim->id) != 0)
        return say_why(why, "no JSON is spoken to an eIM of v1.0: one of the settings json and v1 is off");
    network->function = ipae_json_request(message->octets, json, what);
    return network->function != NULL || say_why(why, what);
}

static bool network_begin(void *context, const struct ipa_eim *eim, const struct ipa_message *message,
                          char why[IPAE_WHY_MAX])
{
    struct ipae_network *network = context;
    struct connection_server server;
    struct network_trust trust = {.count = 0};
    struct buf json = {0};
    bool begun = false;

    if (find_server(network, eim, message, &server, why) &&
        choose_binding(network, eim, message, &json, why)) {
        begun =
            network_trust_find(network->card, eim, message, network->is_over_coap, &trust, &server.trust) &&
            network_post(network, &server, network->function != NULL ? buf_span(&json) : message->octets);
        if (!begun)
            say_why(why, "it cannot be sent: out of memory, or storage failed");
    }
    network_trust_free(&trust);
    buf_free(&json);
    return begun;
}

static enum ipae_carried take_json(struct ipae_network *network, struct span body, struct buf *answer,
                                   char why[IPAE_WHY_MAX])
{
    static const enum ipae_carried carried[] = {
        [IPAE_JSON_ANSWERED] = IPAE_ANSWERED,
        [IPAE_JSON_REFUSED] = IPAE_REFUSED,
        [IPAE_JSON_MALFORMED] = IPAE_MALFORMED,
    };
    char what[IPAE_JSON_WHY_MAX] = "out of memory";
    enum ipae_json_result result = IPAE_JSON_MALFORMED;

    if (network->json == NULL)
        network->json = json_reader_new();
    if (network->json != NULL)
        result = ipae_json_answer(network->json, network->function, body, answer, what);
    if (result != IPAE_JSON_ANSWERED)
        say_why(why, what);
    return carried[result];
}

static enum ipae_carried take_https(struct ipae_network *network, struct buf *answer, char why[IPAE_WHY_MAX])
{
    struct https_answer got;

    switch (https_exchange_go(network->https, card_now(network->card))) {
    case HTTPS_RUNNING:
        return IPAE_UNDER_WAY;
    case HTTPS_FAILED:
        snprintf(why, IPAE_WHY_MAX, "%.80s: %.100s", network->server, https_exchange_why(network->https));
        return IPAE_UNREACHABLE;
    default:
        break;
    }
    got = https_exchange_answer(network->https);
    if (got.status < 200 || got.status > 299) {
        snprintf(why, IPAE_WHY_MAX, "%.80s: HTTP status %u", network->server, got.status);
        return IPAE_REFUSED;
    }
    if (network->function != NULL)
        return take_json(network, got.body, answer, why);
    buf_append(answer, got.body);
    return IPAE_ANSWERED;
}

static enum ipae_carried take_coaps(struct ipae_network *network, struct buf *answer, char why[IPAE_WHY_MAX])
{
    bool was_refused;

    switch (coaps_client_go(network->coaps, card_now(network->card))) {
    case COAPS_RUNNING:
        return IPAE_UNDER_WAY;
    case COAPS_FAILED:
        snprintf(why, IPAE_WHY_MAX, "%.80s: %.100s", network->server,
                 coaps_client_why(network->coaps, &was_refused));
        return was_refused ? IPAE_REFUSED : IPAE_UNREACHABLE;
    default:
        buf_append(answer, coaps_client_answer(network->coaps));
        return IPAE_ANSWERED;
    }
}

static enum ipae_carried network_take(void *context, struct buf *answer, char why[IPAE_WHY_MAX])
{
    struct ipae_network *network = context;
    enum ipae_carried carried;

    network_saw_news(network);
    names_go(network);
    carried = network->is_over_coap ? take_coaps(network, answer, why) : take_https(network, answer, why);
    names_go(network);
    /* Not before: until then a turn may have nothing else to store, and storing costs a sync. What is lost if
     * the power goes meanwhile only makes the next poll longer. */
    if (carried != IPAE_UNDER_WAY) {
        keep_session(network);
        keep_names(network);
    }
    return carried;
}

static int64_t network_next(void *context)
{
    struct ipae_network *network = context;
    int64_t due = INT64_MAX;

    if (network->is_over_coap && network->coaps != NULL)
        due = coaps_client_due(network->coaps);
    else if (!network->is_over_coap && network->https != NULL)
        due = https_exchange_due(network->https);
    if (network->names != NULL && naming_bearer_due(network->names) < due)
        due = naming_bearer_due(network->names);
    if (network_has_news(network) || due < 0)
        return 0;
    return due == INT64_MAX ? -1 : due;
}

static void network_drop(void *context)
{
    struct ipae_network *network = context;

    https_exchange_free(network->https);
    coaps_client_free(network->coaps);
    network->https = NULL;
    network->coaps = NULL;
}

static void network_rest(void *context)
{
    struct ipae_network *network = context;

    if (!network->keeps_association || network->coaps == NULL) {
        network_drop(network);
        return;
    }
    https_exchange_free(network->https);
    network->https = NULL;
}

/* --- its life ---------------------------------------------------------------------------------------- */

/* The bearer of the host, or of the terminal. */
static bool choose_bearer(struct ipae_network *network, const struct softeuicc_bearer *host)
{
    if (host == NULL) {
        const struct naming_settings settings = {
            .bearer = bip_bearer_bearer(ipae_terminal_bearer(network->terminal)),
            .random = names_random,
            .context = network->card,
            .families = RESOLVER_BOTH};

        network->names = naming_bearer_new(&settings, card_now(network->card));
        if (network->names == NULL)
            return false;
        network->bearer = naming_bearer_bearer(network->names);
        load_names(network);
        return true;
    }
    network->host = host_bearer_new(host);
    if (network->host != NULL)
        network->bearer = host_bearer_bearer(network->host);
    return network->host != NULL;
}

struct ipae_network *ipae_network_new(struct softeuicc *card, const struct softeuicc_bearer *host,
                                      struct ipae_terminal *terminal)
{
    struct ipae_network *network = calloc(1, sizeof(*network));

    if (network == NULL)
        return NULL;
    network->card = card;
    network->terminal = terminal;
    network->carrier =
        (struct ipae_carrier){network, network_begin, network_take, network_next, network_drop, network_rest};
    if (!choose_bearer(network, host)) {
        free(network);
        return NULL;
    }
    return network;
}

void ipae_network_free(struct ipae_network *network)
{
    if (network == NULL)
        return;
    network_drop(network);
    tls_client_context_free(network->tls);
    json_reader_free(network->json);
    host_bearer_free(network->host);
    naming_bearer_free(network->names);
    free(network);
}

void ipae_network_set_dns_server(struct ipae_network *network, const struct ip_address *server)
{
    if (network->names != NULL)
        naming_bearer_set_servers(network->names, server, server != NULL);
}

uint64_t ipae_network_heard(const struct ipae_network *network)
{
    return network->host != NULL ? host_bearer_heard(network->host)
                                 : bip_bearer_figures(ipae_terminal_bearer(network->terminal))->received;
}

const struct bearer_figures *ipae_network_figures(struct ipae_network *network)
{
    int64_t now = card_now(network->card);

    if (network->host != NULL) {
        host_bearer_tick(network->host, now);
        return host_bearer_figures(network->host);
    }
    bip_bearer_tick(ipae_terminal_bearer(network->terminal), now);
    return bip_bearer_figures(ipae_terminal_bearer(network->terminal));
}

int64_t ipae_network_clock_ahead(const struct ipae_network *network)
{
    return ipae_terminal_whereabouts(network->terminal)->ahead;
}

bool ipae_network_lacks_service(const struct ipae_network *network)
{
    return ipae_terminal_whereabouts(network->terminal)->no_service;
}

const struct ipae_carrier *ipae_network_carrier(const struct ipae_network *network)
{
    return &network->carrier;
}

struct host_bearer *ipae_network_host(struct ipae_network *network)
{
    return network->host;
}
