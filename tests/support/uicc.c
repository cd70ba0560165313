/* A profile's UICC without a card around it: see uicc.h. */
#include "tests/support/uicc.h"

#include "tests/support/profile.h"
#include "tests/support/test.h"

static bool count_up(void *context, uint8_t *out, size_t size)
{
    static uint8_t next;

    (void)context;
    for (size_t i = 0; i < size; i++)
        out[i] = next++;
    return true;
}

struct uicc *test_uicc(const struct saip_recipe *recipe)
{
    const struct saip_recipe usual = saip_recipe_default();
    struct span der = test_profile_from(recipe != NULL ? recipe : &usual);
    struct saip_package package = {0};
    struct saip_failure failure;
    struct uicc *uicc;
    struct fs *fs;

    if (!saip_decode(der, &package, &failure))
        ck_abort_msg("package refused: %s", failure.reason);
    fs = fs_interpret(&package);
    saip_free(&package);
    ck_assert_ptr_nonnull(fs);
    uicc = uicc_new(fs, &(struct uicc_host){.random = count_up});
    ck_assert_ptr_nonnull(uicc);
    return uicc;
}

uint16_t test_uicc_transmit(struct uicc *uicc, struct span capdu, struct buf *response)
{
    struct apdu_command command;
    struct buf unused = {0};
    uint16_t status = apdu_decode(capdu, &command);

    if (response == NULL)
        response = &unused;
    buf_clear(response);
    if (status == SW_OK)
        status = uicc_process(uicc, &command, response);
    buf_free(&unused);
    return status;
}

uint16_t test_uicc_send(struct uicc *uicc, const char *capdu, struct buf *response)
{
    struct buf octets = {0};
    uint16_t status;

    ck_assert_msg(buf_append_hex(&octets, capdu, NULL), "no hexadecimal: %s", capdu);
    status = test_uicc_transmit(uicc, buf_span(&octets), response);
    buf_free(&octets);
    return status;
}
