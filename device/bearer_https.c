/* ESipa over HTTPS (SGP.32 6.1.1), on libcurl. See bearer.h. */
#include "common/curl.h"
#include "common/tool.h"
#include "crypto/base64.h"
#include "device/bearer.h"
#include "device/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct https_bearer {
    struct bearer base;
    const struct curl_library *library;
    CURL *curl;
    struct curl_slist *headers;
    char url[sizeof(((struct bearer_target *)0)->url)];
    char pin[64];
    struct buf pem;
    char curl_error[CURL_ERROR_SIZE];
};

static void https_close(struct bearer *bearer)
{
    struct https_bearer *https = (struct https_bearer *)bearer;

    https->library->easy_cleanup(https->curl);
    https->library->slist_free_all(https->headers);
    buf_free(&https->pem);
    free(https);
}

/* The key is all that counts: names, dates and issuers say nothing more. */
static bool pin_key(struct https_bearer *https, const struct bearer_target *target)
{
    uint8_t digest[32];
    char *text;

    if (!trust_key_digest(target->trusted, digest))
        return false;
    text = base64_encode(SPAN_ARRAY(digest));
    if (text == NULL)
        return false;
    snprintf(https->pin, sizeof(https->pin), "sha256//%s", text);
    free(text);
    https->library->easy_setopt(https->curl, CURLOPT_SSL_VERIFYPEER, 0L);
    https->library->easy_setopt(https->curl, CURLOPT_SSL_VERIFYHOST, 0L);
    return https->library->easy_setopt(https->curl, CURLOPT_PINNEDPUBLICKEY, https->pin) == CURLE_OK;
}

/* Reading (SGP.32 2.11.1.1): under a CA the server is known by its name; a certificate of the server's own is
 * the server, whatever name it was reached by. */
static bool pin_certificate(struct https_bearer *https, const struct bearer_target *target)
{
    struct curl_blob blob;

    if (!trust_put_pem(target->trusted, &https->pem))
        return false;
    blob = (struct curl_blob){https->pem.data, https->pem.size, CURL_BLOB_NOCOPY};
    https->library->easy_setopt(https->curl, CURLOPT_SSL_VERIFYHOST, trust_is_ca(target->trusted) ? 2L : 0L);
    https->library->easy_setopt(https->curl, CURLOPT_CAPATH, NULL);
    return https->library->easy_setopt(https->curl, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK;
}

static bool set_trust(struct https_bearer *https, const struct bearer_target *target)
{
    switch (target->trust) {
    case IPA_TRUST_KEY:
        return pin_key(https, target);
    case IPA_TRUST_CERTIFICATE:
        return pin_certificate(https, target);
    default:
        if (target->cacert != NULL)
            https->library->easy_setopt(https->curl, CURLOPT_CAINFO, target->cacert);
        return true;
    }
}

static struct bearer *https_open(const struct bearer_target *target, char why[BEARER_WHY_SIZE])
{
    struct https_bearer *https = calloc(1, sizeof(*https));
    const struct curl_library *library = curl_library();
    static const char *const lines[] = {"Content-Type: application/x-gsma-rsp-asn1",
                                        "X-Admin-Protocol: gsma/rsp/v2.1.0", "User-Agent: gsma-rsp-ipad",
                                        "Expect:"};

    if (https == NULL || library == NULL) {
        snprintf(why, BEARER_WHY_SIZE, "%s", library == NULL ? "libcurl is missing" : "out of memory");
        free(https);
        return NULL;
    }
    https->base.kind = &bearer_https;
    https->library = library;
    https->curl = library->easy_init();
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        https->headers = library->slist_append(https->headers, lines[i]);
    if (https->curl == NULL || https->headers == NULL || !set_trust(https, target)) {
        snprintf(why, BEARER_WHY_SIZE, "%s: the eIM's trustedPublicKeyDataTls cannot be used", target->url);
        https_close(&https->base);
        return NULL;
    }
    snprintf(https->url, sizeof(https->url), "%s", target->url);
    library->easy_setopt(https->curl, CURLOPT_URL, https->url);
    library->easy_setopt(https->curl, CURLOPT_HTTPHEADER, https->headers);
    library->easy_setopt(https->curl, CURLOPT_ERRORBUFFER, https->curl_error);
    library->easy_setopt(https->curl, CURLOPT_PROTOCOLS_STR,
                         target->scheme == BEARER_PLAIN_HTTP ? "http" : "https");
    library->easy_setopt(https->curl, CURLOPT_TIMEOUT, (long)BEARER_TIMEOUT);
    library->easy_setopt(https->curl, CURLOPT_NOSIGNAL, 1L);
    return &https->base;
}

static size_t collect(char *octets, size_t size, size_t count, void *context)
{
    struct buf *answer = context;

    if (answer->size + size * count > IPA_ANSWER_MAX)
        return 0;
    buf_append(answer, SPAN(octets, size * count));
    return answer->failed ? 0 : size * count;
}

static bool https_post(struct bearer *bearer, struct span message, struct buf *answer,
                       char why[BEARER_WHY_SIZE])
{
    struct https_bearer *https = (struct https_bearer *)bearer;
    const struct curl_library *library = https->library;
    long status = 0;
    CURLcode code;

    https->curl_error[0] = '\0';
    library->easy_setopt(https->curl, CURLOPT_POST, 1L);
    library->easy_setopt(https->curl, CURLOPT_POSTFIELDS, message.data);
    library->easy_setopt(https->curl, CURLOPT_POSTFIELDSIZE, (long)message.size);
    library->easy_setopt(https->curl, CURLOPT_WRITEFUNCTION, collect);
    library->easy_setopt(https->curl, CURLOPT_WRITEDATA, answer);
    code = library->easy_perform(https->curl);
    if (code != CURLE_OK) {
        snprintf(why, BEARER_WHY_SIZE, "%s: %s", https->url,
                 https->curl_error[0] != '\0' ? https->curl_error : library->easy_strerror(code));
        return false;
    }
    library->easy_getinfo(https->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 && status != 204) {
        snprintf(why, BEARER_WHY_SIZE, "%s: HTTP status %ld", https->url, status);
        return false;
    }
    return true;
}

const struct bearer_kind bearer_https = {https_open, https_post, https_close};
