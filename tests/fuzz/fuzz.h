/*
 * What the fuzz targets share. Each is one file with LLVMFuzzerTestOneInput: under --enable-fuzzing libFuzzer
 * drives it, in every other build replay.c runs it over its committed corpus as a unit test.
 */
#ifndef SOFTEUICC_TESTS_FUZZ_FUZZ_H
#define SOFTEUICC_TESTS_FUZZ_FUZZ_H

#include "apdu/bytes.h"

/* The target. Returns 0; a finding is a sanitizer's report or fuzz_check's abort. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts one octet off the input's beginning; 0 when it is used up. */
uint8_t fuzz_octet(struct span *in);

/* Cuts a piece off the input's beginning: 16-bit big-endian length and that many octets, or what is left of
 * them. */
struct span fuzz_piece(struct span *in);

/* What a target was answered, in order, goes into a digest: replay.c sees by it that the same input gives the
 * same run. A target that prepares something begins anew behind that. */
void fuzz_trace(struct span octets);
void fuzz_trace_restart(void);
uint64_t fuzz_trace_digest(void);

/* A property that must hold for every input: prints what broke and aborts. */
#define fuzz_check(condition) ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_broken(const char *file, int line, const char *condition);

#endif
