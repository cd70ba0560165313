/* A POST in blocks: see coap_transfer.h. */
#include "euicc/network/coap_transfer.h"

#include "crypto/printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DIAGNOSTIC_MAX 100 /* octets of a server's own words that are passed on */

/* --- The request -------------------------------------------------------------------------------------- */

/* Cuts the next piece off a path. False at its end. */
static bool next_piece(const char **path, struct span *piece)
{
    if (**path != '/')
        return false;
    *piece = SPAN(*path + 1, strcspn(*path + 1, "/"));
    *path += 1 + piece->size;
    return true;
}

/* "/" alone is no piece, and not one that is empty (RFC 7252 6.4). */
static const char *pieces_of(const char *path)
{
    return strcmp(path, "/") == 0 ? "" : path;
}

static bool is_path(const char *path)
{
    const char *rest = pieces_of(path);
    struct span piece;

    while (next_piece(&rest, &piece)) {
        if (piece.size > COAP_TEXT_MAX)
            return false;
    }
    return *rest == '\0';
}

static bool is_host(const char *host)
{
    return host == NULL || (*host != '\0' && strlen(host) <= COAP_TEXT_MAX);
}

static size_t block1_size(const struct coap_transfer *transfer)
{
    return COAP_BLOCK_SIZE(transfer->szx1);
}

static bool is_in_blocks(const struct coap_transfer *transfer)
{
    return transfer->request.payload.size > block1_size(transfer);
}

/* The block of the payload that is under way, for as long as no answer is. */
static struct coap_block block1_of(const struct coap_transfer *transfer)
{
    size_t size = block1_size(transfer);

    return (struct coap_block){.present = is_in_blocks(transfer),
                               .number = (uint32_t)(transfer->sent / size),
                               .more = transfer->request.payload.size - transfer->sent > size,
                               .szx = transfer->szx1};
}

/* What this message says of blocks of the answer: which one it asks for, or, with the end of the payload, how
 * large they may be if the server could choose larger ones (RFC 7959 2.4, 3.3). */
static struct coap_block block2_of(const struct coap_transfer *transfer)
{
    const size_t received = transfer->answer.payload.size;
    const bool hint = transfer->szx2 < COAP_SZX_MAX && !block1_of(transfer).more;

    return (struct coap_block){.present = transfer->receiving || hint,
                               .number = (uint32_t)(received / COAP_BLOCK_SIZE(transfer->szx2)),
                               .more = false,
                               .szx = transfer->szx2};
}

static void put_path(struct coap_writer *writer, const char *path)
{
    const char *rest = pieces_of(path);
    struct span piece;

    while (next_piece(&rest, &piece))
        coap_message_option(writer, COAP_URI_PATH, piece);
}

static void put_payload(struct coap_writer *writer, const struct coap_transfer *transfer)
{
    const struct coap_block block = block1_of(transfer);
    const struct span payload = transfer->request.payload;
    size_t rest = payload.size - transfer->sent;

    if (block.present)
        coap_message_block(writer, COAP_BLOCK1, &block);
    if (block.present && transfer->sent == 0)
        coap_message_number(writer, COAP_SIZE1, (uint32_t)payload.size);
    if (rest > 0)
        coap_message_payload(writer,
                             SPAN(payload.data + transfer->sent, block.more ? block1_size(transfer) : rest));
}

void coap_transfer_write(const struct coap_transfer *transfer, uint16_t id, struct span token,
                         struct buf *out)
{
    const struct coap_request *request = &transfer->request;
    const struct coap_block block2 = block2_of(transfer);
    struct coap_writer writer = coap_message_begin(out, COAP_CONFIRMABLE, COAP_POST, id, token);

    if (request->host != NULL)
        coap_message_option(&writer, COAP_URI_HOST, span_of_string(request->host));
    put_path(&writer, request->path);
    if (request->content_format >= 0)
        coap_message_number(&writer, COAP_CONTENT_FORMAT, (uint32_t)request->content_format);
    if (block2.present)
        coap_message_block(&writer, COAP_BLOCK2, &block2);
    if (!transfer->receiving)
        put_payload(&writer, transfer);
}

