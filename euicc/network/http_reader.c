/* An HTTP answer from pieces of memory: see http_reader.h. */
#include "euicc/network/http_reader.h"

#include "euicc/network/http_head.h"

#include <http_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FRAMING_PER_OCTET   8 /* of the body: its own chunk's size, and the ends of lines */
#define STATUS_MIN          100
#define STATUS_MAX          599
#define HEADERS_NO_BODY     1 /* what http-parser wants of on_headers_complete, beside 0 */
#define CALLBACK_REFUSED    (-1)
#define SWITCHING_PROTOCOLS 101

struct http_reader {
    http_parser parser;
    struct http_limits limits;
    enum http_progress progress;
    struct http_facts facts;
    char why[128];

    struct http_head head;
    bool head_whole;    /* of the answer itself */
    bool message_whole; /* of an interim answer or the answer itself */
    bool keeps;         /* the connection stays open behind it */
    bool begun;

    /* The octets that are not the body's. */
    const uint8_t *unlooked; /* in the piece: what of it has not been looked at */
    size_t budget;           /* how many there may still be */
    uint8_t previous;
    bool behind_body; /* none has come since the last octet of the body */
    bool out_of_form; /* one of them was refused: those behind it are not looked at */

    struct buf body;
};

/* Returns false. What was refused leaves nothing that could be taken for an answer. */
static bool refuse_answer(struct http_reader *reader, const char *why)
{
    snprintf(reader->why, sizeof(reader->why), "%s", why);
    reader->progress = HTTP_MALFORMED;
    reader->facts = (struct http_facts){.reason = "", .surplus = reader->facts.surplus, .why = reader->why};
    return false;
}

static bool refuse_size(struct http_reader *reader, const char *what, size_t max)
{
    char why[sizeof(reader->why)];

    snprintf(why, sizeof(why), "%s more than %zu octets", what, max);
    return refuse_answer(reader, why);
}

/* --- what is not body */

/* An octet of the header, a chunk's size or a trailer: http-parser, as it is packaged, takes what it likes
 * for ends of lines. */
static bool look_at_octet(struct http_reader *reader, uint8_t octet)
{
    uint8_t previous = reader->previous;

    if (reader->budget == 0)
        return refuse_size(reader, "what is around the answer's body takes", reader->limits.head_max);
    reader->budget--;
    reader->previous = octet;
    if (reader->behind_body && octet != '\r')
        return refuse_answer(reader, "a chunk of the answer goes on behind its end");
    reader->behind_body = false;
    if ((previous == '\r') != (octet == '\n'))
        return refuse_answer(reader, "a line of the answer does not end with CR LF");
    if (previous == '\n' && (octet == ' ' || octet == '\t'))
        return refuse_answer(reader, "a line of the answer's header is folded");
    if ((octet < ' ' && octet != '\r' && octet != '\n' && octet != '\t') || octet == 0x7F)
        return refuse_answer(reader, "the answer's header holds a control character");
    return true;
}

static bool look_at_framing(struct http_reader *reader, const uint8_t *end)
{
    while (reader->unlooked < end && !reader->out_of_form)
        reader->out_of_form = !look_at_octet(reader, *reader->unlooked++);
    return !reader->out_of_form;
}

/* --- what http-parser tells */

static int on_status(http_parser *parser, const char *at, size_t size)
{
    struct http_reader *reader = parser->data;

    http_head_reason(&reader->head, at, size);
    return 0;
}

static int on_header_field(http_parser *parser, const char *at, size_t size)
{
    struct http_reader *reader = parser->data;

    if (!reader->head_whole) /* trailers say nothing that counts: a value without a name is none */
        http_head_name(&reader->head, at, size);
    return 0;
}

static int on_header_value(http_parser *parser, const char *at, size_t size)
{
    struct http_reader *reader = parser->data;

    http_head_value(&reader->head, at, size);
    return 0;
}

static bool is_interim(const http_parser *parser)
{
    return parser->status_code / 100 == 1;
}

