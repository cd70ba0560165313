/* Octets: spans and growing buffers. See bytes.h. */
#include "apdu/bytes.h"

#include <stdlib.h>
#include <string.h> /* explicit_bzero: this floor knows no OpenSSL */

bool span_equal(struct span a, struct span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool span_begins_with(struct span whole, struct span beginning)
{
    return beginning.size <= whole.size && span_equal(SPAN(whole.data, beginning.size), beginning);
}

uint64_t span_number(struct span octets)
{
    uint64_t number = 0;

    for (size_t i = 0; i < octets.size; i++)
        number = number << 8 | octets.data[i];
    return number;
}

void octets_put_number(uint8_t *octets, size_t size, uint64_t number)
{
    for (; size > 0; number >>= 8)
        octets[--size] = (uint8_t)number;
}

bool span_take(struct span *in, size_t size, struct span *out)
{
    if (size > in->size)
        return false;
    *out = SPAN(in->data, size);
    *in = SPAN(in->data + size, in->size - size);
    return true;
}

bool span_take_prefixed(struct span *in, struct span *out)
{
    struct span rest = *in;
    struct span size;

    if (!span_take(&rest, 1, &size) || !span_take(&rest, size.data[0], out))
        return false;
    *in = rest;
    return true;
}

struct span span_of_string(const char *text)
{
    return SPAN(text, strlen(text));
}

bool buf_reserve(struct buf *buf, size_t more)
{
    size_t capacity = buf->capacity != 0 ? buf->capacity : 256;
    uint8_t *data;

    if (buf->failed)
        return false;
    if (more <= buf->capacity - buf->size)
        return true;
    if (more > BUF_LIMIT || buf->size > BUF_LIMIT - more) {
        buf->failed = true;
        return false;
    }
    while (capacity < buf->size + more)
        capacity *= 2;
    /* Not realloc: the old memory may hold secrets and must be wiped before it goes back. */
    data = malloc(capacity);
    if (data == NULL) {
        buf->failed = true;
        return false;
    }
    if (buf->size > 0)
        memcpy(data, buf->data, buf->size);
    if (buf->data != NULL)
        explicit_bzero(buf->data, buf->size);
    free(buf->data);
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void buf_append(struct buf *buf, struct span octets)
{
    if (octets.size == 0 || !buf_reserve(buf, octets.size))
        return;
    memcpy(buf->data + buf->size, octets.data, octets.size);
    buf->size += octets.size;
}

void buf_append_octet(struct buf *buf, uint8_t octet)
{
    if (!buf_reserve(buf, 1))
        return;
    buf->data[buf->size++] = octet;
}

void buf_append_number(struct buf *buf, size_t size, uint64_t number)
{
    if (!buf_reserve(buf, size))
        return;
    octets_put_number(buf->data + buf->size, size, number);
    buf->size += size;
}

void buf_clear(struct buf *buf)
{
    buf->size = 0;
    buf->failed = false;
}

void buf_wipe(struct buf *buf)
{
    if (buf->data != NULL)
        explicit_bzero(buf->data, buf->capacity);
    buf_clear(buf);
}

void buf_free(struct buf *buf)
{
    buf_wipe(buf);
    free(buf->data);
    *buf = (struct buf){0};
}

struct span buf_span(const struct buf *buf)
{
    static const uint8_t nothing[1];

    return SPAN(buf->data != NULL ? buf->data : nothing, buf->size);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool buf_append_hex(struct buf *buf, const char *text, size_t *offset)
{
    size_t i = 0;

    for (;;) {
        while (text[i] == ' ' || text[i] == ':' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n')
            i++;
        if (offset != NULL)
            *offset = i;
        if (text[i] == '\0')
            return !buf->failed;
        if (hex_digit(text[i]) < 0)
            return false;
        if (hex_digit(text[i + 1]) < 0) {
            if (offset != NULL)
                *offset = i + 1;
            return false;
        }
        buf_append_octet(buf, (uint8_t)(hex_digit(text[i]) << 4 | hex_digit(text[i + 1])));
        i += 2;
    }
}

char *hex_from_span(struct span octets, char *out, size_t out_size)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;

    if (out_size == 0)
        return out;
    for (size_t i = 0; i < octets.size && n + 2 < out_size; i++) {
        out[n++] = digits[octets.data[i] >> 4];
        out[n++] = digits[octets.data[i] & 0x0F];
    }
    out[n] = '\0';
    return out;
}
