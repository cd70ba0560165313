/* See reads_back.h. What is expected comes from the decoder (saip_visit), not from the interpreter. */
#include "tests/support/reads_back.h"

#include "apdu/apdu.h"
#include "apdu/tlv.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct expected {
    struct saip_file file;
    struct buf content;
};

struct expectation {
    struct expected *files;
    size_t count;
    reads_back_command *command;
    void *context;
    struct reads_back_counts counts;
};

/* --- what the package says ------------------------------------------------------------------------ */

static void apply_update(struct expected *expected, struct span fills)
{
    struct tlv_reader reader = tlv_reader(fills);
    size_t position = 0;
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        uint64_t offset = 0;

        if (tlv.tag == 0x02) {
            ck_assert(tlv_unsigned(tlv.value, &offset));
            position += (size_t)offset;
        } else if (expected->file.kind == SAIP_FILE_BER_TLV) {
            buf_append(&expected->content, tlv.value);
        } else {
            ck_assert_uint_le(position + tlv.value.size, expected->content.size);
            memcpy(expected->content.data + position, tlv.value.data, tlv.value.size);
            position += tlv.value.size;
        }
    }
}

static bool note(void *context, const struct saip_file *file, bool update)
{
    struct expectation *expectation = context;
    struct expected *expected;

    if (update) {
        apply_update(&expectation->files[file->number], file->fills);
        return true;
    }
    ck_assert_uint_eq(file->number, expectation->count);
    ck_assert_uint_lt(expectation->count, SAIP_FILES_MAX);
    expected = &expectation->files[expectation->count++];
    *expected = (struct expected){.file = *file};
    saip_file_content(file, &expected->content);
    return true;
}

/* The file that a link leads to, by identifiers from MF on. */
static struct expected *follow(const struct expectation *expectation, struct expected *expected)
{
    struct span path = expected->file.link_path;
    uint16_t at = 0;

    if (path.size == 0)
        return expected;
    for (size_t i = 0; i < path.size; i += 2) {
        uint16_t fid = (uint16_t)(path.data[i] << 8 | path.data[i + 1]);
        size_t child;

        if (i == 0 && fid == 0x3F00)
            continue;
        for (child = 0; child < expectation->count; child++)
            if (expectation->files[child].file.parent == at && expectation->files[child].file.fid == fid)
                break;
        ck_assert_msg(child < expectation->count, "%s: a link to nowhere", expected->file.name);
        at = (uint16_t)child;
    }
    return follow(expectation, &expectation->files[at]);
}

/* --- asking the card ------------------------------------------------------------------------------ */

static uint16_t send(struct expectation *expectation, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2,
                     struct span data, uint32_t ne, struct buf *response)
{
    struct buf capdu = {0};
    uint16_t status;

    apdu_encode(&capdu, cla, ins, p1, p2, data, ne);
    buf_clear(response);
    status = expectation->command(expectation->context, buf_span(&capdu), response);
    buf_free(&capdu);
    return status;
}

/* The application's ADF first, then a path below it; or a path from MF. */
static void select_file(struct expectation *expectation, const struct expected *expected, struct buf *fcp)
{
    uint8_t path[2 * 16];
    size_t at = sizeof(path);
    size_t number = expected->file.number;
    bool in_application = false;
    uint16_t status;

    while (number != 0) {
        const struct saip_file *file = &expectation->files[number].file;

        if (file->kind == SAIP_FILE_ADF) {
            status = send(expectation, 0x00, 0xA4, 0x04, 0x04, file->df_name, 256, fcp);
            ck_assert_msg(status == 0x9000, "SELECT of %s answers %04X", file->name, status);
            in_application = true;
            break;
        }
        ck_assert_uint_ge(at, 2);
        at -= 2;
        path[at] = (uint8_t)(file->fid >> 8);
        path[at + 1] = (uint8_t)file->fid;
        number = file->parent;
    }
    if (at == sizeof(path) && in_application)
        return;
    if (at == sizeof(path))
        status = send(expectation, 0x00, 0xA4, 0x00, 0x04, hex("3F00"), 256, fcp);
    else
        status = send(expectation, 0x00, 0xA4, in_application ? 0x09 : 0x08, 0x04,
                      SPAN(path + at, sizeof(path) - at), 256, fcp);
    ck_assert_msg(status == 0x9000 || status == 0x6283, "SELECT of %s answers %04X", expected->file.name,
                  status);
}

static void check_fcp(const struct expected *expected, const struct expected *body, struct span fcp)
{
    static const uint8_t descriptors[] = {
        [SAIP_FILE_MF] = 0x38,      [SAIP_FILE_DF] = 0x38,           [SAIP_FILE_ADF] = 0x38,
        [SAIP_FILE_CYCLIC] = 0x06,  [SAIP_FILE_LINEAR_FIXED] = 0x02, [SAIP_FILE_TRANSPARENT] = 0x01,
        [SAIP_FILE_BER_TLV] = 0x39,
    };
    const struct saip_file *file = &expected->file;
    struct span inside, value;

    ck_assert_msg(tlv_single(fcp, 0x62, &inside) == TLV_OK, "%s: no FCP", file->name);
    ck_assert(tlv_find(inside, 0x82, &value));
    ck_assert_uint_eq(value.data[0] & 0x3F, descriptors[body->file.kind]);
    ck_assert_int_eq((value.data[0] & 0x40) != 0, file->shareable);
    if (saip_kind_has_records(body->file.kind)) {
        ck_assert_uint_eq(value.size, 5);
        ck_assert_uint_eq((size_t)value.data[2] << 8 | value.data[3], body->file.record_size);
        ck_assert_uint_eq(value.data[4], body->file.size / body->file.record_size);
    }
    if (file->kind == SAIP_FILE_ADF) {
        ck_assert(tlv_find(inside, 0x84, &value));
        ck_assert_span(value, file->df_name);
    } else {
        ck_assert(tlv_find(inside, 0x83, &value));
        ck_assert_uint_eq(value.data[0] << 8 | value.data[1], file->fid);
    }
    ck_assert(tlv_find(inside, 0x8B, &value));
    ck_assert_uint_eq(value.data[value.size - 1], file->arr.data[file->arr.size - 1]);
    if (saip_kind_is_directory(file->kind))
        return;
    ck_assert(tlv_find(inside, 0x88, &value));
    ck_assert_uint_eq(value.size, file->sfi != 0);
    if (value.size > 0)
        ck_assert_uint_eq(value.data[0] >> 3, file->sfi);
}

