/* A server of HTTPS in memory. See https_peer.h. */
#include "tests/euicc/network/https_peer.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 4096
#define WRITE 16384 /* octets of a record */

void https_peer_begin(struct https_peer *peer, SSL_CTX *server)
{
    https_peer_end(peer);
    peer->ssl = SSL_new(server);
    ck_assert_ptr_nonnull(peer->ssl);
    SSL_set_bio(peer->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    BIO_set_mem_eof_return(SSL_get_rbio(peer->ssl), -1);
    SSL_set_accept_state(peer->ssl);
}

void https_peer_end(struct https_peer *peer)
{
    SSL_free(peer->ssl);
    buf_free(&peer->plain);
    *peer = (struct https_peer){.ssl = NULL};
}

void https_peer_feed(struct https_peer *peer, struct span octets)
{
    uint8_t piece[PIECE];
    int size;

    ck_assert_int_eq(BIO_write(SSL_get_rbio(peer->ssl), octets.data, (int)octets.size), (int)octets.size);
    while ((size = SSL_read(peer->ssl, piece, sizeof(piece))) > 0)
        buf_append(&peer->plain, SPAN(piece, (size_t)size));
    ERR_clear_error();
}

/* The octets behind the header's end, of which Content-Length tells. */
static size_t length_told(struct span head)
{
    char *text = calloc(1, head.size + 1);
    const char *line;
    size_t length;

    memcpy(text, head.data, head.size);
    line = strstr(text, "\r\nContent-Length: ");
    ck_assert_ptr_nonnull(line);
    length = (size_t)strtoul(line + strlen("\r\nContent-Length: "), NULL, 10);
    free(text);
    return length;
}

static struct span taken_from(struct span octets)
{
    struct buf *copy = test_buf();

    buf_append(copy, octets);
    return buf_span(copy);
}

bool https_peer_request(struct https_peer *peer, struct span *head, struct span *body)
{
    struct span all = buf_span(&peer->plain);
    size_t end = 0, length;

    while (end + 4 <= all.size && memcmp(all.data + end, "\r\n\r\n", 4) != 0)
        end++;
    if (end + 4 > all.size)
        return false;
    end += 4;
    length = length_told(SPAN(all.data, end));
    if (all.size - end < length)
        return false;
    *head = taken_from(SPAN(all.data, end));
    *body = taken_from(SPAN(all.data + end, length));
    all = taken_from(SPAN(all.data + end + length, all.size - end - length));
    buf_clear(&peer->plain);
    buf_append(&peer->plain, all);
    return true;
}

void https_peer_write(struct https_peer *peer, struct span octets)
{
    struct span piece;

    while (octets.size > 0) {
        ck_assert(span_take(&octets, octets.size < WRITE ? octets.size : WRITE, &piece));
        ck_assert_int_eq(SSL_write(peer->ssl, piece.data, (int)piece.size), (int)piece.size);
    }
}

void https_peer_close(struct https_peer *peer)
{
    SSL_shutdown(peer->ssl);
    ERR_clear_error();
}

bool https_peer_take(struct https_peer *peer, struct buf *out)
{
    size_t before = out->size;
    uint8_t piece[PIECE];
    int size;

    while (peer->ssl != NULL && (size = BIO_read(SSL_get_wbio(peer->ssl), piece, sizeof(piece))) > 0)
        buf_append(out, SPAN(piece, (size_t)size));
    return out->size > before;
}

struct span https_peer_answer(const char *status, const char *lines, struct span body)
{
    struct buf *out = test_buf();
    char head[512];

    snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, lines, body.size);
    buf_append(out, span_of_string(head));
    buf_append(out, body);
    return buf_span(out);
}
