/* Profile packages, as a card decodes them once they are out of their protection. */
#include "apdu/tlv.h"
#include "profiles/saip/saip.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

/* What is said about a package that was refused. */
static void check_failure(const struct saip_failure *failure, size_t size)
{
    fuzz_check(failure->result != SAIP_OK);
    fuzz_check(saip_result_name(failure->result) != NULL);
    fuzz_check(failure->offset <= size);
    fuzz_check(memchr(failure->reason, 0, sizeof(failure->reason)) != NULL && failure->reason[0] != 0);
}

/* Files come in order of creation, each in a directory that came before; contents are as long as the file. */
static bool check_file(void *context, const struct saip_file *file, bool update)
{
    enum { CONTENT_MAX = 4096 };
    size_t *count = context;
    struct buf content = {0};

    if (!update)
        fuzz_check(file->number == (*count)++);
    fuzz_check(file->parent == SAIP_NO_PARENT ? file->kind == SAIP_FILE_MF : file->parent < *count);
    fuzz_check(file->name != NULL && file->sfi <= 30);
    fuzz_check(!saip_kind_has_records(file->kind) || file->record_size > 0 || file->link_path.size > 0);
    if (!update && file->size <= CONTENT_MAX) {
        saip_file_content(file, &content);
        fuzz_check(!content.failed);
        fuzz_check(file->kind == SAIP_FILE_BER_TLV || content.size == file->size || content.size == 0);
    }
    buf_free(&content);
    return true;
}

/* The elements are the package, one after the other. */
static void check_package(const struct saip_package *package, struct span in)
{
    size_t offset = 0;
    size_t files = 0;

    fuzz_check(package->count >= 2);
    for (size_t i = 0; i < package->count; i++) {
        const struct saip_element *element = &package->elements[i];

        fuzz_check(element->whole.data == in.data + offset);
        fuzz_check(element->name != NULL);
        offset += element->whole.size;
    }
    fuzz_check(offset == in.size);
    fuzz_check(saip_visit(package, check_file, NULL, &files));
    fuzz_check(files == package->file_count);
    (void)saip_has_only_test_keys(package);
    fuzz_check(saip_memory_size(package) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = SPAN(data, size);
    struct saip_package package = {0};
    struct saip_failure failure = {0};
    struct buf response = {0};
    struct span value;
    bool good = saip_decode(in, &package, &failure);

    if (good)
        check_package(&package, in);
    else
        check_failure(&failure, size);
    saip_put_euicc_response(&response, &package, good ? NULL : &failure);
    fuzz_check(!response.failed && tlv_single(buf_span(&response), 0x30, &value) == TLV_OK);
    buf_free(&response);
    saip_free(&package);
    return 0;
}