/* --- Its beginning and its end ------------------------------------------------------------------------ */

__attribute__((format(printf, 2, 3))) static enum coap_step transfer_fail(struct coap_transfer *transfer,
                                                                          const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(transfer->why, sizeof(transfer->why), format, arguments);
    va_end(arguments);
    return COAP_STEP_FAILED;
}

/* From the first block of the payload on. */
static void start_transfer(struct coap_transfer *transfer)
{
    transfer->sent = 0;
    transfer->receiving = false;
    transfer->szx2 = transfer->request.szx;
    transfer->etag_seen = SPAN_NONE;
    transfer->answer.code = COAP_EMPTY;
    transfer->answer.content_format = -1;
    buf_clear(&transfer->answer.payload);
}

bool coap_transfer_begin(struct coap_transfer *transfer, const struct coap_request *request)
{
    *transfer = (struct coap_transfer){.request = *request, .szx1 = request->szx};
    start_transfer(transfer);
    if (!is_path(request->path))
        return transfer_fail(transfer, "not a path for CoAP") != COAP_STEP_FAILED;
    if (!is_host(request->host))
        return transfer_fail(transfer, "not a host name for CoAP") != COAP_STEP_FAILED;
    if (request->szx > COAP_SZX_MAX || request->content_format > UINT16_MAX ||
        request->payload.size > COAP_BODY_MAX || request->answer_max > COAP_BODY_MAX)
        return transfer_fail(transfer, "not a request for CoAP") != COAP_STEP_FAILED;
    return true;
}

void coap_transfer_end(struct coap_transfer *transfer)
{
    buf_free(&transfer->answer.payload);
}

/* Everything once more, if it is the first time that there is this reason for it. */
static bool begin_again(struct coap_transfer *transfer, unsigned reason)
{
    if ((transfer->again & reason) != 0)
        return false;
    transfer->again |= reason;
    start_transfer(transfer);
    return true;
}

/* --- Responses ---------------------------------------------------------------------------------------- */

/* With the server's own words, which are a diagnostic payload when no format is said (RFC 7252 5.5.2). */
static enum coap_step take_refusal(struct coap_transfer *transfer, const struct coap_message *response)
{
    const unsigned class = COAP_CODE_CLASS(response->code);
    const unsigned detail = COAP_CODE_DETAIL(response->code);
    char text[DIAGNOSTIC_MAX];
    size_t size = response->payload.size < sizeof(text) ? response->payload.size : sizeof(text);

    transfer->answer.code = response->code;
    buf_clear(&transfer->answer.payload);
    if (response->content_format >= 0 || size == 0)
        return transfer_fail(transfer, "CoAP response %u.%02u", class, detail);
    memcpy(text, response->payload.data, size);
    printable_text(text, size);
    return transfer_fail(transfer, "CoAP response %u.%02u: %.*s", class, detail, (int)size, text);
}

/* 4.13: a server that says in which smaller blocks it would take the payload gets it so (RFC 7959 2.9.3). */
static enum coap_step take_too_large(struct coap_transfer *transfer, const struct coap_message *response)
{
    const struct coap_block *block = &response->block1;

    if (!block->present || block->szx >= transfer->szx1 ||
        COAP_BLOCK_SIZE(block->szx) >= transfer->request.payload.size ||
        !begin_again(transfer, COAP_AGAIN_SMALLER))
        return take_refusal(transfer, response);
    transfer->szx1 = block->szx;
    return COAP_STEP_SEND;
}

/* The server has a block and more are to come: 2.31, or 2.04 of one that looks at each for itself (RFC 7959
 * 2.3). It may ask for smaller ones from here on. */
static enum coap_step take_continue(struct coap_transfer *transfer, const struct coap_message *response)
{
    const struct coap_block *block = &response->block1;

    if (!block->present || block->number != block1_of(transfer).number)
        return transfer_fail(transfer, "the server has not confirmed the block that it was sent");
    transfer->sent += block1_size(transfer);
    if (block->szx < transfer->szx1)
        transfer->szx1 = block->szx;
    return COAP_STEP_SEND;
}

