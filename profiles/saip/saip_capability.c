/*
 * What this card can do with a profile package, once: the table of services. The bits of UICCCapability that
 * servers see, the mandatory services, templates and elements that are taken, and README's rows
 * (tests/house.sh compares them) all follow from it.
 */
#include "profiles/saip/saip_internal.h"

/* Bits of UICCCapability that elements belong to. */
enum {
    SAIP_CAPABILITY_NEVER = -1, /* no bit, and this card does not do it */
    SAIP_CAPABILITY_USIM = 1,
    SAIP_CAPABILITY_ISIM = 2,
    SAIP_CAPABILITY_CSIM = 3,
    SAIP_CAPABILITY_EAP = 13,
    SAIP_CAPABILITY_JAVACARD = 14,
    SAIP_CAPABILITY_IOT_MINIMAL = 31,
};

/*
 * ServicesList by number, UICCCapability by bit, the major version of the format that has the bit first:
 * version 2's UICCCapability ends with suciCalculatorApi.
 *
 * Contactless, CAVE, MBMS, EAP, MULTOS, CAT-TP, the SUCI calculator's Java API, DNS resolution by
 * applications, SCP11, S16 mode and EAKA need parts that this card does not have.
 *
 * Named leniency: what is SAIP_STORED is taken though nothing runs it, and not announced. Packages ask for
 * javacard that bring no applet (TS.48 version 1), and an applet is stored and listed. A CSIM has its files
 * and can be selected, and the keys of cdmaParameter are kept, but none of 3GPP2's own commands is served.
 */
static const struct saip_service services[] = {
    {"contactless", 0, 0, 2, SAIP_REFUSED, SAIP_FEATURE_NOT_SUPPORTED},
    {"usim", 1, SAIP_CAPABILITY_USIM, 2, SAIP_OFFERED, SAIP_OK},
    {"isim", 2, SAIP_CAPABILITY_ISIM, 2, SAIP_OFFERED, SAIP_OK},
    {"csim", 3, SAIP_CAPABILITY_CSIM, 2, SAIP_STORED, SAIP_OK},
    {"milenage", 4, 4, 2, SAIP_OFFERED, SAIP_OK},
    {"tuak128", 5, 6, 2, SAIP_OFFERED, SAIP_OK},
    {"cave", 6, 5, 2, SAIP_REFUSED, SAIP_FEATURE_NOT_SUPPORTED},
    {"gba-usim", 7, 10, 2, SAIP_OFFERED, SAIP_OK},
    {"gba-isim", 8, 11, 2, SAIP_OFFERED, SAIP_OK},
    {"mbms", 9, 12, 2, SAIP_REFUSED, SAIP_FEATURE_NOT_SUPPORTED},
    {"eap", 10, SAIP_CAPABILITY_EAP, 2, SAIP_REFUSED, SAIP_FEATURE_NOT_SUPPORTED},
    {"javacard", 11, SAIP_CAPABILITY_JAVACARD, 2, SAIP_STORED, SAIP_OK},
    {"multos", 12, 15, 2, SAIP_REFUSED, SAIP_RUNTIME_NOT_SUPPORTED},
    {"multiple-usim", 13, 16, 2, SAIP_OFFERED, SAIP_OK},
    {"multiple-isim", 14, 17, 2, SAIP_OFFERED, SAIP_OK},
    {"multiple-csim", 15, 18, 2, SAIP_STORED, SAIP_OK},
    {"tuak256", 16, 7, 2, SAIP_OFFERED, SAIP_OK},
    {"usim-test-algorithm", 17, 8, 2, SAIP_OFFERED, SAIP_OK},
    {"ber-tlv", 18, 19, 2, SAIP_OFFERED, SAIP_OK},
    {"dfLink", 19, 20, 2, SAIP_OFFERED, SAIP_OK},
    {"cat-tp", 20, 21, 2, SAIP_REFUSED, SAIP_FEATURE_NOT_SUPPORTED},
    {"get-identity", 21, 22, 2, SAIP_OFFERED, SAIP_OK},
    {"profile-a-x25519", 22, 23, 2, SAIP_OFFERED, SAIP_OK},
    {"profile-b-p256", 23, 24, 2, SAIP_OFFERED, SAIP_OK},
    {"suciCalculatorApi", 24, 25, 2, SAIP_REFUSED, SAIP_LIB_NOT_SUPPORTED},
    {"dns-resolution", 25, 26, 3, SAIP_REFUSED, SAIP_FEATURE_NOT_SUPPORTED},
    {"scp11ac", 26, 27, 3, SAIP_REFUSED, SAIP_FEATURE_NOT_SUPPORTED},
    {"scp11c-authorization-mechanism", 27, 28, 3, SAIP_REFUSED, SAIP_FEATURE_NOT_SUPPORTED},
    {"s16mode", 28, 29, 3, SAIP_REFUSED, SAIP_FEATURE_NOT_SUPPORTED},
    {"eaka", 29, 30, 3, SAIP_REFUSED, SAIP_FEATURE_NOT_SUPPORTED},
    {"iotminimal", -1, SAIP_CAPABILITY_IOT_MINIMAL, 3, SAIP_OFFERED, SAIP_OK},
};
enum { SERVICES = sizeof(services) / sizeof(services[0]) };

