/*
 * STORE DATA chaining: GlobalPlatform 2.3 11.11, SGP.22 5.7.2. Puts the blocks of one request together; what
 * the request says is for es10.c.
 */
#include "apdu/store_data.h"

#define P1_MORE_BLOCKS 0x11 /* BER-TLV, a response may come */
#define P1_LAST_BLOCK  0x91

void store_data_reset(struct store_data *state)
{
    buf_free(&state->collected);
    *state = (struct store_data){0};
}

size_t store_data_held(const struct store_data *chains, size_t count)
{
    size_t held = 0;

    for (size_t i = 0; i < count; i++)
        held += chains[i].collected.size;
    return held;
}

static uint16_t store_data_refuse(struct store_data *state, uint16_t status)
{
    store_data_reset(state);
    return status;
}

uint16_t store_data_block(struct store_data *state, const struct apdu_command *command, bool *complete,
                          struct span *request)
{
    bool last = command->p1 == P1_LAST_BLOCK;

    *complete = false;
    *request = SPAN_NONE;
    if (!state->active)
        store_data_reset(state);
    if (command->cla_base != 0x80)
        return store_data_refuse(state, SW_CLA_NOT_SUPPORTED);
    if (!last && command->p1 != P1_MORE_BLOCKS)
        return store_data_refuse(state, SW_WRONG_P1_P2);
    /*
     * Reading: a block that is not due answers 6A86, a repeated one and a second block 00 too: a client that
     * starts over selects the application first. Block 255 is followed by block 00; neither specification
     * ends a request there.
     */
    if (command->p2 != (uint8_t)state->next_block)
        return store_data_refuse(state, SW_WRONG_P1_P2);
    if (command->data.size > STORE_DATA_MAX - state->collected.size)
        return store_data_refuse(state, SW_NOT_ENOUGH_MEMORY);

    if (last && !state->active) {
        *complete = true;
        *request = command->data;
        return SW_OK;
    }
    buf_append(&state->collected, command->data);
    if (state->collected.failed)
        return store_data_refuse(state, SW_NOT_ENOUGH_MEMORY);
    state->active = !last;
    state->next_block = last ? 0 : state->next_block + 1;
    if (last) {
        *complete = true;
        *request = buf_span(&state->collected);
    }
    return SW_OK;
}
