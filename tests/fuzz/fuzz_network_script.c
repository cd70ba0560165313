/* Any octets as a network's script; one that is accepted is run through a hundred of its changes, and some
 * datagrams and segments through each cell's link. */
#include "device/air/cells.h"
#include "device/air/radio.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define CHANGES 100
#define IMSI    "001010000000001"
#define ICCID   "8988211000000000025"

static void check_times(const struct network_script *script)
{
    int64_t time = 0;

    for (unsigned i = 0; i < CHANGES && time != PERIOD_NEVER; i++) {
        const size_t best = cells_best(script, IMSI, 0, time);
        const int64_t next = cells_next_change(script, time);

        fuzz_check(next > time);
        fuzz_check(best == CELLS_NONE || (best < script->cell_count && cells_has(script, best, time)));
        if (next != PERIOD_NEVER)
            fuzz_check(cells_best(script, IMSI, 0, next - 1) == best);
        for (size_t cell = 0; cell < script->cell_count; cell++) {
            const uint8_t cause = cells_cause(script, cell, IMSI, ICCID, time);

            fuzz_trace(SPAN(&cause, 1));
        }
        fuzz_trace(SPAN(&best, sizeof(best)));
        time = next;
    }
    for (size_t i = 0; i < script->message_count; i++) {
        time = period_next_instant(&script->messages[i].when, 0);
        for (unsigned n = 0; n < CHANGES && time != PERIOD_NEVER; n++) {
            const int64_t next = period_next_instant(&script->messages[i].when, time + 1);

            fuzz_check(next > time);
            time = next;
        }
    }
}

static void check_link(const struct link_figures *figures)
{
    struct radio radio = {.chance = 1};
    int64_t now = INT64_C(1700000000000);

    radio_tune(&radio, figures);
    for (size_t size = 0; size < 20000; size += 4999) {
        int64_t asked;
        const int64_t times[] = {radio_datagram(&radio, AIR_UP, size, now),
                                 radio_segment(&radio, AIR_DOWN, size, now),
                                 radio_handshake(&radio, now, &asked)};

        for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
            fuzz_check(times[i] == RADIO_LOST || times[i] >= now);
        fuzz_check(!radio_is_instant(&radio) || times[1] == now);
        fuzz_check(asked == RADIO_LOST ? times[2] == RADIO_LOST : asked >= now);
        fuzz_check(times[2] == RADIO_LOST || times[2] >= asked);
        fuzz_trace(SPAN(times, sizeof(times)));
    }
    fuzz_check(radio_segment_max(&radio, true) > 0 && radio_datagram_max(&radio, false) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[AIR_WHY_MAX] = "";
    struct network_script *script = network_script_read("fuzz", SPAN(data, size), why);

    if (script == NULL) {
        fuzz_check(strncmp(why, "fuzz:", 5) == 0 && strlen(why) < AIR_WHY_MAX);
        fuzz_trace(span_of_string(why));
        return 0;
    }
    fuzz_check(script->cell_count > 0 && script->cell_count <= SCRIPT_CELLS_MAX);
    check_times(script);
    for (size_t cell = 0; cell < script->cell_count; cell++)
        check_link(&script->cells[cell].figures);
    network_script_free(script);
    return 0;
}
