/* The vpcd wire protocol: frames out of a stream, messages into frames. See vpcd.h. */
#include "vpcd-bridge/vpcd.h"

#include <string.h>

#define LENGTH_SIZE 2

void vpcd_parser_free(struct vpcd_parser *parser)
{
    buf_free(&parser->in);
    parser->offset = 0;
}

void vpcd_parser_reset(struct vpcd_parser *parser)
{
    buf_clear(&parser->in);
    parser->offset = 0;
}

bool vpcd_parser_feed(struct vpcd_parser *parser, struct span octets)
{
    /* What was taken out goes first, so that the buffer never grows beyond one message and one read. */
    if (parser->offset > 0) {
        memmove(parser->in.data, parser->in.data + parser->offset, parser->in.size - parser->offset);
        parser->in.size -= parser->offset;
        parser->offset = 0;
    }
    buf_append(&parser->in, octets);
    return !parser->in.failed;
}

bool vpcd_parser_next(struct vpcd_parser *parser, struct span *message)
{
    const uint8_t *frame = parser->in.data + parser->offset;
    size_t left = parser->in.size - parser->offset;
    size_t size;

    if (left < LENGTH_SIZE)
        return false;
    size = (size_t)frame[0] << 8 | frame[1];
    if (left - LENGTH_SIZE < size)
        return false;
    *message = SPAN(frame + LENGTH_SIZE, size);
    parser->offset += LENGTH_SIZE + size;
    return true;
}

void vpcd_put_frame(struct buf *out, struct span message)
{
    if (message.size > VPCD_MESSAGE_MAX) {
        out->failed = true;
        return;
    }
    buf_append_octet(out, (uint8_t)(message.size >> 8));
    buf_append_octet(out, (uint8_t)message.size);
    buf_append(out, message);
}
