/* An HTTP request on memory: see http_post.h. */
#include "euicc/network/http_post.h"

#include "euicc/network/host.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* RFC 9110 5.6.2 */
static const char token_characters[] =
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* Two of them would be two meanings for one request. */
static const char *const own_fields[] = {"Host", "Content-Length", "Transfer-Encoding", "Connection"};

static bool is_field(const struct http_field *field)
{
    const char *value = field->value;

    if (field->name[0] == '\0' || field->name[strspn(field->name, token_characters)] != '\0')
        return false;
    for (size_t i = 0; i < sizeof(own_fields) / sizeof(own_fields[0]); i++)
        if (strcasecmp(field->name, own_fields[i]) == 0)
            return false;
    while (*value == '\t' || (*value >= ' ' && *value <= '~'))
        value++;
    return *value == '\0';
}

/* A request-target in origin-form, RFC 9112 3.2.1; a fragment is none of the server's business. */
static bool is_path(const char *path)
{
    const char *at = path;

    while (*at > ' ' && *at <= '~' && *at != '#')
        at++;
    return path[0] == '/' && *at == '\0';
}

static void append_text(struct buf *out, const char *text)
{
    buf_append(out, span_of_string(text));
}

static void append_field(struct buf *out, const char *name, const char *value)
{
    append_text(out, name);
    append_text(out, ": ");
    append_text(out, value);
    append_text(out, "\r\n");
}

/* RFC 9112 3.2, RFC 3986 3.2.2 */
static void append_host(struct buf *out, const struct http_post *post, bool brackets)
{
    char port[sizeof(":65535")] = "";

    if (post->port != HTTPS_PORT)
        snprintf(port, sizeof(port), ":%u", post->port);
    append_text(out, brackets ? "Host: [" : "Host: ");
    append_text(out, post->host);
    append_text(out, brackets ? "]" : "");
    append_text(out, port);
    append_text(out, "\r\n");
}

bool http_post_write(const struct http_post *post, struct buf *out)
{
    struct ip_address address;
    size_t before = out->size;
    char length[sizeof("18446744073709551615")];

    if ((!host_address(post->host, &address) && !host_is_name(post->host)) || post->port == 0 ||
        !is_path(post->path))
        return false;
    for (size_t i = 0; i < post->field_count; i++)
        if (!is_field(&post->fields[i]))
            return false;
    append_text(out, "POST ");
    append_text(out, post->path);
    append_text(out, " HTTP/1.1\r\n");
    append_host(out, post, address.size == IPV6_SIZE);
    for (size_t i = 0; i < post->field_count; i++)
        append_field(out, post->fields[i].name, post->fields[i].value);
    snprintf(length, sizeof(length), "%zu", post->body.size);
    append_field(out, "Content-Length", length);
    if (!post->keep_alive) /* RFC 9112 9.3: else it is kept, without a word */
        append_field(out, "Connection", "close");
    append_text(out, "\r\n");
    buf_append(out, post->body);
    if (out->failed)
        out->size = before;
    return !out->failed;
}
