/*
 * The directory of an SM-DP+'s profiles while it changes: whatever happens to it, what the catalogue knows is
 * what another one finds that looks at it for the first time. All of it watched, and where nothing can be.
 */
#include "servers/smdpp/model/profile_catalogue.h"
#include "tests/support/profile.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define ADDRESS "smdp.example.com"
#define NAMES   6
#define STEPS   400

static const char *const iccids[] = {"8900112233445566778", "8900112233445566786", "8900112233445566794"};
static char directory[512], outside[600];
static size_t told;

static void count_changed(const struct profile *profile)
{
    ck_assert(profile->name[0] != '\0');
    told++;
}

static void make_directories(void)
{
    snprintf(directory, sizeof(directory), "%s", test_path("profiles-XXXXXX"));
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(outside, sizeof(outside), "%s-outside", directory);
    ck_assert_int_eq(mkdir(outside, 0700), 0);
}

static const char *in(const char *where, const char *name)
{
    static char paths[4][800];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", where, name);
    return path;
}

static void write_octets(const char *path, struct span octets)
{
    FILE *file = fopen(path, "wb");

    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_uint_eq(fwrite(octets.data, 1, octets.size, file), octets.size);
    ck_assert_int_eq(fclose(file), 0);
}

static void write_profile(const char *name, const char *iccid)
{
    write_octets(in(directory, name), test_profile(iccid));
}

/* Without a descriptor to spare, nothing can be watched. */
static struct profile_catalogue *catalogue_without_watch(void)
{
    struct rlimit before, none;
    struct profile_catalogue *catalogue;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    catalogue = profile_catalogue_new(directory, ADDRESS);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_ptr_nonnull(catalogue);
    ck_assert_int_eq(profile_catalogue_descriptor(catalogue), -1);
    return catalogue;
}

static struct profile_catalogue *catalogue_open(bool watched)
{
    struct profile_catalogue *catalogue =
        watched ? profile_catalogue_new(directory, ADDRESS) : catalogue_without_watch();

    ck_assert_ptr_nonnull(catalogue);
    ck_assert_int_eq(profile_catalogue_descriptor(catalogue) >= 0, watched);
    ck_assert(profile_catalogue_refresh(catalogue, count_changed));
    return catalogue;
}

static bool same_profile(const struct profile *a, const struct profile *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->complaint, b->complaint) == 0 &&
           (a->complaint[0] != '\0' ||
            (memcmp(a->digest, b->digest, sizeof(a->digest)) == 0 && strcmp(a->iccid, b->iccid) == 0 &&
             span_equal(buf_span(&a->metadata), buf_span(&b->metadata))));
}

/* Every index leads to the same profiles. */
static bool is_found(const struct profile_catalogue *catalogue, const struct profile *profile)
{
    const struct profile *of_iccid = NULL, *named;

    do
        of_iccid = profile_catalogue_by_iccid(catalogue, profile->iccid, of_iccid);
    while (of_iccid != NULL && of_iccid != profile);
    named = profile_catalogue_by_name(catalogue, profile->name);
    return (of_iccid == profile || profile->iccid[0] == '\0') &&
           (profile->complaint[0] != '\0' ? named != profile : named == profile);
}

static void check_as_new(struct profile_catalogue *catalogue, const char *what, bool refreshed)
{
    struct profile_catalogue *fresh = profile_catalogue_new(directory, ADDRESS);
    size_t count;
    bool there, same;

    ck_assert_ptr_nonnull(fresh);
    there = profile_catalogue_refresh(fresh, count_changed);
    ck_assert_msg(refreshed || profile_catalogue_refresh(catalogue, count_changed) == there, "%s", what);
    count = profile_catalogue_count(fresh);
    same = profile_catalogue_count(catalogue) == count;
    for (size_t i = 0; same && i < count; i++) {
        const struct profile *profile = profile_catalogue_at(catalogue, i);

        same = same_profile(profile, profile_catalogue_at(fresh, i)) && is_found(catalogue, profile) &&
               profile_catalogue_after(catalogue, profile->name) == i + 1;
    }
    ck_assert_msg(same, "%s", what);
    profile_catalogue_free(fresh);
}

/* --- Anything, in any order ----------------------------------------------------------------------------- */

static uint32_t dice_state;

static unsigned dice(unsigned sides)
{
    dice_state = dice_state * 1664525u + 1013904223u;
    return (dice_state >> 8) % sides;
}

