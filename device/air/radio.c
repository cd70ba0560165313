/* Latency, bandwidth and loss. See radio.h. */
#include "device/air/radio.h"

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define UDP_HEADER  8
#define TCP_HEADER  20

#define RETRANSMISSION_MIN 1000 /* ms, of a stream's first one (RFC 6298 2.4) */

void radio_tune(struct radio *radio, const struct link_figures *figures)
{
    radio->figures = figures;
    radio->busy_till[AIR_UP] = radio->busy_till[AIR_DOWN] = 0;
}

bool radio_is_instant(const struct radio *radio)
{
    const struct link_figures *figures = radio->figures;

    return figures->latency_high == 0 && figures->rate[AIR_UP] == 0 && figures->rate[AIR_DOWN] == 0 &&
           figures->loss == 0;
}

size_t radio_segment_max(const struct radio *radio, bool is_v6)
{
    return radio->figures->mtu - (is_v6 ? IPV6_HEADER : IPV4_HEADER) - TCP_HEADER;
}

size_t radio_datagram_max(const struct radio *radio, bool is_v6)
{
    return radio->figures->mtu - (is_v6 ? IPV6_HEADER : IPV4_HEADER) - UDP_HEADER;
}

/* SplitMix64: below `end`, which is small beside 2^64, so that no number is noticeably likelier. */
static uint64_t chance_below(struct radio *radio, uint64_t end)
{
    uint64_t z = radio->chance += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (z ^ (z >> 31)) % end;
}

static bool is_lost(struct radio *radio)
{
    return radio->figures->loss > 0 && chance_below(radio, 1000000) < radio->figures->loss;
}

/* Of a round trip. */
static int64_t latency_now(struct radio *radio)
{
    const struct link_figures *figures = radio->figures;
    const int64_t spread = figures->latency_high - figures->latency_low;

    return figures->latency_low + (spread > 0 ? (int64_t)chance_below(radio, (uint64_t)spread + 1) : 0);
}

/* Half of a round trip; the odd millisecond is the way down's. */
static int64_t way(struct radio *radio, enum air_direction direction)
{
    return (latency_now(radio) + (direction == AIR_DOWN ? 1 : 0)) / 2;
}

/* When the last bit has left. */
static int64_t sent_at(struct radio *radio, enum air_direction direction, size_t size, int64_t now)
{
    const uint64_t rate = radio->figures->rate[direction];
    int64_t *busy_till = &radio->busy_till[direction];

    if (rate == 0)
        return now;
    if (*busy_till < now * 1000)
        *busy_till = now * 1000;
    *busy_till += (int64_t)((uint64_t)size * 8 * 1000000 / rate);
    return (*busy_till + 999) / 1000;
}

int64_t radio_datagram(struct radio *radio, enum air_direction direction, size_t size, int64_t now)
{
    const int64_t sent = sent_at(radio, direction, size, now);

    return is_lost(radio) ? RADIO_LOST : sent + way(radio, direction);
}

int64_t radio_segment(struct radio *radio, enum air_direction direction, size_t size, int64_t now)
{
    int64_t pause = 2 * radio->figures->latency_high;

    if (pause < RETRANSMISSION_MIN)
        pause = RETRANSMISSION_MIN;
    for (unsigned tries = 0; tries < RADIO_TRIES; tries++) {
        const int64_t sent = sent_at(radio, direction, size, now);

        if (!is_lost(radio))
            return sent + way(radio, direction);
        now = sent + pause;
        pause *= 2;
    }
    return RADIO_LOST;
}

int64_t radio_handshake(struct radio *radio, int64_t now, int64_t *asked)
{
    *asked = radio_segment(radio, AIR_UP, 0, now);
    return *asked == RADIO_LOST ? RADIO_LOST : radio_segment(radio, AIR_DOWN, 0, *asked);
}