static uint16_t read_transparent(struct expectation *expectation, size_t size, struct buf *content)
{
    struct buf piece = {0};
    uint16_t status = 0x9000;

    while (content->size < size && status == 0x9000) {
        size_t left = size - content->size;
        size_t offset = content->size;

        status = send(expectation, 0x00, 0xB0, (uint8_t)(offset >> 8), (uint8_t)offset, SPAN_NONE,
                      left < 256 ? (uint32_t)left : 256, &piece);
        buf_append(content, buf_span(&piece));
        ck_assert(status != 0x9000 || piece.size > 0);
    }
    buf_free(&piece);
    return status;
}

static uint16_t read_records(struct expectation *expectation, const struct saip_file *file,
                             struct buf *content)
{
    struct buf record = {0};
    uint16_t status = 0x9000;

    for (size_t i = 1; i <= file->size / file->record_size && status == 0x9000; i++) {
        status =
            send(expectation, 0x00, 0xB2, (uint8_t)i, 0x04, SPAN_NONE, (uint32_t)file->record_size, &record);
        buf_append(content, buf_span(&record));
    }
    buf_free(&record);
    return status;
}

static uint16_t retrieve(struct expectation *expectation, uint32_t tag, struct buf *object)
{
    const uint8_t octets[] = {(uint8_t)(tag >> 16), (uint8_t)(tag >> 8), (uint8_t)tag};
    size_t skip = tag > 0xFFFF ? 0 : tag > 0xFF ? 1 : 2;
    struct buf block = {0};
    uint16_t status = send(expectation, 0x80, 0xCB, 0x00, 0x80, SPAN(octets + skip, 3 - skip), 256, &block);

    buf_append(object, buf_span(&block));
    while (status == 0x62F1) {
        status = send(expectation, 0x80, 0xCB, 0x00, 0x00, SPAN_NONE, 256, &block);
        buf_append(object, buf_span(&block));
    }
    buf_free(&block);
    return status;
}

/* Object by object, in the package's order. */
static uint16_t read_objects(struct expectation *expectation, struct span expected, struct buf *content)
{
    struct tlv_reader reader = tlv_reader(expected);
    uint16_t status = 0x9000;
    struct tlv tlv;

    if (expected.size == 0) {
        status = retrieve(expectation, 0x80, content);
        return status == 0x6A88 ? 0x9000 : status;
    }
    while (status == 0x9000 && tlv_next(&reader, &tlv) == TLV_OK)
        status = retrieve(expectation, tlv.tag, content);
    return status;
}

static void check_content(struct expectation *expectation, const struct expected *expected,
                          const struct expected *body)
{
    struct buf content = {0};
    uint16_t status;

    if (body->file.kind == SAIP_FILE_TRANSPARENT)
        status = read_transparent(expectation, body->file.size, &content);
    else if (body->file.kind == SAIP_FILE_BER_TLV)
        status = read_objects(expectation, buf_span(&body->content), &content);
    else
        status = read_records(expectation, &body->file, &content);
    if (status == 0x6982 || status == 0x6984) {
        expectation->counts.refused++;
        ck_assert_uint_eq(content.size, 0);
    } else {
        ck_assert_msg(status == 0x9000, "reading %s answers %04X", expected->file.name, status);
        ck_assert_msg(span_equal(buf_span(&content), buf_span(&body->content)), "%s (%04X) reads otherwise",
                      expected->file.name, expected->file.fid);
        expectation->counts.read++;
    }
    buf_free(&content);
}

struct reads_back_counts reads_back(const struct saip_package *package, reads_back_command *command,
                                    void *context)
{
    struct expectation expectation = {.command = command, .context = context};
    struct buf fcp = {0};

    expectation.files = calloc(SAIP_FILES_MAX, sizeof(*expectation.files));
    ck_assert_ptr_nonnull(expectation.files);
    ck_assert(saip_visit(package, note, NULL, &expectation));
    for (size_t i = 0; i < expectation.count; i++) {
        struct expected *expected = &expectation.files[i];
        struct expected *body = follow(&expectation, expected);

        select_file(&expectation, expected, &fcp);
        check_fcp(expected, body, buf_span(&fcp));
        if (!saip_kind_is_directory(expected->file.kind))
            check_content(&expectation, expected, body);
        expectation.counts.files++;
    }
    for (size_t i = 0; i < expectation.count; i++)
        buf_free(&expectation.files[i].content);
    free(expectation.files);
    buf_free(&fcp);
    return expectation.counts;
}
