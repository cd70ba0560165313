/* BER-TLV with DER lengths: see tlv.h. */
#include "apdu/tlv.h"

#include <string.h>

/* The largest length we read or write: three length octets. */
#define TLV_LENGTH_MAX 0xFFFFFFu

const char *tlv_status_name(enum tlv_status status)
{
    static const char *const names[] = {
        [TLV_OK] = "ok",
        [TLV_END] = "end of data",
        [TLV_TRUNCATED] = "data cut off",
        [TLV_BAD_TAG] = "malformed tag",
        [TLV_BAD_LENGTH] = "malformed length",
        [TLV_UNEXPECTED] = "missing or unexpected data object",
        [TLV_BAD_VALUE] = "bad value",
        [TLV_TRAILING] = "data after the end",
    };

    return (size_t)status < sizeof(names) / sizeof(names[0]) ? names[status] : "unknown";
}

struct tlv_reader tlv_reader(struct span in)
{
    return (struct tlv_reader){.in = in};
}

static unsigned tag_size(uint32_t tag)
{
    return tag > 0xFFFF ? 3 : tag > 0xFF ? 2 : 1;
}

bool tlv_is_constructed(uint32_t tag)
{
    return (tag >> (8 * (tag_size(tag) - 1)) & 0x20) != 0;
}

static enum tlv_status read_tag(struct span in, uint32_t *tag, size_t *size)
{
    if (in.size < 1)
        return TLV_TRUNCATED;
    *tag = in.data[0];
    *size = 1;
    if ((in.data[0] & 0x1F) != 0x1F)
        return TLV_OK;
    do {
        if (*size == 3)
            return TLV_BAD_TAG;
        if (in.size <= *size)
            return TLV_TRUNCATED;
        *tag = *tag << 8 | in.data[*size];
        (*size)++;
    } while ((in.data[*size - 1] & 0x80) != 0);
    /* X.690 8.1.2.4.2: the first subsequent octet is not 80, and numbers below 31 take the short form. */
    if (in.data[1] == 0x80 || (*size == 2 && in.data[1] < 0x1F))
        return TLV_BAD_TAG;
    return TLV_OK;
}

static enum tlv_status read_length(struct span in, size_t *length, size_t *size)
{
    unsigned octets;

    if (in.size < 1)
        return TLV_TRUNCATED;
    *size = 1;
    *length = in.data[0];
    if (in.data[0] < 0x80)
        return TLV_OK;
    octets = in.data[0] & 0x7F;
    if (octets == 0 || octets > 3)
        return TLV_BAD_LENGTH;
    if (in.size < 1 + (size_t)octets)
        return TLV_TRUNCATED;
    *length = 0;
    for (unsigned i = 0; i < octets; i++)
        *length = *length << 8 | in.data[1 + i];
    *size += octets;
    if (*length < 0x80 || (octets > 1 && *length >> (8 * (octets - 1)) == 0))
        return TLV_BAD_LENGTH;
    return TLV_OK;
}

enum tlv_status tlv_header(struct span in, uint32_t *tag, size_t *header_size, size_t *content_size)
{
    size_t tag_octets = 0;
    size_t length_octets = 0;
    enum tlv_status status = read_tag(in, tag, &tag_octets);

    if (status != TLV_OK)
        return status;
    status = read_length(SPAN(in.data + tag_octets, in.size - tag_octets), content_size, &length_octets);
    *header_size = tag_octets + length_octets;
    return status;
}

bool tlv_fail(struct tlv_reader *reader, enum tlv_status status)
{
    if (reader->status == TLV_OK) {
        reader->status = status;
        reader->error_offset = reader->offset;
    }
    return false;
}

bool tlv_good(const struct tlv_reader *reader)
{
    return reader->status == TLV_OK;
}

static struct span rest(const struct tlv_reader *reader)
{
    return SPAN(reader->in.data + reader->offset, reader->in.size - reader->offset);
}

enum tlv_status tlv_next(struct tlv_reader *reader, struct tlv *out)
{
    struct span in;
    size_t header = 0;
    size_t content = 0;
    enum tlv_status status;

    if (reader->status != TLV_OK)
        return reader->status;
    if (reader->offset >= reader->in.size)
        return TLV_END;
    in = rest(reader);
    status = tlv_header(in, &out->tag, &header, &content);
    if (status == TLV_OK && content > in.size - header)
        status = TLV_TRUNCATED;
    if (status != TLV_OK) {
        tlv_fail(reader, status);
        return status;
    }
    out->value = SPAN(in.data + header, content);
    out->whole = SPAN(in.data, header + content);
    reader->offset += header + content;
    return TLV_OK;
}

uint32_t tlv_peek(const struct tlv_reader *reader)
{
    uint32_t tag = 0;
    size_t size = 0;

    if (reader->status != TLV_OK || reader->offset >= reader->in.size)
        return 0;
    return read_tag(rest(reader), &tag, &size) == TLV_OK ? tag : 0;
}

