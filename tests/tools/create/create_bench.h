/* Runs `softeuicc create` and looks at the card that it made: for the tests of tools/create/. */
#ifndef SOFTEUICC_TESTS_TOOLS_CREATE_BENCH_H
#define SOFTEUICC_TESTS_TOOLS_CREATE_BENCH_H

#include "tests/support/capture.h"
#include "tests/support/pki.h"
#include "tests/support/test.h"

/* What is made here lives as long as the program. */

/* The path of a file in the test's directory. */
const char *bench_path(const char *name);
/* Writes a file there; its path. */
const char *bench_file(const char *name, struct span octets);

/* `create WORD…`, as many as there are up to NULL. */
struct captured bench_create(const char *const *words);
#define CREATE(...) bench_create((const char *const[]){__VA_ARGS__, NULL})

/* `create --card … WORD…` ends with this status, nothing on standard output, one line on standard error that
 * has this part, and no file. */
void bench_refused(const char *file, int line, int status, const char *part, const char *const *words);
#define REFUSED(status, part, ...)                                                                           \
    bench_refused(__FILE__, __LINE__, status, part, (const char *const[]){__VA_ARGS__, NULL})

/* A set of credentials as files in DER. */
struct bench_set {
    const char *ci, *eum, *eum_key, *euicc, *euicc_key;
};

/* Writes those of a CI and its EUM, and an eUICC certificate for TEST_EID under it; the files' names begin
 * with `name`. */
void bench_write_set(struct bench_set *set, const struct test_ci *ci, const char *name);
/* A private key as PKCS#8 in DER. */
const char *bench_write_key(const char *name, const struct ec_key *key);
/* A directory as `softeuicc pki init` makes it. */
const char *bench_pki(const char *name);

/* What a card file tells of itself (softeuicc_inspect), a line each: "profiles.0.iccid=8949…", "root_smds="
 * for what is not there. */
const char *bench_facts(const char *card);
/* The facts have this line. */
void bench_has(const char *file, int line, const char *facts, const char *fact);
#define HAS(facts, fact) bench_has(__FILE__, __LINE__, facts, fact)

#endif