static bool is_same_etag(const struct coap_transfer *transfer, struct span etag)
{
    return (etag.data == NULL) == (transfer->etag_seen.data == NULL) &&
           (etag.data == NULL || span_equal(etag, transfer->etag_seen));
}

static void note_etag(struct coap_transfer *transfer, struct span etag)
{
    if (etag.data == NULL || etag.size > sizeof(transfer->etag))
        return;
    memcpy(transfer->etag, etag.data, etag.size);
    transfer->etag_seen = SPAN(transfer->etag, etag.size);
}

/* True when the block's number, size and length are those of the next one that was asked for. */
static bool is_next(const struct coap_transfer *transfer, const struct coap_block *block, size_t size)
{
    const size_t most = COAP_BLOCK_SIZE(block->szx);

    return block->szx <= transfer->szx2 && block->number * most == transfer->answer.payload.size &&
           (block->more ? size == most : size <= most);
}

static bool append_payload(struct coap_transfer *transfer, struct span payload, bool more)
{
    struct buf *answer = &transfer->answer.payload;
    const size_t room = transfer->request.answer_max - answer->size;

    if (payload.size > room || (more && payload.size == room)) {
        transfer_fail(transfer, "the answer has more than %zu octets", transfer->request.answer_max);
        return false;
    }
    buf_append(answer, payload);
    if (answer->failed)
        transfer_fail(transfer, "out of memory");
    return !answer->failed;
}

/* A block of the answer, the first one too (RFC 7959 2.4). */
static enum coap_step take_block(struct coap_transfer *transfer, const struct coap_message *response)
{
    const struct coap_block *block = &response->block2;

    if (!is_next(transfer, block, response->payload.size))
        return transfer_fail(transfer, "the server answered with another block than it was asked for");
    if (!append_payload(transfer, response->payload, block->more))
        return COAP_STEP_FAILED;
    transfer->szx2 = block->szx;
    transfer->receiving = true;
    return block->more ? COAP_STEP_SEND : COAP_STEP_DONE;
}

/* The rest of an answer must belong to its beginning. */
static enum coap_step take_next_block(struct coap_transfer *transfer, const struct coap_message *response)
{
    if (!response->block2.present)
        return transfer_fail(transfer, "the server answered without the block that it was asked for");
    if (is_same_etag(transfer, response->etag))
        return take_block(transfer, response);
    if (begin_again(transfer, COAP_AGAIN_CHANGED))
        return COAP_STEP_SEND;
    return transfer_fail(transfer, "the answer changes while it is read");
}

/* The response to the whole payload. */
static enum coap_step take_answer(struct coap_transfer *transfer, const struct coap_message *response)
{
    const struct coap_block sent = block1_of(transfer);

    if (response->code == COAP_CONTINUE ||
        (sent.present && response->block1.present && response->block1.number != sent.number))
        return transfer_fail(transfer, "the server waits for blocks that do not exist");
    if (response->size2 >= 0 && (uint64_t)response->size2 > transfer->request.answer_max)
        return transfer_fail(transfer, "the answer has more than %zu octets", transfer->request.answer_max);
    transfer->answer.code = response->code;
    transfer->answer.content_format = (int32_t)response->content_format;
    note_etag(transfer, response->etag);
    if (response->block2.present)
        return take_block(transfer, response);
    return append_payload(transfer, response->payload, false) ? COAP_STEP_DONE : COAP_STEP_FAILED;
}

enum coap_step coap_transfer_take(struct coap_transfer *transfer, const struct coap_message *response)
{
    if (response->critical >= 0)
        return transfer_fail(transfer, "the answer has option %ld, which is critical and not understood",
                             (long)response->critical);
    if (response->code == COAP_TOO_LARGE)
        return take_too_large(transfer, response);
    if (response->code == COAP_INCOMPLETE && begin_again(transfer, COAP_AGAIN_INCOMPLETE))
        return COAP_STEP_SEND;
    if (COAP_CODE_CLASS(response->code) != 2)
        return take_refusal(transfer, response);
    if (transfer->receiving)
        return take_next_block(transfer, response);
    return block1_of(transfer).more ? take_continue(transfer, response) : take_answer(transfer, response);
}
