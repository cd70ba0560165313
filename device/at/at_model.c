/*
 * Modems of the field: see at_model.h. *Reading*: a name stands for what was reported of that family by
 * people who ran LPAs, ModemManager or oFono on it, in public threads and source; a modem's firmware may be
 * another.
 */
#include "device/at/at_model.h"

#include <string.h>

static const struct at_model models[] = {
    {"generic", "as 3GPP TS 27.007 has it", "softeuicc", "virtual modem", "1", "+CCID +ICCID +QCCID", 0, 0,
     NULL, NULL},
    {"quectel-eg25",
     "channels' errors have no code; it gets the rest of answers itself, and tells of its start", "Quectel",
     "EG25", "EG25GGBR07A08M2G", "+QCCID", AT_PLAIN_ERRORS | AT_FOLLOWS | AT_TALKS | AT_TELLS_CLOSED, 1,
     "RDY", "+QUSIM: 1"},
    {"quectel-em05", "'=?' of the channels' commands is an error, though they work", "Quectel", "EM05-G",
     "EM05GFAR07A07M1G", "+QCCID", AT_NO_TESTS | AT_FOLLOWS, 1, NULL, NULL},
    {"fibocom-fm350", "+CCHO answers with the number alone", "Fibocom Wireless Inc.", "FM350-GL",
     "81600.0000.00", "+ICCID", AT_BARE_SESSION | AT_FOLLOWS, 0, NULL, NULL},
    {"sierra-mc7455", "sessions have sixteen digits; errors come as text", "Sierra Wireless, Incorporated",
     "MC7455", "SWI9X30C_02.33.03.00", "!ICCID", AT_LONG_SESSION | AT_FOLLOWS, 2, NULL, NULL},
    {"simcom-a7670", "it tells of its start line by line", "SIMCOM INCORPORATED", "A7670E", "A7670M7_V1.11.1",
     "+CICCID", AT_TALKS, 2, "RDY", "+CPIN: READY\nSMS DONE\nPB DONE"},
    {"alcatel-ik41", "no commands for channels: only +CSIM", "Alcatel", "IK41", "IK41_EU_02.00_04", "+ICCID",
     AT_NO_CHANNELS, 0, NULL, NULL},
    {"phonesim", "commands for a person go to the program unasked, as oFono has it of its simulator", "oFono",
     "phonesim", "1", "+CCID", AT_GIVES_TOOLKIT | AT_SAYS_CUSATER, 0, NULL, NULL},
    {"nordic-nrf91", "the ICCID with its F, the state of the PIN in quotes", "Nordic Semiconductor ASA",
     "nRF9160-SICA", "mfw_nrf9160_1.3.6", "%XICCID", AT_KEEPS_PADDING | AT_QUOTES_PIN, 0, NULL, NULL},
};

bool at_model_name(size_t index, struct at_model_name *name)
{
    if (index >= sizeof(models) / sizeof(models[0]))
        return false;
    *name = (struct at_model_name){models[index].name, models[index].summary};
    return true;
}

const struct at_model *at_model_find(const char *name)
{
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
        if (strcmp(models[i].name, name) == 0)
            return &models[i];
    return NULL;
}

/* Whether a word is one of a list with blanks between them. */
static bool is_listed(const char *list, const char *word)
{
    size_t size = strlen(word);

    for (const char *at = strstr(list, word); at != NULL; at = strstr(at + 1, word))
        if ((at == list || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0'))
            return true;
    return false;
}

bool at_is_of_channels(const char *command)
{
    return is_listed("+CCHO +CCHC +CGLA", command);
}

bool at_model_serves(const struct at_model *model, const char *command)
{
    if (at_is_of_channels(command))
        return (model->quirks & AT_NO_CHANNELS) == 0;
    return strstr(command, "CCID") == NULL || is_listed(model->iccid, command);
}
