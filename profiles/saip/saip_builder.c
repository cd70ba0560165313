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

void saip_put_u16(struct buf *out, uint32_t tag, unsigned value)
{
    uint8_t octets[2];

    octets_put_number(octets, sizeof(octets), value);
    tlv_put(out, tag, SPAN_ARRAY(octets));
}

void saip_put_size(struct buf *out, uint32_t tag, size_t size)
{
    if (size < 0x100)
        tlv_put_octet(out, tag, (uint8_t)size);
    else
        saip_put_u16(out, tag, (unsigned)size);
}

void saip_open(struct saip_builder *b, uint32_t tag)
{
    b->marks[b->depth++] = tlv_open(b->out, tag);
}

void saip_close(struct saip_builder *b, unsigned count)
{
    while (count-- > 0)
        tlv_close(b->out, b->marks[--b->depth]);
}

void saip_open_element(struct saip_builder *b, uint32_t tag)
{
    saip_open(b, tag);
    saip_open(b, 0xA0);
    tlv_put(b->out, 0x80, SPAN_STRING("")); /* mandated */
    tlv_put_unsigned(b->out, 0x81, ++b->identification);
    saip_close(b, 1);
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

void saip_open_template(struct saip_builder *b, uint32_t tag)
{
    saip_open_element(b, tag);
    saip_open(b, 0x81);
    b->template = saip_first_template(tag);
    if (b->template != NULL)
        saip_template_put_oid(b->out, b->template);
    else
        b->out->failed = true;
    saip_close(b, 1);
}

void saip_open_file(struct saip_builder *b, const char *name)
{
    int row = saip_template_row_named(b->template, name);

    if (row < 0) {
        b->out->failed = true;
        row = 0;
    }
    saip_open(b, saip_template_row_tag((size_t)row));
}

void saip_put_file(struct saip_builder *b, const char *name, struct span content)
{
    saip_open_file(b, name);
    if (content.size > 0)
        tlv_put(b->out, 0x83, content);
    saip_close(b, 1);
}

void saip_put_file_hex(struct saip_builder *b, const char *name, const char *content)
{
    saip_open_file(b, name);
    saip_put_hex(b->out, 0x83, content);
    saip_close(b, 1);
}

void saip_put_sized_file(struct saip_builder *b, const char *name, size_t size, struct span content)
{
    saip_open_file(b, name);
    saip_open(b, 0xA1);
    saip_put_size(b->out, 0x80, size);
    saip_close(b, 1);
    if (content.size > 0)
        tlv_put(b->out, 0x83, content);
    saip_close(b, 1);
}

void saip_put_record_descriptor(struct buf *out, uint32_t tag, bool cyclic, size_t record)
{
    uint8_t octets[4] = {cyclic ? 0x46 : 0x42, 0x21, (uint8_t)(record >> 8), (uint8_t)record};

    tlv_put(out, tag, SPAN_ARRAY(octets));
}

void saip_open_record_file(struct saip_builder *b, const char *name, size_t records, size_t record)
{
    saip_open_file(b, name);
    saip_open(b, 0xA1);
    saip_put_record_descriptor(b->out, 0x82, false, record);
    saip_put_size(b->out, 0x80, records * record);
    saip_close(b, 1);
}

void saip_put_directory(struct saip_builder *b, const char *name, unsigned fid, const char *aid,
                        struct span pins)
{
    saip_open_file(b, name);
    saip_open(b, 0xA1);
    if (aid != NULL) {
        saip_put_u16(b->out, 0x83, fid);
        saip_put_hex(b->out, 0x84, aid);
    }
    tlv_put(b->out, 0xC6, pins);
    saip_close(b, 2);
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
    saip_open_record_file(b, "ef-arr", ACCESS_RULES, ACCESS_RULE_SIZE);
    for (size_t i = 0; i < ACCESS_RULES; i++) {
        size_t before = b->out->size;
        size_t size;

        saip_put_hex(b->out, 0x83, access_rules[i]);
        /* Tag and length are two octets. An unused record's end keeps the FF of a new file: step over it. */
        size = b->out->size - before - 2;
        if (!b->out->failed && size < ACCESS_RULE_SIZE && i + 1 < ACCESS_RULES)
            tlv_put_unsigned(b->out, 0x82, ACCESS_RULE_SIZE - size);
    }
    saip_close(b, 1);
}
