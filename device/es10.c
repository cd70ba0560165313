/* ES10 requests over a link: channel, SELECT, STORE DATA, GET RESPONSE. See es10.h. */
#include "device/es10.h"

#include "apdu/apdu.h"
#include "common/ending.h"
#include "common/tool.h"

#include <stdio.h>
#include <string.h>

/* A short STORE DATA block: every reader and card takes it. */
#define BLOCK_SIZE 255
#define BLOCKS_MAX 256 /* P2 counts them in one octet */

/* No answer of an eUICC is near this; a card that has more and more to say is broken. */
#define ANSWER_MAX ((size_t)1 << 20)

static const uint8_t isdr_aid[] = {0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                                   0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};

static uint16_t status_word(const struct buf *response)
{
    return (uint16_t)(response->data[response->size - 2] << 8 | response->data[response->size - 1]);
}

/* Sends a command and collects its whole response; *sw is the last status word. */
static bool es10_exchange(struct es10 *es10, uint8_t base, uint8_t ins, uint8_t p1, uint8_t p2,
                          struct span data, uint32_t ne, struct buf *collected, uint16_t *sw)
{
    bool asked_again = false; /* 6Cxx is followed once */
    bool getting = false;     /* GET RESPONSE has been sent: every answer must bring something */
    size_t total = 0;

    buf_clear(&es10->apdu);
    apdu_encode(&es10->apdu, apdu_cla(base, es10->channel), ins, p1, p2, data, ne);
    for (;;) {
        if (es10->apdu.failed || !link_transmit(es10->link, buf_span(&es10->apdu), &es10->response))
            return false;
        *sw = status_word(&es10->response);
        total += es10->response.size;
        if (total > ANSWER_MAX || (getting && *sw >> 8 == 0x61 && es10->response.size == 2)) {
            tool_error("%s: the card's answer has no end", link_name(es10->link));
            return false;
        }
        if (collected != NULL)
            buf_append(collected, SPAN(es10->response.data, es10->response.size - 2));
        if (*sw >> 8 == 0x61) {
            uint32_t left = (*sw & 0xFF) != 0 ? *sw & 0xFF : 256;

            buf_clear(&es10->apdu);
            apdu_encode(&es10->apdu, apdu_cla(0x00, es10->channel), 0xC0, 0, 0, SPAN_NONE, left);
            ne = left;
            getting = true;
        } else if (*sw >> 8 == 0x6C && ne > 0 && !asked_again) {
            asked_again = true;
            es10->apdu.data[es10->apdu.size - 1] = (uint8_t)*sw;
        } else {
            return collected == NULL || !collected->failed;
        }
    }
}

static bool select_isdr(struct es10 *es10)
{
    struct buf number = {0};
    uint16_t sw = 0;
    bool ok;

    es10->channel = 0;
    ok = es10_exchange(es10, 0x00, 0x70, 0x00, 0x00, SPAN_NONE, 1, &number, &sw);
    if (ok && (sw != SW_OK || number.size != 1 || number.data[0] < 1 || number.data[0] >= APDU_CHANNELS)) {
        link_report_no_channel(es10->link, sw);
        ok = false;
    }
    if (ok)
        es10->channel = number.data[0];
    buf_free(&number);
    if (!ok)
        return false;
    if (!es10_exchange(es10, 0x00, 0xA4, 0x04, 0x00, SPAN_ARRAY(isdr_aid), 256, NULL, &sw))
        return false;
    if (sw != SW_OK) {
        tool_error("%s: the card has no ISD-R (SELECT answered %04X): not an eUICC?", link_name(es10->link),
                   sw);
        return false;
    }
    return true;
}

bool es10_channel_open(struct es10 *es10, struct link *link)
{
    memset(es10, 0, sizeof(*es10));
    es10->link = link;
    if (select_isdr(es10))
        return true;
    es10_channel_close(es10);
    return false;
}

void es10_channel_close(struct es10 *es10)
{
    if (es10->link != NULL && es10->channel != 0) {
        unsigned channel = es10->channel;

        es10->channel = 0;
        buf_clear(&es10->apdu);
        apdu_encode(&es10->apdu, 0x00, 0x70, 0x80, (uint8_t)channel, SPAN_NONE, 0);
        link_transmit(es10->link, buf_span(&es10->apdu), &es10->response);
    }
    buf_free(&es10->apdu);
    buf_free(&es10->response);
}

bool es10_restart(struct es10 *es10)
{
    return link_reset(es10->link) && select_isdr(es10);
}

uint16_t es10_channel_send(struct es10 *es10, struct span request, struct buf *response)
{
    size_t offset = 0;
    uint16_t sw = SW_OK;

    buf_clear(response);
    for (unsigned block = 0; offset < request.size && sw == SW_OK; block++) {
        size_t left = request.size - offset;
        size_t size = left < BLOCK_SIZE ? left : BLOCK_SIZE;
        bool last = size == left;

        if (!es10_exchange(es10, 0x80, 0xE2, last ? 0x91 : 0x11, (uint8_t)block,
                           SPAN(request.data + offset, size), last ? 256 : 0, response, &sw))
            return 0;
        offset += size;
    }
    return sw;
}

bool es10_fits(struct span request)
{
    return request.size <= (size_t)BLOCKS_MAX * BLOCK_SIZE;
}

bool es10_request(struct es10 *es10, const char *function, struct span request, struct buf *response)
{
    uint16_t sw;
    char status[8];

    if (ending_due())
        return false;
    if (!es10_fits(request)) {
        tool_error("%s: a request of %zu octets is more than a card takes", function, request.size);
        return false;
    }
    sw = es10_channel_send(es10, request, response);
    if (sw != SW_OK && sw != 0) {
        snprintf(status, sizeof(status), "%04X", (unsigned)sw);
        tool_error("%s: the card answered %s%s", function, status,
                   sw == SW_REFERENCE_NOT_FOUND ? " (it does not have this function)" : "");
        tool_error_text("function", function);
        tool_error_text("status", status);
    }
    return sw == SW_OK;
}

bool es10_call(struct es10 *es10, const char *function, struct span request, uint32_t tag,
               struct buf *response, struct span *value)
{
    enum tlv_status status;

    if (!es10_request(es10, function, request, response))
        return false;
    status = tlv_single(buf_span(response), tag, value);
    if (status != TLV_OK) {
        tool_error("%s: the card's answer is malformed: %s", function, tlv_status_name(status));
        return false;
    }
    return true;
}

void es10_say_refused(const char *function, uint64_t result)
{
    tool_error_text("function", function);
    tool_error_number("result", (int64_t)result);
}
