/*
 * The network access application that a command speaks to: whose session is open, whether its PIN is verified
 * (3GPP TS 31.102 7.1.1, TS 31.103 7.1.1), and its service table.
 */
#include "profiles/uicc/uicc_commands.h"

/* 3GPP's RID and application codes, TS 31.110 / TS 101 220 annex E. */
static const uint8_t usim_aid[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};
static const uint8_t isim_aid[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x04};

enum { EF_UST = 0x6F38, EF_IST = 0x6F07, PIN_APPLICATION_LAST = 0x08 };

/* The application's PIN stands in the PIN status template of its ADF, or of a directory above. Reading: an
 * application without one needs none. */
static bool is_pin_satisfied(const struct uicc *uicc, const struct fs_file *adf)
{
    for (const struct fs_file *directory = adf; directory != NULL; directory = directory->parent)
        for (size_t i = 0; i < directory->pin_status.size; i++) {
            uint8_t reference = directory->pin_status.data[i];

            if (reference > 0 && reference <= PIN_APPLICATION_LAST)
                return uicc_pin_satisfied(uicc, adf, reference);
        }
    return true;
}

uint16_t uicc_find_network(struct uicc *uicc, const struct apdu_command *command,
                           struct uicc_network *network)
{
    const struct uicc_channel *channel = uicc_channel(uicc, command);
    struct fs_file *adf = channel->application;

    if (adf == NULL || fs_application_of(channel->directory) != adf)
        return SW_CONDITIONS_NOT_SATISFIED;
    network->is_isim = span_begins_with(fs_aid_span(&adf->aid), SPAN_ARRAY(isim_aid));
    if (!network->is_isim && !span_begins_with(fs_aid_span(&adf->aid), SPAN_ARRAY(usim_aid)))
        return SW_CONDITIONS_NOT_SATISFIED;
    network->adf = adf;
    return is_pin_satisfied(uicc, adf) ? SW_OK : SW_UICC_SECURITY;
}

bool uicc_service(const struct uicc_network *network, unsigned number)
{
    const struct fs_file *table = fs_child(network->adf, network->is_isim ? EF_IST : EF_UST);
    struct span services = table != NULL ? fs_content(table) : SPAN_NONE;
    size_t index = (number - 1) / 8;

    return index < services.size && (services.data[index] >> ((number - 1) % 8) & 1) != 0;
}