/* The last of the format's versions of each major version that is taken, TCA eUICC Profile Package. */
static const uint8_t versions[][SAIP_VERSION_SIZE] = {{2, 3, 1}, {3, 3, 1}};
enum { VERSIONS = sizeof(versions) / sizeof(versions[0]) };

const uint8_t *saip_version_at(size_t index)
{
    return index < VERSIONS ? versions[index] : NULL;
}

bool saip_takes_version(unsigned major)
{
    for (size_t i = 0; i < VERSIONS; i++)
        if (versions[i][0] == major)
            return true;
    return false;
}

const struct saip_service *saip_service_at(size_t index)
{
    return index < SERVICES ? &services[index] : NULL;
}

const struct saip_service *saip_service_by_member(int number)
{
    for (size_t i = 0; i < SERVICES; i++)
        if (services[i].member >= 0 && services[i].member == number)
            return &services[i];
    return NULL;
}

/* What belongs to no service is taken by every card. */
static const struct {
    uint32_t element;
    int capability;
} parts[] = {
    {SAIP_CDMA_PARAMETER, SAIP_CAPABILITY_CSIM}, {SAIP_APPLICATION, SAIP_CAPABILITY_JAVACARD},
    {SAIP_NON_STANDARD, SAIP_CAPABILITY_NEVER},  {SAIP_USIM, SAIP_CAPABILITY_USIM},
    {SAIP_OPT_USIM, SAIP_CAPABILITY_USIM},       {SAIP_ISIM, SAIP_CAPABILITY_ISIM},
    {SAIP_OPT_ISIM, SAIP_CAPABILITY_ISIM},       {SAIP_PHONEBOOK, SAIP_CAPABILITY_USIM},
    {SAIP_GSM_ACCESS, SAIP_CAPABILITY_USIM},     {SAIP_CSIM, SAIP_CAPABILITY_CSIM},
    {SAIP_OPT_CSIM, SAIP_CAPABILITY_CSIM},       {SAIP_EAP, SAIP_CAPABILITY_EAP},
    {SAIP_DF_5GS, SAIP_CAPABILITY_USIM},         {SAIP_DF_SAIP, SAIP_CAPABILITY_USIM},
    {SAIP_DF_SNPN, SAIP_CAPABILITY_USIM},        {SAIP_DF_5GPROSE, SAIP_CAPABILITY_USIM},
    {SAIP_IOT, SAIP_CAPABILITY_IOT_MINIMAL},     {SAIP_OPT_IOT, SAIP_CAPABILITY_IOT_MINIMAL},
};

bool saip_takes_element(uint32_t tag)
{
    size_t part = 0;

    while (part < sizeof(parts) / sizeof(parts[0]) && parts[part].element != tag)
        part++;
    if (part == sizeof(parts) / sizeof(parts[0]))
        return true;
    for (size_t i = 0; i < SERVICES; i++)
        if (services[i].capability == parts[part].capability)
            return services[i].support != SAIP_REFUSED;
    return false;
}

bool saip_takes_template(const struct saip_template *template)
{
    return saip_takes_element(template->element);
}

void saip_put_uicc_capability(struct buf *out, uint32_t tag, unsigned major_version)
{
    uint8_t bits[4] = {0};

    for (size_t i = 0; i < SERVICES; i++) {
        if (services[i].support == SAIP_OFFERED && services[i].since <= major_version)
            bits[services[i].capability / 8] |= (uint8_t)(0x80 >> services[i].capability % 8);
    }
    tlv_put_bits(out, tag, bits, 8 * sizeof(bits));
}
