/* The header of an HTTP answer: see http_head.h. */
#include "euicc/network/http_head.h"

#include "crypto/printable.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LENGTH_DIGITS_MAX 18 /* of Content-Length: no number of so many overflows 64 bits */

static void text_append(struct http_text *text, const char *at, size_t size)
{
    size_t room = text->size < HTTP_TEXT_MAX ? HTTP_TEXT_MAX - text->size : 0;

    if (room > 0)
        memcpy(text->text + text->size, at, size < room ? size : room);
    text->size += size;
    text->text[text->size < HTTP_TEXT_MAX ? text->size : HTTP_TEXT_MAX] = '\0';
}

static const char *read_content_length(struct http_head *head, const char *value)
{
    size_t digits = strspn(value, "0123456789");

    if (digits == 0 || digits > LENGTH_DIGITS_MAX || value[digits] != '\0')
        return "the answer's Content-Length is no number";
    head->length = strtoull(value, NULL, 10);
    return NULL;
}

static const char *read_transfer_encoding(struct http_head *head, const char *value)
{
    (void)head;
    return strcasecmp(value, "chunked") == 0 ? NULL : "the answer's Transfer-Encoding is not chunked alone";
}

static const char *read_content_encoding(struct http_head *head, const char *value)
{
    (void)head;
    return strcasecmp(value, "identity") == 0 ? NULL : "the answer has a Content-Encoding";
}

static const char *read_content_type(struct http_head *head, const char *value)
{
    text_append(&head->content_type, value, strlen(value));
    return NULL;
}

static const struct {
    const char *name;
    const char *(*read)(struct http_head *head, const char *value); /* NULL, or why it cannot be */
} known_fields[HTTP_KNOWN_FIELDS] = {
    [HTTP_CONTENT_LENGTH] = {"Content-Length", read_content_length},
    [HTTP_TRANSFER_ENCODING] = {"Transfer-Encoding", read_transfer_encoding},
    [HTTP_CONTENT_ENCODING] = {"Content-Encoding", read_content_encoding},
    [HTTP_CONTENT_TYPE] = {"Content-Type", read_content_type},
};

/* RFC 9112 5.1: blanks around a value are none of it. http-parser has passed over those before. */
static const char *value_trimmed(struct http_text *value)
{
    while (value->size > 0 && (value->text[value->size - 1] == ' ' || value->text[value->size - 1] == '\t'))
        value->text[--value->size] = '\0';
    return value->text;
}

static const char *read_field(struct http_head *head)
{
    enum http_known_field field = 0;

    /* RFC 9112 5.1: what stands before the colon and ends with a blank is read as another name by others. */
    if (strpbrk(head->name.text, " \t") != NULL)
        return "a field's name in the answer holds a blank";
    while (field < HTTP_KNOWN_FIELDS && strcasecmp(known_fields[field].name, head->name.text) != 0)
        field++;
    if (field == HTTP_KNOWN_FIELDS)
        return NULL;
    if (http_head_has(head, field))
        return "the answer says its length, type or coding twice";
    if (head->value.size > HTTP_TEXT_MAX)
        return "the answer's length, type or coding is too long";
    head->seen |= 1u << field;
    return known_fields[field].read(head, value_trimmed(&head->value));
}

static void end_field(struct http_head *head)
{
    if (head->name.size > 0 && head->why == NULL)
        head->why = read_field(head);
    head->name = head->value = (struct http_text){.size = 0};
    head->in_value = false;
}

void http_head_reason(struct http_head *head, const char *at, size_t size)
{
    text_append(&head->reason, at, size);
}

void http_head_name(struct http_head *head, const char *at, size_t size)
{
    if (head->in_value)
        end_field(head);
    text_append(&head->name, at, size);
}

void http_head_value(struct http_head *head, const char *at, size_t size)
{
    head->in_value = true;
    text_append(&head->value, at, size);
}

void http_head_end(struct http_head *head)
{
    end_field(head);
    printable_text(head->reason.text, strlen(head->reason.text));
    printable_text(head->content_type.text, strlen(head->content_type.text));
}

bool http_head_has(const struct http_head *head, enum http_known_field field)
{
    return (head->seen & 1u << field) != 0;
}
