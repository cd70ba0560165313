/* See air_text.h. */
#include "device/air/air_text.h"

#include "apdu/digits.h"

#include <stdio.h>

const char *air_service_name(enum air_service service)
{
    static const char *const names[] = {
        [AIR_SEARCHING] = "searching",
        [AIR_NORMAL] = "registered",
        [AIR_LIMITED] = "limited service",
        [AIR_NONE] = "no service",
    };

    return names[service];
}

bool air_has_plmn(const struct air_state *state)
{
    return (state->plmn[0] | state->plmn[1] | state->plmn[2]) != 0;
}

const char *air_state_text(const struct air_state *state, char text[AIR_TEXT_SIZE])
{
    char plmn[PLMN_TEXT_SIZE];
    size_t used = (size_t)snprintf(text, AIR_TEXT_SIZE, "%s", air_service_name(state->service));

    if (air_has_plmn(state))
        used +=
            (size_t)snprintf(text + used, AIR_TEXT_SIZE - used, "%s %s (%s)%s",
                             state->service == AIR_NORMAL ? " on" : ",", digits_plmn_text(state->plmn, plmn),
                             air_technology_name(state->technology), state->is_roaming ? ", roaming" : "");
    if (state->cause != 0)
        snprintf(text + used, AIR_TEXT_SIZE - used, ", rejected with cause %u", state->cause);
    return text;
}
