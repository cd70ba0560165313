/*
 * A hostile card in a modem, over a network and a clock that are played. Input: two octets of habits, then
 * pieces with 16-bit lengths, which the card answers its commands with, one after the other, status word
 * included; what the network does in between is said by their lengths.
 */
#include "apdu/transport.h"
#include "device/modem/modem.h"
#include "tests/device/modem/fake_air.h"
#include "tests/device/modem/fake_card.h"
#include "tests/device/modem/fake_clock.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { TURNS = 40, STEP_MS = 10000 };

static void answer_piece(void *context, struct span capdu, struct buf *response)
{
    struct span *in = context;
    struct span piece = fuzz_piece(in);

    fuzz_trace(capdu);
    buf_append(response, piece);
    if (piece.size < 2)
        transport_put_status(response, 0x9000);
}

static void stir(struct air *air, size_t what)
{
    static const uint8_t octets[300];
    struct air_channel *channel = fake_air_channel(air);

    if (channel != NULL && what % 3 == 0)
        fake_air_open(channel);
    else if (channel != NULL && what % 7 == 0)
        fake_air_drop(channel, "gone");
    else if (channel != NULL)
        fake_air_receive(channel, SPAN(octets, what % sizeof(octets)));
    if (what % 11 == 0)
        fake_air_reject(air, (uint8_t)what);
    else if (what % 5 == 0)
        fake_air_set(air, AIR_NORMAL, (enum air_technology)(what % 6));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = SPAN(data, size);
    struct modem_settings settings = {.imei = "123456789012347"};
    struct fake_card card;
    struct device_clock *clock = device_clock_new(NULL, true, 0);
    struct air *air = air_new(NULL, clock, "", 0, NULL);
    struct modem *modem;

    settings.habits = (unsigned)fuzz_octet(&in) << 8;
    settings.habits |= fuzz_octet(&in);
    fake_card_init(&card);
    card.answer = answer_piece;
    card.context = &in;
    modem = modem_new(clock, &card.link, air, &settings, NULL, NULL);
    fuzz_check(modem != NULL && modem_start(modem));
    for (unsigned i = 0; i < TURNS && in.size > 0; i++) {
        fake_clock_settle(clock, TURNS);
        stir(air, in.size);
        fake_clock_pass(clock, STEP_MS);
    }
    fuzz_check(modem_stage(modem) != MODEM_FAILED);
    modem_free(modem);
    air_free(air);
    device_clock_free(clock);
    fake_card_free(&card);
    return 0;
}
