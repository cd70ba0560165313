/* Runs `softeuicc ctl` against a peer (peer.h). For its tests only. */
#ifndef SOFTEUICC_TESTS_TOOLS_CTL_CTL_BENCH_H
#define SOFTEUICC_TESTS_TOOLS_CTL_CTL_BENCH_H

#include "tests/support/capture.h"
#include "tests/tools/ctl/peer.h"

#define CTL_WORDS_MAX  4 /* behind the options that say which card */
#define CTL_WORDS(...) ((const char *const[CTL_WORDS_MAX]){__VA_ARGS__})
/* An answer with this result. */
#define OK(result) "{\"ok\":true,\"result\":" result "}\n"

/* A path in the test's directory that stays put while three others are asked for. */
const char *ctl_path(const char *name);

/* `ctl --socket PATH WORD…` */
struct captured ctl(const char *path, const char *const words[CTL_WORDS_MAX]);
/* The same with a peer that gives this answer. *request (may be NULL): what it was asked. */
struct captured ctl_answered(struct span answer, const char **request,
                             const char *const words[CTL_WORDS_MAX]);
/* The same with an answer in text, whatever is asked. */
struct captured ctl_told(const char *answer, const char *const words[CTL_WORDS_MAX]);

void ctl_assert_lines(const struct captured *captured, int status, const char *out, const char *err);
/* These words make this request; what is refused is told. */
void ctl_assert_asks(const char *const words[CTL_WORDS_MAX], const char *request);
/* It failed with this line on standard error, and nothing else. */
void ctl_assert_failed(const struct captured *captured, const char *why);

#endif