/* RFC 9112 6.3 */
static bool has_no_body(const http_parser *parser)
{
    return is_interim(parser) || parser->status_code == HTTP_STATUS_NO_CONTENT ||
           parser->status_code == HTTP_STATUS_NOT_MODIFIED;
}

static bool check_head(struct http_reader *reader)
{
    const http_parser *parser = &reader->parser;
    const struct http_head *head = &reader->head;

    if (parser->http_major != 1)
        return refuse_answer(reader, "the answer is none of HTTP/1");
    if (parser->status_code < STATUS_MIN || parser->status_code > STATUS_MAX)
        return refuse_answer(reader, "the answer's status is none of 100 to 599");
    if (parser->status_code == SWITCHING_PROTOCOLS)
        return refuse_answer(reader, "the server switches to a protocol that nobody asked for");
    if (is_interim(parser))
        return true;
    if (head->why != NULL)
        return refuse_answer(reader, head->why);
    /* RFC 9112 6.1: who speaks HTTP/1.0 knows no chunks; somebody between us may take them for the body. */
    if (http_head_has(head, HTTP_TRANSFER_ENCODING) && parser->http_minor == 0)
        return refuse_answer(reader, "the answer is in chunks, and HTTP/1.0");
    if (!has_no_body(parser) && head->length > reader->limits.body_max)
        return refuse_size(reader, "the answer's body has", reader->limits.body_max);
    return true;
}

static int on_headers_complete(http_parser *parser)
{
    struct http_reader *reader = parser->data;

    http_head_end(&reader->head);
    if (!check_head(reader))
        return CALLBACK_REFUSED;
    if (!is_interim(parser)) {
        reader->head_whole = true;
        reader->facts.status = parser->status_code;
        reader->facts.reason = reader->head.reason.text;
        if (http_head_has(&reader->head, HTTP_CONTENT_TYPE))
            reader->facts.content_type = reader->head.content_type.text;
    }
    return has_no_body(parser) ? HEADERS_NO_BODY : 0;
}

static int too_long(struct http_reader *reader)
{
    refuse_size(reader, "the answer's body has", reader->limits.body_max);
    return CALLBACK_REFUSED;
}

/* A chunk that cannot fit is refused by its size, before it comes. */
static int on_chunk_header(http_parser *parser)
{
    struct http_reader *reader = parser->data;

    if (parser->content_length > reader->limits.body_max - reader->body.size)
        return too_long(reader);
    return 0;
}

static int on_body(http_parser *parser, const char *at, size_t size)
{
    struct http_reader *reader = parser->data;
    const uint8_t *octets = (const uint8_t *)at;
    size_t given = size > HTTP_HEAD_MAX ? HTTP_HEAD_MAX : size;

    if (!look_at_framing(reader, octets))
        return CALLBACK_REFUSED;
    reader->unlooked = octets + size;
    if (size > reader->limits.body_max - reader->body.size)
        return too_long(reader);
    buf_append(&reader->body, SPAN(octets, size));
    if (reader->body.failed) {
        refuse_answer(reader, "no memory for the answer");
        return CALLBACK_REFUSED;
    }
    reader->budget += given * FRAMING_PER_OCTET;
    if (reader->budget > reader->limits.head_max)
        reader->budget = reader->limits.head_max;
    reader->behind_body = true;
    return 0;
}

static int on_message_complete(http_parser *parser)
{
    struct http_reader *reader = parser->data;

    reader->message_whole = true;
    reader->keeps = http_should_keep_alive(parser) != 0;
    http_parser_pause(parser, 1); /* stops it there: what follows is not its next message */
    return 0;
}

static const http_parser_settings callbacks = {.on_status = on_status,
                                               .on_header_field = on_header_field,
                                               .on_header_value = on_header_value,
                                               .on_headers_complete = on_headers_complete,
                                               .on_body = on_body,
                                               .on_message_complete = on_message_complete,
                                               .on_chunk_header = on_chunk_header};

/* --- the reader */