bool tlv_require_whole(struct tlv_reader *reader, uint32_t tag, struct span *value, struct span *whole)
{
    size_t start = reader->offset;
    struct tlv tlv;
    enum tlv_status status = tlv_next(reader, &tlv);

    if (value != NULL)
        *value = SPAN_NONE;
    if (whole != NULL)
        *whole = SPAN_NONE;
    if (status == TLV_END)
        return tlv_fail(reader, TLV_UNEXPECTED);
    if (status != TLV_OK)
        return false;
    if (tlv.tag != tag) {
        reader->offset = start;
        return tlv_fail(reader, TLV_UNEXPECTED);
    }
    if (value != NULL)
        *value = tlv.value;
    if (whole != NULL)
        *whole = tlv.whole;
    return true;
}

bool tlv_require(struct tlv_reader *reader, uint32_t tag, struct span *value)
{
    return tlv_require_whole(reader, tag, value, NULL);
}

bool tlv_require_sized(struct tlv_reader *reader, uint32_t tag, size_t min, size_t max, struct span *value)
{
    size_t start = reader->offset;

    if (!tlv_require(reader, tag, value))
        return false;
    if (value->size < min || value->size > max) {
        reader->offset = start;
        return tlv_fail(reader, TLV_BAD_VALUE);
    }
    return true;
}

bool tlv_optional(struct tlv_reader *reader, uint32_t tag, struct span *value)
{
    *value = SPAN_NONE;
    return tlv_peek(reader) == tag && tlv_require(reader, tag, value);
}

bool tlv_skip_rest(struct tlv_reader *reader)
{
    struct tlv tlv;

    while (tlv_next(reader, &tlv) == TLV_OK)
        ;
    return tlv_good(reader);
}

/* A tag of one octet: bits 8 and 7 are its class, 5 to 1 its number. */
static bool is_of_a_later_version(uint32_t tag, unsigned highest)
{
    if (tag > 0xFF)
        return true;
    return (tag & 0xC0) != 0 && ((tag & 0xC0) != 0x80 || (tag & 0x1F) > highest);
}

bool tlv_skip_later(struct tlv_reader *reader, unsigned highest)
{
    struct tlv tlv;

    while (tlv_next(reader, &tlv) == TLV_OK)
        if (!is_of_a_later_version(tlv.tag, highest))
            return tlv_fail(reader, TLV_UNEXPECTED);
    return tlv_good(reader);
}

bool tlv_finish(struct tlv_reader *reader)
{
    if (tlv_good(reader) && reader->offset < reader->in.size)
        tlv_fail(reader, TLV_TRAILING);
    return tlv_good(reader);
}

enum tlv_status tlv_single(struct span in, uint32_t tag, struct span *value)
{
    struct tlv_reader reader = tlv_reader(in);

    if (tlv_require(&reader, tag, value))
        tlv_finish(&reader);
    return reader.status;
}

bool tlv_enter(struct span in, uint32_t tag, struct tlv_reader *reader)
{
    struct span content;
    bool good = tlv_single(in, tag, &content) == TLV_OK;

    *reader = tlv_reader(content);
    return good;
}

enum tlv_status tlv_only(struct span in, struct tlv *out)
{
    struct tlv_reader reader = tlv_reader(in);
    enum tlv_status status = tlv_next(&reader, out);

    return status != TLV_OK || tlv_finish(&reader) ? status : reader.status;
}

bool tlv_is_sequence(struct span in)
{
    struct tlv_reader reader = tlv_reader(in);

    return tlv_skip_rest(&reader);
}

bool tlv_find(struct span in, uint32_t tag, struct span *value)
{
    struct tlv_reader reader = tlv_reader(in);
    struct tlv tlv;

    *value = SPAN_NONE;
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if (tlv.tag == tag) {
            *value = tlv.value;
            return true;
        }
    }
    return false;
}

bool tlv_find_path(struct span in, const uint32_t *path, struct span *value)
{
    *value = in;
    for (; *path != 0; path++) {
        if (!tlv_find(*value, *path, value))
            return false;
    }
    return true;
}

bool tlv_signed(struct span value, int64_t *out)
{
    uint64_t bits;

    if (value.size < 1 || value.size > 8)
        return false;
    /* X.690 8.3.2: the first nine bits are not all equal. */
    if (value.size > 1 && ((value.data[0] == 0x00 && (value.data[1] & 0x80) == 0) ||
                           (value.data[0] == 0xFF && (value.data[1] & 0x80) != 0)))
        return false;
    bits = (value.data[0] & 0x80) != 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < value.size; i++)
        bits = bits << 8 | value.data[i];
    memcpy(out, &bits, sizeof(bits));
    return true;
}

