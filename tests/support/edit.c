/* Changing data objects: see edit.h. */
#include "tests/support/edit.h"

#include "apdu/tlv.h"
#include "tests/support/test.h"

enum operation { VALUE, TAG, REMOVE, APPEND };

struct edit {
    enum operation operation;
    struct span octets;
    uint32_t tag;
};

static bool rebuild(struct span in, const uint32_t *path, const struct edit *edit, struct buf *out);

static bool rebuild_one(const struct tlv *tlv, const uint32_t *path, const struct edit *edit, struct buf *out)
{
    size_t mark;
    bool found = true;

    if (path[1] == 0 && edit->operation == REMOVE)
        return true;
    mark = tlv_open(out, path[1] == 0 && edit->operation == TAG ? edit->tag : tlv->tag);
    if (path[1] != 0)
        found = rebuild(tlv->value, path + 1, edit, out);
    else if (edit->operation != VALUE)
        buf_append(out, tlv->value);
    if (path[1] == 0 && (edit->operation == VALUE || edit->operation == APPEND))
        buf_append(out, edit->octets);
    tlv_close(out, mark);
    return found;
}

static bool rebuild(struct span in, const uint32_t *path, const struct edit *edit, struct buf *out)
{
    struct tlv_reader reader = tlv_reader(in);
    struct tlv tlv;
    bool found = false;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if (!found && tlv.tag == path[0])
            found = rebuild_one(&tlv, path, edit, out);
        else
            buf_append(out, tlv.whole);
    }
    return found && tlv_good(&reader);
}

static void run(struct buf *octets, const uint32_t *path, struct edit edit)
{
    struct buf out = {0};

    ck_assert_msg(rebuild(buf_span(octets), path, &edit, &out), "no object %X to edit", (unsigned)path[0]);
    buf_free(octets);
    *octets = out;
}

void edit_value(struct buf *octets, const uint32_t *path, struct span value)
{
    run(octets, path, (struct edit){VALUE, value, 0});
}

void edit_tag(struct buf *octets, const uint32_t *path, uint32_t tag)
{
    run(octets, path, (struct edit){TAG, SPAN_NONE, tag});
}

void edit_remove(struct buf *octets, const uint32_t *path)
{
    run(octets, path, (struct edit){REMOVE, SPAN_NONE, 0});
}

void edit_append(struct buf *octets, const uint32_t *path, struct span whole)
{
    run(octets, path, (struct edit){APPEND, whole, 0});
}

void edit_flip(struct buf *octets, long offset)
{
    size_t at = offset < 0 ? octets->size - (size_t)-offset : (size_t)offset;

    ck_assert_uint_lt(at, octets->size);
    octets->data[at] ^= 0x01;
}

void edit_set(struct buf *octets, struct span content)
{
    struct buf out = {0};

    buf_append(&out, content);
    buf_free(octets);
    *octets = out;
}
