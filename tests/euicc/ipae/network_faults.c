/* What may be wrong with a network and a server: see network_faults.h. */
#include "tests/euicc/ipae/network_faults.h"

#include "tests/support/test.h"

#include <stdio.h>

static void twice(struct span raw, struct buf *out)
{
    buf_append(out, raw);
    buf_append(out, raw);
}

static void halves_swapped(struct span raw, struct buf *out)
{
    size_t half = raw.size / 2;

    buf_append(out, SPAN(raw.data + half, raw.size - half));
    buf_append(out, SPAN(raw.data, half));
}

static void without_the_middle(struct span raw, struct buf *out)
{
    size_t third = raw.size / 3;

    buf_append(out, SPAN(raw.data, third));
    buf_append(out, SPAN(raw.data + 2 * third, raw.size - 2 * third));
}

static void garbage_before(struct span raw, struct buf *out)
{
    buf_append(out, SPAN_STRING("garbage, and not a little of it"));
    buf_append(out, raw);
}

static void garbage_inside(struct span raw, struct buf *out)
{
    size_t half = raw.size / 2;

    buf_append(out, SPAN(raw.data, half));
    buf_append(out, SPAN_STRING("garbage"));
    buf_append(out, SPAN(raw.data + half, raw.size - half));
}

static void one_bit(struct span raw, struct buf *out)
{
    buf_append(out, raw);
    out->data[out->size - 10] ^= 0x04;
}

