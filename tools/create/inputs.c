/* What `softeuicc create` reads from files. See inputs.h. Whether it all fits together is for the library to
 * say. */
#include "tools/create/inputs.h"

#include "common/pki/pki_dir.h"
#include "common/tool.h"

/* A profile with icons and applets has a few hundred thousand octets. */
#define PROFILE_FILE_MAX ((size_t)4 * 1024 * 1024)

static struct input_set *new_set(struct inputs *inputs)
{
    if (inputs->sets_count == INPUT_SETS_MAX) {
        tool_error("a card has at most %d CIs", INPUT_SETS_MAX);
        return NULL;
    }
    return &inputs->sets[inputs->sets_count++];
}

static bool take_cert(struct cert **place, const char *path)
{
    if (*place != NULL) {
        tool_error("%s: this CI has such a certificate already (each --ci begins the next one)", path);
        return false;
    }
    *place = pki_load_cert_file(path);
    return *place != NULL;
}

static bool put_key(struct buf *place, const struct ec_key *key)
{
    if (ec_key_to_pkcs8(key, place))
        return true;
    tool_error("out of memory");
    return false;
}

static bool take_key(struct buf *place, const char *path)
{
    struct ec_key *key;
    bool good;

    if (place->size > 0) {
        tool_error("%s: this CI has such a key already (each --ci begins the next one)", path);
        return false;
    }
    key = pki_load_key_file(path);
    good = key != NULL && put_key(place, key);
    ec_key_free(key);
    return good;
}

bool inputs_file(struct inputs *inputs, enum input_file kind, const char *path)
{
    struct input_set *set;

    if (kind != INPUT_CI && inputs->sets_count == 0) {
        tool_error("%s: --ci comes first", path);
        return false;
    }
    set = kind == INPUT_CI ? new_set(inputs) : &inputs->sets[inputs->sets_count - 1];
    if (set == NULL)
        return false;
    switch (kind) {
    case INPUT_CI:
        return take_cert(&set->ci, path);
    case INPUT_EUM_CERT:
        return take_cert(&set->eum, path);
    case INPUT_EUICC_CERT:
        return take_cert(&set->euicc, path);
    case INPUT_EUM_KEY:
        return take_key(&set->eum_key, path);
    case INPUT_EUICC_KEY:
        return take_key(&set->euicc_key, path);
    }
    return false;
}

static bool take_curve(struct inputs *inputs, const char *dir, enum ec_curve curve)
{
    struct input_set *set = new_set(inputs);
    struct pki_pair ci = {0};
    struct pki_pair eum = {0};
    bool good = set != NULL && pki_load(dir, curve, PKI_CI, false, &ci) &&
                pki_load(dir, curve, PKI_EUM, true, &eum) && put_key(&set->eum_key, eum.key);

    if (good) {
        set->ci = ci.cert;
        set->eum = eum.cert;
        ci.cert = NULL;
        eum.cert = NULL;
    }
    pki_pair_free(&ci);
    pki_pair_free(&eum);
    return good;
}

bool inputs_pki(struct inputs *inputs, const char *dir)
{
    static const enum ec_curve curves[] = {EC_CURVE_P256, EC_CURVE_BRAINPOOL_P256R1};
    size_t before = inputs->sets_count;

    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
        if (pki_has_curve(dir, curves[i]) && !take_curve(inputs, dir, curves[i]))
            return false;
    if (inputs->sets_count > before)
        return true;
    tool_error("%s holds no PKI (make one with 'softeuicc pki init --dir %s')", dir, dir);
    return false;
}

bool inputs_profile(struct inputs *inputs, const char *path)
{
    if (inputs->profiles_count == INPUT_PROFILES_MAX) {
        tool_error("at most %d profiles can be given", INPUT_PROFILES_MAX);
        return false;
    }
    inputs->profiles[inputs->profiles_count].path = path;
    return tool_read_file(path, PROFILE_FILE_MAX, &inputs->profiles[inputs->profiles_count++].package);
}

struct input_profile *inputs_last_profile(struct inputs *inputs)
{
    if (inputs->profiles_count > 0)
        return &inputs->profiles[inputs->profiles_count - 1];
    tool_usage("what is said of a profile comes after its --profile");
    return NULL;
}

bool inputs_complete(const struct inputs *inputs)
{
    if (inputs->sets_count == 0) {
        tool_usage("no CI is given: --pki or --ci is needed");
        return false;
    }
    for (size_t i = 0; i < inputs->sets_count; i++) {
        const struct input_set *set = &inputs->sets[i];
        bool issuing = set->eum_key.size > 0;
        bool own = set->euicc != NULL && set->euicc_key.size > 0;

        if (set->eum == NULL) {
            tool_usage("CI %zu: --eum-cert is missing", i + 1);
            return false;
        }
        if (issuing == own || (issuing && (set->euicc != NULL || set->euicc_key.size > 0))) {
            tool_usage("CI %zu: either --eum-key is needed, or --euicc-cert and --euicc-key", i + 1);
            return false;
        }
    }
    return true;
}

static void put_octets(struct span octets, const uint8_t **data, size_t *size)
{
    *data = octets.size > 0 ? octets.data : NULL;
    *size = octets.size;
}

void inputs_credentials(const struct inputs *inputs, struct softeuicc_credentials out[INPUT_SETS_MAX])
{
    for (size_t i = 0; i < inputs->sets_count; i++) {
        const struct input_set *set = &inputs->sets[i];

        out[i] = (struct softeuicc_credentials){0};
        put_octets(cert_der(set->ci), &out[i].ci_cert, &out[i].ci_cert_size);
        put_octets(cert_der(set->eum), &out[i].eum_cert, &out[i].eum_cert_size);
        put_octets(buf_span(&set->eum_key), &out[i].eum_key, &out[i].eum_key_size);
        if (set->euicc != NULL)
            put_octets(cert_der(set->euicc), &out[i].euicc_cert, &out[i].euicc_cert_size);
        put_octets(buf_span(&set->euicc_key), &out[i].euicc_key, &out[i].euicc_key_size);
    }
}

void inputs_profiles(const struct inputs *inputs, struct softeuicc_preloaded_profile out[INPUT_PROFILES_MAX])
{
    for (size_t i = 0; i < inputs->profiles_count; i++) {
        const struct input_profile *profile = &inputs->profiles[i];

        out[i] = (struct softeuicc_preloaded_profile){.profile_class = profile->profile_class,
                                                      .ecall = profile->ecall,
                                                      .fallback_allowed = profile->fallback_allowed};
        put_octets(buf_span(&profile->package), &out[i].package, &out[i].package_size);
        put_octets(buf_span(&profile->metadata), &out[i].metadata, &out[i].metadata_size);
    }
}

void inputs_free(struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->sets_count; i++) {
        cert_free(inputs->sets[i].ci);
        cert_free(inputs->sets[i].eum);
        cert_free(inputs->sets[i].euicc);
        buf_free(&inputs->sets[i].eum_key);
        buf_free(&inputs->sets[i].euicc_key);
    }
    for (size_t i = 0; i < inputs->profiles_count; i++) {
        buf_free(&inputs->profiles[i].package);
        buf_free(&inputs->profiles[i].metadata);
    }
}
