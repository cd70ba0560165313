/* What `softeuicc create` reads from files: credentials, one set per CI, and profile packages. */
#ifndef SOFTEUICC_TOOLS_CREATE_INPUTS_H
#define SOFTEUICC_TOOLS_CREATE_INPUTS_H

#include "crypto/cert.h"
#include "euicc/softeuicc.h"

#define INPUT_SETS_MAX     8
#define INPUT_PROFILES_MAX 64

/* The credentials under one CI. The EUM's key, or the card's own certificate and key. */
struct input_set {
    struct cert *ci, *eum, *euicc;
    struct buf eum_key, euicc_key; /* PKCS#8 DER; empty: not given */
};

/* All-zero is an empty one. */
struct inputs {
    struct input_set sets[INPUT_SETS_MAX];
    size_t sets_count;
    struct input_profile {
        const char *path;
        struct buf package;
        struct buf metadata; /* StoreMetadataRequest; empty: made by the library */
        enum softeuicc_profile_class profile_class;
        bool class_given;
        bool ecall, fallback_allowed;
    } profiles[INPUT_PROFILES_MAX];
    size_t profiles_count;
};

/* Names of enum softeuicc_profile_class, the last one NULL. */
extern const char *const input_classes[];

/* Which file of a set. */
enum input_file { INPUT_CI, INPUT_EUM_CERT, INPUT_EUM_KEY, INPUT_EUICC_CERT, INPUT_EUICC_KEY };

/* Each prints one line and returns false when the file cannot be used. INPUT_CI begins a new set, the others
 * belong to the last one. */
bool inputs_file(struct inputs *inputs, enum input_file kind, const char *path);
/* Every curve of a PKI directory (common/pki/layout.h) is a set. */
bool inputs_pki(struct inputs *inputs, const char *dir);
bool inputs_profile(struct inputs *inputs, const char *path);
/* The profile that was given last, for what is said of it; NULL and one line when there is none yet. */
struct input_profile *inputs_last_profile(struct inputs *inputs);
/* Takes what a JSON file beside a package says of the profile, unless it was said already. Prints one line
 * and returns false when that is not what it should be. */
bool inputs_describe(struct inputs *inputs);
/* Prints one line and returns false when a set lacks something. */
bool inputs_complete(const struct inputs *inputs);

/* As the library wants them; valid as long as the inputs. */
void inputs_credentials(const struct inputs *inputs, struct softeuicc_credentials out[INPUT_SETS_MAX]);
void inputs_profiles(const struct inputs *inputs, struct softeuicc_preloaded_profile out[INPUT_PROFILES_MAX]);

void inputs_free(struct inputs *inputs);

#endif
