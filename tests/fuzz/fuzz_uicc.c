/*
 * A stream of commands into one profile's UICC. Input: one octet (bit 0: PIN1 is enabled, bit 1: the
 * administrator's code is verified, bit 2: the USIM is selected on channel 0), then pieces with 16-bit
 * lengths: an empty one is a reset, any other a command on whichever channel it names.
 */
#include "profiles/saip/saip_build.h"
#include "profiles/uicc/uicc.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

/* More only makes inputs slow. */
#define COMMANDS_MAX 64
/* What files of a fuzzing run may take in all. */
#define MEMORY 65536

enum { PIN1_ENABLED = 1, ADMINISTRATOR = 2, USIM_SELECTED = 4 };

static const uint8_t select_usim[] = {0x00, 0xA4, 0x04, 0x0C, 0x07, 0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};
static const uint8_t verify_adm1[] = {0x00, 0x20, 0x00, 0x0A, 0x08, '1', '1', '1', '1', '1', '1', '1', '1'};

static bool random_octets(void *context, uint8_t *out, size_t size)
{
    (void)context;
    memset(out, 0xC7, size);
    return true;
}

static bool take_memory(void *context, int64_t octets)
{
    int64_t *left = context;

    if (octets > *left)
        return false;
    *left -= octets;
    return true;
}

/* The same profile for every input, decoded once. */
static const struct saip_package *profile(void)
{
    static struct saip_package package;
    static struct buf der;
    struct saip_recipe recipe = saip_recipe_default();
    struct saip_failure failure;
    const char *reason;

    if (package.count == 0) {
        fuzz_check(saip_build(&recipe, &der, &reason));
        fuzz_check(saip_decode(buf_span(&der), &package, &failure));
    }
    return &package;
}

static void check_file(const struct fs *fs, const struct fs_file *file)
{
    size_t size = fs_content(file).size;

    fuzz_check(file == fs->mf || fs_file(fs, file->parent->number) == file->parent);
    if (file->link != NULL)
        fuzz_check(fs_file(fs, file->link->number) == file->link);
    if (fs_is_directory(file))
        return;
    fuzz_check(file->kind == SAIP_FILE_BER_TLV || size == file->size);
    fuzz_check(file->record_size == 0 || size % file->record_size == 0);
    fuzz_check(file->kind != SAIP_FILE_BER_TLV || file->maximum_size == 0 || size <= file->maximum_size);
}

static bool is_there(const struct uicc *uicc, const struct fs_file *file)
{
    for (size_t i = 0; i < uicc->fs->file_count; i++)
        if (uicc->fs->files[i] == file)
            return true;
    return false;
}

/* What holds after every command: nothing points to what is gone, sizes agree, counters are in their range.
 */
static void check_state(const struct uicc *uicc)
{
    for (size_t i = 0; i < APDU_CHANNELS; i++) {
        const struct uicc_channel *channel = &uicc->channels[i];

        fuzz_check(channel->directory != NULL && is_there(uicc, channel->directory));
        fuzz_check(fs_is_directory(channel->directory));
        fuzz_check(channel->file == NULL || is_there(uicc, channel->file));
        fuzz_check(channel->application == NULL || is_there(uicc, channel->application));
        fuzz_check(channel->file == NULL || channel->record == 0 ||
                   channel->record <= fs_records(channel->file));
    }
    for (size_t i = 0; i < uicc->fs->file_count; i++)
        if (uicc->fs->files[i] != NULL)
            check_file(uicc->fs, uicc->fs->files[i]);
    for (size_t i = 0; i < uicc->fs->pin_count; i++) {
        const struct fs_pin *pin = &uicc->fs->pins[i];

        fuzz_check(is_there(uicc, pin->directory));
        fuzz_check(pin->attempts_left <= pin->attempts);
        fuzz_check(!pin->verified || pin->attempts_left > 0);
    }
    for (size_t i = 0; i < uicc->fs->puk_count; i++)
        fuzz_check(uicc->fs->puks[i].attempts_left <= uicc->fs->puks[i].attempts);
}

static void transmit(struct uicc *uicc, struct span capdu)
{
    struct apdu_command command;
    struct buf response = {0};
    unsigned sw1;

    if (apdu_decode(capdu, &command) == SW_OK) {
        sw1 = uicc_process(uicc, &command, &response) >> 8;
        fuzz_check((sw1 >= 0x61 && sw1 <= 0x6F) || (sw1 >= 0x90 && sw1 <= 0x9F));
        fuzz_check(response.size == 0 || sw1 <= 0x63 || sw1 >= 0x90);
        fuzz_check(!response.failed && response.size <= APDU_EXTENDED_NE);
        check_state(uicc);
    }
    buf_free(&response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = SPAN(data, size);
    uint8_t options = fuzz_octet(&in);
    int64_t memory = MEMORY;
    struct uicc_host host = {.context = &memory, .random = random_octets, .take_memory = take_memory};
    struct uicc *uicc;
    struct fs *fs = fs_interpret(profile());

    fuzz_check(fs != NULL);
    uicc = uicc_new(fs, &host);
    fuzz_check(uicc != NULL);
    fs_find_pin(fs, fs->mf, 0x01)->enabled = (options & PIN1_ENABLED) != 0;
    if ((options & USIM_SELECTED) != 0)
        transmit(uicc, SPAN_ARRAY(select_usim));
    if ((options & ADMINISTRATOR) != 0)
        transmit(uicc, SPAN_ARRAY(verify_adm1));
    for (unsigned i = 0; i < COMMANDS_MAX && in.size > 0; i++) {
        struct span capdu = fuzz_piece(&in);

        if (capdu.size > 0)
            transmit(uicc, capdu);
        else
            uicc_reset(uicc);
    }
    uicc_free(uicc);
    return 0;
}