/* Begins a message, for the answer or an interim one before it. */
static void begin_message(struct http_reader *reader)
{
    http_parser_init(&reader->parser, HTTP_RESPONSE);
    reader->parser.data = reader;
    reader->message_whole = false;
    reader->head = (struct http_head){.seen = 0};
}

static void end_message(struct http_reader *reader)
{
    if (!reader->head_whole) {
        begin_message(reader);
        return;
    }
    reader->progress = HTTP_COMPLETE;
    reader->facts.reusable = reader->keeps;
    reader->facts.body = buf_span(&reader->body);
}

static void refuse_grammar(struct http_reader *reader, enum http_errno error)
{
    char why[sizeof(reader->why)];

    snprintf(why, sizeof(why), "the answer is not HTTP: %s", http_errno_description(error));
    refuse_answer(reader, why);
}

/* Hands octets to the parser; how many of them it took. */
static size_t take_piece(struct http_reader *reader, struct span piece)
{
    enum http_errno error;
    size_t used;

    reader->unlooked = piece.data;
    used = http_parser_execute(&reader->parser, &callbacks, (const char *)piece.data, piece.size);
    error = HTTP_PARSER_ERRNO(&reader->parser);
    /* What is wrong with an octet comes before what the parser made of those behind it. */
    look_at_framing(reader, piece.data + used);
    if (reader->progress == HTTP_MORE && error != HPE_OK && error != HPE_PAUSED)
        refuse_grammar(reader, error);
    if (reader->progress == HTTP_MORE && reader->message_whole)
        end_message(reader);
    return used;
}

struct http_reader *http_reader_new(const struct http_limits *limits)
{
    struct http_reader *reader = calloc(1, sizeof(*reader));

    if (reader == NULL)
        return NULL;
    reader->limits = *limits;
    if (reader->limits.head_max > HTTP_HEAD_MAX)
        reader->limits.head_max = HTTP_HEAD_MAX;
    reader->budget = reader->limits.head_max;
    reader->facts.reason = "";
    begin_message(reader);
    return reader;
}

void http_reader_free(struct http_reader *reader)
{
    if (reader == NULL)
        return;
    buf_free(&reader->body);
    free(reader);
}

enum http_progress http_reader_feed(struct http_reader *reader, struct span piece)
{
    reader->facts.surplus = 0;
    reader->begun |= piece.size > 0;
    while (piece.size > 0 && reader->progress == HTTP_MORE) {
        /* No more than may be no body, so that where too much of it begins is seen at the same octet however
         * the pieces are cut. */
        size_t step = reader->budget > 0 ? reader->budget : 1;
        size_t used = take_piece(reader, SPAN(piece.data, step < piece.size ? step : piece.size));

        piece = SPAN(piece.data + used, piece.size - used);
    }
    if (reader->progress == HTTP_COMPLETE && piece.size > 0) {
        reader->facts.surplus = piece.size;
        refuse_answer(reader, "octets stand behind the end of the answer");
    }
    return reader->progress;
}

enum http_progress http_reader_end(struct http_reader *reader)
{
    if (reader->progress != HTTP_MORE)
        return reader->progress;
    reader->facts.surplus = 0;
    if (reader->head_whole)
        http_parser_execute(&reader->parser, &callbacks, "", 0); /* what it takes for the end */
    if (reader->message_whole)
        end_message(reader);
    else if (!reader->begun)
        refuse_answer(reader, "the connection ended before an answer");
    else
        refuse_answer(reader, reader->head_whole ? "the connection ended inside the answer's body"
                                                 : "the connection ended inside the answer's header");
    return reader->progress;
}

const struct http_facts *http_reader_facts(const struct http_reader *reader)
{
    return &reader->facts;
}

bool http_media_type_is(const char *content_type, const char *type)
{
    size_t size = strlen(type);

    /* strchr finds the end of a text, too. */
    return content_type != NULL && strncasecmp(content_type, type, size) == 0 &&
           strchr("; \t", content_type[size]) != NULL;
}
