/* What OpenSSL reads and writes in place of a socket: the client's buffers. Its own BIOs in memory would join
 * datagrams. */
#include "euicc/network/tls_internal.h"

#include <openssl/bio.h>
#include <stdio.h>
#include <string.h>

#define LENGTH_SIZE  2  /* octets before each datagram in a queue */
#define OVERHEAD_MAX 48 /* octets of IPv6 and UDP, by which OpenSSL judges the least size of a datagram */

void datagram_put(struct buf *queue, size_t queue_max, struct span octets)
{
    if (octets.size > UINT16_MAX || queue->size + LENGTH_SIZE + octets.size > queue_max ||
        !buf_reserve(queue, LENGTH_SIZE + octets.size))
        return;
    buf_append_number(queue, LENGTH_SIZE, octets.size);
    buf_append(queue, octets);
}

bool datagram_take(struct buf *queue, struct buf *out)
{
    struct span rest = buf_span(queue);
    struct span length;
    struct span datagram;

    if (!span_take(&rest, LENGTH_SIZE, &length) || !span_take(&rest, (size_t)span_number(length), &datagram))
        return false;
    if (!buf_reserve(out, datagram.size))
        return false;
    buf_append(out, datagram);
    memmove(queue->data, rest.data, rest.size);
    queue->size = rest.size;
    return true;
}

static int bio_read(BIO *bio, char *out, int size)
{
    struct tls_client *client = BIO_get_data(bio);
    size_t count = size < 0 ? 0 : (size_t)size;

    client->flight.is_copying = false; /* it is written: OpenSSL waits for the answer */
    BIO_clear_retry_flags(bio);
    if (client->incoming.size == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    if (count > client->incoming.size)
        count = client->incoming.size;
    memcpy(out, client->incoming.data, count);
    if (client->is_datagram)
        client->incoming = SPAN_NONE;
    else
        client->incoming = SPAN(client->incoming.data + count, client->incoming.size - count);
    return (int)count;
}

static void write_datagram(struct tls_client *client, struct span octets)
{
    struct dtls_flight *flight = &client->flight;

    if (!flight->is_copying)
        datagram_put(&client->outgoing, TLS_UNSENT_MAX, octets);
    else if (flight->copy_count <= DTLS_COPIES)
        datagram_put(&flight->copies[flight->copy_count - 1], TLS_UNSENT_MAX, octets);
}

static int bio_write(BIO *bio, const char *octets, int size)
{
    struct tls_client *client = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (size <= 0)
        return 0;
    if (client->is_datagram) {
        write_datagram(client, SPAN(octets, (size_t)size));
        return size;
    }
    /* What the application writes stays below; only a server that makes the client answer without end comes
     * here. */
    if (client->outgoing.size > 2 * TLS_UNSENT_MAX) {
        snprintf(client->why, sizeof(client->why), "the server asks for more than is sent");
        return -1;
    }
    buf_append(&client->outgoing, SPAN(octets, (size_t)size));
    return client->outgoing.failed ? -1 : size;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return OVERHEAD_MAX;
    default:
        return 0;
    }
}

BIO_METHOD *tls_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "client");

    if (method != NULL && BIO_meth_set_read(method, bio_read) == 1 &&
        BIO_meth_set_write(method, bio_write) == 1 && BIO_meth_set_ctrl(method, bio_control) == 1)
        return method;
    BIO_meth_free(method);
    return NULL;
}
