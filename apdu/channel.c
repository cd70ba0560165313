/*
 * Logical channels: ETSI TS 102 221 8.7 and 11.1.17, ISO/IEC 7816-4 5.4.2 and 11.1.2 (MANAGE CHANNEL). Keeps
 * which are open and what is selected; what an application is, the floors above know.
 */
#include "apdu/channel.h"

#define P1_OPEN  0x00
#define P1_CLOSE 0x80

void channel_reset(struct channel_table *table)
{
    *table = (struct channel_table){0};
    table->channels[0].open = true;
}

struct channel *channel_find(struct channel_table *table, unsigned number)
{
    return number < APDU_CHANNELS && table->channels[number].open ? &table->channels[number] : NULL;
}

static void open_channel(struct channel_table *table, unsigned number, unsigned from)
{
    table->channels[number] = from != 0 ? table->channels[from] : (struct channel){0};
    table->channels[number].open = true;
}

/* The lowest free channel; 0 when all are open. */
static unsigned free_channel(const struct channel_table *table)
{
    for (unsigned i = 1; i < APDU_CHANNELS; i++)
        if (!table->channels[i].open)
            return i;
    return 0;
}

static uint16_t manage_open(struct channel_table *table, const struct apdu_command *command,
                            struct buf *response)
{
    unsigned number = command->p2;

    if (number >= APDU_CHANNELS)
        return SW_FUNCTION_NOT_SUPPORTED;
    if (number != 0) {
        if (table->channels[number].open)
            return SW_WRONG_P1_P2;
        open_channel(table, number, command->channel);
        return SW_OK;
    }
    if (command->ne == 0)
        return SW_WRONG_LENGTH;
    number = free_channel(table);
    if (number == 0)
        return SW_FUNCTION_NOT_SUPPORTED;
    open_channel(table, number, command->channel);
    buf_append_octet(response, (uint8_t)number);
    return SW_OK;
}

static uint16_t manage_close(struct channel_table *table, const struct apdu_command *command)
{
    /* P2 00 means the channel that the class octet names, ISO/IEC 7816-4 11.1.2. */
    unsigned number = command->p2 != 0 ? command->p2 : command->channel;

    if (number == 0 || number >= APDU_CHANNELS)
        return SW_FUNCTION_NOT_SUPPORTED;
    if (!table->channels[number].open)
        return SW_WARNING;
    table->channels[number] = (struct channel){0};
    return SW_OK;
}

/* Reading: TS 102 221 leaves the choice of status words open; these are the ones that Java Card's runtime
 * environment prescribes for MANAGE CHANNEL and field cards therefore give. */
uint16_t channel_manage(struct channel_table *table, const struct apdu_command *command, struct buf *response)
{
    if (command->cla_base != 0x00)
        return SW_CLA_NOT_SUPPORTED;
    if (command->data.size != 0)
        return SW_WRONG_LENGTH;
    switch (command->p1) {
    case P1_OPEN:
        return manage_open(table, command, response);
    case P1_CLOSE:
        return manage_close(table, command);
    default:
        return SW_FUNCTION_NOT_SUPPORTED;
    }
}
