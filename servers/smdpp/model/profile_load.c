/* One profile of a directory. See profile_load.h. */
#include "servers/smdpp/model/profile_load.h"

#include "apdu/tlv.h"
#include "common/input.h"
#include "profiles/saip/saip.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The header element is read here as loosely as a server needs it: a package that a card would refuse must
 * still be deliverable. */
static bool take_header(struct profile *profile, struct span octets)
{
    struct tlv_reader package = tlv_reader(octets);
    struct tlv_reader reader;
    struct span header, major, minor, type, iccid;

    if (!tlv_require(&package, 0xA0, &header))
        return false;
    reader = tlv_reader(header);
    if (!tlv_require_sized(&reader, 0x80, 1, 1, &major) || !tlv_require_sized(&reader, 0x81, 1, 1, &minor))
        return false;
    if (tlv_optional(&reader, 0x82, &type) && type.size < sizeof(profile->type))
        memcpy(profile->type, type.data, type.size);
    if (!tlv_require_sized(&reader, 0x83, sizeof(profile->iccid_octets), sizeof(profile->iccid_octets),
                           &iccid))
        return false;
    profile->major_version = major.data[0];
    profile->minor_version = minor.data[0];
    iccid_turn(iccid.data, profile->iccid_octets);
    return iccid_to_digits(SPAN_ARRAY(profile->iccid_octets), profile->iccid);
}

static void take_warning(struct profile *profile, struct span octets)
{
    struct saip_package package;
    struct saip_failure failure;

    profile->memory = octets.size;
    if (saip_decode(octets, &package, &failure)) {
        profile->memory = saip_memory_size(&package);
        saip_free(&package);
    } else {
        snprintf(profile->warning, sizeof(profile->warning),
                 "a card is likely to refuse it: %s (at octet %zu)", failure.reason, failure.offset);
    }
}

/* From the JSON beside the package, if there is one. */
static bool take_metadata(const char *directory, const char *server_address, struct profile *profile,
                          char *why)
{
    const struct metadata_profile known = {
        .iccid = profile->iccid_octets,
        .name = profile->type[0] != '\0' ? profile->type : profile->name,
        .read = input_read,
        .directory = directory,
        .server_address = server_address,
    };
    char path[1024];
    struct stat status;
    json_t *json = NULL;
    bool good;

    snprintf(path, sizeof(path), "%s/%s.json", directory, profile->name);
    if (stat(path, &status) == 0) {
        json = metadata_json_load(path, input_read, why);
        if (json == NULL)
            return false;
    }
    good = metadata_json_build(json, &known, &profile->metadata, &profile->facts, why);
    json_decref(json);
    return good;
}

/* The package as it is now. */
static bool read_package(const char *directory, const char *name, struct buf *out, char *why)
{
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s.der", directory, name);
    return input_read(path, "the package", PROFILE_PACKAGE_MAX, out, why);
}

static bool digest_package(struct span package, uint8_t digest[CRYPTO_SHA256_SIZE])
{
    return crypto_sha256(&package, 1, digest);
}

static void take_package(const char *directory, const char *server_address, struct profile *profile,
                         struct span package)
{
    char why[METADATA_WHY_SIZE];
    struct span parts[2];

    profile->package_size = package.size;
    if (!take_header(profile, package)) {
        snprintf(profile->complaint, sizeof(profile->complaint),
                 "not a profile package: it does not begin with a header");
        return;
    }
    take_warning(profile, package);
    if (!take_metadata(directory, server_address, profile, why)) {
        snprintf(profile->complaint, sizeof(profile->complaint), "metadata: %s", why);
        return;
    }
    parts[0] = SPAN_ARRAY(profile->package_digest);
    parts[1] = buf_span(&profile->metadata);
    if (!digest_package(package, profile->package_digest) || !crypto_sha256(parts, 2, profile->digest))
        snprintf(profile->complaint, sizeof(profile->complaint), "no SHA-256");
}

void profile_load(const char *directory, const char *server_address, struct profile *profile)
{
    char why[METADATA_READ_WHY];
    struct buf package = {0};

    if (read_package(directory, profile->name, &package, why))
        take_package(directory, server_address, profile, buf_span(&package));
    else
        snprintf(profile->complaint, sizeof(profile->complaint), "%.190s", why);
    buf_free(&package);
}

void profile_unload(struct profile *profile)
{
    buf_free(&profile->metadata);
}

bool profile_read_package(const char *directory, const struct profile *profile, struct buf *out,
                          char why[METADATA_READ_WHY])
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    struct buf package = {0};
    bool good = read_package(directory, profile->name, &package, why);

    if (good) {
        good = digest_package(buf_span(&package), digest) &&
               memcmp(digest, profile->package_digest, sizeof(digest)) == 0;
        if (!good)
            snprintf(why, METADATA_READ_WHY, "%s.der has changed", profile->name);
    }
    if (good) {
        buf_append(out, buf_span(&package));
        good = !out->failed;
        if (!good)
            snprintf(why, METADATA_READ_WHY, "out of memory");
    }
    buf_free(&package);
    return good;
}
