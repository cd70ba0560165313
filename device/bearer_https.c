/* ESipa over HTTPS (SGP.32 6.1.1). See bearer.h. */
#include "common/http/https_loop.h"
#include "device/bearer_internal.h"
#include "device/trust.h"
#include "protocol/admin_protocol.h"

#include <stdio.h>
#include <stdlib.h>

struct https_bearer {
    struct bearer base;
    struct https_loop *requests; /* its own: what it keeps is connections over the profile that is enabled */
    struct https_settings settings;
    uint8_t digest[32];
    struct buf pem;
    char url[sizeof(((struct bearer_target *)0)->url)];
};

static void https_close(struct bearer *bearer)
{
    struct https_bearer *https = (struct https_bearer *)bearer;

    https_loop_close(https->requests);
    buf_free(&https->pem);
}

static void on_done(void *context, enum https_result result, long status, struct span answer, const char *why)
{
    struct https_bearer *https = context;

    if (result != HTTPS_ANSWERED) {
        bearer_failed(&https->base, "%s: %s", https->url, why);
    } else if (status < 200 || status > 299) {
        bearer_refused(&https->base, "%s: HTTP status %ld", https->url, status);
    } else {
        buf_append(&https->base.answer, answer);
        bearer_answered(&https->base);
    }
}

static void https_post(struct bearer *bearer, const struct ipa_message *message)
{
    struct https_bearer *https = (struct https_bearer *)bearer;
    const struct https_call request = {.url = https->url, .body = message->octets};

    if (!https_loop_send(https->requests, &https->settings, &request, on_done, https))
        bearer_failed(bearer, "%s: the request cannot be set up", https->url);
}

/* Reading (SGP.32 2.11.1.1): under a CA the server is known by its name; a certificate of the server's own is
 * the server, whatever name it was reached by. */
static bool set_trust(struct https_bearer *https, const struct bearer_target *target)
{
    struct https_settings *settings = &https->settings;

    switch (target->trust) {
    case IPA_TRUST_KEY:
        settings->key_digest = https->digest;
        return trust_key_digest(target->trusted, https->digest);
    case IPA_TRUST_CERTIFICATE:
        if (!trust_put_pem(target->trusted, &https->pem))
            return false;
        settings->pem = buf_span(&https->pem);
        settings->any_name = !trust_is_ca(target->trusted);
        return true;
    default:
        settings->cacert = target->cacert;
        settings->ca_option = "--cacert";
        return true;
    }
}

struct bearer *bearer_open_https(struct loop *loop, const struct bearer_target *target,
                                 char why[BEARER_WHY_SIZE])
{
    static const struct bearer_kind kind = {https_post, https_close};
    static const char *const headers[] = {"Content-Type: " ASN1_BINDING_CONTENT_TYPE,
                                          "X-Admin-Protocol: " ESIPA_ADMIN_PROTOCOL,
                                          "User-Agent: gsma-rsp-ipad", "Expect:", NULL};
    struct https_bearer *https = calloc(1, sizeof(*https));
    const char *reason = "requests cannot be set up";

    if (https == NULL || !bearer_begin(&https->base, &kind, loop)) {
        snprintf(why, BEARER_WHY_SIZE, "out of memory");
        free(https);
        return NULL;
    }
    https->settings =
        (struct https_settings){.headers = headers,
                                .protocols = target->scheme == BEARER_PLAIN_HTTP ? "http" : "https",
                                .timeout = (long)target->timeout,
                                .answer_max = IPA_ANSWER_MAX};
    snprintf(https->url, sizeof(https->url), "%s", target->url);
    if (!set_trust(https, target))
        reason = "the eIM's trustedPublicKeyDataTls cannot be used";
    else
        https->requests = https_loop_open(loop);
    if (https->requests != NULL)
        return &https->base;
    snprintf(why, BEARER_WHY_SIZE, "%s: %s", target->url, reason);
    bearer_close(&https->base);
    return NULL;
}
