/*
 * A memory of what public-key cryptography answered, in front of crypto/ec.c (the linker's --wrap): most of
 * what a fuzz target's inputs sign and verify is the same in each of them, and what one side signed anew the
 * other one verifies at once. Everything that an answer follows from is asked for: operation, key, message,
 * signature, and for a signature the state of the generator, which is afterwards what it would have been. So
 * the answers are those of crypto/ec.c, which is asked once more and compared now and then. Only octets are
 * remembered, no keys: those are made and freed as ever, where a sanitizer sees it, but public ones always in
 * the cheaper way, from a model of their curve.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_Init: the others allocate */

#include "crypto/ec_internal.h"
#include "tests/fuzz/fuzz_card.h"

#include <openssl/sha.h>
#include <string.h>

#define PLACES 4096 /* a new answer takes the place of an older one */
#define TRUST  61   /* so many remembered answers are believed, then one is computed too */

enum operation { SIGN, VERIFY, VERIFY_DER, AGREE };

struct answer {
    uint8_t question[SHA256_DIGEST_LENGTH];
    bool known, good;
    uint8_t octets[EC_SIGNATURE_SIZE];
    uint64_t random; /* the generator's state behind it */
};

#define WRAPPED(result, name, ...)                                                                           \
    result __real_##name(__VA_ARGS__);                                                                       \
    result __wrap_##name(__VA_ARGS__)

WRAPPED(bool, ec_sign, const struct ec_key *key, const struct span *parts, size_t count,
        uint8_t signature[EC_SIGNATURE_SIZE]);
WRAPPED(bool, ec_verify, const struct ec_key *key, const struct span *parts, size_t count,
        struct span signature);
WRAPPED(bool, ec_verify_der, const struct ec_key *key, struct span message, struct span signature);
WRAPPED(bool, ec_shared_secret, const struct ec_key *own, const struct ec_key *peer,
        uint8_t secret[EC_SCALAR_SIZE]);
WRAPPED(struct ec_key *, ec_key_from_point_like, enum ec_curve curve, struct span point,
        const struct ec_key *model);
WRAPPED(struct ec_key *, ec_key_from_point, enum ec_curve curve, struct span point);

static struct answer answers[PLACES];

static void digest(const struct span *parts, size_t count, uint8_t out[SHA256_DIGEST_LENGTH])
{
    SHA256_CTX context;

    SHA256_Init(&context);
    for (size_t i = 0; i < count; i++)
        SHA256_Update(&context, parts[i].data, parts[i].size);
    SHA256_Final(out, &context);
}

/* The place of a question's answer. Everything in front of `also` has one size. */
static struct answer *look_up(enum operation operation, const struct ec_key *key, const struct span *parts,
                              size_t count, struct span also)
{
    uint8_t head[2 + EC_POINT_SIZE + SHA256_DIGEST_LENGTH] = {(uint8_t)operation, (uint8_t)ec_key_curve(key)};
    uint8_t question[SHA256_DIGEST_LENGTH];
    struct answer *answer;

    ec_key_point(key, head + 2);
    digest(parts, count, head + 2 + EC_POINT_SIZE);
    digest((const struct span[]){SPAN_ARRAY(head), also}, 2, question);
    answer = &answers[(question[0] << 8 | question[1]) % PLACES];
    if (memcmp(answer->question, question, sizeof(question)) != 0) {
        *answer = (struct answer){.known = false};
        memcpy(answer->question, question, sizeof(question));
    }
    return answer;
}

/* True when this answer is to be computed: it is new, or it is time for a check. */
static bool is_to_be_computed(const struct answer *answer)
{
    static unsigned believed;

    return !answer->known || ++believed % TRUST == 0;
}

/* Remembers what was computed, or compares it with what was remembered. */
static void learn(struct answer *answer, bool good, uint64_t random, struct span octets)
{
    if (answer->known)
        fuzz_check(answer->good == good && answer->random == random &&
                   memcmp(answer->octets, octets.data, octets.size) == 0);
    answer->known = true;
    answer->good = good;
    answer->random = random;
    memcpy(answer->octets, octets.data, octets.size);
}

/* --- What asks for nothing random ----------------------------------------------------------------------- */