static void plain_http(struct span raw, struct buf *out)
{
    (void)raw;
    buf_append(out, SPAN_STRING("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
}

static void alert(struct span raw, struct buf *out)
{
    (void)raw;
    buf_append(out, hex("15 0303 0002 0228"));
}

/* A record's header that promises more than one may have. */
static void long_record(struct span raw, struct buf *out)
{
    (void)raw;
    buf_append(out, hex("16 0303 FFFF 02"));
}

static struct span ok(struct span body)
{
    return https_peer_answer("200 OK", "", body);
}

static struct span edited(struct span begin, struct span body, struct span end)
{
    struct buf *out = test_buf();

    buf_append(out, begin);
    buf_append(out, body);
    buf_append(out, end);
    return buf_span(out);
}

static struct span in_chunks(struct span body)
{
    char size[100];

    snprintf(size, sizeof(size), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n", body.size);
    return edited(span_of_string(size), body, SPAN_STRING("\r\n0\r\n\r\n"));
}

static struct span in_short_chunks(struct span body)
{
    return edited(SPAN_STRING("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n"), body,
                  SPAN_STRING("\r\n0\r\n\r\n"));
}

static struct span until_the_end(struct span body)
{
    return edited(SPAN_STRING("HTTP/1.0 200 OK\r\n\r\n"), body, SPAN_NONE);
}

static struct span after_interim(struct span body)
{
    return edited(SPAN_STRING("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
                  ok(body), SPAN_NONE);
}

static struct span two_answers(struct span body)
{
    return edited(ok(body), ok(body), SPAN_NONE);
}

static struct span with_two_lengths(struct span body)
{
    return https_peer_answer("200 OK", "Content-Length: 3\r\n", body);
}

static struct span as_gzip(struct span body)
{
    return https_peer_answer("200 OK", "Content-Encoding: gzip\r\n", body);
}

static struct span body_cut(struct span body)
{
    return ok(SPAN(body.data, body.size / 2));
}

static struct span body_twice(struct span body)
{
    return ok(edited(body, body, SPAN_NONE));
}

static struct span body_and_more(struct span body)
{
    return ok(edited(body, hex("00"), SPAN_NONE));
}

static struct span other_tag(struct span body)
{
    return ok(edited(hex("BF4E"), SPAN(body.data + 2, body.size - 2), SPAN_NONE));
}

static struct span huge_length(struct span body)
{
    return ok(edited(SPAN(body.data, 2), hex("84 FFFFFFFF"), SPAN(body.data + 3, body.size - 3)));
}

static struct span endless_length(struct span body)
{
    return ok(edited(SPAN(body.data, 2), hex("80"), SPAN(body.data + 3, body.size - 3)));
}

static struct span empty_message(struct span body)
{
    return ok(edited(SPAN(body.data, 2), hex("00"), SPAN_NONE));
}

/* What an error says is no answer, whatever stands in it. */
static struct span in_error(struct span body)
{
    return https_peer_answer("500 Internal Server Error", "", body);
}

static struct span in_redirect(struct span body)
{
    return https_peer_answer("302 Found", "Location: https://x/\r\n", body);
}

static struct span html(struct span body)
{
    (void)body;
    return https_peer_answer("200 OK", "Content-Type: text/html\r\n",
                             SPAN_STRING("<html>Please log in to our network</html>"));
}

static struct span mebi(struct span body)
{
    static const uint8_t zeroes[(1 << 20) + 1];

    (void)body;
    return ok(SPAN_ARRAY(zeroes));
}

#define STATUS(text)       "HTTP/1.1 " text "\r\nContent-Length: 0\r\n\r\n"
#define BEGINS(text)       "HTTP/1.1 200 OK\r\n" text
#define OF_ANSWER          .in_answer = true
#define SILENCE_AT(octets) .cut_come = (octets), .silent = true

const struct network_fault network_faults[] = {
    /* the channel */
    {"the channel is refused", .channel = CHANNEL_REFUSED},
    {"the channel never opens", .channel = CHANNEL_NEVER_OPENS},
    {"the channel dies, as of a name that is not known", .channel = CHANNEL_DIES},
    {"the channel takes nothing", .takes_nothing = true},
    {"a cut after one octet was sent", .cut_sent = 1},
    {"a cut inside the client's hello", .cut_sent = 100},
    {"silence inside the client's hello", .cut_sent = 100, .silent = true},
    {"a cut inside the client's second flight", .cut_sent = 320},
    {"a cut inside the request", .cut_sent = 480},
    {"silence inside the request", .cut_sent = 480, .silent = true},
    {"a cut after one octet came", .cut_come = 1},
    {"a cut inside the server's hello", .cut_come = 60},
    {"a cut inside the certificate", .cut_come = 500},
    {"a cut at the end of the handshake", .cut_come = 620},
    {"silence after one octet", SILENCE_AT(1)},
    {"silence inside the certificate", SILENCE_AT(500)},
    {"silence at the end of the handshake", SILENCE_AT(620)},
    {"a cut before the answer", .cut_come = 1, OF_ANSWER},
    {"a cut in the answer's first record header", .cut_come = 4, OF_ANSWER},
    {"a cut inside the answer", .cut_come = 90, OF_ANSWER},
    {"a cut late in the answer", .cut_come = 110, OF_ANSWER},
    {"silence before the answer", SILENCE_AT(1), OF_ANSWER},
    {"silence inside the answer", SILENCE_AT(90), OF_ANSWER},
    /* its octets */
    {"octets one by one", .piece = 1, .harmless = true},
    {"pieces of seven octets", .piece = 7, .harmless = true},
    {"a quarter of a minute for each piece", .delay = MINUTE / 4, .harmless = true},
    {"more than a minute for each piece", .delay = MINUTE + 1},
    {"drops of the handshake", .piece = 20, .delay = 10000},
    {"the handshake twice", .mangle = twice},
    {"the handshake's halves swapped", .mangle = halves_swapped},
    {"the handshake without its middle", .mangle = without_the_middle},
    {"garbage before the handshake", .mangle = garbage_before},
    {"garbage inside the handshake", .mangle = garbage_inside},
    {"a bit of the handshake", .mangle = one_bit},
    {"HTTP instead of TLS", .mangle = plain_http},
    {"an alert", .mangle = alert},
    {"a record that is too long", .mangle = long_record},
    {"the answer's records twice", .mangle = twice, OF_ANSWER, .harmless = true},
    {"the answer's halves swapped", .mangle = halves_swapped, OF_ANSWER},
    {"the answer without its middle", .mangle = without_the_middle, OF_ANSWER},
    {"garbage before the answer", .mangle = garbage_before, OF_ANSWER},
    {"garbage inside the answer", .mangle = garbage_inside, OF_ANSWER},
    {"a bit of the answer", .mangle = one_bit, OF_ANSWER},
    {"HTTP inside TLS", .mangle = plain_http, OF_ANSWER},
    {"an alert instead of the answer", .mangle = alert, OF_ANSWER},
    /* the server */
    {"another CA", .identity = SERVER_OF_OTHER_CA},
    {"a certificate of its own", .identity = SERVER_OF_ITSELF},
    {"a bad signature", .identity = SERVER_BADLY_SIGNED},
    {"issued by a server", .identity = SERVER_OF_NO_CA},
    {"another name", .identity = SERVER_OF_OTHER_NAME},
    {"no name but a common one", .identity = SERVER_WITHOUT_NAME, .harmless = true},
    {"expired", .identity = SERVER_EXPIRED},
    {"not valid yet", .identity = SERVER_OF_TOMORROW},
    {"a curve that is too small", .identity = SERVER_OF_SMALL_CURVE},
    {"an RSA key that is too small", .identity = SERVER_OF_SMALL_RSA},
    {"a client's certificate", .identity = SERVER_FOR_CLIENTS},
    {"TLS 1.1", .highest = TLS1_1_VERSION},
    {"TLS 1.0", .highest = TLS1_VERSION},
    {"TLS 1.2", .highest = TLS1_2_VERSION, .harmless = true},
    /* HTTP */
    {"101", .answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"},
    {"204", .answer = "HTTP/1.1 204 No Content\r\n\r\n"},
    {"301", .answer = "HTTP/1.1 301 Moved Permanently\r\nLocation: https://x/\r\nContent-Length: 0\r\n\r\n"},
    {"307", .answer = "HTTP/1.1 307 x\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n"},
    {"400", .answer = STATUS("400 Bad Request")},
    {"404", .answer = STATUS("404 Not Found")},
    {"500", .answer = STATUS("500 Internal Server Error")},
    {"500 with the answer", .make = in_error},
    {"302 with the answer", .make = in_redirect},
    {"503 until the end", .answer = "HTTP/1.1 503 Busy\r\nConnection: close\r\n\r\nlater", .closes = true},
    {"600", .answer = STATUS("600 What")},
    {"no HTTP", .answer = "What do you want?\r\n\r\n"},
    {"HTTP/2", .answer = "HTTP/2 200\r\n\r\n"},
    {"lines without CR", .answer = "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
    {"an empty body", .answer = STATUS("200 OK")},
    {"too long a length", .answer = BEGINS("Content-Length: 1048577\r\n\r\n")},
    {"no number for a length", .answer = BEGINS("Content-Length: many\r\n\r\n")},
    {"two lengths", .make = with_two_lengths},
    {"chunks", .make = in_chunks, .harmless = true},
    {"short chunks", .make = in_short_chunks},
    {"chunks without size", .answer = BEGINS("Transfer-Encoding: chunked\r\n\r\nwhat\r\n")},
    {"chunks that are too long", .answer = BEGINS("Transfer-Encoding: chunked\r\n\r\n100001\r\n")},
    {"gzip", .make = as_gzip},
    {"interim answers", .make = after_interim, .harmless = true},
    {"two answers", .make = two_answers},
    {"until the end", .make = until_the_end, .closes = true, .harmless = true},
    {"until a cut", .make = until_the_end, .cuts = true},
    {"until silence", .make = until_the_end},
    {"half, and the end", .share = 50, .closes = true},
    {"half, and a cut", .share = 50, .cuts = true},
    {"half, and silence", .share = 50},
    {"most, and the end", .share = 99, .closes = true},
    {"the end", .share = 1, .closes = true},
    {"a header without end", .answer = "HTTP/1.1 200 OK\r\n", .again = "X-And: another one\r\n"},
    {"interim answers without end", .answer = "", .again = "HTTP/1.1 100 Continue\r\n\r\n"},
    {"a body without end", .answer = BEGINS("\r\n"), .again = "and so on "},
    {"chunks without end", .answer = BEGINS("Transfer-Encoding: chunked\r\n\r\n"), .again = "1\r\nx\r\n"},
    {"a body in drops", .answer = BEGINS("\r\n"), .again = "x", .piece = 4096, .delay = MINUTE / 2},
    {"surplus without end", .answer = STATUS("200 OK"), .again = "surplus "},
    /* what it says */
    {"a page of a portal", .make = html},
    {"a MiB of zeroes", .make = mebi},
    {"half a message", .make = body_cut},
    {"a message twice", .make = body_twice},
    {"an octet more", .make = body_and_more},
    {"the answer of another message", .make = other_tag},
    {"a huge length in BER", .make = huge_length},
    {"an indefinite length", .make = endless_length},
    {"a message without content", .make = empty_message},
};
const size_t network_fault_count = sizeof(network_faults) / sizeof(network_faults[0]);
