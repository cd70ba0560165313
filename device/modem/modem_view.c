/* What may be asked of a modem: see modem.h. */
#include "device/modem/modem_channels.h"

enum modem_stage modem_stage(const struct modem *modem)
{
    return modem->stage;
}

const struct air_state *modem_network(const struct modem *modem)
{
    return air_state(modem->air);
}

const char *modem_iccid(const struct modem *modem)
{
    return modem->iccid;
}

const char *modem_imsi(const struct modem *modem)
{
    return modem->imsi;
}

const struct modem_figures *modem_figures(const struct modem *modem)
{
    return &modem->figures;
}

bool modem_is_idle(const struct modem *modem)
{
    return !modem->is_under_way && modem->announced == 0 && modem->envelope.name == NULL &&
           !modem->reset_due && !modem->read_due && !channels_any(modem);
}
