/* The versions of specifications that a card can be made to: see spec_version.h. */
#include "euicc/os/spec_version.h"

#include <stdio.h>
#include <string.h>

/* The last that was published of each, by enum softeuicc_sgp22 and enum softeuicc_sgp32. */
static const uint8_t sgp22_versions[][CARD_VERSION_SIZE] = {
    [SOFTEUICC_SGP22_2_2] = {2, 2, 2},
    [SOFTEUICC_SGP22_2_3] = {2, 3, 0},
    [SOFTEUICC_SGP22_2_4] = {2, 4, 0},
    [SOFTEUICC_SGP22_2_5] = {2, 5, 0},
};
static const uint8_t sgp32_versions[][CARD_VERSION_SIZE] = {
    [SOFTEUICC_SGP32_1_2] = {1, 2, 0},
    [SOFTEUICC_SGP32_1_3] = {1, 3, 0},
};

#define SGP22_VERSIONS (sizeof(sgp22_versions) / sizeof(sgp22_versions[0]))
#define SGP32_VERSIONS (sizeof(sgp32_versions) / sizeof(sgp32_versions[0]))

const uint8_t *spec_version_of_sgp22(enum softeuicc_sgp22 version)
{
    return (size_t)version < SGP22_VERSIONS ? sgp22_versions[version] : NULL;
}

const uint8_t *spec_version_of_sgp32(enum softeuicc_sgp32 version)
{
    return (size_t)version < SGP32_VERSIONS ? sgp32_versions[version] : NULL;
}

const char *spec_version_text(const uint8_t version[CARD_VERSION_SIZE], char out[SPEC_VERSION_TEXT])
{
    snprintf(out, SPEC_VERSION_TEXT, "%u.%u.%u", version[0], version[1], version[2]);
    return out;
}

static bool version_from_text(const uint8_t (*versions)[CARD_VERSION_SIZE], size_t count, const char *text,
                              uint8_t version[CARD_VERSION_SIZE])
{
    char known[SPEC_VERSION_TEXT];

    for (size_t i = 0; text != NULL && i < count; i++) {
        if (strcmp(spec_version_text(versions[i], known), text) != 0)
            continue;
        memcpy(version, versions[i], CARD_VERSION_SIZE);
        return true;
    }
    return false;
}

bool spec_version_sgp22_from_text(const char *text, uint8_t version[CARD_VERSION_SIZE])
{
    return version_from_text(sgp22_versions, SGP22_VERSIONS, text, version);
}

bool spec_version_sgp32_from_text(const char *text, uint8_t version[CARD_VERSION_SIZE])
{
    return version_from_text(sgp32_versions, SGP32_VERSIONS, text, version);
}

static bool is_at_least(const uint8_t version[CARD_VERSION_SIZE], unsigned major, unsigned minor)
{
    return version[0] != major ? version[0] > major : version[1] >= minor;
}

bool card_speaks_sgp22(const struct softeuicc *card, unsigned major, unsigned minor)
{
    return is_at_least(card->sgp22, major, minor);
}

bool card_speaks_sgp32(const struct softeuicc *card, unsigned major, unsigned minor)
{
    return (card->personality_bit & (FOR_IOT | FOR_HYBRID)) != 0 && is_at_least(card->sgp32, major, minor);
}
