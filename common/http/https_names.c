/* What a server is called. See https_names.h. */
#include "common/http/https_names.h"

#include "common/log.h"
#include "common/net/addresses.h"
#include "common/net/place.h"

#include <arpa/inet.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

bool https_names_open(struct https_names *names, const struct https_options *options,
                      const struct https_tls *tls)
{
    char own[PLACE_HOST_MAX + 1];

    *names = (struct https_names){.options = options, .tls = tls};
    if (!addresses_is_any(options->address))
        return true;
    addresses_own_name(own, sizeof(own));
    names->own = strdup(own);
    return names->own != NULL;
}

void https_names_close(struct https_names *names)
{
    free(names->own);
    names->own = NULL;
}

/* --- Names ---------------------------------------------------------------------------------------------- */

/* No page can have a number of this machine for its name, unless it comes from here. */
static bool is_address(const char *host)
{
    struct in6_addr octets;

    return inet_pton(AF_INET, host, &octets) == 1 || inet_pton(AF_INET6, host, &octets) == 1;
}

/* `name` is as an option has it: HOST or HOST:PORT. The port is not compared: it may have been forwarded. */
static bool names_host(const char *name, const char *host)
{
    struct place place = {.host = ""};

    return name != NULL && place_parse(name, &place) && strcasecmp(place.host, host) == 0;
}

static bool is_name(const struct https_names *names, const char *host)
{
    const struct https_options *options = names->options;

    if (is_address(host) || strcasecmp(host, "localhost") == 0 || strcasecmp(host, options->address) == 0 ||
        (names->own != NULL && strcasecmp(host, names->own) == 0) ||
        (names->tls != NULL && https_tls_is_called(names->tls, host)))
        return true;
    for (size_t i = 0; i < options->names_count; i++) {
        if (names_host(options->names[i], host))
            return true;
    }
    return false;
}

/* HOST[:PORT] as a header has it; a name may end in the dot of the root. */
static bool is_ours(const struct https_names *names, const char *text)
{
    struct place place = {.host = ""};
    size_t size;

    if (!place_parse(text, &place))
        return false;
    size = strlen(place.host);
    if (size > 1 && place.host[size - 1] == '.')
        place.host[size - 1] = '\0';
    return place.host[0] != '\0' && is_name(names, place.host);
}

/* --- Requests ------------------------------------------------------------------------------------------- */

/* The value of the first of these headers that does not name this server; NULL: all do, or there is none.
 * `scheme`: it stands before the host. */
static const char *foreign_header(const struct https_names *names, const struct evkeyvalq *headers,
                                  const char *name, bool scheme)
{
    const struct evkeyval *header;

    TAILQ_FOREACH(header, headers, next)
    {
        const char *host = scheme ? strstr(header->value, "://") : header->value;

        if (strcasecmp(header->key, name) == 0 &&
            (host == NULL || !is_ours(names, host + (scheme ? strlen("://") : 0))))
            return header->value;
    }
    return NULL;
}

static bool is_change(struct evhttp_request *request)
{
    enum evhttp_cmd_type method = evhttp_request_get_command(request);

    return method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD && method != EVHTTP_REQ_OPTIONS;
}

/* Named leniency: a request without Host (HTTP/1.0, small devices) is taken. No browser sends one. */
int https_names_refuse(const struct https_names *names, struct evhttp_request *request, const char **why)
{
    const struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *foreign = foreign_header(names, headers, "Host", false);

    if (foreign == NULL && uri != NULL && evhttp_uri_get_host(uri) != NULL &&
        !is_ours(names, evhttp_uri_get_host(uri)))
        foreign = evhttp_uri_get_host(uri);
    if (foreign != NULL) {
        *why = "this server has no such name: it goes by those of --listen, --address and its certificate\n";
        log_line(LOG_LEVEL_INFO, "a request for '%s' is refused: this server has no such name (--address)",
                 foreign);
        return 421;
    }
    foreign = is_change(request) ? foreign_header(names, headers, "Origin", true) : NULL;
    if (foreign == NULL)
        return 0;
    *why = "pages of other servers may change nothing here\n";
    log_line(LOG_LEVEL_INFO, "a request that a page of '%s' makes is refused", foreign);
    return 403;
}
