/* Any octets as data objects: walks them to every depth, and holds the reader and the writer against each
 * other. */
#include "apdu/tlv.h"
#include "tests/fuzz/fuzz.h"

/* Deeper nesting than any message of ours has. */
#define DEPTH_MAX 24

/* A value read as each type must agree with what the writer makes of it. */
static void check_values(const struct tlv *object)
{
    uint64_t positive;
    int64_t number;
    struct buf again = {0};

    if (tlv_unsigned(object->value, &positive)) {
        struct tlv copy;
        struct tlv_reader reader;

        tlv_put_unsigned(&again, 0x02, positive);
        fuzz_check(!again.failed);
        reader = tlv_reader(buf_span(&again));
        fuzz_check(tlv_next(&reader, &copy) == TLV_OK);
        fuzz_check(tlv_unsigned(copy.value, &positive));
        fuzz_check(copy.value.size <= object->value.size);
    }
    buf_clear(&again);
    if (tlv_signed(object->value, &number)) {
        int64_t read = 0;
        struct span value;

        tlv_put_signed(&again, 0x02, number);
        fuzz_check(!again.failed);
        fuzz_check(tlv_single(buf_span(&again), 0x02, &value) == TLV_OK);
        fuzz_check(tlv_signed(value, &read) && read == number);
    }
    for (unsigned bit = 0; bit < 20; bit++)
        if (tlv_bit(object->value, bit))
            fuzz_check(object->value.size >= 2 + bit / 8);
    buf_free(&again);
}

/* What was read strictly is in its only form: writing it again gives the same octets. */
static void check_canonical(const struct tlv *object)
{
    struct buf again = {0};
    uint32_t tag;
    size_t header_size;
    size_t content_size;

    tlv_put(&again, object->tag, object->value);
    fuzz_check(!again.failed);
    fuzz_check(span_equal(buf_span(&again), object->whole));
    fuzz_check(tlv_header(object->whole, &tag, &header_size, &content_size) == TLV_OK);
    fuzz_check(tag == object->tag && content_size == object->value.size);
    fuzz_check(header_size == tlv_header_size(object->tag, object->value.size));
    fuzz_check(header_size + content_size == object->whole.size);
    buf_free(&again);
}

static void walk(struct span in, unsigned depth)
{
    struct tlv_reader reader = tlv_reader(in);
    struct tlv object;
    size_t end = 0;

    for (;;) {
        uint32_t next = tlv_peek(&reader);
        enum tlv_status status = tlv_next(&reader, &object);
        struct span found;

        if (status != TLV_OK) {
            fuzz_check(status == TLV_END ? end == in.size : !tlv_good(&reader));
            fuzz_check(reader.error_offset <= in.size);
            break;
        }
        fuzz_check(next == object.tag);
        fuzz_check(object.whole.data == in.data + end);
        end += object.whole.size;
        fuzz_check(end <= in.size);
        check_canonical(&object);
        check_values(&object);
        fuzz_check(tlv_find(in, object.tag, &found));
        if (tlv_is_constructed(object.tag) && depth < DEPTH_MAX)
            walk(object.value, depth + 1);
    }
    /* Cut off anywhere, a header is either the same or not there yet. */
    for (size_t cut = 0; cut < in.size && cut < 8; cut++) {
        uint32_t tag;
        size_t header_size;
        size_t content_size;

        if (tlv_header(SPAN(in.data, cut), &tag, &header_size, &content_size) == TLV_OK)
            fuzz_check(header_size <= cut);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t path[] = {0xBF2D, 0xA0, 0xE3, 0};
    struct span in = SPAN(data, size);
    struct span value;
    struct tlv_reader reader = tlv_reader(in);

    walk(in, 0);
    (void)tlv_find_path(in, path, &value);
    if (tlv_skip_rest(&reader))
        fuzz_check(tlv_finish(&reader));
    return 0;
}
