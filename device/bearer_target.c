/* URLs of eIMs, and the choice of a bearer. See bearer.h. */
#include "device/bearer_internal.h"

#include "common/number.h"
#include "protocol/admin_protocol.h"
#include "protocol/esipa_functions.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *prefix;
    enum bearer_scheme scheme;
    unsigned port;
} schemes[] = {
    {"https://", BEARER_HTTPS, 443},
    {"coaps://", BEARER_COAPS, 5684},
    {"http://", BEARER_PLAIN_HTTP, 80},
};

#define SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

static bool take_port(const char *text, unsigned *port)
{
    int64_t number;

    if (!number_read(text, 1, UINT16_MAX, &number))
        return false;
    *port = (unsigned)number;
    return true;
}

/* HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT, which `authority` may be written over for. */
static bool take_authority(char *authority, struct bearer_target *target)
{
    char *port;

    if (authority[0] == '[') {
        char *end = strchr(authority, ']');

        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return false;
        *end = '\0';
        port = end[1] == ':' ? end + 2 : NULL;
        authority++;
    } else {
        port = strchr(authority, ':');
        if (port != NULL)
            *port++ = '\0';
    }
    snprintf(target->host, sizeof(target->host), "%s", authority);
    return authority[0] != '\0' && strpbrk(authority, "@?# \t\r\n") == NULL &&
           (port == NULL || take_port(port, &target->port));
}

static void put_url(struct bearer_target *target)
{
    bool is_ipv6 = strchr(target->host, ':') != NULL;

    snprintf(target->url, sizeof(target->url), "%s%s%s%s:%u%s", schemes[target->scheme].prefix,
             is_ipv6 ? "[" : "", target->host, is_ipv6 ? "]" : "", target->port, target->path);
}

bool bearer_parse_url(const char *url, struct bearer_target *target)
{
    char authority[IPA_ADDRESS_MAX + 1];

    for (size_t i = 0; i < SCHEMES; i++) {
        size_t length = strlen(schemes[i].prefix);
        size_t size;

        if (strncmp(url, schemes[i].prefix, length) != 0)
            continue;
        url += length;
        size = strcspn(url, "/");
        if (size >= sizeof(authority) || strlen(url + size) >= sizeof(target->path))
            return false;
        memcpy(authority, url, size);
        authority[size] = '\0';
        target->scheme = schemes[i].scheme;
        target->port = schemes[i].port;
        target->is_json = false;
        snprintf(target->path, sizeof(target->path), "%s",
                 url[size] != '\0' && url[size + 1] != '\0' ? url + size : ASN1_BINDING_PATH);
        if (!take_authority(authority, target) || strpbrk(target->path, "?# \t\r\n") != NULL)
            return false;
        put_url(target);
        return strcmp(target->path, ESIPA_JSON_PATH) != 0 || bearer_use_json(target);
    }
    return false;
}

bool bearer_from_fqdn(const char *fqdn, enum bearer_scheme scheme, struct bearer_target *target)
{
    char authority[IPA_ADDRESS_MAX + 1];

    snprintf(authority, sizeof(authority), "%s", fqdn);
    target->scheme = scheme;
    target->port = schemes[scheme].port;
    target->is_json = false;
    snprintf(target->path, sizeof(target->path), "%s", ASN1_BINDING_PATH);
    if (strchr(fqdn, '/') != NULL || !take_authority(authority, target))
        return false;
    put_url(target);
    return true;
}

bool bearer_use_json(struct bearer_target *target)
{
    if (target->scheme == BEARER_COAPS)
        return false;
    target->is_json = true;
    snprintf(target->path, sizeof(target->path), "%s", ESIPA_JSON_PATH);
    put_url(target);
    return true;
}

struct bearer *bearer_open(struct loop *loop, const struct bearer_target *target, char why[BEARER_WHY_SIZE])
{
    return target->scheme == BEARER_COAPS ? bearer_open_coap(loop, target, why)
                                          : bearer_open_https(loop, target, why);
}
