/*
 * Octets: a read-only span of somebody else's memory, and a growing buffer of one's own.
 * Everything above is written against these two, so that a length never travels apart from its pointer.
 */
#ifndef SOFTEUICC_APDU_BYTES_H
#define SOFTEUICC_APDU_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `size` octets at `data`, owned by somebody else. An absent value has data == NULL;
 * an empty one does not. */
struct span {
    const uint8_t *data;
    size_t size;
};

#define SPAN_NONE          ((struct span){NULL, 0})
#define SPAN(pointer, n)   ((struct span){(const uint8_t *)(pointer), (n)})
#define SPAN_ARRAY(array)  ((struct span){(const uint8_t *)(array), sizeof(array)})
#define SPAN_STRING(chars) ((struct span){(const uint8_t *)(chars), sizeof(chars) - 1})

/* True when both hold the same octets. Not constant time: use CRYPTO_memcmp for secrets. */
bool span_equal(struct span a, struct span b);

/* True when `whole` begins with the octets of `beginning`; every span begins with an empty one. */
bool span_begins_with(struct span whole, struct span beginning);

/* The number that the octets write, most significant first; of more than eight the last eight count. */
uint64_t span_number(struct span octets);

/* Writes the low `size` octets of a number, most significant first. */
void octets_put_number(uint8_t *octets, size_t size, uint64_t number);

/* Takes `size` octets, or one octet of length and as many octets, off the front of *in. False when there are
 * not that many: nothing is taken then. */
bool span_take(struct span *in, size_t size, struct span *out);
bool span_take_prefixed(struct span *in, struct span *out);

/* The octets of a C string, without its terminating zero. */
struct span span_of_string(const char *text);

/*
 * A growing buffer. All-zero is an empty one. When memory runs out (or the size would pass BUF_LIMIT)
 * `failed` becomes true, stays true, and further appends do nothing: check once, at the end.
 */
struct buf {
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool failed;
};

/* No message of ours comes near this; it bounds what a hostile length can make us allocate. */
#define BUF_LIMIT ((size_t)64 * 1024 * 1024)

/* Makes room for `more` octets after the present end; returns false (and sets failed) when it cannot. */
bool buf_reserve(struct buf *buf, size_t more);
void buf_append(struct buf *buf, struct span octets);
void buf_append_octet(struct buf *buf, uint8_t octet);
/* As octets_put_number. */
void buf_append_number(struct buf *buf, size_t size, uint64_t number);
/* Forgets the content, keeps the memory. */
void buf_clear(struct buf *buf);
/* As buf_clear, and wipes the memory: for secrets. */
void buf_wipe(struct buf *buf);
/* Frees the memory (wiped first) and makes the buffer empty. */
void buf_free(struct buf *buf);
/* What the buffer holds now; valid until the next change. */
struct span buf_span(const struct buf *buf);

/* Appends the octets written as hexadecimal in `text`; blanks and colons between octets are skipped.
 * Returns false at the first character that does not fit, or an odd number of digits; *offset (may be NULL)
 * says where. */
bool buf_append_hex(struct buf *buf, const char *text, size_t *offset);

/* Writes `octets` as upper-case hexadecimal and a terminating zero to `out`, which holds out_size characters.
 * What does not fit is cut. Returns `out`. */
char *hex_from_span(struct span octets, char *out, size_t out_size);

#endif
