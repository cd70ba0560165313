/* A build without libcoap: see coaps_exchange.h. */
#include "euicc/network/coaps_exchange.h"

const bool coaps_is_built = false;

struct coaps_client *coaps_client_new(const struct bearer *bearer, const struct tls_client_context *tls)
{
    (void)tls;
    (void)bearer;
    return NULL;
}

void coaps_client_free(struct coaps_client *client)
{
    (void)client;
}

bool coaps_client_post(struct coaps_client *client, const struct connection_server *server,
                       const struct coaps_request *request, struct span session, int64_t date, int64_t now)
{
    (void)client;
    (void)server;
    (void)request;
    (void)session;
    (void)date;
    (void)now;
    return false;
}

enum coaps_state coaps_client_go(struct coaps_client *client, int64_t now)
{
    (void)client;
    (void)now;
    return COAPS_FAILED;
}

struct span coaps_client_answer(const struct coaps_client *client)
{
    (void)client;
    return SPAN_NONE;
}

const char *coaps_client_why(const struct coaps_client *client, bool *was_refused)
{
    (void)client;
    *was_refused = false;
    return "this build has no CoAP";
}

int64_t coaps_client_due(const struct coaps_client *client)
{
    (void)client;
    return INT64_MAX;
}

bool coaps_client_session(struct coaps_client *client, struct buf *out)
{
    (void)client;
    (void)out;
    return false;
}
