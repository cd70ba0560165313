/* Runs `softeuicc create`: see create_bench.h. */
#include "tests/tools/create/create_bench.h"

#include "common/tool.h"
#include "tools/subcommands.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8

static char *keep(struct span text)
{
    struct buf *kept = test_buf();

    buf_append(kept, text);
    buf_append_octet(kept, 0);
    ck_assert(!kept->failed);
    return (char *)kept->data;
}

const char *bench_path(const char *name)
{
    return keep(span_of_string(test_path(name)));
}

const char *bench_file(const char *name, struct span octets)
{
    const char *path = bench_path(name);

    ck_assert(tool_write_file(path, octets, 0600));
    return path;
}

/* --- the command --------------------------------------------------------------------------------- */

struct words {
    int argc;
    char **argv;
};

static int run_words(void *context)
{
    const struct words *words = context;

    return command_run(&subcommand_create, words->argc, words->argv);
}

struct captured bench_create(const char *const *given)
{
    struct words words = {.argc = 1};
    struct captured captured;
    size_t count = 0;

    while (given[count] != NULL)
        count++;
    words.argv = calloc(count + 2, sizeof(char *));
    ck_assert_ptr_nonnull(words.argv);
    words.argv[0] = keep(SPAN_STRING("create"));
    for (; *given != NULL; given++)
        words.argv[words.argc++] = keep(span_of_string(*given));
    captured = capture(run_words, &words);
    free(words.argv);
    return captured;
}

/* Files whose names begin so. */
static unsigned files_like(const char *beginning)
{
    DIR *dir = opendir(test_path(""));
    const struct dirent *entry;
    unsigned count = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL)
        count += strncmp(entry->d_name, beginning, strlen(beginning)) == 0;
    closedir(dir);
    return count;
}

void bench_refused(const char *file, int line, int status, const char *part, const char *const *words)
{
    const char *all[160] = {"--card", bench_path("refused.db")};
    struct captured captured;

    for (size_t i = 2; *words != NULL; i++) {
        ck_assert_uint_lt(i + 1, sizeof(all) / sizeof(all[0]));
        all[i] = *words++;
    }
    captured = bench_create(all);
    ck_assert_msg(captured.status == status, "%s:%d: %d: %s", file, line, captured.status, captured.err);
    ck_assert_msg(captured.out[0] == '\0', "%s:%d: %s", file, line, captured.out);
    ck_assert_msg(strstr(captured.err, part) != NULL, "%s:%d: %s", file, line, captured.err);
    ck_assert_msg(strncmp(captured.err, "softeuicc create: ", 18) == 0, "%s:%d: %s", file, line,
                  captured.err);
    ck_assert_msg(strchr(captured.err, '\n') == captured.err + strlen(captured.err) - 1, "%s:%d: %s", file,
                  line, captured.err);
    ck_assert_msg(files_like("refused.db") == 0, "%s:%d: a file was left", file, line);
}

/* --- credentials --------------------------------------------------------------------------------- */

const char *bench_write_key(const char *name, const struct ec_key *key)
{
    struct buf der = {0};
    const char *path;

    ck_assert(ec_key_to_pkcs8(key, &der));
    path = bench_file(name, buf_span(&der));
    buf_free(&der);
    return path;
}

static const char *named(const char *name, const char *what)
{
    static char text[80];

    snprintf(text, sizeof(text), "%s-%s", name, what);
    return text;
}

void bench_write_set(struct bench_set *set, const struct test_ci *ci, const char *name)
{
    struct cert_request request = {
        .role = CERT_ROLE_EUICC,
        .organization = cert_subject_organization(ci->eum.cert),
        .common_name = "Test eUICC",
        .serial_number = TEST_EID,
        .not_before = cert_not_before(ci->eum.cert),
        .not_after = cert_not_after(ci->eum.cert),
    };
    struct test_entity euicc;

    test_entity_request(&euicc, &request, ci->curve, &ci->eum);
    set->ci = bench_file(named(name, "ci.der"), buf_span(&ci->ci.der));
    set->eum = bench_file(named(name, "eum.der"), buf_span(&ci->eum.der));
    set->eum_key = bench_write_key(named(name, "eum.key"), ci->eum.key);
    set->euicc = bench_file(named(name, "euicc.der"), buf_span(&euicc.der));
    set->euicc_key = bench_write_key(named(name, "euicc.key"), euicc.key);
    test_entity_free(&euicc);
}

const char *bench_pki(const char *name)
{
    const char *dir = bench_path(name);
    struct captured captured = capture_command(&subcommand_pki, "init", "--dir", dir, NULL);

    ck_assert_msg(captured.status == EXIT_OK, "%s", captured.err);
    return dir;
}

/* --- the card ------------------------------------------------------------------------------------ */

struct teller {
    struct buf *out;
    size_t depth;
    struct level {
        char name[40];
        bool is_list;
        unsigned count;
    } levels[DEPTH_MAX]; /* that are open */
};

__attribute__((format(printf, 2, 3))) static void put(struct buf *out, const char *format, ...)
{
    char text[600];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    buf_append(out, span_of_string(text));
}

static void put_path(struct teller *teller, const char *name)
{
    for (size_t i = 0; i < teller->depth; i++)
        put(teller->out, "%s.", teller->levels[i].name);
    put(teller->out, "%s=", name);
}

static void tell(void *context, const struct softeuicc_fact *fact)
{
    struct teller *teller = context;
    struct level *parent = teller->depth > 0 ? &teller->levels[teller->depth - 1] : NULL;
    char number[16];
    const char *name = fact->name;

    if (fact->kind == SOFTEUICC_END) {
        teller->depth--;
        return;
    }
    if (parent != NULL && parent->is_list) {
        snprintf(number, sizeof(number), "%u", parent->count++);
        name = number;
    }
    if (fact->kind == SOFTEUICC_OBJECT || fact->kind == SOFTEUICC_LIST) {
        struct level *level = &teller->levels[teller->depth++];

        ck_assert_uint_lt(teller->depth, DEPTH_MAX);
        *level = (struct level){.is_list = fact->kind == SOFTEUICC_LIST};
        snprintf(level->name, sizeof(level->name), "%s", name);
        return;
    }
    put_path(teller, name);
    if (fact->kind == SOFTEUICC_TEXT)
        put(teller->out, "%s\n", fact->text);
    else if (fact->kind == SOFTEUICC_NOTHING)
        put(teller->out, "\n");
    else
        put(teller->out, "%" PRId64 "\n", fact->number);
}

const char *bench_facts(const char *path)
{
    struct teller teller = {.out = test_buf()};
    struct softeuicc_error error;
    struct softeuicc *card = softeuicc_open(path, NULL, &error);

    ck_assert_msg(card != NULL, "%s", error.message);
    ck_assert(softeuicc_inspect(card, tell, &teller));
    softeuicc_close(card);
    buf_append_octet(teller.out, 0);
    ck_assert(!teller.out->failed);
    return (const char *)teller.out->data;
}

void bench_has(const char *file, int line, const char *facts, const char *fact)
{
    size_t size = strlen(fact);

    for (const char *at = facts; (at = strstr(at, fact)) != NULL; at++) {
        if ((at == facts || at[-1] == '\n') && at[size] == '\n')
            return;
    }
    ck_abort_msg("%s:%d: no %s in\n%s", file, line, fact, facts);
}