static const char *some_name(const char *ending)
{
    static char names[4][32];
    static unsigned next;
    char *name = names[next++ % 4];

    snprintf(name, sizeof(names[0]), "profile_%u%s", dice(NAMES), ending);
    return name;
}

static const char *some_package(void)
{
    return iccids[dice(sizeof(iccids) / sizeof(iccids[0]))];
}

static void clear_place(const char *path)
{
    if (unlink(path) != 0)
        rmdir(path);
}

static void step_write(void)
{
    const char *path = in(directory, some_name(".der"));

    clear_place(path);
    write_octets(path, dice(4) == 0 ? SPAN_STRING("no package") : test_profile(some_package()));
}

static void step_write_over(void)
{
    const char *name = some_name(".der");
    struct stat status;

    if (stat(in(directory, name), &status) == 0 && S_ISREG(status.st_mode))
        write_profile(name, some_package());
}

static void step_replace(void)
{
    const char *to = in(directory, some_name(".der"));

    clear_place(to);
    write_octets(in(directory, "upload.tmp"), test_profile(some_package()));
    ck_assert_int_eq(rename(in(directory, "upload.tmp"), to), 0);
}

static void step_remove(void)
{
    clear_place(in(directory, some_name(".der")));
}

static void step_rename(void)
{
    rename(in(directory, some_name(".der")), in(directory, some_name(".der")));
}

static void step_link(void)
{
    if (link(in(directory, some_name(".der")), in(directory, some_name(".der"))) != 0)
        step_write();
}

static void step_symlink(void)
{
    const char *path = in(directory, some_name(".der"));
    const char *target = in(outside, some_name(".der"));

    clear_place(path);
    ck_assert_int_eq(symlink(target, path), 0);
}

static void step_outside(void)
{
    const char *path = in(outside, some_name(".der"));

    if (dice(3) == 0)
        clear_place(path);
    else
        write_octets(path, test_profile(some_package()));
}

static void step_describe(void)
{
    static const char *const texts[] = {"{\"profileName\":\"one\"}", "{\"profileName\":\"two\"}",
                                        "{\"icon\":\"a.png\"}",      "{\"icon\":\"b.png\"}",
                                        "{\"profileName\":5}",       "{"};
    const char *text = texts[dice(sizeof(texts) / sizeof(texts[0]))];

    write_octets(in(directory, some_name(".json")), span_of_string(text));
}

static void step_undescribe(void)
{
    clear_place(in(directory, some_name(".json")));
}

static void step_icon(void)
{
    const char *path = in(directory, dice(2) == 0 ? "a.png" : "b.png");

    if (dice(3) == 0)
        clear_place(path);
    else
        write_octets(path, dice(2) == 0 ? SPAN_STRING("one") : SPAN_STRING("two"));
}

static void step_other_kinds(void)
{
    const char *path = in(directory, some_name(".der"));

    clear_place(path);
    ck_assert_int_eq(dice(2) == 0 ? mkfifo(path, 0600) : mkdir(path, 0700), 0);
}

static void step_other_directory(void)
{
    static unsigned moved;
    char away[800];

    snprintf(away, sizeof(away), "%s-away%u", directory, ++moved);
    ck_assert_int_eq(rename(directory, away), 0);
    if (dice(2) == 0)
        ck_assert_int_eq(mkdir(directory, 0700), 0);
    else if (dice(2) == 0)
        ck_assert_int_eq(symlink(away, directory), 0);
}

static void step_back(void)
{
    if (access(directory, F_OK) != 0) {
        unlink(directory);
        ck_assert_int_eq(mkdir(directory, 0700), 0);
    }
}

static const struct {
    const char *name;
    void (*run)(void);
    unsigned weight;
} steps[] = {
    {"write", step_write, 8},
    {"write over", step_write_over, 4},
    {"replace", step_replace, 4},
    {"remove", step_remove, 3},
    {"rename", step_rename, 3},
    {"link", step_link, 2},
    {"symbolic link", step_symlink, 2},
    {"outside", step_outside, 3},
    {"describe", step_describe, 6},
    {"undescribe", step_undescribe, 2},
    {"icon", step_icon, 3},
    {"other kinds", step_other_kinds, 2},
    {"other directory", step_other_directory, 1},
};

static const char *some_step(void)
{
    unsigned sum = 0, at;
    size_t i = 0;

    for (size_t step = 0; step < sizeof(steps) / sizeof(steps[0]); step++)
        sum += steps[step].weight;
    for (at = dice(sum); at >= steps[i].weight; i++)
        at -= steps[i].weight;
    if (access(directory, F_OK) == 0)
        steps[i].run();
    else
        step_back();
    return steps[i].name;
}

