/* softeuicc profile: which of its commands is meant. See profile.h. */
#include "tools/profile/profile.h"

#include "common/tool.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static void print_help(void)
{
    printf("Usage: softeuicc profile make --out FILE.der [OPTION]...\n"
           "       softeuicc profile show FILE.der [--files] [--json]\n\n"
           "Profile packages (TCA Interoperable Profile Package): make one, or look into one.\n\n"
           "make writes a whole subscription: USIM and ISIM, telecom, 5G, codes, keys, operator's\n"
           "security domain, remote file management. Without options it has test values.\n"
           "  --out FILE         where to (required)\n"
           "  --iccid DIGITS     19 or 20 digits\n"
           "  --imsi DIGITS      6 to 15 digits\n"
           "  --mnc-length N     digits of the MNC in it, 2 or 3 (2)\n"
           "  --msisdn NUMBER    phone number, or none\n"
           "  --name TEXT        name of the profile\n"
           "  --operator TEXT    operator's name, up to 16 characters\n"
           "  --algorithm NAME   milenage, tuak or test (milenage; test for a test profile)\n"
           "  --k HEX            authentication key, 16 octets (TUAK: 16 or 32)\n"
           "  --opc HEX          OPc, 16 octets (TUAK: TOPc, 32)\n"
           "  --pin1, --pin2, --puk1, --puk2, --adm1 DIGITS   codes\n"
           "  --enable-pin       PIN1 is asked for\n"
           "  --ota-key HEX      AES key of the security domain, 16 octets\n"
           "  --no-isim          only the USIM\n"
           "  --size OCTETS      empty files besides, of so many octets together\n"
           "  --metadata         also write FILE.json for an SM-DP+, with:\n"
           "  --class CLASS      operational, test or provisioning (operational)\n"
           "  --ppr 1|2          a policy rule: 1 not to be disabled, 2 not to be deleted; may be repeated\n"
           "  --notify ADDRESS   notifications of every event go there\n"
           "  --icon FILE        icon, .png or .jpg, next to FILE.json\n"
           "  --fallback-allowed it may be made the Fallback Profile (SGP.32)\n"
           "  --ecall            it is the Emergency Profile (SGP.32)\n\n"
           "show prints the header's facts and the elements; of a bad package the first fault.\n"
           "  --files            every file the package creates\n"
           "  --json             the same for programs\n");
}

int tool_profile(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {{"make", profile_make}, {"show", profile_show}};

    if (argc < 2)
        return tool_usage("what to do is missing: make or show");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help();
        return EXIT_OK;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            for (int j = 2; j < argc; j++) {
                if (strcmp(argv[j], "--help") == 0) {
                    print_help();
                    return EXIT_OK;
                }
            }
            optind = 1;
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    return tool_usage("there is no '%s', only make and show", argv[1]);
}
