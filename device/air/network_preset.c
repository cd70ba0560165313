/*
 * The networks that need no file, in the words of a file. Figures of NB-IoT: rates and latency of vendors'
 * tables, MTU of RFC 8376; LTE-M: rates of vendors' tables; satellite: NB-IoT by a geostationary one, whose
 * way alone takes 0.6 s there and back. What nobody has published is a reading: docs/network.md says which.
 */
#include "device/air/network_script.h"

#include <string.h>

static const struct {
    const char *name, *text;
} presets[] = {
    {"lan", "cell test 001-01 lte area 1 id 1\n"},
    {"nbiot", "latency 1.6s..10s\n"
              "up 62kbit/s\n"
              "down 26kbit/s\n"
              "mtu 1600\n"
              "search 5s\n"
              "cell test 001-01 nbiot area 1 id 1\n"},
    {"ltem", "latency 100ms..300ms\n"
             "up 375kbit/s\n"
             "down 300kbit/s\n"
             "search 2s\n"
             "cell test 001-01 ltem area 1 id 1\n"},
    {"satellite", "latency 600ms..2s\n"
                  "up 1kbit/s\n"
                  "down 5kbit/s\n"
                  "mtu 1600\n"
                  "search 30s\n"
                  "cell test 001-01 nbiot area 1 id 1\n"},
};

const char *network_preset(const char *name)
{
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        if (strcmp(presets[i].name, name) == 0)
            return presets[i].text;
    }
    return NULL;
}