static void live(bool watched)
{
    struct profile_catalogue *catalogue;
    char what[160] = "";

    make_directories();
    catalogue = catalogue_open(watched);
    dice_state = 1;
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned together = 1 + dice(3);

        snprintf(what, sizeof(what), "%s, %u:", watched ? "watched" : "not watched", i);
        while (together-- > 0)
            snprintf(what + strlen(what), sizeof(what) - strlen(what), " %s", some_step());
        check_as_new(catalogue, what, false);
    }
    profile_catalogue_free(catalogue);
}

START_TEST(knows_what_is_there)
{
    live(true);
    live(false);
}
END_TEST

/* --- One by one ----------------------------------------------------------------------------------------- */

static bool is_readable(const struct profile_catalogue *catalogue)
{
    struct pollfd poll_fd = {.fd = profile_catalogue_descriptor(catalogue), .events = POLLIN};

    return poll(&poll_fd, 1, 0) == 1;
}

/* What is still being written is not there, or is what it was; nobody has it half. */
START_TEST(waits_for_the_end_of_a_file)
{
    struct span package = test_profile(iccids[0]);
    struct profile_catalogue *catalogue;
    FILE *file;

    make_directories();
    catalogue = catalogue_open(true);
    told = 0;
    file = fopen(in(directory, "slow.der"), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(package.data, 1, package.size / 2, file), package.size / 2);
    ck_assert_int_eq(fflush(file), 0);
    ck_assert(profile_catalogue_refresh(catalogue, count_changed));
    ck_assert_uint_eq(profile_catalogue_count(catalogue), 0);
    ck_assert(!is_readable(catalogue));
    ck_assert_uint_eq(fwrite(package.data + package.size / 2, 1, package.size - package.size / 2, file),
                      package.size - package.size / 2);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert(is_readable(catalogue));
    ck_assert(profile_catalogue_refresh(catalogue, count_changed));
    ck_assert(!is_readable(catalogue));
    ck_assert_uint_eq(told, 1);
    ck_assert_ptr_nonnull(profile_catalogue_by_name(catalogue, "slow"));
    profile_catalogue_free(catalogue);
}
END_TEST

/* Nobody hears of a file that was touched. */
START_TEST(tells_of_what_is_another_one)
{
    struct profile_catalogue *catalogue;

    make_directories();
    write_profile("one.der", iccids[0]);
    told = 0;
    catalogue = catalogue_open(true);
    ck_assert_uint_eq(told, 1);
    write_profile("one.der", iccids[0]);
    ck_assert(profile_catalogue_refresh(catalogue, count_changed));
    ck_assert_uint_eq(told, 1);
    write_profile("one.der", iccids[1]);
    ck_assert(profile_catalogue_refresh(catalogue, count_changed));
    ck_assert_uint_eq(told, 2);
    ck_assert_ptr_null(profile_catalogue_by_iccid(catalogue, iccids[0], NULL));
    ck_assert_ptr_nonnull(profile_catalogue_by_iccid(catalogue, iccids[1], NULL));
    profile_catalogue_free(catalogue);
}
END_TEST

/* The package that is read is the one that was indexed. */
START_TEST(reads_no_other_package)
{
    struct profile_catalogue *catalogue;
    const struct profile *profile;
    char why[METADATA_READ_WHY];
    struct buf package = {0};
    struct stat before;
    int fd;

    make_directories();
    write_profile("one.der", iccids[0]);
    catalogue = catalogue_open(true);
    profile = profile_catalogue_by_name(catalogue, "one");
    ck_assert(profile_catalogue_package(catalogue, profile, &package, why));
    ck_assert_span(buf_span(&package), test_profile(iccids[0]));
    buf_clear(&package);
    /* Changed in place, of the same size and time, by one who does not close it. */
    ck_assert_int_eq(stat(in(directory, "one.der"), &before), 0);
    fd = open(in(directory, "one.der"), O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, "x", 1, before.st_size - 1), 1);
    ck_assert_int_eq(futimens(fd, (struct timespec[]){before.st_atim, before.st_mtim}), 0);
    ck_assert(!profile_catalogue_package(catalogue, profile, &package, why));
    ck_assert_str_eq(why, "one.der has changed");
    close(fd);
    ck_assert_int_eq(unlink(in(directory, "one.der")), 0);
    ck_assert(!profile_catalogue_package(catalogue, profile, &package, why));
    ck_assert_ptr_nonnull(strstr(why, "No such file"));
    ck_assert_uint_eq(package.size, 0);
    buf_free(&package);
    profile_catalogue_free(catalogue);
}
END_TEST

