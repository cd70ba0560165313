/*
 * Any octets as a vpcd stream, in pieces of any size: the messages must be those that the stream holds,
 * however it was cut. Input: one octet for the size of the pieces, then the stream.
 */
#include "tests/fuzz/fuzz.h"
#include "vpcd-bridge/vpcd.h"

/* The next message of a stream that is all there, cut out the obvious way. */
static bool expected_next(struct span *stream, struct span *message)
{
    size_t size;

    if (stream->size < 2)
        return false;
    size = (size_t)stream->data[0] << 8 | stream->data[1];
    if (stream->size - 2 < size)
        return false;
    *message = SPAN(stream->data + 2, size);
    *stream = SPAN(stream->data + 2 + size, stream->size - 2 - size);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vpcd_parser parser = {0};
    struct span in = SPAN(data, size);
    size_t step = 1 + (size_t)fuzz_octet(&in);
    struct span expected_stream = in;
    struct buf frames = {0};

    while (in.size > 0) {
        size_t piece = step < in.size ? step : in.size;
        struct span message;
        struct span expected;

        fuzz_check(vpcd_parser_feed(&parser, SPAN(in.data, piece)));
        in = SPAN(in.data + piece, in.size - piece);
        while (vpcd_parser_next(&parser, &message)) {
            fuzz_check(expected_next(&expected_stream, &expected));
            fuzz_check(span_equal(message, expected));
            vpcd_put_frame(&frames, message);
        }
    }
    /* Nothing whole was kept back, and what came out frames to what went in. */
    fuzz_check(!frames.failed);
    fuzz_check(frames.size <= size);
    for (size_t i = 0; i < frames.size; i++)
        fuzz_check(frames.data[i] == data[1 + i]);
    fuzz_check(!expected_next(&expected_stream, &(struct span){NULL, 0}));
    buf_free(&frames);
    vpcd_parser_free(&parser);
    return 0;
}
