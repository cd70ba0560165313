/* What an AT session says: see at_answer.h. */
#include "device/at/at_answer.h"

#include "crypto/printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 600, TOLD_MAX = 600 };

/* TS 27.007 9.2.1, for +CMEE=2. */
static const struct {
    enum at_result result;
    const char *text;
} texts[] = {
    {AT_NOT_ALLOWED, "operation not allowed"},
    {AT_NOT_SUPPORTED, "operation not supported"},
    {AT_NO_SIM, "SIM not inserted"},
    {AT_PIN_REQUIRED, "SIM PIN required"},
    {AT_PUK_REQUIRED, "SIM PUK required"},
    {AT_SIM_FAILURE, "SIM failure"},
    {AT_SIM_BUSY, "SIM busy"},
    {AT_WRONG_PASSWORD, "incorrect password"},
    {AT_PIN2_REQUIRED, "SIM PIN2 required"},
    {AT_PUK2_REQUIRED, "SIM PUK2 required"},
    {AT_MEMORY_FULL, "memory full"},
    {AT_NOT_FOUND, "not found"},
    {AT_NO_NETWORK, "no network service"},
    {AT_BAD_PARAMETERS, "incorrect parameters"},
};

static const char *text_of(enum at_result result)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].result == result)
            return texts[i].text;
    return "unknown";
}

/* What a person sees of it. */
static void tell_line(const struct at *at, const char *line)
{
    char harmless[TOLD_MAX];

    if (at->client.told == NULL)
        return;
    snprintf(harmless, sizeof(harmless), "%s", line);
    printable_text(harmless, strlen(harmless));
    at->client.told(at->client.context, true, harmless);
}

static void put_end(const struct at *at, struct buf *out)
{
    buf_append_octet(out, at->input.end);
    buf_append_octet(out, at->line_feed);
}

/* V1: the line stands between two ends; V0: before one (V.250 6.2.6). */
static void put_line(const struct at *at, struct buf *out, const char *line)
{
    if (!at->is_terse)
        put_end(at, out);
    buf_append(out, span_of_string(line));
    put_end(at, out);
    tell_line(at, line);
}

/* `text` with octets behind it, if there are some; owned by the caller, NULL without memory. */
__attribute__((format(printf, 1, 0))) static char *make_line(const char *format, va_list arguments,
                                                             struct span octets)
{
    char text[TEXT_MAX];
    size_t size, room;
    char *line;

    vsnprintf(text, sizeof(text), format, arguments);
    size = strlen(text);
    room = size + 2 * octets.size + sizeof("\"\"");
    line = malloc(room);
    if (line == NULL)
        return NULL;
    memcpy(line, text, size + 1);
    if (octets.data == NULL)
        return line;
    line[size] = '"';
    hex_from_span(octets, line + size + 1, room - size - 1);
    strcat(line + size, "\"");
    return line;
}

__attribute__((format(printf, 3, 0))) static void say_line(struct at *at, struct buf *out, const char *format,
                                                           va_list arguments, struct span octets)
{
    char *line = make_line(format, arguments, octets);

    if (line == NULL)
        out->failed = true;
    else
        put_line(at, out, line);
    free(line);
}

void at_say(struct at *at, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_line(at, &at->out, format, arguments, SPAN_NONE);
    va_end(arguments);
}

void at_say_octets(struct at *at, struct span octets, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_line(at, &at->out, format, arguments, octets.data != NULL ? octets : SPAN("", 0));
    va_end(arguments);
}

/* --- results ------------------------------------------------------------------------------------------- */

static const char *word_of(const struct at *at, enum at_result result, char text[TEXT_MAX])
{
    if (result == AT_OK)
        return at->is_terse ? "0" : "OK";
    if (result == AT_NO_CARRIER)
        return at->is_terse ? "3" : "NO CARRIER";
    if (result == AT_ERROR || at->cmee == 0)
        return at->is_terse ? "4" : "ERROR";
    if (at->cmee == 1)
        snprintf(text, TEXT_MAX, "+CME ERROR: %d", (int)result);
    else
        snprintf(text, TEXT_MAX, "+CME ERROR: %s", text_of(result));
    return text;
}

/* Of V0 a result has no end in front, and only the first octet of one behind. */
void at_say_result(struct at *at, enum at_result result)
{
    char text[TEXT_MAX];
    const char *word = word_of(at, result, text);

    if (at->hides_results)
        return;
    if (!at->is_terse) {
        put_line(at, &at->out, word);
        return;
    }
    buf_append(&at->out, span_of_string(word));
    buf_append_octet(&at->out, at->input.end);
    tell_line(at, word);
}

/* --- unasked ------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 0))) static void say_later(struct at *at, const char *format,
                                                            va_list arguments, struct span octets)
{
    say_line(at, &at->unasked, format, arguments, octets);
    if (!at->is_busy)
        at_send(at);
}

void at_say_unasked(struct at *at, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_later(at, format, arguments, SPAN_NONE);
    va_end(arguments);
}

void at_say_unasked_octets(struct at *at, struct span octets, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_later(at, format, arguments, octets.data != NULL ? octets : SPAN("", 0));
    va_end(arguments);
}

/* Without memory for it, it is lost, and the next line is not. */
static void send_out(struct at *at, struct buf *out)
{
    if (out->failed)
        buf_free(out);
    if (out->size > 0)
        at->client.send(at->client.context, buf_span(out));
    buf_clear(out);
}

void at_send(struct at *at)
{
    send_out(at, &at->out);
    send_out(at, &at->unasked);
}
