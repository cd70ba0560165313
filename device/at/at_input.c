/* From octets to command lines: see at_input.h. */
#include "device/at/at_input.h"

#include <ctype.h>
#include <string.h>

enum { CARRIAGE_RETURN = '\r', LINE_FEED = '\n', BACKSPACE = '\b' };

void at_input_begin(struct at_input *input)
{
    memset(input, 0, sizeof(*input));
    at_input_set_defaults(input);
}

void at_input_set_defaults(struct at_input *input)
{
    input->echoes = true;
    input->end = CARRIAGE_RETURN;
    input->erase = BACKSPACE;
}

void at_input_end(struct at_input *input)
{
    buf_free(&input->line);
    buf_free(&input->last);
}

static void begin_line(struct at_input *input)
{
    buf_clear(&input->line);
    input->is_too_long = input->is_over = false;
}

void at_input_drop(struct at_input *input)
{
    begin_line(input);
    buf_wipe(&input->line);
    buf_wipe(&input->last);
}

/* "A/" says the line before once more; nothing ends it. */
static bool is_repetition(const struct buf *line)
{
    return line->size == 2 && toupper(line->data[0]) == 'A' && line->data[1] == '/';
}

static enum at_input_event end_line(struct at_input *input)
{
    input->is_over = true;
    if (input->is_too_long || input->line.failed)
        return AT_INPUT_LONG;
    if (input->line.size > 0) {
        buf_clear(&input->last);
        buf_append(&input->last, buf_span(&input->line));
    }
    return AT_INPUT_LINE;
}

static enum at_input_event repeat_line(struct at_input *input)
{
    buf_clear(&input->line);
    buf_append(&input->line, buf_span(&input->last));
    return end_line(input);
}

/* Control characters that do nothing are no part of a line (V.250 5.2.2). */
static void add_octet(struct at_input *input, uint8_t octet)
{
    if (octet == input->erase) {
        if (input->line.size > 0)
            input->line.size--;
    } else if (octet < ' ') {
        return;
    } else if (input->line.size < AT_INPUT_MAX) {
        buf_append_octet(&input->line, octet);
    } else {
        input->is_too_long = true;
    }
}

enum at_input_event at_input_take(struct at_input *input, struct span *in, struct buf *echo)
{
    if (input->is_over)
        begin_line(input);
    while (in->size > 0) {
        uint8_t octet = in->data[0];

        *in = SPAN(in->data + 1, in->size - 1);
        if (octet == LINE_FEED && octet != input->end)
            continue;
        if (input->echoes)
            buf_append_octet(echo, octet);
        if (octet == input->end)
            return end_line(input);
        add_octet(input, octet);
        if (is_repetition(&input->line))
            return repeat_line(input);
    }
    return AT_INPUT_NONE;
}
