/* File structure templates: finding one, reading a row, expanding default content. The tables are in
 * templates_*.c; see templates.h. */
#include "profiles/saip/templates.h"

#include <stdio.h>
#include <string.h>

/* 2.23.143.1.2, the arc of the templates, as content octets of an OBJECT IDENTIFIER. */
static const uint8_t template_arc[] = {0x67, 0x81, 0x0F, 0x01, 0x02};

static const struct {
    const struct saip_template *templates;
    size_t count;
} groups[] = {
    {saip_templates_uicc, SAIP_TEMPLATES_UICC}, {saip_templates_usim, SAIP_TEMPLATES_USIM},
    {saip_templates_ims, SAIP_TEMPLATES_IMS},   {saip_templates_csim, SAIP_TEMPLATES_CSIM},
    {saip_templates_iot, SAIP_TEMPLATES_IOT},
};

static const struct {
    const char *name;
    uint8_t descriptor;
} kinds[] = {
    [SAIP_FILE_MF] = {"MF", 0x38},
    [SAIP_FILE_DF] = {"DF", 0x38},
    [SAIP_FILE_ADF] = {"ADF", 0x38},
    [SAIP_FILE_TRANSPARENT] = {"transparent", 0x01},
    [SAIP_FILE_LINEAR_FIXED] = {"linear fixed", 0x02},
    [SAIP_FILE_CYCLIC] = {"cyclic", 0x06},
    [SAIP_FILE_BER_TLV] = {"BER-TLV", 0x39},
};

const char *saip_file_kind_name(enum saip_file_kind kind)
{
    return kinds[kind].name;
}

uint8_t saip_kind_descriptor(enum saip_file_kind kind)
{
    return kinds[kind].descriptor;
}

bool saip_kind_of_descriptor(uint8_t octet, enum saip_file_kind *kind)
{
    for (size_t i = SAIP_FILE_DF; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].descriptor == (octet & ~SAIP_DESCRIPTOR_SHAREABLE)) {
            *kind = (enum saip_file_kind)i;
            return true;
        }
    return false;
}

bool saip_kind_is_directory(enum saip_file_kind kind)
{
    return kind <= SAIP_FILE_ADF;
}

bool saip_kind_has_records(enum saip_file_kind kind)
{
    return kind == SAIP_FILE_LINEAR_FIXED || kind == SAIP_FILE_CYCLIC;
}

const struct saip_template *saip_template_at(size_t index)
{
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (index < groups[i].count)
            return &groups[i].templates[index];
        index -= groups[i].count;
    }
    return NULL;
}

const struct saip_template *saip_template_find(struct span oid)
{
    size_t arc = sizeof(template_arc);
    const struct saip_template *template;

    if (oid.size < arc + 1 || oid.size > arc + 2 || memcmp(oid.data, template_arc, arc) != 0)
        return NULL;
    for (size_t i = 0; (template = saip_template_at(i)) != NULL; i++) {
        if (template->arc == oid.data[arc] &&
            (oid.size == arc + 1 ? template->version == 1
                                 : template->version > 1 && template->version == oid.data[arc + 1]))
            return template;
    }
    return NULL;
}

const struct saip_template_file *saip_template_row(const struct saip_template *template, size_t row)
{
    for (size_t i = 0; i < template->change_count; i++) {
        if (template->changes[i].row == row)
            return &template->changes[i].file;
    }
    return &template->files[row];
}

int saip_template_row_named(const struct saip_template *template, const char *name)
{
    for (size_t i = 0; i < template->file_count; i++) {
        if (strcmp(template->files[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

uint32_t saip_template_row_tag(size_t row)
{
    /* [0] is the element's header, [1] the template's OID; numbers above 30 take a second octet
     * (X.690 8.1.2.4). */
    size_t number = row + 2;

    return number < 31 ? 0xA0 | (uint32_t)number : 0xBF00 | (uint32_t)number;
}

void saip_template_put_oid(struct buf *out, const struct saip_template *template)
{
    buf_append(out, SPAN_ARRAY(template_arc));
    buf_append_octet(out, template->arc);
    if (template->version > 1)
        buf_append_octet(out, template->version);
}

char *saip_template_oid_text(const struct saip_template *template, char *out, size_t out_size)
{
    if (template->version > 1)
        snprintf(out, out_size, "2.23.143.1.2.%u.%u", template->arc, template->version);
    else
        snprintf(out, out_size, "2.23.143.1.2.%u", template->arc);
    return out;
}

/* A pattern, taken apart: `before`, then octets of `repeat` as many as needed, then `after`. */
struct pattern {
    uint8_t octets[64];
    size_t before, repeat, after;
};

static struct pattern parse_pattern(const char *text)
{
    struct pattern pattern = {{0}, 0, 0, 0};
    size_t n = 0;
    bool starred = false;

    for (size_t i = 0; text[i] != '\0' && n < sizeof(pattern.octets) - 1;) {
        unsigned octet = 0;

        if (text[i] == '[' || text[i] == ']') {
            i++;
        } else if (text[i] == '*') {
            pattern.before = n - 1;
            pattern.repeat = 1;
            starred = true;
            i++;
        } else {
            sscanf(text + i, "%2x", &octet);
            pattern.octets[n++] = (uint8_t)octet;
            i += 2;
        }
    }
    if (text[0] == '[')
        pattern.repeat = n;
    else if (starred)
        pattern.after = n - pattern.before - 1;
    else
        pattern.before = n;
    return pattern;
}

void saip_template_content(const struct saip_template_file *file, size_t size, struct buf *out)
{
    /* Reading: a file without default content is created full of FF, as TS 102 222 6.3.2.2.2 does without a
     * pattern. */
    struct pattern pattern = parse_pattern(file->content != NULL ? file->content : "FF*");
    size_t end = size > pattern.after ? size - pattern.after : 0;

    if (pattern.repeat == 0) {
        pattern.repeat = 1;
        pattern.octets[pattern.before] = 0xFF;
    }
    for (size_t i = 0; i < size; i++) {
        if (i < pattern.before)
            buf_append_octet(out, pattern.octets[i]);
        else if (i < end)
            buf_append_octet(out, pattern.octets[pattern.before + (i - pattern.before) % pattern.repeat]);
        else
            buf_append_octet(out, pattern.octets[pattern.before + pattern.repeat + (i - end)]);
    }
}

void saip_put_pattern(struct span pattern, bool repeats, size_t size, struct buf *out)
{
    for (size_t i = 0; i < size; i++) {
        size_t at = repeats ? i % pattern.size : i < pattern.size ? i : pattern.size - 1;

        buf_append_octet(out, pattern.data[at]);
    }
}
