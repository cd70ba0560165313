/* What the fuzz targets share: see fuzz.h. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

uint8_t fuzz_octet(struct span *in)
{
    uint8_t octet = 0;

    if (in->size > 0) {
        octet = in->data[0];
        *in = SPAN(in->data + 1, in->size - 1);
    }
    return octet;
}

struct span fuzz_piece(struct span *in)
{
    size_t size = (size_t)fuzz_octet(in) << 8;
    struct span piece;

    size |= fuzz_octet(in);
    if (size > in->size)
        size = in->size;
    piece = SPAN(in->data, size);
    *in = SPAN(in->data + size, in->size - size);
    return piece;
}

/* FNV-1a: nobody makes collisions here. */
#define TRACE_START UINT64_C(0xCBF29CE484222325)
#define TRACE_PRIME UINT64_C(0x100000001B3)

static uint64_t trace = TRACE_START;

void fuzz_trace(struct span octets)
{
    for (size_t i = 0; i < octets.size; i++)
        trace = (trace ^ octets.data[i]) * TRACE_PRIME;
    trace = (trace ^ octets.size) * TRACE_PRIME;
}

void fuzz_trace_restart(void)
{
    trace = TRACE_START;
}

uint64_t fuzz_trace_digest(void)
{
    return trace;
}

void fuzz_broken(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

/* For AddressSanitizer, where ASAN_OPTIONS says nothing else: what an input frees is kept from being used
 * again for some hundred inputs, not for ten thousands, which would be cold memory for each allocation. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "quarantine_size_mb=8";
}
