/*
 * Stands in for libFuzzer where there is none: runs the target over every file of its corpus (the directories
 * or files named, or tests/fuzz/corpus/NAME for a program fuzz_NAME), so that each past finding stays a
 * regression test in every build. Then once more in reverse order: each input must be answered as before, or
 * something of one run is left to the next, and what a fuzzer finds cannot be found again.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct run {
    char *path;
    uint64_t digest;
} * runs;
static size_t run_count;

/* As libFuzzer: the input is a block of exactly its size, so that a sanitizer sees one octet too far. */
static bool run_file(const char *path, uint64_t *digest)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    size_t size = file != NULL && fstat(fileno(file), &status) == 0 ? (size_t)status.st_size : 0;
    uint8_t *octets = malloc(size > 0 ? size : 1);
    bool whole = file != NULL && octets != NULL && fread(octets, 1, size, file) == size;

    if (file != NULL)
        fclose(file);
    if (whole) {
        fprintf(stderr, "%s: %zu octets\n", path, size);
        fuzz_trace_restart();
        LLVMFuzzerTestOneInput(octets, size);
        *digest = fuzz_trace_digest();
    }
    free(octets);
    return whole;
}

static bool replay_file(const char *path)
{
    struct run *more = realloc(runs, (run_count + 1) * sizeof(*more));

    if (more == NULL)
        return false;
    runs = more;
    runs[run_count] = (struct run){.path = strdup(path)};
    return run_file(path, &runs[run_count++].digest);
}

/* The number of inputs run from a file or a directory of files, -1 when one cannot be read. */
static int replay(const char *path)
{
    struct stat status;
    struct dirent **entries = NULL;
    int total = 0;
    int count;

    if (stat(path, &status) != 0)
        return -1;
    if (S_ISREG(status.st_mode))
        return replay_file(path) ? 1 : -1;
    count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char inner[1024];

        snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && total >= 0)
            total = replay(inner) == 1 ? total + 1 : -1;
        free(entries[i]);
    }
    free(entries);
    return total;
}

/* The number of inputs that were answered otherwise than the first time. */
static int replay_backwards(void)
{
    int differing = 0;

    for (size_t i = run_count; i-- > 0;) {
        uint64_t digest = 0;

        if (!run_file(runs[i].path, &digest) || digest != runs[i].digest) {
            printf("%s: answered otherwise behind other inputs\n", runs[i].path);
            differing++;
        }
        free(runs[i].path);
    }
    free(runs);
    return differing;
}

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/');
    char corpus[1024];
    char *paths[] = {corpus};
    int failed = 0;

    name = strstr(name != NULL ? name : argv[0], "fuzz_");
    if (argc < 2 && name == NULL) {
        fprintf(stderr, "name the inputs\n");
        return 2;
    }
    snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus/%s", SOURCE_DIR,
             name != NULL ? name + strlen("fuzz_") : "");
    for (int i = argc < 2 ? 0 : 1; i < (argc < 2 ? 1 : argc); i++) {
        const char *path = argc < 2 ? paths[0] : argv[i];
        int count = replay(path);

        printf("%s: %d inputs\n", path, count);
        failed += count <= 0;
    }
    failed += replay_backwards();
    return failed == 0 ? 0 : 1;
}