/* The same name in two letter cases, and two names with one matchingId: the exact one, then the first. */
START_TEST(finds_by_name_and_matching_id)
{
    struct profile_catalogue *catalogue;

    make_directories();
    write_profile("a_b.der", iccids[0]);
    write_profile("a-b.der", iccids[1]);
    write_octets(in(directory, "a b.der"), SPAN_STRING("no package"));
    catalogue = catalogue_open(true);
    ck_assert_str_eq(profile_catalogue_by_name(catalogue, "a_b")->name, "a_b");
    ck_assert_str_eq(profile_catalogue_by_name(catalogue, "A-B")->name, "a-b");
    ck_assert_ptr_null(profile_catalogue_by_name(catalogue, "a b"));
    ck_assert_ptr_null(profile_catalogue_by_name(catalogue, "a"));
    ck_assert_ptr_null(profile_catalogue_by_name(catalogue, ""));
    ck_assert_ptr_null(profile_catalogue_by_iccid(catalogue, "", NULL));
    profile_catalogue_free(catalogue);
}
END_TEST

/* What is written under a name in another directory is seen all the same, though nobody watches that. */
START_TEST(sees_what_is_written_elsewhere)
{
    for (unsigned symbolic = 0; symbolic < 2; symbolic++) {
        struct profile_catalogue *catalogue;
        const char *here, *there;

        make_directories();
        here = in(directory, "one.der");
        there = in(outside, "two.der");
        write_octets(there, test_profile(iccids[0]));
        ck_assert_int_eq(symbolic == 1 ? symlink(there, here) : link(there, here), 0);
        catalogue = catalogue_open(true);
        ck_assert_str_eq(profile_catalogue_by_name(catalogue, "one")->iccid, iccids[0]);
        write_octets(in(outside, "two.der"), test_profile(iccids[1]));
        check_as_new(catalogue, symbolic == 1 ? "through a symbolic link" : "through a hard link", false);
        ck_assert_str_eq(profile_catalogue_by_name(catalogue, "one")->iccid, iccids[1]);
        profile_catalogue_free(catalogue);
    }
}
END_TEST

/* More changes than the kernel remembers. */
START_TEST(survives_lost_events)
{
    struct profile_catalogue *catalogue;
    FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    unsigned events = 0;

    make_directories();
    catalogue = catalogue_open(true);
    if (limit != NULL && fscanf(limit, "%u", &events) != 1)
        events = 0;
    if (limit != NULL)
        fclose(limit);
    for (unsigned i = 0; events <= 65536 && i <= events / 2; i++) {
        int fd = open(in(directory, i % 2 == 0 ? "a" : "b"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

        close(fd);
        unlink(in(directory, i % 2 == 0 ? "a" : "b"));
    }
    write_profile("one.der", iccids[0]);
    check_as_new(catalogue, "events were lost", false);
    ck_assert_uint_eq(profile_catalogue_count(catalogue), 1);
    profile_catalogue_free(catalogue);
}
END_TEST

/* However many: nothing is cut off. */
START_TEST(takes_any_number)
{
    enum { MANY = 4200 };
    struct profile_catalogue *catalogue;
    char name[32], what[64];

    make_directories();
    write_profile("0.der", iccids[0]);
    for (unsigned i = 1; i < MANY; i++) {
        snprintf(name, sizeof(name), "%u.der", i);
        if (link(in(directory, "0.der"), in(directory, name)) != 0)
            ck_abort_msg("no link");
    }
    catalogue = catalogue_open(true);
    ck_assert_uint_eq(profile_catalogue_count(catalogue), MANY);
    snprintf(what, sizeof(what), "%u", MANY - 1);
    ck_assert_ptr_nonnull(profile_catalogue_by_name(catalogue, what));
    profile_catalogue_free(catalogue);
}
END_TEST

TEST_MAIN("profile_catalogue", knows_what_is_there, waits_for_the_end_of_a_file, tells_of_what_is_another_one,
          reads_no_other_package, finds_by_name_and_matching_id, sees_what_is_written_elsewhere,
          survives_lost_events, takes_any_number)