bool tlv_unsigned(struct span value, uint64_t *out)
{
    int64_t number;

    if (!tlv_signed(value, &number) || number < 0)
        return false;
    *out = (uint64_t)number;
    return true;
}

bool tlv_bit(struct span bit_string, unsigned bit)
{
    size_t octet = 1 + bit / 8;

    if (bit_string.size < 2 || bit_string.data[0] > 7 || octet >= bit_string.size)
        return false;
    if (octet == bit_string.size - 1 && bit % 8 > 7u - bit_string.data[0])
        return false;
    return (bit_string.data[octet] >> (7 - bit % 8) & 1) != 0;
}

void tlv_put_tag(struct buf *out, uint32_t tag)
{
    for (unsigned i = tag_size(tag); i-- > 0;)
        buf_append_octet(out, (uint8_t)(tag >> (8 * i)));
}

static unsigned length_size(size_t length)
{
    return length < 0x80 ? 1 : length <= 0xFF ? 2 : length <= 0xFFFF ? 3 : 4;
}

size_t tlv_header_size(uint32_t tag, size_t content_size)
{
    return tag_size(tag) + length_size(content_size);
}

void tlv_put_length(struct buf *out, size_t length)
{
    unsigned size = length_size(length);

    if (length > TLV_LENGTH_MAX) {
        out->failed = true;
        return;
    }
    if (size > 1)
        buf_append_octet(out, (uint8_t)(0x80 | (size - 1)));
    for (unsigned i = size > 1 ? size - 1 : 1; i-- > 0;)
        buf_append_octet(out, (uint8_t)(length >> (8 * i)));
}

void tlv_put(struct buf *out, uint32_t tag, struct span value)
{
    tlv_put_tag(out, tag);
    tlv_put_length(out, value.size);
    buf_append(out, value);
}

void tlv_put_signed(struct buf *out, uint32_t tag, int64_t value)
{
    uint8_t octets[8];
    uint64_t bits;
    size_t skip = 0;

    memcpy(&bits, &value, sizeof(bits));
    for (unsigned i = 0; i < 8; i++)
        octets[i] = (uint8_t)(bits >> (8 * (7 - i)));
    while (skip < 7 && ((octets[skip] == 0x00 && (octets[skip + 1] & 0x80) == 0) ||
                        (octets[skip] == 0xFF && (octets[skip + 1] & 0x80) != 0)))
        skip++;
    tlv_put(out, tag, SPAN(octets + skip, 8 - skip));
}

void tlv_put_unsigned(struct buf *out, uint32_t tag, uint64_t value)
{
    uint8_t octets[9] = {0};
    size_t skip = 0;

    for (unsigned i = 0; i < 8; i++)
        octets[1 + i] = (uint8_t)(value >> (8 * (7 - i)));
    while (skip < 8 && octets[skip] == 0x00 && (octets[skip + 1] & 0x80) == 0)
        skip++;
    tlv_put(out, tag, SPAN(octets + skip, 9 - skip));
}

void tlv_put_octet(struct buf *out, uint32_t tag, uint8_t octet)
{
    tlv_put(out, tag, SPAN(&octet, 1));
}

void tlv_put_string(struct buf *out, uint32_t tag, const char *text)
{
    tlv_put(out, tag, span_of_string(text));
}

void tlv_put_bits(struct buf *out, uint32_t tag, const uint8_t *bits, unsigned count)
{
    while (count > 0 && (bits[(count - 1) / 8] >> (7 - (count - 1) % 8) & 1) == 0)
        count--;
    tlv_put_tag(out, tag);
    tlv_put_length(out, 1 + (count + 7) / 8);
    buf_append_octet(out, (uint8_t)((8 - count % 8) % 8));
    for (unsigned i = 0; i < (count + 7) / 8; i++) {
        unsigned left = count - 8 * i;
        uint8_t mask = left >= 8 ? 0xFF : (uint8_t)(0xFF << (8 - left));

        buf_append_octet(out, bits[i] & mask);
    }
}

size_t tlv_open(struct buf *out, uint32_t tag)
{
    tlv_put_tag(out, tag);
    buf_append_octet(out, 0); /* the short length; tlv_close makes room when the content is longer */
    return out->size;
}

void tlv_close(struct buf *out, size_t mark)
{
    size_t content;
    unsigned extra;

    if (out->failed)
        return;
    content = out->size - mark;
    if (content > TLV_LENGTH_MAX) {
        out->failed = true;
        return;
    }
    extra = length_size(content) - 1;
    if (extra == 0) {
        out->data[mark - 1] = (uint8_t)content;
        return;
    }
    if (!buf_reserve(out, extra))
        return;
    memmove(out->data + mark + extra, out->data + mark, content);
    out->data[mark - 1] = (uint8_t)(0x80 | extra);
    for (unsigned i = 0; i < extra; i++)
        out->data[mark + i] = (uint8_t)(content >> (8 * (extra - 1 - i)));
    out->size += extra;
}
