/*
 * BER tags, DER lengths (ISO/IEC 8825-1): a reader that walks a span in place and a writer that appends to a
 * buffer and patches lengths. Reading is strict: indefinite and over-long lengths, over-long tags and values
 * that pass the end are errors with a name and an offset.
 *
 * A tag is its octets as a big-endian number: 0x30, 0x5F37, 0xBF2D. Tags have one to three octets.
 */
#ifndef SOFTEUICC_APDU_TLV_H
#define SOFTEUICC_APDU_TLV_H

#include "apdu/bytes.h"

enum tlv_status {
    TLV_OK = 0,
    TLV_END,        /* nothing left: the end of the span, not an error for who iterates */
    TLV_TRUNCATED,  /* a tag, length or value passes the end of the span */
    TLV_BAD_TAG,    /* more than three octets, or not in its shortest form */
    TLV_BAD_LENGTH, /* indefinite, or not in its shortest form, or above 2^24 - 1 */
    TLV_UNEXPECTED, /* another tag than the one required */
    TLV_BAD_VALUE,  /* the value does not have the required size or form */
    TLV_TRAILING    /* octets after the last expected object */
};

/* A short lower-case English name for an error line. */
const char *tlv_status_name(enum tlv_status status);

struct tlv {
    uint32_t tag;
    struct span value; /* the content octets */
    struct span whole; /* tag, length and content, as received */
};

/* A position in a span. The first error sticks, with its offset from the span's beginning. */
struct tlv_reader {
    struct span in;
    size_t offset;
    enum tlv_status status;
    size_t error_offset;
};

struct tlv_reader tlv_reader(struct span in);

/* True when the tag's octets say that the value is itself made of data objects. */
bool tlv_is_constructed(uint32_t tag);

/* Reads one object and moves past it. TLV_END at the end of the span. */
enum tlv_status tlv_next(struct tlv_reader *reader, struct tlv *out);

/* The tag of the next object, 0 at the end or when it cannot be read. Moves nothing. */
uint32_t tlv_peek(const struct tlv_reader *reader);

/* Reads the next object, which must have `tag`; returns true and its value, else false with the error in
 * reader. */
bool tlv_require(struct tlv_reader *reader, uint32_t tag, struct span *value);

/* As tlv_require, for the object as received (tag and length included) as well;
 * either pointer may be NULL. */
bool tlv_require_whole(struct tlv_reader *reader, uint32_t tag, struct span *value, struct span *whole);

/* Reads the next object if it has `tag`: true and its value. Otherwise false, *value = SPAN_NONE, nothing
 * moved. */
bool tlv_optional(struct tlv_reader *reader, uint32_t tag, struct span *value);

/* As tlv_require, and the value must have min to max octets (inclusive). */
bool tlv_require_sized(struct tlv_reader *reader, uint32_t tag, size_t min, size_t max, struct span *value);

/* Passes over what is left, checking its form (extensibility: unknown trailing members).
 * False on a bad form. */
bool tlv_skip_rest(struct tlv_reader *reader);

/*
 * The same where optional members may be missing before: what is passed over must be a later version's, with
 * a context tag above `highest`, the highest number a member has here. A member that is rather a known one in
 * another form or place (a universal tag, a lower number) is TLV_UNEXPECTED: without it the request would
 * mean something else.
 */
bool tlv_skip_later(struct tlv_reader *reader, unsigned highest);

/* True when nothing is left and nothing went wrong; otherwise notes TLV_TRAILING. */
bool tlv_finish(struct tlv_reader *reader);

/* Notes an error at the object last begun, unless one stands already;
 * returns false for `return tlv_fail(…)`. */
bool tlv_fail(struct tlv_reader *reader, enum tlv_status status);

/* True when nothing went wrong so far. */
bool tlv_good(const struct tlv_reader *reader);

/* Reads exactly one object that fills `in`, with this tag. */
enum tlv_status tlv_single(struct span in, uint32_t tag, struct span *value);

/* The same, whatever its tag. TLV_END: there is none. */
enum tlv_status tlv_only(struct span in, struct tlv *out);

/* Like tlv_single, for a constructed object: *reader is to read what it holds. False: there is no such
 * object. */
bool tlv_enter(struct span in, uint32_t tag, struct tlv_reader *reader);

/* True when `in` holds nothing but whole objects, or nothing at all. */
bool tlv_is_sequence(struct span in);

/* Finds the first object with `tag` among the objects in `in`; false when absent or when the form before it
 * is bad. */
bool tlv_find(struct span in, uint32_t tag, struct span *value);

/* Finds an object by a path of tags, each inside the one before; the path ends with 0. */
bool tlv_find_path(struct span in, const uint32_t *path, struct span *value);

/*
 * The length of the header (tag and length octets) and of the content of the object that begins `in`, which
 * may be cut off after any octet: TLV_TRUNCATED means that the header itself is not all there yet. For
 * streams.
 */
enum tlv_status tlv_header(struct span in, uint32_t *tag, size_t *header_size, size_t *content_size);

/* A DER INTEGER of at most 8 octets that is not negative. False for an empty, over-long or negative one. */
bool tlv_unsigned(struct span value, uint64_t *out);

/* A DER INTEGER of at most 8 octets. False for an empty or over-long one. */
bool tlv_signed(struct span value, int64_t *out);

/* Bit `bit` of a BIT STRING value (its first octet counts the unused bits); false when it is not there. */
bool tlv_bit(struct span bit_string, unsigned bit);

/* Appends one object. */
void tlv_put(struct buf *out, uint32_t tag, struct span value);
/* Appends an INTEGER in its shortest form. */
void tlv_put_unsigned(struct buf *out, uint32_t tag, uint64_t value);
void tlv_put_signed(struct buf *out, uint32_t tag, int64_t value);
/* Appends an object of one octet. */
void tlv_put_octet(struct buf *out, uint32_t tag, uint8_t octet);
void tlv_put_string(struct buf *out, uint32_t tag, const char *text);
/* Appends a BIT STRING: `count` named bits from the most significant bit of bits[0], trailing zero bits
 * removed as DER demands of named bit lists. */
void tlv_put_bits(struct buf *out, uint32_t tag, const uint8_t *bits, unsigned count);
void tlv_put_tag(struct buf *out, uint32_t tag);
void tlv_put_length(struct buf *out, size_t length);
/* The octets that tag and length of an object with `content_size` octets take. */
size_t tlv_header_size(uint32_t tag, size_t content_size);

/* Begins a constructed object: size_t at = tlv_open(out, tag); … tlv_close(out, at); they nest. */
size_t tlv_open(struct buf *out, uint32_t tag);
void tlv_close(struct buf *out, size_t mark);

#endif
