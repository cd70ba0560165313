/* Hostile texts, and what is left of them. See hostile.h. */
#include "tests/support/hostile.h"

#include "tests/support/test.h"

#include <stdint.h>
#include <string.h>

const char *const hostile_texts[] = {
    "<\x1B[31m>",                 /* colour */
    "<\x1B]0;title\x07>",         /* the window's title */
    "<\nsofteuicc: forged>",      /* another line */
    "<\r>",                       /* the line's beginning */
    "<\t\b\x7F>",                 /* columns */
    "<\xC2\x9B"                   /* */
    "2J>",                        /* CSI of C1 */
    "<\xC2\x85>",                 /* NEXT LINE */
    "<\xC2\x90\xC2\x9D\xC2\x9F>", /* DCS, OSC, APC */
    "<\xE2\x80\xAE"               /* */
    "fdp.exe>",                   /* RIGHT-TO-LEFT OVERRIDE */
    "<\xE2\x80\xAA\xE2\x80\xAB\xE2\x80\xAC\xE2\x80\xAD>",
    "<\xE2\x81\xA6\xE2\x81\xA7\xE2\x81\xA8\xE2\x81\xA9>", /* isolates */
    "<\xE2\x80\x8E\xE2\x80\x8F\xD8\x9C>",                 /* marks of direction */
    "<\xE2\x80\xA8>",                                     /* LINE SEPARATOR */
    "<\xE2\x80\xA9>",                                     /* PARAGRAPH SEPARATOR */
    "<a\xE2\x80\x8B"                                      /* */
    "b>",                                                 /* ZERO WIDTH SPACE */
    "<\xE2\x80\x8C\xE2\x80\x8D\xE2\x81\xA0>",             /* joiners */
    "<\xEF\xBB\xBF>",                                     /* BYTE ORDER MARK */
    "<\xC2\xAD>",                                         /* SOFT HYPHEN */
    "<\xE1\xA0\x8E\xE3\x85\xA4>",                         /* fillers */
    "<\xF3\xA0\x80\x81\xF3\xA0\x81\x81\xF3\xA0\x81\xBF>", /* tags */
    "<\xEF\xBF\xB9\xEF\xBF\xBB>",                         /* annotations */
    "<\xEF\xBF\xBE>",                                     /* no character */
    /* no UTF-8 */
    "<\x9B"
    "2J>",
    "<\x85>",
    "<\xFF\xFE>",
    "<\xC0\x9B\xC0\x8A>", /* overlong */
    "<\xE0\x82\x9B>",
    "<\xED\xA0\x80>", /* half of a pair */
    "<\xF4\x90\x80\x80>",
    "<\xE2\x80>", /* cut off */
    "<\xC3>",
    NULL,
};

const size_t hostile_not_utf8 = 22;

static const struct {
    uint32_t first, last;
} forbidden[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},     {0x180E, 0x180E},
    {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164},   {0xD800, 0xDFFF},
    {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xFFFE, 0xFFFF}, {0xE0000, 0xE007F}, {0x110000, UINT32_MAX},
};

/* The character at `text`, UINT32_MAX when there is none; moves on. */
static uint32_t hostile_next(const unsigned char **text)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char first = *(*text)++;
    unsigned more = first < 0x80 ? 0 : first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 4;
    uint32_t character = more == 0 ? first : first & (0x3FU >> more);

    if (more == 4 || first >= 0xF8)
        return UINT32_MAX;
    for (unsigned i = 0; i < more; i++) {
        if ((**text & 0xC0) != 0x80)
            return UINT32_MAX;
        character = character << 6 | (*(*text)++ & 0x3F);
    }
    return character >= least[more] ? character : UINT32_MAX;
}

void assert_harmless(const char *file, int line, const char *printed, size_t lines)
{
    const unsigned char *at = (const unsigned char *)printed;
    size_t found = 0;

    while (*at != '\0') {
        const ptrdiff_t offset = at - (const unsigned char *)printed;
        uint32_t character = hostile_next(&at);

        if (character == '\n') {
            found++;
            continue;
        }
        for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
            if (character >= forbidden[i].first && character <= forbidden[i].last)
                ck_abort_msg("%s:%d: U+%04X at octet %td", file, line, (unsigned)character, offset);
        }
    }
    if (found != lines)
        ck_abort_msg("%s:%d: %zu lines, expected %zu:\n%.1000s", file, line, found, lines, printed);
}
