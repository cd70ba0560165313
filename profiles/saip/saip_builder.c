/* Writing elements and files of profile packages: see saip_builder.h. */
#include "profiles/saip/saip_builder.h"

#include <string.h>

void saip_put_hex(struct buf *out, uint32_t tag, const char *text)
{
    size_t mark = tlv_open(out, tag);

    if (!buf_append_hex(out, text, NULL))
        out->failed = true;
    tlv_close(out, mark);
}

void saip_put_octet(struct buf *out, uint32_t tag, uint8_t octet)
{
    tlv_put(out, tag, SPAN(&octet, 1));
}

void saip_put_u16(struct buf *out, uint32_t tag, unsigned value)
{
    uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    tlv_put(out, tag, SPAN_ARRAY(octets));
}

void saip_put_size(struct buf *out, uint32_t tag, size_t size)
{
    if (size < 0x100)
        saip_put_octet(out, tag, (uint8_t)size);
    else
        saip_put_u16(out, tag, (unsigned)size);
}

void saip_swapped_digits(const char *digits, uint8_t *octets, size_t size)
{
    size_t n = strlen(digits);

    memset(octets, 0xFF, size);
    for (size_t i = 0; i < n && i / 2 < size; i++) {
        uint8_t digit = (uint8_t)(digits[i] - '0');

        octets[i / 2] =
            (uint8_t)(i % 2 == 0 ? (octets[i / 2] & 0xF0) | digit : (octets[i / 2] & 0x0F) | digit << 4);
    }
}

size_t saip_open_element(struct saip_builder *b, uint32_t tag)
{
    size_t mark = tlv_open(b->out, tag);
    size_t header = tlv_open(b->out, 0xA0);

    tlv_put(b->out, 0x80, SPAN_STRING("")); /* mandated */
    tlv_put_unsigned(b->out, 0x81, ++b->identification);
    tlv_close(b->out, header);
    return mark;
}

const struct saip_template *saip_first_template(uint32_t tag)
{
    const struct saip_template *template;

    for (size_t i = 0; (template = saip_template_at(i)) != NULL; i++) {
        if (template->element == tag)
            return template;
    }
    return NULL;
}

size_t saip_open_template(struct saip_builder *b, uint32_t tag)
{
    size_t mark = saip_open_element(b, tag);
    size_t oid = tlv_open(b->out, 0x81);

    b->template = saip_first_template(tag);
    if (b->template != NULL)
        saip_template_put_oid(b->out, b->template);
    else
        b->out->failed = true;
    tlv_close(b->out, oid);
    return mark;
}

size_t saip_open_file(struct saip_builder *b, const char *name)
{
    int row = saip_template_row_named(b->template, name);

    if (row < 0) {
        b->out->failed = true;
        row = 0;
    }
    return tlv_open(b->out, saip_template_row_tag((size_t)row));
}

void saip_put_file(struct saip_builder *b, const char *name, struct span content)
{
    size_t mark = saip_open_file(b, name);

    if (content.size > 0)
        tlv_put(b->out, 0x83, content);
    tlv_close(b->out, mark);
}

void saip_put_file_hex(struct saip_builder *b, const char *name, const char *content)
{
    size_t mark = saip_open_file(b, name);

    saip_put_hex(b->out, 0x83, content);
    tlv_close(b->out, mark);
}

void saip_put_sized_file(struct saip_builder *b, const char *name, size_t size, struct span content)
{
    size_t mark = saip_open_file(b, name);
    size_t fcp = tlv_open(b->out, 0xA1);

    saip_put_size(b->out, 0x80, size);
    tlv_close(b->out, fcp);
    if (content.size > 0)
        tlv_put(b->out, 0x83, content);
    tlv_close(b->out, mark);
}

void saip_put_record_descriptor(struct buf *out, uint32_t tag, bool cyclic, size_t record)
{
    uint8_t octets[4] = {cyclic ? 0x46 : 0x42, 0x21, (uint8_t)(record >> 8), (uint8_t)record};

    tlv_put(out, tag, SPAN_ARRAY(octets));
}

size_t saip_open_record_file(struct saip_builder *b, const char *name, size_t records, size_t record)
{
    size_t mark = saip_open_file(b, name);
    size_t fcp = tlv_open(b->out, 0xA1);

    saip_put_record_descriptor(b->out, 0x82, false, record);
    saip_put_size(b->out, 0x80, records * record);
    tlv_close(b->out, fcp);
    return mark;
}

void saip_put_directory(struct saip_builder *b, const char *name, unsigned fid, const char *aid,
                        struct span pins)
{
    size_t mark = saip_open_file(b, name);
    size_t fcp = tlv_open(b->out, 0xA1);

    if (aid != NULL) {
        saip_put_u16(b->out, 0x83, fid);
        saip_put_hex(b->out, 0x84, aid);
    }
    tlv_put(b->out, 0xC6, pins);
    tlv_close(b->out, fcp);
    tlv_close(b->out, mark);
}

/* The access rules that the templates refer to by number (TCA Annex A, 9.9), as EF ARR records of
 * TS 102 221 9.2.7. */
static const char *const access_rules[] = {
    "8001019000 800102A406830101950108 800158A40683010A950108",
    "800101A406830101950108 80015AA40683010A950108",
    "80015BA40683010A950108",
    "8001019000 80011A9700 800140A40683010A950108",
    "800103A406830101950108 800158A40683010A950108",
    "800111A406830101950108 80014AA40683010A950108",
    "800103A406830101950108 800158A40683010A950108 840132A406830101950108",
    "800101A406830101950108 800102A406830181950108 800158A40683010A950108",
    "8001019000 80011AA406830101950108 800140A40683010A950108",
    "8001019000 80015AA40683010A950108",
    "8001019000 800118A40683010A950108 8001429700",
    "800101A406830101950108 80015A9700",
    "800113A406830101950108 800148A40683010A950108",
    "80015EA40683010A950108",
};
enum { ACCESS_RULES = sizeof(access_rules) / sizeof(access_rules[0]), ACCESS_RULE_SIZE = 33 };

void saip_put_access_rules(struct saip_builder *b)
{
    size_t mark = saip_open_record_file(b, "ef-arr", ACCESS_RULES, ACCESS_RULE_SIZE);

    for (size_t i = 0; i < ACCESS_RULES; i++) {
        size_t rule = tlv_open(b->out, 0x83);

        if (!buf_append_hex(b->out, access_rules[i], NULL))
            b->out->failed = true;
        /* An unused record's end keeps the FF of a new file: step over it. */
        if (!b->out->failed && b->out->size - rule < ACCESS_RULE_SIZE && i + 1 < ACCESS_RULES) {
            size_t rest = ACCESS_RULE_SIZE - (b->out->size - rule);

            tlv_close(b->out, rule);
            tlv_put_unsigned(b->out, 0x82, rest);
        } else {
            tlv_close(b->out, rule);
        }
    }
    tlv_close(b->out, mark);
}