bool __wrap_ec_verify(const struct ec_key *key, const struct span *parts, size_t count, struct span signature)
{
    struct answer *answer = look_up(VERIFY, key, parts, count, signature);

    if (is_to_be_computed(answer))
        learn(answer, __real_ec_verify(key, parts, count, signature), 0, SPAN_STRING(""));
    return answer->good;
}

bool __wrap_ec_verify_der(const struct ec_key *key, struct span message, struct span signature)
{
    struct answer *answer = look_up(VERIFY_DER, key, &message, 1, signature);

    if (is_to_be_computed(answer))
        learn(answer, __real_ec_verify_der(key, message, signature), 0, SPAN_STRING(""));
    return answer->good;
}

/* --- What does: the generator goes on from where it would be -------------------------------------------- */

/* A signature verifies with the key that made it. */
static void learn_that_it_verifies(const struct ec_key *key, const struct span *parts, size_t count,
                                   struct span signature)
{
    learn(look_up(VERIFY, key, parts, count, signature), true, 0, SPAN_STRING(""));
}

bool __wrap_ec_sign(const struct ec_key *key, const struct span *parts, size_t count,
                    uint8_t signature[EC_SIGNATURE_SIZE])
{
    uint64_t random = fuzz_random_state();
    struct answer *answer;

    if (!ec_key_has_private(key))
        return __real_ec_sign(key, parts, count, signature);
    answer = look_up(SIGN, key, parts, count, SPAN((const uint8_t *)&random, sizeof(random)));
    if (is_to_be_computed(answer)) {
        fuzz_check(__real_ec_sign(key, parts, count, signature));
        learn(answer, true, fuzz_random_state(), SPAN(signature, EC_SIGNATURE_SIZE));
        learn_that_it_verifies(key, parts, count, SPAN(signature, EC_SIGNATURE_SIZE));
        return true; /* the answer's place may be taken */
    }
    memcpy(signature, answer->octets, EC_SIGNATURE_SIZE);
    fuzz_random_go_on(answer->random);
    return answer->good;
}

bool __wrap_ec_shared_secret(const struct ec_key *own, const struct ec_key *peer,
                             uint8_t secret[EC_SCALAR_SIZE])
{
    uint64_t random = fuzz_random_state();
    uint8_t point[EC_POINT_SIZE];
    struct answer *answer;

    if (!ec_key_has_private(own) || ec_key_curve(own) != ec_key_curve(peer))
        return __real_ec_shared_secret(own, peer, secret);
    ec_key_point(peer, point);
    answer = look_up(AGREE, own, (const struct span[]){SPAN_ARRAY(point)}, 1,
                     SPAN((const uint8_t *)&random, sizeof(random)));
    if (is_to_be_computed(answer)) {
        bool good = __real_ec_shared_secret(own, peer, secret);

        learn(answer, good, fuzz_random_state(), SPAN(secret, EC_SCALAR_SIZE));
    }
    memcpy(secret, answer->octets, EC_SCALAR_SIZE);
    fuzz_random_go_on(answer->random);
    return answer->good;
}

/* --- Keys ----------------------------------------------------------------------------------------------- */

/* A public key on this curve; NULL when there is no such curve. */
static const struct ec_key *model_of(enum ec_curve curve)
{
    static struct ec_key *models[EC_CURVE_BRAINPOOL_P256R1 + 1];
    uint64_t random = fuzz_random_state();

    if (curve != EC_CURVE_P256 && curve != EC_CURVE_BRAINPOOL_P256R1)
        return NULL;
    if (models[curve] == NULL) {
        struct ec_key *any = ec_key_generate(curve, NULL);
        uint8_t point[EC_POINT_SIZE];

        fuzz_check(any != NULL);
        ec_key_point(any, point);
        models[curve] = __real_ec_key_from_point(curve, SPAN_ARRAY(point));
        fuzz_check(models[curve] != NULL);
        ec_key_free(any);
        fuzz_random_go_on(random);
    }
    return models[curve];
}

struct ec_key *__wrap_ec_key_from_point_like(enum ec_curve curve, struct span point,
                                             const struct ec_key *model)
{
    return __real_ec_key_from_point_like(curve, point, model != NULL ? model : model_of(curve));
}

struct ec_key *__wrap_ec_key_from_point(enum ec_curve curve, struct span point)
{
    return __real_ec_key_from_point_like(curve, point, model_of(curve));
}
