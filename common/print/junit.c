/* Results of tests as XML: see junit.h. */
#include "common/print/junit.h"

#include "crypto/printable.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 4000 /* of one text, with its zero */ };

static void put_text(struct buf *out, const char *text)
{
    buf_append(out, span_of_string(text));
}

/* A text from anywhere, all of it or, without `size`, its first line. */
static void put_escaped(struct buf *out, const char *text, bool only_first_line)
{
    static const char *const escapes[] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&apos;"};
    char line[TEXT_MAX];

    do {
        size_t size = strcspn(text, "\n");

        snprintf(line, sizeof(line), "%.*s", (int)(size < sizeof(line) ? size : sizeof(line) - 1), text);
        printable_text(line, strlen(line));
        for (const char *at = line; *at != '\0'; at++) {
            size_t c = (unsigned char)*at;

            if (c < sizeof(escapes) / sizeof(escapes[0]) && escapes[c] != NULL)
                put_text(out, escapes[c]);
            else
                buf_append_octet(out, (uint8_t)c);
        }
        text += size;
        if (*text == '\n' && !only_first_line)
            buf_append_octet(out, '\n');
        text += *text == '\n';
    } while (!only_first_line && *text != '\0');
}

static void put_attribute(struct buf *out, const char *name, const char *value)
{
    put_text(out, " ");
    put_text(out, name);
    put_text(out, "=\"");
    put_escaped(out, value, true);
    put_text(out, "\"");
}

static void put_seconds(struct buf *out, double seconds)
{
    char text[32];

    if (seconds < 0)
        return;
    snprintf(text, sizeof(text), "%.3f", seconds);
    put_attribute(out, "time", text);
}

static void put_case(struct buf *out, const struct junit_case *one)
{
    put_text(out, "  <testcase");
    put_attribute(out, "classname", one->group);
    put_attribute(out, "name", one->name);
    put_seconds(out, one->seconds);
    if (one->failure == NULL) {
        put_text(out, "/>\n");
        return;
    }
    put_text(out, ">\n    <failure");
    put_attribute(out, "message", one->failure);
    put_text(out, ">");
    put_escaped(out, one->failure, false);
    put_text(out, "</failure>\n  </testcase>\n");
}

void junit_put(struct buf *out, const char *suite, const struct junit_case *cases, size_t count)
{
    char number[24];
    size_t failures = 0;
    double seconds = 0;

    for (size_t i = 0; i < count; i++) {
        failures += cases[i].failure != NULL;
        seconds += cases[i].seconds > 0 ? cases[i].seconds : 0;
    }
    put_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite");
    put_attribute(out, "name", suite);
    snprintf(number, sizeof(number), "%zu", count);
    put_attribute(out, "tests", number);
    snprintf(number, sizeof(number), "%zu", failures);
    put_attribute(out, "failures", number);
    put_attribute(out, "errors", "0");
    put_seconds(out, seconds > 0 ? seconds : -1);
    put_text(out, ">\n");
    for (size_t i = 0; i < count; i++)
        put_case(out, &cases[i]);
    put_text(out, "</testsuite>\n");
}
