/* ESipa over HTTPS, in ASN.1 (SGP.32 6.1.1) or JSON (6.1.2). See bearer.h. */
#include "common/http/https_loop.h"
#include "device/bearer_internal.h"
#include "device/trust.h"
#include "protocol/admin_protocol.h"
#include "protocol/esipa_json.h"

#include <stdio.h>
#include <stdlib.h>

struct https_bearer {
    struct bearer base;
    struct https_loop *requests; /* its own: what it keeps is connections over the profile that is enabled */
    struct https_settings settings;
    uint8_t digest[32];
    struct buf pem;
    char url[sizeof(((struct bearer_target *)0)->url)];
    bool is_json;
    const struct esipa_function *function; /* in JSON: that is asked */
};

static void https_close(struct bearer *bearer)
{
    struct https_bearer *https = (struct https_bearer *)bearer;

    https_loop_close(https->requests);
    buf_free(&https->pem);
}

/* The procedures get what the ASN.1 binding would have answered. */
static void answered_in_json(struct https_bearer *https, struct span body)
{
    char why[ESIPA_JSON_WHY_SIZE];
    enum esipa_json_result result = esipa_json_take_answer(https->function, body, &https->base.answer, why);

    if (result == ESIPA_JSON_ANSWERED)
        bearer_answered(&https->base);
    else if (result == ESIPA_JSON_MALFORMED)
        bearer_malformed(&https->base, "%s: %s", https->url, why);
    else
        bearer_refused(&https->base, "%s: %s", https->url, why);
}

static void on_done(void *context, enum https_result result, long status, struct span answer, const char *why)
{
    struct https_bearer *https = context;

    if (result != HTTPS_ANSWERED) {
        bearer_failed(&https->base, "%s: %s", https->url, why);
    } else if (status < 200 || status > 299) {
        bearer_refused(&https->base, "%s: HTTP status %ld", https->url, status);
    } else if (https->is_json) {
        answered_in_json(https, answer);
    } else {
        buf_append(&https->base.answer, answer);
        bearer_answered(&https->base);
    }
}

static void send_body(struct https_bearer *https, const char *url, struct span body)
{
    const struct https_call request = {.url = url, .body = body};

    if (!https_loop_send(https->requests, &https->settings, &request, on_done, https))
        bearer_failed(&https->base, "%s: the request cannot be set up", url);
}

static void post_json(struct https_bearer *https, struct span message)
{
    char why[ESIPA_JSON_WHY_SIZE];
    char url[sizeof(https->url) + 32];
    char *text = esipa_json_request(message, &https->function, why);

    if (text == NULL) {
        bearer_failed(&https->base, "%s: %s", https->url, why);
        return;
    }
    snprintf(url, sizeof(url), "%s/%s", https->url, https->function->name);
    send_body(https, url, span_of_string(text));
    free(text);
}

static void https_post(struct bearer *bearer, const struct ipa_message *message)
{
    struct https_bearer *https = (struct https_bearer *)bearer;

    if (https->is_json)
        post_json(https, message->octets);
    else
        send_body(https, https->url, message->octets);
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
#define HEADERS(content_type)                                                                                \
    {                                                                                                        \
        "Content-Type: " content_type, "X-Admin-Protocol: " ESIPA_ADMIN_PROTOCOL,                            \
            "User-Agent: gsma-rsp-ipad", "Expect:", NULL                                                     \
    }
    static const char *const asn1[] = HEADERS(ASN1_BINDING_CONTENT_TYPE);
    static const char *const json[] = HEADERS(ESIPA_JSON_CONTENT_TYPE);
#undef HEADERS
    struct https_bearer *https = calloc(1, sizeof(*https));
    const char *reason = "requests cannot be set up";

    if (https == NULL || !bearer_begin(&https->base, &kind, loop)) {
        snprintf(why, BEARER_WHY_SIZE, "out of memory");
        free(https);
        return NULL;
    }
    https->settings =
        (struct https_settings){.headers = target->is_json ? json : asn1,
                                .protocols = target->scheme == BEARER_PLAIN_HTTP ? "http" : "https",
                                .timeout = (long)target->timeout,
                                .answer_max = target->is_json ? 2 * IPA_ANSWER_MAX : IPA_ANSWER_MAX};
    snprintf(https->url, sizeof(https->url), "%s", target->url);
    https->is_json = target->is_json;
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
