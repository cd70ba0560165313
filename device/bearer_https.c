/* ESipa over HTTPS (SGP.32 6.1.1). See bearer.h. */
#include "common/https_client.h"
#include "device/bearer.h"
#include "device/trust.h"

#include <stdio.h>
#include <stdlib.h>

struct https_bearer {
    struct bearer base;
    struct https_client *client;
    char url[sizeof(((struct bearer_target *)0)->url)];
};

static void https_close(struct bearer *bearer)
{
    struct https_bearer *https = (struct https_bearer *)bearer;

    https_client_close(https->client);
    free(https);
}

/* Reading (SGP.32 2.11.1.1): under a CA the server is known by its name; a certificate of the server's own is
 * the server, whatever name it was reached by. */
static bool set_trust(const struct bearer_target *target, struct https_settings *settings, uint8_t digest[32],
                      struct buf *pem)
{
    switch (target->trust) {
    case IPA_TRUST_KEY:
        settings->key_digest = digest;
        return trust_key_digest(target->trusted, digest);
    case IPA_TRUST_CERTIFICATE:
        if (!trust_put_pem(target->trusted, pem))
            return false;
        settings->pem = buf_span(pem);
        settings->any_name = !trust_is_ca(target->trusted);
        return true;
    default:
        settings->cacert = target->cacert;
        return true;
    }
}

static struct bearer *https_open(const struct bearer_target *target, char why[BEARER_WHY_SIZE])
{
    static const char *const headers[] = {"Content-Type: application/x-gsma-rsp-asn1",
                                          "X-Admin-Protocol: gsma/rsp/v2.1.0", "User-Agent: gsma-rsp-ipad",
                                          "Expect:", NULL};
    struct https_settings settings = {.headers = headers,
                                      .protocols = target->scheme == BEARER_PLAIN_HTTP ? "http" : "https",
                                      .timeout = BEARER_TIMEOUT,
                                      .answer_max = IPA_ANSWER_MAX};
    struct https_bearer *https = calloc(1, sizeof(*https));
    const char *reason = "out of memory";
    uint8_t digest[32];
    struct buf pem = {0};

    if (https != NULL && !set_trust(target, &settings, digest, &pem))
        reason = "the eIM's trustedPublicKeyDataTls cannot be used";
    else if (https != NULL)
        https->client = https_client_open(&settings, &reason);
    buf_free(&pem);
    if (https == NULL || https->client == NULL) {
        snprintf(why, BEARER_WHY_SIZE, "%s: %s", target->url, reason);
        free(https);
        return NULL;
    }
    https->base.kind = &bearer_https;
    snprintf(https->url, sizeof(https->url), "%s", target->url);
    return &https->base;
}

static bool https_post(struct bearer *bearer, struct span message, struct buf *answer,
                       char why[BEARER_WHY_SIZE])
{
    struct https_bearer *https = (struct https_bearer *)bearer;
    const struct https_call request = {.url = https->url, .body = message};
    long status;

    if (https_client_call(https->client, &request, &status, answer) != HTTPS_ANSWERED) {
        snprintf(why, BEARER_WHY_SIZE, "%s: %s", https->url, https_client_why(https->client));
        return false;
    }
    if (status != 200 && status != 204) {
        snprintf(why, BEARER_WHY_SIZE, "%s: HTTP status %ld", https->url, status);
        return false;
    }
    return true;
}

const struct bearer_kind bearer_https = {https_open, https_post, https_close};
