/*
 * What the choice of a profile costs an SM-DP+ beside its cryptography: a look for changes of the directory,
 * the name, the package; in a directory of 100 files and in one of 10,000. Usage: profile_directory
 * EMPTY-DIRECTORY PACKAGE.
 */
#include "common/input.h"
#include "servers/smdpp/model/profile_catalogue.h"
#include "tests/bench/bench.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FEW  100
#define MANY 10000
/* Of the many to the few. */
#define GOAL 2.0

struct bed {
    struct profile_catalogue *catalogue;
    char directory[600], name[16];
};

static void on_changed(const struct profile *profile)
{
    if (profile->complaint[0] != '\0')
        bench_fail("%s: %s", profile->name, profile->complaint);
}

static void write_file(const char *path, struct span octets)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(octets.data, 1, octets.size, file) != octets.size || fclose(file) != 0)
        bench_fail("cannot write %s", path);
}

static void bed_make(struct bed *bed, const char *where, unsigned files, struct span package)
{
    char path[700];
    double begin;

    snprintf(bed->directory, sizeof(bed->directory), "%s/%u", where, files);
    if (mkdir(bed->directory, 0700) != 0)
        bench_fail("cannot make %s", bed->directory);
    for (unsigned i = 0; i < files; i++) {
        snprintf(path, sizeof(path), "%s/%u.der", bed->directory, i);
        write_file(path, package);
    }
    snprintf(bed->name, sizeof(bed->name), "%u", files / 2);
    begin = bench_now(CLOCK_MONOTONIC);
    bed->catalogue = profile_catalogue_new(bed->directory, "smdp.example.com");
    if (bed->catalogue == NULL || !profile_catalogue_refresh(bed->catalogue, on_changed) ||
        profile_catalogue_count(bed->catalogue) != files)
        bench_fail("cannot read %s", bed->directory);
    snprintf(path, sizeof(path), "profile_directory_%u_start", files);
    bench_figure(path, (bench_now(CLOCK_MONOTONIC) - begin) * 1e3, "ms");
}

static void choose(void *context)
{
    struct bed *bed = context;
    char why[METADATA_READ_WHY];
    const struct profile *profile;
    struct buf package = {0};

    profile_catalogue_refresh(bed->catalogue, on_changed);
    profile = profile_catalogue_by_name(bed->catalogue, bed->name);
    if (profile == NULL || !profile_catalogue_package(bed->catalogue, profile, &package, why))
        bench_fail("%s is gone", bed->name);
    buf_free(&package);
}

int main(int argc, char **argv)
{
    struct bed few = {0}, many = {0};
    struct bench_run runs[] = {{.run = choose, .context = &few}, {.run = choose, .context = &many}};
    char why[INPUT_WHY_MAX];
    struct buf package = {0};

    if (argc != 3)
        bench_fail("usage: profile_directory EMPTY-DIRECTORY PACKAGE");
    if (!input_read(argv[2], "the package", PROFILE_PACKAGE_MAX, &package, why))
        bench_fail("%s", why);
    bed_make(&few, argv[1], FEW, buf_span(&package));
    bed_make(&many, argv[1], MANY, buf_span(&package));
    bench_cpu_us_beside(runs, 2);
    bench_figure("profile_directory_100", runs[0].us, "us");
    bench_figure("profile_directory_10000", runs[1].us, "us");
    bench_figure_goal("profile_directory_ratio", runs[1].us / runs[0].us, "", GOAL);
    profile_catalogue_free(few.catalogue);
    profile_catalogue_free(many.catalogue);
    buf_free(&package);
    return 0;
}
